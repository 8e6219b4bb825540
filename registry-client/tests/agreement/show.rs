//! A registry that shows what it wants: it makes its bundles by hand, and learns from refusals.

use crate::support::*;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::chain::Chain;
use tenon_registry_client::log::{MapKey, prove_consistency, prove_inclusions};
use tenon_registry_client::record::{Reference, Subject};
use tenon_registry_client::state::{Pin, TrustState};
use tenon_registry_client::verify::{
    Bundle, Held, Point, Records, Request, Rules, Trust, Verified, VerifyError, View, verify,
};

/// What a bundle can show beyond what it always does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) points: BTreeSet<(Chain, u32)>,
    pub(crate) index_records: BTreeSet<u64>,
}

/// Somebody to show it to.
pub(crate) struct Onlooker<'a> {
    pub(crate) pin: &'a Pin,
    pub(crate) state: Option<&'a TrustState>,
    pub(crate) locked: BTreeMap<Subject, Reference>,
    pub(crate) now: u64,
}

/// The subjects of a request, each with its chain.
pub(crate) fn subjects(request: &Request) -> Vec<(Chain, Subject)> {
    let mut subjects = vec![(Chain::Registry, Subject::Registry)];
    let namespace = match request {
        Request::Registry => None,
        Request::Namespace(namespace) => Some(namespace),
        Request::Package { package, .. } => Some(package.namespace()),
    };
    let namespace = namespace.cloned().map(Subject::Namespace);
    subjects.extend(namespace.map(|subject| (Chain::Namespace, subject)));
    if let Request::Package { package, .. } = request {
        subjects.push((Chain::Package, Subject::Package(package.clone())));
    }
    subjects
}

impl Evidence {
    /// What a bundle shows.
    pub(crate) fn of(bundle: &Bundle) -> Evidence {
        let points = bundle.points.iter();
        let index_records = bundle.index_records.iter();
        Evidence {
            points: points.map(|point| (point.chain, point.seq)).collect(),
            index_records: index_records.map(|(index, _)| *index).collect(),
        }
    }

    /// The bundle that shows this and what is always shown, with the proofs that belong to it.
    ///
    /// The registry's chains and its map are taken as they are, whatever is in the log.
    pub(crate) fn bundle(&self, registry: &Registry, request: &Request, known: u64) -> Bundle {
        let (size, (checkpoint, map)) = registry.published.last_key_value().unwrap();
        let mut bundle = Bundle {
            known_size: known,
            checkpoint: checkpoint.to_string().into_bytes(),
            index_record: registry.leaves[*size as usize - 1].clone(),
            ..Bundle::default()
        };
        let mut indices = BTreeSet::from([size - 1]);
        let mut keys: Vec<MapKey> = vec![];
        for (chain, subject) in subjects(request) {
            keys.push(subject.map_key());
            // A head may be a lie about where a record is.
            indices.extend(
                map.get(&subject.map_key())
                    .map(|head| head.index.min(size - 1)),
            );
            let placed = registry.chains.get(&subject).map_or(&[][..], |chain| chain);
            let records = Records {
                from: 0,
                records: placed
                    .iter()
                    .map(|placed| placed.record.bytes().to_vec())
                    .collect(),
            };
            match chain {
                Chain::Registry => bundle.registry = records,
                Chain::Namespace => bundle.namespace = records,
                Chain::Package => bundle.package = records,
            }
            for (seq, placed) in (0..).zip(placed) {
                if self.points.contains(&(chain, seq)) {
                    let index = placed.index;
                    bundle.points.push(Point { chain, seq, index });
                    indices.insert(index);
                }
            }
        }
        for index in &self.index_records {
            let leaf = registry.leaves[*index as usize].clone();
            bundle.index_records.push((*index, leaf));
            indices.insert(*index);
        }
        let indices: Vec<u64> = indices.into_iter().collect();
        bundle.inclusion = prove_inclusions(registry, &indices, *size).unwrap();
        if known > 0 {
            bundle.consistency = prove_consistency(registry, known, *size).unwrap();
        }
        keys.sort();
        bundle.map = map.prove_all(&keys).unwrap().encode();
        bundle
    }

