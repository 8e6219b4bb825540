//! Every command line that the documentation shows, and many that it does not, run as they stand.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs the transcripts in `folder`, each in a copy of the examples.
///
/// With `TRYCMD=overwrite` what they print now is written back.
fn run(folder: &Path, only: Option<&str>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let scratch = tempfile::tempdir().unwrap();
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| only.is_none_or(|only| path.ends_with(only)))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("tenon", trycmd::cargo::cargo_bin!("tenon"))
        .env(
            "XDG_CACHE_HOME",
            scratch.path().join("cache").to_str().unwrap(),
        )
        .env(
            "XDG_CONFIG_HOME",
            scratch.path().join("config").to_str().unwrap(),
        )
        .env("WKG_CONFIG_FILE", "")
        // Each transcript runs in a folder of its own.
        .env("TENON_CONFIG_DIR", "config")
        .env("TENON_STATE_DIR", "state");
    for file in &files {
        let copied = scratch.path().join(file.file_name().unwrap());
        fs::copy(file, &copied).unwrap();
        copy(&root.join("wit-examples"), &copied.with_extension("in"));
        cases.case(copied);
    }
    cases.run();
    if std::env::var("TRYCMD").is_ok_and(|mode| mode == "overwrite") {
        for file in &files {
            fs::copy(scratch.path().join(file.file_name().unwrap()), file).unwrap();
        }
    }
}

#[test]
fn readme() {
    run(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        Some("README.md"),
    );
}

#[test]
fn pages() {
    run(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs"),
        Some("plugging.md"),
    );
}

#[test]
fn commands() {
    run(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts"),
        None,
    );
}

#[test]
fn commands_in_the_readmes_of_the_examples() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
    let scratch = tempfile::tempdir().unwrap();
    copy(&examples, scratch.path());
    let (mut ran, mut drawn) = (0, 0);
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(readme) = fs::read_to_string(folder.join("README.md")) else {
            continue;
        };
        for line in readme
            .lines()
            .filter_map(|line| line.strip_prefix("tenon "))
        {
            let output = Command::new(env!("CARGO_BIN_EXE_tenon"))
                .args(line.split_whitespace())
                .current_dir(&folder)
                .env("XDG_CACHE_HOME", scratch.path().join("cache"))
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "{}: {line}\n{said}",
                folder.display()
            );
            ran += 1;
            if line.ends_with("--format svg") {
                let committed = examples.join(folder.file_name().unwrap()).join(DRAWING);
                check_drawing(&output.stdout, &committed);
                drawn += 1;
            }
        }
    }
    assert!(ran >= 6, "every example shows how it is composed");
    assert!(drawn >= 2, "some examples show what that looks like");
}

/// The picture that the README of an example shows.
const DRAWING: &str = "composition.svg";

/// Checks that a picture is the one that is committed. With `TRYCMD=overwrite` it is written back.
fn check_drawing(drawn: &[u8], committed: &Path) {
    if std::env::var("TRYCMD").is_ok_and(|mode| mode == "overwrite") {
        fs::write(committed, drawn).unwrap();
    }
    let is_same = fs::read(committed).is_ok_and(|committed| committed == drawn);
    assert!(is_same, "{} is not what is drawn now", committed.display());
}
