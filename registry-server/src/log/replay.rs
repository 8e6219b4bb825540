//! The rows of the database, made again from the leaves by the code that made them first.

use super::LogId;
use super::layout::Layout;
use super::ledger::Ledger;
use super::rows::{self, Leaf};
use super::stored::Stored;
use super::writer::BatchError;
use crate::store::Files;
use crate::store::database::Database;
use rusqlite::Transaction;
use std::collections::BTreeMap;
use std::sync::Arc;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::{Checkpoint, ENTRIES_PER_BUNDLE, Origin, SignedCheckpoint};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{SignedRecord, Statement};

/// Reads a log from its first leaf on, as a monitor does, and writes what the log's writer wrote of it.
pub(crate) struct Replay {
    ledger: Ledger,
    log: LogId,
    /// The leaves since the last index record.
    batch: Vec<Leaf>,
    worlds: BTreeMap<u64, World>,
    /// Where the next leaf begins in its entry bundle.
    start: u64,
}

/// The rows cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the rows of the log cannot be written: {0}")]
pub(crate) struct ReplayError(String);

impl From<BatchError> for ReplayError {
    fn from(error: BatchError) -> Self {
        ReplayError(error.to_string())
    }
}

impl From<rusqlite::Error> for ReplayError {
    fn from(error: rusqlite::Error) -> Self {
        ReplayError(error.to_string())
    }
}

impl Replay {
    /// Nothing is read yet, and the database has nothing of this log.
    pub(crate) fn new(
        files: &Arc<dyn Files>,
        database: &Arc<Database>,
        log: LogId,
        origin: Origin,
    ) -> Replay {
        let stored = Stored {
            files: Arc::clone(files),
            database: Arc::clone(database),
            log,
            layout: Layout::of(log),
        };
        Replay {
            ledger: Ledger::new(Monitor::new(origin), stored),
            log,
            batch: vec![],
            worlds: BTreeMap::new(),
            start: 0,
        }
    }

    /// What the log says so far.
    pub(crate) fn monitor(&self) -> &Monitor {
        &self.ledger.monitor
    }

    /// Compares a checkpoint with what was read.
    pub(crate) fn check(&mut self, signed: &SignedCheckpoint) {
        self.ledger.monitor.check(signed);
    }

    /// Knows what the content of the release at an index is.
    pub(crate) fn describe(&mut self, index: u64, world: World) {
        self.worlds.insert(index, world);
    }

    /// Reads the next leaf, and writes the rows of a batch that ends with it. After a leaf that is
    /// wrong, of which the monitor has a finding, nothing more is written.
    pub(crate) fn read(&mut self, tx: &Transaction<'_>, leaf: &[u8]) -> Result<(), ReplayError> {
        let index = self.ledger.monitor.size();
        if index.is_multiple_of(u64::from(ENTRIES_PER_BUNDLE)) {
            self.start = 0;
        }
        let (start, length) = (self.start + 2, leaf.len() as u64);
        self.start = start + length;
        self.ledger.monitor.read(leaf);
        if !self.ledger.monitor.findings().is_empty() {
            return Ok(());
        }
        let Ok(record) = SignedRecord::parse(leaf) else {
            return Ok(());
        };
        let closes = matches!(record.record().statement, Statement::Index { .. });
        let time = record.record().time;
        self.batch.push(Leaf {
            index,
            record,
            start,
            length,
        });
        if closes {
            let leaves = std::mem::take(&mut self.batch);
            // What comes after this batch may be described already.
            let later = self.worlds.split_off(&(index + 1));
            let worlds = std::mem::replace(&mut self.worlds, later);
            rows::place(tx, self.log, &leaves)?;
            rows::catalogue(tx, self.log, &mut self.ledger, &leaves, &worlds, time)?;
        }
        Ok(())
    }

    /// Promises what was read, which is all of a checkpoint.
    pub(crate) fn promise(
        &self,
        tx: &Transaction<'_>,
        checkpoint: &Checkpoint,
        note: &[u8],
    ) -> Result<(), ReplayError> {
        let last = self.ledger.monitor.index_times().last();
        let (_, time) = last.ok_or_else(|| ReplayError("it has no batch".to_owned()))?;
        Ok(rows::promise(tx, self.log, &[], checkpoint, time, note)?)
    }
}
