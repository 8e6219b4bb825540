//! Opening a log: what a crash left undone is done, and what contradicts itself is refused.

use super::batch::Right;
use super::clock::{Clock, Timekeeper};
use super::cosign::{Cosigners, Cosigning};
use super::keys::Keys;
use super::layout::Layout;
use super::ledger::Ledger;
use super::settle::Settle;
use super::shared::Shared;
use super::stored::{Stored, StoredError};
use super::writer::{BatchError, Writer};
use super::{LogId, Published, rows};
use crate::store::database::Database;
use crate::store::{FilePath, Files};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use tenon_registry_client::chain::IndexTimes;
use tenon_registry_client::log::{
    Checkpoint, CheckpointError, Edge, Hash, Head, Map, Origin, PublicKey, SignedCheckpoint,
    TilePath, Vkey, compute_root,
};
use tenon_registry_client::monitor::{Kept, Monitor};
use tenon_registry_client::record::{
    Link, Record, RegistryAct, Role, SignedRecord, Statement, Subject, Time,
};

/// What a log is opened with.
#[derive(Clone, Debug)]
pub struct Source {
    /// Which log.
    pub log: LogId,
    /// Where its files are.
    pub files: Arc<dyn Files>,
    /// The database.
    pub database: Arc<Database>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The keys.
    pub keys: Arc<Keys>,
    /// Who cosigns, and how often.
    pub cosigning: Cosigning,
}

