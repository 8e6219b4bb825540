//! Every example is composed and run, and comes to the same whatever the order of its plugs, or by its document.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use std::fs;
use tenon_tests::example::{Example, compose, folder};

fn run(name: &str) {
    let example = Example::open(name);
    let component = example.compose();
    for outcome in example.run(&component) {
        assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
    }
    let mut inputs = example.inputs();
    inputs[1..].reverse();
    assert!(compose(&inputs).unwrap() == component, "order matters");
    let plugs = inputs.len() - 1;
    inputs[1..].rotate_left(plugs / 2);
    assert!(compose(&inputs).unwrap() == component, "order matters");
    for outcome in example.run(&example.compose_by_document()) {
        assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
    }
}

macro_rules! examples {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                run($name);
            }
        )*

        #[test]
        fn no_example_is_forgotten() {
            let mut folders: Vec<_> = fs::read_dir(folder())
                .unwrap()
                .map(|entry| entry.unwrap())
                .filter(|entry| entry.file_type().unwrap().is_dir())
                .map(|entry| entry.file_name().into_string().unwrap())
                .collect();
            folders.sort();
            let mut known = vec![$($name),*];
            known.sort();
            assert_eq!(folders, known);
        }
    };
}

examples! {
    greeter: "greeter",
    logger: "logger",
    shared_resource: "shared-resource",
    polyglot: "polyglot",
    async_functions: "async",
    middleware: "middleware",
}
