//! `tenon login`: keep a token for a registry.

use crate::args::{Global, Login};
use crate::choice::choose_for_token;
use crate::config::Config;
use crate::credentials;
use crate::error::Failure;
use crate::remote::Remote;
use crate::secret;
use crate::token::Token;
use crate::ui::{Document, Ui};
use serde::Serialize;
use tenon_registry_client::http::{self, TokenError};

#[derive(Serialize)]
struct LoginContent<'l> {
    registry: &'l str,
    url: &'l str,
    /// The name of the token, not the token.
    token: &'l str,
    /// Whether the registry was asked, and knows it.
    checked: bool,
}

pub(crate) fn run(ui: &Ui, args: &Login, global: &Global) -> Result<(), Failure> {
    let config = Config::read()?;
    let wanted = args.target.as_deref().or(global.registry.as_deref());
    let chosen = choose_for_token(&config, wanted)?;
    let (name, url) = (chosen.name.to_string(), &chosen.registry.url);
    let text = match args.token_stdin {
        true => secret::standard_input()?,
        false => secret::prompt(&format!("token for {url}: "), "--token-stdin")?,
    };
    let token = Token::parse(&text).map_err(|error| {
        Failure::new("token::format", "this is no token, and was not kept")
            .cause(error)
            .help("give it as the registry showed it, all of it, and nothing else")
    })?;
    if !global.offline {
        let shown = http::Token::new(token.expose()).map_err(|error: TokenError| {
            Failure::new("token::format", "this is no token, and was not kept").cause(error)
        })?;
        let remote = Remote::with_token(ui, global, chosen, shown)?;
        check(&remote, &token)?;
    }
    let before = credentials::keep(url, &token)?;
    if credentials::is_in_environment() {
        ui.warn(&format!(
            "`{}` is set and goes before the token that was kept",
            credentials::VARIABLE
        ));
    }
    if ui.json {
        return ui.document(&Document::new(
            "tenon/login/1",
            LoginContent {
                registry: &name,
                url: &url.to_string(),
                token: token.id(),
                checked: !global.offline,
            },
        ));
    }
    ui.say(&format!(
        "kept the token {} for `{name}` ({url})",
        token.id()
    ));
    if let Some(before) = before.filter(|before| before.id() != token.id()) {
        ui.say(&format!(
            "it takes the place of the token {}, which the registry still accepts until it is revoked",
            before.id()
        ));
    }
    Ok(())
}

/// Asks the registry whether it knows the token.
fn check(remote: &Remote, token: &Token) -> Result<(), Failure> {
    let error = match remote.wait_raw(remote.client.whoami()) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let status = error.problem().map(|problem| problem.status);
    let failure = remote.failure(error);
    if status != Some(401) {
        return Err(Failure {
            message: format!("the token was not kept: {}", failure.message),
            ..failure
        }
        .help("try again later, or keep it without asking with `--offline`"));
    }
    let message = format!(
        "`{}` does not know the token {}, and it was not kept",
        remote.name,
        token.id()
    );
    Err(Failure {
        code: "token::refused",
        message,
        ..failure
    }
    .help("check that it is for this registry, and has not expired or been revoked"))
}
