//! An operator who lies with valid signatures, and keys of the operator that come and go.

use super::{assert_refused, chain_kind, http};
use crate::support::*;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::log::{CheckpointError, NoteError};
use tenon_registry_client::monitor::FindingKind;
use tenon_registry_client::record::{Permission, RegistryAct, Role, SignatureError, Subject};
use tenon_registry_client::verify::{Known, Request, VerifyError};

// ---- an operator who lies with valid signatures ----

#[test]
fn a_lie_about_a_chain_is_told_to_strangers_only() {
    let mut honest = small();
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    honest.revoke("acme", &alice, None, &owner);
    honest.seal();
    honest.grant(
        "acme",
        &key("acme/bob"),
        grant(&[Permission::Release]),
        &owner,
    );
    honest.release("acme:http", "1.0.1", &key("acme/bob"));
    honest.seal();
    let mut client = Client::new(&honest);
    client.ask(&honest, &http()).unwrap();
    let namespace_subject = Subject::Namespace(namespace("acme"));
    let package_subject = Subject::Package(package("acme:http"));
    let rewind = |registry: &mut Registry, subject: &Subject, keep: usize| {
        let chain = registry.chains.get_mut(subject).unwrap();
        chain.truncate(keep);
        let last = chain.last().unwrap();
        let (index, hash) = (last.index, last.record.hash());
        let seq = keep as u32 - 1;
        let head = tenon_registry_client::log::Head { index, seq, hash };
        registry.map.insert(subject.map_key(), head);
    };
    type Lie<'a> = Box<dyn Fn(&mut Registry) + 'a>;
    let lies: [(&str, Lie); 3] = [
        (
            "an older head",
            Box::new(|lying| rewind(lying, &package_subject, 1)),
        ),
        (
            "a second chain",
            Box::new(|lying| {
                lying.chains.get_mut(&package_subject).unwrap().clear();
                lying.release("acme:http", "1.0.0", &key("acme/bob"));
            }),
        ),
        (
            "a hidden revocation",
            Box::new(|lying| {
                rewind(lying, &namespace_subject, 2);
                rewind(lying, &package_subject, 1);
            }),
        ),
    ];
    for (name, lie) in lies {
        let mut lying = honest.clone();
        lie(&mut lying);
        lying.seal();
        let bundle = lying.bundle(&http(), &client.known()).encode();
        let error = client.look(&bundle, &http()).unwrap_err();
        assert!(
            matches!(
                error,
                VerifyError::SubjectRollback { .. } | VerifyError::SubjectFork { .. }
            ),
            "{name}: {error:?}"
        );
        let for_strangers = lying.bundle(&http(), &Known::default()).encode();
        let view = Client::new(&lying).look(&for_strangers, &http()).unwrap();
        assert!(
            view.vouched().auditors.is_empty(),
            "{name}: it is the operator's word"
        );
        // The heads of a lock file do for a stranger what a trust state does.
        let mut stranger = Client::new(&lying);
        for subject in [&namespace_subject, &package_subject] {
            stranger
                .locked
                .insert(subject.clone(), honest.head(subject));
        }
        let error = stranger.look(&for_strangers, &http()).unwrap_err();
        assert!(
            matches!(
                error,
                VerifyError::SubjectRollback { .. } | VerifyError::SubjectFork { .. }
            ),
            "{name}: {error:?}"
        );
        let monitor = lying.monitor();
        let mut kinds = monitor.findings().iter().map(|finding| &finding.kind);
        assert!(
            kinds.any(|kind| matches!(kind, FindingKind::MapRoot { .. })),
            "{name}"
        );
    }
}

#[test]
fn a_time_or_a_growth_that_cannot_be_is_refused() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let (start, size) = (registry.clock, registry.size());
    registry.clock += 300;
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let bundle = registry.bundle(&http(), &client.known()).encode();
    client.look(&bundle, &http()).unwrap();
    client.now -= 1;
    let error = client.look(&bundle, &http()).unwrap_err();
    let now = time(start - 1);
    let ahead = VerifyError::TimeAhead {
        time: time(start + 300),
        now,
    };
    assert_eq!(error, ahead);
    client.now += 1;
    client.rules.max_growth = 2;
    client.look(&bundle, &http()).unwrap();
    client.rules.max_growth = 1;
    let error = client.look(&bundle, &http()).unwrap_err();
    let far = VerifyError::TooFarAhead {
        held: size,
        offered: size + 2,
        most: 1,
    };
    assert_eq!(error, far);
}

// ---- keys of the registry that come and go ----

