//! Everything in a data directory against everything else.

use super::basis::{Basis, later_keys};
use super::believed::Believed;
use super::content::{Content, examine};
use super::data_dir::{DataDir, Scratch};
use super::finding::{Finding, FindingKind};
use super::gc::for_each_file;
use super::history::History;
use super::known::{check_origins, of_log};
use super::pushed::check_pushed;
use super::rebuild::Describe;
use super::snapshot::Snapshot;
use super::tree::{check_root, check_tile};
use super::walk::{Walk, Walked};
use super::{CareError, rows, whole};
use crate::log::keys::{KeyFile, Keys, KeysError, ingest_file_name};
use crate::log::{Layout, LogId};
use crate::store::database::Database;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::chain::{Availability, OperatorKey, RegistryChain};
use tenon_registry_client::log::{Checkpoint, TilePath, Vkey};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::Role;

/// How to compare.
#[derive(Default)]
pub struct FsckOptions<'a> {
    /// What says what content is, and of how many releases at once. Without it, what the database says
    /// of content is believed, and only what follows from that is compared.
    pub describe: Option<(&'a dyn Describe, usize)>,
    /// Checkpoints that others have seen, which have to be of this log.
    pub known: Vec<Vec<u8>>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct FsckReport {
    /// The logs that were read.
    pub logs: Vec<LogReport>,
    /// Everything that is wrong, the gravest first.
    pub findings: Vec<Finding>,
}

/// A log that was read.
#[derive(Clone, Debug, Serialize)]
pub struct LogReport {
    /// `public` or `private`.
    pub log: &'static str,
    /// Its origin.
    pub origin: String,
    /// How many leaves its last checkpoint has.
    pub size: u64,
    /// How many of them were read: all, unless an entry bundle is damaged.
    pub read: u64,
    /// The root of the last checkpoint.
    pub root: String,
    /// The hash of leaf 0, which clients pin.
    pub init: Option<String>,
    /// How many packages it has.
    pub packages: usize,
    /// How many blobs were read.
    pub blobs: u64,
    /// How many bytes these have.
    pub bytes: u64,
}

impl FsckReport {
    /// 0 if nothing is wrong, else that of the gravest finding.
    pub fn exit_code(&self) -> u8 {
        self.findings
            .first()
            .map_or(0, |finding| finding.kind.exit_code())
    }
}

impl fmt::Display for FsckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            writeln!(
                f,
                "{} log `{}`: records read: {} of {}, packages: {}, blobs: {} of {} bytes",
                log.log, log.origin, log.read, log.size, log.packages, log.blobs, log.bytes
            )?;
        }
        let mut last = None;
        for finding in &self.findings {
            if last
                .replace(finding.kind)
                .is_some_and(|last| last != finding.kind)
            {
                advise(f, last)?;
            }
            writeln!(f, "wrong: {finding}")?;
        }
        advise(f, last)?;
        match self.findings.len() {
            0 => writeln!(f, "nothing is wrong"),
            1 => writeln!(f, "1 thing is wrong"),
            many => writeln!(f, "{many} things are wrong"),
        }
    }
}

fn advise(f: &mut fmt::Formatter<'_>, kind: Option<FindingKind>) -> fmt::Result {
    kind.map_or(Ok(()), |kind| writeln!(f, "  to do: {}", kind.advice()))
}

