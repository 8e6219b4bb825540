//! The house rules that a compiler does not hold: which crate may depend on which, how long a file
//! may be, and what must not be in it.
//!
//! Each rule is a function over files, so that the tests below can also give it bad ones. What it
//! finds says where, what is wrong, and what to do about it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test: a panic is how it fails"
)]

use std::fmt;
use std::fs;
use std::path::Path;

/// The crates, and which of the others each may depend on, in any section of its manifest.
const MAY_DEPEND: &[(&str, &str, &[&str])] = &[
    ("composer", "tenon-composer", &[]),
    (
        "registry-client",
        "tenon-registry-client",
        &["tenon-composer"],
    ),
    (
        "registry-server",
        "tenon-registry-server",
        &["tenon-composer", "tenon-registry-client"],
    ),
    (
        "cli",
        "tenon-cli",
        &["tenon-composer", "tenon-registry-client"],
    ),
    (
        "tests",
        "tenon-tests",
        &[
            "tenon-composer",
            "tenon-registry-client",
            "tenon-registry-server",
            "tenon-cli",
        ],
    ),
];

/// The most lines that a hand-written source file may have.
const MOST_LINES: usize = 800;

/// Marks a source file as written by a program, in its first lines.
const GENERATED: &str = concat!("@", "generated");

/// Where some machine keeps this project; in two halves, so that this file is not found.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/fa", "rm/"),
];

/// What a crate that does no I/O has no use for.
const IO_MODULES: &[&str] = &["env", "fs"];

/// A text file of the project.
#[derive(Clone, Debug)]
struct File {
    /// Its path from the root, with `/` between the parts.
    path: String,
    text: String,
}

/// One breach of one rule.
#[derive(Debug)]
struct Finding {
    place: String,
    wrong: String,
    remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}\n    to do: {}",
            self.place, self.wrong, self.remedy
        )
    }
}

impl Finding {
    fn new(place: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }
}

// ---- the rules ----

fn dependencies_point_one_way(files: &[File]) -> Vec<Finding> {
    let ours: Vec<&str> = MAY_DEPEND.iter().map(|(_, name, _)| *name).collect();
    let mut found = vec![];
    for (path, manifest) in manifests(files, &mut found) {
        let folder = path.trim_end_matches("/Cargo.toml");
        let Some((_, name, allowed)) = MAY_DEPEND.iter().find(|(dir, ..)| *dir == folder) else {
            found.push(Finding::new(
                path,
                "is of a crate that has no place in the order of crates",
                "add it to MAY_DEPEND in tests/tests/tidy.rs, with what it may depend on",
            ));
            continue;
        };
        for dependency in dependencies(&manifest) {
            if ours.contains(&dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                let may = if allowed.is_empty() {
                    "none".into()
                } else {
                    allowed.join(", ")
                };
                found.push(Finding::new(
                    path,
                    format!("{name} depends on {dependency}; of our crates it may on: {may}"),
                    format!(
                        "remove it, and move what it was for into a crate below both, \
                         or up to one that may depend on {dependency}"
                    ),
                ));
            }
        }
    }
    found
}

fn crates_take_the_workspace_lints(files: &[File]) -> Vec<Finding> {
    let mut found = vec![];
    for (path, manifest) in manifests(files, &mut found) {
        let lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            found.push(Finding::new(
                path,
                "does not take the workspace's lints",
                "add a section [lints] with the line: workspace = true",
            ));
        }
    }
    found
}

fn sources_are_short(files: &[File]) -> Vec<Finding> {
    let of_a_crate = |path: &str| {
        MAY_DEPEND
            .iter()
            .any(|(dir, ..)| path.strip_prefix(dir).is_some_and(|p| p.starts_with('/')))
    };
    let mut found = vec![];
    for File { path, text } in files {
        let generated = text.lines().take(5).any(|line| line.contains(GENERATED));
        let lines = text.lines().count();
        if path.ends_with(".rs") && of_a_crate(path) && !generated && lines > MOST_LINES {
            found.push(Finding::new(
                path,
                format!("has {lines} lines, of at most {MOST_LINES}"),
                format!(
                    "split it into modules by what they do (if a program writes it, say \
                     {GENERATED} at its top)"
                ),
            ));
        }
    }
    found
}

