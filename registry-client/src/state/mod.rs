//! What a client remembers of a log, so that nobody can show it another one later.

mod lock;
mod pin;

pub(crate) use lock::consistent;
pub use lock::{LockError, LockedCheckpoint};
pub use pin::{Pin, PinError};

use crate::chain::MAX_CHAIN;
use crate::log::{
    Checkpoint, CheckpointError, Hash, Head, KeyError, Origin, SignedCheckpoint, Vkey,
};
use crate::record::{Subject, Time};
use crate::text;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The longest trust state that is read: 64 MiB, room for more than 500,000 subjects.
pub const MAX_STATE: usize = 64 << 20;

/// What a client has verified of one log: its largest checkpoint, the keys that may sign the next
/// one, and the head of every chain it has used.
///
/// The text form has one spelling: a line `tenon-trust/v1`, lines `init`, `log`, `retired`, `index` and
/// `head` in this order, an empty line, and the note of the checkpoint. It only ever grows: [`crate::verify`] makes
/// the next state from the last, and nothing else makes one but reading it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustState {
    pub(crate) init: Hash,
    pub(crate) log_keys: Vec<Vkey>,
    pub(crate) retired: Vec<Vkey>,
    /// Where the last index record is that was verified, and its time.
    pub(crate) index: u64,
    pub(crate) index_time: Time,
    /// Shared, since a verified view keeps the state that it was verified against.
    pub(crate) heads: Arc<BTreeMap<Subject, Head>>,
    pub(crate) checkpoint: SignedCheckpoint,
}

/// Two notes of one log of which at most one can be true.
///
/// It is kept whatever happens next: it shows anyone who has the log's key that the log lied, if
/// the sizes are equal, and else that it owes a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkEvidence {
    /// The note that was believed.
    pub held: SignedCheckpoint,
    /// The note that contradicts it.
    pub offered: SignedCheckpoint,
}

/// Why a text is no fork evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The first line is not that of fork evidence, or the first note is shorter than it says.
    #[error(
        "`{0}` is not fork evidence: expected `tenon-fork/v1 <length of the first note>` and two notes"
    )]
    Syntax(String),
    /// One of the notes is no checkpoint that a key of the log signed.
    #[error("a checkpoint of the fork evidence is refused, so it shows nothing of the log")]
    Checkpoint(#[source] CheckpointError),
    /// Both notes say the same.
    #[error("both notes of the fork evidence are of one checkpoint, so there is no fork")]
    SameCheckpoint,
}

/// Why a text is no trust state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// It is longer than [`MAX_STATE`].
    #[error("the trust state has {0} bytes, of at most {MAX_STATE}")]
    TooLong(usize),
    /// It is not text.
    #[error("the trust state is not UTF-8")]
    NotUtf8,
    /// A line is not what comes there.
    #[error("line {line} of the trust state is `{found}`: expected {wanted}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What should be.
        wanted: &'static str,
    },
    /// A key is no key.
    #[error("line {line} of the trust state has no key")]
    Key {
        /// The line, counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// There is no checkpoint in it, or it is not signed by a key of the log.
    #[error(
        "the checkpoint in the trust state is refused: the file was changed, or a part of it lost"
    )]
    Checkpoint(#[source] CheckpointError),
    /// It says something twice, out of order, in another spelling, or not at all.
    #[error(
        "the trust state is not in its one spelling: the file was changed, or a part of it lost"
    )]
    Order,
    /// It is of another log.
    #[error("the trust state is of another log than `{0}`")]
    OtherLog(Origin),
}

