//! What changed between the worlds of two components, or between two WIT packages, and what that is for
//! those who use them.
//!
//! There is one judgement: what is major is what [`breaks`](crate::breaks) finds from the old to the new.
//! The same question the other way round finds what came or went without breaking anything.

mod change;
mod echo;
mod makeup;
mod pairs;

pub use change::{Change, Impact, What};
pub use makeup::{Makeup, Update};

use crate::component::{Arena, ComponentId};
use crate::succession::{Declared, Of, all_breaks, declaration, package_name};
use crate::types::{Data, Difference, Items, Reason, Step};
use pairs::World;
use std::collections::BTreeMap;
use wasmparser::component_types::ComponentType;
use wasmparser::types::TypesRef;

/// How many differences are followed into types, each way.
const MAX_DIFFERENCES: usize = 4096;

/// What changed between two components, or two WIT packages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// What all of it comes to: that of the gravest change, or [`Impact::Patch`] if the worlds are the
    /// same; `None` for the same bytes.
    pub impact: Option<Impact>,
    /// The changes: imports first, then exports, in the order of their names.
    pub changes: Vec<Change>,
    /// The names of two WIT packages, with their versions, if they are not the same.
    pub packages: Option<(String, String)>,
    /// Whether these are all changes; of thousands, some may be left out.
    pub is_whole: bool,
}

/// What changed from `old` to `new`, for those who use `old`.
///
/// The rules are those of [`breaks`](crate::breaks): the impact is [`Impact::Major`] exactly when that
/// finds something. What changed in a world otherwise is minor, or a patch where it is only spelt in
/// another way.
///
/// # Panics
///
/// Panics if a component comes from another arena.
pub fn diff(arena: &Arena<'_>, old: ComponentId, new: ComponentId) -> Diff {
    let mut diff = Diff {
        impact: None,
        changes: Vec::new(),
        packages: None,
        is_whole: true,
    };
    if old == new {
        return diff;
    }
    let forward = all_breaks(arena, old, new, MAX_DIFFERENCES);
    let backward = all_breaks(arena, new, old, MAX_DIFFERENCES);
    diff.is_whole = forward.len().max(backward.len()) < MAX_DIFFERENCES;
    diff.impact = Some(match forward.is_empty() {
        true => Impact::Patch,
        false => Impact::Major,
    });

    let types = arena.types();
    let (before, after) = (arena.type_of(old), arena.type_of(new));
    let is_package = |id| arena.component(id).is_wit_package();
    let mut names = Names::default();
    match (is_package(old), is_package(new)) {
        (false, false) => {
            let world = World {
                types,
                path: vec![],
                of: Of::Component,
                own: None,
            };
            world.compare(before, after, &mut names, &mut diff.changes);
        }
        (true, true) => packages(types, before, after, &mut names, &mut diff),
        _ => {}
    }
    for difference in &forward {
        inner(difference, &names, Way::Forward, &mut diff.changes);
    }
    for difference in &backward {
        // Types that must be equal are found to differ both ways, other types perhaps.
        let path = names.of_new(&difference.path);
        let is_known = || {
            forward
                .iter()
                .any(|known| names.of_new(&known.path) == path)
        };
        match &difference.reason {
            Reason::Missing { .. } => inner(difference, &names, Way::Backward, &mut diff.changes),
            Reason::Other(_) if !is_known() => {
                let reason = "it asks for less, or has more".to_owned();
                let known = Difference {
                    path: difference.path.clone(),
                    reason: Reason::Other(reason),
                };
                inner(&known, &names, Way::Backward, &mut diff.changes);
            }
            _ => {}
        }
    }
    echo::drop(&mut diff.changes);
    diff.changes.sort_by_cached_key(Change::place);
    diff.impact = diff.impact.max(diff.changes.iter().map(|c| c.impact).max());
    diff
}

/// What the items of the old binary are called in the new one, by the path that leads to them.
#[derive(Default)]
struct Names(BTreeMap<Vec<String>, Step>);

impl Names {
    fn add(&mut self, path: &[Step], now: Step) {
        self.0.insert(Self::key(path), now);
    }

