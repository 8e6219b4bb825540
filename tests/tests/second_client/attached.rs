//! The bill of materials of a composition, where other tools look for it.

use crate::house::House;
use crate::program::text;
use serde_json::Value;
use std::fs;
use tenon_tests::example::folder;

/// Composes the logger's parts: a component that has a bill of materials.
fn compose(house: &House) -> String {
    let parts = folder().join("logger");
    let part = |name: &str| text(&parts.join(name)).to_owned();
    let (logger, clock) = (part("logger.wat"), part("clock.wat"));
    let words = ["plug", &*logger, "--plug", &*clock, "-o", "made.wasm"];
    house.user.ok(&words);
    "made.wasm".to_owned()
}

/// The document that is attached to a manifest, by what `tenon info` says of its place.
fn attached(house: &House, place: &str) -> (String, Value) {
    let shown = house.user.json(&["info", place]);
    let referrers = shown["manifest"]["referrers"].as_array().unwrap();
    assert_eq!(referrers.len(), 1, "{shown}");
    assert_eq!(referrers[0]["kind"], "application/vnd.cyclonedx+json");
    (
        referrers[0]["digest"].as_str().unwrap().to_owned(),
        shown["manifest"]["digest"].clone(),
    )
}

#[test]
fn a_release_has_its_bill_of_materials_as_a_referrer() {
    let house = House::open();
    let made = compose(&house);
    let words = [
        "publish",
        &*made,
        "--package",
        "acme:made",
        "--version",
        "1.0.0",
        "--yes",
    ];
    let published = house.user.json(&words);
    let bill = published["bill_of_materials"]
        .as_str()
        .unwrap_or_else(|| panic!("{published}"));
    let place = format!("oci://{}/acme/made:1.0.0", house.host());
    let (found, subject) = attached(&house, &place);
    assert_eq!(found, bill);
    let path = format!("/v2/acme/made/referrers/{}", subject.as_str().unwrap());
    let listed: Value = serde_json::from_str(&house.get(&path)).unwrap();
    assert_eq!(listed["manifests"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["manifests"][0]["digest"], bill);
    let tags: Value = serde_json::from_str(&house.get("/v2/acme/made/tags/list")).unwrap();
    assert_eq!(tags["tags"], serde_json::json!(["1.0.0"]));
    let shown = house.user.json(&["info", "acme:made"]);
    assert_eq!(shown["referrers"][0]["digest"], bill, "{shown}");
    let shown = house.user.ok(&["info", "acme:made"]);
    assert!(shown.contains("what others say about it"), "{shown}");
    // To say it again attaches nothing twice.
    let again = house.user.json(&words);
    assert_eq!(
        (&again["state"], &again["bill_of_materials"]),
        (&"published-before".into(), &bill.into())
    );
    assert_eq!(attached(&house, &place).0, bill);
    // What has no bill has no referrer.
    let clock = folder().join("logger/clock.wat");
    house.user.publish(&clock, "acme:clock", "1.0.0");
    let place = format!("oci://{}/acme/clock:1.0.0", house.host());
    let shown = house.user.json(&["info", &place]);
    assert_eq!(shown["manifest"]["referrers"], Value::Array(vec![]));
}

#[test]
fn a_release_that_is_pushed_has_its_bill_of_materials_as_a_referrer() {
    let house = House::open();
    let made = compose(&house);
    let place = format!("oci://{}/acme/pushed:1.0.0", house.host());
    let pushed = house.user.json(&["publish", &made, &place, "--yes"]);
    let (found, subject) = attached(&house, &place);
    assert_eq!(found, pushed["bill_of_materials"]);
    assert_eq!(subject, pushed["manifest"]);
    // It is a release of the log, as which it is verified.
    house
        .user
        .ok(&["get", "acme:pushed@1.0.0", "-o", "back.wasm"]);
    assert_eq!(
        fs::read(house.user.at("back.wasm")).unwrap(),
        fs::read(house.user.at(&made)).unwrap()
    );
    // By its place it is not verified, and what would verify it is said.
    let said = house.user.ok(&["get", &place, "-o", "by-place.wasm"]);
    assert!(
        said.contains("`tenon get acme:pushed@1.0.0` verifies it by that log"),
        "{said}"
    );
    assert!(!said.contains("no log has it"), "{said}");
}
