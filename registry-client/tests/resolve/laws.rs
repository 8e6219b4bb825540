//! What holds in every small world.

use crate::brute::{self, Chosen, can_be_solved, candidate, is_valid, may_be_taken};
use crate::world::{World, name, need, version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{TakedownReason, YankReason};
use tenon_registry_client::resolve::{Asked, Candidate, Conflict, Need, Solution, Status, solve};

const NAMES: [&str; 5] = ["acme:a", "acme:b", "acme:c", "acme:d", "acme:gone"];
const VERSIONS: [&str; 9] = [
    "1.0.0",
    "1.1.0",
    "1.2.0",
    "1.2.0-rc.1",
    "1.3.0-rc.1",
    "2.0.0",
    "0.2.0",
    "0.2.1",
    "2.1.0",
];
const REQUIREMENTS: [&str; 20] = [
    "^1",
    "^1",
    "^1.1",
    "^1.2",
    "=1.0.0",
    "=1.1.0",
    "<1.2, >=1",
    "^2",
    "^2.1",
    "=2.0.0",
    "^0.2",
    "=0.2.0",
    "^0.2.1",
    "*",
    ">=1",
    ">=0.2, <2",
    "^1.2.0-rc.1",
    "^1.3.0-rc.1",
    "=1.2.0-rc.1",
    "^3",
];

fn any_need() -> impl Strategy<Value = Need> {
    // What is missing is asked for seldom, or there would hardly be a solution.
    let names = prop_oneof![30 => select(&NAMES[..4]), 1 => Just(NAMES[4])];
    let strength = prop_oneof![3 => Just(""), 1 => Just("?")];
    (strength, names, select(&REQUIREMENTS[..]))
        .prop_map(|(strength, name, requirement)| need(&format!("{strength}{name} {requirement}")))
}

fn any_status() -> impl Strategy<Value = Status> {
    prop_oneof![
        12 => Just(Status::Available),
        2 => Just(Status::Yanked(YankReason::Broken)),
        1 => Just(Status::TakenDown(TakedownReason::Legal)),
        1 => Just(Status::Uncached),
    ]
}

fn any_release() -> impl Strategy<Value = (&'static str, &'static str)> {
    (select(&NAMES[..4]), select(&VERSIONS[..]))
}

fn any_world() -> impl Strategy<Value = World> {
    let releases = vec((any_release(), any_status(), vec(any_need(), 0..3)), 1..12);
    let by = select(&["`tenon.toml`", "`wit/world.wit`"][..]);
    let asked = vec((any_need(), by), 1..4);
    let locked = vec(any_release(), 0..4);
    let precise = proptest::option::weighted(0.15, any_release());
    (releases, asked, locked, precise).prop_map(|(releases, asked, locked, precise)| {
        let mut world = World::default();
        for ((package, text), status, needs) in releases {
            let all = world.universe.packages.entry(name(package)).or_default();
            let version = version(text);
            if all.iter().all(|known| known.version != version) {
                all.push(Candidate {
                    version,
                    status,
                    needs,
                });
            }
        }
        let asked = asked.into_iter();
        world.asked = asked
            .map(|(need, by)| Asked {
                need,
                by: by.to_owned(),
            })
            .collect();
        for (package, text) in locked {
            let locked = world.wishes.locked.entry(name(package)).or_default();
            locked.insert(version(text));
        }
        let precise = precise.map(|(package, text)| (name(package), version(text)));
        world.wishes.precise = precise.into_iter().collect();
        world
    })
}

fn solved(world: &World) -> Result<Solution, Conflict> {
    solve(&world.universe, &world.asked, &world.wishes)
}

fn chosen(solution: &Solution) -> Chosen {
    let all = solution.chosen.iter();
    all.flat_map(|(name, all)| all.iter().map(|version| (name.clone(), version.clone())))
        .collect()
}

/// All needs of the project and of what it takes.
fn needs<'w>(world: &'w World, chosen: &Chosen) -> Vec<&'w Need> {
    let asked = world.asked.iter().map(|asked| &asked.need);
    let candidates = chosen
        .iter()
        .map(|(name, version)| candidate(world, name, version).unwrap());
    asked
        .chain(candidates.flat_map(|candidate| &candidate.needs))
        .collect()
}

