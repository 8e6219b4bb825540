//! A registry that serves something else than its log: what a monitor says to that.
//!
//! The registry's own keys sign what is served here, as if its server were in other hands.

use crate::process::Registry;
use crate::proxy::serve_files;
use crate::user::{User, said};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use tenon_registry_client::log::{
    Checkpoint, Edge, Hash, Head, Map, Origin, TilePath, decode_entries, encode_entries,
};
use tenon_registry_client::record::{Record, SignedRecord, Statement};
use tenon_registry_server::log::LogId;
use tenon_registry_server::log::keys::Keys;
use tenon_tests::example::folder;

/// A log of fewer than 256 records, so that it has one file of each kind.
struct Log {
    origin: Origin,
    keys: Keys,
    leaves: Vec<Vec<u8>>,
}

impl Log {
    fn read(data: &Path) -> Log {
        let note = fs::read_to_string(data.join("log/checkpoint")).unwrap();
        let body = note.split_inclusive('\n').take(3).collect::<String>();
        let checkpoint = Checkpoint::parse(&body).unwrap();
        let path = TilePath::bundle_of(0, checkpoint.size).unwrap();
        let bundle = fs::read(data.join("log").join(path.to_string())).unwrap();
        let leaves = decode_entries(&bundle, path.width()).unwrap();
        Log {
            origin: checkpoint.origin,
            keys: Keys::load(&LogId::Public.keys(data)).unwrap(),
            leaves: leaves.into_iter().map(<[u8]>::to_vec).collect(),
        }
    }

    fn record(&self, index: usize) -> Record {
        SignedRecord::parse(&self.leaves[index])
            .unwrap()
            .record()
            .clone()
    }

    /// The leaf whose text has this in it.
    fn find(&self, text: &str) -> usize {
        let has = |leaf: &Vec<u8>| String::from_utf8_lossy(leaf).contains(text);
        self.leaves.iter().position(has).unwrap()
    }

    /// Signs all index records again, for the records that there are now.
    fn index(&mut self) {
        let mut map = Map::new();
        for at in 0..self.leaves.len() {
            let mut record = self.record(at);
            if let Some(link) = record.link() {
                let hash = Hash::leaf(&self.leaves[at]);
                let head = Head {
                    index: at as u64,
                    seq: link.seq,
                    hash,
                };
                map.insert(record.subject().map_key(), head);
                continue;
            }
            record.statement = Statement::Index {
                covers: at as u64,
                map: map.root(),
            };
            self.sign_index(at, record);
        }
    }

    fn sign_index(&mut self, at: usize, record: Record) {
        let signed = SignedRecord::sign(record, &[&self.keys.index]).unwrap();
        self.leaves[at] = signed.bytes().to_vec();
    }

    /// Writes the files that the log has with these records.
    fn write(&self, to: &Path) {
        let mut edge = Edge::new();
        let mut hashes = vec![];
        for leaf in &self.leaves {
            let hash = Hash::leaf(leaf);
            hashes.extend_from_slice(hash.as_bytes());
            edge.push(hash).unwrap();
        }
        let (size, root) = (edge.size(), edge.root());
        let files = [
            (
                TilePath::bundle_of(0, size).unwrap(),
                encode_entries(&self.leaves).unwrap(),
            ),
            (TilePath::tiles(size).next().unwrap(), hashes),
        ];
        for (path, bytes) in files {
            let path = to.join("log").join(path.to_string());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let origin = self.origin.clone();
        let checkpoint = Checkpoint { origin, size, root }
            .sign(&self.keys.log[0])
            .unwrap();
        fs::write(to.join("log/checkpoint"), checkpoint.to_string()).unwrap();
    }
}

#[test]
fn a_monitor_passes_on_the_log_and_ends_with_3_on_every_doctored_one() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::serve(&dir.path().join("registry"));
    let publisher = User::who_pastes(&registry);
    let file = folder().join("logger/clock.wat");
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        publisher.publish(&file, "acme:clock", version);
    }
    let size = Log::read(&registry.data).leaves.len();
    assert!(size < 256);
    publisher.ok(&["log", "monitor", "--once"]);

    // What somebody finds who sees the log for the first time.
    let api = registry.process.address();
    let look = |name: &str, api: Option<SocketAddr>, doctor: &dyn Fn(&mut Log)| {
        let folder = dir.path().join(name);
        let mut log = Log::read(&registry.data);
        doctor(&mut log);
        log.write(&folder);
        let url = format!("http://{}", serve_files(&folder, api));
        let output = User::who_reads(&url, &registry.pin).tenon(&["log", "monitor", "--once"]);
        (output.status.code(), said(&output))
    };
    let found = |name: &str, words: &str, doctor: &dyn Fn(&mut Log)| {
        // What is found in the files alone.
        let (code, said) = look(name, None, doctor);
        assert_eq!(code, Some(3), "{name}: {said}");
        assert!(
            said.contains("error[registry::log-wrong]: "),
            "{name}: {said}"
        );
        assert!(said.contains(words), "{name}: {said}");
        // If the API goes on to answer for the honest log, there are two logs.
        let (code, said) = look(name, Some(api), doctor);
        assert_eq!(code, Some(3), "{name}: {said}");
    };
    // As it is, it passes: so what follows is found because of what is done to it.
    let (code, said) = look("honest", Some(api), &|_| {});
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = look("indexed", Some(api), &|log| log.index());
    assert_eq!(code, Some(0), "{said}");

    found("map", "map", &|log| {
        let at = log.leaves.len() - 1;
        let mut record = log.record(at);
        record.statement = Statement::Index {
            covers: at as u64,
            map: Hash::ZERO,
        };
        log.sign_index(at, record);
    });
    found("hidden", "map", &|log| {
        // The newest release is there, and the map says that it is not.
        let at = log.find("version 1.2.0");
        let leaf = log.leaves.remove(at);
        log.index();
        log.leaves.insert(at, leaf);
        let last = log.leaves.len() - 1;
        let mut record = log.record(last);
        if let Statement::Index { covers, .. } = &mut record.statement {
            *covers = last as u64;
        }
        log.sign_index(last, record);
    });
    found("rewritten", "signature", &|log| {
        let at = log.find("version 1.1.0");
        let text = String::from_utf8(log.leaves[at].clone()).unwrap();
        log.leaves[at] = text.replace("version 1.1.0", "version 6.6.6").into_bytes();
        log.index();
    });
    found("dropped", "acme:clock", &|log| {
        let at = log.find("version 1.1.0");
        log.leaves.drain(at..at + 2);
        log.index();
    });

    // A log that ends earlier is one that was honest once: whoever has seen more refuses it.
    let folder = dir.path().join("shorter");
    let mut log = Log::read(&registry.data);
    log.leaves.truncate(size - 2);
    log.write(&folder);
    let url = format!("http://{}", serve_files(&folder, Some(api)));
    publisher.ok(&["registry", "remove", "local"]);
    publisher.ok(&["registry", "add", "local", &url, &registry.pin, "--default"]);
    let output = publisher.tenon(&["log", "monitor", "--once"]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        crate::user::said(&output)
    );
}
