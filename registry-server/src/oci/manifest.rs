//! Manifests: sent, taken in, and removed.

use super::blob::{self, CONTENT_DIGEST};
use super::digest::Digest;
use super::document::{Document, MOST_BYTES};
use super::error::{Code, Failure};
use super::place::Parameters;
use super::reference::{LATEST, Reference, ReferenceError, Tag};
use super::release::Outcome;
use super::repository::{self, RepositoryId};
use super::{Answer, Asked, package, release};
use crate::api::body::Received;
use crate::api::{Body, reply};
use crate::domain::Error;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, WARNING};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use rusqlite::{OptionalExtension, Transaction, params};
use tenon_registry_client::name::PackageName;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// The most tags that a manifest is given at once.
const MOST_TAGS_AT_ONCE: usize = 100;

/// The most tags of a repository.
const MOST_TAGS: i64 = 100_000;

/// A manifest, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// Its digest.
    pub(super) digest: String,
    /// Its type.
    pub(super) media_type: String,
    /// All of it.
    pub(super) bytes: Bytes,
    /// What is to be said about it.
    pub(super) warning: Option<String>,
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
    if let Some(warning) = manifest.warning {
        let warning = reply::header(&format!("299 - \"{warning}\""));
        reply::set(&mut response, WARNING, warning);
    }
    Ok(response)
}

/// Takes a manifest in, by a tag, or by its digest with any number of tags.
pub(super) async fn put(asked: &Asked<'_>, reference: &str, body: Incoming) -> Answer {
    let token = asked.caller.must_push(&asked.name)?;
    asked.must_take_writes()?;
    let parameters = Parameters::of(&asked.parts.uri);
    let (wanted, tags) = match read_reference(reference)? {
        Some(Reference::Digest(digest)) => {
            let tags = parameters.all("tag").map(|tag| match tag.parse() {
                Ok(Reference::Tag(tag)) => Ok(tag),
                _ => Err(no_tag(tag)),
            });
            (Some(digest), tags.collect::<Result<Vec<Tag>, _>>()?)
        }
        Some(Reference::Tag(tag)) => {
            let digest = parameters.get("digest").map(blob::parse).transpose()?;
            (digest, vec![tag])
        }
        None => return Err(no_tag(reference)),
    };
    if tags.len() > MOST_TAGS_AT_ONCE {
        let message = format!("a manifest is given at most {MOST_TAGS_AT_ONCE} tags at once");
        return Err(Failure::new(Code::Unsupported, message).with_status(StatusCode::URI_TOO_LONG));
    }
    let received = Received::new(body, &asked.app.config().limits);
    let bytes = received
        .whole(MOST_BYTES, "a manifest has at most 4 MiB")
        .await?;
    let bytes = Bytes::from(bytes);
    asked
        .app
        .quotas()
        .spend_bytes(token.id, bytes.len() as u64)?;
    let digest = match wanted {
        None => Digest::of(&bytes),
        Some(wanted) => {
            let found = wanted.same_of(&bytes);
            if found != wanted {
                let message = format!("the manifest has the digest `{found}`, not `{wanted}`");
                return Err(Failure::new(Code::DigestInvalid, message));
            }
            wanted
        }
    };
    let content_type = asked.parts.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let read = bytes.clone();
    let document = asked
        .app
        .heavy(move || Ok(Document::read(&read, content_type.as_deref())));
    let document = document.await??;
    let new = New {
        document: &document,
        bytes: &bytes,
        digest: &digest,
    };
    let mut opaque = vec![];
    let mut is_kept = tags.is_empty();
    for tag in &tags {
        match released(asked, tag, &new).await? {
            None => opaque.push(tag.clone()),
            Some(Outcome::Released) => continue,
            // Whoever pushed it is told its digest, and must find it by that.
            Some(Outcome::SameContent) => {}
        }
        is_kept = true;
    }
    let has_subject = document.subject.is_some() && is_kept;
    if is_kept {
        keep(asked, &new, opaque).await?;
    }
    let mut response = reply::empty(StatusCode::CREATED);
    let location = format!("/v2/{}/manifests/{digest}", asked.name);
    reply::set(&mut response, LOCATION, reply::header(&location));
    let text = reply::header(&digest.to_string());
    reply::set(&mut response, CONTENT_DIGEST, text);
    reply::set(&mut response, CONTENT_LENGTH, HeaderValue::from_static("0"));
    if let Some(subject) = document.subject.filter(|_| has_subject) {
        let subject = reply::header(&subject.to_string());
        reply::set(&mut response, SUBJECT, subject);
    }
    for tag in tags {
        let headers = response.headers_mut();
        headers.append(TAG, reply::header(tag.as_str()));
    }
    Ok(response)
}

