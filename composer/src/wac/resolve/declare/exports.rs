//! The interfaces that a world exports and that are defined elsewhere.
//!
//! What an exported interface needs is what the world exports, too, or else what it imports; never both, since there would be
//! two of each resource.

use super::library::{Context, Known, View};
use super::order::Order;
use super::uses::Uses;
use super::writing::Fault;
use crate::encode::Declaration;
use crate::hash::HashMap;
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;
use std::collections::BTreeMap;

/// Interfaces that a world exports.
#[derive(Default)]
pub(super) struct Exports {
    list: Vec<Export>,
}

struct Export {
    known: Known,
    name: String,
    span: Span,
    external_id: Option<String>,
    /// Its number among what is used.
    at: usize,
}

impl Exports {
    /// Exports an interface under a name.
    pub(super) fn add(
        &mut self,
        known: Known,
        (name, span): (String, Span),
        external_id: Option<&str>,
        uses: &mut Uses,
        context: &mut Context<'_, '_, '_>,
    ) {
        if let Some(component) = context.view(&known, View::Export, span) {
            self.list.push(Export {
                known,
                name,
                span,
                external_id: external_id.map(str::to_owned),
                at: uses.add_renamed(component, BTreeMap::new()),
            });
        }
    }

    /// The interfaces that are exported under their own names, each with its number among what is used.
    pub(super) fn numbers(&self) -> HashMap<String, usize> {
        let own = self.list.iter().filter(|it| it.name == it.known.id);
        own.map(|it| (it.name.clone(), it.at)).collect()
    }

    /// Whether something is exported as `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.list.iter().any(|it| it.name == name)
    }

    /// Has each interface take what it needs from where it is, and imports what is not exported.
    pub(super) fn finish(&mut self, uses: &mut Uses, context: &mut Context<'_, '_, '_>) {
        let mut needs: HashMap<String, Vec<String>> = HashMap::default();
        let asked = std::mem::take(&mut uses.asked);
        for known in self
            .list
            .iter()
            .map(|it| &it.known)
            .chain(asked.iter().map(|(it, _)| it))
        {
            needs.extend(context.arena.definition_needs(known.definition));
        }
        for export in &self.list {
            let direct = needs.get(&export.known.id).into_iter().flatten();
            for needed in direct.filter(|it| !uses.exported.contains_key(*it)) {
                check_sources(
                    &export.name,
                    needed,
                    export.span,
                    &needs,
                    uses,
                    context.errors,
                );
            }
            let all = context.arena.definition_needs(export.known.definition);
            let others = all
                .into_iter()
                .map(|(id, _)| id)
                .filter(|id| *id != export.known.id);
            let filled = others.filter_map(|id| uses.exported.get(&id).map(|at| (id, *at)));
            uses.fill(export.at, filled.collect());
            for needed in context.needs(&export.known) {
                if !uses.exported.contains_key(&needed.id) {
                    uses.import(&needed, &needed.id, None, export.span, context);
                }
            }
        }
        for (known, span) in &asked {
            check_sources(
                "an interface",
                &known.id,
                *span,
                &needs,
                uses,
                context.errors,
            );
        }
        self.sort(&needs);
    }

    /// Puts each after those that it needs.
    fn sort(&mut self, needs: &HashMap<String, Vec<String>>) {
        let own = |name: &String| {
            let mut list = self.list.iter();
            list.position(|it| it.name == *name && it.name == it.known.id)
        };
        let needed = |it: &Export| {
            needs
                .get(&it.known.id)
                .into_iter()
                .flatten()
                .filter_map(own)
                .collect()
        };
        let order = Order::of(&self.list.iter().map(needed).collect::<Vec<_>>());
        let mut list: Vec<_> = std::mem::take(&mut self.list)
            .into_iter()
            .map(Some)
            .collect();
        let sorted = order.sorted.into_iter();
        self.list = sorted.filter_map(|at| list.get_mut(at)?.take()).collect();
    }

    pub(super) fn write(&self, out: &mut Declaration<'_>) -> Result<(), Fault> {
        for it in &self.list {
            out.export_used(it.at, &it.known.id, &it.name, it.external_id.as_deref())?;
        }
        Ok(())
    }
}

/// Finds what is imported, since `export` needs `needed` which is, and exported too.
fn check_sources(
    export: &str,
    needed: &str,
    span: Span,
    needs: &HashMap<String, Vec<String>>,
    uses: &Uses,
    errors: &mut Vec<ResolveError>,
) {
    let mut open = vec![needed];
    let mut seen: Vec<&str> = Vec::new();
    while let Some(id) = open.pop() {
        if uses.exported.contains_key(id) {
            let kind = ResolveErrorKind::TwoSources {
                export: export.to_owned(),
                needed: id.to_owned(),
            };
            let label = format!("it uses `{needed}`, which is not exported");
            let help = format!("export `{needed}`, too, or do not export `{id}`");
            errors.push(ResolveError::new(kind, span, label).with_help(help));
            return;
        }
        if !seen.contains(&id) {
            seen.push(id);
            open.extend(needs.get(id).into_iter().flatten().map(String::as_str));
        }
    }
}
