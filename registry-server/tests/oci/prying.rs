//! What is asked for that is not for whoever asks, or is too much, by the numbers of the rows of the
//! threat model.

use crate::guest::{Guest, IMAGE, digest, fails, image};
use crate::house::House;
use crate::served::{self, Served};
use crate::steps::assert_whole;
use serde_json::{Value, json};
use tenon_registry_client::api::Paths;
use tenon_registry_server::access::Action;

/// An answer without what is of the request: its number, and when that was.
fn shape(answer: &crate::client::Answer, name: &str) -> (u16, Vec<String>, String) {
    let mut lines: Vec<String> = answer
        .head
        .lines()
        .filter(|line| !line.starts_with("x-request-id") && !line.starts_with("date"))
        .map(|line| line.replace(name, "NAME"))
        .collect();
    lines.sort();
    let mut said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(detail) = said.pointer_mut("/errors/0/detail") {
        *detail = Value::Null;
    }
    (answer.status, lines, said.to_string().replace(name, "NAME"))
}

#[test]
fn s28_nothing_tells_a_private_repository_from_one_that_is_not_there() {
    let house = House::with(|config| config.private = true);
    let full = Guest::new(&house);
    let manifest = full.push_image("private/secret/app", "v1", b"layer");
    let location = full.begin("private/secret/app");
    let upload = location.rsplit('/').next().unwrap();
    let (layer, digest) = (digest(b"layer"), digest(&manifest));
    let with = |actions: &[Action], scope: &str| {
        Guest::with(
            &house,
            &format!("Bearer {}", house.token(actions, &[scope])),
        )
    };
    let who = [
        Guest::nobody(&house),
        with(&[Action::Read], "acme:*"),
        with(&[Action::Read, Action::Publish], "acme:*"),
        with(
            &[
                Action::Publish,
                Action::Yank,
                Action::Namespace,
                Action::Operate,
            ],
            "acme:*",
        ),
    ];
    for guest in &who {
        for (method, rest) in [
            ("GET", "tags/list".to_owned()),
            ("GET", "tags/list?n=0".to_owned()),
            ("GET", "manifests/v1".to_owned()),
            ("HEAD", "manifests/v1".to_owned()),
            ("GET", format!("manifests/{digest}")),
            ("HEAD", format!("blobs/{layer}")),
            ("GET", format!("blobs/{layer}")),
            ("GET", format!("referrers/{digest}")),
            ("PUT", "manifests/v1".to_owned()),
            ("DELETE", "manifests/v1".to_owned()),
            ("DELETE", format!("blobs/{layer}")),
            ("POST", "blobs/uploads/".to_owned()),
            (
                "POST",
                format!("blobs/uploads/?mount={layer}&from=private/secret/app"),
            ),
            ("GET", format!("blobs/uploads/{upload}")),
            ("PATCH", format!("blobs/uploads/{upload}")),
            ("DELETE", format!("blobs/uploads/{upload}")),
        ] {
            let ask = |name: &str| {
                let answer = guest.ask(method, &format!("/v2/private/{name}/{rest}"));
                assert!((400..500).contains(&answer.status), "{method} {rest}");
                shape(&answer, name)
            };
            assert_eq!(ask("secret/app"), ask("absent/app"), "{method} {rest}");
        }
    }
    assert_eq!(
        full.get("/v2/private/secret/app/manifests/v1").body,
        manifest
    );
    assert_eq!(full.get(&location).status, 204);
}

#[test]
fn s29_a_token_is_in_one_header_and_nowhere_else() {
    let house = House::new();
    let token = house.full_token();
    let nobody = Guest::nobody(&house);
    for query in ["access_token", "token", "authorization", "account"] {
        let path = format!("/v2/repo/blobs/uploads/?{query}={token}");
        fails(&nobody.ask("POST", &path), 401, "UNAUTHORIZED");
    }
    for header in [
        format!("Cookie: token={token}"),
        format!("X-Registry-Auth: {token}"),
        format!("Proxy-Authorization: Bearer {token}"),
        format!("Authorization: {token}"),
        format!("Authorization: Bearer{token}"),
    ] {
        let answer = nobody.send("POST", "/v2/repo/blobs/uploads/", &[&header], b"");
        fails(&answer, 401, "UNAUTHORIZED");
    }
    let header = format!("Authorization: Bearer {}", "a".repeat(1 << 20));
    assert_eq!(nobody.send("GET", "/v2/", &[&header], b"").status, 431);
    let header = format!("Authorization: Basic {}", "A".repeat(8_000));
    fails(
        &nobody.send("GET", "/v2/", &[&header], b""),
        401,
        "UNAUTHORIZED",
    );
    assert_eq!(nobody.get("/v2/repo/tags/list").status, 404);
}

