//! The one place where something becomes [`Verified`].
//!
//! What a client must see, all of it, before it believes a registry (the letters are those of the
//! steps below):
//!
//! - (a) *authorised*: the chains of package, namespace and registry, from their first record or
//!   from what the client holds, without a gap and by the rules of [`crate::chain`];
//! - (b) *included*: where the heads of these chains, and the releases asked for, are in the log;
//! - (c) *consistent*: that the log grew from the one seen before;
//! - (d) *witnessed*: the quorum of the client's [`Rules`];
//! - (e) *complete and fresh*: that the last leaf is an index record which covers all others, whose
//!   map has exactly the heads of (a); that no chain the client has used is shorter or another; and
//!   how old all this is;
//! - (f) *content*: the bytes, by [`Verified::check`].
//!
//! Each step yields a value that the next ones, or the result, are made of, so that none can be left
//! out. Evidence that is missing, empty, short, repeated, out of order, or for something else is an
//! error, and so is evidence that nothing asks for.

mod bundle;
mod error;
mod prove;
mod rules;
mod steps;
mod verified;

pub use bundle::{Bundle, BundleError, MAX_BUNDLE, Point, Records};
pub use error::VerifyError;
pub use prove::{Known, LogView, Placed, ProveError, prove};
pub use rules::{Freshness, Rules, Vouched};
pub use verified::{ContentCheck, Held, StateMoved, Verified, View};

use crate::chain::Chain;
use crate::log::{Hash, Head, SignedCheckpoint};
use crate::name::{Namespace, PackageName, Version};
use crate::record::{Reference, Subject, Time};
use crate::state::{Pin, TrustState};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be verified. The registry always is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Nothing but the registry.
    Registry,
    /// A namespace.
    Namespace(Namespace),
    /// A package and its namespace.
    Package {
        /// The package.
        package: PackageName,
        /// The versions that are going to be used.
        releases: BTreeSet<Version>,
    },
}

/// What a client knows, and what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The log's key and its first leaf.
    pub pin: &'a Pin,
    /// What was verified before, if anything was.
    pub state: Option<&'a TrustState>,
    /// Records that must be in their chains, such as those of a lock file.
    pub locked: &'a BTreeMap<Subject, Reference>,
    /// What is asked of the checkpoint.
    pub rules: &'a Rules,
    /// The time.
    pub now: Time,
}

impl Request {
    /// A request for one release.
    pub fn release(package: PackageName, version: Version) -> Request {
        Request::Package {
            package,
            releases: [version].into(),
        }
    }

    fn package(&self) -> Option<&PackageName> {
        match self {
            Request::Package { package, .. } => Some(package),
            Request::Registry | Request::Namespace(_) => None,
        }
    }

    fn namespace(&self) -> Option<&Namespace> {
        match self {
            Request::Package { package, .. } => Some(package.namespace()),
            Request::Namespace(namespace) => Some(namespace),
            Request::Registry => None,
        }
    }

    /// The versions that are going to be used.
    pub(crate) fn releases(&self) -> impl Iterator<Item = &Version> {
        let releases = match self {
            Request::Package { releases, .. } => Some(releases),
            Request::Registry | Request::Namespace(_) => None,
        };
        releases.into_iter().flatten()
    }

    fn asks_for(&self, chain: Chain) -> bool {
        match chain {
            Chain::Registry => true,
            Chain::Namespace => self.namespace().is_some(),
            Chain::Package => self.package().is_some(),
        }
    }

    /// What a chain is about, if it is asked for.
    fn subject(&self, chain: Chain) -> Option<Subject> {
        match chain {
            Chain::Registry => Some(Subject::Registry),
            Chain::Namespace => self.namespace().cloned().map(Subject::Namespace),
            Chain::Package => self.package().cloned().map(Subject::Package),
        }
    }

    /// The chains that decide, ordered by their keys in the map.
    fn subjects(&self) -> Vec<Subject> {
        let subjects = Chain::ALL.into_iter();
        let mut subjects: Vec<_> = subjects.filter_map(|chain| self.subject(chain)).collect();
        subjects.sort_by_key(Subject::map_key);
        subjects
    }
}

impl Trust<'_> {
    fn known_size(&self) -> u64 {
        self.state.map_or(0, |state| state.checkpoint().size)
    }

    fn head(&self, subject: &Subject) -> Option<Head> {
        self.state?.heads().get(subject).copied()
    }
}

/// Verifies a bundle: everything about `request` at one checkpoint of the log.
///
/// `held` are the records that this client told the registry it holds; they need not be trusted.
///
/// # Errors
///
/// Every [`VerifyError`] but those about content. Nothing was verified then, and the trust state
/// stays as it is.
pub fn verify(
    bundle: &[u8],
    request: &Request,
    held: &Held,
    trust: &Trust,
) -> Result<Verified<View>, VerifyError> {
    trust.rules.check(trust.pin.origin())?;
    let init = trust.state.map_or(trust.pin.init(), |state| state.init());
    if init != trust.pin.init() {
        let pinned = trust.pin.init();
        return Err(VerifyError::WrongInit {
            pinned,
            found: init,
        });
    }
    let bundle = Bundle::decode(bundle).map_err(VerifyError::Malformed)?;
    let signed = steps::open(&bundle, trust)?;
    let consistent = steps::consistent(&signed, &bundle, trust)?;
    let shown = steps::shown(&bundle, request, held, trust)?;
    let mapped = steps::mapped(&bundle, request, &signed, &shown)?;
    let included = steps::included(&bundle, &signed, &shown, &mapped, trust)?;
    let unbroken = steps::unbroken(&shown, &mapped, trust)?;
    let authorised = steps::authorised(&bundle, request, &shown, &mapped, included, trust)?;
    let still_signed = steps::still_signed(&signed, &authorised.registry)?;
    let vouched = trust
        .rules
        .vouched(&signed, &authorised.registry, trust.now)?;
    Ok(steps::finish(steps::Obligations {
        signed,
        consistent,
        still_signed,
        shown,
        mapped,
        unbroken,
        authorised,
        vouched,
        request,
        trust,
    }))
}

/// Whether a smaller checkpoint is an older state of the log that was verified, by a proof from its
/// size to that of the state: whoever serves it is behind. If not, the log was rolled back.
///
/// It must be smaller than the state's.
pub fn classify_smaller(
    offered: &SignedCheckpoint,
    state: &TrustState,
    proof: &[Hash],
) -> VerifyError {
    let behind = crate::state::consistent(state.note(), offered, proof).is_ok();
    let (held, offered) = (state.checkpoint().size, offered.checkpoint().size);
    match behind && !proof.is_empty() {
        true => VerifyError::StaleMirror { held, offered },
        false => VerifyError::Rollback { held, offered },
    }
}
