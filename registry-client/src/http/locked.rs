//! Lock files, held against the log.

use super::{Client, Error, ErrorKind};
use crate::chain::Release;
use crate::lock::{LockedPublisher, LockedRelease};
use crate::log::Checkpoint;
use crate::state::{LockError, LockedCheckpoint, TrustState};
use crate::verify::{Request, Verified, VerifyError, View};
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

impl Client {
    /// Whether a release of a lock file, and the checkpoint that is in the lock file, are of the log that this
    /// client knows. Content is not looked at; [`Client::fetch_locked`] does, with [`LockedRelease::heads`].
    ///
    /// # Errors
    ///
    /// As [`Client::view`]. [`ErrorKind::Lock`] if the note is not the log's ([`LockError::Invalid`]; nothing changes
    /// then) or of another history, of which both notes are kept; [`ErrorKind::LockDiffers`] if the log has another
    /// digest, place or publisher; [`VerifyError::Rollback`] if the registry cannot show what the lock file knew.
    pub async fn check_locked(
        &self,
        locked: &LockedRelease,
        note: &[u8],
    ) -> Result<CheckedRelease, Error> {
        if let Some(state) = self.trust_state().await? {
            // Before anything is asked: an edited lock file says nothing about the log.
            LockedCheckpoint::open(note, &state).map_err(ErrorKind::Lock)?;
        }
        let request = Request::release(locked.package.clone(), locked.version.clone());
        let view = self.view_locked(&request, &locked.heads).await?;
        let release = view.release(&locked.version)?;
        compare(locked, &view, &release)?;
        let agreement = self.agree(note).await?;
        Ok(CheckedRelease {
            release,
            view,
            agreement,
        })
    }

    async fn agree(&self, note: &[u8]) -> Result<Agreement, Error> {
        for _ in 0..super::view::MAX_TRIES {
            let Some(state) = self.trust_state().await? else {
                continue;
            };
            let locked = LockedCheckpoint::open(note, &state).map_err(ErrorKind::Lock)?;
            let (at, size) = (state.checkpoint().size, locked.checkpoint().size);
            if size < at && self.was_seen_to_grow(locked.checkpoint(), &state).await? {
                let (locked, verified) = (size, at);
                return Ok(Agreement::Grew { locked, verified });
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
            if size <= at {
                return Ok(match size == at {
                    true => Agreement::Same,
                    false => Agreement::Grew {
                        locked: size,
                        verified: at,
                    },
                });
            }
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
                Ok(_) => {
                    let (verified, locked) = (at, size);
                    return Ok(Agreement::Entered { verified, locked });
                }
                Err(Some(error)) => return Err(ErrorKind::Lock(error).into()),
                Err(None) => {}
            }
        }
        Err(ErrorKind::Contended(super::view::MAX_TRIES).into())
    }

    /// Whether this client kept how the log grew from the lock file's checkpoint to the state's.
    async fn was_seen_to_grow(
        &self,
        locked: &Checkpoint,
        state: &TrustState,
    ) -> Result<bool, Error> {
        let at = |checkpoint: &Checkpoint| (checkpoint.size, checkpoint.root);
        let (from, to) = (at(locked), at(state.checkpoint()));
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
    ) -> Result<Vec<crate::log::Hash>, Error> {
        let error = match self.consistency(old, new).await {
            Ok(proof) => return Ok(proof),
            Err(error) => error,
        };
        let (held, offered) = (locked.checkpoint().size, state.checkpoint().size);
        match error.problem().is_some() && held > offered {
            true => Err(VerifyError::Rollback { held, offered }.into()),
            false => Err(error),
        }
    }
}

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
    let index = view.index_of(release).unwrap_or_default();
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
