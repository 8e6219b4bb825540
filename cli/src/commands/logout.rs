//! `tenon logout`: forget the token for a registry.

use crate::args::Logout;
use crate::choice::choose_for_token;
use crate::config::Config;
use crate::credentials;
use crate::error::Failure;
use crate::ui::{Document, Ui};
use serde::Serialize;
use tenon_registry_client::http::BaseUrl;

#[derive(Serialize)]
struct LogoutContent {
    url: String,
    /// Whether there was a token.
    forgotten: bool,
}

pub(crate) fn run(ui: &Ui, args: &Logout, registry: Option<&str>) -> Result<(), Failure> {
    let wanted = args.target.as_deref().or(registry);
    // A registry that is not known any more can still be logged out of.
    let url: BaseUrl = match wanted.and_then(|wanted| wanted.parse().ok()) {
        Some(url) => url,
        None => choose_for_token(&Config::read()?, wanted)?
            .registry
            .url
            .clone(),
    };
    let forgotten = credentials::forget(&url)?;
    if credentials::is_in_environment() {
        ui.warn(&format!(
            "`{}` is still set, and is used until it is not",
            credentials::VARIABLE
        ));
    }
    if ui.json {
        return ui.document(&Document::new(
            "tenon/logout/1",
            LogoutContent {
                url: url.to_string(),
                forgotten,
            },
        ));
    }
    ui.say(&match forgotten {
        true => format!(
            "forgot the token for {url}; the registry accepts it until it is revoked or expires"
        ),
        false => format!("no token was kept for {url}"),
    });
    Ok(())
}
