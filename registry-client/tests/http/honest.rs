//! An honest registry, and what is asked of it.

use crate::server::Fault;
use crate::support::*;
use crate::user::*;
use std::fs;
use std::sync::Arc;
use tenon_registry_client::api::SearchQuery;
use tenon_registry_client::http::{ErrorKind, FetchedFrom, Token, introduce};
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::Request;

#[tokio::test]
async fn a_release_is_fetched_verified_and_kept() {
    let server = serving().await;
    let user = User::of(&server);
    assert_eq!(user.state(), None);
    let client = user.client();
    let (name, one) = (package("acme:http"), version("1.0.0"));
    let fetched = client.fetch(&name, &one).await.unwrap();
    assert_eq!(fetched.from, FetchedFrom::Registry);
    assert_eq!(fs::read(&fetched.path).unwrap(), bytes_of(&name, &one));
    assert_eq!(fetched.index, server.world().registry.size() - 2);
    let state = user.state().unwrap();
    assert_eq!(state.checkpoint().size, server.world().registry.size());
    assert_eq!(user.state_files(), ["trust"]);
    // Two requests, cold.
    assert_eq!(server.asked("").len(), 2);
    assert_eq!(
        server.asked("/api/v1/proof")[0].header("accept-encoding"),
        Some("identity")
    );

    let again = client.fetch(&name, &one).await.unwrap();
    assert_eq!(again.from, FetchedFrom::Cache);
    assert_eq!(server.asked("").len(), 3);
    // It said what it knows and holds.
    let target = server.asked("/api/v1/proof")[1].target.clone();
    let size = state.checkpoint().size;
    assert!(
        target.ends_with(&format!("known={size}&held=1,2,1")),
        "{target}"
    );
}

#[tokio::test]
async fn the_registry_grows_between_every_two_requests() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    server.world().before = Some(Box::new(|registry, _| {
        registry.release(
            "acme:ftp",
            &format!("1.0.{}", registry.size()),
            &key("acme/alice"),
        );
        registry.seal();
    }));
    let mut size = 0;
    for _ in 0..5 {
        client
            .fetch(&package("acme:http"), &version("1.0.0"))
            .await
            .unwrap();
        client.view(&asking("acme:ftp", &[])).await.unwrap();
        let now = user.state().unwrap().checkpoint().size;
        assert!(now > size);
        size = now;
    }
}

