//! The tree of a log, its tiles and its proofs, against two other implementations and itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

mod joint;
mod large;
mod log;
mod oracles;
mod refusals;
mod tiles;
mod tlog_proof;
