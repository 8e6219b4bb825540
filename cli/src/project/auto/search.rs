//! The registries that are asked what exports an interface, and what they say.

use crate::args::Global;
use crate::choice::{choose, choose_for};
use crate::config::{Config, RegistryName};
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::Ui;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::api::{SearchHit, SearchQuery};
use tenon_registry_client::http::{Client, Error};
use tenon_registry_client::name::{Namespace, PackageName};

/// How many hits a page has.
const PAGE: u32 = 100;
/// How many pages of what was found are read.
const MAX_PAGES: usize = 5;

/// The registries that are asked: those that namespaces are mapped to, and the one that everything else comes from.
pub(crate) struct Registries {
    all: BTreeMap<RegistryName, Asked>,
    config: Config,
    flag: Option<String>,
}

struct Asked {
    remote: Remote,
    /// The namespaces that the project or the user says come from it.
    mapped: BTreeSet<Namespace>,
    /// Whether other namespaces come from it, too.
    open: bool,
}

/// What registries say exports an interface; none of it is verified.
#[derive(Default)]
pub(crate) struct Found {
    /// Where each package comes from, and whether its namespace is mapped to that.
    pub(crate) packages: BTreeMap<PackageName, Home>,
    /// Packages that a registry offers though they come from elsewhere, with the reason why they are left out.
    pub(crate) misplaced: BTreeMap<(PackageName, RegistryName), String>,
    /// How many names were no names of packages.
    pub(crate) nameless: usize,
    /// Whether there is more in mapped namespaces than was read.
    pub(crate) more_mapped: bool,
    /// Whether there is more elsewhere than was read.
    pub(crate) more: bool,
}

/// Where a package comes from.
pub(crate) struct Home {
    pub(crate) registry: RegistryName,
    pub(crate) mapped: bool,
}

impl Registries {
    /// Finds out which registries there are to ask.
    ///
    /// # Errors
    ///
    /// There is none, or what is said of one is wrong.
    pub(crate) fn open(ui: &Ui, global: &Global) -> Result<Registries, Failure> {
        let config = Config::read()?;
        let flag = global.registry.as_deref();
        let mut all: BTreeMap<RegistryName, Asked> = BTreeMap::new();
        for namespace in config.namespaces().into_keys() {
            let choice = match choose_for(&config, flag, namespace) {
                Ok(choice) => choice,
                // Only the registry that the command line names is asked.
                Err(failure) if flag.is_some() && failure.code == "registry::mapped" => continue,
                Err(failure) => return Err(failure),
            };
            if !all.contains_key(choice.name) {
                let remote = Remote::of(ui, global, namespace)?;
                all.insert(choice.name.clone(), Asked::of(remote));
            }
            if let Some(asked) = all.get_mut(choice.name) {
                asked.mapped.insert(namespace.clone());
            }
        }
        match choose(&config, flag) {
            Ok(choice) => {
                if !all.contains_key(choice.name) {
                    let remote = Remote::chosen(ui, global)?;
                    all.insert(choice.name.clone(), Asked::of(remote));
                }
                if let Some(asked) = all.get_mut(choice.name) {
                    asked.open = true;
                }
            }
            // Mapped namespaces are enough.
            Err(failure) if failure.code == "registry::none" && !all.is_empty() => {}
            Err(failure) => return Err(failure),
        }
        Ok(Registries {
            all,
            config,
            flag: flag.map(str::to_owned),
        })
    }

    /// Their names, in quotes.
    pub(crate) fn names(&self) -> String {
        let names: Vec<_> = self.all.keys().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }

    /// The registry of this name.
    pub(crate) fn get(&self, name: &RegistryName) -> Option<&Remote> {
        self.all.get(name).map(|asked| &asked.remote)
    }

    /// Waits for work with any of them, some of it at once.
    pub(crate) fn wait_for_all<F: Future>(&self, work: Vec<F>) -> Vec<F::Output> {
        match self.all.values().next() {
            Some(asked) => asked.remote.wait_for_all(work),
            None => vec![],
        }
    }

    /// Asks what exports an interface: of each registry the namespaces that are mapped to it one by one, so that nothing
    /// else can crowd them out, and then whatever it has.
    ///
    /// # Errors
    ///
    /// A registry does not answer: what it has could be what is looked for.
    pub(crate) fn search(&self, interface: &str) -> Result<Found, Failure> {
        let mut found = Found::default();
        for (name, asked) in &self.all {
            let mapped = asked.mapped.iter().map(Some);
            let scopes = mapped.chain(asked.open.then_some(None));
            let work = scopes.map(|namespace| async move {
                let pages = pages(&asked.remote.client, interface, namespace).await;
                (namespace, pages)
            });
            for (namespace, pages) in asked.remote.wait_for_all(work) {
                let (hits, more) = pages.map_err(|error| asked.remote.failure(error))?;
                match namespace {
                    Some(_) => found.more_mapped |= more,
                    None => found.more |= more,
                }
                for hit in hits {
                    self.sort_in(&mut found, name, &hit);
                }
            }
        }
        Ok(found)
    }

    /// Takes a hit to where it belongs. A namespace comes from one registry: what another one offers under its name is
    /// no candidate.
    fn sort_in(&self, found: &mut Found, registry: &RegistryName, hit: &SearchHit) {
        let Ok(package) = hit.package.name.parse::<PackageName>() else {
            found.nameless += 1;
            return;
        };
        let namespace = package.namespace();
        let why = match choose_for(&self.config, self.flag.as_deref(), namespace) {
            Ok(choice) if choice.name == registry => {
                let home = Home {
                    registry: registry.clone(),
                    mapped: self.config.is_mapped(namespace),
                };
                found.packages.insert(package, home);
                return;
            }
            Ok(choice) => format!("the namespace `{namespace}` comes from `{}`", choice.name),
            Err(failure) => failure.message,
        };
        found.misplaced.insert((package, registry.clone()), why);
    }
}

impl Asked {
    fn of(remote: Remote) -> Asked {
        Asked {
            remote,
            mapped: BTreeSet::new(),
            open: false,
        }
    }
}

/// What a registry has, page by page, and whether there is more.
async fn pages(
    client: &Client,
    interface: &str,
    namespace: Option<&Namespace>,
) -> Result<(Vec<SearchHit>, bool), Error> {
    let mut query = SearchQuery {
        exports: Some(interface.to_owned()),
        kind: Some("component".to_owned()),
        namespace: namespace.map(Namespace::to_string),
        n: Some(PAGE),
        ..SearchQuery::default()
    };
    let mut hits = vec![];
    for _ in 0..MAX_PAGES {
        let mut page = client.search(&query).await?;
        // A page may be longer than was asked for.
        let too_long = page.hits.len() > PAGE as usize;
        page.hits.truncate(PAGE as usize);
        hits.append(&mut page.hits);
        if too_long {
            return Ok((hits, true));
        }
        match page.next {
            None => return Ok((hits, false)),
            next => query.after = next,
        }
    }
    Ok((hits, true))
}
