//! Going on where a log was left: what its writer does when it starts again.

use super::{Monitor, Points};
use crate::chain::{ChainError, IndexTimes, NamespaceChain, PackageChain, RegistryChain};
use crate::log::{Edge, Map, Origin, PublicKey};
use crate::record::Subject;
use crate::verify::Placed;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a log was at the end of a batch, as its writer kept it.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    /// The origin.
    pub origin: Origin,
    /// The tree.
    pub edge: Edge,
    /// The heads of all chains.
    pub map: Map,
    /// Where index records are, and their time.
    pub index_times: IndexTimes,
    /// Every public key that a namespace ever granted something.
    pub granted: BTreeSet<PublicKey>,
    /// All records of the registry.
    pub registry: &'a [Placed],
}

/// Why a chain cannot be held.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldError {
    /// The records break the rules.
    #[error("the records that were kept of {0} break the rules")]
    Chain(Subject, #[source] ChainError),
    /// The records do not end where the map says.
    #[error("the records that were kept of {0} do not end where the map says that they end")]
    Head(Subject),
    /// There is no such chain.
    #[error("{0} has no chain")]
    NoChain(Subject),
}

impl Monitor {
    /// A monitor that goes on from what was kept, and holds no chain but the registry's.
    ///
    /// The chains that a record needs (its own, and a package's namespace) must be
    /// [held](Monitor::hold) before the record is admitted or read.
    ///
    /// # Errors
    ///
    /// The registry's records break the rules, or do not end where the map says.
    pub fn resume(kept: Kept<'_>) -> Result<Monitor, HoldError> {
        let mut monitor = Monitor {
            edge: kept.edge,
            map: kept.map,
            last_index: kept.index_times.last().map(|(index, _)| index),
            index_times: kept.index_times,
            granted: kept.granted,
            ..Monitor::new(kept.origin)
        };
        monitor.hold(&Subject::Registry, kept.registry)?;
        Ok(monitor)
    }

    /// Whether a chain is held, or there is none that could be.
    pub fn holds(&self, subject: &Subject) -> bool {
        let held = match subject {
            Subject::Registry => !self.registry.is_empty(),
            Subject::Namespace(name) => self.namespaces.contains_key(name),
            Subject::Package(name) => self.packages.contains_key(name),
            Subject::Index => true,
        };
        held || self.map.get(&subject.map_key()).is_none()
    }

    /// Holds a chain: all its records, from the first to the one that the map says is its head. A
    /// package's namespace must be held before it. Signatures are not verified again: the hashes
    /// lead to the head.
    ///
    /// # Errors
    ///
    /// The records are not those of the chain that the map knows.
    pub fn hold(&mut self, subject: &Subject, records: &[Placed]) -> Result<(), HoldError> {
        let head = self.map.get(&subject.map_key());
        let last = records.last().map(|last| (last.index, last.record.hash()));
        if last != head.map(|head| (head.index, head.hash)) {
            return Err(HoldError::Head(subject.clone()));
        }
        let mut points = Points::default();
        for (seq, placed) in (0..).zip(records) {
            points.push(seq, placed.index);
        }
        let points = Arc::new(points);
        let broken = |error| HoldError::Chain(subject.clone(), error);
        let records = records.iter().map(|placed| &placed.record);
        match subject {
            Subject::Registry => {
                let mut chain = RegistryChain::new(self.origin.clone());
                for record in records {
                    chain.apply_known(record, true).map_err(broken)?;
                }
                (self.registry, self.registry_points) = (chain, points);
            }
            Subject::Namespace(name) => {
                let mut chain = NamespaceChain::new(self.origin.clone(), name.clone());
                for record in records {
                    chain.apply_known(record, true).map_err(broken)?;
                }
                self.namespaces.insert(name.clone(), (chain, points));
            }
            Subject::Package(name) => {
                let (namespace, _) = self.context(name, &points, None);
                let mut chain = PackageChain::new(self.origin.clone(), name.clone());
                for record in records {
                    let known = chain.apply_known(record, &self.registry, &namespace, true);
                    known.map_err(broken)?;
                }
                self.packages.insert(name.clone(), (chain, points));
            }
            Subject::Index => return Err(HoldError::NoChain(Subject::Index)),
        }
        Ok(())
    }

    /// Holds the chain of a namespace or a package no longer. Not between a record of it and the
    /// index record that covers it.
    pub fn let_go(&mut self, subject: &Subject) {
        match subject {
            Subject::Namespace(name) => drop(self.namespaces.remove(name)),
            Subject::Package(name) => drop(self.packages.remove(name)),
            Subject::Registry | Subject::Index => {}
        }
    }
}
