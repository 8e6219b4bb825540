use super::*;

#[test]
fn a_release_is_yanked_and_taken_back() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write("a.wat", &component(&[], &["out"]));
    user.publish("a.wat", "acme:a", "1.0.0");
    let yank = ["yank", "acme:a@1.0.0", "--reason", "security"];
    user.fails(2, "cli::usage", &yank);
    user.fails(2, "cli::usage", &["yank", "acme:a", "--undo"]);
    assert!(
        !user
            .tenon(&["yank", "acme:a@1.0.0"])
            .output()
            .unwrap()
            .status
            .success()
    );
    user.fails(
        1,
        "registry::no-match",
        &["yank", "acme:a@2.0.0", "--undo", "--yes"],
    );
    assert_eq!(
        user.json(&[&yank[..], &["--dry-run"]].concat())["state"],
        "planned"
    );

    let said = user.ok(&[&yank[..], &["--yes"]].concat());
    assert!(
        said.contains("the yank of `acme:a@1.0.0` is record 8 of "),
        "{said}"
    );
    let document = user.json(&[&yank[..], &["--yes"]].concat());
    assert_eq!(document["state"], "as-it-was");
    // It is there, and said to be yanked.
    let words = [
        "publish",
        "a.wat",
        "--package",
        "acme:a",
        "--version",
        "1.0.0",
    ];
    assert!(
        user.ok(&words)
            .contains("warning: 1.0.0 is yanked (security)")
    );

    let document = user.json(&["yank", "acme:a@1.0.0", "--undo", "--yes"]);
    assert_eq!(
        (&document["state"], &document["index"]),
        (&"logged".into(), &10.into())
    );
    let said = user.ok(&["yank", "acme:a@1.0.0", "--undo", "--yes"]);
    assert!(said.contains("`acme:a@1.0.0` is not yanked"), "{said}");
    assert!(!user.ok(&words).contains("warning"));
}

#[test]
fn to_yank_takes_a_grant_of_its_own() {
    let server = Server::start();
    let owner = User::with_namespace(&server, "acme");
    let bob = User::with_key(&server, "acme/bob");
    owner.ok(&[
        "namespace",
        "grant",
        "acme",
        &bob.vkey(),
        "--allow",
        "release",
        "--yes",
    ]);
    bob.write("a.wat", &component(&[], &["out"]));
    bob.publish("a.wat", "acme:a", "1.0.0");
    let yank = ["yank", "acme:a@1.0.0", "--reason", "broken", "--yes"];
    bob.fails(1, "namespace::not-granted", &yank);
    owner.ok(&[
        "namespace",
        "grant",
        "acme",
        "acme/bob",
        "--allow",
        "release,yank",
        "--yes",
    ]);
    bob.ok(&yank);
}
