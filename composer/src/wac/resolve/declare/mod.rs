//! What a document declares, and what it imports: each becomes a component of which there is a type only.
//!
//! Everything is checked on the text, so that all that is wrong is found at its place, and then written, which the validator
//! sees. An interface or a world becomes a component as a WIT package of nothing else would be; the types of the document
//! itself become one that exports each of them.

mod body;
mod check;
mod exports;
mod import;
mod include;
mod library;
mod names;
mod order;
mod outline;
mod scope;
mod signature;
mod uses;
mod world;
mod writing;

#[cfg(test)]
mod tests;

use super::Packages;
use super::error::ResolveError;
use crate::component::{Arena, ComponentId, Declared as DeclaredType, DefinitionKind};
use crate::encode::Declaration;
use crate::types::Sort;
use crate::wac::ast::{
    Document, Extern, ExternKind, Import, InterfaceItem, PackageName, PackagePath, UsePath,
    WorldItem,
};
use crate::wac::span::Span;
use indexmap::IndexMap;
use library::{Context, EITHER, Library};
use order::Order;
use outline::{Item, Outline, Place, feature};
use scope::{Scope, circle_error};
use writing::{Fault, Side, Writing};

/// What a document declares.
pub(super) struct Declarations<'d> {
    library: Library<'d>,
    /// What the document itself declares, without the packages inside of it.
    declared: IndexMap<&'d str, Declared>,
}

/// Something that a document declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// Where its name stands.
    pub(super) span: Span,
    pub(super) kind: DeclaredKind,
    /// The component that has it.
    pub(super) component: ComponentId,
    /// The name under which the component exports it, and the composition must. There is none for another name of something,
    /// and where something is wrong.
    pub(super) export: Option<String>,
}

/// What a local name that is no declaration is: a component, and the path in it.
pub(super) type Value<'v> = &'v dyn Fn(&str) -> Option<(ComponentId, Vec<String>)>;

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeclaredKind {
    Type,
    Func,
    Interface,
    World,
}

/// What an `import` statement imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Imported {
    /// A component that imports it.
    pub(super) component: ComponentId,
    /// The name of the import.
    pub(super) name: String,
    /// Where that name stands.
    pub(super) name_span: Span,
    /// The full name of the interface of which it is an instance, if that has one.
    pub(super) interface: Option<String>,
}

impl<'d> Declarations<'d> {
    /// Declares all types, interfaces, worlds, uses and nested packages of the document, each after what it uses, whatever the
    /// order.
    pub(super) fn of(
        arena: &mut Arena<'_>,
        document: &'d Document<'d>,
        packages: &Packages,
        errors: &mut Vec<ResolveError>,
    ) -> Declarations<'d> {
        let outline = Outline::of(document, errors);
        let before = errors.len();
        let root = root(&outline, errors);
        let is_sound = errors.len() == before;
        let mut library = Library::new(outline, root, packages.clone());
        let mut context = Context {
            library: &mut library,
            arena,
            package: 0,
            errors,
            failed: false,
        };
        let types = is_sound.then(|| context.types()).flatten();
        context.definitions();
        let declared = context.declared(types);
        Declarations { library, declared }
    }

    /// What `name` is declared as.
    pub(super) fn get(&self, name: &str) -> Option<&Declared> {
        self.declared.get(name)
    }

    /// What is declared, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Declared)> {
        self.declared.iter().map(|(name, it)| (*name, it))
    }

    /// Whether a package is inside of the document.
    pub(super) fn has_package(&self, package: &PackageName<'_>) -> bool {
        let number = self.library.outline.number(package);
        number.is_some_and(|number| number > 0)
    }

    /// The component that defines what `path` leads to in a package inside of the document, and what that is; nothing if there
    /// is no such thing, or something is wrong with it.
    pub(super) fn defined(&self, path: &PackagePath<'_>) -> Option<(ComponentId, DefinitionKind)> {
        let package = self.library.outline.number(&path.package)?;
        let known = self.library.get((package, path.segments.first()?.name))?;
        Some((known.package, known.definition.kind))
    }

    /// The component for an `import` statement, and the name of its import in it. `value` gives what a local name that is no
    /// declaration is. Without a result an error was added, or there was one
    /// already.
    pub(super) fn import(
        &mut self,
        arena: &mut Arena<'_>,
        import: &'d Import<'d>,
        value: Value<'_>,
        errors: &mut Vec<ResolveError>,
    ) -> Option<Imported> {
        let mut context = Context {
            library: &mut self.library,
            arena,
            package: 0,
            errors,
            failed: false,
        };
        context.import(import, value)
    }
}

