//! The door for clients of the [OCI Distribution specification](https://github.com/opencontainers/distribution-spec),
//! such as `wkg` and `oras`, over the same content, log and access rules as the native interface.
//!
//! A repository `ns/name` is the package `ns:name`: tags that are versions are its releases, which are in
//! the log. Everything else is content as it is pushed, which no log has. What is of the private log is
//! below `private/`.
//!
//! | module | what |
//! |---|---|
//! | `place`, `name`, `reference`, `digest` | what is asked for |
//! | `auth` | by whom |
//! | `blob`, `push`, `upload` | content: sent, taken in, on its way in |
//! | `manifest`, `arrival` | manifests: sent and removed, and on their way in |
//! | `document`, `tag`, `referrer` | what they say, and how they are found |
//! | `repositories`, `paging` | which there are; lists by pages |
//! | `package`, `form`, `latest`, `yank` | releases: read, as manifests; the highest of them; what refers to those that are yanked |
//! | `release`, `ingest` | releases pushed, and what signs them |
//! | `repository`, `takedown` | what repositories hold, and what is gone of them |
//! | `wellknown`, `error` | where packages are; what is wrong |
//!
//! Content is in the files of the log's content, by its SHA-256, whoever brought it. That a repository
//! holds it is a row, made while the content is claimed; it goes by a delete, or once no manifest of
//! the repository names it and nobody who could push relied on it for a while. A manifest is taken in within the
//! transaction that finds these rows, so that it names what stays. Files go when neither the log nor a
//! row names them.

mod arrival;
mod auth;
mod blob;
mod digest;
mod document;
mod error;
mod form;
mod ingest;
mod latest;
mod manifest;
mod name;
mod package;
mod paging;
mod place;
mod push;
mod reference;
mod referrer;
mod release;
mod repositories;
mod repository;
mod tag;
mod takedown;
mod upload;
mod wellknown;
mod yank;

#[cfg(any(test, fuzzing))]
pub mod laws;

use crate::access::Action;
use crate::api::body::Received;
use crate::api::{Body, reply};
use crate::app::{App, Realm, State};
use crate::domain::Error;
use crate::log::LogId;
use auth::Caller;
use error::{Code, Failure};
use http::header::{ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use name::{Name, PRIVATE};
use place::{Parameters, Part, Place, WELL_KNOWN};
use rusqlite::Transaction;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const API_VERSION: &str = "registry/2.0";

/// The longest form with which a token is asked for.
const MOST_FORM: usize = 16 << 10;

/// What comes of a request.
type Answer = Result<Response<Body>, Failure>;

/// What the door has under way.
#[derive(Debug, Default)]
pub struct Door {
    uploads: upload::Uploads,
    turns: release::Turns,
    formed: package::FormedPackages,
    yanks: yank::Yanks,
}

impl Door {
    /// Forgets uploads of which nothing came in for so long. Returns how many.
    pub fn expire(&self, after: Duration) -> usize {
        self.uploads.expire(after)
    }

    /// Has repositories let go of content that none of their manifests names, and that nobody relied on
    /// for so long.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn sweep(&self, app: &App, min_age: Duration) -> Result<(), Error> {
        let sweep = |tx: &Transaction<'_>| Ok::<_, Error>(repository::sweep(tx, min_age)?);
        while app.database().write(sweep)? {}
        Ok(())
    }
}

/// A request about a repository, as far as it is known before its body comes.
struct Asked<'a> {
    app: &'a Arc<App>,
    realm: &'a Arc<Realm>,
    name: Name,
    parts: &'a Parts,
    caller: Caller,
}

/// Whether what is at a path is here.
pub(crate) fn owns(path: &str) -> bool {
    path == "/v2" || path.starts_with("/v2/") || path == WELL_KNOWN
}

/// Whether a text is a digest of these bytes.
pub(crate) fn is_of(digest: &str, bytes: &[u8]) -> bool {
    let digest: Result<digest::Digest, _> = digest.parse();
    digest.is_ok_and(|digest| digest.same_of(bytes) == digest)
}

/// Answers what is no request, but was meant for here.
pub(crate) fn refuse(app: &App, error: Error, id: u64) -> Response<Body> {
    let mut response = Failure::from(error).respond(app, id);
    let version = HeaderValue::from_static(API_VERSION);
    response.headers_mut().insert(VERSION, version);
    response
}

