//! The steps of a verification. What one returns is what the next ones need.

use super::{Bundle, Held, Records, Request, Trust, Verified, VerifyError, View, Vouched};
use crate::chain::{
    Chain, ChainError, ChainErrorKind, NamespaceChain, Package, PackageChain, Places, RegistryChain,
};
use crate::log::{
    Checkpoint, Hash, Head, JointMapProof, MapKey, Origin, SignedCheckpoint, verify_consistency,
    verify_inclusions,
};
use crate::record::{Role, SignedRecord, Statement, Subject, Time};
use crate::state::ForkEvidence;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a verified view is made of.
pub(super) struct Obligations<'a> {
    pub(super) signed: SignedCheckpoint,
    pub(super) consistent: Consistent,
    pub(super) still_signed: StillSigned,
    pub(super) shown: Shown,
    pub(super) mapped: Mapped,
    pub(super) unbroken: Unbroken,
    pub(super) authorised: Authorised,
    pub(super) vouched: Vouched,
    pub(super) request: &'a Request,
    pub(super) trust: &'a Trust<'a>,
}

/// (c) holds.
pub(super) struct Consistent(());

/// What the bundle and the client's own records show, read and not verified.
pub(super) struct Shown {
    records: Held,
    /// How many of each chain's records are known to be those that were verified before.
    known: [u32; 3],
    /// How many of each chain's records are the client's own.
    held: [u32; 3],
    index_record: SignedRecord,
    index_records: Vec<(u64, SignedRecord)>,
}

impl Shown {
    /// Whether a record is the client's own, and not known to be one that was verified before.
    ///
    /// What is wrong with it says nothing about the registry.
    fn is_doubtful(&self, chain: Chain, seq: u32) -> bool {
        let of = |[registry, namespace, package]: [u32; 3]| match chain {
            Chain::Registry => registry,
            Chain::Namespace => namespace,
            Chain::Package => package,
        };
        (of(self.known)..of(self.held)).contains(&seq)
    }
}

/// The map part of (e): the last leaf says that the chains end here.
pub(super) struct Mapped {
    index: u64,
    time: Time,
    asked: Vec<Subject>,
    heads: BTreeMap<Subject, Head>,
}

/// A key that the registry still has signed the checkpoint.
pub(super) struct StillSigned(());

/// (b) holds: where records are.
pub(super) struct Included {
    places: Places,
    package: BTreeMap<u32, u64>,
}

/// The subject part of (e) holds: no chain that was used is shorter than it was, or another.
pub(super) struct Unbroken(());

/// (a) holds.
pub(super) struct Authorised {
    pub(super) registry: RegistryChain,
    namespace: Option<NamespaceChain>,
    package: Option<Package>,
    void: BTreeSet<crate::name::Version>,
    proven: BTreeMap<u32, u64>,
}

impl Bundle {
    fn of(&self, chain: Chain) -> &Records {
        match chain {
            Chain::Registry => &self.registry,
            Chain::Namespace => &self.namespace,
            Chain::Package => &self.package,
        }
    }
}

impl Held {
    pub(super) fn of(&self, chain: Chain) -> &Vec<SignedRecord> {
        match chain {
            Chain::Registry => &self.registry,
            Chain::Namespace => &self.namespace,
            Chain::Package => &self.package,
        }
    }

    fn of_mut(&mut self, chain: Chain) -> &mut Vec<SignedRecord> {
        match chain {
            Chain::Registry => &mut self.registry,
            Chain::Namespace => &mut self.namespace,
            Chain::Package => &mut self.package,
        }
    }
}

/// The checkpoint, signed by a key that was known before.
pub(super) fn open(bundle: &Bundle, trust: &Trust) -> Result<SignedCheckpoint, VerifyError> {
    let pinned = [trust.pin.key().clone()];
    let keys = trust.state.map_or(&pinned[..], |state| state.log_keys());
    let signed = SignedCheckpoint::open(&bundle.checkpoint, trust.pin.origin(), keys)
        .map_err(VerifyError::Checkpoint)?;
    let wanted = trust.known_size();
    if bundle.known_size != wanted {
        let found = bundle.known_size;
        return Err(VerifyError::WrongSize { wanted, found });
    }
    Ok(signed)
}

