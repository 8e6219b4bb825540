//! Lock files that are written and read, and those that are not.

use crate::golden;
use crate::support::*;
use tenon_registry_client::Digest;
use tenon_registry_client::lock::{LockedPublisher, LockedRelease, locked_note};
use tenon_registry_client::log::Origin;
use tenon_registry_client::project::{
    LockFile, LockFileError, LockedPackage, LockedSource, MAX_LOCK_FILE, UnloggedRelease,
};
use tenon_registry_client::record::{ContentKind, Subject};
use tenon_registry_client::resolve::{Need, Strength};

pub(crate) fn need(package: &str, requirement: &str, strength: Strength) -> Need {
    Need {
        package: package.parse().unwrap(),
        requirement: requirement.parse().unwrap(),
        strength,
    }
}

/// A package that nobody ever released.
pub(crate) fn made_up(name: &str, version: &str, needs: &[(&str, &str)]) -> LockedPackage {
    let (package, version) = (package(name), crate::support::version(version));
    let subjects = [
        Subject::Registry,
        Subject::Namespace(package.namespace().clone()),
        Subject::Package(package.clone()),
    ];
    let heads = subjects.map(|subject| {
        let hash = tenon_registry_client::log::Hash::leaf(b"head");
        (
            subject,
            tenon_registry_client::record::Reference { seq: 3, hash },
        )
    });
    let needs = needs
        .iter()
        .map(|(package, requirement)| need(package, requirement, Strength::Always));
    let release = LockedRelease {
        digest: Digest::of(name.as_bytes()),
        index: 12,
        publisher: LockedPublisher::Registry(key("registry.example/log/ingest").vkey().clone()),
        heads: heads.into(),
        package,
        version,
    };
    LockedPackage {
        source: LockedSource::Log {
            registry: Origin::new("registry.example/log").unwrap(),
            release,
        },
        kind: ContentKind::Wit,
        size: 77,
        needs: needs.collect(),
    }
}

/// The release of a package that a log has.
fn release_of(package: &mut LockedPackage) -> (&mut Origin, &mut LockedRelease) {
    match &mut package.source {
        LockedSource::Log { registry, release } => (registry, release),
        LockedSource::Unlogged(_) => panic!("it is in no log"),
    }
}

/// A package that no log has.
fn unlogged(name: &str, version: &str) -> LockedPackage {
    LockedPackage {
        source: LockedSource::Unlogged(UnloggedRelease {
            package: package(name),
            version: crate::support::version(version),
            digest: Digest::of(name.as_bytes()),
            place: format!("oci://ghcr.example/pre/{}", name.replace(':', "/"))
                .parse()
                .unwrap(),
        }),
        kind: ContentKind::Wit,
        size: 77,
        needs: vec![],
    }
}

/// A lock file of packages that nobody ever released, with a checkpoint of each registry.
pub(crate) fn lock_of(packages: &[LockedPackage]) -> LockFile {
    let mut lock = LockFile::default();
    for package in packages {
        if let Some((registry, _)) = package.logged() {
            let note = || Registry::new(registry.as_str()).checkpoint().to_string();
            lock.registries.entry(registry.clone()).or_insert_with(note);
        }
        lock.packages.insert(package.key(), package.clone());
    }
    lock
}

/// One real release, and some that are made up, from two registries.
pub(crate) fn example() -> LockFile {
    let registry = small();
    let mut client = Client::new(&registry);
    let view = client
        .ask(&registry, &asking("acme:http", &["1.0.0"]))
        .unwrap();
    let release = view.release(&version("1.0.0")).unwrap();
    let mut http = made_up("acme:http", "1.0.0", &[]);
    *release_of(&mut http).1 = LockedRelease::new(&view, &release).unwrap();
    http.kind = ContentKind::Component;
    http.needs = vec![
        need("wasi:io", "^0.2.3", Strength::Always),
        need("wasi:clocks", ">=0.2.0, <0.2.4", Strength::IfPresent),
        need("wasi:io", "^0.2.3", Strength::IfPresent),
    ];
    let mut other = made_up("wasi:io", "0.2.10", &[]);
    let origin = Origin::new("other.example/\"log\\").unwrap();
    *release_of(&mut other).0 = origin.clone();
    let mut next = made_up("wasi:io", "0.3.0-rc.1", &[]);
    *release_of(&mut next).0 = origin;
    let keys = ["acme/alice", "acme/bob"].map(|name| key(name).vkey().clone());
    release_of(&mut next).1.publisher = LockedPublisher::Keys(keys.into());
    let mut lock = lock_of(&[other, http, next]);
    let origin = registry.origin.clone();
    lock.registries.insert(origin, locked_note(&view).unwrap());
    lock
}

