//! Every parser keeps what `fuzz/targets.rs` says of it, for committed seeds and many changes of
//! them. The fuzz targets go on from the same seeds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../../fuzz/targets.rs"]
mod targets;

mod law;
mod seed;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target)
}

/// The committed seeds of a target are those that `seed` makes; `UPDATE=1` writes them.
fn must_be_committed(target: &str) {
    let wanted: Vec<_> = seed::all()
        .into_iter()
        .filter(|seed| seed.target == target)
        .collect();
    assert!(!wanted.is_empty(), "there is no seed for {target}");
    let folder = folder(target);
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for seed in &wanted {
            fs::write(folder.join(seed.file_name()), &seed.bytes).unwrap();
        }
    }
    let mut found: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    found.sort();
    let mut wanted: Vec<_> = wanted
        .into_iter()
        .map(|seed| (seed.file_name(), seed.bytes))
        .collect();
    wanted.sort();
    let names = |seeds: &[(String, Vec<u8>)]| -> Vec<String> {
        seeds.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&found), names(&wanted), "run again with UPDATE=1");
    assert!(
        found == wanted,
        "a seed of {target} differs: run again with UPDATE=1"
    );
}

fn check(target: &str, run: fn(&[u8]) -> bool) {
    must_be_committed(target);
    law::check(env!("CARGO_MANIFEST_DIR"), target, run);
}

macro_rules! parsers {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            check(stringify!($target), targets::$target);
        }
    )*};
}

parsers! {
    note checkpoint vkey policy record name origin pin state evidence lock bundle verify tile entries
    tlog_proof map content witness manifest lock_file conflict wkg
}

#[test]
fn every_target_has_seeds_and_a_fuzz_target() {
    if std::env::var_os("UPDATE").is_some() {
        return;
    }
    let names = |entries: fs::ReadDir| -> BTreeSet<String> {
        let paths = entries.map(|entry| entry.unwrap().path());
        let stems = paths.map(|path| path.file_stem().unwrap().to_owned());
        stems.map(|stem| stem.into_string().unwrap()).collect()
    };
    let seeds = seed::all();
    // Parsers that nobody outside calls are looked at where they are: in `http::oci::laws`.
    let within = [
        "oci_auth_file",
        "oci_challenge",
        "oci_link",
        "oci_manifest",
        "oci_metadata",
        "oci_reference",
    ];
    let wanted = seeds.iter().map(|seed| seed.target).chain(within);
    let wanted: BTreeSet<_> = wanted.map(str::to_owned).collect();
    assert_eq!(names(fs::read_dir(folder("")).unwrap()), wanted);
    let targets = folder("../fuzz_targets");
    assert_eq!(names(fs::read_dir(targets).unwrap()), wanted);
}
