//! Logs with a chain that is refused, one for each way in which it can be, and more.

use crate::chain_cases::*;
use crate::package_refusals::of_packages;
use crate::samples::sorted;
use crate::support::*;
use tenon_registry_client::log::{Hash, Origin};
use tenon_registry_client::record::{
    Link, NamespaceAct, Permission, Record, RegistryAct, Role, SignedRecord, Statement,
};

pub(crate) fn refused() -> Vec<Case> {
    let all = [links(), signatures(), operators(), keys()];
    all.into_iter().flatten().chain(of_packages()).collect()
}

/// The next record of `acme:http`, with something else in its place.
fn release_with(log: &mut Registry, change: impl FnOnce(&mut Record)) {
    let mut record = log.package_record(&package(HTTP), release(&package(HTTP), "1.1.0"));
    change(&mut record);
    log.sign_and_log(record, &[&alice()]);
}

fn relink(record: &mut Record, new: Link) {
    let Statement::Package { link, .. } = &mut record.statement else {
        panic!()
    };
    *link = new;
}

fn links() -> Vec<Case> {
    let http = |name, want, build| Case::new(name, want, build);
    vec![
        http("a record of another package", "WrongSubject", |log| {
            log.release(HTTP, "1.0.0", &alice());
        })
        .altered(|chains| chains.package[0] = chains.namespace[0].clone()),
        http("a record for another log", "WrongOrigin", |log| {
            release_with(log, |record| {
                record.origin = Origin::new("other.example/log").unwrap()
            });
        }),
        http("a record left out", "WrongSeq", |log| {
            for version in ["1.0.0", "1.1.0", "1.2.0"] {
                log.release(HTTP, version, &alice());
            }
        })
        .altered(|chains| {
            chains.package.remove(1);
        }),
        http("a record twice", "WrongSeq", |log| {
            log.release(HTTP, "1.0.0", &alice());
        })
        .altered(|chains| {
            let (index, record) = chains.package[0].clone();
            chains.package.push((index.map(|index| index + 1), record));
        }),
        http("a second record of one seq", "WrongSeq", |log| {
            log.release(HTTP, "1.0.0", &alice());
            release_with(log, |record| {
                relink(
                    record,
                    Link {
                        seq: 0,
                        prev: Hash::ZERO,
                    },
                )
            });
        }),
        http("a record that follows another", "WrongPrev", |log| {
            log.release(HTTP, "1.0.0", &alice());
            release_with(log, |record| {
                relink(
                    record,
                    Link {
                        seq: 1,
                        prev: Hash::leaf(b""),
                    },
                )
            });
        }),
        http(
            "a namespace that does not begin with its creation",
            "Beginning",
            |log| {
                log.log_namespace("acme", NamespaceAct::Threshold(1), &[&owner()]);
            },
        )
        .from(bare),
        http("a second creation", "Beginning", |log| {
            log.create("acme", &owner());
        }),
        http("a second init", "Beginning", |log| {
            let (nonce, keys) = ([0; 32], log.operator_keys());
            log.log_registry(RegistryAct::Init { nonce, keys });
        }),
    ]
}

/// The last record of the package with its signature lines changed.
fn resign(chains: &mut crate::chains::Chains, change: fn(&mut Vec<String>)) {
    let (index, record) = chains.package.pop().unwrap();
    let mut lines = record
        .signatures()
        .iter()
        .map(ToString::to_string)
        .collect();
    change(&mut lines);
    let text = format!("{}\n{}\n", record.record(), lines.join("\n"));
    chains
        .package
        .push((index, SignedRecord::parse(text.as_bytes()).unwrap()));
}

