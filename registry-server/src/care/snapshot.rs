//! A copy of the SQLite file as it is at one moment, while others may be writing it.

use crate::log::LogId;
use crate::store::FilePath;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tenon_registry_client::Digest;

/// How long to wait for a moment when nobody writes the first page.
const BUSY: Duration = Duration::from_secs(10);

/// The most problems of pages that are listed.
const MAX_PROBLEMS: usize = 20;

/// Files, by their path.
pub(super) type Staged = BTreeMap<FilePath, Vec<u8>>;

/// The copy.
pub(super) struct Snapshot {
    path: PathBuf,
    connection: Connection,
}

/// What a database promises of a log.
pub(super) struct Promise {
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: Vec<u8>,
    pub(super) note: Vec<u8>,
}

impl Snapshot {
    /// Copies a database, if there is one. All of it is read in one transaction, so that whoever writes
    /// meanwhile neither waits nor is seen. The copy is not brought to the disk.
    pub(super) fn take(database: &Path, into: &Path) -> rusqlite::Result<Option<Snapshot>> {
        if !database.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let from = Connection::open_with_flags(database, flags)?;
        from.busy_timeout(BUSY)?;
        let mut connection = Connection::open(into)?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        {
            let backup = Backup::new(&from, &mut connection)?;
            let mut tries = 100;
            while backup.step(-1)? != StepResult::Done {
                tries -= 1;
                if tries == 0 {
                    return Err(rusqlite::Error::SqliteFailure(
                        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                        None,
                    ));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let path = into.to_owned();
        Ok(Some(Snapshot { path, connection }))
    }

    /// The database itself, for a few short reads.
    pub(super) fn live(database: &Path) -> rusqlite::Result<Snapshot> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        let path = database.to_owned();
        Ok(Snapshot { path, connection })
    }

    /// What it promises of a log, and the files that may not be there, both of one moment.
    pub(super) fn now(&self, log: LogId) -> rusqlite::Result<Option<(Promise, Staged)>> {
        let moment = self.connection.unchecked_transaction()?;
        let promise = self.promise(log)?;
        let staged = self.staged(log)?;
        moment.commit()?;
        Ok(promise.map(|promise| (promise, staged)))
    }

    /// Where the copy is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What SQLite finds wrong with its pages.
    pub(super) fn problems(&self) -> Vec<String> {
        let check = || {
            let sql = format!("PRAGMA integrity_check({MAX_PROBLEMS})");
            let mut check = self.connection.prepare(&sql)?;
            let rows = check.query_map([], |row| row.get::<_, String>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        match check() {
            Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
            Err(error) => vec![error.to_string()],
        }
    }

    /// What it promises of a log, if it knows of it.
    pub(super) fn promise(&self, log: LogId) -> rusqlite::Result<Option<Promise>> {
        let sql = "SELECT origin, size, root, checkpoint FROM log WHERE id = ?1";
        let promise = self
            .connection
            .query_row(sql, params![log.number()], |row| {
                Ok(Promise {
                    origin: row.get(0)?,
                    size: row.get::<_, i64>(1)?.cast_unsigned(),
                    root: row.get(2)?,
                    note: row.get(3)?,
                })
            });
        promise.optional()
    }

    /// Whether a repository of the OCI door holds content of a log. A file of an earlier layout has no
    /// repositories.
    pub(super) fn is_held(&self, log: LogId, content: &Digest) -> rusqlite::Result<bool> {
        let known = "SELECT 1 FROM sqlite_schema WHERE name = 'oci_blob'";
        if !self.connection.prepare_cached(known)?.exists([])? {
            return Ok(false);
        }
        let held = "SELECT 1 FROM oci_blob JOIN oci_repository ON id = repository
                    WHERE content = ?2 AND log = ?1";
        let mut held = self.connection.prepare_cached(held)?;
        held.exists(params![log.number(), content.as_bytes()])
    }

    /// The files of a log that may not have reached the disk. Names that no file can have are left out.
    pub(super) fn staged(&self, log: LogId) -> rusqlite::Result<Staged> {
        let sql = "SELECT path, bytes FROM staged WHERE log = ?1 ORDER BY size";
        let mut staged = self.connection.prepare(sql)?;
        let rows = staged.query_map(params![log.number()], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?;
        let rows = rows.collect::<rusqlite::Result<Vec<(String, Vec<u8>)>>>()?;
        let named = |(path, bytes): (String, _)| Some((path.parse().ok()?, bytes));
        Ok(rows.into_iter().filter_map(named).collect())
    }
}
