//! The program itself, which is killed when this is dropped.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tenon_registry_client::state::Pin;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tenon-registry");

/// Limits that tests on one address would meet.
pub(crate) const UNLIMITED: [&str; 12] = [
    "rates.anonymous-reads.per-second=0",
    "rates.authenticated-reads.per-second=0",
    "rates.writes.per-second=0",
    "limits.connections=4096",
    "limits.connections-per-address=4096",
    "limits.disk-reserve-bytes=0",
    "quota.namespaces-per-token=100000",
    "quota.packages-per-namespace=1000000",
    "quota.records-per-namespace=10000000",
    "quota.bytes-per-token=1000000000000",
    "quota.bytes-per-namespace=1000000000000",
    "log.level=warn",
];

pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) pin: Pin,
    /// The first token, which only the first start shows.
    pub(crate) token: Option<String>,
}

/// Where the program's standard error goes: beside its directory.
pub(crate) fn errors(dir: &Path) -> PathBuf {
    dir.with_extension("stderr")
}

/// The command that serves a directory, without limits but for what is set behind.
pub(crate) fn serve(program: &mut Command, dir: &Path, settings: &[&str]) {
    program.arg("serve").arg("--data").arg(dir);
    for setting in UNLIMITED
        .iter()
        .chain(&["listen=127.0.0.1:0"])
        .chain(settings)
    {
        program.args(["--set", setting]);
    }
    let mut options = File::options();
    let errors = options.create(true).append(true).open(errors(dir));
    program.stdout(Stdio::piped()).stderr(errors.unwrap());
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg("--data").arg(dir);
    command.output().unwrap()
}

/// Has the program compare everything with everything else, and expects that nothing is wrong.
#[track_caller]
pub(crate) fn assert_sound(dir: &Path) {
    let output = run(&["fsck"], dir);
    assert!(output.status.success(), "{output:?}");
}

impl Served {
    #[track_caller]
    pub(crate) fn start(dir: &Path, settings: &[&str]) -> Served {
        Served::try_start(dir, settings).unwrap()
    }

    /// Starts it; what it said to its standard error, ever, if it ends before it serves.
    pub(crate) fn try_start(dir: &Path, settings: &[&str]) -> Result<Served, String> {
        let mut program = Command::new(PROGRAM);
        serve(&mut program, dir, settings);
        let child = program.spawn().unwrap();
        Served::greet(child, dir)
    }

    /// Reads what it says when it starts.
    pub(crate) fn greet(mut child: Child, dir: &Path) -> Result<Served, String> {
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines: Vec<String> = vec![];
        while lines.len() < 2 || output.buffer().contains(&b'\n') {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                child.wait().unwrap();
                return Err(std::fs::read_to_string(errors(dir)).unwrap());
            }
            lines.push(line.trim().to_owned());
        }
        let (_, address) = lines[0].split_once("://").unwrap();
        let pin = lines[1].split('\'').nth(1).unwrap();
        let token = lines.iter().find_map(|line| line.strip_prefix("echo "));
        let token = token.and_then(|rest| Some(rest.split_once(' ')?.0.to_owned()));
        Ok(Served {
            address: address.parse().unwrap(),
            pin: pin.parse().unwrap(),
            token,
            child,
        })
    }

    /// What a `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}
