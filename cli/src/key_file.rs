//! The file of a signing key: text, with the secret as it is or under a passphrase.
//!
//! ```text
//! tenon-key/v1
//! name acme/alice
//! vkey acme/alice+<8 hexadecimal digits>+<base64>
//! seed <base64 of 32 bytes>
//! ```
//!
//! With a passphrase the last line is replaced by two: how a key for the cipher is made of the
//! passphrase (memory in KiB, passes, lanes, salt), and what ChaCha20-Poly1305 made of the seed under
//! that key. What it authenticates besides is everything above its line.
//!
//! ```text
//! kdf argon2id 65536 3 1 <base64 of 16 bytes>
//! sealed chacha20poly1305 <base64 of 12 bytes> <base64 of 48 bytes>
//! ```
//!
//! A text that is not written again byte by byte is refused.

use argon2::Argon2;
use base64::prelude::{BASE64_STANDARD, Engine};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use std::fmt;
use tenon_registry_client::log::{Algorithm, KeyName, SigningKey, Vkey};
use zeroize::Zeroizing;

const VERSION: &str = "tenon-key/v1";

/// A key as its file has it.
pub(crate) struct KeyFile {
    vkey: Vkey,
    secret: Secret,
}

enum Secret {
    Plain(Zeroizing<[u8; 32]>),
    Sealed {
        cost: Cost,
        salt: [u8; 16],
        nonce: [u8; 12],
        seed: [u8; 48],
    },
}

/// What it takes to try a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// Random bytes that a file is made with.
pub(crate) struct Dice {
    pub(crate) seed: Zeroizing<[u8; 32]>,
    pub(crate) salt: [u8; 16],
    pub(crate) nonce: [u8; 12],
}

/// Why a file is no key, or does not open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyFileError {
    /// The first line is not that of a key file of this version.
    Version,
    /// A part of it is not as it was written.
    Damaged(&'static str),
    /// The passphrase would take more memory or time than any key should.
    Cost,
    /// The passphrase is another one; or what it opens was changed.
    Passphrase,
}

impl Cost {
    /// As RFC 9106 has it for little memory, on one lane: 64 MiB, 3 passes.
    pub(crate) const USUAL: Cost = Cost {
        memory: 64 << 10,
        passes: 3,
        lanes: 1,
    };
    /// The most that a file may ask for: 256 MiB, 10 passes.
    const MOST: Cost = Cost {
        memory: 256 << 10,
        passes: 10,
        lanes: 4,
    };

    fn is_bearable(self) -> bool {
        self.memory <= Cost::MOST.memory
            && self.passes <= Cost::MOST.passes
            && self.lanes <= Cost::MOST.lanes
    }

    fn key(self, passphrase: &str, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        if !self.is_bearable() {
            return Err(KeyFileError::Cost);
        }
        let params = argon2::Params::new(self.memory, self.passes, self.lanes, Some(32))
            .map_err(|_| KeyFileError::Damaged("the line `kdf`"))?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
            .map_err(|_| KeyFileError::Damaged("the line `kdf`"))?;
        Ok(key)
    }
}

impl KeyFile {
    /// A new key, whose secret is `dice.seed`.
    pub(crate) fn new(
        name: KeyName,
        dice: &Dice,
        protection: Option<(&str, Cost)>,
    ) -> Result<KeyFile, KeyFileError> {
        let key = SigningKey::from_seed(name, Algorithm::Ed25519, &dice.seed);
        let mut file = KeyFile {
            vkey: key.vkey().clone(),
            secret: Secret::Plain(dice.seed.clone()),
        };
        if let Some((passphrase, cost)) = protection {
            let key = cost.key(passphrase, &dice.salt)?;
            file.secret = Secret::Sealed {
                cost,
                salt: dice.salt,
                nonce: dice.nonce,
                seed: [0; 48],
            };
            let head = file.head();
            let payload = Payload {
                msg: dice.seed.as_slice(),
                aad: head.as_bytes(),
            };
            let bytes = ChaCha20Poly1305::new(&(*key).into())
                .encrypt(&Nonce::from(dice.nonce), payload)
                .ok()
                .and_then(|bytes| bytes.try_into().ok());
            if let (Secret::Sealed { seed, .. }, Some(bytes)) = (&mut file.secret, bytes) {
                *seed = bytes;
            }
        }
        Ok(file)
    }

