//! Why a client could not do what it was asked for.

use super::resolve::NoMatch;
use crate::api::{Problem, ProblemCode};
use crate::log::{EntriesError, Hash, TilePath};
use crate::state::LockError;
use crate::store::StoreError;
use crate::verify::VerifyError;
use std::fmt;
use std::time::Duration;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a client could not do what it was asked for, where, and after how many attempts.
#[derive(Debug)]
pub struct Error {
    /// Why.
    pub kind: Box<ErrorKind>,
    /// What was asked of the registry; empty if nothing was.
    pub url: String,
    /// How often it was asked; 0 if it was not.
    pub attempts: u32,
}

/// Why a client could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What came is not what must be proved, or it proves that there is no such thing. Nothing of it
    /// was kept.
    #[error(transparent)]
    Verify(VerifyError),
    /// The registry says why not. What it says was not looked at, nor cleaned for a terminal.
    #[error("the registry answered {} ({})", .0.status, .0.code.as_str())]
    Problem(Problem),
    /// An OCI registry says why not. What it says was not looked at, nor cleaned for a terminal.
    #[error("the registry answered {status} ({})", crate::text::excerpt(.code))]
    Oci {
        /// The status of the answer.
        status: u16,
        /// The code of the first error, such as `MANIFEST_UNKNOWN`.
        code: String,
        /// What the registry says of it to people.
        message: String,
    },
    /// An OCI registry has other bytes than those that are meant.
    #[error("{what} is not what it has to be: it has {found}, and {expected} is expected")]
    ContentDiffers {
        /// What was asked for.
        what: String,
        /// Its digest or size.
        expected: String,
        /// What came.
        found: String,
    },
    /// What an OCI registry has is no component.
    #[error("`{what}` is no component: {reason}")]
    NoComponent {
        /// What was asked for.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The answer has a status that says no, and nothing else that is understood.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// An OCI registry answers what makes something with another status than 201, which is the only one that says that it
    /// was made.
    #[error("the registry answered {status} to {what}, and only 201 says that it took it")]
    NotCreated {
        /// What was sent.
        what: &'static str,
        /// The status of the answer.
        status: u16,
    },
    /// There is no connection, or it was refused.
    #[error("no connection to the registry")]
    Connect(#[source] Source),
    /// Whoever answers is not who it should be, or cannot be understood.
    #[error(
        "no secure connection to the registry: its certificate is refused, or it speaks no TLS"
    )]
    Tls(#[source] Source),
    /// The connection ended before the answer did.
    #[error("the connection was cut")]
    Cut(#[source] Source),
    /// It took too long.
    #[error("{what} took longer than {} s", .limit.as_secs_f32())]
    Timeout {
        /// What did.
        what: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// It came slower than it may.
    #[error("the transfer is slower than {0} bytes per second")]
    Slow(u64),
    /// There is more of it than there may be.
    #[error("the answer has more than {0} bytes")]
    TooLarge(u64),
    /// There are more of them than are looked at.
    #[error("the registry lists more than {most} {what}: that is more than is looked at")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many of them are looked at.
        most: usize,
    },
    /// It is encoded, which was not asked for.
    #[error("the answer is encoded as `{0}`, and was asked for as it is")]
    Encoded(String),
    /// It leads elsewhere.
    #[error("the registry leads to `{to}`: {reason}")]
    Redirect {
        /// Where to.
        to: String,
        /// Why that is not followed.
        reason: &'static str,
    },
    /// It cannot be read.
    #[error("the answer is not {what}")]
    Malformed {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        #[source]
        source: Source,
    },
    /// A file of entries is not one.
    #[error("`{path}` is no entry bundle")]
    Entries {
        /// Which.
        path: TilePath,
        /// Why not.
        #[source]
        source: EntriesError,
    },
    /// The log's entries, tiles and checkpoint do not belong together.
    #[error(
        "what the registry serves as `{path}` is not what its checkpoint of {size} leaves says"
    )]
    LogDiffers {
        /// The file, or `checkpoint` if only all of them together are wrong.
        path: String,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The log has the content by its records, and its registry does not have it.
    #[error("the registry does not have the content of {0}, which its log has")]
    ContentMissing(String),
    /// It needs the network.
    #[error("{0} is not kept here, and the network may not be used")]
    Offline(String),
    /// No version is to be chosen.
    #[error(transparent)]
    NoMatch(Box<NoMatch>),
    /// A lock file and the registry do not agree about the log.
    #[error(transparent)]
    Lock(LockError),
    /// A lock file and the log do not agree about a release.
    #[error("the {what} of {release} is {found}, and the lock file has {locked}")]
    LockDiffers {
        /// Which release.
        release: String,
        /// What differs.
        what: &'static str,
        /// What the lock file has.
        locked: String,
        /// What the log has.
        found: String,
    },
    /// Nobody knows whether a record was taken: it is not in the log as it is now.
    #[error(
        "the answer was lost, and the record {hash} is not in the log at size {size}; it may still come"
    )]
    OutcomeUnknown {
        /// The record.
        hash: Hash,
        /// The size of the log in which it was looked for.
        size: u64,
        /// How the answer was lost.
        #[source]
        source: Source,
    },
    /// Whoever has access tokens cannot say.
    #[error("there is no access to the registry's tokens")]
    Credentials(#[source] Source),
    /// A file could not be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// Another process changes the trust state faster than this one can follow.
    #[error("other processes changed the trust state {0} times while it was verified; try again")]
    Contended(u32),
    /// The client cannot be made as it was asked for.
    #[error("the client cannot be set up")]
    Setup(#[source] Source),
}

impl Error {
    pub(super) fn new(kind: ErrorKind, url: impl Into<String>, attempts: u32) -> Error {
        Error {
            kind: Box::new(kind),
            url: url.into(),
            attempts,
        }
    }

    /// What is not verified, if that is the reason.
    pub fn verify(&self) -> Option<&VerifyError> {
        match &*self.kind {
            ErrorKind::Verify(error) => Some(error),
            _ => None,
        }
    }

    /// What the registry said, if that is the reason.
    pub fn problem(&self) -> Option<&Problem> {
        match &*self.kind {
            ErrorKind::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the log proves that there is no such package or release.
    pub fn is_proven_absent(&self) -> bool {
        matches!(
            self.verify(),
            Some(VerifyError::NoSuchPackage(_) | VerifyError::NoSuchRelease { .. })
        )
    }

    /// Whether someone may lie, or may have been lied to: everything that is no accident of a network.
    pub fn is_verification(&self) -> bool {
        match &*self.kind {
            ErrorKind::Verify(_) => !self.is_proven_absent(),
            ErrorKind::LogDiffers { .. }
            | ErrorKind::LockDiffers { .. }
            | ErrorKind::Lock(_)
            | ErrorKind::ContentDiffers { .. } => true,
            _ => false,
        }
    }

    /// Whether the registry or the network is to blame, and it may work later.
    pub fn is_unavailable(&self) -> bool {
        match &*self.kind {
            ErrorKind::NotCreated { .. }
            | ErrorKind::Connect(_)
            | ErrorKind::Tls(_)
            | ErrorKind::Cut(_)
            | ErrorKind::Timeout { .. }
            | ErrorKind::Slow(_)
            | ErrorKind::TooLarge(_)
            | ErrorKind::TooMany { .. }
            | ErrorKind::Encoded(_)
            | ErrorKind::Redirect { .. }
            | ErrorKind::Malformed { .. }
            | ErrorKind::Entries { .. }
            | ErrorKind::ContentMissing(_)
            | ErrorKind::Offline(_)
            | ErrorKind::OutcomeUnknown { .. } => true,
            ErrorKind::Status(status) | ErrorKind::Oci { status, .. } => {
                *status >= 500 || *status == 429
            }
            ErrorKind::Problem(problem) => problem.status >= 500 || problem.status == 429,
            _ => false,
        }
    }

    pub(super) fn has_code(&self, code: ProblemCode) -> bool {
        self.problem().is_some_and(|problem| problem.code == code)
    }

    /// Whether the answer says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.kind.is_not_found()
    }
}

impl ErrorKind {
    pub(super) fn is_not_found(&self) -> bool {
        match self {
            ErrorKind::Status(status) | ErrorKind::Oci { status, .. } => *status == 404,
            ErrorKind::Problem(problem) => problem.status == 404,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)?;
        match (self.url.as_str(), self.attempts) {
            ("", _) => Ok(()),
            (url, 0 | 1) => write!(f, " (`{url}`)"),
            (url, attempts) => write!(f, " (`{url}`, {attempts} attempts)"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Error {
        Error::new(kind, "", 0)
    }
}

impl From<VerifyError> for Error {
    fn from(error: VerifyError) -> Error {
        ErrorKind::Verify(error).into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        ErrorKind::Store(error).into()
    }
}