#[test]
fn a_lock_file_has_one_spelling() {
    let lock = example();
    let text = lock.to_string();
    golden::check("lock.toml", &text);
    assert_eq!(LockFile::parse(&text).unwrap(), lock);
    // Another order, other white space and the line ends of another system are read, and written as it should be.
    let (head, packages) = text.split_once("[[package]]").unwrap();
    let mut tables: Vec<_> = packages.split("[[package]]").collect();
    tables.reverse();
    let reordered = format!("{head}[[package]]{}", tables.join("\n[[package]] # moved"));
    for other in [
        text.replace('\n', "\r\n"),
        reordered,
        text.replace(" = ", "="),
        text.replace("[\n    \"", "[\"")
            .replace(",\n    \"", ", \""),
        text.replace(" ^0.2.3", " 0.2.3"),
        text.replace("size = 77", "size = 0x4d"),
    ] {
        assert_ne!(other, text);
        assert_eq!(
            LockFile::parse(&other).unwrap().to_string(),
            text,
            "{other}"
        );
    }
    let empty = "# Made by `tenon lock`; not meant to be edited by hand.\nversion = 1\n";
    assert_eq!(LockFile::default().to_string(), empty);
    assert_eq!(LockFile::parse("version = 1").unwrap(), LockFile::default());
}

#[test]
fn needs_are_written_in_order_and_once() {
    let mut package = made_up(
        "a:a",
        "1.0.0",
        &[("c:c", "^1"), ("b:b", "^2"), ("c:c", "^1"), ("b:b", "^1")],
    );
    package
        .needs
        .insert(0, need("a:b", "^1", Strength::IfPresent));
    let text = lock_of(&[package.clone()]).to_string();
    assert!(text.ends_with("needs = [\n    \"b:b ^1\",\n    \"b:b ^2\",\n    \"c:c ^1\",\n]\nimports = [\"a:b ^1\"]\n"), "{text}");
    let read = LockFile::parse(&text).unwrap();
    assert_eq!(read.packages[&package.key()].needs.len(), 4);
    assert_eq!(read.to_string(), text);
}

