//! A composition taken apart into files: all of them or none, and none changed.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder with two components that share core modules, and what they were composed to.
struct Place(TempDir);

const COMPONENTS: [&str; 2] = ["app", "plug"];

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let module = format!(
            r#"(core module $m (memory 1) (func (export "f")) (data (i32.const 0) "{}"))
               (core instance $i (instantiate $m))
               (func $f (canon lift (core func $i "f")))"#,
            "shared".repeat(100)
        );
        let app = format!(r#"(component (import "g" (func)) {module} (export "f" (func $f)))"#);
        let plug = format!(r#"(component {module} (export "g" (func $f)))"#);
        for (name, text) in COMPONENTS.iter().zip([app, plug]) {
            let file = place.at(name).with_extension("wasm");
            fs::write(file, wat::parse_str(text).unwrap()).unwrap();
        }
        place
    }

    /// The components, composed.
    fn composed() -> Place {
        let place = Place::new();
        let plugged = place.run(&[
            "plug",
            "app.wasm",
            "--plug",
            "plug.wasm",
            "--dedupe",
            "modules",
            "-o",
            "whole.wasm",
        ]);
        assert!(plugged.status.success(), "{}", said(&plugged));
        assert!(
            said(&plugged).contains("hoisted 1 core module, which saves 6"),
            "{}",
            said(&plugged)
        );
        place
    }

    fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tenon"))
            .args(words)
            .current_dir(self.0.path())
            .env("XDG_CACHE_HOME", self.at("cache"))
            .output()
            .unwrap()
    }

    fn extract(&self, folder: &str) -> Output {
        self.run(&["inspect", "whole.wasm", "--extract", folder])
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(folder)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn assert_whole(&self, folder: &str) {
        assert_eq!(self.files(folder), ["app.wasm", "plug.wasm"]);
        for file in self.files(folder) {
            let extracted = fs::read(self.at(folder).join(&file)).unwrap();
            assert!(extracted == fs::read(self.at(&file)).unwrap(), "{file}");
        }
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_files_are_what_was_composed() {
    let place = Place::composed();
    let whole = fs::metadata(place.at("whole.wasm")).unwrap().len();
    let parts = COMPONENTS.map(|name| place.at(name).with_extension("wasm"));
    let parts: u64 = parts.iter().map(|p| fs::metadata(p).unwrap().len()).sum();
    assert!(whole < parts, "nothing was saved: {whole} of {parts}");
    assert!(place.extract("a/b").status.success());
    place.assert_whole("a/b");

    // Once more, and to where one of them is already.
    assert!(place.extract("a/b").status.success());
    fs::create_dir(place.at("c")).unwrap();
    fs::copy(place.at("plug.wasm"), place.at("c/plug.wasm")).unwrap();
    assert!(place.extract("c").status.success());
    place.assert_whole("c");
}

#[test]
fn what_they_make_again_is_the_same() {
    let place = Place::composed();
    assert!(place.extract("out").status.success());
    let again = place.run(&[
        "plug",
        "out/app.wasm",
        "--plug",
        "out/plug.wasm",
        "--dedupe",
        "modules",
        "-o",
        "again.wasm",
    ]);
    assert!(again.status.success(), "{}", said(&again));
    let (whole, again) = (place.at("whole.wasm"), place.at("again.wasm"));
    assert!(fs::read(whole).unwrap() == fs::read(again).unwrap());
}

#[test]
fn another_file_is_never_changed() {
    let place = Place::composed();
    fs::create_dir(place.at("out")).unwrap();
    fs::write(place.at("out/plug.wasm"), "mine").unwrap();
    let refused = place.extract("out");
    assert_eq!(refused.status.code(), Some(1));
    let expected = Path::new("out").join("plug.wasm");
    let message = format!(
        "`{}` is there already, and is another one",
        expected.display()
    );
    assert!(said(&refused).contains(&message), "{}", said(&refused));
    assert_eq!(place.files("out"), ["plug.wasm"]);
    assert_eq!(fs::read(place.at("out/plug.wasm")).unwrap(), b"mine");

    // A folder in the place of a file, and a file in the place of the folder.
    fs::create_dir_all(place.at("other/app.wasm")).unwrap();
    assert_eq!(place.extract("other").status.code(), Some(1));
    assert_eq!(place.files("other"), ["app.wasm"]);
    assert_eq!(place.extract("app.wasm").status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed_to_be_written() {
    let place = Place::composed();
    fs::create_dir(place.at("out")).unwrap();
    std::os::unix::fs::symlink(place.at("elsewhere"), place.at("out/app.wasm")).unwrap();
    assert_eq!(place.extract("out").status.code(), Some(1));
    assert_eq!(place.files("out"), ["app.wasm"]);
    assert!(!place.at("elsewhere").exists());
}

#[test]
fn nothing_is_written_of_what_was_changed() {
    let place = Place::composed();
    let mut whole = fs::read(place.at("whole.wasm")).unwrap();
    let at = whole.windows(6).position(|at| at == b"shared").unwrap();
    whole[at] = b'S';
    fs::write(place.at("whole.wasm"), whole).unwrap();
    let refused = place.extract("out");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).starts_with("error[compose::digest-differs]: `app` in `whole.wasm`"),
        "{}",
        said(&refused)
    );
    assert!(!place.at("out").exists());
}

#[test]
fn a_component_without_components_has_nothing_to_extract() {
    let place = Place::composed();
    let refused = place.run(&["inspect", "plug.wasm", "--extract", "out"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("no components in it"));
    assert!(!place.at("out").exists());
}