/// Reads everything, and compares it: checkpoint, tiles, entries, chains, maps and their times, content,
/// the rows of the database, the catalog's too, and keys. All of it is read as it would be after a start.
///
/// The directory may be in use: then it is read as it is at one moment. Memory grows with what a
/// monitor keeps, and not with content. It writes nothing but files in `tmp`, which it removes.
///
/// # Errors
///
/// It cannot be done, or a known checkpoint is none. What is wrong with the data is no error.
pub fn fsck(dir: &DataDir, options: &FsckOptions<'_>) -> Result<FsckReport, CareError> {
    let scratch = Scratch::new(dir, "fsck")?;
    let mut report = FsckReport {
        logs: vec![],
        findings: vec![],
    };
    let logs = dir.logs();
    // In this order: while the registry runs, the database is ahead of the files.
    let note = |log: &LogId| dir.files().read(&Layout::of(*log).checkpoint()).ok();
    let notes: Vec<_> = logs.iter().map(note).collect();
    let broken = |problem: String| {
        Finding::new(
            FindingKind::Database,
            LogId::Public,
            "registry.sqlite",
            problem,
        )
    };
    let snapshot = match Snapshot::take(&dir.database(), &scratch.file("snapshot.sqlite")) {
        Ok(Some(snapshot)) => {
            report
                .findings
                .extend(snapshot.problems().into_iter().map(broken));
            Some(snapshot)
        }
        Ok(None) => {
            report.findings.push(broken("it is missing".to_owned()));
            None
        }
        Err(error) => {
            report.findings.push(broken(whole(&error)));
            None
        }
    };
    if logs.is_empty() {
        let problem = "there is no log in this directory".to_owned();
        let place = Layout::of(LogId::Public).tiles();
        let finding = Finding::new(FindingKind::Log, LogId::Public, place, problem);
        report.findings.push(finding);
    }
    let mut bases = vec![];
    for (log, note) in logs.into_iter().zip(notes) {
        let (basis, findings) = Basis::find(dir, log, note, snapshot.as_ref());
        report.findings.extend(findings);
        bases.extend(basis.map(|basis| (log, basis)));
    }
    let origins = bases
        .iter()
        .map(|(_, basis)| &basis.signed.checkpoint().origin);
    check_origins(&options.known, origins)?;
    for (log, basis) in bases {
        let examined = Examined::new(dir, log, basis, &scratch, snapshot.as_ref(), options)?;
        report.findings.extend(examined.findings);
        report.logs.push(examined.report);
    }
    report.findings.sort();
    report.findings.dedup();
    Ok(report)
}

/// A log, compared with all that belongs to it.
struct Examined {
    report: LogReport,
    findings: Vec<Finding>,
}

impl Examined {
    fn new(
        dir: &DataDir,
        log: LogId,
        mut basis: Basis,
        scratch: &Scratch,
        snapshot: Option<&Snapshot>,
        options: &FsckOptions<'_>,
    ) -> Result<Examined, CareError> {
        let checkpoint = basis.signed.checkpoint().clone();
        let staged = std::mem::take(&mut basis.staged);
        let history = History::of(dir, log, &checkpoint, staged);
        let (known, mut findings) = known(log, &basis, &history, &options.known)?;
        findings.extend(check_end(dir, log, &basis, &history)?);
        let (damaged, tree) = check_tree(log, &history, &checkpoint);
        findings.extend(tree);
        let rows = scratch.file(&format!("{}.sqlite", log.name()));
        let database = Arc::new(Database::open(&rows)?);
        database.stop_syncing()?;
        let believed = snapshot
            .map(|snapshot| Believed::new(snapshot, log, options.describe.map(|(by, _)| by)))
            .transpose()?;
        let at_once = options.describe.map_or(1, |(_, at_once)| at_once);
        let walk = Walk {
            dir,
            log,
            history: &history,
            basis: &basis,
            database: &database,
            damaged: &damaged,
            known: &known,
            describe: believed
                .as_ref()
                .map(|believed| (believed as &dyn Describe, at_once)),
        };
        let Walked {
            mut replay,
            findings: read,
            mut complete,
            ..
        } = walk.read()?;
        findings.extend(read);
        let fits = replay.monitor().root() == checkpoint.root;
        if complete && fits {
            let before = replay.monitor().findings().len();
            replay.check(&basis.signed);
            for finding in replay.monitor().findings().iter().skip(before) {
                let place = history.layout.checkpoint();
                let problem = whole(&finding.kind);
                findings.push(Finding::new(FindingKind::Log, log, place, problem));
                complete = false;
            }
        }
        if complete && fits {
            let promised = database.write(|tx| replay.promise(tx, &checkpoint, &basis.note));
            promised.map_err(|error| CareError::Refused(error.to_string()))?;
            if let Some(snapshot) = snapshot.filter(|_| basis.promised) {
                for (table, problem) in rows::compare(&rows, snapshot.path(), log)? {
                    let place = format!("the table `{table}`");
                    findings.push(Finding::new(FindingKind::Database, log, place, problem));
                }
            }
            findings.extend(check_keys(dir, log, replay.monitor()));
        }
        let (blobs, bytes, content) = check_content(log, &history, replay.monitor());
        findings.extend(
            snapshot
                .into_iter()
                .flat_map(|it| check_pushed(&history, it)),
        );
        findings.extend(content);
        let monitor = replay.monitor();
        let report = LogReport {
            log: log.name(),
            origin: checkpoint.origin.as_str().to_owned(),
            size: checkpoint.size,
            read: monitor.size(),
            root: checkpoint.root.to_string(),
            init: monitor.registry().hash(0).map(|hash| hash.to_string()),
            packages: monitor.packages().count(),
            blobs,
            bytes,
        };
        Ok(Examined { report, findings })
    }
}

