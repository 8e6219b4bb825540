use super::*;

#[test]
fn a_namespace_is_made_once_with_the_grant_that_releases_need() {
    let server = Server::start();
    let user = User::with_key(&server, "acme/alice");
    user.fails(1, "namespace::unknown", &["namespace", "show", "acme"]);
    user.fails(2, "cli::usage", &["namespace", "create", "acme"]);
    let document = user.json(&["namespace", "create", "acme", "--dry-run"]);
    assert_eq!(document["state"], "planned");
    user.fails(1, "namespace::unknown", &["namespace", "show", "acme"]);
    let said = user.ok(&["namespace", "create", "acme", "--yes"]);
    for line in [
        "the beginning of the namespace `acme` is record 2 of ",
        "the grant to `acme/alice` in the namespace `acme` is record 4 of ",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let document = user.json(&["namespace", "create", "third", "--yes"]);
    assert_eq!(document["schema"], "tenon/namespace-change/1");
    let found = (&document["change"], &document["then"]["change"]);
    assert_eq!(found, (&"create".into(), &"grant".into()));
    // The answer may have been lost.
    let document = user.json(&["namespace", "create", "acme", "--yes"]);
    assert_eq!(document["state"], "as-it-was");
    let document = user.json(&["namespace", "show", "acme"]);
    assert_eq!(document["schema"], "tenon/namespace/1");
    assert_eq!(
        (&document["threshold"], &document["records"]),
        (&1.into(), &2.into())
    );
    assert_eq!(document["keys"][0]["vkey"], user.vkey());
    assert_eq!(
        document["keys"][0]["permissions"],
        serde_json::json!(["own", "release", "yank"])
    );

    let other = User::with_key(&server, "acme/mallory");
    let said = other.fails(
        1,
        "namespace::taken",
        &["namespace", "create", "acme", "--yes"],
    );
    assert!(
        said.contains("there is a namespace `acme` already"),
        "{said}"
    );
    let grant = [
        "namespace",
        "grant",
        "acme",
        &other.vkey(),
        "--allow",
        "own",
        "--yes",
    ];
    let said = other.fails(1, "namespace::not-granted", &grant);
    assert!(said.contains("its owners are `acme/alice`"), "{said}");

    // Whoever only owns releases nothing.
    user.ok(&["namespace", "create", "bare", "--owners-only", "--yes"]);
    user.write("a.wat", &component(&[], &["out"]));
    user.fails(
        1,
        "namespace::not-granted",
        &[
            "publish",
            "a.wat",
            "--package",
            "bare:a",
            "--version",
            "1.0.0",
            "--yes",
        ],
    );
    // And a second time without that option gives the grant.
    user.ok(&["namespace", "create", "bare", "--yes"]);
    user.publish("a.wat", "bare:a", "1.0.0");
}

#[test]
fn grants_say_what_when_and_with_which_packages() {
    let server = Server::start();
    let owner = User::with_namespace(&server, "acme");
    let bob = User::with_key(&server, "acme/bob");
    let vkey = bob.vkey();
    let grant = |more: &[&str]| {
        let words = [
            &["namespace", "grant", "acme", &vkey],
            more,
            &["--yes", "--json"],
        ]
        .concat();
        let output = owner.tenon(&words).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            serde_json::from_str::<Value>(&text).unwrap(),
        )
    };
    for wrong in [
        &["--allow", "own", "--packages", "http-*"][..],
        &["--allow", "own,release", "--expires", "90d"],
        &["--allow", "release", "--expires", "2020-01-01"],
        &["--allow", "release", "--expires", "soon"],
        &["--allow", "release", "--packages", "HTTP"],
    ] {
        assert_eq!(grant(wrong).0, Some(2), "{wrong:?}");
    }
    let (code, document) = grant(&[
        "--allow",
        "release",
        "--packages",
        "http-*",
        "--expires",
        "2999-01-31",
    ]);
    assert_eq!(code, Some(0), "{document}");
    assert_eq!(document["state"], "logged");
    let says = document["says"].as_str().unwrap();
    assert!(
        says.ends_with("release `acme:http-*` until 2999-01-31T00:00:00Z"),
        "{says}"
    );
    assert_eq!(
        grant(&[
            "--allow",
            "release",
            "--packages",
            "http-*",
            "--expires",
            "2999-01-31"
        ])
        .1["state"],
        "as-it-was"
    );
    let said = owner.ok(&[
        "namespace",
        "grant",
        "acme",
        "acme/bob",
        "--allow",
        "release,yank",
        "--dry-run",
    ]);
    assert!(
        said.contains("in place of what it may do so far: release `acme:http-*` until"),
        "{said}"
    );
    let output = owner
        .tenon(&["namespace", "show", "acme"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains(&format!(
            "  {vkey}\n    may release `acme:http-*` until 2999-01-31T00:00:00Z\n"
        )),
        "{text}"
    );
    let said = owner.fails(
        1,
        "namespace::unknown-key",
        &[
            "namespace",
            "grant",
            "acme",
            "acme/nobody",
            "--allow",
            "own",
            "--yes",
        ],
    );
    assert!(said.contains("no key `acme/nobody`"), "{said}");
    let cut = &vkey[..vkey.len() - 4];
    owner.fails(
        2,
        "cli::usage",
        &["namespace", "grant", "acme", cut, "--allow", "own", "--yes"],
    );
}

#[test]
fn a_revocation_says_first_what_becomes_void() {
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
    owner.write("a.wat", &component(&[], &["out"]));
    let index = |document: Value| document["record"]["index"].as_u64().unwrap();
    bob.publish("a.wat", "acme:a", "1.0.0");
    let from = index(bob.publish("a.wat", "acme:a", "1.0.1"));
    owner.publish("a.wat", "acme:a", "1.0.2");
    bob.publish("a.wat", "acme:b", "0.1.0");
    let text = from.to_string();
    let revoke = [
        "namespace",
        "revoke",
        "acme",
        "acme/bob",
        "--from-index",
        &text,
    ];
    let document = owner.json(&[&revoke[..], &["--dry-run"]].concat());
    let expected = [
        format!("acme:a@1.0.1, record {from}"),
        format!("acme:b@0.1.0, record {}", from + 4),
    ];
    assert_eq!(document["void"], serde_json::json!(expected));
    owner.fails(
        2,
        "cli::usage",
        &[
            "namespace",
            "revoke",
            "acme",
            "acme/bob",
            "--from-index",
            "99999",
        ],
    );
    let said = owner.ok(&[&revoke[..], &["--yes"]].concat());
    assert!(
        said.contains("void become") && said.contains(&expected[0]),
        "{said}"
    );

    // They are void, their versions stay used, and the key is gone for good.
    owner.fails(
        1,
        "registry::no-match",
        &["yank", "acme:a@1.0.1", "--reason", "other", "--yes"],
    );
    owner.fails(
        1,
        "publish::version",
        &[
            "publish",
            "a.wat",
            "--package",
            "acme:a",
            "--version",
            "1.0.1",
            "--yes",
        ],
    );
    owner.ok(&["yank", "acme:a@1.0.0", "--reason", "other", "--yes"]);
    let said = bob.fails(
        1,
        "namespace::not-granted",
        &[
            "publish",
            "a.wat",
            "--package",
            "acme:a",
            "--version",
            "1.0.3",
            "--yes",
        ],
    );
    assert!(said.contains("`acme/bob` may not release"), "{said}");
    let vkey = bob.vkey();
    let said = owner.fails(
        1,
        "namespace::draft",
        &[
            "namespace",
            "grant",
            "acme",
            &vkey,
            "--allow",
            "release",
            "--yes",
        ],
    );
    assert!(
        said.contains("`tenon key generate` and grant that"),
        "{said}"
    );
    let document = owner.json(&["namespace", "show", "acme"]);
    let revoked = document["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["vkey"] == *vkey);
    assert_eq!(revoked.unwrap()["void_from"], from);
    // The last owner stays.
    let said = owner.fails(
        1,
        "namespace::draft",
        &["namespace", "revoke", "acme", "acme/owner", "--yes"],
    );
    assert!(said.contains("the rules do not allow"), "{said}");
}

#[test]
fn several_owners_sign_together() {
    let server = Server::start();
    let alice = User::with_key(&server, "acme/alice");
    let bob = User::with_key(&server, "acme/bob");
    let carol = User::with_key(&server, "acme/carol");
    let (bobs, carols) = (bob.vkey(), carol.vkey());
    let create = [
        "namespace",
        "create",
        "acme",
        "--threshold",
        "2",
        "--owner",
        &bobs,
        "--owner",
        &carols,
        "--yes",
    ];
    alice.fails(1, "namespace::threshold", &create);
    let draft = alice.at("draft");
    let draft = draft.to_str().unwrap();
    let document = alice.json(&[&create[..], &["--sign-to", draft]].concat());
    assert_eq!(
        (&document["state"], &document["threshold"]),
        (&"signed".into(), &2.into())
    );
    let said = alice.fails(
        1,
        "namespace::threshold",
        &["namespace", "submit", draft, "--yes"],
    );
    assert!(said.contains("1 of the 2 owners"), "{said}");

    // Whoever is no owner, or was given something else, signs nothing.
    let mallory = User::with_key(&server, "acme/mallory");
    mallory.fails(
        1,
        "namespace::not-granted",
        &["namespace", "sign", draft, "--yes"],
    );
    let good = fs::read_to_string(draft).unwrap();
    fs::write(draft, good.replace("threshold 2", "threshold 1")).unwrap();
    bob.fails(
        1,
        "namespace::draft",
        &["namespace", "sign", draft, "--yes"],
    );
    fs::write(draft, "hello").unwrap();
    bob.fails(
        1,
        "namespace::draft",
        &["namespace", "sign", draft, "--yes"],
    );
    fs::write(draft, good).unwrap();
    let said = bob.ok(&["namespace", "sign", draft, "--yes"]);
    assert!(
        said.contains("make the namespace `acme`") && said.contains("signed by `acme/alice`"),
        "{said}"
    );
    assert!(said.contains("signed by 2 of 2, which is enough"), "{said}");
    let document = carol.json(&["namespace", "submit", draft, "--yes"]);
    assert_eq!(
        (&document["state"], &document["index"]),
        (&"logged".into(), &2.into())
    );
    assert_eq!(document["signed_by"].as_array().unwrap().len(), 2);
    assert_eq!(
        carol.json(&["namespace", "submit", draft, "--yes"])["state"],
        "as-it-was"
    );

    // A change that was written before another one is no longer next.
    let grant = [
        "namespace",
        "grant",
        "acme",
        &bobs,
        "--allow",
        "own,release",
        "--yes",
        "--sign-to",
    ];
    bob.ok(&[&grant[..], &[draft]].concat());
    let other = alice.at("other");
    let other = other.to_str().unwrap();
    alice.ok(&[
        "namespace",
        "threshold",
        "acme",
        "3",
        "--yes",
        "--sign-to",
        other,
    ]);
    for (user, file) in [(&carol, draft), (&carol, other)] {
        user.ok(&["namespace", "sign", file, "--yes"]);
    }
    alice.ok(&["namespace", "submit", draft, "--yes"]);
    let said = alice.fails(
        1,
        "namespace::draft",
        &["namespace", "submit", other, "--yes"],
    );
    assert!(said.contains("has changed since"), "{said}");
    bob.write("a.wat", &component(&[], &["out"]));
    bob.publish("a.wat", "acme:a", "1.0.0");

    // A key goes on its own.
    carol.ok(&["namespace", "revoke", "acme", "acme/carol", "--yes"]);
    alice.fails(
        2,
        "cli::usage",
        &["namespace", "threshold", "acme", "3", "--yes"],
    );
}
