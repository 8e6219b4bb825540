//! The values of the map.

use crate::log::Hash;

/// The latest record of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The record's place in the log, counting leaves from 0.
    pub index: u64,
    /// The record's place in its subject's chain, counting from 0.
    pub seq: u32,
    /// The record's leaf hash.
    pub hash: Hash,
}

impl Head {
    /// The length of [`Head::to_bytes`].
    pub const LEN: usize = 44;

    /// Index, seq and hash one after the other, the numbers big-endian.
    pub fn to_bytes(&self) -> [u8; Head::LEN] {
        let (index, seq) = (self.index.to_be_bytes(), self.seq.to_be_bytes());
        let mut bytes = index
            .iter()
            .chain(&seq)
            .chain(self.hash.as_bytes())
            .copied();
        next(&mut bytes)
    }

    /// The head that [`Head::to_bytes`] writes so; any 44 bytes are one.
    pub fn from_bytes(bytes: &[u8; Head::LEN]) -> Head {
        let mut bytes = bytes.iter().copied();
        Head {
            index: u64::from_be_bytes(next(&mut bytes)),
            seq: u32::from_be_bytes(next(&mut bytes)),
            hash: Hash::from(next::<32>(&mut bytes)),
        }
    }
}

/// The next `N` of at least `N` bytes.
fn next<const N: usize>(bytes: &mut impl Iterator<Item = u8>) -> [u8; N] {
    std::array::from_fn(|_| bytes.next().unwrap_or_default())
}