    pub(crate) fn parse(text: &str) -> Result<KeyFile, KeyFileError> {
        let mut lines = text.lines();
        if lines.next() != Some(VERSION) {
            return Err(KeyFileError::Version);
        }
        let mut line = |word: &'static str, what| {
            let rest = lines.next().and_then(|line| line.strip_prefix(word));
            rest.and_then(|rest| rest.strip_prefix(' '))
                .ok_or(KeyFileError::Damaged(what))
        };
        let name = line("name", "the line `name`")?;
        let vkey: Vkey = line("vkey", "the line `vkey`")?
            .parse()
            .map_err(|_| KeyFileError::Damaged("the line `vkey`"))?;
        if vkey.name().as_str() != name || vkey.algorithm() != Algorithm::Ed25519 {
            return Err(KeyFileError::Damaged("the line `vkey`"));
        }
        let secret = match text.contains("\nkdf ") {
            false => {
                let seed = decode(line("seed", "the line `seed`")?);
                Secret::Plain(seed.ok_or(KeyFileError::Damaged("the line `seed`"))?)
            }
            true => {
                let kdf = line("kdf argon2id", "the line `kdf`")?;
                let (cost, salt) = read_kdf(kdf).ok_or(KeyFileError::Damaged("the line `kdf`"))?;
                if !cost.is_bearable() {
                    return Err(KeyFileError::Cost);
                }
                let sealed = line("sealed chacha20poly1305", "the line `sealed`")?;
                let sealed = sealed.split_once(' ');
                let parts =
                    sealed.and_then(|(nonce, seed)| Some((*decode(nonce)?, *decode(seed)?)));
                let (nonce, seed) = parts.ok_or(KeyFileError::Damaged("the line `sealed`"))?;
                Secret::Sealed {
                    cost,
                    salt,
                    nonce,
                    seed,
                }
            }
        };
        let file = KeyFile { vkey, secret };
        match *file.text() == text {
            true => Ok(file),
            false => Err(KeyFileError::Damaged("its spelling")),
        }
    }

    /// The whole file. It has the secret in it.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let last = match &self.secret {
            Secret::Plain(seed) => {
                let seed = Zeroizing::new(BASE64_STANDARD.encode(seed.as_slice()));
                Zeroizing::new(format!("seed {}\n", *seed))
            }
            Secret::Sealed { nonce, seed, .. } => Zeroizing::new(format!(
                "sealed chacha20poly1305 {} {}\n",
                BASE64_STANDARD.encode(nonce),
                BASE64_STANDARD.encode(seed)
            )),
        };
        Zeroizing::new(self.head() + &last)
    }

    /// What verifies the signatures of the key.
    pub(crate) fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// Whether it takes a passphrase.
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self.secret, Secret::Sealed { .. })
    }

    /// The key, which signs; `passphrase` is of no use to one without.
    pub(crate) fn open(&self, passphrase: &str) -> Result<SigningKey, KeyFileError> {
        let seed = match &self.secret {
            Secret::Plain(seed) => seed.clone(),
            Secret::Sealed {
                cost,
                salt,
                nonce,
                seed,
            } => {
                let key = cost.key(passphrase, salt)?;
                let head = self.head();
                let payload = Payload {
                    msg: seed,
                    aad: head.as_bytes(),
                };
                let seed = ChaCha20Poly1305::new(&(*key).into())
                    .decrypt(&Nonce::from(*nonce), payload)
                    .map(Zeroizing::new)
                    .map_err(|_| KeyFileError::Passphrase)?;
                let seed = seed.as_slice().try_into().map(Zeroizing::new);
                seed.map_err(|_| KeyFileError::Damaged("the line `sealed`"))?
            }
        };
        let key = SigningKey::from_seed(self.vkey.name().clone(), Algorithm::Ed25519, &seed);
        match *key.vkey() == self.vkey {
            true => Ok(key),
            false => Err(KeyFileError::Damaged("the line `seed`")),
        }
    }

    /// Everything above the last line.
    fn head(&self) -> String {
        let mut head = format!("{VERSION}\nname {}\nvkey {}\n", self.vkey.name(), self.vkey);
        if let Secret::Sealed { cost, salt, .. } = &self.secret {
            head.push_str(&format!(
                "kdf argon2id {} {} {} {}\n",
                cost.memory,
                cost.passes,
                cost.lanes,
                BASE64_STANDARD.encode(salt)
            ));
        }
        head
    }
}

