//! Access tokens, and who is asked for one.

use super::BaseUrl;
use reqwest::header::HeaderValue;
use std::fmt;

/// An access token. It is in no text form; what is printed of it is `Token(…)`.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// Why a text is no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an access token: expected 1 to 1024 letters, digits and `-._~+/=`")]
pub struct TokenError;

/// Whoever has access tokens. It is asked when a registry asks, or when something is going to be
/// written, and at no other time.
pub trait Credentials: Send + Sync {
    /// The token for a registry, if there is one.
    ///
    /// # Errors
    ///
    /// What keeps the tokens cannot be read.
    fn token(
        &self,
        registry: &BaseUrl,
    ) -> Result<Option<Token>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Nobody has a token.
impl Credentials for () {
    fn token(
        &self,
        _: &BaseUrl,
    ) -> Result<Option<Token>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(None)
    }
}

/// The same token for whatever asks.
impl Credentials for Token {
    fn token(
        &self,
        _: &BaseUrl,
    ) -> Result<Option<Token>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Some(self.clone()))
    }
}

impl Token {
    /// Takes a token as it is in a header ([RFC 6750], section 2.1).
    ///
    /// # Errors
    ///
    /// It is empty, too long, or has characters that no token has.
    ///
    /// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    pub fn new(token: &str) -> Result<Token, TokenError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=_".contains(&byte);
        if token.is_empty() || token.len() > 1024 || !token.bytes().all(fits) {
            return Err(TokenError);
        }
        let mut header =
            HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| TokenError)?;
        header.set_sensitive(true);
        Ok(Token(header))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
