//! Packages from registries: chosen, fetched, verified, and kept in the cache.

use crate::args::Global;
use crate::config::RegistryName;
use crate::error::Failure;
use crate::remote::Remote;
use crate::suggestion;
use crate::ui::{self, Ui};
use crate::wanted::{Selection, Wanted, WantedError};
use std::collections::BTreeMap;
use std::fs::File;
use tenon_registry_client::chain::{Availability, Release};
use tenon_registry_client::http::{Client, Error, ErrorKind, Fetched, FetchedFrom};
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::Time;
use tenon_registry_client::store::StoreError;
use tenon_registry_client::verify::Rules;
use tokio::task::JoinSet;

/// How many packages are fetched at once from one registry.
const AT_ONCE: usize = 8;

/// A release that was fetched and verified.
pub(crate) struct Pulled {
    pub(crate) fetched: Fetched,
    /// Its bytes, which were read and found to be what the log says when this was opened.
    pub(crate) file: File,
    /// What was asked of the checkpoint.
    pub(crate) rules: Rules,
    /// When.
    pub(crate) now: Time,
}

/// A package that a command line names.
pub(crate) fn wanted(text: &str) -> Result<Wanted, Failure> {
    text.parse().map_err(|error: WantedError| {
        Failure::usage(format!("`{}` names no package", ui::clean_line(text)))
            .cause(ui::clean_line(&error.to_string()))
            .help("name one as `acme:http`, `acme:http@1.4.0` or `acme:http@^1.4`")
    })
}

/// Warns of a release that its publisher advises against.
pub(crate) fn warn_of(ui: &Ui, release: &Release) {
    if let Availability::Yanked(reason) = release.availability {
        ui.warn(&format!(
            "`{}@{}` is yanked ({reason}): its publisher advises against it",
            release.package, release.version
        ));
    }
}

/// Fetches packages, each from the registry of its namespace; in the order in which they are wanted.
pub(crate) fn pull(ui: &Ui, global: &Global, all: &[Wanted]) -> Result<Vec<Pulled>, Failure> {
    let mut homes: BTreeMap<&Namespace, RegistryName> = BTreeMap::new();
    let mut remotes: BTreeMap<RegistryName, (Remote, Vec<usize>)> = BTreeMap::new();
    for (at, wanted) in all.iter().enumerate() {
        let namespace = wanted.package.namespace();
        let known = homes.get(namespace).and_then(|home| remotes.get_mut(home));
        if let Some((_, places)) = known {
            places.push(at);
            continue;
        }
        let remote = Remote::of(ui, global, namespace)?;
        homes.insert(namespace, remote.name.clone());
        let (_, places) = remotes
            .entry(remote.name.clone())
            .or_insert_with(|| (remote, vec![]));
        places.push(at);
    }
    let mut pulled: BTreeMap<usize, Pulled> = BTreeMap::new();
    for (remote, places) in remotes.values() {
        let here: Vec<&Wanted> = places.iter().filter_map(|at| all.get(*at)).collect();
        for (at, one) in places.iter().zip(pull_from(remote, &here)?) {
            pulled.insert(*at, one);
        }
    }
    for one in pulled.values() {
        warn_of(ui, &one.fetched.release);
    }
    Ok(pulled.into_values().collect())
}

/// Fetches one package.
pub(crate) fn pull_one(ui: &Ui, global: &Global, wanted: &Wanted) -> Result<Pulled, Failure> {
    let remote = Remote::of(ui, global, wanted.package.namespace())?;
    let result = remote.wait_raw(fetch(&remote.client, wanted));
    let pulled = Pulled::take(&remote, wanted, result)?;
    warn_of(ui, &pulled.fetched.release);
    Ok(pulled)
}

/// The releases of one registry, some of them at once; in the order in which they are wanted.
fn pull_from(remote: &Remote, all: &[&Wanted]) -> Result<Vec<Pulled>, Failure> {
    let results = remote.wait(async {
        let mut results = BTreeMap::new();
        let mut tasks = JoinSet::new();
        let mut waiting = all.iter().enumerate();
        loop {
            while tasks.len() < AT_ONCE
                && let Some((at, wanted)) = waiting.next()
            {
                let (client, wanted) = (remote.client.clone(), (*wanted).clone());
                tasks.spawn(async move { (at, fetch(&client, &wanted).await) });
            }
            match tasks.join_next().await {
                Some(Ok((at, result))) => drop(results.insert(at, result)),
                Some(Err(stopped)) => match stopped.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => return Err(StoreError::Stopped.into()),
                },
                None => return Ok(results),
            }
        }
    })?;
    let results = all.iter().zip(results.into_values());
    results
        .map(|(wanted, result)| match result {
            // Those that came first got in its way, and are done.
            Err(error) if matches!(*error.kind, ErrorKind::Contended(_)) => Pulled::take(
                remote,
                wanted,
                remote.wait_raw(fetch(&remote.client, wanted)),
            ),
            result => Pulled::take(remote, wanted, result),
        })
        .collect()
}

async fn fetch(client: &Client, wanted: &Wanted) -> Result<Fetched, Error> {
    let package = &wanted.package;
    let version = match &wanted.version {
        Selection::Exact(version) => version.clone(),
        Selection::Highest => client.resolve(package, None).await?.version,
        Selection::Meeting(requirement) => {
            client.resolve(package, Some(requirement)).await?.version
        }
    };
    client.fetch(package, &version).await
}

impl Pulled {
    fn take(
        remote: &Remote,
        wanted: &Wanted,
        result: Result<Fetched, Error>,
    ) -> Result<Pulled, Failure> {
        let fetched = result.map_err(|error| suggestion::failure(remote, wanted, error))?;
        let content = fetched.release.content;
        let file = remote.client.cache();
        let file = file.open_blob(&content.digest, content.size);
        let file = file.map_err(|error| remote.failure(error.into()))?;
        let Some(file) = file else {
            let gone = std::io::ErrorKind::NotFound.into();
            return Err(Failure::io("read again", &fetched.path, &gone)
                .help("another process changed the cache: run the same command again"));
        };
        Ok(Pulled {
            fetched,
            file,
            rules: remote.registry.rules.clone(),
            now: remote.now(),
        })
    }

    /// Package and version: `acme:http@1.4.0`.
    pub(crate) fn name(&self) -> String {
        let release = &self.fetched.release;
        format!("{}@{}", release.package, release.version)
    }

    /// The origin of the log that it is in.
    pub(crate) fn origin(&self) -> &str {
        let checkpoint = self.fetched.view.checkpoint().checkpoint();
        checkpoint.origin.as_str()
    }

    /// Where it is from, and who is answerable for it, in one line.
    pub(crate) fn line(&self) -> String {
        let Fetched {
            release,
            index,
            from,
            ..
        } = &self.fetched;
        let done = match from {
            FetchedFrom::Registry => "fetched",
            FetchedFrom::Cache => "verified",
        };
        let kept = match from {
            FetchedFrom::Registry => "",
            FetchedFrom::Cache => ", which was kept here",
        };
        format!(
            "{} `{}` of {}: record {}, {}{kept}",
            ui::bold(done),
            self.name(),
            ui::clean_line(self.origin()),
            ui::thousands(*index),
            ui::publisher(&release.publisher),
        )
    }

    /// All that was verified, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        ui::sentence(
            &self.fetched.release,
            &self.fetched.view,
            &self.rules,
            self.now,
        )
    }
}
