//! `tenon fetch`: releases into the cache.

use crate::args::{Fetch, Global};
use crate::error::Failure;
use crate::project::{Locking, Project, Purpose, install};
use crate::pulled::{self, Brought, Pulled, pull};
use crate::ui::{Document, ReleaseData, Ui};
use serde::Serialize;
use std::collections::BTreeMap;

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
    let pulled = match args.packages.is_empty() {
        true => all_of_project(ui, args, global)?,
        false => {
            let wanted = args.packages.iter().map(|package| pulled::wanted(package));
            let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
            pull(ui, global, &wanted)?
        }
    };
    if ui.json {
        let data = pulled.iter().map(|pulled| FetchedData {
            release: pulled.data(),
            cached: pulled.was_cached(),
            path: pulled.path().display().to_string(),
        });
        let releases = data.collect();
        return ui.document(&Document::new("tenon/fetch/1", FetchContent { releases }));
    }
    if let [only] = &*pulled {
        ui.say(&only.sentence());
        return Ok(());
    }
    let mut logs: BTreeMap<&str, &Pulled> = BTreeMap::new();
    for pulled in &pulled {
        ui.say(&pulled.line());
        let Brought::Logged(pulled) = pulled else {
            continue;
        };
        // The log may have grown meanwhile.
        let newest = logs.entry(pulled.origin()).or_insert(pulled);
        if newest.log_size() < pulled.log_size() {
            *newest = pulled;
        }
    }
    for pulled in logs.values() {
        ui.say(&pulled.log_sentence());
    }
    Ok(())
}

/// Everything that the project has locked.
fn all_of_project(ui: &Ui, args: &Fetch, global: &Global) -> Result<Vec<Brought>, Failure> {
    let mut project = Project::open(Purpose::Change)?;
    let changes = project.lock(ui, &Locking::keep(global, args.agreement.yes))?;
    super::lock::say(ui, &changes);
    let Some(lock) = &project.lock else {
        ui.say("the project asks nothing of a registry");
        return Ok(vec![]);
    };
    let all: Vec<_> = lock.packages.values().collect();
    let pulled = install(ui, global, &project, &all)?;
    if pulled.is_empty() {
        ui.say("the project asks nothing of a registry");
    }
    Ok(pulled)
}
