use super::*;
use std::time::Instant;

#[test]
fn what_is_locked_stays_while_it_fits() {
    let project = Project::new("");
    let said = project.ok(&["lock"]);
    assert!(said.contains("nothing is asked of a registry"), "{said}");
    project.ok(&["update"]);
    assert!(!project.at("tenon.lock").exists());

    project.write(
        "tenon.toml",
        "[dependencies]\n\"acme:logger\" = \"=1.0.0\"\n",
    );
    project.ok(&["lock"]);
    // Widened.
    project.write("tenon.toml", "[dependencies]\n\"acme:logger\" = \"1\"\n");
    project.ok(&["lock"]);
    assert_eq!(project.locked(), ["acme:logger 1.0.0"]);
    // Narrowed.
    project.write(
        "tenon.toml",
        "[dependencies]\n\"acme:logger\" = \"^1.0.1\"\n",
    );
    let said = project.fails(1, "project::locked", &["lock", "--locked"]);
    assert!(
        said.contains("`tenon.toml` asks for `acme:logger ^1.0.1`, and `tenon.lock` has 1.0.0"),
        "{said}"
    );
    let locked = project.json(&["lock"]);
    assert_eq!(locked["packages"], 1);
    assert_eq!(locked["changes"][0]["from"][0], "1.0.0");
    assert_eq!(project.locked(), ["acme:logger 1.2.0"]);

    // There is nothing to do, and nobody is asked.
    let begun = Instant::now();
    let said = project.ok(&["lock", "--frozen"]);
    assert!(said.contains("up to date"), "{said}");
    assert!(begun.elapsed().as_millis() < 500, "{:?}", begun.elapsed());
}

#[test]
fn wit_packages_are_on_two_tracks_where_both_are_asked_for() {
    let project = Project::new("");
    project.write(
        "wit/a.wit",
        "package acme:lib@0.1.0;\ninterface x { use wit:base/things@0.2.3.{t}; use wit:new/new@1.0.0.{t as u}; }\n",
    );
    project.ok(&["lock"]);
    let both = ["wit:base 0.2.3", "wit:base 0.3.0", "wit:new 1.0.0"];
    assert_eq!(project.locked(), both);
    // What the manifest asks for must fit the text.
    let said = project.fails(1, "project::conflict", &["add", "wit:base@0.2.5"]);
    assert!(
        said.contains("wit/a.wit:2:") && said.contains("`wit:base =0.2.3`"),
        "{said}"
    );
    project.ok(&["add", "wit:base@0.2"]);
    assert_eq!(project.locked(), both);
    project.write(
        "wit/a.wit",
        "package acme:lib@0.1.0;\ninterface x { use wit:gone/a@1.0.0.{t}; }\n",
    );
    let said = project.fails(1, "verify::no-such-package", &["lock"]);
    assert!(
        said.contains("`wit/a.wit:2:28` asks for `wit:gone =1.0.0`"),
        "{said}"
    );
}

#[test]
fn components_say_which_wit_fits_and_bring_none() {
    // `acme:late` imports `wit:base` 0.2.5.
    let project = Project::new("[dependencies]\n\"acme:late\" = \"1\"\n");
    project.ok(&["lock"]);
    assert_eq!(project.locked(), ["acme:late 1.0.0"]);
    let said = project.fails(1, "project::conflict", &["add", "wit:base@=0.2.3"]);
    assert!(said.contains("acme:late"), "{said}");
    project.ok(&["add", "wit:base@0.2"]);
    assert_eq!(project.locked(), ["acme:late 1.0.0", "wit:base 0.2.5"]);

    // So does one that is a file, once it is there.
    let project = Project::new(
        "[dependencies]\n\"wit:base\" = \"=0.2.3\"\n[compose]\nsocket = \"out/app.wat\"\n",
    );
    project.ok(&["lock"]);
    project.write(
        "out/app.wat",
        &packages::component(&["wit:base/things@0.2.5"], &[]),
    );
    let said = project.fails(1, "project::locked", &["lock", "--locked"]);
    assert!(
        said.contains("`out/app.wat` asks for `wit:base ^0.2.5`"),
        "{said}"
    );
    project.fails(1, "project::conflict", &["lock"]);
}

#[test]
fn what_the_project_has_itself_is_asked_of_no_registry() {
    let project =
        Project::new("[dependencies]\n\"wit:mid\" = \"1\"\n\"wit:base\" = { path = \"base\" }\n");
    project.write(
        "base/base.wit",
        "package wit:base@0.2.9;\ninterface things { type t = u32; }\n",
    );
    project.ok(&["lock"]);
    assert_eq!(project.locked(), ["wit:mid 1.1.0"]);
    let said = project.ok(&["lock", "--frozen"]);
    assert!(said.contains("up to date: 1 release"), "{said}");
}
