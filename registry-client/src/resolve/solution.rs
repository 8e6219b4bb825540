//! The versions that a project takes.

use super::problem::{ABSENT, Id, Problem};
use super::{Need, Strength};
use crate::name::{PackageName, Version};
use pubgrub::SelectedDependencies;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The versions that a project takes: one of a package on each track where one is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// The versions of each package.
    pub chosen: BTreeMap<PackageName, BTreeSet<Version>>,
    /// What meets needs that versions on several tracks could have met.
    wide: HashMap<Need, Version>,
    project: BTreeMap<PackageName, Version>,
}

impl Solution {
    pub(super) fn new(problem: &Problem<'_>, taken: SelectedDependencies<Id, u32>) -> Solution {
        let version = |slot: usize, number: u32| {
            let slot = problem.slot(slot)?;
            let candidate = slot.candidate(number)?;
            Some((slot.name, &candidate.version))
        };
        let mut solution = Solution {
            chosen: BTreeMap::new(),
            wide: HashMap::new(),
            project: BTreeMap::new(),
        };
        for (id, number) in taken.iter() {
            match id {
                Id::Slot(at) if *number != ABSENT => {
                    if let Some((name, version)) = version(*at, *number) {
                        let versions = solution.chosen.entry(name.clone()).or_default();
                        versions.insert(version.clone());
                    }
                }
                Id::Choice(at) => {
                    let choice = problem.choice(*at);
                    let met = choice.and_then(|choice| {
                        let (slot, _) = choice.tracks.get(*number as usize)?;
                        let number = taken.get(&Id::Slot(*slot))?;
                        Some((choice.need, version(*slot, *number)?.1.clone()))
                    });
                    solution.wide.extend(met);
                }
                _ => {}
            }
        }
        let mut project = BTreeMap::<PackageName, Version>::new();
        for need in problem.asked.iter().map(|asked| &asked.need) {
            if let Some(version) = solution.of(need) {
                let highest = project.entry(need.package.clone());
                let highest = highest.or_insert_with(|| version.clone());
                *highest = version.max(highest).clone();
            }
        }
        solution.project = project;
        solution
    }

    /// The version that meets a need of the project or of a version that was taken; `None` if nothing
    /// is there that meets it.
    pub fn of(&self, need: &Need) -> Option<&Version> {
        let always = Need {
            strength: Strength::Always,
            ..need.clone()
        };
        self.wide.get(&always).or_else(|| {
            let chosen = self.chosen.get(&need.package)?;
            let mut highest = chosen.iter().rev();
            highest.find(|version| need.requirement.matches(version.semver()))
        })
    }

    /// The version of a package that the project itself asked for; the highest if it asked for several
    /// on different tracks, which [`Self::of`] tells apart.
    pub fn of_project(&self, package: &PackageName) -> Option<&Version> {
        self.project.get(package)
    }
}
