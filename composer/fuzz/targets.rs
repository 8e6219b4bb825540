//! What holds of the composer, whatever bytes it is given.
//!
//! Each function takes bytes, fails if what should hold does not, and says whether they came to
//! something. The fuzz targets, `tests/fuzz` and `tests/pairs` call them.

#![allow(unreachable_pub, reason = "shared by the fuzz targets and tests")]

use crate::pairs::{Case, Made, graph};
use arbitrary::{Result, Unstructured};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use tenon_composer::wac::{self, TokenKind, lex, parse_body};
use tenon_composer::{
    Anatomy, Arena, Bodies, ComponentId, Composition, Diagram, Error, ErrorKind, ItemPath, Kind,
    NameFit, Options, Part, PartKind, Plan, Request, Rule, Source, State, breaks,
    encode as encode_graph, explain, extract, inspect as look, plug, targets, validate,
};
use wasm_encoder::{Component, ComponentExportKind, ComponentExportSection, RawSection};
use wasmparser::{Validator, WasmFeatures};
use wit_parser::{LiftLowerAbi, Resolve};

/// How many bytes a message may have.
const MAX_MESSAGE: usize = 64 << 10;

/// How many bytes [`encode`] makes a graph of, and how many it makes a core module of.
const GRAPH: usize = 160;
const CORE_MODULE: usize = 200;

/// Where [`read`] and the validator may differ: a part of what the validator says, or of our own
/// error, and the reason. `tests/pairs` has an example of each.
pub const DIFFERENCES: [(&str, &str); 3] = [
    (
        "compose::limit",
        "what no tool writes is refused earlier, for what it would cost in a composition",
    ),
    (
        "illegal opcode",
        "code from a later toolchain is composed as it is",
    ),
    (
        "unknown 0x",
        "code from a later toolchain is composed as it is",
    ),
];

fn source<'i>(name: &str, input: &'i dyn tenon_composer::Input, bodies: Bodies) -> Source<'i> {
    Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies,
    }
}

fn valid(bytes: &[u8]) -> std::result::Result<(), String> {
    match Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// An error has a code that is explained, and a message that a person can read.
fn check_error(error: &Error) {
    assert!(explain(error.code()).is_some(), "{}", error.code());
    assert_ne!(error.code(), "compose::invalid-output", "{error}");
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < MAX_MESSAGE, "{text}");
}

/// What was read, if it was.
fn accepted<T>(result: std::result::Result<T, Error>) -> Option<T> {
    result.map_err(|error| check_error(&error)).ok()
}

/// [`Arena::read`], [`validate`] and the validator on all bytes at once come to the same verdict.
pub fn read(bytes: &[u8]) -> bool {
    let whole = valid(bytes);
    let ours = validate(&source("it", &bytes, Bodies::Validate));
    agree(&ours.as_ref().map(drop), &whole);
    let arena = Arena::new().read_release(source("it", &bytes, Bodies::Validate));
    match &ours {
        // What is no component, but valid, has no place in a composition.
        Ok(Kind::CoreModule) => assert!(arena.is_err()),
        _ => agree(&arena.as_ref().map(drop), &whole),
    }
    if arena.is_ok() {
        let skipped = Arena::new().read_release(source("it", &bytes, Bodies::Skip));
        assert!(
            accepted(skipped).is_some(),
            "skipping bodies makes it invalid"
        );
    }
    accepted(arena).is_some()
}

fn agree(ours: &std::result::Result<(), &Error>, whole: &std::result::Result<(), String>) {
    let differs = |text: &str| DIFFERENCES.iter().any(|(part, _)| text.contains(part));
    match (ours, whole) {
        (Ok(()), Ok(())) => {}
        (Err(error), Err(_)) => check_error(error),
        (Ok(()), Err(theirs)) => assert!(differs(theirs), "accepted, but: {theirs}"),
        (Err(error), Ok(())) => {
            check_error(error);
            let intended = differs(error.code()) || differs(&error.to_string());
            assert!(intended, "valid, but: {error}");
        }
    }
}

