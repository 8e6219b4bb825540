//! One bit flips, anywhere: it is found, or it is in nobody's way; nothing wrong is served as right,
//! and nothing is signed over it.

use crate::support::{Publisher, Registry};
use crate::truth::{Truth, audit, leaves};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::{SignedCheckpoint, TilePath, decode_entries};
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{Held, Known};
use tenon_registry_server::log::clock::SystemClock;
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{LogId, Source, Submission};
use tenon_registry_server::store::Disk;
use tenon_registry_server::store::database::Database;

/// A log, and everything that is known of it.
struct Base {
    dir: TempDir,
    truth: Truth,
    state: TrustState,
    files: Vec<PathBuf>,
}

/// What became of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The log is not opened.
    NotOpened,
    /// It is opened; what is damaged is found by whoever reads it.
    FoundByReaders,
    /// It is opened; the next record is not logged.
    NotLogged,
    /// Everything is as it was.
    Harmless,
}

fn try_source(dir: &Path) -> Option<Source> {
    Some(Source {
        log: LogId::Public,
        files: Arc::new(Disk::open(dir).unwrap()),
        keys: Arc::new(Keys::load(&dir.join("keys/public")).ok()?),
        cosigning: tenon_registry_server::log::Cosigning::default(),
        database: Arc::new(Database::open(&dir.join("registry.sqlite")).ok()?),
        clock: Arc::new(SystemClock::new()),
    })
}

impl Base {
    /// A log with a full tile, closed; or, if `staged`, as a crash leaves it.
    async fn new(packages: usize, staged: bool) -> Base {
        let dir = crate::watch::scratch();
        let registry = Registry::open(dir.path());
        let mut acme = Publisher::new(registry.log.origin(), "acme", 1);
        for _ in 0..2 {
            acme.submit(&registry.log, acme.next()).await.unwrap();
        }
        let records = (0..packages).map(|number| acme.release(&format!("p{number}"), "1.0.0"));
        let world = None;
        let all = records.map(|record| {
            registry.log.submit(Submission {
                record,
                world: world.clone(),
            })
        });
        assert!(join_all(all).await.iter().all(Result::is_ok));
        for _ in 0..2 {
            acme.submit(&registry.log, acme.next()).await.unwrap();
        }
        let view = registry.verify(&acme.request(), None).unwrap();
        let state = view.advance(None).unwrap();
        let truth = Truth::of(leaves(&registry), registry.log.pin());
        let database = dir.path().join("registry.sqlite");
        let copied = scratch_copy(dir.path());
        let dir = match staged {
            true => {
                // What is in the write-ahead log is moved to the file, so that flips meet it there.
                let into = copied.path().join("vacuumed");
                let connection = rusqlite::Connection::open(&database).unwrap();
                connection
                    .execute("VACUUM INTO ?1", [into.to_str().unwrap()])
                    .unwrap();
                for file in ["registry.sqlite-wal", "registry.sqlite-shm"] {
                    let _ = std::fs::remove_file(copied.path().join(file));
                }
                std::fs::rename(into, copied.path().join("registry.sqlite")).unwrap();
                registry.log.close().await;
                copied
            }
            false => {
                registry.log.close().await;
                drop(registry);
                dir
            }
        };
        let mut files = vec![];
        list(dir.path(), &mut files);
        let files = files
            .iter()
            .map(|path| path.strip_prefix(dir.path()).unwrap().to_owned())
            .collect();
        Base {
            dir,
            truth,
            state,
            files,
        }
    }

    fn size(&self) -> u64 {
        self.truth.leaves.len() as u64
    }

