//! Names of what a component imports and exports, and when two versions of one name are compatible.
//!
//! An interface name is `namespace:package/interface@version`
//! ([Component Model, import and export definitions][spec]). The version may be whole (`0.2.6`), or
//! *canonical*: only the part that decides compatibility (`0.2`), with the rest in a separate
//! `version suffix` attribute. Both forms of one interface match each other here.
//!
//! [spec]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions

use semver::{BuildMetadata, Version};
use std::borrow::Cow;
use std::fmt;

/// The name of an interface: `namespace:package/interface`, with an optional version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPath {
    base: String,
    version: Option<ItemVersion>,
}

/// The version in an interface name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ItemVersion {
    /// A whole semantic version.
    Full(Version),
    /// A canonical version without its suffix: all that is known is the track.
    Canonical(Track),
}

/// The compatibility track of a version: versions on one track may stand in for each other.
///
/// Same major, or same `0.minor`, or same `0.0.patch`; a prerelease is compatible only with itself.
/// Build metadata makes no difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Track {
    /// `1`, `2`, ...: any `major.x.y`.
    Major(u64),
    /// `0.2`: any `0.minor.x`.
    Minor(u64),
    /// `0.0.3`: only itself.
    Patch(u64),
    /// A prerelease, without build metadata: only itself.
    Prerelease(Version),
}

/// What becomes of one interface that stays imported in several versions on one track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Versions {
    /// One import, under the highest version that is asked for.
    #[default]
    Highest,
    /// One import, under the lowest version that is asked for.
    Lowest,
    /// Each version is an import of its own, with resources of its own.
    Separate,
    /// One import, under its canonical name: only the part of the version that decides compatibility,
    /// with the rest of the highest version as a version suffix. A prerelease is on the track of the
    /// release that it comes before, for matching too.
    Canonical,
}

/// Why an export's name fits an import's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NameFit {
    /// The names are equal.
    Same,
    /// One interface in two compatible versions, or in the full and the canonical form.
    Track,
}

impl Versions {
    /// Every policy.
    pub const ALL: [Versions; 4] = [
        Versions::Highest,
        Versions::Lowest,
        Versions::Separate,
        Versions::Canonical,
    ];

