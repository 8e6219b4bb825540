//! A client of registries that speak the [OCI distribution specification], ours or not.
//!
//! What comes from there is checked against digests, and against nothing else: no log says that everyone gets the
//! same, that a tag means what it meant yesterday, or who published it. So nothing here makes a
//! [`crate::verify::Verified`], and whoever shows what came should say that it is unverified.
//!
//! Requests are made as those of [`super::Client`] are, but for two things. A registry says itself how it wants to be
//! convinced (`WWW-Authenticate`), so credentials become a header of each request, or are exchanged for a token of one
//! repository. And content may be redirected to another host, as most registries do: over https, and without
//! credentials.
//!
//! [OCI distribution specification]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md

mod reference;
mod tag;

mod config;
mod manifest;

mod auth_file;
mod challenge;
mod credential;

mod link;
mod token;

mod client;
mod metadata;
mod pull;
mod push;
mod referrers;
mod upload;

#[cfg(any(test, fuzzing))]
pub mod laws;

pub use auth_file::{AuthFile, AuthFileError, Kept};
pub use client::{OciClient, OciOptions};
pub use config::{ComponentForm, ComponentPackage};
pub use credential::{OciCredential, OciCredentials};
pub use manifest::{Descriptor, Manifest, ManifestError, media};
pub use metadata::{Metadata, discover};
pub use pull::{NamedManifest, OciBlob, OciPulled};
pub use reference::{Host, Pick, Reference, ReferenceError, Repository, Tag};
pub use referrers::Attached;
pub use tag::{tag_of, version_of};
