//! What documents declare, and how that comes to be in compositions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tenon_composer::wac::{Packages, ResolveError, parse, resolve};
use tenon_composer::{Arena, Options, Source, encode, validate};
use wit_parser::Resolve;

/// The composition that a document means, with WIT packages as text, by the names that it has for them.
fn composed(source: &str, packages: &[(&str, &str)]) -> Result<Vec<u8>, Vec<ResolveError>> {
    let parsed = parse(source);
    assert_eq!(parsed.errors, [], "{source}");
    let package = |text: &str| {
        let mut resolve = Resolve::default();
        let id = resolve.push_source("package.wit", text).unwrap();
        wit_component::encode(&resolve, id, false).unwrap()
    };
    let bytes: BTreeMap<_, _> = packages
        .iter()
        .map(|(name, text)| (*name, package(text)))
        .collect();
    let mut arena = Arena::new();
    let mut known = Packages::new();
    for (name, bytes) in &bytes {
        let id = arena.read_release(Source::new(*name, bytes)).unwrap();
        known.add(*name, id);
    }
    let resolution = resolve(&mut arena, &parsed.document, &known)?;
    let graph = resolution.graph().clone();
    let composition = encode(arena, graph, &Options::default());
    let bytes = composition.unwrap().to_bytes().unwrap();
    validate(&Source::new("composition", &bytes)).unwrap();
    Ok(bytes)
}

/// The imports and exports of a composition, without their types.
fn world(bytes: &[u8]) -> Vec<String> {
    let text = wasmprinter::print_bytes(bytes).unwrap();
    let lines = text.lines().filter_map(|line| {
        let (indent, rest) = line.split_at(line.find('(')?);
        let what = rest.get(1..7)?;
        let is_item = ["import", "export"].contains(&what) && indent.len() == 2;
        let name = rest.split('"').nth(1)?;
        is_item.then(|| format!("{what} {name}"))
    });
    lines.collect()
}

const IO: &str = "package wasi:io@0.2.3;
    interface error { resource error { text: func() -> string; } }
    interface streams { use error.{error}; resource input { read: func() -> result<list<u8>, error>; } }
    world imports { import streams; }";

#[test]
fn types_interfaces_and_worlds_are_exported() {
    let source = "package a:b@1.0.0;
        type t = list<r>; record r { x: e } enum e { a, b } type f = func(r: r) -> t; type g = f;
        interface i { record r { x: u32 } resource s { m: func() -> r; } }
        interface j { use i.{s}; use wasi:io/streams@0.2.3.{input as in}; f: func(s: s) -> in; }
        world w { include wasi:io/imports@0.2.3; import j; export h: g; }
        package c:d { interface unseen { type t = u32; } }
        interface k { use c:d/unseen.{t}; }";
    let bytes = composed(source, &[("wasi:io@0.2.3", IO)]).unwrap();
    let exports =
        ["t", "r", "e", "f", "g", "i", "j", "w", "k"].map(|name| format!("export {name}"));
    let mut found = world(&bytes);
    found.sort();
    let mut expected = exports.to_vec();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn imports_are_imported_once() {
    let source = "package a:b;
        import streams: wasi:io/streams@0.2;
        import mine: i;
        import f as run: func(x: r) -> list<e>;
        import inline: interface { use wasi:io/error@0.2.3.{error}; log: func(e: borrow<error>); };
        record r { x: e }
        enum e { a, b }
        interface i { use wasi:io/streams@0.2.3.{input}; take: func(input: input); }
        export streams;
        let run-it = f;
        export run-it as \"run-again\";";
    let packages = [("wasi:io@0.2.3", IO), ("wasi:io@0.2", IO)];
    let bytes = composed(source, &packages).unwrap();
    let found = world(&bytes);
    let imports: Vec<_> = found.iter().filter(|it| it.starts_with("import")).collect();
    let mut sorted = imports.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "import e",
            "import inline",
            "import mine",
            "import r",
            "import run",
            "import wasi:io/error@0.2.3",
            "import wasi:io/streams@0.2.3"
        ]
    );
}

