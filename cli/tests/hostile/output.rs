//! Results that cannot be written, or not to their end.

use crate::place::{Place, Said, ended, example};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const OLD: &[u8] = b"what was here before";

/// Plugs components of a megabyte, to `out`.
fn plug(place: &Place, before: &str, out: &str) -> Said {
    let (app, log) = (example("polyglot/app.wasm"), example("polyglot/log.wasm"));
    place.run_with(before, &["plug", &app, "--plug", &log, "-o", out])
}

#[test]
fn a_disk_without_room() {
    let place = Place::new();
    place.file("out.wasm", OLD);
    // So many blocks of 512 bytes, or of 1024, and no more: the composition has a megabyte.
    for blocks in [0, 1, 100, 800] {
        let said = plug(&place, &format!("ulimit -f {blocks}"), "out.wasm");
        said.failed("cli::io", &["plug"]);
        assert_eq!(fs::read(place.at("out.wasm")).unwrap(), OLD);
        assert_eq!(place.files(), ["out.wasm"]);
        let said = plug(&place, &format!("ulimit -f {blocks}"), "new.wasm");
        said.failed("cli::io", &["plug"]);
        assert_eq!(place.files(), ["out.wasm"]);
    }
    if cfg!(target_os = "linux") {
        let said = plug(&place, "true", "/dev/full");
        said.failed("cli::io", &["plug"]);
        assert!(said.err.contains("make room"), "{said:?}");
        for words in [&["inspect"][..], &["wit"], &["graph"]] {
            let log = example("polyglot/log.wasm");
            let words = [words, &[log.as_str()]].concat();
            let said = place.run_with("exec >/dev/full", &words);
            said.failed("cli::io", &words);
        }
    }
}

#[test]
fn targets_that_are_no_files() {
    let place = Place::new();
    fs::create_dir(place.at("folder")).unwrap();
    plug(&place, "true", "folder").failed("cli::io", &[]);
    plug(&place, "true", "missing/out.wasm").failed("cli::io", &[]);
    plug(&place, "true", "folder/../missing/out.wasm").failed("cli::io", &[]);
    std::os::unix::fs::symlink("loop", place.at("loop")).unwrap();
    let looped = plug(&place, "true", "loop");
    assert!(matches!(looped.code, Some(0 | 1)), "{looped:?}");
    assert!(place.files().iter().all(|name| !name.starts_with('.')));
    let name = "x".repeat(300);
    plug(&place, "true", &name).failed("cli::io", &[]);
    fs::set_permissions(place.at("folder"), fs::Permissions::from_mode(0o555)).unwrap();
    // One who may do everything may write there, too.
    if fs::write(place.at("folder/probe"), b"").is_err() {
        plug(&place, "true", "folder/out.wasm").failed("cli::io", &[]);
    }
    fs::set_permissions(place.at("folder"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(plug(&place, "true", "/dev/null").code, Some(0));
}

#[test]
fn the_output_is_an_input() {
    let place = Place::new();
    let expected = place.at("expected.wasm");
    assert_eq!(plug(&place, "true", "expected.wasm").code, Some(0));
    let expected = fs::read(expected).unwrap();
    for out in ["app.wasm", "log.wasm"] {
        for name in ["app.wasm", "log.wasm"] {
            fs::copy(example(&format!("polyglot/{name}")), place.at(name)).unwrap();
        }
        let said = place.run(&["plug", "app.wasm", "--plug", "log.wasm", "-o", out]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(fs::read(place.at(out)).unwrap(), expected);
        // And where there is no room for it, the input stays.
        fs::copy(example("polyglot/app.wasm"), place.at("app.wasm")).unwrap();
        fs::copy(example("polyglot/log.wasm"), place.at("log.wasm")).unwrap();
        let words = ["plug", "app.wasm", "--plug", "log.wasm", "-o", out];
        place
            .run_with("ulimit -f 10", &words)
            .failed("cli::io", &words);
        let kept = fs::read(example(&format!("polyglot/{out}"))).unwrap();
        assert_eq!(fs::read(place.at(out)).unwrap(), kept);
    }
    assert_eq!(place.files(), ["app.wasm", "expected.wasm", "log.wasm"]);
}

/// A component of so many bytes that take no room, which does not import anything.
fn large(place: &Place) -> String {
    let size: u32 = 700 << 20;
    let mut head = b"\0asm\x0d\0\x01\0\0".to_vec();
    let mut left = size + 2;
    while left >= 0x80 {
        head.push(left as u8 | 0x80);
        left >>= 7;
    }
    head.push(left as u8);
    head.extend([1, b'x']);
    // What is plugged is a section at the end.
    let rest = b"\x07\x05\x01\x40\x00\x01\x00\x0a\x06\x01\x00\x01f\x01\x00";
    let path = place.sparse("large.wasm", &head, head.len() as u64 + u64::from(size));
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, rest).unwrap();
    path
}

#[test]
fn told_to_stop_while_writing() {
    let place = Place::new();
    let large = large(&place);
    let f = b"\0asm\x0d\0\x01\0\x07\x05\x01\x40\x00\x01\x00\x0a\x06\x01\x00\x01g\x01\x00\x0b\x07\x01\x00\x01f\x01\x00\x00";
    let f = place.file("f.wasm", f);
    place.file("out.wasm", OLD);
    let words = [
        "plug",
        &large,
        "--plug",
        &f,
        "--no-validate",
        "-o",
        "out.wasm",
    ];
    for signal in ["INT", "TERM", "HUP"] {
        let child = place.limited("true", &words).spawn().unwrap();
        let began = Instant::now();
        let is_writing = || place.files().iter().any(|name| name.starts_with(".tenon-"));
        while !is_writing() {
            assert!(began.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(1));
        }
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        let said = ended(child);
        assert!(
            matches!(said.code, Some(129 | 130 | 143)),
            "{signal}: {said:?}"
        );
        assert_eq!(place.files(), ["f.wasm", "large.wasm", "out.wasm"]);
        assert_eq!(fs::read(place.at("out.wasm")).unwrap(), OLD);
    }
}

#[test]
fn one_target_for_many() {
    let place = Place::new();
    assert_eq!(plug(&place, "true", "expected.wasm").code, Some(0));
    let expected = fs::read(place.at("expected.wasm")).unwrap();
    thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| plug(&place, "true", "out.wasm")))
            .collect();
        for run in runs {
            assert_eq!(run.join().unwrap().code, Some(0));
            assert_eq!(fs::read(place.at("out.wasm")).unwrap(), expected);
        }
    });
    assert_eq!(place.files(), ["expected.wasm", "out.wasm"]);
}
