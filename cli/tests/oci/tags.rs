//! Tags that have moved since they were locked.

use crate::oci_registry::OciRegistry;
use crate::shop;
use crate::shop::component;
use serde_json::json;
use tenon_registry_client::Digest;

#[test]
fn a_tag_that_has_moved_is_outdated_until_it_is_taken() {
    let registry = OciRegistry::start();
    let (old, new) = (
        component("log", &[], &["log"]),
        component("new", &[], &["log"]),
    );
    let (from, to) = (Digest::of(&old).to_string(), Digest::of(&new).to_string());
    registry.has("other/log", "1.0.0", &old);
    registry.has("other/log", "edge", &old);
    let shop = shop(&registry);
    shop.ok(&["lock"]);
    let said = shop.ok(&["outdated", "--exit-code"]);
    assert!(said.err.contains("is the newest there is"), "{}", said.err);

    registry.has("other/log", "1.0.0", &new);
    let lock = shop.read("tenon.lock");
    let said = shop.fails(1, "project::outdated", &["outdated", "--exit-code"]);
    let row = said.out.lines().nth(1).unwrap();
    let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(row, "other:log 1.0.0 - - its tag has moved");
    let line = format!(
        "`other:log@1.0.0` is locked as {from}, and its tag has {to} now: `tenon update other:log` takes"
    );
    assert!(said.err.contains(&line), "{}", said.err);
    // One document, and nothing beside it.
    let said = shop.run(&["outdated", "--exit-code", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    assert_eq!(
        said.json()["packages"],
        json!([{ "package": "other:log", "locked": "1.0.0", "moved": { "from": from, "to": to } }])
    );

    let moved = format!("moved other:log 1.0.0: {from} -> {to}\n");
    let said = shop.ok(&["update", "--dry-run"]);
    assert!(said.err.contains(&moved), "{}", said.err);
    assert_eq!(shop.read("tenon.lock"), lock);
    let json = shop.ok(&["update", "--dry-run", "--json"]).json();
    assert_eq!(
        json["changes"],
        json!([{ "package": "other:log", "from": [], "to": [], "moved": [{ "version": "1.0.0", "from": from, "to": to }] }])
    );
    let said = shop.ok(&["update", "other:log"]);
    assert!(said.err.contains(&moved), "{}", said.err);
    assert!(!said.err.contains("nothing newer"), "{}", said.err);
    assert!(shop.read("tenon.lock").contains(&to));
    let said = shop.ok(&["update"]);
    assert!(said.err.contains("nothing newer"), "{}", said.err);
    let said = shop.ok(&["outdated", "--exit-code"]);
    assert!(said.err.contains("is the newest there is"), "{}", said.err);

    // What is no component is nothing to take; what is gone stays locked.
    let layer =
        json!({ "mediaType": "text/plain", "digest": Digest::of(b"x").to_string(), "size": 1 });
    let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}").to_string(), "size": 2 });
    let manifest = json!({ "schemaVersion": 2, "config": empty, "layers": [layer] });
    registry.has_manifest("other/log", "1.0.0", &manifest, &[b"x"]);
    let said = shop.ok(&["outdated"]);
    assert!(
        said.err.contains("and its tag has no component now"),
        "{}",
        said.err
    );
    let json = shop.ok(&["outdated", "--json"]).json();
    assert_eq!(json["packages"][0]["moved"]["to"], json!(null));
    let key = ("other/log".to_owned(), "1.0.0".to_owned());
    registry.world().tags.remove(&key);
    let said = shop.ok(&["outdated", "--exit-code"]);
    assert!(said.err.contains("is the newest there is"), "{}", said.err);
}
