//! Pulling: manifests and content, whole and in parts.

use crate::guest::{Guest, IMAGE, digest, fails};
use crate::house::House;

#[test]
fn end_1_base_answers_200_to_who_has_a_token_and_says_the_version() {
    let house = House::new();
    for path in ["/v2/", "/v2"] {
        let answer = Guest::new(&house).get(path);
        assert_eq!((answer.status, answer.text()), (200, "{}"));
        let version = answer.header("docker-distribution-api-version");
        assert_eq!(version, Some("registry/2.0"));
    }
}

#[test]
fn end_2_a_blob_is_got_with_its_digest_and_length() {
    let house = House::new();
    let guest = Guest::new(&house);
    let pushed = guest.push("some/repo", b"content");
    let path = format!("/v2/some/repo/blobs/{pushed}");
    let answer = Guest::nobody(&house).get(&path);
    assert_eq!((answer.status, answer.text()), (200, "content"));
    assert_eq!(
        answer.header("docker-content-digest"),
        Some(pushed.as_str())
    );
    assert_eq!(answer.header("content-length"), Some("7"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    let head = Guest::nobody(&house).ask("HEAD", &path);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("7"))
    );
    assert_eq!(head.header("docker-content-digest"), Some(pushed.as_str()));
    // Of clients that encode the colon.
    let encoded = Guest::nobody(&house).get(&path.replace(':', "%3A"));
    assert_eq!(encoded.status, 200);
}

#[test]
fn end_2_a_missing_blob_is_404_and_a_malformed_digest_400() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"content");
    for name in ["repo", "another"] {
        let path = format!("/v2/{name}/blobs/{}", digest(b"other"));
        fails(&guest.get(&path), 404, "BLOB_UNKNOWN");
        assert_eq!(guest.ask("HEAD", &path).status, 404);
    }
    for wrong in [
        "sha256:abc",
        "sha256:",
        "md5:900150983cd24fb0d6963f7d28e17f72",
        "abc",
    ] {
        let answer = guest.get(&format!("/v2/repo/blobs/{wrong}"));
        fails(&answer, 400, "DIGEST_INVALID");
    }
}

#[test]
fn end_2_ranges_are_clamped_and_those_outside_or_reversed_416() {
    let house = House::new();
    let guest = Guest::new(&house);
    let large: Vec<u8> = (0..300_000_u32).map(|byte| byte as u8).collect();
    let path = format!("/v2/repo/blobs/{}", guest.push("repo", &large));
    for (range, from, to) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-99", 10, 99),
        ("bytes=299990-", 299_990, 299_999),
        ("bytes=299990-999999", 299_990, 299_999),
        ("bytes=-10", 299_990, 299_999),
        ("bytes=-999999", 0, 299_999),
    ] {
        let answer = guest.send("GET", &path, &[&format!("Range: {range}")], b"");
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, large[from..=to], "{range}");
        let expected = format!("bytes {from}-{to}/300000");
        assert_eq!(answer.header("content-range"), Some(expected.as_str()));
    }
    for range in [
        "bytes=5-2",
        "bytes=300000-",
        "bytes=400000-500000",
        "bytes=-0",
    ] {
        let answer = guest.send("GET", &path, &[&format!("Range: {range}")], b"");
        assert_eq!(answer.status, 416, "{range}");
        assert_eq!(answer.header("content-range"), Some("bytes */300000"));
    }
    let several = guest.send("GET", &path, &["Range: bytes=0-1,5-6"], b"");
    assert_eq!((several.status, several.body.len()), (200, 300_000));
}

#[test]
fn end_3_a_manifest_is_got_by_tag_and_by_digest_byte_by_byte() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("some/repo/deep", "v1", b"layer");
    let by_digest = digest(&manifest);
    for reference in ["v1", by_digest.as_str()] {
        let path = format!("/v2/some/repo/deep/manifests/{reference}");
        let answer = Guest::nobody(&house).get(&path);
        assert_eq!((answer.status, &answer.body), (200, &manifest));
        assert_eq!(answer.header("content-type"), Some(IMAGE));
        assert_eq!(
            answer.header("docker-content-digest"),
            Some(by_digest.as_str())
        );
        let head = guest.ask("HEAD", &path);
        assert_eq!(head.status, 200);
        let length = manifest.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()));
        assert_eq!(
            head.header("docker-content-digest"),
            Some(by_digest.as_str())
        );
    }
}

#[test]
fn end_3_a_missing_manifest_is_404() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push_image("repo", "v1", b"layer");
    let absent = digest(b"absent");
    for reference in ["v2", ".INVALID_MANIFEST_NAME", absent.as_str()] {
        let path = format!("/v2/repo/manifests/{reference}");
        fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
        assert_eq!(guest.ask("HEAD", &path).status, 404);
    }
    fails(&guest.get("/v2/absent/manifests/v1"), 404, "NAME_UNKNOWN");
    fails(
        &guest.get("/v2/repo/manifests/sha256:abc"),
        400,
        "DIGEST_INVALID",
    );
}

#[test]
fn a_repository_has_only_what_was_pushed_to_it() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("one", "v1", b"layer");
    guest.push("other", b"something else");
    for path in [
        format!("/v2/other/blobs/{}", digest(b"layer")),
        format!("/v2/other/manifests/{}", digest(&manifest)),
        "/v2/other/manifests/v1".to_owned(),
    ] {
        assert_eq!(guest.get(&path).status, 404, "{path}");
    }
}

#[test]
fn end_3_head_of_a_manifest_says_its_type_length_and_digest() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let by_digest = digest(&manifest);
    for reference in ["v1", &by_digest] {
        let head = guest.ask("HEAD", &format!("/v2/repo/manifests/{reference}"));
        assert_eq!((head.status, head.body.len()), (200, 0));
        let length = manifest.len().to_string();
        assert_eq!(head.header("content-type"), Some(IMAGE));
        assert_eq!(head.header("content-length"), Some(&*length));
        assert_eq!(head.header("docker-content-digest"), Some(&*by_digest));
    }
    for absent in ["v2", &digest(b"absent")] {
        let head = guest.ask("HEAD", &format!("/v2/repo/manifests/{absent}"));
        assert_eq!((head.status, head.body.len()), (404, 0));
    }
}

#[test]
fn end_2_head_of_a_blob_says_its_length_and_digest_whatever_part_is_asked_for() {
    let house = House::new();
    let guest = Guest::new(&house);
    let pushed = guest.push("repo", b"content");
    let path = format!("/v2/repo/blobs/{pushed}");
    for headers in [&[][..], &["Range: bytes=2-3"], &["Range: bytes=99-"]] {
        let head = guest.send("HEAD", &path, headers, b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some("7"));
        assert_eq!(head.header("docker-content-digest"), Some(&*pushed));
    }
    let absent = format!("/v2/repo/blobs/{}", digest(b"absent"));
    let head = guest.ask("HEAD", &absent);
    assert_eq!((head.status, head.body.len()), (404, 0));
}
