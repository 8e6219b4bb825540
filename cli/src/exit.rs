//! How a command ends.

use std::process::ExitCode;

/// The exit codes of `tenon`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitKind {
    /// Something the user can act on is wrong.
    Failure,
    /// The command line is wrong, or the configuration.
    Usage,
    /// What a registry says is not verified.
    Refused,
    /// The registry or the network does not work.
    Unavailable,
    /// A defect of this program.
    Bug,
}

impl ExitKind {
    pub(crate) fn number(self) -> u8 {
        match self {
            ExitKind::Failure => 1,
            ExitKind::Usage => 2,
            ExitKind::Refused => 3,
            ExitKind::Unavailable => 4,
            ExitKind::Bug => 101,
        }
    }
}

impl From<ExitKind> for ExitCode {
    fn from(kind: ExitKind) -> Self {
        ExitCode::from(kind.number())
    }
}
