//! Inputs that are no ordinary files, or no ordinary components.

use crate::place::{Place, ended, example};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const GIB: u64 = 1 << 30;

/// The commands that read a component, with the arguments around it.
fn readers(path: &str) -> Vec<Vec<String>> {
    let app = example("greeter/app.wat");
    let greeter = example("greeter/greeter.wat");
    let wit = example("greeter/wit");
    let words: [&[&str]; 9] = [
        &["plug", &app, "--plug", path, "-o", "out.wasm"],
        &["plug", path, "--plug", &greeter, "-o", "out.wasm"],
        &["plug", path, "--plug", &greeter, "--wat"],
        &["inspect", path],
        &["inspect", path, "--json", "--verbose"],
        &["graph", path],
        &["wit", path],
        &["targets", path, "--wit", &wit],
        &["validate", path],
    ];
    let owned = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    words.iter().map(owned).collect()
}

/// Runs every command on a file; each ends by itself, and the ones that fail say why.
fn each(place: &Place, path: &str, is_valid: bool) {
    for words in readers(path) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = place.run(&words);
        assert!(matches!(said.code, Some(0..=2)), "{words:?}: {said:?}");
        if said.code != Some(0) && !words.contains(&"--json") {
            assert!(said.err.contains("error["), "{words:?}: {said:?}");
        }
        if words[0] == "validate" {
            assert_eq!(said.code == Some(0), is_valid, "{said:?}");
        }
        assert!(said.err.len() < 64 << 10, "{words:?}");
        if words[0] != "plug" {
            said.is_clean();
        }
    }
    assert!(place.files().iter().all(|name| !name.starts_with(".tenon")));
}

#[test]
fn what_is_no_file() {
    let place = Place::new();
    fs::create_dir(place.at("folder.wasm")).unwrap();
    symlink("loop.wasm", place.at("loop.wasm")).unwrap();
    symlink("nowhere", place.at("dangling.wasm")).unwrap();
    for name in ["folder.wasm", "loop.wasm", "dangling.wasm", "missing.wasm"] {
        let path = place.at(name);
        each(&place, path.to_str().unwrap(), false);
    }
    each(&place, "/dev/null", false);
    for word in ["inspect", "validate"] {
        place.fails("compose::empty", &[word, "/dev/null"]);
        place.fails("cli::io", &[word, place.at("loop.wasm").to_str().unwrap()]);
    }
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let place = Place::new();
    let path = place.at("pipe");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let bytes = fs::read(example("polyglot/text.wasm")).unwrap();
    for (bytes, code) in [(&bytes[..], 0), (&bytes[..4000], 1), (&[], 1)] {
        let child = place.limited("true", &["validate", path.to_str().unwrap()]);
        let said = thread::scope(|scope| {
            let writer = scope.spawn(|| fs::write(&path, bytes).unwrap());
            let said = ended({ child }.spawn().unwrap());
            writer.join().unwrap();
            said
        });
        assert_eq!(said.code, Some(code), "{said:?}");
    }
}

/// More comes out of it than memory holds.
#[test]
fn what_has_no_end() {
    let place = Place::new();
    for word in ["validate", "inspect", "wit"] {
        let said = place.run_with("ulimit -d 4000000", &[word, "/dev/zero"]);
        assert!(matches!(said.code, Some(1)), "{said:?}");
    }
}

#[test]
fn files_of_gigabytes() {
    let place = Place::new();
    let typed = [COMPONENT, &[7, 0x80, 0x80, 0x80, 0x80, 0x0c]].concat();
    let module = [COMPONENT, &[1, 0x80, 0x80, 0x80, 0x80, 0x0c]].concat();
    let heads: [&[u8]; 6] = [
        b"",
        COMPONENT,
        &typed,
        &module,
        b"(component",
        b"package a:b;",
    ];
    for (number, head) in (0..).zip(heads) {
        let path = place.sparse(&format!("{number}.wasm"), head, 3 * GIB + head.len() as u64);
        for words in readers(&path).iter().filter(|words| words[0] != "plug") {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let said = place.run(&words);
            assert_eq!(said.code, Some(1), "{words:?}: {said:?}");
        }
    }
}

