//! What was pushed through the OCI door, and is of no release: manifests in the database, and content.

use super::content::{Content, examine};
use super::finding::{Finding, FindingKind};
use super::history::History;
use super::snapshot::Snapshot;
use crate::oci;
use rusqlite::{Connection, OpenFlags, params};
use tenon_registry_client::Digest;

/// Reads all of it: what is wrong.
pub(super) fn check_pushed(history: &History<'_>, snapshot: &Snapshot) -> Vec<Finding> {
    let log = history.log;
    let mut findings = vec![];
    if let Err(error) = read(history, snapshot, &mut findings) {
        let place = "the tables of the OCI door";
        findings.push(Finding::new(FindingKind::Database, log, place, error));
    }
    findings
}

fn read(
    history: &History<'_>,
    snapshot: &Snapshot,
    findings: &mut Vec<Finding>,
) -> rusqlite::Result<()> {
    let log = history.log;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(snapshot.path(), flags)?;
    let known = "SELECT 1 FROM sqlite_schema WHERE name = 'oci_manifest'";
    if !database.prepare(known)?.exists([])? {
        return Ok(());
    }
    let mut manifests = database.prepare(
        "SELECT name, digest, bytes FROM oci_manifest JOIN oci_repository r ON r.id = repository
         WHERE log = ?1 UNION ALL
         SELECT package, digest, manifest FROM oci_release WHERE log = ?1 UNION ALL
         SELECT package, config_digest, config FROM oci_release WHERE log = ?1",
    )?;
    let mut rows = manifests.query(params![log.number()])?;
    while let Some(row) = rows.next()? {
        let (name, digest): (String, String) = (row.get(0)?, row.get(1)?);
        if !oci::is_of(&digest, &row.get::<_, Vec<u8>>(2)?) {
            let place = format!("the manifest or config `{digest}` of `{name}`");
            let problem = "it is something else in the database: remove it, and push it again";
            findings.push(Finding::new(FindingKind::Database, log, place, problem));
        }
    }
    // What a release has is examined with the releases.
    let mut held = database.prepare(
        "SELECT content, min(name) FROM oci_blob JOIN oci_repository r ON r.id = repository
         WHERE log = ?1 AND NOT EXISTS (
           SELECT 1 FROM world WHERE world.log = ?1 AND world.digest = content)
         GROUP BY content",
    )?;
    // So is what was taken down, which nobody has to have.
    let mut taken_down = database.prepare(
        "SELECT 1 FROM release r JOIN package p ON p.id = r.package
         WHERE p.log = ?1 AND r.digest = ?2 AND instr(r.status, 'taken-down') > 0
           AND json_extract(r.status, '$.is') = 'taken-down'",
    )?;
    let mut rows = held.query(params![log.number()])?;
    while let Some(row) = rows.next()? {
        let (content, name): ([u8; 32], String) = (row.get(0)?, row.get(1)?);
        if taken_down.exists(params![log.number(), content])? {
            continue;
        }
        let path = history.layout.blob(&Digest::from(content));
        let problem = match examine(history.files, &path, &Digest::from(content), |_| {}) {
            Content::Right(_) => continue,
            Content::Missing => "it is missing".to_owned(),
            Content::Unreadable(why) => format!("it cannot be read: {why}"),
            Content::Other(found, length) => {
                format!("its {length} bytes have the digest {found}")
            }
        };
        let problem = format!("{problem}; the repository `{name}` holds it");
        findings.push(Finding::new(FindingKind::Content, log, &path, problem));
    }
    Ok(())
}
