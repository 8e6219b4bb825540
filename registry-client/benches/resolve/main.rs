//! What it costs to choose versions, beside pubgrub's own provider on the same packages.
//!
//! `cargo bench -p tenon-registry-client --features project --bench resolve` prints the table that
//! BENCHMARKS.md shows. Ours starts with the packages as they come, with requirements that it has to
//! read; the baseline is given intervals made beforehand, and one version order for everything.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program that prints tables, and may stop where it fails"
)]

#[allow(dead_code, reason = "the other benchmark uses all of it")]
#[path = "../trust/table.rs"]
mod table;

use pubgrub::{OfflineDependencyProvider, Ranges};
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::resolve::{
    Asked, Candidate, Need, Status, Strength, Universe, Wishes, solve,
};

/// One package's number, one of its versions `1.<version>.0`.
type Release = (usize, u32);
/// Another package's number, and the versions that will do: from, and to before.
type Wants = (usize, u32, u32);

/// Packages as numbers, of which both sides are made.
struct World {
    releases: BTreeMap<Release, Vec<Wants>>,
    asked: Vec<Wants>,
}

const VERSIONS: u32 = 20;
const NEEDS: usize = 5;

impl World {
    /// `count` packages with 20 versions, each of which needs five others: from about as old as itself, up
    /// to `width` versions on.
    fn new(count: usize, asked: usize, width: u32, seed: u64) -> World {
        let mut state = seed;
        let mut dice = |below: u64| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        let mut releases = BTreeMap::new();
        for package in 0..count {
            let others: Vec<usize> = (0..NEEDS).map(|_| dice(count as u64) as usize).collect();
            for version in 0..VERSIONS {
                let mut needs = vec![];
                for other in others.iter().filter(|other| **other != package) {
                    let from = u64::from(version).saturating_sub(dice(6)) as u32;
                    needs.push((*other, from, from.saturating_add(width)));
                }
                needs.sort_unstable();
                needs.dedup_by_key(|(other, ..)| *other);
                releases.insert((package, version), needs);
            }
        }
        let asked = (0..asked).map(|at| (at * count / asked, 1, u32::MAX));
        World {
            releases,
            asked: asked.collect(),
        }
    }

    fn universe(&self) -> Universe {
        let mut universe = Universe::default();
        for ((package, version), wants) in &self.releases {
            let candidates = universe.packages.entry(name(*package)).or_default();
            candidates.push(Candidate {
                version: format!("1.{version}.0").parse().unwrap(),
                status: Status::Available,
                needs: wants.iter().map(need).collect(),
            });
        }
        universe
    }

    fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.iter().map(|wants| Asked {
            need: need(wants),
            by: "`tenon.toml`".to_owned(),
        });
        asked.collect()
    }

    /// The same for pubgrub; the project is the package after all others.
    fn baseline(&self) -> OfflineDependencyProvider<usize, Ranges<u32>> {
        let mut provider = OfflineDependencyProvider::new();
        let range = |(other, from, to): &Wants| (*other, Ranges::between(*from, *to));
        for ((package, version), wants) in &self.releases {
            provider.add_dependencies(*package, *version, wants.iter().map(range));
        }
        provider.add_dependencies(usize::MAX, 0u32, self.asked.iter().map(range));
        provider
    }
}

fn name(package: usize) -> PackageName {
    format!("acme:p{package}").parse().unwrap()
}

fn need((package, from, to): &Wants) -> Need {
    let requirement = match to {
        to if *to >= VERSIONS => format!("^1.{from}.0"),
        to => format!(">=1.{from}.0, <1.{to}.0"),
    };
    Need {
        package: name(*package),
        requirement: requirement.parse().unwrap(),
        strength: Strength::Always,
    }
}

fn row(work: &str, world: &World, wishes: &Wishes) {
    let (universe, asked, baseline) = (world.universe(), world.asked(), world.baseline());
    let ours = || solve(&universe, &asked, wishes);
    let theirs = || pubgrub::resolve(&baseline, usize::MAX, 0u32).is_ok();
    let solved = ours();
    assert_eq!(solved.is_ok(), theirs(), "{work}");
    let result = match solved {
        Ok(solution) => format!("{} taken", solution.chosen.len()),
        Err(conflict) => format!("{:?}, {} lines", conflict.kind(), conflict.lines().len()),
    };
    let work = format!("{work}: {result}");
    table::row(&work, ours, "pubgrub, of intervals", theirs);
}

fn main() {
    table::head();
    let none = Wishes::default();
    let easy = World::new(1_000, 30, u32::MAX, 1);
    row("1,000 packages with 20 versions", &easy, &none);
    let solution = solve(&easy.universe(), &easy.asked(), &none).unwrap();
    let locked = solution.chosen;
    let locked: BTreeMap<PackageName, BTreeSet<_>> = locked.into_iter().collect();
    let wishes = Wishes {
        locked,
        ..Wishes::default()
    };
    row("the same, locked", &easy, &wishes);
    for (width, seed) in [(14, 2), (10, 3), (7, 4)] {
        let hard = World::new(1_000, 30, width, seed);
        row(&format!("needs of {width} versions at most"), &hard, &none);
    }
    let mut none_fit = World::new(1_000, 30, 7, 4);
    none_fit
        .asked
        .extend((100..200).map(|package| (package, 0, 3)));
    none_fit.asked.push((2, 19, 20));
    row("a project that asks for old and new", &none_fit, &none);
}
