//! Which file is where in the data directory: as the URLs that serve them.

use super::LogId;
use crate::store::{FilePath, Files};
use tenon_registry_client::Digest;
use tenon_registry_client::api::blob_file;
use tenon_registry_client::log::{ENTRIES_PER_BUNDLE, KeyId, TilePath};

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

    /// The partial files of a tile that are there, the widest last.
    pub(crate) fn partials(&self, files: &dyn Files, path: TilePath) -> Vec<TilePath> {
        let narrowest = match path.level() {
            Some(level) => TilePath::hashes(level, path.index(), 1),
            None => TilePath::entries(path.index(), 1),
        };
        let dir = narrowest.and_then(|path| self.tile(path).parent());
        let listed = dir.and_then(|dir| Some((files.list(&dir).ok()?, dir)));
        let (listed, dir) = listed.unwrap_or((vec![], FilePath::root()));
        let paths = listed.iter().filter_map(|entry| dir.join(&entry.name).ok());
        let mut paths: Vec<TilePath> = paths.filter_map(|path| self.is_tile(&path)).collect();
        paths.sort_by_key(|path| path.width());
        paths
    }

    /// Whether there are leaves behind a size, in files.
    pub(crate) fn reaches_beyond(&self, files: &dyn Files, size: u64) -> bool {
        let width = u64::from(ENTRIES_PER_BUNDLE);
        let next = |index| TilePath::entries(index, ENTRIES_PER_BUNDLE);
        let edge = next(size / width);
        let beyond = next(size / width + 1);
        let there = |path: TilePath| files.kind(&self.tile(path)).is_ok();
        let widest = edge.and_then(|edge| self.partials(files, edge).pop());
        edge.is_some_and(there)
            || beyond
                .is_some_and(|beyond| there(beyond) || !self.partials(files, beyond).is_empty())
            || widest.is_some_and(|widest| u64::from(widest.width()) > size % width)
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
