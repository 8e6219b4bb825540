//! What holds for every well-formed map.

use crate::model::{self, Model};
use crate::{head, keys, map};
use proptest::collection::vec;
use proptest::prelude::*;
use tenon_registry_client::log::{Hash, Head, JointMapProof, Map, MapEnd, MapKey};

/// Keys of which many share long prefixes: a few bits away from one of two.
fn any_key() -> impl Strategy<Value = MapKey> {
    let near = (any::<bool>(), vec(any::<u8>(), 0..4)).prop_map(|(start, flips)| {
        let mut key = if start { [0x5a; 32] } else { [0; 32] };
        for flip in flips {
            key[usize::from(flip / 8)] ^= 0x80 >> (flip % 8);
        }
        key
    });
    prop_oneof![any::<[u8; 32]>(), near].prop_map(MapKey::from)
}

fn any_head() -> impl Strategy<Value = Head> {
    (any::<u64>(), any::<u32>(), any::<[u8; 32]>()).prop_map(|(index, seq, hash)| Head {
        index,
        seq,
        hash: Hash::from(hash),
    })
}

fn any_entries() -> impl Strategy<Value = Vec<(MapKey, Head)>> {
    vec((any_key(), any_head()), 0..40)
}

/// Up to 16 keys that need not be in the map, increasing.
fn any_targets() -> impl Strategy<Value = Vec<MapKey>> {
    vec(any_key(), 1..=16).prop_map(increasing)
}

fn increasing(mut keys: Vec<MapKey>) -> Vec<MapKey> {
    keys.sort();
    keys.dedup();
    keys.truncate(JointMapProof::MOST_KEYS);
    keys
}

fn root(model: &Model) -> Hash {
    Hash::from(model::root(model))
}

proptest! {
    #[test]
    fn the_map_agrees_with_the_model(entries in any_entries(), others in any_targets()) {
        let mut map = Map::new();
        let mut model = Model::new();
        for (key, head) in &entries {
            prop_assert_eq!(map.insert(*key, *head), model.insert(*key, *head));
            prop_assert_eq!(map.root(), root(&model));
        }
        prop_assert_eq!(map.len(), model.len());
        prop_assert_eq!(map.is_empty(), model.is_empty());
        prop_assert!(map.iter().eq(&model));
        for key in model.keys().chain(&others) {
            prop_assert_eq!(map.get(key), model.get(key));
        }
    }

    #[test]
    fn the_order_of_insertion_does_not_matter(
        (one, other) in any_entries()
            .prop_map(|entries| entries.into_iter().collect::<Model>())
            .prop_flat_map(|model| {
                let entries: Vec<_> = model.into_iter().collect();
                (Just(entries.clone()), Just(entries).prop_shuffle())
            }),
    ) {
        let (one, other): (Map, Map) = (one.into_iter().collect(), other.into_iter().collect());
        prop_assert_eq!(one.root(), other.root());
        prop_assert!(one.iter().eq(other.iter()));
    }

    #[test]
    fn a_snapshot_stays_as_it_was(
        before in any_entries(),
        after in any_entries(),
        hashed in any::<bool>(),
    ) {
        let model: Model = before.iter().copied().collect();
        let mut map: Map = before.into_iter().collect();
        if hashed {
            map.root();
        }
        let snapshot = map.clone();
        map.extend(after.iter().copied());
        let mut later = model.clone();
        later.extend(after);
        prop_assert_eq!(map.root(), root(&later));
        prop_assert_eq!(snapshot.root(), root(&model));
        prop_assert!(snapshot.iter().eq(&model));
    }

    #[test]
    fn proofs_say_what_the_map_says(entries in any_entries(), others in any_targets()) {
        let map: Map = entries.iter().copied().collect();
        let root = map.root();
        for key in map.iter().map(|(key, _)| key).chain(&others) {
            let answer = map.prove(key).verify(&root, key);
            prop_assert_eq!(answer, Ok(map.get(key).copied()));
        }
    }

    #[test]
    fn a_joint_proof_is_its_single_proofs(
        entries in any_entries(),
        others in any_targets(),
        present in any::<usize>(),
    ) {
        let map: Map = entries.iter().copied().collect();
        let mut targets: Vec<MapKey> = map.iter().map(|(key, _)| *key).collect();
        targets.truncate(present % 17);
        targets.extend(others);
        let targets = increasing(targets);
        let root = map.root();

        let joint = map.prove_all(&targets).unwrap();
        let answers: Vec<_> = targets.iter().map(|key| map.get(key).copied()).collect();
        prop_assert_eq!(joint.verify(&root, &targets), Ok(answers));
        let singles: Vec<_> = targets.iter().map(|key| map.prove(key)).collect();
        prop_assert_eq!(joint.split(&root, &targets), Ok(singles));

        let bytes = joint.encode();
        prop_assert!(bytes.len() <= JointMapProof::MOST_BYTES);
        prop_assert_eq!(JointMapProof::decode(&bytes), Ok(joint));
    }

    #[test]
    fn the_predicted_root_is_the_root(
        entries in any_entries(),
        others in any_targets(),
        new in any_head(),
    ) {
        let map: Map = entries.iter().copied().collect();
        for key in map.iter().map(|(key, _)| key).chain(&others) {
            let predicted = map.prove(key).root_after(&map.root(), key, new);
            let mut later = map.clone();
            later.insert(*key, new);
            prop_assert_eq!(predicted, Ok(later.root()));
        }
    }

    #[test]
    fn a_head_is_its_bytes(head in any_head(), bytes in any::<[u8; 44]>()) {
        prop_assert_eq!(Head::from_bytes(&head.to_bytes()), head);
        prop_assert_eq!(Head::from_bytes(&bytes).to_bytes(), bytes);
    }
}