fn no_machine_paths(files: &[File]) -> Vec<Finding> {
    let mut found = vec![];
    for File { path, text } in files {
        for (number, line) in (1..).zip(text.lines()) {
            for needle in MACHINE_PATHS {
                // A part of a longer path or of a name is not the start of a machine's path.
                let starts = line.match_indices(needle).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.})>*".contains(c))
                });
                if starts {
                    found.push(Finding::new(
                        format!("{path}:{number}"),
                        format!("has a path of one machine: {needle}"),
                        "write it from the root of the project, or take it from the environment",
                    ));
                }
            }
        }
    }
    found
}

fn the_composer_does_no_io(files: &[File]) -> Vec<Finding> {
    let mut found = vec![];
    for File { path, text } in files {
        // Its tests may read what they compare with.
        let is_test = path.contains("/tests/");
        if !(path.starts_with("composer/src/") && path.ends_with(".rs")) || is_test {
            continue;
        }
        for (number, module) in io_modules(&tokens(text)) {
            found.push(Finding::new(
                format!("{path}:{number}"),
                format!("uses std::{module}, in the crate that does no I/O"),
                "take the bytes or the value as a parameter, and read it in the caller (cli)",
            ));
        }
    }
    found
}

// ---- what the rules read with ----

/// The manifests of the workspace's members, parsed; one that does not parse is a finding.
///
/// Other crates, such as an example's guests, are their own masters.
fn manifests<'a>(files: &'a [File], found: &mut Vec<Finding>) -> Vec<(&'a str, toml::Table)> {
    let mut parse = |file: &'a File| match file.text.parse::<toml::Table>() {
        Ok(table) => Some((file.path.as_str(), table)),
        Err(e) => {
            found.push(Finding::new(&file.path, e.message(), "correct the TOML"));
            None
        }
    };
    let root = files
        .iter()
        .find(|file| file.path == "Cargo.toml")
        .and_then(&mut parse);
    let members: Vec<String> = root
        .iter()
        .filter_map(|(_, root)| root.get("workspace")?.get("members")?.as_array())
        .flatten()
        .filter_map(|member| Some(format!("{}/Cargo.toml", member.as_str()?)))
        .collect();
    files
        .iter()
        .filter(|file| members.contains(&file.path))
        .filter_map(parse)
        .collect()
}

/// The packages that a manifest depends on, whatever name it gives them.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut sections = vec![manifest];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    sections.extend(
        targets
            .into_iter()
            .flatten()
            .filter_map(|(_, target)| target.as_table()),
    );
    let mut names = vec![];
    for section in sections {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = section.get(kind).and_then(toml::Value::as_table) else {
                continue;
            };
            for (key, value) in table {
                let package = value.get("package").and_then(toml::Value::as_str);
                names.push(package.unwrap_or(key).to_owned());
            }
        }
    }
    names
}

