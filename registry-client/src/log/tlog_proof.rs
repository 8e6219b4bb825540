//! The text of a proof that is verified offline: [tlog-proof] v1.
//!
//! [tlog-proof]: https://c2sp.org/tlog-proof

use super::hash::Hash;
use crate::text;
use std::fmt;

/// The most bytes of text that [`TlogProof::parse`] reads: 256 KiB.
pub const MAX_TLOG_PROOF: usize = 256 * 1024;

/// The most hashes of an inclusion proof: a log of at most `u64::MAX` leaves needs no more.
pub const MAX_TLOG_PROOF_HASHES: usize = 64;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A leaf's place in a log: its index, its inclusion proof, and the checkpoint that it leads to.
///
/// Nothing in it is verified: neither the proof, nor a signature of the checkpoint, and nothing
/// ever authenticates the extra data. It is kept as `.tlog-proof`.
///
/// ```
/// use tenon_registry_client::log::TlogProof;
///
/// let text = "c2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/log\n1\n…\n";
/// let proof = TlogProof::parse(text)?;
/// assert_eq!(proof.checkpoint, "example.com/log\n1\n…\n");
/// assert_eq!(proof.to_string(), text);
/// # Ok::<(), tenon_registry_client::log::TlogProofError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What an application added; not empty. Not authenticated.
    pub extra: Option<Vec<u8>>,
    /// The index of the leaf.
    pub index: u64,
    /// From the sibling of the leaf to the child of the root; at most 64 hashes.
    pub proof: Vec<Hash>,
    /// The text of the checkpoint, with its signatures, as it was signed; it ends in a newline.
    pub checkpoint: String,
}

/// Why a text is no tlog-proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// The text is longer than [`MAX_TLOG_PROOF`].
    #[error("the proof has {0} bytes, more than {MAX_TLOG_PROOF}")]
    Long(usize),
    /// The first line is not that of this format and version.
    #[error("the proof begins with `{}` instead of `{HEADER}`", text::excerpt(.0))]
    Header(String),
    /// The extra data is empty, or not standard base64.
    #[error("`{}` is no extra data: expected at least a byte in base64", text::excerpt(.0))]
    Extra(String),
    /// The line for the index is not there, or not a decimal number below 2^64.
    #[error("`{}` is not the line for the index", text::excerpt(.0))]
    Index(String),
    /// A line of the inclusion proof is not a hash.
    #[error("`{}` is not a hash of the proof", text::excerpt(.0))]
    Hash(String),
    /// The inclusion proof has more than [`MAX_TLOG_PROOF_HASHES`] hashes.
    #[error("the proof has more than {MAX_TLOG_PROOF_HASHES} hashes")]
    ManyHashes,
    /// The text ends before the checkpoint begins.
    #[error("the proof has no checkpoint")]
    NoCheckpoint,
    /// The text does not end in a newline.
    #[error("the checkpoint of the proof does not end in a newline")]
    Unterminated,
}

impl TlogProof {
    /// Reads the text, which is in the one spelling that [`TlogProof`] is written in.
    ///
    /// It reads at most [`MAX_TLOG_PROOF`] bytes, and allocates no more than it reads.
    ///
    /// # Errors
    ///
    /// A [`TlogProofError`] that says which part is wrong. The checkpoint need only be there.
    pub fn parse(text: &str) -> Result<TlogProof, TlogProofError> {
        if text.len() > MAX_TLOG_PROOF {
            return Err(TlogProofError::Long(text.len()));
        }
        let (header, rest) = split_line(text);
        if header != HEADER {
            return Err(TlogProofError::Header(header.to_owned()));
        }
        let (mut line, mut rest) = split_line(rest.ok_or(TlogProofError::NoCheckpoint)?);
        let mut extra = None;
        if let Some(base64) = line.strip_prefix("extra ") {
            let bytes = text::from_base64(base64).filter(|bytes| !bytes.is_empty());
            extra = Some(bytes.ok_or_else(|| TlogProofError::Extra(base64.to_owned()))?);
            (line, rest) = split_line(rest.ok_or(TlogProofError::NoCheckpoint)?);
        }
        let index = line.strip_prefix("index ").and_then(text::from_decimal);
        let index = index.ok_or_else(|| TlogProofError::Index(line.to_owned()))?;
        let mut proof = vec![];
        let checkpoint = loop {
            let (line, after) = split_line(rest.ok_or(TlogProofError::NoCheckpoint)?);
            rest = after;
            if line.is_empty() {
                break after.filter(|checkpoint| !checkpoint.is_empty());
            }
            if proof.len() == MAX_TLOG_PROOF_HASHES {
                return Err(TlogProofError::ManyHashes);
            }
            let hash = line.parse();
            proof.push(hash.map_err(|_| TlogProofError::Hash(line.to_owned()))?);
        };
        let checkpoint = checkpoint.ok_or(TlogProofError::NoCheckpoint)?;
        if !checkpoint.ends_with('\n') {
            return Err(TlogProofError::Unterminated);
        }
        Ok(TlogProof {
            extra,
            index,
            proof,
            checkpoint: checkpoint.to_owned(),
        })
    }
}

/// The first line, and what is after its newline, if it has one.
fn split_line(text: &str) -> (&str, Option<&str>) {
    match text.split_once('\n') {
        Some((line, rest)) => (line, Some(rest)),
        None => (text, None),
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            writeln!(f, "extra {}", text::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