/// The types of the document itself.
fn root<'d>(outline: &Outline<'d>, errors: &mut Vec<ResolveError>) -> Scope<'d> {
    let Some(own) = outline.package(0) else {
        return Scope::default();
    };
    let types = own.items.values().filter_map(|item| match item {
        Item::Type(it) => Some(*it),
        _ => None,
    });
    let others = own.items.iter().filter_map(|(name, item)| match item {
        Item::Type(_) => None,
        Item::Interface(_) => Some((*name, "an interface")),
        Item::World(_) => Some((*name, "a world")),
        Item::Use(..) => Some((*name, "an interface or a world")),
    });
    Scope::of_document(types, others, own.gated.clone(), errors)
}

impl<'d> Context<'_, 'd, '_> {
    /// Declares the types of the document itself.
    fn types(&mut self) -> Option<ComponentId> {
        let (_, first) = self.library.root.entries().next()?;
        let span = first.span;
        let name = self.library.outline.package(0)?.full_name();
        let write = || -> Result<DeclaredType, Fault> {
            let mut out = Declaration::begin(self.arena, &[])?;
            Writing::new(&mut out, &self.library.root).types(Side::Export)?;
            Ok(out.into_world())
        };
        let written = write();
        let written = self.written(written, &name, span)?;
        let declared = self.arena.declare(&name, written);
        self.declarable(declared, &name, span)
    }

    /// Declares the interfaces and worlds of all packages of the document.
    fn definitions(&mut self) {
        let outline = &self.library.outline;
        let mut nodes: IndexMap<Place<'d>, Item<'d>> = IndexMap::new();
        for (number, package) in outline.packages().iter().enumerate() {
            let items = package.items.iter();
            let items = items.filter(|(_, item)| !matches!(item, Item::Type(_)));
            nodes.extend(items.map(|(name, item)| ((number, *name), *item)));
        }
        let needs: Vec<Vec<usize>> = nodes
            .iter()
            .map(|((package, _), item)| {
                let paths = paths_of(*item);
                let places = paths
                    .into_iter()
                    .filter_map(|path| outline.place(*package, path));
                places
                    .filter_map(|place| nodes.get_index_of(&place))
                    .collect()
            })
            .collect();
        let order = Order::of(&needs);
        for circle in &order.circles {
            let members = circle.iter().filter_map(|at| nodes.get_index(*at));
            let members = members
                .map(|((_, name), item)| (*name, item.span()))
                .collect();
            self.errors.extend(circle_error(members));
            for at in circle {
                if let Some((place, _)) = nodes.get_index(*at) {
                    self.library.learn(*place, None);
                }
            }
        }
        for at in order.sorted {
            let Some((&place, &item)) = nodes.get_index(at) else {
                continue;
            };
            if self.library.is_broken {
                return;
            }
            if !self.library.has(place) {
                self.definition_at(place, item);
            }
        }
    }

