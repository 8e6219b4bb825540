//! Pushing manifests, and deleting them, their tags, and content.

use crate::guest::{Guest, IMAGE, INDEX, SHA512_OF_ABC, descriptor, digest, fails, image};
use crate::house::House;
use serde_json::json;

#[test]
fn end_7_a_manifest_is_pushed_by_tag_and_its_location_is_by_digest() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    guest.push("repo", b"layer");
    let manifest = image(&[b"layer"], None);
    let answer = guest.put("repo", "v1", &manifest);
    let digest = digest(&manifest);
    assert_eq!(answer.status, 201);
    let location = format!("/v2/repo/manifests/{digest}");
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(digest.as_str())
    );
    assert_eq!(answer.header("oci-subject"), None);
    assert_eq!(guest.get(&location).body, manifest);
    // A tag can lead to another one; the first stays.
    let other = guest.push_image("repo", "v1", b"other");
    assert_eq!(guest.get("/v2/repo/manifests/v1").body, other);
    assert_eq!(guest.get(&location).body, manifest);
}

#[test]
fn end_7_a_manifest_is_pushed_by_digest_with_any_number_of_tags() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    guest.push("repo", b"layer");
    let manifest = image(&[b"layer"], None);
    let by_digest = digest(&manifest);
    assert_eq!(guest.put("repo", &by_digest, &manifest).status, 201);
    assert_eq!(
        guest.get(&format!("/v2/repo/manifests/{by_digest}")).status,
        200
    );
    let answer = guest.put("repo", &format!("{by_digest}?tag=a&tag=b"), &manifest);
    assert_eq!(answer.status, 201);
    let tags = answer
        .head
        .lines()
        .filter(|line| line.to_lowercase().starts_with("oci-tag:"));
    assert_eq!(tags.count(), 2);
    for tag in ["a", "b"] {
        assert_eq!(
            guest.get(&format!("/v2/repo/manifests/{tag}")).body,
            manifest
        );
    }
    let wrong = guest.put("repo", &digest(b"other"), &manifest);
    fails(&wrong, 400, "DIGEST_INVALID");
    fails(
        &guest.put("repo", "sha256:abc", &manifest),
        400,
        "DIGEST_INVALID",
    );
    let many: Vec<String> = (0..65).map(|tag| format!("tag=t{tag}")).collect();
    let answer = guest.put(
        "repo",
        &format!("{by_digest}?{}", many.join("&")),
        &manifest,
    );
    assert_eq!(answer.status, 414);
}

#[test]
fn end_7_a_manifest_may_be_named_by_sha512_and_so_may_what_it_names() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let location = guest.begin("repo");
    guest.send(
        "PUT",
        &format!("{location}?digest={SHA512_OF_ABC}"),
        &[],
        b"abc",
    );
    let mut manifest: serde_json::Value = serde_json::from_slice(&image(&[], None)).unwrap();
    manifest["layers"] = json!([{
        "mediaType": "text/plain", "digest": SHA512_OF_ABC, "size": 3,
    }]);
    let manifest = serde_json::to_vec(&manifest).unwrap();
    assert_eq!(guest.put("repo", "v1", &manifest).status, 201);
    // What it is called is asked of someone who knows: a wrong one says which is right.
    let zeros = format!("sha512:{}", "0".repeat(128));
    let message = fails(&guest.put("repo", &zeros, &manifest), 400, "DIGEST_INVALID");
    let right = message.split('`').nth(1).unwrap();
    assert!(right.starts_with("sha512:"));
    let put = guest.put("repo", &format!("{right}?tag=v2"), &manifest);
    assert_eq!(
        (put.status, put.header("docker-content-digest")),
        (201, Some(right))
    );
    for reference in [right, "v2"] {
        let answer = guest.get(&format!("/v2/repo/manifests/{reference}"));
        assert_eq!(answer.body, manifest);
        assert_eq!(answer.header("docker-content-digest"), Some(right));
    }
    let by_tag = guest.get("/v2/repo/manifests/v1");
    assert_eq!(
        by_tag.header("docker-content-digest"),
        Some(digest(&manifest).as_str())
    );
}

