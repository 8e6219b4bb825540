//! Each reason to refuse a proof.

use crate::model;
use crate::{head, keys, map};
use tenon_registry_client::log::{
    Hash, JointMapProof, Map, MapEnd, MapKey, MapProof, MapProofError, MapStep,
};

/// A key that is one byte and 31 zeros.
fn key(first: u8) -> MapKey {
    let mut key = [0; 32];
    key[0] = first;
    key.into()
}

/// The bytes of a leaf.
fn leaf(first: u8) -> Vec<u8> {
    [&[1], &key(first).as_bytes()[..], &head(0).to_bytes()].concat()
}

/// The bytes of a step.
fn step(position: u8) -> Vec<u8> {
    [vec![2, position], vec![0; 32]].concat()
}

#[test]
fn of_a_single_proof() {
    let map = map(20);
    let (root, key) = (map.root(), keys(20..21)[0]);
    let proof = map.prove(&key);
    assert_eq!(proof.verify(&root, &key), Ok(None));
    let refused = |change: &dyn Fn(&mut MapProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        let error = proof.verify(&root, &key).unwrap_err();
        assert_eq!(proof.root_after(&root, &key, head(0)), Err(error.clone()));
        error
    };
    let error = refused(&|proof| proof.steps[0].sibling = Hash::ZERO);
    assert_eq!(error, MapProofError::RootDiffers);
    let error = refused(&|proof| proof.steps[1].position = proof.steps[0].position);
    assert_eq!(error, MapProofError::PositionsNotIncreasing);
    let error = refused(&|proof| proof.steps.reverse());
    assert_eq!(error, MapProofError::PositionsNotIncreasing);
    let error = refused(&|proof| proof.end = MapEnd::Empty);
    assert_eq!(error, MapProofError::StepsInEmptyMap);
    let error = refused(&|proof| proof.end = MapEnd::Other(key, head(0)));
    assert_eq!(error, MapProofError::OtherKeyIsTarget);
    let error = refused(&|proof| {
        *proof = MapProof {
            steps: vec![],
            end: MapEnd::Empty,
        };
    });
    assert_eq!(error, MapProofError::RootDiffers);
    let empty = Map::new().prove(&key);
    assert_eq!(empty.verify(&Map::new().root(), &key), Ok(None));
}

/// A tree whose hashes are in order, and whose left leaf belongs on the right.
#[test]
fn of_a_leaf_that_is_out_of_place() {
    let (left, right) = (key(0b1000_0000), key(0b1100_0000));
    let [left_hash, right_hash] = [left, right].map(|key| model::leaf(&key, &head(0)));
    let root = Hash::from(model::inner(0, left_hash, right_hash));
    let target = key(0);
    let sibling = Hash::from(right_hash);
    let steps = vec![MapStep {
        position: 0,
        sibling,
    }];
    let end = MapEnd::Other(left, head(0));
    let single = MapProof { steps, end };
    let refused = Err(MapProofError::OtherKeyOffPath);
    assert_eq!(single.verify(&root, &target), refused);

    let bytes = [&[2, 0], sibling.as_bytes().as_slice(), &leaf(0b1000_0000)].concat();
    let joint = JointMapProof::decode(&bytes).unwrap();
    let refused = Err(MapProofError::OtherKeyOffPath);
    assert_eq!(joint.verify(&root, &[target]), refused);
}

#[test]
fn of_the_keys_of_a_joint_proof() {
    let map = map(100);
    let root = map.root();
    let three = keys(0..3);
    let proof = map.prove_all(&three).unwrap();
    let backwards: Vec<MapKey> = three.iter().rev().copied().collect();
    let twice = vec![three[0], three[0], three[1]];
    for (keys, error) in [
        (vec![], MapProofError::NoKeys),
        (keys(0..17), MapProofError::TooManyKeys),
        (backwards, MapProofError::KeysOutOfOrder),
        (twice, MapProofError::KeysOutOfOrder),
    ] {
        assert_eq!(proof.verify(&root, &keys), Err(error.clone()));
        assert_eq!(proof.split(&root, &keys), Err(error.clone()));
        assert_eq!(map.prove_all(&keys), Err(error));
    }
    let other_root = proof.verify(&Hash::ZERO, &three);
    assert_eq!(other_root, Err(MapProofError::RootDiffers));
}

/// Neither fewer keys nor more than the proof was made for.
#[test]
fn of_a_joint_proof_for_other_keys() {
    let [a, b, c] = [0b0000_0000, 0b0100_0000, 0b1000_0000].map(key);
    let map: Map = [a, b, c].into_iter().zip((0..).map(head)).collect();
    let root = map.root();
    let of_two = map.prove_all(&[a, b]).unwrap();
    let of_one = map.prove_all(&[a]).unwrap();
    let missing = Err(MapProofError::ForkMissing);
    assert_eq!(of_two.verify(&root, &[a, b, c]), missing);
    assert_eq!(of_one.verify(&root, &[a, b]), missing);
    let needless = Err(MapProofError::ForkNeedless);
    assert_eq!(of_two.verify(&root, &[a]), needless);
    assert_eq!(of_two.verify(&root, &[b]), needless);
}

#[test]
fn of_the_bytes_of_a_joint_proof() {
    let seventeen: Vec<u8> = [
        (0..16).flat_map(|p| [3, p]).collect(),
        (0..17).flat_map(|_| leaf(0)).collect::<Vec<u8>>(),
    ]
    .concat();
    for (bytes, error) in [
        (vec![], MapProofError::Truncated),
        (vec![2], MapProofError::Truncated),
        (vec![3, 0], MapProofError::Truncated),
        (leaf(0)[..76].to_vec(), MapProofError::Truncated),
        ([vec![3, 0], leaf(0)].concat(), MapProofError::Truncated),
        (vec![0, 0], MapProofError::TrailingBytes),
        ([leaf(0), leaf(1)].concat(), MapProofError::TrailingBytes),
        (vec![4], MapProofError::UnknownTag(4)),
        (vec![2; 34], MapProofError::Truncated),
        (
            [step(0), vec![0xff]].concat(),
            MapProofError::UnknownTag(0xff),
        ),
        ([step(0), vec![0]].concat(), MapProofError::StepsInEmptyMap),
        (vec![3, 0, 0, 0], MapProofError::StepsInEmptyMap),
        (
            [step(7), step(7)].concat(),
            MapProofError::PositionsNotIncreasing,
        ),
        (
            [step(255), step(0)].concat(),
            MapProofError::PositionsNotIncreasing,
        ),
        (vec![3, 9, 3, 9], MapProofError::PositionsNotIncreasing),
        (
            [vec![3, 9], leaf(0), vec![2, 8]].concat(),
            MapProofError::PositionsNotIncreasing,
        ),
        (seventeen, MapProofError::TooManyLeaves),
    ] {
        assert_eq!(JointMapProof::decode(&bytes), Err(error), "{bytes:?}");
    }
    let deep: Vec<u8> = (0..=255).flat_map(step).chain(leaf(0)).collect();
    JointMapProof::decode(&deep).unwrap();
}
