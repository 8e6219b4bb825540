//! What becomes of a document: a component, a drawing, WIT, or an error.

use super::{Place, component};
use std::fs;

const APP: &str = r#"(component
    (import "acme:num/source@1.0.0" (instance $n (export "get" (func (result u32)))))
    (import "clock" (instance (export "now" (func))))
    (alias export $n "get" (func $get))
    (export "get" (func $get)))"#;

const NUM: &str = r#"(component
    (core module $m (func (export "get") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (func $get (result u32) (canon lift (core func $i "get")))
    (instance $source (export "get" (func $get)))
    (export "acme:num/source@1.0.0" (instance $source)))"#;

const SHOP: &str = "package acme:shop@0.1.0;
let num = new acme:num {};
let app = new acme:app { \"acme:num/source@1.0.0\": num[\"acme:num/source@1.0.0\"], ... };
export app...;
";

fn shop() -> Place {
    Place::with(&[
        ("deps/acme/app.wat", APP),
        ("deps/acme/num.wat", NUM),
        ("shop.wac", SHOP),
    ])
}

#[test]
fn a_document_is_composed_to_wherever_it_should_go() {
    let place = shop();
    let said = place.run(&["compose", "shop.wac", "-o", "shop.wasm"]);
    assert_eq!(said.exit, Some(0), "{}", said.err);
    assert_eq!(said.out, "");
    let expected = "left open, for the host to provide\n  clock\nwrote shop.wasm (";
    assert!(said.err.starts_with(expected), "{}", said.err);
    let made = fs::read(place.at("shop.wasm")).unwrap();
    for words in [
        &["compose", "shop.wac"][..],
        &["compose", "shop.wac", "-o", "-"],
        &["compose", "--deps-dir", "deps", "--no-validate", "shop.wac"],
    ] {
        let output = place.command(words).output().unwrap();
        assert_eq!(output.stdout, made, "{words:?}");
    }
    let expected = wasmprinter::print_bytes(&made).unwrap() + "\n";
    assert_eq!(place.run(&["compose", "-t", "shop.wac"]).out, expected);
    let said = place.feed(&["compose", "-", "--wat"], SHOP.as_bytes());
    assert_eq!(said.out, expected);
    // What it is called does not matter, as long as it looks like one.
    fs::rename(place.at("shop.wac"), place.at("shop.txt")).unwrap();
    assert_eq!(place.run(&["compose", "-t", "shop.txt"]).out, expected);

    let report = place.run(&["inspect", "shop.wasm", "--json"]).json();
    assert_eq!(report["root"]["name"], "acme:shop", "{report:#}");
    let bill = report["root"]["bill"].as_array().unwrap();
    let root = bill.iter().find(|it| it["root"] == true).unwrap();
    assert_eq!(root["version"], "0.1.0");
}

#[test]
fn nothing_is_written_where_nothing_should_be() {
    let place = shop();
    let files = || fs::read_dir(place.at("")).unwrap().count();
    let before = files();
    for words in [
        &["compose", "shop.wac", "--dry-run", "-o", "o.wasm"][..],
        &["check", "shop.wac"],
        &["resolve", "shop.wac"],
        &["wit", "shop.wac"],
    ] {
        assert_eq!(place.run(words).exit, Some(0), "{words:?}");
        assert_eq!(files(), before, "{words:?}");
    }
    let said = place.run(&["check", "shop.wac"]);
    assert_eq!(said.out, "");
    assert_eq!(
        said.err,
        "`shop.wac` has no errors: 2 packages, 2 instances\n"
    );
    // Neither is what goes in.
    for file in ["shop.wac", "deps/acme/app.wat"] {
        for command in ["compose", "wit"] {
            let said = place.run(&[command, "shop.wac", "-o", file]);
            assert_eq!(said.exit, Some(2));
            assert!(
                said.err.contains("is an input, and would be overwritten"),
                "{}",
                said.err
            );
        }
    }
    assert_eq!(place.read("shop.wac"), SHOP);
    for words in [
        &["compose", "shop.wac", "--root", "x.wasm"][..],
        &["compose", "shop.wac", "-c", "x.yml"],
        &["compose", "shop.wac", "-p", "x"],
        &["compose", "shop.wac", "--no-imports"],
        &["compose", "deps/acme/app.wat", "--deps-dir", "deps"],
    ] {
        let said = place.run(words);
        assert_eq!(said.exit, Some(2), "{}", said.err);
        assert!(said.err.contains("changes nothing in a"), "{}", said.err);
    }
}

#[test]
fn packages_are_imported_where_that_is_asked_for() {
    let place = shop();
    for option in ["-i", "--import-dependencies", "--import-components"] {
        let said = place.run(&["compose", "shop.wac", option, "-t"]);
        assert_eq!(said.exit, Some(0), "{}", said.err);
        for name in ["acme-num", "acme-app"] {
            let import = format!("(import \"{name}\" (component ");
            assert!(said.out.contains(&import), "{}", said.out);
        }
        assert!(!said.out.contains("(core module"), "{}", said.out);
        let wanted = "components that whoever runs it must provide\n  acme-num\n  acme-app\n";
        assert!(said.err.contains(wanted), "{}", said.err);
    }
}

#[test]
fn functions_are_validated_unless_they_need_not_be() {
    let wrong = component("f").replacen(
        "(func (export \"f\"))",
        "(func (export \"f\") (result i32) (i64.const 1))",
        1,
    );
    let wrong = wrong.replacen("(func $f (canon", "(func $f (result u32) (canon", 1);
    let place = Place::with(&[
        ("deps/acme/wrong.wat", &wrong),
        (
            "a.wac",
            "package a:b;\nlet x = new acme:wrong {};\nexport x.f;\n",
        ),
    ]);
    for command in ["compose", "check"] {
        let said = place.run(&[command, "a.wac"]);
        assert_eq!(said.exit, Some(1));
        assert!(said.err.contains("error[compose::invalid]"), "{}", said.err);
        assert!(said.err.contains("--> a.wac:2:13\n"), "{}", said.err);
        let output = place
            .command(&[command, "a.wac", "--no-validate"])
            .output()
            .unwrap();
        assert!(output.status.success());
    }
}

#[test]
fn a_document_is_drawn_as_its_composition_is() {
    let place = shop();
    place.run(&["compose", "shop.wac", "-o", "shop.wasm"]);
    for format in ["text", "dot", "mermaid", "svg", "json"] {
        let of = |words: &[&str]| {
            let said = place.run(&[words, &["--format", format]].concat());
            assert_eq!(said.exit, Some(0), "{}", said.err);
            said.out
        };
        let drawn = of(&["resolve", "shop.wac"]);
        assert!(drawn.contains("num"), "{drawn}");
        assert_eq!(drawn, of(&["graph", "shop.wac"]));
        assert_eq!(drawn, of(&["graph", "shop.wasm"]));
    }
    let text = place.run(&["resolve", "shop.wac"]).out;
    assert!(
        text.starts_with("app\n├── acme:num/source@1.0.0 ← num\n"),
        "{text}"
    );
    assert_eq!(
        place.run(&["wit", "shop.wac"]).out,
        place.run(&["wit", "shop.wasm"]).out
    );
    let words = ["graph", "shop.wac", "-d", "acme:num=nowhere.wasm"];
    let said = place.run(&words);
    assert_eq!(said.exit, Some(1));
    assert!(
        said.err.contains("cannot read `nowhere.wasm`"),
        "{}",
        said.err
    );
}

#[test]
fn a_check_without_a_document_needs_a_project_that_has_one() {
    let place = shop();
    let said = place.run(&["check"]);
    assert_eq!(said.exit, Some(2));
    assert!(
        said.err.contains("there is no project here"),
        "{}",
        said.err
    );
    fs::write(place.at("tenon.toml"), "[compose]\nfile = \"plan.json\"\n").unwrap();
    let said = place.run(&["check"]);
    assert_eq!(said.exit, Some(2));
    assert!(
        said.err.contains("does not compose a document"),
        "{}",
        said.err
    );
    fs::write(place.at("tenon.toml"), "[compose]\nfile = \"shop.wac\"\n").unwrap();
    assert_eq!(place.run(&["check"]).exit, Some(0));
    // The folder is the one beside the manifest.
    fs::create_dir(place.at("below")).unwrap();
    let output = place
        .command(&["check"])
        .current_dir(place.at("below"))
        .output()
        .unwrap();
    assert!(output.status.success());
}

#[test]
fn a_project_is_built_anew_when_anything_changed_that_it_was_made_of() {
    let place = shop();
    let manifest = "[package]\nname = \"acme:other\"\n\n[dependencies]\n\"acme:num\" = { path = \"local/num.wat\" }\n\n\
        [compose]\nfile = \"shop.wac\"\n";
    fs::write(place.at("tenon.toml"), manifest).unwrap();
    fs::create_dir(place.at("local")).unwrap();
    fs::rename(place.at("deps/acme/num.wat"), place.at("local/num.wat")).unwrap();
    let is_built = || {
        let said = place.run(&["build"]);
        assert_eq!(said.exit, Some(0), "{}", said.err);
        !said.err.contains("is up to date")
    };
    assert!(is_built());
    assert!(!is_built());
    let report = place.run(&["build", "--force", "--json"]).json();
    assert_eq!(report["composition"]["schema"], "tenon/compose-document/1");
    assert!(!is_built());
    let add = |name: &str| {
        let text = place.read(name)
            + if name.ends_with(".wac") {
                "// x\n"
            } else {
                ";; x\n"
            };
        fs::write(place.at(name), text).unwrap();
    };
    for file in ["shop.wac", "local/num.wat", "deps/acme/app.wat"] {
        add(file);
        assert!(is_built(), "{file}");
        assert!(!is_built(), "{file}");
    }
    // A folder that leads back to itself is looked into once.
    #[cfg(unix)]
    std::os::unix::fs::symlink("..", place.at("deps/acme/up")).unwrap();
    assert!(!is_built());
    // What is put beside them may be taken in their place.
    fs::copy(place.at("local/num.wat"), place.at("deps/acme/num.wat")).unwrap();
    assert!(is_built());
    assert!(!is_built());
    fs::remove_file(place.at("deps/acme/num.wat")).unwrap();
    assert!(is_built());
    assert!(!is_built());
    fs::remove_file(place.at("local/num.wat")).unwrap();
    assert_eq!(place.run(&["build"]).exit, Some(1));
}

#[test]
fn what_does_not_fit_is_shown_on_both_sides() {
    let place = shop();
    let other = NUM
        .replace("(result i32) (i32.const", "(result i64) (i64.const")
        .replace("u32", "u64");
    fs::write(place.at("deps/acme/num.wat"), other).unwrap();
    for words in [
        &["check", "shop.wac", "--json"][..],
        &["compose", "shop.wac", "-o", "o.wasm", "--json"],
        &["resolve", "shop.wac", "--json"],
        &["graph", "shop.wac", "--json"],
        &["wit", "shop.wac", "--json"],
    ] {
        let said = place.run(words);
        assert_eq!(said.exit, Some(1), "{words:?}");
        let error = &said.json()["error"];
        assert_eq!(error["code"], "compose::argument-type", "{error:#}");
        let diagnostics = error["diagnostics"].as_array().unwrap();
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0]["line"], 3);
        assert_eq!(diagnostics[0]["related"][0]["line"], 2);
        let message = diagnostics[0]["message"].as_str().unwrap();
        assert!(message.contains("expected `u32`, found `u64`"), "{message}");
    }
    assert!(!place.at("o.wasm").exists());
}

