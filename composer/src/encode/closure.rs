//! Export closure: an interface whose types an exported interface uses is exported too.

use crate::component::{Arena, ComponentId};
use crate::graph::{Edge, Graph};
use crate::types::Data;
use std::collections::HashMap;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;

/// Adds to the exports of `graph` the interfaces that they use the types of, where another instance
/// of the graph provides them. Without them the types of an export would have no name outside.
pub(super) fn close_exports(arena: &Arena<'_>, graph: &mut Graph) {
    let mut owners: HashMap<ComponentId, HashMap<ComponentAnyTypeId, String>> = HashMap::new();
    let mut next = 0;
    while let Some(export) = graph.exports().get(next) {
        next += 1;
        let Edge { provider, export } = export.edge.clone();
        let instance = graph.instance(provider);
        let component = instance.component();
        let ty = arena.type_of(component);
        let Some(item) = ty.exports.get(&export) else {
            continue;
        };
        let owners = owners
            .entry(component)
            .or_insert_with(|| owners_of(arena, component));
        let mut used = Vec::new();
        collect_used(arena.types(), item, owners, &mut used);
        let edges: Vec<_> = used
            .iter()
            .filter_map(|import| instance.arguments().get(import).cloned())
            .collect();
        for edge in edges {
            graph.export_implied(edge);
        }
    }
}

/// The types that the imports of a component name, each with the import that does so.
fn owners_of(arena: &Arena<'_>, component: ComponentId) -> HashMap<ComponentAnyTypeId, String> {
    let types = arena.types();
    let mut owners = HashMap::new();
    for (import, item) in &arena.type_of(component).imports {
        for_each_type(types, item, &mut |_, created| {
            owners.entry(created).or_insert_with(|| import.clone());
        });
    }
    owners
}

/// The imports whose types `item` uses, in order, each once.
fn collect_used(
    types: TypesRef<'_>,
    item: &ComponentItem,
    owners: &HashMap<ComponentAnyTypeId, String>,
    used: &mut Vec<String>,
) {
    for_each_type(types, item, &mut |referenced, _| {
        let mut at = Some(referenced);
        while let Some(id) = at {
            if let Some(import) = owners.get(&id) {
                if !used.contains(import) {
                    used.push(import.clone());
                }
                return;
            }
            at = types.peel_alias(id);
        }
    });
}

fn for_each_type(
    types: TypesRef<'_>,
    item: &ComponentItem,
    each: &mut dyn FnMut(ComponentAnyTypeId, ComponentAnyTypeId),
) {
    match item.ty {
        ComponentEntityType::Type {
            referenced,
            created,
        } => each(referenced, created),
        ComponentEntityType::Instance(id) => {
            for item in types.data(id).exports.values() {
                for_each_type(types, item, each);
            }
        }
        _ => {}
    }
}
