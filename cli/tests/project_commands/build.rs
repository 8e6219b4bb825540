use super::*;

/// That a build does something, and that the next one does nothing.
fn builds(project: &Project, words: &[&str]) -> String {
    let words = [&["build"], words].concat();
    let said = project.ok(&words);
    assert!(!said.contains("is up to date: nothing"), "{said}");
    let again = project.ok(&words);
    assert!(
        again.contains("is up to date: nothing has changed since it was built"),
        "{again}"
    );
    assert_eq!(again.lines().count(), 1, "{again}");
    said
}

#[test]
fn a_build_is_done_again_when_anything_has_changed() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    let said = builds(&project, &[]);
    assert!(said.contains("added acme:logger 1.2.0"), "{said}");
    assert!(
        said.contains("acme:log/api@1.0.0 <- acme:logger@1.2.0"),
        "{said}"
    );
    let output = project.at("build/my pröj.wasm");
    let first = fs::read(&output).unwrap();
    let inspected = project.prints(&["inspect", "build/my pröj.wasm"]);
    assert!(
        inspected.contains("acme:logger") && inspected.contains("1.2.0"),
        "{inspected}"
    );

    // What came out.
    fs::remove_file(&output).unwrap();
    builds(&project, &[]);
    fs::write(&output, "edited").unwrap();
    builds(&project, &[]);
    assert_eq!(fs::read(&output).unwrap(), first);
    // What went in.
    let app = packages::component(&["acme:log/api@1.0.0"], &["acme:app/other@1.0.0"]);
    project.write("app.wat", &app);
    builds(&project, &[]);
    assert_ne!(fs::read(&output).unwrap(), first);
    // What is locked.
    project.ok(&["update", "acme:logger", "--precise", "1.0.0"]);
    let said = builds(&project, &[]);
    assert!(said.contains("<- acme:logger@1.0.0"), "{said}");
    // What is said.
    project.write(
        "tenon.toml",
        &(project.read("tenon.toml") + "name = \"shop\"\n"),
    );
    builds(&project, &[]);
    // Where to.
    builds(&project, &["-o", "else/where.wasm"]);
    assert_eq!(
        fs::read(project.at("else/where.wasm")).unwrap(),
        fs::read(&output).unwrap()
    );
    builds(&project, &["--no-validate"]);
    builds(&project, &[]);
    let said = project.ok(&["build", "--force"]);
    assert!(said.contains("wrote "), "{said}");
    // What nothing of it depends on.
    project.write("notes.txt", "");
    let said = project.ok(&["build", "--locked"]);
    assert!(said.contains("is up to date"), "{said}");

    let built = project.json(&["build"]);
    assert_eq!(built["schema"], "tenon/build/1");
    assert_eq!(built["state"], "up-to-date");
    let built = project.json(&["build", "--force"]);
    assert_eq!(built["state"], "built");
    assert_eq!(built["composition"]["schema"], "tenon/plug/1");
}

#[test]
fn a_build_that_fails_leaves_what_there_was() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    builds(&project, &[]);
    let output = project.at("build/my pröj.wasm");
    let first = fs::read(&output).unwrap();
    let app = project.read("app.wat");
    project.write(
        "app.wat",
        "(component (import \"acme:log/api@1.0.0\" (instance (export \"no\" (func)))))",
    );
    for _ in 0..2 {
        let failed = project.run_in("", &["build"]);
        assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    }
    assert_eq!(fs::read(&output).unwrap(), first);
    project.write("app.wat", &app);
    let said = project.ok(&["build"]);
    assert!(!said.contains("error"), "{said}");
    assert_eq!(fs::read(&output).unwrap(), first);

    fs::remove_file(project.at("app.wat")).unwrap();
    let said = project.fails(1, "cli::io", &["build"]);
    assert!(
        said.contains("`[compose]` in `tenon.toml` names it: build it first"),
        "{said}"
    );
    assert_eq!(fs::read(&output).unwrap(), first);
}

