//! What packages say of themselves cannot keep the solver busy, or end it.

use crate::world::{World, name};
use std::fmt::Write as _;
use tenon_registry_client::resolve::{ConflictKind, solve};

fn solved(world: &World) -> Result<usize, (ConflictKind, Vec<String>)> {
    let solution = solve(&world.universe, &world.asked, &world.wishes);
    match solution {
        Ok(solution) => Ok(solution.chosen.values().map(|all| all.len()).sum()),
        Err(conflict) => Err((conflict.kind(), conflict.lines().to_vec())),
    }
}

/// `count` packages, each of which needs the next; the last has no version.
#[test]
fn a_chain_can_be_long() {
    let mut world = World::default();
    let count = 20_000;
    for at in 0..count {
        world.there_is(&format!("acme:p{at} 1.0.0: acme:p{} ^1", at + 1));
    }
    world.asks("tenon.toml: acme:p0 ^1");
    let (kind, lines) = solved(&world).unwrap_err();
    assert_eq!(kind, ConflictKind::Unsolvable);
    let last = format!("`acme:p{count} ^1`, but there is no package `acme:p{count}`");
    assert!(
        lines.len() <= 25 && lines.last().unwrap().ends_with(&last),
        "{lines:?}"
    );
    world.there_is(&format!("acme:p{count} 1.0.0: acme:p0 ^1"));
    assert_eq!(solved(&world), Ok(count + 1));
}

#[test]
fn a_package_can_need_many() {
    let mut world = World::default();
    let mut line = "acme:a 1.0.0: ?acme:x ^1".to_owned();
    for at in 0..100_000 {
        write!(line, "; acme:p{} ^1.{}", at % 20_000, at % 5).unwrap();
    }
    world.there_is(&line);
    world.asks("tenon.toml: acme:a ^1");
    assert_eq!(solved(&world).unwrap_err().0, ConflictKind::Unsolvable);
    for at in 0..20_000 {
        world.there_is(&format!("acme:p{at} 1.{{0..4}}.0: ?acme:a ^1"));
    }
    assert_eq!(solved(&world), Ok(20_001));
}

/// More pigeons than holes: no short proof is known to the kind of solver that this is.
#[test]
fn what_is_too_hard_is_given_up() {
    let mut world = World::default();
    let holes = 12;
    for pigeon in 0..=holes {
        for hole in 0..holes {
            let needs = format!("acme:hole-h{hole} =1.{pigeon}.0");
            world.there_is(&format!("acme:pigeon-p{pigeon} 1.{hole}.0: {needs}"));
            world.there_is(&format!("acme:hole-h{hole} 1.{pigeon}.0"));
        }
        world.asks(&format!("tenon.toml: acme:pigeon-p{pigeon} ^1"));
    }
    let (kind, lines) = solved(&world).unwrap_err();
    assert_eq!((kind, lines.len()), (ConflictKind::TooHard, 1));
    assert!(world.universe.packages.contains_key(&name("acme:hole-h0")));
}

/// The lowest of many versions, each of which fails for a reason of its own.
#[test]
fn the_last_of_many_versions_is_found() {
    let mut world = World::default();
    for at in 0..2_000 {
        world.there_is(&format!("acme:a 1.{at}.0: acme:b ={}.0.0", at.max(1)));
    }
    world.there_is("acme:b 1.0.0");
    world.asks("tenon.toml: acme:a ^1");
    let solution = solve(&world.universe, &world.asked, &world.wishes).unwrap();
    let taken = solution.of_project(&name("acme:a")).unwrap();
    assert_eq!(taken.to_string(), "1.1.0");
}