impl TrustState {
    /// Reads a state that belongs to the log of `pin`: at most [`MAX_STATE`] bytes. It allocates at
    /// most 8 times the bytes given, and 16 KiB.
    ///
    /// # Errors
    ///
    /// The text is not in its one spelling, is of another log, or has a checkpoint that none of its
    /// keys signed.
    pub fn parse(bytes: &[u8], pin: &Pin) -> Result<TrustState, StateError> {
        if bytes.len() > MAX_STATE {
            return Err(StateError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| StateError::NotUtf8)?;
        let (header, note) = text.split_once("\n\n").ok_or_else(|| StateError::Line {
            line: 1,
            found: text::excerpt(text),
            wanted: "a state, an empty line, and a checkpoint",
        })?;
        let mut init = None;
        let mut log_keys = vec![];
        let mut retired = vec![];
        let mut index = None;
        let mut heads = BTreeMap::new();
        for (line, found) in (1..).zip(header.split('\n')) {
            let wrong = |wanted| StateError::Line {
                line,
                found: text::excerpt(found),
                wanted,
            };
            match found.split_once(' ') {
                _ if line == 1 && found == "tenon-trust/v1" => {}
                _ if line == 1 => return Err(wrong("`tenon-trust/v1`")),
                Some(("init", hash)) if line == 2 => {
                    init = Some(hash.parse().map_err(|_| wrong("a hash"))?);
                }
                Some((word @ ("log" | "retired"), vkey)) => {
                    let key = vkey.parse();
                    let key: Vkey = key.map_err(|source| StateError::Key { line, source })?;
                    // To read a key takes long enough that a file full of them would.
                    if log_keys.len() + retired.len() >= MAX_CHAIN {
                        return Err(wrong("no more keys than a registry can have had"));
                    }
                    if word == "log" {
                        log_keys.push(key);
                    } else {
                        retired.push(key);
                    }
                }
                Some(("index", value)) => {
                    let (at, time) = value.split_once(' ').unwrap_or_default();
                    let at = text::from_decimal(at).zip(time.parse().ok());
                    index = Some(at.ok_or_else(|| wrong("an index and a time"))?);
                }
                Some(("head", head)) => {
                    let (subject, head) = parse_head(head)
                        .ok_or_else(|| wrong("a head: index, seq, hash and subject"))?;
                    if heads.insert(subject, head).is_some() {
                        return Err(StateError::Order);
                    }
                }
                _ => return Err(wrong("`init`, `log`, `retired`, `index` or `head`")),
            }
        }
        let other = || StateError::OtherLog(pin.origin().clone());
        let init = init.filter(|init| *init == pin.init()).ok_or_else(other)?;
        let checkpoint = SignedCheckpoint::open(note.as_bytes(), pin.origin(), &log_keys)
            .map_err(StateError::Checkpoint)?;
        let (index, index_time) = index.ok_or(StateError::Order)?;
        let state = TrustState {
            init,
            log_keys,
            retired,
            index,
            index_time,
            heads: Arc::new(heads),
            checkpoint,
        };
        match state.to_string() == text {
            true => Ok(state),
            false => Err(StateError::Order),
        }
    }

    /// The largest checkpoint that was verified.
    pub fn checkpoint(&self) -> &Checkpoint {
        self.checkpoint.checkpoint()
    }

    /// The note of that checkpoint: what a lock file holds.
    pub fn note(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The hash of leaf 0.
    pub fn init(&self) -> Hash {
        self.init
    }

    /// The keys that may sign a checkpoint of this log.
    pub fn log_keys(&self) -> &[Vkey] {
        &self.log_keys
    }

    /// The keys that could once, and no longer may.
    pub fn retired_keys(&self) -> &[Vkey] {
        &self.retired
    }

    /// The time of the last index record that was verified.
    pub fn index_time(&self) -> Time {
        self.index_time
    }

    /// The last known record of every chain that was used.
    pub fn heads(&self) -> &BTreeMap<Subject, Head> {
        &self.heads
    }
}

fn parse_head(text: &str) -> Option<(Subject, Head)> {
    let mut items = text.splitn(4, ' ');
    let head = Head {
        index: text::from_decimal(items.next()?)?,
        seq: text::from_decimal_u32(items.next()?)?,
        hash: items.next()?.parse().ok()?,
    };
    let subject = items.next()?.parse().ok()?;
    Some((subject, head)).filter(|(subject, _)| *subject != Subject::Index)
}

impl fmt::Display for TrustState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "tenon-trust/v1\ninit {}", self.init)?;
        for key in &self.log_keys {
            writeln!(f, "log {key}")?;
        }
        for key in &self.retired {
            writeln!(f, "retired {key}")?;
        }
        writeln!(f, "index {} {}", self.index, self.index_time)?;
        for (subject, head) in &*self.heads {
            writeln!(
                f,
                "head {} {} {} {subject}",
                head.index, head.seq, head.hash
            )?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl ForkEvidence {
    /// Reads evidence, and whether it is: two notes of `origin`, both signed by one of `log_keys`,
    /// that differ in size or root. Each note may have [`crate::log::MAX_NOTE`] bytes.
    ///
    /// # Errors
    ///
    /// The text is in another form, a note is refused, or both are of one checkpoint.
    pub fn parse<'k>(
        text: &str,
        origin: &Origin,
        log_keys: impl IntoIterator<Item = &'k Vkey> + Clone,
    ) -> Result<ForkEvidence, EvidenceError> {
        let syntax = || EvidenceError::Syntax(text::excerpt(text));
        let rest = text.strip_prefix("tenon-fork/v1 ").ok_or_else(syntax)?;
        let (length, notes) = rest.split_once('\n').ok_or_else(syntax)?;
        let length = text::from_decimal(length).and_then(|length| length.try_into().ok());
        let notes = length.and_then(|length| notes.split_at_checked(length));
        let (held, offered) = notes.ok_or_else(syntax)?;
        let open = |note: &str| {
            SignedCheckpoint::open(note.as_bytes(), origin, log_keys.clone())
                .map_err(EvidenceError::Checkpoint)
        };
        let (held, offered) = (open(held)?, open(offered)?);
        match held.checkpoint() == offered.checkpoint() {
            true => Err(EvidenceError::SameCheckpoint),
            false => Ok(ForkEvidence { held, offered }),
        }
    }

    /// Whether it proves on its own that the log lied: two roots of one size.
    pub fn is_proof(&self) -> bool {
        let (held, offered) = (self.held.checkpoint(), self.offered.checkpoint());
        held.size == offered.size && held.root != offered.root
    }
}

impl fmt::Display for ForkEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held.to_string();
        write!(f, "tenon-fork/v1 {}\n{held}{}", held.len(), self.offered)
    }
}
