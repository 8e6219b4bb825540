//! What holds for every component, not only for those somebody thought of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

#[path = "cases/component.rs"]
mod component;
#[path = "cases/options.rs"]
mod options;

use component::Names;
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::RngSeed;
use std::time::{Duration, Instant};
use tenon_composer::{
    Arena, Bodies, ComponentId, Dedupe, Error, ErrorKind, Graph, Options, Plan, Provider, Request,
    Source, encode, plug,
};
use wasm_encoder::{
    Component, ComponentExportKind, ComponentExportSection, ComponentImportSection,
    ComponentSectionId, ComponentTypeRef, ComponentTypeSection, ComponentValType, Encode,
};
use wasmparser::{Validator, WasmFeatures};

/// No input of these tests may take longer, on a slow machine with unoptimised code.
const QUICK: Duration = Duration::from_secs(60);

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

fn from_wit(wit: &str) -> Vec<u8> {
    component::from_wit(wit, Names::Full)
}

fn read<'i>(arena: &mut Arena<'i>, name: &str, bytes: &'i Vec<u8>) -> Result<ComponentId, Error> {
    arena.read(Source {
        name: name.to_owned(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    })
}

fn planned<'i>(
    arena: &mut Arena<'i>,
    socket: &'i Vec<u8>,
    plugs: &[(String, &'i Vec<u8>)],
) -> Result<Plan, Error> {
    let request = request(arena, socket, plugs)?;
    plug(arena, &request)
}

fn request<'i>(
    arena: &mut Arena<'i>,
    socket: &'i Vec<u8>,
    plugs: &[(String, &'i Vec<u8>)],
) -> Result<Request, Error> {
    let socket = read(arena, "app", socket)?;
    let plugs = plugs
        .iter()
        .map(|(name, bytes)| read(arena, name, bytes))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Request::new([socket], plugs))
}

fn composed(socket: &Vec<u8>, plugs: &[(String, &Vec<u8>)]) -> Result<Vec<u8>, Error> {
    composed_with(Dedupe::Automatic, socket, plugs, &[])
}

/// Composes with options, as they are on the command line.
fn composed_with(
    dedupe: Dedupe,
    socket: &Vec<u8>,
    plugs: &[(String, &Vec<u8>)],
    options: &[String],
) -> Result<Vec<u8>, Error> {
    let mut arena = Arena::new();
    let mut request = request(&mut arena, socket, plugs)?;
    options::apply(&arena, &mut request, options)?;
    let plan = plug(&arena, &request)?;
    let options = Options {
        dedupe,
        ..Options::default()
    };
    let composition = encode(arena, plan.graph, &options)?;
    Ok(composition.to_bytes().unwrap())
}

fn validate(bytes: &[u8]) -> Result<(), String> {
    match Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

// Plans.

/// Interfaces `acme:p/i0` to `acme:p/i{count}`; each has a resource that uses none of the others.
fn numbered_interfaces(count: usize) -> String {
    let interfaces: Vec<_> = (0..count)
        .map(|i| format!("interface i{i} {{ resource r; f{i}: func(r: borrow<r>) -> r; }}\n"))
        .collect();
    format!("package acme:p@1.0.0 {{\n{}}}\n", interfaces.concat())
}

fn numbered_world(imports: &[usize], export: Option<usize>, count: usize) -> Vec<u8> {
    let imports: Vec<_> = imports
        .iter()
        .map(|i| format!("import acme:p/i{i}@1.0.0;\n"))
        .collect();
    let export = match export {
        Some(i) => format!("export acme:p/i{i}@1.0.0;\n"),
        None => "export run: func();\n".to_owned(),
    };
    let imports = imports.concat();
    let interfaces = numbered_interfaces(count);
    from_wit(&format!(
        "package test:w;\nworld w {{\n{imports}{export}}}\n{interfaces}"
    ))
}

/// Which interfaces the socket imports, and which each plug does: plug `i` exports interface `i` and
/// imports later ones only. The last interface has no plug.
fn needs() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<usize>>)> {
    (2usize..7).prop_flat_map(|count| {
        let socket = subsequence((0..count).collect::<Vec<_>>(), 0..count)
            .prop_map(|needs| [&[0], needs.as_slice()].concat())
            .prop_map(|mut needs| {
                needs.dedup();
                needs
            });
        let plugs: Vec<_> = (1..count)
            .map(|i| subsequence((i..count).collect::<Vec<_>>(), 0..=count - i))
            .collect();
        (socket, plugs)
    })
}

fn shuffled(count: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..count).collect::<Vec<_>>()).prop_shuffle()
}

