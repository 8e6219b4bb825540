//! Records that someone wants to be logged.

use super::body::Received;
use super::{Answer, Asked, reply};
use crate::app::State;
use crate::domain::{self, Error};
use http::StatusCode;
use http::header::CONTENT_ENCODING;
use hyper::body::Incoming;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::record::MAX_RECORD;

pub(super) async fn submit(asked: &Asked<'_>, body: Incoming) -> Answer {
    if asked
        .parts
        .headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|encoding| encoding != "identity")
    {
        let detail = "a record is taken as it is: send it without `content-encoding`";
        return Err(Error::new(ProblemCode::EncodingUnsupported, detail).into());
    }
    if asked.app.state() == State::ReadOnly {
        return Err(Error::storage_full().into());
    }
    if asked.app.state() == State::Stopping {
        let detail = "the registry takes no records now: try again later";
        let error = Error::new(ProblemCode::Overloaded, detail);
        return Err(error.after(Duration::from_secs(10)).into());
    }
    let token = asked.caller.must_have_token()?;
    let body = Received::new(body, &asked.app.config().limits);
    let bytes = body
        .whole(MAX_RECORD, "a record has at most 65,535 bytes")
        .await?;
    let outcome = domain::submit(asked.app, asked.realm, token, &bytes).await?;
    let status = match outcome.repeated {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    Ok(reply::json(status, &outcome.accepted)?)
}
