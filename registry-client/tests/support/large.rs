//! A log of as many leaves as one likes, of which only those are records that someone looks at.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by tests and a bench, each of which uses a part; they may stop where they fail"
)]

use crate::support::*;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::log::{Hash, Head, MapKey, Policy};
use tenon_registry_client::record::{Permission, Subject};
use tenon_registry_client::verify::{Bundle, Records, Rules};

/// How many leaves come to one index record.
const BATCH: u64 = 10;

/// Numbers that look random and are the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&self.next().to_be_bytes());
        }
        bytes
    }
}

/// A package that is to be in the log.
#[derive(Clone)]
pub struct Planned {
    pub namespace: String,
    pub name: String,
    pub releases: usize,
}

impl Planned {
    pub fn new(namespace: &str, name: &str, releases: usize) -> Planned {
        Planned {
            namespace: namespace.to_owned(),
            name: format!("{namespace}:{name}"),
            releases,
        }
    }

    pub fn publisher(&self) -> tenon_registry_client::log::SigningKey {
        key(&format!("{}/publisher", self.namespace))
    }

    pub fn owner(&self) -> tenon_registry_client::log::SigningKey {
        key(&format!("{}/owner", self.namespace))
    }
}

/// The version that the n-th release of a planned package has.
pub fn nth_version(nth: usize) -> String {
    format!("1.{nth}.0")
}

/// A registry whose log has `size` leaves and whose map has `subjects` keys. Each of the packages
/// has a namespace of its own of two records, and its records are anywhere.
pub fn large(size: u64, subjects: usize, packages: &[Planned]) -> Registry {
    let mut random = Random(size);
    let mut taken = BTreeSet::new();
    let mut plan: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        let mut indices = BTreeSet::new();
        while indices.len() < 2 + package.releases {
            let index = 2 + random.below(size - 3);
            if taken.insert(index) {
                indices.insert(index);
            }
        }
        plan.extend(indices.into_iter().zip((0..).map(|seq| (number, seq))));
    }
    let mut registry = Registry::new("registry.example/log");
    registry.witnesses = ["witness.example", "example.org/witness", "w3.example.net"]
        .map(cosigner)
        .into();
    for index in registry.size()..size - 1 {
        let planned = plan
            .get(&index)
            .map(|(number, seq)| (&packages[*number], *seq));
        match planned {
            None => {
                registry.append(&random.next().to_be_bytes());
                if index % BATCH == BATCH - 1 {
                    registry
                        .index_times
                        .insert(index, time(registry.clock))
                        .unwrap();
                }
            }
            Some((package, 0)) => {
                registry.create(&package.namespace, &package.owner());
            }
            Some((package, 1)) => {
                let may = grant(&[Permission::Release, Permission::Yank]);
                let (publisher, owner) = (package.publisher(), package.owner());
                registry.grant(&package.namespace, &publisher, may, &owner);
            }
            Some((package, seq)) => {
                registry.release(&package.name, &nth_version(seq - 2), &package.publisher());
            }
        }
    }
    while registry.map.len() < subjects {
        let index = random.below(size);
        let hash = Hash::from(random.bytes());
        let head = Head {
            index,
            seq: 0,
            hash,
        };
        registry.map.insert(MapKey::from(random.bytes()), head);
    }
    registry.seal();
    registry
}

/// The rules of a client that asks for all witnesses of such a registry.
pub fn witnessed(registry: &Registry) -> Rules {
    let mut policy = String::new();
    let mut names = String::new();
    for (number, witness) in registry.witnesses.iter().enumerate() {
        policy += &format!("witness w{number} {}\n", witness.vkey());
        names += &format!(" w{number}");
    }
    policy += &format!("group all all{names}\nquorum all\n");
    Rules {
        witnesses: Policy::parse(policy.as_bytes()).unwrap(),
        ..Rules::default()
    }
}

/// The heads of so many subjects that a client has used besides.
pub fn other_heads(count: usize) -> String {
    let mut random = Random(7);
    let mut heads = BTreeMap::new();
    for number in 0..count {
        let subject = Subject::Package(package(&format!("other:package-{number}")));
        heads.insert(subject, (random.below(1000), Hash::from(random.bytes())));
    }
    let lines = heads.iter();
    lines
        .map(|(subject, (index, hash))| format!("head {index} 0 {hash} {subject}\n"))
        .collect()
}

/// How many bytes each section of a bundle takes, in their order; together, all.
pub fn sections(bundle: &Bundle) -> Vec<(&'static str, usize)> {
    let records = |all: &Records| all.records.iter().map(|record| 2 + record.len()).sum();
    let index_records = bundle.index_records.iter();
    let mut sections = vec![
        ("checkpoint", bundle.checkpoint.len()),
        ("index record", 2 + bundle.index_record.len()),
        ("registry's records", records(&bundle.registry)),
        ("namespace's records", records(&bundle.namespace)),
        ("package's records", records(&bundle.package)),
        ("points", 13 * bundle.points.len()),
        (
            "index records",
            index_records.map(|(_, record)| 10 + record.len()).sum(),
        ),
        ("consistency", 32 * bundle.consistency.len()),
        ("inclusion", 32 * bundle.inclusion.len()),
        ("map", bundle.map.len()),
    ];
    let all: usize = sections.iter().map(|(_, bytes)| bytes).sum();
    sections.insert(0, ("header", bundle.encode().len() - all));
    sections
}
