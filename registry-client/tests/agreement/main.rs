//! Full and light mode agree: who reads the whole log and who is shown a bundle of it come to the
//! same answers on every log whose map is honest; where the map lies, it is stated who notices.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod dice;
mod proposal;
mod show;
mod visitor;
mod world;

mod dishonest;
mod history;
mod lies;
mod minimal;
mod refusals;
