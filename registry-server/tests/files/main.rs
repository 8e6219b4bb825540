//! The file layer: what it promises on a real disk, on one that fails, and on one that loses power.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails, and says what it counted"
)]

mod agreement;
mod disk;
mod durable;
mod faults;
mod laws;

use std::collections::BTreeMap;
use std::sync::Arc;
use tenon_registry_server::store::{Content, FilePath, Files, Simulated, Tree};

fn path(text: &str) -> FilePath {
    match text {
        "." => FilePath::root(),
        text => text.parse().unwrap(),
    }
}

fn shared(disk: &Simulated) -> Arc<dyn Files> {
    Arc::new(disk.clone())
}

/// Files with their bytes, and directories, which end in `/`.
fn tree(contents: &[(&str, &str)]) -> Tree {
    let content = |(at, bytes): &(&str, &str)| match at.strip_suffix('/') {
        Some(dir) => (path(dir), Content::Dir),
        None => (path(at), Content::File(bytes.as_bytes().to_vec())),
    };
    contents.iter().map(content).collect::<BTreeMap<_, _>>()
}

/// Creates a file and writes to it, once per text, without a sync.
fn write(files: &dyn Files, at: &str, texts: &[&str]) {
    let mut file = files.create(&path(at)).unwrap();
    for text in texts {
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// The same, and the file is synced; its name is not.
fn write_synced(files: &dyn Files, at: &str, texts: &[&str]) {
    write(files, at, texts);
    files.open(&path(at)).unwrap().sync().unwrap();
}

/// What a disk holds that was put there and synced, with nothing else to remember.
fn settled(disk: &Simulated) -> Simulated {
    disk.crash_states(2, 0).next().unwrap()
}
