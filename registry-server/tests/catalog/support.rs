//! A catalog in a file, and what is put into it.

use rusqlite::Transaction;
use tempfile::TempDir;
use tenon_composer::ItemPath;
use tenon_registry_client::Digest;
use tenon_registry_client::api::world::{Extern, ExternKind, InterfaceName, Metadata, World};
use tenon_registry_client::api::{PackageInfo, PackagePage, SearchPage, SearchQuery};
use tenon_registry_client::chain::{Availability, Publisher, Release};
use tenon_registry_client::log::{Algorithm, Hash, KeyName, SigningKey};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::{Content, ContentKind, Time};
use tenon_registry_server::catalog::{Catalog, CatalogError, Entry, PackageQuery, Readable};
use tenon_registry_server::log::LogId;
use tenon_registry_server::store::database::Database;

/// When the tests happen: the beginning of a day.
pub(crate) const START: u64 = 20_000 * 86_400;

pub(crate) struct Registry {
    pub(crate) database: Database,
    directory: TempDir,
}

impl Registry {
    pub(crate) fn new() -> Registry {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("registry.db")).unwrap();
        Registry {
            database,
            directory,
        }
    }

    /// The same file, opened again.
    pub(crate) fn reopened(mut self) -> Registry {
        let path = self.directory.path().join("registry.db");
        drop(self.database);
        self.database = Database::open(&path).unwrap();
        self
    }

    pub(crate) fn write<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogError>,
    ) -> T {
        self.database.write(act).unwrap()
    }

    pub(crate) fn read<T>(
        &self,
        log: LogId,
        act: impl FnOnce(&Catalog<'_>) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        self.database.read(|tx| act(&Catalog::new(tx, log)))
    }

    /// Puts a release into the public log, logged at [`START`], and refreshes its package.
    pub(crate) fn put(&self, release: &Release, world: Option<&World>) {
        self.put_at(LogId::Public, release, world, START);
    }

    pub(crate) fn put_at(&self, log: LogId, release: &Release, world: Option<&World>, at: u64) {
        self.write(|tx| {
            let catalog = Catalog::new(tx, log);
            catalog.put_release(&entry(release, world, at))?;
            catalog.refresh_package(&release.package)
        });
    }

    pub(crate) fn remove(&self, name: &str, version: &str) {
        self.write(|tx| {
            let catalog = Catalog::new(tx, LogId::Public);
            catalog.remove_release(&package(name), &version.parse().unwrap())?;
            catalog.refresh_package(&package(name))
        });
    }

    pub(crate) fn search(&self, query: &SearchQuery) -> SearchPage {
        self.read(LogId::Public, |catalog| {
            catalog.search(query, &Readable::all())
        })
        .unwrap()
    }

    /// The names that are found, on one page.
    pub(crate) fn found(&self, query: &SearchQuery) -> Vec<String> {
        names(&self.search(query))
    }

    pub(crate) fn packages(&self, query: &PackageQuery<'_>) -> PackagePage {
        self.read(LogId::Public, |catalog| {
            catalog.packages(query, &Readable::all())
        })
        .unwrap()
    }

    pub(crate) fn package(&self, name: &str) -> Option<PackageInfo> {
        self.read(LogId::Public, |catalog| catalog.package(&package(name), 7))
            .unwrap()
    }
}

pub(crate) fn names(page: &SearchPage) -> Vec<String> {
    let hits = page.hits.iter();
    hits.map(|hit| hit.package.name.clone()).collect()
}

/// The record of a release is at the index that its `seq` says.
pub(crate) fn entry<'a>(release: &'a Release, world: Option<&'a World>, at: u64) -> Entry<'a> {
    let time = Time::from_seconds(at).unwrap();
    Entry {
        release,
        index: u64::from(release.seq),
        time,
        logged: time,
        world,
    }
}

pub(crate) fn package(name: &str) -> PackageName {
    name.parse().unwrap()
}

pub(crate) fn key(name: &str) -> SigningKey {
    let seed = *Digest::of(name.as_bytes()).as_bytes();
    SigningKey::from_seed(KeyName::new(name).unwrap(), Algorithm::Ed25519, &seed)
}

pub(crate) fn release(name: &str, version: &str, content: &str) -> Release {
    Release {
        package: package(name),
        version: version.parse().unwrap(),
        content: Content {
            digest: Digest::of(content.as_bytes()),
            size: 1_000,
            kind: ContentKind::Component,
        },
        publisher: Publisher::Keys(vec![key("acme/alice").vkey().clone()]),
        availability: Availability::Available,
        seq: 0,
        hash: Hash::ZERO,
    }
}

pub(crate) fn world(description: &str, imports: &[&str], exports: &[&str]) -> World {
    let item = |name: &&str| Extern {
        name: (*name).to_owned(),
        kind: ExternKind::Interface,
        interface: interface(name),
        implements: None,
        external_id: None,
    };
    World {
        imports: imports.iter().map(item).collect(),
        exports: exports.iter().map(item).collect(),
        metadata: Metadata {
            description: Some(description.to_owned()),
            ..Metadata::default()
        },
        ..World::default()
    }
}

fn interface(name: &str) -> Option<InterfaceName> {
    let path = ItemPath::parse(name, None)?;
    let (package, interface) = path.base().split_once('/')?;
    Some(InterfaceName {
        package: package.to_owned(),
        interface: interface.to_owned(),
        version: path.version().map(ToString::to_string),
        track: path.track().map(|track| track.to_string()),
    })
}

pub(crate) fn words(q: &str) -> SearchQuery {
    SearchQuery {
        q: Some(q.to_owned()),
        ..SearchQuery::default()
    }
}

pub(crate) fn exports(interface: &str) -> SearchQuery {
    SearchQuery {
        exports: Some(interface.to_owned()),
        ..SearchQuery::default()
    }
}

pub(crate) fn imports(interface: &str) -> SearchQuery {
    SearchQuery {
        imports: Some(interface.to_owned()),
        ..SearchQuery::default()
    }
}
