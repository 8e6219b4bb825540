//! `tenon wit`, from the outside: the real program, in a folder of its own.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which commands run.
struct Place(tempfile::TempDir);

impl Place {
    /// A folder with these files.
    fn with(files: &[(&str, &str)]) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env("TENON_CONFIG_DIR", self.at("config"))
            .env("TENON_CACHE_DIR", self.at("cache"))
            .env("TENON_STATE_DIR", self.at("state"));
        command.output().unwrap()
    }

    /// What a command that succeeds prints, and says.
    fn ok(&self, words: &[&str]) -> (String, String) {
        let output = self.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words:?}: {said}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), said)
    }

    /// What a command says that ends with this exit code and this code of an error.
    fn fails(&self, exit: i32, code: &str, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{words:?}: {said}");
        assert!(said.contains(&format!("error[{code}]: ")), "{said}");
        said
    }
}

const KIT: &str = "package acme:kit@0.3.0;

/// What can be had.
interface things {
  use dep:base/base@1.0.0.{thing};
  get: func() -> thing;
  @unstable(feature = more)
  more: func() -> thing;
}
";
const BASE: &str = "package dep:base@1.0.0;\ninterface base { record thing { n: u32 } }\n";

#[test]
fn a_folder_is_built_the_same_whenever_it_is_built() {
    let place = Place::with(&[
        ("wit/kit.wit", KIT),
        ("wit/world.wit", "world w { export things; }\n"),
        ("wit/deps/base.wit", BASE),
    ]);
    let (out, said) = place.ok(&["wit", "build"]);
    assert_eq!(out, "");
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].starts_with("built `acme:kit@0.3.0` in `acme-kit-0.3.0.wasm`: ")
            && lines[0].ends_with(" B, uses `dep:base@1.0.0`"),
        "{said}"
    );
    assert_eq!(lines[1..], ["next: `tenon publish acme-kit-0.3.0.wasm`"]);
    let built = fs::read(place.at("acme-kit-0.3.0.wasm")).unwrap();
    assert_eq!(entries(place.0.path()), ["acme-kit-0.3.0.wasm", "wit"]);

    place.ok(&["wit", "build", "wit", "-o", "again.wasm"]);
    assert_eq!(fs::read(place.at("again.wasm")).unwrap(), built);
    let streamed = place.run(&["wit", "build", "-o", "-", "--json"]);
    assert_eq!(streamed.stdout, built);
    let document: Value = serde_json::from_slice(&streamed.stderr).unwrap();
    assert_eq!(document["schema"], "tenon/wit-build/1");
    assert_eq!(document["uses"], serde_json::json!(["dep:base@1.0.0"]));
    assert_eq!(document["size"], built.len());
    assert_eq!(document["output"], Value::Null);

    // It holds all that the text says, gates and documentation too.
    let (text, _) = place.ok(&["wit", "again.wasm"]);
    for part in [
        "package acme:kit@0.3.0;",
        "/// What can be had.",
        "@unstable(feature = more)\n  more: func() -> thing;",
        "world w {",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (report, _) = place.ok(&["inspect", "again.wasm"]);
    assert!(report.contains("version 0.3.0"), "{report}");
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter(|name| !["config", "cache", "state"].contains(&&**name))
        .collect();
    names.sort();
    names
}

#[test]
fn what_cannot_be_built_is_said_with_file_and_line() {
    let place = Place::with(&[("wit/kit.wit", KIT)]);
    let said = place.fails(1, "wit::missing-package", &["wit", "build"]);
    assert!(
        said.contains(
            "the package `dep:base@1.0.0` that `wit/kit.wit:5:7` uses is not in `wit/deps`"
        ) && said.contains("run `tenon init` and then `tenon wit fetch`"),
        "{said}"
    );
    place.write("wit/deps/base.wit", &BASE.replace("1.0.0", "1.1.0"));
    let said = place.fails(1, "wit::missing-package", &["wit", "build"]);
    assert!(said.contains("there is `dep:base@1.1.0`"), "{said}");
    place.write("wit/deps/base.wit", &BASE.replace("base {", "bases {"));
    let said = place.fails(1, "wit::dependency", &["wit", "build"]);
    assert!(
        said.contains("`dep:base@1.0.0` has no interface `base`, which `wit/kit.wit:5:"),
        "{said}"
    );
    place.write(
        "wit/deps/base.wit",
        "package dep:base@1.0.0;\ninterface base {\n",
    );
    let said = place.fails(1, "cli::wit", &["wit", "build"]);
    assert!(said.contains("wit/deps/base.wit:"), "{said}");
    fs::create_dir(place.at("empty")).unwrap();
    let said = place.fails(1, "cli::wit", &["wit", "build", "empty"]);
    assert!(
        said.contains("there is no `.wit` file in `empty`"),
        "{said}"
    );
    let said = place.fails(1, "cli::wit", &["wit", "build", "nowhere"]);
    assert!(
        said.contains("there is no `.wit` file in `nowhere`"),
        "{said}"
    );
    assert_eq!(entries(place.0.path()), ["empty", "wit"]);
}

