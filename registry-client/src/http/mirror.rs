//! A log as files, written once they are verified.

use super::follow::{Rows, bundles_from};
use super::progress::{Transfer, TransferKind};
use super::{Client, Error, ErrorKind};
use crate::log::{
    Checkpoint, Edge, Hash, MAX_ENTRY_BUNDLE, MAX_NOTE, NodeId, Nodes, SignedCheckpoint, TilePath,
    Tiles, Vkey, decode_entries,
};
use crate::store::{StoreError, file};
use crate::verify::VerifyError;
use std::path::{Path, PathBuf};

/// What a mirror has now.
#[derive(Clone, Debug)]
pub struct Mirrored {
    /// The size before.
    pub from: u64,
    /// The checkpoint whose leaves and tiles are all there.
    pub checkpoint: SignedCheckpoint,
}

/// A directory with `log/checkpoint` and `log/tile/…` as a registry serves them. What comes goes to
/// `incoming/` first, and is taken from there if the last run did not get to its end.
#[derive(Clone)]
struct Directory(PathBuf);

impl Client {
    /// Copies what is new in the log to a directory of static files, which any web server can serve.
    ///
    /// Nothing gets its place before all leaves give the root of the checkpoint, and the
    /// checkpoint comes last. Tiles are computed from the leaves. The log must have grown from what
    /// the directory and the trust state have. Two processes must not do this at once.
    ///
    /// # Errors
    ///
    /// Why something cannot be read or written; [`ErrorKind::LogDiffers`] if the leaves are not those of the
    /// checkpoint, or the directory's own files not those of its checkpoint; [`VerifyError`] as in [`Client::follow`].
    pub async fn mirror(&self, dir: &Path) -> Result<Mirrored, Error> {
        let state = self.trust_state().await?;
        let mut keys = self.log_keys(state.as_ref());
        let signed = self.checkpoint_by(&keys).await?;
        keys.extend(state.iter().flat_map(|state| state.retired_keys().to_vec()));
        let dir = Directory(dir.to_owned());
        let old = self.mirrored(&dir, &keys).await?;
        let (from, size) = (old.size, signed.checkpoint().size);
        self.check_grown(from, state.as_ref(), &signed).await?;
        let (mut edge, mut rows) = self.right_edge(&dir, &old).await?;
        let mut meter = self.0.options.progress.begin(Transfer {
            kind: TransferKind::Log,
            what: old.origin.as_str(),
            total: size - from,
        });
        let differs = |path: String| Error::from(ErrorKind::LogDiffers { path, size });
        for path in bundles_from(from, size) {
            let bytes = self.incoming(&dir, path).await?;
            let start = path.start().unwrap_or_default();
            let entries = decode_entries(&bytes, path.width());
            let entries = entries.map_err(|source| ErrorKind::Entries { path, source })?;
            for (index, entry) in (start..).zip(entries) {
                let leaf = Hash::leaf(entry);
                if index < from {
                    if rows.leaf(index) != Some(leaf) {
                        self.on_disk(move |_| dir.discard()).await?;
                        return Err(differs(path.to_string()));
                    }
                    continue;
                }
                let nodes = edge.push(leaf).map_err(|_| differs(path.to_string()))?;
                rows.take(&nodes);
                let root = || edge.root();
                self.check_state_at(edge.size(), root, state.as_ref(), &signed)
                    .await?;
            }
            meter.reach(edge.size() - from);
        }
        if edge.root() != signed.checkpoint().root {
            let incoming = dir.clone();
            self.on_disk(move |_| incoming.discard()).await?;
            return Err(differs("checkpoint".to_owned()));
        }
        let note = signed.to_string();
        self.on_disk(move |_| dir.place(from, size, &rows, &note))
            .await?;
        Ok(Mirrored {
            from,
            checkpoint: signed,
        })
    }

    /// The checkpoint of the directory; of an empty log, if it has none.
    async fn mirrored(&self, dir: &Directory, keys: &[Vkey]) -> Result<Checkpoint, Error> {
        let dir = dir.clone();
        let note = self.on_disk(move |_| dir.read("log", "checkpoint", MAX_NOTE as u64));
        let origin = self.pin().origin();
        match note.await? {
            Some(note) => {
                let signed = SignedCheckpoint::open(&note, origin, keys);
                Ok(signed
                    .map_err(VerifyError::Checkpoint)?
                    .checkpoint()
                    .clone())
            }
            None => Ok(Checkpoint {
                origin: origin.clone(),
                size: 0,
                root: Hash::empty(),
            }),
        }
    }

