//! Who vouches for a checkpoint, and how long ago: what `verify` makes of it.

use crate::kind;
use crate::policies::vkey_with;
use crate::support::*;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{
    Algorithm, KeyId, KeyName, NoteSignature, Policy, SignedCheckpoint, SigningKey, Vkey,
};
use tenon_registry_client::verify::{
    Freshness, Known, Request, Rules, Verified, VerifyError, View,
};

const DAY: u64 = 24 * 60 * 60;

/// Any three of five.
fn three_of_five() -> String {
    let names = ["w1", "w2", "w3", "w4", "w5"];
    let lines = names.map(|name| format!("witness {name} {}\n", cosigner(name).vkey()));
    format!(
        "{}group g 3 {}\nquorum g\n",
        lines.concat(),
        names.join(" ")
    )
}

/// What a client with this policy says of a checkpoint that the log signed, and what `cosign` adds.
fn judge(
    policy: &str,
    rules: Rules,
    cosign: impl FnOnce(&mut SignedCheckpoint),
) -> Result<Verified<View>, VerifyError> {
    let registry = small();
    let mut client = Client::new(&registry);
    client.rules = Rules {
        witnesses: Policy::parse(policy.as_bytes()).unwrap(),
        ..rules
    };
    let mut bundle = registry.bundle(&Request::Registry, &Known::default());
    let honest = registry.checkpoint();
    let mut signed = honest.checkpoint().sign(&registry.log[0]).unwrap();
    cosign(&mut signed);
    bundle.checkpoint = signed.to_string().into_bytes();
    client.take(&bundle.encode(), &Request::Registry)
}

fn cosigned(policy: &str, by: &[(&str, u64)]) -> Result<Verified<View>, VerifyError> {
    judge(policy, Rules::default(), |signed| {
        for (name, time) in by {
            signed.cosign(&cosigner(name), *time).unwrap();
        }
    })
}

#[test]
fn three_of_five_must_be_fresh() {
    let policy = three_of_five();
    let (fresh, old) = (START - 60, START - 25 * 60 * 60);
    let view = cosigned(
        &policy,
        &[("w1", fresh), ("w3", START - DAY), ("w5", START)],
    )
    .unwrap();
    assert_eq!(view.vouched().witnesses, ["w1", "w3", "w5"]);
    assert_eq!(view.freshness(), Freshness::Witnessed(time(START - DAY)));
    assert_eq!(view.vouched().auditors, [""; 0]);
    let stale = cosigned(&policy, &[("w1", fresh), ("w2", old), ("w3", old)]).unwrap_err();
    let newest = time(fresh);
    let max_age = DAY;
    assert_eq!(stale, VerifyError::Stale { newest, max_age });
    let one_second = [("w1", fresh), ("w2", START - DAY - 1), ("w3", fresh)];
    assert_eq!(kind(&cosigned(&policy, &one_second).unwrap_err()), "Stale");
    let two = cosigned(&policy, &[("w1", fresh), ("w2", fresh)]).unwrap_err();
    assert_eq!(
        two,
        VerifyError::Quorum(vec!["w1".to_owned(), "w2".to_owned()])
    );
    let nobody = cosigned(&policy, &[]).unwrap_err();
    assert_eq!(nobody, VerifyError::Quorum(vec![]));
    // An old cosignature does not spoil a fresh one by the same witness, in either order.
    for times in [[old, fresh], [fresh, old]] {
        let both = times.map(|time| ("w1", time));
        let by = [&both[..], &[("w2", fresh), ("w3", fresh)]].concat();
        assert!(cosigned(&policy, &by).is_ok());
    }
}

#[test]
fn repeating_a_cosignature_adds_nothing() {
    let policy = three_of_five();
    let by = [
        ("w1", START),
        ("w1", START),
        ("w1", START - 1),
        ("w2", START),
    ];
    let error = cosigned(&policy, &by).unwrap_err();
    assert_eq!(
        error,
        VerifyError::Quorum(vec!["w1".to_owned(), "w2".to_owned()])
    );
    // The key of one witness under the names of others is nobody's.
    let error = judge(&policy, Rules::default(), |signed| {
        signed.cosign(&cosigner("w1"), START).unwrap();
        let line = signed.note().signatures()[1].clone();
        for name in ["w2x", "w3x"] {
            let name = KeyName::new(name).unwrap();
            signed
                .push(NoteSignature {
                    name,
                    ..line.clone()
                })
                .unwrap();
        }
    });
    assert_eq!(
        error.unwrap_err(),
        VerifyError::Quorum(vec!["w1".to_owned()])
    );
}

#[test]
fn what_is_from_the_future_does_not_count() {
    let policy = three_of_five();
    let at = |time| [("w1", START), ("w2", START), ("w3", time)];
    assert!(cosigned(&policy, &at(START + 300)).is_ok());
    for time in [START + 301, 253_402_300_800, i64::MAX as u64] {
        let error = cosigned(&policy, &at(time)).unwrap_err();
        assert_eq!(kind(&error), "Quorum", "{time}");
    }
    // An earlier one by the same witness still does.
    let both = [&at(i64::MAX as u64)[..], &[("w3", START)]].concat();
    assert!(cosigned(&policy, &both).is_ok());
    // There is no message that one of 2^63 could be over, so it is a bad signature.
    let error = judge(&policy, Rules::default(), |signed| {
        for (name, time) in at(START) {
            signed.cosign(&cosigner(name), time).unwrap();
        }
        let mut line = signed.note().signatures()[3].clone();
        line.bytes[..8].copy_from_slice(&(1_u64 << 63).to_be_bytes());
        signed.push(line).unwrap();
    });
    assert_eq!(kind(&error.unwrap_err()), "Checkpoint");
}

