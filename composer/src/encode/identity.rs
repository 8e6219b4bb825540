//! Which resource is which: the identity of every resource of every instance of a graph.
//!
//! A resource is (instance, resource), never a name and never a component: each instance of a
//! component defines its own, and an instance knows the resources of what fills its imports.

use super::open::{GroupId, OpenImports};
use crate::component::{Arena, Found};
use crate::error::{Error, ErrorKind, Provider, ResourceClash};
use crate::graph::{Graph, Instance, InstanceId};
use crate::hash::HashMap;
use crate::name::Versions;
use crate::types::Data;
use crate::types::{Comparison, Reason};
use std::cell::Cell;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ResourceId,
};

/// Where a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// An instance defines it; the id is that of its component's type.
    Instance(InstanceId, ResourceId),
    /// The host provides it, through an open import: the names lead to it within the import.
    Host(GroupId, Vec<String>),
}

/// The resources that each instance knows.
#[derive(Clone)]
pub(super) struct Identities {
    known: HashMap<(InstanceId, ResourceId), Origin>,
}

impl Identities {
    /// Without any resources.
    pub(super) fn none() -> Identities {
        Identities {
            known: HashMap::default(),
        }
    }

    /// Follows every resource to its origin; `order` puts providers before consumers.
    pub(super) fn of(
        arena: &Arena<'_>,
        graph: &Graph,
        open: &OpenImports<'_>,
        order: &[InstanceId],
    ) -> Identities {
        let mut identities = Identities::none();
        for &id in order {
            let ty = arena.type_of(graph.instance(id).component());
            for (resource, _) in &ty.defined_resources {
                identities
                    .known
                    .insert((id, *resource), Origin::Instance(id, *resource));
            }
            for (resource, path) in &ty.imported_resources {
                if let Some(origin) = identities.imported(arena, graph, open, id, path) {
                    identities.known.insert((id, *resource), origin);
                }
            }
        }
        identities
    }

    /// The origin of the resource that `path`, indices into imports and exports, leads to.
    fn imported(
        &self,
        arena: &Arena<'_>,
        graph: &Graph,
        open: &OpenImports<'_>,
        id: InstanceId,
        path: &[usize],
    ) -> Option<Origin> {
        let types = arena.types();
        let instance = graph.instance(id);
        let (first, rest) = path.split_first()?;
        let (import, item) = arena
            .type_of(instance.component())
            .imports
            .get_index(*first)?;
        let mut names = Vec::new();
        let mut at = item.ty;
        for index in rest {
            let ComponentEntityType::Instance(exports) = at else {
                return None;
            };
            let (name, item) = types.data(exports).exports.get_index(*index)?;
            names.push(name.clone());
            at = item.ty;
        }
        let Some(edge) = instance.arguments().get(import) else {
            return Some(Origin::Host(open.group_of(id, *first)?, names));
        };
        match graph.find(arena, &edge.clone().within(&names))?.item()?.ty {
            ComponentEntityType::Type {
                created: ComponentAnyTypeId::Resource(resource),
                ..
            } => self.origin(edge.provider, resource.resource()).cloned(),
            _ => None,
        }
    }

    /// Where `resource`, as `instance` knows it, comes from.
    pub(super) fn origin(&self, instance: InstanceId, resource: ResourceId) -> Option<&Origin> {
        self.known.get(&(instance, resource))
    }

    /// For each instance the first one of the same component that knows the same resources.
    pub(super) fn alike(
        &self,
        arena: &Arena<'_>,
        graph: &Graph,
    ) -> HashMap<InstanceId, InstanceId> {
        let mut firsts = HashMap::default();
        let first_alike = |(id, instance): (InstanceId, &Instance)| {
            let component = instance.component();
            let resources = arena.type_of(component).imported_resources.iter();
            let origins: Vec<_> = resources
                .map(|(resource, _)| self.origin(id, *resource))
                .collect();
            (id, *firsts.entry((component, origins)).or_insert(id))
        };
        graph.instances().map(first_alike).collect()
    }

