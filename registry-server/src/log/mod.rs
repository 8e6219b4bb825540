//! A log: written by one thread, read by all.

use std::sync::Arc;
use tenon_registry_client::api::{ProofQuery, world::World};
use tenon_registry_client::chain::ChainError;
use tenon_registry_client::log::{Checkpoint, KeyId, Map, Origin, TilePath};
use tenon_registry_client::record::{SignedRecord, Subject};
use tenon_registry_client::state::Pin;

/// Which of a registry's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogId {
    /// The one that everybody may read.
    Public,
    /// The one that takes a token to read.
    Private,
}

/// A log of this registry. Cheap to clone; every clone is the same log.
#[derive(Clone, Debug)]
pub struct Log {}

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
    /// Too many records wait.
    #[error("too many records wait to be logged")]
    Busy,
    /// The clock cannot be trusted.
    #[error("{0}")]
    Clock(String),
    /// The disk is full.
    #[error("the disk is full")]
    NoSpace,
    /// The log is only read, or is closed.
    #[error("the log takes no records: {0}")]
    Closed(String),
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
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
}

impl Log {
    /// The origin.
    pub fn origin(&self) -> &Origin {
        unimplemented!()
    }

    /// What clients pin.
    pub fn pin(&self) -> &Pin {
        unimplemented!()
    }

    /// The latest checkpoint.
    pub fn published(&self) -> Arc<Published> {
        unimplemented!()
    }

    /// Has a record logged, and waits until a published checkpoint includes it.
    ///
    /// # Errors
    ///
    /// [`SubmitError`].
    pub async fn submit(&self, _submission: Submission) -> Result<Logged, SubmitError> {
        unimplemented!()
    }

    /// The inclusion proof of a leaf in a published checkpoint. It reads files.
    ///
    /// # Errors
    ///
    /// The tree cannot be read, or is not that large.
    pub fn inclusion(
        &self,
        _index: u64,
        _published: &Published,
    ) -> Result<Vec<tenon_registry_client::log::Hash>, BundleError> {
        unimplemented!()
    }

    /// The consistency proof between two sizes; the latter must be that of a checkpoint. It reads files.
    ///
    /// # Errors
    ///
    /// The tree cannot be read, or is not that large.
    pub fn consistency(
        &self,
        _old: u64,
        _new: u64,
    ) -> Result<Vec<tenon_registry_client::log::Hash>, BundleError> {
        unimplemented!()
    }

    /// Everything that proves what is asked for. It reads files: not for an async thread.
    ///
    /// # Errors
    ///
    /// [`BundleError`].
    pub fn prove(&self, _query: &ProofQuery) -> Result<Vec<u8>, BundleError> {
        unimplemented!()
    }

    /// The file of a tile or entry bundle, if it is part of the published log; it reads a file.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn tile(&self, _path: TilePath) -> std::io::Result<Option<Vec<u8>>> {
        unimplemented!()
    }

    /// The last checkpoint that was signed by a log key which no longer signs.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn last_checkpoint(&self, _key: KeyId) -> std::io::Result<Option<Vec<u8>>> {
        unimplemented!()
    }

    /// Takes no more records, finishes those that wait, and brings everything to the disk.
    pub async fn close(&self) {
        unimplemented!()
    }
}
