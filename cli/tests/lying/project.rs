//! C9, C18, C19 and C25, told to a project: by the commands that have a lock file.

use crate::place::Place;
use crate::scene::*;
use crate::server::{self, Server, now};
use crate::shop::*;
use crate::support::*;
use std::fs;
use tenon_registry_client::record::{Content, ContentKind, PackageAct, Permission};

/// A registry with a release of what the shop needs.
pub(crate) fn serving() -> Server {
    let server = Server::start();
    server.world().publish_http("1.0.0");
    server
}

/// A shop that is locked and built, after which there is a second release.
pub(crate) fn locked() -> Shop {
    let shop = Shop::new(Place::of(serving()));
    shop.ok(&["build"]);
    shop.place.server.world().publish_http("1.1.0");
    shop
}

/// That a locked shop builds what it built, whatever else there is now.
pub(crate) fn builds(shop: &Shop) {
    let built = fs::read(shop.at(BUILT)).unwrap();
    fs::remove_file(shop.at(BUILT)).unwrap();
    shop.ok(&["build", "--locked"]);
    assert_eq!(fs::read(shop.at(BUILT)).unwrap(), built);
}

/// What commands do that verify what is locked; each would write, if it could.
pub(crate) const VERIFYING: [&[&str]; 4] = [
    &["fetch"],
    &["build", "--force"],
    &["build", "--force", "--locked"],
    &["get", "acme:http", "--locked", "-o", "out"],
];

/// Two whose registry has shown each another history, of one pin; the first has locked.
fn divided() -> (Shop, Shop) {
    let clock = now();
    let begin = || {
        let server = Server::start_with(server::registry(clock), |stream| Some(Box::new(stream)));
        server.world().publish_http("1.0.0");
        server
    };
    let [author, reader] = [begin(), begin()].map(|server| Shop::new(Place::of(server)));
    assert_eq!(author.place.server.pin(), reader.place.server.pin());
    let publish = |shop: &Shop, name: &str| {
        let mut world = shop.place.server.world();
        world.publish(name, "1.0.0", &component(name, &[], &["more"]));
    };
    publish(&author, "acme:one");
    publish(&reader, "acme:two");
    author.ok(&["lock"]);
    (author, reader)
}

#[test]
fn c09_two_histories_meet_in_a_project() {
    for reader_knows in [true, false] {
        let (author, reader) = divided();
        if reader_knows {
            reader.ok(&["lock"]);
            reader.ok(&["fetch"]);
        }
        reader.write("tenon.lock", author.read("tenon.lock"));
        let state = || state(&reader.place);
        for words in VERIFYING
            .into_iter()
            .chain([&["update"][..], &["outdated"]])
        {
            let before = reader.kept();
            let said = reader.run(words);
            // What shows what the registry has, and takes nothing from the lock file, may show it.
            if words == ["outdated"] && said.code == Some(0) {
                continue;
            }
            assert_eq!(said.code, Some(3), "{words:?}: {}", said.err);
            assert!(
                said.err.contains("error[registry::lock]: the checkpoint in the lock file and the one verified here are of different histories"),
                "{words:?}: {}",
                said.err
            );
            assert!(
                said.err.contains("both checkpoints are kept in `"),
                "{}",
                said.err
            );
            // Who knew nothing knows now what was shown, and nothing of the lock file.
            let mut after = reader.kept();
            if !reader_knows {
                after
                    .retain(|path, _| before.contains_key(path) || path.starts_with(reader.at("")));
            }
            assert_eq!(changes(&before, &after), [""; 0], "{words:?}");
            let found = evidence(&reader.place);
            assert_eq!(found.len(), 1, "{words:?}");
            let known = state().unwrap();
            let evidence = tenon_registry_client::state::ForkEvidence::parse(
                &found[0],
                &known.checkpoint().origin,
                known.log_keys(),
            );
            let evidence = evidence.unwrap();
            assert!(
                reader
                    .read("tenon.lock")
                    .contains(&evidence.offered.checkpoint().root.to_string())
            );
            if !reader_knows {
                fs::remove_dir_all(reader.place.at("state")).unwrap();
            }
        }
        // What asks nobody says what the lock file says.
        let asked = reader.asks(|reader| {
            reader.ok(&["tree"]);
            reader.ok(&["why", "acme:http"]);
            reader.ok(&["lock"]);
        });
        assert_eq!(asked, [""; 0]);
        // What has to ask is refused.
        let asking =
            format!("{MANIFEST}\n").replace("\"acme:http\"", "\"acme:two\" = \"1\"\n\"acme:http\"");
        reader.write("tenon.toml", asking);
        let said = reader.run(&["lock"]);
        assert_eq!(said.code, Some(3), "{}", said.err);
        assert_eq!(reader.read("tenon.lock"), author.read("tenon.lock"));
        let said = reader.run(&["add", "acme:two"]);
        assert_eq!(said.code, Some(3), "{}", said.err);
        assert_eq!(reader.read("tenon.lock"), author.read("tenon.lock"));
        // The author is fine.
        author.ok(&["build"]);
    }
}