fn needs_and_order() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<usize>>, Vec<usize>)> {
    needs().prop_flat_map(|(socket, plugs)| {
        let order = shuffled(plugs.len());
        (Just(socket), Just(plugs), order)
    })
}

/// Options about interfaces `i0` to `i{count}` and plugs `p0` to `p{count - 1}`, `p0` being used for sure:
/// those that these numbers choose, for each plug one.
fn some_options(count: usize, choices: &[usize]) -> Vec<String> {
    let mut options = vec![
        format!(
            "versions {}",
            ["highest", "lowest", "canonical"][choices[0] % 3]
        ),
        "rename run=go".to_owned(),
    ];
    let used = choices.iter().enumerate().take(count - 1);
    options.extend(used.filter_map(|(i, choice)| match choice {
        0 => Some("wire app#acme:p/i0=p0".to_owned()),
        1 => Some(format!("export p{i}#acme:p/i{i}=name-{i}")),
        2 => Some(format!("export p{i}#acme:p/i{i}")),
        3 if i > 0 => Some(format!("prefer p{i}")),
        4 => Some("keep-import app#acme:p/i0".to_owned()),
        _ => None,
    }));
    options.sort();
    options.dedup();
    options
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        // The same cases on every run.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_plugs_does_not_matter((socket, plugs, order) in needs_and_order()) {
        let count = plugs.len() + 1;
        let socket = numbered_world(&socket, None, count);
        let plugs: Vec<_> = plugs
            .iter()
            .enumerate()
            .map(|(i, imports)| (format!("p{i}"), numbered_world(imports, Some(i), count)))
            .collect();
        let given: Vec<_> = plugs.iter().map(|(name, bytes)| (name.clone(), bytes)).collect();
        let other: Vec<_> = order.iter().map(|at| given[*at].clone()).collect();
        for dedupe in [Dedupe::Automatic, Dedupe::Modules] {
            let bytes = composed_with(dedupe, &socket, &given, &[]).unwrap();
            prop_assert_eq!(validate(&bytes), Ok(()));
            prop_assert!(bytes == composed_with(dedupe, &socket, &other, &[]).unwrap());
        }
    }

    #[test]
    fn the_order_of_options_does_not_matter(
        ((socket, plugs, order), choices, seed) in
            (needs_and_order(), prop::collection::vec(0usize..7, 7), 0usize..64)
    ) {
        let count = plugs.len() + 1;
        let socket = numbered_world(&socket, None, count);
        let plugs: Vec<_> = plugs
            .iter()
            .enumerate()
            .map(|(i, imports)| (format!("p{i}"), numbered_world(imports, Some(i), count)))
            .collect();
        let options = some_options(count, &choices);
        let mut other_options = options.clone();
        other_options.rotate_left(seed % options.len());
        other_options.swap(0, seed % options.len());
        let given: Vec<_> = plugs.iter().map(|(name, bytes)| (name.clone(), bytes)).collect();
        let other: Vec<_> = order.iter().map(|at| given[*at].clone()).collect();
        let one = composed_with(Dedupe::Automatic, &socket, &given, &options);
        let two = composed_with(Dedupe::Automatic, &socket, &other, &other_options);
        match (one, two) {
            (Ok(one), Ok(two)) => {
                prop_assert_eq!(validate(&one), Ok(()));
                prop_assert!(one == two, "{:?} or {:?}", options, other_options);
            }
            (Err(one), Err(two)) => prop_assert_eq!(one.to_string(), two.to_string()),
            (one, two) => prop_assert!(false, "{:?} {:?}", one.err(), two.err()),
        }
    }

    #[test]
    fn a_chain_has_the_order_that_is_asked_for((links, order) in (2usize..6).prop_flat_map(|count| (shuffled(count), shuffled(count + 1)))) {
        let interface = "package acme:p@1.0.0 { interface i { f: func(); } }\n";
        let world = |items: &str| from_wit(&format!("package test:w;\nworld w {{ {items} }}\n{interface}"));
        let socket = world("import acme:p/i@1.0.0; export run: func();");
        let mut plugs: Vec<_> = (0..links.len())
            .map(|i| {
                let items = format!("import acme:p/i@1.0.0; export acme:p/i@1.0.0; export own{i}: func();");
                (format!("p{i}"), world(&items))
            })
            .collect();
        plugs.push(("end".to_owned(), world("export acme:p/i@1.0.0;")));
        let given: Vec<_> = order.iter().map(|at| (plugs[*at].0.clone(), &plugs[*at].1)).collect();
        let names: Vec<_> = links.iter().map(|i| format!("p{i}")).collect();
        let mut arena = Arena::new();
        let mut request = request(&mut arena, &socket, &given).unwrap();
        options::apply(&arena, &mut request, &[format!("chain {},end", names.join(","))]).unwrap();
        let plan = plug(&arena, &request).unwrap();
        let mut found = Vec::new();
        let mut at = plan.graph.instances().next().unwrap().1;
        while let Some(edge) = at.arguments().values().next() {
            at = plan.graph.instance(edge.provider);
            found.push(at.name().to_owned());
        }
        prop_assert_eq!(&found[..links.len()], names.as_slice());
        prop_assert_eq!(found.last().map(String::as_str), Some("end"));
    }

    #[test]
    fn every_type_fits_itself(types in prop::collection::vec(value_type(), 1..6)) {
        let interface = with_types(&types);
        let (socket, plug) = (one_import(&interface), one_export(&interface));
        let mut arena = Arena::new();
        let plan = planned(&mut arena, &socket, &[("plug".to_owned(), &plug)]).unwrap();
        let open = plan.open().count();
        prop_assert_eq!(open, 0);
        let composition = encode(arena, plan.graph, &Options::default()).unwrap();
        prop_assert_eq!(validate(&composition.to_bytes().unwrap()), Ok(()));
    }

    #[test]
    fn an_open_import_is_imported_as_it_was(types in prop::collection::vec(value_type(), 1..6)) {
        let interface = with_types(&types);
        let extra = "package acme:x@1.0.0 { interface x { f: func(); } }\n";
        let world = |items: &str| format!("package test:w;\nworld w {{ {items} }}\n{interface}{extra}");
        let socket = from_wit(&world("import acme:t/t@1.0.0; import acme:x/x@1.0.0;"));
        let plug = from_wit(&world("import acme:t/t@1.0.0; export acme:x/x@1.0.0;"));
        let bytes = composed(&socket, &[("plug".to_owned(), &plug)]).unwrap();
        prop_assert_eq!(validate(&bytes), Ok(()));
        // What implements the interface still fits the import of the composition.
        let last = composed(&bytes, &[("t".to_owned(), &one_export(&interface))]).unwrap();
        prop_assert_eq!(validate(&last), Ok(()));
    }

    #[test]
    fn a_type_with_one_number_changed_does_not_fit((ty, at) in (value_type(), 0usize..8)) {
        let numbers: Vec<_> = ty.match_indices("u32").collect();
        prop_assume!(!numbers.is_empty());
        let (place, _) = numbers[at % numbers.len()];
        let other = format!("{}s64{}", &ty[..place], &ty[place + 3..]);
        let socket = one_import(&with_types(&[ty]));
        let plug = one_export(&with_types(&[other]));
        let error = composed(&socket, &[("plug".to_owned(), &plug)]).unwrap_err();
        let message = error.to_string();
        prop_assert!(message.ends_with("expected `u32`, found `s64`"), "{}", message);
    }
}

