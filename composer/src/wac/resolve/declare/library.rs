//! Interfaces and worlds, wherever they are defined: in the document, or in packages that it names.

use super::names::{undefined, with_near};
use super::outline::{Item, Outline, Place};
use super::scope::Scope;
use super::writing::Fault;
use crate::component::{Arena, ComponentId, Definition, DefinitionKind};
use crate::error::{Error, ErrorKind};
use crate::hash::HashMap;
use crate::wac::ast::{Ident, PackagePath, UsePath};
use crate::wac::resolve::Packages;
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;

/// What is declared so far, and where the rest is to be found.
pub(super) struct Library<'d> {
    pub(super) outline: Outline<'d>,
    /// The types of the document itself.
    pub(super) root: Scope<'d>,
    packages: Packages,
    /// The interfaces and worlds of the document; `None` for those in which something is wrong.
    known: HashMap<usize, HashMap<&'d str, Option<Known>>>,
    /// The same interfaces and worlds, and those of packages that were asked for, by their full names.
    by_id: HashMap<String, Known>,
    views: HashMap<(ComponentId, String, View), ComponentId>,
    /// Something could not be declared, and what was known of types is void.
    pub(super) is_broken: bool,
}

/// An interface or a world.
#[derive(Clone)]
pub(super) struct Known {
    /// What defines it, as a WIT package does.
    pub(super) package: ComponentId,
    item: String,
    pub(super) definition: Definition,
    /// Its full name: `wasi:io/streams@0.2.0`
    pub(super) id: String,
}

/// In which form something is used: see [`Arena::as_import`] and its like.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum View {
    /// Under this name, with an id by which it is known elsewhere.
    Import(String, Option<String>),
    Types,
    Export,
    World,
}

/// What declarations are made with.
pub(super) struct Context<'c, 'd, 'i> {
    pub(super) library: &'c mut Library<'d>,
    pub(super) arena: &'c mut Arena<'i>,
    /// The number of the package that something is declared in.
    pub(super) package: usize,
    pub(super) errors: &'c mut Vec<ResolveError>,
    /// Something is used in which something is wrong.
    pub(super) failed: bool,
}

impl<'d> Library<'d> {
    pub(super) fn new(outline: Outline<'d>, root: Scope<'d>, packages: Packages) -> Library<'d> {
        Library {
            outline,
            root,
            packages,
            known: HashMap::default(),
            by_id: HashMap::default(),
            views: HashMap::default(),
            is_broken: false,
        }
    }

    /// Takes note of what was declared at a place.
    pub(super) fn learn(&mut self, place: Place<'d>, known: Option<Known>) {
        if let Some(known) = &known {
            self.by_id.insert(known.id.clone(), known.clone());
        }
        let (package, name) = place;
        self.known.entry(package).or_default().insert(name, known);
    }

    /// Whether it is known what was declared at a place.
    pub(super) fn has(&self, place: Place<'_>) -> bool {
        let (package, name) = place;
        self.known
            .get(&package)
            .is_some_and(|known| known.contains_key(name))
    }

    /// What was declared at a place, if nothing is wrong with it.
    pub(super) fn get(&self, place: Place<'_>) -> Option<&Known> {
        let (package, name) = place;
        self.known.get(&package)?.get(name)?.as_ref()
    }

    /// What `component`, which is of the form of a WIT package, defines as `item`.
    pub(super) fn defined(arena: &Arena<'_>, package: ComponentId, item: &str) -> Option<Known> {
        let definition = arena.definition(package, item)?;
        Some(Known {
            package,
            item: item.to_owned(),
            definition,
            id: arena.definition_name(definition),
        })
    }
}

impl<'d> Context<'_, 'd, '_> {
    /// The interface that `path` leads to; `None` if there is none, which is an error then, or something is wrong with it.
    pub(super) fn interface(&mut self, path: &UsePath<'d>) -> Option<Known> {
        self.definition(path, DefinitionKind::Interface)
    }

