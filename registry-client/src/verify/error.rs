//! Why something is not verified.

use super::BundleError;
use crate::Digest;
use crate::chain::{ChainError, ChainErrorKind};
use crate::log::{CheckpointError, Hash, MapProofError, Origin, ProofError};
use crate::name::{PackageName, Version};
use crate::record::{RecordError, Subject, TakedownReason, Time};
use crate::state::ForkEvidence;

/// Why something is not verified. Nothing of it is to be used, kept or tried around.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The bytes are no bundle.
    #[error("the evidence cannot be read")]
    Malformed(#[source] BundleError),
    /// Something that must be proved is not.
    #[error("the evidence lacks {0}")]
    EvidenceMissing(String),
    /// There is more than what must be proved.
    #[error("the evidence has {0}, which nothing asks for")]
    EvidenceExtra(String),
    /// Something is proved twice.
    #[error("the evidence has {0} twice")]
    EvidenceRepeated(String),
    /// The evidence is for a client that knows another size of the log.
    #[error("the evidence is for a client that knows the log at size {found}, not {wanted}")]
    WrongSize {
        /// The size that this client knows; 0 for none.
        wanted: u64,
        /// The size in the evidence.
        found: u64,
    },
    /// The evidence is for a client that holds other records.
    #[error("the evidence continues `{subject}` from record {found}, not from {wanted}")]
    WrongStart {
        /// The chain.
        subject: Subject,
        /// How many records this client holds.
        wanted: u32,
        /// Where the evidence begins.
        found: u32,
    },
    /// The checkpoint is not one that a known key of the log signed.
    #[error("the registry's checkpoint is refused")]
    Checkpoint(#[source] CheckpointError),
    /// Every key that signed the checkpoint has been removed.
    #[error("the checkpoint is signed by keys only that the registry has removed since")]
    LogKeyRemoved,
    /// The log is smaller than it was, and not known to be an older state of the same.
    #[error(
        "the registry shows a log of size {offered}, after one of size {held}: it hides what came after"
    )]
    Rollback {
        /// The size that was verified before.
        held: u64,
        /// The size that is offered.
        offered: u64,
    },
    /// The log is an older state of what was verified before: whoever serves it is behind.
    #[error("what serves the registry is behind: it shows size {offered}, after {held}")]
    StaleMirror {
        /// The size that was verified before.
        held: u64,
        /// The size that is offered.
        offered: u64,
    },
    /// The log has two histories.
    #[error("the registry shows another history than before: one of the two checkpoints is a lie")]
    SplitView {
        /// Both notes.
        evidence: Box<ForkEvidence>,
        /// Why the proof between them does not hold.
        #[source]
        reason: ProofError,
    },
    /// The log grew by more than a client takes for possible.
    #[error(
        "the log grew from {held} to {offered} records since it was last seen, more than the {most} that are taken for possible"
    )]
    TooFarAhead {
        /// The size that was verified before.
        held: u64,
        /// The size that is offered.
        offered: u64,
        /// The most that it may grow.
        most: u64,
    },
    /// Something is not in the log where it is said to be.
    #[error("the records are not in the log where they are said to be")]
    NotIncluded(#[source] ProofError),
    /// A leaf is no record.
    #[error("record {seq} of `{subject}` cannot be read")]
    Record {
        /// The chain.
        subject: Subject,
        /// The number of the record.
        seq: u32,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The last leaf, or another that should be one, is no index record of this log.
    #[error("leaf {index} is not an index record of this log: {reason}")]
    NoIndexRecord {
        /// Where it should be.
        index: u64,
        /// What is wrong.
        reason: String,
    },
    /// The last index record does not cover all leaves before it.
    #[error("the index record at {index} covers {covers} leaves, not all {index} before it")]
    Covers {
        /// Where it is.
        index: u64,
        /// How many it covers.
        covers: u64,
    },
    /// An index record is older than one before it, which may be one that was seen before.
    #[error("the times of the index records decrease")]
    Times(#[source] ChainErrorKind),
    /// The last index record is from the future.
    #[error("the registry says it is {time}, and here it is {now}: one of the two clocks is wrong")]
    TimeAhead {
        /// The time of the last index record.
        time: Time,
        /// The time here.
        now: Time,
    },
    /// The keys that signed the index record were not index keys.
    #[error("the index record is not signed by index keys of the registry")]
    IndexSigner(#[source] ChainErrorKind),
    /// The map does not say what it should.
    #[error("the proof of the heads in the registry's map does not hold")]
    Map(#[source] MapProofError),
    /// The chain that is shown does not end where the map says.
    #[error(
        "the records of `{subject}` do not end at the head that the registry's map has: {detail}"
    )]
    HeadMismatch {
        /// The chain.
        subject: Subject,
        /// What differs.
        detail: String,
    },
    /// A chain breaks the rules.
    #[error("the records break the rules that everybody follows")]
    Chain(#[source] ChainError),
    /// The registry's first record is not the one that is pinned.
    #[error("the registry begins with {found}, not with {pinned}, which is pinned")]
    WrongInit {
        /// The hash that is pinned.
        pinned: Hash,
        /// The hash of its first record.
        found: Hash,
    },
    /// A chain is shorter than it was.
    #[error("`{subject}` ends at {}, after record {held} was seen: the registry hides what came after", end(*.offered))]
    SubjectRollback {
        /// The chain.
        subject: Subject,
        /// The record seen before.
        held: u32,
        /// The last record now; `None` if there is no such chain.
        offered: Option<u32>,
    },
    /// A chain has another history than it had.
    #[error(
        "record {seq} of `{subject}` is not the one that was seen before: the registry shows another history"
    )]
    SubjectFork {
        /// The chain.
        subject: Subject,
        /// The number of the record.
        seq: u32,
    },
    /// What the client holds of a chain is not what it verified.
    #[error("the cached records of `{0}` are damaged: remove them and fetch again")]
    CacheDamaged(Subject),
    /// Too few witnesses have cosigned.
    #[error("the checkpoint is not cosigned by enough witnesses; it is by: {}", list(.0))]
    Quorum(Vec<String>),
    /// Enough have cosigned, and too long ago.
    #[error(
        "too few vouched for the checkpoint in the last {max_age} s, the latest of all at {newest}: the registry, or what serves it, may hide what came after"
    )]
    Stale {
        /// The latest cosignature that counts.
        newest: Time,
        /// How old it may be, in seconds.
        max_age: u64,
    },
    /// The rules of the client name another log.
    #[error("the policy lists a log of another origin than `{0}`")]
    PolicyOrigin(Origin),
    /// None of the logs that the rules of the client list is this one.
    #[error("the policy lists logs, and none of them by a key that this registry has or had")]
    PolicyLog,
    /// The rules of the client name an auditor that is no witness of the policy.
    #[error("the auditor `{0}` is no witness of the policy")]
    UnknownAuditor(String),
    /// There is no such package.
    #[error("there is no package `{0}`")]
    NoSuchPackage(PackageName),
    /// There is no such release, or a revocation made it void.
    #[error("there is no release {version} of `{package}`{}", if *.void { ": it was released by a key that was compromised, and is void" } else { "" })]
    NoSuchRelease {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
        /// Whether there was one.
        void: bool,
    },
    /// The registry no longer has the bytes of the release.
    #[error("the release {version} of `{package}` was taken down ({reason})")]
    TakenDown {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
        /// Why.
        reason: TakedownReason,
    },
    /// There are more bytes than the record says.
    #[error("the content has more than the {size} bytes that its record says")]
    ContentTooLong {
        /// The size in the record.
        size: u64,
    },
    /// There are fewer bytes than the record says.
    #[error("the content has {found} bytes, of the {size} that its record says")]
    ContentTooShort {
        /// The size in the record.
        size: u64,
        /// The size of what came.
        found: u64,
    },
    /// The bytes are others.
    #[error("the content is {found}, and its record says {wanted}")]
    ContentDiffers {
        /// The digest in the record.
        wanted: Digest,
        /// The digest of what came.
        found: Digest,
    },
}

