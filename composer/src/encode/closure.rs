//! Export closure: what an export uses the types of is exported too.

use super::used::NamedTypes;
use super::walk::Walk;
use crate::component::{Arena, ComponentId, Found};
use crate::error::Error;
use crate::graph::{Edge, Export, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::types::Data;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ResourceId,
};
use wasmparser::types::TypesRef;

/// Adds to the exports of `graph` what they use the types of, where an instance of the graph provides
/// it, each after what it uses itself. Without this the types of an export would have no name outside.
///
/// # Errors
///
/// It is an error if something else is exported under the name of what must be exported.
pub(super) fn close_exports(arena: &Arena<'_>, graph: &mut Graph) -> Result<(), Error> {
    let (mut owners, mut named) = (HashMap::default(), HashMap::default());
    let asked = graph.exports().to_vec();
    let mut entered: HashSet<Edge> = asked.iter().map(|export| export.edge.clone()).collect();
    for export in asked {
        let uses = uses_of(arena, graph, &mut owners, &export.edge);
        for ty in function_types(arena, graph, &mut named, &export.edge).into_values() {
            // A type by itself may do without: there is another way to name it, or none.
            let _ = graph.export_implied(ty);
        }
        // The way from the export that was asked for, each item with what it still has to enter.
        let mut path = vec![(None, uses)];
        while let Some((_, uses)) = path.last_mut() {
            match uses.pop_first() {
                Some(next) if entered.insert(next.edge.clone()) => {
                    let uses = uses_of(arena, graph, &mut owners, &next.edge);
                    path.push((Some(next), uses));
                }
                Some(_) => {}
                None => {
                    if let Some((Some(used), _)) = path.pop() {
                        let added = graph.export_implied(Export {
                            name: used.name.clone(),
                            edge: used.edge.clone(),
                            implied: true,
                        });
                        added.map_err(|taken| graph.name_taken(&used.name, &taken, &used.edge))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The exports of `graph` in the order in which they can be written: each after those whose types it uses,
/// and otherwise what was added for the sake of others before what was asked for.
pub(super) fn written_order<'g>(arena: &Arena<'_>, graph: &'g Graph) -> Vec<&'g Export> {
    let (implied, asked): (Vec<_>, Vec<_>) =
        graph.exports().iter().partition(|export| export.implied);
    let exports: Vec<&Export> = implied.into_iter().chain(asked).collect();
    if exports.len() < 2 {
        return exports;
    }
    let mut places: HashMap<&Edge, usize> = HashMap::default();
    for (place, export) in exports.iter().enumerate() {
        places.entry(&export.edge).or_insert(place);
    }
    let (mut owners, mut named) = (HashMap::default(), HashMap::default());
    let mut uses = |export: &Export| -> Vec<usize> {
        let interfaces = uses_of(arena, graph, &mut owners, &export.edge);
        let types = function_types(arena, graph, &mut named, &export.edge);
        let interfaces = interfaces.iter().map(|used| &used.edge);
        let edges = interfaces.chain(types.values().map(|ty| &ty.edge));
        let mut places: Vec<_> = edges.filter_map(|edge| places.get(edge).copied()).collect();
        // The last is entered first.
        places.sort_unstable_by(|a, b| b.cmp(a));
        places
    };
    let mut entered = vec![false; exports.len()];
    let mut order = Vec::with_capacity(exports.len());
    for root in 0..exports.len() {
        let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut next = Some(root);
        loop {
            if let Some(place) = next.take()
                && let (Some(entered @ false), Some(export)) =
                    (entered.get_mut(place), exports.get(place))
            {
                *entered = true;
                path.push((place, uses(export)));
            }
            let Some((place, rest)) = path.last_mut() else {
                break;
            };
            match rest.pop() {
                Some(used) => next = Some(used),
                None => {
                    order.extend(exports.get(*place).copied());
                    path.pop();
                }
            }
        }
    }
    order
}

/// The first export of `graph` that is `item` of the instance called `instance`, or has it exported too.
pub(crate) fn exporter<'g>(
    arena: &Arena<'_>,
    graph: &'g Graph,
    instance: &str,
    item: &str,
) -> Option<&'g Export> {
    let is_it =
        |edge: &Edge| edge.item() == item && graph.instance(edge.provider).name() == instance;
    let mut owners = HashMap::default();
    let mut entered: HashSet<Edge> = HashSet::default();
    graph.exports().iter().find(|export| {
        let mut open = vec![export.edge.clone()];
        while let Some(edge) = open.pop() {
            if is_it(&edge) {
                return true;
            }
            let uses = uses_of(arena, graph, &mut owners, &edge).into_iter();
            open.extend(
                uses.map(|used| used.edge)
                    .filter(|edge| entered.insert(edge.clone())),
            );
        }
        false
    })
}

/// The types that a function, exported by itself, needs a name for: there is no interface around it
/// that would name them.
fn function_types(
    arena: &Arena<'_>,
    graph: &Graph,
    named: &mut HashMap<ComponentId, NamedTypes>,
    edge: &Edge,
) -> BTreeMap<String, Export> {
    let component = graph.instance(edge.provider).component();
    let mut types = BTreeMap::new();
    let item = graph.find(arena, edge).and_then(Found::item);
    let Some(function @ ComponentEntityType::Func(_)) = item.map(|item| &item.ty) else {
        return types;
    };
    let named = named
        .entry(component)
        .or_insert_with(|| NamedTypes::of(arena, component));
    let mut visit = |id| {
        let Some(place) = named.get(id) else {
            return false;
        };
        let name = place.within.last().unwrap_or(&place.import).clone();
        let used = named.used(arena, graph, edge.provider, place);
        if let Some(used) = used.filter(|used| !graph.instance(used.provider).is_host()) {
            types.entry(name.clone()).or_insert(Export {
                name,
                edge: used,
                implied: true,
            });
        }
        true
    };
    Walk::new(arena.types(), &mut HashSet::default(), &mut visit).entity(function);
    types
}

/// An item of the graph whose types another one uses, and what to export it as.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Used {
    edge: Edge,
    name: String,
}

/// The items of the graph whose types the item at `edge` uses.
fn uses_of(
    arena: &Arena<'_>,
    graph: &Graph,
    owners: &mut HashMap<ComponentId, Owners>,
    edge: &Edge,
) -> BTreeSet<Used> {
    let component = graph.instance(edge.provider).component();
    let owners = owners
        .entry(component)
        .or_insert_with(|| Owners::of(arena, component));
    let items: Vec<&ComponentItem> = match graph.find(arena, edge) {
        Some(Found::Item(_, item)) => vec![item],
        Some(Found::Instance(exports)) => exports.values().collect(),
        None => Vec::new(),
    };
    items
        .into_iter()
        .flat_map(|item| owners.used_by(arena.types(), item))
        .filter_map(|owner| owner.used(graph, edge.provider))
        // An instance as a whole has its own exports with it.
        .filter(|used| !edge.path.is_empty() || used.edge.provider != edge.provider)
        .collect()
}

/// Which import or export of a component gives each type its name.
struct Owners {
    types: HashMap<ComponentAnyTypeId, Owner>,
    resources: HashMap<ResourceId, Owner>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Import(String),
    Export(String),
}

impl Owner {
    /// The item of the graph that is meant, for an instance of the component.
    fn used(&self, graph: &Graph, instance: InstanceId) -> Option<Used> {
        let (edge, name) = match self {
            // What is left open is named by the import that the composition gets, as is what the host gives.
            Owner::Import(name) => {
                let edge = graph.instance(instance).arguments().get(name)?.clone();
                if graph.instance(edge.provider).is_host() {
                    return None;
                }
                let name = edge.path.last().unwrap_or(name).clone();
                (edge, name)
            }
            Owner::Export(name) => (Edge::from((instance, name.as_str())), name.clone()),
        };
        Some(Used { edge, name })
    }
}

impl Owners {
    fn of(arena: &Arena<'_>, component: ComponentId) -> Owners {
        let ty = arena.type_of(component);
        let mut owners = Owners {
            types: HashMap::default(),
            resources: HashMap::default(),
        };
        for (name, item) in &ty.imports {
            owners.add(arena.types(), item, &Owner::Import(name.clone()), true);
        }
        for (name, item) in &ty.exports {
            owners.add(arena.types(), item, &Owner::Export(name.clone()), true);
        }
        owners
    }

    fn add(
        &mut self,
        types: TypesRef<'_>,
        item: &ComponentItem,
        owner: &Owner,
        is_outermost: bool,
    ) {
        match item.ty {
            ComponentEntityType::Type {
                referenced,
                created,
            } => {
                // A world may use a type of an interface: it is the interface that gives the name.
                let owner = match is_outermost {
                    true => &self.find(types, referenced).unwrap_or(owner).clone(),
                    false => owner,
                };
                self.types.entry(created).or_insert_with(|| owner.clone());
                if let ComponentAnyTypeId::Resource(id) = created {
                    let resources = &mut self.resources;
                    resources
                        .entry(id.resource())
                        .or_insert_with(|| owner.clone());
                }
            }
            ComponentEntityType::Instance(id) => {
                for item in types.data(id).exports.values() {
                    self.add(types, item, owner, false);
                }
            }
            _ => {}
        }
    }

    fn find(&self, types: TypesRef<'_>, id: ComponentAnyTypeId) -> Option<&Owner> {
        let mut names = std::iter::successors(Some(id), |id| types.peel_alias(*id));
        names.find_map(|id| self.get(id))
    }

    fn get(&self, id: ComponentAnyTypeId) -> Option<&Owner> {
        self.types.get(&id).or_else(|| match id {
            ComponentAnyTypeId::Resource(id) => self.resources.get(&id.resource()),
            _ => None,
        })
    }

    /// The items that name the types `item` uses, itself perhaps among them.
    fn used_by(&self, types: TypesRef<'_>, item: &ComponentItem) -> BTreeSet<Owner> {
        let mut used = BTreeSet::new();
        let mut visit = |id| {
            let owner = self.get(id);
            used.extend(owner.cloned());
            owner.is_some()
        };
        Walk::new(types, &mut HashSet::default(), &mut visit).entity(&item.ty);
        used
    }
}
