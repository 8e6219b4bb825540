//! What is looked for is found, the best first.

use crate::support::*;
use tenon_registry_client::api::SearchQuery;
use tenon_registry_client::api::world::{WitPackage, WitReference, World};
use tenon_registry_client::record::ContentKind;

#[test]
fn interfaces_are_found_by_their_track() {
    let registry = Registry::new();
    let put = |name: &str, imports: &[&str], exports: &[&str]| {
        registry.put(
            &release(name, "1.0.0", name),
            Some(&world("", imports, exports)),
        );
    };
    put("a:old", &[], &["wasi:http/handler@0.2.0"]);
    put(
        "b:new",
        &["wasi:io/streams@0.2.1"],
        &["wasi:http/handler@0.2.6"],
    );
    put(
        "c:next",
        &["wasi:io/streams@0.3.0"],
        &["wasi:http/handler@0.3.0"],
    );
    put("d:rc", &[], &["wasi:http/handler@0.3.0-rc.1"]);
    put(
        "e:both",
        &["wasi:http/handler@0.2.2"],
        &["wasi:http/handler@0.2.0", "wasi:http/handler@0.3.1", "run"],
    );
    put(
        "f:none",
        &[],
        &["wasi:http/handler", "wasi:https/handler@0.2.0"],
    );
    let found = |text: &str| registry.found(&exports(text)).join(" ");
    assert_eq!(
        found("wasi:http/handler"),
        "a:old b:new c:next d:rc e:both f:none"
    );
    for track in ["0.2", "0.2.0", "0.2.3"] {
        assert_eq!(
            found(&format!("wasi:http/handler@{track}")),
            "a:old b:new e:both"
        );
        assert_eq!(found(&format!("wasi:http@{track}")), "a:old b:new e:both");
    }
    assert_eq!(found("wasi:http/handler@0.3"), "c:next e:both");
    assert_eq!(found("wasi:http/handler@0.3.0-rc.1"), "d:rc");
    assert_eq!(found("wasi:http/handler@1.0.0"), "");
    assert_eq!(found("wasi:http/handle"), "");
    assert_eq!(found("run"), "e:both");
    // Who depends on it.
    assert_eq!(
        registry.found(&imports("wasi:http/handler@0.2.9")),
        ["e:both"]
    );
    assert_eq!(registry.found(&imports("wasi:io")), ["b:new", "c:next"]);
    let both = SearchQuery {
        imports: Some("wasi:io@0.2".to_owned()),
        ..exports("wasi:http")
    };
    let page = registry.search(&both);
    assert_eq!(names(&page), ["b:new"]);
    assert_eq!(
        page.hits[0].interfaces,
        ["wasi:http@0.2.6", "wasi:io@0.2.1"]
    );
    let page = registry.search(&exports("wasi:http/handler"));
    assert_eq!(
        page.hits[4].interfaces,
        ["wasi:http/handler@0.2.0", "wasi:http/handler@0.3.1"]
    );
    assert_eq!(page.hits[5].interfaces, ["wasi:http/handler"]);
    let page = registry.search(&exports("wasi:http/handler@0.2"));
    assert_eq!(page.hits[2].interfaces, ["wasi:http/handler@0.2.0"]);
}

#[test]
fn what_a_wit_package_depends_on_is_found() {
    let registry = Registry::new();
    let reference = |name: &str, version: Option<&str>| WitReference {
        name: name.to_owned(),
        version: version.map(str::to_owned),
    };
    let wit = World {
        wit: Some(WitPackage {
            name: "wasi:http".to_owned(),
            version: Some("0.2.3".to_owned()),
            docs: Some("Proxies and the like".to_owned()),
            interfaces: vec![],
            worlds: vec![],
        }),
        packages: vec![
            reference("wasi:http", Some("0.2.3")),
            reference("wasi:io", Some("0.2.3")),
            reference("wasi:cli", None),
        ],
        ..World::default()
    };
    let mut put = release("wasi:http", "0.2.3", "wit");
    put.content.kind = ContentKind::Wit;
    registry.put(&put, Some(&wit));
    registry.put(
        &release("acme:http", "1.0.0", "c"),
        Some(&world("", &["wasi:io/poll@0.2.0"], &[])),
    );
    assert_eq!(
        registry.found(&imports("wasi:io@0.2")),
        ["acme:http", "wasi:http"]
    );
    assert_eq!(registry.found(&imports("wasi:cli")), ["wasi:http"]);
    assert_eq!(registry.found(&imports("wasi:http")), [""; 0]);
    assert_eq!(
        registry.search(&words("proxies")).hits[0]
            .package
            .description
            .as_deref(),
        Some("Proxies and the like")
    );
    let kind = |kind: &str, query: SearchQuery| SearchQuery {
        kind: Some(kind.to_owned()),
        ..query
    };
    assert_eq!(
        registry.found(&kind("wit", imports("wasi:io"))),
        ["wasi:http"]
    );
    assert_eq!(
        registry.found(&kind("component", words("http"))),
        ["acme:http"]
    );
    assert_eq!(
        registry.found(&kind("wit", SearchQuery::default())),
        ["wasi:http"]
    );
    let namespace = |query: SearchQuery| SearchQuery {
        namespace: Some("acme".to_owned()),
        ..query
    };
    assert_eq!(
        registry.found(&namespace(imports("wasi:io"))),
        ["acme:http"]
    );
    assert_eq!(registry.found(&namespace(words("http"))), ["acme:http"]);
    assert_eq!(
        registry.found(&namespace(SearchQuery::default())),
        ["acme:http"]
    );
    assert_eq!(
        registry.found(&kind("wit", namespace(SearchQuery::default()))),
        [""; 0]
    );
}

#[test]
fn the_best_come_first() {
    let registry = Registry::new();
    for (name, description) in [
        ("zed:http", "exact"),
        ("http:zed", "begins so"),
        ("acme:http-proxy", "begins so, too"),
        ("acme:my-http", "in the name"),
        (
            "acme:cache",
            "a cache for HTTP and the likes of it: http, http",
        ),
        ("acme:other", "nothing"),
    ] {
        registry.put(
            &release(name, "1.0.0", name),
            Some(&world(description, &[], &["a:b/c"])),
        );
    }
    let expected = [
        "zed:http",
        "acme:http-proxy",
        "http:zed",
        "acme:my-http",
        "acme:cache",
    ];
    assert_eq!(registry.found(&words("http")), expected);
    assert_eq!(registry.found(&words(" HTTP ")), expected);
    assert_eq!(
        registry.found(&words("acme:http-proxy")),
        ["acme:http-proxy"]
    );
    assert_eq!(
        registry.found(&words("acme http")),
        ["acme:http-proxy", "acme:my-http", "acme:cache"]
    );
    assert_eq!(registry.found(&words("cach htt")), ["acme:cache"]);
    assert_eq!(registry.found(&words("ttp")), [""; 0]);
    // One at a time, and with packages that come and go in between.
    let mut query = SearchQuery {
        n: Some(1),
        exports: Some("a:b/c".to_owned()),
        ..words("http")
    };
    let mut found = vec![];
    loop {
        let page = registry.search(&query);
        assert!(page.hits.len() == 1);
        found.extend(names(&page));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        registry.remove(&found[0], "1.0.0");
        registry.put(
            &release(&format!("acme:http-{}", found.len()), "1.0.0", "new"),
            None,
        );
    }
    assert_eq!(found, expected);
}
