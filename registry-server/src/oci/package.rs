//! Releases, as repositories of two segments have them: each has a manifest and a tag, however it was
//! published.

use super::Asked;
use super::digest::Digest;
use super::document::NOTHING;
use super::error::Failure;
use super::form::{Formed, Source, form};
use super::manifest::Manifest;
use super::reference::{LATEST, Reference, Tag};
use crate::app::State;
use crate::catalog::rank;
use crate::domain::Error;
use crate::log::LogId;
use bytes::Bytes;
use rusqlite::{OptionalExtension, Transaction, named_params, params};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tenon_registry_client::api::ReleaseStatus;
use tenon_registry_client::log::Hash;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{Subject, Time};

/// How many releases get their form at once.
const BATCH: u32 = 256;

/// Content of a package.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// What a release is.
    Release(tenon_registry_client::Digest),
    /// What describes one, which is in no file.
    Config(Bytes),
}

impl Content {
    pub(super) fn release(self) -> Option<tenon_registry_client::Digest> {
        match self {
            Content::Release(content) => Some(content),
            Content::Config(_) => None,
        }
    }
}

/// The release that a manifest is of.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub(super) package: PackageName,
    pub(super) version: String,
    pub(super) status: ReleaseStatus,
}

impl Release {
    /// Reads the version and the status that a row begins with.
    pub(super) fn read(package: &PackageName, row: &rusqlite::Row<'_>) -> Result<Release, Error> {
        Ok(Release {
            package: package.clone(),
            version: row.get(0)?,
            status: serde_json::from_str(&row.get::<_, String>(1)?).map_err(Error::internal)?,
        })
    }

    /// Why it is yanked, if it is.
    pub(super) fn yanked(&self) -> Option<&str> {
        match &self.status {
            ReleaseStatus::Yanked { reason } => Some(reason),
            ReleaseStatus::Available | ReleaseStatus::TakenDown { .. } => None,
        }
    }

    /// What is said of one that its publisher advises against.
    pub(super) fn warning(&self) -> Option<String> {
        let (package, version) = (&self.package, &self.version);
        let reason = self.yanked()?;
        Some(format!("{package} {version} was yanked: {reason}"))
    }
}

/// Which forms count: those of releases that are not taken down, for the same content; and those that
/// were pushed if it was the registry that signed.
///
/// It comes behind the table of forms, which is looked into first: by an index that has to be named, since SQLite
/// knows nothing of how many releases a package has.
pub(super) const FORMS: &str = "CROSS JOIN package p ON p.log = f.log AND p.name = f.package
     CROSS JOIN release r ON r.package = p.id AND r.rank = f.rank AND r.digest = f.content
     WHERE f.log = :log AND f.package = :package
       AND (f.pushed = 0 OR json_extract(r.publisher, '$.by') = 'registry')
       AND json_extract(r.status, '$.is') <> 'taken-down'";

/// Content of a package by its digest, of releases that are not taken down.
pub(super) fn content(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    digest: &Digest,
) -> Result<Option<Content>, Error> {
    let name = package.to_string();
    if let Digest::Sha256(digest) = digest {
        let mut select = tx.prepare_cached(
            "SELECT 1 FROM package p JOIN release r ON r.package = p.id
             WHERE p.log = ?1 AND p.name = ?2 AND r.digest = ?3
               AND json_extract(r.status, '$.is') <> 'taken-down'",
        )?;
        if select.exists(params![log.number(), name, digest.as_bytes()])? {
            return Ok(Some(Content::Release(*digest)));
        }
    }
    // What says that a release is yanked needs it, and what others say of a release: so nobody has to push it.
    if *digest == Digest::of(NOTHING) {
        let mut select = tx.prepare_cached(
            "SELECT 1 FROM package p JOIN release r ON r.package = p.id
             WHERE p.log = ?1 AND p.name = ?2",
        )?;
        if select.exists(params![log.number(), name])? {
            return Ok(Some(Content::Config(Bytes::from_static(NOTHING))));
        }
    }
    let select = format!(
        "SELECT f.config FROM oci_release f INDEXED BY oci_release_config {FORMS}
         AND f.config_digest = :digest"
    );
    let mut select = tx.prepare_cached(&select)?;
    let values = named_params! {
        ":log": log.number(), ":package": name, ":digest": digest.to_string(),
    };
    let found = select.query_row(values, |row| row.get::<_, Vec<u8>>(0));
    let found = found.optional()?;
    match found {
        Some(bytes) if digest.same_of(&bytes) == *digest => Ok(Some(Content::Config(bytes.into()))),
        Some(_) => {
            let damage = format!("the config `{digest}` is damaged in the database");
            Err(Error::internal(damage))
        }
        None => Ok(None),
    }
}

