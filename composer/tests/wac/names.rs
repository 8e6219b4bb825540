//! Which words can be names where.

use crate::formatted;
use tenon_composer::wac::{Definition, InterfaceItem, Statement, TypeKind, parse, parse_body};

/// Every word that means something somewhere.
const KEYWORDS: &[&str] = &[
    "as",
    "async",
    "bool",
    "borrow",
    "char",
    "constructor",
    "deprecated",
    "enum",
    "error-context",
    "export",
    "external-id",
    "f32",
    "f64",
    "feature",
    "flags",
    "from",
    "func",
    "future",
    "get",
    "import",
    "include",
    "interface",
    "let",
    "list",
    "map",
    "new",
    "option",
    "own",
    "package",
    "record",
    "resource",
    "result",
    "s16",
    "s32",
    "s64",
    "s8",
    "set",
    "since",
    "static",
    "stream",
    "string",
    "targets",
    "tuple",
    "type",
    "u16",
    "u32",
    "u64",
    "u8",
    "unstable",
    "use",
    "variant",
    "version",
    "with",
    "world",
];

/// Where a name can be, with `NAME` for it.
const PLACES: &[(&str, &str)] = &[
    ("package", "package NAME:NAME@1.0.0 targets NAME:NAME/NAME;"),
    ("nested package", "package NAME:NAME { }"),
    ("path", "use NAME:NAME/NAME@1.0.0 as NAME;"),
    ("interface", "interface NAME { }"),
    (
        "world",
        "world NAME { include NAME; include a:b/NAME with { NAME as NAME } }",
    ),
    ("import", "import NAME as NAME: NAME:NAME/NAME@^1;"),
    (
        "imported function",
        "import NAME: func(NAME: u8, NAME: string);",
    ),
    (
        "let",
        "let NAME = new NAME:NAME { NAME: NAME.NAME.NAME, ...NAME, NAME, ... };",
    ),
    (
        "expression",
        "let a = NAME; let b = (NAME); export NAME; export NAME...; export NAME as NAME;",
    ),
    (
        "function",
        "interface i { NAME: func(); NAME: async func(NAME: NAME-x) -> NAME-x; }",
    ),
    (
        "method",
        "interface i { resource r { NAME: func(); NAME: static func(NAME: u8); } }",
    ),
    (
        "field",
        "record r { NAME: u8 } flags f { NAME } enum e { NAME } variant v { NAME, b(u8) }",
    ),
    (
        "world's function",
        "world w { import NAME: func(); export NAME: interface { } import NAME; }",
    ),
    (
        "world's interface",
        "world w { import NAME: a; import NAME: a:b/c; export NAME:NAME/NAME; }",
    ),
    (
        "use",
        "interface i { use NAME.{NAME as NAME, NAME}; use a:NAME/b.{NAME}; }",
    ),
    ("feature", "@unstable(feature = NAME) interface i { }"),
];

#[test]
fn keywords_are_names_wherever_a_name_must_be() {
    for (place, text) in PLACES {
        for word in KEYWORDS
            .iter()
            .copied()
            .chain(["plain", "%plain", "HTTP", "a-B-c9", "a-9"])
        {
            for name in [
                word.to_owned(),
                format!("%{}", word.trim_start_matches('%')),
            ] {
                let source = text.replace("NAME", &name);
                assert_eq!(parse_body(&source).errors, [], "{place}: {source}");
                formatted(&source);
            }
        }
    }
}

/// The types that are always there can only be the names of others behind a `%`, and neither can what begins a type
/// be a type's name where nothing is inside; but `map` and `own`, which came late, are plain names there.
#[test]
fn types_that_are_always_there() {
    let always = [
        "bool",
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "s64",
        "f32",
        "f64",
        "char",
        "string",
        "list",
        "option",
        "result",
        "tuple",
        "borrow",
        "stream",
        "future",
        "error-context",
    ];
    for word in KEYWORDS {
        for text in [
            "type NAME = u8;",
            "record NAME { a: u8 }",
            "interface i { resource NAME; }",
        ] {
            let parsed = parse_body(&text.replace("NAME", &format!("%{word}"))).errors;
            assert_eq!(parsed, []);
            let source = text.replace("NAME", word);
            let codes: Vec<_> = parse_body(&source)
                .errors
                .iter()
                .map(|it| it.code())
                .collect();
            let expected = if always.contains(word) {
                vec!["wac::identifier"]
            } else {
                vec![]
            };
            assert_eq!(codes, expected, "{source}");
        }
        // As a type, only what is not always there is a name.
        let source = format!("type a = {word};");
        let parsed = parse_body(&source);
        let named = matches!(
            &parsed.document.statements[..],
            [Statement::Type(ty)] if matches!(&ty.definition, Definition::Alias { ty } if matches!(ty.kind, TypeKind::Name(_)))
        );
        let begins_function = ["async", "func"].contains(word);
        assert_eq!(
            named,
            !always.contains(word) && !begins_function,
            "{source}"
        );
    }
}

#[test]
fn getters_and_functions_called_get() {
    let source =
        "interface i { get: get() -> u8; set: set(get: u8); set: func(); async: async func(); }";
    let parsed = parse_body(source);
    assert_eq!(parsed.errors, []);
    let [Statement::Interface(interface)] = &parsed.document.statements[..] else {
        panic!()
    };
    let names: Vec<_> = interface
        .items
        .iter()
        .map(|item| match item {
            InterfaceItem::Func(func) => func.id.name,
            _ => panic!(),
        })
        .collect();
    assert_eq!(names, ["get", "set", "set", "async"]);
}

/// A document with nothing but `package` and `targets` in it.
#[test]
fn a_package_called_targets() {
    let parsed = parse("package targets:targets targets targets:targets/targets;");
    assert_eq!(parsed.errors, []);
    let package = parsed.document.package.unwrap();
    assert_eq!(package.name.to_string(), "targets:targets");
    assert_eq!(
        package.targets.unwrap().to_string(),
        "targets:targets/targets"
    );
}

/// Three names before a `/`: a label and a path, or one long path.
#[test]
fn labels_and_long_paths() {
    for (source, label, path) in [
        ("world w { import a: b:c/d; }", true, "b:c/d"),
        ("world w { import a:b:c/d; }", false, "a:b:c/d"),
        ("world w { import a:b/c; }", false, "a:b/c"),
        ("world w { import a : b / c; }", false, "a:b/c"),
        ("world w { import a: b; }", true, "b"),
        ("world w { import a:b; }", true, "b"),
    ] {
        let parsed = parse_body(source);
        assert_eq!(parsed.errors, [], "{source}");
        let json = serde_json::to_value(&parsed.document).unwrap();
        let item = &json["statements"][0]["items"][0];
        assert_eq!(item["name"].is_object(), label, "{source}");
        assert!(formatted(source).contains(path), "{source}");
    }
}
