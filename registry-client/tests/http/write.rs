//! What is sent to a registry.

use crate::server::{Fault, Server};
use crate::support::*;
use crate::user::*;
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::api::Accepted;
use tenon_registry_client::http::{
    Draft, DraftError, ErrorKind, ReceiptProof, Token, Uploaded, Uploading,
};
use tenon_registry_client::name::Pattern;
use tenon_registry_client::record::{
    Content, ContentKind, Grant, NamespaceAct, Permission, SignedRecord, YankReason,
};
use tenon_registry_client::verify::{Verified, View};

const BYTES: &[u8] = b"\0asm and more";

fn content() -> Content {
    Content {
        digest: Digest::of(BYTES),
        size: BYTES.len() as u64,
        kind: ContentKind::Component,
    }
}

async fn view(user: &User) -> Verified<View> {
    user.client().view(&asking("acme:http", &[])).await.unwrap()
}

/// The next release, signed by `acme/alice`.
async fn next(user: &User, text: &str) -> SignedRecord {
    let alice = key("acme/alice");
    let (name, text) = (package("acme:http"), version(text));
    let view = view(user).await;
    let draft = Draft::release(&view, &name, text, content(), alice.vkey(), time(START));
    let mut draft = draft.unwrap();
    draft.sign(&alice).unwrap();
    draft.signed().unwrap()
}

async fn publisher() -> (Server, User) {
    let server = serving().await;
    let mut user = User::of(&server);
    user.options.credentials = Arc::new(Token::new("tnr_secret").unwrap());
    (server, user)
}

#[tokio::test]
async fn content_is_sent_once() {
    let (server, user) = publisher().await;
    let client = user.client();
    let content = Uploading::Bytes(BYTES.into());
    let (digest, size) = content.measure().await.unwrap();
    assert_eq!((digest, size), (Digest::of(BYTES), BYTES.len() as u64));
    let sent = client.upload(content.clone(), &digest, size).await.unwrap();
    assert_eq!(sent, Uploaded::Sent);
    let sent = client.upload(content, &digest, size).await.unwrap();
    assert_eq!(sent, Uploaded::AlreadyThere);
    let methods: Vec<_> = server
        .asked("")
        .iter()
        .map(|asked| asked.method.clone())
        .collect();
    assert_eq!(methods, ["HEAD", "PUT", "HEAD"]);
    let put = &server.asked("/api/v1/content/")[0];
    assert_eq!(put.header("content-length"), Some("13"));
    assert_eq!(put.header("transfer-encoding"), None);
    for asked in server.asked("") {
        assert_eq!(asked.header("authorization"), Some("Bearer tnr_secret"));
    }
    // From a file, and what is not what it is said to be.
    let path = user.dir.path().join("large.wasm");
    let large = vec![7; 1_000_000];
    std::fs::write(&path, &large).unwrap();
    let file = Uploading::File(path);
    let (digest, size) = file.measure().await.unwrap();
    assert_eq!(
        client.upload(file.clone(), &digest, size).await.unwrap(),
        Uploaded::Sent
    );
    assert_eq!(server.world().blobs[&Digest::of(&large)], large);
    let error = client
        .upload(file, &Digest::of(b"other"), size)
        .await
        .unwrap_err();
    assert_eq!(why(&error), "DIGEST_INVALID");
    // Writes are not repeated.
    let asked = server.asked("content").len();
    server.fail("content", [Fault::Status(503, vec![])]);
    let content = Uploading::Bytes(b"another"[..].into());
    let (digest, size) = content.measure().await.unwrap();
    let error = client.upload(content, &digest, size).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Status(503)));
    assert_eq!(server.asked("content").len(), asked + 1);
}

#[tokio::test]
async fn a_record_is_in_the_log_when_that_is_proved() {
    let (server, user) = publisher().await;
    let record = next(&user, "1.1.0").await;
    let client = user.client();
    let receipt = client.submit(&record).await.unwrap();
    assert_eq!(receipt.proof, ReceiptProof::Inclusion);
    assert_eq!(receipt.index, Some(server.world().registry.size() - 2));
    assert_eq!(
        server.asked("records")[0].header("authorization"),
        Some("Bearer tnr_secret")
    );
    // Once more does no harm.
    assert_eq!(client.submit(&record).await.unwrap().index, receipt.index);
    // A record that comes too late is refused, by the registry's own words.
    let late = next(&user, "1.2.0").await;
    let alice = key("acme/alice");
    server
        .world()
        .registry
        .log_package("acme:http", yank("1.0.0"), &[&alice]);
    server.world().registry.seal();
    let error = client.submit(&late).await.unwrap_err();
    assert_eq!((why(&error).as_str(), error.attempts), ("CONFLICT", 1));
}

