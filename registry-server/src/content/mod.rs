//! What is published: checked, described, and both in processes that may die of it.
//!
//! [`check()`] decides whether bytes are what a release says they are, and says what they are made of.
//! Bytes from strangers are only ever given to it within a process of [`Workers`]: that process bounds
//! its own memory and CPU time, and whatever ends it ends nothing else.

mod answer;
mod check;
mod describe;
mod frame;
mod refusal;
mod wit;
mod worker;

pub use answer::answer_checks;
pub use check::{CheckError, Near, check};
pub use refusal::{Refusal, RefusalCode};
pub use worker::{CHECK_CONTENT, Limits, Neighbours, Options, Release, WorkerError, Workers};
