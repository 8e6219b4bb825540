//! Logs in which a record of a package is refused, and why.

use crate::chain_cases::*;
use crate::samples::{built, job};
use crate::support::*;
use tenon_registry_client::log::SigningKey;
use tenon_registry_client::record::{NamespaceAct, Permission, RegistryAct, Role, Subject};

pub(crate) fn of_packages() -> Vec<Case> {
    let all = [authority(), in_time(), ingest(), versions(), places()];
    all.into_iter().flatten().collect()
}

fn authority() -> Vec<Case> {
    vec![
        Case::new(
            "a release that names the head of another namespace",
            "UnknownAuthority",
            |log| {
                log.create("evil", &alice());
                let evil = log.head(&Subject::Namespace(namespace("evil")));
                let act = release(&package(HTTP), "1.0.0");
                let record = log.package_record_at(&package(HTTP), act, evil);
                log.sign_and_log(record, &[&alice()]);
            },
        ),
        Case::new(
            "a takedown that names a record of the namespace",
            "UnknownAuthority",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                let head = log.head(&Subject::Namespace(namespace("acme")));
                let record = log.package_record_at(&package(HTTP), takedown("1.0.0"), head);
                let index = log.index.clone();
                log.sign_and_log(record, &[&index]);
            },
        ),
        Case::new(
            "a release that names an earlier record than the one before",
            "AuthorityDecreases",
            |log| {
                let old = log.head(&Subject::Namespace(namespace("acme")));
                log.grant("acme", &bob(), both(), &owner());
                log.release(HTTP, "1.0.0", &alice());
                let act = release(&package(HTTP), "1.1.0");
                let record = log.package_record_at(&package(HTTP), act, old);
                log.sign_and_log(record, &[&alice()]);
            },
        ),
        Case::new("a release by an owner who may not", "NotGranted", |log| {
            log.release(HTTP, "1.0.0", &owner());
        }),
        Case::new(
            "a yank by a key that may release only",
            "NotGranted",
            |log| {
                log.grant("acme", &bob(), grant(&[Permission::Release]), &owner());
                log.release(HTTP, "1.0.0", &bob());
                log.log_package(HTTP, yank("1.0.0"), &[&bob()]);
            },
        ),
        Case::new(
            "a release of another package than the pattern has",
            "NotGranted",
            |log| {
                log.grant("acme", &bob(), matching("http-*"), &owner());
                log.release(HTTP, "1.0.0", &bob());
            },
        ),
        Case::new(
            "a release that names a record from before the grant",
            "NotGranted",
            |log| {
                let old = log.head(&Subject::Namespace(namespace("acme")));
                log.grant("acme", &bob(), both(), &owner());
                let act = release(&package(HTTP), "1.0.0");
                let record = log.package_record_at(&package(HTTP), act, old);
                log.sign_and_log(record, &[&bob()]);
            },
        ),
    ]
}

fn in_time() -> Vec<Case> {
    vec![
        Case::new(
            "a release after the revocation that names the record before",
            "Lost",
            |log| {
                let record = prepare(log, "1.0.0");
                log.revoke("acme", &alice(), None, &owner());
                log.log(record);
            },
        ),
        Case::new("a release after the grant was narrowed", "Lost", |log| {
            let record = prepare(log, "1.0.0");
            log.grant("acme", &alice(), matching("other"), &owner());
            log.log(record);
        }),
        Case::new(
            "a release after the revocation, at an index that it voids",
            "Lost",
            |log| {
                let record = prepare(log, "1.0.0");
                let from = log.size();
                log.revoke("acme", &alice(), Some(from), &owner());
                log.log(record);
            },
        ),
        Case::new(
            "a release after the grant was lost and given back",
            "Lost",
            |log| {
                let record = prepare(log, "1.0.0");
                log.grant("acme", &alice(), matching("other"), &owner());
                log.grant("acme", &alice(), both(), &owner());
                log.log(record);
            },
        ),
        Case::new(
            "a release in the batch at whose time its grant expired",
            "Expired",
            |log| {
                log.grant("acme", &bob(), until(100), &owner());
                log.clock += 50;
                log.seal();
                log.release(HTTP, "1.0.0", &bob());
                log.clock += 50;
            },
        ),
    ]
}

