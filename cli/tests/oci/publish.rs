//! Components that are published without a log.

use crate::oci_registry::{Fault, MANIFEST, OciRegistry};
use crate::shop::{component, wit};
use crate::{map, place};
use serde_json::Value;
use std::fs;
use tenon_registry_client::Digest;

fn manifest(registry: &OciRegistry, repository: &str, tag: &str) -> Value {
    let world = registry.world();
    let digest = &world.tags[&(repository.to_owned(), tag.to_owned())];
    let (media, bytes) = &world.manifests[&(repository.to_owned(), digest.clone())];
    assert_eq!(media, MANIFEST);
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn what_becomes_a_release_is_not_said_to_be_in_no_log() {
    let (registry, place) = (OciRegistry::start(), place());
    fs::write(place.at("log.wasm"), component("log", &[], &["log"])).unwrap();
    let (host, pin) = (registry.host(), place.server.pin());
    place.ok(&["registry", "add", "both", &format!("http://{host}"), &pin]);
    let named = format!("oci://{host}/acme/log:1.0.0");
    let words = ["publish", "log.wasm", "--oci", &*named, "--dry-run"];
    let said = place.ok(&words);
    let line = "that of `both`: the registry releases it as `acme:log@1.0.0`, for good";
    assert!(said.err.contains(line), "{}", said.err);
    let json = place.ok(&[&words[..], &["--json"]].concat()).json();
    assert_eq!(json["unverified"], false);
    assert_eq!(json["released_as"]["package"], "acme:log");
    // Any other tag is of nothing that a log has.
    let named = format!("oci://{host}/acme/log:edge");
    let said = place.ok(&["publish", "log.wasm", "--oci", &named, "--dry-run"]);
    assert!(said.err.contains("none: whoever gets it"), "{}", said.err);
}

#[test]
fn what_is_published_is_what_others_publish() {
    let (registry, place) = (OciRegistry::start(), place());
    let bytes = component("log", &["wasi:io/streams@0.2.3"], &["log"]);
    fs::write(place.at("log.wasm"), &bytes).unwrap();
    let named = format!("oci://{}/other/log:1.0.0", registry.host());
    let words = ["publish", "log.wasm", "--oci", &*named];
    let said = place.ok(&[&words[..], &["--dry-run"]].concat());
    assert!(
        said.err.contains("`--dry-run` sends nothing"),
        "{}",
        said.err
    );
    assert!(registry.world().blobs.is_empty());
    // Nobody is there to agree.
    place.fails(2, "cli::usage", &words);
    let said = place.ok(&[&words[..], &["--yes"]].concat());
    assert!(
        said.err.contains("it is unverified, as no log has it"),
        "{}",
        said.err
    );
    let manifest = manifest(&registry, "other/log", "1.0.0");
    assert_eq!(
        manifest["config"]["mediaType"],
        "application/vnd.wasm.config.v0+json"
    );
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(
        manifest["layers"][0]["digest"],
        Digest::of(&bytes).to_string()
    );
    assert_eq!(
        manifest["layers"][0]["annotations"]["org.opencontainers.image.title"],
        "log.wasm"
    );
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.version"],
        "1.0.0"
    );
    let config = manifest["config"]["digest"].as_str().unwrap().to_owned();
    let config = registry.world().blobs[&("other/log".to_owned(), config)].clone();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(
        (&config["architecture"], &config["os"]),
        (&"wasm".into(), &"wasip2".into())
    );
    assert_eq!(
        config["component"]["imports"],
        serde_json::json!(["wasi:io/streams@0.2.3"])
    );
    assert_eq!(config["layerDigests"][0], Digest::of(&bytes).to_string());
    // To say it twice is no mistake; the place may come first.
    let json = place
        .ok(&["publish", &named, "log.wasm", "--yes", "--json"])
        .json();
    assert_eq!(
        (&json["state"], &json["unverified"]),
        (&"published-before".into(), &true.into())
    );
    place.ok(&["get", &named, "-o", "back.wasm"]);
    assert_eq!(place.read("back.wasm"), bytes);
}

