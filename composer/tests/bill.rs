//! The bill of materials of a composition.

#![allow(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

use tenon_composer::{Arena, Bodies, Graph, Options, Release, Source, encode, inspect};

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
