//! What is wrong with a data directory, and what to do.

use crate::log::LogId;
use serde::Serialize;
use std::fmt;

/// Something that is not as it was written, or contradicts something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What kind of thing is wrong.
    pub kind: FindingKind,
    /// The log: `public` or `private`.
    pub log: &'static str,
    /// What is wrong: a file, a table, a leaf.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

/// What kind of thing is wrong, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The log says what no honest log says: a chain, the map, a signature.
    Log,
    /// Another checkpoint contradicts this log, or is ahead of it.
    Fork,
    /// The file of the last checkpoint.
    Checkpoint,
    /// An entry bundle.
    Bundle,
    /// A tile of hashes.
    Tile,
    /// Content of a release.
    Content,
    /// The SQLite file.
    Database,
    /// The registry's own keys.
    Keys,
    /// Content that was taken down, and is there.
    TakenDown,
}

impl Finding {
    pub(super) fn new(
        kind: FindingKind,
        log: LogId,
        place: impl fmt::Display,
        problem: impl fmt::Display,
    ) -> Finding {
        Finding {
            kind,
            log: log.name(),
            place: place.to_string(),
            problem: problem.to_string(),
        }
    }
}

impl FindingKind {
    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            FindingKind::Log => {
                "stop the registry and keep this directory as evidence: the log itself says something wrong, which no backup of it repairs, and whoever holds its keys has to explain it"
            }
            FindingKind::Fork => {
                "do not start the registry here: clients would see a fork; find the newer data, or begin a new log with new keys and tell the users its pin"
            }
            FindingKind::Checkpoint => {
                "start the registry: it writes the checkpoint again from the database"
            }
            FindingKind::Bundle | FindingKind::Tile => {
                "put this file back from a backup or a mirror: files of a log never change, so that any copy of it will do"
            }
            FindingKind::Content => {
                "put the file back from a backup or a mirror, whoever has bytes of that digest"
            }
            FindingKind::Database => "stop the registry and run `tenon-registry rebuild`",
            FindingKind::Keys => {
                "where nothing else is said, put the right keys back, and let nobody but the owner read them"
            }
            FindingKind::TakenDown => {
                "run `tenon-registry gc`, which removes what was taken down; nobody is given it meanwhile"
            }
        }
    }

    /// The exit code of a command that found it.
    pub fn exit_code(self) -> u8 {
        match self {
            FindingKind::Log | FindingKind::Fork => 10,
            FindingKind::Checkpoint | FindingKind::Bundle | FindingKind::Tile => 11,
            FindingKind::Content => 12,
            FindingKind::Database => 13,
            FindingKind::Keys => 14,
            FindingKind::TakenDown => 15,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} log): {}", self.place, self.log, self.problem)
    }
}
