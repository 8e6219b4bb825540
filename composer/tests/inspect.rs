//! What is said of a binary: its parts, the features it uses, how it is wired; and the drawings of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that fails says so by panicking"
)]

use tenon_composer::{
    Anatomy, Arena, Bodies, Composition, Diagram, Feature, InstanceId, Options, Origin, PartKind,
    Request, Source, encode, inspect, plug,
};
use wasm_encoder::Encode as _;

/// A few lines of a core module for each proposal, with whether a validator has it on by default.
const PROPOSALS: [(&str, bool, &str); 28] = [
    (
        "branch-hints",
        true,
        r#"(func (param i32) (@metadata.code.branch_hint "\01") (if (local.get 0) (then)))"#,
    ),
    (
        "bulk-memory",
        true,
        "(memory 1) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 4)))",
    ),
    (
        "exceptions",
        true,
        "(tag $t (param i32))
         (func (result i32)
            (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 1))) unreachable))",
    ),
    (
        "extended-const",
        true,
        "(global i32 (i32.add (i32.const 20) (i32.const 1)))",
    ),
    (
        "func-refs",
        true,
        "(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))",
    ),
    (
        "gc",
        true,
        "(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))",
    ),
    (
        "memory64",
        true,
        "(memory i64 1) (func (drop (i32.load (i64.const 8))))",
    ),
    ("multi-memory", true, "(memory 1) (memory 1)"),
    (
        "multi-value",
        true,
        "(func (result i32 i32) i32.const 20 i32.const 1)",
    ),
    (
        "multi-value",
        true,
        "(func (i32.const 1) (block (param i32) drop))",
    ),
    (
        "relaxed-simd",
        true,
        "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
    ),
    (
        "simd",
        true,
        "(func (drop (i32x4.splat (i32.const 1))))",
    ),
    ("simd", true, "(func (local v128))"),
    ("table64", true, "(table i64 1 funcref)"),
    ("tail-call", true, "(func $x return_call $x)"),
    ("threads", true, "(memory 1 1 shared)"),
    (
        "threads",
        true,
        "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
    ),
    (
        "wide-arithmetic",
        true,
        "(func (param i64) (result i64 i64)
            (i64.mul_wide_u (local.get 0) (local.get 0)))",
    ),
    (
        "custom-descriptors",
        false,
        "(rec (type $s (descriptor $d) (struct (field i32))) (type $d (describes $s) (struct)))",
    ),
    ("custom-page-sizes", false, "(memory 64 (pagesize 1))"),
    (
        "legacy-exceptions",
        false,
        "(tag $t) (func try throw $t catch $t end)",
    ),
    (
        "memory-control",
        false,
        "(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))",
    ),
    (
        "shared-everything",
        false,
        "(global (shared i32) (i32.const 1))",
    ),
    (
        "stack-switching",
        false,
        "(type $f (func)) (type $c (cont $f)) (func $x) (elem declare func $x)
         (func (resume $c (cont.new $c (ref.func $x))))",
    ),
    (
        "mutable-global",
        true,
        r#"(global (export "g") (mut i32) (i32.const 1))"#,
    ),
    (
        "saturating-float-to-int",
        true,
        "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))",
    ),
    (
        "sign-extension",
        true,
        "(func (drop (i32.extend8_s (i32.const 1))))",
    ),
    ("reference-types", true, "(table 1 externref)"),
];

