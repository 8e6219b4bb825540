//! The second opinion: before a batch is promised, everything it says is computed again from the
//! bytes that are going to be written, by other code than that which made them.
//!
//! One flipped bit is enough for a log to sign what it can never prove. Here it would have to be
//! flipped twice, in the same way, in two computations that share no intermediate result.

use std::collections::BTreeMap;
use tenon_registry_client::log::{
    Checkpoint, Hash, Head, Map, Origin, SignedCheckpoint, TilePath, Tiles, Vkey, compute_root,
    decode_entries, prove_consistency, verify_consistency,
};
use tenon_registry_client::record::{SignedRecord, Statement};

/// What is about to be promised.
pub(super) struct Promise<'a> {
    /// The origin of the log.
    pub(super) origin: &'a Origin,
    /// Size and root before it.
    pub(super) old: (u64, Hash),
    /// The heads before it.
    pub(super) map: &'a Map,
    /// What is left of the tree before it: the tiles at its right edge.
    pub(super) edge: &'a Tiles,
    /// The files that it writes.
    pub(super) files: &'a BTreeMap<TilePath, Vec<u8>>,
    /// What is going to be signed.
    pub(super) checkpoint: &'a Checkpoint,
}

/// Where the two computations differ.
#[derive(Debug, thiserror::Error)]
#[error("two computations of one batch differ: {0}")]
pub(super) struct Discrepancy(String);

/// Checks a batch.
///
/// # Errors
///
/// Something differs. Nothing may be signed then, and what is in memory cannot be trusted.
pub(super) fn recompute(promise: &Promise<'_>) -> Result<(), Discrepancy> {
    let wrong = |what: &str| Discrepancy(what.to_owned());
    let (old, old_root) = promise.old;
    let size = promise.checkpoint.size;
    if promise.checkpoint.origin != *promise.origin || size <= old {
        return Err(wrong("the checkpoint is not one after the last"));
    }

    let mut tiles = promise.edge.clone();
    for (path, bytes) in promise
        .files
        .iter()
        .filter(|(path, _)| path.level().is_some())
    {
        tiles
            .insert(*path, bytes)
            .map_err(|error| Discrepancy(error.to_string()))?;
    }
    let root = compute_root(&tiles, size).map_err(|_| wrong("the tiles do not reach the root"))?;
    if root != promise.checkpoint.root {
        return Err(wrong("the tiles have another root"));
    }
    if old > 0 {
        let proof = prove_consistency(&tiles, old, size);
        let proof = proof.map_err(|_| wrong("the tiles give no proof of consistency"))?;
        verify_consistency(old, &old_root, size, &root, &proof)
            .map_err(|_| wrong("the tree does not contain the one before"))?;
    }

    let mut map = promise.map.clone();
    let mut predicted = map.root();
    let mut last = None;
    for index in old..size {
        let leaf = entry(promise.files, index, size);
        let leaf =
            leaf.ok_or_else(|| Discrepancy(format!("leaf {index} is in no entry bundle")))?;
        let hash = Hash::leaf(leaf);
        if level_zero(promise.files, index, size) != Some(hash) {
            return Err(Discrepancy(format!(
                "leaf {index} has another hash in its tile"
            )));
        }
        let record = SignedRecord::parse(leaf);
        let record = record.map_err(|_| Discrepancy(format!("leaf {index} is no record")))?;
        if record.record().origin != *promise.origin {
            return Err(Discrepancy(format!("leaf {index} is of another log")));
        }
        if let Some(link) = record.record().link() {
            let key = record.record().subject().map_key();
            let before = map
                .get(&key)
                .map(|head| (head.seq.checked_add(1), head.hash));
            if before.unwrap_or((Some(0), Hash::ZERO)) != (Some(link.seq), link.prev) {
                return Err(Discrepancy(format!(
                    "leaf {index} does not follow the head of its chain"
                )));
            }
            let head = Head {
                index,
                seq: link.seq,
                hash,
            };
            let after = map.prove(&key).root_after(&predicted, &key, head);
            predicted =
                after.map_err(|_| Discrepancy(format!("the map cannot take leaf {index}")))?;
            map.insert(key, head);
        }
        last = Some(record);
    }
    match last.map(|last| last.record().statement.clone()) {
        Some(Statement::Index { covers, map: said })
            if covers == size - 1 && said == predicted && said == map.root() => {}
        _ => return Err(wrong("the last leaf is not the index record of this batch")),
    }
    Ok(())
}

/// Checks a note before it is promised: that it says this, and that it is signed.
///
/// # Errors
///
/// It does not, or is not.
pub(super) fn check_note<'k>(
    note: &[u8],
    checkpoint: &Checkpoint,
    keys: impl IntoIterator<Item = &'k Vkey>,
) -> Result<(), Discrepancy> {
    let signed = SignedCheckpoint::open(note, &checkpoint.origin, keys)
        .map_err(|error| Discrepancy(format!("the checkpoint is not signed: {error}")))?;
    match signed.checkpoint() == checkpoint {
        true => Ok(()),
        false => Err(Discrepancy("the checkpoint says something else".to_owned())),
    }
}

fn entry(files: &BTreeMap<TilePath, Vec<u8>>, index: u64, size: u64) -> Option<&[u8]> {
    let path = TilePath::bundle_of(index, size)?;
    let entries = decode_entries(files.get(&path)?, path.width()).ok()?;
    entries.get(usize::try_from(index % 256).ok()?).copied()
}

fn level_zero(files: &BTreeMap<TilePath, Vec<u8>>, index: u64, size: u64) -> Option<Hash> {
    let width = u16::try_from((size - index / 256 * 256).min(256)).ok()?;
    let tile = files.get(&TilePath::hashes(0, index / 256, width)?)?;
    let hashes = tile.as_chunks().0;
    let hash: &[u8; 32] = hashes.get(usize::try_from(index % 256).ok()?)?;
    Some(Hash::from(*hash))
}
