//! Core modules that components share are in a composition once, and every component can be had back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;
use sha2::{Digest, Sha256};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use tenon_composer::{
    Arena, Bodies, Composition, Dedupe, Diagram, Error, Feature, Graph, Input, Options, PartKind,
    Piece, Source, encode, extract, inspect,
};
use wasm_encoder::Encode;
use wasmparser::{Validator, WasmFeatures};

/// Composes components, each as an instance of its own, and hands the composition over.
fn composed<T>(
    components: &[Vec<u8>],
    dedupe: Dedupe,
    then: impl FnOnce(&Composition<'_>) -> T,
) -> Result<T, Error> {
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    for (number, input) in components.iter().enumerate() {
        let id = arena.read(Source {
            name: format!("c{number}"),
            input,
            digest: Some(Sha256::digest(input).into()),
            bodies: Bodies::Validate,
        })?;
        graph.add(&format!("i{number}"), id);
    }
    let options = Options {
        dedupe,
        ..Options::default()
    };
    Ok(then(&encode(arena, graph, &options)?))
}

fn bytes_of(components: &[Vec<u8>], dedupe: Dedupe) -> Vec<u8> {
    composed(components, dedupe, |composition| {
        composition.to_bytes().unwrap()
    })
    .unwrap()
}

fn extracted(composition: &Vec<u8>) -> Result<Vec<Vec<u8>>, Error> {
    let anatomy = inspect("whole", composition)?;
    let all = extract(composition, &anatomy)?;
    Ok(all.iter().map(|component| read(component)).collect())
}

fn read(input: &dyn Input) -> Vec<u8> {
    let mut bytes = vec![0; input.size() as usize];
    input.read_at(0, &mut bytes).unwrap();
    bytes
}

fn is_valid(bytes: &[u8]) -> bool {
    let verdict = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes);
    verdict.map_err(|error| panic!("{error}")).is_ok()
}