/// The tags of the releases that are to be chosen from, if there is such a package. `latest` is not
/// listed: it is one of them, and clients that look for versions would complain of it.
pub(super) fn tags(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
) -> Result<Option<Vec<String>>, Error> {
    let mut select = tx.prepare_cached(
        "SELECT r.version, r.choice FROM package p JOIN release r ON r.package = p.id
         WHERE p.log = ?1 AND p.name = ?2",
    )?;
    let rows = select.query_map(params![log.number(), package.to_string()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    })?;
    let rows: Vec<(String, i64)> = rows.collect::<rusqlite::Result<_>>()?;
    if rows.is_empty() {
        return Ok(None);
    }
    let chosen = rows.iter().filter(|(_, choice)| *choice > 0);
    let tags = chosen.filter_map(|(version, _)| Tag::of(version));
    Ok(Some(tags.map(|tag| tag.to_string()).collect()))
}

/// The manifest of a release, by version, as the highest, or by its digest; `None` if it is of none.
pub(super) async fn find(
    asked: &Asked<'_>,
    package: &PackageName,
    reference: &Reference,
) -> Result<Option<Manifest>, Failure> {
    // What is in the database is listed a moment before it is published: then it is sent, too.
    if head(asked, package).is_none() && !is_known(asked, package).await? {
        return Ok(None);
    }
    let (log, name) = (asked.name.log(), package.clone());
    let wanted = match reference {
        Reference::Digest(digest) => Wanted::Digest(digest.to_string()),
        Reference::Tag(tag) => match tag.version() {
            Some(version) => Wanted::Rank(rank(&version)),
            None if tag.as_str() == LATEST => {
                let name = name.clone();
                let highest = asked.read(move |tx| highest(tx, log, &name));
                match highest.await? {
                    Some(rank) => Wanted::Rank(rank),
                    None => return Ok(None),
                }
            }
            None => return Ok(None),
        },
    };
    let (package, sought) = (name.clone(), wanted.clone());
    let found = asked.read(move |tx| formed(tx, log, &package, &sought));
    if let Some(found) = found.await? {
        return Ok(Some(found));
    }
    let mut new = match &wanted {
        Wanted::Rank(rank) => form_missing(asked, &name, Some(rank.clone())).await?,
        Wanted::Digest(_) => form_missing(asked, &name, None).await?,
    };
    // Someone else may have formed it meanwhile, or pushed it in another form.
    let (package, sought) = (name.clone(), wanted.clone());
    let found = asked.read(move |tx| formed(tx, log, &package, &sought));
    if let Some(found) = found.await? {
        return Ok(Some(found));
    }
    let at = new.iter().position(|(source, formed)| match &wanted {
        Wanted::Rank(rank) => source.rank == *rank,
        Wanted::Digest(digest) => formed.digest == *digest,
    });
    Ok(at.map(|at| {
        let (source, formed) = new.swap_remove(at);
        Manifest {
            digest: formed.digest,
            media_type: formed.media_type.to_owned(),
            bytes: formed.manifest,
            release: Some(Release {
                package: name,
                version: source.version,
                status: source.status,
            }),
        }
    }))
}

/// The config of a release that had no form yet, by its digest.
pub(super) async fn new_config(
    asked: &Asked<'_>,
    package: &PackageName,
    digest: &Digest,
) -> Result<Option<Bytes>, Failure> {
    let new = form_missing(asked, package, None).await?;
    let text = digest.to_string();
    let found = new
        .into_iter()
        .find(|(_, formed)| formed.config_digest == text);
    if let Some((_, found)) = found {
        return Ok(Some(found.config));
    }
    // Someone else may have formed it meanwhile.
    let (log, package, digest) = (asked.name.log(), package.clone(), digest.clone());
    let found = asked.read(move |tx| content(tx, log, &package, &digest));
    Ok(match found.await? {
        Some(Content::Config(bytes)) => Some(bytes),
        _ => None,
    })
}

/// The last record of a package, if there is such a package.
pub(super) fn head(asked: &Asked<'_>, package: &PackageName) -> Option<Hash> {
    let subject = Subject::Package(package.clone());
    let published = asked.realm.log().published();
    published.map.get(&subject.map_key()).map(|head| head.hash)
}

/// Whether the database has such a package.
async fn is_known(asked: &Asked<'_>, package: &PackageName) -> Result<bool, Failure> {
    let (log, name) = (asked.name.log(), package.to_string());
    let known = asked.read(move |tx| {
        let select = "SELECT 1 FROM package WHERE log = ?1 AND name = ?2";
        let mut select = tx.prepare_cached(select)?;
        Ok(select.exists(params![log.number(), name])?)
    });
    known.await
}

