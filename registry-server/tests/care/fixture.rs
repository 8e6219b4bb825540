//! A data directory with two tiles, made once and copied for each test.

use crate::support::{Publisher, Registry, source};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{
    Checkpoint, Edge, Hash, Origin, SigningKey, TilePath, decode_entries, encode_entries,
};
use tenon_registry_client::record::*;
use tenon_registry_server::care::{DataDir, Finding, FindingKind, FsckOptions, FsckReport, fsck};
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{Layout, LogId, Submission};

/// A directory of its own for a test.
pub(crate) struct Fixture(tempfile::TempDir);

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        copy(template(), dir.path());
        Fixture(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn fsck(&self) -> FsckReport {
        fsck(
            &DataDir::lock(self.path()).unwrap(),
            &FsckOptions::default(),
        )
        .unwrap()
    }

    pub(crate) fn kinds(&self) -> BTreeSet<FindingKind> {
        let findings = self.fsck().findings;
        findings.into_iter().map(|finding| finding.kind).collect()
    }

    pub(crate) fn sql(&self, sql: &str) {
        let database = Connection::open(self.file("registry.sqlite")).unwrap();
        database.execute_batch(sql).unwrap();
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let note = fs::read(self.file("log/checkpoint")).unwrap();
        let text = String::from_utf8(note).unwrap();
        Checkpoint::parse(
            text.split_once("\n\n")
                .map(|(text, _)| format!("{text}\n"))
                .as_ref()
                .unwrap(),
        )
        .unwrap()
    }

    pub(crate) fn keys(&self) -> Keys {
        Keys::load(&self.file("keys/public")).unwrap()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.checkpoint().origin
    }

    pub(crate) fn leaves(&self) -> Vec<Vec<u8>> {
        let bundles = TilePath::bundles(self.checkpoint().size);
        let leaves = bundles.flat_map(|path| {
            let bytes = fs::read(self.file(&format!("log/{path}"))).unwrap();
            let entries = decode_entries(&bytes, path.width()).unwrap();
            entries.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
        leaves.collect()
    }

    /// Writes other leaves, and all tiles over them, as the log's own code would not.
    pub(crate) fn write(&self, leaves: &[Vec<u8>]) -> Checkpoint {
        let size = leaves.len() as u64;
        let mut edge = Edge::new();
        let mut rows: Vec<Vec<Hash>> = vec![vec![]; 3];
        for leaf in leaves {
            for (id, hash) in edge.push(Hash::leaf(leaf)).unwrap() {
                if id.level % 8 == 0 {
                    rows[usize::from(id.level / 8)].push(hash);
                }
            }
        }
        for path in TilePath::tiles(size).chain(TilePath::bundles(size)) {
            let first = usize::try_from(path.index()).unwrap() * 256;
            let range = first..first + usize::from(path.width());
            let bytes = match path.level() {
                Some(level) => {
                    let row = &rows[usize::from(level)][range];
                    row.iter().flat_map(|hash| *hash.as_bytes()).collect()
                }
                None => encode_entries(&leaves[range]).unwrap(),
            };
            let file = self.file(&format!("log/{path}"));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
        let (origin, root) = (self.origin(), edge.root());
        Checkpoint { origin, size, root }
    }

    /// Signs a checkpoint as the registry would, and has it in the file and in the database.
    pub(crate) fn sign(&self, checkpoint: &Checkpoint) {
        let note = self.note(checkpoint);
        fs::write(self.file("log/checkpoint"), &note).unwrap();
        let database = Connection::open(self.file("registry.sqlite")).unwrap();
        let (size, root) = (checkpoint.size as i64, checkpoint.root.as_bytes());
        let sql = "UPDATE log SET size = ?1, root = ?2, checkpoint = ?3";
        assert_eq!(database.execute(sql, (size, root, &note)).unwrap(), 1);
    }

    pub(crate) fn note(&self, checkpoint: &Checkpoint) -> Vec<u8> {
        checkpoint
            .sign(&self.keys().log[0])
            .unwrap()
            .to_string()
            .into_bytes()
    }

    /// All files of tiles and entry bundles, by their path from here.
    pub(crate) fn tiles(&self) -> Vec<String> {
        let mut files = vec![];
        walk(&self.file("log/tile"), &mut files);
        let relative = |file: &PathBuf| {
            file.strip_prefix(self.path())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        files.iter().map(relative).collect()
    }
}

/// The content of the release of a version.
pub(crate) fn content(name: &str, version: &str) -> Vec<u8> {
    format!("{name} {version}").into_bytes()
}

/// Puts content where it is served from.
pub(crate) fn upload(dir: &Path, bytes: &[u8]) -> PathBuf {
    let file = dir.join(blob(bytes));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, bytes).unwrap();
    file
}

pub(crate) fn blob(bytes: &[u8]) -> String {
    Layout::of(LogId::Public)
        .blob(&Digest::of(bytes))
        .to_string()
}

/// Whether there is a finding of this kind about this place.
pub(crate) fn says(findings: &[Finding], kind: FindingKind, place: &str) -> bool {
    findings
        .iter()
        .any(|finding| finding.kind == kind && finding.place.contains(place))
}

pub(crate) fn sign(
    origin: &Origin,
    statement: Statement,
    key: &SigningKey,
    time: Time,
) -> SignedRecord {
    let origin = origin.clone();
    let record = Record {
        origin,
        statement,
        time,
    };
    SignedRecord::sign(record, &[key]).unwrap()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, files),
            false => files.push(path),
        }
    }
}

fn template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("care");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let path = dir.clone();
        // A test may be in a runtime of its own.
        let built = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(build(&path));
        });
        built.join().unwrap();
        dir
    })
}

/// Twelve publishers with two dozen releases each, some of the same content, and one release that is taken down.
async fn build(dir: &Path) {
    let registry = Registry::open(dir);
    let mut tasks = vec![];
    for number in 0..12_u8 {
        let (log, dir) = (registry.log.clone(), dir.to_owned());
        let mut publisher = Publisher::new(log.origin(), &format!("team{number}"), number + 1);
        tasks.push(tokio::spawn(async move {
            publisher.settle(&log).await;
            for patch in 0..24 {
                let version = format!("1.{}.{patch}", number % 4);
                upload(&dir, &content("app", &version));
                let record = publisher.release("app", &version);
                publisher.submit(&log, record).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut acme = Publisher::new(registry.log.origin(), "acme", 99);
    acme.settle(&registry.log).await;
    let record = acme.release("gone", "1.0.0");
    acme.submit(&registry.log, record).await.unwrap();
    let package = "acme:gone".parse().unwrap();
    let statement = Statement::Package {
        link: acme.link(&Subject::Package("acme:gone".parse().unwrap())),
        package,
        authority: Reference {
            seq: 0,
            hash: registry.log.pin().init(),
        },
        act: PackageAct::Takedown {
            version: "1.0.0".parse().unwrap(),
            reason: TakedownReason::Legal,
        },
    };
    let time = Time::from_seconds(1_790_000_000).unwrap();
    let keys = Keys::load(&dir.join("keys/public")).unwrap();
    let record = sign(registry.log.origin(), statement, &keys.index, time);
    let world = None;
    registry
        .log
        .submit(Submission { record, world })
        .await
        .unwrap();
    registry.log.close().await;
    drop(registry);
    // A start puts everything in order.
    Registry::open(dir).log.close().await;
    drop(source(dir));
}
