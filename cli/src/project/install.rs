//! What is locked, fetched and verified.

use super::remotes::Answer;
use super::{LOCK, MANIFEST, Project, Purpose};
use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::pulled::{self, Brought, Pulled};
use crate::remote::Remote;
use crate::source::Bytes;
use crate::ui::{self, Ui};
use crate::wanted::{Selection, Wanted};
use crate::wit::needs::needs_of;
use std::collections::BTreeSet;
use std::fs::File;
use tenon_registry_client::http::{Client, ErrorKind, Fetched};
use tenon_registry_client::lock::LockedRelease;
use tenon_registry_client::log::Origin;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{Dependency, LockedPackage, LockedSource};
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::Need;

/// Fetches packages in the versions that the project has locked, for a command with `--locked`.
pub(crate) fn pull_locked(
    ui: &Ui,
    global: &Global,
    wanted: &[Wanted],
) -> Result<Vec<Brought>, Failure> {
    let project = Project::open(Purpose::Look)?;
    check_locked(&project)?;
    let locked = wanted.iter().map(|wanted| find(&project, wanted));
    let locked = locked.collect::<Result<Vec<_>, _>>()?;
    install(ui, global, &project, &locked)
}

/// The version of a package that the project has locked, for a command with `--locked` that fetches nothing.
pub(crate) fn locked_version(wanted: &Wanted) -> Result<Version, Failure> {
    let project = Project::open(Purpose::Look)?;
    check_locked(&project)?;
    let locked = find(&project, wanted)?;
    Ok(locked.version().clone())
}

/// Checks that a project has locked what it asks for.
fn check_locked(project: &Project) -> Result<(), Failure> {
    project.check_lock(&project.asked()?)?;
    match &project.lock {
        Some(_) => Ok(()),
        None => Err(
            Failure::new("project::locked", format!("there is no `{LOCK}`"))
                .help("run `tenon lock`"),
        ),
    }
}

impl Project {
    /// The locked release that is wanted: the highest of those that will do. Where no version is said, it is what the
    /// manifest asks for.
    pub(crate) fn locked_as(&self, wanted: &Wanted) -> Option<&LockedPackage> {
        let dependency = self.manifest.dependencies.get(&wanted.package);
        let fits = |version: &Version| match (&wanted.version, dependency) {
            (Selection::Highest, Some(Dependency::Registry(asked))) => {
                asked.matches(version.semver())
            }
            (version_wanted, _) => version_wanted.admits_locked(version),
        };
        let mut all = self.locked_versions(&wanted.package);
        let (_, locked) = all.find(|(version, _)| fits(version))?;
        Some(locked)
    }

    /// The releases of a package that are locked, the highest first.
    pub(crate) fn locked_versions(
        &self,
        package: &PackageName,
    ) -> impl Iterator<Item = (&Version, &LockedPackage)> {
        let all = self.lock.iter().flat_map(|lock| lock.packages.iter().rev());
        let all = all.filter(move |((name, _), _)| name == package);
        all.map(|((_, version), locked)| (version, locked))
    }
}

/// The locked release that is wanted.
fn find<'p>(project: &'p Project, wanted: &Wanted) -> Result<&'p LockedPackage, Failure> {
    let package = &wanted.package;
    let dependency = project.manifest.dependencies.get(package);
    if let Some(locked) = project.locked_as(wanted) {
        return Ok(locked);
    }
    let versions: Vec<_> = project
        .locked_versions(package)
        .map(|(version, _)| version.to_string())
        .collect();
    let message = format!("`{wanted}` is not in `{LOCK}`");
    let failure = Failure::new("project::locked", message);
    Err(match (dependency, versions.is_empty()) {
        (Some(Dependency::Path(path)), _) => failure
            .cause(format!(
                "`{MANIFEST}` has it at `{}`",
                ui::clean_line(&path.to_string_lossy())
            ))
            .help("name the file"),
        (_, true) => failure.help(format!("add it with `tenon add {package}`")),
        (_, false) => failure
            .cause(format!("locked is {}", versions.join(", ")))
            .help("leave the version away, or leave `--locked` away"),
    })
}

/// Fetches what a project has locked and verifies it, in this order.
///
/// If a registry cannot be reached and everything is here, what was verified before is used, with a warning. What a
/// registry is refused for is an error all the same.
pub(crate) fn install(
    ui: &Ui,
    global: &Global,
    project: &Project,
    packages: &[&LockedPackage],
) -> Result<Vec<Brought>, Failure> {
    let failure = match try_install(ui, global, project, packages) {
        Err(failure) if failure.exit == ExitKind::Unavailable && !global.offline => failure,
        Ok(pulled) if global.offline && pulled.iter().any(Brought::is_logged) => {
            ui.warn_once(
                "without the network, whether what is locked was yanked or revoked since it was verified is not known",
            );
            return Ok(pulled);
        }
        result => return result,
    };
    let offline = Global {
        offline: true,
        ..global.clone()
    };
    match try_install(ui, &offline, project, packages) {
        Ok(pulled) => {
            ui.warn(&format!(
                "{}: what was verified before is used, and whether it was yanked or revoked since is not known",
                failure.summary()
            ));
            Ok(pulled)
        }
        // That the registry is out of reach is what has to be put right.
        Err(again) if again.exit != ExitKind::Refused => Err(failure),
        Err(refused) => Err(refused),
    }
}

