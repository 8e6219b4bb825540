//! What is asked of plans beside what fits: chains, wires, names, version policies, limits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

#[path = "cases/component.rs"]
mod component;

use component::Names;
use tenon_composer::{
    Arena, Bodies, ComponentId, Composition, Error, ErrorKind, Graph, Member, Options, Request,
    Source, Versions, WireRequest, WiredExport, encode, plug,
};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

const LOG: &str = "acme:log/log@1.0.0";

fn from_wit(wit: &str) -> Vec<u8> {
    component::from_wit(wit, Names::Full)
}

/// A world of these items, beside an interface `acme:log/log` in each version, with functions.
fn world(items: &str, logs: &[(&str, &str)]) -> Vec<u8> {
    let log = |(version, functions): &(&str, &str)| {
        format!("package acme:log@{version} {{ interface log {{ {functions} }} }}\n")
    };
    let logs: String = logs.iter().map(log).collect();
    from_wit(&format!("package test:w;\nworld w {{ {items} }}\n{logs}"))
}

fn log(items: &str) -> Vec<u8> {
    world(items, &[("1.0.0", "log: func(text: string);")])
}

fn read<'i>(arena: &mut Arena<'i>, name: &str, bytes: &'i Vec<u8>) -> ComponentId {
    let source = Source {
        name: name.to_owned(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    };
    arena.read(source).unwrap()
}

fn validate(bytes: &[u8]) {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    validator.validate_all(bytes).unwrap();
}

/// The imports of a composition as they stand in its bytes: name, version suffix, `implements`.
fn raw_imports(composition: &Composition<'_>) -> Vec<(String, Option<String>, Option<String>)> {
    let bytes = composition.to_bytes().unwrap();
    validate(&bytes);
    let mut depth = 0;
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import.unwrap().name;
                    let owned = |text: Option<&str>| text.map(str::to_owned);
                    found.push((
                        name.name.to_owned(),
                        owned(name.version_suffix),
                        owned(name.implements),
                    ));
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn canonical_names_are_split_in_the_bytes() {
    let app = world(
        "import acme:log/log@1.0.0; import acme:log/log@0.2.6-rc.1;",
        &[("1.0.0", "log: func();"), ("0.2.6-rc.1", "log: func();")],
    );
    let other = world("import acme:log/log@1.2.0;", &[("1.2.0", "log: func();")]);
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    for (name, bytes) in [("app", &app), ("other", &other)] {
        let component = read(&mut arena, name, bytes);
        graph.add(name, component);
    }
    graph.set_versions(Versions::Canonical);
    let composition = encode(arena, graph, &Options::default()).unwrap();
    let release = ("acme:log/log@1", Some(".2.0"));
    let prerelease = ("acme:log/log@0.2.6-rc.1", None);
    let expected = [release, prerelease]
        .map(|(name, suffix)| (name.to_owned(), suffix.map(str::to_owned), None));
    assert_eq!(raw_imports(&composition), expected);
    assert_eq!(composition.imports[0].name, "acme:log/log@1.2.0");
}

#[test]
fn a_plain_name_implements_the_interface() {
    let app = log("import acme:log/log@1.0.0;");
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    let component = read(&mut arena, "app", &app);
    let app = graph.add("app", component);
    graph.name_import(&arena, (app, LOG), "journal").unwrap();
    let composition = encode(arena, graph, &Options::default()).unwrap();
    let expected = ("journal".to_owned(), None, Some(LOG.to_owned()));
    assert_eq!(raw_imports(&composition), [expected]);
}

/// Two instances whose imports are given one name.
fn one_name<'i>(
    arena: &mut Arena<'i>,
    first: &'i Vec<u8>,
    second: &'i Vec<u8>,
    imports: [&str; 2],
) -> Graph {
    let mut graph = Graph::new();
    for ((name, bytes), import) in [("first", first), ("second", second)]
        .into_iter()
        .zip(imports)
    {
        let component = read(arena, name, bytes);
        let instance = graph.add(name, component);
        graph.name_import(arena, (instance, import), "log").unwrap();
    }
    graph
}

