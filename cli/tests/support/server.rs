//! A registry in memory that listens on this machine, and does as it is told.

#![allow(dead_code, reason = "shared by tests, each of which uses a part")]

use crate::support::Registry;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Problem, ProblemCode, ProofQuery};
use tenon_registry_client::log::{NodeId, Nodes, TilePath, encode_entries, prove_consistency};
use tenon_registry_client::record::{
    Content, ContentKind, PackageAct, Permission, RegistryAct, Subject,
};
use tenon_registry_client::verify::{Known, Request};

use crate::support::{grant, key, version};

/// A registry with the namespace `acme`, in which `acme/alice` may release and yank. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<World>>,
}

pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) blobs: BTreeMap<Digest, Vec<u8>>,
    /// What is answered for a path, whatever else there would be.
    pub(crate) answers: BTreeMap<String, Vec<u8>>,
    /// What was asked for.
    pub(crate) asked: Vec<String>,
    /// The request line and the headers of each request, in lower case.
    pub(crate) heads: Vec<String>,
    /// What becomes of each answer.
    pub(crate) lie: Option<Lie>,
    /// Whether a batch is logged before each answer.
    pub(crate) restless: bool,
}

/// Changes the answer to a target.
pub(crate) type Lie = Box<dyn FnMut(&str, &mut Reply) + Send>;

/// An answer as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The request line and the headers of the request, in lower case.
    pub(crate) head: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The length that is said; the body's if there is none.
    pub(crate) length: Option<u64>,
    pub(crate) body: Vec<u8>,
    pub(crate) flow: Flow,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Whole,
    /// Again and again, with no length said; bounded, so that a client without a bound fails its test and not
    /// the machine.
    Endless,
    /// A byte every tenth of a second.
    Drip,
}

/// A connection, encrypted or not.
pub(crate) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

impl Server {
    pub(crate) fn start() -> Server {
        Server::start_with(registry(now()), |stream| Some(Box::new(stream)))
    }

    /// A registry whose connections are made of those of the network; `None` hangs up.
    pub(crate) fn start_with(
        registry: Registry,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Server {
        let wrap = Arc::new(wrap);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(World {
            registry,
            blobs: BTreeMap::new(),
            answers: BTreeMap::new(),
            asked: vec![],
            heads: vec![],
            lie: None,
            restless: false,
        }));
        let shared = world.clone();
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (world, wrap) = (shared.clone(), wrap.clone());
                std::thread::spawn(move || {
                    if let Some(mut stream) = wrap(stream) {
                        serve(&mut *stream, &world);
                    }
                });
            }
        });
        Server { address, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn pin(&self) -> String {
        self.world().registry.pin().to_string()
    }

    /// How often something was asked for whose path contains this.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let world = self.world();
        world
            .asked
            .iter()
            .filter(|asked| asked.contains(path))
            .count()
    }
}

/// Now, in seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A registry that begins at this time.
pub(crate) fn registry(clock: u64) -> Registry {
    registry_of("registry.example/log", clock)
}

/// A registry of this origin that begins at this time.
pub(crate) fn registry_of(origin: &str, clock: u64) -> Registry {
    let mut registry = Registry::bare(origin);
    registry.clock = clock;
    let keys = registry.operator_keys();
    let nonce = [7; 32];
    registry.log_registry(RegistryAct::Init { nonce, keys });
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    registry.create("acme", &owner);
    let rights = grant(&[Permission::Release, Permission::Yank]);
    registry.grant("acme", &alice, rights, &owner);
    registry.seal();
    registry
}

impl World {
    /// A release of these bytes, logged and published; the index of its record.
    pub(crate) fn publish(&mut self, name: &str, at: &str, bytes: &[u8]) -> u64 {
        let content = Content {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            kind: ContentKind::Component,
        };
        self.blobs.insert(content.digest, bytes.to_vec());
        let act = PackageAct::Release {
            version: version(at),
            content,
            attestation: None,
        };
        self.log(name, act)
    }

    pub(crate) fn log(&mut self, name: &str, act: PackageAct) -> u64 {
        let index = self.registry.log_package(name, act, &[&key("acme/alice")]);
        self.registry.seal();
        index
    }

