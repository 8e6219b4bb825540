//! Types that a component knows by an import: of an interface, or imported by themselves.
//!
//! A world that says `use ns:pkg/iface.{name}` imports the type beside the interface, equal to it.
//! Whoever fills the interface fills the type too.

pub(crate) use super::closure::exporter;

use super::walk::Walk;
use crate::component::{Arena, ComponentId};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::types::Data;
use std::cell::RefCell;
use std::collections::BTreeSet;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ResourceId};
use wasmparser::types::TypesRef;

/// The types that the imports of a component name.
pub(crate) struct NamedTypes {
    pub(super) places: HashMap<ComponentAnyTypeId, Place>,
    resources: HashMap<ResourceId, Place>,
    /// For the imports that are types, where an interface that is imported too names them.
    interfaces: HashMap<ComponentAnyTypeId, Option<Place>>,
}

/// Where the imports of a component name a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The import.
    pub(super) import: String,
    /// The names that lead to the type within it; none if the import is the type.
    pub(super) within: Vec<String>,
}

impl NamedTypes {
    pub(crate) fn of(arena: &Arena<'_>, component: ComponentId) -> NamedTypes {
        let mut named = NamedTypes {
            places: HashMap::default(),
            resources: HashMap::default(),
            interfaces: HashMap::default(),
        };
        for (import, item) in &arena.type_of(component).imports {
            let mut place = Place {
                import: import.clone(),
                within: Vec::new(),
            };
            named.add(arena.types(), &item.ty, &mut place);
            if let ComponentEntityType::Type {
                referenced,
                created,
            } = item.ty
            {
                let interface = named.interface_with(arena.types(), referenced).cloned();
                named.interfaces.insert(created, interface);
            }
        }
        named
    }

    /// The place within an interface that has the type, under one of the names it goes by. Imports may
    /// name each other in long chains: each goes on from what was found for the one before.
    fn interface_with(&self, types: TypesRef<'_>, id: ComponentAnyTypeId) -> Option<&Place> {
        let mut names = std::iter::successors(Some(id), |id| types.peel_alias(*id));
        names.find_map(|id| match self.interfaces.get(&id) {
            Some(known) => Some(known.as_ref()),
            None => {
                let place = self.places.get(&id)?;
                (!place.within.is_empty()).then_some(Some(place))
            }
        })?
    }

    /// Whether an import is a type that an interface which is imported too names.
    pub(crate) fn is_of_interface(&self, import: &ComponentEntityType) -> bool {
        let ComponentEntityType::Type { created, .. } = import else {
            return false;
        };
        self.interfaces.get(created).is_some_and(Option::is_some)
    }

    fn add(&mut self, types: TypesRef<'_>, entity: &ComponentEntityType, place: &mut Place) {
        match entity {
            ComponentEntityType::Type { created, .. } => {
                self.places.insert(*created, place.clone());
                if let ComponentAnyTypeId::Resource(id) = created {
                    let resources = &mut self.resources;
                    resources
                        .entry(id.resource())
                        .or_insert_with(|| place.clone());
                }
            }
            ComponentEntityType::Instance(id) => {
                for (name, item) in &types.data(*id).exports {
                    place.within.push(name.clone());
                    self.add(types, &item.ty, place);
                    place.within.pop();
                }
            }
            _ => {}
        }
    }

    /// Where a type is named, under this one of the names it goes by.
    pub(super) fn get(&self, id: ComponentAnyTypeId) -> Option<&Place> {
        self.places.get(&id).or_else(|| match id {
            ComponentAnyTypeId::Resource(id) => self.resources.get(&id.resource()),
            _ => None,
        })
    }

    /// The imports by which the component knows the resources that `entity`, one of its imports, speaks of.
    pub(crate) fn owners_of_resources(
        &self,
        arena: &Arena<'_>,
        entity: &ComponentEntityType,
    ) -> BTreeSet<String> {
        let mut owners = BTreeSet::new();
        let mut visit = |id| {
            if let ComponentAnyTypeId::Resource(id) = id
                && let Some(place) = self.resources.get(&id.resource())
            {
                owners.insert(place.import.clone());
            }
            false
        };
        Walk::of_contents(arena.types(), &mut HashSet::default(), &mut visit).entity(entity);
        owners
    }

