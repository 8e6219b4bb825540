//! Mistakes that are easily made, and what documents are told about them.

use super::meaning::{PARTS, Parts, meant, said};
use std::time::Instant;

/// The text of a composition.
fn text(source: &str, parts: Parts<'_>) -> String {
    match meant(source, parts) {
        Ok(meant) => wasmprinter::print_bytes(&meant.bytes).unwrap(),
        Err(errors) => panic!("{errors:?}"),
    }
}

#[test]
fn declarations_are_imported_under_their_local_names() {
    let source = "package acme:it@1.0.0;
interface i { f: func(); }
world w { export f: func(); }
import a: i;
import b: i;
import c: w;
import d: w;
import e: acme:it/i;
import g as other: a;
export a.f;
export b.f as g;
export c as h;
export a;
";
    let text = text(source, &[]);
    for import in [
        r#"(import "a" (implements "acme:it/i@1.0.0") (instance"#,
        r#"(import "b" (implements "acme:it/i@1.0.0") (instance"#,
        r#"(import "c" (component"#,
        r#"(import "d" (component"#,
        r#"(import "acme:it/i@1.0.0" (instance"#,
        r#"(import "other" (implements "acme:it/i@1.0.0") (instance"#,
    ] {
        assert!(text.contains(import), "{import}\n{text}");
    }
}

/// What a world imports by the interface's own name is not what is imported under another one.
#[test]
fn declarations_that_a_target_imports() {
    let source = "package t:x targets t:x/wo;
interface i { f: func(); }
world wo { import i; }
import ii: i;
";
    let differences = |source: &str| {
        let meant = meant(source, &[]).map_err(|errors| format!("{errors:?}"));
        let meant = meant.unwrap();
        let found = meant.resolution.check_target(&meant.bytes).unwrap();
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        differences(source),
        ["the composition does not conform to `t:x/wo`: import `ii`: the world does not offer it"]
    );
    assert_eq!(differences(&source.replace("ii: i", "ii: t:x/i")), [""; 0]);
}

/// A WIT package whose interfaces use a resource.
const TYPES: &str = r#"(component
    (type (component (type (instance
        (export "r" (type (sub resource)))
        (type (borrow 0)) (type (func (param "self" 1))) (export "[method]r.m" (func (type 2)))
        (type (record (field "a" u32))) (export "rec" (type (eq 3)))))
        (export "w:p/types@1.0.0" (instance (type 0)))))
    (export "types" (type 0))
    (type (component
        (type (instance (export "r" (type (sub resource))) (type (record (field "a" u32))) (export "rec" (type (eq 1)))))
        (import "w:p/types@1.0.0" (instance $types (type 0)))
        (alias export $types "r" (type $r))
        (alias export $types "rec" (type $rec))
        (type (instance
            (alias outer 1 $r (type)) (export "r" (type (eq 0)))
            (alias outer 1 $rec (type)) (export "rec" (type (eq 2)))
            (export "own" (type (sub resource)))
            (type (borrow 1)) (type (func (param "x" 5) (param "y" 3))) (export "j" (func (type 6)))))
        (export "w:p/c@1.0.0" (instance (type 3)))))
    (export "c" (type 2)))"#;

