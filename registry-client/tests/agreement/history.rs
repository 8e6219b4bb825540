//! Random histories of an honest registry, read in full and in light mode.
//!
//! `AGREEMENT_STEPS=1000000 cargo test --release -p tenon-registry-client --test agreement` is the
//! long run.

use crate::support::package;
use crate::visitor::{Visitor, any_request, some_releases};
use crate::world::{Cast, Outcome, PACKAGES, Tally, World};
use std::time::Instant;
use tenon_registry_client::log::Edge;
use tenon_registry_client::monitor::{HoldError, Kept, Monitor};
use tenon_registry_client::record::{NamespaceAct, Statement, Subject};

/// How many proposals, unless `AGREEMENT_STEPS` says otherwise.
const STEPS: u64 = 15_000;

/// So many to one registry: chains stay short, so that there are many different ones.
const STEPS_PER_WORLD: u64 = 250;

/// The seed of a world whose steps failed, said when a test does.
struct Failing(u64);

impl Drop for Failing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("failed with seed {} (AGREEMENT_SEED)", self.0);
        }
    }
}

#[test]
fn light_and_full_agree_on_honest_histories() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let steps = number("AGREEMENT_STEPS").unwrap_or(STEPS);
    let first = number("AGREEMENT_SEED").unwrap_or(1);
    let begun = Instant::now();
    let cast = Cast::new();
    let mut tally = Tally::new();
    let mut sizes = vec![];
    let worlds = steps.div_ceil(STEPS_PER_WORLD);
    for seed in first..first + worlds {
        let failing = Failing(seed);
        let mut world = World::new(seed, &cast);
        live(&mut world, &mut sizes);
        for (what, count) in world.tally {
            *tally.entry(what).or_default() += count;
        }
        drop(failing);
    }
    for (what, count) in &tally {
        println!("{count:>9} {what}");
    }
    let total: usize = sizes.iter().sum();
    println!(
        "{} proposals, {} bundles of {} bytes on average, {:?}",
        worlds * STEPS_PER_WORLD,
        sizes.len(),
        total / sizes.len().max(1),
        begun.elapsed()
    );
}

fn live(world: &mut World, sizes: &mut Vec<usize>) {
    let mut left = STEPS_PER_WORLD;
    while left > 0 {
        let batch = (1 + world.dice.below(6)).min(left);
        for _ in 0..batch {
            if let Outcome::Refused(signed) = world.step() {
                is_found(world, signed.bytes());
            }
        }
        left -= batch;
        if world.is_between_batches() && !world.dice.percent(10) {
            continue;
        }
        world.seal();
        if world.dice.percent(20) {
            world.monitor = resumed(world);
            world.count("(monitors that went on)".to_owned());
        }
        visits(world, sizes);
    }
    for name in PACKAGES {
        let judged = world.monitor.package(&package(name));
        if let Some(judged) = judged.map(Result::unwrap) {
            let (void, releases) = (judged.void().len(), judged.releases().len());
            *world.tally.entry("(void records)".to_owned()).or_default() += void as u64;
            *world
                .tally
                .entry("(releases that stand)".to_owned())
                .or_default() += releases as u64;
        }
        let request = some_releases(world, name);
        let bundle = Visitor::default().visit(world, &request);
        sizes.push(bundle.encode().len());
    }
}

/// The monitor of someone who kept only the records, stopped, and goes on: it says the same of what
/// there is, and from here on must agree about everything that comes.
fn resumed(world: &World) -> Monitor {
    let registry = &world.registry;
    let size = registry.size();
    let chains = &registry.chains;
    let granted =
        chains
            .values()
            .flatten()
            .filter_map(|placed| match &placed.record.record().statement {
                Statement::Namespace {
                    act: NamespaceAct::Create { owners, .. },
                    ..
                } => Some(owners.clone()),
                Statement::Namespace {
                    act: NamespaceAct::Grant(key, _),
                    ..
                } => Some(vec![key.clone()]),
                _ => None,
            });
    let kept = Kept {
        origin: registry.origin.clone(),
        edge: Edge::read(registry, size).unwrap(),
        map: registry.map.clone(),
        index_times: registry.index_times.clone(),
        granted: granted.flatten().map(|vkey| vkey.key().clone()).collect(),
        registry: &chains[&Subject::Registry],
    };
    let mut monitor = Monitor::resume(kept).unwrap();
    assert_eq!(
        (monitor.size(), monitor.root()),
        (size, world.monitor.root())
    );
    // A namespace comes before its packages.
    for (subject, records) in chains {
        assert!(*subject == Subject::Registry || !monitor.holds(subject));
        let (_, fewer) = records.split_last().unwrap();
        assert_eq!(
            monitor.hold(subject, fewer),
            Err(HoldError::Head(subject.clone()))
        );
        monitor.let_go(subject);
        monitor.hold(subject, records).unwrap();
        assert_eq!(monitor.points(subject), world.monitor.points(subject));
    }
    for name in PACKAGES.map(package) {
        assert_eq!(monitor.package(&name), world.monitor.package(&name));
    }
    monitor
}

/// What is refused is found by whoever reads it in the log, at the next index record at the latest.
fn is_found(world: &mut World, leaf: &[u8]) {
    let mut monitor = world.monitor.clone();
    monitor.read(leaf);
    if monitor.findings().is_empty() {
        let index = world.index_record(&monitor);
        monitor.read(index.bytes());
    }
    assert_ne!(monitor.findings(), [], "a refused record is found");
}

fn visits(world: &mut World, sizes: &mut Vec<usize>) {
    let request = any_request(world);
    let bundle = Visitor::default().visit(world, &request);
    sizes.push(bundle.encode().len());
    for at in 0..world.visitors.len() {
        if !world.dice.percent(30) {
            continue;
        }
        let mut visitor = std::mem::take(&mut world.visitors[at]);
        if world.dice.percent(10) {
            let records = world.dice.percent(50);
            visitor.forget(records);
        }
        let request = any_request(world);
        visitor.visit(world, &request);
        world.visitors[at] = visitor;
    }
}
