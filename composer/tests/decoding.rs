//! What a binary is wired like, read back as the graph that it could have been made of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "cases/component.rs"]
mod component;

use component::Names;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::{BTreeMap, BTreeSet};
use tenon_composer::{
    Arena, Bodies, ComponentId, Diagram, Edge, Error, Graph, Options, PartKind, Request, Source,
    encode, inspect, plug,
};

fn read<'i>(arena: &mut Arena<'i>, name: &str, bytes: &'i Vec<u8>) -> ComponentId {
    let source = Source {
        name: name.to_owned(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    };
    arena.read(source).unwrap()
}

/// What a graph says, without numbers: for each instance its component and what fills its imports,
/// and the exports in order.
type Said = (
    BTreeMap<String, (String, BTreeMap<String, String>)>,
    Vec<(String, String)>,
);

fn said(names: &[String], graph: &Graph) -> Said {
    let edge = |edge: &Edge| format!("{}#{}", graph.instance(edge.provider).name(), edge.item());
    let instances = graph.instances().map(|(_, instance)| {
        let component = names[instance.component().index() as usize].clone();
        let arguments = instance.arguments().iter();
        let arguments = arguments
            .map(|(import, from)| (import.clone(), edge(from)))
            .collect();
        (instance.name().to_owned(), (component, arguments))
    });
    // What others need is written first.
    let (implied, asked): (Vec<_>, Vec<_>) =
        graph.exports().iter().partition(|export| export.implied);
    let exports = implied.into_iter().chain(asked);
    let exports = exports.map(|export| (export.name.clone(), edge(&export.edge)));
    (instances.collect(), exports.collect())
}

/// The names of the components of an arena, by number.
fn names(arena: &Arena<'_>) -> Vec<String> {
    arena
        .components()
        .map(|(_, component)| component.name().to_owned())
        .collect()
}

