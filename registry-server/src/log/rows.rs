//! What a batch writes to the database.

use super::LogId;
use super::ledger::{Ledger, folded};
use super::writer::BatchError;
use crate::store::FilePath;
use rusqlite::{Transaction, params};
use std::collections::BTreeMap;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::Checkpoint;
use tenon_registry_client::record::{NamespaceAct, SignedRecord, Statement, Time};

/// A leaf, and where it is.
pub(super) struct Leaf {
    pub(super) index: u64,
    pub(super) record: SignedRecord,
    /// Its first byte in its entry bundle.
    pub(super) start: u64,
    /// Its length.
    pub(super) length: u64,
}

/// Keeps files until they are on the disk.
pub(super) fn stage(
    tx: &Transaction<'_>,
    log: LogId,
    size: u64,
    files: &[(FilePath, &Vec<u8>)],
) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare_cached("INSERT INTO staged (log, size, path, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    for (path, bytes) in files {
        insert.execute(params![log.number(), size as i64, path.as_str(), bytes])?;
    }
    Ok(())
}

/// Says where records are, and which of them are the heads of their chains.
pub(super) fn place(tx: &Transaction<'_>, log: LogId, leaves: &[Leaf]) -> rusqlite::Result<()> {
    let mut head = tx.prepare_cached(
        "INSERT INTO subject (log, text, folded, idx, seq, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (log, text) DO UPDATE SET idx = ?4, seq = ?5, hash = ?6 RETURNING id",
    )?;
    let mut chain = tx.prepare_cached(
        "INSERT INTO chain (subject, seq, idx, start, length) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut batch = tx.prepare_cached("INSERT INTO batch (log, idx, time) VALUES (?1, ?2, ?3)")?;
    let mut granted =
        tx.prepare_cached("INSERT OR IGNORE INTO granted (log, key) VALUES (?1, ?2)")?;
    let number = log.number();
    for leaf in leaves {
        let record = leaf.record.record();
        let index = leaf.index as i64;
        let Some(link) = record.link() else {
            batch.execute(params![number, index, record.time.seconds() as i64])?;
            continue;
        };
        let subject = record.subject();
        let (text, folded) = (subject.to_string(), folded(&subject));
        let hash = leaf.record.hash();
        let values = params![number, text, folded, index, link.seq, hash.as_bytes()];
        let id: i64 = head.query_row(values, |row| row.get(0))?;
        chain.execute(params![
            id,
            link.seq,
            index,
            leaf.start as i64,
            leaf.length as i64
        ])?;
        if let Statement::Namespace { act, .. } = &record.statement {
            let keys = match act {
                NamespaceAct::Create { owners, .. } => owners.as_slice(),
                NamespaceAct::Grant(key, _) => std::slice::from_ref(key),
                _ => &[],
            };
            for key in keys {
                granted.execute(params![number, key.key().as_bytes()])?;
            }
        }
    }
    Ok(())
}

/// Replaces the last promise: from here on, the batch is in the log.
pub(super) fn promise(
    tx: &Transaction<'_>,
    log: LogId,
    old: &[u8],
    checkpoint: &Checkpoint,
    time: Time,
    note: &[u8],
) -> Result<(), BatchError> {
    let (number, size) = (log.number(), checkpoint.size as i64);
    let (root, time) = (checkpoint.root.as_bytes(), time.seconds() as i64);
    let changed = match old.is_empty() {
        true => tx.execute(
            "INSERT INTO log (id, origin, size, root, time, checkpoint) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![number, checkpoint.origin.as_str(), size, root, time, note],
        )?,
        false => tx.execute(
            "UPDATE log SET size = ?2, root = ?3, time = ?4, checkpoint = ?5 WHERE id = ?1 AND checkpoint = ?6",
            params![number, size, root, time, note, old],
        )?,
    };
    match changed {
        1 => Ok(()),
        _ => Err(BatchError::Fatal(
            "another process has written to this log: the lock of the data directory does not work"
                .to_owned(),
        )),
    }
}

/// Brings the catalog up to date with a batch.
pub(super) fn catalogue(
    _tx: &Transaction<'_>,
    _log: LogId,
    _ledger: &mut Ledger,
    _leaves: &[Leaf],
    _worlds: &BTreeMap<u64, World>,
) -> Result<(), BatchError> {
    Ok(())
}
