//! Types, written into a declaration.

use super::scope::{Entry, Origin, Scope, named_in};
use super::signature::{Function, FunctionType, Returned, Signature};
use crate::encode::Declaration;
use crate::error::Error;
use crate::hash::HashMap;
use crate::types::Sort;
use crate::wac::ast::{Definition, Primitive, Type, TypeDecl, TypeKind};
use wasm_encoder::{
    ComponentDefinedTypeEncoder, ComponentExternName, ComponentTypeRef, ComponentValType as Value,
    PrimitiveValType, TypeBounds,
};

/// Writes the types of a scope, and others that speak of them, into the innermost scope of a declaration.
pub(super) struct Writing<'w, 'd, 'a> {
    pub(super) out: &'w mut Declaration<'a>,
    scope: &'w Scope<'d>,
    known: HashMap<&'d str, Value>,
}

/// What becomes of types that have names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Import,
    Export,
}

/// Why something was not written.
pub(super) enum Fault {
    /// A type that it speaks of is not there.
    Missing,
    /// It cannot be.
    Refused(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Refused(error)
    }
}

type Result<T> = std::result::Result<T, Fault>;

impl<'w, 'd, 'a> Writing<'w, 'd, 'a> {
    pub(super) fn new(out: &'w mut Declaration<'a>, scope: &'w Scope<'d>) -> Self {
        Writing {
            out,
            scope,
            known: HashMap::default(),
        }
    }

    /// Writes every type of the scope, each under its name.
    pub(super) fn types(&mut self, side: Side) -> Result<()> {
        let scope = self.scope;
        for (name, entry) in scope.entries() {
            let bounds = match &entry.origin {
                Origin::Declared(decl) if let Definition::Resource { .. } = decl.definition => {
                    TypeBounds::SubResource
                }
                Origin::Declared(decl) => {
                    let value = self.declared(decl)?;
                    TypeBounds::Eq(self.index(value))
                }
                Origin::Used {
                    at,
                    path: [import, name],
                } => {
                    let used = self.out.used(*at, &[import, name]);
                    TypeBounds::Eq(used.ok_or(Fault::Missing)?)
                }
                Origin::Nowhere => return Err(Fault::Missing),
            };
            let index = self.put(side, name, entry, bounds);
            self.known.insert(name, Value::Type(index));
        }
        Ok(())
    }

    /// Writes the types of the scope that are called so, and those they speak of. What must have a name is imported under its
    /// own.
    pub(super) fn needed(&mut self, names: Vec<&'d str>) -> Result<()> {
        let scope = self.scope;
        for (name, entry, decl) in scope.with_needed(names) {
            let mut value = self.declared(decl)?;
            if is_nominal(decl) {
                let bounds = TypeBounds::Eq(self.index(value));
                value = Value::Type(self.put(Side::Import, name, entry, bounds));
            }
            self.known.insert(name, value);
        }
        Ok(())
    }

    /// Writes a function, and gives the index of its type.
    pub(super) fn function(&mut self, function: &Function<'d>) -> Result<u32> {
        match &function.ty {
            FunctionType::Signature(signature) => self.signature(signature),
            FunctionType::Named(id) => self.named(id.name),
        }
    }

    /// The index of the type of this name.
    pub(super) fn named(&mut self, name: &str) -> Result<u32> {
        let value = *self.known.get(name).ok_or(Fault::Missing)?;
        Ok(self.index(value))
    }

    /// Writes a type that is declared, and gives its index.
    pub(super) fn declared_index(&mut self, decl: &'d TypeDecl<'d>) -> Result<u32> {
        let value = self.declared(decl)?;
        Ok(self.index(value))
    }

    /// Writes the type of a function, and gives its index.
    pub(super) fn signature(&mut self, signature: &Signature<'d>) -> Result<u32> {
        let mut params: Vec<(&str, Value)> = Vec::with_capacity(signature.params.len() + 1);
        if let Some(resource) = signature.receiver {
            let resource = self.named(resource)?;
            params.push(("self", self.define(|it| it.borrow(resource))));
        }
        for param in signature.params {
            params.push((param.id.name, self.value(&param.ty)?));
        }
        let result = match signature.result {
            Returned::Nothing => None,
            Returned::Type(ty) => Some(self.value(ty)?),
            Returned::Own(resource) => {
                let resource = self.named(resource)?;
                Some(self.define(|it| it.own(resource)))
            }
        };
        Ok(self.out.define(|ty| {
            let mut function = ty.function();
            function
                .async_(signature.is_async)
                .params(params)
                .result(result);
        }))
    }

    fn put(&mut self, side: Side, name: &str, entry: &Entry<'_>, bounds: TypeBounds) -> u32 {
        let name = extern_name(name, entry.external_id);
        match side {
            Side::Import => self.out.import(name, ComponentTypeRef::Type(bounds)),
            Side::Export => self.out.export(name, ComponentTypeRef::Type(bounds)),
        }
    }

