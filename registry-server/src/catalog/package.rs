//! Packages, as they are listed and shown.

use super::rank::{ends, rank};
use super::{Catalog, CatalogError, Readable, page_size, rows};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row};
use serde::de::DeserializeOwned;
use tenon_composer::Track;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{PackageInfo, PackagePage, PackageSummary, ReleaseInfo};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::Time;

/// Which packages are to be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackageQuery<'a> {
    /// How their names begin: `acme:` for those of a namespace, nothing for all.
    pub prefix: &'a str,
    /// The last one of the page before.
    pub after: Option<&'a PackageName>,
    /// The most entries of the page.
    pub n: Option<u32>,
}

/// A release as its row says it, with texts that were not read yet.
struct ReleaseRow {
    version: String,
    digest: [u8; 32],
    size: i64,
    kind: String,
    time: i64,
    index: i64,
    publisher: String,
    status: String,
    world: Option<String>,
}

impl Catalog<'_> {
    /// The packages that begin in a way and that the reader may see, by name. Takes as long as the page
    /// and `readable` are.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn packages(
        &self,
        query: &PackageQuery<'_>,
        readable: &Readable,
    ) -> Result<PackagePage, CatalogError> {
        let n = page_size(query.n);
        let mut select = self.tx.prepare_cached(
            "SELECT name, version, description, kind FROM package
             WHERE log = ?1 AND name >= ?2 AND name < ?3 ORDER BY name LIMIT ?4",
        )?;
        let mut packages = vec![];
        let after = query.after.map(ToString::to_string);
        for (from, to) in readable.ranges(query.prefix, after.as_deref()) {
            // One more than the page has says whether there is another page.
            let left = rows(n + 1 - packages.len());
            let found = select.query_map((self.log, from, to, left), summary)?;
            for found in found {
                packages.push(found?);
            }
            if packages.len() > n {
                break;
            }
        }
        let more = packages.len() > n;
        packages.truncate(n);
        let next = packages.last().filter(|_| more);
        let next = next.map(|last| last.name.clone());
        Ok(PackagePage { packages, next })
    }

    /// The releases that a version comes between, for those who use them: the highest below it on its track, and the
    /// lowest above it, of those that are neither yanked nor taken down. Prereleases come between none, and none
    /// comes between them.
    ///
    /// # Errors
    ///
    /// SQLite's, or a row is damaged.
    pub fn neighbours(
        &self,
        name: &PackageName,
        version: &Version,
    ) -> Result<[Option<(Version, Digest)>; 2], CatalogError> {
        let Some((lowest, highest)) = ends(&Track::of(version.semver())) else {
            return Ok([None, None]);
        };
        let own = rank(version);
        let nearest = |from: &[u8], to: &[u8], order: &str| {
            // Prereleases, some of which are between, are not among those that are chosen from.
            let mut select = self.tx.prepare_cached(&format!(
                "SELECT version, digest FROM release INDEXED BY release_choice
                 WHERE package = (SELECT id FROM package WHERE log = ?1 AND name = ?2)
                   AND choice = 2 AND rank > ?3 AND rank < ?4
                 ORDER BY rank {order} LIMIT 1"
            ))?;
            let values = (self.log, name.to_string(), from, to);
            let found = select.query_row(values, |row| {
                let damaged = |error| {
                    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
                };
                let version: Result<Version, _> = row.get_ref(0)?.as_str()?.parse();
                let digest = Digest::from(row.get::<_, [u8; 32]>(1)?);
                Ok((version.map_err(damaged)?, digest))
            });
            found.optional()
        };
        Ok([
            nearest(&lowest, &own, "DESC")?,
            nearest(&own, &highest, "ASC")?,
        ])
    }

    /// A package, if there is one of this name, with all its releases; `size` is that of the log. Whether
    /// the reader may see it is not asked here.
    ///
    /// # Errors
    ///
    /// SQLite's, or a row is damaged.
    pub fn package(
        &self,
        name: &PackageName,
        size: u64,
    ) -> Result<Option<PackageInfo>, CatalogError> {
        let name = name.to_string();
        let mut select = self
            .tx
            .prepare_cached("SELECT id FROM package WHERE log = ?1 AND name = ?2")?;
        let id = select.query_row((self.log, &name), |row| row.get::<_, i64>(0));
        let Some(id) = id.optional()? else {
            return Ok(None);
        };
        let mut select = self.tx.prepare_cached(
            "SELECT version, digest, size, kind, time, idx, publisher, status,
               (SELECT json FROM world WHERE world.id = release.world)
             FROM release WHERE package = ?1 ORDER BY rank DESC",
        )?;
        let found = select.query_map([id], ReleaseRow::read)?;
        let releases: Result<Vec<ReleaseInfo>, CatalogError> =
            found.map(|row| row?.info(&name)).collect();
        let releases = releases?;
        Ok((!releases.is_empty()).then_some(PackageInfo {
            name,
            releases,
            size,
        }))
    }
}

impl ReleaseRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<ReleaseRow> {
        Ok(ReleaseRow {
            version: row.get(0)?,
            digest: row.get(1)?,
            size: row.get(2)?,
            kind: row.get(3)?,
            time: row.get(4)?,
            index: row.get(5)?,
            publisher: row.get(6)?,
            status: row.get(7)?,
            world: row.get(8)?,
        })
    }

    fn info(self, package: &str) -> Result<ReleaseInfo, CatalogError> {
        let release = format!("`{package} {}`", self.version);
        let damaged = |source| CatalogError::Damaged {
            row: format!("row of {release}"),
            source,
        };
        let time = Time::from_seconds(self.time.cast_unsigned());
        let time = time.map_err(|error| damaged(serde::de::Error::custom(error)))?;
        Ok(ReleaseInfo {
            digest: Digest::from(self.digest).to_string(),
            content_size: self.size.cast_unsigned(),
            kind: self.kind,
            time: time.to_string(),
            index: self.index.cast_unsigned(),
            publisher: read(&self.publisher).map_err(damaged)?,
            status: read(&self.status).map_err(damaged)?,
            world: match &self.world {
                Some(json) => Some(read(json).map_err(|source| CatalogError::Damaged {
                    row: format!("world of {release}"),
                    source,
                })?),
                None => None,
            },
            version: self.version,
        })
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json)
}

/// Reads the name, version, description and kind that a row begins with.
pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<PackageSummary> {
    Ok(PackageSummary {
        name: row.get(0)?,
        version: row.get(1)?,
        description: row.get(2)?,
        kind: row.get(3)?,
    })
}
