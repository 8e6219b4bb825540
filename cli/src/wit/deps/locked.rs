//! Packages as text, with references to the versions that are locked.

use super::DepPackage;
use crate::error::Failure;
use crate::ui;
use crate::wit::needs::compatible;
use crate::wit::print::print;
use crate::wit::read::decode_package;
use std::collections::BTreeMap;
use wit_parser::PackageName;

/// The packages that are there to be referred to, by their names.
pub(super) struct Locked<'p>(BTreeMap<String, Vec<&'p DepPackage>>);

impl<'p> Locked<'p> {
    pub(super) fn new(packages: &'p [DepPackage]) -> Locked<'p> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for package in packages {
            let versions = all.entry(package.name.to_string()).or_default();
            versions.push(package);
        }
        Locked(all)
    }

    /// The text of a package, without those that it uses.
    pub(super) fn print(&self, package: &DepPackage) -> Result<String, Failure> {
        let name = package.to_string();
        let (mut resolve, id) = decode_package(&name, &package.bytes)?;
        for (other, used) in resolve.packages.iter_mut() {
            if other == id {
                declares(package, &used.name)?;
            } else {
                used.name.version = self.find(&name, &used.name)?.version.clone();
            }
        }
        print(&name, &resolve, id, &[])
    }

    /// The package that `user` means where it uses `used`: the highest that may stand in for it.
    fn find(&self, user: &str, used: &PackageName) -> Result<&DepPackage, Failure> {
        let name = format!("{}:{}", used.namespace, used.name);
        let none = Vec::new();
        let versions = self.0.get(&name).unwrap_or(&none);
        let wanted = used.version.as_ref().map(ToString::to_string);
        let wanted = wanted.as_deref().and_then(compatible);
        let fits = |package: &&&DepPackage| match (&wanted, &package.version) {
            (Some(wanted), Some(version)) => wanted.matches(version),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let found = versions.iter().filter(fits);
        let found = found.max_by(|a, b| a.version.cmp(&b.version));
        found.copied().ok_or_else(|| {
            let message = format!(
                "`{user}` uses the WIT package `{}`, which is not locked",
                ui::clean_line(&used.to_string())
            );
            let others = versions
                .iter()
                .map(|other| format!("`{other}` is, and is no such version"));
            Failure::new("wit::dependency", message)
                .notes(others)
                .help("run `tenon lock`, which finds a version of it")
        })
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