    /// What `import`, a type, is of the interfaces that are imported too; nothing if it is a type of
    /// its own, or speaks of no resource: it is then what it is, whoever provides it, and as an import
    /// it can be written in WIT.
    fn interface_of(&self, arena: &Arena<'_>, import: &ComponentEntityType) -> Option<&Place> {
        let ComponentEntityType::Type { created, .. } = import else {
            return None;
        };
        let interface = self.interfaces.get(created)?.as_ref()?;
        let mut has_resource = false;
        let mut visit = |id| {
            has_resource |= matches!(id, ComponentAnyTypeId::Resource(_));
            false
        };
        Walk::of_contents(arena.types(), &mut HashSet::default(), &mut visit).entity(import);
        has_resource.then_some(interface)
    }

    /// What fills the type at `place` for an instance of the component; nothing if it stays open.
    pub(super) fn used(
        &self,
        arena: &Arena<'_>,
        graph: &Graph,
        instance: InstanceId,
        place: &Place,
    ) -> Option<Edge> {
        let instance = graph.instance(instance);
        if let Some(edge) = instance.arguments().get(&place.import) {
            return Some(edge.clone().within(&place.within));
        }
        let imports = &arena.type_of(instance.component()).imports;
        let interface = self.interface_of(arena, &imports.get(&place.import)?.ty)?;
        let edge = instance.arguments().get(&interface.import)?.clone();
        Some(edge.within(&interface.within))
    }
}

/// The types that instances know by imports which are filled, where the host names them.
pub(super) struct HostNames<'h, 'i> {
    arena: &'h Arena<'i>,
    graph: &'h Graph,
    has_hosts: bool,
    named: RefCell<HashMap<ComponentId, NamedTypes>>,
}

impl<'h, 'i> HostNames<'h, 'i> {
    pub(super) fn of(arena: &'h Arena<'i>, graph: &'h Graph) -> Self {
        HostNames {
            arena,
            graph,
            has_hosts: graph.instances().any(|(_, instance)| instance.is_host()),
            named: RefCell::default(),
        }
    }

    /// What a type, which `instance` knows under one of the names it goes by, is in the component of a host instance.
    pub(super) fn get(
        &self,
        mut instance: InstanceId,
        mut id: ComponentAnyTypeId,
    ) -> Option<ComponentAnyTypeId> {
        if !self.has_hosts {
            return None;
        }
        let types = self.arena.types();
        // The graph has no circles, so this ends.
        loop {
            let wired = self.graph.instance(instance);
            let component = wired.component();
            let mut named = self.named.borrow_mut();
            let named = named
                .entry(component)
                .or_insert_with(|| NamedTypes::of(self.arena, component));
            let mut names = std::iter::successors(Some(id), |id| types.peel_alias(*id));
            let place = names.find_map(|id| named.get(id))?;
            let edge = match wired.type_names(&place.import) {
                Some(edge) => edge.clone().within(&place.within),
                None => named.used(self.arena, self.graph, instance, place)?,
            };
            let ComponentEntityType::Type { created, .. } =
                self.graph.find(self.arena, &edge)?.item()?.ty
            else {
                return None;
            };
            if self.graph.instance(edge.provider).is_host() {
                let is_resource = matches!(created, ComponentAnyTypeId::Resource(_));
                return (is_resource || self.graph.has_names(&edge)).then_some(created);
            }
            (instance, id) = (edge.provider, created);
        }
    }
}

/// What fills imports that are types, for each instance by the name of the import.
pub(crate) type UsedTypes<'a> = HashMap<InstanceId, HashMap<&'a str, Edge>>;

/// The imports that are types of interfaces which the graph fills, and fills with them.
pub(crate) fn used_types<'a>(arena: &'a Arena<'_>, graph: &Graph) -> UsedTypes<'a> {
    let mut named: HashMap<ComponentId, NamedTypes> = HashMap::default();
    let mut used = UsedTypes::default();
    for (id, instance) in graph.instances() {
        let component = instance.component();
        for (import, item) in &arena.type_of(component).imports {
            let is_type = matches!(item.ty, ComponentEntityType::Type { .. });
            if !is_type || instance.arguments().contains_key(import) {
                continue;
            }
            let named = named
                .entry(component)
                .or_insert_with(|| NamedTypes::of(arena, component));
            let place = Place {
                import: import.clone(),
                within: Vec::new(),
            };
            if let Some(found) = named.used(arena, graph, id, &place) {
                used.entry(id).or_default().insert(import, found);
            }
        }
    }
    used
}
