//! Why a chain is refused.

use super::Chain;
use crate::log::{Hash, KeyName, Origin, Vkey};
use crate::name::{Namespace, PackageName, Version};
use crate::record::{Permission, Role, SignatureError, Subject, Time};
use crate::text;

/// Why a chain is refused, and at which record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {seq} of `{subject}` is refused")]
pub struct ChainError {
    /// What the chain is about.
    pub subject: Subject,
    /// The number of the record.
    pub seq: u32,
    /// What is wrong with it.
    #[source]
    pub kind: Box<ChainErrorKind>,
}

/// What is wrong with a record in its chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainErrorKind {
    /// The chain has as many records as it may have.
    #[error("the chain has {max} records, which is the most that it may have", max = super::MAX_CHAIN)]
    TooLong,
    /// It is of another chain.
    #[error("the record is about `{0}`")]
    WrongSubject(Subject),
    /// It is for another log.
    #[error("the record is for the log `{}`", text::escape(.0))]
    WrongOrigin(Origin),
    /// It is not the next: one is missing, there twice, or out of order.
    #[error("the record says it has seq {0}: one is missing, repeated, or out of order")]
    WrongSeq(u32),
    /// It follows another record.
    #[error("the record follows {found}, not the one before it here, {wanted}")]
    WrongPrev {
        /// The hash of the record before it.
        wanted: Hash,
        /// The hash it names.
        found: Hash,
    },
    /// The chain does not begin with the kind of record that begins it, or has a second one.
    #[error("a record `{0}` begins a chain, and is nowhere else")]
    Beginning(&'static str),
    /// Its signatures are not those it needs.
    #[error("the record is not signed by those who must sign it")]
    Signatures(#[source] SignatureError),
    /// The registry would have no key left for this.
    #[error("the registry would be left without a key for `{0}`")]
    NoKeyLeft(Role),
    /// The public key has a role already, or had one.
    #[error(
        "the public key of `{0}` has a role already, or had one: a key has one role, and once removed never returns"
    )]
    KeyRepeated(Vkey),
    /// A log's key bears the log's origin as its name.
    #[error("the log key `{0}` is not named as the origin of the log")]
    NotNamedAsOrigin(Vkey),
    /// There is no such key to take something from.
    #[error("the key `{0}` is not there, or not any more")]
    NoSuchKey(Vkey),
    /// The public key was granted under another name.
    #[error("the public key of `{new}` is known here as `{known}`")]
    KeyRenamed {
        /// The name it has.
        known: KeyName,
        /// The key as it is named now.
        new: Vkey,
    },
    /// Another key has this name and id, so a signature could be by either.
    #[error("another key has the name and id of `{0}`")]
    KeyAmbiguous(Vkey),
    /// The public key was revoked here.
    #[error("the public key of `{0}` was revoked here, and never returns")]
    KeyRevoked(Vkey),
    /// There would be fewer owners than must sign.
    #[error(
        "{owners} owners would be left, of which {threshold} must sign: add an owner or lower the threshold first"
    )]
    TooFewOwners {
        /// How many owners there would be.
        owners: usize,
        /// How many must sign.
        threshold: u32,
    },
    /// The registry keeps the namespace for others.
    #[error("the registry keeps the namespace `{0}` for other owners")]
    Reserved(Namespace),
    /// A revocation reaches into the future.
    #[error(
        "the revocation voids from index {from_index} on, but is itself at index {index} at most"
    )]
    FromIndex {
        /// From where it voids.
        from_index: u64,
        /// Where it is at most.
        index: u64,
    },
    /// The record that should authorise this one is not in its chain, or not yet.
    #[error(
        "the record names record {seq} of `{chain}` as what authorises it, which is another or came later"
    )]
    UnknownAuthority {
        /// The chain.
        chain: Subject,
        /// The number of the record in it.
        seq: u32,
    },
    /// It is authorised by an older state than a record before it.
    #[error(
        "the record names record {0} as what authorises it, an earlier one than the record before it did"
    )]
    AuthorityDecreases(u32),
    /// The key may not do this, by what the record names as authorising it.
    #[error(
        "the key `{key}` may not {permission} `{package}`, by the state of the namespace that the record names"
    )]
    NotGranted {
        /// The key.
        key: Vkey,
        /// What was done.
        permission: Permission,
        /// With what.
        package: PackageName,
    },
    /// The key had lost the right when the record came into the log.
    #[error(
        "the key `{key}` had lost the right to {permission} by record {lost} of its namespace before this record was logged"
    )]
    Lost {
        /// The key.
        key: Vkey,
        /// What was done.
        permission: Permission,
        /// Which record took the right.
        lost: u32,
    },
    /// The grant had expired.
    #[error(
        "the grant of the key `{key}` expired at {expires}, and nothing shows that the record was logged before"
    )]
    Expired {
        /// The key.
        key: Vkey,
        /// When.
        expires: Time,
    },
    /// An operator's key acted outside of its time.
    #[error("the key `{key}` is no `{role}` key of the registry where the record is")]
    NotOperator {
        /// The key.
        key: Vkey,
        /// The role that is needed.
        role: Role,
    },
    /// The registry's key signed without saying for whom.
    #[error("the record is signed by the registry for someone else, and does not say for whom")]
    NotAttested,
    /// A publisher signed, and the record says that the registry did so for someone.
    #[error("the record says that the registry signed it for someone, but it is signed by `{0}`")]
    NotByRegistry(Vkey),
    /// The namespace has no rule for the CI job.
    #[error("the record is attested for a CI job that no rule of its namespace trusts")]
    UntrustedJob,
    /// The version is taken, possibly by a release that is void or differs in build metadata.
    #[error(
        "there is a release `{0}` before this: a version is released once, whatever its build metadata"
    )]
    VersionUsed(Version),
    /// There is no such release.
    #[error("there is no release `{0}`")]
    NoSuchVersion(Version),
    /// It is taken down, which nothing follows.
    #[error("the release `{0}` is taken down, and stays so")]
    TakenDown(Version),
    /// It cannot be told which of two records came into the log first.
    #[error("nothing shows whether record {seq} of the {} came into the log before {than}", chain.word())]
    NotPlaced {
        /// The chain of the record.
        chain: Chain,
        /// Its number in it.
        seq: u32,
        /// What it is compared with.
        than: String,
    },
    /// An index record is older than one before it, and their times never decrease.
    #[error("an index record is of {time}, after one of {last}")]
    TimeDecreases {
        /// Its time.
        time: Time,
        /// The time of the one before.
        last: Time,
    },
    /// A key was granted too often.
    #[error("what the key `{}` may do was changed {max} times, which is the most that it may be", text::escape(.0), max = super::MAX_KEY_CHANGES)]
    TooManyChanges(Vkey),
    /// A record is said to be where it cannot be.
    #[error("the record cannot be at index {index}: another of its chain is at {other}")]
    WrongPlace {
        /// Where it is said to be.
        index: u64,
        /// Where the other record is.
        other: u64,
    },
}
