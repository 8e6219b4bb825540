//! Releases that are pushed: signed by the registry, where the namespace lets it.

use crate::guest::{Guest, IMAGE, digest, fails};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, release, upload};
use serde_json::{Value, json};
use tenon_registry_client::record::{
    Attestation, ContentKind, Grant, NamespaceAct, PackageAct, Permission, SignedRecord, Statement,
    Subject,
};
use tenon_registry_server::access::Action;
use tenon_registry_server::log::LogId;
use tenon_registry_server::log::keys::Keys;

/// Has a namespace let the registry sign.
fn grant(house: &House, publisher: &mut Publisher, pattern: &str) {
    let keys = Keys::load(&LogId::Public.keys(&house.dir)).unwrap();
    let grant = Grant {
        permissions: [Permission::Release].into(),
        pattern: pattern.parse().unwrap(),
        expires: None,
    };
    let act = NamespaceAct::Grant(keys.ingest.vkey().clone(), grant);
    let record = publisher.namespace_record(after(publisher.chain.last().unwrap()), act);
    let answer = post(house, &record);
    assert_eq!(answer.status, 201, "{}", answer.text());
    publisher.chain.push(record);
}

pub(crate) fn granted(house: &House) -> Publisher {
    let mut alice = Publisher::new(house, "acme");
    grant(house, &mut alice, "*");
    alice
}

/// The manifest that `wkg` makes of a component, and its config.
pub(crate) fn manifest(bytes: &[u8], created: &str) -> (Vec<u8>, Vec<u8>) {
    let config = json!({
        "created": created, "author": null, "architecture": "wasm", "os": "wasip2",
        "layerDigests": [digest(bytes)],
        "component": { "exports": [], "imports": [], "target": null },
    });
    let config = serde_json::to_vec(&config).unwrap();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json",
            "digest": digest(&config), "size": config.len(),
        },
        "layers": [{
            "mediaType": "application/wasm", "digest": digest(bytes), "size": bytes.len(),
        }],
        "annotations": { "org.opencontainers.image.version": "whatever" },
    });
    (serde_json::to_vec(&manifest).unwrap(), config)
}

/// Pushes a component with its config, and returns the manifest, which is not pushed yet.
pub(crate) fn prepare(guest: &Guest, name: &str, bytes: &[u8], created: &str) -> Vec<u8> {
    let (manifest, config) = manifest(bytes, created);
    guest.push(name, bytes);
    guest.push(name, &config);
    manifest
}

const CREATED: &str = "2026-09-01T10:00:00Z";

#[test]
fn a_push_is_a_release_in_the_log_signed_for_the_token() {
    let house = House::new();
    granted(&house);
    let token = house.token(&[Action::Publish], &["acme:*"]);
    let guest = Guest::with(&house, &format!("Bearer {token}"));
    let bytes = component(1);
    let manifest = prepare(&guest, "acme/app", &bytes, CREATED);
    let answer = guest.put("acme/app", "1.0.0", &manifest);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let by_digest = digest(&manifest);
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(by_digest.as_str())
    );
    // It is in the log, as any release is.
    let log = house.app.public().log();
    let chain = log
        .chain(&Subject::Package("acme:app".parse().unwrap()))
        .unwrap();
    let Statement::Package { act, .. } = &chain[0].record().statement else {
        panic!("{chain:?}");
    };
    let PackageAct::Release {
        content,
        attestation,
        ..
    } = act
    else {
        panic!("{act:?}");
    };
    assert_eq!(
        (content.kind, content.digest.to_string()),
        (ContentKind::Component, digest(&bytes))
    );
    let id = token[4..20].to_owned();
    assert_eq!(*attestation, Some(Attestation::Token(id.clone())));
    let package: Value = house.get("/api/v1/packages/acme/app").json();
    let publisher = json!({ "by": "registry", "attested": format!("token {id}") });
    assert_eq!(package["releases"][0]["publisher"], publisher);
    // And it is pulled as it was pushed.
    let nobody = Guest::nobody(&house);
    for reference in ["1.0.0", "latest", by_digest.as_str()] {
        let answer = nobody.get(&format!("/v2/acme/app/manifests/{reference}"));
        assert_eq!(
            (answer.status, &answer.body),
            (200, &manifest),
            "{reference}"
        );
    }
    let said: Value = serde_json::from_slice(&manifest).unwrap();
    for digest in [&said["config"]["digest"], &said["layers"][0]["digest"]] {
        let path = format!("/v2/acme/app/blobs/{}", digest.as_str().unwrap());
        assert_eq!(nobody.get(&path).status, 200);
    }
    let page: Value = nobody.get("/v2/acme/app/tags/list").json();
    assert_eq!(page["tags"], json!(["1.0.0"]));
    fails(
        &guest.ask("DELETE", "/v2/acme/app/manifests/1.0.0"),
        405,
        "UNSUPPORTED",
    );
    // What it was pushed with stays when nobody names it any more.
    house
        .app
        .oci()
        .sweep(&house.app, std::time::Duration::ZERO)
        .unwrap();
    let config = said["config"]["digest"].as_str().unwrap();
    assert_eq!(
        nobody.get(&format!("/v2/acme/app/blobs/{config}")).status,
        200
    );
}

