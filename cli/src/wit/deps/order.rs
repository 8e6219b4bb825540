//! An order in which packages can come and go one by one, while all that is there resolves at any time.

use crate::wit::folder::names;
use std::collections::{BTreeSet, HashMap};
use wit_parser::UnresolvedPackageGroup;

/// The places of packages, each after those of the packages that it uses.
pub(super) fn used_first(groups: &[UnresolvedPackageGroup]) -> Vec<usize> {
    let packages = groups.iter().enumerate();
    let places: HashMap<_, _> = packages
        .flat_map(|(place, group)| names(group).map(move |name| (name, place)))
        .collect();
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut open = vec![];
    for (place, group) in groups.iter().enumerate() {
        let used = group.main.foreign_deps.keys();
        let used = used.filter_map(|name| places.get(name).copied());
        let used: BTreeSet<_> = used.filter(|used| *used != place).collect();
        for used in &used {
            users.entry(*used).or_default().push(place);
        }
        open.push(used.len());
    }
    let count = |(place, open): (usize, &usize)| (*open == 0).then_some(place);
    let mut ready: BTreeSet<usize> = open.iter().enumerate().filter_map(count).collect();
    let mut order = vec![];
    while let Some(place) = ready.pop_first() {
        order.push(place);
        for user in users.remove(&place).unwrap_or_default() {
            if let Some(open) = open.get_mut(user) {
                *open -= 1;
                if *open == 0 {
                    ready.insert(user);
                }
            }
        }
    }
    // Packages that use each other do not resolve in any order.
    let left: Vec<_> = (0..groups.len())
        .filter(|place| !order.contains(place))
        .collect();
    order.extend(left);
    order
}
