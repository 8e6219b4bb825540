//! The names of a document, and what they stand for.

use super::declare::Declarations;
use crate::graph::Edge;
use crate::hash::HashMap;
use crate::name::ItemPath;
use crate::wac::ast::{Document, Ident, Statement, UsePath};
use crate::wac::span::Span;
use std::collections::hash_map::Entry;

/// At most this many names of instances of one interface are looked at.
const MAX_LOOKED_AT: usize = 100;

/// Something that has a value: an instance, or what one exports.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// Where it comes from.
    pub(super) edge: Edge,
    /// The name of the interface that it is an instance of, if that is known.
    pub(super) interface: Option<String>,
}

/// The names that have a meaning so far, and those that get one later.
pub(super) struct Scope<'d> {
    known: HashMap<&'d str, Local>,
    /// Where each name of the document stands first.
    first: HashMap<&'d str, Span>,
    /// The names that stand for one thing and then for another, in order.
    pub(super) twice: Vec<Twice<'d>>,
    /// The names of values, by what these are called themselves: an interface without its version, or another item.
    by_item: HashMap<String, Vec<&'d str>>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Local {
    /// A value.
    Value(Value),
    /// Another name for an interface or a world, which is no value.
    Name,
    /// Something that is in error, of which no more is said.
    Wrong,
}

/// A name that stands for two things.
pub(super) struct Twice<'d> {
    pub(super) name: &'d str,
    pub(super) first: Span,
    pub(super) second: Span,
}

impl<'d> Scope<'d> {
    /// The scope before the first statement, in which nothing is known.
    pub(super) fn of(document: &'d Document<'d>) -> Scope<'d> {
        let mut scope = Scope {
            known: HashMap::default(),
            first: HashMap::default(),
            twice: Vec::new(),
            by_item: HashMap::default(),
        };
        let mut declared = HashMap::default();
        for statement in &document.statements {
            let Some(id) = name_of(statement) else {
                continue;
            };
            let is_value = matches!(statement, Statement::Import(_) | Statement::Let(_));
            match scope.first.entry(id.name) {
                Entry::Vacant(entry) => {
                    entry.insert(id.span);
                    declared.insert(id.name, !is_value);
                }
                // Of two declarations, who declares them speaks.
                Entry::Occupied(first)
                    if is_value || declared.get(id.name).is_some_and(|both| !both) =>
                {
                    scope.twice.push(Twice {
                        name: id.name,
                        first: *first.get(),
                        second: id.span,
                    });
                }
                Entry::Occupied(_) => {}
            }
        }
        scope
    }

    /// Gives a name its meaning, unless it has one already.
    pub(super) fn bind(&mut self, name: &'d str, local: Local) {
        let Entry::Vacant(entry) = self.known.entry(name) else {
            return;
        };
        if let Local::Value(value) = &local
            && let Some(item) = value.item()
        {
            let base = item.base().to_owned();
            self.by_item.entry(base).or_default().push(name);
        }
        entry.insert(local);
    }

    /// What a name stands for.
    pub(super) fn get(&self, name: &str) -> Option<&Local> {
        self.known.get(name)
    }

    /// Where a name gets a meaning, be it later.
    pub(super) fn defined(&self, name: &str) -> Option<Span> {
        self.first.get(name).copied()
    }

    /// The names that have a meaning, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'d str> {
        self.known.keys().copied()
    }

    /// A name whose value is called as `import` is, and whether its version will do.
    pub(super) fn like(&self, import: &str) -> Option<(&'d str, bool)> {
        let wanted = Item::of(import);
        let named = self.by_item.get(wanted.base())?;
        let mut named = named.iter().copied().take(MAX_LOOKED_AT);
        let fits = |name: &&str| match self.get(name) {
            Some(Local::Value(value)) => value.item().is_some_and(|item| item.fits(&wanted)),
            _ => false,
        };
        match named.clone().find(fits) {
            Some(name) => Some((name, true)),
            None => Some((named.next()?, false)),
        }
    }

    /// Declarations are known everywhere.
    pub(super) fn declare(
        &mut self,
        document: &'d Document<'d>,
        declared: &Declarations,
        mut value: impl FnMut(&str) -> Local,
    ) {
        for statement in &document.statements {
            if let Some(id) = name_of(statement)
                && declared.get(id.name).is_some_and(|it| it.span == id.span)
            {
                self.bind(id.name, value(id.name));
            }
        }
    }
}

impl Value {
    /// What it is called itself.
    fn item(&self) -> Option<Item<'_>> {
        let name = self.interface.as_ref().or(self.edge.path.last())?;
        Some(Item::of(name))
    }
}

/// What an import or export is called.
enum Item<'n> {
    Interface(ItemPath),
    Plain(&'n str),
}

impl<'n> Item<'n> {
    fn of(name: &'n str) -> Item<'n> {
        ItemPath::parse(name, None).map_or(Item::Plain(name), Item::Interface)
    }

    fn base(&self) -> &str {
        match self {
            Item::Interface(path) => path.base(),
            Item::Plain(name) => name,
        }
    }

    fn fits(&self, other: &Item<'_>) -> bool {
        match (self, other) {
            (Item::Interface(path), Item::Interface(other)) => path.fits(other).is_some(),
            _ => self.base() == other.base(),
        }
    }
}

/// The name that a statement gives to something.
fn name_of<'d>(statement: &'d Statement<'d>) -> Option<Ident<'d>> {
    Some(match statement {
        Statement::Import(it) => it.id,
        Statement::Let(it) => it.id,
        Statement::Type(it) => it.id,
        Statement::Interface(it) => it.id,
        Statement::World(it) => it.id,
        Statement::Use(it) => match (&it.name, &it.path) {
            (Some(name), _) => *name,
            (None, UsePath::Ident(id)) => *id,
            (None, UsePath::Package(path)) => *path.segments.last()?,
        },
        Statement::Export(_) | Statement::Package(_) => return None,
    })
}
