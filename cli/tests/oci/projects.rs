//! Projects with packages that no log has.

use crate::oci_registry::{Fault, OciRegistry};
use crate::shop;
use crate::shop::{component, http, listed, wit};
use serde_json::json;
use std::fs;
use tenon_registry_client::Digest;

#[test]
fn what_is_locked_is_held_by_its_digest() {
    let registry = OciRegistry::start();
    let bytes = component("log", &[], &["log"]);
    registry.has("other/log", "1.0.0", &bytes);
    registry.has("other/log", "2.0.0", b"x");
    registry.has("other/log", "latest", b"y");
    let shop = shop(&registry);
    let said = shop.ok(&["lock"]);
    assert!(
        said.err.contains("`other:log@1.0.0` is locked unverified"),
        "{}",
        said.err
    );
    let lock = shop.read("tenon.lock");
    let expected = format!(
        "[[package]]\nname = \"other:log\"\nversion = \"1.0.0\"\nunverified = \"oci://{}/other/log\"\nkind = \"component\"\nsize = {}\ndigest = \"{}\"\n",
        registry.host(),
        bytes.len(),
        Digest::of(&bytes)
    );
    assert!(lock.ends_with(&expected), "{lock}");
    assert!(!lock.contains("[[registry]]"), "{lock}");
    let json = shop.ok(&["fetch", "--json"]).json();
    assert_eq!(json["releases"][0]["unverified"], true);
    assert!(
        shop.ok(&["tree"])
            .out
            .contains("other:log 1.0.0 (unverified)")
    );
    let json = shop.ok(&["tree", "--json"]).json();
    assert_eq!(json["packages"][0]["unverified"], true);

    // The tag moves: what is locked stays what it was.
    let moved = component("moved", &[], &["log"]);
    registry.has("other/log", "1.0.0", &moved);
    fs::remove_dir_all(shop.place.at("cache")).unwrap();
    shop.ok(&["fetch"]);
    shop.ok(&["--locked", "get", "other:log", "-o", "got.wasm"]);
    assert_eq!(shop.read("got.wasm").len(), bytes.len());
    // Who looks again is told; who updates takes it, and is told.
    registry.has("other/more", "1.0.0", &component("more", &[], &["more"]));
    let said = shop.fails(3, "oci::tag-moved", &["add", "other:more"]);
    assert!(
        said.err.contains(&Digest::of(&moved).to_string()),
        "{}",
        said.err
    );
    shop.fails(3, "oci::tag-moved", &["add", "other:log"]);
    shop.fails(3, "oci::tag-moved", &["add", "other:log@1.0.0"]);
    assert_eq!(shop.read("tenon.lock"), lock);
    let said = shop.ok(&["update"]);
    assert!(
        said.err.contains("is other content than was locked"),
        "{}",
        said.err
    );
    assert!(
        shop.read("tenon.lock")
            .contains(&Digest::of(&moved).to_string())
    );
    // One that is gone stays locked, too.
    registry
        .world()
        .tags
        .remove(&("other/log".to_owned(), "1.0.0".to_owned()));
    shop.ok(&["add", "other:more"]);
    shop.ok(&["fetch"]);
    let said = shop.ok(&["outdated"]);
    assert!(said.out.contains("2.0.0"), "{}", said.out);
}

#[test]
fn a_project_is_built_of_both_kinds() {
    let registry = OciRegistry::start();
    registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    let shop = shop(&registry);
    shop.place.server.world().publish_http("1.0.0");
    shop.write("app.wasm", component("app", &["http", "log"], &["run"]));
    shop.write(
        "tenon.toml",
        "[package]\nname = \"acme:shop\"\n\n[dependencies]\n\"acme:http\" = \"^1\"\n\"other:log\" = \"^1\"\n\n[compose]\nsocket = \"app.wasm\"\n",
    );
    let said = shop.ok(&["build"]);
    assert!(
        said.err
            .contains("no log has it: `other:log@1.0.0`; that it is what is locked"),
        "{}",
        said.err
    );
    assert!(
        !said.err.contains("`other:log@1.0.0` is unverified")
            && !said.err.contains("no log has it: `acme:http@1.0.0`"),
        "{}",
        said.err
    );
    let lock = shop.read("tenon.lock");
    assert_eq!(
        (
            lock.matches("heads = [").count(),
            lock.matches("unverified = ").count()
        ),
        (1, 1),
        "{lock}"
    );
    let out = shop.ok(&["inspect", "build/shop.wasm", "--json"]).out;
    assert!(
        out.contains(&format!("oci://{}/other/log#sha256:", registry.host())),
        "{out}"
    );
    // All of it is here: neither registry is asked any more.
    let before = registry.asked("").len();
    shop.ok(&["--frozen", "build"]);
    assert_eq!(registry.asked("").len(), before);
}