    /// The name of the policy: `highest`, `lowest`, `separate` or `canonical`.
    pub fn as_str(self) -> &'static str {
        match self {
            Versions::Highest => "highest",
            Versions::Lowest => "lowest",
            Versions::Separate => "separate",
            Versions::Canonical => "canonical",
        }
    }

    /// The track that a version of an interface is on under this policy; `None` without a version.
    pub fn track(self, path: &ItemPath) -> Option<Track> {
        match (self, path.track()?) {
            (Versions::Canonical, Track::Prerelease(version)) => Some(Track::of_numbers(&version)),
            (_, track) => Some(track),
        }
    }

    /// Whether `gives` names the same interface as `wants` on the same track, and how exactly.
    pub fn fits(self, wants: &ItemPath, gives: &ItemPath) -> Option<NameFit> {
        if wants.base != gives.base {
            return None;
        }
        if wants.version == gives.version {
            return Some(NameFit::Same);
        }
        (self.track(wants)? == self.track(gives)?).then_some(NameFit::Track)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ItemPath {
    /// Parses an interface name, with the `suffix` of a canonical version if there is one.
    ///
    /// Gives `None` for a name that is not an interface name, such as `run` or `[method]a.b`.
    pub fn parse(name: &str, suffix: Option<&str>) -> Option<ItemPath> {
        let (base, version) = match name.split_once('@') {
            Some((base, version)) => (base, Some(version)),
            None => (name, None),
        };
        let (package, interface) = base.split_once('/')?;
        if !package.contains(':') || package.starts_with('[') || interface.is_empty() {
            return None;
        }
        let version = match version {
            None => None,
            Some(text) => {
                let full = match suffix {
                    None => Cow::Borrowed(text),
                    Some(suffix) => Cow::Owned(format!("{text}{suffix}")),
                };
                // A suffix that makes no version says nothing.
                let version = Version::parse(&full).or_else(|_| Version::parse(text));
                Some(match version {
                    Ok(version) => ItemVersion::Full(version),
                    Err(_) => ItemVersion::Canonical(Track::parse(text)?),
                })
            }
        };
        Some(ItemPath {
            base: base.to_owned(),
            version,
        })
    }

    /// The name without its version: `namespace:package/interface`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The package part: `namespace:package`.
    pub fn package(&self) -> &str {
        self.base.split_once('/').map_or(&self.base, |(p, _)| p)
    }

    /// The whole version, if the name has one.
    pub fn version(&self) -> Option<&Version> {
        match &self.version {
            Some(ItemVersion::Full(version)) => Some(version),
            _ => None,
        }
    }

    /// The compatibility track; `None` for a name without a version.
    pub fn track(&self) -> Option<Track> {
        match self.version.as_ref()? {
            ItemVersion::Full(version) => Some(Track::of(version)),
            ItemVersion::Canonical(track) => Some(track.clone()),
        }
    }

    /// Whether `other` names the same interface on the same track, and how exactly.
    pub fn fits(&self, other: &ItemPath) -> Option<NameFit> {
        Versions::default().fits(self, other)
    }

    /// The canonical name, and the version suffix that belongs to it if there is one. That of a
    /// prerelease is its whole name.
    pub fn canonical(&self) -> (String, Option<String>) {
        let Some(version) = self.version() else {
            return (self.to_string(), None);
        };
        let mut whole = version.clone();
        whole.build = BuildMetadata::EMPTY;
        let (track, text) = (Track::of(&whole).to_string(), version.to_string());
        let suffix = text.strip_prefix(&track).unwrap_or_default();
        let suffix = (!suffix.is_empty()).then(|| suffix.to_owned());
        (format!("{}@{track}", self.base), suffix)
    }
}

impl fmt::Display for ItemPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        match &self.version {
            None => Ok(()),
            Some(ItemVersion::Full(version)) => write!(f, "@{version}"),
            Some(ItemVersion::Canonical(track)) => write!(f, "@{track}"),
        }
    }
}

impl Track {
    /// The track that `version` is on.
    pub fn of(version: &Version) -> Track {
        if !version.pre.is_empty() {
            return Track::Prerelease(Version {
                build: BuildMetadata::EMPTY,
                ..version.clone()
            });
        }
        Track::of_numbers(version)
    }

    /// The track of the numbers of `version` alone.
    fn of_numbers(version: &Version) -> Track {
        match (version.major, version.minor, version.patch) {
            (0, 0, patch) => Track::Patch(patch),
            (0, minor, _) => Track::Minor(minor),
            (major, _, _) => Track::Major(major),
        }
    }

