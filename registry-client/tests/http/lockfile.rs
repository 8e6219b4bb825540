//! Lock files.

use crate::support::*;
use crate::user::*;
use std::fs;
use tenon_registry_client::http::{Agreement, ErrorKind};
use tenon_registry_client::lock::{LockedPublisher, LockedRelease, locked_note};
use tenon_registry_client::state::LockError;

/// What a user's lock file has of `acme:http@1.0.0`.
async fn lock(user: &User) -> (LockedRelease, String) {
    let view = user
        .client()
        .view(&asking("acme:http", &["1.0.0"]))
        .await
        .unwrap();
    let release = view.release(&version("1.0.0")).unwrap();
    let locked = LockedRelease::new(&view, &release).unwrap();
    (locked, locked_note(&view).unwrap())
}

#[tokio::test]
async fn an_entry_reads_as_it_was_written() {
    let server = serving().await;
    let (locked, note) = lock(&User::of(&server)).await;
    let text = serde_json::to_string(&locked).unwrap();
    assert_eq!(
        serde_json::from_str::<LockedRelease>(&text).unwrap(),
        locked
    );
    assert!(matches!(&locked.publisher, LockedPublisher::Keys(keys) if keys.len() == 1));
    assert_eq!(locked.heads.len(), 3);
    assert_eq!(note.matches('—').count(), 1, "{note}");
    let registry = LockedRelease {
        publisher: LockedPublisher::Registry(key("registry.example/log/ingest").vkey().clone()),
        ..locked
    };
    let text = serde_json::to_string(&registry).unwrap();
    assert_eq!(
        serde_json::from_str::<LockedRelease>(&text).unwrap(),
        registry
    );
    for (from, to) in [
        ("acme:http\"", "acme\""),
        ("1.0.0", "1.0"),
        ("sha256:", "sha512:"),
        ("attested", "attest"),
        ("package acme:http", "index"),
        ("namespace acme", "registry"),
        ("\"attested\":", "\"publisher\":[],\"attested_\":"),
    ] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text, "{from}");
        assert!(
            serde_json::from_str::<LockedRelease>(&wrong).is_err(),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_lock_file_is_of_the_same_history() {
    let server = serving().await;
    let (author, reader) = (User::of(&server), User::of(&server));
    let (locked, note) = lock(&author).await;
    let size = server.world().registry.size();
    // First contact, then as it is, then later.
    for _ in 0..2 {
        let checked = reader
            .client()
            .check_locked(&locked, note.as_bytes())
            .await
            .unwrap();
        assert_eq!(checked.agreement, Agreement::Same);
    }
    server.world().registry.seal();
    let slow = reader.client().registry().await.unwrap();
    assert_eq!(slow.checkpoint().checkpoint().size, size + 1);
    // Who has seen the log grow needs no network for that, and who has not asks for a proof.
    for network in [reader.offline(), reader.client()] {
        let checked = network
            .check_locked(&locked, note.as_bytes())
            .await
            .unwrap();
        let verified = size + 1;
        let grew = Agreement::Grew {
            locked: size,
            verified,
        };
        assert_eq!(checked.agreement, grew);
    }
    assert_eq!(server.asked("consistency").len(), 0);
    fs::remove_dir_all(&reader.options.cache_dir).unwrap();
    let checked = reader
        .client()
        .check_locked(&locked, note.as_bytes())
        .await
        .unwrap();
    let verified = size + 1;
    assert_eq!(
        checked.agreement,
        Agreement::Grew {
            locked: size,
            verified
        }
    );
    assert_eq!(checked.release.version, version("1.0.0"));
    let asked = server.asked("consistency");
    assert_eq!(
        asked[0].target,
        format!("/api/v1/consistency?old={size}&new={verified}")
    );
}

#[tokio::test]
async fn a_lock_file_that_knows_more_is_believed_by_proof_only() {
    let server = serving().await;
    let (author, reader) = (User::of(&server), User::of(&server));
    let behind = server.world().registry.clone();
    server.world().registry.seal();
    let (locked, note) = lock(&author).await;
    let size = server.world().registry.size();
    // Bundles come from a mirror that is behind; proofs are from the log.
    let ahead = server.world().registry.clone();
    let old = behind.clone();
    server.world().before = Some(Box::new(move |registry, asked| {
        *registry = match asked.target.contains("proof?") {
            true => old.clone(),
            false => ahead.clone(),
        };
    }));
    let checked = reader
        .client()
        .check_locked(&locked, note.as_bytes())
        .await
        .unwrap();
    let verified = size - 1;
    assert_eq!(
        checked.agreement,
        Agreement::Entered {
            verified,
            locked: size
        }
    );
    assert_eq!(reader.state().unwrap().checkpoint().size, size);
    // From then on, the smaller one is a step back.
    let error = reader.client().registry().await.unwrap_err();
    assert_eq!(why(&error), "SIZE_NOT_HELD");
    // Where nobody proves it, the registry hides something.
    server.world().before = None;
    server.world().registry = behind;
    let other = User::of(&server);
    let error = other
        .client()
        .check_locked(&locked, note.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(why(&error), "verify::rollback");
}

#[tokio::test]
async fn a_forged_or_edited_lock_file_changes_nothing() {
    let server = serving().await;
    let (author, reader) = (User::of(&server), User::of(&server));
    let (locked, note) = lock(&author).await;
    let client = reader.client();
    client.check_locked(&locked, note.as_bytes()).await.unwrap();
    let before = fs::read(reader.state_dir().path().join("trust")).unwrap();
    let size = server.world().registry.size();
    let edited = note.replace(&format!("\n{size}\n"), &format!("\n{}\n", size + 1));
    let asked = server.asked("").len();
    let error = client
        .check_locked(&locked, edited.as_bytes())
        .await
        .unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Lock(LockError::Invalid(_))),
        "{error:?}"
    );
    assert_eq!(server.asked("").len(), asked);
    let other = LockedRelease {
        index: locked.index + 1,
        ..locked.clone()
    };
    let error = client
        .check_locked(&other, note.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(why(&error), "LockDiffers");
    let other = LockedRelease {
        publisher: LockedPublisher::Keys(vec![key("mallory").vkey().clone()]),
        ..locked.clone()
    };
    let error = client
        .check_locked(&other, note.as_bytes())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("publisher"), "{error}");
    let mut other = locked.clone();
    for head in other.heads.values_mut() {
        head.seq += 1;
    }
    let error = client
        .check_locked(&other, note.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(why(&error), "verify::subject-rollback");
    assert_eq!(
        fs::read(reader.state_dir().path().join("trust")).unwrap(),
        before
    );
    assert_eq!(reader.state_files(), ["trust"]);
}

#[tokio::test]
async fn two_histories_meet_in_a_lock_file() {
    let server = serving().await;
    let (author, reader) = (User::of(&server), User::of(&server));
    let common = server.world().registry.clone();
    server
        .world()
        .publish("acme:ftp", "1.0.0", b"for the author");
    let (locked, note) = lock(&author).await;
    server.world().registry = common;
    server
        .world()
        .publish("acme:ftp", "1.0.0", b"for the reader");
    let error = reader
        .client()
        .check_locked(&locked, note.as_bytes())
        .await
        .unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Lock(LockError::Fork { .. })),
        "{error:?}"
    );
    assert!(error.is_verification());
    assert_eq!(reader.state_files().len(), 2);
}
