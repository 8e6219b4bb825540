use super::*;

#[test]
fn several_packages_are_added_at_once_and_again() {
    let project = Project::new("# mine\n[dependencies]\n");
    let said = project.ok(&["add", "acme:logger", "wit:mid@1.0"]);
    assert!(said.contains("asks for `acme:logger` ^2.0.0"), "{said}");
    assert_eq!(
        project.locked(),
        ["acme:logger 2.0.0", "wit:base 0.2.5", "wit:mid 1.1.0"]
    );
    let before = project.files();
    assert!(before.0.starts_with("# mine\n"), "{}", before.0);
    project.ok(&["add", "acme:logger"]);
    assert_eq!(project.files(), before);
    let added = project.json(&["add", "acme:other"]);
    assert_eq!(added["schema"], "tenon/add/1");
    assert_eq!(added["added"]["acme:other"], "^1.0.0");
    assert_eq!(added["changes"][0]["to"][0], "1.0.0");
}

#[test]
fn a_whole_version_is_locked_and_stays() {
    let project = Project::new("");
    project.ok(&["add", "acme:logger@1.0.0"]);
    assert!(
        project
            .read("tenon.toml")
            .contains("\"acme:logger\" = \"^1.0.0\"")
    );
    assert_eq!(project.locked(), ["acme:logger 1.0.0"]);
    let said = project.ok(&["lock"]);
    assert!(said.contains("up to date: 1 release"), "{said}");
    project.ok(&["add", "acme:other"]);
    assert_eq!(project.locked(), ["acme:logger 1.0.0", "acme:other 1.0.0"]);
    project.ok(&["update"]);
    assert_eq!(project.locked(), ["acme:logger 1.2.0", "acme:other 1.0.0"]);
}

#[test]
fn yanked_versions_and_prereleases_are_taken_where_they_are_named() {
    let project = Project::new("");
    let said = project.ok(&["add", "acme:logger@1.1.0"]);
    assert!(
        said.contains("warning: `acme:logger@1.1.0` is yanked"),
        "{said}"
    );
    assert_eq!(project.locked(), ["acme:logger 1.1.0"]);
    project.ok(&["add", "acme:logger@2.1.0-rc.1"]);
    assert_eq!(project.locked(), ["acme:logger 2.1.0-rc.1"]);
    // What is asked for already stays so, where nothing else is said.
    project.ok(&["add", "acme:logger"]);
    assert_eq!(project.locked(), ["acme:logger 2.1.0-rc.1"]);
    project.ok(&["add", "acme:logger@2.0"]);
    assert_eq!(project.locked(), ["acme:logger 2.0.0"]);
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    let project = Project::new("[dependencies]\n\"wit:mid\" = \"^1.1\"\n");
    project.ok(&["lock"]);
    let said = project.fails(1, "project::conflict", &["add", "acme:logger@9"]);
    assert!(
        said.contains("ask for `acme:logger` on a track that is there: `^2`"),
        "{said}"
    );
    let said = project.fails(1, "project::precise", &["add", "acme:logger@1.7.0"]);
    assert!(said.contains("there is no such version"), "{said}");
    let said = project.fails(1, "verify::no-such-package", &["add", "acme:loggr"]);
    assert!(said.contains("did you mean `acme:logger`?"), "{said}");
    // `wit:mid` needs 0.2.3 or more.
    let said = project.fails(
        1,
        "project::conflict",
        &["add", "acme:other", "wit:base@=0.2.0"],
    );
    assert!(
        said.contains("wit:mid") && said.contains("`wit:base =0.2.0`"),
        "{said}"
    );
    project.fails(2, "cli::usage", &["add", "acme:logger", "acme:logger@1"]);
    project.fails(2, "cli::usage", &["add", "acme:logger", "--locked"]);
    project.fails(2, "cli::usage", &["add", "acme"]);
    project.fails(1, "cli::io", &["add", "acme:x", "--path", "nowhere.wasm"]);
    project.fails(2, "cli::usage", &["add", "acme:x@1", "--path", "."]);
}

#[test]
fn paths_are_kept_as_seen_from_the_manifest() {
    let project = Project::new("");
    project.write(
        "sub/deep/x.wat",
        &packages::component(&["wit:base/things@0.2.3"], &[]),
    );
    project.write(
        "sub/kit/kit.wit",
        "package acme:kit@1.0.0;\ninterface i { use wit:base/things@0.2.3.{t}; }\n",
    );
    project.ok_in("sub/deep", &["add", "acme:x", "--path", "x.wat"]);
    // A component alone brings no WIT package.
    assert!(!project.at("tenon.lock").exists());
    project.ok_in(
        "sub/deep",
        &["add", "acme:kit", "--path", "../kit", "--quiet"],
    );
    let text = project.read("tenon.toml");
    assert!(text.contains("{ path = \"sub/deep/x.wat\" }"), "{text}");
    assert!(text.contains("{ path = \"sub/kit\" }"), "{text}");
    assert_eq!(project.locked(), ["wit:base 0.2.3"]);
    // What is at a path is asked of nobody.
    project.ok_in(
        "sub/deep",
        &["add", "acme:y", "--path", "x.wat", "--offline"],
    );
    // The folder of the project itself.
    project.write("self.wit", "package acme:self@1.0.0;\n");
    project.ok_in("sub", &["add", "acme:self", "--path", ".."]);
    assert!(project.read("tenon.toml").contains("{ path = \".\" }"));
}

#[test]
fn a_folder_is_added_as_the_package_that_its_wit_declares() {
    let project = Project::new("");
    project.write("empty/notes.txt", "");
    project.write("own/a.wit", "package acme:mine@0.1.0;\ninterface x {}\n");
    let at = |package, folder| ["add", package, "--path", folder];
    let said = project.fails(1, "project::path", &at("acme:mine", "empty"));
    assert!(said.contains("there is no WIT in `empty`"), "{said}");
    let said = project.fails(1, "project::path", &at("acme:other", "own"));
    assert!(
        said.contains("it declares the package `acme:mine`"),
        "{said}"
    );
    project.ok(&at("acme:mine", "own"));
    fs::remove_dir_all(project.at("own")).unwrap();
    let said = project.fails(1, "cli::io", &["lock"]);
    assert!(
        said.contains("`acme:mine` in `tenon.toml` is at `own`, and there is no such file"),
        "{said}"
    );
}

#[test]
fn what_a_project_fetches_is_said_in_a_line_each_and_the_log_once() {
    let project = Project::new("[dependencies]\n\"acme:logger\" = \"1\"\n\"wit:mid\" = \"1\"\n");
    project.ok(&["lock"]);
    let said = project.ok(&["fetch"]);
    assert_eq!(said.lines().count(), 4, "{said}");
    assert_eq!(said.matches(" records at ").count(), 1, "{said}");
    let said = project.ok(&["fetch", "acme:logger"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(said.matches(" records at ").count(), 1, "{said}");
}

#[test]
fn a_package_is_the_socket_of_a_new_project_in_another_folder() {
    let project = Project::new("");
    project.ok(&["init", "--socket", "acme:logger", "sub"]);
    let text = project.read("sub/tenon.toml");
    assert!(text.contains("socket = \"acme:logger\""), "{text}");
    project.ok(&["init", "--socket", "app.wasm", "else"]);
    let text = project.read("else/tenon.toml");
    assert!(!text.contains("socket = \"app.wasm\""), "{text}");
}
