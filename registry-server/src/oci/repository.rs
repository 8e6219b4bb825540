//! Repositories, and the content that they hold.

use super::digest::Digest;
use super::name::Name;
use crate::access::now;
use rusqlite::{OptionalExtension, Transaction, params};
use std::time::Duration;

/// A repository, by its number in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RepositoryId(pub(super) i64);

/// Content that a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The SHA-256, by which the file is found.
    pub(super) content: tenon_registry_client::Digest,
    /// When someone who could push brought it or asked for it.
    pub(super) used: u64,
}

/// How many repositories are looked at for content that is to be mounted from wherever it is.
const MOST_SOURCES: u32 = 100;

/// How much is let go of in one transaction.
const MOST_SWEPT: u32 = 1_000;

/// The repository of a name, if there is one.
pub(super) fn find(tx: &Transaction<'_>, name: &Name) -> rusqlite::Result<Option<RepositoryId>> {
    let mut select =
        tx.prepare_cached("SELECT id FROM oci_repository WHERE log = ?1 AND name = ?2")?;
    let values = params![name.log().number(), name.within()];
    select
        .query_row(values, |row| row.get(0).map(RepositoryId))
        .optional()
}

/// The repository of a name, which is made if there is none.
pub(super) fn ensure(tx: &Transaction<'_>, name: &Name) -> rusqlite::Result<RepositoryId> {
    if let Some(id) = find(tx, name)? {
        return Ok(id);
    }
    let insert = "INSERT INTO oci_repository (log, name) VALUES (?1, ?2)";
    tx.execute(insert, params![name.log().number(), name.within()])?;
    Ok(RepositoryId(tx.last_insert_rowid()))
}

/// Content that a repository holds by this digest.
pub(super) fn held(
    tx: &Transaction<'_>,
    repository: RepositoryId,
    digest: &Digest,
) -> rusqlite::Result<Option<Held>> {
    let mut select = tx.prepare_cached(
        "SELECT content, used FROM oci_blob WHERE repository = ?1 AND digest = ?2",
    )?;
    let values = params![repository.0, digest.to_string()];
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Held {
            content: row.get::<_, [u8; 32]>(0)?.into(),
            used: row.get::<_, i64>(1)?.cast_unsigned(),
        })
    };
    select.query_row(values, read).optional()
}

/// Has a repository hold content, from now on.
pub(super) fn hold(
    tx: &Transaction<'_>,
    repository: RepositoryId,
    digest: &Digest,
    content: &tenon_registry_client::Digest,
    size: u64,
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO oci_blob (repository, digest, content, size, used) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET used = ?5",
    )?;
    insert.execute(params![
        repository.0,
        digest.to_string(),
        content.as_bytes(),
        size.cast_signed(),
        now().cast_signed(),
    ])?;
    Ok(())
}

/// Says that someone who may push relies on content now.
pub(super) fn touch(
    tx: &Transaction<'_>,
    repository: RepositoryId,
    digest: &Digest,
) -> rusqlite::Result<()> {
    let mut update =
        tx.prepare_cached("UPDATE oci_blob SET used = ?3 WHERE repository = ?1 AND digest = ?2")?;
    let now = now().cast_signed();
    update.execute(params![repository.0, digest.to_string(), now])?;
    Ok(())
}

/// Has a repository hold content no more. Returns whether it did.
pub(super) fn release(
    tx: &Transaction<'_>,
    repository: RepositoryId,
    digest: &Digest,
) -> rusqlite::Result<bool> {
    let delete = "DELETE FROM oci_blob WHERE repository = ?1 AND digest = ?2";
    let deleted = tx.execute(delete, params![repository.0, digest.to_string()])?;
    Ok(deleted > 0)
}

/// Names of repositories, in the log of `of`, that hold content by this digest, with what they hold.
pub(super) fn holders(
    tx: &Transaction<'_>,
    of: &Name,
    digest: &Digest,
) -> rusqlite::Result<Vec<(String, Held)>> {
    let mut select = tx.prepare_cached(
        "SELECT name, content, used FROM oci_blob JOIN oci_repository ON id = repository
         WHERE digest = ?2 AND log = ?1 ORDER BY used DESC LIMIT ?3",
    )?;
    let values = params![of.log().number(), digest.to_string(), MOST_SOURCES];
    let found = select.query_map(values, |row| {
        let held = Held {
            content: row.get::<_, [u8; 32]>(1)?.into(),
            used: row.get::<_, i64>(2)?.cast_unsigned(),
        };
        Ok((row.get(0)?, held))
    })?;
    found.collect()
}

/// Lets go of content that no manifest of its repository names, and that nobody relied on for so
/// long. Returns whether there may be more.
pub(super) fn sweep(tx: &Transaction<'_>, min_age: Duration) -> rusqlite::Result<bool> {
    let until = now().saturating_sub(min_age.as_secs());
    let swept = tx.execute(
        "DELETE FROM oci_blob WHERE (repository, digest) IN (
           SELECT repository, digest FROM oci_blob WHERE used <= ?1 AND NOT EXISTS (
             SELECT 1 FROM oci_part JOIN oci_manifest ON oci_manifest.id = oci_part.manifest
             WHERE oci_part.digest = oci_blob.digest
               AND oci_manifest.repository = oci_blob.repository)
           LIMIT ?2)",
        params![until.cast_signed(), MOST_SWEPT],
    )?;
    Ok(swept == MOST_SWEPT as usize)
}
