//! The folder with packages: `NAMESPACE/NAME[/VERSION]`, as a file or as a folder of WIT.

use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What the file of a package ends in, in the order in which they are taken.
const EXTENSIONS: [&str; 3] = ["wat", "wasm", "wit"];

/// A folder with packages, which need not be there.
#[derive(Clone, Copy)]
pub(super) struct Folder<'f>(pub(super) &'f Path);

impl Folder<'_> {
    /// The package without a version.
    pub(super) fn plain(self, name: &str) -> Option<PathBuf> {
        at(&self.base(name))
    }

    /// The versions of a package.
    pub(super) fn versions(self, name: &str) -> BTreeMap<Version, PathBuf> {
        let base = self.base(name);
        let versions = entries(&base).into_iter().filter_map(|entry| {
            let version = Version::parse(stem(&entry)).ok()?;
            let path = at(&base.join(stem(&entry)))?;
            Some((version, path))
        });
        versions.collect()
    }

    /// Where the package without a version could be, or a version of it.
    pub(super) fn places(self, name: &str, version: Option<&Version>) -> Vec<PathBuf> {
        let base = match version {
            None => self.base(name),
            Some(version) => self.base(name).join(version.to_string()),
        };
        let files = EXTENSIONS.map(|extension| with_extension(&base, extension));
        std::iter::once(base).chain(files).collect()
    }

    /// The packages that are there, by their names.
    pub(super) fn names(self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for namespace in entries(self.0) {
            for entry in entries(&self.0.join(&namespace)) {
                names.insert(format!("{namespace}:{}", stem(&entry)));
            }
        }
        names
    }

    /// The path of a package, without what a file ends in.
    fn base(self, name: &str) -> PathBuf {
        let mut base = self.0.to_owned();
        base.extend(name.split(':'));
        base
    }
}

/// All files in a folder with packages and in those below it, each of which is looked into once, however many links lead there.
pub(crate) fn files_in(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !fs::canonicalize(&folder).is_ok_and(|folder| seen.insert(folder)) {
            continue;
        }
        for path in entries(&folder).into_iter().map(|entry| folder.join(entry)) {
            match path.is_file() {
                true => drop(files.insert(path)),
                false => folders.push(path),
            }
        }
    }
    files
}

/// What is at a path: a folder of WIT, or else a file, with what it ends in.
fn at(base: &Path) -> Option<PathBuf> {
    if has_text(base) {
        return Some(base.to_owned());
    }
    let mut files = EXTENSIONS
        .into_iter()
        .map(|extension| with_extension(base, extension));
    files.find(|path| path.is_file())
}

/// Whether a path is a folder with WIT text right within it, which the files of versions are not.
fn has_text(path: &Path) -> bool {
    let entries = entries(path);
    let mut texts = entries.iter().filter(|entry| entry.ends_with(".wit"));
    texts.any(|entry| Version::parse(stem(entry)).is_err())
}

/// `0.0.1.wasm` for `0.0.1`, where [`Path::with_extension`] would make `0.0.wasm` of it.
fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut whole = OsString::from(path);
    whole.push(".");
    whole.push(extension);
    whole.into()
}

/// The name of a file without what it ends in, if it is that of a package.
fn stem(entry: &str) -> &str {
    let ends = EXTENSIONS.iter();
    let mut stems = ends.filter_map(|end| entry.strip_suffix(end)?.strip_suffix('.'));
    stems.next().unwrap_or(entry)
}

/// What is in a folder, as far as its names are Unicode; nothing, if it is none.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}
