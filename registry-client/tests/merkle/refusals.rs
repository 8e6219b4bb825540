//! Each kind of refusal is reached, and says what is wrong.

use crate::log::LOG;
use tenon_registry_client::log::{
    Hash, MissingNode, NodeId, ProofError, ProveError, Tiles, compute_root, prove_consistency,
    prove_inclusion, prove_inclusions, tiles_for_consistency, tiles_for_inclusion,
    tiles_for_inclusions, verify_consistency, verify_inclusion, verify_inclusions,
};

fn says(result: Result<(), ProofError>, expected: &str) {
    assert_eq!(result.expect_err(expected).to_string(), expected);
}

#[test]
fn of_an_inclusion_proof() {
    let verify = |index, size, proof: &[Hash]| {
        verify_inclusion(&LOG.leaf(2), index, size, &LOG.root(5), proof)
    };
    let proof = prove_inclusion(&*LOG, 2, 5).unwrap();
    assert_eq!(verify(2, 5, &proof), Ok(()));
    says(
        verify(2, 5, &proof[1..]),
        "the proof has 2 hashes, less than the 3 it needs",
    );
    let long = [&proof[..], &[Hash::ZERO]].concat();
    says(
        verify(2, 5, &long),
        "the proof has 4 hashes, more than the 3 it needs",
    );
    says(
        verify(5, 5, &proof),
        "there is no leaf 5 in a log of size 5",
    );
    says(verify(0, 0, &[]), "there is no leaf 0 in a log of size 0");
    let (size, expected) = (5, LOG.root(5));
    let refused = verify(3, 5, &proof).expect_err("another index");
    let ProofError::RootDiffers { computed, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(
        refused,
        ProofError::RootDiffers {
            size,
            expected,
            computed
        }
    );
    assert_eq!(
        refused.to_string(),
        format!("the proof gives {computed} as the root of size 5, which is {expected}")
    );
    let outside = ProofError::OutsideLog { index: 5, size: 5 };
    assert_eq!(tiles_for_inclusion(5, 5), Err(outside.clone()));
    assert_eq!(
        prove_inclusion(&*LOG, 5, 5),
        Err(ProveError::Proof(outside))
    );
}

#[test]
fn of_a_consistency_proof() {
    let (old, new) = (LOG.root(3), LOG.root(5));
    let proof = prove_consistency(&*LOG, 3, 5).unwrap();
    let empty = Hash::empty();
    assert_eq!(verify_consistency(3, &old, 5, &new, &proof), Ok(()));
    assert_eq!(verify_consistency(5, &new, 5, &new, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    says(
        verify_consistency(3, &old, 5, &new, &proof[1..]),
        "the proof has 3 hashes, less than the 4 it needs",
    );
    says(
        verify_consistency(5, &new, 5, &new, &proof[..1]),
        "the proof has 1 hashes, more than the 0 it needs",
    );
    says(
        verify_consistency(5, &new, 3, &old, &proof),
        "the old size, 5, is more than the new size, 3",
    );
    says(
        verify_consistency(0, &empty, 5, &new, &[]),
        "nothing proves that a log of size 5 grew from one of size 0",
    );
    says(
        verify_consistency(5, &old, 5, &new, &[]),
        &format!("there are two roots of size 5: {old} and {new}"),
    );
    let differs = |size, expected, computed| {
        Err(ProofError::RootDiffers {
            size,
            expected,
            computed,
        })
    };
    let other = LOG.root(7);
    assert_eq!(
        verify_consistency(3, &other, 5, &new, &proof),
        differs(3, other, old)
    );
    assert_eq!(
        verify_consistency(3, &old, 5, &other, &proof),
        differs(5, other, new)
    );
    assert_eq!(
        verify_consistency(0, &other, 0, &other, &[]),
        differs(0, other, empty)
    );
    let order = ProofError::SizesOutOfOrder { old: 5, new: 3 };
    assert_eq!(tiles_for_consistency(5, 3), Err(order.clone()));
    assert_eq!(
        prove_consistency(&*LOG, 5, 3),
        Err(ProveError::Proof(order))
    );
    let nothing = ProofError::NothingOld { new: 3 };
    assert_eq!(tiles_for_consistency(0, 3), Err(nothing.clone()));
    assert_eq!(
        prove_consistency(&*LOG, 0, 3),
        Err(ProveError::Proof(nothing))
    );
}

#[test]
fn of_a_joint_inclusion_proof() {
    let proof = prove_inclusions(&*LOG, &[1, 3], 5).unwrap();
    let verify = |indices: &[u64], proof: &[Hash]| {
        let leaves: Vec<_> = indices
            .iter()
            .map(|index| (*index, LOG.leaf(*index)))
            .collect();
        verify_inclusions(&leaves, 5, &LOG.root(5), proof)
    };
    assert_eq!(verify(&[1, 3], &proof), Ok(()));
    says(
        verify(&[1, 3], &proof[1..]),
        "the proof has 2 hashes, less than the 3 it needs",
    );
    let long = [&proof[..], &[Hash::ZERO]].concat();
    says(
        verify(&[1, 3], &long),
        "the proof has 4 hashes, more than the 3 it needs",
    );
    says(
        verify(&[1, 5], &proof),
        "there is no leaf 5 in a log of size 5",
    );
    says(verify(&[3, 3], &proof), "leaf 3 is given twice");
    says(verify(&[3, 1], &proof), "leaf 1 is given after leaf 3");
    says(verify(&[], &[LOG.root(5)]), "no leaves are given");
    let other = verify_inclusions(
        &[(1, LOG.leaf(1)), (3, LOG.leaf(2))],
        5,
        &LOG.root(5),
        &proof,
    );
    assert!(matches!(
        other,
        Err(ProofError::RootDiffers { size: 5, .. })
    ));
    assert_eq!(tiles_for_inclusions(&[], 5), Err(ProofError::NoLeaves));
    let refused = prove_inclusions(&*LOG, &[], 5);
    assert_eq!(refused, Err(ProveError::Proof(ProofError::NoLeaves)));
}

#[test]
fn of_nodes_that_are_not_at_hand() {
    let id = NodeId { level: 2, index: 0 };
    let error = compute_root(&Tiles::new(), 5).expect_err("no tiles");
    let source = MissingNode(id);
    assert_eq!(error, ProveError::Node { id, source });
    assert_eq!(error.to_string(), "cannot read node 0 of level 2");
    let source = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("no tile has node 0 of level 2"));
}
