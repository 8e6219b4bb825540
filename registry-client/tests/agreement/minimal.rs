//! A bundle shows what is needed and nothing else.
//!
//! It is not the smallest: one piece may answer what another was chosen for. Without such a piece
//! the bundle is believed, and says the same.

use crate::dice::Dice;
use crate::lies::kind;
use crate::show::{Evidence, Onlooker, subjects};
use crate::visitor::{Visitor, some_releases};
use crate::world::{Cast, PACKAGES, World};
use std::collections::BTreeMap;
use tenon_registry_client::verify::{Request, Verified, View};

const WORLDS: u64 = 10;
const STEPS: u64 = 250;

#[derive(Debug, Default)]
struct Counts {
    bundles: usize,
    bytes: usize,
    records: usize,
    points: usize,
    index_records: usize,
    removed: BTreeMap<String, usize>,
    added: BTreeMap<String, usize>,
}

#[test]
fn nothing_can_be_added_to_a_bundle_and_nothing_left_out_changes_what_it_says() {
    let cast = Cast::new();
    let mut counts = Counts::default();
    for seed in 1..=WORLDS {
        let mut world = World::new(0x6d69_6e00 + seed, &cast);
        for step in 1..=STEPS {
            world.step();
            if step % 5 == 0 {
                world.seal();
            }
        }
        let stays = world
            .registry
            .log
            .iter()
            .any(|key| key.vkey() == world.pin.key());
        for name in PACKAGES.iter().filter(|_| stays) {
            let request = some_releases(&mut world, name);
            check(&mut world, &request, &mut counts);
        }
    }
    println!("{counts:?}");
    println!(
        "{} bytes, {} records, {:.2} points and {:.2} index records on average",
        counts.bytes / counts.bundles,
        counts.records / counts.bundles,
        counts.points as f64 / counts.bundles as f64,
        counts.index_records as f64 / counts.bundles as f64,
    );
    let redundant = counts.removed.get("the same").copied().unwrap_or_default();
    assert!(
        redundant * 2 < counts.points,
        "{redundant} of {}",
        counts.points
    );
    assert!(counts.points > 50 && counts.index_records > 0);
}

fn check(world: &mut World, request: &Request, counts: &mut Counts) {
    let bundle = Visitor::default().visit(world, request);
    let onlooker = Onlooker {
        pin: &world.pin,
        state: None,
        locked: BTreeMap::new(),
        now: world.registry.clock,
    };
    let registry = &world.registry;
    let evidence = Evidence::of(&bundle);
    assert_eq!(
        evidence.bundle(registry, request, 0),
        bundle,
        "made by hand"
    );
    let chains = [&bundle.registry, &bundle.namespace, &bundle.package];
    let whole = onlooker.look(&bundle, request).unwrap();
    counts.bundles += 1;
    counts.bytes += bundle.encode().len();
    counts.records += chains
        .iter()
        .map(|chain| chain.records.len())
        .sum::<usize>();
    counts.points += evidence.points.len();
    counts.index_records += evidence.index_records.len();
    let says = |evidence: &Evidence| {
        let seen = onlooker.look(&evidence.bundle(registry, request, 0), request);
        let same = |view: &Verified<View>| view.package() == whole.package();
        seen.map_or_else(
            |error| kind(&error),
            |view| if same(&view) { "the same" } else { "another" }.to_owned(),
        )
    };
    for without in less(&evidence) {
        let said = says(&without);
        assert_ne!(said, "another");
        *counts.removed.entry(said).or_default() += 1;
    }
    for with in more(world, request, &evidence) {
        let said = says(&with);
        // An index record that nothing asks for may itself ask for where its key was added.
        let asks = with.index_records.len() > evidence.index_records.len();
        let extra = said == "EvidenceExtra" || said == "EvidenceRepeated";
        assert!(extra || (asks && said == "EvidenceMissing"), "{said}");
        *counts.added.entry(said).or_default() += 1;
    }
}

/// The evidence without one piece of it.
fn less(evidence: &Evidence) -> Vec<Evidence> {
    let points = evidence.points.iter().map(|point| {
        let mut without = evidence.clone();
        without.points.remove(point);
        without
    });
    let index_records = evidence.index_records.iter().map(|index| {
        let mut without = evidence.clone();
        without.index_records.remove(index);
        without
    });
    points.chain(index_records).collect()
}

/// The evidence with one piece more, which is as true.
fn more(world: &World, request: &Request, evidence: &Evidence) -> Vec<Evidence> {
    let mut all = vec![];
    for (chain, subject) in subjects(request) {
        for seq in 0..world.chain(&subject).len() as u32 {
            let mut with = evidence.clone();
            if with.points.insert((chain, seq)) {
                all.push(with);
            }
        }
    }
    for (index, _) in world.registry.index_times.iter() {
        let mut with = evidence.clone();
        if with.index_records.insert(index) {
            all.push(with);
        }
    }
    Dice::new(all.len() as u64).some(&all, 25)
}
