//! The registries of a project's packages.

use crate::args::Global;
use crate::config::RegistryName;
use crate::error::Failure;
use crate::oci::OciHome;
use crate::oci::home::Resolved;
use crate::remote::Remote;
use crate::ui::Ui;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::http::{Client, Error};
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::verify::{Request, Verified, View};

/// What came of asking a registry.
pub(crate) type Answer<'r, R> = (&'r Remote, Result<R, Error>);

/// The registries that packages of some namespaces come from, each made known once.
#[derive(Default)]
pub(crate) struct Remotes {
    remotes: BTreeMap<RegistryName, Remote>,
    homes: BTreeMap<Namespace, RegistryName>,
    /// The homes of namespaces whose registries have no logs.
    unlogged: BTreeMap<Namespace, Option<OciHome>>,
    resolved: BTreeMap<Namespace, Resolved>,
}

impl Remotes {
    /// Finds the registry of a namespace, if it is not known yet.
    pub(crate) fn find(
        &mut self,
        ui: &Ui,
        global: &Global,
        namespace: &Namespace,
    ) -> Result<&Remote, Failure> {
        if !self.homes.contains_key(namespace) {
            let remote = Remote::of(ui, global, namespace)?;
            self.homes.insert(namespace.clone(), remote.name.clone());
            self.remotes.entry(remote.name.clone()).or_insert(remote);
        }
        self.of(namespace)
    }

    /// Where a namespace comes from, if that is a registry without a log.
    pub(crate) fn home(
        &mut self,
        global: &Global,
        namespace: &Namespace,
    ) -> Result<Option<OciHome>, Failure> {
        if let Some(home) = self.unlogged.get(namespace) {
            return Ok(home.clone());
        }
        let home = OciHome::of(global, namespace)?;
        self.unlogged.insert(namespace.clone(), home.clone());
        Ok(home)
    }

    /// Where the packages of a namespace really are, which its home may have to be asked.
    pub(crate) fn resolve(
        &mut self,
        ui: &Ui,
        global: &Global,
        namespace: &Namespace,
        home: &OciHome,
    ) -> Result<Resolved, Failure> {
        if let Some(resolved) = self.resolved.get(namespace) {
            return Ok(resolved.clone());
        }
        let resolved = home.resolve(ui, global)?;
        self.resolved.insert(namespace.clone(), resolved.clone());
        Ok(resolved)
    }

    /// The registry of a namespace, which was found before.
    pub(crate) fn of(&self, namespace: &Namespace) -> Result<&Remote, Failure> {
        let home = self.homes.get(namespace);
        let remote = home.and_then(|home| self.remotes.get(home));
        remote.ok_or_else(|| {
            let message = format!("the registry of `{namespace}` was not looked for");
            Failure::new("registry::none", message)
        })
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
        let homes = homes.map(|thing| self.of(package(thing).namespace()));
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
        remotes.find(ui, global, package.namespace())?;
    }
    let look = |client: Client, package| async move {
        let releases = BTreeSet::new();
        client.view(&Request::Package { package, releases }).await
    };
    let views = remotes.each(packages, |package| package, look)?.into_iter();
    let views = views.map(|(remote, view)| view.map_err(|error| remote.failure(error)));
    views.collect()
}
