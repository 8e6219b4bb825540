//! What became another in a lock file.

use crate::ui;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::LockFile;

/// What became another in a lock file, by the names of packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Changes {
    pub(crate) changes: Vec<Change>,
}

/// What became of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) package: String,
    /// The versions that are no longer locked.
    pub(crate) from: Vec<String>,
    /// The versions that were not locked before.
    pub(crate) to: Vec<String>,
}

impl Changes {
    pub(crate) fn between(before: Option<&LockFile>, after: &LockFile) -> Changes {
        let old = versions(before);
        let new = versions(Some(after));
        let names: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let none = BTreeSet::new();
        let changes = names.into_iter().filter_map(|package| {
            let (old, new) = (old.get(package), new.get(package));
            let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
            let only = |these: &BTreeSet<&Version>, those: &BTreeSet<&Version>| {
                let only = these.difference(those);
                only.map(ToString::to_string).collect::<Vec<_>>()
            };
            (old != new).then(|| Change {
                package: package.to_string(),
                from: only(old, new),
                to: only(new, old),
            })
        });
        Changes {
            changes: changes.collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// A line for each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |change: &Change| {
            let (from, to) = (change.from.join(", "), change.to.join(", "));
            let package = &change.package;
            match (change.from.is_empty(), change.to.is_empty()) {
                (true, _) => format!("{} {package} {to}", ui::bold("added")),
                (_, true) => format!("{} {package} {from}", ui::bold("removed")),
                _ => format!("{} {package} {from} -> {to}", ui::bold("changed")),
            }
        };
        self.changes.iter().map(line).collect()
    }
}

fn versions(lock: Option<&LockFile>) -> BTreeMap<&PackageName, BTreeSet<&Version>> {
    let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (package, version) in lock.into_iter().flat_map(|lock| lock.packages.keys()) {
        versions.entry(package).or_default().insert(version);
    }
    versions
}