/// The different ones, in order.
fn distinct(components: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut distinct: Vec<Vec<u8>> = Vec::new();
    for component in components {
        if !distinct.contains(component) {
            distinct.push(component.clone());
        }
    }
    distinct
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A core module that exports `name`, with so many bytes of data.
fn core_module(name: &str, data: usize) -> String {
    let data = "x".repeat(data);
    format!(r#"(core module (memory 1) (func (export "{name}")) (data (i32.const 0) "{data}"))"#)
}

// Shapes.

/// Something in a component.
#[derive(Clone, Debug)]
enum Item {
    /// A core module of the pool, in a section whose size takes so many bytes more than it must.
    Module(usize, u64),
    /// A component.
    Component(Vec<Item>, u64),
    /// A custom section with so many bytes.
    Custom(usize),
    /// An alias of a core module of a component around, which one is the choice of these numbers.
    Outer(usize, usize),
}

/// The number of core modules that shapes are made of. They differ in what they export, and two of
/// them have one length.
const POOL: usize = 5;

fn pool(number: usize) -> (Vec<u8>, Option<&'static str>) {
    match number {
        0 => (wat("(module)"), None),
        1 => (wat(r#"(module (func (export "f1")))"#), Some("f1")),
        2 => (wat(r#"(module (func (export "f2")))"#), Some("f2")),
        3 => {
            let text = format!(
                r#"(module (func (export "f3")) (memory 1) (data (i32.const 0) "{}"))"#,
                "long".repeat(40)
            );
            (wat(&text), Some("f3"))
        }
        _ => {
            let text = format!(
                r#"(module (func (export "f4")) (memory 1) (data (i32.const 0) "{}"))"#,
                "very long".repeat(9000)
            );
            (wat(&text), Some("f4"))
        }
    }
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let leaf = prop_oneof![
        4 => (0..POOL, 0u64..3).prop_map(|(module, more)| Item::Module(module, more)),
        1 => (0usize..200).prop_map(Item::Custom),
        2 => (0usize..4, 0usize..4).prop_map(|(out, which)| Item::Outer(out, which)),
    ];
    let item = leaf.prop_recursive(4, 24, 5, |inner| {
        let items = prop::collection::vec(inner, 0..5);
        (items, 0u64..3).prop_map(|(items, more)| Item::Component(items, more))
    });
    prop::collection::vec(item, 0..6)
}

fn section(id: u8, body: &[u8], more: u64, out: &mut Vec<u8>) {
    out.push(id);
    let mut size = Vec::new();
    body.len().encode(&mut size);
    let more = more.min(5 - size.len() as u64);
    for _ in 0..more {
        *size.last_mut().unwrap() |= 0x80;
        size.push(0);
    }
    out.extend(size);
    out.extend(body);
}

/// The component with these items. Each core module is instantiated, and what it alone exports is taken
/// from the instance, so that an index that means something else makes the component invalid.
fn build(items: &[Item], around: &mut Vec<Vec<usize>>) -> Vec<u8> {
    let mut out = b"\0asm\x0d\0\x01\0".to_vec();
    around.push(Vec::new());
    let mut instances = 0;
    for item in items {
        let number = match item {
            Item::Component(items, more) => {
                let body = build(items, around);
                section(4, &body, *more, &mut out);
                continue;
            }
            Item::Custom(len) => {
                let body = [b"\x04some".as_slice(), &vec![7; *len]].concat();
                section(0, &body, 0, &mut out);
                continue;
            }
            Item::Module(number, more) => {
                section(1, &pool(*number).0, *more, &mut out);
                *number
            }
            Item::Outer(count, which) => {
                let levels = around.len();
                let count = 1 + count % levels;
                let Some(outer) = levels.checked_sub(count + 1) else {
                    continue;
                };
                let Some(index) = which.checked_rem(around[outer].len()) else {
                    continue;
                };
                section(6, &[1, 0, 0x11, 2, count as u8, index as u8], 0, &mut out);
                around[outer][index]
            }
        };
        let modules = around.last_mut().unwrap();
        modules.push(number);
        let index = modules.len() as u8 - 1;
        section(2, &[1, 0, index, 0], 0, &mut out);
        if let Some(export) = pool(number).1 {
            // An alias of the function `export` of the core instance.
            let mut body = vec![1, 0, 0, 1, instances, export.len() as u8];
            body.extend(export.as_bytes());
            section(6, &body, 0, &mut out);
        }
        instances += 1;
    }
    around.pop();
    out
}

fn components() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let component = items().prop_map(|items| build(&items, &mut Vec::new()));
    prop::collection::vec(component, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        // The same cases on every run.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_component_comes_back(components in components()) {
        let wanted = distinct(&components);
        let plain = bytes_of(&components, Dedupe::Components);
        let none: Vec<Vec<u8>> = Vec::new();
        for dedupe in [Dedupe::Components, Dedupe::Modules, Dedupe::Automatic] {
            let (bytes, hoisted) = composed(&components, dedupe, |composition| {
                prop_assert_eq!(read(composition), composition.to_bytes().unwrap());
                Ok((composition.to_bytes().unwrap(), composition.hoisted.clone()))
            }).unwrap()?;
            prop_assert!(is_valid(&bytes));
            prop_assert_eq!(&extracted(&bytes).unwrap(), &wanted);
            prop_assert_eq!(&bytes, &bytes_of(&components, dedupe));

            // What is said to be saved is.
            let own = |bytes: &Vec<u8>| {
                bytes.len() as u64 - inspect("whole", bytes).unwrap().root.custom
            };
            let saved: u64 = hoisted.iter().map(|module| module.saved).sum();
            let less = own(&plain) - own(&bytes);
            // The sizes of the components may be shorter, too.
            prop_assert!((saved..=saved + 4 * wanted.len() as u64).contains(&less), "{} {}", saved, less);
            prop_assert!(hoisted.iter().all(|module| module.components.len() > 1));
            match dedupe {
                Dedupe::Components => prop_assert_eq!(&bytes, &plain),
                Dedupe::Automatic => prop_assert!(hoisted.iter().all(|module| module.saved >= 64 << 10)),
                _ => {}
            }

            // A composition can be composed again, and taken apart twice.
            let outer = bytes_of(&[bytes.clone(), wanted[0].clone()], dedupe);
            prop_assert!(is_valid(&outer));
            let parts = extracted(&outer).unwrap();
            prop_assert_eq!(&parts[0], &bytes);
            prop_assert_eq!(&extracted(&parts[0]).unwrap(), &wanted);
            prop_assert_eq!(extracted(&wanted[0]).unwrap_or_default().len(),
                extracted(&parts[1]).unwrap_or(none.clone()).len());
        }
    }
}

#[test]
fn shapes_are_hoisted_often() {
    // The law above says little if there is nothing to hoist, or if shapes are not valid.
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    });
    let mut hoisted = 0;
    let mut nested = 0;
    for _ in 0..100 {
        let components = components().new_tree(&mut runner).unwrap().current();
        assert!(components.iter().all(|component| is_valid(component)));
        let bytes = bytes_of(&components, Dedupe::Modules);
        let anatomy = inspect("whole", &bytes).unwrap();
        hoisted += usize::from(!anatomy.hoisted().is_empty());
        let inner = anatomy.root.parts.iter().flat_map(|part| &part.parts);
        nested += usize::from(inner.flat_map(|part| &part.borrowed).any(|b| b.level == 0));
    }
    assert!(hoisted > 50 && nested > 20, "{hoisted} {nested}");
}

// What is hoisted.

#[test]
fn a_core_module_is_hoisted_where_it_saves_enough() {
    let component = |name: &str, data: usize| {
        let module = core_module("f", data);
        wat(&format!(
            "(component ${name} {module} (core instance (instantiate 0)))"
        ))
    };
    let hoisted = |data: usize, dedupe| {
        let components = [component("a", data), component("b", data)];
        composed(&components, dedupe, |composition| composition.hoisted.len()).unwrap()
    };
    assert_eq!(hoisted(0, Dedupe::Modules), 1);
    assert_eq!(hoisted(0, Dedupe::Automatic), 0);
    assert_eq!(hoisted(66_000, Dedupe::Automatic), 1);
    assert_eq!(hoisted(65_000, Dedupe::Automatic), 0);
    assert_eq!(hoisted(66_000, Dedupe::Components), 0);
}

#[test]
fn empty_core_modules_are_hoisted_where_there_are_enough() {
    // A section with an empty core module has ten bytes, one with an alias eight.
    let hoisted = |count: usize| {
        let component = wat(&format!("(component {})", "(core module)".repeat(count)));
        let bytes = bytes_of(std::slice::from_ref(&component), Dedupe::Modules);
        assert!(is_valid(&bytes));
        assert_eq!(extracted(&bytes).unwrap(), [component]);
        inspect("whole", &bytes).unwrap().hoisted().len()
    };
    assert_eq!(hoisted(5), 0);
    assert_eq!(hoisted(6), 1);
    assert_eq!(hoisted(900), 1);
}

#[test]
fn indices_stay_and_so_does_what_stands_between() {
    let shared = core_module("shared", 300);
    let first = wat(&format!(
        r#"(component $first
            (core module (func (export "own")))
            (@custom "between" "some text")
            {shared}
            (import "go" (func $go))
            (core instance (instantiate 0))
            (core instance $two (instantiate 1))
            {shared}
            (core instance $three (instantiate 2))
            (alias core export $three "shared" (core func))
            (component $inner
                (alias outer 1 1 (core module))
                (core instance $i (instantiate 0))
                (alias core export $i "shared" (core func $f))
                (func (export "f") (canon lift (core func $f)))
                {shared})
            (instance $inner (instantiate $inner))
            (export "f" (func $inner "f"))
            (start $go)
            (@custom "after" "more text"))"#
    ));
    let second = wat(&format!(
        r#"(component $second {shared}
            (core instance $i (instantiate 0))
            (alias core export $i "shared" (core func $f))
            (func (export "go") (canon lift (core func $f))))"#
    ));
    let mut arena = Arena::new();
    let mut graph = Graph::new();
    let ids: Vec<_> = [("first", &first), ("second", &second)]
        .into_iter()
        .map(|(name, input)| {
            let source = Source {
                name: name.to_owned(),
                input,
                digest: None,
                bodies: Bodies::Validate,
            };
            arena.read(source).unwrap()
        })
        .collect();
    // One component twice is embedded once.
    let first_instance = graph.add("first", ids[0]);
    let again = graph.add("again", ids[0]);
    let provider = graph.add("second", ids[1]);
    for instance in [first_instance, again] {
        graph
            .connect(&arena, (instance, "go"), (provider, "go"))
            .unwrap();
    }
    graph.export(&arena, "f", (again, "f")).unwrap();
    let drawing = Diagram::of(&arena, &graph).text();
    let options = Options {
        dedupe: Dedupe::Modules,
        ..Options::default()
    };
    let composition = encode(arena, graph, &options).unwrap();
    let [module] = composition.hoisted.as_slice() else {
        panic!("{:?}", composition.hoisted);
    };
    assert_eq!(module.components, [ids[0], ids[0], ids[0], ids[1]]);
    let bytes = composition.to_bytes().unwrap();
    assert!(is_valid(&bytes));
    assert_eq!(extracted(&bytes).unwrap(), [first.clone(), second.clone()]);

    let anatomy = inspect("whole", &bytes).unwrap();
    assert!(anatomy.is_composition());
    assert_eq!(Diagram::from(&anatomy).text(), drawing);
    let kinds: Vec<_> = anatomy.root.parts.iter().map(|part| part.kind).collect();
    use PartKind::{Component, CoreModule};
    assert_eq!(kinds, [CoreModule, Component, Component]);
    assert_eq!(anatomy.hoisted().into_iter().collect::<Vec<_>>(), [0]);
    let part = &anatomy.root.parts[1];
    assert_eq!(part.outer_name.as_deref(), Some("first"));
    let of_root = |borrowed: &&tenon_composer::Borrowed| borrowed.level == 0 && borrowed.part == 0;
    assert_eq!(part.borrowed.iter().filter(of_root).count(), 2);
    // The one that it had from the component around it leads to the same place.
    assert_eq!(part.parts[1].borrowed.iter().filter(of_root).count(), 2);
}

#[test]
fn core_modules_of_other_origins_have_indices_beside_those_that_are_hoisted() {
    let shared = core_module("shared", 300);
    let consumer = wat(&format!(
        r#"(component {shared}
            (import "filled" (core module $a (export "a" (func))))
            (import "open" (core module $b (export "b" (func))))
            (core instance $a (instantiate $a))
            (core instance $b (instantiate $b))
            (alias core export $a "a" (core func))
            (alias core export $b "b" (core func)))"#
    ));
    let provider = wat(&format!(
        r#"(component {shared}
            (core module $m (func (export "a")))
            (export "filled" (core module $m)))"#
    ));
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    };
    let mut arena = Arena::new();
    // The validator has read them in another order than that in which they are embedded.
    let provider_id = arena.read(source("provider", &provider)).unwrap();
    let consumer_id = arena.read(source("consumer", &consumer)).unwrap();
    let mut graph = Graph::new();
    let to = graph.add("consumer", consumer_id);
    let from = graph.add("provider", provider_id);
    graph
        .connect(&arena, (to, "filled"), (from, "filled"))
        .unwrap();
    graph.export(&arena, "filled", (from, "filled")).unwrap();
    let options = Options {
        dedupe: Dedupe::Modules,
        ..Options::default()
    };
    let composition = encode(arena, graph, &options).unwrap();
    assert_eq!(composition.hoisted.len(), 1);
    let bytes = composition.to_bytes().unwrap();
    assert!(is_valid(&bytes));
    assert_eq!(extracted(&bytes).unwrap(), [consumer, provider]);
    let anatomy = inspect("whole", &bytes).unwrap();
    let kinds: Vec<_> = anatomy.imports.iter().map(|i| (&*i.name, i.kind)).collect();
    assert_eq!(kinds, [("open", "core module")]);
}

