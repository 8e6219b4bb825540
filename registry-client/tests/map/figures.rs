//! How large proofs are.

use crate::{keys, map};
use tenon_registry_client::log::JointMapProof;

#[test]
fn of_a_map_of_100_000_subjects() {
    let map = map(100_000);
    let root = map.root();
    for (count, most) in [(1, 1_300), (3, 3_600)] {
        let sizes: Vec<usize> = (0..1_000)
            .map(|at| {
                let keys = keys((0..count).map(|nth| at * 39 + nth * 30_000));
                let bytes = map.prove_all(&keys).unwrap().encode();
                let proof = JointMapProof::decode(&bytes).unwrap();
                let answers = proof.verify(&root, &keys).unwrap();
                assert!(answers.iter().all(Option::is_some));
                bytes.len()
            })
            .collect();
        let largest = sizes.iter().max().unwrap();
        let average = sizes.iter().sum::<usize>() / sizes.len();
        println!("{count} keys of 100,000: {average} bytes on average, {largest} at most");
        assert!(*largest < most);
    }
}
