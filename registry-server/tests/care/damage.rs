//! What `fsck` says of damage.

use crate::fixture::{Fixture, blob, content, copy, says, sign, upload};
use crate::support::{Publisher, Registry};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use tenon_registry_client::log::{Checkpoint, Hash};
use tenon_registry_client::record::*;
use tenon_registry_server::care::{DataDir, FindingKind, FsckOptions, fsck};
use tenon_registry_server::commands;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_what_was_written() {
    let fixture = Fixture::new();
    let report = fixture.fsck();
    assert_eq!(report.findings, []);
    assert_eq!(report.exit_code(), 0);
    let log = &report.logs[0];
    assert!(log.size > 300 && log.read == log.size, "{log:?}");
    assert_eq!((log.packages, log.blobs), (13, 96));
    assert!(fs::read_dir(fixture.file("tmp")).unwrap().next().is_none());

    // While it is written, too.
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.settle(&registry.log).await;
    for patch in 0..40 {
        let version = format!("1.0.{patch}");
        upload(fixture.path(), &content("zip", &version));
        zeta.submit(&registry.log, zeta.release("zip", &version))
            .await
            .unwrap();
        if patch % 8 == 0 {
            let online = fsck(
                &DataDir::open(fixture.path()).unwrap(),
                &FsckOptions::default(),
            )
            .unwrap();
            assert_eq!(online.findings, []);
            assert_eq!(
                online.logs[0].size,
                registry.log.published().checkpoint.size
            );
        }
    }
    registry.log.close().await;
}

#[test]
fn a_directory_in_use_is_read_only_when_that_is_asked_for() {
    let fixture = Fixture::new();
    let held = DataDir::lock(fixture.path()).unwrap();
    let mut args = commands::fsck::FsckArgs {
        jobs: 1,
        online: false,
        known: commands::KnownArgs::default(),
        json: true,
    };
    let mut out = vec![];
    let refused = commands::fsck::run(fixture.path(), &args, None, &mut out).unwrap_err();
    assert!(refused.to_string().contains("in use"), "{refused}");
    args.online = true;
    assert_eq!(
        commands::fsck::run(fixture.path(), &args, None, &mut out).unwrap(),
        0
    );
    let report: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    drop(held);
}

#[test]
fn each_file_of_the_log_is_named_when_it_is_damaged() {
    let fixture = Fixture::new();
    let tiles = fixture.tiles();
    assert!(tiles.len() >= 5, "{tiles:?}");
    for file in tiles {
        let path = fixture.file(&file);
        let kind = match file.contains("entries") {
            true => FindingKind::Bundle,
            false => FindingKind::Tile,
        };
        let bytes = fs::read(&path).unwrap();
        let mut ways: Vec<Option<Vec<u8>>> = vec![None, Some(bytes[..bytes.len() - 1].to_vec())];
        for at in [0, bytes.len() / 2] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            ways.push(Some(flipped));
        }
        for way in ways {
            let missing = way.is_none();
            match way {
                None => fs::remove_file(&path).unwrap(),
                Some(bytes) => fs::write(&path, bytes).unwrap(),
            }
            let findings = fixture.fsck().findings;
            // A partial file that was replaced is not missed.
            let replaced = file.contains("/000.p/") && !file.contains("tile/1/");
            assert_eq!(
                says(&findings, kind, &file),
                !(missing && replaced),
                "{file} {findings:?}"
            );
            let others = findings.iter().filter(|finding| finding.place != file);
            assert_eq!(others.count(), 0, "{file}: {findings:?}");
            fs::write(&path, &bytes).unwrap();
        }
    }
    assert_eq!(fixture.fsck().findings, []);
}

