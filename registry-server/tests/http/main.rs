//! A registry that listens, and who asks it: with care, and without.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod client;
mod house;
mod publisher;

mod contract;
mod files;
mod limits;
mod operator;
mod private;
mod records;
mod tokens;
mod uploads;