#[test]
fn what_a_package_needs_is_computed_from_its_bytes() {
    let registry = OciRegistry::start();
    let types = "package other:types@0.1.0; interface kinds { enum kind { a } }";
    registry.has("other/types", "0.1.0", &wit(&[types]));
    let kit = "package other:kit@1.0.0; interface it { use other:types/kinds@0.1.0.{kind}; f: func(k: kind); }";
    registry.has("other/kit", "1.0.0", &wit(&[types, kit]));
    let shop = shop(&registry);
    shop.write("tenon.toml", "[package]\nname = \"acme:shop\"\n");
    shop.ok(&["add", "other:kit"]);
    assert!(
        shop.read("tenon.toml")
            .contains("\"other:kit\" = \"^1.0.0\"")
    );
    let lock = shop.read("tenon.lock");
    assert!(lock.contains("needs = [\"other:types ^0.1.0\"]"), "{lock}");
    assert!(lock.contains("name = \"other:types\""), "{lock}");
    // A lock file that says otherwise is not believed.
    shop.write(
        "tenon.lock",
        lock.replace("other:types ^0.1.0", "other:types >=0.1.0, <0.1.9"),
    );
    shop.fails(3, "project::needs", &["fetch"]);
    shop.write(
        "tenon.lock",
        lock.replace("kind = \"wit\"", "kind = \"component\""),
    );
    shop.fails(3, "registry::lock", &["fetch"]);
    // Nor bytes that are others than those that are locked.
    shop.write("tenon.lock", &lock);
    fs::remove_dir_all(shop.place.at("cache")).unwrap();
    registry.fault("GET /v2/other/kit/blobs/", Fault::Body(wit(&[types])));
    shop.fails(3, "oci::content", &["fetch"]);
}

#[test]
fn where_a_namespace_is_may_be_said_by_wkg() {
    let (registry, front) = (OciRegistry::start(), OciRegistry::start());
    registry.has("pre/other/log", "1.0.0", &component("log", &[], &["log"]));
    let shop = shop(&registry);
    crate::map(&shop.place, "");
    let wkg = |line: &str| {
        let path = shop.place.at("xdg/wasm-pkg");
        fs::create_dir_all(&path).unwrap();
        fs::write(
            path.join("config.toml"),
            format!("[namespace_registries]\nother = {line}\n"),
        )
        .unwrap();
    };
    let host = registry.host();
    wkg(&format!(
        "{{ registry = \"x.example\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"pre/\" }} }} }}"
    ));
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    assert!(
        lock.contains(&format!("unverified = \"oci://{host}/pre/other/log\"")),
        "{lock}"
    );
    // A plain host is asked where its packages are; without a network it cannot be, and what is locked is had all the same.
    front.world().well_known = Some(json!({ "ociRegistry": host, "ociNamespacePrefix": "pre/" }));
    wkg(&format!("\"{}\"", front.host()));
    shop.ok(&["fetch"]);
    shop.ok(&["--offline", "fetch"]);
    assert_eq!(front.asked("/.well-known/wasm-pkg/registry.json").len(), 1);
    assert_eq!(front.asked("").len(), 1);
    // It says that they have moved.
    front.world().well_known = Some(json!({ "ociRegistry": host, "ociNamespacePrefix": "evil/" }));
    shop.fails(2, "project::moved", &["fetch"]);
}

#[test]
fn wkg_may_have_a_package_come_from_elsewhere_than_its_namespace() {
    let (registry, other) = (OciRegistry::start(), OciRegistry::start());
    let bytes = component("kit", &[], &["kit"]);
    registry.has("other/log", "1.0.0", &component("log", &[], &["log"]));
    registry.has("other/kit", "9.0.0", &component("evil", &[], &["kit"]));
    other.has("other/kit", "1.0.0", &bytes);
    other.has("acme/kit", "1.0.0", &bytes);
    let shop = shop(&registry);
    crate::map(&shop.place, "");
    let at = |registry: &OciRegistry| {
        format!(
            "{{ registry = \"{}\", metadata = {{ preferredProtocol = \"oci\" }} }}",
            registry.host()
        )
    };
    let path = shop.place.at("xdg/wasm-pkg");
    fs::create_dir_all(&path).unwrap();
    let overrides = format!(
        "[namespace_registries]\nother = {}\n[package_registry_overrides]\n\"other:kit\" = {at}\n\"acme:kit\" = {at}\n",
        at(&registry),
        at = at(&other)
    );
    fs::write(path.join("config.toml"), overrides).unwrap();
    shop.ok(&["get", "other:kit", "-o", "kit.wasm"]);
    assert_eq!(fs::read(shop.at("kit.wasm")).unwrap(), bytes);
    let said = shop.ok(&["info", "other:kit"]);
    assert!(said.err.contains(&other.host()), "{}", said.err);
    // In a project, too, beside what its namespace has.
    shop.ok(&["add", "other:kit", "other:log"]);
    let lock = shop.read("tenon.lock");
    for place in [
        format!("unverified = \"oci://{}/other/kit\"", other.host()),
        format!("unverified = \"oci://{}/other/log\"", registry.host()),
    ] {
        assert!(lock.contains(&place), "{place}: {lock}");
    }
    shop.ok(&["fetch"]);
    assert!(registry.asked("other/kit").is_empty());
    assert!(other.asked("other/log").is_empty());
    // What a log proves and what none does are no one namespace of a project.
    shop.place.server.world().publish_http("1.0.0");
    shop.write(
        "tenon.toml",
        "[package]\nname = \"acme:shop\"\n\n[dependencies]\n\"acme:http\" = \"^1\"\n\"acme:kit\" = \"^1\"\n",
    );
    let http = listed("1.0.0", &http("1.0.0"), &[]);
    shop.place.server.world().list("http", &[http]);
    fs::remove_file(shop.at("tenon.lock")).unwrap();
    let said = shop.run(&["lock"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("error[project::lock-file]: "),
        "{}",
        said.err
    );
    assert!(!shop.at("tenon.lock").exists());
    assert!(
        said.err.contains("it can come from one registry only"),
        "{}",
        said.err
    );
    // What is said here goes before it.
    crate::map(
        &shop.place,
        &format!("other = \"oci://{}\"", registry.host()),
    );
    let said = shop.ok(&["info", "other:kit"]);
    assert!(said.out.contains("9.0.0"), "{}", said.out);
}
