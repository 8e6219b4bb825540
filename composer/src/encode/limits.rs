//! What no engine accepts, found out before anything is written.

use super::hoist::Hoist;
use super::open::OpenImports;
use crate::component::limits::{MAX_ARGUMENTS, MAX_PARTS, PARTS};
use crate::component::{Arena, ComponentId, Found};
use crate::error::{Error, ErrorKind};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::HashSet;
use std::collections::BTreeMap;
use wasmparser::component_types::ComponentEntityType;

/// How many instances a component may have: imported, made, taken out of others and exported.
const MAX_INSTANCES: u64 = 4096;
/// How many components a component may have, imported ones included.
const MAX_COMPONENTS: u64 = 1000;

/// Refuses a graph whose composition no engine would accept; `components` are those that it embeds.
///
/// # Errors
///
/// The error says how many there would be, and which components bring most of them.
pub(super) fn check(
    arena: &Arena<'_>,
    graph: &Graph,
    open: &OpenImports,
    components: &[ComponentId],
    hoist: &Hoist<'_>,
) -> Result<(), Error> {
    let name = |id: ComponentId| arena.component(id).name().to_owned();
    let parts: Vec<_> = components
        .iter()
        .zip(hoist.removed(components.len()))
        .map(|(id, removed)| (name(*id), arena.component(*id).parts().total() - removed))
        .collect();
    let besides = 1 + hoist.modules.len() as u64;
    refuse(PARTS, besides, MAX_PARTS, parts)?;
    let made = graph
        .instances()
        .filter(|(_, instance)| !instance.is_host());
    let arguments = made.map(|(_, instance)| {
        let component = instance.component();
        (arena.type_of(component).imports.len() as u64, component)
    });
    if let Some((count, component)) = arguments.max() {
        let most = vec![(name(component), count)];
        refuse("arguments of one instance", 0, MAX_ARGUMENTS, most)?;
    }
    let mut instances = BTreeMap::new();
    let mut embedded: BTreeMap<ComponentId, u64> = components.iter().map(|id| (*id, 1)).collect();
    count(arena, graph, open, &mut |id, entity| match entity {
        Counted::Instance => *instances.entry(id).or_default() += 1,
        Counted::Component => *embedded.entry(id).or_default() += 1,
    });
    let named = |counts: BTreeMap<ComponentId, u64>| -> Vec<_> {
        let counts = counts.into_iter();
        counts.map(|(id, count)| (name(id), count)).collect()
    };
    refuse("instances", 0, MAX_INSTANCES, named(instances))?;
    refuse("components", 0, MAX_COMPONENTS, named(embedded))
}

/// What takes a place in an index space that has a limit.
enum Counted {
    Instance,
    Component,
}

/// Counts what the composition has of each, for the sake of which component.
fn count<'c>(
    arena: &Arena<'_>,
    graph: &'c Graph,
    open: &'c OpenImports,
    add: &mut dyn FnMut(ComponentId, Counted),
) {
    let component_of = |id| graph.instance(id).component();
    let counted = |entity: &ComponentEntityType| match entity {
        ComponentEntityType::Instance(_) => Some(Counted::Instance),
        ComponentEntityType::Component(_) => Some(Counted::Component),
        _ => None,
    };
    for group in &open.groups {
        let Some((instance, import)) = group.members.first() else {
            continue;
        };
        let imports = &arena.type_of(component_of(*instance)).imports;
        if let Some(counted) = imports.get(*import).and_then(|item| counted(&item.ty)) {
            add(component_of(*instance), counted);
        }
    }
    // What is taken out of an instance is taken once.
    let mut taken: HashSet<(InstanceId, &[String])> = HashSet::default();
    let mut take = |edge: &'c Edge| {
        let component = component_of(edge.provider);
        // What the host gives is there.
        let first = 1 + usize::from(graph.instance(edge.provider).is_host());
        for len in first..=edge.path.len() {
            let path = edge.path.get(..len).unwrap_or_default();
            let item = arena.find(component, path).and_then(Found::item);
            if let Some(counted) = item.and_then(|item| counted(&item.ty))
                && taken.insert((edge.provider, path))
            {
                add(component, counted);
            }
        }
    };
    for (_, instance) in graph.instances() {
        instance.arguments().values().for_each(&mut take);
    }
    open.used_types().for_each(&mut take);
    graph.exports().iter().for_each(|export| take(&export.edge));
    for (_, instance) in graph.instances().filter(|(_, it)| !it.is_host()) {
        add(instance.component(), Counted::Instance);
    }
    for export in graph.exports() {
        match graph.find(arena, &export.edge) {
            Some(Found::Item(_, item)) => {
                if let Some(counted) = counted(&item.ty) {
                    add(component_of(export.edge.provider), counted);
                }
            }
            Some(Found::Instance(_)) => add(component_of(export.edge.provider), Counted::Instance),
            None => {}
        }
    }
}

fn refuse(
    what: &'static str,
    besides: u64,
    max: u64,
    by_component: Vec<(String, u64)>,
) -> Result<(), Error> {
    let count = besides + by_component.iter().map(|(_, count)| count).sum::<u64>();
    match count > max {
        true => Err(Error::new(ErrorKind::limit(what, count, max, by_component))),
        false => Ok(()),
    }
}
