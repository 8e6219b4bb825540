//! A registry that lies, or is not there.

use crate::place::*;
use crate::server::Server;
use crate::support::{bytes_of, key, package, version};
use std::fs;
use tenon_registry_client::log::Hash;

#[test]
fn content_that_is_not_the_releases_goes_nowhere() {
    for (content, code) in [
        (&b"the bytez"[..], "verify::content-differs"),
        (b"the bytes and more", "verify::content-too-long"),
        (b"the", "verify::content-too-short"),
        (b"", "verify::content-too-short"),
    ] {
        let place = Place::new();
        place
            .server
            .world()
            .publish("acme:http", "1.0.0", b"the bytes");
        let mut world = place.server.world();
        for bytes in world.blobs.values_mut() {
            *bytes = content.to_vec();
        }
        drop(world);
        for words in [
            &["get", "acme:http"][..],
            &["get", "acme:http", "-o", "x"],
            &["fetch", "acme:http"],
            &["inspect", "acme:http"],
        ] {
            let said = place.fails(3, code, words);
            assert_eq!(said.out, "");
        }
        assert_eq!(place.files(), [""; 0]);
        // The trust state is written once everything is verified.
        place.fails(
            4,
            "registry::offline",
            &["get", "acme:http@1.0.0", "--offline"],
        );
        let said = place.fails(3, code, &["verify", "acme:http@1.0.0"]);
        for line in [
            "also: (c) signed: held",
            "also: (d) witnessed: held",
            "also: (f) content: refused",
        ] {
            assert!(said.err.contains(line), "{}", said.err);
        }
        assert!(!said.err.contains("not established"));
    }
}

#[test]
fn a_log_that_is_smaller_than_it_was_is_refused_with_what_held() {
    let place = Place::new();
    let before = place.server.world().registry.clone();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    place.ok(&["get", "acme:http"]);
    let after = {
        let mut world = place.server.world();
        std::mem::replace(&mut world.registry, before)
    };
    let said = Said::of(place.run(&["verify", "acme:http@1.0.0"]));
    assert_eq!(said.code, Some(3), "{}", said.err);
    for line in [
        "also: (c) signed: held",
        "also: (c) consistent: refused",
        "also: (a) authorised: not established",
        "also: (f) content: not established",
    ] {
        assert!(said.err.contains(line), "{}", said.err);
    }
    // Of the same size, and with another history.
    let mut other = after.clone();
    other.leaves.clear();
    let mut world = place.server.world();
    while world.registry.size() < after.size() {
        let bytes = bytes_of(&package("acme:other"), &version("1.0.0"));
        let at = format!("1.0.{}", world.registry.size());
        world.publish("acme:other", &at, &bytes);
    }
    drop(world);
    let said = place.fails(3, "verify::split-view", &["log", "show"]);
    assert!(
        said.err.contains("also: both checkpoints are kept in "),
        "{}",
        said.err
    );
}

#[test]
fn a_cache_that_was_changed_is_not_believed() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    place.ok(&["fetch", "acme:http@1.0.0"]);
    fs::write(place.blob(), "bytez").unwrap();
    place.fails(
        4,
        "registry::offline",
        &["get", "acme:http@1.0.0", "--offline"],
    );
    assert_eq!(place.files(), [""; 0]);
    place.ok(&["get", "acme:http@1.0.0", "-o", "x"]);
    assert_eq!(place.read("x"), b"bytes");
    assert_eq!(fs::read(place.blob()).unwrap(), b"bytes");
}

#[test]
fn a_link_in_the_cache_is_not_followed() {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", b"bytes");
    place.ok(&["fetch", "acme:http@1.0.0"]);
    let blob = place.blob();
    fs::rename(&blob, place.at("moved")).unwrap();
    std::os::unix::fs::symlink(place.at("moved"), &blob).unwrap();
    let said = place.fails(1, "registry::files", &["get", "acme:http@1.0.0", "-o", "x"]);
    assert!(said.err.contains("is not followed"), "{}", said.err);
    assert_eq!(place.files(), ["moved"]);
}

