//! What a log did since it was opened, in numbers.

use super::SubmitError;
use super::cosign::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// What a log did since it was opened.
#[derive(Clone, Debug, Default)]
pub struct LogStats {
    /// Batches that were logged.
    pub batches: u64,
    /// Records in them, without those that close batches.
    pub records: u64,
    /// The last batch.
    pub last: Option<BatchStats>,
    /// Records that wait for an answer.
    pub waiting: u64,
    /// Records that were not logged, by the [kind](SubmitError::kind) of reason.
    pub refused: BTreeMap<&'static str, u64>,
}

/// What a batch was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchStats {
    /// Its records.
    pub records: u64,
    /// From when it was begun until all were told.
    pub time: Duration,
}

/// The numbers, as they change.
#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<LogStats>);

/// A record that waits, until this is dropped.
pub(super) struct Waiting<'a>(&'a Stats);

impl Stats {
    pub(super) fn get(&self) -> LogStats {
        lock(&self.0).clone()
    }

    pub(super) fn wait(&self) -> Waiting<'_> {
        lock(&self.0).waiting += 1;
        Waiting(self)
    }

    pub(super) fn logged(&self, batch: BatchStats) {
        let mut stats = lock(&self.0);
        stats.batches += 1;
        stats.records += batch.records;
        stats.last = Some(batch);
    }

    pub(super) fn refused(&self, error: &SubmitError) {
        *lock(&self.0).refused.entry(error.kind()).or_default() += 1;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.0.0).waiting -= 1;
    }
}
