//! What a witness has cosigned last of each log. A witness that forgets is worth nothing, so it is on
//! the disk before a cosignature gets out, and a key without its state is not used.

use crate::store::durable::{self, DurableError, Sync};
use crate::store::{FilePath, FilePathError, Files};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tenon_registry_client::log::{Checkpoint, Note, Origin, Vkey};
use tenon_registry_client::record::Time;

const FILE: &str = "cosigned";
const HEADER: &str = "tenon-witness/v1\n";

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It cannot be read.
    #[error("cannot read `{FILE}`")]
    Read(#[source] io::Error),
    /// It cannot be written.
    #[error("cannot write `{FILE}`")]
    Write(#[from] DurableError),
    /// It is gone, and the key is not.
    #[error(
        "`{FILE}` is missing, and the key is there: a witness that forgot what it cosigned must not use its key again; put the file back, or begin with a new key in a new directory"
    )]
    Missing,
    /// It is there, and the key is not.
    #[error("`{FILE}` says that something was cosigned, and the key is missing: put it back")]
    KeyMissing,
    /// It is not what was written.
    #[error("`{FILE}` is damaged at `{0}`: put it back from a backup that is not older")]
    Damaged(String),
    /// A name is no name.
    #[error("no file can have this name")]
    Name(#[from] FilePathError),
}

/// The state of a witness, in memory as on the disk.
#[derive(Debug)]
pub(super) struct State {
    files: Arc<dyn Files>,
    path: FilePath,
    last: Mutex<BTreeMap<Origin, Kept>>,
}

/// A checkpoint that was cosigned.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) checkpoint: Checkpoint,
    /// When.
    pub(super) time: Time,
    note: Note,
}

impl StateError {
    /// Whether nobody knows what is on the disk.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, StateError::Write(error) if error.is_fatal())
    }
}

impl State {
    /// Begins a state, for a key that is yet to be made.
    pub(super) fn begin(files: Arc<dyn Files>) -> Result<State, StateError> {
        let path: FilePath = FILE.parse()?;
        match files.read(&path) {
            // A process died before it made its key.
            Ok(text) if text == HEADER.as_bytes() => {}
            Ok(_) => return Err(StateError::KeyMissing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::Read(error)),
        }
        durable::replace(&files, &path, HEADER.as_bytes(), Sync::Now)?;
        Ok(State {
            files,
            path,
            last: Mutex::default(),
        })
    }

    /// Reads what this key has cosigned.
    pub(super) fn read(files: Arc<dyn Files>, vkey: &Vkey) -> Result<State, StateError> {
        let path: FilePath = FILE.parse()?;
        let text = match files.read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StateError::Missing);
            }
            other => other.map_err(StateError::Read)?,
        };
        let text = String::from_utf8(text).map_err(|_| damaged("its bytes"))?;
        let mut rest = text.strip_prefix(HEADER).ok_or_else(|| damaged(&text))?;
        let mut last = BTreeMap::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_once('\n').ok_or_else(|| damaged(rest))?;
            let length = length.parse().map_err(|_| damaged(length))?;
            let split = after.split_at_checked(length);
            let (note, after) = split.ok_or_else(|| damaged(after))?;
            let kept = Note::parse(note.as_bytes()).ok();
            let kept = kept.and_then(|note| Kept::new(note, vkey));
            let kept = kept.ok_or_else(|| damaged(note))?;
            last.insert(kept.checkpoint.origin.clone(), kept);
            rest = after;
        }
        Ok(State {
            files,
            path,
            last: Mutex::new(last),
        })
    }

    /// What was cosigned last of a log, and when.
    pub(super) fn last(&self, origin: &Origin) -> Option<Kept> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(origin).cloned()
    }

    /// Replaces what was cosigned last of a log, if that is still `old` and not later; whether it was.
    ///
    /// # Errors
    ///
    /// It is not known to be on the disk: the signature must not get out.
    pub(super) fn replace(&self, old: Option<&Checkpoint>, new: Kept) -> Result<bool, StateError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let held = last.get(&new.checkpoint.origin);
        let later = held.is_none_or(|held| held.time <= new.time);
        if held.map(|held| &held.checkpoint) != old || !later {
            return Ok(false);
        }
        let mut all = last.clone();
        all.insert(new.checkpoint.origin.clone(), new);
        let mut text = HEADER.to_owned();
        for kept in all.values() {
            let note = kept.note.to_string();
            text.push_str(&format!("{}\n{note}", note.len()));
        }
        durable::replace(&self.files, &self.path, text.as_bytes(), Sync::Now)?;
        *last = all;
        Ok(true)
    }
}

impl Kept {
    /// Reads a note that this key has cosigned.
    pub(super) fn new(note: Note, vkey: &Vkey) -> Option<Kept> {
        let checkpoint = Checkpoint::parse(note.text()).ok()?;
        let time = note.verify([vkey]).ok()?.first()?.time?;
        let time = Time::from_seconds(time).ok()?;
        Some(Kept {
            checkpoint,
            time,
            note,
        })
    }
}

fn damaged(at: &str) -> StateError {
    StateError::Damaged(at.chars().take(80).flat_map(char::escape_debug).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use crate::store::Simulated;
    use tenon_registry_client::log::{Algorithm, Hash, KeyName, SigningKey};

    fn key(name: &str, algorithm: Algorithm) -> SigningKey {
        SigningKey::from_seed(KeyName::new(name).unwrap(), algorithm, &[1; 32])
    }

    fn kept(size: u64, root: u8, time: u64) -> Kept {
        let checkpoint = Checkpoint {
            origin: "log.example".parse().unwrap(),
            size,
            root: Hash::leaf(&[root]),
        };
        let witness = key("w.example", Algorithm::Cosignature);
        let signed = checkpoint.sign(&key("log.example", Algorithm::Ed25519));
        let mut signed = signed.unwrap();
        signed.cosign(&witness, time).unwrap();
        Kept::new(signed.note().clone(), witness.vkey()).unwrap()
    }

    #[test]
    fn only_what_was_seen_is_replaced_and_never_by_something_earlier() {
        let files: Arc<dyn Files> = Arc::new(Simulated::new());
        durable::clean(&*files).unwrap();
        let state = State::begin(files.clone()).unwrap();
        let (first, second, fork) = (kept(1, 0, 10), kept(2, 0, 20), kept(2, 1, 20));
        assert!(state.replace(None, first.clone()).unwrap());
        // Two who saw the first: one is faster, and the other signs nothing.
        assert!(
            state
                .replace(Some(&first.checkpoint), second.clone())
                .unwrap()
        );
        assert!(!state.replace(Some(&first.checkpoint), fork).unwrap());
        assert!(!state.replace(None, kept(3, 0, 30)).unwrap());
        let earlier = kept(3, 0, 19);
        assert!(!state.replace(Some(&second.checkpoint), earlier).unwrap());
        let vkey = key("w.example", Algorithm::Cosignature).vkey().clone();
        let again = State::read(files, &vkey).unwrap();
        for state in [state, again] {
            let last = state.last(&second.checkpoint.origin).unwrap();
            assert_eq!(
                (last.checkpoint, last.time.seconds()),
                (second.checkpoint.clone(), 20)
            );
        }
    }
}