/// A manifest that comes in.
pub(super) struct New<'a> {
    /// What it says.
    pub(super) document: &'a Document,
    /// All of it.
    pub(super) bytes: &'a Bytes,
    /// Its digest.
    pub(super) digest: &'a Digest,
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
        let message =
            format!("`{parsed}` is a release of `{package}`, and releases stay: yank it instead");
        return Err(
            Failure::new(Code::Unsupported, message).with_status(StatusCode::METHOD_NOT_ALLOWED)
        );
    }
    let name = asked.name.clone();
    let removed = asked.write(move |tx| {
        let Some(id) = repository::find(tx, &name)? else {
            return Ok(false);
        };
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
fn read_reference(text: &str) -> Result<Option<Reference>, Failure> {
    match text.parse() {
        Ok(reference) => Ok(Some(reference)),
        Err(ReferenceError::Tag) => Ok(None),
        Err(ReferenceError::Digest) => {
            blob::parse(text).map(|digest| Some(Reference::Digest(digest)))
        }
    }
}

fn no_tag(text: &str) -> Failure {
    let shown: String = text.chars().take(80).collect();
    let message = format!(
        "`{shown}` is no tag: expected 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with `.` or `-`"
    );
    Failure::new(Code::ManifestInvalid, message)
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
    asked
        .read(move |tx| match repository::find(tx, &name)? {
            Some(id) => find(tx, id, &wanted)?.map(Manifest::checked).transpose(),
            None => Ok(None),
        })
        .await
}

/// A manifest that is of no release.
fn find(
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
            warning: None,
        })
    };
    let found = select.query_row(params![id.0, reference.to_string()], read);
    found.optional()
}

/// What came of a tag of a package that is a version, or follows its versions: then it leads to the release when this
/// returns.
async fn released(asked: &Asked<'_>, tag: &Tag, new: &New<'_>) -> Result<Option<Outcome>, Failure> {
    let Some(package) = asked.name.package() else {
        return Ok(None);
    };
    if let Some(version) = tag.version() {
        let outcome = release::push(asked, &package, &version, new).await?;
        return Ok(Some(outcome));
    }
    if tag.as_str() != LATEST {
        return Ok(None);
    }
    let latest = package::find(asked, &package, &Reference::Tag(tag.clone())).await?;
    match latest {
        None => Ok(None),
        Some(latest) if latest.digest == new.digest.to_string() => Ok(Some(Outcome::Released)),
        Some(_) => {
            let message = format!(
                "`{LATEST}` is the highest release of `{package}`, whichever that is: push a version instead"
            );
            Err(Failure::new(Code::Denied, message).with_status(StatusCode::CONFLICT))
        }
    }
}

async fn is_of_release(
    asked: &Asked<'_>,
    package: &PackageName,
    reference: &Reference,
) -> Result<bool, Failure> {
    Ok(package::find(asked, package, reference).await?.is_some())
}

