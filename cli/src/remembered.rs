//! What was found out about a file before: its digest, and that it is valid.
//!
//! A file is the same if its device, inode, size and both times are. Each file has an entry of its
//! own in the cache directory; an entry that cannot be read or written is as good as none.

use crate::interrupted::Unfinished;
use crate::places::Place;
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tenon_registry_client::Digest;

/// Entries of another version of the program are not believed: it may have other rules.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A file changed so recently could change again without its time telling.
const SETTLED: Duration = Duration::from_millis(50);

/// The entries.
pub(crate) struct Memory {
    folder: Option<PathBuf>,
}

/// What tells files apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    /// Size, modification time, change time.
    state: String,
    changed: Option<SystemTime>,
}

impl Memory {
    /// The entries in the user's cache directory.
    pub(crate) fn open() -> Memory {
        let cache = Place::Cache.folder().ok();
        Memory {
            folder: cache.map(|cache| cache.join("inputs")),
        }
    }

    /// The digest of a file, and whether all of it was found valid.
    pub(crate) fn recall(&self, identity: &Identity) -> Option<(Digest, bool)> {
        let entry = fs::read_to_string(self.path(identity)?).ok()?;
        let mut lines = entry.lines();
        if lines.next()? != VERSION || lines.next()? != identity.state {
            return None;
        }
        let digest = lines.next()?.parse().ok()?;
        Some((digest, lines.next()? == "valid"))
    }

    /// Makes or replaces the entry of a file.
    pub(crate) fn remember(&self, identity: &Identity, digest: Digest, is_valid: bool) {
        let is_settled = identity
            .changed
            .and_then(|changed| changed.elapsed().ok())
            .is_some_and(|age| age >= SETTLED);
        let Some((folder, path)) = self.folder.as_ref().zip(self.path(identity)) else {
            return;
        };
        if !is_settled || fs::create_dir_all(folder).is_err() {
            return;
        }
        // A limit on the size of files must not be the end of the program.
        Unfinished::listen();
        let verdict = if is_valid { "valid" } else { "unchecked" };
        let entry = format!("{VERSION}\n{}\n{digest}\n{verdict}\n", identity.state);
        if let Ok(mut file) = tempfile::NamedTempFile::new_in(folder)
            && file.write_all(entry.as_bytes()).is_ok()
        {
            // Whoever comes last wins; a lost entry costs a second look at the file.
            let _ = file.persist(path);
        }
    }

    fn path(&self, identity: &Identity) -> Option<PathBuf> {
        let name = format!("{:x}-{:x}", identity.device, identity.inode);
        Some(self.folder.as_ref()?.join(name))
    }
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(file: &File) -> Option<Identity> {
        use std::os::unix::fs::MetadataExt;
        let metadata = file.metadata().ok()?;
        let changed = u64::try_from(metadata.ctime()).ok()?;
        let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
        Some(Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            state: format!(
                "{} {}.{:09} {changed}.{nanoseconds:09}",
                metadata.len(),
                metadata.mtime(),
                metadata.mtime_nsec()
            ),
            changed: SystemTime::UNIX_EPOCH.checked_add(Duration::new(changed, nanoseconds)),
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_file: &File) -> Option<Identity> {
        None
    }
}
