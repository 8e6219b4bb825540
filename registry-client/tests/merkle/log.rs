//! The log that the tests prove things about: 70,000 leaves, with every node at hand.

use std::convert::Infallible;
use std::sync::LazyLock;
use tenon_registry_client::log::{Edge, Hash, NodeId, Nodes};

pub(crate) const SIZE: u64 = 70_000;

pub(crate) static LOG: LazyLock<Log> = LazyLock::new(Log::new);

pub(crate) struct Log {
    /// By level, then index.
    pub(crate) levels: Vec<Vec<Hash>>,
    /// By size, from 0 to [`SIZE`].
    pub(crate) roots: Vec<Hash>,
}

impl Log {
    fn new() -> Log {
        let mut edge = Edge::new();
        let mut levels: Vec<Vec<Hash>> = vec![];
        let mut roots = vec![edge.root()];
        for index in 0..SIZE {
            for (id, hash) in edge.push(Hash::leaf(&entry(index))).unwrap() {
                let level = usize::from(id.level);
                levels.resize(levels.len().max(level + 1), vec![]);
                assert_eq!(id.index, levels[level].len() as u64, "{id}");
                levels[level].push(hash);
            }
            roots.push(edge.root());
        }
        Log { levels, roots }
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.levels[0][index as usize]
    }

    pub(crate) fn root(&self, size: u64) -> Hash {
        self.roots[size as usize]
    }
}

impl Nodes for Log {
    type Error = Infallible;

    fn node(&self, id: NodeId) -> Result<Hash, Infallible> {
        Ok(self.levels[usize::from(id.level)][id.index as usize])
    }
}

pub(crate) fn entry(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

/// The sizes at which proofs are compared: all small ones, and those around where the tree or the
/// tiles gain a level.
pub(crate) fn sizes() -> Vec<u64> {
    let around = [512, 768, 1024, 4096, 32_768, 65_536, 65_792, 66_048, 69_888];
    let mut sizes: Vec<u64> = around.iter().flat_map(|at| at - 2..=at + 2).collect();
    sizes.extend([1000, 12_345, 54_321, SIZE - 1, SIZE]);
    (0..=300).chain(sizes).collect()
}

/// The indices to try in a log of this size: all if it is small.
pub(crate) fn indices(size: u64) -> Vec<u64> {
    if size <= 300 {
        return (0..size).collect();
    }
    let mut random = Random(size);
    let mut indices = vec![0, 1, 2, 255, 256, 257, size / 2, size - 2, size - 1];
    indices.extend([
        511,
        512,
        65_535,
        65_536,
        size & !255,
        size & !1,
        size & (size - 1),
    ]);
    indices.extend((0..4).map(|_| random.below(size)));
    indices.retain(|index| *index < size);
    indices.sort_unstable();
    indices.dedup();
    indices
}

/// The same numbers on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
