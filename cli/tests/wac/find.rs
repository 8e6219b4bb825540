//! Where the packages of a document are found, and what is said where they are not.

use super::{Place, Said, component, package};
use std::fs;

/// The packages that a check finds, each as `NAME PATH`.
fn found(place: &Place, words: &[&str]) -> Vec<String> {
    let said = place.run(&[&["check", "--json"], words].concat());
    assert_eq!(said.exit, Some(0), "{}", said.out);
    let report = said.json();
    assert_eq!(report["schema"], "tenon/check/1");
    let packages = report["packages"].as_array().unwrap().iter();
    let packages = packages.map(|it| {
        let text = |key: &str| it[key].as_str().unwrap().to_owned();
        format!("{} {}", text("name"), text("path"))
    });
    packages.collect()
}

/// Where the one package is found that a document names as `name`.
fn place_of(place: &Place, name: &str, words: &[&str]) -> String {
    let text = format!("package a:b;\nlet x = new {name} {{}};\nexport x.f;\n");
    fs::write(place.at("one.wac"), text).unwrap();
    let found = found(place, &[&["one.wac"], words].concat());
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
        .strip_prefix(&format!("{name} "))
        .unwrap()
        .to_owned()
}

/// What is said of a document that names one package.
fn refused(place: &Place, name: &str, words: &[&str]) -> Said {
    let text = format!("package a:b;\nlet x = new {name} {{}};\nexport x.f;\n");
    fs::write(place.at("one.wac"), text).unwrap();
    let said = place.run(&[&["check", "one.wac"], words].concat());
    assert_eq!(said.exit, Some(1), "{}", said.err);
    said
}

#[test]
fn every_layout_of_the_folder_is_found() {
    let one = component("f");
    let place = Place::with(&[
        ("deps/acme/text.wat", &one),
        ("deps/acme/many/1.0.0.wat", &one),
        ("deps/acme/many/1.2.0.wat", &one),
        ("deps/acme/many/1.3.0-rc.1.wat", &one),
        ("deps/acme/many/2.0.0.wat", &one),
        ("deps/acme/many/notes.txt", "not a version"),
        ("deps/acme/both.wat", &one),
        ("deps/acme/both/1.0.0.wat", &one),
        ("deps/deep/er/name.wat", &one),
    ]);
    let binary = wat::parse_str(&one).unwrap();
    fs::write(place.at("deps/acme/binary.wasm"), &binary).unwrap();
    fs::write(place.at("deps/acme/both.wasm"), &binary).unwrap();
    fs::write(place.at("deps/acme/many/0.9.0.wasm"), &binary).unwrap();
    for (name, path) in [
        ("acme:text", "acme/text.wat"),
        ("acme:binary", "acme/binary.wasm"),
        // Text goes first, and what has no version where none is asked for.
        ("acme:both", "acme/both.wat"),
        ("acme:both@1.0.0", "acme/both/1.0.0.wat"),
        ("acme:both@^1", "acme/both/1.0.0.wat"),
        ("acme:many@0.9.0", "acme/many/0.9.0.wasm"),
        ("acme:many@1.0.0", "acme/many/1.0.0.wat"),
        ("acme:many@^1", "acme/many/1.2.0.wat"),
        ("acme:many@<1", "acme/many/0.9.0.wasm"),
        ("acme:many@>=1, <3", "acme/many/2.0.0.wat"),
        ("acme:many@*", "acme/many/2.0.0.wat"),
        ("acme:many@1.3.0-rc.1", "acme/many/1.3.0-rc.1.wat"),
        ("acme:many", "acme/many/2.0.0.wat"),
        ("deep:er:name", "deep/er/name.wat"),
    ] {
        assert_eq!(
            place_of(&place, name, &[]),
            format!("deps/{path}"),
            "{name}"
        );
    }
    fs::rename(place.at("deps"), place.at("elsewhere")).unwrap();
    let there = place_of(&place, "acme:many@1", &["--deps-dir", "elsewhere"]);
    assert_eq!(there, "elsewhere/acme/many/1.2.0.wat");
}

