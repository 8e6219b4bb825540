//! Changes that say again what another says.

use super::{Change, What};
use crate::hash::HashSet;
use crate::name::ItemPath;
use crate::types::{Reason, Step};

/// Drops what follows from another change: a type that changed is found wherever it is used, an interface of
/// a WIT package in the worlds that have it, and a resource in a package that is another one.
pub(super) fn drop(changes: &mut Vec<Change>) {
    let is_other_package = changes
        .iter()
        .any(|change| matches!(change.what, What::Changed(Reason::Package { .. })));
    changes.retain(|change| {
        !(is_other_package && matches!(change.what, What::Changed(Reason::Resource)))
    });
    let known: HashSet<String> = changes
        .iter()
        .map(|change| key(change, &change.path))
        .collect();
    changes.retain(|change| {
        let has = |path: Vec<Step>| path != change.path && known.contains(&key(change, &path));
        !of_interface(change).is_some_and(&has)
    });
    let types: HashSet<String> = changes.iter().filter_map(of_type).collect();
    changes.retain(|change| {
        let start = item(change).len();
        // A type is told by its own name before it is by those that have it within them.
        let uses = (start + 2..change.path.len()).filter_map(|at| {
            let tail = change.path.get(at..)?;
            let is_inside = matches!(
                tail.first(),
                Some(Step::Field(_) | Step::Case(_) | Step::Flag(_))
            );
            is_inside.then(|| key(change, &[item(change), tail].concat()))
        });
        let is_echo = |tail: String| types.contains(&tail) && of_type(change) != Some(tail);
        !uses.into_iter().any(is_echo)
    });
}

/// A change, as it would be at `path`.
fn key(change: &Change, path: &[Step]) -> String {
    format!("{path:?} {:?} {}", change.what, change.impact)
}

/// The part of the way that leads to an import or export, or to an interface.
fn item(change: &Change) -> &[Step] {
    let len = match change.path.first() {
        Some(Step::World(_)) => 2,
        _ => 1,
    };
    change.path.get(..len).unwrap_or_default()
}

/// A change within a type that has a name, without that name.
fn of_type(change: &Change) -> Option<String> {
    let item = item(change);
    match change.path.get(item.len()..)? {
        [Step::Type(_), tail @ ..] if !tail.is_empty() => Some(key(change, &[item, tail].concat())),
        _ => None,
    }
}

/// Where a change of something that a world imports or exports is in the interface itself.
fn of_interface(change: &Change) -> Option<Vec<Step>> {
    let [
        Step::World(_),
        Step::Import(name) | Step::Export(name),
        inside @ ..,
    ] = change.path.as_slice()
    else {
        return None;
    };
    let path = ItemPath::parse(name, None)?;
    let interface = path.base().split_once('/')?.1.to_owned();
    (!inside.is_empty()).then(|| [&[Step::Interface(interface)], inside].concat())
}