#[test]
fn a_checkpoint_that_is_none_or_another_is_found() {
    let fixture = Fixture::new();
    let path = fixture.file("log/checkpoint");
    let good = fs::read(&path).unwrap();
    let said = fixture.checkpoint();
    let other = tempfile::tempdir().unwrap();
    drop(Registry::open(other.path()));
    let foreign = fs::read(other.path().join("log/checkpoint")).unwrap();
    for bytes in [None, Some(vec![]), Some(b"no note".to_vec()), Some(foreign)] {
        match bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let report = fixture.fsck();
        assert!(
            says(&report.findings, FindingKind::Checkpoint, "log/checkpoint"),
            "{report}"
        );
        assert_eq!(report.exit_code(), 11);
        // The database has it, so all else is read.
        assert_eq!((report.findings.len(), report.logs[0].read), (1, said.size));
    }
    let mut root = *said.root.as_bytes();
    root[0] ^= 1;
    let root = Hash::from(root);
    fs::write(
        &path,
        fixture.note(&Checkpoint {
            root,
            ..said.clone()
        }),
    )
    .unwrap();
    assert!(fixture.kinds().contains(&FindingKind::Fork));
    let size = said.size + 1;
    fs::write(
        &path,
        fixture.note(&Checkpoint {
            size,
            ..said.clone()
        }),
    )
    .unwrap();
    let findings = fixture.fsck().findings;
    assert!(
        says(&findings, FindingKind::Database, "`log`"),
        "{findings:?}"
    );
    // An earlier one of another history.
    let (size, root) = (3, Hash::ZERO);
    fs::write(&path, fixture.note(&Checkpoint { size, root, ..said })).unwrap();
    assert_eq!(fixture.kinds(), [FindingKind::Fork].into());
    fs::write(&path, good).unwrap();
    assert_eq!(fixture.fsck().findings, []);
}

/// A record that could be in the place of the last release but one of a package.
fn rival(fixture: &Fixture, leaves: &[Vec<u8>]) -> (usize, Vec<u8>) {
    let records = leaves.iter().map(|leaf| SignedRecord::parse(leaf).unwrap());
    let mut releases = records.enumerate().filter(|(_, record)| {
        let subject = record.record().subject().to_string();
        subject == "package team0:app"
    });
    let (at, record) = releases.next_back().unwrap();
    let mut statement = record.record().statement.clone();
    let Statement::Package {
        act: PackageAct::Release { version, .. },
        ..
    } = &mut statement
    else {
        panic!("the last record of team0:app is a release");
    };
    *version = "9.9.9".parse().unwrap();
    let publisher = Publisher::new(&fixture.origin(), "team0", 1);
    let record = sign(
        &fixture.origin(),
        statement,
        &publisher.key,
        record.record().time,
    );
    (at, record.bytes().to_vec())
}

#[test]
fn a_record_in_the_place_of_another_is_found_however_much_is_forged_with_it() {
    let fixture = Fixture::new();
    let mut leaves = fixture.leaves();
    let honest = fixture.checkpoint();
    let (at, rival) = rival(&fixture, &leaves);
    leaves[at] = rival;
    // The tiles as well: they are not what was signed.
    let forged = fixture.write(&leaves);
    assert_ne!(forged.root, honest.root);
    let report = fixture.fsck();
    assert!(
        says(&report.findings, FindingKind::Tile, "log/tile"),
        "{report}"
    );
    // The checkpoint too, by the registry's own key: the map tells.
    fixture.sign(&forged);
    let report = fixture.fsck();
    assert!(says(&report.findings, FindingKind::Log, "leaf"), "{report}");
    assert!(
        report
            .to_string()
            .contains("something is hidden or invented"),
        "{report}"
    );
    assert_eq!(report.exit_code(), 10);
}

#[test]
fn a_map_that_the_registry_signed_and_that_is_wrong_is_found() {
    let fixture = Fixture::new();
    let mut leaves = fixture.leaves();
    let last = SignedRecord::parse(leaves.last().unwrap()).unwrap();
    let covers = leaves.len() as u64 - 1;
    let map = Hash::ZERO;
    let time = last.record().time;
    let statement = Statement::Index { covers, map };
    let lie = sign(&fixture.origin(), statement, &fixture.keys().index, time);
    *leaves.last_mut().unwrap() = lie.bytes().to_vec();
    let forged = fixture.write(&leaves);
    fixture.sign(&forged);
    let report = fixture.fsck();
    assert!(
        says(
            &report.findings,
            FindingKind::Log,
            &format!("leaf {covers}")
        ),
        "{report}"
    );
    // A time that goes back.
    let earlier = Time::from_seconds(time.seconds() - 86_400).unwrap();
    let Statement::Index { map, .. } = last.record().statement else {
        panic!()
    };
    let lie = sign(
        &fixture.origin(),
        Statement::Index { covers, map },
        &fixture.keys().index,
        earlier,
    );
    *leaves.last_mut().unwrap() = lie.bytes().to_vec();
    let forged = fixture.write(&leaves);
    fixture.sign(&forged);
    let report = fixture.fsck();
    assert!(
        report.to_string().contains("older than one before"),
        "{report}"
    );
}

