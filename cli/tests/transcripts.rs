//! Every command line that the documentation shows, and many that it does not, run as they stand.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "transcripts/scene.rs"]
mod scene;
#[path = "registry/server.rs"]
mod server;

use scene::Scene;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

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

/// Runs the transcripts in `folder`, each in a copy of the examples and of the folder called after it, if there is one; of a page,
/// that is among the transcripts, in `pages`.
///
/// With `TRYCMD=overwrite` what they print now is written back.
fn run(folder: &Path, only: Option<&str>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let scratch = tempfile::tempdir().unwrap();
    let files = transcripts(folder, only);
    let cases = cases(scratch.path());
    cases.register_bin("cat", find("cat"));
    for file in &files {
        let copied = scratch.path().join(file.file_name().unwrap());
        fs::copy(file, &copied).unwrap();
        copy(&root.join("wit-examples"), &copied.with_extension("in"));
        let pages = root.join("cli/tests/transcripts/pages");
        let own = [
            file.with_extension(""),
            pages.join(file.file_stem().unwrap()),
        ];
        for own in own.iter().filter(|own| own.is_dir()) {
            copy(own, &copied.with_extension("in"));
        }
        cases.case(copied);
    }
    cases.run();
    write_back(&files, scratch.path());
}

/// What the configuration of `wkg` is called where a transcript has one.
const WKG_CONFIG: &str = "wkg-config.toml";

/// Runs the transcripts in `folder`, each in a project with a registry of its own.
fn run_projects(folder: &Path, only: Option<&str>) {
    let files = transcripts(folder, only);
    thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| run_project(file));
        }
    });
}

fn run_project(file: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let copied = scratch.path().join(file.file_name().unwrap());
    fs::copy(file, &copied).unwrap();
    let scene = Scene::new(&copied.with_extension("in"));
    let own = file.with_extension("");
    if own.is_dir() {
        scene.add(&own);
    }
    if file.ends_with("merge.md") {
        scene.merge();
    }
    let cases = cases(scratch.path());
    for tool in ["cat", "grep", "ls", "rm", "sed"] {
        cases.register_bin(tool, find(tool));
    }
    let here = scratch.path().to_str().unwrap().to_owned();
    cases.env("TENON_CACHE_DIR", format!("{here}/cache"));
    if scene.has(WKG_CONFIG) {
        cases.env("WKG_CONFIG_FILE", WKG_CONFIG);
    }
    cases.insert_var("[HOME]", here).unwrap();
    for (name, value) in scene.names() {
        cases.insert_var(name, value).unwrap();
    }
    cases.case(copied);
    cases.run();
    write_back(&[file.to_owned()], scratch.path());
}

/// The transcripts in a folder, or the one of this name.
fn transcripts(folder: &Path, only: Option<&str>) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| only.is_none_or(|only| path.ends_with(only)))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// What all transcripts have in common.
fn cases(scratch: &Path) -> trycmd::TestCases {
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("tenon", trycmd::cargo::cargo_bin!("tenon"))
        .env("XDG_CACHE_HOME", scratch.join("cache").to_str().unwrap())
        .env("XDG_CONFIG_HOME", scratch.join("config").to_str().unwrap())
        .env("WKG_CONFIG_FILE", "")
        // Each transcript runs in a folder of its own.
        .env("TENON_CONFIG_DIR", "config")
        .env("TENON_STATE_DIR", "state");
    cases
}

/// Replaces transcripts by what came of their copies, if that is asked for.
fn write_back(files: &[PathBuf], scratch: &Path) {
    if std::env::var("TRYCMD").is_ok_and(|mode| mode == "overwrite") {
        for file in files {
            fs::copy(scratch.join(file.file_name().unwrap()), file).unwrap();
        }
    }
}

/// Where a program of the system is.
fn find(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(tool));
    places.find(|place| place.is_file()).unwrap()
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
fn page_of_wac() {
    // What the commands on it are given is what it shows.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(folder.join("../docs/wac.md")).unwrap();
    let mut shown = 0;
    for entry in fs::read_dir(folder.join("tests/transcripts/pages/wac")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(page.contains(text.trim_end()), "{}", path.display());
        shown += 1;
    }
    assert!(shown >= 3, "{shown}");
    run(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs"),
        Some("wac.md"),
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
fn projects() {
    run_projects(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/projects"),
        None,
    );
}

#[test]
fn page_of_projects() {
    run_projects(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs"),
        Some("projects.md"),
    );
}

/// The commands for projects.
const PROJECT_COMMANDS: [&str; 13] = [
    "init",
    "add",
    "remove",
    "lock",
    "update",
    "fetch",
    "build",
    "tree",
    "why",
    "outdated",
    "wit fetch",
    "wit build",
    "config show",
];

#[test]
fn the_page_of_projects_names_every_command_and_option() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/projects.md");
    let page = fs::read_to_string(page).unwrap();
    let mut options = 0;
    for name in PROJECT_COMMANDS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        let output = command
            .args(name.split_whitespace())
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{name}");
        assert!(page.contains(&format!("tenon {name}")), "{name}");
        let own = help.split("Global options:").next().unwrap();
        let words = own
            .split_whitespace()
            .map(|word| word.trim_matches(['`', ',', '.', '\'']));
        for option in words.filter(|word| word.starts_with("--") && *word != "--help") {
            assert!(page.contains(option), "{name} {option}");
            options += 1;
        }
    }
    for option in ["--locked", "--frozen", "--offline", "--registry", "--json"] {
        assert!(page.contains(option), "{option}");
    }
    assert!(options >= 12, "{options}");
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
