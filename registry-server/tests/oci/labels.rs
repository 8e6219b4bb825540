//! Tags of packages: versions with build metadata, `latest`, several at once, by either digest; and what
//! refers to releases.

use crate::guest::{Algorithm, Guest, IMAGE, descriptor, digest, fails, image};
use crate::house::House;
use crate::publisher::{after, component, post};
use crate::releases::{granted, prepare};
use serde_json::{Value, json};
use tenon_registry_client::record::Subject;

const CREATED: &str = "2026-09-01T10:00:00Z";

fn tags(guest: &Guest, name: &str) -> Vec<String> {
    let page: Value = guest.get(&format!("/v2/{name}/tags/list")).json();
    serde_json::from_value(page["tags"].clone()).unwrap()
}

fn said_tags(answer: &crate::client::Answer) -> Vec<&str> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let lines = lines.filter(|(name, _)| name.eq_ignore_ascii_case("oci-tag"));
    lines.map(|(_, tag)| tag).collect()
}

#[test]
fn end_7b_ten_tags_and_more_are_given_at_once_and_each_is_said_back() {
    let house = House::new();
    let guest = Guest::new(&house);
    for name in ["one", "conformance/repo1", "a/b/c"] {
        guest.push(name, b"{}");
        let manifest = image(&[], None);
        for algorithm in Algorithm::ALL {
            let tags: Vec<String> = (10..30).map(|tag| format!("{algorithm:?}-{tag}")).collect();
            let query: Vec<String> = tags.iter().map(|tag| format!("tag={tag}")).collect();
            let by_digest = algorithm.of(&manifest);
            let reference = format!("{by_digest}?{}", query.join("&"));
            let answer = guest.put(name, &reference, &manifest);
            assert_eq!(answer.status, 201, "{}", answer.text());
            assert_eq!(said_tags(&answer), tags);
            for tag in &tags {
                let answer = guest.get(&format!("/v2/{name}/manifests/{tag}"));
                assert_eq!(answer.body, manifest);
                let said = answer.header("docker-content-digest");
                assert_eq!(said, Some(by_digest.as_str()));
            }
        }
        assert_eq!(tags(&guest, name).len(), 40);
    }
}

#[test]
fn end_7b_of_several_tags_all_are_given_or_none() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let first = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &first).status, 201);
    let second = prepare(&guest, "acme/app", &component(2), CREATED);
    let size = house.log_size();
    let push = |manifest: &[u8], query: &str| {
        let reference = format!("{}?{query}", digest(manifest));
        guest.put("acme/app", &reference, manifest)
    };
    for (query, status, code) in [
        // What is no tag, a version that is taken, two releases, and what is not the highest of them.
        ("tag=edge&tag=1.1.0&tag=-a", 400, "MANIFEST_INVALID"),
        ("tag=edge&tag=1.1.0&tag=1.0.0", 409, "DENIED"),
        ("tag=edge&tag=1.1.0&tag=1.0.0_twin", 409, "DENIED"),
        ("tag=1.1.0&tag=1.2.0&tag=edge", 400, "UNSUPPORTED"),
        ("tag=edge&tag=0.9.0&tag=latest", 409, "DENIED"),
        ("tag=edge&tag=latest", 409, "DENIED"),
        ("tag=edge&tag=2.0.0-rc.1&tag=latest", 409, "DENIED"),
    ] {
        fails(&push(&second, query), status, code);
        assert_eq!(tags(&guest, "acme/app"), ["1.0.0"], "{query}");
        assert_eq!(house.log_size(), size, "{query}");
    }
    // A release with whatever else leads to it, in any order.
    let answer = push(&second, "tag=latest&tag=edge&tag=1.1.0&tag=1.1&tag=1.1.0");
    assert_eq!(answer.status, 201, "{}", answer.text());
    let given = ["latest", "edge", "1.1.0", "1.1"];
    assert_eq!(said_tags(&answer), given);
    for tag in given {
        let answer = guest.get(&format!("/v2/acme/app/manifests/{tag}"));
        assert_eq!(answer.body, second, "{tag}");
    }
    assert_eq!(tags(&guest, "acme/app"), ["1.0.0", "1.1", "1.1.0", "edge"]);
}

