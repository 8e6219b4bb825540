//! Every call to the files fails in turn: while a record is logged, and while a log is opened.

use crate::support::{Publisher, Registry};
use crate::truth::{audit, leaves};
use rustix::io::Errno;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::SignedRecord;
use tenon_registry_server::log::{Source, SubmitError};
use tenon_registry_server::store::{Call, Fault, Faulty, Which};

/// How long a log that has nothing to do waits before it brings its files to the disk, and more.
const SETTLED: Duration = Duration::from_millis(900);

/// A directory with a log in it, which is copied for each fault.
struct Base {
    dir: TempDir,
    acme: Vec<SignedRecord>,
}

impl Base {
    async fn new() -> Base {
        let dir = crate::watch::scratch();
        let registry = Registry::open(dir.path());
        let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
        let mut records = vec![];
        for _ in 0..4 {
            let record = acme.next();
            acme.submit(&registry.log, record.clone()).await.unwrap();
            records.push(record);
        }
        registry.log.close().await;
        let acme = records;
        Base { dir, acme }
    }

    fn copy(&self) -> TempDir {
        let dir = crate::watch::scratch();
        crate::copy(self.dir.path(), dir.path());
        dir
    }

    fn publisher(&self, registry: &Registry) -> Publisher {
        let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
        self.acme.iter().for_each(|record| acme.logged(record));
        acme
    }
}

/// A log whose files can fail.
fn faulty(dir: &Path) -> (Faulty, Source) {
    let source = crate::support::source(dir);
    let faulty = Faulty::new(source.files.clone());
    let files = Arc::new(faulty.clone());
    (faulty, Source { files, ..source })
}

/// Does something for each number up to one, several at a time.
fn each(count: u64, act: impl Fn(u64) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed) as u64;
                    match number < count {
                        true => act(number),
                        false => return,
                    }
                }
            });
        }
    });
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

/// Opens the log without faults, and expects these records in it, and that it goes on.
async fn expect(dir: &Path, base: &Base, told: &[(u64, SignedRecord)], or: &[SignedRecord]) {
    let registry = Registry::open(dir);
    let leaves = leaves(&registry);
    audit(&registry, Monitor::pinned(registry.log.pin()), &leaves);
    for (index, record) in told {
        assert!(leaves[*index as usize] == record.bytes());
    }
    let mut acme = base.publisher(&registry);
    told.iter().for_each(|(_, record)| acme.logged(record));
    // That of which nobody was told may be there too.
    for record in or.iter().take(1) {
        if leaves.iter().any(|leaf| leaf == record.bytes()) {
            acme.logged(record);
        }
    }
    acme.submit(&registry.log, acme.next()).await.unwrap();
    registry.verify(&acme.request(), None).unwrap();
    registry.log.close().await;
    assert_eq!(*registry.fatal.lock().unwrap(), [""; 0]);
}

#[derive(Debug, Default)]
struct Outcomes {
    logged: AtomicUsize,
    refused: AtomicUsize,
    ended: AtomicUsize,
}

