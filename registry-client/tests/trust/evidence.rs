//! Evidence that is missing, too much, or for something else.

use super::http;
use crate::support::*;
use tenon_registry_client::chain::{Chain, ChainErrorKind};
use tenon_registry_client::log::{Head, Origin, prove_consistency, prove_inclusions};
use tenon_registry_client::record::{
    NamespaceAct, PackageAct, Permission, Record, RegistryAct, Role, SignatureError, SignedRecord,
    Statement, Subject,
};
use tenon_registry_client::state::Pin;
use tenon_registry_client::verify::{Bundle, Held, Known, Point, Request, VerifyError};

fn of_package() -> Subject {
    Subject::Package(package("acme:http"))
}

fn of_namespace() -> Subject {
    Subject::Namespace(namespace("acme"))
}

/// The inclusion proof of what the bundle places, and of the heads that the registry's map has.
fn prove_again(registry: &Registry, bundle: &mut Bundle) {
    let size = registry.size();
    let mut indices = vec![size - 1];
    for subject in [Subject::Registry, of_namespace(), of_package()] {
        let head = registry.map.get(&subject.map_key());
        indices.extend(head.map(|head| head.index));
    }
    indices.extend(bundle.points.iter().map(|point| point.index));
    indices.extend(bundle.index_records.iter().map(|(index, _)| *index));
    indices.sort_unstable();
    indices.dedup();
    bundle.inclusion = prove_inclusions(registry, &indices, size).unwrap();
}

fn error(client: &Client, bundle: &Bundle, request: &Request) -> VerifyError {
    client.look(&bundle.encode(), request).unwrap_err()
}

fn is_extra(error: &VerifyError) -> bool {
    matches!(error, VerifyError::EvidenceExtra(_))
}

fn is_missing(error: &VerifyError) -> bool {
    matches!(error, VerifyError::EvidenceMissing(_))
}

// ---- the step from what was seen before ----

#[test]
fn a_consistency_proof_is_for_what_the_client_knows() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let mut bundle = registry.bundle(&http(), &Known::default());
    let proof = prove_consistency(&registry, 2, registry.size()).unwrap();
    bundle.consistency.clone_from(&proof);
    assert!(is_extra(&error(&client, &bundle, &http())));
    bundle.known_size = 2;
    let wanted = 0;
    let wrong = VerifyError::WrongSize { wanted, found: 2 };
    assert_eq!(error(&client, &bundle, &http()), wrong);
    client.ask(&registry, &http()).unwrap();
    // The same checkpoint again needs none.
    let mut again = registry.bundle(&http(), &client.known());
    again.consistency.clone_from(&proof);
    assert!(is_extra(&error(&client, &again, &http())));
    again.consistency.clear();
    client.look(&again.encode(), &http()).unwrap();
    // One for another size proves something else.
    registry.seal();
    let mut other = registry.bundle(&http(), &client.known());
    other.known_size -= 1;
    assert!(matches!(
        error(&client, &other, &http()),
        VerifyError::WrongSize { .. }
    ));
}

#[test]
fn a_log_does_not_grow_without_bounds() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let bundle = registry.bundle(&http(), &client.known());
    client.rules.max_growth = 1;
    assert!(matches!(
        error(&client, &bundle, &http()),
        VerifyError::TooFarAhead { most: 1, .. }
    ));
    client.rules.max_growth = 2;
    client.look(&bundle.encode(), &http()).unwrap();
}

