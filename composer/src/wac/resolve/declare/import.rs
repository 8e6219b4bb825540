//! What `import` statements import.

use super::body::Body;
use super::check::Checker;
use super::library::{Context, EITHER, Known, View, wrong_kind};
use super::names::undefined;
use super::outline::{Item, external_id};
use super::signature::{Function, FunctionType};
use super::uses::Uses;
use super::writing::{Fault, Writing, extern_name};
use super::{Imported, Value};
use crate::component::{ComponentId, Declared, DefinitionKind, ExternName, Found};
use crate::encode::Declaration;
use crate::error::ErrorKind;
use crate::types::{Content, Sort, kind_name};
use crate::wac::ast::{
    FuncType, Ident, Import, ImportKind, InlineInterface, PackagePath, TypeDecl,
};
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;
use wasm_encoder::{ComponentTypeRef, TypeBounds};

/// What an import is called, and where that is said.
struct Name<'d> {
    text: String,
    span: Span,
    external_id: Option<&'d str>,
}

impl<'d> Context<'_, 'd, '_> {
    pub(super) fn import(&mut self, import: &'d Import<'d>, value: Value<'_>) -> Option<Imported> {
        if self.library.is_broken {
            return None;
        }
        match &import.import {
            ImportKind::Path(path) => self.import_path(import, path),
            ImportKind::Func(ty) => self.import_function(import, ty),
            ImportKind::Interface(interface) => self.import_interface(import, interface),
            ImportKind::Ident(id) => self.import_named(import, *id, value),
        }
    }

    fn import_path(
        &mut self,
        import: &'d Import<'d>,
        path: &'d PackagePath<'d>,
    ) -> Option<Imported> {
        let first = path.segments.first()?;
        if self.library.outline.number(&path.package) == Some(0)
            && path.segments.len() == 1
            && let Some(Item::Type(decl)) = self.library.outline.item((0, first.name))
        {
            return self.import_type(import, decl);
        }
        let known = self.of_package(path, EITHER)?;
        let Some(segment) = path.segments.get(1) else {
            return self.import_known(import, &known, known.id.clone(), path.span);
        };
        let (component, mut place) = match known.definition.kind {
            DefinitionKind::Interface => {
                let view = View::Import(known.id.clone(), None);
                (self.view(&known, view, path.span)?, vec![known.id.clone()])
            }
            DefinitionKind::World => (self.view(&known, View::World, path.span)?, Vec::new()),
        };
        place.extend(
            path.segments
                .iter()
                .skip(1)
                .map(|segment| segment.name.to_owned()),
        );
        let item = self.arena.find(component, &place).and_then(Found::item);
        let Some(item) = item.filter(|_| path.segments.len() == 2) else {
            let items = self.arena.definition_items(known.definition);
            let names: Vec<_> = items.into_iter().map(|(name, _)| name.to_owned()).collect();
            let missing = path.segments.get(2).unwrap_or(segment);
            self.missing(&known.id, *missing, names.iter().map(String::as_str));
            return None;
        };
        let (is_instance, ty) = (kind_name(&item.ty) == "interface", item.ty);
        let name = self.name(import, path.to_string(), path.span, is_instance)?;
        if known.definition.kind == DefinitionKind::World
            || !Content::has_named(self.arena.types(), &ty)
        {
            let made = self.arena.import_like(component, &place, &name.text);
            let component = self.declarable(made, &name.text, name.span)?;
            return Some(name.of(component, None));
        }
        // The types that it speaks of are those of the interface, which is imported, too.
        let mut uses = Uses::default();
        let at = uses.add(component);
        let write = || -> Result<Declared, Fault> {
            let mut out = Declaration::begin(self.arena, uses.list())?;
            out.import_used(at, &place, &name.text, name.external_id)?;
            Ok(out.into_world())
        };
        let written = write();
        self.declare(name, written)
    }

    /// Imports an instance of an interface, or a component of a world; `inferred` is its name if the statement gives none.
    fn import_known(
        &mut self,
        import: &'d Import<'d>,
        known: &Known,
        inferred: String,
        span: Span,
    ) -> Option<Imported> {
        let name = self.name(import, inferred, span, true)?;
        let external_id = name.external_id.map(str::to_owned);
        let view = View::Import(name.text.clone(), external_id);
        let component = self.view(known, view, name.span)?;
        let is_interface = known.definition.kind == DefinitionKind::Interface;
        Some(name.of(component, is_interface.then(|| known.id.clone())))
    }

    fn import_function(
        &mut self,
        import: &'d Import<'d>,
        ty: &'d FuncType<'d>,
    ) -> Option<Imported> {
        let function = self.sound(|context| {
            let function = Function::plain(import.id, ty, None, context.errors);
            Checker::new(&context.library.root, context.errors).function(&function);
            function
        })?;
        let name = self.name(import, function.name.clone(), import.id.span, false)?;
        let FunctionType::Signature(signature) = &function.ty else {
            return None;
        };
        self.write(name, signature.names(), |writing| {
            writing.signature(signature).map(ComponentTypeRef::Func)
        })
    }

    fn import_interface(
        &mut self,
        import: &'d Import<'d>,
        interface: &'d InlineInterface<'d>,
    ) -> Option<Imported> {
        let mut uses = Uses::default();
        let body = self.sound(|context| Body::of(&interface.items, &mut uses, context));
        let name = self.name(import, import.id.name.to_owned(), import.id.span, true)?;
        let body = body?;
        let write = || -> Result<Declared, Fault> {
            let mut out = Declaration::begin(self.arena, uses.list())?;
            let instance = body.write(&mut out)?;
            let extern_name = extern_name(&name.text, name.external_id);
            out.import(extern_name, ComponentTypeRef::Instance(instance));
            Ok(out.into_world())
        };
        let written = write();
        self.declare(name, written)
    }