#[test]
fn sockets_and_plugs_are_files_or_dependencies() {
    let two = "\"acme:logger\" = \"1\"\n\"acme:mw\" = \"1\"";
    for (compose, filled) in [
        (
            "socket = \"acme:app\"\nplugs = [\"acme:logger\"]",
            "<- acme:logger@1.2.0",
        ),
        ("socket = \"acme:app\"\nplugs = [\"own.wat\"]", "<- own"),
        ("socket = \"acme:app\"\nplugs = [\"acme:mine\"]", "<- own"),
        (
            "sockets = [\"app.wat\", \"acme:app\"]\nplugs = [\"acme:logger\"]\nexports = []\nrenames = [\"acme:app#acme:app/run@1.0.0=second\"]",
            "<- acme:logger@1.2.0",
        ),
        // Every dependency that is a component, and no socket.
        (
            "socket = \"acme:app\"\nprefer = [\"acme:logger\"]",
            "    acme:log/api@1.0.0 <- acme:logger@1.2.0",
        ),
        (
            "socket = \"app.wat\"\nchains = [\"acme:mw,acme:logger\"]\nplugs = [\"acme:logger\", \"acme:mw\"]",
            "    acme:log/api@1.0.0 <- acme:logger@1.2.0: next in the chain",
        ),
        (
            "socket = \"app.wat\"\nchains = [\"acme:mw,own.wat\"]\nplugs = [\"acme:mw\"]",
            "    acme:log/api@1.0.0 <- own: next in the chain",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger\", \"own.wat\"]\nwires = [\"app#acme:log/api@1.0.0=own\"]",
            "<- own: as wired",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger\", \"own.wat\"]\nprefer = [\"own\"]",
            "<- own: preferred",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger\"]\nkeep-imports = [\"acme:log/api@1.0.0\"]",
            "(kept open)",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger\"]\nexports = [\"acme:logger#acme:log/api@1.0.0\"]",
            "<- acme:logger@1.2.0",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger\"]\nversions = \"separate\"\ndedupe = \"components\"\nstrict = true\nname = \"x\"",
            "<- acme:logger@1.2.0",
        ),
    ] {
        let project = Project::new(&format!(
            "[dependencies]\n{two}\n\"acme:app\" = \"1\"\n\"acme:mine\" = {{ path = \"own.wat\" }}\n[compose]\n{compose}\noutput = \"out/x.wasm\"\n"
        ));
        project.write(
            "own.wat",
            &packages::component(&[], &["acme:log/api@1.0.0", "acme:own/more@1.0.0"]),
        );
        project.write(
            "app.wat",
            &packages::component(&["acme:log/api@1.0.0"], &["acme:app/run@1.0.0"]),
        );
        let output = project.run_in("", &["build"]);
        let text = said(&output);
        if !output.status.success() {
            panic!("{compose}: {text}");
        }
        assert!(text.contains(filled), "{compose}: {text}");
        assert!(text.contains("wrote out/x.wasm"), "{compose}: {text}");
        let again = project.ok(&["build"]);
        assert!(
            again.contains("`out/x.wasm` is up to date"),
            "{compose}: {again}"
        );
    }
}

#[test]
fn what_the_manifest_cannot_mean_is_said_in_its_words() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    let with = |compose: &str| {
        let text = format!(
            "[dependencies]\n\"acme:logger\" = \"1\"\n\"wit:base\" = \"0.2\"\n[compose]\n{compose}\n"
        );
        project.write("tenon.toml", &text);
        project.ok(&["lock"]);
    };
    for (compose, exit, code, words) in [
        (
            "socket = \"app.wat\"\nversions = \"exact\"",
            2,
            "project::manifest",
            "take one of `highest`, `lowest`",
        ),
        (
            "socket = \"app.wat\"\ndedupe = \"all\"",
            2,
            "project::manifest",
            "take one of `auto`, `modules`",
        ),
        (
            "socket = \"app.wat\"\nexports = [\"x\"]",
            2,
            "cli::usage",
            "`--export` is `exports` under `[compose]`",
        ),
        (
            "socket = \"app.wat\"\nwires = [\"x\"]",
            2,
            "cli::usage",
            "`--wire` is `wires` under `[compose]`",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"wit:base\"]",
            1,
            "compose::wit-package",
            "is a WIT package",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:lost\"]",
            2,
            "project::manifest",
            "add it with `tenon add acme:lost`",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:loger\"]",
            2,
            "project::manifest",
            "did you mean `acme:logger`?",
        ),
        (
            "socket = \"app.wat\"\nplugs = [\"acme:logger@^1\"]",
            2,
            "project::manifest",
            "a version belongs to `[dependencies]`",
        ),
        (
            "socket = \"app.wat\"\noutput = \"app.wat\"",
            2,
            "project::manifest",
            "is an input, and would be overwritten",
        ),
        (
            "socket = \"app.wat\"\noutput = \"./build/../app.wat\"",
            2,
            "project::manifest",
            "is an input, and would be overwritten",
        ),
        ("socket = \"-\"", 1, "cli::io", "cannot read `./-`"),
        (
            "file = \"acme:logger\"",
            1,
            "cli::io",
            "cannot read `./acme:logger`",
        ),
        (
            "file = \"gone.yml\"",
            1,
            "cli::io",
            "build it first, or correct the path",
        ),
    ] {
        with(compose);
        fs::create_dir_all(project.at("build")).unwrap();
        let said = project.fails(exit, code, &["build"]);
        assert!(said.contains(words), "{compose}: {said}");
    }
    with("socket = \"app.wat\"");
    project.fails(2, "cli::usage", &["build", "-o", "-"]);
    project.fails(2, "cli::usage", &["build", "-o", "app.wat"]);
    let project = Project::new("");
    project.fails(2, "project::nothing", &["build"]);
}

