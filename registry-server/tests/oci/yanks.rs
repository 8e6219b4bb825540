//! Releases that are yanked: what says so refers to their manifests, and so do warnings. And what others said of releases that
//! were taken down.

use crate::client::Answer;
use crate::guest::{Algorithm, Guest, IMAGE, INDEX, descriptor, digest, fails, image};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, release, upload};
use crate::releases::{granted, post_private, prepare, private_granted};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tenon_registry_client::api::Paths;
use tenon_registry_client::record::{ContentKind, PackageAct, SignedRecord, Subject, YankReason};
use tenon_registry_client::{Digest, log::Hash};
use tenon_registry_server::access::Action;

const CREATED: &str = "2026-09-01T10:00:00Z";
const YANK: &str = "application/vnd.tenon.yank.v1+json";
const WARNING: &str = "299 - \"acme:app 1.0.0 was yanked: broken\"";

fn yank(version: &str, reason: YankReason) -> PackageAct {
    let version = version.parse().unwrap();
    PackageAct::Yank { version, reason }
}

fn unyank(version: &str) -> PackageAct {
    let version = version.parse().unwrap();
    PackageAct::Unyank { version }
}

/// The next record of `acme:app`, which says this.
fn say(house: &House, alice: &Publisher, act: PackageAct) -> SignedRecord {
    let subject = Subject::Package("acme:app".parse().unwrap());
    let chain = house.app.public().log().chain(&subject).unwrap();
    let record = alice.sign(alice.package_record("app", chain.last().map_or(FIRST, after), act));
    let answer = post(house, &record);
    assert_eq!(answer.status, 201, "{}", answer.text());
    record
}

/// Publishes a version natively: its manifest.
fn publish(house: &House, alice: &Publisher, version: &str, number: u32) -> Vec<u8> {
    let bytes = component(number);
    upload(house, &bytes);
    say(
        house,
        alice,
        release(version, &bytes, ContentKind::Component),
    );
    let path = format!("/v2/acme/app/manifests/{version}");
    Guest::nobody(house).get(&path).body
}

fn referrers(guest: &Guest, name: &str, of: &str, query: &str) -> Vec<Value> {
    let answer = guest.get(&format!("/v2/{name}/referrers/{of}{query}"));
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(INDEX))
    );
    let index: Value = answer.json();
    index["manifests"].as_array().unwrap().clone()
}

