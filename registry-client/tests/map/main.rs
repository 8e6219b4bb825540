//! The map of heads and the proofs about it, against a model that has nothing in common with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

mod figures;
mod ill_formed;
mod model;
mod mutation;
mod properties;
mod refusal;
mod vectors;

use tenon_registry_client::log::{Hash, Head, Map, MapKey};

/// A head that differs from that of every other number.
fn head(number: u64) -> Head {
    Head {
        index: number,
        seq: (number % 7) as u32,
        hash: Hash::leaf(&number.to_be_bytes()),
    }
}

/// The keys of some subjects, increasing.
fn keys(subjects: impl IntoIterator<Item = u64>) -> Vec<MapKey> {
    let subjects = subjects.into_iter();
    let mut keys: Vec<MapKey> = subjects
        .map(|number| MapKey::of(&format!("package acme:p{number}")))
        .collect();
    keys.sort();
    keys
}

/// A map of as many subjects.
fn map(size: u64) -> Map {
    keys(0..size).into_iter().zip((0..).map(head)).collect()
}
