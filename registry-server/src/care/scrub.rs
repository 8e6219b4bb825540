//! Reading everything again from time to time, so that damage is found before a client asks for it.

use super::content::{Content, examine};
use super::data_dir::DataDir;
use super::finding::{Finding, FindingKind};
use super::gc::{digest_of, for_each_file};
use super::history::History;
use super::snapshot::Snapshot;
use super::tree::check_tile;
use super::{CareError, io_error};
use crate::log::{Layout, LogId};
use crate::store::database::Database;
use crate::store::{FilePath, durable};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::log::{Hash, TilePath};

/// After how many bytes the place is kept.
const KEEP_AFTER: u64 = 64 << 20;

/// How fast to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// As fast as the disk can if there is no limit.
    pub bytes_per_second: Option<u64>,
}

/// What was done since the process started. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct ScrubCounts(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    rounds: AtomicU64,
    blobs: AtomicU64,
    tiles: AtomicU64,
    bytes: AtomicU64,
    damaged_blobs: AtomicU64,
    damaged_tiles: AtomicU64,
}

/// Reads blobs and tiles again.
#[derive(Clone, Debug)]
pub struct Scrub {
    dir: DataDir,
    database: Arc<Database>,
    counts: ScrubCounts,
}

/// What one call came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScrubReport {
    /// Blobs that were read.
    pub blobs: u64,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is damaged. Such content was moved to `quarantine`.
    pub findings: Vec<Finding>,
    /// Whether it came to the end; else it goes on from here the next time.
    pub finished: bool,
}

impl fmt::Display for ScrubReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "damaged: {finding}")?;
            writeln!(f, "  to do: {}", finding.kind.advice())?;
        }
        let so_far = if self.finished {
            ""
        } else {
            ", and there is more to read"
        };
        writeln!(
            f,
            "{} blobs and {} tiles of {} bytes read, {} damaged{so_far}",
            self.blobs,
            self.tiles,
            self.bytes,
            self.findings.len()
        )
    }
}

impl ScrubReport {
    /// 0 if nothing is damaged, else that of the gravest finding.
    pub fn exit_code(&self) -> u8 {
        let gravest = self.findings.iter().map(|finding| finding.kind).min();
        gravest.map_or(0, FindingKind::exit_code)
    }
}

impl ScrubCounts {
    /// How often everything was read.
    pub fn rounds(&self) -> u64 {
        self.0.rounds.load(Ordering::Relaxed)
    }

    /// Blobs that were read.
    pub fn blobs(&self) -> u64 {
        self.0.blobs.load(Ordering::Relaxed)
    }

    /// Tiles that were compared.
    pub fn tiles(&self) -> u64 {
        self.0.tiles.load(Ordering::Relaxed)
    }

    /// Bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Blobs that were put into quarantine.
    pub fn damaged_blobs(&self) -> u64 {
        self.0.damaged_blobs.load(Ordering::Relaxed)
    }

    /// Tiles and entry bundles that were found damaged.
    pub fn damaged_tiles(&self) -> u64 {
        self.0.damaged_tiles.load(Ordering::Relaxed)
    }
}

impl Scrub {
    /// Of the registry that runs in this process, or of a directory that is
    /// [locked](DataDir::lock).
    pub fn new(dir: DataDir, database: Arc<Database>) -> Scrub {
        let counts = ScrubCounts::default();
        Scrub {
            dir,
            database,
            counts,
        }
    }

    /// What was done so far.
    pub fn counts(&self) -> &ScrubCounts {
        &self.counts
    }

    /// Reads everything once, from where the last call was stopped. Content that is not what its name
    /// says, read twice, is moved to the directory `quarantine`, so that it is not served; damaged
    /// tiles stay, since clients refuse them and the log's writer needs to see them. It blocks, with
    /// pauses that keep the pace, until it is done or `stop` says so.
    ///
    /// # Errors
    ///
    /// The database cannot be used, or content cannot be moved. Files that cannot be read are findings.
    pub fn run(&self, pace: &Pace, stop: &AtomicBool) -> Result<ScrubReport, CareError> {
        let mut round = Round {
            scrub: self,
            pace,
            stop,
            begun: Instant::now(),
            kept: 0,
            report: ScrubReport::default(),
        };
        for log in self.dir.logs() {
            if !(round.blobs(log)? && round.tiles(log)?) {
                return Ok(round.report);
            }
        }
        for log in self.dir.logs() {
            self.keep(log, &Position::default())?;
        }
        round.report.finished = true;
        self.counts.0.rounds.fetch_add(1, Ordering::Relaxed);
        Ok(round.report)
    }

    fn position(&self, log: LogId) -> Result<Position, CareError> {
        let sql = "SELECT blob, tile FROM scrub WHERE log = ?1";
        let position = self.database.read(|tx| {
            let row = tx.query_row(sql, params![log.number()], |row| {
                Ok(Position {
                    blob: row.get(0)?,
                    tile: row.get::<_, i64>(1)?.cast_unsigned(),
                })
            });
            row.optional()
        });
        Ok(position.map_err(CareError::Sqlite)?.unwrap_or_default())
    }

    fn keep(&self, log: LogId, position: &Position) -> Result<(), CareError> {
        let sql = "INSERT OR REPLACE INTO scrub (log, blob, tile) VALUES (?1, ?2, ?3)";
        let tile = position.tile.cast_signed();
        let kept = self.database.write(|tx| {
            tx.execute(sql, params![log.number(), position.blob, tile])
                .map(|_| ())
        });
        kept.map_err(CareError::Sqlite)
    }
}

/// How far one log was read: blobs are read before tiles.
#[derive(Clone, Debug, Default)]
struct Position {
    /// The blob that was read last; empty at first, `~` behind all of them.
    blob: String,
    /// The tile of level 0 that is next.
    tile: u64,
}