#[test]
fn a_component_has_the_features_of_what_it_borrows() {
    let component = |name: &str| {
        wat(&format!(
            "(component ${name} (core module $m (memory 1) (memory 1)
                (data (i32.const 0) \"{}\")) (core instance (instantiate $m)))",
            "x".repeat(300)
        ))
    };
    let bytes = bytes_of(&[component("a"), component("b")], Dedupe::Modules);
    let anatomy = inspect("whole", &bytes).unwrap();
    let [module, a, b] = anatomy.root.parts.as_slice() else {
        panic!("{:?}", anatomy.root.parts);
    };
    // It has no name of its own, but the components have one for it.
    assert_eq!(module.name.as_deref(), Some("m"));
    for part in [a, b] {
        assert!(part.features.iter().any(|f| f == Feature::MultiMemory));
        assert_eq!(part.borrowed[0].name.as_deref(), Some("m"));
    }
}

#[test]
fn the_bill_of_materials_has_what_was_hoisted() {
    let component = |name: &str| {
        let module = core_module("f", 300);
        wat(&format!("(component ${name} {module})"))
    };
    let components = [component("a"), component("b"), wat("(component $c)")];
    let bytes = bytes_of(&components, Dedupe::Modules);
    let anatomy = inspect("whole", &bytes).unwrap();
    let bill = &anatomy.root.bill;
    let names: Vec<_> = bill.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["c0", "c1", "c2", "core-module-0", "composition"]);
    let dependencies: Vec<_> = bill
        .iter()
        .map(|entry| entry.dependencies.as_slice())
        .collect();
    assert_eq!(
        dependencies,
        [[3].as_slice(), &[3], &[], &[], [0, 1, 2].as_slice()]
    );
    let digest_of = |bytes: &[u8]| {
        let hex: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("sha256:{hex}")
    };
    let module = &anatomy.root.parts[0].range;
    let module = &bytes[module.start as usize..module.end as usize];
    assert_eq!(bill[3].source, digest_of(module));
    for (entry, component) in bill.iter().zip(&components) {
        assert_eq!(entry.source, digest_of(component));
    }
}

