//! The types of imports, written down again from what the validator knows.
//!
//! Each type is written once per scope: a scope is the composition itself, or an instance or
//! component type within it, where types of the scopes around it are reached by `alias outer`.

use super::core_types;
use super::identity::{Identities, Origin};
use super::merge::Merged;
use super::open::GroupId;
use super::scope::{Exported, ResourceKey, Scope, ScopeType};
use super::used::HostNames;
use super::walk::has_resource;
use super::writer::Writer;
use crate::component::Attributes;
use crate::graph::InstanceId;
use crate::hash::HashMap;
use crate::types::Data;
use indexmap::IndexMap;
use std::borrow::Cow;
use wasm_encoder::{
    Alias, ComponentExternName, ComponentOuterAliasKind, ComponentType, ComponentTypeEncoder,
    ComponentTypeRef, ComponentValType as EncodedType, InstanceType, TypeBounds,
};
use wasmparser::component_types::{
    AliasableResourceId, ComponentAnyTypeId, ComponentCoreModuleTypeId, ComponentEntityType,
    ComponentInstanceTypeId, ComponentItem, ComponentTypeId, ResourceId,
};
use wasmparser::types::TypesRef;

/// A type that cannot be written: the reason.
pub(super) struct Unwritable(pub(super) Reason);

/// Why a type cannot be written.
pub(super) enum Reason {
    /// It speaks of a resource that nothing imported has.
    Resource(InstanceId, ResourceId),
    /// It is of a kind that has no place in the type of an import.
    Other(&'static str),
}

pub(super) type Result<T> = std::result::Result<T, Unwritable>;

/// Writes types into a composition.
pub(super) struct TypeWriter<'t> {
    pub(super) types: TypesRef<'t>,
    identities: Cow<'t, Identities>,
    /// What the host names of the types of imports that are filled.
    host_names: Option<&'t HostNames<'t, 't>>,
    pub(super) out: Writer,
    /// What the composition has imported so far.
    imported: Imported,
    /// The scopes within the composition, the innermost last.
    scopes: Vec<Scope>,
    /// What is written of instances.
    pub(super) only: Only,
}

/// What is written of instances.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Only {
    /// All that they export.
    Everything,
    /// Their types.
    Types,
    /// Their types that speak of no resource.
    Values,
}

/// Types of the composition's own scope, by what they are in the components.
#[derive(Default)]
struct Imported {
    types: HashMap<ComponentAnyTypeId, Place>,
    resources: HashMap<Origin, Place>,
}

/// Where the composition's scope has a type.
#[derive(Clone)]
enum Place {
    /// At this index.
    Type(u32),
    /// In this instance, at the end of this path of exports; there is no index for it yet.
    Export(u32, Vec<String>),
}

impl<'t> TypeWriter<'t> {
    pub(super) fn new(types: TypesRef<'t>, identities: Cow<'t, Identities>, out: Writer) -> Self {
        TypeWriter {
            types,
            identities,
            out,
            imported: Imported::default(),
            scopes: Vec::new(),
            host_names: None,
            only: Only::Everything,
        }
    }

    /// The same, in a composition where imports are filled by the host.
    pub(super) fn with_host_names(mut self, names: &'t HostNames<'t, 't>) -> Self {
        self.host_names = Some(names);
        self
    }

    /// Writes an import of the composition, or of the component type that is being written, and gives its index.
    pub(super) fn import(&mut self, group: GroupId, name: &str, merged: &Merged) -> Result<u32> {
        let extern_name = extern_name(name, merged.attributes());
        match merged {
            Merged::Instance(items, _) => {
                let ty = self.merged_instance(group, &mut Vec::new(), items)?;
                let index = self.put_import(extern_name, ComponentTypeRef::Instance(ty));
                self.remember(group, index, &mut Vec::new(), items);
                Ok(index)
            }
            Merged::Item(entities, _) => {
                let Some((instance, entity)) = entities.first() else {
                    return Err(Unwritable(Reason::Other("it has no type")));
                };
                let bounds = self.type_ref(*instance, entity, &|this, resource| {
                    this.is_hosted(*instance, resource, group, &[])
                })?;
                let index = self.put_import(extern_name, bounds);
                for (instance, entity) in entities {
                    if let ComponentEntityType::Type { created, .. } = entity {
                        self.know(*instance, *created, index);
                    }
                }
                Ok(index)
            }
        }
    }

