//! The joint inclusion proof says what the proofs of each leaf say, and nothing else.

use crate::log::{LOG, Random, SIZE};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tenon_registry_client::log::{
    Hash, prove_inclusion, prove_inclusions, verify_inclusion, verify_inclusions,
};

fn leaves(indices: &[u64]) -> Vec<(u64, Hash)> {
    indices
        .iter()
        .map(|index| (*index, LOG.leaf(*index)))
        .collect()
}

fn choose(random: &mut Random, size: u64, most: u64) -> Vec<u64> {
    let count = 1 + random.below(most);
    let indices: BTreeSet<u64> = (0..count).map(|_| random.below(size)).collect();
    indices.into_iter().collect()
}

/// Whether the leaves are accepted in the log of this size, given its true root.
fn accepts(leaves: &[(u64, Hash)], size: u64, proof: &[Hash]) -> bool {
    verify_inclusions(leaves, size, &LOG.root(size), proof).is_ok()
}

/// Changes one thing after the other, and expects that none of the results is accepted.
fn check_mutations(leaves: &[(u64, Hash)], size: u64, proof: &[Hash]) -> usize {
    let mut count = 0;
    let mut refuse = |leaves: &[(u64, Hash)], size: u64, proof: &[Hash], what: &str| {
        assert!(
            !accepts(leaves, size, proof),
            "{what}: {leaves:?} {size} {proof:?}"
        );
        count += 1;
    };
    let other = Hash::leaf(b"other");
    for at in 0..=proof.len() {
        let mut added = proof.to_vec();
        added.insert(at, other);
        refuse(leaves, size, &added, "a hash added");
        if at == proof.len() {
            continue;
        }
        let mut repeated = proof.to_vec();
        repeated.insert(at, proof[at]);
        refuse(leaves, size, &repeated, "a hash repeated");
        let mut dropped = proof.to_vec();
        dropped.remove(at);
        refuse(leaves, size, &dropped, "a hash dropped");
        let mut changed = proof.to_vec();
        let mut bytes = *changed[at].as_bytes();
        bytes[at % 32] ^= 1 << (at % 8);
        changed[at] = Hash::from(bytes);
        refuse(leaves, size, &changed, "a hash changed");
        if at > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(at - 1, at);
            refuse(leaves, size, &swapped, "two hashes swapped");
        }
    }
    for at in 0..leaves.len() {
        let mut changed = leaves.to_vec();
        changed[at].1 = other;
        refuse(&changed, size, proof, "a leaf changed");
        for index in [
            leaves[at].0.wrapping_sub(1),
            leaves[at].0 + 1,
            leaves[at].0 ^ 2,
        ] {
            let mut changed = leaves.to_vec();
            changed[at].0 = index;
            refuse(&changed, size, proof, "an index changed");
        }
        let mut dropped = leaves.to_vec();
        dropped.remove(at);
        refuse(&dropped, size, proof, "a leaf dropped");
        let mut repeated = leaves.to_vec();
        repeated.insert(at, leaves[at]);
        refuse(&repeated, size, proof, "a leaf repeated");
        if at > 0 {
            let mut swapped = leaves.to_vec();
            swapped.swap(at - 1, at);
            refuse(&swapped, size, proof, "two leaves swapped");
            let mut swapped = leaves.to_vec();
            (swapped[at].1, swapped[at - 1].1) = (leaves[at - 1].1, leaves[at].1);
            refuse(&swapped, size, proof, "the hashes of two leaves swapped");
        }
    }
    refuse(leaves, size - 1, proof, "one size less");
    if size < SIZE {
        refuse(leaves, size + 1, proof, "one size more");
    }
    count
}

#[test]
fn what_is_proved_is_accepted_and_nothing_near_it() {
    let mut random = Random(1);
    let mut count = 0;
    let sizes = (1..=40).chain([255, 256, 257, 1000, 65_537, SIZE - 1, SIZE]);
    for size in sizes {
        for most in [1, 3, 20] {
            let indices = choose(&mut random, size, most);
            let leaves = leaves(&indices);
            let proof = prove_inclusions(&*LOG, &indices, size).unwrap();
            assert!(accepts(&leaves, size, &proof), "{indices:?} in {size}");
            count += check_mutations(&leaves, size, &proof);
        }
    }
    println!("{count} changes refused");
}

#[test]
fn every_set_of_leaves_of_a_small_log() {
    for size in 1..=8_u64 {
        for set in 1_u64..1 << size {
            let indices: Vec<u64> = (0..size).filter(|index| set >> index & 1 == 1).collect();
            let leaves = leaves(&indices);
            let proof = prove_inclusions(&*LOG, &indices, size).unwrap();
            assert!(accepts(&leaves, size, &proof), "{indices:?} in {size}");
            assert_eq!(proof.is_empty(), set == (1 << size) - 1);
            check_mutations(&leaves, size, &proof);
        }
    }
}

#[test]
fn for_one_leaf_it_has_the_hashes_of_its_inclusion_proof() {
    for size in (1..=70).chain([256, 1000, SIZE]) {
        for index in crate::log::indices(size) {
            let alone = prove_inclusion(&*LOG, index, size).unwrap();
            let joint = prove_inclusions(&*LOG, &[index], size).unwrap();
            assert_eq!(alone.len(), joint.len());
            let alone: BTreeSet<Hash> = alone.into_iter().collect();
            let joint: BTreeSet<Hash> = joint.into_iter().collect();
            assert_eq!(alone, joint, "{index} in {size}");
        }
    }
}

proptest! {
    #[test]
    fn it_accepts_what_is_accepted_of_each_leaf_alone(
        size in 1..=2000_u64,
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        wrong in prop::option::of((any::<prop::sample::Index>(), 0..2000_u64)),
    ) {
        let indices: BTreeSet<u64> =
            chosen.iter().map(|index| index.index(size as usize) as u64).collect();
        let indices: Vec<u64> = indices.into_iter().collect();
        let mut leaves = leaves(&indices);
        if let Some((at, other)) = wrong {
            let at = at.index(leaves.len());
            leaves[at].1 = LOG.leaf(other);
        }
        let root = LOG.root(size);
        let each_alone = leaves.iter().all(|(index, hash)| {
            let proof = prove_inclusion(&*LOG, *index, size).unwrap();
            verify_inclusion(hash, *index, size, &root, &proof).is_ok()
        });
        let proof = prove_inclusions(&*LOG, &indices, size).unwrap();
        let jointly = verify_inclusions(&leaves, size, &root, &proof).is_ok();
        prop_assert_eq!(jointly, each_alone);
    }

    #[test]
    fn no_input_makes_it_stop(
        leaves in prop::collection::vec((any::<u64>(), any::<u8>()), 0..5),
        size in any::<u64>(),
        proof in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let hash = |byte: &u8| Hash::from([*byte; 32]);
        let mut leaves: Vec<_> = leaves.iter().map(|(index, byte)| (*index, hash(byte))).collect();
        let proof: Vec<Hash> = proof.iter().map(hash).collect();
        prop_assert!(verify_inclusions(&leaves, size, &Hash::ZERO, &proof).is_err());
        leaves.sort();
        prop_assert!(verify_inclusions(&leaves, size, &Hash::ZERO, &proof).is_err());
    }
}
