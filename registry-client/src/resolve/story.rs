//! A conflict in sentences.

use super::core::Core;
use super::near::{Near, meant, refused_that, there_are};
use super::problem::{Id, Problem, Slot, Unmet, is_exact};
use super::set::Set;
use super::statement::{Statement, name_of};
use super::words::{list, versions};
use super::{Strength, Track};
use crate::name::{PackageName, Version};
use std::collections::{BTreeMap, BTreeSet};

/// How many lines are told from the start of a long story, and from its end.
const FIRST: usize = 16;
const LAST: usize = 8;

pub(super) struct Story {
    pub(super) lines: Vec<String>,
    pub(super) hints: Vec<String>,
    pub(super) packages: BTreeSet<PackageName>,
}

impl Story {
    pub(super) fn of(problem: &Problem<'_>, core: &Core) -> Story {
        let statements = Statement::all(problem, core);
        let mut teller = Teller::new(problem, core, &statements);
        teller.tell();
        let Teller { lines, hints, .. } = teller;
        let mut packages = BTreeSet::new();
        for statement in &statements {
            let by = name_of(problem, statement.by);
            let needs = statement.needs.iter().map(|need| &need.package);
            packages.extend(by.into_iter().chain(needs).cloned());
        }
        let mut once = BTreeSet::new();
        let hints = hints.into_iter().filter(|hint| once.insert(hint.clone()));
        Story {
            hints: hints.take(LAST).collect(),
            lines: shorten(lines),
            packages,
        }
    }
}

fn shorten(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > FIRST + LAST + 1 {
        let end = lines.split_off(lines.len() - LAST);
        let left_out = lines.len() - FIRST;
        lines.truncate(FIRST);
        lines.push(format!("… and {left_out} more needs on the way …"));
        lines.extend(end);
    }
    lines
}

/// Tells statements along the chains of who asks for what, from the project on.
struct Teller<'t, 'a> {
    problem: &'t Problem<'a>,
    core: &'t Core,
    statements: &'t [Statement<'a>],
    /// What something asks for.
    by: BTreeMap<Id, Vec<usize>>,
    /// Who asks for something that cannot be: packages, and the project.
    clashing: BTreeMap<Id, Clash>,
    told: Vec<bool>,
    /// The versions that the last line ends with.
    before: Option<(Id, &'t Set)>,
    /// Whether anything told so far is a reason that nothing can be done.
    reason: bool,
    lines: Vec<String>,
    hints: Vec<String>,
}

#[derive(Default)]
struct Clash {
    by_packages: Vec<usize>,
    by_project: Vec<usize>,
    told: usize,
}

