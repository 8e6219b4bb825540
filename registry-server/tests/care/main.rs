//! Looking after a data directory: one kind of damage at a time, and what is said of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod collecting;
mod copying;
mod damage;
mod fixture;
mod older;
mod operator;
mod rebuilding;