/// A value type as WIT; `r` is a resource.
fn value_type() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "bool",
        "u8",
        "u32",
        "f64",
        "string",
        "r",
        "error-context",
        "rec",
        "var",
        "en",
        "fl",
        "map<string, list<u32>>",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|t| format!("list<{t}>")),
            inner.clone().prop_map(|t| format!("list<{t}, 3>")),
            inner.clone().prop_map(|t| format!("option<{t}>")),
            inner.clone().prop_map(|t| format!("stream<{t}>")),
            inner.clone().prop_map(|t| format!("future<{t}>")),
            inner.clone().prop_map(|t| format!("result<_, {t}>")),
            two.clone().prop_map(|(a, b)| format!("result<{a}, {b}>")),
            two.prop_map(|(a, b)| format!("tuple<{a}, {b}>")),
        ]
    })
}

/// An interface with a function for each of `types`, which takes and gives it.
fn with_types(types: &[String]) -> String {
    let functions: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(i, ty)| format!("    f{i}: func(x: {ty}) -> {ty};\n"))
        .collect();
    format!(
        "package acme:t@1.0.0 {{\n  interface t {{\n    resource r;\n    \
         record rec {{ a: u32, b: r, c: char }}\n    variant var {{ a(u32), b }}\n    enum en {{ a, b }}\n    \
         flags fl {{ a, b }}\n{}  }}\n}}\n",
        functions.concat()
    )
}

