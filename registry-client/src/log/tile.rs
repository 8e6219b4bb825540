//! Tiles of hashes and their paths, as [tlog-tiles] v0.1.0 has them.
//!
//! [tlog-tiles]: https://c2sp.org/tlog-tiles@v0.1.0

use super::hash::Hash;
use super::proof::Nodes;
use super::tree::NodeId;
use crate::text;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The number of hashes in a full tile, and of entries in a full entry bundle.
pub const HASHES_PER_TILE: u16 = 256;

/// The largest level of a tile that can be written; a log of at most `u64::MAX` leaves has 0 to 7.
const MAX_LEVEL: u8 = 63;

/// The levels that a log of at most `u64::MAX` leaves can have.
const LEVELS: u8 = 8;

/// The path of a tile of hashes or of an entry bundle, below the prefix of a log.
///
/// Its text form is that of tlog-tiles: `tile/0/x001/x234/067`, with `.p/112` after it if the tile
/// is partial, and `tile/entries/…` for an entry bundle. There is one spelling for each path.
///
/// ```
/// use tenon_registry_client::log::TilePath;
///
/// let path: TilePath = "tile/0/x001/x234/067.p/112".parse()?;
/// assert_eq!(path.level(), Some(0));
/// assert_eq!(path.index(), 1_234_067);
/// assert_eq!(path.width(), 112);
/// assert_eq!(path.full().to_string(), "tile/0/x001/x234/067");
/// # Ok::<(), tenon_registry_client::log::TilePathError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// At most [`MAX_LEVEL`]; `None` for entries.
    level: Option<u8>,
    index: u64,
    /// From 1 to [`HASHES_PER_TILE`].
    width: u16,
}

/// Why a text is no path of a tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not the path of a tile", text::excerpt(.0))]
pub struct TilePathError(String);

impl TilePath {
    /// The tile of hashes with this index in this level.
    ///
    /// `None` unless the level is at most 63 and the width from 1 to 256.
    pub fn hashes(level: u8, index: u64, width: u16) -> Option<TilePath> {
        (level <= MAX_LEVEL && is_width(width)).then_some(TilePath {
            level: Some(level),
            index,
            width,
        })
    }

    /// The entry bundle with this index; `None` unless the width is from 1 to 256.
    pub fn entries(index: u64, width: u16) -> Option<TilePath> {
        is_width(width).then_some(TilePath {
            level: None,
            index,
            width,
        })
    }

    /// The level of a tile of hashes, 0 to 63; `None` for an entry bundle.
    pub fn level(self) -> Option<u8> {
        self.level
    }

    /// The number of tiles of the same level to the left.
    pub fn index(self) -> u64 {
        self.index
    }

    /// The number of hashes or entries, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it has less than 256 hashes or entries.
    pub fn is_partial(self) -> bool {
        self.width < HASHES_PER_TILE
    }

    /// The full tile of the same level and index, which a log may serve in place of a partial one.
    pub fn full(self) -> TilePath {
        TilePath {
            width: HASHES_PER_TILE,
            ..self
        }
    }

    /// The index of the first leaf below it; `None` if no log can have it.
    pub fn start(self) -> Option<u64> {
        let row = self.index.checked_mul(HASHES_PER_TILE.into())?;
        row.checked_mul(self.leaves_per_hash()?)
    }

    /// The index after the last leaf below it; `None` if no log can have it.
    ///
    /// That of a full tile is what tlog-tiles calls the end index.
    pub fn end(self) -> Option<u64> {
        let leaves = self.leaves_per_hash()?.checked_mul(self.width.into())?;
        self.start()?.checked_add(leaves)
    }

    fn leaves_per_hash(self) -> Option<u64> {
        1_u64.checked_shl(u32::from(self.level.unwrap_or(0)).checked_mul(8)?)
    }

    /// The tiles of hashes of a log of this size: full and partial ones, the lowest level first.
    pub fn tiles(size: u64) -> impl Iterator<Item = TilePath> {
        TilePath::tiles_between(0, size)
    }

    /// The tiles of hashes that a log of size `new` has and that a log of size `old` had not.
    pub fn tiles_between(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
        (0..LEVELS).flat_map(move |level| row(Some(level), old, new))
    }

    /// The entry bundles of a log of this size.
    pub fn bundles(size: u64) -> impl Iterator<Item = TilePath> {
        TilePath::bundles_between(0, size)
    }

    /// The entry bundles that a log of size `new` has and that a log of size `old` had not.
    pub fn bundles_between(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
        row(None, old, new)
    }

