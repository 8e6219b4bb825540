//! Where a registry is.

use crate::text;
use reqwest::Url;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The address of a registry, below which [`crate::api::Paths`] are: `https`, or `http` to this very
/// machine, with a path of its own where several registries share a host.
///
/// ```
/// use tenon_registry_client::http::BaseUrl;
///
/// let base: BaseUrl = "https://registry.example/private/".parse()?;
/// assert_eq!(base.to_string(), "https://registry.example/private");
/// assert!("http://registry.example".parse::<BaseUrl>().is_err());
/// # Ok::<(), tenon_registry_client::http::BaseUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseUrl(Url);

/// Why a text is no address of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be the address of a registry: {reason}")]
pub struct BaseUrlError {
    /// The text, unless it could hold a secret.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl BaseUrl {
    /// Whether it is on this machine, and needs no encryption.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether requests are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL of a path below it, which begins with `/` and may have a query.
    pub(super) fn url(&self, path: &str) -> Url {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let mut url = self.0.clone();
        let prefix = self.0.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url.set_query(query);
        url
    }

    /// Whether scheme, host and port of a URL are those of the registry.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason| BaseUrlError {
            text: match text.contains('@') {
                true => "…".to_owned(),
                false => text::excerpt(text),
            },
            reason,
        };
        let mut url = Url::parse(text)
            .map_err(|_| refuse("it is no URL; expected one such as `https://registry.example`"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(
                "it names a user; log in with a token in place of that",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(
                "it has a query or a fragment; leave out what follows `?` or `#`",
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refuse("it has no host"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(refuse("plain `http` is for this machine only; use `https`")),
            _ => return Err(refuse("it is neither `https` nor `http`")),
        }
        let path = url.path().trim_end_matches('/').to_owned();
        if path.contains("//") || path.contains('%') {
            return Err(refuse("its path has empty or encoded parts"));
        }
        url.set_path(&path);
        Ok(BaseUrl(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
