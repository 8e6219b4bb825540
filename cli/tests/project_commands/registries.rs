use super::*;

/// A project that knows a second registry, `far`, which has `far:kit`, which needs `wit:base` of the first; and what has
/// the log of the second grow.
fn with_two(manifest: &str) -> (Project, server::Server, impl Fn(&Project, &server::Server)) {
    let far = server::Server::start();
    let project = Project::new("");
    let add = ["registry", "add", "far", &far.url, &far.pin, "--default"];
    at_far(&project, &far, &add);
    at_far(&project, &far, &["key", "generate", "far/owner"]);
    at_far(&project, &far, &["namespace", "create", "far", "--yes"]);
    project.write(
        "kit/deps/base.wit",
        "package wit:base@0.2.3;\ninterface things { type t = u32; }\n",
    );
    project.write(
        "kit/kit.wit",
        "package far:kit@1.0.0;\ninterface kit { use wit:base/things@0.2.3.{t}; }\n",
    );
    at_far(&project, &far, &["publish", "kit", "--yes"]);
    project.write(
        "tenon.toml",
        &format!(
            "{manifest}\n[registries.far]\nurl = \"{}\"\npin = \"{}\"\n",
            far.url, far.pin
        ),
    );
    let grow = move |project: &Project, far: &server::Server| {
        at_far(project, far, &["namespace", "create", "more", "--yes"]);
    };
    (project, far, grow)
}

/// Has the owner of the second registry do something.
fn at_far(project: &Project, far: &server::Server, words: &[&str]) {
    let mut command = project.tenon_in("", words);
    command
        .env("TENON_CONFIG_DIR", project.home.path().join("far/config"))
        .env("TENON_TOKEN", &far.token)
        .env("TENON_REGISTRY", &far.url);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", said(&output));
}

#[test]
fn packages_of_one_project_come_from_two_registries() {
    let (project, mut far, grow) =
        with_two("[dependencies]\n\"acme:logger\" = \"1\"\n\n[namespaces]\nfar = \"far\"\n");
    project.ok(&["add", "far:kit"]);
    assert_eq!(
        project.locked(),
        ["acme:logger 1.2.0", "far:kit 1.0.0", "wit:base 0.2.5"]
    );
    let lock = project.read("tenon.lock");
    assert_eq!(lock.matches("[[registry]]").count(), 2, "{lock}");
    // Connections are kept alive, and each registry is waited for more than once.
    for words in [
        &["update"][..],
        &["fetch"],
        &["outdated"],
        &["add", "acme:other"],
    ] {
        project.ok(words);
    }
    // A machine that knows neither, where both have to prove how they grew.
    grow(&project, &far);
    for place in ["cache", "state"] {
        fs::remove_dir_all(project.home.path().join(place)).unwrap();
    }
    project.ok(&["update"]);
    project.ok(&["fetch"]);
    // One of the two is gone.
    far.kill();
    let said = project.ok(&["fetch"]);
    assert!(
        said.contains("warning: ") && said.contains("what was verified before is used"),
        "{said}"
    );
    project.fails(4, "registry::unavailable", &["update"]);
    // What it is not needed for is not asked of it.
    project.ok(&["remove", "far:kit"]);
    assert_eq!(project.locked(), ["acme:logger 1.2.0", "acme:other 1.0.0"]);
    assert_eq!(
        project.read("tenon.lock").matches("[[registry]]").count(),
        1
    );
    project.ok(&["update"]);
}

#[test]
fn a_namespace_is_looked_for_where_it_belongs_and_nowhere_else() {
    let (project, _far, _) = with_two("[dependencies]\n");
    // The default has no such namespace.
    project.fails(1, "verify::no-such-package", &["add", "far:kit"]);
    let text = project.read("tenon.toml") + "[namespaces]\nfar = \"far\"\n";
    project.write("tenon.toml", &text);
    project.ok(&["add", "far:kit"]);
    // What was locked from one registry is not taken from another.
    let text = project.read("tenon.toml").replace("far = \"far\"", "");
    project.write("tenon.toml", &text);
    let said = project.fails(2, "project::moved", &["fetch"]);
    assert!(
        said.contains("`tenon config show --origin` says why"),
        "{said}"
    );
    // Without a registry, there is a way to name one.
    project.ok(&["remove", "far:kit"]);
    project.ok(&["registry", "remove", "local"]);
    let said = project.fails(2, "registry::none", &["add", "far:kit"]);
    assert!(said.contains("help: "), "{said}");
}