#[test]
fn end_7b_where_there_is_no_room_for_all_tags_none_is_given() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let old = guest.push_image("acme/app", "old", b"layer");
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    // All but one of the most that a repository may have.
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99998)
                INSERT INTO oci_tag SELECT repository, 't' || i, digest FROM n, oci_tag";
    assert_eq!(database.execute(many, []).unwrap(), 99_998);
    let size = house.log_size();
    for query in ["tag=a&tag=b", "tag=a&tag=t1&tag=b", "tag=1.0.0&tag=a&tag=b"] {
        let reference = format!("{}?{query}", digest(&manifest));
        fails(&guest.put("acme/app", &reference, &manifest), 403, "DENIED");
        for tag in ["a", "b", "1.0.0"] {
            let answer = guest.get(&format!("/v2/acme/app/manifests/{tag}"));
            assert_eq!(answer.status, 404, "{query}");
        }
        assert_eq!(guest.get("/v2/acme/app/manifests/t1").body, old);
        assert_eq!(house.log_size(), size);
    }
    // One more, and those that there are, can be given; a release takes no room.
    for query in ["tag=a&tag=t1&tag=1.0.0", "tag=t2&tag=a", "tag=1.0.0"] {
        let reference = format!("{}?{query}", digest(&manifest));
        let answer = guest.put("acme/app", &reference, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    fails(&guest.put("acme/app", "c", &manifest), 403, "DENIED");
}

#[test]
fn a_push_is_repeated_by_whichever_digest_and_nothing_is_logged_for_it() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    let by_512 = Algorithm::Sha512.of(&manifest);
    let first = guest.put("acme/app", &format!("{by_512}?tag=1.0.0"), &manifest);
    assert_eq!(first.status, 201, "{}", first.text());
    let size = house.log_size();
    for reference in [
        "1.0.0".to_owned(),
        "latest".to_owned(),
        format!("{by_512}?tag=1.0.0&tag=latest"),
        format!("{}?tag=1.0.0", digest(&manifest)),
    ] {
        // Content comes again, too, as clients that do not look first send it.
        prepare(&guest, "acme/app", &component(1), CREATED);
        let again = guest.put("acme/app", &reference, &manifest);
        assert_eq!((again.status, house.log_size()), (201, size), "{reference}");
    }
    let answer = guest.get("/v2/acme/app/manifests/1.0.0");
    assert_eq!(answer.body, manifest);
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(by_512.as_str())
    );
}

#[test]
fn build_metadata_is_behind_a_plus_in_versions_and_behind_an_underscore_in_tags() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    for (number, reference, tag, version) in [
        (
            1,
            "1.0.0+linux.x86-64",
            "1.0.0_linux.x86-64",
            "1.0.0+linux.x86-64",
        ),
        (2, "1.1.0%2Blinux", "1.1.0_linux", "1.1.0+linux"),
        (3, "1.2.0_linux", "1.2.0_linux", "1.2.0+linux"),
    ] {
        let manifest = prepare(&guest, "acme/app", &component(number), CREATED);
        let answer = guest.put("acme/app", reference, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(said_tags(&answer), [tag]);
        for spelling in [tag, version] {
            let path = format!("/v2/acme/app/manifests/{spelling}");
            assert_eq!(guest.get(&path).body, manifest);
            fails(&guest.ask("DELETE", &path), 405, "UNSUPPORTED");
        }
        let package: Value = house.get("/api/v1/packages/acme/app").json();
        let releases = package["releases"].as_array().unwrap();
        assert!(releases.iter().any(|it| it["version"] == version));
    }
    let expected = ["1.0.0_linux.x86-64", "1.1.0_linux", "1.2.0_linux"];
    assert_eq!(tags(&guest, "acme/app"), expected);
}

