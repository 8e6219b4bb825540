//! Tokens: random texts that say what their bearer may do.

use super::TokenScope;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::Digest;
use tenon_registry_client::name::{Namespace, PackageName};

/// What begins every token.
const PREFIX: &str = "tnr_";

/// A token's name, which is no secret: 8 bytes, written as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; 8]);

/// A token as its bearer has it: `tnr_`, the id, `_`, and 64 hexadecimal digits that nobody can guess.
#[derive(Clone)]
pub struct Secret {
    id: TokenId,
    text: String,
}

/// What the registry knows of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: TokenId,
    /// The SHA-256 of its text.
    pub(super) hash: [u8; 32],
    /// What it is called.
    pub label: String,
    /// What may be done with it.
    pub actions: BTreeSet<Action>,
    /// With what.
    pub scopes: Vec<TokenScope>,
    /// When it was made, in seconds since 1970-01-01.
    pub created: u64,
    /// When it stops working, in the same way.
    pub expires: Option<u64>,
    /// When it was revoked, in the same way.
    pub revoked: Option<u64>,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is called.
    pub label: String,
    /// What may be done with it.
    pub actions: BTreeSet<Action>,
    /// With what.
    pub scopes: Vec<TokenScope>,
    /// When it stops working, in seconds since 1970-01-01.
    pub expires: Option<u64>,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Reading what is private.
    Read,
    /// Uploading and releasing.
    Publish,
    /// Yanking, and taking that back.
    Yank,
    /// Creating and changing namespaces.
    Namespace,
    /// What only the operator does.
    Operate,
}

/// A text that is not in the form of a token, or an action there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// It is not in the form of a token; it may be one with a typing error, so it is not repeated.
    #[error(
        "this is not in the form of a token: expected `tnr_`, 16 hexadecimal digits, `_`, 64 hexadecimal digits"
    )]
    Form,
    /// It is no id.
    #[error("`{0}` is no id of a token: expected 16 hexadecimal digits")]
    Id(String),
    /// There is no such action.
    #[error("`{0}` is no action: expected `read`, `publish`, `yank`, `namespace` or `operate`")]
    Action(String),
}

impl Secret {
    /// A new one, from the randomness of the system.
    pub(super) fn generate() -> Result<Secret, getrandom::Error> {
        let (mut id, mut secret) = ([0; 8], [0; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let id = TokenId(id);
        let text = format!("{PREFIX}{id}_{}", Digest::from(secret).hex());
        Ok(Secret { id, text })
    }

    /// The token's name.
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// What the bearer has to keep: to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(super) fn hash(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Secret, SecretError> {
        let parts = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'));
        let (id, secret) = parts.ok_or(SecretError::Form)?;
        if secret.len() != 64 || !secret.bytes().all(is_hex) {
            return Err(SecretError::Form);
        }
        Ok(Secret {
            id: id.parse().map_err(|_| SecretError::Form)?,
            text: text.to_owned(),
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

impl TokenId {
    /// The bytes of it.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl From<[u8; 8]> for TokenId {
    fn from(bytes: [u8; 8]) -> TokenId {
        TokenId(bytes)
    }
}

impl FromStr for TokenId {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<TokenId, SecretError> {
        let hex = text.len() == 16 && text.bytes().all(is_hex);
        let number = hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        let number = number.ok_or_else(|| SecretError::Id(text.chars().take(32).collect()))?;
        Ok(TokenId(number.to_be_bytes()))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Token {
    /// Whether something may be done at all with it.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether something may be done with a package.
    pub fn allows_package(&self, action: Action, package: &PackageName) -> bool {
        self.allows(action) && self.scopes.iter().any(|scope| scope.has_package(package))
    }

    /// Whether something may be done with a namespace as a whole.
    pub fn allows_namespace(&self, action: Action, namespace: &Namespace) -> bool {
        self.allows(action)
            && self
                .scopes
                .iter()
                .any(|scope| scope.has_namespace(namespace))
    }

    /// Whether something may be done with everything there is.
    pub fn allows_all(&self, action: Action) -> bool {
        self.allows(action) && self.scopes.contains(&TokenScope::All)
    }

    /// Whether it is neither revoked nor expired.
    pub fn is_usable(&self, now: u64) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }

    /// What it is for, in words.
    pub fn action_words(&self) -> String {
        let words: Vec<&str> = self.actions.iter().map(|action| action.as_str()).collect();
        words.join(" ")
    }

    /// With what, in words.
    pub fn scope_words(&self) -> String {
        let words: Vec<String> = self.scopes.iter().map(TokenScope::to_string).collect();
        words.join(" ")
    }
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 5] = [
        Action::Read,
        Action::Publish,
        Action::Yank,
        Action::Namespace,
        Action::Operate,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Publish => "publish",
            Action::Yank => "yank",
            Action::Namespace => "namespace",
            Action::Operate => "operate",
        }
    }
}

impl FromStr for Action {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Action, SecretError> {
        let found = Action::ALL
            .into_iter()
            .find(|action| action.as_str() == text);
        found.ok_or_else(|| SecretError::Action(text.chars().take(32).collect()))
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
