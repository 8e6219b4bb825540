//! Whether a registry can move what a project has locked: with its online keys, without them, and by time.

use crate::place::Place;
use crate::project::{VERIFYING, builds, locked, serving};
use crate::scene::*;
use crate::server::{self, Server, now};
use crate::shop::*;
use crate::support::*;
use std::fs;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{Head, Map, SigningKey};
use tenon_registry_client::record::{Content, ContentKind, PackageAct, Permission, Subject};

/// That all that verifies what is locked is refused.
fn all_verifying_refuse(shop: &Shop, code: &str) {
    for words in VERIFYING {
        shop.fails(3, code, words);
    }
}

#[test]
fn a_registry_without_its_keys_moves_nothing_that_is_locked() {
    // Other bytes.
    let shop = locked();
    fs::remove_dir_all(shop.place.at("cache/blobs")).unwrap();
    tell(&shop.place.server, |target, reply| {
        if target.starts_with("/blobs/") {
            reply.body = http("1.1.0");
        }
    });
    for words in VERIFYING {
        let before = shop.kept();
        let said = shop.run(words);
        assert_eq!(said.code, Some(3), "{words:?}: {}", said.err);
        assert!(
            said.err.contains("error[verify::content"),
            "{words:?}: {}",
            said.err
        );
        assert_eq!(changes(&before, &shop.kept()), [""; 0]);
    }
    shop.place.server.world().lie = None;
    builds(&shop);
    // A smaller log, whose steps are kept and are not.
    let shop = locked();
    shop.ok(&["fetch"]);
    shop.ok(&["info", "acme:http"]);
    shop.place.ok(&["fetch", "acme:http@1.1.0"]);
    {
        let mut world = shop.place.server.world();
        let mut older = server::registry(world.registry.clock);
        std::mem::swap(&mut world.registry, &mut older);
        world.publish_http("1.0.0");
    }
    for words in VERIFYING.into_iter().chain([&["update"][..]]) {
        let before = shop.kept();
        let said = shop.run(words);
        assert_eq!(said.code, Some(3), "{words:?}: {}", said.err);
        assert_eq!(changes(&before, &shop.kept()), [""; 0]);
    }
}

#[test]
fn a_registry_with_its_keys_moves_nothing_that_is_locked() {
    type Act = fn(&mut server::World);
    let acts: [(&str, Act); 5] = [
        // Another release of this version is in the log, with the place of the first hidden.
        ("verify::head-mismatch", |world| {
            replace_package(world, &key("acme/alice"), &http("1.1.0"));
        }),
        // The same bytes, by another publisher.
        ("verify::head-mismatch", |world| {
            let rights = grant(&[Permission::Release]);
            let owner = key("acme/owner");
            world
                .registry
                .grant("acme", &key("acme/bob"), rights, &owner);
            replace_package(world, &key("acme/bob"), &http("1.0.0"));
        }),
        // The same bytes by the same publisher, elsewhere in the log.
        ("verify::head-mismatch", |world| {
            world.registry.clock += 1;
            replace_package(world, &key("acme/alice"), &http("1.0.0"));
        }),
        // The chain is hidden.
        ("verify::subject-rollback", |world| {
            hide(world, &Subject::Package(package("acme:http")), 0);
        }),
        ("verify::subject-rollback", |world| {
            hide(world, &Subject::Namespace(namespace("acme")), 2);
        }),
    ];
    for (at, (code, act)) in acts.into_iter().enumerate() {
        let shop = Shop::new(Place::of(serving()));
        {
            let mut world = shop.place.server.world();
            let rights = grant(&[Permission::Release]);
            let (carol, owner) = (key("acme/carol"), key("acme/owner"));
            world.publish("acme:log", "1.0.0", &component("log", &[], &["log"]));
            world.registry.grant("acme", &carol, rights, &owner);
            world.registry.seal();
        }
        shop.ok(&["build"]);
        {
            let mut world = shop.place.server.world();
            act(&mut world);
        }
        each_refuses(&shop, at, code);
        // Neither is whoever comes with the lock file and nothing else.
        let fresh = Shop::new(Place::of(shop.place.server.clone()));
        fresh.write("tenon.lock", shop.read("tenon.lock"));
        for words in [
            &["fetch"][..],
            &["build"],
            &["update"],
            &["add", "acme:log"],
        ] {
            let said = fresh.run(words);
            assert!(
                said.code == Some(3),
                "{at} {words:?}: {:?} {}",
                said.code,
                said.err
            );
            assert_eq!(fresh.read("tenon.lock"), shop.read("tenon.lock"));
            assert_eq!(fresh.read("tenon.toml"), MANIFEST);
            assert!(!fresh.at(BUILT).exists());
        }
    }
}

