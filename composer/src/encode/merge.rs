//! One import from many: the union of what each component asks of an interface.

use super::identity::Identities;
use super::open::{Group, GroupId, OpenImports};
use crate::component::{Arena, Attributes};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::types::Data;
use crate::types::{Compared, Comparison, Difference, Reason, Step, kind_name};
use indexmap::IndexMap;
use std::cell::RefCell;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};

/// An import of the composition, merged from those of its components.
pub(super) enum Merged {
    /// An instance, with the union of the exports that are asked of it.
    Instance(IndexMap<String, Merged>, Attributes),
    /// Anything else, as each component knows it; all agree.
    Item(Vec<(InstanceId, ComponentEntityType)>, Attributes),
}

/// Merges what the open imports ask for.
pub(super) struct Merger<'m, 'i> {
    pub(super) arena: &'m Arena<'i>,
    pub(super) graph: &'m Graph,
    pub(super) open: &'m OpenImports<'m>,
    pub(super) identities: &'m Identities,
    /// The first instance of the same component with the same resources, for each instance.
    alike: HashMap<InstanceId, InstanceId>,
    /// What was found the same before, for each pair of instances: interfaces have types in common.
    compared: RefCell<HashMap<[InstanceId; 2], Compared>>,
}

impl<'m, 'i> Merger<'m, 'i> {
    pub(super) fn new(
        arena: &'m Arena<'i>,
        graph: &'m Graph,
        open: &'m OpenImports<'m>,
        identities: &'m Identities,
    ) -> Merger<'m, 'i> {
        Merger {
            arena,
            graph,
            open,
            identities,
            alike: identities.alike(arena, graph),
            compared: RefCell::default(),
        }
    }

    /// Merges the imports of one group.
    ///
    /// # Errors
    ///
    /// Imports that disagree on an item are an error that blames two components.
    pub(super) fn merge(&self, id: GroupId) -> Result<Merged, Error> {
        let group = self.open.get(id);
        let mut merged: Option<(Merged, InstanceId)> = None;
        let mut seen = HashSet::default();
        for (instance, import) in &group.members {
            let imports = &self
                .arena
                .type_of(self.graph.instance(*instance).component())
                .imports;
            let Some(item) = imports.get(*import) else {
                continue;
            };
            // The same import of the same component, with the same resources, says nothing new.
            if !seen.insert((self.alike.get(instance), import)) {
                continue;
            }
            let Some((merged, first)) = &mut merged else {
                merged = Some((self.first(*instance, item), *instance));
                continue;
            };
            self.join_item(merged, *instance, item)
                .map_err(|(other, difference)| {
                    Error::new(ErrorKind::ImportConflict {
                        first: self.named(group, other.unwrap_or(*first)),
                        second: self.named(group, *instance),
                        difference,
                    })
                })?;
        }
        let merged = merged.map(|(merged, _)| merged);
        let mut merged = merged.unwrap_or_else(|| Merged::Item(Vec::new(), Attributes::default()));
        merged.set_attributes(group.attributes.clone());
        Ok(merged)
    }

    /// The name of an instance, and that of its import in the group.
    fn named(&self, group: &Group, instance: InstanceId) -> (String, String) {
        let member = group.members.iter().find(|(id, _)| *id == instance);
        let import = member.map_or("", |(_, import)| *import);
        let instance = self.graph.instance(instance);
        let imports = &self.arena.type_of(instance.component()).imports;
        let import = match imports.get(import) {
            Some(item) => item.full_name(import).into_owned(),
            None => import.to_owned(),
        };
        (instance.name().to_owned(), import)
    }

    /// What one component asks for, with nothing to be merged with yet.
    fn first(&self, instance: InstanceId, item: &ComponentItem) -> Merged {
        let attributes = Attributes::of(item);
        match item.ty {
            ComponentEntityType::Instance(id) => {
                let exports = &self.arena.types().data(id).exports;
                let items = exports
                    .iter()
                    .map(|(name, item)| (name.clone(), self.first(instance, item)))
                    .collect();
                Merged::Instance(items, attributes)
            }
            ty => Merged::Item(vec![(instance, ty)], attributes),
        }
    }

    /// Adds what `instance` asks for; an `Err` names the instance that it disagrees with, if it is not just the first.
    fn join_item(
        &self,
        merged: &mut Merged,
        instance: InstanceId,
        item: &ComponentItem,
    ) -> Result<(), (Option<InstanceId>, Difference)> {
        match (merged, item.ty) {
            (Merged::Instance(items, _), ComponentEntityType::Instance(id)) => {
                for (name, item) in &self.arena.types().data(id).exports {
                    let Some(known) = items.get_mut(name) else {
                        items.insert(name.clone(), self.first(instance, item));
                        continue;
                    };
                    self.join_item(known, instance, item)
                        .map_err(|(other, mut difference)| {
                            difference.path.insert(0, Step::into_item(name, &item.ty));
                            (other, difference)
                        })?;
                }
                Ok(())
            }
            (Merged::Item(entities, _), found) => {
                if let Some((first, expected)) = entities.first() {
                    let difference = self.difference((instance, &found), (*first, expected));
                    if let Some(difference) = difference {
                        return Err((Some(*first), difference));
                    }
                }
                entities.push((instance, found));
                Ok(())
            }
            (merged, found) => {
                let reason = Reason::Kind {
                    expected: "interface",
                    found: kind_name(&found),
                };
                let path = Vec::new();
                Err((merged.first_instance(), Difference { path, reason }))
            }
        }
    }

    /// The first difference between what two instances ask for.
    fn difference(
        &self,
        (instance, found): (InstanceId, &ComponentEntityType),
        (other, expected): (InstanceId, &ComponentEntityType),
    ) -> Option<Difference> {
        let mut same = |found, expected| {
            let found = self.identities.origin(instance, found);
            found.is_some() && found == self.identities.origin(other, expected)
        };
        let mut compared = self.compared.borrow_mut();
        let compared = compared.entry([instance, other]).or_default();
        let mut comparison =
            Comparison::resume(self.arena.types(), &mut same, std::mem::take(compared));
        comparison.entity(found, expected);
        let differences = comparison.take();
        *compared = comparison.into_compared();
        differences.into_iter().next()
    }
}

impl Merged {
    fn set_attributes(&mut self, new: Attributes) {
        let (Merged::Instance(_, attributes) | Merged::Item(_, attributes)) = self;
        *attributes = new;
    }

    pub(super) fn attributes(&self) -> &Attributes {
        let (Merged::Instance(_, attributes) | Merged::Item(_, attributes)) = self;
        attributes
    }

    fn first_instance(&self) -> Option<InstanceId> {
        match self {
            Merged::Item(entities, _) => entities.first().map(|(instance, _)| *instance),
            Merged::Instance(items, _) => items.values().find_map(Merged::first_instance),
        }
    }
}
