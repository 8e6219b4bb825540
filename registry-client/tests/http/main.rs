//! The client against a registry that listens on this machine, and does as it is told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod server;
mod user;

mod honest;
mod tls;
mod transport;
mod trust;

mod disk;
mod offline;

mod candidates;
mod checkpoint;
mod install;
mod lockfile;
mod log;
mod write;
