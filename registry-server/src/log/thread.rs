//! The thread that a log is written by, and the handle by which everyone else has it.

use super::bundle::bundle;
use super::cosign::{CosignFigures, lock};
use super::open::{OpenError, Source, open};
use super::shared::Shared;
use super::stats::{BatchStats, LogStats, Stats};
use super::stored::{Stored, StoredError};
use super::writer::{BatchError, Job, Writer};
use super::{BundleError, Logged, Published, Submission, SubmitError};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fmt, io};
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::{
    Hash, KeyId, Origin, ProveError, SigningKey, TilePath, prove_consistency, prove_inclusion,
};
use tenon_registry_client::record::{Role, SignedRecord, Subject, Time};
use tenon_registry_client::state::Pin;
use tokio::sync::oneshot;

/// The most records of a batch.
const MOST_IN_BATCH: usize = 256;

/// The most records that wait.
const MOST_WAITING: usize = 4_096;

/// After how long without a record the files are brought to the disk.
const IDLE: Duration = Duration::from_millis(500);

/// What is done when nothing may be written any more, since nobody knows what was: the process ends.
pub type Fatal = Arc<dyn Fn(&str) + Send + Sync>;

/// A log of this registry. Cheap to clone; every clone is the same log.
///
/// The log is closed when the last one is dropped, or by [`Log::close`].
#[derive(Clone)]
pub struct Log {
    origin: Origin,
    ingest: Arc<[SigningKey]>,
    pin: Pin,
    stored: Stored,
    shared: Arc<Shared>,
    figures: Arc<Mutex<CosignFigures>>,
    stats: Arc<Stats>,
    jobs: Arc<Mutex<Option<SyncSender<Job>>>>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Log {
    /// Opens a log, or begins one if there is none, and starts to write it.
    ///
    /// `fatal` is called when it cannot go on: it should end the process. The log takes no more records
    /// then.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(source: &Source, fatal: Fatal) -> Result<Log, OpenError> {
        let writer = open(source)?;
        let (stored, shared) = (writer.stored.clone(), writer.shared.clone());
        let origin = writer.origin.clone();
        let init = writer.ledger.monitor.registry().hash(0);
        let key = writer.log_keys().first().map(|key| key.vkey().clone());
        let figures = writer.cosigners.figures();
        let keys = &source.keys;
        let ingest = [&keys.ingest]
            .into_iter()
            .chain(keys.earlier_ingest.iter().rev());
        let registry = writer.ledger.monitor.registry();
        // One that the log does not name, or no longer, signs nothing that clients accept.
        let ingest = ingest.filter(|key| registry.active(Role::Ingest).any(|it| it == key.vkey()));
        let ingest = ingest.cloned().collect();
        let pin = key
            .zip(init)
            .and_then(|(key, init)| Pin::new(key, init).ok());
        let pin = pin.ok_or_else(|| OpenError::Keys("the log has no pin".to_owned()))?;
        let (send, receive) = sync_channel(MOST_WAITING);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let stats: Arc<Stats> = Arc::default();
        let counted = Arc::clone(&stats);
        let thread = thread.spawn(move || run(writer, &receive, &counted, &fatal));
        let thread = thread.map_err(|error| OpenError::Write(error.to_string()))?;
        Ok(Log {
            origin,
            ingest,
            pin,
            stored,
            shared,
            figures,
            stats,
            jobs: Arc::new(Mutex::new(Some(send))),
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// The origin.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What clients pin.
    pub fn pin(&self) -> &Pin {
        &self.pin
    }

    /// What signs releases for those who have no key of their own, the newest first.
    pub(crate) fn ingest(&self) -> &[SigningKey] {
        &self.ingest
    }

    /// The latest checkpoint.
    pub fn published(&self) -> Arc<Published> {
        self.shared.published()
    }

    /// What came of asking witnesses.
    pub fn cosign_figures(&self) -> CosignFigures {
        lock(&self.figures).clone()
    }

    /// What it did since it was opened.
    pub fn stats(&self) -> LogStats {
        self.stats.get()
    }

    /// The records of a chain, as far as they are published; none if there is no such chain. It reads
    /// files.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn chain(&self, subject: &Subject) -> Result<Vec<SignedRecord>, BundleError> {
        let size = self.published().checkpoint.size;
        let records = self.stored.chain(subject, size);
        let records = records.map_err(|error| BundleError::Unreadable(error.to_string()))?;
        Ok(records.into_iter().map(|placed| placed.record).collect())
    }

    /// The records of the registry's own chain, each with the time of the batch it came in. It reads
    /// files.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn registry(&self) -> Result<Vec<(SignedRecord, Time)>, BundleError> {
        let records = self.placed(&Subject::Registry)?.into_iter();
        Ok(records.map(|(_, record, time)| (record, time)).collect())
    }

    /// The records of a chain, as far as they are published, each with its index and the time of the batch it
    /// came in. It reads files.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub(crate) fn placed(
        &self,
        subject: &Subject,
    ) -> Result<Vec<(u64, SignedRecord, Time)>, BundleError> {
        let size = self.published().checkpoint.size;
        let unreadable = |error: StoredError| BundleError::Unreadable(error.to_string());
        let records = self.stored.chain(subject, size).map_err(unreadable)?;
        let timed = self.shared.batches(size, |times| {
            let timed = records.into_iter().filter_map(|placed| {
                let batch = times.partition_point(|(index, _)| *index < placed.index);
                Some((placed.index, placed.record, times.get(batch)?.1))
            });
            timed.collect()
        });
        Ok(timed)
    }

