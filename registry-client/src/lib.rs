//! The protocol and the trust of a Tenon registry, for its clients and its server.

pub mod chain;
mod digest;
pub mod log;
pub mod monitor;
pub mod name;
pub mod record;
pub mod state;
mod text;
pub mod verify;

pub use digest::{Digest, DigestError, Hasher};
