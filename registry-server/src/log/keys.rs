//! The registry's own keys: one for each role, each in a file of its own.

use super::LogId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tenon_registry_client::log::{Algorithm, KeyError, KeyName, Origin, SigningKey, Vkey};
use tenon_registry_client::record::Role;

const HEADER: &str = "tenon-registry-key/v1";

/// The file of the key that is taking the place of the log key.
const NEXT_LOG_KEY: &str = "log-next.key";

impl LogId {
    /// Where the keys of a log are, in a data directory.
    pub fn keys(self, data: &Path) -> PathBuf {
        data.join(match self {
            LogId::Public => "keys/public",
            LogId::Private => "keys/private",
        })
    }
}

/// The keys that a running registry signs with.
#[derive(Debug)]
pub struct Keys {
    /// Signs records of the registry; may be kept elsewhere.
    pub root: Option<SigningKey>,
    /// Sign checkpoints: one, or two while one is replaced.
    pub log: Vec<SigningKey>,
    /// Signs index records and takedowns.
    pub index: SigningKey,
    /// Cosigns checkpoints with the time.
    pub time: SigningKey,
    /// Signs releases for those who have no key of their own, where owners let it.
    pub ingest: SigningKey,
    /// Those that did before, in the order in which they were made: where they are granted, they go on to.
    pub earlier_ingest: Vec<SigningKey>,
}

