//! `tenon namespace show`: whose keys may do what, verified.

use super::change::rights;
use crate::args::{Global, NamespaceShow};
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Document, Seen, Ui};
use serde::Serialize;
use tenon_registry_client::chain::KeyHistory;
use tenon_registry_client::http::DraftError;
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::{Subject, Time};
use tenon_registry_client::verify::Request;

#[derive(Serialize)]
struct NamespaceContent {
    name: String,
    registry: String,
    url: String,
    /// How many owners must sign what is done with it.
    threshold: u32,
    records: u32,
    keys: Vec<KeyData>,
    log: Seen,
}

#[derive(Serialize)]
struct KeyData {
    vkey: String,
    /// None, if it is revoked.
    permissions: Vec<&'static str>,
    packages: Option<String>,
    expires: Option<String>,
    /// The record of the namespace that says so.
    record: u32,
    /// Since where in the log what a revoked key signed is void.
    #[serde(skip_serializing_if = "Option::is_none")]
    void_from: Option<u64>,
}

pub(super) fn run(ui: &Ui, args: &NamespaceShow, global: &Global) -> Result<(), Failure> {
    let namespace = super::parse(&args.namespace)?;
    let remote = Remote::of(ui, global, &namespace)?;
    let view = remote.view(&Request::Namespace(namespace.clone()))?;
    let Some(chain) = view.namespace() else {
        return Err(DraftError::NoNamespace(namespace).into());
    };
    let content = NamespaceContent {
        name: namespace.to_string(),
        registry: remote.name.to_string(),
        url: remote.registry.url.to_string(),
        threshold: chain.threshold(),
        records: chain.len(),
        keys: chain.keys().filter_map(KeyData::of).collect(),
        log: Seen::of(&view, &remote.client.options().rules),
    };
    if ui.json {
        return ui.document(&Document::new("tenon/namespace/1", content));
    }
    let decide = match (chain.owners().count(), chain.threshold()) {
        (1, _) => "its owner decides".to_owned(),
        (owners, 1) => format!("each of its {owners} owners decides on their own"),
        (owners, threshold) => format!("{threshold} of its {owners} owners decide together"),
    };
    let (name, registry, url) = (ui::bold(&content.name), &content.registry, &content.url);
    let mut text = format!("{name} in `{registry}` ({url})\n  {decide}\n");
    for key in chain.keys() {
        let name = ui::clean_line(&key.vkey.to_string());
        let may = state(key, &rights_of(key, &namespace), remote.now());
        text.push_str(&format!("  {name}\n    {may}\n"));
    }
    ui.print(&text)?;
    let subject = format!("the last record of the namespace `{namespace}`");
    let head = view.heads().get(&Subject::Namespace(namespace.clone()));
    let last = view.held().namespace.last();
    let signers = last.into_iter().flat_map(|record| record.signatures());
    let signers: Vec<_> = signers
        .filter_map(|line| chain.keys().find(|key| key.vkey.id() == line.id))
        .map(|key| &key.vkey)
        .collect();
    let by = ui::signed_by_keys(signers);
    let index = head.map(|head| head.index);
    ui.say(&ui::proof(&subject, index, &by, &content.log, remote.now()));
    Ok(())
}

fn rights_of(key: &KeyHistory, namespace: &Namespace) -> String {
    key.now()
        .map(|grant| rights(namespace, grant))
        .unwrap_or_default()
}

fn state(key: &KeyHistory, rights: &str, now: Time) -> String {
    let from = key.changes.last().and_then(|change| change.from_index);
    match (key.now(), from) {
        (Some(grant), _) if grant.expires.is_some_and(|time| time <= now) => {
            format!("could {rights}; that has expired")
        }
        (Some(_), _) => format!("may {rights}"),
        (None, None) => "is revoked".to_owned(),
        (None, Some(from)) => format!(
            "is revoked, and what it signed from record {} on is void",
            ui::thousands(from)
        ),
    }
}

impl KeyData {
    fn of(key: &KeyHistory) -> Option<KeyData> {
        let last = key.changes.last()?;
        let grant = last.grant.as_ref();
        let permissions = grant.into_iter().flat_map(|grant| &grant.permissions);
        Some(KeyData {
            vkey: key.vkey.to_string(),
            permissions: permissions.map(|permission| permission.as_str()).collect(),
            packages: grant.map(|grant| grant.pattern.to_string()),
            expires: grant
                .and_then(|grant| grant.expires)
                .map(|time| time.to_string()),
            record: last.seq,
            void_from: last.from_index,
        })
    }
}
