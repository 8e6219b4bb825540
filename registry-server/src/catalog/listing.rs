//! The version of a package that lists and search show.

use super::terms::Terms;
use super::{Catalog, CatalogError};
use rusqlite::{OptionalExtension, Row, named_params};
use tenon_registry_client::api::world::World;
use tenon_registry_client::name::PackageName;

/// What the row of a package says, or should say.
#[derive(PartialEq, Eq)]
struct Listing {
    version: Option<String>,
    world: Option<i64>,
    kind: String,
    day: Option<i64>,
}

impl Catalog<'_> {
    /// Finds anew which version of a package is listed, and what it is found by: the highest that is
    /// neither yanked, nor taken down, nor a prerelease; or else the highest prerelease of which that is
    /// true. A package without such a version is in lists and not in search; one without a release is gone.
    ///
    /// To be called after the releases of a package were put in or removed.
    ///
    /// # Errors
    ///
    /// SQLite's, or the world of that version is damaged.
    pub fn refresh_package(&self, package: &PackageName) -> Result<(), CatalogError> {
        let name = package.to_string();
        let mut select = self.tx.prepare_cached(
            "SELECT version, world, kind, day, id FROM package WHERE log = ?1 AND name = ?2",
        )?;
        let before = select
            .query_row((self.log, &name), |row| {
                Ok((Listing::read(row)?, row.get(4)?))
            })
            .optional()?;
        let Some((before, id)) = before else {
            return Ok(());
        };
        let now = self.listing(id)?;
        if now.as_ref() == Some(&before) {
            return Ok(());
        }
        let day = now.as_ref().and_then(|now| now.day);
        if day != before.day {
            for (day, sign) in [(before.day, -1), (day, 1)] {
                self.tally_package(package.namespace(), day, sign)?;
            }
        }
        self.forget(id)?;
        let Some(now) = now else {
            let mut delete = self
                .tx
                .prepare_cached("DELETE FROM package WHERE id = ?1")?;
            delete.execute([id])?;
            return Ok(());
        };
        let world = match (now.world, &now.version) {
            (Some(world), Some(version)) => Some(self.world(world, &format!("{name} {version}"))?),
            _ => None,
        };
        let terms = world.as_ref().map(Terms::of).unwrap_or_default();
        let mut update = self.tx.prepare_cached(
            "UPDATE package SET version = :version, world = :world, kind = :kind, day = :day,
               description = :description WHERE id = :id",
        )?;
        update.execute(named_params! {
            ":id": id,
            ":version": now.version,
            ":world": now.world,
            ":kind": now.kind,
            ":day": now.day,
            ":description": terms.description,
        })?;
        match now.version {
            Some(_) => self.remember(id, &name, &terms),
            None => Ok(()),
        }
    }

    fn listing(&self, package: i64) -> Result<Option<Listing>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT iif(choice > 0, version, NULL), iif(choice > 0, world, NULL), kind,
               (SELECT min(day) FROM release WHERE package = ?1)
             FROM release WHERE package = ?1 ORDER BY choice DESC, rank DESC LIMIT 1",
        )?;
        Ok(select.query_row([package], Listing::read).optional()?)
    }

    fn world(&self, id: i64, release: &str) -> Result<World, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT json FROM world WHERE id = ?1")?;
        let json: String = select.query_row([id], |row| row.get(0))?;
        serde_json::from_str(&json).map_err(|source| CatalogError::Damaged {
            row: format!("world of `{release}`"),
            source,
        })
    }

    fn forget(&self, id: i64) -> Result<(), CatalogError> {
        for statement in [
            "DELETE FROM posting WHERE package = ?1",
            "DELETE FROM words WHERE rowid = ?1",
        ] {
            self.tx.prepare_cached(statement)?.execute([id])?;
        }
        Ok(())
    }

    fn remember(&self, id: i64, name: &str, terms: &Terms) -> Result<(), CatalogError> {
        let mut words = self.tx.prepare_cached(
            "INSERT INTO words (rowid, log, name, description) VALUES (?1, ?2, ?3, ?4)",
        )?;
        let log = self.log_word();
        words.execute((id, log, name, &terms.description))?;
        let mut term = self.tx.prepare_cached(
            "INSERT INTO term (log, way, base, track) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )?;
        let mut posting = self.tx.prepare_cached(
            "INSERT INTO posting (term, name, version, package)
             SELECT id, ?5, ?6, ?7 FROM term WHERE log = ?1 AND way = ?2 AND base = ?3 AND track = ?4",
        )?;
        for (way, asked, version) in &terms.postings {
            let (way, base, track) = (*way as i64, &asked.base, &asked.track);
            term.execute((self.log, way, base, track))?;
            posting.execute((self.log, way, base, track, name, version, id))?;
        }
        Ok(())
    }
}

impl Listing {
    fn read(row: &Row<'_>) -> rusqlite::Result<Listing> {
        Ok(Listing {
            version: row.get(0)?,
            world: row.get(1)?,
            kind: row.get(2)?,
            day: row.get(3)?,
        })
    }
}
