//! Putting a copy in the place of a data directory that was lost.
//!
//! A log that goes back is a fork: clients hold checkpoints that include what came after the copy was made,
//! and refuse a log that does not; and as soon as it logs anything else, there are two histories under one
//! key, which is what they would take an attack for. So a copy is restored only if nobody knows a larger
//! checkpoint. Who may know: witnesses, mirrors, monitors, clients (their lock files hold one), another
//! server. If one is ahead, then
//!
//! * the records that are missing can be put back from a mirror: entry bundles and tiles are public
//!   and the same everywhere, and the checkpoint is signed; put them in the copy's `log`, and the database
//!   is made again by `tenon-registry rebuild`;
//! * or else this log has ended. Serve the copy for reading only, begin a new log with new keys and
//!   another origin, log again what is in the copy, and tell the users the new pin and why.

use super::backup::{BackupReport, KeysCopied, MARKER, copy_file, create_empty};
use super::data_dir::DataDir;
use super::finding::{Finding, FindingKind};
use super::fsck::{FsckOptions, FsckReport, fsck};
use super::{CareError, io_error};
use serde::Serialize;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// What was restored.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreReport {
    /// What the copy said of itself.
    pub backup: BackupReport,
    /// What it was found to be.
    pub fsck: FsckReport,
    /// Whether anybody else's checkpoint was compared.
    pub compared: usize,
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fsck)?;
        if self.compared == 0 {
            writeln!(
                f,
                "WARNING: no checkpoint of anybody else was compared: if the registry logged anything after this copy was made, clients will refuse it as a fork; ask witnesses, mirrors and clients before it is served"
            )?;
        }
        match self.backup.keys {
            KeysCopied::Yes => Ok(()),
            KeysCopied::No => writeln!(f, "put the keys back before it is served"),
        }
    }
}

/// Puts a copy that [`backup`](super::backup()) made into a data directory that is empty or not there. The copy
/// is put beside it, examined as [`fsck`] does, and takes its name only if nothing but missing
/// keys is wrong.
///
/// `known` are the latest checkpoints of everybody who may have one.
///
/// # Errors
///
/// The copy is not finished, or damaged; one of `known` is ahead of it; there is something in the
/// directory; something cannot be read or written. The directory has not changed then.
pub fn restore(from: &Path, to: &Path, known: &[Vec<u8>]) -> Result<RestoreReport, CareError> {
    let marker = from.join(MARKER);
    let text = fs::read(&marker).map_err(io_error("read", &marker))?;
    let backup: BackupReport =
        serde_json::from_slice(&text).map_err(|error| io_error("read", &marker)(error.into()))?;
    create_empty(to)?;
    let mut name = OsString::from(to);
    name.push(".restoring");
    let draft = Path::new(&name);
    match fs::remove_dir_all(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(io_error("remove", draft)(error));
        }
        _ => {}
    }
    let restored = copy_dir(from, draft, &marker).and_then(|()| examine(draft, &backup, known));
    let fsck = match restored {
        Ok(fsck) => fsck,
        Err(error) => {
            // What it says is more important than that this fails too.
            let _ = fs::remove_dir_all(draft);
            return Err(error);
        }
    };
    fs::rename(draft, to).map_err(io_error("put in place", draft))?;
    if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync(parent)?;
    }
    Ok(RestoreReport {
        backup,
        fsck,
        compared: known.len(),
    })
}

fn examine(
    draft: &Path,
    backup: &BackupReport,
    known: &[Vec<u8>],
) -> Result<FsckReport, CareError> {
    let options = FsckOptions {
        known: known.to_vec(),
        ..FsckOptions::default()
    };
    let mut report = fsck(&DataDir::lock(draft)?, &options)?;
    if backup.keys == KeysCopied::No {
        report
            .findings
            .retain(|finding| finding.kind != FindingKind::Keys);
    }
    if report
        .findings
        .iter()
        .any(|finding| finding.kind == FindingKind::Fork)
    {
        let what = "this copy is behind what others have seen of the log: served, it would be a fork, which clients refuse; put back what is missing from a mirror, or begin a new log (see the documentation of `restore`)";
        let findings = report.findings;
        return Err(CareError::Damaged { what, findings });
    }
    // What was taken down is given to nobody, and goes with the next collection.
    let is_damage = |finding: &Finding| finding.kind != FindingKind::TakenDown;
    if report.findings.iter().any(is_damage) {
        let what = "this copy is damaged: put right what is wrong with it, or use another";
        let findings = report.findings;
        return Err(CareError::Damaged { what, findings });
    }
    Ok(report)
}

fn copy_dir(from: &Path, to: &Path, marker: &Path) -> Result<(), CareError> {
    let mode = fs::metadata(from)
        .map_err(io_error("look at", from))?
        .permissions()
        .mode();
    let made = fs::DirBuilder::new().mode(mode & 0o777).create(to);
    made.map_err(io_error("create", to))?;
    for entry in fs::read_dir(from).map_err(io_error("list", from))? {
        let entry = entry.map_err(io_error("list", from))?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        let metadata = fs::symlink_metadata(&path).map_err(io_error("look at", &path))?;
        if metadata.is_dir() {
            copy_dir(&path, &to, marker)?;
        } else if metadata.is_file() && path != marker {
            copy_file(&path, &to, metadata.permissions().mode() & 0o777)?;
        }
    }
    sync(to)
}

fn sync(path: &Path) -> Result<(), CareError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(io_error("sync", path))
}
