//! The registries of a project's packages.

use crate::args::Global;
use crate::config::{Config, RegistryName};
use crate::error::Failure;
use crate::oci::OciHome;
use crate::oci::home::Resolved;
use crate::remote::Remote;
use crate::ui::Ui;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::http::{Client, Error};
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::verify::{Request, Verified, View};

/// What came of asking a registry.
pub(crate) type Answer<'r, R> = (&'r Remote, Result<R, Error>);

/// The registries that some packages come from, each made known once.
#[derive(Default)]
pub(crate) struct Remotes {
    remotes: BTreeMap<RegistryName, Remote>,
    homes: BTreeMap<Seat, RegistryName>,
    /// The homes of what comes from registries without logs.
    unlogged: BTreeMap<Seat, Option<OciHome>>,
    resolved: BTreeMap<Seat, Resolved>,
    /// The packages that do not come from where their namespaces do, once that was looked at.
    overridden: Option<BTreeSet<PackageName>>,
}

/// What comes from one place: a package where it is overridden, or else all of its namespace.
type Seat = (Namespace, Option<PackageName>);

impl Remotes {
    /// Finds the registry of a package, if it is not known yet.
    pub(crate) fn find(
        &mut self,
        ui: &Ui,
        global: &Global,
        package: &PackageName,
    ) -> Result<&Remote, Failure> {
        self.look()?;
        let seat = self.seat(package);
        if let Entry::Vacant(home) = self.homes.entry(seat) {
            let remote = Remote::of(ui, global, package)?;
            home.insert(remote.name.clone());
            self.remotes.entry(remote.name.clone()).or_insert(remote);
        }
        self.of(package)
    }

    /// Where a package comes from, if that is a registry without a log.
    pub(crate) fn home(
        &mut self,
        global: &Global,
        package: &PackageName,
    ) -> Result<Option<OciHome>, Failure> {
        self.look()?;
        let seat = self.seat(package);
        if let Some(home) = self.unlogged.get(&seat) {
            return Ok(home.clone());
        }
        let home = OciHome::of(global, package)?;
        self.unlogged.insert(seat, home.clone());
        Ok(home)
    }

    /// Where the packages of a home really are, which it may have to be asked.
    pub(crate) fn resolve(
        &mut self,
        ui: &Ui,
        global: &Global,
        package: &PackageName,
        home: &OciHome,
    ) -> Result<Resolved, Failure> {
        let seat = self.seat(package);
        if let Some(resolved) = self.resolved.get(&seat) {
            return Ok(resolved.clone());
        }
        let resolved = home.resolve(ui, global)?;
        self.resolved.insert(seat, resolved.clone());
        Ok(resolved)
    }

    /// The registry of a package, which was found before.
    pub(crate) fn of(&self, package: &PackageName) -> Result<&Remote, Failure> {
        let home = self.homes.get(&self.seat(package));
        let remote = home.and_then(|home| self.remotes.get(home));
        remote.ok_or_else(|| {
            let message = format!("the registry of `{package}` was not looked for");
            Failure::new("registry::none", message)
        })
    }

    /// Looks once which packages are overridden.
    fn look(&mut self) -> Result<(), Failure> {
        if self.overridden.is_none() {
            let packages = Config::read()?.wkg.packages;
            self.overridden = Some(packages.into_keys().collect());
        }
        Ok(())
    }

    fn seat(&self, package: &PackageName) -> Seat {
        let overridden = self.overridden.as_ref();
        let is_overridden = overridden.is_some_and(|all| all.contains(package));
        let namespace = package.namespace().clone();
        (namespace, is_overridden.then(|| package.clone()))
    }

    /// All registries that were found.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Remote> {
        self.remotes.values()
    }

    /// Does the same for many things, some at once, each with the client of the registry of its package, which was
    /// found before. The results are in the order of the things.
    pub(crate) fn each<T: Clone, R, F>(
        &self,
        things: &[T],
        package: impl Fn(&T) -> &PackageName,
        work: impl Fn(Client, T) -> F,
    ) -> Result<Vec<Answer<'_, R>>, Failure>
    where
        F: Future<Output = Result<R, Error>>,
    {
        let homes = things.iter();
        let homes = homes.map(|thing| self.of(package(thing)));
        let homes = homes.collect::<Result<Vec<_>, _>>()?;
        let Some(first) = homes.first() else {
            return Ok(vec![]);
        };
        let jobs = homes.iter().zip(things);
        let jobs = jobs.map(|(remote, thing)| work(remote.client.clone(), thing.clone()));
        let results = first.wait_for_all(jobs);
        Ok(homes.into_iter().zip(results).collect())
    }
}

/// The verified views of packages, in their order.
pub(crate) fn look(
    ui: &Ui,
    global: &Global,
    packages: &[PackageName],
) -> Result<Vec<Verified<View>>, Failure> {
    let mut remotes = Remotes::default();
    for package in packages {
        remotes.find(ui, global, package)?;
    }
    let look = |client: Client, package| async move {
        let releases = BTreeSet::new();
        client.view(&Request::Package { package, releases }).await
    };
    let views = remotes.each(packages, |package| package, look)?.into_iter();
    let views = views.map(|(remote, view)| view.map_err(|error| remote.failure(error)));
    views.collect()
}
