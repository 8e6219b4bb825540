//! Full mode: reads every leaf of a log and works out for itself what the log says.
//!
//! What a light client takes from the map, a monitor recomputes. It is also what a server knows of
//! its own log, and what a witness checks that vouches for the map.

mod resume;

pub use resume::{HoldError, Kept};

use crate::chain::{
    ChainError, ChainErrorKind, IndexTimes, NamespaceChain, Package, PackageChain, Places, Points,
    RegistryChain,
};
use crate::log::{Edge, Hash, Head, Map, NodeId, Origin, PublicKey, SignedCheckpoint};
use crate::name::{Namespace, PackageName};
use crate::record::{
    NamespaceAct, RecordError, RegistryAct, Role, SignedRecord, Statement, Subject, Time,
};
use crate::state::Pin;
use crate::text;
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most findings that are kept; how many more there are is counted.
pub const MAX_FINDINGS: usize = 1_000;

/// Everything that the leaves of a log come to, so far.
#[derive(Clone, Debug)]
pub struct Monitor {
    origin: Origin,
    edge: Edge,
    registry: RegistryChain,
    registry_points: Arc<Points>,
    namespaces: BTreeMap<Namespace, (NamespaceChain, Arc<Points>)>,
    packages: BTreeMap<PackageName, (PackageChain, Arc<Points>)>,
    map: Map,
    index_times: IndexTimes,
    pinned: Option<Hash>,
    /// The last leaf that is an index record, good or not.
    last_index: Option<u64>,
    /// Public keys that a namespace granted something, ever.
    granted: BTreeSet<PublicKey>,
    /// Packages with records since the last index record: from which record on.
    pending: BTreeMap<PackageName, u32>,
    findings: Vec<Finding>,
    dropped: usize,
}

/// Something in a log that no honest operator writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log is wrong at leaf {index}")]
pub struct Finding {
    /// The leaf.
    pub index: u64,
    /// What is wrong.
    #[source]
    pub kind: FindingKind,
}

/// What is wrong with a leaf, or with a checkpoint that ends at it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindingKind {
    /// It is no record.
    #[error("the leaf is no record")]
    NotARecord(#[source] RecordError),
    /// It breaks the rules of its chain.
    #[error(transparent)]
    Chain(ChainError),
    /// It is an index record of another log, or signed by keys that are no index keys.
    #[error("the index record is not the registry's")]
    IndexSigner(#[source] ChainErrorKind),
    /// It does not cover what is before it.
    #[error("the index record covers {covers} leaves, not exactly those before it")]
    Covers {
        /// How many it says it covers.
        covers: u64,
    },
    /// It is older than the one before it.
    #[error("the index record is older than one before it")]
    Time(#[source] ChainErrorKind),
    /// It is of a time that the registry's own time key had not reached.
    #[error("the index record is of {time}, and the checkpoint was cosigned at {cosigned}")]
    TimeAhead {
        /// Its time.
        time: Time,
        /// The latest cosignature of a time key.
        cosigned: Time,
    },
    /// A log begins with the record that names the registry's keys, and that is nowhere else.
    #[error("the log begins with the registry's first record, and has it nowhere else")]
    Beginning,
    /// The log begins with another record than the one that is pinned.
    #[error("the log begins with {found}, not with {pinned}, which is pinned")]
    WrongInit {
        /// The hash that is pinned.
        pinned: Hash,
        /// The hash of leaf 0.
        found: Hash,
    },
    /// The map it commits to is not that of the leaves.
    #[error(
        "the index record has the map root {found}; the leaves give {wanted}: something is hidden or invented"
    )]
    MapRoot {
        /// The root in the record.
        found: Hash,
        /// The root of the heads of all chains.
        wanted: Hash,
    },
    /// A checkpoint was signed that does not end with an index record.
    #[error("a checkpoint ends here, and the leaf is no index record")]
    Unindexed,
    /// A checkpoint is of another log.
    #[error("a checkpoint is of the log `{}`", text::escape(.0))]
    WrongOrigin(Origin),
    /// A checkpoint is not signed by a log key that the registry has there.
    #[error("a checkpoint is not signed by a log key of the registry")]
    NotSigned,
    /// A checkpoint has another root than the leaves.
    #[error("a checkpoint has the root {found}; the leaves give {wanted}")]
    Root {
        /// The root in the checkpoint.
        found: Hash,
        /// The root of the leaves.
        wanted: Hash,
    },
    /// A checkpoint is of another size than has been read.
    #[error("a checkpoint is of size {0}")]
    Size(u64),
    /// The log is full.
    #[error("the log cannot have more leaves")]
    Full,
}

