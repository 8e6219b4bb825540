//! Roots and proofs are, byte for byte, what ct-merkle and tlog_tiles make of the same leaves, and
//! each accepts what the other made.

use crate::log::{LOG, SIZE, entry, indices, sizes};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::Sha256;
use std::collections::HashSet;
use tenon_registry_client::log::{
    Hash, compute_root, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
use tlog_tiles::{Error, HashReader};

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

#[test]
fn ct_merkle_agrees() {
    let compared: HashSet<u64> = sizes().into_iter().collect();
    let mut tree = MemoryBackedTree::<Sha256, [u8; 8]>::new();
    let mut roots = vec![tree.root()];
    let mut count = 0;
    for size in 0..=SIZE {
        if size > 0 {
            tree.push(entry(size - 1));
            roots.push(tree.root());
        }
        let theirs = &roots[size as usize];
        assert_eq!(
            LOG.root(size).as_bytes()[..],
            theirs.as_bytes()[..],
            "size {size}"
        );
        if compared.contains(&size) {
            for index in indices(size) {
                compare_inclusion(&tree, theirs, index, size);
                count += 1;
            }
            for old in indices(size).into_iter().filter(|old| *old > 0) {
                compare_consistency(&tree, &roots[old as usize], theirs, old, size);
                count += 1;
            }
        }
    }
    println!("{count} proofs compared with ct-merkle's");
}

fn compare_inclusion(
    tree: &MemoryBackedTree<Sha256, [u8; 8]>,
    theirs: &RootHash<Sha256>,
    index: u64,
    size: u64,
) {
    let proof = prove_inclusion(&*LOG, index, size).unwrap();
    let their_proof = tree.prove_inclusion(index as usize);
    assert_eq!(bytes(&proof), their_proof.as_bytes(), "{index} in {size}");
    let ours = InclusionProof::from_bytes(bytes(&proof));
    let accepted = theirs.verify_inclusion(&entry(index), index, &ours);
    assert!(accepted.is_ok(), "{index} in {size}");
    let accepted = verify_inclusion(&LOG.leaf(index), index, size, &LOG.root(size), &proof);
    assert_eq!(accepted, Ok(()), "{index} in {size}");
}

fn compare_consistency(
    tree: &MemoryBackedTree<Sha256, [u8; 8]>,
    their_old: &RootHash<Sha256>,
    theirs: &RootHash<Sha256>,
    old: u64,
    size: u64,
) {
    let proof = prove_consistency(&*LOG, old, size).unwrap();
    let their_proof = tree.prove_consistency((size - old) as usize);
    assert_eq!(bytes(&proof), their_proof.as_bytes(), "{old} to {size}");
    let ours = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
    let accepted = theirs.verify_consistency(their_old, &ours);
    assert!(accepted.is_ok(), "{old} to {size}");
    let accepted = verify_consistency(old, &LOG.root(old), size, &LOG.root(size), &proof);
    assert_eq!(accepted, Ok(()), "{old} to {size}");
}

/// The hashes that tlog_tiles stores, in its own numbering.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[*index as usize])
            .collect())
    }
}

#[test]
fn tlog_tiles_agrees() {
    let mut stored = Stored(vec![]);
    let theirs = |hash: Hash| tlog_tiles::Hash(*hash.as_bytes());
    for size in 0..=SIZE {
        if size > 0 {
            let hashes = tlog_tiles::stored_hashes(size - 1, &entry(size - 1), &stored).unwrap();
            stored.0.extend(hashes);
        }
        let root = tlog_tiles::tree_hash(size, &stored).unwrap();
        assert_eq!(*LOG.root(size).as_bytes(), root.0, "size {size}");
    }
    let mut count = 0;
    for size in sizes() {
        assert_eq!(compute_root(&*LOG, size), Ok(LOG.root(size)), "size {size}");
        let root = theirs(LOG.root(size));
        for index in indices(size) {
            let proof = prove_inclusion(&*LOG, index, size).unwrap();
            let ours = proof.iter().copied().map(theirs).collect();
            let their_proof = tlog_tiles::prove_record(size, index, &stored).unwrap();
            assert!(their_proof == ours, "{index} in {size}");
            let leaf = theirs(LOG.leaf(index));
            let accepted = tlog_tiles::check_record(&ours, size, root, index, leaf);
            assert!(accepted.is_ok(), "{index} in {size}");
            count += 1;
        }
        for old in indices(size).into_iter().filter(|old| *old > 0) {
            let proof = prove_consistency(&*LOG, old, size).unwrap();
            let ours = proof.iter().copied().map(theirs).collect();
            let their_proof = tlog_tiles::prove_tree(size, old, &stored).unwrap();
            assert!(their_proof == ours, "{old} to {size}");
            let old_root = theirs(LOG.root(old));
            let accepted = tlog_tiles::check_tree(&ours, size, root, old, old_root);
            assert!(accepted.is_ok(), "{old} to {size}");
            count += 1;
        }
    }
    println!("{count} proofs compared with those of tlog_tiles");
}
