//! Entry bundles, as [tlog-tiles] v0.1.0 has them: each entry after its length.
//!
//! [tlog-tiles]: https://c2sp.org/tlog-tiles@v0.1.0#log-entries

use super::tile::HASHES_PER_TILE;

/// The number of entries in a full entry bundle.
pub const ENTRIES_PER_BUNDLE: u16 = HASHES_PER_TILE;

/// The length in bytes of the longest entry bundle: 256 entries of 65,535 bytes, each after 2 bytes.
///
/// Entry bundles are served compressed: whoever decompresses one must stop at this length.
pub const MAX_ENTRY_BUNDLE: usize = 256 * 65_537;

/// Why entries cannot be bundled, or bytes are no entry bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntriesError {
    /// An entry bundle has 1 to 256 entries.
    #[error("an entry bundle has 1 to 256 entries, not {0}")]
    Count(usize),
    /// The length of an entry does not fit in 16 bits.
    #[error("entry {position} of the entry bundle has {length} bytes, more than 65535")]
    LongEntry {
        /// Its index in the bundle.
        position: usize,
        /// The number of its bytes.
        length: usize,
    },
    /// The entry bundle is longer than [`MAX_ENTRY_BUNDLE`].
    #[error("the entry bundle has {0} bytes, more than {MAX_ENTRY_BUNDLE}")]
    Long(usize),
    /// The entry bundle ends before its last entry does.
    #[error("the entry bundle ends in entry {position} of {width}")]
    Short {
        /// The index in the bundle of the entry that is not there, or not all of it.
        position: usize,
        /// The number of entries expected.
        width: u16,
    },
    /// The entry bundle goes on after its last entry.
    #[error("the entry bundle has {bytes} bytes after its {width} entries")]
    Trailing {
        /// The number of bytes too many.
        bytes: usize,
        /// The number of entries expected.
        width: u16,
    },
}

/// The entry bundle of 1 to 256 entries of at most 65,535 bytes: for each its length, as two bytes
/// with the higher first, then itself.
///
/// # Errors
///
/// [`EntriesError::Count`] or [`EntriesError::LongEntry`].
pub fn encode_entries(entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, EntriesError> {
    if entries.is_empty() || entries.len() > usize::from(ENTRIES_PER_BUNDLE) {
        return Err(EntriesError::Count(entries.len()));
    }
    let mut bundle = vec![];
    for (position, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| EntriesError::LongEntry {
            position,
            length: entry.len(),
        })?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(entry);
    }
    Ok(bundle)
}

/// The entries of an entry bundle of this width, which is that of its path: 1 to 256.
///
/// It copies no entry, and allocates `width` slices.
///
/// # Errors
///
/// Any [`EntriesError`] but [`EntriesError::LongEntry`]: the width is not 1 to 256, the bundle is
/// longer than [`MAX_ENTRY_BUNDLE`], or has fewer or more bytes than its entries.
pub fn decode_entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, EntriesError> {
    if !(1..=ENTRIES_PER_BUNDLE).contains(&width) {
        return Err(EntriesError::Count(width.into()));
    }
    if bundle.len() > MAX_ENTRY_BUNDLE {
        return Err(EntriesError::Long(bundle.len()));
    }
    let mut rest = bundle;
    let mut entries = vec![];
    for position in 0..usize::from(width) {
        let (entry, after) = split_entry(rest).ok_or(EntriesError::Short { position, width })?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        let bytes = rest.len();
        return Err(EntriesError::Trailing { bytes, width });
    }
    Ok(entries)
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test may stop where it fails")]

    use super::*;

    #[test]
    fn a_bundle_reads_as_it_was_written() {
        let entries: [&[u8]; 3] = [b"", b"a", &[0; 65_535]];
        let bundle = encode_entries(&entries).expect("three entries");
        assert_eq!(bundle.len(), 2 + 3 + 65_537);
        assert_eq!(bundle.get(..5), Some(&[0, 0, 0, 1, b'a'][..]));
        assert_eq!(decode_entries(&bundle, 3), Ok(entries.to_vec()));
        let longest = vec![[1; 65_535]; 256];
        let bundle = encode_entries(&longest).expect("256 entries");
        assert_eq!(bundle.len(), MAX_ENTRY_BUNDLE);
        assert_eq!(
            decode_entries(&bundle, 256).map(|entries| entries.len()),
            Ok(256)
        );
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        assert_eq!(encode_entries(&[[0; 0]; 0]), Err(EntriesError::Count(0)));
        assert_eq!(
            encode_entries(&[[0; 0]; 257]),
            Err(EntriesError::Count(257))
        );
        let (position, length) = (1, 65_536);
        assert_eq!(
            encode_entries(&[vec![], vec![0; 65_536]]),
            Err(EntriesError::LongEntry { position, length })
        );
        assert_eq!(decode_entries(&[], 0), Err(EntriesError::Count(0)));
        assert_eq!(decode_entries(&[], 257), Err(EntriesError::Count(257)));
        let long = vec![0; MAX_ENTRY_BUNDLE + 1];
        assert_eq!(
            decode_entries(&long, 256),
            Err(EntriesError::Long(long.len()))
        );
        let bundle = [0, 1, b'a', 0, 2, b'b', b'c'];
        assert_eq!(decode_entries(&bundle, 2), Ok(vec![&b"a"[..], b"bc"]));
        for length in 0..bundle.len() {
            let (position, width) = (usize::from(length > 2), 2);
            let cut = bundle.get(..length).expect("a shorter bundle");
            assert_eq!(
                decode_entries(cut, width),
                Err(EntriesError::Short { position, width })
            );
        }
        let (position, width) = (2, 3);
        assert_eq!(
            decode_entries(&bundle, width),
            Err(EntriesError::Short { position, width })
        );
        let (bytes, width) = (4, 1);
        assert_eq!(
            decode_entries(&bundle, width),
            Err(EntriesError::Trailing { bytes, width })
        );
    }
}
