//! Registries and witnesses, as processes.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a process may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// The folder that the binaries are in: that of the profile that this test was built with.
pub(crate) fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().to_owned();
    for name in ["tenon", "tenon-registry"] {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(
            path.is_file(),
            "`{}` is missing: run `cargo test --workspace`, or `cargo build --workspace --bins` first",
            path.display()
        );
    }
    folder
}

pub(crate) fn binary(name: &str) -> Command {
    let mut command = Command::new(binaries().join(name));
    command.stdin(Stdio::null());
    for variable in ["TENON_TOKEN", "TENON_KEY", "TENON_REGISTRY"] {
        command.env_remove(variable);
    }
    command
}

/// A process that serves, and that ends with the test at the latest.
pub(crate) struct Process {
    child: Child,
    /// What it said when it was ready.
    pub(crate) said: String,
    /// What it writes to the standard error.
    lines: PathBuf,
}

impl Process {
    /// Starts it, and waits until it says that it serves. What it writes to the standard error goes to a file.
    pub(crate) fn start(command: &mut Command, lines: &Path) -> Process {
        let file = fs::OpenOptions::new().create(true).append(true).open(lines);
        command.stdout(Stdio::piped()).stderr(file.unwrap());
        let mut child = command.spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        // All of it is written at once; the pipe is kept open after that.
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 << 10];
            let length = out.read(&mut bytes).unwrap_or(0);
            bytes.truncate(length);
            let _ = sender.send(bytes);
            let _ = out.read(&mut [0]);
        });
        let mut process = Process {
            child,
            said: String::new(),
            lines: lines.to_owned(),
        };
        let said = receiver.recv_timeout(PATIENCE).unwrap_or_default();
        process.said = String::from_utf8(said).unwrap();
        assert!(
            process.said.starts_with("serving http"),
            "{:?}\n{}",
            process.said,
            process.log()
        );
        process
    }

    /// What it wrote to the standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.lines).unwrap()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let line = self.said.lines().next().unwrap();
        line.rsplit("://").next().unwrap().parse().unwrap()
    }

    /// Sends it SIGTERM, and waits for its end, which must be a good one.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}\n{}", self.log());
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL; it may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A registry: its directory, and the process that serves it.
pub(crate) struct Registry {
    pub(crate) data: PathBuf,
    pub(crate) process: Process,
    /// The pin of its log.
    pub(crate) pin: String,
}

impl Registry {
    /// Serves a directory on a free port; makes the registry, if there is none.
    pub(crate) fn serve(data: &Path) -> Registry {
        let mut command = binary("tenon-registry");
        command.arg("--data").arg(data);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let process = Process::start(&mut command, &data.with_extension("log"));
        let add = process.said.lines().nth(1).unwrap();
        let pin = add.split('\'').nth(1).unwrap().to_owned();
        Registry {
            data: data.to_owned(),
            process,
            pin,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.process.address())
    }

    /// Stops it as an operator does, and starts it again, on another port.
    pub(crate) fn restarted(self) -> Registry {
        let Registry { data, process, .. } = self;
        process.stop();
        Registry::serve(&data)
    }

    /// Kills it, and starts it again, on another port.
    pub(crate) fn killed(self) -> Registry {
        let Registry { data, process, .. } = self;
        drop(process);
        Registry::serve(&data)
    }

    /// The first token, which is shown at the first start only.
    pub(crate) fn token(&self) -> Option<String> {
        let line = self
            .process
            .said
            .lines()
            .find(|line| line.contains("echo "))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    }

    /// The lines to be pasted, as a user who calls the namespace `acme` pastes them.
    pub(crate) fn lines_to_paste(&self) -> Vec<String> {
        let lines = self.process.said.lines().skip(1);
        let lines = lines.map(|line| {
            line.trim()
                .replace("NAME/you", "acme/alice")
                .replace("NAME", "acme")
        });
        lines.collect()
    }

    /// What `tenon-registry` prints, run on this directory.
    pub(crate) fn operator(&self, words: &[&str]) -> String {
        operator(&self.data, words)
    }
}

/// What `tenon-registry` prints, run on a directory.
pub(crate) fn operator(data: &Path, words: &[&str]) -> String {
    let mut command = binary("tenon-registry");
    let output = command
        .arg("--data")
        .arg(data)
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
