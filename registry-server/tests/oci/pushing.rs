//! Pushing content: at once, in chunks, streamed, from another repository; resumed, cancelled, expired.

use crate::guest::{Guest, SHA512_OF_ABC, SHA512_OF_NOTHING, digest, fails, until_no_drafts};
use crate::house::House;
use std::time::Duration;
use tenon_registry_client::api::{Paths, ProblemCode};
use tenon_registry_server::access::Action;

#[test]
fn end_4a_6_a_blob_is_pushed_by_post_then_put() {
    let house = House::new();
    let guest = Guest::new(&house);
    let begun = guest.ask("POST", "/v2/repo/blobs/uploads/");
    assert_eq!(begun.status, 202);
    assert_eq!(begun.header("range"), Some("0-0"));
    let location = begun.header("location").unwrap();
    let uuid = begun.header("docker-upload-uuid").unwrap();
    assert_eq!(location, format!("/v2/repo/blobs/uploads/{uuid}"));
    let digest = digest(b"content");
    let put = guest.send(
        "PUT",
        &format!("{location}?digest={digest}"),
        &[],
        b"content",
    );
    assert_eq!(put.status, 201);
    let blob = format!("/v2/repo/blobs/{digest}");
    assert_eq!(put.header("location"), Some(blob.as_str()));
    assert_eq!(put.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(guest.get(&blob).text(), "content");
    // The upload is over.
    fails(&guest.get(location), 404, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(house.drafts(), 0);
}

#[test]
fn end_4a_a_post_creates_the_repository() {
    let house = House::new();
    let guest = Guest::new(&house);
    fails(&guest.get("/v2/new/tags/list"), 404, "NAME_UNKNOWN");
    guest.begin("new");
    let tags: serde_json::Value = guest.get("/v2/new/tags/list").json();
    assert_eq!(tags, serde_json::json!({ "name": "new", "tags": [] }));
    // With or without the slash.
    assert_eq!(guest.ask("POST", "/v2/new/blobs/uploads").status, 202);
}

#[test]
fn end_4c_a_post_may_say_by_which_algorithm() {
    let house = House::new();
    let guest = Guest::new(&house);
    for said in ["sha256", "sha512", "md5"] {
        for (digest, status) in [
            (digest(b"abc"), 201),
            (SHA512_OF_ABC.to_owned(), 201),
            ("md5:900150983cd24fb0d6963f7d28e17f72".to_owned(), 400),
            ("sha384:abc".to_owned(), 400),
            ("nonsense".to_owned(), 400),
        ] {
            let begun = guest.ask(
                "POST",
                &format!("/v2/repo/blobs/uploads/?digest-algorithm={said}"),
            );
            assert_eq!(begun.status, 202);
            let location = begun.header("location").unwrap();
            let put = guest.send("PUT", &format!("{location}?digest={digest}"), &[], b"abc");
            assert_eq!(put.status, status, "{said} {digest}");
            for way in ["digest", "mount"] {
                let path = format!("/v2/repo/blobs/uploads/?{way}={digest}");
                let answer = guest.send("POST", &path, &[], b"abc");
                match status {
                    201 => assert_eq!(answer.status, 201, "{way} {digest}"),
                    _ => drop(fails(&answer, 400, "DIGEST_INVALID")),
                }
            }
        }
    }
}

#[test]
fn end_4b_a_blob_is_pushed_by_one_post() {
    let house = House::new();
    let guest = Guest::new(&house);
    let digest = digest(b"content");
    let path = format!("/v2/repo/blobs/uploads/?digest={digest}");
    let answer = guest.send("POST", &path, &[], b"content");
    assert_eq!(answer.status, 201);
    let blob = format!("/v2/repo/blobs/{digest}");
    assert_eq!(answer.header("location"), Some(blob.as_str()));
    fails(
        &guest.send("POST", &path, &[], b"other"),
        400,
        "DIGEST_INVALID",
    );
    assert_eq!(guest.get(&blob).text(), "content");
    assert_eq!(house.drafts(), 0);
}

#[test]
fn end_5_chunks_are_taken_in_order_and_closed_with_or_without_a_last_one() {
    let house = House::new();
    let guest = Guest::new(&house);
    for with_last in [false, true] {
        let location = guest.begin("repo");
        let first = guest.send("PATCH", &location, &["Content-Range: 0-2"], b"abc");
        assert_eq!((first.status, first.header("range")), (202, Some("0-2")));
        assert_eq!(first.header("location"), Some(location.as_str()));
        let second = guest.send("PATCH", &location, &["Content-Range: 3-4"], b"de");
        assert_eq!((second.status, second.header("range")), (202, Some("0-4")));
        let (whole, last): (&[u8], &[u8]) = match with_last {
            true => (b"abcdefg", b"fg"),
            false => (b"abcde", b""),
        };
        let close = format!("{location}?digest={}", digest(whole));
        let headers: &[&str] = if with_last {
            &["Content-Range: 5-6"]
        } else {
            &[]
        };
        assert_eq!(guest.send("PUT", &close, headers, last).status, 201);
        let blob = guest.get(&format!("/v2/repo/blobs/{}", digest(whole)));
        assert_eq!(blob.body, whole);
    }
}

#[test]
fn end_5_a_chunk_out_of_order_is_416_also_on_the_closing_put() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    guest.send("PATCH", &location, &["Content-Range: 0-2"], b"abc");
    for range in ["0-2", "4-6", "2-4", "x", "3", "5-3", "bytes=3-5"] {
        let header = format!("Content-Range: {range}");
        let answer = guest.send("PATCH", &location, &[&header], b"def");
        fails(&answer, 416, "BLOB_UPLOAD_INVALID");
        assert_eq!(answer.header("range"), Some("0-2"));
        assert_eq!(answer.header("location"), Some(location.as_str()));
        let close = format!("{location}?digest={}", digest(b"abcdef"));
        assert_eq!(
            guest.send("PUT", &close, &[&header], b"def").status,
            416,
            "{range}"
        );
    }
    let skipped = guest.send("PATCH", &location, &["Content-Range: 4-6"], b"def");
    assert_eq!(skipped.header("range"), Some("0-2"));
    assert_eq!(skipped.header("location"), Some(location.as_str()));
    // A range of another length than the body.
    let answer = guest.send("PATCH", &location, &["Content-Range: 3-9"], b"def");
    fails(&answer, 400, "SIZE_INVALID");
    // Nothing of that counts.
    let status = guest.get(&location);
    assert_eq!((status.status, status.header("range")), (204, Some("0-2")));
    let close = format!("{location}?digest={}", digest(b"abcdef"));
    assert_eq!(
        guest
            .send("PUT", &close, &["Content-Range: 3-5"], b"def")
            .status,
        201
    );
}

#[test]
fn end_5_a_blob_is_streamed_without_a_length() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    let large = vec![7; 700_000];
    let mut client = guest.client();
    client.begin("PATCH", &location, "Transfer-Encoding: chunked");
    for part in large.chunks(100_000) {
        client.send(format!("{:x}\r\n", part.len()).as_bytes());
        client.send(part);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    let answer = client.answer().unwrap();
    assert_eq!(
        (answer.status, answer.header("range")),
        (202, Some("0-699999"))
    );
    let close = format!("{location}?digest={}", digest(&large));
    assert_eq!(guest.ask("PUT", &close).status, 201);
    let blob = guest.get(&format!("/v2/repo/blobs/{}", digest(&large)));
    assert_eq!(blob.body, large);
}

#[test]
fn end_13_an_upload_that_was_cut_goes_on_where_it_is() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    let large: Vec<u8> = (0..600_000_u32).map(|byte| (byte / 7) as u8).collect();
    let mut client = guest.client();
    client.begin("PATCH", &location, "Content-Length: 600000");
    client.send(&large[..400_000]);
    drop(client);
    // It is noticed that nobody is there any more, and how far it came: until then what is sent is
    // out of order, and the answer says where to go on.
    let mut answer = guest.get(&location);
    assert_eq!(answer.status, 204);
    while answer.status != 202 {
        assert!(
            matches!(answer.status, 204 | 409 | 416),
            "{}",
            answer.text()
        );
        if let Some(range) = answer.header("range") {
            let last: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
            let at = if last == 0 { 0 } else { last + 1 };
            assert!(at <= 400_000, "{range}");
            let header = format!("Content-Range: {at}-599999");
            answer = guest.send("PATCH", &location, &[&header], &large[at..]);
        } else {
            answer = guest.get(&location);
        }
    }
    let close = format!("{location}?digest={}", digest(&large));
    assert_eq!(guest.ask("PUT", &close).status, 201);
}

