//! The one who writes a log: batches of records become leaves, files, and a checkpoint.
//!
//! A batch goes through these steps. It is in the log once (4) has happened, and what answers for it
//! after a crash is in the database until (6).
//!
//! 1. Each record is held against the rules, and entered in the [`Ledger`](super::ledger::Ledger).
//! 2. The index record closes the batch: it covers all leaves before it and commits the map.
//! 3. All of it is computed again from the bytes that are going to be written ([`recompute`]); then
//!    the checkpoint is signed.
//! 4. One transaction stages the files, says where the records are, and replaces the last checkpoint.
//! 5. The files are written. Witnesses are asked, and waited for a little. The checkpoint is written
//!    with the cosignatures that came. Those who wait are told.
//! 6. From time to time the files are brought to the disk, and are no longer staged.

use super::batch::Right;
use super::clock::Timekeeper;
use super::cosign::Cosigners;
use super::keys::Keys;
use super::ledger::{EnterError, Entered, Ledger};
use super::open::{OpenError, reload};
use super::recompute::{Promise, check_note, recompute};
use super::rows::{self, Leaf};
use super::settle::Settle;
use super::shared::Shared;
use super::stored::Stored;
use super::{Logged, Published, Submission, SubmitError};
use crate::store::database::WriteError;
use crate::store::durable::{self, Sync};
use std::collections::BTreeMap;
use std::sync::Arc;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::{
    Checkpoint, NoteSignature, Origin, SignedCheckpoint, SigningKey, TilePath,
};
use tenon_registry_client::record::{Record, Role, SignedRecord, Statement, Time};
use tokio::sync::oneshot;

/// A record, and who waits for it.
pub(super) struct Job {
    pub(super) submission: Submission,
    pub(super) reply: oneshot::Sender<Result<Logged, SubmitError>>,
}

/// Writes a log.
pub(super) struct Writer {
    pub(super) origin: Origin,
    pub(super) stored: Stored,
    pub(super) keys: Arc<Keys>,
    pub(super) time: Timekeeper,
    pub(super) ledger: Ledger,
    pub(super) right: Right,
    pub(super) shared: Arc<Shared>,
    pub(super) settle: Settle,
    /// The note that the database has.
    pub(super) promised: Vec<u8>,
    pub(super) cosigners: Cosigners,
    /// The latest checkpoint, signed by this registry and nobody else.
    pub(super) signed: Option<SignedCheckpoint>,
    /// When the time key cosigned it.
    pub(super) renewed: Option<Time>,
    /// Whether it was said that the clock cannot be trusted.
    pub(super) alarmed: bool,
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum BatchError {
    /// Nothing happened. What is in memory has to be read again.
    #[error("{0}")]
    Undone(String),
    /// The disk is full, and nothing happened.
    #[error("the disk is full")]
    NoSpace,
    /// Nobody knows what happened, or what is in memory is wrong: the process has to end.
    #[error("{0}")]
    Fatal(String),
}

impl From<durable::DurableError> for BatchError {
    /// The batch is in the log by then: what cannot be written now is written at the next start.
    fn from(error: durable::DurableError) -> Self {
        let source = std::error::Error::source(&error);
        let source = source.map_or(String::new(), |source| format!(": {source}"));
        BatchError::Fatal(format!("{error}{source}"))
    }
}

impl From<EnterError> for BatchError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Unread(_) => BatchError::Undone(error.to_string()),
            EnterError::Refused(_) | EnterError::Broken(_) => BatchError::Fatal(error.to_string()),
        }
    }
}

impl From<crate::catalog::CatalogError> for BatchError {
    fn from(error: crate::catalog::CatalogError) -> Self {
        match error {
            crate::catalog::CatalogError::Sqlite(error) => error.into(),
            error => BatchError::Undone(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for BatchError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => BatchError::NoSpace,
            _ => BatchError::Undone(error.to_string()),
        }
    }
}

impl Writer {
    /// Logs what can be logged of some records, in one batch, and answers all of them.
    ///
    /// # Errors
    ///
    /// The batch was not written; those who waited were told.
    pub(super) fn write(&mut self, jobs: Vec<Job>) -> Result<(), BatchError> {
        let mut replies = vec![];
        let result = self.batch(jobs, &mut replies);
        let published = self.shared.published();
        for (reply, entered) in replies {
            let logged = match (&result, entered) {
                // Whoever is no longer there does not wait.
                (Ok(()), (index, repeated)) => Ok(Logged {
                    index,
                    repeated,
                    published: published.clone(),
                }),
                (Err(BatchError::NoSpace), _) => Err(SubmitError::NoSpace),
                (Err(error), _) => Err(SubmitError::Closed(error.to_string())),
            };
            let _ = reply.send(logged);
        }
        self.ledger.tidy();
        result
    }

