//! C7 to C12: a log that shrinks, forks, freezes, or hides.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::{self, Server, now};
use crate::support::*;
use std::fs;
use tenon_registry_client::http::{Client, ErrorKind, Options};
use tenon_registry_client::lock::{LockedRelease, locked_note};
use tenon_registry_client::log::Hash;
use tenon_registry_client::record::{Permission, Subject};
use tenon_registry_client::state::LockError;

/// What a registry does.
type Act = fn(&mut Registry);

#[test]
fn c07_a_log_that_is_smaller_is_refused() {
    let place = Place::new();
    let first = place.server.world().registry.clone();
    place.server.world().publish("acme:http", "1.0.0", OLD);
    place.ok(&["fetch", "acme:http@1.0.0"]);
    let before = place.server.world().registry.clone();
    place.server.world().publish("acme:http", "1.1.0", NEW);
    place.ok(&["fetch", "acme:http@1.1.0"]);
    let after = std::mem::replace(&mut place.server.world().registry, before);
    // It is known to be the same log by what was kept of it; it is a mirror that is behind, which is refused.
    for words in [&GET[..], &["verify", "acme:http@1.1.0"], &["log", "show"]] {
        refuses(&place, 3, "verify::stale-mirror", words);
    }
    // Without what was kept, nothing shows that.
    fs::rename(place.at("cache/steps"), place.at("cache/gone")).unwrap();
    for words in [&GET[..], &["verify", "acme:http@1.1.0"], &["log", "show"]] {
        accuses(&place, "verify::rollback", words);
    }
    clear_evidence(&place);
    fs::rename(place.at("cache/gone"), place.at("cache/steps")).unwrap();
    // Another history, and smaller.
    let mut other = first;
    other.release("acme:evil", "1.0.0", &key("acme/alice"));
    other.seal();
    assert!(other.size() < after.size());
    place.server.world().registry = other;
    for words in [&GET[..], &["verify", "acme:http@1.1.0"], &["log", "show"]] {
        accuses(&place, "verify::rollback", words);
    }
    clear_evidence(&place);
    place.server.world().registry = after;
    believes_the_truth(&place);
}

#[test]
fn c08_two_histories_are_refused_and_kept() {
    let place = Place::new();
    let common = place.server.world().registry.clone();
    use_it(&place);
    place.ok(&["fetch", "acme:http@1.1.0"]);
    let honest = place.server.world().registry.clone();
    // Of the same size.
    let mut other = common;
    other.release("acme:evil", "1.0.0", &key("acme/alice"));
    other.seal();
    other.release("acme:evil", "1.1.0", &key("acme/alice"));
    other.seal();
    assert_eq!(other.size(), honest.size());
    place.server.world().registry = other.clone();
    let kept = accuses(&place, "verify::split-view", &["log", "show"]);
    assert!(kept.is_proof());
    assert_eq!(kept.offered.checkpoint().size, honest.size());
    clear_evidence(&place);
    // Larger, with the proof that the liar has.
    other.release("acme:evil", "1.2.0", &key("acme/alice"));
    other.seal();
    place.server.world().registry = other.clone();
    accuses(&place, "verify::split-view", &GET);
    clear_evidence(&place);
    // Larger, without one, and with an invented one.
    for proof in [vec![], vec![Hash::ZERO; 3], vec![Hash::ZERO; 64]] {
        twist(&place, move |b| b.consistency = proof.clone());
        let kept = accuses(&place, "verify::split-view", &GET);
        assert_eq!(kept.offered.checkpoint().size, other.size());
        assert!(!kept.is_proof());
        clear_evidence(&place);
    }
    place.server.world().registry = honest;
    believes_the_truth(&place);
}