/// Anything can be looked at; what is valid has an anatomy whose parts lie within one another.
pub fn inspect(bytes: &[u8]) -> bool {
    let anatomy = match look("it", &bytes) {
        Ok(anatomy) => anatomy,
        Err(error) => {
            check_error(&error);
            let is_limit = error.code() == "compose::limit";
            assert!(is_limit || valid(bytes).is_err(), "valid, but: {error}");
            return false;
        }
    };
    assert_eq!(anatomy.root.range, 0..bytes.len() as u64);
    check_part(&anatomy.root);
    let diagram = Diagram::from(&anatomy);
    for text in [diagram.text(), diagram.dot(), diagram.mermaid()] {
        assert!(!text.is_empty());
    }
    true
}

fn check_part(part: &Part) {
    let mut end = part.range.start;
    for inner in &part.parts {
        assert!(
            part.kind == PartKind::Component,
            "only components hold parts"
        );
        assert!(end < inner.range.start && inner.range.start < inner.range.end);
        end = inner.range.end;
        check_part(inner);
    }
    assert!(end <= part.range.end);
    let inner: u64 = part.parts.iter().map(Part::size).sum();
    assert!(part.custom + inner <= part.size());
}

/// A socket and plugs made of the bytes are plugged together.
pub fn plan(bytes: &[u8]) -> bool {
    match Case::new(&mut Unstructured::new(bytes)) {
        Ok(case) => check_case(&case).is_ok(),
        Err(_) => false,
    }
}

/// Plugs a case together, checks all that is to hold, and gives what came of it.
pub fn check_case(case: &Case) -> std::result::Result<Vec<u8>, Error> {
    let given: Vec<_> = case.plugs.iter().collect();
    let found = compose(&case.socket, &given);
    let outcome = |found: &std::result::Result<Vec<u8>, Error>| match found {
        Ok(bytes) => Ok(bytes.clone()),
        Err(error) => Err((error.code(), error.to_string())),
    };
    assert!(
        outcome(&found) == outcome(&compose(&case.socket, &given)),
        "the same composition gives two results"
    );
    let turned: Vec<_> = case.plugs.iter().rev().collect();
    if distinct(case) {
        let (first, second) = (outcome(&found), outcome(&compose(&case.socket, &turned)));
        assert!(
            first == second,
            "the order of plugs matters: {:?}, {:?}",
            first.err(),
            second.err()
        );
    }
    for made in case.all() {
        check_world(made);
    }
    if let Err(error) = &found {
        check_error(error);
        assert!(is_of_composition(error), "{}: {error}", error.code());
    }
    found
}

/// Whether a plan or an encoding may end with this error; the others are about bytes.
fn is_of_composition(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NothingPlugged { .. }
            | ErrorKind::TwoProviders { .. }
            | ErrorKind::NoOrder { .. }
            | ErrorKind::Cycle { .. }
            | ErrorKind::ResourceClash(_)
            | ErrorKind::ImportConflict { .. }
            | ErrorKind::Unwritable { .. }
            | ErrorKind::Limit { .. }
            | ErrorKind::Graph(_)
    )
}

/// A component conforms to the world that it was made for.
fn check_world(made: &Made) {
    let package = package(&made.wit).unwrap();
    let mut arena = Arena::new();
    let worlds = arena.read_wit_package(source("wit", &package, Bodies::Validate));
    let worlds = worlds.unwrap_or_else(|error| panic!("the WIT of `{}`: {error}", made.name));
    let component = read_into(&mut arena, made);
    let world = worlds.iter().find(|world| world.short_name() == "w");
    let differences = targets(&arena, component, world.unwrap());
    assert!(
        differences.is_empty(),
        "`{}` and its world: {}",
        made.name,
        differences[0]
    );
}

