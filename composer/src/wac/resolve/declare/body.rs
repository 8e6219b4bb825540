//! What is between the braces of an interface.

use super::check::Checker;
use super::library::Context;
use super::names::Names;
use super::outline::feature;
use super::scope::{Scope, TypeItem};
use super::signature::{Function, check_setters, is_setter};
use super::uses::Uses;
use super::writing::{Fault, Side, Writing, extern_name};
use crate::component::{Declared, DefinitionKind};
use crate::encode::Declaration;
use crate::wac::ast::{Interface, InterfaceItem};
use wasm_encoder::ComponentTypeRef;

/// The types and functions of an interface.
pub(super) struct Body<'d> {
    scope: Scope<'d>,
    functions: Vec<Function<'d>>,
}

impl<'d> Body<'d> {
    /// What `items` declare.
    pub(super) fn of(
        items: &'d [InterfaceItem<'d>],
        uses: &mut Uses,
        context: &mut Context<'_, 'd, '_>,
    ) -> Body<'d> {
        let mut names = Names::new("item");
        let types = items.iter().filter_map(|item| match item {
            InterfaceItem::Use(it) => Some(TypeItem::Use(it)),
            InterfaceItem::Type(it) => Some(TypeItem::Type(it)),
            InterfaceItem::Func(_) => None,
        });
        let mut scope = Scope::of(types, &mut names, uses, context);
        let mut functions = Vec::new();
        for item in items {
            match item {
                InterfaceItem::Type(it) if feature(&it.attributes).is_none() => {
                    functions.extend(Function::of_resource(it, context.errors));
                }
                InterfaceItem::Func(it) if feature(&it.attributes).is_none() => {
                    scope.add_other(it.id.name, "a function");
                    functions.push(Function::of(it, context.errors));
                }
                _ => {}
            }
        }
        for function in &functions {
            names.add(&function.name, function.span, context.errors);
            Checker::new(&scope, context.errors).function(function);
        }
        check_setters(functions.iter(), &names, context.errors);
        functions.sort_by_key(|function| is_setter(&function.name));
        Body { scope, functions }
    }

    /// Writes an instance type, and gives its index.
    pub(super) fn write(&self, out: &mut Declaration<'_>) -> Result<u32, Fault> {
        out.open_instance();
        let mut writing = Writing::new(out, &self.scope);
        writing.types(Side::Export)?;
        for function in &self.functions {
            let index = writing.function(function)?;
            let name = extern_name(&function.name, function.external_id);
            writing.out.export(name, ComponentTypeRef::Func(index));
        }
        Ok(out.close_instance())
    }
}

/// Declares an interface, whose full name is `id`; `None` if something is wrong with it, which was said then.
pub(super) fn declare<'d>(
    interface: &'d Interface<'d>,
    id: &str,
    context: &mut Context<'_, 'd, '_>,
) -> Option<Declared> {
    let mut uses = Uses::default();
    let body = context.sound(|context| Body::of(&interface.items, &mut uses, context))?;
    let name = interface.id.name;
    let write = || {
        let mut out = Declaration::begin(context.arena, uses.list())?;
        let instance = body.write(&mut out)?;
        out.export(id.into(), ComponentTypeRef::Instance(instance));
        Ok(out.into_definition(name, id, DefinitionKind::Interface))
    };
    let written = write();
    context.written(written, name, interface.id.span)
}