impl<'t, 'a> Teller<'t, 'a> {
    fn new(problem: &'t Problem<'a>, core: &'t Core, statements: &'t [Statement<'a>]) -> Self {
        let mut by = BTreeMap::<Id, Vec<usize>>::new();
        let mut clashing = BTreeMap::<Id, Clash>::new();
        for (at, statement) in statements.iter().enumerate() {
            by.entry(statement.by).or_default().push(at);
            if core.clashes(statement.to) {
                let clash = clashing.entry(statement.to).or_default();
                match statement.by {
                    Id::Project => clash.by_project.push(at),
                    _ => clash.by_packages.push(at),
                }
            }
        }
        Teller {
            problem,
            core,
            statements,
            by,
            clashing,
            told: vec![false; statements.len()],
            before: None,
            reason: false,
            lines: vec![],
            hints: vec![],
        }
    }

    fn tell(&mut self) {
        let from_project = self.by.get(&Id::Project).cloned().unwrap_or_default();
        let statements = self.statements;
        let waits = |at: &usize| {
            let to = statements.get(*at).map(|statement| statement.to);
            to.is_some_and(|to| self.core.clashes(to))
        };
        let (later, first): (Vec<_>, Vec<_>) = from_project.into_iter().partition(waits);
        for at in first.into_iter().chain(later).chain(0..statements.len()) {
            self.follow(at);
        }
        if !self.reason {
            self.lines
                .push("no choice of these versions meets all of this".to_owned());
        }
    }

    /// Tells a statement, and then what is asked for by what it asks for.
    fn follow(&mut self, at: usize) {
        let mut stack = vec![at];
        while let Some(at) = stack.pop() {
            let Some(statement) = self.statements.get(at) else {
                continue;
            };
            if self.told.get(at) == Some(&true) {
                continue;
            }
            self.say(at);
            let reached = self.reached(statement.to);
            stack.extend(reached.into_iter().rev());
        }
    }

    /// The statements of what a statement asks for.
    fn reached(&self, to: Id) -> Vec<usize> {
        let slots: Vec<Id> = match to {
            Id::Choice(at) => {
                let choice = self.problem.choice(at).into_iter();
                let tracks = choice.flat_map(|choice| choice.tracks);
                tracks.map(|(at, _)| Id::Slot(at)).collect()
            }
            _ => vec![to],
        };
        let by = slots.iter().filter_map(|slot| self.by.get(slot));
        by.flatten().copied().collect()
    }

    /// Tells a statement, and whatever else is asked of the same package once all others have asked.
    fn say(&mut self, at: usize) {
        let Some(statement) = self.statements.get(at) else {
            return;
        };
        let Some(clash) = self.clashing.get_mut(&statement.to) else {
            return self.line(at, "");
        };
        let all = clash.by_packages.len() + clash.by_project.len();
        if statement.by != Id::Project {
            clash.told += 1;
            if clash.told < clash.by_packages.len() {
                return self.line(at, "");
            }
        }
        let mut last = clash.by_project.clone();
        if statement.by != Id::Project {
            last.insert(0, at);
        }
        let count = last.len();
        for (number, at) in (1..).zip(last) {
            let but = if number == count && all > 1 {
                "but "
            } else {
                ""
            };
            self.line(at, but);
        }
        self.conclude(statement.to);
    }

    fn line(&mut self, at: usize, but: &str) {
        let (Some(statement), Some(told)) = (self.statements.get(at), self.told.get_mut(at)) else {
            return;
        };
        let ([need, ..], false) = (statement.needs.as_slice(), *told) else {
            return;
        };
        *told = true;
        let (subject, many) = self.subject(statement);
        let verb = match (need.strength, statement.by, many) {
            (Strength::Always, Id::Project, false) => "asks for",
            (Strength::Always, Id::Project, true) => "ask for",
            (Strength::Always, _, false) => "needs",
            (Strength::Always, _, true) => "need",
            (Strength::IfPresent, _, false) => "is made for",
            (Strength::IfPresent, _, true) => "are made for",
        };
        let (package, requirement) = (&need.package, &need.requirement);
        let what = match statement.needs.as_slice() {
            [first, .., last] => format!(
                "`{package}`, each in versions of its own, from `{}` to `{}`",
                first.requirement, last.requirement
            ),
            _ => format!("`{package} {requirement}`"),
        };
        let rest = match statement.to {
            Id::Unmet(unmet) => self.unmet(statement, unmet),
            to => {
                let goes_on = !self.reached(to).is_empty() && !self.core.clashes(to);
                let told = goes_on && need.strength == Strength::Always && !is_exact(requirement);
                if told {
                    self.comes_as(statement)
                } else {
                    String::new()
                }
            }
        };
        self.before = Some((statement.to, &statement.good));
        self.lines
            .push(format!("{but}{subject} {verb} {what}{rest}"));
    }

    /// Who asks, and whether they are many.
    fn subject(&self, statement: &Statement<'_>) -> (String, bool) {
        let Id::Slot(at) = statement.by else {
            let mut places = statement.places.clone();
            places.truncate(3);
            return (list(&places), places.len() > 1);
        };
        let many = statement.versions.len() > 1;
        let said = self.before == Some((statement.by, &statement.versions));
        let subject = match (said, statement.versions.len()) {
            (true, 1) => "it".to_owned(),
            (true, 2) => "both".to_owned(),
            (true, _) => "all of them".to_owned(),
            (false, _) => self.problem.slot(at).map_or_else(String::new, |slot| {
                format!("`{}` {}", slot.name, versions(slot, &statement.versions))
            }),
        };
        (subject, many)
    }

    /// Which versions there are of what is asked for.
    fn comes_as(&self, statement: &Statement<'_>) -> String {
        let tracks = match statement.to {
            Id::Slot(at) => vec![(at, statement.good.clone())],
            Id::Choice(at) => {
                let choice = self.problem.choice(at);
                choice.map_or(vec![], |choice| choice.tracks)
            }
            Id::Project | Id::Unmet(_) => vec![],
        };
        let count: u32 = tracks.iter().map(|(_, set)| set.len()).sum();
        let tracks = tracks.iter().filter_map(|(at, set)| {
            let slot = self.problem.slot(*at)?;
            Some(versions(slot, set))
        });
        let shown = list(&tracks.collect::<Vec<_>>());
        let only = if count > 3 { "" } else { " only" };
        let refused = statement.needs.first().and_then(|need| {
            let meets = |version: &Version| need.requirement.matches(version.semver());
            refused_that(self.problem, &need.package, &meets, &mut vec![])
        });
        let refused = refused.map_or_else(String::new, |refused| format!(" ({refused})"));
        format!(", which comes as {shown}{only}{refused}")
    }

    fn unmet(&mut self, statement: &Statement<'_>, at: usize) -> String {
        self.reason = true;
        let Some(unmet) = self.problem.unmet(at) else {
            return String::new();
        };
        let by = name_of(self.problem, statement.by);
        match statement.needs.as_slice() {
            [_, .., last] => {
                let last = Unmet {
                    need: (*last).clone(),
                    ..unmet
                };
                let near = Near::of(self.problem, &last, by);
                self.hints.extend(near.hints);
                format!(
                    ", but none of these can be had; of the last, {}",
                    near.reason
                )
            }
            _ => {
                let near = Near::of(self.problem, &unmet, by);
                self.hints.extend(near.hints);
                format!(", but {}", near.reason)
            }
        }
    }

    /// Says that no version of something will do for all who asked for it.
    fn conclude(&mut self, to: Id) {
        self.reason = true;
        let Id::Slot(at) = to else { return };
        let Some(slot) = self.problem.slot(at) else {
            return;
        };
        let asking = self
            .statements
            .iter()
            .filter(|statement| statement.to == to);
        let needs: Vec<_> = asking.flat_map(|statement| &statement.needs).collect();
        let both = if needs.len() == 2 {
            "both"
        } else {
            "all of this"
        };
        let there: Vec<&Version> = slot.versions.iter().map(|one| &one.version).collect();
        let meant = needs.iter().map(|need| meant(&need.requirement)).max();
        let meant = meant.unwrap_or(semver::Version::new(0, 0, 0));
        let meets = |version: &Version| {
            let mut all = needs.iter().map(|need| &need.requirement);
            all.all(|requirement| requirement.matches(version.semver()))
        };
        let refused = refused_that(self.problem, slot.name, &meets, &mut self.hints);
        let refused = refused.map_or_else(String::new, |refused| format!("; {refused}"));
        self.lines.push(format!(
            "no version of {} meets {both}: {}{refused}",
            self.called(slot),
            there_are(&there, &meant)
        ));
        self.before = None;
    }

    /// A package, with its track if it is there on others too.
    fn called(&self, slot: &Slot<'_>) -> String {
        let Slot { name, track, .. } = slot;
        let tracks: BTreeSet<Track> = self
            .problem
            .slots_named(name)
            .map(|(_, slot)| slot.track)
            .collect();
        match tracks.len() {
            1 => format!("`{name}`"),
            _ => format!("`{name}` {track}"),
        }
    }
}
