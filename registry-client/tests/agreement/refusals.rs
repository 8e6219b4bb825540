//! One record for each way in which a registry can log what it must not.

use crate::dishonest::shown;
use crate::lies::{history, kind_of_finding};
use crate::support::*;
use tenon_registry_client::log::{Note, Origin, SigningKey};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::{
    Attestation, NamespaceAct, OidcRule, PackageAct, Permission, Record, Reference, RegistryAct,
    Role, SignedRecord, Statement, Subject,
};

/// What is logged, what full mode finds, and what a light client says that asks for `acme:http`.
struct Case {
    name: &'static str,
    log: fn(&mut Registry),
    full: &'static str,
    light: &'static str,
}

const fn case(
    name: &'static str,
    full: &'static str,
    light: &'static str,
    log: fn(&mut Registry),
) -> Case {
    Case {
        name,
        log,
        full,
        light,
    }
}

fn owner() -> SigningKey {
    key("acme/owner")
}

fn alice() -> SigningKey {
    key("acme/alice")
}

fn http() -> PackageName {
    package("acme:http")
}

fn add(role: Role, key: &SigningKey) -> RegistryAct {
    RegistryAct::KeyAdd(role, key.vkey().clone())
}

/// A record with whatever signatures; it is logged as the next of its chain.
fn log_note(registry: &mut Registry, note: &Note) {
    let record = SignedRecord::parse(note.to_string().as_bytes()).unwrap();
    registry.log(record);
}

fn of_job(record: &mut Record) {
    let Statement::Package {
        act: PackageAct::Release { attestation, .. },
        ..
    } = &mut record.statement
    else {
        unreachable!()
    };
    *attestation = Some(Attestation::Oidc {
        rule: OidcRule {
            issuer: "https://ci.example".to_owned(),
            repository: "1".to_owned(),
            workflow: "other.yml".to_owned(),
        },
        commit: "c0ffee".to_owned(),
    });
}

/// More records of every chain, as if all before were well.
fn go_on(registry: &mut Registry) {
    registry.seal();
    registry.log_namespace("acme", NamespaceAct::Threshold(1), &[&owner()]);
    registry.release("acme:http", "8.0.0", &alice());
    registry.seal();
    registry.release("acme:http", "8.1.0", &alice());
    registry.log_namespace("acme", NamespaceAct::Threshold(1), &[&owner()]);
}

/// A release that names the next record of its namespace, and is logged before it.
fn release_before_its_authority(registry: &mut Registry) {
    let record = registry.namespace_record(&namespace("acme"), NamespaceAct::Threshold(1));
    let seq = record.link().unwrap().seq;
    let signed = SignedRecord::sign(record, &[&owner()]).unwrap();
    let hash = signed.hash();
    let reference = Reference { seq, hash };
    let act = release(&http(), "3.0.0");
    let record = registry.package_record_at(&http(), act, reference);
    registry.sign_and_log(record, &[&alice()]);
    registry.log(signed);
}

/// The ingest key that `history` removed, where the namespace grants it `release`.
fn granted_ingest(registry: &mut Registry) -> SigningKey {
    let new = key("registry.example/new-ingest");
    registry.log_registry(add(Role::Ingest, &new));
    registry.grant("acme", &new, grant(&[Permission::Release]), &owner());
    new
}

