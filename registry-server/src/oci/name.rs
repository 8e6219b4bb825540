//! Names of repositories.

use crate::log::LogId;
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::name::{Namespace, PackageName};

/// The name of a repository: at most 255 bytes of parts joined by `/`, each of lower-case letters and
/// digits that `.`, `_`, `__` or hyphens join.
///
/// What begins with `private/` is of the private log, where the rest is the name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    whole: String,
    log: LogId,
}

/// That a text is no name of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameError;

/// The first part of the names that are of the private log.
pub(super) const PRIVATE: &str = "private";

const MOST_BYTES: usize = 255;

impl Name {
    /// As clients write it.
    pub(super) fn as_str(&self) -> &str {
        &self.whole
    }

    /// The log that it is of.
    pub(super) fn log(&self) -> LogId {
        self.log
    }

    /// The name in that log.
    pub(super) fn within(&self) -> &str {
        match self.log {
            LogId::Public => &self.whole,
            LogId::Private => self.whole.split_once('/').map_or("", |(_, rest)| rest),
        }
    }

    /// The package, if releases of one can be pulled from it.
    pub(super) fn package(&self) -> Option<PackageName> {
        match self.within().split('/').collect::<Vec<_>>().as_slice() {
            [namespace, name] => format!("{namespace}:{name}").parse().ok(),
            _ => None,
        }
    }

    /// Whose it is: of a package, else of a namespace, else of nobody.
    pub(super) fn owner(&self) -> Owner {
        let mut parts = self.within().split('/');
        let (namespace, name) = (parts.next().unwrap_or_default(), parts.next());
        let package = name.and_then(|name| format!("{namespace}:{name}").parse().ok());
        match (package, namespace.parse()) {
            (Some(package), _) => Owner::Package(package),
            (None, Ok(namespace)) => Owner::Namespace(namespace),
            (None, Err(_)) => Owner::Nobody,
        }
    }
}

/// Whose a repository is, by its name: what a token has to be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Of this package, with all that is below it.
    Package(PackageName),
    /// Of the namespace as a whole.
    Namespace(Namespace),
    /// Of nobody in particular.
    Nobody,
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        // Nothing is at the place itself of what is private, lest somebody take it for that.
        if text.len() > MOST_BYTES || text == PRIVATE || !text.split('/').all(is_part) {
            return Err(NameError);
        }
        let log = match text.split_once('/') {
            Some((PRIVATE, _)) => LogId::Private,
            _ => LogId::Public,
        };
        let whole = text.to_owned();
        Ok(Name { whole, log })
    }
}

/// Whether words of letters and digits are joined by `.`, `_`, `__` or any number of `-`.
fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let begins = part.bytes().next().is_some_and(is_word);
    let ends = part.bytes().last().is_some_and(is_word);
    let mut joints = part.split(|char: char| char.is_ascii() && is_word(char as u8));
    let is_joint = |joint: &str| {
        matches!(joint, "" | "." | "_" | "__") || joint.bytes().all(|byte| byte == b'-')
    };
    begins && ends && joints.all(is_joint)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        for name in [
            "a",
            "a/b",
            "library/alpine",
            "a.b/c_d/e__f/g---h",
            "0/1",
            &"a".repeat(255),
        ] {
            assert_eq!(name.parse::<Name>().unwrap().as_str(), name);
        }
        for wrong in [
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a/B",
            ".a",
            "a.",
            "-a",
            "a-",
            "_a",
            "a..b",
            "a___b",
            "a._b",
            "a-_b",
            "a b",
            "a:b",
            "\u{e4}",
            "a/../b",
            &"a".repeat(256),
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_segments_are_a_package_and_private_is_another_log() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let package = |text: &str| name(text).package().map(|package| package.to_string());
        assert_eq!(package("acme/http"), Some("acme:http".to_owned()));
        assert_eq!(package("private/acme/http"), Some("acme:http".to_owned()));
        for other in [
            "acme",
            "acme/http/cache",
            "acme/h.t",
            "private/http",
            "private/a/b/c",
            "1/a",
        ] {
            assert_eq!(package(other), None, "{other}");
        }
        assert_eq!(name("private/acme/http").log(), LogId::Private);
        assert_eq!(name("private/acme/http").within(), "acme/http");
        assert_eq!(name("private-a/b").log(), LogId::Public);
        assert_eq!("private".parse::<Name>(), Err(NameError));
        let owner = |text: &str| name(text).owner();
        let http = "acme:http".parse().unwrap();
        assert_eq!(owner("acme/http/cache"), Owner::Package(http));
        assert_eq!(owner("acme/h_t"), Owner::Namespace("acme".parse().unwrap()));
        assert_eq!(owner("acme"), Owner::Namespace("acme".parse().unwrap()));
        assert_eq!(owner("1/a"), Owner::Nobody);
    }
}
