//! A package's chain: its releases, and who is answerable for each.

use super::{
    Chain, ChainError, ChainErrorKind, Links, MAX_CHAIN, NamespaceChain, Places, RegistryChain,
};
use crate::log::{Hash, Origin, Vkey};
use crate::name::{PackageName, Version};
use crate::record::{
    Attestation, Content, Grant, PackageAct, Permission, Reference, Role, SignedRecord, Statement,
    Subject, TakedownReason, YankReason,
};
use std::collections::BTreeMap;

/// The records of a package, folded as far as their order alone decides.
///
/// Which of them have an effect is for [`PackageChain::judge`], which also takes what came later:
/// a revocation can void a record that was good when it was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageChain {
    package: PackageName,
    links: Links,
    entries: Vec<Entry>,
    /// What each version is by the records alone, void or not; by version without build metadata.
    versions: BTreeMap<Version, Logged>,
    /// The highest records named as authorising one of these: of the namespace, and of the registry.
    authority: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    act: PackageAct,
    authority: Reference,
    signers: Vec<Vkey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Logged {
    version: Version,
    seq: u32,
    taken_down: bool,
}

/// What a package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    name: PackageName,
    releases: BTreeMap<Version, Release>,
    void: Vec<u32>,
}

/// A version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The package.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// Its bytes.
    pub content: Content,
    /// Who is answerable for it.
    pub publisher: Publisher,
    /// Whether it should be used.
    pub availability: Availability,
    /// The number of its record in the package's chain.
    pub seq: u32,
    /// The hash of its record.
    pub hash: Hash,
}

/// Who is answerable for a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// These keys of the namespace signed it.
    Keys(Vec<Vkey>),
    /// The registry signed it for someone, and says for whom. A registry in the wrong hands can say
    /// so of anything, in namespaces that let it.
    Registry {
        /// The registry's key.
        key: Vkey,
        /// For whom.
        attestation: Attestation,
    },
}

/// Whether a release should be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Yes.
    Available,
    /// Its publisher advises against it: it is not chosen anew, and installed where it was.
    Yanked(YankReason),
    /// The registry no longer has its bytes.
    TakenDown(TakedownReason),
}

/// How many of the last records of a chain release nothing.
const KEPT_FOR_UNDOING: usize = 1_000;

/// How many of the last records of a chain are the operator's takedowns.
const KEPT_FOR_TAKEDOWNS: usize = 100;

/// What a record of a package comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Stands,
    Void,
}

impl PackageChain {
    /// The chain of a package in a log, without a record yet.
    pub fn new(origin: Origin, package: PackageName) -> PackageChain {
        PackageChain {
            links: Links::new(origin, Subject::Package(package.clone())),
            package,
            entries: vec![],
            versions: BTreeMap::new(),
            authority: (0, 0),
        }
    }

    /// Adds the next record; the chain stays as it is if the record is refused.
    ///
    /// `namespace` and `registry` must reach at least to what the record names. Whether the signers
    /// may do it is for [`Self::judge`].
    ///
    /// # Errors
    ///
    /// The record cannot come next, names what is not there, or bears a signature of nobody in the
    /// namespace: [`ChainError::kind`] says why.
    pub fn apply(
        &mut self,
        record: &SignedRecord,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
    ) -> Result<(), ChainError> {
        self.apply_known(record, registry, namespace, false)
    }

    /// As [`Self::apply`]. With `known`, the record's signatures were verified before, and are not
    /// computed again.
    pub(crate) fn apply_known(
        &mut self,
        record: &SignedRecord,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        known: bool,
    ) -> Result<(), ChainError> {
        let entry = self
            .accept(record, registry, namespace, known)
            .map_err(|kind| self.links.refuse(kind))?;
        let seq = self.links.next();
        self.links.hashes.push(record.hash());
        let version = entry.act.version();
        let logged = self.versions.entry(version.without_build());
        let logged = logged.or_insert_with(|| Logged {
            version: version.clone(),
            seq,
            taken_down: false,
        });
        let highest = match entry.act {
            PackageAct::Takedown { .. } => {
                logged.taken_down = true;
                &mut self.authority.1
            }
            _ => &mut self.authority.0,
        };
        *highest = entry.authority.seq;
        self.entries.push(entry);
        Ok(())
    }

