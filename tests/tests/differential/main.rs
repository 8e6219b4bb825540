//! `wac-graph` and `wasm-compose` compose what we compose: what comes out is the same, or differs as
//! it is meant to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

mod cases;
mod intended;
mod ours;
#[path = "../../../composer/fuzz/pairs.rs"]
mod pairs;
mod peers;

use arbitrary::Unstructured;
use intended::{Found, INTENDED, Intended, Kind};
use ours::{Ours, apart};
use pairs::Case;
use peers::{Outcome, Peer};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tenon_tests::example::{self, Example};
use wit_parser::LiftLowerAbi;

/// How many cases are made that nobody thought of.
const CASES: usize = 250;

/// Components, the socket first, and what we make of them.
struct Compared {
    name: String,
    components: Vec<(String, Vec<u8>)>,
    ours: Ours,
    /// The worlds of the components, if they were made.
    wit: String,
}

impl Compared {
    /// Has a tool compose the same, and gives what came of it and how it differs.
    fn with(&self, peer: Peer) -> (Outcome, Vec<Found>) {
        let theirs = match peer {
            Peer::WacPlug if !self.ours.planned => Outcome::NotAsked,
            peer => peer.compose(&self.components, self.ours.wired.as_ref()),
        };
        let found = |kind, text: String| {
            let names = |all: &BTreeSet<String>| all.iter().any(|name| text.contains(name));
            Found {
                case: self.name.clone(),
                peer,
                traits: self.ours.traits.clone(),
                kind,
                is_filled: names(&self.ours.filled),
                // The types of one are named by those that imply it, too.
                is_implied: names(&self.ours.implied)
                    || text.contains("the resource is another one")
                        && !self.ours.implied.is_empty(),
                text,
            }
        };
        let differences = match (&self.ours.outcome, &theirs) {
            (Outcome::Invalid(_) | Outcome::Panicked(_) | Outcome::NotAsked, _) => {
                panic!("{}: ours: {}", self.name, self.ours.outcome)
            }
            (_, Outcome::NotAsked) | (Outcome::Refused(_), Outcome::Refused(_)) => vec![],
            (_, Outcome::Panicked(_)) => vec![found(Kind::Panic, theirs.to_string())],
            (Outcome::Composed(ours), Outcome::Composed(theirs)) => apart(ours, theirs)
                .into_iter()
                .map(|text| found(Kind::Worlds, text))
                .collect(),
            (Outcome::Composed(_), _) => vec![found(Kind::OnlyWe, theirs.to_string())],
            (ours, Outcome::Composed(_)) => vec![found(Kind::OnlyThey, ours.to_string())],
            (_, Outcome::Invalid(_)) => vec![found(Kind::TheyInvalid, theirs.to_string())],
        };
        (theirs, differences)
    }
}

fn examples() -> Vec<Compared> {
    let folders = std::fs::read_dir(example::folder()).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.join("example.toml").exists());
    let mut names: Vec<_> = folders
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let compared = names.into_iter().map(|name| {
        let components = Example::open(&name).inputs();
        Compared {
            ours: Ours::of(&components),
            name,
            components,
            wit: String::new(),
        }
    });
    compared.collect()
}

fn generated() -> Vec<Compared> {
    let mut number = 0;
    let cases = (0..CASES).map(|_| {
        let (case, next) = Case::from_number(number);
        number = next;
        let components = case
            .all()
            .map(|made| (made.name.clone(), made.bytes.clone()));
        let components: Vec<_> = components.collect();
        Compared {
            ours: Ours::of(&components),
            name: format!("{}", next - 1),
            components,
            wit: case.all().map(|made| made.wit.as_str()).collect(),
        }
    });
    cases.collect()
}

/// Graphs over the same components, whether there is sense in them or not.
fn graphs() -> Vec<Compared> {
    let mut number = 0;
    let cases = (0..CASES).map(|_| {
        let (case, next) = Case::from_number(number);
        number = next;
        let components = case
            .all()
            .map(|made| (made.name.clone(), made.bytes.clone()));
        let components: Vec<_> = components.collect();
        let bytes = pairs::noise(next + 1_000_000);
        let ours = Ours::of_graph(&components, |arena, ids| {
            let pool: Vec<_> = ids.iter().copied().zip(case.all()).collect();
            pairs::graph(&mut Unstructured::new(&bytes), arena, &pool).unwrap()
        });
        Compared {
            name: format!("graph of {}", next - 1),
            ours,
            components,
            wit: case.all().map(|made| made.wit.as_str()).collect(),
        }
    });
    cases.collect()
}

