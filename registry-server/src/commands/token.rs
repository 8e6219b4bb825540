//! `tenon-registry token`: makes, lists and revokes tokens, beside a server that runs or not.

use super::{Failure, Place, say};
use crate::access::{Action, NewToken, TokenId, TokenScope};
use crate::directory;
use clap::{Args, Subcommand};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tenon_registry_client::record::Time;

/// Make, list and revoke tokens
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make a token, which is shown this once
    Create(Create),
    /// List all tokens
    List,
    /// Revoke a token, for good
    Revoke {
        /// Its id, as `token list` shows it
        id: TokenId,
    },
}

/// Make a token, which is shown this once
#[derive(Debug, Args)]
pub(super) struct Create {
    /// What to call it
    #[arg(long)]
    label: String,
    /// What it is for: `read`, `publish`, `yank`, `namespace` or `operate`; several, with commas between them
    #[arg(long = "action", required = true, value_delimiter = ',')]
    actions: Vec<Action>,
    /// For what: `*`, `acme:*`, `acme:http` or `acme:http-*`; several, with commas between them
    #[arg(long = "pattern", required = true, value_delimiter = ',')]
    patterns: Vec<TokenScope>,
    /// For how long, such as `90d` or `12h`
    #[arg(long, value_parser = duration)]
    expires: Option<Duration>,
}

pub(super) fn token(place: &Place, token: Token) -> Result<(), Failure> {
    let access = directory::tokens(&place.data)?;
    match token {
        Token::Create(create) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let expires = create.expires.map(|after| (now + after).as_secs());
            let new = NewToken {
                label: create.label,
                actions: create.actions.into_iter().collect(),
                scopes: create.patterns,
                expires,
            };
            say(access.create(new)?.0.reveal());
        }
        Token::List => {
            for token in access.list()? {
                let until = match (token.revoked, token.expires) {
                    (Some(revoked), _) => format!("revoked {}", Time::from_seconds(revoked)?),
                    (None, Some(expires)) => format!("until {}", Time::from_seconds(expires)?),
                    (None, None) => "for ever".to_owned(),
                };
                let (actions, scopes) = (token.action_words(), token.scope_words());
                // Whoever made the token chose the label, and a terminal must not act on it.
                say(&format!(
                    "{}  {actions}  {scopes}  {until}  {:?}",
                    token.id, token.label
                ));
            }
        }
        Token::Revoke { id } => {
            if !access.revoke(id)? {
                return Err(
                    format!("there is no token `{id}`: see `tenon-registry token list`").into(),
                );
            }
        }
    }
    Ok(())
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time such as `90d`, `12h`, `30m` or `45s`");
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let seconds = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}
