//! `backup` and `restore`.

use crate::fixture::{Fixture, blob, content, copy, upload};
use crate::support::{Publisher, Registry};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tenon_registry_client::Digest;
use tenon_registry_client::verify::Request;
use tenon_registry_server::care::{
    BackupOptions, CareError, DataDir, FsckOptions, KeysCopied, backup, fsck, restore,
};

const WITH_KEYS: BackupOptions = BackupOptions {
    with_keys: true,
    hard_links: false,
};

fn take(from: &Path, to: &Path, options: &BackupOptions) -> Result<(), CareError> {
    backup(&DataDir::open(from).unwrap(), to, options).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_began_is_in_it() {
    let fixture = Fixture::new();
    let registry = Registry::open(fixture.path());
    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = vec![];
    for number in 0..3_u8 {
        let (log, dir) = (registry.log.clone(), fixture.path().to_owned());
        let (acknowledged, stop) = (acknowledged.clone(), stop.clone());
        let mut writer = Publisher::new(log.origin(), &format!("writer{number}"), 200 + number);
        writers.push(tokio::spawn(async move {
            writer.settle(&log).await;
            for patch in 0.. {
                let version = format!("1.{number}.{patch}");
                upload(&dir, &content("zip", &version));
                writer
                    .submit(&log, writer.release("zip", &version))
                    .await
                    .unwrap();
                acknowledged
                    .lock()
                    .unwrap()
                    .push(format!("writer{number}:zip {version}"));
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        }));
    }
    let mut backups = vec![];
    for _ in 0..2 {
        while acknowledged.lock().unwrap().len() < backups.len() * 25 + 25 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let before = acknowledged.lock().unwrap().clone();
        let at_least = registry.log.published().checkpoint.size;
        let (to, from) = (tempfile::tempdir().unwrap(), fixture.path().to_owned());
        let path = to.path().to_owned();
        let taken = tokio::task::spawn_blocking(move || take(&from, &path, &WITH_KEYS));
        taken.await.unwrap().unwrap();
        backups.push((to, before, at_least));
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    registry.log.close().await;
    let latest = registry.log.published().checkpoint.size;
    for (to, before, at_least) in &backups {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let report = restore(to.path(), &data, &[]).unwrap();
        assert_eq!(report.fsck.findings, []);
        let restored = Registry::open(&data);
        let size = restored.log.published().checkpoint.size;
        assert!(size >= *at_least && size <= latest);
        for release in before {
            let (package, version) = release.split_once(' ').unwrap();
            let request = Request::release(package.parse().unwrap(), version.parse().unwrap());
            let view = restored.verify(&request, None).unwrap();
            let release = view.release(&version.parse().unwrap()).unwrap();
            let bytes = fs::read(data.join(blob(&content("zip", version)))).unwrap();
            assert_eq!(Digest::of(&bytes), release.content.digest);
        }
        restored.log.close().await;
    }
    // The later ones have more, so that they were taken while it grew.
    let sizes: Vec<u64> = backups.iter().map(|(_, _, size)| *size).collect();
    assert!(
        sizes.is_sorted() && sizes[0] < sizes[1] && sizes[1] < latest,
        "{sizes:?} {latest}"
    );
}

#[test]
fn keys_are_copied_only_when_that_is_asked_for() {
    let fixture = Fixture::new();
    let dir = DataDir::open(fixture.path()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let (without, with) = (place.path().join("without"), place.path().join("with"));
    let report = backup(&dir, &without, &BackupOptions::default()).unwrap();
    assert_eq!(report.keys, KeysCopied::No);
    assert!(!without.join("keys/public").exists());
    let report = backup(&dir, &with, &WITH_KEYS).unwrap();
    assert_eq!(report.keys, KeysCopied::Yes);
    assert!(report.to_string().contains("SECRET KEYS"), "{report}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&with.join("keys/public")), 0o700);
    assert_eq!(mode(&with.join("keys/public/root.key")), 0o600);

    let data = place.path().join("data");
    let report = restore(&without, &data, &[]).unwrap();
    assert!(report.to_string().contains("put the keys back"), "{report}");
    assert!(
        report.to_string().contains("no checkpoint of anybody else"),
        "{report}"
    );
    copy(&fixture.file("keys/public"), &data.join("keys/public"));
    let registry = Registry::open(&data);
    assert_eq!(registry.log.published().checkpoint, fixture.checkpoint());
    let data = place.path().join("again");
    restore(&with, &data, &[]).unwrap();
    assert_eq!(mode(&data.join("keys/public")), 0o700);
    assert_eq!(mode(&data.join("keys/public/root.key")), 0o600);
    assert_eq!(
        fsck(&DataDir::lock(&data).unwrap(), &FsckOptions::default())
            .unwrap()
            .findings,
        []
    );
}

#[test]
fn files_that_never_change_can_have_a_second_name() {
    let fixture = Fixture::new();
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("to");
    let options = BackupOptions {
        with_keys: false,
        hard_links: true,
    };
    take(fixture.path(), &to, &options).unwrap();
    let number = |path: &Path| fs::metadata(path).unwrap().ino();
    let same = |file: &str| number(&fixture.file(file)) == number(&to.join(file));
    assert!(same("log/tile/entries/000") && same(&blob(&content("app", "1.0.0"))));
    assert!(!same("log/checkpoint") && !same("registry.sqlite"));
    restore(&to, &place.path().join("data"), &[]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_somebody_is_ahead_of_is_not_restored() {
    let fixture = Fixture::new();
    let place = tempfile::tempdir().unwrap();
    let (to, data) = (place.path().join("to"), place.path().join("data"));
    take(fixture.path(), &to, &WITH_KEYS).unwrap();
    let same = fs::read(fixture.file("log/checkpoint")).unwrap();
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.submit(&registry.log, zeta.create()).await.unwrap();
    let later = registry.log.published().note.clone();
    registry.log.close().await;

    let refused = restore(&to, &data, &[same.clone(), later]).unwrap_err();
    assert!(
        refused.to_string().contains("behind what others have seen"),
        "{refused}"
    );
    assert!(refused.to_string().contains("it went back"), "{refused}");
    assert!(fs::read_dir(&data).unwrap().next().is_none());
    // Whoever cannot be believed does not count either way: that is an error.
    let other = tempfile::tempdir().unwrap();
    let stranger = Registry::open(other.path()).log.published().note.clone();
    for note in [stranger, b"no note".to_vec()] {
        assert!(matches!(
            restore(&to, &data, &[note]),
            Err(CareError::Known(_))
        ));
    }
    let report = restore(&to, &data, &[same]).unwrap();
    assert_eq!(report.compared, 1);
    assert!(!report.to_string().contains("WARNING"), "{report}");
}

#[test]
fn a_copy_that_is_unfinished_or_damaged_is_not_restored() {
    let fixture = Fixture::new();
    let place = tempfile::tempdir().unwrap();
    let (to, data) = (place.path().join("to"), place.path().join("data"));
    take(fixture.path(), &to, &WITH_KEYS).unwrap();
    let again = take(fixture.path(), &to, &WITH_KEYS).unwrap_err();
    assert!(
        again.to_string().contains("there is something in"),
        "{again}"
    );
    let marker = fs::read(to.join("backup.json")).unwrap();
    fs::remove_file(to.join("backup.json")).unwrap();
    assert!(restore(&to, &data, &[]).is_err());
    fs::write(to.join("backup.json"), marker).unwrap();
    let damaged = [
        blob(&content("app", "1.0.0")),
        "log/tile/0/000".to_owned(),
        "log/checkpoint".to_owned(),
    ];
    for file in damaged {
        let path = to.join(&file);
        let good = fs::read(&path).unwrap();
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        let refused = restore(&to, &data, &[]).unwrap_err();
        assert!(
            matches!(refused, CareError::Damaged { .. }),
            "{file}: {refused}"
        );
        assert!(!data.exists() || fs::read_dir(&data).unwrap().next().is_none());
        assert!(!place.path().join("data.restoring").exists());
        fs::write(&path, good).unwrap();
    }
    fs::write(data.join("something"), "here").unwrap();
    assert!(
        restore(&to, &data, &[])
            .unwrap_err()
            .to_string()
            .contains("there is something in")
    );
    fs::remove_file(data.join("something")).unwrap();
    restore(&to, &data, &[]).unwrap();
    // What is damaged where it comes from is not copied, and said.
    fs::write(fixture.file(&blob(&content("app", "1.0.0"))), "other").unwrap();
    let dir = DataDir::open(fixture.path()).unwrap();
    let report = backup(&dir, &place.path().join("more"), &WITH_KEYS).unwrap();
    assert_eq!(report.damaged.len(), 1, "{report}");
}
