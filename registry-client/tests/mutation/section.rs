//! Bundles that were taken apart, changed in one place, and put together again.

use crate::case::{Case, cases};
use crate::support::{key, namespace, package};
use crate::world::ORIGIN;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::chain::Chain;
use tenon_registry_client::log::prove_inclusions;
use tenon_registry_client::record::Subject;
use tenon_registry_client::verify::{Bundle, Known, Point, VerifyError};

const SECTIONS: [&str; 11] = [
    "known size",
    "checkpoint",
    "index record",
    "registry",
    "namespace",
    "package",
    "points",
    "index records",
    "consistency",
    "inclusion",
    "map",
];

/// Takes one section from another bundle.
fn take(into: &mut Bundle, section: &str, from: &Bundle) {
    let from = from.clone();
    match section {
        "known size" => into.known_size = from.known_size,
        "checkpoint" => into.checkpoint = from.checkpoint,
        "index record" => into.index_record = from.index_record,
        "registry" => into.registry = from.registry,
        "namespace" => into.namespace = from.namespace,
        "package" => into.package = from.package,
        "points" => into.points = from.points,
        "index records" => into.index_records = from.index_records,
        "consistency" => into.consistency = from.consistency,
        "inclusion" => into.inclusion = from.inclusion,
        "map" => into.map = from.map,
        other => panic!("there is no section {other}"),
    }
}

/// Each change of a list: what it is called, and the list then.
fn changes<T: Clone>(list: &[T]) -> Vec<(&'static str, Vec<T>)> {
    let mut all = vec![];
    if !list.is_empty() {
        all.push(("emptied", vec![]));
    }
    for at in 0..list.len() {
        let mut less = list.to_vec();
        less.remove(at);
        all.push(("one away", less));
        let mut more = list.to_vec();
        more.insert(at, list[at].clone());
        all.push(("one twice", more));
        if at > 0 {
            let mut swapped = list.to_vec();
            swapped.swap(at - 1, at);
            all.push(("two swapped", swapped));
        }
    }
    all
}

/// A section, what was done to it, and the bundle with it.
type Changed = (&'static str, &'static str, Bundle);

/// Every bundle with one list changed.
fn lists(bundle: &Bundle) -> Vec<Changed> {
    let mut all = vec![];
    let mut add = |section, how, change: &dyn Fn(&mut Bundle)| {
        let mut changed = bundle.clone();
        change(&mut changed);
        all.push((section, how, changed));
    };
    for (how, list) in changes(&bundle.registry.records) {
        add("registry", how, &|bundle| {
            bundle.registry.records = list.clone()
        });
    }
    for (how, list) in changes(&bundle.namespace.records) {
        add("namespace", how, &|bundle| {
            bundle.namespace.records = list.clone()
        });
    }
    for (how, list) in changes(&bundle.package.records) {
        add("package", how, &|bundle| {
            bundle.package.records = list.clone()
        });
    }
    for (how, list) in changes(&bundle.points) {
        add("points", how, &|bundle| bundle.points = list.clone());
    }
    for (how, list) in changes(&bundle.index_records) {
        add("index records", how, &|bundle| {
            bundle.index_records = list.clone()
        });
    }
    for (how, list) in changes(&bundle.consistency) {
        add("consistency", how, &|bundle| {
            bundle.consistency = list.clone()
        });
    }
    for (how, list) in changes(&bundle.inclusion) {
        add("inclusion", how, &|bundle| bundle.inclusion = list.clone());
    }
    add("checkpoint", "emptied", &|bundle| bundle.checkpoint.clear());
    add("index record", "emptied", &|bundle| {
        bundle.index_record.clear()
    });
    add("map", "emptied", &|bundle| bundle.map.clear());
    add("map", "twice", &|bundle| bundle.map = bundle.map.repeat(2));
    all
}

