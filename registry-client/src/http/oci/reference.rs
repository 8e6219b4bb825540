//! Names of things in OCI registries.

use crate::http::BaseUrl;
use crate::{Digest, text};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest name of a repository, which is that of the references of most registries.
const MAX_REPOSITORY: usize = 255;
/// The longest tag.
const MAX_TAG: usize = 128;

/// A registry, by its host, in lower case, with a port if it has one of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

/// A repository of a registry: `wasi/io`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

/// A name for a manifest that its registry may give to another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// A manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pick {
    /// The one that has this tag now.
    Tag(Tag),
    /// The one with these very bytes.
    Digest(Digest),
}

/// A manifest of a registry: `oci://registry.example/wasi/io:0.2.3`, or `…@sha256:…`.
///
/// ```
/// use tenon_registry_client::http::oci::Reference;
///
/// let reference: Reference = "oci://registry.example/wasi/io:0.2.3".parse()?;
/// assert_eq!(reference.repository.as_str(), "wasi/io");
/// assert_eq!(reference.to_string(), "oci://registry.example/wasi/io:0.2.3");
/// # Ok::<(), tenon_registry_client::http::oci::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Where the registry is.
    pub host: Host,
    /// In which repository.
    pub repository: Repository,
    /// Which one; the tag `latest` if nothing is said.
    pub pick: Pick,
}

/// Why a text names nothing in an OCI registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct ReferenceError {
    /// The text, or the part of it that is wrong; none if it could hold a secret.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Host {
    /// The host, with its port if it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its API is: over https, or over plain http to this very machine.
    ///
    /// # Errors
    ///
    /// There can be no URL of it, which no parsed host has.
    pub fn base(&self) -> Result<BaseUrl, crate::http::BaseUrlError> {
        let scheme = match self.is_loopback() {
            true => "http",
            false => "https",
        };
        // The one that everyone calls by another name than its API has.
        let host = match self.0.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        };
        format!("{scheme}://{host}").parse()
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        let name = match self.0.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.0.split(':').next().unwrap_or_default(),
        };
        let is_v4 = name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback());
        let is_v6 = name.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback());
        name == "localhost" || is_v4 || is_v6
    }
}

impl Repository {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag of what nothing more is said of.
    pub fn latest() -> Tag {
        Tag("latest".to_owned())
    }
}

impl Pick {
    /// As it is in a path.
    pub(super) fn segment(&self) -> String {
        match self {
            Pick::Tag(tag) => tag.0.clone(),
            Pick::Digest(digest) => digest.to_string(),
        }
    }
}

impl Reference {
    /// What a reference begins with.
    pub const SCHEME: &'static str = "oci://";

    /// The same repository, with this pick.
    pub fn with(&self, pick: Pick) -> Reference {
        Reference {
            pick,
            ..self.clone()
        }
    }
}

fn refuse(text: &str, reason: &'static str) -> ReferenceError {
    let text = match text.contains('@') && !text.contains("@sha256:") {
        // What is before it may be a password.
        true => "…".to_owned(),
        false => text::excerpt(text),
    };
    ReferenceError { text, reason }
}

