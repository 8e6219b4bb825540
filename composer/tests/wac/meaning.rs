//! What documents mean: what is composed of them, and what is said of those that mean nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tenon_composer::wac::{
    MAX_DEPTH, MAX_ERRORS, Packages, Resolution, ResolveError, explanations, parse, resolve, wanted,
};
use tenon_composer::{Arena, Graph, Options, Source, encode, validate};

/// Packages, as text, by the names that documents have for them.
pub(crate) type Parts<'t> = &'t [(&'t str, &'t str)];

/// What comes of a document: what was understood, and the bytes of the composition.
pub(crate) struct Meant {
    pub(crate) resolution: Resolution,
    pub(crate) bytes: Vec<u8>,
}

/// What a document means.
pub(crate) fn meant(source: &str, parts: Parts<'_>) -> Result<Meant, Vec<ResolveError>> {
    let parsed = parse(source);
    assert_eq!(parsed.errors, [], "{source}");
    let bytes: BTreeMap<&str, Vec<u8>> = parts
        .iter()
        .map(|(name, text)| (*name, wat::parse_str(text).unwrap()))
        .collect();
    let mut arena = Arena::new();
    let mut packages = Packages::new();
    for (name, bytes) in &bytes {
        packages.add(
            *name,
            arena.read_release(Source::new(*name, bytes)).unwrap(),
        );
    }
    let resolution = resolve(&mut arena, &parsed.document, &packages)?;
    let graph = resolution.graph().clone();
    let composition = match encode(arena, graph, &Options::default()) {
        Ok(composition) => composition,
        Err(error) => panic!("{error}: {:?}", resolution.locate(&error)),
    };
    let bytes = composition.to_bytes().unwrap();
    validate(&Source::new("composition", &bytes)).unwrap();
    Ok(Meant { resolution, bytes })
}

/// The edges of a graph: `consumer.import = provider#item`, and its exports: `export name = provider#item`.
pub(crate) fn wiring(graph: &Graph) -> Vec<String> {
    let edge = |edge: &tenon_composer::Edge| {
        let provider = graph.instance(edge.provider).name();
        match edge.item() {
            item if item.is_empty() => provider.to_owned(),
            item => format!("{provider}#{item}"),
        }
    };
    let mut lines = Vec::new();
    for (_, instance) in graph.instances() {
        for (import, given) in instance.arguments() {
            lines.push(format!("{}.{import} = {}", instance.name(), edge(given)));
        }
    }
    let exports = graph.exports().iter().filter(|it| !it.implied);
    lines.extend(exports.map(|it| format!("export {} = {}", it.name, edge(&it.edge))));
    lines
}

/// The wiring of a document that is well.
pub(crate) fn wired(source: &str, parts: Parts<'_>) -> Vec<String> {
    match meant(source, parts) {
        Ok(meant) => wiring(meant.resolution.graph()),
        Err(errors) => panic!("{source}\n{}", lines(source, &errors).join("\n")),
    }
}

/// What is said of a document that is wrong: each error with its place, and what is said of that and other places.
pub(crate) fn said(source: &str, parts: Parts<'_>) -> Vec<String> {
    match meant(source, parts) {
        Ok(meant) => panic!("{source}\n{}", wiring(meant.resolution.graph()).join("\n")),
        Err(errors) => lines(source, &errors),
    }
}

fn lines(source: &str, errors: &[ResolveError]) -> Vec<String> {
    let line = |error: &ResolveError| {
        assert!(
            explanations().iter().any(|it| it.code == error.code())
                || error.code().starts_with("compose::")
        );
        let at = |span: tenon_composer::wac::Span, label: &str| {
            let (line, column) = span.position(source);
            format!("{line}:{column} `{}` {label}", span.text(source))
        };
        let mut text = format!(
            "{} {error} | {}",
            error.code(),
            at(error.span(), error.label())
        );
        for (span, label) in error.related() {
            text.push_str(&format!(" | {}", at(span, label)));
        }
        if let Some(help) = error.help() {
            text.push_str(&format!(" ({help})"));
        }
        text
    };
    errors.iter().map(line).collect()
}

