//! Types that need a name outside, though the import that names them is filled.
//!
//! What stays imported is written with the types it uses. A record, a variant, an enum or flags within
//! it must have a name that the composition imports. Where an import that holds nothing but values types
//! is filled, it stays open all the same if what stays open needs its names: such types are what they
//! are, whoever provides them.

use super::used::NamedTypes;
use super::walk::{Walk, has_resource};
use crate::component::{Arena, ComponentId};
use crate::error::Error;
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::types::Data;
use std::collections::BTreeSet;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentItem,
};
use wasmparser::types::TypesRef;

/// Leaves open what must be, and says which imports of which instances these are.
pub(crate) fn release_types(arena: &Arena<'_>, graph: &mut Graph) -> Vec<(InstanceId, String)> {
    let mut named: HashMap<ComponentId, NamedTypes> = HashMap::default();
    let mut released = Vec::new();
    let ids: Vec<InstanceId> = graph.instances().map(|(id, _)| id).collect();
    for id in ids {
        let instance = graph.instance(id);
        if instance.is_filled(arena) {
            continue;
        }
        let imports = &arena.type_of(instance.component()).imports;
        let mut filled: BTreeSet<String> = instance
            .arguments()
            .keys()
            .filter(|import| {
                let item = imports.get(*import);
                item.is_some_and(|item| has_only_values(arena.types(), item))
            })
            .cloned()
            .collect();
        if filled.is_empty() {
            continue;
        }
        let named = named
            .entry(instance.component())
            .or_insert_with(|| NamedTypes::of(arena, instance.component()));
        let is_open = |import: &&String| !instance.arguments().contains_key(*import);
        let mut open: Vec<String> = imports.keys().filter(is_open).cloned().collect();
        while let Some(import) = open.pop() {
            let Some(item) = imports.get(&import) else {
                continue;
            };
            for needed in names_needed(arena.types(), named, item) {
                if filled.remove(&needed) {
                    graph.disconnect(id, &needed);
                    released.push((id, needed.clone()));
                    open.push(needed);
                }
            }
        }
    }
    released
}

/// Imports the types of interfaces that instances of the graph fill, where what stays open needs their names. Types that speak
/// of resources are left out: those belong to who fills the interface.
///
/// # Errors
///
/// A type that cannot be imported is an error.
pub(crate) fn import_types(arena: &mut Arena<'_>, graph: &mut Graph) -> Result<(), Error> {
    let mut named: HashMap<ComponentId, NamedTypes> = HashMap::default();
    let mut hosts: HashMap<(ComponentId, String), Edge> = HashMap::default();
    let ids: Vec<InstanceId> = graph.instances().map(|(id, _)| id).collect();
    for id in ids {
        let instance = graph.instance(id);
        let component = instance.component();
        let mut edges = instance.arguments().values();
        if instance.is_filled(arena) || edges.all(|edge| graph.has_names(edge)) {
            continue;
        }
        let named = named
            .entry(component)
            .or_insert_with(|| NamedTypes::of(arena, component));
        let imports = arena.type_of(component).imports.iter();
        let open = imports.filter(|(import, _)| !instance.arguments().contains_key(*import));
        let needed: BTreeSet<String> = open
            .flat_map(|(_, item)| names_needed(arena.types(), named, item))
            .filter(|import| {
                let edge = instance.arguments().get(import);
                edge.is_some_and(|edge| !graph.has_names(edge))
            })
            .collect();
        for import in needed {
            let key = (component, import.clone());
            let edge = match hosts.get(&key) {
                Some(edge) => edge.clone(),
                None => {
                    let Some(declared) = arena.values_of(component, &import)? else {
                        continue;
                    };
                    let host = graph.add_host(&import, declared);
                    Edge::from((host, import.as_str()))
                }
            };
            hosts.insert(key, edge.clone());
            graph.name_types((id, &import), edge);
        }
    }
    Ok(())
}

/// Whether an import is an interface that has types only, and no resource in them.
fn has_only_values(types: TypesRef<'_>, item: &ComponentItem) -> bool {
    let ComponentEntityType::Instance(id) = item.ty else {
        return false;
    };
    let mut exports = types.data(id).exports.values();
    !has_resource(types, &item.ty)
        && exports.all(|item| matches!(item.ty, ComponentEntityType::Type { .. }))
}

/// The imports that name types which `item` is made of.
fn names_needed(types: TypesRef<'_>, named: &NamedTypes, item: &ComponentItem) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    let mut own = HashSet::default();
    let mut seen = HashSet::default();
    let mut visit_item = |item: &ComponentItem, own: &HashSet<ComponentAnyTypeId>| {
        let mut visit = |id| {
            if own.contains(&id) {
                return true;
            }
            let place = named.get(id);
            if is_nominal(types, id) {
                needed.extend(place.map(|place| place.import.clone()));
            }
            place.is_some()
        };
        let mut walk = Walk::new(types, &mut seen, &mut visit);
        match item.ty {
            // The type itself gets its name here; what it consists of has to have one.
            ComponentEntityType::Type { referenced, .. } => walk.contents(referenced),
            ty => walk.entity(&ty),
        }
    };
    match item.ty {
        ComponentEntityType::Instance(id) => {
            for item in types.data(id).exports.values() {
                visit_item(item, &own);
                if let ComponentEntityType::Type { created, .. } = item.ty {
                    own.insert(created);
                }
            }
        }
        _ => visit_item(item, &own),
    }
    needed
}

/// Whether a type is told from others by its name.
fn is_nominal(types: TypesRef<'_>, id: ComponentAnyTypeId) -> bool {
    use ComponentDefinedType as D;
    match id {
        ComponentAnyTypeId::Defined(id) => matches!(
            types.data(id),
            D::Record(_) | D::Variant(_) | D::Flags(_) | D::Enum(_)
        ),
        _ => false,
    }
}
