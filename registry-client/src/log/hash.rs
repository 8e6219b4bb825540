//! The hash of records, nodes and roots: SHA-256 as [RFC 6962] has it.
//!
//! [RFC 6962]: https://www.rfc-editor.org/rfc/rfc6962#section-2.1

use crate::text;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// 32 bytes that stand for a leaf, a subtree, a whole log or a map.
///
/// Its text form is standard base64 with padding, 44 characters, in one spelling only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

/// Why a text is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a hash: expected 32 bytes in standard base64", text::excerpt(.0))]
pub struct HashError(String);

impl Hash {
    /// 32 zero bytes: the hash of no record, which a chain's first record names as the one before.
    pub const ZERO: Hash = Hash([0; 32]);

    /// The hash of a leaf: `SHA-256(0x00 || leaf)`.
    pub fn leaf(leaf: &[u8]) -> Hash {
        Hash::of(&[&[0], leaf])
    }

    /// The hash of a subtree: `SHA-256(0x01 || left || right)`.
    pub fn node(left: &Hash, right: &Hash) -> Hash {
        Hash::of(&[&[1], &left.0, &right.0])
    }

    /// The root of a log without leaves: `SHA-256()`.
    pub fn empty() -> Hash {
        Hash::of(&[])
    }

    /// SHA-256 of the parts, one after the other.
    pub(crate) fn of(parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Hash(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text::from_base64(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Hash).ok_or_else(|| HashError(text.to_owned()))
    }
}
