//! The joint inclusion proof of several leaves of one log, in which no hash comes twice.
//!
//! From the root of the tree of RFC 6962 downward: a subtree without any of the leaves gives its
//! hash; of another, the left child comes first, then the right; one of the leaves gives nothing.
//! docs/joint-proof.md specifies it.

use super::{Nodes, ProofError, ProveError, check_length, check_root, read_all, tiles_for};
use crate::log::hash::Hash;
use crate::log::tile::TilePath;
use crate::log::tree::Span;
use std::collections::BTreeSet;
use std::slice;

/// The joint inclusion proof of the leaves with these indices in a log of `size` leaves: at most
/// 64 hashes for each leaf.
///
/// # Errors
///
/// [`ProofError::NoLeaves`], [`ProofError::OutsideLog`], [`ProofError::RepeatedLeaf`] or
/// [`ProofError::LeavesOutOfOrder`] unless the indices increase and are less than `size`; or a node
/// cannot be read.
pub fn prove_inclusions<N: Nodes + ?Sized>(
    nodes: &N,
    indices: &[u64],
    size: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    read_all(nodes, spans_beside(indices, size)?)
}

/// The tiles of a log of `size` leaves from which [`prove_inclusions`] makes the proof.
///
/// # Errors
///
/// As [`prove_inclusions`], but for nodes.
pub fn tiles_for_inclusions(indices: &[u64], size: u64) -> Result<BTreeSet<TilePath>, ProofError> {
    Ok(tiles_for(spans_beside(indices, size)?, size))
}

/// Checks that the log of `size` leaves with this root has leaves of these hashes at these indices.
///
/// Size and root must come from one checkpoint: the proof alone does not bind the size. It computes
/// at most 64 hashes for each leaf.
///
/// # Errors
///
/// [`ProofError::NoLeaves`], [`ProofError::OutsideLog`], [`ProofError::RepeatedLeaf`] or
/// [`ProofError::LeavesOutOfOrder`] unless the indices increase and are less than `size`;
/// [`ProofError::MissingHashes`], [`ProofError::ExtraHashes`], or [`ProofError::RootDiffers`] if
/// anything else is not so.
pub fn verify_inclusions(
    leaves: &[(u64, Hash)],
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let indices: Vec<u64> = leaves.iter().map(|(index, _)| *index).collect();
    check_indices(&indices, size)?;
    let mut expected = 0_usize;
    visit_beside(Span::log(size), &indices, &mut |_| {
        expected = expected.saturating_add(1);
    });
    check_length(proof, expected)?;
    let found = proof.len();
    let computed = join_leaves(Span::log(size), leaves, &mut proof.iter())
        .ok_or(ProofError::MissingHashes { expected, found })?;
    check_root(size, root, computed)
}

/// The subtrees without any of the leaves whose parents have one, from left to right.
fn spans_beside(indices: &[u64], size: u64) -> Result<Vec<Span>, ProofError> {
    check_indices(indices, size)?;
    let mut spans = vec![];
    visit_beside(Span::log(size), indices, &mut |span| spans.push(span));
    Ok(spans)
}

fn check_indices(indices: &[u64], size: u64) -> Result<(), ProofError> {
    if indices.is_empty() {
        return Err(ProofError::NoLeaves);
    }
    for (&before, &index) in indices.iter().zip(indices.iter().skip(1)) {
        if index == before {
            return Err(ProofError::RepeatedLeaf { index });
        }
        if index < before {
            return Err(ProofError::LeavesOutOfOrder { before, index });
        }
    }
    match indices.last() {
        Some(&index) if index >= size => Err(ProofError::OutsideLog { index, size }),
        _ => Ok(()),
    }
}

fn visit_beside(span: Span, indices: &[u64], visit: &mut impl FnMut(Span)) {
    if indices.is_empty() {
        visit(span);
    } else if let Some((left, right)) = span.split() {
        let middle = indices.partition_point(|index| *index < right.start);
        let (on_left, on_right) = indices.split_at(middle);
        visit_beside(left, on_left, visit);
        visit_beside(right, on_right, visit);
    }
}

/// The hash of the subtree; `None` if the proof has too few hashes.
fn join_leaves(
    span: Span,
    leaves: &[(u64, Hash)],
    proof: &mut slice::Iter<'_, Hash>,
) -> Option<Hash> {
    if leaves.is_empty() {
        return proof.next().copied();
    }
    let Some((left, right)) = span.split() else {
        return leaves.first().map(|(_, hash)| *hash);
    };
    let middle = leaves.partition_point(|(index, _)| *index < right.start);
    let (on_left, on_right) = leaves.split_at(middle);
    let left = join_leaves(left, on_left, proof)?;
    let right = join_leaves(right, on_right, proof)?;
    Some(Hash::node(&left, &right))
}