#[tokio::test]
async fn two_clients_share_a_state_and_lose_nothing() {
    let server = serving().await;
    {
        let mut world = server.world();
        for n in 0..4 {
            world.publish(&format!("acme:p{n}"), "1.0.0", b"something");
        }
    }
    let user = User::of(&server);
    server.world().before = Some(Box::new(|registry, _| {
        registry.seal();
    }));
    let tasks: Vec<_> = (0..4)
        .map(|n| {
            let client = user.client();
            tokio::spawn(async move {
                let mut sizes = vec![];
                for _ in 0..4 {
                    let name = package(&format!("acme:p{n}"));
                    let view = loop {
                        match client.view(&asking(&name.to_string(), &["1.0.0"])).await {
                            Ok(view) => break view,
                            // To give up after some tries is allowed, to lose something is not.
                            Err(error) => assert_eq!(why(&error), "Contended"),
                        }
                    };
                    sizes.push(view.checkpoint().checkpoint().size);
                    let state = client.trust_state().await.unwrap().unwrap();
                    assert!(state.checkpoint().size >= *sizes.last().unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let state = user.state().unwrap();
    for n in 0..4 {
        let subject = format!("package acme:p{n}").parse().unwrap();
        assert!(state.heads().contains_key(&subject), "{subject}");
    }
    assert_eq!(user.state_files(), ["trust"]);
}

#[tokio::test]
async fn a_state_that_moved_is_verified_against_again() {
    let server = serving().await;
    let user = User::of(&server);
    user.client().registry().await.unwrap();
    // While the content comes, another process verifies what the log has since.
    let (dir, pin) = (user.state_dir(), user.options.pin.clone());
    server.world().before = Some(Box::new(move |registry, asked| {
        if !asked.target.contains("blobs") {
            return;
        }
        registry.seal();
        let other = |state: Option<&TrustState>| {
            let mut other = Client::new(registry);
            other.pin = pin.clone();
            other.state = state.cloned();
            other.ask(registry, &asking("acme:http", &[])).unwrap();
            Ok::<_, ()>(other.state.unwrap())
        };
        dir.update(other).unwrap().unwrap();
    }));
    let client = user.client();
    let (name, one) = (package("acme:http"), version("1.0.0"));
    let before = server.asked("proof").len();
    let fetched = client.fetch(&name, &one).await.unwrap();
    assert_eq!(server.asked("proof").len(), before + 2);
    assert_eq!(server.asked("blobs").len(), 1);
    let size = server.world().registry.size();
    assert_eq!(fetched.view.checkpoint().checkpoint().size, size);
    assert_eq!(user.state().unwrap().checkpoint().size, size);
}

#[tokio::test]
async fn a_stranger_is_told_the_pin() {
    let server = serving().await;
    let base = server.base().parse().unwrap();
    let info = introduce(&base, Arc::new(()), &[]).await.unwrap();
    assert_eq!(info.pin, server.world().registry.pin().to_string());
}

#[tokio::test]
async fn the_highest_version_that_is_not_yanked_is_chosen() {
    let server = serving().await;
    {
        let mut world = server.world();
        for version in ["1.1.0", "1.2.0", "2.0.0-rc.1", "0.9.0"] {
            world.publish("acme:http", version, version.as_bytes());
        }
        let alice = key("acme/alice");
        world
            .registry
            .log_package("acme:http", yank("1.2.0"), &[&alice]);
        world.registry.seal();
    }
    let user = User::of(&server);
    let client = user.client();
    let name = package("acme:http");
    for (requirement, wanted) in [
        (None, "1.1.0"),
        (Some("^1"), "1.1.0"),
        (Some("^0.9"), "0.9.0"),
        (Some("=1.0.0"), "1.0.0"),
        (Some("^2.0.0-rc.0"), "2.0.0-rc.1"),
    ] {
        let requirement = requirement.map(|text| text.parse().unwrap());
        let resolved = client.resolve(&name, requirement.as_ref()).await.unwrap();
        assert_eq!(resolved.version, version(wanted));
    }
    let error = client
        .resolve(&name, Some(&"=1.2.0".parse().unwrap()))
        .await;
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no release of `acme:http` meets `=1.2.0`: yanked are 1.2.0 (broken)"
    );
    let error = client
        .resolve(&name, Some(&"^2".parse().unwrap()))
        .await
        .unwrap_err();
    let ErrorKind::NoMatch(none) = &*error.kind else {
        panic!("{error:?}");
    };
    assert_eq!(none.prereleases, [version("2.0.0-rc.1")]);
    // A yanked version is fetched by who names it.
    client.fetch(&name, &version("1.2.0")).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_proved_or_said_not_to_be() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let error = client
        .fetch(&package("acme:ftp"), &version("1.0.0"))
        .await
        .unwrap_err();
    assert_eq!(why(&error), "verify::no-such-package");
    assert_ne!(user.state(), None, "that there is none is remembered");
    assert!(error.is_proven_absent() && !error.is_verification());
    let error = client
        .fetch(&package("acme:http"), &version("3.0.0"))
        .await
        .unwrap_err();
    assert_eq!(why(&error), "verify::no-such-release");
    // The server has no pages about packages: of one the log proves that there is none.
    let error = client.info(&package("acme:ftp")).await.unwrap_err();
    assert!(error.is_proven_absent());
    let error = client.info(&package("acme:http")).await.unwrap_err();
    assert_eq!(
        (why(&error).as_str(), error.is_proven_absent()),
        ("NOT_FOUND", false)
    );
    let view = client
        .view(&Request::Namespace(namespace("evil")))
        .await
        .unwrap();
    assert!(view.namespace().is_none());
    // The registry has lost the content, and its log says that there was some.
    server.world().blobs.clear();
    let error = client
        .fetch(&package("acme:http"), &version("1.0.0"))
        .await
        .unwrap_err();
    assert_eq!(why(&error), "ContentMissing");
    assert_eq!(user.cached("blobs").len(), 0);
}

#[tokio::test]
async fn a_token_is_sent_when_it_is_asked_for() {
    let server = serving().await;
    let mut user = User::of(&server);
    user.options.credentials = Arc::new(Token::new("tnr_secret").unwrap());
    let client = user.client();
    client.registry().await.unwrap();
    assert_eq!(server.asked("")[0].header("authorization"), None);
    server.world().token = Some("tnr_secret".to_owned());
    client.registry().await.unwrap();
    client.registry().await.unwrap();
    let sent: Vec<bool> = server
        .asked("")
        .iter()
        .map(|asked| asked.header("authorization") == Some("Bearer tnr_secret"))
        .collect();
    assert_eq!(sent, [false, false, true, true]);
    assert_eq!(client.whoami().await.unwrap().id, "ci-7");
    let debug = format!("{:?}", Token::new("tnr_secret").unwrap());
    assert_eq!(debug, "Token(…)");
    // Without one, what the registry says is the answer.
    user.options.credentials = Arc::new(());
    let error = user.client().registry().await.unwrap_err();
    assert_eq!((why(&error).as_str(), error.attempts), ("TOKEN_INVALID", 1));
}

#[tokio::test]
async fn a_search_is_encoded() {
    let server = serving().await;
    let user = User::of(&server);
    let query = SearchQuery {
        q: Some("a b&c=d%".to_owned()),
        exports: Some("wasi:http/incoming-handler@0.2".to_owned()),
        n: Some(7),
        ..SearchQuery::default()
    };
    let page = user.client().search(&query).await.unwrap();
    assert_eq!(page.hits, []);
    assert_eq!(
        server.asked("")[0].target,
        "/api/v1/search?q=a+b%26c%3Dd%25&exports=wasi%3Ahttp%2Fincoming-handler%400.2&n=7"
    );
    user.client().packages(None, None).await.unwrap();
    assert_eq!(server.asked("")[1].target, "/api/v1/packages");
    server.fail("search", [Fault::Body(b"<html>".to_vec())]);
    let error = user.client().search(&query).await.unwrap_err();
    assert_eq!(why(&error), "Malformed");
}

#[tokio::test]
async fn this_machine_has_several_names() {
    let server = serving().await;
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1"] {
        let mut user = User::of(&server);
        user.options.base = format!("http://{host}:{port}").parse().unwrap();
        user.client().registry().await.unwrap();
    }
}

/// What a client does can be done by any thread.
#[test]
fn futures_can_be_sent() {
    fn sent<T: Send>(_: T) {}
    let _ = |client: &tenon_registry_client::http::Client| {
        let (name, one) = (package("acme:http"), version("1.0.0"));
        sent(client.fetch(&name, &one));
        sent(client.resolve(&name, None));
        sent(client.info(&name));
        sent(client.mirror(std::path::Path::new("")));
    };
}
