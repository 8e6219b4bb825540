//! What a map says about several keys, with every hash once.

use super::{Head, MapEnd, MapKey, MapProof, MapProofError, MapStep};
use super::{empty_hash, inner_hash, leaf_hash};
use crate::log::Hash;
use std::slice;

/// One proof for 1 to 16 keys and one root; `docs/map.md` has its bytes.
///
/// For a root and its keys there is one such proof, in one encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointMapProof {
    /// From the root down, left before right; none if the map is empty.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(MapKey, Head),
    /// All keys that come here take the same side.
    Step(MapStep),
    /// Some of the keys that come here take the left side, some the right.
    Fork(u8),
}

/// A key, and what the walk has found of its path, from the end up.
struct Target {
    key: MapKey,
    steps: Vec<MapStep>,
    end: MapEnd,
}

const EMPTY: u8 = 0;
const LEAF: u8 = 1;
const STEP: u8 = 2;
const FORK: u8 = 3;

impl JointMapProof {
    /// The most keys that one proof may be for, and so the most leaves that it may have.
    pub const MOST_KEYS: usize = 16;

    /// The most bytes that an encoded proof can have: for each key a leaf and 256 steps.
    pub const MOST_BYTES: usize = JointMapProof::MOST_KEYS * (77 + 256 * 34);

    pub(super) fn from_nodes(nodes: Vec<Node>) -> JointMapProof {
        JointMapProof { nodes }
    }

    /// What the map with the root `root` says about each of `keys`, in their order: the key's head,
    /// or that it has none.
    ///
    /// # Errors
    ///
    /// There must be 1 to 16 keys, strictly increasing. The proof is refused if it forks where the
    /// keys do not part or does not where they do, if it ends at the leaf of a key that does not lie
    /// on the path, or if it leads to another root.
    pub fn verify(&self, root: &Hash, keys: &[MapKey]) -> Result<Vec<Option<Head>>, MapProofError> {
        let proofs = self.split(root, keys)?;
        Ok(proofs.iter().map(|proof| proof.end.head()).collect())
    }

    /// The proof for each of `keys` alone, in their order, once all are verified.
    ///
    /// It allocates for each key at most as many steps as the proof has, and never above 256.
    ///
    /// # Errors
    ///
    /// As [`JointMapProof::verify`].
    pub fn split(&self, root: &Hash, keys: &[MapKey]) -> Result<Vec<MapProof>, MapProofError> {
        check_keys(keys)?;
        let start = |key: &MapKey| Target {
            key: *key,
            steps: vec![],
            end: MapEnd::Empty,
        };
        let mut targets: Vec<Target> = keys.iter().map(start).collect();
        let hash = if self.nodes.is_empty() {
            empty_hash()
        } else {
            let mut targets: Vec<&mut Target> = targets.iter_mut().collect();
            walk(&mut self.nodes.iter(), &mut targets, &mut vec![])?
        };
        if hash != *root {
            return Err(MapProofError::RootDiffers);
        }
        let finish = |Target { mut steps, end, .. }: Target| {
            steps.reverse();
            MapProof { steps, end }
        };
        Ok(targets.into_iter().map(finish).collect())
    }

    /// The bytes of the proof.
    pub fn encode(&self) -> Vec<u8> {
        if self.nodes.is_empty() {
            return vec![EMPTY];
        }
        let mut bytes = vec![];
        for node in &self.nodes {
            match node {
                Node::Leaf(key, head) => {
                    bytes.push(LEAF);
                    bytes.extend_from_slice(key.as_bytes());
                    bytes.extend_from_slice(&head.to_bytes());
                }
                Node::Step(step) => {
                    bytes.extend_from_slice(&[STEP, step.position]);
                    bytes.extend_from_slice(step.sibling.as_bytes());
                }
                Node::Fork(position) => bytes.extend_from_slice(&[FORK, *position]),
            }
        }
        bytes
    }

