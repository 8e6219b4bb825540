//! Manifests that are read, and those that are not.

use crate::golden;
use std::path::PathBuf;
use tenon_registry_client::project::{
    About, Compose, Dependency, MAX_MANIFEST, Manifest, ManifestError, Subject, WitFolder,
    new_manifest,
};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn everything() -> Manifest {
    let text = |text: &str| Some(text.to_owned());
    let registry = |requirement: &str| Dependency::Registry(requirement.parse().unwrap());
    Manifest {
        package: Some(About {
            name: "acme:shop".parse().unwrap(),
            version: Some("0.1.0".parse().unwrap()),
            description: text("a shop"),
            authors: text("Ada and others"),
            licenses: text("Apache-2.0 OR MIT"),
            homepage: text("https://shop.example"),
            source: text("https://code.example/shop"),
        }),
        dependencies: [
            ("acme:local", Dependency::Path("../logger.wasm".into())),
            ("acme:logger", registry("^1.2")),
            ("wasi:http", registry("^0.2")),
            ("wasi:io", registry(">=0.2.3, <0.3")),
        ]
        .map(|(name, dependency)| (name.parse().unwrap(), dependency))
        .into(),
        compose: Some(Compose {
            what: Subject::Plug {
                sockets: texts(&["./app.wasm", "acme:logger"]),
                plugs: Some(texts(&["acme:logger", "./local.wasm"])),
            },
            chains: texts(&["a,b"]),
            wires: texts(&["app#x=y"]),
            prefer: texts(&["a"]),
            keep_imports: texts(&["wasi:io/*"]),
            exports: texts(&["run"]),
            renames: texts(&["a=b"]),
            versions: text("highest"),
            dedupe: text("auto"),
            strict: true,
            name: text("shop"),
            output: Some("out/shop.wasm".into()),
        }),
        wit: WitFolder {
            dir: "interfaces".into(),
        },
    }
}

#[test]
fn everything_is_read() {
    let text = golden::read("manifest.toml");
    assert_eq!(Manifest::parse(&text).unwrap(), everything());
    assert_eq!(
        Manifest::parse(&text.replace('\n', "\r\n")).unwrap(),
        everything()
    );
    assert_eq!(
        Manifest::parse(&format!("\u{feff}{text}")).unwrap(),
        everything()
    );
}

#[test]
fn nothing_has_to_be_said() {
    let manifest = Manifest::parse("").unwrap();
    assert_eq!(manifest, Manifest::default());
    assert_eq!(manifest.wit.dir, PathBuf::from("wit"));
    let manifest = Manifest::parse("compose.file = \"shop.wac\"\ncompose.name = \"shop\"").unwrap();
    let compose = manifest.compose.unwrap();
    assert_eq!(compose.what, Subject::File("shop.wac".into()));
    assert_eq!((compose.output, compose.strict), (None, false));
    let manifest = Manifest::parse("[compose]\nsocket = \"a.wasm\"\nplugs = []").unwrap();
    let (sockets, plugs) = (texts(&["a.wasm"]), Some(vec![]));
    assert_eq!(
        manifest.compose.unwrap().what,
        Subject::Plug { sockets, plugs }
    );
}

#[test]
fn a_new_manifest_reads_as_what_it_was_made_from() {
    let mut some = everything();
    let text = new_manifest(&some);
    golden::check("new-everything.toml", &text);
    assert_eq!(Manifest::parse(&text).unwrap(), some);
    some.compose.as_mut().unwrap().what = Subject::Plug {
        sockets: texts(&["a\"b\\c\n\u{1b}é.wasm"]),
        plugs: None,
    };
    assert_eq!(Manifest::parse(&new_manifest(&some)).unwrap(), some);
    let about = About {
        version: None,
        description: None,
        authors: None,
        licenses: None,
        homepage: None,
        source: None,
        ..some.package.unwrap()
    };
    let some = Manifest {
        package: Some(about),
        ..Manifest::default()
    };
    let text = new_manifest(&some);
    golden::check("new.toml", &text);
    assert_eq!(Manifest::parse(&text).unwrap(), some);
    assert_eq!(
        Manifest::parse(&new_manifest(&Manifest::default())).unwrap(),
        Manifest::default()
    );
}

