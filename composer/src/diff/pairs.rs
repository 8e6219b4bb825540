//! The imports and exports of two worlds: which are the same, which came and which went.

use super::{Change, Impact, Names, What};
use crate::hash::{HashMap, HashSet};
use crate::name::ItemPath;
use crate::succession::{Of, PackageName, asks_nothing, attributes, is_kept};
use crate::targets::Index;
use crate::types::{Data, Items, Reason, Step, kind_name};
use std::collections::{BTreeMap, VecDeque};
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ComponentType};
use wasmparser::types::TypesRef;

/// Two worlds that are compared.
pub(super) struct World<'a> {
    pub(super) types: TypesRef<'a>,
    /// What leads to them.
    pub(super) path: Vec<Step>,
    pub(super) of: Of,
    /// The two packages that they are of.
    pub(super) own: Option<&'a (PackageName, PackageName)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Imports,
    Exports,
}

type Named<'t> = (&'t String, &'t ComponentItem);

impl World<'_> {
    /// Compares the imports and exports of two worlds, but for their types.
    pub(super) fn compare(
        &self,
        before: &ComponentType,
        after: &ComponentType,
        names: &mut Names,
        changes: &mut Vec<Change>,
    ) {
        self.side(
            Side::Imports,
            &before.imports,
            &after.imports,
            names,
            changes,
        );
        self.side(
            Side::Exports,
            &before.exports,
            &after.exports,
            names,
            changes,
        );
    }

    fn side(
        &self,
        side: Side,
        before: &Items,
        after: &Items,
        names: &mut Names,
        changes: &mut Vec<Change>,
    ) {
        let (pairs, gone, come) = paired(before, after);
        for (old, new) in pairs {
            let now = self.step(side, new);
            let was = [self.path.as_slice(), &[self.step(side, old)]].concat();
            names.add(&was, now.clone());
            let path = [self.path.as_slice(), &[now]].concat();
            let all = self.attributes(old, new).into_iter();
            changes.extend(all.map(|(what, impact)| Change {
                path: path.clone(),
                what,
                impact,
            }));
            if side == Side::Imports {
                self.types(&path, old.1, new.1, changes);
            }
        }
        let (olds, news) = (Index::of(before), Index::of(after));
        // An import that comes, or one that a world no longer has: somebody may have to provide it.
        let needed = |(name, item): &Named<'_>, others: &Index<'_>| {
            let is_optional = side == Side::Imports && asks_nothing(self.types, &item.ty);
            match is_optional || others.find(name, item).is_some() {
                true => Impact::Minor,
                false => Impact::Major,
            }
        };
        let is_grave_to_come = (side == Side::Imports) == (self.of == Of::Component);
        let of_come = |named: &Named<'_>| match is_grave_to_come {
            true => needed(named, &olds),
            false => Impact::Minor,
        };
        let of_gone = |named: &Named<'_>| match is_grave_to_come {
            true => Impact::Minor,
            false => needed(named, &news),
        };
        let mut moved: BTreeMap<String, VecDeque<Named<'_>>> = BTreeMap::new();
        for named in gone {
            match path_of(named) {
                Some(path) => moved
                    .entry(path.base().to_owned())
                    .or_default()
                    .push_back(named),
                None => changes.push(self.lone(side, named, of_gone(&named), false)),
            }
        }
        for named in come {
            let from = path_of(named)
                .and_then(|path| moved.get_mut(path.base()))
                .and_then(VecDeque::pop_front);
            let Some(from) = from else {
                changes.push(self.lone(side, named, of_come(&named), true));
                continue;
            };
            // What moved with its package is not said again.
            if self.is_own(from, named) {
                continue;
            }
            changes.push(Change {
                path: [self.path.as_slice(), &[self.step(side, named)]].concat(),
                what: What::Moved {
                    from: full_name(from),
                    to: full_name(named),
                },
                impact: of_gone(&from).max(of_come(&named)),
            });
        }
        for named in moved.into_values().flatten() {
            changes.push(self.lone(side, named, of_gone(&named), false));
        }
    }

    /// Compares which types two imports ask for that ask for nothing else: nobody need have them, so
    /// they are no matter of what breaks.
    fn types(
        &self,
        path: &[Step],
        old: &ComponentItem,
        new: &ComponentItem,
        changes: &mut Vec<Change>,
    ) {
        let (ComponentEntityType::Instance(before), ComponentEntityType::Instance(after)) =
            (old.ty, new.ty)
        else {
            return;
        };
        let before = &self.types.data(before).exports;
        let after = &self.types.data(after).exports;
        let kind = "type";
        let (added, removed) = (What::Added { kind }, What::Removed { kind });
        for (item, has, others, what) in
            [(new, after, before, added), (old, before, after, removed)]
        {
            if !asks_nothing(self.types, &item.ty) {
                continue;
            }
            for name in has.keys().filter(|name| !others.contains_key(*name)) {
                changes.push(Change {
                    path: [path, &[Step::Type(name.clone())]].concat(),
                    what: what.clone(),
                    impact: Impact::Minor,
                });
            }
        }
    }

    /// The change of an item that only one of the worlds has.
    fn lone(&self, side: Side, named: Named<'_>, impact: Impact, is_new: bool) -> Change {
        let kind = kind_name(&named.1.ty);
        Change {
            path: [self.path.as_slice(), &[self.step(side, named)]].concat(),
            what: match is_new {
                true => What::Added { kind },
                false => What::Removed { kind },
            },
            impact,
        }
    }

    /// What two items that are the same say differently of themselves, without anything being lost.
    fn attributes(&self, old: Named<'_>, new: Named<'_>) -> Vec<(What, Impact)> {
        let mut all = Vec::new();
        let version = |named: Named<'_>| {
            let name = full_name(named);
            let version = name.split_once('@').map(|(_, version)| version.to_owned());
            version.unwrap_or_default()
        };
        if full_name(old) != full_name(new) && !self.is_own(old, new) {
            let (from, to) = (version(old), version(new));
            all.push((What::Version { from, to }, Impact::Minor));
        } else if old.0 != new.0 && !self.is_own(old, new) {
            let suffix = |named: Named<'_>| named.1.version_suffix.clone();
            let reason = Reason::Attribute {
                what: "version suffix",
                expected: suffix(old),
                found: suffix(new),
            };
            all.push((What::Changed(reason), Impact::Patch));
        }
        for ((what, expected), (_, found)) in attributes(old.1).into_iter().zip(attributes(new.1)) {
            if expected != found && is_kept(expected.as_deref(), found.as_deref()) {
                let reason = Reason::Attribute {
                    what,
                    expected,
                    found,
                };
                all.push((What::Changed(reason), Impact::Minor));
            }
        }
        all
    }

    /// Whether both items are of the packages that the worlds are of, in the versions of these.
    fn is_own(&self, old: Named<'_>, new: Named<'_>) -> bool {
        let is_of = |package: &PackageName, named| path_of(named).is_some_and(|p| package.has(&p));
        self.own
            .is_some_and(|(before, after)| is_of(before, old) && is_of(after, new))
    }

    fn step(&self, side: Side, named: Named<'_>) -> Step {
        match side {
            Side::Imports => Step::Import(full_name(named)),
            Side::Exports => Step::Export(full_name(named)),
        }
    }
}

