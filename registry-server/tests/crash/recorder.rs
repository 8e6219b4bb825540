//! A simulated disk whose history says when the database beside it was committed.

use crate::watch::{Watch, last};
use rusqlite::{Connection, OptionalExtension};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tenon_registry_server::store::{
    EntryKind, FilePath, Files, Listed, ReadFile, Simulated, WriteFile,
};

/// [`Files`] on a [`Simulated`] disk. Before every call it looks whether the database was committed
/// since the last one; if so, it copies the database and marks that in the history of the disk.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub(crate) disk: Simulated,
    watched: Arc<Mutex<Watched>>,
    gate: Arc<Mutex<()>>,
    waiting: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Watched {
    watch: Watch,
    copies: Vec<Copy>,
}

/// The database after a commit.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) path: PathBuf,
    /// The size of the log, if there is one.
    pub(crate) size: Option<u64>,
    /// The last checkpoint.
    pub(crate) note: Vec<u8>,
}

/// What was marked in the history of a disk, up to some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    /// Which copy of the database is the last.
    pub(crate) copy: usize,
    /// The largest index that somebody was told.
    pub(crate) told: Option<u64>,
}

impl Recorder {
    /// Records what happens to this disk, and to the database.
    pub(crate) fn new(disk: Simulated, database: &Path) -> Recorder {
        let (watch, copies) = (Watch::new(database), vec![]);
        let recorder = Recorder {
            disk,
            watched: Arc::new(Mutex::new(Watched { watch, copies })),
            gate: Arc::default(),
            waiting: Arc::default(),
        };
        recorder.observe();
        recorder
    }

    /// The same, of which the disk is no longer written.
    pub(crate) fn so_far(self) -> Recorder {
        let disk = self.disk.at(usize::MAX);
        Recorder { disk, ..self }
    }

    /// Marks that somebody was told that a record is logged.
    pub(crate) fn tell(&self, index: u64) {
        self.observe();
        self.disk.mark(&format!("told {index}"));
    }

    pub(crate) fn observe(&self) {
        let mut watched = self.watched.lock().unwrap();
        if !watched.watch.has_changed() {
            return;
        }
        let path = watched.watch.copy(&self.disk);
        let (copy, log) = (
            Connection::open(&path).unwrap(),
            "SELECT size, checkpoint FROM log",
        );
        let row = copy.query_row(log, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (size, note) = row.optional().unwrap().unzip();
        let size = size.map(|size: i64| size as u64);
        let note = note.unwrap_or_default();
        watched.copies.push(Copy { path, size, note });
    }

    /// The copies of the database, by number.
    pub(crate) fn copies(&self) -> Vec<Copy> {
        self.watched.lock().unwrap().copies.clone()
    }

    /// Stops at the next call, for as long as the guard is held.
    pub(crate) fn hold(&self) -> std::sync::MutexGuard<'_, ()> {
        self.waiting.store(false, Ordering::SeqCst);
        self.gate.lock().unwrap()
    }

    /// Whether a call waits.
    pub(crate) fn waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst)
    }

    fn before(&self) {
        self.waiting.store(true, Ordering::SeqCst);
        drop(self.gate.lock().unwrap());
        self.observe();
    }
}

impl Marked {
    /// What is marked at the end of this history.
    pub(crate) fn of(disk: &Simulated) -> Option<Marked> {
        let copy = usize::try_from(last(disk, "database ")?).unwrap();
        let told = last(disk, "told ");
        Some(Marked { copy, told })
    }
}

impl Files for Recorder {
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>> {
        self.before();
        let (inner, recorder) = (self.disk.open(path)?, self.clone());
        Ok(Box::new(Recorded { inner, recorder }))
    }

    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>> {
        self.before();
        let (inner, recorder) = (self.disk.create(path)?, self.clone());
        Ok(Box::new(Recorded { inner, recorder }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.before();
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        self.before();
        self.disk.remove(path)
    }

    fn create_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.before();
        self.disk.create_dir(dir)
    }

    fn sync_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.before();
        self.disk.sync_dir(dir)
    }

    fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>> {
        self.disk.list(dir)
    }

    fn kind(&self, path: &FilePath) -> io::Result<EntryKind> {
        self.disk.kind(path)
    }

    fn free_space(&self) -> io::Result<u64> {
        self.disk.free_space()
    }
}

#[derive(Debug)]
struct Recorded<F> {
    inner: F,
    recorder: Recorder,
}

impl ReadFile for Recorded<Box<dyn ReadFile>> {
    fn size(&self) -> io::Result<u64> {
        self.inner.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read_at(offset, buffer)
    }

    fn sync(&self) -> io::Result<()> {
        self.recorder.before();
        self.inner.sync()
    }
}

impl WriteFile for Recorded<Box<dyn WriteFile>> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.recorder.before();
        self.inner.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.recorder.before();
        self.inner.sync()
    }
}