/// Every bundle with one number off by one.
fn numbers(bundle: &Bundle) -> Vec<Changed> {
    let mut all = vec![];
    let mut add = |section, how, change: &dyn Fn(&mut Bundle)| {
        let mut changed = bundle.clone();
        change(&mut changed);
        all.push((section, how, changed));
    };
    for up in [true, false] {
        let off = |number: u64| {
            if up {
                number.wrapping_add(1)
            } else {
                number.wrapping_sub(1)
            }
        };
        let off32 = |number: u32| {
            if up {
                number.wrapping_add(1)
            } else {
                number.wrapping_sub(1)
            }
        };
        add("known size", "off by one", &|b| {
            b.known_size = off(b.known_size)
        });
        add("registry", "start off by one", &|b| {
            b.registry.from = off32(b.registry.from)
        });
        add("namespace", "start off by one", &|b| {
            b.namespace.from = off32(b.namespace.from)
        });
        add("package", "start off by one", &|b| {
            b.package.from = off32(b.package.from)
        });
        for at in 0..bundle.points.len() {
            add("points", "seq off by one", &|b| {
                b.points[at].seq = off32(b.points[at].seq)
            });
            add("points", "index off by one", &|b| {
                b.points[at].index = off(b.points[at].index)
            });
        }
        for at in 0..bundle.index_records.len() {
            add("index records", "index off by one", &|b| {
                b.index_records[at].0 = off(b.index_records[at].0);
            });
        }
    }
    for at in 0..bundle.points.len() {
        for chain in [Chain::Registry, Chain::Namespace, Chain::Package] {
            if chain != bundle.points[at].chain {
                add("points", "of another chain", &|b| {
                    b.points[at].chain = chain
                });
            }
        }
    }
    all
}

/// Every bundle with one section, or all of them, from elsewhere.
fn swaps(case: &Case, abroad: &Case) -> Vec<Changed> {
    let (registry, known) = (&case.registry, case.known());
    let sizes: Vec<u64> = registry.published.keys().copied().collect();
    let earlier = sizes[sizes.len() - 2];
    let mut later = registry.clone();
    later.create("other", &key("other/owner"));
    later.seal();
    let mut donors = vec![
        (
            "of another package",
            registry.bundle(&case.sibling(), &known),
        ),
        ("of another origin", abroad.bundle.clone()),
        ("of a later size", later.bundle(&case.request, &known)),
    ];
    // What the client holds must be there by then.
    let by_then = |subject: Subject| {
        let chain = registry.chains.get(&subject).map_or(&[][..], |chain| chain);
        chain.iter().filter(|placed| placed.index < earlier).count()
    };
    let fits = known.size <= earlier
        && case.held.registry.len() <= by_then(Subject::Registry)
        && case.held.namespace.len() <= by_then(Subject::Namespace(namespace("acme")))
        && case.held.package.len() <= by_then(Subject::Package(package("acme:http")));
    if fits {
        let donor = registry.bundle_at(earlier, &case.request, &known);
        donors.push(("of an earlier size", donor));
    }
    for size in sizes.iter().copied().chain([0]) {
        if size != known.size {
            let known = Known { size, ..known };
            donors.push((
                "for another known size",
                registry.bundle(&case.request, &known),
            ));
        }
    }
    let mut all = vec![];
    for (how, donor) in donors {
        for section in SECTIONS {
            let mut changed = case.bundle.clone();
            take(&mut changed, section, &donor);
            all.push((section, how, changed));
        }
        // As a whole, another size is another answer, and may be a good one.
        if !how.ends_with("size") || how.ends_with("known size") {
            all.push(("all", how, donor));
        }
    }
    all
}