/// Something of a component for each feature of the Component Model.
const MODEL: [(&str, bool, &str); 27] = [
    ("resources", true, "(type (resource (rep i32)))"),
    (
        "resources",
        true,
        r#"(import "i" (instance (export "r" (type (sub resource)))))"#,
    ),
    ("async", true, "(type (func async))"),
    ("async", true, "(core func (canon task.cancel))"),
    ("async", true, "(core func (canon waitable-set.new))"),
    ("async", true, "(core func (canon subtask.drop))"),
    (
        "async",
        true,
        r#"(import "f" (func $f async)) (core func (canon lower (func $f) async))"#,
    ),
    (
        "async-stackful",
        false,
        r#"(core module $m (func (export "f")))
           (core instance $i (instantiate $m))
           (func async (canon lift (core func $i "f") async))"#,
    ),
    (
        "more-async-builtins",
        false,
        "(core func (canon subtask.cancel async))",
    ),
    ("streams", true, "(type (stream u8))"),
    (
        "streams",
        true,
        r#"(import "i" (instance (type (stream))))"#,
    ),
    ("futures", true, "(type (future u8))"),
    (
        "forward",
        false,
        "(type $s (stream u8)) (core func (canon stream.forward $s))",
    ),
    ("error-context", false, "(type error-context)"),
    (
        "error-context",
        false,
        "(type (func (param \"e\" error-context)))",
    ),
    ("map", true, "(type (map string u32))"),
    ("fixed-length-lists", false, "(type (list u8 4))"),
    (
        "implements",
        true,
        r#"(import "main" (implements "a:b/c@1.0.0") (instance))"#,
    ),
    (
        "canonical-names",
        false,
        r#"(import "a:b/c@1" (version-suffix ".2.0") (instance))"#,
    ),
    (
        "external-id",
        true,
        r#"(import "main" (external-id "x") (instance))"#,
    ),
    ("nested-names", false, r#"(import "a:b:c/d" (instance))"#),
    (
        "nested-names",
        false,
        r#"(import "a:b/c/d@1.0.0" (instance))"#,
    ),
    (
        "accessors",
        false,
        r#"(import "[get]name" (func (result string)))"#,
    ),
    (
        "values",
        false,
        r#"(import "v" (value $v string)) (export "w" (value $v))"#,
    ),
    (
        "gc-abi",
        false,
        r#"(core type $t (func)) (import "f" (func $f))
           (core func (canon lower (func $f) gc (core-type $t)))"#,
    ),
    (
        "64-bit-context",
        false,
        "(core func (canon context.get i64 0))",
    ),
    ("threading", false, "(core func (canon thread.index))"),
];

fn look(text: &str) -> Anatomy {
    inspect("it", &wat::parse_str(text).expect(text)).expect(text)
}

fn names(anatomy: &Anatomy) -> Vec<&'static str> {
    let features = anatomy.root.all_features();
    features.iter().map(Feature::name).collect()
}

#[test]
fn each_feature_is_found() {
    let modules = PROPOSALS
        .iter()
        .map(|(name, is_on, text)| (name, is_on, format!("(component (core module {text}))")));
    let components = MODEL
        .iter()
        .map(|(name, is_on, text)| (name, is_on, format!("(component {text})")));
    for (name, is_on, text) in modules.chain(components) {
        let anatomy = look(&text);
        assert!(
            names(&anatomy).contains(name),
            "{name}: {:?}",
            names(&anatomy)
        );
        assert!(!names(&anatomy).contains(&"unknown"), "{name}: {text}");
        let feature = Feature::ALL.iter().find(|feature| feature.name() == *name);
        assert_eq!(feature.unwrap().is_on_by_default(), *is_on, "{name}");

        // The validator is the judge of that.
        let bytes = wat::parse_str(&text).unwrap();
        let judge = |features| {
            let mut validator = wasmparser::Validator::new_with_features(features);
            validator.validate_all(&bytes).map(|_| ())
        };
        judge(wasmparser::WasmFeatures::all()).expect(name);
        assert_eq!(
            judge(wasmparser::WasmFeatures::default()).is_ok(),
            *is_on,
            "{name}"
        );
    }
}

#[test]
fn nothing_is_found_where_nothing_is_used() {
    let anatomy = look(
        r#"(component
            (core module $m
                (memory 1) (table 1 funcref) (global (mut i32) (i32.const 1))
                (elem (i32.const 0) $f)
                (data (i32.const 0) "text")
                (func $f (param i32) (result i32) (call_indirect (i32.const 0)) (i32.const 21))
                (export "run" (func $f)))
            (core instance $i (instantiate $m))
            (type $f (func (param "a" u32) (result (result string (error (list u8))))))
            (import "a:b/c@1.0.0" (instance (export "f" (func (result u32))))))"#,
    );
    assert_eq!(names(&anatomy), [""; 0]);
}

