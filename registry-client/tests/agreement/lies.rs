//! What a registry can make of its map, and who notices.

use crate::show::{Evidence, Onlooker};
use crate::support::*;
use std::collections::BTreeMap;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{Head, Map};
use tenon_registry_client::monitor::{Finding, FindingKind};
use tenon_registry_client::record::{
    Content, ContentKind, PackageAct, Permission, RegistryAct, Role, Subject,
};
use tenon_registry_client::verify::{Request, VerifyError};

/// A lie, and what each says to it: `ok`, or the kind of the error or finding.
struct Lie {
    name: &'static str,
    /// Changes what the registry shows, and ends the batch.
    tell: fn(&mut Registry),
    asked: &'static str,
    /// A client that has never seen the log.
    fresh: &'static str,
    /// A client that has used all this before the lie.
    used: &'static str,
    /// A client that has never seen the log, with a lock file of one that has.
    locked: &'static str,
    /// Someone who reads the whole log.
    full: &'static [&'static str],
}

const LIES: &[Lie] = &[
    Lie {
        name: "none",
        tell: |registry| {
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "ok",
        locked: "ok",
        full: &[],
    },
    Lie {
        name: "an older head of a package, which hides a release",
        tell: |registry| {
            hide(registry, &of_package("acme:http"), 1);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "a hidden revoke",
        tell: |registry| {
            hide(registry, &of_namespace("acme"), 3);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "a hidden yank",
        tell: |registry| {
            hide(registry, &of_package("acme:http"), 2);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "a hidden removal of a registry key",
        tell: |registry| {
            hide(registry, &Subject::Registry, 1);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        // A lock file says nothing of the registry's chain.
        locked: "ok",
        full: &["MapRoot"],
    },
    Lie {
        name: "a second chain from seq 0",
        tell: |registry| {
            registry.chains.remove(&of_package("acme:http"));
            let act = PackageAct::Release {
                version: version("1.0.0"),
                content: Content {
                    digest: Digest::of(b"other bytes"),
                    size: 11,
                    kind: ContentKind::Component,
                },
                attestation: None,
            };
            registry.log_package("acme:http", act, &[&key("acme/alice")]);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["Chain(WrongSeq)", "MapRoot"],
    },
    Lie {
        name: "a second chain from seq 0, longer than the first",
        tell: |registry| {
            registry.chains.remove(&of_package("acme:http"));
            for version in ["4.0.0", "4.1.0", "4.2.0", "4.3.0"] {
                registry.release("acme:http", version, &key("acme/alice"));
            }
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectFork",
        locked: "SubjectFork",
        full: &[
            "Chain(WrongSeq)",
            "Chain(WrongSeq)",
            "Chain(WrongSeq)",
            "Chain(WrongPrev)",
            "MapRoot",
        ],
    },
    Lie {
        name: "the last record logged again, and the head moved to the copy",
        tell: |registry| {
            let last = registry.chains[&of_package("acme:http")].last().unwrap();
            let bytes = last.record.bytes().to_vec();
            let index = registry.append(&bytes);
            change(registry, "acme:http", |head| head.index = index);
            let chain = registry.chains.get_mut(&of_package("acme:http"));
            chain.unwrap().last_mut().unwrap().index = index;
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectFork",
        locked: "ok",
        full: &["Chain(WrongSeq)", "MapRoot"],
    },
    Lie {
        name: "a head where another record is",
        tell: |registry| {
            change(registry, "acme:http", |head| head.index -= 1);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "NotIncluded",
        used: "NotIncluded",
        locked: "NotIncluded",
        full: &["MapRoot"],
    },
    Lie {
        name: "a head beyond the log",
        tell: |registry| {
            change(registry, "acme:http", |head| head.index += 1_000);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "NotIncluded",
        used: "NotIncluded",
        locked: "NotIncluded",
        full: &["MapRoot"],
    },
    Lie {
        name: "a head before what its seq allows",
        tell: |registry| {
            change(registry, "acme:http", |head| head.index = 1);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "NotIncluded",
        used: "NotIncluded",
        locked: "NotIncluded",
        full: &["MapRoot"],
    },
    Lie {
        name: "a head with a higher seq",
        tell: |registry| {
            change(registry, "acme:http", |head| head.seq += 1);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "HeadMismatch",
        used: "HeadMismatch",
        locked: "HeadMismatch",
        full: &["MapRoot"],
    },
    Lie {
        name: "a head with another hash",
        tell: |registry| {
            let hash = registry.head(&of_package("acme:ftp")).hash;
            change(registry, "acme:http", |head| head.hash = hash);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "HeadMismatch",
        used: "HeadMismatch",
        locked: "HeadMismatch",
        full: &["MapRoot"],
    },
    Lie {
        name: "the head of another package",
        tell: |registry| {
            let ftp = of_package("acme:ftp");
            let head = *registry.map.get(&ftp.map_key()).unwrap();
            change(registry, "acme:http", |changed| *changed = head);
            let chain = registry.chains[&ftp].clone();
            registry.chains.insert(of_package("acme:http"), chain);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "Chain(WrongSubject)",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "a package said to be absent",
        tell: |registry| {
            forget(registry, &of_package("acme:http"));
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "a namespace said to be absent, its package not",
        tell: |registry| {
            forget(registry, &of_namespace("acme"));
            registry.seal();
        },
        asked: "acme:http",
        fresh: "Chain(UnknownAuthority)",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "the registry said to be absent",
        tell: |registry| {
            forget(registry, &Subject::Registry);
            registry.seal();
        },
        asked: "acme:http",
        fresh: "EvidenceMissing",
        used: "EvidenceMissing",
        locked: "EvidenceMissing",
        full: &["MapRoot"],
    },
    Lie {
        name: "the map of an older size",
        tell: |registry| {
            let (size, (_, map)) = registry.published.iter().nth(2).unwrap();
            let (size, map) = (*size, map.clone());
            registry.map = map;
            for chain in registry.chains.values_mut() {
                chain.retain(|placed| placed.index < size);
            }
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "SubjectRollback",
        locked: "SubjectRollback",
        full: &["MapRoot"],
    },
    Lie {
        name: "the index record covers fewer leaves",
        tell: |registry| {
            let (size, root) = (registry.size(), registry.map.root());
            registry.seal_with(size - 1, root);
        },
        asked: "acme:http",
        fresh: "Covers",
        used: "Covers",
        locked: "Covers",
        full: &["Covers"],
    },
    Lie {
        name: "the index record covers more leaves",
        tell: |registry| {
            let (size, root) = (registry.size(), registry.map.root());
            registry.seal_with(size + 1, root);
        },
        asked: "acme:http",
        fresh: "Covers",
        used: "Covers",
        locked: "Covers",
        full: &["Covers"],
    },
    Lie {
        name: "a package that is nowhere in the log; another is asked for",
        tell: ghost,
        asked: "acme:http",
        fresh: "ok",
        used: "ok",
        locked: "ok",
        full: &["MapRoot"],
    },
    Lie {
        name: "a package that is nowhere in the log; its records are shown",
        tell: ghost,
        asked: "acme:ghost",
        fresh: "NotIncluded",
        used: "NotIncluded",
        locked: "NotIncluded",
        full: &["MapRoot"],
    },
    Lie {
        name: "a package that is nowhere in the log; none are shown",
        tell: |registry| {
            ghost(registry);
            registry.chains.remove(&of_package("acme:ghost"));
        },
        asked: "acme:ghost",
        fresh: "HeadMismatch",
        used: "HeadMismatch",
        locked: "HeadMismatch",
        full: &["MapRoot"],
    },
    Lie {
        name: "a root that is not of the map",
        tell: |registry| {
            let (size, root) = (registry.size(), Map::new().root());
            registry.seal_with(size, root);
        },
        asked: "acme:http",
        fresh: "Map",
        used: "Map",
        locked: "Map",
        full: &["MapRoot"],
    },
    Lie {
        name: "a checkpoint that ends with no index record",
        tell: |registry| {
            registry.log_package("acme:ftp", yank("1.0.0"), &[&key("acme/alice")]);
            registry.publish();
        },
        asked: "acme:http",
        fresh: "NoIndexRecord",
        used: "NoIndexRecord",
        locked: "NoIndexRecord",
        full: &["Unindexed"],
    },
    Lie {
        name: "an index record by a key that is no index key",
        tell: |registry| {
            registry.index = registry.ingest.clone();
            registry.seal();
        },
        asked: "acme:http",
        fresh: "IndexSigner",
        used: "IndexSigner",
        locked: "IndexSigner",
        full: &["IndexSigner"],
    },
    Lie {
        name: "an index record of an earlier time",
        tell: |registry| {
            registry.clock -= 60;
            registry.seal();
        },
        asked: "acme:http",
        fresh: "ok",
        used: "Times",
        locked: "ok",
        full: &["Time"],
    },
];

fn of_package(name: &str) -> Subject {
    Subject::Package(package(name))
}

fn of_namespace(name: &str) -> Subject {
    Subject::Namespace(namespace(name))
}

/// Shows of a chain so many records only, and its head accordingly.
fn hide(registry: &mut Registry, subject: &Subject, keep: usize) {
    let chain = registry.chains.get_mut(subject).unwrap();
    assert!(chain.len() > keep);
    chain.truncate(keep);
    let last = &chain[keep - 1];
    let head = Head {
        index: last.index,
        seq: keep as u32 - 1,
        hash: last.record.hash(),
    };
    registry.map.insert(subject.map_key(), head);
}

fn change(registry: &mut Registry, name: &str, how: impl Fn(&mut Head)) {
    let map_key = of_package(name).map_key();
    let mut head = *registry.map.get(&map_key).unwrap();
    how(&mut head);
    registry.map.insert(map_key, head);
}

/// Leaves a chain out of everything that is shown.
fn forget(registry: &mut Registry, subject: &Subject) {
    let mut map = Map::new();
    for (map_key, head) in registry.map.iter() {
        if *map_key != subject.map_key() {
            map.insert(*map_key, *head);
        }
    }
    registry.map = map;
    registry.chains.remove(subject);
}

/// Puts a package into the map whose record was never logged, and ends the batch.
fn ghost(registry: &mut Registry) {
    let mut other = registry.clone();
    other.release("acme:ghost", "1.0.0", &key("acme/alice"));
    registry.map = other.map;
    registry.chains = other.chains;
    change(registry, "acme:ghost", |head| head.index = 3);
    registry.seal();
}

/// `acme:http` has the releases 1.0.0, yanked, and 1.1.0, void because its publisher was revoked;
/// the registry has removed its ingest key.
pub(crate) fn history() -> Registry {
    let mut registry = small();
    let (owner, alice, bob) = (key("acme/owner"), key("acme/alice"), key("acme/bob"));
    registry.grant("acme", &bob, grant(&[Permission::Release]), &owner);
    registry.release("acme:ftp", "1.0.0", &alice);
    registry.seal();
    registry.clock += 3_600;
    let index = registry.release("acme:http", "1.1.0", &bob);
    registry.log_package("acme:http", yank("1.0.0"), &[&alice]);
    registry.seal();
    registry.revoke("acme", &bob, Some(index), &owner);
    let ingest = registry.ingest.vkey().clone();
    registry.log_registry(RegistryAct::KeyRemove(Role::Ingest, ingest));
    registry.seal();
    registry
}

/// The kind of an error, and of what is wrong with a chain.
pub(crate) fn kind(error: &VerifyError) -> String {
    match error {
        VerifyError::Chain(error) => format!("Chain({})", word(&format!("{:?}", error.kind))),
        error => word(&format!("{error:?}")),
    }
}

pub(crate) fn kind_of_finding(finding: &Finding) -> String {
    match &finding.kind {
        FindingKind::Chain(error) => format!("Chain({})", word(&format!("{:?}", error.kind))),
        kind => word(&format!("{kind:?}")),
    }
}

pub(crate) fn word(debug: &str) -> String {
    let word = debug.split(['(', ' ', '{']).next();
    word.unwrap_or_default().to_owned()
}

#[test]
fn it_is_stated_who_notices_a_lying_map() {
    let honest = history();
    assert_eq!(honest.monitor().findings(), []);
    let mut client = Client::new(&honest);
    for name in ["acme:http", "acme:ftp"] {
        client.ask(&honest, &asking(name, &[])).unwrap();
    }
    let locked: BTreeMap<_, _> = [of_package("acme:http"), of_namespace("acme")]
        .map(|subject| (subject.clone(), honest.head(&subject)))
        .into();
    let mut wrong = vec![];
    for lie in LIES {
        let mut registry = honest.clone();
        (lie.tell)(&mut registry);
        let request: Request = asking(lie.asked, &[]);
        let pin = honest.pin();
        let says = |with_state: bool, with_lock: bool| {
            let onlooker = Onlooker {
                pin: &pin,
                state: client.state.as_ref().filter(|_| with_state),
                locked: if with_lock {
                    locked.clone()
                } else {
                    BTreeMap::new()
                },
                now: registry.clock,
            };
            let seen = onlooker.coax(&registry, &request, Evidence::default());
            seen.map_or_else(|error| kind(&error), |_| "ok".to_owned())
        };
        let monitor = registry.monitor();
        let full: Vec<String> = monitor.findings().iter().map(kind_of_finding).collect();
        let found = (says(false, false), says(true, false), says(false, true));
        let wanted = (lie.fresh.into(), lie.used.into(), lie.locked.into());
        if found != wanted || full != lie.full {
            wrong.push(format!("{}: {found:?}, {full:?}", lie.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
