//! What a client keeps on disk: content and records that can be fetched again, and what must never be
//! lost.
//!
//! The two are in different directories. A *cache* ([`Cache`]) may be removed at any time; nothing in
//! it is believed, and everything is verified again when it is read. The *state* ([`StateDir`]) is what
//! keeps a registry from showing this client another history, and is only ever replaced by what
//! follows from it.
//!
//! Every file appears whole or not at all: it is written beside its place, synchronised, and renamed.
//! Below the directories that the user named, no symbolic link is followed.

mod cache;
pub(crate) mod file;
mod state;

pub use cache::Cache;
pub(crate) use cache::{Partial, Step};
pub use file::StoreError;
pub use state::{StateDir, log_key};
