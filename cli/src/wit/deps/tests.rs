#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use wit_parser::{Resolve, UnresolvedPackageGroup};

const IO: &str = "/// What waits.
package wasi:io@0.2.0;
interface poll { resource pollable { ready: func() -> bool; } }
";
const IO_NEWER: &str = "package wasi:io@0.2.6;
/// Waits for many.
interface poll {
  /// Something that gets ready.
  resource pollable { ready: func() -> bool; }
  @unstable(feature = wait)
  wait: func();
}
interface streams { use poll.{pollable}; get: func() -> pollable; }
";
const HTTP: &str = "package acme:http@1.4.0;
interface handler { use wasi:io/poll@0.2.0.{pollable}; handle: func() -> pollable; }
world proxy { export handler; }
";
const OWN: &str = "package acme:shop@0.1.0;
world shop { import wasi:io/poll@0.2.6; import acme:http/handler@1.4.0; }
";

/// A WIT package in the binary format: the first text, which uses the others.
fn encoded(texts: &[&str]) -> Vec<u8> {
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::new()
    };
    let mut groups: Vec<_> = texts
        .iter()
        .map(|text| UnresolvedPackageGroup::parse("a.wit", text).unwrap())
        .collect();
    let main = groups.remove(0);
    let package = resolve.push_groups(main, groups).unwrap();
    wit_component::encode(&resolve, package, false).unwrap()
}

fn release(name: &str, version: &str, bytes: &[u8]) -> DepPackage {
    DepPackage {
        name: name.parse().unwrap(),
        version: Some(version.parse().unwrap()),
        origin: DepOrigin::Release(Digest::of(bytes)),
        content: DepContent::Binary(bytes.to_vec()),
    }
}

fn write_deps(folder: &Path, packages: &[DepPackage]) -> Result<Written, Failure> {
    plan_deps(folder, packages, &[])?.write()
}

/// A folder with this text of its own.
fn folder(own: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.wit"), own).unwrap();
    folder
}

/// The files of a folder with their text.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => left.push(path),
                false => {
                    let text = fs::read_to_string(&path).unwrap();
                    files.insert(path.strip_prefix(folder).unwrap().to_owned(), text);
                }
            }
        }
    }
    files
}

fn refused(folder: &Path, packages: &[DepPackage], code: &str) -> Failure {
    let before = files(folder);
    let failure = write_deps(folder, packages).unwrap_err();
    assert_eq!(failure.code, code, "{}", failure.summary());
    assert_eq!(files(folder), before);
    failure
}

