//! `tenon-registry witness`: a witness by itself, on a directory of its own.

use super::serve::stop_signal;
use super::{Failure, fatal, say};
use crate::log::Fatal;
use crate::log::clock::SystemClock;
use crate::outbound::{BaseUrl, BaseUrlError};
use crate::store::durable::{self, DurableError};
use crate::store::{Disk, DiskError};
use crate::witness::{Audit, Mounted, OpenError, Witness, WitnessSource, WitnessedLog, router};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tenon_registry_client::log::{KeyError, Origin, OriginError, Vkey};
use tenon_registry_client::state::{Pin, PinError};

/// `tenon-registry witness`
#[derive(Clone, Debug, clap::Args)]
pub struct WitnessArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7654")]
    pub listen: SocketAddr,
    /// The name of the witness, such as `witness.example`; needed at the first start
    #[arg(long, default_value = "witness.invalid")]
    pub name: String,
    /// A log to cosign: its pin or verifier key; both keys of a log that replaces one
    #[arg(long, required = true, value_name = "PIN")]
    pub log: Vec<LogKey>,
    /// Vouch for the map of a log, too, whose registry is at this URL: under `/index`, by another key
    #[arg(long, value_name = "[ORIGIN=]URL")]
    pub verify_index: Vec<IndexUrl>,
}

/// What a log is known by: a pin, or at least its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogKey {
    /// The key and the first record.
    Pin(Pin),
    /// The key.
    Key(Vkey),
}

/// Where the registry of a log is: of the only log, if it is not named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexUrl {
    /// The log.
    pub origin: Option<Origin>,
    /// Its registry.
    pub url: BaseUrl,
}

/// Why a text does not say where a registry is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexUrlError {
    /// The URL.
    #[error(transparent)]
    Url(#[from] BaseUrlError),
    /// The origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
}

/// Why a text is neither a pin nor a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogKeyError {
    /// It has a `#`, and is no pin.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// It has none, and is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why there is no witness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The directory cannot be made.
    #[error("cannot create the directory `{}`", dir.display())]
    Create {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory cannot be used; another process may have it.
    #[error("the directory of the witness cannot be used")]
    Disk(#[from] DiskError),
    /// The directory cannot be written.
    #[error("the directory of the witness cannot be written")]
    Durable(#[from] DurableError),
    /// The witness cannot be opened.
    #[error("the witness cannot be opened")]
    Open(#[from] OpenError),
    /// A key is named as no log can be.
    #[error("a log cannot be cosigned")]
    Origin(#[from] OriginError),
    /// A URL is for no log.
    #[error(
        "`--verify-index {0}` is for none of the logs that are cosigned: write `<origin>=<url>`, with the origin of one"
    )]
    NoLog(BaseUrl),
}

/// Serves the witness until it is told to stop.
pub(super) fn serve(data: &Path, args: &WitnessArgs) -> Result<(), Failure> {
    let mounted = args.open(data, &fatal())?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await?;
        let stop = stop_signal()?;
        let address = listener.local_addr()?;
        let lines = mounted.iter().map(|Mounted { prefix, witness }| {
            format!("serving http://{address}{prefix}\n  {}", witness.vkey())
        });
        say(&lines.collect::<Vec<_>>().join("\n"));
        crate::witness::serve(router(&mounted), listener, stop).await;
        Ok(())
    })
}

impl WitnessArgs {
    /// Opens the witness in the directory `witness` of a data directory, and the one that vouches for maps if there is one: what
    /// [`crate::witness::router`] makes routes of. Their keys are to be shown to the operator.
    ///
    /// `fatal` is called when a disk fails: it should end the process.
    ///
    /// # Errors
    ///
    /// [`WitnessError`].
    pub fn open(&self, data: &Path, fatal: &Fatal) -> Result<Vec<Mounted>, WitnessError> {
        let data = data.join("witness");
        let logs = self.logs()?;
        let mut mounted = vec![Mounted {
            prefix: String::new(),
            witness: open(&data, &self.name, logs.values().map(plain), fatal)?,
        }];
        let audited = self.audited(&logs)?;
        if !audited.is_empty() {
            let (dir, name) = (data.join("index"), format!("{}/index", self.name));
            mounted.push(Mounted {
                prefix: "/index".to_owned(),
                witness: open(&dir, &name, audited.into_iter(), fatal)?,
            });
        }
        Ok(mounted)
    }

    fn logs(&self) -> Result<BTreeMap<Origin, (WitnessedLog, Option<Pin>)>, WitnessError> {
        let mut logs = BTreeMap::new();
        for key in &self.log {
            let (vkey, pin) = match key {
                LogKey::Pin(pin) => (pin.key(), Some(pin)),
                LogKey::Key(vkey) => (vkey, None),
            };
            let origin = Origin::new(vkey.name().as_str())?;
            let new = WitnessedLog {
                origin: origin.clone(),
                keys: vec![],
                audit: None,
            };
            let (log, known) = logs.entry(origin).or_insert((new, None));
            if !log.keys.contains(vkey) {
                log.keys.push(vkey.clone());
            }
            *known = known.take().or_else(|| pin.cloned());
        }
        Ok(logs)
    }

    fn audited(
        &self,
        logs: &BTreeMap<Origin, (WitnessedLog, Option<Pin>)>,
    ) -> Result<Vec<WitnessedLog>, WitnessError> {
        let audited = self.verify_index.iter().map(|IndexUrl { origin, url }| {
            let log = match origin {
                Some(origin) => logs.get(origin),
                None => logs.values().next().filter(|_| logs.len() == 1),
            };
            let (log, pin) = log.ok_or_else(|| WitnessError::NoLog(url.clone()))?;
            let (url, pin) = (url.clone(), pin.clone());
            Ok(WitnessedLog {
                audit: Some(Audit { url, pin }),
                ..log.clone()
            })
        });
        audited.collect()
    }
}

fn plain((log, _): &(WitnessedLog, Option<Pin>)) -> WitnessedLog {
    log.clone()
}

fn open(
    dir: &Path,
    name: &str,
    logs: impl Iterator<Item = WitnessedLog>,
    fatal: &Fatal,
) -> Result<Arc<Witness>, WitnessError> {
    std::fs::create_dir_all(dir).map_err(|source| WitnessError::Create {
        dir: dir.to_owned(),
        source,
    })?;
    let disk = Disk::open(dir)?.lock()?;
    durable::clean(&disk)?;
    let source = WitnessSource {
        files: Arc::new(disk),
        key: dir.join("witness.key"),
        name: name.to_owned(),
        clock: Arc::new(SystemClock::new()),
        logs: logs.collect(),
    };
    Ok(Arc::new(Witness::open(source, fatal.clone())?))
}

impl FromStr for LogKey {
    type Err = LogKeyError;

    fn from_str(text: &str) -> Result<LogKey, LogKeyError> {
        Ok(match text.contains('#') {
            true => LogKey::Pin(text.parse()?),
            false => LogKey::Key(text.parse()?),
        })
    }
}

impl FromStr for IndexUrl {
    type Err = IndexUrlError;

    fn from_str(text: &str) -> Result<IndexUrl, IndexUrlError> {
        let named = text.find("=http").map(|at| text.split_at(at));
        let (origin, url) = match named {
            Some((origin, url)) => (Some(Origin::new(origin)?), url.trim_start_matches('=')),
            None => (None, text),
        };
        let url = url.parse()?;
        Ok(IndexUrl { origin, url })
    }
}
