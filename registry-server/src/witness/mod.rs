//! Being a witness: cosigning the checkpoints of logs, each only if it contains the one before, as in
//! [tlog-witness](https://c2sp.org/tlog-witness).
//!
//! | module | what |
//! |---|---|
//! | `state` | what was cosigned last: on the disk before anyone is answered |
//! | `audit` | following the entries of a log, for a witness that vouches for its map |
//! | `serve` | over HTTP |
//!
//! A [`Witness`] has one key and one directory. One that vouches for the map has another key, another
//! name and another directory than one that does not, so that clients can tell what they are told.

mod audit;
mod rate;
mod serve;
mod state;

pub use audit::AuditError;
pub use serve::{Mounted, router, serve};
pub use state::StateError;

use crate::log::Fatal;
use crate::log::clock::{Clock, ClockError, Timekeeper};
use crate::log::keys::{self, KeysError};
use crate::outbound::BaseUrl;
use crate::store::Files;
use audit::Auditor;
use state::{Kept, State};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tenon_registry_client::log::{
    AddCheckpoint, Algorithm, NoteSignature, Origin, SignedCheckpoint, SigningKey, Vkey,
    WitnessError,
};
use tenon_registry_client::state::Pin;
use tokio::sync::Mutex;

/// A log that is cosigned.
#[derive(Clone, Debug)]
pub struct WitnessedLog {
    /// Its origin.
    pub origin: Origin,
    /// The keys that sign its checkpoints: one, or two while one is replaced.
    pub keys: Vec<Vkey>,
    /// Where its entries are and what it began with, if the witness vouches for its map.
    pub audit: Option<Audit>,
}

/// How the entries of a log are followed.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The base URL of the registry.
    pub url: BaseUrl,
    /// What the log is known by, if it is: its first record is then held against it.
    pub pin: Option<Pin>,
}

/// What a witness is opened with.
#[derive(Clone, Debug)]
pub struct WitnessSource {
    /// Its own files, which nobody else may use: a [`crate::store::Disk`] that is locked, after
    /// [`crate::store::durable::clean`].
    pub files: Arc<dyn Files>,
    /// The file of its key, which is made at the first start.
    pub key: PathBuf,
    /// The name of its key, such as `witness.example/plain`; used at the first start only.
    pub name: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The logs that it cosigns.
    pub logs: Vec<WitnessedLog>,
}

