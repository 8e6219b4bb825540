//! Content of a lock file that no log proves.

use crate::name::{PackageName, Version};
use crate::{Digest, text};
use std::fmt;
use std::str::FromStr;

/// The longest place.
const MAX_PLACE: usize = 512;

/// A release of a registry without a log, as a lock file has it: nothing says who published it, or that everyone was
/// shown the same. Its digest is all that holds it.
///
/// That a lock file has one does not make anything so: what a namespace is mapped to decides whether a log has to prove
/// its releases, and whoever installs from a lock file asks that first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnloggedRelease {
    /// The package.
    pub package: PackageName,
    /// The version, by the registry's word: it is what a tag is called.
    pub version: Version,
    /// The digest of its content.
    pub digest: Digest,
    /// Where it is.
    pub place: UnloggedPlace,
}

/// A repository of a registry without a log: `oci://registry.example/wasi/io`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnloggedPlace(String);

/// Why a text is no such place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no repository of a registry without a log: expected `oci://HOST/NAMESPACE/NAME`", text::excerpt(.0))]
pub struct UnloggedPlaceError(String);

impl UnloggedPlace {
    /// The place as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnloggedPlace {
    type Err = UnloggedPlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("oci://").unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/[]".contains(&byte);
        let parts = rest.split_once('/');
        let is_place = parts.is_some_and(|(host, path)| {
            !host.is_empty() && !path.is_empty() && !path.contains(':')
        });
        match is_place && text.len() <= MAX_PLACE && rest.bytes().all(plain) {
            true => Ok(UnloggedPlace(text.to_owned())),
            false => Err(UnloggedPlaceError(text.to_owned())),
        }
    }
}

impl fmt::Display for UnloggedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UnloggedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