    /// Parses a canonical version: `1`, `0.2` or `0.0.3`.
    fn parse(text: &str) -> Option<Track> {
        // Numbers are written as in whole versions: digits, and no zero before them.
        let number = |part: &str| {
            let number: u64 = part.parse().ok()?;
            (number.to_string() == part).then_some(number)
        };
        let numbers = text.split('.').map(number).collect::<Option<Vec<_>>>()?;
        match *numbers.as_slice() {
            [major] if major > 0 => Some(Track::Major(major)),
            [0, minor] if minor > 0 => Some(Track::Minor(minor)),
            [0, 0, patch] => Some(Track::Patch(patch)),
            _ => None,
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Track::Major(major) => write!(f, "{major}"),
            Track::Minor(minor) => write!(f, "0.{minor}"),
            Track::Patch(patch) => write!(f, "0.0.{patch}"),
            Track::Prerelease(version) => write!(f, "{version}"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    fn path(name: &str) -> ItemPath {
        ItemPath::parse(name, None).unwrap()
    }

    #[test]
    fn tracks_follow_semver() {
        let fit = |a: &str, b: &str| path(a).fits(&path(b));
        assert_eq!(fit("a:b/c@1.2.0", "a:b/c@1.9.3"), Some(NameFit::Track));
        assert_eq!(fit("a:b/c@0.2.0", "a:b/c@0.2.12"), Some(NameFit::Track));
        assert_eq!(fit("a:b/c@0.2.0", "a:b/c@0.3.0"), None);
        assert_eq!(fit("a:b/c@0.0.1", "a:b/c@0.0.2"), None);
        assert_eq!(fit("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0"), None);
        assert_eq!(
            fit("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0-rc.1"),
            Some(NameFit::Same)
        );
        assert_eq!(
            fit("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0-rc.1+build"),
            Some(NameFit::Track)
        );
        assert_eq!(fit("a:b/c", "a:b/c@1.0.0"), None);
        assert_eq!(fit("a:b/c", "a:b/c"), Some(NameFit::Same));
        assert_eq!(fit("a:b/c@1.0.0", "a:b/d@1.0.0"), None);
    }

    #[test]
    fn canonical_and_full_names_match() {
        let canonical = ItemPath::parse("wasi:io/streams@0.2", Some(".6")).unwrap();
        assert_eq!(canonical.to_string(), "wasi:io/streams@0.2.6");
        assert_eq!(
            canonical.fits(&path("wasi:io/streams@0.2.6")),
            Some(NameFit::Same)
        );
        assert_eq!(
            path("wasi:io/streams@0.2").fits(&path("wasi:io/streams@0.2.1")),
            Some(NameFit::Track)
        );
        assert_eq!(
            path("wasi:io/streams@0.2").fits(&path("wasi:io/streams@1.0.0")),
            None
        );
    }

    #[test]
    fn canonical_names_split_the_version() {
        let canonical = |name: &str| path(name).canonical();
        let is = |name: &str, suffix: Option<&str>| (name.to_owned(), suffix.map(str::to_owned));
        assert_eq!(canonical("a:b/c@1.2.3"), is("a:b/c@1", Some(".2.3")));
        assert_eq!(canonical("a:b/c@0.2.6"), is("a:b/c@0.2", Some(".6")));
        assert_eq!(canonical("a:b/c@0.0.1"), is("a:b/c@0.0.1", None));
        assert_eq!(canonical("a:b/c@0.0.1+x"), is("a:b/c@0.0.1", Some("+x")));
        assert_eq!(
            canonical("a:b/c@1.0.0-rc.1+x"),
            is("a:b/c@1.0.0-rc.1", Some("+x"))
        );
        assert_eq!(canonical("a:b/c@0.2"), is("a:b/c@0.2", None));
        assert_eq!(canonical("a:b/c"), is("a:b/c", None));
    }

    #[test]
    fn canonical_tracks_have_prereleases_on_them() {
        let fit = |a: &str, b: &str| Versions::Canonical.fits(&path(a), &path(b));
        assert_eq!(fit("a:b/c@0.2.6-rc.1", "a:b/c@0.2"), Some(NameFit::Track));
        assert_eq!(fit("a:b/c@0.2.6-rc.1", "a:b/c@0.2.0"), Some(NameFit::Track));
        assert_eq!(
            fit("a:b/c@1.0.0-rc.1", "a:b/c@1.0.0-rc.2"),
            Some(NameFit::Track)
        );
        assert_eq!(fit("a:b/c@1.0.0-rc.1", "a:b/c@0.9.0"), None);
    }

    #[test]
    fn other_names_are_not_paths() {
        let names = [
            "run",
            "[method]a.b",
            "a/b",
            "a:b",
            "a:b/c@not-a-version",
            "a:b/c@0.0.07",
            "a:b/c@+1",
        ];
        for name in names {
            assert_eq!(ItemPath::parse(name, None), None, "{name}");
        }
        let path = ItemPath::parse("a:b/c@0.0.7", Some("no suffix"));
        assert_eq!(path, Some(self::path("a:b/c@0.0.7")));
    }
}
