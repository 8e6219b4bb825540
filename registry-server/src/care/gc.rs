//! Removing what nothing names: content that was uploaded and neither released nor held by a
//! repository of the OCI door, content that was taken down, and partial tiles that a wider one took the place of.
//!
//! Content is uploaded before the record that names it is logged, so that unnamed content may be needed
//! the next moment. Two things keep it. It has to be old. And where the registry runs, whoever
//! submits a record [claims](Claims::claim) the content *before* looking whether it is there, until
//! the record is logged or refused. Content is removed within the same lock, if nobody claims it and, read
//! again within that lock, the log does not name it: so a submission either claimed it in
//! time, or finds it gone and is told to upload it again. The command takes the lock of the directory
//! instead: nothing is submitted then.

use super::data_dir::DataDir;
use super::history::{Fault, History};
use super::named::{Named, Standing};
use super::snapshot::Snapshot;
use super::{CareError, io_error};
use crate::log::LogId;
use crate::store::{EntryKind, FilePath, Files, durable};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tenon_registry_client::Digest;
use tenon_registry_client::log::TilePath;

/// Content that submissions on their way name. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Claims(Arc<Mutex<HashMap<Digest, usize>>>);

/// Content that is kept until this is dropped.
#[derive(Debug)]
pub struct Claim {
    claims: Claims,
    digest: Digest,
}

/// What to remove.
#[derive(Clone, Copy, Debug)]
pub struct GcOptions {
    /// How long content must have been there, unless it was taken down.
    pub min_age: Duration,
    /// Whether to say what would be removed, and leave it.
    pub dry_run: bool,
}

impl Default for GcOptions {
    /// 24 hours.
    fn default() -> GcOptions {
        GcOptions {
            min_age: Duration::from_secs(24 * 60 * 60),
            dry_run: false,
        }
    }
}

/// What was removed, or would be.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GcReport {
    /// Whether nothing was removed in fact.
    pub dry_run: bool,
    /// Content that no release names.
    pub unnamed: Vec<String>,
    /// Content that was taken down.
    pub taken_down: Vec<String>,
    /// Partial tiles.
    pub partial_tiles: u64,
    /// How many bytes of content.
    pub bytes: u64,
    /// Content that no release names, and that is too new or claimed.
    pub left: u64,
}

impl fmt::Display for GcReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed = if self.dry_run {
            "would remove"
        } else {
            "removed"
        };
        for path in &self.unnamed {
            writeln!(f, "{removed} `{path}`, which no release names")?;
        }
        for path in &self.taken_down {
            writeln!(f, "{removed} `{path}`, which was taken down")?;
        }
        writeln!(
            f,
            "{removed} {} blobs of {} bytes and {} partial tiles; {} unnamed blobs stay for now",
            self.unnamed.len() + self.taken_down.len(),
            self.bytes,
            self.partial_tiles,
            self.left
        )
    }
}

impl Claims {
    /// Keeps content from being removed until the claim is dropped. To be made before looking whether
    /// the content is there.
    pub fn claim(&self, digest: Digest) -> Claim {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *claims.entry(digest).or_default() += 1;
        let claims = self.clone();
        Claim { claims, digest }
    }

    /// Does something while nobody claims the content, unless somebody has.
    fn unless_claimed<T>(&self, digest: &Digest, act: impl FnOnce() -> T) -> Option<T> {
        let claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match claims.contains_key(digest) {
            true => None,
            false => Some(act()),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut claims = self.claims.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = claims.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                claims.remove(&self.digest);
            }
        }
    }
}

/// Removes what nothing names. The directory must be [locked](DataDir::lock), or be that of this
/// process, all of whose submissions make claims.
///
/// # Errors
///
/// Something cannot be read or removed. What was removed by then is.
pub fn gc(dir: &DataDir, options: &GcOptions, claims: &Claims) -> Result<GcReport, CareError> {
    let mut report = GcReport {
        dry_run: options.dry_run,
        ..GcReport::default()
    };
    if !dir.database().exists() {
        let path = dir.database();
        return Err(CareError::Refused(format!(
            "`{}` is missing: run `tenon-registry rebuild` first",
            path.display()
        )));
    }
    let live = Snapshot::live(&dir.database())?;
    for log in dir.logs() {
        let collection = Collection {
            dir,
            log,
            live: &live,
            claims,
            options,
        };
        collection.collect(&mut report)?;
    }
    Ok(report)
}

struct Collection<'a> {
    dir: &'a DataDir,
    log: LogId,
    live: &'a Snapshot,
    claims: &'a Claims,
    options: &'a GcOptions,
}

