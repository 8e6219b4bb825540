//! What is shown of registries without a log, and what can be checked of them.

use crate::oci_registry::{Fault, MANIFEST, OciRegistry};
use crate::shop::component;
use crate::{map, place, shop};
use serde_json::json;
use tenon_registry_client::Digest;

#[test]
fn a_package_is_shown_by_the_registrys_word() {
    let (registry, place) = (OciRegistry::start(), place());
    registry.world().lists_referrers = true;
    map(&place, &format!("other = \"oci://{}\"", registry.host()));
    for version in ["0.9.0", "1.0.0", "1.10.0"] {
        registry.has("other/log", version, &component(version, &[], &["log"]));
    }
    registry.has("other/log", "latest", &component("1.10.0", &[], &["log"]));
    // An image, which has a version for its tag.
    let image = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": "x/y", "digest": Digest::of(b"{}").to_string(), "size": 2 },
        "layers": [],
    });
    registry.has_manifest("other/log", "0.1.0", &image, &[]);
    let said = place.ok(&["info", "other:log"]);
    let digest = Digest::of(&component("1.10.0", &[], &["log"]));
    let first = said.out.lines().nth(1).unwrap();
    assert!(
        first.starts_with("  1.10.0  ") && first.contains(&digest.to_string()),
        "{}",
        said.out
    );
    assert!(said.out.contains("  0.1.0   no component"), "{}", said.out);
    assert!(said.out.contains("  other tags: latest\n"), "{}", said.out);
    assert!(
        said.out.contains("org.opencontainers.image.created: 2026-"),
        "{}",
        said.out
    );
    assert!(
        said.err
            .contains("which has no log: nothing says who published it"),
        "{}",
        said.err
    );
    let json = place.ok(&["info", "other:log@^0.9", "--json"]).json();
    assert_eq!(json["unverified"], true);
    let versions: Vec<_> = json["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["version"])
        .collect();
    assert_eq!(versions, ["1.10.0", "1.0.0", "0.9.0", "0.1.0"]);
    assert_eq!(json["versions"][3].get("content"), None);
    assert_eq!(json["tags"], json!(["latest"]));
    let digest = Digest::of(&component("0.9.0", &[], &["log"])).to_string();
    assert_eq!(json["manifest"]["content"]["digest"], digest);
    // Nothing that is verified has what this lacks.
    assert_eq!(json.get("release"), None);
    place.fails(1, "registry::no-match", &["info", "other:log@2.0.0"]);
    place.fails(1, "oci::not-found", &["info", "other:gone"]);
    let place_of = format!("oci://{}/other/log:latest", registry.host());
    let json = place.ok(&["info", &place_of, "--json"]).json();
    assert_eq!(json["manifest"]["reference"], place_of);
    place.fails(2, "oci::reference", &["info", "oci://"]);
}

#[test]
fn what_others_say_about_it_is_shown() {
    for lists_referrers in [true, false] {
        let (registry, place) = (OciRegistry::start(), place());
        registry.world().lists_referrers = lists_referrers;
        let bytes = component("log", &[], &["log"]);
        let subject = registry.has("other/log", "1.0.0", &bytes);
        let descriptor = json!({ "mediaType": MANIFEST, "digest": subject.to_string(), "size": 1 });
        let signature = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x.signature",
            "config": { "mediaType": "x/y", "digest": Digest::of(b"{}").to_string(), "size": 2 },
            "layers": [], "subject": descriptor,
            "annotations": { "org.example.by": "\u{1b}[31msomeone\u{202e}" },
        });
        let said = registry.has_manifest("other/log", "signature", &signature, &[]);
        if !lists_referrers {
            let index = json!({ "schemaVersion": 2, "manifests": [{
                "mediaType": MANIFEST, "digest": said.to_string(), "size": 7,
                "artifactType": "application/x.signature",
                "annotations": { "org.example.by": "\u{1b}[31msomeone\u{202e}" },
            }] });
            let tag = subject.to_string().replace(':', "-");
            registry.has_manifest("other/log", &tag, &index, &[]);
        }
        let place_of = format!("oci://{}/other/log:1.0.0", registry.host());
        let json = place.ok(&["info", &place_of, "--json"]).json();
        let referrers = json["manifest"]["referrers"].as_array().unwrap();
        assert_eq!(referrers.len(), 1, "{json}");
        assert_eq!(referrers[0]["kind"], "application/x.signature");
        assert_eq!(referrers[0]["digest"], said.to_string());
        let shown = place.ok(&["info", &place_of]);
        assert!(
            shown.out.contains("what others say about it"),
            "{}",
            shown.out
        );
        assert!(
            lists_referrers || shown.out.contains("org.example.by: "),
            "{}",
            shown.out
        );
        assert!(shown.is_clean());
    }
}