/// Checkpoints, and who has seen them.
pub(super) type Known = Vec<(String, Checkpoint)>;

/// What others have seen of a log, and whether that is more than there is.
pub(super) fn known(
    log: LogId,
    basis: &Basis,
    history: &History<'_>,
    notes: &[Vec<u8>],
) -> Result<(Known, Vec<Finding>), CareError> {
    let checkpoint = basis.signed.checkpoint();
    let mut keys = basis.keys.clone();
    if !notes.is_empty() {
        keys.extend(later_keys(history));
    }
    let known = of_log(notes, &checkpoint.origin, &keys)?;
    let known = known
        .into_iter()
        .map(|known| ("a known checkpoint".to_owned(), known));
    let file = basis.file.iter().map(|file| {
        let place = history.layout.checkpoint();
        (format!("`{place}`"), file.checkpoint().clone())
    });
    let mut known: Vec<_> = known.collect();
    let ahead = known
        .iter()
        .filter(|(_, known)| known.size > checkpoint.size);
    let ahead = ahead.map(|(who, known)| {
        let problem = format!(
            "it is of size {}, and this log has {} records: it went back",
            known.size, checkpoint.size
        );
        Finding::new(FindingKind::Fork, log, who, problem)
    });
    let findings = ahead.collect();
    known.extend(file);
    Ok((known, findings))
}

/// Whether there is more of the log than anything here promises: then database and checkpoint went back,
/// both of them.
fn check_end(
    dir: &DataDir,
    log: LogId,
    basis: &Basis,
    history: &History<'_>,
) -> Result<Option<Finding>, CareError> {
    if !basis.promised || !history.reaches_beyond() {
        return Ok(None);
    }
    // A batch is promised before its files are written: one that came meanwhile is known by now.
    let live = Snapshot::live(&dir.database())?;
    if History::now(dir, log, &live)?.size > history.size {
        return Ok(None);
    }
    let problem = format!(
        "there are entries behind the {} records that the database and the checkpoint know: both are older than the log",
        history.size
    );
    let place = history.layout.tiles();
    Ok(Some(Finding::new(FindingKind::Fork, log, place, problem)))
}

/// Compares all tiles with each other, and gives the entry bundles that are damaged.
pub(super) fn check_tree(
    log: LogId,
    history: &History<'_>,
    checkpoint: &Checkpoint,
) -> (BTreeSet<TilePath>, Vec<Finding>) {
    let mut damaged = BTreeMap::new();
    for path in TilePath::tiles(history.size) {
        for damage in check_tile(history, path, &checkpoint.root) {
            damaged.entry(damage.path).or_insert(damage.problem);
        }
    }
    let finding = |(path, problem): (&TilePath, &String)| {
        let kind = path
            .level()
            .map_or(FindingKind::Bundle, |_| FindingKind::Tile);
        Finding::new(kind, log, history.layout.tile(*path), problem)
    };
    let mut findings: Vec<Finding> = damaged.iter().map(finding).collect();
    findings.extend(check_replaced(log, history, &damaged));
    if findings.is_empty()
        && let Err(problem) = check_root(history, &checkpoint.root)
    {
        let place = history.layout.tiles();
        findings.push(Finding::new(FindingKind::Tile, log, place, problem));
    }
    let bundles = damaged.into_keys().filter(|path| path.level().is_none());
    (bundles.collect(), findings)
}

