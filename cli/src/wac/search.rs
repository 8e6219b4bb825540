//! Where the packages of a document are looked for: the command line, the folder, the project, what it has locked, and last
//! the registry that the user named for it.

use super::absent::Absent;
use super::folder::Folder;
use super::given::Given;
use super::opened::Opened;
use super::{DEPS, admits};
use crate::args::Packages;
use crate::config::{Config, manifest};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::project::{Project, Purpose, install, nothing_at};
use crate::pulled::{Brought, pull, pull_one};
use crate::source::{Named, Sources};
use crate::suggestion::near;
use crate::ui;
use crate::wanted::{Selection, Wanted as Release};
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tenon_composer::wac::{Wanted, WantedPackage};
use tenon_registry_client::project::{Dependency, LockedPackage};

/// Where packages are looked for.
pub(crate) struct Search<'s> {
    pub(super) sources: Sources<'s>,
    /// The folder with packages.
    pub(super) folder: Folder<'s>,
    /// What the command line names.
    pub(super) given: Vec<Given>,
    /// The folder that the document is in, if it is in a file.
    document_in: Option<PathBuf>,
}

/// What was found, and what was not.
#[derive(Default)]
pub(crate) struct Found {
    /// What there is to be read, each once.
    pub(super) inputs: Vec<Named>,
    /// The packages that were found, as the document names them, each with the number of its input.
    pub(super) packages: BTreeMap<String, usize>,
    /// What is wrong with the others.
    pub(super) missing: BTreeMap<String, Missing>,
    /// The files that inputs were read from.
    pub(super) files: BTreeSet<PathBuf>,
}

/// Why there is no package.
pub(super) enum Missing {
    /// It is nowhere.
    Absent(Absent),
    /// It is there, but is none.
    Broken(Failure),
}

/// A place at which a package is.
struct At {
    path: String,
    version: Option<Version>,
}