fn clear_evidence(place: &Place) {
    for entry in fs::read_dir(place.at("state/logs")).unwrap() {
        for file in fs::read_dir(entry.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.to_string_lossy().contains("fork-") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

/// The library with the files of the real `tenon`.
fn library(place: &Place) -> Client {
    let world = place.server.world();
    let (base, pin) = (place.server.base().parse().unwrap(), world.registry.pin());
    Client::new(Options::new(
        base,
        pin,
        place.at("state"),
        place.at("cache"),
    ))
    .unwrap()
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

#[test]
fn c09_two_views_meet_in_a_lock_file() {
    let clock = now();
    let serving = || {
        let server = Server::start_with(server::registry(clock), |stream| Some(Box::new(stream)));
        server.world().publish("acme:http", "1.1.0", NEW);
        server
    };
    let (author, reader) = (Place::of(serving()), Place::of(serving()));
    assert_eq!(author.server.pin(), reader.server.pin());
    author
        .server
        .world()
        .publish("acme:one", "1.0.0", b"for the author");
    reader
        .server
        .world()
        .publish("acme:two", "1.0.0", b"for the reader");
    for place in [&author, &reader] {
        place.ok(&["fetch", "acme:http@1.1.0"]);
    }
    let (locked, note) = wait(async {
        let client = library(&author);
        let request = asking("acme:http", &["1.1.0"]);
        let view = client.view(&request).await.unwrap();
        let release = view.release(&version("1.1.0")).unwrap();
        (
            LockedRelease::new(&view, &release).unwrap(),
            locked_note(&view).unwrap(),
        )
    });
    let before = Kept::by(&reader);
    let client = library(&reader);
    let error = wait(client.check_locked(&locked, note.as_bytes())).unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Lock(LockError::Fork { .. })),
        "{error:?}"
    );
    assert!(error.is_verification());
    assert_eq!(Kept::by(&reader), before);
    assert_eq!(evidence(&reader).len(), 1);
    // An edited note accuses nobody.
    let edited = note.replacen('\n', "\n1", 1);
    let error = wait(client.check_locked(&locked, edited.as_bytes())).unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Lock(LockError::Invalid(_))),
        "{error:?}"
    );
    assert_eq!(evidence(&reader).len(), 1);
}

#[test]
fn c10_a_frozen_log_is_stale() {
    let old = server::registry(now() - 25 * 3600);
    let place = Place::of(Server::start_with(old, |stream| Some(Box::new(stream))));
    let config = fs::read_to_string(place.at("config/config.toml")).unwrap();
    let patient = config.replace(
        "[registries.local]",
        "[registries.local]\nmax-age = \"26h\"",
    );
    assert_ne!(patient, config);
    place.server.world().publish("acme:http", "1.0.0", OLD);
    place.server.world().publish("acme:http", "1.1.0", NEW);
    refuses(&place, 3, "verify::stale", &GET);
    // Whoever is more patient may be; after that, it is as stale as before.
    fs::write(place.at("config/config.toml"), &patient).unwrap();
    place.ok(&["fetch", "acme:http@1.0.0"]);
    fs::write(place.at("config/config.toml"), &config).unwrap();
    all_refuse(&place, "verify::stale");
    // A quorum of witnesses does not help who asks for one, if it is as old.
    let witness = cosigner("w.example/a");
    let policy = format!("witness a {}\nquorum a\n", witness.vkey());
    fs::write(place.at("policy"), policy).unwrap();
    let (base, pin) = (place.server.base(), place.server.pin());
    place.ok(&[
        "registry", "add", "local", &base, &pin, "--policy", "policy",
    ]);
    all_refuse(&place, "verify::quorum");
    {
        let mut world = place.server.world();
        world.registry.witnesses = vec![witness];
        world.registry.seal();
    }
    all_refuse(&place, "verify::stale");
    place.server.world().registry.clock = now();
    place.server.world().registry.seal();
    believes_the_truth(&place);
}

