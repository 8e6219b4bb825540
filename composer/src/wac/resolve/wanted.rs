//! The packages that a document names.

use crate::hash::HashMap;
use crate::wac::ast::{
    Argument, Document, Expression, ExternKind, ImportKind, InlineInterface, InterfaceItem,
    PackageName, Primary, Statement, UsePath, Version, Wanted, WorldItem,
};
use crate::wac::span::Span;

/// A package that a document names, which must be found before the document can be understood.
#[derive(Clone, Debug)]
pub struct WantedPackage<'d> {
    /// Its name, with a version or a requirement, as it is written: the key under which [`Packages`](super::Packages) has it.
    pub name: String,
    /// The same, in parts.
    pub package: &'d PackageName<'d>,
    /// Whether it is instantiated: then it must be a component.
    pub is_instantiated: bool,
    /// Where it is named, in order.
    pub spans: Vec<Span>,
}

/// The packages that `document` names and does not have in it, each once, in the order in which they are named.
pub fn wanted<'d>(document: &'d Document<'d>) -> Vec<WantedPackage<'d>> {
    let mut wanted = Collector {
        found: Vec::new(),
        places: HashMap::default(),
        own: HashMap::default(),
    };
    for statement in &document.statements {
        if let Statement::Package(it) = statement {
            let versions = wanted.own.entry(it.name.name()).or_default();
            versions.push(Own::Version(it.name.version.as_ref()));
        }
    }
    if let Some(package) = &document.package {
        wanted.own.insert(package.name.name(), vec![Own::Any]);
        if let Some(target) = &package.targets {
            wanted.package(&target.package, false);
        }
    }
    wanted.statements(&document.statements);
    wanted.found
}

/// Which versions of a package are in the document.
enum Own<'d> {
    /// All that could be meant: it is the document itself.
    Any,
    /// This one.
    Version(Option<&'d Version<'d>>),
}

/// The packages that were named so far.
struct Collector<'d> {
    found: Vec<WantedPackage<'d>>,
    /// The place of each in `found`.
    places: HashMap<String, usize>,
    own: HashMap<String, Vec<Own<'d>>>,
}

impl<'d> Collector<'d> {
    fn statements(&mut self, statements: &'d [Statement<'d>]) {
        for statement in statements {
            match statement {
                Statement::Import(it) => match &it.import {
                    ImportKind::Path(path) => self.package(&path.package, false),
                    ImportKind::Interface(inline) => self.inline(inline),
                    ImportKind::Func(_) | ImportKind::Ident(_) => {}
                },
                Statement::Let(it) => self.expression(&it.value),
                Statement::Export(it) => self.expression(&it.value),
                Statement::Type(_) => {}
                Statement::Interface(it) => self.interface(&it.items),
                Statement::World(it) => self.world(&it.items),
                Statement::Use(it) => self.path(&it.path),
                // No package is inside of another.
                Statement::Package(it) => self.statements(&it.statements),
            }
        }
    }

    /// The parser has bounded how deep this goes.
    fn expression(&mut self, expression: &'d Expression<'d>) {
        match &expression.primary {
            Primary::New(new) => {
                self.package(&new.package, true);
                for argument in &new.arguments {
                    if let Argument::Named { value, .. } = argument {
                        self.expression(value);
                    }
                }
            }
            Primary::Nested { value, .. } => self.expression(value),
            Primary::Ident(_) => {}
        }
    }

    fn inline(&mut self, inline: &'d InlineInterface<'d>) {
        self.interface(&inline.items);
    }

    fn interface(&mut self, items: &'d [InterfaceItem<'d>]) {
        for item in items {
            if let InterfaceItem::Use(it) = item {
                self.path(&it.path);
            }
        }
    }

    fn world(&mut self, items: &'d [WorldItem<'d>]) {
        for item in items {
            match item {
                WorldItem::Use(it) => self.path(&it.path),
                WorldItem::Include(it) => self.path(&it.world),
                WorldItem::Import(it) | WorldItem::Export(it) => match &it.kind {
                    ExternKind::Path { path } => self.path(path),
                    ExternKind::Interface(inline) => self.inline(inline),
                    ExternKind::Func(_) => {}
                },
                WorldItem::Type(_) => {}
            }
        }
    }

    fn path(&mut self, path: &'d UsePath<'d>) {
        if let UsePath::Package(path) = path {
            self.package(&path.package, false);
        }
    }

    fn package(&mut self, package: &'d PackageName<'d>, is_instantiated: bool) {
        let own = self.own.get(&package.name());
        if own.is_some_and(|own| own.iter().any(|own| own.is(package.version.as_ref()))) {
            return;
        }
        let name = package.to_string();
        let at = *self.places.entry(name).or_insert(self.found.len());
        if at == self.found.len() {
            self.found.push(WantedPackage {
                name: package.to_string(),
                package,
                is_instantiated: false,
                spans: Vec::new(),
            });
        }
        if let Some(found) = self.found.get_mut(at) {
            found.is_instantiated |= is_instantiated;
            found.spans.push(package.span);
        }
    }
}

impl Own<'_> {
    /// Whether a package that is named with this version is the one that the document has.
    fn is(&self, wanted: Option<&Version<'_>>) -> bool {
        match (self, wanted.map(|wanted| &wanted.wanted)) {
            (Own::Any, _) | (Own::Version(_), None) => true,
            (Own::Version(own), Some(wanted)) => {
                let own = own.and_then(|own| own.exact());
                own.is_some_and(|own| match wanted {
                    Wanted::Exact(exact) => exact == own,
                    Wanted::Requirement(requirement) => requirement.matches(own),
                })
            }
        }
    }
}
