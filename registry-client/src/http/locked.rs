//! Lock files, held against the log.

use super::turn::StateTurn;
use super::view::MAX_TRIES;
use super::{Client, Error, ErrorKind, Fetched};
use crate::api::ProblemCode;
use crate::chain::Release;
use crate::lock::{LockedPublisher, LockedRelease};
use crate::log::{Checkpoint, CheckpointError, Hash, NoteError, SignedCheckpoint};
use crate::state::{LockError, LockedCheckpoint, TrustState};
use crate::store::Step;
use crate::verify::{Request, Verified, VerifyError, View};
use std::cmp::Ordering;
use std::fmt::Display;

/// A release of a lock file that the log has, and has where the lock file says.
#[derive(Clone, Debug)]
pub struct CheckedRelease {
    /// The release; it may be yanked, which a user should be told.
    pub release: Verified<Release>,
    /// The package and all that proves it.
    pub view: Verified<View>,
    /// How the lock file's checkpoint and the log belong together.
    pub agreement: Agreement,
}

/// How the checkpoint of a lock file and the one that was verified here are of one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They are the same.
    Same,
    /// The log grew from the lock file's size to this one, by consistency proofs.
    Grew {
        /// The size in the lock file.
        locked: u64,
        /// The size that was verified here.
        verified: u64,
    },
    /// The lock file knew more than was shown here; the trust state has that now, by a consistency proof.
    Entered {
        /// The size that was verified here.
        verified: u64,
        /// The size in the lock file.
        locked: u64,
    },
}

impl Agreement {
    fn between(locked: u64, verified: u64) -> Agreement {
        match locked.cmp(&verified) {
            Ordering::Equal => Agreement::Same,
            Ordering::Less => Agreement::Grew { locked, verified },
            Ordering::Greater => Agreement::Entered { verified, locked },
        }
    }
}

impl Client {
    /// The content of a release of a lock file, verified as [`Client::fetch`] does: with one proof, by which the
    /// heads of the lock file are in their chains and the release is what the lock file says, before any content
    /// is asked for. A release that was yanked since is there, and says so in [`Fetched::release`].
    ///
    /// The lock file's checkpoint is not looked at: one [`Client::check_checkpoint`] does for all its releases. Many
    /// may be installed at once with one client and its clones: they wait for each other where they must, and
    /// content that several have is downloaded once.
    ///
    /// # Errors
    ///
    /// As [`Client::fetch`]; [`ErrorKind::LockDiffers`] if the log has another digest, place or publisher;
    /// [`VerifyError::SubjectRollback`] or [`VerifyError::SubjectFork`] if a head of the lock file is not in its chain.
    pub async fn install(&self, locked: &LockedRelease) -> Result<Fetched, Error> {
        let (package, version) = (&locked.package, &locked.version);
        self.fetch_if(package, version, &locked.heads, |view, release| {
            compare(locked, view, release)
        })
        .await
    }

    /// Whether a release of a lock file, and the checkpoint that is in the lock file, are of the log that this
    /// client knows. Content is not looked at; [`Client::install`] does.
    ///
    /// # Errors
    ///
    /// As [`Client::view`] and [`Client::check_checkpoint`]; [`ErrorKind::LockDiffers`] if the log has another digest,
    /// place or publisher.
    pub async fn check_locked(
        &self,
        locked: &LockedRelease,
        note: &[u8],
    ) -> Result<CheckedRelease, Error> {
        // Before anything is asked: an edited lock file says nothing about the log.
        if let Some(state) = self.trust_state().await?
            && let Err(error) = LockedCheckpoint::open(note, &state)
            && !is_of_unknown_key(&error)
        {
            return Err(ErrorKind::Lock(error).into());
        }
        let request = Request::release(locked.package.clone(), locked.version.clone());
        let view = self.view_locked(&request, &locked.heads).await?;
        let release = view.release(&locked.version)?;
        compare(locked, &view, &release)?;
        let agreement = self.check_checkpoint(note).await?;
        Ok(CheckedRelease {
            release,
            view,
            agreement,
        })
    }

    /// Whether the checkpoint of a lock file is of the log that this client knows, which a client without a
    /// trust state gets to know first. If the lock file knew more, the trust state has that from then on.
    ///
    /// It needs no network if the checkpoint is that of the trust state, or this client has seen how the log
    /// grew from there.
    ///
    /// # Errors
    ///
    /// As [`Client::view`]. [`ErrorKind::Lock`] if the note is not the log's ([`LockError::Invalid`]; nothing changes
    /// then) or of another history, of which both notes are kept; [`VerifyError::Rollback`] if the registry cannot
    /// show what the lock file knew; [`ErrorKind::Offline`] if it takes a network that may not be used.
    pub async fn check_checkpoint(&self, note: &[u8]) -> Result<Agreement, Error> {
        let (_, agreement) = self.agree(note).await?;
        Ok(agreement)
    }

