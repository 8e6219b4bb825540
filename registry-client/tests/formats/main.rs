//! The formats, rule by rule: records, notes, checkpoints, policies, chains. What is committed in
//! `tests/vectors/` for other implementers is made and checked here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod samples;

mod grammar;
mod records;
mod refused_records;

mod c2sp;
mod notes;
mod oracles;

mod policies;
mod quorum;

mod note_vectors;

mod chain_cases;
mod chain_refusals;
mod chains;
mod folding;
mod package_refusals;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::path::Path;

/// The vectors of a committed file, which must be byte for byte what is made here; `UPDATE=1`
/// writes it first.
fn committed<T: Serialize + DeserializeOwned>(name: &str, made: &T) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let path = path.join(name);
    let made = serde_json::to_string_pretty(made).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    let path = path.display();
    assert!(
        made == committed,
        "{path} is out of date: run with UPDATE=1"
    );
    serde_json::from_str(&committed).unwrap()
}

/// The name of an enumeration's value, without what it holds.
fn kind(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let end = text.find(|char: char| !char.is_ascii_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn from_base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}