/// Why a witness is not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The key cannot be used.
    #[error("the key of the witness cannot be used")]
    Key(#[from] KeysError),
    /// What was cosigned before is not known.
    #[error("what the witness has cosigned before is not known")]
    State(#[from] StateError),
    /// A log is configured as no log can be.
    #[error("the log `{origin}` cannot be cosigned: {problem}")]
    Log {
        /// Its origin.
        origin: Origin,
        /// What is wrong.
        problem: String,
    },
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not as it should be.
    #[error(transparent)]
    Request(#[from] WitnessError),
    /// The log is not one of those that are cosigned.
    #[error("the log `{0}` is not one that this witness cosigns")]
    UnknownLog(Origin),
    /// The clock cannot be trusted.
    #[error("the clock of the witness cannot be trusted")]
    Clock(#[from] ClockError),
    /// What was cosigned could not be written down.
    #[error("the witness cannot write down what it cosigns")]
    State(#[from] StateError),
    /// The witness does not know any more what it has cosigned, and must be started again.
    #[error("the witness must be started again: its disk failed")]
    Broken,
    /// The map is not vouched for.
    #[error("the witness does not vouch for the map")]
    Audit(#[from] AuditError),
    /// Another request was faster.
    #[error("another checkpoint was cosigned meanwhile: ask again")]
    Overtaken,
}

/// A checkpoint that was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The line that says so.
    pub line: NoteSignature,
    /// Whether it is larger than the last one of its log.
    pub grew: bool,
}

/// What a witness did since it was opened.
#[derive(Debug, Default)]
pub struct WitnessCounters {
    /// Checkpoints that were cosigned.
    pub cosigned: AtomicU64,
    /// Requests that were refused.
    pub refused: AtomicU64,
}

/// A witness.
pub struct Witness {
    key: SigningKey,
    logs: BTreeMap<Origin, Watched>,
    state: State,
    clock: Timekeeper,
    broken: AtomicBool,
    fatal: Fatal,
    counters: WitnessCounters,
}

struct Watched {
    keys: Vec<Vkey>,
    /// One request of a log after the other.
    turn: Mutex<Option<Auditor>>,
}

impl Refusal {
    /// The status of the HTTP response that says so.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Request(error) => error.status(),
            Refusal::UnknownLog(_) => 404,
            Refusal::Audit(AuditError::Wrong(_)) => 422,
            _ => 503,
        }
    }
}

impl Witness {
    /// Opens a witness, or begins one where there is none. `fatal` is called when its disk fails:
    /// it should end the process. Nothing is cosigned after that.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(source: WitnessSource, fatal: Fatal) -> Result<Witness, OpenError> {
        let known = keys::load(&source.key, Algorithm::Cosignature)?;
        let state = match known {
            Some(key) => State::read(source.files, key.vkey())?,
            None => State::begin(source.files)?,
        };
        let key = keys::make(&source.key, &source.name, Algorithm::Cosignature)?;
        let mut logs = BTreeMap::new();
        for log in source.logs {
            let refused = |problem: &str| OpenError::Log {
                origin: log.origin.clone(),
                problem: problem.to_owned(),
            };
            let named = |vkey: &Vkey| {
                vkey.name().as_str() == log.origin.as_str()
                    && vkey.algorithm() == Algorithm::Ed25519
            };
            if log.keys.is_empty() || !log.keys.iter().all(named) {
                return Err(refused(
                    "it needs keys of type 0x01 that are named as it is",
                ));
            }
            let auditor = match log.audit {
                Some(audit) => Some(Auditor::new(log.origin.clone(), audit)?),
                None => None,
            };
            let watched = Watched {
                keys: log.keys.clone(),
                turn: Mutex::new(auditor),
            };
            if logs.insert(log.origin.clone(), watched).is_some() {
                return Err(refused("it is listed twice"));
            }
        }
        Ok(Witness {
            state,
            key,
            logs,
            clock: Timekeeper::new(source.clock),
            broken: AtomicBool::new(false),
            fatal,
            counters: WitnessCounters::default(),
        })
    }

    /// The key that it is known by.
    pub fn vkey(&self) -> &Vkey {
        self.key.vkey()
    }

    /// What it did since it was opened.
    pub fn counters(&self) -> &WitnessCounters {
        &self.counters
    }

    /// Answers an `add-checkpoint` request.
    ///
    /// # Errors
    ///
    /// [`Refusal`]. Nothing that was cosigned got out.
    pub async fn add_checkpoint(self: &Arc<Self>, request: &[u8]) -> Result<Cosigned, Refusal> {
        let result = self.decide(request).await;
        let counter = match &result {
            Ok(_) => &self.counters.cosigned,
            Err(_) => &self.counters.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        match &result {
            Err(Refusal::Audit(AuditError::Wrong(problem))) => {
                tracing::error!(problem, "a log lies, and is not cosigned");
            }
            Err(Refusal::Request(error @ WitnessError::RootDiffers { .. })) => {
                tracing::error!(%error, "a log shows two histories");
            }
            _ => {}
        }
        result
    }

    async fn decide(self: &Arc<Self>, request: &[u8]) -> Result<Cosigned, Refusal> {
        let request = AddCheckpoint::parse(request)?;
        let origin = request.checkpoint()?.origin;
        let log = self.logs.get(&origin);
        let log = log.ok_or_else(|| Refusal::UnknownLog(origin.clone()))?;
        let mut turn = log.turn.lock().await;
        if let Some(auditor) = &mut *turn {
            // Nobody but the log makes its entries be read.
            let (signed, _) = self.cosign(&request, &origin, &log.keys)?;
            auditor.follow(&signed).await?;
        }
        let (witness, keys) = (self.clone(), log.keys.clone());
        // It goes on if the one who asked does not wait: `State::replace` takes care of those who
        // come next.
        let done = tokio::task::spawn_blocking(move || witness.promise(&request, &origin, &keys));
        done.await.unwrap_or(Err(Refusal::Broken))
    }

    /// Cosigns, and writes it down before anyone gets to see it.
    fn promise(
        &self,
        request: &AddCheckpoint,
        origin: &Origin,
        keys: &[Vkey],
    ) -> Result<Cosigned, Refusal> {
        let last = self.state.last(origin);
        let (signed, line) = self.cosign(request, origin, keys)?;
        let mine = keys.iter().chain([self.key.vkey()]);
        let kept = signed.only(mine).map_err(WitnessError::Cosign)?;
        let kept = Kept::new(kept.note().clone(), self.key.vkey()).ok_or(Refusal::Broken)?;
        let last = last.map(|last| last.checkpoint);
        let before = last.as_ref().map_or(0, |last| last.size);
        let grew = signed.checkpoint().size > before;
        match self.state.replace(last.as_ref(), kept) {
            Ok(true) => Ok(Cosigned { line, grew }),
            Ok(false) => Err(Refusal::Overtaken),
            Err(error) => {
                if error.is_fatal() && !self.broken.swap(true, Ordering::SeqCst) {
                    (self.fatal)(&error.to_string());
                }
                Err(error.into())
            }
        }
    }

    fn cosign(
        &self,
        request: &AddCheckpoint,
        origin: &Origin,
        keys: &[Vkey],
    ) -> Result<(SignedCheckpoint, NoteSignature), Refusal> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(Refusal::Broken);
        }
        let last = self.state.last(origin);
        let time = self.clock.after(last.as_ref().map(|last| last.time))?;
        let last = last.as_ref().map(|last| &last.checkpoint);
        Ok(request.cosign(keys, last, &self.key, time.seconds())?)
    }
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Witness").field(self.key.vkey()).finish()
    }
}
