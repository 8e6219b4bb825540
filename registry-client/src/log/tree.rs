//! The tree of a log as [RFC 6962] draws it: the numbers of its nodes, and its right edge.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1

use super::hash::Hash;
use std::fmt;
use std::ops::Range;

/// A node whose subtree is complete: it covers `2^level` leaves, from `index * 2^level` on.
///
/// Level 0 is the leaves. The hash of such a node stays the same however the log grows. A log has
/// at most `u64::MAX` leaves, so the levels of its nodes are 0 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The height above the leaves.
    pub level: u8,
    /// The number of nodes of the same level to the left.
    pub index: u64,
}

impl NodeId {
    /// The indices of the leaves it covers; `None` if no log can have them all.
    pub fn leaves(self) -> Option<Range<u64>> {
        let count = 1_u64.checked_shl(self.level.into())?;
        let start = self.index.checked_mul(count)?;
        Some(start..start.checked_add(count)?)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} of level {}", self.index, self.level)
    }
}

/// The right edge of a log: its size, and the hashes of its complete subtrees.
///
/// It is all that is needed to append leaves and to compute roots: at most 64 hashes.
///
/// ```
/// use tenon_registry_client::log::{Edge, Hash};
///
/// let mut edge = Edge::new();
/// assert_eq!(edge.root(), Hash::empty());
/// let (left, right) = (Hash::leaf(b"a"), Hash::leaf(b"b"));
/// edge.push(left)?;
/// let completed = edge.push(right)?;
/// assert_eq!(completed.len(), 2);
/// assert_eq!(edge.root(), Hash::node(&left, &right));
/// # Ok::<(), tenon_registry_client::log::EdgeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// One per set bit of the size, the largest subtree first.
    roots: Vec<Hash>,
}

/// Why an edge cannot be built or pushed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// The log has `u64::MAX` leaves already.
    #[error("the log is full: it has {} leaves", u64::MAX)]
    Full,
    /// The number of hashes is not the number of complete subtrees in a log of this size.
    #[error("a log of size {size} has {expected} complete subtrees, but {found} hashes are given")]
    Count {
        /// The size of the log.
        size: u64,
        /// How many complete subtrees such a log has.
        expected: usize,
        /// How many hashes were given.
        found: usize,
    },
}

impl Edge {
    /// The edge of a log without leaves.
    pub fn new() -> Edge {
        Edge::default()
    }

    /// The edge of a log of `size` leaves, from the hashes that [`Edge::nodes`] gave.
    ///
    /// # Errors
    ///
    /// [`EdgeError::Count`] unless there is one hash for each set bit of `size`.
    pub fn from_nodes(size: u64, hashes: Vec<Hash>) -> Result<Edge, EdgeError> {
        let expected = Span::log(size).nodes().count();
        let found = hashes.len();
        if found != expected {
            return Err(EdgeError::Count {
                size,
                expected,
                found,
            });
        }
        Ok(Edge {
            size,
            roots: hashes,
        })
    }

    /// The edge of a log of `size` leaves, of which the hashes are read.
    ///
    /// # Errors
    ///
    /// A hash cannot be read.
    pub fn read<N: super::Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Edge, N::Error> {
        let roots = Span::log(size).nodes().map(|id| nodes.node(id));
        let roots = roots.collect::<Result<_, _>>()?;
        Ok(Edge { size, roots })
    }

