//! Tests that a wrong build fails: each is a mistake that someone made in a system like this.

use crate::support::*;
use tenon_registry_client::chain::{Chain, ChainErrorKind};
use tenon_registry_client::log::{CheckpointError, NoteError, Policy};
use tenon_registry_client::monitor::FindingKind;
use tenon_registry_client::record::{
    NamespaceAct, Permission, Reference, RegistryAct, Role, SignatureError, SignedRecord, Subject,
};
use tenon_registry_client::state::{LockError, LockedCheckpoint, TrustState};
use tenon_registry_client::verify::{
    Bundle, Held, Known, Request, StateMoved, VerifyError, verify,
};

fn http() -> Request {
    asking("acme:http", &["1.0.0"])
}

fn chain_kind(error: &VerifyError) -> &ChainErrorKind {
    match error {
        VerifyError::Chain(error) => &error.kind,
        other => panic!("not a chain's error: {other:?}"),
    }
}

/// Everybody refuses the last record of a package.
fn assert_refused(registry: &Registry, request: &Request, wanted: fn(&ChainErrorKind) -> bool) {
    let bundle = registry.bundle_with_places(request);
    let error = Client::new(registry).look(&bundle, request).unwrap_err();
    assert!(wanted(chain_kind(&error)), "{error:?}");
    let monitor = registry.monitor();
    let mut kinds = monitor.findings().iter().map(|finding| &finding.kind);
    let found = kinds.any(|kind| matches!(kind, FindingKind::Chain(error) if wanted(&error.kind)));
    assert!(found, "{:?}", monitor.findings());
}

// ---- 1: what a key may no longer do ----

/// A registry in which alice loses the right to release: two releases before, and then what `lose`
/// does. Returns the namespace's head before, and the index of the record that takes the right.
fn losing(lose: fn(&mut Registry) -> u64) -> (Registry, Reference, u64) {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let before = registry.head(&Subject::Namespace(namespace("acme")));
    let lost = lose(&mut registry);
    registry.seal();
    (registry, before, lost)
}

fn revoked(registry: &mut Registry) -> u64 {
    registry.revoke("acme", &key("acme/alice"), None, &key("acme/owner"))
}

fn narrowed(registry: &mut Registry) -> u64 {
    let only_yank = grant(&[Permission::Yank]);
    registry.grant("acme", &key("acme/alice"), only_yank, &key("acme/owner"))
}

fn narrowed_to_others(registry: &mut Registry) -> u64 {
    let mut others = grant(&[Permission::Release]);
    others.pattern = "ftp".parse().unwrap();
    registry.grant("acme", &key("acme/alice"), others, &key("acme/owner"))
}

#[test]
fn a_lost_right_is_lost_from_then_on() {
    for lose in [revoked, narrowed, narrowed_to_others] {
        let (registry, before, lost) = losing(lose);
        // What was logged before still counts.
        let request = asking("acme:http", &["1.0.0", "1.0.1"]);
        let view = Client::new(&registry).ask(&registry, &request).unwrap();
        view.release(&version("1.0.0")).unwrap();
        let last = view.release(&version("1.0.1")).unwrap();
        assert!(view.index_of(&last).unwrap() < lost);
        assert_eq!(registry.monitor().findings(), []);
        // What names the state before and comes after does not.
        let mut late = registry.clone();
        let act = release(&package("acme:http"), "1.0.2");
        let record = late.package_record_at(&package("acme:http"), act, before);
        late.sign_and_log(record, &[&key("acme/alice")]);
        late.seal();
        let request = asking("acme:http", &["1.0.2"]);
        assert_refused(&late, &request, |kind| {
            matches!(kind, ChainErrorKind::Lost { .. })
        });
        // Nor what names the state after.
        let mut late = registry.clone();
        late.release("acme:http", "1.0.2", &key("acme/alice"));
        late.seal();
        assert_refused(&late, &request, |kind| {
            matches!(kind, ChainErrorKind::NotGranted { .. })
        });
    }
}

