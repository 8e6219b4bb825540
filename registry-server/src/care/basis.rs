//! Which checkpoint counts: what the database promises, or what the file says that clients have seen.

use super::data_dir::DataDir;
use super::finding::{Finding, FindingKind};
use super::history::History;
use super::known::origin_of;
use super::snapshot::{Promise, Snapshot, Staged};
use super::whole;
use crate::log::keys::Keys;
use crate::log::{Layout, LogId};
use tenon_registry_client::log::{ENTRIES_PER_BUNDLE, SignedCheckpoint, TilePath, Vkey};
use tenon_registry_client::record::{RegistryAct, Role, SignedRecord, Statement};

/// The checkpoint up to which a log is read.
pub(super) struct Basis {
    pub(super) signed: SignedCheckpoint,
    pub(super) note: Vec<u8>,
    /// Files that a start would write before it reads the log.
    pub(super) staged: Staged,
    /// What the file says, if that is something else.
    pub(super) file: Option<SignedCheckpoint>,
    /// Whether the database promises it.
    pub(super) promised: bool,
    /// Keys that may sign checkpoints.
    pub(super) keys: Vec<Vkey>,
}

impl Basis {
    /// Finds it, and what is wrong on the way. The file's note must have been read before the
    /// snapshot was taken: while the log grows, the database is ahead.
    pub(super) fn find(
        dir: &DataDir,
        log: LogId,
        note: Option<Vec<u8>>,
        snapshot: Option<&Snapshot>,
    ) -> (Option<Basis>, Vec<Finding>) {
        let mut findings = vec![];
        let mut find = |kind, place: &str, problem: String| {
            findings.push(Finding::new(kind, log, place, problem));
        };
        let place = Layout::of(log).checkpoint().to_string();
        let promise = match snapshot.map(|snapshot| snapshot.promise(log)) {
            None => None,
            Some(Ok(promise)) => {
                if promise.is_none() {
                    let problem = "it knows nothing of the log".to_owned();
                    find(FindingKind::Database, "the table `log`", problem);
                }
                promise
            }
            Some(Err(error)) => {
                find(FindingKind::Database, "the table `log`", whole(&error));
                None
            }
        };
        let staged = snapshot.map_or(Ok(Staged::new()), |snapshot| snapshot.staged(log));
        let staged = staged.unwrap_or_else(|error| {
            find(FindingKind::Database, "the table `staged`", whole(&error));
            Staged::new()
        });
        let history = History::any(dir, log, staged);
        let mut keys = Keys::load(&dir.keys(log)).map_or(vec![], |keys| log_keys(keys.vkeys()));
        keys.extend(first_keys(&history));
        let open = |note: &[u8]| {
            let origin = origin_of(note).map_err(|error| whole(&error))?;
            let signed = SignedCheckpoint::open(note, &origin, &keys);
            let signed = signed.or_else(|error| {
                // The keys may have been replaced since.
                SignedCheckpoint::open(note, &origin, &later_keys(&history)).map_err(|_| error)
            });
            signed.map_err(|error| whole(&error))
        };
        let file = match note.as_deref().map(open) {
            None => {
                find(FindingKind::Checkpoint, &place, "it is missing".to_owned());
                None
            }
            Some(Err(problem)) => {
                find(FindingKind::Checkpoint, &place, problem);
                None
            }
            Some(Ok(signed)) => Some(signed),
        };
        let promised = promise.and_then(|promise| match open_promise(&promise, open) {
            Ok(signed) => Some((signed, promise.note)),
            Err(problem) => {
                find(FindingKind::Database, "the table `log`", problem);
                None
            }
        });
        let (signed, note, other, promised) = match (file, promised) {
            (Some(file), Some((promised, promise))) => {
                let (seen, knows) = (file.checkpoint(), promised.checkpoint());
                if seen == knows {
                    // The file may have more cosignatures.
                    (file, note.unwrap_or(promise), None, true)
                } else if seen.size < knows.size && seen.origin == knows.origin {
                    (promised, promise, Some(file), true)
                } else {
                    let (kind, problem) = match seen.size > knows.size {
                        true => (
                            FindingKind::Database,
                            format!(
                                "it knows {} records, and `{place}` says that the log has {}: it is older than the log",
                                knows.size, seen.size
                            ),
                        ),
                        false => (
                            FindingKind::Fork,
                            format!(
                                "`{place}` and the database have different roots at size {}",
                                seen.size
                            ),
                        ),
                    };
                    find(kind, "the table `log`", problem);
                    (file, note.unwrap_or_default(), Some(promised), false)
                }
            }
            (Some(file), None) => (file, note.unwrap_or_default(), None, false),
            (None, Some((promised, promise))) => (promised, promise, None, true),
            (None, None) => return (None, findings),
        };
        let staged = match promised {
            true => history.staged,
            // They are of an earlier log.
            false => Staged::new(),
        };
        let basis = Basis {
            signed,
            note,
            staged,
            file: other,
            promised,
            keys,
        };
        (Some(basis), findings)
    }
}

fn open_promise(
    promise: &Promise,
    open: impl Fn(&[u8]) -> Result<SignedCheckpoint, String>,
) -> Result<SignedCheckpoint, String> {
    let signed = open(&promise.note)?;
    let said = signed.checkpoint();
    let same = said.origin.as_str() == promise.origin
        && said.size == promise.size
        && said.root.as_bytes().as_slice() == promise.root.as_slice();
    match same {
        true => Ok(signed),
        false => Err("its columns say something else than the checkpoint in it".to_owned()),
    }
}

fn log_keys(vkeys: impl IntoIterator<Item = (Role, Vkey)>) -> Vec<Vkey> {
    let keys = vkeys.into_iter().filter(|(role, _)| *role == Role::Log);
    keys.map(|(_, vkey)| vkey).collect()
}

/// The keys that leaf 0 names.
fn first_keys(history: &History<'_>) -> Vec<Vkey> {
    let leaves = TilePath::entries(0, 1).and_then(|path| history.leaves(path).ok());
    leaves
        .iter()
        .flatten()
        .flat_map(|leaf| keys_in(leaf))
        .collect()
}

/// All keys that any record of the registry names, in the bundles that can be read.
pub(super) fn later_keys(history: &History<'_>) -> Vec<Vkey> {
    let mut keys = vec![];
    for index in 0.. {
        let full = TilePath::entries(index, ENTRIES_PER_BUNDLE);
        let Some(full) = full else { break };
        let leaves = history.leaves(full);
        let is_last = leaves.is_err();
        let leaves = leaves.or_else(|fault| match history.partials(full).pop() {
            Some(widest) => history.leaves(widest),
            None => Err(fault),
        });
        let leaves = leaves.unwrap_or_default();
        keys.extend(leaves.iter().flat_map(|leaf| keys_in(leaf)));
        if is_last {
            break;
        }
    }
    keys
}

fn keys_in(leaf: &[u8]) -> Vec<Vkey> {
    // Most leaves are about something else, which is cheap to see.
    let about = b"\nsubject registry\n";
    if !leaf.windows(about.len()).any(|part| part == about) {
        return vec![];
    }
    let Ok(record) = SignedRecord::parse(leaf) else {
        return vec![];
    };
    match &record.record().statement {
        Statement::Registry { act, .. } => match act {
            RegistryAct::Init { keys, .. } => log_keys(keys.iter().cloned()),
            RegistryAct::KeyAdd(role, vkey) => log_keys([(*role, vkey.clone())]),
            _ => vec![],
        },
        _ => vec![],
    }
}
