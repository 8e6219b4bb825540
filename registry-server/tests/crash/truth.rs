//! What a log has to hold, made from its leaves alone.

use crate::support::{Publisher, Registry};
use std::collections::BTreeMap;
use tenon_registry_client::log::{
    Hash, SignedCheckpoint, TilePath, decode_entries, encode_entries,
};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{SignedRecord, Subject};
use tenon_registry_client::state::Pin;
use tenon_registry_client::verify::Request;

/// All leaves, and what follows from them.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) leaves: Vec<Vec<u8>>,
    /// By level of tiles.
    rows: BTreeMap<u8, Vec<Hash>>,
    /// The monitor at the end of each batch.
    monitors: BTreeMap<u64, Monitor>,
    /// The publisher's chains at the end of each batch.
    chains: BTreeMap<u64, BTreeMap<Subject, Vec<Hash>>>,
}

/// The leaves that a log serves.
pub(crate) fn leaves(registry: &Registry) -> Vec<Vec<u8>> {
    let size = registry.log.published().checkpoint.size;
    let mut leaves = vec![];
    for path in TilePath::bundles(size) {
        let bytes = registry.log.tile(path).unwrap().unwrap();
        let entries = decode_entries(&bytes, path.width()).unwrap();
        leaves.extend(entries.into_iter().map(<[u8]>::to_vec));
    }
    leaves
}

/// Goes on to read as a monitor, up to the checkpoint, and expects that nothing is wrong.
pub(crate) fn audit(registry: &Registry, mut monitor: Monitor, leaves: &[Vec<u8>]) {
    let read = usize::try_from(monitor.size()).unwrap();
    leaves[read..]
        .iter()
        .for_each(|leaf| drop(monitor.read(leaf)));
    let note = &registry.log.published().note;
    let key = registry.log.pin().key().clone();
    let signed = SignedCheckpoint::open(note, registry.log.origin(), [&key]).unwrap();
    monitor.check(&signed);
    assert_eq!(monitor.findings(), &[]);
}

impl Truth {
    pub(crate) fn of(leaves: Vec<Vec<u8>>, pin: &Pin) -> Truth {
        let mut monitor = Monitor::pinned(pin);
        let mut truth = Truth {
            leaves: vec![],
            rows: BTreeMap::new(),
            monitors: BTreeMap::new(),
            chains: BTreeMap::new(),
        };
        let mut chains: BTreeMap<Subject, Vec<Hash>> = BTreeMap::new();
        truth.monitors.insert(0, monitor.clone());
        for leaf in &leaves {
            for (id, hash) in monitor.read(leaf) {
                if id.level % 8 == 0 {
                    truth.rows.entry(id.level / 8).or_default().push(hash);
                }
            }
            let record = SignedRecord::parse(leaf).unwrap();
            match record.record().subject() {
                Subject::Index => {
                    truth.monitors.insert(monitor.size(), monitor.clone());
                    truth.chains.insert(monitor.size(), chains.clone());
                }
                Subject::Registry => {}
                subject => chains.entry(subject).or_default().push(record.hash()),
            }
        }
        assert_eq!(monitor.findings(), &[]);
        truth.leaves = leaves;
        truth
    }

    /// The bytes of a tile or an entry bundle.
    pub(crate) fn tile(&self, path: TilePath) -> Vec<u8> {
        let begin = usize::try_from(path.index() * 256).unwrap();
        let range = begin..begin + usize::from(path.width());
        match path.level() {
            None => encode_entries(&self.leaves[range]).unwrap(),
            Some(level) => {
                let row = &self.rows[&level][range];
                row.iter().flat_map(|hash| *hash.as_bytes()).collect()
            }
        }
    }

    /// A monitor that has read all leaves of a log of this size, at which a batch ended.
    pub(crate) fn monitor(&self, size: u64) -> &Monitor {
        &self.monitors[&size]
    }

    /// The sizes at which batches ended.
    pub(crate) fn sizes(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.monitors.keys().copied()
    }

    /// The publisher, with what was logged in a log of this size.
    pub(crate) fn publisher(&self, registry: &Registry, size: u64) -> Publisher {
        let acme = Publisher::new(registry.log.origin(), "acme", 1);
        let chains = self.chains[&size].clone();
        Publisher { chains, ..acme }
    }
}

impl Publisher {
    /// A record that can be logged next.
    pub(crate) fn next(&self) -> SignedRecord {
        let namespace = Subject::Namespace(self.namespace.clone());
        match self.chains.get(&namespace).map_or(0, Vec::len) {
            0 => self.create(),
            1 => self.grant(),
            _ => {
                let package = Subject::Package("acme:http".parse().unwrap());
                let seq = self.chains.get(&package).map_or(0, Vec::len);
                self.release("http", &format!("1.{seq}.0"))
            }
        }
    }

    /// The same, but in a package of its own once there are some records: long chains take long to
    /// verify.
    pub(crate) fn next_elsewhere(&self) -> SignedRecord {
        let number = self.chains.len();
        match self.chains.values().map(Vec::len).sum::<usize>() {
            ..5 => self.next(),
            _ => self.release(&format!("p{number}"), "1.0.0"),
        }
    }

    /// What a client can ask for by now.
    pub(crate) fn request(&self) -> Request {
        let package = Subject::Package("acme:http".parse().unwrap());
        match self.chains.get(&package).map_or(0, Vec::len).checked_sub(1) {
            Some(seq) => crate::release("acme:http", &format!("1.{seq}.0")),
            None if self.chains.is_empty() => Request::Registry,
            None => Request::Namespace(self.namespace.clone()),
        }
    }
}
