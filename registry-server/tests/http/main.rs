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

mod checked;
mod command_line;
mod contract;
mod files;
mod full_disk;
mod limits;
mod operator;
mod private;
mod records;
mod tokens;
mod upkeep;
mod uploads;