#[test]
fn s34_nothing_that_was_pushed_is_shown_by_a_browser() {
    let house = House::new();
    let guest = Guest::new(&house);
    let page = b"<html><script>alert(1)</script></html>";
    let blob = guest.push("repo", page);
    let answer = guest.get(&format!("/v2/repo/blobs/{blob}"));
    let kinds = (
        answer.header("content-type"),
        answer.header("x-content-type-options"),
    );
    assert_eq!(kinds, (Some("application/octet-stream"), Some("nosniff")));
    let mut said: Value = serde_json::from_slice(&image(&[page], None)).unwrap();
    said["annotations"] = json!({ "a": "<script>\u{1b}]8;;http://evil.example\u{7}\u{202e}" });
    let manifest = serde_json::to_vec(&said).unwrap();
    guest.push("repo", b"{}");
    assert_eq!(guest.put("repo", "v1", &manifest).status, 201);
    let answer = guest.get("/v2/repo/manifests/v1");
    let kinds = (
        answer.header("content-type"),
        answer.header("x-content-type-options"),
    );
    assert_eq!(kinds, (Some(IMAGE), Some("nosniff")));
    assert_eq!(answer.body, manifest);
    // Errors say back what was asked, as JSON does.
    for path in [
        "/v2/%3Cscript%3E/tags/list",
        "/v2/repo/manifests/%3Cscript%3E",
    ] {
        let answer = guest.get(path);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    for kind in ["text/html", "application/xhtml xml", "image/svg+xml"] {
        let header = format!("Content-Type: {kind}");
        let answer = guest.send("PUT", "/v2/repo/manifests/v2", &[&header], &manifest);
        fails(&answer, 400, "MANIFEST_INVALID");
    }
}

#[test]
fn s35_what_is_asked_is_one_line_of_the_log() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut served = Served::start(&dir, &["log.level=debug"]);
    let token = served.token.take().unwrap();
    let guest = Guest::of(served.address, &token);
    let agent = "User-Agent: a\u{1b}]8;;\"x\\ny\u{202e}{\"level\":\"ERROR\"}";
    for path in [
        "/v2/acme%0a%1b[31m/tags/list",
        "/v2/repo/manifests/%0a{\"level\":\"ERROR\"}",
        "/v2/repo/manifests/v1%e2%80%ae",
        "/v2/repo/blobs/uploads/%1b%5d8;;",
        "/v2/token?service=%0aERROR&scope=%0a",
    ] {
        for method in ["GET", "PUT"] {
            guest.send(method, path, &[agent], b"{\"a\":\"\\n\"}");
        }
    }
    let location = guest.begin("repo");
    served.kill();
    let log = std::fs::read_to_string(served::errors(&dir)).unwrap();
    assert!(log.lines().count() > 10, "{log}");
    for line in log.lines() {
        let _: Value = serde_json::from_str(line).expect(line);
        let harmful = |char: char| char.is_control() || char == '\u{202e}';
        assert!(!line.contains(harmful), "{line}");
    }
    // Neither the token, nor what opens an upload without being guessed.
    assert!(!log.contains(token.rsplit('_').next().unwrap()));
    assert!(!log.contains(location.rsplit('/').next().unwrap()), "{log}");
}

