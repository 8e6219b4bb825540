//! Merges: of `tenon.lock`, of `tenon.toml`, and such that git sees no conflict in.

use crate::scene::*;
use crate::shop::*;
use std::process::Command;

/// What git says; `None` where there is no git.
fn git(shop: &Shop, words: &[&str]) -> Option<(bool, String)> {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=a", "-c", "user.email=a@shop.example"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(words)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .current_dir(shop.at(""));
    let output = command.output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8(said).unwrap()))
}

/// Every command that reads a project.
const COMMANDS: [&[&str]; 10] = [
    &["lock"],
    &["lock", "--locked"],
    &["build"],
    &["fetch"],
    &["update"],
    &["tree"],
    &["why", "acme:http"],
    &["outdated"],
    &["add", "acme:log"],
    &["remove", "acme:http"],
];

fn adding(name: &str) -> String {
    let line = format!("\"acme:http\" = \"^1\" # the server\n\"{name}\" = \"1\"\n");
    MANIFEST.replace("\"acme:http\" = \"^1\" # the server\n", &line)
}

#[test]
fn a_merge_with_conflicts_is_resolved_by_a_command() {
    let shop = new();
    shop.ok(&["lock"]);
    let begun = [
        &["init", "-q"][..],
        &["add", "-A"],
        &["commit", "-qm", "begin"],
    ]
    .into_iter()
    .all(|words| git(&shop, words).is_some_and(|(done, _)| done));
    if !begun {
        eprintln!("there is no git here that works: the merge is written by hand");
    }
    let base = (MANIFEST.to_owned(), shop.read("tenon.lock"));
    let mut sides = vec![];
    for name in ["log", "zoo"] {
        let package = format!("acme:{name}");
        shop.place
            .server
            .world()
            .publish_http(&format!("1.{}.0", sides.len() + 1));
        if begun {
            let (done, said) = git(&shop, &["checkout", "-q", "-b", name, "main"]).unwrap();
            assert!(done, "{said}");
        }
        shop.write("tenon.toml", &base.0);
        shop.write("tenon.lock", &base.1);
        shop.ok(&["add", &package]);
        shop.ok(&["update"]);
        if begun {
            assert!(git(&shop, &["commit", "-qam", name]).unwrap().0);
        }
        sides.push((shop.read("tenon.toml"), shop.read("tenon.lock")));
    }
    let versions = shop.locked("acme:http");
    assert_eq!(versions, ["1.2.0"]);
    match begun {
        true => {
            let (merged, said) = git(&shop, &["merge", "log"]).unwrap();
            assert!(!merged, "{said}");
        }
        false => {
            let join = |ours: &str, theirs: &str| {
                format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> log\n")
            };
            shop.write("tenon.toml", join(&sides[1].0, &sides[0].0));
            shop.write("tenon.lock", join(&sides[1].1, &sides[0].1));
        }
    }
    let manifest = shop.read("tenon.toml");
    assert!(manifest.contains("<<<<<<< ") && shop.read("tenon.lock").contains("<<<<<<< "));
    // First the manifest, which is for people to resolve: where it is, is said.
    let line = 1 + manifest
        .lines()
        .position(|line| line.starts_with("<<<<<<<"))
        .unwrap();
    for words in COMMANDS.into_iter().chain([&["lock", "--merge"][..]]) {
        let before = shop.kept();
        let said = shop.run(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.err);
        assert!(
            said.err
                .contains(&format!("line {line}: git left a merge conflict here")),
            "{words:?}: {}",
            said.err
        );
        assert_eq!(changes(&before, &shop.kept()), [""; 0]);
    }
    let both = adding("acme:zoo").replace("\"acme:zoo\"", "\"acme:log\" = \"1\"\n\"acme:zoo\"");
    shop.write("tenon.toml", &both);
    for words in COMMANDS {
        let said = shop.fails(1, "project::lock-conflict", words);
        assert!(
            said.err.contains("run `tenon lock --merge`"),
            "{}",
            said.err
        );
    }
    shop.fails(2, "cli::usage", &["lock", "--merge", "--locked"]);
    shop.ok(&["lock", "--merge"]);
    shop.ok(&["lock", "--locked"]);
    for (name, version) in [
        ("acme:http", "1.2.0"),
        ("acme:log", "1.0.0"),
        ("acme:zoo", "1.0.0"),
    ] {
        assert_eq!(shop.locked(name), [version]);
    }
    shop.ok(&["build"]);
    shop.fails(2, "cli::usage", &["lock", "--merge"]);
    // The larger of the two checkpoints stays.
    let size = |lock: &str| -> u64 {
        let note = lock.split("\"\"\"\n").nth(1).unwrap();
        note.lines().nth(1).unwrap().parse().unwrap()
    };
    let lock = shop.read("tenon.lock");
    assert!(size(&lock) >= size(&sides[1].1), "{lock}");
    assert!(size(&sides[1].1) > size(&sides[0].1));
}

