//! What a witness does when a log asks it to cosign, as in
//! [tlog-witness](https://c2sp.org/tlog-witness). Where the witness keeps what it cosigned last is
//! for its caller.

use super::{
    Checkpoint, CheckpointError, Hash, Note, NoteError, NoteSignature, ProofError,
    SignedCheckpoint, SigningKey, Vkey, verify_consistency,
};
use crate::text;
use std::fmt;

/// The most hashes that a consistency proof in a request may have.
pub const MAX_WITNESS_PROOF: usize = 63;

/// What a log sends to a witness: `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness cosigned last; 0 for none.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The note of the checkpoint.
    pub checkpoint: Note,
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The request is not in the form of one.
    #[error(
        "`{0}` is not in an add-checkpoint request: expected `old <size>`, up to 63 hashes, an empty line, and a checkpoint"
    )]
    Syntax(String),
    /// What follows is no checkpoint.
    #[error("the request has no checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// No key of the log signed it.
    #[error("the checkpoint is not signed by a key of its log")]
    NotSigned(#[source] CheckpointError),
    /// The log begins from more than it has.
    #[error("the request begins from size {old}, and the checkpoint is of {size}")]
    OldTooLarge {
        /// From where it begins.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The witness cosigned another size last.
    #[error("the last size that was cosigned is {0}")]
    Conflict(u64),
    /// The witness cosigned another root of this size.
    #[error("another root was cosigned for size {size}: {held}, not {offered}")]
    RootDiffers {
        /// The size of both.
        size: u64,
        /// The root that was cosigned.
        held: Hash,
        /// The root in the request.
        offered: Hash,
    },
    /// The proof does not hold.
    #[error("the checkpoint is not shown to be consistent with the last that was cosigned")]
    Inconsistent(#[source] ProofError),
    /// The key cannot cosign, or the time cannot be written.
    #[error("cannot cosign")]
    Cosign(#[source] CheckpointError),
}

impl WitnessError {
    /// The status of the HTTP response that says so.
    pub fn status(&self) -> u16 {
        match self {
            WitnessError::Syntax(_)
            | WitnessError::Checkpoint(_)
            | WitnessError::OldTooLarge { .. } => 400,
            WitnessError::NotSigned(_) => 403,
            WitnessError::Conflict(_) | WitnessError::RootDiffers { .. } => 409,
            WitnessError::Inconsistent(_) => 422,
            WitnessError::Cosign(_) => 500,
        }
    }
}

impl AddCheckpoint {
    /// Reads a request. It holds no more than the bytes given, of which the note may have
    /// [`super::MAX_NOTE`] and the rest 3 KiB.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Syntax`], or [`WitnessError::Checkpoint`] if the rest is no note.
    pub fn parse(bytes: &[u8]) -> Result<AddCheckpoint, WitnessError> {
        let syntax = |bytes: &[u8]| {
            let text: String = String::from_utf8_lossy(bytes).chars().take(80).collect();
            WitnessError::Syntax(text::excerpt(&text))
        };
        let mut rest = bytes;
        let mut line = || {
            let end = rest.iter().take(128).position(|byte| *byte == b'\n');
            let (line, after) = end
                .and_then(|end| rest.split_at_checked(end))
                .ok_or_else(|| syntax(rest))?;
            rest = after.get(1..).unwrap_or_default();
            std::str::from_utf8(line).map_err(|_| syntax(line))
        };
        let first = line()?;
        let old = first.strip_prefix("old ").and_then(text::from_decimal);
        let old = old.ok_or_else(|| syntax(first.as_bytes()))?;
        let mut proof = vec![];
        loop {
            let hash = line()?;
            if hash.is_empty() {
                break;
            }
            if proof.len() >= MAX_WITNESS_PROOF {
                return Err(syntax(hash.as_bytes()));
            }
            proof.push(hash.parse().map_err(|_| syntax(hash.as_bytes()))?);
        }
        let note = |error| WitnessError::Checkpoint(CheckpointError::Note(error));
        let checkpoint = Note::parse(rest).map_err(note)?;
        Ok(AddCheckpoint {
            old,
            proof,
            checkpoint,
        })
    }

    /// The log that asks, by which its keys are found; whether it is the log is not known yet.
    ///
    /// # Errors
    ///
    /// [`WitnessError::Checkpoint`].
    pub fn checkpoint(&self) -> Result<Checkpoint, WitnessError> {
        Checkpoint::parse(self.checkpoint.text()).map_err(WitnessError::Checkpoint)
    }

    /// Checks the request against the keys of its log and what was cosigned last of it, and cosigns.
    ///
    /// `log_keys` are those of the log that [`AddCheckpoint::checkpoint`] names, and of no other.
    ///
    /// The caller must have replaced `last` by the checkpoint that is returned, atomically and for
    /// good, before it hands out the signature.
    ///
    /// # Errors
    ///
    /// Any [`WitnessError`] but [`WitnessError::Syntax`]; [`WitnessError::status`] is the answer.
    pub fn cosign(
        &self,
        log_keys: &[Vkey],
        last: Option<&Checkpoint>,
        key: &SigningKey,
        time: u64,
    ) -> Result<(SignedCheckpoint, NoteSignature), WitnessError> {
        let offered = self.checkpoint()?;
        if let Some(last) = last.filter(|last| last.origin != offered.origin) {
            return Err(WitnessError::NotSigned(CheckpointError::WrongOrigin {
                wanted: last.origin.clone(),
                found: offered.origin,
            }));
        }
        let note = self.checkpoint.to_string();
        let mut signed = SignedCheckpoint::open(note.as_bytes(), &offered.origin, log_keys)
            .map_err(WitnessError::NotSigned)?;
        let (old, size) = (self.old, offered.size);
        if old > size {
            return Err(WitnessError::OldTooLarge { old, size });
        }
        let held = last.map_or(0, |last| last.size);
        if held != old {
            return Err(WitnessError::Conflict(held));
        }
        match last {
            Some(last) if last.size == size && last.root != offered.root => {
                let (held, offered) = (last.root, offered.root);
                return Err(WitnessError::RootDiffers {
                    size,
                    held,
                    offered,
                });
            }
            Some(last) if last.size > 0 => {
                verify_consistency(last.size, &last.root, size, &offered.root, &self.proof)
                    .map_err(WitnessError::Inconsistent)?;
            }
            _ if !self.proof.is_empty() => {
                let (expected, found) = (0, self.proof.len());
                let reason = ProofError::ExtraHashes { expected, found };
                return Err(WitnessError::Inconsistent(reason));
            }
            _ => {}
        }
        signed.cosign(key, time).map_err(WitnessError::Cosign)?;
        let signature = signed.note().signatures().last().cloned();
        let none = || WitnessError::Cosign(CheckpointError::Note(NoteError::Unsigned));
        let signature = signature.ok_or_else(none)?;
        Ok((signed, signature))
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