/// What a form is looked for by.
#[derive(Clone, Debug)]
enum Wanted {
    Rank(Vec<u8>),
    Digest(String),
}

fn highest(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
) -> Result<Option<Vec<u8>>, Error> {
    let mut select = tx.prepare_cached(
        "SELECT r.rank FROM package p JOIN release r ON r.package = p.id
         WHERE p.log = ?1 AND p.name = ?2 AND r.choice > 0
         ORDER BY r.choice DESC, r.rank DESC LIMIT 1",
    )?;
    let values = params![log.number(), package.to_string()];
    Ok(select.query_row(values, |row| row.get(0)).optional()?)
}

fn formed(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    wanted: &Wanted,
) -> Result<Option<Manifest>, Error> {
    let columns = "SELECT f.digest, f.media_type, f.manifest, r.version, r.status";
    let read = |row: &rusqlite::Row<'_>| {
        let manifest = Manifest {
            digest: row.get(0)?,
            media_type: row.get(1)?,
            bytes: row.get::<_, Vec<u8>>(2)?.into(),
            release: None,
        };
        Ok((manifest, row.get::<_, String>(3)?, row.get::<_, String>(4)?))
    };
    let (log, name) = (log.number(), package.to_string());
    let found = match wanted {
        Wanted::Rank(rank) => {
            let mut select = tx.prepare_cached(&format!(
                "{columns} FROM oci_release f {FORMS} AND f.rank = :rank"
            ))?;
            let values = named_params! { ":log": log, ":package": name, ":rank": rank };
            select.query_row(values, read).optional()?
        }
        Wanted::Digest(digest) => {
            // Of several releases with one manifest, the one that there is something to say of.
            let select = format!(
                "{columns} FROM oci_release f INDEXED BY oci_release_digest {FORMS}
                   AND f.digest = :digest
                 ORDER BY json_extract(r.status, '$.is') <> 'yanked', r.rank LIMIT 1"
            );
            let mut select = tx.prepare_cached(&select)?;
            let values = named_params! { ":log": log, ":package": name, ":digest": digest };
            select.query_row(values, read).optional()?
        }
    };
    found
        .map(|(manifest, version, status)| {
            let status = serde_json::from_str(&status).map_err(Error::internal)?;
            let release = Release {
                package: package.clone(),
                version,
                status,
            };
            let manifest = Manifest {
                release: Some(release),
                ..manifest
            };
            manifest.checked()
        })
        .transpose()
}

/// The release that has a manifest of these bytes, and the digest that it is known by.
pub(super) fn release_of(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    manifest: &[u8],
) -> Result<Option<(Digest, Release)>, Error> {
    for digest in [Digest::of(manifest), Digest::sha512(manifest)] {
        let found = formed(tx, log, package, &Wanted::Digest(digest.to_string()))?;
        if let Some(release) = found.and_then(|found| found.release) {
            return Ok(Some((digest, release)));
        }
    }
    Ok(None)
}

/// Gives releases that have none yet their form: one, or all. A disk that is full does not keep
/// anyone from reading, so what cannot be kept is only returned.
pub(super) async fn form_missing(
    asked: &Asked<'_>,
    package: &PackageName,
    only: Option<Vec<u8>>,
) -> Result<Vec<(Source, Formed)>, Failure> {
    let log = asked.name.log();
    let head = head(asked, package);
    let known = &asked.app.oci().formed;
    if head.is_some_and(|head| known.has(log, package, head)) {
        return Ok(vec![]);
    }
    let (mut all, mut after, mut kept_all) = (vec![], vec![], true);
    loop {
        let (name, rank, from) = (package.clone(), only.clone(), after.clone());
        let sources = asked.read(move |tx| unformed(tx, log, &name, rank, &from));
        let sources = sources.await?;
        let Some((last, count)) = sources
            .last()
            .map(|last| (last.rank.clone(), sources.len()))
        else {
            break;
        };
        let name = package.clone();
        let new: Vec<(Source, Formed)> = asked
            .app
            .heavy(move || {
                let formed = sources.into_iter().map(|source| {
                    let formed = form(&name, &source)?;
                    Ok((source, formed))
                });
                formed.collect::<Result<_, Error>>()
            })
            .await?;
        let mut kept = false;
        if asked.app.state() == State::Ready {
            let (name, forms) = (package.clone(), new.clone());
            let written = asked.write(move |tx| Ok(keep(tx, log, &name, &forms)?));
            match written.await {
                Ok(()) => kept = true,
                Err(error) => tracing::warn!(?error, "the OCI form of releases was not kept"),
            }
        }
        kept_all &= kept;
        all.extend(new);
        after = last;
        if count < BATCH as usize {
            break;
        }
    }
    if let Some(head) = head.filter(|_| kept_all && only.is_none()) {
        known.put(log, package, head);
    }
    Ok(all)
}

