//! A package as a user names it: `ns:name` or `ns:name@req`.

use semver::VersionReq;
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::name::{NameError, PackageName, Version};

/// A package, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) package: PackageName,
    pub(crate) version: Selection,
}

/// Which version is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The highest that is neither yanked nor a prerelease.
    Highest,
    /// This one, yanked or not.
    Exact(Version),
    /// The highest that meets this and is not yanked.
    Meeting(VersionReq),
}

/// Why a text names no package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WantedError {
    Name(NameError),
    /// What follows `@` is neither a version nor a requirement.
    Version(String),
}

impl Selection {
    /// Whether a version is one of those that are wanted.
    pub(crate) fn admits(&self, version: &Version) -> bool {
        match self {
            Selection::Highest => version.semver().pre.is_empty(),
            Selection::Exact(exact) => exact == version,
            Selection::Meeting(requirement) => requirement.matches(version.semver()),
        }
    }

    /// Whether a version that is locked already is one of those that are wanted.
    pub(crate) fn admits_locked(&self, version: &Version) -> bool {
        *self == Selection::Highest || self.admits(version)
    }
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (package, version) = match text.split_once('@') {
            Some((package, version)) => (package, Some(version)),
            None => (text, None),
        };
        let package = package.parse().map_err(WantedError::Name)?;
        let version = match version {
            None => Selection::Highest,
            Some(version) => match (version.parse(), version.parse()) {
                (Ok(exact), _) => Selection::Exact(exact),
                (_, Ok(requirement)) => Selection::Meeting(requirement),
                _ => return Err(WantedError::Version(version.to_owned())),
            },
        };
        Ok(Wanted { package, version })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Selection::Highest => write!(f, "{}", self.package),
            Selection::Exact(version) => write!(f, "{}@{version}", self.package),
            Selection::Meeting(requirement) => write!(f, "{}@{requirement}", self.package),
        }
    }
}

impl fmt::Display for WantedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WantedError::Name(error) => write!(f, "{error}"),
            WantedError::Version(text) => write!(
                f,
                "`{text}` is neither a version such as `1.4.0` nor a requirement such as `^1.4`"
            ),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_whole_version_is_that_one() {
        let version = |text: &str| text.parse::<Wanted>().unwrap().version;
        assert_eq!(version("acme:http"), Selection::Highest);
        assert_eq!(
            version("acme:http@1.4.0"),
            Selection::Exact("1.4.0".parse().unwrap())
        );
        for text in ["1", "1.4", "^1.4.0", "=1.4.0", "*", ">=1, <3"] {
            let wanted = version(&format!("acme:http@{text}"));
            assert_eq!(wanted, Selection::Meeting(text.parse().unwrap()));
        }
    }

    #[test]
    fn what_is_no_package_is_refused() {
        for text in [
            "",
            ":",
            "acme",
            "acme:",
            "acme:http@",
            "acme:http@one",
            "ACME:http",
            "../a:b",
            "acme:http:x",
            "C:\\x.wasm",
            "acme:http@1.0.0@2",
        ] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
    }
}
