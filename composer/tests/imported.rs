//! Compositions that import components instead of embedding them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

#[path = "cases/component.rs"]
mod component;

use component::Names;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tenon_composer::{
    Arena, Bodies, Composition, Diagram, Error, Graph, Options, Source, encode, inspect,
};
use wasm_encoder::{Component, ComponentSectionId, RawSection};
use wasmparser::component_types::{ComponentEntityType, SubtypeCx};
use wasmparser::{Validator, WasmFeatures};

fn read<'i>(
    arena: &mut Arena<'i>,
    name: &str,
    input: &'i Vec<u8>,
) -> Result<tenon_composer::ComponentId, Error> {
    arena.read(Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    })
}

/// The only instance of `input`, which is imported as `name`.
fn imported<'i>(input: &'i Vec<u8>, name: &str) -> Result<Composition<'i>, Error> {
    let mut arena = Arena::new();
    let id = read(&mut arena, "part", input)?;
    let mut graph = Graph::new();
    graph.add("part", id);
    let options = Options {
        imported: BTreeMap::from([(id, name.to_owned())]),
        ..Options::default()
    };
    encode(arena, graph, &options)
}

/// One component that holds each of `parts`.
fn outer(parts: [&[u8]; 2]) -> Vec<u8> {
    let mut outer = Component::new();
    for part in parts {
        outer.section(&RawSection {
            id: ComponentSectionId::Component.into(),
            data: part,
        });
    }
    outer.finish()
}