#[test]
fn a_version_is_used_once_and_another_tag_moves() {
    let (registry, place) = (OciRegistry::start(), place());
    let at = |tag: &str| format!("oci://{}/other/log:{tag}", registry.host());
    for (name, tag) in [("one", "a"), ("two", "b")] {
        fs::write(
            place.at(&format!("{name}.wasm")),
            component(tag, &[], &["log"]),
        )
        .unwrap();
    }
    place.ok(&["publish", "one.wasm", &at("1.0.0"), "--yes"]);
    let said = place.fails(
        1,
        "oci::version",
        &["publish", "two.wasm", &at("1.0.0"), "--yes"],
    );
    assert!(said.err.contains("with other bytes"), "{}", said.err);
    // The same bytes are there, whoever described them.
    registry.has("other/log", "3.0.0", &place.read("one.wasm"));
    let json = place.ok(&["publish", "one.wasm", &at("3.0.0"), "--yes", "--json"]);
    assert_eq!(json.json()["state"], "published-before");
    let said = place.ok(&["publish", "one.wasm", &at("3.0.0"), "--yes"]);
    assert!(
        said.err.contains("with these bytes: nothing is to be done"),
        "{}",
        said.err
    );
    place.ok(&["publish", "one.wasm", &at("latest"), "--yes"]);
    let said = place.ok(&["publish", "two.wasm", &at("latest"), "--yes"]);
    assert!(said.err.contains("replaces   sha256:"), "{}", said.err);
    place.ok(&["publish", "one.wasm", &at("1.0.0_build"), "--yes"]);
    let annotations = &manifest(&registry, "other/log", "1.0.0_build")["annotations"];
    assert_eq!(
        annotations["org.opencontainers.image.version"],
        "1.0.0+build"
    );
    // What says neither where nor which version.
    let bare = format!("oci://{}/other/log", registry.host());
    place.fails(2, "publish::name", &["publish", "one.wasm", &bare, "--yes"]);
    place.ok(&["publish", "one.wasm", &bare, "--version", "1.1.0", "--yes"]);
    assert!(
        registry
            .world()
            .tags
            .contains_key(&("other/log".to_owned(), "1.1.0".to_owned()))
    );
    place.fails(
        2,
        "publish::name",
        &["publish", "one.wasm", &at("1.2.0"), "--version", "1.3.0"],
    );
    place.fails(
        2,
        "cli::usage",
        &["publish", "one.wasm", "two.wasm", "--oci"],
    );
    place.fails(2, "cli::usage", &["publish", &at("1.0.0")]);
    place.fails(
        2,
        "oci::home",
        &[
            "publish",
            "one.wasm",
            "--oci",
            "--package",
            "other:log",
            "--version",
            "1.0.0",
        ],
    );
}

#[test]
fn a_package_goes_where_its_namespace_is() {
    let (registry, place) = (OciRegistry::start(), place());
    map(
        &place,
        &format!("other = \"oci://{}/pre/fix\"", registry.host()),
    );
    let bytes =
        wit(&["package other:kit@0.2.0; interface it { f: func(); } world w { import it; }"]);
    fs::write(place.at("kit.wasm"), &bytes).unwrap();
    place.ok(&["publish", "kit.wasm", "--oci", "--yes"]);
    let manifest = manifest(&registry, "pre/fix/other/kit", "0.2.0");
    let config = manifest["config"]["digest"].as_str().unwrap().to_owned();
    let config = registry.world().blobs[&("pre/fix/other/kit".to_owned(), config)].clone();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(
        config["component"]["exports"],
        serde_json::json!(["other:kit/it@0.2.0", "other:kit/w@0.2.0"])
    );
    place.ok(&["get", "other:kit@0.2.0", "-o", "back.wasm"]);
    assert_eq!(place.read("back.wasm"), bytes);
    // Without `--oci` a record is meant, and there is no log for it.
    place.ok(&["key", "generate", "acme/me"]);
    place.fails(
        2,
        "oci::no-log",
        &["publish", "kit.wasm", "--key", "acme/me", "--yes"],
    );
}