#[test]
fn end_7_content_that_is_missing_is_manifest_blob_unknown() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("elsewhere", b"{}");
    guest.push("elsewhere", b"layer");
    let manifest = image(&[b"layer"], None);
    fails(
        &guest.put("repo", "v1", &manifest),
        400,
        "MANIFEST_BLOB_UNKNOWN",
    );
    guest.push("repo", b"{}");
    let message = fails(
        &guest.put("repo", "v1", &manifest),
        400,
        "MANIFEST_BLOB_UNKNOWN",
    );
    assert!(message.contains(&digest(b"layer")), "{message}");
    assert_eq!(guest.get("/v2/repo/manifests/v1").status, 404);
    guest.push("repo", b"layer");
    assert_eq!(guest.put("repo", "v1", &manifest).status, 201);
    // What may not be given on is elsewhere.
    let mut foreign: serde_json::Value = serde_json::from_slice(&image(&[], None)).unwrap();
    let kind = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    foreign["layers"] = json!([descriptor(kind, b"absent")]);
    let foreign = serde_json::to_vec(&foreign).unwrap();
    assert_eq!(guest.put("repo", "v2", &foreign).status, 201);
}

#[test]
fn end_7_an_index_may_list_what_is_not_there() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [descriptor(IMAGE, &manifest), descriptor(IMAGE, b"absent")],
    });
    let index = serde_json::to_vec(&index).unwrap();
    assert_eq!(guest.put("repo", "all", &index).status, 201);
    let answer = guest.get("/v2/repo/manifests/all");
    assert_eq!((answer.body, answer.head.contains(INDEX)), (index, true));
}

#[test]
fn end_7_a_subject_may_be_missing_and_is_said_back() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let manifest = image(&[], Some(b"absent"));
    let answer = guest.put("repo", &digest(&manifest), &manifest);
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.header("oci-subject"),
        Some(digest(b"absent").as_str())
    );
}

#[test]
fn end_7_what_is_no_manifest_is_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let good = image(&[], None);
    let text = String::from_utf8(good.clone()).unwrap();
    let both = text.replace("\"layers\": []", "\"layers\": [], \"manifests\": []");
    for wrong in [
        "",
        "[]",
        "{",
        "{}",
        &text.replace("\"schemaVersion\": 2", "\"schemaVersion\": 1"),
        &text.replace("sha256:", "sha256:x"),
        &text.replace("\"size\": 2", "\"size\": -2"),
        &text.replace("\"layers\": []", "\"a\": 1"),
        &both,
        &format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        let answer = guest.put("repo", "v1", wrong.as_bytes());
        fails(&answer, 400, "MANIFEST_INVALID");
    }
    // Of two types.
    let header = format!("Content-Type: {INDEX}");
    let answer = guest.send("PUT", "/v2/repo/manifests/v1", &[&header], &good);
    fails(&answer, 400, "MANIFEST_INVALID");
    // Of a type that a browser would show, or that is none; in the head or in the manifest.
    for kind in [
        "text/html",
        "image/svg+xml",
        "application/",
        "application/a b",
        "json",
    ] {
        let own = format!("{{\"schemaVersion\":2,\"mediaType\":\"{kind}\"}}");
        let header = format!("Content-Type: {kind}");
        for headers in [&[header.as_str()][..], &[]] {
            let answer = guest.send("PUT", "/v2/repo/manifests/v1", headers, own.as_bytes());
            fails(&answer, 400, "MANIFEST_INVALID");
        }
    }
    for wrong in [".v1", "-v1", "a%20b", &"a".repeat(129)] {
        fails(&guest.put("repo", wrong, &good), 400, "MANIFEST_INVALID");
    }
    assert_eq!(guest.get("/v2/repo/manifests/v1").status, 404);
    // Parameters of the type are none of it.
    let header = format!("Content-Type: {IMAGE}; charset=utf-8");
    let answer = guest.send("PUT", "/v2/repo/manifests/v1", &[&header], &good);
    assert_eq!(answer.status, 201);
}

#[test]
fn end_7_a_manifest_has_up_to_4_mib() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let mut manifest: serde_json::Value = serde_json::from_slice(&image(&[], None)).unwrap();
    let shorter = serde_json::to_vec(&manifest).unwrap().len() + r#","annotations":{"a":""}"#.len();
    manifest["annotations"] = json!({ "a": "a".repeat((4 << 20) - shorter) });
    let whole = serde_json::to_vec(&manifest).unwrap();
    assert_eq!(whole.len(), 4 << 20);
    assert_eq!(guest.put("repo", "large", &whole).status, 201);
    assert_eq!(guest.get("/v2/repo/manifests/large").body, whole);
    let larger = [whole, b" ".to_vec()].concat();
    fails(&guest.put("repo", "larger", &larger), 413, "SIZE_INVALID");
}

