//! Manifests: sent, and removed.

use super::blob::{self, CONTENT_DIGEST};
use super::digest::Digest;
use super::error::{Code, Failure};
use super::package::Release;
use super::reference::{Reference, ReferenceError};
use super::repository::{self, RepositoryId};
use super::{Answer, Asked, latest, package, takedown, yank};
use crate::api::{Body, reply};
use crate::domain::Error;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, WARNING};
use http::{HeaderValue, Response, StatusCode};
use rusqlite::{OptionalExtension, Transaction, params};
use tenon_registry_client::name::PackageName;

/// A manifest, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// Its digest.
    pub(super) digest: String,
    /// Its type.
    pub(super) media_type: String,
    /// All of it.
    pub(super) bytes: Bytes,
    /// The release that it is of.
    pub(super) release: Option<Release>,
}

impl Manifest {
    /// This one, if it is what its digest says: what became something else in the database is not sent.
    pub(super) fn checked(self) -> Result<Manifest, Error> {
        match super::is_of(&self.digest, &self.bytes) {
            true => Ok(self),
            false => {
                let damage = format!("the manifest `{}` is damaged in the database", self.digest);
                Err(Error::internal(damage))
            }
        }
    }
}

/// Sends a manifest.
pub(super) async fn get(asked: &Asked<'_>, reference: &str) -> Answer {
    let found = match read_reference(reference)? {
        // What cannot be a tag is none of this repository.
        None => {
            asked.must_read()?;
            None
        }
        Some(reference) => {
            asked.must_read()?;
            look(asked, &reference).await?
        }
    };
    let Some(manifest) = found else {
        return Err(missing(asked, reference).await?);
    };
    let size = manifest.bytes.len();
    let mut response = Response::new(Body::whole(manifest.bytes));
    let etag = format!("\"{}\"", manifest.digest);
    let headers = [
        (CONTENT_TYPE, reply::header(&manifest.media_type)),
        (CONTENT_LENGTH, HeaderValue::from(size)),
        (CONTENT_DIGEST, reply::header(&manifest.digest)),
        (ETAG, reply::header(&etag)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    for (name, value) in headers {
        reply::set(&mut response, name, value);
    }
    if let Some(warning) = manifest.release.as_ref().and_then(Release::warning) {
        let warning = reply::header(&format!("299 - \"{warning}\""));
        reply::set(&mut response, WARNING, warning);
    }
    Ok(response)
}

/// Removes a tag, or a manifest with all its tags.
pub(super) async fn delete(asked: &Asked<'_>, reference: &str) -> Answer {
    let parsed = read_reference(reference)?;
    asked.caller.must_push(&asked.name)?;
    asked.must_take_writes()?;
    let Some(parsed) = parsed else {
        return Err(missing(asked, reference).await?);
    };
    if let Some(package) = asked.name.package()
        && is_of_release(asked, &package, &parsed).await?
    {
        // Whether there is one is for those to know who may read it.
        if asked.must_read().is_err() {
            return Err(missing(asked, reference).await?);
        }
        let message =
            format!("`{parsed}` is a release of `{package}`, and releases stay: yank it instead");
        return Err(Failure::new(Code::Unsupported, message)
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
            .with(ALLOW, HeaderValue::from_static("GET, HEAD, PUT")));
    }
    if let (Some(package), Reference::Digest(digest)) = (asked.name.package(), &parsed)
        && yank::find(asked, &package, digest).await?.is_some()
    {
        let message = format!(
            "`{parsed}` says that a release of `{package}` is yanked, and stays as long as it is"
        );
        return Err(Failure::new(Code::Unsupported, message)
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
            .with(ALLOW, HeaderValue::from_static("GET, HEAD")));
    }
    let name = asked.name.clone();
    let removed = asked.write(move |tx| {
        let Some(id) = repository::find(tx, &name)? else {
            return Ok(false);
        };
        if latest::hides(tx, &name, &parsed)? {
            return Ok(false);
        }
        Ok(match &parsed {
            Reference::Tag(tag) => {
                let delete = "DELETE FROM oci_tag WHERE repository = ?1 AND tag = ?2";
                tx.execute(delete, params![id.0, tag.as_str()])? > 0
            }
            Reference::Digest(digest) => remove(tx, id, digest)?,
        })
    });
    match removed.await? {
        true => Ok(reply::empty(StatusCode::ACCEPTED)),
        false => Err(missing(asked, reference).await?),
    }
}

/// What a reference is; nothing, if it is meant for a tag and none can be so.
pub(super) fn read_reference(text: &str) -> Result<Option<Reference>, Failure> {
    match text.parse() {
        Ok(reference) => Ok(Some(reference)),
        Err(ReferenceError::Tag) => Ok(None),
        Err(ReferenceError::Digest) => {
            blob::parse(text).map(|digest| Some(Reference::Digest(digest)))
        }
    }
}

/// That there is no such manifest, or not even such a repository.
async fn missing(asked: &Asked<'_>, reference: &str) -> Result<Failure, Failure> {
    if !asked.exists().await? {
        return Ok(asked.unknown());
    }
    let (name, shown) = (&asked.name, reference.chars().take(160).collect::<String>());
    let message = format!("there is no manifest `{shown}` in `{name}`");
    Ok(Failure::new(Code::ManifestUnknown, message))
}

async fn look(asked: &Asked<'_>, reference: &Reference) -> Result<Option<Manifest>, Failure> {
    if let Some(package) = asked.name.package()
        && let Some(found) = package::find(asked, &package, reference).await?
    {
        return Ok(Some(found));
    }
    let (name, wanted) = (asked.name.clone(), reference.clone());
    let found = asked.read(move |tx| {
        let Some(id) = repository::find(tx, &name)? else {
            return Ok(None);
        };
        if latest::hides(tx, &name, &wanted)? {
            return Ok(None);
        }
        let found = find(tx, id, &wanted)?.map(Manifest::checked).transpose()?;
        let (Some(package), Some(found)) = (name.package(), &found) else {
            return Ok(found);
        };
        if takedown::gone(tx, name.log(), &package, id)?.contains(&found.digest) {
            return Ok(None);
        }
        // By a tag of its own, or by its other digest, it is what it is by its version.
        let release = package::release_of(tx, name.log(), &package, &found.bytes)?;
        Ok(Some(Manifest {
            release: release.map(|(_, release)| release),
            ..found.clone()
        }))
    });
    if let Some(found) = found.await? {
        return Ok(Some(found));
    }
    match (asked.name.package(), reference) {
        (Some(package), Reference::Digest(digest)) => yank::find(asked, &package, digest).await,
        _ => Ok(None),
    }
}

/// A manifest that was pushed by this very tag or digest, and not as a release.
pub(super) fn find(
    tx: &Transaction<'_>,
    id: RepositoryId,
    reference: &Reference,
) -> rusqlite::Result<Option<Manifest>> {
    let select = match reference {
        Reference::Tag(_) => {
            "SELECT m.digest, m.media_type, m.bytes FROM oci_tag t
             JOIN oci_manifest m ON m.repository = t.repository AND m.digest = t.digest
             WHERE t.repository = ?1 AND t.tag = ?2"
        }
        Reference::Digest(_) => {
            "SELECT digest, media_type, bytes FROM oci_manifest WHERE repository = ?1 AND digest = ?2"
        }
    };
    let mut select = tx.prepare_cached(select)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Manifest {
            digest: row.get(0)?,
            media_type: row.get(1)?,
            bytes: row.get::<_, Vec<u8>>(2)?.into(),
            release: None,
        })
    };
    let found = select.query_row(params![id.0, reference.to_string()], read);
    found.optional()
}

async fn is_of_release(
    asked: &Asked<'_>,
    package: &PackageName,
    reference: &Reference,
) -> Result<bool, Failure> {
    Ok(package::find(asked, package, reference).await?.is_some())
}

/// Removes a manifest with its tags. Returns whether it was there.
fn remove(tx: &Transaction<'_>, id: RepositoryId, digest: &Digest) -> rusqlite::Result<bool> {
    let values = params![id.0, digest.to_string()];
    let manifest = "SELECT id FROM oci_manifest WHERE repository = ?1 AND digest = ?2";
    let manifest: Option<i64> = tx
        .query_row(manifest, values, |row| row.get(0))
        .optional()?;
    let Some(manifest) = manifest else {
        return Ok(false);
    };
    tx.execute(
        "DELETE FROM oci_tag WHERE repository = ?1 AND digest = ?2",
        values,
    )?;
    tx.execute("DELETE FROM oci_part WHERE manifest = ?1", [manifest])?;
    tx.execute("DELETE FROM oci_manifest WHERE id = ?1", [manifest])?;
    Ok(true)
}
