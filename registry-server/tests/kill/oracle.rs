//! What a registry said, ever, and whether it still says so.

use crate::publishing::Acknowledged;
use crate::random::Random;
use crate::served::Served;
use crate::wire::Wire;
use std::collections::BTreeMap;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::api::Paths;
use tenon_registry_client::log::{
    Hash, SignedCheckpoint, TilePath, decode_entries, verify_consistency,
};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::state::Pin;

/// How many older acknowledgements are looked at in each round, besides all new ones.
const SAMPLE: u64 = 4;

pub(crate) struct Oracle {
    pin: Pin,
    random: Random,
    /// What has read the log so far, each leaf once.
    monitor: Monitor,
    /// The hash of each leaf.
    leaves: Vec<Hash>,
    /// The root at each size of which a checkpoint was seen.
    seen: BTreeMap<u64, Hash>,
    acknowledged: Vec<Acknowledged>,
    /// How many of these were looked at.
    checked: usize,
}

impl Oracle {
    pub(crate) fn new(pin: &Pin, seed: u64) -> Oracle {
        Oracle {
            pin: pin.clone(),
            random: Random::new(seed),
            monitor: Monitor::pinned(pin),
            leaves: vec![],
            seen: BTreeMap::new(),
            acknowledged: vec![],
            checked: 0,
        }
    }

    /// Remembers what the registry said.
    pub(crate) fn remember(&mut self, acknowledged: Vec<Acknowledged>) {
        for one in &acknowledged {
            self.see(one.size, one.root);
        }
        self.acknowledged.extend(acknowledged);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// How many checkpoints of different sizes were seen.
    pub(crate) fn checkpoints(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn size(&self) -> u64 {
        self.monitor.size()
    }

    fn see(&mut self, size: u64, root: Hash) {
        let before = self.seen.insert(size, root);
        assert!(
            before.is_none_or(|before| before == root),
            "two roots of {size}"
        );
    }

    /// Looks at a registry that was started again: it holds everything it acknowledged, and its log
    /// goes on from every checkpoint there was.
    pub(crate) fn meet(&mut self, served: &Served) {
        assert_eq!(served.pin.to_string(), self.pin.to_string());
        let mut wire = Wire::open(served.address, Duration::from_secs(20)).unwrap();
        let signed = self.checkpoint(&mut wire);
        let checkpoint = signed.checkpoint().clone();
        let last = self
            .seen
            .last_key_value()
            .map(|(size, root)| (*size, *root));
        self.see(checkpoint.size, checkpoint.root);
        if let Some((size, _)) = last {
            assert!(
                size <= checkpoint.size,
                "{size} leaves, then {}",
                checkpoint.size
            );
        }
        let mut monitor = self.monitor.clone();
        let from = usize::try_from(monitor.size()).unwrap();
        let read = self.read(&mut wire, &mut monitor, checkpoint.size);
        self.leaves.extend(read);
        assert_eq!(from, self.leaves.len() - (monitor.size() as usize - from));
        monitor.check(&signed);
        assert_eq!(monitor.findings(), &[]);
        self.monitor = monitor;
        for old in last.into_iter().chain(self.some_checkpoints()) {
            consistent(&mut wire, old, (checkpoint.size, checkpoint.root));
        }
        let new = self.checked..self.acknowledged.len();
        let older = (0..SAMPLE).map(|_| self.random.below(self.checked.max(1) as u64) as usize);
        let older: Vec<usize> = older.filter(|index| *index < self.checked).collect();
        for index in older.into_iter().chain(new) {
            self.look_at(&mut wire, &self.acknowledged[index]);
        }
        self.checked = self.acknowledged.len();
    }

    /// Reads all there is with a monitor that knows nothing but the pin, and all content.
    pub(crate) fn read_all(&self, served: &Served) {
        let mut wire = Wire::open(served.address, Duration::from_secs(20)).unwrap();
        let signed = self.checkpoint(&mut wire);
        let mut monitor = Monitor::pinned(&self.pin);
        let leaves = self.read(&mut wire, &mut monitor, signed.checkpoint().size);
        assert!(leaves.starts_with(&self.leaves));
        monitor.check(&signed);
        assert_eq!(monitor.findings(), &[]);
        for one in &self.acknowledged {
            assert_eq!(leaves[usize::try_from(one.index).unwrap()], one.record);
            self.look_at(&mut wire, one);
        }
    }

    fn checkpoint(&self, wire: &mut Wire) -> SignedCheckpoint {
        let reply = wire.get(Paths::checkpoint()).unwrap();
        assert_eq!(reply.status, 200);
        SignedCheckpoint::open(&reply.body, self.pin.origin(), [self.pin.key()]).unwrap()
    }

    /// Has a monitor read on, and compares its root with every checkpoint that was seen; the hashes
    /// of the new leaves.
    fn read(&self, wire: &mut Wire, monitor: &mut Monitor, size: u64) -> Vec<Hash> {
        let from = monitor.size();
        let mut hashes = vec![];
        for path in TilePath::bundles_between(from, size) {
            let reply = wire.get(&Paths::tile(path)).unwrap();
            assert_eq!(reply.status, 200, "{path}");
            let entries = decode_entries(&reply.body, path.width()).unwrap();
            let read = usize::try_from(monitor.size() - path.start().unwrap()).unwrap();
            for entry in &entries[read..] {
                monitor.read(entry);
                hashes.push(Hash::leaf(entry));
                if let Some(root) = self.seen.get(&monitor.size()) {
                    assert_eq!(*root, monitor.root(), "at {}", monitor.size());
                }
            }
        }
        assert_eq!(monitor.size(), size);
        hashes
    }

    fn look_at(&self, wire: &mut Wire, one: &Acknowledged) {
        assert_eq!(self.leaves[usize::try_from(one.index).unwrap()], one.record);
        if let Some(digest) = one.content {
            let reply = wire.get(&Paths::blob(&digest)).unwrap();
            assert_eq!(reply.status, 200, "{digest}");
            assert_eq!(Digest::of(&reply.body), digest);
        }
    }

    fn some_checkpoints(&mut self) -> Vec<(u64, Hash)> {
        let count = self.seen.len() as u64;
        let numbers = (0..SAMPLE).map(|_| self.random.below(count) as usize);
        let numbers: Vec<usize> = numbers.collect();
        let nth = |number: usize| {
            self.seen
                .iter()
                .nth(number)
                .map(|(size, root)| (*size, *root))
        };
        numbers.into_iter().filter_map(nth).collect()
    }
}

/// Has the registry prove that one checkpoint goes on from another.
fn consistent(wire: &mut Wire, (old, old_root): (u64, Hash), (new, new_root): (u64, Hash)) {
    let reply = wire.get(&Paths::consistency(old, new)).unwrap();
    let text = std::str::from_utf8(&reply.body).unwrap();
    assert_eq!(reply.status, 200, "{text}");
    let proof: Vec<Hash> = text.lines().map(|line| line.parse().unwrap()).collect();
    verify_consistency(old, &old_root, new, &new_root, &proof).unwrap();
}
