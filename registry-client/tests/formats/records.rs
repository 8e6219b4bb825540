//! `records.json`: a record of every kind, and texts that are none.

use crate::refused_records::refusals;
use crate::samples::everything;
use crate::support::*;
use crate::{base64, committed, from_base64, kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use tenon_registry_client::log::{Hash, SigningKey};
use tenon_registry_client::record::SignedRecord;

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: String,
    keys: Vec<Key>,
    records: Vec<Accepted>,
    refused: Vec<Refused>,
}

/// A key that signs some of the records.
#[derive(Serialize, Deserialize)]
struct Key {
    vkey: String,
    /// The 32 bytes of its secret, in base64.
    seed: String,
}

/// A record that is in the grammar.
#[derive(Serialize, Deserialize)]
struct Accepted {
    /// Its index in a log of all of these.
    index: u64,
    kind: String,
    subject: String,
    /// Of the leaf, in base64.
    hash: String,
    /// The names of the keys of its signature lines, in their order.
    signed_by: Vec<String>,
    /// The leaf.
    record: String,
}

/// A text that is no record.
#[derive(Serialize, Deserialize)]
struct Refused {
    reason: String,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// In place of `record`, where that is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

const ABOUT: &str = "Records, as docs/record.md specifies them. `records` are all leaves of a log, \
    in order, and everything that they say stands. `refused` are texts that are no record; `error` \
    is the kind of error here. Signatures in `refused` are not valid any more, and need not be \
    looked at. A seed is the SHA-256 of the name of its key.";

fn keys() -> Vec<SigningKey> {
    let origin = crate::samples::ORIGIN;
    let roles = ["", "/root", "/index", "/ingest", "/ingest-2"];
    let roles = roles.iter().map(|role| format!("{origin}{role}"));
    let people = ["owner", "second", "third", "alice", "bob"];
    let people = people.iter().map(|name| format!("acme/{name}"));
    let mut keys: Vec<SigningKey> = roles.chain(people).map(|name| key(&name)).collect();
    keys.push(cosigner(&format!("{origin}/time")));
    keys
}

fn make() -> Vectors {
    let log = everything();
    let accepted = (0..).zip(&log.leaves).map(|(index, leaf)| {
        let record = SignedRecord::parse(leaf).unwrap();
        let names = record.signatures().iter().map(|line| line.name.to_string());
        Accepted {
            index,
            kind: record.record().kind().to_owned(),
            subject: record.record().subject().to_string(),
            hash: record.hash().to_string(),
            signed_by: names.collect(),
            record: String::from_utf8(leaf.clone()).unwrap(),
        }
    });
    let refused = refusals().into_iter().map(|(reason, bytes)| {
        let error = SignedRecord::parse(&bytes).expect_err(&reason);
        let text = String::from_utf8(bytes);
        Refused {
            reason,
            error: kind(&error),
            base64: text.as_ref().err().map(|error| base64(error.as_bytes())),
            record: text.ok(),
        }
    });
    Vectors {
        about: ABOUT.to_owned(),
        keys: keys()
            .iter()
            .map(|key| Key {
                vkey: key.vkey().to_string(),
                seed: base64(
                    tenon_registry_client::Digest::of(key.vkey().name().as_str().as_bytes())
                        .as_bytes(),
                ),
            })
            .collect(),
        records: accepted.collect(),
        refused: refused.collect(),
    }
}

#[test]
fn are_as_committed() {
    let vectors = committed("records.json", &make());
    for vector in &vectors.records {
        let record = SignedRecord::parse(vector.record.as_bytes()).unwrap();
        assert_eq!(record.hash().to_string(), vector.hash);
        assert_eq!(Hash::leaf(vector.record.as_bytes()), record.hash());
        assert_eq!(record.record().kind(), vector.kind);
        assert_eq!(record.record().subject().to_string(), vector.subject);
    }
    for vector in &vectors.refused {
        let bytes = match (&vector.record, &vector.base64) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(bytes)) => from_base64(bytes),
            _ => panic!("{}: one of two", vector.reason),
        };
        let error = SignedRecord::parse(&bytes).unwrap_err();
        assert_eq!(kind(&error), vector.error, "{}", vector.reason);
    }
    println!(
        "{} records, {} refused",
        vectors.records.len(),
        vectors.refused.len()
    );
    assert!(vectors.refused.len() >= 60);
}

#[test]
fn there_is_one_of_every_kind_and_all_stand() {
    let log = everything();
    assert_eq!(log.monitor().findings(), []);
    let leaves = crate::samples::leaves();
    let kinds: BTreeSet<&str> = leaves.iter().map(|leaf| leaf.record().kind()).collect();
    let all = [
        "create",
        "grant",
        "index",
        "init",
        "key-add",
        "key-remove",
        "release",
        "reserve",
        "revoke",
        "takedown",
        "threshold",
        "trust-oidc",
        "unyank",
        "yank",
    ];
    assert!(kinds.iter().eq(&all), "{kinds:?}");
}

#[test]
fn each_reads_as_it_was_written() {
    for leaf in crate::samples::leaves() {
        let again = SignedRecord::parse(leaf.bytes()).unwrap();
        assert_eq!(again, *leaf);
        let text = String::from_utf8(leaf.bytes().to_vec()).unwrap();
        let (body, _) = text.rsplit_once("\n\n").unwrap();
        assert_eq!(leaf.record().to_string(), format!("{body}\n"));
    }
}

/// What docs/record.md shows as an example is in a record.
#[test]
fn the_specification_has_examples_of_every_kind() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/record.md");
    let page = std::fs::read_to_string(path).unwrap();
    let leaves = crate::samples::leaves().iter();
    let leaves: Vec<_> = leaves
        .map(|leaf| String::from_utf8_lossy(leaf.bytes()))
        .collect();
    let blocks = page.split("```\n").skip(1).step_by(2);
    let examples: Vec<&str> = blocks.filter(|block| !block.contains("<kind>")).collect();
    for line in examples.iter().flat_map(|example| example.lines()) {
        let shown = leaves.iter().any(|leaf| leaf.lines().any(|is| is == line));
        assert!(shown, "no record has the line {line}");
    }
    assert!(examples.len() >= 14);
}
