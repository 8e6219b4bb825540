//! Documents in WAC, with packages that a project depends on, or that a registry has.

use super::*;

const SHOP: &str = "package acme:shop;
let log = new acme:logger {};
let app = new acme:app { \"acme:log/api@1.0.0\": log[\"acme:log/api@1.0.0\"] };
export app...;
";

fn shop(dependencies: &str) -> Project {
    let project = Project::new(&format!(
        "[dependencies]\n{dependencies}\n[compose]\nfile = \"shop.wac\"\n"
    ));
    project.write("shop.wac", SHOP);
    project
}

/// The packages that a report has, as `NAME RELEASE`, or `NAME PATH`.
fn packages(report: &Value) -> Vec<String> {
    let packages = report["packages"].as_array().unwrap().iter();
    let packages = packages.map(|it| {
        let place = it["release"].as_str().or_else(|| it["path"].as_str());
        format!("{} {}", it["name"].as_str().unwrap(), place.unwrap())
    });
    packages.collect()
}

#[test]
fn packages_are_the_releases_that_are_locked() {
    let project = shop("\"acme:logger\" = \"=1.1.0\"\n\"acme:app\" = \"1\"");
    let unlocked = project.fails(1, "wac::unknown-package", &["check"]);
    for part in [
        "because `tenon.toml` asks for it, and `tenon.lock` does not have it\n",
        "help: run `tenon lock`\n",
    ] {
        assert!(unlocked.contains(part), "{part}{unlocked}");
    }
    project.ok(&["build"]);
    assert!(project.ok(&["build"]).contains("is up to date"));
    let expected = ["acme:app acme:app@1.0.0", "acme:logger acme:logger@1.1.0"];
    assert_eq!(packages(&project.json(&["check"])), expected);
    assert_eq!(packages(&project.json(&["check", "--locked"])), expected);
    assert_eq!(
        packages(&project.json(&["compose", "shop.wac", "-o", "o.wasm"])),
        expected
    );
    // A requirement is met by what is locked, or by nothing.
    project.write(
        "shop.wac",
        &SHOP.replace("new acme:logger", "new acme:logger@^1.0"),
    );
    let report = project.json(&["check"]);
    assert_eq!(packages(&report)[1], "acme:logger@^1.0 acme:logger@1.1.0");
    project.write(
        "shop.wac",
        &SHOP.replace("new acme:logger", "new acme:logger@2"),
    );
    let said = project.fails(1, "wac::unknown-package", &["check"]);
    assert!(
        said.contains("because `tenon.lock` has it as 1.1.0\n"),
        "{said}"
    );
    project.write(
        "shop.wac",
        &SHOP.replace("new acme:logger", "new acme:loger"),
    );
    let said = project.fails(1, "wac::unknown-package", &["check"]);
    assert!(
        said.contains("because the project does not depend on it\n"),
        "{said}"
    );
    assert!(said.contains("help: is `acme:logger` meant?\n"), "{said}");
    // What the lock file has is built without the network, and a new one of it is built.
    project.write("shop.wac", SHOP);
    project.ok(&["build", "--offline"]);
    project.write(
        "tenon.toml",
        &project.read("tenon.toml").replace("=1.1.0", "=1.2.0"),
    );
    let said = project.fails(1, "project::locked", &["check", "--locked"]);
    assert!(said.contains("`tenon.lock` is not up to date"), "{said}");
    let said = project.ok(&["build"]);
    assert!(said.contains("acme:logger@1.2.0"), "{said}");
}

#[test]
fn files_go_before_what_is_locked() {
    let project = shop("\"acme:logger\" = \"1\"\n\"acme:app\" = \"1\"");
    project.ok(&["lock"]);
    project.ok(&["get", "acme:logger@1.0.0", "-o", "local.wasm"]);
    let there = |words: &[&str]| packages(&project.json(&[&["check"], words].concat()))[1].clone();
    assert_eq!(there(&[]), "acme:logger acme:logger@1.2.0");
    assert_eq!(
        there(&["-d", "acme:logger=local.wasm"]),
        "acme:logger local.wasm"
    );
    fs::create_dir_all(project.at("deps/acme")).unwrap();
    fs::copy(
        project.at("local.wasm"),
        project.at("deps/acme/logger.wasm"),
    )
    .unwrap();
    assert_eq!(there(&[]), "acme:logger deps/acme/logger.wasm");
    fs::remove_dir_all(project.at("deps")).unwrap();
    let manifest = project.read("tenon.toml");
    let manifest = manifest.replace("\"1\"\n\"acme:app", "{ path = \"local.wasm\" }\n\"acme:app");
    project.write("tenon.toml", &manifest);
    project.ok(&["lock"]);
    assert_eq!(there(&[]), "acme:logger local.wasm");
}

#[test]
fn no_registry_is_asked_that_was_not_named() {
    let project = Project::new("");
    fs::remove_file(project.at("tenon.toml")).unwrap();
    project.write("shop.wac", SHOP);
    let compose = ["compose", "shop.wac", "-o", "o.wasm"];
    let output = project.run_in("", &compose);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1));
    // That it is the default is not enough.
    let unasked = "because no registry was asked: nothing says that `acme` comes from one\n";
    assert_eq!(said.matches(unasked).count(), 2, "{said}");
    assert!(
        said.contains("or name the registry that has it with `--registry`"),
        "{said}"
    );

    let report = project.json(&[&compose[..], &["--registry", "local"]].concat());
    let expected = ["acme:app acme:app@1.0.0", "acme:logger acme:logger@2.0.0"];
    assert_eq!(packages(&report), expected);
    let config = project.home.path().join("config/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n[namespaces]\nacme = \"local\"\n").unwrap();
    assert_eq!(packages(&project.json(&compose)), expected);
    // Not with `--locked`, where there is nothing locked.
    let output = project.run_in("", &[&compose[..], &["--locked"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", super::said(&output));
    // What the registry does not have is said where it is named.
    project.write("shop.wac", &SHOP.replace("acme:logger", "acme:lagger"));
    let output = project.run_in("", &compose);
    let said = super::said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--> shop.wac:2:15\n"), "{said}");
    assert!(said.contains("help: did you mean `acme:logger`?"), "{said}");
}

#[test]
fn a_registry_that_cannot_be_reached_is_no_fault_of_the_document() {
    let project = Project::new("");
    fs::remove_file(project.at("tenon.toml")).unwrap();
    project.write("shop.wac", SHOP);
    let config = project.home.path().join("config/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        text.replace(&project.packages.server.url, "http://127.0.0.1:1"),
    )
    .unwrap();
    for words in [
        &["check", "shop.wac", "--registry", "local"][..],
        &["check", "shop.wac", "-d", "acme:logger=acme:logger@1"],
    ] {
        let output = project.run_in("", words);
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert!(
            said(&output).contains("error[registry::unavailable]"),
            "{}",
            said(&output)
        );
    }
    let offline = ["check", "shop.wac", "--registry", "local", "--offline"];
    assert_eq!(project.run_in("", &offline).status.code(), Some(4));
}

#[test]
fn what_is_locked_can_be_in_the_folder_too() {
    let project = shop("\"acme:logger\" = \"=1.1.0\"\n\"acme:app\" = \"1\"");
    project.ok(&["build"]);
    let file = project.ok(&["get", "acme:logger@1.2.0", "-o", "logger.wasm"]);
    assert!(!file.is_empty());
    fs::create_dir_all(project.at("deps/acme")).unwrap();
    fs::rename(
        project.at("logger.wasm"),
        project.at("deps/acme/logger.wasm"),
    )
    .unwrap();
    let report = project.json(&["check"]);
    assert_eq!(packages(&report)[1], "acme:logger deps/acme/logger.wasm");
    let warnings = report["warnings"].to_string();
    assert!(
        warnings.contains("not acme:logger 1.1.0, as the lock file has it"),
        "{warnings}"
    );
    // Where the lock file has to be followed, it is.
    let report = project.json(&["check", "--locked"]);
    assert_eq!(packages(&report)[1], "acme:logger acme:logger@1.1.0");
}
