//! Why something is not done.

use crate::access::AccessError;
use crate::catalog::CatalogError;
use crate::content::WorkerError;
use crate::log::{BundleError, SubmitError};
use crate::store::blobs::KeepError;
use crate::store::durable::DurableError;
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::name::NameError;

/// Why something is not done: what is said about it, and what is only logged.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// What kind of problem it is.
    pub code: ProblemCode,
    /// What is wrong, and what to do, for whoever asked.
    pub detail: String,
    /// When it may be tried again.
    pub retry_after: Option<Duration>,
    /// What only the operator is told.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What whoever asked can do something about.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Error {
        Error {
            code,
            detail: detail.into(),
            retry_after: None,
            source: None,
        }
    }

    /// What is the registry's own fault.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        Error {
            source: Some(source.into()),
            ..Error::new(
                ProblemCode::Internal,
                "something is wrong with the registry: tell its operator the number of this request",
            )
        }
    }

    /// An empty disk is what it takes.
    pub fn storage_full() -> Error {
        Error::new(
            ProblemCode::StorageFull,
            "the registry's disk is full: try again when its operator has made room",
        )
        .after(Duration::from_secs(60))
    }

    /// The same, to be tried again after a while.
    pub fn after(self, wait: Duration) -> Error {
        Error {
            retry_after: Some(wait),
            ..self
        }
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        let code = match error {
            NameError::Version(_) => ProblemCode::VersionInvalid,
            _ => ProblemCode::NameInvalid,
        };
        Error::new(code, error.to_string())
    }
}

impl From<AccessError> for Error {
    fn from(error: AccessError) -> Error {
        match error {
            AccessError::Unknown => Error::new(ProblemCode::TokenInvalid, error.to_string()),
            error => Error::internal(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error {
                source: Some(error.into()),
                ..Error::storage_full()
            },
            _ => Error::internal(error),
        }
    }
}

impl From<DurableError> for Error {
    fn from(error: DurableError) -> Error {
        match error {
            error if error.is_fatal() => {
                // What is on the disk is unknown now, and only a restart finds out.
                tracing::error!(%error, "the disk failed to keep what was written: ending");
                std::process::abort()
            }
            error @ DurableError::NoSpace { .. } => Error {
                source: Some(error.into()),
                ..Error::storage_full()
            },
            error => Error::internal(error),
        }
    }
}

impl From<KeepError> for Error {
    fn from(error: KeepError) -> Error {
        match error {
            KeepError::Durable(error) => error.into(),
            error => Error::new(ProblemCode::DigestInvalid, error.to_string()),
        }
    }
}

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Error {
        Error::internal(error)
    }
}

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Error {
        match error {
            CatalogError::Sqlite(_) | CatalogError::Damaged { .. } => Error::internal(error),
            CatalogError::Namespace(source) => Error::new(
                ProblemCode::QueryInvalid,
                format!("the namespace to look in cannot be one: {source}"),
            ),
            error => Error::new(ProblemCode::QueryInvalid, error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::internal(error)
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Error {
        Error::internal(error)
    }
}

impl From<BundleError> for Error {
    fn from(error: BundleError) -> Error {
        match error {
            BundleError::SizeNotHeld(_) | BundleError::ClientAhead => {
                Error::new(ProblemCode::SizeNotHeld, error.to_string())
            }
            BundleError::NoSuchProof(_) => Error::new(ProblemCode::QueryInvalid, error.to_string()),
            error => Error::internal(error),
        }
    }
}

impl From<SubmitError> for Error {
    fn from(error: SubmitError) -> Error {
        let soon = Duration::from_secs(1);
        let detail = || chain_of(&error);
        match &error {
            SubmitError::Refused(refused) => Error::new(code_of(&refused.kind), detail()),
            SubmitError::Origin { .. } => Error::new(ProblemCode::OriginWrong, detail()),
            SubmitError::Taken { .. } => Error::new(ProblemCode::Conflict, detail()),
            SubmitError::Busy => Error::new(ProblemCode::Overloaded, detail()).after(soon),
            SubmitError::NoSpace => Error::storage_full(),
            SubmitError::Index => Error::new(ProblemCode::NotAuthorised, detail()),
            SubmitError::Confusable { .. } => Error::new(ProblemCode::NameInvalid, detail()),
            SubmitError::Clock(_) | SubmitError::Closed(_) => Error {
                source: Some(error.into()),
                ..Error::new(
                    ProblemCode::Overloaded,
                    "the registry takes no records now: try again later",
                )
            }
            .after(Duration::from_secs(10)),
        }
    }
}

/// What kind of problem a record has that breaks a rule of its chain.
fn code_of(kind: &ChainErrorKind) -> ProblemCode {
    use ChainErrorKind as Kind;
    match kind {
        Kind::WrongOrigin(_) => ProblemCode::OriginWrong,
        // It does not fit behind what is there, or what it names is not what is there.
        Kind::TooLong
        | Kind::WrongSeq(_)
        | Kind::WrongPrev { .. }
        | Kind::Beginning(_)
        | Kind::KeyRepeated(_)
        | Kind::NoSuchKey(_)
        | Kind::KeyRenamed { .. }
        | Kind::KeyAmbiguous(_)
        | Kind::KeyRevoked(_)
        | Kind::TooFewOwners { .. }
        | Kind::NoKeyLeft(_)
        | Kind::FromIndex { .. }
        | Kind::VersionUsed(_)
        | Kind::NoSuchVersion(_)
        | Kind::TakenDown(_)
        | Kind::TooManyChanges(_) => ProblemCode::Conflict,
        Kind::Signatures(_)
        | Kind::UnknownAuthority { .. }
        | Kind::AuthorityDecreases(_)
        | Kind::Reserved(_)
        | Kind::NotGranted { .. }
        | Kind::Lost { .. }
        | Kind::Expired { .. }
        | Kind::NotOperator { .. }
        | Kind::NotAttested
        | Kind::NotByRegistry(_)
        | Kind::UntrustedJob => ProblemCode::NotAuthorised,
        Kind::WrongSubject(_) | Kind::NotNamedAsOrigin(_) => ProblemCode::RecordInvalid,
        // The rest is about where records are, which is for the log to know.
        _ => ProblemCode::Internal,
    }
}

/// An error with all that it comes from, for who can only be told in one text.
pub(crate) fn chain_of(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}
