//! Reading a log from where it is kept.

use super::LogId;
use super::layout::Layout;
use crate::store::database::Database;
use crate::store::{Files, ReadFile};
use rusqlite::{ErrorCode, OptionalExtension, Transaction, params};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use tenon_registry_client::log::{
    ENTRIES_PER_BUNDLE, Hash, Head, Map, MissingNode, NodeId, Nodes, TilePath, Tiles,
    decode_entries, encode_entries,
};
use tenon_registry_client::record::{SignedRecord, Statement, Subject};
use tenon_registry_client::verify::Placed;

/// How often a wider tile is looked for: another one takes its place once in many batches.
const LOOKS: usize = 4;

/// A log on the disk. It changes only by growing, so it can be read while it does.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(super) files: Arc<dyn Files>,
    pub(super) database: Arc<Database>,
    pub(super) log: LogId,
    pub(super) layout: Layout,
}

/// Why something that must be there cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// A file cannot be read.
    #[error("cannot read `{path}` of the log")]
    Io {
        /// The file.
        path: TilePath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database cannot be read.
    #[error("cannot read the database")]
    Database(#[from] rusqlite::Error),
    /// What was read is not what was written.
    #[error("{0} is damaged: run `tenon-registry fsck`")]
    Damaged(String),
}

impl StoredError {
    /// Whether another try may go well: it is not the content that is wrong.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            StoredError::Io { source, .. } => source.kind() != io::ErrorKind::InvalidData,
            StoredError::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::FileLockingProtocolFailed
                        | ErrorCode::OutOfMemory
                        | ErrorCode::DiskFull
                )
            ),
            StoredError::Damaged(_) => false,
        }
    }
}

/// The nodes of a log of one size. A tile is read once.
pub(super) struct StoredNodes<'a> {
    stored: &'a Stored,
    size: u64,
    read: RefCell<(BTreeSet<TilePath>, Tiles)>,
}

impl Stored {
    /// A file of a log of this size. A partial one that a later one took the place of is what that
    /// one begins with.
    pub(crate) fn tile(&self, path: TilePath, size: u64) -> io::Result<Option<Vec<u8>>> {
        let known = [path.full(), path].into_iter().chain(path.at(size));
        for larger in known.chain(self.wider(path)) {
            let Some(bytes) = self.file(larger)? else {
                continue;
            };
            let width = usize::from(path.width());
            let begin = match path.level() {
                _ if larger == path => Some(bytes),
                Some(_) => bytes.get(..width * 32).map(<[u8]>::to_vec),
                None => decode_entries(&bytes, larger.width())
                    .ok()
                    .and_then(|entries| encode_entries(entries.get(..width)?).ok()),
            };
            return begin.map(Some).ok_or(io::ErrorKind::InvalidData.into());
        }
        Ok(None)
    }

    /// What a partial tile may be found in when it was removed because there is a wider one: that one
    /// may be removed in turn before it is opened, so this looks more than once.
    fn wider(&self, path: TilePath) -> impl Iterator<Item = TilePath> {
        let find = move || {
            let dir = self.layout.tile(path).parent()?;
            let listed = self.files.list(&dir).unwrap_or_default();
            let paths = listed.iter().filter_map(|it| dir.join(&it.name).ok());
            let tiles = paths.filter_map(|path| self.layout.is_tile(&path));
            let widest = tiles.max_by_key(|tile| tile.width());
            Some(
                widest
                    .filter(|it| it.width() > path.width())
                    .unwrap_or(path.full()),
            )
        };
        let looks = if path.is_partial() { LOOKS } else { 0 };
        std::iter::repeat_with(find).take(looks).flatten()
    }

