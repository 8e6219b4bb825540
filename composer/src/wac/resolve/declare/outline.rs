//! The packages of a document, and what each of them declares.

use super::names::Names;
use crate::hash::HashMap;
use crate::wac::ast::{
    Attribute, Document, Ident, Interface, PackageName, Statement, TopUse, TypeDecl, UsePath, World,
};
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// The packages of a document: its own is the first, those inside of it follow.
pub(super) struct Outline<'d> {
    packages: Vec<Package<'d>>,
    /// The packages by their names with versions.
    by_name: HashMap<String, usize>,
}

/// A package of a document.
pub(super) struct Package<'d> {
    /// Without a version: `acme:log`
    name: String,
    version: Option<&'d str>,
    /// What it declares, by its name.
    pub(super) items: IndexMap<&'d str, Item<'d>>,
    /// What is left out, with the feature to which it belongs.
    pub(super) gated: BTreeMap<&'d str, &'d str>,
}

/// Something that a package declares.
#[derive(Clone, Copy)]
pub(super) enum Item<'d> {
    Type(&'d TypeDecl<'d>),
    Interface(&'d Interface<'d>),
    World(&'d World<'d>),
    /// Another name, and where it stands.
    Use(&'d TopUse<'d>, Ident<'d>),
}

/// The number of a package, and a name in it.
pub(super) type Place<'d> = (usize, &'d str);

impl<'d> Outline<'d> {
    /// What `document` declares. Of several things of one name, the first counts.
    pub(super) fn of(document: &'d Document<'d>, errors: &mut Vec<ResolveError>) -> Outline<'d> {
        let own = match &document.package {
            Some(package) => Package::new(&package.name),
            None => Package {
                name: UNNAMED.to_owned(),
                version: None,
                items: IndexMap::new(),
                gated: BTreeMap::new(),
            },
        };
        let mut spans = vec![document.package.as_ref().map(|it| it.name.span)];
        let mut outline = Outline {
            by_name: HashMap::from_iter([(own.full_name(), 0)]),
            packages: vec![own.with(&document.statements, errors)],
        };
        for statement in &document.statements {
            let Statement::Package(nested) = statement else {
                continue;
            };
            let package = Package::new(&nested.name);
            let name = package.full_name();
            if let Some(first) = outline.by_name.get(&name) {
                let kind = ResolveErrorKind::DuplicateItem {
                    what: "package",
                    name,
                };
                let mut error = ResolveError::new(kind, nested.name.span, "once more");
                if let Some(Some(first)) = spans.get(*first) {
                    error = error.with_related(*first, "first here");
                }
                errors.push(error);
                continue;
            }
            outline.by_name.insert(name, outline.packages.len());
            spans.push(Some(nested.name.span));
            let package = package.with(&nested.statements, errors);
            outline.packages.push(package);
        }
        outline
    }

    /// The packages.
    pub(super) fn packages(&self) -> &[Package<'d>] {
        &self.packages
    }

    /// The package of this number.
    pub(super) fn package(&self, number: usize) -> Option<&Package<'d>> {
        self.packages.get(number)
    }

    /// What is at a place.
    pub(super) fn item(&self, (package, name): Place<'_>) -> Option<Item<'d>> {
        self.package(package)?.items.get(name).copied()
    }

    /// The number of a package, if it is one of the document.
    pub(super) fn number(&self, package: &PackageName<'_>) -> Option<usize> {
        let own = self.packages.first();
        if package.version.is_none() && own.is_some_and(|own| own.name == package.name()) {
            return Some(0);
        }
        self.by_name.get(&package.to_string()).copied()
    }

    /// The place that `path`, in the package of number `from`, leads to, if that is in the document.
    pub(super) fn place(&self, from: usize, path: &UsePath<'d>) -> Option<Place<'d>> {
        let (package, name) = match path {
            UsePath::Ident(id) => (from, id.name),
            UsePath::Package(path) => (self.number(&path.package)?, path.segments.first()?.name),
        };
        let (name, _) = self.package(package)?.items.get_key_value(name)?;
        Some((package, name))
    }
}

impl<'d> Package<'d> {
    fn new(name: &PackageName<'d>) -> Package<'d> {
        Package {
            name: name.name(),
            version: name.version.as_ref().map(|version| version.text),
            items: IndexMap::new(),
            gated: BTreeMap::new(),
        }
    }

    fn with(
        mut self,
        statements: &'d [Statement<'d>],
        errors: &mut Vec<ResolveError>,
    ) -> Package<'d> {
        let mut names = Names::new("item");
        for statement in statements {
            let (id, attributes, item) = match statement {
                Statement::Type(it) => (it.id, &it.attributes, Item::Type(it)),
                Statement::Interface(it) => (it.id, &it.attributes, Item::Interface(it)),
                Statement::World(it) => (it.id, &it.attributes, Item::World(it)),
                Statement::Use(it) => {
                    let last = match &it.path {
                        UsePath::Ident(id) => Some(*id),
                        UsePath::Package(path) => path.segments.last().copied(),
                    };
                    let Some(id) = it.name.or(last) else {
                        continue;
                    };
                    (id, &it.attributes, Item::Use(it, id))
                }
                _ => continue,
            };
            if let Some(feature) = feature(attributes) {
                self.gated.insert(id.name, feature);
            } else if names.add(id.name, id.span, errors) {
                self.items.insert(id.name, item);
            }
        }
        self
    }

    /// With the version: `acme:log@1.0.0`
    pub(super) fn full_name(&self) -> String {
        match self.version {
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.clone(),
        }
    }

    /// The name of an interface or world of the package: `acme:log/log@1.0.0`
    pub(super) fn id_of(&self, item: &str) -> String {
        match self.version {
            Some(version) => format!("{}/{item}@{version}", self.name),
            None => format!("{}/{item}", self.name),
        }
    }
}

impl Item<'_> {
    /// Where its name stands.
    pub(super) fn span(self) -> Span {
        match self {
            Item::Type(it) => it.id.span,
            Item::Interface(it) => it.id.span,
            Item::World(it) => it.id.span,
            Item::Use(_, id) => id.span,
        }
    }
}

/// The feature to which an item belongs that is not for everyone yet.
pub(super) fn feature<'d>(attributes: &'d [Attribute<'d>]) -> Option<&'d str> {
    attributes.iter().find_map(|attribute| match attribute {
        Attribute::Unstable { feature, .. } => Some(feature.name),
        _ => None,
    })
}

/// The id by which an item is known elsewhere.
pub(super) fn external_id<'d>(attributes: &'d [Attribute<'d>]) -> Option<&'d str> {
    attributes.iter().find_map(|attribute| match attribute {
        Attribute::ExternalId { id, .. } => Some(&*id.value),
        _ => None,
    })
}

/// The package of a document that does not say what it is called.
const UNNAMED: &str = "root:document";