#[test]
fn what_is_wrong_with_declarations_is_said_with_the_rest() {
    let source = "package a:b;
        interface i { f: func(x: nothing); }
        record r { a: u32, a: u8 }
        import x: nothing-too;
        export y;";
    let errors = composed(source, &[]).unwrap_err();
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.code(), error.span().text(source)))
        .collect();
    assert_eq!(
        told,
        [
            ("wac::undefined-name", "nothing"),
            ("wac::duplicate-member", "a"),
            ("wac::undefined-name", "nothing-too"),
            ("wac::undefined-name", "y")
        ]
    );
}

/// What is declared costs what is written: twice as much takes no more than a few times as long.
#[test]
fn long_documents() {
    let document = |count: usize| {
        let mut source = "package a:b;\n".to_owned();
        for at in 0..count {
            source.push_str(&format!("record r{at} {{ x: u32,\n y: string }}\n"));
            source.push_str(&format!(
                "interface i{at} {{\n record r {{ x: u32 }}\n f: func(x: r) -> list<r>;\n resource s {{ m: func(); }}\n}}\n"
            ));
            source.push_str(&format!(
                "world w{at} {{ import i{at}; use i{at}.{{s}}; export f: func(s: s); }}\n"
            ));
        }
        source
    };
    let time = |count: usize| {
        let source = document(count);
        let start = Instant::now();
        composed(&source, &[]).unwrap();
        start.elapsed()
    };
    time(20);
    let (few, many) = (time(100), time(400));
    assert!(
        many < few * 16 + Duration::from_millis(500),
        "{few:?} {many:?}"
    );
}

