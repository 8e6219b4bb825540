//! Whether what is found for an import fits it.

use crate::component::{Arena, ComponentId, Found};
use crate::error::{Error, ErrorKind, Owner};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::HashMap;
use crate::plug::unknown;
use crate::types::{Comparison, Data, Difference, Items, items_owned};
use std::cell::OnceCell;
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ResourceId};

/// An import of an instance, to be compared with what may fill it.
pub(super) struct Fit<'f, 'i> {
    pub(super) arena: &'f Arena<'i>,
    pub(super) graph: &'f Graph,
    pub(super) consumer: InstanceId,
    pub(super) import: &'f str,
}

impl Fit<'_, '_> {
    /// The instance as a whole, or else the first of its exports that fits.
    ///
    /// # Errors
    ///
    /// It is an error if nothing fits, with what keeps the export that comes nearest.
    pub(super) fn best(&self, provider: InstanceId) -> Result<Edge, Error> {
        let whole = Edge::whole(provider);
        let differences = self.differences(&whole);
        if differences.is_empty() {
            return Ok(whole);
        }
        let is_instance =
            |item: &ComponentItem| matches!(item.ty, ComponentEntityType::Instance(_));
        let imports = &self.arena.type_of(self.component(self.consumer)).imports;
        let exports = &self.arena.type_of(self.component(provider)).exports;
        let instances = exports.iter().filter(|(_, item)| {
            is_instance(item) && imports.get(self.import).is_some_and(is_instance)
        });
        let mut nearest: Option<(Edge, Vec<Difference>)> = None;
        for (name, _) in instances {
            let edge = Edge::from((provider, name.as_str()));
            let differences = self.differences(&edge);
            if differences.is_empty() {
                return Ok(edge);
            }
            // The export of the import's own name is what is meant, or else the first.
            if nearest.is_none() || name == self.import {
                nearest = Some((edge, differences));
            }
        }
        let (edge, differences) = nearest.unwrap_or((whole, differences));
        Err(self.unfit(&edge, differences))
    }

    /// Checks that what `edge` leads to fits.
    ///
    /// # Errors
    ///
    /// It is an error if it does not.
    pub(super) fn check(&self, edge: &Edge) -> Result<(), Error> {
        let differences = self.differences(edge);
        match differences.is_empty() {
            true => Ok(()),
            false => Err(self.unfit(edge, differences)),
        }
    }

    /// Checks that there is the export that `edge` leads to, and that it fits.
    ///
    /// # Errors
    ///
    /// It is an error if there is no such export, or it does not fit.
    pub(super) fn check_export(&self, edge: &Edge, export: &str) -> Result<(), Error> {
        let exports = &self.arena.type_of(self.component(edge.provider)).exports;
        if !exports.contains_key(export) {
            let name = self.graph.instance(edge.provider).name().to_owned();
            let all: Vec<_> = exports.keys().cloned().collect();
            return Err(unknown(
                Owner::Component(name),
                "export",
                export,
                &all,
                Vec::new(),
            ));
        }
        self.check(edge)
    }

    fn component(&self, instance: InstanceId) -> ComponentId {
        self.graph.instance(instance).component()
    }

    /// What keeps the type of what `edge` leads to from being that of the import.
    ///
    /// Where resources come from is not known before all is wired: they are taken for the same if they
    /// have the same name in the two types.
    fn differences(&self, edge: &Edge) -> Vec<Difference> {
        let (arena, types) = (self.arena, self.arena.types());
        let imports = &arena.type_of(self.component(self.consumer)).imports;
        let (Some(wanted), Some(found)) = (
            imports.get(self.import),
            arena.find(self.component(edge.provider), &edge.path),
        ) else {
            return Vec::new();
        };
        let names = OnceCell::new();
        let mut same = |found_id: ResourceId, wanted_id: ResourceId| {
            let (found_names, wanted_names) = names.get_or_init(|| {
                let items = |item: &ComponentItem| match item.ty {
                    ComponentEntityType::Instance(id) => {
                        items_owned(types, &types.data(id).exports)
                    }
                    _ => HashMap::default(),
                };
                let found = match found {
                    Found::Instance(exports) => items_owned(types, exports),
                    Found::Item(_, item) => items(item),
                };
                let found: HashMap<Vec<String>, ResourceId> =
                    found.into_iter().map(|(id, path)| (path, id)).collect();
                (found, items(wanted))
            });
            let Some(path) = wanted_names.get(&wanted_id) else {
                // It belongs to another import: whether it is the same is seen when all is wired.
                return true;
            };
            found_names.get(path).is_none_or(|id| *id == found_id)
        };
        let mut comparison = Comparison::new(types, &mut same);
        match found {
            Found::Instance(exports) => comparison.whole(exports, &wanted.ty),
            Found::Item(_, item) => comparison.entity(&item.ty, &wanted.ty),
        }
        comparison.take()
    }

    fn unfit(&self, edge: &Edge, differences: Vec<Difference>) -> Error {
        let imports: &Items = &self.arena.type_of(self.component(self.consumer)).imports;
        let import = match imports.get(self.import) {
            Some(item) => item.full_name(self.import).into_owned(),
            None => self.import.to_owned(),
        };
        Error::new(ErrorKind::ArgumentType {
            consumer: self.graph.instance(self.consumer).name().to_owned(),
            import,
            provider: self.graph.instance(edge.provider).name().to_owned(),
            export: edge.item(),
            differences,
        })
    }
}
