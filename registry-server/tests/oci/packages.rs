//! Packages that were published natively, as repositories.

use crate::guest::{Algorithm, Guest, IMAGE, digest, fails, image};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, release, upload};
use serde_json::{Value, json};
use tenon_registry_client::api::{Paths, ProblemCode};
use tenon_registry_client::record::{ContentKind, SignedRecord};

/// A component that says what it is, and has an import and an export.
fn described() -> Vec<u8> {
    let text = r#"(component
        (import "wasi:clocks/now@0.2.3" (instance))
        (component (export "run" (func)) (import "run" (func)))
        (core module $m (func (export "run")))
        (core instance $i (instantiate $m))
        (func $run (canon lift (core func $i "run")))
        (export "run" (func $run))
        (@custom "description" "an example")
        (@custom "licenses" "Apache-2.0")
    )"#;
    let text = text.replace(
        "(component (export \"run\" (func)) (import \"run\" (func)))",
        "",
    );
    wat::parse_str(text).unwrap()
}

/// Releases versions of `acme:app`: the last record.
fn publish(house: &House, alice: &Publisher, versions: &[(&str, &[u8])]) -> SignedRecord {
    let mut link = FIRST;
    let mut last = None;
    for (version, bytes) in versions {
        upload(house, bytes);
        let record = alice.release("app", link, version, bytes);
        let answer = post(house, &record);
        assert_eq!(answer.status, 201, "{}", answer.text());
        link = after(&record);
        last = Some(record);
    }
    last.unwrap()
}

fn tags(house: &House) -> Vec<String> {
    let page: Value = Guest::nobody(house).get("/v2/acme/app/tags/list").json();
    serde_json::from_value(page["tags"].clone()).unwrap()
}

#[test]
fn a_release_is_pulled_at_once_in_one_form_that_never_changes() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = described();
    publish(&house, &alice, &[("1.0.0", &bytes)]);
    let nobody = Guest::nobody(&house);
    let answer = nobody.get("/v2/acme/app/manifests/1.0.0");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(IMAGE))
    );
    let by_digest = digest(&answer.body);
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(by_digest.as_str())
    );
    let manifest: Value = answer.json();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config_size = manifest["config"]["size"].as_u64().unwrap();
    assert_eq!(
        manifest,
        json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": config,
                "size": config_size,
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": digest(&bytes),
                "size": bytes.len(),
                "annotations": { "org.opencontainers.image.title": "app.wasm" },
            }],
            "annotations": {
                "org.opencontainers.image.created": "2026-09-01T10:00:00Z",
                "org.opencontainers.image.description": "an example",
                "org.opencontainers.image.licenses": "Apache-2.0",
                "org.opencontainers.image.version": "1.0.0",
            },
        })
    );
    let blob = |digest: &str| nobody.get(&format!("/v2/acme/app/blobs/{digest}"));
    assert_eq!(blob(&digest(&bytes)).body, bytes);
    let config = blob(config);
    assert_eq!(config.body.len() as u64, config_size);
    assert_eq!(
        config.json::<Value>(),
        json!({
            "created": "2026-09-01T10:00:00Z",
            "author": null,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [digest(&bytes)],
            "component": {
                "exports": ["run"], "imports": ["wasi:clocks/now@0.2.3"], "target": null,
            },
        })
    );
    // The same in another registry, where digests are asked for first.
    let other = House::new();
    publish(
        &other,
        &Publisher::new(&other, "acme"),
        &[("1.0.0", &bytes)],
    );
    let again = Guest::nobody(&other).get(&format!("/v2/acme/app/manifests/{by_digest}"));
    assert_eq!(again.body, answer.body);
    let third = House::new();
    publish(
        &third,
        &Publisher::new(&third, "acme"),
        &[("1.0.0", &bytes)],
    );
    let config = digest(&config.body);
    let again = Guest::nobody(&third).get(&format!("/v2/acme/app/blobs/{config}"));
    assert_eq!(again.status, 200);
}

