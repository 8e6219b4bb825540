//! Writing what has to outlast a power loss: the calls of [`Files`] in the right order.
//!
//! A file appears under its name only as a whole. It is a [`Draft`] in the directory `tmp` until then,
//! and whatever a process that died left there is removed by [`clean`] when the next one starts.

use super::{EntryKind, FilePath, Files, WriteFile};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whether a file is on the disk when a call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// It is, and its name too: it outlasts a power loss.
    Now,
    /// After a power loss it may be missing, or empty, or anything between: until [`sync`] is called
    /// the caller has to be able to write it again.
    Later,
}

/// A file being written, under a name of its own in `tmp`. Dropping it removes it.
#[derive(Debug)]
pub struct Draft {
    files: Arc<dyn Files>,
    path: FilePath,
    file: Box<dyn WriteFile>,
    written: u64,
    /// How much of it the system was told to bring to the disk.
    begun: u64,
    published: bool,
}

/// After how many bytes the system is told to begin to bring them to the disk: while more of a large
/// file comes in, instead of when somebody waits for it.
const EARLY: u64 = 4 << 20;

/// Why something is not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DurableError {
    /// The system could not bring something to the disk. **Fatal**: it says so once and may have
    /// dropped the data, so the process has to end, and nothing may be tried again.
    #[error(
        "cannot sync `{path}` to the disk, so nobody knows what a power loss would leave of it; \
         check the disk, then start again"
    )]
    Sync {
        /// The file or directory.
        path: FilePath,
        /// Why.
        source: io::Error,
    },
    /// The disk, or the quota, is full.
    #[error("there is no space left to {operation} `{path}`; free some, or use a larger disk")]
    NoSpace {
        /// What was to be done.
        operation: Operation,
        /// To what.
        path: FilePath,
        /// Why.
        source: io::Error,
    },
    /// Something has the name that a new file was to have.
    #[error("`{path}` is there already, and must not be replaced")]
    Exists {
        /// The name.
        path: FilePath,
    },
    /// Any other failure.
    #[error("cannot {operation} `{path}`")]
    Io {
        /// What was to be done.
        operation: Operation,
        /// To what.
        path: FilePath,
        /// Why.
        source: io::Error,
    },
}

/// What was to be done when it failed, as a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Creating a directory.
    CreateDir,
    /// Listing a directory.
    List,
    /// Finding out what a name stands for.
    Look,
    /// Creating a file.
    Create,
    /// Opening a file.
    Open,
    /// Writing to a file.
    Write,
    /// Giving a finished file its name.
    Publish,
    /// Removing a file.
    Remove,
}

impl DurableError {
    /// Whether the process has to end: it is [`DurableError::Sync`].
    pub fn is_fatal(&self) -> bool {
        matches!(self, DurableError::Sync { .. })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::CreateDir => "create the directory",
            Operation::List => "list the directory",
            Operation::Look => "look at",
            Operation::Create => "create",
            Operation::Open => "open",
            Operation::Write => "write to",
            Operation::Publish => "move a finished file to",
            Operation::Remove => "remove",
        })
    }
}