#[test]
fn the_registrys_own_keys_are_no_witnesses() {
    let registry = small();
    let time_key = registry.time_key.clone();
    let policy = format!("witness t {}\nquorum t\n", time_key.vkey());
    let own = judge(&policy, Rules::default(), |signed| {
        signed.cosign(&time_key, START).unwrap();
    });
    assert_eq!(own.unwrap_err(), VerifyError::Quorum(vec![]));
    // Nor is its log key, as a cosigner of whatever name.
    let vkey: Vkey = {
        let name = registry.origin.as_str();
        vkey_with("w", name).parse().unwrap()
    };
    let seed = *Digest::of(registry.origin.as_str().as_bytes()).as_bytes();
    let name = KeyName::new("w").unwrap();
    let disguised = SigningKey::from_seed(name, Algorithm::Cosignature, &seed);
    assert_eq!(*disguised.vkey(), vkey);
    let policy = format!("witness w {vkey}\nquorum w\n");
    let own = judge(&policy, Rules::default(), |signed| {
        signed.cosign(&disguised, START).unwrap();
    });
    assert_eq!(own.unwrap_err(), VerifyError::Quorum(vec![]));
}

#[test]
fn without_witnesses_it_is_the_registrys_word() {
    let time_key = small().time_key.clone();
    let at = |when: Option<u64>, max_age| {
        let rules = Rules {
            max_age,
            ..Rules::default()
        };
        judge("quorum none\n", rules, |signed| {
            if let Some(when) = when {
                signed.cosign(&time_key, when).unwrap();
            }
        })
    };
    let view = at(Some(START), Some(DAY)).unwrap();
    assert_eq!(view.freshness(), Freshness::RegistrysWord(time(START)));
    assert_eq!(
        kind(&at(Some(START - DAY - 1), Some(DAY)).unwrap_err()),
        "Stale"
    );
    assert_eq!(
        kind(&at(Some(START + 301), Some(DAY)).unwrap_err()),
        "EvidenceMissing"
    );
    assert_eq!(kind(&at(None, Some(DAY)).unwrap_err()), "EvidenceMissing");
    assert_eq!(at(None, None).unwrap().freshness(), Freshness::Unchecked);
    assert_eq!(at(Some(1), None).unwrap().freshness(), Freshness::Unchecked);
}

#[test]
fn a_bad_line_of_a_witness_refuses_the_checkpoint() {
    let policy = three_of_five();
    let error = judge(&policy, Rules::default(), |signed| {
        for name in ["w1", "w2", "w3"] {
            signed.cosign(&cosigner(name), START).unwrap();
        }
        let vkey = cosigner("w4").vkey().clone();
        let (name, id) = (vkey.name().clone(), vkey.id());
        let bytes = vec![0; 72];
        signed.push(NoteSignature { name, id, bytes }).unwrap();
    });
    assert_eq!(kind(&error.unwrap_err()), "Checkpoint");
    let stranger = judge(&policy, Rules::default(), |signed| {
        for name in ["w1", "w2", "w3"] {
            signed.cosign(&cosigner(name), START).unwrap();
        }
        let (name, id) = (KeyName::new("w4").unwrap(), KeyId([0; 4]));
        let bytes = vec![0; 72];
        signed.push(NoteSignature { name, id, bytes }).unwrap();
    });
    assert!(stranger.is_ok());
}

#[test]
fn auditors_are_witnesses_and_policies_are_of_this_log() {
    let policy = three_of_five();
    let by = |signed: &mut SignedCheckpoint| {
        for name in ["w1", "w2", "w3"] {
            signed.cosign(&cosigner(name), START).unwrap();
        }
    };
    let audited = |names: &[&str]| Rules {
        auditors: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Rules::default()
    };
    let view = judge(&policy, audited(&["w2", "w5"]), by).unwrap();
    assert_eq!(view.vouched().auditors, ["w2"]);
    let unknown = judge(&policy, audited(&["g"]), by).unwrap_err();
    assert_eq!(unknown, VerifyError::UnknownAuditor("g".to_owned()));
    let other = format!("log {}\nquorum none\n", key("other.example/log").vkey());
    let error = judge(&other, Rules::default(), by).unwrap_err();
    assert_eq!(kind(&error), "PolicyOrigin");
    // A log of this origin by a key that the registry never had, alone and beside its own.
    let fake = alias("registry.example/log", "the impostor");
    let fake = format!("log {}\n", fake.vkey());
    let error = judge(&format!("{fake}{policy}"), Rules::default(), by).unwrap_err();
    assert_eq!(error, VerifyError::PolicyLog);
    let own = format!("log {}\n", small().log[0].vkey());
    judge(&format!("{fake}{own}{policy}"), Rules::default(), by).unwrap();
}
