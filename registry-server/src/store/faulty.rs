//! Files that fail when a test wants them to.

use super::{EntryKind, FilePath, Files, Listed, ReadFile, WriteFile};
use rustix::io::Errno;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// [`Files`] that pass every call on to others, count them, and fail those that a [`Fault`] names.
///
/// A clone counts and fails together with the original, and so do the files that they opened.
#[derive(Clone, Debug)]
pub struct Faulty {
    inner: Arc<dyn Files>,
    log: Arc<Mutex<Log>>,
}

/// Which calls fail, and how. A call that fails is not passed on.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Which calls, counted from the moment when the fault was set.
    pub which: Which,
    /// Only calls of this kind count; `None` for all.
    pub of: Option<Call>,
    /// With which error, such as `EIO` or `ENOSPC`.
    pub errno: Errno,
    /// How many of the bytes of a [`Call::Write`] are written before it fails.
    pub short_write: usize,
}

/// Which of the calls that count fail. The first has number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One.
    Only(u64),
    /// This one and all later ones.
    From(u64),
}

/// The kinds of calls: those of [`Files`], [`ReadFile`] and [`WriteFile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// [`Files::open`].
    Open,
    /// [`Files::create`].
    Create,
    /// [`Files::rename`].
    Rename,
    /// [`Files::remove`].
    Remove,
    /// [`Files::create_dir`].
    CreateDir,
    /// [`Files::sync_dir`].
    SyncDir,
    /// [`Files::list`].
    List,
    /// [`Files::kind`].
    Kind,
    /// [`Files::free_space`].
    FreeSpace,
    /// [`ReadFile::size`].
    Size,
    /// [`ReadFile::read_at`].
    Read,
    /// [`WriteFile::write_all`].
    Write,
    /// [`ReadFile::sync`] and [`WriteFile::sync`].
    Sync,
}

#[derive(Debug, Default)]
struct Log {
    calls: Vec<Call>,
    fault: Option<Fault>,
    /// How many calls the fault has seen that are of its kind.
    counted: u64,
    free_space: Option<u64>,
}

impl Faulty {
    /// Passes everything on until [`Faulty::fail`] is called.
    pub fn new(inner: Arc<dyn Files>) -> Faulty {
        let log = Arc::default();
        Faulty { inner, log }
    }

    /// Sets the fault, in place of the one before; `None` to pass everything on again.
    pub fn fail(&self, fault: Option<Fault>) {
        let mut log = lock(&self.log);
        log.fault = fault;
        log.counted = 0;
    }

    /// Says that so many bytes are free, whatever is; `None` for the truth.
    pub fn set_free_space(&self, bytes: Option<u64>) {
        lock(&self.log).free_space = bytes;
    }

    /// All calls so far, in order, with those that failed.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.log).calls.clone()
    }
}

impl Files for Faulty {
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>> {
        pass(&self.log, Call::Open)?;
        let inner = self.inner.open(path)?;
        let log = Arc::clone(&self.log);
        Ok(Box::new(FaultyFile { inner, log }))
    }

    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>> {
        pass(&self.log, Call::Create)?;
        let inner = self.inner.create(path)?;
        let log = Arc::clone(&self.log);
        Ok(Box::new(FaultyFile { inner, log }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        pass(&self.log, Call::Rename)?;
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        pass(&self.log, Call::Remove)?;
        self.inner.remove(path)
    }

    fn create_dir(&self, dir: &FilePath) -> io::Result<()> {
        pass(&self.log, Call::CreateDir)?;
        self.inner.create_dir(dir)
    }

    fn sync_dir(&self, dir: &FilePath) -> io::Result<()> {
        pass(&self.log, Call::SyncDir)?;
        self.inner.sync_dir(dir)
    }

    fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>> {
        pass(&self.log, Call::List)?;
        self.inner.list(dir)
    }

    fn kind(&self, path: &FilePath) -> io::Result<EntryKind> {
        pass(&self.log, Call::Kind)?;
        self.inner.kind(path)
    }

    fn free_space(&self) -> io::Result<u64> {
        pass(&self.log, Call::FreeSpace)?;
        let claimed = lock(&self.log).free_space;
        claimed.map_or_else(|| self.inner.free_space(), Ok)
    }
}

#[derive(Debug)]
struct FaultyFile<Inner> {
    inner: Inner,
    log: Arc<Mutex<Log>>,
}

impl ReadFile for FaultyFile<Box<dyn ReadFile>> {
    fn size(&self) -> io::Result<u64> {
        pass(&self.log, Call::Size)?;
        self.inner.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        pass(&self.log, Call::Read)?;
        self.inner.read_at(offset, buffer)
    }

    fn sync(&self) -> io::Result<()> {
        pass(&self.log, Call::Sync)?;
        self.inner.sync()
    }
}

impl WriteFile for FaultyFile<Box<dyn WriteFile>> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(fault) = note(&self.log, Call::Write) else {
            return self.inner.write_all(bytes);
        };
        if let Some(written) = bytes.get(..fault.short_write.min(bytes.len())) {
            self.inner.write_all(written)?;
        }
        Err(fault.errno.into())
    }

    fn begin_sync(&mut self, from: u64, length: u64) {
        self.inner.begin_sync(from, length);
    }

    fn sync(&mut self) -> io::Result<()> {
        pass(&self.log, Call::Sync)?;
        self.inner.sync()
    }
}

fn pass(log: &Mutex<Log>, call: Call) -> io::Result<()> {
    match note(log, call) {
        Some(fault) => Err(fault.errno.into()),
        None => Ok(()),
    }
}

/// Counts a call, and says with which fault it is to fail.
fn note(log: &Mutex<Log>, call: Call) -> Option<Fault> {
    let mut log = lock(log);
    log.calls.push(call);
    let fault = log
        .fault
        .filter(|fault| fault.of.is_none_or(|of| of == call))?;
    let number = log.counted;
    log.counted += 1;
    match fault.which {
        Which::Only(only) => number == only,
        Which::From(from) => number >= from,
    }
    .then_some(fault)
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
