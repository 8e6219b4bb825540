#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

mod alike;
mod errors;
mod imports;

use super::*;
use crate::component::Source;
use crate::encode::{Options, encode, faults};
use crate::graph::Graph;
use crate::wac::{ResolveError, parse, parse_body};
use std::collections::BTreeMap;
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::Resolve;

/// What is wrong with the declarations of a document, in its order, each error with its code and the text that it is about.
fn faults_of(
    source: &str,
    packages: &BTreeMap<String, Vec<u8>>,
) -> Vec<(&'static str, String, String)> {
    let parsed = parse(source);
    assert_eq!(parsed.errors, [], "{source}");
    let mut arena = Arena::new();
    let packages = read(&mut arena, packages);
    let mut errors = Vec::new();
    Declarations::of(&mut arena, &parsed.document, &packages, &mut errors);
    let told = |error: &ResolveError| {
        let text = error.span().text(source).to_owned();
        (error.code(), text, error.to_string())
    };
    errors.iter().map(told).collect()
}

fn read<'i>(arena: &mut Arena<'i>, all: &'i BTreeMap<String, Vec<u8>>) -> Packages {
    let mut packages = Packages::new();
    for (name, bytes) in all {
        packages.add(name, arena.read_release(Source::new(name, bytes)).unwrap());
    }
    packages
}

/// The packages of a document, each as a WIT package in the binary format, by their names; `bytes` are packages that it uses.
fn declared(
    source: &str,
    others: &BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, Vec<u8>>, Vec<String>> {
    let parsed = parse_body(source);
    if !parsed.errors.is_empty() {
        return Err(parsed.errors.iter().map(ToString::to_string).collect());
    }
    let mut all = BTreeMap::new();
    for number in 0.. {
        let mut arena = Arena::new();
        let packages = read(&mut arena, others);
        let mut errors = Vec::new();
        let declarations = Declarations::of(&mut arena, &parsed.document, &packages, &mut errors);
        if !errors.is_empty() {
            let told = |error: &ResolveError| {
                let (line, column) = error.span().position(source);
                format!("{}: {error} at {line}:{column}", error.code())
            };
            return Err(errors.iter().map(told).collect());
        }
        let Some(package) = declarations.library.outline.package(number) else {
            break;
        };
        if package
            .items
            .values()
            .all(|item| matches!(item, Item::Type(_) | Item::Use(..)))
        {
            continue;
        }
        let mut graph = Graph::new();
        // Who reads packages in the binary format expects each interface after those that it uses.
        let items: Vec<_> = package.items.iter().collect();
        let needs = items.iter().map(|(_, item)| {
            let places = paths_of(**item).into_iter();
            let places = places.filter_map(|path| declarations.library.outline.place(number, path));
            let places = places.filter(|(package, _)| *package == number);
            places
                .filter_map(|(_, name)| package.items.get_index_of(name))
                .collect()
        });
        let order = Order::of(&needs.collect::<Vec<Vec<usize>>>()).sorted;
        for (name, item) in order.into_iter().map(|at| items[at]) {
            if !matches!(item, Item::Interface(_) | Item::World(_)) {
                continue;
            }
            let known = declarations.library.get((number, name)).unwrap();
            let host = graph.add_host(name, known.package);
            graph.export(&arena, name, (host, *name)).unwrap();
        }
        let id = package.id_of("");
        let faults = faults(&arena, &graph);
        assert!(faults.is_empty(), "{source}: {faults:?}");
        let encoded = encode(arena, graph, &Options::default());
        let bytes = encoded
            .map_err(|error| vec![error.to_string()])?
            .to_bytes()
            .unwrap();
        all.insert(id.replace('/', ""), bytes);
    }
    Ok(all)
}

/// The packages of WIT text, as the reference implementation has them.
fn reference(source: &str, others: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut resolve = Resolve::default();
    let mut known = Vec::new();
    for other in others {
        known.push(
            resolve
                .push_str("other.wit", other)
                .map_err(|error| format!("{error:#}"))?,
        );
    }
    let pushed = resolve.push_str("test.wit", source);
    pushed.map_err(|error| format!("{error:#}"))?;
    let packages = resolve.packages.iter();
    let packages: Vec<_> = packages
        .map(|(id, package)| (id, package.name.to_string()))
        .collect();
    let mut all = BTreeMap::new();
    for (id, name) in packages.into_iter().filter(|(id, _)| !known.contains(id)) {
        let bytes =
            wit_component::encode(&resolve, id, false).map_err(|error| format!("{error:#}"))?;
        all.insert(name, bytes);
    }
    Ok(all)
}

/// The lines of the text of a WIT package in the binary format, whatever their order.
fn lines(bytes: &[u8]) -> Vec<String> {
    let decoded = match wit_component::decode(bytes).unwrap() {
        DecodedWasm::WitPackage(resolve, package) => (resolve, package),
        DecodedWasm::Component(..) => panic!("a component"),
    };
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer.print(&decoded.0, decoded.1, &[]).unwrap();
    let text = printer.output.to_string();
    let mut lines: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
    let is_said = |line: &String| line.starts_with("@since") || line.starts_with("@deprecated");
    lines.retain(|line| !line.is_empty() && !is_said(line));
    lines.sort();
    lines
}