#[tokio::test]
async fn a_receipt_that_proves_nothing_is_refused() {
    let (server, user) = publisher().await;
    let record = next(&user, "1.1.0").await;
    let client = user.client();
    client.submit(&record).await.unwrap();
    let asked = server.asked("records").len();
    // What the registry could answer about another record.
    let honest = {
        let world = server.world();
        let (size, index) = (world.registry.size(), world.registry.size() - 1);
        let proof = tenon_registry_client::log::prove_inclusion(&world.registry, index, size);
        Accepted {
            index,
            size,
            checkpoint: world.registry.published[&size].0.to_string(),
            inclusion: proof.unwrap().iter().map(ToString::to_string).collect(),
        }
    };
    let thief = alias("registry.example/log", "a thief");
    let checkpoint = server.world().registry.checkpoint().checkpoint().clone();
    let forged = checkpoint.sign(&thief).unwrap().to_string();
    let mut other = checkpoint;
    other.root = tenon_registry_client::log::Hash::leaf(b"another");
    let other = other
        .sign(&key("registry.example/log"))
        .unwrap()
        .to_string();
    let change = |change: &dyn Fn(&mut Accepted)| {
        let mut accepted = honest.clone();
        change(&mut accepted);
        Fault::Body(serde_json::to_vec(&accepted).unwrap())
    };
    for (fault, wanted) in [
        (change(&|_| {}), "verify::not-included"),
        (change(&|a| a.index -= 1), "verify::not-included"),
        (change(&|a| a.inclusion.clear()), "verify::not-included"),
        (change(&|a| a.size += 1), "verify::wrong-size"),
        (
            change(&|a| a.checkpoint = forged.clone()),
            "verify::checkpoint",
        ),
        (
            change(&|a| a.checkpoint = other.clone()),
            "verify::not-included",
        ),
        (change(&|a| a.inclusion[0] = "x".to_owned()), "Malformed"),
    ] {
        server.fail("records", [fault]);
        let error = client.submit(&record).await.unwrap_err();
        assert_eq!(why(&error), wanted);
    }
    assert_eq!(server.asked("records").len(), asked + 7);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for() {
    let (server, user) = publisher().await;
    let client = user.client();
    for (n, fault) in [
        Fault::Hangup,
        Fault::CutAfter(10),
        Fault::Status(500, vec![]),
        Fault::Body(vec![]),
        Fault::Silence,
    ]
    .into_iter()
    .enumerate()
    {
        let record = next(&user, &format!("1.{}.0", n + 1)).await;
        server.fail("records", [fault.clone()]);
        let posted = server.asked("records").len();
        let receipt = client.submit(&record).await.unwrap();
        assert_eq!(receipt.proof, ReceiptProof::Chain, "{fault:?}");
        assert_eq!(receipt.index, Some(server.world().registry.size() - 2));
        assert_eq!(server.asked("records").len(), posted + 1);
    }
    // It did not arrive.
    let record = next(&user, "2.0.0").await;
    let before = server.world().registry.clone();
    server.world().before = Some(Box::new(move |registry, asked| {
        if asked.target.contains("proof") {
            *registry = before.clone();
        }
    }));
    server.fail("records", [Fault::Hangup]);
    let error = client.submit(&record).await.unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::OutcomeUnknown { hash, .. } if *hash == record.hash()),
        "{error:?}"
    );
    // What the registry says no to is not looked for.
    server.world().before = None;
    let asked = server.asked("proof").len();
    server.fail("records", [Fault::Status(503, vec![])]);
    let late = SignedRecord::parse(record.bytes()).unwrap();
    let _ = client.submit(&late).await;
    assert!(server.asked("proof").len() <= asked + 1);
}

