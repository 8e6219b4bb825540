use super::*;

const RUN: &str = "run";

/// Publishes as the version, and says whether that was refused as breaking.
fn breaks(user: &User, version: &str, text: &str) -> Option<String> {
    user.write("next.wat", text);
    let words = [
        "publish",
        "next.wat",
        "--package",
        "acme:a",
        "--version",
        version,
        "--yes",
    ];
    let output = user.tenon(&words).output().unwrap();
    let said = said(&output);
    match output.status.code() {
        Some(0) => None,
        Some(1) if said.contains("error[publish::breaking]") => Some(said),
        code => panic!("{version}: {code:?}: {said}"),
    }
}

#[test]
fn what_breaks_others_needs_a_version_that_says_so() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    assert_eq!(
        breaks(&user, "1.0.0", &component(&["in"], &[RUN, "go"])),
        None
    );
    // More exports and fewer imports break nobody.
    assert_eq!(breaks(&user, "1.0.1", &component(&[], &[RUN, "go"])), None);
    assert_eq!(
        breaks(&user, "1.1.0", &component(&[], &[RUN, "go", "stop"])),
        None
    );
    let said = breaks(&user, "1.1.1", &component(&[], &[RUN, "stop"])).unwrap();
    assert!(said.contains("because the export `go` is gone"), "{said}");
    assert!(
        said.contains("`acme:a@1.1.1` would break those who use 1.1.0"),
        "{said}"
    );
    assert!(said.contains("publish it as 2.0.0"), "{said}");
    let said = breaks(&user, "1.2.0", &component(&["in"], &[RUN, "go", "stop"])).unwrap();
    assert!(said.contains("because the import `in` is new"), "{said}");
    let other_type = component(&[], &[RUN, "stop"]).replace(
        "(export \"run\" (func $f))",
        "(import \"x\" (func)) (core module $n (func (export \"f\") (result i32) (i32.const 0)))\n\
         (core instance $j (instantiate $n)) (func $g (result u32) (canon lift (core func $j \"f\")))\n\
         (export \"run\" (func $g))",
    );
    let said = breaks(&user, "1.2.0", &other_type).unwrap();
    assert!(
        said.contains("export `run`: expected no result, found one"),
        "{said}"
    );
    assert!(
        said.contains("the import `x` is new") && said.contains("the export `go` is gone"),
        "{said}"
    );

    // A major version may, and so may whoever insists.
    assert_eq!(
        breaks(&user, "2.0.0", &component(&["in"], &["other"])),
        None
    );
    let words = [
        "publish",
        "next.wat",
        "--package",
        "acme:a",
        "--version",
        "1.2.0",
        "--yes",
        "--allow-breaking",
    ];
    assert!(
        user.ok(&words)
            .contains("warning: it breaks those who use 1.1.0")
    );
}

#[test]
fn a_registry_that_refuses_what_breaks_is_not_overruled() {
    let server = Server::that_refuses_breaking();
    let user = User::with_namespace(&server, "acme");
    let long = |number: u32| format!("an-export-with-a-name-that-takes-room-{number}");
    let names: Vec<String> = (0..10).map(long).collect();
    let mut exports: Vec<&str> = names.iter().map(String::as_str).collect();
    exports.push(RUN);
    assert_eq!(breaks(&user, "1.0.0", &component(&[], &exports)), None);
    user.write("next.wat", &component(&[], &[RUN]));
    let said = user.fails(
        1,
        "registry::problem",
        &[
            "publish",
            "next.wat",
            "--package",
            "acme:a",
            "--version",
            "1.1.0",
            "--yes",
            "--allow-breaking",
        ],
    );
    assert!(
        said.contains("`--allow-breaking` does not count here"),
        "{said}"
    );
    let cause = said.split("because ").nth(1).unwrap();
    assert!(cause.len() > 300, "{said}");
}

