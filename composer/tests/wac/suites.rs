//! The test suites of other parsers, read where cargo keeps their sources.

use crate::formatted;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_composer::wac::{parse, parse_body};
use wit_parser::ParseErrorKind;
use wit_parser::UnresolvedPackageGroup;

/// The sources of a crate, the newest of that version, if cargo has it.
fn sources(name: &str) -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))?;
    let indexes = fs::read_dir(home.join("registry/src")).ok()?;
    let crates = indexes
        .flatten()
        .flat_map(|index| fs::read_dir(index.path()).into_iter().flatten().flatten());
    let named = crates.map(|folder| folder.path()).filter(|path| {
        let folder = path.file_name().unwrap().to_string_lossy();
        folder
            .strip_prefix(name)
            .is_some_and(|patch| patch.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let found = named.max();
    if found.is_none() {
        println!("no sources of {name}* here, so nothing is tried of them");
    }
    found
}

/// The files in a folder and all below whose names end so, by their paths from there.
fn files(folder: &Path, end: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// What the other parser refuses, and the superset has.
const MORE_THAN_WAC: &[(&str, &str)] = &[(
    "fail/invalid-path-semver.wac",
    "an `import` statement may have a version requirement",
)];

#[test]
fn documents_of_wac() {
    let Some(sources) = sources("wac-parser-0.12.") else {
        return;
    };
    let suite = files(&sources.join("tests/parser"), ".wac");
    assert!(suite.len() > 20);
    let mut wrong = vec![];
    for (name, source) in &suite {
        let refused = parse(source)
            .errors
            .iter()
            .map(|it| format!("{} {it}", it.code()))
            .collect::<Vec<_>>();
        println!("{name}: {refused:?}");
        let more = MORE_THAN_WAC.iter().any(|(more, _)| more == name);
        if refused.is_empty() != (!name.starts_with("fail/") || more) {
            wrong.push(format!("{name}: {refused:?}"));
        }
        if refused.is_empty() {
            formatted(source);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    for folder in ["tests/resolution", "tests/encoding"] {
        let suite = files(&sources.join(folder), ".wac");
        assert!(suite.len() > 5);
        for (name, source) in suite {
            let parsed = parse(&source);
            assert_eq!(parsed.errors, [], "{name}");
            formatted(&source);
        }
    }
}

/// What WIT's parser refuses for its syntax, and this one has.
const MORE_THAN_WIT: &[(&str, &str)] = &[(
    "parse-fail/type-nesting-too-deep.wit",
    "types may be deeper in each other here",
)];

/// What WIT's parser refuses for what it means, and this one as it reads it.
const LESS_THAN_WIT: &[&str] = &[
    "parse-fail/empty-enum.wit",
    "parse-fail/empty-tuple.wit",
    "parse-fail/empty-variant1.wit",
];

#[test]
fn files_of_wit() {
    let Some(sources) = sources("wit-parser-0.263.") else {
        return;
    };
    let suite = files(&sources.join("tests/ui"), ".wit");
    assert!(suite.len() > 200);
    let (mut syntax, mut wrong) = (0, vec![]);
    for (name, source) in &suite {
        let theirs = UnresolvedPackageGroup::parse(name.as_str(), source.as_str());
        let theirs = theirs.err().map(|(_, error)| error);
        // Their parser has one kind of error for what is written and for what it means.
        let refused = theirs.as_ref().is_some_and(|error| {
            let message = error.to_string();
            matches!(error.kind(), ParseErrorKind::Lex(_))
                || message.starts_with("expected ")
                || message.contains("too deep")
                || message.contains("@external-id")
                || message.contains("nested packages must")
        });
        syntax += usize::from(refused);
        let ours = parse_body(source).errors;
        if ours.is_empty() {
            formatted(source);
        }
        let more = MORE_THAN_WIT.iter().any(|(more, _)| more == name);
        let less = LESS_THAN_WIT.contains(&name.as_str()) && theirs.is_some();
        let expected = refused && !more || less;
        if ours.is_empty() == expected {
            let theirs = theirs.map(|error| error.to_string());
            wrong.push(format!("{name}: theirs {theirs:?}, ours {ours:?}"));
        }
    }
    println!("{syntax} of {} refused for their syntax", suite.len());
    assert!(syntax > 30, "{syntax}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_of_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let suite = files(&root.join("wit-examples"), ".wit");
    assert!(suite.len() > 3);
    for (name, source) in suite {
        assert_eq!(parse_body(&source).errors, [], "{name}");
        formatted(&source);
    }
}