#[test]
fn features_belong_to_the_part_that_uses_them() {
    let anatomy = look(
        "(component
            (type (stream u8))
            (component (core module (func $x return_call $x)))
            (core module (memory 1) (memory 1)))",
    );
    let own = |part: &tenon_composer::Part| -> Vec<_> { part.features.iter().collect() };
    let root = &anatomy.root;
    assert_eq!(own(root), [Feature::Streams]);
    assert!(own(&root.parts[0]).is_empty());
    assert_eq!(own(&root.parts[0].parts[0]), [Feature::TailCall]);
    assert_eq!(own(&root.parts[1]), [Feature::MultiMemory]);
    let of_first = root.parts[0].all_features();
    assert!(of_first.contains(Feature::TailCall) && !of_first.contains(Feature::MultiMemory));
}

/// A core module of one function with `body`, and a custom section after it.
fn module_with(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
    let len = body.len() as u8;
    bytes.extend([10, len + 2, 1, len]);
    bytes.extend(body);
    bytes.extend(b"\0\x0c\x09producers\0\0");
    bytes
}

#[test]
fn what_is_newer_does_not_get_in_the_way() {
    // No locals; an operator that does not exist yet.
    let anatomy = inspect("it", &module_with(b"\0\x27\x0b")).unwrap();
    assert_eq!(names(&anatomy), ["unknown"]);
    // The same after an operator that is known.
    let anatomy = inspect("it", &module_with(b"\0\x41\0\xc0\x1a\x27\x0b")).unwrap();
    assert_eq!(names(&anatomy), ["sign-extension", "unknown"]);
    assert!(!Feature::Unknown.is_on_by_default());

    // A section that does not exist yet, in a core module within a component.
    let mut module = b"\0asm\x01\0\0\0\x70\x01\0".to_vec();
    let mut bytes = b"\0asm\x0d\0\x01\0\x01".to_vec();
    bytes.push(module.len() as u8);
    bytes.append(&mut module);
    assert_eq!(names(&inspect("it", &bytes).unwrap()), ["unknown"]);
}

#[test]
fn a_core_module_is_looked_at_too() {
    let anatomy = look(
        r#"(module $adder
            (import "env" "log" (func (param i32)))
            (memory (export "memory") 1)
            (func (export "add") (param i32 i32) (result i32) i32.const 1))"#,
    );
    assert_eq!(anatomy.root.kind, PartKind::CoreModule);
    assert_eq!(anatomy.root.name.as_deref(), Some("adder"));
    let import = &anatomy.imports[0];
    assert_eq!(import.module.as_deref(), Some("env"));
    assert_eq!((&*import.name, import.kind), ("log", "function"));
    let exports: Vec<_> = anatomy.exports.iter().map(|e| (&*e.name, e.kind)).collect();
    assert_eq!(exports, [("memory", "memory"), ("add", "function")]);
    assert!(!anatomy.is_composition());
}

#[test]
fn items_have_their_whole_names_and_attributes() {
    let anatomy = look(
        r#"(component
            (import "a:b/c@1" (version-suffix ".2.3") (instance))
            (import "main" (implements "a:b/d@0.2") (version-suffix ".6") (external-id "x") (instance))
            (import "f" (func))
            (import "r" (type (sub resource))))"#,
    );
    let names: Vec<_> = anatomy.imports.iter().map(|i| (&*i.name, i.kind)).collect();
    assert_eq!(
        names,
        [
            ("a:b/c@1.2.3", "interface"),
            ("main", "interface"),
            ("f", "function"),
            ("r", "resource"),
        ]
    );
    let main = &anatomy.imports[1];
    assert_eq!(main.implements.as_deref(), Some("a:b/d@0.2.6"));
    assert_eq!(main.external_id.as_deref(), Some("x"));
}