#[test]
fn c09_two_histories_meet_in_a_merge() {
    let (author, reader) = divided();
    reader.ok(&["lock"]);
    let (ours, theirs) = (reader.read("tenon.lock"), author.read("tenon.lock"));
    assert_ne!(ours, theirs);
    reader.write(
        "tenon.lock",
        format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n"),
    );
    let said = reader.fails(3, "registry::lock", &["lock", "--merge"]);
    assert!(said.err.contains("of different histories"), "{}", said.err);
    assert_eq!(evidence(&reader.place).len(), 1);
    // Where the release has another place in each history, too.
    let (author, reader) = divided();
    {
        let mut world = reader.place.server.world();
        world.publish_http("1.2.0");
        world.publish("acme:four", "1.0.0", &component("four", &[], &["more"]));
    }
    {
        let mut world = author.place.server.world();
        world.publish("acme:three", "1.0.0", &component("three", &[], &["more"]));
        world.publish_http("1.2.0");
    }
    author.ok(&["update"]);
    reader.ok(&["lock"]);
    let (ours, theirs) = (reader.read("tenon.lock"), author.read("tenon.lock"));
    reader.write(
        "tenon.lock",
        format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n"),
    );
    reader.fails(3, "registry::lock", &["lock", "--merge"]);
    assert_eq!(evidence(&reader.place).len(), 1);
}

