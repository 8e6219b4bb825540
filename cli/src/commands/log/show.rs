//! `tenon log show`: the checkpoint, who vouches for it, and the keys.

use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, CheckpointData, Document, Ui};
use serde::Serialize;
use std::time::Duration;
use tenon_registry_client::verify::Freshness;

#[derive(Serialize)]
struct ShowContent {
    registry: String,
    url: String,
    origin: String,
    pin: String,
    checkpoint: CheckpointData,
    /// Its keys, those that were removed too.
    keys: Vec<KeyData>,
    /// The note, as it was served.
    note: String,
}

#[derive(Serialize)]
struct KeyData {
    role: &'static str,
    vkey: String,
    active: bool,
}

pub(super) fn run(ui: &Ui, remote: &Remote) -> Result<(), Failure> {
    let view = remote.wait(remote.client.registry())?;
    let rules = &remote.registry.rules;
    let (signed, registry) = (view.checkpoint(), view.registry());
    let checkpoint = signed.checkpoint();
    if ui.json {
        let keys = registry.keys().iter().map(|key| KeyData {
            role: key.role.as_str(),
            vkey: key.vkey.to_string(),
            active: key.removed.is_none(),
        });
        let content = ShowContent {
            registry: remote.name.to_string(),
            url: remote.registry.url.to_string(),
            origin: checkpoint.origin.to_string(),
            pin: remote.registry.pin.to_string(),
            checkpoint: CheckpointData::of(&view, rules),
            keys: keys.collect(),
            note: signed.to_string(),
        };
        return ui.document(&Document::new("tenon/log-show/1", content));
    }
    let now = remote.now();
    let age = now.seconds().saturating_sub(view.index_time().seconds());
    let age = humantime::format_duration(Duration::from_secs(age));
    let vouched = view.vouched();
    let names = |names: &[String]| {
        let names: Vec<_> = names.iter().map(|name| ui::clean_line(name)).collect();
        names.join(", ")
    };
    let mut rows = vec![
        ("log", ui::clean_line(checkpoint.origin.as_str())),
        ("records", ui::thousands(checkpoint.size)),
        ("root", checkpoint.root.to_string()),
        (
            "last batch",
            format!("{} ({age} ago), by the registry's word", view.index_time()),
        ),
        (
            "fresh",
            match vouched.freshness {
                Freshness::Witnessed(time) => format!("witnesses saw it at {time} or later"),
                Freshness::RegistrysWord(time) => format!("registry's word, of {time}"),
                Freshness::Unchecked => "not asked for".to_owned(),
            },
        ),
        (
            "witnesses",
            match vouched.witnesses.as_slice() {
                [] => ui::witnesses(&view, rules),
                all => format!("{}: {}", ui::witnesses(&view, rules), names(all)),
            },
        ),
        (
            "map",
            match vouched.auditors.as_slice() {
                [] => "operator's word".to_owned(),
                all => format!("audited by {}", names(all)),
            },
        ),
    ];
    for key in registry.keys() {
        let removed = key.removed.map_or("", |_| " (removed)");
        let vkey = ui::clean_line(&key.vkey.to_string());
        rows.push(("key", format!("{} {vkey}{removed}", key.role)));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(what, text)| vec![what.to_owned(), text])
        .collect();
    ui.print(&ui::table(&rows))
}