#[test]
fn a_revocation_voids_from_an_index_on_and_the_next_release_works() {
    let mut registry = small();
    let (owner, alice, carol) = (key("acme/owner"), key("acme/alice"), key("acme/carol"));
    registry.grant("acme", &carol, grant(&[Permission::Release]), &owner);
    let good = registry.release("acme:http", "1.0.1", &alice);
    registry.seal();
    let stolen = registry.release("acme:http", "6.6.6", &alice);
    registry.log_package("acme:http", yank("1.0.0"), &[&alice]);
    registry.seal();
    let r = registry.revoke("acme", &alice, Some(stolen), &owner);
    registry.seal();
    registry.release("acme:http", "1.0.2", &carol);
    registry.seal();
    let request = asking("acme:http", &["1.0.0", "1.0.1", "6.6.6", "1.0.2"]);
    let mut client = Client::new(&registry);
    let view = client.ask(&registry, &request).unwrap();
    for works in ["1.0.0", "1.0.1", "1.0.2"] {
        let release = view.release(&version(works)).unwrap();
        let available = tenon_registry_client::chain::Availability::Available;
        assert_eq!(
            release.availability, available,
            "{works}: the yank is void too"
        );
    }
    let error = view.release(&version("6.6.6")).unwrap_err();
    assert!(matches!(
        error,
        VerifyError::NoSuchRelease { void: true, .. }
    ));
    assert!(good < stolen && stolen < r);
    assert_eq!(registry.monitor().findings(), []);
    // The version stays used.
    let mut again = registry.clone();
    again.release("acme:http", "6.6.6", &carol);
    again.seal();
    assert_refused(&again, &request, |kind| {
        matches!(kind, ChainErrorKind::VersionUsed(_))
    });
    // A revocation cannot reach beyond itself.
    let mut beyond = small();
    let index = beyond.size();
    beyond.revoke("acme", &alice, Some(index + 1), &owner);
    beyond.seal();
    assert_refused(&beyond, &http(), |kind| {
        matches!(kind, ChainErrorKind::FromIndex { .. })
    });
    // To void takes owners, even for the key itself; to leave does not.
    let mut alone = small();
    alone.revoke("acme", &alice, Some(0), &alice);
    alone.seal();
    assert_refused(&alone, &http(), |kind| {
        matches!(kind, ChainErrorKind::Signatures(_))
    });
    let mut leaves = small();
    leaves.revoke("acme", &alice, None, &alice);
    leaves.seal();
    Client::new(&leaves).ask(&leaves, &http()).unwrap();
}

#[test]
fn a_grant_expires_by_the_time_of_the_batch() {
    let mut registry = small();
    let (owner, bob) = (key("acme/owner"), key("acme/bob"));
    let mut until = grant(&[Permission::Release]);
    until.expires = Some(time(registry.clock + 3600));
    registry.grant("acme", &bob, until, &owner);
    registry.release("acme:http", "1.0.1", &bob);
    registry.clock += 3599;
    registry.seal();
    let in_time = registry.clone();
    registry.clock += 1;
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    for registry in [&in_time, &registry] {
        Client::new(registry).ask(registry, &request).unwrap();
        assert_eq!(registry.monitor().findings(), []);
    }
    let bundle = registry.bundle(&request, &Known::default());
    assert_eq!(
        bundle.index_records.len(),
        1,
        "the batch's, since the last is too late"
    );
    let mut without = bundle;
    without.index_records.clear();
    let error = Client::new(&registry)
        .look(&without.encode(), &request)
        .unwrap_err();
    assert!(matches!(error, VerifyError::NotIncluded(_)), "{error:?}");
    registry.release("acme:http", "1.0.2", &bob);
    registry.seal();
    let request = asking("acme:http", &["1.0.2"]);
    assert_refused(&registry, &request, |kind| {
        matches!(kind, ChainErrorKind::Expired { .. })
    });
}

// ---- 2: another namespace's owner ----

#[test]
fn another_namespace_authorises_nothing() {
    let mut registry = small();
    let evil = key("evil/owner");
    registry.create("evil", &evil);
    registry.grant(
        "evil",
        &evil,
        grant(&[Permission::Own, Permission::Release]),
        &evil,
    );
    let head = registry.head(&Subject::Namespace(namespace("evil")));
    let act = release(&package("acme:http"), "6.6.6");
    let record = registry.package_record_at(&package("acme:http"), act, head);
    registry.sign_and_log(record, &[&evil]);
    registry.seal();
    let unknown = |kind: &ChainErrorKind| matches!(kind, ChainErrorKind::UnknownAuthority { .. });
    assert_refused(&registry, &asking("acme:http", &["6.6.6"]), unknown);
}

