//! `docs/oci-conformance.md` names tests that there are, in every row, and all that are named by an end-point.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The file that the page means.
fn file(name: &str) -> PathBuf {
    let path = match (name, name.split_once('/')) {
        ("client", _) => "registry-client/tests/oci.rs".to_owned(),
        ("client-conformance", _) => "registry-client/tests/oci_conformance.rs".to_owned(),
        (_, Some(("src", module))) => format!("registry-server/src/oci/{module}.rs"),
        (_, Some(("cli", module))) => format!("cli/tests/oci/{module}.rs"),
        _ => format!("registry-server/tests/oci/{name}.rs"),
    };
    root().join(path)
}

/// The names of the tests of a file.
fn tests(file: &Path) -> BTreeSet<String> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines = text.lines().map(str::trim);
    let mut found = BTreeSet::new();
    while let Some(line) = lines.next() {
        if matches!(line, "#[test]" | "#[tokio::test]") {
            let function = lines.find(|line| !line.starts_with("#[")).unwrap();
            let function = function.trim_start_matches("async ");
            let name = function.strip_prefix("fn ").unwrap();
            found.insert(name.split('(').next().unwrap().to_owned());
        }
    }
    found
}

/// The cells of the rows.
fn rows() -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs/oci-conformance.md")).unwrap();
    let lines = page.lines().filter(|line| !line.starts_with("| |"));
    let lines = lines.filter_map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(cells.split(" | ").map(str::to_owned).collect())
    });
    lines.collect()
}

#[test]
fn every_row_names_tests_that_there_are() {
    let rows = rows();
    assert!(rows.len() > 80, "{}", rows.len());
    let mut said = BTreeSet::new();
    for row in &rows {
        let [level, section, what, by] = row.as_slice() else {
            panic!("not four cells: {row:?}");
        };
        assert!(matches!(level.as_str(), "M" | "S" | "o"), "{row:?}");
        assert!(
            !section.is_empty() && said.insert((section, what)),
            "twice: {row:?}"
        );
        for test in by.split(", ") {
            let test = test.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
            let (name, function) = test.and_then(|it| it.split_once("::")).unwrap_or_else(|| {
                panic!("no test, such as `listing::end_8_…`: {row:?}");
            });
            let known = tests(&file(name));
            assert!(
                known.contains(function),
                "there is no {name}::{function}: {row:?}"
            );
        }
    }
}

#[test]
fn every_test_of_an_end_point_is_in_a_row() {
    let named: BTreeSet<String> = rows()
        .iter()
        .flat_map(|row| row[3].split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for entry in fs::read_dir(root().join("registry-server/tests/oci")).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for test in tests(&path) {
            let name = format!("`{module}::{test}`");
            assert!(!test.starts_with("end_") || named.contains(&name), "{name}");
        }
    }
}
