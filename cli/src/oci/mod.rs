//! Registries that speak OCI and have no log, as commands talk to them.
//!
//! What comes from there is as good as its digest: whoever names the digest gets those bytes, and whoever names a tag gets
//! what the registry says. So all of it is called unverified, wherever it is shown.
//!
//! | module | what |
//! |---|---|
//! | `keychain` | what a registry is convinced with, and where that is kept |
//! | `helper` | programs that keep credentials for docker and podman |
//! | `foreign` | a registry as commands talk to it |
//! | `home` | where the packages of a namespace are |
//! | `unlogged` | a component that was fetched, and what is said of it |
//! | `bom` | the bill of materials of a component as a document of its own |

pub(crate) mod bom;
mod foreign;
mod helper;
pub(crate) mod home;
mod keychain;
mod unlogged;

pub(crate) use foreign::Foreign;
pub(crate) use home::OciHome;
pub(crate) use unlogged::{Unlogged, reference, released_at};

use tenon_registry_client::http::BaseUrl;

/// What the repositories of a private log begin with, as a registry of tenon has them.
const PRIVATE: &str = "private/";

/// Where the private log is of the registry at this address, if it has one.
fn private_of(base: &BaseUrl) -> Option<BaseUrl> {
    format!("{base}/private").parse().ok()
}