    /// The proof that [`JointMapProof::encode`] writes as `bytes`; of other bytes, none.
    ///
    /// It reads at most [`JointMapProof::MOST_BYTES`], and allocates at most 8 times what it reads,
    /// and 4 KiB.
    ///
    /// # Errors
    ///
    /// The bytes are refused if they end early or go on, if a node is of an unknown kind, if the
    /// positions on a path do not increase, if there are more than 16 leaves, or if a map is empty
    /// below its root.
    pub fn decode(bytes: &[u8]) -> Result<JointMapProof, MapProofError> {
        let mut bytes = bytes;
        let mut nodes = vec![];
        let mut leaves = 0;
        // For each subtree still to come, the lowest position that its root may have.
        let mut pending: Vec<u16> = vec![0];
        while let Some(lowest) = pending.pop() {
            let node = match take(&mut bytes)? {
                [EMPTY] if nodes.is_empty() => break,
                [EMPTY] => return Err(MapProofError::StepsInEmptyMap),
                [LEAF] => {
                    leaves += 1;
                    let key = MapKey::from(take::<32>(&mut bytes)?);
                    Node::Leaf(key, Head::from_bytes(&take(&mut bytes)?))
                }
                [STEP] => {
                    let position = take_position(&mut bytes, lowest)?;
                    pending.push(u16::from(position) + 1);
                    let sibling = Hash::from(take::<32>(&mut bytes)?);
                    Node::Step(MapStep { position, sibling })
                }
                [FORK] => {
                    let position = take_position(&mut bytes, lowest)?;
                    pending.extend([u16::from(position) + 1; 2]);
                    Node::Fork(position)
                }
                [tag] => return Err(MapProofError::UnknownTag(tag)),
            };
            if leaves + pending.len() > JointMapProof::MOST_KEYS {
                return Err(MapProofError::TooManyLeaves);
            }
            nodes.push(node);
        }
        if !bytes.is_empty() {
            return Err(MapProofError::TrailingBytes);
        }
        Ok(JointMapProof { nodes })
    }
}

/// Whether a proof can be for these keys.
pub(super) fn check_keys(keys: &[MapKey]) -> Result<(), MapProofError> {
    if keys.is_empty() {
        return Err(MapProofError::NoKeys);
    }
    if keys.len() > JointMapProof::MOST_KEYS {
        return Err(MapProofError::TooManyKeys);
    }
    if !keys.is_sorted_by(|a, b| a < b) {
        return Err(MapProofError::KeysOutOfOrder);
    }
    Ok(())
}

/// The hash of the subtree that `nodes` begin with, which is where `targets` came by `path`.
///
/// It calls itself at forks only, of which there are at most 15.
fn walk(
    nodes: &mut slice::Iter<'_, Node>,
    targets: &mut [&mut Target],
    path: &mut Vec<u8>,
) -> Result<Hash, MapProofError> {
    let start = path.len();
    let mut steps = vec![];
    let mut hash = loop {
        match *nodes.next().ok_or(MapProofError::Truncated)? {
            Node::Leaf(key, head) => {
                for target in targets.iter_mut() {
                    if path.iter().any(|&p| key.bit(p) != target.key.bit(p)) {
                        return Err(MapProofError::OtherKeyOffPath);
                    }
                    target.end = MapEnd::of(&target.key, key, head);
                }
                break leaf_hash(&key, &head);
            }
            Node::Step(step) => {
                let (left, right) = part(targets, step.position);
                if !left.is_empty() && !right.is_empty() {
                    return Err(MapProofError::ForkMissing);
                }
                path.push(step.position);
                steps.push(step);
            }
            Node::Fork(position) => {
                let (mut left, mut right) = part(targets, position);
                if left.is_empty() || right.is_empty() {
                    return Err(MapProofError::ForkNeedless);
                }
                path.push(position);
                let left_hash = walk(nodes, &mut left, path)?;
                let right_hash = walk(nodes, &mut right, path)?;
                record(&mut left, position, right_hash);
                record(&mut right, position, left_hash);
                break inner_hash(position, &left_hash, &right_hash);
            }
        }
    };
    path.truncate(start);
    for step in steps.iter().rev() {
        record(targets, step.position, step.sibling);
        if let Some(target) = targets.first() {
            hash = step.over(&target.key, &hash);
        }
    }
    Ok(hash)
}

/// The targets that go left at `position`, and those that go right.
///
/// Those that go right need not be the greater keys: they may differ before `position`.
fn part<'a>(
    targets: &'a mut [&mut Target],
    position: u8,
) -> (Vec<&'a mut Target>, Vec<&'a mut Target>) {
    let targets = targets.iter_mut().map(|target| &mut **target);
    targets.partition(|target| !target.key.bit(position))
}

/// Adds a step above those that the targets have.
fn record(targets: &mut [&mut Target], position: u8, sibling: Hash) {
    for target in targets {
        target.steps.push(MapStep { position, sibling });
    }
}

/// The next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], MapProofError> {
    let (first, rest) = bytes.split_first_chunk().ok_or(MapProofError::Truncated)?;
    *bytes = rest;
    Ok(*first)
}

/// The next byte, as a position.
fn take_position(bytes: &mut &[u8], lowest: u16) -> Result<u8, MapProofError> {
    let [position] = take(bytes)?;
    if u16::from(position) < lowest {
        return Err(MapProofError::PositionsNotIncreasing);
    }
    Ok(position)
}
