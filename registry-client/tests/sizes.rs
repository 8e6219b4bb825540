//! How large bundles are, in a log of a million leaves and a map of 100,000 subjects.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "support/large.rs"]
mod large;
#[path = "support/mod.rs"]
mod support;

use large::{Planned, large, nth_version, sections, witnessed};
use std::collections::BTreeMap;
use support::{Client, Registry, asking};
use tenon_registry_client::verify::{Bundle, Known};

/// What the bundle of a package with four records in all may have.
const MOST: usize = 8 << 10;

/// Words of which names are made, from short to long.
const WORDS: [&str; 10] = [
    "io",
    "log",
    "http",
    "codec",
    "crypto",
    "graphics",
    "scheduler",
    "text-shaping",
    "image-resizer",
    "message-queue-client",
];

fn bundle_of(registry: &Registry, client: &Client, package: &Planned, nth: usize) -> Bundle {
    let request = asking(&package.name, &[&nth_version(nth)]);
    let bundle = registry.bundle(&request, &Known::default());
    client.look(&bundle.encode(), &request).unwrap();
    bundle
}

#[test]
fn a_bundle_of_four_records_has_at_most_8_kib() {
    let mut packages: Vec<Planned> = (0..50)
        .map(|number| {
            let namespace = format!("{}{number}", WORDS[number % 7]);
            Planned::new(&namespace, WORDS[number / 5], 1)
        })
        .collect();
    let lengths = [10, 100, 1_000];
    packages.extend(lengths.map(|length| Planned::new(&format!("long{length}"), "http", length)));
    let registry = large(1_000_000, 100_000, &packages);
    assert_eq!(registry.size(), 1_000_000);
    assert_eq!(registry.map.len(), 100_000);
    let mut client = Client::new(&registry);
    client.rules = witnessed(&registry);

    let (short, long) = packages.split_at(50);
    let mut totals = vec![];
    let mut by_section: BTreeMap<usize, (&str, Vec<usize>)> = BTreeMap::new();
    for package in short {
        let bundle = bundle_of(&registry, &client, package, 0);
        totals.push(bundle.encode().len());
        for (place, (name, bytes)) in sections(&bundle).into_iter().enumerate() {
            by_section
                .entry(place)
                .or_insert((name, vec![]))
                .1
                .push(bytes);
        }
    }
    println!("| section | average | most |\n|---|---|---|");
    let all = by_section.values().map(|(name, sizes)| (*name, sizes));
    for (name, sizes) in all.chain([("all", &totals)]) {
        let average = sizes.iter().sum::<usize>() / sizes.len();
        println!("| {name} | {average} | {} |", sizes.iter().max().unwrap());
    }
    assert!(totals.iter().all(|total| *total <= MOST), "{totals:?}");

    // Base and rate from the shortest and the longest; the one between must lie on the line.
    let sizes: Vec<(f64, f64)> = long
        .iter()
        .map(|package| {
            // The last release, whose place the map gives, as for the packages with one.
            let bundle = bundle_of(&registry, &client, package, package.releases - 1);
            (package.releases as f64, bundle.encode().len() as f64)
        })
        .collect();
    let rate = (sizes[2].1 - sizes[0].1) / (sizes[2].0 - sizes[0].0);
    let base = sizes[0].1 - rate * sizes[0].0;
    for (releases, bytes) in &sizes {
        let off = (bytes - base - rate * releases).abs();
        println!("{releases} releases: {bytes} bytes, {off:.0} off the line");
        assert!(off < 1_000.0, "not linear");
    }
    println!("base {base:.0} bytes + {rate:.0} bytes per record");
    assert!(rate < 600.0);

    // A release other than the last has to be placed too.
    let bundle = bundle_of(&registry, &client, &long[2], 500);
    let placed = bundle.encode().len() as f64 - sizes[2].1;
    println!("a release that is not the last: {placed} bytes more");
    assert!(placed < 800.0);

    // To a client that holds everything, the same is sent without records.
    let mut state = client.clone();
    let package = &long[2];
    let request = asking(&package.name, &[&nth_version(package.releases - 1)]);
    let view = state.take(
        &registry.bundle(&request, &Known::default()).encode(),
        &request,
    );
    let known = Known::of(registry.size(), view.unwrap().held());
    let bundle = registry.bundle(&request, &known);
    println!("nothing new: {} bytes", bundle.encode().len());
    assert!(bundle.encode().len() < 6_000);
}
