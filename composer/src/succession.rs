//! Whether one version of a component or a WIT package can take the place of another, and each thing
//! that is in the way.

use crate::component::{Arena, ComponentId};
use crate::targets::{Roles, compare};
use crate::types::{Data, Difference, Reason, Step};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ComponentTypeId,
};

/// What breaks for those who use `old` when it becomes `new`; nothing, if `new` can take its place.
///
/// - A component may come to import less and export more. What it imports or exports in both must have
///   types that fit, and an interface in another version on the same compatibility track is the same one.
/// - An interface of a WIT package may come to have more. A world must go on to fit every component that
///   was made for it: it may come to offer more imports and ask for fewer exports.
pub fn breaks(arena: &Arena<'_>, old: ComponentId, new: ComponentId) -> Vec<Difference> {
    let kind = |id| match arena.component(id).is_wit_package() {
        true => "WIT package",
        false => "component",
    };
    let (expected, found) = (kind(old), kind(new));
    let (before, after) = (arena.type_of(old), arena.type_of(new));
    match (expected, found) {
        ("component", "component") => {
            let roles = Roles {
                found: after,
                expected: before,
            };
            compare(arena.types(), roles, |this, f, e| this.world(f, e))
        }
        ("WIT package", "WIT package") => package(arena, before, after),
        _ => vec![Difference {
            path: vec![],
            reason: Reason::Kind { expected, found },
        }],
    }
}

/// What an item of a WIT package stands for.
enum Declared {
    Interface,
    World(ComponentTypeId),
}

fn package(arena: &Arena<'_>, old: &ComponentType, new: &ComponentType) -> Vec<Difference> {
    let types = arena.types();
    let mut differences = Vec::new();
    for (name, item) in &old.exports {
        let Some((before, declared)) = declaration(arena, item) else {
            continue;
        };
        let kind = match declared {
            Declared::Interface => "interface",
            Declared::World(_) => "world",
        };
        let after = new.exports.get(name);
        let Some((after, now)) = after.and_then(|item| declaration(arena, item)) else {
            let name = name.clone();
            let reason = Reason::Missing { kind, name };
            let path = vec![];
            differences.push(Difference { path, reason });
            continue;
        };
        let (step, found) = match (declared, now) {
            (Declared::Interface, Declared::Interface) => {
                let roles = Roles {
                    found: types.data(after),
                    expected: types.data(before),
                };
                let found = compare(types, roles, |this, f, e| this.interface(f, e));
                (Step::Interface(name.clone()), found)
            }
            // What was made for the old world is to fit the new one.
            (Declared::World(before), Declared::World(after)) => {
                let roles = Roles {
                    found: types.data(before),
                    expected: types.data(after),
                };
                let found = compare(types, roles, |this, f, e| this.world(f, e));
                (Step::World(name.clone()), found)
            }
            (_, now) => {
                let found = match now {
                    Declared::Interface => "interface",
                    Declared::World(_) => "world",
                };
                let expected = kind;
                let difference = Difference {
                    path: vec![],
                    reason: Reason::Kind { expected, found },
                };
                (Step::Item(name.clone()), vec![difference])
            }
        };
        differences.extend(found.into_iter().map(|mut difference| {
            difference.path.insert(0, step.clone());
            difference
        }));
    }
    differences
}

/// An interface or world of a WIT package: a component type that exports it under its full name.
fn declaration(arena: &Arena<'_>, item: &ComponentItem) -> Option<(ComponentTypeId, Declared)> {
    let ComponentEntityType::Type {
        referenced: ComponentAnyTypeId::Component(outer),
        ..
    } = item.ty
    else {
        return None;
    };
    let (_, inner) = arena.types().get(outer)?.exports.iter().next()?;
    Some(match inner.ty {
        ComponentEntityType::Instance(_) => (outer, Declared::Interface),
        ComponentEntityType::Component(id)
        | ComponentEntityType::Type {
            referenced: ComponentAnyTypeId::Component(id),
            ..
        } => (outer, Declared::World(id)),
        _ => return None,
    })
}