#[test]
fn a_version_is_pushed_once() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let bytes = component(1);
    let first = prepare(&guest, "acme/app", &bytes, CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &first).status, 201);
    let size = house.log_size();
    // Whoever did not get the answer pushes again.
    let again = guest.put("acme/app", "1.0.0", &first);
    assert_eq!((again.status, house.log_size()), (201, size));
    let by_digest = format!("{}?tag=1.0.0&tag=latest", digest(&first));
    assert_eq!(guest.put("acme/app", &by_digest, &first).status, 201);
    // So does a client that writes the time into its manifest: that can be had by its digest, and the release has its own.
    let second = prepare(&guest, "acme/app", &bytes, "2026-09-02T10:00:00Z");
    let answer = guest.put("acme/app", "1.0.0", &second);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(&*digest(&second))
    );
    assert_eq!(answer.header("oci-tag"), None);
    let warning = "299 - \"1.0.0 keeps the manifest that it was released with\"";
    assert_eq!(answer.header("warning"), Some(warning));
    let found = guest.get(&format!("/v2/acme/app/manifests/{}", digest(&second)));
    assert_eq!(found.body, second);
    let both = format!("{}?tag=1.0.0&tag=latest&tag=edge", digest(&second));
    let answer = guest.put("acme/app", &both, &second);
    assert_eq!(
        (answer.status, answer.header("oci-tag")),
        (201, Some("edge"))
    );
    assert_eq!(guest.get("/v2/acme/app/manifests/latest").body, first);
    // Other content, or a twin.
    let third = prepare(&guest, "acme/app", &component(2), CREATED);
    for (tag, manifest) in [
        ("1.0.0", &third),
        ("1.0.0_twin", &first),
        ("latest", &third),
    ] {
        fails(&guest.put("acme/app", tag, manifest), 409, "DENIED");
    }
    assert_eq!(house.log_size(), size);
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").body, first);
    assert_eq!(guest.put("acme/app", "1.0.1_twin", &third).status, 201);
    assert_eq!(guest.get("/v2/acme/app/manifests/latest").body, third);
}

#[test]
fn a_release_says_how_many_bytes_it_has() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    let mut wrong: Value = serde_json::from_slice(&manifest).unwrap();
    for part in ["/layers/0/size", "/config/size"] {
        let size = wrong.pointer_mut(part).unwrap();
        let right = std::mem::replace(size, json!(5));
        let bytes = serde_json::to_vec(&wrong).unwrap();
        fails(
            &guest.put("acme/app", "1.0.0", &bytes),
            400,
            "MANIFEST_INVALID",
        );
        *wrong.pointer_mut(part).unwrap() = right;
    }
    assert_eq!(guest.put("acme/app", "1.0.0", &manifest).status, 201);
}

#[test]
fn what_is_yanked_does_not_come_back_by_a_push() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let bytes = component(1);
    let first = prepare(&guest, "acme/app", &bytes, CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &first).status, 201);
    let log = house.app.public().log();
    let package = Subject::Package("acme:app".parse().unwrap());
    let chain = log.chain(&package).unwrap();
    let yank = alice.yank("app", after(&chain[0]), "1.0.0");
    assert_eq!(post(&house, &yank).status, 201);
    let second = prepare(&guest, "acme/app", &bytes, "2026-09-02T10:00:00Z");
    fails(&guest.put("acme/app", "1.0.0", &second), 409, "DENIED");
    assert_eq!(log.chain(&package).unwrap().len(), 2);
}