/// Compares partial tiles that a wider one took the place of with what that one begins with: they may
/// still be asked for.
fn check_replaced(
    log: LogId,
    history: &History<'_>,
    damaged: &BTreeMap<TilePath, String>,
) -> Vec<Finding> {
    let mut findings = vec![];
    // Nothing in it fails.
    let _ = for_each_file(history.files, &history.layout.tiles(), &mut |file| {
        let tile = history.layout.is_tile(&file);
        let current = tile.and_then(|tile| Some((tile, tile.at(history.size)?)));
        let Some((tile, current)) = current.filter(|(tile, current)| {
            tile.width() < current.width() && !damaged.contains_key(current)
        }) else {
            return Ok(());
        };
        let wanted = history.begin(current, tile.width());
        if wanted.is_ok_and(|wanted| history.files.read(&file).ok() != Some(wanted)) {
            let kind = tile
                .level()
                .map_or(FindingKind::Bundle, |_| FindingKind::Tile);
            let problem = format!(
                "it is not how `{}` begins, which took its place: run `tenon-registry gc`, which removes it",
                history.layout.tile(current)
            );
            findings.push(Finding::new(kind, log, file, problem));
        }
        Ok(())
    });
    findings
}

/// Reads the content of all releases: how many blobs and bytes, and what is wrong.
fn check_content(log: LogId, history: &History<'_>, monitor: &Monitor) -> (u64, u64, Vec<Finding>) {
    // The size, and a release that needs it, if one does.
    let mut wanted: BTreeMap<[u8; 32], (u64, Option<String>)> = BTreeMap::new();
    for name in monitor.packages() {
        let Some(Ok(package)) = monitor.package(name) else {
            continue;
        };
        for release in package.releases().values() {
            let digest = *release.content.digest.as_bytes();
            let (_, needed) = wanted.entry(digest).or_insert((release.content.size, None));
            if !matches!(release.availability, Availability::TakenDown(_)) {
                *needed = Some(format!("{name}@{}", release.version));
            }
        }
    }
    let (mut blobs, mut bytes, mut findings) = (0, 0, vec![]);
    for (digest, (size, needed)) in wanted {
        let digest = Digest::from(digest);
        let path = history.layout.blob(&digest);
        let Some(needed) = needed else {
            if history.files.kind(&path).is_ok() {
                let problem = "it was taken down, and is there";
                findings.push(Finding::new(FindingKind::TakenDown, log, &path, problem));
            }
            continue;
        };
        let mut find = |problem: String| {
            findings.push(Finding::new(FindingKind::Content, log, &path, problem));
        };
        match examine(history.files, &path, &digest, |_| {}) {
            Content::Right(found) if found == size => {}
            Content::Right(found) => find(format!(
                "it has {found} bytes, and the record of {needed} says {size}"
            )),
            Content::Missing => find(format!("it is missing; {needed} needs it")),
            Content::Unreadable(why) => {
                find(format!("it cannot be read: {why}; {needed} needs it"))
            }
            Content::Other(found, length) => find(format!(
                "its {length} bytes have the digest {found}; {needed} needs it"
            )),
        }
        blobs += 1;
        bytes += size;
    }
    (blobs, bytes, findings)
}

