//! A witness cosigns one history of a log.

use crate::support::*;
use tenon_registry_client::log::{
    AddCheckpoint, Checkpoint, MAX_WITNESS_PROOF, SignedCheckpoint, Vkey, WitnessError,
    prove_consistency,
};

fn request(registry: &Registry, old: u64, size: u64) -> AddCheckpoint {
    let proof = match old {
        0 => vec![],
        old => prove_consistency(registry, old, size).unwrap(),
    };
    let checkpoint = registry.published[&size].0.note().clone();
    AddCheckpoint {
        old,
        proof,
        checkpoint,
    }
}

fn ask(
    request: &AddCheckpoint,
    registry: &Registry,
    last: Option<&Checkpoint>,
) -> Result<SignedCheckpoint, WitnessError> {
    let text = request.to_string();
    let read = AddCheckpoint::parse(text.as_bytes()).unwrap();
    assert_eq!((&read, &read.to_string()), (request, &text));
    let keys: Vec<Vkey> = registry.log.iter().map(|key| key.vkey().clone()).collect();
    let witness = cosigner("witness.example/w");
    let (signed, line) = read.cosign(&keys, last, &witness, START)?;
    assert_eq!(signed.note().signatures().last(), Some(&line));
    assert_eq!(
        signed.signers([witness.vkey()]).unwrap()[0].time,
        Some(START)
    );
    Ok(signed)
}

#[test]
fn a_witness_follows_a_log() {
    let registry = small();
    let sizes: Vec<u64> = registry.published.keys().copied().collect();
    let mut last = None;
    let mut old = 0;
    for size in sizes {
        let signed = ask(&request(&registry, old, size), &registry, last.as_ref()).unwrap();
        // Asked again for the same, it signs again, at a later time if there is one.
        let same = ask(
            &request(&registry, size, size),
            &registry,
            Some(signed.checkpoint()),
        );
        assert_eq!(same.unwrap().checkpoint(), signed.checkpoint());
        last = Some(signed.checkpoint().clone());
        old = size;
    }
}

#[test]
fn a_witness_refuses_what_does_not_follow() {
    let registry = small();
    let sizes: Vec<u64> = registry.published.keys().copied().collect();
    let [first, second, third] = sizes[..] else {
        panic!("{sizes:?}")
    };
    let last = registry.published[&second].0.checkpoint();
    let status = |request: &AddCheckpoint, registry: &Registry| {
        let error = ask(request, registry, Some(last)).unwrap_err();
        (error.status(), error)
    };
    // It cosigned another size last, and says which.
    let (code, error) = status(&request(&registry, first, third), &registry);
    assert_eq!((code, error), (409, WitnessError::Conflict(second)));
    let (code, error) = status(&request(&registry, 0, third), &registry);
    assert_eq!((code, error), (409, WitnessError::Conflict(second)));
    let mut backwards = request(&registry, second, second);
    backwards.checkpoint = registry.published[&first].0.note().clone();
    let (code, error) = status(&backwards, &registry);
    assert!(code == 400 && matches!(error, WitnessError::OldTooLarge { .. }));
    // Another history.
    let mut fork = Registry::new("registry.example/log");
    while fork.size() < second {
        fork.append(b"another leaf");
        fork.publish();
    }
    let (code, error) = status(&request(&fork, second, second), &fork);
    assert!(
        code == 409 && matches!(error, WitnessError::RootDiffers { .. }),
        "{error:?}"
    );
    fork.append(b"more");
    fork.publish();
    let (code, error) = status(&request(&fork, second, second + 1), &fork);
    assert!(
        code == 422 && matches!(error, WitnessError::Inconsistent(_)),
        "{error:?}"
    );
    // A proof that is short, or there where none should be.
    let mut short = request(&registry, second, third);
    short.proof.pop();
    assert_eq!(status(&short, &registry).0, 422);
    let mut extra = request(&registry, 0, first);
    extra.proof.push(last.root);
    assert_eq!(ask(&extra, &registry, None).unwrap_err().status(), 422);
    // What it cosigned last is of another log.
    let elsewhere = Checkpoint {
        origin: "elsewhere.example/log".parse().unwrap(),
        ..last.clone()
    };
    let error = ask(
        &request(&registry, second, third),
        &registry,
        Some(&elsewhere),
    )
    .unwrap_err();
    assert_eq!(error.status(), 403);
    // Another key.
    let mut stranger = registry.clone();
    stranger.log = vec![alias("registry.example/log", "stranger")];
    let (code, error) = status(&request(&registry, second, third), &stranger);
    assert!(code == 403 && matches!(error, WitnessError::NotSigned(_)));
}

#[test]
fn a_request_has_one_form() {
    let registry = small();
    let size = registry.size();
    let text = request(&registry, 2, size).to_string();
    let hash = registry.pin().init().to_string() + "\n";
    let many = format!(
        "old 2\n{}\n{}",
        hash.repeat(MAX_WITNESS_PROOF + 1),
        registry.published[&size].0
    );
    for wrong in [
        text.replace("old 2", "old 02"),
        text.replace("old 2", "old -2"),
        text.replace("old 2\n", "old 2\r\n"),
        text.replacen("old 2\n", "", 1),
        text.replacen("old 2\n", "old 2\nx\n", 1),
        text.trim_end().to_owned(),
        text.replace("\n\n", "\n"),
        "old 2\n\n".to_owned(),
        String::new(),
        many,
    ] {
        let error = AddCheckpoint::parse(wrong.as_bytes()).unwrap_err();
        assert_eq!(error.status(), 400, "{wrong}");
    }
}