#[tokio::test]
async fn drafts_know_what_the_registry_would_refuse() {
    let (_server, user) = publisher().await;
    let view = view(&user).await;
    let (alice, mallory) = (key("acme/alice"), key("mallory"));
    let name = package("acme:http");
    let release = |name: &str, text: &str, by: &tenon_registry_client::log::SigningKey| {
        let (name, text) = (package(name), version(text));
        Draft::release(&view, &name, text, content(), by.vkey(), time(START)).map(|_| ())
    };
    assert_eq!(release("acme:http", "1.1.0", &alice), Ok(()));
    assert!(matches!(
        release("acme:http", "1.0.0+build", &alice),
        Err(DraftError::VersionTaken { .. })
    ));
    assert!(matches!(
        release("acme:http", "1.1.0", &mallory),
        Err(DraftError::NotGranted { .. })
    ));
    assert!(matches!(
        release("acme:ftp", "1.0.0", &alice),
        Err(DraftError::NotViewed(_))
    ));
    let (ftp, evil) = (package("acme:ftp"), package("evil:ftp"));
    for (asked, wanted) in [
        ("acme:ftp", None),
        ("evil:ftp", Some(DraftError::NoNamespace(namespace("evil")))),
    ] {
        let view = user.client().view(&asking(asked, &[])).await.unwrap();
        for name in [&ftp, &evil] {
            let draft = Draft::release(
                &view,
                name,
                version("1.0.0"),
                content(),
                alice.vkey(),
                time(START),
            );
            let found = draft.map(|draft| draft.record().link().unwrap().seq);
            match name.to_string() == asked {
                true => assert_eq!(found.err(), wanted),
                false => assert!(matches!(found, Err(DraftError::NotViewed(_)))),
            }
        }
    }
    let none = Draft::unyank(&view, &name, version("3.0.0"), alice.vkey(), time(START));
    assert!(matches!(none, Err(DraftError::NoSuchVersion { .. })));
}

#[tokio::test]
async fn several_owners_sign_one_after_another() {
    let (server, user) = publisher().await;
    let client = user.client();
    let keys = [key("first"), key("second"), key("third")];
    let name = namespace("shared");
    let now = time(START);
    let mut owners: Vec<_> = keys.iter().map(|key| key.vkey().clone()).collect();
    owners.sort_by(|a, b| a.key().cmp(b.key()));
    let act = NamespaceAct::Create {
        owners: owners.clone(),
        threshold: 2,
    };
    let view = client.namespace(&name).await.unwrap();
    let mut draft = Draft::namespace(&view, &name, act.clone(), now).unwrap();
    for key in &keys {
        draft.sign(key).unwrap();
    }
    client.submit(&draft.signed().unwrap()).await.unwrap();
    let view = client.namespace(&name).await.unwrap();
    assert_eq!(view.namespace().unwrap().threshold(), 2);
    assert!(matches!(
        Draft::namespace(&view, &name, act, now),
        Err(DraftError::NamespaceTaken(_))
    ));
    // One signs, sends it to another, who signs what came.
    let publisher = key("publisher");
    let grant = Grant {
        permissions: [Permission::Release].into(),
        pattern: Pattern::all(),
        expires: None,
    };
    let act = NamespaceAct::Grant(publisher.vkey().clone(), grant);
    let mut draft = Draft::namespace(&view, &name, act, now).unwrap();
    assert!(draft.signed().is_err());
    draft.sign(&keys[2]).unwrap();
    let sent = draft.signed().unwrap().bytes().to_vec();
    let chain = view.namespace().unwrap();
    let mut second = Draft::open(&sent, chain.owners()).unwrap();
    assert_eq!(second.record(), draft.record());
    second.sign(&keys[0]).unwrap();
    second.sign(&keys[0]).unwrap();
    assert_eq!(second.signers().count(), 2);
    let changed = String::from_utf8(sent.clone())
        .unwrap()
        .replace("release", "yank");
    assert!(Draft::open(changed.as_bytes(), chain.owners()).is_err());
    assert!(Draft::open(&sent, [keys[0].vkey()]).is_err());
    let record = second.signed().unwrap();
    client.submit(&record).await.unwrap();
    // Everybody else verifies it.
    let other = User::of(&server);
    let view = other.client().namespace(&name).await.unwrap();
    let granted = view
        .namespace()
        .unwrap()
        .key(publisher.vkey().key())
        .unwrap();
    assert!(granted.now().is_some());
}

#[tokio::test]
async fn a_release_is_yanked_and_taken_back() {
    let (server, user) = publisher().await;
    let client = user.client();
    let (alice, name, now) = (key("acme/alice"), package("acme:http"), time(START));
    let one = version("1.0.0");
    let reason = YankReason::Security;
    let draft = Draft::yank(
        &view(&user).await,
        &name,
        one.clone(),
        reason,
        alice.vkey(),
        now,
    );
    let mut draft = draft.unwrap();
    draft.sign(&alice).unwrap();
    client.submit(&draft.signed().unwrap()).await.unwrap();
    assert_eq!(
        why(&client.resolve(&name, None).await.unwrap_err()),
        "NoMatch"
    );
    let draft = Draft::unyank(&view(&user).await, &name, one.clone(), alice.vkey(), now);
    let mut draft = draft.unwrap();
    draft.sign(&alice).unwrap();
    client.submit(&draft.signed().unwrap()).await.unwrap();
    assert_eq!(client.resolve(&name, None).await.unwrap().version, one);
    assert_eq!(server.world().registry.monitor().findings(), []);
}