/// Packages of which all releases have their form: so whoever asks for what there is not, again and
/// again, does not have them looked through as often.
#[derive(Debug, Default)]
pub(super) struct FormedPackages(Mutex<HashMap<(LogId, PackageName), Hash>>);

/// Of how many packages that is remembered.
const MOST_FORMED: usize = 4_096;

impl FormedPackages {
    /// Whether nothing was logged of a package since all of it had its form.
    fn has(&self, log: LogId, package: &PackageName, head: Hash) -> bool {
        let formed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        formed.get(&(log, package.clone())) == Some(&head)
    }

    fn put(&self, log: LogId, package: &PackageName, head: Hash) {
        let mut formed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if formed.len() >= MOST_FORMED {
            formed.clear();
        }
        formed.insert((log, package.clone()), head);
    }
}

/// Releases without a form that counts: one, or those of a higher rank.
fn unformed(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    only: Option<Vec<u8>>,
    after: &[u8],
) -> Result<Vec<Source>, Error> {
    let mut select = tx.prepare_cached(
        "SELECT r.rank, r.version, r.digest, r.size, r.kind, r.time, r.status,
           (SELECT json FROM world WHERE world.id = r.world)
         FROM package p JOIN release r ON r.package = p.id
         LEFT JOIN oci_release f ON f.log = p.log AND f.package = p.name AND f.rank = r.rank
           AND f.content = r.digest
           AND (f.pushed = 0 OR json_extract(r.publisher, '$.by') = 'registry')
         WHERE p.log = ?1 AND p.name = ?2 AND f.rank IS NULL AND r.rank > ?3
           AND (?4 IS NULL OR r.rank = ?4) AND json_extract(r.status, '$.is') <> 'taken-down'
         ORDER BY r.rank LIMIT ?5",
    )?;
    let values = params![log.number(), package.to_string(), after, only, BATCH];
    let rows = select.query_map(values, |row| {
        let texts = (row.get::<_, String>(6)?, row.get::<_, Option<String>>(7)?);
        let source = Source {
            rank: row.get(0)?,
            version: row.get(1)?,
            content: row.get::<_, [u8; 32]>(2)?.into(),
            size: row.get::<_, i64>(3)?.cast_unsigned(),
            time: Time::from_seconds(row.get::<_, i64>(5)?.cast_unsigned()).unwrap_or(Time::EPOCH),
            status: ReleaseStatus::Available,
            world: None,
        };
        Ok((source, texts))
    })?;
    let sources = rows.map(|row| {
        let (source, (status, world)) = row?;
        let world = world.as_deref().map(serde_json::from_str).transpose();
        Ok(Source {
            status: serde_json::from_str(&status).map_err(Error::internal)?,
            world: world.map_err(Error::internal)?,
            ..source
        })
    });
    sources.collect()
}

fn keep(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    new: &[(Source, Formed)],
) -> rusqlite::Result<()> {
    // Of two who form one at a time, both come to the same; one that was pushed stays.
    let mut insert = tx.prepare_cached(
        "INSERT INTO oci_release VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET content = ?4, pushed = 0, digest = ?5, media_type = ?6,
           manifest = ?7, config_digest = ?8, config = ?9
         WHERE NOT (content = ?4 AND pushed = 1 AND EXISTS (
           SELECT 1 FROM package p JOIN release r ON r.package = p.id
           WHERE p.log = ?1 AND p.name = ?2 AND r.rank = ?3
             AND json_extract(r.publisher, '$.by') = 'registry'))",
    )?;
    for (source, formed) in new {
        insert.execute(params![
            log.number(),
            package.to_string(),
            source.rank,
            source.content.as_bytes(),
            formed.digest,
            formed.media_type,
            &formed.manifest[..],
            formed.config_digest,
            &formed.config[..],
        ])?;
    }
    Ok(())
}

/// Whether a package has a release of a version, or of one that differs in build metadata only: which.
pub(super) fn version_taken(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    version: &Version,
) -> Result<Option<String>, Error> {
    let from = rank(&version.without_build());
    let mut select = tx.prepare_cached(
        "SELECT r.version FROM package p JOIN release r ON r.package = p.id
         WHERE p.log = ?1 AND p.name = ?2 AND r.rank >= ?3 ORDER BY r.rank LIMIT 1",
    )?;
    let mut rows = select.query_map(params![log.number(), package.to_string(), from], |row| {
        row.get::<_, String>(0)
    })?;
    // Those that differ in build metadata only come first.
    let Some(taken) = rows.next().transpose()? else {
        return Ok(None);
    };
    let same = taken.parse::<Version>();
    let same = same.is_ok_and(|taken| taken.without_build() == version.without_build());
    Ok(same.then_some(taken))
}
