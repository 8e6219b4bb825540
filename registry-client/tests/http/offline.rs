//! Without a network: what was verified is verified again.

use crate::support::*;
use crate::user::*;
use std::fs;
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::http::FetchedFrom;
use tenon_registry_client::log::prove_consistency;
use tenon_registry_client::record::Permission;
use tenon_registry_client::verify::Freshness;

#[tokio::test]
async fn what_was_fetched_is_there_however_old() {
    let server = serving().await;
    let mut user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    assert_eq!(
        why(&user.offline().fetch(&name, &one).await.unwrap_err()),
        "Offline"
    );
    user.client().fetch(&name, &one).await.unwrap();
    user.client().resolve(&name, None).await.unwrap();
    let asked = server.asked("").len();
    let state = user.state();
    user.options.clock = Arc::new(|| time(START + 1_000_000));
    let fetched = user.offline().fetch(&name, &one).await.unwrap();
    assert_eq!(fetched.from, FetchedFrom::Cache);
    assert_eq!(fetched.view.freshness(), Freshness::Unchecked);
    assert_eq!(
        user.offline().resolve(&name, None).await.unwrap().version,
        one
    );
    assert_eq!(user.state(), state);
    // What was never asked for is not made up.
    let error = user
        .offline()
        .fetch(&name, &version("2.0.0"))
        .await
        .unwrap_err();
    assert_eq!(why(&error), "Offline");
    assert_eq!(server.asked("").len(), asked);
}

#[tokio::test]
async fn what_was_fetched_before_the_log_grew_is_still_there() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    user.client().fetch(&name, &one).await.unwrap();
    for _ in 0..3 {
        server
            .world()
            .publish("acme:ftp", &format!("1.0.{}", user.cached("").len()), b"x");
        user.client().view(&asking("acme:ftp", &[])).await.unwrap();
    }
    let steps = user.cached("steps");
    assert_eq!(steps.len(), 3);
    user.offline().fetch(&name, &one).await.unwrap();
    // A step that is lost or forged does not do.
    let middle = fs::read(&steps[1]).unwrap();
    let mut forged = middle.clone();
    let last = forged.len() - 3;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let body = forged[32..].to_vec();
    fs::write(
        &steps[1],
        [Digest::of(&body).as_bytes(), &body[..]].concat(),
    )
    .unwrap();
    assert_eq!(
        why(&user.offline().fetch(&name, &one).await.unwrap_err()),
        "Offline"
    );
    fs::write(&steps[1], &middle).unwrap();
    user.offline().fetch(&name, &one).await.unwrap();
    fs::remove_file(&steps[1]).unwrap();
    assert_eq!(
        why(&user.offline().fetch(&name, &one).await.unwrap_err()),
        "Offline"
    );
}

#[tokio::test]
async fn what_was_seen_since_is_not_forgotten() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    user.client().fetch(&name, &one).await.unwrap();
    let alice = key("acme/alice");
    server
        .world()
        .registry
        .log_package("acme:http", yank("1.0.0"), &[&alice]);
    server.world().registry.seal();
    // The yank is seen when all of the package is looked at, and the bundle of the release is older.
    user.client().resolve(&name, None).await.unwrap_err();
    // That this is older is nobody's lie: how it is now takes a network.
    let error = user.offline().fetch(&name, &one).await.unwrap_err();
    assert_eq!(why(&error), "Offline");
}

#[tokio::test]
async fn what_was_seen_since_of_others_is_no_hindrance() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    user.client().fetch(&name, &one).await.unwrap();
    let (alice, bob, owner) = (key("acme/alice"), key("acme/bob"), key("acme/owner"));
    let request = asking("acme:http", &[]);
    let rights = grant(&[Permission::Release]);
    // Other versions, and what others may do from now on.
    server.world().publish("acme:http", "1.7.0", b"x");
    server.world().registry.grant("acme", &bob, rights, &owner);
    server
        .world()
        .registry
        .log_package("acme:http", yank("1.7.0"), &[&alice]);
    server.world().registry.seal();
    user.client().view(&request).await.unwrap();
    user.offline().fetch(&name, &one).await.unwrap();
    // It is known by the records themselves: those of the package and of the namespace.
    let mut needed = 0;
    for path in user.cached("chains") {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        if let Err(error) = user.offline().fetch(&name, &one).await {
            assert_eq!(why(&error), "Offline");
            needed += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(needed, 2);
    user.offline().fetch(&name, &one).await.unwrap();
    // Keys that are lost may be those that it was released with.
    server.world().registry.revoke("acme", &bob, None, &owner);
    server.world().registry.seal();
    user.client().view(&request).await.unwrap();
    let error = user.offline().fetch(&name, &one).await.unwrap_err();
    assert_eq!(why(&error), "Offline");
    user.client().fetch(&name, &one).await.unwrap();
    user.offline().fetch(&name, &one).await.unwrap();
}

#[tokio::test]
async fn bundles_that_someone_changed_are_refused() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    user.client().fetch(&name, &one).await.unwrap();
    let [bundle] = &user.cached("bundles")[..] else {
        panic!("one bundle");
    };
    let good = fs::read(bundle).unwrap();
    let mut refused = 0;
    for at in (32..good.len()).step_by(13) {
        let mut body = good[32..].to_vec();
        body[at - 32] ^= 0x10;
        fs::write(bundle, [Digest::of(&body).as_bytes(), &body[..]].concat()).unwrap();
        // Grease may be changed, since nobody relies on it.
        refused += usize::from(user.offline().fetch(&name, &one).await.is_err());
    }
    assert!(
        refused * 13 > good.len() * 9 / 10,
        "{refused} of {}",
        good.len() / 13
    );
    fs::write(bundle, &good[1..]).unwrap();
    assert_eq!(
        why(&user.offline().fetch(&name, &one).await.unwrap_err()),
        "Offline"
    );
    assert!(!bundle.exists());
}

#[tokio::test]
async fn steps_of_another_history_lead_nowhere() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    user.client().fetch(&name, &one).await.unwrap();
    let mut fork = server.world().registry.clone();
    let from = fork.size();
    server.world().publish("acme:ftp", "1.0.0", b"x");
    user.client().registry().await.unwrap();
    let [step] = &user.cached("steps")[..] else {
        panic!("one step");
    };
    // The log did grow so from where the bundle is, only not to what was verified.
    fork.release("acme:ftp", "2.0.0", &key("acme/alice"));
    fork.seal();
    let size = fork.size();
    let root = fork.published[&size].0.checkpoint().root;
    let mut body = format!("{size}\n{root}\n");
    for hash in prove_consistency(&fork, from, size).unwrap() {
        body.push_str(&format!("{hash}\n"));
    }
    user.offline().fetch(&name, &one).await.unwrap();
    let digest = Digest::of(body.as_bytes());
    fs::write(step, [digest.as_bytes(), body.as_bytes()].concat()).unwrap();
    let error = user.offline().fetch(&name, &one).await.unwrap_err();
    assert_eq!(why(&error), "Offline");
}
