//! What is wrong is said where it is wrong.

use super::*;

/// Declares a document in which these things are wrong, each with its code and the text that it is about.
#[track_caller]
fn wrong(body: &str, expected: &[(&str, &str)]) -> Vec<String> {
    let source = format!("package a:b@1.0.0;\n{body}");
    let found = faults_of(&source, &BTreeMap::new());
    let told: Vec<_> = found
        .iter()
        .map(|(code, text, _)| (*code, text.as_str()))
        .collect();
    assert_eq!(told, expected, "{found:?}");
    found.into_iter().map(|(.., message)| message).collect()
}

#[test]
fn names_that_are_there_twice() {
    let twice = "wac::duplicate-item";
    wrong("type t = u32; record T { x: u32 }", &[(twice, "T")]);
    wrong("interface i {} world i {}", &[(twice, "i")]);
    wrong("interface i {} interface j {} use i as j;", &[(twice, "j")]);
    wrong("package c:d { } package c:d { }", &[(twice, "c:d")]);
    wrong("package a:b@1.0.0 { }", &[(twice, "a:b@1.0.0")]);
    wrong(
        "interface i { f: func(); type f = u32; F: func(); }",
        &[(twice, "f"), (twice, "F")],
    );
    wrong(
        "interface i { type t = u32; } interface j { use i.{t, t}; }",
        &[(twice, "t")],
    );
    wrong(
        "interface i {} world w { import i; import i; export i; export i; }",
        &[(twice, "i"), (twice, "i")],
    );
    wrong(
        "interface i {} world w { import x: i; import x: func(); }",
        &[(twice, "x")],
    );
    wrong(
        "record r { x: u32 } type f = func(r: r); world w { type r = u32; import g: f; }",
        &[(twice, "g")],
    );
    let twice = "wac::duplicate-member";
    wrong("record r { a: u32, b: u32, a: u8 }", &[(twice, "a")]);
    wrong(
        "variant v { a, A(u32) } enum e { b, b } flags f { c, c }",
        &[(twice, "A"), (twice, "b"), (twice, "c")],
    );
    wrong("type f = func(a: u32, A: u8);", &[(twice, "A")]);
    let messages = wrong(
        "interface i { resource r { constructor(); constructor(x: u32); m: func(); m: static func(); n: func(self: u32); } }",
        &[
            (twice, "constructor"),
            (twice, "m"),
            ("wac::invalid-function", "self"),
        ],
    );
    assert_eq!(
        messages[0],
        "there is another function of the resource called `r.constructor`"
    );
}

#[test]
fn names_of_nothing() {
    let undefined = "wac::undefined-name";
    wrong("record r { x: nothing }", &[(undefined, "nothing")]);
    wrong(
        "type t = u32; interface i { f: func(x: t); }",
        &[(undefined, "t")],
    );
    wrong(
        "interface i { use j.{t}; } world w { import k; include l; }",
        &[(undefined, "j"), (undefined, "k"), (undefined, "l")],
    );
    wrong(
        "use nothing as n; interface i { use n.{t}; }",
        &[(undefined, "nothing")],
    );
    wrong(
        "package c:d { interface i { use j.{t}; } } interface j { type t = u32; }",
        &[(undefined, "j")],
    );
    wrong(
        "interface i { use c:d/e.{t}; use c:d/e@1.0.0.{u}; }",
        &[
            ("wac::unknown-package", "c:d"),
            ("wac::unknown-package", "c:d"),
        ],
    );
    let missing = "wac::missing-item";
    wrong(
        "interface i { type abc = u32; } interface j { use i.{abd, abc}; }",
        &[(missing, "abd")],
    );
    wrong(
        "world v {} world w { include v with { a as b } }",
        &[(missing, "a")],
    );
    // What is in error is said once.
    wrong(
        "interface i { f: func(x: t); } interface j { use i.{u}; } world w { import j; export i; include v; } world v { import i; }",
        &[(undefined, "t")],
    );
}

#[test]
fn names_that_are_nearly_right_or_unstable() {
    let source = "package a:b; interface i { type rekord = u32; @unstable(feature = x) type gone = u32; f: func(a: rekort, b: gone); }";
    let parsed = parse(source);
    let mut errors = Vec::new();
    let packages = Packages::new();
    Declarations::of(&mut Arena::new(), &parsed.document, &packages, &mut errors);
    let help: Vec<_> = errors.iter().map(|error| error.help().unwrap()).collect();
    assert_eq!(
        help,
        [
            "did you mean `rekord`?",
            "`gone` belongs to the feature `x`, which is unstable, and is left out"
        ]
    );
}

