//! The formats of a project: what is read, what is refused and with which words, what an edit leaves
//! alone, and what a lock file answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod golden;

mod edits;
mod laws;
mod manifests;

mod conflicts;
mod locked;
mod locks;

mod wkg;
