//! Whether a lock file answers what is asked of it, without a network.

use super::lock_file::{LockFile, LockedPackage};
use super::tree::{Asker, Tree, is_meant};
use crate::log::Origin;
use crate::name::{PackageName, Version};
use crate::resolve::{Need, Strength, Track};
use crate::text;
use std::collections::BTreeSet;

/// The first thing in which a lock file is not what is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmet {
    /// A package is not there.
    #[error("`{by}` asks for `{} {}`, which `tenon.lock` does not have", need.package, need.requirement)]
    Missing {
        /// What is asked.
        need: Box<Need>,
        /// By whom.
        by: String,
    },
    /// No version of the package that is there will do.
    #[error("`{by}` asks for `{} {}`, and `tenon.lock` has {}", need.package, need.requirement, list(locked))]
    OtherVersion {
        /// What is asked.
        need: Box<Need>,
        /// By whom.
        by: String,
        /// What is there, in order.
        locked: Vec<Version>,
    },
    /// Nothing needs a package.
    #[error("`tenon.lock` has `{package}` {version}, for which nothing asks any more")]
    Unneeded {
        /// The package.
        package: PackageName,
        /// The version that is there.
        version: Version,
    },
    /// Nothing comes from a registry.
    #[error("`tenon.lock` has a checkpoint of `{}`, from which nothing comes any more", text::escape(.0))]
    Idle(Origin),
}

fn list(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(Version::to_string).collect();
    texts.join(" and ")
}

/// Whether a lock file is exactly what is asked; each need comes with who asks.
///
/// Every need that must be met is met by a version that is locked, those of locked packages too. One that
/// holds only [if the package is present](Strength::IfPresent) holds for the version on its track. Nothing is locked for
/// which nobody asks.
///
/// # Errors
///
/// The first thing that is not so: first what is asked, then what packages need, then what is there for nothing.
pub fn check<'l>(
    lock: &'l LockFile,
    asked: impl IntoIterator<Item = (&'l Need, &'l str)>,
) -> Result<(), Unmet> {
    let asked: Vec<_> = asked.into_iter().collect();
    let tree = Tree::new(lock, asked.iter().copied());
    for (need, by) in asked {
        meet(&tree, need, Asker::Project(by))?;
    }
    for package in tree.packages() {
        for need in &package.needs {
            meet(&tree, need, Asker::Package(package))?;
        }
    }
    if let Some(package) = tree.unneeded().next() {
        let (package, version) = package.key();
        return Err(Unmet::Unneeded { package, version });
    }
    let used: BTreeSet<&Origin> = tree.packages().filter_map(origin).collect();
    let idle = lock.registries.keys().find(|origin| !used.contains(origin));
    idle.map_or(Ok(()), |origin| Err(Unmet::Idle(origin.clone())))
}

/// The lock file without what nothing asks for any more, and without the checkpoints of registries from which nothing
/// comes then.
pub fn needed<'l>(
    lock: &'l LockFile,
    asked: impl IntoIterator<Item = (&'l Need, &'l str)>,
) -> LockFile {
    let mut needed = lock.clone();
    for package in Tree::new(lock, asked).unneeded() {
        needed.packages.remove(&package.key());
    }
    let used: BTreeSet<&Origin> = needed.packages.values().filter_map(origin).collect();
    needed.registries.retain(|origin, _| used.contains(origin));
    needed
}

/// The origin of the log that a package is in, if it is in one.
fn origin(package: &LockedPackage) -> Option<&Origin> {
    package.logged().map(|(origin, _)| origin)
}

fn meet(tree: &Tree<'_>, need: &Need, by: Asker<'_>) -> Result<(), Unmet> {
    let locked = tree.versions(&need.package).iter();
    let locked = locked.filter(|package| is_meant(need, package));
    let locked: Vec<&Version> = locked.map(|package| package.version()).collect();
    let meets = |version: &&&Version| need.requirement.matches(version.semver());
    let constrained = |version: &&&Version| Track::of(version).can_meet(&need.requirement);
    let met = match need.strength {
        Strength::Always => locked.iter().any(|version| meets(&version)),
        Strength::IfPresent => locked.iter().filter(constrained).all(|it| meets(&it)),
    };
    if met {
        return Ok(());
    }
    let (need, by) = (Box::new(need.clone()), name(by));
    let locked: Vec<Version> = locked.into_iter().cloned().collect();
    Err(match &*locked {
        [] => Unmet::Missing { need, by },
        _ => Unmet::OtherVersion { need, by, locked },
    })
}

fn name(asker: Asker<'_>) -> String {
    match asker {
        Asker::Project(name) => text::escape(&name),
        Asker::Package(package) => {
            let (name, version) = package.key();
            format!("{name}@{version}")
        }
    }
}
