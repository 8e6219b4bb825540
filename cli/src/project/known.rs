//! Whose releases of a package were locked before, in whatever project: who was agreed to is asked about once.
//!
//! It is in the trust state, beside what was verified of the logs: what is in it was verified, and was taken by the user.

use crate::places::Place;
use crate::stored::{self, Access};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tenon_registry_client::lock::LockedPublisher;
use tenon_registry_client::log::Origin;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{LockFile, LockedPackage};

/// The longest file that is read, in bytes.
const MAX_KNOWN: u64 = 16 << 20;

/// Publishers, by the origin of the log and the package.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Known {
    /// Whoever is known. Nobody is, where that cannot be read: it costs a question.
    pub(super) fn read() -> Known {
        let text = path().and_then(|path| stored::read_text(&path, MAX_KNOWN).ok()?);
        Known::parse(&text.unwrap_or_default())
    }

    /// Whether releases of a package, in this log, were taken from one of these keys before.
    pub(super) fn has(
        &self,
        origin: &Origin,
        package: &PackageName,
        publisher: &LockedPublisher,
    ) -> bool {
        let known = self.0.get(origin.as_str());
        let known = known.and_then(|packages| packages.get(&package.to_string()));
        known.is_some_and(|known| names(publisher).any(|name| known.contains(&name)))
    }

    /// Remembers who published what is locked, and was not locked so in `old`. That this fails costs a question.
    pub(super) fn remember(old: Option<&LockFile>, new: &LockFile) {
        let is_new = |key: &(PackageName, Version), locked: &LockedPackage| {
            let before = old.and_then(|old| old.packages.get(key));
            before.is_none_or(|before| before.source != locked.source)
        };
        let taken = new.packages.iter();
        let taken = taken.filter(|(key, locked)| is_new(key, locked));
        let taken = taken.filter_map(|(_, locked)| locked.logged());
        let taken: Vec<_> = taken.collect();
        let known = Known::read();
        let is_known = taken
            .iter()
            .all(|(origin, release)| known.has(origin, &release.package, &release.publisher));
        let (false, Some(path)) = (is_known, path()) else {
            return;
        };
        let _ = stored::change(&path, Access::Shared, |text| {
            let mut known = Known::parse(text);
            for (origin, release) in taken {
                let packages = known.0.entry(origin.to_string()).or_default();
                let all = packages.entry(release.package.to_string()).or_default();
                all.extend(names(&release.publisher));
            }
            let text = serde_json::to_string_pretty(&known.0).unwrap_or_default();
            Ok((text, ()))
        });
    }

    fn parse(text: &str) -> Known {
        Known(serde_json::from_str(text).unwrap_or_default())
    }
}

fn path() -> Option<PathBuf> {
    Some(Place::State.folder().ok()?.join("publishers.json"))
}

/// The keys of a publisher; one of the registry is another one than the same key of a namespace.
fn names(publisher: &LockedPublisher) -> impl Iterator<Item = String> {
    let (keys, role) = match publisher {
        LockedPublisher::Keys(keys) => (keys.as_slice(), ""),
        LockedPublisher::Registry(key) => (std::slice::from_ref(key), "attested by "),
    };
    keys.iter().map(move |key| format!("{role}{key}"))
}
