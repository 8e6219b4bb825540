//! The SQLite file, made again from the log and the content.
//!
//! What a client was told is in a published checkpoint; a published checkpoint is in its file; and the
//! files of its records were written before it. So, after the process died at any moment, the files
//! alone give everything that was acknowledged, and losing the database with them loses nothing: at most a
//! batch that was promised in the database, of which nobody had been told.
//!
//! **Not so after a power failure.** Files reach the disk some time after they were written: half a
//! second when the log is idle, else after at most 128 batches or 32 MiB. Until then it is the database
//! that answers for them. Whoever loses the database *and* the power at once can lose the batches of that
//! time, acknowledged ones too, and the checkpoint file may be an earlier one. Nothing in the directory tells;
//! but those who were told know a larger checkpoint. A registry that went on without these
//! records would be a fork, which its clients refuse. So, where the database is lost, give `rebuild` the
//! latest checkpoints of witnesses, mirrors, monitors or clients: it refuses if one of them is ahead. Where
//! entries are found that the checkpoint does not reach, it refuses too, unless it is told that they
//! were never published.

use super::basis::Basis;
use super::data_dir::{DataDir, Scratch};
use super::finding::{Finding, FindingKind};
use super::fsck::{check_tree, known};
use super::gc::for_each_file;
use super::history::History;
use super::known::check_origins;
use super::snapshot::Snapshot;
use super::walk::{Walk, Walked};
use super::{CareError, io_error, whole};
use crate::log::{Layout, LogId};
use crate::store::database::Database;
use crate::store::durable::{self, Sync};
use rusqlite::{Connection, params};
use serde::Serialize;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::TilePath;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::Content;

/// Says what content is: a process that may die of it.
pub trait Describe: std::marker::Sync {
    /// Describes the content of a release, which is in a file.
    ///
    /// # Errors
    ///
    /// Why it cannot be described. The release is in the catalog then, without a description.
    fn describe(
        &self,
        path: &Path,
        content: &Content,
        package: &PackageName,
        version: &Version,
    ) -> Result<World, String>;

    /// What content was that is not there any more, if anyone knows.
    fn remembered(&self, content: &Content) -> Option<World> {
        let _ = content;
        None
    }
}

/// How to rebuild.
#[derive(Default)]
pub struct RebuildOptions<'a> {
    /// What says what content is, and of how many releases at once. Without it, nothing is described.
    pub describe: Option<(&'a dyn Describe, usize)>,
    /// Checkpoints that others have seen.
    pub known: Vec<Vec<u8>>,
    /// Whether entries that no checkpoint reaches are known never to have been published. They are
    /// moved to `quarantine`.
    pub unpublished: bool,
}

/// What was rebuilt.
#[derive(Clone, Debug, Serialize)]
pub struct RebuildReport {
    /// The logs: name, size and root of each.
    pub logs: Vec<(&'static str, u64, String)>,
    /// The tables that were taken over from the old file, such as tokens.
    pub kept: Vec<String>,
    /// What could not be taken over, and what is not certain.
    pub warnings: Vec<String>,
    /// Where the old file is, if there was one.
    pub old: Option<PathBuf>,
}

impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (log, size, root) in &self.logs {
            writeln!(f, "{log} log: {size} records, root {root}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        writeln!(
            f,
            "kept from the old database: {}",
            match self.kept.is_empty() {
                true => "nothing".to_owned(),
                false => self.kept.join(", "),
            }
        )?;
        match &self.old {
            Some(old) => writeln!(f, "the old database is `{}`", old.display()),
            None => Ok(()),
        }
    }
}

