//! What a namespace is mapped to is looked at by a build, too, that has nothing else to do.

use crate::oci_registry::OciRegistry;
use crate::shop;
use crate::shop::{Shop, component};
use serde_json::json;
use std::fs;

const MANIFEST: &str = "[package]\nname = \"acme:shop\"\n\n[dependencies]\n\"acme:http\" = \"^1\"\n\"other:log\" = \"^1\"\n\n[compose]\nsocket = \"app.wasm\"\nplugs = [\"acme:http\"]\n";

/// A project that is built, of which one package comes from a log and one does not.
fn built(registry: &OciRegistry) -> Shop {
    registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    let shop = shop(registry);
    shop.place.server.world().publish_http("1.0.0");
    shop.write("app.wasm", component("app", &["http"], &["run"]));
    shop.write("tenon.toml", MANIFEST);
    shop.ok(&["build"]);
    assert!(up_to_date(&shop));
    shop
}

fn up_to_date(shop: &Shop) -> bool {
    let said = shop.ok(&["build"]);
    said.err
        .contains("is up to date: nothing has changed since it was built")
}

#[test]
fn a_build_notices_where_a_namespace_comes_from_now() {
    let registry = OciRegistry::start();
    let shop = built(&registry);
    let host = registry.host();
    let before = registry.asked("").len();
    for (line, code, words) in [
        ("other = \"nowhere\"", "registry::unknown", "`nowhere`"),
        ("acme = \"nowhere\"", "registry::unknown", "`nowhere`"),
        (
            "other = \"local\"",
            "project::moved",
            "the namespace `other` comes from `local` now",
        ),
        (
            &format!("other = \"oci://{host}/else\""),
            "project::moved",
            "/else/other/log` now",
        ),
        (
            &format!("acme = \"oci://{host}\""),
            "project::moved",
            "now, which has no log",
        ),
    ] {
        shop.write("tenon.toml", format!("{MANIFEST}\n[namespaces]\n{line}\n"));
        for words_of in [&["build"][..], &["--frozen", "build"]] {
            let said = shop.fails(2, code, words_of);
            assert!(said.err.contains(words), "{line}: {}", said.err);
        }
    }
    // What is mapped as before, by whom ever, is built already; and nobody was asked.
    shop.write("tenon.toml", MANIFEST);
    assert!(up_to_date(&shop));
    assert_eq!(registry.asked("").len(), before);
}

#[test]
fn a_build_notices_that_another_host_is_asked_where_packages_are() {
    let (registry, one, two) = (
        OciRegistry::start(),
        OciRegistry::start(),
        OciRegistry::start(),
    );
    let host = registry.host();
    one.world().well_known = Some(json!({ "ociRegistry": host }));
    two.world().well_known = Some(json!({ "ociRegistry": host, "ociNamespacePrefix": "else/" }));
    let shop = built(&registry);
    crate::map(&shop.place, "");
    let asked = |of: &OciRegistry| {
        let path = shop.place.at("xdg/wasm-pkg");
        fs::create_dir_all(&path).unwrap();
        let text = format!("[namespace_registries]\nother = \"{}\"\n", of.host());
        fs::write(path.join("config.toml"), text).unwrap();
    };
    // The project has it plugged in, so that it is fetched for a build.
    shop.write("app.wasm", component("app", &["http", "log"], &["run"]));
    shop.write(
        "tenon.toml",
        MANIFEST.replace("plugs = [\"acme:http\"]\n", ""),
    );
    asked(&one);
    assert!(!up_to_date(&shop));
    assert!(up_to_date(&shop));
    assert_eq!(one.asked("").len(), 1);
    asked(&two);
    let said = shop.fails(2, "project::moved", &["build"]);
    assert!(said.err.contains("/else/other/log` now"), "{}", said.err);
}
