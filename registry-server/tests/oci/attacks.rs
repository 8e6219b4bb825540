//! What is sent to do harm, by the numbers of the rows of the threat model: requests that push.
//!
//! Rows that are elsewhere: S8, S9 and S11 in `access`, S12 to S26 in `contents`, S28 to S40 in `prying`
//! (and in `access`, `private`, `listing`), S15 in `races`, S41 and S45 in `places`, S42 in `power`,
//! `faults` and `kills`, S43 in `faults`. Records (S16 to S21) do not come in here.

use crate::client::Client;
use crate::guest::{Guest, SHA512_OF_ABC, digest, fails, image, until_no_drafts};
use crate::house::House;
use crate::steps::assert_whole;
use std::time::{Duration, Instant};

/// Nothing that is not finished, and nothing that is wrong.
#[track_caller]
pub(crate) fn nothing_left(house: &House) {
    until_no_drafts(&house.dir.join("tmp"));
    assert_whole(house);
}

#[test]
fn s01_content_of_another_digest_leaves_nothing() {
    let house = House::new();
    let guest = Guest::new(&house);
    for size in [3, 600_000] {
        let (bytes, wrong) = (vec![7; size], digest(b"announced"));
        let post = format!("/v2/repo/blobs/uploads/?digest={wrong}");
        fails(
            &guest.send("POST", &post, &[], &bytes),
            400,
            "DIGEST_INVALID",
        );
        let location = guest.begin("repo");
        assert_eq!(guest.send("PATCH", &location, &[], &bytes).status, 202);
        let close = format!("{location}?digest={wrong}");
        fails(&guest.ask("PUT", &close), 400, "DIGEST_INVALID");
        // It cannot be closed once more, as what it is.
        let close = format!("{location}?digest={}", digest(&bytes));
        fails(&guest.ask("PUT", &close), 404, "BLOB_UPLOAD_UNKNOWN");
        for digest in [&wrong, &digest(&bytes)] {
            let blob = guest.get(&format!("/v2/repo/blobs/{digest}"));
            fails(&blob, 404, "BLOB_UNKNOWN");
        }
    }
    // By another algorithm it is found out when it is there; then nothing names it.
    let post = format!("/v2/repo/blobs/uploads/?digest={SHA512_OF_ABC}");
    fails(
        &guest.send("POST", &post, &[], b"abd"),
        400,
        "DIGEST_INVALID",
    );
    for digest in [SHA512_OF_ABC.to_owned(), digest(b"abd")] {
        let blob = guest.get(&format!("/v2/repo/blobs/{digest}"));
        fails(&blob, 404, "BLOB_UNKNOWN");
    }
    // Of a manifest, too: neither by the path, nor by a parameter.
    let good = image(&[], None);
    guest.push("repo", b"{}");
    let answer = guest.put("repo", &digest(b"other"), &good);
    fails(&answer, 400, "DIGEST_INVALID");
    let answer = guest.put("repo", &format!("v1?digest={}", digest(b"other")), &good);
    fails(&answer, 400, "DIGEST_INVALID");
    assert_eq!(guest.get("/v2/repo/manifests/v1").status, 404);
    nothing_left(&house);
}

#[test]
fn s02_a_push_that_is_cut_leaves_nothing_and_is_done_again() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes = vec![9; 1_000_000];
    let digest = digest(&bytes);
    let post = format!("/v2/repo/blobs/uploads/?digest={digest}");
    for cut in [0, 1_000, 999_999] {
        let mut client = guest.client();
        client.begin("POST", &post, "Content-Length: 1000000");
        client.send(&bytes[..cut]);
        client.shut_down_writing();
        if let Some(answer) = client.answer() {
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
        drop(client);
        nothing_left(&house);
        let blob = guest.get(&format!("/v2/repo/blobs/{digest}"));
        assert_eq!(blob.status, 404);
    }
    let mut client = guest.client();
    client.begin("PUT", "/v2/repo/manifests/v1", "Transfer-Encoding: chunked");
    client.send(b"5\r\n{\"sch\r\nnonsense\r\n");
    assert_eq!(client.answer().unwrap().status, 400);
    let mut client = guest.client();
    client.begin("PUT", "/v2/repo/manifests/v1", "Content-Length: 1000");
    client.send(&image(&[], None)[..100]);
    client.shut_down_writing();
    drop(client);
    assert_eq!(guest.send("POST", &post, &[], &bytes).status, 201);
    guest.push_image("repo", "v1", b"layer");
    nothing_left(&house);
}

#[test]
fn s03_what_is_too_large_is_refused_before_all_of_it_is_read() {
    let house = House::with(|config| config.limits.content_bytes = 100_000);
    let guest = Guest::new(&house);
    let post = format!("/v2/repo/blobs/uploads/?digest={}", digest(b""));
    for (method, path, most) in [
        ("POST", post.as_str(), 100_000),
        ("PATCH", "", 100_000),
        ("PUT", "/v2/repo/manifests/v1", 4 << 20),
    ] {
        let place = || match path {
            "" => guest.begin("repo"),
            path => path.to_owned(),
        };
        let mut client = guest.client();
        client.begin(method, &place(), &format!("Content-Length: {}", most + 1));
        fails(&client.answer().unwrap(), 413, "SIZE_INVALID");
        assert!(client.is_closed(), "{method} {path}");
        let mut client = guest.client();
        client.begin(method, &place(), "Transfer-Encoding: chunked");
        let chunk = [&b"2710\r\n"[..], &[b' '; 10_000], b"\r\n"].concat();
        // The end never comes.
        for _ in 0..=most / 10_000 {
            client.send(&chunk);
        }
        fails(&client.answer().unwrap(), 413, "SIZE_INVALID");
        assert!(client.is_closed(), "{method} {path}");
    }
    let mut client = Client::new(house.address);
    client.begin("POST", "/v2/token", "Content-Length: 16385");
    fails(&client.answer().unwrap(), 413, "SIZE_INVALID");
    nothing_left(&house);
}

