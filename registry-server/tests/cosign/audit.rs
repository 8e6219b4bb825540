//! Witnesses that vouch for the map: they follow the entries themselves.

use crate::fixture::*;
use crate::support::{Publisher, source};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::{Arc, Mutex};
use tenon_registry_client::log::{
    AddCheckpoint, Checkpoint, Edge, Hash, SigningKey, TilePath, encode_entries,
};
use tenon_registry_client::record::{Link, Record, RegistryAct, SignedRecord, Statement, Time};
use tenon_registry_client::verify::Request;
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::witness::{AuditError, Mounted, Refusal, router};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_vouched_for_before_it_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let vkey = vkey_of(&source(dir.path()));
    let served = Arc::default();
    let tiles = listen(tiles(Arc::clone(&served))).await;
    let plain = witness_source(
        &dir.path().join("plain"),
        "w.example/plain",
        vec![watched(&vkey)],
    );
    let index = || vec![audited(&vkey, &tiles.url)];
    let auditor = witness_source(&dir.path().join("index"), "w.example/index", index());
    let (plain, auditor) = (open(plain), open(auditor));
    assert_ne!(plain.vkey().key(), auditor.vkey().key());
    let mounted = |prefix: &str, witness| Mounted {
        prefix: prefix.to_owned(),
        witness,
    };
    let both = [
        mounted("", plain.clone()),
        mounted("/index", auditor.clone()),
    ];
    let listening = listen(router(&both)).await;
    let url = format!("{}/index", listening.url);
    let asks = vec![
        config(&listening.url, plain.vkey()),
        config(&url, auditor.vkey()),
    ];
    // While the log begins, nobody serves it: the auditor has nothing to read.
    let log = registry(dir.path(), asking(asks)).log;
    let keys = [plain.vkey(), auditor.vkey()];
    assert!(matches!(times(&log, &keys)[..], [Some(_), None]));
    *served.lock().unwrap() = Some(log.clone());
    until("the auditor has caught up", || {
        times(&log, &keys)[1].is_some()
    })
    .await;

    let mut acme = Publisher::new(log.origin(), "acme", 1);
    acme.settle(&log).await;
    for patch in 0..140 {
        acme.submit(&log, acme.release("http", &format!("1.0.{patch}")))
            .await
            .unwrap();
        let times = times(&log, &keys);
        assert!(
            times.iter().all(Option::is_some),
            "{patch}: {times:?}, {:?}",
            log.cosign_figures()
        );
    }
    assert!(log.published().checkpoint.size > 256);
    let request = Request::release("acme:http".parse().unwrap(), "1.0.0".parse().unwrap());
    let now = SystemClock::new().wall().as_secs();
    assert!(verified(&log, &request, &keys, now).is_ok());

    // After a restart it begins with the first entry again.
    drop((listening, both, auditor));
    until("the witness is gone", || {
        tenon_registry_server::store::Disk::open(&dir.path().join("index"))
            .unwrap()
            .lock()
            .is_ok()
    })
    .await;
    let auditor = open(witness_source(&dir.path().join("index"), "", index()));
    let published = log.published();
    let request = AddCheckpoint {
        old: published.checkpoint.size,
        proof: vec![],
        checkpoint: tenon_registry_client::log::Note::parse(&published.note).unwrap(),
    };
    auditor
        .add_checkpoint(request.to_string().as_bytes())
        .await
        .unwrap();
}

/// A log of two leaves, whose index record has a map root of one's choice.
struct Small {
    keys: tenon_registry_server::log::keys::Keys,
    leaves: [Vec<u8>; 2],
}

