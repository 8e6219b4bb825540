//! Each cell of the table of promises: what an attacker holds, and what it does not get.
//!
//! The rows are the attacker's; the columns are to forge a release, to hide, roll back or freeze, and
//! to split the view.

use crate::support::*;
use tenon_registry_client::chain::{ChainErrorKind, Publisher};
use tenon_registry_client::log::{
    CheckpointError, NoteError, Policy, SigningKey, prove_consistency,
};
use tenon_registry_client::monitor::FindingKind;
use tenon_registry_client::record::{NamespaceAct, Permission, RegistryAct, Role, SignedRecord};
use tenon_registry_client::state::{LockError, LockedCheckpoint};
use tenon_registry_client::verify::{Known, Request, VerifyError, classify_smaller};

const DAY: u64 = 24 * 60 * 60;

fn http() -> Request {
    asking("acme:http", &["1.0.0"])
}

/// A registry with keys of its own that says it is another.
fn impostor() -> Registry {
    let mut fake = Registry::bare("registry.example/log");
    fake.log = vec![alias("registry.example/log", "the impostor")];
    let keys = fake.operator_keys();
    let nonce = [7; 32];
    fake.log_registry(RegistryAct::Init { nonce, keys });
    fake.seal();
    let owner = key("acme/thief");
    fake.create("acme", &owner);
    fake.grant(
        "acme",
        &owner,
        grant(&[Permission::Own, Permission::Release]),
        &owner,
    );
    fake.release("acme:http", "1.0.0", &owner);
    fake.seal();
    fake
}

/// A policy that asks for this witness.
fn witness_policy(witness: &SigningKey) -> Policy {
    let text = format!("witness W {}\nquorum W\n", witness.vkey());
    Policy::parse(text.as_bytes()).unwrap()
}

fn chain_error(error: VerifyError) -> ChainErrorKind {
    match error {
        VerifyError::Chain(error) => *error.kind,
        other => panic!("not a chain's error: {other:?}"),
    }
}

// ---- a mirror or the network ----

#[test]
fn a_mirror_cannot_forge() {
    let registry = small();
    let client = Client::new(&registry);
    let fake = impostor().bundle(&http(), &Known::default()).encode();
    let error = client.look(&fake, &http()).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::Checkpoint(CheckpointError::Note(
            NoteError::NoKnownKey(_) | NoteError::BadSignature(_)
        ))
    ));
    // Another release under the real checkpoint.
    let mut forged = registry.bundle(&http(), &Known::default());
    forged.package.records = impostor()
        .bundle(&http(), &Known::default())
        .package
        .records;
    let error = client.look(&forged.encode(), &http()).unwrap_err();
    assert!(
        matches!(error, VerifyError::HeadMismatch { .. }),
        "{error:?}"
    );
    // The real record with another digest in it.
    let mut forged = registry.bundle(&http(), &Known::default());
    let record = String::from_utf8(forged.package.records[0].clone()).unwrap();
    let at = record.find("sha256:").unwrap() + 7;
    let digit = if record.as_bytes()[at] == b'0' {
        "1"
    } else {
        "0"
    };
    let record = [&record[..at], digit, &record[at + 1..]].concat();
    forged.package.records[0] = record.into_bytes();
    let error = client.look(&forged.encode(), &http()).unwrap_err();
    assert!(
        matches!(error, VerifyError::HeadMismatch { .. }),
        "{error:?}"
    );
}

#[test]
fn a_mirror_cannot_roll_back_or_freeze() {
    let mut registry = small();
    let old = registry.size();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let behind = registry.clone();
    registry.clock += 3600;
    registry.release("acme:http", "1.1.0", &key("acme/alice"));
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    // It shows the older checkpoint again, as if nothing were known of the newer.
    let mut stale = behind.bundle_at(old, &http(), &Known::default());
    stale.known_size = client.known().size;
    let error = client.take(&stale.encode(), &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Rollback { held, offered } if held > offered));
    // With a proof that it is merely behind, the client knows to ask elsewhere; it is an error still.
    stale.consistency = prove_consistency(&registry, old, registry.size()).unwrap();
    let error = client.take(&stale.encode(), &http()).unwrap_err();
    assert!(matches!(error, VerifyError::StaleMirror { .. }));
    let (checkpoint, _) = &registry.published[&old];
    let state = client.state.clone().unwrap();
    let verdict = classify_smaller(checkpoint, &state, &stale.consistency);
    assert!(matches!(verdict, VerifyError::StaleMirror { .. }));
    assert!(matches!(
        classify_smaller(checkpoint, &state, &[]),
        VerifyError::Rollback { .. }
    ));
    let other = [registry.pin().init()];
    for (note, proof) in [(checkpoint, &other[..]), (state.note(), &[])] {
        assert!(matches!(
            classify_smaller(note, &state, proof),
            VerifyError::Rollback { .. }
        ));
    }
    // It never shows anything newer.
    client.now = registry.clock + DAY;
    let frozen = registry.bundle(&http(), &client.known()).encode();
    client.take(&frozen, &http()).unwrap();
    client.now += 1;
    let error = client.take(&frozen, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Stale { .. }));
}

