//! What reads cost the server.

use crate::nginx::Nginx;
use crate::process;
use crate::served::Served;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProofQuery};
use tenon_registry_client::verify::{Known, Request};

/// Connections at a time, each of which asks again as soon as it was answered.
const CONNECTIONS: usize = 16;

struct Cost {
    requests: u64,
    bytes: u64,
    cpu: Duration,
    took: Duration,
}

impl Cost {
    fn micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.requests as f64
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    fn gigabytes(&self) -> f64 {
        self.bytes as f64 / self.took.as_secs_f64() / 1e9
    }
}

pub(crate) fn rows(served: &Served, dir: &Path, token: &str, bound: Duration) {
    let nginx = Nginx::start(dir, &dir.with_extension("nginx"));
    if nginx.is_none() {
        println!("there is no `nginx` on the path: it is not compared\n");
    }
    let small = upload(served, token, 64 << 10);
    let large = upload(served, token, 8 << 20);
    let file = |name: &'static str, path: String, beside: bool| (name, path, beside);
    let query = ProofQuery {
        request: Request::Registry,
        known: Known::default(),
        size: None,
    };
    println!(
        "| GET | server CPU | requests/s | GB/s | nginx: CPU | requests/s | GB/s | CPU ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, path, beside) in [
        file("checkpoint", Paths::checkpoint().to_owned(), true),
        file("full tile, 8 KiB", "/log/tile/0/000".to_owned(), true),
        file(
            "full entry bundle",
            "/log/tile/entries/000".to_owned(),
            true,
        ),
        file("content, 64 KiB", small, true),
        file("content, 8 MiB", large, true),
        file("bundle of the registry", Paths::proof(&query), false),
        file("bundle of a release", release(), false),
        file("package", "/api/v1/packages/r0c0/app0".to_owned(), false),
    ] {
        let ours = measure(served.address, served.child.id(), &path, bound);
        print!(
            "| {name} | {:.1} µs | {:.0} | {:.2} |",
            ours.micros(),
            ours.rate(),
            ours.gigabytes()
        );
        match nginx.as_ref().filter(|_| beside) {
            Some(nginx) => {
                let its = measure(nginx.address, nginx.worker, &path, bound);
                println!(
                    " {:.1} µs | {:.0} | {:.2} | {:.2}x |",
                    its.micros(),
                    its.rate(),
                    its.gigabytes(),
                    ours.micros() / its.micros()
                );
            }
            None => println!(" | | | |"),
        }
    }
}

fn release() -> String {
    let request = Request::Package {
        package: "r0c0:app0".parse().unwrap(),
        releases: ["1.0.0".parse().unwrap()].into(),
    };
    Paths::proof(&ProofQuery {
        request,
        known: Known::default(),
        size: None,
    })
}

/// Uploads content of this size; its path.
fn upload(served: &Served, token: &str, size: usize) -> String {
    let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
    let digest = Digest::of(&bytes);
    let wire = Wire::open(served.address, Duration::from_secs(30)).unwrap();
    let reply = wire
        .token(token)
        .send("PUT", &Paths::upload(&digest), &bytes)
        .unwrap();
    assert_eq!(reply.status, 201);
    Paths::blob(&digest)
}

fn measure(address: SocketAddr, id: u32, path: &str, bound: Duration) -> Cost {
    // Once to fill caches.
    ask(address, path, Duration::from_millis(200));
    let (begun, before) = (Instant::now(), process::cpu(id));
    let (requests, bytes) = ask(address, path, bound);
    let (took, cpu) = (begun.elapsed(), process::cpu(id) - before);
    Cost {
        requests,
        bytes,
        cpu,
        took,
    }
}

/// Asks for one path from many connections; how many answers came, and how many bytes they had.
fn ask(address: SocketAddr, path: &str, bound: Duration) -> (u64, u64) {
    let (requests, bytes, end) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut wire = Wire::open(address, Duration::from_secs(20)).unwrap();
                let mut space = vec![0; 256 << 10];
                while !end.load(Ordering::Relaxed) {
                    let (status, length) = wire.measure(path, &mut space).unwrap();
                    assert_eq!(status, 200, "{path}");
                    requests.fetch_add(1, Ordering::Relaxed);
                    bytes.fetch_add(length, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(bound);
        end.store(true, Ordering::Relaxed);
    });
    (requests.into_inner(), bytes.into_inner())
}
