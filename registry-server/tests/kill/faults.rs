//! Every call to the system that a publish makes, failing in turn, and being the last in turn.
//!
//! `strace` finds out which calls these are and makes them fail. It counts the calls of each thread by
//! themselves, so that the n-th of a thread is tried, for every thread at once.

use crate::oracle::Oracle;
use crate::publishing::Publishing;
use crate::served::{Served, assert_sound};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Calls that change what is on the disk, or read it.
const CALLS: &str = "openat,openat2,read,pread64,write,pwrite64,writev,pwritev,fsync,fdatasync,\
    sync_file_range,rename,renameat,renameat2,link,linkat,ftruncate,fallocate,unlink,unlinkat,mkdir,mkdirat,\
    statx,newfstatat,fstat,fstatfs,statfs,lseek,fcntl,close,mmap,getdents64,copy_file_range,sendfile";

/// `strace`, at work on a process until it is dropped.
struct Tracer(Child);

impl Tracer {
    /// Traces these calls of a process and what it starts, into a file.
    fn attach(process: u32, expression: &str, inject: Option<&str>, file: &Path) -> Tracer {
        let mut strace = Command::new("strace");
        let process = process.to_string();
        strace.args(["-f", "-e", &format!("trace={expression}"), "-o"]);
        strace.arg(file);
        if let Some(inject) = inject {
            strace.args(["-e", &format!("inject={inject}")]);
        }
        let strace = strace.args(["-p", &process]).stderr(Stdio::piped());
        let mut child = strace.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "{line}");
        // It says more, and must find someone who listens.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Tracer(child)
    }

    fn is_possible() -> bool {
        let mut probe = Command::new("strace");
        let probe = probe
            .args(["-f", "-qq", "-o", "/dev/null", "true"])
            .output();
        probe.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let strace = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(strace, rustix::process::Signal::TERM);
        let begun = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often each call is made by the thread that makes it most, and the lines that say it was tampered with.
fn read(file: &Path) -> (BTreeMap<String, u64>, usize) {
    let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.contains("resumed>")) {
        let mut words = line.split_whitespace();
        let (Some(thread), Some(call)) = (words.next(), words.next()) else {
            continue;
        };
        if let Some((call, _)) = call.split_once('(') {
            *counts.entry((call, thread)).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for ((call, _), count) in counts {
        let most = most.entry(call.to_owned()).or_default();
        *most = count.max(*most);
    }
    (
        most,
        text.matches("(INJECTED)").count() + text.matches("+++ killed by SIGKILL").count(),
    )
}

/// Whether the process ends within this time.
fn ends(served: &mut Served, patience: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if served.child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn s42_every_call_of_a_publish_fails_and_is_the_last_in_turn() {
    if !Tracer::is_possible() {
        eprintln!(
            "NOT RUN: calls that fail while something is published, because there is no `strace`"
        );
        return;
    }
    let bound = std::env::var("FAULT_CALLS").map_or(1, |text| text.parse().unwrap());
    let temp = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let dir = temp.path().join("data");
    let file = temp.path().join("calls");
    let mut served = Served::start(&dir, &[]);
    let token = served.token.clone().unwrap();
    let mut oracle = Oracle::new(&served.pin, 1);
    let mut alice = Publishing::new(&served.pin, &token, 1);
    oracle.remember(alice.run(served.address, 4));
    let tracer = Tracer::attach(served.child.id(), CALLS, None, &file);
    assert_eq!(alice.run(served.address, 1).len(), 1);
    drop(tracer);
    let (calls, _) = read(&file);
    println!("one publish, calls of the busiest thread: {calls:?}");
    for durable in ["fsync", "pwrite64", "renameat"] {
        assert!(calls.contains_key(durable), "{calls:?}");
    }
    let (mut tried, mut tampered, mut died, mut kept) = (0, 0, 0, 0);
    for (call, most) in &calls {
        for (number, what) in (1..=*most.min(&bound))
            .flat_map(|number| ["error=EIO", "signal=KILL"].map(|what| (number, what)))
        {
            let inject = format!("{call}:{what}:when={number}");
            let tracer = Tracer::attach(served.child.id(), call, Some(&inject), &file);
            let acknowledged = alice.run_for(served.address, 1, Duration::from_secs(3));
            let patience = if call == "fsync" { 3000 } else { 100 };
            let ended = ends(&mut served, Duration::from_millis(patience));
            died += u32::from(ended);
            // The system keeps what is dead for who traces it, and so waiting comes last.
            let _ = served.child.kill();
            drop(tracer);
            served.kill();
            tried += 1;
            let hit = read(&file).1 > 0;
            tampered += u32::from(hit);
            // What a failed sync leaves on the disk nobody knows: nobody may go on.
            let lost = hit && inject.starts_with("fsync:error");
            let calls = || std::fs::read_to_string(&file).unwrap();
            assert!(
                ended || !lost,
                "{inject}, {} acknowledged: {}",
                acknowledged.len(),
                calls()
            );
            kept += acknowledged.len();
            oracle.remember(acknowledged);
            served = Served::try_start(&dir, &[]).unwrap_or_else(|said| panic!("{inject}: {said}"));
            oracle.meet(&served);
        }
    }
    // What had no answer is sent again, and is logged once.
    oracle.remember(alice.run(served.address, 3));
    oracle.meet(&served);
    oracle.read_all(&served);
    served.kill();
    assert_sound(&dir);
    println!(
        "{tried} publishes, {tampered} of them tampered with, {died} of which ended the process, {kept} acknowledged \
         all the same: none lost; fsck finds nothing"
    );
    assert!(tampered * 2 > tried, "{tampered} of {tried}");
}
