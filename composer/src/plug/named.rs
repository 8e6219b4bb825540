//! What options name: an import or an export, with or without its version.

use super::index::{Index, ItemId, unversioned};
use super::lineup::near;
use crate::component::ComponentId;
use crate::error::{Error, ErrorKind, Owner};

/// Finds imports, or exports, by what options call them.
pub(super) struct Names<'n, 'p> {
    pub(super) index: &'n Index<'p>,
    /// `import` or `export`.
    pub(super) what: &'static str,
}

impl Names<'_, '_> {
    /// The one item of `component`, called `owner`, that `name` stands for.
    ///
    /// # Errors
    ///
    /// It is an error if it stands for none, or for several.
    pub(super) fn one(
        &self,
        (component, owner): (ComponentId, &str),
        name: &str,
    ) -> Result<ItemId, Error> {
        match *self.index.named(component, name) {
            [item] => Ok(item),
            ref found => Err(self.unknown((component, owner), name, found)),
        }
    }

    /// The items of `component`, called `owner`, that `name` stands for; at least one.
    ///
    /// # Errors
    ///
    /// It is an error if it stands for none.
    pub(super) fn some(
        &self,
        (component, owner): (ComponentId, &str),
        name: &str,
    ) -> Result<Vec<ItemId>, Error> {
        let found = self.index.named(component, name);
        match found.is_empty() {
            true => Err(self.unknown((component, owner), name, &found)),
            false => Ok(found),
        }
    }

    fn unknown(&self, of: (ComponentId, &str), name: &str, found: &[ItemId]) -> Error {
        let (component, owner) = of;
        let full_name = |id| self.index.get(id).full_name();
        let all: Vec<_> = self.index.items(component).map(full_name).collect();
        let several = found.iter().map(|id| full_name(*id)).collect();
        let owner = Owner::Component(owner.to_owned());
        unknown(owner, self.what, name, &all, several)
    }

    /// The items that `name` stands for among those of all `components`; at least one.
    ///
    /// # Errors
    ///
    /// It is an error if it stands for none.
    pub(super) fn any(
        &self,
        components: impl IntoIterator<Item = ComponentId> + Clone,
        name: &str,
    ) -> Result<Vec<ItemId>, Error> {
        let found = components.clone().into_iter();
        let found: Vec<_> = found.flat_map(|id| self.index.named(id, name)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let all = components.into_iter().flat_map(|id| self.index.items(id));
        let all: Vec<_> = all.map(|id| self.index.get(id).full_name()).collect();
        Err(unknown(Owner::Any, self.what, name, &all, Vec::new()))
    }
}

/// The place in `all` of the one name that `name` stands for; none if there is none.
///
/// # Errors
///
/// It is an error if it stands for several.
pub(super) fn one_of(
    all: &[String],
    what: &'static str,
    name: &str,
) -> Result<Option<usize>, Error> {
    if let Some(exact) = all.iter().position(|known| known == name) {
        return Ok(Some(exact));
    }
    let is_meant = |known: &&String| known.contains('@') && unversioned(known) == name;
    let several: Vec<_> = all.iter().filter(is_meant).cloned().collect();
    match several.len() {
        0 => Ok(None),
        1 => Ok(all.iter().position(|known| is_meant(&known))),
        _ => Err(unknown(Owner::Composition, what, name, all, several)),
    }
}

/// The error for a name that stands for nothing among `all`, or for `several`.
pub(crate) fn unknown(
    of: Owner,
    what: &'static str,
    name: &str,
    all: &[String],
    several: Vec<String>,
) -> Error {
    let same = |known: &&String| unversioned(known) == unversioned(name);
    let mut close: Vec<_> = all.iter().filter(same).cloned().collect();
    if close.is_empty() {
        close = near(name, all.iter().map(String::as_str));
    }
    if close.is_empty() {
        let bare = unversioned(name);
        let close_to = near(bare, all.iter().map(|known| unversioned(known)));
        let is_close = |known: &&String| close_to.iter().any(|other| other == unversioned(known));
        close = all.iter().filter(is_close).cloned().collect();
    }
    close.sort();
    close.dedup();
    Error::new(ErrorKind::UnknownItem {
        of,
        what,
        name: name.to_owned(),
        near: close,
        several,
    })
}
