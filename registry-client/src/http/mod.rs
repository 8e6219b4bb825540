//! The client of a registry: it asks, verifies, keeps, and only then answers.
//!
//! A [`Client`] is for one registry, which a [`crate::state::Pin`] names. What it returns is one of two
//! kinds, and the types say which:
//!
//! - *verified*: [`Client::view`], [`Client::resolve`], [`Client::fetch`], [`Client::install`],
//!   [`Client::check_locked`], [`Client::check_checkpoint`] and what a [`Receipt`] says. Each goes through
//!   [`crate::verify`](mod@crate::verify) against the trust state of this log, which is replaced once everything is
//!   verified, content included.
//! - *for people*: [`Client::info`], [`Client::packages`], [`Client::search`], [`Client::whoami`],
//!   [`Client::registry_info`], the types of [`crate::api`]: the registry's word, for looking at things.
//!
//! [`Client::candidates`] has both: releases that are verified, and what the registry says of each.
//!
//! ```no_run
//! use tenon_registry_client::http::{Client, Options};
//!
//! # async fn example(pin: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://registry.example".parse()?;
//! let client = Client::new(Options::new(base, pin.parse()?, "state", "cache"))?;
//! let package = "acme:http".parse()?;
//! let version = client.resolve(&package, Some(&"^1.2".parse()?)).await?.version;
//! let mut fetched = client.fetch(&package, &version).await?;
//! std::io::copy(&mut fetched.file, &mut std::fs::File::create("http.wasm")?)?;
//! # Ok(())
//! # }
//! ```
//!
//! Registries that have no log are spoken to by [`oci`]: nothing that comes from there is verified, nor of a type that
//! says so.
//!
//! # Requests
//!
//! Only reads are repeated, and only where a connection was not made or was cut, or the status is
//! 429, 502, 503 or 504; pauses double, are shortened by chance, and are as long as `Retry-After` says within
//! bounds. Redirects are followed at most five times and never to another scheme, host or port, so that
//! no token leaves the registry's origin. A token is asked for after a 401, or before something is
//! written. Answers must not be encoded, and have a most length before the first byte is read.
//!
//! The proxies that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name are used, in upper or lower case, as `reqwest`
//! does by default; never for a registry on this machine. Certificates are judged by the platform's
//! verifier. If the process has no default of `rustls` for cryptography yet, *ring* becomes it.
//!
//! # Lock files
//!
//! A lock file has a [`crate::lock::LockedRelease`] for each release and a note for each registry. To build from it
//! takes one [`Client::check_checkpoint`] and an [`Client::install`] for each release; [`Client::checkpoint_note`] is the
//! note to write, once everything was looked at, and [`Client::merge_checkpoints`] the one that stays of two.
//! Content is hashed once, while it comes or is read from the cache, and handed over open ([`Fetched::file`]).
//!
//! # Many at once
//!
//! The clones of a client share what they wait for. Requests and downloads go on side by side; the same content
//! is downloaded by the first who wants it, and the others wait. The trust state is replaced by one at a time: if
//! the log grew meanwhile and someone else of this client has remembered that, the request is made once more, and
//! nobody of this client overtakes it again. So each costs one proof, or two in a log that grows, and only
//! *another process* can bring about [`ErrorKind::Contended`].
//!
//! # Without a network
//!
//! With [`Network::Offline`], [`Client::view`], [`Client::fetch`] and all that is made of them verify again what was
//! verified before: for each request the cache keeps the last bundle, put together with the records that were held,
//! so that it stands on its own. It is verified from nothing but the trust state: signature, inclusion, map,
//! chains and witnesses. If the trust state has moved on since, every step by which the log grew from that
//! bundle's checkpoint to the state's must be kept, too, and hold; and no chain may be shorter than it was
//! ever seen; a lock file that knows more than was seen here takes a network. Only the age of the checkpoint does not matter; [`crate::verify::View::index_time`] says it, so that a
//! user can be warned. Nothing is written then.

mod base;
mod options;
mod progress;
mod token;

mod body;
mod download;
mod error;
mod transport;
mod turn;

mod candidates;
mod client;
mod fetch;
mod resolve;
mod since;
mod view;

mod locked;
mod read;

mod draft;
mod submit;
mod upload;

mod follow;
mod mirror;

pub mod oci;

pub use base::{BaseUrl, BaseUrlError};
pub use candidates::{Candidate, Candidates};
pub use client::Client;
pub use draft::{Draft, DraftError};
pub use error::{Error, ErrorKind};
pub use fetch::{Fetched, FetchedFrom};
pub use follow::Followed;
pub use locked::{Agreement, CheckedRelease};
pub use mirror::Mirrored;
pub use options::{Limits, Network, Options, Timeouts};
pub use progress::{Meter, Progress, Transfer, TransferKind};
pub use read::introduce;
pub use resolve::{NoMatch, Resolved};
pub use submit::{Receipt, ReceiptProof};
pub use token::{Credentials, Token, TokenError};
pub use upload::{Uploaded, Uploading};
