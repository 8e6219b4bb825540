//! `gc` and `scrub`.

use crate::fixture::{Fixture, blob, content, says, upload};
use crate::support::{Publisher, Registry, source};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tenon_registry_client::Digest;
use tenon_registry_server::care::{
    BackupOptions, Claims, DataDir, FindingKind, FsckOptions, GcOptions, Pace, Scrub, backup, fsck,
    gc, restore,
};
use tenon_registry_server::store::database::Database;

fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3_600);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(then)
        .unwrap();
}

#[test]
fn only_what_is_old_and_unnamed_or_taken_down_is_removed() {
    let fixture = Fixture::new();
    let old = upload(fixture.path(), b"old");
    let new = upload(fixture.path(), b"new");
    let claimed = upload(fixture.path(), b"claimed");
    let down = upload(fixture.path(), &content("gone", "1.0.0"));
    let named = fixture.file(&blob(&content("app", "1.2.3")));
    let foreign = old.with_file_name("README");
    fs::write(&foreign, "a name that is no digest").unwrap();
    for path in [&old, &claimed, &named, &foreign] {
        age(path, 25);
    }
    age(&new, 23);
    let claims = Claims::default();
    let claim = claims.claim(Digest::of(b"claimed"));
    let mut options = GcOptions {
        dry_run: true,
        ..GcOptions::default()
    };
    let collect = |options: &GcOptions| {
        gc(&DataDir::lock(fixture.path()).unwrap(), options, &claims).unwrap()
    };
    let planned = collect(&options);
    assert!(old.exists() && down.exists());
    options.dry_run = false;
    let done = collect(&options);
    assert_eq!(
        (&planned.unnamed, &planned.taken_down),
        (&done.unnamed, &done.taken_down)
    );
    assert_eq!(done.unnamed, [blob(b"old")]);
    assert_eq!(done.taken_down, [blob(&content("gone", "1.0.0"))]);
    assert_eq!(
        (done.left, done.bytes),
        (2, 3 + content("gone", "1.0.0").len() as u64)
    );
    assert!(!old.exists() && !down.exists());
    assert!(new.exists() && claimed.exists() && named.exists() && foreign.exists());
    drop(claim);
    assert_eq!(collect(&options).unnamed, [blob(b"claimed")]);
    assert_eq!(fixture.fsck().findings, []);
}

#[test]
fn what_was_taken_down_and_is_there_is_to_be_removed_and_not_put_back() {
    let fixture = Fixture::new();
    let gone = content("gone", "1.0.0");
    let digest = Digest::of(&gone);
    // A repository that holds it makes no difference.
    let hex: String = digest
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    fixture.sql(&format!(
        "INSERT INTO oci_repository VALUES (1, 0, 'holder');
         INSERT INTO oci_blob VALUES (1, '{digest}', x'{hex}', {}, 0)",
        gone.len()
    ));
    assert_eq!(fixture.fsck().findings, []);
    let file = upload(fixture.path(), &gone);
    for bytes in [&gone[..], b"damaged"] {
        fs::write(&file, bytes).unwrap();
        let report = fixture.fsck();
        let [finding] = &report.findings[..] else {
            panic!("{report}");
        };
        assert_eq!(finding.kind, FindingKind::TakenDown);
        assert_eq!(finding.place, blob(&gone));
        let said = report.to_string();
        assert!(said.contains("to do: run `tenon-registry gc`"), "{said}");
        assert!(!said.contains("put the file back"), "{said}");
        assert_eq!(report.exit_code(), 15);
    }
    fs::write(&file, &gone).unwrap();
    // A copy of it is no reason not to restore.
    let temp = tempfile::tempdir().unwrap();
    let (copy, restored) = (temp.path().join("copy"), temp.path().join("restored"));
    let dir = DataDir::lock(fixture.path()).unwrap();
    backup(&dir, &copy, &BackupOptions::default()).unwrap();
    let report = restore(&copy, &restored, &[]).unwrap();
    assert_eq!(report.fsck.exit_code(), 15);
    let done = gc(&dir, &GcOptions::default(), &Claims::default()).unwrap();
    assert_eq!(done.taken_down, [blob(&gone)]);
    drop(dir);
    assert_eq!(fixture.fsck().findings, []);
}

