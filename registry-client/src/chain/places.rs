//! Where records are in the log, as far as it is known.

use super::ChainErrorKind;
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
    /// Index records: where they are, and their time.
    index_records: Arc<BTreeMap<u64, Time>>,
    asked: Option<RefCell<BTreeSet<Asked>>>,
}

/// By the number of a record in its chain, its index in the log.
pub(crate) type Points = BTreeMap<u32, u64>;

/// Something that had to be known: what a proof of a package has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Whether a record is below an index.
    Below(Chain, u32, u64),
    /// Whether a record came before another.
    Before((Chain, u32), (Chain, u32)),
    /// That a record came before an index record of a time before this.
    Until(Chain, u32, Time),
}

impl Places {
    /// Nothing known yet.
    pub fn new() -> Places {
        Places::default()
    }

    /// As it is, and keeps what it is asked.
    pub(crate) fn listening(mut self) -> Places {
        self.asked = Some(RefCell::default());
        self
    }

    fn asked(&self) -> BTreeSet<Asked> {
        let asked = self.asked.as_ref();
        asked
            .map(|asked| asked.borrow().clone())
            .unwrap_or_default()
    }

    /// Takes note that a record of a chain is at an index of the log.
    ///
    /// It must fit what is known: later records are at higher indices.
    pub fn place(&mut self, chain: Chain, seq: u32, index: u64) -> Result<(), ChainErrorKind> {
        let known = self.chain_mut(chain);
        let wrong = |other: u64| ChainErrorKind::WrongPlace { index, other };
        if let Some((before, at)) = known.range(..=seq).next_back() {
            let least = at.checked_add(u64::from(seq - before));
            let fits = least.is_some_and(|least| index >= least) && (*before < seq || index == *at);
            if !fits {
                return Err(wrong(*at));
            }
        }
        if let Some((after, at)) = known.range(seq..).next() {
            let most = at.checked_sub(u64::from(after - seq));
            if most.is_none_or(|most| index > most) {
                return Err(wrong(*at));
            }
        }
        known.insert(seq, index);
        Ok(())
    }

    /// Takes note of an index record: where it is, and its time.
    pub fn place_index(&mut self, index: u64, time: Time) {
        Arc::make_mut(&mut self.index_records).insert(index, time);
    }

    /// Nothing known yet but where index records are.
    pub(crate) fn indexed(index_records: &Arc<BTreeMap<u64, Time>>) -> Places {
        Places {
            index_records: index_records.clone(),
            ..Places::default()
        }
    }

    /// What someone knows who has read the whole log.
    pub(crate) fn of(
        registry: &Arc<Points>,
        namespace: &Arc<Points>,
        package: &Arc<Points>,
        index_records: &Arc<BTreeMap<u64, Time>>,
    ) -> Places {
        Places {
            known: [registry.clone(), namespace.clone(), package.clone()],
            index_records: index_records.clone(),
            asked: None,
        }
    }

    /// Where the record is at least.
    fn earliest(&self, chain: Chain, seq: u32) -> u64 {
        let before = self.chain(chain).range(..=seq).next_back();
        before.map_or(u64::from(seq), |(before, at)| {
            at.saturating_add(u64::from(seq - before))
        })
    }

    /// Where the record is at most.
    pub(crate) fn latest(&self, chain: Chain, seq: u32) -> u64 {
        let after = self.chain(chain).range(seq..).next();
        after.map_or(u64::MAX, |(after, at)| {
            at.saturating_sub(u64::from(after - seq))
        })
    }

    /// Where the record is, if that is known exactly.
    pub(crate) fn exact(&self, chain: Chain, seq: u32) -> Option<u64> {
        self.chain(chain).get(&seq).copied()
    }

    /// Whether the record is below an index.
    pub(crate) fn below(&self, chain: Chain, seq: u32, index: u64) -> Result<bool, ChainErrorKind> {
        self.ask(Asked::Below(chain, seq, index));
        if self.latest(chain, seq) < index {
            return Ok(true);
        }
        if self.earliest(chain, seq) >= index {
            return Ok(false);
        }
        Err(not_placed(chain, seq, format!("index {index}")))
    }

