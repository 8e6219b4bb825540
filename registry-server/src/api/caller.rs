//! Who asks: from where, and with which token.

use super::error::Failure;
use super::routes::{Needs, Route};
use crate::access::{Class, Secret, Token};
use crate::app::App;
use crate::domain::Error;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who asks.
#[derive(Debug)]
pub(super) struct Caller {
    /// What they may do, if they say who they are.
    pub(super) token: Option<Arc<Token>>,
}

/// Finds out who asks, and whether they ask too often.
pub(super) fn identify(
    app: &App,
    peer: SocketAddr,
    parts: &Parts,
    route: &Route,
) -> Result<Caller, Failure> {
    if route.needs == Needs::Nothing {
        return Ok(Caller { token: None });
    }
    let client = client_address(app, peer.ip(), &parts.headers);
    let token = authenticate(app, client, &parts.headers)?;
    let class = match (route.needs, &token) {
        (Needs::Token(_), None) => {
            let detail = "this takes a token: send `authorization: Bearer tnr_…`";
            return Err(Error::new(ProblemCode::TokenInvalid, detail).into());
        }
        (Needs::Token(_), _) if !parts.method.is_safe() => Class::Write,
        (_, None) => Class::AnonymousRead,
        (_, Some(_)) => Class::AuthenticatedRead,
    };
    let taken = app.rates().take(class, client);
    taken.map_err(too_often)?;
    Ok(Caller { token })
}

impl Caller {
    /// The token, of a route that needs one.
    pub(super) fn must_have_token(&self) -> Result<&Arc<Token>, Failure> {
        let missing = || Error::new(ProblemCode::TokenInvalid, "this takes a token").into();
        self.token.as_ref().ok_or_else(missing)
    }
}

fn authenticate(
    app: &App,
    client: IpAddr,
    headers: &HeaderMap,
) -> Result<Option<Arc<Token>>, Failure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let detail = "there are two `authorization` headers: send one";
        return Err(Error::new(ProblemCode::RequestInvalid, detail).into());
    }
    // Who guessed too often is not even heard, lest a right guess be told from a wrong one.
    app.rates()
        .look(Class::Failure, client)
        .map_err(guessed_too_often)?;
    let refused = |detail: &str| {
        // It may be the last that is heard.
        let _ = app.rates().take(Class::Failure, client);
        Failure::from(Error::new(ProblemCode::TokenInvalid, detail))
    };
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    let Some(("Bearer" | "bearer", secret)) = text else {
        return Err(refused(
            "only `authorization: Bearer tnr_…` is understood here",
        ));
    };
    let secret: Secret = secret
        .parse()
        .map_err(|error: crate::access::SecretError| refused(&error.to_string()))?;
    match app.access().authenticate(&secret) {
        Ok(token) => Ok(Some(token)),
        Err(error @ crate::access::AccessError::Unknown) => Err(refused(&error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The address of the client, by the word of proxies that are trusted: the last one that is not theirs.
pub(crate) fn client_address(app: &App, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let config = app.config();
    if !config.is_trusted_proxy(peer) {
        return peer;
    }
    let mut client = peer;
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        for address in value.to_str().unwrap_or_default().rsplit(',') {
            let Ok(address) = address.trim().parse() else {
                return client;
            };
            client = address;
            if !config.is_trusted_proxy(client) {
                return client;
            }
        }
    }
    client
}

/// That too many tokens came that are none.
pub(crate) fn guessed_too_often(wait: Duration) -> Failure {
    let detail = "too many tokens that are none came from your address, so that none is looked at now: wait as long as `retry-after` says, and log in again with the right one";
    Error::new(ProblemCode::RateLimited, detail)
        .after(wait)
        .into()
}

pub(crate) fn too_often(wait: Duration) -> Failure {
    let detail =
        "there were too many requests from your address: wait as long as `retry-after` says";
    Error::new(ProblemCode::RateLimited, detail)
        .after(wait)
        .into()
}
