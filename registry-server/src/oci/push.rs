//! Content that someone pushes: whole, in chunks, or from another repository.

use super::blob::{self, CONTENT_DIGEST};
use super::digest::Digest;
use super::error::{Code, Failure};
use super::name::Name;
use super::place::Parameters;
use super::upload::{Intake, Kept, Upload, UploadId};
use super::{Answer, Asked, package, repository};
use crate::access::{Action, Token};
use crate::api::body::Received;
use crate::api::reply;
use crate::domain::Error;
use crate::domain::must_not_be_taken_down;
use crate::log::LogId;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, LOCATION, RANGE};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming as RequestBody;
use std::sync::Arc;

const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// Begins an upload; or does all of it, if the content comes with the request or is here already.
pub(super) async fn begin(asked: &Asked<'_>, body: RequestBody) -> Answer {
    let token = asked.caller.must_push(&asked.name)?;
    asked.must_take_writes()?;
    let parameters = Parameters::of(&asked.parts.uri);
    if let Some(mount) = parameters.get("mount") {
        let digest = blob::parse(mount)?;
        if mounted(asked, &digest, parameters.get("from")).await? {
            return Ok(created(&asked.name, &digest));
        }
    } else if let Some(digest) = parameters.get("digest") {
        let digest = blob::parse(digest)?;
        let mut intake = Intake::new(asked.realm, token.id);
        let body = Received::new(body, &asked.app.config().limits);
        intake.receive(asked.app, asked.realm, body).await?;
        return finish(asked, token, &mut intake, &digest).await;
    }
    let name = asked.name.clone();
    let known = asked.read(move |tx| Ok(repository::find(tx, &name)?));
    if known.await?.is_none() {
        let (name, database) = (asked.name.clone(), Arc::clone(asked.app.database()));
        // An upload is lost in a power loss, and its repository may be, too.
        let made = asked.app.heavy(move || {
            database.write_early(|tx| Ok::<_, Error>(repository::ensure(tx, &name)?))
        });
        made.await?;
    }
    let id = asked
        .app
        .oci()
        .uploads
        .begin(asked.realm, &asked.name, token.id)?;
    Ok(progress(asked, StatusCode::ACCEPTED, id, 0))
}

/// How far an upload is.
pub(super) async fn status(asked: &Asked<'_>, id: &str) -> Answer {
    let (id, upload) = find(asked, id)?;
    let size = upload.intake().await?.size();
    Ok(progress(asked, StatusCode::NO_CONTENT, id, size))
}

