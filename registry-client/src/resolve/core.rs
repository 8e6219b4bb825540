//! What of all that is asked for cannot be had together, as the solver found it.

use super::problem::{ABSENT, Id, Problem};
use super::set::Set;
use pubgrub::{DerivationTree, Derived, External, VersionSet};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

/// The solver's proof.
pub(super) type Proof = DerivationTree<Id, Set, Infallible>;

/// That any version of a set asks for one of another set.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) by: Id,
    /// The versions that ask.
    pub(super) versions: Set,
    pub(super) to: Id,
    /// The versions that they ask for.
    pub(super) good: Set,
}

/// What the proof rests on: these alone cannot be had together.
pub(super) struct Core {
    pub(super) facts: Vec<Fact>,
    /// What is left of the versions of a slot, by what must be there whatever else is chosen.
    left: BTreeMap<Id, Set>,
    clashes: BTreeSet<Id>,
}

impl Core {
    pub(super) fn of(problem: &Problem<'_>, proof: Proof) -> Core {
        let mut facts = BTreeMap::<(Id, Id, Set), Set>::new();
        for leaf in leaves(proof) {
            if let External::FromDependencyOf(by, versions, to, good) = leaf {
                let all = facts.entry((by, to, good)).or_insert_with(Set::empty);
                *all = all.union(&versions);
            }
        }
        let facts = facts.into_iter().map(|((by, to, good), versions)| Fact {
            by,
            versions,
            to,
            good,
        });
        let mut core = Core {
            facts: facts.collect(),
            left: BTreeMap::new(),
            clashes: BTreeSet::new(),
        };
        core.left = core.propagate(problem);
        core.narrow();
        core.clashes = core.find_clashes();
        core
    }

    /// Whether no version is good for all that ask for it, each in any of its versions.
    pub(super) fn clashes(&self, id: Id) -> bool {
        self.clashes.contains(&id)
    }

    fn find_clashes(&self) -> BTreeSet<Id> {
        // What all needs of one version come to, and then what any version of an asker can do with.
        let mut asked = BTreeMap::<(Id, Id, u32), Set>::new();
        for fact in &self.facts {
            for number in fact.versions.numbers() {
                let good = asked.entry((fact.to, fact.by, number));
                let good = good.or_insert_with(Set::full);
                *good = good.intersection(&fact.good);
            }
        }
        let mut any = BTreeMap::<(Id, Id), Set>::new();
        for ((to, by, _), good) in asked {
            let all = any.entry((to, by)).or_insert_with(Set::empty);
            *all = all.union(&good);
        }
        let mut all = BTreeMap::<Id, Set>::new();
        for ((to, _), good) in any {
            let left = all.entry(to).or_insert_with(Set::full);
            *left = left.intersection(&good);
        }
        let none = all.into_iter().filter(|(_, left)| left.is_empty());
        none.map(|(id, _)| id)
            .filter(|id| matches!(id, Id::Slot(_)))
            .collect()
    }

    /// Follows what must be there from the project on. It is bounded: a set only gets smaller, and what
    /// is left out here is only told in more words.
    fn propagate(&self, problem: &Problem<'_>) -> BTreeMap<Id, Set> {
        let mut left = BTreeMap::from([(Id::Project, Set::singleton(0))]);
        let mut to_do: BTreeSet<Id> = [Id::Project].into();
        let mut by = BTreeMap::<Id, Vec<&Fact>>::new();
        for fact in &self.facts {
            by.entry(fact.by).or_default().push(fact);
        }
        while let Some(id) = to_do.pop_first() {
            let here = left.get(&id).cloned().unwrap_or_else(Set::full);
            if here.is_empty() {
                continue;
            }
            for fact in by.get(&id).into_iter().flatten() {
                let before = left.get(&fact.to).cloned();
                let before = before.unwrap_or_else(|| everything(problem, fact.to));
                if !here.subset_of(&fact.versions) {
                    continue;
                }
                let after = before.intersection(&fact.good);
                if after != before {
                    left.insert(fact.to, after);
                    to_do.insert(fact.to);
                }
            }
        }
        left
    }

    /// Leaves out versions that could not be there anyway.
    fn narrow(&mut self) {
        for fact in &mut self.facts {
            let left = self.left.get(&fact.by);
            let narrowed = left.map(|left| left.intersection(&fact.versions));
            if let Some(narrowed) = narrowed.filter(|narrowed| !narrowed.is_empty()) {
                fact.versions = narrowed;
            }
        }
    }
}

fn everything(problem: &Problem<'_>, id: Id) -> Set {
    match id {
        Id::Slot(at) => {
            let versions = problem.slot(at).map_or(0, |slot| slot.versions.len());
            Set::of((ABSENT..).take(versions + 1))
        }
        _ => Set::full(),
    }
}

/// The leaves of a proof. It is taken apart without recursion, since it can be as deep as there are
/// packages, and would be dropped with recursion.
fn leaves(proof: Proof) -> Vec<External<Id, Set, Infallible>> {
    let mut leaves = vec![];
    let mut stack = vec![Arc::new(proof)];
    while let Some(node) = stack.pop() {
        // The last that holds a node takes it apart.
        match Arc::into_inner(node) {
            Some(DerivationTree::External(leaf)) => leaves.push(leaf),
            Some(DerivationTree::Derived(Derived { cause1, cause2, .. })) => {
                stack.extend([cause1, cause2]);
            }
            None => {}
        }
    }
    leaves
}