#[test]
fn what_is_yanked_is_called_so_and_found_by_its_version() {
    let (registry, place) = (OciRegistry::start(), place());
    registry.world().lists_referrers = true;
    map(&place, &format!("other = \"oci://{}\"", registry.host()));
    registry.has("other/log", "1.0.0", &component("1.0.0", &[], &["log"]));
    let subject = registry.has("other/log", "1.1.0", &component("1.1.0", &[], &["log"]));
    // As a registry with a log says it; of one manifest there may be several versions.
    let yank = |version: &str, reason: &str| {
        json!({
            "mediaType": MANIFEST, "digest": Digest::of(version.as_bytes()).to_string(), "size": 7,
            "artifactType": "application/vnd.tenon.yank.v1+json",
            "annotations": {
                "vnd.tenon.yank.reason": reason, "vnd.tenon.yank.version": version,
                "vnd.tenon.yank.since": "2026-09-01T10:00:00Z",
            },
        })
    };
    let yanks = [yank("1.1.0", "broken\u{1b}[31m"), yank("1.2.0", "security")];
    let said_of_it = || {
        let index = json!({ "schemaVersion": 2, "manifests": yanks });
        registry.fault("/referrers/", Fault::Body(index.to_string().into_bytes()));
    };
    // It is not listed, and there for those who ask for it.
    let listed = || {
        let tags = json!({ "name": "other/log", "tags": ["1.0.0"] });
        registry.fault("tags/list", Fault::Body(tags.to_string().into_bytes()));
    };
    // What is said of another version of the manifest is not said of this one.
    said_of_it();
    listed();
    let said = place.ok(&["info", "other:log"]);
    assert!(!said.out.contains("yanked"), "{}", said.out);
    listed();
    said_of_it();
    let warning = "299 - \"other:log 1.1.0 was yanked: broken\"".to_owned();
    registry.fault(
        "GET /v2/other/log/manifests/1.1.0",
        Fault::Header("warning", warning),
    );
    let said = place.ok(&["info", "other:log@1.1.0"]);
    let line = "  yanked: broken\u{fffd}[31m, since 2026-09-01T10:00:00Z, as 1.1.0\n";
    assert!(said.out.contains(line), "{}", said.out);
    assert!(said.is_clean() && !said.out.contains("what others say"));
    assert!(
        said.err.contains("other:log 1.1.0 was yanked: broken"),
        "{}",
        said.err
    );
    listed();
    said_of_it();
    let json = place.ok(&["info", "other:log@1.1.0", "--json"]).json();
    assert_eq!(
        json["manifest"]["yanked"],
        json!([{
            "version": "1.1.0", "reason": "broken\u{1b}[31m", "since": "2026-09-01T10:00:00Z",
        }])
    );
    said_of_it();
    let of = format!("oci://{}/other/log@{subject}", registry.host());
    let json = place.ok(&["info", &of, "--json"]).json();
    assert_eq!(json["manifest"]["yanked"].as_array().unwrap().len(), 2);
    assert_eq!(json["manifest"]["referrers"], json!([]));
    for wanted in ["other:log@1.2.0", "other:log@^1.1"] {
        listed();
        place.fails(1, "registry::no-match", &["info", wanted]);
    }
}

#[test]
fn what_holds_it_is_said_and_what_does_not() {
    let registry = OciRegistry::start();
    let shop = shop(&registry);
    let bytes = component("log", &[], &["log"]);
    registry.has("other/log", "1.0.0", &bytes);
    // That a registry gives what it names itself says nothing.
    let said = shop.fails(2, "oci::no-log", &["verify", "other:log"]);
    assert!(said.err.contains("cannot be verified"), "{}", said.err);
    assert!(registry.asked("").is_empty());
    shop.ok(&["lock"]);
    let said = shop.ok(&["verify", "other:log"]);
    let digest = Digest::of(&bytes).to_string();
    for line in [
        &*format!("checked          content    {digest}, "),
        "checked          lock       `tenon.lock` has this digest for `other:log@1.0.0`",
        "registry's word  tag        the tag `1.0.0` is this content now",
        "not checked      publisher  nobody signed it",
        "not checked      everyone   nothing says that others are given the same",
        "not checked      newest     ",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    assert!(said.err.contains("no more is known of it"), "{}", said.err);
    let json = shop
        .ok(&["verify", "other:log@1.0.0", "--json", "--locked"])
        .json();
    assert_eq!(
        (&json["unverified"], &json["digest"]),
        (&true.into(), &digest.into())
    );
    let states: Vec<_> = json["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["state"])
        .collect();
    assert_eq!(
        states,
        [
            "checked",
            "checked",
            "registrys-word",
            "unchecked",
            "unchecked",
            "unchecked"
        ]
    );
    assert_eq!(json.get("obligations"), None);
    // A file, without the network.
    shop.write("log.wasm", &bytes);
    let said = shop.ok(&["--offline", "verify", "other:log", "log.wasm"]);
    assert!(
        said.out.contains("every byte of `log.wasm`"),
        "{}",
        said.out
    );
    assert!(said.out.contains("not checked  tag"), "{}", said.out);
    shop.write("log.wasm", b"something else");
    shop.fails(3, "oci::content", &["verify", "other:log", "log.wasm"]);
    // What is not locked is held by nothing.
    shop.fails(2, "oci::no-log", &["verify", "other:log@1.1.0"]);
    // The tag is given to something else.
    registry.has("other/log", "1.0.0", &component("evil", &[], &["log"]));
    shop.fails(3, "oci::tag-moved", &["verify", "other:log"]);
    registry.world().tags.clear();
    let said = shop.ok(&["verify", "other:log"]);
    assert!(
        said.out
            .contains("not checked  tag        the tag `1.0.0` is gone"),
        "{}",
        said.out
    );
    // It comes from elsewhere now.
    map(&shop.place, "other = \"oci://elsewhere.example\"");
    shop.fails(2, "project::moved", &["verify", "other:log"]);
    shop.write("log.wasm", &bytes);
    shop.fails(2, "project::moved", &["verify", "other:log", "log.wasm"]);
}
