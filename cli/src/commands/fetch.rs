//! `tenon fetch`: releases into the cache, and into a folder with packages.

mod document;
mod folder;

use crate::args::{Fetch, Global};
use crate::error::Failure;
use crate::project::{Locking, Project, Purpose, install};
use crate::pulled::{self, Brought, Pulled, pull};
use crate::ui::{self, Document, ReleaseData, Ui};
use crate::wac::is_document;
use crate::wanted::Selection;
use folder::{Change, Placed};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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
    /// Where it is in the folder with packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
}

/// A release that was fetched.
struct Fetched {
    brought: Brought,
    /// Whether it is known by its version where it was asked for.
    by_version: bool,
}

pub(crate) fn run(ui: &Ui, args: &Fetch, global: &Global) -> Result<(), Failure> {
    let (fetched, missing) = match args.packages.is_empty() {
        true => (all_of_project(ui, args, global)?, None),
        false => all_named(ui, args, global)?,
    };
    let placed = match &args.deps_dir {
        None => vec![],
        Some(folder) => folder::write(folder, &fetched, args.replace)?,
    };
    if ui.json {
        if let Some(missing) = missing {
            return Err(missing);
        }
        return report(ui, &fetched, placed);
    }
    say(ui, &fetched);
    for Placed { path, change, .. } in &placed {
        let path = path.display();
        ui.say(&match change {
            Change::Written => format!("{} {path}", ui::bold("wrote")),
            Change::Replaced => format!("{} {path}", ui::bold("replaced")),
            Change::Unchanged => format!("`{path}` is this release already"),
        });
    }
    missing.map_or(Ok(()), Err)
}

/// All that the command line names, by itself or by documents; and why something of the documents is not among it.
fn all_named(
    ui: &Ui,
    args: &Fetch,
    global: &Global,
) -> Result<(Vec<Fetched>, Option<Failure>), Failure> {
    let is_document = |word: &&String| is_document(Path::new(word));
    let (documents, packages): (Vec<_>, Vec<_>) = args.packages.iter().partition(is_document);
    let wanted = packages.iter().map(|package| pulled::wanted(package));
    let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
    let documents = documents.iter().map(|document| PathBuf::from(*document));
    let folder = args.deps_dir.as_deref();
    let named = document::all_of(ui, global, &Vec::from_iter(documents), folder)?;
    let pulled = pull(ui, global, &wanted)?;
    let mut fetched: Vec<_> = wanted
        .iter()
        .zip(pulled)
        .map(|(wanted, brought)| Fetched {
            brought,
            by_version: wanted.version != Selection::Highest,
        })
        .collect();
    fetched.extend(named.fetched);
    // A document may name what the command line names, too.
    let mut seen = BTreeSet::new();
    fetched.retain(|fetched| seen.insert((fetched.brought.name(), fetched.by_version)));
    Ok((fetched, named.missing))
}

/// Everything that the project has locked.
fn all_of_project(ui: &Ui, args: &Fetch, global: &Global) -> Result<Vec<Fetched>, Failure> {
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
    let fetched = pulled.into_iter().map(|brought| Fetched {
        brought,
        by_version: true,
    });
    Ok(fetched.collect())
}

fn report(ui: &Ui, fetched: &[Fetched], placed: Vec<Placed>) -> Result<(), Failure> {
    let mut placed: BTreeMap<usize, Placed> = placed
        .into_iter()
        .map(|placed| (placed.of, placed))
        .collect();
    let releases = fetched.iter().enumerate().map(|(at, fetched)| {
        let placed = placed.remove(&at);
        FetchedData {
            release: fetched.brought.data(),
            cached: fetched.brought.was_cached(),
            path: fetched.brought.path().display().to_string(),
            change: placed.as_ref().map(|placed| placed.change),
            output: placed.map(|placed| placed.path.display().to_string()),
        }
    });
    let releases = releases.collect();
    ui.document(&Document::new("tenon/fetch/1", FetchContent { releases }))
}

/// Says what was fetched and verified.
fn say(ui: &Ui, fetched: &[Fetched]) {
    if let [only] = fetched {
        ui.say(&only.brought.sentence());
        return;
    }
    let mut logs: BTreeMap<&str, &Pulled> = BTreeMap::new();
    for Fetched { brought, .. } in fetched {
        ui.say(&brought.line());
        let Brought::Logged(pulled) = brought else {
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
}
