//! `tenon search`: packages of a registry, by its own word.

use crate::args::{Global, Search};
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_registry_client::api::{SearchHit, SearchQuery};

#[derive(Serialize)]
struct SearchContent {
    /// What the user calls the registry, whose word all of this is.
    registry: String,
    hits: Vec<SearchHit>,
    /// Whether there are more than were asked for.
    more: bool,
}

pub(crate) fn run(ui: &Ui, args: &Search, global: &Global) -> Result<(), Failure> {
    let remote = Remote::chosen(ui, global)?;
    let words = args.words.join(" ");
    let query = SearchQuery {
        q: (!words.is_empty()).then_some(words),
        exports: args.exports.clone(),
        imports: args.imports.clone(),
        kind: args.kind.map(|kind| kind.word().to_owned()),
        namespace: args.namespace.clone(),
        after: None,
        n: Some(args.limit),
    };
    let page = remote.wait(remote.client.search(&query))?;
    let (mut hits, next) = (page.hits, page.next);
    let limit = args.limit as usize;
    let more = next.is_some() || hits.len() > limit;
    hits.truncate(limit);
    if ui.json {
        let content = SearchContent {
            registry: remote.name.to_string(),
            hits,
            more,
        };
        return ui.document(&Document::new("tenon/search/1", content));
    }
    if hits.is_empty() {
        ui.say(&format!(
            "`{}` says that it has nothing of this kind",
            remote.name
        ));
        return Ok(());
    }
    ui.print(&ui::table(&hits.iter().map(row).collect::<Vec<_>>()))?;
    if more {
        ui.say(&ui::dim("there are more; `--limit` shows more of them"));
    }
    Ok(())
}

fn row(hit: &SearchHit) -> Vec<String> {
    let package = &hit.package;
    let mut about = package
        .description
        .as_deref()
        .map(ui::clean_line)
        .unwrap_or_default();
    if !hit.interfaces.is_empty() {
        let interfaces: Vec<_> = hit
            .interfaces
            .iter()
            .map(|name| ui::clean_line(name))
            .collect();
        about = format!("{} {about}", interfaces.join(", "))
            .trim_end()
            .to_owned();
    }
    vec![
        ui::clean_line(&package.name),
        package
            .version
            .as_deref()
            .map_or_else(|| "-".to_owned(), ui::clean_line),
        ui::clean_line(&package.kind),
        about,
    ]
}
