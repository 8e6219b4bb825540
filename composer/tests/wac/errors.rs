//! What is said of documents that are wrong: each thing once, and nothing that only follows from another.

use miette::Diagnostic;
use tenon_composer::wac::{MAX_DEPTH, MAX_ERRORS, SyntaxError, explanations, parse, parse_body};

/// The errors, each with the line and column where it is, and the help.
fn said(source: &str) -> Vec<String> {
    let parsed = parse_body(source);
    let line = |error: &SyntaxError| {
        let (line, column) = error.span().position(source);
        let help = error
            .help()
            .map(|help| format!(" ({help})"))
            .unwrap_or_default();
        format!("{line}:{column} {} {error}{help}", error.code())
    };
    parsed.errors.iter().map(line).collect()
}

#[test]
fn several_errors() {
    let source = "package a:b;
import x func();
let a = new b:c { d e };
type t = list<>;
export a.;
interface i {
    f: fnuc();
    recrod r { a: u8 }
    g: func(a: , b: u8);
    h: func() -> u8
    j: func();
}
record r { a u8, b: u8, c: tuple<x, 5, y>, d: u8 }
world w { imprt x; export y; }
let z = x
export z;
";
    assert_eq!(
        said(source),
        [
            "2:10 wac::syntax expected `:`, found `func`",
            "3:21 wac::syntax expected `,` or `}`, found `e`",
            "4:15 wac::syntax expected a type, found `>`",
            "5:10 wac::syntax expected the name of an export, found `;`",
            "7:8 wac::syntax expected `func`, found `fnuc` (is `func` meant?)",
            "8:5 wac::syntax expected an item, found `recrod` (is `record` meant?)",
            "9:16 wac::syntax expected a type, found `,`",
            "10:20 wac::syntax expected `;`, found `j`",
            "13:14 wac::syntax expected `:`, found `u8`",
            "13:37 wac::syntax expected a type, found `5`",
            "14:11 wac::syntax expected `import`, `export`, `include`, `use`, a type or `}`, found `imprt` (is `import` meant?)",
            "15:10 wac::syntax expected `;`, found `export`",
        ]
    );
    // What is not wrong is there.
    let parsed = parse(source);
    let json = serde_json::to_value(&parsed.document).unwrap();
    assert_eq!(json["statements"].as_array().unwrap().len(), 6);
    assert_eq!(json["statements"][1]["items"].as_array().unwrap().len(), 3);
    assert_eq!(
        json["statements"][2]["definition"]["fields"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

/// One brace or parenthesis too few, or too many.
#[test]
fn what_is_not_closed() {
    for (source, expected) in [
        (
            "interface i {\n  f: func();\n",
            "2:13 wac::syntax expected `}`, found the end of the document",
        ),
        (
            "interface i {\n  f: func();\nlet x = y;\n",
            "3:1 wac::syntax expected `}`, found `let`",
        ),
        (
            "interface i {\n  record r {\n    a: u8,\n\nworld w { }\n",
            "5:7 wac::syntax expected `:`, found `w`",
        ),
        (
            "interface i {\n  f: func(a: u8;\n  g: func();\n}\nlet x = y;",
            "2:16 wac::syntax expected `,` or `)`, found `;`",
        ),
        (
            "let x = new a:b { c\nlet y = z;\n",
            "2:1 wac::syntax expected `,` or `}`, found `let`",
        ),
        (
            "let x = (a;\nlet y = z;\n",
            "1:11 wac::syntax expected `)`, found `;`",
        ),
        (
            "interface i { } }\nlet y = z;",
            "1:17 wac::syntax expected `import`, `let`, `export`, `type`, `record`, `variant`, `enum`, `flags`, `interface`, `world`, `use` or `package`, found `}`",
        ),
        (
            "interface 5 {\n  f: func();\n  type x = u8;\n}\nlet y = z;",
            "1:11 wac::syntax expected the name of the interface, found `5`",
        ),
        (
            "package a:b {\n  interface i { }\n  let x = y;\n}\n",
            "3:3 wac::syntax expected `interface`, `world` or `use`, found `let`",
        ),
        (
            "let x = new a:b { 5 }.c;\nexport x;",
            "1:19 wac::syntax expected an argument, found `5`",
        ),
    ] {
        assert_eq!(said(source), [expected], "{source}");
    }
}

#[test]
fn each_kind() {
    for (source, expected) in [
        (
            "type u32 = u8;",
            "1:6 wac::identifier `u32` is the name of a type that is always there, and cannot be given to another one (choose another name, or write `%u32`, here and where it is used)",
        ),
        (
            "enum e { }",
            "1:8 wac::empty-type an enum with no case in it (add one, or leave the type out)",
        ),
        (
            "type t = tuple<>;",
            "1:10 wac::empty-type a tuple with no type in it (add one, or leave the type out)",
        ),
        (
            "record r { }",
            "1:10 wac::empty-type a record with no field in it (add one, or leave the type out)",
        ),
        (
            "flags f { }",
            "1:9 wac::empty-type flags with no flag in it (add one, or leave the type out)",
        ),
        (
            "resource r;",
            "1:1 wac::misplaced a resource belongs to an interface or a world (put it into an `interface`)",
        ),
        (
            "import a:b/c;",
            "1:8 wac::misplaced what a document imports needs a name in it (write `import c: a:b/c;`)",
        ),
        (
            "package a:b@1;",
            "1:13 wac::version `1` is not a version: a requirement can only be in `new`, in an `import` statement and after `targets` (write a whole version, such as `1.2.0`)",
        ),
        (
            "import a: b:c/d@1.x.y;",
            "1:17 wac::version `1.x.y` is not a version requirement: unexpected character after wildcard in version req (write a version such as `1.2.0`, or a requirement such as `^1.2`)",
        ),
        (
            "type t = list<u8, 99999999999>;",
            "1:19 wac::syntax `99999999999` is not the length of a list: it is a number from 1 to 4294967295",
        ),
        (
            "f: func();",
            "1:1 wac::syntax expected `import`, `let`, `export`, `type`, `record`, `variant`, `enum`, `flags`, `interface`, `world`, `use` or `package`, found `f`",
        ),
        (
            "@since(version = 1) world w { }",
            "1:18 wac::version `1` is not a version: a requirement can only be in `new`, in an `import` statement and after `targets` (write a whole version, such as `1.2.0`)",
        ),
        (
            "@sinze(version = 1.0.0) world w { }",
            "1:2 wac::syntax expected `since`, `unstable`, `deprecated` or `external-id`, found `sinze` (is `since` meant?)",
        ),
        (
            "@external-id(\"a\") world w { }",
            "1:1 wac::attribute a world has no external id",
        ),
        (
            "@unstable(feature = a) let x = y;",
            "1:1 wac::attribute a `let` has no attributes",
        ),
        (
            "@unstable(feature = a) @unstable(feature = b) world w { }",
            "1:24 wac::attribute an item has each attribute once at most (leave out all but one)",
        ),
        (
            "import f: func() -> (a: u8);",
            "1:21 wac::syntax expected a type, found `(` (a function has one result: name a record, or write a tuple)",
        ),
        (
            "let a = $;",
            "1:9 wac::syntax expected a word or a sign of the language, found `$`",
        ),
        (
            "let a = \"b;",
            "1:9 wac::string the string has no end (a string is on one line, and ends with `\"`)",
        ),
        (
            "package a:b { package c:d { } }",
            "1:15 wac::misplaced a package cannot be inside of another one (write one after the other)",
        ),
        (
            "package a:b targts c:d/e;",
            "1:13 wac::syntax expected `targets` or `;`, found `targts` (is `targets` meant?)",
        ),
        (
            "export a as b...;",
            "1:14 wac::syntax expected `;`, found `...` (`...` exports each thing under its own name, and `as` all of them as one instance: leave one of both out)",
        ),
    ] {
        assert_eq!(said(source), [expected], "{source}");
    }
    let nameless: Vec<_> = parse("let a = b;")
        .errors
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(nameless, ["expected `package`, found `let`"]);
}

#[test]
fn labels_lead_to_both_places() {
    let source = "interface i {\n  f: func();\n";
    let parsed = parse_body(source);
    let error = &parsed.errors[0];
    let labels: Vec<_> = error
        .labels()
        .unwrap()
        .map(|label| {
            (
                label.label().unwrap().to_owned(),
                label.offset(),
                label.primary(),
            )
        })
        .collect();
    assert_eq!(
        labels,
        [
            ("here".to_owned(), 26, true),
            ("opened here".to_owned(), 12, false)
        ]
    );
    assert_eq!(Diagnostic::code(error).unwrap().to_string(), "wac::syntax");
}

#[test]
fn each_code_is_explained() {
    assert!(explanations().is_sorted_by(|a, b| a.code < b.code));
    let sources = [
        include_str!("../../src/wac/error.rs"),
        include_str!("../../src/wac/resolve/error.rs"),
    ];
    let mut codes: Vec<_> = sources
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|word| word.starts_with("wac::"))
        .collect();
    codes.sort_unstable();
    let explained: Vec<_> = explanations().iter().map(|it| it.code).collect();
    assert_eq!(codes, explained);
}

/// As deep as it may be, and deeper: an error, never the end of the stack.
#[test]
fn depth() {
    let types =
        |depth: usize| format!("type t = {}u8{};", "list<".repeat(depth), ">".repeat(depth));
    let nested = |depth: usize| format!("let a = {}b{};", "(".repeat(depth), ")".repeat(depth));
    let news = |depth: usize| {
        format!(
            "let a = {}b{};",
            "new a:b { c: ".repeat(depth),
            " }".repeat(depth)
        )
    };
    for make in [&types as &dyn Fn(usize) -> String, &nested, &news] {
        assert_eq!(said(&make(MAX_DEPTH - 1)), [""; 0]);
        crate::formatted(&make(MAX_DEPTH - 1));
        for depth in [MAX_DEPTH, 100_000] {
            let source = make(depth);
            let parsed = parse_body(&source);
            let codes: Vec<_> = parsed.errors.iter().map(|error| error.code()).collect();
            assert_eq!(codes, ["wac::depth"]);
        }
    }
    let packages = format!(
        "{}{}",
        "package a:b { ".repeat(100_000),
        "}".repeat(100_000)
    );
    assert_eq!(parse_body(&packages).errors.len(), 1);
    let worlds = "world w { import i: interface { ".repeat(50_000);
    assert!(!parse_body(&worlds).errors.is_empty());
}

#[test]
fn not_more_than_anyone_reads() {
    let source = "let = ;\n".repeat(100_000);
    let parsed = parse_body(&source);
    assert_eq!(parsed.errors.len(), MAX_ERRORS);
    assert!(parsed.errors.is_sorted_by_key(SyntaxError::span));
}

/// Names of packages and their parts that are not what is needed, `new` in wrong places, and other slips that have an
/// obvious remedy.
#[test]
fn what_is_needed_and_how_it_is_written() {
    for (source, expected) in [
        (
            "let s = new \"example:app\" {};",
            "1:13 wac::syntax expected a package such as `ns:name`, found `\"example:app\"` (write it without quotes: `new example:app { … }`)",
        ),
        (
            "let s = new \"app\" {};",
            "1:13 wac::syntax expected a package such as `ns:name`, found `\"app\"` (write `new ns:name { … }`)",
        ),
        (
            "let s = new {};",
            "1:13 wac::syntax expected a package such as `ns:name`, found `{` (write `new ns:name { … }`)",
        ),
        (
            "let s = new app {};",
            "1:13 wac::syntax expected a package such as `ns:name`, found `app` (write its namespace, too: `new ns:app { … }`)",
        ),
        (
            "let s = new example:app;",
            "1:24 wac::syntax expected `{`, found `;` (write `new example:app { … }`)",
        ),
        (
            "let s = new example:app/foo {};",
            "1:13 wac::syntax expected a package such as `ns:name`, found `example:app/foo` (write `new example:app { … }`, and behind it `.foo` for what it exports)",
        ),
        (
            "let s = new\nlet t = new a:b {};",
            "2:1 wac::syntax expected a package such as `ns:name`, found `let` (write `new ns:name { … }`)",
        ),
        (
            "let s = example:app {};",
            "1:9 wac::syntax expected `new` before the name of a package, found `example:app` (write `new example:app { … }`)",
        ),
        (
            "let s = new a:b { x: example:app/log };",
            "1:22 wac::syntax expected an expression: a name, `new …` or `(…)`, found `example:app/log` (give it a name first: `import log: example:app/log;`)",
        ),
        (
            "let s = new a:b { ...new example:logger { a: b }, c };",
            "1:22 wac::syntax expected the name of an instance, found `new` (give it a name first: `let NAME = new example:logger { … };`, and here `...NAME`)",
        ),
        (
            "import log: acme:w;",
            "1:13 wac::syntax expected an interface such as `ns:name/interface`, found `acme:w` (say which interface of it: `acme:w/NAME`)",
        ),
        (
            "import log: acme:w@1.0;",
            "1:13 wac::syntax expected an interface such as `ns:name/interface`, found `acme:w@1.0` (say which interface of it: `acme:w/NAME@1.0`)",
        ),
        (
            "import log: acme:w@1.0/log;",
            "1:13 wac::syntax expected an interface such as `ns:name/interface`, found `acme:w@1.0/log` (the version stands last: `acme:w/log@1.0`)",
        ),
        (
            "import log: \"acme:w/log\";",
            "1:13 wac::syntax expected an interface such as `ns:name/interface`, found `\"acme:w/log\"` (write it without quotes: `acme:w/log`)",
        ),
        (
            "import \"log\": acme:w/log;",
            "1:8 wac::syntax expected the name by which the document knows what is imported, found `\"log\"` (write it behind such a name: `import NAME as \"log\": …;`)",
        ),
        (
            "package acme:shop targets acme:w;",
            "1:27 wac::syntax expected a world such as `ns:name/world`, found `acme:w` (say which world of it: `acme:w/NAME`)",
        ),
        (
            "package acme:shop targets w;",
            "1:27 wac::syntax expected a world such as `ns:name/world`, found `w` (say of which package: `ns:name/w`)",
        ),
        (
            "package shop;",
            "1:9 wac::syntax expected a package such as `ns:name`, found `shop` (write its namespace, too: `ns:shop`)",
        ),
        (
            "world w { include acme:w; }",
            "1:19 wac::syntax expected a world such as `ns:name/world`, found `acme:w` (say which world of it: `acme:w/NAME`)",
        ),
        (
            "interface i { use acme:w.{t}; }",
            "1:19 wac::syntax expected an interface such as `ns:name/interface`, found `acme:w` (say which interface of it: `acme:w/NAME`)",
        ),
        (
            "use acme:w/log.{t};",
            "1:15 wac::misplaced types are used in interfaces and worlds (put it into one, or write `use acme:w/log;` for the interface itself)",
        ),
        (
            "type t = opton<u8>;",
            "1:10 wac::syntax expected a type that can have `<…>`, found `opton` (is `option` meant?)",
        ),
        (
            "type t = thing<u8>;",
            "1:10 wac::syntax expected a type that can have `<…>`, found `thing`",
        ),
        (
            "# about\nlet a = b;",
            "1:1 wac::syntax expected a word or a sign of the language, found `#` (a comment begins with `//`)",
        ),
        (
            "let a = b[“c, d; e”];",
            "1:11 wac::syntax expected a word or a sign of the language, found `“` (a string is between two `\"`)",
        ),
        (
            "import a as 'b': func();",
            "1:13 wac::syntax expected a word or a sign of the language, found `'` (a string is between two `\"`)",
        ),
        (
            "export a... as b;",
            "1:13 wac::syntax expected `;`, found `as` (`...` exports each thing under its own name, and `as` all of them as one instance: leave one of both out)",
        ),
    ] {
        assert_eq!(said(source), [expected], "{source}");
    }
}

/// A name of its own, as long as it is not where a package is to follow it.
#[test]
fn new_is_a_name_too() {
    let source = "let new = new new:new { new: new, new, ...new, };
let a = new;
let b = (new).new[\"new\"];
let c = new.new;
import new: func();
export new as new;
export new...;
export new;";
    assert_eq!(said(source), [""; 0]);
}
