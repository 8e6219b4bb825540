//! What the log promises when the power fails, the disk or the database does not do what it is told,
//! bits flip, or the clock is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails, and says what it counted"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/sqlite.rs"]
#[allow(dead_code, reason = "each test binary uses some of it")]
mod sqlite;
#[path = "../support/watch.rs"]
mod watch;

mod clock;
mod database;
mod early;
mod faults;
mod flips;
mod power;
mod recorder;
mod recovery;
mod story;
mod truth;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use tenon_registry_client::verify::Request;

fn release(package: &str, version: &str) -> Request {
    Request::release(package.parse().unwrap(), version.parse().unwrap())
}

fn number(variable: &str, default: usize) -> usize {
    let value = std::env::var(variable).ok();
    value.map_or(default, |value| value.parse().unwrap())
}

/// Copies what is in a directory.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = entry
            .map(|entry| (entry.path(), to.join(entry.file_name())))
            .unwrap();
        match entry.is_dir() {
            true => {
                std::fs::create_dir(&to).unwrap();
                copy(&entry, &to);
            }
            false => drop(std::fs::copy(&entry, &to).unwrap()),
        }
    }
}

/// Says where it was when something was not as it should be.
async fn explain<T>(context: &str, recover: impl Future<Output = T>) -> T {
    let mut recover = std::pin::pin!(recover);
    std::future::poll_fn(|task| {
        let polled = catch_unwind(AssertUnwindSafe(|| recover.as_mut().poll(task)));
        polled.unwrap_or_else(|panic| {
            println!("{context}");
            resume_unwind(panic)
        })
    })
    .await
}
