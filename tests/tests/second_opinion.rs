//! `wasm-compose`, on what it can do, makes programs that do the same as ours.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;
use tenon_tests::example::Example;
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::{Config, Dependency};

/// Composes an example by telling `wasm-compose` which file exports which import.
fn compose(example: &Example, wiring: &[(&str, &str)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in example.inputs() {
        fs::write(folder.path().join(format!("{name}.wasm")), bytes).unwrap();
    }
    let mut config = Config {
        dir: folder.path().to_owned(),
        ..Config::default()
    };
    for (import, file) in wiring {
        let path = folder.path().join(file);
        config
            .dependencies
            .insert((*import).to_owned(), Dependency { path });
    }
    let (socket, _) = example.socket.rsplit_once('.').unwrap();
    let socket = folder.path().join(format!("{socket}.wasm"));
    ComponentComposer::new(&socket, &config).compose().unwrap()
}

fn agree(name: &str, wiring: &[(&str, &str)]) {
    let example = Example::open(name);
    let (ours, theirs) = (example.compose(), compose(&example, wiring));
    assert_eq!(example.run(&ours), example.run(&theirs));
}

#[test]
fn on_a_pair() {
    agree(
        "greeter",
        &[("example:greeter/greet@0.1.0", "greeter.wasm")],
    );
}

#[test]
fn on_a_plug_that_needs_a_plug() {
    agree(
        "logger",
        &[
            ("example:logger/journal@0.1.0", "logger.wasm"),
            ("example:clock/ticker@0.1.0", "clock.wasm"),
        ],
    );
}

#[test]
fn on_a_shared_resource() {
    agree(
        "shared-resource",
        &[
            ("example:store/buckets@0.1.0", "store.wasm"),
            ("example:left/filler@0.1.0", "left.wasm"),
            ("example:right/drainer@0.1.0", "right.wasm"),
        ],
    );
}

#[test]
fn on_many_languages() {
    agree(
        "polyglot",
        &[
            ("demo:app/report@2.0.0", "app.wasm"),
            ("demo:imaging/filter@1.2.0", "imaging.wasm"),
            ("demo:text/summarise@0.3.1", "text.wasm"),
            ("demo:log/logger@0.1.4", "log.wasm"),
            ("demo:clock/ticker@0.2.0", "clock.wasm"),
        ],
    );
}
