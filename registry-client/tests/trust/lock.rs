//! Lock files from elsewhere: what their checkpoints say, and by whose keys.

use super::http;
use crate::support::*;
use tenon_registry_client::log::{Checkpoint, Hash, ProofError, SigningKey, prove_consistency};
use tenon_registry_client::record::{RegistryAct, Role};
use tenon_registry_client::state::{LockError, LockedCheckpoint, TrustState};
use tenon_registry_client::verify::{Request, VerifyError};

fn open(note: &str, state: &TrustState) -> LockedCheckpoint {
    LockedCheckpoint::open(note.as_bytes(), state).unwrap()
}

fn forged(registry: &Registry, size: u64, by: &SigningKey) -> String {
    let root = Hash::leaf(b"another history");
    let origin = registry.origin.clone();
    let checkpoint = Checkpoint { origin, size, root };
    checkpoint.sign(by).unwrap().to_string()
}

#[test]
fn a_larger_lock_file_is_not_forgotten() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let behind = registry.clone();
    registry.release("acme:http", "2.0.0", &key("acme/alice"));
    registry.seal();
    let state = client.state.clone().unwrap();
    let locked = open(&registry.checkpoint().to_string(), &state);
    let (old, new) = locked.needs_proof(&state).unwrap();
    assert_eq!((old, new), (behind.size(), registry.size()));
    let proof = prove_consistency(&registry, old, new).unwrap();
    // It is bound by how fast a log may grow, as a registry is.
    let most = new - old - 1;
    let (held, offered) = (old, new);
    assert_eq!(
        locked.enter(&state, &proof, most),
        Err(LockError::TooFarAhead {
            held,
            offered,
            most
        })
    );
    let entered = locked.enter(&state, &proof, most + 1).unwrap();
    assert_eq!(entered.checkpoint(), locked.checkpoint());
    assert_eq!(entered.heads(), state.heads());
    let text = entered.to_string();
    let again = TrustState::parse(text.as_bytes(), &client.pin).unwrap();
    assert_eq!(again, entered);
    // Before, what is behind was good enough; from then on it is not.
    let view = behind.bundle(&http(), &client.known()).encode();
    client.look(&view, &http()).unwrap();
    client.state = Some(entered.clone());
    let mut stale = behind.bundle(&http(), &Default::default());
    stale.known_size = new;
    let error = client.look(&stale.encode(), &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Rollback { .. }));
    client.ask(&registry, &http()).unwrap();
    // One that is smaller, or the same, changes nothing.
    let state = client.state.clone().unwrap();
    for note in [&behind, &registry].map(Registry::checkpoint) {
        let locked = open(&note.to_string(), &state);
        let proof = locked.needs_proof(&state);
        let proof = proof.map(|(old, new)| prove_consistency(&registry, old, new).unwrap());
        let entered = locked.enter(&state, &proof.unwrap_or_default(), 1 << 40);
        assert_eq!(entered.unwrap(), state);
    }
}

#[test]
fn a_lock_file_of_another_history_does_not_enter() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let state = client.state.clone().unwrap();
    registry.seal();
    let larger = registry.size();
    let good = open(&registry.checkpoint().to_string(), &state);
    let proof = prove_consistency(&registry, state.checkpoint().size, larger).unwrap();
    let bad = open(&forged(&registry, larger, &registry.log[0]), &state);
    let fork = |error: LockError| matches!(error, LockError::Fork { .. });
    assert!(fork(bad.enter(&state, &proof, 1 << 40).unwrap_err()));
    // Of two, both must be of this history, and the one that is bad is never the one that stays.
    let merged = good
        .clone()
        .merge(&proof, bad.clone(), &proof, &state)
        .unwrap_err();
    assert!(fork(merged));
    let merged = bad.merge(&proof, good, &proof, &state).unwrap_err();
    assert!(fork(merged));
}