#[test]
fn end_14_a_cancelled_upload_is_gone() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    guest.send("PATCH", &location, &[], &vec![1; 600_000]);
    // It is written while more may come, so it may be there a moment later.
    let begun = std::time::Instant::now();
    while house.drafts() != 1 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(guest.ask("DELETE", &location).status, 204);
    until_no_drafts(&house.dir.join("tmp"));
    for method in ["GET", "PATCH", "PUT", "DELETE"] {
        let answer = guest.ask(method, &format!("{location}?digest={}", digest(b"")));
        fails(&answer, 404, "BLOB_UPLOAD_UNKNOWN");
    }
    fails(
        &guest.get("/v2/repo/blobs/uploads/nonsense"),
        404,
        "BLOB_UPLOAD_UNKNOWN",
    );
}

#[test]
fn abandoned_uploads_expire() {
    let house = House::new();
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    guest.send("PATCH", &location, &[], &vec![1; 600_000]);
    assert_eq!(house.app.oci().expire(Duration::from_secs(3600)), 0);
    assert_eq!(guest.get(&location).status, 204);
    assert_eq!(house.app.oci().expire(Duration::ZERO), 1);
    fails(&guest.get(&location), 404, "BLOB_UPLOAD_UNKNOWN");
    until_no_drafts(&house.dir.join("tmp"));
}