/// What the validator has against the type of the import being that of the component itself.
fn difference(component: &[u8], composition: &[u8], name: &str) -> Result<(), String> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let types = validator
        .validate_all(&outer([component, composition]))
        .map_err(|error| error.to_string())?;
    let types = types.as_ref();
    let own = types.component_at(0);
    let import = &types[types.component_at(1)].imports[name];
    let ComponentEntityType::Component(import) = import.ty else {
        return Err("the import is no component".to_owned());
    };
    for (a, b) in [(own, import), (import, own)] {
        SubtypeCx::new_with_refs(types, types)
            .component_type(a, b, 0)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[test]
fn the_type_of_an_import_is_that_of_the_component() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/ok");
    let mut files: Vec<_> = fs::read_dir(cases)
        .unwrap()
        .flat_map(|case| fs::read_dir(case.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let mut tried = 0;
    for file in files {
        let text = || fs::read_to_string(&file).unwrap();
        let extension = file.extension().unwrap_or_default();
        let bytes = match extension.to_str().unwrap() {
            "wit" => component::from_wit(&text(), Names::Full),
            "canonical" => component::from_wit(&text(), Names::Canonical),
            "wat" => wat::parse_file(&file).unwrap(),
            _ => continue,
        };
        let composition =
            imported(&bytes, "it").unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let output = composition.to_bytes().unwrap();
        if let Err(error) = difference(&bytes, &output, "it") {
            panic!("{file:?}: {error}");
        }
        tried += 1;
    }
    assert!(tried > 150, "{tried} components");
}

#[test]
fn types_of_instances_are_reached_from_what_stands_beside_them() {
    // Resources and records of imported, exported and nested instances, used by what comes after them.
    let bytes = wat::parse_str(
        r#"(component
            (import "io" (instance $io
                (export "stream" (type $s (sub resource)))
                (export "inner" (instance
                    (export "deep" (type (sub resource)))
                    (type $r (record (field "a" u32)))
                    (export "rec" (type (eq $r)))))))
            (alias export $io "stream" (type $stream))
            (alias export $io "inner" (instance $inner))
            (alias export $inner "deep" (type $deep))
            (alias export $inner "rec" (type $rec))
            (import "again" (type $again (eq $stream)))
            (import "use" (instance
                (export "s" (type (eq $stream)))
                (export "d" (type $d (eq $deep)))
                (export "f" (func (param "d" (borrow $d)) (param "r" $rec) (result (own $again))))))
            (import "g" (func (param "d" (own $deep)) (result (list $rec))))
            (type $own (resource (rep i32)))
            (export $mine "mine" (type $own))
            (component $pack
                (import "in" (type $t (sub resource)))
                (export "held" (type $t)))
            (instance $packed (instantiate $pack (with "in" (type $mine))))
            (export "packed" (instance $packed))
            (export "io-again" (instance $io)))"#,
    )
    .unwrap();
    let composition = imported(&bytes, "acme:part/whole@1.0.0").unwrap();
    let output = composition.to_bytes().unwrap();
    assert_eq!(difference(&bytes, &output, "acme:part/whole@1.0.0"), Ok(()));
}

#[test]
fn what_is_imported_is_what_is_inspected() {
    let app = wat::parse_str(
        r#"(component
            (import "num" (instance $num (export "get" (func (result u32)))))
            (import "other" (func))
            (alias export $num "get" (func $get))
            (export "run" (func $get)))"#,
    )
    .unwrap();
    let num = wat::parse_str(
        r#"(component
            (import "other" (func))
            (core module $m (func (export "get") (result i32) (i32.const 7)))
            (core instance $i (instantiate $m))
            (func $get (result u32) (canon lift (core func $i "get")))
            (instance $num (export "get" (func $get)))
            (export "num" (instance $num)))"#,
    )
    .unwrap();
    for names in [&["app", "num"][..], &["app"], &["num"], &[]] {
        let mut arena = Arena::new();
        let ids = [
            ("app", read(&mut arena, "app", &app).unwrap()),
            ("num", read(&mut arena, "num", &num).unwrap()),
        ];
        let mut graph = Graph::new();
        let (consumer, provider) = (graph.add("app", ids[0].1), graph.add("num", ids[1].1));
        graph
            .connect(&arena, (consumer, "num"), (provider, "num"))
            .unwrap();
        graph.export(&arena, "run", (consumer, "run")).unwrap();
        let given = ids.iter().filter(|(name, _)| names.contains(name));
        let options = Options {
            imported: given
                .map(|(name, id)| (*id, format!("{name}-part")))
                .collect(),
            ..Options::default()
        };
        let drawn = Diagram::of(&arena, &graph);
        let composition = encode(arena, graph, &options).unwrap();
        let imports: Vec<_> = composition
            .imports
            .iter()
            .map(|import| (import.name.as_str(), import.kind, import.consumers.len()))
            .collect();
        let mut expected = Vec::new();
        if names.contains(&"app") {
            expected.push(("app-part", "component", 0));
        }
        if names.contains(&"num") {
            expected.push(("num-part", "component", 0));
        }
        expected.push(("other", "function", 2));
        assert_eq!(imports, expected);
        assert_eq!(composition.components.len(), 2 - names.len());

        let bytes = composition.to_bytes().unwrap();
        Validator::new_with_features(WasmFeatures::all())
            .validate_all(&bytes)
            .unwrap();
        let anatomy = inspect("whole", &bytes).unwrap();
        let seen: Vec<_> = anatomy
            .imports
            .iter()
            .map(|import| (import.name.as_str(), import.kind))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, kind, _)| (*name, *kind))
            .collect();
        assert_eq!(seen, expected);
        let diagram = Diagram::from(&anatomy);
        assert_eq!(
            (diagram.wires, diagram.outlets),
            (drawn.wires, drawn.outlets)
        );
    }
}

#[test]
fn names_are_checked() {
    let bytes = wat::parse_str(r#"(component (import "a" (func)))"#).unwrap();
    let said = |name: &str| {
        let error = imported(&bytes, name).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "compose::component-import");
        error.to_string()
    };
    assert_eq!(
        said("A"),
        "`part` cannot be imported as `A`: the composition imports `a` too"
    );
    assert_eq!(
        said("no name"),
        "`part` cannot be imported as `no name`: `no name` is not in kebab case"
    );
    imported(&bytes, "acme:part/world@1.0.0").unwrap();

    let mut arena = Arena::new();
    let other = wat::parse_str(r#"(component (import "b" (func)))"#).unwrap();
    let ids = [
        read(&mut arena, "one", &bytes).unwrap(),
        read(&mut arena, "two", &other).unwrap(),
    ];
    let mut graph = Graph::new();
    for id in ids {
        graph.add("part", id);
    }
    let options = Options {
        imported: ids.map(|id| (id, "part".to_owned())).into(),
        ..Options::default()
    };
    let error = encode(arena, graph, &options).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`two` cannot be imported as `part`: `one` is imported under that name too"
    );
}
