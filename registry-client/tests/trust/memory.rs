//! What a client remembers: its trust state, lock files, and a cache; and a log that moves meanwhile.

use super::http;
use crate::support::*;
use tenon_registry_client::record::{RegistryAct, SignedRecord, Subject};
use tenon_registry_client::state::{LockError, LockedCheckpoint, TrustState};
use tenon_registry_client::verify::{
    Bundle, Held, Known, Request, StateMoved, VerifyError, verify,
};

// ---- a log that moves ----

#[test]
fn evidence_of_two_sizes_never_mixes() {
    let mut registry = small();
    let old = registry.bundle(&http(), &Known::default());
    registry.release("acme:ftp", "1.0.0", &key("acme/alice"));
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let new = registry.bundle(&http(), &Known::default());
    let client = Client::new(&registry);
    type Take = fn(&mut Bundle, &Bundle);
    let sections: [Take; 6] = [
        |bundle, other| bundle.checkpoint.clone_from(&other.checkpoint),
        |bundle, other| bundle.index_record.clone_from(&other.index_record),
        |bundle, other| bundle.package.clone_from(&other.package),
        |bundle, other| bundle.points.clone_from(&other.points),
        |bundle, other| bundle.inclusion.clone_from(&other.inclusion),
        |bundle, other| bundle.map.clone_from(&other.map),
    ];
    // Every choice of sections from the one or the other, but for all from one.
    for choice in 1..(1 << sections.len()) - 1 {
        let mut mixed = old.clone();
        for (bit, take) in sections.iter().enumerate() {
            if choice >> bit & 1 == 1 {
                take(&mut mixed, &new);
            }
        }
        assert!(
            client.look(&mixed.encode(), &http()).is_err(),
            "{choice:06b}"
        );
    }
    for bundle in [old, new] {
        client.look(&bundle.encode(), &http()).unwrap();
    }
}

#[test]
fn two_clients_that_race_do_not_lose_what_one_saw() {
    let mut registry = small();
    let mut slow = Client::new(&registry);
    slow.ask(&registry, &http()).unwrap();
    let base = slow.state.clone();
    let seen_by_slow = slow
        .look(&registry.bundle(&http(), &slow.known()).encode(), &http())
        .unwrap();
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let mut fast = slow.clone();
    fast.ask(&registry, &http()).unwrap();
    // The state file is now that of the fast one: the slow one has to look again.
    assert_eq!(seen_by_slow.advance(fast.state.as_ref()), Err(StateMoved));
    assert_eq!(seen_by_slow.advance(None), Err(StateMoved));
    assert!(seen_by_slow.advance(base.as_ref()).is_ok());
    slow.state = fast.state.clone();
    slow.ask(&registry, &http()).unwrap();
    assert!(slow.state.unwrap().checkpoint().size >= fast.state.unwrap().checkpoint().size);
}

// ---- two registries, and lock files from elsewhere ----

#[test]
fn two_registries_of_one_origin_are_two() {
    let one = small();
    let mut two = Registry::bare("registry.example/log");
    let keys = two.operator_keys();
    two.log_registry(RegistryAct::Init {
        nonce: [2; 32],
        keys,
    });
    two.seal();
    let mut client = Client::new(&one);
    let error = client.look(
        &two.bundle(&Request::Registry, &Known::default()).encode(),
        &Request::Registry,
    );
    assert!(matches!(error, Err(VerifyError::WrongInit { .. })));
    client.ask(&one, &http()).unwrap();
    let state = client.state.clone().unwrap().to_string();
    assert!(TrustState::parse(state.as_bytes(), &two.pin()).is_err());
    client.pin = two.pin();
    client.state = TrustState::parse(state.as_bytes(), &one.pin()).ok();
    let bundle = one.bundle(&http(), &client.known()).encode();
    let error = client.look(&bundle, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::WrongInit { .. }));
    assert_eq!(
        TrustState::parse(state.as_bytes(), &one.pin())
            .unwrap()
            .to_string(),
        state
    );
}

#[test]
fn a_lock_file_that_nobody_signed_is_no_fork() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let view = client.ask(&registry, &http()).unwrap();
    let earlier = view.checkpoint().clone();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    let state = client.state.clone().unwrap();
    let open = |note: &str| LockedCheckpoint::open(note.as_bytes(), &state);
    let note = earlier.to_string();
    let other_root = note.replace(
        &earlier.checkpoint().root.to_string(),
        &registry.pin().init().to_string(),
    );
    assert!(matches!(open(&other_root), Err(LockError::Invalid(_))));
    let unsigned: String = note
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(matches!(open(&unsigned), Err(LockError::Invalid(_))));
    let locked = open(&note).unwrap();
    let sizes = locked.needs_proof(&state).unwrap();
    let proof = tenon_registry_client::log::prove_consistency(&registry, sizes.0, sizes.1).unwrap();
    locked.check(&state, &proof).unwrap();
    assert!(matches!(
        locked.check(&state, &[]),
        Err(LockError::Fork { .. })
    ));
    // Of two that both prove consistent, the larger stays.
    let newest = open(&state.note().to_string()).unwrap();
    let merged = locked
        .clone()
        .merge(&proof, newest.clone(), &[], &state)
        .unwrap();
    assert_eq!(merged, newest);
    assert_eq!(newest.merge(&[], locked, &proof, &state).unwrap(), merged);
    assert_eq!(client.state.unwrap(), state);
}

// ---- the cache ----

#[test]
fn held_records_are_believed_by_their_hashes_only() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let held = client.ask(&registry, &http()).unwrap().held().clone();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    let known = Known::of(client.known().size, &held);
    let bundle = registry.bundle(&request, &known);
    assert_eq!(
        (bundle.registry.records.len(), bundle.package.records.len()),
        (0, 1)
    );
    let bundle = bundle.encode();
    let view = verify(&bundle, &request, &held, &client.trust()).unwrap();
    view.release(&version("1.0.1")).unwrap();
    // A record in the cache that another key signed.
    let mut damaged = held.clone();
    let forged = impersonated(&held.package[0]);
    damaged.package[0] = forged;
    let error = verify(&bundle, &request, &damaged, &client.trust()).unwrap_err();
    assert_eq!(
        error,
        VerifyError::CacheDamaged(Subject::Package(package("acme:http")))
    );
    // A cache that does not have what the client said it has.
    let error = verify(&bundle, &request, &Held::default(), &client.trust()).unwrap_err();
    assert!(matches!(error, VerifyError::WrongStart { .. }));
    let mut longer = held.clone();
    longer.package.push(held.package[0].clone());
    let error = verify(&bundle, &request, &longer, &client.trust()).unwrap_err();
    assert!(matches!(error, VerifyError::WrongStart { .. }));
}

/// A record that says the same, signed by someone else.
fn impersonated(record: &SignedRecord) -> SignedRecord {
    SignedRecord::sign(record.record().clone(), &[&key("evil/owner")]).unwrap()
}

#[test]
fn a_pin_is_read_as_it_was_written() {
    for origin in ["registry.example/log", "registry.example/#log", "a#b#c"] {
        let pin = Registry::new(origin).pin();
        let text = pin.to_string();
        assert_eq!(text.parse(), Ok(pin), "{text}");
    }
}
