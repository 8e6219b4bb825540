//! What the OCI door costs, beside `docker-registry` in turn: what clients wait for, and what the process
//! that serves takes.

use crate::distribution::Distribution;
use crate::process;
use crate::publish::submit;
use crate::served::Served;
use crate::support::Publisher;
use crate::wire::Wire;
use crate::wkg::{NAMESPACE, Wkg};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::record::{Grant, NamespaceAct, Permission};
use tenon_registry_server::log::LogId;
use tenon_registry_server::log::keys::Keys;

/// Connections that ask for small things at a time.
const CONNECTIONS: usize = 8;

/// How often each registry does what takes long, after once for the caches.
const ROUNDS: usize = 11;

/// How large content is that is large.
const LARGE: usize = 40 << 20;

/// The same of a WIT package, which has at most 16 MiB.
const WIT: usize = 12 << 20;

/// How much is in a chunk.
const CHUNK: usize = 8 << 20;

/// How many tags are listed.
const TAGS: usize = 100;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// One of the two.
struct Side {
    address: SocketAddr,
    process: u32,
    token: Option<String>,
    wkg: Option<Wkg>,
    idle: u64,
}

/// What one of the two took for a row, round by round, and of CPU.
#[derive(Default)]
struct Took {
    rounds: Vec<f64>,
    cpu: Duration,
}

