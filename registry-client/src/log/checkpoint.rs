//! Checkpoints, as in [tlog-checkpoint v1.0.0](https://c2sp.org/tlog-checkpoint@v1.0.0), and what
//! witnesses add to them, as in [tlog-cosignature](https://c2sp.org/tlog-cosignature@v1.0.1).

use super::{Algorithm, Hash, Note, NoteError, Signed, SigningKey, Vkey};
use crate::text;
use std::fmt;
use std::str::FromStr;

/// The identity of a log, the first line of its checkpoints: 1 to 128 bytes without spaces, control
/// characters or `+`, and nothing that begins another kind of signed text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an origin: expected 1 to 128 bytes without spaces, control characters or `+`, \
         other than `cosignature/v1` and what begins with `tenon-record/`", text::excerpt(.0))]
pub struct OriginError(String);

/// How large a log is and what is in it.
///
/// Its text form is three lines: origin, size in decimal, root in base64. Lines after these are
/// refused: no monitor can audit what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree of all leaves.
    pub root: Hash,
}

/// A checkpoint that bears a valid signature of one of its log's keys, and the note it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why something is not a checkpoint of the log that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is no note, or nobody signed it who should have.
    #[error("the checkpoint is refused")]
    Note(#[source] NoteError),
    /// It has fewer than three lines.
    #[error("the checkpoint has no line with its {0}")]
    Missing(&'static str),
    /// The first line is no origin.
    #[error("the first line of the checkpoint is no origin")]
    Origin(#[source] OriginError),
    /// The second line is no number.
    #[error("`{0}` is not a size: expected a decimal number without leading zeros, below 2^64")]
    Size(String),
    /// The third line is no hash.
    #[error("`{0}` is not a root: expected 32 bytes in standard base64")]
    Root(String),
    /// There is something after the root.
    #[error("the checkpoint has the line `{0}` after its root, which no monitor can audit")]
    Extension(String),
    /// A log without leaves has one root only.
    #[error("the checkpoint of an empty log has the root {0}, which is that of another log")]
    EmptyRoot(Hash),
    /// It is of another log.
    #[error(
        "the checkpoint is of the log `{}`, not of `{wanted}`",
        text::escape(found)
    )]
    WrongOrigin {
        /// The log that was asked for.
        wanted: Origin,
        /// The log of the checkpoint.
        found: Origin,
    },
    /// A key cannot sign this.
    #[error(
        "the key `{0}` cannot sign here: logs sign with type 0x01, cosigners with type 0x04 and a time below 2^63"
    )]
    WrongKey(Vkey),
}

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    ///
    /// The text is no origin.
    pub fn new(origin: impl Into<String>) -> Result<Origin, OriginError> {
        let origin = origin.into();
        let refused = |char: char| char.is_whitespace() || char.is_control() || char == '+';
        let reserved = origin == "cosignature/v1" || origin.starts_with("tenon-record/");
        if origin.is_empty() || origin.len() > 128 || origin.contains(refused) || reserved {
            return Err(OriginError(origin));
        }
        Ok(Origin(origin))
    }

    /// The origin of a log that was given none: it follows from the log's key, so that no two such
    /// logs share one, and it is the same wherever the log is served.
    ///
    /// The key must not bear the origin in its name yet: only its public key counts.
    pub fn of_key(key: &super::PublicKey) -> Origin {
        let hash = Hash::of(&[key.as_bytes()]);
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        Origin(format!("{number:016x}.tenon.invalid/log"))
    }

    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Checkpoint {
    /// Reads the text of a checkpoint, without signatures.
    ///
    /// # Errors
    ///
    /// The text is not three lines, each in its one spelling; or a log without leaves has another
    /// root than [`Hash::empty`].
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.split_terminator('\n');
        let mut line = |what| lines.next().ok_or(CheckpointError::Missing(what));
        let origin = Origin::new(line("origin")?).map_err(CheckpointError::Origin)?;
        let size = line("size")?;
        let size =
            text::from_decimal(size).ok_or_else(|| CheckpointError::Size(text::excerpt(size)))?;
        let root = line("root")?;
        let root = root
            .parse()
            .map_err(|_| CheckpointError::Root(text::excerpt(root)))?;
        if let Some(extension) = lines.next() {
            return Err(CheckpointError::Extension(text::excerpt(extension)));
        }
        if size == 0 && root != Hash::empty() {
            return Err(CheckpointError::EmptyRoot(root));
        }
        Ok(Checkpoint { origin, size, root })
    }

    /// The note that says so, signed by a key of the log.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::WrongKey`] if the key cosigns.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        let mut note = Note::new(self.to_string()).map_err(CheckpointError::Note)?;
        note.sign(key)
            .map_err(|_| CheckpointError::WrongKey(key.vkey().clone()))?;
        Ok(SignedCheckpoint {
            checkpoint: self.clone(),
            note,
        })
    }
}

