//! The registry and the command `tenon` together, as users have them: both real, as processes of their own.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod doctored;
mod journey;
mod process;
mod proxy;
mod tour;
mod user;
mod witnesses;