/// Why a log is not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be read or written.
    #[error("the database cannot be used")]
    Database(#[from] rusqlite::Error),
    /// A file cannot be read or written.
    #[error("cannot use `{path}`")]
    Io {
        /// The file.
        path: FilePath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Files and database contradict each other.
    #[error("{0}")]
    Contradiction(String),
    /// The keys are not those of the log.
    #[error("{0}")]
    Keys(String),
    /// The witnesses cannot be asked.
    #[error("{0}")]
    Witnesses(String),
    /// A new log cannot be begun, or what was promised cannot be written.
    #[error("cannot write the log: {0}")]
    Write(String),
}

impl From<StoredError> for OpenError {
    fn from(error: StoredError) -> Self {
        let source = std::error::Error::source(&error);
        let source = source.map_or(String::new(), |source| format!(": {source}"));
        OpenError::Contradiction(format!("{error}{source}"))
    }
}

impl From<BatchError> for OpenError {
    fn from(error: BatchError) -> Self {
        OpenError::Write(error.to_string())
    }
}

/// What the database promises.
struct Promised {
    origin: String,
    size: u64,
    root: Vec<u8>,
    note: Vec<u8>,
}

/// Opens a log, or begins one if there is none.
///
/// # Errors
///
/// [`OpenError`]. Nothing was changed but that staged files were written.
pub(super) fn open(source: &Source) -> Result<Writer, OpenError> {
    let stored = Stored {
        files: source.files.clone(),
        database: source.database.clone(),
        log: source.log,
        layout: Layout::of(source.log),
    };
    let key = source.keys.log.first();
    let key = key.ok_or_else(|| OpenError::Keys("there is no key for checkpoints".to_owned()))?;
    let origin = Origin::new(key.vkey().name().as_str());
    let origin = origin.map_err(|error| OpenError::Keys(error.to_string()))?;
    match promised(&stored)? {
        Some(promised) => resume(source, stored, origin, promised),
        None => begin(source, stored, origin),
    }
}

fn promised(stored: &Stored) -> Result<Option<Promised>, OpenError> {
    let promised = stored.database.read(|tx| {
        tx.query_row(
            "SELECT origin, size, root, checkpoint FROM log WHERE id = ?1",
            params![stored.log.number()],
            |row| {
                Ok(Promised {
                    origin: row.get(0)?,
                    size: row.get::<_, i64>(1)? as u64,
                    root: row.get(2)?,
                    note: row.get(3)?,
                })
            },
        )
        .optional()
    });
    promised.map_err(OpenError::Database)
}

/// Begins a log: leaf 0 says whose it is, leaf 1 closes the batch.
fn begin(source: &Source, stored: Stored, origin: Origin) -> Result<Writer, OpenError> {
    let path = stored.layout.checkpoint();
    if read(&stored, &path)?.is_some() {
        return Err(OpenError::Contradiction(format!(
            "there is a log in `{path}`, and the database knows nothing of it: run `tenon-registry rebuild`, or put the database back from a backup"
        )));
    }
    check_end(&stored, 0)?;
    let monitor = Monitor::new(origin.clone());
    let cosigners = cosigners(source, &stored)?;
    let mut writer = Writer {
        shared: Arc::new(Shared::new(Published::nothing(origin.clone()), vec![])),
        settle: Settle::new(stored.files.clone()),
        time: Timekeeper::new(source.clock.clone()),
        ledger: Ledger::new(monitor, stored.clone()),
        right: Right::default(),
        keys: source.keys.clone(),
        promised: vec![],
        cosigners,
        signed: None,
        renewed: None,
        alarmed: false,
        stored,
        origin: origin.clone(),
    };
    let root = source.keys.root.as_ref();
    let root = root.ok_or_else(|| {
        OpenError::Keys("the root key is missing, without which no log begins".to_owned())
    })?;
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(|error| OpenError::Keys(error.to_string()))?;
    let time = writer.time.after(None);
    let time = time.map_err(|error| OpenError::Write(error.to_string()))?;
    let act = RegistryAct::Init {
        nonce,
        keys: source.keys.vkeys(),
    };
    let link = Link {
        seq: 0,
        prev: Hash::ZERO,
    };
    let statement = Statement::Registry { link, act };
    let init = SignedRecord::sign(
        Record {
            origin,
            statement,
            time,
        },
        &[root],
    );
    let init = init.map_err(|error| OpenError::Keys(error.to_string()))?;
    writer.begin(init, time)?;
    Ok(writer)
}

fn resume(
    source: &Source,
    stored: Stored,
    origin: Origin,
    promised: Promised,
) -> Result<Writer, OpenError> {
    if promised.origin != origin.as_str() {
        return Err(OpenError::Keys(format!(
            "the log is `{}`, and its key is for `{origin}`: put the right keys back",
            promised.origin
        )));
    }
    let mut settle = Settle::new(stored.files.clone());
    check_file(&stored, source, &origin, &promised)?;
    restage(&stored, &mut settle)?;

    let keys = source.keys.log.iter().map(|key| key.vkey());
    let signed = SignedCheckpoint::open(&promised.note, &origin, keys);
    let signed = signed.map_err(|error| contradiction("the checkpoint in the database", &error))?;
    let checkpoint = signed.checkpoint().clone();
    if (checkpoint.size, checkpoint.root.as_bytes().as_slice())
        != (promised.size, promised.root.as_slice())
    {
        return Err(OpenError::Contradiction(
            "the database says two things of the last checkpoint".to_owned(),
        ));
    }
    let size = promised.size;
    check_end(&stored, size)?;
    clear(&stored, size)?;
    let rows = read_rows(&stored)?;
    let published = Published {
        note: promised.note.clone(),
        checkpoint: checkpoint.clone(),
        map: rows.map.clone(),
    };
    let (right, ledger) = load(&stored, &published, &rows)?;
    check_keys(&source.keys, &ledger.monitor)?;
    let time = Timekeeper::new(source.clock.clone());
    time.after(rows.batches.last().map(|(_, time)| *time))
        .map_err(|error| OpenError::Write(error.to_string()))?;
    let note = published_note(&stored, source, &origin, &checkpoint)?
        .unwrap_or_else(|| promised.note.clone());
    settle.write(&stored.layout.checkpoint(), &note)?;
    let published = Published { note, ..published };
    let mut writer = Writer {
        shared: Arc::new(Shared::new(published, rows.batches)),
        keys: source.keys.clone(),
        promised: promised.note,
        cosigners: cosigners(source, &stored)?,
        signed: None,
        renewed: None,
        alarmed: false,
        ledger,
        settle,
        time,
        right,
        stored,
        origin,
    };
    writer.settle.settle(&writer.stored, size)?;
    retired(&writer)?;
    writer.take_up()?;
    Ok(writer)
}

fn cosigners(source: &Source, stored: &Stored) -> Result<Cosigners, OpenError> {
    let own = source.keys.vkeys().into_iter().map(|(_, vkey)| vkey);
    let own: Vec<_> = own.collect();
    Cosigners::start(&source.cosigning, stored, &source.clock, &own)
}

/// The last checkpoints under keys that no longer sign.
fn retired(writer: &Writer) -> Result<(), OpenError> {
    let stored = &writer.stored;
    for key in writer.ledger.monitor.registry().keys() {
        if key.role != Role::Log {
            continue;
        }
        let path = stored.layout.last_checkpoint(key.vkey.id());
        // There is none for a key that still signs, or never did.
        let Some(note) = read(stored, &path)? else {
            continue;
        };
        let signed = SignedCheckpoint::open(&note, &writer.origin, [&key.vkey]);
        let signed = signed.map_err(|error| contradiction("a last checkpoint", &error))?;
        writer.shared.retire(note, signed.checkpoint().clone());
    }
    Ok(())
}

/// Reads again what is needed to write behind a checkpoint.
pub(super) fn reload(stored: &Stored, published: &Published) -> Result<(Right, Ledger), OpenError> {
    load(stored, published, &read_rows(stored)?)
}

fn load(stored: &Stored, published: &Published, rows: &Rows) -> Result<(Right, Ledger), OpenError> {
    let edge = "the right edge of the log";
    let (size, root) = (published.checkpoint.size, published.checkpoint.root);
    let read_tile = |path| stored.files.read(&stored.layout.tile(path)).ok();
    let (right, tiles) =
        Right::read(size, read_tile).map_err(|error| contradiction(edge, &error))?;
    let found = compute_root(&tiles, size).map_err(|error| contradiction(edge, &error))?;
    if found != root {
        return Err(OpenError::Contradiction(format!(
            "the tiles of the log have the root {found}, and {root} was promised: run `tenon-registry fsck`"
        )));
    }
    (right.check_entries()).map_err(|error| contradiction(edge, &error))?;
    let last = SignedRecord::parse(&stored.leaf(size.saturating_sub(1), size)?);
    let last = last.map_err(|error| contradiction("the last leaf", &error))?;
    let said = match &last.record().statement {
        Statement::Index { covers, map } if covers.checked_add(1) == Some(size) => (*map, *covers),
        _ => {
            return Err(OpenError::Contradiction(
                "the last leaf of the log closes no batch".to_owned(),
            ));
        }
    };
    let known = rows
        .batches
        .last()
        .map(|(index, time)| (rows.map.root(), *index, *time));
    if known != Some((said.0, said.1, last.record().time)) {
        return Err(OpenError::Contradiction(
            "the database and the log disagree: run `tenon-registry rebuild`".to_owned(),
        ));
    }
    let mut index_times = IndexTimes::new();
    for (index, time) in &rows.batches {
        let inserted = index_times.insert(*index, *time);
        inserted.map_err(|error| contradiction("the times of the batches", &error))?;
    }
    let kept = Kept {
        origin: published.checkpoint.origin.clone(),
        edge: Edge::read(&tiles, size).map_err(|error| contradiction(edge, &error))?,
        map: rows.map.clone(),
        index_times,
        granted: rows.granted.clone(),
        registry: &stored.chain(&Subject::Registry, size)?,
    };
    let monitor =
        Monitor::resume(kept).map_err(|error| contradiction("the registry's chain", &error))?;
    Ok((right, Ledger::new(monitor, stored.clone())))
}

/// What these keys would sign must be what clients accept. A log key that the log does not name, or no
/// longer, signs nothing; one of them must be named.
fn check_keys(keys: &Keys, monitor: &Monitor) -> Result<(), OpenError> {
    let registry = monitor.registry();
    let is_active = |role, vkey: &Vkey| registry.active(role).any(|active| active == vkey);
    let vkeys = keys.vkeys();
    let (log, others): (Vec<_>, Vec<_>) = vkeys.iter().partition(|(role, _)| *role == Role::Log);
    let unknown = others
        .into_iter()
        .find(|(role, vkey)| *role != Role::Ingest && !is_active(*role, vkey));
    let unknown = match log.iter().any(|(role, vkey)| is_active(*role, vkey)) {
        true => unknown,
        false => log.first().copied(),
    };
    match unknown {
        None => Ok(()),
        Some((role, vkey)) => Err(OpenError::Keys(format!(
            "the {role} key `{vkey}` is not one that the log names: put the right keys back"
        ))),
    }
}

/// The database must be at least as far as what was published.
fn check_file(
    stored: &Stored,
    source: &Source,
    origin: &Origin,
    promised: &Promised,
) -> Result<(), OpenError> {
    let path = stored.layout.checkpoint();
    let Some(note) = read(stored, &path)? else {
        return Ok(());
    };
    let keys = source.keys.log.iter().map(|key| key.vkey());
    let file = match SignedCheckpoint::open(&note, origin, keys) {
        Ok(file) => file.checkpoint().clone(),
        // It is written without a sync: a crash may leave anything of it.
        Err(CheckpointError::WrongOrigin { found, .. }) => {
            return Err(OpenError::Contradiction(format!(
                "`{path}` is of the log `{found}`"
            )));
        }
        Err(_) => return Ok(()),
    };
    if file.size > promised.size {
        return Err(OpenError::Contradiction(format!(
            "`{path}` says that the log has {} records, and the database knows {}: the database is older than the log; put the newer one back, or run `tenon-registry rebuild`",
            file.size, promised.size
        )));
    }
    if file.size == promised.size && file.root.as_bytes().as_slice() != promised.root.as_slice() {
        return Err(OpenError::Contradiction(format!(
            "`{path}` and the database have different roots at size {}: run `tenon-registry fsck`",
            file.size
        )));
    }
    Ok(())
}

/// There must be no more of the log than the database knows: a batch's files are written after it is
/// promised, so what is there was promised, and may have been published. To go on would be a fork.
fn check_end(stored: &Stored, size: u64) -> Result<(), OpenError> {
    if !stored.layout.reaches_beyond(&*stored.files, size) {
        return Ok(());
    }
    let dir = stored.layout.tiles();
    Err(OpenError::Contradiction(format!(
        "`{dir}` has entries behind the {size} records that the database knows: database and checkpoint are older than the log, and what clients have seen would be logged anew; put the newer ones back, or the latest checkpoint that anyone has, and run `tenon-registry rebuild`"
    )))
}

/// The note in the file, if it is of this checkpoint: it may have cosignatures.
fn published_note(
    stored: &Stored,
    source: &Source,
    origin: &Origin,
    checkpoint: &Checkpoint,
) -> Result<Option<Vec<u8>>, OpenError> {
    let Some(note) = read(stored, &stored.layout.checkpoint())? else {
        return Ok(None);
    };
    let keys = source.keys.log.iter().map(|key| key.vkey());
    let signed = SignedCheckpoint::open(&note, origin, keys).ok();
    let same = signed.is_some_and(|signed| signed.checkpoint() == checkpoint);
    Ok(same.then_some(note))
}

/// Writes again what was promised and may not have reached the disk.
fn restage(stored: &Stored, settle: &mut Settle) -> Result<(), OpenError> {
    let staged: Vec<(String, Vec<u8>, String)> = stored.database.read(|tx| {
        let mut staged =
            tx.prepare("SELECT path, bytes, digest FROM staged WHERE log = ?1 ORDER BY size")?;
        let rows = staged.query_map(params![stored.log.number()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.collect::<rusqlite::Result<_>>()
    })?;
    for (path, bytes, digest) in &staged {
        if rows::staged_digest(path, bytes) != *digest {
            return Err(OpenError::Contradiction(format!(
                "the database is damaged: what it keeps of `{path}` is not what was written; put it back from a backup, or run `tenon-registry rebuild`"
            )));
        }
    }
    for (path, bytes, _) in staged {
        let path: FilePath = path
            .parse()
            .map_err(|error| contradiction("a staged file", &error))?;
        settle.write(&path, &bytes)?;
    }
    Ok(())
}

/// Removes partial tiles that a later one took the place of, whatever a crash left of them.
fn clear(stored: &Stored, size: u64) -> Result<(), OpenError> {
    for tile in TilePath::partial_tiles(size).chain(TilePath::partial_bundle(size)) {
        let current = stored.layout.tile(tile);
        let Some(dir) = current.parent() else {
            continue;
        };
        let io_error = |source| OpenError::Io {
            path: dir.clone(),
            source,
        };
        for entry in stored.files.list(&dir).map_err(io_error)? {
            match dir.join(&entry.name) {
                Ok(path) if path != current => stored.files.remove(&path).map_err(io_error)?,
                _ => {}
            }
        }
    }
    Ok(())
}

struct Rows {
    map: Map,
    batches: Vec<(u64, Time)>,
    granted: BTreeSet<PublicKey>,
}

fn read_rows(stored: &Stored) -> Result<Rows, OpenError> {
    let log = params![stored.log.number()];
    stored.database.read(|tx| {
        let damaged = |what: &str| {
            OpenError::Contradiction(format!(
                "a row of the database has no {what}: run `tenon-registry rebuild`"
            ))
        };
        let mut map = Map::new();
        let mut subjects = tx.prepare("SELECT text, idx, seq, hash FROM subject WHERE log = ?1")?;
        let mut rows = subjects.query(log)?;
        while let Some(row) = rows.next()? {
            let subject: Result<Subject, _> = row.get_ref(0)?.as_str().unwrap_or_default().parse();
            let hash: [u8; 32] = row.get(3)?;
            let head = Head {
                index: row.get::<_, i64>(1)? as u64,
                seq: row.get(2)?,
                hash: Hash::from(hash),
            };
            map.insert(subject.map_err(|_| damaged("subject"))?.map_key(), head);
        }
        let mut batches = tx.prepare("SELECT idx, time FROM batch WHERE log = ?1 ORDER BY idx")?;
        let batches = batches.query_map(log, |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })?;
        let batches = batches.map(|row| {
            let (index, time) = row?;
            Ok((
                index,
                Time::from_seconds(time).map_err(|_| damaged("time"))?,
            ))
        });
        let batches = batches.collect::<Result<_, OpenError>>()?;
        let mut granted = tx.prepare("SELECT key FROM granted WHERE log = ?1")?;
        let granted = granted.query_map(log, |row| row.get::<_, [u8; 32]>(0))?;
        let granted = granted.map(|key| PublicKey::from_bytes(&key?).map_err(|_| damaged("key")));
        let granted = granted.collect::<Result<_, OpenError>>()?;
        Ok(Rows {
            map,
            batches,
            granted,
        })
    })
}

fn read(stored: &Stored, path: &FilePath) -> Result<Option<Vec<u8>>, OpenError> {
    match stored.files.read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).map_err(|source| OpenError::Io {
            path: path.clone(),
            source,
        }),
    }
}

fn contradiction(what: &str, error: &dyn std::error::Error) -> OpenError {
    OpenError::Contradiction(format!(
        "{what} cannot be used: {error}; run `tenon-registry fsck`"
    ))
}
