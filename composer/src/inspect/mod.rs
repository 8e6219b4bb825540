//! What a binary is made of: the components and core modules in it, what each uses, how they are put
//! together, where they are from.
//!
//! A binary is looked at, not validated: what is decoded is enough to describe it, data is skipped and
//! code is read for the features it uses. What is newer than this program inside a part is named
//! [`Feature::Unknown`] and does not get in the way of the rest.

mod adding;
mod bill;
mod code;
mod extract;
mod feature;
mod graph;
mod host;
mod model;
mod module;
mod read;
mod wiring;

pub use bill::Ingredient;
pub use extract::{Extracted, extract};
pub use feature::{Feature, Features};
pub use host::{Fit, Host, Need, Support, Verdict};
pub use wiring::{Argument, Origin, Wired, Wiring};

use crate::component::Metadata;
use crate::graph::{Taken, unique};
use crate::{Error, Input};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a binary is made of.
#[derive(Debug)]
#[non_exhaustive]
pub struct Anatomy {
    /// The name the caller gave it.
    pub name: String,
    /// The binary itself, with what is in it.
    pub root: Part,
    /// What it imports, in order.
    pub imports: Vec<Item>,
    /// What it exports, in order.
    pub exports: Vec<Item>,
    /// Its instances of components, and what fills their imports. A core module has none.
    pub wiring: Wiring,
    /// The records of hoisted core modules that it carries, as they are.
    records: Vec<Vec<u8>>,
}

/// A component or core module.
#[derive(Debug)]
#[non_exhaustive]
pub struct Part {
    /// Which of the two it is.
    pub kind: PartKind,
    /// Its name: the one it gives itself, or else the one that the component around it has for it.
    pub name: Option<String>,
    /// The name that the component around it has for it.
    pub outer_name: Option<String>,
    /// Where it stands in the input.
    pub range: Range<u64>,
    /// The components and core modules right within it, in order.
    pub parts: Vec<Part>,
    /// The core modules that it has from components around it, in order.
    pub borrowed: Vec<Borrowed>,
    /// The features that it uses itself, and that the core modules it borrows use;
    /// [`Part::all_features`] has those of its parts as well.
    pub features: Features,
    /// How many bytes its own custom sections take.
    pub custom: u64,
    /// What it says of itself.
    pub metadata: Metadata,
    /// The bill of materials it carries; empty if it carries none.
    pub bill: Vec<Ingredient>,
    /// How many bytes before `range` the section that holds it begins.
    head: u64,
    /// For a part of the outermost component, how many aliases in it lead there.
    outward: usize,
}

/// A core module that a component does not hold, but has by an alias from a component around it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Borrowed {
    /// What the component calls it.
    pub name: Option<String>,
    /// How many components are around the one that holds it: 0 if that is the binary itself.
    pub level: usize,
    /// Its number in [`Part::parts`] of the one that holds it.
    pub part: usize,
    /// The section with the alias.
    section: Range<u64>,
    /// How many components out the alias leads, and the index of the core module there.
    alias: (u32, u32),
    /// The index of the core module in the component.
    index: u32,
}

/// What sort of binary a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A component.
    Component,
    /// A core module.
    CoreModule,
}

/// An import or export.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// For an import of a core module, the first of its two names.
    pub module: Option<String>,
    /// Its name, with its whole version.
    pub name: String,
    /// What sort of item it is: `interface`, `function`, ...
    pub kind: &'static str,
    /// The interface it implements, with its whole version, if its own name does not say so.
    pub implements: Option<String>,
    /// The id by which others know it.
    pub external_id: Option<String>,
}

/// Looks at what `input`, a component or core module in the binary format, is made of; messages call
/// it `name`.
///
/// # Errors
///
/// It is an error if the input is neither, cannot be read, is cut short, or if the sections of the
/// outermost component cannot be decoded.
pub fn inspect(name: &str, input: &dyn Input) -> Result<Anatomy, Error> {
    read::read(name, input)
}

impl Anatomy {
    /// Whether it does nothing itself but puts other components together. Core modules that it holds for
    /// the components in it are none of its own.
    pub fn is_composition(&self) -> bool {
        let hoisted = self.hoisted();
        let has_code = |(number, part): (usize, &Part)| {
            part.kind == PartKind::CoreModule && !hoisted.contains(&number)
        };
        !self.wiring.instances.is_empty() && !self.root.parts.iter().enumerate().any(has_code)
    }

    /// The core modules right within it that components in it borrow, by their number in [`Part::parts`].
    pub fn hoisted(&self) -> BTreeSet<usize> {
        let mut hoisted = BTreeSet::new();
        let mut left: Vec<&Part> = self.root.parts.iter().collect();
        while let Some(part) = left.pop() {
            let of_root = part.borrowed.iter().filter(|borrowed| borrowed.level == 0);
            hoisted.extend(of_root.map(|borrowed| borrowed.part));
            left.extend(&part.parts);
        }
        hoisted
    }
}

impl Anatomy {
    /// A name for each instance, which no other has: its own, or else that of its component, or else
    /// a number.
    pub(crate) fn instance_names(&self) -> Vec<String> {
        let mut taken = Taken::default();
        let instances = self.wiring.instances.iter().enumerate();
        instances
            .map(|(number, instance)| {
                let of_component = || match &instance.component {
                    Origin::Part { part } => self.root.parts.get(*part)?.name.clone(),
                    Origin::Import { import, .. } => Some(self.imports.get(*import)?.name.clone()),
                    _ => None,
                };
                let name = instance.name.clone().or_else(of_component);
                let name = name.unwrap_or_else(|| format!("instance {number}"));
                unique(&name, &mut taken)
            })
            .collect()
    }
}

impl Part {
    /// The features that it and its parts use.
    pub fn all_features(&self) -> Features {
        let mut features = self.features;
        for part in &self.parts {
            features.extend(part.all_features());
        }
        features
    }

    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl Item {
    fn plain(name: &str, kind: &'static str) -> Item {
        Item {
            module: None,
            name: name.to_owned(),
            kind,
            implements: None,
            external_id: None,
        }
    }
}
