//! The client of one registry.

use super::transport::{Ask, Reach, Transport};
use super::turn::Turns;
use super::{Error, ErrorKind, Network, Options};
use crate::log::{Hash, SignedCheckpoint, Vkey};
use crate::record::Time;
use crate::state::{ForkEvidence, Pin, TrustState};
use crate::store::{Cache, StateDir, StoreError};
use bytes::Bytes;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The client of one registry. A clone shares its connections.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) options: Options,
    pub(super) transport: Transport,
    pub(super) state: StateDir,
    pub(super) cache: Cache,
    pub(super) turns: Turns,
}

impl Client {
    /// A client. Nothing is asked, read or written yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setup`]: the extra certificates are none, or those of this machine cannot be read.
    pub fn new(options: Options) -> Result<Client, Error> {
        let reach = Reach {
            base: &options.base,
            credentials: options.credentials.clone(),
            timeouts: options.timeouts,
            network: options.network,
            extra_roots: &options.extra_roots,
            user_agent: &options.user_agent,
        };
        Ok(Client(Arc::new(Parts {
            transport: Transport::new(&reach)?,
            state: StateDir::new(&options.state_dir, &options.pin),
            cache: Cache::new(&options.cache_dir),
            turns: Turns::default(),
            options,
        })))
    }

    /// What it was made of.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Where the trust state of its log is.
    pub fn state_dir(&self) -> &StateDir {
        &self.0.state
    }

    /// Where it keeps what can be fetched again.
    pub fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// What it has verified of the log so far.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`].
    pub async fn trust_state(&self) -> Result<Option<TrustState>, Error> {
        self.on_disk(|parts| parts.state.load()).await
    }

    pub(super) fn pin(&self) -> &Pin {
        &self.0.options.pin
    }

    pub(super) fn now(&self) -> Time {
        (self.0.options.clock)()
    }

    pub(super) fn is_offline(&self) -> bool {
        self.0.options.network == Network::Offline
    }

    pub(super) async fn get(&self, ask: Ask) -> Result<Bytes, Error> {
        self.0.transport.get(&ask).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.0.transport.url(path).into()
    }

    /// Does what may wait for a disk where that holds up nobody.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let parts = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&parts)).await;
        Ok(done.unwrap_or(Err(StoreError::Stopped))?)
    }

    /// The keys that may sign a checkpoint, by what is known so far.
    pub(super) fn log_keys(&self, state: Option<&TrustState>) -> Vec<Vkey> {
        match state {
            Some(state) => state.log_keys().to_vec(),
            None => vec![self.pin().key().clone()],
        }
    }

    /// Keeps both notes of a fork. That this fails is no reason to say less about the fork.
    pub(super) async fn keep_evidence(&self, held: &SignedCheckpoint, offered: &SignedCheckpoint) {
        let evidence = ForkEvidence {
            held: held.clone(),
            offered: offered.clone(),
        };
        let now = self.now();
        let _: Result<PathBuf, _> = self
            .on_disk(move |parts| parts.state.keep_evidence(&evidence, now))
            .await;
    }
}

/// Lines of base64, a hash each.
pub(super) fn hashes(bytes: &[u8], url: &str) -> Result<Vec<Hash>, Error> {
    let malformed = |source: Box<dyn std::error::Error + Send + Sync>| {
        let what = "a proof: a line of base64 for each hash";
        Error::new(ErrorKind::Malformed { what, source }, url, 1)
    };
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(error.into()))?;
    let hashes = text.split_terminator('\n').map(str::parse);
    hashes
        .collect::<Result<Vec<Hash>, _>>()
        .map_err(|error| malformed(error.into()))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { base, pin, .. } = &self.0.options;
        write!(f, "Client({base}, {pin})")
    }
}
