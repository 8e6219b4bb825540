//! The private log: what may not be read is as if it were not there.

use crate::client::Answer;
use crate::house::House;
use crate::publisher::{FIRST, Publisher, component};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode, RegistryInfo};
use tenon_registry_server::access::Action;

fn house() -> House {
    House::with(|config| config.private = true)
}

/// An answer without what differs between any two.
fn body(answer: &Answer) -> String {
    let mut json: serde_json::Value = answer.json();
    json["instance"] = "".into();
    json.to_string()
}

fn ask(house: &House, token: &str, path: &str) -> Answer {
    house.client().token(token).get(&format!("/private{path}"))
}

#[test]
fn the_private_log_is_another_one() {
    let house = house();
    let token = house.token(&[Action::Read], &["*"]);
    let (public, private): (RegistryInfo, RegistryInfo) = (
        house.get("/api/v1/registry").json(),
        ask(&house, &token, "/api/v1/registry").json(),
    );
    assert_ne!(public.origin, private.origin);
    assert_ne!(
        house.get("/log/checkpoint").body,
        ask(&house, &token, "/log/checkpoint").body
    );
    let bytes = b"private content";
    let publisher = house.token(&[Action::Publish], &["*"]);
    let path = Paths::upload(&Digest::of(bytes));
    let put = house
        .client()
        .token(&publisher)
        .ask_with("PUT", &format!("/private{path}"), bytes);
    assert_eq!(put.status, 201);
    let blob = Paths::blob(&Digest::of(bytes));
    house.get(&blob).problem(ProblemCode::NotFound);
    let answer = ask(&house, &token, &blob);
    assert_eq!(answer.body, bytes);
    assert_eq!(
        answer.header("cache-control"),
        Some("private, max-age=31536000, immutable")
    );
}

#[test]
fn s28_everything_private_takes_a_token() {
    let house = house();
    let unreadable = house.token(&[Action::Publish, Action::Yank, Action::Namespace], &["*"]);
    for path in [
        "/log/checkpoint",
        "/log/tile/0/000.p/2",
        "/log/checkpoint/00000000",
        "/api/v1/registry",
        "/api/v1/packages",
        "/api/v1/packages/acme/http",
        "/api/v1/namespaces/acme",
        "/api/v1/search",
        "/api/v1/proof",
        "/api/v1/consistency?old=1&new=2",
        &Paths::blob(&Digest::of(b"")),
    ] {
        let nobody = house.get(&format!("/private{path}"));
        nobody.problem(ProblemCode::TokenInvalid);
        let answer = ask(&house, &unreadable, path);
        match path {
            // Lists of nothing.
            "/api/v1/packages" | "/api/v1/search" => {
                assert_eq!(
                    (answer.status, answer.text().contains("acme")),
                    (200, false)
                );
            }
            _ => assert!(matches!(answer.status, 403 | 404), "{path}"),
        }
    }
    // What is of the registry is not there twice.
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "",
    ] {
        ask(&house, &unreadable, path).problem(ProblemCode::NotFound);
    }
    // Without a private log, there is nothing there, for anyone.
    let public = House::new();
    for path in [
        "/private/log/checkpoint",
        "/private/api/v1/registry",
        "/private",
    ] {
        public.get(path).problem(ProblemCode::NotFound);
        public
            .client()
            .token(&public.full_token())
            .get(path)
            .problem(ProblemCode::NotFound);
    }
}

#[test]
fn s28_what_may_not_be_read_looks_like_what_is_not_there() {
    let house = house();
    let origin = house.app.private().unwrap().log().origin().clone();
    let secret = Publisher::unknown(origin, "secret");
    let full = house.full_token();
    let post = |record: &tenon_registry_client::record::SignedRecord| {
        house
            .client()
            .token(&full)
            .ask_with("POST", "/private/api/v1/records", record.bytes())
    };
    assert_eq!(post(&secret.create()).status, 201);
    let token = house.token(&[Action::Read], &["acme:*"]);
    for (there, not_there) in [
        ("/api/v1/namespaces/secret", "/api/v1/namespaces/absent"),
        (
            "/api/v1/packages/secret/http",
            "/api/v1/packages/absent/http",
        ),
        (
            "/api/v1/proof?namespace=secret",
            "/api/v1/proof?namespace=absent",
        ),
        // What is there has one record, and nothing has none.
        (
            "/api/v1/proof?namespace=secret&held=0,1,0",
            "/api/v1/proof?namespace=absent&held=0,1,0",
        ),
        (
            "/api/v1/proof?package=secret:http",
            "/api/v1/proof?package=absent:http",
        ),
    ] {
        let (one, other) = (ask(&house, &token, there), ask(&house, &token, not_there));
        one.problem(ProblemCode::NotFound);
        assert_eq!(body(&one).replace("secret", "absent"), body(&other));
    }
    // Nobody who reads the public log is told.
    house
        .get("/api/v1/namespaces/secret")
        .problem(ProblemCode::NotFound);
    // The name is free in the public log, and the other way around.
    let _ = Publisher::new(&house, "secret");
}

