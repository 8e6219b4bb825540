//! What is said about good content.

use crate::support::*;
use tenon_registry_client::api::world::*;

fn interface(package: &str, interface: &str, version: &str, track: &str) -> Option<InterfaceName> {
    Some(InterfaceName {
        package: package.into(),
        interface: interface.into(),
        version: Some(version.into()),
        track: Some(track.into()),
    })
}

#[test]
fn a_component_is_described() {
    let bytes = read("middleware/mw.wasm");
    let world = judge(&bytes, Component, None).unwrap();
    let handler = world
        .exports
        .iter()
        .find(|item| item.name.contains("incoming-handler"));
    let handler = handler.unwrap();
    assert_eq!(handler.kind, ExternKind::Interface);
    let name = handler.interface.clone().unwrap();
    assert_eq!(
        (&*name.package, &*name.interface),
        ("wasi:http", "incoming-handler")
    );
    let version = name.version.unwrap();
    assert_eq!(
        handler.name,
        format!("wasi:http/incoming-handler@{version}")
    );
    assert_eq!(name.track.as_deref(), Some("0.2"));
    assert!(
        world
            .imports
            .iter()
            .any(|item| item.interface == handler.interface)
    );
    let http = WitReference {
        name: "wasi:http".into(),
        version: Some(version),
    };
    assert!(world.packages.contains(&http));
    let made_with = |field: &str, name: &str| {
        let mut producers = world.producers.iter();
        producers.any(|producer| producer.field == field && producer.name == name)
    };
    assert!(
        made_with("processed-by", "wit-component") && made_with("processed-by", "rustc"),
        "{:?}",
        world.producers
    );
    assert_eq!(world.sizes.whole, bytes.len() as u64);
    assert!(world.sizes.core_module_count >= 1);
    assert!(world.sizes.core_modules > 0 && world.sizes.core_modules < world.sizes.whole);
    assert!(world.sizes.custom > 0);
    assert!(
        world
            .features
            .iter()
            .any(|feature| feature.name == "resources"
                && feature.area == FeatureArea::ComponentModel
                && feature.on_by_default)
    );
    assert_eq!(world.wit, None);
}