/// The package of `wit` in the binary format.
fn package(wit: &str) -> Option<Vec<u8>> {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve.push_source("w.wit", wit).ok()?;
    wit_component::encode(&resolve, package, false).ok()
}

/// Whether no two components of a case are the same.
fn distinct(case: &Case) -> bool {
    let mut all: Vec<_> = case.all().map(|made| &made.bytes).collect();
    all.sort_unstable();
    all.windows(2).all(|two| two[0] != two[1])
}

fn read_into<'i>(arena: &mut Arena<'i>, made: &'i Made) -> ComponentId {
    let id = arena.read(source(&made.name, &made.bytes, Bodies::Validate));
    id.unwrap_or_else(|error| panic!("`{}` cannot be read: {error}", made.name))
}

fn compose(socket: &Made, plugs: &[&Made]) -> std::result::Result<Vec<u8>, Error> {
    let mut arena = Arena::new();
    let id = read_into(&mut arena, socket);
    let plugs: Vec<_> = plugs
        .iter()
        .map(|made| read_into(&mut arena, made))
        .collect();
    for id in plugs.iter().chain([&id]) {
        let differences = breaks(&arena, *id, *id);
        assert!(
            differences.is_empty(),
            "a component breaks itself: {}",
            differences[0]
        );
    }
    let mut request = Request::new([id], plugs);
    let plan = plug(&arena, &request);
    request.strict = true;
    let strict = plug(&arena, &request);
    check_strict(&plan, &strict);
    let plan = plan?;
    check_report(&arena, &plan);
    let open = plan
        .open()
        .map(|open| (open.consumer.clone(), open.import.clone()));
    let mut open: Vec<_> = open.collect();
    open.sort();
    let diagram = Diagram::of(&arena, &plan.graph);
    let composition = encode_graph(arena, plan.graph, &Options::default())?;
    let mut host: Vec<_> = composition
        .imports
        .iter()
        .flat_map(|import| import.consumers.clone())
        .collect();
    host.sort();
    assert_eq!(open, host, "what is open is what the host must give");
    Ok(check_composition(&composition, &diagram))
}

/// A strict plan is the same plan, or an error if it leaves something over.
fn check_strict(
    plan: &std::result::Result<Plan, Error>,
    strict: &std::result::Result<Plan, Error>,
) {
    match (plan, strict) {
        (Ok(plan), strict) => {
            let mut open = plan.open();
            let over = open.any(|import| !import.host && !import.only_types);
            let over = over || !plan.useless.is_empty();
            assert_eq!(over, strict.is_err());
        }
        (Err(error), Err(strict)) => assert_eq!(error.to_string(), strict.to_string()),
        (Err(error), Ok(_)) => panic!("only a strict plan succeeds: {error}"),
    }
}

/// Every import of every instance is in the report once, and what fills it is in the graph.
fn check_report(arena: &Arena<'_>, plan: &Plan) {
    let mut wanted = Vec::new();
    let mut arguments = 0;
    for (_, instance) in plan.graph.instances() {
        arguments += instance.arguments().len();
        let component = arena.component(instance.component());
        let anatomy = look("it", component.input()).unwrap();
        let imports = anatomy.imports.iter();
        wanted.extend(imports.map(|import| (instance.name().to_owned(), import.name.clone())));
    }
    wanted.sort();
    let reported = plan.imports.iter();
    let mut reported: Vec<_> = reported
        .map(|import| (import.consumer.clone(), import.import.clone()))
        .collect();
    reported.sort();
    assert_eq!(wanted, reported, "every import is reported once");
    let filled = plan.imports.iter();
    let filled = filled
        .filter(|import| matches!(&import.state, State::Filled { rule, .. } if *rule != Rule::Use));
    assert_eq!(filled.count(), arguments, "every edge is reported once");
}

