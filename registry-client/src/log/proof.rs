//! Proofs about the leaves of a log: what is in it, and what it grew from.
//!
//! A proof is the hashes of subtrees, in an order that the indices and sizes determine. To make
//! one, first fetch the tiles that `tiles_for_…` names, then call `prove_…`; to check one, nothing
//! but the proof and a trusted root is needed. What is computed or allocated for a single leaf or
//! a pair of sizes is at most 65 hashes.

mod consistency;
mod inclusion;
mod joint;

pub use consistency::{prove_consistency, tiles_for_consistency, verify_consistency};
pub use inclusion::{prove_inclusion, tiles_for_inclusion, verify_inclusion};
pub use joint::{prove_inclusions, tiles_for_inclusions, verify_inclusions};

use super::hash::Hash;
use super::tile::{MissingNode, TilePath};
use super::tree::{NodeId, Span, join};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Where the hashes of complete subtrees are read.
pub trait Nodes {
    /// Why a hash cannot be read.
    type Error;

    /// The hash of a node that the log has.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not known here.
    fn node(&self, id: NodeId) -> Result<Hash, Self::Error>;
}

impl Nodes for BTreeMap<NodeId, Hash> {
    type Error = MissingNode;

    fn node(&self, id: NodeId) -> Result<Hash, MissingNode> {
        self.get(&id).copied().ok_or(MissingNode(id))
    }
}

/// Why a proof is refused, or cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The proof is too short.
    #[error("the proof has {found} hashes, less than the {expected} it needs")]
    MissingHashes {
        /// How many hashes it needs.
        expected: usize,
        /// How many hashes it has.
        found: usize,
    },
    /// The proof is too long.
    #[error("the proof has {found} hashes, more than the {expected} it needs")]
    ExtraHashes {
        /// How many hashes it needs.
        expected: usize,
        /// How many hashes it has.
        found: usize,
    },
    /// The log has no leaf of that index.
    #[error("there is no leaf {index} in a log of size {size}")]
    OutsideLog {
        /// The index asked for.
        index: u64,
        /// The size of the log.
        size: u64,
    },
    /// The proof leads to another root: the leaf, its index, the size or the proof is wrong.
    #[error("the proof gives {computed} as the root of size {size}, which is {expected}")]
    RootDiffers {
        /// The size of the log that has the root.
        size: u64,
        /// The root that was to be reached.
        expected: Hash,
        /// The root that the proof leads to.
        computed: Hash,
    },
    /// Two roots are given for one size: if both are signed, the log has shown two histories.
    #[error("there are two roots of size {size}: {old} and {new}")]
    TwoRoots {
        /// The size of both.
        size: u64,
        /// The one given as the old one.
        old: Hash,
        /// The one given as the new one.
        new: Hash,
    },
    /// The old log is larger than the new one.
    #[error("the old size, {old}, is more than the new size, {new}")]
    SizesOutOfOrder {
        /// The size of the old log.
        old: u64,
        /// The size of the new log.
        new: u64,
    },
    /// The old log is empty and the new one is not: every log grew from that, so nothing is proved.
    #[error("nothing proves that a log of size {new} grew from one of size 0")]
    NothingOld {
        /// The size of the new log.
        new: u64,
    },
    /// A leaf is given twice.
    #[error("leaf {index} is given twice")]
    RepeatedLeaf {
        /// Its index.
        index: u64,
    },
    /// The leaves are not in the order of their indices.
    #[error("leaf {index} is given after leaf {before}")]
    LeavesOutOfOrder {
        /// The index of the leaf given first.
        before: u64,
        /// The index of the leaf given next.
        index: u64,
    },
    /// No leaf is given: every log has none of its leaves, so nothing is proved.
    #[error("no leaves are given")]
    NoLeaves,
}

/// Why a proof cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError<E> {
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A hash cannot be read.
    #[error("cannot read {id}")]
    Node {
        /// The node.
        id: NodeId,
        /// Why not.
        source: E,
    },
}

/// The root of a log of this size; [`Hash::empty`] for size 0.
///
/// # Errors
///
/// [`ProveError::Node`] if one of the complete subtrees cannot be read.
pub fn compute_root<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash, ProveError<N::Error>> {
    read(nodes, Span::log(size))
}

/// The tiles from which [`compute_root`] computes the root of a log of this size; at most 8.
pub fn tiles_for_root(size: u64) -> BTreeSet<TilePath> {
    tiles_for([Span::log(size)], size)
}

fn tiles_for(spans: impl IntoIterator<Item = Span>, size: u64) -> BTreeSet<TilePath> {
    let nodes = spans.into_iter().flat_map(Span::nodes);
    nodes
        .filter_map(|node| TilePath::covering(node, size))
        .collect()
}

fn read_all<N: Nodes + ?Sized>(
    nodes: &N,
    spans: impl IntoIterator<Item = Span>,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    spans.into_iter().map(|span| read(nodes, span)).collect()
}

fn read<N: Nodes + ?Sized>(nodes: &N, span: Span) -> Result<Hash, ProveError<N::Error>> {
    let hash = |id| {
        nodes
            .node(id)
            .map_err(|source| ProveError::Node { id, source })
    };
    let hashes: Vec<Hash> = span.nodes().map(hash).collect::<Result<_, _>>()?;
    Ok(join(hashes.into_iter()).unwrap_or_else(Hash::empty))
}

fn check_length(proof: &[Hash], expected: usize) -> Result<(), ProofError> {
    let found = proof.len();
    match found.cmp(&expected) {
        Ordering::Less => Err(ProofError::MissingHashes { expected, found }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(ProofError::ExtraHashes { expected, found }),
    }
}

fn check_root(size: u64, expected: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *expected == computed {
        return Ok(());
    }
    Err(ProofError::RootDiffers {
        size,
        expected: *expected,
        computed,
    })
}
