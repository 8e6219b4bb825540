//! The WIT packages that a component or a WIT package mentions.

use crate::component::{Arena, ComponentId};
use crate::name::ItemPath;
use crate::types::{Data, Items};
use std::collections::BTreeSet;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentTypeId,
};

/// A WIT package that is mentioned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    /// Its name: `wasi:http`.
    pub package: String,
    /// The version it is mentioned with: a whole one, or only a track, such as `0.2`.
    pub version: Option<String>,
}

/// The WIT packages that the imports and exports of a component are of; of a WIT package in the binary
/// format, those other than itself that its interfaces and worlds use. Ordered, each once.
///
/// Nothing is read for this: it is in the types that are known already.
///
/// # Panics
///
/// Panics if `id` comes from another arena.
pub fn mentions(arena: &Arena<'_>, id: ComponentId) -> BTreeSet<Mention> {
    let ty = arena.type_of(id);
    let mut found = BTreeSet::new();
    if !arena.component(id).is_wit_package() {
        found.extend(of_items(&ty.imports));
        found.extend(of_items(&ty.exports));
        return found;
    }
    // Each interface or world is the export of a component type, which imports what it uses.
    let mut own = BTreeSet::new();
    for declared in ty.exports.values().filter_map(component) {
        let declared = arena.types().data(declared);
        found.extend(of_items(&declared.imports));
        own.extend(of_items(&declared.exports));
        for world in declared.exports.values().filter_map(component) {
            let world = arena.types().data(world);
            found.extend(of_items(&world.imports));
            found.extend(of_items(&world.exports));
        }
    }
    found.retain(|mention| !own.contains(mention));
    found
}

fn of_items(items: &Items) -> impl Iterator<Item = Mention> {
    items.iter().filter_map(|(name, item)| {
        let name = item.implements.as_deref().unwrap_or(name);
        let path = ItemPath::parse(name, item.version_suffix.as_deref())?;
        let track = || path.track().map(|track| track.to_string());
        Some(Mention {
            package: path.package().to_owned(),
            version: path.version().map(ToString::to_string).or_else(track),
        })
    })
}

/// The component type that an item is, or is the type of.
fn component(item: &ComponentItem) -> Option<ComponentTypeId> {
    match item.ty {
        ComponentEntityType::Type {
            referenced: ComponentAnyTypeId::Component(id),
            ..
        }
        | ComponentEntityType::Component(id) => Some(id),
        _ => None,
    }
}
