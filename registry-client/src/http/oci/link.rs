//! Requests to an OCI registry: where they may go, with what, and how much may come back.

use super::client::OciOptions;
use super::credential::secret;
use super::{Host, OciCredentials, Repository};
use crate::http::body::Body;
use crate::http::transport::{Failure, Transport};
use crate::http::transport::{is_redirect, retry_after, unencoded};
use crate::http::{Error, ErrorKind, Network};
use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, WARNING,
};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// The most redirects that are followed for one request.
const MAX_REDIRECTS: u32 = 5;
/// The longest text of an error.
const MAX_PROBLEM: u64 = 64 << 10;
/// The most warnings of one answer.
const MAX_WARNINGS: usize = 10;
/// The most characters of one.
const MAX_WARNING: usize = 400;

/// The connections to one OCI registry.
pub(super) struct Link {
    pub(super) wire: Transport,
    pub(super) base: Url,
    pub(super) host: Host,
    pub(super) credentials: Arc<dyn OciCredentials>,
    warned: Arc<dyn Fn(&str) + Send + Sync>,
    /// With what it was convinced before.
    granted: Mutex<BTreeMap<Scope, HeaderValue>>,
}

/// What is going to be done with a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) repository: Repository,
    pub(super) action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Pull,
    Push,
}

/// A request.
#[derive(Clone)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scope: &'a Scope,
    /// The most bytes of the answer.
    pub(super) most: u64,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent, which may have to be sent again.
    pub(super) body: Option<Bytes>,
    /// Whether it may lead to another host.
    pub(super) reach: Reach,
    /// How long the answer may take to begin.
    pub(super) patience: Duration,
}

/// Where a redirect may lead.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nowhere.
    Here,
    /// Within the registry.
    Registry,
    /// To whoever keeps its content, over https.
    Anywhere,
}

/// What a registry says of an error.
#[derive(Deserialize)]
struct Problem {
    errors: Vec<ProblemEntry>,
}

#[derive(Deserialize)]
struct ProblemEntry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Link {
    pub(super) fn new(options: &OciOptions) -> Result<Link, Error> {
        let wire = options.transport()?;
        Ok(Link {
            base: wire.url("/v2/"),
            wire,
            host: options.host.clone(),
            credentials: options.credentials.clone(),
            warned: options.warned.clone(),
            granted: Mutex::default(),
        })
    }

    /// The URL of something in a repository.
    pub(super) fn url(&self, repository: &Repository, path: &str) -> Url {
        self.wire.url(&format!("/v2/{repository}/{path}"))
    }

