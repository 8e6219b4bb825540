//! The checkpoint of a lock file, on its own.

use crate::server::Server;
use crate::support::*;
use crate::user::*;
use std::fs;
use std::time::Duration;
use tenon_registry_client::http::{Agreement, Error, ErrorKind, Timeouts};
use tenon_registry_client::log::{Algorithm, KeyName, SigningKey};
use tenon_registry_client::record::{RegistryAct, Role};
use tenon_registry_client::state::LockError;
use tokio::time::timeout;

/// The note that someone else's lock file has now.
async fn note(server: &Server) -> String {
    let author = User::of(server).client();
    author.registry().await.unwrap();
    author.checkpoint_note().await.unwrap().unwrap()
}

fn is_invalid(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Lock(LockError::Invalid(_)))
}

fn is_fork(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Lock(LockError::Fork { .. }))
}

/// Has the log sign with another key, and no more with the one it had.
fn rotate(server: &Server) {
    let name = KeyName::new("registry.example/log").unwrap();
    let new = SigningKey::from_seed(name, Algorithm::Ed25519, &[7; 32]);
    let mut world = server.world();
    let add = RegistryAct::KeyAdd(Role::Log, new.vkey().clone());
    world.registry.log_registry(add);
    world.registry.log.push(new);
    world.registry.seal();
    let old = world.registry.log[0].vkey().clone();
    world.keep_last(old.id());
    world
        .registry
        .log_registry(RegistryAct::KeyRemove(Role::Log, old));
    world.registry.log.remove(0);
    world.registry.seal();
}

#[tokio::test]
async fn the_note_is_of_the_largest_checkpoint_and_the_log_alone() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    assert_eq!(client.checkpoint_note().await.unwrap(), None);
    for _ in 0..2 {
        server.world().registry.seal();
        client.registry().await.unwrap();
        let note = client.checkpoint_note().await.unwrap().unwrap();
        let size = server.world().registry.size();
        assert_eq!(note.lines().nth(1), Some(size.to_string().as_str()));
        assert_eq!(note.matches('—').count(), 1, "{note}");
        let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
        assert_eq!(agreement, Agreement::Same);
    }
}

#[tokio::test]
async fn a_checkpoint_that_was_seen_needs_no_network() {
    let server = serving().await;
    let (user, late) = (User::of(&server), User::of(&server));
    let note = note(&server).await;
    let locked = server.world().registry.size();
    server.world().asked.clear();
    let error = user.offline().check_checkpoint(note.as_bytes()).await;
    assert_eq!(why(&error.unwrap_err()), "Offline");
    // Who knows nothing of the log gets to know it first.
    let client = user.client();
    let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
    assert_eq!(agreement, Agreement::Same);
    assert_eq!(server.asked("").len(), 1);
    for client in [user.client(), user.offline()] {
        let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
        assert_eq!(agreement, Agreement::Same);
    }
    server.world().registry.seal();
    client.registry().await.unwrap();
    let grew = Agreement::Grew {
        locked,
        verified: locked + 1,
    };
    for client in [user.client(), user.offline()] {
        let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
        assert_eq!(agreement, grew);
    }
    assert_eq!(server.asked("").len(), 2);
    // Who did not see it grow asks for a proof, once.
    late.client().registry().await.unwrap();
    let error = late.offline().check_checkpoint(note.as_bytes()).await;
    assert_eq!(why(&error.unwrap_err()), "Offline");
    for client in [late.client(), late.offline(), late.client()] {
        let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
        assert_eq!(agreement, grew);
    }
    assert_eq!(server.asked("consistency").len(), 1);
    assert_eq!(server.asked("").len(), 4);
}

#[tokio::test]
async fn what_a_lock_file_adds_leaves_nothing_unproved() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let (name, one) = (package("acme:http"), version("1.0.0"));
    client.fetch(&name, &one).await.unwrap();
    let verified = server.world().registry.size();
    server.world().registry.seal();
    let note = note(&server).await;
    let error = user.offline().check_checkpoint(note.as_bytes()).await;
    assert_eq!(why(&error.unwrap_err()), "Offline");
    let agreement = client.check_checkpoint(note.as_bytes()).await.unwrap();
    let locked = verified + 1;
    assert_eq!(agreement, Agreement::Entered { verified, locked });
    assert_eq!(user.state().unwrap().checkpoint().size, locked);
    assert_eq!(
        client.checkpoint_note().await.unwrap().as_ref(),
        Some(&note)
    );
    // What was fetched before is still of this log, without a network.
    user.offline().fetch(&name, &one).await.unwrap();
}