fn signatures() -> Vec<Case> {
    let two = |log: &mut Registry| {
        log.grant("acme", &bob(), both(), &owner());
        log.log_package(HTTP, release(&package(HTTP), "1.0.0"), &[&alice(), &bob()]);
    };
    vec![
        Case::new(
            "a release by an unknown key",
            "Signatures: NotAuthorised",
            |log| {
                log.release(HTTP, "1.0.0", &key("mallory"));
            },
        ),
        Case::new(
            "a release by a known key and an unknown one",
            "Signatures: NotAuthorised",
            |log| {
                let keys = [&alice(), &key("mallory")];
                log.log_package(HTTP, release(&package(HTTP), "1.0.0"), &keys);
            },
        ),
        Case::new(
            "a key under another name",
            "Signatures: NotAuthorised",
            |log| {
                log.release(HTTP, "1.0.0", &alias("acme/other", "acme/alice"));
            },
        ),
        Case::new(
            "a grant by one who is no owner",
            "Signatures: NotAuthorised",
            |log| {
                log.grant("acme", &bob(), both(), &alice());
            },
        ),
        Case::new(
            "one of two owners revokes itself, and voids",
            "Signatures: Threshold",
            |log| {
                let act = NamespaceAct::Grant(bob().vkey().clone(), grant(&[Permission::Own]));
                log.log_namespace("acme", act, &[&owner()]);
                let third = key("acme/carol");
                log.grant("acme", &third, grant(&[Permission::Own]), &owner());
                log.log_namespace("acme", NamespaceAct::Threshold(2), &[&owner()]);
                log.revoke("acme", &third, None, &third);
                let from = log.size();
                log.revoke("acme", &bob(), Some(from), &bob());
            },
        ),
        Case::new(
            "a takedown by a publisher",
            "Signatures: NotAuthorised",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                log.log_package(HTTP, takedown("1.0.0"), &[&alice()]);
            },
        ),
        Case::new(
            "a key added by a log key",
            "Signatures: NotAuthorised",
            |log| {
                let act =
                    RegistryAct::KeyAdd(Role::Log, alias(log.origin.as_str(), "x").vkey().clone());
                let record = log.registry_record(act);
                let by = log.log[0].clone();
                log.sign_and_log(record, &[&by]);
            },
        ),
        Case::new(
            "a key added by an index key",
            "Signatures: NotAuthorised",
            |log| {
                let act = RegistryAct::KeyAdd(Role::Ingest, key("x").vkey().clone());
                let record = log.registry_record(act);
                let by = log.index.clone();
                log.sign_and_log(record, &[&by]);
            },
        ),
        Case::new(
            "the signature of another record",
            "Signatures: Bad",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                log.release(HTTP, "1.1.0", &alice());
            },
        )
        .altered(|chains| {
            let other = chains.package[0].1.signatures()[0].to_string();
            let (index, record) = chains.package.pop().unwrap();
            let text = format!("{}\n{other}\n", record.record());
            chains
                .package
                .push((index, SignedRecord::parse(text.as_bytes()).unwrap()));
        }),
        Case::new("signatures in another order", "Signatures: Order", two)
            .altered(|chains| resign(chains, |lines| lines.reverse())),
        Case::new("one signature twice", "Signatures: Order", two)
            .altered(|chains| resign(chains, |lines| lines[1] = lines[0].clone())),
        Case::new("one of two owners", "Signatures: Threshold", |log| {
            let act = NamespaceAct::Grant(bob().vkey().clone(), grant(&[Permission::Own]));
            log.log_namespace("acme", act, &[&owner()]);
            log.log_namespace("acme", NamespaceAct::Threshold(2), &[&owner()]);
            log.grant("acme", &key("acme/carol"), both(), &owner());
        }),
        Case::new(
            "a creation by fewer owners than it asks for",
            "Signatures: Threshold",
            |log| {
                let owners = sorted(&[&owner(), &bob()]);
                log.log_namespace(
                    "acme",
                    NamespaceAct::Create {
                        owners,
                        threshold: 2,
                    },
                    &[&bob()],
                );
            },
        )
        .from(bare),
    ]
}

