//! The other side: making the bundle that a client verifies.

use super::steps::{Folded, fold};
use super::{Bundle, Held, Point, Records, Request};
use crate::chain::{Chain, ChainError, ChainErrorKind, IndexTimes, Needed, Places};
use crate::log::{
    Map, MapKey, MapProofError, Nodes, Origin, ProofError, prove_consistency, prove_inclusions,
};
use crate::record::{SignedRecord, Subject};
use std::collections::BTreeSet;

/// A log at one published checkpoint, as far as a bundle needs it.
pub struct LogView<'a, N> {
    /// The origin of the log.
    pub origin: &'a Origin,
    /// The note of the checkpoint.
    pub checkpoint: &'a [u8],
    /// Its size.
    pub size: u64,
    /// The hashes of the tree.
    pub nodes: &'a N,
    /// The heads after all leaves but the last.
    pub map: &'a Map,
    /// All records of the registry at this checkpoint.
    pub registry: &'a [Placed],
    /// All records of the namespace that is asked for, at this checkpoint; none if there is none.
    pub namespace: &'a [Placed],
    /// All records of the package that is asked for, at this checkpoint; none if there is none.
    pub package: &'a [Placed],
    /// Where index records are at this checkpoint, and their time; the last is the last leaf.
    pub index_times: &'a IndexTimes,
    /// Reads a leaf.
    pub leaf: &'a dyn Fn(u64) -> Option<Vec<u8>>,
}

/// A record, and where it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its index.
    pub index: u64,
    /// The record.
    pub record: SignedRecord,
}

/// What a client says it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The size of the log it has verified; 0 for none.
    pub size: u64,
    /// How many records of the registry it holds.
    pub registry: u32,
    /// How many records of the namespace it holds.
    pub namespace: u32,
    /// How many records of the package it holds.
    pub package: u32,
}

