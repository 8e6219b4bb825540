//! What is asked for beside what fits is what runs: chains, wires, preferences, names.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use tenon_composer::{
    Arena, Bodies, ExportRequest, KeepRequest, Member, Options, RenameRequest, Request, Source,
    Versions, WireRequest, WiredExport, encode, plug,
};
use tenon_tests::example::folder;
use tenon_tests::run;

/// Composes files of the examples, the first `sockets` of them being the sockets.
fn compose(files: &[&str], sockets: usize, ask: impl FnOnce(&mut Request)) -> Vec<u8> {
    let inputs: Vec<_> = files
        .iter()
        .map(|file| wat::parse_file(folder().join(file)).unwrap())
        .collect();
    let mut arena = Arena::new();
    let mut ids = Vec::new();
    for (file, input) in files.iter().zip(&inputs) {
        let source = Source {
            name: (*file).to_owned(),
            input,
            digest: None,
            bodies: Bodies::Validate,
        };
        ids.push(arena.read(source).unwrap());
    }
    let plugs = ids.split_off(sockets);
    let mut request = Request::new(ids, plugs);
    ask(&mut request);
    let plan = plug(&arena, &request).unwrap();
    let composition = encode(arena, plan.graph, &Options::default()).unwrap();
    composition.to_bytes().unwrap()
}

const MW: &str = "middleware/mw.wasm";
const BACKEND: &str = "middleware/backend.wasm";

#[test]
fn middleware_serves_twice_in_a_chain() {
    for versions in [Versions::Highest, Versions::Lowest, Versions::Separate] {
        let chain = compose(&[MW, MW, BACKEND], 1, |request| {
            request.chains = vec![vec![Member::Socket(0), Member::Plug(0), Member::Plug(1)]];
            request.versions = versions;
        });
        let answers = run::serve(&chain, &["/hello", "/deny"]).unwrap();
        assert_eq!(answers[0], (200, "backend saw /hello via []\n".to_owned()));
        assert_eq!(answers[1], (403, "refused by the middleware\n".to_owned()));
    }
}

#[test]
fn a_backend_alone_denies_nobody() {
    let backend = compose(&[BACKEND], 1, |_| {});
    let answers = run::serve(&backend, &["/deny"]).unwrap();
    assert_eq!(answers[0].0, 200);
}

fn wire(import: &str, provider: usize) -> WireRequest {
    WireRequest {
        consumer: Member::Plug(0),
        import: import.to_owned(),
        provider: Member::Plug(provider),
        export: WiredExport::Fitting,
    }
}

#[test]
fn the_clock_that_is_wired_ticks() {
    let files = [
        "logger/app.wat",
        "logger/logger.wat",
        "logger/clock.wat",
        "polyglot/clock.wat",
    ];
    let run = |provider| {
        let composed = compose(&files, 1, |request| {
            request.wires = vec![wire("example:clock/ticker", provider)];
        });
        run::call(&composed, "run", &[]).unwrap()
    };
    assert_eq!(
        run(1),
        run::call(&compose(&files[..3], 1, |_| {}), "run", &[]).unwrap()
    );
    assert_ne!(run(1), run(2));
}

#[test]
fn the_greeter_that_is_preferred_greets() {
    let files = [
        "greeter/app.wat",
        "greeter/greeter.wat",
        "greeter/cowboy.wat",
    ];
    for (prefer, greeting) in [(0, "\"Hello, Tenon!\""), (1, "\"Howdy, Tenon!\"")] {
        let composed = compose(&files, 1, |request| {
            request.prefer = vec![Member::Plug(prefer)]
        });
        assert_eq!(run::call(&composed, "hello", &[]).unwrap(), greeting);
    }
}

#[test]
fn two_sockets_run_side_by_side() {
    let files = [
        "greeter/app.wat",
        "greeter/app.wat",
        "greeter/greeter.wat",
        "greeter/cowboy.wat",
    ];
    let composed = compose(&files, 2, |request| {
        request.wires = (0..2)
            .map(|n| WireRequest {
                consumer: Member::Socket(n),
                ..wire("example:greeter/greet", n)
            })
            .collect();
        request.exports = vec![ExportRequest {
            of: Member::Socket(1),
            export: "hello".to_owned(),
            name: Some("howdy".to_owned()),
        }];
        request.renames = vec![RenameRequest {
            side: None,
            of: None,
            from: "hello".to_owned(),
            to: "greet-me".to_owned(),
        }];
    });
    assert_eq!(
        run::call(&composed, "greet-me", &[]).unwrap(),
        "\"Hello, Tenon!\""
    );
    assert_eq!(
        run::call(&composed, "howdy", &[]).unwrap(),
        "\"Howdy, Tenon!\""
    );
}

#[test]
fn a_renamed_import_is_what_the_host_is_asked_for() {
    let files = ["logger/app.wat", "logger/logger.wat", "logger/clock.wat"];
    let composed = compose(&files, 1, |request| {
        request.keep = vec![KeepRequest {
            consumer: None,
            import: "example:clock/ticker".to_owned(),
        }];
        request.renames = vec![RenameRequest {
            side: None,
            of: None,
            from: "example:clock/ticker".to_owned(),
            to: "time".to_owned(),
        }];
    });
    // The engine understands the component, and misses what nobody gives it.
    let error = run::call(&composed, "run", &[]).unwrap_err();
    assert!(matches!(error, run::Error::Unlinked(_)), "{error}");
    assert!(error.to_string().contains("time"), "{error}");
}
