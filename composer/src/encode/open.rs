//! What stays imported: the open imports of all instances, grouped by interface and track.

use super::used::used_types;
use crate::component::Arena;
use crate::error::{Error, ErrorKind};
use crate::graph::{Edge, Graph, InstanceId};
use crate::name::{ItemPath, Track};
use crate::types::{Difference, Reason};
use semver::Version;
use std::collections::{BTreeMap, HashMap};
use wasmparser::component_types::ComponentItem;

/// The open imports of a graph, in groups that become one import each.
pub(super) struct OpenImports {
    pub(super) groups: Vec<Group>,
    by_import: HashMap<(InstanceId, String), GroupId>,
    used: HashMap<(InstanceId, String), Edge>,
}

/// The number of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupId(u32);

/// Imports that become one import of the composition.
pub(super) struct Group {
    /// The imports, by the instance that has each and its name there, in the order of the graph.
    pub(super) members: Vec<(InstanceId, String)>,
    /// The member whose name and attributes the import of the composition has: the one with the
    /// highest version.
    chosen: usize,
}

/// Imports with one key are one import.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Interface(String, Option<Track>),
    /// A plain name, with what it implements.
    Plain(String, Option<(String, Option<Track>)>),
}

impl Key {
    /// The key of an import, and the version by which it is known.
    fn of(name: &str, item: &ComponentItem) -> (Key, Option<Version>) {
        let suffix = item.version_suffix.as_deref();
        let track = |path: &ItemPath| (path.base().to_owned(), path.track());
        let version = |path: &ItemPath| path.version().cloned();
        if let Some(path) = ItemPath::parse(name, suffix) {
            let (base, track) = track(&path);
            return (Key::Interface(base, track), version(&path));
        }
        let implements = item.implements.as_deref();
        let path = implements.and_then(|name| ItemPath::parse(name, suffix));
        (
            Key::Plain(name.to_owned(), path.as_ref().map(track)),
            path.as_ref().and_then(version),
        )
    }
}

impl OpenImports {
    pub(super) fn of(arena: &Arena<'_>, graph: &Graph) -> OpenImports {
        let mut keys: BTreeMap<Key, GroupId> = BTreeMap::new();
        let mut open = OpenImports {
            groups: Vec::new(),
            by_import: HashMap::new(),
            used: used_types(arena, graph),
        };
        let mut versions: Vec<Option<Version>> = Vec::new();
        for (id, instance) in graph.instances() {
            for (name, item) in &arena.type_of(instance.component()).imports {
                if instance.arguments().contains_key(name) || open.used_type(id, name).is_some() {
                    continue;
                }
                let (key, version) = Key::of(name, item);
                let group = *keys.entry(key).or_insert_with(|| {
                    open.groups.push(Group {
                        members: Vec::new(),
                        chosen: 0,
                    });
                    versions.push(None);
                    GroupId(open.groups.len() as u32 - 1)
                });
                let at = group.0 as usize;
                if let (Some(group), Some(highest)) =
                    (open.groups.get_mut(at), versions.get_mut(at))
                {
                    if version > *highest {
                        *highest = version;
                        group.chosen = group.members.len();
                    }
                    group.members.push((id, name.clone()));
                }
                open.by_import.insert((id, name.clone()), group);
            }
        }
        open
    }

    /// What fills an import that is a type of an interface which the graph fills.
    pub(super) fn used_type(&self, instance: InstanceId, import: &str) -> Option<&Edge> {
        self.used.get(&(instance, import.to_owned()))
    }

    /// The groups with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        (0..).map(GroupId).zip(&self.groups)
    }

    /// Checks that the groups have names that may stand beside each other: plain names must differ by
    /// more than upper and lower case.
    ///
    /// # Errors
    ///
    /// Two groups of one name are an error that blames a component of each.
    pub(super) fn check_names(&self, arena: &Arena<'_>, graph: &Graph) -> Result<(), Error> {
        let mut names: BTreeMap<String, &Group> = BTreeMap::new();
        for group in &self.groups {
            let (name, item) = group.item(arena, graph);
            let Some(other) = names.insert(name.to_lowercase(), group) else {
                continue;
            };
            let (other_name, other_item) = other.item(arena, graph);
            let implements = |item: &ComponentItem| {
                item.full_implements()
                    .map_or("nothing".to_owned(), |interface| format!("`{interface}`"))
            };
            let reason = match name == other_name {
                true => format!(
                    "it implements {} for the one and {} for the other",
                    implements(other_item),
                    implements(item)
                ),
                false => "names must differ by more than upper and lower case".to_owned(),
            };
            return Err(Error::new(ErrorKind::ImportConflict {
                first: (other.first_member(graph).to_owned(), other_name.clone()),
                second: (group.first_member(graph).to_owned(), name.clone()),
                difference: Difference {
                    path: Vec::new(),
                    reason: Reason::Other(reason),
                },
            }));
        }
        Ok(())
    }

    #[expect(clippy::indexing_slicing, reason = "group ids come from `of`")]
    pub(super) fn get(&self, id: GroupId) -> &Group {
        &self.groups[id.0 as usize]
    }

    /// The group that an open import belongs to.
    pub(super) fn group_of(&self, instance: InstanceId, import: &str) -> Option<GroupId> {
        self.by_import.get(&(instance, import.to_owned())).copied()
    }
}

impl Group {
    /// The name of the first instance that has the import.
    fn first_member<'g>(&self, graph: &'g Graph) -> &'g str {
        let first = self.members.first();
        first.map_or("", |(instance, _)| graph.instance(*instance).name())
    }

    /// The name and the item of the import of the composition.
    #[expect(
        clippy::indexing_slicing,
        reason = "a group has members, and each is an import"
    )]
    pub(super) fn item<'a>(
        &self,
        arena: &'a Arena<'_>,
        graph: &Graph,
    ) -> (&'a String, &'a ComponentItem) {
        let (instance, name) = &self.members[self.chosen];
        let imports = &arena.type_of(graph.instance(*instance).component()).imports;
        let (_, name, item) = imports
            .get_full(name)
            .unwrap_or_else(|| unreachable!("`{name}` was found among these imports"));
        (name, item)
    }
}
