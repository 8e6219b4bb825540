//! Projects when things go wrong: no network, a registry that is down or talks nonsense, two who edit at once, a process
//! that dies, a merge, a disk. The real `tenon`, against a registry in memory behind a real socket.
//!
//! What lies of a registry do to projects is in the tests `lying`, in `project`.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may stop where it fails, and says where it could not be done"
)]

#[path = "../../../registry-client/tests/support/mod.rs"]
mod support;

#[path = "../support/place.rs"]
mod place;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/shop.rs"]
mod shop;

mod scene;

mod conflicts;
mod disk;
mod edits;
mod once;
mod unreachable;
