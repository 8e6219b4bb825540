//! What one publisher, or one operator, can make others compute: it grows with what they logged, and
//! no faster.

use super::http;
use crate::support::*;
use std::time::{Duration, Instant};
use tenon_registry_client::chain::MAX_KEY_CHANGES;
use tenon_registry_client::log::SigningKey;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{Grant, Permission, SignedRecord, Statement, Subject};
use tenon_registry_client::verify::{Held, Known, Request, verify};

fn until(seconds: u64) -> Grant {
    Grant {
        expires: Some(time(START + seconds)),
        ..grant(&[Permission::Release])
    }
}

/// `acme`, with its owner and the key that is going to release.
fn begin() -> (Registry, SigningKey, SigningKey) {
    let mut registry = Registry::new("registry.example/log");
    let (owner, bob) = (key("acme/owner"), key("acme/bob"));
    registry.create("acme", &owner);
    registry.grant("acme", &bob, grant(&[Permission::Release]), &owner);
    (registry, owner, bob)
}

/// How long this thread has had a processor, where the system says so: what else the machine does
/// counts little.
fn spent(since: Instant) -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// How long a run takes, of as many as take long enough to be measured.
fn cost(run: impl Fn()) -> Duration {
    let since = Instant::now();
    let mut runs = 1;
    loop {
        let start = spent(since);
        (0..runs).for_each(|_| run());
        let all = spent(since).saturating_sub(start);
        if all >= Duration::from_millis(40) {
            return all / runs;
        }
        runs *= 4;
    }
}

/// Four times as much takes less than ten times as long; what is quadratic takes sixteen times.
fn assert_linear(what: &str, small: Duration, large: Duration) {
    println!("{what}: {small:?}, {large:?}");
    assert!(
        large < small * 10,
        "{what}: {small:?}, and {large:?} for 4 times"
    );
}

/// How long it takes to prove and to verify, without signatures: the client has all records, and
/// has verified them before.
fn known_times(registry: &Registry, request: &Request) -> (Duration, Duration) {
    let mut client = Client::new(registry);
    let held = client.ask(registry, request).unwrap().held().clone();
    let known = Known::of(registry.size(), &held);
    let bundle = registry.bundle(request, &known).encode();
    let proved = cost(|| {
        registry.bundle(request, &known);
    });
    let verified = cost(|| {
        verify(&bundle, request, &held, &client.trust()).unwrap();
    });
    (proved, verified)
}

/// One key that is granted something again and again, while it releases.
fn changes_and_releases(changes: u32, releases: u32) -> Registry {
    let (mut registry, owner, bob) = begin();
    let authority = registry.head(&Subject::Namespace(namespace("acme")));
    for n in 0..changes {
        let until = until(1_000_000 + u64::from(n));
        registry.grant("acme", &bob, until, &owner);
    }
    let http = package("acme:http");
    for n in 0..releases {
        let act = release(&http, &format!("1.0.{n}"));
        let record = registry.package_record_at(&http, act, authority);
        registry.sign_and_log(record, &[&bob]);
    }
    registry.seal();
    registry
}

#[test]
fn changes_of_one_key_are_few_and_need_few_points() {
    let most = MAX_KEY_CHANGES as u32 - 1;
    let registry = changes_and_releases(most, 50);
    let bundle = registry.bundle(&http(), &Known::default());
    // The release asked for, and what shows that all came before the grant expires.
    assert!(bundle.points.len() <= 2, "{:?}", bundle.points);
    assert!(bundle.index_records.is_empty());
    let client = Client::new(&registry);
    client.look(&bundle.encode(), &http()).unwrap();
    // Nobody is let log one more.
    let act = tenon_registry_client::record::NamespaceAct::Grant(
        key("acme/bob").vkey().clone(),
        until(2_000_000),
    );
    let record = registry.namespace_record(&namespace("acme"), act);
    let record = SignedRecord::sign(record, &[&key("acme/owner")]).unwrap();
    assert!(registry.monitor().admit(&record, time(START)).is_err());
}

#[test]
fn each_release_that_is_asked_for_needs_one_point() {
    let registry = changes_and_releases(10, 200);
    let versions: Vec<String> = (0..199).map(|n| format!("1.0.{n}")).collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    let bundle = registry.bundle(&asking("acme:http", &versions), &Known::default());
    assert_eq!(bundle.points.len(), 199);
    let one = registry.bundle(&asking("acme:http", &["1.0.3"]), &Known::default());
    assert_eq!(one.points.len(), 1);
}

#[test]
fn a_long_package_costs_by_its_records() {
    let [(small_proof, small), (large_proof, large)] =
        [100, 400].map(|releases| known_times(&changes_and_releases(60, releases), &http()));
    assert_linear("to prove releases", small_proof, large_proof);
    assert_linear("to verify releases", small, large);
}