/// Answers a request; and says what it is counted as.
pub(crate) async fn answer(
    app: &Arc<App>,
    peer: SocketAddr,
    parts: &Parts,
    body: Incoming,
    id: u64,
) -> (&'static str, Response<Body>) {
    let place = Place::of(parts.uri.path());
    let label = place.as_ref().map_or("none", Place::label);
    let scope = match &place {
        Some(Place::Repository(name, _)) if parts.method.is_safe() => {
            format!("repository:{name}:pull")
        }
        Some(Place::Repository(name, _)) => format!("repository:{name}:pull,push"),
        Some(Place::Catalog) => "registry:catalog:*".to_owned(),
        _ => String::new(),
    };
    let answered = match place {
        Some(place) => answer_place(app, peer, parts, place, body).await,
        None => {
            let message =
                "there is nothing here: expected a path of the OCI Distribution specification";
            Err(Failure::new(Code::NameUnknown, message))
        }
    };
    let mut response = answered.unwrap_or_else(|failure| failure.respond(app, id));
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(API_VERSION));
    if response.status() == StatusCode::UNAUTHORIZED {
        // Names are quoted where they are none.
        let is_plain = |char: char| char.is_ascii_graphic() && char != '"' && char != '\\';
        let scope = if scope.chars().all(is_plain) {
            scope
        } else {
            String::new()
        };
        let challenge = auth::challenge(app, peer, &parts.headers, &scope);
        let challenge = reply::header(&challenge);
        reply::set(&mut response, WWW_AUTHENTICATE, challenge);
        reply::set(
            &mut response,
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        );
    }
    (label, response)
}

async fn answer_place(
    app: &Arc<App>,
    peer: SocketAddr,
    parts: &Parts,
    place: Place,
    body: Incoming,
) -> Answer {
    if !place.has(&parts.method) {
        let (method, allowed) = (&parts.method, place.methods());
        let message = format!("`{method}` cannot be done here, but `{allowed}`");
        return Err(Failure::new(Code::Unsupported, message)
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
            .with(ALLOW, HeaderValue::from_static(allowed)));
    }
    must_be_plain(parts, &body)?;
    place::must_be_encoded(&parts.uri)?;
    match place {
        Place::WellKnown => Ok(wellknown::answer()),
        Place::Base => base(&auth::identify(app, peer, parts)?),
        Place::Tokens => tokens(app, peer, parts, body).await,
        Place::Catalog => {
            let caller = auth::identify(app, peer, parts)?;
            repositories::list(app, caller, &parts.uri).await
        }
        Place::Repository(name, part) => {
            let caller = auth::identify(app, peer, parts)?;
            caller.must_be_ready(parts)?;
            let name: Name = name.parse().map_err(|_| no_name(&name))?;
            let realm = match name.log() {
                LogId::Public => app.public(),
                LogId::Private => app.private().ok_or_else(|| unknown(&name))?,
            };
            let asked = Asked {
                app,
                realm,
                name,
                parts,
                caller,
            };
            answer_part(&asked, &part, body).await
        }
    }
}

