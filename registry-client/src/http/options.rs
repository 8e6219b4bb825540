//! What a client is made of.

use super::{BaseUrl, Credentials, Progress};
use crate::record::Time;
use crate::state::Pin;
use crate::verify::Rules;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a client calls itself.
pub(super) const USER_AGENT: &str = concat!("tenon/", env!("CARGO_PKG_VERSION"));

/// What a [`super::Client`] is made of.
#[derive(Clone)]
pub struct Options {
    /// Where the registry is.
    pub base: BaseUrl,
    /// Which log it must have.
    pub pin: Pin,
    /// What is asked of its checkpoints.
    pub rules: Rules,
    /// Where trust states are kept: see [`crate::store::StateDir`]. Not to be removed with a cache.
    pub state_dir: PathBuf,
    /// Where content and records are kept that can be fetched again: see [`crate::store::Cache`].
    pub cache_dir: PathBuf,
    /// Who has access tokens.
    pub credentials: Arc<dyn Credentials>,
    /// Who is told how far transfers are.
    pub progress: Arc<dyn Progress>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to take.
    pub limits: Limits,
    /// Whether the network may be used.
    pub network: Network,
    /// Certificates in PEM, each of an authority that is trusted besides those of this machine.
    pub extra_roots: Vec<Vec<u8>>,
    /// The program and its version, for the registry's logs.
    pub user_agent: String,
    /// What time it is.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
}

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It is.
    Online,
    /// It is not: what was verified before and kept is verified again, however old it is.
    Offline,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes.
    pub idle: Duration,
    /// For an answer that is not content, with all attempts.
    pub total: Duration,
    /// After how long a transfer must be as fast as [`Timeouts::slowest`].
    pub grace: Duration,
    /// The bytes per second that a transfer has at least.
    pub slowest: u64,
    /// How often a read is tried.
    pub attempts: u32,
    /// The pause before the second attempt, before chance shortens it; it doubles with each.
    pub pause: Duration,
    /// The longest pause, also where the registry asks for one: if it asks for more, the error is returned.
    pub longest_pause: Duration,
}

/// The most bytes of what a registry answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of what is for people, and of proofs that are lines.
    pub json: u64,
    /// Of content, whatever its record says.
    pub content: u64,
}

impl Options {
    /// Options for a registry with the rules, timeouts and limits that fit most.
    pub fn new(
        base: BaseUrl,
        pin: Pin,
        state_dir: impl Into<PathBuf>,
        cache_dir: impl Into<PathBuf>,
    ) -> Options {
        Options {
            base,
            pin,
            rules: Rules::default(),
            state_dir: state_dir.into(),
            cache_dir: cache_dir.into(),
            credentials: Arc::new(()),
            progress: Arc::new(()),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            network: Network::Online,
            extra_roots: vec![],
            user_agent: USER_AGENT.to_owned(),
            clock: Arc::new(system_time),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
            grace: Duration::from_secs(10),
            slowest: 1024,
            attempts: 4,
            pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(20),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            json: 16 << 20,
            content: 1 << 40,
        }
    }
}

fn system_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    Time::from_seconds(seconds).unwrap_or(Time::EPOCH)
}