#[test]
fn s04_pushes_that_drip_are_given_up() {
    let house = House::with(|config| config.limits.body_grace_seconds = 1);
    let (guest, digest) = (Guest::new(&house), digest(b""));
    let mut slow = vec![];
    for number in 0..60 {
        let mut client = guest.client();
        let (method, path) = match number % 4 {
            0 => ("PATCH", guest.begin("repo")),
            1 => ("PUT", "/v2/repo/manifests/v1".to_owned()),
            2 => ("POST", format!("/v2/repo/blobs/uploads/?digest={digest}")),
            _ => ("POST", "/v2/token".to_owned()),
        };
        client.begin(method, &path, "Transfer-Encoding: chunked");
        slow.push(client);
    }
    let begin = Instant::now();
    let nobody = Guest::nobody(&house);
    while begin.elapsed() < Duration::from_millis(1500) {
        for client in &mut slow {
            client.send(b"1\r\na\r\n");
        }
        assert_eq!(nobody.get("/v2/repo/tags/list").status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
    for client in &mut slow {
        let answer = client.answer().unwrap();
        assert_eq!(answer.status, 408, "{}", answer.text());
        assert!(client.is_closed());
    }
    nothing_left(&house);
}

#[test]
fn s06_what_is_encoded_is_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    let (blob, manifest) = (digest(b"gzip"), image(&[], None));
    guest.push("repo", b"{}");
    for encoding in ["gzip", "zstd", "identity, gzip", "GZIP", "br"] {
        let header = format!("Content-Encoding: {encoding}");
        for (method, path, body) in [
            (
                "POST",
                format!("/v2/repo/blobs/uploads/?digest={blob}"),
                &b"gzip"[..],
            ),
            ("PATCH", location.clone(), b"gzip"),
            ("PUT", format!("{location}?digest={blob}"), b"gzip"),
            ("PUT", "/v2/repo/manifests/v1".to_owned(), &manifest),
        ] {
            let answer = guest.send(method, &path, &[&header], body);
            fails(&answer, 415, "UNSUPPORTED");
        }
    }
    assert_eq!(guest.get(&location).header("range"), Some("0-0"));
    assert_eq!(guest.get("/v2/repo/manifests/v1").status, 404);
    // What is compressed itself is content like any other: nothing is unpacked.
    let header = "Content-Encoding: identity";
    let put = format!("{location}?digest={blob}");
    assert_eq!(guest.send("PUT", &put, &[header], b"gzip").status, 201);
    assert_eq!(guest.get(&format!("/v2/repo/blobs/{blob}")).text(), "gzip");
}

#[test]
fn s07_no_second_request_or_header_is_smuggled_in() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let inner = "DELETE /v2/repo/manifests/v1 HTTP/1.1\r\nHost: registry\r\n\r\n";
    for lines in [
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 60",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Range: 0-3\r\n 5-9",
    ] {
        let mut client = guest.client();
        client.begin("PATCH", &guest.begin("repo"), lines);
        client.send(format!("0\r\n\r\n{inner}").as_bytes());
        assert_eq!(client.answer().unwrap().status, 400, "{lines}");
        assert!(client.is_closed());
    }
    // Two of a header of which there is one.
    let location = guest.begin("repo");
    let ranges = ["Content-Range: 0-2", "Content-Range: 3-5"];
    let answer = guest.send("PATCH", &location, &ranges, b"abc");
    fails(&answer, 416, "BLOB_UPLOAD_INVALID");
    // What is answered has no lines that were sent, wherever these are.
    let line = "%0d%0aX-Smuggled:%20yes%0d%0a%0d%0a";
    for path in [
        format!("/v2/repo{line}/tags/list"),
        format!("/v2/repo/tags/list?n=1&last={line}"),
        format!("/v2/repo/manifests/{line}"),
        format!("/v2/repo/blobs/{line}"),
        format!(
            "/v2/repo/referrers/{}?artifactType={line}",
            digest(&manifest)
        ),
        format!("/v2/token?service={line}&scope={line}"),
    ] {
        for who in [&guest, &Guest::nobody(&house)] {
            for method in ["GET", "DELETE"] {
                let answer = who.ask(method, &path);
                assert_eq!(answer.header("x-smuggled"), None, "{method} {path}");
            }
        }
    }
    let answer = guest.put(
        "repo",
        &format!("{}?tag=a{line}", digest(&manifest)),
        &manifest,
    );
    assert_eq!((answer.status, answer.header("x-smuggled")), (400, None));
    // The name of the host is in what says where tokens are: it is that, or not there.
    let mut client = Client::new(house.address);
    client.send(b"GET /v2/ HTTP/1.1\r\nHost: a\",realm=\"https://evil.example\r\n\r\n");
    let answer = client.answer().unwrap();
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(!challenge.contains("evil"), "{challenge}");
    assert_eq!(guest.get("/v2/repo/manifests/v1").body, manifest);
}
