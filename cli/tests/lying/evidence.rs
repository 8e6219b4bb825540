//! C1 to C3: evidence that is missing, too much, or for something else.

use crate::place::Place;
use crate::scene::*;
use crate::server::{self, Server, now};
use crate::support::*;
use std::collections::BTreeSet;
use tenon_registry_client::Digest;
use tenon_registry_client::record::{Content, ContentKind, Grant, PackageAct, Permission};
use tenon_registry_client::verify::{Bundle, Known};

type Change = (&'static str, fn(&mut Bundle), &'static str);

/// A part of a bundle, how it is emptied, and what is said then.
const EMPTIED: [Change; 10] = [
    ("checkpoint", |b| b.checkpoint.clear(), "verify::checkpoint"),
    ("index record", |b| b.index_record.clear(), "verify::record"),
    (
        "registry",
        |b| b.registry.records.clear(),
        "verify::head-mismatch",
    ),
    (
        "namespace",
        |b| b.namespace.records.clear(),
        "verify::head-mismatch",
    ),
    (
        "package",
        |b| b.package.records.clear(),
        "verify::head-mismatch",
    ),
    ("points", |b| b.points.clear(), "verify::not-included"),
    (
        "index records",
        |b| b.index_records.clear(),
        "verify::not-included",
    ),
    (
        "consistency",
        |b| b.consistency.clear(),
        "verify::split-view",
    ),
    ("inclusion", |b| b.inclusion.clear(), "verify::not-included"),
    ("map", |b| b.map.clear(), "verify::map"),
];

/// A registry whose second release is by a key whose grant has expired since, which takes an earlier index
/// record to judge, and is not the last, which takes a place.
fn rich() -> Place {
    let mut registry = server::registry(now() - 7200);
    let bob = key("acme/bob");
    let rights = Grant {
        expires: Some(time(now() - 3600)),
        ..grant(&[Permission::Release])
    };
    registry.grant("acme", &bob, rights, &key("acme/owner"));
    registry.seal();
    let server = Server::start_with(registry, |stream| Some(Box::new(stream)));
    Place::of(server)
}

fn release_by_bob(place: &Place) {
    let mut world = place.server.world();
    let content = Content {
        digest: Digest::of(NEW),
        size: NEW.len() as u64,
        kind: ContentKind::Component,
    };
    world.blobs.insert(content.digest, NEW.to_vec());
    let act = PackageAct::Release {
        version: version("1.1.0"),
        content,
        attestation: None,
    };
    world
        .registry
        .log_package("acme:http", act, &[&key("acme/bob")]);
    world.registry.seal();
    world.registry.clock = now();
    drop(world);
    place.server.world().publish("acme:http", "1.2.0", b"more");
}

#[test]
fn c01_an_empty_or_missing_part_proves_nothing() {
    let fresh = rich();
    fresh.server.world().publish("acme:http", "1.0.0", OLD);
    release_by_bob(&fresh);
    let known = rich();
    known.server.world().publish("acme:http", "1.0.0", OLD);
    known.ok(&["fetch", "acme:http@1.0.0"]);
    release_by_bob(&known);
    let mut emptied = BTreeSet::new();
    for place in [&fresh, &known] {
        let size = state(place).map_or(0, |state| state.checkpoint().size);
        let request = asking("acme:http", &["1.1.0"]);
        for (part, empty, code) in EMPTIED {
            let known = Known {
                size,
                ..Known::default()
            };
            let honest = place.server.world().registry.bundle(&request, &known);
            let mut changed = honest.clone();
            empty(&mut changed);
            // Records that the client holds are not sent.
            if changed == honest || (size > 0 && matches!(part, "registry" | "namespace")) {
                continue;
            }
            emptied.insert(part);
            twist(place, empty);
            let said = match code {
                "verify::split-view" => {
                    accuses(place, code, &GET);
                    continue;
                }
                _ => refuses(place, 3, code, &GET),
            };
            assert!(!said.out.contains("bug"), "{}", said.out);
        }
    }
    assert_eq!(emptied, EMPTIED.map(|(part, ..)| part).into());
    believes_the_truth(&fresh);
    believes_the_truth(&known);
}

#[test]
fn c01_an_empty_answer_proves_nothing() {
    for place in [stranger(), used()] {
        let empty = Bundle::default().encode();
        let ends_early = empty[..empty.len() - 1].to_vec();
        for answer in [
            vec![],
            b"{}".to_vec(),
            b"null".to_vec(),
            vec![0; 64],
            ends_early,
        ] {
            tell(&place.server, move |_, reply| reply.body = answer.clone());
            all_refuse(&place, "verify::malformed");
        }
        // Whole in form, and with nothing in it.
        tell(&place.server, move |_, reply| reply.body = empty.clone());
        all_refuse(&place, "verify::checkpoint");
        // That nothing is there, without a proof of that.
        tell(&place.server, |_, reply| {
            (reply.status, reply.body) = (404, vec![])
        });
        refuses(&place, 1, "registry::problem", &GET);
        tell(&place.server, |_, reply| {
            (reply.status, reply.body) = (204, vec![])
        });
        all_refuse(&place, "verify::malformed");
        believes_the_truth(&place);
    }
}