/// The one entry that says that what has this digest is yanked, with the manifest that it is of.
fn said(guest: &Guest, name: &str, of: &str) -> (Value, Answer) {
    let mut entries = referrers(
        guest,
        name,
        of,
        "?artifactType=application/vnd.tenon.yank.v1%2Bjson",
    );
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = entries.remove(0);
    let own = entry["digest"].as_str().unwrap();
    let answer = guest.get(&format!("/v2/{name}/manifests/{own}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (entry, answer)
}

fn command(data: &Path, arguments: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tenon-registry"));
    let output = program.args(arguments).arg("--data").arg(data).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn end_12_that_a_release_is_yanked_is_said_by_what_refers_to_its_manifest() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let native = publish(&house, &alice, "1.0.0", 1);
    let pushed = prepare(&guest, "acme/app", &component(2), CREATED);
    assert_eq!(guest.put("acme/app", "1.1.0", &pushed).status, 201);
    let third = prepare(&guest, "acme/app", &component(3), CREATED);
    let by_512 = Algorithm::Sha512.of(&third);
    let reference = format!("{by_512}?tag=1.2.0");
    assert_eq!(guest.put("acme/app", &reference, &third).status, 201);
    // The second one is there by its other digest, too.
    let other = Algorithm::Sha512.of(&pushed);
    assert_eq!(guest.put("acme/app", &other, &pushed).status, 201);
    let nobody = Guest::nobody(&house);
    let releases = [
        ("1.0.0", YankReason::Broken, &native, vec![digest(&native)]),
        (
            "1.1.0",
            YankReason::Security,
            &pushed,
            vec![digest(&pushed), other],
        ),
        ("1.2.0", YankReason::Mistake, &third, vec![by_512]),
    ];
    for (version, reason, manifest, digests) in &releases {
        for of in digests {
            assert_eq!(referrers(&nobody, "acme/app", of, ""), [Value::Null; 0]);
        }
        let record = say(&house, &alice, yank(version, *reason));
        let log = house.app.public().log();
        let index = log.find(&record).unwrap().unwrap().index;
        for of in digests {
            let (entry, answer) = said(&nobody, "acme/app", of);
            let own = digest(&answer.body);
            // All of it is in the list.
            let annotations = entry["annotations"].clone();
            let since = annotations["vnd.tenon.yank.since"].as_str().unwrap();
            assert!(since.starts_with("20") && since.ends_with('Z'), "{since}");
            assert_eq!(
                annotations,
                json!({
                    "org.opencontainers.image.description": format!("acme:app {version} was yanked: {reason}"),
                    "vnd.tenon.yank.index": index.to_string(),
                    "vnd.tenon.yank.log": log.origin().to_string(),
                    "vnd.tenon.yank.package": "acme:app",
                    "vnd.tenon.yank.reason": reason.to_string(),
                    "vnd.tenon.yank.record": record.hash().to_string(),
                    "vnd.tenon.yank.since": since,
                    "vnd.tenon.yank.version": version,
                })
            );
            assert_eq!(
                entry,
                json!({
                    "mediaType": IMAGE, "digest": own, "size": answer.body.len(),
                    "artifactType": YANK, "annotations": annotations,
                })
            );
            let nothing = json!({
                "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"),
                "size": 2, "data": "e30=",
            });
            assert_eq!(
                answer.json::<Value>(),
                json!({
                    "schemaVersion": 2, "mediaType": IMAGE, "artifactType": YANK,
                    "config": nothing, "layers": [nothing],
                    "subject": { "mediaType": IMAGE, "digest": of, "size": manifest.len() },
                    "annotations": annotations,
                })
            );
            let path = format!("/v2/acme/app/manifests/{own}");
            let head = nobody.ask("HEAD", &path);
            for answer in [&answer, &head] {
                assert_eq!(answer.header("content-type"), Some(IMAGE));
                assert_eq!(answer.header("docker-content-digest"), Some(own.as_str()));
                let length = entry["size"].to_string();
                assert_eq!(answer.header("content-length"), Some(length.as_str()));
            }
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(nobody.get(&path).body, answer.body);
            // It is a leaf of the log, and no other has that hash.
            assert_eq!(Hash::leaf(record.bytes()), record.hash());
            fails(&guest.ask("DELETE", &path), 405, "UNSUPPORTED");
            assert_eq!(nobody.get(&path).status, 200);
        }
        let nothing = format!("/v2/acme/app/blobs/{}", digest(b"{}"));
        assert_eq!(nobody.get(&nothing).body, b"{}");
        assert_eq!(
            nobody.ask("HEAD", &nothing).header("content-length"),
            Some("2")
        );
    }
    // It is no tag, and ends with what it says; a later yank is another record.
    let (entry, before) = said(&nobody, "acme/app", &digest(&native));
    let path = format!(
        "/v2/acme/app/manifests/{}",
        entry["digest"].as_str().unwrap()
    );
    say(&house, &alice, unyank("1.0.0"));
    assert_eq!(
        referrers(&nobody, "acme/app", &digest(&native), ""),
        [Value::Null; 0]
    );
    fails(&nobody.get(&path), 404, "MANIFEST_UNKNOWN");
    assert_eq!(nobody.ask("HEAD", &path).status, 404);
    fails(&guest.ask("DELETE", &path), 404, "MANIFEST_UNKNOWN");
    let page: Value = nobody.get("/v2/acme/app/tags/list").json();
    assert_eq!(page["tags"], json!(["1.0.0"]));
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    let (_, again) = said(&nobody, "acme/app", &digest(&native));
    assert_ne!(again.body, before.body);
    fails(&nobody.get(&path), 404, "MANIFEST_UNKNOWN");
    // For another reason, without having been taken back.
    say(&house, &alice, yank("1.0.0", YankReason::Security));
    let (entry, _) = said(&nobody, "acme/app", &digest(&native));
    assert_eq!(entry["annotations"]["vnd.tenon.yank.reason"], "security");
}

#[test]
fn end_7_only_the_log_says_that_a_release_is_yanked() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let manifest = publish(&house, &alice, "1.0.0", 1);
    let of = digest(&manifest);
    let forged = json!({
        "schemaVersion": 2, "mediaType": IMAGE, "artifactType": YANK,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"), "layers": [],
        "subject": descriptor(IMAGE, &manifest),
    });
    let forged = serde_json::to_vec(&forged).unwrap();
    let mut typed: Value = serde_json::from_slice(&image(&[], Some(&manifest))).unwrap();
    typed["config"]["mediaType"] = json!(YANK);
    let typed = serde_json::to_vec(&typed).unwrap();
    let list = json!({
        "schemaVersion": 2, "mediaType": INDEX, "artifactType": YANK, "manifests": [],
        "subject": descriptor(IMAGE, &manifest),
    });
    let list = serde_json::to_vec(&list).unwrap();
    for forged in [&forged, &typed, &list] {
        for reference in [digest(forged), "x".to_owned(), Algorithm::Sha512.of(forged)] {
            let answer = guest.put("acme/app", &reference, forged);
            assert!(fails(&answer, 403, "DENIED").contains("tenon yank"));
        }
    }
    assert_eq!(referrers(&guest, "acme/app", &of, ""), [Value::Null; 0]);
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    fails(
        &guest.put("acme/app", &digest(&forged), &forged),
        403,
        "DENIED",
    );
    // What the registry says itself may come back, as copies do, and nothing is kept of it.
    let (entry, own) = said(&guest, "acme/app", &of);
    let by_digest = entry["digest"].as_str().unwrap().to_owned();
    let answer = guest.put("acme/app", &by_digest, &own.body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("oci-subject"), Some(of.as_str()));
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(by_digest.as_str())
    );
    for reference in [
        "x".to_owned(),
        format!("{by_digest}?tag=x"),
        Algorithm::Sha512.of(&own.body),
    ] {
        fails(&guest.put("acme/app", &reference, &own.body), 403, "DENIED");
    }
    say(&house, &alice, unyank("1.0.0"));
    assert_eq!(referrers(&guest, "acme/app", &of, ""), [Value::Null; 0]);
    let path = format!("/v2/acme/app/manifests/{by_digest}");
    fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
    fails(&guest.put("acme/app", &by_digest, &own.body), 403, "DENIED");
    // Elsewhere than in packages it is content like any other, such as a copy of another registry.
    guest.push("copies/acme/app", b"{}");
    assert_eq!(
        guest.put("copies/acme/app", &by_digest, &own.body).status,
        201
    );
    assert_eq!(referrers(&guest, "copies/acme/app", &of, "").len(), 1);
}

