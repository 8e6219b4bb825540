//! The types that have names in one place: an interface, a world, or the document itself.

use super::check::Checker;
use super::library::{Context, Known, wrong_kind};
use super::names::{Names, undefined};
use super::order::Order;
use super::outline::{external_id, feature};
use super::uses::Uses;
use crate::component::Found;
use crate::hash::{HashMap, HashSet};
use crate::types::{Content, Sort};
use crate::wac::ast::{Definition, Ident, Type, TypeDecl, TypeKind, Use, UseItem};
use crate::wac::parse::BUILT_IN;
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Types by their names, each after those that it needs.
#[derive(Default)]
pub(super) struct Scope<'d> {
    entries: IndexMap<&'d str, Entry<'d>>,
    /// What is left out, with the feature to which it belongs.
    gated: BTreeMap<&'d str, &'d str>,
    /// What is no type, and what it is.
    others: HashMap<&'d str, &'static str>,
}

/// A type with a name.
pub(super) struct Entry<'d> {
    pub(super) span: Span,
    pub(super) origin: Origin<'d>,
    pub(super) content: Content,
    pub(super) external_id: Option<&'d str>,
}

/// Where a type comes from.
pub(super) enum Origin<'d> {
    /// It is declared here.
    Declared(&'d TypeDecl<'d>),
    /// It is a type of an interface: one of what is in use, and the names that lead to it.
    Used { at: usize, path: [String; 2] },
    /// From something that is wrong.
    Nowhere,
}

/// What puts types into a scope.
#[derive(Clone, Copy)]
pub(super) enum TypeItem<'d> {
    Use(&'d Use<'d>),
    Type(&'d TypeDecl<'d>),
}

impl<'d> Scope<'d> {
    /// The types that `items` declare, and those that they use; `names` are all names of the place.
    pub(super) fn of(
        items: impl Iterator<Item = TypeItem<'d>>,
        names: &mut Names,
        uses: &mut Uses,
        context: &mut Context<'_, 'd, '_>,
    ) -> Scope<'d> {
        let mut scope = Scope::default();
        for item in items {
            match item {
                TypeItem::Use(it) => scope.add_use(it, names, uses, context),
                TypeItem::Type(it) => scope.add_type(it, names, context.errors),
            }
        }
        scope.finish(context.errors);
        scope
    }

    /// The types of the document itself.
    pub(super) fn of_document(
        decls: impl Iterator<Item = &'d TypeDecl<'d>>,
        others: impl Iterator<Item = (&'d str, &'static str)>,
        gated: BTreeMap<&'d str, &'d str>,
        errors: &mut Vec<ResolveError>,
    ) -> Scope<'d> {
        let mut scope = Scope {
            gated,
            others: others.collect(),
            ..Scope::default()
        };
        for decl in decls {
            scope.entries.insert(decl.id.name, Entry::declared(decl));
        }
        scope.finish(errors);
        scope
    }

    /// Takes note that `name` is something else than a type.
    pub(super) fn add_other(&mut self, name: &'d str, what: &'static str) {
        self.others.insert(name, what);
    }

    /// The types, each after those that it needs.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, &Entry<'d>)> {
        self.entries.iter().map(|(name, entry)| (*name, entry))
    }

    /// The type of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Entry<'d>> {
        self.entries.get(name)
    }

    /// The types that are called so and declared here, and those that they need, each after those that it needs.
    pub(super) fn with_needed(
        &self,
        mut names: Vec<&'d str>,
    ) -> Vec<(&'d str, &Entry<'d>, &'d TypeDecl<'d>)> {
        let mut needed = HashSet::default();
        while let Some(name) = names.pop() {
            if let Some(entry) = self.get(name)
                && needed.insert(name)
                && let Origin::Declared(decl) = entry.origin
            {
                needed_by(decl, &mut |name| names.push(name));
            }
        }
        let needed = self.entries().filter(|(name, _)| needed.contains(name));
        let declared = needed.filter_map(|(name, entry)| match entry.origin {
            Origin::Declared(decl) => Some((name, entry, decl)),
            _ => None,
        });
        declared.collect()
    }

    /// What the type is that `id` names; it is an error if there is none.
    pub(super) fn find(&self, id: Ident<'_>, errors: &mut Vec<ResolveError>) -> Content {
        if let Some(entry) = self.entries.get(id.name) {
            return entry.content;
        }
        let known = self.entries.keys().chain(BUILT_IN).copied();
        let told = errors.len();
        errors.push(match self.others.get(id.name) {
            Some(what) => wrong_kind(id.name.to_owned(), id.span, what, "a type"),
            None => undefined(id, told, &self.gated, known),
        });
        Content {
            sort: Sort::Wrong,
            ..Content::default()
        }
    }

    fn add_type(
        &mut self,
        decl: &'d TypeDecl<'d>,
        names: &mut Names,
        errors: &mut Vec<ResolveError>,
    ) {
        if let Some(feature) = feature(&decl.attributes) {
            self.gated.insert(decl.id.name, feature);
        } else if names.add(decl.id.name, decl.id.span, errors) {
            self.entries.insert(decl.id.name, Entry::declared(decl));
        }
    }

    fn add_use(
        &mut self,
        used: &'d Use<'d>,
        names: &mut Names,
        uses: &mut Uses,
        context: &mut Context<'_, 'd, '_>,
    ) {
        let name_of = |item: &UseItem<'d>| item.name.unwrap_or(item.id);
        if let Some(feature) = feature(&used.attributes) {
            let names = used.items.iter().map(|item| (name_of(item).name, feature));
            self.gated.extend(names);
            return;
        }
        let known = context.interface(&used.path);
        let at = known
            .as_ref()
            .and_then(|known| uses.types_of(known, used.path.span(), context));
        for item in &used.items {
            let id = name_of(item);
            let mut entry = Entry {
                span: id.span,
                origin: Origin::Nowhere,
                content: Content {
                    sort: Sort::Wrong,
                    ..Content::default()
                },
                external_id: external_id(&used.attributes),
            };
            if let (Some(known), Some((component, at))) = (&known, at) {
                let path = [known.id.clone(), item.id.name.to_owned()];
                let found = context.arena.find(component, &path);
                let found = found.and_then(Found::item).map(|found| found.ty);
                match found.and_then(|ty| Content::of(context.arena.types(), &ty)) {
                    Some(content) if content.sort == Sort::Function => {
                        let name = item.id.name.to_owned();
                        let expected = "a type of values";
                        context.wrong_kind(name, item.id.span, "a function type", expected);
                    }
                    Some(content) => {
                        entry.content = content;
                        entry.origin = Origin::Used { at, path };
                    }
                    None => missing_type(known, item.id, context),
                }
            }
            if names.add(id.name, id.span, context.errors) {
                self.entries.insert(id.name, entry);
            }
        }
    }

    /// Orders the types, and checks each.
    fn finish(&mut self, errors: &mut Vec<ResolveError>) {
        let needs: Vec<Vec<usize>> = self
            .entries
            .values()
            .map(|entry| {
                let mut needs = Vec::new();
                if let Origin::Declared(decl) = entry.origin {
                    needed_by(decl, &mut |name| {
                        needs.extend(self.entries.get_index_of(name))
                    });
                }
                needs
            })
            .collect();
        let order = Order::of(&needs);
        for circle in &order.circles {
            let members = circle.iter().filter_map(|at| self.entries.get_index(*at));
            let members = members.map(|(name, entry)| (*name, entry.span)).collect();
            errors.extend(circle_error(members));
            for at in circle {
                if let Some((_, entry)) = self.entries.get_index_mut(*at) {
                    entry.origin = Origin::Nowhere;
                    entry.content.sort = Sort::Wrong;
                }
            }
        }
        let mut entries: Vec<_> = std::mem::take(&mut self.entries)
            .into_iter()
            .map(Some)
            .collect();
        for at in order.sorted {
            let Some((name, mut entry)) = entries.get_mut(at).and_then(Option::take) else {
                continue;
            };
            if let Origin::Declared(decl) = entry.origin {
                let content = Checker::new(self, errors).declaration(decl);
                entry.content = content;
            }
            self.entries.insert(name, entry);
        }
    }
}