impl Took {
    fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

pub(crate) fn rows(dir: &Path, bound: Duration) {
    std::fs::create_dir_all(dir).unwrap();
    let served = Served::start(&dir.join("data"), &["log.level=error"]);
    let token = served.token.clone().unwrap();
    let distribution = Distribution::start(&dir.join("distribution"));
    if distribution.is_none() {
        println!("there is no `docker-registry` on the path: it is not compared\n");
    }
    let program = Wkg::find();
    if program.is_none() {
        println!("there is no `wkg` on the path or in `TENON_WKG`: it is not run\n");
    }
    grant(&served, &dir.join("data"), &token);
    let side = |name: &str, address, process, token: Option<&str>| Side {
        address,
        process,
        token: token.map(str::to_owned),
        wkg: program
            .as_deref()
            .map(|program| Wkg::of(program, &dir.join(name), address, token)),
        idle: process::resident(process),
    };
    let mut sides = vec![side("wkg", served.address, served.child.id(), Some(&token))];
    if let Some(its) = &distribution {
        sides.push(side("wkg-its", its.address, its.child.id(), None));
    }
    println!("| work | time | server CPU | docker-registry: time | CPU | time ratio |");
    println!("|---|---|---|---|---|---|");
    if program.is_some() {
        clients(&mut sides, dir);
    }
    content(&mut sides);
    println!(
        "\n| GET | requests/s | server CPU | docker-registry: requests/s | CPU | rate ratio |"
    );
    println!("|---|---|---|---|---|---|");
    small(&mut sides, bound);
    println!("\n| resident | MiB | docker-registry |");
    println!("|---|---|---|");
    let shown = |of: &dyn Fn(&Side) -> u64| {
        let shown: Vec<String> = sides.iter().map(|side| of(side).to_string()).collect();
        shown.join(" | ")
    };
    println!("| idle | {} |", shown(&|side| side.idle));
    let after = |side: &Side| process::resident(side.process);
    println!("| after all of this | {} |", shown(&after));
}

/// Has a namespace let the registry sign what is pushed.
fn grant(served: &Served, dir: &Path, token: &str) {
    let mut publisher = Publisher::new(served.pin.origin(), NAMESPACE, 1);
    let wire = Wire::open(served.address, Duration::from_secs(20)).unwrap();
    let mut wire = wire.token(token);
    let keys = Keys::load(&LogId::Public.keys(dir)).unwrap();
    let grant = Grant {
        permissions: [Permission::Release].into(),
        pattern: "*".parse().unwrap(),
        expires: None,
    };
    let act = NamespaceAct::Grant(keys.ingest.vkey().clone(), grant);
    for act in [None, Some(act)] {
        let record = match act {
            None => publisher.create(),
            Some(act) => publisher.act(act),
        };
        submit(&mut wire, &record);
        publisher.logged(&record);
    }
}

/// What whoever runs `wkg` waits for.
fn clients(sides: &mut [Side], dir: &Path) {
    for (name, size) in [("a small package", 0), ("a package of 12 MiB", WIT)] {
        let package = |round: usize| format!("{NAMESPACE}:p{size}r{round}");
        let file = dir.join("package.wasm");
        row(
            &format!("`wkg publish`, {name}"),
            sides,
            None,
            |side, round| {
                let bytes = behind(wit(&package(round)), size, round as u64);
                std::fs::write(&file, bytes).unwrap();
                side.wkg.as_mut().unwrap().publish(&file)
            },
        );
        row(&format!("`wkg get`, {name}"), sides, None, |side, round| {
            let package = format!("{}@1.0.0", package(round));
            side.wkg.as_mut().unwrap().get(&package, size as u64)
        });
    }
}

/// What whoever pushes and pulls large content waits for.
fn content(sides: &mut [Side]) {
    let mut bytes = behind(component(), LARGE, 0);
    let mut next = move |round: usize, what: u8| {
        let end = bytes.len();
        bytes[end - 16..end - 8].copy_from_slice(&(round as u64).to_le_bytes());
        bytes[end - 1] = what;
        (Digest::of(&bytes), bytes.clone())
    };
    let large = Some(LARGE);
    row(
        "push of 40 MiB, in one request",
        sides,
        large,
        |side, round| {
            let (digest, bytes) = next(round, 1);
            side.push("bench/large/files", &digest, &bytes, bytes.len())
        },
    );
    row(
        "push of 40 MiB, in chunks of 8 MiB",
        sides,
        large,
        |side, round| {
            let (digest, bytes) = next(round, 2);
            side.push("bench/large/files", &digest, &bytes, CHUNK)
        },
    );
    let (digest, bytes) = next(0, 3);
    for side in &mut *sides {
        side.push("bench/large/files", &digest, &bytes, bytes.len());
    }
    let path = format!("/v2/bench/large/files/blobs/{digest}");
    row("pull of 40 MiB", sides, large, |side, _| {
        let (mut wire, mut space) = (side.wire(), vec![0; 256 << 10]);
        let begun = Instant::now();
        let (status, length) = wire.measure(&path, &mut space).unwrap();
        assert_eq!((status, length), (200, bytes.len() as u64));
        begun.elapsed()
    });
}

/// How many small things a second.
fn small(sides: &mut [Side], bound: Duration) {
    let layer = component();
    let (config, of_layer) = (Digest::of(b"{}"), Digest::of(&layer));
    let manifest = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{MANIFEST}\",\"config\":{{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"{config}\",\"size\":2}},\
         \"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"{of_layer}\",\"size\":{}}}]}}",
        layer.len()
    );
    let name = "bench/many/tags";
    for side in &mut *sides {
        side.push(name, &config, b"{}", 2);
        side.push(name, &of_layer, &layer, layer.len());
        let mut wire = side.wire().header(&format!("Content-Type: {MANIFEST}"));
        for tag in 0..TAGS {
            let path = format!("/v2/{name}/manifests/t{tag:03}");
            let reply = wire.send("PUT", &path, manifest.as_bytes()).unwrap();
            assert_eq!(
                reply.status,
                201,
                "{}",
                String::from_utf8_lossy(&reply.body)
            );
        }
    }
    let digest = Digest::of(manifest.as_bytes());
    rate("`/v2/`, as someone", sides, bound, "/v2/");
    rate(
        "a manifest, by tag",
        sides,
        bound,
        &format!("/v2/{name}/manifests/t042"),
    );
    rate(
        "a manifest, by digest",
        sides,
        bound,
        &format!("/v2/{name}/manifests/{digest}"),
    );
    if sides[0].wkg.is_some() {
        let path = format!("/v2/{NAMESPACE}/p0r1/manifests/1.0.0");
        rate("the manifest of a release, by version", sides, bound, &path);
    }
    rate("100 tags", sides, bound, &format!("/v2/{name}/tags/list"));
}

impl Side {
    fn wire(&self) -> Wire {
        let wire = Wire::open(self.address, Duration::from_secs(30)).unwrap();
        let wire = wire.header(&format!("Accept: {MANIFEST}"));
        match &self.token {
            Some(token) => wire.token(token),
            None => wire,
        }
    }

    /// Pushes content in so many bytes at a time, of which the last come with the request that closes
    /// the upload: how long that took.
    fn push(&self, name: &str, digest: &Digest, bytes: &[u8], chunk: usize) -> Duration {
        let mut wire = self.wire().header("Content-Type: application/octet-stream");
        let begun = Instant::now();
        let path = format!("/v2/{name}/blobs/uploads/");
        let reply = wire.send("POST", &path, b"").unwrap();
        assert_eq!(
            reply.status,
            202,
            "{}",
            String::from_utf8_lossy(&reply.body)
        );
        let mut location = reply.header("location").unwrap().to_owned();
        let mut chunks = bytes.chunks(chunk).peekable();
        while let Some(chunk) = chunks.next() {
            let (method, path, status) = match chunks.peek() {
                Some(_) => ("PATCH", location.clone(), 202),
                None => {
                    let with = if location.contains('?') { '&' } else { '?' };
                    ("PUT", format!("{location}{with}digest={digest}"), 201)
                }
            };
            let reply = wire.send(method, &path, chunk).unwrap();
            assert_eq!(
                reply.status,
                status,
                "{}",
                String::from_utf8_lossy(&reply.body)
            );
            location = reply.header("location").unwrap().to_owned();
        }
        begun.elapsed()
    }
}

