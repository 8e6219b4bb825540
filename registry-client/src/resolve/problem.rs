//! A project's packages and needs, as the solver takes them.

use super::set::Set;
use super::{Asked, Candidate, Need, Status, Strength, Track, Universe, Wishes};
use crate::name::{PackageName, Version};
use crate::record::{TakedownReason, YankReason};
use pubgrub::VersionSet;
use semver::{Op, VersionReq};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

/// What the solver gives one version to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Id {
    /// The project.
    Project,
    /// A package on one track. Its versions are numbered from 1, the lowest first; 0 is none of them.
    Slot(usize),
    /// Which track meets a need that versions on several tracks meet, by [`Choice::tracks`].
    Choice(usize),
    /// A need that nothing meets.
    Unmet(usize),
}

/// The number that says: no version on this track.
pub(super) const ABSENT: u32 = 0;

/// A package on one track.
pub(super) struct Slot<'a> {
    pub(super) name: &'a PackageName,
    pub(super) track: Track,
    /// Those that can be taken, the lowest first.
    pub(super) versions: Vec<&'a Candidate>,
    /// The numbers of those that are locked, the highest first.
    locked: Vec<u32>,
    /// Whether one version was asked for precisely.
    precise: bool,
    /// Whether the project asks for it itself.
    pub(super) direct: bool,
}

/// A need that versions on several tracks meet.
#[derive(Clone)]
pub(super) struct Choice {
    pub(super) need: Need,
    /// The slots and the versions that meet it there, the lowest track first.
    pub(super) tracks: Vec<(usize, Set)>,
}

/// A need that nothing meets.
#[derive(Clone)]
pub(super) struct Unmet {
    pub(super) need: Need,
    /// Whether it is the package itself that would have to be another version than it is.
    pub(super) itself: bool,
}

/// Why a version is not taken, or that it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate<'a> {
    Good,
    Yanked(YankReason),
    TakenDown(TakedownReason),
    Uncached,
    /// Another one was asked for precisely.
    NotPrecise(&'a Version),
}

