//! What is published, checked by the real program in real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]
#![allow(clippy::print_stdout, reason = "a test says what it measured")]

mod support;

mod describe;
mod hostile;
mod pool;
mod refuse;
