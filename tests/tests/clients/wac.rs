//! `wac`, which composes what `tenon fetch --deps-dir` put where it looks.

use crate::guest::Access;
use crate::sealed::sealed;
use crate::shop::Shop;
use crate::user::User;
use std::fs;
use std::process::{Command, Stdio};
use tenon_tests::example::Example;

const BOTH: &[&str] = &["TENON_WKG", "TENON_WAC"];

/// Composes a document in the user's folder with `wac`.
fn wac(user: &User, document: &str, output: &str) {
    let mut command = Command::new(std::env::var_os("TENON_WAC").unwrap());
    command.current_dir(user.at("")).env_clear();
    command.env("HOME", user.at("home")).stdin(Stdio::null());
    let output = command.args(["compose", document, "-o", output]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{document}: {said}");
}

fn check(example: &Example, user: &User, file: &str) {
    let outcomes = example.run(&fs::read(user.at(file)).unwrap());
    assert!(!outcomes.is_empty());
    for outcome in outcomes {
        assert_eq!(outcome.found, outcome.expected, "{file}: {}", outcome.what);
    }
}

#[test]
fn documents_are_composed_of_fetched_packages_by_either_and_run_alike() {
    sealed(
        "wac::documents_are_composed_of_fetched_packages_by_either_and_run_alike",
        BOTH,
        || {
            for name in ["greeter", "logger", "shared-resource"] {
                let shop = Shop::open();
                let guest = shop.guest(Access::Docker);
                let example = Example::open(name);
                let packages = example.packages();
                for (package, bytes) in &packages {
                    guest.push(bytes, package, "1.0.0");
                }
                // By name alone, and by version.
                let plain = example.document();
                let mut versioned = plain.clone();
                for package in packages.keys() {
                    let new = format!("new {package} ");
                    versioned = versioned.replace(&new, &format!("new {package}@1.0.0 "));
                }
                assert_ne!(plain, versioned);
                for document in [plain, versioned] {
                    let reader = shop.reader();
                    fs::write(reader.at("app.wac"), &document).unwrap();
                    let fetch = ["fetch", "--deps-dir", "deps", "app.wac"];
                    let fetched = reader.json(&fetch);
                    let releases = fetched["releases"].as_array().unwrap();
                    assert_eq!(releases.len(), packages.len());
                    for release in releases {
                        assert_eq!(release["change"], "written", "{release}");
                    }
                    wac(&reader, "app.wac", "by-wac.wasm");
                    check(&example, &reader, "by-wac.wasm");
                    reader.ok(&["compose", "app.wac", "-o", "by-tenon.wasm"]);
                    check(&example, &reader, "by-tenon.wasm");
                    // Without the folder, of the registry: the very same.
                    fs::rename(reader.at("deps"), reader.at("away")).unwrap();
                    let words = [
                        "compose",
                        "app.wac",
                        "--registry",
                        "local",
                        "-o",
                        "again.wasm",
                    ];
                    reader.ok(&words);
                    check(&example, &reader, "again.wasm");
                }
            }
        },
    );
}
