//! `get` and `fetch`.

use crate::place::*;
use crate::support::{attested, key, package, yank};
use std::fs;
use std::os::unix::fs::symlink;
use tenon_registry_client::log::SigningKey;
use tenon_registry_client::record::Permission;

#[test]
fn a_release_is_fetched_verified_and_written() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.3.0", b"old");
    let index = place
        .server
        .world()
        .publish("acme:http", "1.4.0", b"the bytes");
    let size = place.server.world().registry.size();
    let said = place.ok(&["get", "acme:http"]);
    assert_eq!(place.files(), ["acme-http-1.4.0.wasm"]);
    assert_eq!(place.read("acme-http-1.4.0.wasm"), b"the bytes");
    assert_eq!(said.out, "");
    let lines: Vec<_> = said.err.lines().collect();
    assert_eq!(lines[0], "wrote acme-http-1.4.0.wasm (9 B)");
    assert!(
        lines[1].starts_with(&format!(
            "`acme:http@1.4.0` is record {index} of registry.example/log, signed by `acme/alice`; the log had {size} records at "
        )),
        "{}",
        lines[1]
    );
    assert!(lines[1].ends_with(
        " UTC; no witness is asked for, so that it is the operator's word that this is the latest and nothing is hidden."
    ));
    assert_eq!(lines.len(), 2);

    place.ok(&["get", "acme:http@~1.3", "-o", "old.wasm"]);
    assert_eq!(place.read("old.wasm"), b"old");
    fs::create_dir(place.at("folder")).unwrap();
    place.ok(&["get", "acme:http@1", "-o", "folder"]);
    assert_eq!(place.read("folder/acme-http-1.4.0.wasm"), b"the bytes");
    let said = place.ok(&["get", "acme:http@1.3.0", "-o", "-", "-q"]);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("old", ""));
}

#[test]
fn what_is_done_can_be_read_by_programs() {
    let place = Place::new();
    let index = place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let json = place.ok(&["get", "acme:http", "--json"]).json();
    assert_eq!(json["schema"], "tenon/get/1");
    assert_eq!(json["package"], "acme:http");
    assert_eq!(json["version"], "1.0.0");
    assert_eq!(json["registry"], "registry.example/log");
    assert_eq!(json["index"], index);
    assert_eq!(json["size"], 5);
    assert_eq!(json["status"]["is"], "available");
    assert_eq!(
        json["publisher"]["keys"][0],
        key("acme/alice").vkey().to_string()
    );
    assert_eq!(json["checkpoint"]["witnessed"], false);
    assert_eq!(json["checkpoint"]["freshness"]["by"], "registry");
    assert_eq!(json["output"], "acme-http-1.0.0.wasm");
    // Where the content takes standard output, the report goes elsewhere.
    let said = place.ok(&["get", "acme:http", "-o", "-", "--json"]);
    assert_eq!(said.out, "bytes");
    assert!(said.err.contains("\"schema\": \"tenon/get/1\""));

    let said = Said::of(place.run(&["get", "acme:htpp", "--json"]));
    assert_eq!(said.code, Some(1));
    let json = said.json();
    assert_eq!(json["schema"], "tenon/error/1");
    assert_eq!(json["error"]["code"], "verify::no-such-package");
}

#[test]
fn several_are_fetched_at_once_and_used_without_the_network() {
    let place = Place::new();
    let names: Vec<_> = (0..12).map(|n| format!("acme:p{n}")).collect();
    for name in &names {
        place.server.world().publish(name, "1.0.0", name.as_bytes());
    }
    let mut words = vec!["fetch"];
    words.extend(names.iter().map(String::as_str));
    let said = place.ok(&words);
    let named = said.err.lines().zip(&names);
    // The log is spoken of once, at the end.
    assert_eq!(said.err.lines().count(), names.len() + 1);
    assert_eq!(said.err.matches(" records at ").count(), 1, "{}", said.err);
    for (line, name) in named {
        assert!(
            line.starts_with(&format!("fetched `{name}@1.0.0` of ")),
            "{line}"
        );
    }
    assert_eq!(place.files(), [""; 0]);
    let asked = place.server.asked("");

    words.push("--offline");
    let offline = place.ok(&words);
    assert_eq!(offline.err.lines().count(), names.len() + 1);
    assert!(
        offline.err.contains(
            "; no witness is asked for, and that nothing is hidden is the operator's word."
        )
    );
    place.ok(&["get", "acme:p3@1.0.0", "--offline", "-o", "p3"]);
    assert_eq!(place.read("p3"), b"acme:p3");
    let json = place
        .ok(&["fetch", "acme:p3", "--offline", "--json"])
        .json();
    assert_eq!(json["releases"][0]["cached"], true);
    // What never was fetched is not there, and nobody was asked.
    let said = place.fails(4, "registry::offline", &["get", "acme:other", "--offline"]);
    assert!(
        said.err.contains("leave `--offline` away once"),
        "{}",
        said.err
    );
    assert_eq!(place.server.asked(""), asked);
}

#[test]
fn a_log_that_grows_all_the_time_holds_up_nobody() {
    let place = Place::new();
    let names: Vec<_> = (0..16).map(|n| format!("acme:p{n}")).collect();
    for name in &names {
        place.server.world().publish(name, "1.0.0", name.as_bytes());
    }
    place.server.world().restless = true;
    let mut words = vec!["fetch"];
    words.extend(names.iter().map(String::as_str));
    let said = place.ok(&words);
    assert_eq!(said.err.lines().count(), names.len() + 1);
}

