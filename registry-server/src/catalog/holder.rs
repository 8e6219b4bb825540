//! Who has some content.

use super::{Catalog, CatalogError};
use tenon_registry_client::Digest;
use tenon_registry_client::name::PackageName;

impl Catalog<'_> {
    /// The packages that have a release of this content.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn packages_with(&self, content: &Digest) -> Result<Vec<PackageName>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT DISTINCT package.name FROM world
             JOIN release ON release.world = world.id JOIN package ON package.id = release.package
             WHERE world.log = ?1 AND world.digest = ?2",
        )?;
        let values = (self.log, content.as_bytes());
        let names = select.query_map(values, |row| row.get::<_, String>(0))?;
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        // What is no name was not put there by this program, and is nobody's to read.
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Whether content is only of releases that were taken down.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn is_taken_down(&self, content: &Digest) -> Result<bool, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT 1 FROM release JOIN package ON package.id = release.package
             WHERE package.log = ?1 AND release.digest = ?2
               AND instr(release.status, 'taken-down') > 0
               AND json_extract(release.status, '$.is') = 'taken-down'",
        )?;
        let is_down = select.exists((self.log, content.as_bytes()))?;
        Ok(is_down && self.packages_with(content)?.is_empty())
    }
}