#[test]
fn what_was_seen_is_the_same_and_where_it_was() {
    let mut registry = small();
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let fork = |error: VerifyError, at: u32| {
        let wanted = VerifyError::SubjectFork {
            subject: of_package(),
            seq: at,
        };
        assert_eq!(error, wanted);
    };
    // Another chain, as long and longer.
    let mut lying = registry.clone();
    lying.chains.get_mut(&of_package()).unwrap().clear();
    for version in ["1.0.0", "1.0.1", "1.0.2"] {
        lying.release("acme:http", version, &key("acme/alice"));
        lying.seal();
        let known = client.known();
        let request = asking("acme:http", &[]);
        let said = client.look(&lying.bundle_raw_for(&request, &known), &request);
        match version {
            "1.0.0" => assert!(matches!(said, Err(VerifyError::SubjectRollback { .. }))),
            _ => fork(said.unwrap_err(), 1),
        }
    }
    let mut locked = Client::new(&registry);
    locked
        .locked
        .insert(of_package(), registry.head(&of_package()));
    fork(
        locked
            .look(&lying.bundle_raw(&http()), &http())
            .unwrap_err(),
        1,
    );
    // The last record once more, as if it were there only.
    let mut lying = registry.clone();
    let last = lying.chains[&of_package()].last().unwrap().record.clone();
    let index = lying.append(last.bytes());
    let (seq, hash) = (1, last.hash());
    let head = Head { index, seq, hash };
    lying.map.insert(of_package().map_key(), head);
    let chain = lying.chains.get_mut(&of_package()).unwrap();
    chain.last_mut().unwrap().index = index;
    lying.seal();
    let request = asking("acme:http", &[]);
    let bundle = lying.bundle_raw_for(&request, &client.known());
    fork(client.look(&bundle, &request).unwrap_err(), 1);
}

#[test]
fn a_place_that_was_seen_need_not_be_shown() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let without = |known: &Known| {
        let mut bundle = registry.bundle(&http(), known);
        assert_eq!(bundle.points.len(), 1);
        bundle.points.clear();
        prove_again(&registry, &mut bundle);
        bundle
    };
    let view = client.look(&without(&client.known()).encode(), &http());
    view.unwrap().release(&version("1.0.0")).unwrap();
    let stranger = Client::new(&registry);
    let bundle = without(&Known::default());
    assert!(is_missing(&error(&stranger, &bundle, &http())));
    let mut bundle = registry.bundle(&http(), &Known::default());
    bundle.points[0].index += 1;
    assert!(matches!(
        error(&stranger, &bundle, &http()),
        VerifyError::NotIncluded(_)
    ));
}

// ---- the last leaf and the map ----

#[test]
fn the_last_leaf_is_the_index_record_of_this_log() {
    let registry = small();
    let client = Client::new(&registry);
    let sealed = |change: &dyn Fn(&mut Record)| {
        let mut lying = registry.clone();
        let (covers, map) = (lying.size(), lying.map.root());
        let mut record = lying.record(Statement::Index { covers, map });
        change(&mut record);
        let signed = SignedRecord::sign(record, &[&lying.index.clone()]).unwrap();
        lying.append_index(&signed);
        client.look(&lying.bundle_raw(&http()), &http())
    };
    sealed(&|_| {}).unwrap();
    let elsewhere = sealed(&|record| record.origin = Origin::new("other.example/log").unwrap());
    assert!(matches!(elsewhere, Err(VerifyError::NoIndexRecord { .. })));
    let fewer = sealed(&|record| {
        if let Statement::Index { covers, .. } = &mut record.statement {
            *covers -= 1;
        }
    });
    assert!(matches!(fewer, Err(VerifyError::Covers { .. })));
    let mut lying = registry.clone();
    lying.release("acme:http", "1.0.1", &key("acme/alice"));
    lying.publish();
    let none = client.look(&lying.bundle_raw(&http()), &http());
    assert!(matches!(none, Err(VerifyError::NoIndexRecord { .. })));
}

#[test]
fn every_chain_ends_where_the_map_says() {
    let mut registry = small();
    let spare = key("registry.example/spare");
    registry.log_registry(RegistryAct::KeyAdd(Role::Ingest, spare.vkey().clone()));
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let client = Client::new(&registry);
    let bundle = registry.bundle(&http(), &Known::default());
    type Of = fn(&mut Bundle) -> &mut Vec<Vec<u8>>;
    let sections: [(Of, Subject); 3] = [
        (|bundle| &mut bundle.registry.records, Subject::Registry),
        (|bundle| &mut bundle.namespace.records, of_namespace()),
        (|bundle| &mut bundle.package.records, of_package()),
    ];
    for (section, of) in sections {
        for last in [true, false] {
            let mut lying = bundle.clone();
            let records = section(&mut lying);
            let at = if last { records.len() - 1 } else { 0 };
            records.remove(at);
            let error = error(&client, &lying, &http());
            assert!(
                matches!(&error, VerifyError::HeadMismatch { subject, .. } if *subject == of),
                "{error:?}"
            );
        }
        // A map that has the record, and another number for it.
        let mut lying = registry.clone();
        let mut head = *lying.map.get(&of.map_key()).unwrap();
        head.seq += 1;
        lying.map.insert(of.map_key(), head);
        lying.seal();
        let said = client.look(&lying.bundle_raw(&http()), &http());
        assert!(matches!(said, Err(VerifyError::HeadMismatch { .. })));
    }
}