#[test]
fn c11_nobody_hides_what_was_used() {
    // Without the keys: the chain does not end where the map says.
    for place in [used(), stranger()] {
        twist(&place, |b| {
            b.package.records.truncate(b.package.records.len() - 1)
        });
        all_refuse(&place, "verify::head-mismatch");
        refuses(
            &place,
            3,
            "verify::head-mismatch",
            &["get", "acme:http", "-o", "out"],
        );
        believes_the_truth(&place);
    }
    // With the keys, a release, a yank or a revocation is hidden from strangers only, and the word for that is said.
    let hides: [(&str, Act); 3] = [
        ("package", |registry| {
            registry.release("acme:http", "1.2.0", &key("acme/alice"));
        }),
        ("package", |registry| {
            registry.log_package("acme:http", yank("1.1.0"), &[&key("acme/alice")]);
        }),
        ("namespace", |registry| {
            let from = Some(registry.size());
            registry.revoke("acme", &key("acme/alice"), from, &key("acme/owner"));
        }),
    ];
    for (of, hide) in hides {
        let place = used();
        {
            let mut world = place.server.world();
            let subject = match of {
                "package" => Subject::Package(package("acme:http")),
                _ => Subject::Namespace(namespace("acme")),
            };
            let head = *world.registry.map.get(&subject.map_key()).unwrap();
            let chain = world.registry.chains[&subject].clone();
            hide(&mut world.registry);
            world.registry.seal();
            drop(world);
            place.ok(&["info", "acme:http"]);
            let mut world = place.server.world();
            world.registry.map.insert(subject.map_key(), head);
            world.registry.chains.insert(subject, chain);
            world.registry.seal();
        }
        all_refuse(&place, "verify::subject-rollback");
        let fresh = tempfile::tempdir().unwrap();
        let mut command = place.tenon(&GET);
        command
            .env("TENON_STATE_DIR", fresh.path())
            .env("TENON_CACHE_DIR", fresh.path().join("cache"));
        let said = Said::of(command.output().unwrap());
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(
            said.err.contains(
                "it is the operator's word that this is the latest and nothing is hidden"
            ),
            "{}",
            said.err
        );
        refuses_monitor(&place);
    }
    // A right that is shown to nobody cannot be used either.
    let place = used();
    {
        let mut world = place.server.world();
        let rights = grant(&[Permission::Release]);
        world
            .registry
            .grant("acme", &key("acme/bob"), rights, &key("acme/owner"));
        world
            .registry
            .release("acme:http", "1.2.0", &key("acme/bob"));
        world.registry.seal();
    }
    twist(&place, |b| b.namespace.records.clear());
    all_refuse(&place, "verify::head-mismatch");
}

fn refuses_monitor(place: &Place) {
    let said = Said::of(place.run(&["log", "monitor", "--once", "--json"]));
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert_eq!(said.json()["error"]["code"], "registry::log-wrong");
}

#[test]
fn c12_the_last_leaf_covers_all_and_has_the_map() {
    let lies: [(Act, &str); 5] = [
        // The last leaf is no index record.
        (
            |registry| {
                registry.release("acme:http", "1.2.0", &key("acme/alice"));
                registry.publish();
            },
            "verify::no-index-record",
        ),
        (
            |registry| {
                let (covers, map) = (registry.size() - 1, registry.map.root());
                registry.seal_with(covers, map);
            },
            "verify::covers",
        ),
        (
            |registry| {
                let (covers, map) = (registry.size() + 1, registry.map.root());
                registry.seal_with(covers, map);
            },
            "verify::covers",
        ),
        // The map of an older size.
        (
            |registry| {
                let older = registry.published.values().next().unwrap().1.root();
                let covers = registry.size();
                registry.seal_with(covers, older);
            },
            "verify::map",
        ),
        (
            |registry| {
                let covers = registry.size();
                registry.seal_with(covers, Hash::ZERO);
            },
            "verify::map",
        ),
    ];
    for (lie, code) in lies {
        for place in [used(), stranger()] {
            let honest = place.server.world().registry.clone();
            let mut lying = honest.clone();
            lie(&mut lying);
            let raw = lying.clone();
            answer(&place, move |request, known| {
                raw.bundle_raw_for(request, known)
            });
            // What a client holds is not asked for again, and a liar who sends all of it is refused at once.
            if state(&place).is_some() {
                fs::remove_dir_all(place.at("cache/chains")).unwrap();
            }
            all_refuse(&place, code);
            place.server.world().registry = honest;
            believes_the_truth(&place);
        }
    }
}
