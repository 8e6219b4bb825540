//! Versions as tags, and tags as versions.

use super::Tag;
use crate::name::Version;

/// The tag of a version. A tag has no `+`; it becomes `_`, as others write it.
pub fn tag_of(version: &Version) -> Option<Tag> {
    version.to_string().replace('+', "_").parse().ok()
}

/// The version of a tag, if it is one: `latest`, `v1.0.0`, and what names a signature are none.
pub fn version_of(tag: &Tag) -> Option<Version> {
    // A version has no `_` of its own, and one `+` at most.
    tag.as_str().replacen('_', "+", 1).parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_had_back_from_its_tag() {
        for text in ["0.1.0", "1.0.0-rc.1", "1.0.0+linux.x", "1.0.0-rc.1+a-b"] {
            let version: Version = text.parse().unwrap();
            assert_eq!(version_of(&tag_of(&version).unwrap()), Some(version));
        }
        for text in [
            "latest",
            "v1.0.0",
            "1.0",
            "01.0.0",
            "1.0.0_a_b",
            "sha256-00",
        ] {
            assert_eq!(version_of(&text.parse().unwrap()), None, "{text}");
        }
    }
}
