//! What has been verified, and what can be done with it.

use super::{Freshness, VerifyError, Vouched};
use crate::chain::{Availability, NamespaceChain, Package, RegistryChain, Release};
use crate::log::{Checkpoint, Hash, Head, SignedCheckpoint};
use crate::name::{PackageName, Version};
use crate::record::{Content, Role, SignedRecord, Subject, Time};
use crate::state::TrustState;
use crate::{Digest, Hasher};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

/// Something that has been verified, every obligation of it. Only [`crate::verify`] makes one, so
/// that whatever asks for one cannot be given anything else:
///
/// ```compile_fail,E0423
/// use tenon_registry_client::verify::Verified;
/// let forged = Verified("a release");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(pub(super) T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Verified<T> {
    /// What was verified, on its own from here on.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// A registry, and a namespace and a package of it, at one checkpoint.
#[derive(Clone, Debug)]
pub struct View {
    pub(super) checkpoint: SignedCheckpoint,
    pub(super) vouched: Vouched,
    pub(super) index: u64,
    pub(super) index_time: Time,
    pub(super) registry: RegistryChain,
    pub(super) namespace: Option<NamespaceChain>,
    pub(super) package: Option<Package>,
    /// The package that was asked for, whether there is one or not.
    pub(super) asked: Option<PackageName>,
    /// The records of the package whose inclusion was proved one by one.
    pub(super) proven: BTreeMap<u32, u64>,
    pub(super) void: BTreeSet<Version>,
    /// The chains that were asked for; those that are not among the heads do not exist.
    pub(super) subjects: Vec<Subject>,
    pub(super) heads: BTreeMap<Subject, Head>,
    pub(super) held: Held,
    /// The state that this was verified against.
    pub(super) base: Option<TrustState>,
}

/// The records that a client has of the three chains: what it need not be sent again.
///
/// They can be kept in a cache that nobody guards: whether they are those that were verified is
/// found out by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Of the registry, from record 0.
    pub registry: Vec<SignedRecord>,
    /// Of the namespace, from record 0.
    pub namespace: Vec<SignedRecord>,
    /// Of the package, from record 0.
    pub package: Vec<SignedRecord>,
}

/// The trust state is another than the one that was verified against: verify again against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trust state was changed by another process in the meantime")]
pub struct StateMoved;

impl View {
    /// The checkpoint that everything is about.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Who vouches for it besides the log.
    pub fn vouched(&self) -> &Vouched {
        &self.vouched
    }

    /// Who says that it is fresh.
    pub fn freshness(&self) -> Freshness {
        self.vouched.freshness
    }

    /// When the last batch was logged, by the registry's word.
    pub fn index_time(&self) -> Time {
        self.index_time
    }

    /// The registry's keys.
    pub fn registry(&self) -> &RegistryChain {
        &self.registry
    }

    /// The namespace, if there is one.
    pub fn namespace(&self) -> Option<&NamespaceChain> {
        self.namespace.as_ref()
    }

    /// The package that was asked for, whether there is one or not.
    pub fn asked(&self) -> Option<&PackageName> {
        self.asked.as_ref()
    }

    /// The package, if there is one.
    pub fn package(&self) -> Option<&Package> {
        self.package.as_ref()
    }

    /// Where the chains end.
    pub fn heads(&self) -> &BTreeMap<Subject, Head> {
        &self.heads
    }

    /// All records of the three chains, to be held for the next time.
    pub fn held(&self) -> &Held {
        &self.held
    }
}

impl Verified<View> {
    /// The release of a version, which must be one that was asked for.
    ///
    /// # Errors
    ///
    /// [`VerifyError::NoSuchPackage`], [`VerifyError::NoSuchRelease`], [`VerifyError::TakenDown`], or
    /// [`VerifyError::EvidenceMissing`] if it was not asked for.
    pub fn release(&self, version: &Version) -> Result<Verified<Release>, VerifyError> {
        let Some(package) = &self.package else {
            return Err(match &self.asked {
                Some(package) => VerifyError::NoSuchPackage(package.clone()),
                None => VerifyError::EvidenceMissing("a package: none was asked for".to_owned()),
            });
        };
        let release = package.releases().get(version);
        let release = release.ok_or_else(|| VerifyError::NoSuchRelease {
            package: package.name().clone(),
            version: version.clone(),
            void: self.void.contains(version),
        })?;
        if let Availability::TakenDown(reason) = release.availability {
            return Err(VerifyError::TakenDown {
                package: package.name().clone(),
                version: version.clone(),
                reason,
            });
        }
        if !self.proven.contains_key(&release.seq) {
            return Err(VerifyError::EvidenceMissing(format!(
                "the place of the release {version} in the log: it was not asked for"
            )));
        }
        Ok(Verified(release.clone()))
    }

