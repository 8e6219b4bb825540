//! What stays imported: the open imports of all instances, grouped by interface and track, and what
//! each group is called.

use super::used::{UsedTypes, used_types};
use crate::component::{Arena, Attributes, ExternName};
use crate::error::{Error, ErrorKind};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::name::{ItemPath, Versions};
use crate::types::{Difference, Reason};
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::component_types::ComponentItem;

/// The open imports of a graph, in groups that become one import each.
pub(super) struct OpenImports<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// The group of each import of an instance that has open ones, by its number; nothing for one that is filled.
    by_import: HashMap<InstanceId, Vec<Option<GroupId>>>,
    used: UsedTypes<'a>,
}

/// The number of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupId(u32);

/// Imports that become one import of the composition.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// The imports, by the instance that has each and its name there, in the order of the graph.
    pub(super) members: Vec<(InstanceId, &'a str)>,
    /// The versions that the members ask for.
    versions: Vec<Option<Version>>,
    /// The member whose name and attributes the import of the composition has, unless it was given
    /// another.
    chosen: usize,
    /// The name of the import of the composition.
    pub(super) name: String,
    /// What its name says besides itself.
    pub(super) attributes: Attributes,
}

/// Imports with one key are one import.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A name that was given to the import.
    Given(String),
    /// An interface, in versions that may stand in for each other.
    Interface(String, Option<String>),
    /// A plain name, with what it implements.
    Plain(String, Option<(String, Option<String>)>),
}

impl Key {
    /// The key of an import, and the version by which it is known.
    fn of(name: &str, item: &ComponentItem, policy: Versions) -> (Key, Option<Version>) {
        let suffix = item.version_suffix.as_deref();
        let track = |path: &ItemPath| policy.track(path).map(|track| track.to_string());
        let version = |path: &ItemPath| path.version().cloned();
        if let Some(path) = ItemPath::parse(name, suffix) {
            let whole = path.version().map(Version::to_string);
            let version_key = match policy {
                Versions::Separate => whole.or_else(|| track(&path)),
                _ => track(&path),
            };
            let key = Key::Interface(path.base().to_owned(), version_key);
            return (key, version(&path));
        }
        let implements = item.implements.as_deref();
        let path = implements.and_then(|name| ItemPath::parse(name, suffix));
        let interface = path
            .as_ref()
            .map(|path| (path.base().to_owned(), track(path)));
        let key = Key::Plain(name.to_owned(), interface);
        (key, path.as_ref().and_then(version))
    }
}

