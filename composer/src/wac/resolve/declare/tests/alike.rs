//! What is declared is what the reference implementation makes of the same text.

use super::*;
use crate::diff;

#[track_caller]
fn alike(source: &str, others: &[&str]) {
    let mut packages = BTreeMap::new();
    for other in others {
        packages.extend(reference(other, &[]).unwrap());
    }
    let theirs = reference(source, others).unwrap();
    let ours = declared(source, &packages).unwrap();
    compare(source, &ours, &theirs);
}

#[track_caller]
fn compare(source: &str, ours: &BTreeMap<String, Vec<u8>>, theirs: &BTreeMap<String, Vec<u8>>) {
    let mut count = 0;
    for (name, theirs) in theirs {
        let Some(ours) = ours.get(name) else {
            // Nothing is in it.
            assert!(
                Arena::new().read(Source::new(name, theirs)).is_ok(),
                "{name}"
            );
            continue;
        };
        count += 1;
        assert_eq!(lines(ours), lines(theirs), "{source}");
        for (old, new) in [(ours, theirs), (theirs, ours)] {
            let mut arena = Arena::new();
            let ids = [old, new].map(|it| arena.read_release(Source::new(name, it)).unwrap());
            let difference = diff(&arena, ids[0], ids[1]);
            assert!(difference.changes.is_empty(), "{source}: {difference:?}");
        }
    }
    assert_eq!(count, ours.len(), "{source}");
}

#[test]
fn types_of_all_sorts() {
    alike(
        "package a:b@1.2.0;
        interface types {
            later: func(x: t40);
            type t1 = u8; type t2 = u16; type t3 = u32; type t4 = u64; type t5 = s8; type t6 = s16; type t7 = s32;
            type t8 = s64; type t9 = f32; type t10 = f64; type t11 = char; type t12 = bool; type t13 = string;
            type t14 = list<u8>; type t15 = list<string, 4>; type t16 = map<string, list<u8>>; type t17 = option<u32>;
            type t18 = result; type t19 = result<u32>; type t20 = result<_, u32>; type t21 = result<u32, string>;
            type t22 = tuple<u32, string>; type t23 = stream; type t24 = stream<u8>; type t25 = future;
            type t26 = future<result<_, error-context>>; type t27 = error-context;
            record t28 { a: u32, b: t29, c: list<t30> }
            variant t29 { a, b(t30), c(tuple<u8>) }
            enum t30 { a, b }
            flags t31 { a, b, c }
            type t40 = t41; type t41 = t28;
            resource r;
            type t50 = r; type t51 = own<r>; type t52 = borrow<r>; type t53 = list<r>; type t54 = option<borrow<t50>>;
            use-all: func(a: r, b: own<r>, c: borrow<r>, d: t50, e: borrow<t50>, f: t51, g: t52) -> tuple<r, t53>;
        }",
        &[],
    );
}

#[test]
fn resources() {
    alike(
        "package a:b;
        interface i {
            take: func(file: borrow<file>, name: string) -> option<file>;
            resource file {
                constructor(name: string);
                read: func(len: u64) -> result<list<u8>, error>;
                write: async func(bytes: stream<u8>);
                open: static func(name: string) -> result<file>;
                connect: static async func() -> file;
                merge: func(other: file, another: borrow<file>) -> borrowed;
            }
            resource empty {}
            resource fallible { constructor() -> result<fallible, string>; }
            resource fallible2 { constructor() -> result<own<fallible2>>; }
            type borrowed = list<string>;
            variant error { io, other(string) }
        }",
        &[],
    );
}

#[test]
fn functions_that_get_and_set() {
    alike(
        "package a:b;
        interface i {
            prop: set(value: u64);
            prop: get() -> u64;
            fallible: get() -> result<u32, string>;
            fallible: set(value: u32) -> result<_, string>;
            get: func();
            set: func(x: u32);
            resource blob {
                position: set(value: u64);
                position: get() -> u64;
                max: static get() -> u64;
                max: static set(value: u64);
            }
        }
        world w {
            import prop: set(value: u64);
            import prop: get() -> u64;
            export other: get() -> u64;
            export other: set(value: u64);
        }
        world v { include w with { prop as property, other as another } }",
        &[],
    );
}

#[test]
fn interfaces_that_use_each_other() {
    alike(
        "package a:b@0.1.0;
        interface last { use middle.{r, rec as renamed}; use first.{r as r2}; f: func(a: r, b: r2, c: renamed) -> own<r>; }
        interface middle { use first.{r, rec}; record more { it: rec } g: func(m: more, r: borrow<r>); }
        interface first { resource r { m: func() -> rec; } record rec { x: u32 } f: func() -> r; }
        use first as other;
        use middle as another;
        interface more { use other.{rec}; use another.{more}; use first.{r}; h: func(a: rec, b: more, c: r); }",
        &[],
    );
}

