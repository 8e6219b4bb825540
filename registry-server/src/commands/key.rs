//! `tenon-registry key`: the keys of a registry. They are listed while it runs, and changed while it is stopped.
//!
//! A new log key is used together with the old one for at least 30 days. Whoever asks the registry in
//! that time learns of it; whoever does not, goes from the old key to the last checkpoint that it
//! signed, which the registry keeps for ever, and from there to the new key.

use crate::catalog::CatalogError;
use crate::log::clock::{Clock, SystemClock};
use crate::log::keys::{Keys, KeysError, load};
use crate::log::{
    BundleError, Cosigning, Fatal, Log, LogId, Seen, Source, Submission, SubmitError,
};
use crate::store::database::{Database, DatabaseError};
use crate::store::durable::{self, DurableError};
use crate::store::{Disk, DiskError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tenon_registry_client::chain::{ChainError, RegistryChain};
use tenon_registry_client::log::{Algorithm, Hash, Origin, SigningKey, Vkey};
use tenon_registry_client::record::{
    Link, Record, RecordError, Reference, RegistryAct, Role, SignedRecord, Statement, Subject, Time,
};

/// For how long both log keys sign, in seconds.
const BOTH_SIGN: u64 = 30 * 24 * 60 * 60;

/// `tenon-registry key`
#[derive(Clone, Debug, clap::Args)]
pub struct KeyArgs {
    /// The keys of the private log, not of the public one
    #[arg(long)]
    pub private: bool,
    /// The file of the root key, if it is kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub root_key: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What to do with keys.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// List the keys that the registry has and had
    List,
    /// Make a new log key, which signs together with the old one from now on; or a new ingest key
    Rotate {
        /// `log`, or `ingest`: a key that signs releases for tokens, where owners grant it. The ones before it
        /// go on to sign where they are granted
        #[arg(value_parser = rotated, default_value = "log")]
        role: Role,
    },
    /// Remove the old log key, 30 days after `rotate`
    Finish {
        /// Do not wait for the 30 days: clients that have not asked since `rotate` need one more request
        #[arg(long)]
        before_clients_know_the_new_key: bool,
    },
    /// Add a public key
    Add {
        /// What the key is for: `root`, `log`, `index`, `time` or `ingest`
        #[arg(value_parser = role)]
        role: Role,
        /// The verifier key
        vkey: Vkey,
    },
    /// Remove a public key, for ever
    Remove {
        /// What the key is for
        #[arg(value_parser = role)]
        role: Role,
        /// The verifier key
        vkey: Vkey,
    },
}

/// Where the keys of a log are, and where the log is.
#[derive(Clone, Debug)]
pub struct KeyPlace {
    /// The data directory.
    pub data: PathBuf,
    /// Which log.
    pub log: LogId,
    /// The directory of its keys.
    pub keys: PathBuf,
    /// The file of the root key, if it is kept elsewhere.
    pub root: Option<PathBuf>,
    /// Who is asked to cosign what is logged here.
    pub cosigning: Cosigning,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// A key of the registry, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// What it is for.
    pub role: Role,
    /// The key.
    pub vkey: Vkey,
    /// When the record that added it was logged.
    pub added: Time,
    /// When it was removed.
    pub removed: Option<Time>,
}

/// Why nothing was done with a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The directory cannot be used; the registry may be running.
    #[error("the data directory cannot be used: is the registry stopped?")]
    Disk(#[from] DiskError),
    /// A file cannot be written.
    #[error("the data directory cannot be written")]
    Durable(#[from] DurableError),
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Database(#[from] DatabaseError),
    /// A key cannot be used.
    #[error("a key cannot be used")]
    Keys(#[from] KeysError),
    /// The namespaces cannot be read.
    #[error("the namespaces cannot be read")]
    Catalog(#[from] CatalogError),
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    Open(#[from] crate::log::OpenError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] BundleError),
    /// The registry's chain is broken.
    #[error("the records of the registry break the rules")]
    Chain(#[from] ChainError),
    /// The root key is not there.
    #[error("this is signed by the root key, which is not in `{}`: name its file by `--root-key`", .0.display())]
    RootMissing(PathBuf),
    /// A record cannot be made.
    #[error("no such record can be made")]
    Record(#[from] RecordError),
    /// The record was refused.
    #[error("the log does not take the record")]
    Submit(#[from] SubmitError),
    /// There is no key that takes the place of another.
    #[error("no log key is being replaced: begin with `key rotate`")]
    NotRotating,
    /// A rotation is under way.
    #[error("`{0}` signs since {1} already: `key finish` ends that rotation")]
    Rotating(Vkey, Time),
    /// It is too early.
    #[error(
        "the new log key signs since {since}: wait until {until}, since clients that do not know it yet must do more to find out"
    )]
    TooEarly {
        /// When it was added.
        since: Time,
        /// When the old one may be removed.
        until: Time,
    },
    /// The log signs with it.
    #[error("`{0}` signs the checkpoints of this registry: use `key rotate` and `key finish`")]
    InUse(Vkey),
    /// The registry signs with it, and no command makes another one.
    #[error(
        "`{1}` is the {0} key that this registry signs with: it can be removed when `{0}.key` is another one, which `key add {0}` has logged"
    )]
    Held(Role, Vkey),
    /// There would be no key that signs releases for tokens.
    #[error(
        "`{0}` is the newest key by which this registry signs releases for tokens: make another one first, by `key rotate ingest`"
    )]
    NewestIngest(Vkey),
    /// The clock cannot be read.
    #[error("the clock says something that is no time")]
    Clock,
    /// The log could not go on.
    #[error("the log could not go on: {0}")]
    Fatal(String),
}

impl KeyArgs {
    /// Does what was asked for; what to tell the operator.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn run(&self, data: &Path, cosigning: Cosigning) -> Result<String, KeyError> {
        let place = KeyPlace::new(data, self.private, self.root_key.clone(), cosigning);
        Ok(match &self.command {
            KeyCommand::List => {
                let listed = list(&place).await?;
                listed.iter().map(|key| format!("{key}\n")).collect()
            }
            KeyCommand::Rotate { role: Role::Ingest } => {
                let vkey = rotate_ingest(&place).await?;
                format!(
                    "{vkey}\nsigns releases for tokens from the next start on, in namespaces whose owners let it:\n  tenon namespace grant NAMESPACE {vkey} --allow release\nWhere an earlier one may sign, it goes on to.\n"
                )
            }
            KeyCommand::Rotate { .. } => {
                let vkey = rotate(&place).await?;
                format!(
                    "{vkey}\nsigns from now on, together with the old key. Tell those who run witnesses and mirrors.\nIn 30 days, run `tenon-registry key finish`.\n"
                )
            }
            KeyCommand::Finish {
                before_clients_know_the_new_key,
            } => {
                let early = match before_clients_know_the_new_key {
                    true => Early::Allowed,
                    false => Early::Refused,
                };
                let vkey = finish(&place, early).await?;
                format!(
                    "{vkey}\nis the only key that signs checkpoints now. The old one is gone.\n"
                )
            }
            KeyCommand::Add { role, vkey } => {
                add(&place, *role, vkey).await?;
                format!("{vkey}\nis a {role} key now.\n")
            }
            KeyCommand::Remove { role, vkey } => match remove(&place, *role, vkey).await? {
                Removed::Now => {
                    format!("{vkey}\nis no {role} key any more, and never will be again.\n")
                }
                Removed::Before(time) => {
                    format!("{vkey}\nis no {role} key since {time}: it was removed already.\n")
                }
            },
        })
    }
}

impl KeyPlace {
    /// That of the public or the private log in a data directory.
    pub fn new(
        data: &Path,
        private: bool,
        root: Option<PathBuf>,
        cosigning: Cosigning,
    ) -> KeyPlace {
        let log = match private {
            false => LogId::Public,
            true => LogId::Private,
        };
        KeyPlace {
            data: data.to_owned(),
            log,
            keys: log.keys(data),
            root,
            cosigning,
            clock: Arc::new(SystemClock::new()),
        }
    }
}

/// Whether a rotation may be ended before clients can be expected to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

/// Whether it took anything to remove a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// It was there, or its file was.
    Now,
    /// It was removed at that time, and nothing was left of it.
    Before(Time),
}

/// The keys that the registry has and had, in the order in which they were added.
///
/// # Errors
///
/// [`KeyError`].
pub async fn list(place: &KeyPlace) -> Result<Vec<ListedKey>, KeyError> {
    let opened = match Opened::open(place) {
        Err(KeyError::Disk(DiskError::InUse { .. })) => {
            let (seen, _) = look(place)?;
            return listed(seen.origin(), &seen.registry()?);
        }
        opened => opened?,
    };
    let listed = opened.listed();
    opened.close(listed).await
}

/// Makes a new log key and logs that it is one. It can be repeated if it was interrupted.
///
/// # Errors
///
/// [`KeyError`].
pub async fn rotate(place: &KeyPlace) -> Result<Vkey, KeyError> {
    let opened = Opened::open(place)?;
    let possible = opened.can_rotate(place);
    opened.close(possible).await?;
    // It is there before the log says so: a log key that was never kept would be of no use.
    let next = Keys::make_next(&place.keys)?;
    // With both, so that the new one signs the checkpoint that has it.
    let opened = Opened::open(place)?;
    let act = RegistryAct::KeyAdd(Role::Log, next.vkey().clone());
    let logged = opened.log(place, act).await;
    opened.close(logged).await?;
    Ok(next.vkey().clone())
}

/// Makes one more ingest key and logs that it is one. It can be repeated if it was interrupted.
///
/// # Errors
///
/// [`KeyError`].
pub async fn rotate_ingest(place: &KeyPlace) -> Result<Vkey, KeyError> {
    let opened = Opened::open(place)?;
    let made = opened.rotate_ingest(place).await;
    opened.close(made).await
}

/// Ends a rotation: logs that the old key is removed, and removes it. It can be repeated if it was
/// interrupted.
///
/// # Errors
///
/// [`KeyError`].
pub async fn finish(place: &KeyPlace, early: Early) -> Result<Vkey, KeyError> {
    let opened = Opened::open(place)?;
    let done = opened.finish(place, early).await;
    let next = opened.close(done).await?;
    // The last checkpoint under the old key is kept since the record was logged.
    Keys::promote_next(&place.keys)?;
    Ok(next)
}

/// Logs that a key has a role.
///
/// # Errors
///
/// [`KeyError`].
pub async fn add(place: &KeyPlace, role: Role, vkey: &Vkey) -> Result<(), KeyError> {
    let opened = Opened::open(place)?;
    let logged = opened
        .log(place, RegistryAct::KeyAdd(role, vkey.clone()))
        .await;
    opened.close(logged).await
}

/// Logs that a key has a role no more; of an ingest key of this registry, the file goes, too. It can be
/// repeated, whether or not it was interrupted.
///
/// # Errors
///
/// [`KeyError`].
pub async fn remove(place: &KeyPlace, role: Role, vkey: &Vkey) -> Result<Removed, KeyError> {
    let opened = Opened::open(place)?;
    let removed = opened.remove(place, role, vkey).await;
    opened.close(removed).await
}

fn rotated(text: &str) -> Result<Role, String> {
    let found = role(text).ok();
    let found = found.filter(|role| matches!(role, Role::Log | Role::Ingest));
    found.ok_or_else(|| {
        "expected `log` or `ingest`: no command makes a key of another role".to_owned()
    })
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.iter().copied().find(|role| role.as_str() == text);
    found.ok_or_else(|| "expected `root`, `log`, `index`, `time` or `ingest`".to_owned())
}

/// The log of a registry that runs, and its database: what it published is there, and is looked at only.
pub(super) fn look(place: &KeyPlace) -> Result<(Seen, Arc<Database>), KeyError> {
    let files = Arc::new(Disk::open(&place.data)?);
    let database = Database::open_to_read(&place.data.join("registry.sqlite"))?;
    let database = Arc::new(database);
    let keys = Keys::load(&place.keys)?;
    let seen = Seen::look(place.log, files, Arc::clone(&database), &keys)?;
    Ok((seen, database))
}

/// The keys that the records of a registry's own chain name.
fn listed(origin: &Origin, records: &[(SignedRecord, Time)]) -> Result<Vec<ListedKey>, KeyError> {
    let mut chain = RegistryChain::new(origin.clone());
    for (record, _) in records {
        chain.apply(record)?;
    }
    let at = |seq: u32| {
        let record = usize::try_from(seq).ok().and_then(|seq| records.get(seq));
        record.map(|(_, time)| *time)
    };
    let listed = chain.keys().iter().filter_map(|key| {
        Some(ListedKey {
            role: key.role,
            vkey: key.vkey.clone(),
            added: at(key.added)?,
            removed: key.removed.and_then(at),
        })
    });
    Ok(listed.collect())
}

/// A log that is open for a command.
pub(super) struct Opened {
    keys: Arc<Keys>,
    database: Arc<Database>,
    log: Log,
    clock: Arc<dyn Clock>,
    failed: Arc<Mutex<Option<String>>>,
}

impl Opened {
    pub(super) fn open(place: &KeyPlace) -> Result<Opened, KeyError> {
        let disk = Disk::open(&place.data)?.lock()?;
        durable::clean(&disk)?;
        let database = Arc::new(Database::open(&place.data.join("registry.sqlite"))?);
        let keys = Arc::new(Keys::load(&place.keys)?);
        let failed: Arc<Mutex<Option<String>>> = Arc::default();
        let report = failed.clone();
        let fatal: Fatal = Arc::new(move |error: &str| {
            *report.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_owned());
        });
        let source = Source {
            log: place.log,
            files: Arc::new(disk),
            database: database.clone(),
            clock: place.clock.clone(),
            keys: keys.clone(),
            cosigning: place.cosigning.clone(),
        };
        Ok(Opened {
            keys,
            database,
            log: Log::open(&source, fatal)?,
            clock: place.clock.clone(),
            failed,
        })
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn registry(&self) -> Result<Vec<(SignedRecord, Time)>, KeyError> {
        Ok(self.log.registry()?)
    }

    pub(super) fn chain(&self, subject: &Subject) -> Result<Vec<SignedRecord>, KeyError> {
        Ok(self.log.chain(subject)?)
    }

    /// What a record that the registry's own keys sign refers to.
    pub(super) fn registry_head(&self) -> Result<Reference, KeyError> {
        let records = self.chain(&Subject::Registry)?;
        let head = records.last().map_or(Hash::ZERO, SignedRecord::hash);
        let seq = u32::try_from(records.len().saturating_sub(1)).unwrap_or(u32::MAX);
        Ok(Reference { seq, hash: head })
    }

    /// Brings everything to the disk, and gives up the directory.
    pub(super) async fn close<T>(self, result: Result<T, KeyError>) -> Result<T, KeyError> {
        self.log.close().await;
        let failed = self
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match failed {
            Some(error) => Err(KeyError::Fatal(error)),
            None => result,
        }
    }

    fn listed(&self) -> Result<Vec<ListedKey>, KeyError> {
        listed(self.log.origin(), &self.log.registry()?)
    }

    /// Before a key is made: whether its record could be signed, and is not there already.
    fn can_rotate(&self, place: &KeyPlace) -> Result<(), KeyError> {
        self.root(place)?;
        let next = self.keys.log.get(1).map(SigningKey::vkey);
        let mut listed = self.listed()?.into_iter();
        match listed.find(|key| Some(&key.vkey) == next) {
            Some(known) => Err(KeyError::Rotating(known.vkey, known.added)),
            None => Ok(()),
        }
    }

    /// As the key is made before it is logged, one that was not logged is there to be taken.
    async fn rotate_ingest(&self, place: &KeyPlace) -> Result<Vkey, KeyError> {
        self.root(place)?;
        let listed = self.listed()?;
        let known = listed.iter().filter(|key| key.role == Role::Ingest).count();
        let is_known = |vkey: &Vkey| listed.iter().any(|key| key.vkey == *vkey);
        let new = Keys::make_ingest(&place.keys, self.log.origin(), known + 1, is_known)?;
        let vkey = new.vkey().clone();
        self.log(place, RegistryAct::KeyAdd(Role::Ingest, vkey.clone()))
            .await?;
        Ok(vkey)
    }

    async fn remove(&self, place: &KeyPlace, role: Role, vkey: &Vkey) -> Result<Removed, KeyError> {
        let own = self.keys.vkeys().into_iter().find(|(_, own)| own == vkey);
        match own.map(|(held, _)| held) {
            Some(Role::Ingest) if self.log.ingest().first().map(SigningKey::vkey) == Some(vkey) => {
                return Err(KeyError::NewestIngest(vkey.clone()));
            }
            None | Some(Role::Root | Role::Ingest) => {}
            Some(Role::Log) => return Err(KeyError::InUse(vkey.clone())),
            Some(held) => return Err(KeyError::Held(held, vkey.clone())),
        }
        let is_own = role == Role::Ingest && own_ingest(&self.keys, vkey);
        let mut listed = self.listed()?.into_iter();
        let known = listed.find(|key| key.role == role && key.vkey == *vkey);
        match known.and_then(|key| key.removed) {
            None => {
                let act = RegistryAct::KeyRemove(role, vkey.clone());
                self.log(place, act).await?;
            }
            // It was interrupted after that, if its file is there.
            Some(_) if is_own => {}
            Some(time) => return Ok(Removed::Before(time)),
        }
        if is_own {
            Keys::forget_ingest(&place.keys, vkey)?;
        }
        Ok(Removed::Now)
    }

    async fn finish(&self, place: &KeyPlace, early: Early) -> Result<Vkey, KeyError> {
        let [old, next] = self.keys.log.as_slice() else {
            return Err(KeyError::NotRotating);
        };
        let listed = self.listed()?;
        let find = |vkey: &Vkey| listed.iter().find(|key| key.vkey == *vkey);
        let added = find(next.vkey()).ok_or(KeyError::NotRotating)?.added;
        let until = Time::from_seconds(added.seconds() + BOTH_SIGN).map_err(|_| KeyError::Clock)?;
        if early == Early::Refused && self.now()? < until {
            let since = added;
            return Err(KeyError::TooEarly { since, until });
        }
        // It was interrupted after that, if it is removed already.
        if find(old.vkey()).is_some_and(|old| old.removed.is_none()) {
            let act = RegistryAct::KeyRemove(Role::Log, old.vkey().clone());
            self.log(place, act).await?;
        }
        Ok(next.vkey().clone())
    }

    /// Logs a record of the registry, signed by its root key.
    pub(super) async fn log(&self, place: &KeyPlace, act: RegistryAct) -> Result<(), KeyError> {
        let root = self.root(place)?;
        let Reference { seq, hash } = self.registry_head()?;
        let link = Link {
            seq: seq + 1,
            prev: hash,
        };
        self.submit(Statement::Registry { link, act }, &root).await
    }

    /// Logs a record.
    pub(super) async fn submit(
        &self,
        statement: Statement,
        key: &SigningKey,
    ) -> Result<(), KeyError> {
        let record = Record {
            origin: self.log.origin().clone(),
            statement,
            time: self.now()?,
        };
        let submission = Submission {
            record: SignedRecord::sign(record, &[key])?,
            world: None,
        };
        self.log.submit(submission).await?;
        Ok(())
    }

    fn root(&self, place: &KeyPlace) -> Result<SigningKey, KeyError> {
        let path = place
            .root
            .clone()
            .unwrap_or_else(|| place.keys.join("root.key"));
        let key = load(Path::new(&path), Algorithm::Ed25519)?;
        key.ok_or(KeyError::RootMissing(path))
    }

    fn now(&self) -> Result<Time, KeyError> {
        Time::from_seconds(self.clock.wall().as_secs()).map_err(|_| KeyError::Clock)
    }
}

fn own_ingest(keys: &Keys, vkey: &Vkey) -> bool {
    let own = keys.vkeys().into_iter();
    own.filter(|(role, _)| *role == Role::Ingest)
        .any(|(_, own)| own == *vkey)
}

impl std::fmt::Display for ListedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} added {}", self.role, self.vkey, self.added)?;
        match self.removed {
            Some(removed) => write!(f, " removed {removed}"),
            None => Ok(()),
        }
    }
}
