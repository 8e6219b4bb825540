//! Worlds.

use super::body::Body;
use super::check::Checker;
use super::exports::Exports;
use super::include::Included;
use super::library::{Context, Known, wrong_kind};
use super::names::Names;
use super::outline::{Item, external_id, feature};
use super::scope::{Scope, TypeItem};
use super::signature::{Function, FunctionType, check_setters, is_setter, prefix};
use super::uses::Uses;
use super::writing::{Fault, Side, Writing, extern_name, is_nominal};
use crate::component::{Arena, Declared, DefinitionKind};
use crate::encode::Declaration;
use crate::types::Sort;
use crate::wac::ast::{
    Extern, ExternKind, FuncType, Ident, InlineInterface, UsePath, World, WorldItem,
};
use wasm_encoder::ComponentTypeRef;

/// What a world imports and exports.
struct Content<'d> {
    scope: Scope<'d>,
    uses: Uses,
    /// What is written in the world itself.
    imports: Vec<Written<'d>>,
    exports: Vec<Written<'d>>,
    /// Interfaces that are exported, and defined elsewhere.
    interfaces: Exports,
    included: Included,
}

/// Something that is written in the world itself.
enum Written<'d> {
    Function(Function<'d>),
    /// A function of a type of the document.
    OfDocument(Function<'d>, &'d str),
    Interface {
        name: &'d str,
        external_id: Option<&'d str>,
        body: Body<'d>,
    },
}

/// What an import or export is.
enum What<'d> {
    Function(&'d FuncType<'d>),
    /// A function of this type, of the world or of the document.
    Named(Ident<'d>, Owner),
    Written(&'d InlineInterface<'d>),
    Interface(&'d UsePath<'d>),
    /// A type that is no function's.
    Wrong(Ident<'d>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    World,
    Document,
}

/// Declares a world, whose full name is `id`; `None` if something is wrong with it, which was said then.
pub(super) fn declare<'d>(
    world: &'d World<'d>,
    id: &str,
    context: &mut Context<'_, 'd, '_>,
) -> Option<Declared> {
    let content = context.sound(|context| Content::of(world, context))?;
    let name = world.id.name;
    let written = content.write(context.arena, &context.library.root);
    let written = written.map(|out| out.into_definition(name, id, DefinitionKind::World));
    context.written(written, name, world.id.span)
}

impl<'d> Content<'d> {
    fn of(world: &'d World<'d>, context: &mut Context<'_, 'd, '_>) -> Content<'d> {
        let mut uses = Uses::default();
        uses.whole = true;
        import_known(world, &mut uses, context);
        let (mut imported, mut exported) = (Names::new("import"), Names::new("export"));
        let types = world.items.iter().filter_map(|item| match item {
            WorldItem::Use(it) => Some(TypeItem::Use(it)),
            WorldItem::Type(it) => Some(TypeItem::Type(it)),
            _ => None,
        });
        let mut content = Content {
            scope: Scope::of(types, &mut imported, &mut uses, context),
            uses,
            imports: Vec::new(),
            exports: Vec::new(),
            interfaces: Exports::default(),
            included: Included::default(),
        };
        let mut exports = Vec::new();
        let mut includes = Vec::new();
        for item in &world.items {
            match item {
                WorldItem::Type(it) if feature(&it.attributes).is_none() => {
                    for function in Function::of_resource(it, context.errors) {
                        imported.add(&function.name, function.span, context.errors);
                        Checker::new(&content.scope, context.errors).function(&function);
                        content.imports.push(Written::Function(function));
                    }
                }
                WorldItem::Import(it) if feature(&it.attributes).is_none() => {
                    if let Some(known) = content.name(it, &mut imported, context) {
                        content.import_interface(it, &known, context);
                    } else if let Some(written) = content.written(it, context) {
                        content.imports.push(written);
                    }
                }
                WorldItem::Export(it) if feature(&it.attributes).is_none() => {
                    match content.name(it, &mut exported, context) {
                        Some(known) => content.export_interface(it, known, context),
                        None => exports.push(it),
                    }
                }
                WorldItem::Include(it) if feature(&it.attributes).is_none() => includes.push(it),
                _ => {}
            }
        }
        for it in includes {
            let names = (&mut imported, &mut exported);
            let interfaces = &mut content.interfaces;
            content
                .included
                .add(it, names, interfaces, &mut content.uses, context);
        }
        // What is written here can speak of interfaces that are exported, wherever that is said.
        content.uses.exported = content.interfaces.numbers();
        for it in exports {
            let written = content.written(it, context);
            content.exports.extend(written);
        }
        content.interfaces.finish(&mut content.uses, context);
        content.add_named(&mut imported, context);
        for (list, names) in [
            (&mut content.imports, &imported),
            (&mut content.exports, &exported),
        ] {
            let functions = list.iter().filter_map(Written::function);
            check_setters(functions, names, context.errors);
            list.sort_by_key(|it| it.function().is_some_and(|it| is_setter(&it.name)));
        }
        content
    }

    /// Takes note of the types of the document that functions speak of: they are imported, too.
    fn add_named(&self, names: &mut Names, context: &mut Context<'_, 'd, '_>) {
        let types: Vec<_> = self.of_document().collect();
        let root = &context.library.root;
        let span = self
            .imports
            .iter()
            .chain(&self.exports)
            .find_map(|it| match it {
                Written::OfDocument(function, _) => Some(function.span),
                _ => None,
            });
        for (name, _, decl) in root.with_needed(types) {
            if is_nominal(decl) {
                names.add(name, span.unwrap_or_default(), context.errors);
            }
        }
    }

    /// The types of the document by which functions are declared.
    fn of_document(&self) -> impl Iterator<Item = &'d str> {
        let all = self.imports.iter().chain(&self.exports);
        all.filter_map(|it| match it {
            Written::OfDocument(_, ty) => Some(*ty),
            _ => None,
        })
    }

