//! Changed records, each where it is in its log.

use crate::mutant::{Fate, judge_all};
use crate::world::every_kind;
use std::collections::BTreeSet;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::SignedRecord;

/// What becomes of a leaf that is read where `original` was, and of what follows.
fn judge(before: &Monitor, original: &[u8], mutant: &[u8], after: &[Vec<u8>]) -> Fate {
    let Ok(record) = SignedRecord::parse(mutant) else {
        return Fate::Refused;
    };
    assert_eq!(record.bytes(), mutant, "a record has one encoding");
    let mut monitor = before.clone();
    monitor.read(mutant);
    if !monitor.findings().is_empty() {
        return Fate::Refused;
    }
    // What is accepted says the same, and some of those signed who did.
    let original = SignedRecord::parse(original).unwrap();
    assert_eq!(record.record(), original.record());
    let mut lines = record.signatures().iter();
    assert!(lines.all(|line| original.signatures().contains(line)));
    assert_ne!(record.hash(), original.hash());
    // It is another leaf: the log that goes on as it did breaks.
    for leaf in after {
        monitor.read(leaf);
    }
    assert!(!monitor.findings().is_empty());
    Fate::Equal
}

#[test]
fn a_changed_record_is_refused_in_its_place() {
    let registry = every_kind();
    let mut monitor = Monitor::new(registry.origin.clone());
    let mut kinds = BTreeSet::new();
    let (mut mutants, mut equal) = (0, 0);
    for (index, leaf) in registry.leaves.iter().enumerate() {
        let record = SignedRecord::parse(leaf).unwrap();
        let kind = record.record().kind();
        let spare = index + 2 == registry.leaves.len();
        if kinds.insert((kind, attestation(leaf), spare)) {
            let after = &registry.leaves[index + 1..];
            let tally = judge_all(kind, leaf, |mutant| judge(&monitor, leaf, mutant, after));
            tally.none_other(kind);
            // Two signed the last `threshold` record, where one was enough: a line away, or cut, and
            // it is still signed by those who must.
            match spare {
                true => {
                    let found: Vec<_> = tally.equal.iter().map(|(how, n)| (*how, *n)).collect();
                    assert_eq!(found, [("cut", 1), ("line away", 2)]);
                }
                false => tally.all_refused(kind),
            }
            mutants += tally.mutants;
            equal += tally.mutants - tally.refused;
        }
        monitor.read(leaf);
    }
    println!("records: {mutants} mutants, {equal} equal");
    assert_eq!(
        kinds
            .iter()
            .filter(|(_, attested, _)| attested.is_some())
            .count(),
        2
    );
    let kinds: BTreeSet<_> = kinds.into_iter().map(|(kind, ..)| kind).collect();
    let wanted = "create grant index init key-add key-remove release reserve revoke takedown \
                  threshold trust-oidc unyank yank";
    assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(" "), wanted);
    assert_eq!(monitor.findings(), []);
}

/// For whom a registry signed: the first word of the line that says so.
fn attestation(leaf: &[u8]) -> Option<String> {
    let leaf = String::from_utf8_lossy(leaf);
    let line = leaf
        .lines()
        .find_map(|line| line.strip_prefix("attested "))?;
    line.split(' ').next().map(str::to_owned)
}

/// The text of a record and its signature lines.
fn parts(leaf: &[u8]) -> (&str, Vec<&str>) {
    let leaf = std::str::from_utf8(leaf).unwrap();
    let (text, lines) = leaf.split_once("\n\n").unwrap();
    (text, lines.split_inclusive('\n').collect())
}

fn join(text: &str, lines: &[&str]) -> Vec<u8> {
    format!("{text}\n\n{}", lines.concat()).into_bytes()
}

#[test]
fn signature_lines_of_a_record_have_one_order_and_one_record() {
    let registry = every_kind();
    let mut monitor = Monitor::new(registry.origin.clone());
    let (mut tried, mut twice_signed) = (0, 0);
    for (index, leaf) in registry.leaves.iter().enumerate() {
        let (text, lines) = parts(leaf);
        let mut mutants = vec![];
        if lines.len() > 1 {
            twice_signed += 1;
            let mut permuted = lines.clone();
            permuted.reverse();
            mutants.push(permuted);
        }
        for at in 0..lines.len() {
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            mutants.push(twice);
            for (_, others) in registry.leaves.iter().map(|leaf| parts(leaf)) {
                for other in others {
                    let mut replaced = lines.clone();
                    replaced[at] = other;
                    mutants.push(replaced.clone());
                    let mut added = lines.clone();
                    added.insert(at, other);
                    mutants.push(added);
                    let mut added = lines.clone();
                    added.insert(at + 1, other);
                    mutants.push(added);
                }
            }
        }
        for mutant in mutants {
            let mutant = join(text, &mutant);
            if mutant == *leaf {
                continue;
            }
            tried += 1;
            let after = &registry.leaves[index + 1..];
            let fate = judge(&monitor, leaf, &mutant, after);
            assert_eq!(fate, Fate::Refused, "{}", String::from_utf8_lossy(&mutant));
        }
        monitor.read(leaf);
    }
    println!("{tried} arrangements of signature lines, all refused");
    assert!(twice_signed > 5);
}
