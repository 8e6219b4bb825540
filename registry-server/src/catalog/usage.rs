//! How much a namespace has published, for quotas.

use super::{Catalog, CatalogError};
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::Time;

/// What was published in a namespace. What became void does not count; what was taken down does, and
/// content that several releases have counts for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Packages, each on the day of its first release.
    pub packages: u64,
    /// Releases.
    pub releases: u64,
    /// The bytes of their content.
    pub bytes: u64,
}

/// More than any content has, and little enough for sums not to overflow.
const MOST_BYTES: u64 = 1 << 40;

impl Catalog<'_> {
    /// What was logged in a namespace on the day (in UTC) of a moment and since, or ever. Takes as long
    /// as there are days on which something was.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn usage(&self, namespace: &Namespace, since: Option<Time>) -> Result<Usage, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT coalesce(sum(packages), 0), coalesce(sum(releases), 0), coalesce(sum(bytes), 0)
             FROM tally WHERE log = ?1 AND namespace = ?2 AND day >= ?3",
        )?;
        let values = (self.log, namespace.as_str(), since.map_or(0, day));
        let usage = select.query_row(values, |row| {
            Ok(Usage {
                packages: row.get::<_, i64>(0)?.cast_unsigned(),
                releases: row.get::<_, i64>(1)?.cast_unsigned(),
                bytes: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        })?;
        Ok(usage)
    }

    /// Counts a package that has its first release on a day, or has it no longer.
    pub(super) fn tally_package(
        &self,
        namespace: &Namespace,
        day: Option<i64>,
        sign: i64,
    ) -> Result<(), CatalogError> {
        match day {
            Some(day) => self.count(namespace, day, (sign, 0, 0)),
            None => Ok(()),
        }
    }

    /// Counts a release, and so many bytes, on a day.
    pub(super) fn tally_release(
        &self,
        namespace: &Namespace,
        day: i64,
        bytes: u64,
        sign: i64,
    ) -> Result<(), CatalogError> {
        let bytes = bytes.min(MOST_BYTES).cast_signed();
        self.count(namespace, day, (0, sign, sign * bytes))
    }

    fn count(
        &self,
        namespace: &Namespace,
        day: i64,
        (packages, releases, bytes): (i64, i64, i64),
    ) -> Result<(), CatalogError> {
        let mut count = self.tx.prepare_cached(
            "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET
               packages = packages + ?4, releases = releases + ?5, bytes = bytes + ?6",
        )?;
        let namespace = namespace.as_str();
        count.execute((self.log, namespace, day, packages, releases, bytes))?;
        Ok(())
    }
}

/// The days from 1970-01-01.
pub(super) fn day(time: Time) -> i64 {
    (time.seconds() / 86_400).cast_signed()
}
