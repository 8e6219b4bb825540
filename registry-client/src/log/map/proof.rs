//! What a map says about one key.

use super::{Head, MapKey, MapProofError};
use super::{empty_hash, inner_hash, leaf_hash};
use crate::log::Hash;

/// A proof that a map has a head for a key, or none.
///
/// It does not name the key: the verifier says which one it is about, and takes from it the side
/// at every step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapProof {
    /// The inner nodes from the root down.
    pub steps: Vec<MapStep>,
    /// What the last of them, or the root itself, leads to.
    pub end: MapEnd,
}

/// An inner node on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapStep {
    /// The bit of the key that says which side the path takes.
    pub position: u8,
    /// The hash of the other side.
    pub sibling: Hash,
}

/// Where a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapEnd {
    /// At the leaf of the key, which has this head.
    Present(Head),
    /// At the leaf of another key, so the key is absent.
    Other(MapKey, Head),
    /// In a map without keys.
    Empty,
}

impl MapProof {
    /// What the map with the root `root` says about `key`: its head, or that it has none.
    ///
    /// Work and memory are bounded by 256 steps, however many the proof has.
    ///
    /// # Errors
    ///
    /// The proof is refused if a position is not above the one before it, if it has steps and ends
    /// in an empty map, if the leaf of the other key is that of `key` or does not lie on the path,
    /// or if it leads to another root.
    pub fn verify(&self, root: &Hash, key: &MapKey) -> Result<Option<Head>, MapProofError> {
        if !self.steps.is_sorted_by(|a, b| a.position < b.position) {
            return Err(MapProofError::PositionsNotIncreasing);
        }
        let end = match self.end {
            MapEnd::Empty if !self.steps.is_empty() => return Err(MapProofError::StepsInEmptyMap),
            MapEnd::Empty => empty_hash(),
            MapEnd::Present(head) => leaf_hash(key, &head),
            MapEnd::Other(other, _) if other == *key => {
                return Err(MapProofError::OtherKeyIsTarget);
            }
            MapEnd::Other(other, head) => {
                let mut positions = self.steps.iter().map(|step| step.position);
                if positions.any(|position| other.bit(position) != key.bit(position)) {
                    return Err(MapProofError::OtherKeyOffPath);
                }
                leaf_hash(&other, &head)
            }
        };
        if climb(self.steps.iter(), key, end) != *root {
            return Err(MapProofError::RootDiffers);
        }
        Ok(self.end.head())
    }

    /// The root of the map once `key` has the head `new`, if nothing else changes in the map with
    /// the root `root`.
    ///
    /// This needs no map: it follows from the path, for a key that is present and for one that is
    /// absent.
    ///
    /// # Errors
    ///
    /// As [`MapProof::verify`].
    pub fn root_after(&self, root: &Hash, key: &MapKey, new: Head) -> Result<Hash, MapProofError> {
        self.verify(root, key)?;
        let leaf = leaf_hash(key, &new);
        let MapEnd::Other(other, head) = self.end else {
            return Ok(climb(self.steps.iter(), key, leaf));
        };
        let split = other
            .first_difference(key)
            .ok_or(MapProofError::OtherKeyIsTarget)?;
        // No step is at `split`: the two keys agree at every step, as was verified.
        let above = self.steps.iter().filter(|step| step.position < split);
        let below = self.steps.iter().filter(|step| step.position > split);
        let beside = MapStep {
            position: split,
            sibling: climb(below, key, leaf_hash(&other, &head)),
        };
        Ok(climb(above, key, beside.over(key, &leaf)))
    }
}

impl MapStep {
    /// The hash of the inner node, whose side for `key` has the hash `near`.
    pub(super) fn over(&self, key: &MapKey, near: &Hash) -> Hash {
        if key.bit(self.position) {
            inner_hash(self.position, &self.sibling, near)
        } else {
            inner_hash(self.position, near, &self.sibling)
        }
    }
}

impl MapEnd {
    /// The end that a leaf is for a path to `key`.
    pub(super) fn of(key: &MapKey, leaf: MapKey, head: Head) -> MapEnd {
        if leaf == *key {
            MapEnd::Present(head)
        } else {
            MapEnd::Other(leaf, head)
        }
    }

    /// The head of the key that the path is for.
    pub fn head(&self) -> Option<Head> {
        match self {
            MapEnd::Present(head) => Some(*head),
            MapEnd::Other(..) | MapEnd::Empty => None,
        }
    }
}

/// The hash of the top of the steps, if what they lead to has the hash `end`.
fn climb<'a>(steps: impl DoubleEndedIterator<Item = &'a MapStep>, key: &MapKey, end: Hash) -> Hash {
    steps.rev().fold(end, |hash, step| step.over(key, &hash))
}
