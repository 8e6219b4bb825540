//! A case is a folder: two components, or WIT packages, beside what is expected of their diff.
//!
//! `old.*` is compared with `new.*`; by its extension a file is `.wit`, a world that is made into
//! a component whose functions trap; `.canonical`, the same with versions in their canonical form;
//! `.witpkg`, WIT that is encoded as a package; `.wat`, assembled. The folder of a case is its verdict:
//! `identical`, `patch`, `minor` or `major`; `fail` has what cannot be compared.
//!
//! Of every case it must hold, too, that `breaks` says the same, that the other way round what came
//! went, and that nothing changed between a file and itself.
//!
//! `UPDATE=1 cargo test -p tenon-composer --test diffs` writes each `expected.txt` anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

#[path = "cases/component.rs"]
mod component;

use component::Names;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tenon_composer::{
    Arena, Bodies, Change, Diff, Error, Impact, Makeup, Source, Update, What, breaks, diff, inspect,
};
use wit_parser::Resolve;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let update = std::env::var_os("UPDATE").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diffs");
    let mut trials = Vec::new();
    for verdict in entries(&root) {
        for case in entries(&verdict) {
            let verdict = file_name(&verdict);
            let name = format!("{verdict}/{}", file_name(&case));
            trials.push(Trial::test(name, move || check(&case, &verdict, update)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(case: &Path, verdict: &str, update: bool) -> Result<(), Failed> {
    let (old, new) = (bytes(case, "old"), bytes(case, "new"));
    let (found, text) = match compared(&old, &new) {
        Ok((diff, breaking)) => {
            if breaking.is_empty() == (diff.impact == Some(Impact::Major)) {
                return Err(format!("{:?}, but what breaks is {breaking:?}", diff.impact).into());
            }
            let back = compared(&new, &old)?.0;
            same_set(came(&diff), went(&back))?;
            same_set(went(&diff), came(&back))?;
            for one in [&old, &new] {
                let (itself, breaking) = compared(one, one)?;
                if itself.impact.is_some() || !itself.changes.is_empty() || !breaking.is_empty() {
                    return Err(format!("it differs from itself: {itself:?}").into());
                }
            }
            let verdict = diff.impact.map_or("identical", Impact::name);
            (verdict, text(&diff, &makeup(&old, &new)))
        }
        Err(error) => ("fail", format!("{}: {error}\n", error.code())),
    };
    let path = case.join("expected.txt");
    if update {
        fs::write(&path, &text)?;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    match found == verdict && expected == text {
        true => Ok(()),
        false => Err(format!("expected {verdict}:\n{expected}\nfound {found}:\n{text}").into()),
    }
}

fn compared(old: &Vec<u8>, new: &Vec<u8>) -> Result<(Diff, Vec<String>), Error> {
    let mut arena = Arena::new();
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    };
    let old = arena.read_release(source("old", old))?;
    let new = arena.read_release(source("new", new))?;
    let breaking = breaks(&arena, old, new);
    let breaking = breaking.iter().map(ToString::to_string).collect();
    Ok((diff(&arena, old, new), breaking))
}

fn makeup(old: &Vec<u8>, new: &Vec<u8>) -> Makeup {
    Makeup::between(&inspect("old", old).unwrap(), &inspect("new", new).unwrap())
}

fn text(diff: &Diff, makeup: &Makeup) -> String {
    let mut text = String::new();
    if let Some((old, new)) = &diff.packages {
        writeln!(text, "package {old} -> {new}").unwrap();
    }
    for change in &diff.changes {
        let path: Vec<_> = change.path.iter().map(ToString::to_string).collect();
        let why = change
            .why()
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        let path = path.join(", ");
        writeln!(text, "{}: {path}: {}{why}", change.impact, change.what).unwrap();
    }
    for (what, features) in [("needs", makeup.needed), ("drops", makeup.dropped)] {
        for feature in features.iter() {
            writeln!(text, "{what} {feature}").unwrap();
        }
    }
    for (what, updates) in [("bill", &makeup.ingredients), ("by", &makeup.producers)] {
        for Update {
            name,
            before,
            after,
            ..
        } in updates
        {
            writeln!(text, "{what} {name}: {before:?} -> {after:?}").unwrap();
        }
    }
    text
}

/// What came, each with the way to it; what moved went under one name and came under another.
fn came(diff: &Diff) -> Vec<String> {
    names(diff, |change| match &change.what {
        What::Added { kind } => Some(format!("{kind} {}", way(change))),
        What::Moved { to, .. } => Some(format!("moved {to}")),
        _ => None,
    })
}

fn went(diff: &Diff) -> Vec<String> {
    names(diff, |change| match &change.what {
        What::Removed { kind } => Some(format!("{kind} {}", way(change))),
        What::Moved { from, .. } => Some(format!("moved {from}")),
        _ => None,
    })
}

fn names(diff: &Diff, of: impl Fn(&Change) -> Option<String>) -> Vec<String> {
    let mut names: Vec<_> = diff.changes.iter().filter_map(of).collect();
    names.sort();
    names
}

/// The way to a change, without versions: they are those of the new one.
fn way(change: &Change) -> String {
    let steps = change.path.iter().map(ToString::to_string);
    let steps = steps.map(|step| match step.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => step,
    });
    steps.collect::<Vec<_>>().join(", ")
}

fn same_set(one: Vec<String>, other: Vec<String>) -> Result<(), Failed> {
    match one == other {
        true => Ok(()),
        false => Err(format!("there and back are not the same:\n{one:#?}\n{other:#?}").into()),
    }
}

fn bytes(case: &Path, stem: &str) -> Vec<u8> {
    let mut files = entries(case).into_iter();
    let path = files
        .find(|path| path.file_stem().is_some_and(|name| name == stem))
        .expect(stem);
    let text = || fs::read_to_string(&path).unwrap();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("wit") => component::from_wit(&text(), Names::Full),
        Some("canonical") => component::from_wit(&text(), Names::Canonical),
        Some("witpkg") => {
            let mut resolve = Resolve::default();
            let package = resolve.push_source("package.wit", &text()).unwrap();
            wit_component::encode(&resolve, package, false).unwrap()
        }
        Some("wat") => wat::parse_file(&path).unwrap(),
        _ => fs::read(&path).unwrap(),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