/// Many keys of one name, sixteen of which sign each release.
fn namesakes(keys: u32) -> Registry {
    let (mut registry, owner, _) = begin();
    let mut all = vec![];
    for n in 0..keys {
        let key = alias("acme/k", &format!("k{n}"));
        registry.grant("acme", &key, grant(&[Permission::Release]), &owner);
        all.push(key);
    }
    all.sort_by(|a, b| a.vkey().key().cmp(b.vkey().key()));
    let signers: Vec<&SigningKey> = all.iter().rev().take(16).collect();
    for n in 0..20 {
        let act = release(&package("acme:http"), &format!("1.0.{n}"));
        registry.log_package("acme:http", act, &signers);
    }
    registry.seal();
    registry
}

#[test]
fn many_keys_of_one_name_cost_by_their_number() {
    let [(_, small), (_, large)] = [100, 400].map(|keys| known_times(&namesakes(keys), &http()));
    assert_linear("to verify under many keys", small, large);
}

/// A grant that expires, and many batches; nothing is published but the last.
fn batches(count: u32) -> Registry {
    let (mut registry, owner, bob) = begin();
    registry.grant("acme", &bob, until(1_000), &owner);
    for n in 0..50 {
        registry.release("acme:http", &format!("1.0.{n}"), &bob);
    }
    for _ in 0..count {
        let (covers, map) = (registry.size(), registry.map.root());
        let record = registry.record(Statement::Index { covers, map });
        let signed = SignedRecord::sign(record, &[&registry.index.clone()]).unwrap();
        let index = registry.append(signed.bytes());
        registry.index_times.insert(index, time(START)).unwrap();
    }
    registry.clock += 2_000;
    registry.seal();
    registry
}

#[test]
fn many_batches_cost_what_few_do() {
    let [small, large] = [100, 400].map(batches);
    for registry in [&small, &large] {
        let bundle = registry.bundle(&http(), &Known::default());
        assert_eq!(bundle.index_records.len(), 1);
        assert!(bundle.points.len() <= 2);
    }
    let [(small, _), (large, _)] = [small, large].map(|registry| known_times(&registry, &http()));
    assert_linear("to prove among many batches", small, large);
}

fn read(registry: &Registry) -> Monitor {
    let mut monitor = Monitor::new(registry.origin.clone());
    registry
        .leaves
        .iter()
        .for_each(|leaf| drop(monitor.read(leaf)));
    monitor
}

#[test]
fn to_admit_a_record_costs_what_its_chains_do() {
    let next = |registry: &Registry| {
        let act = release(&package("acme:http"), "9.0.0");
        let record = registry.package_record(&package("acme:http"), act);
        SignedRecord::sign(record, &[&key("acme/bob")]).unwrap()
    };
    let admit = |registry: &Registry, at: u64| {
        let (monitor, record) = (read(registry), next(registry));
        cost(|| monitor.admit(&record, time(at)).unwrap())
    };
    // Batches cost nothing, and releases next to nothing.
    let [few, many] = [100, 400].map(|count| {
        let (mut registry, _, bob) = begin();
        registry.release("acme:http", "1.0.0", &bob);
        registry.seal();
        for _ in 0..count {
            let (covers, map) = (registry.size(), registry.map.root());
            let record = registry.record(Statement::Index { covers, map });
            let signed = SignedRecord::sign(record, &[&registry.index.clone()]).unwrap();
            registry.append(signed.bytes());
        }
        admit(&registry, START)
    });
    assert_linear("to admit after many batches", few, many);
    let [few, many] = [100, 400].map(|count| admit(&changes_and_releases(5, count), START));
    assert_linear("to admit after many releases", few, many);
}

#[test]
fn to_read_a_log_costs_by_its_leaves() {
    let [small, large] = [100, 400].map(|count| changes_and_releases(60, count));
    let times = [&small, &large].map(|registry| cost(|| drop(read(registry))));
    assert_linear("to read a log", times[0], times[1]);
    assert_eq!(read(&large).findings(), []);
}

#[test]
fn what_is_known_is_not_verified_again() {
    let registry = changes_and_releases(5, 200);
    let mut client = Client::new(&registry);
    let cold = registry.bundle(&http(), &Known::default()).encode();
    let stranger = client.clone();
    let first = cost(|| {
        stranger.look(&cold, &http()).unwrap();
    });
    let held: Held = client.ask(&registry, &http()).unwrap().held().clone();
    let known = Known::of(registry.size(), &held);
    let bundle = registry.bundle(&http(), &known).encode();
    assert!(bundle.len() < 6_000, "{} bytes", bundle.len());
    let again = cost(|| {
        verify(&bundle, &http(), &held, &client.trust()).unwrap();
    });
    println!("first {first:?}, again {again:?}");
    assert!(again * 2 < first, "first {first:?}, again {again:?}");
}
