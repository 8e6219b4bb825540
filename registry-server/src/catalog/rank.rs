//! Versions as bytes that sort as versions do.

use tenon_composer::Track;
use tenon_registry_client::name::Version;

/// What sorts, byte by byte, as the version does among others by the precedence of
/// [SemVer 2.0.0](https://semver.org/#spec-item-11); then by build metadata.
pub(crate) fn rank(version: &Version) -> Vec<u8> {
    let version = version.semver();
    let mut rank = vec![];
    for number in [version.major, version.minor, version.patch] {
        rank.extend(number.to_be_bytes());
    }
    if version.pre.is_empty() {
        rank.push(u8::MAX);
    } else {
        for part in version.pre.split('.') {
            push(&mut rank, part);
        }
        rank.push(0);
    }
    rank.extend(version.build.as_bytes());
    rank
}

/// What sorts before, and what behind every version of a track that is no prerelease; nothing, if the track is
/// that of one.
pub(super) fn ends(track: &Track) -> Option<(Vec<u8>, Vec<u8>)> {
    let (numbers, at): ([u64; 3], usize) = match *track {
        Track::Major(major) => ([major, 0, 0], 0),
        Track::Minor(minor) => ([0, minor, 0], 1),
        Track::Patch(patch) => ([0, 0, patch], 2),
        Track::Prerelease(_) => return None,
    };
    let begins = numbers.map(u64::to_be_bytes).concat();
    // All of the track have these numbers, and what comes behind them is less than this.
    let common = begins.get(..8 * (at + 1)).unwrap_or_default();
    let end = [common, &[u8::MAX; 32]].concat();
    Some((begins, end))
}

/// A number is lower than a word, and a shorter list than one that it begins.
fn push(rank: &mut Vec<u8>, part: &str) {
    match part.bytes().all(|byte| byte.is_ascii_digit()) {
        // Numbers have no leading zeros and at most 128 digits: the longer one is the higher.
        true => rank.extend([1, u8::try_from(part.len()).unwrap_or(u8::MAX)]),
        false => rank.push(2),
    }
    rank.extend(part.as_bytes());
    rank.push(0);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn the_example_of_semver_is_in_order() {
        let order = [
            "1.0.0-1",
            "1.0.0-9",
            "1.0.0-10",
            "1.0.0-99999999999999999999999",
            "1.0.0-a",
            "1.0.0-a-b",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "1.9.0",
            "1.10.0",
            "2.0.0",
            "18446744073709551615.0.0",
        ];
        assert!(order.is_sorted_by_key(|text| rank(&version(text))));
        assert!(order.is_sorted_by_key(|text| version(text)));
    }

    proptest! {
        #[test]
        fn ranks_sort_as_versions(
            a in "[0-2]\\.(0|1|10|300)\\.[0-2](-(0|1|10|a|a1|b-|-)(\\.(0|2|11|z|Z))?)?",
            b in "[0-2]\\.(0|1|10|300)\\.[0-2](-(0|1|10|a|a1|b-|-)(\\.(0|2|11|z|Z))?)?",
        ) {
            let (a, b) = (version(&a), version(&b));
            prop_assert_eq!(rank(&a).cmp(&rank(&b)), a.semver().cmp_precedence(b.semver()));
        }
    }
}