#[tokio::test]
async fn an_edited_note_is_nobodys() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    client.registry().await.unwrap();
    let before = fs::read(user.state_dir().path().join("trust")).unwrap();
    let note = note(&server).await;
    let asked = server.asked("").len();
    for edited in [
        note.replacen('\n', "\n1", 1),
        note.replacen("registry.example", "registry.other", 1),
        String::new(),
        note.lines().take(3).collect(),
    ] {
        let error = client.check_checkpoint(edited.as_bytes()).await;
        assert!(is_invalid(&error.unwrap_err()), "{edited}");
    }
    assert_eq!(server.asked("").len(), asked);
    // One by a key that is not known here is looked into, and refused where that is not possible.
    let forger = SigningKey::from_seed(
        KeyName::new("registry.example/log").unwrap(),
        Algorithm::Ed25519,
        &[9; 32],
    );
    let checkpoint = user.state().unwrap().checkpoint().clone();
    let forged = checkpoint.sign(&forger).unwrap().to_string();
    for client in [user.client(), user.offline()] {
        let error = client.check_checkpoint(forged.as_bytes()).await;
        assert!(is_invalid(&error.unwrap_err()));
    }
    assert_eq!(server.asked("").len(), asked + 1);
    server.fail("proof", vec![crate::server::Fault::Status(500, vec![])]);
    let error = client.check_checkpoint(forged.as_bytes()).await;
    assert!(is_invalid(&error.unwrap_err()));
    assert_eq!(
        fs::read(user.state_dir().path().join("trust")).unwrap(),
        before
    );
    assert_eq!(user.state_files(), ["trust"]);
}

#[tokio::test]
async fn a_key_that_came_since_is_learned() {
    let server = serving().await;
    let (asleep, other) = (User::of(&server), User::of(&server));
    let old = note(&server).await;
    for user in [&asleep, &other] {
        user.client().registry().await.unwrap();
    }
    rotate(&server);
    // Someone else knows the new key, and has locked with it.
    let awake = User::of(&server);
    awake.client().registry().await.unwrap();
    let (locked, note) = locked(&server, &[("acme:http", "1.0.0")]).await;
    let agreement = asleep.client().check_checkpoint(note.as_bytes()).await;
    assert_eq!(agreement.unwrap(), Agreement::Same);
    let client = other.client();
    let checked = client.check_locked(&locked[0], note.as_bytes());
    assert_eq!(checked.await.unwrap().agreement, Agreement::Same);
    // What the old key signed in its time is as good as it was.
    let agreement = asleep.client().check_checkpoint(old.as_bytes()).await;
    assert!(matches!(agreement.unwrap(), Agreement::Grew { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_wake_up_at_once_and_none_waits_forever() {
    let server = serving().await;
    let mut user = User::of(&server);
    user.options.timeouts = Timeouts::default();
    user.client().registry().await.unwrap();
    rotate(&server);
    let note = note(&server).await;
    server.world().before = Some(Box::new(|registry, _| {
        registry.seal();
    }));
    let client = user.client();
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (client, note) = (client.clone(), note.clone());
            tokio::spawn(async move {
                match n % 2 {
                    0 => client.registry().await.map(drop),
                    _ => client.check_checkpoint(note.as_bytes()).await.map(drop),
                }
            })
        })
        .collect();
    for task in tasks {
        let ended = timeout(Duration::from_secs(60), task).await;
        ended.unwrap().unwrap().unwrap();
    }
}

#[tokio::test]
async fn of_two_notes_the_larger_stays() {
    let server = serving().await;
    let older = note(&server).await;
    server.world().registry.seal();
    let newer = note(&server).await;
    server.world().registry.seal();
    let newest = note(&server).await;
    let user = User::of(&server);
    let client = user.client();
    // Whatever else signed it is left out.
    let long = server.world().registry.checkpoint().to_string();
    assert_ne!(long, newest);
    for (ours, theirs, stays) in [
        (&older, &newer, &newer),
        (&newer, &older, &newer),
        (&newer, &newer, &newer),
        (&long, &older, &newest),
        (&older, &long, &newest),
    ] {
        let (ours, theirs) = (ours.as_bytes(), theirs.as_bytes());
        let merged = client.merge_checkpoints(ours, theirs).await.unwrap();
        assert_eq!(merged, *stays);
    }
    // What was seen once is known.
    let merged = user.offline();
    let merged = merged.merge_checkpoints(newer.as_bytes(), older.as_bytes());
    assert_eq!(merged.await.unwrap(), newer);
    let edited = older.replacen('\n', "\n1", 1);
    for (ours, theirs) in [(&edited, &newer), (&newer, &edited)] {
        let merged = client.merge_checkpoints(ours.as_bytes(), theirs.as_bytes());
        assert!(is_invalid(&merged.await.unwrap_err()));
    }
    assert_eq!(user.state_files(), ["trust"]);
}

#[tokio::test]
async fn two_notes_of_two_histories_are_not_merged() {
    let server = serving().await;
    let common = server.world().registry.clone();
    let publish = |bytes: &[u8]| {
        server.world().publish("acme:ftp", "1.0.0", bytes);
        server.world().registry.seal();
    };
    publish(b"for one");
    let one = note(&server).await;
    server.world().registry = common;
    publish(b"for the other");
    server.world().registry.seal();
    let other = note(&server).await;
    for (ours, theirs) in [(&one, &other), (&other, &one)] {
        let user = User::of(&server);
        let client = user.client();
        let merged = client.merge_checkpoints(ours.as_bytes(), theirs.as_bytes());
        assert!(is_fork(&merged.await.unwrap_err()));
        assert_eq!(user.state_files().len(), 2, "the evidence is kept");
    }
}