    /// Takes note of what an import or export is called; gives the interface that it is, if that is defined elsewhere.
    fn name(
        &self,
        it: &'d Extern<'d>,
        names: &mut Names,
        context: &mut Context<'_, 'd, '_>,
    ) -> Option<Known> {
        let (name, span, known) = match (self.what(it, context), it.name) {
            (What::Interface(path), id) => {
                let known = context.interface(path)?;
                let name = id.map_or(known.id.clone(), |id| id.name.to_owned());
                (name, id.map_or(path.span(), |id| id.span), Some(known))
            }
            (What::Function(ty), Some(id)) => {
                (format!("{}{}", prefix(ty.flavor), id.name), id.span, None)
            }
            (_, id) => {
                let id = id?;
                (id.name.to_owned(), id.span, None)
            }
        };
        names.add(&name, span, context.errors);
        known
    }

    fn import_interface(
        &mut self,
        it: &'d Extern<'d>,
        known: &Known,
        context: &mut Context<'_, 'd, '_>,
    ) {
        let name = it.name.map_or(known.id.as_str(), |id| id.name);
        let external_id = external_id(&it.attributes);
        self.uses.import(known, name, external_id, it.span, context);
    }

    fn export_interface(
        &mut self,
        it: &'d Extern<'d>,
        known: Known,
        context: &mut Context<'_, 'd, '_>,
    ) {
        let name = it.name.map_or(known.id.as_str(), |id| id.name).to_owned();
        let external_id = external_id(&it.attributes);
        let name = (name, it.span);
        self.interfaces
            .add(known, name, external_id, &mut self.uses, context);
    }

