//! Packages as text, with references to the versions that are locked.

use super::{DepContent, DepPackage};
use crate::error::Failure;
use crate::ui;
use crate::wit::folder::{Folder, Which, names};
use crate::wit::needs::compatible;
use crate::wit::print::print;
use crate::wit::read::{decode_package, parse_group};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use wit_parser::{InterfaceId, PackageId, PackageName, Resolve, WorldKey};

/// The packages that are there to be referred to, by their names.
pub(super) struct Locked(BTreeMap<String, Vec<Option<semver::Version>>>);

impl Locked {
    /// Of these packages, and of what someone else has put into the folder.
    pub(super) fn new(packages: &[DepPackage], folder: &Folder) -> Locked {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for package in packages {
            let versions = all.entry(package.name.to_string()).or_default();
            versions.push(package.version.clone());
        }
        for (_, name) in folder.declared() {
            let versions = all.entry(format!("{}:{}", name.namespace, name.name));
            versions.or_default().push(name.version.clone());
        }
        Locked(all)
    }

    /// The text of each package, without those that it uses.
    pub(super) fn print_all(&self, packages: &[DepPackage]) -> Result<Vec<String>, Failure> {
        let texts = packages.iter().map(|package| match &package.content {
            DepContent::Binary(bytes) => self.print(package, bytes).map(Some),
            DepContent::Folder(_) => Ok(None),
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let made: Vec<_> = packages.iter().zip(&texts).collect();
        let texts = made.iter().map(|(package, text)| match &package.content {
            DepContent::Binary(_) => Ok((*text).clone().unwrap_or_default()),
            DepContent::Folder(path) => self.print_folder(package, path, &made),
        });
        texts.collect()
    }

    fn print(&self, package: &DepPackage, bytes: &[u8]) -> Result<String, Failure> {
        let (resolve, id) = decode_package(&package.to_string(), bytes)?;
        self.rewrite(package, resolve, id)
    }

    /// The text of the package in a folder of WIT, which may use any other of `made`.
    fn print_folder(
        &self,
        package: &DepPackage,
        path: &Path,
        made: &[(&DepPackage, &Option<String>)],
    ) -> Result<String, Failure> {
        let folder = Folder::read(path, Which::FOREIGN)?;
        let mut more = Vec::new();
        for (other, text) in made {
            let group = match (&other.content, text) {
                (DepContent::Folder(other), _) if other == path => continue,
                (DepContent::Folder(other), _) => Folder::read(other, Which::FOREIGN)?.own,
                (DepContent::Binary(_), Some(text)) => Some(parse_group(&other.to_string(), text)?),
                (DepContent::Binary(_), None) => None,
            };
            let declared = folder.declared();
            more.extend(group.filter(|group| {
                names(group).all(|name| declared.iter().all(|(_, declared)| *declared != name))
            }));
        }
        let resolved = match folder.own {
            Some(_) => folder.resolve(more)?,
            None => None,
        };
        let Some((resolve, id)) = resolved else {
            let message = format!("there is no `.wit` file in `{}`", path.display());
            return Err(Failure::new("cli::wit", message).help(format!(
                "correct the path of `{}` in the manifest",
                package.name
            )));
        };
        self.rewrite(package, resolve, id)
    }

    /// The text of a package, with references to what is there.
    fn rewrite(
        &self,
        package: &DepPackage,
        mut resolve: Resolve,
        id: PackageId,
    ) -> Result<String, Failure> {
        let name = package.to_string();
        for (other, used) in resolve.packages.iter_mut() {
            if other == id {
                declares(package, &used.name)?;
            } else {
                used.name.version.clone_from(self.find(&name, &used.name)?);
            }
        }
        merge_worlds(&mut resolve, id);
        print(&name, &resolve, id, &[])
    }

    /// The version of the package that `user` means where it uses `used`: the highest that may stand in for it.
    fn find(&self, user: &str, used: &PackageName) -> Result<&Option<semver::Version>, Failure> {
        let name = format!("{}:{}", used.namespace, used.name);
        let versions = self.0.get(&name).map(Vec::as_slice).unwrap_or_default();
        let wanted = used.version.as_ref().map(ToString::to_string);
        let wanted = wanted.as_deref().and_then(compatible);
        let fits = |version: &&Option<semver::Version>| match (&wanted, version) {
            (Some(wanted), Some(version)) => wanted.matches(version),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let found = versions.iter().filter(fits);
        found.max().ok_or_else(|| {
            let message = format!(
                "`{user}` uses the WIT package `{}`, which is not locked",
                ui::clean_line(&used.to_string())
            );
            let others = versions.iter().map(|other| match other {
                Some(other) => format!("`{name}@{other}` is, and is no such version"),
                None => format!("`{name}` is, and has no version"),
            });
            Failure::new("wit::dependency", message)
                .notes(others)
                .help("run `tenon lock`, which finds a version of it")
        })
    }
}

/// Has each world name each interface once: two that were in two versions of a package may be one now.
fn merge_worlds(resolve: &mut Resolve, id: PackageId) {
    let worlds = resolve.packages.get(id).map(|package| &package.worlds);
    let worlds: Vec<_> = worlds
        .into_iter()
        .flat_map(|all| all.values())
        .copied()
        .collect();
    let mut same: BTreeMap<InterfaceId, String> = BTreeMap::new();
    for (id, interface) in resolve.interfaces.iter() {
        let package = interface
            .package
            .and_then(|package| resolve.packages.get(package));
        if let (Some(package), Some(name)) = (package, &interface.name) {
            same.insert(id, package.name.interface_id(name));
        }
    }
    for world in worlds {
        let Some(world) = resolve.worlds.get_mut(world) else {
            continue;
        };
        for items in [&mut world.imports, &mut world.exports] {
            let mut seen = HashSet::new();
            items.retain(|key, _| match key {
                WorldKey::Interface(id) => same.get(id).is_none_or(|name| seen.insert(name)),
                WorldKey::Name(_) => true,
            });
        }
    }
}

/// Refuses a package that says it is another one.
fn declares(package: &DepPackage, declared: &PackageName) -> Result<(), Failure> {
    let is_same = declared.namespace == package.name.namespace().as_str()
        && declared.name == package.name.name()
        && declared.version == package.version;
    if is_same {
        return Ok(());
    }
    let message = format!(
        "`{package}`, from {}, declares that it is `{}`",
        package.origin,
        ui::clean_line(&declared.to_string())
    );
    Err(Failure::new("wit::dependency", message).help("name the dependency as its WIT does"))
}
