//! Where records are in the log, as far as it is known.

use super::{ChainErrorKind, IndexTimes};
use crate::record::Time;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One of the three chains that decide about a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// The registry's.
    Registry,
    /// The package's namespace's.
    Namespace,
    /// The package's.
    Package,
}

/// What is known of where records of a registry, a namespace and a package are in the log.
///
/// The records of a chain are in the log in their order, so where one is also says of the others
/// that they are before or after it.
///
/// What is known is shared, so that a clone is cheap.
#[derive(Clone, Debug, Default)]
pub struct Places {
    known: [Arc<Points>; 3],
    index_times: IndexTimes,
    /// The time that the batch in progress is going to have.
    batch: Option<Time>,
    asked: Option<RefCell<BTreeMap<(Chain, Threshold), Sides>>>,
}

/// Of records of one chain, their number in it and their index in the log; ordered by both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Points(Vec<(u32, u64)>);

/// Something in the log that a record is before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Threshold {
    Index(u64),
    Record(Chain, u32),
    /// The last index record of a time before this.
    Until(Time),
}

/// On which sides of a threshold records were, of those that were asked about.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    before: bool,
    after: bool,
}

impl Points {
    /// Adds a record that is in its chain and in the log after all that are there.
    pub(crate) fn push(&mut self, seq: u32, index: u64) {
        self.0.push((seq, index));
    }

    /// The records, by their number in the chain.
    pub(crate) fn as_slice(&self) -> &[(u32, u64)] {
        &self.0
    }

    /// Where a record is.
    pub(crate) fn get(&self, seq: u32) -> Option<u64> {
        let at = self.0.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
        self.0.get(at).map(|(_, index)| *index)
    }

    fn last_until(&self, seq: u32) -> Option<(u32, u64)> {
        let end = self.0.partition_point(|(other, _)| *other <= seq);
        self.0.get(end.checked_sub(1)?).copied()
    }

    fn first_from(&self, seq: u32) -> Option<(u32, u64)> {
        let start = self.0.partition_point(|(other, _)| *other < seq);
        self.0.get(start).copied()
    }

    /// The last record below an index, and the first that is not.
    fn around(&self, index: u64) -> (Option<u32>, Option<u32>) {
        let start = self.0.partition_point(|(_, at)| *at < index);
        let below = start.checked_sub(1).and_then(|last| self.0.get(last));
        let above = self.0.get(start);
        (below.map(|(seq, _)| *seq), above.map(|(seq, _)| *seq))
    }

    fn insert(&mut self, seq: u32, index: u64) {
        match self.0.binary_search_by_key(&seq, |(seq, _)| *seq) {
            Ok(_) => {}
            Err(at) => self.0.insert(at, (seq, index)),
        }
    }
}

impl Places {
    /// Nothing known yet.
    pub fn new() -> Places {
        Places::default()
    }

    /// Nothing known yet but where index records are.
    pub(crate) fn indexed(index_times: &IndexTimes) -> Places {
        Places {
            index_times: index_times.clone(),
            ..Places::default()
        }
    }

    /// What someone knows who has read the whole log.
    pub(crate) fn of(
        registry: &Arc<Points>,
        namespace: &Arc<Points>,
        package: &Arc<Points>,
        index_times: &IndexTimes,
        batch: Option<Time>,
    ) -> Places {
        Places {
            known: [registry.clone(), namespace.clone(), package.clone()],
            index_times: index_times.clone(),
            batch,
            asked: None,
        }
    }

    /// As it is, and keeps what it is asked.
    pub(crate) fn listening(mut self) -> Places {
        self.asked = Some(RefCell::default());
        self
    }

    /// Takes note that a record of a chain is at an index of the log.
    ///
    /// It must fit what is known: later records are at higher indices.
    ///
    /// # Errors
    ///
    /// [`ChainErrorKind::WrongPlace`].
    pub fn place(&mut self, chain: Chain, seq: u32, index: u64) -> Result<(), ChainErrorKind> {
        let known = self.chain_mut(chain);
        let wrong = |other: u64| Err(ChainErrorKind::WrongPlace { index, other });
        if let Some((before, at)) = known.last_until(seq) {
            let least = at.checked_add(u64::from(seq - before));
            let fits = least.is_some_and(|least| index >= least) && (before < seq || index == at);
            if !fits {
                return wrong(at);
            }
        }
        if let Some((after, at)) = known.first_from(seq) {
            let most = at.checked_sub(u64::from(after - seq));
            if most.is_none_or(|most| index > most) {
                return wrong(at);
            }
        }
        known.insert(seq, index);
        Ok(())
    }

    /// Takes note of an index record: where it is, and its time. It must not be earlier than one
    /// before it, nor later than one after it.
    ///
    /// # Errors
    ///
    /// [`ChainErrorKind::TimeDecreases`].
    pub fn place_index(&mut self, index: u64, time: Time) -> Result<(), ChainErrorKind> {
        self.index_times.insert(index, time)
    }