#[test]
fn end_12_what_says_that_a_release_is_yanked_is_in_its_place_among_others() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let manifest = publish(&house, &alice, "1.0.0", 1);
    let of = digest(&manifest);
    // Content that is nothing is there without being pushed, and stays, as what names it does.
    for number in 0..12 {
        let mut about: Value = serde_json::from_slice(&image(&[], Some(&manifest))).unwrap();
        about["annotations"] = json!({ "number": number.to_string() });
        let about = serde_json::to_vec(&about).unwrap();
        assert_eq!(guest.put("acme/app", &digest(&about), &about).status, 201);
    }
    let nothing = format!("/v2/acme/app/blobs/{}", digest(b"{}"));
    fails(&guest.ask("DELETE", &nothing), 405, "UNSUPPORTED");
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    let all = referrers(&guest, "acme/app", &of, "");
    assert_eq!(all.len(), 13);
    let digests: Vec<&str> = all
        .iter()
        .map(|it| it["digest"].as_str().unwrap())
        .collect();
    assert!(digests.is_sorted());
    for (at, last) in digests.iter().enumerate() {
        let rest = referrers(&guest, "acme/app", &of, &format!("?last={last}"));
        assert_eq!(rest, all[at + 1..]);
    }
    let kind = "?artifactType=application/vnd.oci.image.config.v1%2Bjson";
    assert_eq!(referrers(&guest, "acme/app", &of, kind).len(), 12);
    said(&guest, "acme/app", &of);
    say(&house, &alice, unyank("1.0.0"));
    assert_eq!(referrers(&guest, "acme/app", &of, "").len(), 12);
    assert_eq!(guest.get(&nothing).body, b"{}");
}