/// Keeps a manifest of no release, and has tags lead to it.
async fn keep(asked: &Asked<'_>, new: &New<'_>, tags: Vec<Tag>) -> Result<(), Failure> {
    let (name, document) = (asked.name.clone(), new.document.clone());
    let (bytes, digest) = (new.bytes.clone(), new.digest.clone());
    let blobs = asked.realm.blobs().clone();
    let kept = asked.write(move |tx| {
        let id = repository::ensure(tx, &name)?;
        for part in document.parts() {
            let held = repository::held(tx, id, part)?.map(|held| held.content);
            let content = match (held, name.package()) {
                (Some(content), _) => Some(content),
                (None, Some(package)) => match package::content(tx, name.log(), &package, part)? {
                    Some(package::Content::Release(content)) => Some(content),
                    // It is in no file, and stays as long as its release.
                    Some(package::Content::Config(_)) => continue,
                    None => None,
                },
                (None, None) => None,
            };
            // A row without a file is of what was taken down.
            let there = content.map(|content| blobs.find(&content)).transpose()?;
            if there.flatten().is_none() {
                return Ok(Err(part.to_string()));
            }
        }
        insert(tx, id, &document, &bytes, &digest)?;
        for tag in &tags {
            if !point(tx, id, tag, &digest)? {
                return Ok(Err(String::new()));
            }
        }
        Ok(Ok(()))
    });
    kept.await?.map_err(|part| {
        if part.is_empty() {
            let message = format!("a repository has at most {MOST_TAGS} tags: remove some first");
            return Failure::new(Code::Denied, message);
        }
        let name = &asked.name;
        let message =
            format!("the manifest names `{part}`, which is not in `{name}`: push that first");
        Failure::new(Code::ManifestBlobUnknown, message)
    })
}

fn insert(
    tx: &Transaction<'_>,
    id: RepositoryId,
    document: &Document,
    bytes: &Bytes,
    digest: &Digest,
) -> Result<(), Error> {
    let text = digest.to_string();
    let known = "SELECT id FROM oci_manifest WHERE repository = ?1 AND digest = ?2";
    let mut known = tx.prepare_cached(known)?;
    let known: Option<i64> = known
        .query_row(params![id.0, text], |row| row.get(0))
        .optional()?;
    let (media_type, artifact_type) = (&document.media_type, &document.artifact_type);
    let subject = document.subject.as_ref().map(Digest::to_string);
    let referrer = subject
        .is_some()
        .then(|| document.referrer(digest, bytes.len()));
    let manifest = match known {
        Some(manifest) => {
            // The same bytes by another type are read in another way.
            tx.execute(
                "UPDATE oci_manifest SET media_type = ?2, subject = ?3, artifact_type = ?4,
                   descriptor = ?5 WHERE id = ?1",
                params![manifest, media_type, subject, artifact_type, referrer],
            )?;
            tx.execute("DELETE FROM oci_part WHERE manifest = ?1", [manifest])?;
            manifest
        }
        None => {
            tx.execute(
                "INSERT INTO oci_manifest
                   (repository, digest, media_type, bytes, subject, artifact_type, descriptor)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    id.0,
                    text,
                    media_type,
                    &bytes[..],
                    subject,
                    artifact_type,
                    referrer
                ],
            )?;
            tx.last_insert_rowid()
        }
    };
    let mut part = tx.prepare_cached("INSERT INTO oci_part (manifest, digest) VALUES (?1, ?2)")?;
    for digest in document.parts() {
        part.execute(params![manifest, digest.to_string()])?;
    }
    Ok(())
}

/// Has a tag lead to a manifest, unless there are too many.
fn point(
    tx: &Transaction<'_>,
    id: RepositoryId,
    tag: &Tag,
    digest: &Digest,
) -> rusqlite::Result<bool> {
    let digest = digest.to_string();
    let update = "UPDATE oci_tag SET digest = ?3 WHERE repository = ?1 AND tag = ?2";
    if tx.execute(update, params![id.0, tag.as_str(), digest])? > 0 {
        return Ok(true);
    }
    let count = "SELECT count(*) FROM oci_tag WHERE repository = ?1";
    let count: i64 = tx.query_row(count, [id.0], |row| row.get(0))?;
    if count >= MOST_TAGS {
        return Ok(false);
    }
    let insert = "INSERT INTO oci_tag (repository, tag, digest) VALUES (?1, ?2, ?3)";
    tx.execute(insert, params![id.0, tag.as_str(), digest])?;
    Ok(true)
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
