//! What an operator says about namespaces and releases.

use crate::fixture::{Fixture, blob, content};
use crate::support::{Publisher, Registry};
use clap::Parser;
use tenon_registry_server::commands::namespace::NamespaceArgs;
use tenon_registry_server::commands::takedown::TakedownArgs;
use tenon_registry_server::log::{Cosigning, SubmitError};

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