impl SignedCheckpoint {
    /// Reads a note that one of `log_keys` signed over a checkpoint of `origin`.
    ///
    /// Signatures of other keys are kept and ignored; a bad one of these is an error. It
    /// allocates no more than twice the bytes given, and 16 KiB.
    ///
    /// # Errors
    ///
    /// It is no note, or no checkpoint; it is of another log; or none of the keys signed it.
    pub fn open<'k>(
        note: &[u8],
        origin: &Origin,
        log_keys: impl IntoIterator<Item = &'k Vkey>,
    ) -> Result<SignedCheckpoint, CheckpointError> {
        let note = Note::parse(note).map_err(CheckpointError::Note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != *origin {
            return Err(CheckpointError::WrongOrigin {
                wanted: origin.clone(),
                found: checkpoint.origin,
            });
        }
        let log_keys: Vec<&Vkey> = log_keys.into_iter().collect();
        let cosigner = |key: &&&Vkey| key.algorithm() != Algorithm::Ed25519;
        if let Some(key) = log_keys.iter().find(cosigner) {
            return Err(CheckpointError::WrongKey((*key).clone()));
        }
        note.verify(log_keys).map_err(CheckpointError::Note)?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// What the log signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with all its signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Which of `keys` signed, the log's own or cosigners; an empty list where none did.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`], if a line that bears the name and id of one of them is not by it.
    pub fn signers<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Vkey>,
    ) -> Result<Vec<Signed<'k>>, CheckpointError> {
        match self.note.verify(keys) {
            Err(NoteError::NoKnownKey(_)) => Ok(vec![]),
            other => other.map_err(CheckpointError::Note),
        }
    }

    /// The same checkpoint with only the signatures that verify by these keys: what a lock file
    /// holds. There is none if none does.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Note`], if none signed, or as [`SignedCheckpoint::signers`].
    pub fn only<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Vkey>,
    ) -> Result<SignedCheckpoint, CheckpointError> {
        let signers = self.note.verify(keys).map_err(CheckpointError::Note)?;
        let mut note = Note::new(self.note.text()).map_err(CheckpointError::Note)?;
        for line in self.note.signatures() {
            let known = |by: &Signed| by.key.name() == &line.name && by.key.id() == line.id;
            if signers.iter().any(known) && !note.signatures().contains(line) {
                note.push(line.clone()).map_err(CheckpointError::Note)?;
            }
        }
        let checkpoint = self.checkpoint.clone();
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Adds a signature of one more key of the log.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::WrongKey`] if the key cosigns; there are 16 lines already.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), CheckpointError> {
        self.room()?;
        self.note
            .sign(key)
            .map_err(|_| CheckpointError::WrongKey(key.vkey().clone()))
    }

    /// Adds a cosignature made at `time`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::WrongKey`] if the key does not cosign, or the time is above 2^63 - 1; there
    /// are 16 lines already.
    pub fn cosign(&mut self, key: &SigningKey, time: u64) -> Result<(), CheckpointError> {
        let cosigner = key.vkey().algorithm() == Algorithm::Cosignature;
        let signature = key.sign_text(self.note.text(), time).filter(|_| cosigner);
        let signature = signature.ok_or_else(|| CheckpointError::WrongKey(key.vkey().clone()))?;
        self.push(signature)
    }

    /// Adds a line that came from elsewhere, such as a witness's, or [`super::NoteSignature::grease`].
    /// Whether it verifies is not looked at.
    ///
    /// # Errors
    ///
    /// There are 16 lines already.
    pub fn push(&mut self, signature: super::NoteSignature) -> Result<(), CheckpointError> {
        self.room()?;
        self.note.push(signature).map_err(CheckpointError::Note)
    }

    /// Every reader takes 16 lines, and need not take more.
    fn room(&self) -> Result<(), CheckpointError> {
        match self.note.signatures().len() < 16 {
            true => Ok(()),
            false => Err(CheckpointError::Note(NoteError::TooManySignatures)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Origin::new(text)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}
