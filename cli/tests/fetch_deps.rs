//! `tenon fetch` of what documents name, and into the folder where `tenon compose` and `wac` look for it.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "../../registry-client/tests/support/mod.rs"]
mod support;

#[path = "support/place.rs"]
mod place;
#[path = "support/server.rs"]
mod server;
#[path = "support/shop.rs"]
mod shop;

use place::Place;
use serde_json::Value;
use shop::{Shop, changes, collect, component};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Of the packages `acme:app` and `acme:http`, the second one by version.
const DOCUMENT: &str = "package acme:shop;\n\nlet http = new acme:http@1.0.0 {};\nlet app = new acme:app { ...http };\n\nexport app.run;\n";

/// A registry that has both, `acme:http` in two versions.
fn place() -> Place {
    let place = Place::new();
    let mut world = place.server.world();
    world.publish("acme:app", "0.3.0", &component("app", &["http"], &["run"]));
    world.publish("acme:http", "1.0.0", &component("old", &[], &["http"]));
    world.publish("acme:http", "1.1.0", &component("new", &[], &["http"]));
    drop(world);
    fs::write(place.at("app.wac"), DOCUMENT).unwrap();
    place
}

fn files(folder: PathBuf) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(&folder, &mut files);
    files
}

fn names(folder: &Path) -> Vec<String> {
    let files = files(folder.to_owned());
    let names = files
        .keys()
        .map(|path| path.strip_prefix(folder).unwrap().display().to_string());
    names.collect()
}

/// What became of each, by its path.
fn said(json: &Value) -> Vec<(&str, &str)> {
    let releases = json["releases"].as_array().unwrap().iter();
    let said = releases.map(|it| (it["output"].as_str(), it["change"].as_str()));
    said.map(|(path, change)| (path.unwrap(), change.unwrap()))
        .collect()
}

const FETCH: [&str; 4] = ["fetch", "--deps-dir", "deps", "app.wac"];

#[test]
fn what_a_document_names_is_where_it_is_looked_for() {
    let place = place();
    let json = place.ok(&[&FETCH[..], &["--json"]].concat()).json();
    assert_eq!(
        said(&json),
        [
            ("deps/acme/http/1.0.0.wasm", "written"),
            ("deps/acme/app.wasm", "written")
        ]
    );
    assert_eq!(
        names(&place.at("deps")),
        ["acme/app.wasm", "acme/http/1.0.0.wasm"]
    );
    assert_eq!(
        place.read("deps/acme/http/1.0.0.wasm"),
        component("old", &[], &["http"])
    );
    // Nothing is asked of the registry any more.
    place.ok(&["--offline", "compose", "app.wac", "-o", "out.wasm"]);
    // It is composed of the same where there is no folder.
    let folder = place.at("away");
    fs::rename(place.at("deps"), &folder).unwrap();
    let again = [
        "compose",
        "app.wac",
        "--registry",
        "local",
        "-o",
        "again.wasm",
    ];
    place.ok(&again);
    let digests = |name: &str| {
        let inspected = place.ok(&["inspect", name, "--json"]).json();
        let parts = inspected["root"]["parts"].as_array().unwrap().clone();
        let digests = parts.iter().map(|part| part["digest"].to_string());
        digests.collect::<Vec<_>>()
    };
    assert_eq!(digests("out.wasm"), digests("again.wasm"));
    // Without a folder, it is in the cache, and nowhere else.
    let json = place.ok(&["fetch", "app.wac", "--json"]).json();
    let releases = json["releases"].as_array().unwrap();
    assert_eq!((releases.len(), &releases[0]["output"]), (2, &Value::Null));
    assert!(!place.at("deps").exists());
}

