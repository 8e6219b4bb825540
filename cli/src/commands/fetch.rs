//! `tenon fetch`: releases into the cache.

use crate::args::{Fetch, Global};
use crate::error::Failure;
use crate::pulled::{self, pull};
use crate::ui::{Document, ReleaseData, Ui};
use serde::Serialize;
use tenon_registry_client::http::FetchedFrom;

#[derive(Serialize)]
struct FetchContent {
    releases: Vec<FetchedData>,
}

#[derive(Serialize)]
struct FetchedData {
    #[serde(flatten)]
    release: ReleaseData,
    /// Whether it was in the cache already.
    cached: bool,
    path: String,
}

pub(crate) fn run(ui: &Ui, args: &Fetch, global: &Global) -> Result<(), Failure> {
    let wanted = args.packages.iter().map(|package| pulled::wanted(package));
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    let pulled = pull(ui, global, &wanted)?;
    if ui.json {
        let data = pulled.iter().map(|pulled| FetchedData {
            release: ReleaseData::of(&pulled.fetched.release, &pulled.fetched.view, &pulled.rules),
            cached: pulled.fetched.from == FetchedFrom::Cache,
            path: pulled.fetched.path.display().to_string(),
        });
        let releases = data.collect();
        return ui.document(&Document::new("tenon/fetch/1", FetchContent { releases }));
    }
    for pulled in &pulled {
        ui.say(&pulled.sentence());
    }
    Ok(())
}