    /// What the directory's own tiles come to, which must be its checkpoint.
    async fn right_edge(&self, dir: &Directory, old: &Checkpoint) -> Result<(Edge, Rows), Error> {
        let (size, root) = (old.size, old.root);
        let dir = dir.clone();
        let read = self.on_disk(move |_| {
            let mut tiles = Tiles::new();
            let mut rows = Rows::default();
            let covering = complete(size).filter_map(|node| TilePath::covering(node, size));
            for path in covering.chain(TilePath::partial_tiles(size)) {
                let bytes = dir.read("log", &path.to_string(), 256 * 32)?;
                let bytes = bytes.unwrap_or_default();
                if tiles.insert(path, &bytes).is_err() {
                    return Ok(None);
                }
                if path.is_partial() {
                    rows.begin(path, &bytes);
                }
            }
            let nodes: Result<Vec<Hash>, _> = complete(size).map(|node| tiles.node(node)).collect();
            let edge = nodes
                .ok()
                .and_then(|nodes| Edge::from_nodes(size, nodes).ok());
            Ok(edge
                .filter(|edge| edge.root() == root)
                .map(|edge| (edge, rows)))
        });
        read.await?.ok_or_else(|| {
            let path = "log/checkpoint".to_owned();
            ErrorKind::LogDiffers { path, size }.into()
        })
    }

    /// An entry bundle that came before, or comes now and is put by.
    async fn incoming(&self, dir: &Directory, path: TilePath) -> Result<Vec<u8>, Error> {
        let (there, name) = (dir.clone(), path.to_string());
        let most = MAX_ENTRY_BUNDLE as u64;
        let before = self.on_disk(move |_| there.read("incoming", &name, most));
        let sound = |bytes: &Vec<u8>| decode_entries(bytes, path.width()).is_ok();
        if let Some(bytes) = before.await?.filter(sound) {
            return Ok(bytes);
        }
        let bytes = self.tile(path).await?.to_vec();
        let (there, name, put) = (dir.clone(), path.to_string(), bytes.clone());
        self.on_disk(move |_| there.write("incoming", &name, &put))
            .await?;
        Ok(bytes)
    }
}

impl Directory {
    fn read(&self, part: &str, name: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let (dirs, name) = split(part, name);
        match file::find_dirs(&self.0, &dirs)? {
            Some(dir) => file::read(&dir.join(name), most),
            None => Ok(None),
        }
    }

    fn write(&self, part: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (dirs, name) = split(part, name);
        let dir = file::make_dirs(&self.0, &dirs)?;
        file::write(&dir, name, bytes)
    }

    /// Gives everything its place: entries, tiles, and then the checkpoint.
    fn place(&self, from: u64, size: u64, rows: &Rows, note: &str) -> Result<(), StoreError> {
        for path in bundles_from(from, size) {
            let name = path.to_string();
            if let Some(bytes) = self.read("incoming", &name, MAX_ENTRY_BUNDLE as u64)? {
                self.write("log", &name, &bytes)?;
            }
        }
        for path in TilePath::tiles_between(from, size) {
            self.write("log", &path.to_string(), &rows.bytes(path))?;
        }
        self.write("log", "checkpoint", note.as_bytes())?;
        self.discard()
    }

    fn discard(&self) -> Result<(), StoreError> {
        let Some(incoming) = file::find_dirs(&self.0, &["incoming"])? else {
            return Ok(());
        };
        std::fs::remove_dir_all(&incoming).map_err(StoreError::io("remove", &incoming))
    }
}

fn split<'a>(part: &'a str, name: &'a str) -> (Vec<&'a str>, &'a str) {
    let mut dirs = vec![part];
    dirs.extend(name.split('/'));
    let name = dirs.pop().unwrap_or(part);
    (dirs, name)
}

/// The complete subtrees of a log, the largest first.
fn complete(size: u64) -> impl Iterator<Item = NodeId> {
    let levels = (0..64_u8).rev().filter(move |level| size >> level & 1 == 1);
    levels.map(move |level| NodeId {
        level,
        // What is to the left of it are the higher bits.
        index: (size >> level) - 1,
    })
}
