//! Requirements mean what `semver` says they mean.

use crate::world::{World, name};
use proptest::collection::vec;
use proptest::prelude::*;
use semver::VersionReq;
use tenon_registry_client::name::Version;
use tenon_registry_client::resolve::{
    Asked, Candidate, Need, Status, Strength, Track, Wishes, solve,
};

fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![
        5 => 0..4u64,
        1 => Just(u64::MAX - 1),
        1 => Just(u64::MAX),
    ]
}

fn any_prerelease() -> impl Strategy<Value = &'static str> {
    const SOME: [&str; 8] = [
        "-0",
        "-0.0",
        "-alpha",
        "-alpha.0",
        "-alpha.0.0",
        "-alpha.1",
        "-beta",
        "-rc.1",
    ];
    prop_oneof![2 => Just(""), 1 => proptest::sample::select(&SOME[..])]
}

pub(crate) fn any_version() -> impl Strategy<Value = Version> {
    let build = prop_oneof![4 => Just(""), 1 => Just("+linux")];
    let numbers = (any_number(), any_number(), any_number());
    (numbers, any_prerelease(), build)
        .prop_map(|((a, b, c), pre, build)| format!("{a}.{b}.{c}{pre}{build}").parse().unwrap())
}

fn any_comparator() -> impl Strategy<Value = String> {
    let op = proptest::sample::select(&["", "=", ">", ">=", "<", "<=", "~", "^"][..]);
    let numbers = (any_number(), any_number(), any_number());
    let shape = 0..5u8;
    (op, numbers, shape, any_prerelease()).prop_map(|(op, (a, b, c), shape, pre)| match shape {
        0 => format!("{op}{a}"),
        1 => format!("{op}{a}.{b}"),
        2 => format!("{a}.{b}.*"),
        _ => format!("{op}{a}.{b}.{c}{pre}"),
    })
}

pub(crate) fn any_requirement() -> impl Strategy<Value = VersionReq> {
    let comparators = vec(any_comparator(), 1..4).prop_map(|all| all.join(", "));
    prop_oneof![
        12 => comparators,
        1 => Just("*".to_owned()),
    ]
    .prop_map(|text| text.parse().unwrap())
}

/// Versions around those that a requirement names, where its bounds are.
fn around(requirement: &VersionReq) -> Vec<Version> {
    let mut versions = vec![];
    for comparator in &requirement.comparators {
        let near = |number: u64| [number.checked_sub(1), Some(number), number.checked_add(1)];
        let numbers = |number: Option<u64>| {
            let mut numbers: Vec<u64> = near(number.unwrap_or(0)).into_iter().flatten().collect();
            numbers.extend([0, u64::MAX]);
            numbers
        };
        for major in numbers(Some(comparator.major)) {
            for minor in numbers(comparator.minor) {
                for patch in numbers(comparator.patch) {
                    for pre in [
                        "", "-0", "-alpha", "-alpha.0", "-alpha.1", "-beta", "-rc.1.0",
                    ] {
                        versions.push(format!("{major}.{minor}.{patch}{pre}").parse().unwrap());
                    }
                }
            }
        }
    }
    versions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// One package, one need: what is taken is the highest of what `matches` lets through.
    #[test]
    fn the_highest_that_matches_is_taken(
        requirement in any_requirement(),
        versions in vec(any_version(), 0..40),
    ) {
        let mut versions = versions;
        versions.extend(around(&requirement).into_iter().step_by(7));
        versions.sort();
        versions.dedup();
        let highest = versions.iter().rev().find(|version| requirement.matches(version.semver()));
        let mut world = World::default();
        let candidate = |version: &Version| Candidate {
            version: version.clone(),
            status: Status::Available,
            needs: vec![],
        };
        let candidates = versions.iter().map(candidate).collect();
        world.universe.packages.insert(name("acme:a"), candidates);
        let strength = Strength::Always;
        let need = Need { package: name("acme:a"), requirement: requirement.clone(), strength };
        let asked = Asked { need, by: "`tenon.toml`".to_owned() };
        let solution = solve(&world.universe, &[asked], &Wishes::default());
        match (solution, highest) {
            (Ok(solution), Some(highest)) => {
                prop_assert_eq!(solution.of_project(&name("acme:a")), Some(highest));
                prop_assert_eq!(solution.chosen[&name("acme:a")].len(), 1);
            }
            (Err(_), None) => {}
            (found, highest) => prop_assert!(false, "{:?} instead of {:?}", found, highest),
        }
    }

    /// A track can meet a requirement as soon as any version on it does.
    #[test]
    fn a_track_can_meet_what_a_version_on_it_meets(
        requirement in any_requirement(),
        versions in vec(any_version(), 0..20),
    ) {
        for version in around(&requirement).into_iter().chain(versions) {
            if requirement.matches(version.semver()) {
                prop_assert!(Track::of(&version).can_meet(&requirement), "{} {}", version, requirement);
            }
        }
    }
}

#[test]
fn a_track_cannot_meet_what_no_version_on_it_could() {
    let can = |version: &str, requirement: &str| {
        let version: Version = version.parse().unwrap();
        Track::of(&version).can_meet(&requirement.parse().unwrap())
    };
    assert!(can("0.2.0", "^0.2.4") && can("0.2.9", ">0.2.4") && can("1.0.0-rc.1", "^1"));
    assert!(can("0.0.3", "=0.0.3") && can("3.0.0", ">2") && can("3.1.0", ">3.0, <4"));
    assert!(can("1.0.0", ">1.0.0-alpha, <1.0.0-beta"));
    assert!(!can("1.0.0", ">1.0.0-alpha, <1.0.0-alpha.0"));
    assert!(!can("0.3.0", "^0.2.4") && !can("0.0.4", "=0.0.3") && !can("2.0.0", ">2"));
    assert!(!can("2.0.0", "^1") && !can("0.2.0", "^0.2.4, <0.2.4") && !can("1.0.0", "<1.0.0"));
    let last = format!("{}.0.0", u64::MAX);
    assert!(can(&last, &format!(">{}", u64::MAX - 1)) && !can(&last, &format!(">{}", u64::MAX)));
}
