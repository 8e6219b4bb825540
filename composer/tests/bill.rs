//! The bill of materials of a composition.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails says so by panicking"
)]

use tenon_composer::{
    Arena, Bodies, Dedupe, Graph, Options, Piece, Release, Source, encode, inspect,
};

#[test]
fn a_composition_says_which_releases_went_into_it() {
    let input = wat::parse_str("(component)").unwrap();
    let bill = |release: Option<Release>, digest| {
        let mut arena = Arena::new();
        let source = Source {
            name: "here".to_owned(),
            input: &input,
            digest,
            bodies: Bodies::Validate,
        };
        let id = arena.read(source).unwrap();
        if let Some(release) = release {
            arena.set_release(id, release);
        }
        let mut graph = Graph::new();
        graph.add("here", id);
        let composition = encode(arena, graph, &Options::default()).unwrap();
        let bytes = composition.to_bytes().unwrap();
        let bill = inspect("whole", &bytes).unwrap().root.bill;
        let entry = bill.into_iter().find(|entry| !entry.is_root).unwrap();
        (entry.name, entry.version.to_string(), entry.source)
    };
    let release = Release {
        package: "acme:http".to_owned(),
        version: "1.4.0".parse().unwrap(),
        registry: "registry.example/log".to_owned(),
    };
    let entry = |name: &str, version: &str, source: &str| {
        (name.to_owned(), version.to_owned(), source.to_owned())
    };
    let digest = format!("sha256:{}", "07".repeat(32));
    let of_registry = format!("registry.example/log#{digest}");
    assert_eq!(
        bill(Some(release.clone()), Some([7; 32])),
        entry("acme:http", "1.4.0", &of_registry)
    );
    assert_eq!(
        bill(Some(release), None),
        entry("acme:http", "1.4.0", "registry.example/log")
    );
    assert_eq!(bill(None, Some([7; 32])), entry("here", "0.0.0", &digest));
    assert_eq!(bill(None, None), entry("here", "0.0.0", "local"));
}

#[test]
fn digests_may_come_when_all_else_is_written() {
    let module = r#"(core module (func (export "f")) (data "0123456789"))"#.repeat(2);
    let text = |n: u32| format!(r#"(component {module} (export "n{n}" (core module 0)))"#);
    let inputs = [1, 2].map(|n| wat::parse_str(text(n)).unwrap());
    for dedupe in [Dedupe::Components, Dedupe::Modules] {
        let composition = |digests: [Option<[u8; 32]>; 2]| {
            let mut arena = Arena::new();
            let mut graph = Graph::new();
            for (input, digest) in inputs.iter().zip(digests) {
                let source = Source {
                    digest,
                    ..Source::new("here", input)
                };
                graph.add("here", arena.read(source).unwrap());
            }
            let options = Options {
                dedupe,
                ..Options::default()
            };
            encode(arena, graph, &options).unwrap()
        };
        let known = composition([Some([1; 32]), Some([2; 32])]);
        let known = known.to_bytes().unwrap();
        let mut late = composition([Some([1; 32]), None]);
        assert_ne!(late.to_bytes().unwrap(), known);
        let (last, before) = late.pieces().split_last().unwrap();
        assert!(matches!(last, Piece::Bytes(_)));
        let size: u64 = before.iter().map(Piece::size).sum();
        let written = late.to_bytes().unwrap();
        let second = late.components[1];
        late.set_digests([(second, [2; 32])]);
        assert_eq!(late.to_bytes().unwrap(), known);
        assert_eq!(late.size(), known.len() as u64);
        assert_eq!(late.component(second).digest(), Some(&[2; 32]));
        assert_eq!(written[..size as usize], known[..size as usize]);
        late.set_digests([]);
        assert_eq!(late.to_bytes().unwrap(), known);
    }
}