/// What was encoded is valid, can be read again, and is found in it again as it was put there.
fn check_composition(composition: &Composition<'_>, diagram: &Diagram) -> Vec<u8> {
    let bytes = composition.to_bytes().unwrap();
    assert_eq!(bytes.len() as u64, composition.size());
    assert_eq!(valid(&bytes), Ok(()));
    let anatomy = look("it", &bytes).unwrap();
    check_part(&anatomy.root);
    check_wiring(composition, diagram, &anatomy);
    check_graph(&bytes, &anatomy);
    let again = Arena::new().read(source("it", &bytes, Bodies::Skip));
    assert!(again.is_ok(), "it cannot be read again: {:?}", again.err());
    bytes
}

/// A composition comes back as a graph that is encoded as the same bytes.
fn check_graph(bytes: &Vec<u8>, anatomy: &Anatomy) {
    let parts = extract(bytes, anatomy).unwrap();
    let mut arena = Arena::new();
    let ids: Vec<_> = parts
        .iter()
        .map(|part| arena.read(source(part.name(), part, Bodies::Skip)))
        .collect::<std::result::Result<_, _>>()
        .unwrap();
    let graph = anatomy.graph(&arena, &ids).unwrap();
    let again = encode_graph(arena, graph, &Options::default()).unwrap();
    assert!(again.to_bytes().unwrap() == *bytes, "it does not come back");
}

fn check_wiring(composition: &Composition<'_>, diagram: &Diagram, anatomy: &Anatomy) {
    assert_eq!(*diagram, Diagram::from(anatomy));
    let host = composition.imports.iter();
    let mut host: Vec<_> = host.map(|import| &import.name).collect();
    let found = anatomy.imports.iter();
    let mut found: Vec<_> = found.map(|import| &import.name).collect();
    host.sort();
    found.sort();
    assert_eq!(host, found, "the host is told what is imported");
    let exports = composition.graph.exports().iter();
    assert_eq!(exports.count(), anatomy.exports.len());
}

/// A graph made of the first bytes, over components made of the others, gives an error or a
/// composition that holds.
pub fn encode(bytes: &[u8]) -> bool {
    let (graph, core_module, case) = match bytes {
        bytes if bytes.len() > GRAPH + CORE_MODULE => {
            let (graph, rest) = bytes.split_at(GRAPH);
            let (core_module, case) = rest.split_at(CORE_MODULE);
            (graph, core_module, case)
        }
        _ => return false,
    };
    let [mut graph, mut core_module, mut case] = [graph, core_module, case].map(Unstructured::new);
    encoded(&mut graph, &mut core_module, &mut case).unwrap_or_default()
}

fn encoded(
    u: &mut Unstructured<'_>,
    core_module: &mut Unstructured<'_>,
    case: &mut Unstructured<'_>,
) -> Result<bool> {
    let case = Case::new(case)?;
    let mut pool = vec![with_core_module(core_module)?];
    pool.extend(case.all().cloned());
    let mut arena = Arena::new();
    let ids: Vec<_> = pool
        .iter()
        .map(|made| read_into(&mut arena, made))
        .collect();
    let pool: Vec<_> = ids.into_iter().zip(&pool).collect();
    let graph = graph(u, &arena, &pool)?;
    let diagram = Diagram::of(&arena, &graph);
    let composition = encode_graph(arena, graph, &Options::default());
    Ok(match accepted(composition) {
        Some(composition) => {
            check_composition(&composition, &diagram);
            true
        }
        None => false,
    })
}

