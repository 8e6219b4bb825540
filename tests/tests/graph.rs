//! Graphs by hand, run: edges to whole instances, and to what is within an export.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

use tenon_composer::{
    Arena, Bodies, Configuration, Edge, Graph, InstanceArgument, Instantiation, Options, Source,
    configure, encode,
};
use tenon_tests::run;

/// Gives 1, and within an instance 2, and within one of that 3.
const NUMBERS: &str = r#"(component
    (core module $m
        (func (export "one") (result i32) (i32.const 1))
        (func (export "two") (result i32) (i32.const 2))
        (func (export "three") (result i32) (i32.const 3)))
    (core instance $i (instantiate $m))
    (func $one (result u32) (canon lift (core func $i "one")))
    (func $two (result u32) (canon lift (core func $i "two")))
    (func $three (result u32) (canon lift (core func $i "three")))
    (instance $inner (export "get" (func $three)))
    (instance $outer (export "get" (func $two)) (export "inner" (instance $inner)))
    (export "get" (func $one))
    (export "acme:num/outer@1.0.0" (instance $outer)))"#;

/// Adds the numbers of two instances.
const SUM: &str = r#"(component
    (import "a" (instance $a (export "get" (func (result u32)))))
    (import "b" (instance $b (export "get" (func (result u32)))))
    (core func $a (canon lower (func $a "get")))
    (core func $b (canon lower (func $b "get")))
    (core module $m
        (import "" "a" (func $a (result i32)))
        (import "" "b" (func $b (result i32)))
        (func (export "get") (result i32) (i32.add (call $a) (call $b))))
    (core instance $i (instantiate $m
        (with "" (instance (export "a" (func $a)) (export "b" (func $b))))))
    (func (export "get") (result u32) (canon lift (core func $i "get"))))"#;

fn source<'i>(name: &str, input: &'i Vec<u8>) -> Source<'i> {
    Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    }
}

#[test]
fn each_edge_leads_to_its_number() {
    let (sum, numbers) = (
        wat::parse_str(SUM).unwrap(),
        wat::parse_str(NUMBERS).unwrap(),
    );
    let paths: [&[&str]; 3] = [
        &[],
        &["acme:num/outer@1.0.0"],
        &["acme:num/outer@1.0.0", "inner"],
    ];
    for (a, first) in (1..).zip(paths) {
        for (b, second) in (1..).zip(paths) {
            let mut arena = Arena::new();
            let ids = [
                arena.read(source("sum", &sum)).unwrap(),
                arena.read(source("numbers", &numbers)).unwrap(),
            ];
            let mut graph = Graph::new();
            let (consumer, provider) = (graph.add("sum", ids[0]), graph.add("numbers", ids[1]));
            for (import, path) in [("a", first), ("b", second)] {
                let edge = Edge {
                    provider,
                    path: path.iter().map(|name| (*name).to_owned()).collect(),
                };
                graph.connect(&arena, (consumer, import), edge).unwrap();
            }
            graph.export(&arena, "total", (consumer, "get")).unwrap();
            let composition = encode(arena, graph, &Options::default()).unwrap();
            let answer = run::call(&composition.to_bytes().unwrap(), "total", &[]).unwrap();
            assert_eq!(answer, (a + b).to_string());
        }
    }
}

#[test]
fn a_configured_chain_adds_up() {
    let (sum, numbers) = (
        wat::parse_str(SUM).unwrap(),
        wat::parse_str(NUMBERS).unwrap(),
    );
    let argument = |text: &str| {
        let (instance, export) = match text.split_once('#') {
            Some((instance, export)) => (instance, Some(export.to_owned())),
            None => (text, None),
        };
        InstanceArgument {
            instance: instance.to_owned(),
            export,
        }
    };
    let instantiation = |dependency: Option<&str>, a: &str, b: &str| Instantiation {
        dependency: dependency.map(str::to_owned),
        arguments: [("a", a), ("b", b)]
            .map(|(import, text)| (import.to_owned(), argument(text)))
            .into(),
    };
    let mut arena = Arena::new();
    let root = arena.read(source("root", &sum)).unwrap();
    let configuration = Configuration {
        root,
        definitions: Vec::new(),
        // 1 + 2 = 3; 3 + 3 = 6; 6 + 2 = 8
        instantiations: [
            (
                "root",
                instantiation(None, "twice", "numbers#acme:num/outer@1.0.0"),
            ),
            ("twice", instantiation(Some("root"), "once", "once")),
            (
                "once",
                instantiation(Some("root"), "numbers", "numbers#acme:num/outer@1.0.0"),
            ),
        ]
        .map(|(name, said)| (name.to_owned(), said))
        .into(),
        disallow_imports: true,
    };
    let configured = configure(&mut arena, &configuration, |arena, name| {
        assert_eq!(name, "numbers");
        arena.read(source("numbers", &numbers)).map(Some)
    });
    let plan = configured.unwrap().plan;
    let composition = encode(arena, plan.graph, &Options::default()).unwrap();
    assert_eq!(composition.components.len(), 2);
    let answer = run::call(&composition.to_bytes().unwrap(), "get", &[]).unwrap();
    assert_eq!(answer, "8");
}
