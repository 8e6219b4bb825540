//! Every type that an item of a component refers to.

use crate::hash::HashSet;
use crate::types::Data;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId,
    ComponentValType,
};
use wasmparser::types::TypesRef;

/// Whether a resource is somewhere in what `entity` refers to.
pub(super) fn has_resource(types: TypesRef<'_>, entity: &ComponentEntityType) -> bool {
    let mut has_resource = false;
    let mut visit = |id| {
        has_resource |= matches!(id, ComponentAnyTypeId::Resource(_));
        false
    };
    Walk::of_contents(types, &mut HashSet::default(), &mut visit).entity(entity);
    has_resource
}

/// A walk through types, which visits each once.
pub(super) struct Walk<'w, 'v> {
    types: TypesRef<'w>,
    seen: &'v mut HashSet<ComponentAnyTypeId>,
    /// Whether a type is looked at under all names it goes by, of which there may be many.
    by_all_names: bool,
    /// Looks at a type under one of the names it goes by; `true` if that is all there is to know, so
    /// that neither other names nor what the type consists of are looked at.
    visit: &'v mut dyn FnMut(ComponentAnyTypeId) -> bool,
}

impl<'w, 'v> Walk<'w, 'v> {
    pub(super) fn new(
        types: TypesRef<'w>,
        seen: &'v mut HashSet<ComponentAnyTypeId>,
        visit: &'v mut dyn FnMut(ComponentAnyTypeId) -> bool,
    ) -> Self {
        Walk {
            types,
            seen,
            by_all_names: true,
            visit,
        }
    }

    /// A walk that looks at each type under one name only.
    pub(super) fn of_contents(
        types: TypesRef<'w>,
        seen: &'v mut HashSet<ComponentAnyTypeId>,
        visit: &'v mut dyn FnMut(ComponentAnyTypeId) -> bool,
    ) -> Self {
        Walk {
            by_all_names: false,
            ..Walk::new(types, seen, visit)
        }
    }

    /// Walks through what `entity` refers to.
    pub(super) fn entity(&mut self, entity: &ComponentEntityType) {
        match entity {
            ComponentEntityType::Module(_) => {}
            ComponentEntityType::Func(id) => self.function(*id),
            ComponentEntityType::Value(ty) => self.value(ty),
            ComponentEntityType::Type { referenced, .. } => self.any(*referenced),
            ComponentEntityType::Instance(id) => self.any(ComponentAnyTypeId::Instance(*id)),
            ComponentEntityType::Component(id) => self.any(ComponentAnyTypeId::Component(*id)),
        }
    }

    /// Walks through what a type consists of, and does not look at the type itself.
    pub(super) fn contents(&mut self, id: ComponentAnyTypeId) {
        match id {
            ComponentAnyTypeId::Defined(id) => self.defined(self.types.data(id)),
            id => self.any(id),
        }
    }

    fn any(&mut self, id: ComponentAnyTypeId) {
        if !self.seen.insert(id) {
            return;
        }
        let mut at = Some(id);
        while let Some(id) = at {
            if (self.visit)(id) {
                return;
            }
            at = match self.by_all_names {
                true => self.types.peel_alias(id),
                false => None,
            };
        }
        match id {
            ComponentAnyTypeId::Resource(_) => {}
            ComponentAnyTypeId::Defined(id) => self.defined(self.types.data(id)),
            ComponentAnyTypeId::Func(id) => self.function(id),
            ComponentAnyTypeId::Instance(id) => {
                for item in self.types.data(id).exports.values() {
                    self.entity(&item.ty);
                }
            }
            ComponentAnyTypeId::Component(id) => {
                let ty = self.types.data(id);
                for item in ty.imports.values().chain(ty.exports.values()) {
                    self.entity(&item.ty);
                }
            }
        }
    }

    fn function(&mut self, id: ComponentFuncTypeId) {
        let ty = self.types.data(id);
        for ty in ty.params.iter().map(|(_, ty)| ty).chain(&ty.result) {
            self.value(ty);
        }
    }

    fn value(&mut self, ty: &ComponentValType) {
        if let ComponentValType::Type(id) = ty {
            self.any(ComponentAnyTypeId::Defined(*id));
        }
    }

    fn defined(&mut self, ty: &ComponentDefinedType) {
        use ComponentDefinedType as D;
        match ty {
            D::Primitive(_) | D::Flags(_) | D::Enum(_) => {}
            D::Record(record) => record.fields.values().for_each(|ty| self.value(ty)),
            D::Variant(variant) => {
                let cases = variant.cases.values();
                cases
                    .filter_map(|case| case.ty.as_ref())
                    .for_each(|ty| self.value(ty));
            }
            D::Tuple(tuple) => tuple.types.iter().for_each(|ty| self.value(ty)),
            D::List { element: ty, .. }
            | D::FixedLengthList { element: ty, .. }
            | D::Option { ty, .. } => self.value(ty),
            D::Map { key, value, .. } => {
                self.value(key);
                self.value(value);
            }
            D::Result { ok, err, .. } => ok.iter().chain(err).for_each(|ty| self.value(ty)),
            D::Future { ty, .. } | D::Stream { ty, .. } => ty.iter().for_each(|ty| self.value(ty)),
            D::Own(id) | D::Borrow(id) => self.any(ComponentAnyTypeId::Resource(*id)),
        }
    }
}
