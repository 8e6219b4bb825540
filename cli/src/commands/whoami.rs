//! `tenon whoami`: what a registry knows the user as.

use crate::args::Global;
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_registry_client::api::TokenInfo;

#[derive(Serialize)]
struct WhoamiContent {
    registry: String,
    url: String,
    token: TokenInfo,
}

pub(crate) fn run(ui: &Ui, global: &Global) -> Result<(), Failure> {
    let remote = Remote::chosen(ui, global)?;
    let token = remote.wait(remote.client.whoami())?;
    let content = WhoamiContent {
        registry: remote.name.to_string(),
        url: remote.registry.url.to_string(),
        token,
    };
    if ui.json {
        return ui.document(&Document::new("tenon/whoami/1", content));
    }
    let token = &content.token;
    let expires = token.expires.as_deref().unwrap_or("never");
    let mut text = format!(
        "{}\n",
        ui::bold(&format!("{} ({})", content.registry, content.url))
    );
    for (label, line) in [
        ("token", format!("{} ({})", token.id, token.label)),
        ("may", token.actions.join(", ")),
        ("with", token.patterns.join(", ")),
        ("expires", expires.to_owned()),
    ] {
        text.push_str(&format!("  {label:<8} {}\n", ui::clean_line(&line)));
    }
    ui.print(&text)
}