fn refused(text: &str) -> String {
    LockFile::parse(text).expect_err(text).to_string()
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    let text = example().to_string();
    let at = |needle: &str, nth: usize| {
        let (offset, _) = text.match_indices(needle).nth(nth).unwrap();
        let before = &text[..offset];
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        format!(
            "line {}, column {column}: ",
            before.matches('\n').count() + 1
        )
    };
    let key = key("registry.example/log/ingest");
    let key = key.vkey();
    for (from, to, place, what) in [
        (
            "version = 1\n",
            "",
            "line 1, column 1: ".to_owned(),
            "the file has no `version`",
        ),
        (
            "version = 1\n",
            "version = 0\n",
            at("1\n", 0),
            "there is no version 0 of lock files",
        ),
        (
            "version = 1\n",
            "version = -1\n",
            at("1\n", 0),
            "`version` should be a whole number, not `-1`",
        ),
        (
            "version = 1\n",
            "version = 1.0\n",
            at("1\n", 0),
            "`version` should be a whole number, not `1.0`",
        ),
        (
            "version = 1\n",
            "version = 1\nmore = 1\n",
            at("\n[[registry", 0),
            "`more` is not a key of the file: expected `version`, `registry` or `package`",
        ),
        ("[[registry]]", "[[registries]]", at("registry]]", 0), ""),
        (
            "origin = \"registry.example/log\"",
            "origin = \"registry example\"",
            at("\"registry.example/log\"", 0),
            "`registry example` is not an origin: expected 1 to 128 bytes without spaces, control characters or `+`, other than `cosignature/v1` and what begins with `tenon-record/`",
        ),
        (
            "origin = \"registry.example/log\"",
            "origin = \"x\"",
            at("\"\"\"\nregistry", 0),
            "the checkpoint of `x` is of the log `registry.example/log`",
        ),
        (
            "\"\"\"\nregistry.example/log\n",
            "\"\"\"\n",
            at("\"\"\"\nregistry", 0),
            "the checkpoint of `registry.example/log`: `13AuiU3yty0q1Dlvovhfcs3qvGHg3B7nXxuBv8lHRy4=` is not a size: expected a decimal number without leading zeros, below 2^64",
        ),
        (
            "\n\n— registry.example/log",
            "\n— registry.example/log",
            at("\"\"\"\nregistry", 0),
            "the checkpoint of `registry.example/log`: the note has no empty line between its text and its signatures",
        ),
        (
            "kind = \"component\"",
            "kind = \"module\"",
            at("\"component\"", 0),
            "`module` is no kind of content: expected `component` or `wit`",
        ),
        (
            "kind = \"component\"\n",
            "",
            at("[[package]]", 0),
            "`[[package]]` has no `kind`",
        ),
        (
            "name = \"acme:http\"",
            "name = \"http\"",
            at("\"acme:http\"", 0),
            "`http` cannot be the name of a release in a lock file",
        ),
        (
            "version = \"1.0.0\"",
            "version = \"1.0\"",
            at("\"1.0.0\"", 0),
            "`1.0` cannot be the version of a release in a lock file",
        ),
        (
            "digest = \"sha256:",
            "digest = \"sha512:",
            at("\"sha256:", 0),
            "",
        ),
        (
            "publisher = [\"acme",
            "publisher = [\"+acme",
            at("[\"acme/alice", 0),
            "",
        ),
        (
            "attested = \"",
            "attested = \"+",
            at(&format!("\"{key}\""), 0),
            "",
        ),
        (
            " namespace acme",
            " namespace Acme",
            at("[\n    \"1 ", 0),
            "",
        ),
        (
            "size = 77",
            "size = 18446744073709551616",
            at("77", 0),
            "`size` should be a whole number, not `18446744073709551616`",
        ),
        (
            "[\"wasi:io ^0.2.3\"]",
            "[\"wasi:io\"]",
            at("\"wasi:io ^0.2.3\"]", 0),
            "`wasi:io` is not a need: expected a package and a requirement, such as `wasi:io ^0.2.3`",
        ),
        (
            "registry = \"registry.example/log\"",
            "registry = \"third.example\"",
            at("[[package]]", 0),
            "`acme:http` is from `third.example`, of which there is no checkpoint in `[[registry]]`",
        ),
        (
            "version = \"0.3.0-rc.1\"\nregistry = \"other.example/\\\"log\\\\\"",
            "version = \"0.3.0-rc.1\"\nregistry = \"registry.example/log\"",
            at("[[package]]", 2),
            "the namespace `wasi` is from both `other.example/\"log\\` and `registry.example/log`: it can come from one registry only",
        ),
        (
            "0.3.0-rc.1",
            "0.2.9",
            at("[[package]]", 2),
            "`wasi:io` is there as 0.2.10 and as 0.2.9, which stand in for each other: one of them has to go",
        ),
        (
            "0.3.0-rc.1",
            "0.2.10",
            at("[[package]]", 2),
            "`wasi:io` 0.2.10 is there twice",
        ),
        (
            "0.3.0-rc.1",
            "0.2.10+linux",
            at("[[package]]", 2),
            "`wasi:io` is there as 0.2.10 and as 0.2.10+linux, which stand in for each other: one of them has to go",
        ),
        ("index = ", "idnex = ", at("index = ", 0), ""),
    ] {
        assert!(text.contains(from), "{from}");
        let wrong = text.replacen(from, to, 1);
        let said = refused(&wrong);
        if what.is_empty() {
            // What exactly is said has a key in it, or is tested elsewhere.
            assert!(said.starts_with("line "), "{said}");
        } else {
            assert_eq!(said, format!("{place}{what}"), "{to}");
        }
        assert_eq!(refused(&wrong.replace('\n', "\r\n")), said);
    }
    let registry = text.split("[[package]]").next().unwrap();
    let (_, table) = registry.split_once("[[registry]]").unwrap();
    let twice = format!("{registry}[[registry]]{table}");
    assert!(
        refused(&twice).ends_with("is there twice"),
        "{}",
        refused(&twice)
    );
}

