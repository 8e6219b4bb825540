//! The test suites of `wac-parser` and `wac-graph`: what must compose composes to the same world, and what must fail fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

mod generated;
mod graphs;
mod intended;
mod outcome;
mod refused;
mod suite;
mod worlds;
mod written;

use intended::Differences;
use outcome::{Outcome, ours, theirs};
use refused::Refused;
use std::fs;
use suite::{Packages, documents};
use tenon_composer::wac::parse;
use tenon_tests::example::{self, Example};
use worlds::apart;

/// How many documents the suites have at least; with fewer, something is amiss with how they are found.
const PARSED: usize = 25;
const RESOLVED: usize = 125;
const ENCODED: usize = 10;
const GRAPHS: usize = 30;
const EXAMPLES: usize = 6;

#[test]
fn documents_that_are_read() {
    let cases = documents("parser");
    assert!(cases.len() >= PARSED, "{}", cases.len());
    let mut refused = Refused::default();
    let mut differences = Differences::default();
    for case in &cases {
        let theirs = wac_parser::Document::parse(&case.source);
        assert_eq!(theirs.is_err(), case.fails(), "{}", case.name);
        let ours = parse(&case.source).errors;
        let ours = outcome::said(&ours, |error| error.code());
        match theirs {
            Err(theirs) if !ours.is_empty() => {
                refused.add(&case.name, &ours, &outcome::whole(theirs));
            }
            Err(theirs) => differences.add(&case.name, &["read".to_owned()], &theirs.to_string()),
            Ok(_) if !ours.is_empty() => differences.add(&case.name, &ours, "read"),
            Ok(_) => {}
        }
    }
    refused.check("parser");
    differences.check("parser");
}

/// Composes each document of a suite with both, and compares.
fn composed(suite: &str, at_least: usize) {
    let cases = documents(suite);
    assert!(cases.len() >= at_least, "{}", cases.len());
    let mut refused = Refused::default();
    let mut differences = Differences::default();
    for case in &cases {
        let ours = ours(&case.source, &case.packages);
        let theirs = theirs(&case.source, &case.packages);
        let is_refused = matches!(theirs, Outcome::Refused(_));
        assert_eq!(is_refused, case.fails(), "{}: {theirs}", case.name);
        compare(&case.name, &ours, &theirs, &mut refused, &mut differences);
    }
    refused.check(suite);
    differences.check(suite);
}

fn compare(
    case: &str,
    ours: &Outcome,
    theirs: &Outcome,
    refused: &mut Refused,
    differences: &mut Differences,
) {
    match (ours, theirs) {
        (Outcome::Composed(ours), Outcome::Composed(theirs)) => {
            let apart = apart(ours, theirs);
            if !apart.is_empty() {
                differences.add(case, &apart, "composed");
            }
        }
        (Outcome::Refused(ours), Outcome::Refused(theirs)) => refused.add(case, ours, theirs),
        (Outcome::Refused(ours), _) => differences.add(case, ours, &theirs.to_string()),
        _ => differences.add(case, &[ours.to_string()], &theirs.to_string()),
    }
}

#[test]
fn documents_that_are_resolved() {
    composed("resolution", RESOLVED);
}

#[test]
fn documents_that_are_encoded() {
    composed("encoding", ENCODED);
}

/// A document says what the graph says of which it was made: there, the same comes of both.
fn check_document(source: &str, graph: &Outcome, document: &Outcome) {
    match (graph, document) {
        (Outcome::Composed(graph), Outcome::Composed(document)) => {
            assert_eq!(apart(document, graph), Vec::<String>::new(), "{source}");
        }
        (graph, document) => {
            assert!(document.composed().is_none(), "{source}");
            assert!(graph.composed().is_none(), "{source}: {document}");
        }
    }
}

/// Cases that no document and no graph of ours can say, and why.
const NOT_SAID: [(&str, &str); 2] = [
    (
        "not-instantiation",
        "only what is instantiated has arguments",
    ),
    (
        "package-already-registered",
        "a document has one package of a name; a graph has components, whatever they are called",
    ),
];

#[test]
fn graphs() {
    let cases = suite::graphs();
    assert!(cases.len() >= GRAPHS, "{}", cases.len());
    let mut refused = Refused::default();
    let mut differences = Differences::default();
    let mut not_said = Vec::new();
    for (name, folder) in &cases {
        let case = graphs::Case::open(folder);
        let theirs = case.theirs();
        let is_refused = matches!(theirs, Outcome::Refused(_));
        assert_eq!(is_refused, case.fails(), "{name}: {theirs}");
        let document = case.document();
        if let Some((source, packages)) = &document {
            let ours = ours(source, packages);
            let name = format!("graphs/{name}");
            compare(&name, &ours, &theirs, &mut refused, &mut differences);
            check_document(source, &theirs, &outcome::theirs(source, packages));
        } else {
            not_said.push(&**name);
        }
        if let Some(ours) = case.as_graph() {
            let name = format!("graphs/{name}, as a graph");
            compare(&name, &ours, &theirs, &mut refused, &mut differences);
        }
    }
    assert_eq!(not_said, NOT_SAID.map(|(name, _)| name));
    refused.check("graphs");
    differences.check("graphs");
}

/// The examples come to the same world, by their documents and plugged together.
#[test]
fn examples() {
    let mut composed = 0;
    for entry in fs::read_dir(example::folder()).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("example.toml").exists() {
            continue;
        }
        let example = Example::open(folder.file_name().unwrap().to_str().unwrap());
        let mut packages = Packages::default();
        for (name, bytes) in example.packages() {
            packages.all.insert((name, None), bytes);
        }
        let source = example.document();
        let outcome = theirs(&source, &packages);
        let theirs = outcome.composed().unwrap_or_else(|| panic!("{outcome}"));
        for ours in [example.compose(), example.compose_by_document()] {
            assert_eq!(apart(&ours, theirs), Vec::<String>::new(), "{source}");
        }
        composed += 1;
    }
    assert!(composed >= EXAMPLES, "{composed}");
}

/// How many documents are made, and of how many at least both make the same.
const MADE: u64 = 600;
const SAME: usize = 200;

#[test]
fn documents_that_are_made() {
    let packages = generated::packages();
    let mut differences = Differences::default();
    let mut refused = Refused::default();
    let mut same = 0;
    for number in 0..MADE {
        let source = generated::document(number);
        let (ours, theirs) = (ours(&source, &packages), theirs(&source, &packages));
        let case = format!("generated/{number}");
        let known = differences.len();
        compare(&case, &ours, &theirs, &mut refused, &mut differences);
        same += usize::from(ours.composed().is_some() && differences.len() == known);
    }
    println!(
        "{same} of {MADE} come to the same world, {} to nothing",
        refused.len()
    );
    differences.check("generated");
    assert!(same >= SAME, "{same}");
}