// ---- 3: an operator who lies with valid signatures ----

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
    let lies: [(&str, Box<dyn Fn(&mut Registry)>); 3] = [
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

// ---- 4: a quorum of the tired ----

#[test]
fn old_cosignatures_do_not_make_a_quorum() {
    let mut registry = small();
    let witnesses: Vec<_> = (0..5)
        .map(|n| cosigner(&format!("w{n}.example/w")))
        .collect();
    let mut text = String::new();
    for (n, witness) in witnesses.iter().enumerate() {
        text += &format!("witness w{n} {}\n", witness.vkey());
    }
    text += "group g 3 w0 w1 w2 w3 w4\nquorum g\n";
    let mut client = Client::new(&registry);
    client.rules.witnesses = Policy::parse(text.as_bytes()).unwrap();
    let cosigned = |registry: &mut Registry, ages: &[u64]| {
        let mut signed = registry.checkpoint();
        for (witness, age) in witnesses.iter().zip(ages) {
            signed.cosign(witness, registry.clock - age * 3600).unwrap();
        }
        let size = registry.size();
        registry.published.get_mut(&size).unwrap().0 = signed;
        registry.bundle(&http(), &Known::default()).encode()
    };
    let bundle = cosigned(&mut registry, &[0, 25, 25]);
    assert!(matches!(
        client.look(&bundle, &http()),
        Err(VerifyError::Stale { .. })
    ));
    let bundle = cosigned(&mut registry, &[0, 0]);
    assert!(
        matches!(client.look(&bundle, &http()), Err(VerifyError::Quorum(found)) if found.len() == 2)
    );
    let bundle = cosigned(&mut registry, &[0, 23, 24]);
    assert_eq!(
        client.look(&bundle, &http()).unwrap().vouched().witnesses,
        ["w0", "w1", "w2"]
    );
    client.rules.max_age = None;
    let bundle = cosigned(&mut registry, &[0, 25, 25]);
    client.look(&bundle, &http()).unwrap();
}

// ---- 5: keys of the registry that come and go ----

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

// ---- 6: one meaning, one encoding; one key, one vote ----

#[test]
fn a_record_has_one_encoding() {
    let registry = small();
    let record = &registry.chains[&Subject::Namespace(namespace("acme"))][1].record;
    let text = String::from_utf8(record.bytes().to_vec()).unwrap();
    let (body, signature) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = body.split('\n').collect();
    let joined = |lines: &[&str]| format!("{}\n\n{signature}", lines.join("\n"));
    assert!(SignedRecord::parse(joined(&lines).as_bytes()).is_ok());
    let mut appended = lines.clone();
    appended.push("note hello");
    assert!(SignedRecord::parse(joined(&appended).as_bytes()).is_err());
    for a in 0..lines.len() {
        for b in 0..a {
            let mut permuted = lines.clone();
            permuted.swap(a, b);
            assert!(
                SignedRecord::parse(joined(&permuted).as_bytes()).is_err(),
                "{a} {b}"
            );
        }
    }
}

#[test]
fn one_key_has_one_vote() {
    let mut registry = Registry::new("registry.example/log");
    let owners = [key("acme/a"), key("acme/b"), key("acme/c")];
    let mut vkeys: Vec<_> = owners.iter().map(|owner| owner.vkey().clone()).collect();
    vkeys.sort_by(|a, b| a.key().cmp(b.key()));
    let act = NamespaceAct::Create {
        owners: vkeys,
        threshold: 2,
    };
    let create = registry.namespace_record(&namespace("acme"), act);
    registry.sign_and_log(create, &[&owners[0], &owners[1]]);
    registry.seal();
    let act = NamespaceAct::Grant(
        key("acme/alice").vkey().clone(),
        grant(&[Permission::Release]),
    );
    let record = registry.namespace_record(&namespace("acme"), act);
    let request = Request::Namespace(namespace("acme"));
    let refused = |keys: &[&tenon_registry_client::log::SigningKey]| {
        let mut lying = registry.clone();
        lying.sign_and_log(record.clone(), keys);
        lying.seal();
        let error = Client::new(&lying)
            .look(&lying.bundle_raw(&request), &request)
            .unwrap_err();
        match chain_kind(&error) {
            ChainErrorKind::Signatures(error) => error.clone(),
            other => panic!("{other:?}"),
        }
    };
    // One of two; one twice; one and the same key under another name.
    let too_few = refused(&[&owners[0]]);
    assert_eq!(
        too_few,
        SignatureError::Threshold {
            found: 1,
            wanted: 2
        }
    );
    assert!(matches!(
        refused(&[&owners[0], &owners[0]]),
        SignatureError::Order(_)
    ));
    let other_name = alias("acme/other", "acme/a");
    let error = refused(&[&owners[0], &other_name]);
    assert!(matches!(error, SignatureError::NotAuthorised { .. }));
    // Enough, and a stranger.
    let error = refused(&[&owners[0], &owners[1], &key("evil/owner")]);
    assert!(matches!(error, SignatureError::NotAuthorised { .. }));
    // The other name cannot be granted either.
    let act = NamespaceAct::Grant(other_name.vkey().clone(), grant(&[Permission::Release]));
    let record = registry.namespace_record(&namespace("acme"), act);
    registry.sign_and_log(record, &[&owners[0], &owners[2]]);
    registry.seal();
    let error = Client::new(&registry)
        .look(&registry.bundle_raw(&request), &request)
        .unwrap_err();
    assert!(matches!(
        chain_kind(&error),
        ChainErrorKind::KeyRenamed { .. }
    ));
}

// ---- 7: a log that moves ----

#[test]
fn evidence_of_two_sizes_never_mixes() {
    let mut registry = small();
    let old = registry.bundle(&http(), &Known::default());
    registry.release("acme:ftp", "1.0.0", &key("acme/alice"));
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let new = registry.bundle(&http(), &Known::default());
    let client = Client::new(&registry);
    let sections: [(&str, fn(&mut Bundle, &Bundle)); 6] = [
        ("checkpoint", |bundle, other| {
            bundle.checkpoint.clone_from(&other.checkpoint)
        }),
        ("index record", |bundle, other| {
            bundle.index_record.clone_from(&other.index_record)
        }),
        ("package", |bundle, other| {
            bundle.package.clone_from(&other.package)
        }),
        ("points", |bundle, other| {
            bundle.points.clone_from(&other.points)
        }),
        ("inclusion", |bundle, other| {
            bundle.inclusion.clone_from(&other.inclusion)
        }),
        ("map", |bundle, other| bundle.map.clone_from(&other.map)),
    ];
    // Every choice of sections from the one or the other, but for all from one.
    for choice in 1..(1 << sections.len()) - 1 {
        let mut mixed = old.clone();
        for (bit, (_, take)) in sections.iter().enumerate() {
            if choice >> bit & 1 == 1 {
                take(&mut mixed, &new);
            }
        }
        assert!(
            client.look(&mixed.encode(), &http()).is_err(),
            "{choice:06b}"
        );
    }
    for bundle in [old, new] {
        client.look(&bundle.encode(), &http()).unwrap();
    }
}

#[test]
fn two_clients_that_race_do_not_lose_what_one_saw() {
    let mut registry = small();
    let mut slow = Client::new(&registry);
    slow.ask(&registry, &http()).unwrap();
    let base = slow.state.clone();
    let seen_by_slow = slow
        .look(&registry.bundle(&http(), &slow.known()).encode(), &http())
        .unwrap();
    registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
    registry.seal();
    let mut fast = slow.clone();
    fast.ask(&registry, &http()).unwrap();
    // The state file is now that of the fast one: the slow one has to look again.
    assert_eq!(seen_by_slow.advance(fast.state.as_ref()), Err(StateMoved));
    assert_eq!(seen_by_slow.advance(None), Err(StateMoved));
    assert!(seen_by_slow.advance(base.as_ref()).is_ok());
    slow.state = fast.state.clone();
    slow.ask(&registry, &http()).unwrap();
    assert!(slow.state.unwrap().checkpoint().size >= fast.state.unwrap().checkpoint().size);
}

// ---- 9: two registries, and lock files from elsewhere ----

#[test]
fn two_registries_of_one_origin_are_two() {
    let one = small();
    let mut two = Registry::bare("registry.example/log");
    let keys = two.operator_keys();
    two.log_registry(RegistryAct::Init {
        nonce: [2; 32],
        keys,
    });
    two.seal();
    let mut client = Client::new(&one);
    let error = client.look(
        &two.bundle(&Request::Registry, &Known::default()).encode(),
        &Request::Registry,
    );
    assert!(matches!(error, Err(VerifyError::WrongInit { .. })));
    client.ask(&one, &http()).unwrap();
    let state = client.state.unwrap().to_string();
    assert!(TrustState::parse(state.as_bytes(), &two.pin()).is_err());
    assert_eq!(
        TrustState::parse(state.as_bytes(), &one.pin())
            .unwrap()
            .to_string(),
        state
    );
}

#[test]
fn a_lock_file_that_nobody_signed_is_no_fork() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let view = client.ask(&registry, &http()).unwrap();
    let earlier = view.checkpoint().clone();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    client.ask(&registry, &http()).unwrap();
    let state = client.state.clone().unwrap();
    let open = |note: &str| LockedCheckpoint::open(note.as_bytes(), &state);
    let note = earlier.to_string();
    let other_root = note.replace(
        &earlier.checkpoint().root.to_string(),
        &registry.pin().init().to_string(),
    );
    assert!(matches!(open(&other_root), Err(LockError::Invalid(_))));
    let unsigned: String = note
        .lines()
        .take(4)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(matches!(open(&unsigned), Err(LockError::Invalid(_))));
    let locked = open(&note).unwrap();
    let sizes = locked.needs_proof(&state).unwrap();
    let proof = tenon_registry_client::log::prove_consistency(&registry, sizes.0, sizes.1).unwrap();
    locked.check(&state, &proof).unwrap();
    assert!(matches!(
        locked.check(&state, &[]),
        Err(LockError::Fork { .. })
    ));
    // Of two that both prove consistent, the larger stays.
    let newest = open(&state.note().to_string()).unwrap();
    let merged = locked
        .clone()
        .merge(&proof, newest.clone(), &[], &state)
        .unwrap();
    assert_eq!(merged, newest);
    assert_eq!(newest.merge(&[], locked, &proof, &state).unwrap(), merged);
    assert_eq!(client.state.unwrap(), state);
}

