//! `info`, `search` and `verify`.

use crate::place::*;
use crate::support::yank;
use std::fs;

/// Text that would steer a terminal.
const EVIL: &str = r"\u001b]8;;https://evil.example\u0007click\u001b[31m\u202e\u200b\n=cmd";

fn release(version: &str, digest: &str, index: u64) -> String {
    format!(
        r#"{{"version": "{version}", "digest": "{digest}", "content_size": 5, "kind": "component",
            "time": "2026-09-01T10:00:00Z", "index": {index}, "publisher": {{"by": "publisher", "keys": ["{EVIL}"]}},
            "status": {{"is": "available"}}, "world": {{"metadata": {{"description": "{EVIL}", "licenses": "MIT"}},
            "imports": [{{"name": "{EVIL}", "kind": "interface"}}],
            "exports": [{{"name": "acme:http/handler@1.0.0", "kind": "interface"}}]}}}}"#
    )
}

fn describe(place: &Place, releases: &[String]) {
    let releases = releases.join(", ");
    let info = format!(r#"{{"name": "acme:http", "releases": [{releases}], "size": 9}}"#);
    let path = "/api/v1/packages/acme/http".to_owned();
    place.server.world().answers.insert(path, info.into());
}

#[test]
fn a_package_is_shown_by_the_log_and_by_the_registrys_word() {
    let place = Place::new();
    let digest = tenon_registry_client::Digest::of(b"bytes").to_string();
    let index = place.server.world().publish("acme:http", "1.0.0", b"bytes");
    place.server.world().publish("acme:http", "1.1.0", b"other");
    place.server.world().log("acme:http", yank("1.1.0"));
    describe(&place, &[release("1.0.0", &digest, index)]);
    let said = place.ok(&["info", "acme:http"]);
    let expected = format!(
        "acme:http\n  1.1.0  yanked (broken)  signed by `acme/alice`\n  1.0.0  available        signed by `acme/alice`\n\
         release 1.0.0\n  {digest}, 5 B\nby the registry's word, not verified\n"
    );
    assert!(said.out.starts_with(&expected), "{}", said.out);
    assert!(
        said.out.contains("  licenses: MIT\n")
            && said.out.contains("  exports acme:http/handler@1.0.0\n")
    );
    assert!(said.is_clean(), "{:?}", said.out);
    assert!(
        said.err
            .starts_with(&format!("`acme:http@1.0.0` is record {index} of ")),
        "{}",
        said.err
    );

    let output = place.run(&["info", "acme:http", "--json"]);
    let said = Said::of(output);
    assert!(said.is_clean(), "{:?}", said.out);
    let json = said.json();
    assert_eq!(json["schema"], "tenon/info/1");
    assert_eq!(json["versions"][0]["status"]["reason"], "broken");
    assert_eq!(json["release"]["index"], index);
    assert_eq!(json["warnings"], serde_json::json!([]));
    // The data is what was sent, escaped.
    let description = json["by_registry"]["world"]["metadata"]["description"]
        .as_str()
        .unwrap();
    assert!(description.starts_with("\u{1b}]8;;"), "{description:?}");
}

#[test]
fn what_the_registry_says_against_its_log_is_warned_of() {
    let place = Place::new();
    let index = place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let other = tenon_registry_client::Digest::of(b"other").to_string();
    describe(
        &place,
        &[
            release("1.0.0", &other, index + 1),
            release("9.9.9", &other, 0),
        ],
    );
    let said = place.ok(&["info", "acme:http"]);
    for warning in [
        "warning: the registry lists releases that are not in its log: 9.9.9",
        "warning: the registry says another digest of 1.0.0 than its log",
        "warning: the registry says another place in the log of 1.0.0 than its log",
    ] {
        assert!(said.err.contains(warning), "{}", said.err);
    }
    // What was verified is shown, whatever else is.
    assert!(
        !said.out.contains(&other) && !said.out.contains("9.9.9"),
        "{}",
        said.out
    );
    // Without the registry's word, there is the log's.
    place.server.world().answers.clear();
    let said = place.ok(&["info", "acme:http@1"]);
    assert!(
        said.err
            .contains("warning: the registry does not describe it: "),
        "{}",
        said.err
    );
    assert!(said.is_clean(), "{:?}", said.err);
    assert!(said.out.contains("release 1.0.0"));
    let said = place.ok(&["info", "acme:http@1", "--offline"]);
    assert!(!said.err.contains("warning"), "{}", said.err);
    place.fails(1, "verify::no-such-release", &["info", "acme:http@3.0.0"]);
    place.fails(1, "registry::no-match", &["info", "acme:http@3"]);
}

#[test]
fn a_search_shows_a_clean_table() {
    let place = Place::new();
    let hits = format!(
        r#"{{"hits": [{{"name": "acme:http", "version": "1.4.0", "description": "Speaks HTTP", "kind": "component", "interfaces": ["wasi:http/handler@0.3.0"]}},
            {{"name": "{EVIL}", "version": null, "description": "{EVIL}{}", "kind": "wit", "interfaces": []}}], "next": "more"}}"#,
        "long ".repeat(100_000)
    );
    place
        .server
        .world()
        .answers
        .insert("/api/v1/search".to_owned(), hits.into());
    let words = [
        "search",
        "http",
        "client",
        "--exports",
        "wasi:http/handler@0.3",
        "--kind",
        "component",
        "--namespace",
        "acme",
        "--limit",
        "7",
    ];
    let said = place.ok(&words);
    assert!(said.is_clean(), "{:?}", said.out);
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 2);
    let cells: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(
        cells,
        [
            "acme:http",
            "1.4.0",
            "component",
            "wasi:http/handler@0.3.0",
            "Speaks",
            "HTTP"
        ]
    );
    assert!(lines[1].chars().count() < 1000);
    assert_eq!(said.err, "there are more; `--limit` shows more of them\n");
    assert_eq!(
        place.server.world().asked.last().unwrap(),
        "/api/v1/search?q=http+client&exports=wasi%3Ahttp%2Fhandler%400.3&kind=component&namespace=acme&n=7"
    );
    let said = place.ok(&["search", "--json"]);
    assert!(said.is_clean());
    let json = said.json();
    assert_eq!(json["schema"], "tenon/search/1");
    assert_eq!(json["registry"], "local");
    assert_eq!(
        (
            json["hits"].as_array().unwrap().len(),
            json["more"].as_bool()
        ),
        (2, Some(true))
    );
    place.server.world().answers.insert(
        "/api/v1/search".to_owned(),
        br#"{"hits": [], "next": null}"#.into(),
    );
    let said = place.ok(&["search", "nothing"]);
    assert_eq!(
        (said.out.as_str(), said.err.as_str()),
        ("", "`local` says that it has nothing of this kind\n")
    );
    place.fails(4, "registry::offline", &["search", "http", "--offline"]);
}

