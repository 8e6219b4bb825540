//! What a solver is told: what there is, what is asked for, and what is liked best.

use super::Need;
use crate::name::{PackageName, Version};
use crate::record::{TakedownReason, YankReason};
use std::collections::{BTreeMap, BTreeSet};

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Universe {
    /// The versions of each package, each once, in any order. A package that was looked for and is
    /// not there has none, or is left out.
    pub packages: BTreeMap<PackageName, Vec<Candidate>>,
}

/// A version that could be taken.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The version.
    pub version: Version,
    /// Whether it can be taken.
    pub status: Status,
    /// What it asks of other packages, in any order.
    pub needs: Vec<Need>,
}

/// Whether a version can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Available,
    /// Only where it is locked, or asked for exactly.
    Yanked(YankReason),
    /// No: the registry no longer has its bytes.
    TakenDown(TakedownReason),
    /// No: it is not kept here, and the network may not be used.
    Uncached,
}

/// What a project asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What.
    pub need: Need,
    /// What it stands in, in words: `` `tenon.toml` ``.
    pub by: String,
}

/// Which of several good versions is taken.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Versions that stay where they still fit, yanked or not.
    pub locked: BTreeMap<PackageName, BTreeSet<Version>>,
    /// Versions that are taken and no other on their track, yanked or not.
    pub precise: BTreeMap<PackageName, Version>,
}
