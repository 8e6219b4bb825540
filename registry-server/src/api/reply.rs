//! Answers, and what they have in common.

use super::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::domain::Error;
use crate::log::LogId;

/// An answer of this type.
pub(crate) fn ok(media_type: &'static str, body: Bytes) -> Response<Body> {
    with_status(StatusCode::OK, media_type, body)
}

/// An answer of this type.
pub(crate) fn with_status(
    status: StatusCode,
    media_type: &'static str,
    body: Bytes,
) -> Response<Body> {
    let mut response = Response::new(Body::whole(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Body>, Error> {
    let text = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok(with_status(status, "application/json", text.into()))
}

/// Lets whoever may have an answer keep it for ever.
pub(crate) fn keep_for_ever(response: &mut Response<Body>, log: LogId) {
    let value = match log {
        LogId::Public => "public, max-age=31536000, immutable",
        LogId::Private => "private, max-age=31536000, immutable",
    };
    set(response, CACHE_CONTROL, HeaderValue::from_static(value));
}

/// Sets a header.
pub(crate) fn set(response: &mut Response<Body>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}

/// A text as the value of a header; what is made here has no character that cannot be in one.
pub(crate) fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// A number as 16 hexadecimal digits.
pub(crate) fn hex(number: u64) -> String {
    format!("{number:016x}")
}
