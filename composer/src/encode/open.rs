//! What stays imported: the open imports of all instances, grouped by interface and track.

use crate::component::Arena;
use crate::graph::{Graph, InstanceId};
use crate::name::{ItemPath, Track};
use semver::Version;
use std::collections::{BTreeMap, HashMap};
use wasmparser::component_types::ComponentItem;

/// The open imports of a graph, in groups that become one import each.
pub(super) struct OpenImports {
    pub(super) groups: Vec<Group>,
    by_import: HashMap<(InstanceId, String), GroupId>,
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
    Plain(String),
}

impl OpenImports {
    pub(super) fn of(arena: &Arena<'_>, graph: &Graph) -> OpenImports {
        let mut keys: BTreeMap<Key, GroupId> = BTreeMap::new();
        let mut open = OpenImports {
            groups: Vec::new(),
            by_import: HashMap::new(),
        };
        let mut versions: Vec<Option<Version>> = Vec::new();
        for (id, instance) in graph.instances() {
            for (name, item) in &arena.type_of(instance.component()).imports {
                if instance.arguments().contains_key(name) {
                    continue;
                }
                let path = ItemPath::parse(name, item.version_suffix.as_deref());
                let version = path.as_ref().and_then(|path| path.version().cloned());
                let key = match path {
                    Some(path) => Key::Interface(path.base().to_owned(), path.track()),
                    None => Key::Plain(name.clone()),
                };
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

    /// The groups with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        (0..).map(GroupId).zip(&self.groups)
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
