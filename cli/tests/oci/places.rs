//! Components that are named by where they are.

use crate::oci_registry::{Fault, OciRegistry};
use crate::place;
use crate::place::Said;
use crate::shop::component;
use tenon_registry_client::Digest;

#[test]
fn a_place_is_fetched_and_said_to_be_unverified() {
    let (registry, place) = (OciRegistry::start(), place());
    let bytes = component("log", &[], &["log"]);
    let manifest = registry.has("other/log", "1.0.0", &bytes);
    let host = registry.host();
    let named = format!("oci://{host}/other/log:1.0.0");
    let pinned = format!("oci://{host}/other/log@{manifest}");
    let said = place.ok(&["get", &named]);
    assert!(
        said.err.contains("wrote other-log-1.0.0.wasm"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("is unverified: no log has it"),
        "{}",
        said.err
    );
    assert!(said.err.contains(&pinned), "{}", said.err);
    assert_eq!(place.read("other-log-1.0.0.wasm"), bytes);
    let json = place
        .ok(&["get", &pinned, "-o", "pinned.wasm", "--json"])
        .json();
    assert_eq!(json["unverified"], true);
    assert_eq!(json["digest"], Digest::of(&bytes).to_string());
    assert_eq!(json["reference"], pinned);
    assert_eq!(json["registry"], format!("oci://{host}/other/log"));
    // Nothing that is verified has what this lacks.
    assert_eq!(json.get("checkpoint"), None);
    assert_eq!(place.read("pinned.wasm"), bytes);
    let out = place.run(&["get", &named, "-o", "-", "-q"]);
    assert_eq!(out.stdout, bytes);
}

#[test]
fn every_command_that_takes_a_component_takes_a_place() {
    let (registry, place) = (OciRegistry::start(), place());
    let host = registry.host();
    registry.has("other/app", "1.0.0", &component("app", &["log"], &["run"]));
    registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    let (app, log) = (
        format!("oci://{host}/other/app:1.0.0"),
        format!("oci://{host}/other/log:1.0.0"),
    );
    for words in [
        vec!["inspect", &*app],
        vec!["validate", &*app],
        vec!["graph", &*app],
        vec!["diff", &*app, &*log],
        vec!["plug", &*app, "--plug", &*log, "-o", "made.wasm"],
    ] {
        let said = Said::of(place.run(&words));
        assert!(
            said.err.contains("is unverified: no log has it"),
            "{words:?}: {}",
            said.err
        );
        assert!(!said.err.contains("error["), "{words:?}: {}", said.err);
    }
    let json = place
        .ok(&["plug", &app, "--plug", &log, "-o", "made.wasm", "--json"])
        .json();
    let releases = json["releases"].as_array().unwrap();
    assert_eq!(releases.len(), 2);
    assert!(
        releases.iter().all(|release| release["unverified"] == true),
        "{json}"
    );
    assert!(
        json["warnings"].to_string().contains("is unverified"),
        "{json}"
    );
}

#[test]
fn where_there_is_a_log_it_is_said() {
    let place = place();
    let host = place.server.base().replace("http://", "");
    let said = place.fails(
        1,
        "oci::not-found",
        &["get", &format!("oci://{host}/acme/http:1.0.0")],
    );
    let hint = format!("the registry `local` at {host} has a log");
    assert!(said.err.contains(&hint), "{}", said.err);
}

#[test]
fn what_is_not_there_or_no_place_says_so() {
    let (registry, place) = (OciRegistry::start(), place());
    let host = registry.host();
    for version in ["0.9.0", "1.0.0", "1.10.0"] {
        registry.has("other/log", version, b"x");
    }
    let said = place.fails(
        1,
        "oci::not-found",
        &["get", &format!("oci://{host}/other/log:2.0.0")],
    );
    assert!(
        said.err.contains("there are 1.10.0, 1.0.0, 0.9.0"),
        "{}",
        said.err
    );
    place.fails(
        1,
        "oci::not-found",
        &["get", &format!("oci://{host}/other/gone")],
    );
    for wrong in [
        "oci://",
        &format!("oci://{host}/A"),
        &format!("oci://{host}/a:1+2"),
    ] {
        place.fails(2, "oci::reference", &["get", wrong]);
        place.fails(2, "oci::reference", &["inspect", wrong]);
    }
    // A tag means something else tomorrow.
    place.fails(
        2,
        "cli::usage",
        &["--locked", "get", &format!("oci://{host}/other/log:1.0.0")],
    );
    place.fails(
        4,
        "registry::offline",
        &["--offline", "get", &format!("oci://{host}/other/log:1.0.0")],
    );
    registry.fault("manifests/", Fault::Status(500));
    place.fails(
        4,
        "registry::problem",
        &["get", &format!("oci://{host}/other/log:1.0.0")],
    );
    // What a registry says is not let steer a terminal.
    registry.fault("manifests/", Fault::Status(403));
    let said = place.fails(
        1,
        "oci::login",
        &["get", &format!("oci://{host}/other/log:1.0.0")],
    );
    assert!(said.is_clean());
}

#[test]
fn a_registry_that_lies_is_refused_and_nothing_is_written() {
    let (registry, place) = (OciRegistry::start(), place());
    let bytes = component("log", &[], &["log"]);
    let manifest = registry.has("other/log", "1.0.0", &bytes);
    let evil = component("evil", &[], &["log"]);
    registry.has("other/evil", "1.0.0", &evil);
    let host = registry.host();
    let named = format!("oci://{host}/other/log:1.0.0");
    let before = place.files();
    registry.fault("GET /v2/other/log/blobs/", Fault::Body(evil.clone()));
    let said = place.fails(3, "oci::content", &["get", &named, "-o", "got.wasm"]);
    assert!(said.err.contains("is expected"), "{}", said.err);
    registry.fault(
        "GET /v2/other/log/manifests/sha256",
        Fault::Body(b"{}".to_vec()),
    );
    place.fails(
        3,
        "oci::content",
        &[
            "get",
            &format!("oci://{host}/other/log@{manifest}"),
            "-o",
            "got.wasm",
        ],
    );
    assert_eq!(place.files(), before);
    place.ok(&["get", &named, "-o", "got.wasm"]);
    assert_eq!(place.read("got.wasm"), bytes);
}
