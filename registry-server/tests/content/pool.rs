//! Processes that are lost, slow or wrong, and that many ask of at once.

use crate::support::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::time::{Duration, Instant};
use tenon_registry_server::content::{Limits, Options, RefusalCode, WorkerError, Workers};

fn kill(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id as i32).unwrap(), signal).unwrap();
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A file that takes for ever to open, since nobody writes to it.
fn never(pool: &Pool) -> std::path::PathBuf {
    let path = pool.dir.path().join("never");
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

#[tokio::test]
async fn one_process_answers_again_and_again_and_starts_only_when_needed() {
    let pool = Pool::start(4, Limits::default());
    assert!(pool.ids().is_empty(), "none is started before it is needed");
    let good = example("middleware/mw.wasm");
    let mut fastest = Duration::MAX;
    for _ in 0..50 {
        let start = Instant::now();
        let world = pool.workers.check(&good, Component, None).await;
        fastest = fastest.min(start.elapsed());
        assert!(world.unwrap().is_ok());
    }
    println!("54 KiB in {fastest:?}");
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
    let ids = pool.ids();
    assert_eq!(ids.len(), 1);
    let at_rest = used(ids[0]).unwrap();
    println!("at rest after 50 checks: {at_rest:?}");
    assert!(at_rest.now < 64, "{at_rest:?}");
}

#[tokio::test]
async fn a_process_that_is_killed_is_replaced() {
    let pool = Pool::start(1, Limits::default());
    let good = read("middleware/mw.wasm");
    assert!(pool.check(&good, Component).await.unwrap().is_ok());
    kill(pool.ids()[0], Signal::KILL);
    assert!(pool.check(&good, Component).await.unwrap().is_ok());
    assert_eq!(pool.ids().len(), 2);

    // In the middle, once: it is asked again of another.
    let path = never(&pool);
    let asked = tokio::spawn({
        let (workers, path) = (pool.workers.clone(), path.clone());
        async move { workers.check(&path, Component, None).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    kill(pool.ids()[1], Signal::KILL);
    eventually("a third process", || pool.ids().len() == 3).await;
    let (pipe, bytes) = (path.clone(), good.clone());
    let written = tokio::task::spawn_blocking(move || std::fs::write(pipe, bytes));
    // What comes through a pipe has no size, so it is refused; but it is answered.
    assert_eq!(
        asked.await.unwrap().unwrap().unwrap_err().code,
        RefusalCode::NotAComponent
    );
    // Nobody has read it to its end.
    let _ = written.await.unwrap();

    // In the middle, twice: that says nothing about the content.
    let asked = tokio::spawn({
        let (workers, path) = (pool.workers.clone(), path.clone());
        async move { workers.check(&path, Component, None).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    kill(pool.ids()[2], Signal::KILL);
    eventually("a fourth process", || pool.ids().len() == 4).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    kill(pool.ids()[3], Signal::KILL);
    let error = asked.await.unwrap().unwrap_err();
    assert!(matches!(error, WorkerError::Ended(_)), "{error}");
    assert!(pool.check(&good, Component).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_fault_that_content_can_bring_about_is_the_contents() {
    for signal in [Signal::ILL, Signal::ABORT, Signal::XCPU] {
        let pool = Pool::start(1, Limits::default());
        let path = never(&pool);
        let asked = tokio::spawn({
            let workers = pool.workers.clone();
            async move { workers.check(&path, Component, None).await }
        });
        eventually("a process", || pool.ids().len() == 1).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        kill(pool.ids()[0], signal);
        let refusal = asked.await.unwrap().unwrap().unwrap_err();
        assert_eq!(refusal.code, RefusalCode::TooComplex);
        assert!(!refusal.message.contains("30 s"), "{refusal}");
        let good = read("middleware/mw.wasm");
        assert!(pool.check(&good, Component).await.unwrap().is_ok());
        assert_eq!(pool.ids().len(), 2);
    }
}

#[tokio::test]
async fn a_process_that_is_too_slow_is_ended_and_replaced() {
    let limits = Limits {
        time: Duration::from_millis(300),
        ..Limits::default()
    };
    let pool = Pool::start(1, limits);
    let path = never(&pool);
    let start = Instant::now();
    let refusal = pool
        .workers
        .check(&path, Component, None)
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(refusal.code, RefusalCode::TooComplex);
    assert!(refusal.message.contains("0.3 s"), "{refusal}");
    let first = pool.ids()[0];
    assert!(used(first).is_none(), "it is no more");
    assert!(
        pool.check(&read("middleware/mw.wasm"), Component)
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn cpu_time_and_memory_are_bounded_by_the_process_itself() {
    // So many producers are within what is kept, and take longer than this.
    let pool = Pool::start(
        1,
        Limits {
            cpu: 1,
            memory: 2 << 30,
            ..Limits::default()
        },
    );
    let many = (0..12).map(|n| {
        let numbers = n * 80_000..(n + 1) * 80_000;
        custom("producers", &super::hostile::producers(numbers))
    });
    let path = pool.file("content", &component(&Vec::from_iter(many)));
    let start = Instant::now();
    let refusal = pool
        .workers
        .check(&path, Component, None)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooComplex);
    assert!(refusal.message.contains("1 s of CPU time"), "{refusal}");
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    assert!(
        pool.check(&read("middleware/mw.wasm"), Component)
            .await
            .unwrap()
            .is_ok()
    );

    let pool = Pool::start(
        1,
        Limits {
            memory: 16 << 20,
            ..Limits::default()
        },
    );
    let path = pool.file("content", &[HEADER, &[7], &leb(60 << 20)].concat());
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() + (60 << 20))
        .unwrap();
    let refusal = pool
        .workers
        .check(&path, Component, None)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooComplex);
    assert!(refusal.message.contains("16 MiB"), "{refusal}");
    assert!(
        pool.check(&read("middleware/mw.wasm"), Component)
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn a_program_that_is_not_ours_is_no_verdict_on_the_content() {
    let file = example("middleware/mw.wasm");
    let ask = |options: Options| {
        let file = &file;
        async move {
            let workers = Workers::start(options);
            workers.check(file, Component, None).await.unwrap_err()
        }
    };
    for garbage in [
        "echo this is no answer, and it goes on; cat > /dev/null",
        // A frame of three bytes that are no JSON.
        "printf '\\003\\000\\000\\000abc'; cat > /dev/null",
        // JSON that is no answer.
        "printf '\\002\\000\\000\\000{}'; cat > /dev/null",
    ] {
        let error = ask(script(garbage, &[])).await;
        assert!(matches!(error, WorkerError::NoAnswer), "{error}");
    }
    let error = ask(script("exit 3", &[])).await;
    assert!(
        matches!(error, WorkerError::Ended(_)) && error.to_string().contains('3'),
        "{error}"
    );
    let missing = Options {
        program: Path::new("/nowhere/tenon-registry").to_owned(),
        ..script("", &[])
    };
    let error = ask(missing).await;
    assert!(matches!(error, WorkerError::Start { .. }), "{error}");
    // One that neither answers nor ends, however it is asked to.
    let mut deaf = script("trap '' HUP TERM; exec sleep 1000", &[]);
    deaf.limits.time = Duration::from_millis(200);
    let workers = Workers::start(deaf);
    let refusal = workers
        .check(&file, Component, None)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooComplex);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_no_verdict_on_the_content() {
    let pool = Pool::start(1, Limits::default());
    let missing = pool.dir.path().join("missing");
    for path in [&missing, &pool.dir.path().to_owned()] {
        let error = pool.workers.check(path, Component, None).await.unwrap_err();
        assert!(
            matches!(&error, WorkerError::Unreadable { path: at, .. } if at == path),
            "{error}"
        );
    }
    assert_eq!(pool.ids().len(), 1);
}

#[tokio::test]
async fn processes_end_with_the_workers_even_while_they_check() {
    let pool = Pool::start(1, Limits::default());
    assert!(
        pool.check(&read("middleware/mw.wasm"), Component)
            .await
            .unwrap()
            .is_ok()
    );
    let id = pool.ids()[0];
    drop(pool);
    eventually("the process ends", || {
        used(id).is_none_or(|used| used.peak == 0)
    })
    .await;

    // The end of its input is all that it learns of a server that was killed.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("never");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
        .arg(tenon_registry_server::content::CHECK_CONTENT)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let request = serde_json::json!({
        "path": path.to_str().unwrap().as_bytes(),
        "kind": "component",
        "expected": null,
        "neighbours": [null, null],
        "cpu": 10,
        "memory": 64 << 20,
    });
    let request = request.to_string();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, &(request.len() as u32).to_le_bytes()).unwrap();
    std::io::Write::write_all(&mut input, request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "it is at work");
    drop(input);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_check_that_nobody_waits_for_is_ended() {
    let pool = Pool::start(1, Limits::default());
    let path = never(&pool);
    let asked = tokio::time::timeout(
        Duration::from_millis(200),
        pool.workers.check(&path, Component, None),
    );
    assert!(asked.await.is_err());
    let id = pool.ids()[0];
    let good = read("middleware/mw.wasm");
    assert!(pool.check(&good, Component).await.unwrap().is_ok());
    eventually("the process ends", || used(id).is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_ask_at_once() {
    let pool = Pool::start(3, Limits::default());
    let good = example("middleware/mw.wasm");
    let bad = pool.file("bad", &read("middleware/mw.wasm")[..20_000]);
    let asked: Vec<_> = (0..64)
        .map(|n| {
            let workers = pool.workers.clone();
            let path = if n % 4 == 3 {
                bad.clone()
            } else {
                good.clone()
            };
            tokio::spawn(async move { workers.check(&path, Component, None).await })
        })
        .collect();
    for (n, asked) in asked.into_iter().enumerate() {
        let verdict = asked.await.unwrap().unwrap();
        match n % 4 {
            3 => assert_eq!(verdict.unwrap_err().code, RefusalCode::Invalid),
            _ => assert!(!verdict.unwrap().exports.is_empty()),
        }
    }
    assert!((1..=3).contains(&pool.ids().len()), "{:?}", pool.ids());
}

#[test]
fn whatever_is_cut_off_or_flipped_there_is_an_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pool = runtime.block_on(async { Pool::start(1, Limits::default()) });
    let good = [read("polyglot/text.wasm"), read("polyglot/imaging.wasm")];
    let package =
        wit(&["package a:b@1.0.0; interface i { r: func(a: list<string>) -> option<u8>; }"]);
    let flips = prop::collection::vec((any::<prop::sample::Index>(), 0..8u32), 0..4);
    let inputs = (
        0..3usize,
        flips,
        prop::option::weighted(0.3, any::<prop::sample::Index>()),
    );
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let run = TestRunner::new(config).run(&inputs, |(which, flips, cut)| {
        let (mut bytes, kind) = match good.get(which) {
            Some(bytes) => (bytes.clone(), Component),
            None => (package.clone(), Wit),
        };
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let verdict = runtime.block_on(pool.check(&bytes, kind));
        prop_assert!(verdict.is_ok(), "{verdict:?}");
        Ok(())
    });
    run.unwrap();
    for bytes in &good {
        let verdict = runtime.block_on(pool.check(bytes, Component)).unwrap();
        assert!(verdict.is_ok(), "{verdict:?}");
    }
    println!("{} processes were used", pool.ids().len());
}
