//! Cosignatures on publishing: those that come in time, those that come later, and those that are lies.

use crate::fixture::*;
use crate::support::{Publisher, source};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tenon_registry_client::log::NoteSignature;
use tenon_registry_client::verify::{Freshness, Request, VerifyError};
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::log::{Cosigning, OpenError, Source};

fn now() -> u64 {
    SystemClock::new().wall().as_secs()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registries_cosign_each_other_and_a_client_asks_for_both_witnesses() {
    let dirs: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let logs: Vec<_> = dirs[..2]
        .iter()
        .map(|dir| vkey_of(&source(dir.path())))
        .collect();
    // The third is a witness of both, and no registry.
    let watches = [
        vec![watched(&logs[1])],
        vec![watched(&logs[0])],
        logs.iter().map(watched).collect(),
    ];
    let mut witnesses = vec![];
    for (number, (dir, watches)) in dirs.iter().zip(watches).enumerate() {
        let name = format!("w{number}.example");
        let witness = open(witness_source(&dir.path().join("witness"), &name, watches));
        let listening = listen_as(&witness).await;
        witnesses.push((witness, listening));
    }
    let asked = |number: usize| {
        let (witness, listening) = &witnesses[number];
        config(&listening.url, witness.vkey())
    };
    let a = registry(dirs[0].path(), asking(vec![asked(1), asked(2)]));
    let b = registry(dirs[1].path(), asking(vec![asked(0), asked(2)]));
    for (name, log) in [("acme", &a.log), ("evil", &b.log)] {
        let mut publisher = Publisher::new(log.origin(), name, 1);
        publisher.settle(log).await;
        for patch in 0..5 {
            let record = publisher.release("http", &format!("1.0.{patch}"));
            publisher.submit(log, record).await.unwrap();
        }
    }
    let request = Request::release("acme:http".parse().unwrap(), "1.0.4".parse().unwrap());
    let keys = [witnesses[1].0.vkey(), witnesses[2].0.vkey()];
    let view = verified(&a.log, &request, &keys, now()).unwrap();
    assert!(matches!(view.freshness(), Freshness::Witnessed(time) if time.seconds() + 60 > now()));
    assert_eq!(view.vouched().witnesses.len(), 2);
    // The same checkpoint a day later: the file of a mirror that stands still.
    assert!(verified(&a.log, &request, &keys, now() + 86_000).is_ok());
    let stale = verified(&a.log, &request, &keys, now() + 86_500).unwrap_err();
    assert!(matches!(stale, VerifyError::Stale { .. }), "{stale:?}");
    // Its own witness has never seen it.
    let error = verified(&a.log, &request, &[keys[0], witnesses[0].0.vkey()], now()).unwrap_err();
    assert!(matches!(error, VerifyError::Quorum(_)), "{error:?}");
    let figures = a.log.cosign_figures();
    assert_eq!(figures.incomplete, 0, "{figures:?}");
    assert!(
        figures
            .witnesses
            .iter()
            .all(|witness| witness.cosigned >= 7)
    );
    let request = Request::release("evil:http".parse().unwrap(), "1.0.4".parse().unwrap());
    let keys = [witnesses[0].0.vkey(), witnesses[2].0.vkey()];
    assert!(verified(&b.log, &request, &keys, now()).is_ok());
}

async fn text(line: NoteSignature) -> axum::response::Response {
    format!("{line}\n").into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_dead_slow_or_lies_delays_one_batch_and_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let good = open(witness_source(
        &dir.path().join("witness"),
        "good.example",
        vec![watched(&vkey_of(&source(dir.path())))],
    ));
    let listening = listen_as(&good).await;
    let (slow, forger, other, future) = (key("slow"), key("forger"), key("other"), key("future"));
    let (huge, redirect, silent, stranger) =
        (key("huge"), key("redirect"), key("silent"), key("stranger"));
    let all = [
        &slow,
        &forger,
        &other,
        &future,
        &huge,
        &redirect,
        &silent,
        &stranger,
        &key("dead"),
    ];
    let all: Vec<_> = all.iter().map(|key| key.vkey().clone()).collect();
    let wakes = Arc::new(AtomicBool::new(false));
    let awake = wakes.clone();
    let sleeper = liar(move |request| {
        let (line, awake) = (cosign(&request.checkpoint, &slow, now()), awake.clone());
        async move {
            if !awake.load(Ordering::SeqCst) {
                tokio::time::sleep(PATIENCE * 2).await;
            }
            format!("{line}\n").into_response()
        }
    })
    .await;
    let forged = liar(move |request| {
        let mut line = cosign(&request.checkpoint, &forger, now());
        *line.bytes.last_mut().unwrap() ^= 1;
        text(line)
    })
    .await;
    let elsewhere = liar(move |request| {
        let mut checkpoint = request.checkpoint().unwrap();
        checkpoint.size += 1;
        let note = tenon_registry_client::log::Note::new(checkpoint.to_string()).unwrap();
        text(cosign(&note, &other, now()))
    })
    .await;
    let ahead =
        liar(move |request| text(cosign(&request.checkpoint, &future, now() + 3_600))).await;
    let long = liar(move |request| {
        let line = cosign(&request.checkpoint, &huge, now());
        async move { format!("{line}\n").repeat(20_000).into_response() }
    })
    .await;
    let to = format!("{}/add-checkpoint", listening.url);
    let moved = liar(move |_| {
        let to = to.clone();
        async move { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response() }
    })
    .await;
    let quiet = liar(|_| async { "".into_response() }).await;
    let retimed = key("retimed");
    let all: Vec<_> = all.into_iter().chain([retimed.vkey().clone()]).collect();
    let dated = liar(move |request| {
        let mut line = cosign(&request.checkpoint, &retimed, now() - 60);
        line.bytes[..8].copy_from_slice(&now().to_be_bytes());
        text(line)
    })
    .await;
    // It signs by a key, and the registry knows it by another.
    let unknown = key("unknown");
    let strange = liar(move |request| text(cosign(&request.checkpoint, &unknown, now()))).await;

    let dead = nobody().await;
    let urls = [
        &sleeper, &forged, &elsewhere, &ahead, &long, &moved, &quiet, &strange,
    ];
    let urls = urls
        .iter()
        .map(|listening| listening.url.as_str())
        .chain([dead.as_str(), dated.url.as_str()]);
    let configs = urls.zip(&all).map(|(url, vkey)| config(url, vkey));
    let configs: Vec<_> = configs
        .chain([config(&listening.url, good.vkey())])
        .collect();
    let start = Instant::now();
    let log = registry(dir.path(), asking(configs)).log;
    let took = start.elapsed();
    assert!(took >= PATIENCE && took < PATIENCE * 3, "{took:?}");
    let first = [good.vkey(), &all[0]];
    assert!(matches!(times(&log, &first)[..], [Some(_), None]));

    // The first batch of all waited. This one does not, since nobody is waited for but the good one.
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    let start = Instant::now();
    acme.settle(&log).await;
    assert!(start.elapsed() < PATIENCE * 2, "{:?}", start.elapsed());
    let figures = log.cosign_figures();
    assert_eq!(figures.witnesses[0].late, 1, "{figures:?}");
    assert!(figures.incomplete >= 2);
    let waited: Vec<_> = figures
        .witnesses
        .iter()
        .filter(|witness| witness.waited_for)
        .collect();
    assert_eq!(waited.len(), 1, "{figures:?}");
    assert_eq!(waited[0].name, "good.example");

    // The slow one is still asked, and what it says is published with the same checkpoint.
    let size = log.published().checkpoint.size;
    until("the slow witness cosigns", || {
        times(&log, &first).iter().all(Option::is_some)
    })
    .await;
    assert_eq!(log.published().checkpoint.size, size);
    let file = std::fs::read(dir.path().join("log/checkpoint")).unwrap();
    assert!(times_of(&file, &log, &first).iter().all(Option::is_some));
    // It answered, so it is waited for again.
    wakes.store(true, Ordering::SeqCst);
    until("it is waited for", || {
        log.cosign_figures().witnesses[0].waited_for
    })
    .await;
    acme.submit(&log, acme.release("http", "1.0.0"))
        .await
        .unwrap();
    assert!(times(&log, &first).iter().all(Option::is_some));

    // Nobody else has got a word in.
    let others: Vec<_> = all[1..].iter().collect();
    assert!(times(&log, &others).iter().all(Option::is_none));
    let figures = log.cosign_figures();
    let problem = |number: usize| {
        figures.witnesses[number]
            .problem
            .clone()
            .unwrap_or_default()
    };
    for (number, words) in [
        (1, "has no cosignature"),
        (2, "has no cosignature"),
        (3, "one of the clocks is wrong"),
        (4, "more than 16384 bytes"),
        (5, "status 307"),
        (6, "has no cosignature"),
        (7, "has no cosignature"),
        (8, "there is no answer"),
        (9, "has no cosignature"),
    ] {
        assert!(
            problem(number).contains(words),
            "{number}: {}",
            problem(number)
        );
    }
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_started_again_asks_from_where_the_witness_is() {
    let dir = tempfile::tempdir().unwrap();
    let vkey = vkey_of(&source(dir.path()));
    let witness = open(witness_source(
        &dir.path().join("witness"),
        "w.example",
        vec![watched(&vkey)],
    ));
    let listening = listen_as(&witness).await;
    let asks = asking(vec![config(&listening.url, witness.vkey())]);
    let log = registry(dir.path(), asks.clone()).log;
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(&log).await;
    log.close().await;
    drop(log);
    let refused = || witness.counters().refused.load(Ordering::SeqCst);
    assert_eq!(refused(), 0);
    let old = tempfile::tempdir().unwrap();
    copy(dir.path(), old.path());

    let log = registry(dir.path(), asks.clone()).log;
    acme.submit(&log, acme.release("http", "1.0.0"))
        .await
        .unwrap();
    assert!(times(&log, &[witness.vkey()])[0].is_some());
    assert_eq!(refused(), 1, "one answer said which size the witness has");
    log.close().await;

    // An old backup: first it is behind, and then another log of the same size.
    let log = registry(old.path(), asks).log;
    let problem = || {
        log.cosign_figures().witnesses[0]
            .problem
            .clone()
            .unwrap_or_default()
    };
    until("it is behind", || {
        problem().contains("was an old backup restored?")
    })
    .await;
    let size = log.published().checkpoint.size;
    acme.chains
        .retain(|subject, _| subject.to_string() != "package acme:http");
    acme.submit(&log, acme.release("http", "6.6.6"))
        .await
        .unwrap();
    assert_eq!(log.published().checkpoint.size, size + 2);
    until("it is another log", || {
        problem().contains("there are two logs of this name")
    })
    .await;
    assert_eq!(times(&log, &[witness.vkey()]), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_a_witness_is_not_asked() {
    let dir = tempfile::tempdir().unwrap();
    let own = source(dir.path()).keys;
    let [one, two] = [key("one"), key("two")];
    let url = nobody().await;
    let open = |keys: Vec<&tenon_registry_client::log::Vkey>| {
        let witnesses = keys.into_iter().map(|vkey| config(&url, vkey)).collect();
        let source = Source {
            cosigning: Cosigning {
                witnesses,
                patience: Duration::ZERO,
                ..Cosigning::default()
            },
            ..source(dir.path())
        };
        match crate::support::Registry::try_open(&source) {
            Err(OpenError::Witnesses(problem)) => problem,
            Err(error) => panic!("{error}"),
            Ok(_) => String::new(),
        }
    };
    assert!(open(vec![own.time.vkey()]).contains("one key counts once"));
    assert!(open(vec![one.vkey(), two.vkey(), one.vkey()]).contains("one key counts once"));
    assert!(open(vec![own.index.vkey()]).contains("0x04"));
    let many: Vec<_> = (0..13).map(|number| key(&format!("w{number}"))).collect();
    let many: Vec<_> = many.iter().map(|key| key.vkey()).collect();
    assert!(open(many.clone()).contains("13 witnesses"));
    assert_eq!(open(many[..12].to_vec()), "");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => {
                std::fs::create_dir_all(&to).unwrap();
                copy(&entry.path(), &to);
            }
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}