fn full_name((name, item): Named<'_>) -> String {
    item.full_name(name).into_owned()
}

fn path_of((name, item): Named<'_>) -> Option<ItemPath> {
    ItemPath::parse(name, item.version_suffix.as_deref())
}

type Paired<'t> = (Vec<(Named<'t>, Named<'t>)>, Vec<Named<'t>>, Vec<Named<'t>>);

/// Items of both that are the same, by their names or else by interface and track; and those that only
/// the first, or only the second has.
fn paired<'t>(before: &'t Items, after: &'t Items) -> Paired<'t> {
    let mut pairs = Vec::new();
    let mut waiting: HashMap<_, VecDeque<Named<'t>>> = HashMap::default();
    for (name, item) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        if let Some(key) = Index::key(name, item) {
            waiting.entry(key).or_default().push_back((name, item));
        }
    }
    let mut gone = Vec::new();
    let mut taken = HashSet::default();
    for (name, item) in before {
        let same = after.get_key_value(name);
        let other = || {
            let found = waiting.get_mut(&Index::key(name, item)?)?;
            found.pop_front()
        };
        match same.or_else(other) {
            Some(new) => {
                taken.insert(new.0);
                pairs.push(((name, item), new));
            }
            None => gone.push((name, item)),
        }
    }
    let come = after.iter().filter(|(name, _)| !taken.contains(name));
    (pairs, gone, come.collect())
}