#[test]
fn folders_and_files_of_wit_are_packages() {
    let wit = |version: &str| format!("package acme:kit{version};\ninterface i {{ f: func(); }}\n");
    let place = Place::with(&[
        ("deps/acme/kit/kit.wit", &wit("")),
        ("deps/acme/kit/2.0.0/kit.wit", &wit("@2.0.0")),
        (
            "deps/acme/kits/2.1.0.wit",
            &wit("@2.1.0").replace("kit", "kits"),
        ),
        (
            "deps/acme/sole.wit",
            "package acme:sole@0.3.1;\ninterface i { f: func(); }\n",
        ),
        ("b.wit", &wit("")),
    ]);
    for (name, item, path) in [
        ("acme:kit", "/i", "deps/acme/kit"),
        ("acme:kit", "/i@2.0.0", "deps/acme/kit/2.0.0"),
        ("acme:kit", "/i@2", "deps/acme/kit/2.0.0"),
        ("acme:kits", "/i@2", "deps/acme/kits/2.1.0.wit"),
        ("acme:sole", "/i", "deps/acme/sole.wit"),
        // It says itself which version it is.
        ("acme:sole", "/i@0.3", "deps/acme/sole.wit"),
        ("acme:sole", "/i@0.3.1", "deps/acme/sole.wit"),
    ] {
        let text = format!("package a:b;\nimport k: {name}{item};\n");
        fs::write(place.at("one.wac"), text).unwrap();
        let found = found(&place, &["one.wac"]);
        assert!(
            found[0].ends_with(&format!(" {path}")),
            "{name}{item}: {found:?}"
        );
    }
    fs::write(place.at("one.wac"), "package a:b;\nimport k: acme:kit/i;\n").unwrap();
    let words = ["one.wac", "-d", "acme:kit=b.wit"];
    assert_eq!(found(&place, &words), ["acme:kit b.wit"]);
    let words = ["one.wac", "-d", "acme:kit=deps/acme/kit/2.0.0"];
    assert_eq!(found(&place, &words), ["acme:kit deps/acme/kit/2.0.0"]);
}

#[test]
fn a_component_without_a_version_in_its_path_may_say_it() {
    let said = component("f").replacen(
        "(component",
        "(component (@custom \"version\" \"1.4.2\")",
        1,
    );
    let place = Place::with(&[
        ("deps/acme/log.wat", &said),
        ("deps/acme/none.wat", &component("f")),
    ]);
    for name in ["acme:log", "acme:log@^1.2", "acme:log@1.4.2"] {
        assert_eq!(place_of(&place, name, &[]), "deps/acme/log.wat");
    }
    for name in ["acme:log@^1.5", "acme:log@1.4.1", "acme:none@^1"] {
        let said = refused(&place, name, &[]);
        let why = match name.starts_with("acme:log") {
            true => "`deps/acme/log.wat` is `acme:log@1.4.2`",
            false => "`deps/acme/none.wat` has no version in its metadata",
        };
        assert!(said.err.contains(why), "{}", said.err);
    }
}

#[test]
fn the_command_line_goes_before_the_folder() {
    let one = component("f");
    let place = Place::with(&[
        ("deps/acme/log.wat", &one),
        ("deps/acme/log/1.0.0.wat", &one),
        ("a.wat", &one),
        ("b.wat", &one),
        ("c.wat", &one),
    ]);
    for (name, words, path) in [
        ("acme:log", &["-d", "acme:log=a.wat"][..], "a.wat"),
        ("acme:log", &["--dep", " acme:log = a.wat "], "a.wat"),
        (
            "acme:log",
            &["-d", "acme:log=a.wat", "-d", "acme:log=b.wat"],
            "b.wat",
        ),
        ("acme:log@1.0.0", &["-d", "acme:log=a.wat"], "a.wat"),
        (
            "acme:log@1.0.0",
            &["-d", "acme:log@1.0.0=b.wat", "-d", "acme:log=a.wat"],
            "b.wat",
        ),
        (
            "acme:log",
            &["-d", "acme:log@1.0.0=b.wat", "-d", "acme:log=a.wat"],
            "a.wat",
        ),
        (
            "acme:log@1.0.0",
            &["-d", "acme:log@1.1.0=b.wat"],
            "deps/acme/log/1.0.0.wat",
        ),
        (
            "acme:log@^1",
            &[
                "-d",
                "acme:log@1.1.0=a.wat",
                "-d",
                "acme:log@1.2.0=b.wat",
                "-d",
                "acme:log@2.0.0=c.wat",
            ],
            "b.wat",
        ),
    ] {
        assert_eq!(place_of(&place, name, words), path, "{name} {words:?}");
    }
    let said = place.run(&[
        "check",
        "one.wac",
        "-d",
        "acme:lag=a.wat",
        "-d",
        "acme:log=a.wat",
    ]);
    let warning =
        "warning: `acme:lag` is given, and the document does not name it: is `acme:log` meant?";
    assert!(said.err.contains(warning), "{}", said.err);
    for (word, why) in [
        ("acme:log", "there is no `=` in it"),
        ("log=a.wat", "`log` is no name such as `acme:log`"),
        ("acme:log@1=a.wat", "`1` is not a whole version"),
        ("acme:log=", "nothing follows the `=`"),
        ("acme:log=-", "a package is not read from standard input"),
    ] {
        let said = place.run(&["check", "one.wac", "-d", word]);
        assert_eq!(said.exit, Some(2));
        assert!(said.err.contains(why), "{word}: {}", said.err);
    }
}

