//! Files below one directory, with each way in which an operating system can fail as a call of its own.

use super::FilePath;
use std::fmt::Debug;
use std::io;

/// Files below one directory.
///
/// Nothing here reaches the disk by itself. What was written to a file outlasts a power loss once
/// that file was synced, and its name, old or new, once its directory was ([`Files::sync_dir`]).
/// [`durable`](super::durable) has the operations that do all of it in the right order.
///
/// All calls block. A file that is neither regular nor a directory, such as a symbolic link, is never
/// opened or followed: the call fails.
///
/// # Errors
///
/// Those of the operating system, with its [`io::ErrorKind`]: `NotFound`, `AlreadyExists`,
/// `NotADirectory` where a part on the way is a file, `IsADirectory` where a file is expected,
/// `StorageFull`, and whatever else a disk does.
pub trait Files: Send + Sync + Debug {
    /// Opens a file to read it.
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>>;

    /// Creates a file that must not be there, to be written once from its beginning.
    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>>;

    /// Gives a file another name, at once. A file that has that name already is replaced.
    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &FilePath) -> io::Result<()>;

    /// Creates one directory, in one that is there.
    fn create_dir(&self, dir: &FilePath) -> io::Result<()>;

    /// Makes the names in a directory outlast a power loss: those that were created, renamed or removed in it.
    ///
    /// Says nothing about what the files hold, nor about the name of the directory itself.
    fn sync_dir(&self, dir: &FilePath) -> io::Result<()>;

    /// What is in a directory, sorted by name.
    fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>>;

    /// What has this name.
    fn kind(&self, path: &FilePath) -> io::Result<EntryKind>;

    /// How many bytes can still be written by a process that is not privileged.
    fn free_space(&self) -> io::Result<u64>;

    /// Reads a whole file.
    fn read(&self, path: &FilePath) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let size = usize::try_from(file.size()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; size];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// A file, opened to be read. It stays readable when its name is replaced or removed.
pub trait ReadFile: Send + Sync + Debug {
    /// Its size in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Fills the buffer from a place in the file on, and returns how many bytes that were: fewer
    /// than asked for only where the file ends.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Makes what the file holds outlast a power loss. An error is fatal, as in [`WriteFile::sync`].
    fn sync(&self) -> io::Result<()>;
}

/// A file that was created, to be written from its beginning.
pub trait WriteFile: Send + Debug {
    /// Appends all of the bytes. After an error, any number of them may have been written.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Has the system begin to bring a part of what was written to the disk, so that a later
    /// [`sync`](WriteFile::sync) takes less long. It promises nothing, and may do nothing.
    fn begin_sync(&mut self, _from: u64, _length: u64) {}

    /// Makes what was written outlast a power loss. Its name does not, until its directory is synced.
    ///
    /// An error is fatal: the system may have dropped what it could not write, and says so only
    /// once, so that a second call that succeeds proves nothing.
    fn sync(&mut self) -> io::Result<()>;
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The name, which need not be fit for a [`FilePath`] where others put files here.
    pub name: String,
    /// What has this name.
    pub kind: EntryKind,
}

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// Anything else, such as a symbolic link.
    Other,
}