#[test]
fn zero_versions_and_yanked_ones_follow_the_rules_of_tracks() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    assert_eq!(breaks(&user, "0.1.0", &component(&[], &[RUN])), None);
    assert!(breaks(&user, "0.1.1", &component(&[], &["go"])).is_some());
    assert_eq!(breaks(&user, "0.2.0", &component(&[], &["go"])), None);
    assert_eq!(
        breaks(&user, "0.2.1", &component(&[], &["go", "wrong"])),
        None
    );
    // Without 0.2.1, it is 0.2.0 that the next one must be compatible with.
    user.ok(&["yank", "acme:a@0.2.1", "--reason", "mistake", "--yes"]);
    assert_eq!(breaks(&user, "0.2.2", &component(&[], &["go"])), None);
    assert_eq!(breaks(&user, "1.0.0-rc.1", &component(&[], &["x"])), None);
    assert_eq!(breaks(&user, "1.0.0-rc.2", &component(&[], &["y"])), None);
    assert_eq!(breaks(&user, "1.0.0", &component(&[], &[RUN])), None);
}

#[test]
fn versions_go_up_but_for_older_lines() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write("next.wat", &component(&[], &[RUN]));
    for version in ["1.1.0", "1.2.0", "3.0.0", "1.1.1", "1.3.0", "2.0.0"] {
        user.publish("next.wat", "acme:a", version);
    }
    for (version, higher) in [
        ("1.0.0", "1.3.0"),
        ("1.1.0-rc.1", "1.1.1"),
        ("3.0.0-rc.1", "3.0.0"),
    ] {
        let said = user.fails(
            1,
            "publish::version",
            &[
                "publish",
                "next.wat",
                "--package",
                "acme:a",
                "--version",
                version,
                "--yes",
            ],
        );
        let expected = format!("`acme:a` has {higher} already, which is higher than {version}");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn wit_packages_are_compared_as_those_who_use_them_see_them() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    let publish = |version: &str, body: &str| {
        user.write("kit.wit", &format!("package acme:kit@{version};\n{body}\n"));
        let output = user
            .tenon(&["publish", "kit.wit", "--yes"])
            .output()
            .unwrap();
        let said = said(&output);
        match output.status.code() {
            Some(0) => None,
            Some(1) if said.contains("error[publish::breaking]") => Some(said),
            code => panic!("{version}: {code:?}: {said}"),
        }
    };
    let first = "interface types { resource r { constructor(); } record p { x: u32 } get: func(p: p) -> r; }
        interface host { now: func() -> u64; }
        world w { use types.{r}; import host; export run: func(r: borrow<r>); }";
    assert_eq!(publish("1.0.0", first), None);
    // Interfaces grow, and a world offers more.
    let grown = first
        .replace("now:", "soon: func() -> u64; now:")
        .replace("import host;", "import host; import extra: func();");
    assert_eq!(publish("1.1.0", &grown), None);
    for (change, with, why) in [
        (
            "x: u32",
            "x: u32, y: u32",
            "interface `types`: function `get`: parameter `p`: field `y` is not expected",
        ),
        (
            "now: func() -> u64;",
            "",
            "interface `host`: function `now` is missing",
        ),
        (
            "import host;",
            "",
            "the world `w` no longer offers `acme:kit/host@1.0.0`",
        ),
        (
            "export run:",
            "export stop: func(); export run:",
            "the world `w` asks for the export `stop`, which is new",
        ),
        (
            "interface host { soon: func() -> u64; now: func() -> u64; }",
            "",
            "the interface `host` is gone",
        ),
    ] {
        let changed = grown.replace(change, with);
        let changed = match why {
            "the interface `host` is gone" => changed.replace("import host;", ""),
            _ => changed,
        };
        assert_ne!(changed, grown);
        let said = publish("1.2.0", &changed).unwrap_or_else(|| panic!("{why}"));
        assert!(
            said.contains(why) || said.contains(&why.replace("1.0.0", "1.1.0")),
            "{why}: {said}"
        );
    }
}