/// Every bundle with one record placed less or more, and an inclusion proof that fits: whoever has the
/// tree can make one.
fn reproved(case: &Case) -> Vec<Changed> {
    let (registry, bundle) = (&case.registry, &case.bundle);
    let view = case.verify(&bundle.encode()).unwrap();
    let size = registry.size();
    let mut all = vec![];
    let mut add = |section, how, mut changed: Bundle| {
        let mut indices = BTreeSet::from([size - 1]);
        indices.extend(view.heads().values().map(|head| head.index));
        indices.extend(changed.points.iter().map(|point| point.index));
        indices.extend(changed.index_records.iter().map(|(index, _)| index));
        let indices: Vec<u64> = indices.into_iter().collect();
        changed.inclusion = prove_inclusions(registry, &indices, size).unwrap();
        all.push((section, how, changed));
    };
    for at in 0..bundle.points.len() {
        let mut less = bundle.clone();
        less.points.remove(at);
        add("points", "one away, proved", less);
    }
    for at in 0..bundle.index_records.len() {
        let mut less = bundle.clone();
        less.index_records.remove(at);
        add("index records", "one away, proved", less);
    }
    let chains = [Subject::Registry, Subject::Namespace(namespace("acme"))];
    let chains = chains
        .into_iter()
        .chain([Subject::Package(package("acme:http"))]);
    for (chain, subject) in [Chain::Registry, Chain::Namespace, Chain::Package]
        .into_iter()
        .zip(chains)
    {
        if !view.heads().contains_key(&subject) {
            continue;
        }
        for (seq, placed) in (0..).zip(&registry.chains[&subject]) {
            let point = Point {
                chain,
                seq,
                index: placed.index,
            };
            let mut more = bundle.clone();
            more.points.push(point);
            more.points.sort();
            if !bundle.points.contains(&point) {
                add("points", "one more, proved", more);
            }
        }
    }
    for index in registry.index_times.iter().map(|(index, _)| index) {
        let mut more = bundle.clone();
        let leaf = registry.leaves[index as usize].clone();
        if bundle
            .index_records
            .iter()
            .all(|(other, _)| *other != index)
        {
            more.index_records.push((index, leaf));
            more.index_records.sort();
            add("index records", "one more, proved", more);
        }
    }
    all
}

/// The words for an error.
fn kind(error: &VerifyError) -> String {
    let word = |error: &dyn std::fmt::Debug| -> String {
        let text = format!("{error:?}");
        let end = text.find(|char: char| !char.is_alphanumeric());
        text[..end.unwrap_or(text.len())].to_owned()
    };
    match error {
        VerifyError::Malformed(inner) => format!("Malformed/{}", word(inner)),
        VerifyError::Chain(inner) => format!("Chain/{}", word(&inner.kind)),
        other => word(other),
    }
}

#[test]
fn every_change_of_a_section_is_refused_for_a_reason() {
    let mut table: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    let mut changed = 0;
    let abroad = cases("x.example/log");
    for (case, abroad) in cases(ORIGIN).iter().zip(&abroad) {
        let bundle = &case.bundle;
        let mutants = [
            lists(bundle),
            numbers(bundle),
            swaps(case, abroad),
            reproved(case),
        ]
        .concat();
        for (section, how, mutant) in mutants {
            if mutant == *bundle {
                continue;
            }
            changed += 1;
            let name = case.name;
            let kind = match case.verify(&mutant.encode()) {
                Err(error) => kind(&error),
                Ok(view) => {
                    // A place that follows from what else is known need not be shown.
                    let all = case.verify(&bundle.encode()).unwrap();
                    assert_eq!(how, "one away, proved", "{name}: {section} is believed");
                    assert_eq!((view.package(), view.heads()), (all.package(), all.heads()));
                    println!("{name}: {section} {how} says the same");
                    "-".to_owned()
                }
            };
            table.entry((section, how)).or_default().insert(kind);
        }
    }
    let mut found = String::new();
    for ((section, how), kinds) in &table {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        found += &format!("{section} {how}: {}\n", kinds.join(" "));
    }
    println!("{changed} changed bundles, all refused but for those\n{found}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutation/section.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(path).unwrap());
}
