//! Packages that are nowhere, and what is said of them.

use super::folder::Folder;
use super::search::{Search, release_of, wanted_of};
use crate::project::{LOCK, MANIFEST, Project};
use crate::suggestion::near;
use crate::ui;
use std::collections::BTreeSet;
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
        let folder = Folder(search.folder);
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
        let paths = folder.places(&name, exact);
        let paths = paths.iter().map(|path| quoted(&path.to_string_lossy()));
        let paths = paths.collect::<Vec<_>>().join(", ");
        let shown = quoted(&search.folder.to_string_lossy());
        causes.push(match (versions(there.keys().rev()), folder.plain(&name)) {
            (Some(them), _) => listed(&them, &shown),
            (None, Some(path)) => {
                let path = quoted(&path.to_string_lossy());
                format!("{path} does not say that it is such a version")
            }
            (None, None) if !search.folder.is_dir() => format!("there is no folder {shown}"),
            (None, None) => format!("there is none of {paths}"),
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
                Some(near) if near != name => format!("is `{}` meant?", ui::clean_line(near)),
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
    let mut names = Folder(search.folder).names();
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
    let folder = quoted(&search.folder.to_string_lossy());
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

fn quoted(text: &str) -> String {
    format!("`{}`", ui::clean_line(text))
}
