//! Names and versions, parsed at the edge.

use crate::text;
use std::fmt;
use std::str::FromStr;

/// Who publishes: the part of a package's name before the `:`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

/// What is published: a namespace and a name in it, `acme:http`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    namespace: Namespace,
    name: String,
}

/// The version of a release ([SemVer 2.0.0](https://semver.org)), at most 128 bytes.
///
/// Ordered by precedence; versions that differ in build metadata only are ordered by that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

/// Which packages of a namespace a key may act on: `*`, a name, or `prefix-*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

/// Why a text is no name, version or pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A part of a name breaks the rules.
    #[error(
        "`{0}` is not a name: expected lower-case ASCII words of letters and digits joined by single `-`, \
         beginning with a letter, at most 64 characters"
    )]
    Part(String),
    /// Some systems cannot have a file of this name.
    #[error("`{0}` cannot be a name: some systems keep it for a device")]
    Device(String),
    /// There is not exactly one `:`.
    #[error("`{0}` is not a package name: expected `<namespace>:<name>`")]
    Package(String),
    /// It is not a semantic version in its one spelling.
    #[error(
        "`{0}` is not a version: expected `<major>.<minor>.<patch>` as in SemVer 2.0.0, at most 128 bytes"
    )]
    Version(String),
    /// It is nothing that records are about.
    #[error(
        "`{0}` is not a subject: expected `registry`, `namespace <name>`, `package <name>` or `index`"
    )]
    Subject(String),
    /// It is not a pattern.
    #[error("`{0}` is not a pattern: expected `*`, a package's name, or `<prefix>-*`")]
    Pattern(String),
}

fn check_part(part: &str) -> Result<(), NameError> {
    let word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !word.is_empty() && word.bytes().all(plain)
    };
    let begins = part.starts_with(|char: char| char.is_ascii_lowercase());
    if !begins || part.len() > 64 || !part.split('-').all(word) {
        return Err(NameError::Part(text::excerpt(part)));
    }
    if matches!(part, "con" | "nul" | "aux" | "prn") {
        return Err(NameError::Device(part.to_owned()));
    }
    Ok(())
}

impl Namespace {
    /// The namespace as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PackageName {
    /// The part before the `:`.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The part after the `:`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Version {
    /// The version, to compare and match.
    pub fn semver(&self) -> &semver::Version {
        &self.0
    }

    /// The version without build metadata: two releases that share it are twins, and only the
    /// first of them can be.
    pub fn without_build(&self) -> Version {
        Version(semver::Version {
            build: semver::BuildMetadata::EMPTY,
            ..self.0.clone()
        })
    }
}

impl Pattern {
    /// Every package of the namespace.
    pub fn all() -> Pattern {
        Pattern("*".to_owned())
    }

    /// Whether it matches the part of a package's name after the `:`.
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == self.0,
        }
    }

    /// Whether it matches every package of the namespace.
    pub fn is_all(&self) -> bool {
        self.0 == "*"
    }
}

impl FromStr for Namespace {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_part(text)?;
        Ok(Namespace(text.to_owned()))
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':');
        let (namespace, name) = parts.ok_or_else(|| NameError::Package(text::excerpt(text)))?;
        check_part(name)?;
        Ok(PackageName {
            namespace: namespace.parse()?,
            name: name.to_owned(),
        })
    }
}

impl FromStr for Version {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let version = (text.len() <= 128).then(|| semver::Version::parse(text).ok());
        let version = version
            .flatten()
            .filter(|version| version.to_string() == text);
        let version = version.ok_or_else(|| NameError::Version(text::excerpt(text)))?;
        Ok(Version(version))
    }
}

impl FromStr for Pattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A prefix is good if a name that begins with it is.
        let example = text.strip_suffix('*').map(|prefix| format!("{prefix}a"));
        let prefix = example.is_none() || text.ends_with("-*");
        let example = example.as_deref().unwrap_or(text);
        if text != "*" && (!prefix || check_part(example).is_err()) {
            return Err(NameError::Pattern(text::excerpt(text)));
        }
        Ok(Pattern(text.to_owned()))
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! debug_as_display {
    ($($name:ty)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

debug_as_display!(Namespace PackageName Version Pattern);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_ascii_words() {
        for name in ["a:b", "acme:http", "a1:b-2-c3", "console:nulls"] {
            assert_eq!(name.parse::<PackageName>().unwrap().to_string(), name);
        }
        let long = format!("a:{}", "b".repeat(65));
        for wrong in [
            "",
            "a",
            "a:",
            ":a",
            "a:b:c",
            "A:b",
            "a:B",
            "a--b:c",
            "-a:b",
            "a-:b",
            "1a:b",
            "a_b:c",
            "\u{430}:b",
            "\u{ff41}:b",
            "a\u{200d}:b",
            "a\u{202e}:b",
            "a :b",
            "con:a",
            "a:nul",
            "a/b:c",
            "../a:b",
            &long,
        ] {
            assert!(wrong.parse::<PackageName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions_have_one_spelling() {
        let parse = |text: &str| text.parse::<Version>();
        for version in [
            "0.0.0",
            "1.4.0",
            "1.0.0-rc.1",
            "1.0.0+linux",
            "18446744073709551615.0.0",
        ] {
            assert_eq!(parse(version).unwrap().to_string(), version);
        }
        let long = format!("1.0.0-{}", "a".repeat(123));
        for wrong in [
            "1.0",
            "v1.0.0",
            "01.0.0",
            "1.0.0 ",
            "18446744073709551616.0.0",
            &long,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let twin = parse("1.0.0+a").unwrap().without_build();
        assert_eq!(twin, parse("1.0.0").unwrap());
    }

    #[test]
    fn patterns_match_whole_words() {
        let matches = |pattern: &str, name| pattern.parse::<Pattern>().unwrap().matches(name);
        assert!(matches("*", "http") && matches("http", "http") && matches("http-*", "http-a"));
        assert!(
            !matches("http", "https")
                && !matches("http-*", "http")
                && !matches("http-*", "https-a")
        );
        assert!(matches("con-*", "con-x"));
        for wrong in ["", "**", "http*", "-*", "con", "*-a", "a-*-b", "a--*", "A"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