/// What is wrong, where, and what to do about it.
#[test]
fn what_is_wrong_is_said_where_it_is() {
    for (text, wanted) in [
        (
            "[package",
            "line 1, column 9: this is not TOML: unclosed table, expected `]`",
        ),
        (
            "a = 1\na = 2",
            "line 2, column 1: this is not TOML: duplicate key",
        ),
        (
            "[dependency]",
            "line 1, column 2: `dependency` is not a key of the file: did you mean `dependencies`?",
        ),
        (
            "[registries.corp]\npolciy = \"x\"",
            "line 2, column 1: `polciy` is not a key of `[registries.corp]`: did you mean `policy`?",
        ),
        (
            "\n  plugin = 1",
            "line 2, column 3: `plugin` is not a key of the file: expected `package`, `dependencies`, `compose`, `wit`, `registries`, `namespaces` or `default-registry`",
        ),
        (
            "package = 1",
            "line 1, column 11: `package` should be a table, not `1`",
        ),
        (
            "[package]\nversion = \"1.0.0\"",
            "line 1, column 1: `[package]` has no `name`",
        ),
        (
            "[package]\nname = \"shop\"",
            "line 2, column 8: `shop` is not a package name: expected `<namespace>:<name>`",
        ),
        (
            "[package]\nname = \"a:b\"\nversion = \"1.0\"",
            "line 3, column 11: `1.0` is not a version: expected `<major>.<minor>.<patch>` as in SemVer 2.0.0, at most 128 bytes",
        ),
        (
            "[package]\nname = \"a:b\"\nauthors = [\"é\"]",
            "line 3, column 11: `authors` should be a text, not a list",
        ),
        (
            "[package]\nname = \"a:b\"\nlicense = \"MIT\"",
            "line 3, column 1: `license` is not a key of `[package]`: did you mean `licenses`?",
        ),
        (
            "package = { name = \"é:b\" }",
            "line 1, column 20: `é` is not a name: expected lower-case ASCII words of letters and digits joined by single `-`, beginning with a letter, at most 64 characters",
        ),
        (
            "[dependencies]\nhttp = \"1\"",
            "line 2, column 1: `http` is not a package name: expected `<namespace>:<name>`",
        ),
        (
            "package.name = \"a:b\"\ndependencies.\"a:b\" = \"1\"",
            "line 2, column 14: `a:b` is this package itself",
        ),
        (
            "[dependencies]\n\"a:b\" = \"one\"",
            "line 2, column 9: `one` is not a requirement: unexpected character 'o' while parsing major version number; expected one such as `^1.2`, `=0.2.3` or `>=1, <3`",
        ),
        (
            "[dependencies]\n\"é:b\" = 1",
            "line 2, column 1: `é` is not a name: expected lower-case ASCII words of letters and digits joined by single `-`, beginning with a letter, at most 64 characters",
        ),
        (
            "[dependencies]\n\"a:b\" = 1.5",
            "line 2, column 9: `a:b` should be a requirement such as `\"^1.2\"`, or `{ path = \"…\" }`, not `1.5`",
        ),
        (
            "[dependencies]\n\"a:b\" = {}",
            "line 2, column 9: `a:b` has neither `version` nor `path`",
        ),
        (
            "[dependencies]\n\"a:b\" = { verison = \"1\" }",
            "line 2, column 11: `verison` is not a key of the dependency `a:b`: did you mean `version`?",
        ),
        (
            "[dependencies]\n\"a:b\" = { git = \"1\" }",
            "line 2, column 11: `git` is not a key of the dependency `a:b`: expected `version` or `path`",
        ),
        (
            "[dependencies.\"a:b\"]\nversion = \"1\"\npath = \"p\"",
            "line 3, column 8: `a:b` has both `version` and `path`: it comes from a registry or from a path, not from both",
        ),
        (
            "[dependencies]\n\"a:b\" = { path = \"\" }",
            "line 2, column 18: `path` is empty",
        ),
        (
            "[compose]",
            "line 1, column 1: `[compose]` does not say what to compose: expected `socket`, `sockets` or `file`",
        ),
        (
            "[compose]\nplugs = [\"a\"]",
            "line 1, column 1: `[compose]` does not say what to compose: expected `socket`, `sockets` or `file`",
        ),
        (
            "[compose]\nsockte = \"a\"",
            "line 2, column 1: `sockte` is not a key of `[compose]`: did you mean `socket`?",
        ),
        (
            "[compose]\nsockets = []",
            "line 2, column 11: `sockets` is empty: expected at least one",
        ),
        (
            "[compose]\nsocket = \"a\"\nsockets = [\"b\"]",
            "line 3, column 11: there is `socket` already: put all of them into `sockets`",
        ),
        (
            "[compose]\nsocket = \"a\"\nfile = \"b\"",
            "line 2, column 10: there are both `file` and a socket: a composition is described by a file or by plugs, not by both",
        ),
        (
            "[compose]\nfile = \"b\"\nplugs = []",
            "line 3, column 9: `plugs` goes with `socket`: where there is `file`, the file says it",
        ),
        (
            "[compose]\nfile = \"b\"\nwires = []",
            "line 3, column 9: `wires` goes with `socket`: where there is `file`, the file says it",
        ),
        (
            "[compose]\nsocket = \"a\"\nplugs = [\"b\", 1]",
            "line 3, column 15: `plugs` should be a text, not `1`",
        ),
        (
            "[compose]\nsocket = \"a\"\nkeep_imports = []",
            "line 3, column 1: `keep_imports` is not a key of `[compose]`: did you mean `keep-imports`?",
        ),
        (
            "[compose]\nsocket = \"a\"\nstrict = \"yes\"",
            "line 3, column 10: `strict` should be `true` or `false`, not a text",
        ),
        (
            "[wit]\ndir = true",
            "line 2, column 7: `dir` should be a text, not `true` or `false`",
        ),
        (
            "[wit]\ndirectory = \"w\"",
            "line 2, column 1: `directory` is not a key of `[wit]`: expected `dir`",
        ),
        (
            "namespaces = []",
            "line 1, column 14: `namespaces` should be a table, not a list",
        ),
        (
            "a = \"\u{1b}[31m\"",
            "line 1, column 6: this is not TOML: invalid basic string, expected non-double-quote visible characters, `\\`",
        ),
        (
            "\"\\u001b[31m\\u202e\" = 1",
            "line 1, column 1: `\\u{1b}[31m\\u{202e}` is not a key of the file: expected `package`, `dependencies`, `compose`, `wit`, `registries`, `namespaces` or `default-registry`",
        ),
        (
            "a = 1\n<<<<<<< HEAD\n",
            "line 2: git left a merge conflict here: keep what is right of both sides, and remove the lines of markers",
        ),
        // There is no conflict that TOML could not have in a text.
        (
            "[package]\nname = \"a:b\"\ndescription = '''\n>>>>>>> theirs\n'''",
            "line 4: git left a merge conflict here: keep what is right of both sides, and remove the lines of markers",
        ),
    ] {
        let error = Manifest::parse(text).expect_err(text);
        assert_eq!(error.to_string(), wanted, "{text}");
        let crlf = Manifest::parse(&text.replace('\n', "\r\n")).unwrap_err();
        assert_eq!(crlf.to_string(), wanted, "{text}");
    }
}

#[test]
fn a_manifest_is_not_longer_than_a_mebibyte() {
    let long = "#".repeat(MAX_MANIFEST);
    assert_eq!(Manifest::parse(&long).unwrap(), Manifest::default());
    let error = Manifest::parse(&format!("{long}#")).unwrap_err();
    assert_eq!(error, ManifestError::TooLong(MAX_MANIFEST + 1));
    // Neither is it deep.
    for deep in ["[", "{a=", "[a.", "a."] {
        let text = format!("a = {}", deep.repeat(100_000));
        assert!(Manifest::parse(&text).is_err(), "{deep}");
        assert!(Manifest::parse(&deep.repeat(100_000)).is_err(), "{deep}");
    }
}
