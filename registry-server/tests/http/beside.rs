//! Commands beside a registry that runs.

use crate::client::Client;
use crate::served::{self, Served};
use std::path::Path;
use std::process::Output;
use tenon_registry_client::api::RegistryInfo;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[test]
fn keys_and_namespaces_are_listed_while_the_registry_runs_and_grows() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let list = |what: &str, log: &[&str], dir: &Path| {
        let arguments = [&[what], log, &["list"]].concat();
        served::run(&arguments, dir)
    };
    let logs: [&[&str]; 2] = [&[], &["--private"]];
    let mut running = Served::start(&dir, &["private=true"]);
    let token = running.token.clone().unwrap();
    let keys: Vec<String> = logs.map(|log| said(&list("key", log, &dir))).into();
    for (keys, log) in keys.iter().zip(["public", "private"]) {
        assert_eq!(keys.lines().count(), 5, "{log}: {keys}");
        assert!(keys.lines().all(|line| line.contains(" added 20")));
    }
    assert!(keys[0].contains(&running.pin.key().to_string()));
    assert_ne!(keys[0], keys[1]);
    // Whatever is logged meanwhile, which replaces the files that are read.
    let info: RegistryInfo = Client::new(running.address).get("/api/v1/registry").json();
    let origin = || info.origin.parse().unwrap();
    for number in 0..40 {
        let name = format!("ns{number}");
        let record = crate::publisher::Publisher::unknown(origin(), &name).create();
        let mut client = Client::new(running.address).token(&token);
        let answer = client.ask_with("POST", "/api/v1/records", record.bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
        if number % 8 == 0 {
            assert_eq!(said(&list("key", &[], &dir)), keys[0]);
            let namespaces = said(&list("namespace", &[], &dir));
            assert!(
                namespaces.contains(&format!("{name} records 1\n")),
                "{namespaces}"
            );
        }
    }
    assert_eq!(said(&list("namespace", &["--private"], &dir)).trim(), "");
    let namespaces = said(&list("namespace", &[], &dir));
    assert_eq!(namespaces.lines().count(), 40);
    // What changes something still waits until it is stopped.
    for arguments in [&["key", "rotate"][..], &["namespace", "reserve", "corp"]] {
        let output = served::run(arguments, &dir);
        assert!(!output.status.success());
        assert!(
            text(&output.stderr).contains("is the registry stopped?"),
            "{output:?}"
        );
    }
    running.kill();
    assert_eq!(said(&list("key", &[], &dir)), keys[0]);
    assert_eq!(said(&list("namespace", &[], &dir)), namespaces);
    served::assert_sound(&dir);
}

#[test]
fn a_token_for_several_things_is_made_either_way() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let init = served::run(&["init"], &dir);
    assert!(init.status.success());
    for (label, options) in [
        (
            "commas",
            &["--action", "yank,publish", "--pattern", "acme:*,corp:app"][..],
        ),
        (
            "apart",
            &[
                "--action",
                "publish",
                "--action",
                "yank",
                "--pattern",
                "acme:*",
                "--pattern",
                "corp:app",
            ],
        ),
    ] {
        let arguments = [&["token", "create", "--label", label], options].concat();
        assert!(said(&served::run(&arguments, &dir)).starts_with("tnr_"));
    }
    let listed = said(&served::run(&["token", "list"], &dir));
    for label in ["commas", "apart"] {
        let line = listed.lines().find(|line| line.contains(label)).unwrap();
        assert!(
            line.contains("  publish yank  acme:* corp:app  for ever  "),
            "{line}"
        );
    }
    for wrong in ["publish,", "publish,read,nothing", ","] {
        let arguments = [
            "token",
            "create",
            "--label",
            "x",
            "--action",
            wrong,
            "--pattern",
            "*",
        ];
        let refused = served::run(&arguments, &dir);
        assert_eq!(refused.status.code(), Some(2), "{wrong}: {refused:?}");
    }
}
