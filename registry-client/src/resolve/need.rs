//! What a package, or a project, asks of another package.

use crate::name::PackageName;
use semver::{Comparator, Op, Version, VersionReq};

/// That a package is asked for, in versions that meet a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Need {
    /// The package.
    pub package: PackageName,
    /// Which versions will do, as cargo reads requirements.
    pub requirement: VersionReq,
    /// Whether it must be there at all.
    pub strength: Strength,
}

/// Whether something that is asked for must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// It must: a WIT package cannot be read without those that it uses.
    Always,
    /// Only where something else brings it, it must be of such a version: a component that imports an
    /// interface runs without the WIT of it.
    IfPresent,
}

/// That it is a version, or one that is compatible with it: `^1.2.3`.
pub fn compatible_with(version: &Version) -> VersionReq {
    of(Op::Caret, version)
}

/// That it is a version and no other: `=1.2.3`.
pub fn exactly(version: &Version) -> VersionReq {
    of(Op::Exact, version)
}

fn of(op: Op, version: &Version) -> VersionReq {
    VersionReq {
        comparators: vec![Comparator {
            op,
            major: version.major,
            minor: Some(version.minor),
            patch: Some(version.patch),
            pre: version.pre.clone(),
        }],
    }
}
