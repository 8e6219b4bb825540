//! Components are typed as parts of the composition: none reaches out of itself, and none is blamed
//! for what there is too much of in all. A fault in one is not the end of the others.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use tenon_composer::{Arena, Bodies, Options, Request, Source, encode, plug};
use wasm_encoder::{Alias, Component, ComponentAliasSection, ComponentOuterAliasKind};

fn source<'i>(name: &str, input: &'i Vec<u8>) -> Source<'i> {
    Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    }
}

fn reaching_out(kind: ComponentOuterAliasKind, count: u32) -> Vec<u8> {
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::Outer {
        kind,
        count,
        index: 0,
    });
    let mut component = Component::new();
    component.section(&aliases);
    component.finish()
}

#[test]
fn an_alias_to_another_component_of_the_composition_is_refused() {
    let other = wat::parse_str(r#"(component (import "f" (func)))"#).unwrap();
    for kind in [
        ComponentOuterAliasKind::Component,
        ComponentOuterAliasKind::CoreModule,
        ComponentOuterAliasKind::Type,
        ComponentOuterAliasKind::CoreType,
    ] {
        for count in [1, 2, u32::MAX] {
            let mut arena = Arena::new();
            arena.read(source("other", &other)).unwrap();
            let thief = reaching_out(kind, count);
            let error = arena.read(source("thief", &thief)).unwrap_err();
            assert_eq!(
                error.code(),
                "compose::invalid",
                "{kind:?} {count}: {error}"
            );
        }
    }
}

#[test]
fn too_many_parts_are_nobodys_fault_alone() {
    let many = |name: &str| {
        let modules = "(core module)".repeat(600);
        wat::parse_str(format!("(component ${name} {modules})")).unwrap()
    };
    let (first, second) = (many("first"), many("second"));
    let mut arena = Arena::new();
    arena.read(source("first", &first)).unwrap();
    let error = arena.read(source("second", &second)).unwrap_err();
    assert_eq!(error.code(), "compose::limit", "{error}");
}

#[test]
fn an_arena_outlasts_what_it_could_not_read() {
    let app =
        wat::parse_str(r#"(component (import "f" (func $f)) (export "go" (func $f)))"#).unwrap();
    let f = wat::parse_str(
        r#"(component
            (core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func $f (canon lift (core func $i "f"))) (export "f" (func $f)))"#,
    )
    .unwrap();
    // Cut within the core module, within a section, and in the header of what is nested.
    let composed = |cuts: &[usize]| {
        let cut: Vec<Vec<u8>> = cuts.iter().map(|cut| f[..*cut].to_vec()).collect();
        let mut arena = Arena::new();
        let socket = arena.read(source("app", &app)).unwrap();
        for cut in &cut {
            arena.read(source("cut", cut)).unwrap_err();
        }
        let plugs = [arena.read(source("f", &f)).unwrap()];
        let plan = plug(&arena, &Request::new([socket], plugs)).unwrap();
        let composition = encode(arena, plan.graph, &Options::default()).unwrap();
        composition.to_bytes().unwrap()
    };
    let bytes = composed(&[]);
    for cut in [4, 9, 12, 20, f.len() - 3] {
        assert!(composed(&[cut, cut + 1]) == bytes, "{cut}");
    }
}

#[test]
fn what_is_public_can_go_to_another_thread() {
    fn can<T: Send + Sync>() {}
    can::<Arena<'_>>();
    can::<tenon_composer::Anatomy>();
    can::<tenon_composer::Composition<'_>>();
    can::<tenon_composer::Error>();
    can::<tenon_composer::Graph>();
}
