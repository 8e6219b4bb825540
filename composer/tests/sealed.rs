//! Components are typed as parts of the composition: none reaches out of itself, and none is blamed
//! for what there is too much of in all.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use tenon_composer::{Arena, Bodies, Source};
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