#[test]
fn a_newer_lock_file_is_told_apart() {
    for newer in ["version = 2", "version = 2\n[[other]]\nthing = 1"] {
        assert_eq!(LockFile::parse(newer).unwrap_err(), LockFileError::Newer(2));
    }
    let said =
        "the lock file has version 2, and this tenon reads version 1: it was made by a newer tenon";
    assert_eq!(refused("version = 2"), said);
}

#[test]
fn a_conflict_is_seen_before_anything_else() {
    // In a checkpoint, it is TOML, and even the syntax of a version may be in conflict.
    let text = example().to_string();
    let (before, after) = text.split_once("registry.example/log\n").unwrap();
    let torn = format!(
        "{before}registry.example/log\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> theirs\n{after}"
    );
    let line = torn.lines().position(|line| line.starts_with('<')).unwrap() + 1;
    assert_eq!(
        LockFile::parse(&torn).unwrap_err(),
        LockFileError::Conflict { line }
    );
    assert_eq!(
        refused(&torn),
        format!("line {line}: git left a merge conflict in the lock file")
    );
    assert_eq!(
        refused(">>>>>>> x\n"),
        "line 1: git left a merge conflict in the lock file"
    );
}

#[test]
fn a_lock_file_is_not_longer_than_16_mebibytes() {
    let long = format!("version = 1\n#{}", "x".repeat(MAX_LOCK_FILE - 13));
    assert_eq!(LockFile::parse(&long).unwrap(), LockFile::default());
    let error = LockFile::parse(&format!("{long}x")).unwrap_err();
    assert_eq!(error, LockFileError::TooLong(MAX_LOCK_FILE + 1));
}

/// A head that is missing, or of something else, would not be held against what a registry shows.
#[test]
fn a_release_has_a_head_of_each_of_its_chains() {
    let text = lock_of(&[made_up("wasi:io", "0.2.10", &[])]).to_string();
    assert!(LockFile::parse(&text).is_ok());
    for line in text.lines().filter(|line| line.starts_with("    \"3 ")) {
        let less = text.replace(&format!("{line}\n"), "");
        assert_ne!(less, text);
        let error = LockFile::parse(&less).unwrap_err().to_string();
        assert!(
            error.contains("cannot be the heads of a release"),
            "{error}"
        );
    }
    let other = text.replace(" package wasi:io\"", " package wasi:http\"");
    assert!(LockFile::parse(&other).is_err());
}

#[test]
fn of_two_sides_the_later_heads_stay() {
    let mut later = made_up("wasi:io", "0.2.10", &[]);
    let namespace = Subject::Namespace(package("wasi:io").namespace().clone());
    let earlier = later.clone();
    let hash = tenon_registry_client::log::Hash::leaf(b"later");
    let head = tenon_registry_client::record::Reference { seq: 9, hash };
    release_of(&mut later)
        .1
        .heads
        .insert(namespace.clone(), head);
    let table = |locked: &LockedPackage| {
        let text = lock_of(std::slice::from_ref(locked)).to_string();
        let at = text.find("[[package]]").unwrap();
        (text[..at].to_owned(), text[at..].to_owned())
    };
    let ((front, later_table), (_, earlier_table)) = (table(&later), table(&earlier));
    for tables in [
        [&later_table, &earlier_table],
        [&earlier_table, &later_table],
    ] {
        let text = format!("{front}{}\n{}", tables[0], tables[1]);
        assert!(LockFile::parse(&text).is_err());
        let merged = LockFile::parse_merged(&text).unwrap();
        assert_eq!(
            merged.packages[&later.key()].logged().unwrap().1.heads[&namespace],
            head
        );
    }
    // Two records of one number are two histories.
    let mut forked = later.clone();
    release_of(&mut forked).1.heads.insert(
        namespace,
        tenon_registry_client::record::Reference {
            seq: 9,
            hash: tenon_registry_client::log::Hash::leaf(b"another"),
        },
    );
    let (_, forked) = table(&forked);
    let error = LockFile::parse_merged(&format!("{front}{later_table}\n{forked}")).unwrap_err();
    assert!(
        error.to_string().contains("there twice, and not the same"),
        "{error}"
    );
}

