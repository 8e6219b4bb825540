//! A release from its publisher to somebody who composes with it, and what may happen on the way.

use crate::process::{Registry, operator};
use crate::proxy::Proxy;
use crate::user::{User, printed};
use serde_json::Value;
use std::fs;
use tenon_tests::example::{Example, folder};

/// Runs a composition of an example, and compares what comes out.
fn check(example: &Example, user: &User, file: &str) {
    let component = fs::read(user.at(file)).unwrap();
    let outcomes = example.run(&component);
    assert!(!outcomes.is_empty());
    for outcome in outcomes {
        assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
    }
}

/// The words of `tenon plug` for an example's application with plugs of a registry.
fn plug<'w>(app: &'w str, plugs: &'w [String], out: &'w str) -> Vec<&'w str> {
    let mut words = vec!["plug", app, "-o", out];
    for plug in plugs {
        words.extend(["--plug", plug]);
    }
    words
}

#[test]
fn every_example_is_composed_of_published_plugs_and_runs() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::serve(&dir.path().join("registry"));
    let user = User::who_pastes(&registry);
    let names = [
        "greeter",
        "logger",
        "shared-resource",
        "polyglot",
        "async",
        "middleware",
    ];
    for name in names {
        let example = Example::open(name);
        let folder = folder().join(name);
        let mut plugs = vec![];
        for file in &example.plugs {
            let stem = file.rsplit_once('.').unwrap().0;
            let package = format!("acme:{name}-{stem}");
            user.publish(&folder.join(file), &package, "1.0.0");
            plugs.push(format!("{package}@^1"));
        }
        // Whoever composes has nothing but the pin.
        let reader = User::who_reads(&registry.url(), &registry.pin);
        let app = folder.join(&example.socket);
        reader.ok(&plug(app.to_str().unwrap(), &plugs, "out.wasm"));
        check(&example, &reader, "out.wasm");

        // It says what it was made of.
        let inspected = reader.json(&["inspect", "out.wasm"]);
        let bill = inspected["root"]["bill"].as_array().unwrap();
        for (package, (_, bytes)) in plugs.iter().zip(&example.inputs()[1..]) {
            let package = package.strip_suffix("@^1").unwrap();
            let of = |entry: &&Value| entry["name"] == package;
            let entry = bill
                .iter()
                .find(of)
                .unwrap_or_else(|| panic!("{package}: {inspected}"));
            let digest = tenon_registry_client::Digest::of(bytes);
            let origin = registry.pin.split('+').next().unwrap();
            assert_eq!(entry["version"], "1.0.0");
            assert_eq!(entry["source"], format!("{origin}#{digest}"));
        }
    }
    assert_eq!(
        registry.operator(&["fsck", "--online"]).lines().last(),
        Some("nothing is wrong")
    );
    let search = |registry: &Registry| {
        let reader = User::who_reads(&registry.url(), &registry.pin);
        let found = reader.json(&["search", "--exports", "example:logger/journal"]);
        let hits = found["hits"].as_array().unwrap().iter();
        let names: Vec<_> = hits
            .map(|hit| hit["name"].as_str().unwrap().to_owned())
            .collect();
        names
    };
    assert_eq!(search(&registry), ["acme:logger-logger"]);

    // What can be searched for is in the database, which can be made again.
    let Registry { data, process, .. } = registry;
    process.stop();
    fs::remove_file(data.join("registry.sqlite")).unwrap();
    operator(&data, &["rebuild"]);
    assert_eq!(search(&Registry::serve(&data)), ["acme:logger-logger"]);
}