    fn import_named(
        &mut self,
        import: &'d Import<'d>,
        id: Ident<'d>,
        value: Value<'_>,
    ) -> Option<Imported> {
        match self.library.outline.item((0, id.name)) {
            Some(Item::Type(decl)) => self.import_type(import, decl),
            Some(item) => {
                let known = self.library.get((0, id.name)).cloned()?;
                // Each import of a declaration is one of its own; what `use` names is as if its path stood here.
                let inferred = match item {
                    Item::Use(..) => known.id.clone(),
                    _ => import.id.name.to_owned(),
                };
                self.import_known(import, &known, inferred, import.id.span)
            }
            None => {
                let Some((component, path)) = value(id.name) else {
                    if let Some(own) = self.library.outline.package(0) {
                        let told = self.errors.len();
                        let error = undefined(id, told, &own.gated, own.items.keys().copied());
                        self.errors.push(error);
                    }
                    return None;
                };
                if path.is_empty() {
                    let (found, expected) = ("an instance of a component", "one of its exports");
                    let error = wrong_kind(id.name.to_owned(), id.span, found, expected);
                    let help = format!(
                        "an instance of a component cannot be imported; import one of its exports: \
                         `let item = {}.name; import other: item;`",
                        id.name
                    );
                    self.errors.push(error.with_help(help));
                    return None;
                }
                let item = self.arena.find(component, &path).and_then(Found::item);
                let interface = path.last().filter(|name| name.contains(':')).cloned();
                let implements = || Some(item?.full_implements()?.into_owned());
                let interface = interface.or_else(implements);
                let inferred = interface
                    .clone()
                    .unwrap_or_else(|| import.id.name.to_owned());
                let is_instance = item.is_none_or(|item| kind_name(&item.ty) == "interface");
                let name = self.name(import, inferred, import.id.span, is_instance)?;
                let made = self.arena.import_again(component, &path, &name.text);
                let component = self.declarable(made, &name.text, name.span)?;
                Some(name.of(component, interface))
            }
        }
    }

    /// Imports a function of a type of the document, or the type itself, if it is no function's.
    fn import_type(&mut self, import: &'d Import<'d>, decl: &'d TypeDecl<'d>) -> Option<Imported> {
        let sort = self.library.root.get(decl.id.name)?.content.sort;
        let name = self.name(import, import.id.name.to_owned(), import.id.span, false)?;
        match sort {
            Sort::Wrong => None,
            Sort::Function => self.write(name, vec![decl.id.name], |writing| {
                writing.named(decl.id.name).map(ComponentTypeRef::Func)
            }),
            Sort::Value | Sort::Resource => {
                let mut needed = Vec::new();
                super::scope::needed_by(decl, &mut |name| needed.push(name));
                self.write(name, needed, |writing| {
                    let index = writing.declared_index(decl)?;
                    Ok(ComponentTypeRef::Type(TypeBounds::Eq(index)))
                })
            }
        }
    }

    /// Declares a component that imports what `write` writes, after the types of the document that are `needed` for that.
    fn write(
        &mut self,
        name: Name<'d>,
        needed: Vec<&'d str>,
        write: impl FnOnce(&mut Writing<'_, 'd, '_>) -> Result<ComponentTypeRef, Fault>,
    ) -> Option<Imported> {
        let all = || -> Result<Declared, Fault> {
            let mut out = Declaration::begin(self.arena, &[])?;
            let mut writing = Writing::new(&mut out, &self.library.root);
            writing.needed(needed)?;
            let ty = write(&mut writing)?;
            out.import(extern_name(&name.text, name.external_id), ty);
            Ok(out.into_world())
        };
        let written = all();
        self.declare(name, written)
    }

    fn declare(&mut self, name: Name<'d>, written: Result<Declared, Fault>) -> Option<Imported> {
        let written = self.written(written, &name.text, name.span)?;
        let declared = self.arena.declare(&name.text, written);
        let component = self.declarable(declared, &name.text, name.span)?;
        Some(name.of(component, None))
    }

    /// What the import is called: as the statement says, or else as `inferred`, which stands at `span`.
    fn name(
        &mut self,
        import: &'d Import<'d>,
        inferred: String,
        span: Span,
        is_instance: bool,
    ) -> Option<Name<'d>> {
        let (text, span) = match &import.name {
            Some(name) => (name.as_str().to_owned(), name.span()),
            None => (inferred, span),
        };
        let reason = match ExternName::of_instance(&text) {
            Ok(_) if is_instance || !text.contains(':') => {
                return Some(Name {
                    text,
                    span,
                    external_id: external_id(&import.attributes),
                });
            }
            Ok(_) => "only interfaces have names of this form".to_owned(),
            Err(error) => match error.kind() {
                ErrorKind::BadName { reason, .. } => reason.clone(),
                _ => error.to_string(),
            },
        };
        let kind = ResolveErrorKind::InvalidName { name: text, reason };
        let error = ResolveError::new(kind, span, "this name");
        self.errors.push(error.with_help(
            "give it a name with `as`: words such as `key-value`, or `ns:package/interface`",
        ));
        None
    }
}

impl Name<'_> {
    fn of(self, component: ComponentId, interface: Option<String>) -> Imported {
        Imported {
            component,
            name: self.text,
            name_span: self.span,
            interface,
        }
    }
}
