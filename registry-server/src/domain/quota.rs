//! How much in a day: what the catalog does not count.

use super::Error;
use crate::access::{TokenId, now};
use crate::config::Quota;
use crate::log::LogId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::name::Namespace;

const DAY: u64 = 86_400;

/// Counts of today. They begin again when the registry starts.
#[derive(Debug)]
pub struct Quotas {
    limits: Quota,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: u64,
    counts: HashMap<Counted, u64>,
}

/// What is counted, and of whom: only what was really done, so that refusals take no room.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    Namespaces(TokenId),
    Bytes(TokenId),
    Records(LogId, Namespace),
}

/// What was counted, and is counted back when this is dropped, unless it is kept.
#[derive(Debug)]
pub(super) struct Charge<'q> {
    quotas: &'q Quotas,
    counted: Option<(Counted, u64)>,
}

impl Quotas {
    /// Nothing was done yet.
    pub fn new(limits: Quota) -> Quotas {
        Quotas {
            limits,
            today: Mutex::default(),
        }
    }

    /// What the catalog counts is held against.
    pub(super) fn limits(&self) -> &Quota {
        &self.limits
    }

    pub(super) fn charge_namespace(&self, token: TokenId) -> Result<Charge<'_>, Error> {
        let most = self.limits.namespaces_per_token;
        self.charge(
            Counted::Namespaces(token),
            1,
            most,
            "namespaces of this token",
        )
    }

    pub(super) fn charge_bytes(&self, token: TokenId, bytes: u64) -> Result<Charge<'_>, Error> {
        let most = self.limits.bytes_per_token;
        self.charge(
            Counted::Bytes(token),
            bytes,
            most,
            "bytes uploaded with this token",
        )
    }

    /// Counts bytes that came in, whatever becomes of them.
    ///
    /// # Errors
    ///
    /// There were too many today.
    pub(crate) fn spend_bytes(&self, token: TokenId, bytes: u64) -> Result<(), Error> {
        self.charge_bytes(token, bytes).map(Charge::keep)
    }

    pub(super) fn charge_record(
        &self,
        log: LogId,
        namespace: &Namespace,
    ) -> Result<Charge<'_>, Error> {
        let most = self.limits.records_per_namespace;
        self.charge(
            Counted::Records(log, namespace.clone()),
            1,
            most,
            "records of this namespace",
        )
    }

    fn charge(
        &self,
        counted: Counted,
        amount: u64,
        most: u64,
        what: &'static str,
    ) -> Result<Charge<'_>, Error> {
        let day = now() / DAY;
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today {
                day,
                counts: HashMap::new(),
            };
        }
        let count = today.counts.get(&counted).copied().unwrap_or(0);
        let sum = count.saturating_add(amount);
        if sum > most {
            return Err(used_up(most, what));
        }
        today.counts.insert(counted.clone(), sum);
        Ok(Charge {
            quotas: self,
            counted: Some((counted, amount)),
        })
    }
}

impl Charge<'_> {
    /// It was used.
    pub(super) fn keep(mut self) {
        self.counted = None;
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        let Some((counted, amount)) = self.counted.take() else {
            return;
        };
        let mut today = self
            .quotas
            .today
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = today.counts.entry(counted) {
            *count.get_mut() = count.get().saturating_sub(amount);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// That there was too much of something today.
pub(super) fn used_up(most: u64, what: &str) -> Error {
    let detail = format!(
        "the {what} would be more than {most} today: try again tomorrow, or ask the operator"
    );
    let tomorrow = Duration::from_secs(DAY - now() % DAY);
    Error::new(ProblemCode::RateLimited, detail).after(tomorrow)
}
