//! Tokens of the user: which one goes to which registry.
//!
//! Nothing is read before a command needs a token, and a token goes to the registry it is kept for
//! and to no other.

use crate::choice;
use crate::config::Config;
use crate::error::Failure;
use crate::places::Place;
use crate::stored::{self, Access};
use crate::token::Token;
use serde::Serialize;
use std::path::{Path, PathBuf};
use tenon_registry_client::http::BaseUrl;
use toml_edit::DocumentMut;

/// The variable that holds a token for the registry that is chosen.
pub(crate) const VARIABLE: &str = "TENON_TOKEN";

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Keeper {
    /// `TENON_TOKEN`.
    Environment,
    /// `credentials.toml`.
    File,
}

/// The token for the registry at `url`, if there is one.
///
/// `TENON_TOKEN` is for one registry: the one that `flag`, `TENON_REGISTRY` or the user's configuration
/// chooses. Whatever other registry asks is not shown it, and a project has no say in it: one that only the project
/// names is shown it if the user names its URL.
pub(crate) fn find(
    config: &Config,
    flag: Option<&str>,
    url: &BaseUrl,
) -> Result<Option<(Token, Keeper)>, Failure> {
    if let Some(text) = variable()
        && is_for(config, flag, url)
    {
        let token = Token::parse(&text).map_err(|error| {
            Failure::configuration("token::format", format!("`{VARIABLE}` holds no token"))
                .cause(error)
                .help("give it the token as the registry showed it, or unset it")
        })?;
        return Ok(Some((token, Keeper::Environment)));
    }
    let path = path()?;
    let Some(text) = stored::read(&path, Access::Private)? else {
        return Ok(None);
    };
    let document = parse(&path, &text)?;
    Ok(kept(&path, &document, url)?.map(|token| (token, Keeper::File)))
}

/// Whether there is a token in the environment that the registry at `url` is not shown.
pub(crate) fn is_withheld(config: &Config, flag: Option<&str>, url: &BaseUrl) -> bool {
    is_in_environment() && !is_for(config, flag, url)
}

/// Whether there is a token in the environment.
pub(crate) fn is_in_environment() -> bool {
    variable().is_some()
}

/// Keeps a token for the registry at `url`; returns the one that was kept before.
pub(crate) fn keep(url: &BaseUrl, token: &Token) -> Result<Option<Token>, Failure> {
    let path = path()?;
    stored::change(&path, Access::Private, |text| {
        let mut document = parse(&path, text)?;
        // A former one that is broken is no reason to keep it.
        let before = kept(&path, &document, url).unwrap_or_default();
        let mut entry = toml_edit::Table::new();
        entry.insert("token", toml_edit::value(token.expose()));
        document.insert(&url.to_string(), toml_edit::Item::Table(entry));
        Ok((document.to_string(), before))
    })
}

/// Forgets the token for the registry at `url`; tells whether there was one.
pub(crate) fn forget(url: &BaseUrl) -> Result<bool, Failure> {
    let path = path()?;
    if stored::read(&path, Access::Private)?.is_none() {
        return Ok(false);
    }
    stored::change(&path, Access::Private, |text| {
        let mut document = parse(&path, text)?;
        let was_there = document.remove(&url.to_string()).is_some();
        Ok((document.to_string(), was_there))
    })
}

/// The file in which tokens are kept.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    Ok(Place::Config.folder()?.join("credentials.toml"))
}

/// Whether a token in the environment is for the registry at `url`.
fn is_for(config: &Config, flag: Option<&str>, url: &BaseUrl) -> bool {
    choice::choose_for_token(config, flag).is_ok_and(|chosen| chosen.registry.url == *url)
}

fn variable() -> Option<zeroize::Zeroizing<String>> {
    let text = std::env::var(VARIABLE).ok()?;
    (!text.is_empty()).then(|| text.into())
}

/// The library's own message would show the line, and with it a token.
fn parse(path: &Path, text: &str) -> Result<DocumentMut, Failure> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        invalid(path, &format!("line {line} is not as TOML has it"))
    })
}

fn kept(path: &Path, document: &DocumentMut, url: &BaseUrl) -> Result<Option<Token>, Failure> {
    let Some(entry) = document.get(&url.to_string()) else {
        return Ok(None);
    };
    let text = entry.get("token").and_then(toml_edit::Item::as_str);
    let token = text.and_then(|text| Token::parse(text).ok());
    match token {
        Some(token) => Ok(Some(token)),
        None => Err(invalid(path, &format!("`{url}` has no token there"))),
    }
}

fn invalid(path: &Path, why: &str) -> Failure {
    let message = format!("`{}` is not a file of tokens", path.display());
    Failure::configuration("config::invalid", message)
        .cause(why)
        .help("correct it, or remove the file and run `tenon login` again")
}
