//! One meaning has one encoding; one key has one vote; and an old vote is none.

use super::{chain_kind, http};
use crate::support::*;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::log::Policy;
use tenon_registry_client::record::{
    NamespaceAct, Permission, SignatureError, SignedRecord, Subject,
};
use tenon_registry_client::verify::{Known, Request, VerifyError};

// ---- a quorum of the tired ----

#[test]
fn old_cosignatures_do_not_make_a_quorum() {
    let mut registry = small();
    let witnesses: Vec<_> = (0..5)
        .map(|n| cosigner(&format!("w{n}.example/w")))
        .collect();
    let mut text = String::new();
    for (n, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{n} {}\n", witness.vkey());
    }
    text += "group g 3 w0 w1 w2 w3 w4\nquorum g\n";
    let mut client = Client::new(&registry);
    client.rules.witnesses = Policy::parse(text.as_bytes()).unwrap();
    let cosigned = |registry: &mut Registry, ages: &[u64]| {
        let mut signed = registry.checkpoint();
        for (witness, age) in witnesses.iter().zip(ages) {
            signed.cosign(witness, registry.clock - age * 3600).unwrap();
        }
        let size = registry.size();
        registry.published.get_mut(&size).unwrap().0 = signed;
        registry.bundle(&http(), &Known::default()).encode()
    };
    let bundle = cosigned(&mut registry, &[0, 25, 25]);
    assert!(matches!(
        client.look(&bundle, &http()),
        Err(VerifyError::Stale { .. })
    ));
    let bundle = cosigned(&mut registry, &[0, 0]);
    assert!(
        matches!(client.look(&bundle, &http()), Err(VerifyError::Quorum(found)) if found.len() == 2)
    );
    let bundle = cosigned(&mut registry, &[0, 23, 24]);
    assert_eq!(
        client.look(&bundle, &http()).unwrap().vouched().witnesses,
        ["w0", "w1", "w2"]
    );
    client.rules.max_age = None;
    let bundle = cosigned(&mut registry, &[0, 25, 25]);
    client.look(&bundle, &http()).unwrap();
}

// ---- one meaning, one encoding; one key, one vote ----

#[test]
fn a_record_has_one_encoding() {
    let registry = small();
    let record = &registry.chains[&Subject::Namespace(namespace("acme"))][1].record;
    let text = String::from_utf8(record.bytes().to_vec()).unwrap();
    let (body, signature) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = body.split('\n').collect();
    let joined = |lines: &[&str]| format!("{}\n\n{signature}", lines.join("\n"));
    assert!(SignedRecord::parse(joined(&lines).as_bytes()).is_ok());
    let mut appended = lines.clone();
    appended.push("note hello");
    assert!(SignedRecord::parse(joined(&appended).as_bytes()).is_err());
    for a in 0..lines.len() {
        for b in 0..a {
            let mut permuted = lines.clone();
            permuted.swap(a, b);
            assert!(
                SignedRecord::parse(joined(&permuted).as_bytes()).is_err(),
                "{a} {b}"
            );
        }
    }
}

#[test]
fn one_key_has_one_vote() {
    let mut registry = Registry::new("registry.example/log");
    let owners = [key("acme/a"), key("acme/b"), key("acme/c")];
    let mut vkeys: Vec<_> = owners.iter().map(|owner| owner.vkey().clone()).collect();
    vkeys.sort_by(|a, b| a.key().cmp(b.key()));
    let act = NamespaceAct::Create {
        owners: vkeys,
        threshold: 2,
    };
    let create = registry.namespace_record(&namespace("acme"), act);
    registry.sign_and_log(create, &[&owners[0], &owners[1]]);
    registry.seal();
    let act = NamespaceAct::Grant(
        key("acme/alice").vkey().clone(),
        grant(&[Permission::Release]),
    );
    let record = registry.namespace_record(&namespace("acme"), act);
    let request = Request::Namespace(namespace("acme"));
    let refused = |keys: &[&tenon_registry_client::log::SigningKey]| {
        let mut lying = registry.clone();
        lying.sign_and_log(record.clone(), keys);
        lying.seal();
        let error = Client::new(&lying)
            .look(&lying.bundle_raw(&request), &request)
            .unwrap_err();
        match chain_kind(&error) {
            ChainErrorKind::Signatures(error) => error.clone(),
            other => panic!("{other:?}"),
        }
    };
    // One of two; one twice; one and the same key under another name.
    let too_few = refused(&[&owners[0]]);
    assert_eq!(
        too_few,
        SignatureError::Threshold {
            found: 1,
            wanted: 2
        }
    );
    assert!(matches!(
        refused(&[&owners[0], &owners[0]]),
        SignatureError::Order(_)
    ));
    let other_name = alias("acme/other", "acme/a");
    let error = refused(&[&owners[0], &other_name]);
    assert!(matches!(error, SignatureError::NotAuthorised { .. }));
    // Enough, and a stranger.
    let error = refused(&[&owners[0], &owners[1], &key("evil/owner")]);
    assert!(matches!(error, SignatureError::NotAuthorised { .. }));
    // The other name cannot be granted either.
    let act = NamespaceAct::Grant(other_name.vkey().clone(), grant(&[Permission::Release]));
    let record = registry.namespace_record(&namespace("acme"), act);
    registry.sign_and_log(record, &[&owners[0], &owners[2]]);
    registry.seal();
    let error = Client::new(&registry)
        .look(&registry.bundle_raw(&request), &request)
        .unwrap_err();
    assert!(matches!(
        chain_kind(&error),
        ChainErrorKind::KeyRenamed { .. }
    ));
}
