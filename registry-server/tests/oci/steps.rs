//! Everything that can be pushed, moved and removed, request by request; and what is to be seen of it.

use crate::guest::{Guest, SHA512_OF_ABC, digest, image};
use crate::house::{self, House};
use crate::publisher::component;
use crate::releases::manifest;
use crate::watch::scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenon_registry_client::api::PackageInfo;
use tenon_registry_server::app::{App, Parts};
use tenon_registry_server::care::{DataDir, FsckOptions, GcOptions, fsck, gc};
use tenon_registry_server::content::Workers;
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{Cosigning, Fatal, Log, LogId, Source};
use tenon_registry_server::store::blobs::Blobs;
use tenon_registry_server::store::database::Database;
use tenon_registry_server::store::reserve::Reserve;
use tenon_registry_server::store::{Disk, Files, durable};

/// The directory from which all of it begins: a namespace in which the registry may sign, and a
/// repository with an image.
pub(crate) struct Beginning {
    temp: TempDir,
    pub(crate) guest: Guest,
    pub(crate) token: String,
}

impl Beginning {
    /// The one of this process.
    pub(crate) fn get() -> &'static Beginning {
        static BEGINNING: OnceLock<Beginning> = OnceLock::new();
        BEGINNING.get_or_init(|| {
            let house = House::open(scratch(), |_| {});
            crate::releases::granted(&house);
            let token = house.full_token();
            let guest = Guest::of(house.address, &token);
            guest.push_image("repo", "v0", b"first");
            let temp = house.leave();
            Beginning { temp, guest, token }
        })
    }

    /// Where its keys are.
    pub(crate) fn keys(&self) -> PathBuf {
        self.temp.path().join("data/keys")
    }

    /// A copy of it.
    pub(crate) fn copy(&self) -> TempDir {
        let temp = scratch();
        copy(self.temp.path(), temp.path());
        temp
    }
}

/// Copies what is in a directory, and who may look into it.
pub(crate) fn copy(from: &Path, to: &Path) {
    let permissions = std::fs::metadata(from).unwrap().permissions();
    std::fs::set_permissions(to, permissions).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true => {
                std::fs::create_dir_all(&to).unwrap();
                copy(&from, &to);
            }
            false => drop(std::fs::copy(&from, &to).unwrap()),
        }
    }
}

/// Why a log that is open ended, if it did.
pub(crate) type Ended = Arc<Mutex<Vec<String>>>;

/// Opens a registry, on its disk as something else shows it.
pub(crate) fn open(
    temp: TempDir,
    through: impl FnOnce(Arc<dyn Files>) -> Arc<dyn Files>,
) -> (House, Ended) {
    open_at(temp, Arc::new(SystemClock::new()), through)
}

/// The same by a clock.
pub(crate) fn open_at(
    temp: TempDir,
    clock: Arc<dyn Clock>,
    through: impl FnOnce(Arc<dyn Files>) -> Arc<dyn Files>,
) -> (House, Ended) {
    let dir = temp.path().join("data");
    // A log that ended lets go of its directory a moment after who opened it.
    let begun = Instant::now();
    let disk = loop {
        match Disk::open(&dir).unwrap().lock() {
            Ok(disk) => break disk,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let files = through(Arc::new(disk));
    durable::clean(&*files).unwrap();
    let database = Arc::new(Database::open(&dir.join("registry.sqlite")).unwrap());
    let source = Source {
        log: LogId::Public,
        files: Arc::clone(&files),
        database: Arc::clone(&database),
        clock,
        keys: Arc::new(Keys::load(&LogId::Public.keys(&dir)).unwrap()),
        cosigning: Cosigning::default(),
    };
    let mut config = house::config();
    // Only what is asked for calls the files.
    config.scrub.bytes_per_second = 0;
    config.gc.every_seconds = 0;
    let ended = Ended::default();
    let heard = Arc::clone(&ended);
    let fatal: Fatal = Arc::new(move |error: &str| heard.lock().unwrap().push(error.to_owned()));
    let parts = Parts {
        config,
        data: DataDir::of(&dir, Arc::clone(&files)),
        reserve: Reserve::new(&dir, 0),
        database,
        public: (
            Log::open(&source, fatal).unwrap(),
            Blobs::new(files, LogId::Public),
        ),
        private: None,
        workers: Workers::start(house::workers()),
    };
    (House::of(temp, App::new(parts).unwrap()), ended)
}

/// One thing that someone does, in one request or several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    act: fn(&mut Run<'_>),
}

/// Someone who does it.
pub(crate) struct Run<'a> {
    house: &'a House,
    guest: Guest,
    /// Called after each request that was answered as it should be.
    after: &'a mut dyn FnMut(&House),
    /// The status of what was refused: then the rest is left.
    pub(crate) refused: Option<u16>,
}