    fn definition_at(&mut self, place: Place<'d>, item: Item<'d>) {
        let (package, name) = place;
        self.package = package;
        if let Item::Use(it, _) = item {
            let known = self.find(&it.path, EITHER);
            self.library.learn(place, known);
            return;
        }
        let package = self.library.outline.package(package);
        let id = package
            .map(|package| package.id_of(name))
            .unwrap_or_default();
        let written = match item {
            Item::Interface(it) => body::declare(it, &id, self),
            Item::World(it) => world::declare(it, &id, self),
            Item::Type(_) | Item::Use(..) => None,
        };
        let declared = written.and_then(|written| {
            let declared = self.arena.declare(&id, written);
            self.declarable(declared, name, item.span())
        });
        let known = declared.and_then(|component| Library::defined(self.arena, component, name));
        self.library.learn(place, known);
    }

    /// What the document itself declares, where its types are those of `types`.
    fn declared(&mut self, types: Option<ComponentId>) -> IndexMap<&'d str, Declared> {
        let mut nothing = None;
        let mut declared = IndexMap::new();
        let items = self.library.outline.package(0).map(|it| it.items.clone());
        for (name, item) in items.into_iter().flatten() {
            let known = self.library.get((0, name));
            let (kind, component) = match item {
                Item::Type(_) => {
                    let entry = self.library.root.get(name);
                    match entry.map(|entry| entry.content.sort) {
                        Some(Sort::Function) => (DeclaredKind::Func, types),
                        _ => (DeclaredKind::Type, types),
                    }
                }
                Item::Interface(_) => (DeclaredKind::Interface, known.map(|it| it.package)),
                Item::World(_) => (DeclaredKind::World, known.map(|it| it.package)),
                Item::Use(..) => {
                    let kind = known.map(|it| it.definition.kind);
                    let kind = match kind {
                        Some(crate::component::DefinitionKind::World) => DeclaredKind::World,
                        _ => DeclaredKind::Interface,
                    };
                    (kind, known.map(|it| it.package))
                }
            };
            let exported = component.filter(|_| !matches!(item, Item::Use(..)));
            let component = match component {
                Some(component) => Some(component),
                None => {
                    nothing = nothing.or_else(|| self.nothing());
                    nothing
                }
            };
            let Some(component) = component else {
                continue;
            };
            let it = Declared {
                span: item.span(),
                kind,
                component,
                export: exported.map(|_| name.to_owned()),
            };
            declared.insert(name, it);
        }
        declared
    }

    /// A component that stands for declarations in which something is wrong.
    fn nothing(&mut self) -> Option<ComponentId> {
        let out = Declaration::begin(self.arena, &[]).ok()?;
        let nothing = out.into_world();
        self.arena.declare("nothing", nothing).ok()
    }
}

/// The interfaces and worlds that an item names.
fn paths_of<'d>(item: Item<'d>) -> Vec<&'d UsePath<'d>> {
    let mut paths = Vec::new();
    match item {
        Item::Type(_) => {}
        Item::Use(it, _) => paths.push(&it.path),
        Item::Interface(it) => used_paths(&it.items, &mut paths),
        Item::World(it) => {
            for item in &it.items {
                match item {
                    WorldItem::Use(it) if feature(&it.attributes).is_none() => paths.push(&it.path),
                    WorldItem::Include(it) if feature(&it.attributes).is_none() => {
                        paths.push(&it.world);
                    }
                    WorldItem::Import(it) | WorldItem::Export(it)
                        if feature(&it.attributes).is_none() =>
                    {
                        extern_paths(it, &mut paths);
                    }
                    _ => {}
                }
            }
        }
    }
    paths
}

fn extern_paths<'d>(it: &'d Extern<'d>, paths: &mut Vec<&'d UsePath<'d>>) {
    match &it.kind {
        ExternKind::Path { path } => paths.push(path),
        ExternKind::Interface(interface) => used_paths(&interface.items, paths),
        ExternKind::Func(_) => {}
    }
}

fn used_paths<'d>(items: &'d [InterfaceItem<'d>], paths: &mut Vec<&'d UsePath<'d>>) {
    let uses = items.iter().filter_map(|item| match item {
        InterfaceItem::Use(it) => Some(it),
        _ => None,
    });
    let uses = uses.filter(|it| feature(&it.attributes).is_none());
    paths.extend(uses.map(|it| &it.path));
}
