//! Room on the disk that is given up when it is needed for what must not fail.
//!
//! A batch that is in the log has yet to be written to files; a full disk would end the process there, and
//! every start after it, since a start finishes what is not finished. While the registry runs, it takes
//! nothing in when there is less room than is configured, which is more than batches need; but others
//! write to the disk too. So a file holds room that only a start gives up.

use rustix::fs::{FallocateFlags, Mode, OFlags, fallocate, open};
use std::io;
use std::path::{Path, PathBuf};

/// The most bytes that are held: twice what can wait to be written to files.
const MOST: u64 = 64 << 20;

/// A file that holds room.
#[derive(Clone, Debug)]
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// That of a data directory, of at most so many bytes; it need not be there.
    pub fn new(dir: &Path, most: u64) -> Reserve {
        Reserve {
            path: dir.join("reserve"),
            bytes: most.min(MOST),
        }
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives the room up.
    ///
    /// # Errors
    ///
    /// The file cannot be removed.
    pub fn release(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Holds the room, if it does not already.
    ///
    /// # Errors
    ///
    /// There is not that much, or the file system cannot set room aside. Then none is held.
    pub fn keep(&self) -> io::Result<()> {
        let held = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if held == self.bytes || self.bytes == 0 {
            return Ok(());
        }
        self.release()?;
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = open(&self.path, flags, Mode::RUSR | Mode::WUSR)?;
        fallocate(&file, FallocateFlags::empty(), 0, self.bytes).map_err(|error| {
            // The first error is the one to tell.
            let _ = self.release();
            error.into()
        })
    }
}
