//! The client of a registry: it asks, verifies, keeps, and only then answers.
//!
//! A [`Client`] is for one registry, which a [`crate::state::Pin`] names. What it returns is one of two
//! kinds, and the types say which:
//!
//! - *verified*: [`Client::view`], [`Client::resolve`], [`Client::fetch`], [`Client::check_locked`] and
//!   what a [`Receipt`] says. Each goes through [`crate::verify`](mod@crate::verify) against the trust
//!   state of this log, which is replaced once everything is verified, content included.
//! - *for people*: [`Client::info`], [`Client::packages`], [`Client::search`], [`Client::whoami`],
//!   [`Client::registry_info`], the types of [`crate::api`]: the registry's word, for looking at things.
//!
//! ```no_run
//! use tenon_registry_client::http::{Client, Options};
//!
//! # async fn example(pin: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let base = "https://registry.example".parse()?;
//! let client = Client::new(Options::new(base, pin.parse()?, "state", "cache"))?;
//! let package = "acme:http".parse()?;
//! let version = client.resolve(&package, Some(&"^1.2".parse()?)).await?.version;
//! let fetched = client.fetch(&package, &version).await?;
//! std::fs::copy(&fetched.path, "http.wasm")?;
//! # Ok(())
//! # }
//! ```
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
//! # Without a network
//!
//! With [`Network::Offline`], [`Client::view`] and [`Client::fetch`] verify again what was verified before:
//! for each request the cache keeps the last bundle, put together with the records that were held, so
//! that it stands on its own. It is verified from nothing but the trust state: signature, inclusion, map,
//! chains and witnesses. If the trust state has moved on since, every step by which the log grew from that
//! bundle's checkpoint to the state's must be kept, too, and hold; and no chain may be shorter than it was
//! ever seen. Only the age of the checkpoint does not matter; [`crate::verify::View::index_time`] says it, so that a
//! user can be warned. Nothing is written then.

mod base;
mod options;
mod progress;
mod token;

mod body;
mod error;
mod transport;

mod client;
mod fetch;
mod resolve;
mod view;

mod locked;
mod read;

mod draft;
mod submit;
mod upload;

mod follow;
mod mirror;

pub use base::{BaseUrl, BaseUrlError};
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
