//! The times of index records, which never decrease.

use super::ChainErrorKind;
use crate::record::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where index records are in a log, and their times. A clone shares what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexTimes(Arc<Times>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Times {
    by_index: BTreeMap<u64, Time>,
    /// The last index record of each time.
    by_time: BTreeMap<Time, u64>,
}

impl IndexTimes {
    /// None yet.
    pub fn new() -> IndexTimes {
        IndexTimes::default()
    }

    /// Adds an index record; where it is, and its time.
    ///
    /// # Errors
    ///
    /// It is earlier than one before it, or later than one after it.
    pub fn insert(&mut self, index: u64, time: Time) -> Result<(), ChainErrorKind> {
        self.check(index, time)?;
        let times = Arc::make_mut(&mut self.0);
        times.by_index.insert(index, time);
        let last = times.by_time.entry(time).or_insert(index);
        *last = index.max(*last);
        Ok(())
    }

    /// Whether an index record of this time could be there.
    pub(crate) fn check(&self, index: u64, time: Time) -> Result<(), ChainErrorKind> {
        let before = self.0.by_index.range(..=index).next_back();
        let after = self.0.by_index.range(index..).next();
        let before = before.map(|(_, last)| (time, *last));
        let after = after.map(|(_, next)| (*next, time));
        let decreases = |(time, last): &(Time, Time)| time < last;
        if let Some((time, last)) = before.into_iter().chain(after).find(decreases) {
            return Err(ChainErrorKind::TimeDecreases { time, last });
        }
        Ok(())
    }

    /// Whether there is an index record.
    pub fn contains(&self, index: u64) -> bool {
        self.0.by_index.contains_key(&index)
    }

    /// The index records, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Time)> {
        let all = self.0.by_index.iter();
        all.map(|(index, time)| (*index, *time))
    }

    /// The last index record.
    pub fn last(&self) -> Option<(u64, Time)> {
        let last = self.0.by_index.last_key_value();
        last.map(|(index, time)| (*index, *time))
    }

    /// Those below an index.
    pub fn below(&self, index: u64) -> IndexTimes {
        let mut below = IndexTimes::new();
        let times = Arc::make_mut(&mut below.0);
        for (index, time) in self.0.by_index.range(..index) {
            times.by_index.insert(*index, *time);
            times.by_time.insert(*time, *index);
        }
        below
    }

    /// The first index record above an index.
    pub(crate) fn first_after(&self, index: u64) -> Option<(u64, Time)> {
        let after = self.0.by_index.range(index.checked_add(1)?..).next();
        after.map(|(index, time)| (*index, *time))
    }

    /// The last index record of a time before this.
    pub(crate) fn last_before(&self, time: Time) -> Option<u64> {
        let before = self.0.by_time.range(..time).next_back();
        before.map(|(_, index)| *index)
    }
}
