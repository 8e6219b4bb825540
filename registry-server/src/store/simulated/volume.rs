//! What a simulated disk holds: what is on it for good, and what a power loss may take away.

use super::super::{EntryKind, FilePath, Listed};
use super::{Content, Tree};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

/// One thing that happened. All that a disk holds follows from these.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Create(FilePath),
    Write { file: FileId, bytes: Arc<[u8]> },
    Sync(FileId),
    Rename { from: FilePath, to: FilePath },
    Remove(FilePath),
    CreateDir(FilePath),
    SyncDir(FilePath),
    Mark(Arc<str>),
}

/// Which file: they are numbered as they are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(usize);

/// The disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Volume {
    /// Every name that stands for something, or may do so after a power loss. A directory is never
    /// renamed or removed, so that a path says which directory is meant.
    pub(super) names: BTreeMap<FilePath, Name>,
    files: Vec<File>,
    /// How many events there were.
    time: u64,
}

/// What a name stood for, from what is on the disk for good to what it stands for now.
///
/// A power loss leaves one of these: changes to one name reach the disk in order, and changes to
/// different names independently, but for [`Version::moved_to`].
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) durable: Version,
    pub(super) pending: Vec<Version>,
}

/// What a name stood for from some time on.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// The event that made it so.
    pub(super) since: u64,
    pub(super) node: Option<Node>,
    /// The file was given this other name, which has to be on the disk before this one can vanish
    /// from it: a rename never loses the file.
    pub(super) moved_to: Option<FilePath>,
    /// Its directory was synced since.
    synced: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Dir,
    File(FileId),
}

/// The bytes of a file: one piece per write.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub(super) pieces: Vec<Arc<[u8]>>,
    /// How many of the pieces are on the disk for good.
    pub(super) synced: usize,
}

impl Volume {
    /// A disk that holds this, all of it for good.
    pub(super) fn new(tree: Tree) -> Volume {
        let mut volume = Volume::default();
        for (path, content) in tree {
            let node = match content {
                Content::Dir => Node::Dir,
                Content::File(bytes) => {
                    volume.files.push(File {
                        pieces: vec![bytes.into()],
                        synced: 1,
                    });
                    Node::File(FileId(volume.files.len() - 1))
                }
            };
            let durable = Version::new(0, Some(node));
            let pending = Vec::new();
            volume.names.insert(path, Name { durable, pending });
        }
        volume
    }

    /// What running programs see.
    pub(super) fn tree(&self) -> Tree {
        let now = |(path, name): (&FilePath, &Name)| {
            let content = match name.now()? {
                Node::Dir => Content::Dir,
                Node::File(file) => Content::File(self.file(file)?.bytes()),
            };
            Some((path.clone(), content))
        };
        self.names.iter().filter_map(now).collect()
    }

