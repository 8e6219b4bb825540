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
    (
        "namespace",
        "SELECT name, threshold, keys, records FROM {db}.namespace WHERE log = ?1",
    ),
    (
        "package",
        "SELECT package.name AS name, kind, version, world.digest, description, day
         FROM {db}.package LEFT JOIN {db}.world ON world.id = world WHERE package.log = ?1",
    ),
    (
        "release",
        "SELECT coalesce(package.name, 'no package') || '@' || release.version AS name, rank,
           release.digest, size, release.kind, time, idx, release.day, publisher, status, choice,
           world.digest
         FROM {db}.release LEFT JOIN {db}.package ON package.id = package
         LEFT JOIN {db}.world ON world.id = release.world WHERE coalesce(package.log, ?1) = ?1",
    ),
    (
        "world",
        "SELECT 'the content ' || lower(hex(digest)) AS name, json FROM {db}.world WHERE log = ?1",
    ),
    (
        "posting",
        "SELECT posting.name AS name, posting.version, way, base, track, package.name
         FROM {db}.posting LEFT JOIN {db}.term ON term.id = term
         LEFT JOIN {db}.package ON package.id = package WHERE coalesce(term.log, ?1) = ?1",
    ),
    (
        "words",
        "SELECT coalesce(package.name, 'no package') AS name, term, col, offset
         FROM temp.{db}_words LEFT JOIN {db}.package ON package.id = doc
         WHERE coalesce(package.log, ?1) = ?1",
    ),
    (
        "tally",
        "SELECT namespace AS name, day, packages, releases, bytes FROM {db}.tally WHERE log = ?1",
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
    connection.execute_batch(
        "CREATE VIRTUAL TABLE temp.main_words USING fts5vocab(main, words, instance);
         CREATE VIRTUAL TABLE temp.found_words USING fts5vocab(found, words, instance);",
    )?;
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