#[test]
fn a_log_begins_with_its_first_record() {
    let mut registry = Registry::bare("registry.example/log");
    registry.create("acme", &key("acme/owner"));
    let keys = registry.operator_keys();
    let nonce = [7; 32];
    registry.log_registry(RegistryAct::Init { nonce, keys });
    registry.seal();
    let init = registry.chains[&Subject::Registry][0].record.hash();
    let mut client = Client::new(&registry);
    client.pin = Pin::new(registry.log[0].vkey().clone(), init).unwrap();
    let request = Request::Registry;
    let said = client.look(&registry.bundle_raw(&request), &request);
    assert!(matches!(said, Err(VerifyError::HeadMismatch { .. })));
    assert!(!registry.monitor().findings().is_empty());
}

// ---- what is shown of each chain ----

#[test]
fn nothing_is_shown_that_was_not_asked_for() {
    let registry = small();
    let client = Client::new(&registry);
    let all = registry.bundle(&http(), &Known::default());
    let namespace = Request::Namespace(namespace("acme"));
    for request in [Request::Registry, namespace] {
        let mut bundle = registry.bundle(&request, &Known::default());
        let of_registry = request == Request::Registry;
        match of_registry {
            true => bundle.namespace = all.namespace.clone(),
            false => bundle.package = all.package.clone(),
        }
        assert!(is_extra(&error(&client, &bundle, &request)));
        let mut bundle = registry.bundle(&request, &Known::default());
        bundle.package.from = 1;
        assert!(is_extra(&error(&client, &bundle, &request)));
    }
}

#[test]
fn a_place_that_decides_nothing_is_too_much() {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let client = Client::new(&registry);
    let request = asking("acme:http", &["1.0.1"]);
    let index = registry.chains[&of_package()][0].index;
    let mut bundle = registry.bundle(&request, &Known::default());
    assert_eq!(bundle.points, []);
    let (chain, seq) = (Chain::Package, 0);
    bundle.points = vec![Point { chain, seq, index }];
    prove_again(&registry, &mut bundle);
    assert!(is_extra(&error(&client, &bundle, &request)));
    // Nor is there one of a record that is not shown.
    bundle.points[0].seq = 2;
    assert!(is_extra(&error(&client, &bundle, &request)));
}

#[test]
fn only_what_was_asked_for_is_proved() {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let mut client = Client::new(&registry);
    let request = asking("acme:http", &["1.0.1"]);
    let view = client.ask(&registry, &request).unwrap();
    view.release(&version("1.0.1")).unwrap();
    // Records of other chains with its number are placed; it is not.
    assert!(
        view.package()
            .unwrap()
            .releases()
            .contains_key(&version("1.0.0"))
    );
    assert!(is_missing(&view.release(&version("1.0.0")).unwrap_err()));
    // A version is its build metadata too.
    registry.release("acme:ftp", "1.0.0+a", &key("acme/alice"));
    registry.release("acme:ftp", "1.0.1", &key("acme/alice"));
    registry.seal();
    for (asked, points) in [("1.0.0+a", 1), ("1.0.0+b", 0), ("1.0.0", 0)] {
        let request = asking("acme:ftp", &[asked]);
        let bundle = registry.bundle(&request, &Known::default());
        assert_eq!(bundle.points.len(), points, "{asked}");
        let view = Client::new(&registry).ask(&registry, &request).unwrap();
        assert_eq!(view.release(&version(asked)).is_ok(), points == 1);
    }
}

