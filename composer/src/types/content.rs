//! What a type has in it, as far as others that have it in them must know.

use super::Data;
use crate::hash::HashSet;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentValType,
};
use wasmparser::types::TypesRef;

/// What a type is, and what it has in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) sort: Sort,
    /// Somewhere in it is a resource that is lent.
    pub(crate) borrows: bool,
    /// Somewhere in it is a resource, a stream or a future.
    pub(crate) handles: bool,
    /// Somewhere in it, or itself, is a record, a variant, an enum, or flags.
    pub(crate) named: bool,
}

/// What a name of a type stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A type of values.
    #[default]
    Value,
    /// A resource.
    Resource,
    /// The type of a function.
    Function,
    /// Something that is wrong; it was said why.
    Wrong,
}

impl Content {
    /// What an item has in it, if it is a type.
    pub(crate) fn of(types: TypesRef<'_>, item: &ComponentEntityType) -> Option<Content> {
        let ComponentEntityType::Type { referenced, .. } = item else {
            return None;
        };
        let mut content = Content::default();
        match referenced {
            ComponentAnyTypeId::Defined(id) => content.look_into(types, *id),
            ComponentAnyTypeId::Resource(_) => content.sort = Sort::Resource,
            ComponentAnyTypeId::Func(_) => content.sort = Sort::Function,
            _ => return None,
        }
        Some(content)
    }

    /// Whether an item, which is no instance, speaks of types that must have names where it is imported.
    pub(crate) fn has_named(types: TypesRef<'_>, item: &ComponentEntityType) -> bool {
        let mut content = Content::default();
        match item {
            ComponentEntityType::Func(id) => {
                let ty = types.data(*id);
                for ty in ty.params.iter().map(|(_, ty)| ty).chain(&ty.result) {
                    if let ComponentValType::Type(id) = ty {
                        content.look_into(types, *id);
                    }
                }
            }
            ComponentEntityType::Type {
                referenced: ComponentAnyTypeId::Defined(id),
                ..
            } => content.look_into(types, *id),
            _ => {}
        }
        content.named || content.handles
    }

    fn look_into(&mut self, types: TypesRef<'_>, id: ComponentDefinedTypeId) {
        use ComponentDefinedType as D;
        let mut seen = HashSet::from_iter([id]);
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let mut add = |ty: &ComponentValType| match ty {
                ComponentValType::Type(id) if seen.insert(*id) => open.push(*id),
                _ => {}
            };
            match types.data(id) {
                D::Primitive(_) => {}
                D::Flags(_) | D::Enum(_) => self.named = true,
                D::Record(record) => {
                    self.named = true;
                    record.fields.values().for_each(add);
                }
                D::Variant(variant) => {
                    self.named = true;
                    let cases = variant.cases.values();
                    cases.filter_map(|case| case.ty.as_ref()).for_each(add);
                }
                D::Tuple(tuple) => tuple.types.iter().for_each(add),
                D::List { element: ty, .. }
                | D::FixedLengthList { element: ty, .. }
                | D::Option { ty, .. } => add(ty),
                D::Map { key, value, .. } => [key, value].into_iter().for_each(add),
                D::Result { ok, err, .. } => ok.iter().chain(err).for_each(add),
                D::Future { ty, .. } | D::Stream { ty, .. } => {
                    self.handles = true;
                    ty.iter().for_each(add);
                }
                D::Own(_) => self.handles = true,
                D::Borrow(_) => (self.handles, self.borrows) = (true, true),
            }
        }
    }
}
