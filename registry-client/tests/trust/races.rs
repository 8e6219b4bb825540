//! Several processes that keep one trust state: none loses what another verified.

use super::http;
use crate::support::*;
use tenon_registry_client::record::Subject;
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{Known, Request, StateMoved, Verified, View};

fn ftp() -> Request {
    asking("acme:ftp", &["1.0.0"])
}

fn of(name: &str) -> Subject {
    Subject::Package(package(name))
}

/// A registry with two packages, and a client that has verified nothing of them yet.
fn two_packages() -> (Registry, Client) {
    let mut registry = small();
    registry.release("acme:ftp", "1.0.0", &key("acme/alice"));
    registry.seal();
    let mut client = Client::new(&registry);
    client.ask(&registry, &Request::Registry).unwrap();
    (registry, client)
}

fn see(registry: &Registry, client: &Client, request: &Request) -> Verified<View> {
    let bundle = registry.bundle(request, &client.known()).encode();
    client.look(&bundle, request).unwrap()
}

/// What one process keeps after another, which looked at the same time.
fn after(
    first: &Verified<View>,
    second: &Verified<View>,
    base: &Client,
) -> Result<TrustState, StateMoved> {
    let state = first.advance(base.state.as_ref()).unwrap();
    second.advance(Some(&state))
}

#[test]
fn two_packages_at_one_checkpoint_are_both_kept() {
    let (mut registry, client) = two_packages();
    let stranger = Client::new(&registry);
    for grows in [false, true] {
        if grows {
            registry.seal();
        }
        for base in [&client, &stranger] {
            let a = see(&registry, base, &http());
            let b = see(&registry, base, &ftp());
            for (first, second) in [(&a, &b), (&b, &a)] {
                let state = after(first, second, base).unwrap();
                assert_eq!(state.checkpoint().size, registry.size());
                for view in [first, second] {
                    for (subject, head) in view.heads() {
                        assert_eq!(state.heads().get(subject), Some(head));
                    }
                }
                assert_eq!(state.heads().len(), 4);
            }
        }
    }
}

#[test]
fn what_both_knew_is_replaced_by_who_asked_for_it() {
    let (mut registry, mut client) = two_packages();
    for request in [http(), ftp()] {
        client.ask(&registry, &request).unwrap();
    }
    for name in ["acme:http", "acme:ftp"] {
        registry.release(name, "1.1.0", &key("acme/alice"));
    }
    registry.seal();
    let a = see(&registry, &client, &http());
    let b = see(&registry, &client, &ftp());
    for (first, second) in [(&a, &b), (&b, &a)] {
        let state = after(first, second, &client).unwrap();
        for name in ["acme:http", "acme:ftp"] {
            assert_eq!(state.heads()[&of(name)].seq, 1, "{name}");
        }
    }
}

#[test]
fn the_same_package_twice_is_no_conflict() {
    let (mut registry, client) = two_packages();
    registry.seal();
    let a = see(&registry, &client, &http());
    let state = after(&a, &a, &client).unwrap();
    assert_eq!(Some(state), a.advance(client.state.as_ref()).ok());
}

#[test]
fn what_another_saw_of_the_same_package_is_not_overwritten() {
    let (mut registry, client) = two_packages();
    let other = see(&registry, &client, &ftp());
    let state = other.advance(client.state.as_ref()).unwrap();
    // Seen by the other at the old checkpoint, and here only at the new one.
    registry.release("acme:ftp", "1.1.0", &key("acme/alice"));
    registry.seal();
    let here = see(&registry, &client, &ftp());
    assert_eq!(here.advance(Some(&state)), Err(StateMoved));
    // Another package does not matter, and the other's head stays.
    let here = see(&registry, &client, &http());
    let state = here.advance(Some(&state)).unwrap();
    assert_eq!(
        state.heads()[&of("acme:ftp")],
        other.heads()[&of("acme:ftp")]
    );
}

#[test]
fn a_package_that_another_saw_is_not_absent() {
    let (registry, client) = two_packages();
    let other = see(&registry, &client, &ftp());
    let state = other.advance(client.state.as_ref()).unwrap();
    // The registry hides it from here on.
    let mut lying = registry.clone();
    lying.chains.remove(&of("acme:ftp"));
    lying.map = Default::default();
    for (subject, chain) in &lying.chains {
        let (seq, last) = (chain.len() as u32 - 1, chain.last().unwrap());
        let (index, hash) = (last.index, last.record.hash());
        let head = tenon_registry_client::log::Head { index, seq, hash };
        lying.map.insert(subject.map_key(), head);
    }
    lying.seal();
    let here = see(&lying, &client, &ftp());
    assert!(here.package().is_none());
    assert_eq!(here.advance(Some(&state)), Err(StateMoved));
    // Nor is a namespace.
    let request = Request::Namespace(namespace("acme"));
    let subject = Subject::Namespace(namespace("acme"));
    let other = see(&registry, &client, &request);
    let state = other.advance(client.state.as_ref()).unwrap();
    lying = registry.clone();
    lying
        .chains
        .retain(|subject, _| *subject == Subject::Registry);
    lying.map = Default::default();
    let last = lying.chains[&Subject::Registry].last().unwrap();
    let (index, seq, hash) = (last.index, 0, last.record.hash());
    let head = tenon_registry_client::log::Head { index, seq, hash };
    lying.map.insert(Subject::Registry.map_key(), head);
    lying.seal();
    let here = see(&lying, &client, &request);
    assert!(!here.heads().contains_key(&subject));
    assert_eq!(here.advance(Some(&state)), Err(StateMoved));
}

#[test]
fn a_state_of_another_checkpoint_is_another() {
    let (mut registry, client) = two_packages();
    let here = see(&registry, &client, &http());
    registry.seal();
    let mut other = client.clone();
    other.ask(&registry, &ftp()).unwrap();
    assert_eq!(here.advance(other.state.as_ref()), Err(StateMoved));
    let stranger = Client::new(&registry);
    let bundle = registry.bundle(&http(), &Known::default()).encode();
    let first = stranger.look(&bundle, &http()).unwrap();
    assert_eq!(first.advance(client.state.as_ref()), Err(StateMoved));
    assert!(first.advance(None).is_ok());
}