    fn declared(&mut self, decl: &'d TypeDecl<'d>) -> Result<Value> {
        Ok(match &decl.definition {
            Definition::Alias { ty } => match &ty.kind {
                TypeKind::Name(id) => *self.known.get(id.name).ok_or(Fault::Missing)?,
                _ => self.value(ty)?,
            },
            Definition::Func(ty) => Value::Type(self.signature(&Signature::of(ty))?),
            Definition::Record { fields } => {
                let mut written = Vec::with_capacity(fields.len());
                for field in fields {
                    written.push((field.id.name, self.value(&field.ty)?));
                }
                self.define(|it| it.record(written))
            }
            Definition::Variant { cases } => {
                let mut written = Vec::with_capacity(cases.len());
                for case in cases {
                    written.push((case.id.name, self.optional(case.ty.as_ref())?));
                }
                self.define(|it| it.variant(written))
            }
            Definition::Enum { cases } => {
                let cases: Vec<_> = cases.iter().map(|case| case.id.name).collect();
                self.define(|it| it.enum_type(cases))
            }
            Definition::Flags { flags } => {
                let flags: Vec<_> = flags.iter().map(|flag| flag.id.name).collect();
                self.define(|it| it.flags(flags))
            }
            Definition::Resource { .. } => return Err(Fault::Missing),
        })
    }

    fn value(&mut self, ty: &'d Type<'d>) -> Result<Value> {
        Ok(match &ty.kind {
            TypeKind::Primitive { name } => Value::Primitive(primitive(*name)),
            TypeKind::ErrorContext => Value::Primitive(PrimitiveValType::ErrorContext),
            TypeKind::Name(id) => {
                let entry = self.scope.get(id.name).ok_or(Fault::Missing)?;
                match entry.content.sort {
                    Sort::Resource => self.own(id.name)?,
                    _ => *self.known.get(id.name).ok_or(Fault::Missing)?,
                }
            }
            TypeKind::Own { resource } => self.own(resource.name)?,
            TypeKind::Borrow { resource } => {
                let resource = self.named(resource.name)?;
                self.define(|it| it.borrow(resource))
            }
            TypeKind::List { element, length } => {
                let element = self.value(element)?;
                match *length {
                    Some(length) => self.define(|it| it.fixed_length_list(element, length)),
                    None => self.define(|it| it.list(element)),
                }
            }
            TypeKind::Map { key, value } => {
                let (key, value) = (self.value(key)?, self.value(value)?);
                self.define(|it| it.map(key, value))
            }
            TypeKind::Option { some } => {
                let some = self.value(some)?;
                self.define(|it| it.option(some))
            }
            TypeKind::Result { ok, err } => {
                let (ok, err) = (
                    self.optional(ok.as_deref())?,
                    self.optional(err.as_deref())?,
                );
                self.define(|it| it.result(ok, err))
            }
            TypeKind::Tuple { types } => {
                let types = types
                    .iter()
                    .map(|ty| self.value(ty))
                    .collect::<Result<Vec<_>>>()?;
                self.define(|it| it.tuple(types))
            }
            TypeKind::Stream { element } => {
                let element = self.optional(element.as_deref())?;
                self.define(|it| it.stream(element))
            }
            TypeKind::Future { element } => {
                let element = self.optional(element.as_deref())?;
                self.define(|it| it.future(element))
            }
        })
    }

    fn optional(&mut self, ty: Option<&'d Type<'d>>) -> Result<Option<Value>> {
        ty.map(|ty| self.value(ty)).transpose()
    }

    fn own(&mut self, resource: &str) -> Result<Value> {
        let resource = self.named(resource)?;
        Ok(self.define(|it| it.own(resource)))
    }

    fn define(&mut self, write: impl FnOnce(ComponentDefinedTypeEncoder<'_>)) -> Value {
        Value::Type(self.out.define(|ty| write(ty.defined_type())))
    }

    /// The index of a type; one that is built in gets one.
    fn index(&mut self, value: Value) -> u32 {
        match value {
            Value::Type(index) => index,
            Value::Primitive(ty) => self.out.define(|it| it.defined_type().primitive(ty)),
        }
    }
}

/// A name of an import or export.
pub(super) fn extern_name<'n>(
    name: &'n str,
    external_id: Option<&'n str>,
) -> ComponentExternName<'n> {
    ComponentExternName {
        name: name.into(),
        implements: None,
        external_id: external_id.map(Into::into),
        version_suffix: None,
    }
}

/// Whether a type must have a name where a function speaks of it.
pub(super) fn is_nominal(decl: &TypeDecl<'_>) -> bool {
    match &decl.definition {
        Definition::Alias { .. } | Definition::Func(_) => false,
        Definition::Record { .. }
        | Definition::Variant { .. }
        | Definition::Enum { .. }
        | Definition::Flags { .. }
        | Definition::Resource { .. } => true,
    }
}

impl<'d> Signature<'d> {
    /// The names of types in it.
    pub(super) fn names(&self) -> Vec<&'d str> {
        let mut names = Vec::new();
        let mut add = |name| names.push(name);
        self.params
            .iter()
            .for_each(|param| named_in(&param.ty, &mut add));
        if let Returned::Type(ty) = self.result {
            named_in(ty, &mut add);
        }
        names
    }
}

fn primitive(primitive: Primitive) -> PrimitiveValType {
    match primitive {
        Primitive::Bool => PrimitiveValType::Bool,
        Primitive::U8 => PrimitiveValType::U8,
        Primitive::U16 => PrimitiveValType::U16,
        Primitive::U32 => PrimitiveValType::U32,
        Primitive::U64 => PrimitiveValType::U64,
        Primitive::S8 => PrimitiveValType::S8,
        Primitive::S16 => PrimitiveValType::S16,
        Primitive::S32 => PrimitiveValType::S32,
        Primitive::S64 => PrimitiveValType::S64,
        Primitive::F32 => PrimitiveValType::F32,
        Primitive::F64 => PrimitiveValType::F64,
        Primitive::Char => PrimitiveValType::Char,
        Primitive::String => PrimitiveValType::String,
    }
}