#[test]
fn what_is_nowhere_is_said_with_where_it_was_looked_for() {
    let one = component("f");
    let place = Place::with(&[
        ("deps/acme/logger.wat", &one),
        ("deps/acme/http/1.0.0.wat", &one),
    ]);
    let said = refused(&place, "acme:loger", &[]).err;
    for part in [
        "error[wac::unknown-package]: there is no package `acme:loger`\n  --> one.wac:2:13\n",
        "because there is none of `deps/acme/loger`, `deps/acme/loger.wat`, `deps/acme/loger.wasm`, `deps/acme/loger.wit`\n",
        "because no registry was asked: nothing says that `acme` comes from one\n",
        "help: is `acme:logger` meant?\n",
    ] {
        assert!(said.contains(part), "{part}{said}");
    }
    let said = refused(&place, "acme:http@2", &["-d", "acme:http@3.0.0=x.wat"]).err;
    for part in [
        "because the command line has it as 3.0.0\n",
        "because `deps` has it as 1.0.0\n",
        "help: ask for a version that there is",
    ] {
        assert!(said.contains(part), "{part}{said}");
    }
    let said = refused(&place, "else:where", &["--deps-dir", "none"]).err;
    for part in [
        "because there is no folder `none`\n",
        "put it into `none`, name its file with `--dep else:where=PATH`, or name the registry",
    ] {
        assert!(said.contains(part), "{part}{said}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_in_one_run() {
    let place = Place::with(&[
        ("deps/acme/app.wat", &component("f")),
        ("deps/acme/text.wat", "(component (oops))"),
        ("deps/acme/core.wat", "(module)"),
        ("deps/acme/wit/a.wit", "package acme:wit;\ninterface i {\n"),
        (
            "a.wac",
            "package a:b;\nlet a = new acme:missing {};\nlet b = new acme:text {};\nlet c = new acme:core {};\n\
             import w: acme:wit/i;\nlet d = new acme:missing {};\nlet e = new acme:file {};\nexport nobody.f;\n",
        ),
    ]);
    let words = ["check", "a.wac", "-d", "acme:file=no.wasm", "--json"];
    let said = place.run(&words);
    assert_eq!(said.exit, Some(1));
    let report = said.json();
    let diagnostics = report["error"]["diagnostics"].as_array().unwrap();
    let all: Vec<_> = diagnostics
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), it["line"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("wac::unknown-package", 2),
        ("cli::wat", 3),
        ("compose::core-module", 4),
        ("cli::wit", 5),
        ("cli::io", 7),
        ("wac::undefined-name", 8),
    ];
    assert_eq!(all, expected, "{report:#}");
    let first = &diagnostics[0];
    assert_eq!(first["label"], "not found");
    assert_eq!(first["related"][0]["line"], 6);
    assert_eq!(first["causes"].as_array().unwrap().len(), 2);
    assert_eq!(diagnostics[1]["label"], "this package is `acme:text`");
    // The error itself is the first of them.
    assert_eq!(report["error"]["code"], first["code"]);
    assert_eq!(report["error"]["causes"], first["causes"]);

    // What does not parse has no meaning yet.
    let text = fs::read_to_string(place.at("a.wac")).unwrap() + "let;\n";
    fs::write(place.at("a.wac"), text).unwrap();
    let said = place.run(&["check", "a.wac"]);
    assert_eq!(said.err.matches("error[").count(), 1, "{}", said.err);
    assert!(said.err.contains("error[wac::syntax]"), "{}", said.err);
}

#[test]
fn a_package_has_one_component_by_whatever_names() {
    let place = Place::with(&[
        ("one.wat", &component("f")),
        (
            "a.wac",
            "package a:b;\nlet x = new acme:x {};\nlet y = new acme:y@1.0.0 {};\nexport x.f as a;\nexport y.f as b;\n",
        ),
    ]);
    let words = [
        "compose",
        "a.wac",
        "-d",
        "acme:x=one.wat",
        "-d",
        "acme:y=one.wat",
        "--json",
        "-o",
        "o.wasm",
    ];
    let report = place.run(&words).json();
    let components: Vec<_> = report["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["component"].as_u64())
        .collect();
    assert_eq!(components, [Some(0), Some(0)], "{report:#}");
    assert_eq!(package(&report, "acme:y@1.0.0"), "one.wat");
}