#[test]
fn what_has_moved_to_another_registry_is_not_asked_for_there_before_it_is_added_again() {
    let (project, far, _) = with_two(
        "[dependencies]\n\"acme:logger\" = \"1\"\n\"acme:other\" = \"1\"\n\"wit:mid\" = \"1\"\n",
    );
    project.ok(&["lock"]);
    // There is a namespace of this name in the other one, too, with another owner.
    at_far(&project, &far, &["namespace", "create", "acme", "--yes"]);
    project.write(
        "logger.wat",
        &packages::component(&[], &["acme:log/api@1.0.0"]),
    );
    for package in ["acme:logger", "acme:other"] {
        let release = ["--package", package, "--version", "1.5.0", "--yes"];
        at_far(
            &project,
            &far,
            &[&["publish", "logger.wat"][..], &release].concat(),
        );
    }
    let here = project.read("tenon.toml");
    project.write(
        "tenon.toml",
        &format!("{here}[namespaces]\nacme = \"far\"\n"),
    );
    for words in [
        &["lock"][..],
        &["lock", "--locked"],
        &["update"],
        &["update", "acme:other"],
        &["add", "acme:mw"],
        &["add", "acme:logger"],
        &["outdated"],
        &["fetch"],
    ] {
        let said = project.fails(2, "project::moved", words);
        assert!(
            said.contains(
                "run `tenon remove acme:logger acme:other`, and then `tenon add acme:logger acme:other`"
            ),
            "{words:?}: {said}"
        );
    }
    // Nothing has to be asked for these.
    project.ok(&["tree"]);
    project.ok(&["why", "acme:logger"]);
    // As the help says.
    project.ok(&["remove", "acme:logger", "acme:other"]);
    project.ok(&["add", "acme:logger", "acme:other"]);
    assert_eq!(
        project.locked(),
        [
            "acme:logger 1.5.0",
            "acme:other 1.5.0",
            "wit:base 0.2.5",
            "wit:mid 1.1.0"
        ]
    );
    // What brings a package that has moved is named where the manifest does not name the package.
    let text = project.read("tenon.toml") + "wit = \"far\"\n";
    project.write("tenon.toml", &text);
    let said = project.fails(2, "project::moved", &["update"]);
    assert!(said.contains("run `tenon remove wit:mid`"), "{said}");
    project.ok(&["remove", "wit:mid"]);
    project.ok(&["lock"]);
    // What the text of the project names cannot be removed.
    project.write("tenon.toml", &text.replace("wit = \"far\"", ""));
    project.write(
        "wit/a.wit",
        "package acme:shop@0.1.0;\ninterface x { use wit:base/things@0.2.3.{t}; }\n",
    );
    project.ok(&["lock"]);
    project.write("tenon.toml", &text);
    let said = project.fails(2, "project::moved", &["lock"]);
    assert!(
        said.contains("remove `tenon.lock`, and run `tenon lock`"),
        "{said}"
    );
}

#[test]
fn a_lock_file_that_fits_needs_registries_that_are_known() {
    let project = Project::new("[dependencies]\n\"acme:logger\" = \"1\"\n");
    project.ok(&["lock"]);
    let here = project.read("tenon.toml");
    for (text, code) in [
        ("default-registry = \"gone\"\n", "registry::unknown"),
        ("[namespaces]\nacme = \"gone\"\n", "registry::unknown"),
    ] {
        let (before, after) = match text.starts_with('[') {
            true => ("", text),
            false => (text, ""),
        };
        project.write("tenon.toml", &format!("{before}{here}{after}"));
        for words in [&["lock"][..], &["lock", "--locked"], &["outdated"]] {
            project.fails(2, code, words);
        }
        project.ok(&["tree"]);
        project.ok(&["why", "acme:logger"]);
    }
    project.write("tenon.toml", &here);
    project.ok(&["registry", "remove", "local"]);
    project.fails(2, "registry::none", &["lock", "--frozen"]);
    project.ok(&["tree"]);
}
