//! Files that appear whole or not at all, in directories that are what they seem.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Why a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system says why.
    #[error("cannot {act} `{}`", .path.display())]
    Io {
        /// What was to be done.
        act: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it cannot.
        #[source]
        source: io::Error,
    },
    /// It is a symbolic link, or something else that is no plain file or directory.
    #[error("`{}` is no plain file or directory, and is not followed; remove it", .0.display())]
    NotPlain(PathBuf),
    /// Another process holds the lock for too long.
    #[error("another process keeps `{}` locked; wait until it ends", .0.display())]
    Locked(PathBuf),
    /// A trust state is there and cannot be read. It is not replaced.
    #[error("the trust state in `{}` is refused; it is kept as it is", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: crate::state::StateError,
    },
    /// A task was stopped before it was done.
    #[error("the work on the client's files was stopped before it was done")]
    Stopped,
}

impl StoreError {
    pub(crate) fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { act, path, source }
    }
}

/// Makes the directories of `parts` below `root`, which may be anything that leads to a directory.
pub(crate) fn make_dirs(root: &Path, parts: &[&str]) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(root).map_err(StoreError::io("make", root))?;
    let mut dir = root.to_owned();
    for part in parts {
        let above = dir.clone();
        dir.push(part);
        match fs::create_dir(&dir) {
            Ok(()) => sync_dir(&above)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io("make", &dir)(error)),
        }
        check_dir(&dir)?;
    }
    Ok(dir)
}

/// Whether all directories of `parts` are there below `root`, and none is a link.
pub(crate) fn find_dirs(root: &Path, parts: &[&str]) -> Result<Option<PathBuf>, StoreError> {
    let mut dir = root.to_owned();
    for part in parts {
        dir.push(part);
        match fs::symlink_metadata(&dir) {
            Ok(_) => check_dir(&dir)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("look at", &dir)(error)),
        }
    }
    Ok(Some(dir))
}

fn check_dir(dir: &Path) -> Result<(), StoreError> {
    let metadata = fs::symlink_metadata(dir).map_err(StoreError::io("look at", dir))?;
    match metadata.is_dir() {
        true => Ok(()),
        false => Err(StoreError::NotPlain(dir.to_owned())),
    }
}

/// Opens a plain file; `None` if there is none.
pub(crate) fn open(path: &Path) -> Result<Option<File>, StoreError> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("look at", path)(error)),
    };
    if !before.is_file() {
        return Err(StoreError::NotPlain(path.to_owned()));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open", path)(error)),
    };
    let opened = file.metadata().map_err(StoreError::io("look at", path))?;
    // The name may have become a link in between; a file that was replaced by another is one.
    let after = fs::symlink_metadata(path).ok();
    if !opened.is_file() || after.is_some_and(|after| !after.is_file()) {
        return Err(StoreError::NotPlain(path.to_owned()));
    }
    Ok(Some(file))
}

/// Reads a plain file of at most so many bytes; `None` if there is none, or it is longer.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    let mut bytes = vec![];
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    let read = read.map_err(StoreError::io("read", path))? as u64;
    Ok((read <= most).then_some(bytes))
}

/// A temporary file in a directory.
pub(crate) fn temporary(dir: &Path) -> Result<NamedTempFile, StoreError> {
    tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(dir)
        .map_err(StoreError::io("write in", dir))
}

/// Writes a file in place of what may be there.
pub(crate) fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = temporary(dir)?;
    file.write_all(bytes)
        .map_err(StoreError::io("write", file.path()))?;
    persist(file, &dir.join(name)).map(drop)
}

/// Gives a temporary file its name, in the directory it is in, once its bytes are safe; the same file, still
/// open.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<File, StoreError> {
    file.as_file()
        .sync_all()
        .map_err(StoreError::io("synchronise", path))?;
    let file = file
        .persist(path)
        .map_err(|error| StoreError::io("write", path)(error.error))?;
    path.parent().map_or(Ok(()), sync_dir)?;
    Ok(file)
}

/// Makes the names in a directory safe, where a system has that.
#[cfg(unix)]
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(StoreError::io("synchronise", dir))
}

/// Makes the names in a directory safe, where a system has that.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
