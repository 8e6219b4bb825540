//! What is written early is lost in a power loss unless something durable was written after it, and never without
//! what came after it: the real SQLite, whose disk loses power at every point, whichever of the two
//! connections checkpoints, and whoever reads meanwhile.
//!
//! `CRASH_STATES` says how many times as much of that is tried.

use crate::sqlite::{Left, Point, Random, Recorded};
use rusqlite::{Connection, Transaction, params};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tempfile::TempDir;
use tenon_registry_server::store::database::Database;

/// About how many states are tried at a point.
const STATES: usize = 8;

/// A database, each of whose rows has the number of the transaction that wrote it.
struct Numbered {
    dir: TempDir,
    recorded: Recorded,
    database: Option<Database>,
}

impl Numbered {
    fn new() -> Numbered {
        let dir = crate::watch::scratch();
        let path = dir.path().join("registry.sqlite");
        let recorded = Recorded::of(&path);
        let database = Some(Database::open(&path).unwrap());
        Numbered {
            dir,
            recorded,
            database,
        }
    }

    /// After how many pages of the log the connections write them to where they belong: the durable one, and the early one.
    fn checkpoint_after(self, durable: u32, early: u32) -> Numbered {
        let set = |pages| {
            move |tx: &Transaction<'_>| {
                tx.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(()))
            }
        };
        self.database().write(set(durable)).unwrap();
        self.database().write_early(set(early)).unwrap();
        self
    }

    fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    fn write(&self) {
        let written = self.database().write(durable).unwrap();
        self.recorded.promise(written);
    }

    fn write_early(&self) {
        self.database().write_early(early).unwrap();
    }

    /// Closes it, which ends the write-ahead log, and opens it again.
    fn reopen(&mut self) {
        self.database = None;
        self.database = Some(Database::open(&self.dir.path().join("registry.sqlite")).unwrap());
    }

    /// Somebody who reads, and so keeps the log from being written over.
    fn reader(&self) -> Connection {
        let reader = Connection::open(self.dir.path().join("registry.sqlite")).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        numbers(&reader);
        reader
    }

    /// Has the power fail at every point; says in how many states something early was lost.
    fn crash(self, name: &str) -> usize {
        let begun = Instant::now();
        let points = self.recorded.points();
        let (next, states) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let lost = AtomicUsize::new(0);
        let all = numbers(&Connection::open(self.dir.path().join("registry.sqlite")).unwrap());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(point) = points.get(at) else {
                            return;
                        };
                        let about = STATES * crate::number("CRASH_STATES", 1);
                        for left in point.left_by_power_loss(about, at as u64) {
                            let found = recover(&left, point);
                            states.fetch_add(1, Ordering::Relaxed);
                            lost.fetch_add(usize::from(found < all.len()), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let (states, lost) = (states.into_inner(), lost.into_inner());
        println!(
            "{name}: {} transactions, {} points, {states} states, {lost} without the last, {:.1?}",
            all.len(),
            points.len(),
            begun.elapsed()
        );
        assert!(lost > 0);
        lost
    }
}

/// Opens what is left; the number of transactions that are in it.
fn recover(left: &Left, point: &Point) -> usize {
    let dir = crate::watch::scratch();
    for (name, bytes) in left {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let database = Database::open(&dir.path().join("registry.sqlite")).unwrap();
    let check = |tx: &Transaction<'_>| {
        let text: String = tx.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        assert_eq!(text, "ok");
        Ok::<_, rusqlite::Error>(numbers(tx))
    };
    let found = database.read(check).unwrap();
    // One that is there has all before it.
    assert!(
        found.iter().copied().eq(0..found.len()),
        "{found:?}, {:?} promised",
        point.promised
    );
    let promised = point.promised.map_or(0, |last| last + 1);
    assert!(
        found.len() >= promised,
        "{found:?}, all up to {promised} promised"
    );
    assert_eq!(database.write(durable).unwrap(), found.len());
    found.len()
}

/// Which transactions are in a database.
fn numbers(connection: &Connection) -> Vec<usize> {
    let select = "SELECT CAST(package AS INTEGER) FROM oci_release
        UNION ALL SELECT CAST(name AS INTEGER) FROM oci_repository ORDER BY 1";
    let mut select = connection.prepare(select).unwrap();
    let rows = select
        .query_map([], |row| row.get::<_, i64>(0).map(|number| number as usize))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn durable(tx: &Transaction<'_>) -> rusqlite::Result<usize> {
    let number = numbers(tx).len();
    let insert = "INSERT INTO oci_repository (log, name) VALUES (0, ?1)";
    tx.execute(insert, [number.to_string()])?;
    Ok(number)
}

/// Writes several pages, of which some are of no other use.
fn early(tx: &Transaction<'_>) -> rusqlite::Result<usize> {
    let number = numbers(tx).len();
    let (digest, manifest) = (number.to_string(), vec![number as u8; 6_000]);
    tx.execute(
        "INSERT INTO oci_release VALUES (0, ?1, x'00', x'00', 1, ?1, '', ?2, ?1, x'')",
        params![digest, manifest],
    )?;
    Ok(number)
}

/// Writes in turns that look random, and opens it again in the middle.
fn tell(mut it: Numbered, seed: u64) -> Numbered {
    let mut random = Random(seed);
    for number in 0..14 {
        match random.below(5) < 3 {
            true => it.write_early(),
            false => it.write(),
        }
        if number == 8 {
            it.reopen();
            // The first of a new log.
            it.write_early();
        }
    }
    it
}

#[test]
fn a_durable_write_brings_what_was_written_early_before_it() {
    let it = Numbered::new();
    it.write_early();
    it.write();
    it.write_early();
    it.write_early();
    it.write();
    it.write_early();
    let early_only = it.recorded.points().pop().unwrap();
    assert_eq!(early_only.promised, Some(4));
    let synced = it.recorded.synced().unwrap();
    assert_eq!(recover(&synced, &early_only), 5);
    it.crash("in turns");
}

#[test]
fn what_is_lost_is_lost_from_the_end_whoever_checkpoints() {
    for (durable, early) in [(0, 0), (3, 0), (0, 3), (3, 3), (8, 8)] {
        let name = format!("checkpoints after {durable} and {early} pages");
        let it = Numbered::new().checkpoint_after(durable, early);
        tell(it, u64::from(durable * 10 + early)).crash(&name);
    }
}

#[test]
fn what_is_lost_is_lost_from_the_end_while_somebody_reads() {
    let it = Numbered::new().checkpoint_after(3, 3);
    it.write();
    it.write_early();
    // Checkpoints go no further than this, and then all the way.
    let reader = it.reader();
    (0..3).for_each(|_| it.write_early());
    it.write();
    it.write_early();
    drop(reader);
    (0..2).for_each(|_| it.write_early());
    it.write();
    it.write_early();
    it.crash("somebody reads");
}

#[test]
fn what_is_lost_is_lost_from_the_end_of_two_that_write_at_once() {
    let it = Numbered::new().checkpoint_after(6, 6);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..8).for_each(|_| it.write()));
        scope.spawn(|| (0..8).for_each(|_| it.write_early()));
    });
    it.write_early();
    it.crash("two at once");
}

/// A copy of the real files, with nothing of what was done to them: the recording has all of it.
#[test]
fn a_recording_ends_with_what_is_on_the_disk() {
    let it = tell(Numbered::new().checkpoint_after(3, 3), 7);
    let end = it.recorded.points().pop().unwrap();
    let whole = end.left_by_power_loss(0, 0).swap_remove(0);
    for (name, bytes) in whole {
        let path: &Path = it.dir.path();
        assert!(std::fs::read(path.join(&name)).unwrap() == bytes, "{name}");
    }
}