fn ingest() -> Vec<Case> {
    let granted = |name, want, build| Case::new(name, want, build);
    vec![
        granted(
            "a release by the registry, for nobody",
            "NotAttested",
            |log| {
                let ingest = log.ingest.clone();
                log.grant("acme", &ingest, both(), &owner());
                log.release(HTTP, "1.0.0", &ingest);
            },
        ),
        granted("a yank by the registry", "NotAttested", |log| {
            let ingest = log.ingest.clone();
            log.grant("acme", &ingest, both(), &owner());
            log.release(HTTP, "1.0.0", &alice());
            log.log_package(HTTP, yank("1.0.0"), &[&ingest]);
        }),
        granted(
            "a release by a publisher, as if by the registry",
            "NotByRegistry",
            |log| {
                log.log_package(HTTP, attested(&package(HTTP), "1.0.0"), &[&alice()]);
            },
        ),
        granted(
            "a release by the registry where it may not",
            "Signatures: NotAuthorised",
            |log| {
                let ingest = log.ingest.clone();
                log.log_package(HTTP, attested(&package(HTTP), "1.0.0"), &[&ingest]);
            },
        ),
        granted(
            "a CI job that the namespace does not trust",
            "UntrustedJob",
            |log| {
                let ingest = log.ingest.clone();
                log.grant("acme", &ingest, both(), &owner());
                log.log_package(HTTP, built(HTTP, "1.0.0"), &[&ingest]);
            },
        ),
        granted("a CI job that it trusts later", "UntrustedJob", |log| {
            let ingest = log.ingest.clone();
            log.grant("acme", &ingest, both(), &owner());
            let act = built(HTTP, "1.0.0");
            log.log_package(HTTP, act, &[&ingest]);
            log.log_namespace("acme", NamespaceAct::TrustOidc(job()), &[&owner()]);
        }),
        granted(
            "a release by a removed key of the registry",
            "NotOperator",
            |log| {
                let ingest: SigningKey = log.ingest.clone();
                log.grant("acme", &ingest, both(), &owner());
                log.log_registry(RegistryAct::KeyRemove(Role::Ingest, ingest.vkey().clone()));
                log.log_package(HTTP, attested(&package(HTTP), "1.0.0"), &[&ingest]);
            },
        ),
    ]
}

fn versions() -> Vec<Case> {
    vec![
        Case::new("a version twice", "VersionUsed", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.release(HTTP, "1.0.0", &alice());
        }),
        Case::new(
            "a version that differs in build metadata",
            "VersionUsed",
            |log| {
                log.release(HTTP, "1.0.0+a", &alice());
                log.release(HTTP, "1.0.0+b", &alice());
            },
        ),
        Case::new("the version of a void release", "VersionUsed", |log| {
            log.grant("acme", &bob(), both(), &owner());
            let from = log.release(HTTP, "1.0.0", &alice());
            log.revoke("acme", &alice(), Some(from), &owner());
            log.release(HTTP, "1.0.0", &bob());
        }),
        Case::new("a yank of what is not released", "NoSuchVersion", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.log_package(HTTP, yank("1.0.1"), &[&alice()]);
        }),
        Case::new(
            "a yank without the build metadata",
            "NoSuchVersion",
            |log| {
                log.release(HTTP, "1.0.0+a", &alice());
                log.log_package(HTTP, yank("1.0.0"), &[&alice()]);
            },
        ),
        Case::new("a yank of what is taken down", "TakenDown", |log| {
            log.release(HTTP, "1.0.0", &alice());
            let index = log.index.clone();
            log.log_package(HTTP, takedown("1.0.0"), &[&index]);
            log.log_package(HTTP, yank("1.0.0"), &[&alice()]);
        }),
        Case::new("a second takedown", "TakenDown", |log| {
            log.release(HTTP, "1.0.0", &alice());
            let index = log.index.clone();
            log.log_package(HTTP, takedown("1.0.0"), &[&index]);
            log.log_package(HTTP, takedown("1.0.0"), &[&index]);
        }),
    ]
}

fn places() -> Vec<Case> {
    let revoked = |log: &mut Registry| {
        log.release(HTTP, "1.0.0", &alice());
        log.revoke("acme", &alice(), None, &owner());
    };
    vec![
        Case::new(
            "a release that is not shown to be before the revocation",
            "NotPlaced",
            revoked,
        )
        .altered(|chains| chains.package[0].0 = None),
        Case::new(
            "a revocation that is not shown to be after the release",
            "NotPlaced",
            revoked,
        )
        .altered(|chains| chains.namespace[2].0 = None),
        Case::new(
            "records of a chain in another order in the log",
            "WrongPlace",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                log.release(HTTP, "1.1.0", &alice());
            },
        )
        .altered(|chains| {
            let (first, second) = (chains.package[0].0, chains.package[1].0);
            (chains.package[0].0, chains.package[1].0) = (second, first);
        }),
        Case::new("two records at one index", "WrongPlace", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.release(HTTP, "1.1.0", &alice());
        })
        .altered(|chains| chains.package[1].0 = chains.package[0].0),
    ]
}