/// Forgets an upload.
pub(super) fn cancel(asked: &Asked<'_>, id: &str) -> Answer {
    let (id, _) = find(asked, id)?;
    asked.app.oci().uploads.end(id);
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Takes a chunk, or all that comes.
pub(super) async fn chunk(asked: &Asked<'_>, id: &str, body: RequestBody) -> Answer {
    let (id, upload) = find(asked, id)?;
    asked.must_take_writes()?;
    let mut intake = upload.intake().await?;
    receive(asked, id, &mut intake, body).await?;
    Ok(progress(asked, StatusCode::ACCEPTED, id, intake.size()))
}

/// Takes the last chunk, if there is another, and keeps the content.
pub(super) async fn close(asked: &Asked<'_>, id: &str, body: RequestBody) -> Answer {
    let (id, upload) = find(asked, id)?;
    asked.must_take_writes()?;
    let token = asked.caller.must_push(&asked.name)?;
    let parameters = Parameters::of(&asked.parts.uri);
    let digest = parameters.get("digest").ok_or_else(|| {
        let message = "to close an upload takes the parameter `digest`: that of all of the content";
        Failure::new(Code::DigestInvalid, message)
    })?;
    let digest = blob::parse(digest)?;
    let mut intake = upload.intake().await?;
    receive(asked, id, &mut intake, body).await?;
    let answer = finish(asked, token, &mut intake, &digest).await;
    asked.app.oci().uploads.end(id);
    answer
}

/// The upload of this id, which whoever asks began.
fn find(asked: &Asked<'_>, id: &str) -> Result<(UploadId, Arc<Upload>), Failure> {
    let token = asked.caller.must_push(&asked.name)?;
    let id: Option<UploadId> = id.parse().ok();
    let uploads = &asked.app.oci().uploads;
    let upload = id.and_then(|id| Some((id, uploads.find(id, &asked.name, token.id)?)));
    upload.ok_or_else(|| {
        let message = "there is no such upload: it was closed or cancelled, or stood too long; begin it again";
        Failure::new(Code::BlobUploadUnknown, message)
    })
}

/// Takes in what comes next, if it is what has to come next.
async fn receive(
    asked: &Asked<'_>,
    id: UploadId,
    intake: &mut Intake,
    body: RequestBody,
) -> Result<(), Failure> {
    let range = content_range(asked, id, intake.size())?;
    let body = Received::new(body, &asked.app.config().limits);
    let before = intake.size();
    if let Some((from, to)) = range {
        if from != before {
            let message = format!("the next byte is number {before}, not {from}");
            return Err(out_of_order(asked, id, before, message));
        }
        let length = to - from + 1;
        if body
            .announced()
            .is_some_and(|announced| announced != length)
        {
            let message = "`content-range` and `content-length` contradict each other";
            return Err(Failure::new(Code::SizeInvalid, message));
        }
    }
    let received = intake.receive(asked.app, asked.realm, body).await;
    if let Err(failure) = received {
        if failure.code() == Code::SizeInvalid {
            // It will never be short enough.
            asked.app.oci().uploads.end(id);
        }
        return Err(failure);
    }
    match range {
        Some((from, to)) if intake.size() - before != to - from + 1 => {
            let message =
                "the chunk is not as long as `content-range` says: ask how far the upload is";
            Err(Failure::new(Code::SizeInvalid, message))
        }
        _ => Ok(()),
    }
}

/// That a chunk is not the next one; says which would be.
fn out_of_order(asked: &Asked<'_>, id: UploadId, size: u64, message: impl Into<String>) -> Failure {
    Failure::new(Code::BlobUploadInvalid, message)
        .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
        .with(LOCATION, reply::header(&location(asked, id)))
        .with(RANGE, reply::header(&range_of(size)))
}

/// Which bytes of the content come with the request, the last one included.
fn content_range(
    asked: &Asked<'_>,
    id: UploadId,
    size: u64,
) -> Result<Option<(u64, u64)>, Failure> {
    let mut values = asked.parts.headers.get_all(CONTENT_RANGE).iter();
    let text = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().unwrap_or_default(),
        // Of two it is not known which is meant.
        (Some(_), Some(_)) => "",
    };
    match bytes_of(text) {
        Some(range) => Ok(Some(range)),
        None => {
            let message = "`content-range` is not as expected: such as `0-1023`, without a unit";
            Err(out_of_order(asked, id, size, message))
        }
    }
}

/// The first and the last byte of `0-1023`.
pub(super) fn bytes_of(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = number(from).zip(number(to))?;
    (from <= to && to < u64::MAX).then_some((from, to))
}

/// Keeps the content, and has the repository hold it.
async fn finish(asked: &Asked<'_>, token: &Token, intake: &mut Intake, digest: &Digest) -> Answer {
    if let Digest::Sha256(content) = digest {
        must_not_be_taken_down(asked.app, asked.realm, *content).await?;
    }
    let kept = intake.keep(asked.app, digest).await?;
    asked.realm.note_upload(token.id, &kept.content);
    hold(asked, digest, kept).await?;
    Ok(created(&asked.name, digest))
}

async fn hold(asked: &Asked<'_>, digest: &Digest, kept: Kept) -> Result<(), Failure> {
    let (name, digest) = (asked.name.clone(), digest.clone());
    let held = asked.write(move |tx| {
        let id = repository::ensure(tx, &name)?;
        repository::hold(tx, id, &digest, &kept.content, kept.size)?;
        Ok(kept.claim)
    });
    // The claim ends when the row is there.
    held.await.map(drop)
}

