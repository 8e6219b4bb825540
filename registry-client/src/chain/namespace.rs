//! A namespace's chain: whose keys may do what in it, and since when.

use super::registry::at_least;
use super::{
    Chain, ChainError, ChainErrorKind, Links, MAX_CHAIN, MAX_KEY_CHANGES, Places, RegistryChain,
};
use crate::log::{Hash, KeyId, KeyName, NoteSignature, Origin, PublicKey, Vkey};
use crate::name::Namespace;
use crate::name::Pattern;
use crate::record::{
    Grant, NamespaceAct, OidcRule, Permission, Reference, SignedRecord, Statement, Subject,
};
use std::collections::BTreeMap;

/// The records of a namespace, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceChain {
    namespace: Namespace,
    links: Links,
    first_owners: Vec<Vkey>,
    threshold: u32,
    keys: BTreeMap<PublicKey, KeyHistory>,
    /// The keys, by the name and id that a signature bears.
    signers: BTreeMap<(KeyName, KeyId), PublicKey>,
    /// CI jobs that are trusted, and since which record.
    jobs: BTreeMap<OidcRule, u32>,
}

/// What a key could do in a namespace, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHistory {
    /// The key.
    pub vkey: Vkey,
    /// In order: the record, and what the key may do from there on.
    pub changes: Vec<KeyChange>,
}

/// What a record of a namespace says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The record.
    pub seq: u32,
    /// What the key may do from here on; nothing, if it was revoked.
    pub grant: Option<Grant>,
    /// With a revocation: package records by the key at this log index or above are void.
    pub from_index: Option<u64>,
}

impl KeyHistory {
    /// What the key may do after the record of this number.
    pub fn at(&self, seq: u32) -> Option<&Grant> {
        let change = self.changes.iter().rev().find(|change| change.seq <= seq);
        change?.grant.as_ref()
    }

    /// What the key may do now.
    pub fn now(&self) -> Option<&Grant> {
        self.at(u32::MAX)
    }

    fn is_owner(&self) -> bool {
        let owns = |grant: &Grant| grant.permissions.contains(&Permission::Own);
        self.now().is_some_and(owns)
    }
}

impl NamespaceChain {
    /// The chain of a namespace in a log, without a record yet.
    pub fn new(origin: Origin, namespace: Namespace) -> NamespaceChain {
        NamespaceChain {
            links: Links::new(origin, Subject::Namespace(namespace.clone())),
            namespace,
            first_owners: vec![],
            threshold: 0,
            keys: BTreeMap::new(),
            signers: BTreeMap::new(),
            jobs: BTreeMap::new(),
        }
    }

    /// Adds the next record; the chain stays as it is if the record is refused.
    ///
    /// # Errors
    ///
    /// The record cannot come next, or is not signed by those who must: [`ChainError::kind`] says why.
    pub fn apply(&mut self, record: &SignedRecord) -> Result<(), ChainError> {
        self.apply_known(record, false)
    }

    /// As [`Self::apply`]. With `known`, the record's signatures were verified before, and are not
    /// computed again.
    pub(crate) fn apply_known(
        &mut self,
        record: &SignedRecord,
        known: bool,
    ) -> Result<(), ChainError> {
        let begins = self.is_empty();
        self.fold(record, known).map_err(|kind| {
            if begins {
                self.keys.clear();
                self.signers.clear();
            }
            self.links.refuse(kind)
        })?;
        self.links.hashes.push(record.hash());
        Ok(())
    }

    fn fold(&mut self, record: &SignedRecord, known: bool) -> Result<(), ChainErrorKind> {
        self.links.check(record)?;
        let Statement::Namespace { link, act, .. } = &record.record().statement else {
            return Err(ChainErrorKind::WrongSubject(record.record().subject()));
        };
        // What is left of a chain that someone filled is for taking rights away.
        let left = MAX_CHAIN.saturating_sub(self.links.hashes.len());
        if left <= KEPT_FOR_REVOKING && !matches!(act, NamespaceAct::Revoke { .. }) {
            return Err(ChainErrorKind::TooLong);
        }
        let threshold = match (link.seq, act) {
            // The first record is signed by the owners that it names.
            (0, NamespaceAct::Create { owners, threshold }) => {
                for owner in owners {
                    self.check_new_name(owner)?;
                    self.change(owner, 0, Some(ownership()), None);
                }
                *threshold
            }
            (0, _) | (_, NamespaceAct::Create { .. }) => {
                return Err(ChainErrorKind::Beginning("create"));
            }
            _ => self.threshold,
        };
        let alone = match act {
            NamespaceAct::Revoke {
                key,
                from_index: None,
            } => Some(key),
            _ => None,
        };
        let signers = record
            .signers(known, |line| self.signer(line, alone))
            .map_err(ChainErrorKind::Signatures)?;
        // A key may remove itself, on its own; to void its records, or anything else, takes owners.
        if alone.is_none_or(|alone| signers != [alone]) {
            at_least(signers.len(), threshold)?;
        }
        match act {
            NamespaceAct::Create { owners, .. } => {
                self.first_owners.clone_from(owners);
                self.threshold = threshold;
                Ok(())
            }
            NamespaceAct::Grant(key, grant) => self.grant(key, grant, link.seq),
            NamespaceAct::Revoke { key, from_index } => self.revoke(key, *from_index, link.seq),
            NamespaceAct::Threshold(threshold) => {
                self.check_owners(self.owners().count(), *threshold)?;
                self.threshold = *threshold;
                Ok(())
            }
            NamespaceAct::TrustOidc(rule) => {
                self.jobs.entry(rule.clone()).or_insert(link.seq);
                Ok(())
            }
        }
    }

