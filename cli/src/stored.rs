//! Files of the program's own: read with a limit, replaced as a whole, and by one process at a time.

use crate::error::Failure;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The longest file that is read. They are written by hand, or by this program.
const MAX_FILE: u64 = 1 << 20;
/// How long another process may take to change a file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever the user lets.
    Shared,
    /// Nobody but its owner, since there are secrets in it.
    Private,
}

/// The text of a file, or `None` where there is no such file.
pub(crate) fn read(path: &Path, access: Access) -> Result<Option<Zeroizing<String>>, Failure> {
    let failed = |error: &io::Error| Failure::io("read", path, error);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(&error))?,
    };
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        return Err(failed(&io::ErrorKind::IsADirectory.into()));
    }
    // It is asked of the file that is open, so that it cannot be another one by now.
    if access == Access::Private && owner::is_exposed(&metadata) {
        return Err(exposed(path));
    }
    let text = at_most(file, MAX_FILE).map_err(|error| failed(&error))?;
    let Some(text) = text else {
        let message = format!("`{}` is longer than {MAX_FILE} bytes", path.display());
        return Err(Failure::configuration("config::invalid", message)
            .help("this is no file of `tenon`: move it away"));
    };
    Ok(Some(text))
}

/// The text of a file of at most so many bytes that is not the program's own, or `None` where there is no such file.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<Option<String>, Failure> {
    let failed = |error: &io::Error| Failure::io("read", path, error);
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(|error| failed(&error))?,
    };
    if metadata.is_dir() {
        return Err(failed(&io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(not_plain(path));
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    match at_most(file, most).map_err(|error| failed(&error))? {
        Some(text) => Ok(Some(text.to_string())),
        None => Err(failed(&io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is longer than {most} bytes"),
        ))),
    }
}

/// The text of a file, or `None` if it is longer than so many bytes.
fn at_most(file: File, most: u64) -> io::Result<Option<Zeroizing<String>>> {
    let mut text = Zeroizing::new(String::new());
    file.take(most + 1).read_to_string(&mut text)?;
    Ok((text.len() as u64 <= most).then_some(text))
}

/// Makes or replaces a file, whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::io("write", path, error);
    make_folder(folder_of(path))?;
    put(&end_of(path), Access::Shared, text).map_err(|error| failed(&error))
}

/// What a path or a link leads to: that is replaced, and not the link.
fn end_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes or replaces the file at the end of a path.
fn put(end: &Path, access: Access, text: &str) -> io::Result<()> {
    let existing = fs::metadata(end).ok();
    let file = written(folder_of(end), access, existing.as_ref(), text)?;
    file.persist(end).map_err(|error| error.error)?;
    owner::sync(folder_of(end))
}

/// As `read`, of a path that someone else may have made: a pipe or a device, which could be waited for without end, is
/// an error.
pub(crate) fn read_plain(
    path: &Path,
    access: Access,
) -> Result<Option<Zeroizing<String>>, Failure> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Err(not_plain(path)),
        _ => read(path, access),
    }
}

fn not_plain(path: &Path) -> Failure {
    let message = format!("`{}` is no plain file", path.display());
    Failure::configuration("config::invalid", message)
        .help("put a plain file in its place, or remove it")
}

/// Makes a file that is not there yet; tells whether it could, or there was one.
pub(crate) fn create(path: &Path, access: Access, text: &str) -> Result<bool, Failure> {
    let failed = |error: &io::Error| Failure::io("write", path, error);
    let folder = folder_of(path);
    make_folder(folder)?;
    let file = written(folder, access, None, text).map_err(|error| failed(&error))?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            owner::sync(folder).map_err(|error| failed(&error))?;
            Ok(true)
        }
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(&error.error)),
    }
}

/// Replaces a file by what `edit` makes of its text, while no other process does the same.
///
/// `edit` is given an empty text where there is no file. An equal text is not written.
pub(crate) fn change<T>(
    path: &Path,
    access: Access,
    edit: impl FnOnce(&str) -> Result<(String, T), Failure>,
) -> Result<T, Failure> {
    make_folder(folder_of(path))?;
    let path = &end_of(path);
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let _lock = lock(Path::new(&name), path)?;
    let before = read(path, access)?;
    let (after, result) = edit(before.as_deref().map_or("", String::as_str))?;
    let after = Zeroizing::new(after);
    if before.as_deref().map_or("", String::as_str) != after.as_str() {
        put(path, access, &after).map_err(|error| Failure::io("write", path, &error))?;
    }
    Ok(result)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) => Path::new("."),
        None => Path::new("/"),
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    owner::make_folder(folder).map_err(|error| Failure::io("make the folder", folder, &error))
}

fn exposed(path: &Path) -> Failure {
    let path = path.display();
    Failure::configuration(
        "config::exposed",
        format!("`{path}` holds secrets, and others than its owner may read or change it"),
    )
    .help(format!(
        "run `chmod 600 '{path}'`; if others could have read it, replace what is in it, too"
    ))
}

/// A temporary file with this text, that is on the disk.
fn written(
    folder: &Path,
    access: Access,
    existing: Option<&fs::Metadata>,
    text: &str,
) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tenon-");
    if let Some(permissions) = owner::permissions(access, existing) {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder)?;
    if let Some(existing) = existing.filter(|_| access == Access::Shared) {
        // What a file is made with, a mask of the process takes from; who may read the old one may read the new one.
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Waits until no other process holds the file `lock`, and so changes `what`. The lock is a file of its own, since
/// what is changed is replaced.
pub(crate) fn lock(lock: &Path, what: &Path) -> Result<File, Failure> {
    make_folder(folder_of(lock))?;
    let failed = |error: &io::Error| Failure::io("lock", lock, error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)
        .map_err(|error| failed(&error))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::Error(error)) => return Err(failed(&error)),
            Err(fs::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(fs::TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    "config::locked",
                    format!("another process is changing `{}`", what.display()),
                )
                .help("try again when it is done"));
            }
        }
    }
}

/// What a system that knows owners and modes does for a file.
#[cfg(unix)]
mod owner {
    use super::Access;
    use std::fs::{self, DirBuilder, File, Metadata, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    use std::path::Path;

    pub(super) fn is_exposed(metadata: &Metadata) -> bool {
        metadata.permissions().mode() & 0o077 != 0
    }

    pub(super) fn permissions(access: Access, existing: Option<&Metadata>) -> Option<Permissions> {
        let mode = match access {
            Access::Private => 0o600,
            Access::Shared => {
                existing.map_or(0o666, |existing| existing.permissions().mode() & 0o777)
            }
        };
        Some(Permissions::from_mode(mode))
    }

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            _ => DirBuilder::new().recursive(true).mode(0o700).create(folder),
        }
    }

    /// Has the disk know the names in a folder.
    pub(super) fn sync(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

/// Elsewhere the folders of a user are the user's alone.
#[cfg(not(unix))]
mod owner {
    use super::Access;
    use std::fs::{Metadata, Permissions};
    use std::io;
    use std::path::Path;

    pub(super) fn is_exposed(_metadata: &Metadata) -> bool {
        false
    }

    pub(super) fn permissions(
        _access: Access,
        _existing: Option<&Metadata>,
    ) -> Option<Permissions> {
        None
    }

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)
    }

    pub(super) fn sync(_folder: &Path) -> io::Result<()> {
        Ok(())
    }
}
