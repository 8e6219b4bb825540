//! Lists and versions in words.

use super::problem::Slot;
use super::set::Set;
use crate::name::Version;
use pubgrub::VersionSet;
use std::fmt::Display;

/// How many of a kind are named.
const NAMED: usize = 3;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[impl Display]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// As [`list`], of at most three, with how many more there are.
pub(super) fn few(items: &[impl Display]) -> String {
    let mut named: Vec<String> = items.iter().take(NAMED).map(ToString::to_string).collect();
    if items.len() > NAMED {
        named.push(format!("{} more", items.len() - NAMED));
    }
    list(&named)
}

/// Some versions of a slot: each if there are few, else runs of neighbours.
pub(super) fn versions(slot: &Slot<'_>, set: &Set) -> String {
    let mut runs: Vec<Vec<&Version>> = vec![];
    let (mut before, mut count) = (0, 0);
    for (number, candidate) in (1..).zip(&slot.versions) {
        if !set.contains(&number) {
            continue;
        }
        match runs.last_mut().filter(|_| before + 1 == number) {
            Some(run) => run.push(&candidate.version),
            None => runs.push(vec![&candidate.version]),
        }
        (before, count) = (number, count + 1);
    }
    if count <= NAMED {
        return list(&runs.concat());
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|run| match run.as_slice() {
            [first, _, .., last] => format!("{first} to {last}"),
            few => list(few),
        })
        .collect();
    format!("{} ({count} versions)", few(&runs))
}

/// Those of sorted versions that are nearest to one.
pub(super) fn nearest<'v>(versions: &[&'v Version], to: &semver::Version) -> Vec<&'v Version> {
    let at = versions.partition_point(|version| version.semver() < to);
    let from = at
        .saturating_sub(2)
        .min(versions.len().saturating_sub(NAMED));
    versions.iter().skip(from).take(NAMED).copied().collect()
}

pub(super) fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
