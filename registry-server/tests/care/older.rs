//! A database and a checkpoint that are older than the files of the log: to go on would be a fork.

use crate::fixture::{Fixture, content, copy, upload};
use crate::support::{Publisher, Registry, source};
use std::fs;
use tenon_registry_server::log::OpenError;

/// Logs so many releases more.
async fn go_on(fixture: &Fixture, name: &str, releases: usize) {
    let registry = Registry::open(fixture.path());
    let mut publisher = Publisher::new(registry.log.origin(), name, 80);
    publisher.settle(&registry.log).await;
    for patch in 0..releases {
        let version = format!("1.0.{patch}");
        upload(fixture.path(), &content("app", &version));
        let record = publisher.release("app", &version);
        publisher.submit(&registry.log, record).await.unwrap();
    }
    registry.log.close().await;
}

#[track_caller]
fn expect_refused(fixture: &Fixture) {
    let before = fixture.tiles();
    match Registry::try_open(&source(fixture.path())) {
        Err(OpenError::Contradiction(text)) => {
            assert!(text.contains("older than the log"), "{text}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a fork"),
    }
    assert_eq!(fixture.tiles(), before, "what is evidence is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_database_and_checkpoint_over_newer_tiles_are_refused() {
    // One batch more, and so many that there is another bundle.
    for releases in [0, 140] {
        let fixture = Fixture::new();
        let old = tempfile::tempdir().unwrap();
        copy(fixture.path(), old.path());
        go_on(&fixture, "zeta", releases).await;
        for file in ["registry.sqlite", "log/checkpoint"] {
            fs::copy(old.path().join(file), fixture.file(file)).unwrap();
        }
        for file in ["registry.sqlite-wal", "registry.sqlite-shm"] {
            let _ = fs::remove_file(fixture.file(file));
        }
        expect_refused(&fixture);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_is_begun_over_tiles() {
    let fixture = Fixture::new();
    for file in ["registry.sqlite", "log/checkpoint"] {
        fs::remove_file(fixture.file(file)).unwrap();
    }
    expect_refused(&fixture);
}