/// A key in a file, and what it is for.
#[derive(Debug)]
pub(crate) struct KeyFile {
    /// The name of the file.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) role: Role,
    /// The key.
    pub(crate) vkey: Vkey,
}

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A file or directory cannot be used.
    #[error("cannot {what} `{}`", path.display())]
    Io {
        /// What was to be done.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read a key.
    #[error("others can read the key `{}`: run `chmod 600` on it, and consider it stolen", .0.display())]
    Readable(PathBuf),
    /// The file is not that of a key.
    #[error("`{}` is no key of a registry: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// A key that has to be there is not.
    #[error("the key `{}` is missing: put it back from a backup, since clients know the log by its keys", .0.display())]
    Missing(PathBuf),
    /// None of the ingest keys is there; which of them the log still has, its files do not say.
    #[error("`{}` has no ingest key: put back from a backup the one that `tenon-registry fsck` names, as one that was removed must not come back", .0.display())]
    NoIngest(PathBuf),
    /// There is no randomness.
    #[error("the system gives no randomness for keys")]
    Random(#[source] getrandom::Error),
    /// The name cannot be that of a key.
    #[error("no key can have this name")]
    Name(#[source] KeyError),
}

impl Keys {
    /// Makes new keys for a log, and keeps them in a directory: files that only the owner can read.
    /// The origin is the log key's own hash unless one is given.
    ///
    /// # Errors
    ///
    /// There are keys already, or they cannot be written.
    pub fn generate(dir: &Path, origin: Option<&Origin>) -> Result<(Keys, Origin), KeysError> {
        let seed = random()?;
        // The origin is made of the public key, and the key's name is the origin.
        let provisional = KeyName::new("log").map_err(KeysError::Name)?;
        let key = SigningKey::from_seed(provisional, Algorithm::Ed25519, &seed);
        let origin = origin
            .cloned()
            .unwrap_or_else(|| Origin::of_key(key.vkey().key()));
        let parent = dir.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        // All of them or none: what a process that died left is not used.
        let draft = dir.with_extension("new");
        match fs::remove_dir_all(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", &draft)(error));
            }
            _ => {}
        }
        let made = fs::DirBuilder::new().mode(0o700).create(&draft);
        made.map_err(io_error("create", &draft))?;
        save(&file(&draft, Role::Log), origin.as_str(), &seed)?;
        for role in [Role::Root, Role::Index, Role::Time, Role::Ingest] {
            save(&file(&draft, role), &format!("{origin}/{role}"), &random()?)?;
        }
        sync_dir(&draft)?;
        fs::rename(&draft, dir).map_err(io_error("create", dir))?;
        sync_dir(parent)?;
        Ok((Keys::load(dir)?, origin))
    }

    /// Reads the keys in a directory. The root key may be missing.
    ///
    /// # Errors
    ///
    /// Another key is missing, or a file is not as it should be.
    pub fn load(dir: &Path) -> Result<Keys, KeysError> {
        let need = |role: Role| {
            let path = file(dir, role);
            load(&path, algorithm(role))?.ok_or(KeysError::Missing(path))
        };
        let next = load(&dir.join(NEXT_LOG_KEY), Algorithm::Ed25519)?;
        let mut earlier_ingest: Vec<SigningKey> =
            ingest_keys(dir)?.into_iter().map(|(_, key)| key).collect();
        let ingest = earlier_ingest.pop();
        Ok(Keys {
            root: load(&file(dir, Role::Root), Algorithm::Ed25519)?,
            log: [need(Role::Log)?].into_iter().chain(next).collect(),
            index: need(Role::Index)?,
            time: need(Role::Time)?,
            ingest: ingest.ok_or_else(|| KeysError::NoIngest(dir.to_owned()))?,
            earlier_ingest,
        })
    }

    /// The key that takes the place of the log key in a directory: made, if there is none yet. It
    /// does not sign until the log's own chain has it.
    ///
    /// # Errors
    ///
    /// The log key is missing; the new one cannot be written or read.
    pub fn make_next(dir: &Path) -> Result<SigningKey, KeysError> {
        let path = file(dir, Role::Log);
        let current = load(&path, Algorithm::Ed25519)?;
        let name = current.ok_or(KeysError::Missing(path))?;
        let next = dir.join(NEXT_LOG_KEY);
        make(&next, name.vkey().name().as_str(), Algorithm::Ed25519)
    }

    /// Puts the next log key in the place of the log key, which is gone then.
    ///
    /// # Errors
    ///
    /// A file or directory cannot be used.
    pub fn promote_next(dir: &Path) -> Result<(), KeysError> {
        let next = dir.join(NEXT_LOG_KEY);
        let path = file(dir, Role::Log);
        fs::rename(&next, &path).map_err(io_error("rename", &next))?;
        sync_dir(dir)
    }

    /// One more ingest key in a directory, of this name and number, or a later one. One that was made
    /// before, and that the log does not know, is taken.
    ///
    /// # Errors
    ///
    /// It cannot be written or read.
    pub fn make_ingest(
        dir: &Path,
        origin: &Origin,
        number: usize,
        is_known: impl Fn(&Vkey) -> bool,
    ) -> Result<SigningKey, KeysError> {
        for number in number.max(2).. {
            let name = format!("{}/{}-{number}", origin.as_str(), Role::Ingest);
            let key = make(&ingest_file(dir, number), &name, algorithm(Role::Ingest))?;
            if !is_known(key.vkey()) {
                return Ok(key);
            }
        }
        Err(KeysError::Missing(file(dir, Role::Ingest)))
    }

    /// Removes the file of an ingest key that the log has removed, if there is one.
    ///
    /// # Errors
    ///
    /// A file or directory cannot be used.
    pub fn forget_ingest(dir: &Path, vkey: &Vkey) -> Result<(), KeysError> {
        for (path, key) in ingest_keys(dir)? {
            if key.vkey() == vkey {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            }
        }
        sync_dir(dir)
    }

    /// The files of keys that are in a directory, whether or not they are all that there have to be.
    ///
    /// # Errors
    ///
    /// A file or directory cannot be read, or is not as it should be.
    pub(crate) fn files(dir: &Path) -> Result<Vec<KeyFile>, KeysError> {
        let single = [Role::Root, Role::Log, Role::Index, Role::Time];
        let single = single.map(|role| (role, file(dir, role)));
        let mut found = vec![];
        for (role, path) in [(Role::Log, dir.join(NEXT_LOG_KEY))]
            .into_iter()
            .chain(single)
        {
            let key = load(&path, algorithm(role))?;
            found.extend(key.map(|key| (role, path, key)));
        }
        let ingest = ingest_keys(dir)?.into_iter();
        found.extend(ingest.map(|(path, key)| (Role::Ingest, path, key)));
        let files = found.into_iter().map(|(role, path, key)| KeyFile {
            name: file_name(&path),
            role,
            vkey: key.vkey().clone(),
        });
        Ok(files.collect())
    }

    /// The names of the files in a directory that look like those of ingest keys, and are not: their number is
    /// none, or is not written as this program writes it.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub(crate) fn misnamed(dir: &Path) -> Result<Vec<String>, KeysError> {
        let named = named_as_ingest(dir)?.into_iter();
        let others = named.filter(|(_, number)| number.is_none());
        Ok(others.map(|(name, _)| name).collect())
    }

    /// The public keys, by role.
    pub fn vkeys(&self) -> Vec<(Role, Vkey)> {
        let root = self.root.iter().map(|key| (Role::Root, key));
        let log = self.log.iter().map(|key| (Role::Log, key));
        let others = [(Role::Index, &self.index), (Role::Time, &self.time)];
        let ingest = self.earlier_ingest.iter().chain([&self.ingest]);
        let ingest = ingest.map(|key| (Role::Ingest, key));
        let all = root.chain(log).chain(others).chain(ingest);
        all.map(|(role, key)| (role, key.vkey().clone())).collect()
    }
}

