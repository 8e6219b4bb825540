//! Content by its digest: written once, whole and durable, and read by anyone.

use super::durable::{self, Draft, DurableError, Sync};
use super::{FilePath, Files, ReadFile};
use crate::log::{Layout, LogId};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tenon_registry_client::{Digest, Hasher};

/// The content that belongs to one log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    files: Arc<dyn Files>,
    layout: Layout,
    dirs: Arc<Mutex<Dirs>>,
}

/// Directories that this process knows to be on the disk.
#[derive(Debug)]
struct Dirs {
    /// The one that has the others in it.
    all: bool,
    known: [bool; 256],
}

/// Content that is there, opened.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The file.
    pub file: Arc<dyn ReadFile>,
    /// Its length in bytes.
    pub size: u64,
}

/// Content that is on its way in. Dropping it leaves nothing.
pub struct Incoming {
    blobs: Blobs,
    draft: Draft,
    hasher: Hasher,
    size: u64,
}

/// Why content that came in was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// It is something else.
    #[error(
        "the content has the digest `{found}`, not `{wanted}`: it was changed or cut on its way, or is another file"
    )]
    Digest {
        /// The digest it was announced with.
        wanted: Digest,
        /// The digest it has.
        found: Digest,
    },
    /// It could not be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
}

impl Blobs {
    /// The content of one of the logs.
    pub fn new(files: Arc<dyn Files>, log: LogId) -> Blobs {
        Blobs {
            files,
            layout: Layout::of(log),
            dirs: Arc::new(Mutex::new(Dirs {
                all: false,
                known: [false; 256],
            })),
        }
    }

    /// Opens content, if it is there. It blocks as long as a look into a directory takes.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub fn find(&self, digest: &Digest) -> io::Result<Option<Blob>> {
        match self.files.open(&self.layout.blob(digest)) {
            Ok(file) => {
                let size = file.size()?;
                let file = file.into();
                Ok(Some(Blob { file, size }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where content is, below the data directory.
    pub fn path(&self, digest: &Digest) -> FilePath {
        self.layout.blob(digest)
    }

    /// Begins to take content in.
    ///
    /// # Errors
    ///
    /// A file cannot be created.
    pub fn begin(&self) -> Result<Incoming, DurableError> {
        Ok(Incoming {
            blobs: self.clone(),
            draft: Draft::create(&self.files)?,
            hasher: Hasher::new(),
            size: 0,
        })
    }

    /// How many bytes can still be written.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn free_space(&self) -> io::Result<u64> {
        self.files.free_space()
    }

    /// Makes the directory of a digest, unless this process knows that it is on the disk.
    fn ensure_dir(&self, digest: &Digest, path: &FilePath) -> Result<(), DurableError> {
        let Some(dir) = path.parent() else {
            return Ok(());
        };
        let [first, ..] = *digest.as_bytes();
        let mut dirs = self.dirs.lock().unwrap_or_else(PoisonError::into_inner);
        let Dirs { all, known } = &mut *dirs;
        if let Some(known) = known.get_mut(usize::from(first)).filter(|known| !**known) {
            match all {
                false => durable::create_dirs(&*self.files, &dir)?,
                true => durable::create_dir(&*self.files, &dir)?,
            }
            (*all, *known) = (true, true);
        }
        Ok(())
    }
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DurableError> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.draft.write(bytes)
    }

    /// How many bytes came in.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Keeps the content, durably, if it has this digest.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub fn keep(self, digest: &Digest) -> Result<(), KeepError> {
        let found = self.hasher.finish();
        if found != *digest {
            let wanted = *digest;
            return Err(KeepError::Digest { wanted, found });
        }
        Ok(publish(&self.blobs, self.draft, digest)?)
    }

    /// Keeps the content, durably, whatever it is: its digest, and what `before` makes of that before
    /// the content has its name.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn keep_whatever<T>(
        self,
        before: impl FnOnce(Digest) -> T,
    ) -> Result<(Digest, T), DurableError> {
        let digest = self.hasher.finish();
        let made = before(digest);
        publish(&self.blobs, self.draft, &digest)?;
        Ok((digest, made))
    }
}

fn publish(blobs: &Blobs, draft: Draft, digest: &Digest) -> Result<(), DurableError> {
    let path = blobs.path(digest);
    blobs.ensure_dir(digest, &path)?;
    draft.publish(&path, Sync::Now)
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming")
            .field("size", &self.size)
            .finish()
    }
}
