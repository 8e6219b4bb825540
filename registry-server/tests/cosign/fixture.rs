//! Witnesses on sockets, logs that ask them, and a clock that is set.

use crate::support::{Registry, source};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::{
    AddCheckpoint, Algorithm, KeyName, Note, NoteSignature, Policy, SignedCheckpoint, SigningKey,
    Vkey,
};
use tenon_registry_client::record::Time;
use tenon_registry_client::verify::{
    Held, Known, Request, Rules, Trust, Verified, VerifyError, View, verify,
};
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::log::{Cosigning, Fatal, Log, Source, WitnessConfig};
use tenon_registry_server::store::{Disk, Files, durable};
use tenon_registry_server::witness::{
    Audit, Mounted, Witness, WitnessSource, WitnessedLog, router, serve,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How long a batch waits in these tests.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_500);

/// A clock that is set by hand, and goes on by itself too.
#[derive(Debug)]
pub(crate) struct Hands {
    pub(crate) real: SystemClock,
    pub(crate) ahead: AtomicU64,
    pub(crate) behind: AtomicU64,
}

impl Hands {
    pub(crate) fn new() -> Arc<Hands> {
        Arc::new(Hands {
            real: SystemClock::new(),
            ahead: AtomicU64::new(0),
            behind: AtomicU64::new(0),
        })
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> u64 {
        self.wall().as_secs()
    }
}

impl Clock for Hands {
    fn wall(&self) -> Duration {
        let shift = |by: &AtomicU64| Duration::from_secs(by.load(Ordering::SeqCst));
        self.real.wall() + shift(&self.ahead) - shift(&self.behind)
    }

    fn elapsed(&self) -> Duration {
        self.real.elapsed() + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }
}

/// Something that listens on a socket of this machine until it is dropped.
pub(crate) struct Listening {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn listen(router: Router) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(serve(router, listener, std::future::pending()));
    Listening { url, task }
}

/// A URL at which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn vkey_of(source: &Source) -> Vkey {
    source.keys.log[0].vkey().clone()
}

pub(crate) fn watched(vkey: &Vkey) -> WitnessedLog {
    WitnessedLog {
        origin: vkey.name().as_str().parse().unwrap(),
        keys: vec![vkey.clone()],
        audit: None,
    }
}

pub(crate) fn audited(vkey: &Vkey, url: &str) -> WitnessedLog {
    let url = url.parse().unwrap();
    WitnessedLog {
        audit: Some(Audit { url, pin: None }),
        ..watched(vkey)
    }
}

pub(crate) fn witness_source(dir: &Path, name: &str, logs: Vec<WitnessedLog>) -> WitnessSource {
    std::fs::create_dir_all(dir).unwrap();
    let files: Arc<dyn Files> = Arc::new(Disk::open(dir).unwrap().lock().unwrap());
    durable::clean(&*files).unwrap();
    WitnessSource {
        files,
        key: dir.join("witness.key"),
        name: name.to_owned(),
        clock: Arc::new(SystemClock::new()),
        logs,
    }
}

/// What is done when a disk fails: it is written down.
pub(crate) fn fatal() -> (Fatal, Arc<Mutex<Vec<String>>>) {
    let errors: Arc<Mutex<Vec<String>>> = Arc::default();
    let report = errors.clone();
    let fatal: Fatal = Arc::new(move |error: &str| report.lock().unwrap().push(error.to_owned()));
    (fatal, errors)
}

pub(crate) fn open(source: WitnessSource) -> Arc<Witness> {
    Arc::new(Witness::open(source, fatal().0).unwrap())
}

pub(crate) async fn listen_as(witness: &Arc<Witness>) -> Listening {
    let witness = witness.clone();
    let prefix = String::new();
    listen(router(&[Mounted { prefix, witness }])).await
}

pub(crate) fn config(url: &str, vkey: &Vkey) -> WitnessConfig {
    WitnessConfig {
        url: url.parse().unwrap(),
        vkey: vkey.clone(),
    }
}

pub(crate) fn asking(witnesses: Vec<WitnessConfig>) -> Cosigning {
    Cosigning {
        witnesses,
        patience: PATIENCE,
        ..Cosigning::default()
    }
}