    /// Shows what the last refusal asked for, and no longer what it had no use for. False if the
    /// refusal is about something else.
    fn learn(&mut self, registry: &Registry, request: &Request, error: &VerifyError) -> bool {
        match error {
            VerifyError::EvidenceMissing(what) => self.add(registry, request, what).is_some(),
            VerifyError::EvidenceExtra(what) | VerifyError::EvidenceRepeated(what) => {
                self.remove(what).is_some()
            }
            _ => false,
        }
    }

    fn add(&mut self, registry: &Registry, request: &Request, what: &str) -> Option<()> {
        let (_, what) = what.split_once("nothing shows whether record ")?;
        let (seq, what) = what.split_once(" of the ")?;
        let (chain, than) = what.split_once(" came into the log before ")?;
        let (seq, chain) = (seq.parse::<u32>().ok()?, chain_of(chain)?);
        let subjects = subjects(request);
        let of = |chain: Chain| -> Option<Vec<u64>> {
            let (_, subject) = subjects.iter().find(|(of, _)| *of == chain)?;
            let placed = registry.chains.get(subject)?;
            Some(placed.iter().map(|placed| placed.index).collect())
        };
        let before = self.points.len();
        let index = match than.strip_prefix("index ") {
            Some(index) => index.parse().ok()?,
            None => {
                let (other_seq, other) = than.strip_prefix("record ")?.split_once(" of the ")?;
                let (other, other_seq) = (chain_of(other)?, other_seq.parse::<u32>().ok()?);
                self.points.insert((other, other_seq));
                *of(other)?.get(other_seq as usize)?
            }
        };
        let places = of(chain)?;
        let side = *places.get(seq as usize)? < index;
        let same = |other: &u32| (places[*other as usize] < index) == side;
        let nearest = match side {
            true => (seq..places.len() as u32).take_while(same).last(),
            false => (0..=seq).rev().take_while(same).last(),
        };
        self.points.insert((chain, nearest?));
        (self.points.len() > before).then_some(())
    }

    fn remove(&mut self, what: &str) -> Option<()> {
        if let Some(index) = what.strip_prefix("the index record at ") {
            return self
                .index_records
                .remove(&index.parse().ok()?)
                .then_some(());
        }
        let (seq, chain) = what
            .strip_prefix("the place of record ")?
            .split_once(" of a ")?;
        let point = (chain_of(chain)?, seq.parse().ok()?);
        self.points.remove(&point).then_some(())
    }
}

fn chain_of(word: &str) -> Option<Chain> {
    match word {
        "registry" => Some(Chain::Registry),
        "namespace" => Some(Chain::Namespace),
        "package" => Some(Chain::Package),
        _ => None,
    }
}

impl Onlooker<'_> {
    pub(crate) fn look(
        &self,
        bundle: &Bundle,
        request: &Request,
    ) -> Result<Verified<View>, VerifyError> {
        let rules = Rules {
            max_age: None,
            ..Rules::default()
        };
        let trust = Trust {
            pin: self.pin,
            state: self.state,
            locked: &self.locked,
            rules: &rules,
            now: time(self.now),
        };
        verify(&bundle.encode(), request, &Held::default(), &trust)
    }

    /// Shows a request in every way that refusals ask for, until it is believed or refused for what
    /// no other evidence would mend.
    pub(crate) fn coax(
        &self,
        registry: &Registry,
        request: &Request,
        mut evidence: Evidence,
    ) -> Result<Verified<View>, VerifyError> {
        let known = self.state.map_or(0, |state| state.checkpoint().size);
        let mut last = None;
        for _ in 0..200 {
            let bundle = evidence.bundle(registry, request, known);
            match self.look(&bundle, request) {
                Ok(view) => return Ok(view),
                Err(error) => {
                    if !evidence.learn(registry, request, &error) {
                        return Err(error);
                    }
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap())
    }
}
