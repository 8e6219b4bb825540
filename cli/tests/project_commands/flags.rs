use super::*;

#[test]
fn with_locked_a_package_is_what_the_manifest_has_locked() {
    let project = Project::new("[dependencies]\n\"acme:logger\" = \"1\"\n");
    let said = project.fails(1, "project::locked", &["get", "acme:logger", "--locked"]);
    assert!(said.contains("there is no `tenon.lock`"), "{said}");
    project.ok(&["lock"]);
    project.write(
        "app.wat",
        &packages::component(&["acme:log/api@1.0.0"], &["acme:app/run@1.0.0"]),
    );
    let is_locked = |words: &[&str]| {
        let output = project.run_in("", &[words, &["--locked", "--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", said_of(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("1.2.0") || text.contains("digest"),
            "{words:?}: {text}"
        );
        assert!(
            !text.contains("\"version\": \"2.0.0\""),
            "{words:?}: {text}"
        );
    };
    is_locked(&["get", "acme:logger", "-o", "x.wasm"]);
    is_locked(&["fetch", "acme:logger"]);
    is_locked(&["verify", "acme:logger"]);
    is_locked(&["inspect", "acme:logger"]);
    is_locked(&["plug", "app.wat", "--plug", "acme:logger", "--dry-run"]);
    let info = project.json(&["info", "acme:logger", "--locked"]);
    assert_eq!(info["release"]["version"], "1.2.0", "{info}");
    // What is here already needs no network.
    is_locked(&["get", "acme:logger", "-o", "x.wasm", "--frozen"]);
    for command in ["get", "info", "verify"] {
        let said = project.fails(
            1,
            "project::locked",
            &[command, "acme:logger@2", "--locked"],
        );
        assert!(said.contains("locked is 1.2.0"), "{said}");
        let said = project.fails(1, "project::locked", &[command, "acme:other", "--locked"]);
        assert!(
            said.contains("add it with `tenon add acme:other`"),
            "{said}"
        );
    }
    // Of two tracks, the one that the manifest names.
    let project = Project::new("[dependencies]\n\"wit:base\" = \"0.2\"\n\"wit:new\" = \"1\"\n");
    project.ok(&["lock"]);
    let info = project.json(&["info", "wit:base", "--locked"]);
    assert_eq!(info["release"]["version"], "0.2.5");
    let info = project.json(&["info", "wit:base@0.3", "--locked"]);
    assert_eq!(info["release"]["version"], "0.3.0");
}

fn said_of(output: &Output) -> String {
    said(output)
}

#[test]
fn outside_of_a_project_it_is_said() {
    let project = Project::new("");
    fs::remove_file(project.at("tenon.toml")).unwrap();
    for words in [
        &["add", "acme:logger"][..],
        &["remove", "acme:logger"],
        &["lock"],
        &["update"],
        &["fetch"],
        &["build"],
        &["tree"],
        &["why", "acme:logger"],
        &["outdated"],
        &["get", "acme:logger", "--locked"],
        &["fetch", "acme:logger", "--frozen"],
    ] {
        let output = project.run_in("", words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(said(&output).contains("error[project::none]"), "{words:?}");
    }
}

#[test]
fn places_may_be_named_from_where_one_is() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    let mut command = project.tenon_in("", &["build", "-q"]);
    command
        .env("TENON_CACHE_DIR", "../cache")
        .env("TENON_STATE_DIR", "../state")
        .env("TENON_CONFIG_DIR", "../config");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        (said(&output).as_str(), output.stdout.as_slice()),
        ("", &b""[..])
    );
    // It is the same cache: there is nothing to do.
    fs::create_dir_all(project.at("sub dir/ö")).unwrap();
    let said = project.ok_in("sub dir/ö", &["build", "--frozen"]);
    assert!(
        said.contains("`../../build/my pröj.wasm` is up to date"),
        "{said}"
    );
}

#[test]
fn a_project_is_made_where_there_is_none() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new("");
    let made = project.json(&[
        "init",
        "new/one",
        "--name",
        "acme:one",
        "--socket",
        "new/one/app.wat",
    ]);
    assert_eq!(made["schema"], "tenon/init/1");
    let text = project.read("new/one/tenon.toml");
    assert!(
        text.contains("name = \"acme:one\"") && text.contains("socket = \"app.wat\""),
        "{text}"
    );
    // As any other folder that the user makes.
    fs::create_dir(project.at("mine")).unwrap();
    let mode = |name: &str| fs::metadata(project.at(name)).unwrap().permissions().mode();
    assert_eq!(mode("new/one"), mode("mine"));
    project.fails(2, "project::exists", &["init"]);
    project.fails(2, "cli::usage", &["init", "other", "--name", "bad"]);
    assert!(!project.at("other").exists());
    assert_eq!(project.prints(&["init", "quiet", "-q"]), "");
}
