//! `wkg oci push` and `wkg oci pull`.

use crate::guest::{Access, Guest, NAMED};
use crate::sealed::sealed;
use crate::shop::{Shop, component};
use tenon_registry_client::Digest;

const WKG: &[&str] = &["TENON_WKG"];

/// What the guest pulls from a place.
fn pull(guest: &Guest, place: &str) -> Vec<u8> {
    let to = ["-o".to_owned(), "pulled.wasm".to_owned()];
    guest.ok(&[&guest.oci("pull", place)[..], &to].concat());
    guest.read("pulled.wasm")
}

/// Has the guest push a file to a place; the digest of the manifest.
fn push(guest: &Guest, place: &str) -> String {
    let file = ["greeter.wasm".to_owned()];
    let said = guest.ok(&[&guest.oci("push", place)[..], &file].concat());
    let (_, digest) = said.split_once("digest: ").unwrap();
    digest.trim().to_owned()
}

#[test]
fn versions_are_pushed_and_pulled_with_every_access() {
    sealed(
        "oci::versions_are_pushed_and_pulled_with_every_access",
        WKG,
        || {
            let shop = Shop::open();
            let bytes = component("greeter/greeter.wat");
            for (number, access) in NAMED.into_iter().enumerate() {
                let guest = shop.guest(access);
                guest.write("greeter.wasm", &bytes);
                let version = format!("1.{number}.0");
                let place = format!("{}/acme/greeter:{version}", shop.host);
                let size = shop.log_size();
                push(&guest, &place);
                // A release, and the index record behind it.
                assert_eq!(shop.log_size(), size + 2);
                let release = shop.release("acme:greeter", &version);
                assert_eq!(release["digest"], Digest::of(&bytes).to_string());
                assert_eq!(pull(&guest, &place), bytes);
                assert_eq!(pull(&shop.guest(Access::Anonymous), &place), bytes);
            }
            let size = shop.log_size();
            let nobody = shop.guest(Access::Anonymous);
            nobody.write("greeter.wasm", &bytes);
            for tag in ["2.0.0", "edge"] {
                let place = format!("{}/acme/greeter:{tag}", shop.host);
                let words = nobody.oci("push", &place);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let words = [&words[..], &["greeter.wasm"]].concat();
                let said = nobody.fails(&words);
                assert!(said.contains("UNAUTHORIZED"), "{said}");
                let wrong = ["-u", "me", "-p", "tnr_0000000000000000_wrong"];
                nobody.fails(&[&words[..], &wrong].concat());
            }
            assert_eq!(shop.log_size(), size);
        },
    );
}

#[test]
fn other_tags_and_repositories_are_in_no_log_and_digests_are_pulled() {
    sealed(
        "oci::other_tags_and_repositories_are_in_no_log_and_digests_are_pulled",
        WKG,
        || {
            let shop = Shop::open();
            let guest = shop.guest(Access::Docker);
            let (host, old) = (&*shop.host, component("greeter/cowboy.wat"));
            guest.write("greeter.wasm", &old);
            let released = push(&guest, &format!("{host}/acme/greeter:1.0.0"));
            let size = shop.log_size();
            // What such a tag means may change.
            let bytes = component("greeter/greeter.wat");
            for bytes in [&old, &bytes] {
                guest.write("greeter.wasm", bytes);
                push(&guest, &format!("{host}/acme/greeter:edge"));
                push(&guest, &format!("{host}/acme/of/three:1.0.0"));
            }
            assert_eq!(shop.log_size(), size);
            let nobody = shop.guest(Access::Anonymous);
            for (place, expected) in [
                (&*format!("acme/greeter@{released}"), &old),
                ("acme/greeter:latest", &old),
                ("acme/greeter:edge", &bytes),
                ("acme/of/three:1.0.0", &bytes),
            ] {
                let pulled = pull(&nobody, &format!("{host}/{place}"));
                assert_eq!(pulled, *expected, "{place}");
            }
        },
    );
}
