//! Which versions a project takes, and what it is told when none will do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod brute;
mod cases;
mod hostile;
mod laws;
mod requirements;
mod world;