#[test]
fn what_becomes_less_than_a_limit_is_no_error() {
    // Each alone has many parts, and so has the composition.
    let modules = core_module("f", 30).repeat(498);
    let component = |name: &str| wat(&format!("(component ${name} {modules})"));
    let components = [component("a"), component("b")];
    assert!(is_valid(&bytes_of(&components, Dedupe::Modules)));
    let anatomy = inspect("whole", &bytes_of(&components, Dedupe::Modules)).unwrap();
    assert_eq!(anatomy.root.parts.len(), 3);
}

// How much is read.

/// An input that counts what is read of it.
struct Counted(Vec<u8>, AtomicU64);

impl Input for Counted {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.1.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.0.read_at(offset, buf)
    }
}

#[test]
fn only_core_modules_of_one_length_are_read() {
    let component = |data: usize| {
        let module = core_module("f", data);
        Counted(wat(&format!("(component {module})")), AtomicU64::new(0))
    };
    let read = |inputs: &[Counted], dedupe| {
        let mut arena = Arena::new();
        let mut graph = Graph::new();
        for (number, input) in inputs.iter().enumerate() {
            let name = format!("c{number}");
            let source = Source {
                name: name.clone(),
                input,
                digest: Some([number as u8; 32]),
                bodies: Bodies::Skip,
            };
            let id = arena.read(source).unwrap();
            graph.add(&name, id);
        }
        let options = Options {
            dedupe,
            ..Options::default()
        };
        let composition = encode(arena, graph, &options).unwrap();
        let copied = |piece: &Piece<'_>| matches!(piece, Piece::Input(..));
        let largest = composition.pieces().iter().filter(|p| copied(p));
        assert!(largest.map(Piece::size).max() >= Some(1 << 20));
        inputs
            .iter()
            .map(|input| input.1.load(Ordering::Relaxed))
            .sum::<u64>()
    };
    let different = || [component(1 << 20), component((1 << 20) + 1)];
    assert!(read(&different(), Dedupe::Modules) < 64 << 10);
    let mut same = [component(1 << 20), component(1 << 20)];
    // A custom section makes the components different.
    same[1].0.extend([0, 2, 1, b'x']);
    let both = read(&same, Dedupe::Automatic);
    assert!((2 << 20..(2 << 20) + (128 << 10)).contains(&both), "{both}");
}

