//! The commands for projects against a registry: both real, over a real socket.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod add;
mod build;
mod documents;
mod flags;
mod lock;
mod look;
mod packages;
mod registries;
mod remove;
#[path = "../registry/server.rs"]
mod server;
mod update;

use packages::Packages;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

/// A project in a folder with a space and a letter that is not ASCII in its name, and whoever works on it.
struct Project {
    home: tempfile::TempDir,
    packages: Arc<Packages>,
}

impl Project {
    /// A project with this manifest.
    fn new(manifest: &str) -> Project {
        let packages = Packages::shared();
        let project = Project {
            home: tempfile::tempdir().unwrap(),
            packages,
        };
        fs::create_dir(project.at("")).unwrap();
        let server = &project.packages.server;
        project.ok(&[
            "registry",
            "add",
            "local",
            &server.url,
            &server.pin,
            "--default",
        ]);
        project.write("tenon.toml", manifest);
        project
    }

    /// A project with these dependencies, and `app.wat`, which imports `acme:log/api`, as its socket.
    fn composing(dependencies: &str, more: &str) -> Project {
        let manifest =
            format!("[dependencies]\n{dependencies}\n[compose]\nsocket = \"app.wat\"\n{more}\n");
        let project = Project::new(&manifest);
        project.write(
            "app.wat",
            &packages::component(&["acme:log/api@1.0.0"], &["acme:app/run@1.0.0"]),
        );
        project
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join("my pröj").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// The manifest and the lock file as they are.
    fn files(&self) -> (String, Option<String>) {
        let lock = fs::read_to_string(self.at("tenon.lock")).ok();
        (self.read("tenon.toml"), lock)
    }

    fn tenon_in(&self, folder: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        let place = |name: &str| self.home.path().join(name);
        command
            .args(words)
            .current_dir(self.at(folder))
            .env("TENON_CONFIG_DIR", place("config"))
            .env("TENON_CACHE_DIR", place("cache"))
            .env("TENON_STATE_DIR", place("state"))
            .env("XDG_CONFIG_HOME", place("xdg"))
            .env_remove("WKG_CONFIG_FILE")
            .env_remove("TENON_REGISTRY")
            .env_remove("TENON_TOKEN")
            .stdin(Stdio::null());
        command
    }

    fn run_in(&self, folder: &str, words: &[&str]) -> Output {
        self.tenon_in(folder, words).output().unwrap()
    }

    /// What a command that succeeds says, on standard error.
    fn ok_in(&self, folder: &str, words: &[&str]) -> String {
        let output = self.run_in(folder, words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        said(&output)
    }

    fn ok(&self, words: &[&str]) -> String {
        self.ok_in("", words)
    }

    /// What a command that succeeds prints.
    fn prints(&self, words: &[&str]) -> String {
        let output = self.run_in("", words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The document that a command that succeeds prints with `--json`, and nothing else.
    fn json(&self, words: &[&str]) -> Value {
        let output = self.run_in("", &[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        assert_eq!(said(&output), "", "{words:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a command says that ends with this exit code and error code, and leaves manifest and lock as they were.
    fn fails(&self, exit: i32, code: &str, words: &[&str]) -> String {
        let before = self.files();
        let output = self.run_in("", words);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(
            said.contains(&format!("error[{code}]: ")),
            "{words:?}: {said}"
        );
        assert_eq!(output.stdout, b"", "{words:?}");
        assert_eq!(self.files(), before, "{words:?}");
        said
    }

    /// The locked releases, as `name version`.
    fn locked(&self) -> Vec<String> {
        let lock = self.read("tenon.lock");
        let lock: toml::Table = lock.parse().unwrap();
        let Some(packages) = lock.get("package") else {
            return vec![];
        };
        let packages = packages.as_array().unwrap().iter();
        let text = |table: &toml::Value, key: &str| table[key].as_str().unwrap().to_owned();
        packages
            .map(|package| format!("{} {}", text(package, "name"), text(package, "version")))
            .collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
