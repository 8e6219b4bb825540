//! The keys of the map.

use crate::text;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What the map knows a subject by: the SHA-256 of its text.
///
/// Keys are ordered as their bytes are, which is also the order of the leaves from left to right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapKey([u8; 32]);

impl MapKey {
    /// The key of a subject such as `package acme:http`.
    pub fn of(subject_text: &str) -> MapKey {
        MapKey(Sha256::digest(subject_text).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One bit, counting from the most significant one of the first byte.
    pub(super) fn bit(&self, position: u8) -> bool {
        let byte = self.0.get(usize::from(position / 8));
        byte.is_some_and(|byte| byte & (0x80 >> (position % 8)) != 0)
    }

    /// The position of the first bit in which two keys differ; `None` if they are the same.
    pub(super) fn first_difference(&self, other: &MapKey) -> Option<u8> {
        (0..=u8::MAX)
            .step_by(8)
            .zip(self.0.iter().zip(&other.0))
            .find(|(_, (a, b))| a != b)
            .map(|(start, (a, b))| start | (a ^ b).leading_zeros() as u8)
    }
}

impl From<[u8; 32]> for MapKey {
    fn from(bytes: [u8; 32]) -> Self {
        MapKey(bytes)
    }
}

impl fmt::Debug for MapKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_base64(&self.0))
    }
}
