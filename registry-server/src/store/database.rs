//! The one SQLite file: what was promised and not yet written out, tokens, and indexes that can be
//! made again.

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// The most connections that are kept for reading.
const MAX_READERS: usize = 8;

/// Marks the file as a registry's.
const APPLICATION_ID: i32 = 0x7465_6e72;

/// The layout of the tables; a file with a higher number is of a later version of this program.
const VERSION: i32 = 2;

/// A registry's SQLite file. One connection writes, others read what was committed.
pub struct Database {
    path: PathBuf,
    /// How connections besides the first one are opened.
    flags: OpenFlags,
    writer: Mutex<Connection>,
    /// Writes what need not be durable at once, in turn with the other one.
    early: Mutex<Option<Connection>>,
    readers: Mutex<Vec<Connection>>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// SQLite says so.
    #[error("the database `{}` cannot be used", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// It was made by something else.
    #[error("`{}` is no database of a registry", .0.display())]
    Foreign(PathBuf),
    /// It was made by a later version.
    #[error(
        "`{}` was made by a later version of tenon-registry (its layout is {found}, this one knows {VERSION}): use that version",
        path.display()
    )]
    Later {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i32,
    },
    /// It was made by an earlier version, and is only to be read.
    #[error(
        "`{}` was made by an earlier version of tenon-registry (its layout is {found}, this one reads {VERSION}), and may be in use by it: use that version, or stop the registry, since this one changes the layout only when it has the directory for itself",
        path.display()
    )]
    Earlier {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i32,
    },
}

/// Why something was not written.
#[derive(Debug)]
pub enum WriteError<E> {
    /// Nothing happened.
    Undone(E),
    /// It may have been committed or not.
    Unknown(rusqlite::Error),
}

impl Database {
    /// Opens the file, and makes it and its tables if need be.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is not a registry's, or is a later version's.
    pub fn open(path: &Path) -> Result<Database, DatabaseError> {
        let failed = failed(path);
        let writer = Connection::open(path).map_err(&failed)?;
        configure(&writer).map_err(&failed)?;
        match layout(&writer).map_err(&failed)? {
            (APPLICATION_ID, VERSION) => {}
            (APPLICATION_ID, 1) => add_oci(&writer).map_err(&failed)?,
            (APPLICATION_ID, found) => {
                let path = path.to_owned();
                return Err(DatabaseError::Later { path, found });
            }
            (0, 0) => {
                let foreign = |_| DatabaseError::Foreign(path.to_owned());
                create(&writer).map_err(foreign)?;
            }
            _ => return Err(DatabaseError::Foreign(path.to_owned())),
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        Ok(Database::with(path, flags, writer))
    }

    /// Opens a file that another process may be writing, only to read it: its tables stay as they are,
    /// and whatever would write them fails.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is not a registry's, or is of another layout, earlier or later.
    pub fn open_to_read(path: &Path) -> Result<Database, DatabaseError> {
        let failed = failed(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let only = open_reader(path, flags).map_err(&failed)?;
        let layout = layout(&only).map_err(&failed)?;
        let path = path.to_owned();
        match layout {
            (APPLICATION_ID, VERSION) => Ok(Database::with(&path, flags, only)),
            (APPLICATION_ID, found) if found < VERSION => {
                Err(DatabaseError::Earlier { path, found })
            }
            (APPLICATION_ID, found) => Err(DatabaseError::Later { path, found }),
            _ => Err(DatabaseError::Foreign(path)),
        }
    }

    fn with(path: &Path, flags: OpenFlags, writer: Connection) -> Database {
        Database {
            path: path.to_owned(),
            flags,
            writer: Mutex::new(writer),
            early: Mutex::default(),
            readers: Mutex::default(),
        }
    }

    /// From here on, what is committed reaches the disk only when the file is closed and synced: for one
    /// that nobody relies on before that.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub(crate) fn stop_syncing(&self) -> rusqlite::Result<()> {
        lock(&self.writer).pragma_update(None, "synchronous", "OFF")
    }

    /// The names of the tables that cannot be made again from the log.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub(crate) fn kept_tables() -> rusqlite::Result<Vec<String>> {
        let empty = Connection::open_in_memory()?;
        empty.execute_batch(&KEPT.concat())?;
        let names =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        let mut names = empty.prepare(names)?;
        let names = names.query_map([], |row| row.get(0))?;
        names.collect()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does something in one transaction, which is committed, and durable, if it succeeds.
    ///
    /// # Errors
    ///
    /// What `act` returns; and what SQLite says, when beginning or committing.
    pub fn write<T, E: From<rusqlite::Error>>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_or_unknown(act).map_err(|error| match error {
            WriteError::Undone(error) => error,
            WriteError::Unknown(error) => error.into(),
        })
    }

