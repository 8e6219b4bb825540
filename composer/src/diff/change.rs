//! One change: where it is, what it is, and what it means.

use crate::types::{Reason, Step};
use std::fmt;

/// One change of a world, or of something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The way to what changed, its own name included: an import or export, perhaps in a world; in
    /// a WIT package an interface or world; and on into it. Names are those of the new one.
    pub path: Vec<Step>,
    /// What happened to it.
    pub what: What,
    /// What that is for those who use the old one.
    pub impact: Impact,
}

/// What happened to something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It is new.
    Added {
        /// What sort of thing it is: `interface`, `function`, `parameter`, `case`, ...
        kind: &'static str,
    },
    /// It is gone.
    Removed {
        /// What sort of thing it was.
        kind: &'static str,
    },
    /// The same interface, in a version on another compatibility track.
    Moved {
        /// The name that it had.
        from: String,
        /// The name that it has.
        to: String,
    },
    /// The same interface, in another version on the same compatibility track.
    Version {
        /// The version that it had.
        from: String,
        /// The version that it has.
        to: String,
    },
    /// Its type is another, or what it says of itself: what was is `expected` here, and what is `found`.
    Changed(Reason),
}

/// What a change is for those who use what changed, in the words of semantic versioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Nothing that anyone has to know of.
    Patch,
    /// There is more to be had, or less to be given; everything goes on to work.
    Minor,
    /// Something may not work any more.
    Major,
}

impl Change {
    /// Why a change that is major is so, where it is not plain from what it is.
    pub fn why(&self) -> Option<&'static str> {
        let (in_world, rest) = match self.path.split_first() {
            Some((Step::World(_), rest)) if !rest.is_empty() => (true, rest),
            _ => (false, self.path.as_slice()),
        };
        let is_import = matches!(rest.first(), Some(Step::Import(_)));
        // Something inside a type is no item of its own.
        let is_item = !matches!(
            rest.last(),
            Some(Step::Parameter(_) | Step::Field(_) | Step::Case(_) | Step::Flag(_))
        );
        if self.impact != Impact::Major || !is_item {
            return None;
        }
        Some(match (&self.what, in_world, is_import) {
            (What::Added { .. }, false, true) => "whoever runs it must provide it",
            (What::Added { .. }, true, false) => "what was made for the world does not have it",
            (What::Removed { .. }, true, true) => "what was made for the world may need it",
            (What::Removed { .. }, false, false) => "whoever uses it does not find it any more",
            (What::Moved { .. }, false, true) => "whoever runs it must provide the other version",
            (What::Moved { .. }, false, false) => "whoever uses it finds another version",
            (What::Moved { .. }, true, _) => "what was made for the world has the other version",
            _ => return None,
        })
    }

    /// Where it stands among the changes.
    pub(super) fn place(&self) -> (Vec<(u8, String)>, u8) {
        let rank = |step: &Step| match step {
            Step::Import(_) => 0,
            Step::Export(_) => 1,
            Step::Interface(_) => 2,
            Step::World(_) => 3,
            _ => 4,
        };
        let path = self.path.iter().take(3);
        let path = path.map(|step| (rank(step), step.to_string())).collect();
        let first = match self.what {
            What::Version { .. } | What::Moved { .. } => 0,
            What::Removed { .. } => 1,
            What::Changed(_) => 2,
            What::Added { .. } => 3,
        };
        (path, first)
    }
}

impl Impact {
    /// `patch`, `minor` or `major`.
    pub fn name(self) -> &'static str {
        match self {
            Impact::Patch => "patch",
            Impact::Minor => "minor",
            Impact::Major => "major",
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Added { .. } => f.write_str("added"),
            What::Removed { .. } => f.write_str("removed"),
            What::Moved { from, to } => write!(f, "moved from `{from}` to `{to}`"),
            What::Version { from, to } => write!(f, "was version {from}, is {to}"),
            What::Changed(reason) => write_change(reason, f),
        }
    }
}

/// Writes what was, and what is.
fn write_change(reason: &Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let said = |value: &Option<String>| match value {
        Some(value) => format!("`{value}`"),
        None => "nothing".to_owned(),
    };
    match reason {
        Reason::Kind { expected, found } => write!(f, "was: {expected}, is: {found}"),
        Reason::Async { expected: true } => f.write_str("was `async`, is not"),
        Reason::Async { expected: false } => f.write_str("was not `async`, is"),
        Reason::ParameterName {
            position,
            expected,
            found,
        } => write!(
            f,
            "parameter {position} was named `{expected}`, is named `{found}`"
        ),
        Reason::ResultPresence { expected: true } => f.write_str("gave a result, gives none"),
        Reason::ResultPresence { expected: false } => f.write_str("gave no result, gives one"),
        Reason::Order { what, .. } => write!(f, "the {what} are in another order"),
        Reason::Type { expected, found } => write!(f, "was `{expected}`, is `{found}`"),
        Reason::Resource => f.write_str("the resource is another one"),
        Reason::Attribute {
            what,
            expected,
            found,
        } => write!(f, "`{what}` said {}, says {}", said(expected), said(found)),
        Reason::Package { expected, found } => {
            write!(f, "the package was `{expected}`, is `{found}`")
        }
        Reason::Other(message) => write!(f, "its type is another: {message}"),
        reason => write!(f, "{reason}"),
    }
}

/// The step to something of this kind.
pub(super) fn step(kind: &str, name: String) -> Step {
    match kind {
        "function" => Step::Function(name),
        "type" | "resource" => Step::Type(name),
        "interface" => Step::Interface(name),
        "world" => Step::World(name),
        "parameter" => Step::Parameter(name),
        "field" => Step::Field(name),
        "case" => Step::Case(name),
        "flag" => Step::Flag(name),
        _ => Step::Item(name),
    }
}

/// `reason` with what was as `expected`, and what is as `found`; `asked_of_new` says that it is the other
/// way round.
pub(super) fn in_order(reason: &Reason, asked_of_new: bool) -> Reason {
    let reason = reason.clone();
    // What an item says of itself is asked of the new one by the old one on either side.
    if !asked_of_new || matches!(reason, Reason::Attribute { .. }) {
        return reason;
    }
    match reason {
        Reason::Kind { expected, found } => Reason::Kind {
            expected: found,
            found: expected,
        },
        Reason::Async { expected } => Reason::Async {
            expected: !expected,
        },
        Reason::ParameterName {
            position,
            expected,
            found,
        } => Reason::ParameterName {
            position,
            expected: found,
            found: expected,
        },
        Reason::ParameterCount { expected, found } => Reason::ParameterCount {
            expected: found,
            found: expected,
        },
        Reason::ResultPresence { expected } => Reason::ResultPresence {
            expected: !expected,
        },
        Reason::Order {
            what,
            expected,
            found,
        } => Reason::Order {
            what,
            expected: found,
            found: expected,
        },
        Reason::Names {
            what,
            missing,
            extra,
        } => Reason::Names {
            what,
            missing: extra,
            extra: missing,
        },
        Reason::Type { expected, found } => Reason::Type {
            expected: found,
            found: expected,
        },
        reason => reason,
    }
}
