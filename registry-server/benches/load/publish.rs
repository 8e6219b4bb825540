//! How long it takes until something is published: content of 64 KiB sent, the record logged, its
//! checkpoint published and the proof answered.

use crate::process;
use crate::support::Publisher;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Accepted, Paths};
use tenon_registry_client::record::{Content, ContentKind, PackageAct, SignedRecord};
use tenon_registry_client::state::Pin;

/// How many packages a publisher has, so that chains stay short.
const PACKAGES: u32 = 20;

pub(crate) struct Load<'a> {
    pub(crate) pin: Pin,
    pub(crate) address: SocketAddr,
    pub(crate) token: &'a str,
    pub(crate) round: usize,
    pub(crate) clients: usize,
    pub(crate) bound: Duration,
    pub(crate) process: u32,
}

/// What one publisher waited for: all of it, and the record alone.
#[derive(Default)]
struct Waits {
    whole: Vec<Duration>,
    record: Vec<Duration>,
}

pub(crate) fn row(load: &Load<'_>) {
    let barrier = Barrier::new(load.clients + 1);
    let (waits, took, cpu, leaves) = thread::scope(|scope| {
        let publish = |client| {
            scope.spawn({
                let barrier = &barrier;
                move || publish(load, client, barrier)
            })
        };
        let running: Vec<_> = (0..load.clients).map(publish).collect();
        barrier.wait();
        let (begun, before, size) = (Instant::now(), process::cpu(load.process), log_size(load));
        let ended: Vec<Waits> = running.into_iter().map(|one| one.join().unwrap()).collect();
        let leaves = log_size(load) - size;
        (
            ended,
            begun.elapsed(),
            process::cpu(load.process) - before,
            leaves,
        )
    });
    let sorted = |of: fn(&Waits) -> &Vec<Duration>| {
        let mut all: Vec<Duration> = waits.iter().flat_map(of).copied().collect();
        all.sort();
        all
    };
    let (whole, record) = (sorted(|waits| &waits.whole), sorted(|waits| &waits.record));
    let count = whole.len() as u64;
    let at = |sorted: &[Duration], part: usize| sorted[(sorted.len() - 1) * part / 100];
    println!(
        "| {} | {:.0} | {:.1?} | {:.1?} | {:.2} ms | {:.1} |",
        load.clients,
        count as f64 / took.as_secs_f64(),
        at(&whole, 50),
        at(&whole, 99),
        cpu.as_secs_f64() * 1e3 / count as f64,
        count as f64 / (leaves - count) as f64,
    );
    println!(
        "| the record alone, to inclusion | | {:.1?} | {:.1?} | | |",
        at(&record, 50),
        at(&record, 99)
    );
}

fn log_size(load: &Load<'_>) -> u64 {
    let mut wire = Wire::open(load.address, Duration::from_secs(20)).unwrap();
    let note = wire.get(Paths::checkpoint()).unwrap();
    let text = String::from_utf8(note.body).unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}

fn publish(load: &Load<'_>, client: usize, barrier: &Barrier) -> Waits {
    let namespace = format!("r{}c{client}", load.round);
    let seed = (load.round * 31 + client) as u8;
    let mut publisher = Publisher::new(load.pin.origin(), &namespace, seed);
    let wire = Wire::open(load.address, Duration::from_secs(60)).unwrap();
    let mut wire = wire.token(load.token);
    for begin in [Publisher::create, Publisher::grant] {
        let record = begin(&publisher);
        submit(&mut wire, &record);
        publisher.logged(&record);
    }
    let mut content = content();
    barrier.wait();
    let (begun, mut waits) = (Instant::now(), Waits::default());
    for number in 0.. {
        let unique = format!("{namespace}{number:010}");
        let end = content.len();
        content[end - unique.len()..].copy_from_slice(unique.as_bytes());
        let digest = Digest::of(&content);
        let act = PackageAct::Release {
            version: format!("1.0.{number}").parse().unwrap(),
            content: Content {
                digest,
                size: content.len() as u64,
                kind: ContentKind::Component,
            },
            attestation: None,
        };
        let record = publisher.package(&format!("app{}", number % PACKAGES), act);
        let asked = Instant::now();
        let reply = wire.send("PUT", &Paths::upload(&digest), &content).unwrap();
        assert_eq!(
            reply.status,
            201,
            "{}",
            String::from_utf8_lossy(&reply.body)
        );
        let sent = Instant::now();
        submit(&mut wire, &record);
        waits.whole.push(asked.elapsed());
        waits.record.push(sent.elapsed());
        publisher.logged(&record);
        if begun.elapsed() > load.bound {
            break;
        }
    }
    waits
}

/// Has a record logged, and expects that the answer includes it.
pub(crate) fn submit(wire: &mut Wire, record: &SignedRecord) {
    let reply = wire.send("POST", Paths::records(), record.bytes()).unwrap();
    assert_eq!(
        reply.status,
        201,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    let accepted: Accepted = serde_json::from_slice(&reply.body).unwrap();
    assert!(accepted.index < accepted.size);
}

/// A component of 64 KiB, the end of which can be anything.
fn content() -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let length = (64 << 10) - bytes.len() - 4;
    bytes.extend([
        0,
        (length & 0x7f) as u8 | 0x80,
        (length >> 7 & 0x7f) as u8 | 0x80,
        (length >> 14) as u8,
    ]);
    bytes.extend([1, b'x']);
    bytes.resize(64 << 10, 7);
    bytes
}