// ---- the cache ----

#[test]
fn held_records_are_believed_by_their_hashes_only() {
    let mut registry = small();
    let mut client = Client::new(&registry);
    let held = client.ask(&registry, &http()).unwrap().held().clone();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let request = asking("acme:http", &["1.0.1"]);
    let known = Known::of(client.known().size, &held);
    let bundle = registry.bundle(&request, &known);
    assert_eq!(
        (bundle.registry.records.len(), bundle.package.records.len()),
        (0, 1)
    );
    let bundle = bundle.encode();
    let view = verify(&bundle, &request, &held, &client.trust()).unwrap();
    view.release(&version("1.0.1")).unwrap();
    // A record in the cache that another key signed.
    let mut damaged = held.clone();
    let forged = impersonated(&registry, &held.package[0]);
    damaged.package[0] = forged;
    let error = verify(&bundle, &request, &damaged, &client.trust()).unwrap_err();
    assert_eq!(
        error,
        VerifyError::CacheDamaged(Subject::Package(package("acme:http")))
    );
    // A cache that does not have what the client said it has.
    let error = verify(&bundle, &request, &Held::default(), &client.trust()).unwrap_err();
    assert!(matches!(error, VerifyError::WrongStart { .. }));
    let mut longer = held.clone();
    longer.package.push(held.package[0].clone());
    let error = verify(&bundle, &request, &longer, &client.trust()).unwrap_err();
    assert!(matches!(error, VerifyError::WrongStart { .. }));
}

/// A record that says the same, signed by someone else.
fn impersonated(registry: &Registry, record: &SignedRecord) -> SignedRecord {
    let _ = registry;
    SignedRecord::sign(record.record().clone(), &[&key("evil/owner")]).unwrap()
}

#[test]
fn the_evidence_for_order_is_needed() {
    let (registry, _, _) = losing(revoked);
    let bundle = registry.bundle(&http(), &Known::default());
    let chains: Vec<Chain> = bundle.points.iter().map(|point| point.chain).collect();
    assert_eq!(
        chains,
        [Chain::Package],
        "the release asked for; the heads are placed by the map"
    );
    assert!(
        Client::new(&registry)
            .look(&bundle.encode(), &http())
            .is_ok()
    );
}