fn one_import(interface: &str) -> Vec<u8> {
    from_wit(&format!(
        "package test:w;\nworld w {{ import acme:t/t@1.0.0; }}\n{interface}"
    ))
}

fn one_export(interface: &str) -> Vec<u8> {
    from_wit(&format!(
        "package test:w;\nworld w {{ export acme:t/t@1.0.0; }}\n{interface}"
    ))
}

// Resources.

const FILES: &str = "
package acme:files@1.0.0 {
  interface types { resource file; }
  interface open { use types.{file}; open: func() -> file; }
}
";
const TYPES: &str = "acme:files/types@1.0.0";
const OPEN: &str = "acme:files/open@1.0.0";

fn files_world(items: &str) -> Vec<u8> {
    from_wit(&format!("package test:w;\nworld w {{ {items} }}\n{FILES}"))
}

/// A consumer of both interfaces, and two providers of both.
struct Mixed<'i> {
    arena: Arena<'i>,
    graph: Graph,
}

fn mixed<'i>(app: &'i Vec<u8>, first: &'i Vec<u8>, second: &'i Vec<u8>, opens: usize) -> Mixed<'i> {
    let mut arena = Arena::new();
    let app = read(&mut arena, "app", app).unwrap();
    let first = read(&mut arena, "first", first).unwrap();
    let second = read(&mut arena, "second", second).unwrap();
    let mut graph = Graph::new();
    let app = graph.add("app", app);
    let providers = [graph.add("first", first), graph.add("second", second)];
    graph
        .connect(&arena, (app, TYPES), (providers[0], TYPES))
        .unwrap();
    graph
        .connect(&arena, (app, OPEN), (providers[opens], OPEN))
        .unwrap();
    Mixed { arena, graph }
}

#[test]
fn one_provider_twice_is_two_providers() {
    let app = files_world(&format!("import {TYPES}; import {OPEN};"));
    let files = files_world(&format!("export {TYPES}; export {OPEN};"));
    let Mixed { arena, graph } = mixed(&app, &files, &files, 1);
    let Err(error) = encode(arena, graph, &Options::default()) else {
        panic!("two instances are mixed");
    };
    let ErrorKind::ResourceClash(clash) = error.kind() else {
        panic!("{error}");
    };
    let by = |name: &str| Provider::Component(name.to_owned());
    assert_eq!(clash.consumer, "app");
    assert_eq!(clash.resource, "file");
    assert_eq!(clash.known, (TYPES.to_owned(), by("first")));
    assert_eq!(clash.other, (OPEN.to_owned(), by("second")));
}

#[test]
fn one_of_two_instances_may_give_both() {
    let app = files_world(&format!("import {TYPES}; import {OPEN};"));
    let files = files_world(&format!("export {TYPES}; export {OPEN};"));
    let Mixed { arena, graph } = mixed(&app, &files, &files, 0);
    let composition = encode(arena, graph, &Options::default()).unwrap();
    assert_eq!(validate(&composition.to_bytes().unwrap()), Ok(()));
}

