//! A record with its signatures: a leaf of the log.

use super::{Record, RecordError, grammar};
use crate::log::{Hash, KeyId, KeyName, Note, NoteError, NoteSignature, SigningKey, Vkey};
use crate::text;
use std::sync::Arc;

/// The longest record: what an entry bundle can hold.
pub const MAX_RECORD: usize = 65_535;

/// The most signatures that a record may bear.
pub const MAX_RECORD_SIGNATURES: usize = 16;

/// A record and its signature lines, in the one encoding of both. Whether the signatures are those
/// of keys that may sign it is for the chain it belongs to.
///
/// A clone shares all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRecord(Arc<Parts>);

#[derive(Debug, PartialEq, Eq)]
struct Parts {
    record: Record,
    note: Note,
    bytes: Vec<u8>,
    hash: Hash,
}

/// Why the signatures of a record are not those it needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// A line is not by a key that may sign this record.
    #[error(
        "the record is signed by `{}` ({id}), which may not sign it: {reason}",
        text::escape(name)
    )]
    NotAuthorised {
        /// The name in the line.
        name: KeyName,
        /// The key id in the line.
        id: KeyId,
        /// Why not.
        reason: &'static str,
    },
    /// A line is not what its key signed.
    #[error("the signature of `{0}` is not over this record: it was changed, or forged")]
    Bad(Vkey),
    /// One key signed twice, or the lines are not ordered by public key.
    #[error(
        "the signatures of a record are ordered by public key, one for each: that of `{0}` is not"
    )]
    Order(Vkey),
    /// Too few owners signed.
    #[error("{found} of the owners signed the record, of {wanted} that must")]
    Threshold {
        /// How many signed.
        found: usize,
        /// How many must.
        wanted: u32,
    },
}

impl SignedRecord {
    /// Signs a record with each of the keys, 1 to 16 of them.
    ///
    /// # Errors
    ///
    /// There are no keys, more than 16, or one that cosigns; or the record says what is not in the
    /// grammar, such as a threshold of 0.
    pub fn sign(record: Record, keys: &[&SigningKey]) -> Result<SignedRecord, RecordError> {
        let mut note = Note::new(record.to_string()).map_err(RecordError::Note)?;
        for key in keys {
            note.sign(key).map_err(RecordError::Note)?;
        }
        let keys = keys.iter().map(|key| key.vkey());
        let lines = note.signatures().iter().cloned();
        SignedRecord::assemble(&record, keys.zip(lines).collect())
    }

    /// A record with the signatures that several people made over its text, each on their own.
    ///
    /// Whether they are valid is found out where the record is used.
    ///
    /// # Errors
    ///
    /// As [`SignedRecord::parse`], of what is put together.
    pub fn assemble(
        record: &Record,
        mut signatures: Vec<(&Vkey, NoteSignature)>,
    ) -> Result<SignedRecord, RecordError> {
        signatures.sort_by(|(a, _), (b, _)| a.key().cmp(b.key()));
        let mut note = Note::new(record.to_string()).map_err(RecordError::Note)?;
        for (_, signature) in signatures {
            note.push(signature).map_err(RecordError::Note)?;
        }
        // What is not in the grammar, such as a threshold of 0, is found by reading it again.
        SignedRecord::parse(note.to_string().as_bytes())
    }

    /// Reads a leaf: at most [`MAX_RECORD`] bytes. It allocates at most 8 times the bytes given, and
    /// 4 KiB.
    ///
    /// # Errors
    ///
    /// The bytes are no note of 1 to 16 signatures, or its text is no record in its one encoding.
    pub fn parse(bytes: &[u8]) -> Result<SignedRecord, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLong(bytes.len()));
        }
        let note = Note::parse(bytes).map_err(|error| match error {
            NoteError::Unsigned => RecordError::Signatures(0),
            error => RecordError::Note(error),
        })?;
        let signatures = note.signatures().len();
        if signatures > MAX_RECORD_SIGNATURES {
            return Err(RecordError::Signatures(signatures));
        }
        let record = grammar::parse(note.text())?;
        grammar::check_encoding(note.text(), &record)?;
        Ok(SignedRecord(Arc::new(Parts {
            record,
            hash: Hash::leaf(bytes),
            bytes: bytes.into(),
            note,
        })))
    }

    /// What it says.
    pub fn record(&self) -> &Record {
        &self.0.record
    }

    /// The leaf of the log.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The hash of the leaf, by which other records and the map name it.
    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    /// Its signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        self.0.note.signatures()
    }

    /// The keys that signed, one for each line: `find` says which key a line is by, or why no key
    /// with its name and id may sign.
    ///
    /// With `known`, the record is known to be one whose signatures verified before, and they are
    /// not computed again.
    pub(crate) fn signers<'k>(
        &self,
        known: bool,
        find: impl Fn(&NoteSignature) -> Result<&'k Vkey, &'static str>,
    ) -> Result<Vec<&'k Vkey>, SignatureError> {
        let mut signers: Vec<&Vkey> = vec![];
        for line in self.signatures() {
            let key = find(line).map_err(|reason| SignatureError::NotAuthorised {
                name: line.name.clone(),
                id: line.id,
                reason,
            })?;
            if signers.last().is_some_and(|last| last.key() >= key.key()) {
                return Err(SignatureError::Order(key.clone()));
            }
            let text = self.0.note.text().as_bytes();
            if !known && !key.key().verifies(text, &line.bytes) {
                return Err(SignatureError::Bad(key.clone()));
            }
            signers.push(key);
        }
        Ok(signers)
    }
}

/// Whether a line bears the name and id of a key.
pub(crate) fn signed_by(line: &NoteSignature, key: &Vkey) -> bool {
    line.name == *key.name() && line.id == key.id()
}
