//! Input that means harm: no panic, no hang, memory within bounds, and an error that says what is wrong.
//!
//! What could take the process down (a stack that overflows, memory, a loop) runs in a process of its
//! own: see `bounded`. `TENON_HOSTILE=10 cargo test -p tenon-composer --test hostile` does ten times
//! as many of the random cases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod binary;
mod bounded;
mod judge;

mod counts;
mod damage;
mod depth;
mod inputs;
mod names;
mod sections;
mod shared;