#[test]
fn the_world_that_is_targeted_must_fit() {
    let place = shop();
    let wit = "package acme:worlds@1.1.0;\n\
        world fits { import clock: interface { now: func(); } export get: func() -> u32; }\n\
        world small { export get: func() -> u64; }\n";
    fs::create_dir(place.at("deps/acme/worlds")).unwrap();
    fs::write(place.at("deps/acme/worlds/w.wit"), wit).unwrap();
    let targeting = |world: &str| {
        let text = SHOP.replacen(";", &format!(" targets acme:worlds/{world};"), 1);
        fs::write(place.at("shop.wac"), text).unwrap();
    };
    for world in ["fits", "fits@1.1.0", "fits@^1"] {
        targeting(world);
        let said = place.run(&["check", "shop.wac"]);
        assert_eq!(said.exit, Some(0), "{world}: {}", said.err);
    }
    targeting("small");
    for words in [
        &["check", "shop.wac", "--json"][..],
        &["compose", "shop.wac", "-o", "o.wasm", "--json"],
        &["resolve", "shop.wac", "--json"],
    ] {
        let said = place.run(words);
        assert_eq!(said.exit, Some(1), "{words:?}");
        let error = &said.json()["error"];
        let diagnostics = error["diagnostics"].as_array().unwrap();
        let codes: Vec<_> = diagnostics.iter().map(|it| &it["code"]).collect();
        assert_eq!(codes, ["wac::target-mismatch"; 2], "{error:#}");
    }
    assert!(!place.at("o.wasm").exists());
    targeting("fits@2");
    let said = place.run(&["check", "shop.wac"]);
    let expected = "error[wac::unknown-package]: there is no package `acme:worlds@2`\n";
    assert!(said.err.starts_with(expected), "{}", said.err);
}

#[test]
fn a_document_is_no_component() {
    let place = shop();
    for words in [
        &["plug", "shop.wac", "--plug", "deps/acme/num.wat"][..],
        &["inspect", "shop.wac"],
        &["validate", "shop.wac"],
        &["check", "shop.wac", "-d", "acme:num=shop.wac"],
    ] {
        let said = place.run(words);
        assert_eq!(said.exit, Some(1), "{words:?}");
        assert!(
            said.err
                .contains("error[cli::document]: `shop.wac` is a document"),
            "{}",
            said.err
        );
        let help = "help: compose it first: `tenon compose shop.wac -o shop.wasm`\n";
        assert!(said.err.contains(help), "{}", said.err);
    }
}