#[test]
fn packages_refer_to_what_is_locked_and_stay_where_they_are() {
    let (io, http) = (encoded(&[IO_NEWER]), encoded(&[HTTP, IO]));
    let packages = [
        release("acme:http", "1.4.0", &http),
        release("wasi:io", "0.2.6", &io),
    ];
    let folder = folder(OWN);
    let written = write_deps(folder.path(), &packages).unwrap();
    assert_eq!(written.changed, ["acme-http-1.4.0", "wasi-io-0.2.6"]);
    let made = files(folder.path());
    let expected = format!(
        "package acme:http@1.4.0;

interface handler {{
  use wasi:io/poll@0.2.6.{{pollable}};

  handle: func() -> pollable;
}}

world proxy {{
  import wasi:io/poll@0.2.6;

  export handler;
}}
// Made by `tenon wit fetch` from acme:http@1.4.0 ({}); changes get lost
",
        Digest::of(&http)
    );
    let at = |path: &str| made.get(Path::new(path)).unwrap();
    assert_eq!(at("deps/acme-http-1.4.0/package.wit"), &expected);
    let io = at("deps/wasi-io-0.2.6/package.wit");
    assert!(
        io.contains("\n/// Waits for many.\ninterface poll {"),
        "{io}"
    );
    assert!(
        io.contains("@unstable(feature = wait)\n  wait: func();"),
        "{io}"
    );
    assert_eq!(made.len(), 3);
    // It reads as what it was made from: the documentation, too.
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::new()
    };
    resolve.push_dir(folder.path()).unwrap();
    let newer = UnresolvedPackageGroup::parse("a.wit", IO_NEWER).unwrap();
    let id = resolve.package_names.get(&newer.main.name).unwrap();
    assert_eq!(
        wit_component::encode(&resolve, *id, false).unwrap(),
        encoded(&[IO_NEWER])
    );

    // The same again touches nothing.
    let of = |path: &str| fs::metadata(folder.path().join(path)).unwrap();
    let (before, path) = (of("deps"), "deps/wasi-io-0.2.6/package.wit");
    let file_before = of(path);
    let written = write_deps(folder.path(), &packages).unwrap();
    assert_eq!(
        written,
        Written {
            unchanged: 2,
            ..Written::default()
        }
    );
    assert_eq!(of("deps").modified().unwrap(), before.modified().unwrap());
    assert_eq!(
        of(path).modified().unwrap(),
        file_before.modified().unwrap()
    );

    // What was changed by hand is made again; what is not needed goes.
    fs::write(
        folder.path().join(path),
        io.replace("wait: func", "wiat: func"),
    )
    .unwrap();
    fs::write(
        folder.path().join("shop.wit"),
        "package acme:shop@0.1.0;\nworld shop { import wasi:io/poll@0.2.6; }\n",
    )
    .unwrap();
    let [_, io_only] = packages;
    let written = write_deps(folder.path(), &[io_only]).unwrap();
    assert_eq!(
        written,
        Written {
            changed: vec!["wasi-io-0.2.6".to_owned()],
            removed: vec!["acme-http-1.4.0".to_owned()],
            ..Written::default()
        }
    );
    let left = files(folder.path());
    assert_eq!(left.get(Path::new(path)).unwrap(), io);
    assert_eq!(left.len(), 2);
}

#[test]
fn what_someone_else_put_there_is_never_touched() {
    let io = encoded(&[IO_NEWER]);
    let packages = [release("wasi:io", "0.2.6", &io)];
    let folder = folder("package acme:shop@0.1.0;\nworld shop { import mine:kit/kit; }\n");
    let deps = folder.path().join("deps");
    // A package of their own, a folder of another tool, a file beside it, and one that was made here, with a
    // file beside it that was not.
    fs::create_dir_all(deps.join("acme-old-1.0.0")).unwrap();
    fs::write(
        deps.join("kit.wit"),
        "package mine:kit;\ninterface kit {}\n",
    )
    .unwrap();
    fs::write(deps.join("README.md"), "mine").unwrap();
    fs::write(
        deps.join("acme-old-1.0.0/package.wit"),
        "package acme:old@1.0.0;\n// Made by `tenon wit fetch` from acme:old@1.0.0 (sha256:0); changes get lost\n",
    )
    .unwrap();
    fs::write(
        deps.join("acme-old-1.0.0/mine.wit"),
        "package acme:old@1.0.0;\n",
    )
    .unwrap();
    let before = files(folder.path());
    let written = write_deps(folder.path(), &packages).unwrap();
    assert_eq!((written.changed.len(), written.removed.len()), (1, 0));
    let after = files(folder.path());
    assert!(
        before
            .iter()
            .all(|(path, text)| after.get(path) == Some(text))
    );
    assert_eq!(after.len(), before.len() + 1);
    write_deps(folder.path(), &[]).unwrap();
    assert_eq!(files(folder.path()), before);

    // Where it is in the way, that is an error.
    fs::create_dir(deps.join("wasi-io-0.2.6")).unwrap();
    fs::write(
        deps.join("wasi-io-0.2.6/package.wit"),
        "package wasi:io@0.2.6;\n",
    )
    .unwrap();
    let failure = refused(folder.path(), &packages, "wit::deps-taken");
    assert!(
        failure
            .message
            .contains("deps/wasi-io-0.2.6`, which `tenon wit fetch` did not make")
    );
    assert!(
        failure.message.ends_with("declares `wasi:io@0.2.6`, too"),
        "{}",
        failure.message
    );
    fs::write(
        deps.join("wasi-io-0.2.6/package.wit"),
        "package wasi:other@0.2.6;\n",
    )
    .unwrap();
    let failure = refused(folder.path(), &packages, "wit::deps-taken");
    assert!(
        failure
            .message
            .ends_with("stands where `wasi:io@0.2.6` goes"),
        "{}",
        failure.message
    );
}