/// The layers that are pushed, each in its own way.
fn layer(number: u8) -> Vec<u8> {
    match number {
        // Of so many bytes some are written before all are there.
        2 => (0..330_000_u32).map(|byte| (byte / 5) as u8).collect(),
        number => format!("layer {number}").into_bytes(),
    }
}

fn plain(number: u8) -> Vec<u8> {
    image(&[&layer(number)], None)
}

/// What is said about the manifest of the first layer.
fn referrer() -> Vec<u8> {
    let mut said: serde_json::Value = serde_json::from_slice(&image(&[], Some(&plain(0)))).unwrap();
    said["artifactType"] = "application/vnd.example.signature".into();
    serde_json::to_vec(&said).unwrap()
}

const CREATED: &str = "2026-09-01T10:00:00Z";

fn released(number: u32) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let bytes = component(number);
    let (manifest, config) = manifest(&bytes, CREATED);
    (bytes, config, manifest)
}

/// A repository that is there once content is announced for it.
pub(crate) const FRESH: &str = "fresh";

/// The step of which there is no answer.
pub(crate) const COLLECTED: &str = "what nothing names collected";

/// Of these the first begins with what [`Beginning`] has, and each with what the one before left.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "content in one request",
        act: |run| {
            let path = format!("/v2/repo/blobs/uploads/?digest={}", digest(&layer(0)));
            run.ask("POST", &path, &[], &layer(0), &[201]);
        },
    },
    Step {
        name: "content by a request to begin and one to end",
        act: |run| {
            let location = run.begin("repo");
            let path = format!("{location}?digest={}", digest(&layer(1)));
            run.ask("PUT", &path, &[], &layer(1), &[201]);
        },
    },
    Step {
        name: "content in a repository that begins with it",
        act: |run| {
            let location = run.begin(FRESH);
            let path = format!("{location}?digest={}", digest(&layer(1)));
            run.ask("PUT", &path, &[], &layer(1), &[201]);
        },
    },
    Step {
        name: "content in chunks",
        act: |run| {
            let (bytes, location) = (layer(2), run.begin("repo"));
            let range = "Content-Range: 0-299999";
            run.ask("PATCH", &location, &[range], &bytes[..300_000], &[202]);
            let range = "Content-Range: 300000-319999";
            run.ask(
                "PATCH",
                &location,
                &[range],
                &bytes[300_000..320_000],
                &[202],
            );
            let path = format!("{location}?digest={}", digest(&bytes));
            let range = "Content-Range: 320000-329999";
            run.ask("PUT", &path, &[range], &bytes[320_000..], &[201]);
        },
    },
    Step {
        name: "content by its SHA-512",
        act: |run| {
            let path = format!("/v2/repo/blobs/uploads/?digest={SHA512_OF_ABC}");
            run.ask("POST", &path, &[], b"abc", &[201]);
        },
    },
    Step {
        name: "content that is here, pushed again",
        act: |run| {
            let path = format!(
                "/v2/new/one/uploads/blobs/uploads/?digest={}",
                digest(&layer(0))
            );
            run.ask("POST", &path, &[], &layer(0), &[201]);
        },
    },
    Step {
        name: "content mounted",
        act: |run| {
            let mount = format!("mount={}&from=repo", digest(&layer(1)));
            let path = format!("/v2/other/blobs/uploads/?{mount}");
            run.ask("POST", &path, &[], b"", &[201]);
        },
    },
    Step {
        name: "a manifest by a tag",
        act: |run| run.put("repo", "v1", &plain(0)),
    },
    Step {
        name: "a manifest by its digest, with two tags",
        act: |run| {
            let reference = format!("{}?tag=v2&tag=v3", digest(&plain(1)));
            run.put("repo", &reference, &plain(1));
        },
    },
    Step {
        name: "a tag moved",
        act: |run| run.put("repo", "v1", &plain(2)),
    },
    Step {
        name: "a referrer",
        act: |run| run.put("repo", &digest(&referrer()), &referrer()),
    },
    Step {
        name: "a tag deleted",
        act: |run| run.delete("/v2/repo/manifests/v2"),
    },
    Step {
        name: "a manifest deleted, with its tag",
        act: |run| run.delete(&format!("/v2/repo/manifests/{}", digest(&plain(1)))),
    },
    Step {
        name: "content deleted",
        act: |run| run.delete(&format!("/v2/repo/blobs/{}", digest(&layer(1)))),
    },
    Step {
        name: "a release",
        act: |run| run.release("1.0.0", &released(1)),
    },
    Step {
        name: "a release with a tag beside it",
        act: |run| {
            let (bytes, config, manifest) = released(2);
            run.blob("acme/app", &bytes);
            run.blob("acme/app", &config);
            let reference = format!("{}?tag=1.1.0&tag=edge", digest(&manifest));
            run.put("acme/app", &reference, &manifest);
        },
    },
    Step {
        name: COLLECTED,
        act: |run| {
            if run.refused.is_none() {
                let app = &run.house.app;
                let at_once = GcOptions {
                    min_age: Duration::ZERO,
                    dry_run: false,
                };
                let swept = app.oci().sweep(app, Duration::ZERO).is_ok();
                (run.after)(run.house);
                // Without a snapshot of the database nothing is collected, and that is no harm.
                match swept && gc(app.directory(), &at_once, app.claims()).is_ok() {
                    true => (run.after)(run.house),
                    false => run.refused = Some(0),
                }
            }
        },
    },
];

