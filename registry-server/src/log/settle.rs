//! Bringing the files of a log to the disk, some time after they were promised.
//!
//! Until a file is known to be there, the database has it: so a batch needs no more than the
//! database's own sync, however many files it writes.

use super::stored::Stored;
use super::writer::BatchError;
use crate::store::database::WriteError;
use crate::store::durable::{self, Sync};
use crate::store::{FilePath, Files};
use rusqlite::params;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use tenon_registry_client::log::TilePath;

/// After how many bytes files are brought to the disk, although there is more to do.
const MOST_BYTES: usize = 32 << 20;

/// After how many batches.
const MOST_BATCHES: usize = 128;

/// The files that were written and may not be on the disk.
#[derive(Debug)]
pub(super) struct Settle {
    files: Arc<dyn Files>,
    dirs: BTreeSet<FilePath>,
    written: BTreeSet<FilePath>,
    /// The partial tiles that were brought to the disk last.
    edge: BTreeSet<FilePath>,
    bytes: usize,
    batches: usize,
}

impl Settle {
    pub(super) fn new(files: Arc<dyn Files>) -> Settle {
        Settle {
            files,
            dirs: BTreeSet::new(),
            written: BTreeSet::new(),
            edge: BTreeSet::new(),
            bytes: 0,
            batches: 0,
        }
    }

    /// Writes a file. After a crash it may be damaged, so it must be staged.
    pub(super) fn write(&mut self, path: &FilePath, bytes: &[u8]) -> Result<(), BatchError> {
        if let Some(dir) = path.parent()
            && !self.dirs.contains(&dir)
        {
            durable::create_dirs(&*self.files, &dir)?;
            self.dirs.insert(dir);
        }
        durable::replace(&self.files, path, bytes, Sync::Later)?;
        self.written.insert(path.clone());
        self.bytes += bytes.len();
        Ok(())
    }

    /// Counts a batch; whether it is time to settle.
    pub(super) fn is_due(&mut self) -> bool {
        self.batches += 1;
        self.bytes > MOST_BYTES || self.batches > MOST_BATCHES
    }

    /// Whether everything is on the disk.
    pub(super) fn is_settled(&self) -> bool {
        self.written.is_empty()
    }

    /// Brings a log of this size to the disk, and forgets what was staged for it.
    ///
    /// Partial tiles that a later one took the place of need not get there: they are removed, since
    /// what they held is what the later one begins with. That they are gone is on the disk before
    /// what was staged is forgotten, so that none comes back damaged after a crash.
    pub(super) fn settle(&mut self, stored: &Stored, size: u64) -> Result<(), BatchError> {
        let edge = TilePath::partial_tiles(size).chain(TilePath::partial_bundle(size));
        let edge: BTreeSet<FilePath> = edge.map(|tile| stored.layout.tile(tile)).collect();
        let is_stale = |path: &&FilePath| {
            let tile = stored.layout.is_tile(path);
            tile.is_some_and(TilePath::is_partial) && !edge.contains(*path)
        };
        let stale: Vec<_> = self.written.union(&self.edge).filter(is_stale).collect();
        let current: Vec<_> = (self.written.iter())
            .filter(|path| !is_stale(path))
            .collect();
        for path in &stale {
            match self.files.remove(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    // One that stays is in nobody's way.
                    tracing::warn!(%path, %error, "a partial tile stays");
                }
                _ => {}
            }
        }
        let synced: BTreeSet<_> = current.iter().filter_map(|path| path.parent()).collect();
        let changed: BTreeSet<_> = stale.iter().filter_map(|path| path.parent()).collect();
        durable::sync(&*self.files, current)?;
        for dir in changed.difference(&synced) {
            durable::sync_dir(&*self.files, dir)?;
        }
        let forgotten = stored.database.write_or_unknown(|tx| {
            let log = stored.log.number();
            tx.prepare_cached("DELETE FROM staged WHERE log = ?1 AND size <= ?2")?
                .execute(params![log, size as i64])
                .map(|_| ())
        });
        match forgotten {
            Ok(()) => {}
            // The log is as it should be, and there is more to forget next time.
            Err(WriteError::Undone(error)) => {
                tracing::warn!(%error, "what was staged stays");
                return Ok(());
            }
            Err(WriteError::Unknown(error)) => {
                return Err(BatchError::Fatal(format!(
                    "what was staged cannot be removed: {error}"
                )));
            }
        }
        self.written.clear();
        self.edge = edge;
        (self.bytes, self.batches) = (0, 0);
        Ok(())
    }
}
