//! C18 to C21: what a registry says beside its log.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::Server;
use crate::support::*;
use std::fs;
use std::os::unix::fs::symlink;
use tenon_registry_client::Digest;
use tenon_registry_client::record::Permission;

/// Text that would steer a terminal, a table, or a reader, as JSON has it.
const EVIL: &str = r#"\u001b]8;;https://evil.example\u0007click\u001b[31m\u009b2J\u202e\u2066\u200b\r\n=cmd|' /C calc'!A0,\"x\""#;

fn release_of(version: &str, digest: &str) -> String {
    format!(
        r#"{{"version": "{version}", "digest": "{digest}", "content_size": 5, "kind": "component",
            "time": "2026-09-01T10:00:00Z", "index": 1, "publisher": {{"by": "publisher", "keys": ["{EVIL}"]}},
            "status": {{"is": "available"}}, "world": {{"metadata": {{"description": "{EVIL}{}", "licenses": "{EVIL}"}},
            "imports": [{{"name": "{EVIL}", "kind": "interface"}}], "exports": []}}}}"#,
        "x".repeat(1 << 20)
    )
}

fn describe(place: &Place, releases: &[String]) {
    let releases = releases.join(", ");
    let info = format!(r#"{{"name": "acme:http", "releases": [{releases}], "size": 9}}"#);
    let mut world = place.server.world();
    world
        .answers
        .insert("/api/v1/packages/acme/http".to_owned(), info.into());
}

#[test]
fn c18_the_record_says_which_version_it_is() {
    let place = stranger();
    // The registry calls the bytes of 1.0.0 a release 1.2.3, which its log does not have.
    describe(&place, &[release_of("1.2.3", &Digest::of(OLD).to_string())]);
    place.fails(
        1,
        "verify::no-such-release",
        &["get", "acme:http@1.2.3", "-o", "out"],
    );
    assert_eq!(place.files(), [""; 0]);
    let said = place.ok(&["info", "acme:http"]);
    assert!(
        said.err.contains("releases that are not in its log: 1.2.3"),
        "{}",
        said.err
    );
    assert!(!said.out.contains("1.2.3"), "{}", said.out);
    // It shows the record of another version than was asked for.
    let honest = place.server.world().registry.clone();
    let other = honest.clone();
    answer(&place, move |_, known| {
        other
            .bundle(&asking("acme:http", &["1.0.0"]), known)
            .encode()
    });
    refuses(&place, 3, "verify::evidence-extra", &GET);
    place.server.world().lie = None;
    // The highest is no prerelease, unless it is asked for.
    place
        .server
        .world()
        .publish("acme:http", "2.0.0-rc.1", b"too early");
    let said = place.ok(&["get", "acme:http", "-o", "out", "--json"]);
    assert_eq!(said.json()["version"], "1.1.0");
    place.ok(&["get", "acme:http@2.0.0-rc.1", "-o", "out"]);
    assert_eq!(place.read("out"), b"too early");
    fs::remove_file(place.at("out")).unwrap();
    believes_the_truth(&place);
    // A version that differs in its build only is the same one: no honest log has both.
    let mut lying = place.server.world().registry.clone();
    lying.release("acme:http", "1.1.0+evil", &key("acme/alice"));
    lying.seal();
    let raw = lying.clone();
    answer(&place, move |request, known| {
        raw.bundle_raw_for(request, known)
    });
    fs::remove_dir_all(place.at("cache/chains")).unwrap();
    refuses(
        &place,
        3,
        "verify::chain",
        &["get", "acme:http@1.1.0+evil", "-o", "out"],
    );
    fs::remove_dir_all(place.at("cache/chains")).ok();
    all_refuse(&place, "verify::chain");
    believes_the_truth(&place);
}

#[test]
fn c19_a_namespace_has_one_registry() {
    let place = Place::new();
    let public = Server::start();
    {
        let mut world = public.world();
        let (owner, rights) = (key("corp/owner"), grant(&[Permission::Release]));
        world.registry.create("corp", &owner);
        world
            .registry
            .grant("corp", &key("acme/alice"), rights, &owner);
    }
    for version in ["1.0.0", "99.0.0"] {
        public.world().publish("corp:secret", version, b"evil");
        public.world().publish("acme:http", version, b"evil");
    }
    let (base, pin) = (public.base(), public.pin());
    place.ok(&["registry", "add", "public", &base, &pin, "--default"]);
    let (base, pin) = (place.server.base(), place.server.pin());
    let words = [
        "registry",
        "add",
        "local",
        &base,
        &pin,
        "--namespace",
        "corp",
        "--namespace",
        "acme",
    ];
    place.ok(&words);
    place.server.world().publish("acme:http", "1.1.0", NEW);
    // Ours does not have it, is down, or lies: nobody else is asked.
    for words in [
        &["get", "corp:secret", "-o", "out"][..],
        &["fetch", "corp:secret@99.0.0"],
        &["verify", "corp:secret@99.0.0"],
        &["inspect", "corp:secret@99"],
        &["info", "corp:secret"],
    ] {
        let said = Said::of(place.run(&[words, &["--json"]].concat()));
        assert_eq!(said.code, Some(1), "{words:?}: {}{}", said.out, said.err);
        assert_eq!(said.json()["error"]["code"], "verify::no-such-package");
    }
    tell(&place.server, |_, reply| {
        (reply.status, reply.body) = (500, vec![])
    });
    refuses(
        &place,
        4,
        "registry::problem",
        &["get", "corp:secret", "-o", "out"],
    );
    tell(&place.server, |_, reply| reply.body = vec![]);
    refuses(
        &place,
        3,
        "verify::malformed",
        &["get", "corp:secret", "-o", "out"],
    );
    let elsewhere = ["get", "corp:secret", "-o", "out", "--registry", "public"];
    refuses(&place, 2, "registry::mapped", &elsewhere);
    place.server.world().lie = None;
    place.ok(&["get", "acme:http", "-o", "out"]);
    assert_eq!(place.read("out"), NEW);
    assert_eq!(public.asked(""), 0);
}

#[test]
fn c20_no_word_of_a_registry_steers_a_terminal() {
    let place = stranger();
    describe(&place, &[release_of("1.1.0", &Digest::of(NEW).to_string())]);
    let long = "x".repeat(1 << 20);
    let hits = format!(
        r#"{{"hits": [{{"name": "acme:http{EVIL}{long}", "version": "1.0.0{EVIL}", "description": "{EVIL}{long}", "kind": "component",
            "interfaces": ["{EVIL}"]}}], "next": "{EVIL}"}}"#
    );
    place
        .server
        .world()
        .answers
        .insert("/api/v1/search".to_owned(), hits.into());
    for words in [
        &["info", "acme:http"][..],
        &["info", "acme:http@1.1.0", "-v"],
        &["search", "http"],
        &["get", "acme:htpp"],
        &["get", "acme:http@7.0.0"],
    ] {
        for json in [&[][..], &["--json"]] {
            let said = Said::of(place.run(&[words, json].concat()));
            assert!(matches!(said.code, Some(0 | 1)), "{words:?}: {}", said.err);
            assert!(
                said.is_clean(),
                "{words:?}: {:.2000}{:.2000}",
                said.out,
                said.err
            );
            assert!(!said.out.contains('\u{9b}') && !said.err.contains('\u{9b}'));
            if !json.is_empty() {
                said.json();
            } else {
                assert!(
                    said.out.len() + said.err.len() < 64 << 10,
                    "{words:?}: {}",
                    said.out.len()
                );
            }
        }
    }
    // Nor does a problem, a status line, or a header.
    let problem = format!(
        r#"{{"type": "about:blank", "title": "{EVIL}", "status": 403, "detail": "{EVIL}{long}", "code": "NAME_INVALID", "instance": "{EVIL}"}}"#
    );
    tell(&place.server, move |_, reply| {
        (reply.status, reply.body) = (403, problem.clone().into_bytes());
        reply.headers = vec![("server".to_owned(), "\u{1b}[31mred".to_owned())];
    });
    for words in [
        &GET[..],
        &["search", "x"],
        &["info", "acme:http"],
        &["log", "show"],
    ] {
        let said = Said::of(place.run(words));
        assert!(
            matches!(said.code, Some(1 | 4)),
            "{:?}: {}",
            said.code,
            said.err
        );
        assert!(said.is_clean(), "{:?}", said.err);
    }
    believes_the_truth(&place);
}

