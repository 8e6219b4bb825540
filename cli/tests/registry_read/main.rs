//! The commands that read a registry, from the outside: the real program, and a registry that listens on this
//! machine.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "../../../registry-client/tests/support/mod.rs"]
mod support;

#[path = "../support/place.rs"]
mod place;
#[path = "../support/server.rs"]
mod server;

mod compose;
mod get;
mod hostile;
mod log;
mod look;
