//! Files beside the tests, which say what is written.

use std::fs;
use std::path::PathBuf;

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// What is written is what the file has; `UPDATE=1` writes the file.
#[track_caller]
pub(crate) fn check(name: &str, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path(name), text).unwrap();
    }
    assert_eq!(read(name), text, "{name}: run again with UPDATE=1");
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/project/golden")
        .join(name)
}
