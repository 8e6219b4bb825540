//! What the registry keeps: files, as they are served, in one directory.
//!
//! All of it goes through the trait [`Files`], of which there are three implementations: [`Disk`] is
//! the real one, [`Faulty`] fails the n-th call, and [`Simulated`] knows what a power loss may leave.
//! What is to outlast a power loss is written by the functions of [`durable`].

pub mod blobs;
pub mod database;
mod disk;
pub mod durable;
mod faulty;
mod files;
mod path;
pub mod reserve;
mod simulated;

pub use disk::{Disk, DiskError};
pub use faulty::{Call, Fault, Faulty, Which};
pub use files::{EntryKind, Files, Listed, ReadFile, WriteFile};
pub use path::{FilePath, FilePathError};
pub use simulated::{Content, CrashStates, Simulated, Tree};
