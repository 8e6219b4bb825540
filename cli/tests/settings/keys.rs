use super::*;

const FILE: &str = "config/keys/acme+alice.key";

#[test]
fn a_key_is_its_owners_alone_and_never_overwritten() {
    let place = Place::new();
    let vkey = place.ok(&["key", "generate", "acme/alice"]);
    assert_eq!(
        (place.mode(FILE), place.mode("config/keys")),
        (0o600, 0o700)
    );
    assert_eq!(place.ok(&["key", "show"]), vkey);
    let text = place.read(FILE);
    let seed = text.lines().last().unwrap().strip_prefix("seed ").unwrap();
    for words in [
        &["key", "show", "acme/alice", "-v"][..],
        &["key", "show", "--json"],
        &["key", "list", "-v"],
        &["key", "list", "--json"],
        &["key", "check", "-v"],
    ] {
        let output = place.run(words);
        assert!(output.status.success());
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8(all).unwrap().contains(seed), "{words:?}");
    }
    place.fails("key::exists", &["key", "generate", "acme/alice"]);
    assert_eq!(place.read(FILE), text);
    assert_eq!(
        litter(&place.at("config/keys"), &["acme+alice.key"]),
        [""; 0]
    );
}

#[test]
fn of_many_processes_one_makes_the_key() {
    let place = Place::new();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| give(place.tenon(&["key", "generate", "acme/alice"]), ""))
        .collect();
    let outputs = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap());
    let (made, refused): (Vec<_>, Vec<_>) = outputs.partition(|output| output.status.success());
    assert_eq!((made.len(), refused.len()), (1, PROCESSES - 1));
    for output in &refused {
        assert!(
            said(output).starts_with("error[key::exists]"),
            "{}",
            said(output)
        );
    }
    assert_eq!(place.ok(&["key", "show"]).as_bytes(), made[0].stdout);
    assert_eq!(
        litter(&place.at("config/keys"), &["acme+alice.key"]),
        [""; 0]
    );
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let place = Place::new();
    place.ok(&["key", "generate", "acme/alice"]);
    for mode in [0o640, 0o604, 0o620, 0o644] {
        place.set_mode(FILE, mode);
        for command in ["show", "check"] {
            let said = place.fails("config::exposed", &["key", command]);
            let path = place.at(FILE);
            assert!(
                said.contains(&format!("chmod 600 '{}'", path.display())),
                "{said}"
            );
        }
        let list = place.run(&["key", "list"]);
        assert!(list.stdout.is_empty() && said(&list).contains("holds secrets"));
    }
    place.set_mode(FILE, 0o600);
    place.ok(&["key", "check"]);
}

#[test]
fn a_passphrase_opens_its_key_only() {
    let place = Place::new();
    place.write("right", "correct horse\nsecond line\n");
    place.write("wrong", "correct horsf\n");
    place.write("empty", "\n");
    let with = |name, file| ["key", "generate", name, "--passphrase-file", file];
    place.ok(&with("acme/alice", "right"));
    let check = |file| ["key", "check", "--passphrase-file", file];
    place.ok(&check("right"));
    for file in ["wrong", "empty"] {
        let said = place.fails("key::passphrase", &check(file));
        assert!(!said.contains("horsf"));
    }
    // Without a terminal nobody can be asked; what is public needs no passphrase.
    let said = place.fails("cli::usage", &["key", "check"]);
    assert!(said.contains("--passphrase-file"), "{said}");
    place.ok(&["key", "show"]);
    place.fails("key::passphrase", &with("acme/bob", "empty"));
    place.fails("cli::io", &with("acme/bob", "missing"));
    place.fails(
        "cli::usage",
        &["key", "generate", "acme/bob", "--passphrase"],
    );
    assert_eq!(
        litter(&place.at("config/keys"), &["acme+alice.key"]),
        [""; 0]
    );
}

#[test]
fn a_file_that_was_changed_is_no_key() {
    let place = Place::new();
    place.write("passphrase", "x\n");
    place.ok(&[
        "key",
        "generate",
        "acme/alice",
        "--passphrase-file",
        "passphrase",
    ]);
    let text = place.read(FILE);
    let check = ["key", "check", "--passphrase-file", "passphrase"];
    for (changed, code) in [
        (text[..text.len() - 9].to_owned(), "key::damaged"),
        (text[..60].to_owned(), "key::damaged"),
        (String::new(), "key::damaged"),
        (text.replace("key/v1", "key/v2"), "key::damaged"),
        (text.replace("alice", "mallory"), "key::damaged"),
        (text.replace(" 65536 ", " 65537 "), "key::passphrase"),
        (text.replace(" 65536 ", " 4294967295 "), "key::damaged"),
        (text.replace(" 3 1 ", " 4294967295 1 "), "key::damaged"),
        ("\u{1b}[31m".repeat(99), "key::damaged"),
        ("x".repeat(2 << 20), "config::invalid"),
    ] {
        assert_ne!(changed, text);
        fs::write(place.at(FILE), changed).unwrap();
        let said = place.fails(code, &check);
        assert!(!said.contains('\u{1b}'));
    }
    fs::write(place.at(FILE), [0xff; 99]).unwrap();
    place.fails("cli::io", &check);
    fs::write(place.at(FILE), text).unwrap();
    place.ok(&check);
}

#[test]
fn the_key_to_sign_with_is_never_guessed() {
    let place = Place::new();
    place.fails("key::none", &["key", "show"]);
    let alice = place.ok(&["key", "generate", "acme/alice"]);
    let bob = place.ok(&["key", "generate", "acme/bob"]);
    let carol = place.ok(&["key", "generate", "acme/carol", "--out", "stick"]);
    place.fails("key::several", &["key", "show"]);
    assert_eq!(place.ok(&["key", "show", "acme/alice"]), alice);
    assert_eq!(place.ok(&["key", "show", "stick/acme+carol.key"]), carol);
    let chosen = place
        .tenon(&["key", "show"])
        .env("TENON_KEY", "acme/bob")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(chosen.stdout).unwrap(), bob);
    let said = place.fails("key::unknown", &["key", "show", "acme/alic"]);
    assert!(said.contains("did you mean `acme/alice`?"), "{said}");
    for name in ["../../escape", "/absolute", "..", "a/../../b"] {
        place.ok(&["key", "generate", name]);
    }
    assert_eq!(litter(&place.at("config/keys"), &[]).len(), 6);
    assert_eq!(litter(&place.at(""), &["config", "stick"]), [""; 0]);
    place.fails("key::name", &["key", "generate", "a\u{202e}b"]);
}
