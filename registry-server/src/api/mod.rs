//! The native interface over HTTP: what is asked, and what is answered.

pub(crate) mod body;
pub(crate) mod caller;
mod content;
pub(crate) mod error;
mod log;
mod openapi;
mod packages;
pub(crate) mod query;
pub(crate) mod range;
mod records;
mod registry;
pub(crate) mod reply;
mod routes;

pub use body::Body;
pub use openapi::openapi;
pub use routes::{Endpoint, ROUTES, Route};

use crate::access::Action;
use crate::app::{App, Realm};
use crate::domain::Error;
use crate::metrics::Audience;
use bytes::Bytes;
use caller::Caller;
use error::Failure;
use http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use routes::{Arguments, Found};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tenon_registry_client::api::ProblemCode;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What comes of a request.
type Answer = Result<Response<Body>, Failure>;

/// A request, as far as it is known before its body comes.
struct Asked<'a> {
    app: &'a Arc<App>,
    realm: &'a Arc<Realm>,
    route: &'a Route,
    arguments: Arguments<'a>,
    parts: &'a Parts,
    caller: Caller,
}

/// Answers a request.
pub async fn answer(
    app: &Arc<App>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let begin = Instant::now();
    let (parts, body) = request.into_parts();
    let has_body = !http_body::Body::is_end_stream(&body);
    let is_chunked = http_body::Body::size_hint(&body).exact().is_none();
    if crate::oci::owns(parts.uri.path()) {
        let id = app.next_request();
        let (route, response) = crate::oci::answer(app, peer, &parts, body, id).await;
        let response = close_behind(response, is_chunked, has_body);
        let logged = Logged {
            route,
            peer,
            parts: Some(&parts),
            begin,
        };
        return finish(app, response, id, &logged);
    }
    let found = routes::find(&parts.method, parts.uri.path());
    let route = match &found {
        Found::Route { route, .. } => route.path,
        _ => "none",
    };
    let answered = match found {
        Found::Route {
            route,
            arguments,
            private,
        } => answer_route(app, peer, &parts, (route, arguments, private), body).await,
        Found::Methods(allowed) => Err(Failure::not_allowed(&parts.method, &allowed)),
        Found::Nothing => Err(nothing_there(parts.uri.path()).into()),
    };
    let id = app.next_request();
    let response = answered.unwrap_or_else(|failure| failure.respond(app, id));
    let response = close_behind(response, is_chunked, has_body);
    finish(
        app,
        response,
        id,
        &Logged {
            route,
            peer,
            parts: Some(&parts),
            begin,
        },
    )
}

/// Ends the connection where what is left of the body is not read, and behind one whose length was
/// not known.
fn close_behind(mut response: Response<Body>, is_chunked: bool, has_body: bool) -> Response<Body> {
    if is_chunked || (has_body && !response.status().is_success()) {
        let close = HeaderValue::from_static("close");
        response
            .headers_mut()
            .insert(http::header::CONNECTION, close);
    }
    response
}

/// Answers what is no request, in the form of the door that it was meant for.
pub fn refuse(app: &Arc<App>, peer: SocketAddr, path: &str, error: Error) -> Response<Body> {
    let begin = Instant::now();
    let id = app.next_request();
    let mut response = match crate::oci::owns(path) {
        true => crate::oci::refuse(app, error, id),
        false => Failure::from(error).respond(app, id),
    };
    let close = HeaderValue::from_static("close");
    response
        .headers_mut()
        .insert(http::header::CONNECTION, close);
    let logged = Logged {
        route: "none",
        peer,
        parts: None,
        begin,
    };
    finish(app, response, id, &logged)
}

/// What is logged of a request.
struct Logged<'a> {
    route: &'static str,
    peer: SocketAddr,
    parts: Option<&'a Parts>,
    begin: Instant,
}

/// What every answer has, is counted by and leaves in the log.
fn finish(app: &App, mut response: Response<Body>, id: u64, logged: &Logged<'_>) -> Response<Body> {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, reply::header(&reply::hex(id)));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let time = logged.begin.elapsed();
    app.metrics().answered(logged.route, status.as_u16(), time);
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let text = |value: Option<&HeaderValue>| {
        String::from_utf8_lossy(value.map_or(&[][..], HeaderValue::as_bytes)).into_owned()
    };
    // Whoever asks chooses method, path and agent: as debugged text they have no control characters.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request = reply::hex(id),
                status = status.as_u16(),
                micros,
                address = %logged.peer.ip(),
                route = logged.route,
                method = logged.parts.map(|parts| parts.method.as_str()),
                path = logged.parts.map(|parts| parts.uri.path()).map(tracing::field::debug),
                agent = ?text(logged.parts.and_then(|parts| parts.headers.get(http::header::USER_AGENT))),
                "answered"
            )
        };
    }
    let is_read = logged.parts.is_some_and(|parts| parts.method.is_safe());
    match (status.is_server_error(), is_read) {
        (true, _) => line!(warn),
        (false, false) => line!(info),
        (false, true) => line!(debug),
    }
    response
}

async fn answer_route(
    app: &Arc<App>,
    peer: SocketAddr,
    parts: &Parts,
    (route, arguments, private): (&Route, Arguments<'_>, bool),
    body: Incoming,
) -> Answer {
    let realm = match private {
        false => app.public(),
        true => app
            .private()
            .ok_or_else(|| nothing_there(parts.uri.path()))?,
    };
    let caller = caller::identify(app, peer, parts, route)?;
    if route.query.is_empty() && parts.uri.query().is_some_and(|query| !query.is_empty()) {
        let detail = format!("`{}` takes no query", route.path);
        return Err(Error::new(ProblemCode::QueryInvalid, detail).into());
    }
    let asked = Asked {
        app,
        realm,
        route,
        arguments,
        parts,
        caller,
    };
    match route.endpoint {
        Endpoint::Checkpoint => log::checkpoint(&asked),
        Endpoint::LastCheckpoint => log::last_checkpoint(&asked),
        Endpoint::Tile => log::tile(&asked),
        Endpoint::Blob => content::blob(&asked).await,
        Endpoint::Registry => registry::registry(&asked),
        Endpoint::Whoami => registry::whoami(&asked),
        Endpoint::Packages => packages::packages(&asked).await,
        Endpoint::Package => packages::package(&asked).await,
        Endpoint::Namespace => packages::namespace(&asked).await,
        Endpoint::Search => packages::search(&asked).await,
        Endpoint::Proof => log::proof(&asked).await,
        Endpoint::Consistency => log::consistency(&asked).await,
        Endpoint::Records => records::submit(&asked, body).await,
        Endpoint::Upload => content::upload(&asked, body).await,
        Endpoint::OpenApi => Ok(reply::ok("application/json", openapi::document())),
        Endpoint::Health => Ok(reply::ok(
            "text/plain; charset=utf-8",
            Bytes::from_static(b"ok\n"),
        )),
        Endpoint::Ready => registry::ready(&asked),
        Endpoint::Metrics => Ok(reply::ok(
            "text/plain; version=0.0.4; charset=utf-8",
            app.metrics().render(app, audience(&asked)).into(),
        )),
    }
}

fn audience(asked: &Asked<'_>) -> Audience {
    let token = asked.caller.token.as_ref();
    match token.is_some_and(|token| token.allows(Action::Operate)) {
        true => Audience::Operator,
        false => Audience::Everyone,
    }
}

fn nothing_there(path: &str) -> Error {
    let path: String = path.chars().take(128).collect();
    Error::new(
        ProblemCode::NotFound,
        format!("there is nothing at `{path}`"),
    )
}
