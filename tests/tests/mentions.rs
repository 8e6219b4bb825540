//! What a registry says a component or WIT package mentions is what anyone finds in the bytes of it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_composer::{Arena, Bodies, Mention, Source, mentions};
use tenon_registry_client::api::world::{InterfaceName, World};
use tenon_registry_client::record::ContentKind;
use tenon_registry_server::content::check;
use tenon_tests::example;
use wit_component::DecodedWasm;
use wit_parser::Resolve;

/// What types alone tell of some bytes: nothing is validated for it but these.
fn found(bytes: &Vec<u8>) -> (ContentKind, BTreeSet<Mention>) {
    let mut arena = Arena::new();
    let source = Source {
        bodies: Bodies::Skip,
        ..Source::new("content", bytes)
    };
    let id = arena.read_release(source).unwrap();
    let kind = match arena.component(id).is_wit_package() {
        true => ContentKind::Wit,
        false => ContentKind::Component,
    };
    (kind, mentions(&arena, id))
}

/// What the registry says.
fn said(bytes: &Vec<u8>, kind: ContentKind) -> World {
    check(bytes, kind, None, [None, None]).unwrap()
}

fn agree(name: &str, bytes: &Vec<u8>, expected: ContentKind) -> BTreeSet<Mention> {
    let (kind, found) = found(bytes);
    assert_eq!(kind, expected, "{name}");
    let said = said(bytes, kind);
    if kind == ContentKind::Component {
        assert_eq!(found, of_items(&said), "{name}");
    }
    let said = said.packages.into_iter();
    let said: Vec<_> = said.map(|it| (it.name, it.version)).collect();
    let shown = found.iter().cloned();
    let shown: Vec<_> = shown.map(|it| (it.package, it.version)).collect();
    assert_eq!(shown, said, "{name}");
    found
}

/// The packages of the interfaces that the registry lists.
fn of_items(said: &World) -> BTreeSet<Mention> {
    let items = said.imports.iter().chain(&said.exports);
    let interfaces = items.filter_map(|item| item.interface.clone());
    let mention = |interface: InterfaceName| Mention {
        package: interface.package,
        version: interface.version.or(interface.track),
    };
    interfaces.map(mention).collect()
}

/// The packages that WIT tools find in a WIT package, but for itself.
fn decoded(bytes: &[u8]) -> BTreeSet<Mention> {
    let DecodedWasm::WitPackage(resolve, own) = wit_component::decode(bytes).unwrap() else {
        panic!("this is no WIT package");
    };
    let others = resolve.packages.iter().filter(|(id, _)| *id != own);
    let mention = |name: &wit_parser::PackageName| Mention {
        package: format!("{}:{}", name.namespace, name.name),
        version: name.version.as_ref().map(ToString::to_string),
    };
    others.map(|(_, package)| mention(&package.name)).collect()
}

fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    });
    paths.sort();
    paths
}

fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(example::folder()).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

#[test]
fn components_of_the_examples_mention_what_the_registry_says() {
    let mut some = 0;
    for file in examples()
        .iter()
        .flat_map(|folder| files(folder, &["wasm", "wat"]))
    {
        let bytes = wat::parse_file(&file).unwrap();
        let name = file.to_string_lossy();
        some += agree(&name, &bytes, ContentKind::Component).len();
    }
    assert!(some > 20, "{some}");
}

#[test]
fn wit_packages_of_the_examples_mention_what_the_registry_says() {
    let mut some = 0;
    for folder in examples() {
        let mut resolve = Resolve::new();
        let wit = folder.join("wit");
        if !wit.exists() {
            continue;
        }
        resolve.push_dir(&wit).unwrap();
        for (id, package) in &resolve.packages {
            for canonical in [false, true] {
                let bytes = wit_component::encode(&resolve, id, canonical).unwrap();
                let name = package.name.to_string();
                let found = agree(&name, &bytes, ContentKind::Wit);
                if !canonical {
                    assert_eq!(found, decoded(&bytes), "{name}");
                }
                some += found.len();
            }
        }
    }
    assert!(some > 10, "{some}");
}
