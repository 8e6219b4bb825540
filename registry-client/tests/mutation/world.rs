//! Valid things of every kind.

use crate::support::*;
use tenon_registry_client::log::{Policy, SigningKey, Vkey};
use tenon_registry_client::record::{
    Attestation, Grant, NamespaceAct, OidcRule, PackageAct, Permission, RegistryAct, Role,
};
use tenon_registry_client::verify::Rules;

pub(crate) const ORIGIN: &str = "r.example/log";

/// The witnesses of a registry of these tests.
pub(crate) fn witnesses() -> [SigningKey; 2] {
    [cosigner("w.example/a"), cosigner("w.example/b")]
}

/// A policy that asks for one of the witnesses.
pub(crate) fn policy(origin: &Vkey) -> String {
    let [a, b] = witnesses().map(|key| key.vkey().to_string());
    format!(
        "log {origin} https://r.example/\nwitness a {a} https://w.example/a\nwitness b {b}\n\
         # either will do\ngroup both 1 a b\nquorum both\n"
    )
}

/// Rules that ask for one of the witnesses, of which one vouches for the map.
pub(crate) fn rules(registry: &Registry) -> Rules {
    Rules {
        witnesses: Policy::parse(policy(registry.log[0].vkey()).as_bytes()).unwrap(),
        auditors: vec!["b".to_owned()],
        ..Rules::default()
    }
}

/// A registry whose checkpoints the witnesses cosign; nothing else is in it.
pub(crate) fn witnessed(origin: &str) -> Registry {
    let mut registry = Registry::bare(origin);
    registry.witnesses = witnesses().into();
    let keys = registry.operator_keys();
    registry.log_registry(RegistryAct::Init {
        nonce: [7; 32],
        keys,
    });
    registry.seal();
    registry
}

/// A log with a record of every kind, valid in its place; leaf by leaf.
pub(crate) fn every_kind() -> Registry {
    let mut registry = witnessed(ORIGIN);
    let mut owners = [key("acme/a"), key("acme/b")];
    owners.sort_by(|a, b| a.vkey().key().cmp(b.vkey().key()));
    let both = [&owners[0], &owners[1]];
    let (alice, mallory) = (key("acme/alice"), key("acme/mallory"));
    let ingest = registry.ingest.clone();
    let spare = key("r.example/spare").vkey().clone();
    let vkeys: Vec<Vkey> = owners.iter().map(|key| key.vkey().clone()).collect();

    registry.log_registry(RegistryAct::KeyAdd(Role::Index, spare.clone()));
    registry.log_registry(RegistryAct::KeyRemove(Role::Index, spare));
    registry.log_registry(RegistryAct::Reserve {
        namespace: namespace("acme"),
        owners: vkeys.clone(),
    });
    let create = NamespaceAct::Create {
        owners: vkeys,
        threshold: 2,
    };
    registry.log_namespace("acme", create, &both);
    let full = Grant {
        permissions: [Permission::Release, Permission::Yank].into(),
        pattern: "ht-*".parse().unwrap(),
        expires: Some(time(START + 1_000_000)),
    };
    let rule = OidcRule {
        issuer: "https://ci.example".to_owned(),
        repository: "4711".to_owned(),
        workflow: "release.yml".to_owned(),
    };
    for act in [
        NamespaceAct::Grant(alice.vkey().clone(), full),
        NamespaceAct::Grant(ingest.vkey().clone(), grant(&[Permission::Release])),
        NamespaceAct::Grant(mallory.vkey().clone(), grant(&[Permission::Release])),
        NamespaceAct::TrustOidc(rule.clone()),
        NamespaceAct::Threshold(1),
    ] {
        registry.log_namespace("acme", act, &both);
    }
    let name = "acme:ht-p";
    registry.release(name, "1.0.0", &alice);
    registry.log_package(name, attested(&package(name), "1.1.0"), &[&ingest]);
    registry.log_package(name, by_job(name, "1.2.0", rule), &[&ingest]);
    registry.log_package(name, yank("1.0.0"), &[&alice]);
    registry.log_package(name, unyank("1.0.0"), &[&alice]);
    let bad = registry.release(name, "2.0.0", &mallory);
    registry.revoke("acme", &mallory, Some(bad), both[0]);
    let index = registry.index.clone();
    registry.log_package(name, takedown("1.1.0"), &[&index]);
    // More owners sign than must.
    let record = registry.namespace_record(&namespace("acme"), NamespaceAct::Threshold(2));
    registry.sign_and_log(record, &both);
    registry.seal();
    assert_eq!(registry.monitor().findings(), []);
    registry
}

/// A release that a CI job made.
fn by_job(name: &str, version: &str, rule: OidcRule) -> PackageAct {
    let PackageAct::Release {
        version, content, ..
    } = release(&package(name), version)
    else {
        unreachable!()
    };
    let attestation = Attestation::Oidc {
        rule,
        commit: "0123456789abcdef".to_owned(),
    };
    PackageAct::Release {
        version,
        content,
        attestation: Some(attestation),
    }
}