impl Monitor {
    /// The monitor of a log of which nothing has been read.
    pub fn new(origin: Origin) -> Monitor {
        Monitor {
            registry: RegistryChain::new(origin.clone()),
            origin,
            edge: Edge::new(),
            registry_points: Arc::default(),
            namespaces: BTreeMap::new(),
            packages: BTreeMap::new(),
            map: Map::new(),
            index_times: IndexTimes::new(),
            pinned: None,
            last_index: None,
            granted: BTreeSet::new(),
            pending: BTreeMap::new(),
            findings: vec![],
            dropped: 0,
        }
    }

    /// As [`Monitor::new`], for a log of which the key and the first leaf are known.
    pub fn pinned(pin: &Pin) -> Monitor {
        Monitor {
            pinned: Some(pin.init()),
            ..Monitor::new(pin.origin().clone())
        }
    }

    /// Reads the next leaf. What is wrong with it is a finding.
    ///
    /// What cannot be a record of its chain has no effect. A record that its signers were not
    /// authorised to make stays in its chain: everything after it builds on it.
    ///
    /// It returns the nodes of the tree that the leaf completes, the leaf first: what tiles are made
    /// of.
    pub fn read(&mut self, leaf: &[u8]) -> Vec<(NodeId, Hash)> {
        let index = self.edge.size();
        let found = Hash::leaf(leaf);
        let Ok(nodes) = self.edge.push(found) else {
            self.find(index, FindingKind::Full);
            return vec![];
        };
        if let Some(pinned) = self.pinned.filter(|pinned| index == 0 && *pinned != found) {
            self.find(index, FindingKind::WrongInit { pinned, found });
        }
        let result = SignedRecord::parse(leaf)
            .map_err(FindingKind::NotARecord)
            .and_then(|record| match record.record().statement {
                Statement::Index { covers, map } => {
                    self.read_index(&record, index, covers, map);
                    Ok(())
                }
                _ => self.apply(&record, index).map_err(FindingKind::Chain),
            });
        if let Err(kind) = result {
            self.find(index, kind);
        }
        // With the first leaf the registry has its first record, and only with it.
        let begun = self.registry_points.as_slice().first() == Some(&(0, 0));
        if index == 0 && !begun {
            self.find(index, FindingKind::Beginning);
        }
        nodes
    }

    /// Whether a record could be the next leaf of the log, in a batch of this time: what a registry
    /// asks before it logs a record, and a publisher before it signs one.
    ///
    /// The index record of the batch must then have exactly this time.
    ///
    /// # Errors
    ///
    /// The rule that the record would break.
    pub fn admit(&self, record: &SignedRecord, time: Time) -> Result<(), ChainError> {
        let subject = record.record().subject();
        let index = self.edge.size();
        let refuse = |kind| {
            let seq = record.record().link().map_or(0, |link| link.seq);
            let kind = Box::new(kind);
            let subject = subject.clone();
            ChainError { subject, seq, kind }
        };
        self.index_times.check(index, time).map_err(refuse)?;
        match &subject {
            Subject::Registry => {
                self.check_new_operator(record).map_err(refuse)?;
                self.registry.clone().apply(record)
            }
            Subject::Index => Err(refuse(ChainErrorKind::WrongSubject(subject.clone()))),
            Subject::Namespace(name) => self.namespace_after(name, record, index).map(|_| ()),
            Subject::Package(name) => {
                let origin = self.origin.clone();
                let new = || (PackageChain::new(origin, name.clone()), Arc::default());
                let state = self.packages.get(name);
                let new = state.is_none().then(new);
                let Some((chain, points)) = state.or(new.as_ref()) else {
                    return Ok(());
                };
                let mut points = points.clone();
                Arc::make_mut(&mut points).push(chain.len(), index);
                let (namespace, places) = self.context(name, &points, Some(time));
                chain.admit(record, &self.registry, &namespace, &places)
            }
        }
    }

    /// Compares a checkpoint of what has been read so far.
    pub fn check(&mut self, signed: &SignedCheckpoint) {
        let checkpoint = signed.checkpoint();
        let (size, wanted) = (self.edge.size(), self.edge.root());
        let last = size.saturating_sub(1);
        if checkpoint.origin != self.origin {
            return self.find(last, FindingKind::WrongOrigin(checkpoint.origin.clone()));
        }
        if checkpoint.size != size {
            return self.find(last, FindingKind::Size(checkpoint.size));
        }
        if checkpoint.root != wanted {
            let found = checkpoint.root;
            self.find(last, FindingKind::Root { found, wanted });
        }
        let by = |role| signed.signers(self.registry.active(role));
        if !by(Role::Log).is_ok_and(|signers| !signers.is_empty()) {
            self.find(last, FindingKind::NotSigned);
        }
        if self.last_index != Some(last) {
            return self.find(last, FindingKind::Unindexed);
        }
        let Some((_, time)) = self.index_times.last() else {
            return;
        };
        let cosigned = signed.signers(self.registry.active(Role::Time));
        let cosigned = cosigned
            .into_iter()
            .flatten()
            .filter_map(|by| by.time)
            .max();
        let cosigned = cosigned.and_then(|time| Time::from_seconds(time).ok());
        if let Some(cosigned) = cosigned.filter(|cosigned| time.is_ahead_of(*cosigned)) {
            self.find(last, FindingKind::TimeAhead { time, cosigned });
        }
    }

