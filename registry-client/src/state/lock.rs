//! The checkpoint that a lock file holds: two people who were served different histories find out
//! when one of them has the other's lock file.

use super::{ForkEvidence, TrustState};
use crate::log::{
    Checkpoint, CheckpointError, Hash, ProofError, SignedCheckpoint, verify_consistency,
};

/// The checkpoint of a lock file, signed by a key of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedCheckpoint {
    signed: SignedCheckpoint,
    /// No key that the log still has signed it: it is older than the last rotation, or forged.
    retired: bool,
}

/// Why the checkpoint of a lock file cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// No key of the log signed it: the file was edited. It says nothing about the log.
    #[error("the checkpoint in the lock file is not one that the registry signed")]
    Invalid(#[source] CheckpointError),
    /// The log grew by more than a client takes for possible.
    #[error(
        "the log grew from {held} to {offered} records by the lock file, more than the {most} that are taken for possible"
    )]
    TooFarAhead {
        /// The size that was verified before.
        held: u64,
        /// The size in the lock file.
        offered: u64,
        /// The most that it may grow.
        most: u64,
    },
    /// It is signed by a key that the log has no more, and nothing shows that it was when it had it.
    #[error("the checkpoint in the lock file is signed by a key that the registry has removed")]
    RemovedKey(#[source] ProofError),
    /// It is not consistent with what this client has verified. At most one of them is true.
    #[error("the checkpoint in the lock file and the one verified here are of different histories")]
    Fork {
        /// Both notes.
        evidence: Box<ForkEvidence>,
        /// Why the proof did not hold.
        #[source]
        reason: ProofError,
    },
}

impl LockedCheckpoint {
    /// Reads the note of a lock file, for a client that knows the log.
    ///
    /// # Errors
    ///
    /// [`LockError::Invalid`].
    pub fn open(note: &[u8], state: &TrustState) -> Result<LockedCheckpoint, LockError> {
        let origin = &state.checkpoint().origin;
        let keys = state.log_keys().iter().chain(state.retired_keys());
        let signed = SignedCheckpoint::open(note, origin, keys).map_err(LockError::Invalid)?;
        let signers = signed
            .signers(state.log_keys())
            .map_err(LockError::Invalid)?;
        let retired = signers.is_empty();
        Ok(LockedCheckpoint { signed, retired })
    }

    /// Origin, size and root.
    pub fn checkpoint(&self) -> &Checkpoint {
        self.signed.checkpoint()
    }

    /// The note.
    pub fn note(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The smaller and the larger size between which a consistency proof is needed, if one is.
    pub fn needs_proof(&self, state: &TrustState) -> Option<(u64, u64)> {
        let (locked, verified) = (self.checkpoint().size, state.checkpoint().size);
        let sizes = (locked.min(verified), locked.max(verified));
        (sizes.0 != sizes.1).then_some(sizes)
    }

    /// Whether the log of the lock file and the one verified here are one history, by a proof
    /// between the sizes of [`LockedCheckpoint::needs_proof`]; an empty one where none is needed.
    ///
    /// # Errors
    ///
    /// [`LockError::Fork`], with both notes; or [`LockError::RemovedKey`] in its place, if only removed
    /// keys signed the note.
    pub fn check(&self, state: &TrustState, proof: &[Hash]) -> Result<(), LockError> {
        let (old, new) = (state.checkpoint().size, self.checkpoint().size);
        if self.retired && new > old {
            // The log that removed the key was smaller than this.
            return Err(LockError::RemovedKey(ProofError::SizesOutOfOrder {
                old,
                new,
            }));
        }
        consistent(&state.checkpoint, &self.signed, proof).map_err(|error| match error {
            // A removed key proves nothing any more, least of all that the log lied.
            LockError::Fork { reason, .. } if self.retired => LockError::RemovedKey(reason),
            error => error,
        })
    }

    /// The state of a client that has taken the lock file's word for how large the log is, by the
    /// proof of [`LockedCheckpoint::check`]: from then on it is shown nothing smaller.
    ///
    /// # Errors
    ///
    /// As [`LockedCheckpoint::check`]; and [`LockError::TooFarAhead`] if the log would have grown by
    /// more than `max_growth`, which should be that of the client's [`crate::verify::Rules`].
    pub fn enter(
        &self,
        state: &TrustState,
        proof: &[Hash],
        max_growth: u64,
    ) -> Result<TrustState, LockError> {
        self.check(state, proof)?;
        let (held, offered) = (state.checkpoint().size, self.checkpoint().size);
        let growth = offered.saturating_sub(held);
        if growth > max_growth {
            let most = max_growth;
            return Err(LockError::TooFarAhead {
                held,
                offered,
                most,
            });
        }
        let mut state = state.clone();
        if growth > 0 {
            state.checkpoint = self.signed.clone();
        }
        Ok(state)
    }

    /// Of two lock files that were edited apart, the checkpoint that stays: the larger, if both are
    /// of one history, by proofs from each to the state.
    ///
    /// # Errors
    ///
    /// As [`LockedCheckpoint::check`], for either.
    pub fn merge(
        self,
        proof: &[Hash],
        other: LockedCheckpoint,
        other_proof: &[Hash],
        state: &TrustState,
    ) -> Result<LockedCheckpoint, LockError> {
        self.check(state, proof)?;
        other.check(state, other_proof)?;
        let larger = other.checkpoint().size > self.checkpoint().size;
        Ok(if larger { other } else { self })
    }
}

/// Whether two checkpoints are of one history.
pub(crate) fn consistent(
    held: &SignedCheckpoint,
    offered: &SignedCheckpoint,
    proof: &[Hash],
) -> Result<(), LockError> {
    let (a, b) = (held.checkpoint(), offered.checkpoint());
    let (old, new) = if a.size <= b.size { (a, b) } else { (b, a) };
    verify_consistency(old.size, &old.root, new.size, &new.root, proof).map_err(|reason| {
        LockError::Fork {
            evidence: Box::new(ForkEvidence {
                held: held.clone(),
                offered: offered.clone(),
            }),
            reason,
        }
    })
}
