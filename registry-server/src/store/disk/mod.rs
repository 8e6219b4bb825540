//! Files in a directory of the machine.

#[cfg(target_os = "linux")]
mod beneath;
#[cfg(not(target_os = "linux"))]
#[path = "walk_only.rs"]
mod beneath;
#[cfg(target_os = "linux")]
mod early;
#[cfg(not(target_os = "linux"))]
#[path = "no_early.rs"]
mod early;
mod walk;

use super::{EntryKind, FilePath, Files, Listed, ReadFile, WriteFile};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// [`Files`] in a directory of the machine, which is opened once: it may be moved meanwhile.
///
/// No symbolic link below that directory is followed. Files are made with mode 0644 and directories
/// with 0755, less what the umask takes away.
#[derive(Debug)]
pub struct Disk {
    /// Where it was when it was opened, for messages only.
    place: PathBuf,
    root: OwnedFd,
    open: Open,
    /// Held open for the lock on it.
    _lock: Option<File>,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// It cannot be opened as a directory.
    #[error("cannot open the directory `{}`", dir.display())]
    Open {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has locked it.
    #[error(
        "the directory `{}` is in use by another process; stop that one, or name another directory",
        dir.display()
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The file `lock` in it cannot be created or locked.
    #[error("cannot lock the file `lock` in the directory `{}`", dir.display())]
    Lock {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// How to open what is at a path below a directory without following a symbolic link.
type Open = fn(&OwnedFd, &FilePath, OFlags, Mode) -> rustix::io::Result<OwnedFd>;

const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
const DIR_MODE: Mode = Mode::from_raw_mode(0o755);
const LOCK: &str = "lock";

impl Disk {
    /// Opens a directory, which has to be there.
    ///
    /// # Errors
    ///
    /// [`DiskError::Open`].
    pub fn open(dir: &Path) -> Result<Disk, DiskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(dir, flags, Mode::empty()) {
            Ok(root) => Ok(Disk {
                place: dir.to_owned(),
                open: beneath::choose(&root),
                root,
                _lock: None,
            }),
            Err(errno) => Err(DiskError::Open {
                dir: dir.to_owned(),
                source: errno.into(),
            }),
        }
    }

    /// Locks the directory for as long as this is not dropped, through a file `lock` in it, which
    /// stays. A process that dies gives up the lock.
    ///
    /// # Errors
    ///
    /// [`DiskError::InUse`] if another process, or another `Disk` in this one, has it;
    /// [`DiskError::Lock`].
    pub fn lock(self) -> Result<Disk, DiskError> {
        let dir = self.place.clone();
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.root, LOCK, flags, FILE_MODE) {
            Ok(fd) => File::from(fd),
            Err(errno) => {
                let source = errno.into();
                return Err(DiskError::Lock { dir, source });
            }
        };
        match file.try_lock() {
            Ok(()) => Ok(Disk {
                _lock: Some(file),
                ..self
            }),
            Err(TryLockError::WouldBlock) => Err(DiskError::InUse { dir }),
            Err(TryLockError::Error(source)) => Err(DiskError::Lock { dir, source }),
        }
    }

    fn open_at(&self, path: &FilePath, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        Ok((self.open)(
            &self.root,
            path,
            flags | OFlags::CLOEXEC,
            mode,
        )?)
    }

    fn open_dir(&self, dir: &FilePath) -> io::Result<OwnedFd> {
        self.open_at(dir, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
    }

    /// The directory that has a name in it, open, and that name; `of_root` for the root.
    fn open_parent<'path>(
        &self,
        path: &'path FilePath,
        of_root: io::ErrorKind,
    ) -> io::Result<(OwnedFd, &'path str)> {
        let (parent, name) = path.split().ok_or(of_root)?;
        Ok((self.open_dir(&parent)?, name))
    }
}

impl Files for Disk {
    fn open(&self, path: &FilePath) -> io::Result<Box<dyn ReadFile>> {
        // Without `NONBLOCK`, opening a named pipe would wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = self.open_at(path, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd)?;
        expect_file(FileType::from_raw_mode(stat.st_mode))?;
        Ok(Box::new(DiskFile(File::from(fd))))
    }

    fn create(&self, path: &FilePath) -> io::Result<Box<dyn WriteFile>> {
        if path.is_root() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let fd = self.open_at(path, flags, FILE_MODE)?;
        Ok(Box::new(DiskFile(File::from(fd))))
    }

    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        let (from_dir, from) = self.open_parent(from, io::ErrorKind::IsADirectory)?;
        let (to_dir, to) = self.open_parent(to, io::ErrorKind::IsADirectory)?;
        expect_file(type_of(&from_dir, from)?)?;
        match rustix::fs::renameat(&from_dir, from, &to_dir, to) {
            // Linux says so of a directory that the file itself is in.
            Err(Errno::NOTEMPTY) => Err(io::ErrorKind::IsADirectory.into()),
            result => Ok(result?),
        }
    }

    fn remove(&self, path: &FilePath) -> io::Result<()> {
        let (dir, name) = self.open_parent(path, io::ErrorKind::IsADirectory)?;
        Ok(rustix::fs::unlinkat(&dir, name, AtFlags::empty())?)
    }

    fn create_dir(&self, dir: &FilePath) -> io::Result<()> {
        let (parent, name) = self.open_parent(dir, io::ErrorKind::AlreadyExists)?;
        Ok(rustix::fs::mkdirat(&parent, name, DIR_MODE)?)
    }

    fn sync_dir(&self, dir: &FilePath) -> io::Result<()> {
        File::from(self.open_dir(dir)?).sync_all()
    }

    fn list(&self, dir: &FilePath) -> io::Result<Vec<Listed>> {
        let fd = self.open_dir(dir)?;
        let mut listed = Vec::new();
        for entry in Dir::read_from(&fd)? {
            let entry = entry?;
            if matches!(entry.file_name().to_bytes(), b"." | b"..") {
                continue;
            }
            let file_type = match entry.file_type() {
                FileType::Unknown => type_of(&fd, entry.file_name())?,
                known => known,
            };
            listed.push(Listed {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind: kind_of(file_type),
            });
        }
        listed.sort();
        Ok(listed)
    }

    fn kind(&self, path: &FilePath) -> io::Result<EntryKind> {
        if path.is_root() {
            return Ok(EntryKind::Dir);
        }
        let (dir, name) = self.open_parent(path, io::ErrorKind::IsADirectory)?;
        Ok(kind_of(type_of(&dir, name)?))
    }

    fn free_space(&self) -> io::Result<u64> {
        let space = rustix::fs::fstatvfs(&self.root)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

#[derive(Debug)]
struct DiskFile(File);

impl ReadFile for DiskFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl WriteFile for DiskFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut self.0, bytes)
    }

    fn begin_sync(&mut self, from: u64, length: u64) {
        early::begin(&self.0, from, length);
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

fn type_of<Name: rustix::path::Arg>(dir: &OwnedFd, name: Name) -> io::Result<FileType> {
    let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

fn kind_of(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Dir,
        _ => EntryKind::Other,
    }
}

fn expect_file(file_type: FileType) -> io::Result<()> {
    match kind_of(file_type) {
        EntryKind::File => Ok(()),
        EntryKind::Dir => Err(io::ErrorKind::IsADirectory.into()),
        EntryKind::Other => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is neither a file nor a directory",
        )),
    }
}