/// The table of a package in a lock file.
fn entry(lock: &str, package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let entries = lock.split("\n[[package]]\n").skip(1);
    let mut found = entries.filter(|entry| entry.contains(&name));
    format!("\n[[package]]\n{}", found.next().unwrap())
}

#[test]
fn a_merge_without_conflicts_that_says_too_much_is_resolved_too() {
    let shop = new();
    shop.ok(&["lock"]);
    let old = entry(&shop.read("tenon.lock"), "acme:http");
    shop.place.server.world().publish_http("1.1.0");
    shop.ok(&["update"]);
    let new = shop.read("tenon.lock");
    shop.ok(&["build"]);
    // Two versions where one can be; one twice, with what was seen of its chains in two spellings.
    let seen = entry(&new, "acme:http").replace("heads = [", "heads = [ ");
    for (more, what) in [(&old, "there as 1."), (&seen, "is there twice")] {
        shop.write("tenon.lock", format!("{new}{more}"));
        for words in COMMANDS {
            let said = shop.fails(1, "project::lock-conflict", words);
            assert!(said.err.contains(what), "{}", said.err);
            assert!(
                said.err.contains("run `tenon lock --merge`"),
                "{}",
                said.err
            );
        }
        shop.ok(&["lock", "--merge"]);
        assert_eq!(shop.locked("acme:http"), ["1.1.0"]);
        assert_eq!(shop.read("tenon.lock"), new);
        shop.ok(&["build", "--locked"]);
    }
    // The manifest decides, where it lets one only.
    shop.write("tenon.lock", format!("{new}{old}"));
    shop.write("tenon.toml", MANIFEST.replace("^1", "=1.0.0"));
    shop.ok(&["lock", "--merge"]);
    assert_eq!(shop.locked("acme:http"), ["1.0.0"]);
    shop.write("tenon.toml", MANIFEST);
    // One version, and two releases: that is no merge.
    let other = entry(&new, "acme:http").replace("index = ", "index = 1");
    shop.write("tenon.lock", format!("{new}{other}"));
    shop.fails(1, "project::lock-file", &["lock"]);
    shop.fails(1, "project::lock-file", &["lock", "--merge"]);
    // Nor is any other file.
    for text in ["", "version = 1\n[", "version = 9\n"] {
        shop.write("tenon.lock", text);
        let said = shop.run(&["lock", "--merge"]);
        assert!(
            said.code == Some(1),
            "{text:?}: {:?} {}",
            said.code,
            said.err
        );
        assert_eq!(shop.read("tenon.lock"), text);
    }
}

#[test]
fn half_a_conflict_is_none() {
    let shop = new();
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    for text in [
        format!("<<<<<<< HEAD\n{lock}"),
        format!("{lock}>>>>>>> theirs\n"),
        format!("<<<<<<< HEAD\n{lock}<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> theirs\n"),
        format!("<<<<<<< HEAD\n{lock}|||||||\n{lock}>>>>>>> theirs\n"),
    ] {
        shop.write("tenon.lock", &text);
        shop.fails(1, "project::lock-conflict", &["tree"]);
        let said = shop.fails(1, "project::lock-conflict", &["lock", "--merge"]);
        assert!(
            said.err.contains("take one side of the whole file"),
            "{}",
            said.err
        );
    }
    shop.write("tenon.lock", lock.replace('\n', "\r\n"));
    shop.ok(&["lock", "--locked"]);
}
