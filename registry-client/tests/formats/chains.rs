//! `chains.json`: chains of records and where these are in the log, and what they come to.

use crate::chain_cases::{Case, accepted};
use crate::chain_refusals::refused;
use crate::samples::ORIGIN;
use crate::support::*;
use crate::{committed, kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tenon_registry_client::chain::{
    Availability, Chain, ChainError, ChainErrorKind, MAX_CHAIN, NamespaceChain, Package,
    PackageChain, Places, Publisher, RegistryChain,
};
use tenon_registry_client::record::{
    Attestation, Grant, RegistryAct, SignatureError, SignedRecord, Subject,
};
use tenon_registry_client::verify::{Known, LogView, Placed, ProveError, Request, prove};

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: String,
    origin: String,
    package: String,
    /// All records that are in any of the chains.
    records: Vec<String>,
    cases: Vec<Vector>,
}

#[derive(Serialize, Deserialize)]
struct Vector {
    name: String,
    registry: Vec<Leaf>,
    namespace: Vec<Leaf>,
    package: Vec<Leaf>,
    index_records: Vec<Leaf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
}

/// Where a record is in the log, null if that is not known; and which of `records` it is.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Leaf(Option<u64>, usize);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Refusal {
    kind: String,
    /// The record that is refused, where the error is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<(String, u32)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct State {
    /// Name, role, and the records that added and removed it.
    operator_keys: Vec<(String, String, u32, Option<u32>)>,
    threshold: u32,
    /// By name: each change, with its record, and what the key may do from there on.
    keys: BTreeMap<String, Vec<Change>>,
    releases: BTreeMap<String, Release>,
    void: Vec<u32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Change {
    seq: u32,
    permissions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_index: Option<u64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Release {
    seq: u32,
    digest: String,
    /// The names of the keys that signed.
    signed_by: Vec<String>,
    /// For whom the registry signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    attested: Option<String>,
    availability: String,
}

/// The chains of a case: each record with its index.
#[derive(Default)]
pub(crate) struct Chains {
    pub(crate) registry: Vec<(Option<u64>, SignedRecord)>,
    pub(crate) namespace: Vec<(Option<u64>, SignedRecord)>,
    pub(crate) package: Vec<(Option<u64>, SignedRecord)>,
    index_records: Vec<(Option<u64>, SignedRecord)>,
}

const PACKAGE: &str = "acme:http";

const ABOUT: &str = "Chains, as docs/record.md specifies them: of the registry, of a namespace and \
    of a package in it, record by record with its index in the log, and the index records that are \
    known. `error` is the kind of error and the record that is refused; there is a `state` where \
    none is. The registry is folded first, then the namespace, then the package.";

fn chains(log: &Registry) -> Chains {
    let of = |subject: Subject| {
        let chain = log.chains.get(&subject).into_iter().flatten();
        chain
            .map(|placed| (Some(placed.index), placed.record.clone()))
            .collect()
    };
    let index = |(index, _)| {
        let leaf = &log.leaves[index as usize];
        (Some(index), SignedRecord::parse(leaf).unwrap())
    };
    Chains {
        registry: of(Subject::Registry),
        namespace: of(Subject::Namespace(namespace("acme"))),
        package: of(Subject::Package(package(PACKAGE))),
        index_records: log.index_times.iter().map(index).collect(),
    }
}

/// What the chains come to.
fn fold(log: &Registry, chains: &Chains) -> Result<State, Refusal> {
    let refuse = |error: ChainError| Refusal {
        kind: name_of(&error.kind),
        record: Some((error.subject.to_string(), error.seq)),
    };
    let misplaced = |error: ChainErrorKind| Refusal {
        kind: name_of(&error),
        record: None,
    };
    let mut places = Places::new();
    for (chain, records) in [
        (Chain::Registry, &chains.registry),
        (Chain::Namespace, &chains.namespace),
        (Chain::Package, &chains.package),
    ] {
        for (seq, (index, _)) in (0..).zip(records) {
            if let Some(index) = index {
                places.place(chain, seq, *index).map_err(misplaced)?;
            }
        }
    }
    for (index, record) in &chains.index_records {
        places
            .place_index(index.unwrap(), record.record().time)
            .map_err(misplaced)?;
    }
    let mut registry = RegistryChain::new(log.origin.clone());
    for (_, record) in &chains.registry {
        registry.apply(record).map_err(refuse)?;
    }
    let mut of_namespace = NamespaceChain::new(log.origin.clone(), namespace("acme"));
    for (_, record) in &chains.namespace {
        of_namespace.apply(record).map_err(refuse)?;
    }
    let mut chain = PackageChain::new(log.origin.clone(), package(PACKAGE));
    for (_, record) in &chains.package {
        chain
            .apply(record, &registry, &of_namespace)
            .map_err(refuse)?;
    }
    let package = chain
        .judge(&registry, &of_namespace, &places)
        .map_err(refuse)?;
    // What takes the places of more than one chain is found by who makes a bundle.
    match bundle(log, chains) {
        None | Some(Ok(_)) => Ok(state(&registry, &of_namespace, &package)),
        Some(Err(ProveError::Chain(error))) => Err(refuse(error)),
        Some(Err(ProveError::Index(error))) => Err(misplaced(error)),
        Some(Err(other)) => panic!("{other}"),
    }
}

/// The bundle for the package, if all places are known.
fn bundle(log: &Registry, chains: &Chains) -> Option<Result<(), ProveError>> {
    let placed = |records: &[(Option<u64>, SignedRecord)]| -> Option<Vec<Placed>> {
        let placed = |(index, record): &(Option<u64>, SignedRecord)| {
            let record = record.clone();
            index.map(|index| Placed { index, record })
        };
        records.iter().map(placed).collect()
    };
    let view = LogView {
        origin: &log.origin,
        checkpoint: b"",
        size: log.size(),
        nodes: log,
        map: &log.map,
        registry: &placed(&chains.registry)?,
        namespace: &placed(&chains.namespace)?,
        package: &placed(&chains.package)?,
        index_times: &log.index_times,
        leaf: &|index| log.leaves.get(index as usize).cloned(),
    };
    Some(prove(&view, &asking(PACKAGE, &[]), &Known::default()).map(|_| ()))
}

/// The kind of an error, and for signatures what is wrong with them.
fn name_of(error: &ChainErrorKind) -> String {
    match error {
        ChainErrorKind::Signatures(error) => match error {
            SignatureError::NotAuthorised { .. } => "Signatures: NotAuthorised".to_owned(),
            other => format!("Signatures: {}", kind(other)),
        },
        other => kind(other),
    }
}

fn state(registry: &RegistryChain, namespace: &NamespaceChain, package: &Package) -> State {
    let operator = registry.keys().iter().map(|key| {
        let (name, role) = (key.vkey.name().to_string(), key.role.to_string());
        (name, role, key.added, key.removed)
    });
    let change = |seq, grant: Option<&Grant>, from_index| Change {
        seq,
        permissions: grant.map_or_else(Vec::new, |grant| {
            grant.permissions.iter().map(ToString::to_string).collect()
        }),
        pattern: grant.map(|grant| grant.pattern.to_string()),
        expires: grant
            .and_then(|grant| grant.expires)
            .map(|time| time.to_string()),
        from_index,
    };
    let keys = namespace.keys().map(|key| {
        let changes = key.changes.iter();
        let changes = changes.map(|one| change(one.seq, one.grant.as_ref(), one.from_index));
        (key.vkey.name().to_string(), changes.collect())
    });
    let releases = package.releases().values().map(|release| {
        let (keys, attested) = match &release.publisher {
            Publisher::Keys(keys) => (keys.clone(), None),
            Publisher::Registry { key, attestation } => (vec![key.clone()], Some(attestation)),
        };
        let value = Release {
            seq: release.seq,
            digest: release.content.digest.to_string(),
            signed_by: keys.iter().map(|key| key.name().to_string()).collect(),
            attested: attested.map(|attested| match attested {
                Attestation::Token(id) => format!("token {id}"),
                Attestation::Oidc { rule, commit } => {
                    format!(
                        "oidc {} {} {} {commit}",
                        rule.issuer, rule.repository, rule.workflow
                    )
                }
            }),
            availability: match release.availability {
                Availability::Available => "available".to_owned(),
                Availability::Yanked(reason) => format!("yanked {reason}"),
                Availability::TakenDown(reason) => format!("taken-down {reason}"),
            },
        };
        (release.version.to_string(), value)
    });
    State {
        operator_keys: operator.collect(),
        threshold: namespace.threshold(),
        keys: keys.collect(),
        releases: releases.collect(),
        void: package.void().to_vec(),
    }
}

fn vector(case: &Case, records: &mut Vec<String>) -> Vector {
    let log = case.log();
    let mut of_log = chains(&log);
    (case.alter)(&mut of_log);
    let folded = fold(&log, &of_log);
    let found = folded
        .as_ref()
        .err()
        .map_or("accepted", |refusal| &refusal.kind);
    assert_eq!(found, case.want, "{}: {folded:?}", case.name);
    if !case.altered {
        case.agrees(&log, folded.as_ref().ok().map(|state| &state.void));
    }
    let mut list = |chain: &[(Option<u64>, SignedRecord)]| -> Vec<Leaf> {
        let leaf = |(index, record): &(Option<u64>, SignedRecord)| {
            let text = String::from_utf8(record.bytes().to_vec()).unwrap();
            let known = records.iter().position(|record| *record == text);
            let number = known.unwrap_or_else(|| {
                records.push(text);
                records.len() - 1
            });
            Leaf(*index, number)
        };
        chain.iter().map(leaf).collect()
    };
    Vector {
        name: case.name.to_owned(),
        registry: list(&of_log.registry),
        namespace: list(&of_log.namespace),
        package: list(&of_log.package),
        index_records: list(&of_log.index_records),
        state: folded.as_ref().ok().map(|_| fold(&log, &of_log).unwrap()),
        error: folded.err(),
    }
}

impl Case {
    /// Whether those who read the whole log, and those who get a bundle, come to the same.
    fn agrees(&self, log: &Registry, void: Option<&Vec<u32>>) {
        let monitor = log.monitor();
        let honest = monitor.findings().is_empty();
        assert_eq!(
            honest,
            void.is_some(),
            "{}: {:?}",
            self.name,
            monitor.findings()
        );
        if let Some(void) = void {
            let mut client = Client::new(log);
            let view = client.ask(log, &asking(PACKAGE, &[])).unwrap();
            let seen = view.package().map_or(&[][..], Package::void);
            assert_eq!(seen, void, "{}", self.name);
            let full = monitor.package(&package(PACKAGE)).transpose().unwrap();
            assert_eq!(view.package(), full.as_ref(), "{}", self.name);
            client.ask(log, &Request::Registry).unwrap();
        }
    }
}

#[test]
fn are_as_committed() {
    let mut records = vec![];
    let cases = accepted().into_iter().chain(refused());
    let made: Vec<Vector> = cases.map(|case| vector(&case, &mut records)).collect();
    let made = Vectors {
        about: ABOUT.to_owned(),
        origin: ORIGIN.to_owned(),
        package: PACKAGE.to_owned(),
        records,
        cases: made,
    };
    let vectors = committed("chains.json", &made);
    let refused = vectors.cases.iter().filter(|case| case.error.is_some());
    let kinds: std::collections::BTreeSet<&str> = refused
        .clone()
        .flat_map(|case| &case.error)
        .map(|error| error.kind.as_str())
        .collect();
    println!(
        "{} cases, {} refused, for {} reasons; {} records",
        vectors.cases.len(),
        refused.count(),
        kinds.len(),
        vectors.records.len()
    );
    for kind in KINDS {
        assert!(kinds.contains(kind), "no case is refused as {kind}");
    }
}

/// Every kind there is but `TooLong`, whose chains are too long to commit.
const KINDS: &[&str] = &[
    "WrongSubject",
    "WrongOrigin",
    "WrongSeq",
    "WrongPrev",
    "Beginning",
    "Signatures: NotAuthorised",
    "Signatures: Bad",
    "Signatures: Order",
    "Signatures: Threshold",
    "NoKeyLeft",
    "KeyRepeated",
    "NotNamedAsOrigin",
    "NoSuchKey",
    "KeyRenamed",
    "KeyAmbiguous",
    "KeyRevoked",
    "TooFewOwners",
    "Reserved",
    "FromIndex",
    "UnknownAuthority",
    "AuthorityDecreases",
    "NotGranted",
    "Lost",
    "Expired",
    "NotOperator",
    "NotAttested",
    "NotByRegistry",
    "UntrustedJob",
    "VersionUsed",
    "NoSuchVersion",
    "TakenDown",
    "NotPlaced",
    "WrongPlace",
    "TooManyChanges",
];

#[test]
fn a_chain_has_at_most_10000_records() {
    let mut log = Registry::new(ORIGIN);
    let mut chain = RegistryChain::new(log.origin.clone());
    chain
        .apply(&log.chains[&Subject::Registry][0].record)
        .unwrap();
    for seq in 1..=MAX_CHAIN as u32 {
        let reserve = RegistryAct::Reserve {
            namespace: namespace("acme"),
            owners: vec![],
        };
        log.log_registry(reserve);
        let record = &log.chains[&Subject::Registry].last().unwrap().record;
        let applied = chain.apply(record);
        let full = seq as usize == MAX_CHAIN;
        assert_eq!(applied.is_err(), full, "{seq}");
        if let Err(error) = applied {
            assert_eq!((*error.kind, error.seq), (ChainErrorKind::TooLong, seq));
        }
    }
    assert_eq!(chain.len() as usize, MAX_CHAIN);
}
