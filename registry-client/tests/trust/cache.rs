//! Records that a client kept where others can write: what is wrong with them is not the registry's.

use super::http;
use crate::support::*;
use tenon_registry_client::record::{Permission, Reference, SignedRecord, Subject};
use tenon_registry_client::verify::{Held, Known, VerifyError, verify};

/// A registry at which a client has seen one release, and what the client holds.
fn seen() -> (Registry, Client, Held) {
    let registry = small();
    let mut client = Client::new(&registry);
    let held = client.ask(&registry, &http()).unwrap().held().clone();
    (registry, client, held)
}

fn of_package() -> Subject {
    Subject::Package(package("acme:http"))
}

/// The next record of the package, as it might have been.
fn invented(registry: &Registry) -> SignedRecord {
    let mut other = registry.clone();
    other.release("acme:http", "6.6.6", &key("acme/alice"));
    other.chains[&of_package()].last().unwrap().record.clone()
}

fn look(registry: &Registry, client: &Client, held: &Held) -> Option<VerifyError> {
    let known = Known::of(client.known().size, held);
    let bundle = registry.bundle(&http(), &known).encode();
    verify(&bundle, &http(), held, &client.trust()).err()
}

fn damaged() -> Option<VerifyError> {
    Some(VerifyError::CacheDamaged(of_package()))
}

#[test]
fn a_record_that_was_never_logged_is_the_caches() {
    let (mut registry, client, mut held) = seen();
    held.package.push(invented(&registry));
    // The log has one record more: it is not that one.
    registry.release("acme:http", "2.0.0", &key("acme/alice"));
    registry.seal();
    assert_eq!(look(&registry, &client, &held), damaged());
    // It has two more: the second does not follow it.
    registry.release("acme:http", "3.0.0", &key("acme/alice"));
    registry.seal();
    assert_eq!(look(&registry, &client, &held), damaged());
    // Without it, all is well.
    held.package.pop();
    assert_eq!(look(&registry, &client, &held), None);
}

#[test]
fn a_record_that_nobody_may_sign_is_the_caches() {
    let (mut registry, client, mut held) = seen();
    let act = release(&package("acme:http"), "6.6.6");
    let record = registry.package_record(&package("acme:http"), act);
    held.package
        .push(SignedRecord::sign(record, &[&key("evil/owner")]).unwrap());
    for version in ["2.0.0", "3.0.0"] {
        registry.release("acme:http", version, &key("acme/alice"));
        registry.seal();
        assert_eq!(look(&registry, &client, &held), damaged());
    }
}

#[test]
fn what_a_stranger_holds_is_its_own() {
    let (mut registry, _, mut held) = seen();
    held.package = vec![invented(&registry)];
    registry.release("acme:http", "2.0.0", &key("acme/alice"));
    registry.seal();
    let stranger = Client::new(&registry);
    assert_eq!(look(&registry, &stranger, &held), damaged());
}

#[test]
fn a_lock_file_contradicts_the_cache_and_not_the_registry() {
    let (mut registry, mut client, mut held) = seen();
    held.package.push(invented(&registry));
    registry.release("acme:http", "2.0.0", &key("acme/alice"));
    let locked: Reference = registry.head(&of_package());
    client.locked.insert(of_package(), locked);
    registry.release("acme:http", "3.0.0", &key("acme/alice"));
    registry.seal();
    assert_eq!(look(&registry, &client, &held), damaged());
}

#[test]
fn a_wrong_namespace_in_the_cache_is_found_there() {
    let (mut registry, client, mut held) = seen();
    let grant_to = |registry: &mut Registry, name: &str| {
        let all = grant(&[Permission::Release]);
        registry.grant("acme", &key(name), all, &key("acme/owner"));
    };
    let subject = Subject::Namespace(namespace("acme"));
    let mut other = registry.clone();
    grant_to(&mut other, "acme/mallory");
    held.namespace
        .push(other.chains[&subject].last().unwrap().record.clone());
    for name in ["acme/bob", "acme/carol"] {
        grant_to(&mut registry, name);
        registry.seal();
        let error = look(&registry, &client, &held);
        assert_eq!(error, Some(VerifyError::CacheDamaged(subject.clone())));
    }
}

#[test]
fn what_was_sent_is_the_registrys() {
    // What is held is what was verified, so what does not follow it is not the cache's fault.
    let (registry, client, held) = seen();
    let mut lying = registry.clone();
    lying.chains.get_mut(&of_package()).unwrap().clear();
    lying.release("acme:http", "1.0.0", &key("acme/bob"));
    lying.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    lying.seal();
    let request = http();
    let known = Known::of(client.known().size, &held);
    let raw = lying.bundle_raw_for(&request, &known);
    let mut bundle = tenon_registry_client::verify::Bundle::decode(&raw).unwrap();
    let sections = [
        (&mut bundle.registry, held.registry.len()),
        (&mut bundle.namespace, held.namespace.len()),
        (&mut bundle.package, held.package.len()),
    ];
    for (section, count) in sections {
        section.from = count as u32;
        section.records.drain(..count);
    }
    let error = verify(&bundle.encode(), &request, &held, &client.trust()).unwrap_err();
    assert!(matches!(error, VerifyError::Chain(_)), "{error:?}");
}
