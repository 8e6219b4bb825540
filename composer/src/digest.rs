//! SHA-256 of ranges of inputs, and its text form.

use crate::input::Input;
use sha2::{Digest as _, Sha256};
use std::io;
use std::ops::Range;

/// How much is held in memory at once.
const CHUNK: u64 = 256 << 10;

/// The SHA-256 of a range of `input`.
pub(crate) fn of_range(input: &dyn Input, range: Range<u64>) -> io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let size = range.end.saturating_sub(range.start);
    let mut buffer = vec![0; size.min(CHUNK) as usize];
    let mut at = range.start;
    while at < range.end {
        buffer.truncate((range.end - at).min(CHUNK) as usize);
        input.read_at(at, &mut buffer)?;
        hasher.update(&buffer);
        at += buffer.len() as u64;
    }
    Ok(hasher.finalize().into())
}

/// `sha256:` and 64 hexadecimal digits.
pub(crate) fn text(digest: &[u8; 32]) -> String {
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
    "sha256:".chars().chain(hex).collect()
}

/// The digest that a text ends with, if it ends with one.
pub(crate) fn at_end_of(text: &str) -> Option<[u8; 32]> {
    let (_, hex) = text.rsplit_once("sha256:")?;
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_hashed_whole() {
        // FIPS 180-2, B.1 and B.3.
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let found = of_range(&b"xabcx".as_slice(), 1..4).map(|digest| text(&digest));
        assert_eq!(found.ok().as_deref(), Some(abc));
        let million = "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        let found = of_range(&vec![b'a'; 1_000_000], 0..1_000_000).map(|digest| text(&digest));
        assert_eq!(found.ok().as_deref(), Some(million));
        assert!(of_range(&b"abc".as_slice(), 1..5).is_err());
    }

    #[test]
    fn the_text_is_read_back() {
        let digest = [0x0a; 32];
        assert_eq!(at_end_of(&text(&digest)), Some(digest));
        let of_registry = format!("registry.example/log#{}", text(&digest));
        assert_eq!(at_end_of(&of_registry), Some(digest));
        for wrong in ["local", "sha256:", "sha256:0a", &"é".repeat(64)] {
            assert_eq!(at_end_of(wrong), None);
        }
        let signs = format!("sha256:{}", "+1".repeat(32));
        assert_eq!(at_end_of(&signs), None);
    }
}
