//! A copy of a data directory, made while the registry runs.
//!
//! The database is copied **first**, and what it promises is what the copy is of. Whatever that needs
//! is there then and stays: entry bundles and tiles are either among the staged files in the
//! database itself, or were on the disk before they ceased to be staged, and no file of a log ever changes;
//! content is on the disk before a record can name it. Had the database been copied last, it would promise
//! records of which the files had not been copied. The checkpoint is not copied at
//! all, since the one in the directory may be later by then: the copy gets the one its database has. A
//! marker is written last: a copy without it is not finished, and is not restored.

use super::basis::Basis;
use super::content::{Content, examine};
use super::data_dir::DataDir;
use super::finding::{Finding, FindingKind};
use super::gc::{digest_of, for_each_file};
use super::history::History;
use super::snapshot::Snapshot;
use super::{CareError, io_error, whole};
use crate::log::keys::Keys;
use crate::log::{Layout, LogId};
use crate::store::FilePath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tenon_registry_client::log::TilePath;

/// The file that says that a copy is finished.
pub(super) const MARKER: &str = "backup.json";

/// How to copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupOptions {
    /// Whether the secret keys are copied too.
    pub with_keys: bool,
    /// Whether files that never change may be the same ones, with a second name, where the file system
    /// can do that: quick and small, but damage of the disk is then in both.
    pub hard_links: bool,
}

/// What was copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupReport {
    /// The logs: name, size and root of each.
    pub logs: Vec<(String, u64, String)>,
    /// How many files there are, without the database.
    pub files: u64,
    /// How many bytes these have.
    pub bytes: u64,
    /// Whether the secret keys are in the copy.
    pub keys: KeysCopied,
    /// Content that is damaged, and so not in the copy.
    #[serde(skip_deserializing)]
    pub damaged: Vec<Finding>,
}

/// Whether the secret keys are in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysCopied {
    /// Whoever has the copy can sign as this registry.
    Yes,
    /// They have to be kept elsewhere: without them the copy can be read, not continued.
    No,
}

impl fmt::Display for BackupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (log, size, root) in &self.logs {
            writeln!(f, "{log} log: {size} records, root {root}")?;
        }
        for finding in &self.damaged {
            writeln!(f, "not copied: {finding}")?;
        }
        writeln!(
            f,
            "{} files of {} bytes, and the database",
            self.files, self.bytes
        )?;
        match self.keys {
            KeysCopied::Yes => writeln!(
                f,
                "WARNING: the copy has the SECRET KEYS of this registry, not encrypted: whoever reads it can sign as this registry"
            ),
            KeysCopied::No => writeln!(
                f,
                "the keys are not in the copy: keep them elsewhere, since without them nothing can be logged again"
            ),
        }
    }
}

/// Copies a data directory, which may be in use, into one that is empty or not there. Everything that was
/// acknowledged before this began is in the copy.
///
/// # Errors
///
/// There is something in `to`; the database is behind the log; a file of the log is
/// damaged; something cannot be read or written.
pub fn backup(
    dir: &DataDir,
    to: &Path,
    options: &BackupOptions,
) -> Result<BackupReport, CareError> {
    create_empty(to)?;
    let note = |log: &LogId| dir.files().read(&Layout::of(*log).checkpoint()).ok();
    let logs = dir.logs();
    let notes: Vec<_> = logs.iter().map(note).collect();
    let database = to.join("registry.sqlite");
    let snapshot = Snapshot::take(&dir.database(), &database)?;
    let snapshot = snapshot.ok_or_else(|| {
        let path = dir.database();
        CareError::Refused(format!(
            "`{}` is missing: run `tenon-registry rebuild` first",
            path.display()
        ))
    })?;
    let mut copy = Copy {
        dir,
        to,
        options,
        report: BackupReport {
            logs: vec![],
            files: 0,
            bytes: 0,
            keys: KeysCopied::No,
            damaged: vec![],
        },
        dirs: BTreeSet::new(),
    };
    for (log, note) in logs.into_iter().zip(notes) {
        let (basis, findings) = Basis::find(dir, log, note, Some(&snapshot));
        let what = "the database does not promise the log that is here: run `tenon-registry fsck`";
        let basis = basis.filter(|basis| basis.promised);
        let basis = basis.ok_or(CareError::Damaged { what, findings })?;
        copy.log(log, basis)?;
    }
    drop(snapshot);
    copy.sync_file(&database)?;
    copy.finish()
}

struct Copy<'a> {
    dir: &'a DataDir,
    to: &'a Path,
    options: &'a BackupOptions,
    report: BackupReport,
    /// Directories that are not on the disk yet.
    dirs: BTreeSet<PathBuf>,
}

