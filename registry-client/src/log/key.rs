//! Keys: who signs, under which name, and by which algorithm.

use super::Hash;
use crate::text;
use ed25519_dalek::Signer as _;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// An Ed25519 public key ([RFC 8032]) for which a signature means one thing only.
///
/// It is in its one canonical encoding, and in the prime-order subgroup: keys of small or mixed
/// order are refused when the key is read. Together with `verify_strict` this also refuses every
/// signature whose `R` is of small or mixed order or not canonical, since the equation
/// `R = [S]B - [k]A`, compared byte by byte, then has no other solution.
///
/// [RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Arc<ed25519_dalek::VerifyingKey>);

/// The name under which a key signs: not empty, and without spaces, ASCII control characters or `+`.
///
/// It is as long as the note allows it to be. See [signed-note](https://c2sp.org/signed-note@v1.0.0), "Format".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// What a signature of a key is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Type `0x01`: Ed25519 over the text of the note.
    Ed25519,
    /// Type `0x04`: Ed25519 over a time and a checkpoint, as in
    /// [tlog-cosignature](https://c2sp.org/tlog-cosignature@v1.0.1).
    Cosignature,
}

/// A key that may verify: name, algorithm and public key.
///
/// Its text form is `<name>+<id as 8 hexadecimal digits>+<base64 of type and public key>`, as in
/// [signed-note](https://c2sp.org/signed-note@v1.0.0), "Verifier keys".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vkey {
    name: KeyName,
    algorithm: Algorithm,
    key: PublicKey,
    /// It follows from the rest; to compute it takes a hash.
    id: KeyId,
}

/// The first four bytes of the hash of name, algorithm and public key: which key made a signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

/// A key that may sign. Its secret is in no text form, and is wiped from memory when dropped.
#[derive(Clone)]
pub struct SigningKey {
    vkey: Vkey,
    secret: ed25519_dalek::SigningKey,
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no point of the curve, or not in the one encoding of that point.
    #[error("the public key is not a point of Curve25519 in its canonical encoding")]
    NotAPoint,
    /// The point is of small or mixed order, so that one signature could fit several messages.
    #[error("the public key is not in the prime-order subgroup, so its signatures prove nothing")]
    WeakPoint,
    /// The name is empty, too long, or has a character that no key name may have.
    #[error("`{0}` is not a key name: expected a text without spaces, control characters or `+`")]
    Name(String),
    /// The text is not in the form of a verifier key.
    #[error("`{0}` is not a verifier key: expected `<name>+<8 hexadecimal digits>+<base64>`")]
    Syntax(String),
    /// The key is of an algorithm that is not supported.
    #[error(
        "the key `{name}` is of signature type 0x{algorithm:02x}: only 0x01 (Ed25519) and 0x04 (cosignature/v1) are supported"
    )]
    Algorithm {
        /// The name of the key.
        name: String,
        /// Its signature type.
        algorithm: u8,
    },
    /// The id in the text is not that of the key in the text.
    #[error(
        "the verifier key `{name}` says its id is {said}, but it is {is}: a part of it was changed or lost"
    )]
    Id {
        /// The name of the key.
        name: String,
        /// The id in the text.
        said: String,
        /// The id of name, algorithm and public key.
        is: KeyId,
    },
}

impl PublicKey {
    /// Reads the 32 bytes of a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAPoint`] or [`KeyError::WeakPoint`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<PublicKey, KeyError> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().as_bytes() != bytes {
            return Err(KeyError::NotAPoint);
        }
        if point.is_small_order() || !point.is_torsion_free() {
            return Err(KeyError::WeakPoint);
        }
        Ok(PublicKey(Arc::new(key)))
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`; one that is not 64 bytes is not.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`].
    pub fn new(name: impl Into<String>) -> Result<KeyName, KeyError> {
        let name = name.into();
        let refused = |char: char| char.is_whitespace() || char < ' ' || char == '+';
        if name.is_empty() || name.contains(refused) {
            return Err(KeyError::Name(text::excerpt(&name)));
        }
        Ok(KeyName(name))
    }

    /// A name that is nobody's.
    pub(super) fn grease(number: u64) -> KeyName {
        KeyName(format!("grease.invalid/{number:08x}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 1,
            Algorithm::Cosignature => 4,
        }
    }
}

impl Vkey {
    /// Puts a key together.
    pub fn new(name: KeyName, algorithm: Algorithm, key: PublicKey) -> Vkey {
        let hash = Hash::of(&[
            name.0.as_bytes(),
            b"\n",
            &[algorithm.byte()],
            key.as_bytes(),
        ]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Vkey {
            name,
            algorithm,
            key,
            id: KeyId([a, b, c, d]),
        }
    }

    /// The name under which the key signs.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What its signatures are over.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// `SHA-256(name || "\n" || type || public key)[:4]`.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

impl SigningKey {
    /// The key whose secret is `seed`: 32 bytes from a source of randomness fit for keys.
    pub fn from_seed(name: KeyName, algorithm: Algorithm, seed: &[u8; 32]) -> SigningKey {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        // A point that is a multiple of the base point is what `PublicKey::from_bytes` asks for.
        let key = PublicKey(Arc::new(secret.verifying_key()));
        SigningKey {
            vkey: Vkey::new(name, algorithm, key),
            secret,
        }
    }

    /// The key that verifies what this one signs.
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The 64 bytes of a signature over `message` itself, whatever the algorithm of the key.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::to_base64(self.as_bytes()))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend(self.key.as_bytes());
        let base64 = text::to_base64(&bytes);
        write!(f, "{}+{}+{base64}", self.name, self.id())
    }
}

impl fmt::Debug for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.vkey)
    }
}

impl FromStr for Vkey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let syntax = || KeyError::Syntax(text::excerpt(text));
        let (name, rest) = text.split_once('+').ok_or_else(syntax)?;
        let (said, base64) = rest.split_once('+').ok_or_else(syntax)?;
        let name = KeyName::new(name)?;
        let bytes = text::from_base64(base64).ok_or_else(syntax)?;
        let (algorithm, key) = bytes.split_first().ok_or_else(syntax)?;
        let algorithm = match algorithm {
            1 => Algorithm::Ed25519,
            4 => Algorithm::Cosignature,
            other => {
                return Err(KeyError::Algorithm {
                    name: text::excerpt(&name.0),
                    algorithm: *other,
                });
            }
        };
        let key = PublicKey::from_bytes(key.try_into().map_err(|_| syntax())?)?;
        let vkey = Vkey::new(name, algorithm, key);
        let is = vkey.id();
        if said != is.to_string() {
            return Err(KeyError::Id {
                name: text::excerpt(&vkey.name.0),
                said: text::excerpt(said),
                is,
            });
        }
        Ok(vkey)
    }
}