const CASES: &[Case] = &[
    case(
        "another log's record",
        "Chain(WrongOrigin)",
        "Chain(WrongOrigin)",
        |registry| {
            let mut record = registry.package_record(&http(), release(&http(), "3.0.0"));
            record.origin = Origin::new("other.example/log").unwrap();
            registry.sign_and_log(record, &[&alice()]);
        },
    ),
    case(
        "a signature over something else",
        "Chain(Signatures)",
        "Chain(Signatures)",
        |registry| {
            let record = registry.package_record(&http(), release(&http(), "3.0.0"));
            let other = registry.package_record(&http(), release(&http(), "4.0.0"));
            let other = SignedRecord::sign(other, &[&alice()]).unwrap();
            let mut note = Note::new(record.to_string()).unwrap();
            note.push(other.signatures()[0].clone()).unwrap();
            log_note(registry, &note);
        },
    ),
    case(
        "one key signs twice",
        "Chain(Signatures)",
        "Chain(Signatures)",
        |registry| {
            let record = registry.package_record(&http(), release(&http(), "3.0.0"));
            let once = SignedRecord::sign(record.clone(), &[&alice()]).unwrap();
            let line = &once.signatures()[0];
            let mut note = Note::new(record.to_string()).unwrap();
            note.push(line.clone()).unwrap();
            note.push(line.clone()).unwrap();
            log_note(registry, &note);
        },
    ),
    case(
        "a log key of another name",
        "Chain(NotNamedAsOrigin)",
        "Chain(NotNamedAsOrigin)",
        |registry| {
            registry.log_registry(add(Role::Log, &key("other")));
        },
    ),
    case(
        "a key with two roles",
        "Chain(KeyRepeated)",
        "Chain(KeyRepeated)",
        |registry| {
            let index = registry.index.clone();
            registry.log_registry(add(Role::Ingest, &index));
        },
    ),
    case(
        "a removed key returns",
        "Chain(KeyRepeated)",
        "Chain(KeyRepeated)",
        |registry| {
            let ingest = registry.ingest.clone();
            registry.log_registry(add(Role::Ingest, &ingest));
        },
    ),
    case(
        "a key is removed that is not there",
        "Chain(NoSuchKey)",
        "Chain(NoSuchKey)",
        |registry| {
            let other = key("other").vkey().clone();
            registry.log_registry(RegistryAct::KeyRemove(Role::Ingest, other));
        },
    ),
    case(
        "the last index key is removed",
        "Chain(NoKeyLeft)",
        "Chain(NoKeyLeft)",
        |registry| {
            let index = registry.index.vkey().clone();
            registry.log_registry(RegistryAct::KeyRemove(Role::Index, index));
        },
    ),
    case(
        "a revoked key is granted again",
        "Chain(KeyRevoked)",
        "Chain(KeyRevoked)",
        |registry| {
            registry.grant(
                "acme",
                &key("acme/bob"),
                grant(&[Permission::Yank]),
                &owner(),
            );
        },
    ),
    case(
        "a key under another name",
        "Chain(KeyRenamed)",
        "Chain(KeyRenamed)",
        |registry| {
            let other = alias("acme/malice", "acme/alice");
            registry.grant("acme", &other, grant(&[Permission::Yank]), &owner());
        },
    ),
    case(
        "the last owner goes",
        "Chain(TooFewOwners)",
        "Chain(TooFewOwners)",
        |registry| {
            registry.revoke("acme", &owner(), None, &owner());
        },
    ),
    case(
        "a publisher acts as an owner",
        "Chain(Signatures)",
        "Chain(Signatures)",
        |registry| {
            registry.grant(
                "acme",
                &key("acme/eve"),
                grant(&[Permission::Own]),
                &alice(),
            );
        },
    ),
    case(
        "a revoke from the future",
        "Chain(FromIndex)",
        "Chain(FromIndex)",
        |registry| {
            let index = registry.size() + 1;
            registry.revoke("acme", &alice(), Some(index), &owner());
        },
    ),
    case(
        "a revoke from the future, and on",
        "Chain(FromIndex)",
        "Chain(FromIndex)",
        |registry| {
            let dave = key("acme/dave");
            registry.grant("acme", &dave, grant(&[Permission::Yank]), &owner());
            let index = registry.size() + 1;
            registry.revoke("acme", &dave, Some(index), &owner());
            go_on(registry);
        },
    ),
    // The signatures are those it takes; that the server logged them in another order does no harm.
    case(
        "a release before its authority",
        "Chain(UnknownAuthority)",
        "ok",
        |registry| {
            release_before_its_authority(registry);
            go_on(registry);
        },
    ),
    case(
        "the authority of another namespace",
        "Chain(UnknownAuthority)",
        "Chain(UnknownAuthority)",
        |registry| {
            registry.create("evil", &owner());
            let authority = registry.head(&Subject::Namespace(namespace("evil")));
            let act = release(&http(), "3.0.0");
            let record = registry.package_record_at(&http(), act, authority);
            registry.sign_and_log(record, &[&alice()]);
        },
    ),
    case(
        "a stale authority after a revoke",
        "Chain(Lost)",
        "Chain(Lost)",
        |registry| {
            let authority = registry.head(&Subject::Namespace(namespace("acme")));
            registry.revoke("acme", &alice(), None, &owner());
            let act = release(&http(), "3.0.0");
            let record = registry.package_record_at(&http(), act, authority);
            registry.sign_and_log(record, &[&alice()]);
        },
    ),
    case(
        "a stale authority after a narrowed grant",
        "Chain(Lost)",
        "Chain(Lost)",
        |registry| {
            let authority = registry.head(&Subject::Namespace(namespace("acme")));
            let mut narrow = grant(&[Permission::Release]);
            narrow.pattern = "http-*".parse().unwrap();
            registry.grant("acme", &alice(), narrow, &owner());
            let act = release(&http(), "3.0.0");
            let record = registry.package_record_at(&http(), act, authority);
            registry.sign_and_log(record, &[&alice()]);
        },
    ),
    case(
        "an expired grant",
        "Chain(Expired)",
        "Chain(Expired)",
        |registry| {
            let mut short = grant(&[Permission::Release]);
            short.expires = Some(time(registry.clock + 60));
            registry.grant("acme", &alice(), short, &owner());
            registry.seal();
            registry.clock += 60;
            registry.release("acme:http", "3.0.0", &alice());
            registry.seal();
        },
    ),
    case(
        "a key that was never granted this",
        "Chain(NotGranted)",
        "Chain(NotGranted)",
        |registry| {
            registry.release("acme:http", "3.0.0", &owner());
        },
    ),
    case(
        "the same, and a good one in its batch",
        "Chain(NotGranted)",
        "Chain(NotGranted)",
        |registry| {
            registry.release("acme:http", "3.0.0", &owner());
            registry.release("acme:http", "3.1.0", &alice());
        },
    ),
    case(
        "a removed ingest key",
        "Chain(NotOperator)",
        "Chain(NotOperator)",
        |registry| {
            let ingest = granted_ingest(registry);
            let remove = RegistryAct::KeyRemove(Role::Ingest, ingest.vkey().clone());
            registry.log_registry(remove);
            registry.log_package("acme:http", attested(&http(), "3.0.0"), &[&ingest]);
        },
    ),
    case(
        "a takedown by a removed index key",
        "Chain(NotOperator)",
        "Chain(NotOperator)",
        |registry| {
            let (old, new) = (registry.index.clone(), key("registry.example/new-index"));
            registry.log_registry(add(Role::Index, &new));
            registry.log_registry(RegistryAct::KeyRemove(Role::Index, old.vkey().clone()));
            registry.index = new;
            registry.log_package("acme:http", takedown("1.0.0"), &[&old]);
        },
    ),
    case(
        "the registry's key for nobody",
        "Chain(NotAttested)",
        "Chain(NotAttested)",
        |registry| {
            let ingest = granted_ingest(registry);
            registry.release("acme:http", "3.0.0", &ingest);
        },
    ),
    case(
        "a publisher's key for someone",
        "Chain(NotByRegistry)",
        "Chain(NotByRegistry)",
        |registry| {
            registry.log_package("acme:http", attested(&http(), "3.0.0"), &[&alice()]);
        },
    ),
    case(
        "a job that nobody trusts",
        "Chain(UntrustedJob)",
        "Chain(UntrustedJob)",
        |registry| {
            let ingest = granted_ingest(registry);
            let mut record = registry.package_record(&http(), release(&http(), "3.0.0"));
            of_job(&mut record);
            registry.sign_and_log(record, &[&ingest]);
        },
    ),
    case(
        "a version twice",
        "Chain(VersionUsed)",
        "Chain(VersionUsed)",
        |registry| {
            registry.release("acme:http", "1.0.0", &alice());
        },
    ),
    case(
        "a version that is void again",
        "Chain(VersionUsed)",
        "Chain(VersionUsed)",
        |registry| {
            registry.release("acme:http", "1.1.0", &alice());
        },
    ),
    case(
        "a version and its twin",
        "Chain(VersionUsed)",
        "Chain(VersionUsed)",
        |registry| {
            registry.release("acme:http", "1.0.0+b", &alice());
        },
    ),
    case(
        "a yank of nothing",
        "Chain(NoSuchVersion)",
        "Chain(NoSuchVersion)",
        |registry| {
            registry.log_package("acme:http", yank("3.0.0"), &[&alice()]);
        },
    ),
    case(
        "an unyank after a takedown",
        "Chain(TakenDown)",
        "Chain(TakenDown)",
        |registry| {
            let index = registry.index.clone();
            registry.log_package("acme:http", takedown("1.0.0"), &[&index]);
            registry.log_package("acme:http", unyank("1.0.0"), &[&alice()]);
        },
    ),
    case(
        "a seq is left out",
        "Chain(WrongSeq)",
        "HeadMismatch",
        |registry| {
            let mut record = registry.package_record(&http(), release(&http(), "3.0.0"));
            let Statement::Package { link, .. } = &mut record.statement else {
                unreachable!()
            };
            link.seq += 1;
            registry.sign_and_log(record, &[&alice()]);
        },
    ),
    case(
        "a second beginning",
        "Chain(Beginning)",
        "Chain(Beginning)",
        |registry| {
            registry.create("acme", &owner());
        },
    ),
    case("bytes that are no record", "NotARecord", "ok", |registry| {
        registry.append(b"no record");
    }),
];

