//! The bodies of the fuzz targets, run without a fuzzer: over their seeds, over small changes of
//! them, and over a few hundred compositions that nobody thought of.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../fuzz/pairs.rs"]
mod pairs;
#[path = "../fuzz/targets.rs"]
mod targets;

use pairs::{Case, noise};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tenon_composer::{Arena, Bodies, Source};
use wasm_encoder::Encode;
use wasmparser::{Validator, WasmFeatures};

/// How many cases are made and plugged together.
const CASES: usize = 250;
/// How many graphs are tried.
const NUMBERS: u64 = 200;
/// How many changes of its seeds each target of bytes gets.
const CHANGES: usize = 4000;

#[test]
fn plans_of_many_pairs() {
    let mut number = 0;
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..CASES {
        let (case, next) = Case::from_number(number);
        // What is said last is what failed.
        println!("case {}", next - 1);
        for made in case.all() {
            println!("{}: {}", made.name, made.wit);
        }
        number = next;
        let outcome = match targets::check_case(&case) {
            Ok(_) => "composed",
            Err(error) => error.code(),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    // Cases of which nothing comes show nothing.
    assert!(outcomes["composed"] > CASES / 6, "{outcomes:?}");
    assert!(outcomes.len() >= 6, "{outcomes:?}");
}

/// The committed seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    seeds
}

/// Runs a target over its seeds, of which those called `ok-` come to something and the others do not.
fn check(target: &str, run: fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    for (name, seed) in &seeds {
        println!("{target}/{name}");
        assert_eq!(run(seed), name.starts_with("ok-"), "{target}/{name}");
    }
    seeds.into_iter().map(|(_, seed)| seed).collect()
}

/// Runs a target over its seeds, and many small changes of them.
fn check_changed(target: &str, run: fn(&[u8]) -> bool) {
    let seeds = check(target, run);
    let random = noise(7).repeat(1 + CHANGES * 6 / 2048);
    for six in random.chunks_exact(6).take(CHANGES) {
        let seed = &seeds[usize::from(six[0]) % seeds.len()];
        let mut bytes = seed.clone();
        let at = usize::from(u16::from_le_bytes([six[1], six[2]])) % bytes.len().max(1);
        match six[3] % 4 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, six[4]),
            _ => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= six[4]),
        }
        run(&bytes);
    }
}

#[test]
fn every_target_has_seeds_and_a_fuzz_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = paths
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let targets = [
        "encode",
        "inspect",
        "plan",
        "read",
        "text",
        "wac_lex",
        "wac_parse",
        "wac_resolve",
    ];
    assert_eq!(names("seeds"), targets);
    assert_eq!(names("fuzz_targets"), targets);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in targets {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "{target}"
        );
    }
}

#[test]
fn read() {
    check_changed("read", targets::read);
}

/// A component that holds `parts`, each with the id of its section.
fn holding(parts: &[(u8, &[u8])]) -> Vec<u8> {
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    for (id, part) in parts {
        component.push(*id);
        part.encode(&mut component);
    }
    component
}

#[test]
fn reading_differs_from_validating_where_it_is_meant_to() {
    let with_body = |body: &[u8]| {
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a".to_vec();
        let code = [&[1, body.len() as u8], body].concat();
        code.encode(&mut module);
        holding(&[(1, &module)])
    };
    let empty = holding(&[]);
    let examples = [
        holding(&vec![(4, empty.as_slice()); 999]),
        with_body(&[0, 0x27, 0x0b]),
        with_body(&[0, 0xfc, 0xff, 0x01, 0x0b]),
    ];
    for (example, (part, reason)) in examples.iter().zip(targets::DIFFERENCES) {
        targets::read(example);
        let whole = Validator::new_with_features(WasmFeatures::all()).validate_all(example);
        let ours = Arena::new().read(Source {
            name: "it".to_owned(),
            input: example,
            digest: None,
            bodies: Bodies::Validate,
        });
        assert_ne!(whole.is_ok(), ours.is_ok(), "not so any more: {reason}");
        let whole = whole.err().map(|error| error.to_string());
        let ours = ours.err().map(|error| format!("{}: {error}", error.code()));
        let text = whole.or(ours).unwrap();
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn inspect() {
    check_changed("inspect", targets::inspect);
}

#[test]
fn text() {
    check_changed("text", targets::text);
}

#[test]
fn wac_lex() {
    check_changed("wac_lex", targets::wac_lex);
}

#[test]
fn wac_parse() {
    check_changed("wac_parse", targets::wac_parse);
}

#[test]
fn wac_resolve() {
    check_changed("wac_resolve", targets::wac_resolve);
}

/// Runs a target that makes components over its seeds, of which some must come to something.
fn check_made(target: &str, run: fn(&[u8]) -> bool) {
    let seeds = seeds(target);
    let came = seeds.iter().filter(|(name, seed)| {
        println!("{target}/{name}");
        run(seed)
    });
    assert!(came.count() * 3 > seeds.len());
}

#[test]
fn plan() {
    check_made("plan", targets::plan);
}

#[test]
fn encode() {
    check_made("encode", targets::encode);
    let numbers = 1..NUMBERS;
    let came = numbers.filter(|number| targets::encode(&noise(*number)));
    assert!(came.count() > 20);
}