// Foreign bytes.

fn hoisted_pair() -> [Vec<u8>; 2] {
    let component = |name: &str| {
        let module = core_module("f", 40);
        wat(&format!(
            "(component ${name} {module} (core instance (instantiate 0)) (component {module}))"
        ))
    };
    [component("a"), component("b")]
}

#[test]
fn changed_compositions_give_what_went_in_or_an_error() {
    let components = hoisted_pair();
    let whole = bytes_of(&components, Dedupe::Modules);
    let anatomy = inspect("whole", &whole).unwrap();
    assert_eq!(anatomy.hoisted().len(), 1);
    let bill = whole.windows(7).position(|at| at == b".dep-v0").unwrap();
    let mut came_out = 0;
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            // Whoever changes the bill of materials decides what is recorded.
            let is_of_bill = at + 4 >= bill && at < bill + 7;
            let anatomy = inspect("whole", &changed);
            let anatomy = anatomy.ok().filter(|whole| !whole.root.bill.is_empty());
            let Some(anatomy) = anatomy.filter(|_| !is_of_bill) else {
                continue;
            };
            if let Ok(extracted) = extract(&changed, &anatomy)
                && extracted.len() == components.len()
            {
                let extracted: Vec<_> = extracted.iter().map(|part| read(part)).collect();
                assert!(extracted == components, "bit {bit} at {at:#x}");
                came_out += 1;
            }
        }
    }
    assert!(came_out > 100, "{came_out}");
    for len in 0..whole.len() {
        if let Ok(extracted) = extracted(&whole[..len].to_vec()) {
            assert!(components.starts_with(&extracted), "cut at {len:#x}");
        }
    }
}

