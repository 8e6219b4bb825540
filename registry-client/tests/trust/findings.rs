//! What someone finds who reads the whole log, and what a registry asks of itself before it logs.

use crate::support::*;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::log::{Hash, Origin};
use tenon_registry_client::monitor::{FindingKind, MAX_FINDINGS, Monitor};
use tenon_registry_client::record::{
    NamespaceAct, RegistryAct, Role, SignedRecord, Statement, Subject,
};

fn found(registry: &Registry) -> Vec<FindingKind> {
    let findings = registry.monitor().findings().to_vec();
    findings.into_iter().map(|finding| finding.kind).collect()
}

/// What is found of a checkpoint besides the leaves.
fn of_checkpoint(change: impl FnOnce(&mut Registry)) -> Vec<FindingKind> {
    let registry = small();
    let mut lying = registry.clone();
    change(&mut lying);
    let checkpoint = lying.checkpoint();
    let mut monitor = Monitor::new(registry.origin.clone());
    registry
        .leaves
        .iter()
        .for_each(|leaf| drop(monitor.read(leaf)));
    monitor.check(&checkpoint);
    let findings = monitor.findings().to_vec();
    findings.into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_checkpoint_is_of_these_leaves() {
    assert_eq!(of_checkpoint(|_| {}), []);
    let elsewhere = of_checkpoint(|lying| lying.origin = Origin::new("other.example/log").unwrap());
    assert!(matches!(elsewhere[..], [FindingKind::WrongOrigin(_)]));
    let longer = of_checkpoint(|lying| {
        lying.append(b"more");
    });
    assert!(matches!(longer[..], [FindingKind::Size(8)]));
    let other = of_checkpoint(|lying| {
        *lying = Registry::new("registry.example/log");
        while lying.size() < 7 {
            lying.append(b"another");
        }
    });
    assert!(matches!(other[..], [FindingKind::Root { .. }]));
    let stranger = alias("registry.example/log", "stranger");
    let by_another = of_checkpoint(|lying| lying.log = vec![stranger]);
    assert!(matches!(by_another[..], [FindingKind::NotSigned]));
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.publish();
    assert!(matches!(found(&registry)[..], [FindingKind::Unindexed]));
}

#[test]
fn a_log_begins_with_the_registry() {
    let mut registry = Registry::bare("registry.example/log");
    registry.create("acme", &key("acme/owner"));
    assert!(matches!(found(&registry)[..], [FindingKind::Beginning]));
    let honest = small();
    let mut monitor = Monitor::pinned(&honest.pin());
    monitor.read(&honest.leaves[0]);
    assert_eq!(monitor.findings(), []);
    let mut monitor = Monitor::pinned(&honest.pin());
    monitor.read(&Registry::new("registry.example/log#2").leaves[0]);
    let kinds: Vec<_> = monitor.findings().iter().map(|found| &found.kind).collect();
    assert!(
        kinds
            .iter()
            .any(|kind| matches!(kind, FindingKind::WrongInit { .. }))
    );
}

#[test]
fn an_index_record_is_the_registrys() {
    let base = small();
    let seal = |change: &dyn Fn(&mut tenon_registry_client::record::Record)| {
        let mut lying = base.clone();
        let (covers, map) = (lying.size(), lying.map.root());
        let mut record = lying.record(Statement::Index { covers, map });
        change(&mut record);
        let signed = SignedRecord::sign(record, &[&lying.index.clone()]).unwrap();
        lying.append_index(&signed);
        found(&lying)
    };
    assert_eq!(seal(&|_| {}), []);
    let elsewhere = seal(&|record| record.origin = Origin::new("other.example/log").unwrap());
    assert!(matches!(
        elsewhere[..],
        [FindingKind::IndexSigner(ChainErrorKind::WrongOrigin(_))]
    ));
    let other = |covers: u64, map: Hash| {
        seal(&move |record| record.statement = Statement::Index { covers, map })
    };
    let fewer = other(base.size() - 1, base.map.root());
    assert!(matches!(fewer[..], [FindingKind::Covers { covers: 6 }]));
    let map = other(base.size(), Hash::leaf(b"another map"));
    assert!(matches!(map[..], [FindingKind::MapRoot { .. }]));
}

#[test]
fn an_index_key_signs_after_it_was_added() {
    let mut registry = small();
    let new = key("registry.example/index-2");
    let mut early = registry.clone();
    early.index = new.clone();
    early.seal();
    early.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    early.seal();
    assert!(matches!(
        found(&early)[0],
        FindingKind::IndexSigner(ChainErrorKind::Signatures(_))
    ));
    registry.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    registry.index = new;
    registry.seal();
    assert_eq!(found(&registry), []);
}

#[test]
fn a_takedown_is_by_a_key_that_was_there() {
    let mut registry = small();
    let http = package("acme:http");
    let new = key("registry.example/index-2");
    let before = registry.head(&Subject::Registry);
    registry.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    // It names the state before the key was there.
    let record = registry.package_record_at(&http, takedown("1.0.0"), before);
    registry.sign_and_log(record, &[&new]);
    registry.seal();
    super::assert_refused(&registry, &super::http(), |kind| {
        matches!(kind, ChainErrorKind::NotOperator { .. })
    });
    // It names the state after, and is in the log before: who reads the log in order finds that.
    let mut registry = small();
    let add = registry.registry_record(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    let add = SignedRecord::sign(add, &[&registry.root.clone()]).unwrap();
    let (seq, hash) = (1, add.hash());
    let after = tenon_registry_client::record::Reference { seq, hash };
    let record = registry.package_record_at(&http, takedown("1.0.0"), after);
    registry.sign_and_log(record, &[&new]);
    registry.log(add);
    registry.seal();
    assert!(!found(&registry).is_empty());
}

#[test]
fn every_bad_record_of_a_batch_is_found() {
    let mut registry = small();
    for version in ["5.0.0", "6.0.0"] {
        registry.release("acme:http", version, &key("acme/owner"));
    }
    registry.release("acme:http", "7.0.0", &key("acme/alice"));
    registry.seal();
    let kinds = found(&registry);
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    for kind in kinds {
        let FindingKind::Chain(error) = kind else {
            panic!("{kind:?}")
        };
        assert!(matches!(*error.kind, ChainErrorKind::NotGranted { .. }));
    }
    // They stay in their chain: what follows builds on them.
    let monitor = registry.monitor();
    assert_eq!(
        monitor.package_chain(&package("acme:http")).unwrap().len(),
        4
    );
}

#[test]
fn a_refused_record_leaves_its_chain_as_it_was() {
    let mut registry = small();
    let bad = registry.namespace_record(&namespace("acme"), NamespaceAct::Threshold(1));
    let bad = SignedRecord::sign(bad, &[&key("acme/alice")]).unwrap();
    registry.append(bad.bytes());
    let act = RegistryAct::KeyAdd(Role::Ingest, key("registry.example/i").vkey().clone());
    let bad = registry.registry_record(act);
    let bad = SignedRecord::sign(bad, &[&registry.index.clone()]).unwrap();
    registry.append(bad.bytes());
    registry.log_namespace("acme", NamespaceAct::Threshold(1), &[&key("acme/owner")]);
    let vkey = registry.ingest.vkey().clone();
    registry.log_registry(RegistryAct::KeyRemove(Role::Ingest, vkey));
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    assert_eq!(found(&registry).len(), 2);
}

#[test]
fn a_publishers_key_does_not_become_the_registrys() {
    let mut registry = small();
    let alice = key("acme/alice");
    let act = RegistryAct::KeyAdd(Role::Ingest, alice.vkey().clone());
    let record = registry.registry_record(act.clone());
    let record = SignedRecord::sign(record, &[&registry.root.clone()]).unwrap();
    let error = registry.monitor().admit(&record, time(START)).unwrap_err();
    assert!(matches!(*error.kind, ChainErrorKind::KeyRepeated(_)));
    registry.log_registry(act);
    registry.seal();
    assert!(matches!(found(&registry)[0], FindingKind::Chain(_)));
}

#[test]
fn findings_are_kept_up_to_a_number() {
    let mut monitor = Monitor::new(Origin::new("registry.example/log").unwrap());
    monitor.read(b"no record");
    let first = monitor.findings().len();
    for _ in 0..MAX_FINDINGS + 5 {
        monitor.read(b"no record");
    }
    assert_eq!(monitor.findings().len(), MAX_FINDINGS);
    assert_eq!(monitor.dropped_findings(), first + 5);
}
