//! The folder with packages: `NAMESPACE/NAME[/VERSION]`, as a file or as a folder of WIT.

use crate::wanted::{Selection, Wanted};
use semver::Version;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What the file of a package ends in, in the order in which they are taken.
const EXTENSIONS: [&str; 3] = ["wat", "wasm", "wit"];

/// A folder with packages, which need not be there. Each folder in it is read once, however many packages it has.
pub(super) struct Folder<'f> {
    pub(super) path: &'f Path,
    read: RefCell<BTreeMap<PathBuf, Rc<Entries>>>,
}

/// What is in a folder, and whether it is a file.
type Entries = BTreeMap<String, bool>;

impl<'f> Folder<'f> {
    pub(super) fn of(path: &'f Path) -> Folder<'f> {
        Folder {
            path,
            read: RefCell::default(),
        }
    }

    /// The package without a version.
    pub(super) fn plain(&self, name: &str) -> Option<PathBuf> {
        self.at(&self.base(name))
    }

    /// The versions of a package.
    pub(super) fn versions(&self, name: &str) -> BTreeMap<Version, PathBuf> {
        let base = self.base(name);
        let entries = self.entries(&base);
        let versions = entries.keys().filter_map(|entry| {
            let version = Version::parse(stem(entry)).ok()?;
            let path = self.at(&base.join(stem(entry)))?;
            Some((version, path))
        });
        versions.collect()
    }

    /// Where the package without a version could be, or a version of it.
    pub(super) fn places(&self, name: &str, version: Option<&Version>) -> Vec<PathBuf> {
        let base = match version {
            None => self.base(name),
            Some(version) => self.base(name).join(version.to_string()),
        };
        let files = EXTENSIONS.map(|extension| with_extension(&base, extension));
        std::iter::once(base).chain(files).collect()
    }

    /// The packages that are there, by their names.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for namespace in self.entries(self.path).keys() {
            for entry in self.entries(&self.path.join(namespace)).keys() {
                names.insert(format!("{namespace}:{}", stem(entry)));
            }
        }
        names
    }

    /// The path of a package, without what a file ends in.
    fn base(&self, name: &str) -> PathBuf {
        let mut base = self.path.to_owned();
        base.extend(name.split(':'));
        base
    }

    /// What is at a path: a folder of WIT, or else a file, with what it ends in.
    fn at(&self, base: &Path) -> Option<PathBuf> {
        let entries = self.entries(base.parent()?);
        let name = base.file_name()?.to_str()?;
        if entries.contains_key(name) && self.has_text(base) {
            return Some(base.to_owned());
        }
        let is_file = |extension: &&str| entries.get(&format!("{name}.{extension}")) == Some(&true);
        let extension = EXTENSIONS.into_iter().find(is_file)?;
        Some(with_extension(base, extension))
    }

    /// Whether a path is a folder with WIT text right within it, which the files of versions are not.
    fn has_text(&self, path: &Path) -> bool {
        let entries = self.entries(path);
        let mut texts = entries.keys().filter(|entry| entry.ends_with(".wit"));
        texts.any(|entry| Version::parse(stem(entry)).is_err())
    }

    fn entries(&self, folder: &Path) -> Rc<Entries> {
        if let Some(known) = self.read.borrow().get(folder) {
            return Rc::clone(known);
        }
        let entries = Rc::new(entries(folder));
        let mut read = self.read.borrow_mut();
        read.insert(folder.to_owned(), Rc::clone(&entries));
        entries
    }
}

/// Where a folder with packages has one that will do, by its path.
pub(crate) fn place_in(folder: &Path, wanted: &Wanted) -> Option<PathBuf> {
    let (folder, name) = (Folder::of(folder), wanted.package.to_string());
    let plain = (wanted.version == Selection::Highest).then(|| folder.plain(&name));
    plain.flatten().or_else(|| {
        let mut versions = folder.versions(&name).into_iter().rev();
        let admits = |version: &Version| {
            let version = version.to_string().parse();
            version.is_ok_and(|version| wanted.version.admits(&version))
        };
        versions.find_map(|(version, path)| admits(&version).then_some(path))
    })
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
        for (entry, is_file) in entries(&folder) {
            let path = folder.join(entry);
            match is_file {
                true => drop(files.insert(path)),
                false => folders.push(path),
            }
        }
    }
    files
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
fn entries(folder: &Path) -> Entries {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let entries = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        (!name.starts_with('.')).then(|| (name, is_file(&entry)))
    });
    entries.collect()
}

/// Whether it is a file, or a link to one.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_file(),
        _ => entry.path().is_file(),
    }
}