#[test]
fn an_upload_is_of_the_token_and_repository_that_began_it() {
    let house = House::new();
    let (guest, other) = (Guest::new(&house), Guest::new(&house));
    let location = guest.begin("repo");
    fails(&other.get(&location), 404, "BLOB_UPLOAD_UNKNOWN");
    let elsewhere = location.replace("/repo/", "/another/");
    fails(&guest.get(&elsewhere), 404, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(guest.get(&location).status, 204);
}

#[test]
fn uploads_under_way_are_bounded() {
    let house = House::new();
    let guest = Guest::new(&house);
    for _ in 0..64 {
        guest.begin("repo");
    }
    let answer = guest.ask("POST", "/v2/repo/blobs/uploads/");
    fails(&answer, 429, "TOOMANYREQUESTS");
    assert!(answer.header("retry-after").is_some());
    // Others may.
    Guest::new(&house).begin("repo");
}

#[test]
fn end_6_another_digest_than_that_of_the_content_is_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    for (wrong, code) in [
        (digest(b"other"), "DIGEST_INVALID"),
        ("sha256:abc".to_owned(), "DIGEST_INVALID"),
        (
            "md5:900150983cd24fb0d6963f7d28e17f72".to_owned(),
            "DIGEST_INVALID",
        ),
        (SHA512_OF_NOTHING.to_owned(), "DIGEST_INVALID"),
    ] {
        let location = guest.begin("repo");
        let answer = guest.send(
            "PUT",
            &format!("{location}?digest={wrong}"),
            &[],
            b"content",
        );
        fails(&answer, 400, code);
    }
    let location = guest.begin("repo");
    fails(
        &guest.send("PUT", &location, &[], b"content"),
        400,
        "DIGEST_INVALID",
    );
    let path = format!("/v2/repo/blobs/{}", digest(b"content"));
    fails(&guest.get(&path), 404, "BLOB_UNKNOWN");
}

#[test]
fn blobs_may_be_empty_and_may_be_named_by_sha512() {
    let house = House::new();
    let guest = Guest::new(&house);
    let empty = guest.push("repo", b"");
    let answer = guest.get(&format!("/v2/repo/blobs/{empty}"));
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    for (name, bytes) in [(SHA512_OF_NOTHING, &b""[..]), (SHA512_OF_ABC, b"abc")] {
        let location = guest.begin("repo");
        let put = guest.send("PUT", &format!("{location}?digest={name}"), &[], bytes);
        assert_eq!(put.status, 201, "{}", put.text());
        assert_eq!(put.header("docker-content-digest"), Some(name));
        let answer = guest.get(&format!("/v2/repo/blobs/{name}"));
        assert_eq!((answer.status, answer.body.as_slice()), (200, bytes));
        assert_eq!(answer.header("docker-content-digest"), Some(name));
    }
    // By the digest that it was pushed with, and no other.
    let other = guest.get(&format!("/v2/repo/blobs/{}", digest(b"abc")));
    fails(&other, 404, "BLOB_UNKNOWN");
}