/// A component that exports an interface `acme:log/log@1.2.0`, `acme:kv/store`, and a function `run`.
const LIB: &str = r#"(component
    (core module $m (func (export "f")) (func (export "g") (param i32)))
    (core instance $i (instantiate $m))
    (func $f (canon lift (core func $i "f")))
    (func $g (param "a" u32) (canon lift (core func $i "g")))
    (instance $log (export "write" (func $f)))
    (instance $store (export "get" (func $g)))
    (export "acme:log/log@1.2.0" (instance $log))
    (export "acme:kv/store" (instance $store))
    (export "run" (func $f)))"#;

/// A component that imports what [`LIB`] exports, in an older version, and exports a function and two interfaces.
const APP: &str = r#"(component
    (import "acme:log/log@1.0.0" (instance $log (export "write" (func))))
    (import "acme:kv/store" (instance $store (export "get" (func (param "a" u32)))))
    (import "run" (func $run))
    (export "go" (func $run))
    (export "acme:log/log@1.0.0" (instance $log))
    (export "acme:kv/store" (instance $store)))"#;

/// A component that imports a function.
const LEAF: &str = r#"(component (import "run" (func $run)) (export "run" (func $run)))"#;

/// A component that exports nothing.
const NOTHING: &str = "(component)";

/// A component whose `acme:log/log` is another one.
const OTHER: &str = r#"(component
    (core module $m (func (export "g") (param i32)))
    (core instance $i (instantiate $m))
    (func $g (param "level" u32) (canon lift (core func $i "g")))
    (instance $log (export "write" (func $g)))
    (export "acme:log/log@1.2.0" (instance $log)))"#;

/// A component that imports two interfaces with one last part, one of them in two versions.
const TWO: &str = r#"(component
    (import "acme:a/log@1.0.0" (instance))
    (import "acme:b/log@1.0.0" (instance))
    (import "acme:b/log@2.0.0" (instance)))"#;

pub(crate) const PARTS: Parts<'_> = &[
    ("acme:lib", LIB),
    ("acme:app", APP),
    ("acme:leaf", LEAF),
    ("acme:nothing", NOTHING),
    ("acme:other", OTHER),
    ("acme:two", TWO),
];

#[test]
fn arguments() {
    let all = [
        "app.acme:kv/store = lib#acme:kv/store",
        "app.acme:log/log@1.0.0 = lib#acme:log/log@1.2.0",
        "app.run = lib#run",
    ];
    for arguments in [
        // By identifiers, which are the last parts of interfaces.
        "log: lib.log, store: lib.store, run: lib.run",
        // By strings, which are whole names.
        r#""acme:log/log@1.0.0": lib.log, "acme:kv/store": lib.store, "run": lib.run"#,
        r#"log: lib["acme:log/log@1.2.0"], "acme:kv/store": lib["acme:kv/store"], run: lib["run"]"#,
        "log: lib.log, store: (lib).store, run: ((lib).run)",
        // What is named comes before what is spread.
        "...lib, log: lib.log",
        "...lib",
    ] {
        let source = format!(
            "package acme:it;\nlet lib = new acme:lib {{}};\nlet app = new acme:app {{ {arguments} }};\n"
        );
        assert_eq!(wired(&source, PARTS), all, "{arguments}");
    }
    // By what they are.
    let source = "package acme:it;
let lib = new acme:lib {};
let a = lib.log; let b = lib.store; let run = lib.run;
let app = new acme:app { a, b, run };
";
    assert_eq!(wired(source, PARTS), all);
    let source = "package acme:it;
let lib = new acme:lib {};
let app = new acme:app { run: new acme:leaf { ...lib }.run, ... };
export app.go;
";
    assert_eq!(
        wired(source, PARTS),
        [
            "leaf.run = lib#run",
            "app.run = leaf#run",
            "export go = app#go"
        ]
    );
}