pub(super) fn consistent(
    signed: &SignedCheckpoint,
    bundle: &Bundle,
    trust: &Trust,
) -> Result<Consistent, VerifyError> {
    let offered = signed.checkpoint();
    let proof = &bundle.consistency;
    let extra = || VerifyError::EvidenceExtra("a consistency proof".to_owned());
    let Some(state) = trust.state else {
        return match proof.is_empty() {
            true => Ok(Consistent(())),
            false => Err(extra()),
        };
    };
    let held = state.checkpoint();
    if offered.size < held.size {
        return Err(super::classify_smaller(signed, state, proof));
    }
    let most = trust.rules.max_growth;
    if offered.size - held.size > most {
        return Err(VerifyError::TooFarAhead {
            held: held.size,
            offered: offered.size,
            most,
        });
    }
    if offered == held {
        return match proof.is_empty() {
            true => Ok(Consistent(())),
            false => Err(extra()),
        };
    }
    let Checkpoint { size, root, .. } = held;
    verify_consistency(*size, root, offered.size, &offered.root, proof).map_err(|reason| {
        VerifyError::SplitView {
            evidence: Box::new(ForkEvidence {
                held: state.note().clone(),
                offered: signed.clone(),
            }),
            reason,
        }
    })?;
    Ok(Consistent(()))
}

pub(super) fn shown(
    bundle: &Bundle,
    request: &Request,
    held: &Held,
    trust: &Trust,
) -> Result<Shown, VerifyError> {
    let mut records = Held::default();
    let mut known = [0; 3];
    let mut counts = [0; 3];
    for ((chain, known), count) in Chain::ALL.into_iter().zip(&mut known).zip(&mut counts) {
        let sent = bundle.of(chain);
        let Some(subject) = request.subject(chain) else {
            if *sent != Records::default() {
                let what = format!("records of a {}", chain.word());
                return Err(VerifyError::EvidenceExtra(what));
            }
            continue;
        };
        let mut all = held.of(chain).clone();
        let wanted = u32::try_from(all.len()).unwrap_or(u32::MAX);
        if sent.from != wanted {
            let found = sent.from;
            return Err(VerifyError::WrongStart {
                subject,
                wanted,
                found,
            });
        }
        *count = wanted;
        for (seq, bytes) in (wanted..).zip(&sent.records) {
            all.push(read(&subject, seq, bytes)?);
        }
        if let Some(head) = trust.head(&subject) {
            let seen = all.get(head.seq as usize);
            if seen.is_some_and(|seen| seen.hash() == head.hash) {
                *known = head.seq.saturating_add(1);
            } else if head.seq < wanted {
                return Err(VerifyError::CacheDamaged(subject));
            }
        }
        *records.of_mut(chain) = all;
    }
    let index_records = bundle.index_records.iter().map(|(index, bytes)| {
        let record = read(&Subject::Index, 0, bytes)?;
        Ok((*index, record))
    });
    Ok(Shown {
        records,
        known,
        held: counts,
        index_record: read(&Subject::Index, 0, &bundle.index_record)?,
        index_records: index_records.collect::<Result<_, _>>()?,
    })
}

fn read(subject: &Subject, seq: u32, bytes: &[u8]) -> Result<SignedRecord, VerifyError> {
    SignedRecord::parse(bytes).map_err(|source| VerifyError::Record {
        subject: subject.clone(),
        seq,
        source,
    })
}

/// What an index record of this log says, and that it covers all leaves before it.
fn index_record(
    record: &SignedRecord,
    index: u64,
    checkpoint: &Checkpoint,
) -> Result<(Hash, Time), VerifyError> {
    let refused = |reason: String| VerifyError::NoIndexRecord { index, reason };
    let Statement::Index { covers, map } = &record.record().statement else {
        return Err(refused(format!(
            "it is about `{}`",
            record.record().subject()
        )));
    };
    if record.record().origin != checkpoint.origin {
        let origin = text::escape(&record.record().origin);
        return Err(refused(format!("it is of `{origin}`")));
    }
    if *covers != index {
        let covers = *covers;
        return Err(VerifyError::Covers { index, covers });
    }
    Ok((*map, record.record().time))
}

