//! Records: what the leaves of a registry's log say, and who says so.
//!
//! A record is a signed note with one encoding. `docs/record.md` in the repository is its
//! specification.

mod grammar;
mod signed;
mod statement;
mod time;

pub use grammar::RecordError;
pub(crate) use signed::signed_by;
pub use signed::{MAX_RECORD, MAX_RECORD_SIGNATURES, SignatureError, SignedRecord};
pub use statement::{
    Attestation, Content, ContentKind, Grant, Link, NamespaceAct, OidcRule, PackageAct, Permission,
    Record, Reference, RegistryAct, Role, Statement, Subject, TakedownReason, YankReason,
};
pub use time::{Time, TimeError};