pub(super) struct Problem<'a> {
    pub(super) universe: &'a Universe,
    pub(super) asked: Vec<&'a Asked>,
    wishes: &'a Wishes,
    /// Versions that the project names as `=1.2.3`.
    exact: BTreeMap<&'a PackageName, Vec<&'a VersionReq>>,
    slots: Vec<Slot<'a>>,
    by_name: BTreeMap<&'a PackageName, Range<usize>>,
    met: RefCell<HashMap<Need, Vec<(Id, Set)>>>,
    choices: RefCell<Vec<Choice>>,
    unmet: RefCell<Vec<Unmet>>,
    numbers: RefCell<HashMap<(Need, bool), usize>>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(universe: &'a Universe, asked: &'a [Asked], wishes: &'a Wishes) -> Self {
        let mut asked: Vec<&Asked> = asked.iter().collect();
        asked.sort_by_cached_key(|asked| (asked.by.clone(), sort_key(&asked.need)));
        let mut exact = BTreeMap::<_, Vec<_>>::new();
        for need in asked.iter().map(|asked| &asked.need) {
            if is_exact(&need.requirement) {
                let exact = exact.entry(&need.package).or_default();
                exact.push(&need.requirement);
            }
        }
        let mut problem = Problem {
            universe,
            asked,
            wishes,
            exact,
            slots: vec![],
            by_name: BTreeMap::new(),
            met: RefCell::default(),
            choices: RefCell::default(),
            unmet: RefCell::default(),
            numbers: RefCell::default(),
        };
        for (name, candidates) in &universe.packages {
            let from = problem.slots.len();
            let slots = problem.slots_of(name, candidates);
            problem.slots.extend(slots);
            problem.by_name.insert(name, from..problem.slots.len());
        }
        let asked = problem.asked.clone();
        for asked in asked {
            for (id, _) in problem.meaning(&asked.need) {
                if let Id::Slot(slot) = id
                    && let Some(slot) = problem.slots.get_mut(slot)
                {
                    slot.direct = true;
                }
            }
        }
        problem
    }

    fn slots_of(&self, name: &'a PackageName, candidates: &'a [Candidate]) -> Vec<Slot<'a>> {
        let mut tracks = BTreeMap::<Track, Vec<&Candidate>>::new();
        for candidate in candidates {
            let track = tracks.entry(Track::of(&candidate.version)).or_default();
            if self.fate(name, candidate) == Fate::Good {
                track.push(candidate);
            }
        }
        let locked = self.wishes.locked.get(name);
        let precise = self.wishes.precise.get(name).map(Track::of);
        let slot = |(track, mut versions): (Track, Vec<&'a Candidate>)| {
            versions.sort_by(|a, b| a.version.cmp(&b.version));
            let is_locked =
                |version: &Version| locked.is_some_and(|locked| locked.contains(version));
            let numbered = (1u32..).zip(&versions);
            let locked = numbered.filter(|(_, candidate)| is_locked(&candidate.version));
            let mut locked: Vec<u32> = locked.map(|(number, _)| number).collect();
            locked.reverse();
            Slot {
                name,
                track,
                locked,
                versions,
                precise: precise == Some(track),
                direct: false,
            }
        };
        tracks.into_iter().map(slot).collect()
    }

    /// Whether a version can be taken.
    pub(super) fn fate(&self, name: &PackageName, candidate: &Candidate) -> Fate<'a> {
        let version = &candidate.version;
        let precise = self.wishes.precise.get(name);
        let precise = precise.filter(|precise| Track::of(precise) == Track::of(version));
        let locked = || {
            let locked = self.wishes.locked.get(name);
            let exact = self.exact.get(name).into_iter().flatten();
            let mut exact = exact.map(|requirement| requirement.matches(version.semver()));
            locked.is_some_and(|locked| locked.contains(version)) || exact.any(|exact| exact)
        };
        match (candidate.status, precise) {
            (Status::TakenDown(reason), _) => Fate::TakenDown(reason),
            (_, Some(precise)) if precise != version => Fate::NotPrecise(precise),
            (Status::Uncached, _) => Fate::Uncached,
            (Status::Yanked(reason), None) if !locked() => Fate::Yanked(reason),
            _ => Fate::Good,
        }
    }

    pub(super) fn slot(&self, at: usize) -> Option<&Slot<'a>> {
        self.slots.get(at)
    }

    pub(super) fn choice(&self, at: usize) -> Option<Choice> {
        self.choices.borrow().get(at).cloned()
    }

    pub(super) fn unmet(&self, at: usize) -> Option<Unmet> {
        self.unmet.borrow().get(at).cloned()
    }

    /// The slots of a package, the lowest track first.
    pub(super) fn slots_named(
        &self,
        name: &PackageName,
    ) -> impl Iterator<Item = (usize, &Slot<'a>)> {
        let range = self.by_name.get(name).cloned().unwrap_or(0..0);
        range.filter_map(|at| Some((at, self.slots.get(at)?)))
    }

    /// The needs of a version of something, each with what it comes to, in one order.
    pub(super) fn needs(&self, id: Id, number: u32) -> Vec<(&'a Need, Id, Set)> {
        let needs: Vec<&Need> = match id {
            Id::Project => self.asked.iter().map(|asked| &asked.need).collect(),
            Id::Slot(at) => {
                let candidate = self.slot(at).and_then(|slot| slot.candidate(number));
                let needs = candidate.map(|candidate| &candidate.needs);
                let mut needs: Vec<&Need> = needs.into_iter().flatten().collect();
                needs.sort_by_cached_key(|need| sort_key(need));
                needs.dedup();
                needs
            }
            Id::Choice(_) | Id::Unmet(_) => vec![],
        };
        let mut all = vec![];
        for need in needs {
            for (to, set) in self.meaning(need) {
                match (to == id, set.contains(&number)) {
                    (true, true) => {}
                    (true, false) => all.push((need, self.nothing(need, true), Set::empty())),
                    (false, _) => all.push((need, to, set)),
                }
            }
        }
        all
    }

    /// What has to be chosen, so that a need is met: every part of it.
    pub(super) fn meaning(&self, need: &Need) -> Vec<(Id, Set)> {
        if let Some(known) = self.met.borrow().get(need) {
            return known.clone();
        }
        let slots = self.slots_named(&need.package);
        let meaning = match need.strength {
            Strength::IfPresent => slots
                .filter(|(_, slot)| slot.track.can_meet(&need.requirement))
                .map(|(at, slot)| {
                    let absent = Set::singleton(ABSENT);
                    (
                        Id::Slot(at),
                        slot.matching(&need.requirement).union(&absent),
                    )
                })
                .collect(),
            Strength::Always => {
                let tracks = slots.map(|(at, slot)| (at, slot.matching(&need.requirement)));
                let tracks: Vec<_> = tracks.filter(|(_, set)| !set.is_empty()).collect();
                match tracks.as_slice() {
                    [] => vec![(self.nothing(need, false), Set::empty())],
                    [(at, set)] => vec![(Id::Slot(*at), set.clone())],
                    _ => {
                        let numbers = (0..).zip(&tracks).map(|(number, _)| number);
                        let set = Set::of(numbers);
                        let mut choices = self.choices.borrow_mut();
                        let need = need.clone();
                        choices.push(Choice { need, tracks });
                        vec![(Id::Choice(choices.len() - 1), set)]
                    }
                }
            }
        };
        let mut met = self.met.borrow_mut();
        met.insert(need.clone(), meaning.clone());
        meaning
    }

    fn nothing(&self, need: &Need, itself: bool) -> Id {
        let mut numbers = self.numbers.borrow_mut();
        let at = *numbers.entry((need.clone(), itself)).or_insert_with(|| {
            let mut unmet = self.unmet.borrow_mut();
            let need = need.clone();
            unmet.push(Unmet { need, itself });
            unmet.len() - 1
        });
        Id::Unmet(at)
    }
}