    fn find(&mut self, index: u64, kind: FindingKind) {
        match self.findings.len() < MAX_FINDINGS {
            true => self.findings.push(Finding { index, kind }),
            false => self.dropped += 1,
        }
    }

    fn apply(&mut self, record: &SignedRecord, index: u64) -> Result<(), ChainError> {
        let seq = record.record().link().map_or(0, |link| link.seq);
        let subject = record.record().subject();
        let points = match &subject {
            Subject::Registry | Subject::Index => {
                self.check_new_operator(record).map_err(|kind| ChainError {
                    subject: subject.clone(),
                    seq,
                    kind: Box::new(kind),
                })?;
                self.registry.apply(record)?;
                &mut self.registry_points
            }
            Subject::Namespace(name) => {
                let reaches_ahead = matches!(&record.record().statement, Statement::Namespace {
                    act: NamespaceAct::Revoke { from_index: Some(from_index), .. },
                    ..
                } if *from_index > index);
                // Only a first record and such a revocation can be refused for where they are.
                let state = match self.namespaces.entry(name.clone()) {
                    Entry::Occupied(mut state) if !reaches_ahead => {
                        state.get_mut().0.apply(record)?;
                        state.into_mut()
                    }
                    _ => {
                        let state = self.namespace_after(name, record, index)?;
                        let place = self.namespaces.entry(name.clone());
                        place.insert_entry(state).into_mut()
                    }
                };
                self.granted.extend(granted(record).cloned());
                &mut state.1
            }
            Subject::Package(name) => {
                let origin = &self.origin;
                let nobody = NamespaceChain::new(origin.clone(), name.namespace().clone());
                let namespace = self.namespaces.get(name.namespace());
                let namespace = namespace.map_or(&nobody, |(chain, _)| chain);
                let (_, points) = match self.packages.entry(name.clone()) {
                    Entry::Occupied(mut state) => {
                        let (chain, _) = state.get_mut();
                        chain.apply(record, &self.registry, namespace)?;
                        state.into_mut()
                    }
                    Entry::Vacant(place) => {
                        let mut chain = PackageChain::new(origin.clone(), name.clone());
                        chain.apply(record, &self.registry, namespace)?;
                        place.insert((chain, Arc::default()))
                    }
                };
                self.pending.entry(name.clone()).or_insert(seq);
                points
            }
        };
        Arc::make_mut(points).push(seq, index);
        let hash = record.hash();
        self.map
            .insert(subject.map_key(), Head { index, seq, hash });
        Ok(())
    }