/// Has the repository hold content that another one has, if whoever asks may read that one.
async fn mounted(asked: &Asked<'_>, digest: &Digest, from: Option<&str>) -> Result<bool, Failure> {
    let name = asked.name.clone();
    let found = match from {
        Some(from) => {
            // What is in the other log is in other files.
            let from: Option<Name> = from.parse().ok();
            let from = from.filter(|from| from.log() == name.log() && may_read(asked, from));
            let Some(from) = from else {
                return Ok(false);
            };
            let wanted = digest.clone();
            let found = asked.read(move |tx| {
                let id = repository::find(tx, &from)?;
                let held = id.map(|id| repository::held(tx, id, &wanted)).transpose()?;
                if let Some(held) = held.flatten() {
                    return Ok(Some(held.content));
                }
                let package = from.package();
                let found = package
                    .map(|package| package::content(tx, from.log(), &package, &wanted))
                    .transpose()?;
                Ok(found.flatten().and_then(package::Content::release))
            });
            found.await?
        }
        None => {
            let (wanted, of) = (digest.clone(), name.clone());
            let holders = asked.read(move |tx| Ok(repository::holders(tx, &of, &wanted)?));
            let holders = holders.await?;
            let prefix = match name.log() {
                LogId::Public => "",
                LogId::Private => "private/",
            };
            let readable = |within: &str| {
                let holder = format!("{prefix}{within}").parse();
                holder.is_ok_and(|holder: Name| may_read(asked, &holder))
            };
            let mut holders = holders.into_iter();
            match holders.find(|(holder, _)| readable(holder)) {
                Some((_, held)) => Some(held.content),
                None => released(asked, digest, readable).await?,
            }
        }
    };
    let Some(content) = found else {
        return Ok(false);
    };
    // Claimed before it is looked for: what is found then stays.
    let claim = asked.app.claims().claim(content);
    let Some(size) = blob::is_there(asked.realm, &content)? else {
        return Ok(false);
    };
    if let Some(token) = &asked.caller.token {
        asked.realm.note_upload(token.id, &content);
    }
    let kept = Kept {
        content,
        size,
        claim,
    };
    hold(asked, digest, kept).await?;
    Ok(true)
}

/// The content of a release, if it is one of a package that may be read.
async fn released(
    asked: &Asked<'_>,
    digest: &Digest,
    readable: impl Fn(&str) -> bool,
) -> Result<Option<tenon_registry_client::Digest>, Failure> {
    let Digest::Sha256(content) = *digest else {
        return Ok(None);
    };
    let packages = asked.realm.catalog(asked.app, move |catalog| {
        Ok(catalog.packages_with(&content)?)
    });
    let packages = packages.await?;
    let mut names = packages
        .iter()
        .map(|it| format!("{}/{}", it.namespace(), it.name()));
    Ok(names.any(|name| readable(&name)).then_some(content))
}

fn may_read(asked: &Asked<'_>, name: &Name) -> bool {
    name.log() == LogId::Public || asked.caller.may(Action::Read, name)
}

fn location(asked: &Asked<'_>, id: UploadId) -> String {
    format!("/v2/{}/blobs/uploads/{id}", asked.name)
}

/// The bytes that are there, as clients expect it: of nothing, too.
fn range_of(size: u64) -> String {
    format!("0-{}", size.saturating_sub(1))
}

/// Says how far an upload is.
fn progress(
    asked: &Asked<'_>,
    status: StatusCode,
    id: UploadId,
    size: u64,
) -> Response<crate::api::Body> {
    let mut response = reply::empty(status);
    let headers = [
        (LOCATION, location(asked, id)),
        (RANGE, range_of(size)),
        (UPLOAD_UUID, id.to_string()),
    ];
    for (name, value) in headers {
        reply::set(&mut response, name, reply::header(&value));
    }
    if status != StatusCode::NO_CONTENT {
        reply::set(&mut response, CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    response
}

/// Says where content is now.
fn created(name: &Name, digest: &Digest) -> Response<crate::api::Body> {
    let mut response = reply::empty(StatusCode::CREATED);
    let location = format!("/v2/{name}/blobs/{digest}");
    let headers = [(LOCATION, location), (CONTENT_DIGEST, digest.to_string())];
    for (name, value) in headers {
        reply::set(&mut response, name, reply::header(&value));
    }
    reply::set(&mut response, CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}
