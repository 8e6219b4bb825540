//! The catalog, in a real SQLite file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod hostile;
mod listing;
mod model;
mod scale;
mod search;
mod support;