/// A component that exports a core module which is made of the bytes.
fn with_core_module(u: &mut Unstructured<'_>) -> Result<Made> {
    let config = wasm_smith::Config {
        max_funcs: 4,
        max_instructions: 40,
        ..wasm_smith::Config::default()
    };
    let module = wasm_smith::Module::new(config, u)?.to_bytes();
    let mut component = Component::new();
    component.section(&RawSection {
        id: wasm_encoder::ComponentSectionId::CoreModule.into(),
        data: &module,
    });
    let mut exports = ComponentExportSection::new();
    exports.export("core", ComponentExportKind::Module, 0, None);
    component.section(&exports);
    let bytes = component.finish();
    match valid(&bytes) {
        Ok(()) => Ok(Made {
            name: "core".to_owned(),
            bytes,
            wit: String::new(),
        }),
        Err(_) => Err(arbitrary::Error::IncorrectFormat),
    }
}

/// Names of interfaces: what is read is written again, and fits itself; and the codes of errors. The
/// first line is one name, the second its version suffix, the third another name.
pub fn text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (name, suffix, other) = (next(), next(), next());
    if let Some(explanation) = explain(name) {
        assert_eq!(explanation.code, name);
    }
    let suffix = (!suffix.is_empty()).then_some(suffix);
    let (Some(path), other) = (ItemPath::parse(name, suffix), ItemPath::parse(other, None)) else {
        return false;
    };
    assert_eq!(
        ItemPath::parse(&path.to_string(), None).as_ref(),
        Some(&path)
    );
    assert_eq!(path.fits(&path), Some(NameFit::Same));
    assert!(path.base().starts_with(path.package()));
    assert!(path.version().is_none() || path.track().is_some());
    if let Some(other) = other {
        assert_eq!(path.fits(&other), other.fits(&path));
        assert_eq!(path.fits(&other) == Some(NameFit::Same), path == other);
    }
    true
}

/// Words and comments of a document: all of the text is in one of them or space, and errors have places in it.
pub fn wac_lex(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let lexed = lex(text);
    let tokens = lexed.tokens.iter().map(|token| token.span);
    let mut parts: Vec<_> = tokens
        .chain(lexed.comments.iter().map(|it| it.span))
        .collect();
    parts.sort();
    let mut end = 0;
    for part in parts {
        let gap = text
            .get(end..part.range().start)
            .expect("parts do not overlap");
        let space = |char: char| char.is_whitespace() || char == '\u{feff}';
        assert!(gap.chars().all(space), "{gap:?}");
        assert!(!part.range().is_empty());
        end = part.range().end;
    }
    assert!(lexed.comments.is_sorted_by_key(|comment| comment.before));
    check_text_errors(text, &lexed.errors);
    lexed.errors.is_empty()
}

/// A document: it is read, or there are errors in it; what is read can be written, says the same, and stays so.
pub fn wac_parse(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let parsed = parse_body(text);
    check_text_errors(text, &parsed.errors);
    let Ok(written) = wac::format(&parsed) else {
        assert!(!parsed.errors.is_empty());
        return false;
    };
    let again = parse_body(&written);
    assert_eq!(again.errors, [], "{written}");
    assert_eq!(wac::format(&again).as_ref(), Ok(&written));
    let words = |text: &str| -> Vec<String> {
        let tokens = lex(text).tokens.into_iter();
        let said = tokens.filter(|token| token.kind != TokenKind::Comma);
        said.map(|token| token.span.text(text).to_owned()).collect()
    };
    assert_eq!(words(text), words(&written));
    assert_eq!(parsed.comments.len(), again.comments.len());
    true
}