    /// The partial tiles of hashes of a log of this size, the lowest level first; at most 8.
    pub fn partial_tiles(size: u64) -> impl Iterator<Item = TilePath> {
        (0..LEVELS).filter_map(move |level| partial(Some(level), size))
    }

    /// The partial entry bundle of a log of this size, if it has one.
    pub fn partial_bundle(size: u64) -> Option<TilePath> {
        partial(None, size)
    }

    /// The tile whose row has the node or, by hashing, gives it, in a log of this size.
    ///
    /// It is full if that log has the full tile. `None` if that log has not all the node's leaves.
    pub fn covering(node: NodeId, size: u64) -> Option<TilePath> {
        if node.leaves()?.end > size {
            return None;
        }
        let (level, index, _) = place(node)?;
        at(Some(level), index, size)
    }

    /// The same tile as a log of this size has it, if it has it: full, or as wide as it is by then.
    pub fn at(self, size: u64) -> Option<TilePath> {
        at(self.level, self.index, size)
    }

    /// The entry bundle that has the entry with this index, in a log of this size.
    ///
    /// `None` if that log has no such entry.
    pub fn bundle_of(index: u64, size: u64) -> Option<TilePath> {
        (index < size)
            .then(|| at(None, index / u64::from(HASHES_PER_TILE), size))
            .flatten()
    }
}

fn is_width(width: u16) -> bool {
    (1..=HASHES_PER_TILE).contains(&width)
}

/// Where a node is found: the level and the index of its tile, and the hashes of that tile it
/// covers.
fn place(node: NodeId) -> Option<(u8, u64, std::ops::Range<usize>)> {
    let height = u32::from(node.level % 8);
    let index = node.index.checked_shr(8_u32.checked_sub(height)?)?;
    let in_tile = node.index & 0xff_u64.checked_shr(height)?;
    let first = usize::try_from(in_tile.checked_shl(height)?).ok()?;
    let end = first.checked_add(1_usize.checked_shl(height)?)?;
    Some((node.level / 8, index, first..end))
}

/// The number of full tiles in a level of a log, and the width of the partial one, if not 0.
fn widths(level: Option<u8>, size: u64) -> (u64, u16) {
    let shift = u32::from(level.unwrap_or(0)).saturating_mul(8);
    let hashes = size.checked_shr(shift).unwrap_or(0);
    let width = u64::from(HASHES_PER_TILE);
    // A remainder by 256 fits.
    (hashes / width, u16::try_from(hashes % width).unwrap_or(0))
}

fn partial(level: Option<u8>, size: u64) -> Option<TilePath> {
    let (index, width) = widths(level, size);
    (width > 0).then_some(TilePath {
        level,
        index,
        width,
    })
}

fn at(level: Option<u8>, index: u64, size: u64) -> Option<TilePath> {
    if index < widths(level, size).0 {
        let width = HASHES_PER_TILE;
        return Some(TilePath {
            level,
            index,
            width,
        });
    }
    partial(level, size).filter(|partial| partial.index == index)
}

fn row(level: Option<u8>, old: u64, new: u64) -> impl Iterator<Item = TilePath> {
    let ((had, _), (has, _)) = (widths(level, old), widths(level, new));
    let full = (had..has).map(move |index| TilePath {
        level,
        index,
        width: HASHES_PER_TILE,
    });
    let last = partial(level, new).filter(|_| widths(level, old) < widths(level, new));
    full.chain(last)
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}")?,
            None => f.write_str("tile/entries")?,
        }
        let mut rest = self.index / 1000;
        let mut elements = vec![];
        while rest > 0 {
            elements.push(rest % 1000);
            rest /= 1000;
        }
        for element in elements.iter().rev() {
            write!(f, "/x{element:03}")?;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_partial() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_path(text).ok_or_else(|| TilePathError(text.to_owned()))
    }
}

fn parse_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => {
            let width = text::from_decimal(width)?.try_into().ok()?;
            (index, Some(width).filter(|width| *width < HASHES_PER_TILE)?)
        }
        None => (rest, HASHES_PER_TILE),
    };
    let index = parse_index(index)?;
    match kind {
        "entries" => TilePath::entries(index, width),
        level => TilePath::hashes(text::from_decimal(level)?.try_into().ok()?, index, width),
    }
}