/// Reads what is within a binary, in the order in which it stands there, and its wiring as a graph.
fn decoded<T>(bytes: &Vec<u8>, then: impl FnOnce(Arena<'_>, Result<Graph, Error>) -> T) -> T {
    let anatomy = inspect("whole", bytes).unwrap();
    let parts: Vec<_> = anatomy
        .root
        .parts
        .iter()
        .filter(|part| part.kind == PartKind::Component)
        .collect();
    let inner: Vec<Vec<u8>> = parts
        .iter()
        .map(|part| bytes[part.range.start as usize..part.range.end as usize].to_vec())
        .collect();
    let mut arena = Arena::new();
    let ids: Vec<_> = parts
        .iter()
        .zip(&inner)
        .map(|(part, bytes)| read(&mut arena, part.name.as_deref().unwrap_or("unnamed"), bytes))
        .collect();
    let graph = anatomy.graph(&arena, &ids);
    then(arena, graph)
}

/// Checks that a graph and the binary made of it say the same, and give the same diagram.
fn check(arena: Arena<'_>, graph: Graph) {
    let diagram = Diagram::of(&arena, &graph);
    let component_names = names(&arena);
    let composition = encode(arena, graph, &Options::default()).unwrap();
    // It has the exports that were added.
    let expected = said(&component_names, &composition.graph);
    let bytes = composition.to_bytes().unwrap();
    let anatomy = inspect("whole", &bytes).unwrap();
    assert_eq!(diagram, Diagram::from(&anatomy));
    decoded(&bytes, |arena, graph| {
        let (graph, names) = (graph.unwrap(), names(&arena));
        assert_eq!(said(&names, &graph), expected);
        let again = encode(arena, graph, &Options::default()).unwrap();
        assert!(again.to_bytes().unwrap() == bytes, "other bytes");
    });
}

/// A component that imports and exports some of the interfaces `acme:p/i0` to `acme:p/i{COUNT}`, each
/// with a resource of its own.
fn world(imports: &BTreeSet<usize>, exports: &BTreeSet<usize>) -> Vec<u8> {
    let items = |word: &str, numbers: &BTreeSet<usize>| -> String {
        numbers
            .iter()
            .map(|i| format!("{word} acme:p/i{i}@1.0.0; "))
            .collect()
    };
    let interfaces: String = (0..COUNT)
        .map(|i| format!("interface i{i} {{ resource r; f{i}: func(r: borrow<r>) -> r; }} "))
        .collect();
    component::from_wit(
        &format!(
            "package test:w; world w {{ {} {} export run: func(); }} package acme:p@1.0.0 {{ {interfaces} }}",
            items("import", imports),
            items("export", exports)
        ),
        Names::Full,
    )
}

/// How many interfaces there are.
const COUNT: usize = 6;

/// A graph in numbers.
#[derive(Debug)]
struct Plan {
    /// What each component imports and exports.
    components: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    /// The component of each instance, and a number that chooses what fills its imports.
    instances: Vec<(usize, usize)>,
    /// The instance that is exported.
    socket: usize,
}

fn plan() -> impl Strategy<Value = Plan> {
    let some = || prop::collection::btree_set(0..COUNT, 0..4);
    let components = prop::collection::vec((some(), some()), 1..5);
    components.prop_flat_map(|components| {
        let count = components.len();
        let instances = prop::collection::vec((0..count, any::<usize>()), 1..8);
        (Just(components), instances, any::<prop::sample::Index>()).prop_map(
            |(components, instances, socket)| {
                let socket = socket.index(instances.len());
                Plan {
                    components,
                    instances,
                    socket,
                }
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        // The same cases on every run.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_encoded_comes_back(plan in plan()) {
        let bytes: Vec<_> = plan.components.iter().map(|(imports, exports)| world(imports, exports)).collect();
        let mut arena = Arena::new();
        let ids: Vec<_> = bytes.iter().zip(["a", "b", "c", "d"]).map(|(bytes, name)| read(&mut arena, name, bytes)).collect();
        let mut graph = Graph::new();
        let instances: Vec<_> = plan.instances.iter().map(|(component, _)| graph.add("x", ids[*component])).collect();
        for (at, (component, choice)) in plan.instances.iter().enumerate() {
            let (imports, _) = &plan.components[*component];
            for import in imports {
                // Those that come later give, so that there is no circle.
                let givers: Vec<_> = (at + 1..instances.len())
                    .filter(|other| plan.components[plan.instances[*other].0].1.contains(import))
                    .collect();
                // Some imports stay open.
                let Some(giver) = givers.get((choice >> import) % (givers.len() + 1)) else {
                    continue;
                };
                let name = format!("acme:p/i{import}@1.0.0");
                graph.connect(&arena, (instances[at], &name), (instances[*giver], name.as_str())).unwrap();
            }
        }
        for export in &plan.components[plan.instances[plan.socket].0].1 {
            let name = format!("acme:p/i{export}@1.0.0");
            graph.export(&arena, &name, (instances[plan.socket], name.as_str())).unwrap();
        }
        graph.export(&arena, "run", (instances[plan.socket], "run")).unwrap();
        check(arena, graph);
    }
}

/// The examples, the first file of each being the socket.
const EXAMPLES: [(&str, &[&str]); 6] = [
    ("greeter", &["app.wat", "greeter.wat"]),
    ("logger", &["app.wat", "logger.wat"]),
    ("logger", &["app.wat", "logger.wat", "clock.wat"]),
    (
        "shared-resource",
        &["app.wat", "store.wat", "left.wat", "right.wat"],
    ),
    ("middleware", &["mw.wasm", "mw.wasm", "backend.wasm"]),
    ("async", &["consumer.wasm", "producer.wasm"]),
];

#[test]
fn the_examples_come_back() {
    for (folder, files) in EXAMPLES {
        let folder = format!("{}/../wit-examples/{folder}", env!("CARGO_MANIFEST_DIR"));
        let inputs: Vec<_> = files
            .iter()
            .map(|file| wat::parse_file(format!("{folder}/{file}")).unwrap())
            .collect();
        let mut arena = Arena::new();
        let named = files.iter().zip(&inputs);
        let ids: Vec<_> = named
            .map(|(file, input)| read(&mut arena, file, input))
            .collect();
        let request = Request::new([ids[0]], ids[1..].iter().copied());
        let graph = plug(&arena, &request).unwrap().graph;
        check(arena, graph);
    }
}

/// Two components, the first of which needs what the second has.
const PAIR: &str = r#"
    (component $needs
        (import "a:b/c@1.0.0" (instance $c (export "f" (func))))
        (alias export $c "f" (func $f))
        (export "run" (func $f)))
    (component $has
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (instance $c (export "f" (func $f)))
        (export "a:b/c@1.0.0" (instance $c))
        (export "d:e/f@1.0.0" (instance $c))
        (export "f" (func $f)))
"#;

fn outcome(text: &str) -> Result<Said, String> {
    let bytes = wat::parse_str(format!("(component {text})")).expect(text);
    decoded(&bytes, |arena, graph| match graph {
        Ok(graph) => Ok(said(&names(&arena), &graph)),
        Err(error) => {
            assert_eq!(error.code(), "compose::no-graph");
            Err(error.to_string())
        }
    })
}

#[test]
fn wirings_of_other_tools_are_read() {
    // No names of instances, other names of exports, one of them of the same item again.
    let (instances, exports) = outcome(&format!(
        r#"{PAIR}
        (instance (instantiate $has))
        (alias export 0 "d:e/f@1.0.0" (instance $other))
        (instance (instantiate $needs (with "a:b/c@1.0.0" (instance $other))))
        (alias export 2 "run" (func $run))
        (instance (instantiate $has))
        (export "go" (func $run))
        (export "run" (func $run))
        (export "x:y/z@1.0.0" (instance $other))"#
    ))
    .unwrap();
    let edges: Vec<_> = instances
        .iter()
        .map(|(name, (component, arguments))| (name.as_str(), component.as_str(), arguments.len()))
        .collect();
    assert_eq!(
        edges,
        [
            ("has", "has", 0),
            ("has-2", "has", 0),
            ("needs", "needs", 1)
        ]
    );
    assert_eq!(instances["needs"].1["a:b/c@1.0.0"], "has#d:e/f@1.0.0");
    let exports: Vec<_> = exports
        .iter()
        .map(|(name, from)| (name.as_str(), from.as_str()))
        .collect();
    assert_eq!(
        exports,
        [
            ("go", "needs#run"),
            ("run", "needs#run"),
            ("x:y/z@1.0.0", "has#d:e/f@1.0.0")
        ]
    );
}

#[test]
fn whole_instances_and_items_within_interfaces_are_read() {
    let (instances, exports) = outcome(&format!(
        r#"{PAIR}
        (instance $h (instantiate $has))
        (instance $n (instantiate $needs (with "a:b/c@1.0.0" (instance $h))))
        (alias export $h "a:b/c@1.0.0" (instance $c))
        (alias export $c "f" (func $f))
        (export "all" (instance $h))
        (export "f" (func $f))"#
    ))
    .unwrap();
    assert_eq!(instances["n"].1["a:b/c@1.0.0"], "h#");
    let exports: Vec<_> = exports
        .iter()
        .map(|(name, from)| (name.as_str(), from.as_str()))
        .collect();
    assert_eq!(exports, [("all", "h#"), ("f", "h#a:b/c@1.0.0#f")]);
}

#[test]
fn imports_under_other_names_are_read() {
    let text = format!(
        r#"(component (import "main" (instance $main (export "f" (func)))) {PAIR}
        (instance $n (instantiate $needs (with "a:b/c@1.0.0" (instance $main))))
        (alias export $n "run" (func $run)) (export "run" (func $run)))"#
    );
    decoded(&wat::parse_str(text).unwrap(), |arena, graph| {
        let graph = graph.unwrap();
        let (_, instance) = graph.instances().next().unwrap();
        let names: Vec<_> = instance.import_names().iter().collect();
        assert_eq!(names, [(&"a:b/c@1.0.0".to_owned(), &"main".to_owned())]);
        let composition = encode(arena, graph, &Options::default()).unwrap();
        assert_eq!(composition.imports[0].name, "main");
    });
}

#[test]
fn an_import_of_the_same_track_stays_open() {
    for open in ["a:b/c@1.0.0", "a:b/c@1.2.0"] {
        let (instances, _) = outcome(&format!(
            r#"(import "{open}" (instance $c (export "f" (func)))) {PAIR}
            (instance $n (instantiate $needs (with "a:b/c@1.0.0" (instance $c))))"#
        ))
        .unwrap();
        assert!(instances["n"].1.is_empty());
    }
}

#[test]
fn what_a_graph_has_no_words_for_is_said() {
    let has = "(instance $h (instantiate $has))";
    let import = r#"(import "main" (instance $main (export "f" (func)) (export "c" (instance (export "f" (func))))))"#;
    let needs = r#"(instance $n (instantiate $needs (with "a:b/c@1.0.0" (instance $c))))"#;
    let cases = [
        (
            format!("{PAIR} {has} (core module (func))"),
            "it has code of its own, or no instances of components",
        ),
        (PAIR.to_owned(), "it has code of its own, or no instances of components"),
        (
            format!("{import} {PAIR} (alias export $main \"c\" (instance $c)) {needs}"),
            "import `a:b/c@1.0.0` of `n` is filled by `c` of the import `main`",
        ),
        (
            format!(
                "{import} {PAIR} {has} (alias export $h \"f\" (func $f)) (alias export $main \"f\" (func $g))
                 (instance $c (export \"f\" (func $f)) (export \"g\" (func $g))) {needs}"
            ),
            "import `a:b/c@1.0.0` of `n` is filled by an instance put together from several",
        ),
        (
            format!("{import} {PAIR} {has} (export \"again\" (instance $main))"),
            "export `again` is what is imported, or within it",
        ),
        (
            format!("{PAIR} {has} (export \"inner\" (component $needs))"),
            "export `inner` is a component or core module within the binary",
        ),
        (
            format!("(import \"c\" (component $c)) {PAIR} (instance $x (instantiate $c))"),
            "the component of `x` is imported, and not in it",
        ),
    ];
    for (text, why) in cases {
        let said = outcome(&text).expect_err(&text);
        assert_eq!(
            said,
            format!("`whole` cannot be read back as a graph: {why}"),
            "{text}"
        );
    }
}

#[test]
fn components_that_are_imported_are_drawn() {
    let text = r#"(component
        (import "unlocked-dep=<x:app>" (component $app (export "f" (func))))
        (import "box" (instance $box (export "inner" (component))))
        (alias export $box "inner" (component $inner))
        (instance $a (instantiate $app))
        (instance $b (instantiate $inner))
        (alias export $a "f" (func $f))
        (export "f" (func $f)))"#;
    let anatomy = inspect("it", &wat::parse_str(text).unwrap()).unwrap();
    let diagram = Diagram::from(&anatomy);
    assert_eq!(
        diagram.text(),
        "a (imported as unlocked-dep=<x:app>)\n\nb (imported as box#inner)\n\nexports\n└── f ← a\n"
    );
    assert!(
        diagram
            .dot()
            .contains(r#"n0 [label="a\nimported as unlocked-dep=<x:app>"];"#),
        "{}",
        diagram.dot()
    );
    assert!(
        diagram.mermaid().contains("b<br>imported as box#35;inner"),
        "{}",
        diagram.mermaid()
    );
    assert!(
        diagram
            .svg()
            .contains("a is an instance of a component imported as unlocked-dep=&lt;x:app&gt;.")
    );
}

#[test]
fn names_are_told_apart_however_many_are_the_same() {
    let names =
        "(component $c) (component $d)".to_owned() + &"(instance (instantiate $c))".repeat(3000);
    let bytes = wat::parse_str(format!("(component {names})")).unwrap();
    let diagram = Diagram::from(&inspect("it", &bytes).unwrap());
    let names: BTreeSet<_> = diagram
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(names.len(), 3000);
    assert!(names.contains("c") && names.contains("c-3000"));
}
