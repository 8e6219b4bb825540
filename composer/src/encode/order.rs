//! The order of imports: an interface comes after those whose types it uses.

use super::identity::{Identities, Origin};
use super::merge::Merged;
use super::open::GroupId;
use super::used::HostNames;
use super::walk::Walk;
use crate::graph::InstanceId;
use crate::hash::{HashMap, HashSet};
use std::collections::BTreeSet;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::TypesRef;

/// Puts the groups in an order in which each comes after those it uses, and otherwise as they were.
///
/// Groups that use each other in a circle keep their order; writing them finds out what that means.
pub(super) fn order(
    types: TypesRef<'_>,
    identities: &Identities,
    merged: &[(GroupId, Merged)],
    host_names: Option<&HostNames<'_, '_>>,
) -> Vec<usize> {
    let mut owners = HashMap::default();
    for (group, merged) in merged {
        collect_owners(*group, merged, &mut owners);
    }
    let places: HashMap<GroupId, usize> = merged
        .iter()
        .enumerate()
        .map(|(at, (group, _))| (*group, at))
        .collect();
    let uses: Vec<BTreeSet<usize>> = merged
        .iter()
        .map(|(group, merged)| {
            let mut uses = Uses {
                types,
                identities,
                host_names,
                owners: &owners,
                seen: HashMap::default(),
                found: BTreeSet::new(),
            };
            uses.merged(merged);
            uses.found.remove(group);
            let at = uses.found.iter().filter_map(|group| places.get(group));
            at.copied().collect()
        })
        .collect();
    sort(&uses)
}

/// A depth-first order without recursion: chains of interfaces may be long.
fn sort(uses: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut entered = vec![false; uses.len()];
    let mut order = Vec::with_capacity(uses.len());
    for root in 0..uses.len() {
        let mut path = Vec::new();
        let enter = |at: usize, path: &mut Vec<_>, entered: &mut Vec<bool>| {
            if let (Some(entered @ false), Some(uses)) = (entered.get_mut(at), uses.get(at)) {
                *entered = true;
                path.push((at, uses.iter()));
            }
        };
        enter(root, &mut path, &mut entered);
        while let Some((at, rest)) = path.last_mut() {
            match rest.next() {
                Some(next) => enter(*next, &mut path, &mut entered),
                None => {
                    order.push(*at);
                    path.pop();
                }
            }
        }
    }
    order
}

fn collect_owners(
    group: GroupId,
    merged: &Merged,
    owners: &mut HashMap<ComponentAnyTypeId, GroupId>,
) {
    match merged {
        Merged::Instance(items, _) => {
            for merged in items.values() {
                collect_owners(group, merged, owners);
            }
        }
        Merged::Item(entities, _) => {
            for (_, entity) in entities {
                if let ComponentEntityType::Type { created, .. } = entity {
                    owners.insert(*created, group);
                }
            }
        }
    }
}

/// Collects the groups whose types a merged import uses.
struct Uses<'u> {
    types: TypesRef<'u>,
    identities: &'u Identities,
    host_names: Option<&'u HostNames<'u, 'u>>,
    owners: &'u HashMap<ComponentAnyTypeId, GroupId>,
    /// What was looked at, for each instance: its resources are its own.
    seen: HashMap<InstanceId, HashSet<ComponentAnyTypeId>>,
    found: BTreeSet<GroupId>,
}

impl Uses<'_> {
    fn merged(&mut self, merged: &Merged) {
        match merged {
            Merged::Instance(items, _) => {
                for merged in items.values() {
                    self.merged(merged);
                }
            }
            Merged::Item(entities, _) => {
                for (instance, entity) in entities {
                    self.entity(*instance, entity);
                }
            }
        }
    }

    fn entity(&mut self, instance: InstanceId, entity: &ComponentEntityType) {
        let (owners, identities, found) = (self.owners, self.identities, &mut self.found);
        let host_names = self.host_names;
        let mut visit = |id| {
            let host = host_names.and_then(|names| names.get(instance, id));
            let owner = host.and_then(|id| owners.get(&id));
            let owner = owner.or_else(|| owners.get(&id)).or_else(|| match id {
                ComponentAnyTypeId::Resource(id) => {
                    match identities.origin(instance, id.resource()) {
                        Some(Origin::Host(group, _)) => Some(group),
                        _ => None,
                    }
                }
                _ => None,
            });
            found.extend(owner);
            owner.is_some()
        };
        let seen = self.seen.entry(instance).or_default();
        Walk::new(self.types, seen, &mut visit).entity(entity);
    }
}
