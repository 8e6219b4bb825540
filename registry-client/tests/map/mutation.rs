//! Proofs with any one bit changed, cut anywhere, or made up.

use crate::{keys, map};
use proptest::collection::vec;
use proptest::prelude::*;
use tenon_registry_client::log::{Hash, Head, JointMapProof, Map, MapEnd, MapKey, MapProofError};

#[test]
fn every_bit_of_a_single_proof_counts() {
    let map = map(50);
    let root = map.root();
    for key in keys(45..55) {
        let proof = map.prove(&key);
        proof.verify(&root, &key).unwrap();
        for (at, step) in proof.steps.iter().enumerate() {
            for bit in 0..8 {
                let mut wrong = proof.clone();
                wrong.steps[at].position ^= 1 << bit;
                wrong.verify(&root, &key).unwrap_err();
            }
            for sibling in flipped(step.sibling.as_bytes()) {
                let mut wrong = proof.clone();
                wrong.steps[at].sibling = Hash::from(sibling);
                assert_eq!(wrong.verify(&root, &key), Err(MapProofError::RootDiffers));
            }
        }
        let mut ends = vec![];
        match proof.end {
            MapEnd::Empty => unreachable!(),
            MapEnd::Present(head) => {
                ends.extend(flipped_head(head).map(MapEnd::Present));
                ends.push(MapEnd::Other(key, head));
            }
            MapEnd::Other(other, head) => {
                let others = flipped(other.as_bytes()).map(MapKey::from);
                ends.extend(others.map(|other| MapEnd::Other(other, head)));
                ends.extend(flipped_head(head).map(|head| MapEnd::Other(other, head)));
                ends.push(MapEnd::Present(head));
            }
        }
        ends.push(MapEnd::Empty);
        for end in ends {
            let mut wrong = proof.clone();
            wrong.end = end;
            wrong.verify(&root, &key).unwrap_err();
        }
    }
}

#[test]
fn every_bit_of_a_joint_proof_counts() {
    let empty = (Map::new(), keys(0..2));
    for (map, keys) in [
        (map(1), keys(0..1)),
        (map(60), keys(0..1)),
        (map(60), keys(59..62)),
        (map(60), keys(50..66)),
        empty,
    ] {
        let root = map.root();
        let bytes = map.prove_all(&keys).unwrap().encode();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut wrong = bytes.clone();
                wrong[at] ^= 1 << bit;
                if let Ok(proof) = JointMapProof::decode(&wrong) {
                    proof.verify(&root, &keys).unwrap_err();
                    assert_eq!(proof.encode(), wrong);
                }
            }
            let cut = JointMapProof::decode(&bytes[..at]);
            assert_eq!(cut, Err(MapProofError::Truncated));
        }
        for more in [0, 1, 2, 3, 0xff] {
            let longer = [&bytes[..], &[more]].concat();
            let longer = JointMapProof::decode(&longer);
            assert_eq!(longer, Err(MapProofError::TrailingBytes));
        }
    }
}

/// Bytes that look like nodes, so that some of them are a proof.
fn any_nodes() -> impl Strategy<Value = Vec<u8>> {
    let node = (0_u8..=4, 0_u8..20, any::<u8>()).prop_map(|(tag, position, byte)| match tag {
        0 => vec![1; 77],
        1 => [vec![1], vec![byte; 76]].concat(),
        2 => [vec![2, position], vec![byte; 32]].concat(),
        3 => vec![3, position],
        _ => vec![byte],
    });
    vec(node, 0..12).prop_map(|nodes| nodes.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn made_up_bytes_are_refused_or_canonical(
        bytes in prop_oneof![any_nodes(), vec(any::<u8>(), 0..300)],
        targets in 1_u64..=16,
    ) {
        if let Ok(proof) = JointMapProof::decode(&bytes) {
            prop_assert_eq!(proof.encode(), bytes);
            let verified = proof.verify(&Map::new().root(), &keys(0..targets));
            prop_assert!(verified.is_err() || proof.encode() == [0]);
        }
    }
}

fn flipped<const N: usize>(bytes: &[u8; N]) -> impl Iterator<Item = [u8; N]> {
    (0..N * 8).map(|bit| {
        let mut bytes = *bytes;
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    })
}

fn flipped_head(head: Head) -> impl Iterator<Item = Head> {
    let bytes = head.to_bytes();
    let heads: Vec<Head> = flipped(&bytes).map(|b| Head::from_bytes(&b)).collect();
    heads.into_iter()
}