    /// Whether one record came before another, of another chain.
    pub(crate) fn before(
        &self,
        (chain, seq): (Chain, u32),
        (other, other_seq): (Chain, u32),
    ) -> Result<bool, ChainErrorKind> {
        self.ask(Asked::Before((chain, seq), (other, other_seq)));
        if self.latest(chain, seq) < self.earliest(other, other_seq) {
            return Ok(true);
        }
        if self.earliest(chain, seq) > self.latest(other, other_seq) {
            return Ok(false);
        }
        let than = format!("record {other_seq} of its {}", other.word());
        Err(not_placed(chain, seq, than))
    }

    /// Whether one record provably did not come before another, without asking for a proof.
    pub(crate) fn surely_after(&self, (chain, seq): (Chain, u32), other: (Chain, u32)) -> bool {
        self.earliest(chain, seq) > self.latest(other.0, other.1)
    }

    /// Whether an index record of a time before `expires` covers the record.
    pub(crate) fn until(&self, chain: Chain, seq: u32, expires: Time) -> bool {
        self.ask(Asked::Until(chain, seq, expires));
        let latest = self.latest(chain, seq);
        let Some(after) = latest.checked_add(1) else {
            return false;
        };
        self.index_records
            .range(after..)
            .any(|(_, time)| *time < expires)
    }

    fn ask(&self, asked: Asked) {
        if let Some(all) = &self.asked {
            all.borrow_mut().insert(asked);
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

    /// What of all that is known answers what was asked: for each question, the record that is
    /// nearest to where the answer changes.
    ///
    /// Someone who knows of these alone gives the same answers, and finds that each is needed.
    pub(crate) fn needed(&self) -> Needed {
        let mut needed = Needed::default();
        let mut sides = BTreeMap::new();
        let mut last_before = BTreeMap::new();
        let mut nearest = |chain, seq, index, needed: &mut Needed| {
            let sides = sides.entry((chain, index));
            let nearest = sides
                .or_insert_with(|| self.sides(chain, index))
                .nearest(seq);
            needed.points.extend(nearest.map(|seq| (chain, seq)));
        };
        for asked in self.asked() {
            match asked {
                Asked::Below(chain, seq, index) => nearest(chain, seq, index, &mut needed),
                Asked::Before((chain, seq), (other, other_seq)) => {
                    if let Some(index) = self.exact(other, other_seq) {
                        needed.points.insert((other, other_seq));
                        nearest(chain, seq, index, &mut needed);
                    }
                }
                Asked::Until(chain, seq, expires) => {
                    let last = last_before.entry(expires).or_insert_with(|| {
                        let mut records = self.index_records.iter().rev();
                        let last = records.find(|(_, time)| **time < expires);
                        last.map(|(index, _)| *index)
                    });
                    if let Some(index) = last.filter(|index| self.latest(chain, seq) < *index) {
                        needed.index_records.insert(index);
                        nearest(chain, seq, index, &mut needed);
                    }
                }
            }
        }
        needed
    }

    fn sides(&self, chain: Chain, index: u64) -> Sides {
        let known = self.chain(chain);
        let below = known.iter().take_while(|(_, at)| **at < index).last();
        let above = known.iter().find(|(_, at)| **at >= index);
        Sides {
            below: below.map(|(seq, _)| *seq),
            above: above.map(|(seq, _)| *seq),
        }
    }
}

/// Of the records of a chain whose place is known, those on both sides of an index.
struct Sides {
    below: Option<u32>,
    above: Option<u32>,
}

impl Sides {
    /// The record that shows on which side another is.
    fn nearest(&self, seq: u32) -> Option<u32> {
        let below = self.below.filter(|below| *below >= seq);
        below.or(self.above.filter(|above| *above <= seq))
    }
}

/// What a proof has to place: records of chains, and index records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needed {
    pub(crate) points: BTreeSet<(Chain, u32)>,
    pub(crate) index_records: BTreeSet<u64>,
}

impl Chain {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Chain::Registry => "registry",
            Chain::Namespace => "namespace",
            Chain::Package => "package",
        }
    }
}

fn not_placed(chain: Chain, seq: u32, than: String) -> ChainErrorKind {
    ChainErrorKind::NotPlaced {
        subject: chain.word().to_owned(),
        seq,
        than,
    }
}
