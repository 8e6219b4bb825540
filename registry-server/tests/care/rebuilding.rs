//! Databases that are lost, damaged or old, and made again.

use crate::fixture::{Fixture, content, copy, upload};
use crate::support::{Publisher, Registry};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::{Checkpoint, Hash};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::Content;
use tenon_registry_server::care::{
    CareError, DataDir, Describe, RebuildOptions, RebuildReport, rebuild,
};

fn made_again(fixture: &Fixture, options: &RebuildOptions<'_>) -> Result<RebuildReport, CareError> {
    rebuild(&DataDir::lock(fixture.path()).unwrap(), options)
}

/// It is made again, nothing is wrong then, and the log goes on where it was.
async fn check(
    fixture: &Fixture,
    options: &RebuildOptions<'_>,
    expected: &Checkpoint,
) -> RebuildReport {
    let tiles: Vec<_> = fixture.tiles();
    let report = made_again(fixture, options).unwrap();
    assert_eq!(fixture.fsck().findings, []);
    assert!(tiles.iter().all(|tile| fixture.file(tile).exists()));
    let registry = Registry::open(fixture.path());
    assert_eq!(registry.log.published().checkpoint, *expected);
    let mut late = Publisher::new(registry.log.origin(), "late", 55);
    late.settle(&registry.log).await;
    registry.log.close().await;
    drop(registry);
    assert_eq!(fixture.fsck().findings, []);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_missing_or_damaged_is_made_again() {
    let fixture = Fixture::new();
    let expected = fixture.checkpoint();
    fs::remove_file(fixture.file("registry.sqlite")).unwrap();
    let report = check(&fixture, &RebuildOptions::default(), &expected).await;
    assert_eq!(report.old, None);
    assert!(report.to_string().contains("may be lost"), "{report}");

    for damage in [0..16, 4096..16_384] {
        let fixture = Fixture::new();
        let path = fixture.file("registry.sqlite");
        let mut bytes = fs::read(&path).unwrap();
        bytes[damage].fill(0x5a);
        fs::write(&path, &bytes).unwrap();
        let report = check(&fixture, &RebuildOptions::default(), &expected).await;
        let old = report.old.unwrap();
        assert_eq!(fs::read(&old).unwrap(), bytes);
        assert_eq!(old, fixture.file("registry.sqlite.old"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_database_gives_what_only_it_has() {
    let fixture = Fixture::new();
    fixture.sql("INSERT INTO scrub VALUES (0, 'somewhere', 7)");
    let path = fixture.file("registry.sqlite");
    let old = fs::read(&path).unwrap();
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.settle(&registry.log).await;
    registry.log.close().await;
    drop(registry);
    let expected = fixture.checkpoint();
    fs::write(&path, old).unwrap();
    let refused = Registry::try_open(&crate::support::source(fixture.path()));
    assert!(
        refused
            .err()
            .unwrap()
            .to_string()
            .contains("older than the log")
    );
    let report = check(&fixture, &RebuildOptions::default(), &expected).await;
    assert!(report.kept.iter().any(|table| table == "scrub"));
    assert!(report.kept.iter().any(|table| table == "token"));
    let database = Connection::open(path).unwrap();
    let kept = database.query_row("SELECT blob, tile FROM scrub", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    });
    assert_eq!(kept.unwrap(), ("somewhere".to_owned(), 7));
}

/// What a power failure leaves at worst: the database has a batch of which nothing else is on the disk.
/// None if the batch was settled before it was copied, half a second later.
async fn power_failure() -> Option<(Fixture, Checkpoint)> {
    let fixture = Fixture::new();
    let before = tempfile::tempdir().unwrap();
    copy(&fixture.file("log"), before.path());
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.submit(&registry.log, zeta.create()).await.unwrap();
    let promised = registry.log.published().checkpoint.clone();
    let snapshot = fixture.file("snapshot");
    fixture.sql(&format!("VACUUM INTO '{}'", snapshot.display()));
    registry.log.close().await;
    drop(registry);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(fixture.file(&format!("registry.sqlite{suffix}")));
    }
    fs::rename(snapshot, fixture.file("registry.sqlite")).unwrap();
    let database = Connection::open(fixture.file("registry.sqlite")).unwrap();
    let staged: i64 = database
        .query_row("SELECT count(*) FROM staged", [], |row| row.get(0))
        .unwrap();
    if staged == 0 {
        return None;
    }
    fs::remove_dir_all(fixture.file("log")).unwrap();
    copy(before.path(), &fixture.file("log"));
    Some((fixture, promised))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_database_has_is_written_to_the_log_first() {
    let mut left = None;
    while left.is_none() {
        left = power_failure().await;
    }
    let (fixture, promised) = left.unwrap();
    assert_ne!(fixture.checkpoint(), promised);
    assert_eq!(fixture.fsck().findings, []);
    fixture.sql("DELETE FROM chain");
    check(&fixture, &RebuildOptions::default(), &promised).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_may_have_been_longer_is_not_made_the_truth() {
    let fixture = Fixture::new();
    let note = fs::read(fixture.file("log/checkpoint")).unwrap();
    let expected = fixture.checkpoint();
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.submit(&registry.log, zeta.create()).await.unwrap();
    registry.log.close().await;
    drop(registry);
    let later = fs::read(fixture.file("log/checkpoint")).unwrap();
    fs::write(fixture.file("log/checkpoint"), note).unwrap();
    fs::remove_file(fixture.file("registry.sqlite")).unwrap();
    let refused = made_again(&fixture, &RebuildOptions::default()).unwrap_err();
    assert!(
        refused.to_string().contains("there are entries behind"),
        "{refused}"
    );
    let mut options = RebuildOptions {
        unpublished: true,
        known: vec![later],
        ..RebuildOptions::default()
    };
    let refused = made_again(&fixture, &options).unwrap_err();
    assert!(refused.to_string().contains("it went back"), "{refused}");
    assert!(!fixture.file("registry.sqlite").exists());
    options.known.clear();
    made_again(&fixture, &options).unwrap();
    assert!(fs::read_dir(fixture.file("quarantine")).unwrap().count() >= 2);
    check(&fixture, &RebuildOptions::default(), &expected).await;
}

#[test]
fn nothing_is_made_of_a_log_that_is_damaged() {
    let fixture = Fixture::new();
    let database = fs::read(fixture.file("registry.sqlite")).unwrap();
    let tiles = fixture.tiles();
    for file in ["log/tile/entries/000", "log/tile/0/000"]
        .into_iter()
        .chain([tiles.last().unwrap().as_str()])
    {
        let path = fixture.file(file);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let refused = made_again(&fixture, &RebuildOptions::default()).unwrap_err();
        let CareError::Damaged { findings, .. } = &refused else {
            panic!("{refused}")
        };
        assert!(
            findings.iter().any(|finding| finding.place == *file),
            "{findings:?}"
        );
        fs::write(path, good).unwrap();
    }
    let root = Hash::ZERO;
    let said = fixture.checkpoint();
    let fork = fixture.note(&Checkpoint {
        root,
        size: 3,
        ..said
    });
    let known = vec![fork];
    let options = RebuildOptions {
        known,
        ..RebuildOptions::default()
    };
    let refused = made_again(&fixture, &options).unwrap_err();
    assert!(refused.to_string().contains("at size 3"), "{refused}");
    assert_eq!(fs::read(fixture.file("registry.sqlite")).unwrap(), database);
    assert!(!fixture.file("registry.sqlite.old").exists());
}

#[derive(Default)]
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl Describe for Counting {
    fn describe(
        &self,
        path: &Path,
        content: &Content,
        package: &PackageName,
        version: &Version,
    ) -> Result<World, String> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(fs::read(path).unwrap().len() as u64, content.size);
        self.seen
            .lock()
            .unwrap()
            .push(format!("{package}@{version}"));
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(World::default())
    }
}

#[test]
fn content_is_described_again_a_few_at_a_time() {
    let fixture = Fixture::new();
    upload(fixture.path(), &content("app", "1.0.0"));
    let counting = Counting::default();
    let options = RebuildOptions {
        describe: Some((&counting, 3)),
        ..RebuildOptions::default()
    };
    let report = made_again(&fixture, &options).unwrap();
    let mut seen = counting.seen.into_inner().unwrap();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 288);
    assert_eq!(counting.most.into_inner(), 3);
    // Of what was taken down there is nothing to describe.
    assert_eq!(report.warnings.len(), 1, "{report}");
    assert!(report.warnings[0].contains("is not there"), "{report}");
}
