//! Logs whose chains stand, and what the cases of `chains.json` are made with.

use crate::chains::Chains;
use crate::samples::{ORIGIN, built, job, sorted};
use crate::support::*;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{Algorithm, KeyName, SigningKey};
use tenon_registry_client::record::{
    Grant, NamespaceAct, Permission, RegistryAct, Role, SignedRecord,
};

/// A log, and what is to become of its chains.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// `accepted`, or the kind of error.
    pub(crate) want: &'static str,
    build: fn(&mut Registry),
    /// What is done to the chains besides, so that the log has others than these.
    pub(crate) alter: fn(&mut Chains),
    pub(crate) altered: bool,
    begin: fn() -> Registry,
}

impl Case {
    pub(crate) fn new(name: &'static str, want: &'static str, build: fn(&mut Registry)) -> Case {
        Case {
            name,
            want,
            build,
            alter: |_| {},
            altered: false,
            begin,
        }
    }

    pub(crate) fn altered(self, alter: fn(&mut Chains)) -> Case {
        Case {
            alter,
            altered: true,
            ..self
        }
    }

    /// From a log with its first record only, and not that of [`begin`].
    pub(crate) fn from(self, begin: fn() -> Registry) -> Case {
        Case { begin, ..self }
    }

    /// The log, which ends with an index record.
    pub(crate) fn log(&self) -> Registry {
        let mut log = (self.begin)();
        (self.build)(&mut log);
        log.seal();
        log
    }
}

pub(crate) const HTTP: &str = "acme:http";

pub(crate) fn owner() -> SigningKey {
    key("acme/owner")
}

pub(crate) fn alice() -> SigningKey {
    key("acme/alice")
}

pub(crate) fn bob() -> SigningKey {
    key("acme/bob")
}

/// Two keys of one name and one id, the first of which is `false`.
pub(crate) fn twin(other: bool) -> SigningKey {
    let number: u32 = if other { TWINS.1 } else { TWINS.0 };
    twin_of(number)
}

/// The first two numbers, counted from 0, whose keys have one id: found by trying them in order.
pub(crate) const TWINS: (u32, u32) = (8_778, 47_669);

fn twin_of(number: u32) -> SigningKey {
    let seed = *Digest::of(&number.to_be_bytes()).as_bytes();
    let name = KeyName::new("twin").unwrap();
    SigningKey::from_seed(name, Algorithm::Ed25519, &seed)
}

#[test]
fn twins_differ() {
    let (a, b) = (twin(false), twin(true));
    assert_eq!(a.vkey().id(), b.vkey().id());
    assert_ne!(a.vkey().key(), b.vkey().key());
}

pub(crate) fn both() -> Grant {
    grant(&[Permission::Release, Permission::Yank])
}

pub(crate) fn until(seconds: u64) -> Grant {
    Grant {
        expires: Some(time(START + seconds)),
        ..both()
    }
}

pub(crate) fn matching(pattern: &str) -> Grant {
    Grant {
        pattern: pattern.parse().unwrap(),
        ..both()
    }
}

/// The registry, and `acme` with its owner, where alice may release and yank.
pub(crate) fn begin() -> Registry {
    let mut log = Registry::new(ORIGIN);
    log.create("acme", &owner());
    log.grant("acme", &alice(), both(), &owner());
    log.seal();
    log
}

/// The registry alone.
pub(crate) fn bare() -> Registry {
    Registry::new(ORIGIN)
}

/// A release by alice that names the head of the namespace as it is now, to be logged later.
pub(crate) fn prepare(log: &Registry, version: &str) -> SignedRecord {
    let act = release(&package(HTTP), version);
    SignedRecord::sign(log.package_record(&package(HTTP), act), &[&alice()]).unwrap()
}

pub(crate) fn reserve(owners: &[&SigningKey]) -> RegistryAct {
    RegistryAct::Reserve {
        namespace: namespace("acme"),
        owners: sorted(owners),
    }
}