#[test]
fn what_is_added_at_the_end_is_lost_and_told() {
    let io = encoded(&[IO_NEWER]);
    let packages = [release("wasi:io", "0.2.6", &io)];
    let folder = folder("package acme:shop@0.1.0;\nworld s { import wasi:io/poll@0.2.6; }\n");
    write_deps(folder.path(), &packages).unwrap();
    let file = folder.path().join("deps/wasi-io-0.2.6/package.wit");
    let text = fs::read_to_string(&file).unwrap();
    let edited = vec!["wasi-io-0.2.6".to_owned()];
    for end in ["\n", "// mine\n", "interface mine {}\n\n"] {
        fs::write(&file, format!("{text}{end}")).unwrap();
        let written = write_deps(folder.path(), &packages).unwrap();
        assert_eq!(
            (&written.changed, &written.edited),
            (&edited, &edited),
            "{end:?}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    // More than a few lines, another package beside it, and what is no WIT any more are somebody's own.
    for end in [
        "\n\n\n\n\n// mine\n",
        "package mine:kit { interface i {} }\n",
    ] {
        fs::write(&file, format!("{text}{end}")).unwrap();
        refused(folder.path(), &packages, "wit::deps-taken");
    }
    fs::write(&file, format!("{text}interface {{\n")).unwrap();
    refused(folder.path(), &packages, "cli::wit");
    fs::write(
        &file,
        text.replace("wasi:io@0.2.6;", "wasi:io@0.2.5;") + "\n",
    )
    .unwrap();
    refused(folder.path(), &packages, "wit::deps-taken");
}

/// What would go where `replaced` is taken over.
fn losses(folder: &Path, packages: &[DepPackage]) -> Vec<String> {
    let replaced = super::super::vendored(folder).unwrap();
    let planned = plan_deps(folder, packages, &replaced).unwrap();
    planned.losses.into_iter().map(|loss| loss.line).collect()
}

#[test]
fn what_is_replaced_is_compared_though_what_a_path_has_is_not_there_yet() {
    let kit = encoded(&["package acme:kit@1.0.0;\ninterface kit { f: func(); }\n"]);
    let io = encoded(&[IO_NEWER]);
    let packages = [
        release("wasi:io", "0.2.6", &io),
        DepPackage {
            origin: DepOrigin::Path("../kit".to_owned()),
            ..release("acme:kit", "1.0.0", &kit)
        },
    ];
    let folder = folder(
        "package acme:shop@0.1.0;\nworld s { import acme:kit/kit@1.0.0; import wasi:io/poll@0.2.6; }\n",
    );
    let old = folder.path().join("deps/io.wit");
    fs::create_dir(folder.path().join("deps")).unwrap();
    fs::write(&old, IO_NEWER).unwrap();
    assert!(losses(folder.path(), &packages).is_empty());
    fs::write(
        &old,
        format!("{IO_NEWER}\ninterface mine {{ f: func(); }}\n"),
    )
    .unwrap();
    let lost = losses(folder.path(), &packages);
    let part = "is not the `wasi:io@0.2.6` that is locked: ";
    assert!(matches!(&*lost, [only] if only.contains(part)), "{lost:?}");
    // Where what is there does not resolve, the reason is said.
    fs::write(
        &old,
        format!("{IO_NEWER}\ninterface mine {{ use mine:kit/i.{{t}}; }}\n"),
    )
    .unwrap();
    let lost = losses(folder.path(), &packages);
    let place = old.display();
    let start = format!(
        "`{place}` cannot be held against the `wasi:io@0.2.6` that is locked: the package `mine:kit` that `{place}:"
    );
    assert!(
        matches!(&*lost, [only] if only.starts_with(&start)),
        "{lost:?}"
    );
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let (io, newer, http) = (encoded(&[IO]), encoded(&[IO_NEWER]), encoded(&[HTTP, IO]));
    let folder = folder("package acme:shop@0.1.0;\nworld shop { import wasi:io/poll@0.2.0; }\n");
    let packages = [release("wasi:io", "0.2.0", &io)];
    write_deps(folder.path(), &packages).unwrap();

    let alone = [release("acme:http", "1.4.0", &http)];
    let failure = refused(folder.path(), &alone, "wit::dependency");
    assert_eq!(
        failure.message,
        "`acme:http@1.4.0` uses the WIT package `wasi:io@0.2.0`, which is not locked"
    );
    // Not on the track, or lower.
    let other = encoded(&["package wasi:io@0.3.0;\ninterface poll {}\n"]);
    let both = [
        release("acme:http", "1.4.0", &http),
        release("wasi:io", "0.3.0", &other),
    ];
    let failure = refused(folder.path(), &both, "wit::dependency");
    assert_eq!(
        failure.findings.notes,
        ["`wasi:io@0.3.0` is, and is no such version"]
    );
    // On the track, but without what is used.
    let poor = encoded(&["package wasi:io@0.2.9;\ninterface pol {}\n"]);
    let both = [
        release("acme:http", "1.4.0", &http),
        release("wasi:io", "0.2.9", &poor),
    ];
    fs::write(folder.path().join("shop.wit"), "package acme:shop@0.1.0;\n").unwrap();
    let failure = refused(folder.path(), &both, "wit::dependency");
    assert!(
        failure
            .message
            .starts_with("the package `wasi:io@0.2.9` has no interface `poll`")
            && failure.message.contains("acme-http-1.4.0/package.wit:"),
        "{}",
        failure.message
    );
    // A package that says it is another one, and what is no WIT package.
    let wrong = [release("wasi:io", "0.2.7", &newer)];
    let failure = refused(folder.path(), &wrong, "wit::dependency");
    assert!(
        failure
            .message
            .ends_with("declares that it is `wasi:io@0.2.6`")
    );
    let component = wat::parse_str("(component (import \"a\" (func)))").unwrap();
    refused(
        folder.path(),
        &[release("acme:a", "1.0.0", &component)],
        "wit::dependency",
    );
    // The text of the project uses a version that is not there.
    fs::write(folder.path().join("shop.wit"), OWN).unwrap();
    let failure = refused(folder.path(), &packages, "wit::missing-package");
    assert!(
        failure.message.contains("`wasi:io@0.2.6`"),
        "{}",
        failure.message
    );
    assert_eq!(failure.findings.notes, ["there is `wasi:io@0.2.0`"]);
}

#[test]
fn names_that_would_be_one_folder_are_two() {
    let one = encoded(&["package a-b:c@1.0.0;\ninterface i {}\n"]);
    let two = encoded(&["package a:b-c@1.0.0;\ninterface i {}\n"]);
    let packages = [
        release("a-b:c", "1.0.0", &one),
        release("a:b-c", "1.0.0", &two),
    ];
    let folder = tempfile::tempdir().unwrap();
    let written = write_deps(folder.path(), &packages).unwrap();
    assert_eq!(written.changed, ["a--b-c-1.0.0", "a-b--c-1.0.0"]);
    let [_, two] = packages;
    let written = write_deps(folder.path(), &[two]).unwrap();
    assert_eq!(written.changed, ["a-b-c-1.0.0"]);
    assert_eq!(written.removed, ["a--b-c-1.0.0", "a-b--c-1.0.0"]);
}

#[test]
fn a_package_from_a_path_may_have_no_version() {
    let kit = encoded(&["package acme:kit;\ninterface kit { f: func(); }\n"]);
    let user = encoded(&[
        "package acme:user@1.0.0;\nworld w { import acme:kit/kit; }\n",
        "package acme:kit;\ninterface kit { f: func(); }\n",
    ]);
    let packages = [
        release("acme:user", "1.0.0", &user),
        DepPackage {
            version: None,
            origin: DepOrigin::Path("../kit".to_owned()),
            ..release("acme:kit", "1.0.0", &kit)
        },
    ];
    let folder = folder("package acme:shop@0.1.0;\nworld shop { include acme:user/w@1.0.0; }\n");
    let written = write_deps(folder.path(), &packages).unwrap();
    assert_eq!(written.changed, ["acme-kit", "acme-user-1.0.0"]);
    let text = fs::read_to_string(folder.path().join("deps/acme-kit/package.wit")).unwrap();
    assert_eq!(
        text.lines().next_back(),
        Some("// Made by `tenon wit fetch` from acme:kit (../kit); changes get lost")
    );
}

#[test]
fn what_a_killed_process_left_goes_and_what_others_need_stays() {
    let io = encoded(&[IO_NEWER]);
    let packages = [release("wasi:io", "0.2.6", &io)];
    let folder = folder("package acme:shop@0.1.0;\n");
    let left = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.join("acme-io-0.2.0.old")).unwrap();
        fs::write(path.join("acme-io-0.2.0.old/package.wit"), "half").unwrap();
        path
    };
    let dead = left(".tenon-wit-dead");
    drop(leftover::Alive::new(&dead).unwrap());
    let living = left(".tenon-wit-living");
    let alive = leftover::Alive::new(&living).unwrap();
    let (foreign, other) = (left(".tenon-wit-mine"), left(".tenon-other"));
    let empty = folder.path().join(".tenon-wit-empty");
    fs::create_dir(&empty).unwrap();
    write_deps(folder.path(), &packages).unwrap();
    let there = [&dead, &living, &foreign, &other, &empty].map(|path| path.exists());
    assert_eq!(there, [false, true, true, true, false]);
    drop(alive);
    // So it is where there is nothing else to do.
    assert_eq!(write_deps(folder.path(), &packages).unwrap().unchanged, 1);
    assert!(!living.exists() && foreign.exists());
}

