//! `fsck` of a registry that published real content: the catalog against the log and the content.

use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, upload};
use std::path::Path;
use std::process::Command;
use tenon_registry_client::Digest;
use tenon_registry_client::api::Paths;

fn fsck(dir: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .args(["fsck", "--data"])
        .arg(dir)
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), text)
}

/// A component with an interface, and with words to be found by.
fn described(number: u32) -> Vec<u8> {
    let text = format!(
        "(component
           (import \"wasi:clocks/now@0.2.{number}\" (instance))
           (core module (func (result i32) i32.const {number})))"
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn the_catalog_is_compared_with_the_log_and_the_content() {
    let house = House::with(|config| config.private = true);
    let alice = Publisher::new(&house, "acme");
    let mut link = FIRST;
    for number in 1..4 {
        let bytes = described(number);
        upload(&house, &bytes);
        let record = alice.release("app", link, &format!("1.{number}.0"), &bytes);
        let answer = post(&house, &record);
        assert_eq!(answer.status, 201, "{}", answer.text());
        link = after(&record);
    }
    let yank = alice.yank("app", link, "1.3.0");
    assert_eq!(post(&house, &yank).status, 201);
    // In private, too.
    let origin = house.app.private().unwrap().log().origin().clone();
    let mut bob = Publisher::unknown(origin, "secret");
    let token = house.full_token();
    let send = |method: &str, path: &str, bytes: &[u8]| {
        let path = format!("/private{path}");
        let mut client = house.client().token(&token);
        let answer = client.ask_with(method, &path, bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    for record in bob.beginning() {
        send("POST", Paths::records(), record.bytes());
        bob.chain.push(record);
    }
    let bytes = component(9);
    send("PUT", &Paths::upload(&Digest::of(&bytes)), &bytes);
    let record = bob.release("app", FIRST, "0.1.0", &bytes);
    send("POST", Paths::records(), record.bytes());
    let temp = house.leave();
    let dir = temp.path().join("data");

    let (code, text) = fsck(&dir);
    assert_eq!(code, Some(0), "{text}");
    let database = dir.join("registry.sqlite");
    let good = std::fs::read(&database).unwrap();
    for (table, sql) in [
        (
            "namespace",
            "UPDATE namespace SET keys = '[]' WHERE log = 1",
        ),
        (
            "package",
            "UPDATE package SET version = '1.1.0' WHERE log = 0",
        ),
        ("package", "DELETE FROM package WHERE log = 1"),
        (
            "release",
            "UPDATE release SET status = '{\"status\":\"available\"}'",
        ),
        ("release", "DELETE FROM release WHERE version = '0.1.0'"),
        (
            "world",
            "UPDATE world SET json = replace(json, 'clocks', 'clucks') WHERE log = 0",
        ),
        ("posting", "DELETE FROM posting"),
        ("words", "DELETE FROM words"),
        ("tally", "UPDATE tally SET bytes = 0 WHERE log = 1"),
    ] {
        std::fs::write(&database, &good).unwrap();
        let connection = rusqlite::Connection::open(&database).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        connection.close().unwrap();
        let (code, text) = fsck(&dir);
        assert_eq!(code, Some(13), "{sql}: {text}");
        assert!(
            text.contains(&format!("the table `{table}`")),
            "{sql}: {text}"
        );
    }
}
