//! A witness: what it signs, what it never signs, and what it knows after a restart.

use crate::fixture::*;
use crate::support::{Publisher, Registry, source};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tenon_registry_client::log::{AddCheckpoint, Hash, Note, NoteSignature, Vkey, WitnessError};
use tenon_registry_server::store::{Call, Disk, DiskError, Fault, Faulty, Which, durable};
use tenon_registry_server::witness::{
    Cosigned, OpenError, Refusal, StateError, Witness, WitnessSource,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The checkpoints of a log as it grew, and the proofs between them.
pub(crate) struct History {
    pub(crate) vkey: Vkey,
    /// Size and note, from the smallest on.
    pub(crate) notes: Vec<(u64, Note)>,
    proofs: Vec<Vec<Vec<Hash>>>,
}

impl History {
    /// Two logs that are the same up to the second checkpoint, and then have some more.
    pub(crate) async fn forked(dir: &Path, more: usize) -> [History; 2] {
        let (one, two) = (dir.join("one"), dir.join("two"));
        std::fs::create_dir_all(&one).unwrap();
        let vkey = vkey_of(&source(&one));
        let log = Registry::open(&one).log;
        let mut notes = vec![log.published().note.clone()];
        let mut acme = Publisher::new(log.origin(), "acme", 1);
        acme.settle(&log).await;
        notes.push(log.published().note.clone());
        log.close().await;
        drop(log);
        crate::publish::copy(&one, &two);
        let mut histories = vec![];
        for (dir, major) in [(one, 1), (two, 2)] {
            let log = Registry::open(&dir).log;
            let mut notes = notes.clone();
            let mut publisher = Publisher::new(log.origin(), "acme", 1);
            publisher.chains = acme.chains.clone();
            for minor in 0..more {
                let record = publisher.release("http", &format!("{major}.{minor}.0"));
                publisher.submit(&log, record).await.unwrap();
                notes.push(log.published().note.clone());
            }
            let notes: Vec<_> = notes
                .iter()
                .map(|note| Note::parse(note).unwrap())
                .collect();
            let size = |note: &Note| note.text().lines().nth(1).unwrap().parse::<u64>().unwrap();
            let sizes: Vec<u64> = notes.iter().map(size).collect();
            let proof = |old: u64, new: u64| match old < new {
                true => log.consistency(old, new).unwrap(),
                false => vec![],
            };
            let proofs = sizes
                .iter()
                .map(|old| sizes.iter().map(|new| proof(*old, *new)).collect());
            histories.push(History {
                vkey: vkey.clone(),
                proofs: proofs.collect(),
                notes: sizes.iter().copied().zip(notes).collect(),
            });
            log.close().await;
        }
        histories.try_into().ok().unwrap()
    }

    /// The request for a checkpoint, from another; both by their number.
    pub(crate) fn request(&self, old: Option<usize>, new: usize) -> Vec<u8> {
        let request = AddCheckpoint {
            old: old.map_or(0, |old| self.notes[old].0),
            proof: old.map_or(vec![], |old| self.proofs[old][new].clone()),
            checkpoint: self.notes[new].1.clone(),
        };
        request.to_string().into_bytes()
    }
}

fn at(dir: &Path, history: &History) -> WitnessSource {
    witness_source(dir, "w.example", vec![watched(&history.vkey)])
}

fn conflict(result: Result<Cosigned, Refusal>) -> u64 {
    match result.unwrap_err() {
        Refusal::Request(WitnessError::Conflict(size)) => size,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_never_signs_backwards_and_never_two_roots_for_a_size() {
    let dir = tempfile::tempdir().unwrap();
    let [log, fork] = History::forked(dir.path(), 4).await;
    let place = dir.path().join("witness");
    let witness = open(at(&place, &log));
    let vkey = witness.vkey().to_string();
    let mode = std::fs::metadata(place.join("witness.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let line: NoteSignature = witness
        .add_checkpoint(&log.request(None, 2))
        .await
        .unwrap()
        .line;
    let mut note = Note::new(log.notes[2].1.text()).unwrap();
    note.push(line).unwrap();
    assert!(note.verify([witness.vkey()]).unwrap()[0].time.is_some());
    drop(witness);

    // All of it after each restart, too.
    for _ in 0..3 {
        let witness = open(at(&place, &log));
        assert_eq!(witness.vkey().to_string(), vkey);
        let size = log.notes[2].0;
        for request in [
            log.request(None, 0),
            log.request(None, 3),
            log.request(Some(0), 1),
            log.request(Some(1), 2),
        ] {
            assert_eq!(conflict(witness.add_checkpoint(&request).await), size);
        }
        let refused = witness
            .add_checkpoint(&fork.request(Some(2), 2))
            .await
            .unwrap_err();
        assert!(matches!(
            refused,
            Refusal::Request(WitnessError::RootDiffers { .. })
        ));
        // The log's own proof does not lead to the fork, nor the fork's from the log's root.
        let refused = witness
            .add_checkpoint(&fork.request(Some(2), 3))
            .await
            .unwrap_err();
        assert!(matches!(
            refused,
            Refusal::Request(WitnessError::Inconsistent(_))
        ));
        assert_eq!(refused.status(), 422);
        assert!(
            witness
                .add_checkpoint(&log.request(Some(2), 2))
                .await
                .is_ok()
        );
    }
    let witness = open(at(&place, &log));
    let larger = String::from_utf8(log.request(Some(2), 3))
        .unwrap()
        .replacen("old ", "old 9", 1);
    assert_eq!(
        witness
            .add_checkpoint(larger.as_bytes())
            .await
            .unwrap_err()
            .status(),
        400
    );
    assert!(
        witness
            .add_checkpoint(&log.request(Some(2), 3))
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_history_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let histories = History::forked(dir.path(), 4).await;
    let witness = open(at(&dir.path().join("witness"), &histories[0]));
    witness
        .add_checkpoint(&histories[0].request(None, 1))
        .await
        .unwrap();
    let mut tasks = vec![];
    for number in 0..64 {
        let (history, new) = (number % 2, 2 + number / 2 % 4);
        let request = histories[history].request(Some(1), new);
        let witness = witness.clone();
        tasks.push(tokio::spawn(async move {
            let result = witness.add_checkpoint(&request).await;
            result.is_ok().then_some((history, new))
        }));
    }
    let mut signed = vec![];
    for task in tasks {
        signed.extend(task.await.unwrap());
    }
    assert_eq!(signed.len(), 1, "{signed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_on_the_disk_is_not_answered() {
    let dir = tempfile::tempdir().unwrap();
    let [log, _] = History::forked(dir.path(), 4).await;
    let calls = [
        Call::Create,
        Call::Write,
        Call::Sync,
        Call::Rename,
        Call::SyncDir,
    ];
    for (number, call) in calls.into_iter().enumerate() {
        let place = dir.path().join(format!("witness{number}"));
        let mut source = at(&place, &log);
        let faulty = Faulty::new(source.files.clone());
        source.files = Arc::new(faulty.clone());
        let (report, errors) = fatal();
        let witness = Arc::new(Witness::open(source, report).unwrap());
        witness.add_checkpoint(&log.request(None, 1)).await.unwrap();
        faulty.fail(Some(Fault {
            which: Which::Only(0),
            of: Some(call),
            errno: rustix::io::Errno::IO,
            short_write: 0,
        }));
        let refused = witness
            .add_checkpoint(&log.request(Some(1), 2))
            .await
            .unwrap_err();
        assert_eq!(refused.status(), 503, "{refused:?}");
        let ends = matches!(call, Call::Sync | Call::SyncDir);
        assert_eq!(errors.lock().unwrap().len(), usize::from(ends), "{call:?}");
        // The disk works again, and nobody believes it until the process is another one.
        let again = witness.add_checkpoint(&log.request(Some(1), 2)).await;
        match ends {
            true => assert!(matches!(again, Err(Refusal::Broken)), "{again:?}"),
            false => assert!(again.is_ok(), "{again:?}"),
        }
        drop((witness, faulty));
        let witness = open(at(&place, &log));
        let size = conflict(witness.add_checkpoint(&log.request(None, 0)).await);
        // Only where the last of all calls failed is it unknown which of the two is there.
        let known: BTreeSet<u64> = match call {
            Call::Sync => [log.notes[1].0].into(),
            Call::SyncDir => [log.notes[1].0, log.notes[2].0].into(),
            _ => [log.notes[2].0].into(),
        };
        assert!(known.contains(&size), "{call:?}: {size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_its_memory_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let [log, _] = History::forked(dir.path(), 4).await;
    let place = dir.path().join("witness");
    let witness = open(at(&place, &log));
    witness.add_checkpoint(&log.request(None, 1)).await.unwrap();
    // Nobody else has the directory.
    let second = Disk::open(&place).unwrap().lock();
    assert!(matches!(second, Err(DiskError::InUse { .. })));
    drop(witness);
    let refusal = || match Witness::open(at(&place, &log), fatal().0) {
        Err(OpenError::State(error)) => error,
        other => panic!("{other:?}"),
    };
    let file = place.join("cosigned");
    let kept = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(refusal(), StateError::Missing));
    // Whatever was changed in it: another size, or a part that is gone.
    let size = format!("\n{}\n", log.notes[1].0);
    let changed = [
        kept.replacen(&size, "\n1\n", 1),
        kept[..kept.len() - 1].to_owned(),
        kept[1..].to_owned(),
    ];
    for text in changed {
        assert_ne!(text, kept);
        std::fs::write(&file, text).unwrap();
        assert!(matches!(refusal(), StateError::Damaged(_)));
    }
    std::fs::write(&file, &kept).unwrap();
    std::fs::rename(place.join("witness.key"), place.join("away")).unwrap();
    assert!(matches!(refusal(), StateError::KeyMissing));
    std::fs::rename(place.join("away"), place.join("witness.key")).unwrap();
    let witness = open(at(&place, &log));
    assert!(
        witness
            .add_checkpoint(&log.request(Some(1), 3))
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_each_refusal_has_its_status() {
    let dir = tempfile::tempdir().unwrap();
    let [log, fork] = History::forked(dir.path(), 4).await;
    let witness = open(at(&dir.path().join("witness"), &log));
    let listening = listen_as(&witness).await;
    let address = listening.url.strip_prefix("http://").unwrap().to_owned();
    let ask = |body: Vec<u8>| post(address.clone(), body);

    let (status, body) = ask(log.request(None, 2)).await;
    assert_eq!(status, 200);
    assert!(
        body.ends_with('\n') && body.contains("\r\n\r\n— w.example "),
        "{body}"
    );
    let (status, body) = ask(log.request(None, 3)).await;
    assert_eq!(status, 409);
    assert!(
        body.contains("text/x.tlog.size")
            && body.ends_with(&format!("\r\n\r\n{}\n", log.notes[2].0)),
        "{body}"
    );
    assert_eq!(ask(fork.request(Some(2), 2)).await.0, 409);
    assert_eq!(ask(fork.request(Some(2), 3)).await.0, 422);
    assert_eq!(ask(b"old 1\n".to_vec()).await.0, 400);
    let text = String::from_utf8(log.request(Some(2), 3)).unwrap();
    // Another log, and a log that did not sign.
    let other = text.replacen(log.vkey.name().as_str(), "other.example/log", 1);
    assert_eq!(ask(other.into_bytes()).await.0, 404);
    let unsigned = text.replace(&format!("— {}", log.vkey.name()), "— else.example");
    assert_eq!(ask(unsigned.into_bytes()).await.0, 403);
    assert_eq!(ask(vec![b'a'; 140 << 10]).await.0, 413);
    let mut statuses = vec![];
    for _ in 0..80 {
        statuses.push(ask(b"old 1\n".to_vec()).await.0);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(witness.counters().cosigned.load(Ordering::SeqCst), 1);
}

/// Sends a request by hand; its status, and all that came back.
pub(crate) async fn post(address: String, body: Vec<u8>) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // Whoever refuses a body need not read it.
    let _ = stream.write_all(&body).await;
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// The durable half of what a witness promises, on a disk that loses power.
#[tokio::test(flavor = "multi_thread")]
async fn a_power_loss_takes_back_nothing_that_was_answered() {
    use tenon_registry_server::store::{Content, Files, Simulated};
    let dir = tempfile::tempdir().unwrap();
    let [log, _] = History::forked(dir.path(), 4).await;
    let disk = Simulated::new();
    let files: Arc<dyn Files> = Arc::new(disk.clone());
    durable::clean(&*files).unwrap();
    let place = dir.path().join("keys");
    let source = WitnessSource {
        files,
        ..at(&place, &log)
    };
    let witness = open(source);
    witness.add_checkpoint(&log.request(None, 1)).await.unwrap();
    witness
        .add_checkpoint(&log.request(Some(1), 4))
        .await
        .unwrap();
    let size = format!("\n{}\n", log.notes[4].0);
    let mut states = 0;
    for state in disk.crash_states(1_000, 0) {
        let tree = state.tree();
        let Some(Content::File(bytes)) = tree.get(&"cosigned".parse().unwrap()) else {
            panic!("the state is gone");
        };
        assert!(String::from_utf8_lossy(bytes).contains(&size));
        states += 1;
    }
    assert!(states > 0);
}
