//! The order of imports: an interface comes after those whose types it uses.

use super::identity::{Identities, Origin};
use super::merge::Merged;
use super::open::GroupId;
use crate::graph::InstanceId;
use crate::types::Data;
use std::collections::{BTreeSet, HashMap, HashSet};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId,
    ComponentValType,
};
use wasmparser::types::TypesRef;

/// Puts the groups in an order in which each comes after those it uses, and otherwise as they were.
///
/// Groups that use each other in a circle keep their order; writing them finds out what that means.
pub(super) fn order(
    types: TypesRef<'_>,
    identities: &Identities,
    merged: &[(GroupId, Merged)],
) -> Vec<usize> {
    let mut owners = HashMap::new();
    for (group, merged) in merged {
        collect_owners(*group, merged, &mut owners);
    }
    let places: HashMap<GroupId, usize> = merged
        .iter()
        .enumerate()
        .map(|(at, (group, _))| (*group, at))
        .collect();
    let uses: Vec<BTreeSet<usize>> = merged
        .iter()
        .map(|(group, merged)| {
            let mut uses = Uses {
                types,
                identities,
                owners: &owners,
                seen: HashSet::new(),
                found: BTreeSet::new(),
            };
            uses.merged(merged);
            uses.found.remove(group);
            let at = uses.found.iter().filter_map(|group| places.get(group));
            at.copied().collect()
        })
        .collect();
    sort(&uses)
}

/// A depth-first order without recursion: chains of interfaces may be long.
fn sort(uses: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut entered = vec![false; uses.len()];
    let mut order = Vec::with_capacity(uses.len());
    for root in 0..uses.len() {
        let mut path = Vec::new();
        let enter = |at: usize, path: &mut Vec<_>, entered: &mut Vec<bool>| {
            if let (Some(entered @ false), Some(uses)) = (entered.get_mut(at), uses.get(at)) {
                *entered = true;
                path.push((at, uses.iter()));
            }
        };
        enter(root, &mut path, &mut entered);
        while let Some((at, rest)) = path.last_mut() {
            match rest.next() {
                Some(next) => enter(*next, &mut path, &mut entered),
                None => {
                    order.push(*at);
                    path.pop();
                }
            }
        }
    }
    order
}

fn collect_owners(
    group: GroupId,
    merged: &Merged,
    owners: &mut HashMap<ComponentAnyTypeId, GroupId>,
) {
    match merged {
        Merged::Instance(items, _) => {
            for merged in items.values() {
                collect_owners(group, merged, owners);
            }
        }
        Merged::Item(entities, _) => {
            for (_, entity) in entities {
                if let ComponentEntityType::Type { created, .. } = entity {
                    owners.insert(*created, group);
                }
            }
        }
    }
}

/// The groups whose types a group uses.
struct Uses<'u> {
    types: TypesRef<'u>,
    identities: &'u Identities,
    owners: &'u HashMap<ComponentAnyTypeId, GroupId>,
    seen: HashSet<(InstanceId, ComponentAnyTypeId)>,
    found: BTreeSet<GroupId>,
}

impl Uses<'_> {
    fn merged(&mut self, merged: &Merged) {
        match merged {
            Merged::Instance(items, _) => {
                for merged in items.values() {
                    self.merged(merged);
                }
            }
            Merged::Item(entities, _) => {
                for (instance, entity) in entities {
                    self.entity(*instance, entity);
                }
            }
        }
    }

    fn entity(&mut self, instance: InstanceId, entity: &ComponentEntityType) {
        match entity {
            ComponentEntityType::Module(_) => {}
            ComponentEntityType::Func(id) => self.function(instance, *id),
            ComponentEntityType::Value(ty) => self.value(instance, ty),
            ComponentEntityType::Type { referenced, .. } => self.any(instance, *referenced),
            ComponentEntityType::Instance(id) => {
                self.any(instance, ComponentAnyTypeId::Instance(*id));
            }
            ComponentEntityType::Component(id) => {
                self.any(instance, ComponentAnyTypeId::Component(*id));
            }
        }
    }

    fn any(&mut self, instance: InstanceId, id: ComponentAnyTypeId) {
        if !self.seen.insert((instance, id)) {
            return;
        }
        let mut at = Some(id);
        while let Some(id) = at {
            if let Some(owner) = self.owners.get(&id) {
                self.found.insert(*owner);
                return;
            }
            at = self.types.peel_alias(id);
        }
        let types = self.types;
        match id {
            ComponentAnyTypeId::Resource(id) => {
                let origin = self.identities.origin(instance, id.resource());
                if let Some(Origin::Host(group, _)) = origin {
                    self.found.insert(*group);
                }
            }
            ComponentAnyTypeId::Defined(id) => self.defined(instance, types.data(id)),
            ComponentAnyTypeId::Func(id) => self.function(instance, id),
            ComponentAnyTypeId::Instance(id) => {
                for item in types.data(id).exports.values() {
                    self.entity(instance, &item.ty);
                }
            }
            ComponentAnyTypeId::Component(id) => {
                let ty = types.data(id);
                for item in ty.imports.values().chain(ty.exports.values()) {
                    self.entity(instance, &item.ty);
                }
            }
        }
    }

    fn function(&mut self, instance: InstanceId, id: ComponentFuncTypeId) {
        let types = self.types;
        let ty = types.data(id);
        for ty in ty.params.iter().map(|(_, ty)| ty).chain(&ty.result) {
            self.value(instance, ty);
        }
    }

    fn value(&mut self, instance: InstanceId, ty: &ComponentValType) {
        if let ComponentValType::Type(id) = ty {
            self.any(instance, ComponentAnyTypeId::Defined(*id));
        }
    }

    fn defined(&mut self, instance: InstanceId, ty: &ComponentDefinedType) {
        use ComponentDefinedType as D;
        match ty {
            D::Primitive(_) | D::Flags(_) | D::Enum(_) => {}
            D::Record(record) => {
                for ty in record.fields.values() {
                    self.value(instance, ty);
                }
            }
            D::Variant(variant) => {
                for ty in variant.cases.values().filter_map(|case| case.ty.as_ref()) {
                    self.value(instance, ty);
                }
            }
            D::Tuple(tuple) => {
                for ty in &tuple.types {
                    self.value(instance, ty);
                }
            }
            D::List { element: ty, .. }
            | D::FixedLengthList { element: ty, .. }
            | D::Option { ty, .. } => self.value(instance, ty),
            D::Map { key, value, .. } => {
                self.value(instance, key);
                self.value(instance, value);
            }
            D::Result { ok, err, .. } => {
                for ty in ok.iter().chain(err) {
                    self.value(instance, ty);
                }
            }
            D::Future { ty, .. } | D::Stream { ty, .. } => {
                if let Some(ty) = ty {
                    self.value(instance, ty);
                }
            }
            D::Own(id) | D::Borrow(id) => self.any(instance, ComponentAnyTypeId::Resource(*id)),
        }
    }
}