#[test]
fn a_release_is_published_used_yanked_and_still_there_after_every_restart() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::serve(&dir.path().join("registry"));
    let user = User::who_pastes(&registry);
    let example = Example::open("logger");
    let folder = folder().join("logger");
    let app = folder.join("app.wat");
    let app = app.to_str().unwrap();
    user.publish(&folder.join("clock.wat"), "acme:clock", "1.0.0");
    user.publish(&folder.join("logger.wat"), "acme:logger", "1.0.0");
    let newest = user.publish(&folder.join("logger.wat"), "acme:logger", "1.1.0");
    // A WIT package is published from its text, in the namespace that the text says.
    user.ok(&["namespace", "create", "example", "--yes"]);
    let text = folder.join("wit/deps/clock.wit");
    let wit = user.json(&["publish", text.to_str().unwrap(), "--yes"]);
    assert_eq!(
        (&wit["package"], &wit["version"]),
        (&"example:clock".into(), &"0.1.0".into())
    );
    user.ok(&["fetch", "example:clock"]);
    let shown = printed(&user.tenon(&["wit", "example:clock"]));
    assert!(shown.contains("now: func() -> u64;"), "{shown}");

    let verified = user.ok(&["verify", "acme:logger@1.1.0"]);
    let origin = registry.pin.split('+').next().unwrap().to_owned();
    for words in [
        "(a) authorised ",
        "(c) consistent  the log is the one that was seen before",
        "(d) witnessed   no witness is asked for",
        "(e) fresh       registry's word, of ",
        "; map: operator's word\n",
        "every byte of it",
        "it is the operator's word that this is the latest and nothing is hidden.",
    ] {
        assert!(verified.contains(words), "{words}: {verified}");
    }
    let sentence = format!(
        "`acme:logger@1.1.0` is record {newest} of {origin}, signed by `acme/alice`; the log had "
    );
    assert!(verified.contains(&sentence), "{sentence}: {verified}");

    let plugs = ["acme:logger@^1", "acme:clock@^1"].map(str::to_owned);
    user.ok(&plug(app, &plugs, "out.wasm"));
    check(&example, &user, "out.wasm");
    let version = |user: &User, file: &str| {
        let inspected = user.json(&["inspect", file]);
        let bill = inspected["root"]["bill"].as_array().unwrap().clone();
        let logger = bill
            .into_iter()
            .find(|entry| entry["name"] == "acme:logger");
        logger.unwrap()["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(version(&user, "out.wasm"), "1.1.0");
    user.ok(&["yank", "acme:logger@1.1.0", "--reason", "broken", "--yes"]);
    user.ok(&plug(app, &plugs, "older.wasm"));
    assert_eq!(version(&user, "older.wasm"), "1.0.0");

    // It is stopped, and it is killed; the same log goes on.
    let before = user.trust();
    let pin = registry.pin.clone();
    let registry = registry.restarted().killed();
    assert_eq!(registry.pin, pin);
    assert_eq!(registry.token(), None, "a token is shown once");
    let nobody = user.fails(4, "registry::unavailable", &["get", "acme:logger"]);
    assert!(nobody.contains("127.0.0.1"), "{nobody}");

    // It moved: another URL, the same pin, and what was verified before still counts.
    let proxy = Proxy::to(registry.process.address());
    let url = format!("http://{}", proxy.address);
    user.ok(&["registry", "remove", "local"]);
    user.ok(&["registry", "add", "moved", &url, &pin, "--default"]);
    let verified = user.ok(&["verify", "acme:logger@1.0.0"]);
    assert!(
        verified.contains("the log is the one that was seen before"),
        "{verified}"
    );
    assert!(!verified.contains("nothing was seen before"), "{verified}");
    let after = user.trust();
    let names = |trust: &[(String, Vec<u8>)]| {
        trust
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after));
    user.ok(&plug(app, &plugs, "moved.wasm"));
    assert_eq!(
        fs::read(user.at("moved.wasm")).unwrap(),
        fs::read(user.at("older.wasm")).unwrap()
    );

    // Nobody answers any more: what was fetched is enough.
    proxy.turn(None);
    registry.process.stop();
    let offline = [plug(app, &plugs, "offline.wasm"), vec!["--offline"]].concat();
    user.ok(&offline);
    assert_eq!(
        fs::read(user.at("offline.wasm")).unwrap(),
        fs::read(user.at("moved.wasm")).unwrap()
    );
    check(&example, &user, "offline.wasm");
    user.ok(&["get", "acme:clock", "--offline", "-o", "clock.wasm"]);
    user.ok(&["fetch", "acme:logger@1.0.0", "acme:clock", "--offline"]);
    let again = user.tenon(&["wit", "example:clock", "--offline"]);
    assert_eq!(printed(&again), shown);
    let clock = wat::parse_file(folder.join("clock.wat")).unwrap();
    assert_eq!(fs::read(user.at("clock.wasm")).unwrap(), clock);
    // What never was here cannot be had.
    let stranger = User::who_reads(&url, &pin);
    stranger.fails(4, "registry::offline", &["get", "acme:clock", "--offline"]);
}
