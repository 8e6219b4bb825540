//! Namespaces, as they are listed.

use super::entry::json;
use super::{Catalog, CatalogError};
use rusqlite::OptionalExtension;
use rusqlite::types::Type;
use tenon_registry_client::api::{KeyInfo, NamespaceInfo};
use tenon_registry_client::chain::{KeyHistory, NamespaceChain};
use tenon_registry_client::name::Namespace;

impl Catalog<'_> {
    /// Puts in what a namespace is now.
    ///
    /// # Errors
    ///
    /// SQLite's.
    pub fn put_namespace(&self, namespace: &NamespaceChain) -> Result<(), CatalogError> {
        let keys: Vec<KeyInfo> = namespace.keys().filter_map(key).collect();
        let mut put = self.tx.prepare_cached(
            "INSERT INTO namespace (log, name, threshold, keys, records) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET threshold = ?3, keys = ?4, records = ?5",
        )?;
        put.execute((
            self.log,
            namespace.namespace().as_str(),
            namespace.threshold(),
            json(&keys)?,
            namespace.len(),
        ))?;
        Ok(())
    }

    /// All namespaces, and how many records each has.
    ///
    /// # Errors
    ///
    /// SQLite's, or a row is damaged.
    pub fn namespaces(&self) -> Result<Vec<(Namespace, u32)>, CatalogError> {
        let mut select = self
            .tx
            .prepare_cached("SELECT name, records FROM namespace WHERE log = ?1 ORDER BY name")?;
        let rows = select.query_map((self.log,), |row| {
            let name: Result<Namespace, _> = row.get_ref(0)?.as_str()?.parse();
            let damaged =
                |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
            Ok((name.map_err(damaged)?, row.get(1)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A namespace, if there is one of this name. Whether the reader may see it is not asked here.
    ///
    /// # Errors
    ///
    /// SQLite's, or the row is damaged.
    pub fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceInfo>, CatalogError> {
        let mut select = self.tx.prepare_cached(
            "SELECT threshold, keys, records FROM namespace WHERE log = ?1 AND name = ?2",
        )?;
        let found = select
            .query_row((self.log, name.as_str()), |row| {
                Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((threshold, keys, records)) = found else {
            return Ok(None);
        };
        let keys = serde_json::from_str(&keys).map_err(|source| CatalogError::Damaged {
            row: format!("row of the namespace `{name}`"),
            source,
        })?;
        Ok(Some(NamespaceInfo {
            name: name.to_string(),
            threshold,
            keys,
            records,
        }))
    }
}

/// What a key may do now; one that was revoked is not listed.
fn key(key: &KeyHistory) -> Option<KeyInfo> {
    let grant = key.now()?;
    let permissions = grant.permissions.iter();
    Some(KeyInfo {
        vkey: key.vkey.to_string(),
        permissions: permissions.map(ToString::to_string).collect(),
        pattern: grant.pattern.to_string(),
        expires: grant.expires.map(|time| time.to_string()),
    })
}
