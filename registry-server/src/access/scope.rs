//! What a token is good for, and some rules hold for: everything, a namespace, or some of its packages.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::name::{NameError, Namespace, PackageName, Pattern};

/// Some packages: `*`, `acme:*`, `acme:http` or `acme:http-*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TokenScope {
    /// Everything in the registry.
    All,
    /// Those of a namespace that match; with `*`, the namespace itself too.
    Within(Namespace, Pattern),
}

/// Why a text is no such pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no pattern: expected `*`, `acme:*`, `acme:http` or `acme:http-*`")]
pub struct TokenScopeError {
    text: String,
    /// What is wrong with its part.
    #[source]
    source: Option<NameError>,
}

impl TokenScope {
    /// Whether a package is one of these.
    pub fn has_package(&self, package: &PackageName) -> bool {
        match self {
            TokenScope::All => true,
            TokenScope::Within(namespace, pattern) => {
                namespace == package.namespace() && pattern.matches(package.name())
            }
        }
    }

    pub(super) fn has_namespace(&self, wanted: &Namespace) -> bool {
        match self {
            TokenScope::All => true,
            TokenScope::Within(namespace, pattern) => namespace == wanted && pattern.is_all(),
        }
    }
}

impl FromStr for TokenScope {
    type Err = TokenScopeError;

    fn from_str(text: &str) -> Result<TokenScope, TokenScopeError> {
        if text == "*" {
            return Ok(TokenScope::All);
        }
        let error = |source| TokenScopeError {
            text: text.chars().take(140).collect(),
            source,
        };
        let (namespace, pattern) = text.split_once(':').ok_or_else(|| error(None))?;
        let namespace = namespace.parse().map_err(|source| error(Some(source)))?;
        let pattern = pattern.parse().map_err(|source| error(Some(source)))?;
        Ok(TokenScope::Within(namespace, pattern))
    }
}

impl TryFrom<String> for TokenScope {
    type Error = TokenScopeError;

    fn try_from(text: String) -> Result<TokenScope, TokenScopeError> {
        text.parse()
    }
}

impl From<TokenScope> for String {
    fn from(scope: TokenScope) -> String {
        scope.to_string()
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenScope::All => f.write_str("*"),
            TokenScope::Within(namespace, pattern) => write!(f, "{namespace}:{pattern}"),
        }
    }
}