fn read_kdf(text: &str) -> Option<(Cost, [u8; 16])> {
    let mut words = text.split(' ');
    let cost = Cost {
        memory: words.next()?.parse().ok()?,
        passes: words.next()?.parse().ok()?,
        lanes: words.next()?.parse().ok()?,
    };
    let salt = *decode(words.next()?)?;
    words.next().is_none().then_some((cost, salt))
}

fn decode<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
    bytes.as_slice().try_into().ok().map(Zeroizing::new)
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyFileError::Version => write!(f, "its first line is not `{VERSION}`"),
            KeyFileError::Damaged(part) => write!(f, "{part} was changed, or a part of it lost"),
            KeyFileError::Cost => write!(
                f,
                "it asks for more than {} MiB or {} passes to try a passphrase",
                Cost::MOST.memory >> 10,
                Cost::MOST.passes
            ),
            KeyFileError::Passphrase => f.write_str("the passphrase does not open it"),
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory: 16,
        passes: 1,
        lanes: 1,
    };

    fn dice() -> Dice {
        Dice {
            seed: Zeroizing::new([7; 32]),
            salt: [8; 16],
            nonce: [9; 12],
        }
    }

    fn file(protection: Option<&str>) -> KeyFile {
        let name = KeyName::new("acme/alice").unwrap();
        KeyFile::new(name, &dice(), protection.map(|text| (text, CHEAP))).unwrap()
    }

    fn opened(text: &str, passphrase: &str) -> Result<SigningKey, KeyFileError> {
        KeyFile::parse(text)?.open(passphrase)
    }

    #[test]
    fn a_key_comes_back() {
        let name = KeyName::new("acme/alice").unwrap();
        let key = SigningKey::from_seed(name, Algorithm::Ed25519, &[7; 32]);
        for protection in [None, Some("correct horse"), Some("pässwörd")] {
            let text = file(protection).text();
            assert_eq!(
                KeyFile::parse(&text).unwrap().is_sealed(),
                protection.is_some()
            );
            let back = opened(&text, protection.unwrap_or_default()).unwrap();
            assert_eq!(back.vkey(), key.vkey());
            let seed = BASE64_STANDARD.encode([7; 32]);
            assert_eq!(text.contains(&seed), protection.is_none());
        }
    }

    #[test]
    fn another_passphrase_opens_nothing() {
        let text = file(Some("correct horse")).text();
        for wrong in ["", "correct horse ", "Correct horse", "correct hors"] {
            assert_eq!(opened(&text, wrong).unwrap_err(), KeyFileError::Passphrase);
        }
    }

    #[test]
    fn no_part_of_a_file_can_be_changed_or_lost() {
        for protection in [None, Some("correct horse")] {
            let text = file(protection).text();
            let passphrase = protection.unwrap_or_default();
            for end in 0..text.len() {
                assert!(KeyFile::parse(&text[..end]).is_err(), "cut at {end}");
            }
            for at in 0..text.len() {
                for flip in [1, 2, 4, 0x10, 0x20] {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at] ^= flip;
                    let Ok(changed) = String::from_utf8(bytes) else {
                        continue;
                    };
                    assert!(
                        opened(&changed, passphrase).is_err(),
                        "{at} ^ {flip}: {changed}"
                    );
                }
            }
            for added in ["\n", " ", "\r\n", "seed x\n"] {
                assert!(KeyFile::parse(&format!("{}{added}", *text)).is_err());
            }
            assert!(KeyFile::parse(&text.replace('\n', "\r\n")).is_err());
        }
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory_or_time() {
        let text = file(Some("x")).text();
        for asked in [
            "4294967295 1 1",
            "262145 1 1",
            "16 4294967295 1",
            "16 11 1",
            "1024 1 5",
        ] {
            let hostile = text.replace(" 16 1 1 ", &format!(" {asked} "));
            assert_ne!(*text, hostile);
            assert_eq!(KeyFile::parse(&hostile).err(), Some(KeyFileError::Cost));
        }
        for asked in [
            "0 1 1",
            "16 0 1",
            "16 1 0",
            "7 1 1",
            "4294967296 1 1",
            "-1 1 1",
            "016 1 1",
        ] {
            let hostile = text.replace(" 16 1 1 ", &format!(" {asked} "));
            let error = opened(&hostile, "x").unwrap_err();
            assert!(
                matches!(error, KeyFileError::Damaged(_)),
                "{asked}: {error}"
            );
        }
    }
}