    async fn flip(&self, path: &Path, bit: usize) -> Outcome {
        let dir = scratch_copy(self.dir.path());
        let file = dir.path().join(path);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&file, bytes).unwrap();
        let Some(source) = try_source(dir.path()) else {
            return Outcome::NotOpened;
        };
        match Registry::try_open(&source) {
            Ok(registry) => {
                let outcome = self.hold(&registry).await;
                registry.log.close().await;
                outcome
            }
            Err(_) => Outcome::NotOpened,
        }
    }

    /// Nothing that is wrong verifies, and what is signed next is right.
    async fn hold(&self, registry: &Registry) -> Outcome {
        let (log, size) = (&registry.log, self.size());
        let published = log.published().checkpoint.clone();
        assert_eq!(
            published,
            *self.state.checkpoint(),
            "another log is published"
        );
        let paths = || TilePath::tiles(size).chain(TilePath::bundles(size));
        let right = |path| {
            log.tile(path)
                .is_ok_and(|tile| tile == Some(self.truth.tile(path)))
        };
        let mut acme = self.truth.publisher(registry, size);
        let before = self.verify(registry, &acme);
        let found = !paths().all(right) || !before;

        let (record, world) = (acme.next(), None);
        let submission = Submission {
            record: record.clone(),
            world,
        };
        if log.submit(submission).await.is_err() {
            assert_eq!(log.published().checkpoint, published);
            return match found {
                true => Outcome::FoundByReaders,
                false => Outcome::NotLogged,
            };
        }
        acme.logged(&record);
        // The leaves as they are known, with what the log put behind them, are what it signed.
        let published = log.published();
        let mut leaves = self.truth.leaves.clone();
        let last = TilePath::bundle_of(published.checkpoint.size - 1, published.checkpoint.size);
        let last = last.unwrap();
        let bytes = log.tile(last).unwrap().unwrap();
        let entries = decode_entries(&bytes, last.width()).unwrap();
        let known = leaves.len() - last.start().unwrap() as usize;
        let carried = entries[..known]
            .iter()
            .zip(&leaves[last.start().unwrap() as usize..]);
        assert!(
            carried.into_iter().all(|(entry, leaf)| entry == leaf),
            "damage is carried on"
        );
        leaves.extend(entries[known..].iter().map(|entry| entry.to_vec()));
        audit(registry, self.truth.monitor(size).clone(), &leaves);
        let after = self.verify(registry, &acme);
        assert!(after || found, "the next checkpoint is not believed");
        match found {
            true => Outcome::FoundByReaders,
            false => Outcome::Harmless,
        }
    }

    /// Whether a client that knew the log believes it again. What it believes is right.
    fn verify(&self, registry: &Registry, acme: &Publisher) -> bool {
        let request = acme.request();
        let known = Known::of(self.size(), &Held::default());
        let query = ProofQuery {
            request: request.clone(),
            known,
            size: None,
        };
        if registry.log.prove(&query).is_err() {
            return false;
        }
        let Ok(view) = registry.verify(&request, Some(&self.state)) else {
            return false;
        };
        let note = &registry.log.published().note;
        let key = registry.log.pin().key().clone();
        let signed = SignedCheckpoint::open(note, registry.log.origin(), [&key]).unwrap();
        assert_eq!(view.checkpoint().checkpoint(), signed.checkpoint());
        let package = "acme:http".parse().unwrap();
        let seq = acme.chains[&tenon_registry_client::record::Subject::Package(package)].len();
        assert_eq!(view.package().unwrap().releases().len(), seq);
        true
    }

    /// Flips bits of all these files; of each, every so many.
    fn flip_all(&self, name: &str, stride: usize, of: impl Fn(&Path) -> bool) {
        let stride = match std::env::var("BIT_FLIPS").as_deref() {
            Ok("all") => 1,
            Ok(stride) => stride.parse().unwrap(),
            Err(_) => stride,
        };
        let mut flips = vec![];
        for file in self.files.iter().filter(|file| of(file)) {
            let bits = std::fs::metadata(self.dir.path().join(file)).unwrap().len() * 8;
            let first = flips.len() % stride;
            flips.extend(
                (first..bits as usize)
                    .step_by(stride)
                    .map(|bit| (file, bit)),
            );
        }
        let (next, counted) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let mut runtime = tokio::runtime::Builder::new_current_thread();
                    let runtime = runtime.enable_all().build().unwrap();
                    while let Some((file, bit)) = flips.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let flipped = runtime.block_on(crate::explain(
                            &format!("bit {bit} of {}", file.display()),
                            self.flip(file, *bit),
                        ));
                        *counted.lock().unwrap().entry(flipped).or_insert(0) += 1;
                    }
                });
            }
        });
        println!(
            "{name}: {} bits, every {stride}th: {:?}",
            flips.len(),
            counted.into_inner().unwrap()
        );
    }
}

fn scratch_copy(from: &Path) -> TempDir {
    let dir = crate::watch::scratch();
    crate::copy(from, dir.path());
    dir
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => list(&path, files),
            false => files.push(path),
        }
    }
    files.sort();
}

fn is_database(path: &Path) -> bool {
    path.to_string_lossy().starts_with("registry.sqlite")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_a_small_log_flips() {
    let base = Base::new(3, false).await;
    base.flip_all("files", 211, |path| !is_database(path));
    base.flip_all("database", 4_999, is_database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_flips_after_a_crash() {
    let base = Base::new(3, true).await;
    base.flip_all("database with staged files", 4_999, is_database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bit_of_a_full_tile_flips() {
    let base = Base::new(250, false).await;
    base.flip_all("files with full tiles", 12_007, |path| !is_database(path));
}
