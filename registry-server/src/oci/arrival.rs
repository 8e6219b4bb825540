//! Manifests that come in, by a tag, or by their digest with any number of tags.
//!
//! All that can be refused is refused before anything is done: so a push with several tags is done as
//! a whole or not at all.

use super::blob::{self, CONTENT_DIGEST};
use super::digest::Digest;
use super::document::{Document, MOST_BYTES};
use super::error::{Code, Failure};
use super::manifest::read_reference;
use super::place::Parameters;
use super::reference::{LATEST, Reference, Tag};
use super::release::Outcome;
use super::repository::{self, RepositoryId};
use super::{Answer, Asked, latest, package, release, yank};
use crate::api::body::Received;
use crate::api::reply;
use crate::catalog::Catalog;
use crate::domain::Error;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, WARNING};
use http::{HeaderName, HeaderValue, StatusCode};
use hyper::body::Incoming;
use rusqlite::{OptionalExtension, Transaction, params};
use tenon_registry_client::name::{PackageName, Version};

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// The most tags that a manifest is given at once. Each is a header of the answer, of which clients take a hundred.
const MOST_TAGS_AT_ONCE: usize = 64;

/// The most tags of a repository.
const MOST_TAGS: i64 = 100_000;

/// A manifest that comes in.
pub(super) struct New<'a> {
    /// What it says.
    pub(super) document: &'a Document,
    /// All of it.
    pub(super) bytes: &'a Bytes,
    /// Its digest.
    pub(super) digest: &'a Digest,
}

/// What becomes of a manifest.
#[derive(Default)]
struct Plan {
    /// The release that it is going to be.
    release: Option<(PackageName, Version)>,
    /// The tags that are going to lead to it, and are of no release.
    tags: Vec<Tag>,
    /// The tags that lead to a release of the same content, by a manifest of its own, and go on to.
    others: Vec<Tag>,
    /// Whether `latest` was to be it, and a higher release came first.
    is_overtaken: bool,
    /// Whether it is a release, or is going to be, and so can be had by its digest as that.
    is_released: bool,
}