fn parse_index(text: &str) -> Option<u64> {
    let (high, low) = match text.rsplit_once('/') {
        Some((high, low)) => (Some(high), low),
        None => (None, text),
    };
    let mut index = 0_u64;
    for element in high.into_iter().flat_map(|high| high.split('/')) {
        let thousands = parse_element(element.strip_prefix('x')?)?;
        index = index.checked_mul(1000)?.checked_add(thousands)?;
        if index == 0 {
            return None;
        }
    }
    index.checked_mul(1000)?.checked_add(parse_element(low)?)
}

fn parse_element(text: &str) -> Option<u64> {
    let three_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    three_digits.then(|| text.parse().ok()).flatten()
}

/// Tiles that were fetched, from which the nodes of the tree are read or computed.
///
/// Nothing says that what was fetched belongs to the log. What is computed from it does once a
/// proof made of it, or its root, is verified against a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct Tiles(BTreeMap<(u8, u64), Vec<Hash>>);

/// Why bytes are not the tile they were fetched as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The length is not 32 bytes for each hash.
    #[error("{path} has {found} bytes instead of {expected}")]
    Length {
        /// The tile.
        path: TilePath,
        /// 32 times its width.
        expected: usize,
        /// The number of bytes given.
        found: usize,
    },
    /// The path is that of an entry bundle.
    #[error("{path} is an entry bundle, not a tile of hashes")]
    Entries {
        /// The entry bundle.
        path: TilePath,
    },
    /// The same tile was inserted before, in the same or another width, with other hashes.
    #[error("{path} contradicts what was fetched of the same tile before")]
    Contradiction {
        /// The tile that was inserted second.
        path: TilePath,
    },
}

/// A node that none of the tiles gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no tile has {0}")]
pub struct MissingNode(pub NodeId);

impl Tiles {
    /// No tiles.
    pub fn new() -> Tiles {
        Tiles::default()
    }

    /// Takes the bytes of a tile of hashes: `width` times 32 bytes.
    ///
    /// Of a tile that comes in several widths, the widest is kept. It allocates what it is given,
    /// at most 8,192 bytes.
    ///
    /// # Errors
    ///
    /// [`TileError`], if the path is of entries, the length is wrong, or the hashes are not those
    /// that were inserted for the same tile before. The tiles are unchanged then.
    pub fn insert(&mut self, path: TilePath, bytes: &[u8]) -> Result<(), TileError> {
        let Some(level) = path.level else {
            return Err(TileError::Entries { path });
        };
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(path.width) || !rest.is_empty() {
            return Err(TileError::Length {
                path,
                expected: usize::from(path.width).saturating_mul(32),
                found: bytes.len(),
            });
        }
        let hashes: Vec<Hash> = hashes.iter().map(|hash| Hash::from(*hash)).collect();
        let known = self.0.entry((level, path.index)).or_default();
        if known.iter().zip(&hashes).any(|(known, hash)| known != hash) {
            return Err(TileError::Contradiction { path });
        }
        if known.len() < hashes.len() {
            *known = hashes;
        }
        Ok(())
    }
}

impl Nodes for Tiles {
    type Error = MissingNode;

    fn node(&self, id: NodeId) -> Result<Hash, MissingNode> {
        place(id)
            .and_then(|(level, index, hashes)| self.0.get(&(level, index))?.get(hashes))
            .and_then(complete)
            .ok_or(MissingNode(id))
    }
}