/// Makes the SQLite file again, in a new file that then takes the place of the old one, which is kept
/// as `registry.sqlite.old`. What the old one promised and the files lack is written to the
/// log first, if the log is right with it. The log is not changed otherwise.
///
/// The directory must be [locked](DataDir::lock).
///
/// # Errors
///
/// The log is damaged or wrong; a known checkpoint is ahead of it; something cannot be read or written.
/// Nothing has changed then.
pub fn rebuild(dir: &DataDir, options: &RebuildOptions<'_>) -> Result<RebuildReport, CareError> {
    durable::clean(&**dir.files())?;
    let scratch = Scratch::new(dir, "rebuild")?;
    let mut report = RebuildReport {
        logs: vec![],
        kept: vec![],
        warnings: vec![],
        old: None,
    };
    let logs = dir.logs();
    if logs.is_empty() {
        let path = dir.path().display();
        return Err(CareError::Refused(format!(
            "there is no log in `{path}` to make a database from"
        )));
    }
    let note = |log: &LogId| dir.files().read(&Layout::of(*log).checkpoint()).ok();
    let notes: Vec<_> = logs.iter().map(note).collect();
    let taken = Snapshot::take(&dir.database(), &scratch.file("snapshot.sqlite"));
    let snapshot = taken.unwrap_or_else(|error| {
        let error = whole(&error);
        report
            .warnings
            .push(format!("the old database cannot be read: {error}"));
        None
    });
    let mut bases = vec![];
    for (log, note) in logs.into_iter().zip(notes) {
        let (basis, findings) = Basis::find(dir, log, note.clone(), snapshot.as_ref());
        let what = "no checkpoint of the log can be used: put `log/checkpoint` back from a backup, a mirror or a client";
        let basis = basis.ok_or(CareError::Damaged { what, findings })?;
        bases.push((log, basis, note));
    }
    let origins = bases
        .iter()
        .map(|(_, basis, _)| &basis.signed.checkpoint().origin);
    check_origins(&options.known, origins)?;

    let new = with_suffix(&dir.database(), ".new");
    remove(&new)?;
    let database = Arc::new(Database::open(&new)?);
    database.stop_syncing()?;
    let mut applied = vec![];
    for (log, mut basis, note) in bases {
        let history = History::of(
            dir,
            log,
            basis.signed.checkpoint(),
            std::mem::take(&mut basis.staged),
        );
        check_doubt(&basis, &history, options, &mut report)?;
        let walked = read(dir, log, &basis, &history, &database, options)?;
        report.warnings.extend(walked.undescribed);
        let checkpoint = basis.signed.checkpoint();
        let (size, root) = (checkpoint.size, checkpoint.root.to_string());
        report.logs.push((log.name(), size, root));
        applied.push((history, basis, note));
    }
    for (history, basis, note) in applied {
        apply(dir, &history, &basis, note)?;
    }
    drop(database);
    if let Some(snapshot) = &snapshot {
        keep(&new, snapshot.path(), &mut report)?;
    }
    drop(snapshot);
    report.old = replace(dir, &new)?;
    Ok(report)
}

/// Refuses to make a log the truth of which there may have been more.
fn check_doubt(
    basis: &Basis,
    history: &History<'_>,
    options: &RebuildOptions<'_>,
    report: &mut RebuildReport,
) -> Result<(), CareError> {
    if basis.promised {
        return Ok(());
    }
    let place = history.layout.checkpoint();
    let size = history.size;
    if history.reaches_beyond() && !options.unpublished {
        return Err(CareError::Refused(format!(
            "there are entries behind the {size} records that `{place}` says there are, and no database to say what they are: if the power failed, their checkpoint may have been published and lost, so look for it at witnesses, mirrors and clients and put it there; only if no client ever saw one, run this with `--unpublished`"
        )));
    }
    report.warnings.push(format!(
        "the database is lost or older than the log, so that `{place}` of {size} records is all that is known: if the power failed too, later records that were acknowledged may be lost{}",
        match options.known.is_empty() {
            true => "; before it is served, compare it with the latest checkpoint of a witness, a mirror or a client (`--known-checkpoint`), since clients refuse a log that went back",
            false => "",
        }
    ));
    Ok(())
}

/// Reads the log into the new database, all of it right.
fn read(
    dir: &DataDir,
    log: LogId,
    basis: &Basis,
    history: &History<'_>,
    database: &Arc<Database>,
    options: &RebuildOptions<'_>,
) -> Result<Walked, CareError> {
    let checkpoint = basis.signed.checkpoint();
    let (known, mut findings) = known(log, basis, history, &options.known)?;
    let (damaged, tree) = check_tree(log, history, checkpoint);
    findings.extend(tree);
    let walk = Walk {
        dir,
        log,
        history,
        basis,
        database,
        damaged: &damaged,
        known: &known,
        describe: options.describe,
    };
    let mut walked = walk.read()?;
    findings.append(&mut walked.findings);
    if findings.is_empty() {
        walked.replay.check(&basis.signed);
        let wrong = walked.replay.monitor().findings().iter();
        findings.extend(wrong.map(|finding| {
            let place = history.layout.checkpoint();
            Finding::new(FindingKind::Log, log, place, whole(&finding.kind))
        }));
    }
    if !findings.is_empty() {
        let what = "no database is made of a log that is not whole: run `tenon-registry fsck`, and put right what it says";
        return Err(CareError::Damaged { what, findings });
    }
    let promised = database.write(|tx| walked.replay.promise(tx, checkpoint, &basis.note));
    promised.map_err(|error| CareError::Refused(whole(&error)))?;
    Ok(walked)
}

