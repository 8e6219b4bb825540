//! `wkg get`.

use crate::guest::{Access, Guest, NAMED};
use crate::process::Registry;
use crate::sealed::sealed;
use crate::shop::{Shop, component};
use crate::user::User;
use std::fs;
use tenon_tests::example::folder;

const WKG: &[&str] = &["TENON_WKG"];

#[test]
fn what_either_client_published_is_had_and_compared_with_every_access() {
    sealed(
        "get::what_either_client_published_is_had_and_compared_with_every_access",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Bearer);
            let (greeter, cowboy) = (
                component("greeter/greeter.wat"),
                component("greeter/cowboy.wat"),
            );
            guest.push(&greeter, "acme:greeter", "1.0.0");
            let file = folder().join("greeter/cowboy.wat");
            shop.owner.publish(&file, "acme:greeter", "1.1.0");
            let text = folder().join("logger/wit/deps/clock.wit");
            shop.owner.ok(&["publish", text.to_str().unwrap(), "--yes"]);
            for access in [&[Access::Anonymous], &NAMED[..]].concat() {
                let guest = shop.guest(access);
                guest.ok(&["get", "acme:greeter@1.0.0", "-o", "./pushed.wasm"]);
                assert_eq!(guest.read("pushed.wasm"), greeter);
                guest.ok(&["get", "acme:greeter@1.1.0", "-o", "./native.wasm"]);
                assert_eq!(guest.read("native.wasm"), cowboy);
                // Without a version it is the highest, under a name of its own.
                guest.ok(&["get", "acme:greeter"]);
                assert_eq!(guest.read("acme_greeter@1.1.0.wasm"), cowboy);
                // What is here is compared, or is not overwritten.
                let check = ["get", "acme:greeter@1.0.0", "--check", "-o"];
                guest.ok(&[&check[..], &["./pushed.wasm"]].concat());
                let said = guest.fails(&[&check[..], &["./native.wasm"]].concat());
                assert!(said.contains("Differences between retrieved and"), "{said}");
                guest.fails(&["get", "acme:greeter@1.0.0", "-o", "./native.wasm"]);
                // A WIT package is had as text, which says the same.
                guest.ok(&["get", "example:clock", "-o", "./clock.wit"]);
                let had = String::from_utf8(guest.read("clock.wit")).unwrap();
                assert!(had.contains("now: func() -> u64;"), "{had}");
                // What there is not.
                guest.fails(&["get", "acme:greeter@9.0.0", "-o", "./none.wasm"]);
                guest.fails(&["get", "acme:none", "-o", "./none.wasm"]);
                assert!(!guest.at("none.wasm").exists());
            }
        },
    );
}

#[test]
fn what_is_yanked_is_not_chosen_and_still_had() {
    sealed(
        "get::what_is_yanked_is_not_chosen_and_still_had",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Bearer);
            let bytes = ["greeter", "cowboy"].map(|file| component(&format!("greeter/{file}.wat")));
            for (version, bytes) in ["1.0.0", "1.1.0"].into_iter().zip(&bytes) {
                guest.push(bytes, "acme:greeter", version);
            }
            let yank = ["yank", "acme:greeter@1.1.0", "--reason", "broken", "--yes"];
            shop.owner.ok(&yank);
            guest.ok(&["get", "acme:greeter", "-o", "./highest.wasm"]);
            assert_eq!(guest.read("highest.wasm"), bytes[0]);
            guest.ok(&["get", "acme:greeter@1.1.0", "-o", "./yanked.wasm"]);
            assert_eq!(guest.read("yanked.wasm"), bytes[1]);
        },
    );
}

#[test]
fn the_private_log_is_for_those_who_may_read_it() {
    sealed(
        "get::the_private_log_is_for_those_who_may_read_it",
        WKG,
        || {
            let dir = tempfile::tempdir().unwrap();
            let data = dir.path().join("registry");
            fs::create_dir(&data).unwrap();
            fs::write(data.join("config.toml"), "private = true\n").unwrap();
            let registry = Registry::serve(&data);
            let token = registry.token().unwrap();
            let owner = User::new();
            for line in registry.lines_to_paste() {
                // The public log is not used here.
                if line.starts_with("tenon registry add local ") {
                    continue;
                }
                let line = line.replace("login local", "login private");
                let line = line.replace("namespace create acme", "namespace create acme --yes");
                let line = line.replace("add private ", "add --default private ");
                let output = owner.shell(&line);
                assert!(output.status.success(), "{line}: {output:?}");
            }
            let file = folder().join("greeter/greeter.wat");
            owner.publish(&file, "acme:greeter", "1.0.0");
            let host = registry.process.address().to_string();
            for access in NAMED {
                let guest = Guest::of_private(&host, &token, access);
                guest.ok(&["get", "acme:greeter", "-o", "./greeter.wasm"]);
                assert_eq!(guest.read("greeter.wasm"), component("greeter/greeter.wat"));
            }
            let nobody = Guest::of_private(&host, &token, Access::Anonymous);
            let said = nobody.fails(&["get", "acme:greeter", "-o", "./greeter.wasm"]);
            assert!(!nobody.at("greeter.wasm").exists(), "{said}");
        },
    );
}
