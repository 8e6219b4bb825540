//! A log key that is replaced, and the clients that slept meanwhile.

use crate::fixture::*;
use crate::support::{Publisher, Registry, source};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::{CheckpointError, NoteError, SignedCheckpoint, Vkey};
use tenon_registry_client::record::{Role, Time};
use tenon_registry_client::state::{Pin, TrustState};
use tenon_registry_client::verify::{Held, Known, Request, Rules, Trust, VerifyError, verify};
use tenon_registry_server::care::{DataDir, FindingKind, FsckOptions, fsck};
use tenon_registry_server::commands::key::{
    Early, KeyError, KeyPlace, Removed, add, finish, list, remove, rotate,
};
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{Cosigning, Log, LogId, Source};
use tenon_registry_server::store::{Call, Fault, Faulty, Which};

const DAY: u64 = 24 * 60 * 60;

/// Someone who has a pin, and perhaps remembers something.
struct Client {
    pin: Pin,
    state: Option<TrustState>,
    now: u64,
}

impl Client {
    /// Asks for a package, or at some size for the registry, however old that is.
    fn ask(&mut self, log: &Log, size: Option<u64>) -> Result<(), VerifyError> {
        let request = match size {
            None => Request::release("acme:http".parse().unwrap(), "1.0.0".parse().unwrap()),
            Some(_) => Request::Registry,
        };
        let known = self
            .state
            .as_ref()
            .map_or(0, |state| state.checkpoint().size);
        let known = Known::of(known, &Held::default());
        let query = ProofQuery {
            request: request.clone(),
            known,
            size,
        };
        let bundle = log.prove(&query).unwrap();
        let rules = Rules {
            max_age: size.is_none().then_some(DAY),
            ..Rules::default()
        };
        let trust = Trust {
            pin: &self.pin,
            state: self.state.as_ref(),
            locked: &BTreeMap::new(),
            rules: &rules,
            now: Time::from_seconds(self.now).unwrap(),
        };
        let view = verify(&bundle, &request, &Held::default(), &trust)?;
        self.state = Some(view.advance(self.state.as_ref()).unwrap());
        Ok(())
    }
}

fn place(dir: &Path, clock: &Arc<Hands>) -> KeyPlace {
    KeyPlace {
        data: dir.to_owned(),
        log: LogId::Public,
        keys: dir.join("keys/public"),
        root: None,
        cosigning: Cosigning::default(),
        clock: clock.clone(),
    }
}

fn start(dir: &Path, clock: &Arc<Hands>) -> Log {
    let source = Source {
        clock: clock.clone(),
        ..source(dir)
    };
    Registry::try_open(&source).unwrap().log
}

/// What is wrong with the keys of a directory, a line each.
fn wrong(dir: &Path) -> String {
    let dir = DataDir::lock(dir).unwrap();
    let report = fsck(&dir, &FsckOptions::default()).unwrap();
    let lines = report.findings.iter();
    let lines = lines.filter(|finding| finding.kind == FindingKind::Keys);
    lines.map(|finding| format!("{finding}\n")).collect()
}

