//! What someone may read of a realm.

use super::Error;
use crate::access::{Action, Token, TokenScope};
use crate::app::Realm;
use crate::catalog::{Readable, Scope};
use crate::log::LogId;
use std::sync::Arc;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::name::{Namespace, PackageName};

/// Someone who reads a realm.
#[derive(Clone, Debug)]
pub struct Reader(Option<Arc<Token>>);

impl Reader {
    /// Whoever bears this token, or none, before a realm.
    ///
    /// # Errors
    ///
    /// The realm is private and there is no token. Whatever else is asked, all hear this.
    pub fn of(realm: &Realm, token: Option<Arc<Token>>) -> Result<Reader, Error> {
        match (realm.id(), token) {
            (LogId::Public, _) => Ok(Reader(None)),
            (LogId::Private, Some(token)) => Ok(Reader(Some(token))),
            (LogId::Private, None) => Err(Error::new(
                ProblemCode::TokenInvalid,
                "this part of the registry is private: send a token that may `read`",
            )),
        }
    }

    /// Whether everything may be read.
    pub fn has_all(&self) -> bool {
        self.token()
            .is_none_or(|token| token.allows_all(Action::Read))
    }

    /// Whether a package may be read.
    pub fn has_package(&self, package: &PackageName) -> bool {
        self.token()
            .is_none_or(|token| token.allows_package(Action::Read, package))
    }

    /// Whether what is known of a namespace may be read.
    pub fn has_namespace(&self, namespace: &Namespace) -> bool {
        self.token()
            .is_none_or(|token| token.allows_namespace(Action::Read, namespace))
    }

    /// Whether anything may be read at all.
    pub fn has_any(&self) -> bool {
        self.token().is_none_or(|token| token.allows(Action::Read))
    }

    /// Which packages may be read.
    pub fn readable(&self) -> Readable {
        let Some(token) = self.token() else {
            return Readable::all();
        };
        let scopes = token.scopes.iter().filter(|_| token.allows(Action::Read));
        Readable::scopes(scopes.map(|scope| match scope {
            TokenScope::All => Scope::All,
            TokenScope::Within(namespace, pattern) => {
                Scope::Within(namespace.clone(), pattern.clone())
            }
        }))
    }

    /// Refuses whoever may not read everything.
    ///
    /// # Errors
    ///
    /// They may not.
    pub fn must_have_all(&self) -> Result<(), Error> {
        match self.has_all() {
            true => Ok(()),
            false => Err(Error::new(
                ProblemCode::Forbidden,
                "this takes a token that may `read` everything here, with the pattern `*`",
            )),
        }
    }

    /// Refuses whoever may read nothing.
    ///
    /// # Errors
    ///
    /// They may not.
    pub fn must_have_any(&self) -> Result<(), Error> {
        match self.has_any() {
            true => Ok(()),
            false => Err(Error::new(
                ProblemCode::Forbidden,
                "this takes a token that may `read`",
            )),
        }
    }

    fn token(&self) -> Option<&Token> {
        self.0.as_deref()
    }
}
