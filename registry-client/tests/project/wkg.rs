//! The files of `wkg`, which are only read.

use tenon_registry_client::project::wkg::*;

#[test]
fn a_manifest_is_read() {
    let text = r#"
[overrides]
"acme:http" = { path = "../http/wit" }
"wasi:io" = { version = "0.2.3" }
"wasi:cli" = { path = "x", version = "=0.2.0" }
"wasi:none" = {}

[metadata]
author = "Ada"
license = "MIT"
repository = "https://code.example"
description = "d"
homepage = "https://shop.example"
revision = "123"
"#;
    let manifest = WkgManifest::parse(text).unwrap();
    let found = |name: &str| manifest.overrides[&name.parse().unwrap()].clone();
    let both = WkgOverride {
        path: Some("x".into()),
        version: Some("=0.2.0".parse().unwrap()),
    };
    assert_eq!(found("wasi:cli"), both);
    assert_eq!(found("acme:http").path, Some("../http/wit".into()));
    assert_eq!(found("wasi:io").version, Some("^0.2.3".parse().unwrap()));
    assert_eq!(found("wasi:none"), WkgOverride::default());
    let some = |text: &str| Some(text.to_owned());
    let metadata = WkgMetadata {
        authors: some("Ada"),
        description: some("d"),
        licenses: some("MIT"),
        source: some("https://code.example"),
        homepage: some("https://shop.example"),
        revision: some("123"),
    };
    assert_eq!(manifest.metadata, Some(metadata));
    assert_eq!(WkgManifest::parse("").unwrap(), WkgManifest::default());

    let text = "[workspace]\nmembers = [\"a\", \"b/*\"]\nmetadata = { authors = \"Ada\" }";
    let workspace = WkgManifest::parse(text).unwrap().workspace.unwrap();
    assert_eq!(workspace.members, ["a", "b/*"]);
    assert_eq!(workspace.metadata.unwrap().authors, some("Ada"));
    let member = WkgManifest::parse("workspace.root = \"..\"").unwrap();
    assert_eq!(member.workspace.unwrap().root, some(".."));
}

#[test]
fn a_lock_file_is_read() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let text = format!(
        "# Generated.\nversion = 1\n\n[[packages]]\nname = \"wasi:http\"\nregistry = \"wasi.dev\"\n\n\
         [[packages.versions]]\nrequirement = \"=0.2.3\"\nversion = \"0.2.3\"\ndigest = \"{digest}\"\n\n\
         [[packages.versions]]\nrequirement = \"^0.3\"\nversion = \"0.3.0\"\ndigest = \"{digest}\"\n\n\
         [[packages]]\nname = \"a:b\"\n"
    );
    let lock = WkgLock::parse(&text).unwrap();
    let locked = |requirement: &str, version: &str| WkgLocked {
        name: "wasi:http".parse().unwrap(),
        registry: Some("wasi.dev".to_owned()),
        requirement: requirement.parse().unwrap(),
        version: version.parse().unwrap(),
        digest: digest.parse().unwrap(),
    };
    assert_eq!(
        lock.packages,
        [locked("=0.2.3", "0.2.3"), locked("^0.3", "0.3.0")]
    );
    let older = text
        .replace("packages.versions", "package.version")
        .replace("packages", "package");
    assert_eq!(WkgLock::parse(&older).unwrap(), lock);
    assert_eq!(WkgLock::parse("version = 1").unwrap().packages, []);
}

#[test]
fn what_wkg_would_not_read_is_refused() {
    for (text, wanted) in [
        (
            "[override]",
            "line 1, column 2: `override` is not a key of the file: did you mean `overrides`?",
        ),
        (
            "[overrides]\nhttp = {}",
            "line 2, column 1: `http` is not a package name: expected `<namespace>:<name>`",
        ),
        (
            "[overrides]\n\"a:b\" = \"1\"",
            "line 2, column 9: `a:b` should be a table, not a text",
        ),
        (
            "[overrides]\n\"a:b\" = { version = \"one\" }",
            "line 2, column 21: `one` is not a requirement: unexpected character 'o' while parsing major version number; expected one such as `^1.2`, `=0.2.3` or `>=1, <3`",
        ),
        (
            "[metadata]\nauthors = \"a\"\nauthor = \"b\"",
            "line 3, column 10: `author` is `authors`, which is there already",
        ),
        (
            "[metadata]\n[workspace]\nmembers = []",
            "line 2, column 1: beside `[workspace]` there is no `[overrides]` and no `[metadata]`",
        ),
    ] {
        assert_eq!(WkgManifest::parse(text).unwrap_err().to_string(), wanted);
    }
    for (text, wanted) in [
        ("", "line 1, column 1: the file has no `version`"),
        (
            "version = 2",
            "`wkg.lock` has version 2, and only version 1 is known",
        ),
        (
            "version = 1\n[[packages]]\nname = \"a:b\"\n[[packages.versions]]\nrequirement = \"1\"\nversion = \"1.0.0\"\ndigest = \"md5:0\"",
            "line 7, column 10: `md5:0` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits",
        ),
        (
            "version = 1\npackages = 1",
            "line 2, column 12: `packages` should be a list, not `1`",
        ),
    ] {
        assert_eq!(WkgLock::parse(text).unwrap_err().to_string(), wanted);
    }
    let long = "#".repeat((1 << 20) + 1);
    assert!(matches!(
        WkgManifest::parse(&long),
        Err(WkgError::TooLong(_))
    ));
    assert!(matches!(WkgLock::parse(&long), Err(WkgError::TooLong(_))));
}