/// Refuses what is sent encoded: it is kept as it comes, by the digest of that. Of a question without a
/// body, nothing is kept.
fn must_be_plain(parts: &Parts, body: &Incoming) -> Result<(), Failure> {
    let identity = |value: &HeaderValue| {
        let mut codings = value.as_bytes().split(|byte| *byte == b',');
        codings.all(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"identity"))
    };
    let asks = parts.method.is_safe() && http_body::Body::is_end_stream(body);
    if asks || parts.headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return Ok(());
    }
    let message = "content is sent as it is: without `content-encoding`";
    Err(Failure::new(Code::Unsupported, message)
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        .with(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

async fn answer_part(asked: &Asked<'_>, part: &Part, body: Incoming) -> Answer {
    match (part, &asked.parts.method) {
        (Part::Manifest(reference), &Method::PUT) => arrival::put(asked, reference, body).await,
        (Part::Manifest(reference), &Method::DELETE) => manifest::delete(asked, reference).await,
        (Part::Manifest(reference), _) => manifest::get(asked, reference).await,
        (Part::Blob(digest), &Method::DELETE) => blob::delete(asked, digest).await,
        (Part::Blob(digest), _) => blob::get(asked, digest).await,
        (Part::Uploads, _) => push::begin(asked, body).await,
        (Part::Upload(id), &Method::PATCH) => push::chunk(asked, id, body).await,
        (Part::Upload(id), &Method::PUT) => push::close(asked, id, body).await,
        (Part::Upload(id), &Method::DELETE) => push::cancel(asked, id),
        (Part::Upload(id), _) => push::status(asked, id).await,
        (Part::Tags, _) => tag::list(asked).await,
        (Part::Referrers(digest), _) => referrer::list(asked, digest).await,
    }
}

/// Whether there is a registry: whoever says nothing of themselves is told where to get a token, with
/// which they may be nobody.
fn base(caller: &Caller) -> Answer {
    if caller.token.is_none() && !caller.is_nobody {
        return Err(Failure::new(Code::Unauthorized, auth::SAY_WHO));
    }
    Ok(reply::ok(
        "application/json",
        bytes::Bytes::from_static(b"{}"),
    ))
}

async fn tokens(app: &Arc<App>, peer: SocketAddr, parts: &Parts, body: Incoming) -> Answer {
    let parameters = match parts.method == Method::POST {
        true => {
            let received = Received::new(body, &app.config().limits);
            let form = received.whole(MOST_FORM, "to ask for a token takes a short form");
            Parameters::read(&String::from_utf8_lossy(&form.await?))
        }
        false => Parameters::of(&parts.uri),
    };
    let granted = auth::grant(app, peer, parts, &parameters)?;
    let mut response = reply::json(StatusCode::OK, &granted)?;
    reply::set(
        &mut response,
        CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

impl Asked<'_> {
    /// Refuses whoever may not read the repository: as if it were not there.
    fn must_read(&self) -> Result<(), Failure> {
        match (self.name.log(), &self.caller.token) {
            (LogId::Public, _) => Ok(()),
            (LogId::Private, None) => {
                let message =
                    "this part of the registry is private: log in with a token that may `read`";
                Err(Failure::new(Code::Unauthorized, message))
            }
            (LogId::Private, Some(_)) if self.caller.may(Action::Read, &self.name) => Ok(()),
            (LogId::Private, Some(_)) => Err(self.unknown()),
        }
    }

    /// Refuses what the disk has no room for, or what comes too late.
    fn must_take_writes(&self) -> Result<(), Failure> {
        match self.app.state() {
            State::ReadOnly => Err(Error::storage_full().into()),
            State::Stopping => {
                let message = "the registry takes nothing in now: try again later";
                Err(Failure::new(Code::Unavailable, message).after(Duration::from_secs(10)))
            }
            State::Starting | State::Ready => Ok(()),
        }
    }

    /// Whether there is such a repository.
    async fn exists(&self) -> Result<bool, Failure> {
        let name = self.name.clone();
        self.read(move |tx| {
            if repository::find(tx, &name)?.is_some() {
                return Ok(true);
            }
            match name.package() {
                Some(package) => Ok(package::tags(tx, name.log(), &package)?.is_some()),
                None => Ok(false),
            }
        })
        .await
    }

    /// That there is no such repository, or not for whoever asks.
    fn unknown(&self) -> Failure {
        unknown(&self.name)
    }

    /// Reads the database.
    async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let database = Arc::clone(self.app.database());
        let read = self.app.heavy(move || database.read(act));
        Ok(read.await?)
    }

    /// Changes the database.
    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let database = Arc::clone(self.app.database());
        let written = self.app.heavy(move || database.write(act));
        Ok(written.await?)
    }
}

fn unknown(name: &Name) -> Failure {
    Failure::new(
        Code::NameUnknown,
        format!("there is no repository `{name}`"),
    )
}

fn no_name(text: &str) -> Failure {
    if text == PRIVATE {
        let message = "`private` is no repository, but where those of the private log are, such as `private/acme/app`";
        return Failure::new(Code::NameInvalid, message);
    }
    let shown: String = text.chars().take(80).collect();
    let message = format!(
        "`{shown}` is no name of a repository: expected at most 255 of lower-case letters and digits, joined by `.`, `_`, `__`, `-` or `/`"
    );
    Failure::new(Code::NameInvalid, message)
}