#[test]
fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let place = place();
    place.ok(&FETCH);
    let before = files(place.at("deps"));
    let again = place.ok(&FETCH);
    assert!(
        again
            .err
            .contains("`deps/acme/app.wasm` is this release already"),
        "{}",
        again.err
    );
    assert_eq!(files(place.at("deps")), before);

    // Other bytes, and bytes of the same length; then not even what is missing is written.
    let mut other = before[&place.at("deps/acme/app.wasm")].clone();
    *other.last_mut().unwrap() ^= 1;
    for other in [b"mine".to_vec(), other] {
        fs::write(place.at("deps/acme/app.wasm"), &other).unwrap();
        let _ = fs::remove_file(place.at("deps/acme/http/1.0.0.wasm"));
        let said = place.fails(1, "fetch::deps-taken", &FETCH);
        assert!(
            said.err
                .contains("`deps/acme/app.wasm` is not `acme:app@0.3.0`"),
            "{}",
            said.err
        );
        assert_eq!(names(&place.at("deps")), ["acme/app.wasm"]);
        assert_eq!(place.read("deps/acme/app.wasm"), other);
    }
    let json = place
        .ok(&[&FETCH[..], &["--replace", "--json"]].concat())
        .json();
    assert_eq!(
        said(&json),
        [
            ("deps/acme/http/1.0.0.wasm", "written"),
            ("deps/acme/app.wasm", "replaced")
        ]
    );
    assert_eq!(files(place.at("deps")), before);
    // `--replace` is nothing without a folder.
    let said = place.run(&["fetch", "--replace", "app.wac"]);
    assert_eq!(said.status.code(), Some(2));
}

#[test]
fn what_would_be_taken_before_it_is_in_the_way_in_any_case() {
    let place = place();
    let in_the_way = [
        "acme/app.wat",
        "acme/app/app.wit",
        "acme/http/1.0.0/http.wit",
    ];
    for name in in_the_way {
        let path = place.at("deps").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        for replace in [&[][..], &["--replace"]] {
            let words = [&FETCH[..], replace].concat();
            let said = place.fails(1, "fetch::deps-taken", &words);
            assert!(
                said.err.contains("would be taken before it"),
                "{}",
                said.err
            );
            assert_eq!(names(&place.at("deps")), [name]);
        }
        fs::remove_dir_all(place.at("deps")).unwrap();
    }
}

#[test]
fn packages_are_laid_out_as_they_are_named() {
    let place = place();
    let fetch = |packages: &[&str]| {
        let words = [&["fetch", "--json", "--deps-dir", "deps"], packages].concat();
        place.ok(&words).json()
    };
    let json = fetch(&["acme:http", "acme:http@1.0.0", "acme:http@^1", "app.wac"]);
    assert_eq!(
        said(&json)[..3],
        [
            ("deps/acme/http.wasm", "written"),
            ("deps/acme/http/1.0.0.wasm", "written"),
            ("deps/acme/http/1.1.0.wasm", "written")
        ]
    );
    assert_eq!(
        place.read("deps/acme/http.wasm"),
        place.read("deps/acme/http/1.1.0.wasm")
    );
    // What is asked for twice is there once.
    assert_eq!(said(&json)[3..], [("deps/acme/app.wasm", "written")]);
    assert_eq!(names(&place.at("deps")).len(), 4);
    // So is one that the document means as well.
    fs::remove_dir_all(place.at("deps")).unwrap();
    fs::write(
        place.at("app.wac"),
        "package acme:shop;\nlet x = new acme:http {};\n",
    )
    .unwrap();
    place
        .server
        .world()
        .publish("acme:http", "1.2.0", &component("newest", &[], &["http"]));
    place.ok(&["fetch", "--deps-dir", "deps", "app.wac", "acme:http"]);
    assert_eq!(names(&place.at("deps")), ["acme/http.wasm"]);
}

