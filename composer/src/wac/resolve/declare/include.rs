//! What a world has from others.

use super::exports::Exports;
use super::library::{Context, View};
use super::names::{Names, is_member, with_near};
use super::uses::Uses;
use super::writing::Fault;
use crate::encode::Declaration;
use crate::hash::HashMap;
use crate::types::kind_name;
use crate::wac::ast::{Include, IncludeName};
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What a world exports of those it includes: numbers of what is used, names there, and names here.
#[derive(Default)]
pub(super) struct Included {
    exports: Vec<(usize, String, String)>,
}

impl Included {
    /// Includes a world; `names` are those of what is imported and exported.
    pub(super) fn add<'d>(
        &mut self,
        include: &'d Include<'d>,
        (imported, exported): (&mut Names, &mut Names),
        interfaces: &mut Exports,
        uses: &mut Uses,
        context: &mut Context<'_, 'd, '_>,
    ) {
        let renames = Renames::of(&include.with, context.errors);
        let span = include.world.span();
        let Some(known) = context.world(&include.world) else {
            return;
        };
        let Some(component) = context.view(&known, View::World, span) else {
            return;
        };
        let ty = context.arena.type_of(component);
        let items = |items: &crate::types::Items| -> Vec<(String, &'static str)> {
            let items = items.iter();
            items
                .map(|(name, item)| (name.clone(), kind_name(&item.ty)))
                .collect()
        };
        let (imports, exports) = (items(&ty.imports), items(&ty.exports));
        let mut take = |what, name: &str, names: &mut Names| {
            let (place, here) = renames.rename(name, span);
            if let Some((first, _)) = names.insert(&here, place)
                && !is_member(name)
            {
                let kind = ResolveErrorKind::IncludeConflict {
                    what,
                    name: here.clone(),
                    world: include.world.to_string(),
                };
                let error = ResolveError::new(kind, place, "this name is taken");
                let error = error.with_related(first, "by this");
                let help = format!("give it another name: `with {{ {} as … }}`", bare(name));
                context.errors.push(error.with_help(help));
            }
            here
        };
        let mut renamed = BTreeMap::new();
        for (name, _) in imports.iter().filter(|(name, _)| is_plain(name)) {
            let here = take("an import", name, imported);
            if here != *name {
                renamed.insert(name.clone(), here);
            }
        }
        let mut plain = Vec::new();
        for (name, _) in exports.iter().filter(|(name, _)| is_plain(name)) {
            plain.push((name.clone(), take("an export", name, exported)));
        }
        let all = imports.iter().chain(&exports).map(|(name, _)| bare(name));
        renames.check(&include.world.to_string(), all, context.errors);
        let at = match renamed.is_empty() {
            true => uses.add(component),
            false => uses.add_renamed(component, renamed),
        };
        // Interfaces that are written in the other world can speak of what that exports.
        let is_apart = |(name, what): &(String, &str)| is_plain(name) && *what == "interface";
        let whole = exports.iter().any(is_apart);
        for (name, _) in exports.iter().filter(|(name, _)| !is_plain(name)) {
            if interfaces.has(name) || self.exports.iter().any(|(_, _, known)| known == name) {
                continue;
            }
            match context.by_id(name, &known).filter(|_| !whole) {
                Some(interface) => {
                    let name = (name.clone(), span);
                    interfaces.add(interface, name, None, uses, context);
                }
                None => self.exports.push((at, name.clone(), name.clone())),
            }
        }
        let plain = plain.into_iter().map(|(name, here)| (at, name, here));
        self.exports.extend(plain);
    }

    pub(super) fn write(&self, out: &mut Declaration<'_>) -> Result<(), Fault> {
        for (at, item, name) in &self.exports {
            out.export_used(*at, item, name, None)?;
        }
        Ok(())
    }
}

/// Other names for what a world has.
struct Renames<'d> {
    names: HashMap<&'d str, &'d IncludeName<'d>>,
    order: Vec<&'d IncludeName<'d>>,
}

impl<'d> Renames<'d> {
    fn of(with: &'d [IncludeName<'d>], errors: &mut Vec<ResolveError>) -> Renames<'d> {
        let mut renames = Renames {
            names: HashMap::default(),
            order: Vec::new(),
        };
        for name in with {
            if let Some(first) = renames.names.get(name.id.name) {
                let kind = ResolveErrorKind::DuplicateRename(name.id.name.to_owned());
                let error = ResolveError::new(kind, name.id.span, "once more");
                errors.push(error.with_related(first.id.span, "first here"));
                continue;
            }
            renames.names.insert(name.id.name, name);
            renames.order.push(name);
        }
        renames
    }

    /// What `name` is called here, and where that is said; `span` is where, if nothing is said.
    fn rename(&self, name: &str, span: Span) -> (Span, String) {
        match self.names.get(bare(name)) {
            Some(other) => {
                let (before, after) = around(name);
                (
                    other.name.span,
                    format!("{before}{}{after}", other.name.name),
                )
            }
            None => (span, name.to_owned()),
        }
    }

    /// Finds names that the other world, which has `all`, does not have.
    fn check<'n>(
        &self,
        world: &str,
        all: impl Iterator<Item = &'n str>,
        errors: &mut Vec<ResolveError>,
    ) {
        let all: BTreeSet<&str> = all.collect();
        for name in &self.order {
            if all.contains(name.id.name) {
                continue;
            }
            let kind = ResolveErrorKind::MissingItem {
                of: world.to_owned(),
                name: name.id.name.to_owned(),
            };
            let error = ResolveError::new(
                kind,
                name.id.span,
                "it imports and exports nothing of this name",
            );
            let told = errors.len();
            errors.push(with_near(error, name.id.name, told, all.iter().copied()));
        }
    }
}

/// Whether a name is not that of an interface.
fn is_plain(name: &str) -> bool {
    !name.contains(':')
}

/// The part of a name that can be another one: that of the resource, if it is a function of one.
fn bare(name: &str) -> &str {
    let (before, after) = around(name);
    let end = name.len().saturating_sub(after.len());
    name.get(before.len()..end).unwrap_or(name)
}

/// What stands before and after that part.
fn around(name: &str) -> (&str, &str) {
    let start = name.rfind(']').map_or(0, |at| at + 1);
    let (before, rest) = name.split_at(start);
    let end = rest.find('.').unwrap_or(rest.len());
    (before, rest.get(end..).unwrap_or(""))
}
