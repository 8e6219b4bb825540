//! An instance or component type while it is being written, and what is known in it.

use super::identity::Origin;
use crate::hash::{HashMap, HashSet};
use wasm_encoder::{
    Alias, ComponentExportKind, ComponentExternName, ComponentType, ComponentTypeEncoder,
    ComponentTypeRef, InstanceType, ModuleType,
};
use wasmparser::component_types::{ComponentAnyTypeId, ResourceId};

/// An instance or component type that is being written.
pub(super) struct Scope {
    pub(super) ty: ScopeType,
    pub(super) types: HashMap<ComponentAnyTypeId, u32>,
    pub(super) resources: HashMap<ResourceKey, u32>,
    /// The resources that the type itself brings in, if it is not that of a merged import.
    pub(super) own: HashSet<ResourceId>,
    /// Types that instances of this scope export, where there is no index for them yet.
    within: HashMap<ComponentAnyTypeId, Exported>,
    /// The same for resources.
    within_resources: HashMap<ResourceId, Exported>,
}

/// An item that an instance of a scope exports: the instance's index, and the names that lead on.
pub(super) type Exported = (u32, Vec<String>);

/// The type of a scope.
pub(super) enum ScopeType {
    Instance(InstanceType),
    Component(ComponentType),
}

/// What tells resources apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum ResourceKey {
    /// By where it comes from.
    Origin(Origin),
    /// By its id, where it belongs to the type that is being written.
    Own(ResourceId),
}

impl Scope {
    pub(super) fn new(ty: ScopeType, own: HashSet<ResourceId>) -> Scope {
        Scope {
            ty,
            types: HashMap::default(),
            resources: HashMap::default(),
            own,
            within: HashMap::default(),
            within_resources: HashMap::default(),
        }
    }

    /// Takes note that `at` leads to a type, unless that is known by another way already.
    pub(super) fn exports(&mut self, id: ComponentAnyTypeId, at: &Exported) {
        self.within.entry(id).or_insert_with(|| at.clone());
        if let ComponentAnyTypeId::Resource(id) = id {
            let within = &mut self.within_resources;
            within.entry(id.resource()).or_insert_with(|| at.clone());
        }
    }

    /// Whether a resource that belongs to the type that is being written has been met.
    pub(super) fn knows(&self, resource: ResourceId) -> bool {
        self.resources.contains_key(&ResourceKey::Own(resource))
            || self.within_resources.contains_key(&resource)
    }

    /// The index of a type in this scope.
    pub(super) fn find(&mut self, id: ComponentAnyTypeId) -> Option<u32> {
        if let Some(index) = self.types.get(&id) {
            return Some(*index);
        }
        let at = self.within.get(&id)?.clone();
        let index = self.alias_of(&at);
        self.types.insert(id, index);
        Some(index)
    }

    /// The index in this scope of a resource that belongs to the type that is being written.
    pub(super) fn find_own(&mut self, resource: ResourceId) -> Option<u32> {
        let key = ResourceKey::Own(resource);
        if let Some(index) = self.resources.get(&key) {
            return Some(*index);
        }
        let at = self.within_resources.get(&resource)?.clone();
        let index = self.alias_of(&at);
        self.resources.insert(key, index);
        Some(index)
    }

    fn alias_of(&mut self, (instance, path): &Exported) -> u32 {
        let mut instance = *instance;
        for (at, name) in path.iter().enumerate() {
            let is_last = at + 1 == path.len();
            self.ty.alias(Alias::InstanceExport {
                instance,
                kind: match is_last {
                    true => ComponentExportKind::Type,
                    false => ComponentExportKind::Instance,
                },
                name,
            });
            instance = self.instances().saturating_sub(1);
        }
        self.ty.type_count().saturating_sub(1)
    }

    pub(super) fn instance() -> Scope {
        Scope::new(ScopeType::Instance(InstanceType::new()), HashSet::default())
    }

    pub(super) fn instances(&self) -> u32 {
        match &self.ty {
            ScopeType::Instance(ty) => ty.instance_count(),
            ScopeType::Component(ty) => ty.instance_count(),
        }
    }
}

impl ScopeType {
    pub(super) fn ty(&mut self) -> ComponentTypeEncoder<'_> {
        match self {
            ScopeType::Instance(ty) => ty.ty(),
            ScopeType::Component(ty) => ty.ty(),
        }
    }

    pub(super) fn type_count(&self) -> u32 {
        match self {
            ScopeType::Instance(ty) => ty.type_count(),
            ScopeType::Component(ty) => ty.type_count(),
        }
    }

    pub(super) fn alias(&mut self, alias: Alias<'_>) {
        match self {
            ScopeType::Instance(ty) => {
                ty.alias(alias);
            }
            ScopeType::Component(ty) => {
                ty.alias(alias);
            }
        }
    }

    pub(super) fn module_type(&mut self, module: &ModuleType) -> u32 {
        match self {
            ScopeType::Instance(ty) => {
                ty.core_type().module(module);
                ty.core_type_count() - 1
            }
            ScopeType::Component(ty) => {
                ty.core_type().module(module);
                ty.core_type_count() - 1
            }
        }
    }

    /// Adds an export; gives the index of the type it names, which matters for types only.
    pub(super) fn export(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        match self {
            ScopeType::Instance(scope) => {
                scope.export(name, ty);
            }
            ScopeType::Component(scope) => {
                scope.export(name, ty);
            }
        }
        self.type_count().saturating_sub(1)
    }

    /// Adds an import; gives the index of the type it names, which matters for types only.
    pub(super) fn import(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        if let ScopeType::Component(scope) = self {
            scope.import(name, ty);
        }
        self.type_count().saturating_sub(1)
    }
}