#[test]
fn exports() {
    let source = "package acme:it;
let lib = new acme:lib {};
let log = lib.log;
export lib.run as go;
export log;
export log as \"acme:other/log@3.0.0\";
export log.write;
export lib...;
export lib as everything;
export new acme:leaf { run: lib.run }.run as \"run2\";
";
    assert_eq!(
        wired(source, PARTS),
        [
            "leaf.run = lib#run",
            "export go = lib#run",
            "export acme:log/log@1.2.0 = lib#acme:log/log@1.2.0",
            "export acme:other/log@3.0.0 = lib#acme:log/log@1.2.0",
            "export write = lib#acme:log/log@1.2.0#write",
            "export acme:kv/store = lib#acme:kv/store",
            "export run = lib#run",
            "export everything = lib",
            "export run2 = leaf#run",
        ]
    );
}

#[test]
fn names() {
    assert_eq!(
        said(
            "package acme:it;
let lib = new acme:lib {};
let lib = new acme:leaf { run: lib.rum };
let leaf = new acme:leaf { run: later.run };
let later = new acme:leaf { run: libb.run, ... };
export nothing;
export leaf;
",
            PARTS
        ),
        [
            "wac::duplicate-name `lib` is defined twice | 3:5 `lib` defined again | 2:5 `lib` defined here first (give one of them another name)",
            "wac::unknown-export `lib` has no export `rum` | 3:35 `.rum` no such export (did you mean `run`?)",
            "wac::undefined-name nothing is called `later` here | 4:33 `later` not known here | 5:5 `later` it gets its value here (move this statement behind the one that gives the name a value)",
            "wac::undefined-name nothing is called `libb` here | 5:34 `libb` not known here (did you mean `lib`?)",
            "wac::undefined-name nothing is called `nothing` here | 6:8 `nothing` not known here (names come from `let` and `import` statements, and from what the document declares)",
            "wac::export-needs-as what is exported has no name of its own | 7:8 `leaf` an instance as a whole (say a name: `export … as name;`, or export all that it exports: `export …...;`)",
        ]
    );
}

#[test]
fn wrong_arguments() {
    let source = r#"package acme:it;
let lib = new acme:lib {};
let f = lib.run;
let a = new acme:app { lgo: lib.log, "acme:kv/stor": lib.store, f, ... };
let b = new acme:app { log: lib.log, "acme:log/log@1.0.0": lib.log, ...f };
let c = new acme:app { run: f };
let d = new acme:two { log: lib.log, "acme:b/log": lib["acme:log/log@1.1.0"], ... };
let e = new acme:app { ..., run: f, ... };
let g = new acme:nothing { ...lib };
let h = new acme:leaf { run: f.x, ...lib };
let i = new acme:leaf { ...new-one, run: (new acme:nothing {}).x };
"#;
    assert_eq!(
        said(source, PARTS),
        [
            "wac::unknown-argument `acme:app` has no import `lgo` | 4:24 `lgo` no such import (did you mean `acme:log/log@1.0.0`?)",
            "wac::unknown-argument `acme:app` has no import `acme:kv/stor` | 4:38 `\"acme:kv/stor\"` no such import (did you mean `acme:kv/store`?)",
            "wac::duplicate-argument import `acme:log/log@1.0.0` of `acme:app` has two arguments | 5:38 `\"acme:log/log@1.0.0\": lib.log` given again | 5:24 `log: lib.log` given here first (leave out one of them)",
            "wac::not-an-instance `run` is a function, not an instance | 5:72 `f` it has no exports that could be spread",
            "wac::missing-argument `acme:log/log@1.0.0` and `acme:kv/store` of `acme:app` have no argument | 6:13 `acme:app` 2 imports have no argument (give an argument for each, or end with `...`, so that the composition imports the rest)",
            "wac::ambiguous-name `log` may be any of several imports: `acme:a/log@1.0.0`, `acme:b/log@1.0.0` and `acme:b/log@2.0.0` | 7:24 `log` may be any of them (write the whole name as a string, with its version)",
            "wac::unknown-argument `acme:two` has no import `acme:b/log` | 7:38 `\"acme:b/log\"` no such import (did you mean `acme:a/log@1.0.0`, `acme:b/log@1.0.0` or `acme:b/log@2.0.0`?)",
            "wac::unknown-export `lib` has no export `acme:log/log@1.1.0` | 7:55 `[\"acme:log/log@1.1.0\"]` no such export (did you mean `acme:log/log@1.2.0`?)",
            "wac::fill-not-last `...` is not the last argument | 8:24 `...` something follows (write `...` once, behind all other arguments)",
            "wac::spread-no-effect spreading `lib` has no effect | 9:28 `...lib` `acme:nothing` imports nothing (leave it out)",
            "wac::not-an-instance `run` is a function, not an instance | 10:30 `f` it has no exports that could be taken",
            "wac::spread-no-effect spreading `lib` has no effect | 10:35 `...lib` each import of `acme:leaf` has something already (leave it out)",
            "wac::undefined-name nothing is called `new-one` here | 11:28 `new-one` not known here (names come from `let` and `import` statements, and from what the document declares)",
            "wac::unknown-export `nothing` has no export `x` | 11:63 `.x` no such export (it exports nothing)",
        ]
    );
}

