//! A registry, or what is between, that lies.

use crate::server::Fault;
use crate::support::*;
use crate::user::*;
use std::fs;
use tenon_registry_client::api::{Problem, ProblemCode};
use tenon_registry_client::log::Algorithm;
use tenon_registry_client::log::{KeyName, SigningKey};
use tenon_registry_client::record::{RegistryAct, Role};
use tenon_registry_client::state::ForkEvidence;
use tenon_registry_client::verify::{Known, Request};

#[tokio::test]
async fn an_empty_or_other_answer_is_no_proof() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let before = fs::read(user.state_dir().path().join("trust")).unwrap();
    let stranger = server
        .world()
        .registry
        .bundle(&Request::Registry, &Known::default());
    for (body, wanted) in [
        (vec![], "verify::malformed"),
        (b"{}".to_vec(), "verify::malformed"),
        (stranger.encode(), "verify::wrong-size"),
    ] {
        server.fail("proof", [Fault::Body(body)]);
        let asked = server.asked("").len();
        let error = client
            .view(&asking("acme:http", &["1.0.0"]))
            .await
            .unwrap_err();
        assert_eq!(why(&error), wanted);
        assert_eq!(
            server.asked("").len() - asked,
            1,
            "{wanted} is not tried again"
        );
    }
    let after = fs::read(user.state_dir().path().join("trust")).unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_cache_that_is_behind_is_asked_past() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let old = server.world().registry.clone();
    server.world().registry.seal();
    client.registry().await.unwrap();
    let size = user.state().unwrap().checkpoint().size;
    let new = server.world().registry.clone();
    // What a cache answers that does not look at what is asked.
    let stale = || {
        let mut bundle = old.bundle(&Request::Registry, &Known::default());
        bundle.known_size = size;
        bundle.registry.from = 1;
        bundle.registry.records.clear();
        Fault::Body(bundle.encode())
    };
    server.fail("proof", [stale()]);
    client.registry().await.unwrap();
    let asked = server.asked("proof");
    let last = &asked[asked.len() - 2..];
    assert_eq!(last[0].header("cache-control"), None);
    assert_eq!(last[1].header("cache-control"), Some("no-cache"));
    // It stays so: it is behind, which the client knows from what it kept.
    server.fail("proof", [stale(), stale()]);
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::stale-mirror");
    // A client that kept nothing asks for a proof.
    fs::remove_dir_all(&user.options.cache_dir).unwrap();
    let stale = || {
        let mut bundle = old.bundle(&Request::Registry, &Known::default());
        bundle.known_size = size;
        Fault::Body(bundle.encode())
    };
    server.fail("proof", [stale(), stale()]);
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::stale-mirror");
    assert_eq!(server.asked("consistency").len(), 1);
    // And a whole registry that is behind.
    server.world().registry = old;
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::rollback");
    assert_eq!(user.state().unwrap().checkpoint().size, size);
    server.world().registry = new;
    client.registry().await.unwrap();
}

#[tokio::test]
async fn a_whole_registry_that_is_behind_is_known_by_what_was_kept() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let old = server.world().registry.clone();
    server.world().registry.seal();
    client.registry().await.unwrap();
    server.world().registry = old;
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::stale-mirror");
    assert_eq!(user.state_files(), ["trust"]);
}

#[tokio::test]
async fn a_rollback_is_refused_and_its_note_kept() {
    let mut registry = small();
    registry.seal();
    let server = crate::server::Server::start(registry).await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let before = user.state().unwrap();
    server.world().registry = small();
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::rollback");
    assert!(error.is_verification());
    assert_eq!(user.state().unwrap(), before);
    assert_eq!(user.state_files().len(), 2, "{:?}", user.state_files());
}

#[tokio::test]
async fn a_fork_is_refused_and_both_notes_are_kept() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let before = user.state().unwrap();
    // Another history of one more release, from before what was seen.
    let mut other = Registry::new("registry.example/log");
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    other.create("acme", &owner);
    let all = [
        tenon_registry_client::record::Permission::Release,
        tenon_registry_client::record::Permission::Yank,
    ];
    other.grant("acme", &alice, grant(&all), &owner);
    other.seal();
    for version in ["1.0.1", "1.0.2", "1.0.3"] {
        other.release("acme:http", version, &alice);
        other.seal();
    }
    server.world().registry = other;
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::split-view");
    assert_eq!(user.state().unwrap(), before);
    let files = user.state_files();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(
        files[0].starts_with("fork-") && files[0].ends_with(".txt"),
        "{files:?}"
    );
    let text = fs::read_to_string(user.state_dir().path().join(&files[0])).unwrap();
    let pin = &user.options.pin;
    let evidence = ForkEvidence::parse(&text, pin.origin(), [pin.key()]).unwrap();
    assert_eq!(evidence.held.checkpoint(), before.checkpoint());
    // The same fork again is one file.
    client.registry().await.unwrap_err();
    assert_eq!(user.state_files(), files);
}

