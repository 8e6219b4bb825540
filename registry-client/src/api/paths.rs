//! Where things are below a registry's base URL.

use super::ProofQuery;
use crate::Digest;
use crate::log::TilePath;
use crate::name::{Namespace, PackageName};

/// The paths of a registry: each begins with `/` and goes behind its base URL.
#[derive(Clone, Copy, Debug)]
pub struct Paths;

impl Paths {
    /// The latest checkpoint.
    pub fn checkpoint() -> &'static str {
        "/log/checkpoint"
    }

    /// The last checkpoint of a log key that was removed or replaced, by the eight hexadecimal
    /// digits of its id.
    pub fn last_checkpoint(key: crate::log::KeyId) -> String {
        format!("/log/checkpoint/{key}")
    }

    /// A tile of hashes, or an entry bundle.
    pub fn tile(path: TilePath) -> String {
        format!("/log/{path}")
    }

    /// Content.
    pub fn blob(digest: &Digest) -> String {
        format!("/{}", blob_file(digest))
    }

    /// What the registry says of itself: [`super::RegistryInfo`].
    pub fn registry() -> &'static str {
        "/api/v1/registry"
    }

    /// What the registry knows of the token that asks: [`super::TokenInfo`].
    pub fn whoami() -> &'static str {
        "/api/v1/whoami"
    }

    /// Packages: [`super::PackagePage`].
    pub fn packages() -> &'static str {
        "/api/v1/packages"
    }

    /// A package: [`super::PackageInfo`].
    pub fn package(package: &PackageName) -> String {
        format!(
            "/api/v1/packages/{}/{}",
            package.namespace(),
            package.name()
        )
    }

    /// A namespace: [`super::NamespaceInfo`].
    pub fn namespace(namespace: &Namespace) -> String {
        format!("/api/v1/namespaces/{namespace}")
    }

    /// Packages that are looked for: [`super::SearchPage`].
    pub fn search() -> &'static str {
        "/api/v1/search"
    }

    /// Where content is sent to, by `PUT`.
    pub fn upload(digest: &Digest) -> String {
        format!("/api/v1/content/{digest}")
    }

    /// Where records are sent to, by `POST`: [`super::Accepted`].
    pub fn records() -> &'static str {
        "/api/v1/records"
    }

    /// A bundle.
    pub fn proof(query: &ProofQuery) -> String {
        format!("/api/v1/proof?{query}")
    }

    /// A consistency proof between two sizes of the log: a line of base64 for each hash.
    pub fn consistency(old: u64, new: u64) -> String {
        format!("/api/v1/consistency?old={old}&new={new}")
    }
}

/// The file of content below a registry's directory, which is its path below the base URL, too.
pub fn blob_file(digest: &Digest) -> String {
    let hex = digest.hex();
    let folder = hex.get(..2).unwrap_or_default();
    format!("blobs/sha256/{folder}/{hex}")
}