#[test]
fn releases_of_one_manifest_are_yanked_each_by_itself() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    let of = digest(&manifest);
    let by_512 = Algorithm::Sha512.of(&manifest);
    for reference in ["1.0.0", "1.1.0", &format!("{by_512}?tag=1.2.0")] {
        let answer = guest.put("acme/app", reference, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let warning = |reference: &str| {
        let answer = guest.get(&format!("/v2/acme/app/manifests/{reference}"));
        assert_eq!((answer.status, &answer.body), (200, &manifest));
        answer.header("warning").map(str::to_owned)
    };
    let versions = |of: &str| -> Vec<Value> {
        let entries = referrers(&guest, "acme/app", of, "");
        let mut versions: Vec<Value> = entries
            .iter()
            .map(|it| {
                let path = format!("/v2/acme/app/manifests/{}", it["digest"].as_str().unwrap());
                assert_eq!(guest.get(&path).json::<Value>()["subject"]["digest"], of);
                it["annotations"]["vnd.tenon.yank.version"].clone()
            })
            .collect();
        versions.sort_by_key(ToString::to_string);
        versions
    };
    say(&house, &alice, yank("1.1.0", YankReason::Broken));
    let said = "299 - \"acme:app 1.1.0 was yanked: broken\"".to_owned();
    assert_eq!(warning("1.0.0"), None);
    assert_eq!(warning("1.1.0"), Some(said.clone()));
    // By the digest nobody knows which is meant.
    assert_eq!(warning(&of), Some(said));
    assert_eq!(versions(&of), ["1.1.0"]);
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    say(&house, &alice, yank("1.2.0", YankReason::Broken));
    for of in [&of, &by_512] {
        assert_eq!(versions(of), ["1.0.0", "1.1.0", "1.2.0"], "{of}");
    }
}

#[test]
fn what_says_that_releases_are_yanked_is_made_again_by_a_rebuild_and_no_check_minds_it() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let native = publish(&house, &alice, "1.0.0", 1);
    let pushed = prepare(&guest, "acme/app", &component(2), CREATED);
    assert_eq!(guest.put("acme/app", "1.1.0", &pushed).status, 201);
    let others: Vec<String> = (3..23).map(|number| format!("0.{number}.0")).collect();
    let others: Vec<Vec<u8>> = others
        .iter()
        .zip(3..)
        .map(|(version, number)| {
            let manifest = publish(&house, &alice, version, number);
            say(&house, &alice, yank(version, YankReason::Superseded));
            manifest
        })
        .collect();
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    say(&house, &alice, yank("1.1.0", YankReason::Other));
    let all = || others.iter().chain([&native, &pushed]);
    let before: Vec<Vec<u8>> = all()
        .map(|manifest| said(&guest, "acme/app", &digest(manifest)).1.body)
        .collect();
    let temp = house.leave();
    let data = temp.path().join("data");
    let fsck = command(&data, &["fsck"]);
    command(&data, &["gc", "--min-age", "0"]);
    let house = House::at(temp);
    let guest = guest.at(&house);
    // By their digests, before anyone lists them.
    for bytes in &before {
        let path = format!("/v2/acme/app/manifests/{}", digest(bytes));
        assert_eq!(guest.get(&path).body, *bytes);
    }
    let temp = house.leave();
    command(&data, &["rebuild"]);
    assert_eq!(command(&data, &["fsck"]), fsck);
    let house = House::at(temp);
    let guest = guest.at(&house);
    for bytes in &before {
        let path = format!("/v2/acme/app/manifests/{}", digest(bytes));
        assert_eq!(guest.get(&path).body, *bytes);
    }
    let after: Vec<Vec<u8>> = all()
        .map(|manifest| said(&guest, "acme/app", &digest(manifest)).1.body)
        .collect();
    assert_eq!(after, before);
    // Where the old database is lost, so are manifests that were pushed; those that are made again are the same.
    let temp = house.leave();
    std::fs::remove_file(data.join("registry.sqlite")).unwrap();
    command(&data, &["rebuild"]);
    let house = House::at(temp);
    let nobody = Guest::nobody(&house);
    for (bytes, manifest) in before.iter().zip(others.iter().chain([&native])) {
        let path = format!("/v2/acme/app/manifests/{}", digest(bytes));
        assert_eq!(nobody.get(&path).body, *bytes);
        assert_eq!(said(&nobody, "acme/app", &digest(manifest)).1.body, *bytes);
    }
}

