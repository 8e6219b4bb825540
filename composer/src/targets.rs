//! Whether a component can run where a world is offered, and each thing that is in the way.

use crate::component::{Arena, ComponentId};
use crate::hash::HashMap;
use crate::name::{ItemPath, Track};
use crate::types::Data;
use crate::types::{Comparison, Difference, Items, items_owned};
use wasmparser::component_types::{
    ComponentEntityType, ComponentItem, ComponentType, ComponentTypeId,
};
use wasmparser::types::TypesRef;

/// A world of a WIT package that was read.
#[derive(Clone, Debug)]
pub struct World {
    /// Its name, with its package: `wasi:cli/command@0.2.0`.
    pub name: String,
    ty: ComponentTypeId,
}

impl World {
    /// The worlds of a WIT package in the binary format, as [`Arena::read_wit_package`] took it in.
    pub(crate) fn all(arena: &Arena<'_>, package: ComponentId) -> Vec<World> {
        let types = arena.types();
        let component = |item: &ComponentItem| match item.ty {
            ComponentEntityType::Type {
                referenced: wasmparser::component_types::ComponentAnyTypeId::Component(id),
                ..
            }
            | ComponentEntityType::Component(id) => Some(id),
            _ => None,
        };
        arena
            .type_of(package)
            .exports
            .values()
            .filter_map(|item| {
                // A world is a component type that exports one component, under its full name.
                let outer = component(item)?;
                let (name, inner) = types.get(outer)?.exports.iter().next()?;
                Some(World {
                    name: inner.full_name(name).into_owned(),
                    ty: component(inner)?,
                })
            })
            .collect()
    }

    /// The world's own name, without that of its package: `command`.
    pub fn short_name(&self) -> &str {
        let name = self.name.split_once('@').map_or(&*self.name, |(n, _)| n);
        name.split_once('/').map_or(name, |(_, world)| world)
    }
}

/// What keeps `component` from running in `world`; nothing, if it conforms.
///
/// It may import less than the world offers and export more than the world asks for. An interface in
/// another version on the same compatibility track counts as the same, as hosts have it.
///
/// # Panics
///
/// Panics if the component or the world comes from another arena.
pub fn targets(arena: &Arena<'_>, component: ComponentId, world: &World) -> Vec<Difference> {
    let roles = Roles {
        found: arena.type_of(component),
        expected: arena.types().data(world.ty),
    };
    compare(arena.types(), roles, None, |this, f, e| {
        this.world(f, e, |_| false)
    })
}

/// Which type takes the place of which.
pub(crate) struct Roles<'t> {
    pub(crate) found: &'t ComponentType,
    pub(crate) expected: &'t ComponentType,
}

/// Compares two component types in the way of `how`; resources are the same where names on one
/// track lead to them. Of the differences, at most `most` are given.
pub(crate) fn compare<'t>(
    types: TypesRef<'t>,
    Roles { found, expected }: Roles<'t>,
    most: Option<usize>,
    how: impl FnOnce(&mut Comparison<'_, '_>, &ComponentType, &ComponentType),
) -> Vec<Difference> {
    let all = [
        &found.imports,
        &found.exports,
        &expected.imports,
        &expected.exports,
    ];
    let paths = all.map(|items| items_owned(types, items));
    let path_of = |resource| paths.iter().find_map(|paths| paths.get(&resource));
    let mut same = |a, b| match (path_of(a), path_of(b)) {
        (Some(a), Some(b)) => same_path(a, b),
        _ => false,
    };
    let mut comparison = Comparison::new(types, &mut same);
    if let Some(most) = most {
        comparison = comparison.at_most(most);
    }
    how(&mut comparison, found, expected);
    comparison.take()
}

/// Items, to be found by their names, or by the interfaces and tracks that these say.
pub(crate) struct Index<'t> {
    items: &'t Items,
    by_track: HashMap<(String, Option<Track>), &'t ComponentItem>,
}

impl<'t> Index<'t> {
    pub(crate) fn of(items: &'t Items) -> Self {
        let mut by_track = HashMap::default();
        for (name, item) in items {
            if let Some(key) = Self::key(name, item) {
                by_track.entry(key).or_insert(item);
            }
        }
        Index { items, by_track }
    }

    /// What answers to the name of `item`: an item of the same name, or the same interface in a
    /// version on the same track.
    pub(crate) fn find(&self, name: &str, item: &ComponentItem) -> Option<&'t ComponentItem> {
        let same = self.items.get(name);
        same.or_else(|| self.by_track.get(&Self::key(name, item)?).copied())
    }

    /// What two names have in common that fit each other.
    pub(crate) fn key(name: &str, item: &ComponentItem) -> Option<(String, Option<Track>)> {
        let path = ItemPath::parse(name, item.version_suffix.as_deref())?;
        Some((path.base().to_owned(), path.track()))
    }
}

impl Comparison<'_, '_> {
    /// Compares as a component and its world are: see [`targets`]. An import that `is_optional` need
    /// not be offered.
    pub(crate) fn world(
        &mut self,
        found: &ComponentType,
        expected: &ComponentType,
        is_optional: impl Fn(&ComponentEntityType) -> bool,
    ) {
        let (offered, given) = (Index::of(&expected.imports), Index::of(&found.exports));
        self.component(
            found,
            expected,
            |name, item| offered.find(name, item).cloned(),
            |name, item| given.find(name, item).cloned(),
            is_optional,
        );
    }

    /// Compares the one interface that each of two component types exports, as WIT packages have it.
    pub(crate) fn interface(&mut self, found: &ComponentType, expected: &ComponentType) {
        let found = found.exports.values().next();
        if let Some((found, expected)) = found.zip(expected.exports.values().next()) {
            self.entity(&found.ty, &expected.ty);
        }
    }
}

/// Whether two paths of names lead to the same resource, versions on one track being the same.
fn same_path(a: &[String], b: &[String]) -> bool {
    let same = |a: &String, b: &String| {
        a == b
            || ItemPath::parse(a, None)
                .zip(ItemPath::parse(b, None))
                .is_some_and(|(a, b)| a.fits(&b).is_some())
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}