#[test]
fn two_providers_of_one_interface_may_serve_one_consumer() {
    const T: &str = "package acme:t@1.0.0 { interface t { resource r; f: func() -> r; } }\n";
    let world = |items: &str| from_wit(&format!("package test:w;\nworld w {{ {items} }}\n{T}"));
    let app = world("import one: acme:t/t@1.0.0; import two: acme:t/t@1.0.0;");
    let first = world("export acme:t/t@1.0.0;");
    let second = world("export acme:t/t@1.0.0; export other: func();");
    for second in [&first, &second] {
        let mut arena = Arena::new();
        let app = read(&mut arena, "app", &app).unwrap();
        let first = read(&mut arena, "first", &first).unwrap();
        let second = read(&mut arena, "second", second).unwrap();
        let mut graph = Graph::new();
        let app = graph.add("app", app);
        let (first, second) = (graph.add("first", first), graph.add("second", second));
        graph
            .connect(&arena, (app, "one"), (first, "acme:t/t@1.0.0"))
            .unwrap();
        graph
            .connect(&arena, (app, "two"), (second, "acme:t/t@1.0.0"))
            .unwrap();
        let composition = encode(arena, graph, &Options::default()).unwrap();
        assert_eq!(validate(&composition.to_bytes().unwrap()), Ok(()));
    }
}

#[test]
fn an_owner_whose_name_is_taken_is_no_silent_loss() {
    let app = files_world(&format!("import {TYPES}; export {OPEN};"));
    let files = files_world(&format!("export {TYPES};"));
    let mut arena = Arena::new();
    let app = read(&mut arena, "app", &app).unwrap();
    let files = read(&mut arena, "files", &files).unwrap();
    let mut graph = Graph::new();
    let app = graph.add("app", app);
    let (first, second) = (graph.add("first", files), graph.add("second", files));
    graph.connect(&arena, (app, TYPES), (first, TYPES)).unwrap();
    graph.export(&arena, OPEN, (app, OPEN)).unwrap();
    // The types of the other instance take the name that those of `open` would need.
    graph.export(&arena, TYPES, (second, TYPES)).unwrap();
    match encode(arena, graph, &Options::default()) {
        Ok(composition) => assert_eq!(validate(&composition.to_bytes().unwrap()), Ok(())),
        Err(error) => assert_ne!(error.code(), "compose::invalid-output", "{error}"),
    }
}

// Foreign bytes.

const SMALL: &str = "
package test:w;
world w { import acme:x/x@1.0.0; export acme:t/t@1.0.0; export run: func(a: string) -> list<u8>; }
package acme:x@1.0.0 { interface x { resource r { m: func(); } f: func() -> r; } }
package acme:t@1.0.0 { interface t { record p { x: u8, y: option<string> } g: func(p: p) -> p; } }
";
const SMALL_SOCKET: &str = "
package test:w;
world w { import acme:t/t@1.0.0; }
package acme:t@1.0.0 { interface t { record p { x: u8, y: option<string> } g: func(p: p) -> p; } }
";

/// Composes with a component that may be broken: what comes out is an error or valid.
fn survives(socket: &Vec<u8>, plug: &Vec<u8>, what: &str) {
    let plugs = [("plug".to_owned(), plug)];
    for (socket, plugs) in [
        (socket, plugs.as_slice()),
        (plug, &[("s".to_owned(), socket)]),
    ] {
        match composed(socket, plugs) {
            Ok(bytes) => {
                let verdict = validate(&bytes);
                // Code from a newer toolchain is composed as it is.
                let newer =
                    |error: &str| error.contains("illegal opcode") || error.contains("unknown 0x");
                assert!(
                    verdict.as_ref().err().is_none_or(|e| newer(e)),
                    "{what}: {verdict:?}"
                );
            }
            Err(error) => assert_ne!(error.code(), "compose::invalid-output", "{what}: {error}"),
        }
    }
}

#[test]
fn a_component_cut_anywhere_is_refused() {
    let (socket, whole) = (from_wit(SMALL_SOCKET), from_wit(SMALL));
    for len in 0..whole.len() {
        survives(&socket, &whole[..len].to_vec(), &format!("cut at {len:#x}"));
    }
}

#[test]
fn flipped_bits_do_no_harm() {
    let (socket, whole) = (from_wit(SMALL_SOCKET), from_wit(SMALL));
    // A linear congruential generator: the same bits on every run.
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..2000 {
        let mut flipped = whole.clone();
        let (at, bit) = (random(whole.len()), random(8));
        flipped[at] ^= 1 << bit;
        survives(&socket, &flipped, &format!("bit {bit} at {at:#x}"));
    }
}

