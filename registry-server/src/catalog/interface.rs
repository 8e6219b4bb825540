//! What components import and export, as it is looked for.

use super::CatalogError;
use tenon_composer::ItemPath;

/// Which way an interface goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Import = 0,
    Export = 1,
}

/// An interface or a package as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) base: String,
    /// The compatibility track; empty for any.
    pub(super) track: String,
}

/// The longest that is looked for.
const MAX_ASKED: usize = 512;

impl Asked {
    /// Reads `wasi:http/types`, `wasi:http/types@0.2`, `wasi:http/types@0.2.3`, `wasi:http`, or the name
    /// of anything else that is imported or exported. A version stands for its track.
    pub(super) fn parse(text: &str) -> Result<Asked, CatalogError> {
        let refused = || CatalogError::Interface(super::excerpt(text));
        if text.is_empty() || text.len() > MAX_ASKED || text.chars().any(char::is_control) {
            return Err(refused());
        }
        match text.split_once('@') {
            None => Ok(Asked {
                base: text.to_owned(),
                track: String::new(),
            }),
            Some((base, version)) => Ok(Asked {
                base: base.to_owned(),
                track: track(base, version).ok_or_else(refused)?,
            }),
        }
    }

    /// What a package in a version is asked for by, and those that may stand in for it.
    pub(super) fn package(name: &str, version: Option<&str>) -> Asked {
        Asked {
            base: name.to_owned(),
            track: version
                .and_then(|version| track(name, version))
                .unwrap_or_default(),
        }
    }
}

/// The name of something found, as it is where it was found.
pub(super) fn name(base: &str, version: &str) -> String {
    match version {
        "" => base.to_owned(),
        version => format!("{base}@{version}"),
    }
}

fn track(base: &str, version: &str) -> Option<String> {
    // The version of a package reads as that of an interface in it.
    let interface = match base.contains('/') {
        true => format!("{base}@{version}"),
        false => format!("{base}/any@{version}"),
    };
    let path = ItemPath::parse(&interface, None)?;
    path.track().map(|track| track.to_string())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_version_stands_for_its_track() {
        let asked = |text: &str| {
            let asked = Asked::parse(text).unwrap();
            (asked.base, asked.track)
        };
        let pair = |base: &str, track: &str| (base.to_owned(), track.to_owned());
        assert_eq!(asked("wasi:http/types"), pair("wasi:http/types", ""));
        for version in ["0.2", "0.2.0", "0.2.12"] {
            let text = format!("wasi:http/types@{version}");
            assert_eq!(asked(&text), pair("wasi:http/types", "0.2"));
            let text = format!("wasi:http@{version}");
            assert_eq!(asked(&text), pair("wasi:http", "0.2"));
        }
        assert_eq!(asked("a:b/c@1.0.0-rc.1"), pair("a:b/c", "1.0.0-rc.1"));
        assert_eq!(asked("run"), pair("run", ""));
        let long = "a".repeat(513);
        for wrong in ["", "a:b/c@", "a:b/c@x", "a:b@@1.0.0", "a\0b", &long] {
            assert!(Asked::parse(wrong).is_err(), "{wrong}");
        }
    }
}