impl<'a> Slot<'a> {
    /// The version with this number.
    pub(super) fn candidate(&self, number: u32) -> Option<&'a Candidate> {
        let at = (number as usize).checked_sub(1)?;
        self.versions.get(at).copied()
    }

    /// The number that is liked best of a set: none if that will do, one that is locked, the highest.
    pub(super) fn best(&self, set: &Set) -> Option<u32> {
        if set.contains(&ABSENT) {
            return Some(ABSENT);
        }
        let locked = self.locked.iter().copied();
        let highest = (1..=self.versions.len() as u32).rev();
        locked.chain(highest).find(|number| set.contains(number))
    }

    /// How much a set is tied to what was there before, or was asked for precisely.
    pub(super) fn tie(&self, set: &Set) -> Tie {
        match () {
            () if self.precise => Tie::Precise,
            () if self.locked.iter().any(|number| set.contains(number)) => Tie::Locked,
            () => Tie::None,
        }
    }

    fn matching(&self, requirement: &VersionReq) -> Set {
        let numbered = (1..).zip(&self.versions);
        let matching =
            numbered.filter(|(_, candidate)| requirement.matches(candidate.version.semver()));
        Set::of(matching.map(|(number, _)| number))
    }
}

impl Choice {
    /// The number of the track that is liked best of a set.
    pub(super) fn best(&self, set: &Set, problem: &Problem<'_>) -> Option<u32> {
        let numbered = (0..).zip(&self.tracks);
        let allowed = numbered.filter(|(number, _)| set.contains(number));
        let best = allowed.max_by_key(|(number, track)| (problem.tie_of(track), *number));
        best.map(|(number, _)| number)
    }

    pub(super) fn tie(&self, set: &Set, problem: &Problem<'_>) -> Tie {
        let numbered = (0..).zip(&self.tracks);
        let allowed = numbered.filter(|(number, _)| set.contains(number));
        let ties = allowed.map(|(_, track)| problem.tie_of(track));
        ties.max().unwrap_or(Tie::None)
    }
}

impl Problem<'_> {
    fn tie_of(&self, (at, set): &(usize, Set)) -> Tie {
        self.slot(*at).map_or(Tie::None, |slot| slot.tie(set))
    }
}

/// Whether there is a wish about something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    None,
    Locked,
    Precise,
}

/// What needs are ordered by, whose order means nothing.
fn sort_key(need: &Need) -> (PackageName, String, Strength) {
    (
        need.package.clone(),
        need.requirement.to_string(),
        need.strength,
    )
}

/// Whether it is `=1.2.3` and nothing else.
pub(super) fn is_exact(requirement: &VersionReq) -> bool {
    match requirement.comparators.as_slice() {
        [only] => only.op == Op::Exact && only.patch.is_some(),
        _ => false,
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
