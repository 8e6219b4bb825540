//! A registry in memory behind a real socket, with faults that can be asked for.

use crate::support::Registry;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{
    Accepted, Limits, Problem, ProblemCode, ProofQuery, RegistryInfo, TokenInfo,
};
use tenon_registry_client::log::{
    KeyId, NodeId, Nodes, TilePath, encode_entries, prove_consistency, prove_inclusion,
};
use tenon_registry_client::record::{SignedRecord, Subject};
use tenon_registry_client::verify::{Known, Request};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A registry that listens until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<World>>,
    task: tokio::task::JoinHandle<()>,
}

/// Something done to the registry before it answers.
pub(crate) type Before = Box<dyn FnMut(&mut Registry, &Asked) + Send>;

pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) blobs: BTreeMap<Digest, Vec<u8>>,
    /// The last checkpoint of a key that was replaced.
    pub(crate) last: BTreeMap<String, String>,
    /// What it says for people, by path.
    pub(crate) said: BTreeMap<String, Vec<u8>>,
    pub(crate) asked: Vec<Asked>,
    /// What goes wrong with the next requests whose path contains the text, in order.
    pub(crate) faults: VecDeque<(String, Fault)>,
    pub(crate) before: Option<Before>,
    /// The token without which nothing is answered.
    pub(crate) token: Option<String>,
    pub(crate) etag: bool,
}

