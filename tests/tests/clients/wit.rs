//! `wkg fetch`, `wkg build`, and the same under `wkg wit`, of packages of WASI.
//!
//! Their texts are those of WASI 0.2.12 that the example `middleware` has, or all there are; no public host is asked for them,
//! since there is none where these tests run.

use crate::guest::{Access, Guest, NAMED};
use crate::sealed::sealed;
use crate::shop::Shop;
use std::fs;
use std::path::Path;
use tenon_tests::example::folder;

const WKG: &[&str] = &["TENON_WKG"];

/// In the order in which they need each other.
const PACKAGES: [&str; 3] = ["io", "clocks", "http"];

/// All of WASI, in such an order.
const ALL: [&str; 7] = [
    "io",
    "random",
    "clocks",
    "filesystem",
    "sockets",
    "cli",
    "http",
];

/// Builds a package of the text in a folder and publishes it, from where nothing is but its own text.
///
/// Versions are not compared: by the rules of `wkg`, WASI 0.2.12 has not all that 0.2.2 has, of what is unstable in it.
fn publish_wasi(guest: &Guest, texts: &Path, version: &str, names: &[&str]) {
    for name in names {
        let place = format!("{name}-{version}");
        for (number, text) in texts_of(texts, name).into_iter().enumerate() {
            guest.write(&format!("{place}/wit/{number}.wit"), text);
        }
        let said = guest.ok_in(&place, &["build"]);
        let file = format!("wasi:{name}@{version}.wasm");
        assert!(said.contains(&file), "{said}");
        let said = guest.ok_in(&place, &["publish", "--skip-semver-check", &file]);
        let published = format!("Published wasi:{name}@{version}");
        assert!(said.contains(&published), "{said}");
    }
}

/// What there is of a package: a file, or a folder of them.
fn texts_of(texts: &Path, name: &str) -> Vec<Vec<u8>> {
    let one = texts.join(format!("{name}.wit"));
    if one.exists() {
        return vec![fs::read(one).unwrap()];
    }
    let files = fs::read_dir(texts.join(name)).into_iter().flatten();
    let files = files.map(|file| fs::read(file.unwrap().path()).unwrap());
    files.collect()
}

#[test]
fn the_packages_of_wasi_are_built_published_fetched_and_built_upon() {
    sealed(
        "wit::the_packages_of_wasi_are_built_published_fetched_and_built_upon",
        WKG,
        || {
            let shop = Shop::open();
            let texts = folder().join("middleware/wit/deps");
            publish_wasi(&shop.guest(Access::Bearer), &texts, "0.2.12", &PACKAGES);
            let world = fs::read(folder().join("middleware/wit/http.wit")).unwrap();
            let mut built = vec![];
            for access in [&[Access::Anonymous], &NAMED[..]].concat() {
                let guest = shop.guest(access);
                for (number, command) in [&[][..], &["wit"]].into_iter().enumerate() {
                    let place = format!("place{number}");
                    guest.write(&format!("{place}/wit/http.wit"), &world);
                    guest.ok_in(&place, &[command, &["fetch"]].concat());
                    for name in PACKAGES {
                        let path = format!("{place}/wit/deps/wasi-{name}-0.2.12/package.wit");
                        let text = String::from_utf8(guest.read(path)).unwrap();
                        let first = format!("package wasi:{name}@0.2.12;");
                        assert!(text.starts_with(&first), "{text}");
                    }
                    // It has locked what the log has.
                    let lock = String::from_utf8(guest.read(format!("{place}/wkg.lock"))).unwrap();
                    let release = shop.release("wasi:http", "0.2.12");
                    let digest = release["digest"].as_str().unwrap();
                    assert!(lock.contains(digest), "{lock}");
                    guest.ok_in(&place, &[command, &["build", "-o", "built.wasm"]].concat());
                    built.push(guest.read(format!("{place}/built.wasm")));
                    // The same in the binary form, which are the very bytes that were released.
                    fs::remove_dir_all(guest.at(format!("{place}/wit/deps"))).unwrap();
                    guest.ok_in(&place, &[command, &["fetch", "-t", "wasm"]].concat());
                    let path = format!("{place}/wit/deps/wasi-http-0.2.12.wasm");
                    let found = tenon_registry_client::Digest::of(&guest.read(path));
                    assert_eq!(found.to_string(), digest);
                }
            }
            built.dedup();
            assert_eq!(built.len(), 1, "what is built depends on who builds it");
        },
    );
}

#[test]
fn all_of_wasi_is_published_in_three_versions_and_built_upon() {
    sealed(
        "wit::all_of_wasi_is_published_in_three_versions_and_built_upon",
        &["TENON_WKG", "TENON_WASI"],
        || {
            let shop = Shop::open();
            let all = std::env::var_os("TENON_WASI").unwrap();
            let (publisher, reader) = (shop.guest(Access::Basic), shop.guest(Access::Anonymous));
            for version in ["0.2.2", "0.2.12", "0.3.2"] {
                let texts = Path::new(&all).join(format!("wasi-{version}/deps"));
                let there = |name: &&&str| !texts_of(&texts, name).is_empty();
                let names: Vec<_> = ALL.iter().filter(there).copied().collect();
                assert!(names.len() > 5, "{names:?}");
                publish_wasi(&publisher, &texts, version, &names);
                let (main, world) = match version {
                    "0.3.2" => ("command", "service"),
                    _ => ("command", "proxy"),
                };
                let text = format!(
                    "package example:all@0.1.0;\n\nworld one {{\n  include wasi:cli/{main}@{version};\n}}\n\nworld two {{\n  include wasi:http/{world}@{version};\n}}\n"
                );
                let place = format!("place-{version}");
                reader.write(&format!("{place}/wit/all.wit"), text);
                reader.ok_in(&place, &["fetch"]);
                for name in &names {
                    let path = format!("{place}/wit/deps/wasi-{name}-{version}/package.wit");
                    assert!(reader.at(&path).exists(), "{path}");
                }
                reader.ok_in(&place, &["build", "-o", "built.wasm"]);
            }
        },
    );
}

#[test]
fn what_is_not_there_is_said() {
    sealed("wit::what_is_not_there_is_said", WKG, || {
        let shop = Shop::open();
        let guest = shop.guest(Access::Anonymous);
        let world = fs::read(folder().join("middleware/wit/http.wit")).unwrap();
        guest.write("wit/http.wit", world);
        let said = guest.fails(&["fetch"]);
        assert!(said.contains("wasi:http"), "{said}");
        guest.fails(&["build", "-o", "built.wasm"]);
        assert!(!guest.at("built.wasm").exists());
    });
}