#[test]
fn latest_is_the_highest_release_and_listed_where_it_is_a_tag_of_its_own() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    // Where nothing is released, it is a tag like any other.
    let own = prepare(&guest, "acme/app", &component(1), CREATED);
    for name in ["acme/app", "acme/app/deep", "one"] {
        prepare(&guest, name, &component(1), CREATED);
        assert_eq!(guest.put(name, "latest", &own).status, 201);
        assert_eq!(tags(&guest, name), ["latest"]);
        assert_eq!(
            guest
                .ask("DELETE", &format!("/v2/{name}/manifests/latest"))
                .status,
            202
        );
    }
    // Clients that look for versions complain of what is none: so what stands for one is not listed.
    for (number, version) in [(2, "2.0.0-rc.1"), (3, "1.0.0"), (4, "0.9.0")] {
        let manifest = prepare(&guest, "acme/app", &component(number), CREATED);
        assert_eq!(guest.put("acme/app", version, &manifest).status, 201);
    }
    assert_eq!(tags(&guest, "acme/app"), ["0.9.0", "1.0.0", "2.0.0-rc.1"]);
    let latest = guest.get("/v2/acme/app/manifests/latest");
    assert_eq!(latest.body, guest.get("/v2/acme/app/manifests/1.0.0").body);
    fails(&guest.put("acme/app", "latest", &own), 409, "DENIED");
}

#[test]
fn elsewhere_than_in_packages_versions_are_tags_like_others() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    for name in ["one", "acme/app/deep", "acme/a_b", "a/b/c/d/e"] {
        for layer in [b"first", b"other"] {
            let manifest = guest.push_image(name, "1.0.0", layer);
            let answer = guest.get(&format!("/v2/{name}/manifests/1.0.0"));
            assert_eq!(answer.body, manifest);
        }
        let path = format!("/v2/{name}/manifests/1.0.0");
        assert_eq!(guest.ask("DELETE", &path).status, 202);
        fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
    }
}

#[test]
fn end_12_a_release_with_a_subject_is_listed_and_so_is_what_refers_to_a_release() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let subject = guest.push_image("acme/app", "about", b"layer");
    let plain = prepare(&guest, "acme/app", &component(1), CREATED);
    let mut manifest: Value = serde_json::from_slice(&plain).unwrap();
    manifest["subject"] = descriptor(IMAGE, &subject);
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let size = house.log_size();
    for _ in 0..2 {
        let answer = guest.put("acme/app", "1.0.0", &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let of = digest(&subject);
        assert_eq!(answer.header("oci-subject"), Some(of.as_str()));
    }
    let records = guest_records(&house);
    assert!(house.log_size() > size && records == 1);
    let list = |of: &[u8]| -> Vec<Value> {
        let answer = guest.get(&format!("/v2/acme/app/referrers/{}", digest(of)));
        let index: Value = answer.json();
        index["manifests"].as_array().unwrap().clone()
    };
    let expected = json!([{
        "mediaType": IMAGE, "digest": digest(&manifest), "size": manifest.len(),
        "artifactType": "application/vnd.wasm.config.v0+json",
        "annotations": { "org.opencontainers.image.version": "whatever" },
    }]);
    assert_eq!(json!(list(&subject)), expected);
    // It stays as any release does.
    let path = format!("/v2/acme/app/manifests/{}", digest(&manifest));
    fails(&guest.ask("DELETE", &path), 405, "UNSUPPORTED");
    // What refers to it in turn, such as a bill of materials and a signature.
    guest.push("acme/app", b"{}");
    for kind in ["application/vnd.cyclonedx+json", "application/x.signature"] {
        let mut about: Value = serde_json::from_slice(&image(&[], Some(&manifest))).unwrap();
        about["artifactType"] = json!(kind);
        let about = serde_json::to_vec(&about).unwrap();
        assert_eq!(guest.put("acme/app", &digest(&about), &about).status, 201);
    }
    let kinds: Vec<Value> = list(&manifest)
        .iter()
        .map(|one| one["artifactType"].clone())
        .collect();
    assert!(kinds.contains(&json!("application/x.signature")) && kinds.len() == 2);
}

