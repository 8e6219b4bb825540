//! A composition does the same whether core modules are in it once or several times, and comes apart again.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;
use tenon_composer::{Dedupe, Input, extract, inspect};
use tenon_tests::example::{Example, compose_with};
use tenon_tests::run;
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::{Config, Dependency};

type Inputs = Vec<(String, Vec<u8>)>;

/// Two counters of one core module, each with a count of its own, and who asks the first one three times
/// and the second one once.
fn counters() -> Inputs {
    let counter = |name: &str| {
        format!(
            r#"(component
                (core module (global $n (mut i32) (i32.const 0))
                    (func (export "next") (result i32)
                        (global.set $n (i32.add (global.get $n) (i32.const 1)))
                        (global.get $n)))
                (core instance $i (instantiate 0))
                (func (export "{name}") (result u32) (canon lift (core func $i "next"))))"#
        )
    };
    let app = r#"(component
        (import "next-a" (func $a (result u32)))
        (import "next-b" (func $b (result u32)))
        (core func $a (canon lower (func $a)))
        (core func $b (canon lower (func $b)))
        (core module $m
            (import "" "a" (func $a (result i32)))
            (import "" "b" (func $b (result i32)))
            (func (export "run") (result i32)
                (drop (call $a))
                (drop (call $a))
                (i32.add (i32.mul (call $a) (i32.const 10)) (call $b))))
        (core instance $i (instantiate $m
            (with "" (instance (export "a" (func $a)) (export "b" (func $b))))))
        (func (export "run") (result u32) (canon lift (core func $i "run"))))"#;
    [
        ("app", app.to_owned()),
        ("a", counter("next-a")),
        ("b", counter("next-b")),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), wat::parse_str(text).unwrap()))
    .collect()
}

/// The composition with and without core modules of its own; there must be some.
fn both(inputs: &Inputs) -> [Vec<u8>; 2] {
    let plain = compose_with(Dedupe::Components, inputs).unwrap();
    let hoisted = compose_with(Dedupe::Modules, inputs).unwrap();
    let count = |bytes| inspect("whole", bytes).unwrap().hoisted().len();
    assert_eq!((count(&plain), count(&hoisted) > 0), (0, true));
    [plain, hoisted]
}

fn comes_apart(composition: &Vec<u8>, inputs: &Inputs) {
    let anatomy = inspect("whole", composition).unwrap();
    let mut extracted = Vec::new();
    for component in extract(composition, &anatomy).unwrap() {
        let mut bytes = vec![0; component.size() as usize];
        component.read_at(0, &mut bytes).unwrap();
        extracted.push((component.name().to_owned(), bytes));
    }
    extracted.sort();
    let mut wanted = inputs.clone();
    wanted.sort();
    assert!(extracted == wanted);
}

#[test]
fn core_modules_in_one_place_have_a_state_each() {
    let inputs = counters();
    for composition in both(&inputs) {
        assert_eq!(run::call(&composition, "run", &[]).unwrap(), "31");
        comes_apart(&composition, &inputs);
    }
}

#[test]
fn components_of_one_toolchain_run_as_before() {
    // Two of them have what `wit-component` adds to a component in common.
    let example = Example::open("polyglot");
    let inputs = example.inputs();
    let [plain, hoisted] = both(&inputs);
    comes_apart(&hoisted, &inputs);
    let outcomes = example.run(&hoisted);
    assert_eq!(outcomes, example.run(&plain));
    for outcome in outcomes {
        assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
    }
}

#[test]
fn a_composition_of_another_tool_comes_apart() {
    let inputs = Example::open("greeter").inputs();
    let files = tempfile::tempdir().unwrap();
    for (name, bytes) in &inputs {
        fs::write(files.path().join(name).with_extension("wasm"), bytes).unwrap();
    }
    let mut config = Config {
        dir: files.path().to_owned(),
        ..Config::default()
    };
    let path = files.path().join("greeter.wasm");
    let import = "example:greeter/greet@0.1.0".to_owned();
    config.dependencies.insert(import, Dependency { path });
    let socket = files.path().join("app.wasm");
    let composer = ComponentComposer::new(&socket, &config);
    let composition = composer.compose().unwrap();
    let anatomy = inspect("whole", &composition).unwrap();
    let extracted = extract(&composition, &anatomy).unwrap();
    assert_eq!(extracted.len(), inputs.len());
    for component in extracted {
        let mut bytes = vec![0; component.size() as usize];
        component.read_at(0, &mut bytes).unwrap();
        assert!(inputs.iter().any(|(_, input)| *input == bytes));
    }
}
