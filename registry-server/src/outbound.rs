//! Requests that the registry makes itself: to witnesses, and to logs that it audits.
//!
//! HTTPS, or plain HTTP to this machine; no redirects, no proxy, and an end to how long an answer may
//! be and may take.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// How long a request may take, with its answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long it may take to be connected.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The URL that paths are put behind: of HTTPS, or of HTTP on this machine; without a query, and
/// without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why a text is no URL that is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` cannot be asked: {problem}; expected `https://<host>/<path>`, or `http://` to this machine"
)]
pub struct BaseUrlError {
    url: String,
    problem: &'static str,
}

/// Makes requests.
#[derive(Clone, Debug)]
pub(crate) struct Outbound(reqwest::Client);

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboundError {
    #[error("requests cannot be made")]
    Setup(#[source] reqwest::Error),
    #[error("there is no answer")]
    Request(#[source] reqwest::Error),
    #[error("the answer has more than {0} bytes")]
    TooLong(usize),
}

impl BaseUrl {
    fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<BaseUrl, BaseUrlError> {
        let refused = |problem| BaseUrlError {
            url: text.escape_debug().take(200).collect(),
            problem,
        };
        let url = reqwest::Url::parse(text).map_err(|_| refused("it is no URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it has a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it has a query or a fragment"));
        }
        let host = url.host_str().ok_or(refused("it has no host"))?;
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => return Err(refused("plain HTTP goes to this machine only")),
            _ => return Err(refused("it is not of HTTP")),
        }
        Ok(BaseUrl(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Outbound {
    pub(crate) fn new() -> Result<Outbound, OutboundError> {
        // Another part of the program may have chosen before, and then it was the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("tenon-registry/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build();
        client.map(Outbound).map_err(OutboundError::Setup)
    }

    /// Sends a body. The answer may have `cap` bytes.
    pub(crate) async fn post(
        &self,
        base: &BaseUrl,
        path: &str,
        body: String,
        cap: usize,
    ) -> Result<Answer, OutboundError> {
        send(self.0.post(base.join(path)).body(body), cap).await
    }

    /// Reads something. It may have `cap` bytes.
    pub(crate) async fn get(
        &self,
        base: &BaseUrl,
        path: &str,
        cap: usize,
    ) -> Result<Answer, OutboundError> {
        send(self.0.get(base.join(path)), cap).await
    }
}

async fn send(request: reqwest::RequestBuilder, cap: usize) -> Result<Answer, OutboundError> {
    let mut response = request.send().await.map_err(OutboundError::Request)?;
    let mut body = vec![];
    while let Some(chunk) = response.chunk().await.map_err(OutboundError::Request)? {
        if body.len() + chunk.len() > cap {
            return Err(OutboundError::TooLong(cap));
        }
        body.extend_from_slice(&chunk);
    }
    let status = response.status().as_u16();
    Ok(Answer { status, body })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        let good = [
            ("https://witness.example/", "https://witness.example"),
            ("http://127.0.0.1:80/a/", "http://127.0.0.1/a"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:1", "http://localhost:1"),
        ];
        for (text, url) in good {
            assert_eq!(text.parse::<BaseUrl>().unwrap().to_string(), url);
        }
        for text in [
            "http://witness.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1.example/",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://user:secret@witness.example",
            "https://witness.example/?a=b",
            "https://witness.example/#a",
            "witness.example",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