/// The composition with another record, or none.
fn with_record(whole: &[u8], record: Option<&[u8]>) -> Vec<u8> {
    let name = b"\x0dtenon:hoisted";
    let at = whole.windows(14).position(|at| at == name).unwrap();
    // The section is short, and the last one.
    let mut out = whole[..at - 2].to_vec();
    if let Some(record) = record {
        section(0, &[name, record].concat(), 0, &mut out);
    }
    out
}

#[test]
fn a_wrong_record_is_an_error_that_says_so() {
    let components = hoisted_pair();
    let whole = bytes_of(&components, Dedupe::Modules);
    let error = |bytes: Vec<u8>| {
        let error = extracted(&bytes).unwrap_err();
        (error.code(), error.to_string())
    };
    let none = with_record(&whole, None);
    assert!(is_valid(&none));
    assert_eq!(
        error(none.clone()),
        (
            "compose::not-closed",
            "`c0` in `whole` has items from the composition around it, and is nothing by itself"
                .to_owned()
        )
    );
    // What is there without its bill of materials is not known to be wrong, but it does not fit.
    for (record, message) in [
        (vec![], "it is empty"),
        (vec![9], "version 9 of the record is not known"),
        (vec![1, 1], "unexpected end-of-file"),
        (vec![1, 1, 7, 1, 8], "there is no component 7"),
        (
            vec![1, 2, 0, 2, 8, 9, 1, 2, 8, 9],
            "a core module was hoisted from where no alias is",
        ),
        (
            [
                [1, 1, 0, 0xe9, 0x07].as_slice(),
                &(1..=127).collect::<Vec<u8>>(),
            ]
            .concat(),
            "unexpected end-of-file",
        ),
    ] {
        let (code, text) = error(with_record(&whole, Some(&record)));
        assert_eq!(code, "compose::hoisted", "{text}");
        assert!(text.contains(message), "{text}");
    }
    let mut twice = whole.clone();
    section(0, b"\x0dtenon:hoisted\x01\x00", 0, &mut twice);
    assert!(error(twice).1.contains("several"));
}

#[test]
fn a_component_that_was_changed_is_named() {
    let components = [
        wat("(component $a (@custom \"some\" \"text\"))"),
        wat("(component)"),
    ];
    let mut whole = bytes_of(&components, Dedupe::Automatic);
    let at = whole.windows(4).position(|at| at == b"text").unwrap();
    whole[at] = b'T';
    let error = extracted(&whole).unwrap_err();
    assert_eq!(error.code(), "compose::digest-differs");
    let text = error.to_string();
    assert!(
        text.starts_with(
            "`c0` in `whole` is not what the bill of materials says: its digest is sha256:"
        ),
        "{text}"
    );
}

#[test]
fn what_another_tool_embeds_comes_out_as_it_is() {
    let inner = wat("(component $inner (core module))");
    let mut outer = wat("(component)");
    section(4, &inner, 2, &mut outer);
    section(4, &wat("(component)"), 0, &mut outer);
    let anatomy = inspect("outer", &outer).unwrap();
    let all = extract(&outer, &anatomy).unwrap();
    let names: Vec<_> = all.iter().map(|component| component.name()).collect();
    assert_eq!(names, ["inner", "component"]);
    assert_eq!(read(&all[0]), inner);
    assert_eq!(all[0].digest(), None);

    // A component that uses what is around it is none by itself.
    let closed_over =
        wat("(component (core module $m) (component (alias outer 1 $m (core module))))");
    let error = extracted(&closed_over).unwrap_err();
    assert_eq!(error.code(), "compose::not-closed");
}
