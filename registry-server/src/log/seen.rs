//! A log that is looked at from beside, while another process may be writing it. Nothing is changed.

use super::keys::Keys;
use super::layout::Layout;
use super::stored::{Stored, StoredError};
use super::{BundleError, LogId};
use crate::store::Files;
use crate::store::database::Database;
use rusqlite::{OptionalExtension, params};
use std::sync::Arc;
use tenon_registry_client::log::{Origin, SignedCheckpoint};
use tenon_registry_client::record::{SignedRecord, Subject, Time};

/// A log, as far as it was published when this was made.
#[derive(Debug)]
pub(crate) struct Seen {
    stored: Stored,
    origin: Origin,
    size: u64,
}

impl Seen {
    /// Looks at a log, whose files are written up to the checkpoint that is published, which one of its own
    /// keys signed. The database is one that was opened to be read.
    ///
    /// # Errors
    ///
    /// The checkpoint cannot be read.
    pub(crate) fn look(
        log: LogId,
        files: Arc<dyn Files>,
        database: Arc<Database>,
        keys: &Keys,
    ) -> Result<Seen, BundleError> {
        let unreadable = |error: String| BundleError::Unreadable(error);
        let layout = Layout::of(log);
        let note = files.read(&layout.checkpoint());
        let note = note.map_err(|error| unreadable(format!("its checkpoint: {error}")))?;
        let name = keys.log.first().map(|key| key.vkey().name().as_str());
        let origin = Origin::new(name.unwrap_or_default());
        let origin = origin.map_err(|error| unreadable(error.to_string()))?;
        let keys = keys.log.iter().map(|key| key.vkey());
        let signed = SignedCheckpoint::open(&note, &origin, keys);
        let signed = signed.map_err(|error| unreadable(format!("its checkpoint: {error}")))?;
        Ok(Seen {
            size: signed.checkpoint().size,
            origin,
            stored: Stored {
                files,
                database,
                log,
                layout,
            },
        })
    }

    /// The origin.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The records of the registry's own chain, each with the time of the batch it came in.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub(crate) fn registry(&self) -> Result<Vec<(SignedRecord, Time)>, BundleError> {
        let read = || {
            let records = self.stored.chain(&Subject::Registry, self.size)?;
            let timed = records.into_iter().map(|placed| {
                let time = self.time(placed.index)?;
                Ok((placed.record, time))
            });
            timed.collect::<Result<Vec<_>, StoredError>>()
        };
        read().map_err(|error| BundleError::Unreadable(error.to_string()))
    }

    /// The time of the batch that a leaf came in.
    fn time(&self, index: u64) -> Result<Time, StoredError> {
        let seconds: Option<i64> = self.stored.database.read(|tx| {
            tx.prepare_cached(
                "SELECT time FROM batch WHERE log = ?1 AND idx > ?2 ORDER BY idx LIMIT 1",
            )?
            .query_row(
                params![self.stored.log.number(), index.cast_signed()],
                |row| row.get(0),
            )
            .optional()
        })?;
        let time = seconds.and_then(|seconds| Time::from_seconds(seconds.cast_unsigned()).ok());
        time.ok_or_else(|| StoredError::Damaged(format!("the time of leaf {index}")))
    }
}
