//! Whatever is changed in something valid is refused, or changes nothing that counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod mutant;

mod case;
mod world;

mod bundle;
mod note;
mod record;
mod section;
mod text;
