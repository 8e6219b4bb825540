//! What became another in a lock file.

use crate::ui;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::Digest;
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
    /// The versions that stay, as other content: those of registries without logs, where a tag can move.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) moved: Vec<Moved>,
}

/// A version that is other content than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    pub(crate) version: String,
    /// The digest that was locked.
    pub(crate) from: String,
    /// The digest that is locked now.
    pub(crate) to: String,
}

impl Changes {
    pub(crate) fn between(before: Option<&LockFile>, after: &LockFile) -> Changes {
        let old = versions(before);
        let new = versions(Some(after));
        let names: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let none = Versions::new();
        let changes = names.into_iter().filter_map(|package| {
            let (old, new) = (old.get(package), new.get(package));
            let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
            let only = |these: &Versions<'_>, those: &Versions<'_>| {
                let only = these.keys().filter(|version| !those.contains_key(*version));
                only.map(ToString::to_string).collect::<Vec<_>>()
            };
            let moved = new.iter().filter_map(|(version, to)| {
                let from = old.get(version).filter(|from| *from != to)?;
                Some(Moved {
                    version: version.to_string(),
                    from: from.to_string(),
                    to: to.to_string(),
                })
            });
            (old != new).then(|| Change {
                package: package.to_string(),
                from: only(old, new),
                to: only(new, old),
                moved: moved.collect(),
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
        self.changes.iter().flat_map(Change::lines).collect()
    }
}

impl Change {
    fn lines(&self) -> Vec<String> {
        let (from, to) = (self.from.join(", "), self.to.join(", "));
        let package = &self.package;
        let line = match (self.from.is_empty(), self.to.is_empty()) {
            (true, true) => None,
            (true, _) => Some(format!("{} {package} {to}", ui::bold("added"))),
            (_, true) => Some(format!("{} {package} {from}", ui::bold("removed"))),
            _ => Some(format!("{} {package} {from} -> {to}", ui::bold("changed"))),
        };
        let moved = self.moved.iter().map(|moved| {
            let Moved { version, from, to } = moved;
            format!("{} {package} {version}: {from} -> {to}", ui::bold("moved"))
        });
        line.into_iter().chain(moved).collect()
    }
}

/// The versions of a package that are locked, and the digests of their content.
type Versions<'l> = BTreeMap<&'l Version, &'l Digest>;

fn versions(lock: Option<&LockFile>) -> BTreeMap<&PackageName, Versions<'_>> {
    let mut versions: BTreeMap<_, Versions<'_>> = BTreeMap::new();
    for locked in lock.into_iter().flat_map(|lock| lock.packages.values()) {
        let of_package = versions.entry(locked.package()).or_default();
        of_package.insert(locked.version(), locked.digest());
    }
    versions
}