#[test]
fn what_no_log_has_is_written_as_unverified() {
    let lock = lock_of(&[
        unlogged("acme:http", "1.0.0"),
        made_up("wasi:io", "0.2.10", &[]),
    ]);
    let text = lock.to_string();
    let table = "[[package]]\nname = \"acme:http\"\nversion = \"1.0.0\"\nunverified = \"oci://ghcr.example/pre/acme/http\"\nkind = \"wit\"\nsize = 77\n";
    assert!(text.contains(table), "{text}");
    assert_eq!(text.matches("unverified").count(), 1);
    let read = LockFile::parse(&text).unwrap();
    assert_eq!(read, lock);
    assert_eq!(read.to_string(), text);
    let package = &read.packages[&(package("acme:http"), version("1.0.0"))];
    assert!(package.logged().is_none() && package.unlogged().is_some());
}

#[test]
fn what_a_log_has_is_not_taken_without_its_heads() {
    let text = lock_of(&[made_up("wasi:io", "0.2.10", &[])]).to_string();
    let without = |key: &str| {
        let mut lines = vec![];
        let mut is_in = false;
        for line in text.lines() {
            is_in |= line.starts_with(&format!("{key} = "));
            if !is_in {
                lines.push(line);
            }
            is_in &= line.ends_with('[') || line.starts_with("    ");
        }
        lines.join("\n")
    };
    assert!(LockFile::parse(&text).is_ok());
    // Whatever of it is away, and whatever it is called instead.
    for key in ["heads", "index", "attested", "registry"] {
        let less = without(key);
        assert_ne!(less, text);
        assert!(LockFile::parse(&less).is_err(), "{key}");
        let renamed = less.replace(
            "version = \"0.2.10\"",
            "version = \"0.2.10\"\nunverified = \"oci://ghcr.example/wasi/io\"",
        );
        assert!(LockFile::parse(&renamed).is_err(), "{key}: {renamed}");
    }
    for place in [
        "",
        "ghcr.example/wasi/io",
        "oci://",
        "oci://ghcr.example",
        "oci://ghcr.example/a b",
        "oci://ghcr.example/a:1",
    ] {
        let lock = lock_of(&[unlogged("acme:http", "1.0.0")]).to_string();
        let wrong = lock.replace("oci://ghcr.example/pre/acme/http", place);
        assert!(LockFile::parse(&wrong).is_err(), "{place}");
    }
}

#[test]
fn a_namespace_is_not_of_a_log_and_of_none() {
    let both = lock_of(&[
        made_up("wasi:io", "0.2.10", &[]),
        unlogged("wasi:clocks", "0.2.10"),
    ]);
    let error = LockFile::parse(&both.to_string()).unwrap_err().to_string();
    assert!(
        error.contains("the namespace `wasi` is from both"),
        "{error}"
    );
    // Nor does a merge make one of the other.
    let mut of_log = made_up("wasi:io", "0.2.10", &[]);
    let mut of_none = unlogged("wasi:io", "0.2.10");
    assert!(!of_log.absorb(&of_none.clone()));
    assert!(!of_none.absorb(&of_log.clone()));
    assert!(of_none.absorb(&of_none.clone()));
}