/// How many records `acme:app` has.
fn guest_records(house: &House) -> usize {
    let subject = Subject::Package("acme:app".parse().unwrap());
    house.app.public().log().chain(&subject).unwrap().len()
}

#[test]
fn a_pushed_version_that_is_yanked_is_not_listed_and_pulled_with_a_warning() {
    let house = House::new();
    let alice = granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &manifest).status, 201);
    let subject = Subject::Package("acme:app".parse().unwrap());
    let chain = house.app.public().log().chain(&subject).unwrap();
    let yank = alice.yank("app", after(chain.last().unwrap()), "1.0.0");
    assert_eq!(post(&house, &yank).status, 201);
    assert_eq!(tags(&guest, "acme/app"), [""; 0]);
    fails(
        &guest.get("/v2/acme/app/manifests/latest"),
        404,
        "MANIFEST_UNKNOWN",
    );
    for reference in ["1.0.0", digest(&manifest).as_str()] {
        for method in ["GET", "HEAD"] {
            let path = format!("/v2/acme/app/manifests/{reference}");
            let answer = guest.ask(method, &path);
            assert_eq!(answer.status, 200);
            // The code, no agent, the text, and no date.
            let warning = answer.header("warning").unwrap();
            assert_eq!(warning, "299 - \"acme:app 1.0.0 was yanked: broken\"");
            assert!(warning.len() <= 4096);
        }
        assert_eq!(
            guest
                .get(&format!("/v2/acme/app/manifests/{reference}"))
                .body,
            manifest
        );
    }
    // Pushed again, it is what it was.
    let size = house.log_size();
    let again = guest.put("acme/app", "1.0.0", &manifest);
    assert_eq!((again.status, house.log_size()), (201, size));
    // Though there is none to choose, `latest` is no tag like any other again.
    let own = guest.push_image("acme/app", "edge", b"layer");
    fails(&guest.put("acme/app", "latest", &own), 409, "DENIED");
    let latest = || guest.get("/v2/acme/app/manifests/latest").body;
    let next = prepare(&guest, "acme/app", &component(2), CREATED);
    let reference = format!("{}?tag=1.1.0&tag=latest", digest(&next));
    let answer = guest.put("acme/app", &reference, &next);
    assert_eq!(said_tags(&answer), ["1.1.0", "latest"]);
    assert_eq!(latest(), next);
    fails(&guest.put("acme/app", "latest", &own), 409, "DENIED");
}

#[test]
fn a_release_that_was_taken_down_is_no_referrer_and_not_there_by_another_tag() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let plain = prepare(&guest, "acme/app", &component(1), CREATED);
    let mut manifest: Value = serde_json::from_slice(&plain).unwrap();
    manifest["subject"] = descriptor(IMAGE, b"absent");
    let manifest = serde_json::to_vec(&manifest).unwrap();
    let reference = format!("{}?tag=1.0.0&tag=edge", digest(&manifest));
    assert_eq!(guest.put("acme/app", &reference, &manifest).status, 201);
    let referrers = format!("/v2/acme/app/referrers/{}", digest(b"absent"));
    let listed = |guest: &Guest| {
        let index: Value = guest.get(&referrers).json();
        index["manifests"].as_array().unwrap().len()
    };
    assert_eq!(listed(&guest), 1);
    let temp = house.leave();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .args([
            "takedown", "acme:app", "1.0.0", "--reason", "legal", "--data",
        ])
        .arg(temp.path().join("data"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let house = House::at(temp);
    let guest = guest.at(&house);
    assert_eq!(listed(&guest), 0);
    assert_eq!(tags(&guest, "acme/app"), [""; 0]);
    for reference in ["1.0.0", "edge", &digest(&manifest)] {
        let path = format!("/v2/acme/app/manifests/{reference}");
        fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
    }
}