    /// Takes note of a type of the innermost scope.
    fn know(&mut self, instance: InstanceId, id: ComponentAnyTypeId, index: u32) {
        let origin = self.origin(instance, &id);
        match self.scopes.last_mut() {
            Some(scope) => {
                scope.types.insert(id, index);
                let key = origin.map(ResourceKey::Origin);
                scope.resources.extend(key.map(|key| (key, index)));
            }
            None => {
                let place = Place::Type(index);
                if let Some(origin) = origin {
                    self.imported.resources.insert(origin, place.clone());
                }
                self.imported.types.insert(id, place);
            }
        }
    }

    /// Adds an import to the innermost scope, and gives the index of what is imported.
    pub(super) fn put_import(
        &mut self,
        name: ComponentExternName<'_>,
        ty: ComponentTypeRef,
    ) -> u32 {
        let Some(scope) = self.scopes.last_mut() else {
            return self.out.import(name, ty);
        };
        let types = scope.ty.import(name, ty);
        match ty {
            ComponentTypeRef::Instance(_) => scope.instances().saturating_sub(1),
            _ => types,
        }
    }

    /// Writes an import of a component, before all others, and gives its index; `instance` is one of
    /// those that are made of it.
    pub(super) fn import_component(
        &mut self,
        instance: InstanceId,
        name: &str,
        id: ComponentTypeId,
    ) -> Result<u32> {
        let ty = self.component(instance, id)?;
        let ty = ComponentTypeRef::Component(ty);
        Ok(self.out.import(name.into(), ty))
    }

    /// Remembers that the types of a merged import are now to be had from `instance`.
    fn remember(
        &mut self,
        group: GroupId,
        instance: u32,
        path: &mut Vec<String>,
        items: &IndexMap<String, Merged>,
    ) {
        for (name, merged) in items {
            path.push(name.clone());
            match merged {
                Merged::Instance(items, _) => self.remember(group, instance, path, items),
                Merged::Item(entities, _) => {
                    for (_, entity) in entities {
                        let ComponentEntityType::Type { created, .. } = entity else {
                            continue;
                        };
                        if let Some(scope) = self.scopes.last_mut() {
                            scope.exports(*created, &(instance, path.clone()));
                            continue;
                        }
                        let place = Place::Export(instance, path.clone());
                        if let ComponentAnyTypeId::Resource(_) = created {
                            let origin = Origin::Host(group, path.clone());
                            let resources = &mut self.imported.resources;
                            resources.entry(origin).or_insert(place.clone());
                        }
                        self.imported.types.insert(*created, place);
                    }
                }
            }
            path.pop();
        }
    }

    /// Writes the type of a merged import, or of an instance within it, and gives its index.
    fn merged_instance(
        &mut self,
        group: GroupId,
        path: &mut Vec<String>,
        items: &IndexMap<String, Merged>,
    ) -> Result<u32> {
        self.scopes.push(Scope::instance());
        for (name, merged) in items {
            path.push(name.clone());
            let written = self.merged_export(group, path, name, merged);
            path.pop();
            if written.is_err() {
                self.scopes.pop();
            }
            written?;
        }
        self.close_scope()
    }

