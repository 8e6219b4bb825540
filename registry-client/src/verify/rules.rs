//! What a client asks of a checkpoint besides the log's signature: witnesses, and that it is fresh.

use super::VerifyError;
use crate::chain::RegistryChain;
use crate::log::{Origin, Policy, PolicyLog, PublicKey, SignedCheckpoint, Vkey};
use crate::record::{Role, Time};
use crate::text;
use std::collections::BTreeSet;

/// What a client asks of a checkpoint besides the log's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Which witnesses must have cosigned.
    pub witnesses: Policy,
    /// Which of them also vouch for the map of heads, by their names in the policy.
    pub auditors: Vec<String>,
    /// How old a cosignature may be to count, in seconds; `None` where that does not matter, such
    /// as offline, and for the last checkpoint that an old key of the log signed.
    pub max_age: Option<u64>,
    /// By how many records the log may have grown since it was last seen.
    pub max_growth: u64,
}

impl Default for Rules {
    /// No witnesses, at most 24 hours old, at most 2^40 records more.
    fn default() -> Self {
        Rules {
            witnesses: Policy::none(),
            auditors: vec![],
            max_age: Some(24 * 60 * 60),
            max_growth: 1 << 40,
        }
    }
}

/// Who says that a checkpoint is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nobody was asked to.
    Unchecked,
    /// The registry's own time key: a mirror that is behind is found out, the registry is not.
    RegistrysWord(Time),
    /// Enough witnesses, all of them at this time or later.
    Witnessed(Time),
}

/// Who vouches for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The witnesses whose cosignatures count, by their names in the policy.
    pub witnesses: Vec<String>,
    /// Those of them that also vouch for the map of heads; none means that the map is the
    /// operator's word.
    pub auditors: Vec<String>,
    /// Who says that it is fresh.
    pub freshness: Freshness,
}

impl Rules {
    pub(super) fn check(&self, origin: &Origin) -> Result<(), VerifyError> {
        if self.witnesses.log_of_another_origin(origin).is_some() {
            return Err(VerifyError::PolicyOrigin(origin.clone()));
        }
        let mut names = self
            .witnesses
            .witnesses()
            .iter()
            .map(|witness| witness.name());
        let unknown = |auditor: &&String| !names.any(|name| name == auditor.as_str());
        match self.auditors.iter().find(unknown) {
            Some(auditor) => Err(VerifyError::UnknownAuditor(text::escape(auditor))),
            None => Ok(()),
        }
    }

    /// Obligation (d), and the time of (e).
    pub(super) fn vouched(
        &self,
        checkpoint: &SignedCheckpoint,
        registry: &RegistryChain,
        now: Time,
    ) -> Result<Vouched, VerifyError> {
        // A policy that lists logs lists this one, by a key that it has or had.
        let logs = self.witnesses.logs();
        let ours = |log: &PolicyLog| {
            let key = registry.by_public_key(log.vkey.key());
            key.is_some_and(|key| key.role == Role::Log && key.vkey == log.vkey)
        };
        if !logs.is_empty() && !logs.iter().any(ours) {
            return Err(VerifyError::PolicyLog);
        }
        // A key of the registry is no witness, whatever name a policy gives it.
        let witnesses = self.witnesses.witnesses().iter();
        let witnesses: Vec<_> = witnesses
            .filter(|witness| registry.by_public_key(witness.vkey.key()).is_none())
            .collect();
        let cosigned = self.cosigned(checkpoint, witnesses.iter().map(|w| &w.vkey), now)?;
        let keys = |all: &[(&Vkey, Time)]| -> BTreeSet<PublicKey> {
            all.iter().map(|(key, _)| key.key().clone()).collect()
        };
        let enough = |all: &[(&Vkey, Time)]| self.witnesses.is_met(&keys(all).iter().collect());
        let fresh: Vec<_> = cosigned
            .iter()
            .copied()
            .filter(|(_, time)| self.is_fresh(*time, now))
            .collect();
        let names = |all: &[(&Vkey, Time)]| -> Vec<String> {
            let keys = keys(all);
            let named = witnesses.iter().filter(|w| keys.contains(w.vkey.key()));
            named.map(|witness| witness.name().into_owned()).collect()
        };
        if !enough(&fresh) {
            return Err(match enough(&cosigned) {
                true => self.stale(&cosigned, "a cosignature")?,
                false => VerifyError::Quorum(names(&cosigned).iter().map(text::escape).collect()),
            });
        }
        let freshness = match self.max_age {
            None => Freshness::Unchecked,
            Some(_) if self.witnesses.is_none() => {
                let time = self.cosigned(checkpoint, registry.active(Role::Time), now)?;
                let fresh = latest(&time).filter(|time| self.is_fresh(*time, now));
                match fresh {
                    Some(time) => Freshness::RegistrysWord(time),
                    None => return Err(self.stale(&time, "the registry's word that it is fresh")?),
                }
            }
            Some(_) => {
                // The quorum is as fresh as the oldest of those without whom it is not met.
                let mut times: Vec<Time> = fresh.iter().map(|(_, time)| *time).collect();
                times.sort();
                let met = |time: &Time| {
                    let since = fresh.iter().copied().filter(|(_, at)| at >= time);
                    enough(&since.collect::<Vec<_>>())
                };
                let met = times.into_iter().rev().find(met);
                met.map_or(Freshness::Unchecked, Freshness::Witnessed)
            }
        };
        let witnesses = names(&fresh);
        let auditors = witnesses.iter().filter(|name| self.auditors.contains(name));
        Ok(Vouched {
            auditors: auditors.cloned().collect(),
            witnesses,
            freshness,
        })
    }

    /// The cosignatures of these keys, the latest of each, but for those from the future.
    fn cosigned<'k>(
        &self,
        checkpoint: &SignedCheckpoint,
        keys: impl Iterator<Item = &'k Vkey>,
        now: Time,
    ) -> Result<Vec<(&'k Vkey, Time)>, VerifyError> {
        let signed = checkpoint.signers(keys).map_err(VerifyError::Checkpoint)?;
        let mut latest: Vec<(&Vkey, Time)> = vec![];
        for by in signed {
            let time = by.time.and_then(|time| Time::from_seconds(time).ok());
            let Some(time) = time.filter(|time| !time.is_ahead_of(now)) else {
                continue;
            };
            if latest.last().is_none_or(|(key, _)| *key != by.key) {
                latest.push((by.key, time));
            }
        }
        Ok(latest)
    }

    fn is_fresh(&self, time: Time, now: Time) -> bool {
        let age = now.seconds().saturating_sub(time.seconds());
        self.max_age.is_none_or(|max_age| age <= max_age)
    }

    /// The error that these are too old; that there are none is another.
    fn stale(&self, cosigned: &[(&Vkey, Time)], what: &str) -> Result<VerifyError, VerifyError> {
        let newest = latest(cosigned);
        let newest = newest.ok_or_else(|| VerifyError::EvidenceMissing(what.to_owned()))?;
        Ok(VerifyError::Stale {
            newest,
            max_age: self.max_age.unwrap_or(0),
        })
    }
}

fn latest(cosigned: &[(&Vkey, Time)]) -> Option<Time> {
    cosigned.iter().map(|(_, time)| *time).max()
}
