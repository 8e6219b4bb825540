//! The command `tenon` against a registry: both real, over a real socket.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod auto;
mod hostile;
mod login;
mod namespace;
mod private;
mod proxy;
mod publish;
mod semver;
mod server;
mod wit;
mod yank;

use serde_json::Value;
use server::Server;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a registry that runs may take to find a new token.
const PATIENCE: Duration = Duration::from_secs(5);

/// A user of a registry, with a folder of their own.
struct User {
    folder: tempfile::TempDir,
}

impl User {
    /// A user who knows the registry as `local`.
    fn new(server: &Server) -> User {
        let user = User {
            folder: tempfile::tempdir().unwrap(),
        };
        user.ok(&[
            "registry",
            "add",
            "local",
            &server.url,
            &server.pin,
            "--default",
        ]);
        user
    }

    /// A user with a token, and a key of this name.
    fn with_key(server: &Server, name: &str) -> User {
        let user = User::new(server);
        user.logged_in(&server.token);
        user.ok(&["key", "generate", name]);
        user
    }

    /// A user whose key owns a namespace and releases in it.
    fn with_namespace(server: &Server, namespace: &str) -> User {
        let user = User::with_key(server, &format!("{namespace}/owner"));
        user.ok(&["namespace", "create", namespace, "--yes"]);
        user
    }

    fn login(&self, token: &str) -> Output {
        let mut command = self.tenon(&["login", "local", "--token-stdin"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(token.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    /// Logs in with a token that may be so new that the registry does not know it yet.
    fn logged_in(&self, token: &str) {
        let begun = Instant::now();
        loop {
            let output = self.login(token);
            if output.status.success() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{}", said(&output));
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn tenon(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("TENON_CONFIG_DIR", self.at("config"))
            .env("TENON_CACHE_DIR", self.at("cache"))
            .env("TENON_STATE_DIR", self.at("state"))
            .env_remove("TENON_REGISTRY")
            .env_remove("TENON_TOKEN")
            .env_remove("TENON_KEY")
            .stdin(Stdio::null());
        command
    }

    /// What a command that succeeds says, on standard error.
    fn ok(&self, words: &[&str]) -> String {
        let output = self.tenon(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        said(&output)
    }

    /// The document that a command prints with `--json`.
    fn json(&self, words: &[&str]) -> Value {
        let output = self.tenon(&[words, &["--json"]].concat()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        assert_eq!(said(&output), "", "{words:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a command says that ends with this exit code and this code of an error.
    fn fails(&self, exit: i32, code: &str, words: &[&str]) -> String {
        let output = self.tenon(words).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(
            said.contains(&format!("error[{code}]: ")),
            "{words:?}: {said}"
        );
        said
    }

    /// The public half of the user's key.
    fn vkey(&self) -> String {
        let output = self.tenon(&["key", "show"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Publishes a file, and gives what that prints with `--json`.
    fn publish(&self, file: &str, package: &str, version: &str) -> Value {
        self.json(&[
            "publish",
            file,
            "--package",
            package,
            "--version",
            version,
            "--yes",
        ])
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A component that exports functions of no type under `names`, and imports others.
fn component(imports: &[&str], exports: &[&str]) -> String {
    let mut text = "(component\n".to_owned();
    for name in imports {
        text.push_str(&format!("  (import \"{name}\" (func))\n"));
    }
    text.push_str(
        "  (core module $m (func (export \"f\")))\n  (core instance $i (instantiate $m))\n  (func $f (canon lift (core func $i \"f\")))\n",
    );
    for name in exports {
        text.push_str(&format!("  (export \"{name}\" (func $f))\n"));
    }
    text + ")\n"
}