#[test]
fn s36_queries_out_of_bounds_are_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    for n in ["-1", "9223372036854775808", "1e3", "0x1", "", "%00", "1;2"] {
        let answer = guest.get(&format!("/v2/repo/tags/list?n={n}"));
        fails(&answer, 400, "UNSUPPORTED");
    }
    let referrers = format!("/v2/repo/referrers/{}", digest(&manifest));
    for query in [
        "last=%00",
        "last=zzz",
        "artifactType=.*",
        "artifactType=%25",
        "n=1",
    ] {
        let answer = guest.get(&format!("{referrers}?{query}"));
        assert_eq!(answer.status, 200, "{query}");
        let index: Value = answer.json();
        assert_eq!(index["manifests"], json!([]), "{query}");
    }
    let long = "a".repeat(1 << 20);
    for path in [
        format!("/v2/repo/tags/list?last={long}"),
        format!("{referrers}?artifactType={long}"),
        format!("/v2/repo/manifests/{}?tag={long}", digest(&manifest)),
        format!("/v2/{long}/tags/list"),
    ] {
        assert_eq!(guest.get(&path).status, 414);
    }
    let tags: String = (0..101).map(|number| format!("&tag=t{number}")).collect();
    let answer = guest.put(
        "repo",
        &format!("{}?{}", digest(&manifest), &tags[1..]),
        &manifest,
    );
    assert_eq!(answer.status, 414, "{}", answer.text());
    let page: Value = guest.get("/v2/repo/tags/list").json();
    assert_eq!(page["tags"], json!(["v1"]));
}

#[test]
fn s37_ranges_give_what_there_is_once() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes: Vec<u8> = (0..100_000_u32).map(|byte| (byte / 3) as u8).collect();
    let path = format!("/v2/repo/blobs/{}", guest.push("repo", &bytes));
    let many: Vec<String> = (0..1_000).map(|at| format!("{at}-")).collect();
    let many = format!("Range: bytes={}", many.join(","));
    for (headers, status, length) in [
        (&[many.as_str()][..], 200, bytes.len()),
        (&["Range: bytes=0-1", "Range: bytes=2-3"], 200, bytes.len()),
        (&["Range: bytes=-0"], 416, 0),
        (&["Range: bytes=100000-"], 416, 0),
        (&["Range: bytes=5-2"], 416, 0),
        (&["Range: bytes=99999-99999999999999999999999"], 206, 1),
        (&["Range: bytes=-99999999999999999999999"], 206, bytes.len()),
        (
            &["Range: bytes=18446744073709551615-18446744073709551615"],
            416,
            0,
        ),
        (&["Range: bytes=0x1-2"], 200, bytes.len()),
        (&["Range: \u{1}"], 400, 0),
    ] {
        let answer = guest.send("GET", &path, headers, b"");
        assert_eq!(answer.status, status, "{:.60}", headers[0]);
        if status < 300 {
            assert_eq!(answer.body.len(), length, "{:.60}", headers[0]);
        } else {
            assert!(answer.body.len() < 1_000);
        }
    }
}

#[test]
fn s38_what_is_pushed_is_counted_and_bounded() {
    let house = House::with(|config| config.quota.bytes_per_token = 100_000);
    let guest = Guest::new(&house);
    // Manifests are counted with content.
    guest.push("acme/app", b"{}");
    let mut said: Value = serde_json::from_slice(&image(&[], None)).unwrap();
    let mut put = 0;
    let refused = loop {
        said["annotations"] = json!({ "a": "a".repeat(10_000), "b": put.to_string() });
        let answer = guest.put(
            "acme/app",
            &format!("t{put}"),
            &serde_json::to_vec(&said).unwrap(),
        );
        if answer.status != 201 {
            break answer;
        }
        put += 1;
    };
    fails(&refused, 429, "TOOMANYREQUESTS");
    assert_eq!(put, 9);
    let post = format!(
        "/v2/acme/app/blobs/uploads/?digest={}",
        digest(&[7; 10_000])
    );
    let answer = guest.send("POST", &post, &[], &[7; 10_000]);
    fails(&answer, 429, "TOOMANYREQUESTS");
    // Nobody gets a namespace by that, or a package.
    for path in ["namespaces/acme", "packages/acme/app"] {
        assert_eq!(house.get(&format!("/api/v1/{path}")).status, 404);
    }
    assert_whole(&house);
}