#[test]
fn a_mirror_cannot_split_the_view() {
    let registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let mut other = registry.clone();
    other.log = vec![alias("registry.example/log", "the mirror")];
    other.release("acme:http", "6.6.6", &key("acme/alice"));
    other.seal();
    let bundle = other.bundle(&http(), &client.known()).encode();
    let error = client.take(&bundle, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Checkpoint(_)));
}

// ---- the server, without keys: what it serves it cannot sign ----

#[test]
fn a_server_without_keys_gets_no_further_than_a_mirror() {
    let mut registry = small();
    registry.release("acme:http", "1.1.0", &key("acme/alice"));
    registry.seal();
    let client = Client::new(&registry);
    let honest = registry.bundle(&http(), &Known::default());
    // To hide the newest record it has to leave it out, and the map knows it.
    let mut hidden = honest.clone();
    hidden.package.records.pop();
    let error = client.look(&hidden.encode(), &http()).unwrap_err();
    assert!(matches!(error, VerifyError::HeadMismatch { .. }));
    // To show an older state to someone who comes for the first time works until the maximum age.
    let old = registry.published.keys().rev().nth(1).copied().unwrap();
    let older = registry.bundle_at(old, &http(), &Known::default()).encode();
    client.look(&older, &http()).unwrap();
    let late = Client {
        now: registry.clock + DAY + 1,
        ..client
    };
    let error = late.look(&older, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Stale { .. }));
}

// ---- the server and its online keys ----

#[test]
fn online_keys_cannot_forge_a_publishers_release() {
    let mut registry = small();
    let client = Client::new(&registry);
    let thief = key("acme/thief");
    // By a key that the namespace never granted, and by every key of the operator's.
    for signer in [
        thief,
        registry.index.clone(),
        registry.log[0].clone(),
        registry.ingest.clone(),
    ] {
        let mut lying = registry.clone();
        lying.release("acme:http", "1.0.1", &signer);
        lying.seal();
        let error = client
            .look(&lying.bundle_raw(&http()), &http())
            .unwrap_err();
        assert!(matches!(chain_error(error), ChainErrorKind::Signatures(_)));
        assert_eq!(
            lying.monitor().findings().len(),
            2,
            "the record, and a map with it"
        );
    }
    // A grant that no owner signed.
    let mut lying = registry.clone();
    let thief = key("acme/thief");
    lying.grant("acme", &thief, grant(&[Permission::Release]), &thief);
    lying.release("acme:http", "1.0.1", &thief);
    lying.seal();
    let error = client
        .look(&lying.bundle_raw(&http()), &http())
        .unwrap_err();
    assert!(matches!(chain_error(error), ChainErrorKind::Signatures(_)));
    // Where owners let the registry sign, it can; and it is shown as the registry's word.
    let ingest = registry.ingest.clone();
    registry.grant(
        "acme",
        &ingest,
        grant(&[Permission::Release]),
        &key("acme/owner"),
    );
    let act = attested(&package("acme:http"), "1.0.1");
    registry.log_package("acme:http", act, &[&ingest]);
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    let view = Client::new(&registry).ask(&registry, &request).unwrap();
    let release = view.release(&version("1.0.1")).unwrap();
    assert!(matches!(release.publisher, Publisher::Registry { .. }));
}

#[test]
fn online_keys_cannot_hide_what_was_used() {
    let mut registry = small();
    let before_the_yank = registry.clone();
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    // The yank stays in the log, and the map goes back to the head before it.
    let subject = tenon_registry_client::record::Subject::Package(package("acme:http"));
    let before = *before_the_yank.map.get(&subject.map_key()).unwrap();
    let mut lying = registry.clone();
    lying.map.insert(subject.map_key(), before);
    lying.chains.get_mut(&subject).unwrap().pop();
    lying.seal();
    let bundle = lying.bundle_raw_for(&http(), &client.known());
    let error = client.look(&bundle, &http()).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::SubjectRollback {
            held: 1,
            offered: Some(0),
            ..
        }
    ));
    // Someone who comes for the first time is told that the map is the operator's word.
    let fresh = Client::new(&registry);
    let view = fresh.look(&lying.bundle_raw(&http()), &http()).unwrap();
    assert!(view.vouched().auditors.is_empty());
    // A monitor finds it, and a witness that recomputes the map does not cosign.
    let monitor = lying.monitor();
    let found = monitor.findings().iter().map(|finding| &finding.kind);
    assert!(
        found
            .clone()
            .any(|kind| matches!(kind, FindingKind::MapRoot { .. })),
        "{found:?}"
    );
    let auditor = cosigner("auditor.example/map");
    let mut careful = Client::new(&registry);
    careful.rules.witnesses = witness_policy(&auditor);
    careful.rules.auditors = vec!["W".to_owned()];
    let error = careful
        .look(&lying.bundle_raw(&http()), &http())
        .unwrap_err();
    assert!(matches!(error, VerifyError::Quorum(_)));
    registry.witnesses = vec![auditor];
    registry.seal();
    let view = careful.ask(&registry, &http()).unwrap();
    assert_eq!(view.vouched().auditors, ["W"]);
}

