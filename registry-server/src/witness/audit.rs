//! Following the entries of a log, for a witness that vouches for its map: what the log commits to
//! in its index records must be what its entries come to.

use super::{Audit, OpenError};
use crate::outbound::{Outbound, OutboundError};
use tenon_registry_client::api::Paths;
use tenon_registry_client::log::{
    ENTRIES_PER_BUNDLE, MAX_ENTRY_BUNDLE, Origin, SignedCheckpoint, TilePath, decode_entries,
};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{Role, Time};

/// Why the map of a log is not vouched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The entries cannot be read; a later request may find them.
    #[error("the entries of the log cannot be read: {0}")]
    Unreadable(String),
    /// The entries were read beyond this checkpoint.
    #[error("the entries of the log were read up to size {0}: ask for a checkpoint of that size")]
    Behind(u64),
    /// The log is wrong.
    #[error("{0}")]
    Wrong(String),
}

/// Follows one log.
pub(super) struct Auditor {
    audit: Audit,
    origin: Origin,
    monitor: Monitor,
    outbound: Outbound,
}

impl Auditor {
    pub(super) fn new(origin: Origin, audit: Audit) -> Result<Auditor, OpenError> {
        let refused = |problem: String| OpenError::Log {
            origin: origin.clone(),
            problem,
        };
        if audit
            .pin
            .as_ref()
            .is_some_and(|pin| *pin.origin() != origin)
        {
            return Err(refused("its pin is of another log".to_owned()));
        }
        let outbound = Outbound::new().map_err(|error| refused(error.to_string()))?;
        Ok(Auditor {
            monitor: begin(&origin, &audit),
            audit,
            origin,
            outbound,
        })
    }

    /// Reads the entries up to a checkpoint, and holds them against it.
    ///
    /// It starts from the first entry when the witness was started again, or when what was served
    /// is not what the log signed.
    pub(super) async fn follow(&mut self, signed: &SignedCheckpoint) -> Result<(), AuditError> {
        let checkpoint = signed.checkpoint();
        if self.monitor.size() > checkpoint.size {
            return Err(AuditError::Behind(self.monitor.size()));
        }
        let (from, size) = (self.monitor.size(), checkpoint.size);
        for path in TilePath::bundles_between(from, size) {
            self.read(path, size).await?;
        }
        if (self.monitor.size(), self.monitor.root()) != (size, checkpoint.root) {
            // Nobody has signed what was read, so it says nothing about the log.
            self.monitor = begin(&self.origin, &self.audit);
            let problem = "they are not those that the log has signed".to_owned();
            return Err(AuditError::Unreadable(problem));
        }
        judge(&self.monitor, signed).map_err(AuditError::Wrong)
    }

    async fn read(&mut self, path: TilePath, size: u64) -> Result<(), AuditError> {
        let unreadable = |problem: String| AuditError::Unreadable(format!("{path}: {problem}"));
        let mut found = None;
        // A partial bundle may have been removed once there was a full one.
        for path in [path, path.full()] {
            let url = Paths::tile(path);
            let asked = self.outbound.get(&self.audit.url, &url, MAX_ENTRY_BUNDLE);
            let answer = asked.await;
            let answer = answer.map_err(|error: OutboundError| unreadable(error.to_string()))?;
            match answer.status {
                200 => {
                    found = Some((path, answer.body));
                    break;
                }
                404 => {}
                status => return Err(unreadable(format!("the answer has status {status}"))),
            }
        }
        let (path, bytes) = found.ok_or_else(|| unreadable("it is not there".to_owned()))?;
        let entries = decode_entries(&bytes, path.width());
        let entries = entries.map_err(|error| unreadable(error.to_string()))?;
        let first = path.index().saturating_mul(ENTRIES_PER_BUNDLE.into());
        for (index, entry) in (first..size).zip(entries) {
            if index == self.monitor.size() {
                self.monitor.read(entry);
            }
        }
        Ok(())
    }
}

fn begin(origin: &Origin, audit: &Audit) -> Monitor {
    match &audit.pin {
        Some(pin) => Monitor::pinned(pin),
        None => Monitor::new(origin.clone()),
    }
}

/// What is wrong with a log of which everything was read, or with its checkpoint.
///
/// A checkpoint that is wrong by itself leaves no finding in the monitor: who holds a key that was
/// removed could end the witness's trust in the log with it.
fn judge(monitor: &Monitor, signed: &SignedCheckpoint) -> Result<(), String> {
    if let Some(finding) = monitor.findings().first() {
        return Err(format!("{finding}: {}", finding.kind));
    }
    let by = |role| signed.signers(monitor.registry().active(role));
    if !by(Role::Log).is_ok_and(|signers| !signers.is_empty()) {
        return Err("the checkpoint is not signed by a log key of the registry".to_owned());
    }
    let last = signed.checkpoint().size.checked_sub(1);
    let Some((index, time)) = monitor.index_times().last() else {
        return Err("the log has no index record".to_owned());
    };
    if Some(index) != last {
        return Err("the checkpoint does not end with an index record".to_owned());
    }
    let cosigned = by(Role::Time).into_iter().flatten();
    let cosigned = cosigned.filter_map(|by| by.time).max();
    let cosigned = cosigned.and_then(|time| Time::from_seconds(time).ok());
    match cosigned.filter(|cosigned| time.is_ahead_of(*cosigned)) {
        Some(cosigned) => Err(format!(
            "the index record is of {time}, and the checkpoint was cosigned at {cosigned}"
        )),
        None => Ok(()),
    }
}
