//! A folder of WIT: the text in it, and the packages in the folder `deps` in that.

use super::deps::is_made;
use super::fault::fault;
use super::read::{Gates, caught, decode_package, sorted};
use crate::config::manifest;
use crate::error::{Failure, wit_failure};
use crate::source::Named;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::slice;
use tenon_registry_client::name::{PackageName as RegistryName, Version};
use wit_parser::{
    PackageId, PackageName, Resolve, ResolveError, ResolveErrorKind, SourceMap,
    UnresolvedPackageGroup,
};

/// The most text that a folder may hold, in bytes.
pub(super) const MAX_TEXT: u64 = 64 << 20;

/// A folder of WIT that was read.
pub(super) struct Folder {
    path: PathBuf,
    /// The text in it, if there is any.
    pub(super) own: Option<UnresolvedPackageGroup>,
    /// What is in `deps`, in the order of its names.
    pub(super) entries: Vec<Entry>,
}

/// What stands in the folder `deps`.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Text, of a file or of the files of a folder.
    Text(Box<UnresolvedPackageGroup>),
    /// A WIT package in the binary format, with those that it uses, and which of them it is.
    Binary(Box<Resolve>, PackageId),
}

/// Which of the packages in the folder `deps` are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which<'w> {
    /// All of them.
    All,
    /// Those that `tenon wit fetch` did not put there, and that are none of these.
    ForeignBut(&'w [PathBuf]),
}

impl Which<'_> {
    /// Those that `tenon wit fetch` did not put there.
    pub(super) const FOREIGN: Which<'static> = Which::ForeignBut(&[]);

    fn passes_over(self, path: &Path) -> bool {
        match self {
            Which::All => false,
            Which::ForeignBut(others) => is_made(path) || others.iter().any(|other| other == path),
        }
    }
}

impl Folder {
    /// Reads the folder at `path`. One that is not there is empty.
    pub(super) fn read(path: &Path, which: Which<'_>) -> Result<Folder, Failure> {
        let mut folder = Folder {
            path: path.to_owned(),
            own: None,
            entries: Vec::new(),
        };
        if !path.exists() {
            return Ok(folder);
        }
        let mut room = MAX_TEXT;
        let texts = texts_in(path)?;
        if !texts.is_empty() {
            folder.own = Some(group(path, &texts, &mut room)?);
        }
        let deps = path.join("deps");
        let entries = match deps.exists() {
            true => sorted(&deps)?,
            false => Vec::new(),
        };
        for path in entries {
            let extension = path.extension().and_then(|extension| extension.to_str());
            let content = match extension {
                _ if which.passes_over(&path) => continue,
                _ if path.is_dir() => {
                    Content::Text(Box::new(group(&path, &texts_in(&path)?, &mut room)?))
                }
                Some("wit") => {
                    Content::Text(Box::new(group(&path, slice::from_ref(&path), &mut room)?))
                }
                Some("wasm" | "wat") => {
                    let name = path.to_string_lossy();
                    let bytes = Named::open(&name)?.read_all()?;
                    let (resolve, package) = decode_package(&name, &bytes)?;
                    Content::Binary(Box::new(resolve), package)
                }
                _ => continue,
            };
            folder.entries.push(Entry { path, content });
        }
        Ok(folder)
    }

    /// The packages that are declared in it, each with where that is.
    pub(super) fn declared(&self) -> Vec<(&Path, &PackageName)> {
        let own = self
            .own
            .iter()
            .flat_map(|group| names(group).map(|name| (&*self.path, name)));
        let mut all: Vec<_> = own.collect();
        for entry in &self.entries {
            match &entry.content {
                Content::Text(group) => all.extend(names(group).map(|name| (&*entry.path, name))),
                Content::Binary(resolve, _) => {
                    let packages = resolve.packages.iter();
                    all.extend(packages.map(|(_, package)| (&*entry.path, &package.name)));
                }
            }
        }
        all
    }

    /// Resolves all of it, with `more` packages as if they were in `deps`, and gives the package of its own
    /// text; nothing if there is no text at all.
    pub(super) fn resolve(
        self,
        more: Vec<UnresolvedPackageGroup>,
    ) -> Result<Option<(Resolve, PackageId)>, Failure> {
        let mut resolve = Gates::Open.resolve();
        let mut groups: Vec<_> = self.own.into_iter().collect();
        for entry in self.entries {
            match entry.content {
                Content::Text(group) => groups.push(*group),
                Content::Binary(binary, _) => {
                    let merged = caught(|| resolve.merge(*binary));
                    let name = entry.path.to_string_lossy();
                    merged
                        .map_err(|panic| wit_failure(&name, &panic))?
                        .map_err(|error| wit_failure(&name, &error))?;
                }
            }
        }
        groups.extend(more);
        if groups.is_empty() {
            return Ok(None);
        }
        let binary = resolve.packages.iter().map(|(_, package)| &package.name);
        let there: Vec<_> = groups
            .iter()
            .flat_map(names)
            .chain(binary)
            .cloned()
            .collect();
        let main = groups.remove(0);
        let name = self.path.to_string_lossy();
        let pushed = caught(|| resolve.push_groups(main, groups));
        let pushed = pushed.map_err(|panic| wit_failure(&name, &panic))?;
        let package = pushed.map_err(|error| unresolved(&self.path, &error, &resolve, &there))?;
        Ok(Some((resolve, package)))
    }
}