    fn signer(&self, line: &NoteSignature, alone: Option<&Vkey>) -> Result<&Vkey, &'static str> {
        let key = self.ever(line)?;
        if key.is_owner() || (key.now().is_some() && alone == Some(&key.vkey)) {
            return Ok(&key.vkey);
        }
        Err("it is no owner of the namespace")
    }

    /// The key that a signature line is by, if it may or might ever do something here.
    pub(crate) fn ever(&self, line: &NoteSignature) -> Result<&KeyHistory, &'static str> {
        let key = self.signers.get(&(line.name.clone(), line.id));
        let key = key.and_then(|key| self.keys.get(key));
        key.ok_or("the namespace has no such key")
    }

    fn grant(&mut self, vkey: &Vkey, grant: &Grant, seq: u32) -> Result<(), ChainErrorKind> {
        let owns = grant.permissions.contains(&Permission::Own);
        match self.keys.get(vkey.key()) {
            Some(known) if known.now().is_none() => {
                return Err(ChainErrorKind::KeyRevoked(vkey.clone()));
            }
            Some(known) if known.changes.len() >= MAX_KEY_CHANGES => {
                return Err(ChainErrorKind::TooManyChanges(vkey.clone()));
            }
            Some(known) if known.vkey != *vkey => {
                return Err(ChainErrorKind::KeyRenamed {
                    known: known.vkey.name().clone(),
                    new: vkey.clone(),
                });
            }
            Some(known) if known.is_owner() && !owns => {
                self.check_owners(self.owners().count() - 1, self.threshold)?;
            }
            Some(_) => {}
            None => self.check_new_name(vkey)?,
        }
        self.change(vkey, seq, Some(grant.clone()), None);
        Ok(())
    }

    fn revoke(
        &mut self,
        vkey: &Vkey,
        from_index: Option<u64>,
        seq: u32,
    ) -> Result<(), ChainErrorKind> {
        let key = self.keys.get(vkey.key());
        let key = key.filter(|key| key.vkey == *vkey && key.now().is_some());
        let key = key.ok_or_else(|| ChainErrorKind::NoSuchKey(vkey.clone()))?;
        if key.is_owner() {
            self.check_owners(self.owners().count() - 1, self.threshold)?;
        }
        self.change(vkey, seq, None, from_index);
        Ok(())
    }

    fn check_owners(&self, owners: usize, threshold: u32) -> Result<(), ChainErrorKind> {
        match owners < threshold as usize {
            true => Err(ChainErrorKind::TooFewOwners { owners, threshold }),
            false => Ok(()),
        }
    }

    fn check_new_name(&self, vkey: &Vkey) -> Result<(), ChainErrorKind> {
        let name = (vkey.name().clone(), vkey.id());
        match self.signers.contains_key(&name) {
            true => Err(ChainErrorKind::KeyAmbiguous(vkey.clone())),
            false => Ok(()),
        }
    }

    fn change(&mut self, vkey: &Vkey, seq: u32, grant: Option<Grant>, from_index: Option<u64>) {
        let name = (vkey.name().clone(), vkey.id());
        self.signers.insert(name, vkey.key().clone());
        let key = self.keys.entry(vkey.key().clone());
        let key = key.or_insert_with(|| KeyHistory {
            vkey: vkey.clone(),
            changes: vec![],
        });
        key.changes.push(KeyChange {
            seq,
            grant,
            from_index,
        });
    }

    /// What takes the whole log to know, or proofs of where records are in it.
    pub(crate) fn check_places(
        &self,
        registry: &RegistryChain,
        places: &Places,
    ) -> Result<(), ChainError> {
        registry
            .check_reserved(&self.namespace, &self.first_owners, places)
            .map_err(|kind| self.links.refuse_at(0, kind))?;
        for key in self.keys.values() {
            for change in &key.changes {
                let Some(from_index) = change.from_index else {
                    continue;
                };
                let refused = |kind| self.links.refuse_at(change.seq, kind);
                if places
                    .below(Chain::Namespace, change.seq, from_index)
                    .map_err(refused)?
                {
                    let index = places.latest(Chain::Namespace, change.seq);
                    return Err(refused(ChainErrorKind::FromIndex { from_index, index }));
                }
            }
        }
        Ok(())
    }

    /// Which namespace it is.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// How many owners must sign what is done with the namespace.
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// The keys that are owners now.
    pub fn owners(&self) -> impl Iterator<Item = &Vkey> {
        let owners = self.keys.values().filter(|key| key.is_owner());
        owners.map(|key| &key.vkey)
    }

    /// What every key may do, and might.
    pub fn keys(&self) -> impl Iterator<Item = &KeyHistory> {
        self.keys.values()
    }

    /// What one key may do, and might.
    pub fn key(&self, key: &PublicKey) -> Option<&KeyHistory> {
        self.keys.get(key)
    }

    /// Whether a CI job is trusted after the record of this number.
    pub fn trusts(&self, job: &OidcRule, seq: u32) -> bool {
        self.jobs.get(job).is_some_and(|since| *since <= seq)
    }

    /// The number of records.
    pub fn len(&self) -> u32 {
        self.links.next()
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.links.hashes.is_empty()
    }

    /// The hash of a record.
    pub fn hash(&self, seq: u32) -> Option<Hash> {
        self.links.hash(seq)
    }

    pub(crate) fn has(&self, reference: &Reference) -> bool {
        self.links.has(reference)
    }
}

/// How many of the last records of a chain only revoke.
const KEPT_FOR_REVOKING: usize = 1_000;

/// What makes a key an owner, and lets it do nothing else.
fn ownership() -> Grant {
    Grant {
        permissions: [Permission::Own].into(),
        pattern: Pattern::all(),
        expires: None,
    }
}
