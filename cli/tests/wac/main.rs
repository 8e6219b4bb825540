//! Documents in WAC and WIT, from the outside: the real program, in a folder of its own.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

mod compose;
mod find;
mod fmt;
mod parse;
mod places;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A document that is not in the style, and the same in it.
const LOOSE: &str = "package acme:app;\nlet app=new acme:http{...};\nexport app...;\n";
const TIDY: &str = "package acme:app;\nlet app = new acme:http { ... };\nexport app...;\n";

/// A folder in which commands run, and one for what they keep.
struct Place(tempfile::TempDir, tempfile::TempDir);

/// What a command said.
struct Said {
    exit: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    /// A folder with these files.
    fn with(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = place.at(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn run(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a command with this standard input.
    fn feed(&self, words: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(words);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Said::of(child.wait_with_output().unwrap())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command.args(words).current_dir(self.0.path());
        for (name, folder) in [("CONFIG", "config"), ("CACHE", "cache"), ("STATE", "state")] {
            command.env(format!("TENON_{name}_DIR"), self.1.path().join(folder));
        }
        command.env_remove("TENON_REGISTRY").env_remove("NO_COLOR");
        command
    }
}

impl Said {
    fn of(output: Output) -> Said {
        Said {
            exit: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A component that exports this function, as text.
fn component(export: &str) -> String {
    format!(
        "(component\n(core module $m (func (export \"f\")))\n(core instance $i (instantiate $m))\n\
         (func $f (canon lift (core func $i \"f\")))\n(export \"{export}\" (func $f)))\n"
    )
}

/// Where a report says that a package is.
fn package(report: &Value, name: &str) -> String {
    let packages = report["packages"].as_array().unwrap();
    let package = packages.iter().find(|it| it["name"] == name);
    package.unwrap()["path"].as_str().unwrap().to_owned()
}