    /// An import or export that is written here.
    fn written(
        &mut self,
        it: &'d Extern<'d>,
        context: &mut Context<'_, 'd, '_>,
    ) -> Option<Written<'d>> {
        let what = self.what(it, context);
        let id = it.name?;
        let external_id = external_id(&it.attributes);
        let named = |ty| Function {
            name: id.name.to_owned(),
            span: id.span,
            external_id,
            ty: FunctionType::Named(ty),
        };
        Some(match what {
            What::Function(ty) => {
                let function = Function::plain(id, ty, external_id, context.errors);
                Checker::new(&self.scope, context.errors).function(&function);
                Written::Function(function)
            }
            What::Named(ty, Owner::World) => Written::Function(named(ty)),
            What::Named(ty, Owner::Document) => Written::OfDocument(named(ty), ty.name),
            What::Written(interface) => Written::Interface {
                name: id.name,
                external_id,
                body: Body::of(&interface.items, &mut self.uses, context),
            },
            What::Wrong(ty) => {
                let expected = "an interface or a function type";
                let error = wrong_kind(ty.name.to_owned(), ty.span, "a type of values", expected);
                context.errors.push(error);
                return None;
            }
            What::Interface(_) => return None,
        })
    }

    fn what(&self, it: &'d Extern<'d>, context: &mut Context<'_, 'd, '_>) -> What<'d> {
        let path = match &it.kind {
            ExternKind::Func(ty) => return What::Function(ty),
            ExternKind::Interface(interface) => return What::Written(interface),
            ExternKind::Path { path } => path,
        };
        let (UsePath::Ident(id), Some(_)) = (path, it.name) else {
            return What::Interface(path);
        };
        let of_world = self.scope.get(id.name).map(|entry| (entry, Owner::World));
        let of_document = match context.library.outline.item((context.package, id.name)) {
            Some(Item::Type(_)) => context.library.root.get(id.name),
            Some(_) => return What::Interface(path),
            None => None,
        };
        match of_world.or(of_document.map(|entry| (entry, Owner::Document))) {
            None => What::Interface(path),
            Some((entry, owner)) => match entry.content.sort {
                Sort::Function => What::Named(*id, owner),
                Sort::Wrong => {
                    context.failed = true;
                    What::Named(*id, owner)
                }
                Sort::Value | Sort::Resource => What::Wrong(*id),
            },
        }
    }

    fn write<'a, 'i: 'a>(
        &self,
        arena: &'a Arena<'i>,
        document: &Scope<'d>,
    ) -> Result<Declaration<'a>, Fault> {
        let mut out = Declaration::begin(arena, self.uses.list())?;
        let all = || self.imports.iter().chain(&self.exports);
        let mut of_document = Writing::new(&mut out, document);
        of_document.needed(self.of_document().collect())?;
        let mut indices = Vec::new();
        for it in all() {
            indices.push(match it {
                Written::OfDocument(_, ty) => Some(of_document.named(ty)?),
                _ => None,
            });
        }
        let mut own = Writing::new(&mut out, &self.scope);
        own.types(Side::Import)?;
        for (it, index) in all().zip(&mut indices) {
            if let Written::Function(function) = it {
                *index = Some(own.function(function)?);
            }
        }
        let side = |at| match at < self.imports.len() {
            true => Side::Import,
            false => Side::Export,
        };
        let functions = all().zip(&indices).enumerate();
        for (at, (it, index)) in functions.filter(|(_, (it, _))| it.function().is_some()) {
            it.write(*index, side(at), &mut out)?;
        }
        self.included.write(&mut out)?;
        self.interfaces.write(&mut out)?;
        let interfaces = all().enumerate();
        for (at, it) in interfaces.filter(|(_, it)| it.function().is_none()) {
            it.write(None, side(at), &mut out)?;
        }
        Ok(out)
    }
}

/// Imports the interfaces that are known elsewhere by an id before all others: where an interface is imported for several
/// reasons, the first one counts.
fn import_known<'d>(world: &'d World<'d>, uses: &mut Uses, context: &mut Context<'_, 'd, '_>) {
    for item in &world.items {
        if let WorldItem::Import(it) = item
            && let (None, ExternKind::Path { path }) = (it.name, &it.kind)
            && feature(&it.attributes).is_none()
            && let Some(id) = external_id(&it.attributes)
        {
            let before = context.errors.len();
            let known = context.interface(path);
            // What is wrong is said once, later.
            context.errors.truncate(before);
            if let Some(known) = known {
                uses.import(&known, &known.id, Some(id), it.span, context);
            }
        }
    }
}

impl<'d> Written<'d> {
    fn function(&self) -> Option<&Function<'d>> {
        match self {
            Written::Function(function) | Written::OfDocument(function, _) => Some(function),
            Written::Interface { .. } => None,
        }
    }

    /// Writes it; `index` is that of the type of a function.
    fn write(
        &self,
        index: Option<u32>,
        side: Side,
        out: &mut Declaration<'_>,
    ) -> Result<(), Fault> {
        let (name, ty) = match self {
            Written::Function(function) | Written::OfDocument(function, _) => {
                let name = extern_name(&function.name, function.external_id);
                (name, ComponentTypeRef::Func(index.ok_or(Fault::Missing)?))
            }
            Written::Interface {
                name,
                external_id,
                body,
            } => {
                let instance = body.write(out)?;
                (
                    extern_name(name, *external_id),
                    ComponentTypeRef::Instance(instance),
                )
            }
        };
        match side {
            Side::Import => out.import(name, ty),
            Side::Export => out.export(name, ty),
        };
        Ok(())
    }
}