    /// Has a record logged, and waits until a published checkpoint includes it.
    ///
    /// # Errors
    ///
    /// [`SubmitError`].
    pub async fn submit(&self, submission: Submission) -> Result<Logged, SubmitError> {
        let _waiting = self.stats.wait();
        let logged = self.hand_over(submission).await;
        logged.inspect_err(|error| self.stats.refused(error))
    }

    async fn hand_over(&self, submission: Submission) -> Result<Logged, SubmitError> {
        let closed = || SubmitError::Closed("it is being closed".to_owned());
        let (reply, answer) = oneshot::channel();
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let sent = jobs.ok_or_else(closed)?.try_send(Job { submission, reply });
        match sent {
            Ok(()) => answer.await.map_err(|_| closed())?,
            Err(TrySendError::Full(_)) => Err(SubmitError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }

    /// The inclusion proof of a leaf in a published checkpoint. It reads files.
    ///
    /// # Errors
    ///
    /// The tree cannot be read, or is not that large.
    pub fn inclusion(&self, index: u64, published: &Published) -> Result<Vec<Hash>, BundleError> {
        let size = published.checkpoint.size;
        prove_inclusion(&self.stored.nodes(size), index, size).map_err(unproved)
    }

    /// The consistency proof between two sizes, which the log must have. It reads files.
    ///
    /// # Errors
    ///
    /// The tree cannot be read, or is not that large.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, BundleError> {
        match new <= self.published().checkpoint.size {
            true => prove_consistency(&self.stored.nodes(new), old, new).map_err(unproved),
            false => Err(BundleError::SizeNotHeld(new)),
        }
    }

    /// Where a record is that was logged before. It reads files.
    ///
    /// # Errors
    ///
    /// The log cannot be read.
    pub fn find(&self, record: &SignedRecord) -> Result<Option<Logged>, BundleError> {
        let published = self.published();
        let index = self.stored.find(record, published.checkpoint.size);
        let index = index.map_err(|error| BundleError::Unreadable(error.to_string()))?;
        Ok(index.map(|index| Logged {
            index,
            repeated: true,
            published,
        }))
    }

    /// How many bytes of records a bundle for this query is made of, at most.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn weight(&self, query: &ProofQuery) -> Result<u64, BundleError> {
        let weight = super::bundle::weight(&self.stored, &query.request);
        weight.map_err(|error| BundleError::Unreadable(error.to_string()))
    }

    /// Everything that proves what is asked for. It reads files: not for an async thread.
    ///
    /// # Errors
    ///
    /// [`BundleError`].
    pub fn prove(&self, query: &ProofQuery) -> Result<Vec<u8>, BundleError> {
        bundle(&self.stored, &self.shared, &self.origin, query)
    }

    /// The file of a tile or entry bundle, if it is part of the log; it reads a file.
    ///
    /// A batch that is in the log has its files before its checkpoint is published, since witnesses
    /// may have to read them first.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn tile(&self, path: TilePath) -> io::Result<Option<Vec<u8>>> {
        let size = self.shared.promised();
        match path.end().is_some_and(|end| end <= size) {
            true => self.stored.tile(path, size),
            false => Ok(None),
        }
    }

    /// The last checkpoint that was signed by a log key which no longer signs.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn last_checkpoint(&self, key: KeyId) -> io::Result<Option<Vec<u8>>> {
        let path = self.stored.layout.last_checkpoint(key);
        match self.stored.files.read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Takes no more records, finishes those that wait, and brings everything to the disk.
    pub async fn close(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A thread that panicked has nothing left to finish.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.origin).finish()
    }
}

/// Has the process end if the thread panics: nobody else writes, and nobody would notice.
struct Ending<'a>(&'a Fatal);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)("the thread of the log panicked");
        }
    }
}

fn run(mut writer: Writer, jobs: &Receiver<Job>, stats: &Stats, fatal: &Fatal) {
    let _ending = Ending(fatal);
    loop {
        let result = match jobs.recv_timeout(IDLE) {
            Ok(first) => {
                let mut batch = vec![first];
                // What came while the last batch was written makes up this one.
                batch.extend(jobs.try_iter().take(MOST_IN_BATCH - 1));
                let written = measure(&mut writer, stats, |writer| writer.write(batch));
                // Records that come all the time, and are refused, must not keep it from being fresh.
                written.and_then(|()| writer.tend())
            }
            Err(RecvTimeoutError::Timeout) => writer.tend().and_then(|()| writer.idle()),
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(error) = writer.idle() {
                    tracing::error!(%error, "the log was not brought to the disk: it will be at the next start");
                }
                return;
            }
        };
        match result {
            Ok(()) => {}
            Err(BatchError::Fatal(error)) => {
                tracing::error!(error, "the log cannot go on");
                return fatal(&error);
            }
            Err(error) => {
                tracing::error!(%error, "a batch was not written");
                if let Err(error) = writer.reload() {
                    return fatal(&error.to_string());
                }
            }
        }
    }
}

/// Has a batch written, and counts it if it was.
fn measure(
    writer: &mut Writer,
    stats: &Stats,
    write: impl FnOnce(&mut Writer) -> Result<(), BatchError>,
) -> Result<(), BatchError> {
    let (begun, before) = (Instant::now(), writer.shared.published().checkpoint.size);
    write(writer)?;
    let leaves = writer.shared.published().checkpoint.size - before;
    // The last leaf closes the batch.
    if let Some(records) = leaves.checked_sub(1) {
        let time = begun.elapsed();
        stats.logged(BatchStats { records, time });
    }
    Ok(())
}

fn unproved(error: ProveError<StoredError>) -> BundleError {
    match error {
        ProveError::Proof(error) => BundleError::NoSuchProof(error.to_string()),
        ProveError::Node { id, source } => BundleError::Unreadable(format!("{id}: {source}")),
        other => BundleError::Unreadable(other.to_string()),
    }
}
