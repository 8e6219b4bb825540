//! Requests: where they may go, how often, with which token, and how much may come back.

use super::body::Body;
use super::{BaseUrl, Credentials, Error, ErrorKind, Network, Timeouts, Token};
use crate::api::Problem;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderName,
    HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Certificate, Method, Response, Url};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

/// The most redirects that are followed for one request.
const MAX_REDIRECTS: u32 = 5;

/// The longest text of a problem.
const MAX_PROBLEM: u64 = 64 << 10;

/// The connections of a client.
pub(super) struct Transport {
    pub(super) http: reqwest::Client,
    base: BaseUrl,
    credentials: Arc<dyn Credentials>,
    /// What they said, once they were asked.
    token: OnceCell<Option<Token>>,
    /// Whether the registry has asked for a token.
    asked: AtomicBool,
    /// Whether it could not be reached, however often it was tried: then once is enough, until it answers.
    unreached: AtomicBool,
    pub(super) timeouts: Timeouts,
    pub(super) network: Network,
}

/// How a registry is reached.
pub(super) struct Reach<'a> {
    pub(super) base: &'a BaseUrl,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) timeouts: Timeouts,
    pub(super) network: Network,
    pub(super) extra_roots: &'a [Vec<u8>],
    pub(super) user_agent: &'a str,
}

/// A request that may be repeated.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    /// The most bytes of the answer.
    pub(super) most: u64,
    pub(super) freshness: Freshness,
    pub(super) token: WhenToken,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

/// Whether a cache may answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Any,
    Uncached,
}

/// When a token is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenToken {
    IfAsked,
    AtOnce,
}

/// Why one attempt failed, and whether another may do better.
pub(super) struct Failure {
    pub(super) kind: Box<ErrorKind>,
    pub(super) retry: Retry,
}

/// Whether to try again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    Never,
    Soon,
    After(Duration),
}

impl Ask {
    pub(super) fn get(path: impl Into<String>, most: u64) -> Ask {
        Ask {
            method: Method::GET,
            path: path.into(),
            most,
            freshness: Freshness::Any,
            token: WhenToken::IfAsked,
            headers: vec![],
        }
    }

    pub(super) fn uncached(self) -> Ask {
        Ask {
            freshness: Freshness::Uncached,
            ..self
        }
    }
}

impl Failure {
    pub(super) fn never(kind: ErrorKind) -> Failure {
        Failure {
            kind: Box::new(kind),
            retry: Retry::Never,
        }
    }

    pub(super) fn soon(kind: ErrorKind) -> Failure {
        Failure {
            kind: Box::new(kind),
            retry: Retry::Soon,
        }
    }

    pub(super) fn of(error: reqwest::Error) -> Failure {
        let error = error.without_url();
        let (tls, timeout) = (is_tls(&error), error.is_timeout());
        let connect = error.is_connect();
        let source = Box::new(error);
        match () {
            () if tls => Failure::never(ErrorKind::Tls(source)),
            () if connect || timeout => Failure::soon(ErrorKind::Connect(source)),
            () => Failure::soon(ErrorKind::Cut(source)),
        }
    }
}

impl Transport {
    pub(super) fn new(reach: &Reach<'_>) -> Result<Transport, Error> {
        let setup = |source: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(ErrorKind::Setup(source), reach.base.to_string(), 0)
        };
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Someone may be faster, and then there is one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(reach.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(reach.timeouts.connect)
            .referer(false);
        let mut roots = vec![];
        for pem in reach.extra_roots {
            roots.extend(Certificate::from_pem_bundle(pem).map_err(|error| setup(error.into()))?);
        }
        if reach.base.is_loopback() {
            // What goes to this machine goes to no proxy, and `localhost` is nowhere else.
            let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            let here: Vec<_> = here.map(|ip: std::net::IpAddr| (ip, 0).into()).into();
            builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
        }
        builder = match reach.base.is_encrypted() {
            true => builder.https_only(true).tls_certs_merge(roots),
            false => builder.tls_certs_only(roots),
        };
        Ok(Transport {
            http: builder.build().map_err(|error| setup(error.into()))?,
            base: reach.base.clone(),
            credentials: reach.credentials.clone(),
            token: OnceCell::new(),
            asked: AtomicBool::new(false),
            unreached: AtomicBool::new(false),
            timeouts: reach.timeouts,
            network: reach.network,
        })
    }

