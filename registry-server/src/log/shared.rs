//! What is published of a log: what the writer tells those who read.

use super::Published;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use tenon_registry_client::log::{Checkpoint, Hash, Map, Origin};
use tenon_registry_client::record::Time;

/// How many checkpoints can be asked for by their size.
const HELD: usize = 256;

/// The published checkpoints of a log, and where its index records are.
#[derive(Debug)]
pub(super) struct Shared {
    held: RwLock<Held>,
    /// Index and time only grow.
    batches: RwLock<Vec<(u64, Time)>>,
    /// The size that was promised: its files are there, and witnesses may read them before it is
    /// published.
    promised: AtomicU64,
    /// By their size: the last checkpoints under keys that no longer sign.
    retired: RwLock<BTreeMap<u64, Arc<Retired>>>,
}

/// The last checkpoint under a key that no longer signs: clients who slept ask for it.
#[derive(Debug)]
pub(super) struct Retired {
    pub(super) note: Vec<u8>,
    pub(super) checkpoint: Checkpoint,
    /// It is made when it is first asked for.
    pub(super) published: OnceLock<Arc<Published>>,
}

#[derive(Debug)]
struct Held {
    latest: Arc<Published>,
    /// Those before it, the oldest first.
    earlier: VecDeque<Arc<Published>>,
}

impl Shared {
    pub(super) fn new(published: Published, batches: Vec<(u64, Time)>) -> Shared {
        Shared {
            promised: AtomicU64::new(published.checkpoint.size),
            retired: RwLock::default(),
            held: RwLock::new(Held {
                latest: Arc::new(published),
                earlier: VecDeque::new(),
            }),
            batches: RwLock::new(batches),
        }
    }

    /// The latest checkpoint.
    pub(super) fn published(&self) -> Arc<Published> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.latest.clone()
    }

    /// The checkpoint of this size, if it is still held.
    pub(super) fn of_size(&self, size: u64) -> Option<Arc<Published>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = held.earlier.iter().chain([&held.latest]).rev();
        all.find(|held| held.checkpoint.size == size).cloned()
    }

    /// The size of the files that are there.
    pub(super) fn promised(&self) -> u64 {
        self.promised.load(Ordering::Acquire)
    }

    /// Says that the files of a log of this size are there.
    pub(super) fn promise(&self, size: u64) {
        self.promised.store(size, Ordering::Release);
    }

    /// The last checkpoint of this size under a key that no longer signs.
    pub(super) fn retired(&self, size: u64) -> Option<Arc<Retired>> {
        let retired = self.retired.read().unwrap_or_else(PoisonError::into_inner);
        retired.get(&size).cloned()
    }

    /// Keeps the last checkpoint under a key that no longer signs.
    pub(super) fn retire(&self, note: Vec<u8>, checkpoint: Checkpoint) {
        let mut retired = self.retired.write().unwrap_or_else(PoisonError::into_inner);
        let (size, published) = (checkpoint.size, OnceLock::new());
        let kept = Retired {
            note,
            checkpoint,
            published,
        };
        retired.insert(size, Arc::new(kept));
    }

    /// Publishes a checkpoint: a later one, or the same with other signatures.
    pub(super) fn publish(&self, published: Published) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut held.latest, Arc::new(published));
        if before.checkpoint != held.latest.checkpoint {
            held.earlier.push_back(before);
        }
        if held.earlier.len() > HELD {
            held.earlier.pop_front();
        }
    }

    pub(super) fn add_batch(&self, index: u64, time: Time) {
        let mut batches = self.batches.write().unwrap_or_else(PoisonError::into_inner);
        batches.push((index, time));
    }

    /// Does something with the index records of a log of this size, which are in order of both
    /// index and time.
    pub(super) fn batches<T>(&self, size: u64, act: impl FnOnce(&[(u64, Time)]) -> T) -> T {
        let batches = self.batches.read().unwrap_or_else(PoisonError::into_inner);
        let end = batches.partition_point(|(index, _)| *index < size);
        act(batches.get(..end).unwrap_or_default())
    }
}

impl Published {
    /// A log without leaves.
    pub(super) fn nothing(origin: Origin) -> Published {
        let (size, root) = (0, Hash::empty());
        Published {
            note: vec![],
            checkpoint: Checkpoint { origin, size, root },
            map: Map::new(),
        }
    }
}
