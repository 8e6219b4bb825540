//! The names of imports or exports, to be found by what a document calls them.

use crate::hash::HashMap;
use crate::name::{ItemPath, NameFit};
use crate::plug;
use crate::types::Items;
use indexmap::IndexMap;

/// At most this many names are compared with one that is not there.
const MAX_COMPARED: usize = 1_000;
/// Names that are longer are near to nothing.
const MAX_LEN: usize = 100;
/// At most this many names are said to be near.
const MAX_NEAR: usize = 3;

/// The names of the imports of a component, or of the exports of an instance, in order.
pub(super) struct Names {
    /// Each, with the interface that it names.
    all: IndexMap<String, Option<ItemPath>>,
    /// The interfaces by the last part of their names.
    by_last: HashMap<String, Vec<usize>>,
    /// The interfaces by their names without version.
    by_base: HashMap<String, Vec<usize>>,
}

/// What a name stands for among others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Match<'n> {
    Nothing,
    One(&'n str),
    Several(Vec<&'n str>),
}

impl Names {
    pub(super) fn of(items: &Items) -> Names {
        let mut names = Names {
            all: IndexMap::new(),
            by_last: HashMap::default(),
            by_base: HashMap::default(),
        };
        for (at, (name, item)) in items.iter().enumerate() {
            let path = ItemPath::parse(name, item.version_suffix.as_deref());
            if let Some(path) = &path {
                let last = path.base().rsplit('/').next().unwrap_or_default();
                names.by_last.entry(last.to_owned()).or_default().push(at);
                let base = names.by_base.entry(path.base().to_owned());
                base.or_default().push(at);
            }
            names.all.insert(name.clone(), path);
        }
        names
    }

    /// The names, in order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// The name itself, if something has it.
    pub(super) fn exact(&self, name: &str) -> Option<&str> {
        let (name, _) = self.all.get_key_value(name)?;
        Some(name)
    }

    /// What an identifier stands for: what has this name, else the only interface whose last part it is.
    pub(super) fn of_identifier(&self, name: &str) -> Match<'_> {
        match self.exact(name) {
            Some(name) => Match::One(name),
            None => self.matching(self.by_last.get(name), |_| true),
        }
    }

    /// The word that stands for `name`, one of these names; nothing if only the whole name does.
    pub(super) fn identifier<'n>(&self, name: &'n str) -> Option<&'n str> {
        let word = last_part(name);
        let is_it = || self.of_identifier(word) == Match::One(name);
        (is_word(word) && is_it()).then_some(word)
    }

    /// What a string stands for: what has this name, with its version in this form or another.
    pub(super) fn of_text(&self, name: &str) -> Match<'_> {
        match self.exact(name) {
            Some(name) => Match::One(name),
            None => self.same(name),
        }
    }

    /// The interface of this name and version, in whatever form it says its version.
    fn same(&self, name: &str) -> Match<'_> {
        let Some(wanted) = ItemPath::parse(name, None) else {
            return Match::Nothing;
        };
        let versions = self.by_base.get(wanted.base());
        self.matching(versions, |path| path.fits(&wanted) == Some(NameFit::Same))
    }

    /// The version of an interface, other than the one named, that will do for it; any, if it is named without.
    pub(super) fn on_track(&self, name: &str) -> Match<'_> {
        let Some(wanted) = ItemPath::parse(name, None) else {
            return Match::Nothing;
        };
        let versions = self.by_base.get(wanted.base());
        match self.same(name) {
            Match::Nothing if wanted.track().is_none() => self.matching(versions, |_| true),
            Match::Nothing => self.matching(versions, |path| path.fits(&wanted).is_some()),
            found => found,
        }
    }

    /// What will do for an import of this name: what has the name, else the highest version on its track.
    pub(super) fn for_import(&self, import: &str, path: Option<&ItemPath>) -> Option<&str> {
        if let Some(name) = self.exact(import) {
            return Some(name);
        }
        let wanted = path?;
        let versions = self.by_base.get(wanted.base())?.iter();
        let known = versions.filter_map(|at| self.all.get_index(*at));
        let fitting = known.filter_map(|(name, path)| {
            let path = path.as_ref()?;
            Some((path.fits(wanted)?, path.version(), name))
        });
        // The same version in another form of the name is the best.
        let best = fitting.max_by_key(|(fit, version, _)| (*fit == NameFit::Same, *version));
        best.map(|(_, _, name)| name.as_str())
    }

    /// The interface that a name is that of.
    pub(super) fn path(&self, name: &str) -> Option<&ItemPath> {
        self.all.get(name)?.as_ref()
    }

    /// The names that come near one that is not there, the last part of an interface being a name too.
    pub(super) fn near(&self, wanted: &str) -> Vec<String> {
        let plain = ItemPath::parse(wanted, None);
        let wanted = plain.as_ref().map_or(wanted, ItemPath::base);
        if wanted.len() > MAX_LEN {
            return Vec::new();
        }
        let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
        let near = self.all.iter().take(MAX_COMPARED).filter(|(name, path)| {
            let base = path.as_ref().map_or(name.as_str(), ItemPath::base);
            let last = path.as_ref().and_then(|path| last(path.base()));
            base.len() <= MAX_LEN
                && (is_near(wanted, base)
                    || base == wanted
                    || last.is_some_and(|last| is_near(wanted, &last) || last == wanted))
        });
        let near = near.map(|(name, _)| name.clone());
        near.take(MAX_NEAR).collect()
    }

    fn matching(&self, of: Option<&Vec<usize>>, fits: impl Fn(&ItemPath) -> bool) -> Match<'_> {
        let known = of.into_iter().flatten();
        let known = known.filter_map(|at| self.all.get_index(*at));
        let mut found = known
            .filter(|(_, path)| path.as_ref().is_some_and(&fits))
            .map(|(name, _)| name.as_str());
        match (found.next(), found.next()) {
            (None, _) => Match::Nothing,
            (Some(name), None) => Match::One(name),
            (Some(first), Some(second)) => {
                Match::Several([first, second].into_iter().chain(found).collect())
            }
        }
    }
}

impl<'n> Match<'n> {
    /// What it is, if it is one.
    pub(super) fn one(self) -> Option<&'n str> {
        match self {
            Match::One(name) => Some(name),
            Match::Nothing | Match::Several(_) => None,
        }
    }
}

/// The last part of the name of an interface, or a name that is none.
pub(super) fn last_part(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// Whether a name can be written without quotes.
pub(super) fn is_word(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_part)
}

/// The names of `known`, which are in no order, that come near one that is not there.
pub(super) fn near<'n>(wanted: &str, known: impl Iterator<Item = &'n str>) -> Vec<String> {
    if wanted.len() > MAX_LEN {
        return Vec::new();
    }
    let near = known.filter(|name| name.len() <= MAX_LEN && is_near(wanted, name));
    let mut near: Vec<_> = near.collect();
    near.sort_unstable();
    near.truncate(MAX_NEAR);
    near.into_iter().map(str::to_owned).collect()
}

/// Whether two names are off by a letter or two, or two letters beside each other have changed places.
fn is_near(wanted: &str, given: &str) -> bool {
    let is_swapped = || wanted.len() > 2 && strsim::osa_distance(wanted, given) == 1;
    plug::is_near(wanted, given) || wanted.len() == given.len() && is_swapped()
}