#[tokio::test]
async fn two_logs_of_one_size_are_a_proof() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let size = server.world().registry.size();
    let mut other = Registry::new("registry.example/log");
    while other.size() < size {
        other.clock += 1;
        other.seal();
    }
    server.world().registry = other;
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::split-view");
    let files = user.state_files();
    let text = fs::read_to_string(user.state_dir().path().join(&files[0])).unwrap();
    let pin = &user.options.pin;
    let evidence = ForkEvidence::parse(&text, pin.origin(), [pin.key()]).unwrap();
    assert!(evidence.is_proof());
}

#[tokio::test]
async fn a_fork_behind_a_registry_that_proves_nothing_is_found() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let mut other = Registry::new("registry.example/log");
    while other.size() < server.world().registry.size() {
        other.clock += 1;
        other.seal();
    }
    server.world().registry = other;
    let problem = Problem::new(ProblemCode::SizeNotHeld, "", "");
    let refusal = Fault::Problem(problem);
    server.fail("proof", [refusal.clone(), refusal.clone(), refusal]);
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::split-view");
    assert_eq!(user.state_files().len(), 2);
}

#[tokio::test]
async fn another_registry_or_key_is_refused() {
    let server = crate::server::Server::start(Registry::new("other.example/log")).await;
    let mut user = User::of(&server);
    user.options.pin = small().pin();
    let error = user.client().registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::checkpoint");
    assert_eq!(user.state(), None);
    // The same origin with another key is caught, too, and so is another leaf 0.
    let mut registry = Registry::bare("registry.example/log");
    registry.log = vec![alias("registry.example/log", "a thief")];
    let keys = registry.operator_keys();
    registry.log_registry(RegistryAct::Init {
        nonce: [1; 32],
        keys,
    });
    registry.seal();
    server.world().registry = registry;
    let error = user.client().registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::checkpoint");
    let mut registry = Registry::bare("registry.example/log");
    let keys = registry.operator_keys();
    registry.log_registry(RegistryAct::Init {
        nonce: [1; 32],
        keys,
    });
    registry.seal();
    server.world().registry = registry;
    let error = user.client().registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::wrong-init");
}

#[tokio::test]
async fn a_client_that_slept_catches_up_with_a_new_key() {
    let server = serving().await;
    let user = User::of(&server);
    let asleep = User::of(&server);
    for user in [&user, &asleep] {
        user.client().registry().await.unwrap();
    }
    let name = KeyName::new("registry.example/log").unwrap();
    let new = SigningKey::from_seed(name, Algorithm::Ed25519, &[7; 32]);
    {
        let mut world = server.world();
        world
            .registry
            .log_registry(RegistryAct::KeyAdd(Role::Log, new.vkey().clone()));
        world.registry.log.push(new.clone());
        world.registry.seal();
    }
    user.client().registry().await.unwrap();
    {
        let mut world = server.world();
        let old = world.registry.log[0].vkey().clone();
        world.keep_last(old.id());
        world
            .registry
            .log_registry(RegistryAct::KeyRemove(Role::Log, old));
        world.registry.log.remove(0);
        world.registry.seal();
    }
    let size = server.world().registry.size();
    let newcomer = User {
        options: user.options.clone(),
        ..User::of(&server)
    };
    for user in [&user, &asleep] {
        let view = user.client().registry().await.unwrap();
        assert_eq!(view.checkpoint().checkpoint().size, size);
        assert_eq!(user.state().unwrap().log_keys(), [new.vkey().clone()]);
    }
    drop(newcomer);
    assert_eq!(server.asked("/log/checkpoint/").len(), 1);
}

#[tokio::test]
async fn a_frozen_registry_is_stale() {
    let server = serving().await;
    let mut user = User::of(&server);
    user.client().registry().await.unwrap();
    user.options.clock = std::sync::Arc::new(|| time(START + 25 * 60 * 60));
    let error = user.client().registry().await.unwrap_err();
    assert_eq!(why(&error), "verify::stale");
}