/// Takes a manifest in.
pub(super) async fn put(asked: &Asked<'_>, reference: &str, body: Incoming) -> Answer {
    let token = asked.caller.must_push(&asked.name)?;
    asked.must_take_writes()?;
    let parameters = Parameters::of(&asked.parts.uri);
    let (wanted, tags) = match read_reference(reference)? {
        Some(Reference::Digest(digest)) => {
            let mut tags: Vec<Tag> = vec![];
            for tag in parameters.all("tag") {
                match tag.parse() {
                    Ok(Reference::Tag(tag)) if tags.contains(&tag) => {}
                    Ok(Reference::Tag(tag)) => tags.push(tag),
                    _ => return Err(no_tag(tag)),
                }
            }
            (Some(digest), tags)
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
        None => known_as(asked, &bytes).await?,
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
    let artifact_type = document.artifact_type.as_deref().map(str::trim);
    let says_yanked = artifact_type.is_some_and(|it| it.eq_ignore_ascii_case(yank::YANK));
    let package = asked.name.package();
    let is_known = match package.filter(|_| says_yanked) {
        Some(package) => {
            let found = yank::find(asked, &package, &digest).await?;
            if found.is_none() || !tags.is_empty() {
                return Err(only_the_log(&package));
            }
            true
        }
        None => false,
    };
    let mut plan = plan(asked, &tags, &new).await?;
    if let Some((package, version)) = &plan.release {
        let outcome = release::push(asked, package, version, &new).await?;
        plan.is_released = outcome == Outcome::Released;
        if outcome == Outcome::SameContent {
            // Someone else was first.
            let of_it = |tag: &&Tag| tag.version().as_ref() == Some(version);
            plan.others.extend(tags.iter().filter(of_it).cloned());
        }
        if let Some(tag) = tags.iter().find(|tag| tag.as_str() == LATEST) {
            match latest::became(asked, package, version).await? {
                true if outcome == Outcome::SameContent => plan.others.push(tag.clone()),
                true => {}
                false => plan.is_overtaken = true,
            }
        }
    }
    // A release is listed with what refers to its subject as any other manifest is.
    let is_known = is_known
        || plan.is_released
            && plan.tags.is_empty()
            && document.subject.is_none()
            && is_known_by(asked, &bytes, &digest).await?;
    if !is_known {
        keep(asked, &new, plan.tags).await?;
    }
    let mut response = reply::empty(StatusCode::CREATED);
    let location = format!("/v2/{}/manifests/{digest}", asked.name);
    reply::set(&mut response, LOCATION, reply::header(&location));
    let text = reply::header(&digest.to_string());
    reply::set(&mut response, CONTENT_DIGEST, text);
    reply::set(&mut response, CONTENT_LENGTH, HeaderValue::from_static("0"));
    if let Some(subject) = &document.subject {
        let subject = reply::header(&subject.to_string());
        reply::set(&mut response, SUBJECT, subject);
    }
    let headers = response.headers_mut();
    for tag in &tags {
        // What is not said back leads to another manifest, whose digest may be asked for.
        let instead = if plan.is_overtaken && tag.as_str() == LATEST {
            "is a higher release, which came first"
        } else if plan.others.contains(tag) {
            "keeps the manifest that it was released with"
        } else {
            headers.append(TAG, reply::header(tag.as_str()));
            continue;
        };
        let text = format!("299 - \"{tag} {instead}\"");
        headers.append(WARNING, reply::header(&text));
    }
    Ok(response)
}

/// The digest of a manifest that comes without one: that which a release has it by, or else its SHA-256, unless it
/// is here by its SHA-512 only, so that one who pushes by that, and then by a tag, has one manifest.
async fn known_as(asked: &Asked<'_>, bytes: &Bytes) -> Result<Digest, Failure> {
    let (name, bytes) = (asked.name.clone(), bytes.clone());
    asked
        .read(move |tx| {
            let usual = Digest::of(&bytes);
            if let Some(package) = name.package()
                && let Some((digest, _)) = package::release_of(tx, name.log(), &package, &bytes)?
            {
                return Ok(digest);
            }
            let Some(id) = repository::find(tx, &name)? else {
                return Ok(usual);
            };
            let mut select = tx.prepare_cached(
                "SELECT digest = ?2 FROM oci_manifest
                 WHERE repository = ?1 AND digest IN (?2, ?3) ORDER BY digest LIMIT 1",
            )?;
            let other = Digest::sha512(&bytes);
            let values = params![id.0, usual.to_string(), other.to_string()];
            let is_usual = select.query_row(values, |row| row.get(0)).optional()?;
            Ok(if is_usual.unwrap_or(true) {
                usual
            } else {
                other
            })
        })
        .await
}

/// Whether a release has this manifest, and by this digest: by the other one it can be had only if it is kept by that, too.
async fn is_known_by(asked: &Asked<'_>, bytes: &Bytes, digest: &Digest) -> Result<bool, Failure> {
    let Some(package) = asked.name.package() else {
        return Ok(false);
    };
    let (log, bytes, digest) = (asked.name.log(), bytes.clone(), digest.clone());
    asked
        .read(move |tx| {
            let found = package::release_of(tx, log, &package, &bytes)?;
            Ok(found.is_some_and(|(known, _)| known == digest))
        })
        .await
}

/// That it is the log that says what is yanked.
fn only_the_log(package: &PackageName) -> Failure {
    let message = format!(
        "whether a release of `{package}` is yanked is in the log, and said here as the log has it: use `tenon yank`"
    );
    Failure::new(Code::Denied, message)
}

fn no_tag(text: &str) -> Failure {
    let shown: String = text.chars().take(80).collect();
    let message = format!(
        "`{shown}` is no tag: expected 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with `.` or `-`"
    );
    Failure::new(Code::ManifestInvalid, message)
}

/// Finds out what is to be done, and refuses what cannot be: a tag of a package that is a version is a
/// release, and `latest` is the highest of them.
async fn plan(asked: &Asked<'_>, tags: &[Tag], new: &New<'_>) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    let Some(package) = asked.name.package() else {
        plan.tags = tags.to_vec();
        return Ok(plan);
    };
    let mut is_latest = false;
    for tag in tags {
        let Some(version) = tag.version() else {
            match tag.as_str() == LATEST {
                true => is_latest = true,
                false => plan.tags.push(tag.clone()),
            }
            continue;
        };
        match release::find_released(asked, &package, &version, new).await? {
            Some(Outcome::Released) => plan.is_released = true,
            Some(Outcome::SameContent) => plan.others.push(tag.clone()),
            None => match &plan.release {
                Some((_, other)) if *other != version => {
                    let message = format!(
                        "`{other}` and `{version}` are two releases: push the manifest by one, then by the other"
                    );
                    return Err(Failure::new(Code::Unsupported, message));
                }
                _ => plan.release = Some((package.clone(), version)),
            },
        }
    }
    plan.is_released |= plan.release.is_some();
    if is_latest {
        match would_be_latest(asked, &package, new, &plan).await? {
            Some(Some(Outcome::Released)) => plan.is_released = true,
            Some(Some(Outcome::SameContent)) => plan.others.extend(LATEST.parse()),
            Some(None) => return Err(latest_is_release(&package)),
            None => plan.tags.extend(LATEST.parse()),
        }
    }
    if plan.release.is_some() && !plan.tags.is_empty() {
        // What is released stays, so there must be room for what comes behind it.
        let (name, tags) = (asked.name.clone(), plan.tags.clone());
        let has_room = asked.read(move |tx| match repository::find(tx, &name)? {
            Some(id) => Ok(has_room(tx, id, &tags)?),
            None => Ok(true),
        });
        if !has_room.await? {
            return Err(too_many_tags());
        }
    }
    Ok(plan)
}

/// What a manifest is to the highest release, which it may be going to be; `None` if there never was a release, and
/// nothing within that if it is another one, or all are yanked.
async fn would_be_latest(
    asked: &Asked<'_>,
    package: &PackageName,
    new: &New<'_>,
    plan: &Plan,
) -> Result<Option<Option<Outcome>>, Failure> {
    if let Some((_, version)) = &plan.release {
        let (log, name, version) = (asked.name.log(), package.clone(), version.clone());
        let is_highest = asked.read(move |tx| latest::would_be_highest(tx, log, &name, &version));
        let is_highest = is_highest.await?;
        return Ok(Some(is_highest.then_some(Outcome::Released)));
    }
    let tag: Option<Tag> = LATEST.parse().ok();
    let Some(tag) = tag else {
        return Ok(None);
    };
    let Some(latest) = package::find(asked, package, &Reference::Tag(tag)).await? else {
        let (log, name) = (asked.name.log(), package.clone());
        let is_release = asked.read(move |tx| latest::is_release(tx, log, &name));
        return Ok(is_release.await?.then_some(None));
    };
    Ok(Some(match latest.bytes == *new.bytes {
        true => Some(Outcome::Released),
        false => release::is_same_content(&latest, new.document).then_some(Outcome::SameContent),
    }))
}

/// Keeps a manifest, and has tags lead to it that are of no release.
async fn keep(asked: &Asked<'_>, new: &New<'_>, tags: Vec<Tag>) -> Result<(), Failure> {
    let (name, document) = (asked.name.clone(), new.document.clone());
    let (bytes, digest) = (new.bytes.clone(), new.digest.clone());
    let blobs = asked.realm.blobs().clone();
    let kept = asked.write(move |tx| {
        let known = repository::find(tx, &name)?;
        for part in document.parts() {
            let held = known.map(|id| repository::held(tx, id, part)).transpose()?;
            let content = match (held.flatten(), name.package()) {
                (Some(held), _) => Some(held.content),
                (None, Some(package)) => match package::content(tx, name.log(), &package, part)? {
                    Some(package::Content::Release(content)) => Some(content),
                    // It is in no file, and stays as long as its release.
                    Some(package::Content::Config(_)) => continue,
                    None => None,
                },
                (None, None) => None,
            };
            let catalog = Catalog::new(tx, name.log());
            let there = match content {
                Some(content) if !catalog.is_taken_down(&content)? => blobs.find(&content)?,
                _ => None,
            };
            if there.is_none() {
                return Ok(Err(Refused::Missing(part.to_string())));
            }
        }
        if let Some(package) = name.package()
            && tags.iter().any(|tag| tag.as_str() == LATEST)
            && latest::is_release(tx, name.log(), &package)?
        {
            // The first release came meanwhile.
            return Ok(Err(Refused::Latest(package)));
        }
        let id = repository::ensure(tx, &name)?;
        if !has_room(tx, id, &tags)? {
            return Ok(Err(Refused::Full));
        }
        insert(tx, id, &document, &bytes, &digest)?;
        for tag in &tags {
            point(tx, id, tag, &digest)?;
        }
        Ok(Ok(()))
    });
    kept.await?.map_err(|refused| match refused {
        Refused::Missing(part) => {
            let name = &asked.name;
            let message =
                format!("the manifest names `{part}`, which is not in `{name}`: push that first");
            Failure::new(Code::ManifestBlobUnknown, message)
        }
        Refused::Latest(package) => latest_is_release(&package),
        Refused::Full => too_many_tags(),
    })
}

/// Why a manifest is not kept.
enum Refused {
    /// What it names is not there.
    Missing(String),
    /// There are releases, of which `latest` is one.
    Latest(PackageName),
    /// There are too many tags.
    Full,
}

fn latest_is_release(package: &PackageName) -> Failure {
    let message = format!(
        "`{LATEST}` is the highest release of `{package}`, whichever that is: push a version instead"
    );
    Failure::new(Code::Denied, message).with_status(StatusCode::CONFLICT)
}

fn too_many_tags() -> Failure {
    let message = format!("a repository has at most {MOST_TAGS} tags: remove some first");
    Failure::new(Code::Denied, message)
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

/// Whether a repository may have these tags, too.
fn has_room(tx: &Transaction<'_>, id: RepositoryId, tags: &[Tag]) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) FROM oci_tag WHERE repository = ?1";
    let count: i64 = tx.query_row(count, [id.0], |row| row.get(0))?;
    let room = MOST_TAGS - count;
    if i64::try_from(tags.len()).is_ok_and(|tags| tags <= room) {
        return Ok(true);
    }
    let mut known =
        tx.prepare_cached("SELECT 1 FROM oci_tag WHERE repository = ?1 AND tag = ?2")?;
    let mut new = 0;
    for tag in tags {
        new += i64::from(!known.exists(params![id.0, tag.as_str()])?);
    }
    Ok(new == 0 || new <= room)
}

/// Has a tag lead to a manifest.
fn point(
    tx: &Transaction<'_>,
    id: RepositoryId,
    tag: &Tag,
    digest: &Digest,
) -> rusqlite::Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO oci_tag (repository, tag, digest) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET digest = ?3",
    )?;
    insert.execute(params![id.0, tag.as_str(), digest.to_string()])?;
    Ok(())
}
