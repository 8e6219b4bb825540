//! A solver that tries everything, written apart from the one it judges.

use crate::world::World;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::resolve::{Candidate, Need, Status, Strength, Track};

pub(crate) type Chosen = BTreeSet<(PackageName, Version)>;

/// Whether any choice of versions meets all needs.
pub(crate) fn can_be_solved(world: &World) -> bool {
    let mut slots = BTreeMap::<_, Vec<&Candidate>>::new();
    for (name, candidates) in &world.universe.packages {
        for candidate in candidates {
            if may_be_taken(world, name, candidate) {
                let slot = slots
                    .entry((name, Track::of(&candidate.version)))
                    .or_default();
                slot.push(candidate);
            }
        }
    }
    let slots: Vec<_> = slots
        .into_iter()
        .map(|((name, _), all)| (name, all))
        .collect();
    let mut picks = vec![0; slots.len()];
    loop {
        let picked = picks.iter().zip(&slots).filter(|(pick, _)| **pick > 0);
        let chosen = picked.map(|(pick, (name, all))| {
            let version = all[*pick - 1].version.clone();
            ((*name).clone(), version)
        });
        if is_valid(world, &chosen.collect()) {
            return true;
        }
        // The next number, each digit in a base of its own.
        let next = picks.iter_mut().zip(&slots).find_map(|(pick, (_, all))| {
            *pick = (*pick + 1) % (all.len() + 1);
            (*pick > 0).then_some(())
        });
        if next.is_none() {
            return false;
        }
    }
}

/// Whether versions are good, one on each track, and meet all needs of the project and of each other.
pub(crate) fn is_valid(world: &World, chosen: &Chosen) -> bool {
    let tracks = chosen
        .iter()
        .map(|(name, version)| (name, Track::of(version)));
    let good = |(name, version): &(PackageName, Version)| {
        let candidate = candidate(world, name, version);
        candidate.is_some_and(|candidate| may_be_taken(world, name, candidate))
    };
    tracks.collect::<BTreeSet<_>>().len() == chosen.len()
        && chosen.iter().all(good)
        && world.asked.iter().all(|asked| is_met(&asked.need, chosen))
        && chosen.iter().all(|(name, version)| {
            let candidate = candidate(world, name, version).unwrap();
            candidate.needs.iter().all(|need| is_met(need, chosen))
        })
}

pub(crate) fn candidate<'w>(
    world: &'w World,
    name: &PackageName,
    version: &Version,
) -> Option<&'w Candidate> {
    let candidates = world.universe.packages.get(name)?;
    candidates
        .iter()
        .find(|candidate| candidate.version == *version)
}

fn is_met(need: &Need, chosen: &Chosen) -> bool {
    let named = chosen.iter().filter(|(name, _)| *name == need.package);
    let mut versions = named.map(|(_, version)| version);
    let matches = |version: &Version| need.requirement.matches(version.semver());
    match need.strength {
        Strength::Always => versions.any(matches),
        Strength::IfPresent => versions.all(|version| matches(version) || !is_about(need, version)),
    }
}

/// Whether a need is about the track of a version: whether one on it would meet it, of all that could
/// be in these small worlds.
fn is_about(need: &Need, version: &Version) -> bool {
    let numbers = (0..4).flat_map(|a| (0..4).flat_map(move |b| (0..4).map(move |c| (a, b, c))));
    let mut all = numbers.flat_map(|(a, b, c)| {
        ["", "-rc.1", "-rc.2"].map(|pre| format!("{a}.{b}.{c}{pre}").parse::<Version>().unwrap())
    });
    all.any(|other| {
        Track::of(&other) == Track::of(version) && need.requirement.matches(other.semver())
    })
}

pub(crate) fn may_be_taken(world: &World, name: &PackageName, candidate: &Candidate) -> bool {
    let version = &candidate.version;
    let precise = world.wishes.precise.get(name);
    let precise = precise.filter(|precise| Track::of(precise) == Track::of(version));
    let locked = world
        .wishes
        .locked
        .get(name)
        .is_some_and(|all| all.contains(version));
    let exact = world.asked.iter().any(|asked| {
        let text = asked.need.requirement.to_string();
        let full = text.starts_with('=') && text.matches('.').count() >= 2 && !text.contains(',');
        asked.need.package == *name && full && asked.need.requirement.matches(version.semver())
    });
    match candidate.status {
        Status::Available => precise.is_none_or(|precise| precise == version),
        Status::Yanked(_) => match precise {
            Some(precise) => precise == version,
            None => locked || exact,
        },
        Status::TakenDown(_) | Status::Uncached => false,
    }
}

pub(crate) fn same_track(one: &Version, other: &Version) -> bool {
    Track::of(one) == Track::of(other)
}
