//! What breaks when one version of a component or a WIT package takes the place of another.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "cases/component.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod component;

use component::Names;
use tenon_composer::{Arena, Bodies, Source, breaks};
use wit_parser::Resolve;

/// What breaks between two binaries, a line each.
fn between(old: &[u8], new: &[u8]) -> Vec<String> {
    let mut arena = Arena::new();
    let mut read = |name: &str, input| {
        let source = Source {
            name: name.to_owned(),
            input,
            digest: None,
            bodies: Bodies::Skip,
        };
        arena.read_release(source).unwrap()
    };
    let (old, new) = (old.to_vec(), new.to_vec());
    let ids = (read("old", &old), read("new", &new));
    let differences = breaks(&arena, ids.0, ids.1);
    differences.iter().map(ToString::to_string).collect()
}

fn component(wit: &str) -> Vec<u8> {
    component::from_wit(wit, Names::Full)
}

fn package(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::new();
    let id = resolve.push_str("test.wit", wit).unwrap();
    wit_component::encode(&resolve, id, false).unwrap()
}

const COMPONENT: &str = "package acme:app@1.2.0;
    interface store { resource item { get: func() -> u32; } open: func() -> item; }
    interface log { say: func(text: string); }
    world app { import log; export store; }";

#[test]
fn a_component_may_come_to_ask_for_less_and_to_give_more() {
    let old = component(COMPONENT);
    assert_eq!(between(&old, &old), [""; 0]);
    for (change, with) in [
        ("import log;", ""),
        ("open:", "close: func(i: item); open:"),
        ("get:", "set: func(n: u32); get:"),
        // The interfaces in a later version on the same track are the same.
        ("acme:app@1.2.0", "acme:app@1.3.0"),
    ] {
        let new = component(&COMPONENT.replace(change, with));
        assert_eq!(between(&old, &new), [""; 0], "{with}");
        if !with.starts_with("acme") {
            assert_ne!(between(&new, &old), [""; 0], "{with}: the other way round");
        }
    }
}

#[test]
fn what_goes_or_changes_breaks() {
    let old = component(COMPONENT);
    for (change, with, expected) in [
        (
            "export store;",
            "",
            "interface `acme:app/store@1.2.0` is missing",
        ),
        (
            "import log;",
            "import log; import more: func();",
            "import `more`: the world does not offer it",
        ),
        (
            "say: func(text: string)",
            "say: func(text: u32)",
            "import `acme:app/log@1.2.0`: function `say`: parameter `text`: expected `u32`, found `string`",
        ),
        (
            "say:",
            "shout: func(); say:",
            "import `acme:app/log@1.2.0`: function `shout` is missing",
        ),
        (
            "-> item",
            "-> own<item2>; resource item2",
            "export `acme:app/store@1.2.0`: function `open`: result: expected `own<item>`, found `own<item2>`",
        ),
        (
            "acme:app@1.2.0",
            "acme:app@2.0.0",
            "import `acme:app/log@2.0.0`: the world does not offer it",
        ),
    ] {
        let new = component(&COMPONENT.replace(change, with));
        let found = between(&old, &new);
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

#[test]
fn a_component_and_a_wit_package_are_different_things() {
    let (app, kit) = (component(COMPONENT), package(COMPONENT));
    assert_eq!(
        between(&app, &kit),
        ["expected a component, found a WIT package"]
    );
    assert_eq!(
        between(&kit, &app),
        ["expected a WIT package, found a component"]
    );
}

#[test]
fn a_wit_package_keeps_what_was_made_for_it_working() {
    let old = package(COMPONENT);
    assert_eq!(between(&old, &old), [""; 0]);
    for (change, with) in [
        ("import log;", "import log; import more: func();"),
        ("export store;", ""),
        ("say:", "shout: func(); say:"),
        ("acme:app@1.2.0", "acme:app@1.3.0"),
        ("world app", "interface new { f: func(); } world app"),
    ] {
        let new = package(&COMPONENT.replace(change, with));
        assert_eq!(between(&old, &new), [""; 0], "{with}");
    }
    for (change, with, expected) in [
        (
            "import log;",
            "",
            "world `app`: import `acme:app/log@1.2.0`: the world does not offer it",
        ),
        (
            "export store;",
            "export store; export run: func();",
            "world `app`: function `run` is missing",
        ),
        // Whoever exports the interface has less of it than the world asks for now.
        (
            "open:",
            "close: func(i: item); open:",
            "world `app`: export `acme:app/store@1.2.0`: function `close` is missing",
        ),
        (
            "-> u32",
            "-> u64",
            "interface `store`: function `[method]item.get`: result: expected `u32`, found `u64`",
        ),
        ("world app", "world apps", "world `app` is missing"),
    ] {
        let new = package(&COMPONENT.replace(change, with));
        let found = between(&old, &new);
        assert!(
            found.iter().any(|line| line == expected),
            "{expected}: {found:?}"
        );
    }
}