#[test]
fn s41_on_a_full_disk_it_is_said_of_releases_that_nobody_asked_for_yet() {
    let house = House::new();
    let alice = granted(&house);
    let bytes = component(1);
    upload(&house, &bytes);
    let act = release("1.0.0", &bytes, ContentKind::Component);
    say(&house, &alice, act);
    say(&house, &alice, yank("1.0.0", YankReason::Broken));
    let house = House::open(house.leave(), |config| {
        config.limits.disk_reserve_bytes = u64::MAX / 4
    });
    let nobody = Guest::nobody(&house);
    let answer = nobody.get("/v2/acme/app/manifests/1.0.0");
    assert_eq!(answer.header("warning"), Some(WARNING));
    let (entry, _) = said(&nobody, "acme/app", &digest(&answer.body));
    // Nor is anything of it kept.
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    let kept = "SELECT count(*) FROM oci_release";
    let kept: i64 = database.query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 0, "{entry}");
}

#[test]
fn s28_what_is_private_is_said_to_be_yanked_to_those_who_may_read_it() {
    let house = House::with(|config| config.private = true);
    let bob = private_granted(&house);
    let full = house.full_token();
    let bytes = component(1);
    let path = format!("/private{}", Paths::upload(&Digest::of(&bytes)));
    let answer = house.client().token(&full).ask_with("PUT", &path, &bytes);
    assert_eq!(answer.status, 201);
    let first = bob.release("app", FIRST, "1.0.0", &bytes);
    post_private(&house, &first);
    post_private(&house, &bob.yank("app", after(&first), "1.0.0"));
    let reader = house.token(&[Action::Read], &["secret:*"]);
    let reader = Guest::with(&house, &format!("Bearer {reader}"));
    let name = "private/secret/app";
    let manifest = reader.get(&format!("/v2/{name}/manifests/1.0.0"));
    assert!(manifest.header("warning").unwrap().contains("yanked"));
    let of = digest(&manifest.body);
    let (entry, _) = said(&reader, name, &of);
    assert_eq!(entry["annotations"]["vnd.tenon.yank.package"], "secret:app");
    let other = house.token(&[Action::Read], &["acme:*"]);
    let other = Guest::with(&house, &format!("Bearer {other}"));
    for path in [
        format!("/v2/{name}/referrers/{of}"),
        format!("/v2/{name}/manifests/{}", entry["digest"].as_str().unwrap()),
        format!("/v2/{name}/blobs/{}", digest(b"{}")),
    ] {
        assert_eq!(reader.get(&path).status, 200, "{path}");
        fails(&other.get(&path), 404, "NAME_UNKNOWN");
        fails(&Guest::nobody(&house).get(&path), 401, "UNAUTHORIZED");
    }
    // Nothing of it is in the public log.
    let public = Guest::new(&house);
    assert_eq!(referrers(&public, "secret/app", &of, ""), [Value::Null; 0]);
}

