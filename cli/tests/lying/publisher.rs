//! C25 and C26: a publisher's key in the wrong hands, and what such a publisher releases.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::support::*;
use std::fs;
use std::time::{Duration, Instant};
use wasm_encoder::{
    Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, ComponentValType,
    NestedComponentSection, PrimitiveValType,
};

#[test]
fn c25_what_a_compromised_key_released_is_void() {
    let place = used();
    place.ok(&["fetch", "acme:http@1.1.0"]);
    // The owner finds out later, and says from where on the key was another's.
    let from = {
        let mut world = place.server.world();
        let from = world.registry.size();
        world.publish("acme:http", "1.2.0", b"by the thief");
        world.publish("acme:other", "1.0.0", b"by the thief, too");
        from
    };
    place.ok(&["get", "acme:http@1.2.0", "-o", "out"]);
    place.ok(&["fetch", "acme:other@1.0.0"]);
    fs::remove_file(place.at("out")).unwrap();
    {
        let mut world = place.server.world();
        let (alice, owner) = (key("acme/alice"), key("acme/owner"));
        world.registry.revoke("acme", &alice, Some(from), &owner);
        world.registry.seal();
    }
    // What was before is as good as it was; what came after never was.
    place.ok(&GET);
    assert_eq!(place.read("out"), NEW);
    fs::remove_file(place.at("out")).unwrap();
    for words in [
        &["get", "acme:http@1.2.0", "-o", "out"][..],
        &["verify", "acme:http@1.2.0"],
        &["fetch", "acme:http@1.2.0"],
        &["get", "acme:other@1.0.0", "-o", "out"],
        // Without the network, though it is in the cache: the revocation was seen.
        &["get", "acme:http@1.2.0", "-o", "out", "--offline"],
        &["get", "acme:other@1.0.0", "-o", "out", "--offline"],
    ] {
        let said = Said::of(place.run(&[words, &["--json"]].concat()));
        assert_eq!(said.code, Some(1), "{words:?}: {}{}", said.out, said.err);
        assert_eq!(
            said.json()["error"]["code"],
            "verify::no-such-release",
            "{}",
            said.out
        );
        assert!(
            said.out
                .contains("by a key that was compromised, and is void"),
            "{}",
            said.out
        );
        assert_eq!(place.files(), [""; 0]);
    }
    let said = place.ok(&["get", "acme:http", "-o", "out", "--json"]);
    assert_eq!(said.json()["version"], "1.1.0");
    fs::remove_file(place.at("out")).unwrap();
    // A registry that takes releases of the key after that lies, whoever signed.
    let mut lying = place.server.world().registry.clone();
    lying.release("acme:http", "1.3.0", &key("acme/alice"));
    lying.seal();
    let raw = lying.clone();
    answer(&place, move |request, known| {
        raw.bundle_raw_for(request, known)
    });
    fs::remove_dir_all(place.at("cache/chains")).unwrap();
    all_refuse(&place, "verify::chain");
    believes_the_truth(&place);
}

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component with a section of this id, and this content.
fn section(id: u8, size: &[u8], content: &[u8]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", &[id][..], size, content].concat()
}

/// A function that takes the last of so many types, each made of the one before.
fn tower(depth: u32, floor: impl Fn(&mut ComponentTypeSection, ComponentValType)) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(PrimitiveValType::U8);
    for n in 0..depth {
        floor(&mut types, ComponentValType::Type(n));
    }
    let params = [("x", ComponentValType::Type(depth))];
    types.function().params(params).result(None);
    let mut imports = ComponentImportSection::new();
    imports.import("f", ComponentTypeRef::Func(depth + 1));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    component.finish()
}

/// Types of which each has two of the one before.
fn exponential(depth: u32) -> Vec<u8> {
    tower(depth, |types, below| {
        types.defined_type().tuple([below, below])
    })
}

/// Lists of lists of lists.
fn nested(depth: u32) -> Vec<u8> {
    tower(depth, |types, below| types.defined_type().list(below))
}

/// Components of which each has the one before.
fn boxed(depth: u32) -> Vec<u8> {
    (0..depth)
        .fold(Component::new(), |inner, _| {
            let mut outer = Component::new();
            outer.section(&NestedComponentSection(&inner));
            outer
        })
        .finish()
}

fn many_imports(count: u32) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types
        .function()
        .params([] as [(&str, ComponentValType); 0])
        .result(None);
    let mut imports = ComponentImportSection::new();
    for n in 0..count {
        imports.import(format!("a{n}"), ComponentTypeRef::Func(0));
    }
    let mut component = Component::new();
    component.section(&types).section(&imports);
    component.finish()
}

#[test]
fn c26_a_malicious_component_harms_no_tool() {
    let good = binary("(component (import \"f\" (func)) (export \"g\" (func 0)))");
    let evil: Vec<(&str, Vec<u8>)> = vec![
        ("no wasm", b"#!/bin/sh\nrm -rf /\n".to_vec()),
        ("truncated", good[..good.len() - 3].to_vec()),
        ("cut in its head", good[..6].to_vec()),
        (
            "a section of a gigabyte",
            section(7, &[0x80, 0x80, 0x80, 0x80, 0x04], &[0xff; 16]),
        ),
        (
            "a section that is longer than any",
            section(7, &[0xff, 0xff, 0xff, 0xff, 0x0f], &[0xff; 16]),
        ),
        (
            "2^32 types",
            section(7, &[0x05], &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ),
        ("components in components", boxed(5_000)),
        ("lists in lists", nested(90_000)),
        ("an exponential type", exponential(60)),
        ("100,000 imports", many_imports(99_000)),
        (
            "names that steer",
            binary(
                "(component (import \"f\" (func)) (@custom \"\\1b]8;;x\\07\\e2\\80\\ae\" \"\\1b[31m\"))",
            ),
        ),
    ];
    let place = Place::new();
    {
        let mut world = place.server.world();
        for (number, (_, bytes)) in evil.iter().enumerate() {
            world.publish(&format!("acme:p{number}"), "1.0.0", bytes);
        }
        world.publish("acme:good", "1.0.0", &good);
    }
    let place = &place;
    for (number, (what, _)) in evil.iter().enumerate() {
        let package = format!("acme:p{number}");
        for words in [
            &["inspect", &package][..],
            &["wit", &package],
            &["validate", &package],
            &["plug", "acme:good", "--plug", &package, "-o", "out"],
            &["plug", &package, "--plug", "acme:good", "-o", "out"],
        ] {
            let begun = Instant::now();
            let said = Said::of(bounded(place, words).output().unwrap());
            let what = format!("{what} {words:?} {:?}", begun.elapsed());
            assert!(
                matches!(said.code, Some(0 | 1)),
                "{what}: {:?} {}",
                said.code,
                said.err
            );
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            let _ = fs::remove_file(place.at("out"));
        }
        assert_eq!(place.files(), [""; 0]);
    }
    // What is refused is so for its height, and not for its form.
    for (name, bytes) in [("acme:low", exponential(3)), ("acme:lists", nested(3))] {
        place.server.world().publish(name, "1.0.0", &bytes);
        place.ok(&["validate", name]);
    }
    let last = format!("acme:p{}", evil.len() - 1);
    let said = Said::of(place.run(&["inspect", &last]));
    assert!(said.is_clean(), "{:?}", said.out);
}