pub(crate) fn accepted() -> Vec<Case> {
    let case = |name, build| Case::new(name, "accepted", build);
    let mut all = vec![
        case("releases", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.release(HTTP, "1.1.0-rc.1+linux", &alice());
        }),
        case("a yank stays, another is taken back", |log| {
            for version in ["1.0.0", "1.1.0"] {
                log.release(HTTP, version, &alice());
                log.log_package(HTTP, yank(version), &[&alice()]);
            }
            log.log_package(HTTP, unyank("1.0.0"), &[&alice()]);
        }),
        case("an unyank of what is not yanked changes nothing", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.log_package(HTTP, unyank("1.0.0"), &[&alice()]);
        }),
        case("a yanked release is taken down", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.log_package(HTTP, yank("1.0.0"), &[&alice()]);
            let index = log.index.clone();
            log.log_package(HTTP, takedown("1.0.0"), &[&index]);
        }),
        case("a release before its key is revoked", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.revoke("acme", &alice(), None, &owner());
        }),
        case(
            "a revocation voids what a key did from an index on, and the next release stands",
            |log| {
                log.grant("acme", &bob(), both(), &owner());
                log.release(HTTP, "1.0.0", &alice());
                let from = log.release(HTTP, "1.1.0", &alice());
                log.log_package(HTTP, yank("1.0.0"), &[&alice()]);
                log.revoke("acme", &alice(), Some(from), &owner());
                log.release(HTTP, "1.2.0", &bob());
            },
        ),
        case(
            "a void yank does not keep the version from being yanked",
            |log| {
                log.grant("acme", &bob(), both(), &owner());
                log.release(HTTP, "1.0.0", &bob());
                let from = log.log_package(HTTP, yank("1.0.0"), &[&alice()]);
                log.log_package(HTTP, yank("1.0.0"), &[&bob()]);
                log.revoke("acme", &alice(), Some(from), &owner());
            },
        ),
        case("a void release is taken down, to no effect", |log| {
            let from = log.release(HTTP, "1.0.0", &alice());
            log.revoke("acme", &alice(), Some(from), &owner());
            let index = log.index.clone();
            log.log_package(HTTP, takedown("1.0.0"), &[&index]);
        }),
        case(
            "a revocation that voids from its own index on voids nothing",
            |log| {
                log.release(HTTP, "1.0.0", &alice());
                let from = log.size();
                log.revoke("acme", &alice(), Some(from), &owner());
            },
        ),
        case("a release before its grant is narrowed", |log| {
            log.release(HTTP, "1.0.0", &alice());
            log.grant("acme", &alice(), matching("other"), &owner());
        }),
        case("a grant that is widened", |log| {
            log.grant("acme", &bob(), matching("htt-*"), &owner());
            log.grant("acme", &bob(), matching("http"), &owner());
            log.release(HTTP, "1.0.0", &bob());
        }),
        case("a release in a batch before its grant expires", |log| {
            log.grant("acme", &bob(), until(100), &owner());
            log.release(HTTP, "1.0.0", &bob());
            log.clock += 99;
            log.seal();
            log.clock += 100;
        }),
        case("a grant made longer after it expired", |log| {
            log.grant("acme", &bob(), until(100), &owner());
            log.release(HTTP, "1.0.0", &bob());
            log.seal();
            log.clock += 100;
            log.grant("acme", &bob(), until(1_000), &owner());
            log.release(HTTP, "1.1.0", &bob());
        }),
        case("the registry signs for a token and for a CI job", |log| {
            let ingest = log.ingest.clone();
            log.grant("acme", &ingest, both(), &owner());
            log.log_namespace("acme", NamespaceAct::TrustOidc(job()), &[&owner()]);
            log.log_package(HTTP, attested(&package(HTTP), "1.0.0"), &[&ingest]);
            log.log_package(HTTP, built(HTTP, "1.1.0"), &[&ingest]);
        }),
        case("a new index key, and the old one removed", |log| {
            log.release(HTTP, "1.0.0", &alice());
            let old = log.index.clone();
            let new = key("registry.example/log/index-2");
            log.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
            log.seal();
            log.index = new.clone();
            log.seal();
            log.log_registry(RegistryAct::KeyRemove(Role::Index, old.vkey().clone()));
            log.log_package(HTTP, takedown("1.0.0"), &[&new]);
        }),
        case("two of three owners", |log| {
            let [b, c] = ["acme/b", "acme/c"].map(key);
            for key in [&b, &c] {
                log.grant("acme", key, grant(&[Permission::Own]), &owner());
            }
            log.log_namespace("acme", NamespaceAct::Threshold(2), &[&owner()]);
            let act = NamespaceAct::Grant(bob().vkey().clone(), both());
            log.log_namespace("acme", act, &[&b, &c]);
            log.revoke("acme", &c, None, &c);
        }),
        case("a key that is no owner removes itself", |log| {
            log.revoke("acme", &alice(), None, &alice());
        }),
        case("two publishers sign one release", |log| {
            log.grant("acme", &bob(), both(), &owner());
            log.log_package(HTTP, release(&package(HTTP), "1.0.0"), &[&alice(), &bob()]);
        }),
        case("a namespace reserved after it was created", |log| {
            log.log_registry(reserve(&[]));
            log.release(HTTP, "1.0.0", &alice());
        }),
    ];
    all.push(
        case(
            "a reserved namespace, created by those it is kept for",
            |log| {
                log.log_registry(reserve(&[]));
                log.log_registry(reserve(&[&owner()]));
                log.create("acme", &owner());
            },
        )
        .from(bare),
    );
    all.push(case("nothing but the registry", |_| {}).from(bare));
    all
}
