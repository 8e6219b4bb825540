//! What components import or export, found by whatever an import may fit an export by.
//!
//! Thousands of imports may meet thousands of exports: each name is taken apart once, and an import
//! is compared only with what shares a key with it.

use crate::component::ComponentId;
use crate::hash::HashMap;
use crate::name::ItemPath;
use crate::types::Items;
use wasmparser::component_types::ComponentItem;

/// One import or export of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ItemId {
    pub(super) component: ComponentId,
    number: u32,
}

/// An item with its name, taken apart.
pub(super) struct Named<'p> {
    pub(super) name: &'p str,
    pub(super) item: &'p ComponentItem,
    pub(super) path: Option<ItemPath>,
    pub(super) implements: Option<ItemPath>,
}

/// The imports, or the exports, of several components.
pub(super) struct Index<'p> {
    components: Vec<Vec<Named<'p>>>,
    /// The items that have the key, in order.
    by_key: HashMap<Key<'p>, Vec<ItemId>>,
}

/// What two items must share so that one may fit the other, or nearly.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'p> {
    Name(&'p str),
    /// An interface without its version: that of the name, or one that is implemented.
    Interface(&'p str),
    ExternalId(&'p str),
}

impl<'p> Named<'p> {
    fn new(name: &'p str, item: &'p ComponentItem) -> Self {
        let suffix = item.version_suffix.as_deref();
        let implements = item.implements.as_deref();
        Named {
            name,
            item,
            path: ItemPath::parse(name, suffix),
            implements: implements.and_then(|name| ItemPath::parse(name, suffix)),
        }
    }

    /// The interface that the item stands for: the one it implements, or that of its name.
    pub(super) fn interface(&self) -> Option<&ItemPath> {
        self.implements.as_ref().or(self.path.as_ref())
    }

    /// The interface that the item stands for, without its version.
    pub(super) fn base(&self) -> Option<&'p str> {
        match (&self.implements, &self.path) {
            (Some(_), _) => self.item.implements.as_deref().map(unversioned),
            (None, Some(_)) => Some(unversioned(self.name)),
            (None, None) => None,
        }
    }

    /// What must be equal of two items so that they can be one interface, or one item of a plain name.
    pub(super) fn subject(&self) -> &'p str {
        self.base().unwrap_or(self.name)
    }

    pub(super) fn full_name(&self) -> String {
        self.item.full_name(self.name).into_owned()
    }

    fn keys(&self) -> impl Iterator<Item = Key<'p>> + use<'p> {
        let of_name = self.path.as_ref().map(|_| unversioned(self.name));
        let of_meaning = self.base().filter(|base| Some(*base) != of_name);
        let external_id = self.item.external_id.as_deref();
        std::iter::once(Key::Name(self.name))
            .chain(of_name.map(Key::Interface))
            .chain(of_meaning.map(Key::Interface))
            .chain(external_id.map(Key::ExternalId))
    }
}

impl<'p> Index<'p> {
    /// The items of components, which come in order.
    pub(super) fn of(components: impl Iterator<Item = (ComponentId, &'p Items)>) -> Self {
        let mut index = Index {
            components: Vec::new(),
            by_key: HashMap::default(),
        };
        for (component, items) in components {
            let place = component.index() as usize;
            index.components.resize_with(place + 1, Vec::new);
            for (number, (name, item)) in (0..).zip(items) {
                let named = Named::new(name, item);
                for key in named.keys() {
                    let known = index.by_key.entry(key).or_default();
                    known.push(ItemId { component, number });
                }
                if let Some(list) = index.components.get_mut(place) {
                    list.push(named);
                }
            }
        }
        index
    }

    #[expect(clippy::indexing_slicing, reason = "ids come from `of`")]
    pub(super) fn get(&self, id: ItemId) -> &Named<'p> {
        &self.components[id.component.index() as usize][id.number as usize]
    }

    /// The items of `component`, in order.
    pub(super) fn items(&self, component: ComponentId) -> impl Iterator<Item = ItemId> + use<> {
        let items = self.components.get(component.index() as usize);
        let count = items.map_or(0, Vec::len) as u32;
        (0..count).map(move |number| ItemId { component, number })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Named<'p>> {
        self.components.iter().flatten()
    }

    /// The items that share a key with `named`, each once, in order.
    pub(super) fn like(&self, named: &Named<'_>) -> Vec<ItemId> {
        let mut like: Vec<_> = named
            .keys()
            .filter_map(|key| self.by_key.get(&key))
            .flatten()
            .copied()
            .collect();
        like.sort_unstable();
        like.dedup();
        like
    }

    /// The items of `component` that share a key with `named`; one may come more than once.
    pub(super) fn like_in(
        &self,
        component: ComponentId,
        named: &Named<'p>,
    ) -> impl Iterator<Item = &Named<'p>> + use<'_, 'p> {
        named
            .keys()
            .filter_map(|key| self.by_key.get(&key))
            .flat_map(move |items| {
                let from = items.partition_point(|id| id.component < component);
                items
                    .iter()
                    .skip(from)
                    .take_while(move |id| id.component == component)
            })
            .map(|id| self.get(*id))
    }

    /// The items of `component` that `name` stands for: the one of this name, with its whole version or
    /// as it stands in the binary; or else, if it is a name without a version, the interface in every
    /// version.
    pub(super) fn named(&self, component: ComponentId, name: &str) -> Vec<ItemId> {
        let keys = [Key::Name(name), Key::Interface(unversioned(name))];
        let mut like: Vec<_> = keys
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .flatten()
            .copied()
            .filter(|id| id.component == component)
            .collect();
        like.sort_unstable();
        like.dedup();
        let exact = like.iter().find(|id| {
            let named = self.get(**id);
            named.name == name || named.full_name() == name
        });
        if let Some(exact) = exact {
            return vec![*exact];
        }
        like.retain(|id| self.get(*id).path.is_some() && unversioned(self.get(*id).name) == name);
        like
    }

    /// The items that stand for the interface, without its version, or have the plain name, `name`.
    pub(super) fn called(&self, name: &str) -> Vec<ItemId> {
        let mut called: Vec<_> = [Key::Interface(name), Key::Name(name)]
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .flatten()
            .copied()
            .filter(|id| {
                let named = self.get(*id);
                named.subject() == name
            })
            .collect();
        called.sort_unstable();
        called.dedup();
        called
    }
}

pub(super) fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(base, _)| base)
}
