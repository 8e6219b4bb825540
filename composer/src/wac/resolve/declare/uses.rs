//! What a declaration uses.

use super::library::{Context, Known, View};
use crate::component::ComponentId;
use crate::encode::Use;
use crate::hash::HashMap;
use crate::wac::span::Span;
use std::collections::BTreeMap;

/// The components whose imports a declaration has, too.
#[derive(Default)]
pub(super) struct Uses {
    list: Vec<Use>,
    known: HashMap<ComponentId, usize>,
    /// Interfaces of which types are used are imported with all they have, as worlds import them.
    pub(super) whole: bool,
    /// The interfaces that are exported, each with the number of what is used for that: types are those of the export.
    pub(super) exported: HashMap<String, usize>,
    /// The interfaces of which types were used since it is known what is exported, and where that is said.
    pub(super) asked: Vec<(Known, Span)>,
}

impl Uses {
    /// The components.
    pub(super) fn list(&self) -> &[Use] {
        &self.list
    }

    /// Uses what `component` imports, and gives its number.
    pub(super) fn add(&mut self, component: ComponentId) -> usize {
        if let Some(at) = self.known.get(&component) {
            return *at;
        }
        let at = self.add_renamed(component, BTreeMap::new());
        self.known.insert(component, at);
        at
    }

    /// The same, with other names for some of the imports.
    pub(super) fn add_renamed(
        &mut self,
        component: ComponentId,
        renamed: BTreeMap<String, String>,
    ) -> usize {
        self.list.push(Use {
            component,
            renamed,
            filled: BTreeMap::new(),
        });
        self.list.len() - 1
    }

    /// Has the imports of the component of number `at` be what others export.
    pub(super) fn fill(&mut self, at: usize, filled: BTreeMap<String, usize>) {
        if let Some(used) = self.list.get_mut(at) {
            used.filled = filled;
        }
    }

    /// Uses the types of an interface: gives a component that has them, and its number.
    pub(super) fn types_of(
        &mut self,
        known: &Known,
        span: Span,
        context: &mut Context<'_, '_, '_>,
    ) -> Option<(ComponentId, usize)> {
        if let Some(at) = self.exported.get(&known.id) {
            return Some((self.list.get(*at)?.component, *at));
        }
        if !self.exported.is_empty() {
            self.asked.push((known.clone(), span));
        }
        let component = match self.whole {
            true => self.import(known, &known.id, None, span, context)?,
            false => context.view(known, View::Types, span)?,
        };
        Some((component, self.add(component)))
    }

    /// Uses an interface as an import of this name, and the interfaces that it needs, whole.
    pub(super) fn import(
        &mut self,
        known: &Known,
        name: &str,
        external_id: Option<&str>,
        span: Span,
        context: &mut Context<'_, '_, '_>,
    ) -> Option<ComponentId> {
        for needed in context.needs(known) {
            let view = View::Import(needed.id.clone(), None);
            let component = context.view(&needed, view, span)?;
            self.add(component);
        }
        let view = View::Import(name.to_owned(), external_id.map(str::to_owned));
        let component = context.view(known, view, span)?;
        self.add(component);
        Some(component)
    }
}
