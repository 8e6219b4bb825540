//! Someone with a machine of their own, who uses a registry.

use crate::server::{Server, World};
use crate::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tenon_registry_client::Digest;
use tenon_registry_client::http::{Client, Error, ErrorKind, Network, Options, Timeouts};
use tenon_registry_client::lock::LockedRelease;
use tenon_registry_client::record::{Content, ContentKind, PackageAct};
use tenon_registry_client::state::TrustState;
use tenon_registry_client::store::StateDir;

pub(crate) struct User {
    pub(crate) dir: TempDir,
    pub(crate) options: Options,
}

/// Times that a test has.
pub(crate) fn brief() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(2),
        idle: Duration::from_millis(600),
        total: Duration::from_secs(5),
        grace: Duration::from_millis(500),
        slowest: 1024,
        attempts: 3,
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_secs(1),
    }
}

impl User {
    pub(crate) fn of(server: &Server) -> User {
        let dir = TempDir::new().unwrap();
        let pin = server.world().registry.pin();
        let base = server.base().parse().unwrap();
        let mut options = Options::new(
            base,
            pin,
            dir.path().join("state"),
            dir.path().join("cache"),
        );
        options.timeouts = brief();
        options.clock = Arc::new(|| time(START));
        User { dir, options }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.options.clone()).unwrap()
    }

    pub(crate) fn offline(&self) -> Client {
        let network = Network::Offline;
        Client::new(Options {
            network,
            ..self.options.clone()
        })
        .unwrap()
    }

    pub(crate) fn state_dir(&self) -> StateDir {
        StateDir::new(&self.options.state_dir, &self.options.pin)
    }

    pub(crate) fn state(&self) -> Option<TrustState> {
        self.state_dir().load().unwrap()
    }

    /// The names of the files beside the trust state, but for the lock.
    pub(crate) fn state_files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.state_dir().path())
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "lock")
            .collect();
        names.sort();
        names
    }

    /// The files of a kind in the cache.
    pub(crate) fn cached(&self, kind: &str) -> Vec<PathBuf> {
        let mut found = vec![];
        collect(&self.options.cache_dir.join(kind), &mut found);
        found
    }
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap().is_dir() {
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

/// What the lock file of someone else has of releases, and its note.
pub(crate) async fn locked(
    server: &Server,
    releases: &[(&str, &str)],
) -> (Vec<LockedRelease>, String) {
    let author = User::of(server);
    let client = author.client();
    let mut locked = vec![];
    for (name, text) in releases {
        let view = client.view(&asking(name, &[text])).await.unwrap();
        let release = view.release(&version(text)).unwrap();
        locked.push(LockedRelease::new(&view, &release).unwrap());
    }
    let note = client.checkpoint_note().await.unwrap().unwrap();
    (locked, note)
}

impl World {
    /// A release of these bytes, logged and published; the index of its record.
    pub(crate) fn publish(&mut self, name: &str, text: &str, bytes: &[u8]) -> u64 {
        let content = Content {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            kind: ContentKind::Component,
        };
        self.blobs.insert(content.digest, bytes.to_vec());
        let act = PackageAct::Release {
            version: version(text),
            content,
            attestation: None,
        };
        let index = self.registry.log_package(name, act, &[&key("acme/alice")]);
        self.registry.seal();
        index
    }
}

/// A server of the small registry with the bytes of its release.
pub(crate) async fn serving() -> Server {
    let server = Server::start(small()).await;
    let bytes = bytes_of(&package("acme:http"), &version("1.0.0"));
    server.world().blobs.insert(Digest::of(&bytes), bytes);
    server
}

/// What went wrong, for a comparison: the code of what is not verified, or the kind in short.
pub(crate) fn why(error: &Error) -> String {
    match &*error.kind {
        ErrorKind::Verify(error) => error.code().to_owned(),
        ErrorKind::Problem(problem) => problem.code.as_str().to_owned(),
        other => {
            let text = format!("{other:?}");
            text.split([' ', '(', '{']).next().unwrap().to_owned()
        }
    }
}