pub(super) fn mapped(
    bundle: &Bundle,
    request: &Request,
    signed: &SignedCheckpoint,
    shown: &Shown,
) -> Result<Mapped, VerifyError> {
    let checkpoint = signed.checkpoint();
    let index = checkpoint.size.checked_sub(1);
    let index =
        index.ok_or_else(|| VerifyError::EvidenceMissing("a leaf: the log is empty".to_owned()))?;
    let (root, time) = index_record(&shown.index_record, index, checkpoint)?;
    let subjects = request.subjects();
    let keys: Vec<MapKey> = subjects.iter().map(Subject::map_key).collect();
    let found = JointMapProof::decode(&bundle.map)
        .and_then(|proof| proof.verify(&root, &keys))
        .map_err(VerifyError::Map)?;
    let heads: BTreeMap<Subject, Head> = subjects
        .iter()
        .cloned()
        .zip(found)
        .filter_map(|(subject, head)| Some((subject, head?)))
        .collect();
    for chain in Chain::ALL {
        let Some(subject) = request.subject(chain) else {
            continue;
        };
        let last = shown.records.of(chain).last();
        let count = shown.records.of(chain).len();
        let seq = u32::try_from(count).unwrap_or(u32::MAX).checked_sub(1);
        let doubtful = seq.is_some_and(|seq| shown.is_doubtful(chain, seq));
        let detail = match (heads.get(&subject), last) {
            (None, None) => continue,
            (None, Some(_)) => "the map has none".to_owned(),
            (Some(head), None) => format!("none are shown, and the map has record {}", head.seq),
            (Some(head), Some(last)) => {
                let seq = last.record().link().map_or(0, |link| link.seq);
                if head.hash == last.hash() && head.seq == seq && count == seq as usize + 1 {
                    continue;
                }
                format!(
                    "the last is {seq} ({}), and the map has {} ({})",
                    last.hash(),
                    head.seq,
                    head.hash
                )
            }
        };
        return Err(match doubtful {
            true => VerifyError::CacheDamaged(subject),
            false => VerifyError::HeadMismatch { subject, detail },
        });
    }
    match heads.get(&Subject::Registry) {
        Some(head) if head.seq > 0 || head.index == 0 => {}
        Some(head) => {
            return Err(VerifyError::HeadMismatch {
                subject: Subject::Registry,
                detail: format!("its first record is leaf {}, not leaf 0", head.index),
            });
        }
        None => {
            let what = "the registry's own chain".to_owned();
            return Err(VerifyError::EvidenceMissing(what));
        }
    }
    Ok(Mapped {
        index,
        time,
        asked: subjects,
        heads,
    })
}

pub(super) fn included(
    bundle: &Bundle,
    signed: &SignedCheckpoint,
    shown: &Shown,
    mapped: &Mapped,
    trust: &Trust,
) -> Result<Included, VerifyError> {
    let mut places = Places::new();
    let mut leaves = BTreeMap::from([(mapped.index, shown.index_record.hash())]);
    let mut package = BTreeMap::new();
    let mut leaf =
        |index: u64, hash: Hash, what: &dyn Fn() -> String| match leaves.insert(index, hash) {
            None => Ok(()),
            Some(_) => Err(VerifyError::EvidenceRepeated(what())),
        };
    let mut place = |chain: Chain, seq: u32, index: u64, subject: &Subject| {
        places.place(chain, seq, index).map_err(|kind| {
            VerifyError::Chain(ChainError {
                subject: subject.clone(),
                seq,
                kind: Box::new(kind),
            })
        })?;
        if chain == Chain::Package {
            package.insert(seq, index);
        }
        Ok::<(), VerifyError>(())
    };
    for (subject, head) in &mapped.heads {
        let chain = chain_of(subject);
        let what = || format!("the place of the last record of `{subject}`");
        leaf(head.index, head.hash, &what)?;
        place(chain, head.seq, head.index, subject)?;
        // The log grew from the one in which this was seen there, so it is there still.
        if let Some(seen) = trust.head(subject).filter(|seen| seen.seq < head.seq) {
            place(chain, seen.seq, seen.index, subject)?;
        }
    }
    let mut doubtful = None;
    for point in &bundle.points {
        let record = shown.records.of(point.chain).get(point.seq as usize);
        let what = || {
            format!(
                "the place of record {} of a {}",
                point.seq,
                point.chain.word()
            )
        };
        let record = record.ok_or_else(|| VerifyError::EvidenceExtra(what()))?;
        let subject = record.record().subject();
        leaf(point.index, record.hash(), &what)?;
        place(point.chain, point.seq, point.index, &subject)?;
        if shown.is_doubtful(point.chain, point.seq) {
            doubtful = Some(subject);
        }
    }
    for (index, record) in &shown.index_records {
        let what = || format!("the index record at {index}");
        leaf(*index, record.hash(), &what)?;
    }
    let Checkpoint { size, root, .. } = signed.checkpoint();
    let leaves: Vec<(u64, Hash)> = leaves.into_iter().collect();
    verify_inclusions(&leaves, *size, root, &bundle.inclusion).map_err(|error| match doubtful {
        Some(subject) => VerifyError::CacheDamaged(subject),
        None => VerifyError::NotIncluded(error),
    })?;
    // What the client saw before is where it was; no index record is older than one before it.
    let seen = trust.state.map(|state| (state.index, state.index_time));
    let shown_times = shown.index_records.iter().map(|(index, record)| {
        index_record(record, *index, signed.checkpoint()).map(|(_, time)| (*index, time))
    });
    let last = (mapped.index, mapped.time);
    let times = shown_times.chain(seen.into_iter().chain([last]).map(Ok));
    for time in times {
        let (index, time) = time?;
        places
            .place_index(index, time)
            .map_err(VerifyError::Times)?;
    }
    if mapped.time.is_ahead_of(trust.now) {
        return Err(VerifyError::TimeAhead {
            time: mapped.time,
            now: trust.now,
        });
    }
    Ok(Included { places, package })
}

