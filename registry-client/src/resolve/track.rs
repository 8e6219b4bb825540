//! Which versions may stand in for each other.

use crate::name::Version;
use semver::{BuildMetadata, Comparator, Op, Prerelease, VersionReq};
use std::fmt;

/// The compatibility track of a version: versions on one track may stand in for each other, and a
/// project has one of them. A prerelease is on the track of its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// `0.0.3`: only itself.
    Patch(u64),
    /// `0.2`: any `0.minor.x`.
    Minor(u64),
    /// `1`, `2`, ...: any `major.x.y`.
    Major(u64),
}

impl Track {
    /// The track that a version is on.
    pub fn of(version: &Version) -> Track {
        Track::of_numbers(version.semver())
    }

    /// Whether a requirement is met by any version on the track that could ever be.
    pub fn can_meet(&self, requirement: &VersionReq) -> bool {
        // Releases and prereleases that meet all comparators have a lowest one, which is the lowest
        // on the track, or the lowest that meets one of the comparators.
        let lowest = std::iter::once(self.lowest());
        let lowest = lowest.chain(requirement.comparators.iter().flat_map(lowest_that_meet));
        let mut on_track = lowest.filter(|version| Track::of_numbers(version) == *self);
        on_track.any(|version| requirement.matches(&version))
    }

    /// Whether a requirement is one that no version on any track could meet, such as `>=1.0, <1.0`.
    pub(super) fn none_can_meet(requirement: &VersionReq) -> bool {
        let lowest = std::iter::once(semver::Version::new(0, 0, 0));
        let comparators = requirement.comparators.iter();
        let mut lowest = lowest.chain(comparators.flat_map(lowest_that_meet));
        !lowest.any(|version| requirement.matches(&version))
    }

    pub(super) fn of_numbers(version: &semver::Version) -> Track {
        match (version.major, version.minor) {
            (0, 0) => Track::Patch(version.patch),
            (0, minor) => Track::Minor(minor),
            (major, _) => Track::Major(major),
        }
    }

    fn lowest(self) -> semver::Version {
        match self {
            Track::Patch(patch) => semver::Version::new(0, 0, patch),
            Track::Minor(minor) => semver::Version::new(0, minor, 0),
            Track::Major(major) => semver::Version::new(major, 0, 0),
        }
    }
}

/// The lowest release, and the lowest prereleases, that can meet a comparator.
fn lowest_that_meet(comparator: &Comparator) -> Vec<semver::Version> {
    let Comparator {
        op,
        major,
        minor,
        patch,
        pre,
    } = comparator;
    let full = minor.zip(*patch);
    let (low_minor, low_patch) = (minor.unwrap_or(0), patch.unwrap_or(0));
    let mut lowest = vec![semver::Version::new(*major, low_minor, low_patch)];
    if *op == Op::Greater {
        let after = match (minor, patch) {
            (Some(minor), Some(patch)) => after_patch(*major, *minor, *patch),
            (Some(minor), None) => after_minor(*major, *minor),
            (None, _) => after_major(*major),
        };
        lowest.extend(after);
    }
    if let Some((minor, patch)) = full.filter(|_| !pre.is_empty()) {
        // After `-alpha` comes `-alpha.0`; before all others comes `-0`.
        for pre in [pre.to_string(), format!("{pre}.0"), "0".to_owned()] {
            lowest.extend(Prerelease::new(&pre).map(|pre| semver::Version {
                major: *major,
                minor,
                patch,
                pre,
                build: BuildMetadata::EMPTY,
            }));
        }
    }
    lowest
}

fn after_patch(major: u64, minor: u64, patch: u64) -> Option<semver::Version> {
    match patch.checked_add(1) {
        Some(patch) => Some(semver::Version::new(major, minor, patch)),
        None => after_minor(major, minor),
    }
}

fn after_minor(major: u64, minor: u64) -> Option<semver::Version> {
    match minor.checked_add(1) {
        Some(minor) => Some(semver::Version::new(major, minor, 0)),
        None => after_major(major),
    }
}

fn after_major(major: u64) -> Option<semver::Version> {
    let major = major.checked_add(1)?;
    Some(semver::Version::new(major, 0, 0))
}

/// As in requirements: `1`, `0.2`, `0.0.3`.
impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Track::Patch(patch) => write!(f, "0.0.{patch}"),
            Track::Minor(minor) => write!(f, "0.{minor}"),
            Track::Major(major) => write!(f, "{major}"),
        }
    }
}