    /// The bytes of an answer, as often as it takes.
    pub(super) async fn get(&self, ask: &Ask) -> Result<Bytes, Error> {
        let limit = self.timeouts.total;
        let url = self.base.url(&ask.path);
        let result = timeout(limit, self.get_patiently(ask, &url)).await;
        result.unwrap_or_else(|_| {
            let what = "the answer";
            Err(Error::new(ErrorKind::Timeout { what, limit }, url, 0))
        })
    }

    async fn get_patiently(&self, ask: &Ask, url: &Url) -> Result<Bytes, Error> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match self.get_once(ask).await {
                Ok(bytes) => return Ok(bytes),
                Err(failure) => failure,
            };
            self.pause(failure, url, attempt).await?;
        }
    }

    async fn get_once(&self, ask: &Ask) -> Result<Bytes, Failure> {
        let response = self.open(ask).await?;
        let mut body = Body::new(response, ask.most, &self.timeouts)?;
        body.all().await
    }

    /// An answer that says yes, with its body still to come; one attempt.
    pub(super) async fn open(&self, ask: &Ask) -> Result<Response, Failure> {
        let response = self.send(ask, None).await?;
        self.unreached.store(false, Ordering::Relaxed);
        self.accept(response).await
    }

    /// Waits before the next attempt, or says why there is none.
    pub(super) async fn pause(
        &self,
        failure: Failure,
        url: &Url,
        attempt: u32,
    ) -> Result<(), Error> {
        let Timeouts {
            attempts,
            pause,
            longest_pause,
            ..
        } = self.timeouts;
        let doubled = pause.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let reached = !matches!(*failure.kind, ErrorKind::Connect(_));
        let attempts = match !reached && self.unreached.load(Ordering::Relaxed) {
            true => 1,
            false => attempts,
        };
        let wait = match failure.retry {
            _ if attempt >= attempts => {
                self.unreached.store(!reached, Ordering::Relaxed);
                None
            }
            Retry::Never => None,
            Retry::Soon => Some(jitter(doubled.min(longest_pause))),
            Retry::After(wait) => (wait <= longest_pause).then_some(wait.max(jitter(pause))),
        };
        match wait {
            Some(wait) => {
                sleep(wait).await;
                Ok(())
            }
            None => Err(Error::new(*failure.kind, url.as_str(), attempt)),
        }
    }

    /// Something that changes the registry: sent once.
    pub(super) async fn write(
        &self,
        ask: &Ask,
        body: reqwest::Body,
        limit: Duration,
    ) -> Result<Bytes, Error> {
        let url = self.base.url(&ask.path);
        let once = async {
            let response = self.send(ask, Some(body)).await?;
            let response = self.accept(response).await?;
            Body::new(response, ask.most, &self.timeouts)?.all().await
        };
        let result = timeout(limit, once).await.unwrap_or_else(|_| {
            let what = "the answer";
            Err(Failure::never(ErrorKind::Timeout { what, limit }))
        });
        result.map_err(|failure| Error::new(*failure.kind, url, 1))
    }

    /// One request, redirected where that is allowed, and with a token if it takes one.
    async fn send(&self, ask: &Ask, mut body: Option<reqwest::Body>) -> Result<Response, Failure> {
        if self.network == Network::Offline {
            let what = format!("`{}`", ask.path);
            return Err(Failure::never(ErrorKind::Offline(what)));
        }
        let writes = body.is_some();
        let mut url = self.base.url(&ask.path);
        let mut token = None;
        if ask.token == WhenToken::AtOnce || self.asked.load(Ordering::Relaxed) {
            token = self.token().await?;
        }
        let mut redirects = 0;
        loop {
            let mut request = self
                .http
                .request(ask.method.clone(), url.clone())
                .header(ACCEPT_ENCODING, "identity");
            if ask.freshness == Freshness::Uncached {
                request = request.header(CACHE_CONTROL, "no-cache");
            }
            if let Some(token) = &token {
                request = request.header(AUTHORIZATION, token.header());
            }
            let headers: HeaderMap = ask.headers.iter().cloned().collect();
            request = request.headers(headers);
            if let Some(body) = body.take() {
                request = request.body(body);
            }
            let response = match writes {
                true => request.send().await,
                false => self.in_time(request.send()).await?,
            };
            let response = response.map_err(Failure::of)?;
            let status = response.status();
            if status == 401 && token.is_none() && !writes {
                token = self.token().await?;
                if token.is_some() {
                    self.asked.store(true, Ordering::Relaxed);
                    continue;
                }
            }
            if !is_redirect(status.as_u16()) {
                return unencoded(response);
            }
            url = self.follow(&response, &url, writes, redirects)?;
            redirects += 1;
        }
    }

    /// Where a redirect leads, if there it may.
    fn follow(
        &self,
        response: &Response,
        from: &Url,
        writes: bool,
        redirects: u32,
    ) -> Result<Url, Failure> {
        let to = response.headers().get(LOCATION);
        let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
        let refuse = |reason| {
            let to = crate::text::excerpt(to);
            Failure::never(ErrorKind::Redirect { to, reason })
        };
        let url = from.join(to).map_err(|_| refuse("that is no URL"))?;
        match () {
            () if writes => Err(refuse("what is written is sent to one place")),
            () if !self.base.is_origin_of(&url) => Err(refuse(
                "it is of another origin; give the address of that registry if it is right",
            )),
            () if redirects >= MAX_REDIRECTS => Err(refuse("there are more than 5 redirects")),
            () => Ok(url),
        }
    }

    async fn token(&self) -> Result<Option<Token>, Failure> {
        let ask = || async {
            let (credentials, base) = (self.credentials.clone(), self.base.clone());
            let token = tokio::task::spawn_blocking(move || credentials.token(&base)).await;
            token.unwrap_or_else(|error| Err(error.into()))
        };
        let token = self.token.get_or_try_init(ask).await;
        let token = token.map_err(|source| Failure::never(ErrorKind::Credentials(source)))?;
        Ok(token.clone())
    }

    async fn accept(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry = match status.as_u16() {
            429 | 502 | 503 | 504 => retry_after(response.headers()),
            _ => Retry::Never,
        };
        let text = match Body::new(response, MAX_PROBLEM, &self.timeouts) {
            Ok(mut body) => body.all().await.unwrap_or_default(),
            Err(_) => Bytes::new(),
        };
        let kind = match serde_json::from_slice::<Problem>(&text) {
            Ok(problem) if problem.status == status.as_u16() => ErrorKind::Problem(problem),
            _ => ErrorKind::Status(status.as_u16()),
        };
        let kind = Box::new(kind);
        Err(Failure { kind, retry })
    }

    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        let limit = self.timeouts.idle;
        timeout(limit, answer).await.map_err(|_| {
            let what = "the answer";
            Failure::never(ErrorKind::Timeout { what, limit })
        })
    }

    pub(super) fn url(&self, path: &str) -> Url {
        self.base.url(path)
    }
}

pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

pub(super) fn unencoded(response: Response) -> Result<Response, Failure> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    match encoding.map(|encoding| encoding.to_str().unwrap_or("?")) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            let encoding = crate::text::excerpt(encoding);
            Err(Failure::never(ErrorKind::Encoded(encoding)))
        }
        _ => Ok(response),
    }
}

/// What a registry that is busy asks for, in seconds; other forms of it are not heeded.
pub(super) fn retry_after(headers: &HeaderMap) -> Retry {
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(crate::text::from_decimal);
    seconds.map_or(Retry::Soon, |seconds| {
        Retry::After(Duration::from_secs(seconds))
    })
}

/// Between half of a pause and all of it, by chance, so that clients do not come back together.
fn jitter(pause: Duration) -> Duration {
    let mut random = [0; 2];
    if getrandom::fill(&mut random).is_err() {
        return pause;
    }
    let part = f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX);
    pause.mul_f64(0.5 + part / 2.0)
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // What an I/O error holds is not its source, but what comes before that.
        next = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    false
}