    /// As [`Database::write`], for those who must know whether a failure means that nothing happened.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn write_or_unknown<T, E: From<rusqlite::Error>>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, WriteError<E>> {
        commit(&mut lock(&self.writer), act)
    }

    /// As [`Database::write`], for what everybody is to see at once, but is durable no earlier than the
    /// next [`Database::write`] that changes anything: whoever relies on it has to write something else after
    /// it. What a power loss takes of the file, it takes from the end: nothing that was written later is
    /// there without this.
    ///
    /// # Errors
    ///
    /// What `act` returns; and what SQLite says, when beginning or committing.
    pub fn write_early<T, E: From<rusqlite::Error>>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // They take turns here, instead of waiting for each other in SQLite.
        let _turn = lock(&self.writer);
        let mut early = lock(&self.early);
        let writer = match &mut *early {
            Some(writer) => writer,
            none => {
                let flags = self.flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let writer = Connection::open_with_flags(&self.path, flags)?;
                configure(&writer)?;
                // The write-ahead log is one file: to sync it syncs this, too.
                writer.pragma_update(None, "synchronous", "NORMAL")?;
                none.insert(writer)
            }
        };
        commit(writer, act).map_err(|error| match error {
            WriteError::Undone(error) => error,
            WriteError::Unknown(error) => error.into(),
        })
    }

    /// Reads what was committed, all of it at one moment.
    ///
    /// # Errors
    ///
    /// What `act` returns; and what SQLite says, when beginning.
    pub fn read<T, E: From<rusqlite::Error>>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = lock(&self.readers).pop();
        let mut reader = match kept {
            Some(reader) => reader,
            None => open_reader(&self.path, self.flags)?,
        };
        let done = {
            let transaction = reader.transaction()?;
            act(&transaction)
        };
        let mut readers = lock(&self.readers);
        if readers.len() < MAX_READERS {
            readers.push(reader);
        }
        done
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.path).finish()
    }
}

/// A panic while it was held left no transaction open: that was rolled back on the way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn commit<T, E: From<rusqlite::Error>>(
    writer: &mut Connection,
    act: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, WriteError<E>> {
    let undone = |error: rusqlite::Error| WriteError::Undone(error.into());
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = transaction.map_err(undone)?;
    let done = act(&transaction).map_err(WriteError::Undone)?;
    transaction.commit().map_err(|error| {
        match error.sqlite_error_code() {
            // The write-ahead log had no room for all pages, of which the last makes it a commit.
            Some(ErrorCode::DiskFull) => undone(error),
            _ => WriteError::Unknown(error),
        }
    })?;
    Ok(done)
}

fn failed(path: &Path) -> impl Fn(rusqlite::Error) -> DatabaseError {
    |source| DatabaseError::Sqlite {
        path: path.to_owned(),
        source,
    }
}

/// Whose file it is, and in which layout.
fn layout(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

fn open_reader(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(path, flags)?;
    reader.busy_timeout(BUSY)?;
    reader.pragma_update(None, "query_only", true)?;
    reader.pragma_update(None, "cell_size_check", true)?;
    reader.set_prepared_statement_cache_capacity(64);
    Ok(reader)
}

fn configure(writer: &Connection) -> rusqlite::Result<()> {
    writer.busy_timeout(BUSY)?;
    // A commit is durable when it returns: one fsync of the write-ahead log.
    writer.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "foreign_keys", true)?;
    // Damage is found when a page is read, not when its content is used.
    writer.pragma_update(None, "cell_size_check", true)?;
    writer.set_prepared_statement_cache_capacity(128);
    Ok(())
}

fn create(writer: &Connection) -> rusqlite::Result<()> {
    let schemas = SCHEMAS.concat();
    writer.execute_batch(&format!(
        "BEGIN IMMEDIATE; {schemas}
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    ))
}

/// Adds what the first layout had not.
fn add_oci(writer: &Connection) -> rusqlite::Result<()> {
    writer.execute_batch(&format!(
        "BEGIN IMMEDIATE; {OCI} CREATE INDEX release_digest ON release (package, digest);
         CREATE INDEX release_down ON release (digest) WHERE instr(status, 'taken-down') > 0;
         PRAGMA user_version = {VERSION}; COMMIT;"
    ))
}

const OCI: &str = include_str!("../oci/schema.sql");

/// The tables, each with who uses it.
const SCHEMAS: &[&str] = &[
    include_str!("../log/schema.sql"),
    include_str!("../catalog/schema.sql"),
    include_str!("../access/schema.sql"),
    include_str!("../care/schema.sql"),
    OCI,
];

/// The tables that cannot be made again from the log.
const KEPT: &[&str] = &[
    include_str!("../access/schema.sql"),
    include_str!("../care/schema.sql"),
    OCI,
];
