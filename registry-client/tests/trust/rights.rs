//! What keys of a namespace may do, and until when.

use super::{assert_refused, http};
use crate::support::*;
use tenon_registry_client::chain::{Chain, ChainErrorKind};
use tenon_registry_client::record::{Permission, Reference, Subject};
use tenon_registry_client::verify::{Known, VerifyError};

// ---- what a key may no longer do ----

/// A registry in which alice loses the right to release: two releases before, and then what `lose`
/// does. Returns the namespace's head before, and the index of the record that takes the right.
fn losing(lose: fn(&mut Registry) -> u64) -> (Registry, Reference, u64) {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let before = registry.head(&Subject::Namespace(namespace("acme")));
    let lost = lose(&mut registry);
    registry.seal();
    (registry, before, lost)
}

fn revoked(registry: &mut Registry) -> u64 {
    registry.revoke("acme", &key("acme/alice"), None, &key("acme/owner"))
}

fn narrowed(registry: &mut Registry) -> u64 {
    let only_yank = grant(&[Permission::Yank]);
    registry.grant("acme", &key("acme/alice"), only_yank, &key("acme/owner"))
}

fn narrowed_to_others(registry: &mut Registry) -> u64 {
    let mut others = grant(&[Permission::Release]);
    others.pattern = "ftp".parse().unwrap();
    registry.grant("acme", &key("acme/alice"), others, &key("acme/owner"))
}

#[test]
fn a_lost_right_is_lost_from_then_on() {
    for lose in [revoked, narrowed, narrowed_to_others] {
        let (registry, before, lost) = losing(lose);
        // What was logged before still counts.
        let request = asking("acme:http", &["1.0.0", "1.0.1"]);
        let view = Client::new(&registry).ask(&registry, &request).unwrap();
        view.release(&version("1.0.0")).unwrap();
        let last = view.release(&version("1.0.1")).unwrap();
        assert!(view.index_of(&last).unwrap() < lost);
        assert_eq!(registry.monitor().findings(), []);
        // What names the state before and comes after does not.
        let mut late = registry.clone();
        let act = release(&package("acme:http"), "1.0.2");
        let record = late.package_record_at(&package("acme:http"), act, before);
        late.sign_and_log(record, &[&key("acme/alice")]);
        late.seal();
        let request = asking("acme:http", &["1.0.2"]);
        assert_refused(&late, &request, |kind| {
            matches!(kind, ChainErrorKind::Lost { .. })
        });
        // Nor what names the state after.
        let mut late = registry.clone();
        late.release("acme:http", "1.0.2", &key("acme/alice"));
        late.seal();
        assert_refused(&late, &request, |kind| {
            matches!(kind, ChainErrorKind::NotGranted { .. })
        });
    }
}

#[test]
fn a_revocation_voids_from_an_index_on_and_the_next_release_works() {
    let mut registry = small();
    let (owner, alice, carol) = (key("acme/owner"), key("acme/alice"), key("acme/carol"));
    registry.grant("acme", &carol, grant(&[Permission::Release]), &owner);
    let good = registry.release("acme:http", "1.0.1", &alice);
    registry.seal();
    let stolen = registry.release("acme:http", "6.6.6", &alice);
    registry.log_package("acme:http", yank("1.0.0"), &[&alice]);
    registry.seal();
    let r = registry.revoke("acme", &alice, Some(stolen), &owner);
    registry.seal();
    registry.release("acme:http", "1.0.2", &carol);
    registry.seal();
    let request = asking("acme:http", &["1.0.0", "1.0.1", "6.6.6", "1.0.2"]);
    let mut client = Client::new(&registry);
    let view = client.ask(&registry, &request).unwrap();
    for works in ["1.0.0", "1.0.1", "1.0.2"] {
        let release = view.release(&version(works)).unwrap();
        let available = tenon_registry_client::chain::Availability::Available;
        assert_eq!(
            release.availability, available,
            "{works}: the yank is void too"
        );
    }
    let error = view.release(&version("6.6.6")).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::NoSuchRelease { void: true, .. }
    ));
    assert!(good < stolen && stolen < r);
    assert_eq!(registry.monitor().findings(), []);
    // The version stays used.
    let mut again = registry.clone();
    again.release("acme:http", "6.6.6", &carol);
    again.seal();
    assert_refused(&again, &request, |kind| {
        matches!(kind, ChainErrorKind::VersionUsed(_))
    });
    // A revocation cannot reach beyond itself.
    let mut beyond = small();
    let index = beyond.size();
    beyond.revoke("acme", &alice, Some(index + 1), &owner);
    beyond.seal();
    assert_refused(&beyond, &http(), |kind| {
        matches!(kind, ChainErrorKind::FromIndex { .. })
    });
    // To void takes owners, even for the key itself; to leave does not.
    let mut alone = small();
    alone.revoke("acme", &alice, Some(0), &alice);
    alone.seal();
    assert_refused(&alone, &http(), |kind| {
        matches!(kind, ChainErrorKind::Signatures(_))
    });
    let mut leaves = small();
    leaves.revoke("acme", &alice, None, &alice);
    leaves.seal();
    Client::new(&leaves).ask(&leaves, &http()).unwrap();
}

