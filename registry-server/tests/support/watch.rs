//! A database that is copied whenever it was committed, and what a disk beside it has marked of that.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tenon_registry_server::store::Simulated;

/// Copies a database after its commits.
#[derive(Debug)]
pub(crate) struct Watch {
    connection: Connection,
    version: i64,
    copied: usize,
    dir: TempDir,
}

impl Watch {
    pub(crate) fn new(database: &Path) -> Watch {
        Watch {
            connection: Connection::open(database).unwrap(),
            version: -1,
            copied: 0,
            dir: scratch(),
        }
    }

    /// Whether it was committed since this was last asked.
    pub(crate) fn has_changed(&mut self) -> bool {
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .unwrap();
        std::mem::replace(&mut self.version, version) != version
    }

    /// Copies it, and marks that in the history of a disk.
    pub(crate) fn copy(&mut self, disk: &Simulated) -> PathBuf {
        let number = self.copied;
        let path = self.dir.path().join(format!("{number}.sqlite"));
        let (copy, text) = ("VACUUM INTO ?1", path.to_str().unwrap());
        self.connection.execute(copy, [text]).unwrap();
        disk.mark(&format!("database {number}"));
        self.copied += 1;
        path
    }
}

/// The number that was last marked with this label.
pub(crate) fn last(disk: &Simulated, label: &str) -> Option<u64> {
    let marks = disk.marks();
    let mut numbers = marks
        .iter()
        .rev()
        .filter_map(|mark| mark.strip_prefix(label));
    numbers.next().map(|number| number.parse().unwrap())
}

/// A directory in memory where there is one: these tests open thousands of databases, and it is not
/// the machine's own disk that they are about.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}
