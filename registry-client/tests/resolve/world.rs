//! Small worlds, as text.

use std::collections::BTreeMap;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{TakedownReason, YankReason};
use tenon_registry_client::resolve::{Asked, Candidate, Need, Status, Strength, Universe, Wishes};

/// What there is, what is asked for, and what is liked best.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) universe: Universe,
    pub(crate) asked: Vec<Asked>,
    pub(crate) wishes: Wishes,
}

/// `acme:a ^1.2`; with `?` before it, only where it is present.
pub(crate) fn need(text: &str) -> Need {
    let text = text.trim();
    let (strength, text) = match text.strip_prefix('?') {
        Some(text) => (Strength::IfPresent, text),
        None => (Strength::Always, text),
    };
    let (package, requirement) = text.split_once(' ').unwrap();
    Need {
        package: package.parse().unwrap(),
        requirement: requirement.parse().unwrap(),
        strength,
    }
}

pub(crate) fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

impl World {
    /// `acme:a 1.2.0 [yanked|taken-down|uncached]: <need>; <need>`, where `{0..9}` stands for ten lines, with
    /// their number for each `{}`. A package without a version has none.
    pub(crate) fn there_is(&mut self, line: &str) {
        if let Some((before, rest)) = line.split_once('{')
            && let Some((range, after)) = rest.split_once('}')
            && let Some((from, to)) = range.split_once("..")
        {
            for number in from.parse::<u32>().unwrap()..=to.parse().unwrap() {
                let after = after.replace("{}", &number.to_string());
                self.there_is(&format!("{before}{number}{after}"));
            }
            return;
        }
        // The `:` of a name has no space after it.
        let (head, needs) = match line.split_once(": ") {
            Some((head, needs)) => (head, needs.split(';').map(need).collect()),
            None => (line, vec![]),
        };
        let mut words = head.split_whitespace();
        let package = name(words.next().unwrap());
        let candidates = self.universe.packages.entry(package).or_default();
        if let Some(text) = words.next() {
            candidates.push(Candidate {
                version: version(text),
                status: match words.next() {
                    None => Status::Available,
                    Some("yanked") => Status::Yanked(YankReason::Broken),
                    Some("taken-down") => Status::TakenDown(TakedownReason::Malware),
                    Some("uncached") => Status::Uncached,
                    Some(other) => panic!("{other}"),
                },
                needs,
            });
        }
    }

    /// `tenon.toml: acme:a ^1.2`.
    pub(crate) fn asks(&mut self, line: &str) {
        let (by, text) = line.split_once(": ").unwrap();
        self.asked.push(Asked {
            need: need(text),
            by: format!("`{by}`"),
        });
    }

    /// `locked acme:a 1.2.0` or `precise acme:a 1.2.0`.
    pub(crate) fn wishes(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (package, version) = (name(words[1]), version(words[2]));
        match words[0] {
            "locked" => {
                let locked: &mut BTreeMap<_, _> = &mut self.wishes.locked;
                locked.entry(package).or_default().insert(version);
            }
            "precise" => {
                self.wishes.precise.insert(package, version);
            }
            other => panic!("{other}"),
        }
    }
}
