//! Registries, keys and tokens, from the outside: files, their modes, and many processes at once.

#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod asker;
mod keys;
mod layers;
mod projects;
mod registries;
mod shown;
mod tokens;
mod wkg;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const PIN: &str = "registry.example/log+b46fa9f3+AZJ6/F7fWR00lAB2mSKdlyzbZ4mwkVW9LI5hFrPIqQ/j#e0b3e9d6c605157bd937ac54f8f271f2fedcbda6e6b8e7551e8c6fc3cf28de23";

/// How many processes do the same at once.
const PROCESSES: usize = 8;

/// A folder of its own for a test, with configuration, cache and state in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    /// A place where the registry `corp` is known.
    fn with_registry() -> Place {
        let place = Place::new();
        place.ok(&["registry", "add", "corp", "https://registry.example", PIN]);
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn mode(&self, name: &str) -> u32 {
        let metadata = fs::metadata(self.at(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }

    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn tenon(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env("TENON_CONFIG_DIR", self.at("config"))
            .env("TENON_CACHE_DIR", self.at("cache"))
            .env("TENON_STATE_DIR", self.at("state"))
            .env("XDG_CONFIG_HOME", self.at("xdg"))
            .env_remove("WKG_CONFIG_FILE")
            .env_remove("TENON_REGISTRY")
            .env_remove("TENON_TOKEN")
            .env_remove("TENON_KEY")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    /// A command that is given deep inside of the project in `project/`.
    fn inside(&self, words: &[&str]) -> Command {
        let folder = self.at("project/src/deep");
        fs::create_dir_all(&folder).unwrap();
        let mut command = self.tenon(words);
        command.current_dir(folder);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.tenon(words).output().unwrap()
    }

    /// What a command that succeeds prints.
    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that fails with this code says.
    fn fails(&self, code: &str, words: &[&str]) -> String {
        let output = self.run(words);
        let said = said(&output);
        assert!(!output.status.success(), "{words:?}");
        assert!(
            said.starts_with(&format!("error[{code}]: ")),
            "{words:?}: {said}"
        );
        said
    }

    fn login(&self, registry: &str, token: &str) -> Output {
        give(
            self.tenon(&["login", registry, "--token-stdin", "--offline"]),
            token,
        )
        .wait_with_output()
        .unwrap()
    }
}

/// The lines that describe a registry in a file.
fn registry(name: &str, url: &str, pin: &str) -> String {
    format!("[registries.{name}]\nurl = \"{url}\"\npin = \"{pin}\"\n")
}

/// What a command ends with, prints and says.
fn end(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let said = said(&output);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        said,
    )
}

/// Starts a process, and gives it `input`.
fn give(mut command: Command, input: &str) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    child
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Files in a folder that are neither locks nor wanted, such as temporary ones.
fn litter(folder: &Path, wanted: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !name.ends_with(".lock") && !wanted.contains(&name.as_str()))
        .collect()
}