/// Has each do the same in turn, and prints how long it took, or how fast bytes were moved.
fn row(
    name: &str,
    sides: &mut [Side],
    bytes: Option<usize>,
    mut act: impl FnMut(&mut Side, usize) -> Duration,
) {
    let mut took: Vec<Took> = sides.iter().map(|_| Took::default()).collect();
    for round in 0..=ROUNDS {
        for (side, took) in sides.iter_mut().zip(&mut took) {
            let before = process::cpu(side.process);
            let time = act(side, round).as_secs_f64();
            if round > 0 {
                took.rounds.push(time);
                took.cpu += process::cpu(side.process) - before;
            }
        }
    }
    let shown = |took: &Took| {
        let (time, cpu) = (took.median(), took.cpu.as_secs_f64() * 1e3 / ROUNDS as f64);
        let speed =
            bytes.map(|bytes| format!(", {:.0} MiB/s", bytes as f64 / time / f64::from(1 << 20)));
        format!(
            "{:.1} ms{} | {cpu:.1} ms",
            time * 1e3,
            speed.unwrap_or_default()
        )
    };
    print(name, &took, shown);
}

/// Asks each for a path in turn, from several connections, and prints how many answers came in a second.
fn rate(name: &str, sides: &[Side], bound: Duration, path: &str) {
    const TURNS: u32 = 3;
    let mut took: Vec<Took> = sides.iter().map(|_| Took::default()).collect();
    let mut answers = vec![0; sides.len()];
    for turn in 0..=TURNS {
        for ((side, took), answers) in sides.iter().zip(&mut took).zip(&mut answers) {
            let before = process::cpu(side.process);
            let (count, time) = ask(side, path, bound / TURNS);
            if turn > 0 {
                took.rounds.push(count as f64 / time.as_secs_f64());
                took.cpu += process::cpu(side.process) - before;
                *answers += count;
            }
        }
    }
    for (took, answers) in took.iter_mut().zip(answers) {
        took.cpu = took.cpu.div_f64(answers as f64);
    }
    let shown = |took: &Took| {
        let micros = took.cpu.as_secs_f64() * 1e6;
        format!("{:.0} | {micros:.1} µs", took.median())
    };
    print(name, &took, shown);
}

fn print(name: &str, took: &[Took], shown: impl Fn(&Took) -> String) {
    let [ours, its @ ..] = took else { return };
    let its = its.first().map_or(" | | |".to_owned(), |its| {
        format!(" {} | {:.2}x |", shown(its), ours.median() / its.median())
    });
    println!("| {name} | {} |{its}", shown(ours));
}

fn ask(side: &Side, path: &str, bound: Duration) -> (u64, Duration) {
    let (answers, end) = (AtomicU64::new(0), AtomicBool::new(false));
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let (mut wire, mut space) = (side.wire(), vec![0; 64 << 10]);
                while !end.load(Ordering::Relaxed) {
                    let (status, _) = wire.measure(path, &mut space).unwrap();
                    assert_eq!(status, 200, "{path}");
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(bound);
        end.store(true, Ordering::Relaxed);
    });
    (answers.into_inner(), begun.elapsed())
}

/// A component, which a manifest can have as its layer.
fn component() -> Vec<u8> {
    let text = "(component (core module (func (export \"f\") (result i32) i32.const 1)))";
    wat::parse_str(text).unwrap()
}

/// A WIT package: components that `wit-component` made do not say which package they are, so that `wkg`
/// does not publish them.
fn wit(package: &str) -> Vec<u8> {
    let text = format!("package {package}@1.0.0; interface api {{ f: func() -> u32; }}");
    let mut resolve = wit_parser::Resolve::default();
    let id = resolve.push_str("api.wit", &text).unwrap();
    wit_component::encode(&resolve, id, false).unwrap()
}

/// The same with so many bytes of data that mean nothing behind it, the end of which is a number.
fn behind(mut bytes: Vec<u8>, size: usize, number: u64) -> Vec<u8> {
    let mut section = vec![1, b'x'];
    section.extend((0..size as u64).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8));
    section.extend(number.to_le_bytes());
    bytes.push(0);
    let mut length = section.len();
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(section);
    bytes
}