/// Behind the path of every blob.
const AFTER_BLOBS: &str = "~";

struct Round<'a> {
    scrub: &'a Scrub,
    pace: &'a Pace,
    stop: &'a AtomicBool,
    begun: Instant,
    /// Bytes that were read when the place was kept last.
    kept: u64,
    report: ScrubReport,
}

impl Round<'_> {
    /// Reads the blobs of a log; whether all of them were.
    fn blobs(&mut self, log: LogId) -> Result<bool, CareError> {
        let mut position = self.scrub.position(log)?;
        let dir = self.scrub.dir.clone();
        let files = &**dir.files();
        let mut stopped = false;
        for_each_file(files, &Layout::of(log).blobs(), &mut |path| {
            let digest =
                digest_of(&path).filter(|_| !stopped && path.as_str() > position.blob.as_str());
            let Some(digest) = digest else {
                return Ok(());
            };
            self.blob(log, &path, &digest)?;
            position.blob = path.to_string();
            stopped = self.stop.load(Ordering::Relaxed);
            if stopped || self.report.bytes - self.kept > KEEP_AFTER {
                self.kept = self.report.bytes;
                self.scrub.keep(log, &position)?;
            }
            Ok(())
        })?;
        if !stopped && position.blob != AFTER_BLOBS {
            position.blob = AFTER_BLOBS.to_owned();
            self.scrub.keep(log, &position)?;
        }
        Ok(!stopped)
    }

    fn blob(&mut self, log: LogId, path: &FilePath, digest: &Digest) -> Result<(), CareError> {
        let dir = self.scrub.dir.clone();
        let files = dir.files();
        let counts = &self.scrub.counts.0;
        let mut found = examine(&**files, path, digest, |bytes| self.read(bytes));
        if matches!(found, Content::Other(..)) {
            // What was read wrongly once may be right on the disk.
            found = examine(&**files, path, digest, |bytes| self.read(bytes));
        }
        let problem = match found {
            Content::Right(_) => None,
            // It was removed meanwhile.
            Content::Missing => return Ok(()),
            Content::Unreadable(why) => Some(format!("it cannot be read: {why}")),
            Content::Other(found, size) => {
                let quarantine = Layout::of(log).quarantine();
                let to = quarantine.join(&digest.hex()).unwrap_or(quarantine.clone());
                durable::create_dirs(&**files, &quarantine)?;
                let moved = files.rename(path, &to);
                moved.map_err(io_error(
                    "move to quarantine",
                    &dir.path().join(path.as_str()),
                ))?;
                for changed in path.parent().iter().chain([&quarantine]) {
                    durable::sync_dir(&**files, changed)?;
                }
                counts.damaged_blobs.fetch_add(1, Ordering::Relaxed);
                Some(format!(
                    "its {size} bytes have the digest {found}: it was moved to `{to}`"
                ))
            }
        };
        let finding = |problem| Finding::new(FindingKind::Content, log, path, problem);
        self.report.findings.extend(problem.map(finding));
        self.report.blobs += 1;
        counts.blobs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Compares the tiles of a log; whether all of them were.
    fn tiles(&mut self, log: LogId) -> Result<bool, CareError> {
        let mut position = self.scrub.position(log)?;
        let dir = self.scrub.dir.clone();
        let live = Snapshot::live(&dir.database())?;
        let history = History::now(&dir, log, &live)?;
        let Some(root) = history.root else {
            return Ok(true);
        };
        let mut damaged = BTreeSet::new();
        let mut finished = true;
        for path in TilePath::tiles(history.size) {
            if path.level() == Some(0) && path.index() < position.tile {
                continue;
            }
            self.tile(&history, path, &root, &mut damaged);
            if path.level() == Some(0) {
                position.tile = path.index() + 1;
            }
            let stopped = self.stop.load(Ordering::Relaxed);
            if stopped || self.report.bytes - self.kept > KEEP_AFTER {
                self.kept = self.report.bytes;
                self.scrub.keep(log, &position)?;
            }
            if stopped {
                finished = false;
                break;
            }
        }
        let counts = &self.scrub.counts.0;
        counts
            .damaged_tiles
            .fetch_add(damaged.len() as u64, Ordering::Relaxed);
        self.report.findings.extend(damaged);
        Ok(finished)
    }

    fn tile(
        &mut self,
        history: &History<'_>,
        path: TilePath,
        root: &Hash,
        damaged: &mut BTreeSet<Finding>,
    ) {
        let before = history.bytes_read();
        for damage in check_tile(history, path, root) {
            let kind = match damage.path.level() {
                None => FindingKind::Bundle,
                Some(_) => FindingKind::Tile,
            };
            let place = history.layout.tile(damage.path);
            damaged.insert(Finding::new(kind, history.log, place, damage.problem));
        }
        self.report.tiles += 1;
        self.scrub.counts.0.tiles.fetch_add(1, Ordering::Relaxed);
        self.read(history.bytes_read() - before);
    }

    /// Counts bytes, and waits until as much time has passed as they should take.
    fn read(&mut self, bytes: u64) {
        self.report.bytes += bytes;
        self.scrub
            .counts
            .0
            .bytes
            .fetch_add(bytes, Ordering::Relaxed);
        let Some(rate) = self.pace.bytes_per_second.filter(|rate| *rate > 0) else {
            return;
        };
        let due = Duration::from_secs_f64(self.report.bytes as f64 / rate as f64);
        while let Some(rest) = due.checked_sub(self.begun.elapsed()) {
            if rest.is_zero() || self.stop.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(rest.min(Duration::from_millis(100)));
        }
    }
}
