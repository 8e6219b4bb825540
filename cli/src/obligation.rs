//! What a client owes before it believes a registry, in the order in which it is checked.

use tenon_registry_client::verify::VerifyError;

/// An obligation of `verify` in the library, or one half of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obligation {
    /// The log's key signed the checkpoint.
    Signed,
    /// The log grew from what was seen before.
    Consistent,
    /// The last record covers all others, and its map has the heads of the chains.
    Complete,
    /// The records are in the log where they are said to be.
    Included,
    /// No chain is shorter or other than it was seen.
    Unbroken,
    /// The chains follow the rules.
    Authorised,
    /// Enough witnesses agree.
    Witnessed,
    /// It is not too old.
    Fresh,
    /// The bytes are those of the release.
    Content,
}

impl Obligation {
    pub(crate) const ALL: [Obligation; 9] = [
        Obligation::Signed,
        Obligation::Consistent,
        Obligation::Complete,
        Obligation::Included,
        Obligation::Unbroken,
        Obligation::Authorised,
        Obligation::Witnessed,
        Obligation::Fresh,
        Obligation::Content,
    ];

    /// The letter by which the documentation of the library has it.
    pub(crate) fn letter(self) -> char {
        match self {
            Obligation::Authorised => 'a',
            Obligation::Included => 'b',
            Obligation::Signed | Obligation::Consistent => 'c',
            Obligation::Witnessed => 'd',
            Obligation::Complete | Obligation::Unbroken | Obligation::Fresh => 'e',
            Obligation::Content => 'f',
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Obligation::Signed => "signed",
            Obligation::Consistent => "consistent",
            Obligation::Complete => "complete",
            Obligation::Included => "included",
            Obligation::Unbroken => "unbroken",
            Obligation::Authorised => "authorised",
            Obligation::Witnessed => "witnessed",
            Obligation::Fresh => "fresh",
            Obligation::Content => "content",
        }
    }
}

/// What is known to have held before something was refused, and which obligation that was.
///
/// Where an error can come from more than one step, nothing is said to have held that may not have been
/// looked at.
pub(crate) fn held_before(error: &VerifyError) -> (&'static [Obligation], Option<Obligation>) {
    use VerifyError as E;
    let (held, failed) = match error {
        E::Checkpoint(_) | E::LogKeyRemoved => (0, Obligation::Signed),
        E::Rollback { .. }
        | E::StaleMirror { .. }
        | E::SplitView { .. }
        | E::TooFarAhead { .. } => (1, Obligation::Consistent),
        E::NoIndexRecord { .. } | E::Covers { .. } | E::Map(_) | E::HeadMismatch { .. } => {
            (2, Obligation::Complete)
        }
        E::Times(_) | E::TimeAhead { .. } => (2, Obligation::Fresh),
        E::NotIncluded(_) => (3, Obligation::Included),
        E::SubjectRollback { .. } | E::SubjectFork { .. } => (4, Obligation::Unbroken),
        E::Chain(_) => (3, Obligation::Authorised),
        E::IndexSigner(_) => (5, Obligation::Authorised),
        E::Quorum(_) | E::PolicyLog => (6, Obligation::Witnessed),
        E::Stale { .. } => (7, Obligation::Fresh),
        E::ContentTooLong { .. } | E::ContentTooShort { .. } | E::ContentDiffers { .. } => {
            (8, Obligation::Content)
        }
        _ => return (&[], None),
    };
    (
        Obligation::ALL.get(..held).unwrap_or_default(),
        Some(failed),
    )
}
