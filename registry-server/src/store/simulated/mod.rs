//! A disk in memory that knows what a power loss may leave of it.
//!
//! It is as unhelpful as POSIX permits. What a file holds is safe once the file was synced; until
//! then each write may be there, or in part, or not, or as zeros. A name in a directory, new, replaced or
//! removed, is safe once the directory was synced; until then each is or is not, in any combination,
//! whatever was synced of the file that it stands for. Of a rename, a power loss may leave the old name,
//! the new one or both, but never neither; and a name that was replaced stands for the old file or the new.

mod crash;
mod volume;

pub use crash::CrashStates;

use super::{EntryKind, FilePath, Files, Listed, ReadFile, WriteFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use volume::{Event, FileId, Volume};

/// [`Files`] on a disk in memory, which remembers all that was done to it.
///
/// A clone is the same disk. What comes out of [`Simulated::at`] and [`Simulated::crash_states`] is
/// another one.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    recording: Arc<Mutex<Recording>>,
}

/// What a disk holds, by path: compared to find out whether two are the same.
pub type Tree = BTreeMap<FilePath, Content>;

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// A directory.
    Dir,
    /// A file, and its bytes.
    File(Vec<u8>),
}

#[derive(Clone, Debug, Default)]
struct Recording {
    start: Volume,
    now: Volume,
    events: Vec<Event>,
}

/// What [`Files::free_space`] says: more than a test writes.
const FREE_SPACE: u64 = 1 << 40;

impl Simulated {
    /// An empty disk.
    pub fn new() -> Simulated {
        Simulated::default()
    }

    /// What running programs see.
    pub fn tree(&self) -> Tree {
        self.lock().now.tree()
    }

    /// Puts a label into the history, for something that happened elsewhere: a database committed, a client was told.
    pub fn mark(&self, label: &str) {
        // A mark cannot fail.
        drop(self.record(Event::Mark(label.into())));
    }

    /// The labels so far, in order.
    pub fn marks(&self) -> Vec<String> {
        let recording = self.lock();
        let label = |event: &Event| match event {
            Event::Mark(label) => Some(label.to_string()),
            _ => None,
        };
        recording.events.iter().filter_map(label).collect()
    }

    /// The operations that changed or synced something, and the marks, in order, for people to read.
    pub fn history(&self) -> Vec<String> {
        self.lock().events.iter().map(Event::to_string).collect()
    }

    /// The disk as it was after the first so many operations and marks of its history. It goes its own way from there.
    pub fn at(&self, operations: usize) -> Simulated {
        let recording = self.lock();
        let events: Vec<Event> = recording.events.iter().take(operations).cloned().collect();
        let mut now = recording.start.clone();
        for event in &events {
            // It succeeded before, on the same disk.
            let _ = now.apply(event);
        }
        let start = recording.start.clone();
        Simulated::recorded(Recording { start, now, events })
    }

    /// The disk at each point of its history: before the first operation or mark, and after each.
    pub fn points(&self) -> impl Iterator<Item = Simulated> {
        let whole = self.at(usize::MAX);
        let events = whole.lock().events.len();
        (0..=events).map(move |operations| whole.at(operations))
    }

    /// What the disk may hold if the power fails now, each another disk with an empty history.
    ///
    /// All of them if there are at most `limit` (and not too many ways to come to them); otherwise a
    /// sample of at most `limit`, but at least two, the same for the same `seed`. The first is what is
    /// left if nothing survives that was not synced; the next, unless it is the same, if everything does.
    pub fn crash_states(&self, limit: usize, seed: u64) -> CrashStates {
        CrashStates::of(&self.lock().now, limit, seed)
    }

    fn holding(tree: Tree) -> Simulated {
        let start = Volume::new(tree);
        Simulated::recorded(Recording {
            now: start.clone(),
            start,
            events: Vec::new(),
        })
    }

    fn recorded(recording: Recording) -> Simulated {
        Simulated {
            recording: Arc::new(Mutex::new(recording)),
        }
    }

    fn record(&self, event: Event) -> io::Result<MutexGuard<'_, Recording>> {
        let mut recording = self.lock();
        recording.now.apply(&event)?;
        recording.events.push(event);
        Ok(recording)
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files for Simulated {
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>> {
        let file = self.lock().now.look_up_file(path)?;
        let disk = self.clone();
        Ok(Box::new(SimulatedFile { disk, file }))
    }

    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>> {
        let file = self.record(Event::Create(path.clone()))?.now.last_created();
        let disk = self.clone();
        Ok(Box::new(SimulatedFile { disk, file }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        let (from, to) = (from.clone(), to.clone());
        self.record(Event::Rename { from, to }).map(drop)
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        self.record(Event::Remove(path.clone())).map(drop)
    }

    fn create_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.record(Event::CreateDir(dir.clone())).map(drop)
    }

    fn sync_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.record(Event::SyncDir(dir.clone())).map(drop)
    }

    fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>> {
        self.lock().now.list(dir)
    }

    fn kind(&self, path: &FilePath) -> io::Result<EntryKind> {
        self.lock().now.kind(path)
    }

    fn free_space(&self) -> io::Result<u64> {
        Ok(FREE_SPACE)
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: Simulated,
    file: FileId,
}

impl SimulatedFile {
    fn bytes(&self) -> Vec<u8> {
        let recording = self.disk.lock();
        let file = recording.now.file(self.file);
        file.map(volume::File::bytes).unwrap_or_default()
    }
}

impl ReadFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes();
        let rest = usize::try_from(offset).ok().and_then(|at| bytes.get(at..));
        // Reading from a slice takes what fits, and cannot fail.
        io::Read::read(&mut rest.unwrap_or_default(), buffer)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.record(Event::Sync(self.file)).map(drop)
    }
}

impl WriteFile for SimulatedFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let (file, bytes) = (self.file, bytes.into());
        self.disk.record(Event::Write { file, bytes }).map(drop)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.record(Event::Sync(self.file)).map(drop)
    }
}