    /// Appends a leaf, and returns the nodes that it completes, from the leaf itself upward.
    ///
    /// A node whose level is a multiple of 8 is a hash in a tile of level `level / 8`.
    ///
    /// # Errors
    ///
    /// [`EdgeError::Full`] if the size cannot grow; the edge is unchanged then.
    pub fn push(&mut self, leaf: Hash) -> Result<Vec<(NodeId, Hash)>, EdgeError> {
        let size = self.size.checked_add(1).ok_or(EdgeError::Full)?;
        let mut hash = leaf;
        let mut id = NodeId {
            level: 0,
            index: self.size,
        };
        let mut completed = vec![(id, hash)];
        while id.index % 2 == 1 {
            let Some(left) = self.roots.pop() else { break };
            hash = Hash::node(&left, &hash);
            id = NodeId {
                level: id.level.saturating_add(1),
                index: id.index / 2,
            };
            completed.push((id, hash));
        }
        self.roots.push(hash);
        self.size = size;
        Ok(completed)
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the log: `MTH(D[0:size])`, for size 0 [`Hash::empty`].
    pub fn root(&self) -> Hash {
        join(self.roots.iter().copied()).unwrap_or_else(Hash::empty)
    }

    /// The complete subtrees that make up the log, the largest, which is the leftmost, first.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, Hash)> + '_ {
        Span::log(self.size).nodes().zip(self.roots.iter().copied())
    }
}

/// The hash above neighbouring subtrees, each of which is larger than all to its right together.
pub(super) fn join(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes.rev().reduce(|right, left| Hash::node(&left, &right))
}

/// The leaves `start..end` as a subtree of some log; complete unless it is at the right edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Span {
    /// All leaves of a log.
    pub(super) fn log(size: u64) -> Span {
        Span {
            start: 0,
            end: size,
        }
    }

    /// The two subtrees below: the left one has the largest power of two that is less than all.
    ///
    /// `None` for a leaf, and for nothing.
    pub(super) fn split(self) -> Option<(Span, Span)> {
        let leaves = self.end.checked_sub(self.start)?;
        let level = leaves.checked_sub(1)?.checked_ilog2()?;
        let middle = self.start.checked_add(1_u64.checked_shl(level)?)?;
        let left = Span {
            start: self.start,
            end: middle,
        };
        let right = Span {
            start: middle,
            end: self.end,
        };
        Some((left, right))
    }

    /// The complete subtrees that make it up, the largest first; at most 64.
    pub(super) fn nodes(self) -> impl Iterator<Item = NodeId> {
        let mut start = self.start;
        std::iter::from_fn(move || {
            let level = self.end.checked_sub(start)?.checked_ilog2()?;
            let index = start.checked_shr(level)?;
            start = start.checked_add(1_u64.checked_shl(level)?)?;
            let level = level.try_into().ok()?;
            Some(NodeId { level, index })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test may stop where it fails")]

    use super::*;

    #[test]
    fn a_node_that_no_log_has_covers_no_leaves() {
        let leaves = |level, index| NodeId { level, index }.leaves();
        assert_eq!(leaves(0, 7), Some(7..8));
        assert_eq!(leaves(3, 2), Some(16..24));
        assert_eq!(leaves(63, 0), Some(0..1 << 63));
        for (level, index) in [(63, 1), (64, 0), (255, 0), (0, u64::MAX), (8, 1 << 56)] {
            assert_eq!(leaves(level, index), None, "{level} {index}");
        }
    }

    #[test]
    fn the_largest_log_has_64_complete_subtrees_and_is_full() {
        let hashes = vec![Hash::ZERO; 64];
        let full = Edge::from_nodes(u64::MAX, hashes.clone());
        let mut full = full.expect("64 hashes for 64 bits");
        assert_eq!(full.nodes().count(), 64);
        assert_eq!(full.push(Hash::ZERO), Err(EdgeError::Full));
        assert_eq!(full.nodes().count(), 64);
        assert_eq!(
            Edge::from_nodes(u64::MAX - 1, hashes),
            Err(EdgeError::Count {
                size: u64::MAX - 1,
                expected: 63,
                found: 64
            })
        );
    }

    #[test]
    fn splitting_ends_at_the_leaves() {
        assert_eq!(Span::log(0).split(), None);
        assert_eq!(Span::log(1).split(), None);
        let mut span = Span::log(u64::MAX);
        let mut depth = 0;
        while let Some((_, right)) = span.split() {
            span = right;
            depth += 1;
        }
        assert_eq!((depth, span.start), (63, u64::MAX - 1));
    }
}
