//! Who published what is locked, and whether that is who it was before.

use super::Locking;
use super::known::Known;
use crate::error::Failure;
use crate::ui::{self, Ui};
use tenon_registry_client::lock::LockedPublisher;
use tenon_registry_client::project::LockFile;

/// Asks where a package comes from other keys than any before, which may be a theft.
pub(super) fn confirm_publishers(
    ui: &Ui,
    locking: &Locking<'_>,
    old: Option<&LockFile>,
    new: &LockFile,
) -> Result<(), Failure> {
    let (known, mut lines) = (Known::read(), vec![]);
    for ((package, version), locked) in &new.packages {
        // Nobody is answerable for what no log has, which is said where it is locked.
        let Some((origin, locked)) = locked.logged() else {
            continue;
        };
        let before = old.into_iter().flat_map(|old| &old.packages);
        let before = before.filter(|((name, _), _)| name == package);
        let before = before.filter_map(|(_, before)| before.logged());
        let before: Vec<_> = before.map(|(_, release)| release).collect();
        let is_known = before
            .iter()
            .any(|before| is_same_publisher(&before.publisher, &locked.publisher));
        let is_known = is_known || known.has(origin, package, &locked.publisher);
        if let (Some(last), false) = (before.last(), is_known) {
            lines.push(format!(
                "`{package}@{version}` is {}; {} was {}",
                words(&locked.publisher),
                last.version,
                words(&last.publisher)
            ));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        ui.warn(line);
    }
    let agreed = ui.confirm("is that right?", locking.yes);
    agreed.map_err(|failure| {
        Failure::new(
            "project::publisher",
            "releases come from other publishers than those that are locked",
        )
        // Where there is JSON, no warning was shown.
        .notes(if ui.json { lines } else { vec![] })
        .cause(failure.message)
        .help("ask the publisher whether that is right; then give `--yes`, or keep what is locked")
    })
}

/// Whether one of the keys is the same, or the registry signed for both with one key.
fn is_same_publisher(before: &LockedPublisher, after: &LockedPublisher) -> bool {
    match (before, after) {
        (LockedPublisher::Keys(before), LockedPublisher::Keys(after)) => {
            before.iter().any(|key| after.contains(key))
        }
        (LockedPublisher::Registry(before), LockedPublisher::Registry(after)) => before == after,
        _ => false,
    }
}

fn words(publisher: &LockedPublisher) -> String {
    match publisher {
        LockedPublisher::Keys(keys) => ui::signed_by_keys(keys),
        LockedPublisher::Registry(key) => format!(
            "attested by the registry's `{}`",
            ui::clean_line(key.name().as_str())
        ),
    }
}
