//! The inclusion proof of one leaf, as [RFC 6962] has it; [RFC 9162] keeps its order.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1
//! [RFC 9162]: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3

use super::{Nodes, ProofError, ProveError, check_length, check_root, read_all, tiles_for};
use crate::log::hash::Hash;
use crate::log::tile::TilePath;
use crate::log::tree::Span;
use std::collections::BTreeSet;

/// The inclusion proof of the leaf `index` in a log of `size` leaves, from the sibling of the leaf
/// to the child of the root: at most 64 hashes.
///
/// # Errors
///
/// [`ProofError::OutsideLog`], or a node cannot be read.
pub fn prove_inclusion<N: Nodes + ?Sized>(
    nodes: &N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    read_all(nodes, siblings(index, size)?)
}

/// The tiles of a log of `size` leaves from which [`prove_inclusion`] makes the proof.
///
/// # Errors
///
/// [`ProofError::OutsideLog`].
pub fn tiles_for_inclusion(index: u64, size: u64) -> Result<BTreeSet<TilePath>, ProofError> {
    Ok(tiles_for(siblings(index, size)?, size))
}

/// Checks that the log of `size` leaves with this root has a leaf of this hash at `index`.
///
/// Size and root must come from one checkpoint: the proof alone does not bind the size.
///
/// # Errors
///
/// [`ProofError::OutsideLog`], [`ProofError::MissingHashes`], [`ProofError::ExtraHashes`], or
/// [`ProofError::RootDiffers`] if anything else is not so.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let siblings = siblings(index, size)?;
    check_length(proof, siblings.len())?;
    let computed = siblings
        .iter()
        .zip(proof)
        .fold(*leaf, |hash, (span, sibling)| {
            if span.start > index {
                Hash::node(&hash, sibling)
            } else {
                Hash::node(sibling, &hash)
            }
        });
    check_root(size, root, computed)
}

/// The subtrees beside the way from the leaf up to the root.
fn siblings(index: u64, size: u64) -> Result<Vec<Span>, ProofError> {
    if index >= size {
        return Err(ProofError::OutsideLog { index, size });
    }
    let mut span = Span::log(size);
    let mut siblings = vec![];
    while let Some((left, right)) = span.split() {
        let (way, sibling) = if index < right.start {
            (left, right)
        } else {
            (right, left)
        };
        siblings.push(sibling);
        span = way;
    }
    siblings.reverse();
    Ok(siblings)
}