#[test]
fn every_signature_is_computed_unless_it_was_before() {
    let base = small();
    let owner = key("acme/owner");
    let spare = key("registry.example/spare").vkey().clone();
    let of_registry = base.registry_record(RegistryAct::KeyAdd(Role::Ingest, spare));
    let of_namespace = base.namespace_record(&namespace("acme"), NamespaceAct::Threshold(1));
    let act = release(&package("acme:http"), "1.0.1");
    let of_package = base.package_record(&package("acme:http"), act);
    for (record, signer) in [
        (of_registry, base.root.clone()),
        (of_namespace, owner),
        (of_package, key("acme/alice")),
    ] {
        // The line is that of the same key under a text of another time.
        let mut other = record.clone();
        other.time = time(START + 1);
        let line = SignedRecord::sign(other, &[&signer]).unwrap().signatures()[0].clone();
        let forged = SignedRecord::assemble(&record, vec![(signer.vkey(), line)]).unwrap();
        let mut lying = base.clone();
        lying.log(forged);
        lying.seal();
        let mut client = Client::new(&base);
        client.ask(&base, &http()).unwrap();
        for client in [&client, &Client::new(&base)] {
            let bundle = lying.bundle_raw_for(&http(), &client.known());
            let error = client.look(&bundle, &http()).unwrap_err();
            let ChainErrorKind::Signatures(error) = super::chain_kind(&error) else {
                panic!("{error:?}");
            };
            assert!(matches!(error, SignatureError::Bad(_)), "{error:?}");
        }
    }
}

// ---- places ----

/// alice releases twice and is revoked from the second on; carol goes on.
fn voided() -> (Registry, [u64; 2]) {
    let mut registry = small();
    let (owner, alice, carol) = (key("acme/owner"), key("acme/alice"), key("acme/carol"));
    registry.grant("acme", &carol, grant(&[Permission::Release]), &owner);
    let good = registry.release("acme:http", "1.0.1", &alice);
    registry.release("acme:ftp", "1.0.0", &carol);
    let stolen = registry.release("acme:http", "6.6.6", &alice);
    registry.release("acme:http", "6.6.7", &alice);
    registry.revoke("acme", &alice, Some(stolen), &owner);
    registry.grant(
        "acme",
        &key("acme/dave"),
        grant(&[Permission::Yank]),
        &owner,
    );
    for version in ["2.0.0", "2.0.1"] {
        registry.release("acme:http", version, &carol);
    }
    registry.seal();
    (registry, [good, stolen])
}

#[test]
fn the_nearest_places_show_what_is_void() {
    let (registry, [good, stolen]) = voided();
    let request = asking("acme:http", &[]);
    let bundle = registry.bundle(&request, &Known::default());
    let of = |chain, seq, index| Point { chain, seq, index };
    let revoked = registry.chains[&of_namespace()][3].index;
    // The revocation; the last release that stands, the first that is void, and the last before
    // the revocation.
    let wanted = [
        of(Chain::Namespace, 3, revoked),
        of(Chain::Package, 1, good),
        of(Chain::Package, 2, stolen),
        of(Chain::Package, 3, stolen + 1),
    ];
    assert_eq!(bundle.points, wanted);
    let client = Client::new(&registry);
    client.look(&bundle.encode(), &request).unwrap();
    // That what is before the first void one is before that index follows from it.
    for point in [0, 2, 3] {
        let mut without = bundle.clone();
        without.points.remove(point);
        prove_again(&registry, &mut without);
        assert!(is_missing(&error(&client, &without, &request)), "{point}");
    }
}