#[test]
fn every_example_is_good() {
    let mut count = 0;
    for dir in std::fs::read_dir(example("")).unwrap() {
        let dir = dir.unwrap().path();
        for file in dir
            .is_dir()
            .then(|| std::fs::read_dir(&dir).unwrap())
            .into_iter()
            .flatten()
        {
            let path = file.unwrap().path();
            let bytes = match path.extension().and_then(|extension| extension.to_str()) {
                Some("wasm") => std::fs::read(&path).unwrap(),
                Some("wat") => wat(&std::fs::read_to_string(&path).unwrap()),
                _ => continue,
            };
            let world = judge(&bytes, Component, None).unwrap();
            assert_eq!(world.sizes.whole, bytes.len() as u64, "{}", path.display());
            let json = serde_json::to_string(&world).unwrap();
            assert_eq!(
                serde_json::from_str::<World>(&json).unwrap(),
                world,
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 15, "only {count} examples");
}

#[test]
fn every_sort_of_import_and_export_is_named() {
    let bytes = wat(r#"(component
        (import "a:b/c@1.2.3" (instance))
        (import "plain" (instance))
        (import "run" (func))
        (import "r" (type (sub resource)))
        (import "inner" (component))
        (import "code" (core module))
        (type $t (list u8))
        (export "bytes" (type $t)))"#);
    let world = judge(&bytes, Component, None).unwrap();
    let kinds: Vec<_> = world.imports.iter().map(|item| item.kind).collect();
    use ExternKind as Kind;
    assert_eq!(
        kinds,
        [
            Kind::Interface,
            Kind::Interface,
            Kind::Function,
            Kind::Resource,
            Kind::Component,
            Kind::CoreModule
        ]
    );
    assert_eq!(
        world.imports[0].interface,
        interface("a:b", "c", "1.2.3", "1")
    );
    assert!(
        world.imports[1..]
            .iter()
            .all(|item| item.interface.is_none())
    );
    assert_eq!(
        (world.exports[0].kind, &*world.exports[0].name),
        (Kind::Type, "bytes")
    );
    assert_eq!(world.packages.len(), 1);
}

#[test]
fn what_it_implements_counts_as_its_interface() {
    let bytes = wat(r#"(component
        (import "main" (implements "wasi:keyvalue/store@0.2.1") (instance)))"#);
    let world = judge(&bytes, Component, None).unwrap();
    assert_eq!(world.imports[0].name, "main");
    assert_eq!(
        world.imports[0].implements.as_deref(),
        Some("wasi:keyvalue/store@0.2.1")
    );
    assert_eq!(
        world.imports[0].interface,
        interface("wasi:keyvalue", "store", "0.2.1", "0.2")
    );
}

#[test]
fn metadata_and_bills_are_read_and_prose_is_cut() {
    let bill = r#"{"packages":[
        {"name":"serde","version":"1.0.200","source":"crates.io"},
        {"name":"app","version":"0.1.0","source":"local","root":true,"dependencies":[0]}]}"#;
    let long = "é".repeat(10_000);
    let inner = module(&custom(".dep-v0", &deflate(bill.as_bytes())));
    let bytes = component(&[
        section(1, &inner),
        section(4, &component(&[section(1, &module(&[]))])),
        custom("description", long.as_bytes()),
        custom("authors", long.as_bytes()),
        custom("licenses", b"Apache-2.0 OR MIT"),
        custom("source", b"https://example.org/src"),
        custom("homepage", b"https://example.org"),
        custom("revision", b"abc"),
        custom("version", b"3.2.1"),
    ]);
    let world = judge(&bytes, Component, None).unwrap();
    let metadata = &world.metadata;
    let description = metadata.description.as_deref().unwrap();
    assert!(description.ends_with("é…") && (16_380..=16_384).contains(&description.len()));
    let authors = metadata.authors.as_deref().unwrap();
    assert!(authors.ends_with("é…") && (4_090..=4_096).contains(&authors.len()));
    let said = [
        &metadata.licenses,
        &metadata.source,
        &metadata.homepage,
        &metadata.revision,
        &metadata.version,
    ];
    let said: Vec<_> = said.iter().map(|text| text.as_deref().unwrap()).collect();
    assert_eq!(
        said,
        [
            "Apache-2.0 OR MIT",
            "https://example.org/src",
            "https://example.org",
            "abc",
            "3.2.1"
        ]
    );
    let bill: Vec<_> = world
        .dependencies
        .iter()
        .map(|entry| (&*entry.name, &*entry.version, &*entry.source, entry.root))
        .collect();
    assert_eq!(
        bill,
        [
            ("app", "0.1.0", "local", true),
            ("serde", "1.0.200", "crates.io", false)
        ]
    );
    let sizes = world.sizes;
    assert_eq!((sizes.core_module_count, sizes.component_count), (2, 1));
    assert_eq!(sizes.core_modules, inner.len() as u64 + 8);
    assert_eq!(sizes.components, 8 + 8 + 2);
}

#[test]
fn a_wit_package_is_described() {
    let bytes = wit(&[
        "/// Keeps things. For a while.
        package acme:store@1.2.0;
        /// One thing
        /// at a time. Or more.
        interface one { use dep:types/t@0.3.1.{thing}; get: func() -> thing; }
        interface two { put: func(); }
        /// All of it
        world all { import one; export two; }",
        "package dep:types@0.3.1; interface t { type thing = u32; }",
    ]);
    let world = judge(&bytes, Wit, Some(&release("acme:store", "1.2.0"))).unwrap();
    let wit = world.wit.unwrap();
    assert_eq!(
        (&*wit.name, wit.version.as_deref()),
        ("acme:store", Some("1.2.0"))
    );
    assert_eq!(wit.docs.as_deref(), Some("Keeps things."));
    let items = |items: &[WitItem]| -> Vec<_> {
        items
            .iter()
            .map(|item| (item.name.clone(), item.docs.clone()))
            .collect()
    };
    assert_eq!(
        items(&wit.interfaces),
        [
            ("one".to_owned(), Some("One thing at a time.".to_owned())),
            ("two".to_owned(), None)
        ]
    );
    assert_eq!(
        items(&wit.worlds),
        [("all".to_owned(), Some("All of it".to_owned()))]
    );
    assert_eq!(
        world.packages,
        [WitReference {
            name: "dep:types".into(),
            version: Some("0.3.1".into())
        }]
    );
    assert!(world.imports.is_empty() && world.exports.is_empty());
    assert_eq!(world.sizes.whole, bytes.len() as u64);
}
