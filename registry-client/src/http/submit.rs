//! Records on their way into the log.

use super::transport::{Ask, WhenToken};
use super::{Client, Error, ErrorKind};
use crate::api::{Accepted, Paths, TEXT_TYPE};
use crate::log::{Hash, SignedCheckpoint, verify_inclusion};
use crate::record::{PackageAct, SignedRecord, Statement};
use crate::state::ForkEvidence;
use crate::verify::{Request, VerifyError};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use std::collections::BTreeSet;

/// That a record is in the log, verified.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The record's hash.
    pub hash: Hash,
    /// Its index in the log. It is not known if the answer was lost and other records have followed in its chain.
    pub index: Option<u64>,
    /// A checkpoint that includes it.
    pub checkpoint: SignedCheckpoint,
    /// How that is known.
    pub proof: ReceiptProof,
}

/// How it is known that a record is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptProof {
    /// The registry answered with its inclusion proof.
    Inclusion,
    /// The answer was lost, and the record is in its chain, which was verified.
    Chain,
}

impl Client {
    /// Has a record put into the log, and says so once it provably is there.
    ///
    /// It is sent once. If the answer is lost, the record's chain is looked at in its place. To
    /// submit a record again that was submitted before is harmless.
    ///
    /// The trust state stays as it is; [`Client::view`] brings it up to date.
    ///
    /// # Errors
    ///
    /// What the registry has against the record; [`ErrorKind::Verify`] if what it answered does not prove
    /// that the record is there; [`ErrorKind::OutcomeUnknown`] if there is no answer, and the record is not there (yet).
    pub async fn submit(&self, record: &SignedRecord) -> Result<Receipt, Error> {
        let ask = Ask {
            method: Method::POST,
            token: WhenToken::AtOnce,
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static(TEXT_TYPE))],
            ..Ask::get(Paths::records(), self.most())
        };
        let url = self.url(&ask.path);
        let body = record.bytes().to_vec().into();
        let limit = self.0.options.timeouts.total;
        let answer = self.0.transport.write(&ask, body, limit).await;
        let accepted = answer.and_then(|answer| {
            serde_json::from_slice(&answer).map_err(|error| {
                let what = "that the record was accepted";
                let source = error.into();
                Error::new(ErrorKind::Malformed { what, source }, &url, 1)
            })
        });
        match accepted {
            Ok(accepted) => self.check_accepted(record, &accepted, &url).await,
            Err(error) if is_lost(&error) => self.look_for(record, error).await,
            Err(error) => Err(error),
        }
    }

    async fn check_accepted(
        &self,
        record: &SignedRecord,
        accepted: &Accepted,
        url: &str,
    ) -> Result<Receipt, Error> {
        let refused = |error| Error::new(ErrorKind::Verify(error), url, 1);
        let state = self.trust_state().await?;
        let keys = self.log_keys(state.as_ref());
        let note = accepted.checkpoint.as_bytes();
        let signed = SignedCheckpoint::open(note, self.pin().origin(), &keys)
            .map_err(|error| refused(VerifyError::Checkpoint(error)))?;
        let checkpoint = signed.checkpoint();
        if accepted.size != checkpoint.size {
            let (wanted, found) = (checkpoint.size, accepted.size);
            return Err(refused(VerifyError::WrongSize { wanted, found }));
        }
        let proof: Result<Vec<Hash>, _> =
            accepted.inclusion.iter().map(|hash| hash.parse()).collect();
        let proof = proof.map_err(|error| {
            let what = "an inclusion proof: hashes in base64";
            let source = Box::new(error);
            Error::new(ErrorKind::Malformed { what, source }, url, 1)
        })?;
        let (index, hash) = (accepted.index, record.hash());
        verify_inclusion(&hash, index, checkpoint.size, &checkpoint.root, &proof)
            .map_err(|error| refused(VerifyError::NotIncluded(error)))?;
        if let Some(state) = &state {
            let held = state.checkpoint();
            if held.size == checkpoint.size && held.root != checkpoint.root {
                self.keep_evidence(state.note(), &signed).await;
                let (size, old, new) = (held.size, held.root, checkpoint.root);
                return Err(refused(VerifyError::SplitView {
                    evidence: Box::new(ForkEvidence {
                        held: state.note().clone(),
                        offered: signed,
                    }),
                    reason: crate::log::ProofError::TwoRoots { size, old, new },
                }));
            }
        }
        Ok(Receipt {
            hash,
            index: Some(index),
            checkpoint: signed,
            proof: ReceiptProof::Inclusion,
        })
    }

    /// Whether the record is in its chain, after its answer was lost.
    async fn look_for(&self, record: &SignedRecord, lost: Error) -> Result<Receipt, Error> {
        let hash = record.hash();
        let Some(request) = request_of(record) else {
            return Err(lost);
        };
        let view = self.view(&request).await?;
        let held = view.held();
        let chain = match &request {
            Request::Registry => &held.registry,
            Request::Namespace(_) => &held.namespace,
            Request::Package { .. } => &held.package,
        };
        let checkpoint = view.checkpoint().clone();
        if !chain.iter().any(|there| there.hash() == hash) {
            return Err(Error::from(ErrorKind::OutcomeUnknown {
                hash,
                size: checkpoint.checkpoint().size,
                source: Box::new(lost),
            }));
        }
        let head = view.heads().get(&record.record().subject());
        let head = head.filter(|head| head.hash == hash).map(|head| head.index);
        let version = match &record.record().statement {
            Statement::Package {
                act: PackageAct::Release { version, .. },
                ..
            } => Some(version),
            _ => None,
        };
        let release = version.and_then(|version| view.release(version).ok());
        let release = release.and_then(|release| view.index_of(&release));
        Ok(Receipt {
            hash,
            index: head.or(release),
            checkpoint,
            proof: ReceiptProof::Chain,
        })
    }
}

/// Whether the request may have arrived, and nobody said what became of it.
fn is_lost(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Cut(_) | ErrorKind::Timeout { .. } | ErrorKind::Slow(_) => true,
        ErrorKind::Malformed { .. } | ErrorKind::TooLarge(_) | ErrorKind::Encoded(_) => true,
        ErrorKind::Status(status) => *status >= 500,
        ErrorKind::Problem(problem) => matches!(problem.status, 500 | 502 | 504),
        _ => false,
    }
}

/// What has to be verified to see a record in its chain.
fn request_of(record: &SignedRecord) -> Option<Request> {
    match &record.record().statement {
        Statement::Registry { .. } => Some(Request::Registry),
        Statement::Namespace { namespace, .. } => Some(Request::Namespace(namespace.clone())),
        Statement::Package { package, act, .. } => {
            let releases = match act {
                PackageAct::Release { version, .. } => [version.clone()].into(),
                _ => BTreeSet::new(),
            };
            let package = package.clone();
            Some(Request::Package { package, releases })
        }
        Statement::Index { .. } => None,
    }
}
