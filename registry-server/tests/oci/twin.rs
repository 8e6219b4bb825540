//! A disk and its double: what is done to the real one is done to a simulated one, which knows what a
//! power loss leaves of it; and whoever commits to the database leaves a copy of it behind, and what a power
//! loss would leave of it then.

use crate::sqlite::{Left, Recorded};
use crate::watch::{Watch, last};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tenon_registry_server::store::{
    Content, EntryKind, FilePath, Files, Listed, ReadFile, Simulated, WriteFile,
};

/// [`Files`] on a disk, recorded.
#[derive(Clone, Debug)]
pub(crate) struct Twin {
    disk: Arc<dyn Files>,
    pub(crate) simulated: Simulated,
    watched: Arc<Mutex<Watched>>,
}

#[derive(Debug)]
struct Watched {
    recorded: Recorded,
    watch: Watch,
    copies: Vec<Copy>,
}

/// The database after a commit.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    pub(crate) path: PathBuf,
    /// What is left if the power fails before anything else is written, if that is not all.
    pub(crate) synced: Option<Left>,
}

/// What is marked in a history, up to some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Marked {
    /// Which copy of the database is the last.
    pub(crate) copy: usize,
    /// How many requests were answered.
    pub(crate) answered: usize,
}

impl Twin {
    /// Records what is done to the disk in a directory, which has files and a database.
    pub(crate) fn new(disk: Arc<dyn Files>, dir: &Path) -> Twin {
        let all = Simulated::new();
        take_in(&*disk, &all, &FilePath::root());
        // What was synced is all of it, and where it comes from is of no interest.
        let simulated = all.crash_states(1, 0).next().unwrap();
        assert_eq!(simulated.tree(), all.tree());
        let database = dir.join("registry.sqlite");
        let watched = Watched {
            recorded: Recorded::of(&database),
            watch: Watch::new(&database),
            copies: vec![],
        };
        let twin = Twin {
            disk,
            simulated,
            watched: Arc::new(Mutex::new(watched)),
        };
        twin.observe();
        twin
    }

    /// Marks that so many requests were answered.
    pub(crate) fn tell(&self, answered: usize) {
        self.observe();
        self.simulated.mark(&format!("answered {answered}"));
    }

    /// The copies of the database, by number.
    pub(crate) fn copies(&self) -> Vec<Copy> {
        self.watched.lock().unwrap().copies.clone()
    }

    fn observe(&self) {
        let mut watched = self.watched.lock().unwrap();
        if watched.watch.has_changed() {
            // Before the copy, which then has no less.
            let synced = watched.recorded.synced();
            let path = watched.watch.copy(&self.simulated);
            watched.copies.push(Copy { path, synced });
        }
    }
}

impl Marked {
    /// What is marked at the end of this history.
    pub(crate) fn of(disk: &Simulated) -> Marked {
        let last = |label: &str| last(disk, label).map_or(0, |number| number as usize);
        Marked {
            copy: last("database "),
            answered: last("answered "),
        }
    }
}

/// Writes what a disk holds into a directory.
pub(crate) fn put_out(disk: &Simulated, dir: &Path) {
    for (path, content) in disk.tree() {
        let path = dir.join(path.as_str());
        match content {
            Content::Dir => std::fs::create_dir_all(path).unwrap(),
            Content::File(bytes) => std::fs::write(path, bytes).unwrap(),
        }
    }
}

/// What the registry reaches through [`Files`]: not its database, nor its keys.
const KEPT: [&str; 3] = ["log", "blobs", "tmp"];

fn take_in(from: &dyn Files, to: &Simulated, dir: &FilePath) {
    for Listed { name, kind } in from.list(dir).unwrap() {
        if dir.is_root() && !KEPT.contains(&name.as_str()) {
            continue;
        }
        let path = dir.join(&name).unwrap();
        if kind == EntryKind::Dir {
            to.create_dir(&path).unwrap();
            take_in(from, to, &path);
        } else {
            let mut file = to.create(&path).unwrap();
            file.write_all(&from.read(&path).unwrap()).unwrap();
            file.sync().unwrap();
        }
    }
    to.sync_dir(dir).unwrap();
}

impl Files for Twin {
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>> {
        self.observe();
        let disk = self.disk.open(path)?;
        let double = self.simulated.open(path)?;
        let twin = self.clone();
        Ok(Box::new(Both { disk, double, twin }))
    }

    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>> {
        self.observe();
        let disk = self.disk.create(path)?;
        let double = self.simulated.create(path)?;
        let twin = self.clone();
        Ok(Box::new(Both { disk, double, twin }))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.observe();
        self.disk.rename(from, to)?;
        self.simulated.rename(from, to)
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        self.observe();
        self.disk.remove(path)?;
        self.simulated.remove(path)
    }

    fn create_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.observe();
        self.disk.create_dir(dir)?;
        self.simulated.create_dir(dir)
    }

    fn sync_dir(&self, dir: &FilePath) -> io::Result<()> {
        self.observe();
        self.disk.sync_dir(dir)?;
        self.simulated.sync_dir(dir)
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

/// An open file, twice.
#[derive(Debug)]
struct Both<F> {
    disk: F,
    double: F,
    twin: Twin,
}

impl ReadFile for Both<Box<dyn ReadFile>> {
    fn size(&self) -> io::Result<u64> {
        self.disk.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.disk.read_at(offset, buffer)
    }

    fn sync(&self) -> io::Result<()> {
        self.twin.observe();
        self.disk.sync()?;
        self.double.sync()
    }
}

impl WriteFile for Both<Box<dyn WriteFile>> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.twin.observe();
        self.disk.write_all(bytes)?;
        self.double.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.twin.observe();
        self.disk.sync()?;
        self.double.sync()
    }
}
