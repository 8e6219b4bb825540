//! The statements of a document, one after the other.

use super::declare::Declarations;
use super::error::{ResolveError, ResolveErrorKind};
use super::expression::NamesOf;
use super::locate::{Origin, Place, Places};
use super::names::{Names, near};
use super::scope::{Local, Scope, Twice, Value};
use super::target::Target;
use super::words::did_you_mean;
use super::{Packages, Resolution};
use crate::component::{Arena, ComponentId, ExternName};
use crate::encode::{faults, open_imports};
use crate::error::ErrorKind;
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::wac::ast::{
    Document, ExportAs, Import, ImportKind, Interface, Let, PackageName, Primary, Statement,
    TypeDecl, World,
};
use crate::wac::lexer::MAX_ERRORS;
use crate::wac::span::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is known of a document while it is read.
pub(super) struct Resolver<'r, 'd, 'i> {
    pub(super) arena: &'r mut Arena<'i>,
    pub(super) document: &'d Document<'d>,
    pub(super) packages: &'r Packages,
    pub(super) declared: Declarations<'d>,
    pub(super) scope: Scope<'d>,
    pub(super) graph: Graph,
    pub(super) places: Places,
    /// Where each name is exported.
    pub(super) exports: HashMap<ExternName, Span>,
    pub(super) names: HashMap<NamesOf, Rc<Names>>,
    pub(super) errors: Vec<ResolveError>,
    pub(super) used_types: HashMap<ComponentId, Rc<HashSet<String>>>,
    /// The name that gets its value.
    pub(super) bound: Option<&'d str>,
    /// Where statements import each name.
    imports: HashMap<ExternName, Span>,
    /// With this many errors, no more are looked for.
    enough: usize,
}

impl<'r, 'd, 'i> Resolver<'r, 'd, 'i> {
    /// Before the first statement, with everything that the document declares.
    pub(super) fn new(
        arena: &'r mut Arena<'i>,
        document: &'d Document<'d>,
        packages: &'r Packages,
    ) -> Self {
        let mut errors = Vec::new();
        let declared = Declarations::of(arena, document, packages, &mut errors);
        let mut graph = Graph::new();
        graph.export_plainly();
        let mut resolver = Resolver {
            arena,
            document,
            packages,
            declared,
            scope: Scope::of(document),
            graph,
            places: Places::default(),
            exports: HashMap::default(),
            names: HashMap::default(),
            enough: errors.len() + MAX_ERRORS,
            errors,
            used_types: HashMap::default(),
            bound: None,
            imports: HashMap::default(),
        };
        let package = document.package.as_ref().map(|package| package.name.span);
        resolver.places.document = package.unwrap_or_default();
        resolver.add_declared();
        resolver.check_names();
        resolver
    }

    /// What comes of all statements.
    pub(super) fn resolve(mut self) -> Result<Resolution, Vec<ResolveError>> {
        let document = self.document;
        let renamed = renamed(document);
        for statement in &document.statements {
            if self.is_enough() {
                break;
            }
            match statement {
                Statement::Type(TypeDecl { id, .. })
                | Statement::Interface(Interface { id, .. })
                | Statement::World(World { id, .. })
                    if renamed.contains(id.name) => {}
                Statement::Import(import) => self.import(import),
                Statement::Let(it) => self.bind(it),
                Statement::Export(export) => self.export(export),
                Statement::Type(it) => self.export_declared(&it.id),
                Statement::Interface(it) => self.export_declared(&it.id),
                Statement::World(it) => self.export_declared(&it.id),
                Statement::Use(_) | Statement::Package(_) => {}
            }
        }
        let target = self.target();
        self.check_graph();
        if !self.errors.is_empty() {
            self.errors.sort_by_key(ResolveError::span);
            self.errors.truncate(MAX_ERRORS);
            return Err(self.errors);
        }
        if target.is_some() {
            let open = open_imports(self.arena, &self.graph);
            self.places.add_open_imports(&self.graph, open);
        }
        Ok(Resolution {
            graph: self.graph,
            places: self.places,
            target,
        })
    }

    /// Whether there are as many errors as are told.
    pub(super) fn is_enough(&self) -> bool {
        self.errors.len() >= self.enough
    }

    /// Whether this is the name of the document.
    pub(super) fn is_own(&self, package: &PackageName<'_>) -> bool {
        let own = self.document.package.as_ref();
        own.is_some_and(|own| own.name.name() == package.name())
    }

    /// The error for a package that is not there.
    pub(super) fn unknown_package(&self, name: String, span: Span) -> ResolveError {
        let near = near(&name, self.packages.names());
        let kind = ResolveErrorKind::UnknownPackage(name);
        let error = ResolveError::new(kind, span, "not found");
        match did_you_mean(&near) {
            Some(help) => error.with_help(help),
            None => error
                .with_help("say where the component is, or put it where packages are looked for"),
        }
    }