#[test]
fn every_kind_of_refusal_is_one_for_both() {
    let mut wrong = vec![];
    for case in CASES {
        let honest = history();
        let mut registry = honest.clone();
        (case.log)(&mut registry);
        registry.seal();
        let monitor = registry.monitor();
        let full: Vec<String> = monitor.findings().iter().map(kind_of_finding).collect();
        let request = asking("acme:http", &[]);
        let light = shown(&honest.pin(), &honest, &registry, &request);
        // What follows a refused record in its chain, and the map, is found as well.
        if full.first().map(String::as_str) != Some(case.full) || light != case.light {
            wrong.push(format!("{}: {full:?}, {light}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_namespace_that_is_kept_is_created_by_nobody_else() {
    let mut honest = history();
    honest.log_registry(RegistryAct::Reserve {
        namespace: namespace("kept"),
        owners: vec![owner().vkey().clone()],
    });
    honest.seal();
    let mut registry = honest.clone();
    registry.create("kept", &alice());
    let all = grant(&[Permission::Own, Permission::Release]);
    registry.grant("kept", &alice(), all, &alice());
    registry.release("kept:http", "1.0.0", &alice());
    registry.seal();
    let full = registry.monitor();
    assert_eq!(kind_of_finding(&full.findings()[0]), "Chain(Reserved)");
    let said = shown(&honest.pin(), &honest, &registry, &asking("kept:http", &[]));
    assert_eq!(said, "Chain(Reserved)");
}
