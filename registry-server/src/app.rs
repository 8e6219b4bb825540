//! The registry as it runs: its logs with all that belongs to them, and what they share.

use crate::access::{Access, Rates, TokenId};
use crate::care::{Claims, DataDir, Scrub};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::content::Workers;
use crate::domain::{Error, Quotas};
use crate::log::{Log, LogId, Published};
use crate::metrics::Metrics;
use crate::oci::Door;
use crate::store::blobs::Blobs;
use crate::store::database::Database;
use crate::store::reserve::Reserve;
use bytes::Bytes;
use http::HeaderValue;
use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProblemCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// How it is run.
    pub config: Config,
    /// The data directory, which this process has locked.
    pub data: DataDir,
    /// Room on the disk that is kept for the next start.
    pub reserve: Reserve,
    /// The SQLite file.
    pub database: Arc<Database>,
    /// The log that everybody may read, and its content.
    pub public: (Log, Blobs),
    /// The one that takes a token, if there is one.
    pub private: Option<(Log, Blobs)>,
    /// What checks content.
    pub workers: Workers,
}

/// A registry, as it runs.
#[derive(Debug)]
pub struct App {
    config: Config,
    data: DataDir,
    reserve: Reserve,
    claims: Claims,
    scrub: Scrub,
    database: Arc<Database>,
    access: Access,
    rates: Rates,
    quotas: Quotas,
    metrics: Metrics,
    workers: Workers,
    oci: Door,
    public: Arc<Realm>,
    private: Option<Arc<Realm>>,
    heavy: Arc<Semaphore>,
    /// Of large bundles that are made or being taken, in KiB.
    bundles: Arc<Semaphore>,
    state: AtomicU8,
    next_request: AtomicU64,
    /// Bytes of the disk that uploads on their way in may still take.
    promised: AtomicU64,
}

/// One log, with all that belongs to it.
#[derive(Debug)]
pub struct Realm {
    id: LogId,
    log: Log,
    blobs: Blobs,
    checkpoint: Mutex<Option<Served>>,
    uploads: Mutex<Uploads>,
}

/// A checkpoint, ready to be sent.
#[derive(Clone, Debug)]
pub struct Served {
    published: Arc<Published>,
    /// Its note.
    pub note: Bytes,
    /// Its entity tag.
    pub tag: HeaderValue,
}

/// Whether a registry can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    Starting = 0,
    /// It can.
    Ready = 1,
    /// To read only, since the disk is full.
    ReadOnly = 2,
    /// Not any more.
    Stopping = 3,
}

/// What was uploaded lately, and with which tokens.
#[derive(Debug, Default)]
struct Uploads {
    known: HashSet<(TokenId, Digest)>,
    order: VecDeque<(TokenId, Digest)>,
}

/// How many uploads are remembered; who releases later than that uploads again.
const UPLOADS: usize = 1 << 16;

/// How many KiB of large bundles there are at a time.
const BUNDLES: u32 = 256 << 10;

/// A bundle of fewer bytes of records is no large one.
const SMALL_BUNDLE: u64 = 128 << 10;

impl App {
    /// Puts a registry together, which is starting.
    ///
    /// # Errors
    ///
    /// The tokens cannot be read, or there is no randomness.
    pub fn new(parts: Parts) -> Result<App, Error> {
        let realm = |id, (log, blobs)| Arc::new(Realm::new(id, log, blobs));
        let mut first = [0; 8];
        getrandom::fill(&mut first).map_err(Error::internal)?;
        let config = parts.config;
        Ok(App {
            access: Access::open(Arc::clone(&parts.database))?,
            rates: Rates::new(config.rates.clone()),
            quotas: Quotas::new(config.quota.clone()),
            metrics: Metrics::new(),
            heavy: Arc::new(Semaphore::new(config.limits.heavy_requests)),
            bundles: Arc::new(Semaphore::new(BUNDLES as usize)),
            config,
            scrub: Scrub::new(parts.data.clone(), Arc::clone(&parts.database)),
            claims: Claims::default(),
            data: parts.data,
            reserve: parts.reserve,
            database: parts.database,
            workers: parts.workers,
            oci: Door::default(),
            public: realm(LogId::Public, parts.public),
            private: parts.private.map(|private| realm(LogId::Private, private)),
            state: AtomicU8::new(State::Starting as u8),
            // Numbers of two runs must not be mistaken for each other.
            next_request: AtomicU64::new(u64::from_ne_bytes(first)),
            promised: AtomicU64::new(0),
        })
    }

    /// How it is run.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The data directory, where processes that check content find it.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The same, to be looked after.
    pub fn directory(&self) -> &DataDir {
        &self.data
    }

    /// Content that is not to be removed now.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What reads everything again.
    pub fn scrub(&self) -> &Scrub {
        &self.scrub
    }