    /// Of the checkpoints of two lock files that were edited apart, the note that stays: the larger, with the
    /// log's signatures only, once both are checked as [`Client::check_checkpoint`] does.
    ///
    /// # Errors
    ///
    /// As [`Client::check_checkpoint`], for either.
    pub async fn merge_checkpoints(&self, ours: &[u8], theirs: &[u8]) -> Result<String, Error> {
        // Both are of the history of the trust state, which only grows.
        let (ours, _) = self.agree(ours).await?;
        let (theirs, _) = self.agree(theirs).await?;
        let larger = theirs.checkpoint().size > ours.checkpoint().size;
        Ok(if larger { theirs } else { ours }.to_string())
    }

    /// The note of the largest checkpoint that was verified, with the log's signatures only: what a lock file
    /// holds beside releases that were verified before, at this checkpoint or at smaller ones. `None` if nothing was
    /// verified yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`].
    pub async fn checkpoint_note(&self) -> Result<Option<String>, Error> {
        let state = self.trust_state().await?;
        let note = state.map(|state| state.note().only(state.log_keys()));
        let note = note.transpose().map_err(VerifyError::Checkpoint)?;
        Ok(note.map(|note| note.to_string()))
    }

    /// The note, with the log's signatures only, and how it and the trust state belong together.
    async fn agree(&self, note: &[u8]) -> Result<(SignedCheckpoint, Agreement), Error> {
        let mut turn = None;
        for _ in 0..MAX_TRIES {
            let (locked, state) = self.opened(note, &mut turn).await?;
            let keys = state.log_keys().iter().chain(state.retired_keys());
            let signed = locked.note().only(keys).map_err(LockError::Invalid);
            let signed = signed.map_err(ErrorKind::Lock)?;
            let (at, offered) = (state.checkpoint().clone(), signed.checkpoint().clone());
            let agreement = Agreement::between(offered.size, at.size);
            if offered.size < at.size && self.was_seen_to_grow(&offered, &at).await? {
                return Ok((signed, agreement));
            }
            let proof = match locked.needs_proof(&state) {
                None => vec![],
                Some((old, new)) => self.proof_between(&state, &locked, old, new).await?,
            };
            if let Err(error) = locked.check(&state, &proof) {
                if let LockError::Fork { evidence, .. } = &error {
                    self.keep_evidence(&evidence.held, &evidence.offered).await;
                }
                return Err(ErrorKind::Lock(error).into());
            }
            if offered.size > at.size {
                if turn.is_none() {
                    turn = Some(self.0.turns.state().await);
                }
                if !self.enter(locked, state, proof.clone()).await? {
                    continue;
                }
            }
            match agreement {
                Agreement::Same => {}
                Agreement::Grew { .. } => self.keep_step(&offered, &at, proof).await,
                Agreement::Entered { .. } => self.keep_step(&at, &offered, proof).await,
            }
            return Ok((signed, agreement));
        }
        Err(ErrorKind::Contended(MAX_TRIES).into())
    }

    /// The checkpoint of a lock file, and the trust state to hold it against.
    async fn opened(
        &self,
        note: &[u8],
        turn: &mut Option<StateTurn<'_>>,
    ) -> Result<(LockedCheckpoint, TrustState), Error> {
        let refused = match self.trust_state().await? {
            None => None,
            Some(state) => match LockedCheckpoint::open(note, &state) {
                Ok(locked) => return Ok((locked, state)),
                Err(error) if is_of_unknown_key(&error) => Some(error),
                Err(error) => return Err(ErrorKind::Lock(error).into()),
            },
        };
        // Nothing is known of the log yet, or it may have another key by now. Who looks takes a turn, too.
        *turn = None;
        match (self.registry().await, refused) {
            // Where that cannot be found out, the note is nobody's.
            (Err(error), Some(refused)) if !error.is_verification() => {
                return Err(ErrorKind::Lock(refused).into());
            }
            (looked, _) => looked?,
        };
        let state = self.trust_state().await?;
        let state = state.ok_or(ErrorKind::Contended(1))?;
        let locked = LockedCheckpoint::open(note, &state).map_err(ErrorKind::Lock)?;
        Ok((locked, state))
    }

