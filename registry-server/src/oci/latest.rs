//! Which release `latest` is, as of the moment of one of them.

use super::Asked;
use super::error::Failure;
use super::name::Name;
use super::reference::{LATEST, Reference};
use crate::catalog::rank;
use crate::domain::Error;
use crate::log::LogId;
use rusqlite::{Transaction, params};
use tenon_registry_client::name::{PackageName, Version};

/// Whether a release became `latest` when it was logged: whether none that is chosen before it was in the log by
/// then, those of its own batch included, which was written at once.
pub(super) async fn became(
    asked: &Asked<'_>,
    package: &PackageName,
    version: &Version,
) -> Result<bool, Failure> {
    let (log, name, version) = (asked.name.log(), package.clone(), version.clone());
    asked
        .read(move |tx| is_highest_of_its_time(tx, log, &name, &version))
        .await
}

/// Whether `latest` of a package is a release or nothing: as soon as there was a release, whatever became of it.
/// What was pushed by that tag before is not there any more, lest it come back when all releases are yanked.
pub(super) fn is_release(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
) -> Result<bool, Error> {
    let mut select = tx.prepare_cached(
        "SELECT 1 FROM package p JOIN release r ON r.package = p.id
         WHERE p.log = ?1 AND p.name = ?2",
    )?;
    Ok(select.exists(params![log.number(), package.to_string()])?)
}

/// Whether a tag of a repository leads to a release or to nothing, whatever was pushed by it.
pub(super) fn hides(
    tx: &Transaction<'_>,
    name: &Name,
    reference: &Reference,
) -> Result<bool, Error> {
    match (name.package(), reference) {
        (Some(package), Reference::Tag(tag)) if tag.as_str() == LATEST => {
            is_release(tx, name.log(), &package)
        }
        _ => Ok(false),
    }
}

/// Whether a version would be `latest` if it were released now.
pub(super) fn would_be_highest(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    version: &Version,
) -> Result<bool, Error> {
    let mut select = tx.prepare_cached(
        "SELECT 1 FROM package p JOIN release r ON r.package = p.id
         WHERE p.log = ?1 AND p.name = ?2 AND (r.choice, r.rank) > (?3, ?4)",
    )?;
    let values = params![
        log.number(),
        package.to_string(),
        choice(version),
        rank(version)
    ];
    Ok(!select.exists(values)?)
}

fn is_highest_of_its_time(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    version: &Version,
) -> Result<bool, Error> {
    let mut select = tx.prepare_cached(
        "SELECT 1 FROM package p
         JOIN release own ON own.package = p.id AND own.rank = ?3
         JOIN release r ON r.package = p.id AND (r.choice, r.rank) > (?4, own.rank)
         WHERE p.log = ?1 AND p.name = ?2
           AND r.idx < (SELECT min(idx) FROM batch WHERE log = ?1 AND idx > own.idx)",
    )?;
    let values = params![
        log.number(),
        package.to_string(),
        rank(version),
        choice(version)
    ];
    Ok(!select.exists(values)?)
}

/// How a version is chosen, as the catalog has it: what is no pre-release before what is one.
fn choice(version: &Version) -> i64 {
    1 + i64::from(version.semver().pre.is_empty())
}