#[test]
fn s39_private_content_is_read_through_a_package_that_may_be_read() {
    let house = house();
    let origin = house.app.private().unwrap().log().origin().clone();
    let full = house.full_token();
    let bytes = component(1);
    let digest = Digest::of(&bytes);
    let upload = format!("/private{}", Paths::upload(&digest));
    let send = |token: &str, path: &str, method: &str, body: &[u8]| {
        house.client().token(token).ask_with(method, path, body)
    };
    assert_eq!(send(&full, &upload, "PUT", &bytes).status, 201);
    let blob = Paths::blob(&digest);
    let reader = house.token(&[Action::Read], &["acme:*"]);
    let absent = ask(&house, &reader, &Paths::blob(&Digest::of(b"absent")));
    let forbidden = ask(&house, &reader, &blob);
    forbidden.problem(ProblemCode::NotFound);
    assert_eq!(
        body(&forbidden).replace(&digest.hex(), ""),
        body(&absent).replace(&Digest::of(b"absent").hex(), "")
    );
    // Nor by a release of one's own that names its digest.
    let mut mallory = Publisher::unknown(origin, "acme");
    let records = "/private/api/v1/records";
    let create = mallory.create();
    assert_eq!(send(&full, records, "POST", create.bytes()).status, 201);
    mallory.chain.push(create);
    let release = mallory.release("http", FIRST, "1.0.0", &bytes);
    let publisher = house.token(&[Action::Read, Action::Publish], &["acme:*"]);
    send(&publisher, records, "POST", release.bytes()).problem(ProblemCode::ContentMissing);
    // Whoever has the content may upload it, and is not told that it was there.
    assert_eq!(send(&publisher, &upload, "PUT", &bytes).status, 201);
    let mut expecting = house
        .client()
        .token(&publisher)
        .header("Expect: 100-continue");
    expecting.begin("PUT", &upload, &format!("Content-Length: {}", bytes.len()));
    assert_eq!(expecting.answer().unwrap().status, 100);
    // The key has no right to release, which is what is heard now.
    send(&publisher, records, "POST", release.bytes()).problem(ProblemCode::NotAuthorised);
}

#[test]
fn s39_a_reader_of_a_package_reads_its_content() {
    let house = house();
    let origin = house.app.private().unwrap().log().origin().clone();
    let full = house.full_token();
    let send = |path: &str, method: &str, body: &[u8]| {
        let answer = house
            .client()
            .token(&full)
            .ask_with(method, &format!("/private{path}"), body);
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    let mut alice = Publisher::unknown(origin, "acme");
    for record in alice.beginning() {
        send(Paths::records(), "POST", record.bytes());
        alice.chain.push(record);
    }
    let bytes = component(1);
    send(&Paths::upload(&Digest::of(&bytes)), "PUT", &bytes);
    send(
        Paths::records(),
        "POST",
        alice.release("http", FIRST, "1.0.0", &bytes).bytes(),
    );
    let blob = Paths::blob(&Digest::of(&bytes));
    let read = |pattern: &str, path: &str| {
        ask(&house, &house.token(&[Action::Read], &[pattern]), path).status
    };
    for (pattern, expected) in [
        ("acme:http", 200),
        ("acme:*", 200),
        ("*", 200),
        ("acme:https", 404),
        ("other:*", 404),
    ] {
        assert_eq!(read(pattern, &blob), expected, "{pattern}");
        assert_eq!(
            read(pattern, "/api/v1/packages/acme/http"),
            expected,
            "{pattern}"
        );
        assert_eq!(
            read(pattern, "/api/v1/proof?package=acme:http"),
            expected,
            "{pattern}"
        );
        let list = ask(
            &house,
            &house.token(&[Action::Read], &[pattern]),
            "/api/v1/packages",
        );
        assert_eq!(
            list.text().contains("acme:http"),
            expected == 200,
            "{pattern}"
        );
    }
    // The public log knows nothing of it.
    house
        .get("/api/v1/packages/acme/http")
        .problem(ProblemCode::NotFound);
    house.get(&blob).problem(ProblemCode::NotFound);
}
