//! A project of a hundred packages: what is asked for, and how long that takes.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "support/place.rs"]
mod place;
#[path = "support/server.rs"]
mod server;
#[path = "../../registry-client/tests/support/mod.rs"]
mod support;

use place::Place;
use std::fs;
use std::time::{Duration, Instant};

/// How many packages there are.
const MANY: usize = 100;
/// What must not be exceeded even by a slow machine and a program that is not optimized.
const PATIENCE: Duration = Duration::from_secs(60);

/// A component with one function by this name, exported or imported.
fn component(imports: &str, exports: &str) -> String {
    format!(
        "(component {imports} (core module $m (func (export \"f\")))\n\
         (core instance $i (instantiate $m)) (func $f (canon lift (core func $i \"f\"))) {exports})"
    )
}

#[test]
fn each_package_is_asked_for_once_and_nothing_when_there_is_nothing_to_do() {
    let place = Place::new();
    let names: Vec<String> = (0..MANY).map(|at| format!("p{at:02}")).collect();
    let (mut imports, mut manifest) = (String::new(), "[dependencies]\n".to_owned());
    for name in &names {
        let export = format!("(export \"{name}\" (func $f))");
        let bytes = wat::parse_str(component("", &export)).unwrap();
        place
            .server
            .world()
            .publish(&format!("acme:{name}"), "1.0.0", &bytes);
        imports.push_str(&format!("(import \"{name}\" (func))"));
        manifest.push_str(&format!("\"acme:{name}\" = \"1\"\n"));
    }
    manifest.push_str("[compose]\nsocket = \"app.wat\"\n");
    fs::write(place.at("tenon.toml"), manifest).unwrap();
    fs::write(
        place.at("app.wat"),
        component(&imports, "(export \"run\" (func $f))"),
    )
    .unwrap();
    let timed = |words: &[&str]| {
        place.server.world().asked.clear();
        let begun = Instant::now();
        let said = place.ok(words);
        let took = begun.elapsed();
        assert!(took < PATIENCE, "{words:?}: {took:?}");
        said
    };

    timed(&["lock"]);
    // A proof that there are no other releases, what the registry says of them, and the place of the one that is taken.
    assert_eq!(place.server.asked("/api/v1/packages/"), MANY);
    let proofs = place.server.asked("/api/v1/proof");
    assert!(proofs <= 2 * MANY + 1, "{proofs}");
    assert_eq!(place.server.asked("/blobs/"), 0);

    for words in [
        &["lock"][..],
        &["lock", "--locked"],
        &["tree"],
        &["why", "acme:p07"],
    ] {
        timed(words);
        assert_eq!(place.server.world().asked, [""; 0], "{words:?}");
    }

    timed(&["fetch"]);
    assert_eq!(place.server.asked("/blobs/"), MANY);
    assert!(place.server.asked("/api/v1/proof") <= MANY);

    timed(&["build"]);
    assert_eq!(place.server.asked("/blobs/"), 0);
    assert!(place.server.asked("/api/v1/proof") <= MANY);

    let said = timed(&["build"]);
    assert!(said.err.contains("is up to date"), "{}", said.err);
    assert_eq!(place.server.world().asked, [""; 0]);

    timed(&["remove", "acme:p07"]);
    assert_eq!(place.server.world().asked, [""; 0]);

    timed(&["outdated"]);
    assert!(place.server.asked("/api/v1/proof") < MANY);
    assert_eq!(place.server.asked("/blobs/"), 0);
}
