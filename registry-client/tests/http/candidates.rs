//! What there is to choose from.

use crate::server::Fault;
use crate::support::*;
use crate::user::*;
use serde_json::{Value, json};
use tenon_registry_client::Digest;
use tenon_registry_client::chain::Availability;
use tenon_registry_client::http::Candidates;

const PATH: &str = "/api/v1/packages/acme/http";

/// A release as the registry lists it, of a component that imports `wasi:io` in this version.
fn listed(version: &str, bytes: &[u8], wasi: Option<&str>) -> Value {
    let packages = json!([{"name": "wasi:io", "version": wasi}]);
    let world = wasi.map(|_| json!({"imports": [], "exports": [], "packages": packages}));
    json!({
        "version": version, "digest": Digest::of(bytes).to_string(), "content_size": bytes.len(),
        "kind": "component", "time": "2026-09-01T10:00:00Z", "index": 7,
        "publisher": {"by": "publisher", "keys": ["acme/alice"]},
        "status": {"is": "available"}, "world": world,
    })
}

fn listing(releases: &[Value]) -> Vec<u8> {
    let info = json!({"name": "acme:http", "releases": releases, "size": 9});
    serde_json::to_vec(&info).unwrap()
}

/// Each release, with what is said of `wasi:io`.
fn said(candidates: &Candidates) -> Vec<(String, Option<String>)> {
    candidates
        .releases()
        .map(|candidate| {
            let said = candidate.references.map(|references| {
                assert_eq!(references.len(), 1);
                assert_eq!(references[0].name, "wasi:io");
                references[0].version.clone().unwrap()
            });
            (candidate.release.version.to_string(), said)
        })
        .collect()
}

#[tokio::test]
async fn the_log_says_what_there_is_and_the_registry_what_it_needs() {
    let server = serving().await;
    {
        let mut world = server.world();
        for version in ["1.2.4", "1.3.0", "1.4.0", "1.5.0"] {
            world.publish("acme:http", version, version.as_bytes());
        }
        let registry = &mut world.registry;
        registry.log_package("acme:http", yank("1.3.0"), &[&key("acme/alice")]);
        registry.seal();
        let releases = [
            listed("1.2.4", b"1.2.4", Some("0.2.3")),
            listed("1.3.0", b"1.3.0", Some("0.2.4")),
            // It has no content to look at.
            listed("1.4.0", b"1.4.0", None),
            // These bytes are of another release, and these versions are none.
            listed("1.5.0", b"1.2.4", Some("6.6.6")),
            listed("1.2.3", b"1.2.4", Some("6.6.6")),
            listed("1.2.4+evil", b"1.2.4", Some("6.6.6")),
            listed("99.0.0", b"99.0.0", Some("6.6.6")),
            listed("latest", b"1.2.4", Some("6.6.6")),
        ];
        world.said.insert(PATH.to_owned(), listing(&releases));
    }
    let user = User::of(&server);
    let name = package("acme:http");
    let found = user.client().candidates(&name).await.unwrap();
    let none = |version: &str| (version.to_owned(), None);
    let some = |version: &str, wasi: &str| (version.to_owned(), Some(wasi.to_owned()));
    let versions = ["1.0.0", "1.2.4", "1.3.0", "1.4.0", "1.5.0"];
    assert_eq!(
        said(&found),
        [
            none(versions[0]),
            some(versions[1], "0.2.3"),
            some(versions[2], "0.2.4"),
            none(versions[3]),
            none(versions[4]),
        ]
    );
    let yanked = found.releases().nth(2).unwrap();
    assert!(matches!(
        yanked.release.availability,
        Availability::Yanked(_)
    ));
    assert_eq!(server.asked("").len(), 2, "a proof and a listing");
    // Without a network there is what was verified, and nobody to say more.
    let kept = user.offline().candidates(&name).await.unwrap();
    assert_eq!(said(&kept), versions.map(none));
    assert_eq!(server.asked("").len(), 2);
    let error = user.offline().candidates(&package("acme:ftp")).await;
    assert_eq!(why(&error.unwrap_err()), "Offline");
}

#[tokio::test]
async fn what_is_not_listed_has_no_needs_and_what_is_not_there_is_proved() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let found = client.candidates(&package("acme:http")).await.unwrap();
    assert_eq!(said(&found), [("1.0.0".to_owned(), None)]);
    let error = client.candidates(&package("acme:ftp")).await.unwrap_err();
    assert!(error.is_proven_absent(), "{error:?}");
    // A registry that does not say what it could is not taken for one that knows nothing.
    let path = PATH.to_owned();
    server.world().said.insert(path, listing(&[]));
    for (fault, reason) in [
        (Fault::Status(500, vec![]), "Status"),
        (Fault::Body(b"[]".to_vec()), "Malformed"),
    ] {
        server.fail(PATH, [fault]);
        let error = client.candidates(&package("acme:http")).await.unwrap_err();
        assert_eq!(why(&error), reason);
        assert!(error.is_unavailable());
    }
    // A proof that is refused is worse news.
    server.fail(PATH, [Fault::Status(500, vec![])]);
    server.fail("proof", [Fault::Body(b"nothing".to_vec())]);
    let error = client.candidates(&package("acme:http")).await.unwrap_err();
    assert_eq!(why(&error), "verify::malformed");
}
