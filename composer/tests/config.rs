//! Configurations of `wasm-compose`, without files: what is found for which import, and what is said
//! of a configuration that is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use tenon_composer::{
    Arena, Bodies, Configuration, Configured, Error, InstanceArgument, Instantiation, Options,
    Source, State, configure, encode,
};
use wasmparser::{Validator, WasmFeatures};

/// Imports `a` and `b`, each with a function `f`, and exports those.
const TWO: &str = r#"(component
    (import "a" (instance $a (export "f" (func))))
    (import "b" (instance $b (export "f" (func))))
    (alias export $a "f" (func $f)) (alias export $b "f" (func $g))
    (export "f" (func $f)) (export "g" (func $g)))"#;

/// Exports `f`, in an instance of each name.
fn gives(names: &[&str]) -> String {
    let exports: String = names
        .iter()
        .map(|name| format!(r#"(export "{name}" (instance $i))"#))
        .collect();
    format!(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $c (instantiate $m))
            (func $f (canon lift (core func $c "f")))
            (instance $i (export "f" (func $f)))
            {exports})"#
    )
}

/// Hands on what it imports as `from`, as its own exports.
fn hands_on(from: &str) -> String {
    format!(
        r#"(component
            (import "{from}" (instance $i (export "f" (func))))
            (alias export $i "f" (func $f))
            (export "f" (func $f)))"#
    )
}

/// What there is, by name, and what the configuration says.
#[derive(Default)]
struct Case {
    parts: Vec<(String, Vec<u8>)>,
    definitions: Vec<&'static str>,
    instantiations: BTreeMap<String, Instantiation>,
    disallow_imports: bool,
}

impl Case {
    /// The first of the parts is the root.
    fn new(parts: &[(&str, &str)]) -> Case {
        let parse = |(name, text): &(&str, &str)| {
            let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
            ((*name).to_owned(), bytes)
        };
        Case {
            parts: parts.iter().map(parse).collect(),
            ..Case::default()
        }
    }

    /// Has `import` of `instance` filled with `argument`: an instance, or `instance#export`.
    fn with(mut self, instance: &str, import: &str, argument: &str) -> Case {
        let (name, export) = match argument.split_once('#') {
            Some((name, export)) => (name, Some(export.to_owned())),
            None => (argument, None),
        };
        let argument = InstanceArgument {
            instance: name.to_owned(),
            export,
        };
        let said = self.instantiations.entry(instance.to_owned()).or_default();
        said.arguments.insert(import.to_owned(), argument);
        self
    }

    /// Makes `instance` of the component `dependency`.
    fn of(mut self, instance: &str, dependency: &str) -> Case {
        let said = self.instantiations.entry(instance.to_owned()).or_default();
        said.dependency = Some(dependency.to_owned());
        self
    }

    fn configured(&self) -> Result<(Configured, Vec<u8>), Error> {
        let mut arena = Arena::new();
        let source = |name: &str| {
            let (name, input) = self.parts.iter().find(|(known, _)| known == name)?;
            Some(Source {
                name: name.clone(),
                input,
                digest: None,
                bodies: Bodies::Validate,
            })
        };
        let root = arena.read(source(&self.parts[0].0).unwrap())?;
        let mut definitions = Vec::new();
        for name in &self.definitions {
            let id = arena.read(source(name).unwrap())?;
            definitions.push(((*name).to_owned(), id));
        }
        let configuration = Configuration {
            root,
            definitions,
            instantiations: self.instantiations.clone(),
            disallow_imports: self.disallow_imports,
        };
        let mut asked: Vec<String> = Vec::new();
        let mut configured = configure(&mut arena, &configuration, |arena, name| {
            assert!(!asked.iter().any(|other| other == name), "`{name}` twice");
            asked.push(name.to_owned());
            match source(name) {
                Some(source) => arena.read(source).map(Some),
                None => Ok(None),
            }
        })?;
        let graph = std::mem::take(&mut configured.plan.graph);
        let composition = encode(arena, graph, &Options::default())?;
        let bytes = composition.to_bytes().unwrap();
        configured.plan.graph = composition.graph.clone();
        Ok((configured, bytes))
    }