fn count(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// Logs two records, with a fault set before the first, and waits until it is settled.
async fn publish(base: &Base, fault: Option<Fault>, outcomes: &Outcomes) -> Vec<Call> {
    let dir = base.copy();
    let (faulty, source) = faulty(dir.path());
    let registry = Registry::try_open(&source).unwrap();
    let mut acme = base.publisher(&registry);
    let before = faulty.calls().len();
    faulty.fail(fault);
    let first = acme.next();
    let (mut told, mut not_told) = (vec![], vec![]);
    match acme.submit(&registry.log, first.clone()).await {
        Ok(logged) => {
            count(&outcomes.logged);
            told.push((logged.index, first));
        }
        Err(error) => {
            count(&outcomes.refused);
            let closed = matches!(error, SubmitError::Closed(_) | SubmitError::NoSpace);
            assert!(closed, "{error}");
            not_told.push(first);
        }
    }
    tokio::time::sleep(SETTLED).await;
    let calls = faulty.calls().split_off(before);
    let ended = !registry.fatal.lock().unwrap().is_empty();
    let failed = fault.map(|fault| match fault.which {
        Which::Only(only) | Which::From(only) => only as usize,
    });
    if let Some(failed) = failed.filter(|failed| calls.len() > *failed) {
        let synced = |call: &Call| matches!(call, Call::Sync | Call::SyncDir);
        if synced(&calls[failed]) {
            assert!(ended, "a sync failed, and the log goes on");
            assert!(!calls[failed + 1..].iter().any(synced), "{calls:?}");
        }
    }
    // Reading goes on either way, and there is nothing wrong with what is read.
    faulty.fail(None);
    let published = registry.log.published().checkpoint.size;
    assert!(told.iter().all(|(index, _)| *index < published));
    audit(
        &registry,
        Monitor::pinned(registry.log.pin()),
        &leaves(&registry),
    );
    let next = acme.next();
    match acme.submit(&registry.log, next.clone()).await {
        Ok(logged) => {
            assert!(!ended);
            // What was refused because something could not be read then.
            not_told.clear();
            told.push((logged.index, next));
        }
        Err(error) => {
            count(&outcomes.ended);
            assert!(ended, "{error}");
            assert!(matches!(error, SubmitError::Closed(_)), "{error}");
            not_told.push(next);
        }
    }
    registry.log.close().await;
    drop((registry, source));
    expect(dir.path(), base, &told, &not_told).await;
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_a_publish_fails() {
    let base = Base::new().await;
    let calls = publish(&base, None, &Outcomes::default()).await;
    for errno in [Errno::IO, Errno::NOSPC] {
        for from in [false, true] {
            let outcomes = Outcomes::default();
            each(calls.len() as u64, |number| {
                let which = match from {
                    true => Which::From(number),
                    false => Which::Only(number),
                };
                let (of, short_write) = (None, 7);
                let fault = Fault {
                    which,
                    of,
                    errno,
                    short_write,
                };
                run(publish(&base, Some(fault), &outcomes));
            });
            let which = if from { "and all later ones" } else { "alone" };
            println!(
                "each of {} calls fails with {errno:?} {which}: {outcomes:?}",
                calls.len()
            );
            assert!(outcomes.logged.into_inner() > 0 && outcomes.ended.into_inner() > 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_opening_fails() {
    let base = Base::new().await;
    // What is on the disk is not what is staged, so that there is something to recover.
    let registry = Registry::open(base.dir.path());
    let mut acme = base.publisher(&registry);
    let record = acme.next();
    let logged = acme.submit(&registry.log, record.clone()).await.unwrap();
    let crashed = base.copy();
    registry.log.close().await;
    let crashed = Base {
        dir: crashed,
        acme: base.acme,
    };
    let told = [(logged.index, record)];

    let dir = crashed.copy();
    let (faulty, source) = faulty(dir.path());
    let registry = Registry::try_open(&source).unwrap();
    let calls = faulty.calls();
    registry.log.close().await;
    let (opened, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(calls.len() as u64 * 2, |number| {
        let dir = crashed.copy();
        let (faulty, source) = self::faulty(dir.path());
        let which = Which::Only(number / 2);
        let errno = [Errno::IO, Errno::NOSPC][number as usize % 2];
        let (of, short_write) = (None, 7);
        faulty.fail(Some(Fault {
            which,
            of,
            errno,
            short_write,
        }));
        run(async {
            // `clean` comes before the log is opened.
            let files = source.files.clone();
            let opening = tenon_registry_server::store::durable::clean(&*files).is_ok();
            let fatal: tenon_registry_server::log::Fatal = Arc::new(|_: &str| {});
            let log = opening.then(|| tenon_registry_server::log::Log::open(&source, fatal));
            let log = log.and_then(Result::ok);
            count(if log.is_some() { &opened } else { &refused });
            if let Some(log) = log {
                faulty.fail(None);
                log.close().await;
            }
            drop(source);
            expect(dir.path(), &crashed, &told, &[]).await;
        });
    });
    println!(
        "each of {} calls of opening fails: {opened:?} opened, {refused:?} refused",
        calls.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_now_refuses_one_record() {
    let base = Base::new().await;
    let dir = base.copy();
    let (faulty, source) = faulty(dir.path());
    let registry = Registry::try_open(&source).unwrap();
    let mut acme = base.publisher(&registry);
    for of in [Call::Open, Call::Read] {
        faulty.fail(Some(Fault {
            which: Which::From(0),
            of: Some(of),
            errno: Errno::IO,
            short_write: 0,
        }));
        let refused = acme.submit(&registry.log, acme.next()).await.unwrap_err();
        assert!(matches!(refused, SubmitError::Closed(_)), "{refused}");
        let text = refused.to_string();
        assert!(
            text.contains("cannot read `") && text.contains("os error 5"),
            "{text}"
        );
    }
    faulty.fail(None);
    // Nothing of it was entered, and nothing is in the way of what comes next.
    let record = acme.next();
    let logged = acme.submit(&registry.log, record.clone()).await.unwrap();
    assert_eq!(registry.log.stats().refused["closed"], 2);
    assert_eq!(*registry.fatal.lock().unwrap(), [""; 0]);
    audit(
        &registry,
        Monitor::pinned(registry.log.pin()),
        &leaves(&registry),
    );
    registry.log.close().await;
    drop((registry, source));
    expect(dir.path(), &base, &[(logged.index, record)], &[]).await;
}