    /// Has the trust state know what the lock file knows; `false` if it is another state by now.
    async fn enter(
        &self,
        locked: LockedCheckpoint,
        state: TrustState,
        proof: Vec<Hash>,
    ) -> Result<bool, Error> {
        let most = self.0.options.rules.max_growth;
        let entered = self.on_disk(move |parts| {
            parts.state.update(|current| match current {
                Some(current) if *current == state => {
                    locked.enter(current, &proof, most).map_err(Some)
                }
                _ => Err(None),
            })
        });
        match entered.await? {
            Ok(_) => Ok(true),
            Err(Some(error)) => Err(ErrorKind::Lock(error).into()),
            Err(None) => Ok(false),
        }
    }

    /// Keeps how the log grew, so that it takes no network the next time.
    async fn keep_step(&self, from: &Checkpoint, to: &Checkpoint, proof: Vec<Hash>) {
        let (from, size, root) = (from.size, to.size, to.root);
        let step = Step { size, root, proof };
        // A cache that cannot be written to costs time, and nothing else.
        let _ = self
            .on_disk(move |parts| parts.cache.keep_step(&parts.options.pin, from, &step))
            .await;
    }

    /// Whether this client kept how the log grew from the lock file's checkpoint to the state's.
    async fn was_seen_to_grow(
        &self,
        locked: &Checkpoint,
        verified: &Checkpoint,
    ) -> Result<bool, Error> {
        let at = |checkpoint: &Checkpoint| (checkpoint.size, checkpoint.root);
        let (from, to) = (at(locked), at(verified));
        self.on_disk(move |parts| Ok(parts.cache.leads(&parts.options.pin, from, to)))
            .await
    }

    /// A proof between the lock file's checkpoint and the state's, or why there is none.
    async fn proof_between(
        &self,
        state: &TrustState,
        locked: &LockedCheckpoint,
        old: u64,
        new: u64,
    ) -> Result<Vec<Hash>, Error> {
        if self.is_offline() {
            let grown = format!("how the log grew from {old} to {new} records");
            return Err(ErrorKind::Offline(grown).into());
        }
        let error = match self.consistency(old, new).await {
            Ok(proof) => return Ok(proof),
            Err(error) => error,
        };
        let (held, offered) = (locked.checkpoint().size, state.checkpoint().size);
        // Anything else, such as that a token is missing, says nothing about the log.
        let is_hidden = error.is_not_found()
            || error.has_code(ProblemCode::SizeNotHeld)
            || error.has_code(ProblemCode::QueryInvalid);
        match is_hidden && held > offered {
            true => Err(VerifyError::Rollback { held, offered }.into()),
            false => Err(error),
        }
    }
}

/// Whether the log may have a key since that would make the note its own.
fn is_of_unknown_key(error: &LockError) -> bool {
    let LockError::Invalid(CheckpointError::Note(note)) = error else {
        return false;
    };
    matches!(note, NoteError::NoKnownKey(_))
}

/// Whether the release is what the lock file says.
fn compare(
    locked: &LockedRelease,
    view: &Verified<View>,
    release: &Verified<Release>,
) -> Result<(), Error> {
    let differs = |what, locked_as: &dyn Display, found: &dyn Display| {
        Err(Error::from(ErrorKind::LockDiffers {
            release: format!("`{}@{}`", locked.package, locked.version),
            what,
            locked: locked_as.to_string(),
            found: found.to_string(),
        }))
    };
    let digest = release.content.digest;
    if digest != locked.digest {
        return differs("digest", &locked.digest, &digest);
    }
    let index = place(view, release)?;
    if index != locked.index {
        return differs("index in the log", &locked.index, &index);
    }
    let publisher = LockedPublisher::of(&release.publisher);
    if publisher != locked.publisher {
        return differs("publisher", &names(&locked.publisher), &names(&publisher));
    }
    Ok(())
}

fn names(publisher: &LockedPublisher) -> String {
    match publisher {
        LockedPublisher::Keys(keys) => {
            let names: Vec<_> = keys
                .iter()
                .map(|key| crate::text::escape(key.name()))
                .collect();
            names.join(", ")
        }
        LockedPublisher::Registry(key) => {
            format!("the registry's {}", crate::text::escape(key.name()))
        }
    }
}

/// Where a release is in the log, which a view of it proves.
pub(super) fn place(view: &Verified<View>, release: &Verified<Release>) -> Result<u64, Error> {
    let missing = || VerifyError::EvidenceMissing("the place of the release in the log".to_owned());
    Ok(view.index_of(release).ok_or_else(missing)?)
}
