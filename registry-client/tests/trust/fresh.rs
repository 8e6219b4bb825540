//! Who vouches for a checkpoint: keys that are no registry's, by a policy for this log.

use crate::support::*;
use tenon_registry_client::log::{Policy, SigningKey};
use tenon_registry_client::record::{RegistryAct, Role};
use tenon_registry_client::verify::{Freshness, Known, Request, VerifyError};

const DAY: u64 = 24 * 60 * 60;

fn policy(text: &str) -> Policy {
    Policy::parse(text.as_bytes()).unwrap()
}

/// A client of `small` with this policy, and what it is shown: cosigned by these.
fn shown(text: &str, by: &[(&SigningKey, u64)]) -> (Client, Vec<u8>) {
    let mut registry = small();
    let mut signed = registry.checkpoint();
    for (key, time) in by {
        signed.cosign(key, *time).unwrap();
    }
    let size = registry.size();
    registry.published.get_mut(&size).unwrap().0 = signed;
    let mut client = Client::new(&registry);
    client.rules.witnesses = policy(text);
    let bundle = registry.bundle(&Request::Registry, &Known::default());
    (client, bundle.encode())
}

#[test]
fn it_is_as_fresh_as_the_quorum() {
    let [a, b, x] = ["w1", "w2", "w3"].map(cosigner);
    let now = START + 80_000;
    let lines = format!(
        "witness a {}\nwitness b {}\nwitness x {}\n",
        a.vkey(),
        b.vkey(),
        x.vkey()
    );
    let by = [(&a, START + 1), (&b, START), (&x, now)];
    for (quorum, fresh) in [
        ("group g all a b\nquorum g\n", START),
        ("group g any a b\nquorum g\n", START + 1),
        ("group g any a x\nquorum g\n", now),
        ("group g 2 a b x\nquorum g\n", START + 1),
    ] {
        let (mut client, bundle) = shown(&format!("{lines}{quorum}"), &by);
        client.now = now;
        let view = client.look(&bundle, &Request::Registry).unwrap();
        assert_eq!(
            view.freshness(),
            Freshness::Witnessed(time(fresh)),
            "{quorum}"
        );
        assert_eq!(view.vouched().witnesses, ["a", "b", "x"]);
    }
    // Once those that the quorum needs are too old, the others do not help.
    let (mut client, bundle) = shown(&format!("{lines}group g all a b\nquorum g\n"), &by);
    client.now = START + DAY + 1;
    let error = client.look(&bundle, &Request::Registry).unwrap_err();
    assert!(matches!(error, VerifyError::Stale { .. }));
}

#[test]
fn a_policy_that_lists_logs_lists_this_one() {
    let registry = small();
    let ours = registry.log[0].vkey();
    let other = alias("registry.example/log", "someone else");
    let log = |key: &SigningKey| format!("log {}\n", key.vkey());
    let look = |text: &str| {
        let (client, bundle) = shown(&format!("{text}quorum none\n"), &[]);
        client.look(&bundle, &Request::Registry).map(|_| ())
    };
    assert_eq!(look(""), Ok(()));
    assert_eq!(look(&format!("log {ours}\n")), Ok(()));
    assert_eq!(look(&log(&other)), Err(VerifyError::PolicyLog));
    assert_eq!(look(&format!("{}log {ours}\n", log(&other))), Ok(()));
    let elsewhere = look(&log(&key("other.example/log")));
    assert!(matches!(elsewhere, Err(VerifyError::PolicyOrigin(_))));
}

#[test]
fn the_listed_log_key_is_one_for_logs() {
    let mut registry = small();
    let index = alias("registry.example/log", "an index key");
    registry.log_registry(RegistryAct::KeyAdd(Role::Index, index.vkey().clone()));
    let new = alias("registry.example/log", "a log key");
    registry.log_registry(RegistryAct::KeyAdd(Role::Log, new.vkey().clone()));
    registry.log_registry(RegistryAct::KeyRemove(Role::Log, new.vkey().clone()));
    registry.seal();
    let mut client = Client::new(&registry);
    let bundle = registry.bundle(&Request::Registry, &Known::default());
    let mut look = |key: &SigningKey| {
        client.rules.witnesses = policy(&format!("log {}\nquorum none\n", key.vkey()));
        let said = client.look(&bundle.encode(), &Request::Registry);
        said.map(|_| ())
    };
    assert_eq!(look(&index), Err(VerifyError::PolicyLog));
    // One that was removed still tells which log is meant.
    assert_eq!(look(&new), Ok(()));
}

#[test]
fn a_key_of_the_registry_is_no_witness() {
    let registry = small();
    let vkey = registry.time_key.vkey();
    let other = cosigner("w1");
    let text = format!("witness t {vkey}\nwitness w {}\nquorum t\n", other.vkey());
    let (client, bundle) = shown(&text, &[(&other, START)]);
    let error = client.look(&bundle, &Request::Registry).unwrap_err();
    assert_eq!(error, VerifyError::Quorum(vec!["w".to_owned()]));
}

#[test]
fn a_cosignature_from_the_future_does_not_count_yet() {
    let w = cosigner("w1");
    let text = format!("witness w {}\nquorum w\n", w.vkey());
    let look = |by: &[u64]| {
        let by: Vec<_> = by.iter().map(|time| (&w, *time)).collect();
        let (client, bundle) = shown(&text, &by);
        client
            .look(&bundle, &Request::Registry)
            .map(|view| view.freshness())
    };
    let at = |seconds| Ok(Freshness::Witnessed(time(seconds)));
    assert_eq!(look(&[START + 300]), at(START + 300));
    assert_eq!(look(&[START + 301]), Err(VerifyError::Quorum(vec![])));
    assert_eq!(look(&[START + 301, START - 5]), at(START - 5));
}

#[test]
fn only_the_named_auditors_vouch_for_the_map() {
    let [a, b] = ["w1", "w2"].map(cosigner);
    let text = format!(
        "witness a {}\nwitness b {}\ngroup g any a b\nquorum g\n",
        a.vkey(),
        b.vkey()
    );
    let (mut client, bundle) = shown(&text, &[(&a, START), (&b, START)]);
    client.rules.auditors = vec!["b".to_owned()];
    let view = client.look(&bundle, &Request::Registry).unwrap();
    assert_eq!(view.vouched().auditors, ["b"]);
    client.rules.auditors = vec!["c".to_owned()];
    let error = client.look(&bundle, &Request::Registry).unwrap_err();
    assert_eq!(error, VerifyError::UnknownAuditor("c".to_owned()));
}