    /// `path` with the new name of the import or export that it goes through.
    fn of_new(&self, path: &[Step]) -> Vec<Step> {
        let item = match path.first() {
            Some(Step::World(_)) => 1,
            _ => 0,
        };
        let mut path = path.to_vec();
        if let Some(now) = path.get(..=item).and_then(|p| self.0.get(&Self::key(p)))
            && let Some(step) = path.get_mut(item)
        {
            *step = now.clone();
        }
        path
    }

    fn key(path: &[Step]) -> Vec<String> {
        path.iter().map(ToString::to_string).collect()
    }
}

/// Which of the two takes the place of which.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// The new one that of the old.
    Forward,
    /// The old one that of the new.
    Backward,
}

/// Takes a difference inside of something that both have.
fn inner(difference: &Difference, names: &Names, way: Way, changes: &mut Vec<Change>) {
    let path = names.of_new(&difference.path);
    let (of, item) = match path.split_first() {
        Some((Step::World(_), rest)) => (Of::World, rest.first()),
        first => (Of::Component, first.map(|(item, _)| item)),
    };
    let impact = match way {
        Way::Forward => Impact::Major,
        Way::Backward => Impact::Minor,
    };
    // Imports and exports, and what WIT packages have, are paired elsewhere.
    let asked_of_new = match (item, &difference.reason) {
        (_, Reason::NotOffered) | (None, Reason::Missing { .. }) => return,
        (Some(Step::Import(_)), _) => (way == Way::Forward) == (of == Of::Component),
        _ => (way == Way::Forward) == (of == Of::World),
    };
    let mut push = |path: Vec<Step>, what| changes.push(Change { path, what, impact });
    let inside = |step: Step| [path.as_slice(), &[step]].concat();
    match change::in_order(&difference.reason, asked_of_new) {
        Reason::Missing { kind, name } => {
            let what = match asked_of_new {
                true => What::Added { kind },
                false => What::Removed { kind },
            };
            push(inside(change::step(kind, name)), what);
        }
        Reason::Names {
            what: kind,
            missing,
            extra,
        } => {
            for name in missing {
                push(inside(change::step(kind, name)), What::Removed { kind });
            }
            for name in extra {
                push(inside(change::step(kind, name)), What::Added { kind });
            }
        }
        Reason::ParameterCount { expected, found } => {
            let kind = "parameter";
            let gone = expected.iter().filter(|name| !found.contains(name));
            for name in gone {
                push(
                    inside(Step::Parameter(name.clone())),
                    What::Removed { kind },
                );
            }
            let come = found.iter().filter(|name| !expected.contains(name));
            for name in come {
                push(inside(Step::Parameter(name.clone())), What::Added { kind });
            }
        }
        reason => push(path.clone(), What::Changed(reason)),
    }
}

/// Compares what two WIT packages have, but for what is inside of their interfaces.
fn packages(
    types: TypesRef<'_>,
    before: &ComponentType,
    after: &ComponentType,
    names: &mut Names,
    diff: &mut Diff,
) {
    let packages = package_name(types, before).zip(package_name(types, after));
    diff.packages = packages
        .as_ref()
        .map(|(before, after)| (before.to_string(), after.to_string()))
        .filter(|(before, after)| before != after);
    let declared = |items: &Items, name: &str| declaration(types, items.get(name)?);
    let lone = |name: &str, declared: Declared, what, impact| Change {
        path: vec![match declared {
            Declared::Interface(_) => Step::Interface(name.to_owned()),
            Declared::World(_) => Step::World(name.to_owned()),
        }],
        what,
        impact,
    };
    for name in before.exports.keys() {
        let now = declared(&after.exports, name);
        match (declared(&before.exports, name), now) {
            (Some(gone), None) => {
                let kind = gone.kind();
                let what = What::Removed { kind };
                diff.changes.push(lone(name, gone, what, Impact::Major));
            }
            (Some(Declared::World(old)), Some(Declared::World(new))) => {
                let world = World {
                    types,
                    path: vec![Step::World(name.clone())],
                    of: Of::World,
                    own: packages.as_ref(),
                };
                let (old, new) = (types.data(old), types.data(new));
                world.compare(old, new, names, &mut diff.changes);
            }
            _ => {}
        }
    }
    for name in after.exports.keys() {
        if let (None, Some(come)) = (
            declared(&before.exports, name),
            declared(&after.exports, name),
        ) {
            let kind = come.kind();
            let what = What::Added { kind };
            diff.changes.push(lone(name, come, what, Impact::Minor));
        }
    }
}
