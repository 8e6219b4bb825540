//! Cosignatures: logs that ask witnesses, witnesses that are asked, and keys that are replaced.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod commands;
mod fixture;
mod process;
mod publish;
mod renew;
mod rotation;
mod witness;
