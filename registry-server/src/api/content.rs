//! Content: sent, and taken in.

use super::body::Received;
use super::error::Failure;
use super::range::{self, Wanted};
use super::{Answer, Asked, Body, reply};
use crate::domain::upload::too_large;
use crate::domain::{self, Announced, Error};
use http::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, EXPECT,
    HeaderMap, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProblemCode;

const MEDIA_TYPE: &str = "application/wasm";

pub(super) async fn blob(asked: &Asked<'_>) -> Answer {
    let reader = asked.reader()?;
    let (folder, hex) = (asked.arguments.first(), asked.arguments.second());
    let digest = digest(&format!("sha256:{hex}"))?;
    if hex.get(..2) != Some(folder) {
        let detail = format!("`{folder}` is not how `{hex}` begins");
        return Err(Error::new(ProblemCode::DigestInvalid, detail).into());
    }
    let found = domain::upload::find(asked.app, asked.realm, &reader, digest).await?;
    let Some(blob) = found else {
        let detail = format!("the content `{digest}` is not here");
        return Err(Error::new(ProblemCode::NotFound, detail).into());
    };
    let tag = reply::header(&format!("\"{digest}\""));
    let headers = &asked.parts.headers;
    let mut response = if is_known(headers, &tag) {
        reply::empty(StatusCode::NOT_MODIFIED)
    } else {
        match wanted(headers, &tag, blob.size) {
            Wanted::Nothing => return Err(Failure::out_of_range(blob.size)),
            Wanted::Whole => {
                let mut response = Response::new(Body::file(blob.file, 0, blob.size)?);
                reply::set(&mut response, CONTENT_LENGTH, blob.size.into());
                response
            }
            Wanted::Part(from, to) => {
                let mut response = Response::new(Body::file(blob.file, from, to - from + 1)?);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                let range = format!("bytes {from}-{to}/{}", blob.size);
                reply::set(&mut response, CONTENT_RANGE, reply::header(&range));
                response
            }
        }
    };
    reply::set(&mut response, ETAG, tag);
    reply::set(
        &mut response,
        ACCEPT_RANGES,
        HeaderValue::from_static("bytes"),
    );
    reply::set(
        &mut response,
        CONTENT_TYPE,
        HeaderValue::from_static(MEDIA_TYPE),
    );
    reply::keep_for_ever(&mut response, asked.realm.id());
    Ok(response)
}

/// Whether who asks has it already.
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter();
    tags.any(|tags| tags == tag || tags == "*")
}

fn wanted(headers: &HeaderMap, tag: &HeaderValue, size: u64) -> Wanted {
    let mut ranges = headers.get_all(RANGE).iter();
    match (ranges.next(), ranges.next()) {
        (Some(range), None) if headers.get(IF_RANGE).is_none_or(|if_range| if_range == tag) => {
            range::wanted(range.to_str().unwrap_or_default(), size)
        }
        _ => Wanted::Whole,
    }
}

pub(super) async fn upload(asked: &Asked<'_>, body: Incoming) -> Answer {
    let headers = &asked.parts.headers;
    let identity = |encoding: &HeaderValue| encoding == "identity";
    if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        let detail = "content is taken as it is: send it without `content-encoding`";
        return Err(Error::new(ProblemCode::EncodingUnsupported, detail).into());
    }
    let digest = digest(
        &asked
            .arguments
            .first()
            .replace("%3A", ":")
            .replace("%3a", ":"),
    )?;
    let token = asked.caller.must_have_token()?;
    domain::must_not_be_taken_down(asked.app, asked.realm, digest).await?;
    let mut body = Received::new(body, &asked.app.config().limits);
    let announced = body.announced();
    let mut upload = match domain::announce(asked.app, asked.realm, token, digest, announced)? {
        Announced::Wanted(upload) => upload,
        Announced::Here => {
            // Who waits to be told to go on need not send it; others are heard out, so that they listen.
            let mut response = reply::empty(StatusCode::OK);
            if headers.contains_key(EXPECT) {
                reply::set(
                    &mut response,
                    http::header::CONNECTION,
                    HeaderValue::from_static("close"),
                );
            } else {
                hear_out(&mut body, asked.app.config().limits.content_bytes).await?;
            }
            return Ok(response);
        }
    };
    while let Some(bytes) = body.next().await? {
        upload.push(&bytes).await?;
    }
    upload.finish(announced).await?;
    Ok(reply::empty(StatusCode::CREATED))
}

async fn hear_out(body: &mut Received, most: u64) -> Result<(), Failure> {
    let mut heard = 0;
    while let Some(bytes) = body.next().await? {
        heard += bytes.len() as u64;
        if heard > most {
            return Err(too_large(most).into());
        }
    }
    Ok(())
}

fn digest(text: &str) -> Result<Digest, Failure> {
    let digest: Result<Digest, _> = text.parse();
    digest.map_err(|error| Error::new(ProblemCode::DigestInvalid, error.to_string()).into())
}