    /// Whether the record could be the next where `places` has it, in a log that says no more of
    /// the registry and the namespace than this.
    pub(crate) fn admit(
        &self,
        record: &SignedRecord,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<(), ChainError> {
        self.accept(record, registry, namespace, false)
            .and_then(|entry| self.verdict(self.links.next(), &entry, registry, namespace, places))
            .map(|_| ())
            .map_err(|kind| self.links.refuse(kind))
    }

    fn accept(
        &self,
        record: &SignedRecord,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        known: bool,
    ) -> Result<Entry, ChainErrorKind> {
        self.links.check(record)?;
        let statement = &record.record().statement;
        let Statement::Package { authority, act, .. } = statement else {
            return Err(ChainErrorKind::WrongSubject(record.record().subject()));
        };
        let takedown = matches!(act, PackageAct::Takedown { .. });
        // What is left of a chain that someone filled is for undoing.
        let left = MAX_CHAIN.saturating_sub(self.entries.len());
        let room = match act {
            PackageAct::Release { .. } => left > KEPT_FOR_UNDOING,
            PackageAct::Yank { .. } | PackageAct::Unyank { .. } => left > KEPT_FOR_TAKEDOWNS,
            PackageAct::Takedown { .. } => true,
        };
        if !room {
            return Err(ChainErrorKind::TooLong);
        }
        let (has, highest) = match takedown {
            true => (registry.has(authority), self.authority.1),
            false => (
                namespace.has(authority) && namespace.namespace() == self.package.namespace(),
                self.authority.0,
            ),
        };
        if !has {
            return Err(self.unknown_authority(act, authority.seq));
        }
        if authority.seq < highest {
            return Err(ChainErrorKind::AuthorityDecreases(authority.seq));
        }
        let signers = record
            .signers(known, |line| match takedown {
                true => registry.ever(Role::Index, line).map(|key| &key.vkey),
                false => namespace.ever(line).map(|key| &key.vkey),
            })
            .map_err(ChainErrorKind::Signatures)?;
        self.check_version(act)?;
        Ok(Entry {
            act: act.clone(),
            authority: *authority,
            signers: signers.into_iter().cloned().collect(),
        })
    }

    fn unknown_authority(&self, act: &PackageAct, seq: u32) -> ChainErrorKind {
        let chain = match act {
            PackageAct::Takedown { .. } => Subject::Registry,
            _ => Subject::Namespace(self.package.namespace().clone()),
        };
        ChainErrorKind::UnknownAuthority { chain, seq }
    }

    /// Whether the act makes sense for its version by the records alone, void or not: what is void
    /// was not known to be so when the next record was logged.
    fn check_version(&self, act: &PackageAct) -> Result<(), ChainErrorKind> {
        let version = act.version();
        let logged = self.versions.get(&version.without_build());
        match (act, logged) {
            (PackageAct::Release { .. }, None) => Ok(()),
            (PackageAct::Release { .. }, Some(logged)) => {
                Err(ChainErrorKind::VersionUsed(logged.version.clone()))
            }
            (_, Some(logged)) if logged.version == *version => match logged.taken_down {
                true => Err(ChainErrorKind::TakenDown(version.clone())),
                false => Ok(()),
            },
            _ => Err(ChainErrorKind::NoSuchVersion(version.clone())),
        }
    }

    /// What the package is, given everything that is known of its registry and its namespace.
    ///
    /// # Errors
    ///
    /// A record that was not authorised where it is in the log, or of which `places` does not show
    /// that it was.
    pub fn judge(
        &self,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<Package, ChainError> {
        let mut package = Package {
            name: self.package.clone(),
            releases: BTreeMap::new(),
            void: vec![],
        };
        for (seq, entry) in (0..).zip(&self.entries) {
            let verdict = self
                .verdict(seq, entry, registry, namespace, places)
                .map_err(|kind| self.links.refuse_at(seq, kind))?;
            match verdict {
                Verdict::Void => package.void.push(seq),
                Verdict::Stands => self.effect(&mut package, seq, entry),
            }
        }
        Ok(package)
    }

    /// Whether the records from `seq` on are authorised where they are in the log.
    pub(crate) fn judge_from(
        &self,
        seq: u32,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<(), ChainError> {
        for (seq, entry) in (0..).zip(&self.entries).skip(seq as usize) {
            self.verdict(seq, entry, registry, namespace, places)
                .map_err(|kind| self.links.refuse_at(seq, kind))?;
        }
        Ok(())
    }

    fn effect(&self, package: &mut Package, seq: u32, entry: &Entry) {
        let version = entry.act.version();
        if let PackageAct::Release {
            content,
            attestation,
            ..
        } = &entry.act
        {
            let publisher = match (attestation, entry.signers.as_slice()) {
                (Some(attestation), [key, ..]) => Publisher::Registry {
                    key: key.clone(),
                    attestation: attestation.clone(),
                },
                _ => Publisher::Keys(entry.signers.clone()),
            };
            let release = Release {
                package: self.package.clone(),
                version: version.clone(),
                content: *content,
                publisher,
                availability: Availability::Available,
                seq,
                hash: self.links.hash(seq).unwrap_or(Hash::ZERO),
            };
            package.releases.insert(version.clone(), release);
            return;
        }
        let Some(release) = package.releases.get_mut(version) else {
            return;
        };
        release.availability = match &entry.act {
            PackageAct::Yank { reason, .. } => Availability::Yanked(*reason),
            PackageAct::Takedown { reason, .. } => Availability::TakenDown(*reason),
            PackageAct::Release { .. } | PackageAct::Unyank { .. } => Availability::Available,
        };
    }

    fn verdict(
        &self,
        seq: u32,
        entry: &Entry,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<Verdict, ChainErrorKind> {
        let permission = match &entry.act {
            PackageAct::Release { .. } => Permission::Release,
            PackageAct::Yank { .. } | PackageAct::Unyank { .. } => Permission::Yank,
            PackageAct::Takedown { .. } => {
                self.check_takedown(seq, entry, registry, places)?;
                return Ok(Verdict::Stands);
            }
        };
        self.check_attestation(seq, entry, registry, namespace, places)?;
        let mut verdict = Verdict::Stands;
        for key in &entry.signers {
            if self.authorised(seq, entry, key, permission, namespace, places)? == Verdict::Void {
                verdict = Verdict::Void;
            }
        }
        Ok(verdict)
    }

    fn check_takedown(
        &self,
        seq: u32,
        entry: &Entry,
        registry: &RegistryChain,
        places: &Places,
    ) -> Result<(), ChainErrorKind> {
        for key in &entry.signers {
            let operator = registry.by_public_key(key.key());
            let added = operator.is_some_and(|operator| operator.added <= entry.authority.seq);
            if !added || !self.is_operator(seq, key, Role::Index, registry, places)? {
                return Err(ChainErrorKind::NotOperator {
                    key: key.clone(),
                    role: Role::Index,
                });
            }
        }
        Ok(())
    }

    /// Whether a key has a role of the registry's, and had not lost it where a record of this
    /// package is in the log.
    fn is_operator(
        &self,
        seq: u32,
        key: &Vkey,
        role: Role,
        registry: &RegistryChain,
        places: &Places,
    ) -> Result<bool, ChainErrorKind> {
        let operator = registry.by_public_key(key.key());
        match operator.filter(|operator| operator.role == role) {
            Some(operator) => match operator.removed {
                Some(removed) => places.before((Chain::Package, seq), (Chain::Registry, removed)),
                None => Ok(true),
            },
            None => Ok(false),
        }
    }

    fn check_attestation(
        &self,
        seq: u32,
        entry: &Entry,
        registry: &RegistryChain,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<(), ChainErrorKind> {
        let attestation = match &entry.act {
            PackageAct::Release { attestation, .. } => attestation.as_ref(),
            _ => None,
        };
        for key in &entry.signers {
            let operator = registry.by_public_key(key.key());
            // A key that was ever the registry's signs for others, whenever it became so: where the
            // record that added it is said to be decides nothing.
            let ingest = operator.is_some_and(|operator| operator.role == Role::Ingest);
            if ingest && !self.is_operator(seq, key, Role::Ingest, registry, places)? {
                let key = key.clone();
                let role = Role::Ingest;
                return Err(ChainErrorKind::NotOperator { key, role });
            }
            // What the registry's own key signs, it signs for someone; nobody else says so.
            if ingest && attestation.is_none() {
                return Err(ChainErrorKind::NotAttested);
            }
            if !ingest && attestation.is_some() {
                return Err(ChainErrorKind::NotByRegistry(key.clone()));
            }
        }
        match attestation {
            Some(Attestation::Oidc { rule, .. })
                if !namespace.trusts(rule, entry.authority.seq) =>
            {
                Err(ChainErrorKind::UntrustedJob)
            }
            _ => Ok(()),
        }
    }

    /// Whether a key could do this by the state that the record names, and had not lost it by the
    /// time the record came into the log.
    fn authorised(
        &self,
        seq: u32,
        entry: &Entry,
        key: &Vkey,
        permission: Permission,
        namespace: &NamespaceChain,
        places: &Places,
    ) -> Result<Verdict, ChainErrorKind> {
        let history = namespace.key(key.key());
        let named = history.and_then(|history| history.at(entry.authority.seq));
        let covers = |grant: &Grant| {
            grant.permissions.contains(&permission) && grant.pattern.matches(self.package.name())
        };
        let Some(named) = named.filter(|grant| covers(grant)) else {
            return Err(ChainErrorKind::NotGranted {
                key: key.clone(),
                permission,
                package: self.package.clone(),
            });
        };
        let in_time = |grant: &Grant| match grant.expires {
            Some(expires) => places.until(Chain::Package, seq, expires),
            None => true,
        };
        if let Some(expires) = named.expires.filter(|_| !in_time(named)) {
            let key = key.clone();
            return Err(ChainErrorKind::Expired { key, expires });
        }
        let later = history.into_iter().flat_map(|history| &history.changes);
        let mut later = later.skip_while(|change| change.seq <= entry.authority.seq);
        let keeps = |grant: &Grant| covers(grant) && in_time(grant);
        let lost = later.find(|change| !change.grant.as_ref().is_some_and(keeps));
        let Some(lost) = lost else {
            return Ok(Verdict::Stands);
        };
        if !places.before((Chain::Package, seq), (Chain::Namespace, lost.seq))? {
            return Err(ChainErrorKind::Lost {
                key: key.clone(),
                permission,
                lost: lost.seq,
            });
        }
        // What came before the right was lost came before the key was revoked, which comes last.
        let last = later.last().unwrap_or(lost);
        match last.from_index {
            Some(from) if !places.below(Chain::Package, seq, from)? => Ok(Verdict::Void),
            _ => Ok(Verdict::Stands),
        }
    }

    /// Which package it is.
    pub fn package(&self) -> &PackageName {
        &self.package
    }

    /// The versions that were released, void or not.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.values().map(|logged| &logged.version)
    }

    /// The number of the record that released a version, void or not.
    pub fn released_by(&self, version: &Version) -> Option<u32> {
        let logged = self.versions.get(&version.without_build());
        let logged = logged.filter(|logged| logged.version == *version);
        logged.map(|logged| logged.seq)
    }

    /// The number of records.
    pub fn len(&self) -> u32 {
        self.links.next()
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.links.hashes.is_empty()
    }

    /// The hash of a record.
    pub fn hash(&self, seq: u32) -> Option<Hash> {
        self.links.hash(seq)
    }
}

impl Package {
    /// Which package it is.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Its releases, by version; those that are void are not among them.
    pub fn releases(&self) -> &BTreeMap<Version, Release> {
        &self.releases
    }

    /// The numbers of the records that are void: by a key that was compromised when they were made.
    pub fn void(&self) -> &[u32] {
        &self.void
    }
}