#[test]
fn wrong_packages() {
    let source = r#"package acme:it;
let a = new acme:lob { x: y, ...z };
let b = new acme:it@1.0.0 {};
let c = new acme:wit {};
export a.what;
export a...;
let d = new acme:leaf { run: a.run };
"#;
    let mut parts = PARTS.to_vec();
    parts.push(("acme:wit", WIT));
    assert_eq!(
        said(source, &parts),
        [
            "wac::unknown-package there is no package `acme:lob` | 2:13 `acme:lob` not found (did you mean `acme:lib`?)",
            "wac::undefined-name nothing is called `y` here | 2:27 `y` not known here (names come from `let` and `import` statements, and from what the document declares)",
            "wac::undefined-name nothing is called `z` here | 2:33 `z` not known here (names come from `let` and `import` statements, and from what the document declares)",
            "wac::own-package `acme:it@1.0.0` is this document, which cannot be instantiated in itself | 3:13 `acme:it@1.0.0` this document (name another package; a document cannot be a part of itself)",
            "wac::not-a-component `acme:wit` is a WIT package: it describes interfaces and holds no code that could be instantiated | 4:13 `acme:wit` no component (give the component that has the code, or `import` an interface of the package)",
        ]
    );
}

/// What could be given is said.
#[test]
fn missing_arguments() {
    let source = "package acme:it;
let lib = new acme:lib {};
let stuff = lib.log;
let other = lib.store;
let f = lib.run;
let app = new acme:app { other };
let two = new acme:two {};
let three = new acme:three {};
";
    let mut parts = PARTS.to_vec();
    parts.push((
        "acme:three",
        r#"(component (import "acme:log/log@2.0.0" (instance)))"#,
    ));
    assert_eq!(
        said(source, &parts),
        [
            "wac::missing-argument `acme:log/log@1.0.0` and `run` of `acme:app` have no argument | 6:15 `acme:app` 2 imports have no argument | 3:5 `stuff` `stuff` could be `acme:log/log@1.0.0` | 5:5 `f` `f` could be `run` (give an argument for each, or end with `...`, so that the composition imports the rest)",
            "wac::missing-argument `acme:a/log@1.0.0`, `acme:b/log@1.0.0` and `acme:b/log@2.0.0` of `acme:two` have no argument | 7:15 `acme:two` 3 imports have no argument (give an argument for each, or end with `...`, so that the composition imports the rest)",
            "wac::missing-argument `acme:log/log@2.0.0` of `acme:three` has no argument | 8:17 `acme:three` 1 import has no argument | 3:5 `stuff` `stuff` is another version of `acme:log/log@2.0.0` (give an argument for each, or end with `...`, so that the composition imports the rest)",
        ]
    );
}

/// A WIT package, with an interface and a world.
const WIT: &str = r#"(component
    (type (component (type (instance (export "write" (func)))) (export "acme:wit/log" (instance (type 0)))))
    (export "log" (type 0))
    (type (component (type (component
        (type (instance (export "write" (func))))
        (import "acme:wit/log" (instance (type 0)))
        (type (func))
        (export "run" (func (type 1)))))
        (export "acme:wit/runner" (component (type 0)))))
    (export "runner" (type 2)))"#;

