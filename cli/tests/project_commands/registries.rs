use super::*;

/// A project that knows a second registry, `far`, which has `far:kit`, which needs `wit:base` of the first; and what has
/// the log of the second grow.
fn with_two(manifest: &str) -> (Project, server::Server, impl Fn(&Project, &server::Server)) {
    let far = server::Server::start();
    let project = Project::new("");
    let tenon = |project: &Project, far: &server::Server, words: &[&str]| {
        let mut command = project.tenon_in("", words);
        command
            .env("TENON_CONFIG_DIR", project.home.path().join("far/config"))
            .env("TENON_TOKEN", &far.token)
            .env("TENON_REGISTRY", &far.url);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", said(&output));
    };
    tenon(
        &project,
        &far,
        &["registry", "add", "far", &far.url, &far.pin, "--default"],
    );
    tenon(&project, &far, &["key", "generate", "far/owner"]);
    tenon(&project, &far, &["namespace", "create", "far", "--yes"]);
    project.write(
        "kit/deps/base.wit",
        "package wit:base@0.2.3;\ninterface things { type t = u32; }\n",
    );
    project.write(
        "kit/kit.wit",
        "package far:kit@1.0.0;\ninterface kit { use wit:base/things@0.2.3.{t}; }\n",
    );
    tenon(&project, &far, &["publish", "kit", "--yes"]);
    project.write(
        "tenon.toml",
        &format!(
            "{manifest}\n[registries.far]\nurl = \"{}\"\npin = \"{}\"\n",
            far.url, far.pin
        ),
    );
    let grow = move |project: &Project, far: &server::Server| {
        tenon(project, far, &["namespace", "create", "more", "--yes"]);
    };
    (project, far, grow)
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
