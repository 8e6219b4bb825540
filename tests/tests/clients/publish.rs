//! `wkg publish`, and what it comes to beside `wkg oci push`.

use crate::guest::{Access, NAMED};
use crate::process::binaries;
use crate::sealed::sealed;
use crate::shop::{Shop, component};
use std::thread;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_tests::example::folder;

const WKG: &[&str] = &["TENON_WKG"];

const GREETER: &str = "package example:greeter@0.1.0;\n\ninterface greet {\n  greet: func(name: string) -> string;\n}\n\nworld greeter {\n  export greet;\n}\n";

/// What a later version has besides.
const MORE: &str =
    "\ninterface more {\n  again: func();\n}\n\nworld both {\n  export greet;\n  export more;\n}\n";

#[test]
fn wit_packages_become_releases_with_every_access() {
    sealed(
        "publish::wit_packages_become_releases_with_every_access",
        WKG,
        || {
            let shop = Shop::open();
            let token = &shop.token[4..20];
            for (number, access) in NAMED.into_iter().enumerate() {
                let guest = shop.guest(access);
                let version = format!("0.{}.0", number + 1);
                guest.write("wit/greeter.wit", GREETER.replace("0.1.0", &version));
                guest.ok(&["build", "-o", "built.wasm"]);
                let size = shop.log_size();
                // Of a folder, or of what was made of it.
                let said = match access {
                    Access::Basic => guest.ok(&["publish", "wit"]),
                    _ => guest.ok(&["publish", "built.wasm"]),
                };
                let published = format!("Published example:greeter@{version}");
                assert!(said.contains(&published), "{said}");
                // A release, and the index record behind it.
                assert_eq!(shop.log_size(), size + 2);
                let release = shop.release("example:greeter", &version);
                let built = Digest::of(&guest.read("built.wasm")).to_string();
                assert_eq!(
                    (&release["kind"], &release["digest"]),
                    (&"wit".into(), &built.into())
                );
                let attested = format!("the token `{token}`");
                assert_eq!(release["publisher"]["attested"], attested);
                // Under another name than its text has, it is refused by the registry.
                let other = ["publish", "built.wasm", "--package", "example:other@1.0.0"];
                let said = guest.fails(&other);
                assert!(said.contains("content-name-differs"), "{said}");
                assert_eq!(shop.log_size(), size + 2);
            }
        },
    );
}

#[test]
fn nobody_publishes_and_a_wrong_token_does_not() {
    sealed(
        "publish::nobody_publishes_and_a_wrong_token_does_not",
        WKG,
        || {
            let shop = Shop::open();
            let size = shop.log_size();
            let nobody = shop.guest(Access::Anonymous);
            nobody.write("wit/greeter.wit", GREETER);
            let said = nobody.fails(&["publish", "wit"]);
            assert!(
                said.contains("to push or delete takes a token that may `publish`"),
                "{said}"
            );
            for access in NAMED {
                let wrong = shop.stranger(access);
                wrong.write("wit/greeter.wit", GREETER);
                let said = wrong.fails(&["publish", "wit"]);
                let is_said = ["Not authorized", "UNAUTHORIZED"].map(|it| said.contains(it));
                assert!(is_said.contains(&true), "{access:?}: {said}");
            }
            assert_eq!(shop.log_size(), size);
            let get = ["get", "example:greeter"];
            shop.reader().fails(1, "verify::no-such-package", &get);
        },
    );
}

/// `wkg publish` 0.16.1 looks for the version of a component in its WIT, where there is none, even if it is told. Should a
/// newer one publish components, they are to be published so in these tests.
#[test]
fn a_component_is_refused_by_the_client_itself() {
    sealed(
        "publish::a_component_is_refused_by_the_client_itself",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Bearer);
            guest.write("greeter.wasm", component("greeter/greeter.wat"));
            let publish = ["publish", "greeter.wasm", "--package", "acme:greeter@1.0.0"];
            let said = guest.fails(&publish);
            assert!(
                said.contains("component package version not found"),
                "{said}"
            );
            let asked = shop.registry.process.log();
            assert!(!asked.contains("/v2/acme/greeter"), "{asked}");
        },
    );
}