    /// The tokens.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// How often everyone asks.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// How much there was today.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// What is measured.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What checks content.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// What the OCI door has under way.
    pub fn oci(&self) -> &Door {
        &self.oci
    }

    /// The SQLite file.
    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The log that everybody may read.
    pub fn public(&self) -> &Arc<Realm> {
        &self.public
    }

    /// The one that takes a token, if there is one.
    pub fn private(&self) -> Option<&Arc<Realm>> {
        self.private.as_ref()
    }

    /// Whether it can be used: only to be read, while the disk has less room than is to stay free.
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Relaxed) {
            0 => State::Starting,
            1 if self.is_full() => State::ReadOnly,
            1 => State::Ready,
            2 => State::ReadOnly,
            _ => State::Stopping,
        }
    }

    /// Says that it can be used, or only be read.
    pub fn start(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// Says that it cannot be used any more.
    pub fn stop(&self) {
        self.start(State::Stopping);
    }

    fn is_full(&self) -> bool {
        let reserve = self.config.limits.disk_reserve_bytes;
        // A system that does not say how much room there is will say when there is none.
        let free = self.public.blobs.free_space();
        free.is_ok_and(|free| free < reserve)
    }

    /// Keeps room for the next start, if there is more than enough.
    pub(crate) fn keep_reserve(&self) -> io::Result<()> {
        let stays = self.config.limits.disk_reserve_bytes;
        match self.public.blobs.free_space()? >= stays.saturating_add(self.reserve.bytes()) {
            true => self.reserve.keep(),
            false => Ok(()),
        }
    }

    /// Closes the logs: whatever they accepted is on the disk then.
    pub async fn close(&self) {
        self.public.log.close().await;
        if let Some(private) = &self.private {
            private.log.close().await;
        }
    }

    /// Bytes of the disk that uploads on their way in may still take.
    pub(crate) fn promised(&self) -> &AtomicU64 {
        &self.promised
    }

    /// The number of a request.
    pub(crate) fn next_request(&self) -> u64 {
        self.next_request.fetch_add(1, Ordering::Relaxed)
    }

    /// Room for a bundle of records of so many bytes, to be kept until it was taken; none is needed
    /// for a small one.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<Option<OwnedSemaphorePermit>, Error> {
        if bytes < SMALL_BUNDLE {
            return Ok(None);
        }
        // The records are there as they are read, as they are parsed, and in the bundle.
        let kib = (bytes / 1024).saturating_mul(3).min(BUNDLES.into());
        let kib = u32::try_from(kib).unwrap_or(BUNDLES);
        let room = Arc::clone(&self.bundles).try_acquire_many_owned(kib);
        let busy = |_| {
            let detail = "too many large proofs are being made or taken";
            Error::new(ProblemCode::Overloaded, detail).after(Duration::from_secs(5))
        };
        room.map(Some).map_err(busy)
    }

    /// Does what reads many files, or computes: not many at a time, and not where requests wait.
    pub(crate) async fn heavy<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.heavy).acquire_owned().await;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await?
    }
}

impl Realm {
    fn new(id: LogId, log: Log, blobs: Blobs) -> Realm {
        Realm {
            id,
            log,
            blobs,
            checkpoint: Mutex::default(),
            uploads: Mutex::default(),
        }
    }

    /// Which of the logs it is.
    pub fn id(&self) -> LogId {
        self.id
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its content.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// The latest checkpoint, ready to be sent.
    pub fn checkpoint(&self) -> Served {
        let published = self.log.published();
        let mut served = self
            .checkpoint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*served {
            Some(served) if Arc::ptr_eq(&served.published, &published) => served.clone(),
            _ => {
                let note = Bytes::copy_from_slice(&published.note);
                let tag = format!("\"{}\"", Digest::of(&note).hex());
                let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
                let new = Served {
                    published,
                    note,
                    tag,
                };
                served.insert(new).clone()
            }
        }
    }

    /// Reads the catalog.
    ///
    /// # Errors
    ///
    /// It cannot be read, or what `read` returns.
    pub async fn catalog<T: Send + 'static>(
        &self,
        app: &App,
        read: impl FnOnce(&Catalog<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (database, id) = (Arc::clone(&app.database), self.id);
        app.heavy(move || database.read(|tx| read(&Catalog::new(tx, id))))
            .await
    }

    /// Remembers who brought content.
    pub(crate) fn note_upload(&self, token: TokenId, digest: &Digest) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.known.insert((token, *digest)) {
            uploads.order.push_back((token, *digest));
        }
        if uploads.order.len() > UPLOADS
            && let Some(oldest) = uploads.order.pop_front()
        {
            uploads.known.remove(&oldest);
        }
    }

    /// Whether this token brought the content, lately.
    pub(crate) fn was_uploaded(&self, token: TokenId, digest: &Digest) -> bool {
        let uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.known.contains(&(token, *digest))
    }
}