#[test]
fn a_client_that_slept_through_a_rotation_catches_up() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &http()).unwrap();
    let (old, new) = (
        registry.log[0].clone(),
        alias("registry.example/log", "log 2"),
    );
    registry.clock += 3600;
    registry.log_registry(RegistryAct::KeyAdd(Role::Log, new.vkey().clone()));
    registry.log = vec![old.clone(), new.clone()];
    registry.seal();
    let last_under_old = registry.size();
    registry.clock += 40 * 24 * 3600;
    registry.log_registry(RegistryAct::KeyRemove(Role::Log, old.vkey().clone()));
    registry.log = vec![new];
    registry.seal();
    client.now = registry.clock;
    // The new key says nothing to a client that has not seen it added.
    let bundle = registry.bundle(&http(), &client.known()).encode();
    let error = client.look(&bundle, &http()).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::Checkpoint(CheckpointError::Note(NoteError::NoKnownKey(_)))
    ));
    // The last checkpoint under the old key leads there, however old it is.
    let bundle = registry
        .bundle_at(last_under_old, &Request::Registry, &client.known())
        .encode();
    let error = client.take(&bundle, &Request::Registry).unwrap_err();
    assert!(matches!(error, VerifyError::Stale { .. }));
    let max_age = client.rules.max_age.take();
    client.take(&bundle, &Request::Registry).unwrap();
    client.rules.max_age = max_age;
    client.ask(&registry, &http()).unwrap();
    let state = client.state.clone().unwrap();
    assert_eq!((state.log_keys().len(), state.retired_keys().len()), (1, 1));
    // The removed key never counts again: not for a client that knows, and not alone for one that
    // has the old pin, as soon as the chain shows the removal.
    let mut lying = registry.clone();
    lying.log = vec![old];
    lying.seal();
    let bundle = lying.bundle(&http(), &client.known()).encode();
    let error = client.look(&bundle, &http()).unwrap_err();
    assert!(matches!(error, VerifyError::Checkpoint(_)));
    let stranger = Client::new(&small());
    let stranger = Client {
        now: lying.clock,
        ..stranger
    };
    let bundle = lying.bundle(&http(), &Known::default()).encode();
    let error = stranger.look(&bundle, &http()).unwrap_err();
    assert_eq!(error, VerifyError::LogKeyRemoved);
}

#[test]
fn no_key_but_root_adds_keys() {
    let registry = small();
    for signer in [
        registry.log[0].clone(),
        registry.index.clone(),
        registry.ingest.clone(),
    ] {
        let mut lying = registry.clone();
        let act = RegistryAct::KeyAdd(Role::Index, key("registry.example/new").vkey().clone());
        let record = lying.registry_record(act);
        lying.sign_and_log(record, &[&signer]);
        lying.seal();
        let error = Client::new(&lying)
            .look(&lying.bundle_raw(&http()), &http())
            .unwrap_err();
        let not_authorised =
            |error: &SignatureError| matches!(error, SignatureError::NotAuthorised { .. });
        assert!(
            matches!(chain_kind(&error), ChainErrorKind::Signatures(error) if not_authorised(error))
        );
    }
}

#[test]
fn a_removed_operators_key_signs_nothing_more() {
    let mut registry = small();
    registry.log_package("acme:http", takedown("1.0.0"), &[&registry.index.clone()]);
    let (old, new) = (registry.index.clone(), key("registry.example/index-2"));
    registry.log_registry(RegistryAct::KeyAdd(Role::Index, new.vkey().clone()));
    registry.seal();
    registry.index = new;
    registry.log_registry(RegistryAct::KeyRemove(Role::Index, old.vkey().clone()));
    registry.seal();
    // What it signed in its time counts.
    let view = Client::new(&registry).ask(&registry, &http()).unwrap();
    let error = view.release(&version("1.0.0")).unwrap_err();
    assert!(matches!(error, VerifyError::TakenDown { .. }));
    assert_eq!(registry.monitor().findings(), []);
    // An index record after its time does not, nor does a takedown.
    let mut lying = registry.clone();
    lying.index = old.clone();
    lying.seal();
    let error = Client::new(&lying)
        .look(&lying.bundle_raw(&http()), &http())
        .unwrap_err();
    assert!(
        matches!(
            error,
            VerifyError::IndexSigner(_) | VerifyError::EvidenceMissing(_)
        ),
        "{error:?}"
    );
    let mut lying = registry.clone();
    lying.release("acme:http", "1.0.1", &key("acme/alice"));
    lying.log_package("acme:http", takedown("1.0.1"), &[&old]);
    lying.seal();
    let request = asking("acme:http", &["1.0.1"]);
    assert_refused(&lying, &request, |kind| {
        matches!(kind, ChainErrorKind::NotOperator { .. })
    });
    // It never returns, in whatever role.
    let mut again = registry.clone();
    again.log_registry(RegistryAct::KeyAdd(Role::Root, old.vkey().clone()));
    again.seal();
    let error = Client::new(&again)
        .look(&again.bundle_raw(&http()), &http())
        .unwrap_err();
    assert!(matches!(chain_kind(&error), ChainErrorKind::KeyRepeated(_)));
}

#[test]
fn only_log_keys_are_remembered_as_such() {
    let mut registry = small();
    let ingest = registry.ingest.vkey().clone();
    registry.log_registry(RegistryAct::KeyRemove(Role::Ingest, ingest.clone()));
    registry.seal();
    let mut client = Client::new(&registry);
    client.ask(&registry, &Request::Registry).unwrap();
    let state = client.state.unwrap();
    assert_eq!(state.log_keys(), [registry.log[0].vkey().clone()]);
    assert_eq!(state.retired_keys(), []);
    // It is removed once.
    registry.log_registry(RegistryAct::KeyRemove(Role::Ingest, ingest));
    registry.seal();
    let request = Request::Registry;
    let said = Client::new(&registry).look(&registry.bundle_raw(&request), &request);
    let error = said.unwrap_err();
    assert!(matches!(chain_kind(&error), ChainErrorKind::NoSuchKey(_)));
}