/// Whether the keys are those of the log, all of them, and its secret.
fn check_keys(dir: &DataDir, log: LogId, monitor: &Monitor) -> Vec<Finding> {
    let path = dir.keys(log);
    let mut findings = vec![];
    let mut find = |problem: String| {
        findings.push(Finding::new(
            FindingKind::Keys,
            log,
            path.display(),
            problem,
        ));
    };
    match std::fs::metadata(&path) {
        Err(error) => {
            find(error.to_string());
            return findings;
        }
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            find("others can look into it: run `chmod 700` on it".to_owned());
        }
        Ok(_) => {}
    }
    let loaded = Keys::load(&path);
    let files = Keys::files(&path).and_then(|files| Ok((files, Keys::misnamed(&path)?)));
    let (files, misnamed) = match files {
        Err(error) => {
            find(whole(&error));
            return findings;
        }
        Ok(found) => found,
    };
    for name in misnamed {
        find(format!(
            "`{name}` is not used, since no key is named so: `ingest.key` is the first ingest key, and `ingest-2.key`, `ingest-3.key` and so on are the later ones; remove it, or give it its name"
        ));
    }
    let registry = monitor.registry();
    let by_file = files
        .iter()
        .map(|file| wrong_key(file, &files, log, registry));
    by_file.flatten().for_each(&mut find);
    let ingest = files.iter().filter(|file| file.role == Role::Ingest);
    let lost = lost_ingest(registry).filter(|_| {
        let mut known = ingest.map(|file| of_file(file, registry));
        known.all(|known| known.is_some_and(|key| key.removed.is_some()))
    });
    match loaded {
        // Which one it is, is said below.
        Err(KeysError::NoIngest(_)) if lost.is_some() => {}
        Err(error) => find(whole(&error)),
        Ok(_) => {}
    }
    if let Some((name, vkey)) = lost {
        find(format!(
            "`{name}` is missing, which is `{vkey}`: put it back from a backup"
        ));
    }
    findings
}

/// What the log knows of the key in a file.
fn of_file<'a>(file: &KeyFile, registry: &'a RegistryChain) -> Option<&'a OperatorKey> {
    let mut known = registry.keys().iter();
    known.find(|key| key.role == file.role && key.vkey == file.vkey)
}

/// What is wrong with the key in a file. Of what a command left that was interrupted, that it is to be run again.
fn wrong_key(
    file: &KeyFile,
    all: &[KeyFile],
    log: LogId,
    registry: &RegistryChain,
) -> Option<String> {
    let KeyFile { name, role, vkey } = file;
    let key = match log {
        LogId::Public => "tenon-registry key",
        LogId::Private => "tenon-registry key --private",
    };
    let known = of_file(file, registry);
    if known.is_some_and(|known| known.removed.is_none()) {
        return None;
    }
    let is_active = |file: &KeyFile| registry.active(file.role).any(|key| *key == file.vkey);
    let other = || all.iter().find(|it| it.role == *role && it.name != *name);
    let is_own = |called: String| vkey.name().as_str() == called;
    let origin = registry.origin();
    let ever = registry.keys().iter().filter(|key| key.role == *role);
    // As `key rotate` would name the next one.
    let next = (ever.count() + 1).max(2);
    Some(match (role, known) {
        (Role::Ingest, Some(_)) => format!(
            "the log has removed the key in `{name}`, and the file is still there: run `{key} remove ingest {vkey}` again, which removes it"
        ),
        (Role::Log, Some(_)) if other().is_some_and(is_active) => format!(
            "the log has removed the key in `{name}`, and the file is still there: run `{key} finish` again, which puts the new one in its place"
        ),
        (Role::Ingest, None)
            if *name == format!("ingest-{next}.key")
                && is_own(format!("{origin}/ingest-{next}")) =>
        {
            format!(
                "the log does not know the key in `{name}` yet: run `{key} rotate ingest` again, which takes it"
            )
        }
        (Role::Log, None) if other().is_some_and(is_active) && is_own(origin.to_string()) => {
            format!(
                "the log does not know the key in `{name}` yet: run `{key} rotate` again, which takes it"
            )
        }
        (_, Some(_)) => format!("`{name}` is no {role} key of this log any more: it was removed"),
        (_, None) => format!("`{name}` is no {role} key of this log"),
    })
}

/// The newest ingest key that the log has and that this program made, and its file.
fn lost_ingest(registry: &RegistryChain) -> Option<(String, &Vkey)> {
    let own = registry.active(Role::Ingest).filter_map(|vkey| {
        let name = ingest_file_name(registry.origin(), vkey)?;
        Some((name, vkey))
    });
    own.last()
}