    fn file(&self, path: TilePath) -> io::Result<Option<Vec<u8>>> {
        match self.files.read(&self.layout.tile(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// A leaf of a log of this size.
    pub(crate) fn leaf(&self, index: u64, size: u64) -> Result<Vec<u8>, StoredError> {
        let missing = || StoredError::Damaged(format!("leaf {index}"));
        let path = TilePath::bundle_of(index, size).ok_or_else(missing)?;
        let read = self
            .tile(path, size)
            .map_err(|source| StoredError::Io { path, source })?;
        let bytes = read.ok_or_else(missing)?;
        let entries = decode_entries(&bytes, path.width()).map_err(|_| missing())?;
        let at = usize::try_from(index % u64::from(ENTRIES_PER_BUNDLE)).map_err(|_| missing())?;
        entries
            .get(at)
            .map(|entry| entry.to_vec())
            .ok_or_else(missing)
    }

    /// The records of a chain below an index: none if there is no such chain.
    pub(crate) fn chain(&self, subject: &Subject, size: u64) -> Result<Vec<Placed>, StoredError> {
        let rows = self.database.read(|tx| self.places(tx, subject, size))?;
        let mut open: Option<(TilePath, Box<dyn ReadFile>)> = None;
        let mut records = Vec::with_capacity(rows.len());
        for (index, start, length) in rows {
            let damaged =
                || StoredError::Damaged(format!("the record of {subject} at index {index}"));
            let path = TilePath::bundle_of(index, size).ok_or_else(damaged)?;
            let file = match &open {
                Some((opened, file)) if *opened == path => file,
                _ => &open.insert((path, self.open(path)?)).1,
            };
            let mut bytes = vec![0; usize::try_from(length).map_err(|_| damaged())?];
            let read = file.read_at(start, &mut bytes);
            let read = read.map_err(|source| StoredError::Io { path, source })?;
            if read != bytes.len() {
                return Err(damaged());
            }
            let record = SignedRecord::parse(&bytes).map_err(|_| damaged())?;
            records.push(Placed { index, record });
        }
        Ok(records)
    }

    /// Where a record is in a log of this size, if it is this very record.
    pub(super) fn find(
        &self,
        record: &SignedRecord,
        size: u64,
    ) -> Result<Option<u64>, StoredError> {
        let Some(link) = record.record().link() else {
            return Ok(None);
        };
        let subject = record.record().subject().to_string();
        let index: Option<i64> = self.database.read(|tx| {
            tx.prepare_cached(
                "SELECT chain.idx FROM chain JOIN subject ON subject.id = chain.subject
                 WHERE subject.log = ?1 AND subject.text = ?2 AND chain.seq = ?3",
            )?
            .query_row(params![self.log.number(), subject, link.seq], |row| {
                row.get(0)
            })
            .optional()
        })?;
        let index = index.map(i64::cast_unsigned);
        match index.filter(|index| *index < size) {
            Some(index) if self.leaf(index, size)? == record.bytes() => Ok(Some(index)),
            _ => Ok(None),
        }
    }

    /// How many bytes the records of a chain have.
    pub(super) fn weight(&self, subject: &Subject) -> Result<u64, StoredError> {
        let weight: i64 = self.database.read(|tx| {
            tx.prepare_cached(
                "SELECT COALESCE(SUM(length), 0) FROM chain
                 WHERE subject = (SELECT id FROM subject WHERE log = ?1 AND text = ?2)",
            )?
            .query_row(params![self.log.number(), subject.to_string()], |row| {
                row.get(0)
            })
        })?;
        Ok(weight.cast_unsigned())
    }

    fn places(
        &self,
        tx: &Transaction<'_>,
        subject: &Subject,
        size: u64,
    ) -> rusqlite::Result<Vec<(u64, u64, u64)>> {
        let mut find = tx.prepare_cached("SELECT id FROM subject WHERE log = ?1 AND text = ?2")?;
        let id: Option<i64> = find
            .query_row(params![self.log.number(), subject.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(id) = id else { return Ok(vec![]) };
        let mut read = tx.prepare_cached(
            "SELECT idx, start, length FROM chain WHERE subject = ?1 AND idx < ?2 ORDER BY seq",
        )?;
        let rows = read.query_map(params![id, size as i64], |row| {
            Ok((
                row.get::<_, i64>(0)? as u64,
                row.get::<_, i64>(1)? as u64,
                row.get::<_, u16>(2)?.into(),
            ))
        })?;
        rows.collect()
    }

    /// The heads of all chains in a log of this size, which may have grown since.
    pub(super) fn map(&self, size: u64) -> Result<Map, StoredError> {
        let heads = self.database.read(|tx| {
            let mut heads = tx.prepare_cached(
                "SELECT text, chain.idx, MAX(chain.seq) FROM subject JOIN chain ON chain.subject = subject.id
                 WHERE log = ?1 AND chain.idx < ?2 GROUP BY subject.id",
            )?;
            let heads = heads.query_map(params![self.log.number(), size as i64], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get(2)?))
            })?;
            heads.collect::<rusqlite::Result<Vec<(String, u64, u32)>>>()
        })?;
        let nodes = self.nodes(size);
        let mut map = Map::new();
        for (subject, index, seq) in heads {
            let damaged = |_| StoredError::Damaged(format!("the row of {subject}"));
            let key = subject.parse::<Subject>().map_err(damaged)?.map_key();
            let hash = nodes.node(NodeId { level: 0, index })?;
            map.insert(key, Head { index, seq, hash });
        }
        let last = SignedRecord::parse(&self.leaf(size.saturating_sub(1), size)?);
        let last = last.map(|last| last.record().statement.clone());
        match last {
            Ok(Statement::Index { map: said, .. }) if said == map.root() => Ok(map),
            _ => Err(StoredError::Damaged(format!("the map at size {size}"))),
        }
    }

    fn open(&self, path: TilePath) -> Result<Box<dyn ReadFile>, StoredError> {
        let mut opened = self.files.open(&self.layout.tile(path));
        // A wider one begins as the partial one that it took the place of.
        for wider in [path.full()].into_iter().chain(self.wider(path)) {
            opened = opened.or_else(|_| self.files.open(&self.layout.tile(wider)));
            if opened.is_ok() {
                break;
            }
        }
        opened.map_err(|source| StoredError::Io { path, source })
    }

    /// The nodes of a log of this size.
    pub(super) fn nodes(&self, size: u64) -> StoredNodes<'_> {
        StoredNodes {
            stored: self,
            size,
            read: RefCell::default(),
        }
    }
}

impl Nodes for StoredNodes<'_> {
    type Error = StoredError;

    fn node(&self, id: NodeId) -> Result<Hash, StoredError> {
        let missing = || StoredError::Damaged(id.to_string());
        let path = TilePath::covering(id, self.size).ok_or_else(missing)?;
        let mut read = self.read.borrow_mut();
        let (paths, tiles) = &mut *read;
        if paths.insert(path) {
            let bytes = self.stored.tile(path, self.size);
            let bytes = bytes.map_err(|source| StoredError::Io { path, source })?;
            let taken = tiles.insert(path, &bytes.ok_or_else(missing)?);
            taken.map_err(|error| StoredError::Damaged(error.to_string()))?;
        }
        tiles
            .node(id)
            .map_err(|MissingNode(id)| StoredError::Damaged(id.to_string()))
    }
}
