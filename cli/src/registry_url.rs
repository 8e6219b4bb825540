//! Where a registry is.

use crate::ui;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::{Host, Url};

/// The address of a registry: scheme, host, port and the beginning of every path.
///
/// It is `https`, or `http` to this machine. It has one spelling, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RegistryUrl(String);

/// Why a text is no address of a registry. It has nothing of the text but scheme and host: the rest
/// may have a password in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UrlError {
    Syntax(String),
    Scheme(String),
    /// `http` to this host, which is not this machine.
    Plain(String),
    /// It has this part, which it must not have.
    Part(&'static str),
}

impl FromStr for RegistryUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|error| UrlError::Syntax(error.to_string()))?;
        let host = url.host();
        let is_loopback = match &host {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => *name == "localhost",
            None => false,
        };
        match (url.scheme(), host) {
            ("https", Some(_)) => {}
            ("http", Some(_)) if is_loopback => {}
            ("http", Some(host)) => return Err(UrlError::Plain(host.to_string())),
            (scheme, _) => return Err(UrlError::Scheme(ui::clean_line(scheme))),
        }
        let parts = [
            (
                !url.username().is_empty() || url.password().is_some(),
                "user name or password",
            ),
            (url.query().is_some(), "query"),
            (url.fragment().is_some(), "fragment"),
        ];
        match parts.iter().find(|(is_there, _)| *is_there) {
            Some((_, part)) => Err(UrlError::Part(part)),
            None => Ok(RegistryUrl(url.as_str().trim_end_matches('/').to_owned())),
        }
    }
}

impl TryFrom<String> for RegistryUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RegistryUrl> for String {
    fn from(url: RegistryUrl) -> Self {
        url.0
    }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlError::Syntax(why) => write!(
                f,
                "this is not the URL of a registry: {why}; expected `https://<host>`"
            ),
            UrlError::Scheme(scheme) => write!(
                f,
                "the URL of a registry begins with `https://`, not with `{scheme}:`"
            ),
            UrlError::Plain(host) => write!(
                f,
                "`http` to `{host}` would let anyone on the way read tokens and change answers"
            ),
            UrlError::Part(part) => write!(f, "the URL of a registry cannot have a {part}"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling() {
        for (text, expected) in [
            ("https://registry.example", "https://registry.example"),
            ("https://registry.example/", "https://registry.example"),
            ("HTTPS://Registry.Example:443//", "https://registry.example"),
            (
                "https://registry.example:8443/a/b/",
                "https://registry.example:8443/a/b",
            ),
            (
                "https://registry.example/a/../b",
                "https://registry.example/b",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://0x7f.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            let url: RegistryUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), expected);
            assert_eq!(url.to_string().parse::<RegistryUrl>().unwrap(), url);
        }
    }

    #[test]
    fn what_a_token_must_not_go_to_is_no_address() {
        let error = |text: &str| text.parse::<RegistryUrl>().unwrap_err();
        for (text, host) in [
            ("http://registry.example", "registry.example"),
            ("http://10.0.0.1", "10.0.0.1"),
            ("http://127.0.0.1.example", "127.0.0.1.example"),
            ("http://localhost.example", "localhost.example"),
            ("http://[::ffff:10.0.0.1]/", "[::ffff:a00:1]"),
            ("http://0.0.0.0", "0.0.0.0"),
        ] {
            assert_eq!(error(text), UrlError::Plain(host.to_owned()), "{text}");
        }
        for scheme in ["ftp", "file", "ws", "javascript"] {
            let text = format!("{scheme}://registry.example/");
            assert_eq!(error(&text), UrlError::Scheme(scheme.to_owned()));
        }
        let secret = error("https://user:hunter2@registry.example");
        assert_eq!(secret, UrlError::Part("user name or password"));
        assert!(!format!("{secret} {secret:?}").contains("hunter2"));
        assert_eq!(error("https://user@registry.example"), secret);
        assert_eq!(
            error("https://registry.example/?a"),
            UrlError::Part("query")
        );
        assert_eq!(
            error("https://registry.example/#a"),
            UrlError::Part("fragment")
        );
        for text in [
            "",
            "registry.example",
            "https://",
            "https:///",
            "/a",
            "https://a b/",
        ] {
            match error(text) {
                UrlError::Syntax(_) => {}
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
