//! Signed notes, as in [signed-note v1.0.0](https://c2sp.org/signed-note@v1.0.0).

use super::{Algorithm, KeyId, KeyName, SigningKey, Vkey};
use crate::text;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The longest note that is read: 128 KiB.
pub const MAX_NOTE: usize = 128 << 10;

/// The most signature lines that a note may have: room for a log, 32 witnesses and as many more.
pub const MAX_SIGNATURES: usize = 128;

/// A text, and who says to have signed it.
///
/// The text form is the text, an empty line, and one line for each signature. It has one spelling:
/// what [`Note::parse`] accepts, `Display` writes again byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line: which key says to have signed, and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: KeyName,
    /// Which key of that name.
    pub id: KeyId,
    /// What the key's algorithm made, at least one byte.
    pub bytes: Vec<u8>,
}

/// A signature that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signed<'k> {
    /// The key that signed.
    pub key: &'k Vkey,
    /// When, for a cosignature: seconds since 1970. The key's owner says so.
    pub time: Option<u64>,
}

/// Why something is no note, or not one that the known keys signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is longer than [`MAX_NOTE`].
    #[error("the note has {0} bytes, of at most {MAX_NOTE}")]
    TooLong(usize),
    /// It is not UTF-8.
    #[error("the note is not UTF-8 after byte {0}")]
    NotUtf8(usize),
    /// It has a control character.
    #[error("the note has the control character 0x{byte:02x} at byte {offset}")]
    Control {
        /// The character.
        byte: u8,
        /// Where it is.
        offset: usize,
    },
    /// There is no empty line between text and signatures.
    #[error("the note has no empty line between its text and its signatures")]
    NoSeparator,
    /// Nobody says to have signed it.
    #[error("the note has no signature")]
    Unsigned,
    /// The last line does not end.
    #[error("the note does not end with a newline")]
    Unfinished,
    /// A line after the text is no signature.
    #[error("`{0}` is not a signature line: expected `— <key name> <base64>`")]
    SignatureLine(String),
    /// There are more than [`MAX_SIGNATURES`].
    #[error(
        "the note has more signatures than it may: {MAX_SIGNATURES} where it is read, 16 where it is made"
    )]
    TooManySignatures,
    /// A key that is known did not make the signature which bears its name and id.
    #[error("the signature that says to be by `{0}` is not: the note was changed, or forged")]
    BadSignature(Vkey),
    /// No known key signed.
    #[error("no known key signed the note; it bears the signatures of: {}", names(.0))]
    NoKnownKey(Vec<String>),
    /// A cosigner's key signs checkpoints, and nothing else.
    #[error("the key `{0}` cosigns checkpoints, and signs no other note")]
    Cosigner(Vkey),
    /// Two of the known keys have the same name and id, so a signature could be by either.
    #[error("two known keys have the name `{0}` and the same id")]
    AmbiguousKey(KeyName),
}

fn names(names: &[String]) -> String {
    names.join(", ")
}

impl Note {
    /// A note without signatures yet; the text must end with a newline.
    ///
    /// # Errors
    ///
    /// [`NoteError::Unfinished`] or [`NoteError::Control`].
    pub fn new(text: impl Into<String>) -> Result<Note, NoteError> {
        let text = text.into();
        if !text.ends_with('\n') {
            return Err(NoteError::Unfinished);
        }
        check_characters(&text)?;
        Ok(Note {
            text,
            signatures: vec![],
        })
    }

