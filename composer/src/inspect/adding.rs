//! In which order the instances of a binary could have been added to the graph that it was made of.
//!
//! The order shows in three ways: components are embedded in the order in which they are first used,
//! instances are written in the order of [`Graph::order`](crate::Graph::order), which begins with the
//! first, and imports come in the order in which instances leave them open.

use super::wiring::{Origin, Wiring};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers of the instances, each of the component with this number in `parts`, in an order of
/// adding that gives the same binary.
pub(super) fn order_of_adding(wiring: &Wiring, parts: &[usize]) -> Vec<usize> {
    let mut adding = Adding::new(wiring, parts);
    let mut order = Vec::with_capacity(parts.len());
    while let Some(instance) = adding.next() {
        order.push(instance);
    }
    order
}

struct Adding {
    /// For each instance those that fill its imports, in the order of the imports' names.
    providers: Vec<Vec<usize>>,
    /// For each instance the imports of the whole that it leaves open.
    open: Vec<Vec<usize>>,
    /// For each instance the place of its component among those that are used.
    parts: Vec<usize>,
    /// How many components are used by the instances that were added.
    used: usize,
    /// How many instances are written once those that were added are, with all they need.
    written: usize,
    /// The instances that are written and were not added yet.
    waiting: BTreeSet<usize>,
    /// Those that may be added to have more written, the one that has most written first.
    roots: Option<Vec<usize>>,
    /// The imports that some instance left open.
    seen: BTreeSet<usize>,
    /// The first import that none left open.
    unseen: usize,
}

/// What adding an instance would do to the order of imports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    None,
    /// It goes on where the last one ended.
    Next,
    /// It leaves some out.
    Other,
}

impl Adding {
    fn new(wiring: &Wiring, parts: &[usize]) -> Adding {
        let used: BTreeSet<usize> = parts.iter().copied().collect();
        let places: BTreeMap<usize, usize> = used.into_iter().zip(0..).collect();
        let mut adding = Adding {
            providers: Vec::with_capacity(parts.len()),
            open: Vec::with_capacity(parts.len()),
            parts: parts
                .iter()
                .filter_map(|part| places.get(part).copied())
                .collect(),
            used: 0,
            written: 0,
            waiting: BTreeSet::new(),
            roots: None,
            seen: BTreeSet::new(),
            unseen: 0,
        };
        for instance in &wiring.instances {
            let mut providers = BTreeMap::new();
            let mut open = Vec::new();
            for argument in &instance.arguments {
                match &argument.origin {
                    Origin::Instance { instance, .. } if !argument.is_used_type() => {
                        providers.insert(argument.name.as_str(), *instance);
                    }
                    Origin::Import { import, path } if path.is_empty() => open.push(*import),
                    _ => {}
                }
            }
            adding.providers.push(providers.into_values().collect());
            adding.open.push(open);
        }
        adding
    }

    /// The instance to be added next: first those that change nothing, then what is written already,
    /// then what has more written.
    fn next(&mut self) -> Option<usize> {
        let waiting = self.waiting.iter().rev().copied();
        let waiting = waiting.filter(|instance| self.may_be_used(*instance));
        let best = waiting.map(|instance| (self.effect(instance), instance));
        let best = best.min_by_key(|(effect, _)| *effect);
        let instance = match best {
            Some((Effect::None | Effect::Next, instance)) => instance,
            other => {
                let roots = self.roots.take().unwrap_or_else(|| self.roots());
                let allowed = roots.iter().copied().filter(|root| self.may_be_used(*root));
                let root = allowed.min_by_key(|root| self.effect(*root));
                self.roots = Some(roots);
                let fits = root.filter(|root| self.effect(*root) < Effect::Other);
                let other = other.map(|(_, instance)| instance);
                // A binary of another tool may have been made from no graph at all.
                let next = (self.written < self.parts.len()).then_some(self.written);
                fits.or(other)
                    .or(root)
                    .or(next)
                    .or(self.waiting.first().copied())?
            }
        };
        self.add(instance);
        Some(instance)
    }

    fn add(&mut self, instance: usize) {
        self.waiting.remove(&instance);
        if instance >= self.written {
            self.waiting.extend(self.written..instance);
            self.written = instance + 1;
            self.roots = None;
        }
        if self.parts.get(instance) == Some(&self.used) {
            self.used += 1;
        }
        self.seen
            .extend(self.open.get(instance).into_iter().flatten());
        while self.seen.contains(&self.unseen) {
            self.unseen += 1;
        }
    }

    /// Whether the component of an instance is used already, or the next to be.
    fn may_be_used(&self, instance: usize) -> bool {
        self.parts
            .get(instance)
            .is_some_and(|part| *part <= self.used)
    }

    fn effect(&self, instance: usize) -> Effect {
        let open = self.open.get(instance).into_iter().flatten().copied();
        let mut new = open.filter(|import| !self.seen.contains(import)).peekable();
        if new.peek().is_none() {
            return Effect::None;
        }
        let mut expected = (self.unseen..).filter(|import| !self.seen.contains(import));
        match new.all(|import| expected.next() == Some(import)) {
            true => Effect::Next,
            false => Effect::Other,
        }
    }

    fn roots(&self) -> Vec<usize> {
        let rest = (self.written..self.parts.len()).rev();
        rest.filter(|instance| self.is_written_next(*instance))
            .collect()
    }

    /// Whether the instances from the first that is not written up to this one are what is written if
    /// this one is added: it and all it needs that is not written yet, each after what it needs.
    fn is_written_next(&self, instance: usize) -> bool {
        let of = |instance: usize| {
            self.providers
                .get(instance)
                .map_or([].iter(), |all| all.iter())
        };
        let mut next = self.written;
        let mut path = vec![(instance, of(instance))];
        while let Some((at, rest)) = path.last_mut() {
            match rest.next() {
                // A binary that was not validated may name what comes later.
                Some(provider) if *provider >= *at => return false,
                Some(provider) if *provider >= next => path.push((*provider, of(*provider))),
                Some(_) => {}
                None if *at == next => {
                    next += 1;
                    path.pop();
                }
                None => return false,
            }
        }
        true
    }
}
