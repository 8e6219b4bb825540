//! `/.well-known/wasm-pkg/registry.json`: where the packages of a registry really are, as `wkg` asks for it.

use super::client::{OciOptions, parse};
use super::{Host, Repository};
use crate::http::Error;
use crate::http::transport::Ask;
use serde::Deserialize;

/// Where it is.
const PATH: &str = "/.well-known/wasm-pkg/registry.json";
/// The most bytes of it.
const MAX_METADATA: u64 = 64 << 10;

/// What a registry, or a configuration, says of where packages are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    oci: Option<Oci>,
    // As both were called before.
    oci_registry: Option<String>,
    oci_namespace_prefix: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Oci {
    registry: Option<String>,
    namespace_prefix: Option<String>,
}

impl Metadata {
    /// What is said here; a former name outweighs, as it does for `wkg`.
    pub fn new(registry: Option<String>, namespace_prefix: Option<String>) -> Metadata {
        Metadata {
            oci: Some(Oci {
                registry,
                namespace_prefix,
            }),
            ..Metadata::default()
        }
    }

    /// The registry, if another one is named.
    pub fn registry(&self) -> Option<&str> {
        let oci = self.oci.as_ref().and_then(|oci| oci.registry.as_deref());
        self.oci_registry.as_deref().or(oci)
    }

    /// What comes before a namespace in the names of repositories.
    pub fn namespace_prefix(&self) -> &str {
        let oci = self.oci.as_ref();
        let oci = oci.and_then(|oci| oci.namespace_prefix.as_deref());
        self.oci_namespace_prefix
            .as_deref()
            .or(oci)
            .unwrap_or_default()
    }

    /// The repository of a package.
    ///
    /// # Errors
    ///
    /// The prefix makes it no name.
    pub fn repository(
        &self,
        package: &crate::name::PackageName,
    ) -> Result<Repository, super::ReferenceError> {
        let prefix = self.namespace_prefix();
        format!("{prefix}{}/{}", package.namespace(), package.name()).parse()
    }
}

/// What a registry says of where its packages are; `None` if it says nothing. It is asked without credentials.
///
/// # Errors
///
/// Why there is no answer.
pub async fn discover(options: &OciOptions) -> Result<Option<Metadata>, Error> {
    let host: &Host = &options.host;
    let base = host.base().map_err(|error| {
        let kind = crate::http::ErrorKind::Setup(error.into());
        Error::new(kind, host.as_str(), 0)
    })?;
    let options = OciOptions {
        base,
        ..options.clone()
    };
    let transport = options.transport()?;
    let ask = Ask::get(PATH, MAX_METADATA);
    match transport.get(&ask).await {
        Ok(bytes) => parse(
            &bytes,
            &transport.url(PATH),
            "what a registry says of its packages",
        )
        .map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