/// A log in a directory, which asks witnesses.
pub(crate) fn registry(dir: &Path, cosigning: Cosigning) -> Registry {
    let source = Source {
        cosigning,
        ..source(dir)
    };
    Registry::try_open(&source).unwrap()
}

/// The tiles of a log over HTTP, as a registry serves them.
pub(crate) fn tiles(log: Arc<Mutex<Option<Log>>>) -> Router {
    let tile = move |UrlPath(path): UrlPath<String>| {
        let log = log.lock().unwrap().clone();
        async move {
            let tile = log.zip(path.parse().ok());
            let tile = tile.and_then(|(log, path)| log.tile(path).unwrap());
            tile.map_or(StatusCode::NOT_FOUND.into_response(), |tile| {
                tile.into_response()
            })
        }
    };
    Router::new().route("/log/{*path}", get(tile))
}

/// The key of a witness that is none.
pub(crate) fn key(name: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed[..name.len().min(32)].copy_from_slice(&name.as_bytes()[..name.len().min(32)]);
    let name = KeyName::new(format!("{name}.example")).unwrap();
    SigningKey::from_seed(name, Algorithm::Cosignature, &seed)
}

/// A cosignature of a checkpoint, whatever else there is.
pub(crate) fn cosign(note: &Note, key: &SigningKey, time: u64) -> NoteSignature {
    let checkpoint = tenon_registry_client::log::Checkpoint::parse(note.text()).unwrap();
    let name = KeyName::new(checkpoint.origin.as_str()).unwrap();
    let signer = SigningKey::from_seed(name, Algorithm::Ed25519, &[9; 32]);
    let mut signed = checkpoint.sign(&signer).unwrap();
    signed.cosign(key, time).unwrap();
    signed.note().signatures().last().unwrap().clone()
}

/// A witness that answers as a test wants it to.
pub(crate) async fn liar<F, R>(answer: F) -> Listening
where
    F: Fn(AddCheckpoint) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let handler = move |body: Bytes| answer(AddCheckpoint::parse(&body).unwrap());
    listen(Router::new().route("/add-checkpoint", post(handler))).await
}

/// The times at which these keys cosigned what is published; none where they did not.
pub(crate) fn times(log: &Log, keys: &[&Vkey]) -> Vec<Option<u64>> {
    let published = log.published();
    times_of(&published.note, log, keys)
}

pub(crate) fn times_of(note: &[u8], log: &Log, keys: &[&Vkey]) -> Vec<Option<u64>> {
    let signed = SignedCheckpoint::open(note, log.origin(), [log.pin().key()]).unwrap();
    assert_eq!(*signed.checkpoint(), log.published().checkpoint);
    assert!(signed.note().signatures().len() <= 16);
    let signers = signed.signers(keys.iter().copied()).unwrap();
    let time = |key: &&Vkey| signers.iter().find(|by| by.key == *key)?.time;
    keys.iter().map(time).collect()
}

/// Waits until something holds, for at most 15 s.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(15), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a client comes to that asks for all of these witnesses, at some time.
pub(crate) fn verified(
    log: &Log,
    request: &Request,
    witnesses: &[&Vkey],
    now: u64,
) -> Result<Verified<View>, VerifyError> {
    let mut policy = String::new();
    let mut names = String::new();
    for (number, vkey) in witnesses.iter().enumerate() {
        policy.push_str(&format!("witness w{number} {vkey}\n"));
        names.push_str(&format!(" w{number}"));
    }
    policy.push_str(&format!(
        "group all-of-them all{names}\nquorum all-of-them\n"
    ));
    let rules = Rules {
        witnesses: Policy::parse(policy.as_bytes()).unwrap(),
        ..Rules::default()
    };
    let query = ProofQuery {
        request: request.clone(),
        known: Known::default(),
        size: None,
    };
    let bundle = log.prove(&query).unwrap();
    let trust = Trust {
        pin: log.pin(),
        state: None,
        locked: &BTreeMap::new(),
        rules: &rules,
        now: Time::from_seconds(now).unwrap(),
    };
    verify(&bundle, request, &Held::default(), &trust)
}