#[test]
fn worlds() {
    alike(
        "package a:b;
        interface types { resource r { m: func(); } record rec { x: u32 } f: func() -> r; }
        interface user { use types.{r, rec}; go: func(r: borrow<r>) -> rec; }
        world one {
            use types.{r, rec as record-of-types};
            type t = list<record-of-types>;
            record mine { a: t, b: option<later> }
            enum later { x, y }
            resource res { constructor(x: mine); get: func() -> mine; make: static func() -> res; }
            import user;
            import f: func(r: r, o: mine) -> res;
            export g: func(r: borrow<r>) -> mine;
            import inline: interface { use types.{rec}; type x = rec; h: func(x: x); }
            export inline: interface { resource local { m: func(); } h: func() -> local; }
            import later-f: async func(x: stream<u8>);
        }
        world two { import user; export user; }
        world three { export user; }
        world four { export user; export types; }
        world five { import types; export user; export types; }
        world six { export types; export e: interface { use types.{r}; k: func(r: r); } }
        world seven { import i: interface { use types.{r}; k: func(r: r); } export types; }
        world eight { use types.{r}; export types; export f: func(r: r); }
        world empty {}",
        &[],
    );
}

#[test]
fn exports_in_every_order_and_depth() {
    alike(
        "package a:b;
        interface a { resource r; record x { a: u32 } }
        interface b { use a.{r, x}; record y { x: x } f: func(r: r); }
        interface c { use b.{r, x, y}; g: func(r: r, y: y); }
        interface d { use c.{r}; use a.{x}; h: func(r: r, x: x); }
        world w1 { export c; }
        world w2 { export c; export b; export a; }
        world w3 { export a; export b; export c; export d; }
        world w4 { export d; export c; export b; export a; }
        world w5 { import a; export d; export c; export b; export a; }
        world w6 { export d; }
        world w7 { include w2; export d; }
        world w8 { include w1; }",
        &[],
    );
}

#[test]
fn interfaces_under_other_names() {
    alike(
        "package a:b@1.0.0;
        interface store { resource r; get: func() -> r; }
        interface user { use store.{r}; f: func(r: r); }
        world w {
            import first: store;
            import second: store;
            import store;
            import u: user;
            export third: store;
            export fourth: user;
        }",
        &[],
    );
}

#[test]
fn worlds_that_include_worlds() {
    alike(
        "package a:b;
        interface i { type t = u32; resource r; }
        world base {
            import i;
            use i.{r};
            record rec { x: u32 }
            resource res { constructor(); m: func(); s: static func() -> res; }
            import f: func(a: rec, b: borrow<res>, c: r);
            import in: interface { use i.{t}; x: func() -> t; }
            export g: func() -> rec;
            export i;
        }
        world plain { include base; }
        world renamed { include base with { rec as other, res as thing, f as f2, g as g2, in as in2, r as r2 } }
        world more { include renamed; import f: func(); export h: interface { use i.{r}; k: func() -> r; } }
        world twice { include a; include b; include a; }
        world a { import i; }
        world b { export i; import i; }",
        &[],
    );
}

#[test]
fn packages_inside_of_a_package() {
    alike(
        "package a:root;
        package b:one@1.0.0 { interface i { resource r; type t = u32; } world w { import i; export f: func(); } }
        package b:one@2.0.0 { interface i { resource r; } }
        package c:two { use b:one/i@1.0.0 as i; interface j { use i.{t}; use b:one/i@2.0.0.{r}; f: func(t: t) -> r; }
            world w { include b:one/w@1.0.0; export j; } }
        interface k { use c:two/j.{r}; use b:one/i@1.0.0.{r as r1}; g: func(a: r, b: r1); }
        world w { include c:two/w; import k; }",
        &[],
    );
}

#[test]
fn packages_elsewhere() {
    let io = "package wasi:io@0.2.0;
        interface error { resource error { to-debug-string: func() -> string; } }
        interface streams { use error.{error}; resource input-stream { read: func() -> result<list<u8>, stream-error>; }
            variant stream-error { last-operation-failed(error), closed } }
        world imports { import streams; }";
    alike(
        "package a:b;
        interface i { use wasi:io/streams@0.2.0.{input-stream, stream-error as e}; f: func(i: input-stream) -> e; }
        world w { include wasi:io/imports@0.2.0; import i; export j: interface { use i.{e}; g: func() -> e; } }
        world v { export wasi:io/streams@0.2.0; export wasi:io/error@0.2.0; }
        world u { use wasi:io/streams@0.2.0.{input-stream}; export f: func(i: input-stream); }",
        &[io],
    );
}