    /// The same for a world.
    pub(super) fn world(&mut self, path: &UsePath<'d>) -> Option<Known> {
        self.definition(path, DefinitionKind::World)
    }

    fn definition(&mut self, path: &UsePath<'d>, kind: DefinitionKind) -> Option<Known> {
        let known = self.find(path, of_kind(kind));
        self.failed |= known.is_none();
        let known = known?;
        if known.definition.kind == kind {
            return Some(known);
        }
        let found = of_kind(known.definition.kind);
        self.wrong_kind(path.to_string(), path.span(), found, of_kind(kind));
        None
    }

    /// The interfaces that `known` needs to be imported with, as far as more than their types is known of them.
    pub(super) fn needs(&mut self, known: &Known) -> Vec<Known> {
        let needs = self.arena.definition_needs(known.definition);
        let ids = needs.into_iter().map(|(id, _)| id);
        let ids: Vec<_> = ids.filter(|id| *id != known.id).collect();
        ids.iter().filter_map(|id| self.by_id(id, known)).collect()
    }

    /// The interface of this full name, which `user` uses.
    pub(super) fn by_id(&mut self, id: &str, user: &Known) -> Option<Known> {
        if let Some(known) = self.library.by_id.get(id) {
            return Some(known.clone());
        }
        let (package, rest) = id.split_once('/')?;
        let (item, version) = rest.split_once('@').unwrap_or((rest, ""));
        let package = match version {
            "" => package.to_owned(),
            _ => format!("{package}@{version}"),
        };
        let package = self.library.packages.get(&package);
        let known = [Some(user.package), package].into_iter().flatten();
        let known = known
            .filter_map(|package| Library::defined(self.arena, package, item))
            .find(|known| known.id == id)?;
        self.library.by_id.insert(id.to_owned(), known.clone());
        Some(known)
    }

    /// The interface or world that `path` leads to, where `expected` is needed.
    pub(super) fn find(&mut self, path: &UsePath<'d>, expected: &'static str) -> Option<Known> {
        match path {
            UsePath::Ident(id) => self.local(self.package, *id, expected),
            UsePath::Package(path) => {
                let known = self.of_package(path, expected)?;
                if let Some(more) = path.segments.get(1) {
                    self.missing(&known.id, *more, std::iter::empty());
                    return None;
                }
                Some(known)
            }
        }
    }

    /// The interface or world that the first segment of `path` names.
    pub(super) fn of_package(
        &mut self,
        path: &PackagePath<'_>,
        expected: &'static str,
    ) -> Option<Known> {
        let segment = *path.segments.first()?;
        if let Some(package) = self.library.outline.number(&path.package) {
            return self.local(package, segment, expected);
        }
        let name = path.package.to_string();
        let Some(component) = self.library.packages.get(&name) else {
            let kind = ResolveErrorKind::UnknownPackage(name.clone());
            let error = ResolveError::new(kind, path.package.span, "not found");
            let told = self.errors.len();
            let names = self.library.packages.names();
            let error = match with_near(error, &name, told, names) {
                error if error.help().is_some() => error,
                error => error
                    .with_help("say where the package is, or put it where packages are looked for"),
            };
            self.errors.push(error);
            return None;
        };
        let known = Library::defined(self.arena, component, segment.name);
        if known.is_none() && !self.arena.component(component).is_wit_package() {
            let kind = ResolveErrorKind::NotADefinition(name);
            let error = ResolveError::new(kind, path.span, "an interface of it is needed here");
            let help = "give the WIT package that defines the interface, or import the interface where the component \
                        is instantiated";
            self.errors.push(error.with_help(help));
        } else if known.is_none() {
            let names: Vec<String> = self
                .arena
                .definitions(component)
                .into_iter()
                .map(str::to_owned)
                .collect();
            self.missing(&name, segment, names.iter().map(String::as_str));
        }
        known
    }

