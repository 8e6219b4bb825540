//! What a batch writes to the database.

use super::LogId;
use super::ledger::{Ledger, folded};
use super::writer::BatchError;
use crate::catalog::{Catalog, Entry};
use crate::store::FilePath;
use rusqlite::{Transaction, params};
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::Hasher;
use tenon_registry_client::api::world::World;
use tenon_registry_client::log::Checkpoint;
use tenon_registry_client::name::{Namespace, PackageName, Version};
use tenon_registry_client::record::{NamespaceAct, SignedRecord, Statement, Subject, Time};

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
    let mut insert = tx.prepare_cached(
        "INSERT INTO staged (log, size, path, bytes, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (path, bytes) in files {
        let digest = staged_digest(path.as_str(), bytes);
        insert.execute(params![
            log.number(),
            size as i64,
            path.as_str(),
            bytes,
            digest
        ])?;
    }
    Ok(())
}

/// What tells a staged file from a damaged one.
pub(super) fn staged_digest(path: &str, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new();
    hasher.update(path.as_bytes());
    hasher.update(b"\n");
    hasher.update(bytes);
    hasher.finish().to_string()
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

/// Brings the catalog up to date with a batch, logged at this time.
pub(super) fn catalogue(
    tx: &Transaction<'_>,
    log: LogId,
    ledger: &mut Ledger,
    leaves: &[Leaf],
    worlds: &BTreeMap<u64, World>,
    logged: Time,
) -> Result<(), BatchError> {
    let catalog = Catalog::new(tx, log);
    // Which versions may have changed; with none, all of a package.
    let mut changed: BTreeMap<PackageName, BTreeSet<Version>> = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    for leaf in leaves {
        match &leaf.record.record().statement {
            Statement::Package { package, act, .. } => {
                let versions = changed.entry(package.clone()).or_default();
                versions.insert(act.version().clone());
            }
            Statement::Namespace { namespace, act, .. } => {
                ledger.bring(&Subject::Namespace(namespace.clone()))?;
                if let Some(chain) = ledger.monitor.namespace(namespace) {
                    catalog.put_namespace(chain)?;
                }
                if matches!(
                    act,
                    NamespaceAct::Revoke {
                        from_index: Some(_),
                        ..
                    }
                ) {
                    namespaces.insert(namespace);
                }
            }
            Statement::Registry { .. } | Statement::Index { .. } => {}
        }
    }
    for namespace in namespaces {
        for package in packages_of(tx, log, namespace)? {
            changed.insert(package, BTreeSet::new());
        }
    }
    for (name, versions) in &changed {
        let subject = Subject::Package(name.clone());
        ledger.bring(&subject)?;
        let Some((chain, judged)) = ledger
            .monitor
            .package_chain(name)
            .zip(ledger.monitor.package(name))
        else {
            continue;
        };
        let judged = judged.map_err(|error| BatchError::Fatal(error.to_string()))?;
        let points = ledger.monitor.points(&subject).unwrap_or_default();
        let may_differ = |version: &&Version| versions.is_empty() || versions.contains(version);
        for version in chain.versions().filter(may_differ) {
            let Some(release) = judged.releases().get(version) else {
                catalog.remove_release(name, version)?;
                continue;
            };
            let at = points
                .binary_search_by_key(&release.seq, |(seq, _)| *seq)
                .ok();
            let Some((_, index)) = at.and_then(|at| points.get(at)).copied() else {
                continue;
            };
            let leaf = leaves.iter().find(|leaf| leaf.index == index);
            // Of a release that is there already, the catalog keeps the time.
            let time = leaf.map_or(logged, |leaf| leaf.record.record().time);
            let world = worlds.get(&index);
            catalog.put_release(&Entry {
                release,
                index,
                time,
                logged,
                world,
            })?;
        }
        catalog.refresh_package(name)?;
    }
    Ok(())
}

/// The packages of a namespace, as they were before this batch and with it.
fn packages_of(
    tx: &Transaction<'_>,
    log: LogId,
    namespace: &Namespace,
) -> Result<Vec<PackageName>, BatchError> {
    let mut names =
        tx.prepare_cached("SELECT text FROM subject WHERE log = ?1 AND text GLOB ?2")?;
    let all = format!("package {namespace}:*");
    let names = names.query_map(params![log.number(), all], |row| row.get::<_, String>(0))?;
    let mut packages = vec![];
    for name in names {
        let subject = name?.parse();
        if let Ok(Subject::Package(package)) = subject {
            packages.push(package);
        }
    }
    Ok(packages)
}
