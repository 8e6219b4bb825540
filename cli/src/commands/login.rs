//! `tenon login`: keep a token for a registry.

use crate::args::Login;
use crate::choice::choose;
use crate::config::Config;
use crate::credentials;
use crate::error::Failure;
use crate::secret;
use crate::token::Token;
use crate::ui::{Document, Ui};
use serde::Serialize;

#[derive(Serialize)]
struct LoginContent<'l> {
    registry: &'l str,
    url: &'l str,
    /// The name of the token, not the token.
    token: &'l str,
}

pub(crate) fn run(ui: &Ui, args: &Login, registry: Option<&str>) -> Result<(), Failure> {
    let config = Config::read()?;
    let chosen = choose(&config, args.target.as_deref().or(registry))?;
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