    fn merged_export(
        &mut self,
        group: GroupId,
        path: &mut Vec<String>,
        name: &str,
        merged: &Merged,
    ) -> Result<()> {
        let extern_name = extern_name(name, merged.attributes());
        match merged {
            Merged::Instance(items, _) => {
                let ty = self.merged_instance(group, path, items)?;
                self.export(extern_name, ComponentTypeRef::Instance(ty));
                let scope = self.scopes.last().map_or(0, |scope| scope.instances() - 1);
                self.remember_nested(group, scope, path, &mut Vec::new(), items);
            }
            Merged::Item(entities, _) => {
                let Some((instance, entity)) = entities.first() else {
                    return Ok(());
                };
                let at = path.clone();
                let ty = self.type_ref(*instance, entity, &|this, resource| {
                    this.is_hosted(*instance, resource, group, &at)
                })?;
                let index = self.export(extern_name, ty);
                for (instance, entity) in entities {
                    if let ComponentEntityType::Type { created, .. } = entity {
                        self.know(*instance, *created, index);
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes the types of an instance within the current scope known there.
    fn remember_nested(
        &mut self,
        group: GroupId,
        instance: u32,
        path: &[String],
        inner: &mut Vec<String>,
        items: &IndexMap<String, Merged>,
    ) {
        for (name, merged) in items {
            let Merged::Item(entities, _) = merged else {
                continue;
            };
            inner.push(name.clone());
            for (_, entity) in entities {
                let ComponentEntityType::Type { created, .. } = entity else {
                    continue;
                };
                let Some(scope) = self.scopes.last_mut() else {
                    continue;
                };
                let index = *scope.types.entry(*created).or_insert_with(|| {
                    scope.ty.alias(Alias::InstanceExport {
                        instance,
                        kind: wasm_encoder::ComponentExportKind::Type,
                        name,
                    });
                    scope.ty.type_count() - 1
                });
                let full: Vec<_> = path.iter().chain(inner.iter()).cloned().collect();
                let key = ResourceKey::Origin(Origin::Host(group, full));
                scope.resources.entry(key).or_insert(index);
            }
            inner.pop();
        }
    }

    fn is_hosted(
        &self,
        instance: InstanceId,
        resource: ResourceId,
        group: GroupId,
        path: &[String],
    ) -> bool {
        self.identities.origin(instance, resource) == Some(&Origin::Host(group, path.to_vec()))
    }

    fn origin(&self, instance: InstanceId, id: &ComponentAnyTypeId) -> Option<Origin> {
        match id {
            ComponentAnyTypeId::Resource(id) => {
                self.identities.origin(instance, id.resource()).cloned()
            }
            _ => None,
        }
    }

    /// Writes what `entity` needs, and gives the reference to its type; `is_own` says whether a
    /// resource is first met here.
    fn type_ref(
        &mut self,
        instance: InstanceId,
        entity: &ComponentEntityType,
        is_own: &dyn Fn(&Self, ResourceId) -> bool,
    ) -> Result<ComponentTypeRef> {
        Ok(match entity {
            ComponentEntityType::Func(id) => ComponentTypeRef::Func(self.function(instance, *id)?),
            ComponentEntityType::Value(ty) => ComponentTypeRef::Value(self.value(instance, ty)?),
            ComponentEntityType::Module(id) => ComponentTypeRef::Module(self.module(*id)?),
            ComponentEntityType::Component(id) => {
                ComponentTypeRef::Component(self.component(instance, *id)?)
            }
            ComponentEntityType::Instance(id) => {
                let own = self
                    .types
                    .data(*id)
                    .defined_resources
                    .iter()
                    .copied()
                    .collect();
                self.scopes
                    .push(Scope::new(ScopeType::Instance(InstanceType::new()), own));
                let types = self.types;
                for (name, item) in &types.data(*id).exports {
                    if !self.is_written(&item.ty) {
                        continue;
                    }
                    let name = item_name(name, item);
                    self.item(instance, &item.ty, &mut |this, ty| {
                        this.export(name.clone(), ty)
                    })?;
                }
                ComponentTypeRef::Instance(self.close_scope()?)
            }
            ComponentEntityType::Type {
                referenced,
                created,
            } => ComponentTypeRef::Type(match (referenced, created) {
                (_, ComponentAnyTypeId::Resource(id)) if is_own(self, id.resource()) => {
                    TypeBounds::SubResource
                }
                (ComponentAnyTypeId::Resource(id), _) => {
                    TypeBounds::Eq(self.resource(instance, *id)?)
                }
                (id, _) => TypeBounds::Eq(self.any_type(instance, *id)?),
            }),
        })
    }

    /// Whether an export of an instance is written.
    fn is_written(&self, entity: &ComponentEntityType) -> bool {
        let is_type = matches!(entity, ComponentEntityType::Type { .. });
        match self.only {
            Only::Everything => true,
            Only::Types => is_type,
            Only::Values => is_type && !has_resource(self.types, entity),
        }
    }

    /// Writes an item of a type that is no merged import; `put` adds it to the scope.
    pub(super) fn item(
        &mut self,
        instance: InstanceId,
        entity: &ComponentEntityType,
        put: &mut dyn FnMut(&mut Self, ComponentTypeRef) -> u32,
    ) -> Result<()> {
        let ty = self.type_ref(instance, entity, &|this, resource| {
            let mut scopes = this.scopes.iter();
            scopes.clone().any(|scope| scope.own.contains(&resource))
                && !scopes.any(|scope| scope.knows(resource))
        })?;
        let index = put(self, ty);
        let Some(scope) = self.scopes.last_mut() else {
            return Ok(());
        };
        match entity {
            ComponentEntityType::Type { created, .. } => {
                scope.types.insert(*created, index);
                if let ComponentAnyTypeId::Resource(id) = created {
                    let key = ResourceKey::Own(id.resource());
                    scope.resources.entry(key).or_insert(index);
                }
            }
            ComponentEntityType::Instance(id) => {
                let mut at = (scope.instances() - 1, Vec::new());
                exported_types(self.types, *id, &mut at, scope);
            }
            _ => {}
        }
        Ok(())
    }

    fn component(&mut self, instance: InstanceId, id: ComponentTypeId) -> Result<u32> {
        let types = self.types;
        let ty = types.data(id);
        let own = ty
            .imported_resources
            .iter()
            .chain(&ty.defined_resources)
            .map(|(resource, _)| *resource)
            .collect();
        let scope = ScopeType::Component(ComponentType::new());
        self.scopes.push(Scope::new(scope, own));
        for (name, item) in &ty.imports {
            let name = item_name(name, item);
            self.item(instance, &item.ty, &mut |this, ty| {
                this.put_import(name.clone(), ty)
            })?;
        }
        for (name, item) in &ty.exports {
            let name = item_name(name, item);
            self.item(instance, &item.ty, &mut |this, ty| {
                this.export(name.clone(), ty)
            })?;
        }
        self.close_scope()
    }

    /// Adds an export to the innermost scope, and gives the index of the type, if it is one.
    pub(super) fn export(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        self.scopes
            .last_mut()
            .map_or(0, |scope| scope.ty.export(name, ty))
    }

    /// Makes the types of `ty` known as those that the last instance of the innermost scope exports.
    pub(super) fn remember_exported(&mut self, ty: ComponentInstanceTypeId) {
        if let Some(scope) = self.scopes.last_mut() {
            let mut at = (scope.instances().saturating_sub(1), Vec::new());
            exported_types(self.types, ty, &mut at, scope);
        }
    }

    /// Begins a scope within the innermost one.
    pub(super) fn open_scope(&mut self, scope: Scope) {
        self.scopes.push(scope);
    }

    /// The type of the component scope that is left.
    pub(super) fn into_component_type(mut self) -> ComponentType {
        match self.scopes.pop().map(|scope| scope.ty) {
            Some(ScopeType::Component(ty)) => ty,
            _ => ComponentType::new(),
        }
    }

    /// Ends the innermost scope, writes it as a type of the one around it, and gives its index.
    pub(super) fn close_scope(&mut self) -> Result<u32> {
        let Some(scope) = self.scopes.pop() else {
            return Err(Unwritable(Reason::Other("there is no scope")));
        };
        Ok(self.define(|encoder| match &scope.ty {
            ScopeType::Instance(ty) => encoder.instance(ty),
            ScopeType::Component(ty) => encoder.component(ty),
        }))
    }

    /// Writes a type into the current scope, and gives its index.
    pub(super) fn define(&mut self, write: impl FnOnce(ComponentTypeEncoder<'_>)) -> u32 {
        match self.scopes.last_mut() {
            None => self.out.ty(write),
            Some(scope) => {
                write(scope.ty.ty());
                scope.ty.type_count() - 1
            }
        }
    }

    /// Writes a type of any sort, unless it is there, and gives its index.
    pub(super) fn any_type(&mut self, instance: InstanceId, id: ComponentAnyTypeId) -> Result<u32> {
        if let Some(index) = self.find_of(instance, id) {
            return Ok(index);
        }
        match id {
            ComponentAnyTypeId::Resource(id) => self.resource(instance, id),
            ComponentAnyTypeId::Defined(id) => match self.defined(instance, id)? {
                EncodedType::Type(index) => Ok(index),
                EncodedType::Primitive(primitive) => {
                    Ok(self.define(|encoder| encoder.defined_type().primitive(primitive)))
                }
            },
            ComponentAnyTypeId::Func(id) => self.function(instance, id),
            ComponentAnyTypeId::Component(id) => self.component(instance, id),
            ComponentAnyTypeId::Instance(id) => {
                let entity = ComponentEntityType::Instance(id);
                match self.type_ref(instance, &entity, &|_, _| false)? {
                    ComponentTypeRef::Instance(index) => Ok(index),
                    _ => Err(Unwritable(Reason::Other("it is no instance"))),
                }
            }
        }
    }

    /// The index, in the current scope, of a type that was written or imported before, under any of
    /// the names it goes by.
    pub(super) fn find(&mut self, id: ComponentAnyTypeId) -> Option<u32> {
        let mut at = id;
        loop {
            if let Some(index) = self.find_exact(at) {
                return Some(index);
            }
            at = self.types.peel_alias(at)?;
        }
    }

    /// The same for a type as `instance` knows it: the host may name what fills its imports.
    pub(super) fn find_of(&mut self, instance: InstanceId, id: ComponentAnyTypeId) -> Option<u32> {
        let Some(host) = self.host_names.and_then(|names| names.get(instance, id)) else {
            return self.find(id);
        };
        let mut names = std::iter::successors(Some(id), |id| self.types.peel_alias(*id));
        let known: Vec<_> = names.by_ref().collect();
        for id in known {
            if let Some(index) = self.find_in_scopes(id) {
                return Some(index);
            }
        }
        let index = self.find(host)?;
        if let Some(scope) = self.scopes.last_mut() {
            scope.types.insert(id, index);
        }
        Some(index)
    }

    fn find_in_scopes(&mut self, id: ComponentAnyTypeId) -> Option<u32> {
        for (level, scope) in self.scopes.iter_mut().enumerate().rev() {
            if let Some(index) = scope.find(id) {
                return Some(self.reach(level + 1, index, |scope, index| {
                    scope.types.insert(id, index);
                }));
            }
        }
        None
    }

    fn find_exact(&mut self, id: ComponentAnyTypeId) -> Option<u32> {
        if let Some(index) = self.find_in_scopes(id) {
            return Some(index);
        }
        let place = self.imported.types.get(&id)?.clone();
        let index = self.index_of(place);
        self.imported.types.insert(id, Place::Type(index));
        Some(self.reach(0, index, |scope, index| {
            scope.types.insert(id, index);
        }))
    }

    /// The index of a resource in the current scope.
    pub(super) fn resource(
        &mut self,
        instance: InstanceId,
        id: AliasableResourceId,
    ) -> Result<u32> {
        if let Some(index) = self.find_of(instance, ComponentAnyTypeId::Resource(id)) {
            return Ok(index);
        }
        let resource = id.resource();
        let origin = self.identities.origin(instance, resource).cloned();
        for (level, scope) in self.scopes.iter_mut().enumerate().rev() {
            let mut found = scope.find_own(resource);
            let mut key = ResourceKey::Own(resource);
            if let (None, Some(origin)) = (found, &origin) {
                key = ResourceKey::Origin(origin.clone());
                found = scope.resources.get(&key).copied();
            }
            if let Some(index) = found {
                return Ok(self.reach(level + 1, index, |scope, index| {
                    scope.resources.insert(key, index);
                }));
            }
        }
        let place = origin
            .as_ref()
            .and_then(|origin| self.imported.resources.get(origin).cloned());
        let (Some(origin), Some(place)) = (origin, place) else {
            return Err(Unwritable(Reason::Resource(instance, resource)));
        };
        let index = self.index_of(place);
        self.imported
            .resources
            .insert(origin.clone(), Place::Type(index));
        Ok(self.reach(0, index, |scope, index| {
            scope.resources.insert(ResourceKey::Origin(origin), index);
        }))
    }

    /// The index in the composition's own scope of a type that is there.
    fn index_of(&mut self, place: Place) -> u32 {
        use wasm_encoder::ComponentExportKind as Kind;
        match place {
            Place::Type(index) => index,
            Place::Export(mut instance, path) => {
                let (last, path) = match path.split_last() {
                    Some((last, path)) => (last.as_str(), path),
                    None => ("", Default::default()),
                };
                for name in path {
                    instance = self.out.alias(instance, Kind::Instance, name);
                }
                self.out.alias(instance, Kind::Type, last)
            }
        }
    }

    /// The index in the current scope of a type that has `index` in the scope at `level`, 0 being
    /// the composition's; `known` takes note of a new one.
    fn reach(&mut self, level: usize, index: u32, known: impl FnOnce(&mut Scope, u32)) -> u32 {
        let depth = self.scopes.len() - level;
        if depth == 0 {
            return index;
        }
        let Some(scope) = self.scopes.last_mut() else {
            return index;
        };
        scope.ty.alias(Alias::Outer {
            kind: ComponentOuterAliasKind::Type,
            count: depth as u32,
            index,
        });
        let index = scope.ty.type_count() - 1;
        known(scope, index);
        index
    }

    /// Takes note of a type that was written into the innermost scope.
    pub(super) fn remember_type(&mut self, id: ComponentAnyTypeId, index: u32) {
        match self.scopes.last_mut() {
            Some(scope) => {
                scope.types.insert(id, index);
            }
            None => {
                self.imported.types.insert(id, Place::Type(index));
            }
        }
    }

    /// Makes a type known under an index of the composition's own scope.
    pub(super) fn name(&mut self, id: ComponentAnyTypeId, index: u32) {
        self.imported.types.insert(id, Place::Type(index));
    }

    /// Writes the type of a core module, and gives its index.
    fn module(&mut self, id: ComponentCoreModuleTypeId) -> Result<u32> {
        let ty = core_types::module_type(self.types, id)?;
        Ok(match self.scopes.last_mut() {
            None => self.out.module_type(&ty),
            Some(scope) => scope.ty.module_type(&ty),
        })
    }
}

/// Makes the types that an instance of `scope` exports known there.
fn exported_types(
    types: TypesRef<'_>,
    id: ComponentInstanceTypeId,
    at: &mut Exported,
    scope: &mut Scope,
) {
    for (name, item) in &types.data(id).exports {
        at.1.push(name.clone());
        match item.ty {
            ComponentEntityType::Type { created, .. } => scope.exports(created, at),
            ComponentEntityType::Instance(id) => exported_types(types, id, at, scope),
            _ => {}
        }
        at.1.pop();
    }
}

/// The name of an item as the encoder takes it.
pub(super) fn item_name<'a>(name: &'a str, item: &'a ComponentItem) -> ComponentExternName<'a> {
    ComponentExternName {
        name: name.into(),
        implements: item.implements.as_deref().map(Into::into),
        version_suffix: item.version_suffix.as_deref().map(Into::into),
        external_id: item.external_id.as_deref().map(Into::into),
    }
}

/// A name as the encoder takes it, with its attributes.
pub(super) fn extern_name<'a>(
    name: &'a str,
    attributes: &'a Attributes,
) -> ComponentExternName<'a> {
    ComponentExternName {
        name: name.into(),
        implements: attributes.implements.as_deref().map(Into::into),
        version_suffix: attributes.version_suffix.as_deref().map(Into::into),
        external_id: attributes.external_id.as_deref().map(Into::into),
    }
}
