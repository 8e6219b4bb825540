//! Packages that someone else has put into the folder `deps`: by hand, or with another tool.

use super::folder::{Content, Entry, Folder, Which, names};
use crate::error::Failure;
use std::path::{Path, PathBuf};
use tenon_registry_client::name::{PackageName, Version};

/// One package, in a place of its own, that a registry could have.
pub(crate) struct Vendored {
    /// The file or folder in `deps`.
    pub(crate) path: PathBuf,
    pub(crate) package: PackageName,
    pub(crate) version: Version,
}

/// What `tenon wit fetch` could put into `deps` as well: files and folders that declare exactly one package, with
/// its version.
pub(crate) fn vendored(folder: &Path) -> Result<Vec<Vendored>, Failure> {
    let folder = Folder::read(folder, Which::FOREIGN)?;
    Ok(folder.entries.into_iter().filter_map(only).collect())
}

fn only(entry: Entry) -> Option<Vendored> {
    let name = match &entry.content {
        Content::Text(group) => match &*names(group).collect::<Vec<_>>() {
            [only] => (*only).clone(),
            _ => return None,
        },
        Content::Binary(resolve, package) => resolve.packages.get(*package)?.name.clone(),
    };
    Some(Vendored {
        package: format!("{}:{}", name.namespace, name.name).parse().ok()?,
        version: name.version?.to_string().parse().ok()?,
        path: entry.path,
    })
}

/// The packages that someone else's text and binaries in `deps` declare, but for what is at the paths `but`. One
/// that no registry can have serves nobody but the text beside it, and is left out.
pub(crate) fn there(
    folder: &Path,
    but: &[PathBuf],
) -> Result<Vec<(PackageName, Option<semver::Version>)>, Failure> {
    let mut folder = Folder::read(folder, Which::ForeignBut(but))?;
    folder.own = None;
    let names = folder.declared().into_iter().filter_map(|(_, name)| {
        let package = format!("{}:{}", name.namespace, name.name);
        Some((package.parse().ok()?, name.version.clone()))
    });
    Ok(names.collect())
}