impl Step {
    /// Does it; the status of what was refused.
    pub(crate) fn take(
        &self,
        house: &House,
        guest: &Guest,
        after: &mut dyn FnMut(&House),
    ) -> Option<u16> {
        let mut run = Run {
            house,
            guest: guest.at(house),
            after,
            refused: None,
        };
        (self.act)(&mut run);
        run.refused
    }
}

impl Run<'_> {
    fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
        good: &[u16],
    ) -> String {
        if self.refused.is_some() {
            return String::new();
        }
        let answer = self.guest.send(method, path, headers, body);
        match good.contains(&answer.status) {
            true => (self.after)(self.house),
            false => self.refused = Some(answer.status),
        }
        answer.header("location").unwrap_or_default().to_owned()
    }

    fn begin(&mut self, name: &str) -> String {
        let path = format!("/v2/{name}/blobs/uploads/");
        self.ask("POST", &path, &[], b"", &[202])
    }

    fn put(&mut self, name: &str, reference: &str, manifest: &[u8]) {
        let path = format!("/v2/{name}/manifests/{reference}");
        let header = format!("Content-Type: {}", crate::guest::IMAGE);
        self.ask("PUT", &path, &[&header], manifest, &[201]);
    }

    fn blob(&mut self, name: &str, bytes: &[u8]) {
        let path = format!("/v2/{name}/blobs/uploads/?digest={}", digest(bytes));
        self.ask("POST", &path, &[], bytes, &[201]);
    }

    /// What is gone already is as good as deleted.
    fn delete(&mut self, path: &str) {
        self.ask("DELETE", path, &[], b"", &[202, 404]);
    }

    fn release(&mut self, version: &str, parts: &(Vec<u8>, Vec<u8>, Vec<u8>)) {
        let (bytes, config, manifest) = parts;
        self.blob("acme/app", bytes);
        self.blob("acme/app", config);
        self.put("acme/app", version, manifest);
    }
}

/// What everyone sees, by path: the status, and the digest of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View(BTreeMap<String, (u16, String)>);

impl View {
    pub(crate) fn of(house: &House) -> View {
        let mut client = house.client();
        let seen = paths().into_iter().map(|path| {
            let answer = client.get(&path);
            let text = match answer.status {
                // When it was released differs.
                200 if path.starts_with("/api/") => releases(&answer.json()),
                200 => digest(&answer.body),
                // Numbers of requests differ.
                _ => String::new(),
            };
            if let Some(named) = path
                .rsplit_once("/sha256:")
                .filter(|_| answer.status == 200)
                && !path.contains("/referrers/")
            {
                assert_eq!(text, format!("sha256:{}", named.1), "{path}");
            }
            (path, (answer.status, text))
        });
        View(seen.collect())
    }

