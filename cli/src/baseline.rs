//! The release that comes before one that is going to be published, and what breaks between the two.

use crate::error::Failure;
use crate::publication::Publication;
use crate::remote::Remote;
use crate::source::Bytes;
use tenon_composer::{Arena, Bodies, Source, Track, breaks_in_words};
use tenon_registry_client::chain::{Availability, Package, Release};
use tenon_registry_client::name::{PackageName, Version};

/// The release to compare with, of those that are neither yanked nor taken down: see [`before`].
///
/// # Errors
///
/// As [`before`].
pub(crate) fn choose<'p>(
    package: Option<&'p Package>,
    version: &Version,
) -> Result<Option<&'p Release>, Failure> {
    let Some(package) = package else {
        return Ok(None);
    };
    let releases = package.releases();
    let available = releases
        .values()
        .filter(|release| release.availability == Availability::Available)
        .map(|release| &release.version);
    let before = before(&package.name().to_string(), available, version)?;
    Ok(before.and_then(|before| releases.get(before)))
}

/// The version to compare with: the highest below `version` on its compatibility track. There is none
/// before the first version of a track.
///
/// # Errors
///
/// The version is lower than what there is on its track, and does not continue an older line of it.
pub(crate) fn before<'v>(
    package: &str,
    available: impl IntoIterator<Item = &'v Version>,
    version: &Version,
) -> Result<Option<&'v Version>, Failure> {
    let available: Vec<_> = available.into_iter().collect();
    let track = Track::of(version.semver());
    let on_track = || {
        let all = available.iter().copied();
        all.filter(|there| Track::of(there.semver()) == track)
    };
    let line = |version: &Version| (version.semver().major, version.semver().minor);
    let on_line = || {
        let all = available.iter().copied();
        all.filter(|there| line(there) == line(version))
    };
    let before = on_track().filter(|there| *there < version).max();
    let highest = on_track().chain(on_line()).max();
    let continues = on_line().next().is_some() && on_line().all(|there| there < version);
    match highest.filter(|highest| *highest > version && !continues) {
        Some(highest) => Err(Failure::new(
            "publish::version",
            format!("`{package}` has {highest} already, which is higher than {version}"),
        )
        .help("take a higher version; a lower one can only continue an older line, such as 1.1.4 after 1.1.3")),
        None => Ok(before),
    }
}

/// What breaks for those who use `release` when `publication` takes its place, a line each. The content
/// of the release is fetched and verified for that.
pub(crate) fn compare(
    remote: &Remote,
    package: &PackageName,
    release: &Release,
    publication: &Publication,
) -> Result<Vec<String>, Failure> {
    let fetched = remote.wait(remote.client.fetch(package, &release.version))?;
    let content = fetched.release.content;
    if content.digest == publication.content.digest {
        return Ok(vec![]);
    }
    let old =
        Bytes::of(fetched.file).map_err(|error| Failure::io("read", &fetched.path, &error))?;
    compare_content(&format!("{package}@{}", release.version), &old, publication)
}

/// What breaks for those who use content of this name when `publication` takes its place, a line each.
pub(crate) fn compare_content(
    old_name: &str,
    old: &Bytes,
    publication: &Publication,
) -> Result<Vec<String>, Failure> {
    let mut arena = Arena::new();
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    };
    let old_id = arena.read_release(source(old_name, old.input()))?;
    let new_id = arena.read_release(source(
        &publication.named.argument,
        publication.named.input(),
    ))?;
    Ok(breaks_in_words(&arena, old_id, new_id))
}