/// A request that came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What can go wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A status, with headers and a body.
    Status(u16, Vec<(&'static str, String)>),
    /// A problem in place of the answer.
    Problem(Problem),
    /// This in place of the body.
    Body(Vec<u8>),
    /// The length of the body is said to be longer, and the connection ends after so many bytes.
    CutAfter(usize),
    /// As the last, and the answer is lost before its first byte.
    Hangup,
    /// A body without an end.
    Endless,
    /// A byte now and then.
    Drip,
    /// The request is never answered.
    Silence,
    /// The header of a range is taken for this one; for none, all comes.
    Range(Option<&'static str>),
    /// A header more.
    Header(&'static str, String),
    /// The length is said to be this.
    Length(u64),
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn ok(body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status: 200,
            headers: vec![],
            body: body.into(),
        }
    }

    fn problem(code: ProblemCode) -> Answer {
        let problem = Problem::new(code, "because", "7");
        Answer {
            status: code.status(),
            headers: vec![("content-type", "application/problem+json".to_owned())],
            body: serde_json::to_vec(&problem).unwrap(),
        }
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Server {
    pub(crate) async fn start(registry: Registry) -> Server {
        Server::start_with(registry, None).await
    }

    /// As [`Server::start`], behind a certificate.
    pub(crate) async fn start_with(registry: Registry, tls: Option<TlsAcceptor>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(World {
            registry,
            blobs: BTreeMap::new(),
            last: BTreeMap::new(),
            said: BTreeMap::new(),
            asked: vec![],
            faults: VecDeque::new(),
            before: None,
            token: None,
            etag: true,
        }));
        let shared = world.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (world, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, world).await,
                        Some(tls) => {
                            // Who does not like the certificate hangs up.
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, world).await;
                            }
                        }
                    }
                });
            }
        });
        Server {
            address,
            world,
            task,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        let faults = faults.into_iter().map(|fault| (path.to_owned(), fault));
        self.world().faults.extend(faults);
    }

    /// The requests so far whose path contains a text.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let world = self.world();
        let asked = world.asked.iter();
        asked
            .filter(|asked| asked.target.contains(path))
            .cloned()
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, world: Arc<Mutex<World>>) {
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    let (answer, fault) = {
        let mut world = world.lock().unwrap();
        let world = &mut *world;
        world.asked.push(asked.clone());
        if let Some(before) = &mut world.before {
            before(&mut world.registry, &asked);
        }
        let next = |(path, _): &(String, Fault)| asked.target.contains(path);
        let fault = world.faults.iter().position(next);
        let fault = fault.and_then(|at| world.faults.remove(at));
        let fault = fault.map_or(Fault::None, |(_, fault)| fault);
        let mut taken_for = asked.clone();
        if let Fault::Range(range) = &fault {
            taken_for.headers.remove("range");
            let range = range.map(|range| ("range".to_owned(), range.to_owned()));
            taken_for.headers.extend(range);
        }
        (world.answer(&taken_for), fault)
    };
    // The client may hang up on what it does not like.
    let _ = write(&mut stream, &asked, answer, fault).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = vec![];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let mut asked = Asked {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        ..Asked::default()
    };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        asked.headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = asked.header("content-length").unwrap_or("0");
    let length: usize = length.parse().unwrap();
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    asked.body = body;
    Some(asked)
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    asked: &Asked,
    mut answer: Answer,
    fault: Fault,
) -> std::io::Result<()> {
    let mut length = answer.body.len() as u64;
    match &fault {
        Fault::Hangup => return Ok(()),
        Fault::Silence => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            return Ok(());
        }
        Fault::Status(status, headers) => {
            answer = Answer {
                status: *status,
                headers: headers.clone(),
                body: vec![],
            };
            length = 0;
        }
        Fault::Problem(problem) => {
            answer.status = problem.status;
            answer.body = serde_json::to_vec(problem).unwrap();
            length = answer.body.len() as u64;
        }
        Fault::Body(body) => {
            answer.body = body.clone();
            length = body.len() as u64;
        }
        Fault::Length(said) => length = *said,
        Fault::Header(name, value) => answer.headers.push((name, value.clone())),
        _ => {}
    }
    let mut head = format!(
        "HTTP/1.1 {} Whatever\r\nconnection: close\r\n",
        answer.status
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !matches!(fault, Fault::Endless) {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    if asked.method == "HEAD" {
        return Ok(());
    }
    match fault {
        Fault::CutAfter(bytes) => stream.write_all(&answer.body[..bytes]).await,
        Fault::Drip => {
            for byte in answer.body {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        }
        Fault::Endless => {
            // Bounded, so that a client without a bound fails its test and not the machine.
            for _ in 0..4096 {
                stream.write_all(&[b'a'; 64 << 10]).await?;
            }
            Ok(())
        }
        _ => stream.write_all(&answer.body).await,
    }
}

impl World {
    fn answer(&mut self, asked: &Asked) -> Answer {
        if let Some(token) = &self.token
            && asked.header("authorization") != Some(&format!("Bearer {token}"))
        {
            return Answer::problem(ProblemCode::TokenInvalid);
        }
        let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
        let found = match (asked.method.as_str(), path) {
            ("GET", "/api/v1/proof") => return self.proof(query),
            ("GET", "/api/v1/consistency") => self.consistency(query),
            ("GET", "/log/checkpoint") => Some(self.note()),
            ("GET", "/api/v1/registry") => {
                let info = RegistryInfo {
                    origin: self.registry.origin.to_string(),
                    pin: self.registry.pin().to_string(),
                    server: "a test".to_owned(),
                    size: self.registry.size(),
                    limits: Limits {
                        content: 1 << 26,
                        record: 65_535,
                        page: 1_000,
                    },
                };
                Some(serde_json::to_vec(&info).unwrap())
            }
            ("GET", "/api/v1/whoami") => {
                let info = TokenInfo {
                    id: "ci-7".to_owned(),
                    label: "CI".to_owned(),
                    actions: vec![],
                    patterns: vec![],
                    expires: None,
                };
                Some(serde_json::to_vec(&info).unwrap())
            }
            ("GET", "/api/v1/search" | "/api/v1/packages") => {
                Some(br#"{"hits": [], "packages": [], "next": null}"#.to_vec())
            }
            ("PUT", path) => {
                let digest = path.strip_prefix("/api/v1/content/").unwrap();
                let digest: Digest = digest.parse().unwrap();
                if Digest::of(&asked.body) != digest {
                    return Answer::problem(ProblemCode::DigestInvalid);
                }
                self.blobs.insert(digest, asked.body.clone());
                Some(vec![])
            }
            ("POST", "/api/v1/records") => return self.accept(&asked.body),
            (_, path) => match path.strip_prefix("/blobs/sha256/") {
                Some(path) => return self.blob(&path[3..], asked),
                None => self.said.get(path).cloned().or_else(|| self.file(path)),
            },
        };
        found.map_or_else(|| Answer::problem(ProblemCode::NotFound), Answer::ok)
    }

    fn note(&self) -> Vec<u8> {
        let (_, (checkpoint, _)) = self.registry.published.last_key_value().unwrap();
        checkpoint.to_string().into()
    }

    fn proof(&self, query: &str) -> Answer {
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
        match &query.request {
            Request::Registry => {}
            Request::Namespace(name) => counts.push((Subject::Namespace(name.clone()), namespace)),
            Request::Package { package: name, .. } => {
                counts.push((Subject::Namespace(name.namespace().clone()), namespace));
                counts.push((Subject::Package(name.clone()), package));
            }
        }
        let ahead = counts
            .iter()
            .any(|(subject, count)| self.registry.chain(subject, size).len() < *count as usize);
        if ahead || query.known.size > size || !self.registry.published.contains_key(&size) {
            return Answer::problem(ProblemCode::SizeNotHeld);
        }
        let bundle = self.registry.bundle_at(size, &query.request, &query.known);
        Answer::ok(bundle.encode())
    }

    fn consistency(&self, query: &str) -> Option<Vec<u8>> {
        let mut sizes = query.split('&').map(|pair| pair.split_once('=').unwrap().1);
        let (old, new) = (sizes.next()?.parse().ok()?, sizes.next()?.parse().ok()?);
        if new > self.registry.size() {
            return None;
        }
        let proof = prove_consistency(&self.registry, old, new).ok()?;
        let lines: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
        Some(lines.into())
    }

    fn file(&self, path: &str) -> Option<Vec<u8>> {
        if let Some(key) = path.strip_prefix("/log/checkpoint/") {
            return self.last.get(key).map(|note| note.clone().into());
        }
        let path: TilePath = path.strip_prefix("/log/")?.parse().ok()?;
        let width = u64::from(path.width());
        let indices = path.index() * 256..path.index() * 256 + width;
        let Some(level) = path.level() else {
            let leaves: Vec<_> = indices
                .map(|index| self.registry.leaves.get(index as usize))
                .collect::<Option<_>>()?;
            return encode_entries(&leaves).ok();
        };
        let level = level * 8;
        let hashes = indices.map(|index| self.registry.node(NodeId { level, index }).ok());
        let hashes: Vec<_> = hashes.collect::<Option<_>>()?;
        Some(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }

    fn blob(&self, hex: &str, asked: &Asked) -> Answer {
        let blob = self.blobs.iter().find(|(digest, _)| digest.hex() == hex);
        let Some((digest, bytes)) = blob else {
            return Answer::problem(ProblemCode::NotFound);
        };
        let mut answer = Answer::ok(bytes.clone());
        let etag = format!("\"{digest}\"");
        if self.etag {
            answer.headers.push(("etag", etag.clone()));
        }
        let fits = asked.header("if-range").is_none_or(|tag| tag == etag);
        if let Some(range) = asked.header("range").filter(|_| fits) {
            let start = range
                .strip_prefix("bytes=")
                .unwrap()
                .strip_suffix('-')
                .unwrap();
            let start: usize = start.parse().unwrap();
            let all = bytes.len();
            let range = format!("bytes {start}-{}/{all}", all - 1);
            answer.status = 206;
            answer.headers.push(("content-range", range));
            answer.body = bytes[start..].to_vec();
        }
        answer
    }

    /// Logs whatever it is given, once.
    fn accept(&mut self, body: &[u8]) -> Answer {
        let record = SignedRecord::parse(body).unwrap();
        let registry = &mut self.registry;
        let chain = registry.chain(&record.record().subject(), u64::MAX);
        let there = chain.iter().find(|placed| placed.record == record);
        let index = match there {
            Some(placed) => placed.index,
            None => {
                let link = registry.link(&record.record().subject());
                if record.record().link() != Some(link) {
                    return Answer::problem(ProblemCode::Conflict);
                }
                let index = registry.log(record);
                registry.seal();
                index
            }
        };
        let size = registry.size();
        let proof = prove_inclusion(&*registry, index, size).unwrap();
        let accepted = Accepted {
            index,
            size,
            checkpoint: registry.published[&size].0.to_string(),
            inclusion: proof.iter().map(ToString::to_string).collect(),
        };
        Answer {
            status: 201,
            ..Answer::ok(serde_json::to_vec(&accepted).unwrap())
        }
    }

    /// Has the registry serve the last checkpoint of a key.
    pub(crate) fn keep_last(&mut self, key: KeyId) {
        let note = String::from_utf8(self.note()).unwrap();
        self.last.insert(key.to_string(), note);
    }
}