fn chain_of(subject: &Subject) -> Chain {
    match subject {
        Subject::Namespace(_) => Chain::Namespace,
        Subject::Package(_) => Chain::Package,
        Subject::Registry | Subject::Index => Chain::Registry,
    }
}

pub(super) fn unbroken(
    shown: &Shown,
    mapped: &Mapped,
    trust: &Trust,
) -> Result<Unbroken, VerifyError> {
    let seen = |subject: &Subject| trust.head(subject).map(|head| (head.seq, head.hash));
    let locked = |subject: &Subject| {
        let record = trust.locked.get(subject);
        record.map(|record| (record.seq, record.hash))
    };
    let both = mapped.asked.iter().flat_map(|subject| {
        let both = seen(subject).into_iter().chain(locked(subject));
        both.map(move |(seq, hash)| (subject, seq, hash))
    });
    for (subject, seq, hash) in both {
        let subject = subject.clone();
        let records = shown.records.of(chain_of(&subject));
        let last = records
            .last()
            .filter(|last| last.record().subject() == subject);
        let Some(last) = last else {
            let (held, offered) = (seq, None);
            return Err(VerifyError::SubjectRollback {
                subject,
                held,
                offered,
            });
        };
        let offered = last.record().link().map_or(0, |link| link.seq);
        if offered < seq {
            let (held, offered) = (seq, Some(offered));
            return Err(VerifyError::SubjectRollback {
                subject,
                held,
                offered,
            });
        }
        let record = records.get(seq as usize);
        if record.is_none_or(|record| record.hash() != hash) {
            return Err(match shown.is_doubtful(chain_of(&subject), seq) {
                true => VerifyError::CacheDamaged(subject),
                false => VerifyError::SubjectFork { subject, seq },
            });
        }
        let moved = trust.head(&subject).zip(mapped.heads.get(&subject));
        if moved.is_some_and(|(seen, now)| seen.seq == now.seq && seen.index != now.index) {
            return Err(VerifyError::SubjectFork { subject, seq });
        }
    }
    Ok(Unbroken(()))
}

