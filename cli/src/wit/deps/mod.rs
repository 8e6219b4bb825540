//! The folder `deps` of a folder of WIT, filled with the packages that were locked.
//!
//! Each package is a folder with one file of text, as other tools have them, too. Its last line says that it
//! was made here: only such folders are ever replaced or removed.

mod locked;
mod place;

#[cfg(test)]
mod tests;

pub(super) use place::is_made;

use super::folder::{Folder, Which};
use super::read::parse_group;
use crate::error::Failure;
use locked::Locked;
use place::Made;
use semver::Version;
use std::fmt;
use std::path::Path;
use tenon_registry_client::Digest;
use tenon_registry_client::name::PackageName;

/// A WIT package that is to be in `deps`.
pub(crate) struct DepPackage {
    pub(crate) name: PackageName,
    /// The version that it declares; only what comes from a path may declare none.
    pub(crate) version: Option<Version>,
    pub(crate) origin: DepOrigin,
    /// The package in the binary format.
    pub(crate) bytes: Vec<u8>,
}

/// Where a package is from.
pub(crate) enum DepOrigin {
    /// From a registry: the digest of its bytes.
    Release(Digest),
    /// From a path, as the manifest has it.
    Path(String),
}

/// What became of `deps`: names of folders in it, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Those that are new or were replaced.
    pub(crate) changed: Vec<String>,
    /// Those that are not needed any more, and were removed.
    pub(crate) removed: Vec<String>,
    /// How many were as they should be, and were not touched.
    pub(crate) unchanged: usize,
}

/// Has `packages`, and no others that were put there before by this, in the folder `deps` in `folder`.
///
/// References between them are rewritten to the versions that are here. Before anything is replaced, all of the
/// folder is resolved with them. What someone else put into `deps` is never touched: it is an error if that has
/// one of the packages, or stands where one goes.
pub(crate) fn write_deps(folder: &Path, packages: &[DepPackage]) -> Result<Written, Failure> {
    let read = Folder::read(folder, Which::Foreign)?;
    let names = place::names(packages);
    let deps = folder.join("deps");
    refuse_taken(&deps, &read, packages, &names)?;
    let locked = Locked::new(packages);
    let mut made = Vec::new();
    let mut groups = Vec::new();
    for (package, name) in packages.iter().zip(names) {
        let text = locked.print(package)?;
        let text = format!("{text}{}\n", place::last_line(package));
        let file = deps.join(&name).join(place::FILE);
        groups.push(parse_group(&file.to_string_lossy(), &text)?);
        made.push(Made { name, text });
    }
    read.resolve(groups)?;
    place::replace(&deps, &made)
}

/// Refuses packages that someone else has put into the folder, or whose places are taken.
fn refuse_taken(
    deps: &Path,
    folder: &Folder,
    packages: &[DepPackage],
    names: &[String],
) -> Result<(), Failure> {
    let mut taken = Vec::new();
    for (package, name) in packages.iter().zip(names) {
        let place = deps.join(name);
        let declared = folder.declared();
        let other = declared.into_iter().find(|(_, declared)| {
            declared.namespace == package.name.namespace().as_str()
                && declared.name == package.name.name()
                && declared.version == package.version
        });
        match other {
            Some((path, _)) => taken.push((path.to_owned(), format!("declares `{package}`, too"))),
            None if place.symlink_metadata().is_ok() && !is_made(&place) => {
                taken.push((place, format!("stands where `{package}` goes")));
            }
            None => {}
        }
    }
    let Some(((path, what), rest)) = taken.split_first() else {
        return Ok(());
    };
    let message = format!(
        "`{}`, which `tenon wit fetch` did not make, {what}",
        path.display()
    );
    let rest = rest
        .iter()
        .map(|(path, what)| format!("`{}` {what}", path.display()));
    Err(Failure::new("wit::deps-taken", message).notes(rest).help(
        "move it away if the fetched one should take its place, or else remove the dependency",
    ))
}

impl fmt::Display for DepPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl fmt::Display for DepOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DepOrigin::Release(digest) => write!(f, "{digest}"),
            DepOrigin::Path(path) => f.write_str(&crate::ui::clean_line(path)),
        }
    }
}