fn operators() -> Vec<Case> {
    vec![
        Case::new("the last root key removed", "NoKeyLeft", |log| {
            let root = log.root.vkey().clone();
            log.log_registry(RegistryAct::KeyRemove(Role::Root, root));
        }),
        Case::new("no index key", "NoKeyLeft", |_| {}).from(|| {
            let mut log = Registry::bare(crate::samples::ORIGIN);
            let mut keys = log.operator_keys();
            keys.retain(|(role, _)| *role != Role::Index);
            log.log_registry(RegistryAct::Init {
                nonce: [1; 32],
                keys,
            });
            log
        }),
        Case::new("one public key in two roles", "KeyRepeated", |log| {
            let act = RegistryAct::KeyAdd(Role::Ingest, log.index.vkey().clone());
            log.log_registry(act);
        }),
        Case::new("a removed key added again", "KeyRepeated", |log| {
            let vkey = log.ingest.vkey().clone();
            log.log_registry(RegistryAct::KeyRemove(Role::Ingest, vkey.clone()));
            log.log_registry(RegistryAct::KeyAdd(Role::Ingest, vkey));
        }),
        Case::new(
            "two operator keys with one name and id",
            "KeyAmbiguous",
            |log| {
                for other in [false, true] {
                    let vkey = twin(other).vkey().clone();
                    log.log_registry(RegistryAct::KeyAdd(Role::Ingest, vkey));
                }
            },
        ),
        Case::new(
            "a log key that is not named as the log",
            "NotNamedAsOrigin",
            |log| {
                let act = RegistryAct::KeyAdd(Role::Log, key("other.example/log").vkey().clone());
                log.log_registry(act);
            },
        ),
        Case::new("a key removed that was never there", "NoSuchKey", |log| {
            log.log_registry(RegistryAct::KeyRemove(
                Role::Ingest,
                key("x").vkey().clone(),
            ));
        }),
        Case::new(
            "a key removed from a role it does not have",
            "NoSuchKey",
            |log| {
                let act = RegistryAct::KeyRemove(Role::Log, log.ingest.vkey().clone());
                log.log_registry(act);
            },
        ),
        Case::new("an index record by a removed key", "NotOperator", |log| {
            let old = log.index.vkey().clone();
            let new = key("registry.example/log/index-2");
            log.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
            log.log_registry(RegistryAct::KeyRemove(Role::Index, old));
        }),
        Case::new(
            "a takedown by a removed key that names the record before",
            "NotOperator",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                let record = log.package_record(&package(HTTP), takedown("1.0.0"));
                let old = log.index.clone();
                let record = SignedRecord::sign(record, &[&old]).unwrap();
                let new = key("registry.example/log/index-2");
                log.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
                log.log_registry(RegistryAct::KeyRemove(Role::Index, old.vkey().clone()));
                log.index = new;
                log.log(record);
            },
        ),
        Case::new(
            "a namespace that is reserved for others",
            "Reserved",
            |log| {
                log.log_registry(reserve(&[&bob()]));
                log.create("acme", &owner());
            },
        )
        .from(bare),
        Case::new(
            "a namespace that is reserved for nobody",
            "Reserved",
            |log| {
                log.log_registry(reserve(&[&owner()]));
                log.log_registry(reserve(&[]));
                log.create("acme", &owner());
            },
        )
        .from(bare),
    ]
}

fn keys() -> Vec<Case> {
    vec![
        Case::new(
            "a revocation of a key that was never there",
            "NoSuchKey",
            |log| {
                log.revoke("acme", &bob(), None, &owner());
            },
        ),
        Case::new("a second revocation", "NoSuchKey", |log| {
            log.revoke("acme", &alice(), None, &owner());
            log.revoke("acme", &alice(), None, &owner());
        }),
        Case::new("a granted key under another name", "KeyRenamed", |log| {
            let other = alias("acme/other", "acme/alice");
            log.grant("acme", &other, both(), &owner());
        }),
        Case::new("two keys with one name and id", "KeyAmbiguous", |log| {
            log.grant("acme", &twin(false), both(), &owner());
            log.grant("acme", &twin(true), both(), &owner());
        }),
        Case::new("a revoked key granted again", "KeyRevoked", |log| {
            log.revoke("acme", &alice(), None, &owner());
            log.grant("acme", &alice(), both(), &owner());
        }),
        Case::new(
            "a revoked key granted again under another name",
            "KeyRevoked",
            |log| {
                log.revoke("acme", &alice(), None, &owner());
                let other = alias("acme/other", "acme/alice");
                log.grant("acme", &other, both(), &owner());
            },
        ),
        Case::new("the last owner removes itself", "TooFewOwners", |log| {
            log.revoke("acme", &owner(), None, &owner());
        }),
        Case::new(
            "the last owner is granted something else",
            "TooFewOwners",
            |log| {
                log.grant("acme", &owner(), both(), &owner());
            },
        ),
        Case::new(
            "a threshold above the number of owners",
            "TooFewOwners",
            |log| {
                log.log_namespace("acme", NamespaceAct::Threshold(2), &[&owner()]);
            },
        ),
        Case::new("a key granted 65 times", "TooManyChanges", |log| {
            for _ in 0..64 {
                log.grant("acme", &alice(), both(), &owner());
            }
        }),
        Case::new(
            "a revocation that voids what is to come",
            "FromIndex",
            |log| {
                let from = log.size() + 1;
                log.revoke("acme", &alice(), Some(from), &owner());
            },
        ),
    ]
}
