//! Interfaces and worlds, as WIT packages define them.

use super::{Arena, ComponentId};
use crate::hash::HashMap;
use crate::types::{Data, kind_name};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentTypeId};

/// An interface or a world that a WIT package, or something of that form, defines.
///
/// Its type is that of a component, which exports an instance of the interface, or a component of the world, under the full
/// name, and imports the types of other interfaces that the interface uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    pub(crate) kind: DefinitionKind,
    outer: ComponentTypeId,
    inner: ComponentEntityType,
}

/// What is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DefinitionKind {
    /// An interface.
    Interface,
    /// A world.
    World,
}

impl Definition {
    /// The component type around it.
    pub(crate) fn outer(self) -> ComponentTypeId {
        self.outer
    }

    /// The type of the world itself.
    pub(crate) fn world(self) -> Option<ComponentTypeId> {
        match self.inner {
            ComponentEntityType::Component(id) => Some(id),
            _ => None,
        }
    }
}

impl Arena<'_> {
    /// What `package` defines under `name`, which is without a version and without the name of the package.
    pub(crate) fn definition(&self, package: ComponentId, name: &str) -> Option<Definition> {
        let item = self.type_of(package).exports.get(name)?;
        let ComponentEntityType::Type {
            referenced: ComponentAnyTypeId::Component(outer),
            ..
        } = item.ty
        else {
            return None;
        };
        let exports = &self.types().data(outer).exports;
        let (_, inner) = exports.iter().next().filter(|_| exports.len() == 1)?;
        let kind = match inner.ty {
            ComponentEntityType::Instance(_) => DefinitionKind::Interface,
            ComponentEntityType::Component(_) => DefinitionKind::World,
            _ => return None,
        };
        Some(Definition {
            kind,
            outer,
            inner: inner.ty,
        })
    }

    /// The names of what `package` defines.
    pub(crate) fn definitions(&self, package: ComponentId) -> Vec<&str> {
        let names = self.type_of(package).exports.keys().map(String::as_str);
        names
            .filter(|name| self.definition(package, name).is_some())
            .collect()
    }

    /// The name of a definition with its package and whole version: `wasi:io/streams@0.2.0`.
    pub(crate) fn definition_name(&self, definition: Definition) -> String {
        let exports = &self.types().data(definition.outer).exports;
        let first = exports.iter().next();
        first.map_or_else(String::new, |(name, item)| {
            item.full_name(name).into_owned()
        })
    }

    /// What an interface has, or a world exports: names, and what sort of item each is.
    pub(crate) fn definition_items(&self, definition: Definition) -> Vec<(&str, &'static str)> {
        let items = match definition.inner {
            ComponentEntityType::Instance(id) => &self.types().data(id).exports,
            ComponentEntityType::Component(id) => &self.types().data(id).exports,
            _ => return Vec::new(),
        };
        let items = items.iter();
        items
            .map(|(name, item)| (name.as_str(), kind_name(&item.ty)))
            .collect()
    }

    /// What an interface needs: each interface that it uses types of, by its full name, with those that it uses types of in turn,
    /// before those that need it; the interface itself is the last.
    pub(crate) fn definition_needs(&self, definition: Definition) -> Vec<(String, Vec<String>)> {
        let outer = self.types().data(definition.outer);
        let mut owners: HashMap<ComponentAnyTypeId, String> = HashMap::default();
        let mut all = Vec::new();
        for (name, item) in outer.imports.iter().chain(&outer.exports) {
            let ComponentEntityType::Instance(id) = item.ty else {
                continue;
            };
            let mut needs: Vec<String> = Vec::new();
            let name = item.full_name(name).into_owned();
            for item in self.types().data(id).exports.values() {
                let ComponentEntityType::Type {
                    referenced,
                    created,
                } = item.ty
                else {
                    continue;
                };
                let owner = owners.get(&referenced);
                let is_new = |owner: &&String| **owner != name && !needs.contains(owner);
                needs.extend(owner.filter(is_new).cloned());
                owners.insert(created, name.clone());
            }
            all.push((name, needs));
        }
        all
    }
}