#[test]
fn parts_are_named_and_placed() {
    let text = r#"(component $outer
        (component $first (core module $inner))
        (core module $second))"#;
    let bytes = wat::parse_str(text).unwrap();
    let anatomy = inspect("it", &bytes).unwrap();
    let root = &anatomy.root;
    assert_eq!(root.name.as_deref(), Some("outer"));
    let names: Vec<_> = root.parts.iter().map(|p| p.name.as_deref()).collect();
    assert_eq!(names, [Some("first"), Some("second")]);
    assert_eq!(root.parts[0].parts[0].name.as_deref(), Some("inner"));
    assert_eq!(root.size(), bytes.len() as u64);
    let inner = &root.parts[0].parts[0].range;
    let inner = &bytes[inner.start as usize..inner.end as usize];
    let alone = inspect("inner", &inner.to_vec()).unwrap();
    assert_eq!(alone.root.kind, PartKind::CoreModule);
}

#[test]
fn items_are_followed_through_aliases_and_bags() {
    let anatomy = look(
        r#"(component
            (import "log" (instance $log (export "f" (func))))
            (component $plug)
            (component $socket)
            (instance $p (instantiate $plug))
            (alias export $p "a:b/c@1.0.0" (instance $c))
            (alias export $c "f" (func $f))
            (alias export $log "f" (func $g))
            ;; A bag of what is one instance, a bag of several, and an import that is exported and used.
            (instance $same (export "f" (func $f)))
            (instance $mixed (export "f" (func $f)) (export "g" (func $g)))
            (alias export $mixed "g" (func $again))
            (export $out "out" (instance $log))
            (instance $s (instantiate $socket
                (with "same" (instance $same))
                (with "mixed" (instance $mixed))
                (with "again" (func $again))
                (with "out" (instance $out))
                (with "whole" (instance $p))))
            (export "a:b/c@1.0.0" (instance $same)))"#,
    );
    let path = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    let of_plug = |names| Origin::Instance {
        instance: 0,
        path: path(names),
    };
    let of_log = |names| Origin::Import {
        import: 0,
        path: path(names),
    };
    let socket = &anatomy.wiring.instances[1];
    assert_eq!(socket.name.as_deref(), Some("s"));
    assert_eq!(socket.component, Origin::Part { part: 1 });
    let [same, mixed, again, out, whole] = socket.arguments.as_slice() else {
        panic!("{:?}", socket.arguments);
    };
    assert_eq!(same.origin, of_plug(&["a:b/c@1.0.0"]));
    let Origin::Bag(mixed) = &mixed.origin else {
        panic!("{mixed:?}");
    };
    assert_eq!(mixed["f"], of_plug(&["a:b/c@1.0.0", "f"]));
    assert_eq!(mixed["g"], of_log(&["f"]));
    assert_eq!(again.origin, of_log(&["f"]));
    assert_eq!(out.origin, of_log(&[]));
    assert_eq!(whole.origin, of_plug(&[]));
    assert_eq!(anatomy.wiring.exports[1].origin, of_plug(&["a:b/c@1.0.0"]));

    assert_eq!(
        Diagram::from(&anatomy).text(),
        "\
s
├── mixed#f (a:b/c@1.0.0#f), same (a:b/c@1.0.0), whole (all of it) ← p
└── host: log, log#f

exports
├── a:b/c@1.0.0 ← p
└── out (log) ← host
"
    );
}