#[test]
fn content_that_is_not_there_or_is_something_else_is_found() {
    let fixture = Fixture::new();
    let place = blob(&content("app", "1.3.7"));
    let path = fixture.file(&place);
    for bytes in [None, Some(b"app 1.3".to_vec()), Some(b"app 1.3.6".to_vec())] {
        match bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let report = fixture.fsck();
        assert!(
            says(&report.findings, FindingKind::Content, &place),
            "{report}"
        );
        assert!(report.to_string().contains(":app@1.3.7"), "{report}");
        assert_eq!((report.findings.len(), report.exit_code()), (1, 12));
    }
    fs::write(&path, content("app", "1.3.7")).unwrap();
    upload(fixture.path(), &content("gone", "1.0.0"));
    let report = fixture.fsck();
    assert!(report.to_string().contains("it was taken down"), "{report}");
}

#[test]
fn each_table_is_compared_with_the_log() {
    let changes = [
        ("log", "UPDATE log SET time = time + 1"),
        ("log", "UPDATE log SET size = size - 1"),
        ("log", "DELETE FROM log"),
        (
            "subject",
            "UPDATE subject SET seq = seq + 1 WHERE text = 'package team5:app'",
        ),
        (
            "subject",
            "UPDATE subject SET hash = zeroblob(32) WHERE text = 'namespace team5'",
        ),
        (
            "subject",
            "UPDATE subject SET folded = 'x' WHERE text = 'namespace team5'",
        ),
        (
            "subject",
            "INSERT INTO subject VALUES (999, 0, 'namespace no', 'namespace no', 1, 0, zeroblob(32))",
        ),
        (
            "subject",
            "DELETE FROM subject WHERE text = 'package team5:app'",
        ),
        // Which records a batch ends after depends on the time, so rows are named by what they are.
        (
            "chain",
            "UPDATE chain SET start = start + 1 WHERE idx = (SELECT max(idx) FROM chain)",
        ),
        (
            "chain",
            "UPDATE chain SET length = length - 1 WHERE idx = (SELECT max(idx) FROM chain)",
        ),
        (
            "chain",
            "DELETE FROM chain WHERE idx = (SELECT max(idx) FROM chain)",
        ),
        ("chain", "INSERT INTO chain VALUES (999, 0, 1, 2, 3)"),
        (
            "batch",
            "UPDATE batch SET time = time + 1 WHERE idx = (SELECT min(idx) FROM batch)",
        ),
        (
            "batch",
            "DELETE FROM batch WHERE idx = (SELECT min(idx) FROM batch)",
        ),
        ("batch", "INSERT INTO batch VALUES (0, 2, 1)"),
        (
            "granted",
            "DELETE FROM granted WHERE key = (SELECT min(key) FROM granted)",
        ),
        ("granted", "INSERT INTO granted VALUES (0, zeroblob(32))"),
    ];
    let fixture = Fixture::new();
    let path = fixture.file("registry.sqlite");
    let good = fs::read(&path).unwrap();
    for (table, change) in changes {
        fixture.sql(change);
        let report = fixture.fsck();
        let table = format!("`{table}`");
        let findings = &report.findings;
        assert!(
            says(findings, FindingKind::Database, &table),
            "{change}: {report}"
        );
        let kinds: BTreeSet<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::Database].into());
        assert_eq!(report.exit_code(), 13);
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(fixture.fsck().findings, []);
}

