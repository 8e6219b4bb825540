//! The map itself.

use super::joint::{self, Node};
use super::{Head, JointMapProof, MapEnd, MapKey, MapProof, MapProofError, MapStep};
use super::{empty_hash, inner_hash, leaf_hash};
use crate::log::Hash;
use std::fmt;
use std::iter;
use std::sync::{Arc, OnceLock};

/// The map from keys to heads.
///
/// A clone is a snapshot: it costs one reference, shares what stays equal, and never changes.
/// Nodes are hashed when a root or a proof is asked for, so a batch of changes hashes each node once.
#[derive(Clone, Default)]
pub struct Map {
    root: Option<Tree>,
    len: usize,
}

/// A subtree, which has at least one leaf.
#[derive(Clone)]
enum Tree {
    Leaf(Arc<Leaf>),
    Inner(Arc<Inner>),
}

// The hash of a leaf is not kept: it is cheap beside the memory.
#[derive(Clone)]
struct Leaf {
    key: MapKey,
    head: Head,
}

#[derive(Clone)]
struct Inner {
    /// The first bit in which the keys below differ.
    position: u8,
    left: Tree,
    right: Tree,
    hash: OnceLock<Hash>,
}

impl Map {
    /// A map without keys.
    pub fn new() -> Map {
        Map::default()
    }

    /// Sets the head of a key, and returns the one that it had.
    pub fn insert(&mut self, key: MapKey, head: Head) -> Option<Head> {
        let leaf = Leaf { key, head };
        let Some(root) = &mut self.root else {
            self.root = Some(Tree::Leaf(Arc::new(leaf)));
            self.len = 1;
            return None;
        };
        let nearest = root.nearest(&key);
        let (old, split) = (nearest.head, nearest.key.first_difference(&key));
        root.place(leaf, split);
        if split.is_none() {
            return Some(old);
        }
        self.len += 1;
        None
    }

    /// The head of a key.
    pub fn get(&self, key: &MapKey) -> Option<&Head> {
        let nearest = self.root.as_ref()?.nearest(key);
        (nearest.key == *key).then_some(&nearest.head)
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The keys and their heads, by increasing key.
    pub fn iter(&self) -> impl Iterator<Item = (&MapKey, &Head)> {
        let mut pending: Vec<&Tree> = self.root.iter().collect();
        iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Tree::Leaf(leaf) => return Some((&leaf.key, &leaf.head)),
                    Tree::Inner(inner) => pending.extend([&inner.right, &inner.left]),
                }
            }
        })
    }

    /// The hash that commits to every key and head.
    pub fn root(&self) -> Hash {
        self.root.as_ref().map_or_else(empty_hash, Tree::hash)
    }

    /// The proof of what the map says about a key.
    pub fn prove(&self, key: &MapKey) -> MapProof {
        let mut steps = vec![];
        let mut next = self.root.as_ref();
        let mut end = MapEnd::Empty;
        while let Some(tree) = next {
            match tree {
                Tree::Leaf(leaf) => {
                    end = MapEnd::of(key, leaf.key, leaf.head);
                    next = None;
                }
                Tree::Inner(inner) => {
                    let (near, far) = inner.sides(key);
                    steps.push(MapStep {
                        position: inner.position,
                        sibling: far.hash(),
                    });
                    next = Some(near);
                }
            }
        }
        MapProof { steps, end }
    }

    /// One proof of what the map says about each of some keys, which must be strictly increasing.
    ///
    /// # Errors
    ///
    /// [`MapProofError::NoKeys`], [`MapProofError::TooManyKeys`] or
    /// [`MapProofError::KeysOutOfOrder`].
    pub fn prove_all(&self, keys: &[MapKey]) -> Result<JointMapProof, MapProofError> {
        joint::check_keys(keys)?;
        let mut nodes = vec![];
        let mut pending: Vec<(&Tree, Vec<&MapKey>)> = vec![];
        pending.extend(self.root.iter().map(|root| (root, keys.iter().collect())));
        while let Some((tree, keys)) = pending.pop() {
            let inner = match tree {
                Tree::Leaf(leaf) => {
                    nodes.push(Node::Leaf(leaf.key, leaf.head));
                    continue;
                }
                Tree::Inner(inner) => inner,
            };
            let position = inner.position;
            let (right, left): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.bit(position));
            if left.is_empty() || right.is_empty() {
                let (near, far) = if right.is_empty() {
                    (&inner.left, &inner.right)
                } else {
                    (&inner.right, &inner.left)
                };
                let sibling = far.hash();
                nodes.push(Node::Step(MapStep { position, sibling }));
                pending.push((near, keys));
            } else {
                nodes.push(Node::Fork(position));
                pending.extend([(&inner.right, right), (&inner.left, left)]);
            }
        }
        Ok(JointMapProof::from_nodes(nodes))
    }
}

