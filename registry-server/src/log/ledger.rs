//! What the log says, as far as it is needed to decide about the next record.

use super::stored::{Stored, StoredError};
use super::{LogId, SubmitError};
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeMap;
use tenon_registry_client::log::{Hash, NodeId};
use tenon_registry_client::monitor::{HoldError, Monitor};
use tenon_registry_client::record::{SignedRecord, Subject, Time};

/// How many records of chains are held between batches.
const MOST_RECORDS: usize = 100_000;

/// The rules applied to everything that was logged: chains are brought in when they are asked for.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) monitor: Monitor,
    stored: Stored,
    /// The chains that are held, and when they were last needed.
    held: BTreeMap<Subject, u64>,
    turn: u64,
    /// Subjects that are new in this batch, as they are told apart.
    begun: BTreeMap<String, Subject>,
}

/// What became of a record.
pub(super) enum Entered {
    /// It is the next leaf; these are the nodes that it completes.
    New(u64, Vec<(NodeId, Hash)>),
    /// It is in the log already.
    Repeated(u64),
}

/// Why a record cannot be entered.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnterError {
    /// It is the record's fault.
    #[error(transparent)]
    Refused(SubmitError),
    /// What it is held against cannot be read now. Nothing was entered.
    #[error("{0}")]
    Unread(String),
    /// The log is not as it was left. Nothing may be written any more.
    #[error("{0}")]
    Broken(String),
}

impl From<HoldError> for EnterError {
    fn from(error: HoldError) -> Self {
        EnterError::Broken(error.to_string())
    }
}

impl From<StoredError> for EnterError {
    fn from(error: StoredError) -> Self {
        let source = std::error::Error::source(&error);
        let source = source.map_or(String::new(), |source| format!(": {source}"));
        let text = format!("{error}{source}");
        match error.may_pass() {
            true => EnterError::Unread(text),
            false => EnterError::Broken(text),
        }
    }
}

impl Ledger {
    pub(super) fn new(monitor: Monitor, stored: Stored) -> Ledger {
        Ledger {
            monitor,
            stored,
            held: BTreeMap::new(),
            turn: 0,
            begun: BTreeMap::new(),
        }
    }

    /// Makes a record the next leaf, if it may be that in a batch of this time. Everything that can fail
    /// for want of something to read comes before the monitor takes the record.
    pub(super) fn enter(
        &mut self,
        record: &SignedRecord,
        time: Time,
    ) -> Result<Entered, EnterError> {
        let refused = |error| Err(EnterError::Refused(error));
        let said = record.record();
        let wanted = self.monitor.registry().origin();
        if said.origin != *wanted {
            let (wanted, found) = (wanted.clone(), said.origin.clone());
            return refused(SubmitError::Origin { wanted, found });
        }
        let subject = said.subject();
        self.bring(&subject)?;
        let Some(link) = said.link() else {
            return refused(SubmitError::Index);
        };
        match self.hash(&subject, link.seq) {
            Some(hash) if hash == record.hash() => {
                let points = self.monitor.points(&subject).unwrap_or_default();
                let at = points.binary_search_by_key(&link.seq, |(seq, _)| *seq).ok();
                let point = at.and_then(|at| points.get(at));
                let point =
                    point.ok_or_else(|| EnterError::Broken(format!("{subject} has no place")))?;
                return Ok(Entered::Repeated(point.1));
            }
            Some(_) => {
                let seq = link.seq;
                return refused(SubmitError::Taken { subject, seq });
            }
            None => {}
        }
        let begins = self.monitor.map().get(&subject.map_key()).is_none();
        self.monitor
            .admit(record, time)
            .map_err(|error| EnterError::Refused(SubmitError::Refused(error)))?;
        // What names there are is told to those only who may add one.
        if begins {
            self.check_name(&subject)?;
        }
        let index = self.monitor.size();
        let nodes = self.read(record.bytes())?;
        if begins {
            self.begun.insert(folded(&subject), subject);
        }
        Ok(Entered::New(index, nodes))
    }

    /// Takes a leaf that was found to be right.
    pub(super) fn read(&mut self, leaf: &[u8]) -> Result<Vec<(NodeId, Hash)>, EnterError> {
        let nodes = self.monitor.read(leaf);
        match self.monitor.findings().first() {
            Some(finding) => Err(EnterError::Broken(format!("{finding}: {}", finding.kind))),
            None => Ok(nodes),
        }
    }

    /// Brings in a chain, and those that it needs.
    pub(super) fn bring(&mut self, subject: &Subject) -> Result<(), EnterError> {
        if let Subject::Package(package) = subject {
            self.bring(&Subject::Namespace(package.namespace().clone()))?;
        }
        self.turn += 1;
        if !self.monitor.holds(subject) {
            let records = self.stored.chain(subject, self.monitor.size())?;
            self.monitor.hold(subject, &records)?;
        }
        self.held.insert(subject.clone(), self.turn);
        Ok(())
    }

    /// Between batches: lets go of what was not needed for long, if there is too much.
    pub(super) fn tidy(&mut self) {
        self.begun.clear();
        let monitor = &self.monitor;
        self.held
            .retain(|subject, _| monitor.points(subject).is_some());
        let length = |subject| self.monitor.points(subject).map_or(0, <[_]>::len);
        let mut records: usize = self.held.keys().map(length).sum();
        if records <= MOST_RECORDS {
            return;
        }
        let mut oldest: Vec<_> = self
            .held
            .iter()
            .map(|(subject, turn)| (*turn, subject.clone()))
            .collect();
        oldest.sort();
        for (_, subject) in oldest {
            if records <= MOST_RECORDS / 2 {
                break;
            }
            records -= self.monitor.points(&subject).map_or(0, <[_]>::len);
            self.monitor.let_go(&subject);
            self.held.remove(&subject);
        }
    }

    fn hash(&self, subject: &Subject, seq: u32) -> Option<Hash> {
        match subject {
            Subject::Registry => self.monitor.registry().hash(seq),
            Subject::Namespace(name) => self.monitor.namespace(name)?.hash(seq),
            Subject::Package(name) => self.monitor.package_chain(name)?.hash(seq),
            Subject::Index => None,
        }
    }

    /// Whether a new name can be told from all others: they must differ in more than hyphens.
    fn check_name(&self, subject: &Subject) -> Result<(), EnterError> {
        let confusable = |existing: String| {
            let name = subject.to_string();
            let existing = match self.stored.log {
                LogId::Public => existing,
                LogId::Private => "another name".to_owned(),
            };
            EnterError::Refused(SubmitError::Confusable { name, existing })
        };
        let folded = folded(subject);
        if let Some(existing) = self.begun.get(&folded) {
            return Err(confusable(existing.to_string()));
        }
        let existing = self.stored.database.read(|tx| {
            tx.prepare_cached("SELECT text FROM subject WHERE log = ?1 AND folded = ?2")?
                .query_row(params![self.stored.log.number(), folded], |row| row.get(0))
                .optional()
        });
        let existing: Option<String> = existing.map_err(StoredError::Database)?;
        existing.map_or(Ok(()), |existing| Err(confusable(existing)))
    }
}

/// A name without what is easily overlooked in it.
pub(super) fn folded(subject: &Subject) -> String {
    subject.to_string().replace('-', "")
}

impl LogId {
    /// Its number in the database.
    pub(crate) fn number(self) -> i64 {
        match self {
            LogId::Public => 0,
            LogId::Private => 1,
        }
    }
}
