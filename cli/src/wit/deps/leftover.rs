//! What a process that was killed left beside `deps`.

use crate::wit::read::sorted;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// How the names of folders begin in which packages are written before they get their places.
pub(super) const PREFIX: &str = ".tenon-wit-";
/// The file in such a folder that is locked as long as its process lives.
const ALIVE: &str = "alive";

/// While this lives, nobody removes the folder.
pub(super) struct Alive(#[expect(dead_code, reason = "it is locked as long as it is open")] File);

impl Alive {
    pub(super) fn new(folder: &Path) -> io::Result<Alive> {
        let file = File::create_new(folder.join(ALIVE))?;
        // Where there are no locks, what is left stays.
        let _ = file.try_lock();
        Ok(Alive(file))
    }
}

/// Removes the folders whose processes are gone. That this fails costs their room.
pub(super) fn remove(beside: &Path) {
    for path in sorted(beside).unwrap_or_default() {
        let name = path.file_name().and_then(|name| name.to_str());
        let is_ours = name.is_some_and(|name| name.starts_with(PREFIX))
            && fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        if is_ours && is_dead(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Whether no process has the lock. One that is killed before it takes the lock leaves an empty folder.
fn is_dead(folder: &Path) -> bool {
    match File::open(folder.join(ALIVE)) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Only one that is empty can be removed this way.
            let _ = fs::remove_dir(folder);
            false
        }
        Err(_) => false,
    }
}
