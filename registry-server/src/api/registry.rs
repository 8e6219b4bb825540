//! What the registry says of itself, and of tokens.

use super::{Answer, Asked, reply};
use crate::access::{Action, TokenScope};
use crate::app::State;
use crate::domain::Error;
use http::StatusCode;
use tenon_registry_client::api::{Limits, ProblemCode, RegistryInfo, TokenInfo};
use tenon_registry_client::record::{MAX_RECORD, Time};

pub(super) fn registry(asked: &Asked<'_>) -> Answer {
    asked.reader()?.must_have_any()?;
    let (app, log) = (asked.app, asked.realm.log());
    let limits = &app.config().limits;
    let info = RegistryInfo {
        origin: log.origin().as_str().to_owned(),
        pin: log.pin().to_string(),
        server: format!("tenon-registry/{}", env!("CARGO_PKG_VERSION")),
        size: log.published().checkpoint.size,
        limits: Limits {
            content: limits.content_bytes,
            record: u32::try_from(MAX_RECORD).unwrap_or(u32::MAX),
            page: limits.page,
        },
    };
    Ok(reply::json(StatusCode::OK, &info)?)
}

pub(super) fn whoami(asked: &Asked<'_>) -> Answer {
    let token = asked.caller.must_have_token()?;
    let expires = token
        .expires
        .and_then(|expires| Time::from_seconds(expires).ok());
    let info = TokenInfo {
        id: token.id.to_string(),
        label: token.label.clone(),
        actions: token
            .actions
            .iter()
            .copied()
            .map(Action::as_str)
            .map(str::to_owned)
            .collect(),
        patterns: token.scopes.iter().map(TokenScope::to_string).collect(),
        expires: expires.map(|expires| expires.to_string()),
    };
    Ok(reply::json(StatusCode::OK, &info)?)
}

pub(super) fn ready(asked: &Asked<'_>) -> Answer {
    let detail = match asked.app.state() {
        State::Ready => {
            return Ok(reply::ok(
                "text/plain; charset=utf-8",
                bytes::Bytes::from_static(b"ready\n"),
            ));
        }
        State::Starting => "the registry is starting",
        State::ReadOnly => "the registry can only be read: its disk is full",
        State::Stopping => "the registry is stopping",
    };
    Err(Error::new(ProblemCode::Overloaded, detail).into())
}
