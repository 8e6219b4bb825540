//! The solver, which pubgrub is.

use super::problem::{ABSENT, Id, Problem, Tie};
use super::set::Set;
use super::{Asked, Conflict, Solution, Universe, Wishes};
use pubgrub::{
    Dependencies, DependencyProvider, PackageResolutionStatistics, PubGrubError, VersionSet,
};
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;

/// How often packages may be part of a conflict before it is given up, which is within a second or
/// a few.
const MOST_CONFLICTS: u64 = 200_000;

/// Chooses one version of each package on each track, so that every need is met and nothing is taken
/// that nobody needs.
///
/// Which of several: one that was asked for precisely, then one that is locked, then the highest. What
/// is locked is settled first, so that it moves only if nothing else helps. Of tracks that would do
/// alike, the highest. No version that was taken could be a better one on its track with all others
/// as they are. The order in which things are given makes no difference.
///
/// # Errors
///
/// [`Conflict`]: nothing meets every need, or it is too hard to find out.
pub fn solve(universe: &Universe, asked: &[Asked], wishes: &Wishes) -> Result<Solution, Conflict> {
    let solution = solve_once(universe, asked, wishes)?;
    if wishes.locked.is_empty() || wishes.locked == solution.chosen {
        return Ok(solution);
    }
    let with = |locked| {
        let precise = wishes.precise.clone();
        solve_once(universe, asked, &Wishes { locked, precise })
    };
    let Ok(again) = with(solution.chosen.clone()) else {
        return Ok(solution);
    };
    if again.chosen == solution.chosen {
        return Ok(solution);
    }
    // Something was taken for no better reason than that it was locked, where something else would do that is
    // there now: so it would go the next time, and goes at once.
    let mut locked = wishes.locked.clone();
    for (name, versions) in &mut locked {
        let stays = again.chosen.get(name);
        versions.retain(|version| stays.is_some_and(|stays| stays.contains(version)));
    }
    Ok(with(locked).unwrap_or(solution))
}

fn solve_once(universe: &Universe, asked: &[Asked], wishes: &Wishes) -> Result<Solution, Conflict> {
    let problem = Problem::new(universe, asked, wishes);
    let solver = Solver {
        problem,
        conflicts: RefCell::default(),
        total: Cell::new(0),
    };
    match pubgrub::resolve(&solver, Id::Project, 0u32) {
        Ok(taken) => Ok(Solution::new(&solver.problem, taken)),
        Err(PubGrubError::NoSolution(why)) => Err(Conflict::unsolvable(&solver.problem, why)),
        Err(_) => Err(Conflict::too_hard(&solver.problem)),
    }
}

struct Solver<'a> {
    problem: Problem<'a>,
    /// How often something was part of a conflict.
    conflicts: RefCell<HashMap<Id, u32>>,
    /// How often anything was.
    total: Cell<u64>,
}

/// There were too many conflicts.
#[derive(Debug, thiserror::Error)]
#[error("too many conflicts")]
struct TooMany;

/// What is settled first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    /// What need not be there is settled last: by then, all that brings it is.
    present: bool,
    tie: Tie,
    conflicts: u32,
    /// The project's own needs get the highest versions, rather than those of others.
    direct: bool,
    versions: Reverse<u32>,
    /// The last word, so that nothing hangs on the order of anything.
    id: Reverse<Id>,
}

impl DependencyProvider for Solver<'_> {
    type P = Id;
    type V = u32;
    type VS = Set;
    type Priority = Urgency;
    type M = Infallible;
    type Err = TooMany;

    fn prioritize(&self, id: &Id, set: &Set, past: &PackageResolutionStatistics) -> Urgency {
        let (tie, direct) = match id {
            Id::Slot(at) => self
                .problem
                .slot(*at)
                .map(|slot| (slot.tie(set), slot.direct)),
            Id::Choice(at) => {
                let choice = self.problem.choice(*at);
                choice.map(|choice| (choice.tie(set, &self.problem), true))
            }
            Id::Project | Id::Unmet(_) => None,
        }
        .unwrap_or((Tie::None, true));
        let conflicts = past.conflict_count();
        let before = self.conflicts.borrow_mut().insert(*id, conflicts);
        let more = conflicts.saturating_sub(before.unwrap_or(0));
        self.total.set(self.total.get() + u64::from(more));
        Urgency {
            present: !matches!(id, Id::Slot(_)) || !set.contains(&ABSENT),
            tie,
            conflicts,
            direct,
            versions: Reverse(set.len()),
            id: Reverse(*id),
        }
    }

    fn choose_version(&self, id: &Id, set: &Set) -> Result<Option<u32>, TooMany> {
        Ok(match id {
            Id::Project => set.contains(&0).then_some(0),
            Id::Slot(at) => self.problem.slot(*at).and_then(|slot| slot.best(set)),
            Id::Choice(at) => {
                let choice = self.problem.choice(*at);
                choice.and_then(|choice| choice.best(set, &self.problem))
            }
            Id::Unmet(_) => None,
        })
    }

    fn get_dependencies(
        &self,
        id: &Id,
        number: &u32,
    ) -> Result<Dependencies<Id, Set, Infallible>, TooMany> {
        let needs = match id {
            Id::Choice(at) => {
                let tracks = self.problem.choice(*at).map(|choice| choice.tracks);
                let tracks = tracks.unwrap_or_default();
                let track = tracks.into_iter().nth(*number as usize);
                track
                    .map(|(at, set)| (Id::Slot(at), set))
                    .into_iter()
                    .collect()
            }
            _ => {
                let needs = self.problem.needs(*id, *number).into_iter();
                let mut needs: Vec<_> = needs.map(|(_, id, set)| (id, set)).collect();
                needs.sort();
                needs.dedup();
                needs
            }
        };
        Ok(Dependencies::Available(needs.into_iter().collect()))
    }

    fn should_cancel(&self) -> Result<(), TooMany> {
        match self.total.get() {
            0..=MOST_CONFLICTS => Ok(()),
            _ => Err(TooMany),
        }
    }
}