/// What a document of [`wac_resolve`] can name, whatever version or requirement it has there: interfaces, and components
/// that import and export them.
static PACKAGES: LazyLock<BTreeMap<&str, Vec<u8>>> = LazyLock::new(|| {
    let kit = "interface clock { now: func() -> u64; }
        interface store { resource bucket { constructor(n: u32); get: func() -> u32; } open: func() -> bucket; }
        interface log { use store.{bucket}; enum level { low, high } write: func(l: level, to: borrow<bucket>); }";
    let own = format!(
        "package test:kit@1.0.0;\n{kit}\nworld app {{ import clock; export run: func(); }}"
    );
    let component = |items: &str| {
        let wit =
            format!("package test:w;\nworld w {{ {items} }}\npackage test:kit@1.0.0 {{ {kit} }}");
        crate::pairs::component(&wit, LiftLowerAbi::Sync, false).expect("it is valid")
    };
    let components = [
        ("test:clock", "export test:kit/clock@1.0.0;"),
        (
            "test:store",
            "import test:kit/clock@1.0.0; export test:kit/store@1.0.0;",
        ),
        (
            "test:log",
            "import test:kit/clock@1.0.0; export test:kit/log@1.0.0; import test:kit/store@1.0.0;",
        ),
        (
            "test:app",
            "import test:kit/log@1.0.0; import step: func(n: u32) -> u32; export run: func();",
        ),
        (
            "test:step",
            "import step: func(n: u32) -> u32; export step: func(n: u32) -> u32;",
        ),
    ];
    let mut packages: BTreeMap<_, _> = components
        .into_iter()
        .map(|(name, items)| (name, component(items)))
        .collect();
    packages.insert("test:kit", package(&own).expect("it is valid"));
    packages
});

/// A document: it is understood, or there are errors in it; what it describes is encoded or refused, and written in the
/// one style it describes the same.
pub fn wac_resolve(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let parsed = wac::parse(text);
    let Ok(written) = wac::format(&parsed) else {
        return false;
    };
    let first = resolved(text);
    assert_eq!(first, resolved(&written), "{written}");
    first.is_some()
}

/// The bytes of what a document describes.
fn resolved(text: &str) -> Option<Vec<u8>> {
    let parsed = wac::parse(text);
    let mut arena = Arena::new();
    let mut packages = wac::Packages::new();
    for wanted in wac::wanted(&parsed.document) {
        if let Some(bytes) = PACKAGES.get(&*wanted.package.name()) {
            let read = arena.read_release(source(&wanted.name, bytes, Bodies::Skip));
            packages.add(wanted.name, read.expect("it is valid"));
        }
    }
    let resolution = match wac::resolve(&mut arena, &parsed.document, &packages) {
        Ok(resolution) => resolution,
        Err(errors) => {
            assert!(!errors.is_empty());
            check_meaning_errors(text, &errors);
            return None;
        }
    };
    let encoded = encode_graph(arena, resolution.graph().clone(), &Options::default());
    let composition = match encoded {
        Ok(composition) => composition,
        Err(error) => {
            check_error(&error);
            check_meaning_errors(text, &resolution.locate(&error));
            return None;
        }
    };
    let bytes = composition.to_bytes().expect("memory can be read");
    assert_eq!(valid(&bytes), Ok(()));
    let again = Arena::new().read_release(source("it", &bytes, Bodies::Skip));
    assert!(again.is_ok(), "it cannot be read again: {:?}", again.err());
    match resolution.check_target(&bytes) {
        Ok(differences) => check_meaning_errors(text, &differences),
        Err(error) => check_error(&error),
    }
    Some(bytes)
}

fn check_meaning_errors(text: &str, errors: &[wac::ResolveError]) {
    for error in errors {
        let related = error.related().map(|(span, _)| span);
        let mut spans = related.chain([error.span()]);
        assert!(
            spans.all(|span| text.get(span.range()).is_some()),
            "{error}"
        );
        assert!(is_explained(error.code()), "{}", error.code());
        assert!(error.to_string().len() < MAX_MESSAGE);
    }
}

fn is_explained(code: &str) -> bool {
    let mut known = wac::explanations().iter();
    explain(code).is_some() || known.any(|known| known.code == code)
}

fn check_text_errors(text: &str, errors: &[wac::SyntaxError]) {
    assert!(errors.len() <= wac::MAX_ERRORS);
    for error in errors {
        assert!(text.get(error.span().range()).is_some(), "{error}");
        assert!(is_explained(error.code()), "{}", error.code());
        assert!(error.to_string().len() < MAX_MESSAGE);
    }
}