fn each_refuses(shop: &Shop, at: usize, code: &str) {
    // That the registry is honest about a package is remembered; what it is not is added to nothing.
    let of_project = || {
        let mut kept = shop.kept();
        kept.retain(|path, _| path.starts_with(shop.at("")));
        kept
    };
    for words in VERIFYING
        .into_iter()
        .chain([&["update"][..], &["add", "acme:log"]])
    {
        let before = (shop.believed(), of_project());
        let said = shop.run(words);
        assert_eq!(said.code, Some(3), "{at} {words:?}: {}", said.err);
        assert!(
            said.err.contains(&format!("error[{code}]")),
            "{at} {words:?}: {}",
            said.err
        );
        let after = (shop.believed(), of_project());
        assert_eq!(changes(&before.1, &after.1), [""; 0], "{at} {words:?}");
        if words[0] != "add" {
            assert_eq!(after.0, before.0, "{at} {words:?}");
        }
    }
}

/// Has the log begin the package again, with these bytes as its first release.
fn replace_package(world: &mut server::World, by: &SigningKey, bytes: &[u8]) {
    let subject = Subject::Package(package("acme:http"));
    world.registry.chains.remove(&subject);
    let content = Content {
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        kind: ContentKind::Component,
    };
    world.blobs.insert(content.digest, bytes.to_vec());
    let act = PackageAct::Release {
        version: version("1.0.0"),
        content,
        attestation: None,
    };
    world.registry.log_package("acme:http", act, &[by]);
    world.registry.seal();
}

/// Has the log show no more than so many records of a chain.
fn hide(world: &mut server::World, subject: &Subject, count: usize) {
    let chain = world.registry.chains.get_mut(subject).unwrap();
    chain.truncate(count);
    let head = chain.last().map(|last| Head {
        index: last.index,
        seq: count as u32 - 1,
        hash: last.record.hash(),
    });
    match head {
        Some(head) => drop(world.registry.map.insert(subject.map_key(), head)),
        None => {
            // A map forgets nothing: it is made again without it.
            world.registry.chains.remove(subject);
            let mut map = Map::new();
            for (subject, chain) in &world.registry.chains {
                let last = chain.last().unwrap();
                let head = Head {
                    index: last.index,
                    seq: chain.len() as u32 - 1,
                    hash: last.record.hash(),
                };
                map.insert(subject.map_key(), head);
            }
            world.registry.map = map;
        }
    }
    world.registry.seal();
}

#[test]
fn a_frozen_registry_is_stale_for_a_project_too() {
    let old = server::registry(now() - 25 * 3600);
    let server = Server::start_with(old, |stream| Some(Box::new(stream)));
    server.world().publish_http("1.0.0");
    let shop = Shop::new(Place::of(server));
    let config = fs::read_to_string(shop.place.at("config/config.toml")).unwrap();
    let patient = config.replace(
        "[registries.local]",
        "[registries.local]\nmax-age = \"26h\"",
    );
    fs::write(shop.place.at("config/config.toml"), patient).unwrap();
    shop.ok(&["build"]);
    fs::write(shop.place.at("config/config.toml"), config).unwrap();
    all_verifying_refuse(&shop, "verify::stale");
    shop.fails(3, "verify::stale", &["update"]);
    shop.place.server.world().registry.clock = now();
    shop.place.server.world().registry.seal();
    builds(&shop);
}