#[test]
fn packages_of_one_world_or_without_version_and_nested_ones_are_built() {
    let place = Place::with(&[
        (
            "world/w.wit",
            "package acme:w@1.0.0;\nworld w { export run: func(); }\n",
        ),
        (
            "nest/n.wit",
            "package acme:n;\ninterface i { use acme:inner/t@2.0.0.{x}; f: func() -> x; }\n\
             package acme:inner@2.0.0 { interface t { type x = u8; } }\n",
        ),
    ]);
    let (_, said) = place.ok(&["wit", "build", "world"]);
    assert!(
        said.contains("built `acme:w@1.0.0` in `acme-w-1.0.0.wasm`"),
        "{said}"
    );
    let (_, said) = place.ok(&["wit", "build", "nest"]);
    assert!(
        said.contains("warning: the package `acme:inner@2.0.0` is nested in the text")
            && said.contains("built `acme:n` in `acme-n.wasm`")
            && said.contains("uses `acme:inner@2.0.0`")
            && said.contains("write `package acme:n@0.1.0;` into the WIT"),
        "{said}"
    );
    place.ok(&["validate", "acme-w-1.0.0.wasm", "acme-n.wasm"]);
}

#[test]
fn a_file_that_is_called_as_a_command_is_named_with_its_folder() {
    let place = Place::with(&[
        ("build", "package a:b;\ninterface i {}\n"),
        ("wit/a.wit", KIT),
    ]);
    fs::rename(place.at("build"), place.at("build.wit")).unwrap();
    fs::create_dir(place.at("build")).unwrap();
    fs::rename(place.at("build.wit"), place.at("build/b.wit")).unwrap();
    let (text, _) = place.ok(&["wit", "./build"]);
    assert!(text.starts_with("package a:b;"), "{text}");
    place.fails(1, "wit::missing-package", &["wit", "build"]);
    // So it is where an option comes first.
    place.ok(&["wit", "-o", "b.txt", "build"]);
    assert_eq!(fs::read_to_string(place.at("b.txt")).unwrap(), text);
    let output = place.run(&["wit"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_project_of_another_tool_is_taken_over() {
    let place = Place::with(&[
        (
            "wit/w.wit",
            "package acme:shop@0.1.0;\nworld w { import dep:base/base@1.0.0; }\n",
        ),
        ("wit/deps/dep-base-1.0.0/package.wit", BASE),
        (
            "wkg.toml",
            "[overrides]\n\"dep:kit\" = { path = \"../kit\", version = \"1\" }\n\"dep:base\" = { version = \"=1.0.0\" }\n\
             [metadata]\nauthor = \"Alice\"\nlicense = \"MIT\"\nrepository = \"https://shop.example/\"\n",
        ),
        (
            "root/wkg.toml",
            "[workspace]\nmembers = [\"kit\", \"apps/*\"]\n",
        ),
        ("broken/wkg.lock", "version = 2\n"),
    ]);
    let (_, said) = place.ok(&["init"]);
    assert!(
        said.contains("what `wkg.toml` says was taken over")
            && said.contains("next: tenon wit fetch --replace, then tenon build"),
        "{said}"
    );
    let manifest = fs::read_to_string(place.at("tenon.toml")).unwrap();
    for line in [
        "name = \"acme:shop\"",
        "version = \"0.1.0\"",
        "authors = \"Alice\"",
        "licenses = \"MIT\"",
        "source = \"https://shop.example/\"",
        "\"dep:base\" = \"=1.0.0\"",
        "\"dep:kit\" = { path = \"../kit\" }",
    ] {
        assert!(
            manifest.lines().any(|found| found == line),
            "{line}: {manifest}"
        );
    }
    let (_, said) = place.ok(&["init", "root"]);
    assert!(
        said.contains("run `tenon init` in each member, too: `kit`, `apps/*`"),
        "{said}"
    );
    let said = place.fails(2, "project::wkg", &["init", "broken"]);
    assert!(said.contains("`wkg.lock` has version 2"), "{said}");
    assert!(!place.at("broken/tenon.toml").exists());
}

#[test]
fn a_project_whose_wit_needs_nothing_from_outside_is_built_without_a_registry() {
    let place = Place::with(&[
        ("tenon.toml", "[wit]\ndir = \"interfaces\"\n"),
        (
            "interfaces/w.wit",
            "package acme:shop@0.1.0;\nworld w { import dep:base/base@1.0.0; import acme:inner/i@1.0.0; }\n\
             package acme:inner@1.0.0 { interface i {} }\n",
        ),
        ("interfaces/deps/base.wit", BASE),
    ]);
    let (_, said) = place.ok(&["wit", "fetch"]);
    assert!(
        said.contains("the WIT uses nothing that is to be fetched")
            && said.contains("someone else put `interfaces/deps/base.wit` there"),
        "{said}"
    );
    let build = |state: &str| {
        let (out, _) = place.ok(&["build", "-o", "shop.wasm", "--json"]);
        let document: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(document["schema"], "tenon/build/1");
        assert_eq!(document["state"], state, "{out}");
    };
    build("built");
    build("up-to-date");
    place.write("interfaces/deps/base.wit", &BASE.replace("u32", "u64"));
    build("built");
    // What is no part of the WIT is none of the build.
    place.write("interfaces/notes/other.txt", "text");
    build("up-to-date");
    assert_eq!(entries(&place.at("interfaces")), ["deps", "notes", "w.wit"]);
    assert!(!place.at("tenon.lock").exists());
}

#[test]
fn what_is_wrong_with_wit_is_shown_where_it_is() {
    let place = Place::with(&[
        ("tenon.toml", "[package]\nname = \"a:b\"\n"),
        ("wit/deps/c/c.wit", "package a:c@1.0.0;\ninterface i {}\n"),
        ("nowit/deps/c/c.wit", "package a:c@1.0.0;\ninterface i {}\n"),
    ]);
    for (text, at, shown, cause, help) in [
        (
            "package a:b@0.1.0;\ninterface j { f: func(x: strng); }\n",
            "wit/a.wit:2:26",
            "^^^^^ wrong here",
            "name `strng` does not exist",
            "correct the text there",
        ),
        (
            "package a:b@0.1.0;\ninterface j { f: func(x string); }\n",
            "wit/a.wit:2:25",
            "^ wrong here",
            "expected ':', found keyword `string`",
            "correct the text there",
        ),
        (
            "package a:b@0.1.0;\ninterface j { use a:c/i@1.0.0.{t}; }\n",
            "wit/a.wit:2:32",
            "^ wrong here",
            "`t`",
            "change the WIT where it is shown",
        ),
    ] {
        place.write("wit/a.wit", text);
        for words in [["wit", "build"], ["wit", "fetch"]] {
            let said = place.fails(1, "cli::wit", &words);
            assert!(said.contains(&format!("\n  --> {at}\n")), "{said}");
            for part in [shown, cause, help] {
                assert!(said.contains(part), "{part}: {said}");
            }
            assert!(!said.contains("     --> "), "{said}");
        }
        let output = place.run(&["wit", "build", "--json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let diagnostics = document["error"]["diagnostics"].as_array().unwrap();
        assert_eq!(diagnostics.len(), 1, "{document:#}");
        assert_eq!(diagnostics[0]["file"], "wit/a.wit");
        assert_eq!(diagnostics[0]["line"], 2);
    }
    // A folder without any has nothing that could be published or looked at.
    for words in [["publish", "nowit"], ["wit", "nowit"]] {
        let said = place.fails(1, "cli::wit", &words);
        for part in [
            "there is no `.wit` file in the folder `nowit`",
            "help: name a folder with the WIT of a package right in it",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
