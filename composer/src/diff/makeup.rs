//! What two binaries are made of, side by side.

use crate::inspect::{Anatomy, Features, Ingredient};
use std::collections::BTreeMap;

/// What changed in what a binary is made of. None of it changes what it is to those who use it, but a
/// feature that is new may keep a host from running it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Makeup {
    /// The sizes of the old and the new one, in bytes.
    pub sizes: (u64, u64),
    /// The features that only the new one, or a part of it, uses: what runs it must know them.
    pub needed: Features,
    /// The features that only the old one, or a part of it, uses.
    pub dropped: Features,
    /// What changed in the bill of materials, by name; what was only needed to build is left out.
    pub ingredients: Vec<Update>,
    /// What changed in who made it: the field and the name, as in `processed-by wit-component`.
    pub producers: Vec<Update>,
}

/// Something that has a version, or is from somewhere, in either of two binaries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Update {
    /// Its name.
    pub name: String,
    /// What it was: its version, and where it was from if that is known; `None` if it is new.
    pub before: Option<String>,
    /// What it is; `None` if it is gone.
    pub after: Option<String>,
}

impl Makeup {
    /// What changed from `old` to `new`.
    pub fn between(old: &Anatomy, new: &Anatomy) -> Makeup {
        let (before, after) = (old.root.all_features(), new.root.all_features());
        Makeup {
            sizes: (old.root.size(), new.root.size()),
            needed: after.without(before),
            dropped: before.without(after),
            ingredients: updates(ingredients(old), ingredients(new)),
            producers: updates(producers(old), producers(new)),
        }
    }
}

/// What has a name: each of those that share it.
type Named = BTreeMap<String, Vec<String>>;

fn ingredients(anatomy: &Anatomy) -> Named {
    let mut all = Named::new();
    let bill = anatomy.root.bill.iter();
    for entry in bill.filter(|entry| !entry.is_root && !entry.is_build_only) {
        let Ingredient {
            version, source, ..
        } = entry;
        let what = format!("{version} {source}");
        all.entry(entry.name.clone()).or_default().push(what);
    }
    all
}

fn producers(anatomy: &Anatomy) -> Named {
    let mut all = Named::new();
    for (field, values) in anatomy.root.metadata.producers.iter() {
        for (name, version) in values.iter() {
            let key = format!("{field} {name}");
            all.entry(key).or_default().push(version.clone());
        }
    }
    all
}

/// What of the same name is the same stays out; of the rest, those that came take the places of those
/// that went.
fn updates(before: Named, mut after: Named) -> Vec<Update> {
    let mut all = Vec::new();
    for (name, mut old) in before {
        let mut new = after.remove(&name).unwrap_or_default();
        old.retain(|what| match new.iter().position(|other| other == what) {
            Some(at) => {
                new.remove(at);
                false
            }
            None => true,
        });
        pair(&name, old, new, &mut all);
    }
    for (name, new) in after {
        pair(&name, Vec::new(), new, &mut all);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn pair(name: &str, mut old: Vec<String>, mut new: Vec<String>, all: &mut Vec<Update>) {
    old.sort();
    new.sort();
    let (mut old, mut new) = (old.into_iter(), new.into_iter());
    loop {
        let (before, after) = (old.next(), new.next());
        if before.is_none() && after.is_none() {
            return;
        }
        all.push(Update {
            name: name.to_owned(),
            before,
            after,
        });
    }
}