#[test]
fn s38_a_repository_has_so_many_tags() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    database
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
             INSERT INTO oci_tag SELECT repository, 'flood-' || i, digest FROM oci_tag, n",
        )
        .unwrap();
    let answer = guest.put("repo", "one-more", &manifest);
    fails(&answer, 403, "DENIED");
    // Those that are there can be moved, and make room when they go.
    let other = guest.push_image("other", "v1", b"layer");
    assert_eq!(other, manifest);
    assert_eq!(guest.put("repo", "flood-7", &manifest).status, 201);
    assert_eq!(
        guest.ask("DELETE", "/v2/repo/manifests/flood-8").status,
        202
    );
    assert_eq!(guest.put("repo", "one-more", &manifest).status, 201);
    let page = guest.get("/v2/repo/tags/list?n=3&last=flood-99998");
    let page: Value = page.json();
    assert_eq!(page["tags"], json!(["flood-99999", "one-more", "v1"]));
}

#[test]
fn s38_a_flood_of_referrers_is_listed_by_pages_of_bounded_size() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let subject = digest(&manifest);
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    let entry = format!("{{\"a\":\"{}\"}}", "a".repeat(3_000));
    database
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO oci_manifest (repository, digest, media_type, bytes, subject, descriptor)
             SELECT repository, printf('sha256:%064x', i), media_type, x'', ?1, ?2
             FROM oci_manifest, n",
            (&subject, &entry),
        )
        .unwrap();
    let (mut path, mut pages, mut found) = (format!("/v2/repo/referrers/{subject}"), 0, 0);
    loop {
        let page = guest.get(&path);
        assert!(page.body.len() < 4 << 20);
        let index: Value = page.json();
        found += index["manifests"].as_array().unwrap().len();
        pages += 1;
        let Some(link) = page.header("link") else {
            break;
        };
        path = link.split(['<', '>']).nth(1).unwrap().to_owned();
    }
    assert_eq!((pages, found), (3, 2500));
}

#[test]
fn s39_content_of_others_is_not_had_by_naming_it() {
    let house = House::with(|config| config.private = true);
    let full = Guest::new(&house);
    let secret = full.push("private/secret/app", b"secret content");
    full.push_image("elsewhere", "v1", b"their layer");
    let token = house.token(&[Action::Read, Action::Publish], &["acme:*"]);
    let guest = Guest::with(&house, &format!("Bearer {token}"));
    for (name, content) in [
        ("private/acme/app", &b"secret content"[..]),
        ("acme/app", b"secret content"),
        ("acme/app", b"their layer"),
    ] {
        guest.push(name, b"{}");
        let answer = guest.put(name, "v1", &image(&[content], None));
        fails(&answer, 400, "MANIFEST_BLOB_UNKNOWN");
        let path = format!("/v2/{name}/blobs/{}", digest(content));
        fails(&guest.get(&path), 404, "BLOB_UNKNOWN");
    }
    // Through no other door, either.
    let native = Paths::blob(&secret.parse().unwrap());
    for path in [native.clone(), format!("/private{native}")] {
        let answer = house.client().token(&token).get(&path);
        assert_eq!(answer.status, 404, "{path}");
    }
    // What is a subject, or in an index, is only named.
    let index = json!({
        "schemaVersion": 2,
        "mediaType": crate::guest::INDEX,
        "manifests": [{ "mediaType": IMAGE, "digest": secret, "size": 14 }],
    });
    let answer = guest.put("acme/app", "v2", &serde_json::to_vec(&index).unwrap());
    assert_eq!(answer.status, 201);
    let path = format!("/v2/acme/app/manifests/{secret}");
    fails(&guest.get(&path), 404, "MANIFEST_UNKNOWN");
}

#[test]
fn s40_nothing_else_is_there() {
    let house = House::new();
    let guest = Guest::new(&house);
    for path in [
        "/v1/",
        "/v2/debug",
        "/v2/_oci/ext/discover",
        "/v2/repo/_oci/ext/discover",
        "/v2/repo/signatures/x",
        "/v2/metrics",
        "/v2//",
        "/v3/",
        "/V2/",
        "/debug/vars",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            assert_eq!(guest.ask(method, path).status, 404, "{method} {path}");
        }
    }
    for method in ["TRACE", "CONNECT", "OPTIONS", "PROPFIND"] {
        let answer = guest.ask(method, "/v2/repo/tags/list");
        assert!(
            [400, 405].contains(&answer.status),
            "{method}: {}",
            answer.status
        );
    }
}
