//! Why a project cannot be put together.

use super::core::{Core, Proof};
use super::problem::Problem;
use super::story::Story;
use crate::name::PackageName;
use std::collections::BTreeSet;
use std::fmt;

/// Why a project cannot be put together, in sentences with the chain of who asked for what.
///
/// Its `Display` is its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Conflict {
    kind: ConflictKind,
    lines: Vec<String>,
    hints: Vec<String>,
    packages: BTreeSet<PackageName>,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictKind {
    /// No choice of versions meets every need.
    Unsolvable,
    /// Whether there is one was not found out within a number of steps, so that what packages say of
    /// themselves cannot keep anyone busy for ever.
    TooHard,
}

impl Conflict {
    pub(super) fn unsolvable(problem: &Problem<'_>, proof: Proof) -> Conflict {
        let core = Core::of(problem, proof);
        let story = Story::of(problem, &core);
        Conflict {
            kind: ConflictKind::Unsolvable,
            lines: story.lines,
            hints: story.hints,
            packages: story.packages,
        }
    }

    pub(super) fn too_hard(problem: &Problem<'_>) -> Conflict {
        let asked = problem.asked.iter().map(|asked| &asked.need.package);
        Conflict {
            kind: ConflictKind::TooHard,
            lines: vec![
                "the packages' needs are too entangled to find out which versions go together"
                    .to_owned(),
            ],
            hints: vec![
                "asking for fewer versions of a package, as with `=1.2.3`, leaves less to try"
                    .to_owned(),
            ],
            packages: asked.cloned().collect(),
        }
    }

    /// What is in the way.
    pub fn kind(&self) -> ConflictKind {
        self.kind
    }

    /// The explanation: each line says who asks for what, or what there is.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What could be done about it, each in a sentence.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The packages that the explanation is about.
    pub fn packages(&self) -> &BTreeSet<PackageName> {
        &self.packages
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}
