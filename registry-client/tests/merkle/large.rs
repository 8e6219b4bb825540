//! Logs up to the largest size: of equal leaves, so that the hash of a node depends on its level.

use std::convert::Infallible;
use tenon_registry_client::log::{
    Edge, Hash, NodeId, Nodes, ProofError, TilePath, compute_root, prove_consistency,
    prove_inclusion, prove_inclusions, tiles_for_consistency, tiles_for_inclusion,
    tiles_for_inclusions, tiles_for_root, verify_consistency, verify_inclusion, verify_inclusions,
};

struct Uniform([Hash; 64]);

impl Uniform {
    fn new() -> Uniform {
        let mut hash = Hash::leaf(b"same");
        Uniform(std::array::from_fn(|level| {
            if level > 0 {
                hash = Hash::node(&hash, &hash);
            }
            hash
        }))
    }
}

impl Nodes for Uniform {
    type Error = Infallible;

    fn node(&self, id: NodeId) -> Result<Hash, Infallible> {
        assert!(id.leaves().is_some(), "{id} is in no log");
        Ok(self.0[usize::from(id.level)])
    }
}

const SIZES: [u64; 8] = [
    1,
    256,
    (1 << 32) + 3,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    u64::MAX - 1,
    u64::MAX,
];

fn within(paths: impl IntoIterator<Item = TilePath>, size: u64) {
    for path in paths {
        assert!(
            path.end().is_some_and(|end| end <= size),
            "{path} of {size}"
        );
    }
}

#[test]
fn proofs_hold_up_to_the_largest_size() {
    let log = Uniform::new();
    let root = |size| compute_root(&log, size).unwrap();
    for size in SIZES {
        let hashes = (0..64).rev().filter(|bit| size >> bit & 1 == 1);
        let edge = Edge::from_nodes(size, hashes.map(|bit| log.0[bit]).collect()).unwrap();
        assert_eq!(edge.root(), root(size));
        within(tiles_for_root(size), size);
        within(TilePath::partial_tiles(size), size);
        let indices = [
            0,
            1,
            255,
            1 << 32,
            1 << 62,
            (1 << 63) - 1,
            1 << 63,
            size - 1,
        ];
        let mut indices: Vec<u64> = indices.into_iter().filter(|index| *index < size).collect();
        indices.sort_unstable();
        indices.dedup();
        for &index in &indices {
            let proof = prove_inclusion(&log, index, size).unwrap();
            assert!(proof.len() <= 64);
            let accepted = verify_inclusion(&log.0[0], index, size, &root(size), &proof);
            assert_eq!(accepted, Ok(()), "{index} in {size}");
            within(tiles_for_inclusion(index, size).unwrap(), size);
        }
        let leaves: Vec<_> = indices.iter().map(|index| (*index, log.0[0])).collect();
        let proof = prove_inclusions(&log, &indices, size).unwrap();
        assert_eq!(
            verify_inclusions(&leaves, size, &root(size), &proof),
            Ok(())
        );
        within(tiles_for_inclusions(&indices, size).unwrap(), size);
        for old in SIZES.into_iter().filter(|old| *old <= size) {
            let proof = prove_consistency(&log, old, size).unwrap();
            assert!(proof.len() <= 65);
            let accepted = verify_consistency(old, &root(old), size, &root(size), &proof);
            assert_eq!(accepted, Ok(()), "{old} to {size}");
            within(tiles_for_consistency(old, size).unwrap(), size);
        }
    }
    let (index, size) = (u64::MAX, u64::MAX);
    let outside = Err(ProofError::OutsideLog { index, size });
    assert_eq!(
        verify_inclusion(&Hash::ZERO, index, size, &Hash::ZERO, &[]),
        outside
    );
    let leaves = [(index, Hash::ZERO)];
    assert_eq!(verify_inclusions(&leaves, size, &Hash::ZERO, &[]), outside);
}