/// What the project's needs lead to, by what the solution says meets each.
fn reached(world: &World, solution: &Solution) -> Chosen {
    let mut reached = Chosen::new();
    let mut stack: Vec<&Need> = world.asked.iter().map(|asked| &asked.need).collect();
    while let Some(need) = stack.pop() {
        if need.strength == tenon_registry_client::resolve::Strength::IfPresent {
            continue;
        }
        let version = solution.of(need).expect("every need is met");
        assert!(need.requirement.matches(version.semver()));
        if reached.insert((need.package.clone(), version.clone())) {
            stack.extend(&candidate(world, &need.package, version).unwrap().needs);
        }
    }
    reached
}

/// How well a version is liked, of those on its track.
fn liking<'v>(world: &World, name: &PackageName, version: &'v Version) -> (bool, &'v Version) {
    let locked = world.wishes.locked.get(name);
    (
        locked.is_some_and(|locked| locked.contains(version)),
        version,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_solution_is_found_if_there_is_one_and_is_right(world in any_world()) {
        let solution = solved(&world);
        prop_assert_eq!(solution.is_ok(), can_be_solved(&world), "{:?}", solution);
        let Ok(solution) = solution else { return Ok(()) };
        let all = chosen(&solution);
        prop_assert!(is_valid(&world, &all), "{:?}", all);
        prop_assert_eq!(&reached(&world, &solution), &all, "nothing is superfluous");
    }

    /// No version could be a better one on its track while all others stay.
    #[test]
    fn no_single_version_could_be_better(world in any_world()) {
        let Ok(solution) = solved(&world) else { return Ok(()) };
        let all = chosen(&solution);
        let needs = needs(&world, &all);
        for (name, version) in &all {
            for better in &world.universe.packages[name] {
                let same_track = brute::same_track(&better.version, version);
                let liked = liking(&world, name, &better.version) > liking(&world, name, version);
                if !same_track || !liked || !may_be_taken(&world, name, better) {
                    continue;
                }
                let mut others = all.clone();
                others.remove(&(name.clone(), version.clone()));
                others.insert((name.clone(), better.version.clone()));
                let meets = needs.iter().all(|need| {
                    need.package != *name
                        || solution.of(need) != Some(version)
                        || need.requirement.matches(better.version.semver())
                });
                prop_assert!(!(meets && is_valid(&world, &others)), "{} {}", name, better.version);
            }
        }
    }

    /// What is locked stays if nothing else changed.
    #[test]
    fn a_solution_that_is_locked_stays(world in any_world()) {
        let Ok(solution) = solved(&world) else { return Ok(()) };
        let mut world = world;
        world.wishes.locked = solution.chosen.clone();
        prop_assert_eq!(solved(&world).unwrap().chosen, solution.chosen);
    }

    #[test]
    fn order_makes_no_difference(world in any_world(), turn in 0..7usize) {
        let mut turned = world.clone();
        turned.asked.reverse();
        for all in turned.universe.packages.values_mut() {
            all.reverse();
            let turn = turn % all.len();
            all.rotate_left(turn);
            for candidate in all {
                candidate.needs.reverse();
            }
        }
        prop_assert_eq!(solved(&turned), solved(&world));
    }

    /// The needs on packages that a conflict is about cannot be met, whatever else there is.
    #[test]
    fn a_conflict_is_about_packages_that_do_not_go_together(world in any_world()) {
        let Err(conflict) = solved(&world) else { return Ok(()) };
        let about = conflict.packages();
        let mut less = world.clone();
        less.asked.retain(|asked| about.contains(&asked.need.package));
        // What is locked or named exactly is still so.
        for asked in &world.asked {
            let package = &asked.need.package;
            prop_assert!(!about.contains(package) || less.asked.iter().any(|kept| kept.need == asked.need));
        }
        for candidate in less.universe.packages.values_mut().flatten() {
            candidate.needs.retain(|need| about.contains(&need.package));
        }
        prop_assert!(!about.is_empty() && !can_be_solved(&less), "{}", conflict);
    }

    #[test]
    fn a_conflict_is_told_in_few_plain_lines(world in any_world()) {
        let Err(conflict) = solved(&world) else { return Ok(()) };
        prop_assert!((1..=25).contains(&conflict.lines().len()));
        let mut words = BTreeSet::new();
        for line in conflict.lines().iter().chain(conflict.hints()) {
            prop_assert!(line.len() < 300 && !line.is_empty() && !line.ends_with('.'), "{}", line);
            words.extend(line.split_whitespace());
            for internal in ["Slot", "Choice", "Unmet", "Project", "absent", "{"] {
                prop_assert!(!line.contains(internal), "{}", line);
            }
        }
        for package in conflict.packages() {
            let told = words.iter().any(|word| word.contains(&package.to_string()));
            prop_assert!(told, "{} in {}", package, conflict);
        }
    }
}