#[test]
fn a_release_by_other_keys_is_asked_about() {
    let by_another = |registry: &mut Registry| {
        let rights = grant(&[Permission::Release]);
        registry.grant("acme", &key("acme/bob"), rights, &key("acme/owner"));
        key("acme/bob")
    };
    let by_registry = |registry: &mut Registry| {
        let rights = grant(&[Permission::Release]);
        let ingest = registry.ingest.clone();
        registry.grant("acme", &ingest, rights, &key("acme/owner"));
        ingest
    };
    type Who = dyn Fn(&mut Registry) -> SigningKey;
    let cases: [(&Who, &str, bool); 2] = [
        (&by_another, "signed by `acme/bob`", false),
        (
            &by_registry,
            "attested by the registry's `registry.example/log/ingest`",
            true,
        ),
    ];
    for (who, words, is_attested) in cases {
        let shop = Shop::new(Place::of(serving()));
        shop.ok(&["build"]);
        {
            let mut world = shop.place.server.world();
            let bytes = http("1.1.0");
            let content = Content {
                digest: Digest::of(&bytes),
                size: bytes.len() as u64,
                kind: ContentKind::Component,
            };
            world.blobs.insert(content.digest, bytes);
            let PackageAct::Release { attestation, .. } = attested(&package("acme:http"), "1.1.0")
            else {
                unreachable!()
            };
            let act = PackageAct::Release {
                version: version("1.1.0"),
                content,
                attestation: attestation.filter(|_| is_attested),
            };
            let key = who(&mut world.registry);
            world.registry.log_package("acme:http", act, &[&key]);
            world.registry.seal();
        }
        let lock = shop.read("tenon.lock");
        for command in [
            &["update"][..],
            &["update", "acme:http"],
            &["update", "acme:http", "--precise", "1.1.0"],
            &["add", "acme:http@1.1.0"],
        ] {
            let said = shop.run(command);
            assert_eq!(said.code, Some(1), "{command:?}: {}", said.err);
            assert!(
                said.err.contains("error[project::publisher]"),
                "{}",
                said.err
            );
            assert!(
                said.err.contains(&format!(
                    "`acme:http@1.1.0` is {words}; 1.0.0 was signed by `acme/alice`"
                )),
                "{}",
                said.err
            );
            assert_eq!(
                (shop.read("tenon.lock"), shop.read("tenon.toml")),
                (lock.clone(), MANIFEST.to_owned())
            );
        }
        // Who only looks is told, and not asked.
        let said = shop.ok(&["update", "--dry-run"]);
        let change = format!("`acme:http@1.1.0` is {words}; 1.0.0 was signed by `acme/alice`");
        assert!(said.err.contains(&change), "{}", said.err);
        assert_eq!(shop.read("tenon.lock"), lock);
        builds(&shop);
        shop.ok(&["update", "--yes"]);
        assert_eq!(shop.locked("acme:http"), ["1.1.0"]);
        shop.ok(&["build"]);
        // It was agreed to, and is not asked again.
        shop.ok(&["update"]);
    }
}

#[test]
fn keys_that_sign_in_turn_are_asked_about_once() {
    let shop = Shop::new(Place::of(serving()));
    let release = |at: &str, name: &str| {
        let mut world = shop.place.server.world();
        let bytes = http(at);
        let content = Content {
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            kind: ContentKind::Component,
        };
        world.blobs.insert(content.digest, bytes);
        let act = PackageAct::Release {
            version: version(at),
            content,
            attestation: None,
        };
        world.registry.log_package("acme:http", act, &[&key(name)]);
        world.registry.seal();
    };
    for name in ["acme/bob", "acme/carol"] {
        let rights = grant(&[Permission::Release]);
        let mut world = shop.place.server.world();
        world
            .registry
            .grant("acme", &key(name), rights, &key("acme/owner"));
    }
    let asked = |said: &str| said.contains("error[project::publisher]");
    shop.ok(&["build"]);
    release("1.1.0", "acme/bob");
    // Who only looks has agreed to nothing.
    shop.ok(&["update", "--dry-run"]);
    assert!(asked(&shop.run(&["update"]).err));
    shop.ok(&["update", "--yes"]);
    release("1.2.0", "acme/alice");
    shop.ok(&["update"]);
    release("1.3.0", "acme/bob");
    shop.ok(&["update"]);
    assert_eq!(shop.locked("acme:http"), ["1.3.0"]);
    release("1.4.0", "acme/carol");
    assert!(asked(&shop.run(&["update"]).err));
    // Where nothing is remembered, it is asked.
    release("1.5.0", "acme/alice");
    let remembered = shop.place.at("state/publishers.json");
    let text = fs::read_to_string(&remembered).unwrap();
    for other in [
        String::new(),
        "{".to_owned(),
        text.replace("acme:http", "acme:other"),
    ] {
        fs::write(&remembered, other).unwrap();
        assert!(asked(&shop.run(&["update"]).err));
    }
    fs::write(&remembered, text).unwrap();
    shop.ok(&["update"]);
    assert_eq!(shop.locked("acme:http"), ["1.5.0"]);
}