#[test]
fn what_is_unstable_is_left_out() {
    alike(
        "package a:b@1.0.0;
        @since(version = 1.0.0)
        interface i {
            @unstable(feature = x) type gone = u32;
            @unstable(feature = x) use j.{t};
            @since(version = 1.0.0) type stays = u32;
            @unstable(feature = x) f: func(a: gone) -> t;
            @since(version = 1.0.0) @deprecated(version = 1.0.0) g: func();
            resource r { @unstable(feature = x) constructor(); @unstable(feature = x) m: func(); @since(version = 1.0.0) n: func(); }
        }
        interface j { type t = u32; }
        @unstable(feature = x) interface gone { }
        @unstable(feature = x) world gone-too { import gone; }
        world w {
            @unstable(feature = x) import gone;
            @unstable(feature = x) include gone-too;
            @unstable(feature = x) export f: func();
            import i;
        }",
        &[],
    );
}

#[test]
fn external_ids() {
    alike(
        "package a:b;
        interface types {
            @external-id(\"type-id\") record rec { x: u32 }
            @external-id(\"res-id\") resource r { @external-id(\"m-id\") m: func(); @external-id(\"c-id\") constructor(); }
            @external-id(\"func-id\") f: func();
        }
        interface apart { }
        interface user { @external-id(\"used-id\") use types.{rec}; }
        world w {
            @external-id(\"import-id\") import types;
            @external-id(\"export-id\") export user;
            @external-id(\"a\") import f: func();
            @external-id(\"b\") export f: func();
            @external-id(\"c\") import i: interface { }
            @external-id(\"d\") export i: interface { }
            @external-id(\"e\") import n: apart;
            @external-id(\"g\") export n: apart;
            @external-id(\"h\") use types.{r};
            @external-id(\"i\") type t = u32;
        }",
        &[],
    );
}

#[test]
fn names_that_are_words_of_the_language() {
    alike(
        "package a:b;
        interface %interface { record %record { %type: u32, %use: bool } %func: func(%list: list<%record>); type %type = u32; }
        world %world { use %interface.{%record}; import %export: func(%import: %record); export %include: %interface; }",
        &[],
    );
}

/// Files of WIT that the reference implementation is tested with, where cargo keeps its sources.
fn files(folder: &str) -> BTreeMap<String, String> {
    let home = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let home =
        home.or_else(|| Some(std::path::PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut all = BTreeMap::new();
    let indexes = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    for index in indexes.into_iter().flatten() {
        let Ok(crates) = std::fs::read_dir(index.unwrap().path()) else {
            continue;
        };
        let sources = crates.map(|it| it.unwrap().path());
        let is_it =
            |path: &std::path::PathBuf| path.to_string_lossy().contains("/wit-parser-0.263.");
        for source in sources.filter(is_it) {
            for file in std::fs::read_dir(source.join(folder)).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|end| end == "wit") {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    all.insert(name, std::fs::read_to_string(path).unwrap());
                }
            }
        }
    }
    all
}

#[test]
fn files_of_the_reference_implementation() {
    let mut others = Vec::new();
    for (name, source) in files("tests/ui") {
        match (declared(&source, &BTreeMap::new()), reference(&source, &[])) {
            (Ok(ours), Ok(theirs)) => compare(&source, &ours, &theirs),
            _ => others.push(name),
        }
    }
    // These need features that are not on.
    let known = ["gated-include.wit", "multi-package-gated-include.wit"];
    assert!(others.is_empty() || others == known, "{others:?}");
}

#[test]
fn files_that_the_reference_implementation_refuses() {
    let files = files("tests/ui/parse-fail");
    let taken: Vec<_> = files
        .iter()
        .filter(|(_, source)| declared(source, &BTreeMap::new()).is_ok())
        .map(|(name, _)| name.as_str())
        .collect();
    // What is unstable is left out with what is in it, versions of `@since` are not looked at, and a document without a name has one.
    let known = [
        "bad-gate3.wit",
        "bad-gate4.wit",
        "bad-gate5.wit",
        "bad-since-on-include.wit",
        "bad-since-on-interface.wit",
        "bad-since-on-type.wit",
        "bad-since-on-world-import.wit",
        "bad-since-on-world.wit",
        "missing-main-declaration-initial-main.wit",
        "missing-main-declaration-initial-nested.wit",
        "missing-package.wit",
    ];
    assert!(files.is_empty() || taken == known, "{taken:?}");
}
