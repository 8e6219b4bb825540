//! Reading the files of a log as they would be after a start: what is staged counts as written.

use super::CareError;
use super::data_dir::DataDir;
use super::snapshot::{Snapshot, Staged};
use crate::log::{Layout, LogId};
use crate::store::Files;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use tenon_registry_client::log::{
    Checkpoint, Hash, MissingNode, NodeId, Nodes, TilePath, Tiles, decode_entries, encode_entries,
};

/// The files of a log of one size.
pub(super) struct History<'a> {
    pub(super) log: LogId,
    pub(super) files: &'a dyn Files,
    pub(super) layout: Layout,
    /// Files that a start would write.
    pub(super) staged: Staged,
    pub(super) size: u64,
    /// The root that the tiles should have, if it is known.
    pub(super) root: Option<Hash>,
    bytes: AtomicU64,
}

/// Why a file cannot be what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is missing")]
    Missing,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it has {found} bytes, not {wanted}")]
    Length { found: usize, wanted: usize },
    #[error("it is no entry bundle: {0}")]
    Entries(String),
}

impl<'a> History<'a> {
    /// What is there, of whatever size.
    pub(super) fn any(dir: &'a DataDir, log: LogId, staged: Staged) -> History<'a> {
        History {
            log,
            files: &**dir.files(),
            layout: Layout::of(log),
            staged,
            size: u64::MAX,
            root: None,
            bytes: AtomicU64::new(0),
        }
    }

    /// The files of a checkpoint.
    pub(super) fn of(
        dir: &'a DataDir,
        log: LogId,
        checkpoint: &Checkpoint,
        staged: Staged,
    ) -> History<'a> {
        History {
            size: checkpoint.size,
            root: Some(checkpoint.root),
            ..History::any(dir, log, staged)
        }
    }

    /// The files of what the database promises at this moment.
    pub(super) fn now(
        dir: &'a DataDir,
        log: LogId,
        live: &Snapshot,
    ) -> Result<History<'a>, CareError> {
        let missing = || {
            CareError::Refused(
                "the database knows nothing of the log: run `tenon-registry rebuild`".to_owned(),
            )
        };
        let (promise, staged) = live.now(log)?.ok_or_else(missing)?;
        let root: [u8; 32] = promise.root.try_into().map_err(|_| missing())?;
        Ok(History {
            size: promise.size,
            root: Some(Hash::from(root)),
            ..History::any(dir, log, staged)
        })
    }

    /// How many bytes of files were read, staged ones too.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The hashes of a tile, as many as its path says.
    pub(super) fn row(&self, path: TilePath) -> Result<Vec<Hash>, Fault> {
        let (file, bytes) = self.read(path)?;
        let (found, wanted) = (bytes.len(), usize::from(file.width()) * 32);
        if found != wanted {
            return Err(Fault::Length { found, wanted });
        }
        let hashes = bytes.as_chunks().0.iter().map(|hash| Hash::from(*hash));
        Ok(hashes.take(path.width().into()).collect())
    }

    /// The leaves of an entry bundle, as many as its path says.
    pub(super) fn leaves(&self, path: TilePath) -> Result<Vec<Vec<u8>>, Fault> {
        let (file, bytes) = self.read(path)?;
        let entries = decode_entries(&bytes, file.width());
        let entries = entries.map_err(|error| Fault::Entries(error.to_string()))?;
        let entries = entries.into_iter().take(path.width().into());
        Ok(entries.map(<[u8]>::to_vec).collect())
    }

    /// The bytes of a tile or an entry bundle, as it was when it was so wide.
    pub(super) fn begin(&self, path: TilePath, width: u16) -> Result<Vec<u8>, Fault> {
        if path.level().is_some() {
            let row = self.row(path)?;
            let row = row.iter().take(width.into());
            return Ok(row.flat_map(|hash| *hash.as_bytes()).collect());
        }
        let mut leaves = self.leaves(path)?;
        leaves.truncate(width.into());
        encode_entries(&leaves).map_err(|error| Fault::Entries(error.to_string()))
    }

    /// A file, or a wider one that took its place.
    fn read(&self, path: TilePath) -> Result<(TilePath, Vec<u8>), Fault> {
        if let Some(bytes) = self.staged.get(&self.layout.tile(path)) {
            self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            return Ok((path, bytes.clone()));
        }
        // While the log grows, a partial file can go once a wider one is there.
        for _ in 0..3 {
            for candidate in [path, path.full()].into_iter().chain(self.wider(path)) {
                match self.files.read(&self.layout.tile(candidate)) {
                    Ok(bytes) => {
                        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                        return Ok((candidate, bytes));
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(Fault::Unreadable(error.to_string())),
                }
            }
        }
        Err(Fault::Missing)
    }

    fn wider(&self, path: TilePath) -> Option<TilePath> {
        let mut partial = self.partials(path).into_iter();
        partial.rfind(|other| other.width() > path.width())
    }

    /// The partial files of a tile that are there, the widest last.
    pub(super) fn partials(&self, path: TilePath) -> Vec<TilePath> {
        self.layout.partials(self.files, path)
    }

    /// Whether there are leaves behind the size, in files.
    pub(super) fn reaches_beyond(&self) -> bool {
        self.layout.reaches_beyond(self.files, self.size)
    }
}

/// The nodes of a log, one of its tiles replaced.
pub(super) struct Replaced<'a> {
    pub(super) history: &'a History<'a>,
    pub(super) tile: Option<(TilePath, &'a [Hash])>,
}

impl Nodes for Replaced<'_> {
    type Error = Fault;

    fn node(&self, id: NodeId) -> Result<Hash, Fault> {
        let path = TilePath::covering(id, self.history.size).ok_or(Fault::Missing)?;
        let row = match self.tile {
            Some((replaced, row)) if replaced == path => row.to_vec(),
            _ => self.history.row(path)?,
        };
        let bytes: Vec<u8> = row.iter().flat_map(|hash| *hash.as_bytes()).collect();
        let mut tiles = Tiles::new();
        let inserted = tiles.insert(path, &bytes);
        inserted.map_err(|error| Fault::Unreadable(error.to_string()))?;
        tiles.node(id).map_err(|MissingNode(_)| Fault::Missing)
    }
}
