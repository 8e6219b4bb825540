//! Changed keys, pins, policies, trust states and fork evidence.

use crate::mutant::{Fate, judge_all};
use crate::note::{keys, only_ignored_lines_differ};
use crate::support::*;
use crate::world::{ORIGIN, policy, rules, witnessed, witnesses};
use std::collections::BTreeSet;
use tenon_registry_client::log::{Checkpoint, Hash, Policy, PublicKey, SignedCheckpoint, Vkey};
use tenon_registry_client::record::RegistryAct;
use tenon_registry_client::state::{ForkEvidence, LockedCheckpoint, Pin, TrustState};
use tenon_registry_client::verify::Request;

#[test]
fn a_changed_vkey_is_refused() {
    for key in [key(ORIGIN), cosigner("w.example/a")] {
        let text = key.vkey().to_string();
        let tally = judge_all("vkey", text.as_bytes(), |mutant| {
            let vkey = std::str::from_utf8(mutant)
                .ok()
                .and_then(|text| text.parse::<Vkey>().ok());
            vkey.map_or(Fate::Refused, |_| Fate::Other)
        });
        tally.all_refused("vkey");
    }
}

#[test]
fn a_changed_pin_is_refused_or_names_another_first_leaf() {
    let pin = witnessed(ORIGIN).pin();
    let text = pin.to_string();
    let tally = judge_all("pin", text.as_bytes(), |mutant| {
        let found = std::str::from_utf8(mutant)
            .ok()
            .and_then(|text| text.parse::<Pin>().ok());
        let Some(found) = found else {
            return Fate::Refused;
        };
        // The hash has no checksum: a registry that begins otherwise is refused.
        assert_eq!(found.to_string().as_bytes(), mutant);
        assert_eq!((found.key(), found.origin()), (pin.key(), pin.origin()));
        assert_ne!(found.init(), pin.init());
        Fate::Other
    });
    assert!(tally.equal.is_empty());
    let ways: Vec<_> = tally.other.keys().copied().collect();
    assert_eq!(ways, ["bit"]);
}

/// A policy is nobody's but its reader's: what is changed may be another policy.
#[test]
fn a_changed_policy_is_refused_or_still_asks_for_its_witnesses() {
    let origin = key(ORIGIN);
    let text = policy(origin.vkey());
    let original = Policy::parse(text.as_bytes()).unwrap();
    let known = |policy: &Policy| -> BTreeSet<PublicKey> {
        let witnesses = policy.witnesses().iter();
        witnesses
            .map(|witness| witness.vkey.key().clone())
            .collect()
    };
    let all = known(&original);
    let tally = judge_all("policy", text.as_bytes(), |mutant| {
        let Ok(policy) = Policy::parse(mutant) else {
            return Fate::Refused;
        };
        if policy == original {
            return Fate::Equal;
        }
        assert!(known(&policy).is_subset(&all), "no key but those listed");
        assert!(!policy.is_none() && !policy.is_met(&BTreeSet::new()));
        assert!(policy.is_met(&all.iter().collect()));
        Fate::Other
    });
    assert!(tally.equal.contains_key("line away"), "the comment");
}

/// A state that knows two chains, and has a key that was retired.
fn state() -> (Pin, TrustState) {
    let mut registry = witnessed(ORIGIN);
    let old = registry.log[0].clone();
    let new = alias(ORIGIN, "the next key of the log");
    registry.create("acme", &key("acme/owner"));
    let log = tenon_registry_client::record::Role::Log;
    registry.log_registry(RegistryAct::KeyAdd(log, new.vkey().clone()));
    registry.log.push(new.clone());
    registry.seal();
    let mut client = Client::new(&registry);
    client.rules = rules(&registry);
    client.rules.witnesses = Policy::parse(policy(old.vkey()).as_bytes()).unwrap();
    let request = Request::Namespace(namespace("acme"));
    client.ask(&registry, &request).unwrap();
    registry.log_registry(RegistryAct::KeyRemove(log, old.vkey().clone()));
    registry.log = vec![new];
    registry.seal();
    client.ask(&registry, &request).unwrap();
    (client.pin.clone(), client.state.unwrap())
}