    /// A request for something in a repository.
    pub(super) fn ask<'a>(
        &self,
        scope: &'a Scope,
        method: Method,
        path: &str,
        most: u64,
    ) -> Ask<'a> {
        Ask {
            method,
            url: self.url(&scope.repository, path),
            scope,
            most,
            headers: vec![],
            body: None,
            reach: Reach::Registry,
            patience: self.wire.timeouts.idle,
        }
    }

    /// The answer to a read, as often as it takes: its headers, and all of its body.
    pub(super) async fn get(&self, ask: &Ask<'_>) -> Result<(HeaderMap, Bytes), Error> {
        let limit = self.wire.timeouts.total;
        let patiently = async {
            let mut attempt = 0;
            loop {
                attempt += 1;
                let failure = match self.once(ask).await {
                    Ok((_, headers, bytes)) => return Ok((headers, bytes)),
                    Err(failure) => failure,
                };
                self.wire.pause(failure, &ask.url, attempt).await?;
            }
        };
        timeout(limit, patiently).await.unwrap_or_else(|_| {
            let what = "the answer";
            Err(Error::new(
                ErrorKind::Timeout { what, limit },
                ask.url.as_str(),
                0,
            ))
        })
    }

    /// The answer to what changes the registry, which is sent once.
    pub(super) async fn write(&self, ask: &Ask<'_>) -> Result<HeaderMap, Error> {
        self.write_once(ask).await.map(|(_, headers)| headers)
    }

    /// The answer to what makes something of the registry, which says that it was made by one status only.
    pub(super) async fn create(
        &self,
        ask: &Ask<'_>,
        what: &'static str,
    ) -> Result<HeaderMap, Error> {
        match self.write_once(ask).await? {
            (StatusCode::CREATED, headers) => Ok(headers),
            (status, _) => {
                let status = status.as_u16();
                let kind = ErrorKind::NotCreated { what, status };
                Err(Error::new(kind, ask.url.as_str(), 1))
            }
        }
    }

    async fn write_once(&self, ask: &Ask<'_>) -> Result<(StatusCode, HeaderMap), Error> {
        let answer = self.once(ask).await;
        let answer = answer.map_err(|failure| Error::new(*failure.kind, ask.url.as_str(), 1));
        answer.map(|(status, headers, _)| (status, headers))
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
        let response = self.open(ask).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Body::new(response, ask.most, &self.wire.timeouts)?;
        // What answers HEAD tells a length, and has no body.
        let bytes = match ask.method {
            Method::HEAD => Bytes::new(),
            _ => body.all().await?,
        };
        Ok((status, headers, bytes))
    }

    /// An answer that says yes, with its body still to come; one attempt.
    pub(super) async fn open(&self, ask: &Ask<'_>) -> Result<Response, Failure> {
        if self.wire.network == Network::Offline {
            let what = format!("`{}`", ask.url);
            return Err(Failure::never(ErrorKind::Offline(what)));
        }
        let mut url = ask.url.clone();
        let mut header = self.granted(ask.scope);
        let (mut was_asked, mut redirects) = (false, 0);
        loop {
            // Whoever keeps the content of a registry is shown no credentials of it.
            let is_registry = url.origin() == self.base.origin();
            let mut request = self.wire.http.request(ask.method.clone(), url.clone());
            request = request.header(ACCEPT_ENCODING, "identity");
            if let Some(header) = header.as_ref().filter(|_| is_registry) {
                request = request.header(AUTHORIZATION, header.clone());
            }
            request = request.headers(ask.headers.iter().cloned().collect());
            if let Some(body) = &ask.body {
                request = request.body(body.clone());
            }
            let limit = ask.patience;
            let response = timeout(limit, request.send()).await.map_err(|_| {
                let what = "the answer";
                Failure::never(ErrorKind::Timeout { what, limit })
            })?;
            let response = response.map_err(Failure::of)?;
            let status = response.status().as_u16();
            if status == 401 && is_registry && !was_asked {
                was_asked = true;
                // What it was convinced with before may be too old by now.
                header = self.convince(response.headers(), ask.scope).await?;
                if let Some(header) = &header {
                    self.grant(ask.scope, header.clone());
                    continue;
                }
            }
            if is_registry {
                warnings(response.headers()).for_each(|text| (self.warned)(&text));
            }
            if !is_redirect(status) {
                return self.accept(unencoded(response)?).await;
            }
            url = self.follow(&response, &url, ask.reach, redirects)?;
            redirects += 1;
        }
    }

    /// Where a redirect leads, if there it may.
    fn follow(
        &self,
        response: &Response,
        from: &Url,
        reach: Reach,
        redirects: u32,
    ) -> Result<Url, Failure> {
        let to = response.headers().get(LOCATION);
        let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
        let refuse = |reason| {
            // What follows `?`, or comes before `@`, may be what opens it.
            let to = to.split('?').next().unwrap_or_default();
            let to = to.rsplit('@').next().unwrap_or_default();
            let to = crate::text::excerpt(to);
            Failure::never(ErrorKind::Redirect { to, reason })
        };
        let url = from.join(to).map_err(|_| refuse("that is no URL"))?;
        let is_registry = url.origin() == self.base.origin();
        match reach {
            _ if redirects >= MAX_REDIRECTS => Err(refuse("there are more than 5 redirects")),
            Reach::Here => Err(refuse("what is written is sent to one place")),
            Reach::Registry if !is_registry => Err(refuse("it is of another origin")),
            Reach::Anywhere if !is_registry && !self.may_leave(&url) => Err(refuse(
                "content may be elsewhere over https only, and without a name and password in the URL",
            )),
            _ => Ok(url),
        }
    }

    /// Whether something that is no part of the registry may be asked: over https, or from this machine on this machine.
    pub(super) fn may_leave(&self, url: &Url) -> bool {
        let has_user = !url.username().is_empty() || url.password().is_some();
        let host = url.host_str().and_then(|host| host.parse::<Host>().ok());
        let is_here = host.is_some_and(|host| host.is_loopback());
        !has_user
            && match url.scheme() {
                // A registry elsewhere has nothing to have asked of this machine.
                "https" => !is_here || self.host.is_loopback(),
                "http" => is_here && self.host.is_loopback(),
                _ => false,
            }
    }

    async fn accept(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry = match status.as_u16() {
            429 | 502 | 503 | 504 => retry_after(response.headers()),
            _ => crate::http::transport::Retry::Never,
        };
        let text = match Body::new(response, MAX_PROBLEM, &self.wire.timeouts) {
            Ok(mut body) => body.all().await.unwrap_or_default(),
            Err(_) => Bytes::new(),
        };
        let said = serde_json::from_slice::<Problem>(&text).ok();
        let said = said.and_then(|problem| problem.errors.into_iter().next());
        let status = status.as_u16();
        // Some say nothing more than that.
        let by_status = match status {
            401 => Some("UNAUTHORIZED"),
            403 => Some("DENIED"),
            404 => Some("NAME_UNKNOWN"),
            _ => None,
        };
        let kind = match (said, by_status) {
            (Some(said), _) => ErrorKind::Oci {
                status,
                code: said.code,
                message: said.message,
            },
            (None, Some(code)) => ErrorKind::Oci {
                status,
                code: code.to_owned(),
                message: String::new(),
            },
            (None, None) => ErrorKind::Status(status),
        };
        Err(Failure {
            kind: Box::new(kind),
            retry,
        })
    }

    fn granted(&self, scope: &Scope) -> Option<HeaderValue> {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.get(scope).cloned()
    }

    fn grant(&self, scope: &Scope, header: HeaderValue) {
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.insert(scope.clone(), header);
    }
}

impl Scope {
    pub(super) fn of(repository: &Repository, action: Action) -> Scope {
        Scope {
            repository: repository.clone(),
            action,
        }
    }

    /// As token services know it.
    pub(super) fn text(&self) -> String {
        let actions = match self.action {
            Action::Pull => "pull",
            Action::Push => "pull,push",
        };
        format!("repository:{}:{actions}", self.repository)
    }
}

/// The header of a token.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    secret(&format!("Bearer {token}"))
}

/// What a registry warns of: the texts of `299 - "…"`, as the specification has them; whatever else is there is passed over.
fn warnings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(WARNING).iter().take(MAX_WARNINGS);
    values.filter_map(|value| {
        let text = value.to_str().ok()?.strip_prefix("299 - \"")?;
        let mut found = String::new();
        let mut chars = text.chars();
        loop {
            match chars.next()? {
                '"' => return Some(crate::text::excerpt_of(&found, MAX_WARNING)),
                '\\' => found.push(chars.next()?),
                char => found.push(char),
            }
        }
    })
}
