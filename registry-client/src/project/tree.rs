//! Who needs whom in a lock file.

use super::lock_file::{LockFile, LockedPackage};
use crate::name::{PackageName, Version};
use crate::record::ContentKind;
use crate::resolve::{Need, Strength};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A lock file and what is asked of it, as a graph: from what is asked to packages, and from packages
/// to packages. It may have cycles.
pub struct Tree<'l> {
    asked: Vec<(&'l Need, &'l str)>,
    by_name: BTreeMap<&'l PackageName, Vec<&'l LockedPackage>>,
}

/// One need, and a locked package that meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'l> {
    /// Who needs something.
    pub by: Asker<'l>,
    /// What.
    pub need: &'l Need,
    /// What meets it.
    pub to: &'l LockedPackage,
}

/// Who needs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker<'l> {
    /// Something outside of the lock file, by the name it was given: `tenon.toml`.
    Project(&'l str),
    /// A package of the lock file.
    Package(&'l LockedPackage),
}

/// A package of a lock file: there is one of each name and version.
type Id<'l> = (&'l PackageName, &'l Version);

fn id(package: &LockedPackage) -> Id<'_> {
    (package.package(), package.version())
}

impl<'l> Tree<'l> {
    /// The graph of a lock file; what is asked comes with who asks.
    pub fn new(
        lock: &'l LockFile,
        asked: impl IntoIterator<Item = (&'l Need, &'l str)>,
    ) -> Tree<'l> {
        let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for package in lock.packages.values() {
            by_name.entry(package.package()).or_default().push(package);
        }
        let asked = asked.into_iter().collect();
        Tree { asked, by_name }
    }

    /// What is asked, and what meets it, in the order in which it was asked.
    pub fn asked(&self) -> impl Iterator<Item = Step<'l>> {
        let asked = self.asked.iter();
        asked.flat_map(|(need, by)| self.steps(Asker::Project(by), need))
    }

    /// What a package needs, and what meets it. [`Need::strength`] says which of it must be there; a
    /// need for something that is not there has no step.
    pub fn needs(&self, package: &'l LockedPackage) -> impl Iterator<Item = Step<'l>> {
        let needs = package.needs.iter();
        needs.flat_map(move |need| self.steps(Asker::Package(package), need))
    }

    /// The locked versions of a package, in order.
    pub fn versions(&self, package: &PackageName) -> &[&'l LockedPackage] {
        self.by_name.get(package).map_or(&[], |versions| versions)
    }

    /// Why a package is there: for each thing that is asked and leads to it, one shortest chain of
    /// steps that ends at it. Only needs that must be met count.
    pub fn chains(&self, package: &LockedPackage) -> Vec<Vec<Step<'l>>> {
        let mut into: BTreeMap<Id<'l>, Vec<Step<'l>>> = BTreeMap::new();
        for step in self.packages().flat_map(|package| self.needs(package)) {
            if step.need.strength == Strength::Always {
                into.entry(id(step.to)).or_default().push(step);
            }
        }
        // From the package backwards: of each that leads to it, the step that is on a shortest way.
        let mut next: BTreeMap<Id<'_>, Option<Step<'l>>> = BTreeMap::new();
        next.insert(id(package), None);
        let mut queue: VecDeque<Id<'_>> = VecDeque::from([id(package)]);
        while let Some(at) = queue.pop_front() {
            for step in into.get(&at).into_iter().flatten() {
                let Asker::Package(by) = step.by else {
                    continue;
                };
                if let Entry::Vacant(entry) = next.entry(id(by)) {
                    entry.insert(Some(*step));
                    queue.push_back(id(by));
                }
            }
        }
        let first = self
            .asked()
            .filter(|step| step.need.strength == Strength::Always);
        let chain = |first: Step<'l>| {
            let mut chain = vec![first];
            let mut at = next.get(&id(first.to))?;
            while let Some(step) = at {
                chain.push(*step);
                at = next.get(&id(step.to))?;
            }
            Some(chain)
        };
        first.filter_map(chain).collect()
    }

    /// Every package from which nothing that is asked is needed, in order.
    pub(super) fn unneeded(&self) -> impl Iterator<Item = &'l LockedPackage> {
        let mut reached: BTreeSet<Id<'l>> = BTreeSet::new();
        let mut queue: Vec<&'l LockedPackage> = vec![];
        let must = |step: &Step<'l>| step.need.strength == Strength::Always;
        queue.extend(self.asked().filter(must).map(|step| step.to));
        while let Some(package) = queue.pop() {
            if reached.insert(id(package)) {
                queue.extend(self.needs(package).filter(must).map(|step| step.to));
            }
        }
        self.packages()
            .filter(move |package| !reached.contains(&id(package)))
    }

    /// Every package, in order.
    pub(super) fn packages(&self) -> impl Iterator<Item = &'l LockedPackage> {
        self.by_name.values().flatten().copied()
    }

    fn steps(&self, by: Asker<'l>, need: &'l Need) -> impl Iterator<Item = Step<'l>> {
        let versions = self.versions(&need.package).iter().copied();
        let meets = |to: &&LockedPackage| need.requirement.matches(to.version().semver());
        versions
            .filter(move |to| is_meant(need, to) && meets(to))
            .map(move |to| Step { by, need, to })
    }
}

/// Whether a need can be of a package: interfaces that a component mentions are of WIT, and not of a component of
/// the same name.
pub(super) fn is_meant(need: &Need, package: &LockedPackage) -> bool {
    need.strength == Strength::Always || package.kind == ContentKind::Wit
}