impl Tree {
    /// The leaf at which the bits of `key` end.
    fn nearest(&self, key: &MapKey) -> &Leaf {
        let mut tree = self;
        loop {
            match tree {
                Tree::Leaf(leaf) => return leaf,
                Tree::Inner(inner) => tree = inner.sides(key).0,
            }
        }
    }

    /// Puts a leaf where its key belongs: beside the subtree whose keys it leaves at the bit
    /// `split`, or, without one, in place of the leaf that has its key.
    ///
    /// It calls itself at most 256 deep, once for each bit position at most.
    fn place(&mut self, leaf: Leaf, split: Option<u8>) {
        if let Tree::Inner(inner) = self
            && split.is_none_or(|split| inner.position < split)
        {
            let inner = Arc::make_mut(inner);
            inner.hash.take();
            let near = if leaf.key.bit(inner.position) {
                &mut inner.right
            } else {
                &mut inner.left
            };
            return near.place(leaf, split);
        }
        let key = leaf.key;
        let new = Tree::Leaf(Arc::new(leaf));
        let Some(position) = split else {
            *self = new;
            return;
        };
        let old = self.clone();
        let (left, right) = if key.bit(position) {
            (old, new)
        } else {
            (new, old)
        };
        *self = Tree::Inner(Arc::new(Inner {
            position,
            left,
            right,
            hash: OnceLock::new(),
        }));
    }

    /// Its hash; calls itself as deep as [`Tree::place`] does.
    fn hash(&self) -> Hash {
        match self {
            Tree::Leaf(leaf) => leaf_hash(&leaf.key, &leaf.head),
            Tree::Inner(inner) => *inner.hash.get_or_init(|| {
                inner_hash(inner.position, &inner.left.hash(), &inner.right.hash())
            }),
        }
    }
}

impl Inner {
    /// The side to which `key` belongs, and the other.
    fn sides(&self, key: &MapKey) -> (&Tree, &Tree) {
        if key.bit(self.position) {
            (&self.right, &self.left)
        } else {
            (&self.left, &self.right)
        }
    }
}

impl Extend<(MapKey, Head)> for Map {
    fn extend<I: IntoIterator<Item = (MapKey, Head)>>(&mut self, entries: I) {
        for (key, head) in entries {
            self.insert(key, head);
        }
    }
}

impl FromIterator<(MapKey, Head)> for Map {
    fn from_iter<I: IntoIterator<Item = (MapKey, Head)>>(entries: I) -> Self {
        let mut map = Map::new();
        map.extend(entries);
        map
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_takes_less_than_300_bytes() {
        // Both counts of an `Arc`, and what an allocator may round up to and add.
        let allocated = |size: usize| (size + 16).next_multiple_of(16) + 16;
        let leaf = allocated(size_of::<Leaf>());
        let inner = allocated(size_of::<Inner>());
        assert_eq!((size_of::<Leaf>(), size_of::<Inner>()), (80, 72));
        assert!(leaf + inner < 300, "{leaf} + {inner}");
    }
}