#[test]
fn a_namespace_that_demands_signatures_says_what_to_do_and_that_helps() {
    sealed(
        "publish::a_namespace_that_demands_signatures_says_what_to_do_and_that_helps",
        WKG,
        || {
            let shop = Shop::closed();
            let size = shop.log_size();
            let guest = shop.guest(Access::Bearer);
            let text = GREETER.replace("example:", "acme:");
            guest.write("wit/greeter.wit", text);
            let said = guest.fails(&["publish", "wit"]);
            let first = "demands the signatures of its publishers: publish with `tenon publish`";
            assert!(said.contains(first), "{said}");
            assert_eq!(shop.log_size(), size);
            let (_, command) = said.split_once("with `tenon namespace grant").unwrap();
            let (command, _) = command.split_once('`').unwrap();
            let tenon = binaries().join("tenon");
            let line = format!("{} namespace grant{command} --yes", tenon.display());
            let granted = shop.owner.shell(&line);
            assert!(granted.status.success(), "{line}: {granted:?}");
            guest.ok(&["publish", "wit"]);
        },
    );
}

#[test]
fn what_is_published_already_is_not_published_twice() {
    sealed(
        "publish::what_is_published_already_is_not_published_twice",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Bearer);
            guest.write("wit/greeter.wit", GREETER);
            guest.ok(&["build", "-o", "greeter.wasm"]);
            guest.ok(&["publish", "greeter.wasm"]);
            let size = shop.log_size();
            // It looks into the list of versions first, and has an option for whoever does not mind.
            let said = guest.fails(&["publish", "greeter.wasm"]);
            assert!(
                said.contains("example:greeter@0.1.0 already exists"),
                "{said}"
            );
            guest.ok(&["publish", "greeter.wasm", "--skip-dupes"]);
            // Without looking, it pushes the same once more, with another time in it; and so does the other command.
            thread::sleep(Duration::from_millis(1100));
            let again = ["publish", "greeter.wasm", "--skip-semver-check"];
            let said = guest.ok(&again);
            assert!(said.contains("Published example:greeter@0.1.0"), "{said}");
            thread::sleep(Duration::from_millis(1100));
            let bytes = guest.read("greeter.wasm");
            let said = guest.push(&bytes, "example:greeter", "0.1.0");
            // What it says can be pulled, can be.
            let (_, digest) = said.split_once("digest: ").unwrap();
            let place = format!("{}/example/greeter@{}", shop.host, digest.trim());
            guest.ok(&[
                &guest.oci("pull", &place)[..],
                &["-o".into(), "a.wasm".into()],
            ]
            .concat());
            assert_eq!(guest.read("a.wasm"), bytes);
            assert_eq!(shop.log_size(), size);
            // Other content is another version.
            guest.write("wit/greeter.wit", [GREETER, MORE].concat());
            guest.ok(&["build", "-o", "greeter.wasm"]);
            let said = guest.fails(&again);
            assert!(said.contains("has the version 0.1.0 already"), "{said}");
            // What `tenon` published is not published again either, though it has a manifest of its own.
            let clock = folder().join("logger/clock.wat");
            shop.owner.publish(&clock, "acme:clock", "1.0.0");
            let size = shop.log_size();
            guest.push(&component("logger/clock.wat"), "acme:clock", "1.0.0");
            assert_eq!(shop.log_size(), size);
        },
    );
}

#[test]
fn a_version_is_compared_with_its_neighbours() {
    sealed(
        "publish::a_version_is_compared_with_its_neighbours",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Docker);
            let publish = |version: &str, text: &[&str]| {
                guest.write("wit/greeter.wit", text.concat().replace("0.1.0", version));
                guest.ok(&["build", "-o", "built.wasm"]);
                guest.wkg_in("", &["publish", "built.wasm"])
            };
            assert!(publish("0.1.0", &[GREETER]).status.success());
            assert!(publish("0.1.2", &[GREETER, MORE]).status.success());
            let size = shop.log_size();
            // It has not all that an earlier one has, which `wkg` finds out of what it is sent.
            let refused = publish("0.1.3", &[GREETER]);
            let said = String::from_utf8(refused.stderr).unwrap();
            assert!(
                !refused.status.success() && said.contains("0.1.2"),
                "{said}"
            );
            assert_eq!(shop.log_size(), size);
            // One in between is compared with both.
            assert!(publish("0.1.1", &[GREETER]).status.success());
        },
    );
}