    /// The report of each import, and the remarks.
    fn report(&self) -> String {
        let (configured, bytes) = self.configured().unwrap_or_else(|error| panic!("{error}"));
        Validator::new_with_features(WasmFeatures::all())
            .validate_all(&bytes)
            .unwrap();
        let mut out = String::new();
        for import in &configured.plan.imports {
            let (consumer, name) = (&import.consumer, &import.import);
            match &import.state {
                State::Filled {
                    provider,
                    export,
                    rule,
                } => writeln!(out, "{consumer}.{name} <- {provider}#{export} ({rule})"),
                _ => writeln!(out, "{consumer}.{name} open"),
            }
            .unwrap();
        }
        for remark in &configured.remarks {
            writeln!(out, "{remark}").unwrap();
        }
        out
    }

    fn refused(&self) -> (&'static str, String) {
        let error = self.configured().map(|_| ()).unwrap_err();
        (error.code(), error.to_string())
    }
}

fn lines(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn by_its_name_alone() {
    let case = Case::new(&[
        ("root", TWO),
        ("a", &gives(&["x", "a"])),
        ("b", &hands_on("c")),
        ("c", &gives(&["c"])),
    ]);
    assert_eq!(
        case.report(),
        lines(
            "root.a <- a#x (dependency of that name)
             root.b <- b# (dependency of that name)
             b.c <- c#c (dependency of that name)"
        )
    );
}

#[test]
fn one_dependency_in_two_instances_with_different_arguments() {
    let case = Case::new(&[
        ("root", TWO),
        ("hand", &hands_on("from")),
        ("one", &gives(&["i"])),
        ("two", &gives(&["i", "j"])),
    ])
    .with("root", "a", "first")
    .with("root", "b", "second")
    .of("first", "hand")
    .with("first", "from", "one")
    .of("second", "hand")
    .with("second", "from", "two#j");
    assert_eq!(
        case.report(),
        lines(
            "root.a <- first# (an argument of the configuration)
             root.b <- second# (an argument of the configuration)
             first.from <- one#i (an argument of the configuration)
             second.from <- two#j (an argument of the configuration)"
        )
    );
    let (configured, _) = case.configured().unwrap();
    let names: Vec<_> = configured.names.values().map(String::as_str).collect();
    assert_eq!(names, ["root", "hand", "one", "two"]);
}

#[test]
fn definitions_go_first_and_keep_their_own_imports() {
    let definition = r#"(component
        (import "clock" (instance $clock (export "f" (func))))
        (export "a" (instance $clock)))"#;
    let mut case = Case::new(&[
        ("root", TWO),
        ("def", definition),
        ("more", &gives(&["b", "a"])),
        ("clock", &gives(&["clock"])),
        ("a", &gives(&["a"])),
    ]);
    case.definitions = vec!["def", "more"];
    case.disallow_imports = true;
    assert_eq!(
        case.report(),
        lines(
            "def.clock open
             root.a <- def#a (a definition)
             root.b <- more#b (a definition)"
        )
    );
    let mut case = case.with("root", "b", "a").with("extra", "x", "y");
    case.definitions.push("clock");
    assert_eq!(
        case.report(),
        lines(
            "def.clock open
             root.a <- def#a (a definition)
             root.b <- more#b (a definition)
             the argument `b` of `root` has no effect: definition `more` exports it, and goes first
             definition `clock` fills nothing
             instantiation `extra` is used by nothing"
        )
    );
}

#[test]
fn a_definition_is_a_dependency_too() {
    let mut case = Case::new(&[("root", TWO), ("def", &gives(&["a"]))]).with("root", "b", "def");
    case.definitions = vec!["def"];
    assert_eq!(
        case.report(),
        lines(
            "root.a <- def#a (a definition)
             root.b <- def-2#a (an argument of the configuration)"
        )
    );
}

#[test]
fn what_is_not_found_stays_open() {
    let case = Case::new(&[("root", TWO), ("b", &gives(&["b"]))]).with("root", "a", "typo");
    assert_eq!(
        case.report(),
        lines(
            "root.a open
             root.b <- b#b (dependency of that name)
             `a` of `root` stays open: it is to be `typo`, of which there is no component"
        )
    );
}