#[test]
fn online_keys_cannot_split_the_view_unseen() {
    let mut base = small();
    let witness = cosigner("witness.example/w");
    base.witnesses = vec![witness.clone()];
    let (mut one, mut two) = (base.clone(), base.clone());
    one.release("acme:http", "2.0.0", &key("acme/alice"));
    one.seal();
    two.release("acme:http", "3.0.0", &key("acme/alice"));
    two.witnesses.clear();
    two.seal();
    // With an independent witness, the second view is refused.
    let mut careful = Client::new(&base);
    careful.rules.witnesses = witness_policy(&witness);
    careful.clone().ask(&one, &http()).unwrap();
    let error = careful.ask(&two, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Quorum(_)));
    // Without, each client believes its own, until one has the other's lock file.
    let (mut alice, mut bob) = (Client::new(&base), Client::new(&base));
    let view = alice.ask(&one, &http()).unwrap();
    bob.ask(&two, &http()).unwrap();
    let state = bob.state.clone().unwrap();
    let note = view.checkpoint().to_string();
    let locked = LockedCheckpoint::open(note.as_bytes(), &state).unwrap();
    assert_eq!(locked.needs_proof(&state), None, "the sizes are equal");
    let Err(LockError::Fork { evidence, .. }) = locked.check(&state, &[]) else {
        panic!("the fork is not noticed");
    };
    assert!(evidence.is_proof());
    let again = evidence.to_string();
    let read = tenon_registry_client::state::ForkEvidence::parse(
        &again,
        base.pin().origin(),
        [base.pin().key()],
    );
    assert_eq!(read.unwrap(), *evidence);
    // Nor can it show the second view to someone who has seen the first.
    let bundle = two.bundle_raw_for(&http(), &alice.known());
    let error = alice.look(&bundle, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::SplitView { .. }));
    two.seal();
    let bundle = two.bundle(&http(), &alice.known()).encode();
    let error = alice.look(&bundle, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::SplitView { .. }));
}

// ---- those and a publisher's key ----

#[test]
fn a_stolen_publishers_key_does_what_it_may_and_is_undone() {
    let mut registry = small();
    let owner = key("acme/owner");
    let narrow = key("acme/bob");
    let mut only = grant(&[Permission::Release]);
    only.pattern = "ftp-*".parse().unwrap();
    registry.grant("acme", &narrow, only, &owner);
    registry.seal();
    // Only what the key may release.
    let mut lying = registry.clone();
    lying.release("acme:http", "6.6.6", &narrow);
    lying.seal();
    let client = Client::new(&registry);
    let error = client
        .look(&lying.bundle_raw(&http()), &http())
        .unwrap_err();
    assert!(matches!(
        chain_error(error),
        ChainErrorKind::NotGranted { .. }
    ));
    // What it may is in the log for everyone to see.
    let stolen = registry.release("acme:ftp-client", "6.6.6", &narrow);
    registry.seal();
    let ftp = asking("acme:ftp-client", &["6.6.6"]);
    let view = Client::new(&registry).ask(&registry, &ftp).unwrap();
    view.release(&version("6.6.6")).unwrap();
    assert!(
        registry
            .monitor()
            .packages()
            .any(|name| *name == package("acme:ftp-client"))
    );
    // Its owner undoes it, and goes on.
    registry.revoke("acme", &narrow, Some(stolen), &owner);
    registry.release("acme:ftp-client", "1.0.0", &key("acme/alice"));
    registry.seal();
    let ftp = asking("acme:ftp-client", &["6.6.6", "1.0.0"]);
    let view = Client::new(&registry).ask(&registry, &ftp).unwrap();
    let error = view.release(&version("6.6.6")).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::NoSuchRelease { void: true, .. }
    ));
    view.release(&version("1.0.0")).unwrap();
    assert_eq!(registry.monitor().findings(), []);
}

// ---- the root key too ----

#[test]
fn whoever_has_the_root_key_is_the_registry() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let stolen = alias("registry.example/log", "stolen");
    registry.log_registry(RegistryAct::KeyAdd(Role::Log, stolen.vkey().clone()));
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    registry.log = vec![stolen];
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    // Namespaces are out of its reach all the same: their owners' keys are in their own chains.
    let mut lying = registry.clone();
    let root = lying.root.clone();
    let act = NamespaceAct::Grant(root.vkey().clone(), grant(&[Permission::Release]));
    let record = lying.namespace_record(&namespace("acme"), act);
    lying.log(SignedRecord::sign(record, &[&root]).unwrap());
    lying.seal();
    let bundle = lying.bundle_raw_for(&http(), &client.known());
    let error = client.look(&bundle, &http()).unwrap_err();
    assert!(matches!(chain_error(error), ChainErrorKind::Signatures(_)));
}