/// Composes files of an example, the first being the socket.
fn compose<T>(folder: &str, files: &[&str], then: impl FnOnce(&Composition<'_>) -> T) -> T {
    let folder = format!("{}/../wit-examples/{folder}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = files
        .iter()
        .map(|file| wat::parse_file(format!("{folder}/{file}.wat")).unwrap())
        .collect();
    let mut arena = Arena::new();
    let ids: Vec<_> = files
        .iter()
        .zip(&inputs)
        .map(|(file, input)| {
            let source = Source {
                name: (*file).to_owned(),
                input,
                digest: Some([7; 32]),
                bodies: Bodies::Validate,
            };
            arena.read(source).unwrap()
        })
        .collect();
    let request = Request::new([ids[0]], ids[1..].iter().copied());
    let plan = plug(&arena, &request).unwrap();
    let options = Options {
        name: Some("demo:whole".to_owned()),
        version: Some("1.2.3".to_owned()),
        ..Options::default()
    };
    then(&encode(arena, plan.graph, &options).unwrap())
}

const EXAMPLES: [(&str, &[&str]); 4] = [
    ("greeter", &["app", "greeter"]),
    ("logger", &["app", "logger", "clock"]),
    ("logger", &["app", "logger"]),
    ("shared-resource", &["app", "store", "left", "right"]),
];

#[test]
fn inspecting_what_was_encoded_gives_the_graph_back() {
    for (folder, files) in EXAMPLES {
        compose(folder, files, |composition| {
            let graph = &composition.graph;
            let anatomy = inspect("whole", &composition.to_bytes().unwrap()).unwrap();
            assert!(anatomy.is_composition());
            assert_eq!(anatomy.root.parts.len(), composition.components.len());
            let wired = &anatomy.wiring.instances;
            assert_eq!(wired.len(), graph.instances().count());
            let number = |id: InstanceId| {
                let name = Some(graph.instance(id).name());
                let at = wired.iter().position(|other| other.name.as_deref() == name);
                at.expect("an instance has its name")
            };
            for (id, instance) in graph.instances() {
                let wired = &wired[number(id)];
                let Origin::Part { part } = wired.component else {
                    panic!("{wired:?}");
                };
                let name = anatomy.root.parts[part].name.as_deref();
                assert_eq!(
                    name,
                    Some(instance.name()),
                    "one instance for each component"
                );
                for argument in &wired.arguments {
                    match instance.arguments().get(&argument.name) {
                        Some(edge) => assert_eq!(
                            argument.origin,
                            Origin::Instance {
                                instance: number(edge.provider),
                                path: edge.path.iter().map(|name| name.as_str().into()).collect(),
                            }
                        ),
                        None => {
                            let Origin::Import { import, .. } = &argument.origin else {
                                panic!("{argument:?}");
                            };
                            let host = &composition.imports[*import];
                            assert_eq!(host.name, anatomy.imports[*import].name);
                            let consumer = (instance.name().to_owned(), argument.name.clone());
                            assert!(host.consumers.contains(&consumer), "{consumer:?}");
                        }
                    }
                }
                let edges = instance.arguments().len();
                let filled = |argument: &&tenon_composer::Argument| {
                    matches!(argument.origin, Origin::Instance { .. })
                };
                assert_eq!(wired.arguments.iter().filter(filled).count(), edges);
            }
            assert_eq!(anatomy.wiring.exports.len(), graph.exports().len());
            for export in graph.exports() {
                let mut found = anatomy.wiring.exports.iter();
                let found = found.find(|other| other.name == export.name);
                let origin = Origin::Instance {
                    instance: number(export.edge.provider),
                    path: export
                        .edge
                        .path
                        .iter()
                        .map(|name| name.as_str().into())
                        .collect(),
                };
                assert_eq!(found.map(|found| &found.origin), Some(&origin));
            }
        });
    }
}

#[test]
fn a_composition_says_what_went_into_it() {
    compose("logger", &["app", "logger", "clock"], |composition| {
        let anatomy = inspect("whole", &composition.to_bytes().unwrap()).unwrap();
        let root = &anatomy.root;
        assert_eq!(root.name.as_deref(), Some("demo:whole"));
        assert!(root.metadata.producers.get("processed-by").is_some());
        let (roots, parts): (Vec<_>, Vec<_>) = root.bill.iter().partition(|entry| entry.is_root);
        assert_eq!(roots.len(), 1);
        assert_eq!(
            (&*roots[0].name, roots[0].version.to_string()),
            ("demo:whole", "1.2.3".into())
        );
        let digest = format!("sha256:{}", "07".repeat(32));
        assert!(parts.iter().all(|entry| entry.source == digest));
        for dependency in &roots[0].dependencies {
            assert!(!root.bill[*dependency].is_root);
        }
        let mut names: Vec<_> = parts.iter().map(|entry| &*entry.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["app", "clock", "logger"]);
    });
}

#[test]
fn drawings_of_the_examples() {
    let drawn = |composition: &Composition<'_>| {
        Diagram::from(&inspect("whole", &composition.to_bytes().unwrap()).unwrap())
    };
    let text = |folder, files: &[&str]| compose(folder, files, |c| drawn(c).text());
    assert_eq!(
        text("logger", &["app", "logger", "clock"]),
        "\
app
└── example:logger/journal@0.1.0 ← logger
    └── example:clock/ticker@0.1.0 ← clock

exports
└── run ← app
"
    );
    assert_eq!(
        text("logger", &["app", "logger"]),
        "\
app
└── example:logger/journal@0.1.0 ← logger
    └── host: example:clock/ticker@0.1.0

exports
└── run ← app
"
    );
    assert_eq!(
        text("shared-resource", &["app", "store", "left", "right"]),
        "\
app
├── example:left/filler@0.1.0 ← left
│   └── example:store/buckets@0.1.0 ← store (shared)
├── example:right/drainer@0.1.0 ← right
│   └── example:store/buckets@0.1.0 ← store (shared, above)
└── example:store/buckets@0.1.0 ← store (shared, above)

exports
└── run ← app
"
    );
    let logger = |render: fn(&Diagram) -> String| {
        compose("logger", &["app", "logger"], |c| render(&drawn(c)))
    };
    assert_eq!(
        logger(Diagram::dot),
        r#"digraph composition {
  rankdir=LR;
  node [shape=box];
  exports [shape=plaintext];
  n0 [label="logger"];
  n1 [label="app"];
  host [shape=ellipse, style=dashed];
  n0 -> host [label="example:clock/ticker@0.1.0"];
  n1 -> n0 [label="example:logger/journal@0.1.0"];
  exports -> n1 [label="run", style=dashed];
}
"#
    );
    assert_eq!(
        logger(Diagram::mermaid),
        r#"flowchart LR
  exports[["exports"]]
  n0["logger"]
  n1["app"]
  host(["host"])
  n0 -->|"example:clock/ticker@0.1.0"| host
  n1 -->|"example:logger/journal@0.1.0"| n0
  exports -.->|"run"| n1
"#
    );
}

