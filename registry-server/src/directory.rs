//! A registry's directory: everything that a registry is, opened by the one process that serves it.

use crate::access::{Access, AccessError, Action, NewToken, Secret, TokenScope};
use crate::app::{App, Parts};
use crate::care::DataDir;
use crate::commands::fatal;
use crate::config::{Config, ConfigError};
use crate::content::{Options, Workers};
use crate::domain;
use crate::log::clock::SystemClock;
use crate::log::keys::{Keys, KeysError};
use crate::log::{Cosigning, Layout, Log, LogId, OpenError, Source};
use crate::store::blobs::Blobs;
use crate::store::database::{Database, DatabaseError};
use crate::store::durable::DurableError;
use crate::store::reserve::Reserve;
use crate::store::{Disk, DiskError, Files, durable};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tenon_registry_client::log::{Origin, OriginError};

/// Where the database is, in the data directory.
const DATABASE: &str = "registry.sqlite";

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be made.
    #[error("cannot make the directory `{}`", path.display())]
    Make {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The disk is full, and the room that was kept for that cannot be used.
    #[error("the disk is full, and the file `reserve` in the data directory cannot be removed")]
    Reserve(#[source] io::Error),
    /// There is no registry in it.
    #[error("there is no registry in `{}`: make one with `tenon-registry init`", .0.display())]
    Nothing(PathBuf),
    /// It cannot be opened, or another process has it.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file cannot be written.
    #[error(transparent)]
    Durable(#[from] DurableError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A log cannot be used.
    #[error(transparent)]
    Log(#[from] crate::log::OpenError),
    /// The tokens cannot be used.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The setting `origin` is none.
    #[error("the setting `origin` cannot be used")]
    Origin(#[source] OriginError),
    /// The setting `origin` is not that of the log.
    #[error(
        "the setting `origin` is `{wanted}`, and the log here is `{found}`, which never changes: leave the setting out, or name another directory"
    )]
    OtherOrigin {
        /// What is set.
        wanted: String,
        /// What the keys are for.
        found: String,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The parts do not make a registry.
    #[error("the registry cannot be put together")]
    App(#[source] domain::Error),
}

/// Opens everything, and makes what is not there yet. The registry is starting, until it is told that
/// it is ready.
///
/// # Errors
///
/// [`DirectoryError`].
pub fn open(dir: &Path, config: Config, workers: Options) -> Result<App, DirectoryError> {
    let failed = |source| DirectoryError::Make {
        path: dir.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let dir = dir.canonicalize().map_err(failed)?;
    let files: Arc<dyn Files> = Arc::new(Disk::open(&dir)?.lock()?);
    let reserve = Reserve::new(&dir, config.limits.disk_reserve_bytes);
    if files.free_space().is_ok_and(|free| free < reserve.bytes()) {
        // What is not finished is finished with this; then nothing more is taken in.
        tracing::warn!("the disk is full: using the room that was kept for that");
        reserve.release().map_err(DirectoryError::Reserve)?;
    }
    durable::clean(&*files)?;
    let database = Arc::new(Database::open(&dir.join(DATABASE))?);
    let origin = config.origin.as_deref().map(Origin::new).transpose();
    let origin = origin.map_err(DirectoryError::Origin)?;
    let cosigning = config.cosigning()?;
    let open =
        |id, origin: Option<&Origin>| open_log(&dir, id, origin, &files, &database, &cosigning);
    let public = open(LogId::Public, origin.as_ref())?;
    let private = match config.private {
        true => Some(open(LogId::Private, None)?),
        false => None,
    };
    let parts = Parts {
        config,
        database,
        public,
        private,
        workers: Workers::start(workers),
        data: DataDir::of(&dir, files),
        reserve,
    };
    App::new(parts).map_err(DirectoryError::App)
}

/// The tokens in a directory, beside the process that serves it.
///
/// # Errors
///
/// There is no registry, or its database cannot be used.
pub fn tokens(dir: &Path) -> Result<Access, DirectoryError> {
    let path = dir.join(DATABASE);
    if !path.exists() {
        return Err(DirectoryError::Nothing(dir.to_owned()));
    }
    Ok(Access::open(Arc::new(Database::open(&path)?))?)
}

/// Makes the first token, which may do everything; none if there are tokens.
///
/// # Errors
///
/// The tokens cannot be read or written.
pub fn first_token(access: &Access) -> Result<Option<Secret>, AccessError> {
    if !access.list()?.is_empty() {
        return Ok(None);
    }
    let new = NewToken {
        label: "first".to_owned(),
        actions: BTreeSet::from(Action::ALL),
        scopes: vec![TokenScope::All],
        expires: None,
    };
    Ok(Some(access.create(new)?.0))
}

fn open_log(
    dir: &Path,
    id: LogId,
    origin: Option<&Origin>,
    files: &Arc<dyn Files>,
    database: &Arc<Database>,
    cosigning: &Cosigning,
) -> Result<(Log, Blobs), DirectoryError> {
    let keys = id.keys(dir);
    let begun = has_begun(database, id)? || files.kind(&Layout::of(id).tiles()).is_ok();
    let keys = match (keys.exists(), begun) {
        (true, _) => Keys::load(&keys)?,
        (false, false) => Keys::generate(&keys, origin)?.0,
        // New ones would sign nothing that clients of this log take, and be in the way of the right ones.
        (false, true) => return Err(KeysError::Missing(keys).into()),
    };
    let named = keys.log.first().map(|key| key.vkey().name().as_str());
    if let (Some(wanted), Some(found)) = (origin, named)
        && wanted.as_str() != found
    {
        return Err(DirectoryError::OtherOrigin {
            wanted: wanted.as_str().to_owned(),
            found: found.to_owned(),
        });
    }
    let source = Source {
        log: id,
        files: Arc::clone(files),
        database: Arc::clone(database),
        clock: Arc::new(SystemClock::new()),
        keys: Arc::new(keys),
        cosigning: cosigning.clone(),
    };
    let log = Log::open(&source, fatal())?;
    Ok((log, Blobs::new(Arc::clone(files), id)))
}

/// Whether the database knows of a log.
fn has_begun(database: &Database, id: LogId) -> Result<bool, DirectoryError> {
    let found = database.read(|tx| {
        let mut select = tx.prepare("SELECT 1 FROM log WHERE id = ?1")?;
        select.exists([id.number()])
    });
    found.map_err(|error| DirectoryError::Log(OpenError::Database(error)))
}