#[test]
fn a_composition_comes_with_its_bill_of_materials() {
    for lists_referrers in [true, false] {
        let (registry, place) = (OciRegistry::start(), place());
        registry.world().lists_referrers = lists_referrers;
        fs::write(place.at("app.wasm"), component("app", &["log"], &["run"])).unwrap();
        fs::write(place.at("log.wasm"), component("log", &[], &["log"])).unwrap();
        place.ok(&["plug", "app.wasm", "--plug", "log.wasm", "-o", "made.wasm"]);
        let at = format!("oci://{}/other/made:1.0.0", registry.host());
        let json = place
            .ok(&["publish", "made.wasm", &at, "--yes", "--json"])
            .json();
        let digest = json["bill_of_materials"].as_str().unwrap();
        let world = registry.world();
        let (_, bytes) = &world.manifests[&("other/made".to_owned(), digest.to_owned())];
        let bill: Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(bill["artifactType"], "application/vnd.cyclonedx+json");
        assert_eq!(bill["subject"]["digest"], json["manifest"]);
        let layer = bill["layers"][0]["digest"].as_str().unwrap();
        let document: Value =
            serde_json::from_slice(&world.blobs[&("other/made".to_owned(), layer.to_owned())])
                .unwrap();
        assert_eq!(document["bomFormat"], "CycloneDX");
        let parts: Vec<_> = document["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["name"].as_str().unwrap())
            .collect();
        assert_eq!(parts, ["app", "log"]);
        let listed = json["manifest"].as_str().unwrap().replace(':', "-");
        assert_eq!(
            world.tags.contains_key(&("other/made".to_owned(), listed)),
            !lists_referrers
        );
    }
}

#[test]
fn what_breaks_the_version_before_is_refused() {
    let (registry, place) = (OciRegistry::start(), place());
    let at = |tag: &str| format!("oci://{}/other/log:{tag}", registry.host());
    for (name, exports) in [("both", &["log", "more"][..]), ("one", &["log"])] {
        let bytes = component(name, &[], exports);
        fs::write(place.at(&format!("{name}.wasm")), bytes).unwrap();
    }
    let said = place.ok(&["publish", "both.wasm", &at("1.0.0"), "--yes"]);
    assert!(
        said.err
            .contains("previous   none that it must be compatible with"),
        "{}",
        said.err
    );
    let said = place.fails(
        1,
        "publish::breaking",
        &["publish", "one.wasm", &at("1.1.0"), "--yes"],
    );
    assert!(
        said.err.contains("previous   1.0.0, which it breaks:"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("the export `more` is gone"),
        "{}",
        said.err
    );
    assert!(said.err.contains("publish it as 2.0.0"), "{}", said.err);
    assert_eq!(registry.world().tags.len(), 1);
    // On another track, or allowed, or under a tag that is no version.
    place.ok(&["publish", "one.wasm", &at("2.0.0"), "--yes"]);
    place.ok(&["publish", "one.wasm", &at("latest"), "--yes"]);
    let said = place.ok(&[
        "publish",
        "one.wasm",
        &at("1.1.0"),
        "--yes",
        "--allow-breaking",
    ]);
    assert!(
        said.err
            .contains("it breaks those who use 1.0.0, as `--allow-breaking` allows"),
        "{}",
        said.err
    );
    let json = place
        .ok(&["publish", "both.wasm", &at("1.2.0"), "--yes", "--json"])
        .json();
    assert_eq!(
        json["previous"],
        serde_json::json!({ "version": "1.1.0", "breaking": [] })
    );
    // A lower one than there is.
    place.fails(
        1,
        "publish::version",
        &["publish", "both.wasm", &at("1.1.0-rc.1"), "--yes"],
    );
    // What is there already is compared with nothing.
    place.ok(&["publish", "one.wasm", &at("1.1.0"), "--yes"]);
    // What the version before is, is no component.
    registry.has_manifest(
        "other/image",
        "1.0.0",
        &serde_json::json!({ "schemaVersion": 2, "layers": [],
        "config": { "mediaType": "x/y", "digest": Digest::of(b"{}").to_string(), "size": 2 } }),
        &[],
    );
    let image = format!("oci://{}/other/image:1.1.0", registry.host());
    let said = place.ok(&["publish", "one.wasm", &image, "--yes"]);
    assert!(said.err.contains("1.0.0 is no component"), "{}", said.err);
}

#[test]
fn only_created_says_that_something_was_taken() {
    let (registry, place) = (OciRegistry::start(), place());
    let bytes = component("log", &[], &["log"]);
    fs::write(place.at("log.wasm"), bytes).unwrap();
    let named = format!("oci://{}/other/log:1.0.0", registry.host());
    let words = ["publish", "log.wasm", "--oci", &*named, "--yes"];
    for (line, what) in [
        ("PUT /v2/other/log/blobs/uploads/", "the content"),
        ("PUT /v2/other/log/manifests/1.0.0", "the manifest"),
    ] {
        for status in [200, 202, 204] {
            registry.fault(line, Fault::Status(status));
            // It is sent again, as nothing came of it before.
            let mut world = registry.world();
            world.blobs.clear();
            world.manifests.clear();
            world.tags.clear();
            drop(world);
            let said = place.fails(4, "oci::refused", &words);
            let message = format!(
                "the registry answered {status} to {what}, and only 201 says that it took it"
            );
            assert!(said.err.contains(&message), "{}", said.err);
            assert!(said.err.contains("try again"), "{}", said.err);
        }
    }
    place.ok(&words);
    manifest(&registry, "other/log", "1.0.0");
}
