//! What one client published, with the other: `tenon` believes it by the log, and what is composed of it runs.

use crate::guest::{Access, Guest};
use crate::sealed::sealed;
use crate::shop::Shop;
use std::fs;
use tenon_registry_client::Digest;
use tenon_tests::example::{Example, folder};

const WKG: &[&str] = &["TENON_WKG"];

/// Publishes the plugs of an example with `wkg`; what they are called then.
fn publish_plugs(guest: &Guest, name: &str) -> Vec<String> {
    let inputs = Example::open(name).inputs();
    let plugs = inputs[1..].iter().map(|(stem, bytes)| {
        let package = format!("acme:{name}-{stem}");
        guest.push(bytes, &package, "1.0.0");
        package
    });
    plugs.collect()
}

#[test]
fn what_wkg_published_is_verified_composed_and_runs() {
    sealed(
        "tenon::what_wkg_published_is_verified_composed_and_runs",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Basic);
            for name in ["greeter", "logger", "middleware"] {
                let example = Example::open(name);
                let packages = publish_plugs(&guest, name);
                let reader = shop.reader();
                let socket = folder().join(name).join(&example.socket);
                let mut plug = vec!["plug", socket.to_str().unwrap(), "-o", "out.wasm"];
                for (package, (_, bytes)) in packages.iter().zip(&example.inputs()[1..]) {
                    reader.ok(&["get", package, "-o", "got.wasm"]);
                    assert_eq!(fs::read(reader.at("got.wasm")).unwrap(), *bytes);
                    let verified = reader.json(&["verify", package]);
                    assert_eq!(
                        verified["digest"],
                        Digest::of(bytes).to_string(),
                        "{verified}"
                    );
                    assert_eq!(verified["publisher"]["by"], "registry", "{verified}");
                    plug.extend(["--plug", package]);
                }
                reader.ok(&plug);
                let composed = fs::read(reader.at("out.wasm")).unwrap();
                let outcomes = example.run(&composed);
                assert!(!outcomes.is_empty());
                for outcome in outcomes {
                    assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
                }
            }
            let checked = shop.registry.operator(&["fsck", "--online"]);
            assert_eq!(checked.lines().last(), Some("nothing is wrong"));
        },
    );
}

#[test]
fn the_configuration_of_wkg_leads_to_the_log() {
    sealed(
        "tenon::the_configuration_of_wkg_leads_to_the_log",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Bearer);
            publish_plugs(&guest, "greeter");
            // Whoever maps the namespace for `wkg`, and pins the log at that host, is shown what the log proves.
            let reader = shop.reader();
            let config = reader.at("home/.config/wasm-pkg");
            fs::create_dir_all(&config).unwrap();
            fs::copy(
                guest.at("home/.config/wasm-pkg/config.toml"),
                config.join("config.toml"),
            )
            .unwrap();
            let got = reader.json(&["get", "acme:greeter-greeter", "-o", "got.wasm"]);
            assert_eq!(
                got["registry"],
                shop.registry.pin.split('+').next().unwrap()
            );
            // By its place, it is the same bytes, of which nothing is known.
            let place = format!("oci://{}/acme/greeter-greeter:1.0.0", shop.host);
            let by_place = reader.json(&["get", &place, "-o", "same.wasm"]);
            assert_eq!(by_place["unverified"], true);
            assert_eq!(
                fs::read(reader.at("same.wasm")).unwrap(),
                fs::read(reader.at("got.wasm")).unwrap()
            );
        },
    );
}

#[test]
fn what_tenon_composed_and_published_is_had_by_wkg_and_runs() {
    sealed(
        "tenon::what_tenon_composed_and_published_is_had_by_wkg_and_runs",
        WKG,
        || {
            let shop = Shop::open();
            let example = Example::open("logger");
            let file = shop.owner.at("logger.wasm");
            fs::write(&file, example.compose()).unwrap();
            shop.owner.publish(&file, "acme:logging", "1.0.0");
            let guest = shop.guest(Access::Anonymous);
            guest.ok(&["get", "acme:logging", "-o", "./got.wasm"]);
            let got = guest.read("got.wasm");
            assert_eq!(got, fs::read(file).unwrap());
            for outcome in example.run(&got) {
                assert_eq!(outcome.found, outcome.expected, "{}", outcome.what);
            }
        },
    );
}
