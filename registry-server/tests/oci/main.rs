//! The OCI door, by the OCI Distribution specification: a registry that listens, and who asks it.
//!
//! Which test holds which sentence of the specification is in `docs/oci-conformance.md`, and `page` holds that.
//!
//! And what this registry promises besides: `access`, who may do what; `private`, that nothing is told of
//! what may not be read; `packages` and `releases`, releases pulled and pushed; `ingest`, what signs those; `succession`,
//! which versions are refused; `yanks`, what is said of those that are yanked; `races`, what is done at once, and what is
//! removed meanwhile; `places`, full disks, earlier and damaged databases; `power`, `faults` and `kills`, the power, the disk
//! and the program failing at any moment; `requests`, what is written in another way; `attacks`, `contents` and `prying`,
//! what is sent to do harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../http/client.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod client;
#[path = "../http/house.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod house;
#[path = "../http/publisher.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod publisher;

#[path = "../support/served.rs"]
mod served;
#[path = "../support/sqlite.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod sqlite;
#[path = "../support/watch.rs"]
mod watch;

mod artefacts;
mod guest;
mod steps;
mod twin;

mod access;
mod attacks;
mod contents;
mod faults;
mod ingest;
mod kills;
mod labels;
mod life;
mod listing;
mod manifests;
mod packages;
mod page;
mod places;
mod power;
mod private;
mod prying;
mod pulling;
mod pushing;
mod races;
mod refusals;
mod releases;
mod requests;
mod succession;
mod ways;
mod yanks;