fn try_install(
    ui: &Ui,
    global: &Global,
    project: &Project,
    packages: &[&LockedPackage],
) -> Result<Vec<Brought>, Failure> {
    let Some(lock) = &project.lock else {
        return Ok(vec![]);
    };
    let remotes = project.find_origins(ui, global, lock, packages.iter().copied())?;
    let unlogged = packages.iter().filter_map(|package| {
        let release = package.unlogged()?;
        Some(super::unlogged::install(ui, global, package, release))
    });
    let unlogged = unlogged.collect::<Result<Vec<_>, _>>()?;
    super::unlogged::warn_of_all(ui, &unlogged);
    let logged = packages.iter().filter_map(|package| {
        let (origin, release) = package.logged()?;
        Some((*package, origin, release))
    });
    let logged: Vec<_> = logged.collect();
    let used: BTreeSet<&Origin> = logged.iter().map(|(_, origin, _)| *origin).collect();
    for remote in remotes.all() {
        let origin = remote.registry.pin.origin();
        if let Some(note) = lock
            .registries
            .get(origin)
            .filter(|_| used.contains(origin))
        {
            check_checkpoint(ui, remote, note)?;
        }
    }
    let work = |client: Client, (_, _, release): Locked<'_>| {
        let release = release.clone();
        async move { client.install(&release).await }
    };
    let mut results = remotes.each(&logged, |(package, _, _)| package.package(), work)?;
    // What is refused is worse than that something else cannot be reached.
    let is_refused = |(_, result): &Answer<'_, Fetched>| {
        result.as_ref().is_err_and(|error| error.is_verification())
    };
    if let Some(at) = results.iter().position(is_refused)
        && let (remote, Err(error)) = results.swap_remove(at)
    {
        return Err(remote.failure(error));
    }
    let pulled = logged.iter().zip(results);
    let pulled = pulled.map(|((package, _, _), (remote, result))| {
        let fetched = result.map_err(|error| remote.failure(error))?;
        let pulled = Pulled::of(remote, fetched);
        check_content(package, &pulled)?;
        check_needs(package, &pulled.name(), &pulled.fetched.file)?;
        pulled::warn_of(ui, &pulled.fetched.release);
        Ok(Brought::from(pulled))
    });
    let pulled = pulled.collect::<Result<Vec<_>, Failure>>()?;
    let (mut pulled, mut unlogged) = (pulled.into_iter(), unlogged.into_iter());
    let all = packages.iter().filter_map(|package| match &package.source {
        LockedSource::Log { .. } => pulled.next(),
        LockedSource::Unlogged(_) => unlogged.next().map(Brought::from),
    });
    Ok(all.collect())
}

/// A package that is locked from a log.
type Locked<'l> = (&'l LockedPackage, &'l Origin, &'l LockedRelease);

/// Whether the checkpoint of a lock file is of the history that is known here.
///
/// Without the network, that may not be known; then it is said, and no more.
pub(super) fn check_checkpoint(ui: &Ui, remote: &Remote, note: &str) -> Result<(), Failure> {
    match remote.wait_raw(remote.client.check_checkpoint(note.as_bytes())) {
        Ok(_) => Ok(()),
        Err(error) if matches!(*error.kind, ErrorKind::Offline(_)) => {
            ui.warn(&format!(
                "whether `{LOCK}` and `{}` are of one history cannot be known without the network",
                remote.name
            ));
            Ok(())
        }
        Err(error) => Err(remote.failure(error)),
    }
}

/// Whether content is of the kind and size that the lock file says.
fn check_content(package: &LockedPackage, pulled: &Pulled) -> Result<(), Failure> {
    let content = pulled.fetched.release.content;
    if (package.kind, package.size) == (content.kind, content.size) {
        return Ok(());
    }
    let words = |kind: ContentKind, size| format!("{kind}, {size} bytes");
    let name = pulled.name();
    Err(Failure {
        exit: ExitKind::Refused,
        ..Failure::new(
            "registry::lock",
            format!("`{name}` is not what `{LOCK}` says"),
        )
    }
    .cause(format!(
        "`{LOCK}` has {}",
        words(package.kind, package.size)
    ))
    .cause(format!("the log has {}", words(content.kind, content.size)))
    .help("find out which of the two is right before going on: the lock file, or the registry"))
}

/// Whether a release needs what the lock file says, which was the registry's word.
pub(super) fn check_needs(package: &LockedPackage, name: &str, file: &File) -> Result<(), Failure> {
    let bytes = file.try_clone().and_then(Bytes::of);
    let bytes = bytes.map_err(|error| Failure::io("read", name, &error))?;
    let (_, found) = needs_of(name, bytes.input())?;
    if same(&found, &package.needs) {
        return Ok(());
    }
    Err(Failure {
        exit: ExitKind::Refused,
        ..Failure::new(
            "project::needs",
            format!("`{name}` uses other WIT packages than `{LOCK}` says"),
        )
    }
    .cause(format!("`{LOCK}` has {}", list(&package.needs)))
    .cause(format!("its content has {}", list(&found)))
    .help("if the lock file was not edited by hand, the registry said what is not so: tell its operator"))
}

fn same(one: &[Need], other: &[Need]) -> bool {
    let sorted = |needs: &[Need]| {
        let texts: BTreeSet<_> = needs
            .iter()
            .map(|need| (need.strength, text(need)))
            .collect();
        texts
    };
    sorted(one) == sorted(other)
}

fn text(need: &Need) -> String {
    format!("{} {}", need.package, need.requirement)
}

fn list(needs: &[Need]) -> String {
    match needs.is_empty() {
        true => "none".to_owned(),
        false => {
            let texts: Vec<_> = needs
                .iter()
                .map(|need| format!("`{}`", text(need)))
                .collect();
            texts.join(", ")
        }
    }
}