#[test]
fn every_key_of_a_larger_map_is_proved() {
    let map = map(2_000);
    let root = map.root();
    for (key, head) in map.iter() {
        assert_eq!(map.prove(key).verify(&root, key), Ok(Some(*head)));
    }
    for key in keys(2_000..4_000) {
        assert_eq!(map.prove(&key).verify(&root, &key), Ok(None));
    }
}

#[test]
fn a_path_may_have_256_steps() {
    let with_bit = |position: usize| {
        let mut key = [0; 32];
        key[position / 8] = 0x80 >> (position % 8);
        MapKey::from(key)
    };
    let zero = MapKey::from([0; 32]);
    let mut model: Model = (0..256).map(with_bit).zip((0..).map(head)).collect();
    let mut map: Map = model.iter().map(|(key, head)| (*key, *head)).collect();
    let predicted = map.prove(&zero).root_after(&map.root(), &zero, head(256));
    map.insert(zero, head(256));
    model.insert(zero, head(256));
    assert_eq!(map.root(), root(&model));
    assert_eq!(predicted, Ok(map.root()));

    let proof = map.prove(&zero);
    assert_eq!(proof.steps.len(), 256);
    assert_eq!(proof.verify(&map.root(), &zero), Ok(Some(head(256))));
    let targets = increasing((240..256).map(with_bit).collect());
    let joint = map.prove_all(&targets).unwrap();
    let joint = JointMapProof::decode(&joint.encode()).unwrap();
    let answers = targets.iter().map(|key| map.get(key).copied()).collect();
    assert_eq!(joint.verify(&map.root(), &targets), Ok(answers));
}

#[test]
fn keys_that_share_a_leaf_share_its_bytes() {
    let (other, [a, b]) = ([0x80; 32], [[0x81; 32], [0x82; 32]]);
    let map: Map = [(MapKey::from(other), head(0))].into_iter().collect();
    let joint = map.prove_all(&[a.into(), b.into()]).unwrap();
    assert_eq!(joint.encode().len(), 1 + 32 + 44);
    let answers = joint.verify(&map.root(), &[a.into(), b.into()]);
    assert_eq!(answers, Ok(vec![None, None]));
}

#[test]
fn keys_may_part_in_another_order_than_they_have() {
    let [low, high] = [[0x0f; 32], [0x80; 32]].map(MapKey::from);
    let [zero, one] = [[0x00; 32], [0x0a; 32]].map(MapKey::from);
    let map: Map = [(zero, head(0)), (one, head(1))].into_iter().collect();
    let joint = map.prove_all(&[low, high]).unwrap();
    let proofs = joint.split(&map.root(), &[low, high]).unwrap();
    assert_eq!(proofs[0].end, MapEnd::Other(one, head(1)));
    assert_eq!(proofs[1].end, MapEnd::Other(zero, head(0)));
}
