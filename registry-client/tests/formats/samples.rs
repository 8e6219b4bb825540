//! A small log with a record of every kind, all of which stand.

use crate::support::*;
use std::sync::LazyLock;
use tenon_registry_client::log::{SigningKey, Vkey};
use tenon_registry_client::name::Pattern;
use tenon_registry_client::record::{
    Attestation, Content, ContentKind, Grant, NamespaceAct, OidcRule, PackageAct, Permission,
    RegistryAct, Role, SignedRecord, TakedownReason, YankReason,
};

pub(crate) const ORIGIN: &str = "registry.example/log";

/// These keys, as an owner list has them.
pub(crate) fn sorted(keys: &[&SigningKey]) -> Vec<Vkey> {
    let mut vkeys: Vec<Vkey> = keys.iter().map(|key| key.vkey().clone()).collect();
    vkeys.sort_by(|a, b| a.key().cmp(b.key()));
    vkeys
}

pub(crate) fn job() -> OidcRule {
    OidcRule {
        issuer: "https://ci.example".to_owned(),
        repository: "123456789".to_owned(),
        workflow: ".ci/release.yml".to_owned(),
    }
}

/// A release that the registry signs for the CI job.
pub(crate) fn built(name: &str, version: &str) -> PackageAct {
    let commit = "0123456789abcdef0123456789abcdef01234567".to_owned();
    with_attestation(
        release(&package(name), version),
        Attestation::Oidc {
            rule: job(),
            commit,
        },
    )
}

pub(crate) fn with_attestation(act: PackageAct, attestation: Attestation) -> PackageAct {
    let PackageAct::Release {
        version, content, ..
    } = act
    else {
        unreachable!()
    };
    PackageAct::Release {
        version,
        content,
        attestation: Some(attestation),
    }
}

fn wit(act: PackageAct) -> PackageAct {
    let PackageAct::Release {
        version,
        content,
        attestation,
    } = act
    else {
        unreachable!()
    };
    let content = Content {
        kind: ContentKind::Wit,
        ..content
    };
    PackageAct::Release {
        version,
        content,
        attestation,
    }
}

/// The log: every kind of record is in it, with every line that a record can have.
pub(crate) fn everything() -> Registry {
    let mut log = Registry::new(ORIGIN);
    let [owner, second, third] = ["acme/owner", "acme/second", "acme/third"].map(key);
    let [alice, bob] = ["acme/alice", "acme/bob"].map(key);
    let ingest = log.ingest.clone();

    let spare = key("registry.example/log/ingest-2");
    log.log_registry(RegistryAct::KeyAdd(Role::Ingest, spare.vkey().clone()));
    log.log_registry(RegistryAct::KeyRemove(Role::Ingest, spare.vkey().clone()));
    let reserve = |name, owners| RegistryAct::Reserve {
        namespace: namespace(name),
        owners,
    };
    log.log_registry(reserve("tenon", vec![]));
    log.log_registry(reserve("corp", sorted(&[&key("corp/a"), &key("corp/b")])));

    let create = NamespaceAct::Create {
        owners: sorted(&[&owner, &second]),
        threshold: 2,
    };
    log.log_namespace("acme", create, &[&owner, &second]);
    let owners = [&owner, &second];
    let both = |log: &mut Registry, act| log.log_namespace("acme", act, &owners);
    let own = grant(&[Permission::Own]);
    both(&mut log, NamespaceAct::Grant(third.vkey().clone(), own));
    both(&mut log, NamespaceAct::Threshold(1));
    log.grant(
        "acme",
        &alice,
        grant(&[Permission::Release, Permission::Yank]),
        &owner,
    );
    let narrow = Grant {
        permissions: [Permission::Release].into(),
        pattern: "http-*".parse::<Pattern>().unwrap(),
        expires: Some(time(START + 86_400)),
    };
    log.grant("acme", &bob, narrow, &owner);
    log.grant("acme", &ingest, grant(&[Permission::Release]), &owner);
    log.log_namespace("acme", NamespaceAct::TrustOidc(job()), &[&owner]);
    log.seal();

    let name = "acme:http";
    log.release(name, "1.0.0", &alice);
    log.log_package(
        name,
        wit(release(&package(name), "2.0.0-rc.1+wit")),
        &[&alice],
    );
    log.log_package(name, attested(&package(name), "1.1.0"), &[&ingest]);
    log.log_package(name, built(name, "1.2.0"), &[&ingest]);
    log.log_package(name, yank("1.0.0"), &[&alice]);
    log.log_package(name, unyank("1.0.0"), &[&alice]);
    let index = log.index.clone();
    log.log_package(name, takedown("1.1.0"), &[&index]);
    for reason in YankReason::ALL {
        let version = version("1.2.0");
        let reason = *reason;
        let act = PackageAct::Yank { version, reason };
        log.log_package(name, act, &[&alice]);
        log.log_package(name, unyank("1.2.0"), &[&alice]);
    }
    for (number, reason) in (0..).zip(TakedownReason::ALL) {
        let text = format!("3.0.{number}");
        log.release(name, &text, &alice);
        let act = PackageAct::Takedown {
            version: version(&text),
            reason: *reason,
        };
        log.log_package(name, act, &[&index]);
    }
    log.seal();

    let from = log.size();
    log.revoke("acme", &alice, Some(from), &owner);
    log.revoke("acme", &bob, None, &bob);
    log.seal();
    log
}

static LEAVES: LazyLock<Vec<SignedRecord>> = LazyLock::new(|| {
    let leaf = |leaf: &Vec<u8>| SignedRecord::parse(leaf).unwrap();
    everything().leaves.iter().map(leaf).collect()
});

/// The leaves of that log.
pub(crate) fn leaves() -> &'static [SignedRecord] {
    &LEAVES
}

/// The text of the first leaf of a kind.
pub(crate) fn text_of(kind: &str) -> String {
    let found = leaves().iter().find(|leaf| leaf.record().kind() == kind);
    String::from_utf8(found.unwrap().bytes().to_vec()).unwrap()
}