/// A registry that has removed the first of its log keys, a client that knows, and the key.
fn rotated() -> (Registry, Client, SigningKey, u64) {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let new = alias("registry.example/log", "second log key");
    let old = registry.log[0].clone();
    registry.log_registry(RegistryAct::KeyAdd(Role::Log, new.vkey().clone()));
    registry.log.push(new);
    registry.seal();
    let before = registry.size();
    client.ask(&registry, &Request::Registry).unwrap();
    registry.log_registry(RegistryAct::KeyRemove(Role::Log, old.vkey().clone()));
    registry.log.remove(0);
    registry.seal();
    client.ask(&registry, &Request::Registry).unwrap();
    (registry, client, old, before)
}

fn is_removed(error: &LockError) -> bool {
    matches!(error, LockError::RemovedKey(_))
}

#[test]
fn a_removed_key_accuses_nobody() {
    let (registry, client, old, before) = rotated();
    let state = client.state.unwrap();
    // What it signed in its time counts.
    let honest = registry.published[&before].0.only([old.vkey()]).unwrap();
    let locked = open(&honest.to_string(), &state);
    let proof = prove_consistency(&registry, before, registry.size()).unwrap();
    locked.check(&state, &proof).unwrap();
    assert_eq!(locked.enter(&state, &proof, 1 << 40).unwrap(), state);
    // Another history under it says nothing, whatever its size is.
    for size in [before, registry.size()] {
        let locked = open(&forged(&registry, size, &old), &state);
        let sizes = locked.needs_proof(&state);
        let proof = sizes.map(|(old, new)| prove_consistency(&registry, old, new).unwrap());
        let error = locked.check(&state, &proof.unwrap_or_default());
        assert!(is_removed(&error.unwrap_err()), "{size}");
    }
    // The same by a key that the log has is a fork.
    let locked = open(
        &forged(&registry, registry.size(), &registry.log[0]),
        &state,
    );
    let error = locked.check(&state, &[]).unwrap_err();
    assert!(matches!(error, LockError::Fork { evidence, .. } if evidence.is_proof()));
}

#[test]
fn a_removed_key_makes_no_log_larger() {
    let (registry, client, old, _) = rotated();
    let state = client.state.unwrap();
    // Whoever has the key can lengthen the log as it was, and prove that it is longer.
    let mut thief = registry.clone();
    thief.append(b"one more");
    thief.log = vec![old];
    let longer = thief.checkpoint();
    let locked = open(&longer.to_string(), &state);
    let (small, large) = locked.needs_proof(&state).unwrap();
    let proof = prove_consistency(&thief, small, large).unwrap();
    let wanted = LockError::RemovedKey(ProofError::SizesOutOfOrder {
        old: small,
        new: large,
    });
    assert_eq!(locked.check(&state, &proof), Err(wanted.clone()));
    assert_eq!(locked.enter(&state, &proof, 1 << 40), Err(wanted.clone()));
    // Nor does it win a merge, on either side.
    let mine = open(&state.note().to_string(), &state);
    let merged = mine
        .clone()
        .merge(&[], locked.clone(), &proof, &state)
        .unwrap_err();
    assert_eq!(merged, wanted);
    assert_eq!(locked.merge(&proof, mine, &[], &state), Err(wanted));
}

#[test]
fn a_lock_file_has_the_signatures_that_verify() {
    let mut registry = small();
    registry.witnesses = vec![cosigner("witness.example/w")];
    registry.seal();
    let signed = registry.checkpoint();
    let log = registry.log[0].vkey();
    let only = signed.only([log]).unwrap();
    assert_eq!(only.checkpoint(), signed.checkpoint());
    let names: Vec<&str> = only
        .note()
        .signatures()
        .iter()
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(names, ["registry.example/log"]);
    // A line that is there twice is kept once; one that is not the key's refuses the note.
    let mut twice = signed.clone();
    twice.push(signed.note().signatures()[0].clone()).unwrap();
    assert_eq!(twice.only([log]).unwrap(), only);
    let mut bad = signed.clone();
    let mut line = signed.note().signatures()[0].clone();
    line.bytes[0] ^= 1;
    bad.push(line).unwrap();
    assert!(bad.only([log]).is_err());
    let stranger = alias("registry.example/log", "stranger");
    assert!(signed.only([stranger.vkey()]).is_err());
}