    /// Whether the key that the record adds, if it does, is nobody's yet: what a publisher signed
    /// for themselves would become something that the registry signed.
    fn check_new_operator(&self, record: &SignedRecord) -> Result<(), ChainErrorKind> {
        match &record.record().statement {
            Statement::Registry {
                act: RegistryAct::KeyAdd(_, vkey),
                ..
            } if self.granted.contains(vkey.key()) => {
                Err(ChainErrorKind::KeyRepeated(vkey.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The chain of a namespace with one more record, if the record may be there.
    fn namespace_after(
        &self,
        name: &Namespace,
        record: &SignedRecord,
        index: u64,
    ) -> Result<(NamespaceChain, Arc<Points>), ChainError> {
        let state = self.namespaces.get(name).cloned();
        let new = || {
            (
                NamespaceChain::new(self.origin.clone(), name.clone()),
                Arc::default(),
            )
        };
        let (mut chain, points) = state.unwrap_or_else(new);
        chain.apply(record)?;
        let mut known = points.clone();
        Arc::make_mut(&mut known).push(chain.len().saturating_sub(1), index);
        let places = Places::of(
            &self.registry_points,
            &known,
            &Arc::default(),
            &self.index_times,
            None,
        );
        chain.check_places(&self.registry, &places)?;
        Ok((chain, points))
    }

    fn read_index(&mut self, record: &SignedRecord, index: u64, covers: u64, map: Hash) {
        let nothing = Arc::default();
        let times = &self.index_times;
        let places = Places::of(&self.registry_points, &nothing, &nothing, times, None);
        let mut kinds = vec![];
        if record.record().origin != self.origin {
            let origin = record.record().origin.clone();
            kinds.push(FindingKind::IndexSigner(ChainErrorKind::WrongOrigin(
                origin,
            )));
        }
        if let Err(kind) = self.registry.check_index_signers(record, index, &places) {
            kinds.push(FindingKind::IndexSigner(kind));
        }
        // While it is shared, the next insertion would copy all times.
        drop(places);
        if covers != index {
            kinds.push(FindingKind::Covers { covers });
        }
        let wanted = self.map.root();
        if map != wanted {
            kinds.push(FindingKind::MapRoot { found: map, wanted });
        }
        let time = record.record().time;
        self.last_index = Some(index);
        if let Err(kind) = self.index_times.insert(index, time) {
            kinds.push(FindingKind::Time(kind));
        }
        for kind in kinds {
            self.find(index, kind);
        }
        while let Some((index, error)) = self.judge_pending() {
            self.find(index, FindingKind::Chain(error));
        }
    }

    /// Judges the packages that have new records, up to the first that breaks the rules: the index
    /// of its record, and why.
    fn judge_pending(&mut self) -> Option<(u64, ChainError)> {
        while let Some((name, from)) = self.pending.pop_first() {
            let Some((chain, points)) = self.packages.get(&name) else {
                continue;
            };
            let (namespace, places) = self.context(&name, points, None);
            let result = chain.judge_from(from, &self.registry, &namespace, &places);
            if let Err(error) = result {
                let index = points.get(error.seq).unwrap_or(self.edge.size());
                self.pending.insert(name, error.seq.saturating_add(1));
                return Some((index, error));
            }
        }
        None
    }

    fn context(
        &self,
        name: &PackageName,
        points: &Arc<Points>,
        batch: Option<Time>,
    ) -> (Cow<'_, NamespaceChain>, Places) {
        let nowhere = Arc::default();
        let (namespace, namespace_points) = match self.namespaces.get(name.namespace()) {
            Some((namespace, points)) => (Cow::Borrowed(namespace), points),
            None => {
                let namespace = name.namespace().clone();
                let nobody = NamespaceChain::new(self.origin.clone(), namespace);
                (Cow::Owned(nobody), &nowhere)
            }
        };
        let places = Places::of(
            &self.registry_points,
            namespace_points,
            points,
            &self.index_times,
            batch,
        );
        (namespace, places)
    }

    /// The number of leaves read.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root of the leaves read.
    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// What was wrong so far, the first [`MAX_FINDINGS`].
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings there were beyond those that are kept.
    pub fn dropped_findings(&self) -> usize {
        self.dropped
    }

    /// The heads of all chains.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// The registry.
    pub fn registry(&self) -> &RegistryChain {
        &self.registry
    }

    /// A namespace.
    pub fn namespace(&self, name: &Namespace) -> Option<&NamespaceChain> {
        self.namespaces.get(name).map(|(chain, _)| chain)
    }

    /// The records of a package, folded as far as their order decides.
    pub fn package_chain(&self, name: &PackageName) -> Option<&PackageChain> {
        self.packages.get(name).map(|(chain, _)| chain)
    }

    /// What a package is by everything that has been read.
    pub fn package(&self, name: &PackageName) -> Option<Result<Package, ChainError>> {
        let (chain, points) = self.packages.get(name)?;
        let (namespace, places) = self.context(name, points, None);
        Some(chain.judge(&self.registry, &namespace, &places))
    }

    /// The names of all packages.
    pub fn packages(&self) -> impl Iterator<Item = &PackageName> {
        self.packages.keys()
    }

    /// Where index records are, and their time.
    pub fn index_times(&self) -> &IndexTimes {
        &self.index_times
    }

    /// The records of a chain: their numbers, and their indices in the log.
    pub fn points(&self, subject: &Subject) -> Option<&[(u32, u64)]> {
        let points = match subject {
            Subject::Registry => &self.registry_points,
            Subject::Namespace(name) => &self.namespaces.get(name)?.1,
            Subject::Package(name) => &self.packages.get(name)?.1,
            Subject::Index => return None,
        };
        Some(points.as_slice())
    }
}

/// The keys that a record of a namespace lets do something.
fn granted(record: &SignedRecord) -> impl Iterator<Item = &PublicKey> {
    let keys = match &record.record().statement {
        Statement::Namespace { act, .. } => match act {
            NamespaceAct::Create { owners, .. } => owners.as_slice(),
            NamespaceAct::Grant(key, _) => std::slice::from_ref(key),
            _ => &[],
        },
        _ => &[],
    };
    keys.iter().map(|vkey| vkey.key())
}