#[test]
fn imports_of_one_name_are_one_import() {
    let first = log("import acme:log/log@1.0.0;");
    let second = from_wit(
        "package test:w; world w { import acme:journal/journal@3.0.0; }
         package acme:journal@3.0.0 { interface journal { log: func(text: string); flush: func(); } }",
    );
    let mut arena = Arena::new();
    let graph = one_name(
        &mut arena,
        &first,
        &second,
        [LOG, "acme:journal/journal@3.0.0"],
    );
    let composition = encode(arena, graph, &Options::default()).unwrap();
    validate(&composition.to_bytes().unwrap());
    assert_eq!(composition.imports.len(), 1);
    assert_eq!(composition.imports[0].name, "log");
    assert_eq!(composition.imports[0].consumers.len(), 2);
}

#[test]
fn imports_of_one_name_that_disagree_are_blamed() {
    let first = log("import acme:log/log@1.0.0;");
    let second = world(
        "import acme:log/log@1.0.0;",
        &[("1.0.0", "log: func(text: u8);")],
    );
    let mut arena = Arena::new();
    let graph = one_name(&mut arena, &first, &second, [LOG, LOG]);
    let Err(error) = encode(arena, graph, &Options::default()) else {
        panic!("they agree");
    };
    assert_eq!(error.code(), "compose::import-conflict");
    assert!(
        error.to_string().contains("expected `string`, found `u8`"),
        "{error}"
    );
}

#[test]
fn a_name_that_an_import_has_of_itself_is_that_import() {
    let first = log("import acme:log/log@1.0.0;");
    let second = world(
        "import acme:log/log@2.0.0;",
        &[("2.0.0", "log: func(text: string);")],
    );
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    let component = read(&mut arena, "first", &first);
    graph.add("first", component);
    let component = read(&mut arena, "second", &second);
    let second = graph.add("second", component);
    graph
        .name_import(&arena, (second, "acme:log/log@2.0.0"), LOG)
        .unwrap();
    let composition = encode(arena, graph, &Options::default()).unwrap();
    assert_eq!(raw_imports(&composition), [(LOG.to_owned(), None, None)]);
}

#[test]
fn what_cannot_be_a_name_is_refused() {
    let app = from_wit("package test:w; world w { import f: func(); export run: func(); }");
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    let component = read(&mut arena, "app", &app);
    let app = graph.add("app", component);
    for name in ["", "a b", "[method]a.b", "a:b/c@1.0.0", "a:b", "-", "é"] {
        let imported = graph.name_import(&arena, (app, "f"), name).unwrap_err();
        assert_eq!(imported.code(), "compose::bad-name", "{name}");
        let exported = graph.export(&arena, name, (app, "run")).unwrap_err();
        assert_eq!(exported.code(), "compose::bad-name", "{name}");
    }
    graph.export(&arena, "run-it", (app, "run")).unwrap();
    let taken = graph.export(&arena, "runit", (app, "run")).unwrap_err();
    assert_eq!(taken.code(), "compose::name-taken");
}

/// A request about members that are not there.
#[test]
fn members_that_are_not_there_are_an_error() {
    let app = log("import acme:log/log@1.0.0;");
    let mut arena = Arena::new();
    let app = read(&mut arena, "app", &app);
    let missing = Member::Plug(3);
    let mut requests = [(); 3].map(|()| Request::new([app], []));
    requests[0].prefer = vec![missing];
    requests[1].chains = vec![vec![Member::Socket(0), missing]];
    requests[2].wires = vec![WireRequest {
        consumer: missing,
        import: LOG.to_owned(),
        provider: Member::Socket(0),
        export: WiredExport::Whole,
    }];
    for request in requests {
        assert_eq!(plug(&arena, &request).unwrap_err().code(), "compose::graph");
    }
    let empty = Request::default();
    assert_eq!(plug(&arena, &empty).unwrap_err().code(), "compose::graph");
}

