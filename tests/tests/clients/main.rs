//! The clients that people have already, unmodified: `wkg` and `wac`, against a real registry and beside the real `tenon`.
//!
//! `TENON_WKG` and `TENON_WAC` name the programs, which `.ci/clients` installs; `TENON_WASI` a folder with all packages of
//! WASI as text. What is not named is not tested, which is said.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[allow(dead_code, reason = "shared with the tests of the registry")]
#[path = "../registry/process.rs"]
mod process;
#[allow(dead_code, reason = "shared with the tests of the registry")]
#[path = "../registry/user.rs"]
mod user;

mod guest;
mod sealed;
mod shop;

mod get;
mod oci;
mod publish;
mod tenon;
mod wac;
mod wit;
