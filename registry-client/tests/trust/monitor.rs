//! What a monitor says of checkpoints, of the first leaf, and of findings without end.

use crate::support::*;
use std::error::Error as _;
use tenon_registry_client::log::{Checkpoint, Hash, Origin, SignedCheckpoint};
use tenon_registry_client::monitor::{FindingKind, MAX_FINDINGS, Monitor};

/// What is found in a checkpoint of all leaves of a registry, changed and then signed by its log.
fn checked(registry: &Registry, change: fn(&mut Checkpoint)) -> Vec<FindingKind> {
    let mut checkpoint = registry.checkpoint().checkpoint().clone();
    change(&mut checkpoint);
    let mut signed = checkpoint.sign(&registry.log[0]).unwrap();
    signed.cosign(&registry.time_key, registry.clock).unwrap();
    found(registry, &signed)
}

fn found(registry: &Registry, signed: &SignedCheckpoint) -> Vec<FindingKind> {
    let mut monitor = registry.monitor();
    assert_eq!(monitor.findings(), []);
    monitor.check(signed);
    let last = registry.size() - 1;
    let findings = monitor.findings().iter();
    findings
        .map(|finding| {
            assert_eq!(finding.index, last);
            finding.kind.clone()
        })
        .collect()
}

#[test]
fn a_checkpoint_is_of_the_leaves_and_signed_by_the_log() {
    let registry = small();
    assert_eq!(checked(&registry, |_| {}), []);
    let other = Origin::new("other.example/log").unwrap();
    let elsewhere = checked(&registry, |checkpoint| {
        checkpoint.origin = Origin::new("other.example/log").unwrap();
    });
    assert_eq!(elsewhere, [FindingKind::WrongOrigin(other)]);
    let size = registry.size() + 1;
    let larger = checked(&registry, |checkpoint| checkpoint.size += 1);
    assert_eq!(larger, [FindingKind::Size(size)]);
    let (found_root, wanted) = (Hash::ZERO, registry.checkpoint().checkpoint().root);
    let another = checked(&registry, |checkpoint| checkpoint.root = Hash::ZERO);
    let root = FindingKind::Root {
        found: found_root,
        wanted,
    };
    assert_eq!(another, [root]);
    let checkpoint = registry.checkpoint().checkpoint().clone();
    let stranger = alias("registry.example/log", "stranger");
    let strange = found(&registry, &checkpoint.sign(&stranger).unwrap());
    assert_eq!(strange, [FindingKind::NotSigned]);
}

#[test]
fn an_index_record_is_not_ahead_of_the_time_key() {
    let registry = small();
    let at = |time| {
        let checkpoint = registry.checkpoint().checkpoint().clone();
        let mut signed = checkpoint.sign(&registry.log[0]).unwrap();
        signed.cosign(&registry.time_key, time).unwrap();
        found(&registry, &signed)
    };
    assert_eq!(at(registry.clock - 300), []);
    let ahead = FindingKind::TimeAhead {
        time: time(registry.clock),
        cosigned: time(registry.clock - 301),
    };
    assert_eq!(at(registry.clock - 301), [ahead]);
}

#[test]
fn a_log_begins_with_the_record_that_is_pinned() {
    let registry = small();
    let mut monitor = Monitor::pinned(&registry.pin());
    monitor.read(&registry.leaves[0]);
    assert_eq!(monitor.findings(), []);
    let mut monitor = Monitor::pinned(&registry.pin());
    monitor.read(b"another");
    let kinds: Vec<_> = monitor.findings().iter().map(|f| &f.kind).collect();
    let (pinned, other) = (registry.pin().init(), Hash::leaf(b"another"));
    let [
        FindingKind::WrongInit { pinned: p, found },
        FindingKind::NotARecord(reason),
        FindingKind::Beginning,
    ] = kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!((*p, *found), (pinned, other));
    // The reason is told once, by the error that it is.
    let finding = &monitor.findings()[1];
    let mut chain = vec![finding.to_string()];
    let mut next = finding.source();
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    assert_eq!(
        chain[..2],
        ["the log is wrong at leaf 0", "the leaf is no record"]
    );
    assert_eq!(chain[2], reason.to_string());
}

#[test]
fn findings_without_end_are_counted() {
    let mut monitor = small().monitor();
    for _ in 0..MAX_FINDINGS + 7 {
        monitor.read(b"no record");
    }
    assert_eq!(monitor.findings().len(), MAX_FINDINGS);
    assert_eq!(monitor.dropped_findings(), 7);
}