// Limits.

/// A component without core modules or components inside; `n` makes each another one.
fn tiny(n: usize, items: &str) -> Vec<u8> {
    wat::parse_str(format!(
        "(component {items} (type (func)) (type (tuple {}u8)))",
        "u8 ".repeat(n)
    ))
    .unwrap()
}

fn limit(error: &Error) -> (&'static str, u64, u64, Vec<(String, u64)>) {
    match error.kind() {
        ErrorKind::Limit {
            what,
            count,
            max,
            most,
        } => (what, *count, *max, most.clone()),
        _ => panic!("{error}"),
    }
}

#[test]
fn too_many_instances_are_counted_before_anything_is_written() {
    let (many, few) = (tiny(0, ""), tiny(1, ""));
    let composed = |instances: usize| {
        let mut arena = Arena::new();
        let mut graph = Graph::new();
        let few = read(&mut arena, "few", &few);
        graph.add("few", few);
        let many = read(&mut arena, "many", &many);
        for _ in 1..instances {
            graph.add("many", many);
        }
        encode(arena, graph, &Options::default()).map(|composition| composition.to_bytes().unwrap())
    };
    validate(&composed(4096).unwrap());
    let error = composed(4097).unwrap_err();
    let most = vec![("many".to_owned(), 4096), ("few".to_owned(), 1)];
    assert_eq!(limit(&error), ("instances", 4097, 4096, most));
    assert!(
        error
            .to_string()
            .ends_with("most come with `many` (4096), `few` (1)"),
        "{error}"
    );
}

#[test]
fn what_is_imported_taken_and_exported_counts_as_an_instance() {
    let provider = wat::parse_str(
        "(component (instance $i) (export \"a:b/c\" (instance $i)) (export \"a:b/d\" (instance $i)))",
    )
    .unwrap();
    let consumer = wat::parse_str(
        "(component (import \"a:b/c\" (instance)) (import \"a:b/d\" (instance)) (import \"a:b/e\" (instance)))",
    )
    .unwrap();
    // One import; a provider, two exports of it taken and one exported; the consumers.
    let composed = |consumers: usize| {
        let mut arena = Arena::new();
        let mut graph = Graph::new();
        let id = read(&mut arena, "provider", &provider);
        let provider = graph.add("provider", id);
        let id = read(&mut arena, "consumer", &consumer);
        for _ in 0..consumers {
            let consumer = graph.add("consumer", id);
            for import in ["a:b/c", "a:b/d"] {
                graph
                    .connect(&arena, (consumer, import), (provider, import))
                    .unwrap();
            }
        }
        graph.export(&arena, "a:b/c", (provider, "a:b/c")).unwrap();
        encode(arena, graph, &Options::default()).map(|composition| composition.to_bytes().unwrap())
    };
    validate(&composed(4096 - 5).unwrap());
    let (what, count, _, _) = limit(&composed(4096 - 4).unwrap_err());
    assert_eq!((what, count), ("instances", 4097));
}

#[test]
fn too_many_parts_are_counted() {
    let nested = "(component)".repeat(400);
    let inputs: Vec<_> = (0..3).map(|n| tiny(n, &nested)).collect();
    let mut arena = Arena::new();
    for (name, bytes) in ["a", "b"].into_iter().zip(&inputs) {
        read(&mut arena, name, bytes);
    }
    let source = Source {
        name: "c".to_owned(),
        input: &inputs[2],
        digest: None,
        bodies: Bodies::Validate,
    };
    let error = arena.read(source).unwrap_err();
    let (what, count, max, most) = limit(&error);
    assert_eq!(
        (what, count, max),
        (
            "components and core modules, nested ones included",
            1001,
            1000
        )
    );
    assert_eq!(most[..2], [("a".to_owned(), 401), ("b".to_owned(), 401)]);
    assert!(error.help().unwrap().contains("does not help"));
}
