//! The map from subjects to their heads: a binary Merkle Patricia tree, as `docs/map.md` has it.

mod error;
mod head;
mod joint;
mod key;
mod proof;
mod tree;

pub use error::MapProofError;
pub use head::Head;
pub use joint::JointMapProof;
pub use key::MapKey;
pub use proof::{MapEnd, MapProof, MapStep};
pub use tree::Map;

use super::Hash;

const DOMAIN: &[u8] = b"tenon-map/v1\n";

/// The root of a map without keys.
fn empty_hash() -> Hash {
    Hash::of(&[DOMAIN, &[0]])
}

/// The hash of one key with its head.
fn leaf_hash(key: &MapKey, head: &Head) -> Hash {
    Hash::of(&[DOMAIN, &[1], key.as_bytes(), &head.to_bytes()])
}

/// The hash of an inner node.
fn inner_hash(position: u8, left: &Hash, right: &Hash) -> Hash {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    Hash::of(&[DOMAIN, &[2, position], left, right])
}
