//! The registry's own chain: its operator's keys, and the namespaces it keeps.

use super::{Chain, ChainError, ChainErrorKind, Links, Places};
use crate::log::{Hash, NoteSignature, Origin, PublicKey, Vkey};
use crate::name::Namespace;
use crate::record::{
    Reference, RegistryAct, Role, SignatureError, SignedRecord, Statement, Subject, signed_by,
};
use std::collections::BTreeMap;

/// The records of a registry, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryChain {
    links: Links,
    keys: Vec<OperatorKey>,
    /// By namespace, in order: the record that keeps it, and for whom.
    reserved: BTreeMap<Namespace, Vec<(u32, Vec<Vkey>)>>,
}

/// A key of the registry's operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorKey {
    /// What it is for.
    pub role: Role,
    /// The key.
    pub vkey: Vkey,
    /// The record that added it.
    pub added: u32,
    /// The record that removed it, if one did.
    pub removed: Option<u32>,
}

impl RegistryChain {
    /// The chain of a log, without a record yet.
    pub fn new(origin: Origin) -> RegistryChain {
        RegistryChain {
            links: Links::new(origin, Subject::Registry),
            keys: vec![],
            reserved: BTreeMap::new(),
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
            }
            self.links.refuse(kind)
        })?;
        self.links.hashes.push(record.hash());
        Ok(())
    }

    fn fold(&mut self, record: &SignedRecord, known: bool) -> Result<(), ChainErrorKind> {
        self.links.check(record)?;
        let Statement::Registry { link, act } = &record.record().statement else {
            return Err(ChainErrorKind::WrongSubject(record.record().subject()));
        };
        match (link.seq, act) {
            // An init record is signed by the root keys that it names.
            (0, RegistryAct::Init { keys, .. }) => {
                for (role, vkey) in keys {
                    self.add(*role, vkey, 0)?;
                }
                for role in [Role::Root, Role::Log, Role::Index] {
                    self.has_one_besides(role, None)?;
                }
            }
            (0, _) | (_, RegistryAct::Init { .. }) => {
                return Err(ChainErrorKind::Beginning("init"));
            }
            _ => {}
        }
        record
            .signers(known, |line| self.key(Role::Root, line))
            .map_err(ChainErrorKind::Signatures)?;
        match act {
            RegistryAct::Init { .. } => Ok(()),
            RegistryAct::KeyAdd(role, vkey) => self.add(*role, vkey, link.seq),
            RegistryAct::KeyRemove(role, vkey) => self.remove(*role, vkey, link.seq),
            RegistryAct::Reserve { namespace, owners } => {
                let reserved = self.reserved.entry(namespace.clone()).or_default();
                reserved.push((link.seq, owners.clone()));
                Ok(())
            }
        }
    }

    fn add(&mut self, role: Role, vkey: &Vkey, seq: u32) -> Result<(), ChainErrorKind> {
        if self.by_public_key(vkey.key()).is_some() {
            return Err(ChainErrorKind::KeyRepeated(vkey.clone()));
        }
        let same = |key: &OperatorKey| key.vkey.name() == vkey.name() && key.vkey.id() == vkey.id();
        if self.keys.iter().any(same) {
            return Err(ChainErrorKind::KeyAmbiguous(vkey.clone()));
        }
        if role == Role::Log && vkey.name().as_str() != self.links.origin.as_str() {
            return Err(ChainErrorKind::NotNamedAsOrigin(vkey.clone()));
        }
        self.keys.push(OperatorKey {
            role,
            vkey: vkey.clone(),
            added: seq,
            removed: None,
        });
        Ok(())
    }

    fn remove(&mut self, role: Role, vkey: &Vkey, seq: u32) -> Result<(), ChainErrorKind> {
        if matches!(role, Role::Root | Role::Log | Role::Index) {
            self.has_one_besides(role, Some(vkey))?;
        }
        let same =
            |key: &&mut OperatorKey| key.role == role && key.vkey == *vkey && key.removed.is_none();
        let key = self.keys.iter_mut().find(same);
        let key = key.ok_or_else(|| ChainErrorKind::NoSuchKey(vkey.clone()))?;
        key.removed = Some(seq);
        Ok(())
    }

    fn has_one_besides(&self, role: Role, vkey: Option<&Vkey>) -> Result<(), ChainErrorKind> {
        match self.active(role).any(|active| Some(active) != vkey) {
            true => Ok(()),
            false => Err(ChainErrorKind::NoKeyLeft(role)),
        }
    }

    /// The key of a role that a signature line is by, if it has the role now.
    pub(crate) fn key(&self, role: Role, line: &NoteSignature) -> Result<&Vkey, &'static str> {
        let key = self.ever(role, line)?;
        match key.removed {
            None => Ok(&key.vkey),
            Some(_) => Err("the registry removed the key"),
        }
    }

    /// The key of a role that a signature line is by, if it has or ever had the role.
    pub(crate) fn ever(
        &self,
        role: Role,
        line: &NoteSignature,
    ) -> Result<&OperatorKey, &'static str> {
        let key = self.keys.iter().find(|key| signed_by(line, &key.vkey));
        let key = key.ok_or("the registry has no such key")?;
        match key.role == role {
            true => Ok(key),
            false => Err("the key has another role"),
        }
    }

    /// All keys that the registry has or had, in the order in which they were added.
    pub fn keys(&self) -> &[OperatorKey] {
        &self.keys
    }

    /// The keys that have a role now.
    pub fn active(&self, role: Role) -> impl Iterator<Item = &Vkey> {
        let active = move |key: &&OperatorKey| key.role == role && key.removed.is_none();
        self.keys.iter().filter(active).map(|key| &key.vkey)
    }

    /// The operator's key that has this public key.
    pub(crate) fn by_public_key(&self, key: &PublicKey) -> Option<&OperatorKey> {
        self.keys.iter().find(|operator| operator.vkey.key() == key)
    }

    /// The log it is of.
    pub fn origin(&self) -> &Origin {
        &self.links.origin
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

    /// Whether an index record at this index was signed by keys that were index keys there.
    pub(crate) fn check_index_signers(
        &self,
        record: &SignedRecord,
        index: u64,
        places: &Places,
    ) -> Result<(), ChainErrorKind> {
        let signers = record
            .signers(false, |line| {
                self.ever(Role::Index, line).map(|key| &key.vkey)
            })
            .map_err(ChainErrorKind::Signatures)?;
        for vkey in signers {
            let key = self.by_public_key(vkey.key());
            let added = key.map_or(0, |key| key.added);
            let removed = key.and_then(|key| key.removed);
            let added = added == 0 || places.below(Chain::Registry, added, index)?;
            let removed = match removed {
                Some(removed) => places.below(Chain::Registry, removed, index)?,
                None => false,
            };
            if !added || removed {
                return Err(ChainErrorKind::NotOperator {
                    key: vkey.clone(),
                    role: Role::Index,
                });
            }
        }
        Ok(())
    }

    /// Whether a namespace whose first record is placed in `places` may have these first owners.
    pub(crate) fn check_reserved(
        &self,
        namespace: &Namespace,
        owners: &[Vkey],
        places: &Places,
    ) -> Result<(), ChainErrorKind> {
        let Some(reserved) = self.reserved.get(namespace) else {
            return Ok(());
        };
        if reserved.iter().all(|(_, kept_for)| kept_for == owners) {
            return Ok(());
        }
        for (seq, kept_for) in reserved.iter().rev() {
            if places.before((Chain::Namespace, 0), (Chain::Registry, *seq))? {
                continue;
            }
            return match kept_for == owners {
                true => Ok(()),
                false => Err(ChainErrorKind::Reserved(namespace.clone())),
            };
        }
        Ok(())
    }
}

/// Why a record has too few signatures, if it has.
pub(super) fn at_least(found: usize, wanted: u32) -> Result<(), ChainErrorKind> {
    if found < wanted as usize {
        let error = SignatureError::Threshold { found, wanted };
        return Err(ChainErrorKind::Signatures(error));
    }
    Ok(())
}