impl<'d> Entry<'d> {
    fn declared(decl: &'d TypeDecl<'d>) -> Entry<'d> {
        Entry {
            span: decl.id.span,
            origin: Origin::Declared(decl),
            content: Content::default(),
            external_id: external_id(&decl.attributes),
        }
    }
}

/// The interface `known` has no type of this name.
fn missing_type(known: &Known, id: Ident<'_>, context: &mut Context<'_, '_, '_>) {
    let items = context.arena.definition_items(known.definition);
    let items: Vec<(String, &str)> = items
        .into_iter()
        .map(|(name, what)| (name.to_owned(), what))
        .collect();
    if items
        .iter()
        .any(|(name, what)| name == id.name && *what == "function")
    {
        context.wrong_kind(id.name.to_owned(), id.span, "a function", "a type");
        return;
    }
    let types = items.iter().filter(|(_, what)| *what != "function");
    context.missing(&known.id, id, types.map(|(name, _)| name.as_str()));
}

/// The error that these, by their names and places, need each other.
pub(super) fn circle_error(members: Vec<(&str, Span)>) -> Option<ResolveError> {
    let (_, span) = *members.first()?;
    let names = members.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut error = ResolveError::new(
        ResolveErrorKind::Circle(names),
        span,
        "this one needs itself",
    );
    for (name, span) in members.iter().skip(1) {
        error = error.with_related(*span, format!("by way of `{name}`"));
    }
    Some(error)
}

/// The names of the types without which `decl` cannot be declared.
pub(super) fn needed_by<'d>(decl: &'d TypeDecl<'d>, add: &mut impl FnMut(&'d str)) {
    match &decl.definition {
        Definition::Alias { ty } => named_in(ty, add),
        Definition::Func(ty) => {
            ty.params.iter().for_each(|param| named_in(&param.ty, add));
            ty.result.iter().for_each(|ty| named_in(ty, add));
        }
        Definition::Record { fields } => fields.iter().for_each(|field| named_in(&field.ty, add)),
        Definition::Variant { cases } => {
            let types = cases.iter().filter_map(|case| case.ty.as_ref());
            types.for_each(|ty| named_in(ty, add));
        }
        Definition::Enum { .. } | Definition::Flags { .. } | Definition::Resource { .. } => {}
    }
}

/// The names of types in `ty`; how deep it is, the parser has limited.
pub(super) fn named_in<'d>(ty: &'d Type<'d>, add: &mut impl FnMut(&'d str)) {
    match &ty.kind {
        TypeKind::Primitive { .. } | TypeKind::ErrorContext => {}
        TypeKind::Name(id) | TypeKind::Own { resource: id } | TypeKind::Borrow { resource: id } => {
            add(id.name);
        }
        TypeKind::List { element: ty, .. } | TypeKind::Option { some: ty } => named_in(ty, add),
        TypeKind::Map { key, value } => {
            named_in(key, add);
            named_in(value, add);
        }
        TypeKind::Result { ok, err } => {
            ok.iter().chain(err).for_each(|ty| named_in(ty, add));
        }
        TypeKind::Tuple { types } => types.iter().for_each(|ty| named_in(ty, add)),
        TypeKind::Stream { element } | TypeKind::Future { element } => {
            element.iter().for_each(|ty| named_in(ty, add));
        }
    }
}