    /// Where the record is at least.
    fn earliest(&self, chain: Chain, seq: u32) -> u64 {
        let before = self.chain(chain).last_until(seq);
        before.map_or(u64::from(seq), |(before, at)| {
            at.saturating_add(u64::from(seq - before))
        })
    }

    /// Where the record is at most.
    pub(crate) fn latest(&self, chain: Chain, seq: u32) -> u64 {
        let after = self.chain(chain).first_from(seq);
        after.map_or(u64::MAX, |(after, at)| {
            at.saturating_sub(u64::from(after - seq))
        })
    }

    /// Whether the record is below an index.
    pub(crate) fn below(&self, chain: Chain, seq: u32, index: u64) -> Result<bool, ChainErrorKind> {
        // A record has an index at least as high as its number, whatever is known of it.
        if u64::from(seq) >= index {
            return Ok(false);
        }
        let before = if self.latest(chain, seq) < index {
            true
        } else if self.earliest(chain, seq) >= index {
            false
        } else {
            return Err(not_placed(chain, seq, format!("index {index}")));
        };
        self.ask(chain, Threshold::Index(index), before);
        Ok(before)
    }

    /// Whether one record came before another, of another chain.
    pub(crate) fn before(
        &self,
        (chain, seq): (Chain, u32),
        (other, other_seq): (Chain, u32),
    ) -> Result<bool, ChainErrorKind> {
        let before = if self.latest(chain, seq) < self.earliest(other, other_seq) {
            true
        } else if self.earliest(chain, seq) > self.latest(other, other_seq) {
            false
        } else {
            let than = format!("record {other_seq} of the {}", other.word());
            return Err(not_placed(chain, seq, than));
        };
        self.ask(chain, Threshold::Record(other, other_seq), before);
        Ok(before)
    }

    /// Whether the index record of the record's batch, or one after it, is known to be of a time
    /// before `expires`: since their times never decrease, the batch's is then.
    pub(crate) fn until(&self, chain: Chain, seq: u32, expires: Time) -> bool {
        let next = self.index_times.first_after(self.latest(chain, seq));
        match next {
            Some((_, time)) if time < expires => {
                self.ask(chain, Threshold::Until(expires), true);
                true
            }
            Some(_) => false,
            None => self.batch.is_some_and(|time| time < expires),
        }
    }

    fn ask(&self, chain: Chain, threshold: Threshold, before: bool) {
        if let Some(asked) = &self.asked {
            let mut asked = asked.borrow_mut();
            let sides = asked.entry((chain, threshold)).or_default();
            match before {
                true => sides.before = true,
                false => sides.after = true,
            }
        }
    }

    fn chain(&self, chain: Chain) -> &Points {
        let [registry, namespace, package] = &self.known;
        match chain {
            Chain::Registry => registry,
            Chain::Namespace => namespace,
            Chain::Package => package,
        }
    }

    fn chain_mut(&mut self, chain: Chain) -> &mut Points {
        let [registry, namespace, package] = &mut self.known;
        Arc::make_mut(match chain {
            Chain::Registry => registry,
            Chain::Namespace => namespace,
            Chain::Package => package,
        })
    }

    /// What of all that is known answers what was asked since [`Places::listening`]: for each
    /// threshold, the records on its sides that are nearest to it.
    ///
    /// Someone who knows of these alone gives the same answers, and finds that each is needed.
    pub(crate) fn needed(&self) -> Needed {
        let mut needed = Needed::default();
        let asked = self.asked.as_ref().map(|asked| asked.borrow().clone());
        for ((chain, threshold), sides) in asked.into_iter().flatten() {
            let index = match threshold {
                Threshold::Index(index) => Some(index),
                Threshold::Record(other, seq) => {
                    let index = self.chain(other).get(seq);
                    needed.points.extend(index.map(|_| (other, seq)));
                    index
                }
                Threshold::Until(expires) => {
                    let index = self.index_times.last_before(expires);
                    needed.index_records.extend(index);
                    index
                }
            };
            let Some(index) = index else { continue };
            let (below, above) = self.chain(chain).around(index);
            let below = below.filter(|_| sides.before);
            let above = above.filter(|_| sides.after);
            let nearest = below.into_iter().chain(above);
            needed.points.extend(nearest.map(|seq| (chain, seq)));
        }
        needed
    }
}

/// What a proof has to place: records of chains, and index records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    pub(crate) points: BTreeSet<(Chain, u32)>,
    pub(crate) index_records: BTreeSet<u64>,
}

impl Chain {
    pub(crate) const ALL: [Chain; 3] = [Chain::Registry, Chain::Namespace, Chain::Package];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Chain::Registry => "registry",
            Chain::Namespace => "namespace",
            Chain::Package => "package",
        }
    }
}

fn not_placed(chain: Chain, seq: u32, than: String) -> ChainErrorKind {
    ChainErrorKind::NotPlaced { chain, seq, than }
}
