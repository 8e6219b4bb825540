//! A registry that runs until it is dropped.

#![allow(dead_code, reason = "shared by tests, each of which uses a part")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// A registry: the program `tenon-registry`, with a data directory of its own.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) pin: String,
    /// A token that may do everything.
    pub(crate) token: String,
    /// The URL and the pin of its private log, if it has one.
    pub(crate) private: Option<(String, String)>,
    data: tempfile::TempDir,
    process: Child,
}

impl Server {
    pub(crate) fn start() -> Server {
        let data = tempfile::tempdir().unwrap();
        Server::serve(data, None, &[])
    }

    /// A registry with a private log.
    pub(crate) fn with_private_log() -> Server {
        let data = tempfile::tempdir().unwrap();
        Server::serve(data, None, &["--private"])
    }

    /// A registry that takes no version that breaks others.
    pub(crate) fn that_refuses_breaking() -> Server {
        let data = tempfile::tempdir().unwrap();
        Server::serve(data, None, &["--set", "refuse-breaking=*"])
    }

    /// A registry whose log has this origin.
    pub(crate) fn with_origin(origin: &str) -> Server {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(program());
        command.args(["init", "--origin", origin, "--data"]);
        let output = command.arg(data.path().join("data")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let token = word(&text, "tnr_");
        Server::serve(data, Some(token), &[])
    }

    /// Serves a registry, whose first token is known if it was made before.
    fn serve(data: tempfile::TempDir, token: Option<String>, options: &[&str]) -> Server {
        let mut process = Command::new(program())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path().join("data"))
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = |mark: &str| {
            let found = lines.find_map(|line| {
                let line = line.unwrap();
                line.contains(mark).then_some(line)
            });
            found.unwrap_or_else(|| panic!("the registry never said `{mark}`"))
        };
        let add = line("tenon registry add");
        let known = |add: &str| {
            let mut words = add.split_whitespace();
            let pin = words.find(|word| word.contains('#')).unwrap();
            (word(add, "http://"), pin.trim_matches('\'').to_owned())
        };
        let is_private = options.contains(&"--private");
        let private = is_private.then(|| known(&line("tenon registry add private")));
        let token = token.unwrap_or_else(|| word(&line("tnr_"), "tnr_"));
        let (url, pin) = known(&add);
        Server {
            url,
            pin,
            private,
            token,
            data,
            process,
        }
    }

    /// Makes a token that may do this.
    pub(crate) fn token(&self, label: &str, actions: &[&str], pattern: &str) -> String {
        let mut command = Command::new(program());
        command.args([
            "token",
            "create",
            "--label",
            label,
            "--pattern",
            pattern,
            "--data",
        ]);
        command.arg(self.data.path().join("data"));
        for action in actions {
            command.args(["--action", action]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let token = text
            .split_whitespace()
            .find(|word| word.starts_with("tnr_"));
        let why = String::from_utf8(output.stderr).unwrap();
        token
            .unwrap_or_else(|| panic!("no token: {why}"))
            .to_owned()
    }

    /// Ends it at once, as when the machine stops.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first word of a text that begins so, without quotes.
fn word(text: &str, begins: &str) -> String {
    let mut words = text.split_whitespace();
    let word = words.find(|word| word.trim_start_matches('\'').starts_with(begins));
    let word = word.unwrap_or_else(|| panic!("the registry never said `{begins}`"));
    word.trim_matches('\'').to_owned()
}

/// The program: what `TENON_TEST_REGISTRY` names, or else the one beside `tenon`, as tests of the whole workspace
/// have it. Where there is none yet, it is built.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(path) = std::env::var_os("TENON_TEST_REGISTRY") {
            return path.into();
        }
        let beside = PathBuf::from(env!("CARGO_BIN_EXE_tenon")).with_file_name("tenon-registry");
        if !beside.is_file() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--bin", "tenon-registry"]);
            cargo.args(["-p", "tenon-registry-server"]);
            let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
            assert!(status.unwrap().success(), "the registry cannot be built");
        }
        beside
    })
}
