//! A release, as it is put into the catalog.

use super::rank::rank;
use super::{Catalog, CatalogError};
use rusqlite::{OptionalExtension, named_params};
use serde::Serialize;
use tenon_registry_client::api::world::World;
use tenon_registry_client::api::{PublisherInfo, ReleaseStatus};
use tenon_registry_client::chain::{Availability, Publisher, Release};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{Attestation, Time};

/// The longest world that is kept, in bytes of JSON. A release with a longer one is listed without it.
pub const MAX_WORLD: usize = 1 << 20;

/// A release, and where it is in the log.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The release.
    pub release: &'a Release,
    /// The index of the record that released it.
    pub index: u64,
    /// When it was released, by that record.
    pub time: Time,
    /// When it was logged, by the index record of its batch.
    pub logged: Time,
    /// What it is, if its content was checked.
    pub world: Option<&'a World>,
}

impl Catalog<'_> {
    /// Puts a release in, or says anew whether it is to be used: then only its availability counts,
    /// and its world if it had none. What is taken down has no world.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn put_release(&self, entry: &Entry<'_>) -> Result<(), CatalogError> {
        let release = entry.release;
        let package = self.package_id(&release.package, release.content.kind.as_str())?;
        let taken_down = matches!(release.availability, Availability::TakenDown(_));
        let world = match entry.world.filter(|_| !taken_down) {
            Some(world) => self.world_id(release, world)?,
            None => None,
        };
        let day = super::usage::day(entry.logged);
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO release VALUES (:package, :rank, :version, :digest, :size, :kind, :time, :idx,
               :day, :publisher, :status, :choice, :world) ON CONFLICT DO NOTHING",
        )?;
        let inserted = insert.execute(named_params! {
            ":package": package,
            ":rank": rank(&release.version),
            ":version": release.version.to_string(),
            ":digest": release.content.digest.as_bytes(),
            // SQLite's integers have a sign: the same bits.
            ":size": release.content.size.cast_signed(),
            ":kind": release.content.kind.as_str(),
            ":time": entry.time.seconds().cast_signed(),
            ":idx": entry.index.cast_signed(),
            ":day": day,
            ":publisher": json(&publisher(&release.publisher))?,
            ":status": json(&status(release.availability))?,
            ":choice": choice(release),
            ":world": world,
        })?;
        if inserted == 1 {
            let namespace = release.package.namespace();
            return self.tally_release(namespace, day, release.content.size, 1);
        }
        let before = self.world_of(package, &release.version)?;
        let mut update = self.tx.prepare_cached(
            "UPDATE release SET status = :status, choice = :choice, world = :world
             WHERE package = :package AND rank = :rank",
        )?;
        update.execute(named_params! {
            ":package": package,
            ":rank": rank(&release.version),
            ":status": json(&status(release.availability))?,
            ":choice": choice(release),
            ":world": before.filter(|_| !taken_down).or(world),
        })?;
        self.drop_world(before)
    }

    /// Takes a release out, because its record became void; if it is not there, nothing happens.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn remove_release(
        &self,
        package: &PackageName,
        version: &Version,
    ) -> Result<(), CatalogError> {
        let mut delete = self.tx.prepare_cached(
            "DELETE FROM release WHERE rank = ?3
               AND package = (SELECT id FROM package WHERE log = ?1 AND name = ?2)
             RETURNING world, day, size",
        )?;
        let values = (self.log, package.to_string(), rank(version));
        let removed = delete
            .query_row(values, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        let Some((world, day, size)) = removed else {
            return Ok(());
        };
        self.tally_release(package.namespace(), day, size.cast_unsigned(), -1)?;
        self.drop_world(world)
    }

    fn package_id(&self, package: &PackageName, kind: &str) -> Result<i64, CatalogError> {
        let name = package.to_string();
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO package (log, name, kind) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        insert.execute((self.log, &name, kind))?;
        let mut select = self
            .tx
            .prepare_cached("SELECT id FROM package WHERE log = ?1 AND name = ?2")?;
        Ok(select.query_row((self.log, &name), |row| row.get(0))?)
    }

    fn world_id(&self, release: &Release, world: &World) -> Result<Option<i64>, CatalogError> {
        let json = json(world)?;
        if json.len() > MAX_WORLD {
            return Ok(None);
        }
        let digest = release.content.digest.as_bytes();
        let mut insert = self.tx.prepare_cached(
            "INSERT INTO world (log, digest, json) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        insert.execute((self.log, digest, json))?;
        let mut select = self
            .tx
            .prepare_cached("SELECT id FROM world WHERE log = ?1 AND digest = ?2")?;
        Ok(Some(
            select.query_row((self.log, digest), |row| row.get(0))?,
        ))
    }

    fn world_of(&self, package: i64, version: &Version) -> Result<Option<i64>, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT world FROM release WHERE package = ?1 AND rank = ?2")?;
        Ok(select.query_row((package, rank(version)), |row| row.get(0))?)
    }

    /// Drops a world that no release has any longer.
    fn drop_world(&self, world: Option<i64>) -> Result<(), CatalogError> {
        let mut delete = self.tx.prepare_cached(
            "DELETE FROM world WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM release WHERE world = ?1)",
        )?;
        delete.execute([world])?;
        Ok(())
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, CatalogError> {
    let failed = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    Ok(serde_json::to_string(value).map_err(failed)?)
}

/// 2 for a version that may be listed, 1 for one that may if there is no other, 0 for one that may not.
fn choice(release: &Release) -> i64 {
    match release.availability {
        Availability::Available if release.version.semver().pre.is_empty() => 2,
        Availability::Available => 1,
        Availability::Yanked(_) | Availability::TakenDown(_) => 0,
    }
}

fn status(availability: Availability) -> ReleaseStatus {
    match availability {
        Availability::Available => ReleaseStatus::Available,
        Availability::Yanked(reason) => ReleaseStatus::Yanked {
            reason: reason.to_string(),
        },
        Availability::TakenDown(reason) => ReleaseStatus::TakenDown {
            reason: reason.to_string(),
        },
    }
}

fn publisher(publisher: &Publisher) -> PublisherInfo {
    match publisher {
        Publisher::Keys(keys) => PublisherInfo::Publisher {
            keys: keys.iter().map(|key| key.name().to_string()).collect(),
        },
        Publisher::Registry { attestation, .. } => PublisherInfo::Registry {
            attested: match attestation {
                Attestation::Token(id) => format!("token {id}"),
                Attestation::Oidc { rule, commit } => format!(
                    "oidc {} {} {} {commit}",
                    rule.issuer, rule.repository, rule.workflow
                ),
            },
        },
    }
}