#[test]
fn what_is_void_from_the_beginning_needs_no_place() {
    let mut registry = small();
    let (owner, alice, carol) = (key("acme/owner"), key("acme/alice"), key("acme/carol"));
    registry.grant("acme", &carol, grant(&[Permission::Release]), &owner);
    registry.revoke("acme", &alice, Some(0), &owner);
    registry.release("acme:http", "2.0.0", &carol);
    registry.release("acme:http", "2.0.1", &carol);
    registry.seal();
    let request = asking("acme:http", &[]);
    let bundle = registry.bundle(&request, &Known::default());
    let chains: Vec<(Chain, u32)> = bundle
        .points
        .iter()
        .map(|point| (point.chain, point.seq))
        .collect();
    // Only that alice's release came before the revocation.
    assert_eq!(chains, [(Chain::Package, 0)]);
    let view = Client::new(&registry).ask(&registry, &request).unwrap();
    assert_eq!(view.package().unwrap().void(), [0]);
}

#[test]
fn a_release_that_is_not_shown_to_be_in_time_is_refused() {
    let mut registry = small();
    let (owner, bob) = (key("acme/owner"), key("acme/bob"));
    registry.grant("acme", &bob, grant(&[Permission::Release]), &owner);
    registry.release("acme:http", "1.0.1", &bob);
    registry.revoke("acme", &bob, None, &owner);
    registry.release("acme:http", "1.0.2", &key("acme/alice"));
    registry.seal();
    let request = asking("acme:http", &[]);
    let client = Client::new(&registry);
    let mut bundle = registry.bundle(&request, &Known::default());
    let [point] = bundle.points[..] else {
        panic!("{:?}", bundle.points)
    };
    assert_eq!((point.chain, point.seq), (Chain::Package, 1));
    client.look(&bundle.encode(), &request).unwrap();
    bundle.points.clear();
    prove_again(&registry, &mut bundle);
    assert!(is_missing(&error(&client, &bundle, &request)));
}

#[test]
fn held_records_are_not_taken_for_what_was_not_asked() {
    let registry = small();
    let client = Client::new(&registry);
    let held = client
        .look(
            &registry.bundle(&http(), &Known::default()).encode(),
            &http(),
        )
        .unwrap()
        .held()
        .clone();
    let bundle = registry.bundle(&Request::Registry, &Known::of(0, &held));
    let only = Held {
        registry: held.registry.clone(),
        ..Held::default()
    };
    for held in [held, only] {
        let view = tenon_registry_client::verify::verify(
            &bundle.encode(),
            &Request::Registry,
            &held,
            &client.trust(),
        )
        .unwrap();
        assert!(view.package().is_none() && view.held().package.is_empty());
    }
}

#[test]
fn a_yank_is_an_act_of_its_package_only() {
    // What a takedown names is the registry's, and what a yank names is not.
    let mut registry = small();
    let head = registry.head(&Subject::Registry);
    let act: PackageAct = yank("1.0.0");
    let record = registry.package_record_at(&package("acme:http"), act, head);
    registry.sign_and_log(record, &[&key("acme/alice")]);
    registry.seal();
    super::assert_refused(&registry, &http(), |kind| {
        matches!(kind, ChainErrorKind::UnknownAuthority { .. })
    });
}

#[test]
fn an_earlier_index_record_is_by_a_key_of_its_time() {
    let mut registry = small();
    let bob = key("acme/bob");
    let mut until = grant(&[Permission::Release]);
    until.expires = Some(time(START + 1_000));
    registry.grant("acme", &bob, until, &key("acme/owner"));
    registry.release("acme:http", "1.0.1", &bob);
    let (old, new) = (registry.index.clone(), key("registry.example/index-2"));
    registry.index = new.clone();
    let shown = registry.size();
    registry.seal();
    registry.index = old;
    registry.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    registry.clock += 2_000;
    registry.seal();
    let request = asking("acme:http", &[]);
    let mut bundle = Bundle::decode(&registry.bundle_raw(&request)).unwrap();
    let leaf = registry.leaves[shown as usize].clone();
    bundle.index_records = vec![(shown, leaf)];
    prove_again(&registry, &mut bundle);
    let client = Client::new(&registry);
    let wrong = |kind: &ChainErrorKind| matches!(kind, ChainErrorKind::NotOperator { .. });
    let error = error(&client, &bundle, &request);
    assert!(
        matches!(&error, VerifyError::IndexSigner(kind) if wrong(kind)),
        "{error:?}"
    );
}
