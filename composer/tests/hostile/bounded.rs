//! Cases in a process of their own, with so much time, memory and stack and no more.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Says to the process that runs one case that it is that process.
const CASE: &str = "TENON_HOSTILE_CASE";
/// The stack of the thread that runs a case: that of a thread of rayon, or of a spawned one.
const STACK: &str = "2097152";

/// What a case may take.
pub(crate) struct Limits {
    /// Time of a processor; ten times as much may pass, on a machine that has other things to do.
    pub(crate) seconds: u64,
    /// Data of the process, where the system counts it.
    pub(crate) megabytes: u64,
}

/// A test that runs in a process of its own: one that overflows its stack, runs out of memory or
/// does not end fails, and does not take the others with it.
macro_rules! bounded {
    ($( $(#[$doc:meta])* $name:ident($seconds:literal s, $megabytes:literal MB) $body:block )*) => { $(
        $(#[$doc])*
        #[test]
        fn $name() {
            let limits = $crate::bounded::Limits { seconds: $seconds, megabytes: $megabytes };
            let name = concat!(module_path!(), "::", stringify!($name));
            $crate::bounded::run(name, &limits, || $body);
        }
    )* };
}
pub(crate) use bounded;

pub(crate) fn run(path: &str, limits: &Limits, case: impl FnOnce()) {
    let name = path.split_once("::").unwrap().1;
    if std::env::var_os(CASE).is_some_and(|case| case == name) {
        return case();
    }
    let program = std::env::current_exe().unwrap();
    let mut command = match cfg!(target_os = "linux") {
        true => {
            let mut shell = Command::new("sh");
            let limit = limits.megabytes * 1024;
            let Limits { seconds, .. } = limits;
            let limits = format!("ulimit -d {limit}; ulimit -t {seconds}; ulimit -c 0");
            shell.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]);
            shell.arg(program);
            shell
        }
        false => Command::new(program),
    };
    let mut child = command
        .args([name, "--exact", "--nocapture", "--test-threads=2"])
        .env(CASE, name)
        .env("RUST_MIN_STACK", STACK)
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut streams: [Box<dyn Read + Send>; 2] = [
        Box::new(child.stdout.take().unwrap()),
        Box::new(child.stderr.take().unwrap()),
    ];
    let end = Instant::now() + Duration::from_secs(10 * limits.seconds);
    let (status, said) = thread::scope(|scope| {
        let readers: Vec<_> = streams
            .iter_mut()
            .map(|stream| {
                scope.spawn(|| {
                    let mut said = Vec::new();
                    stream.read_to_end(&mut said).unwrap();
                    String::from_utf8_lossy(&said).into_owned()
                })
            })
            .collect();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > end {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let said: Vec<_> = readers.into_iter().map(|r| r.join().unwrap()).collect();
        (status, said.concat())
    });
    let Some(status) = status else {
        panic!("{name} does not end: {said}");
    };
    assert!(status.success(), "{name} ended with {status}: {said}");
    assert!(said.contains("1 passed"), "{name} did not run: {said}");
}
