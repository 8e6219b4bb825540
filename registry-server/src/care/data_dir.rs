//! The directory that a registry keeps everything in.

use super::{CareError, io_error};
use crate::log::{Layout, LogId};
use crate::store::{Disk, EntryKind, Files};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A data directory: the files of the logs and their content, `registry.sqlite`, and keys.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    files: Arc<dyn Files>,
}

impl DataDir {
    /// Opens a directory that others may be using.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn open(path: &Path) -> Result<DataDir, CareError> {
        let files = Arc::new(Disk::open(path)?);
        let path = path.to_owned();
        Ok(DataDir { path, files })
    }

    /// Opens a directory that nobody else uses as long as this is not dropped.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or another process has it.
    pub fn lock(path: &Path) -> Result<DataDir, CareError> {
        let files = Arc::new(Disk::open(path)?.lock()?);
        let path = path.to_owned();
        Ok(DataDir { path, files })
    }

    /// The directory of a registry that runs in this process, and holds the lock.
    pub fn of(path: &Path, files: Arc<dyn Files>) -> DataDir {
        let path = path.to_owned();
        DataDir { path, files }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files in it.
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// The SQLite file.
    pub fn database(&self) -> PathBuf {
        self.path.join("registry.sqlite")
    }

    /// The directory of the keys of a log.
    pub fn keys(&self, log: LogId) -> PathBuf {
        log.keys(&self.path)
    }

    /// The logs that have files here.
    pub(super) fn logs(&self) -> Vec<LogId> {
        let mut logs = vec![LogId::Public, LogId::Private];
        logs.retain(|log| {
            let kind = self.files.kind(&Layout::of(*log).tiles());
            matches!(kind, Ok(EntryKind::Dir))
        });
        logs
    }
}

/// A directory for files that are needed only meanwhile. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one in the directory of unfinished files.
    pub(super) fn new(dir: &DataDir, purpose: &str) -> Result<Scratch, CareError> {
        let name = format!("{purpose}-{}", std::process::id());
        let path = dir.path.join("tmp").join(name);
        // A process of this number may have died here.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).map_err(io_error("create", &path))?;
        Ok(Scratch(path))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl LogId {
    /// Its name in a report.
    pub(super) fn name(self) -> &'static str {
        match self {
            LogId::Public => "public",
            LogId::Private => "private",
        }
    }
}