#[test]
fn what_cannot_be_fetched_or_verified_leaves_no_folder() {
    let place = place();
    fs::write(
        place.at("app.wac"),
        DOCUMENT.replace("acme:app ", "acme:none "),
    )
    .unwrap();
    let said = place.fails(1, "verify::no-such-package", &FETCH);
    assert!(
        said.err.contains(
            "put it into `deps/acme/none.wasm` yourself, or give its path in `tenon.toml`"
        ),
        "{}",
        said.err
    );
    // The others are there, and what is one's own is passed over.
    assert_eq!(names(&place.at("deps")), ["acme/http/1.0.0.wasm"]);
    fs::write(
        place.at("deps/acme/none.wasm"),
        component("none", &["http"], &["run"]),
    )
    .unwrap();
    let said = place.ok(&FETCH);
    assert!(
        said.err.contains(
            "`acme:none` is not fetched: `deps/acme/none.wasm` is there, and the registry has no such package"
        ),
        "{}",
        said.err
    );
    fs::remove_dir_all(place.at("deps")).unwrap();
    fs::write(
        place.at("app.wac"),
        "package acme:shop;\nlet x = new acme:of:three {};\n",
    )
    .unwrap();
    let said = place.fails(2, "cli::usage", &FETCH);
    assert!(
        said.err.contains("no registry can have `acme:of:three`"),
        "{}",
        said.err
    );
    fs::write(place.at("app.wac"), "package acme:shop;\nlet x = \n").unwrap();
    assert_eq!(place.run(&FETCH).status.code(), Some(1));
    fs::write(place.at("app.wac"), DOCUMENT).unwrap();
    for bytes in place.server.world().blobs.values_mut() {
        *bytes.last_mut().unwrap() ^= 1;
    }
    place.fails(3, "verify::content-differs", &FETCH);
    assert!(!place.at("deps").exists());
}

#[test]
fn in_a_project_it_is_what_is_locked() {
    let shop = Shop::new(place());
    let manifest = "[package]\nname = \"acme:shop\"\n\n[dependencies]\n\"acme:http\" = \"=1.0.0\"\n\"acme:app\" = { path = \"app.wasm\" }\n";
    shop.write("tenon.toml", manifest);
    shop.write("app.wac", DOCUMENT.replace("@1.0.0", ""));
    shop.ok(&["lock"]);
    let before = shop.kept();
    let fetched = shop.ok(&FETCH);
    assert!(
        fetched
            .err
            .contains("`acme:app` is not fetched: the project has it at `app.wasm`"),
        "{}",
        fetched.err
    );
    // The document says no version, and the lock file does.
    let changed = changes(&before, &shop.kept());
    assert_eq!(
        changed,
        [shop.at("deps/acme/http.wasm").display().to_string()]
    );
    assert_eq!(
        fs::read(shop.at("deps/acme/http.wasm")).unwrap(),
        component("old", &[], &["http"])
    );
    shop.ok(&["compose", "app.wac", "-o", "out.wasm"]);
    // All that is locked, by its version.
    shop.ok(&["fetch", "--deps-dir", "all"]);
    assert_eq!(names(&shop.at("all")), ["acme/http/1.0.0.wasm"]);
    shop.ok(&["--locked", "fetch", "--deps-dir", "locked", "app.wac"]);
    assert_eq!(names(&shop.at("locked")), ["acme/http.wasm"]);
}

#[test]
fn nothing_is_written_where_a_link_leads() {
    let place = place();
    let outside = place.at("outside");
    fs::create_dir_all(outside.join("http")).unwrap();
    let link = |to: &Path, at: &str| {
        let at = place.at(at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, at).unwrap();
    };
    // The folder of a namespace, and that of a package with versions.
    for (to, at) in [
        (outside.clone(), "deps/acme"),
        (place.at("nowhere"), "deps/acme"),
        (outside.join("http"), "deps/acme/http"),
    ] {
        link(&to, at);
        for more in [&[][..], &["--replace"]] {
            let said = place.fails(1, "fetch::deps-taken", &[&FETCH[..], more].concat());
            assert!(
                said.err.contains(&format!("`{at}` is a link"))
                    && said
                        .err
                        .contains("or name another folder with `--deps-dir`"),
                "{}",
                said.err
            );
        }
        assert_eq!(names(&outside), [""; 0]);
        assert_eq!(names(&place.at("deps")), [""; 0]);
        fs::remove_dir_all(place.at("deps")).unwrap();
    }
    // A folder that was named may be a link, and so may the file that is replaced; that is, and not what it leads to.
    fs::create_dir(place.at("real")).unwrap();
    link(&place.at("real"), "deps");
    place.ok(&FETCH);
    fs::write(outside.join("app.wasm"), "mine").unwrap();
    fs::remove_file(place.at("real/acme/app.wasm")).unwrap();
    link(&outside.join("app.wasm"), "real/acme/app.wasm");
    place.fails(1, "fetch::deps-taken", &FETCH);
    place.ok(&[&FETCH[..], &["--replace"]].concat());
    assert_eq!(fs::read(outside.join("app.wasm")).unwrap(), b"mine");
}