    /// Does what the event says, or fails as a disk would and changes nothing.
    pub(super) fn apply(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Create(path) => {
                self.expect_free(path)?;
                self.files.push(File::default());
                let node = Node::File(FileId(self.files.len() - 1));
                self.set(path, Version::new(self.time + 1, Some(node)));
            }
            Event::Write { file, bytes } => self.file_mut(*file)?.pieces.push(Arc::clone(bytes)),
            Event::Sync(file) => {
                let file = self.file_mut(*file)?;
                file.synced = file.pieces.len();
            }
            Event::Rename { from, to } => self.rename(from, to)?,
            Event::Remove(path) => {
                self.look_up_file(path)?;
                self.set(path, Version::new(self.time + 1, None));
            }
            Event::CreateDir(dir) => {
                self.expect_free(dir)?;
                self.set(dir, Version::new(self.time + 1, Some(Node::Dir)));
            }
            Event::SyncDir(dir) => self.sync_dir(dir)?,
            Event::Mark(_) => {}
        }
        self.time += 1;
        Ok(())
    }

    pub(super) fn last_created(&self) -> FileId {
        FileId(self.files.len().saturating_sub(1))
    }

    pub(super) fn file(&self, file: FileId) -> Option<&File> {
        self.files.get(file.0)
    }

    pub(super) fn kind(&self, path: &FilePath) -> io::Result<EntryKind> {
        Ok(match self.look_up(path)? {
            Node::Dir => EntryKind::Dir,
            Node::File(_) => EntryKind::File,
        })
    }

    pub(super) fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>> {
        self.expect_dir(dir)?;
        let listed = |(path, name): (&FilePath, &Name)| {
            let (parent, last) = path.split()?;
            let kind = match name.now()? {
                Node::Dir => EntryKind::Dir,
                Node::File(_) => EntryKind::File,
            };
            let name = last.to_owned();
            (parent == *dir).then_some(Listed { name, kind })
        };
        let mut listed: Vec<Listed> = self.names.iter().filter_map(listed).collect();
        listed.sort();
        Ok(listed)
    }

    pub(super) fn look_up_file(&self, path: &FilePath) -> io::Result<FileId> {
        match self.look_up(path)? {
            Node::File(file) => Ok(file),
            Node::Dir => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn look_up(&self, path: &FilePath) -> io::Result<Node> {
        let now = |path: &FilePath| match path.is_root() {
            true => Some(Node::Dir),
            false => self.names.get(path)?.now(),
        };
        for dir in path.ancestors() {
            match now(&dir).ok_or(io::ErrorKind::NotFound)? {
                Node::Dir => {}
                Node::File(_) => return Err(io::ErrorKind::NotADirectory.into()),
            }
        }
        Ok(now(path).ok_or(io::ErrorKind::NotFound)?)
    }

    fn expect_dir(&self, dir: &FilePath) -> io::Result<()> {
        match self.look_up(dir)? {
            Node::Dir => Ok(()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn expect_free(&self, path: &FilePath) -> io::Result<()> {
        let parent = path.parent().ok_or(io::ErrorKind::AlreadyExists)?;
        self.expect_dir(&parent)?;
        match self.look_up(path) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => Ok(()),
        }
    }

    fn rename(&mut self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        for path in [from, to] {
            self.expect_dir(&path.parent().ok_or(io::ErrorKind::IsADirectory)?)?;
        }
        let file = self.look_up_file(from)?;
        if let Ok(Node::Dir) = self.look_up(to) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if from != to {
            let since = self.time + 1;
            self.set(to, Version::new(since, Some(Node::File(file))));
            let moved_to = Some(to.clone());
            let gone = Version::new(since, None);
            self.set(from, Version { moved_to, ..gone });
        }
        Ok(())
    }

    fn set(&mut self, path: &FilePath, version: Version) {
        let time = self.time;
        let name = self.names.entry(path.clone()).or_insert_with(|| Name {
            durable: Version::new(time, None),
            pending: Vec::new(),
        });
        name.pending.push(version);
    }

    fn sync_dir(&mut self, dir: &FilePath) -> io::Result<()> {
        self.expect_dir(dir)?;
        for (path, name) in &mut self.names {
            if path.parent().as_ref() == Some(dir) {
                name.pending
                    .iter_mut()
                    .for_each(|version| version.synced = true);
            }
        }
        while self.settle() {}
        self.names
            .retain(|_, name| name.durable.node.is_some() || !name.pending.is_empty());
        Ok(())
    }

    /// Makes durable what was synced, and says whether there was anything.
    ///
    /// A file that was moved to a directory that was not synced may still have its old name, though
    /// that one's directory was synced: no sync has promised the new name yet, and one has to stay.
    fn settle(&mut self) -> bool {
        let mut needed = Vec::new();
        let mut settled = false;
        let since: BTreeMap<FilePath, u64> = (self.names.iter())
            .map(|(path, name)| (path.clone(), name.durable.since))
            .collect();
        let unmet = |version: &Version| {
            let to = version.moved_to.as_ref()?;
            (*since.get(to)? < version.since).then(|| (to.clone(), version.since))
        };
        for name in self.names.values_mut() {
            let mut synced = name.pending.iter().take_while(|it| it.synced).count();
            if let Some(last) = synced.checked_sub(1)
                && name.pending.get(last).and_then(unmet).is_some()
            {
                synced = last;
            }
            let versions: Vec<Version> = name.pending.drain(..synced).collect();
            needed.extend(versions.iter().filter_map(unmet));
            if let Some(durable) = versions.into_iter().next_back() {
                name.durable = durable;
                settled = true;
            }
        }
        // The old name is in use again, for good: then the file has its new name for good, too.
        for (to, time) in needed {
            let versions = self.names.get_mut(&to).into_iter();
            for version in versions.flat_map(|name| &mut name.pending) {
                version.synced |= version.since <= time;
            }
        }
        settled
    }

    fn file_mut(&mut self, file: FileId) -> io::Result<&mut File> {
        Ok(self.files.get_mut(file.0).ok_or(io::ErrorKind::NotFound)?)
    }
}

impl Name {
    fn now(&self) -> Option<Node> {
        self.pending.last().unwrap_or(&self.durable).node
    }
}

impl Version {
    fn new(since: u64, node: Option<Node>) -> Version {
        Version {
            since,
            node,
            moved_to: None,
            synced: false,
        }
    }
}

impl File {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Create(path) => write!(f, "create {path}"),
            Event::Write { file, bytes } => write!(f, "write {} bytes to {file}", bytes.len()),
            Event::Sync(file) => write!(f, "sync {file}"),
            Event::Rename { from, to } => write!(f, "rename {from} to {to}"),
            Event::Remove(path) => write!(f, "remove {path}"),
            Event::CreateDir(dir) => write!(f, "create the directory {dir}"),
            Event::SyncDir(dir) => write!(f, "sync the directory {dir}"),
            Event::Mark(label) => write!(f, "mark: {label}"),
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}", self.0)
    }
}
