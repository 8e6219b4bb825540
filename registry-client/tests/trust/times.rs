//! The times of index records: they decide when a grant expires, so nobody turns them back.

use super::{assert_refused, http};
use crate::support::*;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::log::SigningKey;
use tenon_registry_client::monitor::FindingKind;
use tenon_registry_client::record::{Grant, Permission, SignedRecord, Statement};
use tenon_registry_client::verify::{Request, VerifyError};

const DAY: u64 = 24 * 60 * 60;

fn until(seconds: u64) -> Grant {
    Grant {
        expires: Some(time(START + seconds)),
        ..grant(&[Permission::Release])
    }
}

/// A registry where bob may release until 1,000 seconds after the start, and has.
fn expiring() -> (Registry, SigningKey) {
    let mut registry = small();
    let bob = key("acme/bob");
    registry.grant("acme", &bob, until(1_000), &key("acme/owner"));
    registry.release("acme:http", "1.0.1", &bob);
    registry.seal();
    (registry, bob)
}

/// Ends a batch at a time that is not the registry's clock.
fn seal_at(registry: &mut Registry, seconds: u64) {
    let (covers, map) = (registry.size(), registry.map.root());
    let mut record = registry.record(Statement::Index { covers, map });
    record.time = time(seconds);
    let signed = SignedRecord::sign(record, &[&registry.index.clone()]).unwrap();
    registry.append_index(&signed);
}

fn goes_back(kind: &FindingKind) -> bool {
    matches!(
        kind,
        FindingKind::Time(ChainErrorKind::TimeDecreases { .. })
    )
}

#[test]
fn an_expired_grant_is_not_revived_by_a_time_that_goes_back() {
    let (mut registry, bob) = expiring();
    registry.clock = START + 5_000;
    registry.seal();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    registry.release("acme:http", "6.6.6", &bob);
    let request = asking("acme:http", &["6.6.6"]);
    // The last index record says that it is long ago.
    let mut lying = registry.clone();
    seal_at(&mut lying, START + 999);
    let bundle = lying.bundle_raw_for(&request, &client.known());
    let error = client.look(&bundle, &request).unwrap_err();
    assert!(matches!(error, VerifyError::Times(_)), "{error:?}");
    let findings = lying.monitor().findings().to_vec();
    assert!(findings.iter().any(|finding| goes_back(&finding.kind)));
    // So does one before it, which a stranger has to be shown.
    lying.clock = START + 6_000;
    lying.seal();
    assert!(goes_back(&lying.monitor().findings()[0].kind));
    let said = client.look(&lying.bundle_raw_for(&request, &client.known()), &request);
    assert!(said.is_err());
    // An honest time does not help it.
    registry.seal();
    assert_refused(&registry, &request, |kind| {
        matches!(kind, ChainErrorKind::Expired { .. })
    });
}

#[test]
fn an_earlier_index_record_is_not_later_than_the_last() {
    let (mut registry, _) = expiring();
    registry.clock = START + 2_000;
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    let mut bundle = registry.bundle(&request, &Default::default());
    assert_eq!(bundle.index_records.len(), 1);
    // The same log, but that its last index record is older than the one it shows.
    let mut lying = registry.clone();
    seal_at(&mut lying, START - 1);
    let size = lying.size();
    let raw = lying.bundle_raw(&request);
    let raw = tenon_registry_client::verify::Bundle::decode(&raw).unwrap();
    let earlier = bundle.index_records.clone();
    bundle = raw;
    bundle.index_records = earlier;
    let mut indices: Vec<u64> = bundle
        .index_records
        .iter()
        .map(|(index, _)| *index)
        .collect();
    indices.extend([size - 1]);
    for subject in ["registry", "namespace acme", "package acme:http"] {
        let chain = lying.chain(&subject.parse().unwrap(), size);
        indices.extend(chain.last().map(|last| last.index));
    }
    indices.sort_unstable();
    indices.dedup();
    bundle.inclusion =
        tenon_registry_client::log::prove_inclusions(&lying, &indices, size).unwrap();
    let client = Client::new(&registry);
    let error = client.look(&bundle.encode(), &request).unwrap_err();
    assert!(matches!(error, VerifyError::Times(_)), "{error:?}");
}

