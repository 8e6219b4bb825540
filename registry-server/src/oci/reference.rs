//! How manifests are asked for: by tag, or by digest.

use super::digest::Digest;
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::name::Version;

/// What a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// A tag.
    Tag(Tag),
    /// A digest.
    Digest(Digest),
}

/// A tag: 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with `.` or `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tag(String);

/// Why a text is no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReferenceError {
    /// It is meant for a digest, and is none.
    Digest,
    /// It is no tag.
    Tag,
}

/// The tag of the highest release.
pub(super) const LATEST: &str = "latest";

impl Tag {
    /// As text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The version that it stands for, of a package: `+` cannot be in a tag, so `_` is in its place.
    pub(super) fn version(&self) -> Option<Version> {
        self.0.replacen('_', "+", 1).parse().ok()
    }

    /// The tag of a version; `None` if it would be too long.
    pub(super) fn of(version: &str) -> Option<Tag> {
        version.replace('+', "_").parse().ok()
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Tag, ReferenceError> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let mut bytes = text.bytes();
        let begins = bytes.next().is_some_and(is_word);
        let goes_on = bytes.all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
        match begins && goes_on && text.len() <= 128 {
            true => Ok(Tag(text.to_owned())),
            false => Err(ReferenceError::Tag),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        if text.contains(':') {
            let digest = text.parse().map_err(|_| ReferenceError::Digest);
            return digest.map(Reference::Digest);
        }
        // Clients that know versions ask for `1.0.0+build` as it is.
        match text.parse::<Version>() {
            Ok(version) => Tag::of(&version.to_string()).ok_or(ReferenceError::Tag),
            Err(_) => text.parse(),
        }
        .map(Reference::Tag)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Tag(tag) => fmt::Display::fmt(tag, f),
            Reference::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_the_specification() {
        for tag in ["a", "_", "latest", "1.0.0", "A-b.C_d", &"a".repeat(128)] {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        for wrong in [
            "",
            ".a",
            "-a",
            "a b",
            "a+b",
            "a/b",
            "a:b",
            "\u{e4}",
            &"a".repeat(129),
        ] {
            assert!(wrong.parse::<Tag>().is_err(), "{wrong}");
        }
        assert_eq!("a:b".parse::<Reference>(), Err(ReferenceError::Digest));
        assert_eq!(".a".parse::<Reference>(), Err(ReferenceError::Tag));
    }

    #[test]
    fn a_version_has_one_tag() {
        for (version, tag) in [
            ("1.0.0", "1.0.0"),
            ("1.0.0-rc.1", "1.0.0-rc.1"),
            ("1.0.0+linux.a-b", "1.0.0_linux.a-b"),
        ] {
            let made = Tag::of(version).unwrap();
            assert_eq!(made.as_str(), tag);
            assert_eq!(made.version().unwrap().to_string(), version);
            assert_eq!(version.parse::<Reference>(), Ok(Reference::Tag(made)));
        }
        for other in ["latest", "1.0", "v1.0.0", "1.0.0_a_b", "01.0.0"] {
            assert_eq!(other.parse::<Tag>().unwrap().version(), None, "{other}");
        }
    }
}
