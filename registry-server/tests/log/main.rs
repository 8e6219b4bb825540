//! The log: written, closed, opened again, and verified as a client does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

use support::{Publisher, Registry, source};
use tenon_registry_client::log::{SignedCheckpoint, TilePath, decode_entries};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::verify::Request;
use tenon_registry_server::log::SubmitError;

fn request(package: &str, version: &str) -> Request {
    Request::release(package.parse().unwrap(), version.parse().unwrap())
}

/// Reads the whole log as a monitor does, and compares it with its checkpoint.
fn audit(registry: &Registry) -> Monitor {
    let published = registry.log.published();
    let mut monitor = Monitor::pinned(registry.log.pin());
    for path in TilePath::bundles(published.checkpoint.size) {
        let bytes = registry.log.tile(path).unwrap().unwrap();
        for leaf in decode_entries(&bytes, path.width()).unwrap() {
            monitor.read(leaf);
        }
    }
    let key = registry.log.pin().key().clone();
    let signed = SignedCheckpoint::open(&published.note, registry.log.origin(), [&key]).unwrap();
    monitor.check(&signed);
    assert_eq!(monitor.findings(), &[]);
    monitor
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_verifies_before_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path());
    let pin = registry.log.pin().to_string();
    let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
    acme.settle(&registry.log).await;
    for minor in 0..10 {
        let record = acme.release("http", &format!("1.{minor}.0"));
        let logged = acme.submit(&registry.log, record.clone()).await.unwrap();
        let again = acme.submit(&registry.log, record).await.unwrap();
        assert_eq!((logged.repeated, again.repeated), (false, true));
        assert_eq!(again.index, logged.index);
    }
    let view = registry
        .verify(&request("acme:http", "1.9.0"), None)
        .unwrap();
    let state = view.advance(None).unwrap();
    assert_eq!(view.release(&"1.9.0".parse().unwrap()).unwrap().seq, 9);
    audit(&registry);
    registry.log.close().await;

    let again = Registry::open(dir.path());
    assert_eq!(again.log.pin().to_string(), pin);
    assert_eq!(again.log.published().checkpoint, *state.checkpoint());
    let record = acme.release("http", "2.0.0");
    acme.submit(&again.log, record).await.unwrap();
    let view = again
        .verify(&request("acme:http", "2.0.0"), Some(&state))
        .unwrap();
    assert!(view.advance(Some(&state)).is_ok());
    // A package that there is not is proved not to be there.
    let nothing = again
        .verify(&request("acme:nothing", "1.0.0"), None)
        .unwrap();
    assert!(nothing.package().is_none());
    audit(&again);
    assert!(again.fatal.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_publishers_at_once_fill_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path());
    let mut tasks = vec![];
    for number in 0..24_u8 {
        let log = registry.log.clone();
        let mut publisher = Publisher::new(log.origin(), &format!("team{number}"), number + 1);
        tasks.push(tokio::spawn(async move {
            publisher.settle(&log).await;
            for patch in 0..12 {
                let record = publisher.release("app", &format!("1.0.{patch}"));
                publisher.submit(&log, record).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let monitor = audit(&registry);
    assert_eq!(monitor.packages().count(), 24);
    let size = registry.log.published().checkpoint.size;
    assert!(size > 256 + 24 * 2, "{size}");
    // Partial tiles of every size that was, too, although later ones took their place.
    for old in [3, 100, 255, 256, 257, size - 1] {
        for path in TilePath::tiles(old).chain(TilePath::bundles(old)) {
            assert!(registry.log.tile(path).unwrap().is_some(), "{path}");
        }
    }
    registry.log.close().await;
    let again = Registry::open(dir.path());
    assert_eq!(again.log.published().checkpoint.size, size);
    audit(&again);
    for number in [0, 23] {
        let view = again
            .verify(&request(&format!("team{number}:app"), "1.0.11"), None)
            .unwrap();
        assert_eq!(view.package().unwrap().releases().len(), 12);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path());
    let log = &registry.log;
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(log).await;
    let first = acme.release("http", "1.0.0");
    let rival = acme.release("http", "1.0.1");
    acme.submit(log, first).await.unwrap();
    let size = log.published().checkpoint.size;
    let mut other = Publisher::new(&"elsewhere.example/log".parse().unwrap(), "acme", 1);
    other.chains = acme.chains.clone();
    let mut thief = Publisher::new(log.origin(), "acme", 9);
    thief.chains = acme.chains.clone();
    let mut twin = Publisher::new(log.origin(), "ac-me", 3);
    let refused = [
        acme.submit(log, rival).await.unwrap_err(),
        other
            .submit(log, other.release("http", "2.0.0"))
            .await
            .unwrap_err(),
        thief
            .submit(log, thief.release("http", "2.0.0"))
            .await
            .unwrap_err(),
        twin.submit(log, twin.create()).await.unwrap_err(),
        acme.submit(log, acme.release("http", "1.0.0"))
            .await
            .unwrap_err(),
    ];
    assert!(
        matches!(refused[0], SubmitError::Taken { seq: 0, .. }),
        "{:?}",
        refused[0]
    );
    assert!(
        matches!(refused[1], SubmitError::Origin { .. }),
        "{:?}",
        refused[1]
    );
    assert!(
        matches!(refused[2], SubmitError::Refused(_)),
        "{:?}",
        refused[2]
    );
    assert!(
        matches!(refused[3], SubmitError::Confusable { .. }),
        "{:?}",
        refused[3]
    );
    assert!(
        matches!(refused[4], SubmitError::Refused(_)),
        "{:?}",
        refused[4]
    );
    assert_eq!(log.published().checkpoint.size, size);
    audit(&registry);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_itself_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::open(dir.path());
    let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
    acme.settle(&registry.log).await;
    registry.log.close().await;
    drop(registry);
    let database = dir.path().join("registry.sqlite");
    let old = std::fs::read(&database).unwrap();
    let checkpoint = dir.path().join("log/checkpoint");

    let registry = Registry::open(dir.path());
    acme.submit(&registry.log, acme.release("http", "1.0.0"))
        .await
        .unwrap();
    registry.log.close().await;
    drop(registry);
    let refusal = || {
        Registry::try_open(&source(dir.path()))
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(refusal(), None);

    let new = std::fs::read(&database).unwrap();
    std::fs::write(&database, old).unwrap();
    let older = refusal().unwrap();
    assert!(
        older.contains("the database is older than the log"),
        "{older}"
    );
    std::fs::remove_file(&database).unwrap();
    let gone = refusal().unwrap();
    assert!(gone.contains("the database knows nothing of it"), "{gone}");
    for file in [
        "registry.sqlite",
        "registry.sqlite-wal",
        "registry.sqlite-shm",
    ] {
        let _ = std::fs::remove_file(dir.path().join(file));
    }
    std::fs::write(&database, new).unwrap();

    let tile = dir.path().join("log/tile/0/000.p");
    let tile = std::fs::read_dir(tile)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&tile, &bytes).unwrap();
    let flipped = refusal().unwrap();
    assert!(flipped.contains("was promised"), "{flipped}");
    bytes[0] ^= 1;
    std::fs::write(&tile, &bytes).unwrap();
    // What can be made again is.
    std::fs::remove_file(&checkpoint).unwrap();
    assert_eq!(refusal(), None);
    assert!(checkpoint.exists());
}
