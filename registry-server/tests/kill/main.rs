//! The whole program, killed at any moment, and what it acknowledged.
//!
//! `KILL_CYCLES` says how often it is killed, `KILL_SEED` when; `FAULT_CALLS` how many calls of each
//! kind fail in turn while something is published.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may stop where it fails"
)]

#[path = "../support/served.rs"]
mod served;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wire.rs"]
mod wire;

mod oracle;
mod publishing;
mod random;

mod cycles;
mod faults;
