//! What is refused says so in the form of the specification, with one of its codes, wherever in the registry it
//! is noticed; `guest::fails` holds the form.

use crate::guest::{Guest, digest, fails, image};
use crate::house::House;
use std::time::Duration;

fn path(rest: &str) -> String {
    format!("/v2/acme/repo/{rest}")
}

#[test]
fn errors_have_a_code_of_the_specification() {
    let house = House::with(|config| config.limits.content_bytes = 1_000_000);
    let guest = Guest::new(&house);
    guest.push_image("acme/repo", "v1", b"layer");
    let absent = digest(b"absent");
    for (method, rest, status, code) in [
        ("GET", "manifests/v2", 404, "MANIFEST_UNKNOWN"),
        ("DELETE", "manifests/v2", 404, "MANIFEST_UNKNOWN"),
        (
            "GET",
            "manifests/sha256:baddigeststring",
            400,
            "DIGEST_INVALID",
        ),
        (
            "PUT",
            "manifests/sha256:baddigeststring",
            400,
            "DIGEST_INVALID",
        ),
        ("PUT", "manifests/-v2", 400, "MANIFEST_INVALID"),
        ("PUT", "manifests/v2", 400, "MANIFEST_INVALID"),
        ("GET", "blobs/sha256:baddigeststring", 400, "DIGEST_INVALID"),
        (
            "GET",
            "referrers/sha256:baddigeststring",
            400,
            "DIGEST_INVALID",
        ),
        ("GET", &format!("blobs/{absent}"), 404, "BLOB_UNKNOWN"),
        ("DELETE", &format!("blobs/{absent}"), 404, "BLOB_UNKNOWN"),
        ("PATCH", "blobs/uploads/absent", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("GET", "tags/list?n=x", 400, "UNSUPPORTED"),
        // There is nothing at all.
        ("GET", "unknown", 404, "NAME_UNKNOWN"),
        ("GET", "tags/unknown", 404, "NAME_UNKNOWN"),
        ("GET", "UPPER/tags/list", 400, "NAME_INVALID"),
        ("POST", "manifests/v1", 405, "UNSUPPORTED"),
        ("PATCH", "tags/list", 405, "UNSUPPORTED"),
    ] {
        fails(&guest.ask(method, &path(rest)), status, code);
    }
    let unknown = guest.get("/v2/absent/manifests/v1");
    fails(&unknown, 404, "NAME_UNKNOWN");
    let large = guest.put("acme/repo", "v2", &vec![b' '; (4 << 20) + 1]);
    fails(&large, 413, "SIZE_INVALID");
    let location = guest.begin("acme/repo");
    let large = guest.send("PATCH", &location, &[], &vec![1; 1_000_001]);
    fails(&large, 413, "SIZE_INVALID");
    let nobody = Guest::nobody(&house);
    fails(
        &nobody.ask("PUT", &path("manifests/v2")),
        401,
        "UNAUTHORIZED",
    );
    let other = house.token(
        &[tenon_registry_server::access::Action::Publish],
        &["other:*"],
    );
    let other = Guest::with(&house, &format!("Bearer {other}"));
    fails(&other.ask("DELETE", &path("manifests/v1")), 403, "DENIED");
}

#[test]
fn errors_are_those_of_the_specification_for_what_is_no_request_too() {
    let house = House::new();
    let guest = Guest::new(&house);
    let long = guest.get(&path(&format!("tags/list?last={}", "a".repeat(5_000))));
    fails(&long, 414, "UNSUPPORTED");
    // A URL that is longer than all of a head may be.
    let longer = guest.get(&path(&"a".repeat(40_000)));
    fails(&longer, 414, "UNSUPPORTED");
    let header = format!("X-Long: {}", "a".repeat(40_000));
    let large = guest.send("GET", "/v2/", &[&header], b"");
    fails(&large, 431, "UNSUPPORTED");
    let many = vec!["X-Many: a"; 200];
    fails(&guest.send("GET", "/v2/", &many, b""), 431, "UNSUPPORTED");
    let two = guest.send("GET", &path("tags/list"), &["Host: other"], b"");
    fails(&two, 400, "UNSUPPORTED");
    // Elsewhere they are what they are there.
    let native = guest.get(&format!("/api/v1/{}", "a".repeat(5_000)));
    native.problem(tenon_registry_client::api::ProblemCode::UriTooLong);
}

#[test]
fn errors_of_who_asks_too_often_are_toomanyrequests_and_say_when_to_ask_again() {
    let house = House::with(|config| {
        config.rates.anonymous_reads.per_second = 0.001;
        config.rates.anonymous_reads.burst = 3;
    });
    let nobody = Guest::nobody(&house);
    let answers: Vec<_> = (0..6).map(|_| nobody.get(&path("tags/list"))).collect();
    for answer in &answers[..3] {
        fails(answer, 404, "NAME_UNKNOWN");
    }
    for answer in &answers[3..] {
        fails(answer, 429, "TOOMANYREQUESTS");
        assert!(answer.header("retry-after").is_some());
    }
}

#[test]
fn end_7_another_digest_than_that_of_the_manifest_is_400() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("acme/repo", b"{}");
    let manifest = image(&[], None);
    let longer = [&manifest[..], b"  "].concat();
    let by_digest = digest(&manifest);
    fails(
        &guest.put("acme/repo", &by_digest, &longer),
        400,
        "DIGEST_INVALID",
    );
    for reference in [by_digest.as_str(), &digest(&longer)] {
        let answer = guest.get(&path(&format!("manifests/{reference}")));
        fails(&answer, 404, "MANIFEST_UNKNOWN");
    }
}

#[test]
fn end_14_s41_abandoned_uploads_give_their_room_back() {
    let house = House::new();
    let guest = Guest::new(&house);
    let locations: Vec<String> = (0..64).map(|_| guest.begin("acme/repo")).collect();
    let full = guest.ask("POST", &path("blobs/uploads/"));
    fails(&full, 429, "TOOMANYREQUESTS");
    assert_eq!(house.app.oci().expire(Duration::ZERO), 64);
    for location in &locations {
        fails(&guest.get(location), 404, "BLOB_UPLOAD_UNKNOWN");
    }
    guest.begin("acme/repo");
}
