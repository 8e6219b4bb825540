//! `log`.

use crate::place::*;
use crate::server::now;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn the_log_is_shown_with_who_vouches_for_it() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let size = place.server.world().registry.size();
    let said = place.ok(&["log", "show"]);
    let line = |begins: &str| {
        let mut lines = said.out.lines();
        let line = lines.find(|line| line.starts_with(begins));
        line.unwrap_or_else(|| panic!("{begins}: {}", said.out))
            .to_owned()
    };
    assert!(line("log ").ends_with("registry.example/log"));
    assert!(line("records ").ends_with(&size.to_string()));
    assert!(line("last batch").contains(" ago), by the registry's word"));
    assert!(line("fresh").contains("registry's word, of "));
    assert!(line("witnesses").ends_with("no witness is asked for"));
    assert!(line("map").ends_with("operator's word"));
    assert_eq!(
        said.out
            .lines()
            .filter(|line| line.starts_with("key "))
            .count(),
        5
    );
    let json = place.ok(&["log", "show", "--json"]).json();
    assert_eq!(json["schema"], "tenon/log-show/1");
    assert_eq!(json["checkpoint"]["size"], size);
    assert_eq!(json["pin"].as_str().unwrap(), place.server.pin());
    assert!(
        json["note"]
            .as_str()
            .unwrap()
            .starts_with("registry.example/log\n")
    );
    assert_eq!(json["keys"][0]["role"], "root");
}

#[test]
fn witnesses_are_counted_and_named() {
    let place = Place::new();
    let witnesses = ["w.example/a", "w.example/b", "w.example/c"].map(crate::support::cosigner);
    {
        let mut world = place.server.world();
        world.registry.witnesses = witnesses[..2].to_vec();
        world.publish("acme:http", "1.0.0", b"bytes");
    }
    let mut policy = String::new();
    for (name, witness) in ["alpha", "beta", "gamma"].iter().zip(&witnesses) {
        policy.push_str(&format!("witness {name} {}\n", witness.vkey()));
    }
    policy.push_str("group two 2 alpha beta gamma\nquorum two\n");
    fs::write(place.at("policy"), policy).unwrap();
    let (base, pin) = (place.server.base(), place.server.pin());
    place.ok(&[
        "registry", "add", "local", &base, &pin, "--policy", "policy",
    ]);
    let said = place.ok(&["get", "acme:http"]);
    assert!(
        said.err.ends_with(
            "; 2 of 3 witnesses agree, and that nothing is hidden is the operator's word.\n"
        ),
        "{}",
        said.err
    );
    let said = place.ok(&["verify", "acme:http@1.0.0"]);
    assert!(
        said.out.contains("2 of 3 witnesses agree: `alpha`, `beta`"),
        "{}",
        said.out
    );
    assert!(said.out.contains("witnesses saw it at 20"), "{}", said.out);
    let said = place.ok(&["log", "show"]);
    assert!(
        said.out.contains("2 of 3 witnesses agree: alpha, beta"),
        "{}",
        said.out
    );

    // A witness that the user takes for an auditor vouches for the map.
    let config = String::from_utf8(place.read("config/config.toml")).unwrap();
    let table = "[registries.local]\n";
    assert!(config.contains(table), "{config}");
    let config = config.replace(table, &format!("{table}auditors = [\"alpha\"]\n"));
    fs::write(place.at("config/config.toml"), config).unwrap();
    let said = place.ok(&["get", "acme:http"]);
    assert!(
        said.err
            .ends_with("; 2 of 3 witnesses agree, and `alpha` audited the map.\n"),
        "{}",
        said.err
    );
    let said = place.ok(&["verify", "acme:http@1.0.0"]);
    assert!(
        said.out.contains("; map: audited by `alpha`\n"),
        "{}",
        said.out
    );

    // One of them is not enough.
    {
        let mut world = place.server.world();
        world.registry.witnesses.truncate(1);
        world.registry.seal();
    }
    let said = place.fails(3, "verify::quorum", &["verify", "acme:http@1.0.0"]);
    assert!(
        said.err.contains("also: (a) authorised: held")
            && said.err.contains("also: (d) witnessed: refused")
    );
    // Nor are two from the day before yesterday.
    {
        let mut world = place.server.world();
        world.registry.witnesses = witnesses[..2].to_vec();
        let mut old = world.registry.clone();
        old.clock = now() - 48 * 60 * 60;
        let size = world.registry.size();
        let checkpoint = old.checkpoint();
        world.registry.published.get_mut(&size).unwrap().0 = checkpoint;
    }
    let said = place.fails(3, "verify::stale", &["verify", "acme:http@1.0.0"]);
    assert!(
        said.err.contains("also: (d) witnessed: held")
            && said.err.contains("also: (e) fresh: refused")
    );
}

#[test]
fn a_record_is_printed_once_it_is_proved() {
    let place = Place::new();
    for n in 0..300 {
        place
            .server
            .world()
            .publish("acme:many", &format!("1.0.{n}"), b"same");
    }
    let leaves = place.server.world().registry.leaves.clone();
    for index in [0, 3, 255, 256, leaves.len() - 1] {
        let said = place.ok(&["log", "record", &index.to_string()]);
        assert_eq!(said.out.as_bytes(), leaves[index]);
    }
    let json = place.ok(&["log", "record", "1", "--json"]).json();
    assert_eq!(json["schema"], "tenon/log-record/1");
    assert_eq!(json["record"].as_str().unwrap().as_bytes(), leaves[1]);
    let beyond = leaves.len().to_string();
    place.fails(2, "cli::usage", &["log", "record", &beyond]);
}

#[test]
fn a_mirror_has_the_files_of_the_log_and_goes_on() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let said = place.ok(&["log", "mirror", "copy"]);
    let size = place.server.world().registry.size();
    assert_eq!(
        said.err,
        format!("`copy` has all {size} records of registry.example/log, {size} of them new\n")
    );
    assert!(place.at("copy/log/checkpoint").is_file() && place.at("copy/log/tile/0").is_dir());
    place.server.world().publish("acme:http", "1.1.0", b"more");
    let json = place.ok(&["log", "mirror", "copy", "--json"]).json();
    assert_eq!(json["schema"], "tenon/log-mirror/1");
    assert_eq!(
        (json["from"].as_u64(), json["size"].as_u64()),
        (Some(size), Some(size + 2))
    );
}

#[test]
fn a_monitor_reads_everything_and_then_what_is_new() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let size = place.server.world().registry.size();
    let said = place.ok(&["log", "monitor", "--once"]);
    assert_eq!(
        said.err,
        format!("registry.example/log at {size} records, {size} of them new: nothing is wrong\n")
    );
    let json = place.ok(&["log", "monitor", "--once", "--json"]).json();
    assert_eq!(json["schema"], "tenon/log-monitor/1");
    assert_eq!(
        (json["size"].as_u64(), json["packages"].as_u64()),
        (Some(size), Some(1))
    );

    // It goes on until something is wrong.
    let mut command = place.tenon(&["log", "monitor", "--interval", "1s"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while place.server.asked("/log/checkpoint") < 3 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
    {
        let mut world = place.server.world();
        world.registry.append(b"this is no record");
        world.registry.seal();
    }
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("the monitor does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(3));
}