#[test]
fn an_index_record_is_not_from_the_future() {
    for (ahead, accepted) in [(0, true), (300, true), (301, false), (100 * DAY, false)] {
        let mut registry = small();
        let clock = registry.clock;
        seal_at(&mut registry, clock + ahead);
        let client = Client::new(&registry);
        let said = client.look(&registry.bundle_raw(&http()), &http());
        match said {
            Ok(view) => {
                assert!(accepted, "{ahead}");
                assert_eq!(view.index_time(), time(clock + ahead));
            }
            Err(VerifyError::TimeAhead { .. }) => assert!(!accepted, "{ahead}"),
            Err(other) => panic!("{other:?}"),
        }
        // A monitor measures it by the registry's own time key.
        let findings = registry.monitor().findings().to_vec();
        let ahead = |kind: &FindingKind| matches!(kind, FindingKind::TimeAhead { .. });
        assert_eq!(findings.is_empty(), accepted);
        assert!(findings.iter().all(|finding| ahead(&finding.kind)));
    }
}

#[test]
fn nothing_is_admitted_in_a_batch_before_the_last() {
    let (mut registry, bob) = expiring();
    registry.clock = START + 5_000;
    registry.seal();
    let act = release(&package("acme:http"), "1.0.2");
    let record = registry.package_record(&package("acme:http"), act);
    let by = |key: &SigningKey| SignedRecord::sign(record.clone(), &[key]).unwrap();
    let monitor = registry.monitor();
    let refused = |key, at| *monitor.admit(&by(key), time(at)).unwrap_err().kind;
    assert!(matches!(
        refused(&bob, START + 999),
        ChainErrorKind::TimeDecreases { .. }
    ));
    let alice = key("acme/alice");
    assert!(matches!(
        refused(&alice, START + 4_999),
        ChainErrorKind::TimeDecreases { .. }
    ));
    monitor.admit(&by(&alice), time(START + 5_000)).unwrap();
    assert!(matches!(
        refused(&bob, START + 5_000),
        ChainErrorKind::Expired { .. }
    ));
    // In a batch before it expires, and not in one at that time.
    let (registry, bob) = expiring();
    let act = release(&package("acme:http"), "1.0.2");
    let record = registry.package_record(&package("acme:http"), act);
    let record = SignedRecord::sign(record, &[&bob]).unwrap();
    let monitor = registry.monitor();
    monitor.admit(&record, time(START + 999)).unwrap();
    let error = monitor.admit(&record, time(START + 1_000)).unwrap_err();
    assert!(matches!(*error.kind, ChainErrorKind::Expired { .. }));
}

#[test]
fn a_grant_made_shorter_ends_what_the_longer_one_allowed() {
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    let mut registry = small();
    let act = release(&package("acme:http"), "1.0.1");
    let record = registry.package_record(&package("acme:http"), act);
    let record = SignedRecord::sign(record, &[&alice]).unwrap();
    registry.grant("acme", &alice, until(1_000), &owner);
    registry.clock = START + 1_000;
    registry.log(record.clone());
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    assert_refused(&registry, &request, |kind| {
        matches!(kind, ChainErrorKind::Lost { .. })
    });
    // In time, it is not lost.
    let mut registry = small();
    registry.grant("acme", &alice, until(1_000), &owner);
    registry.clock = START + 999;
    registry.log(record);
    registry.seal();
    registry.clock += DAY;
    registry.seal();
    assert_eq!(registry.monitor().findings(), []);
    let view = Client::new(&registry).ask(&registry, &request).unwrap();
    view.release(&version("1.0.1")).unwrap();
}

#[test]
fn an_index_record_is_shown_only_where_it_decides() {
    let (mut registry, _) = expiring();
    registry.clock = START + 2_000;
    registry.seal();
    let request = Request::Registry;
    let mut bundle = registry.bundle(&request, &Default::default());
    let index = registry.index_times.iter().next().unwrap().0;
    bundle.index_records = vec![(index, registry.leaves[index as usize].clone())];
    let mut indices = vec![0, index, registry.size() - 1];
    indices.dedup();
    let size = registry.size();
    bundle.inclusion =
        tenon_registry_client::log::prove_inclusions(&registry, &indices, size).unwrap();
    let error = Client::new(&registry)
        .look(&bundle.encode(), &request)
        .unwrap_err();
    assert!(matches!(error, VerifyError::EvidenceExtra(_)), "{error:?}");
}

#[test]
fn of_index_records_of_one_time_the_last_is_shown() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let bob = key("acme/bob");
    registry.grant("acme", &bob, until(1_000), &key("acme/owner"));
    registry.release("acme:http", "1.0.1", &bob);
    let shown = registry.size();
    registry.seal();
    registry.clock = START + 2_000;
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    let bundle = registry.bundle(&request, &client.known());
    assert_eq!(bundle.index_records[0].0, shown);
    // The client has seen another of that time before.
    client.ask(&registry, &request).unwrap();
}