#[test]
fn a_namespace_is_asked_for_in_its_own_registry_only() {
    let place = Place::new();
    let other = Server::start();
    other.world().publish("acme:secret", "99.0.0", b"evil");
    let (base, pin) = (other.base(), other.pin());
    place.ok(&["registry", "add", "other", &base, &pin, "--default"]);
    let (base, pin) = (place.server.base(), place.server.pin());
    place.ok(&[
        "registry",
        "add",
        "local",
        &base,
        &pin,
        "--namespace",
        "acme",
    ]);
    for words in [
        &["get", "acme:secret"][..],
        &["info", "acme:secret"],
        &["verify", "acme:secret@99.0.0"],
        &["wit", "acme:secret@99"],
    ] {
        place.fails(1, "verify::no-such-package", words);
    }
    place.fails(
        2,
        "registry::mapped",
        &["get", "acme:secret", "--registry", "other"],
    );
    assert_eq!(other.asked(""), 0);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn an_answer_that_is_no_evidence_proves_nothing() {
    for answer in [&b""[..], b"{}", b"\0\0\0\0", &[0xff; 64]] {
        let place = Place::new();
        place.server.world().publish("acme:http", "1.0.0", b"bytes");
        let answer = answer.to_vec();
        place
            .server
            .world()
            .answers
            .insert("/api/v1/proof".to_owned(), answer);
        let said = Said::of(place.run(&["verify", "acme:http@1.0.0"]));
        assert_eq!(said.code, Some(3), "{}", said.err);
        assert!(!said.err.contains(": held"), "{}", said.err);
        assert_eq!(
            said.err.matches("not established").count(),
            9,
            "{}",
            said.err
        );
    }
}

#[test]
fn a_registry_that_is_down_is_no_lie() {
    let place = Place::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (url, pin) = (format!("http://{address}"), place.server.pin());
    place.ok(&["registry", "add", "down", &url, &pin]);
    let commands = [
        &["get", "acme:http"][..],
        &["info", "acme:http"],
        &["search", "http"],
        &["verify", "acme:http@1.0.0"],
        &["log", "show"],
        &["log", "monitor", "--once"],
        &["inspect", "acme:http"],
    ];
    // Each tries several times, so they wait together.
    let place = &place;
    std::thread::scope(|scope| {
        for words in commands {
            scope.spawn(move || {
                let words = [words, &["--registry", "down"]].concat();
                let said = place.fails(4, "registry::unavailable", &words);
                assert!(!said.err.contains("(c)"), "{}", said.err);
            });
        }
    });
    let said = Said::of(place.run(&["get", "acme:http", "--registry", "down", "--json"]));
    assert_eq!(
        (said.code, said.json()["error"]["code"].as_str()),
        (Some(4), Some("registry::unavailable"))
    );
}

#[test]
fn a_monitor_finds_what_is_hidden() {
    let place = Place::new();
    {
        let mut world = place.server.world();
        world.publish("acme:http", "1.0.0", b"bytes");
        // A release that the map does not have.
        let honest = world.registry.map.clone();
        world
            .registry
            .release("acme:http", "1.1.0", &key("acme/alice"));
        world.registry.map = honest;
        world.registry.seal();
    }
    let said = place.fails(3, "registry::log-wrong", &["log", "monitor", "--once"]);
    assert!(said.err.contains("1 finding"), "{}", said.err);
    assert!(
        said.err.contains("something is hidden or invented"),
        "{}",
        said.err
    );
    let json = Said::of(place.run(&["log", "monitor", "--once", "--json"])).json();
    assert_eq!(json["error"]["code"], "registry::log-wrong");
    assert_eq!(json["error"]["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_record_that_is_not_in_the_log_is_refused() {
    let place = Place::new();
    let leaves = place.server.world().registry.leaves.clone();
    let mut lie = leaves.clone();
    lie.swap(1, 2);
    let lie = tenon_registry_client::log::encode_entries(&lie).unwrap();
    let path = format!("/log/tile/entries/000.p/{}", leaves.len());
    place.server.world().answers.insert(path, lie);
    let said = place.fails(3, "verify::not-included", &["log", "record", "1"]);
    assert_eq!(said.out, "");
    let said = place.ok(&["log", "record", "0"]);
    assert!(said.err.contains(&Hash::leaf(&leaves[0]).to_string()));
}
