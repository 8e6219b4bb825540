//! Types of values and functions, written down again.

use super::types::{Result, TypeWriter};
use crate::graph::InstanceId;
use crate::types::Data;
use wasm_encoder::ComponentValType as EncodedType;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId,
    ComponentValType,
};

impl TypeWriter<'_> {
    /// Writes the type of a function, and gives its index.
    pub(super) fn function(
        &mut self,
        instance: InstanceId,
        id: ComponentFuncTypeId,
    ) -> Result<u32> {
        let types = self.types;
        let ty = types.data(id);
        let mut params = Vec::with_capacity(ty.params.len());
        for (name, ty) in &ty.params {
            params.push((name.as_str(), self.value(instance, ty)?));
        }
        let result = match &ty.result {
            Some(ty) => Some(self.value(instance, ty)?),
            None => None,
        };
        Ok(self.define(|encoder| {
            let mut function = encoder.function();
            function.async_(ty.async_).params(params).result(result);
        }))
    }

    pub(super) fn value(
        &mut self,
        instance: InstanceId,
        ty: &ComponentValType,
    ) -> Result<EncodedType> {
        match ty {
            ComponentValType::Primitive(primitive) => {
                Ok(EncodedType::Primitive((*primitive).into()))
            }
            ComponentValType::Type(id) => self.defined(instance, *id),
        }
    }

    fn optional(
        &mut self,
        instance: InstanceId,
        ty: &Option<ComponentValType>,
    ) -> Result<Option<EncodedType>> {
        ty.as_ref().map(|ty| self.value(instance, ty)).transpose()
    }

    /// A value type in the current scope; one that is not there is written.
    pub(super) fn defined(
        &mut self,
        instance: InstanceId,
        id: ComponentDefinedTypeId,
    ) -> Result<EncodedType> {
        use ComponentDefinedType as D;
        if let Some(index) = self.find_of(instance, ComponentAnyTypeId::Defined(id)) {
            return Ok(EncodedType::Type(index));
        }
        let types = self.types;
        let index = match types.data(id) {
            D::Primitive(primitive) => return Ok(EncodedType::Primitive((*primitive).into())),
            D::Record(record) => {
                let mut fields = Vec::with_capacity(record.fields.len());
                for (name, ty) in &record.fields {
                    fields.push((name.as_str(), self.value(instance, ty)?));
                }
                self.define(|encoder| encoder.defined_type().record(fields))
            }
            D::Variant(variant) => {
                let mut cases = Vec::with_capacity(variant.cases.len());
                for (name, case) in &variant.cases {
                    cases.push((name.as_str(), self.optional(instance, &case.ty)?));
                }
                self.define(|encoder| encoder.defined_type().variant(cases))
            }
            D::List { element, .. } => {
                let element = self.value(instance, element)?;
                self.define(|encoder| encoder.defined_type().list(element))
            }
            D::Map { key, value, .. } => {
                let key = self.value(instance, key)?;
                let value = self.value(instance, value)?;
                self.define(|encoder| encoder.defined_type().map(key, value))
            }
            D::FixedLengthList {
                element, length, ..
            } => {
                let element = self.value(instance, element)?;
                self.define(|encoder| encoder.defined_type().fixed_length_list(element, *length))
            }
            D::Tuple(tuple) => {
                let mut items = Vec::with_capacity(tuple.types.len());
                for ty in &tuple.types {
                    items.push(self.value(instance, ty)?);
                }
                self.define(|encoder| encoder.defined_type().tuple(items))
            }
            D::Flags(names) => self.define(|encoder| {
                encoder
                    .defined_type()
                    .flags(names.iter().map(|n| n.as_str()));
            }),
            D::Enum(names) => self.define(|encoder| {
                encoder
                    .defined_type()
                    .enum_type(names.iter().map(|n| n.as_str()));
            }),
            D::Option { ty, .. } => {
                let ty = self.value(instance, ty)?;
                self.define(|encoder| encoder.defined_type().option(ty))
            }
            D::Result { ok, err, .. } => {
                let ok = self.optional(instance, ok)?;
                let err = self.optional(instance, err)?;
                self.define(|encoder| encoder.defined_type().result(ok, err))
            }
            D::Own(resource) => {
                let resource = self.resource(instance, *resource)?;
                self.define(|encoder| encoder.defined_type().own(resource))
            }
            D::Borrow(resource) => {
                let resource = self.resource(instance, *resource)?;
                self.define(|encoder| encoder.defined_type().borrow(resource))
            }
            D::Future { ty, .. } => {
                let ty = self.optional(instance, ty)?;
                self.define(|encoder| encoder.defined_type().future(ty))
            }
            D::Stream { ty, .. } => {
                let ty = self.optional(instance, ty)?;
                self.define(|encoder| encoder.defined_type().stream(ty))
            }
        };
        self.remember_type(ComponentAnyTypeId::Defined(id), index);
        Ok(EncodedType::Type(index))
    }
}