#[test]
fn a_native_release_is_not_replaced_and_its_own_form_is_what_it_is() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.sign(alice.package_record(
        "app",
        FIRST,
        release("1.0.0", &bytes, ContentKind::Component),
    ));
    assert_eq!(post(&house, &record).status, 201);
    let own = guest.get("/v2/acme/app/manifests/1.0.0").body;
    assert_eq!(guest.put("acme/app", "1.0.0", &own).status, 201);
    let other = prepare(&guest, "acme/app", &bytes, CREATED);
    let size = house.log_size();
    assert_eq!(guest.put("acme/app", "1.0.0", &other).status, 201);
    assert_eq!(house.log_size(), size);
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").body, own);
    // The next one is pushed behind it, and the one after that natively behind that.
    let bytes = component(2);
    let manifest = prepare(&guest, "acme/app", &bytes, CREATED);
    assert_eq!(guest.put("acme/app", "1.1.0", &manifest).status, 201);
    let chain = house.app.public().log();
    let chain = chain
        .chain(&Subject::Package("acme:app".parse().unwrap()))
        .unwrap();
    upload(&house, &component(3));
    let record = alice.release("app", after(&chain[1]), "1.2.0", &component(3));
    assert_eq!(post(&house, &record).status, 201);
}

#[test]
fn where_the_registry_may_not_sign_it_says_what_to_do() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes = component(1);
    let manifest = prepare(&guest, "acme/app", &bytes, CREATED);
    let message = fails(&guest.put("acme/app", "1.0.0", &manifest), 403, "DENIED");
    assert!(
        message.contains("`tenon namespace create acme`"),
        "{message}"
    );
    let mut alice = Publisher::new(&house, "acme");
    let message = fails(&guest.put("acme/app", "1.0.0", &manifest), 403, "DENIED");
    let keys = Keys::load(&LogId::Public.keys(&house.dir)).unwrap();
    let command = format!(
        "`tenon namespace grant acme {} --allow release`",
        keys.ingest.vkey()
    );
    assert!(
        message.contains(&command) && message.contains("`tenon publish`"),
        "{message}"
    );
    grant(&house, &mut alice, "other");
    fails(&guest.put("acme/app", "1.0.0", &manifest), 403, "DENIED");
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").status, 404);
    // By a tag that is no version it is content like any other.
    assert_eq!(guest.put("acme/app", "edge", &manifest).status, 201);
    assert_eq!(guest.get("/v2/acme/app/manifests/edge").body, manifest);
    let other = house.token(&[Action::Publish], &["other:*"]);
    let other = Guest::with(&house, &format!("Bearer {other}"));
    fails(&other.put("acme/app", "1.0.0", &manifest), 403, "DENIED");
}

#[test]
fn only_what_could_be_published_natively_is_a_release() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let refused = |version: &str, manifest: &[u8], code: &str| {
        let answer = guest.put("acme/app", version, manifest);
        assert_eq!(house.log_size(), 8, "{}", answer.text());
        fails(&answer, 400, code)
    };
    let (good, config) = manifest(&component(1), CREATED);
    refused("1.0.0", &good, "MANIFEST_BLOB_UNKNOWN");
    guest.push("acme/app", &component(1));
    let message = refused("1.0.0", &good, "MANIFEST_BLOB_UNKNOWN");
    assert!(message.contains(&digest(&config)), "{message}");
    guest.push("acme/app", &config);
    for (text, by) in [
        (
            "\"application/wasm\"",
            "\"application/vnd.oci.image.layer.v1.tar\"",
        ),
        (
            "\"layers\":[",
            "\"layers\":[{\"mediaType\":\"application/wasm\",\"digest\":\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",\"size\":3},",
        ),
    ] {
        let other = String::from_utf8(good.clone()).unwrap().replace(text, by);
        let answer = guest.put("acme/app", "1.0.0", other.as_bytes());
        // Not as invalid: clients of images would try all the types that they know.
        let message = fails(&answer, 403, "DENIED");
        assert!(message.contains("such as `acme/app/image`"), "{message}");
        assert_eq!(house.log_size(), 8);
    }
    for bytes in [&b"not wasm at all"[..], b"\0asm\x01\0\0\0"] {
        let other = prepare(&guest, "acme/app", bytes, CREATED);
        refused("1.0.0", &other, "MANIFEST_INVALID");
    }
    // A WIT package says what it is called.
    let mut resolve = wit_parser::Resolve::default();
    let id = resolve
        .push_str(
            "a.wit",
            "package acme:app@1.0.0; interface i { f: func(); }",
        )
        .unwrap();
    let wit = wit_component::encode(&resolve, id, false).unwrap();
    let other = prepare(&guest, "acme/app", &wit, CREATED);
    let message = refused("2.0.0", &other, "MANIFEST_INVALID");
    assert!(message.contains("content-name-differs"), "{message}");
    let answer = guest.put("acme/app", "1.0.0", &other);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let package: Value = house.get("/api/v1/packages/acme/app").json();
    assert_eq!(package["releases"][0]["kind"], "wit");
}

