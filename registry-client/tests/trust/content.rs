//! The bytes of a release, and the limits that a client sets itself.

use super::http;
use crate::support::*;
use tenon_registry_client::Digest;
use tenon_registry_client::chain::{ChainErrorKind, Release};
use tenon_registry_client::log::Policy;
use tenon_registry_client::verify::{Request, Verified, VerifyError};

fn release_of(registry: &Registry) -> (Verified<Release>, Vec<u8>) {
    let view = Client::new(registry).ask(registry, &http()).unwrap();
    let release = view.release(&version("1.0.0")).unwrap();
    (release, bytes_of(&package("acme:http"), &version("1.0.0")))
}

#[test]
fn content_is_the_bytes_of_the_record_and_no_others() {
    let (release, bytes) = release_of(&small());
    let size = bytes.len() as u64;
    // In whatever pieces they come.
    for piece in [1, 7, bytes.len()] {
        let mut check = release.check();
        assert_eq!(check.remaining(), size);
        for part in bytes.chunks(piece) {
            check.update(part).unwrap();
        }
        assert_eq!(check.remaining(), 0);
        assert_eq!(check.finish().unwrap().digest, Digest::of(&bytes));
    }
    // More than there should be is refused before it is taken, however much it is.
    let mut check = release.check();
    check.update(&bytes).unwrap();
    assert_eq!(
        check.update(b"x"),
        Err(VerifyError::ContentTooLong { size })
    );
    let mut check = release.check();
    let endless = vec![0; bytes.len() + 1];
    assert_eq!(
        check.update(&endless),
        Err(VerifyError::ContentTooLong { size })
    );
    // Less, nothing at all, and others.
    let mut check = release.check();
    check.update(&bytes[1..]).unwrap();
    let found = size - 1;
    assert_eq!(
        check.finish(),
        Err(VerifyError::ContentTooShort { size, found })
    );
    let found = 0;
    assert_eq!(
        release.check().finish(),
        Err(VerifyError::ContentTooShort { size, found })
    );
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        let mut check = release.check();
        check.update(&other).unwrap();
        let (wanted, found) = (Digest::of(&bytes), Digest::of(&other));
        assert_eq!(
            check.finish(),
            Err(VerifyError::ContentDiffers { wanted, found })
        );
    }
}

#[test]
fn a_release_that_was_not_asked_for_is_not_proved() {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let view = Client::new(&registry)
        .ask(&registry, &asking("acme:http", &["1.0.1"]))
        .unwrap();
    view.release(&version("1.0.1")).unwrap();
    let error = view.release(&version("1.0.0")).unwrap_err();
    assert!(matches!(error, VerifyError::EvidenceMissing(_)));
    // What the record says is the version: neither another spelling nor a twin is.
    for other in ["1.0.2", "1.0.1+x", "1.0.1-rc.1"] {
        let error = view.release(&version(other)).unwrap_err();
        assert!(
            matches!(error, VerifyError::NoSuchRelease { void: false, .. }),
            "{other}"
        );
    }
    let view = Client::new(&registry)
        .ask(&registry, &Request::Registry)
        .unwrap();
    let error = view.release(&version("1.0.1")).unwrap_err();
    assert!(matches!(error, VerifyError::EvidenceMissing(_)));
}

#[test]
fn a_log_does_not_grow_faster_than_is_possible() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    client.rules.max_growth = 1;
    let error = client.ask(&registry, &http()).unwrap_err();
    let most = 1;
    let (held, offered) = (client.known().size, registry.size());
    assert_eq!(
        error,
        VerifyError::TooFarAhead {
            held,
            offered,
            most
        }
    );
    client.rules.max_growth = 2;
    client.ask(&registry, &http()).unwrap();
}

#[test]
fn a_policy_that_lists_logs_lists_this_one() {
    let registry = small();
    let mut client = Client::new(&registry);
    let mut with = |key: &str| {
        let policy = format!("log {key}\nquorum none\n");
        client.rules.witnesses = Policy::parse(policy.as_bytes()).unwrap();
        client.ask(&registry, &http()).map(|_| ())
    };
    assert_eq!(with(&registry.log[0].vkey().to_string()), Ok(()));
    let other = alias("registry.example/log", "another key");
    assert_eq!(with(&other.vkey().to_string()), Err(VerifyError::PolicyLog));
    let elsewhere = key("elsewhere.example/log");
    let error = with(&elsewhere.vkey().to_string()).unwrap_err();
    assert!(matches!(error, VerifyError::PolicyOrigin(_)));
}

#[test]
fn a_registry_from_the_future_is_not_believed() {
    let mut registry = small();
    registry.clock += 301;
    registry.seal();
    let mut client = Client::new(&registry);
    let bundle = registry.bundle(&http(), &client.known()).encode();
    client.now = registry.clock - 300;
    client.look(&bundle, &http()).unwrap();
    client.now -= 1;
    let error = client.look(&bundle, &http()).unwrap_err();
    let (time, now) = (time(registry.clock), time(client.now));
    assert_eq!(error, VerifyError::TimeAhead { time, now });
}

#[test]
fn index_times_never_decrease() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    registry.clock += 60;
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    registry.clock -= 1;
    registry.seal();
    let bundle = registry.bundle_raw_for(&http(), &client.known());
    let error = client.look(&bundle, &http()).unwrap_err();
    let kind = ChainErrorKind::TimeDecreases {
        time: time(registry.clock),
        last: time(registry.clock + 1),
    };
    assert_eq!(error, VerifyError::Times(kind));
}