impl FromStr for Host {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let no = || {
            refuse(
                text,
                "is no host of a registry, such as `registry.example` or `localhost:5000`",
            )
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if text.is_empty() || text.len() > 255 || !text.bytes().all(plain) {
            return Err(no());
        }
        let base: BaseUrl = format!("https://{text}").parse().map_err(|_| no())?;
        let base = base.to_string();
        let host = base
            .strip_prefix("https://")
            .filter(|host| !host.contains('/'));
        Ok(Host(host.ok_or_else(no)?.to_owned()))
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |word: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty() && word.bytes().all(plain)
        };
        // Words are joined by one `.`, one or two `_`, or any number of `-`.
        let part = |part: &str| {
            let runs = part.split(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit());
            let joined = runs
                .filter(|run| !run.is_empty())
                .all(|run| matches!(run, "." | "_" | "__") || run.bytes().all(|byte| byte == b'-'));
            let ends = [part.chars().next(), part.chars().next_back()];
            joined
                && ends
                    .iter()
                    .all(|end| end.is_some_and(|end| word(end.encode_utf8(&mut [0; 4]))))
        };
        if text.is_empty() || text.len() > MAX_REPOSITORY || !text.split('/').all(part) {
            return Err(refuse(
                text,
                "is no name of a repository: expected lower-case words such as `wasi/io`",
            ));
        }
        Ok(Repository(text.to_owned()))
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let first = text.bytes().next().is_some_and(word);
        if !first
            || text.len() > MAX_TAG
            || !text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
        {
            return Err(refuse(
                text,
                match text.contains('+') {
                    true => "is no tag, which has no `+`: write `_` in its place",
                    false => {
                        "is no tag: expected 1 to 128 letters, digits and `_.-`, beginning with none of the last two"
                    }
                },
            ));
        }
        Ok(Tag(text.to_owned()))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix(Reference::SCHEME)
            .ok_or_else(|| refuse(text, "does not begin with `oci://`"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| {
            refuse(
                text,
                "names no repository: expected `oci://HOST/NAMESPACE/NAME:TAG`",
            )
        })?;
        let host: Host = host.parse()?;
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        let pick = match (tag, digest) {
            (Some(_), Some(_)) => {
                return Err(refuse(text, "has a tag and a digest: leave the tag away"));
            }
            (None, Some(digest)) => Pick::Digest(digest.parse().map_err(|_| {
                refuse(
                    digest,
                    "is no digest: expected `sha256:` and 64 lower-case hexadecimal digits",
                )
            })?),
            (Some(tag), None) => Pick::Tag(tag.parse()?),
            (None, None) => Pick::Tag(Tag::latest()),
        };
        Ok(Reference {
            host,
            repository: repository.parse()?,
            pick,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reference {
            host,
            repository,
            pick,
        } = self;
        match pick {
            Pick::Tag(tag) => write!(f, "oci://{host}/{repository}:{tag}"),
            Pick::Digest(digest) => write!(f, "oci://{host}/{repository}@{digest}"),
        }
    }
}

macro_rules! shown_as_text {
    ($($name:ty)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

shown_as_text!(Host Repository Tag);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_one_spelling() {
        let digest = Digest::of(b"a");
        for (text, expected) in [
            ("oci://a.example/b", "oci://a.example/b:latest".to_owned()),
            (
                "oci://A.example:443/b/c:1.0.0",
                "oci://a.example/b/c:1.0.0".to_owned(),
            ),
            (
                "oci://localhost:5000/b:x_y",
                "oci://localhost:5000/b:x_y".to_owned(),
            ),
            ("oci://[::1]:5000/b", "oci://[::1]:5000/b:latest".to_owned()),
            (
                &format!("oci://a.example/b/c-d.e__f@{digest}"),
                format!("oci://a.example/b/c-d.e__f@{digest}"),
            ),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), expected);
            assert_eq!(
                reference.to_string().parse::<Reference>().unwrap(),
                reference
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_accepted_is_written_as_it_was(text in "oci://[a-zA-Z0-9.:\\[\\]@-]{1,12}/[a-z0-9._/-]{1,12}(:[a-zA-Z0-9._+-]{1,8}|@sha256:[0-9a-f]{64})?") {
            if let Ok(reference) = text.parse::<Reference>() {
                let again = reference.to_string().parse::<Reference>();
                proptest::prop_assert_eq!(again, Ok(reference.clone()));
                proptest::prop_assert!(reference.host.base().is_ok());
            }
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in [
            "a.example/b",
            "oci://",
            "oci://a.example",
            "oci://a.example/",
            "oci:///b",
            "oci://a.example/B",
            "oci://a.example/b//c",
            "oci://a.example/../b",
            "oci://a.example/b..c",
            "oci://a.example/b_",
            "oci://a.example/b?x",
            "oci://a.example/b:",
            "oci://a.example/b:-x",
            "oci://a.example/b:1.0.0+x",
            "oci://a.example/b@sha256:12",
            "oci://a.example/b@sha512:12",
            "oci://a example/b",
            "oci://a.example%2f/b",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        let secret = "oci://me:hunter2@a.example/b"
            .parse::<Reference>()
            .unwrap_err();
        assert!(!secret.to_string().contains("hunter2"), "{secret}");
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        let base = |host: &str| host.parse::<Host>().unwrap().base().unwrap().to_string();
        assert_eq!(base("localhost:5000"), "http://localhost:5000");
        assert_eq!(base("127.0.0.1:5000"), "http://127.0.0.1:5000");
        assert_eq!(base("[::1]:5000"), "http://[::1]:5000");
        assert_eq!(base("127.0.0.1.example"), "https://127.0.0.1.example");
        assert_eq!(base("docker.io"), "https://registry-1.docker.io");
    }
}
