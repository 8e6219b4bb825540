//! The protocol and the trust of a Tenon registry, for its clients and its server.
//!
//! So far there is [`Digest`], the name of content.

mod digest;

pub use digest::{Digest, DigestError, Hasher};