#[test]
fn what_is_no_instance_is_passed_on_unless_an_argument_says_otherwise() {
    let root = r#"(component
        (import "f" (func $f))
        (import "a" (instance (export "f" (func))))
        (export "f" (func $f)))"#;
    // A component of the function's name is none of its business.
    let parts = [
        ("root", root),
        ("a", &*gives(&["a"])),
        ("f", &*hands_on("deep")),
        ("deep", &*gives(&["deep"])),
    ];
    assert_eq!(
        Case::new(&parts).report(),
        lines(
            "root.f open
             root.a <- a#a (dependency of that name)"
        )
    );
    assert_eq!(
        Case::new(&parts).with("root", "f", "f#f").report(),
        lines(
            "root.f <- f#f (an argument of the configuration)
             root.a <- a#a (dependency of that name)
             f.deep <- deep#deep (dependency of that name)"
        )
    );
    let mut case = Case::new(&parts);
    case.disallow_imports = true;
    assert!(case.configured().is_ok(), "functions are no interfaces");
    assert_eq!(
        Case::new(&parts).with("root", "f", "a").refused(),
        (
            "compose::argument-type",
            "`a` as a whole cannot fill import `f` of `root`: expected a function, found an instance"
                .to_owned()
        )
    );
}

#[test]
fn resources_of_two_providers_and_of_one_in_two_instances() {
    let store = |name: &str| {
        format!(
            r#"(component
                (type $r' (resource (rep i32)))
                (core module $m (func (export "open") (result i32) (i32.const 0)))
                (core instance $c (instantiate $m))
                (func $open' (result (own $r')) (canon lift (core func $c "open")))
                (component $wrap
                    (import "r" (type $r (sub resource)))
                    (import "open" (func $open (result (own $r))))
                    (export $rr "r" (type $r))
                    (export "open" (func $open) (func (result (own $rr)))))
                (instance $i (instantiate $wrap (with "r" (type $r')) (with "open" (func $open'))))
                (export "{name}" (instance $i)))"#
        )
    };
    let two = r#"(component
        (import "a" (instance $a (export "r" (type $r (sub resource)))
            (export "open" (func (result (own $r))))))
        (import "b" (instance $b (export "r" (type $r (sub resource)))
            (export "open" (func (result (own $r)))))))"#;
    // One consumer, two providers: each with a resource of its own.
    let parts = [("root", two), ("a", &*store("a")), ("b", &*store("b"))];
    Case::new(&parts).report();
    // The same provider twice is no different.
    Case::new(&parts)
        .of("b", "a")
        .with("root", "b", "b")
        .report();
    // But where both must speak of one resource, two instances are two.
    let same = r#"(component
        (import "a" (instance $a (export "r" (type $r (sub resource)))
            (export "open" (func (result (own $r))))))
        (alias export $a "r" (type $r))
        (import "b" (instance $b (export "r" (type $s (eq $r)))
            (export "open" (func (result (own $s)))))))"#;
    let parts = [("root", same), ("a", &*store("a"))];
    Case::new(&parts).with("root", "b", "a").report();
    let case = Case::new(&parts)
        .of("other", "a")
        .with("root", "b", "other");
    assert_eq!(
        case.refused(),
        (
            "compose::resource-clash",
            "`root` gets `a` from `a` but `b` from `other`, which has one of its own; both must speak of \
             the same `r`"
                .to_owned()
        )
    );
}

