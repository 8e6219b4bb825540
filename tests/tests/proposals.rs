//! Components that use each WebAssembly proposal compose untouched, and run where an engine can.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::path::Path;
use tenon_tests::{example::compose, run};

/// Accepted by a validator's defaults, and by an engine that has every one of them on.
const RUN: [&str; 16] = [
    "baseline",
    "branch-hints",
    "bulk-memory",
    "exceptions",
    "extended-const",
    "func-refs",
    "gc",
    "memory64",
    "multi-memory",
    "multi-value",
    "relaxed-simd",
    "simd",
    "table64",
    "tail-call",
    "threads",
    "wide-arithmetic",
];
/// Off by default everywhere.
const COMPOSE_ONLY: [&str; 6] = [
    "custom-descriptors",
    "custom-page-sizes",
    "legacy-exceptions",
    "memory-control",
    "shared-everything",
    "stack-switching",
];

fn read(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/proposals");
    wat::parse_file(folder.join(format!("{name}.wat"))).unwrap()
}

fn plugged(name: &str) -> Result<Vec<u8>, tenon_composer::Error> {
    compose(&[
        ("socket".to_owned(), read("socket")),
        (name.to_owned(), read(name)),
    ])
}

#[test]
fn components_run_with_each_proposal() {
    for name in RUN {
        let component = plugged(name).unwrap();
        assert_eq!(run::call(&component, "twice", &[]).unwrap(), "42", "{name}");
    }
}

#[test]
fn components_are_embedded_byte_for_byte_with_each_proposal() {
    for name in RUN.into_iter().chain(COMPOSE_ONLY) {
        let (component, part) = (plugged(name).unwrap(), read(name));
        let is_inside = component.windows(part.len()).any(|window| window == part);
        assert!(is_inside, "{name}");
    }
}

#[test]
fn what_is_valid_nowhere_says_why() {
    let error = plugged("js-string-like").unwrap_err();
    assert_eq!(error.code(), "compose::invalid");
    assert_eq!(
        error.to_string(),
        "`js-string-like` is not a valid component: missing module instantiation argument named \
         `wasm:js-string`, at offset 0x5c"
    );
}
