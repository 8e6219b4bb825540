//! Where the project is that a command is given in.

use std::path::{Path, PathBuf};

/// The name of a project's file.
pub(crate) const NAME: &str = "tenon.toml";

/// The manifest of the project that the current directory belongs to.
///
/// Everything that has to know the project asks here.
pub(crate) fn of_here() -> Option<PathBuf> {
    // A directory that was removed belongs to no project.
    let folder = std::env::current_dir().ok()?;
    nearest(&folder)
}

/// The nearest `tenon.toml` in a directory, or upwards from it to the file system's root.
///
/// Whatever has this name counts, be it a file that can be read or not: a project whose file is broken must not
/// pass for none, since its packages would be looked for elsewhere.
pub(crate) fn nearest(from: &Path) -> Option<PathBuf> {
    let mut paths = from.ancestors().map(|folder| folder.join(NAME));
    paths.find(|path| path.symlink_metadata().is_ok())
}