/// Writes what was promised to the log's files.
fn apply(
    dir: &DataDir,
    history: &History<'_>,
    basis: &Basis,
    note: Option<Vec<u8>>,
) -> Result<(), CareError> {
    let files = dir.files();
    let promised = history
        .staged
        .iter()
        .filter(|(path, _)| history.layout.is_tile(path).is_some());
    for (path, bytes) in promised {
        if files.read(path).is_ok_and(|found| found == *bytes) {
            continue;
        }
        if let Some(parent) = path.parent() {
            durable::create_dirs(&**files, &parent)?;
        }
        durable::replace(files, path, bytes, Sync::Now)?;
    }
    if !basis.promised {
        set_aside(dir, history)?;
    }
    if note.as_ref() != Some(&basis.note) {
        durable::replace(files, &history.layout.checkpoint(), &basis.note, Sync::Now)?;
    }
    Ok(())
}

/// Moves what is behind the end of the log to `quarantine`: it was never published, says the operator.
fn set_aside(dir: &DataDir, history: &History<'_>) -> Result<(), CareError> {
    let files = &**dir.files();
    let quarantine = history.layout.quarantine();
    // The partial tiles of this size may be there only as what wider ones begin with.
    let edge = TilePath::partial_tiles(history.size).chain(TilePath::partial_bundle(history.size));
    for tile in edge {
        let path = history.layout.tile(tile);
        let bytes = history.begin(tile, tile.width());
        let bytes = bytes.map_err(|fault| CareError::Refused(format!("`{path}`: {fault}")))?;
        if let Some(parent) = path.parent() {
            durable::create_dirs(files, &parent)?;
        }
        durable::replace(dir.files(), &path, &bytes, Sync::Now)?;
    }
    for_each_file(files, &history.layout.tiles(), &mut |path| {
        let tile = history.layout.is_tile(&path);
        let end = tile.and_then(TilePath::end);
        if end.is_none_or(|end| end <= history.size) {
            return Ok(());
        }
        durable::create_dirs(files, &quarantine)?;
        let to = quarantine.join(&path.as_str().replace('/', "-"));
        let to = to.unwrap_or(quarantine.clone());
        let moved = files.rename(&path, &to);
        moved.map_err(io_error(
            "move to quarantine",
            &dir.path().join(path.as_str()),
        ))
    })
}

/// Takes over what cannot be made again.
fn keep(new: &Path, old: &Path, report: &mut RebuildReport) -> Result<(), CareError> {
    let connection = Connection::open(new)?;
    let path = old.to_string_lossy();
    connection.execute("ATTACH DATABASE ?1 AS old", params![path])?;
    for table in Database::kept_tables()? {
        // A file of an earlier layout may not have it: then there is nothing to take over.
        let known = "SELECT count(*) FROM old.sqlite_schema WHERE name = ?1";
        let known = connection.query_row(known, params![table], |row| row.get::<_, i64>(0));
        if known.is_ok_and(|count| count == 0) {
            continue;
        }
        match keep_table(&connection, &table) {
            Ok(()) => report.kept.push(table),
            Err(error) => {
                let error = whole(&error);
                report.warnings.push(format!(
                    "the table `{table}` cannot be taken over: {error}; what it held has to be given again"
                ));
            }
        }
    }
    Ok(())
}

fn keep_table(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let columns = "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?1, 'main')";
    let columns: String = connection.query_row(columns, params![table], |row| row.get(0))?;
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(&format!(
        "DELETE FROM main.\"{table}\";
         INSERT INTO main.\"{table}\" ({columns}) SELECT {columns} FROM old.\"{table}\";"
    ))?;
    transaction.commit()
}

/// Puts the new file in the place of the old one. The old one keeps its name until then, but for its
/// write-ahead log, which SQLite must never find beside another file.
fn replace(dir: &DataDir, new: &Path) -> Result<Option<PathBuf>, CareError> {
    let current = dir.database();
    let old = with_suffix(&current, ".old");
    let sync = |path: &Path| {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(io_error("sync", path))
    };
    sync(new)?;
    remove(&old)?;
    let kept = current.exists();
    if kept {
        // Not every file system has hard links.
        let linked = fs::hard_link(&current, &old).or_else(|_| fs::copy(&current, &old).map(drop));
        linked.map_err(io_error("keep", &current))?;
        for suffix in ["-wal", "-shm"] {
            let from = with_suffix(&current, suffix);
            match fs::rename(&from, with_suffix(&old, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("rename", &from)(error));
                }
                _ => {}
            }
        }
        sync(dir.path())?;
    }
    for suffix in ["-wal", "-shm"] {
        remove_file(&with_suffix(&current, suffix))?;
    }
    fs::rename(new, &current).map_err(io_error("put in place", new))?;
    sync(dir.path())?;
    Ok(kept.then_some(old))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Removes a database.
fn remove(path: &Path) -> Result<(), CareError> {
    for suffix in ["", "-wal", "-shm"] {
        remove_file(&with_suffix(path, suffix))?;
    }
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), CareError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}