    fn local(&mut self, package: usize, id: Ident<'_>, expected: &'static str) -> Option<Known> {
        match self.library.outline.item((package, id.name)) {
            Some(Item::Type(_)) => {
                self.wrong_kind(id.name.to_owned(), id.span, "a type", expected);
                None
            }
            Some(_) => self.library.get((package, id.name)).cloned(),
            None => {
                let known = self.library.outline.package(package)?;
                let names = known.items.keys().copied();
                let told = self.errors.len();
                self.errors.push(undefined(id, told, &known.gated, names));
                None
            }
        }
    }

    /// A component in which `known` is used in the form `view`; an error is one of the place `span`.
    pub(super) fn view(&mut self, known: &Known, view: View, span: Span) -> Option<ComponentId> {
        let key = (known.package, known.item.clone(), view);
        if let Some(component) = self.library.views.get(&key) {
            return Some(*component);
        }
        let made = match &key.2 {
            View::Import(name, id) => self.arena.as_import(known.definition, name, id.as_deref()),
            View::Types => self.arena.as_types(known.definition),
            View::Export => self.arena.as_export(known.definition),
            View::World => self.arena.as_world(known.definition),
        };
        let component = self.declarable(made, &known.id, span)?;
        self.library.views.insert(key, component);
        Some(component)
    }

    /// What `make` makes, unless something is found to be wrong on the way.
    pub(super) fn sound<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let before = self.errors.len();
        self.failed = false;
        let made = make(self);
        (self.errors.len() == before && !self.failed).then_some(made)
    }

    /// What was written, unless that is an error.
    pub(super) fn written<T>(
        &mut self,
        written: Result<T, Fault>,
        name: &str,
        span: Span,
    ) -> Option<T> {
        let reason = match written {
            Ok(written) => return Some(written),
            Err(Fault::Refused(error)) => reason_of(&error),
            Err(Fault::Missing) => "a type that it speaks of is not there".to_owned(),
        };
        self.undeclarable(name, reason, span);
        None
    }

    /// What was made, unless that is an error.
    pub(super) fn declarable<T>(
        &mut self,
        made: Result<T, Error>,
        name: &str,
        span: Span,
    ) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err(error) => {
                self.undeclarable(name, reason_of(&error), span);
                None
            }
        }
    }

    fn undeclarable(&mut self, name: &str, reason: String, span: Span) {
        let name = name.to_owned();
        let kind = ResolveErrorKind::Undeclarable { name, reason };
        self.errors.push(ResolveError::new(kind, span, "this one"));
        self.failed = true;
        self.library.is_broken = true;
    }

    pub(super) fn wrong_kind(
        &mut self,
        name: String,
        span: Span,
        found: &'static str,
        expected: &'static str,
    ) {
        self.errors.push(wrong_kind(name, span, found, expected));
    }

    /// Adds the error that `of` has nothing that is called `id`.
    pub(super) fn missing<'n>(
        &mut self,
        of: &str,
        id: Ident<'_>,
        known: impl Iterator<Item = &'n str>,
    ) {
        let kind = ResolveErrorKind::MissingItem {
            of: of.to_owned(),
            name: id.name.to_owned(),
        };
        let error = ResolveError::new(kind, id.span, "it has no such item");
        let told = self.errors.len();
        self.errors.push(with_near(error, id.name, told, known));
    }
}

/// Why something cannot be declared: the document has no offsets of what is written of it.
fn reason_of(error: &Error) -> String {
    match error.kind() {
        ErrorKind::InputLimit { what, max, .. } => format!("it has more than {max} {what}"),
        ErrorKind::Invalid { message, .. } => message.clone(),
        _ => error.to_string(),
    }
}

pub(super) fn wrong_kind(
    name: String,
    span: Span,
    found: &'static str,
    expected: &'static str,
) -> ResolveError {
    let label = format!("this is {found}");
    let kind = ResolveErrorKind::WrongKind {
        name,
        found,
        expected,
    };
    ResolveError::new(kind, span, label)
}

/// What is needed where interfaces and worlds can be.
pub(super) const EITHER: &str = "an interface or a world";

fn of_kind(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Interface => "an interface",
        DefinitionKind::World => "a world",
    }
}
