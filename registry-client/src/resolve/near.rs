//! Why no version meets a need, and what comes near.

use super::problem::{Fate, Problem, Unmet};
use super::words::{few, is_or_are, list, nearest};
use super::{Candidate, Need, Track};
use crate::name::{PackageName, Version};
use semver::{Prerelease, VersionReq};
use std::collections::BTreeMap;

/// What there is in place of what is asked for.
pub(super) struct Near {
    /// In words that follow a "but".
    pub(super) reason: String,
    pub(super) hints: Vec<String>,
}

impl Near {
    /// What there is where nothing meets a need of `by`, or of the project.
    pub(super) fn of(problem: &Problem<'_>, unmet: &Unmet, by: Option<&PackageName>) -> Near {
        let Need {
            package,
            requirement,
            ..
        } = &unmet.need;
        let mut near = Near {
            reason: String::new(),
            hints: vec![],
        };
        let candidates = problem.universe.packages.get(package);
        let mut candidates: Vec<&Candidate> = candidates.into_iter().flatten().collect();
        candidates.sort_by(|a, b| a.version.cmp(&b.version));
        let good = |candidate: &&&Candidate| problem.fate(package, candidate) == Fate::Good;
        let good: Vec<&Version> = candidates
            .iter()
            .filter(good)
            .map(|candidate| &candidate.version)
            .collect();
        let of_these = |is: &dyn Fn(&Version) -> bool| -> Vec<&Version> {
            good.iter().copied().filter(|version| is(version)).collect()
        };
        let prereleases = of_these(&|version| is_prerelease_of(version, requirement));
        let reached = of_these(&|version| Track::of(version).can_meet(requirement));
        let meant = meant(requirement);
        near.reason = if unmet.itself {
            "a project has one version of a package on each track".to_owned()
        } else if candidates.is_empty() {
            format!("there is no package `{package}`")
        } else if Track::none_can_meet(requirement) {
            format!("`{requirement}` contradicts itself: no version could meet it")
        } else if let Some(reason) = refused(problem, package, Some(requirement), &mut near.hints) {
            reason
        } else if let Some(highest) = prereleases.last() {
            near.hints.push(format!(
                "a prerelease has to be named: ask for `{package} ^{highest}`"
            ));
            let shown = nearest(&prereleases, &meant);
            format!("there are only prereleases of it: {}", list(&shown))
        } else if !reached.is_empty() {
            format!("no version meets that: {}", there_are(&reached, &meant))
        } else if let Some(highest) = good.last() {
            let releases = good.iter().rfind(|version| version.semver().pre.is_empty());
            match (releases, by) {
                (Some(highest), _) => {
                    let track = Track::of(highest);
                    near.hints.push(upgrade(package, &meant, track, by));
                }
                (None, None) => near.hints.push(format!(
                    "a prerelease has to be named: ask for `{package} ^{highest}`"
                )),
                (None, Some(_)) => {}
            }
            let shown = nearest(&good, &meant);
            format!("it is there on other tracks only: {}", list(&shown))
        } else {
            let refused = refused(problem, package, None, &mut near.hints);
            let refused = refused.unwrap_or_default();
            format!("no version meets that, and none can be taken: {refused}")
        };
        near
    }
}

/// In words, those that there are; the nearest if they are many.
pub(super) fn there_are(versions: &[&Version], to: &semver::Version) -> String {
    let shown = nearest(versions, to);
    let mut shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
    match versions.len() - shown.len() {
        0 => {}
        more => shown.push(format!("{more} more")),
    }
    format!("there {} {}", is_or_are(versions.len()), list(&shown))
}

/// Why versions that meet a requirement, or any, are not taken; `None` if there are no such.
pub(super) fn refused(
    problem: &Problem<'_>,
    package: &PackageName,
    requirement: Option<&VersionReq>,
    hints: &mut Vec<String>,
) -> Option<String> {
    let meets = |version: &Version| requirement.is_none_or(|all| all.matches(version.semver()));
    refused_that(problem, package, &meets, hints)
}

/// Why such versions are not taken; `None` if there are no such.
pub(super) fn refused_that(
    problem: &Problem<'_>,
    package: &PackageName,
    such: &dyn Fn(&Version) -> bool,
    hints: &mut Vec<String>,
) -> Option<String> {
    let candidates = problem.universe.packages.get(package)?;
    let mut fates = BTreeMap::<Fate<'_>, Vec<&Version>>::new();
    for candidate in candidates {
        let fate = problem.fate(package, candidate);
        if fate != Fate::Good && such(&candidate.version) {
            fates.entry(fate).or_default().push(&candidate.version);
        }
    }
    let mut reasons = vec![];
    for (fate, mut versions) in fates {
        versions.sort_by(|a, b| b.cmp(a));
        let (shown, are) = (few(&versions), is_or_are(versions.len()));
        reasons.push(match fate {
            Fate::Good => continue,
            Fate::Yanked(reason) => {
                let highest = versions.first().map(ToString::to_string).unwrap_or_default();
                hints.push(format!(
                    "a yanked version is taken with `tenon update {package} --precise {highest}`"
                ));
                format!("{shown} {are} yanked ({reason})")
            }
            Fate::TakenDown(reason) => format!("{shown} {are} taken down ({reason})"),
            Fate::Uncached => {
                hints.push(format!(
                    "versions of `{package}` that are not in the cache can be fetched where the network may be used"
                ));
                format!("{shown} {are} not in the cache")
            }
            Fate::NotPrecise(precise) => {
                let known = candidates.iter().any(|known| &known.version == precise);
                let missing = if known { "" } else { ", which is not there" };
                format!("it is to be {precise} precisely{missing}")
            }
        });
    }
    (!reasons.is_empty()).then(|| reasons.join(", and "))
}

/// The version that a requirement names first.
pub(super) fn meant(requirement: &VersionReq) -> semver::Version {
    let first = requirement.comparators.first();
    first.map_or(semver::Version::new(u64::MAX, 0, 0), |first| {
        let (minor, patch) = (first.minor.unwrap_or(0), first.patch.unwrap_or(0));
        semver::Version::new(first.major, minor, patch)
    })
}

/// Whether the release that a prerelease comes before would meet a requirement.
fn is_prerelease_of(version: &Version, requirement: &VersionReq) -> bool {
    let mut release = version.semver().clone();
    release.pre = Prerelease::EMPTY;
    !version.semver().pre.is_empty() && requirement.matches(&release)
}

/// Which side to upgrade where one is on another track than the other asks for.
fn upgrade(
    package: &PackageName,
    meant: &semver::Version,
    track: Track,
    by: Option<&PackageName>,
) -> String {
    let asked = Track::of_numbers(meant);
    match by {
        None => format!("ask for `{package}` on a track that is there: `^{track}`"),
        Some(by) if asked < track => format!(
            "`{by}` is the side to upgrade: it is made for `{package}` {asked}, and there is {track}"
        ),
        Some(by) => format!(
            "`{package}` is the side to upgrade: `{by}` is made for {asked}, and there is only {track}"
        ),
    }
}