/// Reads `bytes` alone, in good time.
fn read_quickly(bytes: &Vec<u8>) -> Result<(), Error> {
    let start = Instant::now();
    let result = read(&mut Arena::new(), "plug", bytes).map(|_| ());
    let took = start.elapsed();
    assert!(took < QUICK, "{took:?}");
    result
}

fn component_of(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for (id, body) in sections {
        bytes.push(*id);
        body.encode(&mut bytes);
    }
    bytes
}

#[test]
fn a_section_that_claims_a_gibibyte_is_refused_at_once() {
    for id in 0..=20 {
        let mut bytes = HEADER.to_vec();
        bytes.push(id);
        (1u32 << 30).encode(&mut bytes);
        bytes.extend([1, 0, 0]);
        assert!(read_quickly(&bytes).is_err(), "section {id}");
    }
}

#[test]
fn a_section_that_claims_many_items_is_refused_at_once() {
    for id in 0..=12 {
        let mut body = Vec::new();
        u32::MAX.encode(&mut body);
        let read = read_quickly(&component_of(&[(id, body)]));
        assert!(read.is_err() || id == 0, "section {id}");
    }
}

#[test]
fn components_within_components_are_no_danger() {
    let mut bytes = HEADER.to_vec();
    for _ in 0..2000 {
        bytes = component_of(&[(4, bytes)]);
    }
    let _ = read_quickly(&bytes);
}

#[test]
fn types_within_types_are_no_danger() {
    // Component types, each with one declaration: the next.
    let mut component = vec![0x41, 0x00];
    let mut instance = vec![0x42, 0x00];
    for _ in 0..2000 {
        component = [&[0x41, 0x01, 0x01], component.as_slice()].concat();
        instance = [&[0x42, 0x01, 0x01], instance.as_slice()].concat();
    }
    for ty in [component, instance] {
        let body = [&[1], ty.as_slice()].concat();
        let _ = read_quickly(&component_of(&[(7, body)]));
    }
}

/// A component with `sections` in which value type `n` is a list of value type `n - 1`.
fn long_list(depth: u32) -> Vec<u8> {
    let mut body = Vec::new();
    depth.encode(&mut body);
    body.extend([0x70, 0x7d]);
    for n in 0..depth - 1 {
        body.push(0x70);
        i64::from(n).encode(&mut body);
    }
    component_of(&[(7, body)])
}

#[test]
fn lists_of_lists_are_no_danger() {
    for depth in [90, 1000, 20_000] {
        let bytes = long_list(depth);
        let _ = read_quickly(&bytes);
    }
}

/// A component that imports functions `f0` to `f{count}`.
fn many_imports(count: usize) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    let no_parameters: [(&str, ComponentValType); 0] = [];
    types.ty().function().params(no_parameters).result(None);
    let mut imports = ComponentImportSection::new();
    for n in 0..count {
        imports.import(format!("f{n}").as_str(), ComponentTypeRef::Func(0));
    }
    let mut component = Component::new();
    component.section(&types).section(&imports);
    component.finish()
}

/// A component that exports one function as `f0` to `f{count}`.
fn many_exports(count: usize) -> Vec<u8> {
    let wat = "(component
        (core module $m (func (export \"f\")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i \"f\"))))";
    let mut bytes = wat::parse_str(wat).unwrap();
    let mut exports = ComponentExportSection::new();
    for n in 0..count {
        let name = format!("f{n}");
        exports.export(name.as_str(), ComponentExportKind::Func, 0, None);
    }
    bytes.push(ComponentSectionId::Export.into());
    exports.encode(&mut bytes);
    bytes
}

#[test]
fn many_imports_are_no_danger() {
    let bytes = many_imports(100_000);
    read_quickly(&bytes).unwrap();
    let plug = many_exports(1);
    let start = Instant::now();
    let result = composed(&bytes, &[("plug".to_owned(), &plug)]);
    let took = start.elapsed();
    assert!(took < QUICK, "{took:?}");
    assert_eq!(validate(&result.unwrap()), Ok(()));
}

#[test]
fn many_imports_from_many_exports_are_quick() {
    let (socket, plug) = (many_imports(4000), many_exports(4000));
    let start = Instant::now();
    let result = composed(&socket, &[("plug".to_owned(), &plug)]);
    let took = start.elapsed();
    assert!(took < QUICK, "{took:?}");
    assert_eq!(validate(&result.unwrap()), Ok(()));
}