/// Makes `tmp` ready for use, and removes what a process that died left in it. To be called once,
/// before anything else is written; returns how many files were removed.
///
/// # Errors
///
/// A call failed.
pub fn clean(files: &dyn Files) -> Result<u64, DurableError> {
    let tmp = FilePath::tmp();
    create_dirs(files, &tmp)?;
    let mut removed = 0;
    for listed in files.list(&tmp).map_err(failed(Operation::List, &tmp))? {
        // A name that is not ours was put there by somebody, who may still want it.
        let Ok(path) = tmp.join(&listed.name) else {
            continue;
        };
        if listed.kind == EntryKind::File {
            files
                .remove(&path)
                .map_err(failed(Operation::Remove, &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Creates a directory with all that it is in, so that they outlast a power loss.
///
/// The names of directories that are there already are synced again, because the process that created
/// them may have died before it could. So it costs a sync per level: not for every write.
///
/// # Errors
///
/// A call failed, or something on the way is not a directory.
pub fn create_dirs(files: &dyn Files, dir: &FilePath) -> Result<(), DurableError> {
    let mut levels = dir.ancestors();
    levels.push(dir.clone());
    levels
        .iter()
        .skip(1)
        .try_for_each(|level| create_dir(files, level))
}

/// Creates a directory in one that outlasts a power loss already, as [`create_dirs`] does with each level.
///
/// # Errors
///
/// A call failed, or something that is no directory has this name.
pub fn create_dir(files: &dyn Files, dir: &FilePath) -> Result<(), DurableError> {
    match files.create_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let kind = files.kind(dir).map_err(failed(Operation::Look, dir))?;
            if kind != EntryKind::Dir {
                let error = io::ErrorKind::NotADirectory.into();
                return Err(failed(Operation::CreateDir, dir)(error));
            }
        }
        result => result.map_err(failed(Operation::CreateDir, dir))?,
    }
    dir.parent()
        .map_or(Ok(()), |parent| sync_dir(files, &parent))
}

/// Writes a file whose name nothing has. Its directory has to be there.
///
/// Callers that could race for one name have to take turns: of two, the later one would win.
///
/// # Errors
///
/// [`DurableError::Exists`]; a call failed.
pub fn write_new(
    files: &Arc<dyn Files>,
    path: &FilePath,
    bytes: &[u8],
    sync: Sync,
) -> Result<(), DurableError> {
    match files.kind(path) {
        Ok(_) => Err(DurableError::Exists { path: path.clone() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(files, path, bytes, sync),
        Err(error) => Err(failed(Operation::Look, path)(error)),
    }
}

/// Writes a file, or replaces the one that has this name. Its directory has to be there.
///
/// With [`Sync::Now`] a power loss at any time leaves the old file or the new one, and the new one once
/// this has returned.
///
/// # Errors
///
/// A call failed. Unless that was the last one, [`DurableError::Sync`] of the directory, the old file is still there.
pub fn replace(
    files: &Arc<dyn Files>,
    path: &FilePath,
    bytes: &[u8],
    sync: Sync,
) -> Result<(), DurableError> {
    let mut draft = Draft::create(files)?;
    draft.write(bytes)?;
    draft.publish(path, sync)
}

/// Brings files that were written with [`Sync::Later`] to the disk, and their names.
///
/// # Errors
///
/// A call failed; one of the files is missing.
pub fn sync<'path>(
    files: &dyn Files,
    paths: impl IntoIterator<Item = &'path FilePath>,
) -> Result<(), DurableError> {
    let mut dirs = BTreeSet::new();
    for path in paths {
        let file = files.open(path).map_err(failed(Operation::Open, path))?;
        file.sync().map_err(not_synced(path))?;
        dirs.extend(path.parent());
    }
    dirs.iter().try_for_each(|dir| sync_dir(files, dir))
}

/// Makes the names in a directory outlast a power loss.
///
/// # Errors
///
/// [`DurableError::Sync`].
pub fn sync_dir(files: &dyn Files, dir: &FilePath) -> Result<(), DurableError> {
    files.sync_dir(dir).map_err(not_synced(dir))
}

impl Draft {
    /// Starts a file that has no bytes yet. [`clean`] has made the directory that it is in.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub fn create(files: &Arc<dyn Files>) -> Result<Draft, DurableError> {
        /// One process has the directory to itself, so that a number is used once.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = FilePath::in_tmp(number);
        let file = files
            .create(&path)
            .map_err(failed(Operation::Create, &path))?;
        Ok(Draft {
            files: Arc::clone(files),
            path,
            file,
            written: 0,
            begun: 0,
            published: false,
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// The call failed; what was written is then unknown, and the draft is of no more use.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DurableError> {
        self.file
            .write_all(bytes)
            .map_err(failed(Operation::Write, &self.path))?;
        self.written = self.written.saturating_add(bytes.len() as u64);
        let new = self.written - self.begun;
        if new >= EARLY {
            self.file.begin_sync(self.begun, new);
            self.begun = self.written;
        }
        Ok(())
    }

    /// Gives it its name, whose directory has to be there, in place of whatever file has it.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub fn publish(mut self, path: &FilePath, sync: Sync) -> Result<(), DurableError> {
        if sync == Sync::Now {
            self.file.sync().map_err(not_synced(&self.path))?;
        }
        self.files
            .rename(&self.path, path)
            .map_err(failed(Operation::Publish, path))?;
        self.published = true;
        match (sync, path.parent()) {
            (Sync::Now, Some(dir)) => sync_dir(&*self.files, &dir),
            _ => Ok(()),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // If this fails, `clean` does it when the next process starts.
            let _ = self.files.remove(&self.path);
        }
    }
}

fn failed(operation: Operation, path: &FilePath) -> impl FnOnce(io::Error) -> DurableError {
    move |source| {
        let path = path.clone();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DurableError::NoSpace {
                operation,
                path,
                source,
            },
            _ => DurableError::Io {
                operation,
                path,
                source,
            },
        }
    }
}

fn not_synced(path: &FilePath) -> impl FnOnce(io::Error) -> DurableError {
    |source| DurableError::Sync {
        path: path.clone(),
        source,
    }
}