impl<'a> OpenImports<'a> {
    pub(super) fn of(arena: &'a Arena<'_>, graph: &Graph) -> OpenImports<'a> {
        let given: HashSet<&String> = graph
            .instances()
            .flat_map(|(_, instance)| instance.import_names().values())
            .collect();
        let mut keys: BTreeMap<Key, GroupId> = BTreeMap::new();
        let mut open = OpenImports {
            groups: Vec::new(),
            by_import: HashMap::default(),
            used: used_types(arena, graph),
        };
        let unfilled = graph.instances().filter(|(_, it)| !it.is_filled(arena));
        for (id, instance) in unfilled {
            let imports = &arena.type_of(instance.component()).imports;
            let mut numbered = vec![None; imports.len()];
            for ((name, item), number) in imports.iter().zip(&mut numbered) {
                if instance.arguments().contains_key(name) || open.used_type(id, name).is_some() {
                    continue;
                }
                let (key, version) = Key::of(name, item, graph.versions());
                let key = match instance.import_names().get(name) {
                    Some(given) => Key::Given(given.clone()),
                    // It is one import with what was given its name.
                    None if given.contains(name) => Key::Given(name.clone()),
                    None => key,
                };
                let group = *keys.entry(key).or_insert_with(|| {
                    open.groups.push(Group::default());
                    GroupId(open.groups.len() as u32 - 1)
                });
                if let Some(group) = open.groups.get_mut(group.0 as usize) {
                    group.members.push((id, name));
                    group.versions.push(version);
                }
                *number = Some(group);
            }
            open.by_import.insert(id, numbered);
        }
        for group in &mut open.groups {
            group.settle_name(arena, graph);
        }
        open
    }

    /// What fills an import that is a type of an interface which the graph fills.
    pub(super) fn used_type(&self, instance: InstanceId, import: &str) -> Option<&Edge> {
        self.used.get(&instance)?.get(import)
    }

    /// What fills imports that are types of interfaces which the graph fills.
    pub(super) fn used_types(&self) -> impl Iterator<Item = &Edge> {
        self.used.values().flat_map(HashMap::values)
    }

    /// The groups with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupId, &Group<'a>)> {
        (0..).map(GroupId).zip(&self.groups)
    }

    /// Checks that the groups have names that may stand beside each other: plain names must differ by
    /// more than upper and lower case.
    ///
    /// # Errors
    ///
    /// Two groups of one name are an error that blames a component of each.
    pub(super) fn check_names(&self, arena: &Arena<'_>, graph: &Graph) -> Result<(), Error> {
        let mut names: HashMap<ExternName, &Group<'_>> = HashMap::default();
        for group in &self.groups {
            let Some(key) = ExternName::of(&group.name) else {
                continue;
            };
            let Some(other) = names.insert(key, group) else {
                continue;
            };
            let (name, other_name) = (&group.name, &other.name);
            let implements = |group: &Group| {
                let (_, item) = group.item(arena, graph);
                item.full_implements()
                    .map_or("nothing".to_owned(), |interface| format!("`{interface}`"))
            };
            let reason = match name == other_name {
                true => format!(
                    "it implements {} for the one and {} for the other",
                    implements(other),
                    implements(group)
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
    pub(super) fn get(&self, id: GroupId) -> &Group<'a> {
        &self.groups[id.0 as usize]
    }

    /// The group that an open import belongs to, by its number among those of its instance.
    pub(super) fn group_of(&self, instance: InstanceId, import: usize) -> Option<GroupId> {
        *self.by_import.get(&instance)?.get(import)?
    }
}

impl<'a> Group<'a> {
    /// The name of the first instance that has the import.
    fn first_member<'g>(&self, graph: &'g Graph) -> &'g str {
        let first = self.members.first();
        first.map_or("", |(instance, _)| graph.instance(*instance).name())
    }

    /// Chooses the member that the import is called after, and what it is called.
    fn settle_name(&mut self, arena: &Arena<'_>, graph: &Graph) {
        let policy = graph.versions();
        // A prerelease has no canonical name but its own: releases come first.
        let is_release = |version: &Option<Version>| {
            policy != Versions::Canonical || version.as_ref().is_some_and(|v| v.pre.is_empty())
        };
        let mut best: Option<(usize, (bool, &Option<Version>))> = None;
        for (at, version) in self.versions.iter().enumerate() {
            let rank = (is_release(version), version);
            let is_better = match best {
                None => true,
                Some((_, (_, known))) if policy == Versions::Lowest => {
                    version.is_some() && (known.is_none() || version < known)
                }
                Some((_, known)) => rank > known,
            };
            if is_better {
                best = Some((at, rank));
            }
        }
        self.chosen = best.map_or(0, |(at, _)| at);
        let given = self.members.iter().find_map(|(instance, import)| {
            let names = graph.instance(*instance).import_names();
            names.get(*import)
        });
        let (own, item) = self.item(arena, graph);
        let name = given.unwrap_or(own);
        let attributes = Attributes::renamed(item, own, name);
        let (name, attributes) = match policy {
            Versions::Canonical => canonical(name, attributes, given.is_some()),
            _ => (name.clone(), attributes),
        };
        (self.name, self.attributes) = (name, attributes);
    }

    /// The name with its whole version.
    pub(super) fn full_name(&self) -> String {
        let suffix = self.attributes.version_suffix.as_deref();
        match ItemPath::parse(&self.name, suffix) {
            Some(path) => path.to_string(),
            None => self.name.clone(),
        }
    }

    /// The versions that are asked for, the lowest first, each once.
    pub(super) fn versions(&self) -> BTreeSet<&Version> {
        self.versions.iter().flatten().collect()
    }

    /// The members, each with the version that it asks for.
    pub(super) fn by_version(
        &self,
    ) -> impl Iterator<Item = (&(InstanceId, &'a str), Option<&Version>)> {
        let versions = self.versions.iter().map(Option::as_ref);
        self.members.iter().zip(versions)
    }

    /// The name and the item of the import that the group is called after.
    #[expect(
        clippy::indexing_slicing,
        reason = "a group has members, and each is an import"
    )]
    pub(super) fn item<'t>(
        &self,
        arena: &'t Arena<'_>,
        graph: &Graph,
    ) -> (&'t String, &'t ComponentItem) {
        let (instance, name) = &self.members[self.chosen];
        let imports = &arena.type_of(graph.instance(*instance).component()).imports;
        let (_, name, item) = imports
            .get_full(*name)
            .unwrap_or_else(|| unreachable!("`{name}` was found among these imports"));
        (name, item)
    }
}

/// The canonical form of a name, unless it was given, and of what it says besides itself.
fn canonical(name: &str, attributes: Attributes, is_given: bool) -> (String, Attributes) {
    let suffix = attributes.version_suffix.as_deref();
    let of_name = ItemPath::parse(name, suffix).filter(|_| !is_given);
    let of_implements = attributes.implements.as_deref();
    let of_implements = of_implements.and_then(|name| ItemPath::parse(name, suffix));
    match (of_name, of_implements) {
        (Some(path), _) => {
            let (name, version_suffix) = path.canonical();
            let attributes = Attributes {
                version_suffix,
                ..attributes
            };
            (name, attributes)
        }
        (None, Some(path)) => {
            let (implements, version_suffix) = path.canonical();
            let attributes = Attributes {
                implements: Some(implements),
                version_suffix,
                ..attributes
            };
            (name.to_owned(), attributes)
        }
        (None, None) => (name.to_owned(), attributes),
    }
}
