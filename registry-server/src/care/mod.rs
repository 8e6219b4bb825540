//! Looking after a data directory: is everything there, as it was written, and can it be put back.
//!
//! | module | what |
//! |---|---|
//! | `data_dir` | the directory, and the lock on it |
//! | `fsck` | compares everything with everything |
//! | `rebuild` | makes the SQLite file again |
//! | `scrub`, `gc` | find damage while the registry runs; remove what nothing names |
//! | `backup`, `restore` | copy while the registry runs; put a copy in place |
//! | `finding` | what is wrong, and what to do |
//! | `basis`, `known` | which checkpoint counts, and those that others have seen |
//! | `history`, `tree`, `walk`, `content`, `named`, `pushed`, `believed`, `snapshot`, `rows` | reading and comparing |

mod backup;
mod basis;
mod believed;
mod content;
mod data_dir;
mod finding;
mod fsck;
mod gc;
mod history;
mod known;
mod named;
mod pushed;
mod rebuild;
mod restore;
mod rows;
mod scrub;
mod snapshot;
mod tree;
mod walk;

pub use backup::{BackupOptions, BackupReport, KeysCopied, backup};
pub use data_dir::DataDir;
pub use finding::{Finding, FindingKind};
pub use fsck::{FsckOptions, FsckReport, LogReport, fsck};
pub use gc::{Claim, Claims, GcOptions, GcReport, gc};
pub use known::KnownError;
pub use rebuild::{Describe, RebuildOptions, RebuildReport, rebuild};
pub use restore::{RestoreReport, restore};
pub use scrub::{Pace, Scrub, ScrubCounts, ScrubReport};

use crate::store::DiskError;
use crate::store::database::DatabaseError;
use crate::store::durable::DurableError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data directory cannot be looked after.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CareError {
    /// The directory cannot be opened or locked.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The SQLite file cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// SQLite fails.
    #[error("the database cannot be used")]
    Sqlite(#[from] rusqlite::Error),
    /// A file cannot be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// A file cannot be used.
    #[error("cannot {what} `{}`", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A checkpoint that the operator gave cannot be used.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// It must not be done.
    #[error("{0}")]
    Refused(String),
    /// The log is damaged or wrong, so nothing is made of it.
    #[error("{what}; the first of {} findings is: {}", findings.len(), first(findings))]
    Damaged {
        /// What is not done, and what to do first.
        what: &'static str,
        /// Everything that is wrong.
        findings: Vec<Finding>,
    },
}

fn first(findings: &[Finding]) -> String {
    findings.first().map_or(String::new(), Finding::to_string)
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CareError + use<> {
    let path = path.to_owned();
    move |source| CareError::Io { what, path, source }
}

/// An error with all that it came from, for a report.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
