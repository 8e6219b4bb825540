//! Somebody who uses a registry: a home, a folder to work in, and the command `tenon`.

use crate::process::{Registry, binaries, binary};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct User {
    folder: tempfile::TempDir,
}

impl User {
    pub(crate) fn new() -> User {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        User { folder }
    }

    /// A user who has pasted what the registry printed at its first start, and owns the namespace `acme`.
    pub(crate) fn who_pastes(registry: &Registry) -> User {
        let user = User::new();
        for line in registry.lines_to_paste() {
            // There is no terminal that could be asked on.
            let line = line.replace("namespace create acme", "namespace create acme --yes");
            let output = user.shell(&line);
            assert!(output.status.success(), "{line}\n{}", said(&output));
        }
        user
    }

    /// A user who only knows the registry.
    pub(crate) fn who_reads(url: &str, pin: &str) -> User {
        let user = User::new();
        user.ok(&["registry", "add", "local", url, pin, "--default"]);
        user
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a user has, whatever the environment of the test says.
    fn place(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("HOME", self.at("home"))
            .env("TENON_CONFIG_DIR", self.at("config"))
            .env("TENON_CACHE_DIR", self.at("cache"))
            .env("TENON_STATE_DIR", self.at("state"))
            .env("NO_COLOR", "1");
    }

    pub(crate) fn tenon(&self, words: &[&str]) -> Output {
        let mut command = binary("tenon");
        self.place(&mut command);
        command.args(words).output().unwrap()
    }

    /// Runs a line as a shell does.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let mut command = Command::new("sh");
        self.place(&mut command);
        let mut path = binaries().into_os_string();
        if let Some(others) = std::env::var_os("PATH") {
            path.push(":");
            path.push(others);
        }
        command.args(["-c", line]).env("PATH", path);
        for variable in ["TENON_TOKEN", "TENON_KEY", "TENON_REGISTRY"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What a command that succeeds says, on both streams.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let output = self.tenon(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        printed(&output) + &said(&output)
    }

    /// Runs a command until it succeeds, which must be soon.
    pub(crate) fn soon(&self, words: &[&str]) {
        let begun = Instant::now();
        loop {
            let output = self.tenon(words);
            if output.status.success() {
                return;
            }
            let waited = begun.elapsed();
            assert!(
                waited < Duration::from_secs(20),
                "{words:?}: {}",
                said(&output)
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The document that a command prints with `--json`.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.tenon(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a command says that ends with this exit code and this code of an error.
    pub(crate) fn fails(&self, exit: i32, code: &str, words: &[&str]) -> String {
        let output = self.tenon(words);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(
            said.contains(&format!("error[{code}]: ")),
            "{words:?}: {said}"
        );
        said
    }

    /// Publishes a file; the index of its record.
    pub(crate) fn publish(&self, file: &Path, package: &str, version: &str) -> u64 {
        let file = file.to_str().unwrap();
        let published = self.json(&[
            "publish",
            file,
            "--package",
            package,
            "--version",
            version,
            "--yes",
        ]);
        published["record"]["index"]
            .as_u64()
            .unwrap_or_else(|| panic!("{published}"))
    }

    /// The names of the trust states that the user has, and what is in them.
    pub(crate) fn trust(&self) -> Vec<(String, Vec<u8>)> {
        let mut states = vec![];
        for log in fs::read_dir(self.at("state/logs")).unwrap() {
            let log = log.unwrap();
            for file in fs::read_dir(log.path()).unwrap() {
                let path = file.unwrap().path();
                if path.is_file() {
                    let name = path.strip_prefix(self.at("state")).unwrap();
                    states.push((name.display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        states.sort();
        states
    }
}

/// What was printed on the standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What was printed on the standard output.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}
