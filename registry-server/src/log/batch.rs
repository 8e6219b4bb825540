//! The files that a batch of leaves brings.

use std::collections::BTreeMap;
use tenon_registry_client::log::{
    ENTRIES_PER_BUNDLE, Hash, NodeId, TilePath, Tiles, decode_entries, encode_entries,
};

/// The partial tiles and the partial entry bundle at the right edge of a log: what the next leaves
/// are written behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Right {
    /// The hashes of the last tile of each level.
    tiles: BTreeMap<u8, Vec<Hash>>,
    /// The entries of the last bundle.
    entries: Vec<Vec<u8>>,
    size: u64,
}

/// Where a leaf is among the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first byte in the entry bundle.
    pub(super) start: u64,
    /// Its length.
    pub(super) length: u64,
}

/// Why the right edge is not one.
#[derive(Debug, thiserror::Error)]
pub(super) enum EdgeError {
    #[error("{0} is missing")]
    Missing(TilePath),
    #[error("{0} is not what a tile is")]
    Tile(TilePath),
    #[error("{0} has other entries than the tile of their hashes")]
    Entries(TilePath),
}

impl Right {
    /// Reads the right edge of a log of this size.
    pub(super) fn read(
        size: u64,
        read: impl Fn(TilePath) -> Option<Vec<u8>>,
    ) -> Result<(Right, Tiles), EdgeError> {
        let mut right = Right {
            size,
            ..Right::default()
        };
        let mut tiles = Tiles::new();
        let needed = tenon_registry_client::log::tiles_for_root(size);
        for path in TilePath::partial_tiles(size).chain(needed) {
            let bytes = read(path).ok_or(EdgeError::Missing(path))?;
            tiles
                .insert(path, &bytes)
                .map_err(|_| EdgeError::Tile(path))?;
            if let (Some(level), true) = (path.level(), path.is_partial()) {
                let hashes = bytes.as_chunks().0.iter().map(|hash| Hash::from(*hash));
                right.tiles.insert(level, hashes.collect());
            }
        }
        if let Some(path) = TilePath::partial_bundle(size) {
            let bytes = read(path).ok_or(EdgeError::Missing(path))?;
            let entries =
                decode_entries(&bytes, path.width()).map_err(|_| EdgeError::Tile(path))?;
            right.entries = entries.into_iter().map(<[u8]>::to_vec).collect();
        }
        Ok((right, tiles))
    }

    /// Checks that the entries are those that the tiles have the hashes of.
    pub(super) fn check_entries(&self) -> Result<(), EdgeError> {
        let entries = self.entries.iter().map(|entry| Hash::leaf(entry));
        let hashes = self.tiles.get(&0).into_iter().flatten().copied();
        match TilePath::partial_bundle(self.size) {
            Some(path) if !entries.eq(hashes) => Err(EdgeError::Entries(path)),
            _ => Ok(()),
        }
    }

    /// Adds a leaf and the nodes it completed. It returns where the leaf is, and the files that are
    /// full with it.
    pub(super) fn push(
        &mut self,
        leaf: &[u8],
        nodes: &[(NodeId, Hash)],
        full: &mut BTreeMap<TilePath, Vec<u8>>,
    ) -> Span {
        let before: usize = self.entries.iter().map(|entry| entry.len() + 2).sum();
        let span = Span {
            start: before as u64 + 2,
            length: leaf.len() as u64,
        };
        self.entries.push(leaf.to_vec());
        let index = self.size / u64::from(ENTRIES_PER_BUNDLE);
        self.size += 1;
        if self.entries.len() == usize::from(ENTRIES_PER_BUNDLE) {
            let path = TilePath::entries(index, ENTRIES_PER_BUNDLE);
            let entries = std::mem::take(&mut self.entries);
            full.extend(path.map(|path| (path, bundle(&entries))));
        }
        for (id, hash) in nodes.iter().filter(|(id, _)| id.level % 8 == 0) {
            let level = id.level / 8;
            let tile = self.tiles.entry(level).or_default();
            tile.push(*hash);
            if tile.len() == usize::from(ENTRIES_PER_BUNDLE) {
                let index = id.index / u64::from(ENTRIES_PER_BUNDLE);
                let path = TilePath::hashes(level, index, ENTRIES_PER_BUNDLE);
                let hashes = std::mem::take(tile);
                full.extend(path.map(|path| (path, row(&hashes))));
            }
        }
        span
    }

    /// The partial files.
    pub(super) fn partial(&self) -> impl Iterator<Item = (TilePath, Vec<u8>)> {
        let tiles = TilePath::partial_tiles(self.size).filter_map(|path| {
            let hashes = self.tiles.get(&path.level()?)?;
            Some((path, row(hashes)))
        });
        let entries = TilePath::partial_bundle(self.size);
        let entries = entries.map(|path| (path, bundle(&self.entries)));
        tiles.chain(entries)
    }

    /// The tiles of hashes at the edge.
    pub(super) fn tiles(&self) -> Tiles {
        let mut tiles = Tiles::new();
        for (path, bytes) in self.partial().filter(|(path, _)| path.level().is_some()) {
            // They were made of hashes: they are as long as they should be, and each is there once.
            let _ = tiles.insert(path, &bytes);
        }
        tiles
    }
}

fn row(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Records have at most 65,535 bytes, so this cannot be refused; if it were, what is staged would
/// not be what is read back, and nothing would be signed.
fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    encode_entries(entries).unwrap_or_default()
}
