//! A registry that logs what it must not, and is honest about where its chains end: who reads all of
//! the log finds it, and a light client refuses what it is shown of that chain.

use crate::lies::{kind, kind_of_finding, word};
use crate::show::{Evidence, Onlooker, subjects};
use crate::support::*;
use crate::world::{Cast, Outcome, PACKAGES, Tally, World};
use std::collections::BTreeMap;
use tenon_registry_client::log::SigningKey;
use tenon_registry_client::record::{
    Grant, NamespaceAct, Permission, RegistryAct, SignedRecord, Subject,
};
use tenon_registry_client::state::Pin;
use tenon_registry_client::verify::{Known, Request};

const WORLDS: u64 = 40;
const STEPS: u64 = 120;

#[test]
fn light_and_full_refuse_what_an_honest_registry_would_not_log() {
    let cast = Cast::new();
    let mut tally = Tally::new();
    for seed in 1..=WORLDS {
        let mut world = World::new(0x6261_6400 + seed, &cast);
        for step in 1..=STEPS {
            let outcome = world.step();
            if let Outcome::Refused(signed) = outcome
                && world.dice.percent(30)
            {
                insist(&mut world, &signed, &mut tally);
            }
            if step % 4 == 0 && !world.is_between_batches() {
                world.seal();
            }
        }
    }
    for (what, count) in &tally {
        println!("{count:>6} {what}");
    }
}

/// Logs the record all the same, and shows it to everybody.
fn insist(world: &mut World, signed: &SignedRecord, tally: &mut Tally) {
    let Err(error) = world.monitor.admit(signed, time(world.registry.clock)) else {
        panic!("it was refused just now");
    };
    let why = word(&format!("{:?}", error.kind));
    let subject = signed.record().subject();
    world.take_over_keys();
    if world
        .registry
        .log
        .iter()
        .all(|key| key.vkey() != world.pin.key())
    {
        return;
    }
    let honest = world.registry.clone();
    let mut registry = honest.clone();
    let later = world.dice.percent(40);
    registry.log(signed.clone());
    if later {
        if world.dice.percent(50) {
            registry.seal();
        }
        follow(world, &mut registry, &subject);
    }
    registry.seal();
    let mut monitor = world.monitor.clone();
    for leaf in &registry.leaves[honest.leaves.len()..] {
        monitor.read(leaf);
    }
    let found: Vec<String> = monitor.findings().iter().map(kind_of_finding).collect();
    assert!(found.contains(&format!("Chain({why})")), "{why}: {found:?}");
    // That a key is a publisher's already takes all namespaces to know.
    if subject == Subject::Registry && world.monitor.registry().clone().apply(signed).is_ok() {
        assert_eq!(why, "KeyRepeated");
        return;
    }
    for request in requests(&subject) {
        let said = shown(&world.pin, &honest, &registry, &request);
        let later = if later { ", and built on" } else { "" };
        let what = format!("{} {why}{later}: light says {said}", signed.record().kind());
        assert_ne!(said, "ok", "{what}, {request:?}, {:?}", signed.record());
        *tally.entry(what).or_default() += 1;
    }
}

/// Who is concerned by a record.
fn requests(subject: &Subject) -> Vec<Request> {
    let packages = PACKAGES.map(|name| asking(name, &[]));
    let in_namespace = |request: &Request| match (request, subject) {
        (Request::Package { package, .. }, Subject::Namespace(name)) => package.namespace() == name,
        _ => false,
    };
    match subject {
        Subject::Registry => [vec![Request::Registry], packages.to_vec()].concat(),
        Subject::Namespace(name) => {
            let packages = packages.into_iter().filter(in_namespace);
            packages.chain([Request::Namespace(name.clone())]).collect()
        }
        Subject::Package(name) => vec![asking(&name.to_string(), &[])],
        Subject::Index => vec![],
    }
}

/// The next record of a chain, as if all before were well.
fn follow(world: &mut World, registry: &mut Registry, subject: &Subject) {
    match subject {
        Subject::Registry => {
            let namespace = namespace("other");
            let owners = vec![];
            registry.log_registry(RegistryAct::Reserve { namespace, owners });
        }
        Subject::Namespace(name) => {
            let chain = world.monitor.namespace(name);
            let owners = chain.into_iter().flat_map(|chain| chain.owners());
            let owners: Vec<SigningKey> = owners.map(|owner| world.secret(owner)).collect();
            let act = NamespaceAct::Threshold(1);
            if !owners.is_empty() {
                let owners: Vec<&SigningKey> = owners.iter().collect();
                registry.log_namespace(name.as_str(), act, &owners);
            }
        }
        Subject::Package(name) => {
            let chain = world.monitor.namespace(name.namespace());
            let keys = chain.into_iter().flat_map(|chain| chain.keys());
            let may = |grant: &Grant| {
                grant.permissions.contains(&Permission::Release)
                    && grant.pattern.is_all()
                    && grant.expires.is_none()
            };
            let publisher = keys
                .filter(|key| key.now().is_some_and(may))
                .find(|key| world.people.iter().any(|known| *known.vkey() == key.vkey));
            if let Some(key) = publisher {
                let publisher = world.secret(&key.vkey);
                registry.release(&name.to_string(), "7.0.0", &publisher);
            }
        }
        Subject::Index => {}
    }
}

/// What a light client says that has never seen the log, shown whatever it asks for.
pub(crate) fn shown(
    pin: &Pin,
    honest: &Registry,
    registry: &Registry,
    request: &Request,
) -> String {
    let before = honest.bundle(request, &Known::default());
    let mut evidence = Evidence::of(&before);
    // What was at an end then is not any more.
    let (size, _) = honest.published.last_key_value().unwrap();
    evidence.index_records.insert(size - 1);
    for (chain, subject) in subjects(request) {
        let placed = honest.chains.get(&subject).map_or(&[][..], |chain| chain);
        let seqs = (0..).zip(placed).filter(|(_, placed)| placed.index < *size);
        evidence
            .points
            .extend(seqs.last().map(|(seq, _)| (chain, seq)));
    }
    let onlooker = Onlooker {
        pin,
        state: None,
        locked: BTreeMap::new(),
        now: registry.clock,
    };
    let seen = onlooker.coax(registry, request, evidence);
    seen.map_or_else(|error| kind(&error), |_| "ok".to_owned())
}
