//! Checkpoints that others have seen: what witnesses, mirrors, monitors and clients hold.

use tenon_registry_client::log::{
    Checkpoint, CheckpointError, Note, NoteError, Origin, SignedCheckpoint, Vkey,
};

/// Why a checkpoint that was given cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnownError {
    /// It is no note.
    #[error("what is given as a known checkpoint is no signed note")]
    Note(#[source] NoteError),
    /// It is no checkpoint, or not signed by this log.
    #[error("what is given as a known checkpoint is not one of this log")]
    Checkpoint(#[source] CheckpointError),
    /// There is no such log here.
    #[error("the known checkpoint is of the log `{0}`, which is not in this directory")]
    Stranger(String),
}

/// The log that a note says it is of, whoever signed it.
pub(super) fn origin_of(note: &[u8]) -> Result<Origin, KnownError> {
    let note = Note::parse(note).map_err(KnownError::Note)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(KnownError::Checkpoint)?;
    Ok(checkpoint.origin)
}

/// Those of some notes that are of this log, which must have signed them.
pub(super) fn of_log(
    notes: &[Vec<u8>],
    origin: &Origin,
    keys: &[Vkey],
) -> Result<Vec<Checkpoint>, KnownError> {
    let mut known = vec![];
    for note in notes {
        if origin_of(note)? == *origin {
            let signed = SignedCheckpoint::open(note, origin, keys);
            known.push(signed.map_err(KnownError::Checkpoint)?.checkpoint().clone());
        }
    }
    Ok(known)
}

/// Refuses notes that are of none of these logs: they would count for nothing, and nobody would notice.
pub(super) fn check_origins<'o>(
    notes: &[Vec<u8>],
    origins: impl Iterator<Item = &'o Origin> + Clone,
) -> Result<(), KnownError> {
    for note in notes {
        let origin = origin_of(note)?;
        if !origins.clone().any(|here| *here == origin) {
            return Err(KnownError::Stranger(origin.as_str().to_owned()));
        }
    }
    Ok(())
}