#[test]
fn what_is_used_comes_before_what_uses_it() {
    let text = |name: &str, uses: &[&str]| {
        let uses = uses.iter().map(|used| format!("import a:{used}/i@1.0.0;"));
        let uses: String = uses.collect();
        let text = format!("package a:{name}@1.0.0;\ninterface i {{}}\nworld w {{ {uses} }}\n");
        UnresolvedPackageGroup::parse("a.wit", &text).unwrap()
    };
    let groups = [
        text("app", &["mid", "low", "far"]),
        text("mid", &["low"]),
        text("one", &["two"]),
        text("two", &["one"]),
        text("low", &[]),
    ];
    assert_eq!(order::used_first(&groups), [4, 1, 0, 2, 3]);
}

#[test]
fn versions_that_become_one_are_named_once() {
    let user = encoded(&[
        "package acme:user@1.0.0;
interface both { use wasi:io/poll@0.2.0.{pollable}; use wasi:io/poll@0.2.6.{pollable as newer}; f: func(a: pollable) -> newer; }
world w { import wasi:io/poll@0.2.0; import wasi:io/streams@0.2.6; export wasi:io/poll@0.2.0; export wasi:io/poll@0.2.6; }
",
        IO,
        IO_NEWER,
    ]);
    let io = encoded(&[IO_NEWER]);
    let packages = [
        release("acme:user", "1.0.0", &user),
        release("wasi:io", "0.2.6", &io),
    ];
    let folder = folder("package acme:shop@0.1.0;\nworld s { include acme:user/w@1.0.0; }\n");
    write_deps(folder.path(), &packages).unwrap();
    let text = fs::read_to_string(folder.path().join("deps/acme-user-1.0.0/package.wit")).unwrap();
    let count = |part: &str| text.matches(part).count();
    assert_eq!(
        [
            count("  import wasi:io/poll@0.2.6;"),
            count("  export wasi:io/poll@0.2.6;"),
            count("0.2.0")
        ],
        [1, 1, 0],
        "{text}"
    );
}