#[test]
fn what_uses_other_interfaces_is_imported_again() {
    let parts = [("w:p@1.0.0", TYPES)];
    let source = "package acme:it;
import c: w:p/c@1.0.0;
import z as zz: c;
export z as kk;
";
    let whole = text(source, &parts);
    assert!(
        whole.contains(r#"(import "zz" (implements "w:p/c@1.0.0") (instance"#),
        "{whole}"
    );
    assert_eq!(whole.matches("(import ").count(), 3, "{whole}");
    let source = "package acme:it;
import c: w:p/c@1.0.0;
let f = c.j;
import z: f;
import t: w:p/types@1.0.0;
import other as more: t;
export z as kk;
";
    let function = text(source, &parts);
    assert!(function.contains(r#"(import "z" (func"#), "{function}");
    assert_eq!(function.matches("(import ").count(), 4, "{function}");

    let source = "package acme:it;
let lib = new acme:lib {};
import z as zz: lib;
export z as y;
";
    assert_eq!(
        said(source, PARTS),
        [
            "wac::wrong-kind `lib` is an instance of a component, and one of its exports is needed here | 3:17 `lib` this is an instance of a component (an instance of a component cannot be imported; import one of its exports: `let item = lib.name; import other: item;`)",
        ]
    );
}

#[test]
fn arguments_that_were_meant_otherwise() {
    let source = "package acme:it;
let lib = new acme:lib {};
let app = new acme:app { lib, ... };
";
    assert_eq!(
        said(source, PARTS),
        [
            "wac::unknown-argument `acme:app` has no import `lib` | 3:26 `lib` no such import (write `...lib`: what it exports is what `acme:app` imports as `acme:log/log@1.0.0`, `acme:kv/store` and `run`)",
        ]
    );
}

#[test]
fn values_that_do_not_fit() {
    let source = "package acme:it;
let lib = new acme:lib {};
let app = new acme:app { log: lib, store: lib.store, run: (new acme:lib {})[\"acme:log/log@1.2.0\"] };
let leaf = new acme:leaf { run: new acme:nothing {} };
";
    assert_eq!(
        said(source, PARTS),
        [
            "compose::argument-type `lib` cannot fill import `acme:log/log@1.0.0` of `app`: function `write` is missing | 3:26 `log: lib` given to `app` as `acme:log/log@1.0.0` | 2:11 `new acme:lib` `lib` is made here (did you mean `lib.log`?)",
            r#"compose::argument-type `(new acme:lib …).log` cannot fill import `run` of `app`: expected a function, found an interface | 3:54 `run: (new acme:lib {})["acme:log/log@1.2.0"]` given to `app` as `run` | 3:60 `new acme:lib` `acme:lib` is made here (build both against the same WIT, or give it something else; `tenon wit` prints what each has)"#,
            "compose::argument-type `nothing` cannot fill import `run` of `leaf`: expected a function, found an instance | 4:28 `run: new acme:nothing {}` given to `leaf` as `run` | 4:33 `new acme:nothing` `nothing` is made here (give it something else; `nothing` exports nothing)",
        ]
    );
}

#[test]
fn declarations_are_no_values() {
    let source = "package acme:it;
interface store { get: func(a: u32); }
type run = func();
let app = new acme:app { store, run, ... };
";
    assert_eq!(
        said(source, PARTS),
        [
            "compose::argument-type `store` is declared, not an instance that could fill import `acme:kv/store` of `app` | 4:26 `store` given to `app` as `acme:kv/store` | 2:11 `store` `store` is declared here (import it first: `import name: store;` gives an instance)",
            "compose::argument-type `run` is declared, not a function that could fill import `run` of `app` | 4:33 `run` given to `app` as `run` | 3:6 `run` `run` is declared here (import it first: `import name: run;` gives a function)",
        ]
    );
}

#[test]
fn values_that_need_themselves() {
    let source = "package acme:it;
let nothing = new acme:nothing {};
let app = new acme:app { ...nothing };
let a = new acme:leaf { run: a.run };
let b = new acme:leaf { run: (c.run) };
let c = new acme:leaf { ...b };
";
    assert_eq!(
        said(source, PARTS),
        [
            "wac::spread-no-effect spreading `nothing` has no effect | 3:26 `...nothing` it exports nothing that `acme:app` still needs (it exports nothing; `acme:app` still needs `acme:log/log@1.0.0`, `acme:kv/store` and `run`)",
            "wac::undefined-name nothing is called `a` here | 4:30 `a` not known here | 4:5 `a` it gets its value here (a value cannot be made of itself; give it something else)",
            "wac::undefined-name nothing is called `c` here | 5:31 `c` not known here | 6:5 `c` it gets its value here (the two need each other in a circle; give one of them something else)",
        ]
    );
}

#[test]
fn names_of_items() {
    let source = r#"package acme:it;
let lib = new acme:lib {};
let three = new acme:three {};
export lib.stor;
export lib.run;
export lib.run as RUN;
export lib.run as run;
export lib.run as "acme:x/y";
export three.lgo;
import a: func();
import b as A: func();
"#;
    let three = r#"(component (instance $i) (export "acme:a/log" (instance $i)) (export "acme:b/log" (instance $i)))"#;
    let parts = [PARTS, &[("acme:three", three)]].concat();
    assert_eq!(
        said(source, &parts),
        [
            "wac::unknown-export `lib` has no export `stor` | 4:11 `.stor` no such export (did you mean `store`?)",
            "wac::duplicate-export two things are exported as `RUN` | 6:19 `RUN` exported again | 5:8 `lib.run` exported here first (names must differ by more than case; give it another name: `export … as name;`)",
            "wac::duplicate-export two things are exported as `run` | 7:19 `run` exported again | 5:8 `lib.run` exported here first (give it another name: `export … as name;`)",
            r#"compose::bad-name `acme:x/y` cannot be the name of a function: only interfaces have names of this form | 8:19 `"acme:x/y"` no name for an export (use a plain name, such as `log` or `key-value`)"#,
            r#"wac::unknown-export `three` has no export `lgo` | 9:13 `.lgo` no such export (did you mean `["acme:a/log"]` or `["acme:b/log"]`?)"#,
            "wac::duplicate-import two statements import `A` | 11:13 `A` imported again | 10:8 `a` imported here first (names must differ by more than case; import it as something else: `import name as other: …;`)",
        ]
    );
}

/// A component that has the resource of an interface, and another interface that uses it.
const OWNER: &str = r#"(component
    (type $r (resource (rep i32)))
    (core module $m (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (func $f (param "x" (borrow $r)) (canon lift (core func $i "f")))
    (component $types (import "r" (type $r (sub resource))) (export "r" (type $r)))
    (instance $types (instantiate $types (with "r" (type $r))))
    (export $shown "w:p/types@1.0.0" (instance $types))
    (alias export $shown "r" (type $r2))
    (component $c (import "r" (type $r (sub resource)))
        (import "j" (func $f (param "x" (borrow $r))))
        (export $er "r" (type $r)) (export "j" (func $f) (func (param "x" (borrow $er)))))
    (instance $c (instantiate $c (with "r" (type $r2)) (with "j" (func $f))))
    (export "w:p/c@1.0.0" (instance $c)))"#;

/// A component that imports both.
const USER: &str = r#"(component
    (import "w:p/types@1.0.0" (instance $t (export "r" (type (sub resource)))))
    (alias export $t "r" (type $r))
    (import "w:p/c@1.0.0" (instance
        (export "r" (type $x (eq $r)))
        (export "j" (func (param "x" (borrow $x)))))))"#;

/// What is exported only for the sake of other exports is found in the statement that asks for those.
#[test]
fn exports_that_use_types_of_others() {
    let source = "package acme:it;
let a1 = new t:own {};
let a2 = new t:own {};
export a1.types;
export a2.c;
";
    let parts = [("t:own", OWNER)];
    assert_eq!(
        said(source, &parts),
        [
            "compose::name-taken the composition would have two exports called `w:p/types@1.0.0`: `w:p/types@1.0.0` of `a1` and `w:p/types@1.0.0` of `a2` | 5:8 `a2.c` exports `w:p/types@1.0.0` of `a2` too, since it uses its types | 4:8 `a1.types` exported here as `w:p/types@1.0.0` | 3:10 `new t:own` `a2` is made here | 2:10 `new t:own` `a1` is made here (give one of them another name, in a statement of its own: `export … as name;`)",
        ]
    );
    // As the help has it.
    let source = format!("{source}export a2.types as more;\n");
    assert!(meant(&source, &parts).is_ok());
}

#[test]
fn resources_of_imports_that_stay_open() {
    let source = "package acme:it;
let a1 = new t:own {};
let a = new t:user { types: a1.types, ... };
let b = new t:user { ... };
";
    let parts = [("t:own", OWNER), ("t:user", USER)];
    assert_eq!(
        said(source, &parts),
        [
            "compose::import-conflict `a` and `b` both import `w:p/c@1.0.0`, but they disagree on it: type `r`: the resource is another one | 3:22 `types: a1.types` the resource of `a` comes from here, as `w:p/types@1.0.0` | 4:22 `...` `b` imports `w:p/c@1.0.0` | 3:39 `...` `a` imports `w:p/c@1.0.0` (give `a` an argument for `w:p/c@1.0.0`, too, which speaks of the same resource, or none for `w:p/types@1.0.0`)",
        ]
    );
    // As the help has it.
    let given = source.replace("a1.types, ...", "a1.types, c: a1.c");
    let none = source.replace("types: a1.types, ", "");
    for source in [given, none] {
        assert!(meant(&source, &parts).is_ok(), "{source}");
    }
}

/// The document has no offsets.
#[test]
fn types_that_are_too_deep() {
    let mut source = "package acme:it;\nrecord r0 { a: u8 }\n".to_owned();
    for n in 1..120 {
        source.push_str(&format!("record r{n} {{ a: r{} }}\n", n - 1));
    }
    assert_eq!(
        said(&source, &[]),
        [
            "wac::undeclarable `acme:it` cannot be declared: it has more than 100 levels of types within types | 2:8 `r0` this one",
        ]
    );
}

/// Each export by itself speaks of a type that the component imports.
#[test]
fn many_exports() {
    let time = |count: usize| {
        let mut text = "(component ".to_owned();
        for n in 0..count {
            text.push_str(&format!(
                r#"(type $s{n} (record (field "a{n}" u32))) (import "t{n}" (type $t{n} (eq $s{n}))) "#
            ));
        }
        for n in 0..count {
            text.push_str(&format!(
                r#"(import "f{n}" (func $f{n} (param "x" $t{n}))) (export "e{n}" (func $f{n})) "#
            ));
        }
        text.push(')');
        let source = "package acme:it;\nlet a = new t:many { ... };\nexport a...;\n";
        let start = Instant::now();
        assert!(meant(source, &[("t:many", &text)]).is_ok());
        start.elapsed()
    };
    let (small, large) = (time(250), time(1_000));
    println!("250 exports: {small:?}, 1,000 exports: {large:?}");
    // Four times as much takes four times as long; sixteen times would be no proportion.
    assert!(large < small * 12, "{small:?} {large:?}");
}