impl VerifyError {
    /// The stable name of this kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            VerifyError::Malformed(_) => "verify::malformed",
            VerifyError::EvidenceMissing(_) => "verify::evidence-missing",
            VerifyError::EvidenceExtra(_) => "verify::evidence-extra",
            VerifyError::EvidenceRepeated(_) => "verify::evidence-repeated",
            VerifyError::WrongSize { .. } => "verify::wrong-size",
            VerifyError::WrongStart { .. } => "verify::wrong-start",
            VerifyError::Checkpoint(_) => "verify::checkpoint",
            VerifyError::LogKeyRemoved => "verify::log-key-removed",
            VerifyError::Rollback { .. } => "verify::rollback",
            VerifyError::StaleMirror { .. } => "verify::stale-mirror",
            VerifyError::SplitView { .. } => "verify::split-view",
            VerifyError::TooFarAhead { .. } => "verify::too-far-ahead",
            VerifyError::NotIncluded(_) => "verify::not-included",
            VerifyError::Record { .. } => "verify::record",
            VerifyError::NoIndexRecord { .. } => "verify::no-index-record",
            VerifyError::Covers { .. } => "verify::covers",
            VerifyError::Times(_) => "verify::times",
            VerifyError::TimeAhead { .. } => "verify::time-ahead",
            VerifyError::IndexSigner(_) => "verify::index-signer",
            VerifyError::Map(_) => "verify::map",
            VerifyError::HeadMismatch { .. } => "verify::head-mismatch",
            VerifyError::Chain(_) => "verify::chain",
            VerifyError::WrongInit { .. } => "verify::wrong-init",
            VerifyError::SubjectRollback { .. } => "verify::subject-rollback",
            VerifyError::SubjectFork { .. } => "verify::subject-fork",
            VerifyError::CacheDamaged(_) => "verify::cache-damaged",
            VerifyError::Quorum(_) => "verify::quorum",
            VerifyError::Stale { .. } => "verify::stale",
            VerifyError::PolicyOrigin(_) => "verify::policy-origin",
            VerifyError::PolicyLog => "verify::policy-log",
            VerifyError::UnknownAuditor(_) => "verify::unknown-auditor",
            VerifyError::NoSuchPackage(_) => "verify::no-such-package",
            VerifyError::NoSuchRelease { .. } => "verify::no-such-release",
            VerifyError::TakenDown { .. } => "verify::taken-down",
            VerifyError::ContentTooLong { .. } => "verify::content-too-long",
            VerifyError::ContentTooShort { .. } => "verify::content-too-short",
            VerifyError::ContentDiffers { .. } => "verify::content-differs",
        }
    }

    /// What someone can do who sees it.
    pub fn help(&self) -> &'static str {
        match self {
            VerifyError::Malformed(_)
            | VerifyError::EvidenceMissing(_)
            | VerifyError::EvidenceExtra(_)
            | VerifyError::EvidenceRepeated(_)
            | VerifyError::WrongSize { .. }
            | VerifyError::WrongStart { .. }
            | VerifyError::StaleMirror { .. } => {
                "ask once more, past any cache; if it stays so, what serves the registry is at fault"
            }
            VerifyError::Checkpoint(_) | VerifyError::WrongInit { .. } => {
                "compare the pin with the one that the registry's operator publishes; do not replace it \
                 because a server says so"
            }
            VerifyError::LogKeyRemoved => {
                "first verify the last checkpoint that the pinned key signed, which shows the new key"
            }
            VerifyError::Rollback { .. }
            | VerifyError::SplitView { .. }
            | VerifyError::SubjectRollback { .. }
            | VerifyError::SubjectFork { .. } => {
                "keep the evidence and ask the registry's operator and its witnesses: the registry may \
                 be compromised, or restored from an old backup"
            }
            VerifyError::TooFarAhead { .. } => {
                "if the registry really grew so much, raise the limit for one run"
            }
            VerifyError::NotIncluded(_)
            | VerifyError::Record { .. }
            | VerifyError::NoIndexRecord { .. }
            | VerifyError::Covers { .. }
            | VerifyError::Times(_)
            | VerifyError::IndexSigner(_)
            | VerifyError::Map(_)
            | VerifyError::HeadMismatch { .. }
            | VerifyError::Chain(_) => {
                "do not use it: the registry serves what no honest registry has; tell its operator"
            }
            VerifyError::TimeAhead { .. } => "set the clock here, or tell the registry's operator",
            VerifyError::CacheDamaged(_) => "remove the cached records and fetch them again",
            VerifyError::Quorum(_) | VerifyError::Stale { .. } => {
                "try again later; if it stays so, the registry cannot reach its witnesses, or hides \
                 something"
            }
            VerifyError::PolicyOrigin(_)
            | VerifyError::PolicyLog
            | VerifyError::UnknownAuditor(_) => {
                "correct the policy, or use it for another registry"
            }
            VerifyError::NoSuchPackage(_) => {
                "look for it under another name or in another registry"
            }
            VerifyError::NoSuchRelease { void: false, .. } => {
                "choose one of the releases there are"
            }
            VerifyError::NoSuchRelease { void: true, .. } => {
                "do not use it, nor what was built with it; choose another release"
            }
            VerifyError::TakenDown { .. } => "choose another release",
            VerifyError::ContentTooLong { .. }
            | VerifyError::ContentTooShort { .. }
            | VerifyError::ContentDiffers { .. } => {
                "fetch it again, from another place if there is one; nothing was kept"
            }
        }
    }

    /// That a chain is refused; if only because it is not shown where its records are, that this
    /// is missing.
    pub(super) fn of_chain(error: ChainError) -> VerifyError {
        match &*error.kind {
            ChainErrorKind::NotPlaced { .. } => VerifyError::EvidenceMissing(format!(
                "what `{}` needs: {}",
                error.subject, error.kind
            )),
            _ => VerifyError::Chain(error),
        }
    }
}

fn end(seq: Option<u32>) -> String {
    seq.map_or_else(|| "nothing".to_owned(), |seq| format!("record {seq}"))
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