/// A state is nobody's but its client's: it is only as good as the disk. What the log signed in it
/// stays what it signed.
#[test]
fn a_changed_state_has_the_same_checkpoint_and_no_new_key() {
    let (pin, original) = state();
    assert_eq!(
        (original.heads().len(), original.retired_keys().len()),
        (2, 1)
    );
    let text = original.to_string();
    let note = original.note().to_string();
    let mut all = original.log_keys().to_vec();
    all.extend(original.retired_keys().iter().cloned());
    let tally = judge_all("trust state", text.as_bytes(), |mutant| {
        let Ok(state) = TrustState::parse(mutant, &pin) else {
            return Fate::Refused;
        };
        assert_eq!(
            state.to_string().as_bytes(),
            mutant,
            "a state has one spelling"
        );
        assert_eq!(state.checkpoint(), original.checkpoint());
        assert_eq!(state.init(), original.init());
        let note_now = state.note().to_string();
        assert!(only_ignored_lines_differ(
            note.as_bytes(),
            note_now.as_bytes(),
            original.log_keys()
        ));
        for key in state.log_keys().iter().chain(state.retired_keys()) {
            assert!(all.contains(key));
        }
        let rest = |state: &TrustState| {
            let (log, retired) = (state.log_keys().to_vec(), state.retired_keys().to_vec());
            (log, retired, state.heads().clone())
        };
        match rest(&state) == rest(&original) {
            true => Fate::Equal,
            false => Fate::Other,
        }
    });
    // What is not the checkpoint's: a digit or a hash of a head, a key that is gone or there twice.
    let ways: Vec<_> = tally.other.keys().copied().collect();
    assert_eq!(
        ways,
        ["bit", "byte away", "byte twice", "line away", "line twice"]
    );
}

fn fork() -> (Registry, ForkEvidence) {
    let registry = witnessed(ORIGIN);
    let held = registry.checkpoint();
    let other = Checkpoint {
        root: Hash::leaf(b"a lie"),
        ..held.checkpoint().clone()
    };
    let mut offered = other.sign(&registry.log[0]).unwrap();
    offered.cosign(&witnesses()[0], registry.clock).unwrap();
    (registry, ForkEvidence { held, offered })
}

#[test]
fn changed_fork_evidence_is_refused_or_shows_the_same() {
    let (registry, original) = fork();
    let text = original.to_string();
    let keys = keys(&registry);
    let tally = judge_all("fork evidence", text.as_bytes(), |mutant| {
        let found = std::str::from_utf8(mutant)
            .ok()
            .and_then(|text| ForkEvidence::parse(text, &registry.origin, &keys[..1]).ok());
        let Some(found) = found else {
            return Fate::Refused;
        };
        assert_eq!(
            found.to_string().as_bytes(),
            mutant,
            "evidence has one spelling"
        );
        for (was, is) in [
            (&original.held, &found.held),
            (&original.offered, &found.offered),
        ] {
            assert_eq!(was.checkpoint(), is.checkpoint());
            let (was, is) = (was.to_string(), is.to_string());
            assert!(only_ignored_lines_differ(
                was.as_bytes(),
                is.as_bytes(),
                &keys[..1]
            ));
        }
        assert!(found.is_proof());
        Fate::Equal
    });
    tally.none_other("fork evidence");
    assert!(tally.equal.contains_key("bit"), "the lines of witnesses");
}

#[test]
fn a_changed_checkpoint_of_a_lock_file_is_invalid_or_says_the_same() {
    let (_, state) = state();
    let note = state.note().to_string();
    let keys = [state.log_keys(), state.retired_keys()].concat();
    let tally = judge_all("lock checkpoint", note.as_bytes(), |mutant| {
        let Ok(locked) = LockedCheckpoint::open(mutant, &state) else {
            return Fate::Refused;
        };
        assert_eq!(locked.checkpoint(), state.checkpoint());
        assert!(only_ignored_lines_differ(note.as_bytes(), mutant, &keys));
        locked.check(&state, &[]).unwrap();
        Fate::Equal
    });
    tally.none_other("lock checkpoint");
    let opened: SignedCheckpoint = state.note().clone();
    assert_eq!(opened.to_string(), note);
}