/// The packages that a text declares: its own, and those nested in it.
pub(super) fn names(group: &UnresolvedPackageGroup) -> impl Iterator<Item = &PackageName> {
    let nested = group.nested.iter().map(|package| &package.name);
    std::iter::once(&group.main.name).chain(nested)
}

/// The files of WIT text right within a folder, in the order of their names.
pub(super) fn texts_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = sorted(folder)?;
    paths.retain(|path| {
        let is_wit = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.ends_with(".wit"));
        is_wit && !path.is_dir()
    });
    Ok(paths)
}

/// The packages of the text in `files`, which are one package with those nested in it; `room` bytes of text
/// may be read.
fn group(
    path: &Path,
    files: &[PathBuf],
    room: &mut u64,
) -> Result<UnresolvedPackageGroup, Failure> {
    let mut sources = SourceMap::new();
    for file in files {
        let mut text = String::new();
        let read = File::open(file)
            .and_then(|open| open.take(room.saturating_add(1)).read_to_string(&mut text));
        let read = read.map_err(|error| Failure::io("read", file, &error))? as u64;
        let Some(left) = room.checked_sub(read) else {
            let error = format!("there is more than {MAX_TEXT} bytes of text");
            return Err(wit_failure(&file.to_string_lossy(), &error));
        };
        *room = left;
        sources.push(file, text);
    }
    let name = path.to_string_lossy();
    let parsed = caught(|| sources.parse());
    parsed
        .map_err(|panic| wit_failure(&name, &panic))?
        .map_err(|(sources, error)| fault(&name, &error, &sources, None))
}

/// What is missing where the folder, with all packages `there`, does not resolve, and what to do about it.
fn unresolved(
    path: &Path,
    error: &ResolveError,
    resolve: &Resolve,
    there: &[PackageName],
) -> Failure {
    let place = resolve.render_location(error.kind().span());
    let lacks = |package: &PackageName, what: &str, name: &str| {
        let message =
            format!("the package `{package}` has no {what} `{name}`, which `{place}` uses");
        Failure::new("wit::dependency", message)
            .help("take a version of one of the two that fits the other")
    };
    let requested = match error.kind() {
        ResolveErrorKind::PackageNotFound { requested, .. } => requested,
        ResolveErrorKind::InterfaceNotFound {
            requested, package, ..
        } => return lacks(package, "interface", requested),
        ResolveErrorKind::WorldNotFound {
            requested, package, ..
        } => return lacks(package, "world", requested),
        _ => {
            let mut failure = fault(&path.to_string_lossy(), error, &resolve.source_map, None);
            let help = "change the WIT where it is shown, or take versions of the packages that fit each other";
            for diagnostic in &mut failure.findings.diagnostics {
                diagnostic.help = Some(help.to_owned());
            }
            return failure.help(help);
        }
    };
    let deps = path.join("deps");
    let others: Vec<_> = there
        .iter()
        .filter(|other| other.namespace == requested.namespace && other.name == requested.name)
        .map(|other| format!("`{other}`"))
        .collect();
    let message = format!(
        "the package `{requested}` that `{place}` uses is not in `{}`",
        deps.display()
    );
    let failure = Failure::new("wit::missing-package", message);
    let is_one = others.len() == 1;
    match (others.is_empty(), &requested.version) {
        (true, _) => failure.help(match manifest::of_here() {
            Some(_) => "run `tenon wit fetch`, or put its WIT there",
            None => "run `tenon init` and then `tenon wit fetch`, or put its WIT there",
        }),
        (false, None) => failure
            .notes([format!("there is {}", others.join(" and "))])
            .help(format!(
                "name {} in the WIT: without a version, a package is meant that declares none",
                if is_one {
                    "that version"
                } else {
                    "one of these versions"
                }
            )),
        (false, Some(_)) => failure
            .notes([format!("there is {}", others.join(" and "))])
            .help("name that version in the WIT, or run `tenon wit fetch` if the WIT is right"),
    }
}

/// The package that the text in a folder declares, and its version; nothing if there is no text.
pub(crate) fn declared(path: &Path) -> Result<Option<(RegistryName, Option<Version>)>, Failure> {
    let folder = Folder::read(path, Which::FOREIGN)?;
    let Some(own) = &folder.own else {
        return Ok(None);
    };
    let name = &own.main.name;
    let version = name
        .version
        .as_ref()
        .map(|version| version.to_string().parse());
    let package = format!("{}:{}", name.namespace, name.name).parse();
    Ok(package
        .ok()
        .map(|package| (package, version.and_then(Result::ok))))
}

/// The files that a WIT package of the folder is made of: its text, and all that is in `deps`.
pub(crate) fn inputs(path: &Path) -> Result<BTreeSet<PathBuf>, Failure> {
    let mut files = BTreeSet::from_iter(texts_in(path)?);
    let deps = path.join("deps");
    let entries = match deps.exists() {
        true => sorted(&deps)?,
        false => vec![],
    };
    for path in entries {
        // As they are read, also where a link leads to them.
        match path.is_dir() {
            true => files.extend(texts_in(&path)?),
            false => drop(files.insert(path)),
        }
    }
    files.retain(|file| file.is_file());
    Ok(files)
}
