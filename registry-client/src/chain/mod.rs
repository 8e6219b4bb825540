//! Chains of records, folded into what they mean: whose keys may do what, and what is released.
//!
//! One code decides for everyone. A light client knows where some of the records are in the log, and
//! someone who reads the whole log knows it of all ([`Places`]); the rules are the same.
//!
//! To fold chains with what is here is not to verify them: that they are in the log, that they end
//! where the map says, and the rules that take more than one chain are for [`crate::verify`] and
//! [`crate::monitor`].

mod error;
mod index_times;
mod namespace;
mod package;
mod places;
mod registry;

pub use error::{ChainError, ChainErrorKind};
pub use index_times::IndexTimes;
pub use namespace::{KeyChange, KeyHistory, NamespaceChain};
pub use package::{Availability, Package, PackageChain, Publisher, Release};
pub use places::{Chain, Places};
pub(crate) use places::{Needed, Points};
pub use registry::{OperatorKey, RegistryChain};

use crate::log::{Hash, Origin};
use crate::record::{Reference, SignedRecord, Subject};

/// The most records that a chain may have.
pub const MAX_CHAIN: usize = 10_000;

/// The most records of a namespace that may say what one key may do, besides the one that revokes it.
pub const MAX_KEY_CHANGES: usize = 64;

/// The records of one chain, by their hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Links {
    origin: Origin,
    subject: Subject,
    hashes: Vec<Hash>,
}

impl Links {
    fn new(origin: Origin, subject: Subject) -> Links {
        Links {
            origin,
            subject,
            hashes: vec![],
        }
    }

    /// The seq of the next record.
    fn next(&self) -> u32 {
        u32::try_from(self.hashes.len()).unwrap_or(u32::MAX)
    }

    /// Whether the record can come next, as far as its place in the chain goes.
    fn check(&self, record: &SignedRecord) -> Result<(), ChainErrorKind> {
        let hash = self.hashes.last().copied().unwrap_or(Hash::ZERO);
        let subject = record.record().subject();
        if self.hashes.len() >= MAX_CHAIN {
            return Err(ChainErrorKind::TooLong);
        }
        if subject != self.subject {
            return Err(ChainErrorKind::WrongSubject(subject));
        }
        if record.record().origin != self.origin {
            return Err(ChainErrorKind::WrongOrigin(record.record().origin.clone()));
        }
        match record.record().link() {
            Some(link) if link.seq != self.next() => Err(ChainErrorKind::WrongSeq(link.seq)),
            Some(link) if link.prev != hash => Err(ChainErrorKind::WrongPrev {
                wanted: hash,
                found: link.prev,
            }),
            Some(_) => Ok(()),
            None => Err(ChainErrorKind::WrongSubject(subject)),
        }
    }

    /// Says that the next record is refused, and why.
    fn refuse(&self, kind: ChainErrorKind) -> ChainError {
        self.refuse_at(self.next(), kind)
    }

    fn refuse_at(&self, seq: u32, kind: ChainErrorKind) -> ChainError {
        ChainError {
            subject: self.subject.clone(),
            seq,
            kind: Box::new(kind),
        }
    }

    fn has(&self, reference: &Reference) -> bool {
        self.hash(reference.seq) == Some(reference.hash)
    }

    fn hash(&self, seq: u32) -> Option<Hash> {
        self.hashes.get(seq as usize).copied()
    }
}
