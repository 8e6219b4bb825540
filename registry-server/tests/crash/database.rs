//! The database cannot be written: nothing is logged, reading goes on, and so does writing later.

use crate::support::{Publisher, Registry, source};
use crate::truth::{audit, leaves};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::TilePath;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::verify::{Held, Known};
use tenon_registry_server::log::SubmitError;
use tenon_registry_server::store::database::Database;

struct World {
    dir: TempDir,
    database: Arc<Database>,
    registry: Registry,
    acme: Publisher,
}

impl World {
    async fn new() -> World {
        let dir = crate::watch::scratch();
        let source = source(dir.path());
        let registry = Registry::try_open(&source).unwrap();
        let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
        for _ in 0..4 {
            acme.submit(&registry.log, acme.next()).await.unwrap();
        }
        let database = source.database;
        World {
            dir,
            database,
            registry,
            acme,
        }
    }

    /// Sets something of the connection that writes.
    fn pragma(&self, name: &str, value: i64) {
        let set = |tx: &rusqlite::Transaction<'_>| {
            tx.pragma_update_and_check(None, name, value, |row| row.get::<_, i64>(0))
        };
        self.database.write(set).unwrap();
    }

    async fn logs(&mut self) {
        self.acme
            .submit(&self.registry.log, self.acme.next())
            .await
            .unwrap();
        self.reads();
        assert_eq!(*self.registry.fatal.lock().unwrap(), [""; 0]);
    }

    async fn refuses(&self) -> SubmitError {
        let (record, world) = (self.acme.next(), None);
        let submission = tenon_registry_server::log::Submission { record, world };
        let before = self.registry.log.published();
        let error = self.registry.log.submit(submission).await.unwrap_err();
        assert_eq!(self.registry.log.published().note, before.note);
        self.reads();
        error
    }

    fn reads(&self) {
        self.registry.verify(&self.acme.request(), None).unwrap();
        let monitor = Monitor::pinned(self.registry.log.pin());
        audit(&self.registry, monitor, &leaves(&self.registry));
    }

    async fn reopens(mut self) {
        self.logs().await;
        self.registry.log.close().await;
        let again = Registry::open(self.dir.path());
        audit(&again, Monitor::pinned(again.log.pin()), &leaves(&again));
        self.acme
            .submit(&again.log, self.acme.next())
            .await
            .unwrap();
        assert_eq!(*again.fatal.lock().unwrap(), [""; 0]);
    }
}

/// Another process that writes to the database, and is in the middle of it.
fn locked(dir: &Path) -> Connection {
    let other = Connection::open(dir.join("registry.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_is_forgotten_when_there_is_space() {
    let mut world = World::new().await;
    world.pragma("max_page_count", 1);
    // Free pages of the file are used up at some point.
    let mut logged = 0;
    let error = loop {
        let record = world.acme.next();
        let log = world.registry.log.clone();
        match world.acme.submit(&log, record).await {
            Ok(_) => logged += 1,
            Err(error) => break error,
        }
        assert!(logged < 100);
    };
    assert!(matches!(error, SubmitError::NoSpace), "{error}");
    for _ in 0..3 {
        assert!(matches!(world.refuses().await, SubmitError::NoSpace));
    }
    world.pragma("max_page_count", 1 << 20);
    world.logs().await;
    world.reopens().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_process_writes_refuses() {
    let mut world = World::new().await;
    world.pragma("busy_timeout", 100);
    let other = locked(world.dir.path());
    let error = world.refuses().await;
    assert!(error.to_string().contains("database is locked"), "{error}");
    // What is to be brought to the disk waits, too.
    tokio::time::sleep(Duration::from_millis(900)).await;
    world.reads();
    drop(other);
    world.logs().await;
    let other = locked(world.dir.path());
    tokio::time::sleep(Duration::from_millis(900)).await;
    drop(other);
    world.logs().await;
    world.reopens().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_can_only_be_read_refuses() {
    let mut world = World::new().await;
    world
        .database
        .write(|tx| tx.pragma_update(None, "query_only", true))
        .unwrap();
    for _ in 0..2 {
        let error = world.refuses().await;
        assert!(error.to_string().contains("readonly"), "{error}");
    }
    // That is for good, until it is opened again.
    world.registry.log.close().await;
    world.registry = Registry::open(world.dir.path());
    world.logs().await;
    world.reopens().await;
}

/// Whoever began to read at a checkpoint can go on, whatever was removed since.
#[tokio::test(flavor = "multi_thread")]
async fn earlier_checkpoints_are_read_after_their_partial_tiles_are_gone() {
    let mut world = World::new().await;
    let early = world.registry.log.published();
    let request = world.acme.request();
    let size = early.checkpoint.size;
    for _ in 0..3 {
        world.logs().await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let log = &world.registry.log;
        let (request, size) = (request.clone(), Some(size));
        let known = Known::of(0, &Held::default());
        log.prove(&ProofQuery {
            request,
            known,
            size,
        })
        .unwrap();
        log.inclusion(3, &early).unwrap();
        log.consistency(2, early.checkpoint.size).unwrap();
    }
    // No more files are there than the log has, so that a quiet registry does not fill its disk.
    let size = world.registry.log.published().checkpoint.size;
    for path in TilePath::partial_tiles(size).chain(TilePath::partial_bundle(size)) {
        let dir = world.dir.path().join("log").join(path.to_string());
        let names = std::fs::read_dir(dir.parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1, "{path}");
    }
    world.reopens().await;
}