#[test]
fn the_manifest_of_a_yanked_release_is_warned_of_however_it_is_asked_for() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    let reference = format!("{}?tag=1.0.0&tag=edge", digest(&manifest));
    assert_eq!(guest.put("acme/app", &reference, &manifest).status, 201);
    let by_512 = Algorithm::Sha512.of(&manifest);
    let answer = guest.put("acme/app", &format!("{by_512}?tag=other"), &manifest);
    assert_eq!(answer.status, 201);
    // The same content by a manifest of its own is none of the release's.
    let beside = prepare(&guest, "acme/app", &component(1), "2026-09-02T10:00:00Z");
    assert_eq!(guest.put("acme/app", "beside", &beside).status, 201);
    let latest = guest.get("/v2/acme/app/manifests/latest");
    assert_eq!((latest.status, latest.header("warning")), (200, None));
    let references = ["1.0.0", "edge", "other", &digest(&manifest), &by_512];
    for expected in [None, Some(WARNING), None] {
        for reference in references {
            for method in ["GET", "HEAD"] {
                let answer = guest.ask(method, &format!("/v2/acme/app/manifests/{reference}"));
                assert_eq!(
                    (answer.status, answer.header("warning")),
                    (200, expected),
                    "{method} {reference}"
                );
            }
        }
        let answer = guest.get("/v2/acme/app/manifests/beside");
        assert_eq!((answer.status, answer.header("warning")), (200, None));
        match expected {
            None => say(&house, &alice, yank("1.0.0", YankReason::Broken)),
            Some(_) => say(&house, &alice, unyank("1.0.0")),
        };
    }
    fails(
        &guest.get("/v2/acme/app/manifests/latest"),
        404,
        "MANIFEST_UNKNOWN",
    );
}

#[test]
fn end_7_a_release_that_is_pushed_by_another_digest_can_be_pulled_by_that_too() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    for (number, version, first, second) in [
        (1, "1.0.0", Algorithm::Sha256, Algorithm::Sha512),
        (2, "1.1.0", Algorithm::Sha512, Algorithm::Sha256),
    ] {
        let manifest = prepare(&guest, "acme/app", &component(number), CREATED);
        for algorithm in [first, second, first, second] {
            let by = algorithm.of(&manifest);
            let answer = guest.put("acme/app", &format!("{by}?tag={version}"), &manifest);
            assert_eq!(answer.status, 201, "{}", answer.text());
            let place = answer.header("location").unwrap();
            let answer = guest.get(place);
            assert_eq!((answer.status, &answer.body), (200, &manifest), "{place}");
            assert_eq!(answer.header("docker-content-digest"), Some(by.as_str()));
        }
        // By the tag alone it is what the release is.
        let answer = guest.put("acme/app", version, &manifest);
        let by = first.of(&manifest);
        assert_eq!(answer.header("docker-content-digest"), Some(by.as_str()));
    }
}

