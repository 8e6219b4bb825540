//! Whether what is locked comes from the log that it was locked from. Nobody is asked for that.

use super::locking::still_needed;
use super::{Asked, MANIFEST, Project, Remotes};
use crate::args::Global;
use crate::error::Failure;
use crate::ui::{self, Ui};
use std::collections::BTreeSet;
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::project::{Asker, LockFile, LockedPackage, LockedSource, Tree};

impl Project {
    /// That there is a registry for everything in a lock file, and that it has the log that is named there.
    pub(crate) fn check_origins(
        &self,
        ui: &Ui,
        global: &Global,
        lock: &LockFile,
    ) -> Result<(), Failure> {
        self.find_origins(ui, global, lock, lock.packages.values())
            .map(drop)
    }

    /// That what is locked of some namespaces, and still asked for, comes from the log that it is locked from.
    pub(crate) fn check_origins_in(
        &self,
        ui: &Ui,
        global: &Global,
        namespaces: &BTreeSet<&Namespace>,
    ) -> Result<(), Failure> {
        // What is asked cannot be known where a file is missing, which may be what is put right now.
        let (Some(lock), Ok(asked)) = (&self.lock, self.asked()) else {
            return Ok(());
        };
        let needed = still_needed(lock, &asked);
        let packages = needed.packages.values();
        let packages = packages.filter(|locked| namespaces.contains(locked.package().namespace()));
        self.find_origins(ui, global, lock, packages).map(drop)
    }

    /// From which registries without logs what is locked comes, in one spelling: only one that is asked can say where
    /// exactly that is.
    pub(crate) fn homes(&self, global: &Global) -> Result<String, Failure> {
        let mut remotes = Remotes::default();
        let packages = self.lock.iter().flat_map(|lock| lock.packages.values());
        let homes = packages.map(|locked| {
            let home = remotes.home(global, locked.package())?;
            Ok(home.map(|home| format!("{} {home:?}", locked.package())))
        });
        let homes = homes.collect::<Result<Vec<_>, Failure>>()?;
        Ok(homes.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }

    /// The registries of locked packages, each of which has the log that the package is locked from.
    pub(super) fn find_origins<'l>(
        &self,
        ui: &Ui,
        global: &Global,
        lock: &LockFile,
        packages: impl IntoIterator<Item = &'l LockedPackage>,
    ) -> Result<Remotes, Failure> {
        let mut remotes = Remotes::default();
        for package in packages {
            if let Some(now) = moved_to(&mut remotes, ui, global, package)? {
                return Err(moved(&now, package, lock, &self.asked()?));
            }
        }
        Ok(remotes)
    }
}

/// Where the namespace of a locked package comes from now, if it is locked from elsewhere. What it is mapped to decides
/// whether a log has to prove it, whatever the lock file says; that a log proved it, or did not, is no detail of it.
pub(super) fn moved_to(
    remotes: &mut Remotes,
    ui: &Ui,
    global: &Global,
    package: &LockedPackage,
) -> Result<Option<String>, Failure> {
    let name = package.package();
    let Some(home) = remotes.home(global, name)? else {
        let remote = remotes.find(ui, global, name)?;
        let origin = remote.registry.pin.origin();
        let is_there = package.logged().is_some_and(|(log, _)| log == origin);
        let origin = ui::clean_line(origin.as_str());
        return Ok((!is_there).then(|| format!("`{}` now, which is `{origin}`", remote.name)));
    };
    let Some(release) = package.unlogged() else {
        return Ok(Some(format!("`{home}` now, which has no log")));
    };
    let place = remotes
        .resolve(ui, global, name, &home)
        .and_then(|resolved| resolved.place(&release.package));
    match place {
        Ok(place) if place == release.place => Ok(None),
        Ok(place) => Ok(Some(format!("`{place}` now"))),
        // Who would say it cannot be asked; the bytes are those that are locked all the same.
        Err(failure) if global.offline && failure.code == "registry::offline" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What is said of a locked package whose namespace comes from elsewhere now.
pub(super) fn moved(now: &str, package: &LockedPackage, lock: &LockFile, asked: &Asked) -> Failure {
    let namespace = package.package().namespace();
    let locked = match &package.source {
        LockedSource::Log { registry, .. } => format!("`{}`", ui::clean_line(registry.as_str())),
        LockedSource::Unlogged(release) => format!("`{}`, without a log", release.place),
    };
    let again = match dependencies(namespace, lock, asked) {
        Some(all) => format!("run `tenon remove {all}`, and then `tenon add {all}`"),
        None => "remove `tenon.lock`, and run `tenon lock`".to_owned(),
    };
    Failure::configuration(
        "project::moved",
        format!(
            "`{}@{}` is locked from {locked}",
            package.package(),
            package.version()
        ),
    )
    .cause(format!("the namespace `{namespace}` comes from {now}"))
    .help(format!(
        "`tenon config show --origin` says why; if it has moved, {again}"
    ))
}

/// The dependencies of the manifest that bring packages of a namespace, as a command line has them; none if anything
/// else brings some.
fn dependencies(namespace: &Namespace, lock: &LockFile, asked: &Asked) -> Option<String> {
    let tree = Tree::new(lock, asked.iter());
    let packages = lock.packages.values();
    let of_namespace = packages.filter(|locked| locked.package().namespace() == namespace);
    let of_namespace: Vec<&LockedPackage> = of_namespace.collect();
    let is_locked = |package: &PackageName| {
        let mut all = of_namespace.iter();
        all.any(|locked| locked.package() == package)
    };
    // Those that are asked for in other versions by now are locked from there, too.
    let named = asked
        .iter()
        .filter(|(need, by)| *by == MANIFEST && is_locked(&need.package));
    let mut names: BTreeSet<&PackageName> = named.map(|(need, _)| &need.package).collect();
    for chain in of_namespace.iter().flat_map(|locked| tree.chains(locked)) {
        let first = chain.first()?;
        if first.by != Asker::Project(MANIFEST) {
            return None;
        }
        names.insert(first.to.package());
    }
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| names.join(" "))
}
