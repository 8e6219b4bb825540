//! Trust states on disk, one for each log.

use super::StoreError;
use super::file;
use crate::Digest;
use crate::record::Time;
use crate::state::{ForkEvidence, MAX_STATE, Pin, TrustState};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long another process may hold a lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which directory is a log's: 64 hexadecimal digits, the SHA-256 of its origin, a line feed, and
/// the hash of its leaf 0 as text.
pub fn log_key(pin: &Pin) -> String {
    Digest::of(format!("{}\n{}", pin.origin(), pin.init()).as_bytes()).hex()
}

/// The directory of one log below a state directory: `logs/<`[`log_key`]`>`.
///
/// It has the file `trust`, a file `lock` that processes lock while they replace it, a file
/// `fork-<time>.txt` for each fork that was found, and `archived-<time>` for each state that was reset.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: PathBuf,
    key: String,
    pin: Pin,
}

impl StateDir {
    /// The directory for the log of a pin. Nothing is made or read yet.
    pub fn new(root: impl Into<PathBuf>, pin: &Pin) -> StateDir {
        StateDir {
            root: root.into(),
            key: log_key(pin),
            pin: pin.clone(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.root.join("logs").join(&self.key)
    }

    /// Reads the state; `None` if there never was one.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not as it was written.
    pub fn load(&self) -> Result<Option<TrustState>, StoreError> {
        match file::find_dirs(&self.root, &["logs", &self.key])? {
            Some(dir) => self.load_from(&dir),
            None => Ok(None),
        }
    }

    fn load_from(&self, dir: &Path) -> Result<Option<TrustState>, StoreError> {
        let path = dir.join("trust");
        let refused = |source| StoreError::State {
            path: path.clone(),
            source,
        };
        if file::open(&path)?.is_none() {
            return Ok(None);
        }
        let bytes = file::read(&path, MAX_STATE as u64)?;
        let too_long = || refused(crate::state::StateError::TooLong(MAX_STATE + 1));
        let bytes = bytes.ok_or_else(too_long)?;
        TrustState::parse(&bytes, &self.pin)
            .map(Some)
            .map_err(refused)
    }

    /// Replaces the state by what `next` makes of the current one, while no other process can. What
    /// `next` refuses is not written.
    ///
    /// # Errors
    ///
    /// The files cannot be used; or, inside, what `next` says.
    pub fn update<E>(
        &self,
        next: impl FnOnce(Option<&TrustState>) -> Result<TrustState, E>,
    ) -> Result<Result<TrustState, E>, StoreError> {
        let dir = self.make()?;
        let _lock = lock(&dir)?;
        let current = self.load_from(&dir)?;
        let new = match next(current.as_ref()) {
            Ok(new) => new,
            Err(error) => return Ok(Err(error)),
        };
        if current.as_ref() != Some(&new) {
            file::write(&dir, "trust", new.to_string().as_bytes())?;
        }
        Ok(Ok(new))
    }

    /// Keeps both notes of a fork: the path of the file, which is there already if the same two were kept
    /// before.
    ///
    /// # Errors
    ///
    /// The files cannot be used.
    pub fn keep_evidence(&self, evidence: &ForkEvidence, now: Time) -> Result<PathBuf, StoreError> {
        let dir = self.make()?;
        let _lock = lock(&dir)?;
        let text = evidence.to_string();
        if let Some(path) = kept(&dir, text.as_bytes())? {
            return Ok(path);
        }
        for path in names(&dir, "fork", now, ".txt") {
            match file::open(&path)? {
                Some(_) => {}
                None => {
                    let name = path.file_name().unwrap_or_default();
                    file::write(&dir, &name.to_string_lossy(), text.as_bytes())?;
                    return Ok(path);
                }
            }
        }
        Ok(dir)
    }

    /// Puts the state aside: where it is from now on; `None` if there is none. Whoever does this must
    /// have made the user type the pin again.
    ///
    /// # Errors
    ///
    /// The files cannot be used.
    pub fn reset(&self, now: Time) -> Result<Option<PathBuf>, StoreError> {
        let dir = self.make()?;
        let _lock = lock(&dir)?;
        let trust = dir.join("trust");
        if file::open(&trust)?.is_none() {
            return Ok(None);
        }
        for path in names(&dir, "archived", now, "") {
            if file::open(&path)?.is_none() {
                std::fs::rename(&trust, &path).map_err(StoreError::io("rename", &trust))?;
                file::sync_dir(&dir)?;
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn make(&self) -> Result<PathBuf, StoreError> {
        file::make_dirs(&self.root, &["logs", &self.key])
    }
}

/// The file that has this evidence, if it was kept before.
fn kept(dir: &Path, evidence: &[u8]) -> Result<Option<PathBuf>, StoreError> {
    let entries = std::fs::read_dir(dir).map_err(StoreError::io("read", dir))?;
    for entry in entries {
        let path = entry.map_err(StoreError::io("read", dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What cannot be read is not it.
        let there = || file::read(&path, u64::MAX - 1).ok().flatten();
        if name.starts_with("fork") && there().is_some_and(|there| there == evidence) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Names with the time, without what not every system takes in a name.
fn names<'a>(
    dir: &'a Path,
    kind: &'a str,
    now: Time,
    ending: &'a str,
) -> impl Iterator<Item = PathBuf> + 'a {
    let time = now.to_string().replace(':', "");
    (1..1000_u32).map(move |n| match n {
        1 => dir.join(format!("{kind}-{time}{ending}")),
        n => dir.join(format!("{kind}-{time}-{n}{ending}")),
    })
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    // A link in place of it would have another file made or locked.
    file::open(&path)?;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(path)),
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &path)(error)),
        }
    }
}