/// The key in a file; a new one, if there is no file. Whatever a process that died left of it is not
/// taken for one.
///
/// # Errors
///
/// The file cannot be read or written, or is not that of a key.
pub(crate) fn make(path: &Path, name: &str, algorithm: Algorithm) -> Result<SigningKey, KeysError> {
    if let Some(key) = load(path, algorithm)? {
        return Ok(key);
    }
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("remove", &draft)(error));
        }
        _ => {}
    }
    save(&draft, name, &random()?)?;
    fs::rename(&draft, path).map_err(io_error("create", path))?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))?;
    load(path, algorithm)?.ok_or_else(|| KeysError::Missing(path.to_owned()))
}

/// The name of the file that an ingest key of a log is made in, if its own name is as they are made.
pub(crate) fn ingest_file_name(origin: &Origin, vkey: &Vkey) -> Option<String> {
    let name = vkey.name().as_str().strip_prefix(origin.as_str())?;
    let name = name.strip_prefix('/')?;
    let rest = name.strip_prefix(Role::Ingest.as_str())?;
    let is_made = match rest.strip_prefix('-') {
        None => rest.is_empty(),
        Some(number) => later_number(number).is_some(),
    };
    is_made.then(|| format!("{name}.key"))
}

/// 32 bytes for a key.
///
/// # Errors
///
/// [`KeysError::Random`].
pub fn random() -> Result<[u8; 32], KeysError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(KeysError::Random)?;
    Ok(bytes)
}

fn algorithm(role: Role) -> Algorithm {
    match role {
        Role::Time => Algorithm::Cosignature,
        _ => Algorithm::Ed25519,
    }
}

fn file(dir: &Path, role: Role) -> PathBuf {
    dir.join(format!("{role}.key"))
}

/// Where an ingest key is: the first one as any other, those made later by their number.
fn ingest_file(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("{}-{number}.key", Role::Ingest))
}

/// The ingest keys in a directory, in the order in which they were made.
fn ingest_keys(dir: &Path) -> Result<Vec<(PathBuf, SigningKey)>, KeysError> {
    let later = named_as_ingest(dir)?.into_iter();
    let later: BTreeSet<usize> = later.filter_map(|(_, number)| number).collect();
    let later = later.into_iter().map(|number| ingest_file(dir, number));
    let mut keys = vec![];
    for path in [file(dir, Role::Ingest)].into_iter().chain(later) {
        if let Some(key) = load(&path, algorithm(Role::Ingest))? {
            keys.push((path, key));
        }
    }
    Ok(keys)
}

/// The files in a directory that are named as ingest keys made later are, in order, each with its number if
/// [`ingest_file`] would name it so.
fn named_as_ingest(dir: &Path) -> Result<BTreeMap<String, Option<usize>>, KeysError> {
    let mut named = BTreeMap::new();
    for entry in fs::read_dir(dir).map_err(io_error("read", dir))? {
        let name = entry.map_err(io_error("read", dir))?.file_name();
        let name = name.to_string_lossy();
        let text = name
            .strip_prefix(Role::Ingest.as_str())
            .and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".key"));
        if let Some(text) = text {
            let number = later_number(text);
            named.insert(name.clone().into_owned(), number);
        }
    }
    Ok(named)
}

/// The number of an ingest key that is not the first one, as this program writes it.
fn later_number(text: &str) -> Option<usize> {
    let number = text.parse().ok();
    number.filter(|number: &usize| *number >= 2 && number.to_string() == text)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn save(path: &Path, name: &str, seed: &[u8; 32]) -> Result<(), KeysError> {
    let text = format!("{HEADER}\nname {name}\nseed {}\n", hex(seed));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(io_error("create", path))?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(io_error("write", path))
}

fn sync_dir(dir: &Path) -> Result<(), KeysError> {
    let synced = fs::File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(io_error("sync", dir))
}

/// The key in a file, if there is one.
///
/// # Errors
///
/// It cannot be read, others can read it, or it is no key.
pub(crate) fn load(path: &Path, algorithm: Algorithm) -> Result<Option<SigningKey>, KeysError> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io_error("read", path))?,
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(KeysError::Readable(path.to_owned()));
    }
    let wrong = |problem| KeysError::Syntax {
        path: path.to_owned(),
        problem,
    };
    let text = fs::read_to_string(path).map_err(io_error("read", path))?;
    let rest = text
        .strip_prefix(HEADER)
        .and_then(|rest| rest.strip_prefix("\nname "));
    let rest = rest.ok_or(wrong("it does not begin as one"))?;
    let (name, rest) = rest.split_once("\nseed ").ok_or(wrong("it has no seed"))?;
    let seed = rest.strip_suffix('\n').and_then(from_hex);
    let seed = seed.ok_or(wrong("its seed is not 64 hexadecimal digits"))?;
    let name = KeyName::new(name).map_err(KeysError::Name)?;
    Ok(Some(SigningKey::from_seed(name, algorithm, &seed)))
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeysError {
    let path = path.to_owned();
    move |source| KeysError::Io { what, path, source }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
        text
    })
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    (text.len() == 64).then_some(())?;
    bytes.try_into().ok()
}
