//! Components that come from a registry into what is composed.

use crate::place::*;
use std::fs;
use std::path::Path;

fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
    folder.join(file).to_str().unwrap().to_owned()
}

fn component(file: &str) -> Vec<u8> {
    wat::parse_file(example(file)).unwrap()
}

fn with_greeter() -> (Place, u64) {
    let place = Place::new();
    place
        .server
        .world()
        .publish("acme:greeter", "1.2.0", &component("greeter/greeter.wat"));
    let index = place
        .server
        .world()
        .publish("acme:app", "0.3.0", &component("greeter/app.wat"));
    (place, index)
}

#[test]
fn plugs_come_from_a_registry_and_the_composition_says_so() {
    let (place, _) = with_greeter();
    let app = example("greeter/app.wat");
    let said = place.ok(&["plug", &app, "--plug", "acme:greeter@^1", "-o", "out.wasm"]);
    let first = said.err.lines().next().unwrap();
    assert!(
        first.starts_with("fetched `acme:greeter@1.2.0` of registry.example/log: record ")
            && first.ends_with(", signed by `acme/alice`"),
        "{first}"
    );
    assert!(
        said.err.contains(" <- acme:greeter@1.2.0\n"),
        "{}",
        said.err
    );
    place.ok(&["validate", "out.wasm"]);
    let digest = tenon_registry_client::Digest::of(&component("greeter/greeter.wat"));
    let inspected = place.ok(&["inspect", "out.wasm", "-v"]);
    let entry = format!("  acme:greeter 1.2.0 registry.example/log#{digest}\n");
    assert!(inspected.out.contains(&entry), "{}", inspected.out);
    let json = place.ok(&["inspect", "out.wasm", "--json"]).json();
    let bill = json["root"]["bill"].as_array().unwrap();
    let greeter = bill
        .iter()
        .find(|entry| entry["name"] == "acme:greeter")
        .unwrap();
    assert_eq!(greeter["version"], "1.2.0");
    // What is not from a registry is as it always was.
    assert!(
        bill.iter().any(|entry| entry["name"] == "app"
            && entry["source"].as_str().unwrap().starts_with("sha256:"))
    );

    // The same without the network, byte for byte, and all from the registry.
    let asked = place.server.asked("");
    let said = place.ok(&[
        "plug",
        &app,
        "--plug",
        "acme:greeter@^1",
        "-o",
        "again.wasm",
        "--offline",
    ]);
    assert!(
        said.err.starts_with("verified `acme:greeter@1.2.0` of ")
            && said.err.contains(", which was kept here\n")
    );
    assert_eq!(place.read("again.wasm"), place.read("out.wasm"));
    assert_eq!(place.server.asked(""), asked);
    let said = place.ok(&[
        "plug",
        "acme:app",
        "--plug",
        "acme:greeter",
        "-o",
        "both.wasm",
        "--json",
    ]);
    let json = said.json();
    assert_eq!(json["releases"][0]["package"], "acme:app");
    assert_eq!(json["releases"][1]["version"], "1.2.0");
    place.ok(&["validate", "both.wasm"]);
}

#[test]
fn every_command_that_takes_a_component_takes_a_package() {
    let (place, _) = with_greeter();
    let files = [
        ("acme:app", "greeter/app.wat"),
        ("acme:greeter@1.2.0", "greeter/greeter.wat"),
    ];
    for (package, file) in files {
        let file = example(file);
        assert_eq!(
            place.ok(&["wit", package]).out,
            place.ok(&["wit", &file]).out
        );
        let exports = |what: &str| {
            let graph = place.ok(&["graph", what, "--json"]).json();
            let exports = graph["exports"].as_array().unwrap().clone();
            let names = exports.iter().map(|export| export["name"].clone());
            names.collect::<Vec<_>>()
        };
        assert!(!exports(package).is_empty());
        assert_eq!(exports(package), exports(&file));
        place.ok(&["validate", package]);
        let json = place.ok(&["inspect", package, "--json"]).json();
        assert_eq!(json["root"]["kind"], "component");
    }
    let said = place.ok(&["targets", "acme:app", "--wit", "acme:app"]);
    assert!(said.err.contains("`acme:app` targets "), "{}", said.err);
}

