use super::proxy::{Fate, Plan, Proxy};
use super::*;

/// A user whose registry is behind a proxy, and who has published `acme:a@1.0.0` past it.
fn behind(server: &Server, plan: Plan) -> (User, Proxy) {
    let user = User::with_namespace(server, "acme");
    user.write("a.wat", &component(&[], &["out"]));
    user.publish("a.wat", "acme:a", "1.0.0");
    let proxy = route(&user, server, plan);
    (user, proxy)
}

/// Puts a proxy between a user and the registry.
fn route(user: &User, server: &Server, plan: Plan) -> Proxy {
    let proxy = Proxy::start(server, plan);
    for file in ["config/config.toml", "config/credentials.toml"] {
        let path = user.at(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(&server.url, &proxy.url)).unwrap();
    }
    user.write("b.wat", &component(&[], &["out", "more"]));
    // What was fetched before is not fetched again.
    let _ = fs::remove_dir_all(user.at("cache"));
    proxy
}

const PUBLISH: [&str; 7] = [
    "publish",
    "b.wat",
    "--package",
    "acme:a",
    "--version",
    "1.1.0",
    "--yes",
];

/// The number of records of the log, by what a command says of it.
fn size(user: &User) -> u64 {
    let document = user.json(&["namespace", "show", "acme"]);
    document["log"]["size"].as_u64().unwrap()
}

fn only(part: &'static str, fate: fn() -> Fate) -> Plan {
    Box::new(move |line| match line.contains(part) {
        true => fate(),
        false => Fate::Pass,
    })
}

#[test]
fn a_lost_answer_is_looked_for_in_the_log() {
    let server = Server::start();
    let (user, proxy) = behind(&server, only("POST /api/v1/records", || Fate::LoseAnswer));
    let before = size(&user);
    let said = user.ok(&PUBLISH);
    assert!(
        said.contains(&format!("`acme:a@1.1.0` is record {before} of ")),
        "{said}"
    );
    assert_eq!(size(&user), before + 2);
    let said = user.ok(&PUBLISH);
    assert!(said.contains("it is published already"), "{said}");
    assert_eq!((size(&user), proxy.count("POST")), (before + 2, 1));
}

#[test]
fn what_never_arrived_is_said_to_be_unknown() {
    let server = Server::start();
    let fate =
        || Fate::Answer("HTTP/1.1 500 Broken\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (user, _) = behind(&server, only("POST /api/v1/records", fate));
    let before = size(&user);
    let said = user.fails(4, "registry::outcome-unknown", &PUBLISH);
    assert!(said.contains("run the same command again"), "{said}");
    assert_eq!(size(&user), before);
}

#[test]
fn nothing_is_signed_for_a_registry_that_cannot_prove_itself() {
    let server = Server::start();
    let flip = || {
        Fate::Change(|body| {
            let middle = body.len() / 2;
            body[middle] ^= 1;
        })
    };
    // The evidence, and the content of the release before.
    for part in ["/api/v1/proof", "GET /blobs/"] {
        let server = match part {
            "GET /blobs/" => &server,
            _ => &Server::start(),
        };
        let (user, proxy) = behind(server, only(part, flip));
        let output = user.tenon(&PUBLISH).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{part}: {}", said(&output));
        assert!(proxy.count(part) > 0);
        assert_eq!((proxy.count("POST"), proxy.count("PUT")), (0, 0), "{part}");
        // What the registry tells people is asked for nowhere.
        assert_eq!(proxy.count("/api/v1/packages"), 0);
    }
}

#[test]
fn a_receipt_that_proves_nothing_is_refused() {
    let server = Server::start();
    // The index of the record, one more than it is.
    let change = || {
        Fate::Change(|body| {
            let text = String::from_utf8(body.clone()).unwrap();
            let (before, rest) = text.split_once("\"index\":").unwrap();
            let end = rest.find(',').unwrap();
            let index: u64 = rest[..end].parse().unwrap();
            assert!(index % 10 != 9);
            *body = format!("{before}\"index\":{}{}", index + 1, &rest[end..]).into_bytes();
        })
    };
    let (user, _) = behind(&server, only("POST /api/v1/records", change));
    let output = user.tenon(&PUBLISH).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

/// What becomes of evidence once a record was sent.
fn afterwards(fate: fn() -> Fate) -> Plan {
    let mut sent = false;
    Box::new(move |line| {
        sent |= line.starts_with("POST /api/v1/records");
        match sent && line.contains("/api/v1/proof") {
            true => fate(),
            false => Fate::Pass,
        }
    })
}

#[test]
fn what_is_logged_is_said_even_if_it_cannot_be_looked_at() {
    let server = Server::start();
    let (user, _) = behind(&server, afterwards(|| Fate::LoseAnswer));
    let said = user.ok(&PUBLISH);
    assert!(
        said.contains("warning: the record is in the log, but could not be looked at there yet: "),
        "{said}"
    );
    assert!(
        said.contains("the log has 10 records; no witness is asked for"),
        "{said}"
    );
}

#[test]
fn what_is_logged_and_denied_afterwards_is_refused() {
    let server = Server::start();
    let flip = || Fate::Change(|body| body.reverse());
    let (user, _) = behind(&server, afterwards(flip));
    let output = user.tenon(&PUBLISH).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn who_comes_second_is_told_to_try_again() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    let first = User::with_key(&server, "acme/first");
    let vkey = first.vkey();
    user.ok(&[
        "namespace",
        "grant",
        "acme",
        &vkey,
        "--allow",
        "release",
        "--yes",
    ]);
    first.write("c.wat", &component(&[], &["out"]));
    let mut first = Some(first);
    // Just before the record arrives, another one of the same package does.
    let plan: Plan = Box::new(move |line| {
        if line.starts_with("POST /api/v1/records")
            && let Some(first) = first.take()
        {
            first.publish("c.wat", "acme:a", "1.0.1");
        }
        Fate::Pass
    });
    let _proxy = route(&user, &server, plan);
    let said = user.fails(1, "registry::problem", &PUBLISH);
    assert!(said.contains("409 (CONFLICT)"), "{said}");
    assert!(
        said.contains("help: something else was logged meanwhile: give the command again"),
        "{said}"
    );
    user.ok(&PUBLISH);
}
