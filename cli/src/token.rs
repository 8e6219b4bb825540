//! API tokens: what a registry knows a user by, and nobody else may see.

use std::fmt;
use zeroize::Zeroizing;

/// A token: `tnr_`, 16 hexadecimal digits that name it, `_`, and 64 that are secret.
///
/// The digits are lower-case. It is shown by its name only, and wiped from memory when dropped.
pub(crate) struct Token(Zeroizing<String>);

/// A text is no token. The text is not told: it may be one with a mistake, or another secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenError;

impl Token {
    /// Reads a token; what surrounds it, such as a line break, is no part of it.
    pub(crate) fn parse(text: &str) -> Result<Token, TokenError> {
        let text = text.trim();
        let is_hex = |part: &str, digits: usize| {
            part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let parts = text
            .strip_prefix("tnr_")
            .and_then(|rest| rest.split_once('_'));
        match parts {
            Some((id, secret)) if is_hex(id, 16) && is_hex(secret, 64) => {
                Ok(Token(Zeroizing::new(text.to_owned())))
            }
            _ => Err(TokenError),
        }
    }

    /// The name of the token, by which it can be told from others and be revoked.
    pub(crate) fn id(&self) -> &str {
        self.0.get(4..20).unwrap_or_default()
    }

    /// The whole token, for the file that keeps it or the registry that asks for it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tnr_{}_…", self.id())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `tnr_`, 16 hexadecimal digits, `_`, and 64 hexadecimal digits")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_name_and_nothing_else() {
        let secret = "5a".repeat(32);
        let text = format!("tnr_0123456789abcdef_{secret}");
        let token = Token::parse(&format!("{text}\r\n")).unwrap();
        assert_eq!(token.expose(), text);
        assert_eq!(token.id(), "0123456789abcdef");
        assert_eq!(format!("{token:?}"), "tnr_0123456789abcdef_…");
    }

    #[test]
    fn only_the_one_form_is_a_token() {
        let secret = "5a".repeat(32);
        for text in [
            String::new(),
            "tnr_".to_owned(),
            format!("tnr_0123456789abcdef_{}", "5a".repeat(31)),
            format!("tnr_0123456789abcdef_{}", "5a".repeat(33)),
            format!("tnr_0123456789abcdef_{}", "5A".repeat(32)),
            format!("tnr_0123456789abcde_{secret}"),
            format!("tnr_0123456789abcdeé_{secret}"),
            format!("tnx_0123456789abcdef_{secret}"),
            format!("tnr_0123456789abcdef{secret}"),
            format!("tnr_0123456789abcdef_{secret} {secret}"),
        ] {
            assert_eq!(Token::parse(&text).unwrap_err(), TokenError, "{text}");
        }
    }
}