impl Small {
    fn new(dir: &std::path::Path, map: impl Fn(&SignedRecord) -> Hash) -> Small {
        let (keys, origin) =
            tenon_registry_server::log::keys::Keys::generate(&dir.join("keys"), None).unwrap();
        let time = Time::from_seconds(SystemClock::new().wall().as_secs()).unwrap();
        let sign = |statement, key: &SigningKey| {
            let origin = origin.clone();
            SignedRecord::sign(
                Record {
                    origin,
                    statement,
                    time,
                },
                &[key],
            )
            .unwrap()
        };
        let act = RegistryAct::Init {
            nonce: [1; 32],
            keys: keys.vkeys(),
        };
        let link = Link {
            seq: 0,
            prev: Hash::ZERO,
        };
        let init = sign(
            Statement::Registry { link, act },
            keys.root.as_ref().unwrap(),
        );
        let map = map(&init);
        let index = sign(Statement::Index { covers: 1, map }, &keys.index);
        let leaves = [init.bytes().to_vec(), index.bytes().to_vec()];
        Small { keys, leaves }
    }

    fn request(&self) -> Vec<u8> {
        let mut edge = Edge::new();
        for leaf in &self.leaves {
            edge.push(Hash::leaf(leaf)).unwrap();
        }
        let origin = self.keys.log[0].vkey().name().as_str().parse().unwrap();
        let checkpoint = Checkpoint {
            origin,
            size: 2,
            root: edge.root(),
        };
        let signed = checkpoint.sign(&self.keys.log[0]).unwrap();
        let request = AddCheckpoint {
            old: 0,
            proof: vec![],
            checkpoint: signed.note().clone(),
        };
        request.to_string().into_bytes()
    }
}

fn honest(init: &SignedRecord) -> Hash {
    let mut map = tenon_registry_client::log::Map::new();
    let head = tenon_registry_client::log::Head {
        index: 0,
        seq: 0,
        hash: init.hash(),
    };
    map.insert(init.record().subject().map_key(), head);
    map.root()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_that_is_a_lie_is_not_vouched_for() {
    for lies in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let small = Small::new(dir.path(), |init| match lies {
            false => honest(init),
            true => Hash::leaf(b"something is hidden"),
        });
        // Nothing, then other bytes than were signed, then what was signed.
        let served: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
        let answer = served.clone();
        let path = format!("/log/{}", TilePath::bundle_of(0, 2).unwrap());
        let handler = move || {
            let bytes = answer.lock().unwrap().clone();
            async move {
                bytes.map_or(
                    StatusCode::NOT_FOUND.into_response(),
                    IntoResponse::into_response,
                )
            }
        };
        let listening = listen(Router::new().route(&path, get(handler))).await;
        let vkey = small.keys.log[0].vkey();
        let place = dir.path().join("witness");
        let witness = open(witness_source(
            &place,
            "w.example/index",
            vec![audited(vkey, &listening.url)],
        ));
        let mut result = witness.add_checkpoint(&small.request()).await;
        assert!(
            matches!(&result, Err(Refusal::Audit(AuditError::Unreadable(_)))),
            "{result:?}"
        );
        let mut changed = small.leaves.clone();
        changed[0][30] ^= 1;
        *served.lock().unwrap() = Some(encode_entries(&changed).unwrap());
        result = witness.add_checkpoint(&small.request()).await;
        assert!(
            matches!(&result, Err(Refusal::Audit(AuditError::Unreadable(_)))),
            "{result:?}"
        );
        *served.lock().unwrap() = Some(encode_entries(&small.leaves).unwrap());
        result = witness.add_checkpoint(&small.request()).await;
        match (lies, &result) {
            (false, Ok(_)) => {}
            (true, Err(refusal @ Refusal::Audit(AuditError::Wrong(problem)))) => {
                assert_eq!(refusal.status(), 422);
                assert!(problem.contains("map root"), "{problem}");
            }
            _ => panic!("{lies}: {result:?}"),
        }
        // A witness that does not follow the entries has nothing against it.
        let plain = witness_source(
            &dir.path().join("plain"),
            "w.example/plain",
            vec![watched(vkey)],
        );
        assert!(open(plain).add_checkpoint(&small.request()).await.is_ok());
    }
}