    /// Whether it is between two: as the later one, but for a tag that is as before, and so not listed.
    pub(crate) fn is_between(&self, before: &View, after: &View, tag: &str, list: &str) -> bool {
        self.0.iter().all(|(path, seen)| match path {
            path if path == list => true,
            path if path == tag => before.0[path] == *seen,
            path => after.0[path] == *seen,
        })
    }

    /// Where two differ.
    pub(crate) fn difference(&self, other: &View) -> Vec<String> {
        let pairs = self.0.iter().zip(&other.0);
        let pairs = pairs.filter(|(one, other)| one != other);
        pairs
            .map(|((path, one), (_, other))| format!("{path}: {one:?}, {other:?}"))
            .collect()
    }
}

fn releases(package: &PackageInfo) -> String {
    let releases = package.releases.iter();
    let texts = releases.map(|release| {
        let (version, digest) = (&release.version, &release.digest);
        format!("{version} {digest} {:?}\n", release.publisher)
    });
    texts.collect()
}

/// All that the steps change.
fn paths() -> Vec<String> {
    let mut paths = vec!["/api/v1/packages/acme/app".to_owned()];
    for name in ["repo", "other", "new/one/uploads", FRESH, "acme/app"] {
        paths.push(format!("/v2/{name}/tags/list"));
    }
    for tag in ["v0", "v1", "v2", "v3"] {
        paths.push(format!("/v2/repo/manifests/{tag}"));
    }
    for tag in ["1.0.0", "1.1.0", "edge", "latest"] {
        paths.push(format!("/v2/acme/app/manifests/{tag}"));
    }
    for manifest in [plain(0), plain(1), plain(2), referrer()] {
        paths.push(format!("/v2/repo/manifests/{}", digest(&manifest)));
    }
    paths.push(format!("/v2/repo/referrers/{}", digest(&plain(0))));
    for number in 0..3 {
        let blob = digest(&layer(number));
        paths.push(format!("/v2/repo/blobs/{blob}"));
        paths.push(format!("/v2/other/blobs/{blob}"));
        paths.push(format!("/v2/new/one/uploads/blobs/{blob}"));
        paths.push(format!("/v2/{FRESH}/blobs/{blob}"));
    }
    paths.push(format!("/v2/repo/blobs/{SHA512_OF_ABC}"));
    for (bytes, config, manifest) in [released(1), released(2)] {
        paths.push(format!("/v2/acme/app/manifests/{}", digest(&manifest)));
        paths.push(format!("/v2/acme/app/blobs/{}", digest(&bytes)));
        paths.push(format!("/v2/acme/app/blobs/{}", digest(&config)));
    }
    paths
}

/// Whatever is listed can be pulled with all that it names; everything fits everything else.
#[track_caller]
pub(crate) fn assert_whole(house: &House) {
    for name in ["repo", "other", "new/one/uploads", FRESH, "acme/app"] {
        assert_pullable(house, name);
    }
    let report = fsck(house.app.directory(), &FsckOptions::default()).unwrap();
    assert!(report.findings.is_empty(), "{report}");
}

/// Every tag that is listed leads to a manifest, every part of which is there.
#[track_caller]
pub(crate) fn assert_pullable(house: &House, name: &str) {
    let mut client = house.client();
    let listed = client.get(&format!("/v2/{name}/tags/list"));
    if listed.status == 404 {
        return;
    }
    let listed: serde_json::Value = listed.json();
    for tag in listed["tags"].as_array().unwrap() {
        let path = format!("/v2/{name}/manifests/{}", tag.as_str().unwrap());
        let manifest = client.get(&path);
        assert_eq!(manifest.status, 200, "{path}: {}", manifest.text());
        assert_eq!(
            manifest.header("docker-content-digest"),
            Some(digest(&manifest.body).as_str()),
            "{path}"
        );
        let said: serde_json::Value = manifest.json();
        let layers = said["layers"].as_array().unwrap();
        for part in layers.iter().chain([&said["config"]]) {
            let part = part["digest"].as_str().unwrap();
            let blob = client.get(&format!("/v2/{name}/blobs/{part}"));
            assert_eq!(blob.status, 200, "{path}: {part}");
            if part.starts_with("sha256:") {
                assert_eq!(digest(&blob.body), part);
            }
        }
    }
}
