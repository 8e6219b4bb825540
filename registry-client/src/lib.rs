//! The protocol and the trust of a Tenon registry, for its clients and its server.

mod digest;
pub mod log;
pub mod name;
pub mod record;
mod text;

pub use digest::{Digest, DigestError, Hasher};