#[test]
fn a_grant_expires_by_the_time_of_the_batch() {
    let mut registry = small();
    let (owner, bob) = (key("acme/owner"), key("acme/bob"));
    let mut until = grant(&[Permission::Release]);
    until.expires = Some(time(registry.clock + 3600));
    registry.grant("acme", &bob, until, &owner);
    registry.release("acme:http", "1.0.1", &bob);
    registry.clock += 3599;
    registry.seal();
    let in_time = registry.clone();
    registry.clock += 1;
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    for registry in [&in_time, &registry] {
        Client::new(registry).ask(registry, &request).unwrap();
        assert_eq!(registry.monitor().findings(), []);
    }
    let bundle = registry.bundle(&request, &Known::default());
    assert_eq!(
        bundle.index_records.len(),
        1,
        "the batch's, since the last is too late"
    );
    let mut without = bundle;
    without.index_records.clear();
    let error = Client::new(&registry)
        .look(&without.encode(), &request)
        .unwrap_err();
    assert!(matches!(error, VerifyError::NotIncluded(_)), "{error:?}");
    registry.release("acme:http", "1.0.2", &bob);
    registry.seal();
    let request = asking("acme:http", &["1.0.2"]);
    assert_refused(&registry, &request, |kind| {
        matches!(kind, ChainErrorKind::Expired { .. })
    });
}

#[test]
fn the_evidence_for_order_is_needed() {
    let (registry, _, _) = losing(revoked);
    let bundle = registry.bundle(&http(), &Known::default());
    let chains: Vec<Chain> = bundle.points.iter().map(|point| point.chain).collect();
    assert_eq!(
        chains,
        [Chain::Package],
        "the release asked for; the heads are placed by the map"
    );
    assert!(
        Client::new(&registry)
            .look(&bundle.encode(), &http())
            .is_ok()
    );
}

// ---- another namespace's owner ----

#[test]
fn another_namespace_authorises_nothing() {
    let mut registry = small();
    let evil = key("evil/owner");
    registry.create("evil", &evil);
    registry.grant(
        "evil",
        &evil,
        grant(&[Permission::Own, Permission::Release]),
        &evil,
    );
    let head = registry.head(&Subject::Namespace(namespace("evil")));
    let act = release(&package("acme:http"), "6.6.6");
    let record = registry.package_record_at(&package("acme:http"), act, head);
    registry.sign_and_log(record, &[&evil]);
    registry.seal();
    let unknown = |kind: &ChainErrorKind| matches!(kind, ChainErrorKind::UnknownAuthority { .. });
    assert_refused(&registry, &asking("acme:http", &["6.6.6"]), unknown);
    // A takedown is for the registry to authorise: it is said where its authority was looked for.
    let mut registry = small();
    let head = registry.head(&Subject::Namespace(namespace("acme")));
    let record = registry.package_record_at(&package("acme:http"), takedown("1.0.0"), head);
    let index = registry.index.clone();
    registry.sign_and_log(record, &[&index]);
    registry.seal();
    let of_registry = |kind: &ChainErrorKind| matches!(kind, ChainErrorKind::UnknownAuthority { chain, .. } if *chain == Subject::Registry);
    assert_refused(&registry, &http(), of_registry);
    assert!(
        registry
            .monitor()
            .package_chain(&package("acme:http"))
            .is_some_and(|chain| !chain.is_empty())
    );
}

#[test]
fn of_the_registrys_keys_only_ingest_keys_sign_for_others() {
    let mut registry = small();
    let index = registry.index.clone();
    registry.grant(
        "acme",
        &index,
        grant(&[Permission::Release]),
        &key("acme/owner"),
    );
    registry.release("acme:http", "1.0.1", &index);
    registry.seal();
    assert_eq!(registry.monitor().findings(), []);
    let request = asking("acme:http", &["1.0.1"]);
    let view = Client::new(&registry).ask(&registry, &request).unwrap();
    view.release(&version("1.0.1")).unwrap();
}
