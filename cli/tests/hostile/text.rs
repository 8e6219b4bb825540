//! Text that is deep or long: WebAssembly text, and WIT.

use crate::place::{Place, example};

const DEEP: usize = 100_000;

fn refused(place: &Place, name: &str, text: &str) {
    let path = place.file(name, text.as_bytes());
    let wit = example("greeter/wit");
    for words in [
        &["validate", &path][..],
        &["inspect", &path],
        &["wit", &path],
        &["graph", &path],
        &["targets", &example("greeter/app.wat"), "--wit", &path],
        &["targets", &path, "--wit", &wit],
    ] {
        let said = place.run(words);
        assert!(
            matches!(said.code, Some(0..=2)),
            "{name} {words:?}: {:?} {:.400}",
            said.code,
            said.err
        );
        assert!(
            said.err.len() < 64 << 10,
            "{name} {words:?}: {}",
            said.err.len()
        );
        said.is_clean();
    }
}

#[test]
fn deep_text() {
    let place = Place::new();
    let nested = |open: &str, inner: &str, close: &str| {
        [&open.repeat(DEEP)[..], inner, &close.repeat(DEEP)].concat()
    };
    refused(&place, "open.wat", &"(".repeat(DEEP));
    refused(&place, "comment.wat", &"(;".repeat(DEEP));
    for (name, text) in [
        (
            "lists.wat",
            format!("(component (type {}))", nested("(list ", "u8", ")")),
        ),
        (
            "instances.wat",
            format!("(component {})", nested("(type (instance ", "", "))")),
        ),
        ("components.wat", nested("(component ", "", ")")),
        (
            "folded.wat",
            format!("(module (func {}))", nested("(drop ", "", ")")),
        ),
    ] {
        refused(&place, name, &text);
    }
    let wit = |ty: &str| {
        format!("package a:b;\ninterface i {{ type t = {ty}; }}\nworld w {{ import i; }}\n")
    };
    for (name, text) in [
        ("lists.wit", wit(&nested("list<", "u8", ">"))),
        ("open.wit", wit(&"option<".repeat(DEEP))),
        ("tuples.wit", wit(&nested("tuple<u8, ", "u8", ">"))),
        (
            "comments.wit",
            format!("package a:b;\n{}", "/*".repeat(DEEP)),
        ),
        (
            "worlds.wit",
            format!("package a:b;\n{}", "world w { ".repeat(DEEP)),
        ),
        (
            "packages.wit",
            format!("package a:b;\n{}", "package c:d { ".repeat(DEEP)),
        ),
    ] {
        refused(&place, name, &text);
    }
}

/// Blocks that nest deep are valid; only their text is a matter of its own.
#[test]
fn deep_code_as_text() {
    let place = Place::new();
    let blocks = format!(
        "(component (core module (func {} {})) (import \"f\" (func)))",
        "block ".repeat(10_000),
        "end ".repeat(10_000)
    );
    let socket = place.file("socket.wat", blocks.as_bytes());
    let plug = "(component (import \"g\" (func $g)) (export \"f\" (func $g)))";
    let plug = place.file("plug.wat", plug.as_bytes());
    let said = place.run(&["plug", &socket, "--plug", &plug, "--wat"]);
    assert!(
        matches!(said.code, Some(0 | 1)),
        "{:?} {:.400}",
        said.code,
        said.err
    );
    assert_eq!(place.run(&["validate", &socket]).code, Some(0));
}
