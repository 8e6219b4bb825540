//! Components that are named by where they are.

use crate::oci_registry::{Fault, OciRegistry};
use crate::place::Said;
use crate::shop::component;
use crate::{map, place};
use serde_json::Value;
use std::fs;
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
fn what_is_only_called_webassembly_is_refused() {
    let (registry, place) = (OciRegistry::start(), place());
    for content in [&b"# read me"[..], b"\0as", b""] {
        registry.has("other/text", "1.0.0", content);
        let named = format!("oci://{}/other/text:1.0.0", registry.host());
        place.fails(1, "oci::no-component", &["get", &named, "-o", "text.wasm"]);
        assert!(!place.at("text.wasm").exists());
    }
}

#[test]
fn what_a_registry_warns_of_is_said_once() {
    let (registry, place) = (OciRegistry::start(), place());
    let manifest = registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    let warn = || {
        let warning = "299 - \"log 1.0.0 was yanked: it leaks\"".to_owned();
        for part in ["manifests/", "blobs/"] {
            registry.fault(part, Fault::Header("Warning", warning.clone()));
        }
    };
    warn();
    let named = format!("oci://{}/other/log:1.0.0", registry.host());
    let said = place.ok(&["get", &named]);
    let expected = format!("warning: `{}` warns: log 1.0.0 was yanked", registry.host());
    assert_eq!(said.err.matches(&expected).count(), 1, "{}", said.err);
    warn();
    let json = place
        .ok(&["get", &named, "-o", "again.wasm", "--json"])
        .json();
    let warnings = json["warnings"].as_array().unwrap();
    let told = warnings
        .iter()
        .filter(|it| it.as_str().unwrap().contains("was yanked"));
    assert_eq!(told.count(), 1, "{json}");
    assert!(said.err.contains(&manifest.to_string()), "{}", said.err);
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
    let hint = format!(
        "the registry `local` at {host} has a log; `tenon get acme:http@1.0.0` verifies it by that log"
    );
    assert!(said.err.contains(&hint), "{}", said.err);
}

#[test]
fn what_a_log_would_verify_is_not_said_to_be_in_none() {
    let (registry, place) = (OciRegistry::start(), place());
    let host = registry.host();
    let manifest = registry.has("acme/http", "1.0.0", &component("log", &[], &["log"]));
    registry.has("acme/http", "latest", &component("log", &[], &["log"]));
    // Its log is not asked.
    let other = place.server.pin();
    let url = format!("http://{host}");
    place.ok(&["registry", "add", "both", &url, &other]);
    let named = format!("oci://{host}/acme/http:1.0.0");
    let why = "it was named by its place, and so the log of the registry `both` was not asked";
    // The namespace is not mapped there, and could be looked for there.
    let said = place.ok(&["get", &named]);
    assert!(said.err.contains(why), "{}", said.err);
    assert!(!said.err.contains("no log has it"), "{}", said.err);
    let hint = "`tenon get --registry both acme:http@1.0.0` verifies it";
    assert!(said.err.contains(hint), "{}", said.err);
    let json = place.ok(&["get", &named, "--json"]).json();
    assert_eq!(json["unverified"], true);
    assert_eq!(json["logged_as"], "--registry both acme:http@1.0.0");
    map(&place, "acme = \"both\"");
    let said = place.ok(&["inspect", &named]);
    assert!(
        said.err.contains("`tenon get acme:http@1.0.0` verifies it"),
        "{}",
        said.err
    );
    // Where it comes from elsewhere, it is not to be had there by its name; nor by what names no release.
    map(&place, "acme = \"local\"");
    let said = place.ok(&["get", &named]);
    assert!(
        said.err.contains(why) && !said.err.contains("`tenon get acme"),
        "{}",
        said.err
    );
    for place_of in [
        format!("oci://{host}/acme/http"),
        format!("oci://{host}/acme/http@{manifest}"),
    ] {
        let said = place.ok(&["get", &place_of, "-o", "x.wasm"]);
        assert!(
            said.err
                .contains("a release of it is verified where it is named as a package"),
            "{}",
            said.err
        );
    }
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

#[test]
fn a_plan_names_places_by_their_digests() {
    let (registry, place) = (OciRegistry::start(), place());
    let host = registry.host();
    let manifest = registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    fs::write(place.at("app.wasm"), component("app", &["log"], &["run"])).unwrap();
    let log = format!("oci://{host}/other/log:1.0.0");
    let plug = ["plug", "app.wasm", "--plug", &*log, "-o"];
    place.ok(&[&plug[..], &["made.wasm", "--plan", "plan.json"]].concat());
    let mut plan: Value = serde_json::from_slice(&place.read("plan.json")).unwrap();
    let entries = plan["components"].as_array().unwrap();
    let at = entries
        .iter()
        .position(|it| it.get("reference").is_some())
        .unwrap();
    let pinned = format!("oci://{host}/other/log@{manifest}");
    assert_eq!(entries[at]["reference"], pinned);
    // The tag means something else by now, and the plan does not.
    registry.has("other/log", "1.0.0", &component("evil", &[], &["log"]));
    let said = place.ok(&["compose", "plan.json", "-o", "again.wasm"]);
    assert!(said.err.contains("is unverified"), "{}", said.err);
    assert_eq!(place.read("again.wasm"), place.read("made.wasm"));
    place.ok(&["--locked", "compose", "plan.json", "-o", "locked.wasm"]);
    let refused = |exit, code, change: &dyn Fn(&mut Value)| {
        let mut plan = plan.clone();
        change(&mut plan["components"][at]);
        fs::write(place.at("wrong.json"), plan.to_string()).unwrap();
        place.fails(exit, code, &["compose", "wrong.json", "-o", "wrong.wasm"]);
    };
    refused(1, "plan::invalid", &|it| {
        it["reference"] = log.clone().into()
    });
    refused(1, "plan::invalid", &|it| it["reference"] = "other".into());
    refused(1, "plan::invalid", &|it| it["path"] = "app.wasm".into());
    refused(3, "plan::changed", &|it| {
        it["sha256"] = "00".repeat(32).into()
    });
    let gone = pinned.replace("other/log", "other/gone");
    refused(1, "oci::not-found", &|it| {
        it["reference"] = gone.clone().into()
    });
    plan["components"][at]["size"] = 7.into();
    fs::write(place.at("wrong.json"), plan.to_string()).unwrap();
    place.fails(
        3,
        "plan::changed",
        &["compose", "wrong.json", "-o", "wrong.wasm"],
    );
}

#[test]
fn what_is_nearly_a_place_is_shown_as_one() {
    let place = place();
    for (text, meant) in [
        ("ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0"),
        ("oci:ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0"),
        ("oci:/ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0"),
        ("OCI://ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0"),
        ("http://localhost:5000/a/b:1", "oci://localhost:5000/a/b:1"),
        ("https://ghcr.io/a/b:1.0", "oci://ghcr.io/a/b:1.0"),
        (
            "oci//localhost:5000/a/b:1.0",
            "oci://localhost:5000/a/b:1.0",
        ),
    ] {
        let said = place.fails(2, "cli::usage", &["get", text]);
        let line = format!("also: `{meant}` would be a place in an OCI registry");
        assert!(said.err.contains(&line), "{}", said.err);
    }
    for text in [
        "acme/http",
        "acme:http@x",
        "a.b",
        "oci",
        "oci:",
        "ocié/x",
        "./a.b/c",
        "oci:thing",
    ] {
        let said = Said::of(place.run(&["get", text]));
        assert!(!said.err.contains("would be a place"), "{}", said.err);
    }
}