fn signs(note: &[u8], log: &Log, key: &Vkey) -> bool {
    SignedCheckpoint::open(note, log.origin(), [key]).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sleeps_through_a_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let place = place(dir.path(), &clock);
    let log = start(dir.path(), &clock);
    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(&log).await;
    acme.submit(&log, acme.release("http", "1.0.0"))
        .await
        .unwrap();
    let pin = log.pin().clone();
    let old = pin.key().clone();
    let mut client = Client {
        pin: pin.clone(),
        state: None,
        now: clock.now(),
    };
    client.ask(&log, None).unwrap();
    log.close().await;
    drop(log);

    // Without the root key there is no rotation, and no key is made.
    let (root, away) = (
        dir.path().join("keys/public/root.key"),
        dir.path().join("offline.key"),
    );
    std::fs::rename(&root, &away).unwrap();
    assert!(matches!(
        rotate(&place).await,
        Err(KeyError::RootMissing(_))
    ));
    assert!(!dir.path().join("keys/public/log-next.key").exists());
    let place = KeyPlace {
        root: Some(away),
        ..place
    };
    assert!(matches!(
        finish(&place, Early::Allowed).await,
        Err(KeyError::NotRotating)
    ));
    // The program ends when the key is made, and before it is logged.
    let made = Keys::make_next(&place.keys).unwrap();
    let left = wrong(dir.path());
    assert!(
        left.contains("run `tenon-registry key rotate` again"),
        "{left}"
    );
    let new = rotate(&place).await.unwrap();
    assert_eq!(new, *made.vkey());
    assert_eq!(wrong(dir.path()), "");
    assert!(matches!(rotate(&place).await, Err(KeyError::Rotating(..))));
    let log = start(dir.path(), &clock);
    assert!(
        [&old, &new]
            .iter()
            .all(|key| signs(&log.published().note, &log, key))
    );
    assert_eq!(*log.pin(), pin);
    acme.submit(&log, acme.release("http", "1.1.0"))
        .await
        .unwrap();
    assert!(
        [&old, &new]
            .iter()
            .all(|key| signs(&log.published().note, &log, key))
    );
    log.close().await;
    drop(log);

    clock.pass(29 * DAY);
    assert!(matches!(
        finish(&place, Early::Refused).await,
        Err(KeyError::TooEarly { .. })
    ));
    assert!(matches!(
        remove(&place, Role::Log, &old).await,
        Err(KeyError::InUse(_))
    ));
    clock.pass(2 * DAY);
    assert_eq!(finish(&place, Early::Refused).await.unwrap(), new);
    assert!(!dir.path().join("keys/public/log-next.key").exists());
    let listed = list(&place).await.unwrap();
    let log_keys: Vec<_> = listed.iter().filter(|key| key.role == Role::Log).collect();
    assert!(log_keys[0].removed.is_some() && log_keys[1].removed.is_none());

    // Not long after, when partial tiles of that size were replaced by larger ones.
    let log = start(dir.path(), &clock);
    acme.submit(&log, acme.release("http", "1.2.0"))
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let last = log.last_checkpoint(old.id()).unwrap().unwrap();
    let last = SignedCheckpoint::open(&last, log.origin(), [&old]).unwrap();
    let mut sleeper = Client {
        pin: pin.clone(),
        state: client.state.clone(),
        now: clock.now(),
    };
    sleeper.ask(&log, Some(last.checkpoint().size)).unwrap();
    sleeper.ask(&log, None).unwrap();
    // So many batches later that no checkpoint of that time is held by itself.
    for patch in 0..300 {
        acme.submit(&log, acme.release("http", &format!("2.0.{patch}")))
            .await
            .unwrap();
    }
    let published = log.published();
    assert!(!signs(&published.note, &log, &old) && signs(&published.note, &log, &new));
    for again in [false, true] {
        let log = match again {
            false => log.clone(),
            true => {
                log.close().await;
                start(dir.path(), &clock)
            }
        };
        let last = log.last_checkpoint(old.id()).unwrap().unwrap();
        assert!(signs(&last, &log, &old));
        let last = SignedCheckpoint::open(&last, log.origin(), [&old]).unwrap();
        let size = last.checkpoint().size;
        for state in [client.state.clone(), None] {
            let mut sleeper = Client {
                pin: pin.clone(),
                state,
                now: clock.now(),
            };
            let error = sleeper.ask(&log, None).unwrap_err();
            let unknown =
                VerifyError::Checkpoint(CheckpointError::Note(NoteError::NoKnownKey(vec![])));
            assert_eq!(
                std::mem::discriminant(&error),
                std::mem::discriminant(&unknown),
                "{error:?}"
            );
            sleeper.ask(&log, Some(size)).unwrap();
            sleeper.ask(&log, None).unwrap();
            let state = sleeper.state.unwrap();
            assert_eq!(
                (state.log_keys(), state.retired_keys()),
                (&[new.clone()][..], &[old.clone()][..])
            );
        }
        // Who comes now gets the new key.
        assert_eq!((log.pin().key(), log.pin().init()), (&new, pin.init()));
        let mut stranger = Client {
            pin: log.pin().clone(),
            state: None,
            now: clock.now(),
        };
        stranger.ask(&log, None).unwrap();
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_checkpoint_is_kept_before_there_is_one_without_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let place = place(dir.path(), &clock);
    let log = start(dir.path(), &clock);
    let old = log.pin().key().clone();
    log.close().await;
    drop(log);
    rotate(&place).await.unwrap();
    // What `finish` logs, on a disk that fails.
    let before = source(dir.path());
    let faulty = Faulty::new(before.files.clone());
    let keys = before.keys.clone();
    let source = Source {
        clock: clock.clone(),
        files: Arc::new(faulty.clone()),
        ..before
    };
    let registry = Registry::try_open(&source).unwrap();
    let log = &registry.log;
    let size = log.published().checkpoint.size;
    let records = log.registry().unwrap();
    let act = tenon_registry_client::record::RegistryAct::KeyRemove(Role::Log, old.clone());
    let link = tenon_registry_client::record::Link {
        seq: 2,
        prev: records[1].0.hash(),
    };
    let record = tenon_registry_client::record::Record {
        origin: log.origin().clone(),
        statement: tenon_registry_client::record::Statement::Registry { link, act },
        time: Time::from_seconds(clock.now()).unwrap(),
    };
    let record =
        tenon_registry_client::record::SignedRecord::sign(record, &[keys.root.as_ref().unwrap()])
            .unwrap();
    faulty.fail(Some(Fault {
        which: Which::Only(0),
        of: Some(Call::Sync),
        errno: rustix::io::Errno::IO,
        short_write: 0,
    }));
    let submission = tenon_registry_server::log::Submission {
        record: record.clone(),
        world: None,
    };
    assert!(log.submit(submission).await.is_err());
    log.close().await;
    assert_eq!(registry.fatal.lock().unwrap().len(), 1);
    drop(registry);
    // It was not logged, and the old key signs on.
    let log = start(dir.path(), &clock);
    assert_eq!(log.published().checkpoint.size, size);
    assert!(signs(&log.published().note, &log, &old));
    let submission = tenon_registry_server::log::Submission {
        record,
        world: None,
    };
    log.submit(submission).await.unwrap();
    assert!(!signs(&log.published().note, &log, &old));
    let last = log.last_checkpoint(old.id()).unwrap().unwrap();
    assert_eq!(
        SignedCheckpoint::open(&last, log.origin(), [&old])
            .unwrap()
            .checkpoint()
            .size,
        size
    );
    log.close().await;
    drop(log);
    // `finish` has nothing left to do but to take the key's place.
    let left = wrong(dir.path());
    assert!(
        left.contains("run `tenon-registry key finish` again"),
        "{left}"
    );
    let new = finish(&place, Early::Allowed).await.unwrap();
    let log = start(dir.path(), &clock);
    assert_eq!(*log.pin().key(), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_keys_come_and_go_while_the_registry_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Hands::new();
    let place = place(dir.path(), &clock);
    let log = start(dir.path(), &clock);
    let elsewhere = tempfile::tempdir().unwrap();
    let other = source(elsewhere.path()).keys;
    // `source` takes no lock; a registry that runs does, and so does a command.
    let disk = tenon_registry_server::store::Disk::open(dir.path())
        .unwrap()
        .lock()
        .unwrap();
    assert!(matches!(rotate(&place).await, Err(KeyError::Disk(_))));
    assert!(!list(&place).await.unwrap().is_empty());
    drop(disk);
    log.close().await;
    drop(log);
    let index = other.index.vkey();
    add(&place, Role::Index, index).await.unwrap();
    assert!(matches!(
        add(&place, Role::Index, index).await,
        Err(KeyError::Submit(_))
    ));
    let added = |listed: &[tenon_registry_server::commands::key::ListedKey]| {
        let key = listed.iter().find(|key| key.vkey == *index).unwrap();
        assert!(
            key.to_string()
                .starts_with(&format!("index {index} added "))
        );
        key.removed
    };
    assert_eq!(added(&list(&place).await.unwrap()), None);
    let removed = remove(&place, Role::Index, index).await.unwrap();
    assert_eq!(removed, Removed::Now);
    let when = added(&list(&place).await.unwrap()).unwrap();
    let again = remove(&place, Role::Index, index).await.unwrap();
    assert_eq!(again, Removed::Before(when));
    // In a role that it never had, it was not removed.
    assert!(matches!(
        remove(&place, Role::Ingest, index).await,
        Err(KeyError::Submit(_))
    ));
    let own = source(dir.path()).keys;
    assert!(matches!(
        remove(&place, Role::Index, own.index.vkey()).await,
        Err(KeyError::Held(Role::Index, _))
    ));
}
