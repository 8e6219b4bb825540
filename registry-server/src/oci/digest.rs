//! Digests by which content and manifests are named: SHA-256, and SHA-512.

use crate::store::ReadFile;
use sha2::Digest as _;
use std::fmt;
use std::io;
use std::str::FromStr;

/// A digest by one of the algorithms that the specification registers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Digest {
    /// SHA-256, by which content is kept.
    Sha256(tenon_registry_client::Digest),
    /// SHA-512, in 128 lower-case hexadecimal digits.
    Sha512(String),
}

/// That a text is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DigestError;

/// How much of a file is read at once.
const PART: usize = 256 << 10;

impl Digest {
    /// The one that everything has if nobody asks for another.
    pub(super) fn of(bytes: &[u8]) -> Digest {
        Digest::Sha256(tenon_registry_client::Digest::of(bytes))
    }

    /// The digest of other bytes by the same algorithm.
    pub(super) fn same_of(&self, bytes: &[u8]) -> Digest {
        match self {
            Digest::Sha256(_) => Digest::of(bytes),
            Digest::Sha512(_) => Digest::sha512(bytes),
        }
    }

    /// The SHA-512.
    pub(super) fn sha512(bytes: &[u8]) -> Digest {
        Digest::Sha512(hex(&sha2::Sha512::digest(bytes)))
    }

    /// The SHA-512 of a file.
    pub(super) fn sha512_of(file: &dyn ReadFile) -> io::Result<Digest> {
        let mut hasher = sha2::Sha512::new();
        let mut part = vec![0; PART];
        let mut at = 0;
        loop {
            let read = file.read_at(at, &mut part)?;
            if read == 0 {
                return Ok(Digest::Sha512(hex(&hasher.finalize())));
            }
            hasher.update(part.get(..read).unwrap_or_default());
            at += read as u64;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        if let Some(hex) = text.strip_prefix("sha512:") {
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            return match hex.len() == 128 && hex.bytes().all(is_hex) {
                true => Ok(Digest::Sha512(hex.to_owned())),
                false => Err(DigestError),
            };
        }
        text.parse().map(Digest::Sha256).map_err(|_| DigestError)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Digest::Sha256(digest) => fmt::Display::fmt(digest, f),
            Digest::Sha512(hex) => write!(f, "sha512:{hex}"),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        // FIPS 180-2, B.1 and C.1.
        let sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let sha512 = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        for text in [sha256, sha512] {
            let digest: Digest = text.parse().unwrap();
            assert_eq!(digest.to_string(), text);
            assert_eq!(digest.same_of(b"abc"), digest);
        }
        for wrong in [
            "",
            "sha256",
            "sha256:",
            "sha512:",
            "md5:900150983cd24fb0d6963f7d28e17f72",
            "sha256:zz",
            &sha256.to_uppercase(),
            &sha512.replace('d', "D"),
            &format!("{sha256}0"),
            &sha512.replace("sha512", "sha384"),
            &sha256.replace("sha256", "sha512"),
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(DigestError), "{wrong}");
        }
    }
}
