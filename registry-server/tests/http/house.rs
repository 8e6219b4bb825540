//! A registry that runs in this process, in a directory of its own.

use crate::client::{Answer, Client};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tenon_registry_server::access::{Action, NewToken, TokenScope};
use tenon_registry_server::app::{App, State};
use tenon_registry_server::config::{Config, Rate};
use tenon_registry_server::content::{CHECK_CONTENT, Options};
use tenon_registry_server::{directory, server};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

pub(crate) struct House {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    pub(crate) dir: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<()>>,
    runtime: Runtime,
    temp: Option<TempDir>,
}

/// The default but for what tests on one address would meet.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    let as_they_like = Rate {
        per_second: 0.0,
        burst: 0,
    };
    config.rates.anonymous_reads = as_they_like;
    config.rates.authenticated_reads = as_they_like;
    config.rates.writes = as_they_like;
    config.rates.authentication_failures = as_they_like;
    config.limits.connections_per_address = 4096;
    config.limits.connections = 4096;
    config.limits.disk_reserve_bytes = 0;
    config
}

/// What checks content: the program itself.
pub(crate) fn workers() -> Options {
    Options {
        program: env!("CARGO_BIN_EXE_tenon-registry").into(),
        arguments: vec![CHECK_CONTENT.into()],
        ..Options::default()
    }
}

impl House {
    /// A registry as it is by default, but for what tests on one address would meet.
    pub(crate) fn new() -> House {
        House::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> House {
        House::open(TempDir::new().unwrap(), change)
    }

    /// The registry that is in `data` of a directory.
    pub(crate) fn at(temp: TempDir) -> House {
        House::open(temp, |_| {})
    }

    pub(crate) fn open(temp: TempDir, change: impl FnOnce(&mut Config)) -> House {
        let mut config = config();
        change(&mut config);
        let app = directory::open(&temp.path().join("data"), config, workers()).unwrap();
        House::of(temp, app)
    }

    /// The registry that was opened in `data` of a directory, which begins to be served.
    pub(crate) fn of(temp: TempDir, app: App) -> House {
        let (dir, app) = (temp.path().join("data"), Arc::new(app));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        app.start(State::Ready);
        let stopped = async {
            let _ = stopped.await;
        };
        let served = runtime.spawn(server::serve(Arc::clone(&app), listener, None, stopped));
        House {
            app,
            address,
            dir,
            stop: Some(stop),
            served: Some(served),
            runtime,
            temp: Some(temp),
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn token(&self, actions: &[Action], patterns: &[&str]) -> String {
        let new = NewToken {
            label: "test".to_owned(),
            actions: actions.iter().copied().collect(),
            scopes: patterns
                .iter()
                .map(|pattern| pattern.parse::<TokenScope>().unwrap())
                .collect(),
            expires: None,
        };
        self.app.access().create(new).unwrap().0.reveal().to_owned()
    }

    /// A token that may do everything.
    pub(crate) fn full_token(&self) -> String {
        self.token(&Action::ALL, &["*"])
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    /// Files below the data directory that are not finished.
    pub(crate) fn drafts(&self) -> usize {
        std::fs::read_dir(self.dir.join("tmp")).unwrap().count()
    }

    /// The size of the log.
    pub(crate) fn log_size(&self) -> u64 {
        self.app.public().log().published().checkpoint.size
    }

    /// Stops, and leaves the directory, which is `data` in the one that is returned.
    pub(crate) fn leave(mut self) -> TempDir {
        self.stop();
        self.temp.take().unwrap()
    }

    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(served) = self.served.take() {
            self.runtime.block_on(served).unwrap();
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}
