//! Pairs that use each feature of the Component Model plug, and the result validates.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::path::Path;
use std::{collections::BTreeSet, fs};
use tenon_composer::{Bodies, Kind, Source, validate};
use tenon_tests::{example::compose, run};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cases")
        .join(name)
}

fn read(folder: &Path, name: &str) -> (String, Vec<u8>) {
    let bytes = fs::read(folder.join(format!("{name}.wasm"))).unwrap();
    (name.to_owned(), bytes)
}

#[test]
fn each_pair_plugs() {
    let folder = folder("component-model");
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| {
            let file = entry.unwrap().file_name().into_string().unwrap();
            file.strip_suffix(".wit").map(str::to_owned)
        })
        .collect();
    assert_eq!(names.len(), 12);
    for name in names {
        let pair = [
            read(&folder, &format!("{name}.socket")),
            read(&folder, &format!("{name}.plug")),
        ];
        let component = compose(&pair).unwrap();
        let source = Source {
            name,
            input: &component,
            digest: None,
            bodies: Bodies::Validate,
        };
        assert_eq!(validate(&source).unwrap(), Kind::Component);
    }
}

#[test]
fn versions_on_one_track_compose_and_serve() {
    let (old, new) = (folder("http-skew"), tenon_tests::example::folder());
    let new = new.join("middleware");
    let answers = vec![
        (200, "backend saw /hello via []\n".to_owned()),
        (403, "refused by the middleware\n".to_owned()),
    ];
    for pair in [
        [read(&old, "mw-0.2.2"), read(&new, "backend")],
        [read(&new, "mw"), read(&old, "backend-0.2.2")],
        [read(&old, "mw-0.2.2"), read(&old, "backend-0.2.2")],
    ] {
        let component = compose(&pair).unwrap();
        assert_eq!(
            run::serve(&component, &["/hello", "/deny"]).unwrap(),
            answers
        );
    }
}

#[test]
fn links_of_a_chain_come_before_its_end() {
    let folder = tenon_tests::example::folder().join("middleware");
    let link = read(&folder, "mw");
    let component = compose(&[link.clone(), read(&folder, "backend"), link.clone(), link]).unwrap();
    let answers = run::serve(&component, &["/hello", "/deny"]).unwrap();
    let expected = [
        (200, "backend saw /hello via []\n".to_owned()),
        (403, "refused by the middleware\n".to_owned()),
    ];
    assert_eq!(answers, expected);
}
