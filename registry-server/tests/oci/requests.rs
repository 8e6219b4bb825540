//! Requests as they are written: what is written in another way and means the same, and what means nothing.

use crate::guest::{Guest, IMAGE, INDEX, digest, fails, image};
use crate::house::House;
use serde_json::json;

#[test]
fn a_query_that_is_badly_encoded_is_refused_and_does_nothing() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let by_digest = digest(&manifest);
    for wrong in ["tag=%zz", "tag=v2&tag=%", "tag=v2&%ff=a", "tag=v%2"] {
        let reference = format!("{by_digest}?{wrong}");
        let message = fails(
            &guest.put("repo", &reference, &manifest),
            400,
            "UNSUPPORTED",
        );
        assert!(message.contains("not encoded as in a URL"), "{message}");
    }
    for path in [
        "tags/list?n=%zz",
        "tags/list?last=%e4",
        "blobs/uploads/?digest=%",
    ] {
        let method = if path.starts_with("tags") {
            "GET"
        } else {
            "POST"
        };
        let answer = guest.ask(method, &format!("/v2/repo/{path}"));
        fails(&answer, 400, "UNSUPPORTED");
    }
    let tags: serde_json::Value = guest.get("/v2/repo/tags/list?unknown=%2e").json();
    assert_eq!(tags["tags"], json!(["v1"]));
    // What means the same is the same.
    let reference = format!("{by_digest}?tag=v%32");
    assert_eq!(guest.put("repo", &reference, &manifest).status, 201);
    assert_eq!(guest.get("/v2/repo/manifests/v2").body, manifest);
}

#[test]
fn a_tag_that_is_named_twice_is_said_back_once() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let reference = format!("{}?tag=a&tag=b&tag=a&tag=%61", digest(&manifest));
    let answer = guest.put("repo", &reference, &manifest);
    assert_eq!(answer.status, 201);
    let said = answer.head.to_ascii_lowercase();
    assert_eq!(said.matches("oci-tag:").count(), 2, "{said}");
}

#[test]
fn media_types_are_the_same_in_whichever_case() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let good = image(&[], None);
    let path = "/v2/repo/manifests/v1";
    let other = IMAGE.to_ascii_uppercase();
    for (said, answered) in [
        (other.as_str(), other.as_str()),
        (
            "Application/vnd.OCI.image.manifest.v1+json",
            "Application/vnd.OCI.image.manifest.v1+json",
        ),
        (&*format!("{other} ; Charset=UTF-8"), &other),
        (IMAGE, IMAGE),
    ] {
        let header = format!("Content-Type: {said}");
        let answer = guest.send("PUT", path, &[&header], &good);
        assert_eq!(answer.status, 201, "{said}: {}", answer.text());
        let answer = guest.get(path);
        assert_eq!(answer.header("content-type"), Some(answered));
        assert_eq!(answer.body, good);
    }
    // It is looked at as what it is, in that case, too.
    let header = format!("Content-Type: {}", INDEX.to_ascii_uppercase());
    let answer = guest.send("PUT", path, &[&header], br#"{"schemaVersion":2}"#);
    fails(&answer, 400, "MANIFEST_INVALID");
    let answer = guest.send(
        "PUT",
        path,
        &["Content-Type: Text/HTML"],
        br#"{"schemaVersion":2}"#,
    );
    fails(&answer, 400, "MANIFEST_INVALID");
}

#[test]
fn the_encoding_of_nothing_is_none() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    for encoding in ["gzip", "identity", "Identity, identity", ""] {
        let header = format!("Content-Encoding: {encoding}");
        for method in ["GET", "HEAD"] {
            for path in ["/v2/", "/v2/repo/manifests/v1", "/v2/repo/tags/list"] {
                let answer = guest.send(method, path, &[&header], b"");
                assert_eq!(answer.status, 200, "{method} {path} {encoding}");
            }
        }
    }
    for encoding in ["identity, identity", "IDENTITY"] {
        let header = format!("Content-Encoding: {encoding}");
        let kind = format!("Content-Type: {IMAGE}");
        let answer = guest.send("PUT", "/v2/repo/manifests/v2", &[&header, &kind], &manifest);
        assert_eq!(answer.status, 201, "{encoding}");
    }
    let mut client = guest.client();
    client.begin("GET", "/v2/", "Content-Encoding: gzip\r\nContent-Length: 4");
    client.send(b"gzip");
    fails(&client.answer().unwrap(), 415, "UNSUPPORTED");
}

#[test]
fn what_is_no_request_is_refused_in_the_form_of_whom_it_was_meant_for() {
    let house = House::new();
    let long = "a".repeat(5_000);
    for (line, status) in [
        ("GET  /v2/ HTTP/1.1", 400),
        ("GET /v2/  HTTP/1.1", 400),
        ("GET\t/v2/\tHTTP/1.1", 400),
        ("get /v2/repo/tags/list HTTP/1.1", 400),
        (" GET /v2/ HTTP/1.1", 400),
        ("/v2/ HTTP/1.1", 400),
        ("GET /v2 HTTP/3", 400),
        ("GET /v2?a HTTP/3", 400),
        ("GET http://registry/v2/a HTTP/3", 400),
        ("GET /v2/\u{e4} HTTP/1.1", 400),
        ("CONNECT /v2/ HTTP/1.1", 400),
        ("GET  /.well-known/wasm-pkg/registry.json HTTP/1.1", 400),
        (&*format!("GET  /v2/{long} HTTP/1.1"), 400),
        (&*format!("GET /v2/{long} HTTP/1.1"), 414),
    ] {
        let mut client = house.client();
        client.send(format!("{line}\r\nHost: registry\r\n\r\n").as_bytes());
        let answer = client.answer().unwrap();
        fails(&answer, status, "UNSUPPORTED");
        assert_eq!(
            answer.header("docker-distribution-api-version"),
            Some("registry/2.0"),
            "{line}"
        );
    }
    for line in [
        "GET  / HTTP/1.1",
        "GET  /api/v1/v2/ HTTP/1.1",
        "GET  /v20 HTTP/1.1",
        "\u{1}",
    ] {
        let mut client = house.client();
        client.send(format!("{line}\r\nHost: registry\r\n\r\n").as_bytes());
        let answer = client.answer().unwrap();
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{line}");
    }
}
