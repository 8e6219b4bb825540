//! Which file is where in the data directory: as the URLs that serve them.

use super::LogId;
use crate::store::FilePath;
use tenon_registry_client::Digest;
use tenon_registry_client::api::blob_file;
use tenon_registry_client::log::{KeyId, TilePath};

/// Where the files of a log, and of the content it names, are.
#[derive(Clone, Debug)]
pub struct Layout {
    root: FilePath,
}

impl Layout {
    /// The layout of one of the logs.
    pub fn of(log: LogId) -> Layout {
        let root = FilePath::root();
        let root = match log {
            LogId::Public => root,
            LogId::Private => below(&root, "private"),
        };
        Layout { root }
    }

    /// Its checkpoint.
    pub fn checkpoint(&self) -> FilePath {
        below(&self.root, "log/checkpoint")
    }

    /// The last checkpoint under a key that no longer signs.
    pub fn last_checkpoint(&self, key: KeyId) -> FilePath {
        below(&self.root, &format!("log/checkpoints/{key}"))
    }

    /// The directory of the last checkpoints of keys that no longer sign.
    pub fn last_checkpoints(&self) -> FilePath {
        below(&self.root, "log/checkpoints")
    }

    /// A tile or an entry bundle.
    pub fn tile(&self, path: TilePath) -> FilePath {
        below(&self.root, &format!("log/{path}"))
    }

    /// The tile or entry bundle that a file is.
    pub fn is_tile(&self, path: &FilePath) -> Option<TilePath> {
        let below = match self.root.is_root() {
            true => path.as_str(),
            false => path
                .as_str()
                .strip_prefix(self.root.as_str())?
                .strip_prefix('/')?,
        };
        below.strip_prefix("log/")?.parse().ok()
    }

    /// The directory of all tiles.
    pub fn tiles(&self) -> FilePath {
        below(&self.root, "log/tile")
    }

    /// The directory of all content.
    pub fn blobs(&self) -> FilePath {
        below(&self.root, "blobs/sha256")
    }

    /// Where content is put that is not what it should be.
    pub fn quarantine(&self) -> FilePath {
        below(&self.root, "quarantine")
    }

    /// Content.
    pub fn blob(&self, digest: &Digest) -> FilePath {
        below(&self.root, &blob_file(digest))
    }
}

/// These names are made here, of letters, digits, `.`, `-` and `/`.
fn below(root: &FilePath, rest: &str) -> FilePath {
    root.join(rest).unwrap_or_else(|_| root.clone())
}
