//! What trust costs: signatures, proofs, the map, and the verification of releases.
//!
//! `cargo bench -p tenon-registry-client` prints the tables that BENCHMARKS.md shows. A row is run in
//! turn with its baseline; a time is a median, and a ratio is the median of those of neighbouring runs.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints tables, and may stop where it fails"
)]

#[path = "../../tests/support/large.rs"]
mod large;
#[path = "../../tests/support/mod.rs"]
mod support;

mod growth;
mod parts;
mod releases;
mod table;

fn main() {
    parts::print();
    releases::print();
    growth::print();
}