#[test]
fn every_obligation_is_said_in_words() {
    let place = Place::new();
    let index = place.server.world().publish("acme:http", "1.0.0", b"bytes");
    let size = place.server.world().registry.size();
    let said = place.ok(&["verify", "acme:http@1.0.0"]);
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 9, "{}", said.out);
    let digest = tenon_registry_client::Digest::of(b"bytes");
    for (line, begins, has) in [
        (0, "(c) signed", format!("at {size} records, root ")),
        (
            1,
            "(c) consistent",
            "nothing was seen of the log before".to_owned(),
        ),
        (
            2,
            "(e) complete",
            format!("record {} covers all before it", size - 1),
        ),
        (2, "(e) complete", "`package acme:http` record 0".to_owned()),
        (2, "(e) complete", "; map: operator's word".to_owned()),
        (3, "(b) included", index.to_string()),
        (
            4,
            "(e) unbroken",
            "  nothing was seen before of `registry`, `namespace acme`, `package acme:http`"
                .to_owned(),
        ),
        (
            5,
            "(a) authorised",
            "all records follow the rules: 1 of the registry, 2 of the namespace, 1 of the package"
                .to_owned(),
        ),
        (5, "(a) authorised", "signed by `acme/alice`".to_owned()),
        (6, "(d) witnessed", "no witness is asked for".to_owned()),
        (7, "(e) fresh", "registry's word, of 20".to_owned()),
        (
            8,
            "(f) content",
            format!("{digest}, 5 bytes, every byte of it"),
        ),
    ] {
        assert!(
            lines[line].starts_with(begins) && lines[line].contains(&has),
            "{}",
            lines[line]
        );
    }
    assert!(said.err.starts_with("`acme:http@1.0.0` is record "));

    place.server.world().publish("acme:http", "1.1.0", b"later");
    fs::write(place.at("same"), "bytes").unwrap();
    fs::write(place.at("other"), "bytez").unwrap();
    fs::write(place.at("longer"), "bytes!").unwrap();
    let said = place.ok(&["verify", "acme:http@1.0.0", "same"]);
    assert!(
        said.out.contains(&format!(
            "the log of {size} records that was seen before is part of it"
        )),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("5 bytes, every byte of `same`"),
        "{}",
        said.out
    );
    let line = "(e) unbroken    what was seen before is part of `registry`, `namespace acme`, `package acme:http`\n";
    assert!(said.out.contains(line), "{}", said.out);
    let said = place.fails(
        3,
        "verify::content-differs",
        &["verify", "acme:http@1.0.0", "other"],
    );
    assert!(
        said.err.contains("also: (f) content: refused"),
        "{}",
        said.err
    );
    place.fails(
        3,
        "verify::content-too-long",
        &["verify", "acme:http@1.0.0", "longer"],
    );
    place.fails(1, "cli::io", &["verify", "acme:http@1.0.0", "nowhere"]);
    let json = place.ok(&["verify", "acme:http", "--json"]).json();
    assert_eq!(json["schema"], "tenon/verify/1");
    assert_eq!(json["version"], "1.1.0");
    assert_eq!(json["obligations"].as_array().unwrap().len(), 9);
    assert_eq!(json["obligations"][8]["letter"], "f");
    place.server.world().publish("acme:new", "1.0.0", b"bytes");
    let said = place.ok(&["verify", "acme:new@1.0.0"]);
    let line = "what was seen before is part of `registry`, `namespace acme`; nothing was seen before of `package acme:new`\n";
    assert!(said.out.contains(line), "{}", said.out);
    place.server.world().log("acme:new", yank("1.0.0"));
    let said = place.ok(&["verify", "acme:new@1.0.0"]);
    assert!(
        said.err
            .starts_with("warning: `acme:new@1.0.0` is yanked (broken)"),
        "{}",
        said.err
    );
    let asked = place.server.asked("");
    place.ok(&["verify", "acme:http@1.0.0", "same", "--offline"]);
    assert_eq!(place.server.asked(""), asked);
}