#[test]
fn c02_more_or_fewer_proofs_than_asked_are_refused() {
    const CHANGES: [Change; 18] = [
        (
            "a hash of inclusion less",
            |b| b.inclusion.truncate(b.inclusion.len() - 1),
            "verify::not-included",
        ),
        (
            "a hash of inclusion more",
            |b| b.inclusion.push(b.inclusion[0]),
            "verify::not-included",
        ),
        (
            "inclusion swapped",
            |b| b.inclusion.swap(0, 1),
            "verify::not-included",
        ),
        (
            "inclusion twice",
            |b| b.inclusion.extend(b.inclusion.clone()),
            "verify::not-included",
        ),
        (
            "a hash of the map less",
            |b| b.map.truncate(b.map.len() - 32),
            "verify::map",
        ),
        (
            "a hash of the map more",
            |b| b.map.extend([0; 32]),
            "verify::map",
        ),
        (
            "the map twice",
            |b| b.map.extend(b.map.clone()),
            "verify::map",
        ),
        (
            "the package twice",
            |b| b.package.records.extend(b.package.records.clone()),
            "verify::head-mismatch",
        ),
        (
            "a record less",
            |b| drop(b.package.records.pop()),
            "verify::head-mismatch",
        ),
        (
            "records swapped",
            |b| b.package.records.reverse(),
            "verify::head-mismatch",
        ),
        (
            "a point twice",
            |b| b.points.push(b.points[0]),
            "verify::malformed",
        ),
        (
            "a point more",
            |b| {
                let mut more = b.points[0];
                more.seq += 1;
                b.points.push(more);
            },
            "verify::evidence-repeated",
        ),
        (
            "index records twice",
            |b| b.index_records.push(b.index_records[0].clone()),
            "verify::malformed",
        ),
        (
            "an index record more",
            |b| b.index_records.push((u64::MAX, b.index_record.clone())),
            "verify::not-included",
        ),
        (
            "the end of the log as an earlier one",
            |b| b.index_records[0].1 = b.index_record.clone(),
            "verify::not-included",
        ),
        (
            "two notes",
            |b| b.checkpoint.extend(b.checkpoint.clone()),
            "verify::checkpoint",
        ),
        (
            "a hash of consistency less",
            |b| b.consistency.truncate(b.consistency.len() - 1),
            "verify::split-view",
        ),
        (
            "a hash of consistency more",
            |b| b.consistency.push(b.consistency[0]),
            "verify::split-view",
        ),
    ];
    let place = rich();
    place.server.world().publish("acme:http", "1.0.0", OLD);
    place.ok(&["fetch", "acme:http@1.0.0"]);
    release_by_bob(&place);
    for (what, change, code) in CHANGES {
        twist(&place, change);
        // To be seen if it fails.
        println!("{what}");
        match code {
            "verify::split-view" => drop(refused_as_fork(&place)),
            _ => drop(refuses(&place, 3, code, &GET)),
        }
    }
    believes_the_truth(&place);
}

/// One evidence file holds however often the same two notes are shown.
fn refused_as_fork(place: &Place) -> usize {
    accuses(place, "verify::split-view", &GET);
    evidence(place).len()
}

#[test]
fn c03_a_proof_of_something_else_is_refused() {
    let place = used();
    {
        let mut world = place.server.world();
        world.publish("acme:other", "1.0.0", b"other");
        world.publish("acme:other", "1.1.0", NEW);
    }
    let registry = place.server.world().registry.clone();
    let latest = registry.size();
    // Of another package, honest in itself.
    let other = registry.clone();
    answer(&place, move |_, known| {
        let known = Known {
            package: 0,
            ..*known
        };
        other
            .bundle(&asking("acme:other", &["1.1.0"]), &known)
            .encode()
    });
    all_refuse(&place, "verify::wrong-start");
    let stranger = stranger();
    stranger.server.world().publish("acme:other", "1.1.0", NEW);
    let other = stranger.server.world().registry.clone();
    answer(&stranger, move |_, known| {
        other
            .bundle(&asking("acme:other", &["1.1.0"]), known)
            .encode()
    });
    all_refuse(&stranger, "verify::map");
    stranger.server.world().lie = None;
    // Of another version.
    let other = registry.clone();
    answer(&place, move |_, known| {
        other
            .bundle(&asking("acme:http", &["1.0.0"]), known)
            .encode()
    });
    // 1.1.0 is the last record of its chain, whose place is always shown; 1.0.0 needs one that nobody asked for.
    all_refuse(&place, "verify::evidence-extra");
    // Of another size: its checkpoint with the proofs of the latest.
    let older = *registry.published.range(..latest).next_back().unwrap().0;
    let note = registry.published[&older].0.to_string();
    twist(&stranger, move |b| b.checkpoint = note.clone().into_bytes());
    all_refuse(&stranger, "verify::not-included");
    // For a client that knows another size, or nothing.
    for size in [0, older, latest, u64::MAX] {
        twist(&place, move |b| b.known_size = size);
        all_refuse(&place, "verify::wrong-size");
    }
    // For a client that holds other records.
    twist(&place, |b| b.package.from += 1);
    all_refuse(&place, "verify::wrong-start");
    // For another place in the log.
    stranger
        .server
        .world()
        .publish("acme:http", "1.2.0", b"more");
    for (by, code) in [
        (1, "verify::not-included"),
        (u64::MAX, "verify::not-included"),
        (1 << 62, "verify::chain"),
    ] {
        twist(&stranger, move |b| {
            for point in &mut b.points {
                point.index = point.index.wrapping_add(by);
            }
        });
        refuses(&stranger, 3, code, &GET);
    }
    believes_the_truth(&place);
    believes_the_truth(&stranger);
}