#[test]
fn mismatches() {
    let source = r#"package acme:it;
let other = new acme:other {};
let lib = new acme:lib {};
let app = new acme:app { log: other.log, store: other.log, ...lib };
let leaf = new acme:leaf { run: lib };
let app2 = new acme:app { ...other, ... };
"#;
    assert_eq!(
        said(source, PARTS),
        [
            "compose::argument-type `other.log` cannot fill import `acme:log/log@1.0.0` of `app`: function `write`: expected 0 parameters, found 1 | 4:26 `log: other.log` given to `app` as `acme:log/log@1.0.0` | 2:13 `new acme:other` `other` is made here (build both against the same WIT, or give it something else; `tenon wit` prints what each has)",
            "compose::argument-type `other.log` cannot fill import `acme:kv/store` of `app`: function `get` is missing | 4:42 `store: other.log` given to `app` as `acme:kv/store` | 2:13 `new acme:other` `other` is made here (build both against the same WIT, or give it something else; `tenon wit` prints what each has)",
            "compose::argument-type `lib` cannot fill import `run` of `leaf`: expected a function, found an instance | 5:28 `run: lib` given to `leaf` as `run` | 3:11 `new acme:lib` `lib` is made here (did you mean `lib.run`?)",
            "compose::argument-type `other.log` cannot fill import `acme:log/log@1.0.0` of `app2`: function `write`: expected 0 parameters, found 1 | 6:27 `...other` given to `app2` as `acme:log/log@1.0.0` | 2:13 `new acme:other` `other` is made here (build both against the same WIT, or give it something else; `tenon wit` prints what each has)",
        ]
    );
    let source = r#"package acme:it;
let a = new acme:app { ... };
let b = new acme:bad { ... };
"#;
    let mut parts = PARTS.to_vec();
    parts.push(("acme:bad", r#"(component (import "acme:kv/store" (instance (export "get" (func (param "a" string))))))"#));
    assert_eq!(
        said(source, &parts),
        [
            "compose::import-conflict `a` and `b` both import `acme:kv/store`, but they disagree on it: function `get`: parameter `a`: expected `u32`, found `string` | 3:24 `...` `b` imports `acme:kv/store` | 2:24 `...` `a` imports `acme:kv/store` (rebuild one of the two against the WIT of the other)",
        ]
    );
}

#[test]
fn wrong_exports() {
    let source = r#"package acme:it;
let lib = new acme:lib {};
export lib.run as "NOT A NAME";
export lib.run;
export lib.run as RUN;
export lib.run...;
export lib...;
export lib...;
export lib.run as "acme:log/run";
export (new acme:nothing {})...;
export lib.log["x"];
export lib.log.write.x;
"#;
    assert_eq!(
        said(source, PARTS),
        [
            "compose::bad-name `NOT A NAME` cannot be the name of a function: `NOT A NAME` is not in kebab case | 3:19 `\"NOT A NAME\"` no name for an export (use a plain name, such as `log` or `key-value`)",
            "wac::duplicate-export two things are exported as `RUN` | 5:19 `RUN` exported again | 4:8 `lib.run` exported here first (names must differ by more than case; give it another name: `export … as name;`)",
            "wac::not-an-instance `run` is a function, not an instance | 6:8 `lib.run` it has no exports that could be spread",
            "wac::spread-no-effect spreading `lib` has no effect | 8:8 `lib...` all that it exports is exported already (leave the statement out)",
            "compose::bad-name `acme:log/run` cannot be the name of a function: only interfaces have names of this form | 9:19 `\"acme:log/run\"` no name for an export (use a plain name, such as `log` or `key-value`)",
            "wac::spread-no-effect spreading `nothing` has no effect | 10:8 `(new acme:nothing {})...` it exports nothing (leave the statement out)",
            "wac::unknown-export `acme:log/log@1.2.0` has no export `x` | 11:15 `[\"x\"]` no such export (it exports `write`)",
            "wac::not-an-instance `write` is a function, not an instance | 12:15 `.write` it has no exports that could be taken",
        ]
    );
}

#[test]
fn imports() {
    let mut parts = PARTS.to_vec();
    parts.push(("acme:wit", WIT));
    parts.push(("acme:user", r#"(component (import "acme:wit/log" (instance $i (export "write" (func)))) (export "acme:wit/log" (instance $i)) (alias export $i "write" (func $f)) (export "run" (func $f)))"#));
    let source = r#"package acme:it targets acme:wit/runner;
import log: acme:wit/log;
let a = new acme:user { log };
let b = new acme:user { ... };
export log as "acme:x/y";
export log;
export log.write;
export a.run;
"#;
    let meant = meant(source, &parts)
        .map_err(|e| lines(source, &e))
        .unwrap();
    assert_eq!(
        wiring(meant.resolution.graph()),
        [
            "a.acme:wit/log = log#acme:wit/log",
            "export acme:x/y = log#acme:wit/log",
            "export acme:wit/log = log#acme:wit/log",
            "export write = log#acme:wit/log#write",
            "export run = a#run",
        ]
    );
    assert_eq!(meant.resolution.check_target(&meant.bytes).unwrap(), []);
    let source = r#"package acme:it;
import log: acme:wit/log;
import log2: acme:wit/log;
import log3 as "Other": acme:wit/log;
import log4 as "other": acme:wit/log;
export log;
export log3;
let leaf = new acme:leaf { run: log, ... };
"#;
    assert_eq!(
        said(source, &parts),
        [
            "wac::duplicate-import two statements import `acme:wit/log` | 3:14 `acme:wit/log` imported again | 2:13 `acme:wit/log` imported here first (use the name of the first one, or import it as something else: `import name as other: …;`)",
            "wac::invalid-name nothing can be imported or exported as `Other`: `Other` is not in kebab case | 4:16 `\"Other\"` this name (give it a name with `as`: words such as `key-value`, or `ns:package/interface`)",
            "compose::argument-type `log` cannot fill import `run` of `leaf`: expected a function, found an interface | 8:28 `run: log` given to `leaf` as `run` | 2:13 `acme:wit/log` `log` is imported here (build both against the same WIT, or give it something else; `tenon wit` prints what each has)",
        ]
    );
    let targets = [
        "acme:wit/log",
        "acme:wit/runer",
        "acme:wat/runner",
        "acme:app/x",
    ];
    let said_of: Vec<_> = targets
        .iter()
        .flat_map(|targets| said(&format!("package acme:it targets {targets};"), &parts))
        .collect();
    assert_eq!(
        said_of,
        [
            "wac::not-a-world `acme:wit/log` is not a world | 1:25 `acme:wit/log` not a world (target a world of the package)",
            "wac::unknown-world `acme:wit` has no world `runer` | 1:25 `acme:wit/runer` no such world (did you mean `runner`?)",
            "wac::unknown-package there is no package `acme:wat` | 1:25 `acme:wat` not found (did you mean `acme:wit`?)",
            "wac::unknown-world `acme:app` has no world `x` | 1:25 `acme:app/x` no such world (it has no worlds)",
        ]
    );
    let source = r#"package acme:it targets acme:wit/runner;
let b = new acme:app { ... };
export b.store as "run";
"#;
    let meant = self::meant(source, &parts)
        .map_err(|e| lines(source, &e))
        .unwrap();
    assert_eq!(
        lines(
            source,
            &meant.resolution.check_target(&meant.bytes).unwrap()
        ),
        [
            "wac::target-mismatch the composition does not conform to `acme:wit/runner`: import `acme:log/log@1.0.0`: the world does not offer it | 1:25 `acme:wit/runner` this world does not have the import | 2:24 `...` imported here (give what imports it something else, or target another world)",
            "wac::target-mismatch the composition does not conform to `acme:wit/runner`: import `acme:kv/store`: the world does not offer it | 1:25 `acme:wit/runner` this world does not have the import | 2:24 `...` imported here (give what imports it something else, or target another world)",
            "wac::target-mismatch the composition does not conform to `acme:wit/runner`: import `run`: the world does not offer it | 1:25 `acme:wit/runner` this world does not have the import | 2:24 `...` imported here (give what imports it something else, or target another world)",
            "wac::target-mismatch the composition does not conform to `acme:wit/runner`: export `run`: expected a function, found an interface | 1:25 `acme:wit/runner` this world has it with another type | 3:19 `\"run\"` exported here (make it as the world has it, or target another world)",
        ]
    );
}

/// Resources that are not the same, and those that are.
#[test]
fn resources() {
    const MAKER: &str = r#"(component
        (type $r (resource (rep i32)))
        (core func $new (canon resource.new $r))
        (core module $m (import "" "new" (func $n (param i32) (result i32)))
            (func (export "make") (result i32) (call $n (i32.const 1))))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func $make (result (own $r)) (canon lift (core func $i "make")))
        (component $types (import "r" (type $r (sub resource))) (export "r" (type $r)))
        (instance $types (instantiate $types (with "r" (type $r))))
        (export $shown "acme:r/types" (instance $types))
        (alias export $shown "r" (type $r2))
        (component $making (import "r" (type $r (sub resource)))
            (import "make" (func $f (result (own $r))))
            (export $er "r" (type $r)) (export "make" (func $f) (func (result (own $er)))))
        (instance $making (instantiate $making (with "r" (type $r2)) (with "make" (func $make))))
        (export "acme:r/making" (instance $making)))"#;
    const USER: &str = r#"(component
        (import "acme:r/types" (instance $t (export "r" (type (sub resource)))))
        (alias export $t "r" (type $r))
        (import "r" (type $own (eq $r)))
        (import "acme:r/making" (instance
            (export "r" (type $x (eq $own)))
            (export "make" (func (result (own $x)))))))"#;
    let parts = [("acme:maker", MAKER), ("acme:user", USER)];
    let good = "package acme:it;
let maker = new acme:maker {};
let user = new acme:user { ...maker };
";
    assert_eq!(
        wired(good, &parts),
        [
            "user.acme:r/making = maker#acme:r/making",
            "user.acme:r/types = maker#acme:r/types",
        ]
    );
    let bad = "package acme:it;
let one = new acme:maker {};
let two = new acme:maker {};
let user = new acme:user { making: two.making, ...one };
";
    assert_eq!(
        said(bad, &parts),
        [
            "compose::resource-clash `user` gets `acme:r/types` from `one` but `acme:r/making` from `two`, which has one of its own; both must speak of the same `r` | 4:28 `making: two.making` given to `user` as `acme:r/making` | 4:48 `...one` given to `user` as `acme:r/types` | 3:11 `new acme:maker` `two` is made here | 2:11 `new acme:maker` `one` is made here (fill both imports from the same component, or leave both to the host)",
        ]
    );
}

#[test]
fn packages_that_are_wanted() {
    let source = "package acme:it@1.0.0 targets acme:w/world@1.0.0;
import a: acme:log/log@^1.2;
import b: interface { use acme:types/all.{t}; };
use acme:it/own;
use acme:nested/thing;
use acme:nested/thing@1.0.0 as thing2;
use acme:nested/thing@2.0.0 as thing3;
interface own { use acme:types/all.{u}; type u2 = u8; }
world w { use acme:log/log@1.2.0.{t}; import acme:i/i; export e: acme:e/e; include acme:inc/w; import x: interface { use acme:x/x.{y}; } }
let c = (new acme:c { d: new acme:d@* { ... } }).e;
export new acme:c {} as \"f\";
package acme:nested@1.0.0 { interface thing { use acme:deep/types.{t}; } }
";
    let parsed = parse(source);
    assert_eq!(parsed.errors, []);
    let wanted: Vec<_> = wanted(&parsed.document)
        .into_iter()
        .map(|it| {
            assert_eq!(it.package.to_string(), it.name);
            let spans: Vec<_> = it
                .spans
                .iter()
                .map(|span| span.position(source).0)
                .collect();
            format!("{} {} {spans:?}", it.name, it.is_instantiated)
        })
        .collect();
    assert_eq!(
        wanted,
        [
            "acme:w@1.0.0 false [1]",
            "acme:log@^1.2 false [2]",
            "acme:types false [3, 8]",
            "acme:nested@2.0.0 false [7]",
            "acme:log@1.2.0 false [9]",
            "acme:i false [9]",
            "acme:e false [9]",
            "acme:inc false [9]",
            "acme:x false [9]",
            "acme:c true [10, 11]",
            "acme:d@* true [10]",
            "acme:deep false [12]",
        ]
    );
}

/// As deep as the syntax goes, and long.
#[test]
fn depth_and_length() {
    let mut value = "new acme:lib {}.run".to_owned();
    value = format!("({value})");
    for _ in 0..(MAX_DEPTH - 3) / 2 {
        value = format!("(new acme:leaf {{ run: {value} }}).run");
    }
    let source = format!("package acme:it;\nexport {value};\n");
    assert_eq!(wired(&source, PARTS).len(), (MAX_DEPTH - 3) / 2 + 1);

    let mut source = "package acme:it;\nlet a0 = new acme:lib {};\n".to_owned();
    for n in 1..1_000 {
        source.push_str(&format!(
            "let a{n} = new acme:leaf {{\n    ...a{},\n\n\n}};\n",
            n - 1
        ));
    }
    source.push_str("export a999...;\n");
    let parsed = parse(&source);
    let bytes = [LIB, LEAF].map(|text| wat::parse_str(text).unwrap());
    let mut arena = Arena::new();
    let mut packages = Packages::new();
    packages.add(
        "acme:lib",
        arena.read(Source::new("lib", &bytes[0])).unwrap(),
    );
    packages.add(
        "acme:leaf",
        arena.read(Source::new("leaf", &bytes[1])).unwrap(),
    );
    let start = Instant::now();
    let resolution = resolve(&mut arena, &parsed.document, &packages).unwrap();
    let took = start.elapsed();
    println!("1,000 instances: {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(resolution.graph().instances().count(), 1_000);
    encode(arena, resolution.graph().clone(), &Options::default()).unwrap();

    let source = format!(
        "package acme:it;\n{}",
        "export nothing;\nlet x = new acme:lib {};\n".repeat(10_000)
    );
    let errors = meant(&source, PARTS).err().unwrap();
    assert_eq!(errors.len(), MAX_ERRORS);
    assert!(errors.is_sorted_by_key(ResolveError::span));
    let arguments = "x: lib, lib, ...lib, ..., ".repeat(20_000);
    let source = format!(
        "package acme:it;\nlet lib = new acme:nothing {{}};\nlet app = new acme:app {{ {arguments} }};"
    );
    assert_eq!(said(&source, PARTS).len(), MAX_ERRORS);
}

/// What several leave open is one import, if they agree.
#[test]
fn open_imports() {
    let parts = [
        ("acme:f", r#"(component (import "x" (func)))"#),
        ("acme:i", r#"(component (import "x" (instance)))"#),
    ];
    let source = "package acme:it;
let a = new acme:i { ... };
let b = new acme:f { ... };
";
    assert_eq!(
        said(source, &parts),
        [
            "compose::import-conflict `a` and `b` both import `x`, but they disagree on it: expected an interface, found a function | 3:22 `...` `b` imports `x` | 2:22 `...` `a` imports `x` (rebuild one of the two against the WIT of the other)",
        ]
    );
    let source = "package acme:it;
let a = new acme:f { ... };
let b = new acme:f { ... };
let f = new acme:f { x: a };
export new acme:f { x: b } as f2;
";
    assert_eq!(
        said(source, &parts),
        [
            "compose::argument-type `a` cannot fill import `x` of `f`: expected a function, found an instance | 4:22 `x: a` given to `f` as `x` | 2:9 `new acme:f` `a` is made here (give it something else; `a` exports nothing)",
            "compose::argument-type `b` cannot fill import `x` of `acme:f`: expected a function, found an instance | 5:21 `x: b` given to `acme:f` as `x` | 3:9 `new acme:f` `b` is made here (give it something else; `b` exports nothing)",
        ]
    );
}