#[test]
fn what_is_no_binary_is_an_error() {
    let error = |bytes: &[u8]| inspect("it", &bytes.to_vec()).unwrap_err();
    assert_eq!(error(b"").code(), "compose::empty");
    assert_eq!(error(b"(component)").code(), "compose::text");
    assert_eq!(error(b"\0asm\x0c\0\x01\0").code(), "compose::newer-than-us");
    let whole = wat::parse_str("(component (core module (func)) (type (list u8)))").unwrap();
    assert_eq!(
        error(&whole[..whole.len() - 1]).code(),
        "compose::truncated"
    );
    let trailing = [&whole[..], b"\0\0\0\0"].concat();
    assert_eq!(error(&trailing).code(), "compose::trailing-bytes");
    // A type of a kind that does not exist yet.
    let newer = b"\0asm\x0d\0\x01\0\x07\x02\x01\x3a";
    assert_eq!(error(newer).code(), "compose::newer-than-us");
}

#[test]
fn no_damage_makes_it_panic() {
    let whole = compose("shared-resource", &["app", "store", "left", "right"], |c| {
        c.to_bytes().unwrap()
    });
    let draw = |bytes: &Vec<u8>| {
        if let Ok(anatomy) = inspect("it", bytes) {
            let diagram = Diagram::from(&anatomy);
            let _ = (
                diagram.text(),
                diagram.dot(),
                diagram.mermaid(),
                diagram.svg(),
            );
        }
    };
    for at in (0..whole.len()).step_by(3) {
        draw(&whole[..at].to_vec());
        for mask in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= mask;
            draw(&damaged);
        }
    }
}

#[test]
fn components_may_not_be_nested_without_end() {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..200 {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        bytes.encode(&mut outer);
        bytes = outer;
    }
    let error = inspect("it", &bytes).unwrap_err();
    assert_eq!(error.code(), "compose::limit", "{error}");
}