#[test]
fn end_9_deleting_a_tag_keeps_the_manifest_and_the_other_way_around_not() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    guest.put("repo", "v2", &manifest);
    let by_digest = format!("/v2/repo/manifests/{}", digest(&manifest));
    assert_eq!(guest.ask("DELETE", "/v2/repo/manifests/v1").status, 202);
    fails(&guest.get("/v2/repo/manifests/v1"), 404, "MANIFEST_UNKNOWN");
    assert_eq!(guest.get("/v2/repo/manifests/v2").status, 200);
    assert_eq!(guest.get(&by_digest).status, 200);
    assert_eq!(guest.ask("DELETE", &by_digest).status, 202);
    for gone in [by_digest.as_str(), "/v2/repo/manifests/v2"] {
        fails(&guest.get(gone), 404, "MANIFEST_UNKNOWN");
        fails(&guest.ask("DELETE", gone), 404, "MANIFEST_UNKNOWN");
    }
    let tags: serde_json::Value = guest.get("/v2/repo/tags/list").json();
    assert_eq!(tags["tags"], json!([]));
    fails(
        &guest.ask("DELETE", "/v2/absent/manifests/v1"),
        404,
        "NAME_UNKNOWN",
    );
}

#[test]
fn end_10_a_blob_is_deleted_from_one_repository() {
    let house = House::new();
    let guest = Guest::new(&house);
    let (one, two) = (guest.push("one", b"content"), guest.push("two", b"content"));
    assert_eq!(
        guest.ask("DELETE", &format!("/v2/one/blobs/{one}")).status,
        202
    );
    fails(
        &guest.get(&format!("/v2/one/blobs/{one}")),
        404,
        "BLOB_UNKNOWN",
    );
    fails(
        &guest.ask("DELETE", &format!("/v2/one/blobs/{one}")),
        404,
        "BLOB_UNKNOWN",
    );
    assert_eq!(guest.get(&format!("/v2/two/blobs/{two}")).status, 200);
    fails(
        &guest.ask("DELETE", "/v2/one/blobs/sha256:abc"),
        400,
        "DIGEST_INVALID",
    );
}

#[test]
fn end_9_a_tag_is_deleted_at_once_and_its_manifest_stays() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let path = "/v2/repo/manifests/v1";
    assert_eq!(guest.ask("DELETE", path).status, 202);
    for method in ["GET", "HEAD", "DELETE"] {
        assert_eq!(guest.ask(method, path).status, 404, "{method}");
    }
    let by_digest = format!("/v2/repo/manifests/{}", digest(&manifest));
    assert_eq!(guest.get(&by_digest).status, 200);
}

#[test]
fn end_9_a_manifest_is_deleted_at_once_with_every_tag_of_it() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    guest.put("repo", "v2", &manifest);
    let other = guest.push_image("repo", "v3", b"other");
    let by_digest = digest(&manifest);
    let path = format!("/v2/repo/manifests/{by_digest}");
    assert_eq!(guest.ask("DELETE", &path).status, 202);
    for reference in ["v1", "v2", &by_digest] {
        let path = format!("/v2/repo/manifests/{reference}");
        fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
    }
    assert_eq!(guest.get("/v2/repo/manifests/v3").body, other);
}

#[test]
fn end_9_in_a_repository_that_is_not_there_nothing_is_deleted() {
    let house = House::new();
    let guest = Guest::new(&house);
    for reference in ["v1", &digest(b"absent")] {
        let answer = guest.ask("DELETE", &format!("/v2/absent/manifests/{reference}"));
        fails(&answer, 404, "NAME_UNKNOWN");
    }
}

#[test]
fn end_7_the_content_type_is_that_of_the_manifest() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let good = image(&[], None);
    let path = "/v2/repo/manifests/v1";
    let header = format!("Content-Type: {INDEX}");
    fails(
        &guest.send("PUT", path, &[&header], &good),
        400,
        "MANIFEST_INVALID",
    );
    // Without parameters, and without one it is what the manifest says itself.
    for headers in [
        &[&*format!("Content-Type: {IMAGE}; charset=utf-8")][..],
        &[&*format!("Content-Type: {IMAGE}")],
        &[],
    ] {
        assert_eq!(guest.send("PUT", path, headers, &good).status, 201);
        assert_eq!(guest.get(path).header("content-type"), Some(IMAGE));
    }
}
