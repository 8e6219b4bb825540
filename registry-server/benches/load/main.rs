//! The whole program under load on loopback: `cargo bench -p tenon-registry-server --bench load`.
//!
//! What a request costs the server, in CPU time that the system counts for the process, beside `nginx`
//! with the same files if that is on the path; how long a publish takes, alone and among others; memory
//! and the time of a restart. `LOAD_SECONDS` bounds each row, 3 unless set. Then what the OCI door costs,
//! beside `docker-registry` if that is on the path, and with `wkg` if that is, or `TENON_WKG` names it:
//! with the word `oci`, only this.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop where it fails"
)]

#[path = "../../tests/support/served.rs"]
mod served;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/support/wire.rs"]
mod wire;

mod distribution;
mod nginx;
mod oci;
mod process;
mod publish;
mod read;
mod wkg;

use served::{Served, assert_sound};
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    let seconds = std::env::var("LOAD_SECONDS").map_or(3, |text| text.parse().unwrap());
    let bound = Duration::from_secs(seconds);
    let temp = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if std::env::args().all(|word| word != "oci") {
        native(&temp.path().join("data"), bound);
    }
    oci::rows(&temp.path().join("oci"), bound);
}

fn native(dir: &Path, bound: Duration) {
    let mut served = Served::start(dir, &[]);
    let token = served.token.clone().unwrap();
    let id = served.child.id();
    println!("resident when idle: {} MiB\n", process::resident(id));

    println!("| publishers | publishes/s | p50 | p99 | server CPU | records a batch |");
    println!("|---|---|---|---|---|---|");
    for (round, clients) in [1, 16, 256].into_iter().enumerate() {
        let (pin, address) = (served.pin.clone(), served.address);
        publish::row(&publish::Load {
            pin,
            address,
            token: &token,
            round,
            clients,
            bound,
            process: id,
        });
    }
    println!(
        "\nresident after publishing: {} MiB\n",
        process::resident(id)
    );

    restart(&mut served, dir);
    read::rows(&served, dir, &token, bound);
    println!(
        "\nresident after reading: {} MiB",
        process::resident(served.child.id())
    );
    served.kill();
    assert_sound(dir);
}

/// Kills it, and waits until it serves again.
fn restart(served: &mut Served, dir: &Path) {
    served.kill();
    let begun = Instant::now();
    *served = Served::start(dir, &[]);
    let took = begun.elapsed();
    let patience = Duration::from_secs(20);
    let mut wire = wire::Wire::open(served.address, patience).unwrap();
    let note = wire.get("/log/checkpoint").unwrap();
    let size = String::from_utf8_lossy(&note.body)
        .lines()
        .nth(1)
        .unwrap_or_default()
        .to_owned();
    println!("restart with {size} leaves: {took:.0?}\n");
}
