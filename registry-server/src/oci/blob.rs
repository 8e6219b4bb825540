//! Content of repositories: sent, and let go of.

use super::digest::Digest;
use super::document::NOTHING;
use super::error::{Code, Failure};
use super::name::Name;
use super::{Answer, Asked, package, repository};
use crate::access::{Action, now};
use crate::api::range::{self, Wanted};
use crate::api::{Body, reply};
use crate::catalog::Catalog;
use crate::domain::Error;
use crate::store::blobs::Blob;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use std::sync::Arc;

/// The digest of what is answered.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// How old a use must be to be written anew, in seconds.
const STALE: u64 = 60 * 60;

/// Content, as a repository has it.
#[derive(Debug)]
pub(super) enum Found {
    /// A file.
    File(Blob),
    /// A few bytes that are in no file.
    Bytes(Bytes),
}

impl Found {
    fn size(&self) -> u64 {
        match self {
            Found::File(blob) => blob.size,
            Found::Bytes(bytes) => bytes.len() as u64,
        }
    }

    fn body(self, at: u64, length: u64) -> Result<Body, Failure> {
        match self {
            Found::File(blob) => Ok(Body::file(blob.file, at, length)?),
            Found::Bytes(bytes) => {
                // The range was found to be within.
                let (from, to) = (usize::try_from(at), usize::try_from(at + length));
                let part = from.ok().zip(to.ok());
                let part = part.map(|(from, to)| bytes.slice(from..to.min(bytes.len())));
                Ok(Body::whole(part.unwrap_or_default()))
            }
        }
    }
}

/// Sends content, or a part of it.
pub(super) async fn get(asked: &Asked<'_>, digest: &str) -> Answer {
    let digest = parse(digest)?;
    asked.must_read()?;
    let found = look(asked, &digest).await?;
    let found = found.ok_or_else(|| unknown(&asked.name, &digest))?;
    let size = found.size();
    // Of what is only looked at, there are no parts.
    let wanted = match asked.parts.method == Method::HEAD {
        true => Wanted::Whole,
        false => wanted(&asked.parts.headers, size),
    };
    let mut response = match wanted {
        Wanted::Nothing => {
            let message = format!("no byte of that range is in the content, which has {size}");
            let range = reply::header(&format!("bytes */{size}"));
            return Err(Failure::new(Code::SizeInvalid, message)
                .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
                .with(CONTENT_RANGE, range));
        }
        Wanted::Whole => {
            let mut response = Response::new(found.body(0, size)?);
            reply::set(&mut response, CONTENT_LENGTH, size.into());
            response
        }
        Wanted::Part(from, to) => {
            let mut response = Response::new(found.body(from, to - from + 1)?);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            reply::set(&mut response, CONTENT_LENGTH, (to - from + 1).into());
            let range = format!("bytes {from}-{to}/{size}");
            reply::set(&mut response, CONTENT_RANGE, reply::header(&range));
            response
        }
    };
    let text = digest.to_string();
    let headers = [
        (CONTENT_DIGEST, reply::header(&text)),
        (ETAG, reply::header(&format!("\"{text}\""))),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
    ];
    for (name, value) in headers {
        reply::set(&mut response, name, value);
    }
    Ok(response)
}

/// Has the repository hold content no more.
pub(super) async fn delete(asked: &Asked<'_>, digest: &str) -> Answer {
    let digest = parse(digest)?;
    asked.caller.must_push(&asked.name)?;
    asked.must_take_writes()?;
    let (name, wanted) = (asked.name.clone(), digest.clone());
    let deleted = asked.write(move |tx| {
        if let Some(package) = name.package()
            && package::content(tx, name.log(), &package, &wanted)?.is_some()
        {
            return Ok(None);
        }
        match repository::find(tx, &name)? {
            Some(id) => Ok(Some(repository::release(tx, id, &wanted)?)),
            None => Ok(Some(false)),
        }
    });
    match deleted.await? {
        Some(true) => Ok(reply::empty(StatusCode::ACCEPTED)),
        Some(false) => Err(unknown(&asked.name, &digest)),
        // Whether there is such a release is for those to know who may read it.
        None if asked.must_read().is_err() => Err(unknown(&asked.name, &digest)),
        None => {
            let message = match digest == Digest::of(NOTHING) {
                true => format!("`{digest}` is `{{}}`, which every package has"),
                false => format!("`{digest}` is of a release, and releases stay: yank it instead"),
            };
            Err(Failure::new(Code::Unsupported, message)
                .with_status(StatusCode::METHOD_NOT_ALLOWED)
                .with(ALLOW, HeaderValue::from_static("GET, HEAD")))
        }
    }
}

