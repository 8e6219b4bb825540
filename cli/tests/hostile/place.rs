//! A folder of its own for a test, and the command, run within limits.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a command may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Place(tempfile::TempDir);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// Nothing, if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and gives its path.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.at(name), bytes).unwrap();
        self.at(name).to_str().unwrap().to_owned()
    }

    /// A file that begins with these bytes and goes on with zeros that take no room.
    pub(crate) fn sparse(&self, name: &str, head: &[u8], size: u64) -> String {
        let path = self.file(name, head);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(size).unwrap();
        path
    }

    /// The command, to be run by a shell that first does `before`: with so much memory and time of a
    /// processor.
    pub(crate) fn limited(&self, before: &str, words: &[&str]) -> Command {
        let mut command = Command::new("sh");
        let limits = match cfg!(target_os = "linux") {
            true => "ulimit -d 409600; ulimit -t 60; ulimit -c 0",
            false => "ulimit -t 60",
        };
        command
            .args(["-c", &format!("{limits}; {before}; exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_tenon"))
            .args(words)
            .current_dir(self.0.path())
            .env("XDG_CACHE_HOME", self.at("cache"))
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        self.run_with("true", words)
    }

    pub(crate) fn run_with(&self, before: &str, words: &[&str]) -> Said {
        ended(self.limited(before, words).spawn().unwrap())
    }

    /// Runs a command that fails with this code, in one way or the other that users are told of.
    pub(crate) fn fails(&self, code: &str, words: &[&str]) -> Said {
        let said = self.run(words);
        said.failed(code, words);
        said
    }

    /// The files of the folder, apart from the cache.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "cache").collect();
        names.sort();
        names
    }
}

impl Said {
    pub(crate) fn failed(&self, code: &str, words: &[&str]) {
        let Said { err, .. } = self;
        assert_eq!(self.code, Some(1), "{words:?}: {err}");
        assert!(
            err.contains(&format!("error[{code}]: ")),
            "{words:?}: {err}"
        );
        assert!(err.len() < 16 << 10, "{words:?}: {} bytes", err.len());
    }

    /// That nothing in it steers a terminal.
    pub(crate) fn is_clean(&self) {
        let out = String::from_utf8(self.out.clone()).unwrap();
        let steers = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}".contains(c);
        assert!(!out.contains(steers), "{out:?}");
        assert!(!self.err.contains(steers), "{:?}", self.err);
    }
}

/// Waits until a command has ended.
pub(crate) fn ended(mut child: Child) -> Said {
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let began = Instant::now();
    thread::scope(|scope| {
        let out = scope.spawn(move || {
            let mut bytes = Vec::new();
            out.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let err = scope.spawn(move || {
            let mut bytes = Vec::new();
            err.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let (out, err) = (out.join().unwrap(), err.join().unwrap());
        let status = status.unwrap_or_else(|| panic!("it does not end: {err}"));
        Said {
            code: status.code(),
            out,
            err,
        }
    })
}

pub(crate) fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
    folder.join(file).to_str().unwrap().to_owned()
}