impl Copy<'_> {
    fn log(&mut self, log: LogId, mut basis: Basis) -> Result<(), CareError> {
        let checkpoint = basis.signed.checkpoint().clone();
        let staged = std::mem::take(&mut basis.staged);
        let history = History::of(self.dir, log, &checkpoint, staged);
        let paths = TilePath::tiles(history.size).chain(TilePath::bundles(history.size));
        for path in paths {
            let file = history.layout.tile(path);
            let settled = !path.is_partial() && !history.staged.contains_key(&file);
            if settled {
                self.copy(&file)?;
                continue;
            }
            // The partial file may be gone by now, and a wider one begin with it.
            let bytes = history.begin(path, path.width()).map_err(|fault| {
                CareError::Refused(format!(
                    "`{file}` cannot be copied: {fault}; run `tenon-registry fsck`"
                ))
            })?;
            self.write(&file, &bytes)?;
        }
        let dir = self.dir.clone();
        for_each_file(
            &**dir.files(),
            &history.layout.last_checkpoints(),
            &mut |path| self.copy(&path),
        )?;
        for_each_file(
            &**dir.files(),
            &history.layout.blobs(),
            &mut |path| match digest_of(&path) {
                Some(digest) => self.blob(log, &path, &digest),
                None => Ok(()),
            },
        )?;
        if self.options.with_keys {
            self.keys(log)?;
        }
        self.write(&history.layout.checkpoint(), &basis.note)?;
        let (size, root) = (checkpoint.size, checkpoint.root.to_string());
        self.report.logs.push((log.name().to_owned(), size, root));
        Ok(())
    }

    fn blob(
        &mut self,
        log: LogId,
        path: &FilePath,
        digest: &tenon_registry_client::Digest,
    ) -> Result<(), CareError> {
        let problem = match examine(&**self.dir.files(), path, digest, |_| {}) {
            Content::Right(_) => match self.copy(path) {
                Err(CareError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    return Ok(());
                }
                copied => return copied,
            },
            // Nothing needs it, and it was removed meanwhile.
            Content::Missing => return Ok(()),
            Content::Unreadable(why) => format!("it cannot be read: {why}"),
            Content::Other(found, _) => format!("it has the digest {found}"),
        };
        let finding = Finding::new(FindingKind::Content, log, path, problem);
        self.report.damaged.push(finding);
        Ok(())
    }

    /// Copies a file that never changes.
    fn copy(&mut self, file: &FilePath) -> Result<(), CareError> {
        let (from, to) = (self.dir.path().join(file.as_str()), self.place(file)?);
        let linked = self.options.hard_links && fs::hard_link(&from, &to).is_ok();
        let bytes = match linked {
            true => fs::metadata(&to).map_err(io_error("look at", &to))?.len(),
            false => copy_file(&from, &to, 0o644)?,
        };
        self.report.files += 1;
        self.report.bytes += bytes;
        Ok(())
    }

    fn write(&mut self, file: &FilePath, bytes: &[u8]) -> Result<(), CareError> {
        let to = self.place(file)?;
        fs::write(&to, bytes).map_err(io_error("write", &to))?;
        self.sync_file(&to)?;
        self.report.files += 1;
        self.report.bytes += bytes.len() as u64;
        Ok(())
    }

    fn keys(&mut self, log: LogId) -> Result<(), CareError> {
        let from = self.dir.keys(log);
        // Only what is a set of keys is copied as one.
        Keys::load(&from).map_err(|error| CareError::Refused(whole(&error)))?;
        let to = self
            .to
            .join(from.strip_prefix(self.dir.path()).unwrap_or(&from));
        self.ensure(to.parent())?;
        let made = fs::DirBuilder::new().mode(0o700).create(&to);
        made.map_err(io_error("create", &to))?;
        let listed = fs::read_dir(&from).map_err(io_error("list", &from))?;
        for entry in listed {
            let entry = entry.map_err(io_error("list", &from))?;
            copy_file(&entry.path(), &to.join(entry.file_name()), 0o600)?;
        }
        self.dirs.insert(to);
        self.report.keys = KeysCopied::Yes;
        Ok(())
    }

    fn place(&mut self, file: &FilePath) -> Result<PathBuf, CareError> {
        let to = self.to.join(file.as_str());
        self.ensure(to.parent())?;
        Ok(to)
    }

    fn ensure(&mut self, dir: Option<&Path>) -> Result<(), CareError> {
        let Some(dir) = dir.filter(|dir| !self.dirs.contains(*dir)) else {
            return Ok(());
        };
        fs::create_dir_all(dir).map_err(io_error("create", dir))?;
        let above = dir
            .ancestors()
            .take_while(|above| above.starts_with(self.to));
        self.dirs.extend(above.map(Path::to_owned));
        Ok(())
    }

    fn sync_file(&self, path: &Path) -> Result<(), CareError> {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(io_error("sync", path))
    }

    fn finish(mut self) -> Result<BackupReport, CareError> {
        self.dirs.insert(self.to.to_owned());
        for dir in &self.dirs {
            self.sync_file(dir)?;
        }
        let marker = self.to.join(MARKER);
        let text = serde_json::to_vec_pretty(&self.report);
        let text = text.map_err(|error| io_error("write", &marker)(error.into()))?;
        fs::write(&marker, text).map_err(io_error("write", &marker))?;
        self.sync_file(&marker)?;
        self.sync_file(self.to)?;
        Ok(self.report)
    }
}

/// Makes a directory, or takes one that is empty.
pub(super) fn create_empty(path: &Path) -> Result<(), CareError> {
    match fs::read_dir(path) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(CareError::Refused(format!(
                "there is something in `{}`: name a directory that is empty or not there",
                path.display()
            ))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path).map_err(io_error("create", path))
        }
        Err(error) => Err(io_error("list", path)(error)),
    }
}

/// Copies a file to where there is none, and brings it to the disk: how many bytes it has.
pub(super) fn copy_file(from: &Path, to: &Path, mode: u32) -> Result<u64, CareError> {
    let mut reader = File::open(from).map_err(io_error("open", from))?;
    let mut options = fs::OpenOptions::new();
    let writer = options.write(true).create_new(true).mode(mode).open(to);
    let mut writer = writer.map_err(io_error("create", to))?;
    let copied = io::copy(&mut reader, &mut writer).map_err(io_error("write", to))?;
    let synced = writer.flush().and_then(|()| writer.sync_all());
    synced.map_err(io_error("sync", to))?;
    Ok(copied)
}
