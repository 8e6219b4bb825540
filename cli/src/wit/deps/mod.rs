//! The folder `deps` of a folder of WIT, filled with the packages that were locked.
//!
//! Each package is a folder with one file of text, as other tools have them, too. Its last line says that it
//! was made here: only such folders are ever replaced or removed, unless the user asks for more.

mod leftover;
mod locked;
mod order;
mod place;
mod takeover;

#[cfg(test)]
mod tests;

pub(crate) use place::all_made;
pub(super) use place::is_made;

use super::Vendored;
use super::folder::{Folder, Which};
use super::read::parse_group;
use crate::error::Failure;
use locked::Locked;
use place::Made;
use semver::Version;
use std::fmt;
use std::path::{Path, PathBuf};
use tenon_registry_client::Digest;
use tenon_registry_client::name::PackageName;

/// A WIT package that is to be in `deps`.
pub(crate) struct DepPackage {
    pub(crate) name: PackageName,
    /// The version that it declares; only what comes from a path may declare none.
    pub(crate) version: Option<Version>,
    pub(crate) origin: DepOrigin,
    pub(crate) content: DepContent,
}

/// What a package is made of.
pub(crate) enum DepContent {
    /// The binary format.
    Binary(Vec<u8>),
    /// A folder of text; what it uses is taken from among the other packages.
    Folder(PathBuf),
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
    /// Those of the first two whose end somebody had edited.
    pub(crate) edited: Vec<String>,
}

/// What is going to be in `deps`. Nothing was written yet.
pub(crate) struct Planned {
    deps: PathBuf,
    /// Each after those that it uses.
    made: Vec<Made>,
    replaced: Vec<PathBuf>,
    /// What goes with what is replaced and is not had again.
    pub(crate) losses: Vec<Loss>,
}

/// Something that goes.
pub(crate) struct Loss {
    /// In one line.
    pub(crate) line: String,
    /// More of the reason, if there is more than fits into the line.
    pub(crate) detail: Option<String>,
}

/// Plans to have `packages`, and no others that were put there before by this, in the folder `deps` in `folder`.
///
/// References between them are rewritten to the versions that are here, and all of the folder is resolved with them.
/// What someone else put into `deps` is never touched, but for what is `replaced`: it is an error if that has one of
/// the packages, or stands where one goes.
pub(crate) fn plan_deps(
    folder: &Path,
    packages: &[DepPackage],
    replaced: &[Vendored],
) -> Result<Planned, Failure> {
    let but: Vec<_> = replaced.iter().map(|old| old.path.clone()).collect();
    let read = Folder::read(folder, Which::ForeignBut(&but))?;
    let names = place::names(packages);
    let deps = folder.join("deps");
    refuse_taken(&deps, &read, packages, &names, &but)?;
    let texts = Locked::new(packages, &read).print_all(packages)?;
    let mut made = Vec::new();
    let mut groups = Vec::new();
    for ((package, name), text) in packages.iter().zip(names).zip(texts) {
        let text = format!("{text}{}\n", place::last_line(package));
        let file = deps.join(&name).join(place::FILE);
        let group = parse_group(&file.to_string_lossy(), &text);
        groups.push(group.map_err(|failure| unwritable(package, failure))?);
        made.push(Some(Made { name, text }));
    }
    let order = order::used_first(&groups).into_iter();
    let made = order.filter_map(|place| made.get_mut(place)?.take());
    let made: Vec<_> = made.collect();
    let after = read.resolve(groups)?;
    let losses = match (after, replaced) {
        (_, []) | (None, _) => vec![],
        (Some((after, _)), _) => takeover::losses(folder, replaced, packages, &made, &after)?,
    };
    Ok(Planned {
        deps,
        made,
        replaced: but,
        losses,
    })
}

impl Planned {
    /// Puts it there.
    pub(crate) fn write(&self) -> Result<Written, Failure> {
        place::replace(&self.deps, &self.made, &self.replaced)
    }
}

/// That what was written of a package does not read as WIT, for which its user can do nothing.
fn unwritable(package: &DepPackage, failure: Failure) -> Failure {
    let message = format!(
        "`{package}`, from {}, cannot be written as WIT text",
        package.origin
    );
    Failure {
        causes: failure.causes,
        ..Failure::new("wit::dependency", message).help("take another version of it")
    }
}

/// Refuses packages that someone else has put into the folder, or whose places are taken.
fn refuse_taken(
    deps: &Path,
    folder: &Folder,
    packages: &[DepPackage],
    names: &[String],
    but: &[PathBuf],
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
            None if is_in_the_way(&place, but) => {
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
        "`tenon wit fetch --replace` puts the fetched one in its place; or remove the dependency to keep it",
    ))
}

fn is_in_the_way(place: &Path, but: &[PathBuf]) -> bool {
    place.symlink_metadata().is_ok()
        && !is_made(place)
        && but.iter().all(|replaced| replaced != place)
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
