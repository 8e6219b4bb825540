//! A project: `tenon.toml`, which people write, and `tenon.lock`, which remembers what came of it.
//!
//! | what | where |
//! |---|---|
//! | the manifest, read | [`Manifest`] |
//! | the manifest, changed without touching what is around the change | [`ManifestEdit`] |
//! | a manifest, written anew | [`new_manifest`] |
//! | the lock file | [`LockFile`] |
//! | a file in which git left a conflict, taken apart | [`conflict`] |
//! | whether a lock file answers what is asked | [`satisfaction`] |
//! | who needs whom | [`Tree`] |
//! | the files of `wkg`, for a project that moves | [`wkg`] |
//!
//! No I/O: texts go in and come out.

pub mod conflict;
mod edit;
mod fault;
mod list;
mod lock_file;
mod manifest;
mod quoted;
pub mod satisfaction;
mod starter;
mod table;
mod tree;
mod unlogged;
pub mod wkg;

pub use edit::ManifestEdit;
pub use fault::Fault;
pub use lock_file::{
    LOCK_VERSION, LockFile, LockFileError, LockedPackage, LockedSource, MAX_LOCK_FILE,
};
pub use manifest::{
    About, Compose, Dependency, MAX_MANIFEST, Manifest, ManifestError, Subject, WitFolder,
};
pub use starter::new_manifest;
pub use tree::{Asker, Step, Tree};
pub use unlogged::{UnloggedPlace, UnloggedPlaceError, UnloggedRelease};