#[test]
fn a_yanked_version_is_taken_when_it_is_named_and_warned_of() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"one");
    place.server.world().publish("acme:http", "1.1.0", b"two");
    place.server.world().log("acme:http", yank("1.1.0"));
    let said = place.ok(&["get", "acme:http@1.1.0", "-o", "x"]);
    assert!(
        said.err
            .starts_with("warning: `acme:http@1.1.0` is yanked (broken): "),
        "{}",
        said.err
    );
    assert_eq!(place.read("x"), b"two");
    let said = place.ok(&["get", "acme:http@1", "-o", "x"]);
    assert!(!said.err.contains("yanked"));
    assert_eq!(place.read("x"), b"one");
    place.fails(
        1,
        "registry::no-match",
        &["get", "acme:http@^1.1", "-o", "y"],
    );
    assert!(!place.files().contains(&"y".to_owned()));
}

#[test]
fn what_was_taken_down_is_gone_and_no_lie() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"one");
    place.ok(&["get", "acme:http@1.0.0", "-o", "x"]);
    {
        let mut world = place.server.world();
        let index = world.registry.index.clone();
        let act = crate::support::takedown("1.0.0");
        world.registry.log_package("acme:http", act, &[&index]);
        world.registry.seal();
    }
    for words in [
        &["get", "acme:http@1.0.0", "-o", "y"][..],
        &["verify", "acme:http@1.0.0"],
    ] {
        let said = place.fails(1, "verify::taken-down", words);
        assert!(
            said.err
                .contains("was taken down (malware)\n  because the log proves it\n"),
            "{}",
            said.err
        );
        assert!(!said.err.contains("also:"));
    }
    place.fails(1, "registry::no-match", &["get", "acme:http", "-o", "y"]);
    let said = place.ok(&["info", "acme:http"]);
    assert!(
        said.out.contains("1.0.0  taken down (malware)  "),
        "{}",
        said.out
    );
    assert!(
        said.err.ends_with("nothing of `acme:http` can be used\n"),
        "{}",
        said.err
    );
    assert_eq!(place.files(), ["x"]);
}

#[test]
fn what_the_registry_signed_for_someone_is_told_apart() {
    let place = Place::new();
    {
        let mut world = place.server.world();
        let ingest: SigningKey = world.registry.ingest.clone();
        let owner = key("acme/owner");
        let rights = crate::support::grant(&[Permission::Release]);
        world.registry.grant("acme", &ingest, rights, &owner);
        let name = package("acme:http");
        let bytes = crate::support::bytes_of(&name, &"1.0.0".parse().unwrap());
        world
            .blobs
            .insert(tenon_registry_client::Digest::of(&bytes), bytes);
        world
            .registry
            .log_package("acme:http", attested(&name, "1.0.0"), &[&ingest]);
        world.registry.seal();
    }
    let said = place.ok(&["get", "acme:http"]);
    assert!(
        said.err
            .contains(", attested by the registry for the token `ci-7`; the log had "),
        "{}",
        said.err
    );
}

#[test]
fn a_link_in_the_place_of_the_file_is_not_followed() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    fs::write(place.at("precious"), "keep").unwrap();
    symlink(place.at("precious"), place.at("acme-http-1.0.0.wasm")).unwrap();
    place.ok(&["get", "acme:http"]);
    assert_eq!(place.read("precious"), b"keep");
    assert_eq!(place.read("acme-http-1.0.0.wasm"), b"bytes");
    assert!(!place.at("acme-http-1.0.0.wasm").is_symlink());
    // A link that the user names is the user's choice.
    symlink(place.at("precious"), place.at("mine")).unwrap();
    place.ok(&["get", "acme:http", "-o", "mine"]);
    assert_eq!(place.read("precious"), b"bytes");
}

#[test]
fn names_that_are_none_and_packages_that_are_not_there() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    place.server.world().publish("acme:http", "1.1.0", b"bytes");
    for name in [
        "acme",
        "acme:http@",
        "acme:http@one",
        "../../.ssh/x",
        "acme:../x",
    ] {
        let said = place.fails(2, "cli::usage", &["get", name]);
        assert!(said.err.contains("names no package"), "{}", said.err);
    }
    let hits = r#"{"hits": [{"name": "acme:http", "version": "1.1.0", "description": null, "kind": "component", "interfaces": []},
        {"name": "\u001b]8;;x", "version": null, "description": null, "kind": "wit", "interfaces": []}], "next": null}"#;
    place
        .server
        .world()
        .answers
        .insert("/api/v1/search".to_owned(), hits.into());
    let said = place.fails(1, "verify::no-such-package", &["get", "acme:htpp"]);
    assert!(
        said.err.starts_with("error[verify::no-such-package]: there is no package `acme:htpp`\n  because the log proves it\n")
            && said.err.ends_with("help: did you mean `acme:http`?\n"),
        "{}",
        said.err
    );
    let said = place.fails(1, "verify::no-such-release", &["get", "acme:http@2.0.0"]);
    assert!(
        said.err
            .ends_with("help: the highest that there are: `1.1.0`, `1.0.0`\n"),
        "{}",
        said.err
    );
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_namespace_without_a_registry_is_asked_of_nobody() {
    let place = Place::new();
    place.ok(&["registry", "remove", "local"]);
    let said = place.fails(2, "registry::none", &["get", "corp:secret"]);
    assert!(
        said.err
            .contains("`tenon registry add NAME URL PIN --namespace corp`"),
        "{}",
        said.err
    );
    assert_eq!(place.server.asked(""), 0);
}
