//! The clock is wrong, or there are two of everything.

use crate::support::{Publisher, Registry, source};
use crate::truth::{audit, leaves};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_server::log::clock::{Clock, ClockError, SystemClock};
use tenon_registry_server::log::{Source, SubmitError};
use tenon_registry_server::store::{Disk, DiskError};

const HOUR: i64 = 3_600;
const YEAR: i64 = 365 * 24 * HOUR;
const DIR: &str = "TENON_TEST_SECOND_PROCESS";

/// The system's clock, set wrong.
#[derive(Debug)]
struct Wrong {
    system: SystemClock,
    by: AtomicI64,
}

impl Wrong {
    fn by(seconds: i64) -> Arc<Wrong> {
        let (system, by) = (SystemClock::new(), seconds.into());
        Arc::new(Wrong { system, by })
    }
}

impl Clock for Wrong {
    fn wall(&self) -> Duration {
        let seconds = self.system.wall().as_secs() as i64 + self.by.load(Ordering::SeqCst);
        Duration::from_secs(seconds as u64)
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
    }
}

fn with(dir: &Path, clock: Arc<Wrong>) -> Source {
    Source {
        clock,
        ..source(dir)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_signs_nothing_and_reads_go_on() {
    let dir = crate::watch::scratch();
    let clock = Wrong::by(0);
    let registry = Registry::try_open(&with(dir.path(), clock.clone())).unwrap();
    let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
    acme.submit(&registry.log, acme.next()).await.unwrap();
    let state = registry
        .verify(&acme.request(), None)
        .unwrap()
        .advance(None)
        .unwrap();
    for by in [-HOUR, YEAR] {
        let published = registry.log.published();
        clock.by.store(by, Ordering::SeqCst);
        let error = acme.submit(&registry.log, acme.next()).await.unwrap_err();
        let jumped = |error: &SubmitError| match error {
            SubmitError::Clock(ClockError::Jumped { seconds }) => Some(*seconds),
            _ => None,
        };
        let seconds = jumped(&error).unwrap();
        assert!((seconds - by).abs() <= 2, "{seconds}");
        assert_eq!(registry.log.published().note, published.note);
        registry.verify(&acme.request(), Some(&state)).unwrap();
        audit(
            &registry,
            Monitor::pinned(registry.log.pin()),
            &leaves(&registry),
        );
        clock.by.store(0, Ordering::SeqCst);
        acme.submit(&registry.log, acme.next()).await.unwrap();
    }
    registry.log.close().await;
    drop(registry);
    // Whoever starts with a clock that is behind the log does not start.
    let error = Registry::try_open(&with(dir.path(), Wrong::by(-HOUR)))
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("times in the log never go back"),
        "{error}"
    );
    let again = Registry::open(dir.path());
    acme.submit(&again.log, acme.next()).await.unwrap();
    again.verify(&acme.request(), Some(&state)).unwrap();
    audit(&again, Monitor::pinned(again.log.pin()), &leaves(&again));
    assert!(again.fatal.lock().unwrap().is_empty());
}

/// What the other process does: it is this test, which does nothing when it is run as one.
#[test]
fn second_process() {
    if let Some(dir) = std::env::var_os(DIR) {
        match Disk::open(Path::new(&dir)).unwrap().lock() {
            Err(DiskError::InUse { .. }) => println!("refused"),
            other => println!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused() {
    let dir = crate::watch::scratch();
    let disk = Disk::open(dir.path()).unwrap().lock().unwrap();
    let files = Arc::new(disk);
    let source = Source {
        files,
        ..source(dir.path())
    };
    let registry = Registry::try_open(&source).unwrap();
    let second = || {
        let mut second = Command::new(std::env::current_exe().unwrap());
        second.args(["--exact", "clock::second_process", "--nocapture"]);
        let output = second.env(DIR, dir.path()).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("refused")
    };
    assert!(second());
    registry.log.close().await;
    assert!(second(), "the files are still held");
    drop((registry, source));
    assert!(!second());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_without_a_lock_never_sign_two_logs() {
    let dir = crate::watch::scratch();
    let one = Registry::open(dir.path());
    let mut acme = Publisher::new(one.log.origin(), "acme", 1);
    acme.submit(&one.log, acme.next()).await.unwrap();
    let other = Registry::open(dir.path());
    acme.submit(&one.log, acme.next()).await.unwrap();
    let mut rival = Publisher::new(other.log.origin(), "rival", 2);
    let error = rival.submit(&other.log, rival.create()).await.unwrap_err();
    assert!(
        error.to_string().contains("another process has written"),
        "{error}"
    );
    assert!(rival.submit(&other.log, rival.create()).await.is_err());
    while other.fatal.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(other.fatal.lock().unwrap().len(), 1);
    acme.submit(&one.log, acme.next()).await.unwrap();
    one.log.close().await;
    let again = Registry::open(dir.path());
    audit(&again, Monitor::pinned(again.log.pin()), &leaves(&again));
    acme.submit(&again.log, acme.next()).await.unwrap();
}