#[test]
fn a_plug_whose_resource_another_open_import_uses() {
    // `a` is filled; `b` stays open, and speaks of the resource of `a`.
    let root = r#"(component
        (import "a" (instance $a (export "r" (type (sub resource)))))
        (alias export $a "r" (type $r))
        (import "b" (instance (export "f" (func (param "r" (borrow $r)))))))"#;
    let a = r#"(component
        (type $r' (resource (rep i32)))
        (export "r" (type $r')))"#;
    let case = Case::new(&[("root", root), ("a", a)]);
    assert_eq!(
        case.refused(),
        (
            "compose::resource-clash",
            "`root` gets `a` from `a` but `b` from the host; both must speak of the same `r`"
                .to_owned()
        )
    );
}

#[test]
fn what_is_wrong_is_said() {
    let gives_a = gives(&["a"]);
    let cases: Vec<(Case, &str, &str)> = vec![
        (
            Case::new(&[("root", "(component)")]),
            "compose::no-dependency",
            "there is nothing to compose `root` with: it imports no interface",
        ),
        (
            Case::new(&[("root", r#"(component (import "f" (func)))"#)]),
            "compose::no-dependency",
            "there is nothing to compose `root` with: it imports no interface",
        ),
        (
            Case::new(&[("app", TWO)]),
            "compose::no-dependency",
            "there is nothing to compose `app` with: there is no component for `a`, `b`",
        ),
        (
            Case {
                disallow_imports: true,
                ..Case::new(&[("root", TWO), ("a", &gives_a)])
            },
            "compose::not-found",
            "`root` imports `b`, but there is no component `b`, and no interface may stay imported",
        ),
        (
            Case::new(&[("root", TWO), ("a", &gives_a)]).with("root", "b", "c#x"),
            "compose::not-found",
            "`b` of `root` is to be export `x` of `c`, but there is no component `c`",
        ),
        (
            Case::new(&[("root", TWO), ("a", &gives_a)]).with("root", "c", "a"),
            "compose::unknown-item",
            "`root` has no import `c`; did you mean `a` or `b`?",
        ),
        (
            Case::new(&[("root", TWO), ("a", &gives(&["first", "second"]))])
                .with("root", "a", "a#frist"),
            "compose::unknown-item",
            "`a` has no export `frist`; did you mean `first`?",
        ),
        (
            Case::new(&[("root", TWO), ("a", "(component)")]),
            "compose::argument-type",
            "`a` as a whole cannot fill import `a` of `root`: function `f` is missing",
        ),
        (
            Case::new(&[
                ("root", TWO),
                (
                    "a",
                    r#"(component (instance $i) (export "x" (instance $i)) (export "a" (instance $i)))"#,
                ),
            ]),
            "compose::argument-type",
            "`a#a` cannot fill import `a` of `root`: function `f` is missing",
        ),
        (
            Case::new(&[("root", TWO), ("a", &hands_on("b")), ("b", &hands_on("a"))]),
            "compose::cycle",
            "the components need each other in a circle: `a` imports `b` from `b`, which imports `a` from \
             `a`",
        ),
        (
            Case::new(&[("root", &hands_on("root"))]),
            "compose::cycle",
            "the components need each other in a circle: `root` imports `root` from `root`",
        ),
    ];
    for (case, code, message) in cases {
        assert_eq!(case.refused(), (code, message.to_owned()));
    }
}

#[test]
fn many_instances_take_no_more_than_their_number() {
    // A chain of six hundred, of one component each time.
    let mut case = Case::new(&[
        ("root", TWO),
        ("hand", &hands_on("from")),
        ("end", &gives(&["end"])),
    ])
    .with("root", "a", "i0")
    .with("root", "b", "i0");
    for at in 0..600 {
        let next = match at {
            599 => "end".to_owned(),
            at => format!("i{}", at + 1),
        };
        let name = format!("i{at}");
        case = case.of(&name, "hand").with(&name, "from", &next);
    }
    let start = std::time::Instant::now();
    let (configured, _) = case.configured().unwrap();
    assert_eq!(configured.plan.graph.instances().count(), 602);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn what_is_said_a_hundred_thousand_times_is_read_in_time() {
    let start = std::time::Instant::now();
    let mut case = Case::new(&[("root", TWO), ("a", &gives(&["a"]))]).with("root", "b", "gone");
    for at in 0..100_000 {
        case = case.of(&format!("unused-{at}"), "gone");
    }
    let (configured, _) = case.configured().unwrap();
    assert_eq!(configured.remarks.len(), 100_001);
    let imports: String = (0..900)
        .map(|at| format!(r#"(import "i{at}" (instance))"#))
        .collect();
    let case = Case::new(&[("root", &format!("(component {imports})"))]);
    let (code, said) = case.refused();
    assert_eq!(code, "compose::no-dependency");
    assert!(said.ends_with("`i104` and 892 more"), "{said}");
    let case = case.with("root", &"x".repeat(1_000_000), "gone");
    assert_eq!(case.refused().0, "compose::unknown-item");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