#[test]
fn tags_are_the_versions_and_latest_is_the_highest_of_them() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let contents: Vec<Vec<u8>> = (0..5).map(component).collect();
    let versions = ["1.10.0", "1.9.0", "2.0.0-rc.1", "1.11.0+linux", "0.1.0"];
    let releases: Vec<(&str, &[u8])> = versions
        .iter()
        .zip(&contents)
        .map(|(version, bytes)| (*version, bytes.as_slice()))
        .collect();
    let last = publish(&house, &alice, &releases);
    assert_eq!(
        tags(&house),
        ["0.1.0", "1.10.0", "1.11.0_linux", "1.9.0", "2.0.0-rc.1"]
    );
    let nobody = Guest::nobody(&house);
    let get = |reference: &str| nobody.get(&format!("/v2/acme/app/manifests/{reference}"));
    assert_eq!(get("latest").body, get("1.11.0_linux").body);
    // As clients ask for it that know versions, not tags.
    for spelling in ["1.11.0+linux", "1.11.0%2Blinux"] {
        assert_eq!(get(spelling).body, get("1.11.0_linux").body);
    }
    let page: Value = nobody.get("/v2/acme/app/tags/list?n=2&last=1.10.0").json();
    assert_eq!(page["tags"], json!(["1.11.0_linux", "1.9.0"]));
    // A yanked version is not to be chosen, and is there for those who chose it.
    let before = get("1.11.0_linux");
    assert_eq!(before.header("warning"), None);
    assert_eq!(
        post(&house, &alice.yank("app", after(&last), "1.11.0+linux")).status,
        201
    );
    assert_eq!(tags(&house), ["0.1.0", "1.10.0", "1.9.0", "2.0.0-rc.1"]);
    assert_eq!(get("latest").body, get("1.10.0").body);
    let warning = "299 - \"acme:app 1.11.0+linux was yanked: broken\"";
    for reference in ["1.11.0_linux", digest(&before.body).as_str()] {
        let answer = get(reference);
        assert_eq!((answer.status, &answer.body), (200, &before.body));
        assert_eq!(answer.header("warning"), Some(warning));
    }
    fails(&get("3.0.0"), 404, "MANIFEST_UNKNOWN");
}

#[test]
fn wit_packages_are_pulled_too() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let mut resolve = wit_parser::Resolve::default();
    let text = "package acme:app@1.0.0; interface store { get: func() -> string; } world w {}";
    let id = resolve.push_str("a.wit", text).unwrap();
    let bytes = wit_component::encode(&resolve, id, false).unwrap();
    upload(&house, &bytes);
    let act = release("1.0.0", &bytes, ContentKind::Wit);
    let record = alice.sign(alice.package_record("app", FIRST, act));
    let answer = post(&house, &record);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let nobody = Guest::nobody(&house);
    let manifest: Value = nobody.get("/v2/acme/app/manifests/1.0.0").json();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config: Value = nobody.get(&format!("/v2/acme/app/blobs/{config}")).json();
    let exports = json!(["acme:app/store@1.0.0", "acme:app/w@1.0.0"]);
    assert_eq!(config["component"]["exports"], exports);
}

