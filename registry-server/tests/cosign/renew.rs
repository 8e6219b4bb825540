//! A registry to which nothing happens stays fresh.

use crate::fixture::*;
use crate::support::{Publisher, Registry, source};
use std::sync::atomic::Ordering;
use tenon_registry_server::log::Source;
use tenon_registry_server::witness::WitnessSource;

const HOUR: u64 = 3_600;

#[tokio::test(flavor = "multi_thread")]
async fn cosignatures_are_renewed_when_nothing_happens_and_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let witness = WitnessSource {
        clock: clock.clone(),
        ..witness_source(
            &dir.path().join("witness"),
            "w.example",
            vec![watched(&vkey_of(&source(dir.path())))],
        )
    };
    let witness = open(witness);
    let listening = listen_as(&witness).await;
    let asks = asking(vec![config(&listening.url, witness.vkey())]);
    let start = || {
        let source = Source {
            clock: clock.clone(),
            cosigning: asks.clone(),
            ..source(dir.path())
        };
        Registry::try_open(&source).unwrap().log
    };
    let log = start();
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(&log).await;
    let checkpoint = log.published().checkpoint.clone();
    let time = source(dir.path()).keys.time.vkey().clone();
    let keys = [&time, witness.vkey()];
    let at = |since: u64| {
        times(&log, &keys)
            .iter()
            .all(|time| time.is_some_and(|time| time >= since))
    };

    // Not yet.
    let first = times(&log, &keys);
    clock.pass(5 * HOUR);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(times(&log, &keys), first);
    clock.pass(HOUR + 60);
    let now = clock.now();
    until("both are renewed", || at(now)).await;
    assert_eq!(log.published().checkpoint, checkpoint);
    let file = std::fs::read(dir.path().join("log/checkpoint")).unwrap();
    assert_eq!(times_of(&file, &log, &keys), times(&log, &keys));

    // A clock that was set back signs nothing, whoever asks.
    let before = times(&log, &keys);
    clock.behind.store(HOUR, Ordering::SeqCst);
    clock.pass(7 * HOUR);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(times(&log, &keys), before);
    clock.behind.store(0, Ordering::SeqCst);
    let now = clock.now();
    until("it is right again", || at(now)).await;

    // Nor does one that was set back while nobody looked, behind the last time that was signed but
    // not behind the last batch.
    log.close().await;
    drop(log);
    clock.behind.store(3 * HOUR, Ordering::SeqCst);
    let source = Source {
        clock: clock.clone(),
        ..source(dir.path())
    };
    let refused = Registry::try_open(&source).err().unwrap().to_string();
    assert!(
        refused.contains("times in the log never go back"),
        "{refused}"
    );
    clock.behind.store(0, Ordering::SeqCst);

    // After a pause it is fresh as soon as it is there.
    clock.pass(48 * HOUR);
    let now = clock.now();
    let log = start();
    assert!(times(&log, &[&time])[0].is_some_and(|time| time >= now));
    until("the witness, too", || {
        times(&log, &keys)[1].is_some_and(|time| time >= now)
    })
    .await;
    assert_eq!(log.published().checkpoint, checkpoint);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_refused_do_not_keep_it_from_being_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let source = Source {
        clock: clock.clone(),
        ..source(dir.path())
    };
    let log = Registry::try_open(&source).unwrap().log;
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(&log).await;
    let time = source.keys.time.vkey();
    let mut thief = Publisher::new(log.origin(), "acme", 9);
    thief.chains = acme.chains.clone();
    let flood = log.clone();
    let flood = tokio::spawn(async move {
        loop {
            let record = thief.release("http", "1.0.0");
            assert!(thief.submit(&flood, record).await.is_err());
        }
    });
    clock.pass(7 * HOUR);
    let now = clock.now();
    until("it is renewed", || {
        times(&log, &[time])[0].is_some_and(|time| time >= now)
    })
    .await;
    flood.abort();
    assert!(flood.await.unwrap_err().is_cancelled());
}
