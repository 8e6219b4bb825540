//! The rows of a database against those that the log gives.

use crate::log::LogId;
use rusqlite::{Connection, params};
use std::path::Path;

/// What is compared: a table, and its rows of a log. Numbers that only tie rows together are left out.
const TABLES: &[(&str, &str)] = &[
    (
        "log",
        "SELECT origin AS name, size, root, time FROM {db}.log WHERE id = ?1",
    ),
    (
        "subject",
        "SELECT text AS name, folded, idx, seq, hash FROM {db}.subject WHERE log = ?1",
    ),
    (
        "chain",
        "SELECT coalesce(text, 'no chain') AS name, chain.seq, chain.idx, start, length
         FROM {db}.chain LEFT JOIN {db}.subject ON id = subject WHERE coalesce(log, ?1) = ?1",
    ),
    (
        "batch",
        "SELECT 'the batch at ' || idx AS name, time FROM {db}.batch WHERE log = ?1",
    ),
    (
        "granted",
        "SELECT 'the key ' || hex(key) AS name FROM {db}.granted WHERE log = ?1",
    ),
];

/// Compares two databases: that which was made from the log, and the one that is there. Gives what
/// differs, by table.
pub(super) fn compare(
    wanted: &Path,
    found: &Path,
    log: LogId,
) -> rusqlite::Result<Vec<(&'static str, String)>> {
    let connection = Connection::open(wanted)?;
    let path = found.to_string_lossy();
    connection.execute("ATTACH DATABASE ?1 AS found", params![path])?;
    let mut differences = vec![];
    for (table, rows) in TABLES {
        let wanted = rows.replace("{db}", "main");
        let found = rows.replace("{db}", "found");
        for (one, other, what) in [
            (&wanted, &found, "lacks or has other values in"),
            (&found, &wanted, "has, but the log does not give,"),
        ] {
            let sql = format!(
                "SELECT count(*), CAST(min(name) AS TEXT) FROM (SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other}))"
            );
            let result = connection.query_row(&sql, params![log.number()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
            });
            match result {
                Ok((0, _)) => {}
                Ok((count, first)) => {
                    let first = first.unwrap_or_default();
                    differences.push((*table, format!("it {what} {count} rows, such as {first}")));
                }
                Err(error) => {
                    differences.push((*table, error.to_string()));
                    break;
                }
            }
        }
    }
    Ok(differences)
}
