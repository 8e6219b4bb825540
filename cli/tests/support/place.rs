//! A folder of its own for a test, in which a registry is known as `local`.

#![allow(dead_code, reason = "shared by tests, each of which uses a part")]

use crate::server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place::of(Server::start())
    }

    /// A folder that knows this registry.
    pub(crate) fn of(server: Server) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { folder, server };
        let (base, pin) = (place.server.base(), place.server.pin());
        place.ok(&["registry", "add", "local", &base, &pin, "--default"]);
        place
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    pub(crate) fn tenon(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("TENON_CONFIG_DIR", self.at("config"))
            .env("TENON_CACHE_DIR", self.at("cache"))
            .env("TENON_STATE_DIR", self.at("state"))
            .env("XDG_CONFIG_HOME", self.at("xdg"))
            .env_remove("WKG_CONFIG_FILE")
            .env_remove("TENON_REGISTRY")
            .env_remove("TENON_TOKEN")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.tenon(words).output().unwrap()
    }

    /// What a command that succeeds says, and prints.
    pub(crate) fn ok(&self, words: &[&str]) -> Said {
        let said = Said::of(self.run(words));
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
        said
    }

    /// What a command says that ends with this exit code and this error code.
    pub(crate) fn fails(&self, exit: i32, code: &str, words: &[&str]) -> Said {
        let said = Said::of(self.run(words));
        assert_eq!(said.code, Some(exit), "{words:?}: {}", said.err);
        assert!(
            said.err.contains(&format!("error[{code}]: ")),
            "{words:?}: {}",
            said.err
        );
        said
    }

    /// The files of the folder that a command could have written.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names
            .filter(|name| !["config", "cache", "state"].contains(&name.as_str()))
            .collect();
        names.sort();
        names
    }

    /// The only file of content in the cache.
    pub(crate) fn blob(&self) -> PathBuf {
        let mut found = vec![];
        collect(&self.at("cache/blobs"), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Said {
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// That nothing in it steers a terminal.
    pub(crate) fn is_clean(&self) -> bool {
        let harmful =
            |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}".contains(c);
        !self.out.contains(harmful) && !self.err.contains(harmful)
    }
}