#[test]
fn what_others_say_of_a_release_that_was_taken_down_can_be_pulled_or_is_not_there() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let bytes = component(1);
    let manifest = prepare(&guest, "acme/app", &bytes, CREATED);
    let by_512 = Algorithm::Sha512.of(&manifest);
    for reference in ["1.0.0", &format!("{by_512}?tag=edge")] {
        let answer = guest.put("acme/app", reference, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    say(&house, &alice, yank("1.0.0", YankReason::Security));
    let of = digest(&manifest);
    let (entry, _) = said(&guest, "acme/app", &of);
    let yanked = entry["digest"].as_str().unwrap().to_owned();
    // A signature, an index, and what carries the content itself: by either digest, and as the release did.
    guest.push("acme/app", b"signature");
    let upload = format!(
        "/v2/acme/app/blobs/uploads/?digest={}",
        Algorithm::Sha512.of(&bytes)
    );
    assert_eq!(guest.send("POST", &upload, &[], &bytes).status, 201);
    let signature = image(&[b"signature"], Some(&manifest));
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX, "artifactType": "application/x.index",
        "manifests": [descriptor(IMAGE, &manifest)], "subject": descriptor(IMAGE, &manifest),
    });
    let index = serde_json::to_vec(&index).unwrap();
    let copy = image(&[b"signature", &bytes], Some(&manifest));
    let text = String::from_utf8(copy.clone()).unwrap();
    let other_copy = text.replace(&digest(&bytes), &Algorithm::Sha512.of(&bytes));
    let twin = prepare(&guest, "acme/app", &bytes, "2026-09-02T10:00:00Z");
    let gone = [copy, other_copy.into_bytes(), twin];
    for about in gone.iter().chain([&signature, &index]) {
        let tag = format!("{}?tag=of-{}", digest(about), &digest(about)[7..]);
        let answer = guest.put("acme/app", &tag, about);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    assert_eq!(referrers(&guest, "acme/app", &of, "").len(), 5);
    let temp = house.leave();
    let data = temp.path().join("data");
    command(
        &data,
        &["takedown", "acme:app", "1.0.0", "--reason", "malware"],
    );
    let house = House::at(temp);
    let guest = guest.at(&house);
    let entries = referrers(&guest, "acme/app", &of, "");
    let mut expected = [digest(&signature), digest(&index)];
    expected.sort();
    let digests: Vec<&Value> = entries.iter().map(|it| &it["digest"]).collect();
    assert_eq!(digests, expected.each_ref());
    assert_eq!(referrers(&guest, "acme/app", &by_512, ""), [Value::Null; 0]);
    // What is listed is there with all its content, but for what an index lists.
    for about in [&signature, &index] {
        let path = format!("/v2/acme/app/manifests/{}", digest(about));
        assert_eq!(guest.get(&path).body, *about);
    }
    for blob in [b"{}".as_slice(), b"signature"] {
        assert_eq!(
            guest
                .get(&format!("/v2/acme/app/blobs/{}", digest(blob)))
                .body,
            blob
        );
    }
    let mut references = vec!["1.0.0".to_owned(), "edge".to_owned(), of, by_512, yanked];
    for manifest in &gone {
        references.push(digest(manifest));
        references.push(format!("of-{}", &digest(manifest)[7..]));
    }
    for reference in references {
        let path = format!("/v2/acme/app/manifests/{reference}");
        fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
    }
    let page: Value = guest.get("/v2/acme/app/tags/list").json();
    let mut tags = [&signature, &index].map(|about| format!("of-{}", &digest(about)[7..]));
    tags.sort();
    assert_eq!(page["tags"], json!(tags));
    // What others said stays until they remove it, and can be said anew.
    let path = format!("/v2/acme/app/manifests/{}", digest(&index));
    assert_eq!(guest.ask("DELETE", &path).status, 202);
    let again = guest.put("acme/app", &digest(&gone[0]), &gone[0]);
    fails(&again, 400, "MANIFEST_BLOB_UNKNOWN");
    let temp = house.leave();
    command(&data, &["fsck"]);
    command(&data, &["gc", "--min-age", "0"]);
    drop(temp);
}
