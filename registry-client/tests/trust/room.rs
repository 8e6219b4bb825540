//! Whoever fills a chain does not keep others from undoing what they did.

use crate::support::*;
use tenon_registry_client::chain::{
    ChainErrorKind, MAX_CHAIN, NamespaceChain, PackageChain, RegistryChain,
};
use tenon_registry_client::record::{
    NamespaceAct, PackageAct, Permission, Record, SignedRecord, Statement, Subject,
};

/// The same record as the next of its chain.
fn next(
    registry: &Registry,
    seq: u32,
    prev: tenon_registry_client::log::Hash,
) -> impl Fn(Record) -> Record {
    let origin = registry.origin.clone();
    move |mut record| {
        record.origin = origin.clone();
        if let Statement::Namespace { link, .. } | Statement::Package { link, .. } =
            &mut record.statement
        {
            (link.seq, link.prev) = (seq, prev);
        }
        record
    }
}

fn fold(registry: &Registry) -> (RegistryChain, NamespaceChain) {
    let mut operator = RegistryChain::new(registry.origin.clone());
    for placed in &registry.chains[&Subject::Registry] {
        operator.apply(&placed.record).unwrap();
    }
    let mut chain = NamespaceChain::new(registry.origin.clone(), namespace("acme"));
    for placed in &registry.chains[&Subject::Namespace(namespace("acme"))] {
        chain.apply(&placed.record).unwrap();
    }
    (operator, chain)
}

fn is_full(result: Result<(), tenon_registry_client::chain::ChainError>) -> bool {
    match result {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(*error.kind, ChainErrorKind::TooLong);
            true
        }
    }
}

#[test]
fn the_last_records_of_a_package_undo() {
    let registry = small();
    let (operator, owners) = fold(&registry);
    let http = package("acme:http");
    let mut chain = PackageChain::new(registry.origin.clone(), http.clone());
    let (alice, index) = (key("acme/alice"), registry.index.clone());
    let record = |chain: &PackageChain, act: PackageAct| {
        let by = match act {
            PackageAct::Takedown { .. } => &index,
            _ => &alice,
        };
        let seq = chain.len();
        let prev = seq.checked_sub(1).and_then(|seq| chain.hash(seq));
        let prev = prev.unwrap_or(tenon_registry_client::log::Hash::ZERO);
        let record = registry.package_record(&http, act);
        SignedRecord::sign(next(&registry, seq, prev)(record), &[by]).unwrap()
    };
    let (full, undone) = (MAX_CHAIN as u32 - 1_000, MAX_CHAIN as u32 - 100);
    for n in 0..full {
        let next = record(&chain, release(&http, &format!("1.0.{n}")));
        chain.apply(&next, &operator, &owners).unwrap();
    }
    let refused = |chain: &PackageChain, act| {
        let next = record(chain, act);
        is_full(chain.clone().apply(&next, &operator, &owners))
    };
    assert!(refused(&chain, release(&http, "2.0.0")));
    while chain.len() < undone {
        let act = match chain.len() % 2 {
            0 => yank("1.0.0"),
            _ => unyank("1.0.0"),
        };
        let next = record(&chain, act);
        chain.apply(&next, &operator, &owners).unwrap();
    }
    assert!(refused(&chain, yank("1.0.1")) && refused(&chain, unyank("1.0.1")));
    while (chain.len() as usize) < MAX_CHAIN {
        let next = record(&chain, takedown(&format!("1.0.{}", chain.len() - undone)));
        chain.apply(&next, &operator, &owners).unwrap();
    }
    assert!(refused(&chain, takedown("1.0.200")));
}

#[test]
fn the_last_records_of_a_namespace_revoke() {
    let registry = small();
    let (_, mut chain) = fold(&registry);
    let owner = key("acme/owner");
    let record = |chain: &NamespaceChain, act: NamespaceAct| {
        let seq = chain.len();
        let prev = chain.hash(seq - 1).unwrap();
        let record = registry.namespace_record(&namespace("acme"), act);
        SignedRecord::sign(next(&registry, seq, prev)(record), &[&owner]).unwrap()
    };
    while (chain.len() as usize) < MAX_CHAIN - 1_000 {
        let next = record(&chain, NamespaceAct::Threshold(1));
        chain.apply(&next).unwrap();
    }
    let all = grant(&[Permission::Release]);
    for act in [
        NamespaceAct::Threshold(1),
        NamespaceAct::Grant(key("acme/bob").vkey().clone(), all),
    ] {
        let next = record(&chain, act);
        assert!(is_full(chain.clone().apply(&next)));
    }
    let revoke = NamespaceAct::Revoke {
        key: key("acme/alice").vkey().clone(),
        from_index: Some(0),
    };
    let next = record(&chain, revoke);
    chain.apply(&next).unwrap();
    assert!(
        chain
            .key(key("acme/alice").vkey().key())
            .unwrap()
            .now()
            .is_none()
    );
}