#[test]
fn wit_packages_come_from_a_registry_where_wit_is_expected() {
    let place = Place::new();
    let text = "package acme:api@1.0.0; interface greet { hello: func() -> string; } world host { import greet; export greet; }";
    let mut resolve = wit_parser::Resolve::new();
    let package = resolve.push_str("api.wit", text).unwrap();
    let binary = wit_component::encode(&resolve, package, false).unwrap();
    place.server.world().publish("acme:api", "1.0.0", &binary);
    place
        .server
        .world()
        .publish("acme:app", "1.0.0", &component("greeter/app.wat"));
    let said = place.ok(&["wit", "acme:api@1.0.0"]);
    assert!(
        said.out.contains("package acme:api@1.0.0;")
            && said.out.contains("hello: func() -> string;")
    );
    place.fails(
        1,
        "cli::targets",
        &["targets", "acme:app", "--wit", "acme:api@1"],
    );
    // A WIT package is nothing to be plugged.
    let said = Said::of(place.run(&["plug", "acme:app", "--plug", "acme:api", "-o", "x"]));
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_file_of_that_name_goes_before_a_package() {
    let (place, _) = with_greeter();
    let asked = place.server.asked("");
    fs::write(place.at("acme:greeter"), component("logger/logger.wat")).unwrap();
    let said = place.ok(&["wit", "acme:greeter"]);
    assert!(said.out.contains("example:logger"), "{}", said.out);
    assert_eq!(place.server.asked(""), asked);
    fs::remove_file(place.at("acme:greeter")).unwrap();
    assert!(
        !place
            .ok(&["wit", "acme:greeter"])
            .out
            .contains("example:logger")
    );
    // What cannot be a package is a file that is not there.
    place.fails(1, "cli::io", &["wit", "no/such:file.wasm"]);
    place.fails(2, "cli::usage", &["wit", "ACME:greeter"]);
}

#[test]
fn a_configuration_names_packages_as_it_names_files() {
    let (place, _) = with_greeter();
    let config = "definitions: ['acme:greeter@^1']\ninstantiations: { root: { dependency: app } }\n\
                  dependencies: { app: 'acme:app' }\n";
    fs::write(place.at("config.yml"), config).unwrap();
    let said = place.ok(&["compose", "config.yml", "-o", "out.wasm"]);
    for package in ["acme:greeter@1.2.0", "acme:app@0.3.0"] {
        let fetched = format!("fetched `{package}` of registry.example/log: record ");
        assert!(said.err.contains(&fetched), "{}", said.err);
    }
    let filled = " <- acme:greeter@1.2.0: a definition\n";
    assert!(said.err.contains(filled), "{}", said.err);
    place.ok(&["validate", "out.wasm"]);
    let json = place.ok(&["inspect", "out.wasm", "--json"]).json();
    let bill = json["root"]["bill"].as_array().unwrap();
    assert!(bill.iter().any(|entry| entry["name"] == "acme:greeter"));

    // The same, with the packages on the command line.
    let words = [
        "compose",
        "acme:app",
        "-d",
        "acme:greeter@^1",
        "-o",
        "line.wasm",
    ];
    place.ok(&words);
    assert_eq!(place.read("line.wasm"), place.read("out.wasm"));
    // A dependency that is no file is looked for where packages are.
    fs::write(
        place.at("none.yml"),
        "dependencies: { root: 'acme:nothing' }",
    )
    .unwrap();
    let said = place.fails(1, "verify::no-such-package", &["compose", "none.yml"]);
    assert!(said.err.contains("acme:nothing"), "{}", said.err);
}

#[test]
fn a_plan_names_releases_and_what_they_are() {
    let (place, _) = with_greeter();
    let words = ["plug", "acme:app", "--plug", "acme:greeter@^1"];
    let outputs = ["-o", "out.wasm", "--plan", "plan.json"];
    place.ok(&[&words[..], &outputs].concat());
    let plan: serde_json::Value = serde_json::from_slice(&place.read("plan.json")).unwrap();
    let greeter = &plan["components"][1];
    assert_eq!(greeter["name"], "acme:greeter@1.2.0");
    assert_eq!(greeter["package"], "acme:greeter");
    assert_eq!(greeter["version"], "1.2.0");
    assert_eq!(greeter["registry"], "registry.example/log");
    assert!(greeter.get("path").is_none());

    // A later release changes nothing.
    let later = component("greeter/cowboy.wat");
    place
        .server
        .world()
        .publish("acme:greeter", "1.3.0", &later);
    let said = place.ok(&["compose", "plan.json", "-o", "again.wasm"]);
    assert!(
        said.err
            .contains("`acme:greeter@1.2.0` of registry.example/log"),
        "{}",
        said.err
    );
    assert_eq!(place.read("again.wasm"), place.read("out.wasm"));
    place.ok(&["compose", "plan.json", "-o", "again.wasm", "--offline"]);
    assert_eq!(place.read("again.wasm"), place.read("out.wasm"));

    // Another log, and another release than was planned with, are something else.
    for (field, value, expected) in [
        (
            "registry",
            "other.example/log",
            "from `other.example/log`, got from `registry.example/log`",
        ),
        ("version", "1.3.0", "expected "),
    ] {
        let mut plan = plan.clone();
        plan["components"][1][field] = value.into();
        fs::write(place.at("other.json"), plan.to_string()).unwrap();
        let words = ["compose", "other.json", "-o", "other.wasm"];
        let said = place.fails(3, "plan::changed", &words);
        assert!(said.err.contains(expected), "{}", said.err);
    }
}
