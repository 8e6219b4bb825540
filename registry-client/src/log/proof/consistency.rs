//! The consistency proof of two sizes of a log, as [RFC 6962] has it; [RFC 9162] keeps its order.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1.2
//! [RFC 9162]: https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4

use super::{Nodes, ProofError, ProveError, check_length, check_root, read_all, tiles_for};
use crate::log::hash::Hash;
use crate::log::tile::TilePath;
use crate::log::tree::Span;
use std::collections::BTreeSet;

/// The proof that a log of `new` leaves begins with the log of its first `old` leaves: at most 65
/// hashes, and none for equal sizes.
///
/// # Errors
///
/// [`ProofError::SizesOutOfOrder`], [`ProofError::NothingOld`], or a node cannot be read.
pub fn prove_consistency<N: Nodes + ?Sized>(
    nodes: &N,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<N::Error>> {
    let plan = Plan::new(old, new)?;
    read_all(nodes, plan.spans())
}

/// The tiles of a log of `new` leaves from which [`prove_consistency`] makes the proof.
///
/// # Errors
///
/// [`ProofError::SizesOutOfOrder`] or [`ProofError::NothingOld`].
pub fn tiles_for_consistency(old: u64, new: u64) -> Result<BTreeSet<TilePath>, ProofError> {
    Ok(tiles_for(Plan::new(old, new)?.spans(), new))
}

/// Checks that the log of `new_size` leaves with `new_root` begins with the log of `old_size`
/// leaves with `old_root`.
///
/// Equal sizes need equal roots and an empty proof. A log of size 0 has the root [`Hash::empty`].
/// Whoever knew nothing of a log before has nothing to check, and must not call this with size 0.
///
/// # Errors
///
/// [`ProofError::SizesOutOfOrder`], [`ProofError::NothingOld`], [`ProofError::TwoRoots`],
/// [`ProofError::MissingHashes`], [`ProofError::ExtraHashes`], or [`ProofError::RootDiffers`] with
/// the size of the root that the proof does not lead to.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let plan = Plan::new(old_size, new_size)?;
    check_length(proof, plan.spans().count())?;
    if old_size == new_size {
        if old_root != new_root {
            return Err(ProofError::TwoRoots {
                size: new_size,
                old: *old_root,
                new: *new_root,
            });
        }
        let empty = (new_size == 0).then(Hash::empty);
        return check_root(new_size, new_root, empty.unwrap_or(*new_root));
    }
    let mut hashes = proof.iter();
    let common = match plan.common {
        Some(_) => hashes.next().unwrap_or(old_root),
        None => old_root,
    };
    let (mut old, mut new) = (*common, *common);
    for (span, sibling) in plan.siblings.iter().zip(hashes) {
        if span.start < old_size {
            old = Hash::node(sibling, &old);
            new = Hash::node(sibling, &new);
        } else {
            new = Hash::node(&new, sibling);
        }
    }
    check_root(old_size, old_root, old)?;
    check_root(new_size, new_root, new)
}

/// The subtrees whose hashes are the proof.
struct Plan {
    /// The last complete subtree of the old log, unless it is the whole old log.
    common: Option<Span>,
    /// The subtrees beside the way from there up to the root of the new log.
    siblings: Vec<Span>,
}

impl Plan {
    fn new(old: u64, new: u64) -> Result<Plan, ProofError> {
        if old > new {
            return Err(ProofError::SizesOutOfOrder { old, new });
        }
        if old == 0 && new > 0 {
            return Err(ProofError::NothingOld { new });
        }
        let mut span = Span::log(new);
        let mut siblings = vec![];
        while span.end != old {
            let Some((left, right)) = span.split() else {
                break;
            };
            let (way, sibling) = if old <= left.end {
                (left, right)
            } else {
                (right, left)
            };
            siblings.push(sibling);
            span = way;
        }
        siblings.reverse();
        Ok(Plan {
            common: (span.start > 0).then_some(span),
            siblings,
        })
    }

    fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.common.iter().chain(&self.siblings).copied()
    }
}