#[test]
fn every_difference_is_meant() {
    let all: Vec<_> = examples()
        .into_iter()
        .chain(cases::all())
        .chain(generated())
        .chain(graphs())
        .collect();
    let mut counts = vec![0; INTENDED.len()];
    let mut same = 0;
    let mut not_meant = Vec::new();
    for case in &all {
        for peer in Peer::ALL {
            let (theirs, found) = case.with(peer);
            let both = matches!(
                (&case.ours.outcome, &theirs),
                (Outcome::Composed(_), Outcome::Composed(_))
            );
            same += usize::from(both && found.is_empty());
            for found in found {
                match INTENDED.iter().position(|intended| (intended.is)(&found)) {
                    Some(at) => {
                        println!("{} {peer:?}: {}", found.case, INTENDED[at].what);
                        counts[at] += 1;
                    }
                    None => not_meant.push((found, &case.wit)),
                }
            }
        }
    }
    for (intended, count) in INTENDED.iter().zip(&counts) {
        let Intended {
            what,
            reason,
            reference,
            ..
        } = intended;
        println!("{count:4} {what}: {reason} {reference}");
    }
    println!("{same:4} the same world");
    for (found, wit) in &not_meant {
        println!("{found:?}\n{wit}");
    }
    assert!(
        not_meant.is_empty(),
        "{} differences are not meant",
        not_meant.len()
    );
    for (intended, count) in INTENDED.iter().zip(&counts) {
        assert!(*count > 0, "`{}` is found no more", intended.what);
        assert!(!intended.reason.is_empty());
    }
    // A comparison that never comes to a comparison shows nothing.
    assert!(same > CASES / 3, "{same}");
}

/// What others make of an example does what ours does, wherever its world is the same.
#[test]
fn examples_do_the_same() {
    let mut ran = 0;
    for case in examples() {
        let example = Example::open(&case.name);
        let Outcome::Composed(ours) = &case.ours.outcome else {
            panic!("{}", case.ours.outcome);
        };
        let outcome = example.run(ours);
        for peer in [Peer::WacGraph, Peer::WasmCompose] {
            let (theirs, found) = case.with(peer);
            println!("{} {peer:?}: {theirs}, {found:?}", case.name);
            if let Outcome::Composed(theirs) = theirs
                && found.is_empty()
            {
                assert_eq!(outcome, example.run(&theirs), "{}: {peer:?}", case.name);
                ran += 1;
            }
        }
    }
    assert!(ran >= 8, "{ran}");
}

/// Interfaces of which each uses `width` types of the one before, and the world that imports the last.
fn chain_of_uses(width: usize, depth: usize, items: &str) -> Vec<u8> {
    let mut packages = String::from("package acme:c@1.0.0 {\n");
    for level in 0..=depth {
        let names = |at: usize| (0..width).map(move |n| format!("t{at}x{n}"));
        packages.push_str(&format!("interface i{level} {{\n"));
        let before: Vec<_> = level.checked_sub(1).into_iter().flat_map(names).collect();
        if !before.is_empty() {
            packages.push_str(&format!("use i{}.{{{}}};\n", level - 1, before.join(", ")));
        }
        for (n, name) in names(level).enumerate() {
            let field = before.get(n).map_or("u32", String::as_str);
            packages.push_str(&format!("record {name} {{ field: {field} }}\n"));
        }
        let function = names(level).map(|name| format!("{name}: {name}"));
        packages.push_str(&format!(
            "f: func({});\n}}\n",
            function.collect::<Vec<_>>().join(", ")
        ));
    }
    packages.push_str("}\npackage acme:o@1.0.0 { interface o { f: func(); } }\n");
    let wit = format!("package test:w;\nworld w {{ {items} }}\n{packages}");
    pairs::component(&wit, LiftLowerAbi::Sync, false).unwrap()
}

fn chains(width: usize, depth: usize) -> Compared {
    let last = format!("import acme:c/i{depth}@1.0.0;");
    let app = chain_of_uses(
        width,
        depth,
        &format!("{last} import acme:o/o@1.0.0; export run: func();"),
    );
    let plug = chain_of_uses(width, depth, &format!("{last} export acme:o/o@1.0.0;"));
    let components = vec![("app".to_owned(), app), ("plug".to_owned(), plug)];
    Compared {
        ours: Ours::of(&components),
        name: format!("{width} types, {depth} deep"),
        components,
        wit: String::new(),
    }
}

/// What takes others time that grows with the number of types to the power of the depth takes us none
/// to speak of.
#[test]
fn merging_does_not_explode() {
    let small = chains(2, 3);
    for peer in Peer::ALL {
        let (theirs, found) = small.with(peer);
        assert!(matches!(theirs, Outcome::Composed(_)), "{peer:?}: {theirs}");
        assert!(found.is_empty(), "{peer:?}: {found:?}");
    }
    let start = Instant::now();
    let large = chains(8, 10);
    assert!(
        matches!(large.ours.outcome, Outcome::Composed(_)),
        "{}",
        large.ours.outcome
    );
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}
