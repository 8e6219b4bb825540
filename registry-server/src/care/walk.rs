//! Reading a log from its first leaf on: the rules as a monitor applies them, and the rows they give.

use super::CareError;
use super::basis::Basis;
use super::data_dir::DataDir;
use super::finding::{Finding, FindingKind};
use super::history::History;
use super::rebuild::Describe;
use super::whole;
use crate::log::{LogId, Replay, ReplayError};
use crate::store::database::Database;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::{Checkpoint, TilePath};
use tenon_registry_client::record::{PackageAct, SignedRecord, Statement};

/// What reads a log.
pub(super) struct Walk<'a> {
    pub(super) dir: &'a DataDir,
    pub(super) log: LogId,
    pub(super) history: &'a History<'a>,
    pub(super) basis: &'a Basis,
    /// Where the rows go.
    pub(super) database: &'a Arc<Database>,
    /// Entry bundles that are not what was logged: reading ends before them.
    pub(super) damaged: &'a BTreeSet<TilePath>,
    /// Checkpoints that must be of this log, and who has seen them.
    pub(super) known: &'a [(String, Checkpoint)],
    /// What says what content is, and how many at once.
    pub(super) describe: Option<(&'a dyn Describe, usize)>,
}

/// What came of it.
pub(super) struct Walked {
    pub(super) replay: Replay,
    pub(super) findings: Vec<Finding>,
    /// Whether it was read to its end, and every row could be written.
    pub(super) complete: bool,
    /// Releases of which nobody knows what their content is, and why.
    pub(super) undescribed: Vec<String>,
}

impl Walk<'_> {
    /// Reads the log.
    pub(super) fn read(&self) -> Result<Walked, CareError> {
        let origin = self.basis.signed.checkpoint().origin.clone();
        let mut walked = Walked {
            replay: Replay::new(self.dir.files(), self.database, self.log, origin),
            findings: vec![],
            complete: true,
            undescribed: vec![],
        };
        for path in TilePath::bundles(self.history.size) {
            let leaves = match self.history.leaves(path) {
                Ok(leaves) if !self.damaged.contains(&path) => leaves,
                _ => {
                    walked.complete = false;
                    break;
                }
            };
            self.describe(&leaves, &mut walked);
            let read = self.database.write(|tx| {
                for leaf in &leaves {
                    walked.replay.read(tx, leaf)?;
                    walked.findings.extend(self.compare(&walked.replay));
                }
                Ok::<_, ReplayError>(())
            });
            if let Err(error) = read {
                let place = format!("the rows of `{path}`");
                let kind = FindingKind::Log;
                walked
                    .findings
                    .push(Finding::new(kind, self.log, place, whole(&error)));
                walked.complete = false;
                break;
            }
        }
        for finding in walked.replay.monitor().findings() {
            let place = format!("leaf {}", finding.index);
            let problem = whole(&finding.kind);
            walked
                .findings
                .push(Finding::new(FindingKind::Log, self.log, place, problem));
            walked.complete = false;
        }
        let dropped = walked.replay.monitor().dropped_findings();
        if dropped > 0 {
            let problem = format!("there are {dropped} more of these");
            let finding = Finding::new(FindingKind::Log, self.log, "later leaves", problem);
            walked.findings.push(finding);
        }
        Ok(walked)
    }

    fn compare(&self, replay: &Replay) -> Vec<Finding> {
        let size = replay.monitor().size();
        let of_size = self.known.iter().filter(|(_, known)| known.size == size);
        let differing = of_size.filter(|(_, known)| known.root != replay.monitor().root());
        let finding = |(who, known): &(String, Checkpoint)| {
            let problem = format!(
                "it has the root {} at size {size}, where this log has {}",
                known.root,
                replay.monitor().root()
            );
            Finding::new(FindingKind::Fork, self.log, who, problem)
        };
        differing.map(finding).collect()
    }

    /// Asks what the content of the releases among some leaves is, of several at once.
    fn describe(&self, leaves: &[Vec<u8>], walked: &mut Walked) {
        let Some((describe, at_once)) = self.describe else {
            return;
        };
        let first = walked.replay.monitor().size();
        let records = (first..).zip(leaves);
        let releases: Vec<(u64, SignedRecord)> = records
            .filter_map(|(index, leaf)| Some((index, SignedRecord::parse(leaf).ok()?)))
            .filter(|(_, record)| release(record).is_some())
            .collect();
        let next = AtomicUsize::new(0);
        let described: Mutex<Vec<(u64, Result<World, String>)>> = Mutex::default();
        std::thread::scope(|scope| {
            for _ in 0..at_once.clamp(1, releases.len().max(1)) {
                scope.spawn(|| {
                    while let Some((index, record)) =
                        releases.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let world = self.world(describe, record);
                        let mut described =
                            described.lock().unwrap_or_else(PoisonError::into_inner);
                        described.push((*index, world));
                    }
                });
            }
        });
        let mut described = described
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        described.sort_by_key(|(index, _)| *index);
        for (index, world) in described {
            match world {
                Ok(world) => walked.replay.describe(index, world),
                Err(why) => walked
                    .undescribed
                    .push(format!("the release at index {index}: {why}")),
            }
        }
    }

    fn world(&self, describe: &dyn Describe, record: &SignedRecord) -> Result<World, String> {
        let (package, version, content) = release(record).ok_or("it is no release")?;
        let path = self.history.layout.blob(&content.digest);
        if self.history.files.kind(&path).is_err() {
            let missing = || format!("the content `{path}` is not there");
            return describe.remembered(content).ok_or_else(missing);
        }
        let path = self.dir.path().join(path.as_str());
        describe.describe(&path, content, package, version)
    }
}

type Release<'a> = (
    &'a tenon_registry_client::name::PackageName,
    &'a tenon_registry_client::name::Version,
    &'a tenon_registry_client::record::Content,
);

fn release(record: &SignedRecord) -> Option<Release<'_>> {
    match &record.record().statement {
        Statement::Package {
            package,
            act: PackageAct::Release {
                version, content, ..
            },
            ..
        } => Some((package, version, content)),
        _ => None,
    }
}
