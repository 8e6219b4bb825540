//! Packages that are nowhere, and what is said of them.

use super::folder::Folder;
use super::opened::Opened;
use super::search::{Search, release_of, wanted_of};
use crate::project::{LOCK, MANIFEST, Project};
use crate::suggestion::near;
use crate::ui;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tenon_composer::wac::{Wanted, WantedPackage};
use tenon_registry_client::project::Dependency;

/// How many versions are listed.
const MAX_VERSIONS: usize = 5;

/// A package that is nowhere.
pub(super) struct Absent {
    /// Where it was looked for, in order, and what is there.
    pub(super) causes: Vec<String>,
    pub(super) help: String,
}

impl Absent {
    pub(super) fn of(
        search: &Search<'_>,
        package: &WantedPackage<'_>,
        project: Option<&Project>,
    ) -> Absent {
        let name = package.package.name();
        let folder = &search.folder;
        let exact = match wanted_of(package) {
            Some(Wanted::Exact(version)) => Some(version),
            _ => None,
        };
        let mut causes = Vec::new();
        let mut is_other_version = false;
        let mut listed = |them: &str, place: &str| {
            is_other_version = true;
            format!("{place} has {them}")
        };
        let given = search.given.iter().filter(|given| given.name == name);
        let given = given.filter_map(|given| given.version.as_ref());
        causes.extend(versions(given).map(|them| listed(&them, "the command line")));

        let there = folder.versions(&name);
        let plain = folder.plain(&name);
        let beside = search.deps_beside();
        causes.push(match (versions(there.keys().rev()), &plain) {
            (Some(them), _) => listed(&them, &path(search.folder.path)),
            (None, Some(plain)) => own_version(search, &name, plain),
            (None, None) if !search.folder.path.is_dir() => {
                let other = beside.as_deref().map(path);
                let other = other.map(|other| format!(", but there is {other}"));
                let folder = path(search.folder.path);
                format!("there is no folder {folder}{}", other.unwrap_or_default())
            }
            (None, None) => none_of(folder, &name, exact),
        });

        let release = release_of(package);
        let asked = project.zip(release.as_ref());
        let is_unlocked = asked.is_some_and(|(project, release)| {
            let dependency = project.manifest.dependencies.get(&release.package);
            let is_locked = project.locked_versions(&release.package).next().is_some();
            matches!(dependency, Some(Dependency::Registry(_))) && !is_locked
        });
        if let Some((project, release)) = asked {
            let locked = project.locked_versions(&release.package);
            let locked: Vec<_> = locked.map(|(version, _)| version.semver()).collect();
            causes.push(match versions(locked) {
                Some(them) => listed(&them, &format!("`{LOCK}`")),
                None if is_unlocked => {
                    format!("`{MANIFEST}` asks for it, and `{LOCK}` does not have it")
                }
                None => "the project does not depend on it".to_owned(),
            });
        }
        if release.is_some() && !search.sources.global.locked {
            let namespace = name.split(':').next().unwrap_or_default();
            causes.push(format!(
                "no registry was asked: nothing says that `{namespace}` comes from one"
            ));
        }
        Absent {
            help: match near(&name, &names(search, project)) {
                _ if let Some(beside) = beside => {
                    format!(
                        "say `--deps-dir {}`",
                        ui::clean_line(&beside.to_string_lossy())
                    )
                }
                Some(near) if near != name => format!("is `{}` meant?", ui::clean_line(near)),
                _ if plain.is_some() && there.is_empty() => {
                    let at = exact
                        .and_then(|exact| folder.places(&name, Some(exact)).into_iter().nth(2));
                    let at = at.map(|at| format!("put that version at {}, or ", path(&at)));
                    format!(
                        "{}ask for the version that it is; a version may be left out",
                        at.unwrap_or_default()
                    )
                }
                _ if is_other_version => {
                    "ask for a version that there is, or for any: a version may be left out"
                        .to_owned()
                }
                _ if is_unlocked => "run `tenon lock`".to_owned(),
                _ => ways(search, &name, project.is_some(), release.is_some()),
            },
            causes,
        }
    }
}

/// The packages that there are.
fn names(search: &Search<'_>, project: Option<&Project>) -> BTreeSet<String> {
    let mut names = search.folder.names();
    names.extend(search.given.iter().map(|given| given.name.clone()));
    if let Some(project) = project {
        let dependencies = project.manifest.dependencies.keys();
        names.extend(dependencies.map(ToString::to_string));
        let locked = project.lock.iter().flat_map(|lock| lock.packages.keys());
        names.extend(locked.map(|(package, _)| package.to_string()));
    }
    names
}

/// How the package could be given.
fn ways(search: &Search<'_>, name: &str, in_project: bool, has_registry: bool) -> String {
    let folder = path(search.folder.path);
    let mut ways = vec![
        format!("put it into {folder}"),
        format!("name its file with `--dep {name}=PATH`"),
    ];
    if has_registry {
        ways.push(match in_project {
            true => format!("add it to the project with `tenon add {name}`"),
            false => "name the registry that has it with `--registry`".to_owned(),
        });
    }
    let last = ways.pop().unwrap_or_default();
    format!("{}, or {last}", ways.join(", "))
}

/// Versions in words, the first of them; nothing, if there are none.
fn versions<'v>(all: impl IntoIterator<Item = &'v semver::Version>) -> Option<String> {
    let mut all = all.into_iter();
    let mut shown: Vec<_> = all
        .by_ref()
        .take(MAX_VERSIONS)
        .map(ToString::to_string)
        .collect();
    if all.next().is_some() {
        shown.push("more".to_owned());
    }
    let last = shown.pop()?;
    Some(match shown.is_empty() {
        true => format!("it as {last}"),
        false => format!("it as {} and {last}", shown.join(", ")),
    })
}

/// Which version something is that has none in its path.
fn own_version(search: &Search<'_>, name: &str, plain: &Path) -> String {
    let opened = Opened::open(search.sources, &plain.to_string_lossy());
    let version = opened.and_then(|opened| opened.version());
    let is_wit = plain.is_dir() || plain.extension().is_some_and(|it| it == "wit");
    match version {
        Ok(Some(version)) => format!("{} is `{name}@{version}`", path(plain)),
        _ if is_wit => format!("{} has no version in its `package` line", path(plain)),
        _ => format!("{} has no version in its metadata", path(plain)),
    }
}

/// What is where a package would be: nothing, or nothing that is one.
fn none_of(folder: &Folder<'_>, name: &str, exact: Option<&semver::Version>) -> String {
    let places = folder.places(name, exact);
    let is_link = |path: &&PathBuf| path.is_symlink() && !path.exists();
    if let Some(link) = places.iter().find(is_link) {
        return format!("{} is a link that leads nowhere", path(link));
    }
    let base = folder.places(name, None).into_iter().next();
    let empty = base.filter(|base| base.is_dir());
    let empty = empty.map(|base| format!("{} has no WIT and no versions in it, and ", path(&base)));
    let places: Vec<_> = places.iter().filter(|place| !place.is_dir()).collect();
    let places: Vec<_> = places.into_iter().map(|place| path(place)).collect();
    format!(
        "{}there is none of {}",
        empty.unwrap_or_default(),
        places.join(", ")
    )
}

fn path(path: &Path) -> String {
    format!("`{}`", ui::clean_line(&path.to_string_lossy()))
}