#[test]
fn end_11_a_blob_is_mounted_from_a_repository_that_has_it() {
    let house = House::new();
    let guest = Guest::new(&house);
    let pushed = guest.push("one", b"content");
    let mount = |to: &str, query: &str| {
        guest.ask("POST", &format!("/v2/{to}/blobs/uploads/?mount={query}"))
    };
    let named = mount("two", &format!("{pushed}&from=one"));
    assert_eq!(named.status, 201);
    let location = format!("/v2/two/blobs/{pushed}");
    assert_eq!(named.header("location"), Some(location.as_str()));
    assert_eq!(guest.get(&location).text(), "content");
    // From wherever it is.
    assert_eq!(mount("three", &pushed).status, 201);
    // What is not there is to be uploaded.
    for query in [
        format!("{}&from=one", digest(b"absent")),
        format!("{pushed}&from=absent"),
        format!("{pushed}&from=NO-NAME"),
        digest(b"absent"),
    ] {
        let answer = mount("four", &query);
        assert_eq!(answer.status, 202, "{query}");
        let location = answer.header("location").unwrap();
        assert!(location.starts_with("/v2/four/blobs/uploads/"));
    }
    fails(&mount("four", "sha256:abc"), 400, "DIGEST_INVALID");
    assert_eq!(guest.get(&format!("/v2/four/blobs/{pushed}")).status, 404);
}

#[test]
fn what_is_too_large_or_too_much_is_refused() {
    let house = House::with(|config| {
        config.limits.content_bytes = 1_000_000;
        config.quota.bytes_per_token = 1_500_000;
    });
    let guest = Guest::new(&house);
    let location = guest.begin("repo");
    let answer = guest.send("PATCH", &location, &[], &vec![1; 1_000_001]);
    fails(&answer, 413, "SIZE_INVALID");
    let location = guest.begin("repo");
    assert_eq!(
        guest
            .send("PATCH", &location, &[], &vec![1; 600_000])
            .status,
        202
    );
    fails(
        &guest.send("PATCH", &location, &[], &vec![1; 500_000]),
        413,
        "SIZE_INVALID",
    );
    guest.push("repo", &vec![2; 800_000]);
    let location = guest.begin("repo");
    let answer = guest.send("PATCH", &location, &[], &vec![3; 200_000]);
    fails(&answer, 429, "TOOMANYREQUESTS");
}

#[test]
fn content_is_the_same_through_every_door() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes = b"content of both";
    let native = Paths::blob(&tenon_registry_client::Digest::of(bytes));
    house.get(&native).problem(ProblemCode::NotFound);
    let pushed = guest.push("repo", bytes);
    assert_eq!(house.get(&native).body, bytes);
    let files = house.dir.join("blobs/sha256").join(&pushed[7..9]);
    assert_eq!(std::fs::read_dir(files).unwrap().count(), 1);
    // It is not here by that: it takes a push, which need not send it.
    let other = b"brought natively";
    let digest = tenon_registry_client::Digest::of(other);
    let token = house.token(&[Action::Publish], &["*"]);
    let mut client = house.client().token(&token);
    assert_eq!(
        client
            .ask_with("PUT", &Paths::upload(&digest), other)
            .status,
        201
    );
    fails(
        &guest.get(&format!("/v2/repo/blobs/{digest}")),
        404,
        "BLOB_UNKNOWN",
    );
}

#[test]
fn end_5_no_chunk_is_too_short() {
    let house = House::new();
    let guest = Guest::new(&house);
    let begun = guest.ask("POST", "/v2/repo/blobs/uploads/");
    assert_eq!(begun.header("oci-chunk-min-length"), None);
    let location = begun.header("location").unwrap();
    for (at, byte) in b"abcdef".iter().enumerate() {
        let range = format!("Content-Range: {at}-{at}");
        let answer = guest.send("PATCH", location, &[&range], &[*byte]);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    let close = format!("{location}?digest={}", digest(b"abcdef"));
    assert_eq!(guest.ask("PUT", &close).status, 201);
}