    /// What is declared has a value: an export of what the host would make of the declaration.
    fn add_declared(&mut self) {
        let mut hosts: BTreeMap<ComponentId, InstanceId> = BTreeMap::new();
        let (graph, places) = (&mut self.graph, &mut self.places);
        let (declared, is_wrong) = (&self.declared, !self.errors.is_empty());
        self.scope.declare(self.document, declared, |name| {
            let Some((it, export)) = declared
                .get(name)
                .and_then(|it| Some((it, it.export.as_ref()?)))
            else {
                return if is_wrong { Local::Wrong } else { Local::Name };
            };
            let host = *hosts.entry(it.component).or_insert_with(|| {
                let host = graph.add_host(name, it.component);
                let place = Place::new(it.span, Origin::Declared);
                let name = graph.instance(host).name().to_owned();
                places.instances.insert(name, place);
                host
            });
            Local::Value(Value {
                edge: Edge::from((host, &**export)),
                interface: None,
            })
        });
    }

    /// A name stands for one thing.
    fn check_names(&mut self) {
        let twice = std::mem::take(&mut self.scope.twice);
        for Twice {
            name,
            first,
            second,
        } in twice.into_iter().take(MAX_ERRORS)
        {
            let kind = ResolveErrorKind::DuplicateName(name.to_owned());
            let error = ResolveError::new(kind, second, "defined again")
                .with_help("give one of them another name")
                .with_related(first, "defined here first");
            self.errors.push(error);
        }
    }

    /// `let name = value;`
    fn bind(&mut self, it: &'d Let<'d>) {
        self.bound = Some(it.id.name);
        let value = self.expression(&it.value, Some(it.id.name));
        self.bound = None;
        self.scope
            .bind(it.id.name, value.map_or(Local::Wrong, Local::Value));
    }

    /// `import name: …;`
    fn import(&mut self, import: &'d Import<'d>) {
        let value = self.imported(import);
        self.scope
            .bind(import.id.name, value.map_or(Local::Wrong, Local::Value));
    }

    fn imported(&mut self, import: &'d Import<'d>) -> Option<Value> {
        // A name that means nothing here, or something in error, imports nothing.
        if let ImportKind::Ident(id) = &import.import
            && self.declared.get(id.name).is_none()
        {
            self.local(id)?;
        }
        let (scope, graph) = (&self.scope, &self.graph);
        let value = |name: &str| match scope.get(name) {
            Some(Local::Value(Value { edge, .. })) => {
                let provider = graph.instance(edge.provider).component();
                Some((provider, edge.path.clone()))
            }
            _ => None,
        };
        let imported = self
            .declared
            .import(self.arena, import, &value, &mut self.errors)?;
        let host = self.graph.add_host(import.id.name, imported.component);
        let name = self.graph.instance(host).name().to_owned();
        let place = Place::new(imported.name_span, Origin::Imported);
        self.places.instances.insert(name, place);
        let is_named_again = self.scope.defined(import.id.name) != Some(import.id.span);
        if !(is_named_again && imported.name_span == import.id.span) {
            self.check_import(&imported.name, imported.name_span);
        }
        Some(Value {
            edge: Edge::from((host, &*imported.name)),
            interface: imported.interface,
        })
    }

    /// A name is imported by one statement.
    fn check_import(&mut self, name: &str, span: Span) {
        let is_known = self.places.imports.contains_key(name);
        let places = self.places.imports.entry(name.to_owned());
        places.or_insert(span);
        let Some(key) = ExternName::of(name) else {
            return;
        };
        if let Some(first) = self.imports.get(&key) {
            let kind = ResolveErrorKind::DuplicateImport(name.to_owned());
            let help = match is_known {
                true => {
                    "use the name of the first one, or import it as something else: `import name as other: …;`"
                }
                false => {
                    "names must differ by more than case; import it as something else: `import name as other: …;`"
                }
            };
            let error = ResolveError::new(kind, span, "imported again")
                .with_help(help)
                .with_related(*first, "imported here first");
            self.errors.push(error);
            return;
        }
        self.imports.insert(key, span);
    }

    /// What is given fits, and what stays imported agrees.
    fn check_graph(&mut self) {
        let is_whole = self.errors.is_empty();
        for fault in faults(self.arena, &self.graph) {
            // An import may be open only since what it should get is in error.
            if is_whole || matches!(fault.kind(), ErrorKind::ArgumentType { .. }) {
                let error = self.told(&fault);
                self.errors.push(error);
            }
        }
    }

    /// The world that the document targets.
    fn target(&mut self) -> Option<Target> {
        let path = self.document.package.as_ref()?.targets.as_ref()?;
        let target = Target::find(self, path);
        target.map_err(|error| self.errors.push(error)).ok()
    }
}

/// What statements export under another name: a declaration is not exported under its own, then.
fn renamed<'d>(document: &'d Document<'d>) -> HashSet<&'d str> {
    let statements = document.statements.iter();
    let names = statements.filter_map(|statement| match statement {
        Statement::Export(export) => match (&export.name, &export.value.primary) {
            (ExportAs::Name { .. }, Primary::Ident(id)) if export.value.postfix.is_empty() => {
                Some(id.name)
            }
            _ => None,
        },
        _ => None,
    });
    names.collect()
}
