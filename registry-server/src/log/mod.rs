//! A log: written by one thread, read by all.
//!
//! | module | what |
//! |---|---|
//! | `keys`, `clock`, `layout` | who signs, when, and where files are |
//! | `open` | what a crash left undone is done; what contradicts itself is refused |
//! | `thread`, `writer` | records come in, batches go out |
//! | `ledger`, `batch`, `recompute`, `rows`, `settle` | the rules, the files, the second opinion, the transaction, the disk |
//! | `cosign` | witnesses, who are asked for their cosignatures |
//! | `shared`, `stored`, `bundle` | what is published, and how it is read |
//! | `seen` | a log that another process may be writing, looked at from beside |
//! | `stats` | what it did, in numbers |
//! | `replay` | the rows, made again |

mod batch;
mod bundle;
pub mod clock;
mod cosign;
pub mod keys;
mod layout;
mod ledger;
mod open;
mod recompute;
mod replay;
mod rows;
mod seen;
mod settle;
mod shared;
mod stats;
mod stored;
mod thread;
mod writer;

pub use cosign::{CosignFigures, Cosigning, MAX_WITNESSES, WitnessConfig, WitnessFigures};
pub use layout::Layout;
pub use open::{OpenError, Source};
pub(crate) use replay::{Replay, ReplayError};
pub(crate) use seen::Seen;
pub use stats::{BatchStats, LogStats};
pub use thread::{Fatal, Log};

use clock::ClockError;
use std::sync::Arc;
use tenon_registry_client::api::world::World;
use tenon_registry_client::chain::ChainError;
use tenon_registry_client::log::{Checkpoint, Map, Origin};
use tenon_registry_client::record::{SignedRecord, Subject};

/// Which of a registry's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogId {
    /// The one that everybody may read.
    Public,
    /// The one that takes a token to read.
    Private,
}

/// A checkpoint that is published, and what is needed to prove something about it.
#[derive(Debug)]
pub struct Published {
    /// The note, with all signatures that it has so far.
    pub note: Vec<u8>,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The heads after all leaves but the last.
    pub map: Map,
}

/// A record that someone wants to be logged.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The record.
    pub record: SignedRecord,
    /// What its content is, if it is a release: checked before.
    pub world: Option<World>,
}

/// A record that is in the log, in a published checkpoint.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its index.
    pub index: u64,
    /// Whether it was in the log before.
    pub repeated: bool,
    /// A published checkpoint that includes it.
    pub published: Arc<Published>,
}

/// Why a record was not logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// It breaks a rule.
    #[error("the record breaks the rules of its chain")]
    Refused(#[source] ChainError),
    /// It is for another log.
    #[error("the record is for the log `{found}`; this one is `{wanted}`")]
    Origin {
        /// The origin of this log.
        wanted: Origin,
        /// That of the record.
        found: Origin,
    },
    /// Another record took its place in the chain.
    #[error("{subject} has a record {seq} already, which is another one")]
    Taken {
        /// The chain.
        subject: Subject,
        /// The number.
        seq: u32,
    },
    /// Index records are the registry's own.
    #[error("index records are written by the registry itself")]
    Index,
    /// A new name is too much like another.
    #[error(
        "`{name}` differs from `{existing}` only in hyphens: choose a name that nobody takes for the other"
    )]
    Confusable {
        /// The new one.
        name: String,
        /// The other; in a private log, not which.
        existing: String,
    },
    /// Too many records wait.
    #[error("too many records wait to be logged")]
    Busy,
    /// The clock cannot be trusted.
    #[error("the clock of the registry cannot be trusted")]
    Clock(#[source] ClockError),
    /// The disk is full.
    #[error("the disk is full")]
    NoSpace,
    /// The log is only read, or is closed.
    #[error("the log takes no records: {0}")]
    Closed(String),
}

impl SubmitError {
    /// The kind of reason in a word, such as for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            SubmitError::Refused(_) => "rules",
            SubmitError::Origin { .. } => "origin",
            SubmitError::Taken { .. } => "taken",
            SubmitError::Index => "index",
            SubmitError::Confusable { .. } => "confusable",
            SubmitError::Busy => "busy",
            SubmitError::Clock(_) => "clock",
            SubmitError::NoSpace => "full",
            SubmitError::Closed(_) => "closed",
        }
    }
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The size that was asked for is not held.
    #[error("the log is not held at size {0}: ask again for the latest")]
    SizeNotHeld(u64),
    /// The client knows more than this checkpoint has.
    #[error("the client knows more of the log than there is")]
    ClientAhead,
    /// There can be no such proof.
    #[error("there is no such proof: {0}")]
    NoSuchProof(String),
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
}
