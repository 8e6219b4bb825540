//! What Tenon's tests share: a host that runs the components they compose.
//!
//! [`run`] is that host. It is Wasmtime with WASI and every WebAssembly proposal on that a
//! validator accepts by default, so that a composition that validates can also be run.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test tool: a panic is how a test fails"
)]

pub mod example;
pub mod run;
