//! What an operator types.

use crate::fixture::{fatal, key, listen};
use crate::support::source;
use clap::Parser;
use std::path::Path;
use tenon_registry_client::log::{KeyName, Vkey};
use tenon_registry_server::commands::key::KeyArgs;
use tenon_registry_server::commands::witness::{WitnessArgs, WitnessError};
use tenon_registry_server::log::Cosigning;
use tenon_registry_server::witness::router;

#[derive(Debug, Parser)]
enum Command {
    Key(KeyArgs),
    Witness(WitnessArgs),
}

fn parse(line: &[&str]) -> Result<Command, String> {
    let line = Command::try_parse_from(["tenon-registry"].iter().chain(line));
    line.map_err(|error| error.to_string())
}

async fn keys(data: &Path, line: &[&str]) -> Result<String, String> {
    let Ok(Command::Key(args)) = parse(&[&["key"], line].concat()) else {
        panic!("{line:?}");
    };
    args.run(data, Cosigning::default())
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_rotated_and_removed() {
    let dir = tempfile::tempdir().unwrap();
    let registry = crate::support::Registry::open(dir.path());
    let old = registry.log.pin().key().to_string();
    registry.log.close().await;
    drop(registry);
    let data = dir.path();
    let listed = keys(data, &["list"]).await.unwrap();
    assert_eq!(listed.lines().count(), 5, "{listed}");
    assert!(listed.contains(&format!("log {old} added 20")), "{listed}");
    let rotated = keys(data, &["rotate"]).await.unwrap();
    let new: Vkey = rotated.lines().next().unwrap().parse().unwrap();
    let early = keys(data, &["finish"]).await.unwrap_err();
    assert!(early.contains("wait until 20"), "{early}");
    let anyway = ["finish", "--before-clients-know-the-new-key"];
    let done = keys(data, &anyway).await.unwrap();
    assert!(done.starts_with(&new.to_string()), "{done}");
    let listed = keys(data, &["list"]).await.unwrap();
    let removed: Vec<_> = listed
        .lines()
        .filter(|line| line.contains(" removed 20"))
        .collect();
    assert_eq!(removed.len(), 1);
    assert!(removed[0].contains(&old));
    let role = parse(&["key", "add", "boss", &old]).unwrap_err();
    assert!(
        role.contains("expected `root`, `log`, `index`, `time` or `ingest`"),
        "{role}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_is_opened_as_it_is_asked_to_be() {
    let dir = tempfile::tempdir().unwrap();
    let registry = crate::support::Registry::open(dir.path());
    let pin = registry.log.pin().clone();
    let other = tempfile::tempdir().unwrap();
    let other = source(other.path()).keys.log[0].vkey().to_string();
    let data = dir.path();
    let open = |line: &[&str]| {
        let line = [&["witness", "--name", "w.example"], line].concat();
        match parse(&line) {
            Ok(Command::Witness(args)) => args.open(data, &fatal().0),
            other => panic!("{other:?}"),
        }
    };
    let pin_text = pin.to_string();
    let named = format!("{}=https://registry.example", pin.origin());
    let both = ["--log", &pin_text, "--log", &other];
    let unnamed = [&both[..], &["--verify-index", "https://registry.example"]].concat();
    assert!(matches!(open(&unnamed), Err(WitnessError::NoLog(_))));
    let mounted = open(&[&both[..], &["--verify-index", &named]].concat()).unwrap();
    let names: Vec<&KeyName> = mounted.iter().map(|at| at.witness.vkey().name()).collect();
    assert_eq!(
        names.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["w.example", "w.example/index"]
    );
    assert_eq!(mounted[1].prefix, "/index");
    assert_ne!(
        mounted[0].witness.vkey().key(),
        mounted[1].witness.vkey().key()
    );
    let listening = listen(router(&mounted)).await;
    assert!(listening.url.starts_with("http://127.0.0.1:"));
    // A second one on the directory is refused, whatever it is asked.
    assert!(matches!(
        open(&["--log", &other]),
        Err(WitnessError::Disk(_))
    ));
    let cosigner = key("cosigner").vkey().to_string();
    for wrong in ["nothing", "a#b"] {
        assert!(parse(&["witness", "--log", wrong]).is_err());
    }
    drop((listening, mounted));
    crate::fixture::until("it is gone", || {
        !matches!(open(&["--log", &other]), Err(WitnessError::Disk(_)))
    })
    .await;
    // A key that cosigns signs no log.
    assert!(matches!(
        open(&["--log", &cosigner]),
        Err(WitnessError::Open(_))
    ));
    assert!(parse(&["witness"]).is_err());
    assert!(
        parse(&[
            "witness",
            "--log",
            &other,
            "--verify-index",
            "http://registry.example"
        ])
        .is_err()
    );
}