#[test]
fn a_database_that_is_damaged_or_gone_is_found() {
    let fixture = Fixture::new();
    let path = fixture.file("registry.sqlite");
    let good = fs::read(&path).unwrap();
    let mut pages = good.clone();
    pages[8192..].fill(0x5a);
    for bytes in [None, Some(pages), Some(b"no database at all".to_vec())] {
        match bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        assert_eq!(fixture.kinds(), [FindingKind::Database].into());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_and_a_checkpoint_that_both_went_back_are_found() {
    let fixture = Fixture::new();
    let database = fs::read(fixture.file("registry.sqlite")).unwrap();
    let note = fs::read(fixture.file("log/checkpoint")).unwrap();
    let registry = Registry::open(fixture.path());
    let mut zeta = Publisher::new(registry.log.origin(), "zeta", 77);
    zeta.settle(&registry.log).await;
    registry.log.close().await;
    drop(registry);
    fs::write(fixture.file("registry.sqlite"), database).unwrap();
    fs::write(fixture.file("log/checkpoint"), note).unwrap();
    let report = fixture.fsck();
    assert!(
        says(&report.findings, FindingKind::Fork, "log/tile"),
        "{report}"
    );
    assert_eq!((report.findings.len(), report.exit_code()), (1, 10));
}

#[test]
fn keys_that_others_read_or_that_are_of_another_log_are_found() {
    let fixture = Fixture::new();
    let key = fixture.file("keys/public/index.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let report = fixture.fsck();
    assert!(report.to_string().contains("others can read"), "{report}");
    assert_eq!(report.exit_code(), 14);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(
        fixture.file("keys/public"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    assert_eq!(fixture.kinds(), [FindingKind::Keys].into());

    let other = tempfile::tempdir().unwrap();
    drop(Registry::open(other.path()));
    fs::remove_dir_all(fixture.file("keys/public")).unwrap();
    assert_eq!(fixture.kinds(), [FindingKind::Keys].into());
    copy(
        &other.path().join("keys/public"),
        &fixture.file("keys/public"),
    );
    let findings = fixture.fsck().findings;
    assert_eq!(findings.len(), 5, "{findings:?}");
    assert!(
        findings
            .iter()
            .all(|finding| finding.kind == FindingKind::Keys)
    );
}

#[derive(clap::Parser)]
struct Line {
    #[arg(long, global = true, default_value = ".")]
    data: PathBuf,
    #[command(subcommand)]
    command: Commands,
}

/// The commands, as a command line that begins with their name.
#[derive(clap::Subcommand)]
enum Commands {
    Fsck(commands::fsck::FsckArgs),
    Rebuild(commands::rebuild::RebuildArgs),
    Scrub(commands::scrub::ScrubArgs),
    Gc(commands::gc::GcArgs),
    Backup(commands::backup::BackupArgs),
    Restore(commands::restore::RestoreArgs),
}

fn run(line: &str) -> (Result<u8, commands::CommandError>, String) {
    use clap::Parser;
    let words = ["tenon-registry"].into_iter().chain(line.split(' '));
    let mut out = vec![];
    let Line { data, command } = Line::try_parse_from(words).unwrap();
    let done = match command {
        Commands::Fsck(args) => commands::fsck::run(&data, &args, None, &mut out),
        Commands::Rebuild(args) => commands::rebuild::run(&data, &args, None, &mut out),
        Commands::Scrub(args) => {
            commands::scrub::run(&data, &args, &AtomicBool::new(false), &mut out)
        }
        Commands::Gc(args) => commands::gc::run(&data, &args, &mut out),
        Commands::Backup(args) => commands::backup::run(&data, &args, &mut out),
        Commands::Restore(args) => commands::restore::run(&data, &args, vec![], &mut out),
    };
    (done, String::from_utf8(out).unwrap())
}

#[test]
fn commands_report_as_text_and_as_json_and_exit_by_kind() {
    let fixture = Fixture::new();
    let data = fixture.path().display();
    let note = fixture.file("log/checkpoint");
    let place = tempfile::tempdir().unwrap();
    let (copy, again) = (place.path().join("copy"), place.path().join("again"));
    let (copy, again, note) = (copy.display(), again.display(), note.display());
    for (line, said) in [
        (format!("fsck --data {data}"), "nothing is wrong"),
        (
            format!("scrub --data {data} --rate 1000000000"),
            "0 damaged",
        ),
        (
            format!("gc --data {data} --dry-run"),
            "would remove 0 blobs",
        ),
        (
            format!("rebuild --data {data} --known-checkpoint {note} --jobs 2"),
            "scrub",
        ),
        (
            format!("backup --data {data} {copy} --with-keys"),
            "SECRET KEYS",
        ),
        (
            format!("restore {copy} --data {again} --known-checkpoint {note}"),
            "nothing is wrong",
        ),
        (
            format!("fsck --data {again} --online --json"),
            "\"findings\": []",
        ),
    ] {
        let (code, out) = run(&line);
        assert_eq!(code.unwrap(), 0, "{line}");
        assert!(out.contains(said), "{line}: {out}");
    }
    let damaged = fixture.file(&blob(&content("app", "1.0.0")));
    fs::write(&damaged, "other").unwrap();
    let (code, out) = run(&format!("fsck --data {data} --json"));
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code.unwrap(), &report["findings"][0]["kind"]),
        (12, &"content".into())
    );
    let (code, out) = run(&format!("scrub --data {data}"));
    assert_eq!(code.unwrap(), 12, "{out}");
    fs::remove_file(fixture.file("log/tile/entries/000")).unwrap();
    let (refused, _) = run(&format!("rebuild --data {data}"));
    assert_eq!(refused.unwrap_err().exit_code(), 11);
    let (refused, _) = run(&format!(
        "fsck --data {data} --known-checkpoint {data}/nothing"
    ));
    assert_eq!(refused.unwrap_err().exit_code(), 1);
}
