//! Whether the bytes of a blob are those of its digest.

use crate::store::{FilePath, Files};
use std::io;
use tenon_registry_client::{Digest, Hasher};

/// How much is read at once.
const PART: usize = 256 << 10;

/// What a blob is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// What its name says, of this size.
    Right(u64),
    Missing,
    Unreadable(String),
    /// Something else, of this size.
    Other(Digest, u64),
}

/// Reads a blob. `pace` is told of the bytes that were read.
pub(super) fn examine(
    files: &dyn Files,
    path: &FilePath,
    digest: &Digest,
    mut pace: impl FnMut(u64),
) -> Content {
    match hash(files, path, &mut pace) {
        Ok((found, size)) if found == *digest => Content::Right(size),
        Ok((found, size)) => Content::Other(found, size),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Content::Missing,
        Err(error) => Content::Unreadable(error.to_string()),
    }
}

fn hash(
    files: &dyn Files,
    path: &FilePath,
    pace: &mut impl FnMut(u64),
) -> io::Result<(Digest, u64)> {
    let file = files.open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; PART];
    let mut size = 0;
    loop {
        let read = file.read_at(size, &mut buffer)?;
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok((hasher.finish(), size));
        }
        hasher.update(part);
        size += read as u64;
        pace(read as u64);
    }
}
