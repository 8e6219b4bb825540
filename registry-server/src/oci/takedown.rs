//! What a takedown leaves of a package's repository: what others wrote, if it can be pulled without what was taken down.

use super::digest::Digest;
use super::repository::RepositoryId;
use crate::catalog::Catalog;
use crate::domain::Error;
use crate::log::LogId;
use rusqlite::{Transaction, params};
use std::collections::HashSet;
use tenon_registry_client::name::PackageName;

/// The manifests of a package's repository of which nothing is told any more: those that are only of releases that were
/// taken down, by whichever tag or digest, and those that name the content of such releases and cannot be pulled without it.
pub(super) fn gone(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    repository: RepositoryId,
) -> Result<HashSet<String>, Error> {
    let mut select = tx.prepare_cached(
        "SELECT r.digest, f.manifest FROM package p
         CROSS JOIN release r INDEXED BY release_choice ON r.package = p.id
         LEFT JOIN oci_release f ON f.log = p.log AND f.package = p.name AND f.rank = r.rank
           AND f.content = r.digest AND NOT EXISTS (
             SELECT 1 FROM oci_release g
             JOIN release q ON q.package = p.id AND q.rank = g.rank AND q.digest = g.content
             WHERE g.log = f.log AND g.package = f.package AND g.digest = f.digest
               AND json_extract(q.status, '$.is') <> 'taken-down')
         WHERE p.log = ?1 AND p.name = ?2 AND r.choice = 0
           AND instr(r.status, 'taken-down') > 0
           AND json_extract(r.status, '$.is') = 'taken-down'",
    )?;
    let mut naming = tx.prepare_cached(
        "SELECT m.digest FROM oci_part t JOIN oci_manifest m ON m.id = t.manifest
         WHERE m.repository = ?1 AND (t.digest = ?2 OR t.digest IN (
           SELECT digest FROM oci_blob WHERE repository = ?1 AND content = ?3))",
    )?;
    let mut gone = HashSet::new();
    let mut rows = select.query(params![log.number(), package.to_string()])?;
    while let Some(row) = rows.next()? {
        if let Some(manifest) = row.get::<_, Option<Vec<u8>>>(1)? {
            gone.insert(Digest::of(&manifest).to_string());
            gone.insert(Digest::sha512(&manifest).to_string());
        }
        let content = tenon_registry_client::Digest::from(row.get::<_, [u8; 32]>(0)?);
        if !Catalog::new(tx, log).is_taken_down(&content)? {
            continue;
        }
        let values = params![repository.0, content.to_string(), content.as_bytes()];
        for digest in naming.query_map(values, |row| row.get(0))? {
            gone.insert(digest?);
        }
    }
    Ok(gone)
}