#[test]
fn partial_tiles_go_when_a_wider_one_is_there() {
    let fixture = Fixture::new();
    let replaced = |file: &String| file.contains("/000.p/") && !file.contains("tile/1/");
    // As a process leaves them that died before it removed them.
    for file in ["log/tile/0/000.p/7", "log/tile/entries/000.p/7"] {
        fs::create_dir_all(fixture.file(file).parent().unwrap()).unwrap();
        fs::write(fixture.file(file), b"anything").unwrap();
    }
    let before: Vec<_> = fixture.tiles().into_iter().filter(replaced).collect();
    assert_eq!(before.len(), 2);
    let collect = || {
        gc(
            &DataDir::lock(fixture.path()).unwrap(),
            &GcOptions::default(),
            &Claims::default(),
        )
        .unwrap()
    };
    assert_eq!(collect().partial_tiles, before.len() as u64);
    assert_eq!(
        fixture.tiles().iter().filter(|file| replaced(file)).count(),
        0
    );
    assert_eq!(collect().partial_tiles, 0);
    assert_eq!(fixture.fsck().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_released_while_it_is_collected_stays() {
    let fixture = Fixture::new();
    let source = source(fixture.path());
    let registry = Registry::try_open(&source).unwrap();
    let dir = DataDir::of(fixture.path(), source.files.clone());
    let claims = Claims::default();
    let stop = Arc::new(AtomicBool::new(false));
    let removed = Arc::new(AtomicUsize::new(0));
    let collector = std::thread::spawn({
        let (dir, claims, stop, removed) =
            (dir.clone(), claims.clone(), stop.clone(), removed.clone());
        move || {
            // Nothing is too new, so that only claims protect.
            let options = GcOptions {
                min_age: Duration::ZERO,
                dry_run: false,
            };
            while !stop.load(Ordering::Relaxed) {
                let report = gc(&dir, &options, &claims).unwrap();
                removed.fetch_add(report.unnamed.len(), Ordering::Relaxed);
            }
        }
    });
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.settle(&registry.log).await;
    let mut again = 0;
    for patch in 0..60 {
        let version = format!("1.0.{patch}");
        let bytes = content("zip", &version);
        upload(fixture.path(), &bytes);
        tokio::time::sleep(Duration::from_millis(patch % 4 * 10)).await;
        let claim = claims.claim(Digest::of(&bytes));
        if !fixture.file(&blob(&bytes)).exists() {
            again += 1;
            upload(fixture.path(), &bytes);
        }
        zeta.submit(&registry.log, zeta.release("zip", &version))
            .await
            .unwrap();
        drop(claim);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.store(true, Ordering::Relaxed);
    collector.join().unwrap();
    registry.log.close().await;
    // Some were removed before they were claimed, so there was a race; none that a record names.
    assert!(
        again > 0 && removed.load(Ordering::Relaxed) >= again,
        "{again}"
    );
    assert_eq!(fsck(&dir, &FsckOptions::default()).unwrap().findings, []);
}

#[test]
fn damaged_content_is_served_no_more_and_damaged_tiles_are_told() {
    let fixture = Fixture::new();
    let bytes = content("app", "1.3.7");
    let path = fixture.file(&blob(&bytes));
    fs::write(&path, b"app 1.3.8").unwrap();
    let tile = fixture.file("log/tile/entries/000");
    let mut leaves = fs::read(&tile).unwrap();
    leaves[1000] ^= 1;
    fs::write(&tile, leaves).unwrap();
    let dir = DataDir::lock(fixture.path()).unwrap();
    let database = Arc::new(Database::open(&dir.database()).unwrap());
    let scrub = Scrub::new(dir, database);
    let report = scrub
        .run(&Pace::default(), &AtomicBool::new(false))
        .unwrap();
    assert!(
        says(&report.findings, FindingKind::Content, &blob(&bytes)),
        "{report}"
    );
    assert!(
        says(
            &report.findings,
            FindingKind::Bundle,
            "log/tile/entries/000"
        ),
        "{report}"
    );
    assert_eq!(
        (report.findings.len(), report.finished, report.blobs),
        (2, true, 96)
    );
    assert_eq!(report.exit_code(), 11);
    assert!(!path.exists());
    let quarantined = fixture.file(&format!("quarantine/{}", Digest::of(&bytes).hex()));
    assert_eq!(fs::read(quarantined).unwrap(), b"app 1.3.8");
    let counts = scrub.counts();
    assert_eq!(
        (
            counts.rounds(),
            counts.damaged_blobs(),
            counts.damaged_tiles()
        ),
        (1, 1, 1)
    );
    assert_eq!(
        (counts.blobs(), counts.tiles()),
        (report.blobs, report.tiles)
    );
    let again = scrub
        .run(&Pace::default(), &AtomicBool::new(false))
        .unwrap();
    assert_eq!((again.blobs, again.findings.len()), (95, 1));
}

#[test]
fn scrubbing_keeps_its_pace_and_goes_on_where_it_stopped() {
    let fixture = Fixture::new();
    let open = || {
        let dir = DataDir::lock(fixture.path()).unwrap();
        let database = Arc::new(Database::open(&dir.database()).unwrap());
        Scrub::new(dir, database)
    };
    // It stops after one each time, and starts as a new process would.
    let stop = AtomicBool::new(true);
    for _ in 0..5 {
        let report = open().run(&Pace::default(), &stop).unwrap();
        assert_eq!((report.blobs, report.tiles, report.finished), (1, 0, false));
    }
    stop.store(false, Ordering::Relaxed);
    let rest = open().run(&Pace::default(), &stop).unwrap();
    assert_eq!((rest.blobs, rest.finished), (91, true));
    assert!(rest.tiles >= 3);

    let pace = Pace {
        bytes_per_second: Some(rest.bytes),
    };
    let begun = Instant::now();
    let paced = open().run(&pace, &stop).unwrap();
    assert_eq!(paced.blobs, 96);
    assert!(
        begun.elapsed() > Duration::from_millis(900),
        "{:?}",
        begun.elapsed()
    );
}