    /// Where in the log a release is that was asked for.
    pub fn index_of(&self, release: &Verified<Release>) -> Option<u64> {
        self.proven.get(&release.seq).copied()
    }

    /// What to remember: the state that follows from the one this was verified against, which must
    /// still be the `current` one. Read that again, under a lock, just before.
    ///
    /// A `current` state in which another process has added what it verified at the same
    /// checkpoint does as well, old or new.
    ///
    /// # Errors
    ///
    /// [`StateMoved`]: verify again, against the current state.
    pub fn advance(&self, current: Option<&TrustState>) -> Result<TrustState, StateMoved> {
        let mut heads = Arc::default();
        if let Some(state) = current {
            if !self.follows(state) {
                return Err(StateMoved);
            }
            heads = state.heads.clone();
        } else if self.base.is_some() {
            return Err(StateMoved);
        }
        let new = self
            .heads
            .iter()
            .map(|(subject, head)| (subject.clone(), *head));
        Arc::make_mut(&mut heads).extend(new);
        let keys = self.registry.keys().iter();
        let retired = keys.filter(|key| key.role == Role::Log && key.removed.is_some());
        Ok(TrustState {
            init: self.registry.hash(0).unwrap_or(Hash::ZERO),
            log_keys: self.registry.active(Role::Log).cloned().collect(),
            retired: retired.map(|key| key.vkey.clone()).collect(),
            index: self.index,
            index_time: self.index_time,
            heads,
            checkpoint: self.checkpoint.clone(),
        })
    }

    /// Whether everything in a state is also verified by what this was verified against, or by this.
    fn follows(&self, state: &TrustState) -> bool {
        if self.base.as_ref() == Some(state) {
            return true;
        }
        let at = |checkpoint: &Checkpoint| state.checkpoint() == checkpoint;
        let old = self.base.as_ref().is_some_and(|base| at(base.checkpoint()));
        let new = at(self.checkpoint.checkpoint());
        let known = |subject: &Subject, head: &Head| {
            let base = self.base.as_ref().and_then(|base| base.heads.get(subject));
            let agrees = base == Some(head) || self.heads.get(subject) == Some(head);
            agrees || !self.subjects.contains(subject)
        };
        (old || new)
            && state
                .heads
                .iter()
                .all(|(subject, head)| known(subject, head))
    }
}

impl Verified<Release> {
    /// Takes the content as it comes, and says whether it is that of the release.
    pub fn check(&self) -> ContentCheck {
        ContentCheck {
            content: self.content,
            taken: 0,
            hasher: Hasher::new(),
        }
    }
}

/// Obligation (f): the bytes of a release, checked while they come.
pub struct ContentCheck {
    content: Content,
    taken: u64,
    hasher: Hasher,
}

impl ContentCheck {
    /// Takes the next bytes. After an error the rest need not be read.
    ///
    /// # Errors
    ///
    /// [`VerifyError::ContentTooLong`].
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        let size = self.content.size;
        let taken = self.taken.saturating_add(bytes.len() as u64);
        if taken > size {
            return Err(VerifyError::ContentTooLong { size });
        }
        self.taken = taken;
        self.hasher.update(bytes);
        Ok(())
    }

    /// How many bytes are still to come.
    pub fn remaining(&self) -> u64 {
        self.content.size.saturating_sub(self.taken)
    }

    /// Whether what came is the content. What was written elsewhere meanwhile may get its name now.
    ///
    /// # Errors
    ///
    /// [`VerifyError::ContentTooShort`] or [`VerifyError::ContentDiffers`].
    pub fn finish(self) -> Result<Verified<Content>, VerifyError> {
        let Content { digest, size, .. } = self.content;
        let found: Digest = self.hasher.finish();
        if self.taken < size {
            let found = self.taken;
            return Err(VerifyError::ContentTooShort { size, found });
        }
        if found != digest {
            let wanted = digest;
            return Err(VerifyError::ContentDiffers { wanted, found });
        }
        Ok(Verified(self.content))
    }
}