#[test]
fn c21_a_registry_names_no_file() {
    let place = stranger();
    tell(&place.server, |_, reply| {
        let evil = "attachment; filename=\"../../.ssh/authorized_keys\"";
        reply.headers = vec![
            ("content-disposition".to_owned(), evil.to_owned()),
            ("content-location".to_owned(), "/etc/passwd".to_owned()),
        ];
    });
    fs::write(place.at("precious"), "keep").unwrap();
    symlink(place.at("precious"), place.at("acme-http-1.1.0.wasm")).unwrap();
    place.ok(&["get", "acme:http"]);
    assert_eq!(place.files(), ["acme-http-1.1.0.wasm", "precious"]);
    assert_eq!(place.read("precious"), b"keep");
    assert!(!place.at("acme-http-1.1.0.wasm").is_symlink());
    assert_eq!(place.read("acme-http-1.1.0.wasm"), NEW);
    let asked = place.server.asked("");
    for name in [
        "../../.ssh/x",
        "acme:../x",
        "acme:..",
        "/etc/passwd",
        "acme:http/../x",
        "acme:http@../1.0.0",
        "a\\b:c",
    ] {
        refuses(&place, 2, "cli::usage", &["get", name]);
    }
    assert_eq!(place.server.asked(""), asked);
    // Names that a registry suggests are names, or nothing.
    let hits = r#"{"hits": [{"name": "../../.ssh/x", "version": "1.0.0", "description": null, "kind": "component", "interfaces": []}], "next": null}"#;
    place
        .server
        .world()
        .answers
        .insert("/api/v1/search".to_owned(), hits.into());
    let said = place.fails(1, "verify::no-such-package", &["get", "acme:htt"]);
    assert!(!said.err.contains(".ssh"), "{}", said.err);
}
