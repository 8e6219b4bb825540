//! Trees that no honest registry builds: any positions, any leaves in any place.
//!
//! Whatever the tree, a root must not prove two things about one key.

use crate::head;
use crate::model;
use std::ops::AddAssign;
use std::thread;
use tenon_registry_client::log::{Hash, Head, MapEnd, MapKey, MapProof, MapStep};

const TREES: usize = 1_000_000;
const THREADS: usize = 2;

/// Positions and keys are few, so that most trees are wrong in some way and still prove something.
const POSITIONS: [u8; 5] = [0, 1, 2, 9, 255];

#[derive(Clone)]
struct Subtree {
    hash: [u8; 32],
    paths: Vec<Path>,
}

#[derive(Clone)]
struct Path {
    proof: MapProof,
    key: MapKey,
    head: Head,
}

#[derive(Debug, Default)]
struct Counts {
    trees: usize,
    candidates: usize,
    presences: usize,
    absences: usize,
    /// Absences of keys that have a leaf in the tree, where they do not belong.
    hidden: usize,
    /// Trees in which a key that was tried has several leaves with different heads.
    repeated: usize,
}

#[test]
fn a_root_proves_one_thing_about_a_key() {
    let pool = Pool::new();
    let mut total = Counts::default();
    thread::scope(|scope| {
        let pool = &pool;
        let workers: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || check(pool, seed as u64, TREES / THREADS)))
            .collect();
        for worker in workers {
            total += worker.join().unwrap();
        }
    });
    println!("{total:?}");
    assert_eq!(total.trees, TREES);
    for count in [
        total.presences,
        total.absences,
        total.hidden,
        total.repeated,
    ] {
        assert!(count > TREES / 10, "{total:?}");
    }
}

fn check(pool: &Pool, seed: u64, trees: usize) -> Counts {
    let mut random = Random(seed);
    let mut counts = Counts::default();
    let foreign = MapKey::from([0x77; 32]);
    for _ in 0..trees {
        let mut tree = pool.tree(&mut random);
        let root = Hash::from(tree.hash);
        let mut keys: Vec<MapKey> = (0..2).map(|_| random.pick(&tree.paths).key).collect();
        keys.dedup();
        counts.trees += 1;
        let repeated = keys.iter().any(|key| {
            let mut heads = tree.paths.iter().filter(|path| path.key == *key);
            let first = heads.next().unwrap().head;
            heads.any(|path| path.head != first)
        });
        counts.repeated += usize::from(repeated);
        keys.extend((random.below(4) == 0).then_some(foreign));
        for key in &keys {
            let mut answer = None;
            let mut candidate = |proof: &MapProof| {
                counts.candidates += 1;
                let Ok(new) = proof.verify(&root, key) else {
                    return;
                };
                let same = answer.is_none_or(|answer| answer == new);
                assert!(same, "{key:?} {root:?}");
                answer = Some(new);
            };
            for path in &mut tree.paths {
                path.proof.end = path.end(key);
                candidate(&path.proof);
            }
            if random.below(4) == 0 {
                let path = random.pick(&tree.paths);
                candidate(&path.mutated(&mut random));
            }
            counts.presences += usize::from(matches!(answer, Some(Some(_))));
            counts.absences += usize::from(answer == Some(None));
            counts.hidden += usize::from(answer == Some(None) && *key != foreign);
        }
    }
    counts
}

/// Subtrees that are hashed once and used in many trees.
struct Pool {
    leaves: Vec<Subtree>,
    pairs: Vec<Subtree>,
    triples: Vec<Subtree>,
}

impl Pool {
    fn new() -> Pool {
        let mut random = Random(u64::MAX);
        let mut leaves = vec![];
        for number in 0..16 {
            let mut key = [0; 32];
            key[0] = (number as u8 & 7) << 5;
            leaves.push(Subtree::leaf(key.into(), head(number)));
        }
        let pairs: Vec<Subtree> = (0..2_000)
            .map(|_| {
                let (left, right) = (random.pick(&leaves), random.pick(&leaves));
                Subtree::inner(*random.pick(&POSITIONS), left, right)
            })
            .collect();
        let triples = (0..10_000)
            .map(|_| {
                let (mut left, mut right) = (random.pick(&leaves), random.pick(&pairs));
                if random.below(2) == 0 {
                    (left, right) = (right, left);
                }
                Subtree::inner(*random.pick(&POSITIONS), left, right)
            })
            .collect();
        Pool {
            leaves,
            pairs,
            triples,
        }
    }

    /// A tree of 2 to 4 leaves.
    fn tree(&self, random: &mut Random) -> Subtree {
        let (a, b) = match random.below(6) {
            0 => (&self.leaves, &self.leaves),
            1 => (&self.leaves, &self.pairs),
            2 => (&self.pairs, &self.leaves),
            3 => (&self.pairs, &self.pairs),
            4 => (&self.leaves, &self.triples),
            _ => (&self.triples, &self.leaves),
        };
        Subtree::inner(*random.pick(&POSITIONS), random.pick(a), random.pick(b))
    }
}

impl Subtree {
    fn leaf(key: MapKey, head: Head) -> Subtree {
        let (steps, end) = (vec![], MapEnd::Empty);
        let proof = MapProof { steps, end };
        Subtree {
            hash: model::leaf(&key, &head),
            paths: vec![Path { proof, key, head }],
        }
    }

    fn inner(position: u8, left: &Subtree, right: &Subtree) -> Subtree {
        let mut paths = vec![];
        for (near, far) in [(left, right), (right, left)] {
            for path in &near.paths {
                let sibling = Hash::from(far.hash);
                let mut steps = Vec::with_capacity(4);
                steps.push(MapStep { position, sibling });
                steps.extend_from_slice(&path.proof.steps);
                let proof = MapProof {
                    steps,
                    ..path.proof
                };
                paths.push(Path { proof, ..*path });
            }
        }
        let hash = model::inner(position, left.hash, right.hash);
        Subtree { hash, paths }
    }
}

impl Path {
    /// What it ends at, if it is followed for `key`.
    fn end(&self, key: &MapKey) -> MapEnd {
        if self.key == *key {
            MapEnd::Present(self.head)
        } else {
            MapEnd::Other(self.key, self.head)
        }
    }

    /// The proof with something done to it.
    fn mutated(&self, random: &mut Random) -> MapProof {
        let mut proof = self.proof.clone();
        let at = random.below(proof.steps.len());
        match random.below(6) {
            0 => proof.steps.reverse(),
            1 => drop(proof.steps.remove(at)),
            2 => proof.steps.insert(at, proof.steps[at]),
            3 => proof.steps[at].position = *random.pick(&POSITIONS),
            4 => proof.end = MapEnd::Present(self.head),
            _ => proof.end = MapEnd::Empty,
        }
        proof
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.trees += other.trees;
        self.candidates += other.candidates;
        self.presences += other.presences;
        self.absences += other.absences;
        self.hidden += other.hidden;
        self.repeated += other.repeated;
    }
}

/// SplitMix64, so that every run sees the same trees.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