    fn answer(&self, target: &str) -> (u16, Vec<u8>) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Some(answer) = self.answers.get(path) {
            return (200, answer.clone());
        }
        let found = match path {
            "/api/v1/proof" => return self.proof(query),
            "/api/v1/consistency" => self.consistency(query),
            "/log/checkpoint" => {
                let last = self.registry.published.last_key_value();
                last.map(|(_, (checkpoint, _))| checkpoint.to_string().into())
            }
            _ => match path.strip_prefix("/blobs/sha256/") {
                Some(path) => {
                    let mut blobs = self.blobs.iter();
                    let blob = blobs.find(|(digest, _)| digest.hex() == path[3..]);
                    blob.map(|(_, bytes)| bytes.clone())
                }
                None => self.file(path),
            },
        };
        found.map_or_else(|| problem(ProblemCode::NotFound), |body| (200, body))
    }

    fn proof(&self, query: &str) -> (u16, Vec<u8>) {
        let query: ProofQuery = query.parse().unwrap();
        let latest = *self.registry.published.last_key_value().unwrap().0;
        let size = query.size.unwrap_or(latest);
        let Known {
            registry,
            namespace,
            package,
            ..
        } = query.known;
        let mut counts = vec![(Subject::Registry, registry)];
        if let Request::Package { package: name, .. } = &query.request {
            counts.push((Subject::Namespace(name.namespace().clone()), namespace));
            counts.push((Subject::Package(name.clone()), package));
        }
        let mut ahead = counts.iter();
        let ahead = ahead
            .any(|(subject, count)| self.registry.chain(subject, size).len() < *count as usize);
        if ahead || query.known.size > size || !self.registry.published.contains_key(&size) {
            return problem(ProblemCode::SizeNotHeld);
        }
        (
            200,
            self.registry
                .bundle_at(size, &query.request, &query.known)
                .encode(),
        )
    }

    fn consistency(&self, query: &str) -> Option<Vec<u8>> {
        let mut sizes = query.split('&').map(|pair| pair.split_once('=').unwrap().1);
        let (old, new) = (sizes.next()?.parse().ok()?, sizes.next()?.parse().ok()?);
        let proof = prove_consistency(&self.registry, old, new).ok()?;
        Some(
            proof
                .iter()
                .map(|hash| format!("{hash}\n"))
                .collect::<String>()
                .into(),
        )
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let path: TilePath = path.strip_prefix("/log/")?.parse().ok()?;
        let indices = path.index() * 256..path.index() * 256 + u64::from(path.width());
        let Some(level) = path.level() else {
            let leaves = indices.map(|index| self.registry.leaves.get(index as usize));
            return encode_entries(&leaves.collect::<Option<Vec<_>>>()?).ok();
        };
        let level = level * 8;
        let hashes = indices.map(|index| self.registry.node(NodeId { level, index }).ok());
        let hashes = hashes.collect::<Option<Vec<_>>>()?;
        Some(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }
}

fn problem(code: ProblemCode) -> (u16, Vec<u8>) {
    let problem = Problem::new(code, "because \u{1b}[31mred", "7");
    (code.status(), serde_json::to_vec(&problem).unwrap())
}

fn serve(stream: &mut dyn Stream, world: &Mutex<World>) {
    let mut head = vec![];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let reply = {
        let mut world = world.lock().unwrap();
        world.asked.push(target.clone());
        world.heads.push(head.to_lowercase());
        if world.restless {
            world.registry.seal();
        }
        let (status, body) = world.answer(&target);
        let mut reply = Reply {
            head: head.to_lowercase(),
            status,
            headers: vec![],
            length: None,
            body,
            flow: Flow::Whole,
        };
        if let Some(lie) = &mut world.lie {
            lie(&target, &mut reply);
        }
        reply
    };
    // The client may hang up on what it does not like.
    let _ = send(stream, &reply);
}

fn send(stream: &mut dyn Stream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} Whatever\r\nconnection: close\r\n",
        reply.status
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if reply.flow != Flow::Endless {
        let length = reply.length.unwrap_or(reply.body.len() as u64);
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match reply.flow {
        Flow::Whole => stream.write_all(&reply.body),
        Flow::Endless => {
            let mut sent = 0;
            while sent < 256 << 20 {
                stream.write_all(&reply.body)?;
                sent += reply.body.len();
            }
            Ok(())
        }
        Flow::Drip => {
            for byte in &reply.body {
                stream.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
    }?;
    stream.flush()
}