/// Why there is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The client holds more than there is at this checkpoint.
    #[error("the client knows more of the log than there is at this checkpoint")]
    ClientAhead,
    /// The chains break the rules, which no log that follows them can have.
    #[error("the chains of the log break the rules")]
    Chain(#[source] ChainError),
    /// A rule that is not about one record is broken.
    #[error("the index records of the log break the rules")]
    Index(#[source] ChainErrorKind),
    /// There is no such proof.
    #[error("the tree has no such proof")]
    Proof(#[source] ProofError),
    /// The map has no such proof.
    #[error("the map has no such proof")]
    Map(#[source] MapProofError),
    /// A node of the tree or a leaf cannot be read.
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
}

impl<'a, N> LogView<'a, N> {
    /// The records of a chain; of one that is not asked for, none.
    fn records(&self, chain: Chain, request: &Request) -> &'a [Placed] {
        match chain {
            _ if !request.asks_for(chain) => &[],
            Chain::Registry => self.registry,
            Chain::Namespace => self.namespace,
            Chain::Package => self.package,
        }
    }
}

impl Known {
    /// What a client with these records and a trust state of this size knows.
    pub fn of(size: u64, held: &Held) -> Known {
        let count = |records: &[SignedRecord]| u32::try_from(records.len()).unwrap_or(u32::MAX);
        Known {
            size,
            registry: count(&held.registry),
            namespace: count(&held.namespace),
            package: count(&held.package),
        }
    }
}

/// Makes the bundle for a request: of all that could be shown, what [`super::verify`] asks for.
///
/// # Errors
///
/// The client knows more than there is at this checkpoint, the log breaks the rules, or a part of
/// it cannot be read.
pub fn prove<N: Nodes>(
    log: &LogView<'_, N>,
    request: &Request,
    known: &Known,
) -> Result<Bundle, ProveError>
where
    N::Error: std::fmt::Display,
{
    let chains = Chain::ALL.map(|chain| (chain, log.records(chain, request)));
    let mut places = Places::indexed(log.index_times);
    let mut indices = BTreeSet::from([log.size.saturating_sub(1)]);
    for (chain, records) in chains {
        for (seq, placed) in (0..).zip(records) {
            places
                .place(chain, seq, placed.index)
                .map_err(ProveError::Index)?;
        }
        indices.extend(records.last().map(|last| last.index));
    }
    let needed = needed(log, request, places.listening())?;

    let mut bundle = Bundle {
        known_size: known.size,
        checkpoint: log.checkpoint.to_vec(),
        index_record: leaf(log, log.size.saturating_sub(1))?,
        ..Bundle::default()
    };
    let from = [known.registry, known.namespace, known.package];
    let into = [
        &mut bundle.registry,
        &mut bundle.namespace,
        &mut bundle.package,
    ];
    for (((chain, records), from), into) in chains.into_iter().zip(from).zip(into) {
        if !request.asks_for(chain) {
            continue;
        }
        let records = records.get(from as usize..);
        let records = records.ok_or(ProveError::ClientAhead)?.iter();
        *into = Records {
            from,
            records: records
                .map(|placed| placed.record.bytes().to_vec())
                .collect(),
        };
    }
    for (chain, seq) in needed.points {
        let placed = log.records(chain, request).get(seq as usize);
        let index = placed.map(|placed| placed.index);
        // The last record of each chain is placed by the map.
        bundle.points.extend(
            index
                .filter(|index| indices.insert(*index))
                .map(|index| Point { chain, seq, index }),
        );
    }
    for index in needed.index_records {
        if indices.insert(index) {
            bundle.index_records.push((index, leaf(log, index)?));
        }
    }
    if known.size > log.size {
        return Err(ProveError::ClientAhead);
    }
    if known.size > 0 {
        bundle.consistency = prove_consistency(log.nodes, known.size, log.size).map_err(tree)?;
    }
    let indices: Vec<u64> = indices.into_iter().collect();
    bundle.inclusion = prove_inclusions(log.nodes, &indices, log.size).map_err(tree)?;
    let keys: Vec<MapKey> = request.subjects().iter().map(Subject::map_key).collect();
    let map = log.map.prove_all(&keys).map_err(ProveError::Map)?;
    bundle.map = map.encode();
    Ok(bundle)
}

/// What has to be placed so that a client comes to the same answers.
fn needed<N>(
    log: &LogView<'_, N>,
    request: &Request,
    places: Places,
) -> Result<Needed, ProveError> {
    let all = |chain| -> Vec<SignedRecord> {
        let records = log.records(chain, request).iter();
        records.map(|placed| placed.record.clone()).collect()
    };
    let records = Held {
        registry: all(Chain::Registry),
        namespace: all(Chain::Namespace),
        package: all(Chain::Package),
    };
    let known = [u32::MAX; 3];
    let folded = fold(log.origin, request, &records, known, &places).map_err(ProveError::Chain)?;
    let Folded {
        registry, package, ..
    } = folded;
    let chosen = places.needed().index_records;
    for index in chosen.into_iter().chain([log.size.saturating_sub(1)]) {
        let unreadable = || ProveError::Unreadable(format!("leaf {index} is no record"));
        let record = SignedRecord::parse(&leaf(log, index)?).map_err(|_| unreadable())?;
        registry
            .check_index_signers(&record, index, &places)
            .map_err(ProveError::Index)?;
    }
    let mut needed = places.needed();
    for version in request.releases() {
        let seq = package
            .as_ref()
            .and_then(|(chain, _)| chain.released_by(version));
        needed.points.extend(seq.map(|seq| (Chain::Package, seq)));
    }
    Ok(needed)
}

fn leaf<N>(log: &LogView<'_, N>, index: u64) -> Result<Vec<u8>, ProveError> {
    let leaf = (log.leaf)(index);
    leaf.ok_or_else(|| ProveError::Unreadable(format!("there is no leaf {index}")))
}

fn tree<E: std::fmt::Display>(error: crate::log::ProveError<E>) -> ProveError {
    match error {
        crate::log::ProveError::Proof(error) => ProveError::Proof(error),
        crate::log::ProveError::Node { id, source } => {
            ProveError::Unreadable(format!("{id}: {source}"))
        }
    }
}