    /// Reads a note: at most [`MAX_NOTE`] bytes. It allocates no more than the bytes given, and 16 KiB.
    ///
    /// # Errors
    ///
    /// The bytes are not in the form of a note. Whether a signature verifies is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|e| NoteError::NotUtf8(e.valid_up_to()))?;
        check_characters(note)?;
        // The text may itself have empty lines, and what looks like signatures.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::NoSeparator)?;
        if signatures.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Unfinished)?;
        if signatures.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let signatures: Result<_, _> = signatures.split('\n').map(|line| line.parse()).collect();
        // With the first of the two newlines.
        let text = note.get(..=text.len()).ok_or(NoteError::NoSeparator)?;
        Ok(Note {
            text: text.to_owned(),
            signatures: signatures?,
        })
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order, whether they verify or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line.
    ///
    /// # Errors
    ///
    /// [`NoteError::TooManySignatures`].
    pub fn push(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Adds the signature of a key that signs notes; a cosigner's is an error, it signs checkpoints.
    ///
    /// # Errors
    ///
    /// [`NoteError::Cosigner`] or [`NoteError::TooManySignatures`].
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), NoteError> {
        if key.vkey().algorithm() != Algorithm::Ed25519 {
            return Err(NoteError::Cosigner(key.vkey().clone()));
        }
        key.sign_text(&self.text, 0)
            .map_or(Ok(()), |signature| self.push(signature))
    }

    /// The signatures of `keys` that the note bears, ordered by key, latest first; at least one.
    ///
    /// Signatures of other keys are ignored. A line that bears the name and id of one of `keys` and
    /// was not made by it is an error, whatever else the note bears. A signature that is there
    /// twice is returned once.
    ///
    /// # Errors
    ///
    /// [`NoteError::NoKnownKey`], [`NoteError::BadSignature`], or [`NoteError::AmbiguousKey`].
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Vkey>,
    ) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut known = std::collections::BTreeMap::new();
        for key in keys {
            let other = known.insert((key.name(), key.id()), key);
            if other.is_some_and(|other| other != key) {
                return Err(NoteError::AmbiguousKey(key.name().clone()));
            }
        }
        let mut signed = BTreeSet::new();
        for signature in &self.signatures {
            let Some(key) = known.get(&(&signature.name, signature.id)) else {
                continue;
            };
            let by = key
                .verify(&self.text, &signature.bytes)
                .ok_or_else(|| NoteError::BadSignature((*key).clone()))?;
            signed.insert((by.key, std::cmp::Reverse(by.time)));
        }
        if signed.is_empty() {
            let names = self.signatures.iter().take(8);
            let names = names.map(|signature| text::excerpt(signature.name.as_str()));
            return Err(NoteError::NoKnownKey(names.collect()));
        }
        let signed = signed.into_iter();
        Ok(signed
            .map(|(key, time)| Signed { key, time: time.0 })
            .collect())
    }
}

impl NoteSignature {
    /// A line that no key made, for a reader to ignore: readers that do not are found out before
    /// there is a new kind of signature that they have to ignore.
    ///
    /// `random` is what makes it differ from the last one.
    pub fn grease(random: &[u8; 16]) -> NoteSignature {
        let hash = super::Hash::leaf(random);
        let [a, b, c, d, rest @ ..] = *hash.as_bytes();
        let number = u64::from_be_bytes([0, 0, 0, 0, a, b, c, d]);
        NoteSignature {
            name: KeyName::grease(number),
            id: KeyId([a, b, c, d]),
            bytes: rest.to_vec(),
        }
    }

    /// Reads a line, without its newline.
    fn parse(line: &str) -> Option<NoteSignature> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        let name = KeyName::new(name).ok()?;
        let bytes = text::from_base64(base64)?;
        let (id, bytes) = bytes.split_first_chunk()?;
        (!bytes.is_empty()).then(|| NoteSignature {
            name,
            id: KeyId(*id),
            bytes: bytes.to_vec(),
        })
    }
}

impl Vkey {
    /// What `signature` proves of `text`, if this key made it.
    fn verify(&self, text: &str, signature: &[u8]) -> Option<Signed<'_>> {
        let (time, message, signature) = match self.algorithm() {
            Algorithm::Ed25519 => (None, text.to_owned(), signature),
            Algorithm::Cosignature => {
                let (time, signature) = signature.split_first_chunk()?;
                let time = u64::from_be_bytes(*time);
                (Some(time), cosigned_message(text, time)?, signature)
            }
        };
        let verifies = self.key().verifies(message.as_bytes(), signature);
        verifies.then_some(Signed { key: self, time })
    }
}

impl SigningKey {
    /// Signs a text that ends with a newline. A cosigner's key signs at `time`, in seconds since
    /// 1970 and at most 2^63 - 1; for other keys it has no meaning.
    pub(crate) fn sign_text(&self, text: &str, time: u64) -> Option<NoteSignature> {
        let bytes = match self.vkey().algorithm() {
            Algorithm::Ed25519 => self.sign(text.as_bytes()).to_vec(),
            Algorithm::Cosignature => {
                let signature = self.sign(cosigned_message(text, time)?.as_bytes());
                [&time.to_be_bytes()[..], &signature].concat()
            }
        };
        Some(NoteSignature {
            name: self.vkey().name().clone(),
            id: self.vkey().id(),
            bytes,
        })
    }
}

/// What a cosigner signs; there is no such message for a time above 2^63 - 1.
fn cosigned_message(text: &str, time: u64) -> Option<String> {
    i64::try_from(time).ok()?;
    Some(format!("cosignature/v1\ntime {time}\n{text}"))
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let control = text
        .bytes()
        .enumerate()
        .find(|(_, byte)| *byte < 0x20 && *byte != b'\n');
    match control {
        Some((offset, byte)) => Err(NoteError::Control { byte, offset }),
        None => Ok(()),
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads a signature line, without its newline, as a witness answers with.
    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let signature = (line.len() <= MAX_NOTE).then(|| NoteSignature::parse(line));
        signature
            .flatten()
            .ok_or_else(|| NoteError::SignatureLine(text::excerpt(line)))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base64 = text::to_base64(&[&self.id.0[..], &self.bytes].concat());
        write!(f, "— {} {base64}", self.name)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}