    /// Checks that what fills each import speaks of the resources that the consumer expects: an error for each that does
    /// not fit, with the import that brought in the resource.
    pub(super) fn check_edges(&self, arena: &Arena<'_>, graph: &Graph) -> Vec<Error> {
        let mut errors = Vec::new();
        for (id, instance) in graph.instances() {
            let imports = &arena.type_of(instance.component()).imports;
            for (import, edge) in instance.arguments() {
                let (Some(wanted), Some(given)) = (imports.get(import), graph.find(arena, edge))
                else {
                    continue;
                };
                let clash = Cell::new(None);
                let mut same = |found, expected| {
                    let is_same = self.origin(edge.provider, found).is_some()
                        && self.origin(edge.provider, found) == self.origin(id, expected);
                    if !is_same {
                        clash.set(Some((found, expected)));
                    }
                    is_same
                };
                let mut comparison = Comparison::new(arena.types(), &mut same);
                match given {
                    Found::Instance(exports) => comparison.whole(exports, &wanted.ty),
                    Found::Item(_, item) => comparison.entity(&item.ty, &wanted.ty),
                }
                let differences = comparison.take();
                let Some(difference) = differences.first() else {
                    continue;
                };
                errors.push(match (&difference.reason, clash.get()) {
                    (Reason::Resource, Some((found, expected))) => {
                        let owner = match self.origin(edge.provider, found) {
                            Some(Origin::Instance(owner, _)) => {
                                Provider::Component(graph.instance(*owner).name().to_owned())
                            }
                            _ => Provider::Host,
                        };
                        self.clash(arena, graph, (id, import), expected, owner)
                    }
                    _ => Error::new(ErrorKind::ArgumentType {
                        consumer: instance.name().to_owned(),
                        import: wanted.full_name(import).into_owned(),
                        provider: graph.instance(edge.provider).name().to_owned(),
                        export: edge.item(),
                        differences,
                    }),
                });
            }
        }
        errors
    }

    /// The error for an import that speaks of another resource, that of `owner`, than `expected`.
    pub(super) fn clash(
        &self,
        arena: &Arena<'_>,
        graph: &Graph,
        (id, import): (InstanceId, &str),
        expected: ResourceId,
        owner: Provider,
    ) -> Error {
        let instance = graph.instance(id);
        let ty = arena.type_of(instance.component());
        let named = |name: &str| match ty.imports.get(name) {
            Some(item) => item.full_name(name).into_owned(),
            None => name.to_owned(),
        };
        let provider = |name: &str| match instance.arguments().get(name) {
            Some(edge) => Provider::Component(graph.instance(edge.provider).name().to_owned()),
            None => Provider::Host,
        };
        let (known, resource) = ty
            .imported_resources
            .iter()
            .find(|(resource, _)| *resource == expected)
            .and_then(|(_, path)| named_path(arena, &ty.imports, path))
            .unwrap_or_else(|| (import.to_owned(), "resource".to_owned()));
        Error::new(ErrorKind::ResourceClash(ResourceClash {
            consumer: instance.name().to_owned(),
            resource,
            known: (named(&known), provider(&known)),
            other: (named(import), provider(import)),
            owner,
            separate: graph.versions() == Versions::Separate,
        }))
    }
}

/// The import that `path` begins at, and the name of what it ends at.
fn named_path(
    arena: &Arena<'_>,
    imports: &wasmparser::collections::IndexMap<String, ComponentItem>,
    path: &[usize],
) -> Option<(String, String)> {
    let (first, rest) = path.split_first()?;
    let (import, item) = imports.get_index(*first)?;
    let (mut name, mut at) = (import.clone(), item.ty);
    for index in rest {
        let ComponentEntityType::Instance(exports) = at else {
            return None;
        };
        let (next, item) = arena.types().get(exports)?.exports.get_index(*index)?;
        (name, at) = (next.clone(), item.ty);
    }
    Some((import.clone(), name))
}