#[test]
fn what_is_refused_by_the_log_leaves_no_manifest() {
    let house = House::with(|config| config.quota.records_per_namespace = 4);
    granted(&house);
    let guest = Guest::new(&house);
    let one = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &one).status, 201);
    let two = prepare(&guest, "acme/app", &component(2), CREATED);
    fails(
        &guest.put("acme/app", "1.1.0", &two),
        429,
        "TOOMANYREQUESTS",
    );
    for reference in ["1.1.0", digest(&two).as_str()] {
        let answer = guest.get(&format!("/v2/acme/app/manifests/{reference}"));
        assert_eq!(answer.status, 404, "{reference}");
    }
}

/// Makes the namespace `secret` of the private log, and has it let the registry sign.
pub(crate) fn private_granted(house: &House) -> Publisher {
    let origin = house.app.private().unwrap().log().origin().clone();
    let mut bob = Publisher::unknown(origin, "secret");
    for record in bob.beginning() {
        post_private(house, &record);
        bob.chain.push(record);
    }
    let keys = Keys::load(&LogId::Private.keys(&house.dir)).unwrap();
    let act = NamespaceAct::Grant(
        keys.ingest.vkey().clone(),
        Grant {
            permissions: [Permission::Release].into(),
            pattern: "*".parse().unwrap(),
            expires: None,
        },
    );
    let record = bob.namespace_record(after(bob.chain.last().unwrap()), act);
    post_private(house, &record);
    bob.chain.push(record);
    bob
}

/// Has a record logged in the private log.
#[track_caller]
pub(crate) fn post_private(house: &House, record: &SignedRecord) {
    let mut client = house.client().token(&house.full_token());
    let answer = client.ask_with("POST", "/private/api/v1/records", record.bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn a_push_to_the_private_log_is_a_release_there() {
    let house = House::with(|config| config.private = true);
    private_granted(&house);
    let token = house.token(&[Action::Publish, Action::Read], &["secret:*"]);
    let guest = Guest::with(&house, &format!("Bearer {token}"));
    let manifest = prepare(&guest, "private/secret/app", &component(1), CREATED);
    let answer = guest.put("private/secret/app", "1.0.0", &manifest);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(
        guest.get("/v2/private/secret/app/manifests/latest").body,
        manifest
    );
    let other = Guest::with(
        &house,
        &format!("Bearer {}", house.token(&[Action::Read], &["acme:*"])),
    );
    fails(
        &other.get("/v2/private/secret/app/manifests/latest"),
        404,
        "NAME_UNKNOWN",
    );
    fails(
        &Guest::new(&house).get("/v2/secret/app/tags/list"),
        404,
        "NAME_UNKNOWN",
    );
}

#[test]
fn what_was_latest_before_the_first_release_does_not_come_back() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let image = guest.push_image("acme/app", "latest", b"layer");
    assert_eq!(guest.get("/v2/acme/app/manifests/latest").body, image);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &manifest).status, 201);
    assert_eq!(guest.get("/v2/acme/app/manifests/latest").body, manifest);
    let page: Value = guest.get("/v2/acme/app/tags/list").json();
    assert_eq!(page["tags"], json!(["1.0.0"]));
    // By its digest it is what it was.
    let by_digest = format!("/v2/acme/app/manifests/{}", digest(&image));
    assert_eq!(guest.get(&by_digest).body, image);
    // Not even when no release is left to choose.
    let log = house.app.public().log();
    let subject = Subject::Package("acme:app".parse().unwrap());
    let last = log.chain(&subject).unwrap().pop().unwrap();
    let yank = alice.yank("app", after(&last), "1.0.0");
    assert_eq!(post(&house, &yank).status, 201);
    let latest = "/v2/acme/app/manifests/latest";
    fails(&guest.get(latest), 404, "MANIFEST_UNKNOWN");
    fails(&guest.ask("DELETE", latest), 404, "MANIFEST_UNKNOWN");
    fails(&guest.put("acme/app", "latest", &image), 409, "DENIED");
    let page: Value = guest.get("/v2/acme/app/tags/list").json();
    assert_eq!(page["tags"], json!([]));
}