#[test]
fn names_that_steer_a_terminal() {
    let place = Place::new();
    let section = |id: u8, body: &[u8]| [&[id, body.len() as u8], body].concat();
    for text in [
        "\u{1b}]0;x\u{7}",
        "\u{202e}gnp",
        "a\u{200b}b",
        "\r\n",
        "\u{9b}2J",
        "",
    ] {
        let name = [&[text.len() as u8], text.as_bytes()].concat();
        let import = [&[1, 0][..], &name, &[1, 0]].concat();
        let export = [&[1, 0][..], &name, &[1, 0, 0]].concat();
        let ty = section(7, &[1, 0x40, 0, 1, 0]);
        let core = [
            &b"\0asm\x01\0\0\0"[..],
            &section(1, &[1, 0x60, 0, 0]),
            &section(2, &[&[1][..], &name, &name, &[0, 0]].concat()),
            &section(7, &[&[1][..], &name, &[0, 0]].concat()),
        ]
        .concat();
        let title = [&b"\x0ecomponent-name\0"[..], &[name.len() as u8], &name].concat();
        let version = [&b"\x07version"[..], text.as_bytes()].concat();
        let producers = [&b"\x09producers\x01"[..], &name, &[1], &name, &name].concat();
        let cases = [
            (core.clone(), true),
            ([COMPONENT, &section(1, &core)].concat(), true),
            ([COMPONENT, &ty, &section(10, &import)].concat(), false),
            (
                [COMPONENT, &ty, &section(10, &import), &section(11, &export)].concat(),
                false,
            ),
            (
                [
                    COMPONENT,
                    &section(0, &title),
                    &section(0, &version),
                    &section(0, &producers),
                ]
                .concat(),
                true,
            ),
        ];
        for (number, (bytes, is_valid)) in (0..).zip(cases) {
            let path = place.file(&format!("{number}.wasm"), &bytes);
            each(&place, &path, is_valid);
        }
    }
}

/// Types that are huge as they are spelled out, and as deep as may be.
#[test]
fn types_for_the_printer() {
    let place = Place::new();
    let leb = |value: u32| match value {
        0..64 => vec![value as u8],
        _ => vec![value as u8 & 0x7f | 0x80, (value >> 7) as u8],
    };
    for (levels, pair) in [(17, true), (95, false)] {
        let mut types = vec![0x7d];
        for level in 0..levels {
            let ty = leb(level);
            match pair {
                true => types.extend([&[0x6f, 2][..], &ty, &ty].concat()),
                false => types.extend([&[0x70][..], &ty].concat()),
            }
        }
        types.extend([&[0x40, 1, 1, b'a'][..], &leb(levels), &[1, 0]].concat());
        let count = [levels as u8 + 2];
        let body = [&count[..], &types].concat();
        assert!(body.len() < 1 << 14);
        let size = [body.len() as u8 | 0x80, (body.len() >> 7) as u8];
        let import = [&[10, 6, 1, 0, 1, b'f', 1][..], &[levels as u8 + 1]].concat();
        let bytes = [COMPONENT, &[7], &size, &body, &import].concat();
        let path = place.file("types.wasm", &bytes);
        each(&place, &path, true);
    }
}

/// Another process overwrites, or cuts, the files while they are read and written.
#[test]
fn inputs_that_change_meanwhile() {
    let place = Place::new();
    let whole = fs::read(example("polyglot/app.wasm")).unwrap();
    let socket = place.at("socket.wasm");
    let mut broken = whole.clone();
    broken[100_000..200_000].fill(0xff);
    let log = example("polyglot/log.wasm");
    let mut codes = [0; 2];
    for number in 0..30 {
        fs::write(&socket, &whole).unwrap();
        let words = ["plug", "socket.wasm", "--plug", &log, "-o", "out.wasm"];
        let child = place.limited("true", &words).spawn().unwrap();
        thread::sleep(std::time::Duration::from_millis(number * 5));
        match number % 3 {
            0 => fs::write(&socket, &broken).unwrap(),
            1 => {
                let file = fs::File::options().write(true).open(&socket).unwrap();
                file.set_len(whole.len() as u64 / 2).unwrap();
            }
            _ => fs::write(&socket, b"").unwrap(),
        }
        let said = ended(child);
        let code = said.code.unwrap();
        assert!(code < 2, "{said:?}");
        codes[code as usize] += 1;
        match code {
            0 => {
                assert_eq!(place.run(&["validate", "out.wasm"]).code, Some(0));
                fs::remove_file(place.at("out.wasm")).unwrap();
            }
            _ => assert!(said.err.contains("error["), "{said:?}"),
        }
        assert_eq!(place.files(), ["socket.wasm"]);
    }
    assert!(codes[1] > 0, "{codes:?}");
}
