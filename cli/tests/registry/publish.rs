use super::*;

/// The last sentence of what a command says.
fn sentence(said: &str) -> &str {
    said.trim_end().lines().last().unwrap()
}

#[test]
fn a_component_is_published_once_and_said_where() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write("a.wat", &component(&["in"], &["out"]));
    let words = [
        "publish",
        "a.wat",
        "--package",
        "acme:a",
        "--version",
        "1.0.0",
    ];
    let with = |more: &[&'static str]| [&words[..], more].concat();

    let said = user.fails(2, "cli::usage", &words);
    assert!(said.contains("help: give `--yes` to agree"), "{said}");
    let said = user.ok(&with(&["--dry-run"]));
    for line in [
        "to publish acme:a@1.0.0\n",
        "  what       component, ",
        "  key        acme/owner, which record 1 of the namespace `acme` lets release `acme:*`\n",
        "  imports    in\n",
        "  exports    out\n",
        "  previous   none",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // A dry run sends nothing: the first record is still the next one.
    let document = user.json(&with(&["--dry-run"]));
    assert_eq!(
        (&document["state"], &document["record"]),
        (&"planned".into(), &Value::Null)
    );

    let said = user.ok(&with(&["--yes"]));
    let last = sentence(&said);
    assert!(
        last.starts_with("`acme:a@1.0.0` is record 6 of ")
            && last.contains("/log, signed by `acme/owner`; the log has 8 records at ")
            && last.ends_with(" UTC; no witness is asked for"),
        "{last}"
    );
    // To give the command again is no mistake, and logs nothing.
    let said = user.ok(&with(&["--yes"]));
    assert!(
        said.contains("it is published already") && said.contains("record 6 of"),
        "{said}"
    );
    let document = user.json(&with(&["--yes"]));
    assert_eq!(document["schema"], "tenon/publish/1");
    assert_eq!(document["state"], "published-before");
    assert_eq!(document["record"]["index"], 6);
    assert_eq!(document["record"]["log"]["size"], 8);
    assert_eq!(document["record"]["signed_by"][0], "acme/owner");

    // Other bytes, or another key, are another release.
    user.write("a.wat", &component(&["in"], &["out", "more"]));
    let said = user.fails(1, "publish::version", &with(&["--yes"]));
    assert!(
        said.contains("released already, with other bytes"),
        "{said}"
    );
    let twin = [&words[..5], &["1.0.0+linux", "--yes"]].concat();
    let said = user.fails(1, "publish::version", &twin);
    assert!(said.contains("has the version 1.0.0 already"), "{said}");
}

#[test]
fn what_is_no_component_is_refused_before_anything_is_asked() {
    let mut server = Server::start();
    let user = User::with_namespace(&server, "acme");
    server.kill();
    let publish = |file: &'static str| {
        let words = ["publish", file, "--package", "acme:a", "--version", "1.0.0"];
        let output = user.tenon(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    user.write("core.wat", "(module (func))");
    assert!(publish("core.wat").contains("core module"));
    user.write(
        "bad.wat",
        "(component (import \"a\" (func)) (import \"a\" (func)))",
    );
    assert!(publish("bad.wat").contains("error[compose::"));
    user.write("text.wasm", "hello");
    assert!(publish("text.wasm").contains("error[compose::"));
    assert!(publish("missing.wasm").contains("error[cli::io]"));
}

#[test]
fn names_and_versions_come_from_flags_or_from_within() {
    let mut server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write("a.wat", &component(&[], &["out"]));
    user.write(
        "wit/types.wit",
        "package acme:kit@0.3.0;\ninterface types { use dep:base/things@1.0.0.{thing}; get: func() -> thing; }\nworld w { export types; }\n",
    );
    user.write(
        "wit/deps/base.wit",
        "package dep:base@1.0.0;\ninterface things { record thing { n: u32 } }\n",
    );
    user.write(
        "plain.wit",
        "package acme:plain;\ninterface i { f: func(); }\n",
    );
    let said = user.fails(2, "publish::name", &["publish", "a.wat"]);
    assert!(said.contains("`--package NAMESPACE:NAME`"), "{said}");
    let said = user.fails(
        2,
        "publish::name",
        &["publish", "a.wat", "--package", "acme:a"],
    );
    assert!(said.contains("`--version MAJOR.MINOR.PATCH`"), "{said}");
    user.fails(
        2,
        "publish::name",
        &[
            "publish",
            "a.wat",
            "--package",
            "ACME:a",
            "--version",
            "1.0.0",
        ],
    );
    user.fails(
        2,
        "publish::name",
        &[
            "publish",
            "a.wat",
            "--package",
            "acme:a",
            "--version",
            "1.0",
        ],
    );
    let said = user.fails(
        2,
        "publish::name",
        &["publish", "wit", "--version", "0.4.0"],
    );
    assert!(
        said.contains("declares that it is `acme:kit@0.3.0`"),
        "{said}"
    );
    let said = user.fails(
        1,
        "publish::name",
        &["publish", "plain.wit", "--version", "0.4.0"],
    );
    assert!(said.contains("`package acme:plain@0.4.0;`"), "{said}");

    // The directory, and the one file of it, are the same package.
    for path in ["wit", "wit/types.wit"] {
        let document = user.json(&["publish", path, "--dry-run"]);
        let found = (
            &document["package"],
            &document["version"],
            &document["kind"],
        );
        assert_eq!(found, (&"acme:kit".into(), &"0.3.0".into(), &"wit".into()));
        assert_eq!(document["interfaces"][0], "types");
        assert_eq!(document["worlds"][0], "w");
    }
    // What comes through standard input has no folder beside it.
    for (text, code) in [
        ("package acme:plain@1.0.0;\ninterface i { f: func(); }\n", 0),
        (&component(&[], &["out"]), 2),
    ] {
        let mut command = user.tenon(&["publish", "-", "--dry-run"]);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{text}");
    }
    let document = user.json(&["publish", "wit", "--yes"]);
    assert_eq!(document["state"], "published");
    // The same in binary form is the same release.
    server.kill();
    user.fails(4, "registry::unavailable", &["publish", "wit", "--yes"]);
}

#[test]
fn a_token_that_is_not_known_is_said_to_be_none() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write("a.wat", &component(&[], &["run"]));
    let (begin, end) = server.token.split_at(server.token.len() - 4);
    let wrong = format!("{begin}{}", if end == "0000" { "1111" } else { "0000" });
    let words = [
        "publish",
        "a.wat",
        "--package",
        "acme:a",
        "--version",
        "1.0.0",
        "--yes",
    ];
    let output = user
        .tenon(&words)
        .env("TENON_TOKEN", wrong)
        .env("TENON_REGISTRY", &server.url)
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error[registry::login]"), "{text}");
    assert!(
        text.contains("because ") && text.contains("log in with `tenon login`"),
        "{text}"
    );
}

#[test]
fn a_key_without_a_grant_publishes_nothing() {
    let server = Server::start();
    let owner = User::with_namespace(&server, "acme");
    let other = User::with_key(&server, "acme/bob");
    other.write("a.wat", &component(&[], &["out"]));
    let words = [
        "publish",
        "a.wat",
        "--package",
        "acme:a",
        "--version",
        "1.0.0",
        "--yes",
    ];
    let said = other.fails(1, "namespace::not-granted", &words);
    assert!(
        said.contains("the key `acme/bob` may not release `acme:a`"),
        "{said}"
    );
    let said = other.fails(
        1,
        "namespace::unknown",
        &[
            "publish",
            "a.wat",
            "--package",
            "nobody:a",
            "--version",
            "1.0.0",
        ],
    );
    assert!(said.contains("there is no namespace `nobody`"), "{said}");
    let grant = [
        "namespace",
        "grant",
        "acme",
        &other.vkey(),
        "--allow",
        "release",
        "--packages",
        "b-*",
        "--yes",
    ];
    owner.ok(&grant);
    other.fails(1, "namespace::not-granted", &words);
    other.publish("a.wat", "acme:b-a", "1.0.0");
    // The same bytes by another key are not the same release.
    owner.write("a.wat", &component(&[], &["out"]));
    let said = owner.fails(
        1,
        "publish::version",
        &[
            "publish",
            "a.wat",
            "--package",
            "acme:b-a",
            "--version",
            "1.0.0",
        ],
    );
    assert!(
        said.contains("with the same bytes, signed by `acme/bob`"),
        "{said}"
    );

    // A token that may not publish is told so by the registry.
    let token = server.token("reader", &["read"], "*");
    owner.logged_in(&token);
    let said = owner.fails(
        1,
        "registry::problem",
        &[
            "publish",
            "a.wat",
            "--package",
            "acme:c",
            "--version",
            "1.0.0",
            "--yes",
        ],
    );
    assert!(said.contains("403"), "{said}");
}