#[test]
fn the_world_that_is_targeted_can_be_in_the_document() {
    let said = |package: &str, version: &str| {
        let source = format!(
            "package a:b@1.0.0 targets {package}/w{version};
            world w {{ import i; export f: func(); }}
            interface i {{ f: func(); }}
            package c:d {{ interface i {{ f: func(); }} world w {{ import i; }} interface no {{}} }}
            import it: {package}/i{version};
            export it.f as \"f\";"
        );
        let parsed = parse(&source);
        assert_eq!(parsed.errors, [], "{source}");
        let mut arena = Arena::new();
        let resolution =
            resolve(&mut arena, &parsed.document, &Packages::new()).map_err(|errors| {
                errors
                    .into_iter()
                    .map(|error| error.to_string())
                    .collect::<Vec<_>>()
            })?;
        let graph = resolution.graph().clone();
        let composition = encode(arena, graph, &Options::default()).unwrap();
        let wrong = resolution.check_target(&composition).unwrap();
        Ok::<_, Vec<String>>(wrong.into_iter().map(|it| it.to_string()).collect())
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(said("a:b", ""), Ok(none.clone()));
    assert_eq!(said("a:b", "@1.0.0"), Ok(none.clone()));
    assert_eq!(said("c:d", ""), Ok(none));
    // A composition of nothing but types conforms to a world that asks for nothing.
    let source = "package a:b targets a:b/w; world w {}";
    let bytes = composed(source, &[]).unwrap();
    let parsed = parse(source);
    let resolution = resolve(&mut Arena::new(), &parsed.document, &Packages::new()).unwrap();
    assert_eq!(resolution.check_target(&bytes).unwrap(), []);
    let source = "package a:b targets c:d/w; package c:d { interface w {} }";
    let errors = composed(source, &[]).unwrap_err();
    assert_eq!(errors[0].code(), "wac::not-a-world");
}

#[test]
fn what_is_declared_can_be_read_as_a_package() {
    let source = "package a:b;
        world w { import late; }
        interface late { use early.{r}; f: func(r: r); }
        interface early { record r { x: u32 } }";
    let bytes = composed(source, &[]).unwrap();
    let decoded = wit_component::decode(&bytes).unwrap();
    let package = &decoded.resolve().packages[decoded.package()];
    let names: Vec<_> = package.interfaces.keys().collect();
    assert_eq!(names, ["early", "late"]);
}

const NET: &str = "package q:s@0.2.0;
    interface network {
        resource network; record v4 { port: u16 } variant addr { four(v4), none } enum err { a, b }
    }
    interface udp {
        use network.{network, addr, err};
        send: func(n: borrow<network>, a: addr) -> result<u32, err>;
    }
    interface values { record v4 { port: u16 } variant addr { four(v4), none } now: func() -> addr; }
    interface clock { use values.{addr}; set: func(a: addr); }
    world app { import udp; import clock; }
    world provider { export values; }";

/// A component that imports and exports what a world does, and does nothing.
fn component(wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("package.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let abi = wit_parser::ManglingAndAbi::Standard32;
    let mut module = wit_component::dummy_module(&resolve, world, abi);
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8, false).unwrap();
    let mut encoder = wit_component::ComponentEncoder::default();
    encoder.module(&module).unwrap();
    encoder.encode().unwrap()
}

/// The lines of the WIT of what a document composes of the parts of `NET`, and which imports are there for their types only.
fn lines_of(source: &str) -> (Vec<String>, Vec<String>) {
    let package = {
        let mut resolve = Resolve::default();
        let id = resolve.push_source("package.wit", NET).unwrap();
        wit_component::encode(&resolve, id, false).unwrap()
    };
    let (app, provider) = (component(NET, "app"), component(NET, "provider"));
    let parsed = parse(source);
    assert_eq!(parsed.errors, [], "{source}");
    let mut arena = Arena::new();
    let mut packages = Packages::new();
    let wit = arena.read_release(Source::new("q:s", &package)).unwrap();
    packages.add("q:s@0.2.0", wit);
    for (name, bytes) in [("q:app", &app), ("q:provider", &provider)] {
        packages.add(name, arena.read(Source::new(name, bytes)).unwrap());
    }
    let resolution = resolve(&mut arena, &parsed.document, &packages).unwrap();
    let graph = resolution.graph().clone();
    let composition = encode(arena, graph, &Options::default()).unwrap();
    let imports = composition.imports.iter();
    let types_only = imports.filter(|import| import.types_only);
    let types_only = types_only.map(|import| import.name.clone()).collect();
    let bytes = composition.to_bytes().unwrap();
    validate(&Source::new("composition", &bytes)).unwrap();
    let decoded = wit_component::decode(&bytes).unwrap();
    let mut printer = wit_component::WitPrinter::default();
    let package = decoded.package();
    let resolve = decoded.resolve();
    let others = resolve.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = others.filter(|id| *id != package).collect();
    printer.print(resolve, package, &others).unwrap();
    let text = printer.output.to_string();
    let lines = text.lines().map(|line| line.trim().to_owned());
    (lines.collect(), types_only)
}

#[test]
fn what_stays_open_uses_the_types_of_what_is_filled() {
    // What the host gives to one import names the types that another speaks of.
    let (lines, types_only) = lines_of(
        "package t:x;
        import network: q:s/network@0.2.0;
        let app = new q:app { network, ... };",
    );
    let used = "use network.{network, addr, err};".to_owned();
    assert!(lines.contains(&used), "{lines:#?}");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with("variant addr"))
            .count(),
        2
    );
    // Types that a component gives have no name for the host: the interface is imported for their sake.
    assert_eq!(types_only, [] as [&str; 0]);
    let (lines, types_only) = lines_of(
        "package t:x;
        let provider = new q:provider {};
        let app = new q:app { values: provider.values, ... };",
    );
    assert_eq!(types_only, ["q:s/values@0.2.0"]);
    for line in ["import q:s/values@0.2.0;", "use values.{addr};"] {
        assert!(lines.contains(&line.to_owned()), "{line} {lines:#?}");
    }
    assert!(
        !lines.iter().any(|line| line.starts_with("now:")),
        "{lines:#?}"
    );
}