impl<'s> Search<'s> {
    /// Where the command line says.
    pub(crate) fn of(sources: Sources<'s>, packages: &'s Packages) -> Result<Search<'s>, Failure> {
        Search::within(sources, packages.deps_dir.as_deref(), &packages.deps)
    }

    /// In a folder, which is called `deps` if nothing is said, and where words of the command line say.
    pub(crate) fn within(
        sources: Sources<'s>,
        folder: Option<&'s Path>,
        given: &[String],
    ) -> Result<Search<'s>, Failure> {
        Ok(Search {
            sources,
            folder: Folder::of(folder.unwrap_or(Path::new(DEPS))),
            given: Given::all(given)?,
            document_in: None,
        })
    }

    /// The same for a document, and the file that it is in.
    pub(super) fn for_document(self, path: Option<&Path>) -> Search<'s> {
        Search {
            document_in: path.and_then(Path::parent).map(Path::to_owned),
            ..self
        }
    }

    /// The folder with packages beside the document, where none was named and there is none here.
    pub(super) fn deps_beside(&self) -> Option<PathBuf> {
        let beside = self.document_in.as_ref()?.join(DEPS);
        let folder = self.folder.path;
        let is_usual = folder == Path::new(DEPS);
        (is_usual && !folder.is_dir() && beside.is_dir()).then_some(beside)
    }

    /// Finds packages. No registry is asked but for what is locked, or where the user says that it has the namespace.
    ///
    /// # Errors
    ///
    /// The project or the configuration cannot be read, or a registry is refused or cannot be reached. What is wrong with one
    /// package is part of what was found.
    pub(crate) fn find(&self, wanted: &[WantedPackage<'_>]) -> Result<Found, Failure> {
        self.warn_of_unused(wanted);
        let project = manifest::of_here().map(|_| Project::open(Purpose::Look));
        let project = project.transpose()?;
        let mut found = Found::default();
        let mut rest = Vec::new();
        for package in wanted {
            let locked = locked_as(project.as_ref(), release_of(package).as_ref());
            match self.local(package, locked) {
                Ok(Some((opened, version))) => found.put(package, opened, version),
                Ok(None) => rest.push(package),
                Err(failure) => found.broken(package, failure)?,
            }
        }
        if !rest.is_empty() {
            self.find_elsewhere(&rest, project.as_ref(), &mut found)?;
        }
        Ok(found)
    }

    /// What the command line or the folder has. What the project has locked can be in the folder too: that is taken, but not
    /// where the lock file has to be followed.
    fn local(
        &self,
        package: &WantedPackage<'_>,
        locked: Option<&LockedPackage>,
    ) -> Result<Option<(Opened, Option<Version>)>, Failure> {
        let Sources { ui, global } = self.sources;
        let name = package.package.name();
        let wanted = wanted_of(package);
        if let Some(given) = Given::best(&self.given, &name, wanted) {
            let opened = Opened::open(self.sources, &given.path)?;
            return Ok(Some((opened, given.version.clone())));
        }
        if global.locked && locked.is_some() {
            return Ok(None);
        }
        if let Some(At { path, version }) = self.in_folder(&name, wanted) {
            if let Some(locked) = locked {
                ui.warn(&format!(
                    "`{}` is taken from `{}`, and not {} {}, as the lock file has it",
                    ui::clean_line(&package.name),
                    ui::clean_line(&path),
                    name,
                    locked.version(),
                ));
            }
            let opened = Opened::open(self.sources, &path)?;
            return Ok(Some((opened, version)));
        }
        // What has no version in its path may say it itself.
        let Some(plain) = self.folder.plain(&name) else {
            return Ok(None);
        };
        let opened = Opened::open(self.sources, &plain.to_string_lossy())?;
        let version = opened.version()?;
        let will_do = version
            .as_ref()
            .is_some_and(|version| admits(wanted, version));
        Ok(will_do.then_some((opened, version)))
    }

    /// Where in the folder a package is, by its path.
    fn in_folder(&self, name: &str, wanted: Option<&Wanted>) -> Option<At> {
        let at = |path: PathBuf, version| At {
            path: path.to_string_lossy().into_owned(),
            version,
        };
        if wanted.is_none()
            && let Some(path) = self.folder.plain(name)
        {
            return Some(at(path, None));
        }
        let mut versions = self.folder.versions(name).into_iter().rev();
        let (version, path) = versions.find(|(version, _)| admits(wanted, version))?;
        Some(at(path, Some(version)))
    }

    /// What the project has, or a registry.
    fn find_elsewhere(
        &self,
        wanted: &[&WantedPackage<'_>],
        project: Option<&Project>,
        found: &mut Found,
    ) -> Result<(), Failure> {
        let mut locked = Vec::new();
        let mut asked = Vec::new();
        for package in wanted {
            let release = release_of(package);
            if let Some(path) = path_in(project, release.as_ref()) {
                match Opened::open(self.sources, &path.to_string_lossy()) {
                    Ok(opened) => found.put(package, opened, None),
                    Err(failure) => {
                        let failure = match &release {
                            Some(release) if !path.exists() => nothing_at(&release.package, &path),
                            _ => failure,
                        };
                        found.broken(package, failure)?;
                    }
                }
            } else if let Some(release) = locked_as(project, release.as_ref()) {
                locked.push((*package, release));
            } else if let Some(release) = release
                && self.may_ask(&release)?
            {
                asked.push((*package, release));
            } else {
                let absent = Absent::of(self, package, project);
                let absent = Missing::Absent(absent);
                found.missing.insert(package.name.clone(), absent);
            }
        }
        if let Some(project) = project {
            self.install(project, &locked, found)?;
        }
        self.pull(&asked, found)
    }

    /// Whether a registry may be asked for a package: the user said that it has it.
    fn may_ask(&self, release: &Release) -> Result<bool, Failure> {
        let global = self.sources.global;
        let namespace = release.package.namespace();
        Ok(!global.locked && (global.registry.is_some() || Config::read()?.is_mapped(namespace)))
    }

    /// Fetches what is locked, and verifies it.
    fn install(
        &self,
        project: &Project,
        locked: &[(&WantedPackage<'_>, &LockedPackage)],
        found: &mut Found,
    ) -> Result<(), Failure> {
        let Sources { ui, global } = self.sources;
        if global.locked && !locked.is_empty() {
            project.check_lock(&project.asked()?)?;
        }
        let releases: Vec<_> = locked.iter().map(|(_, release)| *release).collect();
        let pulled = install(ui, global, project, &releases)?;
        for ((package, _), pulled) in locked.iter().zip(pulled) {
            found.put_release(package, pulled);
        }
        Ok(())
    }

    /// Fetches what no project has locked.
    fn pull(
        &self,
        asked: &[(&WantedPackage<'_>, Release)],
        found: &mut Found,
    ) -> Result<(), Failure> {
        if asked.is_empty() {
            return Ok(());
        }
        let Sources { ui, global } = self.sources;
        let releases: Vec<_> = asked.iter().map(|(_, release)| release.clone()).collect();
        let pulled = match pull(ui, global, &releases) {
            // Which of them the registry does not have is asked of each.
            Err(failure) if failure.exit == ExitKind::Failure => {
                let each = releases.iter().map(|release| pull_one(ui, global, release));
                each.collect()
            }
            pulled => Vec::from_iter(pulled?.into_iter().map(Ok)),
        };
        for ((package, _), pulled) in asked.iter().zip(pulled) {
            match pulled {
                Ok(pulled) => found.put_release(package, pulled),
                Err(failure) => found.broken(package, failure)?,
            }
        }
        Ok(())
    }

    /// Warns of what the command line names, and the document does not.
    fn warn_of_unused(&self, wanted: &[WantedPackage<'_>]) {
        let names: BTreeSet<String> = wanted.iter().map(|one| one.package.name()).collect();
        for given in &self.given {
            if names.contains(&given.name) {
                continue;
            }
            let name = ui::clean_line(&given.name);
            let meant = match near(&given.name, &names) {
                Some(near) => format!(": is `{near}` meant?"),
                None => String::new(),
            };
            self.sources.ui.warn(&format!(
                "`{name}` is given, and the document does not name it{meant}"
            ));
        }
    }
}

impl Found {
    fn put(&mut self, package: &WantedPackage<'_>, opened: Opened, version: Option<Version>) {
        let Opened { named, files, .. } = opened;
        self.files.extend(files);
        self.put_named(package, named, version);
    }

    fn put_release(&mut self, package: &WantedPackage<'_>, brought: Brought) {
        let named = Named::of(&package.name, brought);
        let origin = named.release.as_ref();
        let release = origin.and_then(|origin| origin.package.as_ref());
        let version = release.map(|(_, version)| version.semver().clone());
        self.put_named(package, named, version);
    }

    /// Puts it under the name that the document has, but with the version that it is.
    fn put_named(&mut self, package: &WantedPackage<'_>, named: Named, version: Option<Version>) {
        let name = match &version {
            None => package.package.name(),
            Some(version) => format!("{}@{version}", package.package.name()),
        };
        let input = self.inputs.len();
        self.inputs.push(Named { name, ..named });
        self.packages.insert(package.name.clone(), input);
    }

    /// Takes note of what is wrong with a package; a registry that cannot be believed or reached ends everything.
    fn broken(&mut self, package: &WantedPackage<'_>, failure: Failure) -> Result<(), Failure> {
        if failure.exit != ExitKind::Failure {
            return Err(failure);
        }
        let broken = Missing::Broken(failure);
        self.missing.insert(package.name.clone(), broken);
        Ok(())
    }
}

/// Which versions of a package a document asks for.
pub(super) fn wanted_of<'d>(package: &WantedPackage<'d>) -> Option<&'d Wanted> {
    let version = package.package.version.as_ref();
    version.map(|version| &version.wanted)
}

/// The package as registries have it, if one could.
pub(crate) fn release_of(package: &WantedPackage<'_>) -> Option<Release> {
    let version = match wanted_of(package) {
        None => Selection::Highest,
        Some(Wanted::Exact(version)) => Selection::Exact(version.to_string().parse().ok()?),
        Some(Wanted::Requirement(requirement)) => Selection::Meeting(requirement.clone()),
    };
    Some(Release {
        package: package.package.name().parse().ok()?,
        version,
    })
}

/// Where the project has a package, if it depends on a path.
fn path_in(project: Option<&Project>, release: Option<&Release>) -> Option<PathBuf> {
    let (project, release) = project.zip(release)?;
    match project.manifest.dependencies.get(&release.package)? {
        Dependency::Path(path) => Some(project.path(path)),
        Dependency::Registry(_) => None,
    }
}

fn locked_as<'p>(
    project: Option<&'p Project>,
    release: Option<&Release>,
) -> Option<&'p LockedPackage> {
    let (project, release) = project.zip(release)?;
    project.locked_as(release)
}