/// The words and the signs of Rust code with their lines, without comments and literals.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = code.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = vec![];
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        match chars[i] {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            '"' => i = after_string(&chars, i),
            // A character, and not a lifetime.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => {
                i += if at(i + 1) == '\\' { 3 } else { 2 };
                while i < chars.len() && chars[i] != '\'' {
                    i += 1;
                }
                i += 1;
            }
            c if word(c) => {
                while i < chars.len() && word(chars[i]) {
                    i += 1;
                }
                let text: String = chars[start..i].iter().collect();
                let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
                if matches!(text.as_str(), "r" | "br" | "cr") && at(i + hashes) == '"' {
                    let end: Vec<char> = ['"']
                        .into_iter()
                        .chain(std::iter::repeat_n('#', hashes))
                        .collect();
                    i += hashes + 1;
                    while i < chars.len() && !chars[i..].starts_with(&end) {
                        i += 1;
                    }
                    i += end.len();
                } else {
                    tokens.push((line, text));
                }
            }
            ':' if at(i + 1) == ':' => {
                tokens.push((line, "::".into()));
                i += 2;
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push((line, c.into()));
                }
                i += 1;
            }
        }
        i = i.min(chars.len());
        line += chars[start..i].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn after_string(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// Where `std::env` or the like is named, also as one of the group in `std::{env, fmt}`.
fn io_modules(tokens: &[(usize, String)]) -> Vec<(usize, String)> {
    let at = |i: usize| tokens.get(i).map_or("", |(_, text)| text.as_str());
    let mut found = vec![];
    let mut note = |i: usize| {
        if IO_MODULES.contains(&at(i)) {
            found.push(tokens[i].clone());
        }
    };
    for i in 0..tokens.len() {
        if at(i) != "std" || at(i + 1) != "::" {
            continue;
        }
        if at(i + 2) != "{" {
            note(i + 2);
            continue;
        }
        let (mut depth, mut j) = (0, i + 2);
        while j < tokens.len() {
            match at(j) {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if depth == 1 && matches!(at(j), "{" | ",") {
                note(j + 1);
            }
            j += 1;
        }
    }
    found
}

/// Every text file of the project that is a source: not built, not git's, not binary.
fn project() -> Vec<File> {
    fn walk(dir: &Path, under: &str, files: &mut Vec<File>) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = if under.is_empty() {
                name.clone()
            } else {
                format!("{under}/{name}")
            };
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && !matches!(name.as_str(), "target" | ".git" | "node_modules") {
                walk(&entry.path(), &path, files);
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).unwrap();
                if let Ok(text) = String::from_utf8(bytes)
                    && !text.contains('\0')
                {
                    files.push(File { path, text });
                }
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = vec![];
    walk(root, "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

// ---- the project keeps them ----

#[track_caller]
fn assert_clean(rule: fn(&[File]) -> Vec<Finding>) {
    let files = project();
    let all = MAY_DEPEND.iter().all(|(dir, ..)| {
        files
            .iter()
            .any(|file| file.path == format!("{dir}/Cargo.toml"))
    });
    assert!(
        all,
        "a crate of MAY_DEPEND is not there: correct the table in tests/tests/tidy.rs"
    );
    let found: Vec<_> = rule(&files).iter().map(Finding::to_string).collect();
    assert!(found.is_empty(), "\n\n{}\n", found.join("\n"));
}

#[test]
fn crates_depend_only_downwards() {
    assert_clean(dependencies_point_one_way);
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    assert_clean(crates_take_the_workspace_lints);
}

#[test]
fn every_source_is_short() {
    assert_clean(sources_are_short);
}

#[test]
fn no_file_names_a_machine_path() {
    assert_clean(no_machine_paths);
}

#[test]
fn the_composer_uses_no_io_modules() {
    assert_clean(the_composer_does_no_io);
}

// ---- and each can fail ----

fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        text: text.into(),
    }
}

/// What a rule says about one file, in which each finding must say what to do.
fn said(rule: fn(&[File]) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
    let member = path.split('/').next().unwrap();
    let root = file(
        "Cargo.toml",
        &format!("[workspace]\nmembers = [\"{member}\"]"),
    );
    let found = rule(&[root, file(path, text)]);
    for finding in &found {
        assert!(finding.place.starts_with(path), "no place: {finding}");
        assert!(finding.remedy.contains(' '), "no remedy: {finding}");
    }
    found.into_iter().map(|finding| finding.wrong).collect()
}

#[test]
fn a_dependency_upwards_is_found() {
    let said = |path: &str, text: &str| said(dependencies_point_one_way, path, text);
    let package = "[package]\nname = \"x\"\n";
    for (dir, section) in [
        (
            "composer",
            "[dependencies]\ntenon-registry-client.workspace = true",
        ),
        (
            "composer",
            "[dev-dependencies]\ntenon-tests = { path = \"../tests\" }",
        ),
        (
            "composer",
            "[target.'cfg(unix)'.dependencies]\ntenon-cli.workspace = true",
        ),
        (
            "composer",
            "[dependencies]\nx = { package = \"tenon-cli\", path = \"../cli\" }",
        ),
        (
            "registry-client",
            "[build-dependencies]\ntenon-registry-server = \"1\"",
        ),
        ("registry-server", "[dependencies]\ntenon-cli = \"1\""),
        (
            "cli",
            "[dependencies.tenon-registry-server]\nworkspace = true",
        ),
    ] {
        let said = said(&format!("{dir}/Cargo.toml"), &format!("{package}{section}"));
        assert_eq!(said.len(), 1, "{dir} {section}: {said:?}");
    }
    let cli = "[dependencies]\ntenon-composer.workspace = true\nclap = \"4\"";
    assert!(said("cli/Cargo.toml", &format!("{package}{cli}")).is_empty());
    assert_eq!(said("new/Cargo.toml", package).len(), 1);
    assert_eq!(said("cli/Cargo.toml", "[package").len(), 1);
    let guest = format!("{package}[dependencies]\ntenon-cli = \"1\"");
    assert!(
        said("cli/guests/x/Cargo.toml", &guest).is_empty(),
        "not a member"
    );
}

#[test]
fn a_crate_with_lints_of_its_own_is_found() {
    let said = |text: &str| said(crates_take_the_workspace_lints, "cli/Cargo.toml", text);
    assert_eq!(said("[package]\nname = \"x\"").len(), 1);
    assert_eq!(said("[package]\n[lints]\nworkspace = false").len(), 1);
    assert_eq!(
        said("[package]\n[lints.rust]\nunsafe_code = \"allow\"").len(),
        1
    );
    assert!(said("[package]\n[lints]\nworkspace = true").is_empty());
}

#[test]
fn a_long_source_is_found() {
    let said = |path: &str, text: &str| said(sources_are_short, path, text);
    let long = "//\n".repeat(MOST_LINES + 1);
    for path in ["composer/src/a/b.rs", "tests/tests/a.rs", "cli/build.rs"] {
        assert_eq!(said(path, &long), ["has 801 lines, of at most 800"]);
    }
    assert!(said("composer/src/a.rs", &"//\n".repeat(MOST_LINES)).is_empty());
    assert!(said("composer/src/a.rs", &format!("// {GENERATED}\n{long}")).is_empty());
    assert!(said("composer/notes.md", &long).is_empty());
}

#[test]
fn a_machine_path_is_found() {
    let said = |text: &str| said(no_machine_paths, "a/b.md", text);
    for needle in MACHINE_PATHS {
        assert_eq!(said(&format!("one\nsee {needle}main\n")).len(), 1);
        assert_eq!(said(&format!("file://{needle}main")).len(), 1);
        assert_eq!(said(&format!("{needle}main")).len(), 1);
        assert_eq!(said(&format!("PATH=\"{needle}main\"")).len(), 1);
        assert!(said(&format!("of the project: docs{needle}main")).is_empty());
    }
}

#[test]
fn io_in_the_composer_is_found() {
    let said = |text: &str| said(the_composer_does_no_io, "composer/src/lib.rs", text);
    for code in [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "use std::{collections::{BTreeMap, HashMap}, env};",
        "fn f() { let _ = ::std::env::var(\"X\"); }",
        "fn f() { let _ = std :: /* here */ fs::read(\"x\"); }",
        "const C: char = '\"'; fn f() { std::fs::read(\"x\"); }",
        "fn f<'a>(x: &'a str) { std::fs::read(x); } // 'a",
        "const S: &str = r#\"a \" b\"#; use std::fs;",
    ] {
        assert_eq!(said(code).len(), 1, "{code}");
    }
    for code in [
        "// std::fs is not used\nuse std::fmt;",
        "/* use /* std::fs */ std::env; */",
        "const S: &str = \"std::fs\";",
        "const S: &str = r#\"std::fs \" std::env\"#;",
        "use std::{fmt, collections::{fs}};",
        "use mystd::fs; use std::env_like;",
        "const V: &str = env!(\"CARGO_PKG_VERSION\");",
    ] {
        assert!(said(code).is_empty(), "{code}");
    }
    let elsewhere = the_composer_does_no_io(&[file("cli/src/main.rs", "use std::fs;")]);
    assert!(elsewhere.is_empty());
    let third = the_composer_does_no_io(&[file("composer/src/a.rs", "\n/* \n */ std::fs")]);
    assert_eq!(third[0].place, "composer/src/a.rs:3");
}
