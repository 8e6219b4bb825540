//! Files that mean harm, and disks that fail: what the commands do with them, within bounds of time
//! and memory. Afterwards there is a whole file or none, and nothing else is left behind.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod files;
mod output;
mod place;
mod text;
