//! What a registry is convinced with.

use super::{Host, Repository};
use crate::http::Token;
use reqwest::header::HeaderValue;
use std::fmt;

/// What a registry is convinced with. It is in no text form.
#[derive(Clone)]
pub enum OciCredential {
    /// A name and a password, which may be a token.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// What the registry's token service takes for tokens.
    Identity(String),
    /// A token that is taken as it is; a service that gives out tokens takes it as a password of anyone.
    Bearer(Token),
}

/// Whoever knows users' credentials. It is asked when a registry asks, and at no other time.
pub trait OciCredentials: Send + Sync {
    /// What there is for a repository of a registry, if there is something.
    ///
    /// # Errors
    ///
    /// What keeps it cannot be read.
    fn find(
        &self,
        host: &Host,
        repository: &Repository,
    ) -> Result<Option<OciCredential>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Nobody has any.
impl OciCredentials for () {
    fn find(
        &self,
        _: &Host,
        _: &Repository,
    ) -> Result<Option<OciCredential>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(None)
    }
}

/// The same for whatever asks.
impl OciCredentials for OciCredential {
    fn find(
        &self,
        _: &Host,
        _: &Repository,
    ) -> Result<Option<OciCredential>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Some(self.clone()))
    }
}

impl OciCredential {
    /// The header for a registry that takes names and passwords.
    pub(super) fn basic(&self) -> Option<HeaderValue> {
        match self {
            OciCredential::Basic { user, password } => basic(user, password),
            // A registry of ours takes its tokens as the password of anyone.
            OciCredential::Bearer(token) => {
                let header = token.header();
                let text = header.to_str().ok()?.strip_prefix("Bearer ")?;
                basic("token", text)
            }
            OciCredential::Identity(_) => None,
        }
    }
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let encoded = crate::text::to_base64(format!("{user}:{password}").as_bytes());
    secret(&format!("Basic {encoded}"))
}

/// The value of a header that is not shown.
pub(super) fn secret(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl fmt::Debug for OciCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OciCredential::Basic { .. } => "Basic(…)",
            OciCredential::Identity(_) => "Identity(…)",
            OciCredential::Bearer(_) => "Bearer(…)",
        })
    }
}