#[test]
fn releases_are_not_deleted_and_what_is_beside_them_is() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    publish(&house, &alice, &[("1.0.0", &bytes)]);
    let guest = Guest::new(&house);
    let manifest = guest.get("/v2/acme/app/manifests/1.0.0");
    let by_digest = digest(&manifest.body);
    let config = manifest.json::<Value>()["config"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        "manifests/1.0.0".to_owned(),
        "manifests/latest".to_owned(),
        format!("manifests/{by_digest}"),
        format!("blobs/{}", digest(&bytes)),
        format!("blobs/{config}"),
    ] {
        let answer = guest.ask("DELETE", &format!("/v2/acme/app/{path}"));
        fails(&answer, 405, "UNSUPPORTED");
        assert!(answer.header("allow").unwrap().starts_with("GET, HEAD"));
    }
    // A signature is beside it, and refers to it.
    guest.push("acme/app", b"{}");
    let signature = image(&[], Some(&manifest.body));
    let name = format!("sha256-{}.sig", &by_digest[7..]);
    assert_eq!(guest.put("acme/app", &name, &signature).status, 201);
    let index: Value = guest
        .get(&format!("/v2/acme/app/referrers/{by_digest}"))
        .json();
    assert_eq!(index["manifests"][0]["digest"], digest(&signature));
    assert_eq!(tags(&house), ["1.0.0".to_owned(), name.clone()]);
    // What belongs to the release can be named by others, and mounted.
    let mut other: Value = serde_json::from_slice(&image(&[&bytes], None)).unwrap();
    other["config"]["digest"] = json!(config);
    let other = serde_json::to_vec(&other).unwrap();
    assert_eq!(guest.put("acme/app", "other", &other).status, 201);
    for query in [format!("{}&from=acme/app", digest(&bytes)), digest(&bytes)] {
        let mount = format!("/v2/acme/b/blobs/uploads/?mount={query}");
        assert_eq!(guest.ask("POST", &mount).status, 201);
    }
    for path in [name.as_str(), "other", &digest(&signature)] {
        let answer = guest.ask("DELETE", &format!("/v2/acme/app/manifests/{path}"));
        assert_eq!(answer.status, 202);
    }
}

#[test]
fn what_was_taken_down_cannot_be_pulled() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let (kept, gone) = (component(1), component(2));
    publish(&house, &alice, &[("1.0.0", &kept), ("1.1.0", &gone)]);
    let nobody = Guest::nobody(&house);
    let manifest = nobody.get("/v2/acme/app/manifests/1.1.0").body;
    let config = serde_json::from_slice::<Value>(&manifest).unwrap()["config"]["digest"].clone();
    // As it is, it is something else that is there, too.
    let guest = Guest::new(&house);
    for reference in ["beside", &digest(&manifest)] {
        assert_eq!(guest.put("acme/app", reference, &manifest).status, 201);
    }
    let mut house = house;
    house.stop();
    let temp = house.leave();
    let dir = temp.path().join("data");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .args([
            "takedown", "acme:app", "1.1.0", "--reason", "legal", "--data",
        ])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let house = House::at(temp);
    let nobody = Guest::nobody(&house);
    for path in [
        "manifests/1.1.0".to_owned(),
        "manifests/beside".to_owned(),
        format!("manifests/{}", digest(&manifest)),
        format!("blobs/{}", digest(&gone)),
        format!("blobs/{}", config.as_str().unwrap()),
    ] {
        assert_eq!(
            nobody.get(&format!("/v2/acme/app/{path}")).status,
            404,
            "{path}"
        );
    }
    assert_eq!(tags(&house), ["1.0.0"]);
    // Nobody brings it back, through either door, here or elsewhere.
    let guest = Guest::new(&house);
    guest.push("acme/else", b"{}");
    let upload = format!("/v2/acme/else/blobs/uploads/?digest={}", digest(&gone));
    fails(&guest.send("POST", &upload, &[], &gone), 403, "DENIED");
    let content = tenon_registry_client::Digest::of(&gone);
    let mut uploader = house.client().token(&house.full_token());
    let answer = uploader.ask_with("PUT", &Paths::upload(&content), &gone);
    answer.problem(ProblemCode::Forbidden);
    // By another digest it comes in, and can neither be got nor named.
    let other = Algorithm::Sha512.of(&gone);
    let upload = format!("/v2/acme/else/blobs/uploads/?digest={other}");
    assert_eq!(guest.send("POST", &upload, &[], &gone).status, 201);
    for digest in [&other, &digest(&gone)] {
        let path = format!("/v2/acme/else/blobs/{digest}");
        assert_eq!(guest.get(&path).status, 404, "{digest}");
    }
    let named = String::from_utf8(image(&[&gone], None)).unwrap();
    let named = named.replace(&digest(&gone), &other);
    let answer = guest.put("acme/else", "x", named.as_bytes());
    fails(&answer, 400, "MANIFEST_BLOB_UNKNOWN");
}