/// The hash above a power of two of neighbouring nodes of one level; `None` of none.
fn complete(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [hash] => Some(*hash),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(Hash::node(&complete(left)?, &complete(right)?))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test may stop where it fails")]

    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for right in [
            "tile/0/000",
            "tile/0/999",
            "tile/0/x001/000",
            "tile/0/x001/x234/067",
            "tile/0/x001/x234/067.p/112",
            "tile/63/000.p/1",
            "tile/7/x018/x446/x744/x073/x709/x551/615.p/255",
            "tile/entries/000",
            "tile/entries/x273/000.p/112",
        ] {
            let path: TilePath = right.parse().expect(right);
            assert_eq!(path.to_string(), right);
        }
        for wrong in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile//000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/1000",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/x000/x001/001",
            "tile/0/001/067",
            "tile/0/x001/234/067",
            "tile/0/x001/x067",
            "tile/0/X001/067",
            "tile/0/xx01/067",
            "tile/0/x001//067",
            "tile/0/x01/067",
            "tile/0/+01",
            "tile/0/-01",
            "tile/0/ 01",
            "tile/0/٠٠١",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/65537",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/000.p",
            "tile/0/000.P/1",
            "tile/64/000",
            "tile/256/000",
            "tile/00/000",
            "tile/01/000",
            "tile/-1/000",
            "tile/Entries/000",
            "tile/entries",
            "tile/entries/",
            "tile/data/000",
        ] {
            let error = wrong.parse::<TilePath>().expect_err(wrong);
            assert_eq!(
                error.to_string(),
                format!("`{wrong}` is not the path of a tile")
            );
        }
    }

    #[test]
    fn the_leaves_below_a_tile() {
        let leaves = |text: &str| {
            let path: TilePath = text.parse().expect(text);
            path.start().zip(path.end())
        };
        assert_eq!(leaves("tile/0/273.p/112"), Some((69_888, 70_000)));
        assert_eq!(leaves("tile/entries/001"), Some((256, 512)));
        assert_eq!(leaves("tile/1/001.p/17"), Some((65_536, 69_888)));
        assert_eq!(leaves("tile/7/000.p/255"), Some((0, 255 << 56)));
        assert_eq!(leaves("tile/7/000"), None);
        assert_eq!(leaves("tile/7/001"), None);
        assert_eq!(leaves("tile/8/000.p/1"), None);
        assert_eq!(leaves("tile/63/000.p/1"), None);
    }

    #[test]
    fn the_tiles_of_the_largest_log() {
        let partial: Vec<TilePath> = TilePath::partial_tiles(u64::MAX).collect();
        assert_eq!(partial.len(), 8);
        assert!(partial.iter().all(|path| path.width() == 255));
        assert_eq!(partial.last().and_then(|path| path.end()), Some(255 << 56));
        let last = TilePath::bundle_of(u64::MAX - 1, u64::MAX).expect("a log has its last entry");
        assert_eq!(last.end(), Some(u64::MAX));
        assert_eq!(TilePath::bundle_of(u64::MAX, u64::MAX), None);
        let beyond = NodeId {
            level: 63,
            index: 1,
        };
        assert_eq!(TilePath::covering(beyond, u64::MAX), None);
        assert_eq!(Tiles::new().node(beyond), Err(MissingNode(beyond)));
        for level in [64, 255] {
            let beyond = NodeId { level, index: 0 };
            assert_eq!(TilePath::covering(beyond, u64::MAX), None);
            assert_eq!(Tiles::new().node(beyond), Err(MissingNode(beyond)));
        }
    }

    #[test]
    fn growing_adds_what_the_smaller_log_had_not() {
        for (old, new) in [
            (0, 1),
            (255, 256),
            (256, 256),
            (256, 257),
            (1000, 70_000),
            (9, 3),
        ] {
            let had: Vec<_> = TilePath::tiles(old).chain(TilePath::bundles(old)).collect();
            let added: Vec<_> = TilePath::tiles_between(old, new)
                .chain(TilePath::bundles_between(old, new))
                .collect();
            let expected: Vec<_> = TilePath::tiles(new)
                .chain(TilePath::bundles(new))
                .filter(|path| new > old && !had.contains(path))
                .collect();
            assert_eq!(added, expected, "{old} {new}");
        }
    }

    #[test]
    fn a_tile_is_taken_once_and_whole() {
        let mut tiles = Tiles::new();
        let path = |text: &str| text.parse::<TilePath>().expect(text);
        let two = path("tile/0/000.p/2");
        let error = |path, expected, found| {
            Err(TileError::Length {
                path,
                expected,
                found,
            })
        };
        assert_eq!(tiles.insert(two, &[0; 63]), error(two, 64, 63));
        assert_eq!(tiles.insert(two, &[0; 65]), error(two, 64, 65));
        assert_eq!(tiles.insert(two, &[0; 96]), error(two, 64, 96));
        let entries = path("tile/entries/000.p/2");
        assert_eq!(
            tiles.insert(entries, &[0; 64]),
            Err(TileError::Entries { path: entries })
        );
        assert_eq!(tiles.insert(two, &[7; 64]), Ok(()));
        let three = path("tile/0/000.p/3");
        assert_eq!(
            tiles.insert(three, &[8; 96]),
            Err(TileError::Contradiction { path: three })
        );
        assert_eq!(tiles.insert(three, &[7; 96]), Ok(()));
        assert_eq!(tiles.insert(two, &[7; 64]), Ok(()));
        let third = NodeId { level: 0, index: 2 };
        assert_eq!(tiles.node(third), Ok(Hash::from([7; 32])));
    }
}