/// Content of a repository that whoever asks may read.
async fn look(asked: &Asked<'_>, digest: &Digest) -> Result<Option<Found>, Failure> {
    let (name, wanted) = (asked.name.clone(), digest.clone());
    let blobs = asked.realm.blobs().clone();
    let found = asked.read(move |tx| {
        if let Some(id) = repository::find(tx, &name)?
            && let Some(held) = repository::held(tx, id, &wanted)?
        {
            // What was taken down is gone, whoever holds it, and whoever brings it again.
            if Catalog::new(tx, name.log()).is_taken_down(&held.content)? {
                return Ok(None);
            }
            let file = blobs.find(&held.content)?.map(Found::File);
            return Ok(file.map(|file| (file, Some((id, held.used)))));
        }
        let Some(package) = name.package() else {
            return Ok(None);
        };
        let found = match package::content(tx, name.log(), &package, &wanted)? {
            Some(package::Content::Release(content)) => blobs.find(&content)?.map(Found::File),
            Some(package::Content::Config(bytes)) => Some(Found::Bytes(bytes)),
            None => None,
        };
        Ok(found.map(|found| (found, None)))
    });
    let mut found = found.await?;
    if found.is_none()
        && let Some(package) = asked.name.package()
    {
        let new = package::new_config(asked, &package, digest).await?;
        found = new.map(|bytes| (Found::Bytes(bytes), None));
    }
    if let Some((_, Some((id, used)))) = &found
        && used.saturating_add(STALE) < now()
        && asked.caller.may(Action::Publish, &asked.name)
    {
        // Who may push and finds it here will not bring it: so it is not let go of meanwhile.
        let (id, wanted) = (*id, digest.clone());
        asked
            .write(move |tx| Ok(repository::touch(tx, id, &wanted)?))
            .await?;
    }
    Ok(found.map(|(found, _)| found))
}

/// The digest that a text is.
pub(super) fn parse(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        let message = format!(
            "`{shown}` is no digest: expected `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits"
        );
        Failure::new(Code::DigestInvalid, message)
    })
}

/// That there is no such content, whether or not it is elsewhere.
pub(super) fn unknown(name: &Name, digest: &Digest) -> Failure {
    let message = format!("there is no content `{digest}` in `{name}`");
    Failure::new(Code::BlobUnknown, message)
}

/// Whether the file of content is there.
pub(super) fn is_there(
    realm: &Arc<crate::app::Realm>,
    content: &tenon_registry_client::Digest,
) -> Result<Option<u64>, Error> {
    Ok(realm.blobs().find(content)?.map(|blob| blob.size))
}

/// As natively, but for a range whose end is before its begin, which is none that there is.
pub(super) fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return Wanted::Whole;
    };
    let range = range.to_str().unwrap_or_default();
    let ends = range
        .strip_prefix("bytes=")
        .and_then(|it| it.split_once('-'));
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match ends.and_then(|(from, to)| number(from).zip(number(to))) {
        Some((from, to)) if from > to => Wanted::Nothing,
        _ => range::wanted(range, size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reversed_ranges_are_refused_and_others_as_natively() {
        for (range, expected) in [
            ("bytes=5-2", Wanted::Nothing),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=2-99", Wanted::Part(2, 9)),
            ("bytes=-3", Wanted::Part(7, 9)),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_static(range));
            assert_eq!(wanted(&headers, 10), expected, "{range}");
        }
    }
}
