//! The log on a real disk: `cargo bench -p tenon-registry-server --bench log`.
//!
//! Records only, without HTTP: how many are logged a second by 1, 16 and 256 at once, how long each
//! waits for the checkpoint that includes it, what a bundle costs, and, for a log of `LOG_RECORDS`
//! records (20,000 unless set), how long it takes to open and how much memory it has.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop where it fails"
)]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};
use support::{Publisher, Registry};
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::verify::{Known, Request};

/// How many packages a publisher has: chains are as long as records are published over packages.
const PACKAGES: usize = 20;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let registry = Registry::open(dir.path());
    println!("| at once | records/s | wait p50 | wait p99 | records a batch |");
    println!("|---|---|---|---|---|");
    for (round, (clients, each)) in [(1, 200), (16, 100), (256, 20)].into_iter().enumerate() {
        runtime.block_on(publish(&registry, round, clients, each));
    }
    let wanted = std::env::var("LOG_RECORDS").map_or(20_000, |text| text.parse().unwrap());
    let mut round = 10;
    while registry.log.published().checkpoint.size < wanted {
        let size = registry.log.published().checkpoint.size;
        let each = ((wanted - size) / 256 + 3).min(400) as usize;
        runtime.block_on(publish(&registry, round, 256, each));
        round += 1;
    }
    bundles(&registry);
    let size = registry.log.published().checkpoint.size;
    runtime.block_on(registry.log.close());
    let before = resident();
    drop(registry);
    let begun = Instant::now();
    let registry = Registry::open(dir.path());
    println!(
        "\nopened {size} leaves in {:?}; resident before {} MiB, after {} MiB",
        begun.elapsed(),
        before,
        resident()
    );
    assert_eq!(registry.log.published().checkpoint.size, size);
    assert!(registry.fatal.lock().unwrap().is_empty());
}

async fn publish(registry: &Registry, round: usize, clients: usize, each: usize) {
    let mut publishers = vec![];
    for client in 0..clients {
        let seed = (round * 31 + client) as u8;
        let mut publisher =
            Publisher::new(registry.log.origin(), &format!("r{round}c{client}"), seed);
        publisher.settle(&registry.log).await;
        let log = registry.log.clone();
        publishers.push(async move {
            let mut waits = vec![];
            for number in 0..each {
                let name = format!("app{}", number % PACKAGES);
                let record = publisher.release(&name, &format!("1.0.{number}"));
                let begun = Instant::now();
                publisher.submit(&log, record).await.unwrap();
                waits.push(begun.elapsed());
            }
            waits
        });
    }
    let size = registry.log.published().checkpoint.size;
    let begun = Instant::now();
    let tasks: Vec<_> = publishers.into_iter().map(tokio::spawn).collect();
    let mut waits: Vec<Duration> = vec![];
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    let took = begun.elapsed();
    waits.sort();
    let records = waits.len();
    let batches = registry.log.published().checkpoint.size - size - records as u64;
    println!(
        "| {clients} | {:.0} | {:?} | {:?} | {:.1} |",
        records as f64 / took.as_secs_f64(),
        waits[records / 2],
        waits[records * 99 / 100],
        records as f64 / batches as f64
    );
}

fn bundles(registry: &Registry) {
    let request = Request::release("r2c0:app0".parse().unwrap(), "1.0.0".parse().unwrap());
    let query = ProofQuery {
        request,
        known: Known::default(),
        size: None,
    };
    let begun = Instant::now();
    let (rounds, mut bytes) = (200, 0);
    for _ in 0..rounds {
        bytes = registry.log.prove(&query).unwrap().len();
    }
    println!(
        "\na bundle of {bytes} bytes is made in {:?}",
        begun.elapsed() / rounds
    );
}

/// Resident memory in MiB, where the system says it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
