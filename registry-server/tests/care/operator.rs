//! What an operator says about namespaces and releases.

use crate::fixture::{Fixture, blob, content};
use crate::support::{Publisher, Registry};
use clap::{CommandFactory, Parser};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tenon_registry_server::commands::CommandLine;
use tenon_registry_server::commands::namespace::NamespaceArgs;
use tenon_registry_server::commands::takedown::TakedownArgs;
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{Cosigning, SubmitError};
use tenon_registry_server::store::database::{Database, DatabaseError};

#[derive(Debug, Parser)]
enum Command {
    Namespace(NamespaceArgs),
    Takedown(TakedownArgs),
}

async fn run(fixture: &Fixture, line: &[&str]) -> Result<String, String> {
    let line = Command::try_parse_from(["tenon-registry"].iter().chain(line));
    let (data, cosigning) = (fixture.path(), Cosigning::default());
    let done = match line.map_err(|error| error.to_string())? {
        Command::Namespace(args) => args.run(data, cosigning).await.map_err(Into::into),
        Command::Takedown(args) => {
            let report = args.run(data, cosigning).await;
            report.map(|report| report.to_string())
        }
    };
    done.map_err(|error: Box<dyn std::error::Error + Send + Sync>| {
        let source = error.source().map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn reserved_namespaces_are_created_by_their_owners_only() {
    let fixture = Fixture::new();
    let registry = Registry::open(fixture.path());
    let (owner, other) = (
        Publisher::new(registry.log.origin(), "corp", 50),
        Publisher::new(registry.log.origin(), "corp", 51),
    );
    let vkey = owner.key.vkey().to_string();
    let reserve = ["namespace", "reserve", "corp", "--owner", &vkey];
    registry.log.close().await;
    drop(registry);
    let done = run(&fixture, &reserve).await.unwrap();
    assert_eq!(done, "corp can be created by its owners only.\n");
    let evil = Publisher::new(&fixture.origin(), "evil", 52);
    let done = run(&fixture, &["namespace", "reserve", "evil"]).await;
    assert_eq!(done.unwrap(), "evil can be created by nobody.\n");
    let second = other.key.vkey().to_string();
    for owners in [[&vkey, &second], [&second, &vkey]] {
        let line = [
            "namespace",
            "reserve",
            "duo",
            "--owner",
            owners[0],
            "--owner",
            owners[1],
        ];
        run(&fixture, &line).await.unwrap();
    }
    let listed = run(&fixture, &["namespace", "list"]).await.unwrap();
    for line in [
        "acme records 2".to_owned(),
        "team0 records 2".to_owned(),
        format!("corp reserved for {vkey}"),
        "evil reserved for nobody".to_owned(),
    ] {
        assert!(listed.lines().any(|found| found == line), "{listed}");
    }
    let registry = Registry::open(fixture.path());
    for (mut publisher, may) in [(other, false), (evil, false), (owner, true)] {
        let record = publisher.create();
        match publisher.submit(&registry.log, record).await {
            Ok(_) => assert!(may),
            Err(SubmitError::Refused(error)) => assert!(!may, "{error}"),
            Err(error) => panic!("{error}"),
        }
    }
    registry.log.close().await;
    drop(registry);
    assert_eq!(fixture.fsck().findings, []);
    assert!(
        run(&fixture, &["namespace", "reserve", "Not-A-Name"])
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_down_is_gone_at_once_and_says_so() {
    let fixture = Fixture::new();
    let path = blob(&content("app", "1.2.3"));
    assert!(fixture.file(&path).exists());
    // Three teams have released the same content.
    for (team, others) in [("team2", true), ("team6", true), ("team10", false)] {
        let package = format!("{team}:app");
        let line = ["takedown", &package, "1.2.3", "--reason", "malware"];
        let report = run(&fixture, &line).await.unwrap();
        assert_eq!(fixture.file(&path).exists(), others, "{team}: {report}");
        assert_eq!(report.contains(&path), !others, "{report}");
    }
    assert_eq!(fixture.fsck().findings, []);
    for (line, problem) in [
        (
            ["team2:app", "1.2.3", "malware"],
            "does not take the record",
        ),
        (
            ["team2:app", "9.9.9", "malware"],
            "does not take the record",
        ),
        (
            ["team2:none", "1.2.3", "malware"],
            "does not take the record",
        ),
        (["team2:app", "1.2.4", "spite"], "expected `legal`"),
    ] {
        let [package, version, reason] = line;
        let line = ["takedown", package, version, "--reason", reason];
        let error = run(&fixture, &line).await.unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_runs_keeps_out_what_would_change_it() {
    let fixture = Fixture::new();
    let stopped = run(&fixture, &["namespace", "list"]).await.unwrap();
    let held = tenon_registry_server::care::DataDir::lock(fixture.path()).unwrap();
    let listed = run(&fixture, &["namespace", "list"]).await.unwrap();
    assert_eq!(listed, stopped);
    assert!(listed.contains("team2 records "), "{listed}");
    for line in [
        &["namespace", "reserve", "corp"][..],
        &["takedown", "team2:app", "1.2.3", "--reason", "abuse"],
    ] {
        let error = run(&fixture, line).await.unwrap_err();
        let says = "is the registry stopped?: the directory `";
        assert!(error.contains(says), "{error}");
        assert!(error.contains("in use by another process"), "{error}");
    }
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_of_another_version_that_runs_is_not_changed() {
    let fixture = Fixture::new();
    let held = tenon_registry_server::care::DataDir::lock(fixture.path()).unwrap();
    let path = fixture.file("registry.sqlite");
    for (layout, says) in [(1, "earlier version"), (99, "later version")] {
        fixture.sql(&format!("PRAGMA user_version = {layout}"));
        let before = fs::read(&path).unwrap();
        let error = run(&fixture, &["namespace", "list"]).await.unwrap_err();
        assert!(
            error.contains(says) && error.contains(&format!("its layout is {layout}, ")),
            "{error}"
        );
        assert!(fs::read(&path).unwrap() == before, "{layout}");
    }
    drop(held);
}

#[test]
fn a_database_that_is_only_read_is_not_written() {
    let fixture = Fixture::new();
    let path = fixture.file("registry.sqlite");
    let held = Database::open(&path).unwrap();
    let only = Database::open_to_read(&path).unwrap();
    let delete = |tx: &rusqlite::Transaction<'_>| tx.execute("DELETE FROM batch", ());
    for refused in [only.write(delete), only.write_early(delete)] {
        let code = refused.unwrap_err().sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::ReadOnly));
    }
    let count = |database: &Database| {
        let sql = "SELECT count(*) FROM batch";
        let read = |tx: &rusqlite::Transaction<'_>| tx.query_row(sql, (), |row| row.get(0));
        database.read::<i64, rusqlite::Error>(read).unwrap()
    };
    let before = count(&only);
    assert!(before > 0);
    held.write(delete).unwrap();
    assert_eq!(count(&only), 0);
    let missing = fixture.file("none.sqlite");
    assert!(matches!(
        Database::open_to_read(&missing),
        Err(DatabaseError::Sqlite { .. })
    ));
    assert!(!missing.exists());
}

#[test]
fn every_file_of_a_key_is_compared_by_its_own_name() {
    let fixture = Fixture::new();
    let dir = fixture.file("keys/public");
    let own = fixture.keys().ingest;
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = elsewhere.path().join("keys");
    Keys::generate(&foreign, None).unwrap();
    let put = |name: &str| {
        fs::copy(foreign.join("ingest.key"), dir.join(name)).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    // None of these takes the place of another.
    let misnamed = [
        "ingest-1.key",
        "ingest-02.key",
        "ingest-+3.key",
        "ingest-x.key",
    ];
    misnamed.iter().for_each(|name| put(name));
    let keys = fixture.keys();
    assert_eq!(keys.ingest.vkey(), own.vkey());
    assert!(keys.earlier_ingest.is_empty());
    let later = ["ingest-2.key", "ingest-10.key"];
    later.iter().for_each(|name| put(name));
    let report = fixture.fsck();
    let all = report.to_string();
    assert_eq!(
        (report.findings.len(), report.exit_code()),
        (6, 14),
        "{all}"
    );
    for name in misnamed {
        assert!(all.contains(&format!("`{name}` is not used")), "{all}");
    }
    for name in later {
        let says = format!("`{name}` is no ingest key of this log\n");
        assert!(all.contains(&says), "{all}");
    }
}

#[test]
fn help_names_all_exit_codes() {
    let help = CommandLine::command().render_help().to_string();
    let all = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(all.contains("10 to 15 something is wrong"), "{all}");
}
