//! Chains folded by hand: what is refused leaves them as they were.

use crate::chain_cases::{HTTP, alice, begin, owner, prepare, twin};
use crate::samples::ORIGIN;
use crate::support::*;
use tenon_registry_client::chain::{
    Chain, ChainErrorKind, NamespaceChain, PackageChain, Places, RegistryChain,
};
use tenon_registry_client::record::{
    NamespaceAct, Permission, RegistryAct, Role, SignedRecord, Subject,
};

fn registry_of(log: &Registry) -> RegistryChain {
    let mut chain = RegistryChain::new(log.origin.clone());
    for placed in &log.chains[&Subject::Registry] {
        chain.apply(&placed.record).unwrap();
    }
    chain
}

fn namespace_of(log: &Registry, name: &str) -> NamespaceChain {
    let mut chain = NamespaceChain::new(log.origin.clone(), namespace(name));
    for placed in &log.chains[&Subject::Namespace(namespace(name))] {
        chain.apply(&placed.record).unwrap();
    }
    chain
}

#[test]
fn a_refused_record_changes_nothing() {
    let log = begin();
    let mut chain = registry_of(&log);
    let act = RegistryAct::KeyAdd(Role::Ingest, key("x").vkey().clone());
    let record = SignedRecord::sign(log.registry_record(act), &[&log.index]).unwrap();
    let before = chain.clone();
    assert!(chain.apply(&record).is_err());
    assert_eq!(chain, before);
    let mut chain = namespace_of(&log, "acme");
    let record = log.namespace_record(&namespace("acme"), NamespaceAct::Threshold(1));
    let record = SignedRecord::sign(record, &[&alice()]).unwrap();
    let before = chain.clone();
    assert!(chain.apply(&record).is_err());
    assert_eq!(chain, before);
}

#[test]
fn a_refused_beginning_leaves_nothing() {
    let mut log = Registry::bare(ORIGIN);
    let keys = log.operator_keys();
    let nonce = [1; 32];
    let record = log.registry_record(RegistryAct::Init { nonce, keys });
    let new = RegistryChain::new(log.origin.clone());
    let mut chain = new.clone();
    let bad = SignedRecord::sign(record.clone(), &[&log.index]).unwrap();
    assert!(chain.apply(&bad).is_err());
    assert_eq!(chain, new);
    let good = SignedRecord::sign(record, &[&log.root]).unwrap();
    chain.apply(&good).unwrap();
    log.log(good);
    let act = NamespaceAct::Create {
        owners: vec![owner().vkey().clone()],
        threshold: 1,
    };
    let record = log.namespace_record(&namespace("acme"), act);
    let new = NamespaceChain::new(log.origin.clone(), namespace("acme"));
    let mut chain = new.clone();
    let bad = SignedRecord::sign(record.clone(), &[&alice()]).unwrap();
    assert!(chain.apply(&bad).is_err());
    assert_eq!(chain, new);
    let good = SignedRecord::sign(record, &[&owner()]).unwrap();
    chain.apply(&good).unwrap();
}

#[test]
fn first_owners_are_told_apart() {
    let log = Registry::new(ORIGIN);
    let twins = [twin(false), twin(true)];
    let mut owners: Vec<_> = twins.iter().map(|twin| twin.vkey().clone()).collect();
    owners.sort_by(|a, b| a.key().cmp(b.key()));
    let act = NamespaceAct::Create {
        owners,
        threshold: 1,
    };
    let record = log.namespace_record(&namespace("acme"), act);
    let record = SignedRecord::sign(record, &[&twins[0]]).unwrap();
    let mut chain = NamespaceChain::new(log.origin.clone(), namespace("acme"));
    let error = chain.apply(&record).unwrap_err();
    assert!(matches!(*error.kind, ChainErrorKind::KeyAmbiguous(_)));
}

#[test]
fn a_key_is_revoked_under_the_name_it_has() {
    let mut log = begin();
    let other = alias("acme/other", "acme/alice");
    let mut chain = namespace_of(&log, "acme");
    log.revoke("acme", &other, None, &owner());
    let record = &log.chains[&Subject::Namespace(namespace("acme"))][2].record;
    let error = chain.apply(record).unwrap_err();
    assert!(matches!(*error.kind, ChainErrorKind::NoSuchKey(_)));
}

#[test]
fn a_package_is_folded_with_its_own_namespace() {
    let mut log = begin();
    log.create("evil", &alice());
    log.grant(
        "evil",
        &alice(),
        grant(&[Permission::Own, Permission::Release]),
        &alice(),
    );
    let evil = namespace_of(&log, "evil");
    let registry = registry_of(&log);
    let head = log.head(&Subject::Namespace(namespace("evil")));
    let act = release(&package(HTTP), "1.0.0");
    let record = log.package_record_at(&package(HTTP), act, head);
    let record = SignedRecord::sign(record, &[&alice()]).unwrap();
    let mut chain = PackageChain::new(log.origin.clone(), package(HTTP));
    let error = chain.apply(&record, &registry, &evil).unwrap_err();
    assert!(matches!(
        *error.kind,
        ChainErrorKind::UnknownAuthority { .. }
    ));
    // Nor is another package's record its own.
    log.release("acme:ftp", "1.0.0", &alice());
    let acme = namespace_of(&log, "acme");
    let other = &log.chains[&Subject::Package(package("acme:ftp"))][0].record;
    let error = chain.apply(other, &registry, &acme).unwrap_err();
    assert!(matches!(*error.kind, ChainErrorKind::WrongSubject(_)));
    assert!(chain.is_empty());
}

#[test]
fn a_grant_that_was_widened_since_was_never_lost() {
    let mut log = begin();
    let record = prepare(&log, "1.0.0");
    log.grant("acme", &alice(), grant(&[Permission::Release]), &owner());
    log.log(record);
    log.seal();
    assert_eq!(log.monitor().findings(), []);
    let request = asking(HTTP, &["1.0.0"]);
    let view = Client::new(&log).ask(&log, &request).unwrap();
    view.release(&version("1.0.0")).unwrap();
}

#[test]
fn places_are_in_the_order_of_their_chain() {
    let mut places = Places::new();
    let mut place = |seq, index| places.place(Chain::Package, seq, index).is_ok();
    assert!(place(2, 10));
    // The same again, and not elsewhere.
    assert!(place(2, 10) && !place(2, 11) && !place(2, 9));
    // Before it there is room for what comes before, and after it for what comes after.
    assert!(!place(1, 10) && !place(0, 9) && place(0, 8));
    assert!(!place(1, 8) && place(1, 9));
    assert!(!place(3, 10) && !place(4, 11) && place(4, 12));
    assert!(place(3, 11) && place(9, 30) && !place(8, 30) && place(8, 29));
}

#[test]
fn index_records_are_in_the_order_of_their_times() {
    let mut places = Places::new();
    let mut place = |index, seconds| places.place_index(index, time(START + seconds)).is_ok();
    assert!(place(10, 100) && place(20, 200));
    assert!(place(10, 100) && !place(10, 101) && !place(10, 99));
    assert!(!place(5, 101) && place(5, 100) && place(6, 100));
    assert!(!place(15, 99) && !place(15, 201) && place(15, 150));
    assert!(!place(30, 199) && place(30, 200));
}