impl Collection<'_> {
    fn collect(&self, report: &mut GcReport) -> Result<(), CareError> {
        let history = self.history()?;
        let mut named = Named::read(&history).map_err(unreadable)?;
        let files = &**self.dir.files();
        let mut changed = BTreeSet::new();
        for_each_file(files, &history.layout.blobs(), &mut |path| {
            let Some(digest) = digest_of(&path) else {
                return Ok(());
            };
            match named.standing(&digest) {
                Standing::Needed => return Ok(()),
                Standing::Unnamed if self.live.is_held(self.log, &digest)? => return Ok(()),
                _ => {}
            }
            let removed = self
                .claims
                .unless_claimed(&digest, || self.remove(&path, &digest, &mut named));
            match removed.transpose()?.flatten() {
                None => report.left += 1,
                Some((standing, bytes)) => {
                    changed.extend(path.parent());
                    report.bytes += bytes;
                    match standing {
                        Standing::TakenDown => report.taken_down.push(path.to_string()),
                        _ => report.unnamed.push(path.to_string()),
                    }
                }
            }
            Ok(())
        })?;
        for_each_file(files, &history.layout.tiles(), &mut |path| {
            let tile = history
                .layout
                .is_tile(&path)
                .filter(|tile| tile.is_partial());
            let current = tile.and_then(|tile| Some((tile, tile.at(history.size)?)));
            // One that is wider than that came in meanwhile.
            let replaced = current.filter(|(tile, current)| tile.width() < current.width());
            let replaced = replaced.map(|(_, current)| current);
            if replaced.is_some_and(|by| files.kind(&history.layout.tile(by)).is_ok()) {
                report.partial_tiles += 1;
                if !self.options.dry_run {
                    files.remove(&path).map_err(self.failed("remove", &path))?;
                }
            }
            Ok(())
        })?;
        for dir in changed.iter().filter(|_| !self.options.dry_run) {
            durable::sync_dir(files, dir)?;
        }
        Ok(())
    }

    /// Removes content that nobody claims, unless the log has come to need it, or it is too new: what
    /// the log says of it, and its size.
    fn remove(
        &self,
        path: &FilePath,
        digest: &Digest,
        named: &mut Named,
    ) -> Result<Option<(Standing, u64)>, CareError> {
        let history = self.history()?;
        if history.size > named.size() {
            named.read_on(&history).map_err(unreadable)?;
        }
        let standing = named.standing(digest);
        let metadata = std::fs::symlink_metadata(self.dir.path().join(path.as_str()));
        let metadata = metadata.map_err(self.failed("look at", path))?;
        let modified = metadata.modified().map_err(self.failed("look at", path))?;
        // What is of the future is new.
        let age = SystemTime::now()
            .duration_since(modified)
            .unwrap_or_default();
        let goes = match standing {
            Standing::Needed => false,
            Standing::TakenDown => true,
            // Whoever pushes claims it until a repository holds it.
            Standing::Unnamed => {
                age >= self.options.min_age && !self.live.is_held(self.log, digest)?
            }
        };
        if goes && !self.options.dry_run {
            self.dir
                .files()
                .remove(path)
                .map_err(self.failed("remove", path))?;
        }
        Ok(goes.then_some((standing, metadata.len())))
    }

    /// The log, as far as it is promised at this moment.
    fn history(&self) -> Result<History<'_>, CareError> {
        History::now(self.dir, self.log, self.live)
    }

    fn failed(
        &self,
        what: &'static str,
        path: &FilePath,
    ) -> impl FnOnce(std::io::Error) -> CareError + use<> {
        io_error(what, &self.dir.path().join(path.as_str()))
    }
}

/// The digest that a blob's name says.
pub(super) fn digest_of(path: &FilePath) -> Option<Digest> {
    format!("sha256:{}", path.name()?).parse().ok()
}

/// All files below a directory, in order; none if it is not there.
pub(super) fn for_each_file(
    files: &dyn Files,
    dir: &FilePath,
    act: &mut dyn FnMut(FilePath) -> Result<(), CareError>,
) -> Result<(), CareError> {
    for listed in files.list(dir).unwrap_or_default() {
        // Names that are not ours are left alone.
        let Ok(path) = dir.join(&listed.name) else {
            continue;
        };
        match listed.kind {
            EntryKind::Dir => for_each_file(files, &path, act)?,
            EntryKind::File => act(path)?,
            EntryKind::Other => {}
        }
    }
    Ok(())
}

fn unreadable((path, fault): (TilePath, Fault)) -> CareError {
    CareError::Refused(format!(
        "nothing is removed, since the log cannot be read: {path}: {fault}; run `tenon-registry fsck`"
    ))
}
