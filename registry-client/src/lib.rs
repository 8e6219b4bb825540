//! The protocol and the trust of a Tenon registry, for its clients and its server.
//!
//! A registry keeps everything it says in an append-only log: who may publish in a namespace, what
//! was released, what was yanked. This crate is the code that everyone shares who writes that log,
//! serves it, watches it, or believes it. Without the feature `http`, which is the client itself, it
//! does no I/O and has no clock: bytes go in, and what they prove comes out.
//!
//! | module | what |
//! |---|---|
//! | [`log`] | signed notes, checkpoints, witnesses, tiles, proofs, and the map of heads |
//! | [`record`] | what the leaves of the log say, in one encoding, and who signed it |
//! | [`chain`] | the rules: who could do what, and when |
//! | [`verify`] | the evidence that a client needs, and the only way to make something [`verify::Verified`] |
//! | [`state`] | what a client remembers: its pin, its trust state, the checkpoint in a lock file |
//! | [`monitor`] | the same rules, for whoever reads the whole log |
//! | [`name`] | names and versions |
//! | [`api`] | what a registry and its clients say to each other |
//! | [`lock`] | a release in a project's lock file |
//! | `project` | a project's manifest and lock file |
//! | `resolve` | which versions a project takes, or why none will do |
//! | `http` | the client: it asks, verifies, keeps, and only then answers |
//! | `store` | what a client keeps on disk: its cache, and its trust states |
//!
//! The formats are specified in the repository's `docs/`: `record.md`, `map.md`, `joint-proof.md` and
//! `bundle.md`. Everything else is as [C2SP](https://c2sp.org) has it.
//!
//! # From a key to a verified release
//!
//! ```
//! use std::collections::BTreeMap;
//! use tenon_registry_client::Digest;
//! use tenon_registry_client::chain::IndexTimes;
//! use tenon_registry_client::log::*;
//! use tenon_registry_client::record::*;
//! use tenon_registry_client::state::Pin;
//! use tenon_registry_client::verify::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Keys. Their seeds must be random; these are not.
//! let key = |name: &str, seed| -> Result<SigningKey, KeyError> {
//!     Ok(SigningKey::from_seed(KeyName::new(name)?, Algorithm::Ed25519, &[seed; 32]))
//! };
//! let (root, log, index) = (key("example/root", 1)?, key("example/log", 2)?, key("example/index", 3)?);
//! let alice = key("acme/alice", 4)?;
//! let origin = Origin::new("example/log")?;
//! let time: Time = "2026-09-01T10:00:00Z".parse()?;
//!
//! // What is going to be in the log: the registry's keys, a namespace, a grant, a release.
//! let record = |statement| Record { origin: origin.clone(), statement, time };
//! let first = Link { seq: 0, prev: Hash::ZERO };
//! let operator = |role, key: &SigningKey| (role, key.vkey().clone());
//! let keys = vec![operator(Role::Root, &root), operator(Role::Log, &log), operator(Role::Index, &index)];
//! let act = RegistryAct::Init { nonce: [5; 32], keys };
//! let init = SignedRecord::sign(record(Statement::Registry { link: first, act }), &[&root])?;
//!
//! let act = NamespaceAct::Create { owners: vec![alice.vkey().clone()], threshold: 1 };
//! let namespace = "acme".parse()?;
//! let create = SignedRecord::sign(record(Statement::Namespace { namespace, link: first, act }), &[&alice])?;
//! let permissions = [Permission::Own, Permission::Release].into();
//! let grant = Grant { permissions, pattern: "*".parse()?, expires: None };
//! let act = NamespaceAct::Grant(alice.vkey().clone(), grant);
//! let link = Link { seq: 1, prev: create.hash() };
//! let namespace = "acme".parse()?;
//! let grant = SignedRecord::sign(record(Statement::Namespace { namespace, link, act }), &[&alice])?;
//!
//! let bytes = b"\0asm ...";
//! let content = Content { digest: Digest::of(bytes), size: 8, kind: ContentKind::Component };
//! let act = PackageAct::Release { version: "1.4.0".parse()?, content, attestation: None };
//! let authority = Reference { seq: 1, hash: grant.hash() };
//! let package = "acme:http".parse()?;
//! let release = Statement::Package { package, link: first, authority, act };
//! let release = SignedRecord::sign(record(release), &[&alice])?;
//!
//! // The registry: a tree of leaves, and a map of heads that the last leaf commits to.
//! let (mut edge, mut nodes, mut map) = (Edge::new(), BTreeMap::new(), Map::new());
//! let records = [init, create, grant, release];
//! for (at, record) in (0..).zip(&records) {
//!     nodes.extend(edge.push(record.hash())?);
//!     let seq = record.record().link().map_or(0, |link| link.seq);
//!     let head = Head { index: at, seq, hash: record.hash() };
//!     map.insert(record.record().subject().map_key(), head);
//! }
//! let last = Statement::Index { covers: 4, map: map.root() };
//! let last = SignedRecord::sign(record(last), &[&index])?;
//! nodes.extend(edge.push(last.hash())?);
//! let checkpoint = Checkpoint { origin: origin.clone(), size: edge.size(), root: edge.root() };
//! let checkpoint = checkpoint.sign(&log)?.to_string();
//!
//! // It answers a request with a bundle.
//! let request = Request::release("acme:http".parse()?, "1.4.0".parse()?);
//! let placed: Vec<Placed> = (0..)
//!     .zip(records.clone())
//!     .map(|(index, record)| Placed { index, record })
//!     .collect();
//! let mut index_times = IndexTimes::new();
//! index_times.insert(4, time)?;
//! let view = LogView {
//!     origin: &origin,
//!     checkpoint: checkpoint.as_bytes(),
//!     size: 5,
//!     nodes: &nodes,
//!     map: &map,
//!     registry: &placed[..1],
//!     namespace: &placed[1..3],
//!     package: &placed[3..],
//!     index_times: &index_times,
//!     leaf: &|_| Some(last.bytes().to_vec()),
//! };
//! let bundle = prove(&view, &request, &Known::default())?.encode();
//!
//! // The client knows one string, and believes nothing else.
//! let pin: Pin = Pin::new(log.vkey().clone(), records[0].hash())?.to_string().parse()?;
//! // No witness is asked for here, so nobody can say how old the checkpoint is.
//! let rules = Rules { max_age: None, ..Rules::default() };
//! let trust = Trust { pin: &pin, state: None, locked: &BTreeMap::new(), rules: &rules, now: time };
//! let view = verify(&bundle, &request, &Held::default(), &trust)?;
//! let release = view.release(&"1.4.0".parse()?)?;
//! let mut content = release.check();
//! content.update(bytes)?;
//! content.finish()?;
//!
//! // What it remembers for the next time.
//! let state = view.advance(None).unwrap();
//! assert_eq!(state.checkpoint().size, 5);
//! # Ok(())
//! # }
//! ```

pub mod api;
pub mod chain;
mod digest;
#[cfg(feature = "http")]
pub mod http;
pub mod lock;
pub mod log;
pub mod monitor;
pub mod name;
#[cfg(feature = "project")]
pub mod project;
pub mod record;
#[cfg(feature = "project")]
pub mod resolve;
pub mod state;
#[cfg(feature = "http")]
pub mod store;
mod text;
pub mod verify;

pub use digest::{Digest, DigestError, Hasher};
