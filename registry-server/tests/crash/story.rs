//! What happened to a log before the power failed.

use crate::recorder::{Copy, Recorder};
use crate::support::{Publisher, Registry};
use crate::truth::{Truth, leaves};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;
use tempfile::TempDir;
use tenon_registry_client::state::TrustState;
use tenon_registry_server::log::clock::SystemClock;
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{LogId, Source, Submission};
use tenon_registry_server::store::database::Database;
use tenon_registry_server::store::{Files, Simulated};

/// A log that is being written on a simulated disk, and a publisher who remembers.
pub(crate) struct Told {
    dir: TempDir,
    keys: Arc<Keys>,
    pub(crate) recorder: Recorder,
    registry: Option<Registry>,
    acme: Publisher,
    states: BTreeMap<u64, TrustState>,
}

/// What was written, and everything that a test needs to know about it.
pub(crate) struct Story {
    pub(crate) keys: Arc<Keys>,
    pub(crate) disk: Simulated,
    pub(crate) copies: Vec<Copy>,
    pub(crate) truth: Truth,
    /// What a client came to believe at each size that it saw.
    pub(crate) states: BTreeMap<u64, TrustState>,
    /// Keeps the copies.
    _recorder: Recorder,
}

pub(crate) fn source(files: Arc<dyn Files>, database: &Path, keys: &Arc<Keys>) -> Source {
    Source {
        log: LogId::Public,
        files,
        database: Arc::new(Database::open(database).unwrap()),
        clock: Arc::new(SystemClock::new()),
        keys: keys.clone(),
        cosigning: tenon_registry_server::log::Cosigning::default(),
    }
}

impl Told {
    /// Begins a log.
    pub(crate) fn begin() -> Told {
        let dir = crate::watch::scratch();
        let database = dir.path().join("registry.sqlite");
        drop(Database::open(&database).unwrap());
        let keys = Keys::generate(&dir.path().join("keys/public"), None)
            .unwrap()
            .0;
        let keys = Arc::new(keys);
        let recorder = Recorder::new(Simulated::new(), &database);
        let files = Arc::new(recorder.clone());
        let registry = Registry::try_open(&source(files, &database, &keys)).unwrap();
        let acme = Publisher::new(registry.log.origin(), "acme", 1);
        recorder.observe();
        let mut told = Told {
            dir,
            keys,
            recorder,
            registry: Some(registry),
            acme,
            states: BTreeMap::new(),
        };
        told.believe();
        told
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap()
    }

    /// Logs so many records, each in a batch of its own.
    pub(crate) async fn one_by_one(&mut self, count: usize) {
        for _ in 0..count {
            let record = self.acme.next_elsewhere();
            let log = self.registry().log.clone();
            let logged = self.acme.submit(&log, record).await.unwrap();
            self.recorder.tell(logged.index);
            self.believe();
        }
    }

    /// Logs so many records, the first in a batch of its own and the others together.
    pub(crate) async fn at_once(&mut self, count: usize) {
        let log = self.registry().log.clone();
        let mut submitted = vec![];
        for _ in 0..count {
            let record = self.acme.next_elsewhere();
            self.acme.logged(&record);
            let world = None;
            submitted.push(Box::pin(log.submit(Submission { record, world })));
        }
        let recorder = self.recorder.clone();
        let mut rest = submitted.split_off(1);
        let mut first = submitted.remove(0);
        // They are sent when they are polled first; the second batch waits for the end of the first.
        let mut context = Context::from_waker(Waker::noop());
        let held = recorder.hold();
        assert!(first.as_mut().poll(&mut context).is_pending());
        while !recorder.waits() {
            std::thread::yield_now();
        }
        for one in &mut rest {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        drop(held);
        let first = first.await.unwrap();
        self.recorder.tell(first.index);
        for logged in join_all(rest).await {
            self.recorder.tell(logged.unwrap().index);
        }
        self.believe();
    }

    /// Waits until everything is on the disk.
    pub(crate) async fn idle(&self) {
        let staged = || {
            let database = rusqlite::Connection::open(self.dir.path().join("registry.sqlite"));
            let count = "SELECT count(*) FROM staged";
            let count = database
                .unwrap()
                .query_row(count, [], |row| row.get::<_, i64>(0));
            count.unwrap()
        };
        while staged() != 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What was staged for is removed after that.
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.recorder.observe();
    }

    /// Closes the log and opens it again.
    pub(crate) async fn restart(&mut self) {
        self.registry().log.close().await;
        self.registry = None;
        self.recorder.observe();
        let database = self.dir.path().join("registry.sqlite");
        let files = Arc::new(self.recorder.clone());
        let registry = Registry::try_open(&source(files, &database, &self.keys)).unwrap();
        self.registry = Some(registry);
        self.recorder.observe();
    }

    /// The end.
    pub(crate) async fn end(self) -> Story {
        let registry = self.registry();
        assert_eq!(*registry.fatal.lock().unwrap(), [""; 0]);
        let truth = Truth::of(leaves(registry), registry.log.pin());
        registry.log.close().await;
        self.recorder.observe();
        Story {
            keys: self.keys,
            disk: self.recorder.disk.clone(),
            copies: self.recorder.copies(),
            truth,
            states: self.states,
            _recorder: self.recorder,
        }
    }

    fn believe(&mut self) {
        let last = self.states.values().next_back();
        let view = self.registry().verify(&self.acme.request(), last).unwrap();
        let state = view.advance(last).unwrap();
        self.states.insert(state.checkpoint().size, state);
    }
}