#[test]
fn files_that_describe_a_composition_are_built() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    project.write(
        "log.wat",
        &packages::component(&[], &["acme:log/api@1.0.0"]),
    );
    project.ok(&["lock"]);
    fs::create_dir(project.at("sub")).unwrap();
    project.ok(&[
        "plug",
        "app.wat",
        "--plug",
        "acme:logger",
        "--locked",
        "--plan",
        "sub/plan.json",
        "-o",
        "p.wasm",
    ]);
    project.write(
        "sub/c.yml",
        "dependencies:\n  root: ../app.wat\n  acme:log/api@1.0.0: ../log.wat\n",
    );
    for file in ["sub/plan.json", "sub/c.yml"] {
        project.write(
            "tenon.toml",
            &format!("[dependencies]\n\"acme:logger\" = \"1\"\n[compose]\nfile = \"{file}\"\noutput = \"o.wasm\"\n"),
        );
        builds(&project, &[]);
        let first = fs::read(project.at("o.wasm")).unwrap();
        let said = project.ok_in("sub", &["build"]);
        assert!(said.contains("up to date"), "{file}: {said}");
        fs::remove_file(project.at("o.wasm")).unwrap();
        builds(&project, &[]);
        assert_eq!(fs::read(project.at("o.wasm")).unwrap(), first, "{file}");
    }
    // A file that the configuration names is what went in, too.
    project.write(
        "log.wat",
        &packages::component(&[], &["acme:log/api@1.0.0", "acme:log/more@1.0.0"]),
    );
    builds(&project, &[]);
}

#[test]
fn a_folder_of_wit_is_built() {
    let project = Project::new("[package]\nname = \"acme:lib\"\nversion = \"0.1.0\"\n");
    project.write(
        "wit/a.wit",
        "package acme:lib@0.1.0;\ninterface x { use wit:mid/mid@1.0.0.{t}; }\n",
    );
    let said = builds(&project, &[]);
    assert!(said.contains("build/lib.wasm"), "{said}");
    assert_eq!(project.locked(), ["wit:base 0.2.5", "wit:mid 1.0.0"]);
    let text = project.prints(&["wit", "build/lib.wasm"]);
    assert!(text.contains("package acme:lib@0.1.0"), "{text}");
    project.write(
        "wit/a.wit",
        "package acme:lib@0.1.0;\ninterface y { use wit:mid/mid@1.0.0.{t}; }\n",
    );
    builds(&project, &[]);
    fs::remove_file(project.at("build/lib.wasm")).unwrap();
    builds(&project, &[]);
    assert_eq!(project.json(&["build"])["state"], "up-to-date");
    let built = project.json(&["build", "--force"]);
    assert_eq!(built["state"], "built", "{built}");
    // What is composed comes first, where there is both.
    project.write(
        "app.wat",
        &packages::component(&[], &["acme:app/run@1.0.0"]),
    );
    project.write(
        "tenon.toml",
        &(project.read("tenon.toml") + "[compose]\nsocket = \"app.wat\"\nplugs = []\n"),
    );
    let said = project.ok(&["build"]);
    assert!(said.contains("component"), "{said}");
}

#[test]
fn where_no_plug_fits_anything_it_is_said_what_is_open_and_what_to_do() {
    let project = Project::composing("\"acme:late\" = \"1\"", "");
    project.ok(&["lock"]);
    let text = project.fails(1, "compose::nothing-plugged", &["build"]);
    assert!(
        text.contains("`acme:log/api@1.0.0` stays open")
            && text.contains("`tenon build --auto`")
            && text.contains("`tenon add NAMESPACE:NAME`"),
        "{text}"
    );
    // What comes near is said as by `tenon plug`.
    project.write(
        "app.wat",
        "(component (import \"acme:log/api@1.0.0\" (instance (export \"no\" (func)))))",
    );
    project.ok(&["add", "acme:logger"]);
    let output = project.run_in("", &["build"]);
    let text = said(&output);
    assert!(text.contains("error[compose::"), "{text}");
    assert!(
        text.contains("`no`") && text.contains("`tenon build --auto`"),
        "{text}"
    );
}

#[test]
fn options_are_told_as_keys_where_they_are_meant() {
    let project = Project::composing("\"acme:logger\" = \"1\"", "");
    project.ok(&["lock"]);
    project.ok(&["registry", "remove", "local"]);
    let said = project.fails(2, "registry::none", &["build"]);
    assert!(
        said.contains("--namespace acme") && !said.contains("also: "),
        "{said}"
    );
}
