//! Folders `deps` beside files, what is not where it is looked for, and where in a text something is wrong.

use super::{Place, Said, component};
use std::fs;

const WORLD: &str = "package acme:host;\nworld w {\n  export f: func();\n}\n";
const ONE: &str = "package acme:one;\ninterface i {\n  f: func();\n}\n";

/// What a command says that succeeds.
fn done(place: &Place, words: &[&str]) -> Said {
    let said = place.run(words);
    assert_eq!(said.exit, Some(0), "{words:?}: {}", said.err);
    said
}

/// What is said of a document that is checked and refused.
fn refused(place: &Place, document: &str, words: &[&str]) -> String {
    fs::write(place.at("one.wac"), document).unwrap();
    let said = place.run(&[&["check", "one.wac"], words].concat());
    assert_eq!(said.exit, Some(1), "{}", said.err);
    said.err
}

fn has(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_wit_file_stands_alone_beside_packages_for_documents() {
    let place = Place::with(&[
        ("world.wit", WORLD),
        ("one.wit", ONE),
        ("deps/acme/app.wat", &component("f")),
        ("deps/acme/one.wit", ONE),
        ("deps/acme/two.wit", &ONE.replace("one", "two")),
        ("deps/app.wat", &component("f")),
        ("a.wac", "package a:b;\nimport o: acme:one/i;\n"),
    ]);
    let said = done(&place, &["wit", "world.wit"]);
    has(&said.out, &["export f: func();"]);
    done(
        &place,
        &["targets", "deps/acme/app.wat", "--wit", "world.wit"],
    );
    done(&place, &["check", "a.wac", "-d", "acme:one=one.wit"]);
    done(&place, &["check", "a.wac"]);
}

#[test]
fn a_wit_file_takes_from_the_folder_what_it_needs() {
    let base = "package acme:base;\ninterface t {\n  type n = u8;\n}\n";
    let place = Place::with(&[
        (
            "uses.wit",
            "package acme:uses;\nworld w {\n  import acme:two/i;\n}\n",
        ),
        (
            "deps/two/two.wit",
            "package acme:two;\ninterface i {\n  use acme:base/t.{n};\n  f: func() -> n;\n}\n",
        ),
        ("deps/base.wit", base),
        ("deps/broken.wit", "package acme:broken;\noops\n"),
        ("deps/acme/app.wat", &component("f")),
    ]);
    let said = done(&place, &["wit", "uses.wit"]);
    has(&said.out, &["import acme:two/i;", "package acme:base {"]);
    // One in the binary format will do, too.
    let binary = "(component (type (component (type (instance (type (func)) (export \"f\" (func (type 0)))))\n\
                  (export \"acme:two/i\" (instance (type 0))))) (export \"i\" (type 0)))";
    fs::remove_dir_all(place.at("deps/two")).unwrap();
    fs::write(place.at("deps/two.wat"), binary).unwrap();
    let said = done(&place, &["wit", "uses.wit"]);
    has(&said.out, &["import acme:two/i;", "f: func();"]);
}

#[test]
fn what_could_not_be_read_is_said_where_a_package_is_missing() {
    let place = Place::with(&[
        (
            "uses.wit",
            "package acme:uses;\nworld w {\n  import acme:two/i;\n}\n",
        ),
        (
            "deps/two.wit",
            "package acme:two;\ninterface i {\n  oops\n}\n",
        ),
    ]);
    let said = place.run(&["wit", "uses.wit"]);
    assert_eq!(said.exit, Some(1));
    has(
        &said.err,
        &[
            "--> uses.wit:3:10",
            "package 'acme:two' not found",
            "deps/two.wit:4:1",
        ],
    );
}

#[test]
fn documents_are_known_by_how_they_begin() {
    let text = "package a:b;\nlet x = new acme:app {};\nexport x.f;\n";
    let place = Place::with(&[("deps/acme/app.wat", &component("f")), ("plain", text)]);
    let drawn = done(&place, &["resolve", "plain"]).out;
    assert!(drawn.contains("f ← x"), "{drawn}");
    assert_eq!(done(&place, &["graph", "plain"]).out, drawn);
    assert_eq!(place.feed(&["graph", "-"], text.as_bytes()).out, drawn);
    let wit = done(&place, &["wit", "plain"]).out;
    has(&wit, &["export f: func();"]);
    assert_eq!(place.feed(&["wit", "-"], text.as_bytes()).out, wit);
    // WIT stays what it is, and so do components.
    let said = place.feed(&["wit", "-"], WORLD.as_bytes());
    has(&said.out, &["package acme:host;", "world w {"]);
    let binary = wat::parse_str(component("f")).unwrap();
    assert_eq!(place.feed(&["wit", "-"], &binary).out, wit);
    assert_eq!(place.feed(&["graph", "-"], &binary).exit, Some(0));
}

#[test]
fn wit_that_does_not_parse_is_shown_at_its_place() {
    let bad = "package acme:bad;\ninterface i {\n  f: fun();\n}\n";
    let place = Place::with(&[("bad/a.wit", bad), ("bad.wit", bad)]);
    for (argument, file) in [("bad", "bad/a.wit"), ("bad.wit", "bad.wit")] {
        let said = place.run(&["wit", argument]).err;
        let shown = format!(
            "  --> {file}:3:6\n   |\n 3 |   f: fun();\n   |      ^ wrong here\n  because expected keyword `func`"
        );
        has(&said, &[&shown]);
        let text = "package a:b;\nimport x: acme:bad/i;\n";
        let given = format!("acme:bad={argument}");
        let said = refused(&place, text, &["-d", &given]);
        has(&said, &["--> one.wac:2:11", &format!("  ::: {file}:3:6\n")]);
        let json = place
            .run(&["check", "one.wac", "-d", &given, "--json"])
            .json();
        let related = &json["error"]["diagnostics"][0]["related"][0];
        assert_eq!(related["file"], file);
        assert_eq!(
            (&related["line"], &related["column"]),
            (&3.into(), &6.into())
        );
    }
}

#[test]
fn what_is_no_document_is_said_to_be_none() {
    let place = Place::with(&[("app.wat", &component("f"))]);
    let binary = wat::parse_str(component("f")).unwrap();
    fs::write(place.at("app.wasm"), binary).unwrap();
    fs::write(place.at("bytes.wac"), b"package a:b;\n\n// \xff\n").unwrap();
    for command in ["check", "parse", "resolve", "fmt"] {
        for file in ["app.wasm", "app.wat"] {
            let said = place.run(&[command, file]);
            assert_eq!(said.exit, Some(1));
            let message = format!(
                "error[cli::no-document]: `{file}` is WebAssembly, and no document in WAC\n"
            );
            has(&said.err, &[&message]);
        }
        let said = place.run(&[command, "bytes.wac"]);
        has(&said.err, &["because line 3 has a byte that is no UTF-8"]);
    }
}

#[test]
fn what_stands_in_the_folder_and_will_not_do_is_named() {
    let versioned = component("f").replacen(
        "(component",
        "(component (@custom \"version\" \"1.0.0\")",
        1,
    );
    let place = Place::with(&[
        ("deps/acme/w.wat", &versioned),
        ("deps/acme/none.wat", &component("f")),
        ("deps/acme/kit.wit", &ONE.replace("one", "kit")),
        ("deps/acme/empty/notes.txt", ""),
    ]);
    let new = |name: &str| format!("package a:b;\nlet x = new {name} {{}};\nexport x.f;\n");
    has(
        &refused(&place, &new("acme:w@1.2.0"), &[]),
        &[
            "because `deps/acme/w.wat` is `acme:w@1.0.0`\n",
            "help: put that version at `deps/acme/w/1.2.0.wasm`, or ask for the version that it is; a version may be left out\n",
        ],
    );
    let said = refused(&place, &new("acme:none@^1"), &[]);
    has(
        &said,
        &["`deps/acme/none.wat` has no version in its metadata\n"],
    );
    let said = refused(&place, "package a:b;\nimport k: acme:kit/i@1.0.0;\n", &[]);
    has(
        &said,
        &["`deps/acme/kit.wit` has no version in its `package` line\n"],
    );
    let said = refused(&place, &new("acme:empty"), &[]);
    has(
        &said,
        &[
            "because `deps/acme/empty` has no WIT and no versions in it, and there is none of `deps/acme/empty.wat`",
        ],
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", place.at("deps/acme/gone.wasm")).unwrap();
        let said = refused(&place, &new("acme:gone"), &[]);
        has(
            &said,
            &["because `deps/acme/gone.wasm` is a link that leads nowhere\n"],
        );
    }
}

#[test]
fn a_folder_beside_the_document_is_pointed_out() {
    let place = Place::with(&[
        ("docs/deps/acme/app.wat", &component("f")),
        (
            "docs/j.wac",
            "package a:b;\nlet x = new acme:app {};\nexport x.f;\n",
        ),
    ]);
    let said = place.run(&["check", "docs/j.wac"]);
    assert_eq!(said.exit, Some(1));
    has(
        &said.err,
        &[
            "because there is no folder `deps`, but there is `docs/deps`\n",
            "help: say `--deps-dir docs/deps`\n",
        ],
    );
    done(&place, &["check", "docs/j.wac", "--deps-dir", "docs/deps"]);
}

#[test]
fn what_the_project_names_and_is_not_there_is_said_of_the_project() {
    let manifest = "[dependencies]\n\"acme:app\" = { path = \"nope.wasm\" }\n\n[compose]\nfile = \"shop.wac\"\n";
    let place = Place::with(&[("tenon.toml", manifest)]);
    let said = place.run(&["check"]);
    has(
        &said.err,
        &[
            "cannot read `shop.wac`",
            "help: `[compose]` in `tenon.toml` names it",
        ],
    );
    let text = "package a:b;\nlet x = new acme:app {};\nexport x.f;\n";
    fs::write(place.at("shop.wac"), text).unwrap();
    let said = place.run(&["check"]);
    assert_eq!(said.exit, Some(1));
    has(
        &said.err,
        &[
            "error[cli::io]: `acme:app` in `tenon.toml` is at `nope.wasm`, and there is no such file\n  --> shop.wac:2:13\n",
            "help: build it first, or correct the path there\n",
        ],
    );
}

#[test]
fn only_what_is_much_alike_is_meant() {
    let place = Place::with(&[
        ("core.wasm", ""),
        ("logger.wat", ""),
        (
            "worlds.wit",
            "package a:b;\nworld a {}\nworld b {}\nworld server {}\n",
        ),
        ("app.wat", &component("f")),
        ("one.wac", "package a:b;\n"),
    ]);
    let said = place.run(&["inspect", "nope.wasm"]).err;
    assert!(!said.contains("did you mean"), "{said}");
    let said = place.run(&["inspect", "loger.wat"]).err;
    has(&said, &["did you mean `logger.wat`?"]);
    let world = |name: &str| {
        let words = ["targets", "app.wat", "--wit", "worlds.wit", "--world", name];
        place.run(&words).err
    };
    has(&world("c"), &["help: choose one of them"]);
    has(&world("serve"), &["did you mean `server`?"]);
    let said = place.run(&["check", "one.wac", "-d", "acme:log@^1.2=a.wasm"]);
    assert_eq!(said.exit, Some(2));
    has(
        &said.err,
        &[
            "because `^1.2` is not a whole version such as `1.2.0`\n",
            "help: say which version the file is, or leave it out",
        ],
    );
}

#[test]
fn what_is_imported_is_no_instance_that_was_made() {
    let place = Place::with(&[
        ("deps/acme/one.wit", ONE),
        ("deps/acme/app.wat", &component("f")),
        (
            "a.wac",
            "package a:b;\nimport o: acme:one/i;\nlet x = new acme:app {};\nexport x.f;\n",
        ),
    ]);
    has(
        &done(&place, &["check", "a.wac"]).err,
        &["2 packages, 1 instance\n"],
    );
    let report = done(&place, &["check", "a.wac", "--json"]).json();
    assert_eq!(report["instances"], 1);
    let said = done(&place, &["compose", "a.wac", "-o", "a.wasm"]).err;
    has(
        &said,
        &["1 component, 1 instance)\nnext: tenon wit a.wasm\n"],
    );
}

#[test]
fn a_byte_order_mark_is_before_the_first_column() {
    let place = Place::with(&[]);
    let said = refused(&place, "\u{feff}package a:b; let x = yy;\n", &[]);
    let shown = "  --> one.wac:1:22\n   |\n 1 | package a:b; let x = yy;\n   |                      ^^ not known here\n";
    has(&said, &[shown]);
    let said = refused(&place, "package a:b;\n/* 日本 */ let t = zzz;\n", &[]);
    let shown = " 2 | /* 日本 */ let t = zzz;\n   |                    ^^^ not known here\n";
    has(&said, &["--> one.wac:2:18\n", shown]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_to_a_pipe_is_written_through() {
    let text = "package a:b;\nlet x = new acme:app {};\nexport x.f;\n";
    let place = Place::with(&[("deps/acme/app.wat", &component("f")), ("a.wac", text)]);
    std::os::unix::fs::symlink("/proc/self/fd/1", place.at("out")).unwrap();
    let mut command = place.command(&["compose", "a.wac", "-o", "out"]);
    let output = command.output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"\0asm"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("wrote out ("), "{said}");
    assert!(!said.contains("next:"), "{said}");
    assert!(place.at("out").is_symlink());
}