pub(super) fn authorised(
    bundle: &Bundle,
    request: &Request,
    shown: &Shown,
    mapped: &Mapped,
    included: Included,
    trust: &Trust,
) -> Result<Authorised, VerifyError> {
    let places = included.places.listening();
    let folded = fold(
        trust.pin.origin(),
        request,
        &shown.records,
        shown.known,
        &places,
    )
    .map_err(|error| {
        let chain = chain_of(&error.subject);
        // A record that does not follow says as much of the one before it.
        let before = error.seq.checked_sub(1);
        let before = before.filter(|_| matches!(*error.kind, ChainErrorKind::WrongPrev { .. }));
        let mut at_fault = before.into_iter().chain([error.seq]);
        match at_fault.any(|seq| shown.is_doubtful(chain, seq)) {
            true => VerifyError::CacheDamaged(error.subject),
            false => VerifyError::of_chain(error),
        }
    })?;
    let Folded {
        registry,
        namespace,
        package,
    } = folded;
    let found = registry.hash(0).unwrap_or(Hash::ZERO);
    if found != trust.pin.init() {
        let pinned = trust.pin.init();
        return Err(VerifyError::WrongInit { pinned, found });
    }
    let asked = places.needed().index_records;
    for (index, _) in &bundle.index_records {
        if !asked.contains(index) || *index == mapped.index {
            let what = format!("the index record at {index}");
            return Err(VerifyError::EvidenceExtra(what));
        }
    }
    let index_records = shown.index_records.iter();
    let index_records = index_records.map(|(index, record)| (*index, record));
    for (index, record) in index_records.chain([(mapped.index, &shown.index_record)]) {
        registry
            .check_index_signers(record, index, &places)
            .map_err(|kind| match kind {
                ChainErrorKind::NotPlaced { .. } => VerifyError::EvidenceMissing(kind.to_string()),
                kind => VerifyError::IndexSigner(kind),
            })?;
    }
    let mut proven = included.package;
    let mut void = BTreeSet::new();
    let mut needed = places.needed();
    if let Some((chain, judged)) = &package {
        for version in request.releases() {
            let Some(seq) = chain.released_by(version) else {
                continue;
            };
            needed.points.insert((Chain::Package, seq));
            if !proven.contains_key(&seq) {
                let what = format!("the place of the release {version} in the log");
                return Err(VerifyError::EvidenceMissing(what));
            }
            if judged.void().contains(&seq) {
                void.insert(version.clone());
            }
        }
    } else {
        proven.clear();
    }
    for point in &bundle.points {
        if !needed.points.contains(&(point.chain, point.seq)) {
            let (seq, chain) = (point.seq, point.chain.word());
            let what = format!("the place of record {seq} of a {chain}");
            return Err(VerifyError::EvidenceExtra(what));
        }
    }
    Ok(Authorised {
        registry,
        namespace,
        package: package.map(|(_, package)| package),
        void,
        proven,
    })
}

/// The chains of a request, folded and judged.
pub(super) struct Folded {
    pub(super) registry: RegistryChain,
    pub(super) namespace: Option<NamespaceChain>,
    pub(super) package: Option<(PackageChain, Package)>,
}

/// Folds the chains; of each, so many records are known to be those that were verified before.
pub(super) fn fold(
    origin: &Origin,
    request: &Request,
    records: &Held,
    [registry_known, namespace_known, package_known]: [u32; 3],
    places: &Places,
) -> Result<Folded, ChainError> {
    let mut registry = RegistryChain::new(origin.clone());
    for (seq, record) in (0..).zip(&records.registry) {
        registry.apply_known(record, seq < registry_known)?;
    }
    let mut namespace = None;
    if let Some(name) = request
        .namespace()
        .filter(|_| !records.namespace.is_empty())
    {
        let mut chain = NamespaceChain::new(origin.clone(), name.clone());
        for (seq, record) in (0..).zip(&records.namespace) {
            chain.apply_known(record, seq < namespace_known)?;
        }
        chain.check_places(&registry, places)?;
        namespace = Some(chain);
    }
    let mut package = None;
    if let Some(name) = request.package().filter(|_| !records.package.is_empty()) {
        let nobody = NamespaceChain::new(origin.clone(), name.namespace().clone());
        let namespace = namespace.as_ref().unwrap_or(&nobody);
        let mut chain = PackageChain::new(origin.clone(), name.clone());
        for (seq, record) in (0..).zip(&records.package) {
            chain.apply_known(record, &registry, namespace, seq < package_known)?;
        }
        let judged = chain.judge(&registry, namespace, places)?;
        package = Some((chain, judged));
    }
    Ok(Folded {
        registry,
        namespace,
        package,
    })
}

/// A checkpoint that no removed key signed alone: what is removed never counts again.
pub(super) fn still_signed(
    signed: &SignedCheckpoint,
    registry: &RegistryChain,
) -> Result<StillSigned, VerifyError> {
    let signers = signed.signers(registry.active(Role::Log));
    match signers.map_err(VerifyError::Checkpoint)?.is_empty() {
        true => Err(VerifyError::LogKeyRemoved),
        false => Ok(StillSigned(())),
    }
}

pub(super) fn finish(done: Obligations) -> Verified<View> {
    let Obligations {
        signed,
        consistent: Consistent(()),
        still_signed: StillSigned(()),
        unbroken: Unbroken(()),
        shown,
        mapped,
        authorised,
        vouched,
        request,
        trust,
    } = done;
    Verified(View {
        checkpoint: signed,
        vouched,
        index: mapped.index,
        index_time: mapped.time,
        registry: authorised.registry,
        namespace: authorised.namespace,
        package: authorised.package,
        asked: request.package().cloned(),
        proven: authorised.proven,
        void: authorised.void,
        subjects: mapped.asked,
        heads: mapped.heads,
        held: shown.records,
        base: trust.state.cloned(),
    })
}