    #[expect(clippy::type_complexity, reason = "who waits, and for which leaf")]
    fn batch(
        &mut self,
        jobs: Vec<Job>,
        replies: &mut Vec<(oneshot::Sender<Result<Logged, SubmitError>>, (u64, bool))>,
    ) -> Result<(), BatchError> {
        let time = match self.time.after(self.last_time()) {
            Ok(time) => time,
            Err(error) => {
                tracing::error!(%error, "no batch is signed");
                for job in jobs {
                    let _ = job.reply.send(Err(SubmitError::Clock(error.clone())));
                }
                return Ok(());
            }
        };
        let before = self.right.clone();
        let (mut leaves, mut files) = (vec![], BTreeMap::new());
        let mut worlds = BTreeMap::new();
        for Job { submission, reply } in jobs {
            let Submission { record, world } = submission;
            match self.ledger.enter(&record, time) {
                Ok(Entered::Repeated(index)) => replies.push((reply, (index, true))),
                Ok(Entered::New(index, nodes)) => {
                    let span = self.right.push(record.bytes(), &nodes, &mut files);
                    worlds.extend(world.map(|world| (index, world)));
                    replies.push((reply, (index, false)));
                    let (start, length) = (span.start, span.length);
                    leaves.push(Leaf {
                        index,
                        record,
                        start,
                        length,
                    });
                }
                Err(EnterError::Refused(error)) => drop(reply.send(Err(error))),
                Err(EnterError::Unread(error)) => {
                    tracing::error!(error, "a record cannot be judged now");
                    drop(reply.send(Err(SubmitError::Closed(error))));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if leaves.is_empty() {
            return Ok(());
        }
        self.close(leaves, worlds, files, &before, time)
    }

    /// Steps 2 to 5.
    fn close(
        &mut self,
        mut leaves: Vec<Leaf>,
        worlds: BTreeMap<u64, World>,
        mut files: BTreeMap<TilePath, Vec<u8>>,
        before: &Right,
        time: Time,
    ) -> Result<(), BatchError> {
        let fatal = |what: &str| BatchError::Fatal(what.to_owned());
        let covers = self.ledger.monitor.size();
        let map = self.ledger.monitor.map().root();
        let statement = Statement::Index { covers, map };
        let origin = self.origin.clone();
        let record = Record {
            origin,
            statement,
            time,
        };
        let record = SignedRecord::sign(record, &[&self.keys.index]);
        let record = record.map_err(|_| fatal("the index record cannot be signed"))?;
        let nodes = self.ledger.read(record.bytes())?;
        let span = self.right.push(record.bytes(), &nodes, &mut files);
        let (start, length) = (span.start, span.length);
        leaves.push(Leaf {
            index: covers,
            record,
            start,
            length,
        });
        files.extend(self.right.partial());

        let old = self.shared.published();
        self.retire(&old)?;
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: self.ledger.monitor.size(),
            root: self.ledger.monitor.root(),
        };
        let promise = Promise {
            origin: &self.origin,
            old: (old.checkpoint.size, old.checkpoint.root),
            map: &old.map,
            edge: &before.tiles(),
            files: &files,
            checkpoint: &checkpoint,
        };
        recompute(&promise).map_err(|error| BatchError::Fatal(error.to_string()))?;
        let signed = self.sign(&checkpoint, time)?;
        let note = signed.to_string().into_bytes();
        self.check(&note, &checkpoint)?;

        let staged: Vec<_> = files
            .iter()
            .map(|(path, bytes)| (self.stored.layout.tile(*path), bytes))
            .collect();
        let log = self.stored.log;
        let committed = self.stored.database.write_or_unknown(|tx| {
            rows::promise(tx, log, &self.promised, &checkpoint, time, &note)?;
            rows::stage(tx, log, checkpoint.size, &staged)?;
            rows::place(tx, log, &leaves)?;
            rows::catalogue(tx, log, &mut self.ledger, &leaves, &worlds, time)
        });
        match committed {
            Ok(()) => {}
            Err(WriteError::Undone(error)) => return Err(error),
            Err(WriteError::Unknown(error)) => {
                return Err(BatchError::Fatal(format!(
                    "a commit failed with unknown outcome: {error}"
                )));
            }
        }
        self.promised = note.clone();

        for (path, bytes) in &staged {
            self.settle.write(path, bytes)?;
        }
        self.shared.promise(checkpoint.size);
        self.cosigners.ask(&signed);
        self.cosigners.wait();
        let note = self.cosigners.cosign(&signed).to_string().into_bytes();
        (self.signed, self.renewed) = (Some(signed), Some(time));
        self.settle.write(&self.stored.layout.checkpoint(), &note)?;
        self.shared.add_batch(checkpoint.size - 1, time);
        let map = self.ledger.monitor.map().clone();
        self.shared.publish(Published {
            note,
            checkpoint,
            map,
        });
        match self.settle.is_due() {
            true => self.settle(),
            false => Ok(()),
        }
    }

    /// Begins a log, with the record that says whose it is.
    pub(super) fn begin(&mut self, init: SignedRecord, time: Time) -> Result<(), BatchError> {
        let mut files = BTreeMap::new();
        let before = self.right.clone();
        let nodes = self.ledger.read(init.bytes())?;
        let span = self.right.push(init.bytes(), &nodes, &mut files);
        let (start, length) = (span.start, span.length);
        let leaf = Leaf {
            index: 0,
            record: init,
            start,
            length,
        };
        self.close(vec![leaf], BTreeMap::new(), files, &before, time)?;
        self.settle()
    }

    /// When there is nothing to log: brings everything to the disk.
    pub(super) fn idle(&mut self) -> Result<(), BatchError> {
        match self.settle.is_settled() {
            true => Ok(()),
            false => self.settle(),
        }
    }

    /// After the log was opened: goes on with the checkpoint that is published, and asks for its
    /// cosignatures again.
    pub(super) fn take_up(&mut self) -> Result<(), BatchError> {
        let published = self.shared.published();
        self.retire(&published)?;
        let keys = self.keys.log.iter().map(|key| key.vkey());
        let signed = SignedCheckpoint::open(&published.note, &self.origin, keys);
        let signed = signed.map_err(|error| BatchError::Fatal(error.to_string()))?;
        let by_time = signed.signers([self.keys.time.vkey()]).unwrap_or_default();
        let time = by_time.first().and_then(|by| by.time);
        self.renewed = time.and_then(|time| Time::from_seconds(time).ok());
        self.cosigners.remember(&signed);
        // The same signatures again, since a key makes one of each text.
        let time = self.renewed.or(self.last_time());
        let time = time.ok_or_else(|| BatchError::Fatal("the log has no time".to_owned()))?;
        let now = self.time.after(self.last_time());
        now.map_err(|error| BatchError::Undone(error.to_string()))?;
        let signed = self.sign(&published.checkpoint, time)?;
        self.cosigners.ask(&signed);
        self.signed = Some(signed);
        self.tend()
    }

    /// Keeps the latest checkpoint fresh: publishes it with the cosignatures that came meanwhile, and
    /// has all of them renewed once they have a certain age.
    pub(super) fn tend(&mut self) -> Result<(), BatchError> {
        let published = self.shared.published();
        let mut changed = self.cosigners.poll();
        if let Some(time) = self.is_stale() {
            let signed = self.sign(&published.checkpoint, time)?;
            self.cosigners.ask(&signed);
            (self.signed, self.renewed) = (Some(signed), Some(time));
            changed = true;
        }
        let Some(signed) = self.signed.as_ref().filter(|_| changed) else {
            return Ok(());
        };
        let note = self.cosigners.cosign(signed).to_string().into_bytes();
        self.check(&note, &published.checkpoint)?;
        let (files, path) = (&self.stored.files, self.stored.layout.checkpoint());
        match durable::replace(files, &path, &note, Sync::Now) {
            Err(error) if error.is_fatal() => return Err(error.into()),
            // Who asks for it gets it all the same; after a restart it is renewed again.
            Err(error) => tracing::error!(%error, "the cosignatures were not written"),
            Ok(()) => {}
        }
        self.shared.publish(Published {
            note,
            checkpoint: published.checkpoint.clone(),
            map: published.map.clone(),
        });
        Ok(())
    }

    /// The time to cosign with, if the last was long ago.
    fn is_stale(&mut self) -> Option<Time> {
        match self.time.after(self.last_time()) {
            Ok(now) => {
                self.alarmed = false;
                let age = |since: Time| now.seconds().saturating_sub(since.seconds());
                let fresh = |since| age(since) < self.cosigners.renew_after();
                (!self.renewed.is_some_and(fresh)).then_some(now)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.alarmed, true) {
                    tracing::error!(%error, "nothing is cosigned");
                }
                None
            }
        }
    }

    /// The last time that was signed, in a record or by the time key.
    fn last_time(&self) -> Option<Time> {
        let batch = self.ledger.monitor.index_times().last();
        self.renewed.max(batch.map(|(_, time)| time))
    }

    /// The keys that sign the next checkpoint: those that the registry's chain has for that.
    pub(super) fn log_keys(&self) -> Vec<&SigningKey> {
        let registry = self.ledger.monitor.registry();
        let active = |key: &&SigningKey| registry.active(Role::Log).any(|vkey| vkey == key.vkey());
        self.keys.log.iter().filter(active).collect()
    }

    /// Before the first checkpoint without a key that signed the last: keeps that one for ever.
    fn retire(&self, last: &Published) -> Result<(), BatchError> {
        let signing = self.log_keys();
        let keys = self.ledger.monitor.registry().keys().iter();
        for key in keys.filter(|key| key.role == Role::Log) {
            let signs = signing.iter().any(|signing| *signing.vkey() == key.vkey);
            let signed = SignedCheckpoint::open(&last.note, &self.origin, [&key.vkey]);
            if signs || signed.is_err() {
                continue;
            }
            let path = self.stored.layout.last_checkpoint(key.vkey.id());
            if let Some(dir) = path.parent() {
                durable::create_dirs(&*self.stored.files, &dir)?;
            }
            durable::replace(&self.stored.files, &path, &last.note, Sync::Now)?;
            self.shared
                .retire(last.note.clone(), last.checkpoint.clone());
        }
        Ok(())
    }

    fn check(&self, note: &[u8], checkpoint: &Checkpoint) -> Result<(), BatchError> {
        let keys = self.log_keys();
        check_note(note, checkpoint, keys.into_iter().map(SigningKey::vkey))
            .map_err(|error| BatchError::Fatal(error.to_string()))
    }

    fn settle(&mut self) -> Result<(), BatchError> {
        let size = self.shared.published().checkpoint.size;
        self.settle.settle(&self.stored, size)
    }

    /// Reads again what a batch that came to nothing has changed in memory.
    pub(super) fn reload(&mut self) -> Result<(), OpenError> {
        let (right, ledger) = reload(&self.stored, &self.shared.published())?;
        (self.right, self.ledger) = (right, ledger);
        Ok(())
    }

    fn sign(&self, checkpoint: &Checkpoint, time: Time) -> Result<SignedCheckpoint, BatchError> {
        let failed = |error| BatchError::Fatal(format!("the checkpoint cannot be signed: {error}"));
        let unsigned = || {
            BatchError::Fatal(
                "none of the keys is one that this log's checkpoints are signed with".to_owned(),
            )
        };
        let keys = self.log_keys();
        let (first, others) = keys.split_first().ok_or_else(unsigned)?;
        let mut signed = checkpoint.sign(first).map_err(failed)?;
        for key in others {
            signed.sign(key).map_err(failed)?;
        }
        signed
            .cosign(&self.keys.time, time.seconds())
            .map_err(failed)?;
        let mut random = [0; 16];
        if getrandom::fill(&mut random).is_ok() {
            signed
                .push(NoteSignature::grease(&random))
                .map_err(failed)?;
        }
        Ok(signed)
    }
}