#[test]
fn things_of_another_kind() {
    let kind = "wac::wrong-kind";
    wrong("interface i {} type t = i;", &[(kind, "i")]);
    wrong("type t = borrow<u>; type u = u32;", &[(kind, "u")]);
    wrong("type f = func(); type t = list<f>;", &[(kind, "f")]);
    wrong(
        "interface i { type t = u32; f: t; resource r; g: r; }",
        &[(kind, "t"), (kind, "r")],
    );
    wrong("interface i { f: func(); g: func(x: f); }", &[(kind, "f")]);
    wrong(
        "interface i { f: func(); } interface j { use i.{f}; }",
        &[(kind, "f")],
    );
    wrong(
        "interface i { type f = func(); } interface j { use i.{f}; }",
        &[(kind, "f")],
    );
    wrong(
        "world w {} interface i { use w.{t}; } interface j {} world v { import w; include j; }",
        &[(kind, "w"), (kind, "w"), (kind, "j")],
    );
    wrong(
        "type t = u32; world w { import x: t; export t; include t; }",
        &[(kind, "t"), (kind, "t"), (kind, "t")],
    );
    wrong("world w { type t = u32; import x: t; }", &[(kind, "t")]);
}

#[test]
fn circles() {
    let circle = "wac::circle";
    let messages = wrong(
        "type t = u; type u = list<v>; record v { t: t }",
        &[(circle, "t")],
    );
    assert_eq!(
        messages,
        ["a declaration cannot need itself: `t` needs `u` needs `v` needs `t`"]
    );
    wrong(
        "interface i { type t = t; f: func(t: t); }",
        &[(circle, "t")],
    );
    wrong(
        "interface i { use j.{t}; } interface j { use i.{t}; } interface k { use i.{t}; }",
        &[(circle, "i")],
    );
    wrong("use x as y; use y as x;", &[(circle, "y")]);
    wrong(
        "world w { include v; } world v { include w; }",
        &[(circle, "w")],
    );
    wrong("interface i { resource r { f: func() -> r; } }", &[]);
}

#[test]
fn types_that_cannot_be() {
    let invalid = "wac::invalid-type";
    wrong(
        "type t = map<f32, u32>; type k = string; type u = map<k, u32>;",
        &[(invalid, "f32"), (invalid, "k")],
    );
    wrong(
        "interface i { resource r; type t = map<u32, list<r>>; }",
        &[(invalid, "list<r>")],
    );
    wrong("type t = stream<char>;", &[(invalid, "char")]);
    wrong(
        "interface i { resource r; type t = future<borrow<r>>; type b = borrow<r>; type u = stream<b>; }",
        &[(invalid, "borrow<r>"), (invalid, "b")],
    );
    let flags: Vec<_> = (0..33).map(|flag| format!("f{flag}")).collect();
    wrong(
        &format!("flags f {{ {} }}", flags.join(", ")),
        &[(invalid, "f32")],
    );
    let borrow = "wac::borrow-in-result";
    wrong(
        "interface i { resource r; f: func() -> borrow<r>; g: func() -> result<list<b>>; type b = borrow<r>; }",
        &[(borrow, "borrow<r>"), (borrow, "result<list<b>>")],
    );
    wrong(
        "interface i { resource r; type b = option<borrow<r>>; } interface j { use i.{b as c}; f: func() -> c; }",
        &[(borrow, "c")],
    );
}

#[test]
fn functions_that_cannot_be() {
    let invalid = "wac::invalid-function";
    wrong(
        "interface i { p: get(); q: get(x: u32) -> u32; r: get() -> u32; r: set(); }",
        &[(invalid, "get()"), (invalid, "x: u32"), (invalid, "set()")],
    );
    wrong(
        "interface i { r: get() -> u32; r: set(x: u32) -> u32; s: set(x: u32); }",
        &[(invalid, "u32"), (invalid, "s")],
    );
    wrong(
        "world w { export s: set(x: u32); import s: get() -> u32; }",
        &[(invalid, "s")],
    );
    wrong(
        "interface i { resource r { constructor() -> u32; } resource s { constructor() -> result<r>; } }",
        &[(invalid, "u32"), (invalid, "result<r>")],
    );
}

#[test]
fn worlds_that_do_not_go_together() {
    let conflict = "wac::include-conflict";
    wrong(
        "world v { import a: func(); } world w { include v; import a: func(); }",
        &[(conflict, "v")],
    );
    wrong(
        "world v { import a: func(); } world w { include v with { a as b }; include v with { a as b }; }",
        &[(conflict, "b")],
    );
    wrong(
        "world v { import a: func(); } world w { include v with { a as b, a as c }; }",
        &[("wac::duplicate-rename", "a")],
    );
    let sources = "wac::two-sources";
    let messages = wrong(
        "interface a { type t = u32; } interface b { use a.{t}; } interface c { use a.{t}; use b.{t as t2}; }
        world w { export a; export c; }",
        &[(sources, "export c;")],
    );
    assert_eq!(
        messages,
        ["`a:b/c@1.0.0` uses types of `a:b/a@1.0.0` as the world exports it, and as it imports it"]
    );
    wrong(
        "interface a { type t = u32; } interface b { use a.{t}; }
        world w { export a; export x: interface { use b.{t}; } }",
        &[(sources, "b")],
    );
}

/// What the rules here do not know of, the validator finds; nothing more is declared then.
#[test]
fn what_the_validator_refuses() {
    wrong(
        "interface i { p: get() -> u32; p: set(x: string); } interface j { use i.{t}; }",
        &[("wac::undeclarable", "i")],
    );
    wrong(
        "type t = list<u8, 4294967295>;",
        &[("wac::undeclarable", "t")],
    );
}