#[test]
fn c18_a_project_locks_what_the_record_says() {
    let shop = Shop::new(Place::of(serving()));
    {
        let mut world = shop.place.server.world();
        world.publish_http("1.2.4");
        world.publish_http("2.0.0-rc.1");
        world.publish_http("1.3.0");
        let yanked = yank("1.3.0");
        world.log("acme:http", yanked);
        world.list(
            "http",
            &[
                listed("1.2.3", &http("1.2.4"), &[]),
                listed("1.2.3+evil", &http("1.2.4"), &[]),
                listed("1.2.4+evil", &http("1.2.4"), &[]),
                listed("99.0.0", &http("1.2.4"), &[]),
                listed("1.3.0", &http("1.3.0"), &[]),
                listed("latest", &http("1.0.0"), &[]),
                listed("2.0.0", &http("2.0.0-rc.1"), &[]),
            ],
        );
    }
    // Neither what the log does not have, nor what is yanked, nor a prerelease.
    shop.ok(&["lock"]);
    assert_eq!(shop.locked("acme:http"), ["1.2.4"]);
    let digest = tenon_registry_client::Digest::of(&http("1.2.4")).to_string();
    assert!(shop.read("tenon.lock").contains(&digest));
    for asked in ["=1.2.3", "^99", "^2", "=1.3.1"] {
        shop.write("tenon.toml", MANIFEST.replace("^1", asked));
        shop.fails(1, "project::conflict", &["lock"]);
    }
    shop.write("tenon.toml", MANIFEST);
    shop.fails(
        1,
        "project::precise",
        &["update", "acme:http", "--precise", "1.2.3"],
    );
    // The version without what is built from it is the one.
    shop.ok(&["build"]);
    // A lock file that says another version of the same bytes is not what the log says.
    let edited = shop.read("tenon.lock").replace("\"1.2.4\"", "\"1.2.3\"");
    shop.write("tenon.lock", edited);
    let before = shop.kept();
    let said = shop.run(&["build", "--force"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(
        said.err.contains("error[verify::no-such-release]"),
        "{}",
        said.err
    );
    assert_eq!(changes(&before, &shop.kept()), [""; 0]);
}

/// The WIT of streams, in a version.
fn streams(version: &str) -> Vec<u8> {
    wit(&[&format!(
        "package acme:io@{version};\ninterface streams {{ flush: func(); }}\n"
    )])
}

/// A component that uses the WIT of streams in a version.
fn using(tag: &str, version: &str) -> Vec<u8> {
    component(tag, &[&format!("acme:io/streams@{version}")], &["http"])
}

#[test]
fn c18_a_lie_about_needs_takes_nothing_but_honest_releases() {
    let shop = Shop::new(Place::new());
    let (old, new) = (using("old", "0.2.0"), using("new", "0.2.1"));
    let list = |of_old: &[(&str, &str)], of_new: &[(&str, &str)]| {
        let releases = [listed("1.0.0", &old, of_old), listed("1.1.0", &new, of_new)];
        shop.place.server.world().list("http", &releases);
    };
    {
        let mut world = shop.place.server.world();
        for version in ["0.2.0", "0.2.1", "0.2.2", "0.2.3"] {
            world.publish_wit("acme:io", version, &streams(version));
        }
        world.log("acme:io", yank("0.2.2"));
        world.log("acme:io", yank("0.2.3"));
        world.publish("acme:http", "1.0.0", &old);
        world.publish("acme:http", "1.1.0", &new);
    }
    let truth = || list(&[("acme:io", "0.2.0")], &[("acme:io", "0.2.1")]);
    let manifest = MANIFEST.replace("[compose]", "\"acme:io\" = \"0.2\"\n\n[compose]");
    shop.write("tenon.toml", &manifest);
    shop.write("app.wasm", component("app", &["http"], &["run"]));
    // What is not said is found once the bytes are here, and nothing is built of it.
    for (of_new, what) in [
        (&[][..], "none"),
        (&[("acme:io", "0.2.0")], "`acme:io ^0.2.0`"),
        (
            &[("acme:io", "0.2.1"), ("acme:gone", "1.0.0")],
            "`acme:gone ^1.0.0`, `acme:io ^0.2.1`",
        ),
    ] {
        list(&[("acme:io", "0.2.0")], of_new);
        shop.ok(&["lock"]);
        assert_eq!(shop.locked("acme:http"), ["1.1.0"], "{of_new:?}");
        let said = shop.fails(3, "project::needs", &["fetch"]);
        assert!(
            said.err.contains(&format!("`tenon.lock` has {what}\n")),
            "{}",
            said.err
        );
        assert!(
            said.err.contains("its content has `acme:io ^0.2.1`\n"),
            "{}",
            said.err
        );
        shop.fails(3, "project::needs", &["build"]);
        // A registry that says the truth again is believed when what was locked by the lie is given up.
        truth();
        shop.ok(&["update", "acme:http"]);
        shop.ok(&["fetch"]);
        fs::remove_file(shop.at("tenon.lock")).unwrap();
    }
    // Who has locked nothing can be steered to an older release, by need of what cannot be had: and no further.
    list(&[("acme:io", "0.2.0")], &[("acme:io", "0.2.2")]);
    shop.ok(&["lock"]);
    assert_eq!(shop.locked("acme:http"), ["1.0.0"]);
    assert_eq!(shop.locked("acme:io"), ["0.2.1"]);
    shop.ok(&["fetch"]);
    // Nor can it be where each release lies.
    fs::remove_file(shop.at("tenon.lock")).unwrap();
    list(&[("acme:io", "0.2.3")], &[("acme:io", "0.2.2")]);
    shop.fails(1, "project::conflict", &["lock"]);
    // What is locked does not move by a lie, whatever else is added.
    truth();
    shop.ok(&["build"]);
    assert_eq!(shop.locked("acme:http"), ["1.1.0"]);
    let before = shop.read("tenon.lock");
    let entry = |lock: &str| {
        let from = lock.find("name = \"acme:http\"").unwrap();
        let to = lock[from..].find("[[package]]").unwrap();
        lock[from..from + to].to_owned()
    };
    shop.place
        .server
        .world()
        .publish("acme:log", "1.0.0", &component("log", &[], &["log"]));
    for of_new in [&[("acme:io", "0.2.2")][..], &[("acme:gone", "1.0.0")], &[]] {
        list(&[("acme:io", "0.2.0")], of_new);
        shop.ok(&["add", "acme:log"]);
        assert_eq!(
            entry(&shop.read("tenon.lock")),
            entry(&before),
            "{of_new:?}"
        );
        assert_eq!(shop.locked("acme:io"), ["0.2.1"]);
        shop.ok(&["build"]);
        shop.ok(&["remove", "acme:log"]);
        assert_eq!(
            entry(&shop.read("tenon.lock")),
            entry(&before),
            "{of_new:?}"
        );
    }
}

#[test]
fn c19_a_project_asks_one_registry_for_a_namespace() {
    let shop = Shop::new(Place::of(serving()));
    // Another registry has the name, in a version that nobody can withstand.
    let begin = |origin: &str| {
        let registry = server::registry_of(origin, now());
        Server::start_with(registry, |stream| Some(Box::new(stream)))
    };
    let (theirs, ours) = (begin("evil.example/log"), begin("corp.example/log"));
    {
        let mut world = theirs.world();
        let (owner, alice) = (key("acme/owner"), key("acme/alice"));
        world.registry.create("corp", &owner);
        let rights = grant(&[Permission::Release]);
        world.registry.grant("corp", &alice, rights, &owner);
        let act = PackageAct::Release {
            version: version("99.0.0"),
            content: Content {
                digest: tenon_registry_client::Digest::of(b"evil"),
                size: 4,
                kind: ContentKind::Component,
            },
            attestation: None,
        };
        world.registry.log_package("corp:secret", act, &[&alice]);
        world.registry.seal();
    }
    {
        let mut world = ours.world();
        world.registry.create("corp", &key("acme/owner"));
        world.registry.seal();
    }
    let mapped = |name: &str, server: &Server, namespace: &str| {
        let (base, pin) = (server.base(), server.pin());
        let words = [
            "registry",
            "add",
            name,
            &base,
            &pin,
            "--namespace",
            namespace,
        ];
        shop.place.ok(&words);
    };
    // `local`, the default, has nothing of it either, and is not to be asked.
    mapped("corp", &ours, "corp");
    mapped("evil", &theirs, "evil");
    for server in [&shop.place.server, &theirs] {
        server.world().asked.clear();
    }
    let wanting = MANIFEST.replace("\"acme:http\" = \"^1\"", "\"corp:secret\" = \">=1\"");
    shop.write("tenon.toml", wanting);
    // From here on it is known that ours is a registry.
    shop.run(&["lock"]);
    for words in [
        &["lock"][..],
        &["fetch"],
        &["build"],
        &["add", "corp:secret"],
    ] {
        shop.fails(1, "verify::no-such-package", words);
    }
    assert_eq!(theirs.asked(""), 0);
    assert_eq!(shop.place.server.asked(""), 0);
    assert!(
        ours.asked("corp:secret") + ours.asked("corp%3Asecret") > 0,
        "{:?}",
        ours.world().asked
    );
    // It is no other where a package of another registry is what needs it.
    let uses = wit(&[
        "package corp:secret@1.0.0;\ninterface keys { get: func(); }\n",
        "package acme:shown@1.0.0;\nworld w { import corp:secret/keys@1.0.0; }\n",
    ]);
    {
        let mut world = shop.place.server.world();
        world.publish_wit("acme:shown", "1.0.0", &uses);
        world.list(
            "shown",
            &[listed("1.0.0", &uses, &[("corp:secret", "1.0.0")])],
        );
        world.asked.clear();
    }
    ours.world().asked.clear();
    shop.write("tenon.toml", "[dependencies]\n\"acme:shown\" = \"1\"\n");
    shop.run(&["lock"]);
    let said = shop.fails(1, "project::conflict", &["lock"]);
    assert!(said.err.contains("corp:secret"), "{}", said.err);
    assert_eq!(theirs.asked(""), 0);
    assert_eq!(shop.place.server.asked("secret"), 0);
    assert!(ours.asked("secret") > 0);
    // Once ours has it, it comes from there.
    {
        let mut world = ours.world();
        let alice = key("acme/alice");
        let rights = grant(&[Permission::Release]);
        world
            .registry
            .grant("corp", &alice, rights, &key("acme/owner"));
        let bytes = wit(&["package corp:secret@1.0.0;\ninterface keys { get: func(); }\n"]);
        world.publish_wit("corp:secret", "1.0.0", &bytes);
    }
    shop.ok(&["fetch"]);
    assert_eq!(shop.locked("corp:secret"), ["1.0.0"]);
    assert_eq!(theirs.asked(""), 0);
    // A namespace that moves to another registry is no news of what is locked.
    let path = shop.place.at("config/config.toml");
    let config = fs::read_to_string(&path).unwrap();
    let moved = config.replace("corp = \"corp\"", "corp = \"evil\"");
    assert_ne!(moved, config);
    fs::write(&path, moved).unwrap();
    for words in [
        &["fetch"][..],
        &["fetch", "--offline"],
        &["fetch", "--locked"],
    ] {
        let said = shop.fails(2, "project::moved", words);
        assert!(
            said.err.contains("is locked from `corp.example/log`"),
            "{}",
            said.err
        );
    }
    assert_eq!(theirs.asked(""), 0);
    assert_eq!(shop.locked("corp:secret"), ["1.0.0"]);
}

#[test]
fn c25_a_project_is_held_to_what_was_before() {
    let shop = locked();
    // The thief releases; then the owner says from where on.
    let from = shop.place.server.world().registry.size();
    shop.place.server.world().publish_http("1.2.0");
    let other = Shop::new(Place::of(shop.place.server.clone()));
    other.ok(&["build"]);
    assert_eq!(other.locked("acme:http"), ["1.2.0"]);
    let before = other.kept();
    {
        let mut world = shop.place.server.world();
        let (alice, owner) = (key("acme/alice"), key("acme/owner"));
        world.registry.revoke("acme", &alice, Some(from), &owner);
        world.registry.seal();
    }
    // Who was away is told what cannot be known: everything is as it was.
    for words in [
        &["build", "--force", "--offline"][..],
        &["build", "--force", "--frozen"],
        &["fetch", "--offline"],
    ] {
        let said = other.ok(words);
        assert!(
            said.err.contains("warning: without the network, whether what is locked was yanked or revoked since it was verified is not known"),
            "{words:?}: {}",
            said.err
        );
        assert_eq!(changes(&before, &other.kept()), [""; 0], "{words:?}");
    }
    // What was before is as good as it was.
    shop.ok(&["fetch"]);
    builds(&shop);
    // What came after never was. That this was seen is remembered, and nothing else.
    for words in VERIFYING.into_iter().chain([
        &["fetch", "--offline"][..],
        &["build", "--force", "--frozen"],
    ]) {
        let said = other.run(words);
        assert_eq!(said.code, Some(1), "{words:?}: {}", said.err);
        assert!(
            said.err.contains("error[verify::no-such-release]")
                && said
                    .err
                    .contains("by a key that was compromised, and is void"),
            "{words:?}: {}",
            said.err
        );
        assert_eq!(
            other.read("tenon.lock").as_bytes(),
            before[&other.at("tenon.lock")]
        );
        assert!(!other.at("out").exists());
    }
    // What is locked in its place is said, with the reason.
    let said = other.ok(&["update"]);
    assert_eq!(other.locked("acme:http"), ["1.1.0"]);
    assert!(
        said.err
            .contains("warning: `tenon.lock` had `acme:http@1.2.0`: "),
        "{}",
        said.err
    );
    assert!(said.err.contains("compromised"), "{}", said.err);
    other.ok(&["build"]);
}
